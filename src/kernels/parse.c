// SPDX-License-Identifier: Apache-2.0
// Kernels read from text; what is wrong is shown with its column.
#include "kernels/kernel.h"
#include "kernels/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * kernel  := term { "+" term }
 * term    := factor { "*" factor }               numbers among the factors make one scale
 * factor  := NUMBER | "(" kernel ")" | NAME "(" [ argument { "," argument } ] ")"
 * argument:= kernel | NAME "=" ( NUMBER | "[" [ NUMBER { "," NUMBER } ] "]" )
 *
 * Sums within sums and products within products are joined, and scales within products pulled to
 * the front, so that a tree has one text and a text one tree.
 */
static const char *kind_name(const void *state, int i)
{
    (void)state;
    return kernel_kind_at(i) == NULL ? NULL : kernel_kind_at(i)->name;
}

static const char *hyper_name(const void *state, int i)
{
    const gndp_kernel_ops *ops = state;
    return ops->hyper == NULL ? NULL : ops->hyper[i].name;
}

/* --------------------------------------------------------------------------------- arguments */

static gndp_status read_number(reader *r, const gndp_kernel *k, int h, double *value)
{
    gndp_status st = GNDP_OK;
    char text[32];
    reader_skip(r);
    const char *at = r->p, *end = kernel_number_read(at, value);
    if (end == NULL) {
        FAIL_AT(r, at, GNDP_ERR_FORMAT, "a number is expected for %s, here is %s",
                k->ops->hyper[h].name, reader_seen(at, text));
    }
    if (kernel_check_value(k->ops, &k->ops->hyper[h], *value) != GNDP_OK) {
        st = reader_place(r, at, GNDP_ERR_RANGE);
        goto done;
    }
    r->p = end;
done:
    return st;
}

static gndp_status read_list(reader *r, gndp_kernel *k, int h)
{
    gndp_status st = GNDP_OK;
    double value[KERNEL_MAX_LIST];
    int n = 0;
    const char *at = r->p;
    if (reader_take(r, ']')) {
        if (k->ops->hyper[h].form != KERNEL_LIST || k->ops->hyper[h].required) {
            FAIL_AT(r, at, GNDP_ERR_FORMAT, "%s wants at least one number", k->ops->hyper[h].name);
        }
        GNDP_TRY(kernel_set_list(k, h, 0, NULL));
        goto done;
    }
    do {
        if (n == KERNEL_MAX_LIST) {
            FAIL_AT(r, r->p, GNDP_ERR_RANGE, "more than %d numbers", KERNEL_MAX_LIST);
        }
        GNDP_TRY(read_number(r, k, h, &value[n++]));
    } while (reader_take(r, ','));
    GNDP_TRY(reader_expect(r, ']', "after a list"));
    GNDP_TRY(kernel_set_list(k, h, n, value));
done:
    return st;
}

/* NAME "=" value, the name at r->p */
static gndp_status read_hyper(reader *r, gndp_kernel *k, unsigned *given)
{
    gndp_status st = GNDP_OK;
    const size_t n = reader_word(r->p);
    const char *at = r->p, *name = NULL;
    char why[64];
    int h = 0;
    while (hyper_name(k->ops, h) != NULL) {
        name = hyper_name(k->ops, h);
        if (strlen(name) == n && strncmp(name, at, n) == 0) {
            break;
        }
        name = NULL;
        h++;
    }
    if (name == NULL) {
        const char *nearest = kernel_nearest(at, n, hyper_name, k->ops);
        nearest = nearest != NULL ? nearest : hyper_name(k->ops, 0);
        FAIL_AT(r, at, GNDP_ERR_FORMAT, "%s has no parameter '%.*s'%s%s%s", k->ops->name,
                (int)(n > 40 ? 40 : n), at, nearest == NULL ? "" : "; there is '",
                nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'");
    }
    if ((*given >> h & 1u) != 0) {
        FAIL_AT(r, at, GNDP_ERR_FORMAT, "%s is given twice", name);
    }
    *given |= 1u << h;
    r->p += n;
    snprintf(why, sizeof why, "after %s", name);
    GNDP_TRY(reader_expect(r, '=', why));
    reader_skip(r);
    if (*r->p == '[') {
        if (k->ops->hyper[h].form == KERNEL_ONE) {
            FAIL_AT(r, r->p, GNDP_ERR_FORMAT, "%s of %s is one number, not a list", name,
                    k->ops->name);
        }
        r->p++;
        GNDP_TRY(read_list(r, k, h));
    } else {
        double value;
        if (k->ops->hyper[h].form == KERNEL_LIST) {
            FAIL_AT(r, r->p, GNDP_ERR_FORMAT, "%s of %s is a list: [..]", name, k->ops->name);
        }
        GNDP_TRY(read_number(r, k, h, &value));
        GNDP_TRY(kernel_set_list(k, h, 1, &value));
    }
done:
    return st;
}

static gndp_status read_kernel(reader *r, gndp_kernel **out);

/* What stands between the brackets of a name, and the closing one. */
static gndp_status read_arguments(reader *r, gndp_kernel *k)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *child = NULL;
    unsigned given = 0;
    const int n = kernel_hypers(k->ops);
    if (!reader_take(r, ')')) {
        do {
            reader_skip(r);
            const char *at = r->p, *after = at + reader_word(at);
            while (*after == ' ' || *after == '\t' || *after == '\n' || *after == '\r') {
                after++;
            }
            if (after > at && *after == '=') {
                GNDP_TRY(read_hyper(r, k, &given));
                continue;
            }
            if (k->ops->children == 0) {
                FAIL_AT(r, at, GNDP_ERR_FORMAT, "%s takes parameters as name=value", k->ops->name);
            }
            if (k->n_children == k->ops->children) {
                FAIL_AT(r, at, GNDP_ERR_FORMAT, "%s takes one kernel", k->ops->name);
            }
            GNDP_TRY(read_kernel(r, &child));
            GNDP_TRY(kernel_adopt(k, child));
        } while (reader_take(r, ','));
        GNDP_TRY(reader_expect(r, ')', "to close the bracket, or ','"));
    }
    if (k->n_children < k->ops->children) {
        FAIL_AT(r, r->p - 1, GNDP_ERR_FORMAT,
                "%s wants a kernel first, as in %s(rbf(lengthscale=1)"
                "%s)",
                k->ops->name, k->ops->name, n > 0 ? ", .." : "");
    }
    for (int h = 0; h < n; h++) {
        if (k->ops->hyper[h].required && (given >> h & 1u) == 0) {
            FAIL_AT(r, r->p - 1, GNDP_ERR_FORMAT, "%s wants %s", k->ops->name,
                    k->ops->hyper[h].name);
        }
    }
done:
    return st;
}

/* ------------------------------------------------------------------------------------- trees */

static int height(const gndp_kernel *k)
{
    int most = 0;
    for (int i = 0; i < k->n_children; i++) {
        const int h = height(k->child[i]);
        most = h > most ? h : most;
    }
    return most + 1;
}

/* The parts fit, and paths stay short enough. */
static gndp_status check(const reader *r, const char *at, const gndp_kernel *k)
{
    gndp_status st = GNDP_OK;
    kernel_traits traits;
    if ((st = kernel_find_traits(k, &traits)) != GNDP_OK) {
        st = reader_place(r, at, st);
        goto done;
    }
    if (height(k) > KERNEL_MAX_DEPTH) {
        FAIL_AT(r, at, GNDP_ERR_FORMAT, "a kernel more than %d levels deep", KERNEL_MAX_DEPTH);
    }
done:
    return st;
}

static gndp_status read_named(reader *r, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *k = NULL;
    const gndp_kernel_ops *ops = NULL;
    const size_t n = reader_word(r->p);
    const char *at = r->p;
    char text[32], why[64];
    if (n == 0) {
        FAIL_AT(r, at, GNDP_ERR_FORMAT, "a kernel is expected, here is %s", reader_seen(at, text));
    }
    for (int i = 0; kernel_kind_at(i) != NULL; i++) {
        const char *name = kernel_kind_at(i)->name;
        if (strlen(name) == n && strncmp(name, at, n) == 0) {
            ops = kernel_kind_at(i);
        }
    }
    if (ops == NULL) {
        const char *nearest = kernel_nearest(at, n, kind_name, NULL);
        FAIL_AT(r, at, GNDP_ERR_FORMAT, "no kernel is named '%.*s'%s%s%s", (int)(n > 40 ? 40 : n),
                at, nearest == NULL ? "" : "; the nearest is '", nearest == NULL ? "" : nearest,
                nearest == NULL ? "" : "'");
    }
    r->p += n;
    snprintf(why, sizeof why, "after %s", ops->name);
    GNDP_TRY(reader_expect(r, '(', why));
    GNDP_TRY(kernel_create(ops, &k));
    GNDP_TRY(read_arguments(r, k));
    GNDP_TRY(check(r, at, k));
    *out = k;
    k = NULL;
done:
    gndp_kernel_free(k);
    return st;
}

/* Move the children of `from` (of the same kind) or `from` itself to the end of `to`; from is
   taken. */
static gndp_status append(gndp_kernel *to, gndp_kernel *from)
{
    gndp_status st = GNDP_OK;
    if (from->ops != to->ops) {
        return kernel_adopt(to, from);
    }
    while (from->n_children > 0 && st == GNDP_OK) {
        gndp_kernel *child = from->child[0];
        from->n_children--;
        memmove(from->child, from->child + 1, (size_t)from->n_children * sizeof(*from->child));
        st = kernel_adopt(to, child);
    }
    gndp_kernel_free(from);
    return st;
}

/* A factor: a kernel, or a number (out NULL). A scale is split into both. */
static gndp_status read_factor(reader *r, gndp_kernel **out, double *scale, bool *scaled)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *k = NULL;
    double value;
    reader_skip(r);
    const char *at = r->p, *end = kernel_number_read(at, &value);
    *out = NULL;
    if (end != NULL && !reader_letter(*end)) {
        if (!isfinite(value) || value < 0.0) {
            FAIL_AT(r, at, GNDP_ERR_RANGE, "a scale is %g: it must be finite and at least 0",
                    value);
        }
        r->p = end;
        *scale *= value;
        *scaled = true;
        goto done;
    }
    if (*at == '(') {
        r->p++;
        GNDP_TRY(read_kernel(r, &k));
        GNDP_TRY(reader_expect(r, ')', "to close the bracket, or '+' or '*'"));
    } else {
        GNDP_TRY(read_named(r, &k));
    }
    if (k->ops == &kernel_scale_ops) {
        gndp_kernel *child = k->child[0];
        *scale *= k->value[0];
        *scaled = true;
        k->n_children = 0;
        gndp_kernel_free(k);
        k = child;
    }
    *out = k;
    k = NULL;
done:
    gndp_kernel_free(k);
    return st;
}

/* A tree of one child is the child. k is taken. */
static gndp_kernel *unwrap(gndp_kernel *k)
{
    if (k->n_children != 1) {
        return k;
    }
    gndp_kernel *child = k->child[0];
    k->n_children = 0;
    gndp_kernel_free(k);
    return child;
}

static gndp_status read_term(reader *r, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *product = NULL, *factor = NULL;
    double scale = 1.0;
    bool scaled = false;
    reader_skip(r);
    const char *at = r->p;
    GNDP_TRY(kernel_create(&kernel_product_ops, &product));
    do {
        GNDP_TRY(read_factor(r, &factor, &scale, &scaled));
        if (factor != NULL) {
            GNDP_TRY(append(product, factor));
        }
    } while (reader_take(r, '*'));
    if (product->n_children == 0) {
        char text[KERNEL_NUMBER_BYTES];
        kernel_number_print(scale, text);
        FAIL_AT(r, at, GNDP_ERR_FORMAT,
                "a number is no kernel: constant(variance=%s), or %s * a kernel", text, text);
    }
    product = unwrap(product);
    GNDP_TRY(check(r, at, product));
    if (scaled) {
        if (!isfinite(scale)) {
            FAIL_AT(r, at, GNDP_ERR_RANGE, "the scales multiply to infinity");
        }
        gndp_kernel *inner = product;
        product = NULL;
        GNDP_TRY(kernel_wrap(&kernel_scale_ops, inner, &product));
        product->value[0] = scale;
    }
    *out = product;
    product = NULL;
done:
    gndp_kernel_free(product);
    return st;
}

static gndp_status read_kernel(reader *r, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *sum = NULL, *term = NULL;
    *out = NULL;
    reader_skip(r);
    const char *at = r->p;
    r->depth++;
    if (r->depth > 4 * KERNEL_MAX_DEPTH) { /* bounds the recursion; trees are bounded by check */
        FAIL_AT(r, at, GNDP_ERR_FORMAT, "brackets more than %d levels deep", 4 * KERNEL_MAX_DEPTH);
    }
    GNDP_TRY(kernel_create(&kernel_sum_ops, &sum));
    do {
        GNDP_TRY(read_term(r, &term));
        GNDP_TRY(append(sum, term));
    } while (reader_take(r, '+'));
    sum = unwrap(sum);
    GNDP_TRY(check(r, at, sum));
    *out = sum;
    sum = NULL;
done:
    r->depth--;
    gndp_kernel_free(sum);
    return st;
}

gndp_status gndp_kernel_parse(const char *text, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *k = NULL;
    reader r = {.text = text, .p = text};
    char word[32];
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(text != NULL, GNDP_ERR_ARG, "text is NULL");
    GNDP_TRY(read_kernel(&r, &k));
    reader_skip(&r);
    if (*r.p != '\0') {
        FAIL_AT(&r, r.p, GNDP_ERR_FORMAT, "'+', '*' or the end is expected, here is %s%s",
                reader_seen(r.p, word), *r.p == '-' ? " (kernels cannot be subtracted)" : "");
    }
    *out = k;
    k = NULL;
done:
    gndp_kernel_free(k);
    return st;
}
