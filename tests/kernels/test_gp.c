// SPDX-License-Identifier: Apache-2.0
// Posteriors of Gaussian processes: closed forms of one to three points, interpolation, white noise
// by index, vector fields, draws and densities.
#include "kernels/gp_case.h"

/* Few operations on numbers of size 1, well conditioned. */
#define ROUNDING 1e-13

static double rbf(double distance, double lengthscale)
{
    return exp(-0.5 * distance * distance / (lengthscale * lengthscale));
}

/* s = k + v: mean k y/s, variance k - k^2/s, evidence that of N(0, s). */
static void gp_with_one_point_has_its_closed_form(void **state)
{
    (void)state;
    const double x[1] = {0.3}, y[1] = {1.7}, noise[1] = {0.2}, to[2] = {0.3, 1.1};
    const double s2 = 2.5, s = s2 + 0.2 + 0.05;
    gndp_gp *gp = condition("rbf(lengthscale=0.8, variance=2.5) + white(variance=0.05)",
                            data_of(x, 1, 1, y, noise));
    assert_close(gndp_gp_log_marginal(gp), -0.5 * (1.7 * 1.7 / s + log(s) + LN_2PI), ROUNDING);
    assert_true(gndp_gp_jitter(gp) == 0.0);
    for (int observe = 0; observe <= 1; observe++) {
        double mean[2], variance[2], covariance[4];
        const gndp_array targets = at(to, 2, 1);
        must(gndp_gp_predict(gp, &targets, observe != 0, mean, variance, covariance));
        for (int i = 0; i < 2; i++) {
            const double k = s2 * rbf(to[i] - 0.3, 0.8), white = observe ? 0.05 : 0.0;
            assert_close(mean[i], k * 1.7 / s, ROUNDING);
            assert_close(variance[i], s2 - k * k / s + white, ROUNDING);
            assert_true(covariance[3 * i] == variance[i]);
        }
        const double k0 = s2, k1 = s2 * rbf(0.8, 0.8);
        assert_close(covariance[1], k1 - k0 * k1 / s, ROUNDING);
        assert_true(covariance[1] == covariance[2]);
    }
    gndp_gp_free(gp);
}

/* The 2 x 2 inverse written out, with a prior mean. */
static void gp_with_two_points_has_its_closed_form(void **state)
{
    (void)state;
    const double x[2] = {0.0, 0.5}, y[2] = {2.0, 1.0}, noise[2] = {0.1, 0.3}, to[1] = {0.8};
    const double c = rbf(0.5, 0.7), a = 1.1, b = 1.3, det = a * b - c * c;
    const double r0 = 2.0 - 0.4, r1 = 1.0 - 0.4, k0 = rbf(0.8, 0.7), k1 = rbf(0.3, 0.7);
    gndp_gp_data data = data_of(x, 2, 1, y, noise);
    data.mean = 0.4;
    gndp_gp *gp = condition("rbf(lengthscale=0.7)", data);
    const double quadratic = (b * r0 * r0 - 2.0 * c * r0 * r1 + a * r1 * r1) / det;
    assert_close(gndp_gp_log_marginal(gp), -0.5 * (quadratic + log(det)) - LN_2PI, ROUNDING);
    double mean, variance;
    const gndp_array target = at(to, 1, 1);
    must(gndp_gp_predict(gp, &target, false, &mean, &variance, NULL));
    const double w0 = (b * k0 - c * k1) / det, w1 = (a * k1 - c * k0) / det;
    assert_close(mean, 0.4 + w0 * r0 + w1 * r1, ROUNDING);
    assert_close(variance, 1.0 - w0 * k0 - w1 * k1, ROUNDING);
    gndp_gp_free(gp);
}

/* The 3 x 3 inverse by cofactors, points in the plane. */
static void gp_with_three_points_has_its_closed_form(void **state)
{
    (void)state;
    const double x[6] = {0, 0, 1, 0, 0.5, 2}, y[3] = {1, -1, 0.5}, to[2] = {0.2, 0.9};
    const double white = 0.01;
    double k[3][3], cofactor[3][3], ks[3];
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            k[i][j] = rbf(hypot(x[2 * i] - x[2 * j], x[2 * i + 1] - x[2 * j + 1]), 1.2) +
                      (i == j ? white : 0.0);
        }
        ks[i] = rbf(hypot(x[2 * i] - to[0], x[2 * i + 1] - to[1]), 1.2);
    }
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            const int r = (i + 1) % 3, s = (i + 2) % 3, p = (j + 1) % 3, q = (j + 2) % 3;
            cofactor[i][j] = k[r][p] * k[s][q] - k[r][q] * k[s][p];
        }
    }
    const double det =
        k[0][0] * cofactor[0][0] + k[0][1] * cofactor[0][1] + k[0][2] * cofactor[0][2];
    const double quadratic = between(3, y, cofactor[0], y) / det;
    gndp_gp *gp =
        condition("rbf(lengthscale=1.2) + white(variance=0.01)", data_of(x, 3, 2, y, NULL));
    assert_close(gndp_gp_log_marginal(gp), -0.5 * (quadratic + log(det) + 3.0 * LN_2PI), 1e-12);
    double mean, variance;
    const gndp_array target = at(to, 1, 2);
    must(gndp_gp_predict(gp, &target, false, &mean, &variance, NULL));
    assert_close(mean, between(3, ks, cofactor[0], y) / det, 1e-12);
    assert_close(variance, 1.0 - between(3, ks, cofactor[0], ks) / det, 1e-12);
    gndp_gp_free(gp);
}

static void gp_without_points_is_its_prior(void **state)
{
    (void)state;
    const double to[3] = {0.0, 0.5, 4.0};
    gndp_gp_data data = data_of(NULL, 0, 1, NULL, NULL);
    data.mean = -2.0;
    gndp_gp *gp = condition("rbf(lengthscale=1, variance=3) + white(variance=0.5)", data);
    double mean[3], covariance[9];
    const gndp_array targets = at(to, 3, 1);
    assert_true(gndp_gp_log_marginal(gp) == 0.0);
    must(gndp_gp_predict(gp, &targets, true, mean, NULL, covariance));
    for (int i = 0; i < 3; i++) {
        assert_true(mean[i] == -2.0);
        for (int j = 0; j < 3; j++) {
            assert_close(covariance[3 * i + j], 3.0 * rbf(to[i] - to[j], 1.0) + (i == j ? 0.5 : 0),
                         ROUNDING);
        }
    }
    gndp_gp_free(gp);
}

/* Matern 1/2 has a well conditioned Gram: no jitter, and the data come back with variance 0. */
static void gp_interpolates_values_without_noise(void **state)
{
    (void)state;
    enum { N = 20 };
    double *x = uniforms(N, -2.0, 2.0, 1), *y = normals(N, 2), mean[N], variance[N];
    gndp_gp *gp = condition("matern12(lengthscale=0.7, variance=1.5)", data_of(x, N, 1, y, NULL));
    const gndp_array points = at(x, N, 1);
    const uint32_t member[2] = {4, 9};
    double draw[2 * N];
    assert_true(gndp_gp_jitter(gp) == 0.0);
    must(gndp_gp_predict(gp, &points, false, mean, variance, NULL));
    must(gndp_gp_sample(gp, &points, false, 1, member, 2, draw));
    for (int i = 0; i < N; i++) {
        assert_close(mean[i], y[i], 1e-11);
        assert_close(variance[i], 0.0, 1e-12);
        /* the draw's covariance is jitter alone: 1e-12 to 1e-10 of the prior's variance */
        assert_close(draw[i], y[i], 1e-4);
        assert_close(draw[N + i], y[i], 1e-4);
    }
    gndp_gp_free(gp);
    free(x);
    free(y);
}

/* A smooth kernel on dense points is singular to rounding: the ladder's jitter is reported, and
 * small. */
static void gp_reports_the_jitter_that_a_smooth_kernel_needs(void **state)
{
    (void)state;
    enum { N = 40 };
    double x[N], y[N], mean[N];
    for (int i = 0; i < N; i++) {
        x[i] = 0.05 * i;
        y[i] = sin(x[i]);
    }
    gndp_gp *gp = condition("rbf(lengthscale=2)", data_of(x, N, 1, y, NULL));
    const gndp_array points = at(x, N, 1);
    assert_true(gndp_gp_jitter(gp) >= 1e-12 && gndp_gp_jitter(gp) <= 1e-6);
    must(gndp_gp_predict(gp, &points, false, mean, NULL, NULL));
    for (int i = 0; i < N; i++) {
        assert_close(mean[i], y[i], 1e-5);
    }
    gndp_gp_free(gp);
}

/* Two observations at one point have independent noise w: as one observation of their mean with
 * w/2. */
static void gp_white_noise_is_by_index_not_by_place(void **state)
{
    (void)state;
    const double x[3] = {0.4, 0.4, 1.0}, y[3] = {1.0, 2.0, -0.5}, to[2] = {0.4, 0.4};
    const double once[2] = {0.4, 1.0}, mean_y[2] = {1.5, -0.5}, noise[2] = {0.15, 0.3};
    gndp_gp *twice =
        condition("rbf(lengthscale=0.6) + white(variance=0.3)", data_of(x, 3, 1, y, NULL));
    gndp_gp *pooled = condition("rbf(lengthscale=0.6)", data_of(once, 2, 1, mean_y, noise));
    double mean[2], covariance[4], want_mean[2], want[4];
    const gndp_array targets = at(to, 2, 1);
    must(gndp_gp_predict(pooled, &targets, false, want_mean, NULL, want));
    for (int observe = 0; observe <= 1; observe++) {
        must(gndp_gp_predict(twice, &targets, observe != 0, mean, NULL, covariance));
        for (int i = 0; i < 2; i++) {
            assert_close(mean[i], want_mean[i], ROUNDING);
            for (int j = 0; j < 2; j++) {
                /* the new observations have noise of their own, also where one was made */
                assert_close(covariance[2 * i + j],
                             want[2 * i + j] + (observe && i == j ? 0.3 : 0.0), ROUNDING);
            }
        }
    }
    gndp_gp_free(twice);
    gndp_gp_free(pooled);
}

/* Against the formulas with a plain inverse, for kernels of one and several outputs. */
static void check_against_inverse(const char *kernel, int64_t n, int64_t m, int64_t d, int64_t p)
{
    const int64_t np = n * p, mp = m * p;
    gndp_kernel *k = parse(kernel);
    const bool sphere = gndp_kernel_get_info(k).domain == GNDP_DOMAIN_SPHERE;
    double *x = sphere ? on_sphere(n, 3) : uniforms(n * d, -2.0, 2.0, 3);
    double *to = sphere ? on_sphere(m, 4) : uniforms(m * d, -2.0, 2.0, 4);
    double *y = normals(np, 5), *noise = uniforms(np, 0.1, 0.3, 6);
    double *inverse = zeros(np * np), *cross = zeros(mp * np), *prior = zeros(mp * mp);
    double *mean = zeros(mp), *variance = zeros(mp), *covariance = zeros(mp * mp);
    double *alone = zeros(mp), *mean_alone = zeros(mp);
    const gndp_array points = at(x, n, d), targets = at(to, m, d);
    gndp_array out = at(inverse, np, np), cross_out = at(cross, mp, np),
               prior_out = at(prior, mp, mp);
    assert_int_equal(gndp_kernel_outputs(k, d), p);
    must(gndp_kernel_evaluate(k, &points, NULL, &out));
    must(gndp_kernel_evaluate(k, &targets, &points, &cross_out));
    must(gndp_kernel_evaluate(k, &targets, NULL, &prior_out));
    for (int64_t i = 0; i < np; i++) {
        inverse[i * np + i] += noise[i];
    }
    const double log_det = invert(np, inverse);
    gndp_gp *gp = condition(kernel, data_of(x, n, d, y, noise));
    assert_close(gndp_gp_log_marginal(gp),
                 -0.5 * (between(np, y, inverse, y) + log_det + (double)np * LN_2PI), 1e-10);
    must(gndp_gp_predict(gp, &targets, true, mean, variance, covariance));
    must(gndp_gp_predict(gp, &targets, true, mean_alone, alone, NULL));
    for (int64_t i = 0; i < mp; i++) {
        assert_close(mean[i], between(np, cross + i * np, inverse, y), 1e-11);
        assert_close(mean_alone[i], mean[i], 1e-12);
        assert_close(alone[i], variance[i], 1e-12);
        for (int64_t j = 0; j < mp; j++) {
            const double want =
                prior[i * mp + j] - between(np, cross + i * np, inverse, cross + j * np);
            assert_close(covariance[i * mp + j], want, 1e-11);
            assert_true(covariance[i * mp + j] == covariance[j * mp + i]);
        }
    }
    gndp_gp_free(gp);
    gndp_kernel_free(k);
    double *all[] = {x,     to,   y,        noise,      inverse, cross,
                     prior, mean, variance, covariance, alone,   mean_alone};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        free(all[i]);
    }
}

static void gp_agrees_with_a_plain_inverse(void **state)
{
    (void)state;
    check_against_inverse("rbf(lengthscale=0.5) + white(variance=0.1)", 30, 20, 1, 1);
    check_against_inverse("matern52(lengthscale=[0.5, 2], variance=2)", 25, 10, 2, 1);
    check_against_inverse("curlfree(rbf(lengthscale=1.3)) + white(variance=0.02)", 12, 7, 2, 2);
    check_against_inverse("divfree(rbf(lengthscale=1.3))", 12, 7, 2, 2);
    check_against_inverse("diag(matern32(lengthscale=0.8), outputs=3)", 8, 5, 2, 3);
    check_against_inverse("coregion(rbf(lengthscale=0.7), a=[1, 0.5], rank=1, diagonal=[0.1, 0.2])",
                          12, 6, 1, 2);
}

/* K_curl = E (I - D D'), written out at two points; entry (i P + p, j P + q). */
static void gp_of_curlfree_field_has_its_closed_form(void **state)
{
    (void)state;
    const double x[4] = {0.0, 0.0, 0.8, -0.3}, y[4] = {1.0, -0.5, 0.2, 0.7}, l = 1.1, v = 0.04;
    double k[16], noise[4] = {v, v, v, v};
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            const double d[2] = {(x[2 * i] - x[2 * j]) / l, (x[2 * i + 1] - x[2 * j + 1]) / l};
            const double e = exp(-0.5 * (d[0] * d[0] + d[1] * d[1]));
            for (int p = 0; p < 2; p++) {
                for (int q = 0; q < 2; q++) {
                    k[(2 * i + p) * 4 + 2 * j + q] =
                        e * ((p == q ? 1.0 : 0.0) - d[p] * d[q]) + (i == j && p == q ? v : 0.0);
                }
            }
        }
    }
    const double log_det = invert(4, k);
    gndp_gp *gp = condition("curlfree(rbf(lengthscale=1.1))", data_of(x, 2, 2, y, noise));
    assert_close(gndp_gp_log_marginal(gp), -0.5 * (between(4, y, k, y) + log_det + 4.0 * LN_2PI),
                 1e-12);
    gndp_gp_free(gp);
}

/* Central differences of the posterior mean: curl or divergence is 0 up to h^2 and rounding/h. */
static void gp_mean_of_curlfree_and_divfree_data_keeps_their_law(void **state)
{
    (void)state;
    enum { N = 15 };
    const double h = 1e-4;
    double *x = uniforms(2 * N, -2.0, 2.0, 7), *y = normals(2 * N, 8), largest = 0.0;
    for (int div = 0; div <= 1; div++) {
        gndp_gp *gp = condition(div ? "divfree(rbf(lengthscale=1)) + white(variance=0.01)"
                                    : "curlfree(rbf(lengthscale=1)) + white(variance=0.01)",
                                data_of(x, N, 2, y, NULL));
        for (int i = 0; i < 5; i++) {
            const double a = -1.0 + 0.45 * i, b = 0.8 - 0.3 * i;
            const double to[8] = {a + h, b, a - h, b, a, b + h, a, b - h};
            double f[8];
            const gndp_array targets = at(to, 4, 2);
            must(gndp_gp_predict(gp, &targets, false, f, NULL, NULL));
            const double uy = (f[4] - f[6]) / (2 * h), vx = (f[1] - f[3]) / (2 * h);
            const double ux = (f[0] - f[2]) / (2 * h), vy = (f[5] - f[7]) / (2 * h);
            assert_close(div ? ux + vy : vx - uy, 0.0, 1e-6);
            largest = fmax(largest, fabs(ux) + fabs(uy));
        }
        gndp_gp_free(gp);
    }
    assert_true(largest > 0.1);
    free(x);
    free(y);
}

/* ln p(y_t | y_c) = ln p(y_c, y_t) - ln p(y_c). */
static void gp_log_predictive_is_a_difference_of_evidences(void **state)
{
    (void)state;
    enum { N = 9, M = 16, P = 2 };
    const char *kernel = "curlfree(matern52(lengthscale=1)) + white(variance=0.05)";
    double *x = uniforms(2 * (N + M), -2.0, 2.0, 9), *y = normals(P * (N + M), 10), got;
    gndp_gp *context = condition(kernel, data_of(x, N, 2, y, NULL));
    gndp_gp *all = condition(kernel, data_of(x, N + M, 2, y, NULL));
    gndp_gp *none = condition(kernel, data_of(NULL, 0, 2, NULL, NULL));
    const gndp_array targets = at(x + 2 * N, M, 2), everything = at(x, N + M, 2);
    must(gndp_gp_log_predictive(context, &targets, y + P * N, &got));
    assert_close(got, gndp_gp_log_marginal(all) - gndp_gp_log_marginal(context), 1e-10);
    must(gndp_gp_log_predictive(none, &everything, y, &got));
    assert_close(got, gndp_gp_log_marginal(all), 1e-10);
    gndp_gp_free(context);
    gndp_gp_free(all);
    gndp_gp_free(none);
    free(x);
    free(y);
}

/* 4000 draws of 6 values: each mean and (co)variance within 5 standard errors (48 comparisons:
 * false alarm below 1e-4). */
static void gp_draws_have_posterior_moments(void **state)
{
    (void)state;
    enum { N = 5, M = 6, R = 4000 };
    double *x = uniforms(N, -1.0, 1.0, 11), *to = uniforms(M, -1.5, 1.5, 12), *y = normals(N, 13);
    double mean[M], covariance[M * M], *draw = zeros(R * M);
    uint32_t member[R];
    for (uint32_t r = 0; r < R; r++) {
        member[r] = r;
    }
    gndp_gp *gp =
        condition("rbf(lengthscale=0.6) + white(variance=0.1)", data_of(x, N, 1, y, NULL));
    const gndp_array targets = at(to, M, 1);
    must(gndp_gp_predict(gp, &targets, true, mean, NULL, covariance));
    must(gndp_gp_sample(gp, &targets, true, 17, member, R, draw));
    for (int i = 0; i < M; i++) {
        double sum = 0.0;
        for (int r = 0; r < R; r++) {
            sum += draw[r * M + i] - mean[i];
        }
        assert_close(sum / R, 0.0, 5.0 * sqrt(covariance[i * M + i] / R));
        for (int j = 0; j < M; j++) {
            double product = 0.0;
            for (int r = 0; r < R; r++) {
                product += (draw[r * M + i] - mean[i]) * (draw[r * M + j] - mean[j]);
            }
            const double c = covariance[i * M + j];
            const double spread = covariance[i * M + i] * covariance[j * M + j] + c * c;
            assert_close(product / R, c, 5.0 * sqrt(spread / R));
        }
    }
    gndp_gp_free(gp);
    free(x);
    free(to);
    free(y);
    free(draw);
}

static void gp_draws_depend_on_seed_and_member_alone(void **state)
{
    (void)state;
    enum { N = 4, M = 70 };
    double *x = uniforms(N, -1.0, 1.0, 14), *to = uniforms(M, -1.5, 1.5, 15), *y = normals(N, 16);
    const uint32_t batch[3] = {7, 3, 7}, one = 3;
    double *many = zeros(3 * M), *single = zeros(M);
    gndp_gp *gp = condition("matern52(lengthscale=0.6)", data_of(x, N, 1, y, NULL));
    const gndp_array targets = at(to, M, 1);
    must(gndp_gp_sample(gp, &targets, false, 5, batch, 3, many));
    must(gndp_gp_sample(gp, &targets, false, 5, &one, 1, single));
    assert_memory_equal(many + M, single, M * sizeof *single);
    assert_memory_equal(many, many + 2 * M, M * sizeof *many);
    must(gndp_gp_sample(gp, &targets, false, 6, &one, 1, single));
    assert_memory_not_equal(many + M, single, M * sizeof *single);
    gndp_gp_free(gp);
    free(x);
    free(to);
    free(y);
    free(many);
    free(single);
}

/* Kernels that do not read their points: s2 for all, w for each. */
static void gp_of_constant_and_white_has_its_closed_form(void **state)
{
    (void)state;
    const double x[3] = {0.0, 1.0, 1.0}, y[3] = {1.0, 2.0, 4.5}, to[2] = {7.0, 8.0};
    double mean[2], covariance[4], log_p;
    const gndp_array targets = at(to, 2, 1);
    gndp_gp *gp =
        condition("constant(variance=2) + white(variance=0.5)", data_of(x, 3, 1, y, NULL));
    /* the precision of the common value is 1/2 + 3/0.5 = 6.5 */
    must(gndp_gp_predict(gp, &targets, true, mean, NULL, covariance));
    assert_close(mean[1], 7.5 / 0.5 / 6.5, ROUNDING);
    assert_close(covariance[0], 1.0 / 6.5 + 0.5, ROUNDING);
    assert_close(covariance[1], 1.0 / 6.5, ROUNDING);
    gndp_gp_free(gp);
    gp = condition("white(variance=0.5)", data_of(x, 3, 1, y, NULL));
    assert_close(gndp_gp_log_marginal(gp),
                 -0.5 * ((1.0 + 4.0 + 20.25) / 0.5 + 3.0 * (log(0.5) + LN_2PI)), ROUNDING);
    must(gndp_gp_predict(gp, &targets, false, mean, NULL, covariance));
    assert_true(mean[0] == 0.0 && covariance[0] == 0.0 && covariance[1] == 0.0);
    must(gndp_gp_log_predictive(gp, &targets, y, &log_p));
    assert_close(log_p, -0.5 * ((1.0 + 4.0) / 0.5 + 2.0 * (log(0.5) + LN_2PI)), ROUNDING);
    gndp_gp_free(gp);
}

/* More targets than fit one block of the cross covariance: 4.2 million numbers. */
static void gp_predicts_many_targets_in_blocks(void **state)
{
    (void)state;
    enum { N = 300, M = 30000 };
    double *x = uniforms(N, -2.0, 2.0, 17), *y = normals(N, 18);
    double *to = uniforms(M, -2.0, 2.0, 19), *mean = zeros(M), *variance = zeros(M);
    gndp_gp *gp =
        condition("rbf(lengthscale=0.5) + white(variance=0.1)", data_of(x, N, 1, y, NULL));
    const gndp_array targets = at(to, M, 1);
    must(gndp_gp_predict(gp, &targets, true, mean, variance, NULL));
    for (int64_t i = 0; i < M; i += 1999) {
        double one_mean, one_variance;
        const gndp_array target = at(to + i, 1, 1);
        must(gndp_gp_predict(gp, &target, true, &one_mean, &one_variance, NULL));
        assert_close(mean[i], one_mean, 1e-11);
        assert_close(variance[i], one_variance, 1e-12);
    }
    gndp_gp_free(gp);
    free(x);
    free(y);
    free(to);
    free(mean);
    free(variance);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gp_with_one_point_has_its_closed_form),
    cmocka_unit_test(gp_with_two_points_has_its_closed_form),
    cmocka_unit_test(gp_with_three_points_has_its_closed_form),
    cmocka_unit_test(gp_without_points_is_its_prior),
    cmocka_unit_test(gp_interpolates_values_without_noise),
    cmocka_unit_test(gp_reports_the_jitter_that_a_smooth_kernel_needs),
    cmocka_unit_test(gp_white_noise_is_by_index_not_by_place),
    cmocka_unit_test(gp_agrees_with_a_plain_inverse),
    cmocka_unit_test(gp_of_curlfree_field_has_its_closed_form),
    cmocka_unit_test(gp_mean_of_curlfree_and_divfree_data_keeps_their_law),
    cmocka_unit_test(gp_log_predictive_is_a_difference_of_evidences),
    cmocka_unit_test(gp_draws_have_posterior_moments),
    cmocka_unit_test(gp_draws_depend_on_seed_and_member_alone),
    cmocka_unit_test(gp_of_constant_and_white_has_its_closed_form),
    cmocka_unit_test(gp_predicts_many_targets_in_blocks),
};

GNDP_TEST_MAIN(tests)
