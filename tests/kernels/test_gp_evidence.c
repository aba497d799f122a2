// SPDX-License-Identifier: Apache-2.0
// The log marginal likelihood as graph and as compiled plans: value, gradient, second derivative.
#include "kernels/gp_case.h"
#include "kernels/gp_graph.h"

#include <gndp/ops.h>

enum { MAX_THETA = 8 };

static int thetas(const gndp_kernel *k, double *theta, gndp_kernel_param *p)
{
    const int n = gndp_kernel_param_count(k);
    assert_true(n <= MAX_THETA);
    for (int i = 0; i < n; i++) {
        must(gndp_kernel_param_get(k, i, &p[i]));
        theta[i] = p[i].value;
    }
    return n;
}

/* Central difference of fourth order of the value along parameter i. */
static double slope_by_differences(gp_evidence *e, double *theta, int i)
{
    static const double weight[4] = {1.0 / 12.0, -2.0 / 3.0, 2.0 / 3.0, -1.0 / 12.0};
    static const double place[4] = {-2.0, -1.0, 1.0, 2.0};
    const double start = theta[i], step = 1e-3 * fabs(start);
    double sum = 0.0, gradient[MAX_THETA], value;
    for (int s = 0; s < 4; s++) {
        theta[i] = start + place[s] * step;
        must(gp_evidence_run(e, theta, &value, gradient));
        sum += weight[s] * value;
    }
    theta[i] = start;
    return sum / step;
}

typedef struct example {
    const char *kernel;
    int64_t n, d, outputs;
} example;

static const example examples[] = {
    {"rbf(lengthscale=0.5, variance=1.3) + white(variance=0.1)", 20, 1, 1},
    {"matern12(lengthscale=0.8) + white(variance=0.05)", 15, 2, 1},
    {"matern32(lengthscale=[0.8, 1.5], variance=2) + white(variance=0.05)", 15, 2, 1},
    {"matern52(lengthscale=0.8) + white(variance=0.05)", 15, 2, 1},
    {"rq(lengthscale=0.7, alpha=1.5) + white(variance=0.05)", 15, 1, 1},
    {"rbf(lengthscale=1) * periodic(lengthscale=0.7, period=1.1) + white(variance=0.02)", 25, 1, 1},
    {"curlfree(rbf(lengthscale=1.2)) + white(variance=0.05)", 10, 2, 2},
    {"divfree(matern52(lengthscale=1.2, variance=0.7)) + white(variance=0.05)", 10, 2, 2},
    {"coregion(rbf(lengthscale=0.7), a=[1, -0.5], rank=1, diagonal=[0.1, 0.2]) + "
     "white(variance=0.1)",
     10, 1, 2},
    {"s2_heat(kappa=0.4, variance=1.5) + white(variance=0.1)", 15, 3, 1},
    {"s2_hodge(s2_matern(nu=1.5, kappa=0.5), curl=0.3, div=0.7) + white(variance=0.1)", 10, 3, 2},
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

/* Relative to the gradient's largest entry; along logarithms, which have one scale. */
static void gp_evidence_gradient_agrees_with_differences(void **state)
{
    (void)state;
    for (int c = 0; c < EXAMPLES; c++) {
        const example t = examples[c];
        gndp_kernel *k = parse(t.kernel);
        gndp_kernel_param p[MAX_THETA];
        double theta[MAX_THETA], gradient[MAX_THETA], value, largest = 0.0;
        const bool sphere = gndp_kernel_get_info(k).domain == GNDP_DOMAIN_SPHERE;
        double *x = sphere ? on_sphere(t.n, 1) : uniforms(t.n * t.d, -2.0, 2.0, 1);
        double *y = normals(t.n * t.outputs, 2);
        double *noise = uniforms(t.n * t.outputs, 0.01, 0.1, 3);
        const gndp_gp_data set = data_of(x, t.n, t.d, y, noise);
        gp_evidence *e;
        const int n = thetas(k, theta, p);
        must(gp_evidence_create(k, &set, 1, &e));
        must(gp_evidence_run(e, theta, &value, gradient));
        for (int i = 0; i < n; i++) {
            largest = fmax(largest, fabs(gradient[i] * theta[i]));
        }
        for (int i = 0; i < n; i++) {
            if (p[i].fittable) {
                assert_true(gradient[i] != 0.0);
                assert_close(theta[i] * gradient[i], theta[i] * slope_by_differences(e, theta, i),
                             1e-7 * largest);
            } else {
                assert_true(gradient[i] == 0.0);
            }
        }
        gndp_gp *gp;
        must(gndp_gp_create(k, &set, &gp));
        assert_close(value, gndp_gp_log_marginal(gp), 1e-10 * (1.0 + fabs(value)));
        gndp_gp_free(gp);
        gp_evidence_free(e);
        gndp_kernel_free(k);
        free(x);
        free(y);
        free(noise);
    }
}

/*
 * The closed cotangent of the plans against automatic differentiation through the Cholesky factor,
 * and the second derivative of the node against differences of the gradient.
 */
static void gp_log_marginal_node_differentiates_twice(void **state)
{
    (void)state;
    enum { N = 12, T = 3 };
    gndp_kernel *k = parse("rbf(lengthscale=0.6, variance=1.2) + white(variance=0.1)");
    double *x = uniforms(N, -2.0, 2.0, 4), *y = normals(N, 5), theta[MAX_THETA];
    gndp_kernel_param p[MAX_THETA];
    gndp_graph *g;
    gndp_device *device;
    gndp_plan *plan;
    gp_evidence *e;
    const gndp_gp_data set = data_of(x, N, 1, y, NULL);
    assert_int_equal(thetas(k, theta, p), T);
    must(gndp_graph_create(&g));
    must(gndp_device_open("cpu", NULL, &device));
    gndp_node node[T], first[T], out[1 + T + T * T];
    const char *name[T] = {"t0", "t1", "t2"};
    for (int i = 0; i < T; i++) {
        node[i] = gndp_input(g, name[i], gndp_type_scalar(GNDP_F64));
    }
    const gndp_node value =
        gndp_gp_log_marginal_node(g, k, node, gndp_constant(g, gndp_type_2d(GNDP_F64, N, 1), x),
                                  gndp_constant(g, gndp_type_1d(GNDP_F64, N), y), GNDP_NONE);
    assert_int_equal(gndp_node_type(value).rank, 0);
    gndp_grad(g, value, node, T, first);
    out[0] = value;
    for (int i = 0; i < T; i++) {
        out[1 + i] = first[i];
        gndp_grad(g, first[i], node, T, out + 1 + T + i * T);
    }
    must(gndp_plan_create(g, out, 1 + T + T * T, device, NULL, &plan));
    double result[1 + T + T * T], want, gradient[MAX_THETA], up[MAX_THETA], down[MAX_THETA];
    gndp_array array[1 + T + T * T];
    gndp_feed feed[T];
    for (int i = 0; i < 1 + T + T * T; i++) {
        array[i] = gndp_array_view(gndp_type_scalar(GNDP_F64), &result[i]);
    }
    for (int i = 0; i < T; i++) {
        feed[i] = (gndp_feed){name[i], gndp_array_view(gndp_type_scalar(GNDP_F64), &theta[i])};
    }
    must(gndp_plan_run(plan, feed, T, array, 1 + T + T * T));
    must(gp_evidence_create(k, &set, 1, &e));
    must(gp_evidence_run(e, theta, &want, gradient));
    assert_close(result[0], want, 1e-11);
    for (int i = 0; i < T; i++) {
        const double start = theta[i], step = 1e-5 * start;
        assert_close(result[1 + i], gradient[i], 1e-10 * (1.0 + fabs(gradient[i])));
        theta[i] = start + step;
        must(gp_evidence_run(e, theta, &want, up));
        theta[i] = start - step;
        must(gp_evidence_run(e, theta, &want, down));
        theta[i] = start;
        for (int j = 0; j < T; j++) {
            const double second = result[1 + T + i * T + j];
            assert_close(second, (up[j] - down[j]) / (2.0 * step), 1e-5 * (1.0 + fabs(second)));
        }
    }
    gp_evidence_free(e);
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
    gndp_kernel_free(k);
    free(x);
    free(y);
}

/* Leading axes are independent sets: one value each, in the gradient in x too. */
static void gp_log_marginal_node_takes_batches(void **state)
{
    (void)state;
    enum { B = 3, N = 7 };
    const char *kernel = "matern52(lengthscale=0.6) + white(variance=0.1)";
    gndp_kernel *k = parse(kernel);
    double *x = uniforms(B * N, -2.0, 2.0, 6), *y = normals(B * N, 7), got[B];
    double *noise = uniforms(B * N, 0.1, 0.2, 8);
    gndp_graph *g;
    gndp_device *device;
    gndp_plan *plan;
    must(gndp_graph_create(&g));
    must(gndp_device_open("cpu", NULL, &device));
    const gndp_node value =
        gndp_gp_log_marginal_node(g, k, NULL, gndp_constant(g, gndp_type_3d(GNDP_F64, B, N, 1), x),
                                  gndp_constant(g, gndp_type_2d(GNDP_F64, B, N), y),
                                  gndp_constant(g, gndp_type_2d(GNDP_F64, B, N), noise));
    must(gndp_plan_create(g, &value, 1, device, NULL, &plan));
    gndp_array out = gndp_array_view(gndp_type_1d(GNDP_F64, B), got);
    must(gndp_plan_run(plan, NULL, 0, &out, 1));
    for (int b = 0; b < B; b++) {
        gndp_gp *gp = condition(kernel, data_of(x + b * N, N, 1, y + b * N, noise + b * N));
        assert_close(got[b], gndp_gp_log_marginal(gp), 1e-11);
        gndp_gp_free(gp);
    }
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
    gndp_kernel_free(k);
    free(x);
    free(y);
    free(noise);
}

/* Seven sets of three sizes: three plans, and the sum of seven evidences. */
static void gp_evidence_makes_one_plan_a_shape(void **state)
{
    (void)state;
    enum { SETS = 7 };
    const int64_t size[SETS] = {5, 8, 5, 11, 8, 5, 0};
    const char *kernel = "rbf(lengthscale=0.6) + white(variance=0.1)";
    gndp_kernel *k = parse(kernel);
    gndp_gp_data set[SETS];
    double theta[MAX_THETA], gradient[MAX_THETA], value, again, want = 0.0;
    gndp_kernel_param p[MAX_THETA];
    double *x[SETS], *y[SETS];
    gp_evidence *e;
    for (int s = 0; s < SETS; s++) {
        x[s] = uniforms(size[s], -2.0, 2.0, 20 + (uint32_t)s);
        y[s] = normals(size[s], 40 + (uint32_t)s);
        set[s] = data_of(x[s], size[s], 1, y[s], NULL);
        set[s].mean = 0.1 * s;
        gndp_gp *gp;
        must(gndp_gp_create(k, &set[s], &gp));
        want += gndp_gp_log_marginal(gp);
        gndp_gp_free(gp);
    }
    thetas(k, theta, p);
    must(gp_evidence_create(k, set, SETS, &e));
    assert_int_equal(gp_evidence_plans(e), 3);
    must(gp_evidence_run(e, theta, &value, gradient));
    must(gp_evidence_run(e, theta, &again, gradient));
    assert_close(value, want, 1e-10);
    assert_true(value == again);
    gp_evidence_free(e);
    gndp_kernel_free(k);
    for (int s = 0; s < SETS; s++) {
        free(x[s]);
        free(y[s]);
    }
}

/* 3000 sets of 20 points go through several batches, one of them smaller. */
static void gp_evidence_runs_many_sets_in_batches(void **state)
{
    (void)state;
    enum { SETS = 3000, N = 20 };
    const char *kernel = "rbf(lengthscale=0.6) + white(variance=0.1)";
    gndp_kernel *k = parse(kernel);
    gndp_gp_data *set = calloc(SETS, sizeof *set);
    double *x = uniforms(SETS * N, -2.0, 2.0, 60), *y = normals(SETS * N, 61);
    double theta[MAX_THETA], gradient[MAX_THETA], value, part, sum = 0.0;
    gndp_kernel_param p[MAX_THETA];
    gp_evidence *e;
    assert_non_null(set);
    for (int s = 0; s < SETS; s++) {
        set[s] = data_of(x + s * N, N, 1, y + s * N, NULL);
    }
    thetas(k, theta, p);
    must(gp_evidence_create(k, set, SETS, &e));
    assert_int_equal(gp_evidence_plans(e), 2);
    must(gp_evidence_run(e, theta, &value, gradient));
    gp_evidence_free(e);
    for (int s = 0; s < SETS; s += 1000) {
        must(gp_evidence_create(k, set + s, 1000, &e));
        must(gp_evidence_run(e, theta, &part, gradient));
        sum += part;
        gp_evidence_free(e);
    }
    assert_close(value, sum, 1e-9 * fabs(sum));
    gndp_kernel_free(k);
    free(set);
    free(x);
    free(y);
}

static void gp_evidence_reports_a_singular_covariance(void **state)
{
    (void)state;
    const double x[2] = {0.5, 0.5}, y[2] = {1.0, 2.0};
    double theta[2] = {1.0, 1.0}, value, gradient[2];
    gndp_kernel *k = parse("rbf(lengthscale=1)");
    const gndp_gp_data set = data_of(x, 2, 1, y, NULL);
    gp_evidence *e;
    must(gp_evidence_create(k, &set, 1, &e));
    assert_fails(gp_evidence_run(e, theta, &value, gradient), GNDP_ERR_NOT_PD, "pivot 1");
    gp_evidence_free(e);
    gndp_kernel_free(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gp_evidence_gradient_agrees_with_differences),
    cmocka_unit_test(gp_log_marginal_node_differentiates_twice),
    cmocka_unit_test(gp_log_marginal_node_takes_batches),
    cmocka_unit_test(gp_evidence_makes_one_plan_a_shape),
    cmocka_unit_test(gp_evidence_runs_many_sets_in_batches),
    cmocka_unit_test(gp_evidence_reports_a_singular_covariance),
};

GNDP_TEST_MAIN(tests)
