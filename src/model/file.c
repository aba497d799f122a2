// SPDX-License-Identifier: Apache-2.0
// Models as archives: what they are, and what their data were.
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { FORMAT_VERSION = 1 };
static const int64_t MOST_POINTS = INT64_C(1) << 40, MOST_STEPS = INT64_C(1) << 30;

typedef struct name {
    char text[160];
} name;

/* A name that does not fit is empty, which an archive refuses. */
static name finish(name n, int length)
{
    if (length < 0 || (size_t)length >= sizeof n.text)
        n.text[0] = '\0';
    return n;
}

static name join(const char *a, const char *b)
{
    name n;
    const int length = snprintf(n.text, sizeof n.text, "%s/%s", a, b);
    return finish(n, length);
}

static name numbered(const char *what, int64_t i, const char *part)
{
    name n;
    const int length = snprintf(n.text, sizeof n.text, "%s%lld/%s", what, (long long)i, part);
    return finish(n, length);
}

/* ---- Writing -------------------------------------------------------------------------------- */

static gndp_status put_doubles(gndp_archive *archive, const char *key, int64_t rows, int64_t columns, const double *data)
{
    union {
        const double *from;
        void *to;
    } memory = {data};
    const gndp_array view = gndp_array_view(gndp_type_2d(GNDP_F64, rows, columns), memory.to);
    return gndp_archive_put(archive, key, &view);
}

static gndp_status put_coords(gndp_archive *archive, const gndp_coords *coords)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_archive_put_integer(archive, "coords/space", coords->space));
    GNDP_TRY(gndp_archive_put_integer(archive, "coords/layout", coords->layout));
    GNDP_TRY(gndp_archive_put_integer(archive, "coords/columns", coords->columns));
    for (int a = 0; a < coords->columns; a++) {
        const gndp_axis *axis = &coords->axis[a];
        GNDP_TRY(gndp_archive_put_text(archive, numbered("axis", a, "name").text, axis->name));
        GNDP_TRY(gndp_archive_put_text(archive, numbered("axis", a, "standard_name").text, axis->standard_name));
        GNDP_TRY(gndp_archive_put_text(archive, numbered("axis", a, "units").text, axis->units));
        if (coords->layout == GNDP_LAYOUT_PRODUCT)
            GNDP_TRY(put_doubles(archive, numbered("axis", a, "value").text, axis->size, 1, axis->value));
    }
    if (coords->layout == GNDP_LAYOUT_LIST)
        GNDP_TRY(put_doubles(archive, "coords/x", coords->n, coords->columns, coords->x));
done:
    return st;
}

static gndp_status put_channel(gndp_archive *archive, int c, const gndp_channel *channel)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_archive_put_text(archive, numbered("channel", c, "name").text, channel->name));
    GNDP_TRY(gndp_archive_put_integer(archive, numbered("channel", c, "kind").text, channel->kind));
    GNDP_TRY(gndp_archive_put_integer(archive, numbered("channel", c, "components").text, channel->components));
    GNDP_TRY(gndp_archive_put_integer(archive, numbered("channel", c, "parts").text, channel->parts));
    GNDP_TRY(gndp_archive_put_text(archive, numbered("channel", c, "units").text, channel->units));
    GNDP_TRY(gndp_archive_put_text(archive, numbered("channel", c, "cell_methods").text, channel->cell_methods));
    for (int p = 0; p < channel->parts; p++) {
        const name at = numbered("channel", c, "part");
        GNDP_TRY(gndp_archive_put_text(archive, numbered(at.text, p, "name").text, channel->part[p].name));
        GNDP_TRY(gndp_archive_put_text(archive, numbered(at.text, p, "standard_name").text, channel->part[p].standard_name));
        GNDP_TRY(gndp_archive_put_text(archive, numbered(at.text, p, "long_name").text, channel->part[p].long_name));
    }
done:
    return st;
}

static gndp_status put_fields(gndp_archive *archive, const gndp_fieldset_spec *spec)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(put_coords(archive, &spec->coords));
    GNDP_TRY(gndp_archive_put_integer(archive, "fields/calendar", spec->calendar));
    GNDP_TRY(gndp_archive_put_integer(archive, "fields/channels", spec->n_channels));
    GNDP_TRY(gndp_archive_put_integer(archive, "fields/attributes", spec->n_attributes));
    GNDP_TRY(gndp_archive_put_text(archive, "fields/origin", spec->origin != NULL ? spec->origin : ""));
    for (int c = 0; c < spec->n_channels; c++)
        GNDP_TRY(put_channel(archive, c, &spec->channel[c]));
    for (int i = 0; i < spec->n_attributes; i++) {
        GNDP_TRY(gndp_archive_put_text(archive, numbered("attribute", i, "name").text, spec->attribute[i].name));
        GNDP_TRY(gndp_archive_put_text(archive, numbered("attribute", i, "text").text, spec->attribute[i].text));
    }
done:
    return st;
}

static gndp_status put_frame(gndp_archive *archive, const gndp_model *model)
{
    gndp_status st = GNDP_OK;
    const gndp_normaliser *normaliser = &model->normaliser;
    GNDP_TRY(gndp_archive_put_integer(archive, "frame/kind", model->frame));
    GNDP_TRY(gndp_archive_put_number(archive, "frame/lat0_deg", model->projection.lat0_deg));
    GNDP_TRY(gndp_archive_put_number(archive, "frame/lon0_deg", model->projection.lon0_deg));
    GNDP_TRY(gndp_archive_put_number(archive, "frame/radius_km", model->projection.radius_km));
    GNDP_TRY(gndp_archive_put_number(archive, "frame/x_scale", model->x_scale));
    GNDP_TRY(put_doubles(archive, "normaliser/mean", 1, normaliser->components, normaliser->mean));
    GNDP_TRY(put_doubles(archive, "normaliser/scale", 1, normaliser->components, normaliser->scale));
    if (normaliser->climatology != NULL)
        GNDP_TRY(put_doubles(archive, "normaliser/climatology", normaliser->points, normaliser->components, normaliser->climatology));
    if (normaliser->spread != NULL)
        GNDP_TRY(put_doubles(archive, "normaliser/spread", normaliser->points, normaliser->components, normaliser->spread));
done:
    return st;
}

static const char *const slot_names[GNDP_SLOT_COUNT] = {
    [GNDP_SLOT_VALUE] = "value", [GNDP_SLOT_M] = "m", [GNDP_SLOT_V] = "v", [GNDP_SLOT_EMA] = "ema"};

/* The slot that sampling needs, or all that training needs; gradients never. */
static bool kept(const gndp_model *model, gndp_slot slot, bool full)
{
    const gndp_slot best = model->average ? GNDP_SLOT_EMA : GNDP_SLOT_VALUE;
    return slot_names[slot] != NULL && (full ? model->average || slot != GNDP_SLOT_EMA : slot == best);
}

static gndp_status put_parameters(gndp_archive *archive, const gndp_model *model, bool full)
{
    gndp_status st = GNDP_OK;
    gndp_store *store = model->store;
    for (int64_t i = 0; i < gndp_store_count(store); i++)
        for (int slot = 0; slot < GNDP_SLOT_COUNT; slot++) {
            gndp_array array;
            if (!kept(model, (gndp_slot)slot, full))
                continue;
            GNDP_TRY(gndp_store_array(store, gndp_store_name(store, i), (gndp_slot)slot, &array));
            GNDP_TRY(gndp_archive_put(archive, join(slot_names[slot], gndp_store_name(store, i)).text, &array));
        }
done:
    return st;
}

static gndp_status put_config(gndp_archive *archive, const gndp_config *config)
{
    gndp_status st = GNDP_OK;
    const size_t bytes = gndp_config_print(config, NULL, 0) + 1;
    char *text = malloc(bytes);
    GNDP_CHECK(text != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    gndp_config_print(config, text, bytes);
    GNDP_TRY(gndp_archive_put_text(archive, "config", text));
done:
    free(text);
    return st;
}

gndp_status gndp_model_write(const gndp_model *model, const char *path, bool full)
{
    gndp_status st = GNDP_OK;
    gndp_archive *archive = NULL;
    char hash[17];
    GNDP_CHECK(model != NULL && path != NULL, GNDP_ERR_ARG, "model or path is NULL");
    GNDP_CHECK(!full || model->complete, GNDP_ERR_STATE, "%s: this model has no optimiser state to write", path);
    GNDP_TRY(gndp_archive_create(&archive));
    GNDP_TRY(gndp_archive_put_integer(archive, "gndp_model", FORMAT_VERSION));
    GNDP_TRY(gndp_archive_put_text(archive, "title", "gndp model"));
    model_hash_of(model, hash);
    GNDP_TRY(gndp_archive_put_text(archive, "hash", hash));
    GNDP_TRY(gndp_archive_put_text(archive, "data/fingerprint", model->data_hash));
    GNDP_TRY(put_config(archive, model->config));
    GNDP_TRY(put_fields(archive, gndp_fieldset_get_spec(model->fields)));
    GNDP_TRY(put_frame(archive, model));
    GNDP_TRY(gndp_archive_put_integer(archive, "progress/step", model->progress.step));
    GNDP_TRY(put_parameters(archive, model, full));
    GNDP_TRY(gndp_archive_put_integer(archive, "full", full));
    if (full) { /* wall time differs from run to run: a finished model does not hold it */
        const double rest[] = {model->progress.seconds, model->progress.best_validation, model->progress.loss_sum, model->progress.loss_count};
        GNDP_TRY(put_doubles(archive, "progress/rest", 1, sizeof rest / sizeof *rest, rest));
        if (model->history_rows > 0)
            GNDP_TRY(put_doubles(archive, "progress/history", model->history_rows, MODEL_HISTORY, model->history));
    }
    GNDP_TRY(gndp_archive_write(archive, path));
done:
    gndp_archive_free(archive);
    return st;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* A text of the archive into a field of fixed size. */
static gndp_status get_text(const gndp_archive *archive, const char *key, char *out, size_t bytes)
{
    gndp_status st = GNDP_OK;
    const char *text;
    GNDP_TRY(gndp_archive_get_text(archive, key, &text));
    GNDP_CHECK(strlen(text) < bytes, GNDP_ERR_FORMAT, "%s is too long for a model", key);
    strcpy(out, text);
done:
    return st;
}

static gndp_status get_int(const gndp_archive *archive, const char *key, int64_t low, int64_t high, int64_t *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_archive_get_integer(archive, key, out));
    GNDP_CHECK(*out >= low && *out <= high, GNDP_ERR_FORMAT, "%s is %lld, not %lld to %lld", key, (long long)*out, (long long)low,
               (long long)high);
done:
    return st;
}

static gndp_status get_doubles(const gndp_archive *archive, const char *key, int64_t columns, int64_t *rows, const double **out)
{
    gndp_status st = GNDP_OK;
    const gndp_array *array;
    GNDP_TRY(gndp_archive_get(archive, key, &array));
    GNDP_CHECK(array->type.dtype == GNDP_F64 && array->type.rank == 2 && array->type.dim[1] == columns, GNDP_ERR_FORMAT,
               "%s is " GNDP_TYPE_FMT ", not f64[.., %lld]", key, GNDP_TYPE_ARG(array->type), (long long)columns);
    *rows = array->type.dim[0];
    *out = array->data;
done:
    return st;
}

static gndp_status get_coords(const gndp_archive *archive, gndp_coords *out)
{
    gndp_status st = GNDP_OK;
    int64_t space, layout, columns;
    memset(out, 0, sizeof *out);
    GNDP_TRY(get_int(archive, "coords/space", 0, GNDP_SPACE_SPHERE, &space));
    GNDP_TRY(get_int(archive, "coords/layout", 0, GNDP_LAYOUT_PRODUCT, &layout));
    GNDP_TRY(get_int(archive, "coords/columns", 1, GNDP_MAX_AXES, &columns));
    *out = (gndp_coords){.space = (gndp_space)space, .layout = (gndp_layout)layout, .columns = (int)columns, .n = 1};
    for (int a = 0; a < out->columns; a++) {
        gndp_axis *axis = &out->axis[a];
        GNDP_TRY(get_text(archive, numbered("axis", a, "name").text, axis->name, sizeof axis->name));
        GNDP_TRY(get_text(archive, numbered("axis", a, "standard_name").text, axis->standard_name, sizeof axis->standard_name));
        GNDP_TRY(get_text(archive, numbered("axis", a, "units").text, axis->units, sizeof axis->units));
        if (out->layout == GNDP_LAYOUT_PRODUCT) {
            GNDP_TRY(get_doubles(archive, numbered("axis", a, "value").text, 1, &axis->size, &axis->value));
            GNDP_CHECK(axis->size >= 1 && axis->size <= MOST_POINTS / out->n, GNDP_ERR_FORMAT, "axis %s has %lld values", axis->name,
                       (long long)axis->size);
            out->n *= axis->size;
        }
    }
    if (out->layout == GNDP_LAYOUT_LIST)
        GNDP_TRY(get_doubles(archive, "coords/x", out->columns, &out->n, &out->x));
done:
    return st;
}

static gndp_status get_channel(const gndp_archive *archive, int c, gndp_channel *out)
{
    gndp_status st = GNDP_OK;
    int64_t kind, components, parts;
    memset(out, 0, sizeof *out);
    GNDP_TRY(get_text(archive, numbered("channel", c, "name").text, out->name, sizeof out->name));
    GNDP_TRY(get_int(archive, numbered("channel", c, "kind").text, 0, GNDP_CHANNEL_SPHERE, &kind));
    GNDP_TRY(get_int(archive, numbered("channel", c, "components").text, 1, GNDP_MAX_COMPONENTS, &components));
    GNDP_TRY(get_int(archive, numbered("channel", c, "parts").text, 1, GNDP_MAX_COMPONENTS, &parts));
    out->kind = (gndp_channel_kind)kind;
    out->components = (int)components;
    out->parts = (int)parts;
    GNDP_TRY(get_text(archive, numbered("channel", c, "units").text, out->units, sizeof out->units));
    GNDP_TRY(get_text(archive, numbered("channel", c, "cell_methods").text, out->cell_methods, sizeof out->cell_methods));
    for (int p = 0; p < out->parts; p++) {
        const name at = numbered("channel", c, "part");
        GNDP_TRY(get_text(archive, numbered(at.text, p, "name").text, out->part[p].name, sizeof out->part[p].name));
        GNDP_TRY(get_text(archive, numbered(at.text, p, "standard_name").text, out->part[p].standard_name, sizeof out->part[p].standard_name));
        GNDP_TRY(get_text(archive, numbered(at.text, p, "long_name").text, out->part[p].long_name, sizeof out->part[p].long_name));
    }
done:
    return st;
}

static gndp_status get_fields(const gndp_archive *archive, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_fieldset_spec spec = {.n_fields = 1};
    gndp_channel *channel = NULL;
    gndp_attribute *attribute = NULL;
    int64_t calendar, channels, attributes;
    GNDP_TRY(get_coords(archive, &spec.coords));
    GNDP_TRY(get_int(archive, "fields/calendar", 0, GNDP_CALENDAR_360_DAY, &calendar));
    GNDP_TRY(get_int(archive, "fields/channels", 1, 4096, &channels));
    GNDP_TRY(get_int(archive, "fields/attributes", 0, 4096, &attributes));
    channel = calloc((size_t)channels, sizeof *channel);
    attribute = calloc((size_t)attributes + 1, sizeof *attribute);
    GNDP_CHECK(channel != NULL && attribute != NULL, GNDP_ERR_NOMEM, "%lld channels", (long long)channels);
    for (int c = 0; c < channels; c++)
        GNDP_TRY(get_channel(archive, c, &channel[c]));
    for (int i = 0; i < attributes; i++) {
        GNDP_TRY(gndp_archive_get_text(archive, numbered("attribute", i, "name").text, &attribute[i].name));
        GNDP_TRY(gndp_archive_get_text(archive, numbered("attribute", i, "text").text, &attribute[i].text));
    }
    spec.calendar = (gndp_calendar)calendar;
    spec.n_channels = (int)channels;
    spec.channel = channel;
    spec.n_attributes = (int)attributes;
    spec.attribute = attribute;
    GNDP_TRY(gndp_archive_get_text(archive, "fields/origin", &spec.origin));
    GNDP_TRY(model_describe_fields(&spec, out));
done:
    free(channel);
    free(attribute);
    return st;
}

static gndp_status get_finite(const gndp_archive *archive, const char *key, int64_t columns, int64_t rows, const double **out)
{
    gndp_status st = GNDP_OK;
    int64_t found;
    GNDP_TRY(get_doubles(archive, key, columns, &found, out));
    GNDP_CHECK(found == rows, GNDP_ERR_FORMAT, "%s has %lld rows, not %lld", key, (long long)found, (long long)rows);
    for (int64_t i = 0; i < rows * columns; i++)
        GNDP_CHECK(isfinite((*out)[i]), GNDP_ERR_FORMAT, "%s: value %lld is %g", key, (long long)i, (*out)[i]);
done:
    return st;
}

/* A map [points, components] of the normaliser, if there is one. */
static gndp_status get_map(const gndp_archive *archive, const char *key, int components, int64_t points, double **out)
{
    gndp_status st = GNDP_OK;
    const gndp_array *array;
    const double *values;
    if (gndp_archive_get(archive, key, &array) != GNDP_OK)
        goto done;
    GNDP_TRY(get_finite(archive, key, components, points, &values));
    *out = malloc((size_t)(points * components) * sizeof *values);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "%s of %lld points", key, (long long)points);
    memcpy(*out, values, (size_t)(points * components) * sizeof *values);
done:
    return st;
}

static gndp_status get_normaliser(const gndp_archive *archive, gndp_model *model)
{
    gndp_status st = GNDP_OK;
    const int components = gndp_fieldset_components(model->fields);
    const int64_t points = gndp_fieldset_get_spec(model->fields)->coords.n;
    gndp_normaliser *z = &model->normaliser;
    const double *mean, *scale;
    GNDP_TRY(get_finite(archive, "normaliser/mean", components, 1, &mean));
    GNDP_TRY(get_finite(archive, "normaliser/scale", components, 1, &scale));
    GNDP_TRY(gndp_normaliser_identity(components, z));
    memcpy(z->mean, mean, (size_t)components * sizeof *mean);
    memcpy(z->scale, scale, (size_t)components * sizeof *scale);
    for (int p = 0; p < components; p++)
        GNDP_CHECK(scale[p] > 0.0, GNDP_ERR_FORMAT, "normaliser/scale: value %d is %g", p, scale[p]);
    GNDP_TRY(get_map(archive, "normaliser/climatology", components, points, &z->climatology));
    GNDP_TRY(get_map(archive, "normaliser/spread", components, points, &z->spread));
    GNDP_CHECK(z->spread == NULL || z->climatology != NULL, GNDP_ERR_FORMAT, "normaliser/spread without normaliser/climatology");
    for (int64_t i = 0; z->spread != NULL && i < points * components; i++)
        GNDP_CHECK(z->spread[i] > 0.0, GNDP_ERR_FORMAT, "normaliser/spread: value %lld is %g", (long long)i, z->spread[i]);
    z->points = z->climatology != NULL ? points : 0;
done:
    return st;
}

static gndp_status get_frame(const gndp_archive *archive, gndp_model *model)
{
    gndp_status st = GNDP_OK;
    const bool sphere = gndp_fieldset_get_spec(model->fields)->coords.space == GNDP_SPACE_SPHERE;
    gndp_projection *plane = &model->projection;
    int64_t kind;
    GNDP_TRY(get_int(archive, "frame/kind", 0, MODEL_SPHERE, &kind));
    model->frame = (model_frame)kind;
    GNDP_TRY(gndp_archive_get_number(archive, "frame/lat0_deg", &model->projection.lat0_deg));
    GNDP_TRY(gndp_archive_get_number(archive, "frame/lon0_deg", &model->projection.lon0_deg));
    GNDP_TRY(gndp_archive_get_number(archive, "frame/radius_km", &model->projection.radius_km));
    GNDP_TRY(gndp_archive_get_number(archive, "frame/x_scale", &model->x_scale));
    GNDP_CHECK(sphere == (model->frame != MODEL_NATIVE), GNDP_ERR_FORMAT, "frame/kind %lld does not go with points %s", (long long)kind,
               sphere ? "on the sphere" : "that are not on the sphere");
    GNDP_CHECK(model->x_scale > 0.0 && isfinite(model->x_scale), GNDP_ERR_FORMAT, "frame/x_scale is %g", model->x_scale);
    GNDP_CHECK(model->frame != MODEL_PLANE || (fabs(plane->lat0_deg) < 90.0 && fabs(plane->lon0_deg) <= 720.0 && plane->radius_km > 0.0 &&
                                               isfinite(plane->radius_km)),
               GNDP_ERR_FORMAT, "the plane has its centre at %g, %g degrees and radius %g km", plane->lat0_deg, plane->lon0_deg, plane->radius_km);
    GNDP_TRY(get_normaliser(archive, model));
done:
    return st;
}

/* What the network wants is asked for only where the file can hold it. */
static gndp_status check_size(const gndp_archive *archive, const gndp_model *model)
{
    gndp_status st = GNDP_OK;
    const int64_t wanted = gndp_net_parameters(&model->net);
    double there = 0.0;
    for (int i = 0; i < gndp_archive_count(archive); i++) {
        const gndp_array *array;
        GNDP_TRY(gndp_archive_get(archive, gndp_archive_name(archive, i), &array));
        there += (double)gndp_type_count(array->type);
    }
    GNDP_CHECK(wanted >= 0 && (double)wanted <= there, GNDP_ERR_FORMAT, "the network wants %lld parameters, the file holds %.0f numbers",
               (long long)wanted, there);
done:
    return st;
}

static gndp_status get_parameters(const gndp_archive *archive, const gndp_model *model, bool full)
{
    gndp_status st = GNDP_OK;
    gndp_store *store = model->store;
    for (int64_t i = 0; i < gndp_store_count(store); i++)
        for (int slot = 0; slot < GNDP_SLOT_COUNT; slot++) {
            const gndp_array *array;
            gndp_array to;
            if (!kept(model, (gndp_slot)slot, full))
                continue;
            const name key = join(slot_names[slot], gndp_store_name(store, i));
            GNDP_TRY(gndp_archive_get(archive, key.text, &array));
            GNDP_TRY(gndp_store_array(store, gndp_store_name(store, i), (gndp_slot)slot, &to));
            GNDP_CHECK(gndp_type_equal(array->type, to.type), GNDP_ERR_FORMAT, "%s is " GNDP_TYPE_FMT ", the network wants " GNDP_TYPE_FMT,
                       key.text, GNDP_TYPE_ARG(array->type), GNDP_TYPE_ARG(to.type));
            memcpy(to.data, array->data, gndp_type_bytes(to.type));
            if (!full && slot == GNDP_SLOT_EMA) { /* values are then the average too */
                GNDP_TRY(gndp_store_array(store, gndp_store_name(store, i), GNDP_SLOT_VALUE, &to));
                memcpy(to.data, array->data, gndp_type_bytes(to.type));
            }
        }
done:
    return st;
}

static gndp_status get_progress(const gndp_archive *archive, gndp_model *model, bool full)
{
    gndp_status st = GNDP_OK;
    const double *rest, *history;
    const gndp_array *array;
    int64_t rows;
    model->progress.best_validation = (double)NAN;
    GNDP_TRY(get_int(archive, "progress/step", 0, MOST_STEPS, &model->progress.step));
    if (!full)
        goto done;
    GNDP_TRY(get_doubles(archive, "progress/rest", 4, &rows, &rest));
    GNDP_CHECK(rows == 1, GNDP_ERR_FORMAT, "progress/rest has %lld rows", (long long)rows);
    model->progress.seconds = rest[0];
    model->progress.best_validation = rest[1];
    model->progress.loss_sum = rest[2];
    model->progress.loss_count = rest[3];
    GNDP_CHECK(rest[0] >= 0.0 && isfinite(rest[0]) && isfinite(rest[2]) && rest[3] >= 0.0 && isfinite(rest[3]), GNDP_ERR_FORMAT,
               "progress/rest says %g seconds, loss %g of %g steps", rest[0], rest[2], rest[3]);
    if (gndp_archive_get(archive, "progress/history", &array) == GNDP_OK) {
        GNDP_TRY(get_doubles(archive, "progress/history", MODEL_HISTORY, &rows, &history));
        for (int64_t i = 0; i < rows; i++)
            GNDP_TRY(model_history_add(model, history + i * MODEL_HISTORY));
    }
done:
    return st;
}

static gndp_status fill(const gndp_archive *archive, const char *path, gndp_model *model)
{
    gndp_status st = GNDP_OK;
    const char *text;
    int64_t version, full;
    GNDP_CHECK(gndp_archive_get_integer(archive, "gndp_model", &version) == GNDP_OK, GNDP_ERR_FORMAT, "%s holds no model", path);
    GNDP_CHECK(version >= 1 && version <= FORMAT_VERSION, GNDP_ERR_FORMAT, "model format %lld; this gndp knows 1 to %d: use a later one",
               (long long)version, FORMAT_VERSION);
    GNDP_TRY(gndp_archive_get_text(archive, "config", &text));
    GNDP_TRY(gndp_config_parse(text, path, &model->config));
    GNDP_TRY(get_fields(archive, &model->fields));
    GNDP_TRY(get_frame(archive, model));
    GNDP_TRY(model_assemble(model));
    GNDP_TRY(check_size(archive, model));
    GNDP_TRY(model_add_store(model));
    GNDP_TRY(get_int(archive, "full", 0, 1, &full));
    GNDP_TRY(get_parameters(archive, model, full != 0));
    GNDP_TRY(get_progress(archive, model, full != 0));
    model->complete = full != 0;
    model_rehash(model);
    if (gndp_archive_get_text(archive, "data/fingerprint", &text) != GNDP_OK)
        goto done; /* made before there was one, when the hash meant less */
    GNDP_TRY(get_text(archive, "data/fingerprint", model->data_hash, sizeof model->data_hash));
    GNDP_TRY(gndp_archive_get_text(archive, "hash", &text));
    GNDP_CHECK(strcmp(text, model->hash) == 0, GNDP_ERR_FORMAT, "the model's hash is %s, the file says %s", model->hash, text);
done:
    return st;
}

gndp_status gndp_model_read(const char *path, gndp_model **out)
{
    gndp_status st = GNDP_OK;
    gndp_archive *archive = NULL;
    gndp_model *model = NULL;
    GNDP_CHECK(path != NULL && out != NULL, GNDP_ERR_ARG, "path or out is NULL");
    *out = NULL;
    GNDP_TRY(gndp_archive_read(path, &archive));
    model = calloc(1, sizeof *model);
    GNDP_CHECK(model != NULL, GNDP_ERR_NOMEM, "model");
    st = fill(archive, path, model);
    if (st != GNDP_OK && strstr(gndp_last_text(), path) == NULL) { /* whatever is wrong is wrong with this file */
        char *text = strdup(gndp_last_text());
        st = gndp_fail_at(GNDP_HERE, st, "%s: %s", path, text != NULL ? text : "");
        free(text);
    }
    GNDP_TRY(st);
    *out = model;
    model = NULL;
done:
    gndp_archive_free(archive);
    gndp_model_free(model);
    return st;
}
