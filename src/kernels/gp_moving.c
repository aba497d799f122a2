// SPDX-License-Identifier: Apache-2.0
// Which parameters of a kernel a fit moves, and within which bounds.
#include "kernels/gp_moving.h"

#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is known of the data's scale, for bounds. */
typedef struct data_scale {
    double extent, square; /* largest range of a coordinate; mean square of y - mean */
} data_scale;

double gp_moving_inward(const gp_moving *m, double value)
{
    return m->param.positive ? log(value) : value;
}

double gp_moving_outward(const gp_moving *m, double coordinate)
{
    return m->param.positive ? exp(coordinate) : coordinate;
}

static data_scale scale_of(const gndp_gp_data *sets, int64_t n_sets, int64_t outputs)
{
    data_scale scale = {0};
    const int64_t d = sets[0].x.type.dim[1];
    double sum = 0.0, count = 0.0;
    for (int64_t j = 0; j < d; j++) {
        double low = (double)INFINITY, high = -(double)INFINITY;
        for (int64_t s = 0; s < n_sets; s++) {
            for (int64_t i = 0; i < sets[s].x.type.dim[0]; i++) {
                const double x = ((const double *)sets[s].x.data)[i * d + j];
                low = fmin(low, x);
                high = fmax(high, x);
            }
        }
        scale.extent = fmax(scale.extent, high - low);
    }
    for (int64_t s = 0; s < n_sets; s++) {
        const int64_t values = sets[s].x.type.dim[0] * outputs;
        for (int64_t i = 0; i < values; i++) {
            sum += (sets[s].y[i] - sets[s].mean) * (sets[s].y[i] - sets[s].mean);
        }
        count += (double)values;
    }
    scale.square = count > 0.0 ? sum / count : 0.0;
    if (!(scale.extent > 0.0)) {
        scale.extent = 1.0;
    }
    if (!(scale.square > 0.0)) {
        scale.square = 1.0;
    }
    return scale;
}

/* The last part of a path, without an index, is `name`. */
static bool path_ends_in(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/'), *last = slash != NULL ? slash + 1 : path;
    return strcspn(last, "[") == strlen(name) && strncmp(last, name, strlen(name)) == 0;
}

/* Wide bounds in natural scale: what the data can tell, and the value that the kernel has. */
static void default_bounds(const gndp_kernel_param *p, data_scale scale, double *low, double *high)
{
    if (!p->positive) {
        const double reach = 10.0 * fmax(fmax(1.0, fabs(p->value)), sqrt(scale.square));
        *low = fmax(p->low, p->value - reach);
        *high = fmin(p->high, p->value + reach);
        return;
    }
    if (path_ends_in(p->path, "lengthscale") || path_ends_in(p->path, "period") ||
        path_ends_in(p->path, "kappa")) {
        *low = 1e-3 * scale.extent;
        *high = 10.0 * scale.extent;
    } else if (path_ends_in(p->path, "variance") || path_ends_in(p->path, "diagonal")) {
        *low = 1e-6 * scale.square;
        *high = 1e3 * scale.square;
    } else {
        *low = 1e-3;
        *high = 1e3;
    }
    if (p->value > 0.0) {
        *low = fmin(*low, 0.1 * p->value);
        *high = fmax(*high, 10.0 * p->value);
    }
    *low = fmax(*low, p->low);
    *high = fmin(*high, p->high);
}

static gndp_status set_box(gp_moving *m, data_scale scale, const gndp_gp_bound *bounds)
{
    gndp_status st = GNDP_OK;
    const gndp_kernel_param *p = &m->param;
    double low, high;
    default_bounds(p, scale, &low, &high);
    for (const gndp_gp_bound *b = bounds; b != NULL && b->path != NULL; b++) {
        if (strcmp(b->path, p->path) == 0) {
            low = b->low;
            high = b->high;
        }
    }
    GNDP_CHECK(isfinite(low) && isfinite(high) && low < high && low >= p->low && high <= p->high &&
                   (!p->positive || low > 0.0),
               GNDP_ERR_RANGE, "bounds of %s: %g to %g, wanted low < high within %g to %g%s",
               p->path, low, high, p->low, p->high, p->positive ? ", above 0" : "");
    m->box = (gp_box){gp_moving_inward(m, low), gp_moving_inward(m, high)};
done:
    return st;
}

/* Every path named by the caller is a parameter that can be fitted. */
static gndp_status check_path(const gndp_kernel *k, const char *path)
{
    gndp_status st = GNDP_OK;
    gndp_kernel_param p;
    const int n = gndp_kernel_param_count(k);
    char known[512] = "";
    for (int i = 0; i < n; i++) {
        GNDP_TRY(gndp_kernel_param_get(k, i, &p));
        if (p.fittable && strcmp(p.path, path) == 0) {
            return GNDP_OK;
        }
        const size_t used = strlen(known);
        if (p.fittable) {
            snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", p.path);
        }
    }
    GNDP_CHECK(false, GNDP_ERR_NOT_FOUND, "no parameter \"%s\" to fit; there are %s", path, known);
done:
    return st;
}

static gndp_status check_paths(const gndp_kernel *k, const gndp_gp_fit_options *o)
{
    gndp_status st = GNDP_OK;
    for (const char *const *path = o->fixed; path != NULL && *path != NULL; path++) {
        GNDP_TRY(check_path(k, *path));
    }
    for (const gndp_gp_bound *b = o->bounds; b != NULL && b->path != NULL; b++) {
        GNDP_TRY(check_path(k, b->path));
    }
done:
    return st;
}

static bool is_fixed(const gndp_gp_fit_options *o, const char *path)
{
    for (const char *const *fixed = o->fixed; fixed != NULL && *fixed != NULL; fixed++) {
        if (strcmp(*fixed, path) == 0) {
            return true;
        }
    }
    return false;
}

gndp_status gp_moving_choose(const gndp_kernel *k, const gndp_gp_data *sets, int64_t n_sets,
                             int64_t outputs, const gndp_gp_fit_options *options, double *theta,
                             gp_moving move[GP_MOVING_MAX], int *n)
{
    gndp_status st = GNDP_OK;
    const data_scale scale = scale_of(sets, n_sets, outputs);
    const int n_theta = gndp_kernel_param_count(k);
    *n = 0;
    GNDP_TRY(check_paths(k, options));
    for (int i = 0; i < n_theta; i++) {
        gp_moving m = {.index = i};
        GNDP_TRY(gndp_kernel_param_get(k, i, &m.param));
        theta[i] = m.param.value;
        if (!m.param.fittable || is_fixed(options, m.param.path)) {
            continue;
        }
        GNDP_CHECK(*n < GP_MOVING_MAX, GNDP_ERR_RANGE,
                   "more than %d parameters to fit: name some as fixed", (int)GP_MOVING_MAX);
        GNDP_TRY(set_box(&m, scale, options->bounds));
        move[(*n)++] = m;
    }
done:
    return st;
}
