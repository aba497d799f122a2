// SPDX-License-Identifier: Apache-2.0
// Reads the gradient cases of the op table (language: graph/op.h) and draws inputs for them.
#ifndef GNDP_TEST_GRAD_CASE_H
#define GNDP_TEST_GRAD_CASE_H

#include "graph/op.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum case_kind {
    CASE_NORMAL,
    CASE_POSITIVE, /* + : in (0.5, 2) */
    CASE_UNIT,     /* u : in (-0.9, 0.9) */
    CASE_DISTINCT, /* d : at least 0.1 apart and from 0 */
    CASE_SPD,
    CASE_LOWER, /* tri */
    CASE_MASK,  /* m */
    CASE_INDEX  /* iN */
} case_kind;

typedef struct case_input {
    case_kind kind;
    int below; /* CASE_INDEX: the bound N */
    gndp_type type;
} case_input;

typedef struct grad_case {
    int n_in;
    case_input in[GNDP_MAX_INPUTS];
    gndp_attr attr;
} grad_case;

static inline bool case_is_real(const case_input *in)
{
    return in->kind != CASE_MASK && in->kind != CASE_INDEX;
}

/* "[3,5]" or "[]"; moves *text past it. */
static bool case_dims(const char **text, gndp_type *type)
{
    const char *t = *text;
    *type = (gndp_type){.dtype = type->dtype};
    if (*t++ != '[')
        return false;
    while (*t != ']') {
        char *end;
        const long dim = strtol(t, &end, 10);
        if (end == t || dim < 0 || type->rank == GNDP_MAX_RANK)
            return false;
        type->dim[type->rank++] = dim;
        t = *end == ',' ? end + 1 : end;
        if (*end != ',' && *end != ']')
            return false;
    }
    *text = t + 1;
    return true;
}

static bool case_one_input(const char **text, gndp_dtype real, case_input *in)
{
    static const struct {
        const char *word;
        case_kind kind;
    } kinds[] = {{"+", CASE_POSITIVE}, {"u", CASE_UNIT}, {"d", CASE_DISTINCT}, {"spd", CASE_SPD}, {"tri", CASE_LOWER}, {"m", CASE_MASK}};
    const char *t = *text;
    const size_t length = strcspn(t, "[");
    *in = (case_input){.type.dtype = real};
    if (length > 0 && t[0] == 'i') {
        char *end;
        in->kind = CASE_INDEX;
        in->below = (int)strtol(t + 1, &end, 10);
        if (end != t + length || in->below <= 0)
            return false;
    } else if (length > 0) {
        size_t k = 0;
        while (k < sizeof kinds / sizeof *kinds && (strlen(kinds[k].word) != length || strncmp(kinds[k].word, t, length) != 0))
            k++;
        if (k == sizeof kinds / sizeof *kinds)
            return false;
        in->kind = kinds[k].kind;
    }
    if (!case_is_real(in))
        in->type.dtype = GNDP_I32;
    t += length;
    if (!case_dims(&t, &in->type))
        return false;
    *text = t;
    return true;
}

static bool case_one_attr(const char **text, gndp_attr *attr)
{
    const char *t = *text;
    char *end = NULL;
    if (strncmp(t, "type=", 5) == 0) {
        t += 5;
        if (!case_dims(&t, &attr->type))
            return false;
        *text = t;
        return true;
    }
    if (strncmp(t, "dtype=", 6) == 0) {
        const gndp_dtype all[3] = {GNDP_F32, GNDP_F64, GNDP_I32};
        for (int k = 0; k < 3; k++)
            if (strncmp(t + 6, gndp_dtype_name(all[k]), 3) == 0) {
                attr->type.dtype = all[k];
                *text = t + 9;
                return true;
            }
        return false;
    }
    const char which = *t;
    if (which != 'i' && which != 'f')
        return false;
    const long k = strtol(t + 1, &end, 10);
    if (end == t + 1 || *end != '=' || k < 0 || k >= (which == 'i' ? GNDP_ATTR_INTS : 4))
        return false;
    t = end + 1;
    if (which == 'i')
        attr->i[k] = strtoll(t, &end, 10);
    else
        attr->f[k] = strtod(t, &end);
    *text = end;
    return end != t;
}

/*
 * Read the case that starts at *text, up to '|' or the end, and move *text past it.
 * @param real dtype of the real inputs, and of attr.type unless dtype= is given
 */
static bool case_read(const char **text, gndp_dtype real, grad_case *c)
{
    const char *t = *text;
    bool attributes = false;
    *c = (grad_case){.attr.type.dtype = real};
    while (*t != 0 && *t != '|') {
        if (isspace((unsigned char)*t)) {
            t++;
        } else if (*t == ';' && !attributes) {
            attributes = true;
            t++;
        } else if (attributes) {
            if (!case_one_attr(&t, &c->attr))
                return false;
        } else if (c->n_in == GNDP_MAX_INPUTS || !case_one_input(&t, real, &c->in[c->n_in++])) {
            return false;
        }
    }
    *text = *t == '|' ? t + 1 : t;
    return true;
}

/* ---------------------------------------------------------------------------------------------------- values */

/* splitmix64 (Steele, Lea, Flood 2014): small, seeded, the same everywhere. */
static uint64_t case_bits(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* In (low, high), never an end. */
static double case_uniform(uint64_t *seed, double low, double high)
{
    return low + (high - low) * ((double)(case_bits(seed) >> 12) + 0.5) * 0x1p-52;
}

static double case_normal(uint64_t *seed)
{
    const double r = sqrt(-2.0 * log(case_uniform(seed, 0.0, 1.0)));
    return r * cos(6.283185307179586 * case_uniform(seed, 0.0, 1.0));
}

/* One n by n matrix: A A'/n + 1, or a lower triangle with a diagonal in (1, 2) and above it what must not be read. */
static void case_matrix(case_kind kind, int64_t n, uint64_t *seed, double *x)
{
    if (kind == CASE_LOWER) {
        for (int64_t k = 0; k < n * n; k++)
            x[k] = k / n == k % n ? case_uniform(seed, 1.0, 2.0) : 0.4 * case_normal(seed);
        return;
    }
    double *a = malloc((size_t)(n * n) * sizeof *a);
    for (int64_t k = 0; k < n * n; k++)
        a[k] = case_normal(seed);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            x[i * n + j] = i == j ? 1.0 : 0.0;
            for (int64_t k = 0; k < n; k++)
                x[i * n + j] += a[i * n + k] * a[j * n + k] / (double)n;
        }
    free(a);
}

/* The d kind: a random order of values +-(0.15 + 0.12 k); inputs of one node are shifted against each other. */
static void case_distinct(int64_t n, int which, uint64_t *seed, double *x)
{
    for (int64_t k = 0; k < n; k++)
        x[k] = (0.15 + 0.05 * (which % 2) + 0.12 * (double)(k % 61)) * (k % 2 == 0 ? 1.0 : -1.0);
    for (int64_t k = n - 1; k > 0; k--) {
        const int64_t other = (int64_t)(case_bits(seed) % (uint64_t)(k + 1));
        const double kept = x[k];
        x[k] = x[other];
        x[other] = kept;
    }
}

/* Fill x [count] for input number `which`. All values are floats, so that a run in f32 and one in f64 see the same. */
static void case_values(const case_input *in, int which, uint64_t *seed, double *x)
{
    const int64_t count = gndp_type_count(in->type);
    const int64_t n = in->type.rank >= 2 ? in->type.dim[in->type.rank - 1] : 1;
    switch (in->kind) {
    case CASE_SPD:
    case CASE_LOWER:
        for (int64_t at = 0; n > 0 && at + n * n <= count; at += n * n)
            case_matrix(in->kind, n, seed, x + at);
        break;
    case CASE_DISTINCT:
        case_distinct(count, which, seed, x);
        break;
    default:
        for (int64_t k = 0; k < count; k++)
            x[k] = in->kind == CASE_POSITIVE  ? case_uniform(seed, 0.5, 2.0)
                   : in->kind == CASE_UNIT    ? case_uniform(seed, -0.9, 0.9)
                   : in->kind == CASE_MASK    ? (double)(case_uniform(seed, 0.0, 1.0) < 0.7)
                   : in->kind == CASE_INDEX   ? floor(case_uniform(seed, 0.0, in->below))
                                              : case_normal(seed);
    }
    for (int64_t k = 0; k < count; k++)
        x[k] = (double)(float)x[k];
}

/* A direction to differentiate along, symmetric for an spd input, of which only symmetric neighbours exist. */
static void case_direction(case_kind kind, gndp_type type, uint64_t *seed, double *u)
{
    const int64_t count = gndp_type_count(type), n = type.rank >= 2 ? type.dim[type.rank - 1] : 1;
    for (int64_t k = 0; k < count; k++) /* magnitudes in (0.5, 1.5): no component is lost, no kink is reached */
        u[k] = case_uniform(seed, 0.5, 1.5) * (case_bits(seed) >> 63 ? 1.0 : -1.0);
    if (kind == CASE_SPD)
        for (int64_t at = 0; at + n * n <= count; at += n * n)
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = 0; j < i; j++)
                    u[at + i * n + j] = u[at + j * n + i];
}

#endif
