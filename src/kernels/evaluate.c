// SPDX-License-Identifier: Apache-2.0
// Gram matrices on host arrays.
#define GNDP_NO_CALLSITE
#include "kernels/kernel.h"

#include <gndp/ops.h>

#include <math.h>
#include <string.h>

#define OFF_SPHERE 1e-6

/* Unit vectors where the tree wants them; axis [KERNEL_MAX_LIST] says which coordinates of x the
   subtree sees. */
static gndp_status check_unit(const gndp_kernel *k, const gndp_array *x, const char *name,
                              const int64_t *axis)
{
    gndp_status st = GNDP_OK;
    const int64_t d = x->type.dim[1];
    const double *p = x->data;
    int64_t deeper[KERNEL_MAX_LIST];
    if (k->ops == &kernel_on_ops) {
        for (int i = 0; i < kernel_count(k, 0); i++) {
            deeper[i] = axis[(int)kernel_list(k, 0)[i]];
        }
        axis = deeper;
    }
    for (int i = 0; i < k->n_children; i++) {
        GNDP_TRY(check_unit(k->child[i], x, name, axis));
    }
    for (int64_t i = 0; k->ops->zonal != NULL && i < x->type.dim[0]; i++) {
        double sum = 0.0;
        for (int j = 0; j < 3; j++) {
            sum += p[i * d + axis[j]] * p[i * d + axis[j]];
        }
        GNDP_CHECK(fabs(sqrt(sum) - 1.0) <= OFF_SPHERE, GNDP_ERR_RANGE,
                   "%s: point %lld has length %.9g: %s wants unit vectors "
                   "(gndp_sphere_from_degrees makes them)",
                   name, (long long)i, sqrt(sum), k->ops->name);
    }
done:
    return st;
}

/* Type, shape, finite values, and points on the sphere. */
static gndp_status check_points(const gndp_kernel *k, const gndp_array *x, const char *name)
{
    gndp_status st = GNDP_OK;
    kernel_traits traits;
    int64_t axis[KERNEL_MAX_LIST];
    GNDP_CHECK(x->data != NULL, GNDP_ERR_ARG, "%s has no data", name);
    GNDP_CHECK(x->type.dtype == GNDP_F64, GNDP_ERR_TYPE, "%s wants f64, got " GNDP_TYPE_FMT, name,
               GNDP_TYPE_ARG(x->type));
    GNDP_CHECK(x->type.rank == 2, GNDP_ERR_SHAPE, "%s wants [N, D], got " GNDP_TYPE_FMT, name,
               GNDP_TYPE_ARG(x->type));
    const double *p = x->data;
    const int64_t d = x->type.dim[1];
    for (int64_t i = 0; i < x->type.dim[0] * d; i++) {
        GNDP_CHECK(isfinite(p[i]), GNDP_ERR_NONFINITE, "%s: coordinate %lld of point %lld is %g",
                   name, (long long)(i % d), (long long)(i / d), p[i]);
    }
    GNDP_TRY(kernel_find_traits(k, &traits));
    GNDP_TRY(kernel_check_dim(k, &traits, d));
    for (int64_t i = 0; i < KERNEL_MAX_LIST; i++) {
        axis[i] = i;
    }
    GNDP_TRY(check_unit(k, x, name, axis));
done:
    return st;
}

gndp_status gndp_kernel_evaluate(const gndp_kernel *k, const gndp_array *x, const gndp_array *z,
                                 gndp_array *out)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    gndp_feed feed[2];
    gndp_array result[3], copy[2];
    memset(copy, 0, sizeof copy);
    GNDP_CHECK(k != NULL && x != NULL && out != NULL, GNDP_ERR_ARG, "%s is NULL",
               k == NULL   ? "kernel"
               : x == NULL ? "x"
                           : "out");
    GNDP_TRY(check_points(k, x, "x"));
    if (z != NULL) {
        GNDP_TRY(check_points(k, z, "z"));
        GNDP_CHECK(z->type.dim[1] == x->type.dim[1], GNDP_ERR_SHAPE,
                   "x and z have %lld and %lld coordinates", (long long)x->type.dim[1],
                   (long long)z->type.dim[1]);
    }
    GNDP_TRY(gndp_graph_create(&g));
    const gndp_node nx = gndp_input(g, "x", x->type);
    const gndp_node nz = z == NULL ? GNDP_NONE : gndp_input(g, "z", z->type);
    /* The points are outputs too, so that the plan reads them even where the kernel does not. */
    const gndp_node want[3] = {gndp_kernel_gram(g, k, NULL, nx, nz), nx, nz};
    const int n = z == NULL ? 1 : 2;
    GNDP_TRY(gndp_device_open("cpu", NULL, &device));
    GNDP_TRY(gndp_plan_create(g, want, 1 + n, device, NULL, &plan));
    const gndp_type type = gndp_node_type(want[0]);
    GNDP_CHECK(gndp_type_equal(type, out->type), GNDP_ERR_SHAPE,
               "out is " GNDP_TYPE_FMT ", the Gram matrix " GNDP_TYPE_FMT, GNDP_TYPE_ARG(out->type),
               GNDP_TYPE_ARG(type));
    result[0] = *out;
    for (int i = 0; i < n; i++) {
        feed[i] = i == 0 ? (gndp_feed){"x", *x} : (gndp_feed){"z", *z};
        GNDP_TRY(gndp_array_create(feed[i].array.type, &copy[i]));
        result[1 + i] = copy[i];
    }
    GNDP_TRY(gndp_plan_run(plan, feed, n, result, 1 + n));
done:
    gndp_array_free(&copy[0]);
    gndp_array_free(&copy[1]);
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
    return st;
}
