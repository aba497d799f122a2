// SPDX-License-Identifier: Apache-2.0
// Training with clean context: it resumes to the same bits, and what it learns conditions.
#include "train/train_case.h"

enum { FIELDS = 2048, POINTS = 10, SEEN = 3, CHECKED = 24, MEMBERS = 64 };

/* Draws of a Gaussian process on a line [FIELDS, POINTS]. */
static gndp_fieldset *curves(gndp_gaussian **law, double *values)
{
    const gndp_channel channel = gndp_channel_scalar("y", "1");
    gndp_fieldset_spec spec = {.n_fields = FIELDS, .n_channels = 1, .channel = &channel, .origin = "curves"};
    gndp_fieldset *set = NULL;
    gndp_kernel *kernel = NULL;
    uint32_t member[FIELDS];
    double x[POINTS];
    for (int i = 0; i < POINTS; i++)
        x[i] = -1.0 + 2.0 * i / (POINTS - 1);
    for (uint32_t f = 0; f < FIELDS; f++)
        member[f] = f;
    const gndp_points points = {.kind = GNDP_POINTS_LIST, .x = gndp_array_view(gndp_type_2d(GNDP_F64, POINTS, 1), x)};
    must(gndp_kernel_parse("rbf(lengthscale=0.5)+white(variance=0.01)", &kernel));
    must(gndp_gaussian_create(kernel, &points, NULL, NULL, law));
    must(gndp_gaussian_sample(*law, 5, member, FIELDS, values));
    spec.coords = (gndp_coords){.space = GNDP_SPACE_EUCLIDEAN, .layout = GNDP_LAYOUT_PRODUCT, .columns = 1, .n = POINTS};
    spec.coords.axis[0] = (gndp_axis){.name = "x1", .units = "1", .size = POINTS, .value = x};
    const gndp_array y = gndp_array_view(gndp_type_3d(GNDP_F64, FIELDS, POINTS, 1), values);
    must(gndp_fieldset_create(&spec, &y, NULL, &set));
    gndp_kernel_free(kernel);
    return set;
}

static gndp_model *flagged_model(const char *more, const gndp_fieldset *set)
{
    gndp_config *config = NULL;
    gndp_model *model = NULL;
    must(gndp_config_parse("data: {normalise: none, context: {low: 0, high: 6}}\n"
                           "score: {net: bi_attention, layers: 2, hidden: 16, heads: 2, context_flag: yes}\n"
                           "process: {beta1: 10, t0: 5.0e-4}\n"
                           "parametrisation: {residual_trick: no}\n"
                           "train: {steps: 60, batch: 32, validate_every: 20, validation_batches: 2, ema: 0.99, learning_rate: {warmup: 20, peak: 1.0e-2}}\n",
                           "test.yaml", &config));
    if (more != NULL)
        must(gndp_config_set(config, more));
    must(gndp_model_create(config, set, &model));
    gndp_config_free(config);
    return model;
}

typedef struct stop_at {
    int calls, limit;
} stop_at;

static bool stop(void *state)
{
    stop_at *s = state;
    return ++s->calls >= s->limit;
}

/* 60 steps at once and in three pieces, for a white limit and for one whose Gram differs by field with the context. */
static void flagged_training_resumes_to_the_same_bits(void **state)
{
    (void)state;
    static const int piece[] = {17, 20, 100};
    static double values[FIELDS * POINTS];
    gndp_gaussian *law = NULL;
    gndp_fieldset *set = curves(&law, values);
    gndp_batch_source source;
    const gndp_subset some = {.low = 1, .high = POINTS};
    must(gndp_batch_source_fields(set, 0, NULL, some, &source));
    for (int which = 0; which < 2; which++) {
        const char *more = which == 0 ? NULL : "process.kernel=0.9*rbf(lengthscale=1)+white(variance=0.1)";
        gndp_model *model = flagged_model(more, set);
        gndp_train_options options = gndp_train_options_default();
        options.folder = "whole";
        options.fresh = true;
        must(gndp_train(model, &source, &source, &options));
        gndp_model_free(model);
        model = flagged_model(more, set);
        options.folder = "pieces";
        for (int i = 0; i < 3; i++) {
            stop_at s = {.limit = piece[i]};
            options.stop = stop;
            options.stop_state = &s;
            options.fresh = i == 0;
            assert_int_equal(gndp_train(model, &source, &source, &options), i < 2 ? GNDP_ERR_INTERRUPTED : GNDP_OK);
            gndp_model_free(model);
            model = NULL;
            if (i < 2)
                must(gndp_model_read("pieces/last.nc", &model));
        }
        assert_true(same_bytes("whole/model.nc", "pieces/model.nc"));
    }
    source.free(source.state);
    gndp_gaussian_free(law);
    gndp_fieldset_free(set);
}

/* Mean over members [MEMBERS, POINTS] of one point, and their variance. */
static void moments(const double *y, int point, double *mean, double *variance)
{
    double sum = 0.0, square = 0.0;
    for (int r = 0; r < MEMBERS; r++)
        sum += y[r * POINTS + point];
    *mean = sum / MEMBERS;
    for (int r = 0; r < MEMBERS; r++)
        square += (y[r * POINTS + point] - *mean) * (y[r * POINTS + point] - *mean);
    *variance = square / (MEMBERS - 1);
}

/*
 * A network of some thousand parameters, trained for seconds: the mean of its draws given three values of a field is far nearer to the exact posterior
 * mean than the prior's mean is, their variance nearer to the posterior's than the prior's; and without context it draws the prior.
 */
static void flagged_training_learns_the_posterior(void **state)
{
    (void)state;
    static double values[FIELDS * POINTS];
    gndp_gaussian *law = NULL;
    gndp_fieldset *set = curves(&law, values);
    gndp_batch_source source;
    gndp_generator *generator = NULL;
    gndp_model *model = flagged_model("train.steps=1500", set);
    const gndp_conditional_info *info = NULL;
    const gndp_schedule *schedule = gndp_model_schedule(model);
    uint32_t member[MEMBERS];
    double y[MEMBERS * POINTS], error = 0.0, prior = 0.0, spread = 0.0, wanted = 0.0;
    must(gndp_batch_source_fields(set, FIELDS - CHECKED, NULL, (gndp_subset){0}, &source));
    must(gndp_train(model, &source, NULL, NULL));
    must(gndp_generator_create(model, &gndp_model_fields(model)->coords, MEMBERS, false, NULL, &generator));
    must(gndp_conditional_find("amortised", &info));
    gndp_conditional_options options = gndp_conditional_options_default(info);
    options.steps = 40;
    for (uint32_t r = 0; r < MEMBERS; r++)
        member[r] = r;
    for (uint32_t f = 0; f < CHECKED; f++) {
        const double *field = values + (FIELDS - CHECKED + f) * POINTS, ones[SEEN] = {1.0, 1.0, 1.0};
        int64_t chosen[SEEN], column[SEEN], rest[POINTS], n = 0, m = 0, row[SEEN + 1] = {0, 1, 2, 3};
        double z[SEEN], mean[POINTS], variance[POINTS];
        gndp_gaussian *posterior = NULL;
        gndp_conditioner *conditioner = NULL;
        must(gndp_choose(7, 0, f, GNDP_STREAM(8, 0), POINTS, SEEN, chosen));
        for (int64_t i = 0; i < POINTS; i++) {
            const bool seen = chosen[0] == i || chosen[1] == i || chosen[2] == i;
            if (seen)
                column[n] = i, z[n++] = field[i];
            else
                rest[m++] = i;
        }
        const gndp_linear_obs obs = {.n = SEEN, .row = row, .column = column, .weight = ones, .z = z};
        must(gndp_conditioner_create(gndp_generator_law(generator), &obs, &conditioner));
        must(gndp_conditional_sample(gndp_generator_evaluator(generator), schedule, conditioner, &options, MEMBERS, member, y, NULL));
        must(gndp_gaussian_condition(law, column, SEEN, z, NULL, rest, m, &posterior));
        gndp_gaussian_mean(posterior, mean);
        must(gndp_gaussian_variance(posterior, variance));
        for (int64_t i = 0; i < m; i++) {
            double a, b;
            moments(y, (int)rest[i], &a, &b);
            error += (a - mean[i]) * (a - mean[i]);
            prior += mean[i] * mean[i];
            spread += b;
            wanted += variance[i];
        }
        for (int i = 0; i < SEEN; i++)
            assert_true(y[column[i]] == z[i]);
        gndp_conditioner_free(conditioner);
        gndp_gaussian_free(posterior);
    }
    const double n = CHECKED * (POINTS - SEEN);
    print_message("rms error of the conditional mean %.3f, of the prior's %.3f; variance %.3f of %.3f\n", sqrt(error / n), sqrt(prior / n), spread / n,
                  wanted / n);
    assert_true(error < 0.2 * prior);
    assert_true(spread < 3.0 * wanted && spread > 0.5 * wanted);
    gndp_sampler_options plain = gndp_sampler_options_default();
    double total = 0.0;
    plain.steps = 40;
    must(gndp_generator_sample(generator, &plain, MEMBERS, member, y));
    for (int i = 0; i < POINTS; i++) {
        double a, b;
        moments(y, i, &a, &b);
        total += (b + a * a) / (1.01 * POINTS);
    }
    print_message("variance without context %.3f of the data's\n", total);
    assert_true(total > 0.5 && total < 1.6);
    source.free(source.state);
    gndp_generator_free(generator);
    gndp_model_free(model);
    gndp_gaussian_free(law);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(flagged_training_resumes_to_the_same_bits),
    IN_FOLDER(flagged_training_learns_the_posterior),
};

GNDP_TEST_MAIN(tests)
