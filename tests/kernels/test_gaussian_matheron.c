// SPDX-License-Identifier: Apache-2.0
// Laws given values by Matheron's rule: mean, covariance and draws are those of the dense
// posterior, whatever the factors of the law below.
#include "kernels/gaussian_case.h"

typedef struct base_case {
    const char *kernel;
    gndp_factorisation factorisation;
    int points, outputs;
} base_case;

static const double axis[5] = {0, 0.5, 1, 1.5, 2}, lat[4] = {90, 40, -20, -70};
static double scattered[2 * 20];

static gndp_points point_set(int which)
{
    assert_ok(gndp_random_uniform_f64(21, 0, 0, GNDP_STREAM(2, 0), 0, 40, scattered));
    const gndp_points sets[] = {
        {.kind = GNDP_POINTS_LIST, .x = gndp_array_view(gndp_type_2d(GNDP_F64, 20, 2), scattered)},
        {.kind = GNDP_POINTS_PRODUCT, .n_axes = 2, .axis = {axis, axis}, .axis_size = {5, 4}},
        {.kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = 4, .n_lon = 5}};
    return sets[which];
}

static const base_case bases[] = {
    {"rbf(lengthscale=0.8) + white(variance=0.05)", GNDP_FACTOR_DENSE, 0, 1},
    {"curlfree(rbf(lengthscale=0.8))", GNDP_FACTOR_DENSE, 0, 2},
    {"rbf(lengthscale=0.8)", GNDP_FACTOR_KRONECKER, 1, 1},
    {"coregion(rbf(), a=[1, 0.5], rank=1, diagonal=[0.1, 0.1])", GNDP_FACTOR_KRONECKER, 1, 2},
    {"matern32(lengthscale=0.6) + white(variance=0.1)", GNDP_FACTOR_CIRCULANT, 1, 1},
    {"divfree(rbf(lengthscale=0.4))", GNDP_FACTOR_CIRCULANT, 1, 2},
    {"s2_matern(nu=1.5, kappa=0.5)", GNDP_FACTOR_LATLON, 2, 1},
    {"s2_divfree(s2_heat(kappa=0.5)) + white(variance=0.1)", GNDP_FACTOR_LATLON, 2, 2},
    {"white(variance=0.7)", GNDP_FACTOR_DIAGONAL, 0, 1},
};
enum { BASES = sizeof bases / sizeof *bases, SEEN = 4, MOST = 2 * SEEN };

/* One point twice: both values count. */
static const int64_t seen[SEEN] = {7, 2, 18, 2}, some[6] = {0, 2, 9, 19, 2, 7};

static gndp_gaussian *base_law(const base_case *b, int threads, const double *mean)
{
    const gndp_points points = point_set(b->points);
    const gndp_gaussian_options options = {.factorisation = b->factorisation, .threads = threads};
    gndp_kernel *k = new_kernel(b->kernel);
    gndp_gaussian *law = NULL;
    assert_ok(gndp_gaussian_create(k, &points, mean, &options, &law));
    gndp_kernel_free(k);
    return law;
}

static void noise_of(int64_t n, double *noise)
{
    for (int64_t i = 0; i < n; i++) {
        noise[i] = 0.05 + 0.03 * (double)i;
    }
}

/* Both posteriors of a case; the base law is freed: it lives on in one of them. */
static void both(const base_case *b, const int64_t *target, int64_t t, gndp_gaussian **dense,
                 gndp_gaussian **law)
{
    double *mean = new_normals(30, 20 * b->outputs), *y = new_normals(31, MOST), noise[MOST];
    gndp_gaussian *base = base_law(b, 2, mean);
    noise_of(MOST, noise);
    assert_ok(gndp_gaussian_condition(base, seen, SEEN, y, noise, target, t, dense));
    assert_ok(gndp_gaussian_condition_draws(base, seen, SEEN, y, noise, target, t, law));
    gndp_gaussian_free(base);
    free(mean), free(y);
}

/* The covariance R R' of the linear map that makes the draws is that of the dense posterior. */
static void matheron_has_the_posterior_law(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * BASES; i++) {
        const base_case *b = &bases[i / 2];
        const int64_t t = i % 2 == 0 ? 20 : 6;
        gndp_gaussian *dense = NULL;
        law_case c = {.n = t * b->outputs, .outputs = b->outputs};
        both(b, i % 2 == 0 ? NULL : some, t, &dense, &c.law);
        assert_int_equal(gndp_gaussian_factorisation(c.law), GNDP_FACTOR_MATHERON);
        assert_int_equal(gndp_gaussian_size(c.law), c.n);
        assert_non_null(strstr(gndp_gaussian_describe(c.law), "by correcting draws of"));
        double *unit = new_values(c.n * c.n), *wanted = new_values(c.n), *mean = new_values(c.n);
        c.k = new_values(c.n * c.n);
        for (int64_t j = 0; j < c.n; j++) {
            unit[j * c.n + j] = 1.0;
        }
        assert_ok(gndp_gaussian_apply(dense, c.n, unit, c.k));
        c.scale = 1.0;
        check_covariance(&c, 1e-10);
        gndp_gaussian_mean(dense, wanted);
        gndp_gaussian_mean(c.law, mean);
        for (int64_t j = 0; j < c.n; j++) {
            assert_near(mean[j], wanted[j], 1e-10);
        }
        gndp_gaussian_free(dense);
        end_law(&c);
        free(unit), free(wanted), free(mean);
    }
}

/* Draws are R times the normals of seed and member: their second moments, and the mean. */
static void matheron_draws_have_the_posterior_law(void **state)
{
    (void)state;
    enum { DRAWS = 4096 };
    const base_case *b = &bases[2];
    gndp_gaussian *dense = NULL;
    law_case c = {.n = 20, .outputs = 1, .scale = 1.0, .k = new_values(400)};
    both(b, NULL, 0, &dense, &c.law);
    double *unit = new_values(400), *mean = new_values(20), *sum = new_values(20),
           *draw = new_values(20 * DRAWS);
    uint32_t *member = malloc(DRAWS * sizeof *member);
    assert_non_null(member);
    for (int j = 0; j < 20; j++) {
        unit[21 * j] = 1.0;
    }
    assert_ok(gndp_gaussian_apply(dense, 20, unit, c.k));
    gndp_gaussian_mean(dense, mean);
    for (uint32_t r = 0; r < DRAWS; r++) {
        member[r] = r;
    }
    assert_ok(gndp_gaussian_sample(c.law, 5, member, DRAWS, draw));
    for (int r = 0; r < DRAWS; r++) {
        for (int j = 0; j < 20; j++) {
            sum[j] += draw[20 * r + j] / DRAWS;
        }
    }
    for (int j = 0; j < 20; j++) { /* 5 standard errors: false alarm 1e-5 in all */
        assert_near(sum[j], mean[j], 5.0 * sqrt(c.k[21 * j] / DRAWS));
    }
    for (int a = 0; a < 20; a += 3) {
        for (int d = 0; d <= a; d += 2) {
            double moment = 0.0;
            for (int r = 0; r < DRAWS; r++) {
                moment += (draw[20 * r + a] - mean[a]) * (draw[20 * r + d] - mean[d]) / DRAWS;
            }
            const double k = c.k[20 * a + d];
            assert_near(moment, k, 6.0 * sqrt((c.k[21 * a] * c.k[21 * d] + k * k) / DRAWS));
        }
    }
    gndp_gaussian_free(dense);
    end_law(&c);
    free(unit), free(mean), free(sum), free(draw), free(member);
}

/* The bits of a draw follow from seed and member: batches and threads leave them. */
static void matheron_draws_follow_from_seed_and_member(void **state)
{
    (void)state;
    enum { DRAWS = 11 };
    double y[MOST], noise[MOST];
    uint32_t member[DRAWS];
    memset(y, 0, sizeof y);
    noise_of(MOST, noise);
    for (uint32_t r = 0; r < DRAWS; r++) {
        member[r] = 100 - 7 * r;
    }
    for (int i = 0; i < BASES; i++) {
        const int64_t n = 20 * bases[i].outputs;
        double *all = new_values(DRAWS * n), *one = new_values(n);
        for (int threads = 1; threads <= 2; threads++) {
            gndp_gaussian *base = base_law(&bases[i], threads, NULL), *law = NULL;
            assert_ok(gndp_gaussian_condition_draws(base, seen, SEEN, y, noise, NULL, 0, &law));
            if (threads == 1) {
                assert_ok(gndp_gaussian_sample(law, 3, member, DRAWS, all));
            }
            for (int r = 0; r < DRAWS; r++) {
                assert_ok(gndp_gaussian_sample(law, 3, member + r, 1, one));
                assert_memory_equal(one, all + r * n, (size_t)n * sizeof *one);
            }
            assert_ok(gndp_gaussian_sample(law, 4, member, 1, one));
            assert_memory_not_equal(one, all, (size_t)n * sizeof *one);
            gndp_gaussian_free(law);
            gndp_gaussian_free(base);
        }
        free(all), free(one);
    }
}

/* Without noise the draws take the observed values; with nothing observed they are the law's own.
 */
static void matheron_interpolates_and_leaves_alone(void **state)
{
    (void)state;
    const base_case b = {"on(matern12(), axes=[0]) * on(matern32(), axes=[1])",
                         GNDP_FACTOR_KRONECKER, 1, 1};
    const double y[3] = {1, -2, 0.5};
    double draw[2][20], variance[20];
    const uint32_t member[1] = {9};
    gndp_gaussian *base = base_law(&b, 0, NULL), *law = NULL;
    assert_ok(gndp_gaussian_condition_draws(base, seen, 3, y, NULL, NULL, 0, &law));
    assert_ok(gndp_gaussian_sample(law, 1, member, 1, draw[0]));
    assert_ok(gndp_gaussian_variance(law, variance));
    for (int i = 0; i < 3; i++) {
        assert_near(draw[0][seen[i]], y[i], 1e-9);
        assert_near(variance[seen[i]], 0.0, 1e-9);
    }
    gndp_gaussian_free(law);
    assert_ok(gndp_gaussian_condition_draws(base, NULL, 0, NULL, NULL, NULL, 0, &law));
    assert_ok(gndp_gaussian_sample(law, 1, member, 1, draw[0]));
    assert_ok(gndp_gaussian_sample(base, 1, member, 1, draw[1]));
    assert_memory_equal(draw[0], draw[1], sizeof draw[0]);
    gndp_gaussian_free(law);
    gndp_gaussian_free(base);
}

/* Given values twice: Matheron on Matheron is the posterior of all of them, and its draws take
 * normals of their own at each step: the variance of 2048 of them, within 5 standard errors. */
static void matheron_can_be_given_more(void **state)
{
    (void)state;
    enum { DRAWS = 2048 };
    const base_case *b = &bases[2];
    double y[4] = {1, -1, 0.5, 2}, noise[4] = {0.1, 0.2, 0.3, 0.1}, mean[2][20], variance[2][20];
    double *draw = new_values(20 * DRAWS);
    uint32_t member[DRAWS];
    gndp_gaussian *base = base_law(b, 0, NULL), *first = NULL, *second = NULL, *once = NULL;
    assert_ok(gndp_gaussian_condition_draws(base, seen, 2, y, noise, NULL, 0, &first));
    assert_ok(
        gndp_gaussian_condition_draws(first, seen + 2, 2, y + 2, noise + 2, NULL, 0, &second));
    assert_ok(gndp_gaussian_condition_draws(base, seen, 4, y, noise, NULL, 0, &once));
    gndp_gaussian_free(base);
    gndp_gaussian_free(first);
    gndp_gaussian_mean(second, mean[0]);
    gndp_gaussian_mean(once, mean[1]);
    assert_ok(gndp_gaussian_variance(second, variance[0]));
    assert_ok(gndp_gaussian_variance(once, variance[1]));
    for (int i = 0; i < 20; i++) {
        assert_near(mean[0][i], mean[1][i], 1e-10);
        assert_near(variance[0][i], variance[1][i], 1e-10);
    }
    for (uint32_t r = 0; r < DRAWS; r++) {
        member[r] = r;
    }
    assert_ok(gndp_gaussian_sample(second, 6, member, DRAWS, draw));
    for (int i = 0; i < 20; i++) {
        double square = 0.0;
        for (int r = 0; r < DRAWS; r++) {
            square += (draw[20 * r + i] - mean[0][i]) * (draw[20 * r + i] - mean[0][i]) / DRAWS;
        }
        assert_near(square / variance[0][i], 1.0, 5.0 * sqrt(2.0 / DRAWS));
    }
    free(draw);
    gndp_gaussian_free(second);
    gndp_gaussian_free(once);
}

static void matheron_says_what_it_cannot_give(void **state)
{
    (void)state;
    const double y[MOST] = {0}, bad[MOST] = {0, (double)NAN}, minus[MOST] = {0.1, -0.1};
    const int64_t beyond[1] = {20};
    double v[20] = {0}, out[20];
    gndp_gaussian *base = base_law(&bases[2], 0, NULL), *law = NULL;
    assert_ok(gndp_gaussian_condition_draws(base, seen, 3, y, NULL, NULL, 0, &law));
    assert_fails(gndp_gaussian_solve(law, 1, v, out), GNDP_ERR_UNSUPPORTED,
                 "gndp_gaussian_condition");
    assert_fails(gndp_gaussian_log_det(law, out), GNDP_ERR_UNSUPPORTED, "draws, mean");
    assert_fails(gndp_gaussian_log_prob(law, 1, v, out), GNDP_ERR_UNSUPPORTED, "densities");
    gndp_gaussian_free(law);
    assert_fails(gndp_gaussian_condition_draws(base, seen, SEEN, y, NULL, NULL, 0, &law),
                 GNDP_ERR_NOT_PD, "observed twice");
    assert_null(law);
    assert_fails(gndp_gaussian_condition_draws(base, beyond, 1, y, NULL, NULL, 0, &law),
                 GNDP_ERR_RANGE, "20");
    assert_fails(gndp_gaussian_condition_draws(base, seen, 2, y, NULL, beyond, 1, &law),
                 GNDP_ERR_RANGE, "target 0");
    assert_fails(gndp_gaussian_condition_draws(base, seen, 2, bad, NULL, NULL, 0, &law),
                 GNDP_ERR_NONFINITE, "value 1");
    assert_fails(gndp_gaussian_condition_draws(base, seen, 2, y, minus, NULL, 0, &law),
                 GNDP_ERR_RANGE, "noise variance");
    assert_fails(gndp_gaussian_condition_draws(NULL, seen, 2, y, NULL, NULL, 0, &law), GNDP_ERR_ARG,
                 "law is NULL");
    assert_fails(gndp_gaussian_condition_draws(base, seen, 2, y, NULL, NULL, 0, NULL), GNDP_ERR_ARG,
                 "out is NULL");
    gndp_gaussian_free(base);
    const gndp_points points = point_set(1);
    const gndp_gaussian_options options = {.factorisation = GNDP_FACTOR_MATHERON};
    gndp_kernel *k = new_kernel("rbf()");
    assert_fails(gndp_gaussian_create(k, &points, NULL, &options, &law), GNDP_ERR_ARG,
                 "factorisation");
    gndp_kernel_free(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(matheron_has_the_posterior_law),
    cmocka_unit_test(matheron_draws_have_the_posterior_law),
    cmocka_unit_test(matheron_draws_follow_from_seed_and_member),
    cmocka_unit_test(matheron_interpolates_and_leaves_alone),
    cmocka_unit_test(matheron_can_be_given_more),
    cmocka_unit_test(matheron_says_what_it_cannot_give),
};

GNDP_TEST_MAIN(tests)
