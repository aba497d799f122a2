// SPDX-License-Identifier: Apache-2.0
// Draws on spheres: moments of the heat kernel, uniform moments, bits that depend on nothing but key and number.
#include "manifolds/manifold_case.h"

/*
 * Seeds are fixed, so a case that passes keeps passing. Each statistic is held to 5 standard errors, which a right generator would exceed with probability
 * 6e-7 for a seed drawn at random; there are about 300 of them: 2e-4 in all.
 */
#define ERRORS 5.0

enum { N = 100000 };

static double begin[N * 16], y[N * 16], tau[N];

/* All points at their own starts, at one time. */
static void start(int n, double time)
{
    assert_ok(gndp_sphere_uniform(n, N, (gndp_sphere_key){.seed = 1, .stream = 9}, begin));
    for (int i = 0; i < N; i++) {
        tau[i] = time;
    }
}

/* Mean of f(y0.y) - want within so many standard errors, from the draws' own variance, and `slack`. */
static void check_mean(const char *what, int n, int l, double want, double slack)
{
    double mean = 0.0, square = 0.0;
    for (int i = 0; i < N; i++) {
        /* 1 - P_l is small where the angle is: from the chord nothing is lost */
        double chord = 0.0;
        for (int j = 0; j < n; j++) {
            chord += (y[i * n + j] - begin[i * n + j]) * (y[i * n + j] - begin[i * n + j]);
        }
        const double c = 1.0 - 0.5 * chord, value = l == 1 ? -0.5 * chord : legendre(l, c) - 1.0;
        mean += value / N;
        square += value * value / N;
    }
    const double error = sqrt((square - mean * mean) / N);
    if (!(fabs(mean - want) <= ERRORS * error + slack)) {
        fail_msg("%s, n = %d, tau = %g, l = %d: E P - 1 = %.8g, not %.8g: off by %.2f standard errors", what, n, tau[0], l, mean, want, (mean - want) / error);
    }
}

static const double times[] = {1e-4, 1e-3, 0.01, 0.0199, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0};
enum { TIMES = sizeof times / sizeof *times };

static void check_unit(int n)
{
    for (int i = 0; i < N; i++) {
        assert_near(dot(n, y + i * n, y + i * n), 1.0, 1e-15);
    }
}

/* E P_l(y0.y) = exp(-l(l+1) tau). */
static void heat_draws_have_the_moments_of_the_kernel(void **state)
{
    (void)state;
    for (int k = 0; k < TIMES; k++) {
        start(3, times[k]);
        assert_ok(gndp_sphere_heat_draw(3, N, tau, begin, (gndp_sphere_key){.seed = 2, .step = (uint32_t)k}, y));
        check_unit(3);
        for (int l = 1; l <= 4; l++) {
            check_mean("heat", 3, l, expm1(-l * (l + 1) * times[k]), 0.0);
        }
    }
}

/* The whole law of the angle: F(c) of the draws is uniform, by Kolmogorov's statistic (2.73: probability 2 exp(-2 2.73²) = 7e-7). */
static int ascending(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

static void heat_draws_have_the_distribution_of_the_angle(void **state)
{
    (void)state;
    static double u[N];
    for (int k = 0; k < TIMES; k++) {
        start(3, times[k]);
        assert_ok(gndp_sphere_heat_draw(3, N, tau, begin, (gndp_sphere_key){.seed = 3, .step = (uint32_t)k}, y));
        for (int i = 0; i < N; i++) {
            const double c = dot(3, y + 3 * i, begin + 3 * i);
            double before = 1.0, p = c;
            u[i] = 0.5 * (1.0 + c);
            for (int l = 1; l * (l + 1) * times[k] < 40.0; l++) {
                const double next = ((2 * l + 1) * c * p - l * before) / (l + 1);
                u[i] += 0.5 * exp(-l * (l + 1) * times[k]) * (next - before);
                before = p, p = next;
            }
        }
        qsort(u, N, sizeof *u, ascending);
        double sup = 0.0;
        for (int i = 0; i < N; i++) {
            sup = fmax(sup, fmax(u[i] - (double)i / N, (double)(i + 1) / N - u[i]));
        }
        if (!(sqrt(N) * sup <= 2.73)) {
            fail_msg("tau %g: %.3f", times[k], sqrt(N) * sup);
        }
    }
}

/* The direction is uniform: its components along and across a fixed frame have mean 0, equal squares and no product. */
static void heat_draws_go_in_all_directions(void **state)
{
    (void)state;
    const double poles[4][3] = {{0.0, 0.0, 1.0}, {0.0, 0.0, -1.0}, {0.6, 0.0, 0.8}, {0.36, -0.48, -0.8}};
    for (int pole = 0; pole < 4; pole++) {
        for (int late = 0; late < 2; late++) {
            double frame[2][3] = {{0}}, moment[4] = {0};
            start(3, late ? 0.1 : 0.001);
            for (int i = 0; i < N; i++) {
                memcpy(begin + 3 * i, poles[pole], sizeof poles[pole]);
            }
            assert_ok(gndp_sphere_heat_draw(3, N, tau, begin, (gndp_sphere_key){.seed = 4}, y));
            gndp_sphere_project(3, 1, begin, (double[3]){1.0, 0.2, 0.1}, frame[0]);
            const double length = sqrt(dot(3, frame[0], frame[0]));
            for (int j = 0; j < 3; j++) {
                frame[0][j] /= length;
            }
            for (int j = 0; j < 3; j++) {
                const int a = (j + 1) % 3, b = (j + 2) % 3;
                frame[1][j] = begin[a] * frame[0][b] - begin[b] * frame[0][a];
            }
            for (int i = 0; i < N; i++) {
                const double e = dot(3, frame[0], y + 3 * i), f = dot(3, frame[1], y + 3 * i), r = hypot(e, f);
                moment[0] += e / r / N;
                moment[1] += f / r / N;
                moment[2] += (e * e - f * f) / (r * r) / N;
                moment[3] += 2.0 * e * f / (r * r) / N;
            }
            for (int j = 0; j < 4; j++) { /* cos and sin of phi and 2 phi: variance 1/2 */
                assert_near(moment[j], 0.0, ERRORS * sqrt(0.5 / N));
            }
        }
    }
}

/* On S² too: E P_l = exp(-l(l+1) tau). Below tau = 0.05 the number of lines is only nearly normal: 1 - E P_l is off by less than 1e-4 l(l+1) of itself. */
static void wright_fisher_draws_have_the_moments_of_the_kernel(void **state)
{
    (void)state;
    for (int k = 0; k < TIMES; k++) {
        start(3, times[k]);
        assert_ok(gndp_sphere_wright_fisher_draw(3, N, tau, begin, (gndp_sphere_key){.seed = 5, .step = (uint32_t)k}, y));
        check_unit(3);
        for (int l = 1; l <= 4; l++) {
            const double want = expm1(-l * (l + 1) * times[k]);
            check_mean("Wright-Fisher", 3, l, want, times[k] < 0.05 ? 1e-4 * l * (l + 1) * fabs(want) : 0.0);
        }
    }
}

/* E cos = exp(-(n - 1) tau) on every sphere: the coordinates are eigenfunctions. */
static void heat_draws_have_the_mean_cosine_on_every_sphere(void **state)
{
    (void)state;
    const int dims[] = {2, 4, 5, 16};
    for (int d = 0; d < 4; d++) {
        const int n = dims[d];
        for (int k = 0; k < TIMES; k++) {
            start(n, times[k]);
            assert_ok(gndp_sphere_heat_draw(n, N, tau, begin, (gndp_sphere_key){.seed = 6, .step = (uint32_t)k}, y));
            check_unit(n);
            const double want = expm1(-(n - 1) * times[k]);
            check_mean("heat", n, 1, want, n > 3 && times[k] < 0.05 ? 1e-5 * fabs(want) : 0.0);
            if (n != 3) { /* Wright-Fisher knows the circle, where its first ratio is 0/0 */
                assert_ok(gndp_sphere_wright_fisher_draw(n, N, tau, begin, (gndp_sphere_key){.seed = 7, .step = (uint32_t)k}, y));
                check_mean("Wright-Fisher", n, 1, want, times[k] < 0.05 ? 1e-5 * fabs(want) : 0.0);
            }
        }
    }
}

/*
 * A step of a walk goes r = sqrt(2 tau/steps) |P xi| in any direction, |P xi|² ~ chi² of 2, so that E cos k r - 1 = sum_j (-2 k² s)^j j!/(2j)! with s = 2
 * tau/steps; P_l(cos r) is a sum of them, and E P_l of many steps is the product of theirs (zonal functions). Few steps are far from the law.
 */
static double step_cosine(int k, double size)
{
    double term = 1.0, less = 0.0;
    for (int j = 1; j < 1000; j++) {
        term *= -2.0 * k * k * size * j / ((2.0 * j - 1.0) * (2.0 * j));
        less += term;
    }
    return less;
}

static double step_legendre(int l, double size)
{
    switch (l) {
    case 1: return step_cosine(1, size);
    case 2: return 0.75 * step_cosine(2, size);
    case 3: return (5.0 * step_cosine(3, size) + 3.0 * step_cosine(1, size)) / 8.0;
    default: return (35.0 * step_cosine(4, size) + 20.0 * step_cosine(2, size)) / 64.0;
    }
}

static void walk_draws_have_the_moments_of_their_steps(void **state)
{
    (void)state;
    const int64_t steps[] = {1, 4, 20};
    for (int k = 0; k < TIMES; k += 3) {
        for (int s = 0; s < 3; s++) {
            start(3, times[k]);
            assert_ok(gndp_sphere_walk_draw(3, N, steps[s], tau, begin, (gndp_sphere_key){.seed = 8, .step = (uint32_t)k}, y));
            check_unit(3);
            for (int l = 1; l <= 4; l++) {
                const double size = 2.0 * times[k] / (double)steps[s];
                if (l * l * size < 8.0) { /* else the alternating series has no digits */
                    const double less = step_legendre(l, size);
                    check_mean("walk", 3, l, less < -0.9 ? pow(1.0 + less, (double)steps[s]) - 1.0 : expm1((double)steps[s] * log1p(less)), 1e-9);
                }
            }
        }
    }
    /* and it tends to the law: E cos of 40 equal steps to B = 1.25 is 0.5344, exactly 0.5353 */
    start(3, 0.3125);
    assert_ok(gndp_sphere_walk_draw(3, N, 40, tau, begin, (gndp_sphere_key){.seed = 9}, y));
    check_mean("walk", 3, 1, expm1(-0.625), 1.2e-3);
}

/* Mean 0 and E y_i y_j = delta_ij/n; a fourth moment. */
static void uniform_points_have_the_moments_of_the_sphere(void **state)
{
    (void)state;
    for (int n = 2; n <= 8; n += 3) {
        assert_ok(gndp_sphere_uniform(n, N, (gndp_sphere_key){.seed = 10}, y));
        check_unit(n);
        for (int a = 0; a < n; a++) {
            double mean = 0.0, fourth = 0.0;
            for (int i = 0; i < N; i++) {
                mean += y[i * n + a] / N;
                fourth += pow(y[i * n + a], 4.0) / N;
            }
            assert_near(mean, 0.0, ERRORS / sqrt(n * (double)N));
            assert_near(fourth, 3.0 / (n * (n + 2.0)), ERRORS * sqrt(105.0 / (n * (n + 2.0) * (n + 4.0) * (n + 6.0)) / N));
            for (int b = 0; b <= a; b++) {
                double product = 0.0;
                for (int i = 0; i < N; i++) {
                    product += y[i * n + a] * y[i * n + b] / N;
                }
                assert_near(product, a == b ? 1.0 / n : 0.0, ERRORS * sqrt(3.0 / (n * (n + 2.0)) / N));
            }
        }
        start(n, 0.0); /* tangents: at right angles, with |P xi|² ~ chi² of n - 1 */
        assert_ok(gndp_sphere_tangent_normal(n, N, begin, (gndp_sphere_key){.seed = 11}, y));
        double square = 0.0;
        for (int i = 0; i < N; i++) {
            assert_near(dot(n, y + i * n, begin + i * n), 0.0, 3e-15);
            square += dot(n, y + i * n, y + i * n) / N;
        }
        assert_near(square, n - 1.0, ERRORS * sqrt(2.0 * (n - 1.0) / N));
    }
}

typedef gndp_status (*draw_fn)(int n, int64_t count, const double *tau, const double *begin, gndp_sphere_key key, double *out);

/* Any split into calls and any number of threads gives the same bits; another member, step, stream or seed others; out may be y0; tau 0 is y0. */
static void draws_depend_on_key_and_number_alone(void **state)
{
    (void)state;
    enum { M = 3000 };
    const draw_fn fn[] = {gndp_sphere_heat_draw, gndp_sphere_wright_fisher_draw};
    static double whole[M * 4], parts[M * 4];
    const int threads = gndp_threads_get();
    for (int n = 2; n <= 4; n++) {
        for (int f = 0; f < 2; f++) {
            start(n, 0.0);
            for (int i = 0; i < M; i++) {
                tau[i] = pow(10.0, -8.0 + 9.0 * (i % 100) / 100.0);
            }
            tau[17] = 0.0;
            gndp_sphere_key key = {.seed = 12, .step = 3, .member = 4, .stream = 5, .first = 6};
            assert_ok(gndp_threads_set(1));
            assert_ok(fn[f](n, M, tau, begin, key, whole));
            assert_memory_equal(whole + 17 * n, begin + 17 * n, (size_t)n * sizeof(double));
            assert_ok(gndp_threads_set(3));
            memcpy(parts, begin, (size_t)(M * n) * sizeof *parts);
            assert_ok(fn[f](n, M, tau, parts, key, parts));
            assert_memory_equal(whole, parts, (size_t)(M * n) * sizeof *parts);
            for (int64_t at = 0, size = 1; at < M; at += size, size = 3 * size + 1) {
                gndp_sphere_key from = key;
                from.first += at;
                assert_ok(fn[f](n, size < M - at ? size : M - at, tau + at, begin + at * n, from, parts + at * n));
            }
            assert_memory_equal(whole, parts, (size_t)(M * n) * sizeof *parts);
            for (int what = 0; what < 4; what++) {
                gndp_sphere_key other = key;
                other.seed += what == 0, other.step += what == 1, other.member += what == 2, other.stream += what == 3;
                assert_ok(fn[f](n, M, tau, begin, other, parts));
                for (int i = 0; i < M; i++) {
                    assert_true((memcmp(whole + i * n, parts + i * n, (size_t)n * sizeof *parts) == 0) == (i == 17));
                }
            }
        }
    }
    assert_ok(gndp_threads_set(threads));
}

static void draws_take_any_time_and_refuse_what_is_none(void **state)
{
    (void)state;
    const double extreme[] = {1e-300, 1e-30, 1e-12, 1e4, 1e100, 1.7e308};
    for (int n = 2; n <= GNDP_SPHERE_MAX; n++) {
        for (int k = 0; k < 6; k++) {
            double from[GNDP_SPHERE_MAX], to[GNDP_SPHERE_MAX];
            assert_ok(gndp_sphere_uniform(n, 1, (gndp_sphere_key){.seed = 13}, from));
            assert_ok(gndp_sphere_heat_draw(n, 1, extreme + k, from, (gndp_sphere_key){.seed = 14}, to));
            assert_near(dot(n, to, to), 1.0, 1e-15);
            assert_ok(gndp_sphere_wright_fisher_draw(n, 1, extreme + k, from, (gndp_sphere_key){.seed = 14}, to));
            assert_near(dot(n, to, to), 1.0, 1e-15);
        }
    }
    double t = -1.0, p[3] = {0.0, 0.0, 1.0};
    const gndp_sphere_key key = {.seed = 1}, far = {.first = INT64_C(1) << 33};
    assert_fails(gndp_sphere_heat_draw(3, 1, &t, p, key, p), GNDP_ERR_RANGE, "tau = -1");
    t = NAN;
    assert_fails(gndp_sphere_wright_fisher_draw(3, 1, &t, p, key, p), GNDP_ERR_RANGE, "finite");
    assert_fails(gndp_sphere_walk_draw(3, 1, 5, &t, p, key, p), GNDP_ERR_RANGE, "finite");
    t = 1.0;
    assert_fails(gndp_sphere_walk_draw(3, 1, 0, &t, p, key, p), GNDP_ERR_RANGE, "0 steps");
    assert_fails(gndp_sphere_heat_draw(17, 1, &t, p, key, p), GNDP_ERR_RANGE, "R^17");
    assert_fails(gndp_sphere_uniform(1, 1, key, p), GNDP_ERR_RANGE, "R^1");
    assert_fails(gndp_sphere_heat_draw(3, 1, &t, p, far, p), GNDP_ERR_RANGE, "random numbers");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(heat_draws_have_the_moments_of_the_kernel),
    cmocka_unit_test(heat_draws_have_the_distribution_of_the_angle),
    cmocka_unit_test(heat_draws_go_in_all_directions),
    cmocka_unit_test(wright_fisher_draws_have_the_moments_of_the_kernel),
    cmocka_unit_test(heat_draws_have_the_mean_cosine_on_every_sphere),
    cmocka_unit_test(walk_draws_have_the_moments_of_their_steps),
    cmocka_unit_test(uniform_points_have_the_moments_of_the_sphere),
    cmocka_unit_test(draws_depend_on_key_and_number_alone),
    cmocka_unit_test(draws_take_any_time_and_refuse_what_is_none),
};
GNDP_TEST_MAIN(tests)
