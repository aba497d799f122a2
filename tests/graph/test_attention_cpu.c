// SPDX-License-Identifier: Apache-2.0
// Attention routines of every SIMD level and kind against plain f64 loops, with error bounds
// derived from the unit roundoff, and against central differences.

#include "graph/attention_problem.h"

static void attention_cpu_matches_plain_loops(void **state)
{
    static const int64_t size[][6] = {
        /* batch, heads, nq, nk, dk, dv */
        {1, 1, 1, 1, 1, 1},       {2, 1, 3, 2, 5, 7},       {1, 2, 17, 33, 8, 16},
        {2, 3, 31, 7, 19, 3},     {1, 1, 65, 70, 32, 9},    {1, 2, 70, 1, 33, 47},
        {2, 2, 60, 60, 32, 32},   {1, 1, 47, 61, 127, 128}, {1, 1, 64, 13, 80, 65},
        {3, 1, 5, 69, 2, 11},     {1, 4, 49, 23, 16, 24},   {1, 1, 16, 12, 64, 64},
        {1, 1, 130, 217, 64, 40}, {1, 2, 97, 325, 12, 20},  {1, 1, 0, 9, 4, 4},
        {1, 1, 9, 0, 4, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        problem p = make_problem(size[i][0], size[i][1], size[i][2], size[i][3], size[i][4],
                                 size[i][5], 0, 0, 100 + i);
        check_levels(&p, 1);
    }
    uint64_t seed = 5; /* and sizes drawn from 1..70 */
    for (uint64_t i = 0; i < 40; i++) {
        int64_t n[4];
        for (int j = 0; j < 4; j++)
            n[j] = 1 + (int64_t)(35 * (1 + uniform(&seed)));
        problem p = make_problem(1, 2, n[0], n[1], n[2], n[3], (int64_t)(i % 3), 0, 200 + i);
        p.s.scale *= i % 5 == 4 ? -1 : 1;
        check_levels(&p, 1 + (int)(i % 2));
    }
}

static void attention_cpu_averages_values_when_scale_is_zero(void **state)
{
    (void)state;
    problem p = make_problem(1, 1, 20, 19, 6, 5, 0, 0, 3);
    p.s.scale = 0;
    check_levels(&p, 1);
}

static void attention_cpu_keeps_to_rows_when_strides_are_wide(void **state)
{
    (void)state;
    for (int64_t slack = 1; slack < 40; slack += 19) {
        problem p = make_problem(3, 2, 37, 41, 24, 10, slack, 0, 11);
        check_levels(&p, 2);
    }
}

static void attention_cpu_sums_gradients_when_operands_are_shared(void **state)
{
    (void)state;
    for (int share = 1; share < 8; share++) {
        problem p = make_problem(5, 2, 21, 26, 9, 13, 2, share, 40 + (uint64_t)share);
        check_levels(&p, 2);
        p = make_problem(40, 1, 4, 5, 3, 2, 0, share, 50 + (uint64_t)share); /* groups of members */
        add_mask(&p, KEY_MASK, true, 9);
        check_levels(&p, 1);
    }
}

static void attention_cpu_cuts_queries_into_ranges_when_heads_are_few(void **state)
{
    (void)state;
    problem p = make_problem(1, 1, 1100, 50, 16, 16, 0, 0, 8);
    check_levels(&p, 2);
    p = make_problem(2, 1, 700, 30, 8, 12, 1, SHARE_K, 9);
    check_levels(&p, 2);
}

/* Masked keys and values, of all queries, hold NaN and inf; so do rows of q and d_o without keys.
 */
static void poison(problem *p)
{
    const gndp_attention_shape *s = &p->s;
    for (int64_t b = 0; b < s->batch; b++) {
        for (int64_t j = 0; j < s->nk; j++) {
            bool used = false;
            for (int64_t i = 0; i < s->nq; i++)
                used = used || kept(s, b, i, j);
            for (int64_t c = 0; c < s->heads * s->dk && !used; c++)
                p->k[b * s->k_batch + j * s->k_row + c] = c % 2 ? (double)NAN : (double)INFINITY;
            for (int64_t c = 0; c < s->heads * s->dv && !used; c++)
                p->v[b * s->v_batch + j * s->v_row + c] = c % 2 ? -(double)INFINITY : (double)NAN;
        }
        for (int64_t i = 0; i < s->nq; i++) {
            bool used = false;
            for (int64_t j = 0; j < s->nk; j++)
                used = used || kept(s, b, i, j);
            for (int64_t c = 0; c < s->heads * s->dk && !used; c++)
                p->q[b * s->q_batch + i * s->q_row + c] = (double)NAN;
            for (int64_t c = 0; c < s->heads * s->dv && !used; c++)
                p->d_o[b * s->o_batch + i * s->o_row + c] = (double)NAN;
        }
    }
}

static void attention_cpu_selects_when_masked(void **state)
{
    static const int64_t size[][4] = {
        {33, 65, 16, 8}, {70, 47, 7, 33}, {5, 3, 4, 4}, {66, 230, 12, 20}};
    (void)state;
    for (int mode = KEY_MASK; mode <= PAIR_MASK_BY_KEY; mode++)
        for (int variant = 0; variant < 4; variant++)
            for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
                problem p = make_problem(2, 2, size[i][0], size[i][1], size[i][2], size[i][3], 1, 0,
                                         300 + i);
                add_mask(&p, (enum mask_mode)mode, (variant & 1) != 0, 17 + i);
                if (mode != KEY_MASK) /* a key that no query keeps */
                    for (int64_t b = 0; b < 2; b++)
                        for (int64_t q = 0; q < p.s.nq; q++)
                            p.mask[b * p.s.mask_batch + q * p.s.mask_q + p.s.nk / 2 * p.s.mask_k] =
                                0;
                if (variant & 2)
                    poison(&p);
                check_levels(&p, 1);
            }
}

/* A value that only some queries keep is NaN: it must reach those and no other. */
static void attention_cpu_confines_nan_to_pairs_that_are_kept(void **state)
{
    level l[8];
    const int n = levels(l);
    (void)state;
    for (int i = 0; i < n; i++) {
        problem p = make_problem(1, 1, 20, 18, 8, 8, 0, 0, 77);
        add_mask(&p, PAIR_MASK, false, 5);
        p.v[4 * p.s.v_row + 3] = (double)NAN;
        result r = run(&p, l[i], 1);
        for (int64_t q = 0; q < 20; q++)
            for (int64_t c = 0; c < 8; c++) {
                const double o = value(&r, r.o, q * p.s.o_row + c),
                             dq = value(&r, r.dq, q * p.s.q_row + c);
                assert_true((isnan(o) != 0) == (kept(&p.s, 0, q, 4) && c == 3));
                assert_true((isnan(dq) != 0) == kept(&p.s, 0, q, 4));
            }
        free_result(&r);
        p.v[4 * p.s.v_row + 3] = 1;
        p.q[7 * p.s.q_row] = (double)NAN; /* and a query, into the keys that it keeps */
        r = run(&p, l[i], 1);
        for (int64_t j = 0; j < 18; j++)
            assert_true((isnan(value(&r, r.dk, j * p.s.k_row)) != 0) == kept(&p.s, 0, 7, j));
        free_result(&r);
        free_problem(&p);
    }
}

static void attention_cpu_repeats_bits_when_threads_change(void **state)
{
    level l[8];
    const int n = levels(l);
    (void)state;
    for (int share = 0; share < 8; share += 7)
        for (int i = 0; i < n; i++) {
            problem p = make_problem(3, 2, 600, 70, 16, 24, 0, share, 21);
            result a = run(&p, l[i], 1), b = run(&p, l[i], 2), c = run(&p, l[i], 3);
            const size_t real = a.wide ? sizeof(double) : sizeof(float);
            const void *const x[] = {a.o, a.lse, a.dq, a.dk, a.dv},
                              *const y[] = {b.o, b.lse, b.dq, b.dk, b.dv},
                              *const z[] = {c.o, c.lse, c.dq, c.dk, c.dv};
            const int64_t size[] = {p.no, p.nl, p.nq, p.nk, p.nv};
            for (int j = 0; j < 5; j++) {
                assert_memory_equal(x[j], y[j], (size_t)size[j] * real);
                assert_memory_equal(x[j], z[j], (size_t)size[j] * real);
            }
            free_result(&a);
            free_result(&b);
            free_result(&c);
            free_problem(&p);
        }
}

/* Logits of +-1e4: one key takes all, o is its value (times w, divided by w: four roundings); exp
   of anything unshifted would overflow. */
static void attention_cpu_stays_finite_when_logits_are_large(void **state)
{
    level l[8];
    const int n = levels(l);
    (void)state;
    for (int i = 0; i < n; i++) {
        problem p = make_problem(1, 1, 40, 150, 4, 8, 0, 0, 31);
        p.s.scale = 1;
        for (int64_t q = 0; q < 40; q++)
            for (int64_t c = 0; c < 4; c++)
                p.q[q * 4 + c] = c == 0 ? 128 : 0;
        for (int64_t j = 0; j < 150; j++) /* powers of two times small integers: exact in bf16 */
            for (int64_t c = 0; c < 4; c++)
                p.k[j * 4 + c] = c != 0 ? 1 : j == 101 ? 80 : j % 2 ? -80 : 64;
        result r = run(&p, l[i], 1);
        const double u = l[i].kind == GNDP_ATTENTION_BF16  ? 0x1p-8
                         : l[i].kind == GNDP_ATTENTION_F32 ? 0x1p-22
                                                           : 0x1p-51;
        for (int64_t q = 0; q < 40; q++) {
            assert_true(fabs(value(&r, r.lse, q) - 128 * 80) <= 1e-7 * 128 * 80);
            for (int64_t c = 0; c < 8; c++) {
                const double want = p.v[101 * 8 + c];
                assert_true(fabs(value(&r, r.o, q * 8 + c) - want) <= u * fabs(want));
            }
            for (int64_t c = 0; c < 4; c++)
                assert_true(isfinite(value(&r, r.dq, q * 4 + c)));
        }
        for (int64_t j = 0; j < 150 * 4; j++)
            assert_true(isfinite(value(&r, r.dk, j)));
        for (int64_t j = 0; j < 150 * 8; j++)
            assert_true(isfinite(value(&r, r.dv, j)));
        free_result(&r);
        free_problem(&p);
    }
}

/* <d_o, o> of a forward call in f64. */
static double objective(const problem *p, level l)
{
    result r = run(p, l, 1);
    double total = 0;
    for (int64_t b = 0; b < p->s.batch; b++)
        for (int64_t i = 0; i < p->s.nq; i++)
            for (int64_t c = 0; c < p->s.heads * p->s.dv; c++) {
                const int64_t at = b * p->s.o_batch + i * p->s.o_row + c;
                total += p->d_o[at] * value(&r, r.o, at);
            }
    free_result(&r);
    return total;
}

static void check_difference(problem *p, level l, double *x, const void *grad, const result *r,
                             int64_t n)
{
    const double step = 1e-5;
    double *direction = room(n, sizeof *direction), *keep = room(n, sizeof *keep), want = 0,
           size = 0;
    uint64_t seed = 99;
    memcpy(keep, x, (size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++) {
        direction[i] = uniform(&seed);
        want += value(r, grad, i) * direction[i];
        size += fabs(value(r, grad, i) * direction[i]);
        x[i] = keep[i] + step * direction[i];
    }
    double got = objective(p, l);
    for (int64_t i = 0; i < n; i++)
        x[i] = keep[i] - step * direction[i];
    got = (got - objective(p, l)) / (2 * step);
    memcpy(x, keep, (size_t)n * sizeof *x);
    if (!(fabs(got - want) <= 1e-7 * fmax(fabs(want), 0.01 * size)))
        fail_msg("central difference %.12g, adjoint %.12g", got, want);
    free(direction);
    free(keep);
}

static void attention_cpu_adjoint_is_derivative_of_forward(void **state)
{
    level l[8];
    const int n = levels(l);
    (void)state;
    for (int i = 0; i < n; i++)
        for (int mode = NO_MASK; mode <= PAIR_MASK; mode++) {
            if (l[i].kind != GNDP_ATTENTION_F64)
                continue;
            problem p =
                make_problem(2, 2, 19, 23, 7, 5, 0, mode == KEY_MASK ? SHARE_K | SHARE_Q : 0, 61);
            add_mask(&p, (enum mask_mode)mode, mode == PAIR_MASK, 4);
            result r = run(&p, l[i], 1);
            check_difference(&p, l[i], p.q, r.dq, &r, p.nq);
            check_difference(&p, l[i], p.k, r.dk, &r, p.nk);
            check_difference(&p, l[i], p.v, r.dv, &r, p.nv);
            free_result(&r);
            free_problem(&p);
        }
}

/* bf16 must differ from f32 by its own roundoff: else the operands were not rounded at all. */
static void attention_cpu_bf16_rounds_operands(void **state)
{
    level l[8];
    const int n = levels(l);
    (void)state;
    for (int i = 0; i < n; i++) {
        if (l[i].kind != GNDP_ATTENTION_BF16)
            continue;
        problem p = make_problem(1, 1, 1, 1, 3, 1, 0, 0, 1); /* one key: o is the rounded value */
        p.v[0] = 1 + 0x1p-8;                                 /* a tie: to even, 1 */
        result r = run(&p, l[i], 1);
        assert_true(value(&r, r.o, 0) == 1.0);
        free_result(&r);
        p.v[0] = 1 + 0x3p-8; /* a tie: to even, up */
        r = run(&p, l[i], 1);
        assert_true(value(&r, r.o, 0) == 1 + 0x1p-6);
        free_result(&r);
        free_problem(&p);
    }
}

static void attention_cpu_gives_same_output_without_lse(void **state)
{
    level l[8];
    const int n = levels(l);
    (void)state;
    for (int i = 0; i < n; i++) {
        problem p = make_problem(2, 1, 33, 20, 6, 9, 0, 0, 14);
        result r = run(&p, l[i], 1);
        void *o = typed(r.wide, p.no, NULL);
        void *scratch =
            malloc(gndp_attention_scratch_bytes(l[i].kind, l[i].simd, l[i].bf16, &p.s, 1, false));
        gndp_attention_forward(l[i].kind, l[i].simd, l[i].bf16, &p.s, r.q, r.k, r.v, o, NULL,
                               scratch, 1);
        assert_memory_equal(o, r.o, (size_t)p.no * (r.wide ? sizeof(double) : sizeof(float)));
        free(scratch);
        free(o);
        free_result(&r);
        free_problem(&p);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(attention_cpu_matches_plain_loops),
    cmocka_unit_test(attention_cpu_averages_values_when_scale_is_zero),
    cmocka_unit_test(attention_cpu_keeps_to_rows_when_strides_are_wide),
    cmocka_unit_test(attention_cpu_sums_gradients_when_operands_are_shared),
    cmocka_unit_test(attention_cpu_cuts_queries_into_ranges_when_heads_are_few),
    cmocka_unit_test(attention_cpu_selects_when_masked),
    cmocka_unit_test(attention_cpu_confines_nan_to_pairs_that_are_kept),
    cmocka_unit_test(attention_cpu_repeats_bits_when_threads_change),
    cmocka_unit_test(attention_cpu_stays_finite_when_logits_are_large),
    cmocka_unit_test(attention_cpu_adjoint_is_derivative_of_forward),
    cmocka_unit_test(attention_cpu_bf16_rounds_operands),
    cmocka_unit_test(attention_cpu_gives_same_output_without_lse),
};

GNDP_TEST_MAIN(tests)
