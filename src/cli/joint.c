// SPDX-License-Identifier: Apache-2.0
// Observed places among target points or beside them.
#include "cli/joint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

enum { ADDED_MAX = 30000, PRIOR_MAX = 16384 };

/* How far apart two readings of one place may be: a metre on the sphere, as unit vectors; elsewhere a part of the extent, what single precision rounds. */
static double tolerance_of(const gndp_coords *target, int64_t places, const double *x)
{
    double low = HUGE_VAL, high = -HUGE_VAL;
    if (target->space == GNDP_SPACE_SPHERE)
        return 1e-5 * 3.14159265358979323846 / 180.0;
    for (int a = 0; a < target->columns && target->layout == GNDP_LAYOUT_PRODUCT; a++)
        for (int64_t i = 0; i < target->axis[a].size; i++)
            low = fmin(low, target->axis[a].value[i]), high = fmax(high, target->axis[a].value[i]);
    for (int64_t i = 0; i < target->n * target->columns && target->layout == GNDP_LAYOUT_LIST; i++)
        low = fmin(low, target->x[i]), high = fmax(high, target->x[i]);
    for (int64_t i = 0; i < places * target->columns; i++)
        low = fmin(low, x[i]), high = fmax(high, x[i]);
    return 1e-6 * (high - low);
}

static double distance(int dim, const double *a, const double *b)
{
    double sum = 0.0;
    for (int d = 0; d < dim; d++)
        sum += (a[d] - b[d]) * (a[d] - b[d]);
    return sqrt(sum);
}

/* Nearest value of an axis. */
static int64_t nearest_on(const gndp_axis *axis, bool longitude, double x)
{
    int64_t best = 0;
    double least = HUGE_VAL;
    for (int64_t i = 0; i < axis->size; i++) {
        const double off = longitude ? fabs(remainder(x - axis->value[i], 360.0)) : fabs(x - axis->value[i]);
        if (off < least)
            least = off, best = i;
    }
    return best;
}

/* The target where x is, -1: none. */
static int64_t find_in_grid(const gndp_coords *target, double tolerance, const double *x)
{
    double at[GNDP_MAX_AXES], here[GNDP_MAX_AXES], there[GNDP_MAX_AXES];
    int64_t index = 0;
    for (int a = 0; a < target->columns; a++) {
        const int64_t i = nearest_on(&target->axis[a], target->space == GNDP_SPACE_SPHERE && a == 1, x[a]);
        at[a] = target->axis[a].value[i];
        index = index * target->axis[a].size + i;
    }
    gndp_coords_embed(target->space, target->columns, 1, at, here);
    gndp_coords_embed(target->space, target->columns, 1, x, there);
    return distance(gndp_coords_dim(target), here, there) <= tolerance ? index : -1;
}

static int64_t find_in_list(int dim, int64_t n, const double *list, double tolerance, const double *x)
{
    for (int64_t i = 0; i < n; i++)
        if (distance(dim, list + i * dim, x) <= tolerance)
            return i;
    return -1;
}

int cli_points_find(const gndp_coords *coords, int64_t n, const double *x, int64_t *out)
{
    const int dim = gndp_coords_dim(coords), C = coords->columns;
    const double tolerance = tolerance_of(coords, n, x);
    const bool list = coords->layout == GNDP_LAYOUT_LIST;
    double *embedded = malloc((size_t)(n * dim) * sizeof *embedded), *listed = malloc((size_t)((list ? coords->n : 1) * dim) * sizeof *listed);
    if (embedded == NULL || listed == NULL) {
        free(embedded);
        free(listed);
        return gndp_failure_memory();
    }
    gndp_coords_embed(coords->space, C, n, x, embedded);
    if (list)
        gndp_coords_embed(coords->space, C, coords->n, coords->x, listed);
    for (int64_t i = 0; i < n; i++) {
        const bool same = list && i < coords->n && distance(dim, listed + i * dim, embedded + i * dim) <= tolerance; /* the usual case */
        out[i] = same ? i : list ? find_in_list(dim, coords->n, listed, tolerance, embedded + i * dim) : find_in_grid(coords, tolerance, x + i * C);
    }
    free(embedded);
    free(listed);
    return GNDP_EXIT_DONE;
}

/* point [places]: number in the targets, or targets + number among the added, whose places go into added[]. */
static int place_all(const gndp_coords *target, const cli_observed *observed, const double *embedded, double *listed, int64_t *added, cli_joint *out)
{
    const int dim = gndp_coords_dim(target), C = target->columns;
    const double tolerance = tolerance_of(target, observed->n_places, observed->x);
    for (int64_t i = 0; i < observed->n_places; i++) {
        const double *x = embedded + i * dim;
        int64_t at = target->layout == GNDP_LAYOUT_PRODUCT ? find_in_grid(target, tolerance, observed->x + i * C)
                                                           : find_in_list(dim, target->n, listed, tolerance, x);
        if (at < 0) {
            double *own = listed + (target->layout == GNDP_LAYOUT_LIST ? target->n : 0) * dim;
            at = find_in_list(dim, out->added, own, tolerance, x);
            if (at < 0) {
                if (out->added == ADDED_MAX)
                    return gndp_failure("%s: more than %d places that are no target points; choose some, with --time or --fraction", observed->path,
                                        ADDED_MAX);
                memcpy(own + out->added * dim, x, (size_t)dim * sizeof *x);
                added[out->added] = i;
                at = out->added++;
            }
            at += target->n;
        }
        out->point[i] = at;
    }
    return GNDP_EXIT_DONE;
}

/* Two places that are one point must not observe one value twice: rows pick different values. Readings of one place are one place already. */
static int check_apart(const cli_observed *o, const cli_joint *joint)
{
    int code = GNDP_EXIT_DONE;
    const int64_t n = (joint->targets + joint->added) * joint->components;
    int64_t *seen = calloc((size_t)n, sizeof *seen); /* row + 1 of this case that took the value last */
    if (seen == NULL)
        return gndp_failure_memory();
    for (int c = 0; c < o->n_cases; c++)
        for (int64_t i = o->first[c]; i < o->first[c + 1]; i++) {
            int64_t *at = &seen[joint->point[o->row[i].place] * joint->components + o->row[i].component];
            if (*at > o->first[c]) {
                const double *x = o->x + o->row[i].place * o->columns;
                code = gndp_failure("%s: two places about %g, .. observe %s at one time and are one target point; leave one out", o->path, x[0],
                                    o->name[o->row[i].component]);
                goto done;
            }
            *at = i + 1;
        }
done:
    free(seen);
    return code;
}

static int make_list(const gndp_coords *target, const cli_observed *observed, const int64_t *added, cli_joint *out)
{
    const int C = target->columns;
    out->coords = *target;
    if (out->added == 0)
        return GNDP_EXIT_DONE;
    out->x = malloc((size_t)((target->n + out->added) * C) * sizeof *out->x);
    if (out->x == NULL)
        return gndp_failure_memory();
    gndp_coords_list(target, out->x);
    for (int64_t i = 0; i < out->added; i++)
        memcpy(out->x + (target->n + i) * C, observed->x + added[i] * C, (size_t)C * sizeof *out->x);
    out->coords.layout = GNDP_LAYOUT_LIST;
    out->coords.n = target->n + out->added;
    out->coords.x = out->x;
    for (int a = 0; a < C; a++) {
        out->coords.axis[a].size = 0;
        out->coords.axis[a].value = NULL;
    }
    return GNDP_EXIT_DONE;
}

int cli_joint_make(const gndp_coords *target, const cli_observed *observed, cli_joint *out)
{
    int code = GNDP_EXIT_DONE;
    const int dim = gndp_coords_dim(target), C = target->columns;
    const bool list = target->layout == GNDP_LAYOUT_LIST;
    double *embedded = malloc((size_t)(observed->n_places * dim) * sizeof *embedded);
    double *listed = malloc((size_t)((observed->n_places + (list ? target->n : 0)) * dim) * sizeof *listed);
    int64_t *added = malloc((size_t)observed->n_places * sizeof *added);
    *out = (cli_joint){.targets = target->n, .components = observed->components};
    out->point = malloc((size_t)observed->n_places * sizeof *out->point);
    if (embedded == NULL || listed == NULL || added == NULL || out->point == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    gndp_coords_embed(target->space, C, observed->n_places, observed->x, embedded);
    if (list)
        gndp_coords_embed(target->space, C, target->n, target->x, listed);
    GNDP_STEP(place_all(target, observed, embedded, listed, added, out));
    GNDP_STEP(check_apart(observed, out));
    GNDP_STEP(make_list(target, observed, added, out));
    out->size = out->coords.n * out->components;
done:
    free(embedded);
    free(listed);
    free(added);
    return code;
}

int cli_joint_open(cli_joint *joint, gndp_model *model, int64_t batch, bool bf16)
{
    int code = GNDP_EXIT_DONE;
    joint->offset = malloc((size_t)joint->size * sizeof *joint->offset);
    joint->scale = malloc((size_t)joint->size * sizeof *joint->scale);
    joint->column = malloc((size_t)joint->size * sizeof *joint->column);
    if (joint->offset == NULL || joint->scale == NULL || joint->column == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_generator_create(model, &joint->coords, batch, bf16, NULL, &joint->generator));
    GNDP_LIBRARY(gndp_generator_affine(joint->generator, joint->offset, joint->scale, joint->column));
done:
    return code;
}

void cli_joint_free(cli_joint *joint)
{
    gndp_generator_free(joint->generator);
    free(joint->x);
    free(joint->point);
    free(joint->offset);
    free(joint->scale);
    free(joint->column);
    *joint = (cli_joint){0};
}

void cli_joint_physical(const cli_joint *joint, int64_t n, const double *z, double *values)
{
    for (int64_t r = 0; r < n; r++)
        for (int64_t i = 0; i < joint->size; i++)
            values[r * joint->size + i] = joint->offset[i] + joint->scale[i] * z[r * joint->size + joint->column[i]];
}

int cli_joint_prior(const cli_joint *joint, const gndp_model *model, const char *text, gndp_prior **out)
{
    int code = GNDP_EXIT_DONE;
    gndp_kernel *kernel = NULL;
    gndp_process *process = NULL;
    gndp_points *points = NULL;
    gndp_gaussian *law = NULL;
    gndp_array x = {0};
    double *unit = NULL, *s0 = NULL;
    const int64_t n = joint->size;
    *out = NULL;
    if (n > PRIOR_MAX)
        return gndp_failure("--prior: a kernel other than the limit wants eigenvectors, made of up to %d values; the points have %lld", PRIOR_MAX, (long long)n);
    GNDP_LIBRARY(gndp_kernel_parse(text, &kernel));
    GNDP_LIBRARY(gndp_model_points(model, &joint->coords, &x, &points));
    const int outputs = gndp_kernel_outputs(kernel, x.type.dim[1]);
    if (outputs != 1 && outputs != joint->components) {
        code = gndp_failure("--prior: the kernel has %d outputs, the model's fields %d components", outputs, joint->components);
        goto done;
    }
    GNDP_LIBRARY(gndp_process_create(gndp_model_schedule(model), kernel, joint->components, NULL, &process));
    GNDP_LIBRARY(gndp_process_law(process, points, NULL, &law));
    unit = calloc((size_t)(n * n), sizeof *unit);
    s0 = malloc((size_t)(n * n) * sizeof *s0);
    if (unit == NULL || s0 == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < n; i++)
        unit[i * n + i] = 1.0;
    GNDP_LIBRARY(gndp_gaussian_apply(law, n, unit, s0));
    GNDP_LIBRARY(gndp_prior_create(gndp_generator_law(joint->generator), s0, out));
done:
    free(unit);
    free(s0);
    gndp_array_free(&x);
    gndp_model_points_free(points);
    gndp_gaussian_free(law);
    gndp_process_free(process);
    gndp_kernel_free(kernel);
    return code;
}

/* ---- Linear observations -------------------------------------------------------------------- */

typedef struct entry {
    int64_t column;
    double weight;
} entry;

static int by_column(const void *a, const void *b)
{
    const entry *p = a, *q = b;
    return (p->column > q->column) - (p->column < q->column);
}

/* The mean of normalised fields, in units of the mean scale s: sum w (offset + scale z) = s sum (w scale/s) z + sum w offset. */
static int add_area(const cli_joint *joint, const cli_area *a, int64_t n, cli_linear *out)
{
    entry *entries = malloc((size_t)a->n * sizeof *entries);
    double s = 0.0, shift = 0.0;
    if (entries == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < a->n; i++) {
        const int64_t at = a->point[i] * joint->components + a->component;
        s += a->weight[i] * joint->scale[at];
        shift += a->weight[i] * joint->offset[at];
        entries[i] = (entry){.column = joint->column[at], .weight = a->weight[i] * joint->scale[at]};
    }
    qsort(entries, (size_t)a->n, sizeof *entries, by_column);
    for (int64_t i = 0; i < a->n; i++) {
        out->column[out->row[n] + i] = entries[i].column;
        out->weight[out->row[n] + i] = entries[i].weight / s;
    }
    out->row[n + 1] = out->row[n] + a->n;
    out->z[n] = (a->value - shift) / s;
    out->variance[n] = pow(a->sd / s, 2);
    out->log_jacobian -= log(s);
    free(entries);
    return GNDP_EXIT_DONE;
}

int cli_linear_make(const cli_joint *joint, const cli_observed *observed, const cli_areas *areas, int c, const bool *left_out, cli_linear *out)
{
    int code = GNDP_EXIT_DONE;
    const int64_t first = observed->first[c], end = observed->first[c + 1];
    const size_t most = (size_t)(end - first + cli_areas_of_case(areas, c)) + 1;
    size_t nonzeros = most;
    int64_t n = 0;
    *out = (cli_linear){0};
    for (int64_t i = 0; i < areas->n; i++)
        nonzeros += (size_t)areas->area[i].n;
    out->row = malloc(most * sizeof *out->row);
    out->column = malloc(nonzeros * sizeof *out->column);
    out->weight = malloc(nonzeros * sizeof *out->weight);
    out->z = malloc(most * sizeof *out->z);
    out->variance = malloc(most * sizeof *out->variance);
    if (out->row == NULL || out->column == NULL || out->weight == NULL || out->z == NULL || out->variance == NULL)
        return gndp_failure_memory();
    for (int64_t i = first; i < end; i++) {
        const cli_observation *row = &observed->row[i];
        if (left_out != NULL && left_out[row->place])
            continue;
        const int64_t at = joint->point[row->place] * joint->components + row->component;
        out->row[n] = n;
        out->column[n] = joint->column[at];
        out->weight[n] = 1.0;
        out->z[n] = (row->value - joint->offset[at]) / joint->scale[at];
        out->variance[n++] = pow(row->sd / joint->scale[at], 2);
        out->log_jacobian += row->lost - log(joint->scale[at]);
    }
    out->row[n] = n;
    for (int64_t i = 0; i < areas->n; i++)
        if (areas->area[i].c < 0 || areas->area[i].c == c)
            GNDP_STEP(add_area(joint, &areas->area[i], n++, out));
    out->obs = (gndp_linear_obs){.n = n, .row = out->row, .column = out->column, .weight = out->weight, .z = out->z, .variance = out->variance};
done:
    return code;
}

void cli_linear_free(cli_linear *linear)
{
    free(linear->row);
    free(linear->column);
    free(linear->weight);
    free(linear->z);
    free(linear->variance);
    *linear = (cli_linear){0};
}
