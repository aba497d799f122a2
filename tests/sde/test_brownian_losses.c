// SPDX-License-Identifier: Apache-2.0
// Denoising and implicit losses on spheres: the same gradient in expectation, masks. Expectations are quadratures.
#include "sde/brownian_case.h"

enum { THETA = 3, FEEDS = 7 };

/* A batch of fields for one plan. y has unit norm on spheres. */
typedef struct losses {
    gndp_sphere_layout layout;
    int64_t r, n;
    double *y, *target, *weight, *probe; /* [R, N, P]; weight [R] */
    int32_t *mask, *context;             /* [R, N]; context 0 at clean points; or NULL */
    double dsm, ism, grad_dsm[THETA], grad_ism[THETA];
} losses;

/* v = theta_0 e_1 + theta_1 A y + theta_2 y_1 y_P e_P, of the point u, tangent. */
static gndp_node field(gndp_graph *g, const gndp_sphere_layout *layout, gndp_node y, gndp_node theta)
{
    const int p = layout->components;
    const gndp_node u = gndp_layout_point(g, layout, y);
    double one[8] = {0}, last[8] = {0}, a[64];
    one[0] = 1.0, last[p - 1] = 1.0;
    for (int i = 0; i < p * p; i++) {
        a[i] = sin(1.0 + 2.0 * i);
    }
    const gndp_type row = gndp_type_1d(GNDP_F64, p);
    const gndp_node corner = gndp_mul(g, gndp_slice_axis(g, u, 2, 0, 1), gndp_slice_axis(g, u, 2, p - 1, p));
    const gndp_node each[THETA] = {gndp_constant(g, row, one), gndp_matmul(g, u, gndp_constant(g, gndp_type_2d(GNDP_F64, p, p), a)),
                                   gndp_mul(g, corner, gndp_constant(g, row, last))};
    gndp_node v = gndp_scale(g, u, 0.0);
    for (int k = 0; k < THETA; k++) {
        v = gndp_add(g, v, gndp_mul(g, gndp_reshape(g, gndp_slice_axis(g, theta, 0, k, k + 1), 0, NULL), each[k]));
    }
    return gndp_layout_tangent(g, layout, u, v);
}

static void losses_run(losses *l)
{
    const int64_t three[3] = {l->r, l->n, l->layout.components}, column[3] = {l->r, 1, 1}, masks[2] = {l->r, l->n};
    double theta[THETA] = {0.7, -0.4, 0.9};
    const gndp_feed feed[FEEDS] = {{"y", gndp_array_view(gndp_type_make(GNDP_F64, 3, three), l->y)},
                                   {"theta", gndp_array_view(gndp_type_1d(GNDP_F64, THETA), theta)},
                                   {"target", gndp_array_view(gndp_type_make(GNDP_F64, 3, three), l->target)},
                                   {"weight", gndp_array_view(gndp_type_make(GNDP_F64, 3, column), l->weight)},
                                   {"probe", gndp_array_view(gndp_type_make(GNDP_F64, 3, three), l->probe)},
                                   {"mask", gndp_array_view(gndp_type_make(GNDP_I32, 2, masks), l->mask)},
                                   {"context", gndp_array_view(gndp_type_make(GNDP_I32, 2, masks), l->context)}};
    gndp_feed used[FEEDS];
    gndp_node in[FEEDS];
    int n = 0;
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    assert_ok(gndp_graph_create(&g));
    for (int i = 0; i < FEEDS; i++) {
        in[i] = GNDP_NONE;
        if (feed[i].array.data != NULL) {
            in[i] = gndp_input(g, feed[i].name, feed[i].array.type);
            used[n++] = feed[i];
        }
    }
    const gndp_score_inputs si = {.t = GNDP_NONE, .decay = GNDP_NONE, .variance = GNDP_NONE, .x = GNDP_NONE, .y = in[0], .mask = in[5], .target = in[6]};
    const gndp_node score = field(g, &l->layout, in[0], in[1]);
    gndp_node out[4] = {gndp_brownian_dsm(g, &si, score, in[2], in[3]), gndp_brownian_ism(g, &l->layout, &si, score, in[3], in[4])};
    gndp_grad(g, out[0], &in[1], 1, &out[2]);
    gndp_grad(g, out[1], &in[1], 1, &out[3]);
    gndp_array result[4] = {gndp_array_view(gndp_type_make(GNDP_F64, 0, NULL), &l->dsm), gndp_array_view(gndp_type_make(GNDP_F64, 0, NULL), &l->ism),
                            gndp_array_view(gndp_type_1d(GNDP_F64, THETA), l->grad_dsm),
                            gndp_array_view(gndp_type_1d(GNDP_F64, THETA), l->grad_ism)};
    assert_ok(gndp_device_open("cpu", NULL, &device));
    assert_ok(gndp_plan_create(g, out, 4, device, NULL, &plan));
    assert_ok(gndp_plan_run(plan, used, n, result, 4));
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
}

/* Both gradients, and that of the implicit loss by probes sqrt(p) e_k, whose mean is the trace without an error. */
static void compare_gradients(losses *l)
{
    const int p = l->layout.components;
    double mean[THETA] = {0};
    losses_run(l);
    for (int k = 0; k < THETA; k++) {
        assert_near(2.0 * l->grad_ism[k], l->grad_dsm[k], 1e-9 * (1.0 + fabs(l->grad_dsm[k])));
        assert_true(fabs(l->grad_dsm[k]) > 1e-3);
    }
    losses by = *l;
    by.probe = new_values(l->r * l->n * p);
    for (int j = 0; j < p; j++) {
        for (int64_t i = 0; i < l->r * l->n * p; i++) {
            by.probe[i] = i % p == j ? sqrt(p) : 0.0;
        }
        losses_run(&by);
        for (int k = 0; k < THETA; k++) {
            mean[k] += by.grad_ism[k] / p;
        }
    }
    for (int k = 0; k < THETA; k++) {
        assert_near(mean[k], l->grad_ism[k], 1e-9 * (1.0 + fabs(l->grad_ism[k])));
    }
    free(by.probe);
}

static losses new_losses(gndp_sphere_layout layout, int64_t r, int64_t n)
{
    const int64_t size = r * n * layout.components;
    return (losses){.layout = layout, .r = r, .n = n, .y = new_values(size), .target = new_values(size), .weight = new_values(r)};
}

static void free_losses(losses *l)
{
    free(l->y), free(l->target), free(l->weight);
}

/* y_t given one y_0 on a sphere: nodes of degree 47 for p = exp(-l(l+1) 0.15), weights times density. */
static void losses_agree_in_expectation_on_a_sphere(void **state)
{
    (void)state;
    enum { N = 24, COUNT = 2 * N * N };
    const gndp_brownian p = {.schedule = gndp_schedule_default(), .layout = sphere_alone()};
    const double from[3] = {0.36, 0.48, 0.8}, t = gndp_schedule_time(&p.schedule, 0.3);
    losses l = new_losses(p.layout, COUNT, 1);
    double *times_t = new_values(COUNT), *y0 = new_values(3 * COUNT);
    gndp_sphere_quadrature(N, l.y, l.weight);
    for (int i = 0; i < COUNT; i++) {
        l.weight[i] *= COUNT * exp(gndp_heat_score(0.15, from, l.y + 3 * i, NULL));
        times_t[i] = t;
        memcpy(y0 + 3 * i, from, sizeof from);
    }
    assert_ok(gndp_brownian_target(&p, 1, times_t, y0, l.y, COUNT, l.target));
    compare_gradients(&l);
    free(times_t), free(y0);
    free_losses(&l);
}

/* Two Euclidean components: a grid, on which sums of analytic functions that vanish at both ends are integrals. */
static void losses_agree_in_expectation_on_the_plane(void **state)
{
    (void)state;
    enum { N = 60, COUNT = N * N };
    const gndp_brownian p = {.schedule = gndp_schedule_default(), .layout = {.components = 2}};
    const double from[2] = {0.8, -0.5}, b = 0.9, t = gndp_schedule_time(&p.schedule, b), r = exp(-0.5 * b), v = -expm1(-b), h = 0.25 * sqrt(v);
    losses l = new_losses(p.layout, COUNT, 1);
    double *times_t = new_values(COUNT), *y0 = new_values(2 * COUNT);
    for (int i = 0; i < COUNT; i++) {
        const double a = h * (i / N - 0.5 * (N - 1)), c = h * (i % N - 0.5 * (N - 1));
        l.y[2 * i] = r * from[0] + a, l.y[2 * i + 1] = r * from[1] + c;
        l.weight[i] = COUNT * h * h * exp(-0.5 * (a * a + c * c) / v) / (2.0 * 3.14159265358979323846 * v);
        times_t[i] = t;
        memcpy(y0 + 2 * i, from, sizeof from);
    }
    assert_ok(gndp_brownian_target(&p, 1, times_t, y0, l.y, COUNT, l.target));
    compare_gradients(&l);
    free(times_t), free(y0);
    free_losses(&l);
}

/* Two fields of which a point is absent or clean: the losses of the two other points, whatever stands at those. */
static void absent_and_clean_points_reach_nothing(void **state)
{
    (void)state;
    const gndp_sphere_layout layout = sphere_between();
    losses two = new_losses(layout, 2, 2), one = new_losses(layout, 2, 1);
    int32_t mask[4] = {1, 0, 1, 1}, context[4] = {1, 1, 0, 1};
    assert_ok(gndp_random_normal_f64(1, 0, 0, 0, 0, 20, two.y));
    assert_ok(gndp_random_normal_f64(2, 0, 0, 0, 0, 20, two.target));
    two.probe = new_normals(3, 20), one.probe = new_values(10);
    for (int i = 0; i < 4; i++) {
        normalise(two.y + 5 * i + 1);
    }
    memset(two.y + 5, 0, 5 * sizeof *two.y); /* padding */
    for (int i = 5; i < 10; i++) {
        two.target[i] = NAN;
    }
    for (int r = 0; r < 2; r++) {
        const int from = r == 0 ? 0 : 15;
        two.weight[r] = one.weight[r] = 0.5 + r;
        memcpy(one.y + 5 * r, two.y + from, 5 * sizeof *one.y);
        memcpy(one.target + 5 * r, two.target + from, 5 * sizeof *one.target);
        memcpy(one.probe + 5 * r, two.probe + from, 5 * sizeof *one.probe);
    }
    two.mask = mask, two.context = context;
    double *probes[2] = {two.probe, one.probe};
    for (int exact = 0; exact < 2; exact++) {
        two.probe = exact ? NULL : probes[0], one.probe = exact ? NULL : probes[1];
        losses_run(&two);
        losses_run(&one);
        assert_near(two.dsm, one.dsm, 1e-13 * fabs(one.dsm));
        assert_near(two.ism, one.ism, 1e-13 * (1.0 + fabs(one.ism)));
        for (int k = 0; k < THETA; k++) {
            assert_near(two.grad_dsm[k], one.grad_dsm[k], 1e-13 * (1.0 + fabs(one.grad_dsm[k])));
            assert_near(two.grad_ism[k], one.grad_ism[k], 1e-13 * (1.0 + fabs(one.grad_ism[k])));
        }
    }
    free(probes[0]), free(probes[1]);
    free_losses(&two), free_losses(&one);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(losses_agree_in_expectation_on_a_sphere),
    cmocka_unit_test(losses_agree_in_expectation_on_the_plane),
    cmocka_unit_test(absent_and_clean_points_reach_nothing),
};
GNDP_TEST_MAIN(tests)
