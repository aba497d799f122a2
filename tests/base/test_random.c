// SPDX-License-Identifier: Apache-2.0
// Philox blocks, uniforms and normals: published vectors, accuracy, and the same bits however they
// are made.
#include "support/test_main.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/philox.h"
#include "base/random_fill.h"

static const uint64_t seed = UINT64_C(0x0123456789abcdef);
enum { step = 7, member = 11, stream = GNDP_STREAM(3, 5) };

/* Vectors of the Random123 distribution (kat_vectors, philox4x32 10). */
static void philox_matches_the_published_vectors(void **state)
{
    static const struct {
        uint32_t ctr[4], key[2], out[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t out[4];
        gndp_philox(cases[i].ctr, cases[i].key, out);
        assert_memory_equal(out, cases[i].out, sizeof out);
    }
}

static void uniform_ends_are_exact(void **state)
{
    (void)state;
    assert_true(gndp_uniform_f64(0) == 0x1p-53);
    assert_true(gndp_uniform_f64(UINT64_MAX) == 1.0 - 0x1p-53);
    assert_true(gndp_uniform_f32(0) == 0x1p-24f);
    assert_true(gndp_uniform_f32(UINT64_MAX) == 1.0f - 0x1p-24f);
    /* the middle is stepped over, evenly */
    assert_true(gndp_uniform_f64(UINT64_MAX / 2) == 0.5 - 0x1p-53);
    assert_true(gndp_uniform_f64(UINT64_MAX / 2 + 1) == 0.5 + 0x1p-53);
}

/* The documented definition in integers, against the bulk functions. */
static void uniforms_follow_their_definition(void **state)
{
    enum { n = 1001 };
    static float u32[n];
    static double u64[n];
    (void)state;
    assert_int_equal(gndp_random_uniform_f32(seed, step, member, stream, 0, n, u32), GNDP_OK);
    assert_int_equal(gndp_random_uniform_f64(seed, step, member, stream, 0, n, u64), GNDP_OK);
    for (int i = 0; i < n; i++) {
        const uint32_t ctr[4] = {(uint32_t)i / 2, step, member, stream};
        const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
        uint32_t w[4];
        gndp_philox(ctr, key, w);
        const uint64_t word = w[i % 2 * 2] | (uint64_t)w[i % 2 * 2 + 1] << 32;
        assert_true(u64[i] == ldexp((double)(2 * (word >> 12) + 1), -53));
        assert_true((double)u32[i] == ldexp((double)(2 * (word >> 41) + 1), -24));
        assert_true(fabs((double)u32[i] - u64[i]) < 0x1p-24);
    }
}

/* Relative error against long double; the bound asked for is 1e-14, 4 units of 2^-52 are kept. */
static const long double log_bound = 4 * 0x1p-52L;

static void check_log(double u)
{
    const long double want = logl((long double)u);
    const long double error = fabsl(((long double)gndp_log_unit(u) - want) / want);
    if (!(error <= log_bound))
        fail_msg("log %a: relative error %Lg", u, error);
}

static void log_is_accurate_everywhere(void **state)
{
    static double u[20000];
    (void)state;
    assert_int_equal(gndp_random_uniform_f64(seed, 0, 0, 0, 0, 20000, u), GNDP_OK);
    for (int i = 0; i < 20000; i++) {
        const double tiny = ldexp(1.0 - u[i], -(i % 53)); /* every binade */
        check_log(u[i]);
        const double near_one = 1.0 - ldexp(u[i], -(i % 52) - 1); /* where log vanishes */
        if (near_one < 1.0)
            check_log(near_one);
        if (tiny >= 0x1p-53)
            check_log(tiny);
    }
    for (int k = 1; k <= 53; k++) { /* the ends of binades and of the reduction */
        check_log(ldexp(1.0, -k));
        check_log(nextafter(ldexp(1.0, -k), 0.0));
        check_log(ldexp(sqrt(0.5), 1 - k));
        check_log(nextafter(ldexp(sqrt(0.5), 1 - k), 0.0));
    }
    check_log(1.0 - 0x1p-53);
    check_log(0x1p-53);
}

static void check_cos_sin(double u)
{
    const gndp_pair got = gndp_cos_sin_turn(u);
    /* exact reduction to a quarter turn first: 2 pi u itself would lose the small values */
    const long double t = 4.0L * (long double)u, q = roundl(t), x = (t - q) * (acosl(-1.0L) / 2.0L);
    const int quadrant = (int)q % 4;
    const long double c = cosl(x), s = sinl(x);
    const long double want_cos = quadrant == 0 ? c : quadrant == 1 ? -s : quadrant == 2 ? -c : s;
    const long double want_sin = quadrant == 0 ? s : quadrant == 1 ? c : quadrant == 2 ? -s : -c;
    const long double error_cos = fabsl(((long double)got.x[0] - want_cos) / want_cos);
    const long double error_sin = fabsl(((long double)got.x[1] - want_sin) / want_sin);
    if (!(error_cos <= 4 * 0x1p-52L && error_sin <= 4 * 0x1p-52L))
        fail_msg("turn %a: relative errors %Lg %Lg", u, error_cos, error_sin);
    assert_true(got.x[0] != 0.0 && got.x[1] != 0.0);
}

static void cos_and_sin_are_accurate_everywhere(void **state)
{
    static double u[20000];
    (void)state;
    assert_int_equal(gndp_random_uniform_f64(seed, 1, 0, 0, 0, 20000, u), GNDP_OK);
    for (int i = 0; i < 20000; i++)
        check_cos_sin(u[i]);
    for (int eighth = 0; eighth <= 8; eighth++) /* around zeros, extremes and reduction edges */
        for (int k = 3; k <= 52; k++)
            for (int sign = -1; sign <= 1; sign += 2) {
                /* 2^-53 off a multiple of 2^-52, as the uniforms are */
                const double near = eighth / 8.0 + sign * (ldexp(1.0, -k) - 0x1p-53);
                if (near > 0.0 && near < 1.0)
                    check_cos_sin(near);
            }
}

static void normals_follow_box_and_muller(void **state)
{
    static double x[20000], u[20000];
    static float x32[20000];
    (void)state;
    assert_int_equal(gndp_random_normal_f64(seed, step, member, stream, 0, 20000, x), GNDP_OK);
    assert_int_equal(gndp_random_normal_f32(seed, step, member, stream, 0, 20000, x32), GNDP_OK);
    assert_int_equal(gndp_random_uniform_f64(seed, step, member, stream, 0, 20000, u), GNDP_OK);
    for (int i = 0; i < 20000; i += 2) {
        const long double radius = sqrtl(-2.0L * logl((long double)u[i]));
        const long double turn = 2.0L * acosl(-1.0L) * (long double)u[i + 1];
        /* relative to the radius: the long double angle is not reduced exactly here */
        assert_true(fabsl((long double)x[i] - radius * cosl(turn)) <= 1e-15L * radius);
        assert_true(fabsl((long double)x[i + 1] - radius * sinl(turn)) <= 1e-15L * radius);
        assert_true(x32[i] == (float)x[i] && x32[i + 1] == (float)x[i + 1]);
    }
}

static void normals_are_finite_and_bounded_at_the_ends(void **state)
{
    const uint64_t ends[] = {0, UINT64_MAX, UINT64_MAX / 2, UINT64_MAX / 2 + 1};
    (void)state;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            const gndp_pair n = gndp_normal_pair((gndp_block){{ends[i], ends[j]}});
            for (int k = 0; k < 2; k++) {
                assert_true(fabs(n.x[k]) < 8.58);
                assert_true(fabs(n.x[k]) > (double)FLT_MIN); /* normal in f32 too */
            }
        }
    /* the largest radius, sqrt(2 * 53 log 2) = 8.5713.. */
    const gndp_pair far = gndp_normal_pair((gndp_block){{0, 0}});
    assert_true(fabs(far.x[0] - sqrt(106.0 * log(2.0))) < 1e-14);
}

static uint64_t fnv(const void *data, size_t bytes)
{
    const unsigned char *b = data;
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes; i++)
        value = (value ^ b[i]) * UINT64_C(0x100000001b3);
    return value;
}

/* Sums printed by normal_bits.py, a second implementation of the definition. */
static void normals_have_the_bits_of_the_definition(void **state)
{
    static double x[40000];
    static float x32[40000];
    (void)state;
    assert_int_equal(gndp_random_normal_f64(seed, step, member, stream, 0, 40000, x), GNDP_OK);
    assert_int_equal(gndp_random_normal_f32(seed, step, member, stream, 0, 40000, x32), GNDP_OK);
    assert_true(x[0] == -0x1.bb9bc2c4fc7b8p-3 && x[1] == 0x1.2a368b0515676p-4);
    assert_true(fnv(x, sizeof x) == UINT64_C(0xfa5cfad8fc79224a));
    assert_true(fnv(x32, sizeof x32) == UINT64_C(0x4456f2e32bcfc0f7));
}

enum { whole = 777 };

/* Draw [first, first + whole) in pieces of changing length and compare with one call. */
static void check_split(gndp_status (*draw)(uint64_t, uint32_t, uint32_t, uint32_t, int64_t,
                                            int64_t, void *),
                        size_t size, int64_t first)
{
    double at_once[whole], pieces[whole];
    assert_int_equal(draw(seed, step, member, stream, first, whole, at_once), GNDP_OK);
    for (int length = 1; length < 70; length++) {
        memset(pieces, 0xff, sizeof pieces);
        for (int64_t i = 0, n = length; i < whole; i += n, n = n % 7 + length) {
            const int64_t take = n < whole - i ? n : whole - i;
            assert_int_equal(draw(seed, step, member, stream, first + i, take,
                                  (char *)pieces + i * (int64_t)size),
                             GNDP_OK);
        }
        assert_memory_equal(pieces, at_once, size * whole);
    }
}

static gndp_status draw_u32(uint64_t k, uint32_t s, uint32_t m, uint32_t t, int64_t f, int64_t n,
                            void *out)
{
    return gndp_random_uniform_f32(k, s, m, t, f, n, out);
}

static gndp_status draw_u64(uint64_t k, uint32_t s, uint32_t m, uint32_t t, int64_t f, int64_t n,
                            void *out)
{
    return gndp_random_uniform_f64(k, s, m, t, f, n, out);
}

static gndp_status draw_n32(uint64_t k, uint32_t s, uint32_t m, uint32_t t, int64_t f, int64_t n,
                            void *out)
{
    return gndp_random_normal_f32(k, s, m, t, f, n, out);
}

static gndp_status draw_n64(uint64_t k, uint32_t s, uint32_t m, uint32_t t, int64_t f, int64_t n,
                            void *out)
{
    return gndp_random_normal_f64(k, s, m, t, f, n, out);
}

static void random_ranges_do_not_depend_on_the_split(void **state)
{
    const int64_t limit = INT64_C(1) << 33;
    const int64_t firsts[] = {0, 1, 12345, limit - whole};
    (void)state;
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        check_split(draw_u32, sizeof(float), firsts[i]);
        check_split(draw_u64, sizeof(double), firsts[i]);
        check_split(draw_n32, sizeof(float), firsts[i]);
        check_split(draw_n64, sizeof(double), firsts[i]);
    }
}

static void random_ranges_write_nothing_outside(void **state)
{
    (void)state;
    for (int n = 0; n < 40; n++)
        for (int first = 0; first < 2; first++) {
            float x[44];
            for (int i = 0; i < 44; i++)
                x[i] = -7.0f;
            assert_int_equal(gndp_random_uniform_f32(seed, 0, 0, 0, first, n, x + 2), GNDP_OK);
            for (int i = 0; i < 44; i++)
                assert_int_equal(x[i] == -7.0f, i < 2 || i >= 2 + n);
        }
}

/* Every SIMD level that can run here against single blocks, in ragged lengths. */
static void check_level(const gndp_random_fill *fill)
{
    enum { most = 150 };
    for (int64_t blocks = 0; blocks <= most; blocks += blocks < 40 ? 1 : 13) {
        const gndp_random_span span = {
            .key = seed, .pair = 0xffffffc0U, .step = step, .member = member, .stream = stream};
        float u32[2 * most], n32[2 * most];
        double u64[2 * most], n64[2 * most];
        fill->uniform_f32(span, blocks, u32);
        fill->uniform_f64(span, blocks, u64);
        fill->normal_f32(span, blocks, n32);
        fill->normal_f64(span, blocks, n64);
        for (int64_t i = 0; i < blocks; i++) {
            const gndp_block b = gndp_block_at(seed, span.pair + (uint32_t)i, step, member, stream);
            const gndp_pair n = gndp_normal_pair(b);
            for (int h = 0; h < 2; h++) {
                assert_true(u32[2 * i + h] == gndp_uniform_f32(b.half[h]));
                assert_true(u64[2 * i + h] == gndp_uniform_f64(b.half[h]));
                assert_true(n32[2 * i + h] == (float)n.x[h]);
                assert_true(n64[2 * i + h] == n.x[h]);
            }
        }
    }
}

static void random_baseline_equals_single_blocks(void **state)
{
    (void)state;
    check_level(&gndp_random_fill_baseline);
}

static void random_avx2_equals_single_blocks(void **state)
{
    (void)state;
#if defined(GNDP_HAVE_X86_SIMD)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        skip();
    check_level(&gndp_random_fill_avx2);
#else
    skip();
#endif
}

static void random_avx512_equals_single_blocks(void **state)
{
    (void)state;
#if defined(GNDP_HAVE_X86_SIMD)
    if (!__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512vl"))
        skip();
    check_level(&gndp_random_fill_avx512);
#else
    skip();
#endif
}

static void random_differs_in_every_part_of_the_counter(void **state)
{
    double base[64], other[64];
    (void)state;
    assert_int_equal(gndp_random_normal_f64(seed, step, member, stream, 0, 64, base), GNDP_OK);
    for (int part = 0; part < 6; part++) {
        const uint64_t key = seed ^ (part == 0 ? 1 : part == 1 ? UINT64_C(1) << 32 : 0);
        assert_int_equal(gndp_random_normal_f64(key, step + (part == 2), member + (part == 3),
                                                (uint32_t)stream + (part == 4), part == 5 ? 64 : 0,
                                                64, other),
                         GNDP_OK);
        for (int i = 0; i < 64; i++)
            assert_true(base[i] != other[i]);
    }
    assert_int_equal(GNDP_STREAM(0xffff, 0xffff), UINT32_MAX);
    assert_int_equal(GNDP_STREAM(1, 2), 65538);
}

static void random_reports_bad_ranges(void **state)
{
    const int64_t limit = INT64_C(1) << 33;
    double x[2];
    (void)state;
    assert_int_equal(gndp_random_normal_f64(seed, 0, 0, 0, -1, 1, x), GNDP_ERR_RANGE);
    assert_int_equal(gndp_random_normal_f64(seed, 0, 0, 0, 0, -1, x), GNDP_ERR_RANGE);
    assert_int_equal(gndp_random_normal_f64(seed, 0, 0, 0, limit - 1, 2, x), GNDP_ERR_RANGE);
    assert_int_equal(gndp_random_normal_f64(seed, 0, 0, 0, INT64_MAX, 2, x), GNDP_ERR_RANGE);
    assert_int_equal(gndp_random_normal_f64(seed, 0, 0, 0, 0, 1, NULL), GNDP_ERR_ARG);
    assert_int_equal(gndp_random_normal_f64(seed, 0, 0, 0, 0, 0, NULL), GNDP_OK);
    assert_int_equal(gndp_random_normal_f64(seed, 0, 0, 0, limit - 1, 1, x), GNDP_OK);
    assert_int_equal(gndp_random_uniform_f32(seed, 0, 0, 0, -1, 1, (float *)x), GNDP_ERR_RANGE);
    assert_int_equal(gndp_random_uniform_f64(seed, 0, 0, 0, -1, 1, x), GNDP_ERR_RANGE);
    assert_int_equal(gndp_random_normal_f32(seed, 0, 0, 0, -1, 1, (float *)x), GNDP_ERR_RANGE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(philox_matches_the_published_vectors),
    cmocka_unit_test(uniform_ends_are_exact),
    cmocka_unit_test(uniforms_follow_their_definition),
    cmocka_unit_test(log_is_accurate_everywhere),
    cmocka_unit_test(cos_and_sin_are_accurate_everywhere),
    cmocka_unit_test(normals_follow_box_and_muller),
    cmocka_unit_test(normals_are_finite_and_bounded_at_the_ends),
    cmocka_unit_test(normals_have_the_bits_of_the_definition),
    cmocka_unit_test(random_ranges_do_not_depend_on_the_split),
    cmocka_unit_test(random_ranges_write_nothing_outside),
    cmocka_unit_test(random_baseline_equals_single_blocks),
    cmocka_unit_test(random_avx2_equals_single_blocks),
    cmocka_unit_test(random_avx512_equals_single_blocks),
    cmocka_unit_test(random_differs_in_every_part_of_the_counter),
    cmocka_unit_test(random_reports_bad_ranges),
};

GNDP_TEST_MAIN(tests)
