// SPDX-License-Identifier: Apache-2.0
// Matrix products against plain loops, for every kind and SIMD level that this processor has.
//
// Tolerance. A sum of k products in any order, each operation rounded, errs by at most
// (k + 2) eps sum |a||b| (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 3.5; the
// pair product of bf16 rounds no more often); alpha, bias and the addition to C round once each.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/test_main.h"

#include "base/cpu.h"
#include "graph/cpu/gemm.h"

#define GUARD 3 /* elements between rows of C, and around it, that must stay as they were */
#define SENTINEL 123.25

static uint64_t rng_state;

/* In [-1, 1), seeded by each case. */
static double draw(void)
{
    rng_state = rng_state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int32_t)(rng_state >> 32) * 0x1p-31;
}

/* Every table that this processor can run, weakest first. */
static int all_ops(const gndp_gemm_ops *ops[], gndp_gemm_kind kinds[])
{
    const gndp_cpu cpu = gndp_cpu_detect();
    int n = 0;
    for (int kind = 0; kind <= GNDP_GEMM_BF16; kind++)
        for (int level = GNDP_SIMD_BASE; level <= (int)cpu.simd; level++) {
            ops[n] = gndp_gemm_ops_for((gndp_gemm_kind)kind, (gndp_simd)level, cpu.avx512_bf16);
            kinds[n] = (gndp_gemm_kind)kind;
            if (ops[n] != NULL)
                n++;
        }
    return n;
}

static double get(const gndp_gemm_ops *ops, const void *p, int64_t i)
{
    return ops->elem == sizeof(double) ? ((const double *)p)[i] : (double)((const float *)p)[i];
}

static void set(const gndp_gemm_ops *ops, void *p, int64_t i, double x)
{
    if (ops->elem == sizeof(double))
        ((double *)p)[i] = x;
    else
        ((float *)p)[i] = (float)x;
}

static double operand(const gndp_gemm_ops *ops, gndp_gemm_kind kind, const void *p, int64_t i)
{
    const double x = get(ops, p, i);
    return kind == GNDP_GEMM_BF16 ? (double)gndp_bf16_to_f32(gndp_bf16_from_f32((float)x)) : x;
}

/* Exactly as many elements as the strides reach, so that a sanitizer sees reads past them. */
static void *filled(const gndp_gemm_ops *ops, int64_t batch, int64_t step, int64_t rows,
                    int64_t row, int64_t cols, int64_t col)
{
    int64_t count = 0;
    if (rows > 0 && cols > 0)
        count = (batch - 1) * step + (rows - 1) * row + (cols - 1) * col + 1;
    void *p = malloc((size_t)(count > 0 ? count : 1) * ops->elem);
    assert_non_null(p);
    for (int64_t i = 0; i < count; i++)
        set(ops, p, i, draw());
    return p;
}

static void *scratch_of(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 64) / 64 * 64);
    assert_non_null(p);
    memset(p, 0x7f, (bytes + 64) / 64 * 64); /* as f32, f64 and bf16 a huge number */
    return p;
}

typedef struct problem {
    const gndp_gemm_ops *ops;
    gndp_gemm_kind kind;
    gndp_gemm_shape s;
    void *a, *b, *c, *before;
    int64_t c_count;
} problem;

/* Transposed operands have their k as rows; C has guards between rows and items. */
static problem make_problem(const gndp_gemm_ops *ops, gndp_gemm_kind kind, int64_t batch, int64_t m,
                            int64_t n, int64_t k, bool trans_a, bool trans_b)
{
    problem p = {.ops = ops, .kind = kind};
    p.s = (gndp_gemm_shape){.batch = batch, .m = m, .n = n, .k = k, .alpha = 1.0};
    p.s.a_row = trans_a ? 1 : k + 1;
    p.s.a_col = trans_a ? m + 2 : 1;
    p.s.b_row = trans_b ? 1 : n + 3;
    p.s.b_col = trans_b ? k + 1 : 1;
    p.s.a_batch = trans_a ? k * (m + 2) : m * (k + 1);
    p.s.b_batch = trans_b ? n * (k + 1) : k * (n + 3);
    p.s.c_row = n + GUARD;
    p.s.c_batch = m * (n + GUARD) + GUARD;
    return p;
}

static void fill_problem(problem *p)
{
    p->a = filled(p->ops, p->s.batch, p->s.a_batch, p->s.m, p->s.a_row, p->s.k, p->s.a_col);
    p->b = filled(p->ops, p->s.batch, p->s.b_batch, p->s.k, p->s.b_row, p->s.n, p->s.b_col);
    p->c_count = GUARD + p->s.batch * p->s.c_batch + p->s.m * p->s.c_row + GUARD;
    p->c = malloc((size_t)p->c_count * p->ops->elem);
    p->before = malloc((size_t)p->c_count * p->ops->elem);
    assert_non_null(p->c);
    assert_non_null(p->before);
    for (int64_t i = 0; i < p->c_count; i++)
        set(p->ops, p->c, i, SENTINEL);
    for (int64_t q = 0; q < p->s.batch; q++)
        for (int64_t i = 0; i < p->s.m; i++)
            for (int64_t j = 0; j < p->s.n; j++)
                set(p->ops, p->c, GUARD + q * p->s.c_batch + i * p->s.c_row + j, draw());
    memcpy(p->before, p->c, (size_t)p->c_count * p->ops->elem);
}

static void free_problem(problem *p)
{
    free(p->a);
    free(p->b);
    free(p->c);
    free(p->before);
}

static void *c_start(const problem *p)
{
    return (char *)p->c + GUARD * p->ops->elem;
}

/* One element against the plain sum. */
static void check_element(const problem *p, int64_t q, int64_t i, int64_t j)
{
    const gndp_gemm_shape *s = &p->s;
    const int64_t at = GUARD + q * s->c_batch + i * s->c_row + j;
    const double eps = p->ops->elem == sizeof(double) ? 0x1p-53 : 0x1p-24;
    long double sum = 0.0L, bound = 0.0L;
    for (int64_t k = 0; k < s->k; k++) {
        const long double term =
            (long double)operand(p->ops, p->kind, p->a,
                                 q * s->a_batch + i * s->a_row + k * s->a_col) *
            (long double)operand(p->ops, p->kind, p->b,
                                 q * s->b_batch + k * s->b_row + j * s->b_col);
        sum += term;
        bound += fabsl(term);
    }
    sum *= (long double)s->alpha;
    bound *= (long double)((double)(s->k + 2) * fabs(s->alpha));
    const double start = s->accumulate ? get(p->ops, p->before, at) : 0.0;
    const double bias = s->bias != NULL ? get(p->ops, s->bias, j) : 0.0;
    sum += (long double)(start + bias);
    bound += 4.0L * (fabsl(sum) + (long double)(fabs(start) + fabs(bias)));
    const double got = get(p->ops, p->c, at);
    if (!(fabsl((long double)got - sum) <= bound * (long double)eps))
        fail_msg("kind %d mr %d: C(%d, %d, %d) of %dx%dx%d is %.9g, not %.9Lg (tolerance %.2Lg)",
                 (int)p->kind, p->ops->mr, (int)q, (int)i, (int)j, (int)s->m, (int)s->n, (int)s->k,
                 got, sum, bound * (long double)eps);
}

/* Every step-th element of C, and every byte that is not of C. */
static void check(const problem *p, int64_t step)
{
    const gndp_gemm_shape *s = &p->s;
    int64_t count = 0;
    char *inside = calloc((size_t)p->c_count, 1);
    assert_non_null(inside);
    for (int64_t q = 0; q < s->batch; q++)
        for (int64_t i = 0; i < s->m; i++)
            for (int64_t j = 0; j < s->n; j++) {
                inside[GUARD + q * s->c_batch + i * s->c_row + j] = 1;
                if (count++ % step == 0)
                    check_element(p, q, i, j);
            }
    for (int64_t i = 0; i < p->c_count; i++)
        if (!inside[i] && memcmp((char *)p->c + (size_t)i * p->ops->elem,
                                 (char *)p->before + (size_t)i * p->ops->elem, p->ops->elem) != 0)
            fail_msg("wrote outside C at %d of %dx%dx%d", (int)i, (int)s->m, (int)s->n, (int)s->k);
    free(inside);
}

static void run_rows(problem *p)
{
    const gndp_gemm_ops *ops = p->ops;
    void *packed = scratch_of(ops->packed_b_bytes(p->s.k, p->s.n));
    void *scratch = scratch_of(ops->row_scratch_bytes(p->s.m, p->s.k));
    for (int64_t j = 0; j < p->s.n; j += 2 * ops->nr) { /* by pieces, as threads would */
        const int64_t end = j + 2 * ops->nr < p->s.n ? j + 2 * ops->nr : p->s.n;
        ops->pack_b(p->s.k, p->s.n, j, end, p->b, p->s.b_row, p->s.b_col, packed);
    }
    const gndp_gemm_block w = {.rows = p->s.m,
                               .n = p->s.n,
                               .k = p->s.k,
                               .alpha = p->s.alpha,
                               .a = p->a,
                               .a_row = p->s.a_row,
                               .a_col = p->s.a_col,
                               .packed_b = packed,
                               .bias = p->s.bias,
                               .c = c_start(p),
                               .c_row = p->s.c_row,
                               .accumulate = p->s.accumulate,
                               .next = {{p->b, 3, 64, 32}, {p->a, 1, 0, 200}},
                               .scratch = scratch};
    ops->block(&w);
    free(packed);
    free(scratch);
}

static void run_product(problem *p)
{
    void *scratch = scratch_of(p->ops->product_scratch_bytes(&p->s));
    const gndp_gemm_region none[2] = {{0}, {0}};
    p->ops->product(&p->s, p->a, p->b, c_start(p), none, scratch);
    free(scratch);
}

static void run_threads(problem *p, int threads)
{
    void *scratch = scratch_of(gndp_gemm_scratch_bytes(p->ops, &p->s, threads));
    gndp_gemm_run(p->ops, &p->s, p->a, p->b, c_start(p), scratch, threads);
    free(scratch);
}

/* All edges of the register tile, with k, transposes, alpha, bias and accumulation taking turns. */
static void sweep_edges(const gndp_gemm_ops *ops, gndp_gemm_kind kind, void (*run)(problem *))
{
    static const int64_t depths[] = {0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 64, 130, 301};
    int turn = 0;
    for (int64_t m = 1; m <= 3 * ops->mr + 1; m++)
        for (int64_t n = 1; n <= 3 * ops->nr + 1; n += n < 10 ? 1 : 1 + ops->nr / 5, turn++) {
            problem p =
                make_problem(ops, kind, 1, m, n, depths[turn % 14], turn / 2 % 2, turn / 3 % 2);
            void *bias = filled(ops, 1, 0, 1, 0, n, 1);
            p.s.alpha = turn % 5 == 0 ? 1.0 : -0.75;
            p.s.accumulate = turn / 7 % 2 == 1;
            p.s.bias = turn % 3 == 0 ? bias : NULL;
            fill_problem(&p);
            run(&p);
            check(&p, 1);
            free_problem(&p);
            free(bias);
        }
}

static void sweep_all(void (*run)(problem *))
{
    const gndp_gemm_ops *ops[16];
    gndp_gemm_kind kinds[16];
    const int n = all_ops(ops, kinds);
    rng_state = 11;
    for (int q = 0; q < n; q++)
        sweep_edges(ops[q], kinds[q], run);
}

static void gemm_rows_match_plain_loops(void **state)
{
    (void)state;
    sweep_all(run_rows);
}

static void gemm_product_matches_plain_loops(void **state)
{
    (void)state;
    sweep_all(run_product);
}

/* Shapes that reach every form of the driver: one thread, grids, split sums, batches, few large
   items, folded batches; the same bits for 1, 2 and 5 threads. */
static void run_forms(const gndp_gemm_ops *ops, gndp_gemm_kind kind)
{
    static const int64_t shapes[][6] = {
        /* batch, m, n, k, trans_a, trans_b */
        {1, 20, 30, 40, 0, 0},    {1, 1000, 37, 129, 0, 0}, {1, 300, 200, 70, 0, 1},
        {1, 50, 700, 260, 0, 0},  {1, 75, 130, 4100, 1, 0}, {1, 300, 70, 2301, 1, 0},
        {1, 5, 3, 9001, 1, 0},    {40, 13, 29, 17, 0, 1},   {37, 60, 32, 60, 0, 0},
        {3, 130, 200, 170, 0, 1}, {2, 70, 90, 700, 1, 1},   {33, 8, 1, 40, 0, 0},
        {34, 1, 8, 40, 0, 1},     {50, 60, 33, 0, 0, 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int64_t *d = shapes[i];
        problem p = make_problem(ops, kind, d[0], d[1], d[2], d[3], d[4] != 0, d[5] != 0);
        void *bias = filled(ops, 1, 0, 1, 0, d[2], 1);
        p.s.alpha = 0.5;
        p.s.accumulate = i % 3 == 0;
        p.s.bias = i % 2 == 0 ? bias : NULL;
        fill_problem(&p);
        const size_t bytes = (size_t)p.c_count * ops->elem;
        void *first = malloc(bytes);
        assert_non_null(first);
        run_threads(&p, 1);
        check(&p, d[0] * d[1] * d[2] > 3000 ? 37 : 1);
        memcpy(first, p.c, bytes);
        for (int threads = 2; threads <= 5; threads += 3) {
            memcpy(p.c, p.before, bytes);
            run_threads(&p, threads);
            assert_memory_equal(first, p.c, bytes);
        }
        free(first);
        free(bias);
        free_problem(&p);
    }
}

static void gemm_run_matches_plain_loops_for_any_thread_count(void **state)
{
    const gndp_gemm_ops *ops[16];
    gndp_gemm_kind kinds[16];
    const int n = all_ops(ops, kinds);
    (void)state;
    rng_state = 12;
    for (int q = 0; q < n; q++)
        run_forms(ops[q], kinds[q]);
}

/* Strides: neither is 1, far apart, shared operands, an even batch that folds into one product. */
static void gemm_run_takes_any_strides(void **state)
{
    const gndp_gemm_ops *ops[16];
    gndp_gemm_kind kinds[16];
    const int n = all_ops(ops, kinds);
    (void)state;
    rng_state = 13;
    for (int q = 0; q < n; q++)
        for (int form = 0; form < 4; form++) {
            problem p = make_problem(ops[q], kinds[q], 5, 14, 35, 19, false, false);
            if (form == 0) { /* both operands with gaps everywhere */
                p.s.a_row = 61, p.s.a_col = 3, p.s.a_batch = 1000;
                p.s.b_row = 109, p.s.b_col = 2, p.s.b_batch = 2100;
            } else if (form == 1) { /* rows that fall on the same sets of a cache */
                p.s.a_row = 4096, p.s.a_batch = 32;
                p.s.b_row = 4096, p.s.b_batch = 64;
            } else if (form == 2) { /* one B for all, C without gaps between items */
                p.s.b_batch = 0;
                p.s.a_batch = p.s.m * p.s.a_row, p.s.c_batch = p.s.m * p.s.c_row;
            } else { /* one A, one row of it, for every row of C */
                p.s.a_batch = 0, p.s.a_row = 0;
            }
            fill_problem(&p);
            run_threads(&p, 2);
            check(&p, 1);
            free_problem(&p);
        }
}

static void gemm_nan_and_inf_propagate(void **state)
{
    const gndp_gemm_ops *ops[16];
    gndp_gemm_kind kinds[16];
    const int n = all_ops(ops, kinds);
    (void)state;
    rng_state = 14;
    for (int q = 0; q < n; q++)
        for (int64_t width = 1; width <= 41; width += 20) {
            problem p = make_problem(ops[q], kinds[q], 1, 17, width, 23, false, false);
            fill_problem(&p);
            set(p.ops, p.a, 3 * p.s.a_row + 22, (double)NAN); /* in the odd last k */
            set(p.ops, p.b, 5 * p.s.b_row + width - 1, (double)INFINITY);
            set(p.ops, p.a, 7 * p.s.a_row + 5, 0.0); /* 0 inf is NaN */
            set(p.ops, p.a, 8 * p.s.a_row + 5, 1.0);
            run_threads(&p, 1);
            for (int64_t i = 0; i < p.s.m; i++)
                for (int64_t j = 0; j < width; j++) {
                    const double x = get(p.ops, p.c, GUARD + i * p.s.c_row + j);
                    if (i == 3 || (i == 7 && j == width - 1))
                        assert_true(isnan(x));
                    else
                        assert_true(j == width - 1 ? isinf(x) : isfinite(x));
                }
            assert_true(get(p.ops, p.c, GUARD + 8 * p.s.c_row + width - 1) > 0.0);
            free_problem(&p);
        }
}

/* Old values of C, NaN among them, reach nothing unless they are asked for; k = 0 gives zeros. */
static void gemm_ignores_old_values_when_not_accumulating(void **state)
{
    const gndp_gemm_ops *ops[16];
    gndp_gemm_kind kinds[16];
    const int n = all_ops(ops, kinds);
    (void)state;
    rng_state = 15;
    for (int q = 0; q < n; q++)
        for (int64_t k = 0; k <= 3000; k += 1000) {
            problem p = make_problem(ops[q], kinds[q], 1, 30, 21, k, k > 1000, false);
            fill_problem(&p);
            for (int64_t i = 0; i < p.s.m; i++)
                for (int64_t j = 0; j < p.s.n; j++)
                    set(p.ops, p.c, GUARD + i * p.s.c_row + j, (double)NAN);
            run_threads(&p, 2);
            check(&p, 1);
            if (k == 0)
                assert_true(get(p.ops, p.c, GUARD) == 0.0);
            free_problem(&p);
        }
}

/* An element's bits do not depend on which rows are computed together. */
static void gemm_rows_same_bits_when_cut(void **state)
{
    const gndp_gemm_ops *ops[16];
    gndp_gemm_kind kinds[16];
    const int n = all_ops(ops, kinds);
    (void)state;
    rng_state = 16;
    for (int q = 0; q < n; q++) {
        problem p = make_problem(ops[q], kinds[q], 1, 101, 70, 600, false, false);
        fill_problem(&p);
        const size_t bytes = (size_t)p.c_count * p.ops->elem;
        void *whole = malloc(bytes);
        assert_non_null(whole);
        run_rows(&p);
        memcpy(whole, p.c, bytes);
        memcpy(p.c, p.before, bytes);
        void *packed = scratch_of(p.ops->packed_b_bytes(p.s.k, p.s.n));
        void *scratch = scratch_of(p.ops->row_scratch_bytes(p.s.m, p.s.k));
        p.ops->pack_b(p.s.k, p.s.n, 0, p.s.n, p.b, p.s.b_row, p.s.b_col, packed);
        for (int64_t i = 0, step = 1; i < p.s.m; i += step, step = step % 31 + 6) {
            const int64_t rows = i + step < p.s.m ? step : p.s.m - i;
            p.ops->rows(rows, p.s.n, p.s.k, 1.0,
                        (char *)p.a + (size_t)(i * p.s.a_row) * p.ops->elem, p.s.a_row, 1, packed,
                        (char *)c_start(&p) + (size_t)(i * p.s.c_row) * p.ops->elem, p.s.c_row,
                        false, scratch);
        }
        assert_memory_equal(whole, p.c, bytes);
        free(packed);
        free(scratch);
        free(whole);
        free_problem(&p);
    }
}

static void gemm_bf16_is_refused_without_its_instructions(void **state)
{
    (void)state;
    assert_null(gndp_gemm_ops_for(GNDP_GEMM_BF16, GNDP_SIMD_BASE, true));
    assert_null(gndp_gemm_ops_for(GNDP_GEMM_BF16, GNDP_SIMD_AVX2, true));
    assert_null(gndp_gemm_ops_for(GNDP_GEMM_BF16, GNDP_SIMD_AVX512, false));
}

/* Nearest, ties to even, at every distance; and the special values. */
static void bf16_rounding_is_to_nearest_even(void **state)
{
    (void)state;
    for (uint32_t top = 0x0080; top < 0x7f80; top += 7)
        for (uint32_t low = 0; low < 0x10000; low += 0x1111) {
            const uint32_t bits = top << 16 | low;
            float x;
            memcpy(&x, &bits, sizeof x);
            const float down = gndp_bf16_to_f32((uint16_t)top);
            const float up = gndp_bf16_to_f32((uint16_t)(top + 1));
            const float got = gndp_bf16_to_f32(gndp_bf16_from_f32(x));
            const bool is_up = low > 0x8000 || (low == 0x8000 && top % 2 == 1);
            assert_true(got == (is_up ? up : down));
        }
    assert_int_equal(gndp_bf16_from_f32(1.00390625f), 0x3f80); /* 1 + 2^-8: tie, even is below */
    assert_int_equal(gndp_bf16_from_f32(1.01171875f), 0x3f82); /* 1 + 3 2^-8: tie, even is above */
    assert_int_equal(gndp_bf16_from_f32(-INFINITY), 0xff80);
    assert_int_equal(gndp_bf16_from_f32(3.4e38f), 0x7f80);
    assert_int_equal(gndp_bf16_from_f32(-1e-40f), 0x8000);
    assert_true(isnan(gndp_bf16_to_f32(gndp_bf16_from_f32(NAN))));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gemm_rows_match_plain_loops),
    cmocka_unit_test(gemm_product_matches_plain_loops),
    cmocka_unit_test(gemm_run_matches_plain_loops_for_any_thread_count),
    cmocka_unit_test(gemm_run_takes_any_strides),
    cmocka_unit_test(gemm_nan_and_inf_propagate),
    cmocka_unit_test(gemm_ignores_old_values_when_not_accumulating),
    cmocka_unit_test(gemm_rows_same_bits_when_cut),
    cmocka_unit_test(gemm_bf16_is_refused_without_its_instructions),
    cmocka_unit_test(bf16_rounding_is_to_nearest_even),
};

GNDP_TEST_MAIN(tests)
