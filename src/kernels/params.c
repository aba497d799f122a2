// SPDX-License-Identifier: Apache-2.0
// The numbers of a tree by path.
#include "kernels/kernel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Where a number sits. */
typedef struct spot {
    const gndp_kernel *node;
    int hyper, index;
    char prefix[64]; /* child indices, "0/2/" */
} spot;

static bool find(const gndp_kernel *k, int i, const char *prefix, spot *out);

static bool find_own(const gndp_kernel *k, int i, const char *prefix, spot *out)
{
    for (int h = 0; h < kernel_hypers(k->ops); h++) {
        if (i < k->first[h + 1]) {
            *out = (spot){.node = k, .hyper = h, .index = i - k->first[h]};
            snprintf(out->prefix, sizeof out->prefix, "%s", prefix);
            return true;
        }
    }
    return false;
}

/* Number i of the subtree, in the order of the text. */
static bool find(const gndp_kernel *k, int i, const char *prefix, spot *out)
{
    const int own = kernel_own_params(k);
    if (k->ops->prefix) {
        if (i < own) {
            return find_own(k, i, prefix, out);
        }
        i -= own;
    }
    for (int c = 0; c < k->n_children; c++) {
        const int n = kernel_subtree_params(k->child[c]);
        if (i < n) {
            char deeper[64];
            const int length = snprintf(deeper, sizeof deeper, "%s%d/", prefix, c);
            return length < (int)sizeof deeper && find(k->child[c], i, deeper, out);
        }
        i -= n;
    }
    return !k->ops->prefix && i < own && find_own(k, i, prefix, out);
}

static void describe(const spot *s, gndp_kernel_param *out)
{
    const gndp_hyper *hyper = &s->node->ops->hyper[s->hyper];
    const bool list = hyper->form == KERNEL_LIST || kernel_count(s->node, s->hyper) > 1;
    char index[16] = "";
    if (list) {
        snprintf(index, sizeof index, "[%d]", s->index);
    }
    *out = (gndp_kernel_param){.value = kernel_list(s->node, s->hyper)[s->index],
                               .low = hyper->low,
                               .high = hyper->high,
                               .positive = hyper->positive,
                               .fittable = !hyper->structural};
    /* The logarithm of a variance of 0 is no number to start from. */
    if (out->positive && !(out->value > 0.0)) {
        out->fittable = false;
    }
    const int length = snprintf(out->path, sizeof out->path, "%s%s/%s%s", s->prefix,
                                s->node->ops->name, hyper->name, index);
    if (length >= (int)sizeof out->path) {
        out->path[sizeof out->path - 1] = '\0';
    }
}

int gndp_kernel_param_count(const gndp_kernel *k)
{
    return k == NULL ? 0 : kernel_subtree_params(k);
}

gndp_status gndp_kernel_param_get(const gndp_kernel *k, int i, gndp_kernel_param *out)
{
    gndp_status st = GNDP_OK;
    spot s;
    GNDP_CHECK(k != NULL && out != NULL, GNDP_ERR_ARG, "%s is NULL", k == NULL ? "kernel" : "out");
    GNDP_CHECK(i >= 0 && find(k, i, "", &s), GNDP_ERR_RANGE, "parameter %d is outside 0..%d", i,
               gndp_kernel_param_count(k) - 1);
    describe(&s, out);
done:
    return st;
}

/* The path that shares the most letters at its two ends with a mistyped one. */
static void nearest_path(const gndp_kernel *k, const char *path, char nearest[64])
{
    const size_t n = strlen(path);
    size_t best = 0;
    gndp_kernel_param p;
    nearest[0] = '\0';
    for (int i = 0; gndp_kernel_param_get(k, i, &p) == GNDP_OK; i++) {
        const size_t m = strlen(p.path);
        size_t front = 0, back = 0;
        while (front < n && front < m && path[front] == p.path[front]) {
            front++;
        }
        while (back < n - front && back < m - front && path[n - 1 - back] == p.path[m - 1 - back]) {
            back++;
        }
        if (front + back > best) {
            best = front + back;
            memcpy(nearest, p.path, m + 1);
        }
        if (i + 1 == gndp_kernel_param_count(k)) {
            break;
        }
    }
}

gndp_status gndp_kernel_param_set(gndp_kernel *k, const char *path, double value)
{
    gndp_status st = GNDP_OK;
    gndp_kernel_param p;
    kernel_traits traits;
    spot s;
    char nearest[64];
    int i = 0, n;
    GNDP_CHECK(k != NULL && path != NULL, GNDP_ERR_ARG, "%s is NULL",
               k == NULL ? "kernel" : "path");
    n = gndp_kernel_param_count(k);
    for (; i < n && find(k, i, "", &s); i++) {
        describe(&s, &p);
        if (strcmp(p.path, path) == 0) {
            break;
        }
    }
    if (i == n) {
        nearest_path(k, path, nearest);
        GNDP_CHECK(false, GNDP_ERR_NOT_FOUND, "no parameter '%s'%s%s%s", path,
                   nearest[0] != '\0' ? ": the nearest is '" : " in this kernel", nearest,
                   nearest[0] != '\0' ? "'" : "");
    }
    GNDP_TRY(kernel_check_value(s.node->ops, &s.node->ops->hyper[s.hyper], value));
    /* The node belongs to k, which the caller lets us change. */
    double *const at = s.node->value + s.node->first[s.hyper] + s.index;
    const double before = *at;
    *at = value;
    st = kernel_find_traits(k, &traits); /* a structural number may unfit the parts */
    if (st != GNDP_OK) {
        *at = before;
        GNDP_TRY(st);
    }
done:
    return st;
}
