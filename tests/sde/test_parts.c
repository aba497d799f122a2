// SPDX-License-Identifier: Apache-2.0
// Evaluators cut a block into parts, which threads take one after the other: no thread count, and
// no cut, shows in any result.
#include "sde/plans.h"
#include "sde/toy_score.h"

enum { MANY = 200 };

/* Points on [0, 1]^2, of each realization of the block where `sets` is above 0. */
static gndp_array new_points(int64_t sets)
{
    const int64_t n = sets > 0 ? sets : 1;
    double *x = new_values(n * MANY * 2);
    assert_ok(gndp_random_uniform_f64(3, 0, 0, GNDP_STREAM(2, 0), 0, n * MANY * 2, x));
    return gndp_array_view(
        sets > 0 ? gndp_type_3d(GNDP_F64, sets, MANY, 2) : gndp_type_2d(GNDP_F64, MANY, 2), x);
}

static const gndp_schedule rates = {
    .kind = GNDP_SCHEDULE_LINEAR, .t0 = 1e-3, .t1 = 1.0, .beta0 = 0.1, .beta1 = 10.0};

static gndp_evaluator *open_on(const gndp_score *score, const gndp_array *x, int64_t batch,
                               int threads)
{
    gndp_evaluator *ev = NULL;
    gndp_device *device = NULL;
    const gndp_device_options how = {.threads = threads};
    assert_ok(gndp_device_open("cpu", &how, &device));
    const gndp_evaluator_options o = {.batch = batch, .device = device};
    assert_ok(gndp_evaluator_create(score, &rates, x, &o, &ev));
    gndp_device_free(device);
    return ev;
}

/* Values, J' cot, and estimates of the trace by 3 probes, of `batch` realizations. */
static void evaluate(gndp_evaluator *ev, int64_t batch, const double *y, double *out)
{
    const double t[1] = {0.4};
    const int64_t n = batch * MANY;
    double *probes = new_normals(11, 3 * n);
    assert_ok(gndp_evaluator_score(ev, batch, t, true, y, out));
    assert_ok(gndp_evaluator_vjp(ev, batch, t, true, y, probes, out, out + n));
    assert_ok(
        evaluator_probe(ev, batch, batch, t, true, y, 3, probes, probes, out, out + 2 * n));
    free(probes);
}

/* 10 rows are 3 parts of 4 with 2 spare rows; 4 are one part; 7 are 2 parts, one of which has a
   spare row. */
static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    static const int64_t batches[] = {10, 4, 7};
    for (int own = 0; own < 2; own++)
        for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
            const int64_t b = batches[i], n = b * MANY;
            gndp_score score;
            gndp_store *store = new_toy(GNDP_F32, 2, 1, 0.3, &score);
            gndp_array x = new_points(own ? b : 0);
            double *y = new_normals(4, n), *one = new_values(2 * n + b),
                   *more = new_values(2 * n + b);
            gndp_evaluator *alone = open_on(&score, &x, b, 1);
            assert_int_equal(alone->value.parts, (b + 3) / 4);
            assert_int_equal(alone->slots % alone->value.parts, 0);
            assert_true(alone->slots >= b && alone->slots < b + alone->value.parts);
            evaluate(alone, b, y, one);
            for (int threads = 2; threads <= 5; threads++) {
                gndp_evaluator *ev = open_on(&score, &x, b, threads);
                assert_int_equal(ev->value.workers,
                                 threads < ev->value.parts ? threads : ev->value.parts);
                evaluate(ev, b, y, more);
                assert_memory_equal(more, one, (size_t)(2 * n + b) * sizeof *one);
                gndp_evaluator_free(ev);
            }
            gndp_evaluator_free(alone);
            gndp_store_free(store);
            free(x.data), free(y), free(one), free(more);
        }
}

/* A part is the network on these rows: one that has them all agrees to rounding of f64 sums. */
static void parts_are_the_whole(void **state)
{
    (void)state;
    enum { B = 6 };
    const int64_t n = B * MANY;
    gndp_score score;
    gndp_store *store = new_toy(GNDP_F64, 2, 1, 0.3, &score);
    gndp_array x = new_points(0);
    double *y = new_normals(4, n), *all = new_values(2 * n + B), *row = new_values(2 * MANY + 1);
    gndp_evaluator *ev = open_on(&score, &x, B, 2), *single = open_on(&score, &x, 1, 2);
    evaluate(ev, B, y, all);
    for (int64_t b = 0; b < B; b++) {
        const double t[1] = {0.4};
        assert_ok(gndp_evaluator_score(single, 1, t, true, y + b * MANY, row));
        assert_near(relative_error(MANY, all + b * MANY, row), 0.0, 1e-13);
    }
    gndp_evaluator_free(ev);
    gndp_evaluator_free(single);
    gndp_store_free(store);
    free(x.data), free(y), free(all), free(row);
}

/* A matrix that all rows share would be made in every part: then there is one, on all threads. */
static gndp_node shared_build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const gndp_type y = gndp_node_type(in->y);
    const gndp_node x = gndp_reshape(g, in->x, 2, (const int64_t[]){MANY, 2});
    const gndp_node gram = gndp_matmul(g, x, gndp_transpose(g, x, (const int[]){1, 0}));
    const gndp_node l = gndp_tanh(g, gndp_matmul(g, gram, gram));
    const gndp_node flat = gndp_reshape(g, in->y, 2, (const int64_t[]){y.dim[0], MANY});
    (void)state;
    return gndp_reshape(g, gndp_matmul(g, flat, l), 3, y.dim);
}

static void rows_that_share_work_stay_together(void **state)
{
    (void)state;
    gndp_score score = {.dtype = GNDP_F64, .components = 1, .build = shared_build};
    gndp_array x = new_points(0);
    gndp_evaluator *ev = open_on(&score, &x, 16, 2);
    assert_int_equal(ev->value.parts, 1);
    assert_int_equal(ev->value.workers, 1);
    gndp_evaluator_free(ev);
    free(x.data);
}

/* The toy score, and a root of the first value of each row. */
static gndp_node failing_build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const gndp_type y = gndp_node_type(in->y);
    const gndp_node first = gndp_reshape(g, gndp_slice_axis(g, in->y, 1, 0, 1), 3,
                                         (const int64_t[]){y.dim[0], 1, 1});
    return gndp_mul(g, toy_build(state, g, in), gndp_cholesky(g, first));
}

/* What fails in another thread is told here; the evaluator works on. */
static void failures_of_parts_are_told(void **state)
{
    (void)state;
    enum { B = 12 };
    const int64_t n = B * MANY;
    const double t[1] = {0.4};
    gndp_score score;
    gndp_store *store = new_toy(GNDP_F64, 2, 1, 0.3, &score);
    score.build = failing_build;
    gndp_array x = new_points(0);
    double *y = new_normals(4, n), *g = new_values(n);
    gndp_evaluator *ev = open_on(&score, &x, B, 3);
    assert_int_equal(ev->value.workers, 3);
    for (int64_t bad = 0; bad < B; bad++) {
        for (int64_t b = 0; b < B; b++)
            y[b * MANY] = b == bad ? -1.0 : 1.0;
        assert_fails(gndp_evaluator_score(ev, B, t, true, y, g), GNDP_ERR_NOT_PD, "positive");
    }
    y[(B - 1) * MANY] = 1.0;
    assert_ok(gndp_evaluator_score(ev, B, t, true, y, g));
    gndp_evaluator_free(ev);
    gndp_store_free(store);
    free(x.data), free(y), free(g);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bits_do_not_depend_on_threads),
    cmocka_unit_test(parts_are_the_whole),
    cmocka_unit_test(rows_that_share_work_stay_together),
    cmocka_unit_test(failures_of_parts_are_told),
};
GNDP_TEST_MAIN(tests)
