// SPDX-License-Identifier: Apache-2.0
// Random draws as nodes have the bits of the base functions, whatever batch, order of members,
// device and threads.
#include "graph/family.h"

enum { COUNT = 5003 }; /* odd, and more than one task */

static const int32_t seed_words[2] = {-123456789, 77}, members[3] = {4, 0, 1000001};
static const uint64_t key = (uint64_t)77 << 32 | (uint32_t)-123456789;

static void random_nodes_have_the_bits_of_the_base_functions(void **state)
{
    (void)state;
    setup s = begin();
    const int32_t step = 31;
    const int64_t dim[1] = {COUNT};
    const gndp_node seed = feed(&s, "seed", gndp_type_1d(GNDP_I32, 2), seed_words),
                    at = feed(&s, "step", gndp_type_scalar(GNDP_I32), &step);
    const gndp_node member = feed(&s, "member", gndp_type_1d(GNDP_I32, 3), members);
    const uint32_t stream[4] = {GNDP_STREAM(1, 0), GNDP_STREAM(1, 1), GNDP_STREAM(65535, 65535), 0};
    const gndp_node out[4] = {
        gndp_random_normal(s.g, seed, at, member, stream[0], GNDP_F32, 1, dim),
        gndp_random_normal(s.g, seed, at, member, stream[1], GNDP_F64, 1, dim),
        gndp_random_uniform(s.g, seed, at, member, stream[2], GNDP_F32, 1, dim),
        gndp_random_uniform(s.g, seed, at, member, stream[3], GNDP_F64, 1, dim)};
    static float f[COUNT];
    static double d[COUNT];
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 4);
        for (int r = 0; r < 3; r++) {
            const uint32_t m = (uint32_t)members[r];
            assert_int_equal(gndp_random_normal_f32(key, 31, m, stream[0], 0, COUNT, f), GNDP_OK);
            assert_memory_equal((float *)s.result[0].data + r * COUNT, f, sizeof f);
            assert_int_equal(gndp_random_normal_f64(key, 31, m, stream[1], 0, COUNT, d), GNDP_OK);
            assert_memory_equal((double *)s.result[1].data + r * COUNT, d, sizeof d);
            assert_int_equal(gndp_random_uniform_f32(key, 31, m, stream[2], 0, COUNT, f), GNDP_OK);
            assert_memory_equal((float *)s.result[2].data + r * COUNT, f, sizeof f);
            assert_int_equal(gndp_random_uniform_f64(key, 31, m, stream[3], 0, COUNT, d), GNDP_OK);
            assert_memory_equal((double *)s.result[3].data + r * COUNT, d, sizeof d);
        }
    }
    end(&s);
}

static void random_has_derivative_zero(void **state)
{
    (void)state;
    setup s = begin();
    const int32_t step = 0;
    const gndp_node seed = feed(&s, "seed", gndp_type_1d(GNDP_I32, 2), seed_words),
                    at = feed(&s, "step", gndp_type_scalar(GNDP_I32), &step);
    const gndp_node member = feed(&s, "member", gndp_type_1d(GNDP_I32, 3), members),
                    x = feed_normal(&s, "x", gndp_type_1d(GNDP_F64, 3));
    const gndp_node e = gndp_random_normal(s.g, seed, at, member, 5, GNDP_F64, 0, NULL);
    gndp_node dx;
    assert_true(gndp_type_equal(gndp_node_type(e), gndp_type_1d(GNDP_F64, 3)));
    const gndp_node loss = gndp_sum_all(s.g, gndp_mul(s.g, e, x));
    gndp_grad(s.g, loss, &x, 1, &dx); /* d (e x) / dx = e */
    const gndp_node out[2] = {dx, e};
    for (int w = 0; w < WAYS; w++) {
        setup one = s;
        one.n_feeds = 3;
        run(&one, ways[w], out, 2);
        assert_memory_equal(one.result[0].data, one.result[1].data, 3 * sizeof(double));
        clear_results(&one);
    }
    end(&s);
}

static void random_refuses_a_stream_drawn_twice_and_wrong_inputs(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        setup s = begin();
        const int64_t dim[1] = {4};
        const gndp_node seed = gndp_input(s.g, "seed", gndp_type_1d(GNDP_I32, 2)),
                        at = gndp_input(s.g, "at", gndp_type_scalar(GNDP_I32));
        const gndp_node member = gndp_input(s.g, "member", gndp_type_1d(GNDP_I32, 3));
        switch (k) {
        case 0:
            gndp_random_normal(s.g, seed, at, member, GNDP_STREAM(2, 1), GNDP_F32, 1, dim);
            gndp_random_uniform(s.g, seed, at, member, GNDP_STREAM(2, 1), GNDP_F32, 1, dim);
            assert_poisoned(&s, GNDP_ERR_ARG, "random_uniform: stream 0x00020001 is drawn twice");
            break;
        case 1:
            gndp_random_normal(s.g, at, at, member, 0, GNDP_F32, 1, dim);
            assert_poisoned(
                &s, GNDP_ERR_SHAPE,
                "random_normal: wants seed [2], step [], member [R], got i32[], i32[], i32[3]");
            break;
        case 2:
            gndp_random_normal(s.g, seed, at, member, 0, GNDP_I32, 1, dim);
            assert_poisoned(&s, GNDP_ERR_TYPE, "draws f32 or f64, not i32");
            break;
        default:
            gndp_random_uniform(s.g, seed, at, member, 0, GNDP_F32, 1, (const int64_t[]){-1});
            assert_poisoned(&s, GNDP_ERR_SHAPE, "random_uniform: result");
            break;
        }
        end(&s);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_nodes_have_the_bits_of_the_base_functions),
    cmocka_unit_test(random_has_derivative_zero),
    cmocka_unit_test(random_refuses_a_stream_drawn_twice_and_wrong_inputs),
};

GNDP_TEST_MAIN(tests)
