// SPDX-License-Identifier: Apache-2.0
// Train a model and draw from it through the public headers alone: curves of a known Gaussian law, so that what the model has learned can be set beside
// the truth: covariances of its samples at four distances, and log-densities of unseen curves.
//
//   cc train_and_sample.c $(pkg-config --cflags --libs gndp) -lm && ./a.out [STEPS]
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <gndp/gndp.h>

enum { POINTS = 16, CURVES = 4096, UNSEEN = 64, SAMPLES = 512 };

// What is said of a training on the way.
static void show(void *state, const gndp_train_report *report)
{
    (void)state;
    printf("step %5lld of %lld: loss %.4f (a network that is zero: %.4f)\n", (long long)report->step, (long long)report->steps, report->loss,
           report->zero_loss);
}

// Curves y(x) on a line. Member f is a function of its number, so `first` keeps the unseen ones apart.
static gndp_status curves(int64_t n, uint32_t first, gndp_fieldset **out)
{
    const gndp_synth_info *synth;
    gndp_synth_options options = gndp_synth_options_default();
    options.fields = n;
    options.first = first;
    options.points = POINTS;
    gndp_status st = gndp_synth_find("se", &synth); // rbf(lengthscale=0.25) + white(variance=0.0025)
    if (st == GNDP_OK)
        st = gndp_synth_make(synth, &options, out);
    return st;
}

// Everything that a configuration file would say; what is not said has its default.
static gndp_status configure(const char *steps, gndp_config **out)
{
    static const char text[] = "data: {normalise: none}\n"
                               "process: {t0: 5.0e-4, beta1: 10, kernel: white(variance=1.0025)}\n"
                               "score: {net: bi_attention, layers: 2, hidden: 32, heads: 4, centre: yes}\n"
                               "parametrisation: {residual_trick: no}\n"
                               "train: {batch: 32, ema: 0.99, validate_every: 1000, learning_rate: {peak: 2.0e-3, warmup: 100}}\n";
    char assignment[64];
    gndp_status st = gndp_config_parse(text, "train_and_sample", out);
    snprintf(assignment, sizeof assignment, "train.steps=%s", steps);
    if (st == GNDP_OK)
        st = gndp_config_set(*out, assignment);
    return st;
}

static gndp_status train(const gndp_config *config, const gndp_fieldset *set, gndp_model **out)
{
    gndp_batch_source batches = {0};
    gndp_train_options options = gndp_train_options_default(); // without a folder nothing is written
    options.report = show;
    gndp_status st = gndp_model_create(config, set, out);
    if (st == GNDP_OK)
        st = gndp_batch_source_fields(set, 0, NULL, (gndp_subset){0}, &batches);
    if (st == GNDP_OK)
        st = gndp_train(*out, &batches, NULL, &options);
    if (batches.free != NULL)
        batches.free(batches.state);
    return st;
}

// Covariances of the samples at lags of 0, 1, 2 and 4 points beside those of the law.
static gndp_status compare_covariances(gndp_generator *generator, const double *x)
{
    static const int lags[] = {0, 1, 2, 4};
    uint32_t member[SAMPLES];
    gndp_sampler_options options = gndp_sampler_options_default();
    double *y = malloc(sizeof *y * SAMPLES * POINTS);
    if (y == NULL)
        return GNDP_ERR_NOMEM;
    for (uint32_t k = 0; k < SAMPLES; k++)
        member[k] = k; // member k is the same curve whatever else is drawn
    gndp_status st = gndp_sampler_find("ancestral2", &options.sampler);
    options.grid = GNDP_GRID_LAMBDA;
    options.steps = 50;
    if (st == GNDP_OK)
        st = gndp_generator_sample(generator, &options, SAMPLES, member, y);
    printf("\ncovariance   distance   %d samples   law\n", SAMPLES);
    for (int l = 0; l < 4 && st == GNDP_OK; l++) {
        const double distance = x[lags[l]] - x[0];
        double sum = 0.0;
        for (int k = 0; k < SAMPLES; k++)
            for (int i = 0; i + lags[l] < POINTS; i++)
                sum += y[k * POINTS + i] * y[k * POINTS + i + lags[l]];
        printf("             %8.3f   %11.3f   %.3f\n", distance, sum / (SAMPLES * (POINTS - lags[l])),
               exp(-0.5 * distance * distance / (0.25 * 0.25)) + (lags[l] == 0 ? 0.0025 : 0.0));
    }
    free(y);
    return st;
}

// ln p of unseen curves under the model, by the probability flow, and under the law itself.
static gndp_status compare_densities(gndp_generator *generator, const gndp_fieldset *unseen, const double *x)
{
    double y[UNSEEN * POINTS], model[UNSEEN], law[UNSEEN], mean[2] = {0.0, 0.0};
    uint32_t member[UNSEEN];
    int64_t field[UNSEEN];
    gndp_kernel *kernel = NULL;
    gndp_gaussian *exact = NULL;
    double places[POINTS];
    for (int i = 0; i < POINTS; i++)
        places[i] = x[i];
    const gndp_points points = {.kind = GNDP_POINTS_LIST, .x = gndp_array_view(gndp_type_2d(GNDP_F64, POINTS, 1), places)};
    gndp_likelihood_options options = gndp_likelihood_options_default();
    options.steps = 50;
    for (uint32_t k = 0; k < UNSEEN; k++)
        field[k] = member[k] = k;
    gndp_status st = gndp_fieldset_read(unseen, UNSEEN, field, POINTS, NULL, y, NULL);
    if (st == GNDP_OK)
        st = gndp_generator_log_likelihood(generator, &options, UNSEEN, member, y, model);
    if (st == GNDP_OK)
        st = gndp_kernel_parse("rbf(lengthscale=0.25) + white(variance=0.0025)", &kernel);
    if (st == GNDP_OK)
        st = gndp_gaussian_create(kernel, &points, NULL, NULL, &exact);
    if (st == GNDP_OK)
        st = gndp_gaussian_log_prob(exact, UNSEEN, y, law);
    for (int k = 0; k < UNSEEN && st == GNDP_OK; k++) {
        mean[0] += model[k] / (UNSEEN * POINTS);
        mean[1] += law[k] / (UNSEEN * POINTS);
    }
    if (st == GNDP_OK)
        printf("\nlog-density of %d unseen curves, nats a point: model %.3f, law %.3f\n", UNSEEN, mean[0], mean[1]);
    gndp_gaussian_free(exact);
    gndp_kernel_free(kernel);
    return st;
}

int main(int argc, char **argv)
{
    gndp_fieldset *seen = NULL, *unseen = NULL;
    gndp_config *config = NULL;
    gndp_model *model = NULL;
    gndp_generator *generator = NULL;
    gndp_status st = curves(CURVES, 0, &seen);
    if (st == GNDP_OK)
        st = curves(UNSEEN, CURVES, &unseen);
    if (st == GNDP_OK)
        st = configure(argc > 1 ? argv[1] : "6000", &config);
    if (st == GNDP_OK)
        st = train(config, seen, &model);
    if (st == GNDP_OK) {
        const gndp_coords *coords = &gndp_fieldset_get_spec(seen)->coords; // the curves' own points; any others would do
        st = gndp_generator_create(model, coords, 64, false, NULL, &generator);
        if (st == GNDP_OK)
            st = compare_covariances(generator, coords->axis[0].value);
        if (st == GNDP_OK)
            st = compare_densities(generator, unseen, coords->axis[0].value);
    }
    if (st != GNDP_OK)
        fprintf(stderr, "train_and_sample: %s\n", gndp_last_error());
    gndp_generator_free(generator);
    gndp_model_free(model);
    gndp_config_free(config);
    gndp_fieldset_free(unseen);
    gndp_fieldset_free(seen);
    return st == GNDP_OK ? 0 : 1;
}
