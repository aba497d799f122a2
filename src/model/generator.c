// SPDX-License-Identifier: Apache-2.0
// Samples and densities of a model on one point set, in physical units.
#include "model/model.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

struct gndp_generator {
    gndp_model *model; /* borrowed */
    gndp_score score;
    gndp_evaluator *evaluator;
    gndp_gaussian *law;
    gndp_normaliser normaliser; /* at these points */
    int64_t points;
};

gndp_status gndp_generator_create(gndp_model *model, const gndp_coords *coords, int64_t batch, bool bf16, gndp_device *device,
                                  gndp_generator **out)
{
    gndp_status st = GNDP_OK;
    gndp_generator *generator = NULL;
    gndp_points *points = NULL;
    gndp_array x = {0};
    GNDP_CHECK(model != NULL && coords != NULL && out != NULL, GNDP_ERR_ARG, "an argument is NULL");
    *out = NULL;
    generator = calloc(1, sizeof *generator);
    GNDP_CHECK(generator != NULL, GNDP_ERR_NOMEM, "generator");
    generator->model = model;
    generator->points = coords->n;
    GNDP_TRY(gndp_model_points(model, coords, &x, &points));
    GNDP_TRY(model_normaliser_at(model, coords, &generator->normaliser));
    if (!model_on_sphere(model))
        GNDP_TRY(gndp_process_law(model->process, points, NULL, &generator->law));
    GNDP_TRY(gndp_model_score(model, true, bf16, &generator->score));
    const gndp_evaluator_options options = {.batch = batch, .device = device};
    GNDP_TRY(gndp_evaluator_create(&generator->score, gndp_model_schedule(model), &x, &options, &generator->evaluator));
    *out = generator;
    generator = NULL;
done:
    gndp_array_free(&x);
    gndp_model_points_free(points);
    gndp_generator_free(generator);
    return st;
}

void gndp_generator_free(gndp_generator *generator)
{
    if (generator == NULL)
        return;
    gndp_evaluator_free(generator->evaluator);
    gndp_score_free(&generator->score);
    gndp_gaussian_free(generator->law);
    gndp_normaliser_free(&generator->normaliser);
    free(generator);
}

gndp_evaluator *gndp_generator_evaluator(gndp_generator *generator)
{
    return generator->evaluator;
}

const gndp_gaussian *gndp_generator_law(const gndp_generator *generator)
{
    return generator->law;
}

static gndp_status to_physical(const gndp_generator *generator, int64_t n, double *values)
{
    model_swap(generator->model, n, generator->points, values);
    return gndp_normaliser_invert(&generator->normaliser, n, generator->points, NULL, values);
}

static gndp_status sample_sphere(gndp_generator *generator, const gndp_sampler_options *options, int64_t n, const uint32_t *member, double *values)
{
    gndp_status st = GNDP_OK;
    gndp_brownian_options walk = gndp_brownian_options_default();
    GNDP_TRY(gndp_brownian_method_find(options->sampler->name, &walk.method));
    GNDP_CHECK(options->corrector_steps == 0 && !options->quiet_last && options->temperature == 1.0, GNDP_ERR_UNSUPPORTED,
               "values on spheres are sampled without correctors, quiet last steps or temperatures (%lld, %d, %g)", (long long)options->corrector_steps,
               options->quiet_last, options->temperature);
    walk.steps = options->steps;
    walk.seed = options->seed;
    walk.progress = options->progress;
    walk.stop = options->stop;
    walk.stop_state = options->stop_state;
    GNDP_TRY(gndp_brownian_sample(generator->evaluator, &generator->model->sphere, &walk, n, member, NULL, values));
    GNDP_TRY(to_physical(generator, n, values));
done:
    return st;
}

gndp_status gndp_generator_complete(gndp_generator *generator, const gndp_brownian_options *options, int64_t n, const uint32_t *member, double *values)
{
    gndp_status st = GNDP_OK;
    gndp_brownian_options walk;
    double *known = NULL;
    GNDP_CHECK(generator != NULL && options != NULL && values != NULL, GNDP_ERR_ARG, "an argument is NULL");
    const gndp_model *model = generator->model;
    const int p = gndp_fieldset_components(model->fields);
    GNDP_CHECK(model_on_sphere(model), GNDP_ERR_UNSUPPORTED, "this completes fields with values on spheres; others have gndp_conditional_sample()");
    known = malloc((size_t)(options->contexts * p + 1) * sizeof *known);
    GNDP_CHECK(known != NULL, GNDP_ERR_NOMEM, "%lld known points", (long long)options->contexts);
    for (int64_t i = 0; i < options->contexts * p; i++)
        known[i] = options->value[i];
    GNDP_TRY(gndp_normaliser_apply(&generator->normaliser, 1, options->contexts, NULL, known));
    walk = *options;
    walk.value = known;
    GNDP_TRY(gndp_brownian_sample(generator->evaluator, &model->sphere, &walk, n, member, NULL, values));
    GNDP_TRY(to_physical(generator, n, values));
done:
    free(known);
    return st;
}

gndp_status gndp_generator_sample(gndp_generator *generator, const gndp_sampler_options *options, int64_t n, const uint32_t *member,
                                  double *values)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(generator != NULL && values != NULL, GNDP_ERR_ARG, "generator or values is NULL");
    const gndp_model *model = generator->model;
    if (model_on_sphere(model))
        return sample_sphere(generator, options, n, member, values);
    GNDP_TRY(gndp_sample(generator->evaluator, gndp_model_schedule(model), generator->law, options, n, member, NULL, values));
    GNDP_TRY(to_physical(generator, n, values));
done:
    return st;
}

gndp_status gndp_generator_affine(const gndp_generator *generator, double *offset, double *scale, int64_t *column)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(generator != NULL && offset != NULL && scale != NULL && column != NULL, GNDP_ERR_ARG, "an argument is NULL");
    const int64_t size = generator->points * gndp_fieldset_components(generator->model->fields);
    for (int64_t i = 0; i < size; i++)
        scale[i] = (double)i;
    model_swap(generator->model, 1, generator->points, scale);
    for (int64_t i = 0; i < size; i++) {
        column[i] = (int64_t)scale[i];
        offset[i] = 0.0;
        scale[i] = 1.0;
    }
    GNDP_TRY(gndp_normaliser_invert(&generator->normaliser, 1, generator->points, NULL, offset));
    GNDP_TRY(gndp_normaliser_invert(&generator->normaliser, 1, generator->points, NULL, scale));
    for (int64_t i = 0; i < size; i++)
        scale[i] -= offset[i];
done:
    return st;
}

/* Context: points that are known, for values on spheres. */
static gndp_status log_density(gndp_generator *generator, const gndp_likelihood_options *options, int64_t contexts, const int64_t *context, int64_t n,
                               const uint32_t *member, const double *values, double *log_p)
{
    gndp_status st = GNDP_OK;
    double *z = NULL;
    GNDP_CHECK(generator != NULL && values != NULL && log_p != NULL, GNDP_ERR_ARG, "an argument is NULL");
    const gndp_model *model = generator->model;
    const int64_t size = n * generator->points * gndp_fieldset_components(model->fields);
    z = malloc((size_t)(size > 0 ? size : 1) * sizeof *z);
    GNDP_CHECK(z != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)size);
    for (int64_t i = 0; i < size; i++) {
        GNDP_CHECK(isfinite(values[i]), GNDP_ERR_NONFINITE, "field %lld: value %lld is %g", (long long)(i * n / size),
                   (long long)(i % (size / n)), values[i]);
        z[i] = values[i];
    }
    GNDP_TRY(gndp_normaliser_apply(&generator->normaliser, n, generator->points, NULL, z));
    model_swap(model, n, generator->points, z);
    if (model_on_sphere(model))
        GNDP_TRY(gndp_brownian_log_likelihood(generator->evaluator, &model->sphere, options, gndp_brownian_options_default().least, contexts, context, n,
                                              member, z, log_p, NULL));
    else
        GNDP_TRY(gndp_log_likelihood(generator->evaluator, gndp_model_schedule(model), generator->law, options, n, member, z, log_p, NULL));
    for (int64_t i = 0; i < n; i++)
        log_p[i] += gndp_normaliser_log_jacobian(&generator->normaliser, generator->points, NULL) -
                    (contexts > 0 ? gndp_normaliser_log_jacobian(&generator->normaliser, contexts, context) : 0.0);
done:
    free(z);
    return st;
}

gndp_status gndp_generator_log_likelihood(gndp_generator *generator, const gndp_likelihood_options *options, int64_t n,
                                          const uint32_t *member, const double *values, double *log_p)
{
    return log_density(generator, options, 0, NULL, n, member, values, log_p);
}

gndp_status gndp_generator_complete_log_likelihood(gndp_generator *generator, const gndp_likelihood_options *options, int64_t contexts,
                                                   const int64_t *context, int64_t n, const uint32_t *member, const double *values, double *log_p)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(generator != NULL && model_on_sphere(generator->model), GNDP_ERR_UNSUPPORTED,
               "this is of fields with values on spheres; others have gndp_context_log_likelihood()");
    GNDP_TRY(log_density(generator, options, contexts, context, n, member, values, log_p));
done:
    return st;
}
