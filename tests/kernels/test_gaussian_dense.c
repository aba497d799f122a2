// SPDX-License-Identifier: Apache-2.0
// Dense laws: factor, inverse, densities, conditioning, jitter.
#include "kernels/gaussian.h"
#include "kernels/gaussian_case.h"

static const gndp_gaussian_options dense = {.factorisation = GNDP_FACTOR_DENSE};

static gndp_points scattered(int64_t n, int64_t d, double *x)
{
    assert_ok(gndp_random_uniform_f64(11, 0, 0, GNDP_STREAM(2, 0), 0, n * d, x));
    for (int64_t i = 0; i < n * d; i++) {
        x[i] = 4.0 * x[i] - 2.0;
    }
    return (gndp_points){.kind = GNDP_POINTS_LIST,
                         .x = gndp_array_view(gndp_type_2d(GNDP_F64, n, d), x)};
}

/* Sizes across the tiles of the Gram (256, 512) and of the products (128). */
static void dense_equals_the_gram_at_all_sizes(void **state)
{
    (void)state;
    const int64_t sizes[] = {1, 2, 3, 7, 60, 127, 130, 257, 300};
    for (int i = 0; i < 9; i++) {
        double *x = new_values(sizes[i] * 2);
        const gndp_points points = scattered(sizes[i], 2, x);
        law_case c = begin_law("rbf(lengthscale=0.5) + white(variance=0.05)",
                               "rbf(lengthscale=0.5)", 0.05, &points, &dense);
        check_covariance(&c, 1e-11);
        check_inverse(&c, true, 1e-9);
        end_law(&c);
        free(x);
    }
}

static void dense_equals_the_gram_when_tiles_overlap(void **state)
{
    (void)state;
    double *x = new_values(700 * 2);
    const gndp_points points = scattered(700, 2, x);
    law_case c = begin_law("matern32(lengthscale=0.5) + white(variance=0.05)",
                           "matern32(lengthscale=0.5)", 0.05, &points, &dense);
    double *v = new_normals(3, c.n), *kv = new_values(c.n);
    assert_ok(gndp_gaussian_apply(c.law, 1, v, kv));
    for (int64_t i = 0; i < c.n; i++) {
        double wanted = 0.0;
        for (int64_t j = 0; j < c.n; j++) {
            wanted += c.k[i * c.n + j] * v[j];
        }
        assert_near(kv[i], wanted, 1e-11 * (double)c.n);
    }
    free(v), free(kv), free(x);
    end_law(&c);
}

static void dense_equals_the_gram_for_vector_kernels(void **state)
{
    (void)state;
    const char *const kernels[][2] = {
        {"curlfree(rbf(lengthscale=1)) + white(variance=0.1)", "curlfree(rbf(lengthscale=1))"},
        {"coregion(rbf(lengthscale=1), a=[1, 0.5], rank=1, diagonal=[0.1, 0.1]) + "
         "white(variance=0.1)",
         "coregion(rbf(lengthscale=1), a=[1, 0.5], rank=1, diagonal=[0.1, 0.1])"}};
    for (int i = 0; i < 2; i++) {
        double x[2 * 140];
        const gndp_points points = scattered(140, 2, x);
        law_case c = begin_law(kernels[i][0], kernels[i][1], 0.1, &points, &dense);
        check_covariance(&c, 1e-11);
        check_inverse(&c, true, 1e-9);
        end_law(&c);
    }
}

/* White noise inside a product cannot be taken off the root, but it is seen where a point meets
 * itself. */
static void dense_equals_the_gram_when_white_is_inside_a_product(void **state)
{
    (void)state;
    double x[2 * 30];
    const gndp_points points = scattered(30, 2, x);
    law_case c = begin_law("rbf(lengthscale=1) * (rbf(lengthscale=2) + white(variance=0.1))",
                           "rbf(lengthscale=1) * rbf(lengthscale=2)", 0.1, &points, NULL);
    assert_int_equal(gndp_gaussian_factorisation(c.law), GNDP_FACTOR_DENSE);
    check_covariance(&c, 1e-11);
    end_law(&c);
}

/* eps of f32 times the size of K's entries, through a well-conditioned factor */
static void dense_in_single_precision_keeps_its_digits(void **state)
{
    (void)state;
    double x[2 * 150];
    const gndp_points points = scattered(150, 2, x);
    const gndp_gaussian_options f32 = {.factorisation = GNDP_FACTOR_DENSE, .f32 = true};
    law_case c = begin_law("rbf(lengthscale=0.5) + white(variance=0.5)", "rbf(lengthscale=0.5)",
                           0.5, &points, &f32);
    check_covariance(&c, 1e-5);
    check_inverse(&c, true, 1e-3);
    end_law(&c);
    check_draws("rbf(lengthscale=0.5) + white(variance=0.5)", &points, &f32);
}

/* A factor of f32 gives back the half of its memory that held doubles, and is none the worse. */
static void dense_in_single_precision_holds_half_the_memory(void **state)
{
    (void)state;
    enum { N = 1400 };
    const char *text = "rbf(lengthscale=0.5) + white(variance=0.5)";
    double *x = new_values(2 * N), log_det[2];
    const gndp_points points = scattered(N, 2, x);
    gndp_kernel *k = new_kernel(text);
    for (int f32 = 0; f32 < 2; f32++) {
        const gndp_gaussian_options options = {.factorisation = GNDP_FACTOR_DENSE, .f32 = f32};
        gndp_gaussian *law = NULL;
        assert_ok(gndp_gaussian_create(k, &points, NULL, &options, &law));
        assert_ok(gndp_gaussian_log_det(law, &log_det[f32]));
        /* up to one huge page at each end */
        const double share = (double)law->facts.bytes / (8.0 * N * N);
        assert_true(f32 ? share < 0.8 : share == 1.0);
        gndp_gaussian_free(law);
    }
    assert_near(log_det[1], log_det[0], 1e-4 * fabs(log_det[0]));
    gndp_kernel_free(k);
    const gndp_gaussian_options f32 = {.factorisation = GNDP_FACTOR_DENSE, .f32 = true};
    check_draws(text, &points, &f32);
    free(x);
}

static void dense_draws_follow_from_seed_and_member(void **state)
{
    (void)state;
    double x[2 * 1100]; /* three panels of the factor */
    gndp_points points = scattered(1100, 2, x);
    check_draws("rbf(lengthscale=0.5) + white(variance=0.05)", &points, &dense);
    points = scattered(301, 2, x);
    check_draws("rbf(lengthscale=0.5) + white(variance=0.05)", &points, &dense);
}

static void dense_draws_have_the_covariance(void **state)
{
    (void)state;
    double x[2 * 40];
    const gndp_points points = scattered(40, 2, x);
    law_case c = begin_law("rbf(lengthscale=0.5) + white(variance=0.05)", "rbf(lengthscale=0.5)",
                           0.05, &points, NULL);
    check_moments(&c);
    end_law(&c);
}

static void dense_mean_is_added_and_kept(void **state)
{
    (void)state;
    double x[2 * 20], mean[20], got[20], y[2][20], log_prob[2];
    const gndp_points points = scattered(20, 2, x);
    for (int i = 0; i < 20; i++) {
        mean[i] = 0.5 * i;
    }
    gndp_kernel *k = new_kernel("rbf(lengthscale=0.5) + white(variance=0.05)");
    gndp_gaussian *with = NULL, *without = NULL;
    assert_ok(gndp_gaussian_create(k, &points, mean, NULL, &with));
    assert_ok(gndp_gaussian_create(k, &points, NULL, NULL, &without));
    gndp_gaussian_mean(with, got);
    assert_memory_equal(got, mean, sizeof mean);
    const uint32_t member = 3;
    assert_ok(gndp_gaussian_sample(with, 1, &member, 1, y[0]));
    assert_ok(gndp_gaussian_sample(without, 1, &member, 1, y[1]));
    for (int i = 0; i < 20; i++) {
        assert_near(y[0][i] - y[1][i], mean[i], 1e-14 * 20);
    }
    assert_ok(gndp_gaussian_log_prob(with, 1, y[0], &log_prob[0]));
    assert_ok(gndp_gaussian_log_prob(without, 1, y[1], &log_prob[1]));
    assert_near(log_prob[0], log_prob[1], 1e-10);
    gndp_gaussian_free(with);
    gndp_gaussian_free(without);
    gndp_kernel_free(k);
}

/* One point seen with noise s2: mean k y/(k0 + s2), covariance k(a, b) - k_a k_b/(k0 + s2); several
 * by K_cc^-1 through dense loops. */
static void check_condition(const gndp_points *points, const char *text,
                            const gndp_gaussian_options *options, int p)
{
    gndp_kernel *k = new_kernel(text);
    gndp_gaussian *law = NULL, *given = NULL;
    assert_ok(gndp_gaussian_create(k, points, NULL, options, &law));
    const int64_t n = gndp_gaussian_size(law), target[4] = {0, 5, 9, 3}, seen[3] = {7, 2, 5};
    const int64_t m = 3 * p, t = 4 * p;
    double *unit = new_values(n * n), *kk = new_values(n * n), *kcc = new_values(m * m),
           *l = new_values(m * m);
    double *y = new_normals(8, m), *noise = new_values(m), *mean = new_values(t),
           *z = new_values(m * (t + 1)), *cov = new_values(t * t), *e = new_values(t * t);
    for (int64_t i = 0; i < n; i++) {
        unit[i * n + i] = 1.0;
    }
    assert_ok(gndp_gaussian_apply(law, n, unit, kk));
    for (int64_t i = 0; i < m; i++) {
        noise[i] = 0.05 + 0.01 * (double)i;
        for (int64_t j = 0; j < m; j++) {
            kcc[i * m + j] = kk[(seen[i / p] * p + i % p) * n + seen[j / p] * p + j % p] +
                             (i == j ? noise[i] : 0.0);
        }
    }
    dense_factor(m, kcc, 0.0, l);
    for (int64_t c = 0; c <= t; c++) { /* z_c = L^-1 of column c, the last of y */
        for (int64_t i = 0; i < m; i++) {
            double sum =
                c == t ? y[i] : kk[(seen[i / p] * p + i % p) * n + target[c / p] * p + c % p];
            for (int64_t j = 0; j < i; j++) {
                sum -= l[i * m + j] * z[c * m + j];
            }
            z[c * m + i] = sum / l[i * m + i];
        }
    }
    assert_ok(gndp_gaussian_condition(law, seen, 3, y, noise, target, 4, &given));
    assert_int_equal(gndp_gaussian_size(given), t);
    gndp_gaussian_mean(given, mean);
    memset(unit, 0, (size_t)(n * n) * sizeof *unit);
    for (int64_t i = 0; i < t; i++) {
        unit[i * t + i] = 1.0;
    }
    assert_ok(gndp_gaussian_apply(given, t, unit, cov));
    for (int64_t a = 0; a < t; a++) {
        double wanted = 0.0;
        for (int64_t i = 0; i < m; i++) {
            wanted += z[a * m + i] * z[t * m + i];
        }
        assert_near(mean[a], wanted, 1e-11);
        for (int64_t b = 0; b < t; b++) {
            double v = kk[(target[a / p] * p + a % p) * n + target[b / p] * p + b % p];
            for (int64_t i = 0; i < m; i++) {
                v -= z[a * m + i] * z[b * m + i];
            }
            assert_near(cov[a * t + b], v, 1e-11);
        }
    }
    gndp_gaussian_free(given);
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    free(unit), free(kk), free(kcc), free(l), free(y), free(noise), free(mean), free(z), free(cov),
        free(e);
}

static void condition_is_the_gaussian_update_for_every_factorisation(void **state)
{
    (void)state;
    double x[2 * 12];
    const gndp_points list = scattered(12, 2, x);
    check_condition(&list, "rbf(lengthscale=0.8) + white(variance=0.05)", &dense, 1);
    check_condition(&list, "curlfree(rbf(lengthscale=0.8)) + white(variance=0.05)", &dense, 2);
    const double axis[4] = {0, 1, 2, 3};
    const gndp_points plane = {
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 2, .axis = {axis, axis}, .axis_size = {4, 4}};
    const gndp_gaussian_options kron = {.factorisation = GNDP_FACTOR_KRONECKER},
                                circulant = {.factorisation = GNDP_FACTOR_CIRCULANT};
    check_condition(&plane, "rbf(lengthscale=0.8)", &kron, 1);
    check_condition(&plane, "rbf(lengthscale=0.8)", &circulant, 1);
    const double lat[3] = {90, 10, -40};
    const gndp_points globe = {.kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = 3, .n_lon = 4};
    check_condition(&globe, "s2_divfree(s2_heat(kappa=0.5)) + white(variance=0.1)", NULL, 2);
}

/* Without noise an observed value is known: its mean is it and its variance is jitter. */
static void condition_interpolates_without_noise(void **state)
{
    (void)state;
    double x[2 * 12], y[3] = {1, -2, 0.5}, mean[12], variance[12], prior[12];
    const int64_t seen[3] = {7, 2, 5};
    const gndp_points points = scattered(12, 2, x);
    gndp_kernel *k = new_kernel("matern12(lengthscale=0.8)");
    gndp_gaussian *law = NULL, *given = NULL;
    assert_ok(gndp_gaussian_create(k, &points, NULL, NULL, &law));
    assert_ok(gndp_gaussian_condition(law, seen, 3, y, NULL, NULL, 0, &given));
    gndp_gaussian_mean(given, mean);
    assert_ok(gndp_gaussian_variance(given, variance));
    assert_ok(gndp_gaussian_variance(law, prior));
    for (int i = 0; i < 3; i++) {
        assert_near(mean[seen[i]], y[i], 1e-9);
        assert_near(variance[seen[i]], 0.0, 1e-6 + 10.0 * gndp_gaussian_jitter(given));
    }
    for (int i = 0; i < 12; i++) {
        assert_true(variance[i] <= prior[i] + 1e-9);
    }
    gndp_gaussian_free(given);
    assert_ok(gndp_gaussian_condition(law, NULL, 0, NULL, NULL, NULL, 0,
                                      &given)); /* nothing seen: the law itself */
    assert_ok(gndp_gaussian_variance(given, variance));
    assert_near(variance[3], prior[3], 1e-10);
    gndp_gaussian_free(given);
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
}

/* 60 points under a long lengthscale: K has rank about 20 in f64. The ladder climbs by tens and
 * says where it stopped. */
static void jitter_grows_until_the_factor_holds(void **state)
{
    (void)state;
    double x[60];
    for (int i = 0; i < 60; i++) {
        x[i] = -2.0 + 4.0 * i / 59.0;
    }
    const gndp_points points = {.kind = GNDP_POINTS_LIST,
                                .x = gndp_array_view(gndp_type_2d(GNDP_F64, 60, 1), x)};
    gndp_kernel *k = new_kernel("rbf(lengthscale=1, variance=4)");
    gndp_gaussian *law = NULL;
    gndp_gaussian_options options = {.jitter = 1e-19};
    assert_ok(gndp_gaussian_create(k, &points, NULL, &options, &law));
    const double jitter = gndp_gaussian_jitter(law) / 4.0, steps = log10(jitter / 1e-19);
    assert_true(jitter > 1e-18 && jitter < 1e-12);
    assert_near(steps, round(steps), 1e-6);
    assert_non_null(strstr(gndp_gaussian_describe(law), "jitter"));
    gndp_gaussian_free(law);
    options.jitter = -1.0;
    assert_fails(gndp_gaussian_create(k, &points, NULL, &options, &law), GNDP_ERR_NOT_PD, "pivot");
    assert_null(law);
    gndp_kernel_free(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(dense_equals_the_gram_at_all_sizes),
    cmocka_unit_test(dense_equals_the_gram_when_tiles_overlap),
    cmocka_unit_test(dense_equals_the_gram_for_vector_kernels),
    cmocka_unit_test(dense_equals_the_gram_when_white_is_inside_a_product),
    cmocka_unit_test(dense_in_single_precision_keeps_its_digits),
    cmocka_unit_test(dense_in_single_precision_holds_half_the_memory),
    cmocka_unit_test(dense_draws_follow_from_seed_and_member),
    cmocka_unit_test(dense_draws_have_the_covariance),
    cmocka_unit_test(dense_mean_is_added_and_kept),
    cmocka_unit_test(condition_is_the_gaussian_update_for_every_factorisation),
    cmocka_unit_test(condition_interpolates_without_noise),
    cmocka_unit_test(jitter_grows_until_the_factor_holds),
};

GNDP_TEST_MAIN(tests)
