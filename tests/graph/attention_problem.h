// SPDX-License-Identifier: Apache-2.0
// Random attention problems, their answers by plain f64 loops, and the bounds of the errors.
#ifndef GNDP_TESTS_GRAPH_ATTENTION_PROBLEM_H
#define GNDP_TESTS_GRAPH_ATTENTION_PROBLEM_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "graph/cpu/attention.h"
#include "support/test_main.h"

#define SENTINEL 12345.0

typedef struct level {
    gndp_attention_kind kind;
    gndp_simd simd;
    bool bf16;
} level;

/* What this processor runs: f32 and f64 of each level, bf16 imitated and, where there is, in
 * hardware. */
static int levels(level out[8])
{
    const gndp_cpu cpu = gndp_cpu_detect();
    int n = 0;
    for (int simd = GNDP_SIMD_BASE; simd <= (int)cpu.simd; simd++) {
        out[n++] = (level){GNDP_ATTENTION_F32, (gndp_simd)simd, false};
        out[n++] = (level){GNDP_ATTENTION_F64, (gndp_simd)simd, false};
    }
    out[n++] = (level){GNDP_ATTENTION_BF16, GNDP_SIMD_BASE, false};
    if (cpu.simd == GNDP_SIMD_AVX512 && cpu.avx512_bf16)
        out[n++] = (level){GNDP_ATTENTION_BF16, GNDP_SIMD_AVX512, true};
    return n;
}

static double uniform(uint64_t *seed) /* in (-1, 1) */
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return ((double)(*seed >> 11) + 0.5) * 0x1p-52 - 1.0;
}

/* All arrays in f64; the routines get copies in their own type. n counts elements with padding. */
typedef struct problem {
    gndp_attention_shape s;
    int64_t nq, nk, nv, no, nl; /* elements of q, k, v, o and lse */
    double *q, *k, *v, *d_o;
    double *o, *lse, *dq, *dk, *dv;               /* reference */
    double *o_size, *dq_size, *dk_size, *dv_size; /* the same sums with all terms positive */
    double logit_size;                            /* the largest sum of |scale q_c k_c| */
    int32_t *mask;
} problem;

static void *room(int64_t n, size_t size)
{
    void *p = calloc((size_t)(n > 0 ? n : 1), size);
    assert_non_null(p);
    return p;
}

enum { SHARE_Q = 1, SHARE_K = 2, SHARE_V = 4 };

static int64_t extent(int64_t batch, int64_t stride, int64_t rows, int64_t row)
{
    return (batch - 1) * stride + rows * row;
}

/* Random arrays with rows `slack` elements wider than needed. */
static problem make_problem(int64_t batch, int64_t heads, int64_t nq, int64_t nk, int64_t dk,
                            int64_t dv, int64_t slack, int share, uint64_t seed)
{
    problem p = {.s = {.batch = batch,
                       .nq = nq,
                       .nk = nk,
                       .heads = heads,
                       .dk = dk,
                       .dv = dv,
                       .q_row = heads * dk + slack,
                       .k_row = heads * dk + 2 * slack,
                       .v_row = heads * dv + slack,
                       .o_row = heads * dv + 3 * slack,
                       .scale = 1 / sqrt((double)dk)}};
    gndp_attention_shape *s = &p.s;
    s->q_batch = (share & SHARE_Q) ? 0 : nq * s->q_row + slack;
    s->k_batch = (share & SHARE_K) ? 0 : nk * s->k_row + slack;
    s->v_batch = (share & SHARE_V) ? 0 : nk * s->v_row;
    s->o_batch = nq * s->o_row + slack;
    p.nq = extent(batch, s->q_batch, nq, s->q_row);
    p.nk = extent(batch, s->k_batch, nk, s->k_row);
    p.nv = extent(batch, s->v_batch, nk, s->v_row);
    p.no = extent(batch, s->o_batch, nq, s->o_row);
    p.nl = batch * heads * nq;
    double **const in[] = {&p.q, &p.k, &p.v, &p.d_o};
    const int64_t size[] = {p.nq, p.nk, p.nv, p.no};
    for (int i = 0; i < 4; i++) {
        *in[i] = room(size[i], sizeof(double));
        for (int64_t j = 0; j < size[i];
             j++) /* exact in f32, so that all kinds see the same numbers */
            (*in[i])[j] = (double)(float)(2 * uniform(&seed));
    }
    p.lse = room(p.nl, sizeof(double));
    p.o = room(p.no, sizeof(double));
    p.o_size = room(p.no, sizeof(double));
    p.dq = room(p.nq, sizeof(double));
    p.dq_size = room(p.nq, sizeof(double));
    p.dk = room(p.nk, sizeof(double));
    p.dk_size = room(p.nk, sizeof(double));
    p.dv = room(p.nv, sizeof(double));
    p.dv_size = room(p.nv, sizeof(double));
    return p;
}

static void free_problem(problem *p)
{
    double *all[] = {p->q,  p->k,  p->v,      p->d_o,     p->o,       p->lse,    p->dq,
                     p->dk, p->dv, p->o_size, p->dq_size, p->dk_size, p->dv_size};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    free(p->mask);
}

enum mask_mode { NO_MASK, KEY_MASK, PAIR_MASK, PAIR_MASK_BY_KEY };

/* Keeps about two thirds; `dead` masks batch member 0 fully (keys) or every third query (pairs). */
static void add_mask(problem *p, enum mask_mode mode, bool dead, uint64_t seed)
{
    gndp_attention_shape *s = &p->s;
    const int64_t pairs = s->nq * s->nk;
    if (mode == NO_MASK)
        return;
    p->mask = room(s->batch * pairs, sizeof *p->mask);
    s->mask = p->mask;
    s->mask_q = mode == KEY_MASK ? 0 : mode == PAIR_MASK ? s->nk : 1;
    s->mask_k = mode == PAIR_MASK_BY_KEY ? s->nq : 1;
    s->mask_batch = mode == KEY_MASK ? s->nk : pairs;
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t q = 0; q < (mode == KEY_MASK ? 1 : s->nq); q++)
            for (int64_t k = 0; k < s->nk; k++) {
                const bool off = dead && (mode == KEY_MASK ? b == 0 : q % 3 == 1);
                p->mask[b * s->mask_batch + q * s->mask_q + k * s->mask_k] = off ? 0
                                                                             : uniform(&seed) > -0.3
                                                                                 ? 7
                                                                                 : 0;
            }
}

static bool kept(const gndp_attention_shape *s, int64_t b, int64_t q, int64_t k)
{
    return s->mask == NULL || s->mask[b * s->mask_batch + q * s->mask_q + k * s->mask_k] != 0;
}

typedef struct row {
    const double *q, *k, *v, *d_o;
    double *o, *o_size, *dq, *dq_size, *dk, *dk_size, *dv, *dv_size;
} row;

/* One query of one head: o, lse, then its share of the gradients. w holds nk weights. */
static void reference_row(problem *p, int64_t b, int64_t h, int64_t i, double *w, row r)
{
    const gndp_attention_shape *s = &p->s;
    double best = -(double)INFINITY, total = 0, inner = 0, inner_size = 0;
    for (int64_t j = 0; j < s->nk; j++) {
        double dot = 0, size = 0;
        w[j] = -(double)INFINITY;
        if (!kept(s, b, i, j))
            continue;
        for (int64_t c = 0; c < s->dk; c++) {
            dot += r.q[c] * r.k[j * s->k_row + c];
            size += fabs(s->scale * r.q[c] * r.k[j * s->k_row + c]);
        }
        w[j] = s->scale * dot;
        best = fmax(best, w[j]);
        p->logit_size = fmax(p->logit_size, size);
    }
    for (int64_t j = 0; j < s->nk; j++)
        total += kept(s, b, i, j) ? exp(w[j] - best) : 0;
    p->lse[(b * s->heads + h) * s->nq + i] = total > 0 ? best + log(total) : -(double)INFINITY;
    for (int64_t j = 0; j < s->nk; j++) {
        w[j] = kept(s, b, i, j) ? exp(w[j] - best) / total : 0;
        for (int64_t c = 0; c < s->dv && kept(s, b, i, j); c++) {
            r.o[c] += w[j] * r.v[j * s->v_row + c];
            r.o_size[c] += w[j] * fabs(r.v[j * s->v_row + c]);
        }
    }
    for (int64_t c = 0; c < s->dv && total > 0; c++) {
        inner += r.d_o[c] * r.o[c];
        inner_size += fabs(r.d_o[c]) * r.o_size[c];
    }
    for (int64_t j = 0; j < s->nk; j++) {
        double d = 0, size = 0;
        if (!kept(s, b, i, j))
            continue;
        for (int64_t c = 0; c < s->dv; c++) {
            d += r.d_o[c] * r.v[j * s->v_row + c];
            size += fabs(r.d_o[c] * r.v[j * s->v_row + c]);
            r.dv[j * s->v_row + c] += w[j] * r.d_o[c];
            r.dv_size[j * s->v_row + c] += w[j] * fabs(r.d_o[c]);
        }
        d = s->scale * w[j] * (d - inner);
        size = fabs(s->scale) * w[j] * (size + inner_size);
        for (int64_t c = 0; c < s->dk; c++) {
            r.dq[c] += d * r.k[j * s->k_row + c];
            r.dq_size[c] += size * fabs(r.k[j * s->k_row + c]);
            r.dk[j * s->k_row + c] += d * r.q[c];
            r.dk_size[j * s->k_row + c] += size * fabs(r.q[c]);
        }
    }
}

static void reference(problem *p)
{
    const gndp_attention_shape *s = &p->s;
    double *w = room(s->nk, sizeof *w);
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t h = 0; h < s->heads; h++)
            for (int64_t i = 0; i < s->nq; i++) {
                const int64_t q = b * s->q_batch + i * s->q_row + h * s->dk,
                              k = b * s->k_batch + h * s->dk, v = b * s->v_batch + h * s->dv,
                              o = b * s->o_batch + i * s->o_row + h * s->dv;
                reference_row(p, b, h, i, w,
                              (row){p->q + q, p->k + k, p->v + v, p->d_o + o, p->o + o,
                                    p->o_size + o, p->dq + q, p->dq_size + q, p->dk + k,
                                    p->dk_size + k, p->dv + v, p->dv_size + v});
            }
    free(w);
}

/* Arrays of a call, in the type of the kind. */
typedef struct result {
    bool wide;
    void *q, *k, *v, *d_o, *o, *lse, *dq, *dk, *dv;
} result;

static double value(const result *r, const void *p, int64_t i)
{
    return r->wide ? ((const double *)p)[i] : (double)((const float *)p)[i];
}

/* Exactly n elements, so that a sanitizer sees any access behind them. */
static void *typed(bool wide, int64_t n, const double *from)
{
    void *p = room(n, wide ? sizeof(double) : sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        const double x = from != NULL ? from[i] : SENTINEL;
        if (wide)
            ((double *)p)[i] = x;
        else
            ((float *)p)[i] = (float)x;
    }
    return p;
}

static result run(const problem *p, level l, int threads)
{
    const gndp_attention_shape *s = &p->s;
    result r = {.wide = l.kind == GNDP_ATTENTION_F64};
    r.q = typed(r.wide, p->nq, p->q);
    r.k = typed(r.wide, p->nk, p->k);
    r.v = typed(r.wide, p->nv, p->v);
    r.d_o = typed(r.wide, p->no, p->d_o);
    r.o = typed(r.wide, p->no, NULL);
    r.lse = typed(r.wide, p->nl, NULL);
    r.dq = typed(r.wide, p->nq, NULL);
    r.dk = typed(r.wide, p->nk, NULL);
    r.dv = typed(r.wide, p->nv, NULL);
    for (int adjoint = 0; adjoint < 2; adjoint++) {
        const size_t bytes =
            gndp_attention_scratch_bytes(l.kind, l.simd, l.bf16, s, threads, adjoint == 1);
        char *scratch = malloc(bytes);
        assert_non_null(scratch);
        memset(scratch, 0xff, bytes); /* NaN: nothing may be read before it is written */
        if (adjoint)
            gndp_attention_adjoint(l.kind, l.simd, l.bf16, s, r.q, r.k, r.v, r.o, r.lse, r.d_o,
                                   r.dq, r.dk, r.dv, scratch, threads);
        else
            gndp_attention_forward(l.kind, l.simd, l.bf16, s, r.q, r.k, r.v, r.o, r.lse, scratch,
                                   threads);
        free(scratch);
    }
    return r;
}

static void free_result(result *r)
{
    void *all[] = {r->q, r->k, r->v, r->d_o, r->o, r->lse, r->dq, r->dk, r->dv};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* Entries of rows: |got - want| <= bound size; the rest of the array keeps the sentinel. */
static void compare(const char *name, const result *r, const void *got, const double *want,
                    const double *size, double bound, int64_t n, int64_t batch,
                    int64_t batch_stride, int64_t rows, int64_t stride, int64_t columns)
{
    char *inside = room(n, 1);
    for (int64_t b = 0; b < batch; b++)
        for (int64_t i = 0; i < rows; i++)
            memset(inside + b * batch_stride + i * stride, 1, (size_t)columns);
    for (int64_t i = 0; i < n; i++) {
        const double x = value(r, got, i);
        if (inside[i] == 0 ? x != SENTINEL : !(fabs(x - want[i]) <= bound * size[i] + 1e-300))
            fail_msg("%s[%lld] is %.9g, wanted %.9g within %.3g", name, (long long)i, x,
                     inside[i] ? want[i] : SENTINEL, inside[i] ? bound * size[i] : 0.0);
    }
    free(inside);
}

/*
 * Bounds. u is the unit roundoff of the operands, e that of the sums times their length. A logit is
 * off by at most (2 u + e) L with L the sum of its terms' sizes; a weight, relative, by twice that
 * (itself and the normaliser) and by u + e of its own. So o is off by (4 u L + 3 u + ..) of the sum
 * of sizes; the adjoint uses two such factors and lse of the forward pass, so twice that and a
 * little more.
 */
static void check(const problem *p, level l, int threads)
{
    const gndp_attention_shape *s = &p->s;
    const double longest =
                     fmax(fmax((double)s->nq, (double)s->nk), fmax((double)s->dk, (double)s->dv)),
                 e = (l.kind == GNDP_ATTENTION_F64 ? 0x1p-53 : 0x1p-24) * (longest + 16),
                 u = (l.kind == GNDP_ATTENTION_BF16 ? 0x1p-9 : 0) + e,
                 bound = (4 * p->logit_size + 4) * u, bound2 = (8 * p->logit_size + 16) * u;
    result r = run(p, l, threads);
    for (int64_t i = 0; i < p->nl; i++) {
        const double x = value(&r, r.lse, i);
        if (isinf(p->lse[i])
                ? x != p->lse[i]
                : !(fabs(x - p->lse[i]) <= 2 * u * (p->logit_size + fabs(p->lse[i]) + 1)))
            fail_msg("lse[%lld] is %.9g, wanted %.9g", (long long)i, x, p->lse[i]);
    }
    compare("o", &r, r.o, p->o, p->o_size, bound, p->no, s->batch, s->o_batch, s->nq, s->o_row,
            s->heads * s->dv);
    compare("dq", &r, r.dq, p->dq, p->dq_size, bound2, p->nq, s->batch, s->q_batch, s->nq, s->q_row,
            s->heads * s->dk);
    compare("dk", &r, r.dk, p->dk, p->dk_size, bound2, p->nk, s->batch, s->k_batch, s->nk, s->k_row,
            s->heads * s->dk);
    compare("dv", &r, r.dv, p->dv, p->dv_size, bound2, p->nv, s->batch, s->v_batch, s->nk, s->v_row,
            s->heads * s->dv);
    free_result(&r);
}

static void check_levels(problem *p, int threads)
{
    level l[8];
    const int n = levels(l);
    reference(p);
    for (int i = 0; i < n; i++)
        check(p, l[i], threads);
    free_problem(p);
}

#endif
