// SPDX-License-Identifier: Apache-2.0
// Observations of whole points, and the exact score of the other points given them clean.
#ifndef TESTS_COND_CONTEXT_SCORE_H
#define TESTS_COND_CONTEXT_SCORE_H

#include "cond/cond_case.h"

/*
 * The exact score of p_t(y_* | y_c) on all points: that of the targets alone, whose law is
 * N(m_{*|c}, S_{*|c}) with limit N(m_*, K_**), the mean moving along with the values that stand at
 * the context. Where in->target names other points than those of the case it is far off.
 */
typedef struct context_score {
    sde_case part; /* the targets given the observed values of the case */
    gndp_score inner;
    int64_t n, seen;
    double *pick, *take; /* [n, targets], [n, seen]: 0 and 1 */
    double *gain, *z;    /* [seen, targets] S_cc^-1 S_c*; [seen] */
    int32_t *target;     /* [points] */
    gndp_gaussian *law;
} context_score;

static inline gndp_node matrix(gndp_graph *g, int64_t rows, int64_t columns, const double *v)
{
    return gndp_constant(g, gndp_type_2d(GNDP_F64, rows, columns), v);
}

static inline gndp_node context_build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const context_score *s = state;
    const gndp_type type = gndp_node_type(in->y);
    const int64_t r = type.dim[0], all = type.dim[1] * type.dim[2], n = s->n, m = s->part.n;
    const int64_t points = n / s->part.outputs, p = s->part.outputs;
    assert_false(gndp_is_none(in->target));
    const gndp_node y = gndp_slice_axis(g, gndp_reshape(g, in->y, 2, (int64_t[]){r, all}), 1, 0, n);
    const gndp_node off =
        gndp_sub(g, gndp_matmul(g, y, matrix(g, n, s->seen, s->take)), matrix(g, 1, s->seen, s->z));
    const gndp_node moved = gndp_mul(g, gndp_matmul(g, off, matrix(g, s->seen, m, s->gain)),
                                     gndp_reshape(g, in->decay, 2, (int64_t[]){r, 1}));
    const gndp_node mine = gndp_sub(g, gndp_matmul(g, y, matrix(g, n, m, s->pick)), moved);
    gndp_score_inputs inner = *in;
    inner.mask = inner.target = GNDP_NONE;
    inner.y = gndp_reshape(g, mine, 3, (int64_t[]){r, m / p, p});
    const gndp_node score =
        gndp_reshape(g, s->inner.build(s->inner.state, g, &inner), 2, (int64_t[]){r, m});
    gndp_node out = gndp_matmul(g, score, gndp_swap_last(g, matrix(g, n, m, s->pick)));
    const gndp_node wanted = gndp_constant(g, gndp_type_1d(GNDP_I32, points), s->target);
    const gndp_node marked = gndp_slice_axis(g, in->target, 1, 0, points);
    const gndp_node wrong = gndp_cast(g, gndp_not_equal(g, marked, wanted), GNDP_F64);
    out = gndp_add(g, gndp_reshape(g, out, 3, (int64_t[]){r, points, p}),
                   gndp_scale(g, gndp_reshape(g, wrong, 3, (int64_t[]){r, points, 1}), 1e6));
    if (all > n) {
        out = gndp_pad(g, out, (int64_t[]){0, 0, 0}, (int64_t[]){0, type.dim[1] - points, 0});
    }
    return out;
}

/* Observations of whole points 1, 3 and, where there is one, 6. */
static inline cond_case *new_whole(const sde_text *text)
{
    cond_case *k = new_cond(text, COND_PICKED);
    const double one = 1.0;
    gndp_conditioner_free(k->cd);
    k->seen = 0;
    for (int64_t i = 0; i < k->n; i++) {
        const int64_t point = i / k->c->outputs;
        k->target[i] = true;
        if (point == 1 || point == 3 || point == 6) {
            cond_row(k, 0.0, 1, &i, &one);
        }
    }
    k->obs.n = k->seen;
    memcpy(k->mean, k->c->m0, (size_t)k->n * sizeof *k->mean);
    memcpy(k->cov, k->c->s0, (size_t)(k->n * k->n) * sizeof *k->cov);
    cond_posterior(&k->obs, k->n, 0.0, k->mean, k->cov, &k->log_evidence);
    assert_ok(gndp_conditioner_create(k->c->law, &k->obs, &k->cd));
    return k;
}

static inline context_score *new_context(const cond_case *k, gndp_score *score)
{
    context_score *s = calloc(1, sizeof *s);
    const sde_case *c = k->c;
    assert_non_null(s);
    const int64_t n = c->n, m = n - k->seen, p = c->outputs;
    int64_t *from = calloc((size_t)n, sizeof *from), targets = 0, seen = 0;
    s->n = n, s->seen = k->seen;
    s->part = *c;
    s->part.n = m, s->part.n_points = m / p;
    s->pick = new_values(n * m), s->take = new_values(n * k->seen);
    s->gain = new_values(k->seen * m), s->z = new_values(k->seen);
    s->target = calloc((size_t)c->n_points, sizeof *s->target);
    assert_true(from != NULL && s->target != NULL);
    s->part.x = new_values(m / p * c->dim);
    s->part.k = new_values(m * m), s->part.l = new_values(m * m), s->part.s0 = new_values(m * m);
    s->part.m0 = new_values(m), s->part.m = new_values(m);
    for (int64_t i = 0; i < n; i++) {
        if (!k->target[i]) {
            s->z[seen] = k->z[seen];
            s->take[i * k->seen + seen++] = 1.0;
            continue;
        }
        s->target[i / p] = 1;
        s->pick[i * m + targets] = 1.0;
        s->part.m0[targets] = k->mean[i], s->part.m[targets] = c->m[i];
        memcpy(s->part.x + targets / p * c->dim, c->x + i / p * c->dim,
               (size_t)c->dim * sizeof *c->x);
        from[targets++] = i;
    }
    double *cc = new_values(k->seen * k->seen), *row = new_values(k->seen),
           *x = new_values(k->seen);
    for (int64_t i = 0; i < k->seen * k->seen; i++) {
        cc[i] = c->s0[k->column[i / k->seen] * n + k->column[i % k->seen]];
    }
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < m; j++) {
            s->part.k[i * m + j] = c->k[from[i] * n + from[j]];
            s->part.s0[i * m + j] = k->cov[from[i] * n + from[j]];
        }
        for (int64_t j = 0; j < k->seen; j++) {
            row[j] = c->s0[from[i] * n + k->column[j]];
        }
        solve_spd(k->seen, cc, row, x);
        for (int64_t j = 0; j < k->seen; j++) {
            s->gain[j * m + i] = x[j];
        }
    }
    dense_factor(m, s->part.k, 0.0, s->part.l);
    s->part.points.x = gndp_array_view(gndp_type_2d(GNDP_F64, m / p, c->dim), s->part.x);
    assert_ok(gndp_process_law(c->process, &s->part.points, NULL, &s->law));
    assert_ok(gndp_score_gaussian(s->law, s->part.m0, s->part.s0, &s->inner));
    *score = (gndp_score){.dtype = GNDP_F64,
                          .components = c->outputs,
                          .context = true,
                          .state = s,
                          .build = context_build};
    free(cc), free(row), free(x), free(from);
    return s;
}

static inline void free_context(context_score *s)
{
    gndp_score_free(&s->inner);
    gndp_gaussian_free(s->law);
    sde_case *c = &s->part;
    free(c->x), free(c->k), free(c->l), free(c->s0), free(c->m0), free(c->m);
    free(s->pick), free(s->take), free(s->gain), free(s->z), free(s->target), free(s);
}

#endif
