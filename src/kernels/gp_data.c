// SPDX-License-Identifier: Apache-2.0
// Checks of the observations of a Gaussian process, with errors that name the first culprit.
#include "kernels/gp_data.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

/* How far |x| may be from 1 on the sphere: as gndp_kernel_evaluate. */
#define SPHERE_TOLERANCE 1e-6

gndp_status gp_points_check(const gndp_kernel *k, const gndp_array *x, gp_sizes *sizes)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(k != NULL && x != NULL, GNDP_ERR_ARG, "%s is NULL", k == NULL ? "kernel" : "x");
    GNDP_CHECK(x->type.dtype == GNDP_F64, GNDP_ERR_TYPE, "points want f64, got %s",
               gndp_dtype_name(x->type.dtype));
    GNDP_CHECK(x->type.rank == 2 && x->type.dim[1] >= 1, GNDP_ERR_SHAPE,
               "points want [N, D], got " GNDP_TYPE_FMT, GNDP_TYPE_ARG(x->type));
    const gndp_kernel_info info = gndp_kernel_get_info(k);
    const int64_t n = x->type.dim[0], d = x->type.dim[1];
    const bool sphere = info.domain == GNDP_DOMAIN_SPHERE;
    const int64_t wanted = sphere ? 3 : info.input_dim;
    GNDP_CHECK(wanted == 0 || d == wanted, GNDP_ERR_SHAPE,
               "the kernel takes points of %lld coordinates, got " GNDP_TYPE_FMT, (long long)wanted,
               GNDP_TYPE_ARG(x->type));
    GNDP_CHECK(x->data != NULL || n == 0, GNDP_ERR_ARG, "points have no data");
    for (int64_t i = 0; i < n; i++) {
        const double *at = (const double *)x->data + i * d;
        double square = 0.0;
        for (int64_t j = 0; j < d; j++) {
            GNDP_CHECK(isfinite(at[j]), GNDP_ERR_NONFINITE, "coordinate %lld of point %lld is %g",
                       (long long)j, (long long)i, at[j]);
            square += at[j] * at[j];
        }
        GNDP_CHECK(!sphere || fabs(sqrt(square) - 1.0) <= SPHERE_TOLERANCE, GNDP_ERR_RANGE,
                   "point %lld is off the unit sphere: |x| = %.9g", (long long)i, sqrt(square));
    }
    *sizes = (gp_sizes){n, d, gndp_kernel_outputs(k, d)};
done:
    return st;
}

gndp_status gp_data_check(const gndp_kernel *k, const gndp_gp_data *data, gp_sizes *sizes)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(data != NULL, GNDP_ERR_ARG, "data is NULL");
    GNDP_TRY(gp_points_check(k, &data->x, sizes));
    const int64_t p = sizes->outputs, np = sizes->points * p;
    GNDP_CHECK(data->y != NULL || np == 0, GNDP_ERR_ARG, "y is NULL");
    GNDP_CHECK(isfinite(data->mean), GNDP_ERR_NONFINITE, "the prior mean is %g", data->mean);
    for (int64_t i = 0; i < np; i++) {
        const long long point = (long long)(i / p), output = (long long)(i % p);
        GNDP_CHECK(isfinite(data->y[i]), GNDP_ERR_NONFINITE,
                   "the value of point %lld, output %lld is %g: leave points without a value out",
                   point, output, data->y[i]);
        if (data->noise == NULL) {
            continue;
        }
        GNDP_CHECK(isfinite(data->noise[i]), GNDP_ERR_NONFINITE,
                   "the noise variance of point %lld, output %lld is %g", point, output,
                   data->noise[i]);
        GNDP_CHECK(data->noise[i] >= 0.0, GNDP_ERR_RANGE,
                   "the noise variance of point %lld, output %lld is negative: %g", point, output,
                   data->noise[i]);
    }
done:
    return st;
}

/* A point for sorting: qsort has no argument for the dimension. */
typedef struct place {
    const double *x;
    int64_t dim, index;
} place;

static int compare_coordinates(const place *a, const place *b)
{
    for (int64_t j = 0; j < a->dim; j++) {
        if (a->x[j] != b->x[j]) {
            return a->x[j] < b->x[j] ? -1 : 1;
        }
    }
    return 0;
}

static int compare(const void *left, const void *right)
{
    const place *a = left, *b = right;
    const int order = compare_coordinates(a, b);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* The first pair in order of the second's index, among points without noise on output p. */
static bool find_pair(const gndp_gp_data *data, gp_sizes sizes, const double *white, int64_t p,
                      place *place_of, int64_t pair[2])
{
    int64_t n = 0;
    bool found = false;
    for (int64_t i = 0; i < sizes.points; i++) {
        const int64_t value = i * sizes.outputs + p;
        if (!(white[value] > 0.0) && !(data->noise != NULL && data->noise[value] > 0.0)) {
            place_of[n++] = (place){(const double *)data->x.data + i * sizes.dim, sizes.dim, i};
        }
    }
    qsort(place_of, (size_t)n, sizeof *place_of, compare);
    for (int64_t i = 1; i < n; i++) {
        if (compare_coordinates(&place_of[i - 1], &place_of[i]) == 0 &&
            (!found || place_of[i].index < pair[1])) {
            pair[0] = place_of[i - 1].index;
            pair[1] = place_of[i].index;
            found = true;
        }
    }
    return found;
}

gndp_status gp_data_distinct(const gndp_gp_data *data, gp_sizes sizes, const double *white)
{
    gndp_status st = GNDP_OK;
    place *place_of = malloc((size_t)(sizes.points + 1) * sizeof *place_of);
    int64_t pair[2] = {0, 0};
    GNDP_CHECK(place_of != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)sizes.points);
    for (int64_t p = 0; p < sizes.outputs; p++) {
        GNDP_CHECK(!find_pair(data, sizes, white, p, place_of, pair), GNDP_ERR_NOT_PD,
                   "observations %lld and %lld are at one point and have no noise: add + "
                   "white(variance=...) to the kernel, give noise variances, or drop one",
                   (long long)pair[0], (long long)pair[1]);
    }
done:
    free(place_of);
    return st;
}
