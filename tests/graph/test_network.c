// SPDX-License-Identifier: Apache-2.0
// The score networks as one composite: parameter counts, symmetries, padding, devices, threads, bf16, recomputation, training.
#include "graph/network_problem.h"

static const gndp_device_options any_device = {0};
static const gndp_plan_options plain = {0};

/* ---------------------------------------------------------------------------------------------- parameter counts */

static int64_t parameters(gndp_net_spec net)
{
    gndp_store *store = NULL;
    check(gndp_store_create(&store));
    check(gndp_net_add_parameters(&net, store));
    const int64_t size = gndp_store_size(store);
    gndp_store_free(store);
    return size;
}

/* L (21 H^2 + 17 H) + 3 H + H^2 + 2 H + 1, whatever the dimension of the points. */
static void network_counts_parameters_when_bi_attention(void **state)
{
    (void)state;
    assert_int_equal(parameters((gndp_net_spec)BI_ATTENTION(GNDP_F32, 1, 5, 64, 8)), 439937);
    assert_int_equal(parameters((gndp_net_spec)BI_ATTENTION(GNDP_F32, 2, 4, 64, 8)), 352833);
    assert_int_equal(parameters((gndp_net_spec)BI_ATTENTION(GNDP_F32, 1, 2, 128, 8)), 709505);
}

/* L (11 H^2 + 9 H) + (Dx + Dy + 1) H + H^2 + H + Dy (H + 1). */
static void network_counts_parameters_when_joint(void **state)
{
    (void)state;
    assert_int_equal(parameters((gndp_net_spec)JOINT_ATTENTION(GNDP_F32, 2, 2, 5, 128, 4)), 924290);
    assert_int_equal(parameters((gndp_net_spec)JOINT_ATTENTION(GNDP_F32, 1, 3, 5, 128, 4)), 924419);
}

/* ---------------------------------------------------------------------------------------------------- symmetries */

/* The network's output at x, y, t, as f64 on the CPU: [B, N, P]. */
static gndp_array output_of(gndp_net_spec net, gndp_store *store, const data *in, bool masked)
{
    const int64_t batch = in->x.type.dim[0], points = in->x.type.dim[1];
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    gndp_array out;
    check(gndp_graph_create(&g));
    const gndp_node x = gndp_input(g, "x", in->x.type), y = gndp_input(g, "y", in->y0.type);
    const gndp_node t = gndp_input(g, "t", in->t.type);
    const gndp_node mask = masked ? gndp_input(g, "mask", gndp_type_2d(GNDP_I32, batch, points)) : GNDP_NONE;
    const gndp_net_inputs seen = {.t = t, .x = x, .y = y, .mask = mask};
    const gndp_node result = gndp_net_build(g, store, &net, &seen);
    const gndp_feed feeds[] = {{"x", in->x}, {"y", in->y0}, {"t", in->t}, {"mask", in->mask}};
    check(gndp_device_open("cpu", NULL, &device));
    check(gndp_plan_create(g, &result, 1, device, NULL, &plan));
    check(gndp_array_create(gndp_node_type(result), &out));
    check(gndp_plan_run(plan, feeds, masked ? 4 : 3, &out, 1));
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
    return out;
}

/* Largest difference; both arrays hold numbers of order one. */
static double difference(gndp_array a, gndp_array b)
{
    double worst = 0.0;
    assert_true(gndp_type_equal(a.type, b.type));
    for (int64_t k = 0; k < gndp_type_count(a.type); k++) {
        const double error = fabs(at(a, k) - at(b, k));
        worst = isfinite(error) ? fmax(worst, error) : (double)INFINITY;
    }
    return worst;
}

static double magnitude(gndp_array a)
{
    double largest = 0.0;
    for (int64_t k = 0; k < gndp_type_count(a.type); k++)
        largest = fmax(largest, fabs(at(a, k)));
    return largest;
}

/* Row i of the points is row (5 i + 2) mod N of before. */
static gndp_array permute_points(gndp_array a)
{
    const int64_t n = a.type.dim[1], width = a.type.dim[2];
    gndp_array out;
    check(gndp_array_create(a.type, &out));
    for (int64_t b = 0; b < a.type.dim[0]; b++)
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < width; k++)
                put(out, (b * n + i) * width + k, at(a, (b * n + (5 * i + 2) % n) * width + k));
    return out;
}

/* Sums in another order: some 100 roundings of numbers of order one. */
enum { B = 3, N = 9 };
static const double rounding = 1e-12;

static void check_point_permutation(gndp_net_spec net)
{
    gndp_store *store = make_store(&net);
    data in = make_data(&net, B, N), moved = in;
    gndp_array out = output_of(net, store, &in, false), expected = permute_points(out);
    moved.x = permute_points(in.x);
    moved.y0 = permute_points(in.y0);
    gndp_array got = output_of(net, store, &moved, false);
    assert_true(magnitude(out) > 0.1 && difference(out, expected) > 0.01); /* the points differ */
    assert_true(difference(got, expected) < rounding);
    gndp_array *all[] = {&out, &expected, &got, &moved.x, &moved.y0};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        gndp_array_free(all[k]);
    free_data(&in);
    gndp_store_free(store);
}

static void network_is_equivariant_to_permuted_points(void **state)
{
    (void)state;
    check_point_permutation((gndp_net_spec)BI_ATTENTION(GNDP_F64, 3, 2, 16, 4));
    check_point_permutation((gndp_net_spec)BI_ATTENTION(GNDP_F64, 1, 2, 16, 4));
    check_point_permutation((gndp_net_spec)JOINT_ATTENTION(GNDP_F64, 2, 3, 2, 16, 4));
}

/* Column d of x is column (d + 1) mod D of before, shifted by (d + 1) / 4. */
static void network_is_invariant_to_permuted_and_shifted_dims(void **state)
{
    (void)state;
    const gndp_net_spec net = BI_ATTENTION(GNDP_F64, 3, 2, 16, 4);
    gndp_store *store = make_store(&net);
    data in = make_data(&net, B, N);
    gndp_array out = output_of(net, store, &in, false);
    for (int64_t i = 0; i < B * N; i++) {
        double *x = (double *)in.x.data + i * 3;
        const double first = x[0];
        x[0] = x[1] + 0.25;
        x[1] = x[2] + 0.5;
        x[2] = first + 0.75;
    }
    gndp_array got = output_of(net, store, &in, false);
    assert_true(difference(got, out) < rounding);
    gndp_array_free(&out);
    gndp_array_free(&got);
    free_data(&in);
    gndp_store_free(store);
}

/* Two equal columns: the softmax over dimensions halves two equal values, so the network is that of one column, which
   is built by composed matrices and without softmax. Values, and gradients but for those of queries and keys: theirs
   are 0 here and GNDP_NONE there. */
static void network_of_equal_dims_is_that_of_one(void **state)
{
    (void)state;
    const gndp_net_spec one = BI_ATTENTION(GNDP_F64, 1, 2, 16, 4), two = BI_ATTENTION(GNDP_F64, 2, 2, 16, 4);
    problem p = make_problem(one, &with_std_trick, B, N, false), q = make_problem(two, &with_std_trick, B, N, false);
    data in = make_data(&one, B, N), doubled = make_data(&two, B, N);
    for (int64_t i = 0; i < B * N; i++)
        for (int64_t k = 0; k < 2; k++)
            put(doubled.x, 2 * i + k, at(in.x, i));
    runner a = loss_and_gradient(&p, "cpu", any_device, plain), b = loss_and_gradient(&q, "cpu", any_device, plain);
    run(&a, &in);
    run(&b, &doubled);
    int left_out = 0;
    for (int k = 0; k < a.n; k++) {
        assert_true(b.place[k] >= 0);
        if (a.place[k] >= 0) {
            assert_true(difference(a.out[a.place[k]], b.out[b.place[k]]) < rounding);
        } else {
            assert_non_null(strstr(gndp_store_name(p.store, k - 1), "/dims/"));
            assert_true(magnitude(b.out[b.place[k]]) < rounding);
            left_out++;
        }
    }
    assert_int_equal(left_out, 2 * 2 * 2); /* weight and bias of query and key in two blocks */
    free_runner(&a);
    free_runner(&b);
    free_data(&in);
    free_data(&doubled);
    free_problem(&p);
    free_problem(&q);
}

/* ------------------------------------------------------------------------------------------------------- padding */

/* Realization b keeps N - 2 b points, and what lies behind is `junk`. */
static void pad(data *d, double junk)
{
    for (int64_t b = 0; b < B; b++)
        for (int64_t i = N - 2 * b; i < N; i++) {
            put(d->mask, b * N + i, 0.0);
            for (int k = 0; k < 2; k++) {
                const gndp_array a = k == 0 ? d->x : d->y0;
                for (int64_t j = 0; j < a.type.dim[2]; j++)
                    put(a, (b * N + i) * a.type.dim[2] + j, junk);
            }
        }
}

static void check_nan_in_padding(gndp_net_spec net, const denoising *process)
{
    problem p = make_problem(net, process, B, N, true);
    data zero = make_data(&net, B, N), bad = make_data(&net, B, N);
    pad(&zero, 0.0);
    pad(&bad, (double)NAN);
    runner a = loss_and_gradient(&p, "cpu", any_device, plain), b = loss_and_gradient(&p, "cpu", any_device, plain);
    run(&a, &zero);
    run(&b, &bad);
    assert_true(isfinite(at(a.out[0], 0)));
    assert_int_equal(count_differing(&a, &b), 0);
    gndp_array out = output_of(net, p.store, &bad, true);
    for (int64_t i = 0; i < gndp_type_count(out.type); i++)
        if (at(bad.mask, i / net.y_dim) == 0.0)
            assert_true(at(out, i) == 0.0);
    gndp_array_free(&out);
    free_runner(&a);
    free_runner(&b);
    free_data(&zero);
    free_data(&bad);
    free_problem(&p);
}

static void network_ignores_nan_in_padding(void **state)
{
    (void)state;
    check_nan_in_padding((gndp_net_spec)BI_ATTENTION(GNDP_F64, 2, 2, 16, 4), &with_std_trick);
    check_nan_in_padding((gndp_net_spec)BI_ATTENTION(GNDP_F32, 1, 2, 16, 4), &with_std_trick);
    check_nan_in_padding((gndp_net_spec)JOINT_ATTENTION(GNDP_F32, 2, 3, 2, 16, 4), &with_residual_trick);
}

/* N points of which the last four are padding, against N - 4 without a mask. Draws count within a realization, so the
   noise of the valid points is the same. */
static void check_trimmed(gndp_net_spec net, const denoising *process)
{
    enum { KEPT = N - 4 };
    problem p = make_problem(net, process, B, N, true), q = make_problem(net, process, B, KEPT, false);
    data whole = make_data(&net, B, N), part = make_data(&net, B, KEPT);
    for (int k = 0; k < 2; k++) {
        const gndp_array from = k == 0 ? part.x : part.y0, to = k == 0 ? whole.x : whole.y0;
        const int64_t width = from.type.dim[2];
        for (int64_t i = 0; i < B * N * width; i++) {
            const int64_t b = i / (N * width), at_point = i / width % N;
            put(to, i, at_point < KEPT ? at(from, (b * KEPT + at_point) * width + i % width) : (double)NAN);
            put(whole.mask, i / width, at_point < KEPT);
        }
    }
    runner a = loss_and_gradient(&p, "cpu", any_device, plain), b = loss_and_gradient(&q, "cpu", any_device, plain);
    run(&a, &whole);
    run(&b, &part);
    const errors e = compare(&b, &a);
    assert_true(e.loss < rounding && e.gradient < rounding);
    free_runner(&a);
    free_runner(&b);
    free_data(&whole);
    free_data(&part);
    free_problem(&p);
    free_problem(&q);
}

static void network_with_padding_is_that_of_fewer_points(void **state)
{
    (void)state;
    check_trimmed((gndp_net_spec)BI_ATTENTION(GNDP_F64, 2, 2, 16, 4), &with_std_trick);
    check_trimmed((gndp_net_spec)JOINT_ATTENTION(GNDP_F64, 2, 2, 2, 16, 4), &with_residual_trick);
}

/* ---------------------------------------------------------------------------------- devices, threads, reproducing */

/* Large enough for tiles, packing and several tasks a thread. */
enum { LARGE_B = 5, LARGE_N = 37 };
static const gndp_net_spec large_bi = BI_ATTENTION(GNDP_F32, 2, 3, 32, 4);
static const gndp_net_spec large_one = BI_ATTENTION(GNDP_F32, 1, 3, 32, 4);
static const gndp_net_spec large_joint = JOINT_ATTENTION(GNDP_F32, 2, 2, 3, 64, 4);

static gndp_net_spec in_type(gndp_net_spec net, gndp_dtype dtype)
{
    net.dtype = dtype;
    return net;
}

static void check_devices(gndp_net_spec net, const denoising *process, bool masked, double bound)
{
    problem p = make_problem(net, process, LARGE_B, LARGE_N, masked);
    data in = make_data(&net, LARGE_B, LARGE_N);
    for (int64_t k = 0; k < LARGE_B * LARGE_N; k += 3)
        put(in.mask, k, 0.0);
    runner a = loss_and_gradient(&p, "reference", any_device, plain), b = loss_and_gradient(&p, "cpu", any_device, plain);
    run(&a, &in);
    run(&b, &in);
    const errors e = compare(&a, &b);
    print_message("%s %s: loss %.1e, gradient %.1e\n", gndp_dtype_name(net.dtype), masked ? "masked" : "", e.loss, e.gradient);
    assert_true(e.loss < bound && e.gradient < bound);
    free_runner(&a);
    free_runner(&b);
    free_data(&in);
    free_problem(&p);
}

/* Roundings of a few hundred terms a sum, through some 30 layers and back: 1e2 to 1e3 eps. */
static void network_agrees_with_reference(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        const gndp_dtype dtype = k == 0 ? GNDP_F32 : GNDP_F64;
        const double bound = k == 0 ? 2e-5 : 1e-13;
        check_devices(in_type(large_bi, dtype), &with_std_trick, false, bound);
        check_devices(in_type(large_one, dtype), &with_std_trick, true, bound);
        check_devices(in_type(large_joint, dtype), &with_residual_trick, false, bound);
        check_devices(in_type(large_joint, dtype), &with_residual_trick, true, bound);
    }
}

/* Twice the same plan, and two plans: the same bits. One thread and two: the same bits where no product goes to a
   library, whose order of sums is its own affair. */
static void check_bits(gndp_net_spec net)
{
    problem p = make_problem(net, &with_std_trick, LARGE_B, LARGE_N, false);
    data in = make_data(&net, LARGE_B, LARGE_N);
    const gndp_device_options two = {.threads = 2}, own_two = {.threads = 2, .no_onednn = true},
                              own_one = {.threads = 1, .no_onednn = true};
    runner a = loss_and_gradient(&p, "cpu", two, plain), b = loss_and_gradient(&p, "cpu", two, plain);
    run(&a, &in);
    run(&b, &in);
    assert_int_equal(count_differing(&a, &b), 0);
    run(&b, &in);
    assert_int_equal(count_differing(&a, &b), 0);
    runner c = loss_and_gradient(&p, "cpu", own_one, plain), d = loss_and_gradient(&p, "cpu", own_two, plain);
    run(&c, &in);
    run(&d, &in);
    assert_int_equal(count_differing(&c, &d), 0);
    free_runner(&a);
    free_runner(&b);
    free_runner(&c);
    free_runner(&d);
    free_data(&in);
    free_problem(&p);
}

static void network_repeats_its_bits(void **state)
{
    (void)state;
    check_bits(large_bi);
    check_bits(in_type(large_joint, GNDP_F64));
    check_bits(large_joint);
}

/* ------------------------------------------------------------------------------------------- options of the plan */

/* Operands rounded to 8 bits: relative errors up to 2^-9 = 2e-3 in each operand of some 8 products in a row. Those of the
   weights are common to all points, so they add up in a mean; 1e-2 of the output is 2e-2 of its square. */
static void check_bf16(gndp_net_spec net, const denoising *process)
{
    problem p = make_problem(net, process, LARGE_B, LARGE_N, false);
    data in = make_data(&net, LARGE_B, LARGE_N);
    runner a = loss_and_gradient(&p, "cpu", any_device, plain);
    runner b = loss_and_gradient(&p, "cpu", any_device, (gndp_plan_options){.bf16 = true});
    run(&a, &in);
    run(&b, &in);
    const errors e = compare(&a, &b);
    if (gndp_plan_get_stats(b.plan).bf16) {
        print_message("bf16: loss off by %.1e, gradient by %.1e\n", e.loss, e.gradient);
        assert_true(e.loss < 3e-2 && e.gradient < 3e-2);
        assert_true(e.gradient > 0.0); /* it is in use */
    } else {
        assert_int_equal(count_differing(&a, &b), 0);
    }
    free_runner(&a);
    free_runner(&b);
    free_data(&in);
    free_problem(&p);
}

static void network_is_close_when_products_are_bf16(void **state)
{
    (void)state;
    check_bf16(large_bi, &with_std_trick);
    check_bf16(large_one, &with_std_trick);
    check_bf16(large_joint, &with_residual_trick);
}

static void check_recomputation(gndp_net_spec net)
{
    problem p = make_problem(net, &with_std_trick, LARGE_B, LARGE_N, false);
    data in = make_data(&net, LARGE_B, LARGE_N);
    runner a = loss_and_gradient(&p, "cpu", any_device, plain);
    const gndp_plan_stats free_stats = gndp_plan_get_stats(a.plan);
    const size_t bound = free_stats.workspace_bytes * 6 / 10;
    runner b = loss_and_gradient(&p, "cpu", any_device, (gndp_plan_options){.max_workspace = bound});
    const gndp_plan_stats stats = gndp_plan_get_stats(b.plan);
    run(&a, &in);
    run(&b, &in);
    print_message("workspace %zu, bounded by %zu: %zu; %lld nodes rebuilt\n", free_stats.workspace_bytes, bound,
                  stats.workspace_bytes, (long long)stats.recomputed);
    assert_int_equal(count_differing(&a, &b), 0);
    assert_true(stats.recomputed > 0 && stats.workspace_bytes < free_stats.workspace_bytes);
    free_runner(&a);
    free_runner(&b);
    free_data(&in);
    free_problem(&p);
}

static void network_recomputes_bit_for_bit_when_workspace_is_bounded(void **state)
{
    (void)state;
    gndp_net_spec bi = large_bi, joint = large_joint;
    bi.layers = joint.layers = 6;
    check_recomputation(bi);
    check_recomputation(joint);
}

/* ------------------------------------------------------------------------------------------------------ training */

/* Loss at one draw of times and noise, before and after 30 steps on other draws, from the initialised network (0). */
static void check_training(gndp_net_spec net, const denoising *process, bool bf16)
{
    enum { STEPS = 30 };
    problem p = make_problem(net, process, LARGE_B, LARGE_N, false);
    data in = make_data(&net, LARGE_B, LARGE_N);
    check(gndp_store_initialise(p.store, 5));
    const gndp_node rate = gndp_input(p.g, "rate", gndp_type_scalar(GNDP_F32));
    const gndp_node step = gndp_input(p.g, "count", gndp_type_scalar(GNDP_F32));
    const gndp_adam_nodes adam = gndp_adam_step(p.g, p.loss, p.store, gndp_adam_default(), rate, step);
    runner loss = make_runner(&p, &p.loss, 1, "cpu", any_device, plain);
    runner train = make_runner(&p, &adam.applied, 1, "cpu", any_device, (gndp_plan_options){.effects = true, .bf16 = bf16});
    for (int64_t k = 0; k < gndp_type_count(in.y0.type); k++)
        put(in.y0, k, sin(3.0 * at(in.x, k)));
    run(&loss, &in);
    const double before = at(loss.out[0], 0);
    float rate_now = 5e-3F, count = 0.0F;
    for (int k = 1; k <= STEPS; k++) {
        put(in.step, 0, 100.0 + k);
        count = (float)k;
        const gndp_feed feeds[] = {{"x", in.x}, {"y0", in.y0}, {"seed", in.seed}, {"step", in.step},
                                   {"rate", gndp_array_view(gndp_type_scalar(GNDP_F32), &rate_now)},
                                   {"count", gndp_array_view(gndp_type_scalar(GNDP_F32), &count)}};
        check(gndp_plan_run(train.plan, feeds, 6, train.out, train.n_out));
        assert_int_equal((int)at(train.out[0], 0), 1);
    }
    put(in.step, 0, 3.0);
    run(&loss, &in);
    print_message("loss %.4f, after %d steps %.4f\n", before, STEPS, at(loss.out[0], 0));
    assert_true(at(loss.out[0], 0) < 0.95 * before);
    free_runner(&loss);
    free_runner(&train);
    free_data(&in);
    free_problem(&p);
}

static void network_learns(void **state)
{
    (void)state;
    check_training(large_one, &with_std_trick, false);
    check_training(large_one, &with_std_trick, true);
    check_training(large_joint, &with_residual_trick, false);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(network_counts_parameters_when_bi_attention),
    cmocka_unit_test(network_counts_parameters_when_joint),
    cmocka_unit_test(network_is_equivariant_to_permuted_points),
    cmocka_unit_test(network_is_invariant_to_permuted_and_shifted_dims),
    cmocka_unit_test(network_of_equal_dims_is_that_of_one),
    cmocka_unit_test(network_ignores_nan_in_padding),
    cmocka_unit_test(network_with_padding_is_that_of_fewer_points),
    cmocka_unit_test(network_agrees_with_reference),
    cmocka_unit_test(network_repeats_its_bits),
    cmocka_unit_test(network_is_close_when_products_are_bf16),
    cmocka_unit_test(network_recomputes_bit_for_bit_when_workspace_is_bounded),
    cmocka_unit_test(network_learns),
};
GNDP_TEST_MAIN(tests)
