// SPDX-License-Identifier: Apache-2.0
// What `gndp info --json` prints for programs.
#include <math.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/info.h"

/* A text of a file: JSON is UTF-8. */
static json_t *text_of(const char *text)
{
    json_t *exact = json_string(text);
    return exact != NULL ? exact : json_string(info_show(text).text);
}

static json_t *time_of(gndp_calendar calendar, double seconds)
{
    return isfinite(seconds) ? json_string(gndp_calendar_text(calendar, seconds).text)
                             : json_null();
}

static json_t *axes_json(const gndp_coords *coords)
{
    json_t *axes = json_array();
    for (int c = 0; c < coords->columns; c++) {
        const gndp_axis *axis = &coords->axis[c];
        const bool product = coords->layout == GNDP_LAYOUT_PRODUCT;
        double low, high;
        info_coordinate_range(coords, c, &low, &high);
        json_t *object = json_pack("{s:o, s:o, s:o, s:f, s:f}", "name", text_of(axis->name),
                                   "standard_name", text_of(axis->standard_name), "units",
                                   text_of(axis->units), "lowest", low, "highest", high);
        if (product && object != NULL) {
            json_object_set_new(object, "size", json_integer(axis->size));
            json_object_set_new(object, "first", json_real(axis->value[0]));
            json_object_set_new(object, "last", json_real(axis->value[axis->size - 1]));
            json_object_set_new(object, "step", gp_json_number(info_axis_step(axis)));
        }
        json_array_append_new(axes, object);
    }
    return axes;
}

static json_t *component_json(const gndp_component_stats *s)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "present", (json_int_t)s->present, "missing",
                     (json_int_t)s->missing, "lowest", gp_json_number(s->low), "highest",
                     gp_json_number(s->high), "mean", gp_json_number(s->mean), "sd",
                     gp_json_number(s->sd));
}

static json_t *positions_json(const gndp_fieldset *set, int component)
{
    info_positions at;
    if (info_positions_make(set, component, &at) != GNDP_EXIT_DONE)
        return NULL;
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "present", (json_int_t)at.present,
                     "missing", (json_int_t)at.missing, "distinct", (json_int_t)at.distinct,
                     "latitude_lowest", gp_json_number(at.lat_low), "latitude_highest",
                     gp_json_number(at.lat_high), "longitude_lowest", gp_json_number(at.lon_low),
                     "longitude_highest", gp_json_number(at.lon_high));
}

static json_t *channels_json(const gndp_fieldset *set, const gndp_component_stats *stats)
{
    static const char *const kinds[] = {"scalar", "vector", "sphere"};
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    json_t *channels = json_array();
    int component = 0;
    for (int c = 0; c < spec->n_channels; c++) {
        const gndp_channel *channel = &spec->channel[c];
        json_t *parts = json_array();
        for (int p = 0; p < channel->parts; p++) {
            json_t *part = json_pack("{s:o, s:o, s:o}", "name", text_of(channel->part[p].name),
                                     "standard_name", text_of(channel->part[p].standard_name),
                                     "long_name", text_of(channel->part[p].long_name));
            if (stats != NULL && channel->kind != GNDP_CHANNEL_SPHERE)
                json_object_set_new(part, "values", component_json(&stats[component + p]));
            json_array_append_new(parts, part);
        }
        json_t *object =
            json_pack("{s:o, s:s, s:o, s:o}", "name", text_of(channel->name), "kind",
                      kinds[channel->kind], "units", text_of(channel->units), "parts", parts);
        if (stats != NULL && channel->kind == GNDP_CHANNEL_SPHERE)
            json_object_set_new(object, "positions", positions_json(set, component));
        json_array_append_new(channels, object);
        component += channel->components;
    }
    return channels;
}

json_t *info_json_set(const char *path, gndp_file_kind kind, const gndp_fieldset *set,
                      const gndp_component_stats *stats)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    info_labels l;
    int64_t n[3];
    if (info_labels_make(set, &l) != GNDP_EXIT_DONE)
        return NULL;
    info_points_range(set, n);
    json_t *attributes = json_object();
    for (int i = 0; i < spec->n_attributes; i++)
        json_object_set_new(attributes, info_show(spec->attribute[i].name).text,
                            text_of(spec->attribute[i].text));
    return json_pack(
        "{s:s, s:o, s:s, s:I, s:{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:b, s:o}, "
        "s:{s:I, s:o, s:o, s:o, s:s}, "
        "s:{s:I, s:I, s:I}, s:I, s:o, s:o}",
        "command", "info", "file", text_of(path), "kind", gndp_file_kind_name(kind), "fields",
        (json_int_t)spec->n_fields, "points", "space",
        spec->coords.space == GNDP_SPACE_SPHERE ? "sphere" : "euclidean", "layout",
        spec->coords.layout == GNDP_LAYOUT_PRODUCT ? "grid" : "list", "shared",
        gndp_fieldset_shared(set), "total", (json_int_t)spec->coords.n, "fewest", (json_int_t)n[0],
        "median", (json_int_t)n[1], "most", (json_int_t)n[2], "periodic",
        gndp_coords_periodic(&spec->coords), "axes", axes_json(&spec->coords), "times", "count",
        (json_int_t)l.n_times, "first", time_of(spec->calendar, l.first_s), "last",
        time_of(spec->calendar, l.last_s), "step_s", gp_json_number(l.step_s), "calendar",
        gndp_calendar_name(spec->calendar), "members", "count", (json_int_t)l.n_members, "lowest",
        (json_int_t)l.member_low, "highest", (json_int_t)l.member_high, "ids", (json_int_t)l.n_ids,
        "channels", channels_json(set, stats), "attributes", attributes);
}

json_t *info_json_observations(const char *path, const gndp_observations *o)
{
    double first_s, last_s;
    const int64_t places = info_places_of(o), times = info_times_of(o, &first_s, &last_s);
    json_t *channels = json_array();
    for (int c = 0; c < o->n_channels; c++) {
        const info_column s = info_column_of(o, c);
        json_array_append_new(
            channels, json_pack("{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "name",
                                text_of(o->name[c]), "units", text_of(o->units[c]), "values",
                                (json_int_t)s.n, "with_sd", (json_int_t)s.with_sd, "lowest",
                                gp_json_number(s.low), "highest", gp_json_number(s.high), "mean",
                                gp_json_number(s.mean), "sd", gp_json_number(s.sd)));
    }
    return json_pack("{s:s, s:o, s:s, s:I, s:I, s:I, s:{s:I, s:o, s:o}, s:o}", "command", "info",
                     "file", text_of(path), "kind", gndp_file_kind_name(GNDP_FILE_OBSERVATIONS),
                     "values", (json_int_t)o->n, "places", (json_int_t)places, "rejected",
                     (json_int_t)o->rejected, "times", "count", (json_int_t)times, "first",
                     time_of(o->calendar, first_s), "last", time_of(o->calendar, last_s),
                     "channels", channels);
}

json_t *info_json_archive(const char *path, const gndp_archive *archive)
{
    json_t *arrays = json_array();
    for (int i = 0; i < gndp_archive_count(archive); i++) {
        const gndp_array *array = NULL;
        const char *name = gndp_archive_name(archive, i);
        if (gndp_archive_get(archive, name, &array) == GNDP_OK)
            json_array_append_new(arrays, json_pack("{s:o, s:s}", "name", text_of(name), "type",
                                                    gndp_type_text(array->type).text));
    }
    return json_pack("{s:s, s:o, s:s, s:o}", "command", "info", "file", text_of(path), "kind",
                     gndp_file_kind_name(GNDP_FILE_ARCHIVE), "arrays", arrays);
}
