// SPDX-License-Identifier: Apache-2.0
// Models: process, network, normaliser and the description of the data as one thing, from a configuration or a file.
#ifndef GNDP_MODEL_H
#define GNDP_MODEL_H

#include <gndp/brownian.h>
#include <gndp/config.h>
#include <gndp/prepare.h>
#include <gndp/sampler.h>
#include <gndp/score.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A model holds its resolved configuration; what its fields are (space, columns, channels, units, the projection, the grid it was trained on); the
 * normaliser; the process in normalised values; the network and its parameters with moving average and optimiser state; seed, step and history.
 */
typedef struct gndp_model gndp_model;

/**
 * A new model for data like `data`: channels, coordinates and normaliser come from it (so pass the training part only), the rest from the configuration.
 * Parameters start from train.seed.
 * @return GNDP_OK; GNDP_ERR_ARG, GNDP_ERR_RANGE, GNDP_ERR_SHAPE name the key of the configuration that does not fit the data
 */
GNDP_API gndp_status gndp_model_create(const gndp_config *config, const gndp_fieldset *data, gndp_model **out);
GNDP_API void gndp_model_free(gndp_model *model);

/**
 * Write to an archive, beside and renamed. @param full  with optimiser state, so that training can go on; else what sampling needs
 */
GNDP_API gndp_status gndp_model_write(const gndp_model *model, const char *path, bool full);
/** @return GNDP_OK; GNDP_ERR_IO, GNDP_ERR_FORMAT (not a model, damaged, made by a later version) with file and reason */
GNDP_API gndp_status gndp_model_read(const char *path, gndp_model **out);

GNDP_API const gndp_config *gndp_model_config(const gndp_model *model);
/**
 * Take another configuration for a training that goes on. Only what no parameter so far has followed from may differ: data.files, train.steps (with it the
 * decay of the learning rate), train.max_minutes, how often is validated and checkpointed, and the groups sample, infer, likelihood, output.
 * @param changed  [capacity] out: the keys that differ, "train.steps, output.folder"; NULL with capacity 0
 * @return GNDP_OK; GNDP_ERR_STATE names the first key that may not differ, and the model is as it was
 */
GNDP_API gndp_status gndp_model_reconfigure(gndp_model *model, const gndp_config *config, char *changed, size_t capacity);
/** Whether these fields are those that the model was made from: by a fingerprint of counts, labels, points, and the values of up to 1024 fields.
 * @return GNDP_OK; GNDP_ERR_STATE; those of gndp_fieldset_read() */
GNDP_API gndp_status gndp_model_check_data(const gndp_model *model, const gndp_fieldset *data);
/** NULL for a model of values on spheres. */
GNDP_API const gndp_process *gndp_model_process(const gndp_model *model);
/** The process of values on spheres; NULL for other models. */
GNDP_API const gndp_brownian *gndp_model_brownian(const gndp_model *model);
/** Of either process. */
GNDP_API const gndp_schedule *gndp_model_schedule(const gndp_model *model);
/** P: values of a field at a point. */
GNDP_API int gndp_model_components(const gndp_model *model);
GNDP_API const gndp_net_spec *gndp_model_net(const gndp_model *model);
GNDP_API const gndp_parametrisation *gndp_model_parametrisation(const gndp_model *model);
GNDP_API const gndp_normaliser *gndp_model_normaliser(const gndp_model *model);
GNDP_API gndp_store *gndp_model_store(gndp_model *model);
/** Channels, calendar, attributes, and the coordinates of the training data (grid, or names and units only). Owned by the model. */
GNDP_API const gndp_fieldset_spec *gndp_model_fields(const gndp_model *model);
/** The plane that coordinates are taken to; NULL: none. */
GNDP_API const gndp_projection *gndp_model_projection(const gndp_model *model);
/** Eight bytes in hexadecimal that change with anything that changes samples: goes into every output. As of creating, reading or the last checkpoint. */
GNDP_API const char *gndp_model_hash(const gndp_model *model);

/** Training so far: steps done, and one row of the history a report. */
typedef struct gndp_model_progress {
    int64_t step;
    double seconds;
    double best_validation; /* NaN: none yet */
    double loss_sum, loss_count; /* since the last report */
} gndp_model_progress;
GNDP_API gndp_model_progress gndp_model_get_progress(const gndp_model *model);
GNDP_API void gndp_model_set_progress(gndp_model *model, gndp_model_progress progress);

/** Network and process joined. @param ema  with averaged parameters. The model must outlive the score. */
GNDP_API gndp_status gndp_model_score(gndp_model *model, bool ema, bool bf16, gndp_score *out);

/**
 * Points as the model takes them.
 * @param coords  as users read them, in the space the data had: degrees on the sphere even if the model works in a plane
 * @param x       f64 [N, D] made: for the network (scaled as in training); free with gndp_array_free()
 * @param points  out or NULL: for the limiting law (GNDP_POINTS_PRODUCT or _LATLON where the points allow); free with gndp_model_points_free()
 */
GNDP_API gndp_status gndp_model_points(const gndp_model *model, const gndp_coords *coords, gndp_array *x, gndp_points **points);
GNDP_API void gndp_model_points_free(gndp_points *points);

/**
 * What a sampling run shares: evaluator and law on one point set. A climatology is interpolated to other points than the training's, multilinearly between
 * those of a grid.
 * @return GNDP_OK; GNDP_ERR_RANGE for a point where the climatology is not known; those of gndp_model_points(), gndp_process_law(), gndp_evaluator_create()
 */
typedef struct gndp_generator gndp_generator;
GNDP_API gndp_status gndp_generator_create(gndp_model *model, const gndp_coords *coords, int64_t batch, bool bf16, gndp_device *device,
                                           gndp_generator **out);
GNDP_API void gndp_generator_free(gndp_generator *generator);
GNDP_API gndp_evaluator *gndp_generator_evaluator(gndp_generator *generator);
GNDP_API const gndp_gaussian *gndp_generator_law(const gndp_generator *generator);
/** Fields in physical units: values [n, N, P] out. As gndp_sample(). */
GNDP_API gndp_status gndp_generator_sample(gndp_generator *generator, const gndp_sampler_options *options, int64_t n, const uint32_t *member,
                                           double *values);
/**
 * Values in physical units as those that evaluator and law take: value i (point by point, components as in files) of a field is offset[i] + scale[i]
 * z[column[i]], z a normalised field in the model's order. So any linear observation of fields becomes one of normalised fields.
 * @param offset, scale, column  [N P] out
 */
GNDP_API gndp_status gndp_generator_affine(const gndp_generator *generator, double *offset, double *scale, int64_t *column);
/**
 * Fields with values on spheres, given some of their points: the score has to take context (score.context_flag).
 * @param options  as gndp_brownian_sample(): contexts, context and value name what is known, [C, P] in physical units
 * @param values   [n, N, P] out
 */
GNDP_API gndp_status gndp_generator_complete(gndp_generator *generator, const gndp_brownian_options *options, int64_t n, const uint32_t *member,
                                             double *values);
/** ln of the density of the other points given those [contexts] that are known: values [n, N, P], fields with values on spheres. */
GNDP_API gndp_status gndp_generator_complete_log_likelihood(gndp_generator *generator, const gndp_likelihood_options *options, int64_t contexts,
                                                            const int64_t *context, int64_t n, const uint32_t *member, const double *values,
                                                            double *log_p);
/** Log-density in physical units (nats of the whole field) of values [n, N, P]. */
GNDP_API gndp_status gndp_generator_log_likelihood(gndp_generator *generator, const gndp_likelihood_options *options, int64_t n,
                                                   const uint32_t *member, const double *values, double *log_p);

#ifdef __cplusplus
}
#endif
#endif
