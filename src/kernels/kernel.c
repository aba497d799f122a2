// SPDX-License-Identifier: Apache-2.0
// Kernel trees: building, copying, and what follows from them without points.
#include "kernels/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const gndp_kernel_ops *const kinds[] = {
    &kernel_rbf_ops,         &kernel_matern12_ops,   &kernel_matern32_ops,  &kernel_matern52_ops,
    &kernel_rq_ops,          &kernel_periodic_ops,   &kernel_constant_ops,  &kernel_white_ops,
    &kernel_on_ops,          &kernel_diag_ops,       &kernel_coregion_ops,  &kernel_curlfree_ops,
    &kernel_divfree_ops,     &kernel_s2_heat_ops,    &kernel_s2_matern_ops, &kernel_s2_rbf_ops,
    &kernel_s2_curlfree_ops, &kernel_s2_divfree_ops, &kernel_s2_hodge_ops,
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const gndp_kernel_ops *kernel_kind_at(int i)
{
    return i >= 0 && i < KINDS ? kinds[i] : NULL;
}

/* ------------------------------------------------------------------------------------ names */

enum { WORD_MAX = 40 };

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours that make b of a. */
static int edits(const char *a, size_t m, const char *b, size_t n)
{
    int d[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= m; i++) {
        d[i][0] = (int)i;
    }
    for (size_t j = 0; j <= n; j++) {
        d[0][j] = (int)j;
    }
    for (size_t i = 1; i <= m; i++) {
        for (size_t j = 1; j <= n; j++) {
            const int change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = smaller(change, 1 + smaller(d[i - 1][j], d[i][j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                d[i][j] = smaller(d[i][j], d[i - 2][j - 2] + 1);
            }
        }
    }
    return d[m][n];
}

const char *kernel_nearest(const char *word, size_t length, const char *(*at)(const void *, int),
                           const void *state)
{
    const char *nearest = NULL, *name;
    /* A third of the letters wrong, and one: farther is not meant. */
    int best = (int)length / 3 + 2;
    if (length == 0 || length > WORD_MAX) {
        return NULL;
    }
    for (int i = 0; (name = at(state, i)) != NULL; i++) {
        const size_t n = strlen(name);
        const int d = n > WORD_MAX ? best : edits(word, length, name, n);
        if (d < best) {
            best = d;
            nearest = name;
        }
    }
    return nearest;
}

/* ------------------------------------------------------------------------------------ trees */

int kernel_hypers(const gndp_kernel_ops *ops)
{
    int n = 0;
    while (ops->hyper != NULL && ops->hyper[n].name != NULL) {
        n++;
    }
    return n;
}

gndp_status kernel_create(const gndp_kernel_ops *ops, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    const int n = kernel_hypers(ops);
    gndp_kernel *k = calloc(1, sizeof *k);
    *out = NULL;
    GNDP_CHECK(k != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *k);
    k->ops = ops;
    for (int h = 0; h < KERNEL_MAX_HYPERS; h++) {
        const bool one = h < n && ops->hyper[h].form != KERNEL_LIST;
        k->first[h + 1] = k->first[h] + (one ? 1 : 0);
    }
    k->value = calloc((size_t)k->first[n] + 1, sizeof *k->value);
    GNDP_CHECK(k->value != NULL, GNDP_ERR_NOMEM, "%d numbers", n);
    for (int h = 0; h < n; h++) {
        if (kernel_count(k, h) == 1) {
            k->value[k->first[h]] = ops->hyper[h].initial;
        }
    }
    *out = k;
    k = NULL;
done:
    gndp_kernel_free(k);
    return st;
}

gndp_status kernel_adopt(gndp_kernel *parent, gndp_kernel *child)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(parent->n_children < KERNEL_MAX_CHILDREN, GNDP_ERR_RANGE,
               "%s of more than %d kernels", parent->ops->name, KERNEL_MAX_CHILDREN);
    if (parent->n_children == parent->child_capacity) {
        const int capacity = 2 * parent->child_capacity + 1;
        gndp_kernel **more = realloc(parent->child, (size_t)capacity * sizeof(*more));
        GNDP_CHECK(more != NULL, GNDP_ERR_NOMEM, "%d children", capacity);
        parent->child = more;
        parent->child_capacity = capacity;
    }
    parent->child[parent->n_children++] = child;
    child = NULL;
done:
    gndp_kernel_free(child);
    return st;
}

gndp_status kernel_set_list(gndp_kernel *k, int h, int n, const double *value)
{
    gndp_status st = GNDP_OK;
    const int before = k->first[h], after = k->first[KERNEL_MAX_HYPERS] - k->first[h + 1],
              shift = n - kernel_count(k, h);
    double *made = calloc((size_t)(before + n + after) + 1, sizeof *made);
    GNDP_CHECK(made != NULL, GNDP_ERR_NOMEM, "%d numbers", before + n + after);
    memcpy(made, k->value, (size_t)before * sizeof *made);
    if (n > 0) {
        memcpy(made + before, value, (size_t)n * sizeof *made);
    }
    memcpy(made + before + n, k->value + k->first[h + 1], (size_t)after * sizeof *made);
    free(k->value);
    k->value = made;
    for (int i = h + 1; i <= KERNEL_MAX_HYPERS; i++) {
        k->first[i] += shift;
    }
done:
    return st;
}

int kernel_hyper_index(const gndp_kernel *k, const char *hyper)
{
    const int n = kernel_hypers(k->ops);
    for (int h = 0; h < n; h++) {
        if (strcmp(k->ops->hyper[h].name, hyper) == 0) {
            return h;
        }
    }
    return -1;
}

double kernel_get(const gndp_kernel *k, const char *hyper)
{
    const int h = kernel_hyper_index(k, hyper);
    return h >= 0 && kernel_count(k, h) > 0 ? k->value[k->first[h]] : (double)NAN;
}

gndp_status kernel_wrap(const gndp_kernel_ops *ops, gndp_kernel *k, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *parent = NULL;
    *out = NULL;
    GNDP_TRY(kernel_create(ops, &parent));
    st = kernel_adopt(parent, k);
    k = NULL; /* taken either way */
    GNDP_TRY(st);
    *out = parent;
    parent = NULL;
done:
    gndp_kernel_free(k);
    gndp_kernel_free(parent);
    return st;
}

gndp_status gndp_kernel_clone(const gndp_kernel *k, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *copy = NULL, *child = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(k != NULL, GNDP_ERR_ARG, "kernel is NULL");
    GNDP_TRY(kernel_create(k->ops, &copy));
    for (int h = 0; h < kernel_hypers(k->ops); h++) {
        GNDP_TRY(kernel_set_list(copy, h, kernel_count(k, h), kernel_list(k, h)));
    }
    for (int i = 0; i < k->n_children; i++) {
        GNDP_TRY(gndp_kernel_clone(k->child[i], &child));
        GNDP_TRY(kernel_adopt(copy, child));
    }
    *out = copy;
    copy = NULL;
done:
    gndp_kernel_free(copy);
    return st;
}

void gndp_kernel_free(gndp_kernel *k)
{
    if (k == NULL) {
        return;
    }
    for (int i = 0; i < k->n_children; i++) {
        gndp_kernel_free(k->child[i]);
    }
    free(k->child);
    free(k->value);
    free(k);
}

int kernel_own_params(const gndp_kernel *k)
{
    return k->first[KERNEL_MAX_HYPERS];
}

int kernel_subtree_params(const gndp_kernel *k)
{
    int n = kernel_own_params(k);
    for (int i = 0; i < k->n_children; i++) {
        n += kernel_subtree_params(k->child[i]);
    }
    return n;
}

gndp_status kernel_check_value(const gndp_kernel_ops *ops, const gndp_hyper *hyper, double value)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(isfinite(value), GNDP_ERR_RANGE, "%s of %s is %g: it must be a finite number",
               hyper->name, ops->name, value);
    GNDP_CHECK(value >= hyper->low && (!hyper->open || value > hyper->low), GNDP_ERR_RANGE,
               "%s of %s is %.9g: it must be %s %g", hyper->name, ops->name, value,
               hyper->open ? "above" : "at least", hyper->low);
    GNDP_CHECK(value <= hyper->high, GNDP_ERR_RANGE, "%s of %s is %.9g: it must be at most %g",
               hyper->name, ops->name, value, hyper->high);
    GNDP_CHECK(!hyper->integer || value == floor(value), GNDP_ERR_RANGE,
               "%s of %s is %.9g: it must be a whole number", hyper->name, ops->name, value);
done:
    return st;
}

/* ----------------------------------------------------------------------------------- traits */

gndp_status kernel_find_traits(const gndp_kernel *k, kernel_traits *out)
{
    *out = (kernel_traits){.domain = GNDP_DOMAIN_ANY};
    return k->ops->traits(k, out);
}

gndp_status kernel_check_dim(const gndp_kernel *k, const kernel_traits *traits, int64_t d)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(d >= 1 || traits->domain == GNDP_DOMAIN_ANY, GNDP_ERR_SHAPE,
               "%s: points without coordinates", k->ops->name);
    GNDP_CHECK(traits->domain != GNDP_DOMAIN_SPHERE || d == 3, GNDP_ERR_SHAPE,
               "%s: the kernel lives on the sphere and wants unit vectors of 3 coordinates, the "
               "points have %lld",
               k->ops->name, (long long)d);
    GNDP_CHECK(traits->input_dim == 0 || traits->input_dim == d, GNDP_ERR_SHAPE,
               "%s: the kernel wants points of %d coordinates, they have %lld", k->ops->name,
               traits->input_dim, (long long)d);
    GNDP_CHECK(d >= traits->min_dim, GNDP_ERR_SHAPE,
               "%s: the kernel reads coordinate %d (axes count from 0), the points have %lld",
               k->ops->name, traits->min_dim - 1, (long long)d);
    GNDP_CHECK(traits->outputs != 0 || d <= KERNEL_MAX_OUTPUTS, GNDP_ERR_SHAPE,
               "%s: vectors of %lld components, at most %d", k->ops->name, (long long)d,
               KERNEL_MAX_OUTPUTS);
done:
    return st;
}

gndp_kernel_info gndp_kernel_get_info(const gndp_kernel *k)
{
    kernel_traits traits;
    if (k == NULL || kernel_find_traits(k, &traits) != GNDP_OK) {
        return (gndp_kernel_info){0};
    }
    return (gndp_kernel_info){.domain = traits.domain,
                              .outputs = traits.outputs,
                              .input_dim =
                                  traits.domain == GNDP_DOMAIN_SPHERE ? 3 : traits.input_dim,
                              .stationary = traits.stationary,
                              .isotropic = traits.isotropic,
                              .white_only = traits.white_only,
                              .has_white = traits.has_white,
                              .degree = traits.degree,
                              .series_tail = traits.tail};
}

int gndp_kernel_outputs(const gndp_kernel *k, int64_t input_dim)
{
    const int outputs = gndp_kernel_get_info(k).outputs;
    return outputs > 0 ? outputs : (int)input_dim;
}
