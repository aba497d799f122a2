// SPDX-License-Identifier: Apache-2.0
// White noise taken off a kernel, kernels split into one factor a coordinate, and Legendre series.
#include "kernels/structure.h"

#include "kernels/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------ white noise
 */

static bool has_white(const gndp_kernel *k)
{
    bool found = k->ops == &kernel_white_ops;
    for (int i = 0; i < k->n_children; i++) {
        found = found || has_white(k->child[i]);
    }
    return found;
}

/* A copy of the node k alone around `child` (taken; NULL: none is made). */
static gndp_status around(const gndp_kernel *k, gndp_kernel *child, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *made = NULL;
    *out = NULL;
    if (child == NULL) {
        goto done;
    }
    st = kernel_wrap(k->ops, child, &made);
    child = NULL;
    GNDP_TRY(st);
    for (int h = 0; h < kernel_hypers(k->ops); h++) {
        GNDP_TRY(kernel_set_list(made, h, kernel_count(k, h), kernel_list(k, h)));
    }
    *out = made;
    made = NULL;
done:
    gndp_kernel_free(child);
    gndp_kernel_free(made);
    return st;
}

/* Sum of two that may be NULL; both taken. */
static gndp_status sum_of(gndp_kernel *a, gndp_kernel *b, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *sum = NULL;
    *out = NULL;
    if (a == NULL || b == NULL) {
        *out = a == NULL ? b : a;
        return GNDP_OK;
    }
    if (a->ops == &kernel_sum_ops) {
        sum = a;
        a = NULL;
    } else {
        st = kernel_wrap(&kernel_sum_ops, a, &sum);
        a = NULL;
        GNDP_TRY(st);
    }
    st = kernel_adopt(sum, b);
    b = NULL;
    GNDP_TRY(st);
    *out = sum;
    sum = NULL;
done:
    gndp_kernel_free(a);
    gndp_kernel_free(b);
    gndp_kernel_free(sum);
    return st;
}

gndp_status kernel_split_white(const gndp_kernel *k, gndp_kernel **rest, double *variance)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *all = NULL, *part = NULL, *joined = NULL;
    double noise;
    *rest = NULL;
    *variance = 0.0;
    if (k->ops == &kernel_white_ops) {
        *variance = k->value[0];
        goto done;
    }
    if (!has_white(k)) {
        GNDP_TRY(gndp_kernel_clone(k, rest));
        goto done;
    }
    GNDP_CHECK(k->ops == &kernel_sum_ops || k->ops == &kernel_scale_ops ||
                   k->ops == &kernel_diag_ops || k->ops == &kernel_on_ops,
               GNDP_ERR_UNSUPPORTED,
               "white noise inside %s cannot be taken off: add it outside, as in .. + "
               "white(variance=..)",
               k->ops->inner ? "a product" : k->ops->name);
    if (k->ops == &kernel_sum_ops) {
        for (int i = 0; i < k->n_children; i++) {
            GNDP_TRY(kernel_split_white(k->child[i], &part, &noise));
            *variance += noise;
            st = sum_of(all, part, &joined);
            all = joined;
            GNDP_TRY(st);
        }
    } else {
        GNDP_TRY(kernel_split_white(k->child[0], &part, &noise));
        *variance = noise * (k->ops == &kernel_scale_ops ? k->value[0] : 1.0);
        GNDP_TRY(around(k, part, &all));
    }
    *rest = all;
    all = NULL;
done:
    gndp_kernel_free(all);
    return st;
}

/* -------------------------------------------------------------------------------------- separation
 */

enum { OUTPUTS_MAX = 8 };

/* What has been collected of B prod_i k_i. */
typedef struct separation {
    int n_axes;
    gndp_kernel **factor; /* NULL: 1 so far */
    double b[OUTPUTS_MAX * OUTPUTS_MAX];
    int p;
} separation;

/* Multiply the factor of an axis by k (taken). */
static gndp_status multiply(separation *s, int axis, gndp_kernel *k)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *product = NULL;
    gndp_kernel *before = s->factor[axis];
    s->factor[axis] = NULL;
    if (before == NULL) {
        s->factor[axis] = k;
        return GNDP_OK;
    }
    if (before->ops == &kernel_product_ops) {
        product = before;
    } else {
        st = kernel_wrap(&kernel_product_ops, before, &product);
    }
    if (st != GNDP_OK) {
        gndp_kernel_free(k);
        GNDP_TRY(st);
    }
    s->factor[axis] = product;
    GNDP_TRY(kernel_adopt(product, k));
done:
    return st;
}

/* Entrywise product with q [p, p]; one output multiplies every pair. */
static gndp_status multiply_outputs(separation *s, int p, const double *q)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(p <= OUTPUTS_MAX, GNDP_ERR_UNSUPPORTED, "%d outputs, at most %d separate", p,
               OUTPUTS_MAX);
    if (s->p == 1 && p > 1) {
        for (int i = p * p - 1; i >= 0; i--) {
            s->b[i] = s->b[0];
        }
        s->p = p;
    }
    for (int i = 0; i < s->p * s->p; i++) {
        s->b[i] *= p == 1 ? q[0] : q[i];
    }
done:
    return st;
}

/* A A' + diag(d), or the identity of diag. */
static void output_matrix(const gndp_kernel *k, int p, double *q)
{
    memset(q, 0, (size_t)(p * p) * sizeof *q);
    for (int i = 0; i < p; i++) {
        if (k->ops == &kernel_diag_ops) {
            q[i * p + i] = 1.0;
            continue;
        }
        const int rank = kernel_count(k, 0) / p;
        const double *a = kernel_list(k, 0);
        for (int j = 0; j < p; j++) {
            for (int r = 0; r < rank; r++) {
                q[i * p + j] += a[i * rank + r] * a[j * rank + r];
            }
        }
        q[i * p + i] += kernel_count(k, 2) > 0 ? kernel_list(k, 2)[i] : 0.0;
    }
}

static gndp_status collect(const gndp_kernel *k, int n, const int *axis, separation *s);

/* A leaf, or anything scalar that sees one coordinate. */
static gndp_status collect_leaf(const gndp_kernel *k, int n, const int *axis, separation *s)
{
    gndp_status st = GNDP_OK;
    kernel_traits traits;
    gndp_kernel *factor = NULL;
    GNDP_TRY(kernel_find_traits(k, &traits));
    if (k->ops->factor == NULL && n == 1 && traits.outputs == 1) {
        GNDP_TRY(gndp_kernel_clone(k, &factor));
        GNDP_TRY(multiply(s, axis[0], factor));
        goto done;
    }
    GNDP_CHECK(k->ops->factor != NULL, GNDP_ERR_UNSUPPORTED,
               "%s does not separate into one factor a coordinate", k->ops->name);
    const double variance = kernel_get(k, "variance");
    GNDP_TRY(multiply_outputs(s, 1, &variance));
    for (int i = 0; i < n && k->ops != &kernel_constant_ops; i++) {
        GNDP_TRY(k->ops->factor(k, i, &factor));
        GNDP_TRY(multiply(s, axis[i], factor));
    }
done:
    return st;
}

/* k sees coordinates axis[0..n-1]. */
static gndp_status collect(const gndp_kernel *k, int n, const int *axis, separation *s)
{
    gndp_status st = GNDP_OK;
    double q[OUTPUTS_MAX * OUTPUTS_MAX];
    int deeper[4];
    if (k->ops == &kernel_product_ops) {
        for (int i = 0; i < k->n_children; i++) {
            GNDP_TRY(collect(k->child[i], n, axis, s));
        }
    } else if (k->ops == &kernel_scale_ops) {
        GNDP_TRY(multiply_outputs(s, 1, k->value));
        GNDP_TRY(collect(k->child[0], n, axis, s));
    } else if (k->ops == &kernel_on_ops) {
        const int m = kernel_count(k, 0);
        GNDP_CHECK(m <= 4, GNDP_ERR_UNSUPPORTED, "on: %d axes", m);
        for (int i = 0; i < m; i++) {
            deeper[i] = axis[(int)kernel_list(k, 0)[i]];
        }
        GNDP_TRY(collect(k->child[0], m, deeper, s));
    } else if (k->ops == &kernel_diag_ops || k->ops == &kernel_coregion_ops) {
        kernel_traits traits;
        GNDP_TRY(kernel_find_traits(k, &traits));
        GNDP_CHECK(traits.outputs <= OUTPUTS_MAX, GNDP_ERR_UNSUPPORTED,
                   "%d outputs, at most %d separate", traits.outputs, OUTPUTS_MAX);
        output_matrix(k, traits.outputs, q);
        GNDP_TRY(multiply_outputs(s, traits.outputs, q));
        GNDP_TRY(collect(k->child[0], n, axis, s));
    } else {
        GNDP_TRY(collect_leaf(k, n, axis, s));
    }
done:
    return st;
}

gndp_status kernel_separate(const gndp_kernel *k, int n_axes, gndp_kernel **factor, double *outputs)
{
    gndp_status st = GNDP_OK;
    separation s = {.n_axes = n_axes, .factor = factor, .b = {1.0}, .p = 1};
    const int axis[4] = {0, 1, 2, 3};
    kernel_traits traits;
    for (int i = 0; i < n_axes; i++) {
        factor[i] = NULL;
    }
    GNDP_CHECK(n_axes >= 1 && n_axes <= 4, GNDP_ERR_UNSUPPORTED, "%d axes, at most 4 separate",
               n_axes);
    GNDP_TRY(kernel_find_traits(k, &traits));
    GNDP_TRY(kernel_check_dim(k, &traits, n_axes));
    GNDP_CHECK(traits.domain == GNDP_DOMAIN_EUCLIDEAN || traits.domain == GNDP_DOMAIN_ANY,
               GNDP_ERR_UNSUPPORTED, "%s lives on the sphere and does not separate", k->ops->name);
    GNDP_CHECK(!traits.has_white, GNDP_ERR_UNSUPPORTED,
               "white noise by point index does not separate into one factor a coordinate");
    GNDP_TRY(collect(k, n_axes, axis, &s));
    for (int i = 0; i < n_axes; i++) {
        if (factor[i] == NULL) {
            GNDP_TRY(kernel_create(&kernel_constant_ops, &factor[i]));
        }
    }
    memcpy(outputs, s.b, (size_t)(s.p * s.p) * sizeof *outputs);
done:
    for (int i = 0; st != GNDP_OK && i < n_axes && i < 4; i++) {
        gndp_kernel_free(factor[i]);
        factor[i] = NULL;
    }
    return st;
}

/* ------------------------------------------------------------------------------------------ series
 */

/* Add factor times the series of k. */
static gndp_status add_series(const gndp_kernel *k, double factor, int terms, kernel_series *out)
{
    gndp_status st = GNDP_OK;
    double *a = NULL;
    if (k->ops == &kernel_sum_ops) {
        for (int i = 0; i < k->n_children; i++) {
            GNDP_TRY(add_series(k->child[i], factor, terms, out));
        }
        goto done;
    }
    if (k->ops == &kernel_scale_ops) {
        GNDP_TRY(add_series(k->child[0], factor * k->value[0], terms, out));
        goto done;
    }
    if (k->ops == &kernel_constant_ops) {
        out->scalar[0] += factor * k->value[0];
        goto done;
    }
    const bool hodge = k->ops == &kernel_s2_hodge_ops;
    const bool curl = hodge || k->ops == &kernel_s2_curlfree_ops,
               div = hodge || k->ops == &kernel_s2_divfree_ops, tangent = curl || div;
    const gndp_kernel *spectrum = tangent ? k->child[0] : k;
    GNDP_CHECK(spectrum->ops->zonal != NULL, GNDP_ERR_UNSUPPORTED,
               "%s has no Legendre series here: sums and scales of s2_ kernels do", k->ops->name);
    double tail;
    (void)spectrum->ops->zonal->terms(spectrum, &tail);
    GNDP_CHECK(!spectrum->ops->zonal->closed || tail == 0.0, GNDP_ERR_UNSUPPORTED,
               "%s of so short a lengthscale has more than %d degrees", spectrum->ops->name,
               KERNEL_SERIES_MAX);
    a = calloc((size_t)terms, sizeof *a);
    GNDP_CHECK(a != NULL, GNDP_ERR_NOMEM, "%d coefficients", terms);
    spectrum->ops->zonal->series(spectrum, tangent, terms, a);
    for (int l = 0; l < terms; l++) {
        if (!tangent) {
            out->scalar[l] += factor * a[l];
        }
        if (curl) {
            out->curl[l] += factor * a[l] * (hodge ? kernel_get(k, "curl") : 1.0);
        }
        if (div) {
            out->div[l] += factor * a[l] * (hodge ? kernel_get(k, "div") : 1.0);
        }
    }
done:
    free(a);
    return st;
}

/* Terms that the leaves of the tree need. */
static int terms_needed(const gndp_kernel *k)
{
    int most = 1;
    for (int i = 0; i < k->n_children; i++) {
        const int n = terms_needed(k->child[i]);
        most = n > most ? n : most;
    }
    if (k->ops->zonal != NULL) {
        double tail;
        const int n = k->ops->zonal->terms(k, &tail);
        most = n > most ? n : most;
    }
    return most;
}

gndp_status kernel_find_series(const gndp_kernel *k, kernel_series *out)
{
    gndp_status st = GNDP_OK;
    kernel_traits traits;
    memset(out, 0, sizeof *out);
    GNDP_TRY(kernel_find_traits(k, &traits));
    GNDP_CHECK(traits.domain == GNDP_DOMAIN_SPHERE && traits.isotropic && !traits.has_white,
               GNDP_ERR_UNSUPPORTED, "%s is no isotropic kernel on the sphere alone", k->ops->name);
    GNDP_CHECK(traits.outputs <= 2, GNDP_ERR_UNSUPPORTED, "%d outputs", traits.outputs);
    out->terms = terms_needed(k);
    GNDP_TRY(add_series(k, 1.0, out->terms, out));
    for (int l = 0; l < out->terms && traits.outputs == 2; l++) {
        GNDP_CHECK(out->scalar[l] == 0.0, GNDP_ERR_UNSUPPORTED,
                   "%s mixes scalars and tangent fields", k->ops->name);
    }
done:
    return st;
}
