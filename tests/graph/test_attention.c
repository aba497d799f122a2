// SPDX-License-Identifier: Apache-2.0
// The attention builder: laws of attention, masks, leading axes, and gradients against the same
// formula from primitives.
#include "graph/family.h"

enum { B = 2, NQ = 5, NK = 7, H = 2, DK = 4, DV = 3 };

/* Rounding of f64 sums of some tens of terms of size 1. */
#define TOLERANCE 1e-13

static gndp_node by_head(gndp_graph *g, gndp_node x, int64_t heads)
{
    const gndp_type t = gndp_node_type(x);
    const int64_t split[4] = {t.dim[0], t.dim[1], heads, t.dim[2] / heads};
    return gndp_transpose(g, gndp_reshape(g, x, 4, split), (const int[]){0, 2, 1, 3});
}

/* The definition in products and a softmax; rank 3, mask [1 or B, 1 or Nq, Nk]. */
static gndp_node from_primitives(gndp_graph *g, gndp_node q, gndp_node k, gndp_node v,
                                 gndp_node mask, int heads, double scale)
{
    const gndp_node qh = by_head(g, q, heads), kh = by_head(g, k, heads), vh = by_head(g, v, heads);
    const gndp_node logits = gndp_scale(g, gndp_matmul(g, qh, gndp_swap_last(g, kh)), scale);
    if (!gndp_is_none(mask)) {
        const gndp_type m = gndp_node_type(mask);
        mask = gndp_reshape(g, mask, 4, (const int64_t[]){m.dim[0], 1, m.dim[1], m.dim[2]});
    }
    const gndp_node o = gndp_matmul(g, gndp_softmax(g, logits, mask), vh);
    const gndp_type t = gndp_node_type(q);
    return gndp_reshape(g, gndp_transpose(g, o, (const int[]){0, 2, 1, 3}), 3,
                        (const int64_t[]){t.dim[0], t.dim[1], gndp_node_type(v).dim[2]});
}

static void attention_to_equal_keys_is_the_mean_of_the_values(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node q = feed_normal(&s, "q", gndp_type_3d(GNDP_F64, B, NQ, H * DK)),
                    one = feed_normal(&s, "k", gndp_type_3d(GNDP_F64, B, 1, H * DK));
    const gndp_node v = feed_normal(&s, "v", gndp_type_3d(GNDP_F64, B, NK, H * DV));
    const gndp_node k = gndp_broadcast_to(s.g, one, 3, (const int64_t[]){B, NK, H * DK});
    const int axis = 1;
    const gndp_node mean = gndp_mean(s.g, v, &axis, 1, true);
    const gndp_node out[2] = {gndp_attention(s.g, q, k, v, GNDP_NONE, H, 0.0),
                              gndp_broadcast_to(s.g, mean, 3, (const int64_t[]){B, NQ, H * DV})};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 2);
        assert_arrays_near(s.result[0], s.result[1], TOLERANCE);
    }
    end(&s);
}

/* Reordered queries reorder the result, reordered keys (with their values) do not change it. */
static void attention_is_equivariant_in_queries_and_invariant_in_keys(void **state)
{
    (void)state;
    setup s = begin();
    const int32_t queries[NQ] = {3, 0, 4, 1, 2}, keys[NK] = {6, 2, 5, 0, 1, 4, 3};
    const gndp_node q = feed_normal(&s, "q", gndp_type_3d(GNDP_F64, B, NQ, H * DK)),
                    k = feed_normal(&s, "k", gndp_type_3d(GNDP_F64, B, NK, H * DK));
    const gndp_node v = feed_normal(&s, "v", gndp_type_3d(GNDP_F64, B, NK, H * DV));
    const gndp_node i = feed(&s, "i", gndp_type_1d(GNDP_I32, NQ), queries),
                    j = feed(&s, "j", gndp_type_1d(GNDP_I32, NK), keys);
    const gndp_node o = gndp_attention(s.g, q, k, v, GNDP_NONE, H, 0.0);
    const gndp_node out[4] = {
        gndp_gather(s.g, o, i, 1),
        gndp_attention(s.g, gndp_gather(s.g, q, i, 1), k, v, GNDP_NONE, H, 0.0), o,
        gndp_attention(s.g, q, gndp_gather(s.g, k, j, 1), gndp_gather(s.g, v, j, 1), GNDP_NONE, H,
                       0.0)};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 4);
        assert_arrays_near(s.result[0], s.result[1], TOLERANCE);
        assert_arrays_near(s.result[2], s.result[3], TOLERANCE);
    }
    end(&s);
}

/* Masked keys are as good as gone, though they and their values are NaN; so are their gradients,
 * exactly 0. */
static void attention_masked_keys_are_removed_keys(void **state)
{
    (void)state;
    setup s = begin();
    const int32_t mask[NK] = {1, 0, 1, 1, 0, 1, 0}, kept[4] = {0, 2, 3, 5};
    const gndp_node q = feed_normal(&s, "q", gndp_type_3d(GNDP_F64, B, NQ, H * DK)),
                    c = feed_normal(&s, "c", gndp_type_3d(GNDP_F64, B, NQ, H * DV));
    const gndp_node k = feed_normal(&s, "k", gndp_type_3d(GNDP_F64, B, NK, H * DK)),
                    v = feed_normal(&s, "v", gndp_type_3d(GNDP_F64, B, NK, H * DV));
    const gndp_node m = feed(&s, "m", gndp_type_1d(GNDP_I32, NK), mask),
                    i = feed(&s, "i", gndp_type_1d(GNDP_I32, 4), kept);
    const gndp_node few[3] = {q, gndp_gather(s.g, k, i, 1), gndp_gather(s.g, v, i, 1)},
                    all[3] = {q, k, v};
    for (int n = 0; n < B * NK; n++) {
        for (int d = 0; d < H * DK && mask[n % NK] == 0; d++) {
            ((double *)fed(&s, "k"))[n * H * DK + d] = (double)NAN;
        }
        for (int d = 0; d < H * DV && mask[n % NK] == 0; d++) {
            ((double *)fed(&s, "v"))[n * H * DV + d] = (double)INFINITY;
        }
    }
    gndp_node out[8] = {gndp_attention(s.g, q, k, v, m, H, 0.0),
                        gndp_attention(s.g, few[0], few[1], few[2], GNDP_NONE, H, 0.0)};
    gndp_vjp(s.g, &out[0], &c, 1, all, 3, out + 2);
    gndp_vjp(s.g, &out[1], &c, 1, few, 3, out + 5);
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 8);
        assert_arrays_near(s.result[0], s.result[1], TOLERANCE);
        assert_arrays_near(s.result[2], s.result[5], TOLERANCE);
        for (int which = 0; which < 2; which++) {
            const int64_t width = H * (which == 0 ? DK : DV);
            for (int64_t n = 0; n < B * NK * width; n++) {
                const int64_t b = n / (NK * width), key = n / width % NK;
                int64_t at = 0;
                while (at < 4 && kept[at] != key) {
                    at++;
                }
                if (at == 4) {
                    assert_true(entry(s.result[3 + which], n) == 0.0);
                } else {
                    assert_near(entry(s.result[3 + which], n),
                                entry(s.result[6 + which], (b * 4 + at) * width + n % width),
                                TOLERANCE);
                }
            }
        }
    }
    end(&s);
}

static void attention_to_one_key_is_its_value(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node q = feed_normal(&s, "q", gndp_type_3d(GNDP_F32, B, NQ, H * DK)),
                    k = feed_normal(&s, "k", gndp_type_3d(GNDP_F32, B, 1, H * DK));
    const gndp_node v = feed_normal(&s, "v", gndp_type_3d(GNDP_F32, B, 1, H * DV)),
                    c = feed_normal(&s, "c", gndp_type_3d(GNDP_F32, B, NQ, H * DV));
    const gndp_node o = gndp_attention(s.g, q, k, v, GNDP_NONE, H, 0.0), all[3] = {q, k, v};
    gndp_node d[3];
    gndp_vjp(s.g, &o, &c, 1, all, 3, d);
    assert_true(gndp_is_none(d[0]) && gndp_is_none(d[1]) && !gndp_is_none(d[2]));
    setup one = s; /* the run reads v alone */
    one.feed[0] = s.feed[2];
    one.n_feeds = 1;
    run(&one, ways[1], &o, 1);
    for (int i = 0; i < B * NQ * H * DV; i++) {
        assert_true(entry(one.result[0], i) ==
                    (double)((float *)fed(&s, "v"))[i / (NQ * H * DV) * H * DV + i % (H * DV)]);
    }
    clear_results(&one);
    end(&s);
}

/* Forms: 0 none, 1 keys of each batch member, 2 keys of all, 3 pairs of each, 4 pairs of all, as [1
   or B, 1 or Nq, Nk]; query 1 keeps nothing in the pair forms. */
static gndp_node feed_mask(setup *s, int form)
{
    int32_t keep[B * NQ * NK];
    const int64_t b = form == 1 || form == 3 ? B : 1, nq = form >= 3 ? NQ : 1;
    for (int64_t i = 0; i < b * nq * NK; i++) {
        keep[i] = i * 13 % 7 < 5 && !(nq > 1 && i / NK % nq == 1);
    }
    return form == 0 ? GNDP_NONE : feed(s, "m", gndp_type_3d(GNDP_I32, b, nq, NK), keep);
}

/* First and second derivatives of the fused op are those of the formula, for every form of mask and
 * for shared keys. */
static void attention_gradients_are_those_of_the_formula(void **state)
{
    (void)state;
    for (int form = 0; form < 10; form++) {
        setup s = begin();
        const int64_t shared = form >= 5 ? 1 : B;
        const gndp_node x[3] = {feed_normal(&s, "q", gndp_type_3d(GNDP_F64, B, NQ, H * DK)),
                                feed_normal(&s, "k", gndp_type_3d(GNDP_F64, shared, NK, H * DK)),
                                feed_normal(&s, "v", gndp_type_3d(GNDP_F64, shared, NK, H * DV))};
        const gndp_node m = feed_mask(&s, form % 5),
                        c = feed_normal(&s, "c", gndp_type_3d(GNDP_F64, B, NQ, H * DV));
        const gndp_node weight[3] = {feed_normal(&s, "wq", gndp_node_type(x[0])),
                                     feed_normal(&s, "xk", gndp_node_type(x[1])),
                                     feed_normal(&s, "yv", gndp_node_type(x[2]))};
        const gndp_node wrt[4] = {x[0], x[1], x[2], c};
        gndp_node out[16];
        for (int which = 0; which < 2; which++) {
            gndp_node *to = out + 8 * which;
            to[0] = which == 0 ? gndp_attention(s.g, x[0], x[1], x[2], m, H, 0.6)
                               : from_primitives(s.g, x[0], x[1], x[2], m, H, 0.6);
            gndp_vjp(s.g, &to[0], &c, 1, x, 3, to + 1);
            gndp_vjp(s.g, to + 1, weight, 3, wrt, 4, to + 4);
        }
        for (int w = 0; w < WAYS; w++) {
            run(&s, ways[w], out, 16);
            for (int i = 0; i < 8; i++) {
                assert_arrays_near(s.result[i], s.result[8 + i], 1e-12);
            }
        }
        end(&s);
    }
}

static void attention_query_without_keys_gives_zero_and_zero_gradient(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node x[3] = {feed_normal(&s, "q", gndp_type_3d(GNDP_F32, B, NQ, H * DK)),
                            feed_normal(&s, "k", gndp_type_3d(GNDP_F32, B, NK, H * DK)),
                            feed_normal(&s, "v", gndp_type_3d(GNDP_F32, B, NK, H * DV))};
    const gndp_node m = feed_mask(&s, 3),
                    c = feed_normal(&s, "c", gndp_type_3d(GNDP_F32, B, NQ, H * DV));
    gndp_node out[4] = {gndp_attention(s.g, x[0], x[1], x[2], m, H, 0.0)};
    gndp_vjp(s.g, out, &c, 1, x, 3, out + 1);
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 4);
        for (int b = 0; b < B; b++) {
            for (int i = 0; i < H * DV; i++) {
                assert_true(entry(s.result[0], (b * NQ + 1) * H * DV + i) == 0.0);
            }
            for (int i = 0; i < H * DK; i++) {
                assert_true(entry(s.result[1], (b * NQ + 1) * H * DK + i) == 0.0);
                assert_true(entry(s.result[1], (b * NQ + 2) * H * DK + i) != 0.0);
            }
        }
        for (int i = 0; i < B * NK * H * DK; i++) {
            assert_true(isfinite(entry(s.result[2], i)));
        }
    }
    end(&s);
}

/* Keys and masks with fewer leading axes, or some of size 1, are the same as written out in full.
 */
static void attention_broadcasts_leading_axes_of_keys_and_masks(void **state)
{
    (void)state;
    const int64_t lead[4][2] = {{2, 3}, {1, 3}, {2, 1}, {1, 1}};
    for (int form = 0; form < 4; form++) {
        setup s = begin();
        int32_t keep[6 * NK];
        for (int i = 0; i < 6 * NK; i++) {
            keep[i] = i % 3 != 0;
        }
        const int64_t *l = lead[form];
        const gndp_node q = feed_normal(&s, "q", gndp_type_4d(GNDP_F64, 2, 3, NQ, H * DK)),
                        k = feed_normal(&s, "k", gndp_type_4d(GNDP_F64, l[0], l[1], NK, H * DK));
        const gndp_node v = feed_normal(&s, "v", gndp_type_4d(GNDP_F64, l[0], l[1], NK, H * DV)),
                        m = feed(&s, "m", gndp_type_3d(GNDP_I32, l[0], l[1], NK), keep);
        const gndp_node kf =
            gndp_reshape(s.g, gndp_broadcast_to(s.g, k, 4, (const int64_t[]){2, 3, NK, H * DK}), 3,
                         (const int64_t[]){6, NK, H * DK});
        const gndp_node vf =
            gndp_reshape(s.g, gndp_broadcast_to(s.g, v, 4, (const int64_t[]){2, 3, NK, H * DV}), 3,
                         (const int64_t[]){6, NK, H * DV});
        const gndp_node mf =
            gndp_reshape(s.g, gndp_broadcast_to(s.g, m, 3, (const int64_t[]){2, 3, NK}), 3,
                         (const int64_t[]){6, 1, NK});
        const gndp_node qf = gndp_reshape(s.g, q, 3, (const int64_t[]){6, NQ, H * DK});
        const gndp_node flat = from_primitives(s.g, qf, kf, vf, mf, H, 1.0 / sqrt(DK));
        const gndp_node out[2] = {gndp_attention(s.g, q, k, v, m, H, 0.0),
                                  gndp_reshape(s.g, flat, 4, (const int64_t[]){2, 3, NQ, H * DV})};
        for (int w = 0; w < WAYS; w++) {
            run(&s, ways[w], out, 2);
            assert_arrays_near(s.result[0], s.result[1], TOLERANCE);
        }
        end(&s);
    }
}

static void attention_with_keys_of_all_may_leave_out_leading_axes(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node q = feed_normal(&s, "q", gndp_type_3d(GNDP_F64, B, NQ, H * DK)),
                    k = feed_normal(&s, "k", gndp_type_2d(GNDP_F64, NK, H * DK));
    const gndp_node v = feed_normal(&s, "v", gndp_type_3d(GNDP_F64, B, NK, H * DV));
    const gndp_node k3 = gndp_reshape(s.g, k, 3, (const int64_t[]){1, NK, H * DK});
    const gndp_node flat =
        gndp_reshape(s.g, gndp_slice_axis(s.g, q, 0, 0, 1), 2, (const int64_t[]){NQ, H * DK});
    const gndp_node v0 =
        gndp_reshape(s.g, gndp_slice_axis(s.g, v, 0, 0, 1), 2, (const int64_t[]){NK, H * DV});
    const gndp_node o = gndp_attention(s.g, q, k, v, GNDP_NONE, H, 0.5);
    const gndp_node out[4] = {
        o, from_primitives(s.g, q, k3, v, GNDP_NONE, H, 0.5),
        gndp_attention(s.g, flat, k, v0, GNDP_NONE, H, 0.5),
        gndp_reshape(s.g, gndp_slice_axis(s.g, o, 0, 0, 1), 2, (const int64_t[]){NQ, H * DV})};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 4);
        assert_arrays_near(s.result[0], s.result[1], TOLERANCE);
        assert_arrays_near(s.result[2], s.result[3], TOLERANCE);
    }
    end(&s);
}

/* bf16 operands carry 8 bits: logits of 32 products and weights in (0, 1) stay within a few 2^-8.
 */
static void attention_with_reduced_products_stays_near(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node x[3] = {feed_normal(&s, "q", gndp_type_3d(GNDP_F32, B, 40, 64)),
                            feed_normal(&s, "k", gndp_type_3d(GNDP_F32, B, 50, 64)),
                            feed_normal(&s, "v", gndp_type_3d(GNDP_F32, B, 50, 64))};
    const gndp_node c = feed_normal(&s, "c", gndp_type_3d(GNDP_F32, B, 40, 64));
    gndp_node out[4] = {gndp_attention(s.g, x[0], x[1], x[2], GNDP_NONE, 2, 0.0)};
    gndp_vjp(s.g, out, &c, 1, x, 3, out + 1);
    setup full = s;
    run(&full, ways[0], out, 4);
    s.bf16 = true;
    for (int w = 1; w < WAYS; w++) {
        run(&s, ways[w], out, 4);
        for (int i = 0; i < 4; i++) {
            assert_arrays_near(s.result[i], full.result[i], 0.06);
        }
    }
    clear_results(&full);
    end(&s);
}

static void attention_refuses_wrong_shapes(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        setup s = begin();
        const gndp_node q = gndp_input(s.g, "q", gndp_type_3d(GNDP_F32, 2, 5, 8)),
                        x = gndp_input(s.g, "k", gndp_type_3d(GNDP_F32, 2, 7, 8));
        const gndp_node d = gndp_input(s.g, "d", gndp_type_3d(GNDP_F64, 2, 7, 8)),
                        n = gndp_input(s.g, "n", gndp_type_3d(GNDP_F32, 2, 6, 8));
        switch (k) {
        case 0:
            gndp_attention(s.g, q, x, n, GNDP_NONE, 2, 0.0);
            assert_poisoned(&s, GNDP_ERR_SHAPE, "got f32[2,5,8], f32[2,7,8], f32[2,6,8]");
            break;
        case 1:
            gndp_attention(s.g, q, x, d, GNDP_NONE, 2, 0.0);
            assert_poisoned(&s, GNDP_ERR_TYPE,
                            "attention: q, k, v are f32[2,5,8], f32[2,7,8], f64[2,7,8]");
            break;
        case 2:
            gndp_attention(s.g, q, x, x, GNDP_NONE, 3, 0.0);
            assert_poisoned(&s, GNDP_ERR_SHAPE, "3 heads do not divide");
            break;
        case 3:
            gndp_attention(s.g, q, x, x, gndp_input(s.g, "m", gndp_type_2d(GNDP_I32, 5, 7)), 2,
                           0.0);
            assert_poisoned(&s, GNDP_ERR_SHAPE,
                            "the mask i32[5,7] is neither [.., Nk] nor [.., Nq, Nk]");
            break;
        case 4:
            gndp_attention(s.g, q, x, x, x, 2, 0.0);
            assert_poisoned(&s, GNDP_ERR_TYPE, "the mask must be i32");
            break;
        default:
            gndp_attention(s.g, q, x, x, GNDP_NONE, 0, 0.0);
            assert_poisoned(&s, GNDP_ERR_RANGE, "attention: 0 heads");
            break;
        }
        end(&s);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(attention_to_equal_keys_is_the_mean_of_the_values),
    cmocka_unit_test(attention_is_equivariant_in_queries_and_invariant_in_keys),
    cmocka_unit_test(attention_masked_keys_are_removed_keys),
    cmocka_unit_test(attention_to_one_key_is_its_value),
    cmocka_unit_test(attention_gradients_are_those_of_the_formula),
    cmocka_unit_test(attention_query_without_keys_gives_zero_and_zero_gradient),
    cmocka_unit_test(attention_broadcasts_leading_axes_of_keys_and_masks),
    cmocka_unit_test(attention_with_keys_of_all_may_leave_out_leading_axes),
    cmocka_unit_test(attention_with_reduced_products_stays_near),
    cmocka_unit_test(attention_refuses_wrong_shapes),
};

GNDP_TEST_MAIN(tests)
