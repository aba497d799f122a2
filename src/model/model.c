// SPDX-License-Identifier: Apache-2.0
// Models made from a configuration and data.
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/sphere.h"

/* ---- Settings ------------------------------------------------------------------------------- */

static gndp_status read_schedule(const gndp_config *config, gndp_schedule *out)
{
    gndp_status st = GNDP_OK;
    const char *name;
    int64_t steps;
    *out = gndp_schedule_default();
    GNDP_TRY(gndp_config_text(config, "process.schedule", &name));
    GNDP_TRY(gndp_schedule_find(name, &out->kind));
    GNDP_TRY(gndp_config_number(config, "process.t0", &out->t0));
    GNDP_TRY(gndp_config_number(config, "process.t1", &out->t1));
    GNDP_TRY(gndp_config_number(config, "process.beta0", &out->beta0));
    GNDP_TRY(gndp_config_number(config, "process.beta1", &out->beta1));
    GNDP_TRY(gndp_config_number(config, "process.shift", &out->shift));
    GNDP_TRY(gndp_config_integer(config, "process.steps", &steps));
    out->steps = (int)steps;
    GNDP_TRY(gndp_schedule_check(out));
done:
    return st;
}

static gndp_status read_parametrisation(const gndp_config *config, gndp_parametrisation *out)
{
    gndp_status st = GNDP_OK;
    const char *text;
    *out = gndp_parametrisation_default();
    GNDP_TRY(gndp_config_text(config, "parametrisation.target", &text));
    GNDP_TRY(gndp_target_find(text, &out->target));
    GNDP_TRY(gndp_config_switch(config, "parametrisation.std_trick", &out->std_trick));
    GNDP_TRY(gndp_config_switch(config, "parametrisation.residual_trick", &out->residual_trick));
    GNDP_TRY(gndp_config_switch(config, "parametrisation.weighted", &out->weighted));
    GNDP_TRY(gndp_config_number(config, "parametrisation.balance", &out->balance));
    GNDP_TRY(gndp_config_text(config, "parametrisation.norm", &text));
    out->absolute = strcmp(text, "l1") == 0;
    GNDP_TRY(gndp_parametrisation_check(out));
done:
    return st;
}

/* process.mean: one number for all components, or one for each in the order of the user. */
static gndp_status read_mean(const gndp_model *model, double **out)
{
    gndp_status st = GNDP_OK;
    const double *given;
    const int components = gndp_fieldset_components(model->fields);
    int n;
    *out = calloc((size_t)components, sizeof **out);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "%d components", components);
    GNDP_TRY(gndp_config_numbers(model->config, "process.mean", &n, &given));
    GNDP_CHECK(n <= 1 || n == components, GNDP_ERR_SHAPE, "process.mean: %d numbers for %d components", n, components);
    for (int p = 0; p < components && n > 0; p++)
        (*out)[p] = given[n == 1 ? 0 : p];
    model_swap(model, 1, 1, *out);
done:
    return st;
}

/* Standard deviation of the limit at a point, mean over components: what the network's input is divided by. */
static gndp_status limit_sd(const gndp_process *process, int dim, double *out)
{
    gndp_status st = GNDP_OK;
    const int outputs = gndp_process_outputs(process);
    gndp_array x = {0}, gram = {0};
    double sum = 0.0;
    GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_F64, 1, dim), &x));
    ((double *)x.data)[dim - 1] = 1.0; /* a unit vector serves the sphere too */
    GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_F64, outputs, outputs), &gram));
    GNDP_TRY(gndp_kernel_evaluate(gndp_process_kernel(process), &x, NULL, &gram));
    for (int p = 0; p < outputs; p++)
        sum += ((const double *)gram.data)[p * (outputs + 1)];
    GNDP_CHECK(sum > 0.0 && isfinite(sum), GNDP_ERR_RANGE, "process.kernel has variance %g", sum);
    *out = sqrt(sum / outputs);
done:
    gndp_array_free(&x);
    gndp_array_free(&gram);
    return st;
}

/* Equivariant networks take scalars first, then vectors with one component a coordinate: as data.var and data.vectors give them. */
static gndp_status count_scalars(const gndp_model *model, int64_t *out)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(model->fields);
    *out = 0;
    for (int c = 0; c < spec->n_channels; c++) {
        const bool scalar = spec->channel[c].kind == GNDP_CHANNEL_SCALAR;
        GNDP_CHECK(!scalar || *out == c, GNDP_ERR_UNSUPPORTED,
                   "score.net: equivariant networks take scalar channels before vectors, but %s stands behind %s; name the scalars in data.var and the "
                   "vectors in data.vectors",
                   spec->channel[c].name, spec->channel[c - 1].name);
        GNDP_CHECK(scalar || spec->channel[c].components == model_dim(model), GNDP_ERR_UNSUPPORTED,
                   "score.net: channel %s has vectors of %d components, the points have %d coordinates: an equivariant network cannot turn both together; "
                   "choose data.coordinates: plane or another network",
                   spec->channel[c].name, spec->channel[c].components, model_dim(model));
        *out += scalar;
    }
done:
    return st;
}

/* A flag that training never sets, or context that no flag tells from targets, would be an oversight. */
static gndp_status read_context(const gndp_config *config, bool *flag)
{
    gndp_status st = GNDP_OK;
    int64_t low, high;
    GNDP_TRY(gndp_config_switch(config, "score.context_flag", flag));
    GNDP_TRY(gndp_config_integer(config, "data.context.low", &low));
    GNDP_TRY(gndp_config_integer(config, "data.context.high", &high));
    GNDP_CHECK(low <= high, GNDP_ERR_RANGE, "data.context: low %lld is above high %lld", (long long)low, (long long)high);
    GNDP_CHECK(high == 0 || *flag, GNDP_ERR_RANGE, "data.context.high: %lld points of clean context want score.context_flag: yes", (long long)high);
    GNDP_CHECK(high > 0 || !*flag, GNDP_ERR_RANGE,
               "score.context_flag: how many of the drawn points are clean context? data.context.high is 0; such as data: {context: {low: 0, high: 10}}");
done:
    return st;
}

static gndp_status read_net(gndp_model *model)
{
    gndp_status st = GNDP_OK;
    const gndp_config *config = model->config;
    const gndp_net_info *info;
    const char *name;
    bool centre;
    GNDP_TRY(gndp_config_text(config, "score.net", &name));
    GNDP_TRY(gndp_net_find(name, &info));
    model->net = info->defaults;
    model->net.x_dim = model_dim(model);
    model->net.y_dim = gndp_fieldset_components(model->fields);
    model->net.dtype = GNDP_F32;
    if (info->equivariant && !model_on_sphere(model))
        GNDP_TRY(count_scalars(model, &model->net.scalars));
    GNDP_TRY(read_context(config, &model->net.context_flag));
    if (gndp_config_given(config, "score.layers"))
        GNDP_TRY(gndp_config_integer(config, "score.layers", &model->net.layers));
    if (gndp_config_given(config, "score.hidden"))
        GNDP_TRY(gndp_config_integer(config, "score.hidden", &model->net.hidden));
    if (gndp_config_given(config, "score.heads"))
        GNDP_TRY(gndp_config_integer(config, "score.heads", &model->net.heads));
    GNDP_TRY(gndp_config_switch(config, "score.centre", &centre));
    GNDP_CHECK(!(centre && model->frame == MODEL_SPHERE && gndp_config_given(config, "score.centre")), GNDP_ERR_RANGE,
               "score.centre: points on the sphere have no mean to subtract; leave it off");
    model->net.centre = centre && model->frame != MODEL_SPHERE;
    GNDP_TRY(gndp_config_number(config, "score.time_scale", &model->net.time_scale));
    if (!model_on_sphere(model))
        GNDP_TRY(limit_sd(model->process, model_dim(model), &model->net.y_scale));
done:
    return st;
}

static gndp_status no_reference(const gndp_model *model)
{
    gndp_status st = GNDP_OK;
    const char *text;
    int64_t octaves;
    GNDP_TRY(gndp_config_text(model->config, "process.reference", &text));
    GNDP_CHECK(text == NULL, GNDP_ERR_UNSUPPORTED, "process.reference: is for values on the sphere; other values have process.kernel");
    GNDP_TRY(gndp_config_integer(model->config, "score.octaves", &octaves));
    GNDP_CHECK(octaves == 0, GNDP_ERR_UNSUPPORTED, "score.octaves: is for values on the sphere");
done:
    return st;
}

bool model_on_sphere(const gndp_model *model)
{
    return model->sphere.layout.spheres > 0;
}

gndp_status model_assemble(gndp_model *model)
{
    gndp_status st = GNDP_OK;
    gndp_schedule schedule;
    gndp_kernel *kernel = NULL;
    double *mean = NULL;
    const char *text;
    double ema;
    GNDP_TRY(gndp_config_number(model->config, "train.ema", &ema));
    model->average = ema > 0.0;
    GNDP_TRY(read_schedule(model->config, &schedule));
    model->sphere.layout = model_layout(model->fields);
    if (model_on_sphere(model)) {
        GNDP_TRY(read_net(model));
        GNDP_TRY(model_assemble_sphere(model, &schedule));
        GNDP_TRY(gndp_net_check(&model->net));
        goto done;
    }
    GNDP_TRY(no_reference(model));
    GNDP_TRY(gndp_config_text(model->config, "process.kernel", &text));
    GNDP_TRY(gndp_kernel_parse(text, &kernel));
    GNDP_TRY(read_mean(model, &mean));
    GNDP_TRY(gndp_process_create(&schedule, kernel, gndp_fieldset_components(model->fields), mean, &model->process));
    GNDP_TRY(read_parametrisation(model->config, &model->parametrisation));
    GNDP_TRY(read_net(model));
    GNDP_TRY(gndp_net_check(&model->net));
done:
    free(mean);
    gndp_kernel_free(kernel);
    return st;
}

gndp_status model_add_store(gndp_model *model)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_store_create(&model->store));
    GNDP_TRY(gndp_net_add_parameters(&model->net, model->store));
done:
    return st;
}

/* ---- From data ------------------------------------------------------------------------------ */

static gndp_status no_values(void *state, int64_t n, const int64_t *field, int64_t m, const int64_t *point, double *values, uint8_t *present)
{
    gndp_status st = GNDP_OK;
    (void)state;
    (void)n;
    (void)field;
    (void)m;
    (void)point;
    (void)values;
    (void)present;
    GNDP_CHECK(false, GNDP_ERR_STATE, "a model describes fields, it holds none");
done:
    return st;
}

static void nothing(void *state)
{
    (void)state;
}

/* The description alone: one field, shared points; of own points only the first one is kept, for names and units. */
gndp_status model_describe_fields(const gndp_fieldset_spec *from, gndp_fieldset **out)
{
    gndp_fieldset_spec spec = *from;
    spec.n_fields = 1;
    spec.label = NULL;
    if (spec.first != NULL)
        spec.coords.n = 1;
    spec.first = NULL;
    return gndp_fieldset_create_view(&spec, (gndp_field_source){.read = no_values, .close = nothing}, out);
}

static gndp_status choose_frame(gndp_model *model, const gndp_fieldset *data)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(data);
    const bool sphere = spec->coords.space == GNDP_SPACE_SPHERE;
    const char *text;
    GNDP_TRY(gndp_config_text(model->config, "data.coordinates", &text));
    GNDP_CHECK(sphere || strcmp(text, "native") == 0 || strcmp(text, "auto") == 0, GNDP_ERR_RANGE,
               "data.coordinates: %s is for points on the sphere; those of %s are not", text, spec->origin);
    GNDP_CHECK(!(sphere && strcmp(text, "native") == 0), GNDP_ERR_RANGE,
               "data.coordinates: degrees are no distances; choose plane or sphere for %s", spec->origin);
    model->frame = !sphere ? MODEL_NATIVE : strcmp(text, "sphere") == 0 ? MODEL_SPHERE : MODEL_PLANE;
    if (sphere && strcmp(text, "auto") == 0 && spec->coords.layout == GNDP_LAYOUT_PRODUCT && gndp_coords_periodic(&spec->coords))
        model->frame = MODEL_SPHERE;
    if (model->frame == MODEL_PLANE)
        GNDP_TRY(gndp_projection_centre(data, GNDP_PROJECTION_EQUIRECTANGULAR, &model->projection));
done:
    return st;
}

/* data.extent: the farthest coordinate of a plane becomes so many units for the network; abstract coordinates stay as they are unless asked for. */
static gndp_status choose_scale(gndp_model *model, const gndp_fieldset *data)
{
    gndp_status st = GNDP_OK;
    double extent = 2.0, far = 0.0, *x = NULL, *embedded = NULL;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(data);
    const int64_t n = spec->coords.n; /* shared, or those of all fields */
    const int columns = spec->coords.columns, dim = model_dim(model);
    model->x_scale = 1.0;
    const bool given = gndp_config_given(model->config, "data.extent");
    if (model->frame == MODEL_SPHERE || (model->frame == MODEL_NATIVE && !given))
        goto done;
    if (given)
        GNDP_TRY(gndp_config_number(model->config, "data.extent", &extent));
    x = malloc((size_t)(n * columns) * sizeof *x);
    embedded = malloc((size_t)(n * dim) * sizeof *embedded);
    GNDP_CHECK(x != NULL && embedded != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)n);
    gndp_coords_list(&spec->coords, x);
    model_embed(model, n, x, embedded);
    for (int64_t i = 0; i < n * dim; i++)
        far = fmax(far, fabs(embedded[i]));
    GNDP_CHECK(far > 0.0, GNDP_ERR_RANGE, "data.extent: all points lie at the origin");
    model->x_scale = extent / far;
done:
    free(x);
    free(embedded);
    return st;
}

static gndp_status fit_normaliser(gndp_model *model, const gndp_fieldset *data)
{
    gndp_status st = GNDP_OK;
    const char *text;
    GNDP_TRY(gndp_config_text(model->config, "data.normalise", &text));
    if (strcmp(text, "none") == 0)
        GNDP_TRY(gndp_normaliser_identity(gndp_fieldset_components(data), &model->normaliser));
    else
        GNDP_TRY(gndp_normaliser_fit(data,
                                     strcmp(text, "anomalies") == 0     ? GNDP_CLIMATOLOGY_SPREAD
                                     : strcmp(text, "climatology") == 0 ? GNDP_CLIMATOLOGY_MEAN
                                                                        : GNDP_CLIMATOLOGY_NONE,
                                     &model->normaliser));
done:
    return st;
}

gndp_status gndp_model_create(const gndp_config *config, const gndp_fieldset *data, gndp_model **out)
{
    gndp_status st = GNDP_OK;
    gndp_model *model = NULL;
    const char *start;
    int64_t seed;
    GNDP_CHECK(config != NULL && data != NULL && out != NULL, GNDP_ERR_ARG, "config, data or out is NULL");
    *out = NULL;
    model = calloc(1, sizeof *model);
    GNDP_CHECK(model != NULL, GNDP_ERR_NOMEM, "model");
    model->progress.best_validation = (double)NAN;
    GNDP_TRY(gndp_config_clone(config, &model->config));
    GNDP_TRY(choose_frame(model, data));
    GNDP_TRY(model_describe_fields(gndp_fieldset_get_spec(data), &model->fields));
    GNDP_TRY(choose_scale(model, data));
    GNDP_TRY(fit_normaliser(model, data));
    GNDP_TRY(model_fingerprint(data, model->data_hash));
    GNDP_TRY(model_assemble(model));
    GNDP_TRY(model_add_store(model));
    GNDP_TRY(gndp_config_integer(config, "train.seed", &seed));
    GNDP_TRY(gndp_store_initialise(model->store, (uint64_t)seed));
    if (gndp_config_given(config, "train.start")) {
        GNDP_TRY(gndp_config_text(config, "train.start", &start));
        GNDP_TRY(model_start_from(model, start));
    }
    model->complete = true;
    model_rehash(model);
    *out = model;
    model = NULL;
done:
    gndp_model_free(model);
    return st;
}

void gndp_model_free(gndp_model *model)
{
    if (model == NULL)
        return;
    gndp_store_free(model->store);
    gndp_process_free(model->process);
    gndp_kernel_free(model->reference);
    gndp_normaliser_free(&model->normaliser);
    gndp_fieldset_free(model->fields);
    gndp_config_free(model->config);
    free(model->history);
    free(model);
}

/* ---- What a model says of itself ------------------------------------------------------------ */

const gndp_config *gndp_model_config(const gndp_model *model)
{
    return model->config;
}

const gndp_process *gndp_model_process(const gndp_model *model)
{
    return model->process;
}

const gndp_brownian *gndp_model_brownian(const gndp_model *model)
{
    return model_on_sphere(model) ? &model->sphere : NULL;
}

int gndp_model_components(const gndp_model *model)
{
    return gndp_fieldset_components(model->fields);
}

const gndp_schedule *gndp_model_schedule(const gndp_model *model)
{
    return model_on_sphere(model) ? &model->sphere.schedule : gndp_process_schedule(model->process);
}

const gndp_net_spec *gndp_model_net(const gndp_model *model)
{
    return &model->net;
}

const gndp_parametrisation *gndp_model_parametrisation(const gndp_model *model)
{
    return &model->parametrisation;
}

const gndp_normaliser *gndp_model_normaliser(const gndp_model *model)
{
    return &model->normaliser;
}

gndp_store *gndp_model_store(gndp_model *model)
{
    return model->store;
}

const gndp_fieldset_spec *gndp_model_fields(const gndp_model *model)
{
    return gndp_fieldset_get_spec(model->fields);
}

const gndp_projection *gndp_model_projection(const gndp_model *model)
{
    return model->frame == MODEL_PLANE ? &model->projection : NULL;
}

gndp_model_progress gndp_model_get_progress(const gndp_model *model)
{
    return model->progress;
}

void gndp_model_set_progress(gndp_model *model, gndp_model_progress progress)
{
    model->progress = progress;
}

gndp_status model_history_add(gndp_model *model, const double row[MODEL_HISTORY])
{
    gndp_status st = GNDP_OK;
    if (model->history_rows == model->history_capacity) {
        const int64_t wanted = model->history_capacity > 0 ? 2 * model->history_capacity : 256;
        double *grown = realloc(model->history, (size_t)(wanted * MODEL_HISTORY) * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "history of %lld rows", (long long)wanted);
        model->history = grown;
        model->history_capacity = wanted;
    }
    memcpy(model->history + model->history_rows++ * MODEL_HISTORY, row, MODEL_HISTORY * sizeof *row);
done:
    return st;
}

const char *gndp_model_hash(const gndp_model *model)
{
    return model->hash;
}
