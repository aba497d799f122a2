// SPDX-License-Identifier: Apache-2.0
// The exact score of Gaussian data against its density, Tweedie's identities, its moments, and the
// evaluator around it.
#include "sde/sde_case.h"

static gndp_score new_score(const sde_case *c)
{
    gndp_score score;
    assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score));
    return score;
}

static gndp_evaluator *new_evaluator(const sde_case *c, const gndp_score *score,
                                     const gndp_evaluator_options *options)
{
    gndp_evaluator *ev = NULL;
    assert_ok(gndp_evaluator_create(score, &c->schedule, &c->points.x, options, &ev));
    return ev;
}

/* K times the gradient of ln N(y; mu_t, S_t) by plain solves. */
static void plain_score(const sde_case *c, double t, const double *y, double *g)
{
    double *cov = new_values(c->n * c->n), *mean = new_values(c->n), *e = new_values(c->n);
    law_at(c, t, cov, mean);
    for (int64_t i = 0; i < c->n; i++) {
        e[i] = mean[i] - y[i];
    }
    solve_spd(c->n, cov, e, mean);
    times(c->n, c->k, mean, g);
    free(cov), free(mean), free(e);
}

static void score_is_the_gradient_of_the_density(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        gndp_score score = new_score(c);
        assert_int_equal(score.components, c->outputs);
        gndp_evaluator *ev = open_score(c, &score, 16);
        const int64_t n = c->n;
        double *y = new_normals(3, n), *g = new_values(n), *wanted = new_values(n),
               *cov = new_values(n * n), *mean = new_values(n), *grad = new_values(n);
        for (int i = 0; i < 5; i++) {
            const double t = (const double[]){5e-4, 0.02, 0.3, 0.7, 1.0}[i];
            assert_ok(gndp_evaluator_score(ev, 1, &t, true, y, g));
            plain_score(c, t, y, wanted);
            assert_near(relative_error(n, g, wanted), 0.0, 1e-10); /* condition of S_t: 1e4 */
            law_at(c, t, cov, mean);
            for (int64_t j = 0; j < n; j++) { /* quadratic: central differences have no error but
                                                 rounding */
                const double at = y[j], h = 1e-3;
                y[j] = at + h;
                const double up = normal_log_prob(n, cov, mean, y);
                y[j] = at - h;
                grad[j] = (up - normal_log_prob(n, cov, mean, y)) / (2 * h);
                y[j] = at;
            }
            times(n, c->k, grad, wanted);
            assert_near(relative_error(n, g, wanted), 0.0, 1e-7);
        }
        free(y), free(g), free(wanted), free(cov), free(mean), free(grad);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_case(c);
    }
}

/* Tweedie with correlated noise: E[y_0|y] = (y - (1-r) m + v g)/r, Cov = (v/alpha)(K + v K Hess K),
 * dE/dy = (I + v K Hess)/r = (r/v) Cov K^-1, against the Gaussian posterior. K Hess is J. */
static void score_gives_the_posterior_by_tweedie(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        gndp_score score = new_score(c);
        gndp_evaluator *ev = open_score(c, &score, 16);
        const int64_t n = c->n;
        double *y = new_normals(3, n), *g = new_values(n), *cov = new_values(n * n),
               *mean = new_values(n), *e = new_values(n), *unit = new_values(n),
               *row = new_values(n), *jacobian = new_values(n * n), *post = new_values(n * n),
               *by_score = new_values(n * n);
        for (int q = 0; q < 3; q++) {
            const double t = (const double[]){0.1, 0.4, 0.9}[q];
            const gndp_linear_law at = gndp_schedule_marginal(&c->schedule, t);
            const double alpha = at.a * at.a, v = at.variance;
            law_at(c, t, cov, mean);
            assert_ok(gndp_evaluator_score(ev, 1, &t, true, y, g));
            for (int64_t i = 0; i < n; i++) {
                e[i] = y[i] - mean[i];
            }
            solve_spd(n, cov, e, row);
            times(n, c->s0, row, e);
            for (int64_t i = 0; i < n; i++) {
                assert_near((y[i] - (1.0 - at.a) * c->m[i] + v * g[i]) / at.a,
                            c->m0[i] + at.a * e[i], 1e-10);
            }
            for (int64_t i = 0; i < n; i++) {
                memset(unit, 0, (size_t)n * sizeof *unit);
                unit[i] = 1.0;
                assert_ok(gndp_evaluator_vjp(ev, 1, &t, true, y, unit, g, jacobian + i * n));
                for (int64_t j = 0; j < n; j++) { /* S0 S_t^-1 S0 */
                    unit[j] = c->s0[j * n + i];
                }
                solve_spd(n, cov, unit, e);
                times(n, c->s0, e, row);
                for (int64_t j = 0; j < n; j++) {
                    post[j * n + i] = c->s0[j * n + i] - alpha * row[j];
                }
            }
            multiply(n, jacobian, c->k, false, by_score);
            for (int64_t i = 0; i < n * n; i++) {
                assert_near(v / alpha * (c->k[i] + v * by_score[i]), post[i], 1e-9 / alpha);
            }
            for (int64_t i = 0; i < n; i++) { /* dE/dy K = (r/v) Cov */
                for (int64_t j = 0; j < n; j++) {
                    const double slope = (c->k[i * n + j] + v * by_score[i * n + j]) / at.a;
                    assert_near(slope, at.a / v * post[i * n + j], 1e-9 / at.a / v);
                }
            }
        }
        free(y), free(g), free(cov), free(mean), free(e), free(unit), free(row), free(jacobian);
        free(post), free(by_score);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_case(c);
    }
}

/*
 * E score = 0, E[score score'] = S_t^-1 under p_t; here g = K score. The Gaussian law is integrated
 * exactly by the 2 n points mu +- sqrt(n) columns of chol(S_t), of equal weight: the score is
 * linear in y.
 */
static void score_has_mean_zero_and_inverse_covariance(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        gndp_score score = new_score(c);
        gndp_evaluator *ev = open_score(c, &score, 16);
        const int64_t n = c->n;
        const double t = 0.35;
        double *cov = new_values(n * n), *mean = new_values(n), *l = new_values(n * n),
               *y = new_values(2 * n * n), *g = new_values(2 * n * n), *sum = new_values(n),
               *second = new_values(n * n), *row = new_values(n), *wanted = new_values(n);
        law_at(c, t, cov, mean);
        dense_factor(n, cov, 0.0, l);
        for (int64_t s = 0; s < 2 * n; s++) {
            for (int64_t i = 0; i < n; i++) {
                y[s * n + i] = mean[i] + (s < n ? 1.0 : -1.0) * sqrt((double)n) * l[i * n + s % n];
            }
        }
        assert_ok(gndp_evaluator_score(ev, 2 * n, &t, true, y, g)); /* more than a block */
        for (int64_t s = 0; s < 2 * n; s++) {
            for (int64_t i = 0; i < n; i++) {
                sum[i] += g[s * n + i] / (double)(2 * n);
                for (int64_t j = 0; j < n; j++) {
                    second[i * n + j] += g[s * n + i] * g[s * n + j] / (double)(2 * n);
                }
            }
        }
        for (int64_t j = 0; j < n; j++) { /* K S_t^-1 K */
            assert_near(sum[j], 0.0, 1e-11);
            solve_spd(n, cov, c->k + j * n, row);
            times(n, c->k, row, wanted);
            for (int64_t i = 0; i < n; i++) {
                assert_near(second[i * n + j], wanted[i], 1e-10);
            }
        }
        free(cov), free(mean), free(l), free(y), free(g), free(sum), free(second), free(row);
        free(wanted);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_case(c);
    }
}

static void spectrum_has_the_trace_and_determinant_of_the_whitened_law(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        double *w = new_values(n), *half = new_values(n), *l0 = new_values(n * n), trace = 0.0,
               wanted = 0.0, product = 0.0;
        assert_ok(gndp_gaussian_spectrum(c->law, c->s0, w));
        for (int64_t j = 0; j < n; j++) { /* tr K^-1 S0 */
            solve_spd(n, c->k, c->s0 + j * n, half);
            wanted += half[j];
            trace += w[j];
            product += log(w[j]);
            assert_true(j == 0 || w[j] >= w[j - 1]);
        }
        assert_near(trace, wanted, 1e-10 * wanted);
        assert_near(product, dense_factor(n, c->s0, 0.0, l0) - dense_factor(n, c->k, 0.0, l0),
                    1e-9);
        free(w), free(half), free(l0);
        free_case(c);
    }
}

/* A root that is not triangular: the same score. */
static void score_takes_laws_with_any_square_root(void **state)
{
    (void)state;
    const double axis[2][4] = {{-1.0, -0.2, 0.3, 1.1}, {0.0, 0.5, 1.2}};
    const gndp_points grid = {
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 2, .axis = {axis[0], axis[1]}, .axis_size = {4, 3}};
    const gndp_schedule schedule = {.t0 = 1e-3, .t1 = 1.0, .beta0 = 0.1, .beta1 = 10.0};
    gndp_kernel *k = new_kernel("rbf(lengthscale=1)+white(variance=0.1)");
    gndp_gaussian *law[2];
    gndp_gaussian_options o = {.factorisation = GNDP_FACTOR_KRONECKER, .jitter = -1.0};
    assert_ok(gndp_gaussian_create(k, &grid, NULL, &o, &law[0]));
    o.factorisation = GNDP_FACTOR_DENSE;
    assert_ok(gndp_gaussian_create(k, &grid, NULL, &o, &law[1]));
    double *x = new_values(24), *y = new_normals(5, 12), g[2][12];
    gndp_array xa = gndp_array_view(gndp_type_2d(GNDP_F64, 12, 2), x);
    assert_ok(gndp_points_list(&grid, &xa));
    double *s0 = kernel_matrix("rbf(lengthscale=0.7)+white(variance=0.05)", 1, x, 12, 2);
    for (int i = 0; i < 2; i++) {
        gndp_score score;
        gndp_evaluator *ev = NULL;
        const double t = 0.4;
        assert_ok(gndp_score_gaussian(law[i], NULL, s0, &score));
        assert_ok(gndp_evaluator_create(&score, &schedule, &xa, NULL, &ev));
        assert_ok(gndp_evaluator_score(ev, 1, &t, true, y, g[i]));
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        gndp_gaussian_free(law[i]);
    }
    assert_near(relative_error(12, g[0], g[1]), 0.0, 1e-11);
    gndp_kernel_free(k);
    free(x), free(y), free(s0);
}

static void score_refuses_what_it_cannot_use(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[0]);
    gndp_score score = {0};
    c->s0[1] += 0.1;
    assert_fails(gndp_score_gaussian(c->law, NULL, c->s0, &score), GNDP_ERR_ARG, "not symmetric");
    c->s0[1] -= 0.1;
    c->m0[2] = (double)NAN;
    assert_fails(gndp_score_gaussian(c->law, c->m0, c->s0, &score), GNDP_ERR_NONFINITE, "value 2");
    assert_null(score.state);
    double axis[64];
    for (int i = 0; i < 64; i++) {
        axis[i] = 0.1 * i;
    }
    const gndp_points line = {
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 1, .axis = {axis}, .axis_size = {64}};
    gndp_kernel *k = new_kernel("rbf(lengthscale=0.5)+white(variance=0.1)");
    const gndp_gaussian_options o = {.factorisation = GNDP_FACTOR_CIRCULANT};
    gndp_gaussian *law = NULL;
    double *s0 = new_values(64 * 64);
    assert_ok(gndp_gaussian_create(k, &line, NULL, &o, &law));
    assert_fails(gndp_score_gaussian(law, NULL, s0, &score), GNDP_ERR_UNSUPPORTED, "columns");
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    free(s0);
    free_case(c);
}

/* ---- The evaluator ----------------------------------------------------------------------------
 */

/* Blocks of any size, padding to more points, one or two threads, one time or one each. */
static void evaluator_gives_the_same_whatever_the_block(void **state)
{
    (void)state;
    enum { R = 11 };
    for (int which = 1; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        gndp_score score = new_score(c);
        const int64_t n = c->n;
        double *y = new_normals(3, R * n), *cot = new_normals(4, R * n), *g = new_values(R * n),
               *out = new_values(R * n), *first = new_values(R * n), *first_out = new_values(R * n),
               trace[R], first_trace[R], t[R];
        for (int i = 0; i < R; i++) {
            t[i] = 0.05 + 0.08 * i;
        }
        for (int way = 0; way < 5; way++) {
            const int64_t batch = (const int64_t[]){16, 1, 4, 4, 16}[way];
            const gndp_device_options threads = {.threads = way == 4 ? 1 : 2};
            gndp_device *device = NULL;
            assert_ok(gndp_device_open("cpu", &threads, &device));
            const gndp_evaluator_options o = {
                .batch = batch, .device = device, .padded_points = way == 3 ? c->n_points + 3 : 0};
            gndp_evaluator *ev = new_evaluator(c, &score, &o);
            gndp_device_free(device);
            assert_ok(gndp_evaluator_vjp(ev, R, t, false, y, cot, g, out));
            assert_ok(gndp_evaluator_divergence(ev, R, t, false, y, first, trace));
            assert_near(relative_error(R * n, first, g), 0.0, 1e-14);
            assert_ok(gndp_evaluator_score(ev, R, t, false, y, g));
            assert_int_equal(gndp_evaluator_count(ev), R * (1 + 2 + 2 * n));
            if (way == 0) {
                memcpy(first_out, out, (size_t)(R * n) * sizeof *out);
                memcpy(first_trace, trace, sizeof trace);
                for (int i = 0; i < R; i++) { /* trace by n products, t one by one */
                    double *unit = new_values(n), *row = new_values(n), *other = new_values(n),
                           sum = 0.0;
                    for (int64_t j = 0; j < n; j++) {
                        unit[j] = 1.0;
                        assert_ok(
                            gndp_evaluator_vjp(ev, 1, t + i, true, y + i * n, unit, other, row));
                        unit[j] = 0.0;
                        sum += row[j];
                    }
                    assert_near(trace[i], sum, 1e-12 * fabs(sum));
                    plain_score(c, t[i], y + i * n, other);
                    assert_near(relative_error(n, g + i * n, other), 0.0, 1e-10);
                    free(unit), free(row), free(other);
                }
            } else {
                assert_near(relative_error(R * n, out, first_out), 0.0, 1e-13);
                assert_near(relative_error(R, trace, first_trace), 0.0, 1e-13);
            }
            gndp_evaluator_free(ev);
        }
        free(y), free(cot), free(g), free(out), free(first), free(first_out);
        gndp_score_free(&score);
        free_case(c);
    }
}

static gndp_node wrong_shape(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    (void)state, (void)g;
    return in->t;
}

static void evaluator_refuses_what_does_not_fit(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[1]);
    gndp_score score = new_score(c),
               odd = {.dtype = GNDP_F64, .components = 1, .build = wrong_shape};
    gndp_evaluator *ev = NULL;
    gndp_array x = c->points.x;
    x.type.dtype = GNDP_F32;
    assert_fails(gndp_evaluator_create(&score, &c->schedule, &x, NULL, &ev), GNDP_ERR_SHAPE,
                 "f64 [N, D]");
    assert_fails(gndp_evaluator_create(&odd, &c->schedule, &c->points.x, NULL, &ev), GNDP_ERR_SHAPE,
                 "f64[16]");
    assert_null(ev);
    ev = new_evaluator(c, &score, NULL);
    x = c->points.x;
    x.type.dim[0]--;
    assert_fails(gndp_evaluator_move(ev, &x), GNDP_ERR_SHAPE, "plans of");
    double t = 0.5, *y = new_values(c->n);
    assert_fails(gndp_evaluator_score(ev, 1, &t, true, y, y), GNDP_ERR_ARG, "same array");
    assert_fails(gndp_evaluator_score(ev, -1, &t, true, y, NULL), GNDP_ERR_RANGE, "-1");
    free(y);
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free_case(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(score_is_the_gradient_of_the_density),
    cmocka_unit_test(score_gives_the_posterior_by_tweedie),
    cmocka_unit_test(score_has_mean_zero_and_inverse_covariance),
    cmocka_unit_test(spectrum_has_the_trace_and_determinant_of_the_whitened_law),
    cmocka_unit_test(score_takes_laws_with_any_square_root),
    cmocka_unit_test(score_refuses_what_it_cannot_use),
    cmocka_unit_test(evaluator_gives_the_same_whatever_the_block),
    cmocka_unit_test(evaluator_refuses_what_does_not_fit),
};
GNDP_TEST_MAIN(tests)
