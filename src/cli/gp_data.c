// SPDX-License-Identifier: Apache-2.0
// Sets of values at points: memory, points in the kernel's frame, mean of the process.
#include "cli/gp_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/options.h"
#include "cli/usage.h"

void gp_set_free(gp_set *set)
{
    free(set->shown);
    free(set->x);
    free(set->y);
    free(set->noise);
    free(set->residual);
    free(set->line);
    free(set->point);
    *set = (gp_set){0};
}

void gp_data_free(gp_data *data)
{
    for (int s = 0; s < data->n_sets; s++)
        gp_set_free(&data->set[s]);
    free(data->set);
    free(data->channel);
    free(data->climate_mean);
    free(data->climate_sd);
    gndp_fieldset_free(data->source);
    *data = (gp_data){0};
}

int gp_set_make(gp_set *set, int64_t n, int columns, int outputs, bool noise, bool line, bool point)
{
    const size_t rows = (size_t)n, values = rows * (size_t)outputs;
    *set = (gp_set){.n = n, .time_s = (double)NAN, .member = -1, .field = -1};
    set->shown = malloc(rows * (size_t)columns * sizeof(double));
    set->y = malloc(values * sizeof(double));
    set->noise = noise ? calloc(values, sizeof(double)) : NULL;
    set->line = line ? calloc(rows, sizeof *set->line) : NULL;
    set->point = point ? calloc(rows, sizeof *set->point) : NULL;
    if (set->shown == NULL || set->y == NULL || (noise && set->noise == NULL) ||
        (line && set->line == NULL) || (point && set->point == NULL))
        return gndp_failure_memory();
    return GNDP_EXIT_DONE;
}

gp_set *gp_data_append(gp_data *data)
{
    /* the array grows when the count is a power of two */
    const size_t n = (size_t)data->n_sets;
    if ((n & (n - 1)) == 0) {
        gp_set *grown = realloc(data->set, (n > 0 ? 2 * n : 1) * sizeof *grown);
        if (grown == NULL) {
            gndp_failure_memory();
            return NULL;
        }
        data->set = grown;
    }
    data->set[n] = (gp_set){.time_s = (double)NAN, .member = -1, .field = -1};
    data->n_sets++;
    return &data->set[n];
}

int gp_set_pick(const gp_data *data, const gp_set *from, const int64_t *row, int64_t m, gp_set *out)
{
    const size_t C = (size_t)data->columns, P = (size_t)data->outputs, D = (size_t)data->dims;
    const int code = gp_set_make(out, m, data->columns, data->outputs, from->noise != NULL,
                                 from->line != NULL, from->point != NULL);
    if (code != GNDP_EXIT_DONE)
        return code;
    out->time_s = from->time_s;
    out->member = from->member;
    out->field = from->field;
    if (from->x != NULL)
        out->x = malloc((size_t)m * D * sizeof(double));
    if (from->x != NULL && out->x == NULL)
        return gndp_failure_memory();
    for (size_t i = 0; i < (size_t)m; i++) {
        const size_t r = (size_t)row[i];
        memcpy(out->shown + i * C, from->shown + r * C, C * sizeof(double));
        memcpy(out->y + i * P, from->y + r * P, P * sizeof(double));
        if (from->x != NULL)
            memcpy(out->x + i * D, from->x + r * D, D * sizeof(double));
        if (from->noise != NULL)
            memcpy(out->noise + i * P, from->noise + r * P, P * sizeof(double));
        if (from->line != NULL)
            out->line[i] = from->line[r];
        if (from->point != NULL)
            out->point[i] = from->point[r];
    }
    return GNDP_EXIT_DONE;
}

/* ---- Frames -----------------------------------------------------------------------------------
 */

/* All points of all sets as a set of fields, which is what projections are centred on. */
static int make_hull(const gp_data *data, gndp_fieldset **out)
{
    int code = GNDP_EXIT_DONE;
    int64_t n = 0;
    for (int s = 0; s < data->n_sets; s++)
        n += data->set[s].n;
    double *x = malloc(2 * (size_t)n * sizeof *x), *zero = calloc((size_t)n, sizeof *zero);
    if (x == NULL || zero == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    int64_t used = 0;
    for (int s = 0; s < data->n_sets; s++) {
        memcpy(x + 2 * used, data->set[s].shown, 2 * (size_t)data->set[s].n * sizeof *x);
        used += data->set[s].n;
    }
    const gndp_channel channel = gndp_channel_scalar("none", "1");
    const gndp_fieldset_spec spec = {
        .n_fields = 1,
        .coords = {.space = GNDP_SPACE_SPHERE,
                   .layout = GNDP_LAYOUT_LIST,
                   .columns = 2,
                   .n = n,
                   .x = x,
                   .axis = {{.name = "latitude", .units = "degrees_north"},
                            {.name = "longitude", .units = "degrees_east"}}},
        .n_channels = 1,
        .channel = &channel,
        .origin = data->path};
    const gndp_array values = gndp_array_view(gndp_type_3d(GNDP_F64, 1, n, 1), zero);
    GNDP_LIBRARY(gndp_fieldset_create(&spec, &values, NULL, out));
done:
    free(x);
    free(zero);
    return code;
}

/* Beyond this a plane is no picture of the sphere. */
static const double distortion_most = 0.25, distortion_told = 0.01;

static bool has_vector(const gp_data *data)
{
    bool found = data->channel == NULL && data->outputs > 1; /* y1, y2: may be a vector */
    for (int c = 0; c < data->n_channels; c++)
        found = found || data->channel[c].kind == GNDP_CHANNEL_VECTOR;
    return found;
}

static int make_plane(gp_data *data, bool quiet)
{
    int code = GNDP_EXIT_DONE;
    gndp_fieldset *hull = NULL;
    gndp_projection *p = &data->projection;
    /* azimuthal distances are truer; only on the other plane are east and north its axes
     * everywhere, as vectors want */
    const gndp_projection_kind kind =
        has_vector(data) ? GNDP_PROJECTION_EQUIRECTANGULAR : GNDP_PROJECTION_AZIMUTHAL;
    GNDP_STEP(make_hull(data, &hull));
    GNDP_LIBRARY(gndp_projection_centre(hull, kind, p));
    GNDP_LIBRARY(gndp_projection_distortion(p, hull, &data->distortion));
    if (!(data->distortion <= distortion_most)) {
        code = gndp_failure("%s spans too much of the sphere for the plane of this kernel of R^n "
                            "(distances would be off "
                            "by %.0f %%); use a kernel of the sphere such as s2_matern(nu=1.5, "
                            "kappa=0.2), or a --box",
                            data->path, 100.0 * data->distortion);
        goto done;
    }
    if (!quiet && data->distortion > distortion_told)
        gndp_note("on the plane about %.2f N, %.2f E distances are off by up to %.1f %%; s2_ "
                  "kernels know no plane",
                  p->lat0_deg, p->lon0_deg, 100.0 * data->distortion);
done:
    gndp_fieldset_free(hull);
    return code;
}

static int to_sphere(const char *what, int64_t n, const double *degrees, double *x)
{
    return gndp_places_to_sphere(what, NULL, n, degrees, x);
}

int gp_frame_points(const gp_data *data, const char *what, int64_t n, const double *shown,
                    double *out)
{
    if (data->frame == GP_FRAME_SPHERE)
        return to_sphere(what, n, shown, out);
    if (data->frame == GP_FRAME_PLANE)
        gndp_projection_apply(&data->projection, n, shown, out);
    else
        memcpy(out, shown, (size_t)(n * data->columns) * sizeof *out);
    return GNDP_EXIT_DONE;
}

/* Of named channels too many are the usual slip. */
static int check_outputs(const gp_data *data, const gndp_kernel *kernel)
{
    const int P = gndp_kernel_outputs(kernel, data->dims);
    char names[256] = "";
    if (data->channel == NULL || P == data->outputs)
        return GNDP_EXIT_DONE;
    for (int c = 0; c < data->n_channels && strlen(names) + 70 < sizeof names; c++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", c > 0 ? ", " : "",
                 data->channel[c].name);
    }
    return gndp_failure(
        "the kernel has %d output%s, %s has %d component%s (%s): choose with --var%s", P,
        P == 1 ? "" : "s", data->path, data->outputs, data->outputs == 1 ? "" : "s", names,
        P == 1 ? ", or diag(.., outputs=P) makes P of one" : "");
}

int gp_data_frame(gp_data *data, const gndp_kernel *kernel, bool quiet)
{
    int code = GNDP_EXIT_DONE;
    const gndp_kernel_info info = gndp_kernel_get_info(kernel);
    data->frame = !data->degrees                         ? GP_FRAME_ABSTRACT
                  : info.domain == GNDP_DOMAIN_EUCLIDEAN ? GP_FRAME_PLANE
                                                         : GP_FRAME_SPHERE;
    data->dims = data->frame == GP_FRAME_SPHERE ? 3 : data->columns;
    GNDP_STEP(check_outputs(data, kernel));
    GNDP_STEP(gp_kernel_fits(kernel, data->frame == GP_FRAME_SPHERE, data->dims, data->path,
                             data->outputs));
    if (data->frame == GP_FRAME_PLANE)
        GNDP_STEP(make_plane(data, quiet));
    for (int s = 0; s < data->n_sets; s++) {
        gp_set *set = &data->set[s];
        free(set->x);
        set->x = malloc((size_t)(set->n * data->dims) * sizeof *set->x);
        if (set->x == NULL)
            return gndp_failure_memory();
        GNDP_STEP(gp_frame_points(data, data->path, set->n, set->shown, set->x));
    }
done:
    return code;
}

/* ---- Mean of the process ----------------------------------------------------------------------
 */

double gp_data_mean_at(const gp_data *data, int64_t point, int p)
{
    return data->climatology ? data->climate_mean[point * data->outputs + p] : data->mean[p];
}

static void mean_of_values(gp_data *data)
{
    const int P = data->outputs;
    double n = 0.0;
    for (int s = 0; s < data->n_sets; s++)
        n += (double)data->set[s].n;
    for (int p = 0; p < P; p++) {
        double sum = 0.0;
        for (int s = 0; s < data->n_sets; s++)
            for (int64_t i = 0; i < data->set[s].n; i++)
                sum += data->set[s].y[i * P + p];
        data->mean[p] = sum / n;
    }
}

static int read_mean(gp_data *data, const char *text)
{
    double value = 0.0;
    if (text == NULL)
        text = data->channel != NULL ? "data" : "0";
    if (strcmp(text, "climatology") == 0) {
        if (data->climate_fields == 0)
            return gndp_usage_error("--mean climatology wants a file with other times than those "
                                    "chosen, and --stations");
        data->climatology = true;
    } else if (strcmp(text, "data") == 0) {
        mean_of_values(data);
    } else if (gndp_number_read(text, &value)) {
        for (int p = 0; p < data->outputs; p++)
            data->mean[p] = value;
    } else {
        return gndp_usage_error("--mean wants a number, \"data\" or \"climatology\", got '%s'",
                                text);
    }
    return GNDP_EXIT_DONE;
}

int gp_set_center(const gp_data *data, gp_set *set)
{
    const int P = data->outputs;
    free(set->residual);
    set->residual = malloc((size_t)(set->n * P) * sizeof *set->residual);
    if (set->residual == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < set->n * P; i++)
        set->residual[i] =
            set->y[i] -
            gp_data_mean_at(data, set->point != NULL ? set->point[i / P] : 0, (int)(i % P));
    return GNDP_EXIT_DONE;
}

int gp_data_center(gp_data *data, const char *text)
{
    int code = GNDP_EXIT_DONE;
    GNDP_STEP(read_mean(data, text));
    for (int s = 0; s < data->n_sets; s++)
        GNDP_STEP(gp_set_center(data, &data->set[s]));
done:
    return code;
}

gndp_gp_data gp_set_data(const gp_data *data, const gp_set *set)
{
    return (gndp_gp_data){.x = gndp_array_view(gndp_type_2d(GNDP_F64, set->n, data->dims), set->x),
                          .y = set->residual,
                          .noise = set->noise,
                          .mean = 0.0};
}

void gp_output_name(const gp_data *data, int p, char name[64])
{
    snprintf(name, 64, "y%d", p + 1);
    for (int c = 0; c < data->n_channels; c++) {
        if (p < data->channel[c].components) {
            snprintf(name, 64, "%s", data->channel[c].part[p].name);
            return;
        }
        p -= data->channel[c].components;
    }
}

gp_mean_text gp_data_mean_text(const gp_data *data)
{
    gp_mean_text out = {"mean of the process "};
    if (data->climatology) {
        snprintf(out.text, sizeof out.text, "mean of the process: climatology of %lld fields",
                 (long long)data->climate_fields);
        return out;
    }
    bool same = true;
    for (int p = 1; p < data->outputs; p++)
        same = same && data->mean[p] == data->mean[0];
    for (int p = 0; p < (same ? 1 : data->outputs); p++) {
        const size_t used = strlen(out.text);
        snprintf(out.text + used, sizeof out.text - used, p > 0 ? ", %g" : "%g", data->mean[p]);
    }
    return out;
}

int gp_data_choose(gp_data *data, const char *text)
{
    char *end = NULL;
    int chosen = 0;
    if (text == NULL) {
        if (data->members && data->n_sets > 1)
            return gndp_usage_error(
                "%s holds %d members; choose one with --member, such as --member %lld", data->path,
                data->n_sets, (long long)data->set[0].member);
        return GNDP_EXIT_DONE;
    }
    const long long member = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0')
        return gndp_usage_error("--member wants one number here, got '%s'", text);
    if (!data->members)
        return gndp_usage_error("--member %lld: %s holds no members (its values are y1, not y1_m0)",
                                member, data->path);
    while (chosen < data->n_sets && data->set[chosen].member != member)
        chosen++;
    if (chosen == data->n_sets)
        return gndp_failure("%s: there is no member %lld", data->path, member);
    for (int s = 0; s < data->n_sets; s++)
        if (s != chosen)
            gp_set_free(&data->set[s]);
    data->set[0] = data->set[chosen];
    data->n_sets = 1;
    return GNDP_EXIT_DONE;
}
