// SPDX-License-Identifier: Apache-2.0
// Summaries of sets and how they are shown.
#include "cli/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/usage.h"

/* ---- Numbers -------------------------------------------------------------------------------- */

static void label(const gndp_fieldset_spec *spec, gndp_comparison *c)
{
    int p = 0;
    for (int i = 0; i < spec->n_channels; i++)
        for (int k = 0; k < spec->channel[i].components; k++, p++) {
            const gndp_channel *channel = &spec->channel[i];
            snprintf(c->label[p], sizeof c->label[p], "%s", channel->components == channel->parts ? channel->part[k].name : channel->name);
            snprintf(c->unit[p], sizeof c->unit[p], "%s", channel->units);
        }
}

/* Moments [N, P] of a set as maps of each component, and their weighted means. */
static void take_moments(const gndp_comparison *c, const double *mean, const double *sd, gndp_set_summary *row)
{
    for (int p = 0; p < c->components; p++) {
        double variance = 0.0, sum = 0.0;
        for (int64_t i = 0; i < c->points; i++) {
            row[p].mean_map[i] = mean[i * c->components + p];
            row[p].sd_map[i] = sd[i * c->components + p];
            if (!isfinite(row[p].mean_map[i]))
                continue;
            row[p].mean += c->weight[i] * row[p].mean_map[i];
            variance += c->weight[i] * row[p].sd_map[i] * row[p].sd_map[i];
            sum += c->weight[i];
        }
        row[p].mean /= sum;
        row[p].sd = sqrt(variance / sum);
    }
}

static int take_spectra(const gndp_fieldset *set, int components, gndp_set_summary *row)
{
    int code = GNDP_EXIT_DONE;
    const gndp_coords *coords = &gndp_fieldset_get_spec(set)->coords;
    double *power = NULL;
    if (coords->layout != GNDP_LAYOUT_PRODUCT || coords->axis[coords->columns - 1].size < 4)
        return GNDP_EXIT_DONE;
    const int64_t last = coords->axis[coords->columns - 1].size / 2;
    power = malloc((size_t)((last + 1) * components) * sizeof *power);
    if (power == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_zonal_spectrum(set, power));
    for (int p = 0; p < components; p++)
        for (int64_t k = 1; k <= last; k++) {
            int b = 0;
            while ((INT64_C(2) << b) <= k)
                b++;
            if (b < COMPARE_BANDS) {
                row[p].band[b] += power[k * components + p];
                row[p].bands = b + 1;
            }
        }
done:
    free(power);
    return code;
}

static int summarise(const gndp_fieldset *set, const char *name, gndp_comparison *c, gndp_set_summary *row)
{
    int code = GNDP_EXIT_DONE;
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields;
    const size_t size = (size_t)(c->points * c->components);
    double *mean = malloc(size * sizeof *mean), *sd = malloc(size * sizeof *sd), lag = (double)NAN;
    if (mean == NULL || sd == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int p = 0; p < c->components; p++) {
        row[p].name = name;
        row[p].fields = fields;
        row[p].mean_map = malloc((size_t)c->points * sizeof(double));
        row[p].sd_map = malloc((size_t)c->points * sizeof(double));
        if (row[p].mean_map == NULL || row[p].sd_map == NULL) {
            code = gndp_failure_memory();
            goto done;
        }
    }
    GNDP_LIBRARY(gndp_field_moments(set, mean, sd));
    take_moments(c, mean, sd, row);
    if (fields > 2)
        GNDP_LIBRARY(gndp_lag_correlation(set, 1, &lag));
    for (int p = 0; p < c->components; p++)
        row[p].lag = lag;
    GNDP_STEP(take_spectra(set, c->components, row));
done:
    free(mean);
    free(sd);
    return code;
}

int gndp_comparison_make(int sets, const gndp_fieldset *const *set, const char *const *name, gndp_comparison *out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set[0]);
    memset(out, 0, sizeof *out);
    out->sets = sets;
    out->components = gndp_fieldset_components(set[0]);
    out->points = spec->coords.n;
    out->weight = malloc((size_t)out->points * sizeof *out->weight);
    out->summary = calloc((size_t)(sets * out->components), sizeof *out->summary);
    out->unit = calloc((size_t)out->components, sizeof *out->unit);
    out->label = calloc((size_t)out->components, sizeof *out->label);
    if (out->weight == NULL || out->summary == NULL || out->unit == NULL || out->label == NULL)
        return gndp_failure_memory();
    label(spec, out);
    GNDP_LIBRARY(gndp_point_weights(&spec->coords, out->weight));
    for (int i = 0; i < sets; i++) {
        if (gndp_fieldset_components(set[i]) != out->components || gndp_fieldset_max_points(set[i]) != out->points)
            return gndp_failure("%s: %lld points of %d components, %s has %lld of %d", name[i], (long long)gndp_fieldset_max_points(set[i]),
                                gndp_fieldset_components(set[i]), name[0], (long long)out->points, out->components);
        GNDP_STEP(summarise(set[i], name[i], out, out->summary + i * out->components));
    }
done:
    return code;
}

void gndp_comparison_free(gndp_comparison *c)
{
    for (int i = 0; c->summary != NULL && i < c->sets * c->components; i++) {
        free(c->summary[i].mean_map);
        free(c->summary[i].sd_map);
    }
    free(c->summary);
    free(c->weight);
    free(c->unit);
    free(c->label);
}

/* ---- Between maps --------------------------------------------------------------------------- */

/* Root mean square difference of two maps. */
static double map_rms(const gndp_comparison *c, const double *a, const double *b)
{
    double sum = 0.0, weight = 0.0;
    for (int64_t i = 0; i < c->points; i++)
        if (isfinite(a[i]) && isfinite(b[i])) {
            sum += c->weight[i] * (a[i] - b[i]) * (a[i] - b[i]);
            weight += c->weight[i];
        }
    return sqrt(sum / weight);
}

static double map_correlation(const gndp_comparison *c, const double *a, const double *b)
{
    double ma = 0.0, mb = 0.0, aa = 0.0, bb = 0.0, ab = 0.0, weight = 0.0;
    for (int pass = 0; pass < 2; pass++)
        for (int64_t i = 0; i < c->points; i++) {
            const double w = c->weight[i];
            if (!isfinite(a[i]) || !isfinite(b[i]))
                continue;
            if (pass == 0) {
                ma += w * a[i], mb += w * b[i], weight += w;
                continue;
            }
            const double x = a[i] - ma / weight, y = b[i] - mb / weight;
            aa += w * x * x, bb += w * y * y, ab += w * x * y;
        }
    return ab / sqrt(aa * bb);
}

/* ---- Shown ---------------------------------------------------------------------------------- */

void gndp_comparison_print(const gndp_comparison *c)
{
    for (int p = 0; p < c->components; p++) {
        const gndp_set_summary *first = &c->summary[p];
        printf("\n%s%s%s%s\n%-34s", c->label[p], c->unit[p][0] != '\0' ? " (" : "", c->unit[p], c->unit[p][0] != '\0' ? ")" : "", "");
        for (int i = 0; i < c->sets; i++)
            printf("%14s", c->summary[i * c->components + p].name);
        putchar('\n');
#define ROW(text, format, value)                                                                                                               \
    printf("%-34s", text);                                                                                                                     \
    for (int i = 0; i < c->sets; i++) {                                                                                                        \
        const gndp_set_summary *s = &c->summary[i * c->components + p];                                                                        \
        printf(format, value);                                                                                                                 \
    }                                                                                                                                          \
    putchar('\n')
        ROW("fields", "%14lld", (long long)s->fields);
        ROW("mean", "%14.4g", s->mean);
        ROW("standard deviation at a point", "%14.4g", s->sd);
        ROW("map of means: rms difference", "%14.4g", map_rms(c, s->mean_map, first->mean_map));
        ROW("map of deviations: mean ratio", "%14.4g", s->sd / first->sd);
        ROW("map of deviations: correlation", "%14.4g", map_correlation(c, s->sd_map, first->sd_map));
        ROW("correlation of successive fields", "%14.4g", s->lag);
        for (int b = 0; b < first->bands; b++) {
            char text[48];
            snprintf(text, sizeof text, "power, wavenumbers %d to %d", 1 << b, (2 << b) - 1);
            ROW(text, "%14.4g", s->band[b]);
        }
#undef ROW
    }
}

json_t *gndp_comparison_json(const gndp_comparison *c)
{
    json_t *components = json_array();
    for (int p = 0; p < c->components; p++) {
        const gndp_set_summary *first = &c->summary[p];
        json_t *sets = json_array();
        for (int i = 0; i < c->sets; i++) {
            const gndp_set_summary *s = &c->summary[i * c->components + p];
            json_array_append_new(
                sets, json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "set", s->name, "fields", (json_int_t)s->fields, "mean",
                                gp_json_number(s->mean), "sd", gp_json_number(s->sd), "mean_map_rms",
                                gp_json_number(map_rms(c, s->mean_map, first->mean_map)), "sd_ratio", gp_json_number(s->sd / first->sd),
                                "sd_map_correlation", gp_json_number(map_correlation(c, s->sd_map, first->sd_map)), "lag1",
                                gp_json_number(s->lag), "bands", gp_json_numbers(s->band, s->bands)));
        }
        json_array_append_new(components, json_pack("{s:s, s:s, s:o}", "name", c->label[p], "units", c->unit[p], "sets", sets));
    }
    return components;
}
