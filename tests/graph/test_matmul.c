// SPDX-License-Identifier: Apache-2.0
// Matrix-product plans: each provider against plain loops, the choice of providers, refusals.
//
// Tolerance as in test_gemm.c: (k + 2) eps sum |a||b|, and one rounding each for alpha, bias and C.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/test_main.h"

#include "graph/cpu/matmul.h"

static uint64_t rng_state;

static double draw(void)
{
    rng_state = rng_state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int32_t)(rng_state >> 32) * 0x1p-31;
}

typedef struct product {
    gndp_matmul_spec spec;
    size_t elem;
    void *a, *b, *c, *before, *bias;
    int64_t a_count, b_count, c_count;
} product;

static double get(const product *p, const void *x, int64_t i)
{
    return p->elem == sizeof(double) ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void *filled(const product *p, int64_t count)
{
    void *x = malloc((size_t)(count > 0 ? count : 1) * p->elem);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        if (p->elem == sizeof(double))
            ((double *)x)[i] = draw();
        else
            ((float *)x)[i] = (float)draw();
    return x;
}

/* Rows of all matrices have gaps. */
static product make(gndp_gemm_kind kind, int64_t batch, int64_t m, int64_t n, int64_t k, int form,
                    gndp_matmul_provider provider)
{
    product p = {.elem = kind == GNDP_GEMM_F64 ? sizeof(double) : sizeof(float)};
    const bool ta = form & 1, tb = form & 2;
    gndp_gemm_shape *s = &p.spec.shape;
    *s = (gndp_gemm_shape){.batch = batch, .m = m, .n = n, .k = k, .alpha = form & 4 ? -0.5 : 1.0};
    s->a_row = ta ? 1 : k + 1, s->a_col = ta ? m + 2 : 1;
    s->b_row = tb ? 1 : n + 1, s->b_col = tb ? k + 3 : 1;
    s->a_batch = ta ? k * (m + 2) : m * (k + 1);
    s->b_batch = tb ? n * (k + 3) : k * (n + 1);
    s->c_row = n + 2, s->c_batch = m * (n + 2);
    s->accumulate = (form & 8) != 0;
    p.spec.kind = kind;
    p.spec.has_bias = (form & 4) == 0 && form % 3 == 0; /* oneDNN wants alpha = 1 with a bias */
    p.spec.threads = 2;
    p.spec.provider = provider;
    p.a_count = batch * s->a_batch, p.b_count = batch * s->b_batch, p.c_count = batch * s->c_batch;
    p.a = filled(&p, p.a_count);
    p.b = filled(&p, p.b_count);
    p.c = filled(&p, p.c_count);
    p.before = malloc((size_t)p.c_count * p.elem);
    assert_non_null(p.before);
    memcpy(p.before, p.c, (size_t)p.c_count * p.elem);
    p.bias = filled(&p, n);
    return p;
}

static void drop(product *p)
{
    free(p->a);
    free(p->b);
    free(p->c);
    free(p->before);
    free(p->bias);
}

static double operand(const product *p, const void *x, int64_t i)
{
    const double v = get(p, x, i);
    if (p->spec.kind == GNDP_GEMM_BF16)
        return (double)gndp_bf16_to_f32(gndp_bf16_from_f32((float)v));
    return v;
}

static void check(const product *p)
{
    const gndp_gemm_shape *s = &p->spec.shape;
    const double eps = p->elem == sizeof(double) ? 0x1p-53 : 0x1p-24;
    for (int64_t q = 0; q < s->batch; q++)
        for (int64_t i = 0; i < s->m; i++)
            for (int64_t j = 0; j < s->c_row && q * s->c_batch + i * s->c_row + j < p->c_count;
                 j++) {
                const int64_t at = q * s->c_batch + i * s->c_row + j;
                double sum = 0.0, size = 0.0;
                if (j >= s->n) { /* a gap */
                    assert_true(get(p, p->c, at) == get(p, p->before, at));
                    continue;
                }
                for (int64_t k = 0; k < s->k; k++) {
                    const double term =
                        operand(p, p->a, q * s->a_batch + i * s->a_row + k * s->a_col) *
                        operand(p, p->b, q * s->b_batch + k * s->b_row + j * s->b_col);
                    sum += term;
                    size += fabs(term);
                }
                const double bias = p->spec.has_bias ? get(p, p->bias, j) : 0.0;
                const double old = s->accumulate ? get(p, p->before, at) : 0.0;
                const double want = s->alpha * sum + bias + old;
                const double bound = ((double)(s->k + 2) * fabs(s->alpha) * size +
                                      4.0 * (fabs(want) + fabs(bias) + fabs(old))) *
                                     eps;
                if (!(fabs(get(p, p->c, at) - want) <= 2.0 * bound))
                    fail_msg("provider %d kind %d: %.9g, not %.9g (%.2g) at (%d, %d, %d)",
                             (int)p->spec.provider, (int)p->spec.kind, get(p, p->c, at), want,
                             bound, (int)q, (int)i, (int)j);
            }
}

/* Runs it twice, since plans keep objects between runs. False when the provider refuses. */
static bool run(product *p, const gndp_cpu *cpu)
{
    gndp_matmul_plan *plan = NULL;
    const gndp_status st = gndp_matmul_plan_create(&p->spec, cpu, &plan);
    if (st == GNDP_ERR_UNSUPPORTED) {
        assert_null(plan);
        return false;
    }
    assert_int_equal(st, GNDP_OK);
    const size_t bytes = (gndp_matmul_plan_scratch_bytes(plan) + 64) / 64 * 64;
    for (int i = 0; i < 2; i++) {
        void *scratch = aligned_alloc(64, bytes);
        assert_non_null(scratch);
        memset(scratch, 0x7f, bytes);
        memcpy(p->c, p->before, (size_t)p->c_count * p->elem);
        assert_int_equal(gndp_matmul_plan_run(plan, p->a, p->b, p->c, p->bias, scratch), GNDP_OK);
        free(scratch);
    }
    gndp_matmul_plan_free(plan);
    return true;
}

/* Shapes, transposes, alpha, accumulation and bias; says how many the provider could do. */
static int sweep(gndp_gemm_kind kind, gndp_matmul_provider provider)
{
    static const int64_t sizes[][4] = {{1, 1, 1, 1},    {1, 17, 33, 9}, {1, 50, 40, 257},
                                       {3, 20, 12, 31}, {4, 1, 40, 16}, {2, 64, 64, 64},
                                       {1, 40, 1, 100}, {33, 7, 9, 5},  {1, 9, 33, 2300}};
    const gndp_cpu cpu = gndp_cpu_detect();
    int done = 0;
    rng_state = 21;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int form = 0; form < 16; form++) {
            const int64_t *d = sizes[i];
            product p = make(kind, d[0], d[1], d[2], d[3], form, provider);
            if (run(&p, &cpu)) {
                check(&p);
                done++;
            }
            drop(&p);
        }
    return done;
}

static void matmul_ours_matches_plain_loops(void **state)
{
    (void)state;
    assert_int_equal(sweep(GNDP_GEMM_F32, GNDP_MATMUL_OURS), 144);
    assert_int_equal(sweep(GNDP_GEMM_F64, GNDP_MATMUL_OURS), 144);
}

static void matmul_ours_matches_plain_loops_when_bf16(void **state)
{
    (void)state;
    if (sweep(GNDP_GEMM_BF16, GNDP_MATMUL_OURS) == 0)
        skip();
}

static void matmul_openblas_matches_plain_loops(void **state)
{
    (void)state;
    assert_int_equal(sweep(GNDP_GEMM_F32, GNDP_MATMUL_OPENBLAS), 144);
    assert_int_equal(sweep(GNDP_GEMM_F64, GNDP_MATMUL_OPENBLAS), 144);
    assert_int_equal(sweep(GNDP_GEMM_BF16, GNDP_MATMUL_OPENBLAS), 0);
}

static void matmul_onednn_matches_plain_loops(void **state)
{
    (void)state;
    if (sweep(GNDP_GEMM_F32, GNDP_MATMUL_ONEDNN) == 0)
        skip(); /* not built in */
    assert_int_equal(sweep(GNDP_GEMM_F32, GNDP_MATMUL_ONEDNN), 144);
    assert_int_equal(sweep(GNDP_GEMM_F64, GNDP_MATMUL_ONEDNN), 0);
}

static void matmul_onednn_matches_plain_loops_when_bf16(void **state)
{
    (void)state;
    if (sweep(GNDP_GEMM_BF16, GNDP_MATMUL_ONEDNN) == 0)
        skip(); /* needs AVX-512 and the library */
}

static void matmul_auto_refuses_bf16_when_processor_lacks_it(void **state)
{
    gndp_cpu cpu = gndp_cpu_detect();
    (void)state;
    rng_state = 22;
    product p = make(GNDP_GEMM_BF16, 1, 40, 40, 40, 0, GNDP_MATMUL_AUTO);
    cpu.avx512_bf16 = cpu.amx_bf16 = false;
    assert_false(run(&p, &cpu));
    drop(&p);
}

/* Where AMX is claimed, the choice ends with someone who can, also if oneDNN has no tiles here. */
static void matmul_auto_always_finds_a_provider(void **state)
{
    gndp_cpu cpu = gndp_cpu_detect();
    (void)state;
    rng_state = 23;
    for (int kind = 0; kind <= GNDP_GEMM_BF16; kind++) {
        if (kind == GNDP_GEMM_BF16 && !cpu.avx512_bf16)
            continue;
        for (int tiles = 0; tiles < 2; tiles++) {
            gndp_cpu claimed = cpu;
            claimed.amx_bf16 = cpu.amx_bf16 || tiles == 1;
            product p = make((gndp_gemm_kind)kind, 1, 50, 48, 64, 0, GNDP_MATMUL_AUTO);
            assert_true(run(&p, &claimed));
            check(&p);
            drop(&p);
        }
    }
}

static void matmul_empty_products_do_nothing_or_give_zeros(void **state)
{
    const gndp_cpu cpu = gndp_cpu_detect();
    (void)state;
    rng_state = 24;
    for (int provider = GNDP_MATMUL_AUTO; provider <= GNDP_MATMUL_OPENBLAS; provider++)
        for (int form = 0; form < 16; form++) {
            product p = make(GNDP_GEMM_F32, 2, 5, 6, 0, form, (gndp_matmul_provider)provider);
            assert_true(run(&p, &cpu));
            check(&p);
            drop(&p);
        }
    product p = make(GNDP_GEMM_F32, 1, 0, 6, 3, 0, GNDP_MATMUL_AUTO);
    assert_true(run(&p, &cpu));
    drop(&p);
}

static void matmul_reports_negative_dimensions(void **state)
{
    const gndp_cpu cpu = gndp_cpu_detect();
    gndp_matmul_spec spec = {.kind = GNDP_GEMM_F32, .shape = {.batch = 1, .m = -1, .n = 1, .k = 1}};
    gndp_matmul_plan *plan = NULL;
    (void)state;
    assert_int_equal(gndp_matmul_plan_create(&spec, &cpu, &plan), GNDP_ERR_SHAPE);
    assert_null(plan);
    assert_int_equal(gndp_matmul_plan_create(NULL, &cpu, &plan), GNDP_ERR_ARG);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(matmul_ours_matches_plain_loops),
    cmocka_unit_test(matmul_ours_matches_plain_loops_when_bf16),
    cmocka_unit_test(matmul_openblas_matches_plain_loops),
    cmocka_unit_test(matmul_onednn_matches_plain_loops),
    cmocka_unit_test(matmul_onednn_matches_plain_loops_when_bf16),
    cmocka_unit_test(matmul_auto_refuses_bf16_when_processor_lacks_it),
    cmocka_unit_test(matmul_auto_always_finds_a_provider),
    cmocka_unit_test(matmul_empty_products_do_nothing_or_give_zeros),
    cmocka_unit_test(matmul_reports_negative_dimensions),
};

GNDP_TEST_MAIN(tests)
