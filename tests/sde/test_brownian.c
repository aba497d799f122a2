// SPDX-License-Identifier: Apache-2.0
// Fields with values on spheres: layouts, divergence, exact marginal, the mixture's score against its density.
#include "sde/brownian_case.h"

#include "sde/evaluator.h"

enum { BATCH = 4 };

/* ---- Layouts --------------------------------------------------------------------------------- */

static void layout_reports_what_is_wrong(void **state)
{
    (void)state;
    gndp_brownian p = {.schedule = gndp_schedule_default(), .layout = sphere_between()};
    assert_ok(gndp_brownian_check(&p));
    assert_fails(gndp_brownian_check(NULL), GNDP_ERR_ARG, "NULL");
    p.layout.first[0] = 3;
    assert_fails(gndp_brownian_check(&p), GNDP_ERR_SHAPE, "takes components");
    p.layout = sphere_between();
    p.layout.spheres = 2, p.layout.first[1] = 2, p.layout.dim[1] = 3;
    assert_fails(gndp_brownian_check(&p), GNDP_ERR_SHAPE, "takes components");
    p.layout = sphere_between();
    p.layout.dim[0] = 1;
    assert_fails(gndp_brownian_check(&p), GNDP_ERR_RANGE, "components");
    p.layout = sphere_between();
    p.layout.spheres = GNDP_LAYOUT_SPHERES + 1;
    assert_fails(gndp_brownian_check(&p), GNDP_ERR_RANGE, "spheres");
    p.layout = (gndp_sphere_layout){.components = 0};
    assert_fails(gndp_brownian_check(&p), GNDP_ERR_SHAPE, "0 components");
}

static void layout_moves_spheres_by_exp_and_the_rest_by_sums(void **state)
{
    (void)state;
    const gndp_sphere_layout layout = sphere_between();
    double y[10], v[10], z[10];
    assert_ok(gndp_random_normal_f64(3, 0, 0, 0, 0, 10, y));
    assert_ok(gndp_random_normal_f64(4, 0, 0, 0, 0, 10, v));
    for (int k = 0; k < 2; k++) {
        normalise(y + 5 * k + 1);
    }
    gndp_layout_project(&layout, 2, y, v);
    memcpy(z, y, sizeof z);
    gndp_layout_move(&layout, 2, z, v);
    for (int k = 0; k < 2; k++) {
        const double *from = y + 5 * k + 1, *to = z + 5 * k + 1, *by = v + 5 * k + 1;
        assert_near(dot3(from, by), 0.0, 1e-15);
        assert_near(dot3(to, to), 1.0, 1e-15);
        const double length = sqrt(dot3(by, by)), angle = length < 3.14159265358979 ? length : 6.28318530717959 - length;
        assert_near(gndp_sphere_distance(3, from, to), angle, 1e-14);
        assert_near(z[5 * k], y[5 * k] + v[5 * k], 0.0);
        assert_near(z[5 * k + 4], y[5 * k + 4] + v[5 * k + 4], 0.0);
    }
}

/* ---- Divergence ------------------------------------------------------------------------------ */

/* P_u e_k for k below 3, e_(k-3) x u from there on. */
static gndp_node field_build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const int k = *(const int *)state;
    const gndp_sphere_layout layout = sphere_alone();
    const gndp_node u = gndp_layout_point(g, &layout, in->y);
    double e[3] = {0}, cross[9] = {0};
    e[k % 3] = 1.0;
    const int i = (k + 1) % 3, j = (k + 2) % 3;
    cross[j * 3 + i] = -1.0, cross[i * 3 + j] = 1.0; /* row vectors: (u C)_i = -u_j, (u C)_j = u_i */
    if (k >= 3) {
        return gndp_layout_tangent(g, &layout, u, gndp_matmul(g, u, gndp_constant(g, gndp_type_2d(GNDP_F64, 3, 3), cross)));
    }
    const gndp_node all = gndp_broadcast_to(g, gndp_constant(g, gndp_type_1d(GNDP_F64, 3), e), 3, gndp_node_type(u).dim);
    return gndp_layout_tangent(g, &layout, u, all);
}

static void divergence_of_the_evaluator_is_that_on_the_sphere(void **state)
{
    (void)state;
    const gndp_schedule schedule = gndp_schedule_default();
    for (int k = 0; k < 6; k++) {
        const gndp_score score = {.dtype = GNDP_F64, .components = 3, .state = &k, .build = field_build};
        gndp_evaluator *ev = open_on(&score, &schedule, 2, BATCH);
        double y[3 * 6], g[3 * 6], divergence[3];
        const double t = 0.5;
        assert_ok(gndp_random_normal_f64(5, 0, 0, 0, 0, 18, y));
        for (int i = 0; i < 6; i++) {
            normalise(y + 3 * i);
        }
        assert_ok(gndp_evaluator_divergence(ev, 3, &t, true, y, g, divergence));
        for (int r = 0; r < 3; r++) { /* div P e_k = -2 y_k, a sum over points; div e_k x y = 0 */
            assert_near(divergence[r], k < 3 ? -2.0 * (y[6 * r + k] + y[6 * r + 3 + k]) : 0.0, 1e-13);
        }
        gndp_evaluator_free(ev);
    }
}

/* ---- Marginal -------------------------------------------------------------------------------- */

/*
 * E P_l(y_0 . y_t) = exp(-l(l+1) B/2) and moments of the Euclidean components. 12 + 8 comparisons at 5 standard errors: a false alarm once in 90 000 seeds.
 */
static void marginal_has_the_moments_of_the_heat_equation(void **state)
{
    (void)state;
    enum { N = 20000 };
    const gndp_brownian p = {.schedule = gndp_schedule_default(), .layout = sphere_between()};
    const double bs[4] = {0.02, 0.3, 2.0, 6.0};
    double *t = new_values(N), *y0 = new_values(5 * N), *yt = new_values(5 * N);
    uint32_t *member = malloc(N * sizeof *member);
    assert_non_null(member);
    number_members(N, 0, member);
    for (int b = 0; b < 4; b++) {
        const double r = exp(-0.5 * bs[b]), v = -expm1(-bs[b]);
        for (int i = 0; i < N; i++) {
            t[i] = gndp_schedule_time(&p.schedule, bs[b]);
            const double from[5] = {1.5, 0.36, 0.48, 0.8, -0.5};
            memcpy(y0 + 5 * i, from, sizeof from);
        }
        assert_ok(gndp_brownian_marginal(&p, 1, t, y0, (gndp_key){.seed = 7, .step = (uint32_t)b}, member, N, yt));
        double sum[5] = {0}, square[5] = {0};
        for (int i = 0; i < N; i++) {
            const double c = dot3(y0 + 5 * i + 1, yt + 5 * i + 1), z0 = (yt[5 * i] - r * 1.5) / sqrt(v), z1 = (yt[5 * i + 4] + r * 0.5) / sqrt(v);
            const double each[5] = {c, 1.5 * c * c - 0.5, 2.5 * c * c * c - 1.5 * c, z0, z1 * z1};
            for (int k = 0; k < 5; k++) {
                sum[k] += each[k] / N, square[k] += each[k] * each[k] / N;
            }
        }
        const double wanted[5] = {exp(-bs[b]), exp(-3.0 * bs[b]), exp(-6.0 * bs[b]), 0.0, 1.0};
        for (int k = 0; k < 5; k++) {
            assert_near(sum[k], wanted[k], 5.0 * sqrt((square[k] - sum[k] * sum[k]) / N));
        }
    }
    t[0] = 2.0;
    assert_fails(gndp_brownian_marginal(&p, 1, t, y0, (gndp_key){0}, member, N, yt), GNDP_ERR_RANGE, "time");
    free(t), free(y0), free(yt), free(member);
}

static void limit_is_uniform_and_normal_with_its_density(void **state)
{
    (void)state;
    const gndp_brownian p = {.schedule = gndp_schedule_default(), .layout = sphere_between()};
    const uint32_t member[2] = {4, 5};
    double y[2 * 3 * 5], again[3 * 5], log_p = 0.0;
    assert_ok(gndp_brownian_limit(&p, 3, (gndp_key){.seed = 9}, member, 2, y));
    assert_ok(gndp_brownian_limit(&p, 3, (gndp_key){.seed = 9}, member + 1, 1, again));
    assert_memory_equal(y + 15, again, sizeof again);
    for (int i = 0; i < 3; i++) {
        assert_near(dot3(y + 5 * i + 1, y + 5 * i + 1), 1.0, 1e-14);
        log_p += -log(4.0 * 3.14159265358979323846) - 0.5 * (y[5 * i] * y[5 * i] + y[5 * i + 4] * y[5 * i + 4]) - log(2.0 * 3.14159265358979323846);
    }
    assert_near(gndp_brownian_limit_log_density(&p, 3, y), log_p, 1e-13);
}

/* ---- Scores ---------------------------------------------------------------------------------- */

/* grad log of f along tangent directions, by central differences. */
typedef double (*log_density)(const void *state, const double *y);

static double slope_of(log_density f, const void *state, const gndp_sphere_layout *layout, int64_t points, const double *y, const double *v)
{
    const int64_t size = points * layout->components;
    double *a = new_values(size), *w = new_values(size);
    double sum = 0.0;
    for (int side = -1; side <= 1; side += 2) {
        const double h = 1e-5;
        for (int64_t i = 0; i < size; i++) {
            w[i] = side * h * v[i];
        }
        memcpy(a, y, (size_t)size * sizeof *a);
        gndp_layout_move(layout, points, a, w);
        sum += side * f(state, a) / (2.0 * h);
    }
    free(a), free(w);
    return sum;
}

typedef struct density_at {
    const mixture *m;
    double t;
    const double *weight; /* or the mixture's */
    const double *clean;  /* point 0 stands still: its value */
} density_at;

static double density(const void *state, const double *y)
{
    const density_at *d = state;
    const mixture *m = d->m;
    if (d->clean == NULL) {
        return mixture_log_density(m, d->t, y);
    }
    /* given a clean point 0: weights by its kernels, the rest at t */
    const int64_t p = m->process.layout.components;
    double weight[8], sum = 0.0;
    for (int64_t k = 0; k < m->kernels; k++) {
        const double one = 1.0, *c = m->centre + k * m->points * p;
        weight[k] = m->weight[k] * exp(gndp_heat_mixture_log_density(&m->process, 1, 1, &one, c, m->tau0, m->process.schedule.t0, d->clean));
        weight[k] *= exp(gndp_heat_mixture_log_density(&m->process, 1, m->points - 1, &one, c + p, m->tau0, d->t, y + p));
        sum += weight[k];
    }
    return log(sum);
}

/* Second differences are of the order h² f''' = 1e-10 / tau^1.5, and rounding 1e-11. */
static void mixture_score_is_the_gradient_of_its_log_density(void **state)
{
    (void)state;
    const double bs[4] = {1e-6, 0.05, 0.6, 5.0}, tau0[2] = {0.02, 0.06};
    for (int q = 0; q < 4; q++) {
        mixture m = new_mixture(q % 2 == 0 ? sphere_alone() : sphere_between(), 3, 2, tau0[q / 2], 6.0, 20 + q, BATCH);
        const int64_t size = 2 * m.process.layout.components;
        double *data = mixture_data(&m, 5, BATCH), *y = new_values(BATCH * size), *g = new_values(BATCH * size), *v = new_values(size);
        const uint32_t member[BATCH] = {0, 1, 2, 3};
        for (int b = 0; b < 4; b++) {
            const double t = gndp_schedule_time(&m.process.schedule, bs[b]), each[BATCH] = {t, t, t, t};
            assert_ok(gndp_brownian_marginal(&m.process, 2, each, data, (gndp_key){.seed = 1, .step = (uint32_t)b}, member, BATCH, y));
            assert_ok(gndp_evaluator_score(m.ev, BATCH, &t, true, y, g));
            for (int r = 0; r < BATCH; r++) {
                assert_ok(gndp_random_normal_f64(6, (uint32_t)b, (uint32_t)r, 0, 0, size, v));
                gndp_layout_project(&m.process.layout, 2, y + r * size, v);
                double along = 0.0;
                for (int64_t i = 0; i < size; i++) {
                    along += g[r * size + i] * v[i];
                }
                const density_at d = {.m = &m, .t = t};
                const double wanted = slope_of(density, &d, &m.process.layout, 2, y + r * size, v);
                assert_near(along, wanted, 2e-6 * (1.0 + fabs(wanted)));
            }
        }
        free(data), free(y), free(g), free(v);
        free_mixture(&m);
    }
}

static void mixture_score_given_clean_context_is_that_of_the_rest(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_between(), 3, 2, 0.06, 6.0, 31, BATCH);
    double *data = mixture_data(&m, 5, 1), y[10], g[10], v[10];
    const uint32_t member = 0;
    const int64_t known = 0;
    const double t = gndp_schedule_time(&m.process.schedule, 0.4);
    assert_ok(gndp_brownian_marginal(&m.process, 2, &t, data, (gndp_key){.seed = 1}, &member, 1, y));
    memcpy(y, data, 5 * sizeof *y);
    assert_ok(evaluator_context(m.ev, 1, &known));
    assert_ok(gndp_evaluator_score(m.ev, 1, &t, true, y, g));
    assert_ok(gndp_random_normal_f64(6, 0, 0, 0, 0, 10, v));
    memset(v, 0, 5 * sizeof *v);
    gndp_layout_project(&m.process.layout, 2, y, v);
    double along = 0.0;
    for (int i = 0; i < 10; i++) {
        along += g[i] * v[i];
        assert_true(i >= 5 || g[i] == 0.0);
    }
    const density_at d = {.m = &m, .t = t, .clean = data};
    const double wanted = slope_of(density, &d, &m.process.layout, 2, y, v);
    assert_near(along, wanted, 2e-6 * (1.0 + fabs(wanted)));
    free(data);
    free_mixture(&m);
}

/* Plans for more points, the rest masked and all 0: the same scores and divergences, finite. */
static void padding_changes_nothing(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_between(), 3, 2, 0.06, 6.0, 32, BATCH);
    double *y = mixture_data(&m, 6, BATCH), x[2] = {0, 1}, g[2][10 * BATCH], divergence[2][BATCH];
    const gndp_array xa = gndp_array_view(gndp_type_2d(GNDP_F64, 2, 1), x);
    const gndp_evaluator_options o = {.batch = BATCH, .padded_points = 5};
    const double t = gndp_schedule_time(&m.process.schedule, 0.2);
    gndp_evaluator *padded = NULL;
    assert_ok(gndp_evaluator_create(&m.score, &m.process.schedule, &xa, &o, &padded));
    assert_ok(gndp_evaluator_divergence(m.ev, BATCH, &t, true, y, g[0], divergence[0]));
    assert_ok(gndp_evaluator_divergence(padded, BATCH, &t, true, y, g[1], divergence[1]));
    for (int i = 0; i < 10 * BATCH; i++) {
        assert_near(g[1][i], g[0][i], 1e-13 * (1.0 + fabs(g[0][i])));
    }
    for (int r = 0; r < BATCH; r++) {
        assert_near(divergence[1][r], divergence[0][r], 1e-12 * (1.0 + fabs(divergence[0][r])));
    }
    gndp_evaluator_free(padded);
    free(y);
    free_mixture(&m);
}

/* One kernel: the mixture's density is p(y_t | y_0 = centre) run on for tau0, so the target at y_0 is its score where tau0 goes into B. */
static void target_is_the_score_of_the_marginal(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_between(), 1, 2, 0.06, 6.0, 33, BATCH);
    double y[10], g[10], target[10];
    const uint32_t member = 0;
    const double b = 0.7, t = gndp_schedule_time(&m.process.schedule, b), later = gndp_schedule_time(&m.process.schedule, b + 2.0 * m.tau0);
    assert_ok(gndp_brownian_marginal(&m.process, 2, &later, m.centre, (gndp_key){.seed = 1}, &member, 1, y));
    assert_ok(gndp_evaluator_score(m.ev, 1, &t, true, y, g));
    assert_ok(gndp_brownian_target(&m.process, 2, &later, m.centre, y, 1, target));
    for (int i = 0; i < 2; i++) {
        for (int p = 1; p < 4; p++) {
            assert_near(g[5 * i + p], target[5 * i + p], 1e-11 * (1.0 + fabs(target[5 * i + p])));
        }
        for (int p = 0; p < 5; p += 4) { /* (r y_0 - y)/v */
            assert_near(target[5 * i + p], (exp(-0.5 * b - m.tau0) * m.centre[5 * i + p] - y[5 * i + p]) / -expm1(-b - 2.0 * m.tau0), 1e-9);
        }
    }
    assert_fails(gndp_brownian_target(&m.process, 2, &m.process.schedule.t0, m.centre, y, 1, target), GNDP_ERR_RANGE, "time");
    m.process.layout = (gndp_sphere_layout){.components = 5, .spheres = 1, .first = {0}, .dim = {4}};
    assert_fails(gndp_brownian_target(&m.process, 2, &t, m.centre, y, 1, target), GNDP_ERR_UNSUPPORTED, "implicit loss");
    free_mixture(&m);
}

static void mixture_reports_what_it_cannot_be(void **state)
{
    (void)state;
    gndp_brownian p = {.schedule = gndp_schedule_default(), .layout = sphere_alone()};
    const double weight[1] = {1.0}, none[1] = {0.0}, centre[3] = {0, 0, 1}, off[3] = {0, 0, 1.1};
    gndp_score score;
    assert_fails(gndp_score_heat_mixture(&p, 1, 1, weight, centre, 0.01, &score), GNDP_ERR_RANGE, "tau0");
    assert_fails(gndp_score_heat_mixture(&p, 1, 1, none, centre, 0.1, &score), GNDP_ERR_RANGE, "weight");
    assert_fails(gndp_score_heat_mixture(&p, 1, 1, weight, off, 0.1, &score), GNDP_ERR_RANGE, "norm");
    assert_fails(gndp_score_heat_mixture(&p, 0, 1, weight, centre, 0.1, &score), GNDP_ERR_RANGE, "kernels");
    p.layout.dim[0] = 2;
    assert_fails(gndp_score_heat_mixture(&p, 1, 1, weight, centre, 0.1, &score), GNDP_ERR_UNSUPPORTED, "R^2");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(layout_reports_what_is_wrong),
    cmocka_unit_test(layout_moves_spheres_by_exp_and_the_rest_by_sums),
    cmocka_unit_test(divergence_of_the_evaluator_is_that_on_the_sphere),
    cmocka_unit_test(marginal_has_the_moments_of_the_heat_equation),
    cmocka_unit_test(limit_is_uniform_and_normal_with_its_density),
    cmocka_unit_test(mixture_score_is_the_gradient_of_its_log_density),
    cmocka_unit_test(mixture_score_given_clean_context_is_that_of_the_rest),
    cmocka_unit_test(padding_changes_nothing),
    cmocka_unit_test(target_is_the_score_of_the_marginal),
    cmocka_unit_test(mixture_reports_what_it_cannot_be),
};
GNDP_TEST_MAIN(tests)
