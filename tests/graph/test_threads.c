// SPDX-License-Identifier: Apache-2.0
// The number of threads changes no bit: reductions, rows, indices, fused chains and their gradients on large ragged arrays.
#include <gndp/graph.h>
#include <gndp/ops.h>

#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = 6, N = 257, H = 36, OUTPUTS = 24 };

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}

/* What is computed: outputs of one graph over x [B,N,H], y [B,N,H], index i32 [N]. */
typedef struct work {
    gndp_graph *g;
    gndp_node out[OUTPUTS];
    const char *name[OUTPUTS];
    int n;
} work;

static void add(work *w, const char *name, gndp_node out)
{
    assert_true(w->n < OUTPUTS);
    w->name[w->n] = name;
    w->out[w->n++] = out;
}

static void add_reductions(work *w, gndp_node x)
{
    gndp_graph *g = w->g;
    add(w, "sum over points", gndp_sum(g, x, (const int[]){1}, 1, false));
    add(w, "sum over features", gndp_sum_last(g, x));
    add(w, "sum over all", gndp_sum_all(g, x));
    add(w, "mean over batch and features", gndp_mean(g, x, (const int[]){0, 2}, 2, false));
    add(w, "max over points", gndp_max(g, x, (const int[]){1}, 1, false));
    add(w, "logsumexp over features", gndp_logsumexp(g, x, (const int[]){2}, 1, false));
}

/* x and y appear in every term, so that the gradients have contributions to add up. */
static gndp_node loss_of(work *w, gndp_node x, gndp_node y, gndp_node index, gndp_node mask)
{
    gndp_graph *g = w->g;
    const gndp_node chain = gndp_gelu(g, gndp_add(g, gndp_mul(g, x, y), gndp_tanh(g, x)));
    const gndp_node rows = gndp_softmax(g, chain, GNDP_NONE);
    const gndp_node normed = gndp_layer_norm(g, gndp_add(g, rows, x), GNDP_NONE, GNDP_NONE, 1e-5);
    const gndp_node grouped = gndp_group_norm(g, gndp_add(g, normed, y), 4, GNDP_NONE, GNDP_NONE, 1e-5);
    const gndp_node moved = gndp_scatter_add(g, gndp_gather(g, grouped, index, 1), index, 1, N);
    const gndp_node seen = gndp_attention(g, moved, chain, y, mask, 4, 0.0);
    add(w, "fused chain", chain);
    add(w, "closing sum of a chain", gndp_sum(g, gndp_square(g, chain), (const int[]){0, 1}, 2, false));
    add(w, "softmax", rows);
    add(w, "layer_norm", normed);
    add(w, "group_norm", grouped);
    add(w, "gather and scatter_add", moved);
    add(w, "attention", seen);
    return gndp_mean_all(g, gndp_square(g, seen));
}

static void build(work *w, gndp_dtype dtype)
{
    check(gndp_graph_create(&w->g));
    gndp_graph *g = w->g;
    const gndp_type type = gndp_type_3d(dtype, B, N, H);
    gndp_node in[2] = {gndp_input(g, "x", type), gndp_input(g, "y", type)}, grad[2];
    const gndp_node index = gndp_input(g, "index", gndp_type_1d(GNDP_I32, N));
    const gndp_node mask = gndp_less(g, gndp_input(g, "keys", gndp_type_2d(GNDP_I32, B, N)), gndp_scalar(g, GNDP_I32, 200.0));
    add_reductions(w, in[0]);
    const gndp_node loss = loss_of(w, in[0], in[1], index, mask);
    gndp_grad(g, loss, in, 2, grad);
    add(w, "loss", loss);
    add(w, "gradient in x", grad[0]);
    add(w, "gradient in y", grad[1]);
    const gndp_node penalty = gndp_add(g, gndp_sum_all(g, gndp_square(g, grad[0])), gndp_sum_all(g, gndp_square(g, grad[1])));
    gndp_grad(g, penalty, in, 2, grad);
    add(w, "second gradient in x", grad[0]);
    add(w, "second gradient in y", grad[1]);
}

static void run(const work *w, gndp_dtype dtype, const char *name, gndp_device_options options, gndp_array *out)
{
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    gndp_array in[4];
    check(gndp_array_create(gndp_type_3d(dtype, B, N, H), &in[0]));
    check(gndp_array_create(gndp_type_3d(dtype, B, N, H), &in[1]));
    check(gndp_array_create(gndp_type_1d(GNDP_I32, N), &in[2]));
    check(gndp_array_create(gndp_type_2d(GNDP_I32, B, N), &in[3]));
    for (uint32_t k = 0; k < 2; k++)
        if (dtype == GNDP_F32)
            check(gndp_random_normal_f32(3, 0, 0, GNDP_STREAM(1, k), 0, B * N * H, in[k].data));
        else
            check(gndp_random_normal_f64(3, 0, 0, GNDP_STREAM(1, k), 0, B * N * H, in[k].data));
    for (int k = 0; k < N; k++)
        ((int32_t *)in[2].data)[k] = (k * k) % 31; /* many sources for few destinations */
    for (int k = 0; k < B * N; k++)
        ((int32_t *)in[3].data)[k] = k % N + (k / N) * 20; /* batches keep 200, 180, .. keys */
    check(gndp_device_open(name, &options, &device));
    check(gndp_plan_create(w->g, w->out, w->n, device, NULL, &plan));
    const gndp_feed feeds[4] = {{"x", in[0]}, {"y", in[1]}, {"index", in[2]}, {"keys", in[3]}};
    for (int k = 0; k < w->n; k++)
        check(gndp_array_create(gndp_node_type(w->out[k]), &out[k]));
    check(gndp_plan_run(plan, feeds, 4, out, w->n));
    for (int k = 0; k < 4; k++)
        gndp_array_free(&in[k]);
    gndp_plan_free(plan);
    gndp_device_free(device);
}

static void free_all(gndp_array *out, int n)
{
    for (int k = 0; k < n; k++)
        gndp_array_free(&out[k]);
}

static double at(gndp_array a, int64_t k)
{
    return a.type.dtype == GNDP_F64 ? ((double *)a.data)[k] : (double)((float *)a.data)[k];
}

/* Largest difference over the largest magnitude. */
static double error_of(gndp_array a, gndp_array b)
{
    double size = 0.0, error = 0.0;
    for (int64_t k = 0; k < gndp_type_count(a.type); k++) {
        size = fmax(size, fabs(at(a, k)));
        const double difference = fabs(at(a, k) - at(b, k));
        error = isfinite(difference) ? fmax(error, difference) : (double)INFINITY;
    }
    return size > 0.0 ? error / size : error;
}

/* Sums of 6 * 257 * 36 = 55512 terms of both signs: an error of some sqrt(55512) = 236 eps in f32, and the gradients chain
   several; f64 with the same factor. */
static void compare_threads(gndp_dtype dtype, double bound)
{
    work w = {.n = 0};
    gndp_array oracle[OUTPUTS], one[OUTPUTS], more[OUTPUTS];
    int failed = 0;
    build(&w, dtype);
    run(&w, dtype, "reference", (gndp_device_options){0}, oracle);
    for (int cap = 0; cap <= 2; cap++) { /* best, baseline, AVX2 */
        run(&w, dtype, "cpu", (gndp_device_options){.threads = 1, .simd_cap = cap}, one);
        for (int k = 0; k < w.n; k++)
            if (!(error_of(oracle[k], one[k]) < bound)) {
                print_error("%s: cap %d is off by %.1e\n", w.name[k], cap, error_of(oracle[k], one[k]));
                failed++;
            }
        for (int threads = 2; threads <= 3; threads++) {
            run(&w, dtype, "cpu", (gndp_device_options){.threads = threads, .simd_cap = cap}, more);
            for (int k = 0; k < w.n; k++)
                if (memcmp(one[k].data, more[k].data, gndp_type_bytes(one[k].type)) != 0) {
                    print_error("%s: %d threads give other bits than one (cap %d)\n", w.name[k], threads, cap);
                    failed++;
                }
            free_all(more, w.n);
        }
        free_all(one, w.n);
    }
    free_all(oracle, w.n);
    gndp_graph_free(w.g);
    assert_int_equal(failed, 0);
}

static void threads_change_no_bit_in_f32(void **state)
{
    (void)state;
    compare_threads(GNDP_F32, 2e-4);
}

static void threads_change_no_bit_in_f64(void **state)
{
    (void)state;
    compare_threads(GNDP_F64, 1e-12);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(threads_change_no_bit_in_f32),
    cmocka_unit_test(threads_change_no_bit_in_f64),
};
GNDP_TEST_MAIN(tests)
