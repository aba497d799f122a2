// SPDX-License-Identifier: Apache-2.0
// Gram matrices of scalar kernels on R^n and of trees: values, laws, gradients, misuse.
#include "kernels/kernel_case.h"
#include "kernels/sklearn_values.h"

/* ------------------------------------------------------------------------------------- values */

/* Two libraries and a few roundings of exp and sqrt apart: 1e-13 of entries up to 2. */
static void gram_equals_scikit_learn(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sklearn_grams / sizeof *sklearn_grams; i++) {
        const sklearn_gram *s = &sklearn_grams[i];
        const double *x = s->dim == 1 ? sklearn_x1 : sklearn_x2,
                     *z = s->dim == 1 ? sklearn_z1 : sklearn_z2;
        enum { N = SKLEARN_N, M = SKLEARN_M };
        double *self = gram_of_text(s->text, N, N, s->dim, x, NULL),
               *cross = gram_of_text(s->text, N, M, s->dim, x, z);
        assert_near(largest_difference(N * N, self, s->self), 0.0, 1e-13);
        assert_near(largest_difference(N * M, cross, s->cross), 0.0, 1e-13);
        free(self);
        free(cross);
    }
}

/* k(0, r) in one dimension */
static double at_distance(const char *text, double r)
{
    const double x = 0.25, z = 0.25 + r;
    double *gram = gram_of_text(text, 1, 1, 1, &x, &z);
    const double value = gram[0];
    free(gram);
    return value;
}

static void gram_has_the_closed_forms(void **state)
{
    (void)state;
    const double s2 = 1.7, l = 0.8, pi = acos(-1.0);
    for (int i = 0; i < 6; i++) {
        const double r = (double)i * 0.5, q = r / l, s = sin(pi * r / 1.3) / l;
        assert_near(at_distance("rbf(lengthscale=0.8, variance=1.7)", r), s2 * exp(-0.5 * q * q),
                    1e-15);
        assert_near(at_distance("matern12(lengthscale=0.8, variance=1.7)", r), s2 * exp(-q), 1e-15);
        assert_near(at_distance("matern32(lengthscale=0.8, variance=1.7)", r),
                    s2 * (1.0 + sqrt(3.0) * q) * exp(-sqrt(3.0) * q), 1e-15);
        assert_near(at_distance("matern52(lengthscale=0.8, variance=1.7)", r),
                    s2 * (1.0 + sqrt(5.0) * q + 5.0 / 3.0 * q * q) * exp(-sqrt(5.0) * q), 1e-15);
        assert_near(at_distance("rq(lengthscale=0.8, variance=1.7, alpha=2.5)", r),
                    s2 * pow(1.0 + q * q / 5.0, -2.5), 1e-15);
        assert_near(at_distance("periodic(lengthscale=0.8, variance=1.7, period=1.3)", r),
                    s2 * exp(-0.5 * s * s), 1e-14);
        assert_near(at_distance("constant(variance=1.7)", r), s2, 0.0);
        assert_near(at_distance("white(variance=1.7)", r), 0.0, 0.0); /* two sets: no noise */
    }
}

/* The sum over dimensions of sin^2, each with its lengthscale. */
static void periodic_sums_over_dimensions(void **state)
{
    (void)state;
    const double x[2] = {0.3, -0.4}, z[2] = {1.1, 0.9}, pi = acos(-1.0);
    double *gram = gram_of_text("periodic(lengthscale=[0.5, 2], period=1.7)", 1, 1, 2, x, z),
           sum = 0.0;
    for (int i = 0; i < 2; i++) {
        const double s = sin(pi * (x[i] - z[i]) / 1.7) / (i == 0 ? 0.5 : 2.0);
        sum += s * s;
    }
    assert_near(gram[0], exp(-0.5 * sum), 1e-15);
    free(gram);
}

/* ---------------------------------------------------------------------------------------- trees */

/* Index, not coordinate: two observations at one point have independent noise, and a set has none
   in common with a copy of itself. */
static void white_compares_indices(void **state)
{
    (void)state;
    const double x[3] = {0.5, 0.5, -1.0};
    double *self = gram_of_text("constant(variance=2) + white(variance=0.3)", 3, 3, 1, x, NULL),
           *cross = gram_of_text("constant(variance=2) + white(variance=0.3)", 3, 3, 1, x, x);
    for (int i = 0; i < 9; i++) {
        assert_near(self[i], i % 4 == 0 ? 2.3 : 2.0, 1e-15);
        assert_near(cross[i], 2.0, 0.0);
    }
    free(self);
    free(cross);
    double *product = gram_of_text("white(variance=3) * rbf(variance=2)", 3, 3, 1, x, NULL);
    for (int i = 0; i < 9; i++) {
        assert_near(product[i], i % 4 == 0 ? 6.0 : 0.0, 0.0);
    }
    free(product);
}

static void trees_combine_their_parts(void **state)
{
    (void)state;
    enum { N = 6, D = 3 };
    double *x = normals(N * D, 1), *first = numbers(N * 2), *last = numbers(N);
    for (int i = 0; i < N; i++) { /* coordinates 2, 0 and 1 */
        first[2 * i] = x[D * i + 2];
        first[2 * i + 1] = x[D * i];
        last[i] = x[D * i + 1];
    }
    double *a = gram_of_text("matern32(lengthscale=[0.6, 2])", N, N, 2, first, NULL),
           *b = gram_of_text("periodic(period=2)", N, N, 1, last, NULL),
           *all = gram_of_text("0.7 * on(matern32(lengthscale=[0.6, 2]), axes=[2, 0]) * "
                               "on(periodic(period=2), axes=[1]) + white(variance=0.1)",
                               N, N, D, x, NULL),
           *sum = gram_of_text("on(matern32(lengthscale=[0.6, 2]), axes=[2, 0]) + "
                               "3 * on(periodic(period=2), axes=[1])",
                               N, N, D, x, NULL);
    for (int i = 0; i < N * N; i++) {
        const double noise = i % (N + 1) == 0 ? 0.1 : 0.0;
        assert_near(all[i], 0.7 * a[i] * b[i] + noise, 1e-15);
        assert_near(sum[i], a[i] + 3.0 * b[i], 1e-15);
    }
    free(x), free(first), free(last), free(a), free(b), free(all), free(sum);
}

/* Point-major, component-minor: entry (i P + p, j P + q) is k B_pq. */
static void outputs_are_point_major(void **state)
{
    (void)state;
    enum { N = 4, P = 3 };
    const double a[P][2] = {{1.0, -0.5}, {0.25, 2.0}, {0.0, 1.5}}, d[P] = {0.1, 0.2, 0.3};
    double *x = normals(N * 2, 2), *k = gram_of_text("rq()", N, N, 2, x, NULL),
           *diag = gram_of_text("diag(rq(), outputs=3) + white(variance=0.5)", N, N, 2, x, NULL),
           *co = gram_of_text("coregion(rq(), a=[1, -0.5, 0.25, 2, 0, 1.5], rank=2, "
                              "diagonal=[0.1, 0.2, 0.3]) * rbf()",
                              N, N, 2, x, NULL),
           *r = gram_of_text("rbf()", N, N, 2, x, NULL);
    for (int i = 0; i < N * P; i++) {
        for (int j = 0; j < N * P; j++) {
            const int p = i % P, q = j % P, at = i / P * N + j / P;
            const double b = a[p][0] * a[q][0] + a[p][1] * a[q][1] + (p == q ? d[p] : 0.0);
            assert_near(diag[i * N * P + j], (p == q ? k[at] : 0.0) + (i == j ? 0.5 : 0.0), 1e-15);
            assert_near(co[i * N * P + j], k[at] * b * r[at], 1e-14);
        }
    }
    free(x), free(k), free(diag), free(co), free(r);
}

static const char *const all_kinds[] = {
    "rbf(lengthscale=0.7)",
    "matern12(lengthscale=[0.5, 1.5])",
    "matern32(lengthscale=0.4)",
    "matern52(lengthscale=2)",
    "rq(lengthscale=0.5, alpha=0.3)",
    "periodic(lengthscale=0.6, period=1.1)",
    "constant(variance=0.2) + white(variance=0.01)",
    "0.5 * rbf(lengthscale=[2, 1]) * periodic(lengthscale=0.4, period=0.9) + matern32()",
    "coregion(matern52(), a=[1, -0.5], diagonal=[0, 0.1]) + diag(rbf(), outputs=2)",
    "on(rbf(), axes=[1]) * on(matern12(), axes=[0]) + white(variance=0.5)",
};
enum { KINDS = sizeof all_kinds / sizeof *all_kinds };

static void gram_is_a_covariance(void **state)
{
    (void)state;
    enum { N = 25 };
    double *x = normals(N * 2, 3);
    x[8] = x[2], x[9] = x[3]; /* one point twice */
    for (int i = 0; i < KINDS; i++) {
        gndp_kernel *k = kernel_of(all_kinds[i]);
        const int p = gndp_kernel_outputs(k, 2);
        double *gram = gram_of(k, N, N, 2, x, NULL);
        assert_covariance(all_kinds[i], N * p, gram);
        free(gram);
        gndp_kernel_free(k);
    }
    free(x);
}

/* k(x, z) = k(z, x)' for two sets */
static void gram_of_swapped_sets_is_the_transpose(void **state)
{
    (void)state;
    enum { N = 5, M = 4 };
    double *x = normals(N * 2, 4), *z = normals(M * 2, 5);
    for (int i = 0; i < KINDS; i++) {
        gndp_kernel *k = kernel_of(all_kinds[i]);
        const int p = gndp_kernel_outputs(k, 2);
        double *a = gram_of(k, N, M, 2, x, z), *b = gram_of(k, M, N, 2, z, x);
        for (int r = 0; r < N * p; r++) {
            for (int c = 0; c < M * p; c++) {
                assert_near(a[r * M * p + c], b[c * N * p + r], 1e-15);
            }
        }
        free(a), free(b);
        gndp_kernel_free(k);
    }
    free(x), free(z);
}

/* What info calls stationary or isotropic does not move with the points. */
static void gram_is_invariant_where_info_says_so(void **state)
{
    (void)state;
    enum { N = 7 };
    const double same[4] = {1, 0, 0, 1};
    double q[4], *x = normals(N * 2, 6);
    orthogonal(2, 7, q);
    double *shifted = moved(N, 2, x, same, 0.75), *turned = moved(N, 2, x, q, -1.5);
    int isotropic = 0;
    for (int i = 0; i < KINDS; i++) {
        gndp_kernel *k = kernel_of(all_kinds[i]);
        const gndp_kernel_info info = gndp_kernel_get_info(k);
        const int n = N * gndp_kernel_outputs(k, 2);
        double *a = gram_of(k, N, N, 2, x, NULL), *b = gram_of(k, N, N, 2, shifted, NULL),
               *c = gram_of(k, N, N, 2, turned, NULL);
        assert_true(info.stationary);
        assert_near(largest_difference(n * n, a, b), 0.0, 1e-14);
        /* moving points by rounding (1e-16) moves matern12 most: by 1e-16/0.5 */
        if (info.isotropic) {
            isotropic++;
            assert_near(largest_difference(n * n, a, c), 0.0, 1e-14);
        } else {
            assert_true(largest_difference(n * n, a, c) > 1e-3);
        }
        free(a), free(b), free(c);
        gndp_kernel_free(k);
    }
    assert_int_equal(isotropic, 6);
    free(x), free(shifted), free(turned);
}

/* ------------------------------------------------------------------------------- nodes and batches
 */

static void gram_takes_batches_and_gives_its_diagonal(void **state)
{
    (void)state;
    enum { B = 3, N = 4, M = 2 };
    double *x = normals(B * N * 2, 8), *z = normals(M * 2, 9);
    for (int i = 0; i < KINDS; i++) {
        gndp_kernel *k = kernel_of(all_kinds[i]);
        const int p = gndp_kernel_outputs(k, 2);
        gndp_graph *g;
        gndp_device *device;
        gndp_plan *plan;
        assert_int_equal(gndp_graph_create(&g), GNDP_OK);
        const gndp_node nx = gndp_constant(g, gndp_type_3d(GNDP_F64, B, N, 2), x),
                        nz = gndp_constant(g, gndp_type_2d(GNDP_F64, M, 2), z);
        const gndp_node out[3] = {gndp_kernel_gram(g, k, NULL, nx, GNDP_NONE),
                                  gndp_kernel_gram(g, k, NULL, nx, nz),
                                  gndp_kernel_gram_diag(g, k, NULL, nx)};
        const gndp_type want[3] = {gndp_type_3d(GNDP_F64, B, N * p, N * p),
                                   gndp_type_3d(GNDP_F64, B, N * p, M * p),
                                   gndp_type_2d(GNDP_F64, B, N * p)};
        gndp_array got[3];
        for (int j = 0; j < 3; j++) {
            assert_true(gndp_type_equal(gndp_node_type(out[j]), want[j]));
            assert_int_equal(gndp_array_create(want[j], &got[j]), GNDP_OK);
        }
        assert_int_equal(gndp_device_open("reference", NULL, &device), GNDP_OK);
        assert_int_equal(gndp_plan_create(g, out, 3, device, NULL, &plan), GNDP_OK);
        assert_int_equal(gndp_plan_run(plan, NULL, 0, got, 3), GNDP_OK);
        for (int b = 0; b < B; b++) {
            const double *self = (double *)got[0].data + b * N * p * N * p,
                         *cross = (double *)got[1].data + b * N * p * M * p,
                         *diag = (double *)got[2].data + b * N * p;
            double *one = gram_of(k, N, N, 2, x + b * N * 2, NULL),
                   *two = gram_of(k, N, M, 2, x + b * N * 2, z);
            assert_near(largest_difference(N * p * N * p, self, one), 0.0, 1e-14);
            assert_near(largest_difference(N * p * M * p, cross, two), 0.0, 1e-14);
            for (int j = 0; j < N * p; j++) {
                assert_near(diag[j], one[j * (N * p + 1)], 1e-14);
            }
            free(one), free(two);
        }
        for (int j = 0; j < 3; j++) {
            gndp_array_free(&got[j]);
        }
        gndp_plan_free(plan);
        gndp_device_free(device);
        gndp_graph_free(g);
        gndp_kernel_free(k);
    }
    free(x), free(z);
}

/* Differences of fourth order with step 1e-3 leave about 1e-10 of values whose derivatives are of
   their own size, rounding 1e-13. */
static void gradients_agree_with_differences(void **state)
{
    (void)state;
    enum { N = 5, M = 3 };
    double *x = normals(N * 2, 10), *z = normals(M * 2, 11);
    for (int i = 0; i < KINDS; i++) {
        check_gradients(all_kinds[i], N, M, 2, x, z, 1e-7);
    }
    free(x), free(z);
}

/* Value, slope along x and d^2 k / dx dz at x = z in one dimension, by the graph. */
static void derivatives_at_zero(const char *text, double distance, double out[3])
{
    gndp_kernel *k = kernel_of(text);
    gndp_graph *g;
    gndp_device *device;
    gndp_plan *plan;
    double x = 0.3, z = 0.3 + distance;
    assert_int_equal(gndp_graph_create(&g), GNDP_OK);
    const gndp_node nx = gndp_constant(g, gndp_type_2d(GNDP_F64, 1, 1), &x),
                    nz = gndp_constant(g, gndp_type_2d(GNDP_F64, 1, 1), &z);
    const gndp_node value = gndp_sum_all(g, gndp_kernel_gram(g, k, NULL, nx, nz));
    gndp_node dx, dxz;
    gndp_grad(g, value, &nx, 1, &dx);
    gndp_grad(g, gndp_sum_all(g, dx), &nz, 1, &dxz);
    const gndp_node want[3] = {value, gndp_sum_all(g, dx), gndp_sum_all(g, dxz)};
    gndp_array got[3];
    for (int i = 0; i < 3; i++) {
        got[i] = gndp_array_view(gndp_type_scalar(GNDP_F64), &out[i]);
    }
    assert_int_equal(gndp_device_open("cpu", NULL, &device), GNDP_OK);
    assert_int_equal(gndp_plan_create(g, want, 3, device, NULL, &plan), GNDP_OK);
    assert_int_equal(gndp_plan_run(plan, NULL, 0, got, 3), GNDP_OK);
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
    gndp_kernel_free(k);
}

/* -2 f'(0)/l^2 is the variance of the derivative: exact at coincident points, and nearly so close
   to them, where the profile is a function of a root (rounding over a, 1e-16/1e-6, at most;
   matern32 itself moves by a). */
static void second_derivatives_are_right_at_coincident_points(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double variance;
    } all[] = {{"rbf(lengthscale=0.5)", 4.0},
               {"matern32(lengthscale=0.5)", 12.0},
               {"matern52(lengthscale=0.5)", 4.0 * 5.0 / 3.0},
               {"rq(lengthscale=0.5, alpha=0.7)", 4.0}};
    static const double distance[] = {0.0, 1e-12, 1e-9, 1e-7, 1e-6};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (size_t j = 0; j < sizeof distance / sizeof *distance; j++) {
            double out[3];
            derivatives_at_zero(all[i].text, distance[j], out);
            assert_near(out[0], 1.0, 1e-10);
            assert_near(out[1], all[i].variance * distance[j], 1e-4 * distance[j] + 1e-15);
            assert_near(out[2], all[i].variance, 2e-4 * all[i].variance);
            if (distance[j] == 0.0) {
                assert_near(out[2], all[i].variance, 1e-13);
            }
        }
    }
    double rough[3];
    derivatives_at_zero("matern12()", 0.0, rough); /* none exists: 0 is given, not infinity */
    assert_true(rough[0] == 1.0 && rough[1] == 0.0 && rough[2] == 0.0);
}

/* ------------------------------------------------------------------------------------------ misuse
 */

static gndp_status try(const char *text, int64_t n, int64_t d, const double *x, gndp_type out)
{
    gndp_kernel *k = kernel_of(text);
    double *copy = numbers(n * d), *result = numbers(gndp_type_count(out));
    memcpy(copy, x, (size_t)(n * d) * sizeof *x);
    const gndp_array ax = gndp_array_view(gndp_type_2d(GNDP_F64, n, d), copy);
    gndp_array a = gndp_array_view(out, result);
    const gndp_status st = gndp_kernel_evaluate(k, &ax, NULL, &a);
    free(copy);
    free(result);
    gndp_kernel_free(k);
    return st;
}

static void evaluate_refuses_what_does_not_fit(void **state)
{
    (void)state;
    const gndp_type two = gndp_type_2d(GNDP_F64, 2, 2);
    const double x[8] = {0.6, 0.0, 0.8, 0.0, 0.6, 0.8, 1.0, (double)NAN};
    assert_int_equal(try("rbf()", 2, 3, x, two), GNDP_OK);
    assert_int_equal(try("rbf()", 2, 3, x, gndp_type_2d(GNDP_F64, 2, 3)), GNDP_ERR_SHAPE);
    assert_int_equal(try("rbf()", 2, 3, x, gndp_type_2d(GNDP_F32, 2, 2)), GNDP_ERR_SHAPE);
    assert_int_equal(try("rbf()", 2, 4, x, two), GNDP_ERR_NONFINITE);
    assert_non_null(strstr(gndp_last_error(), "coordinate 3 of point 1 is nan"));
    assert_int_equal(try("rbf(lengthscale=[1, 2])", 2, 3, x, two), GNDP_ERR_SHAPE);
    assert_int_equal(try("on(rbf(), axes=[3])", 2, 3, x, two), GNDP_ERR_SHAPE);
    assert_non_null(strstr(gndp_last_error(), "coordinate 3"));
    assert_int_equal(try("s2_heat()", 2, 3, x, two), GNDP_OK);
    assert_int_equal(try("s2_heat()", 2, 2, x, two), GNDP_ERR_SHAPE);
    const double off[6] = {0.6, 0.0, 0.8, 0.0, 0.6, 0.81};
    assert_int_equal(try("s2_heat()", 2, 3, off, two), GNDP_ERR_RANGE);
    assert_non_null(strstr(gndp_last_error(), "point 1"));
    assert_int_equal(try("on(rbf(), axes=[0]) * on(s2_heat(), axes=[1, 2, 0])", 2, 3, off, two),
                     GNDP_ERR_RANGE);
    assert_int_equal(try("constant()", 2, 3, x, two), GNDP_OK); /* reads no coordinate */
}

static void nodes_poison_the_graph_when_shapes_do_not_fit(void **state)
{
    (void)state;
    gndp_kernel *k = kernel_of("rbf(lengthscale=[1, 2])");
    const gndp_type bad[] = {gndp_type_2d(GNDP_F64, 3, 3), gndp_type_1d(GNDP_F64, 2),
                             gndp_type_2d(GNDP_F32, 3, 2)};
    const gndp_status want[] = {GNDP_ERR_SHAPE, GNDP_ERR_SHAPE, GNDP_ERR_TYPE};
    for (int i = 0; i < 3; i++) {
        gndp_graph *g;
        assert_int_equal(gndp_graph_create(&g), GNDP_OK);
        const gndp_node x = gndp_input(g, "x", bad[i]);
        assert_true(gndp_is_none(gndp_kernel_gram(g, k, NULL, x, GNDP_NONE)));
        assert_int_equal(gndp_graph_status(g), want[i]);
        assert_non_null(strstr(gndp_graph_error(g), "kernel"));
        assert_true(gndp_is_none(gndp_kernel_gram_diag(g, k, NULL, x)));
        gndp_graph_free(g);
    }
    gndp_kernel_free(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gram_equals_scikit_learn),
    cmocka_unit_test(gram_has_the_closed_forms),
    cmocka_unit_test(periodic_sums_over_dimensions),
    cmocka_unit_test(white_compares_indices),
    cmocka_unit_test(trees_combine_their_parts),
    cmocka_unit_test(outputs_are_point_major),
    cmocka_unit_test(gram_is_a_covariance),
    cmocka_unit_test(gram_of_swapped_sets_is_the_transpose),
    cmocka_unit_test(gram_is_invariant_where_info_says_so),
    cmocka_unit_test(gram_takes_batches_and_gives_its_diagonal),
    cmocka_unit_test(gradients_agree_with_differences),
    cmocka_unit_test(second_derivatives_are_right_at_coincident_points),
    cmocka_unit_test(evaluate_refuses_what_does_not_fit),
    cmocka_unit_test(nodes_poison_the_graph_when_shapes_do_not_fit),
};
GNDP_TEST_MAIN(tests)
