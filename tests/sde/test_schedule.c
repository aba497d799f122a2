// SPDX-License-Identifier: Apache-2.0
// Schedules: rate and integral, inverse, small times, the laws that follow, times for training.
#include "sde/sde_case.h"

static gndp_schedule schedule_of(int kind)
{
    gndp_schedule s = gndp_schedule_default();
    s.kind = (gndp_schedule_kind)kind;
    s.t0 = 5e-4;
    s.beta0 = kind == GNDP_SCHEDULE_CONSTANT ? 7.0 : 0.1;
    s.beta1 = kind == GNDP_SCHEDULE_CONSTANT ? 7.0 : 12.0;
    return s;
}

enum { KINDS = GNDP_SCHEDULE_EXPONENTIAL + 1 };

static void schedule_rate_is_the_slope_of_the_integral(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const gndp_schedule s = schedule_of(kind);
        assert_near(gndp_schedule_integral(&s, s.t0), 0.0, 0.0);
        for (int i = 0; i < 40; i++) {
            /* the discrete integral has kinks at multiples of 1/T: these points are off them */
            const double u = (i * 12 + 5.5) / 500.0, h = 1e-5, t = s.t0 + u * (s.t1 - s.t0);
            const double slope =
                (gndp_schedule_integral(&s, t + h) - gndp_schedule_integral(&s, t - h)) / (2 * h);
            /* h^2 B'''/6; B''' of the cosine is at most 2.7e3 at u = .97; rounding 1e-16 B/h */
            assert_near(slope / gndp_schedule_beta(&s, t), 1.0, 2e-7);
        }
    }
}

static void schedule_closed_forms_hold(void **state)
{
    (void)state;
    gndp_schedule s = schedule_of(GNDP_SCHEDULE_LINEAR);
    const double span = s.t1 - s.t0;
    assert_near(gndp_schedule_integral(&s, s.t1), span * 6.05, 1e-14);
    s = schedule_of(GNDP_SCHEDULE_QUADRATIC);
    assert_near(gndp_schedule_integral(&s, s.t1), span * (0.1 + 11.9 / 3.0), 1e-14);
    s = schedule_of(GNDP_SCHEDULE_COSINE);
    assert_near(exp(-gndp_schedule_integral(&s, s.t1)), 1e-5, 1e-15);
    /* half way in angle */
    const double start = 0.008 / 1.008 * acos(-1.0) / 2.0, end = acos(sqrt(1e-5) * cos(start)),
                 middle = 0.5 * (start + end);
    assert_near(exp(-0.5 * gndp_schedule_integral(&s, 0.5 * (s.t0 + s.t1))),
                cos(middle) / cos(start), 1e-14);
    s = schedule_of(GNDP_SCHEDULE_DISCRETE); /* products of 1 - beta_k, ends of the affine map */
    const double first = exp(-gndp_schedule_integral(&s, s.t0 + span / 500.0)),
                 last = exp(-gndp_schedule_integral(&s, s.t1) +
                            gndp_schedule_integral(&s, s.t0 + span * 499.0 / 500.0));
    assert_near(first, 1.0 - 3e-4, 1e-13);
    assert_near(last, 0.5, 1e-13);
    s = schedule_of(GNDP_SCHEDULE_EXPONENTIAL); /* half way the rate is the geometric mean, and B(t1) = T (beta1 - beta0)/ln(beta1/beta0) */
    assert_near(gndp_schedule_beta(&s, 0.5 * (s.t0 + s.t1)), sqrt(1.2), 1e-14);
    assert_near(gndp_schedule_integral(&s, s.t1), span * 11.9 / log(120.0), 1e-14);
}

/* Rates that are equal, or differ by rounding, give the constant schedule; falling ones are allowed. */
static void schedule_exponential_is_constant_when_rates_are_equal(void **state)
{
    (void)state;
    const double ratio[3] = {1.0, 1.0 + 1e-15, 1.0 - 1e-12};
    for (int i = 0; i < 3; i++) {
        gndp_schedule s = schedule_of(GNDP_SCHEDULE_EXPONENTIAL);
        s.beta0 = 7.0, s.beta1 = 7.0 * ratio[i];
        for (double u = 1e-9; u <= 1.0; u *= 10.0) {
            const double t = s.t0 + u * (s.t1 - s.t0), b = gndp_schedule_integral(&s, t);
            assert_near(b, 7.0 * (t - s.t0), 7e-12 * u + 1e-15);
            assert_near(gndp_schedule_time(&s, b), t, 1e-15);
        }
    }
    gndp_schedule s = schedule_of(GNDP_SCHEDULE_EXPONENTIAL);
    s.beta0 = 12.0, s.beta1 = 0.1;
    assert_ok(gndp_schedule_check(&s));
    assert_near(gndp_schedule_integral(&s, s.t1), (s.t1 - s.t0) * 11.9 / log(120.0), 1e-14);
}

static void schedule_inverse_undoes_the_integral(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        for (int zero = 0; zero < 2; zero++) { /* a rate that starts at 0 has an infinite inverse
                                                  slope there */
            gndp_schedule s = schedule_of(kind);
            if (zero && kind != GNDP_SCHEDULE_CONSTANT && kind != GNDP_SCHEDULE_EXPONENTIAL) {
                s.beta0 = 0.0;
            }
            const double all = gndp_schedule_integral(&s, s.t1);
            assert_near(gndp_schedule_time(&s, 0.0), s.t0, 0.0);
            assert_near(gndp_schedule_time(&s, all), s.t1, 1e-14);
            for (double b = 1e-12; b < all; b *= 1.7) {
                const double t = gndp_schedule_time(&s, b);
                /* t0 + u rounds u at 1e-16 |t0|, which is 1e-16 t0 beta of b */
                assert_near(gndp_schedule_integral(&s, t), b,
                            4e-15 * b + 1e-16 * gndp_schedule_beta(&s, t));
            }
        }
    }
}

static void schedule_variance_is_exact_when_little_noise_has_come(void **state)
{
    (void)state;
    const gndp_schedule s = {.kind = GNDP_SCHEDULE_CONSTANT, .t1 = 1.0, .beta0 = 1.0, .beta1 = 1.0};
    const double t = 1e-12;
    const gndp_linear_law at = gndp_schedule_marginal(&s, t);
    assert_near(at.variance / 1e-12, 1.0 - 0.5e-12, 1e-15);
    assert_near(at.a, 1.0 - 0.5e-12, 1e-16);
    assert_near(gndp_schedule_transition(&s, 0.0, t).variance / 1e-12, 1.0 - 0.5e-12, 1e-15);
    assert_near(gndp_schedule_bridge(&s, 0.5e-12, t).variance / 0.25e-12, 1.0, 1e-11);
}

/* Transitions compose to the marginal; marginal at s and transition to t give the marginal at t;
 * the bridge is what Bayes' rule makes of the two. */
static void schedule_laws_fit_together(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const gndp_schedule sch = schedule_of(kind);
        const double time[4] = {0.01, 0.2, 0.55, 0.97};
        for (int i = 0; i < 4; i++) {
            for (int j = i + 1; j < 4; j++) {
                const double s = time[i], t = time[j];
                const gndp_linear_law ms = gndp_schedule_marginal(&sch, s),
                                      mt = gndp_schedule_marginal(&sch, t),
                                      tr = gndp_schedule_transition(&sch, s, t),
                                      br = gndp_schedule_bridge(&sch, s, t);
                assert_near(tr.b * ms.a, mt.a, 1e-15);
                assert_near(tr.b * tr.b * ms.variance + tr.variance, mt.variance, 1e-15);
                /* E y_s = a y_0 + b E y_t, Cov(y_s, y_t) = b Var y_t, Var y_s = b^2 Var y_t + var
                 */
                assert_near(br.a + br.b * mt.a, ms.a, 1e-14);
                assert_near(br.b * mt.variance, tr.b * ms.variance, 1e-15);
                assert_near(br.b * br.b * mt.variance + br.variance, ms.variance, 1e-14);
            }
        }
        const gndp_linear_law end = gndp_schedule_bridge(&sch, sch.t0, 0.5);
        assert_near(end.a, 1.0, 1e-15);
        assert_near(end.b, 0.0, 0.0);
        assert_near(end.variance, 0.0, 0.0);
    }
}

static void schedule_draw_fills_every_stratum_once(void **state)
{
    (void)state;
    enum { N = 256 };
    double t[N], r[N], v[N], again[N];
    bool in_order = true;
    for (int kind = 0; kind < KINDS; kind++) {
        const gndp_schedule s = schedule_of(kind);
        int hit[N] = {0};
        gndp_schedule_draw(&s, GNDP_TIMES_UNIFORM, 7, 3, N, t, r, v);
        for (int i = 0; i < N; i++) {
            const int stratum = (int)((t[i] - s.t0) / (s.t1 - s.t0) * N);
            assert_true(stratum >= 0 && stratum < N);
            hit[stratum]++;
            in_order = in_order && stratum == i;
            const gndp_linear_law at = gndp_schedule_marginal(&s, t[i]);
            assert_near(r[i], at.a, 1e-15);
            assert_near(v[i], at.variance, 1e-15);
        }
        for (int i = 0; i < N; i++) {
            assert_int_equal(hit[i], 1);
        }
        /* the places in the strata are uniforms of their own: mean 1/2 and variance 1/12, within
         * five standard errors, sqrt(1/12/N) and sqrt(1/180/N) */
        double mean = 0.0, square = 0.0;
        for (int i = 0; i < N; i++) {
            const double at = (t[i] - s.t0) / (s.t1 - s.t0) * N;
            mean += (at - floor(at)) / N;
            square += (at - floor(at) - 0.5) * (at - floor(at) - 0.5) / N;
        }
        assert_near(mean, 0.5, 5.0 * sqrt(1.0 / 12.0 / N));
        assert_near(square, 1.0 / 12.0, 5.0 * sqrt(1.0 / 180.0 / N));
        gndp_schedule_draw(&s, GNDP_TIMES_UNIFORM, 7, 3, N, again, r, v);
        assert_memory_equal(t, again, sizeof t);
        gndp_schedule_draw(&s, GNDP_TIMES_UNIFORM, 7, 4, N, again, r, v);
        assert_memory_not_equal(t, again, sizeof t);
    }
    assert_false(in_order); /* strata are paired at random */
}

/* Integral of beta/max(v, clip) over time, which is that of 1/max(1 - exp(-B), clip) over B: Simpson's rule on pieces that halve towards 0. */
static double mass(double end)
{
    enum { STEPS = 64, PIECES = 60 };
    double sum = 0.0, high = end;
    for (int piece = 0; piece < PIECES; piece++, high *= 0.5) {
        const double low = piece < PIECES - 1 ? 0.5 * high : 0.0, h = (high - low) / STEPS;
        for (int i = 0; i <= STEPS; i++) {
            const double weight = i == 0 || i == STEPS ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
            sum += weight * h / 3.0 / fmax(-expm1(-(low + h * i)), GNDP_TIMES_CLIP);
        }
    }
    return sum;
}

/* Every stratum of the density's integral has one draw; 1e-3 of one is what the edge of the clip costs the quadrature. */
static void schedule_draws_times_of_the_likelihood(void **state)
{
    (void)state;
    enum { N = 64 };
    double t[N], r[N], v[N];
    for (int kind = 0; kind < KINDS; kind++) {
        const gndp_schedule s = schedule_of(kind);
        const double all = mass(gndp_schedule_integral(&s, s.t1));
        int hit[N] = {0};
        gndp_schedule_draw(&s, GNDP_TIMES_LIKELIHOOD, 7, 3, N, t, r, v);
        for (int i = 0; i < N; i++) {
            const double at = N * mass(gndp_schedule_integral(&s, t[i])) / all;
            assert_near(v[i], gndp_schedule_marginal(&s, t[i]).variance, 1e-12);
            if (fabs(at - round(at)) > 1e-3) {
                assert_true(at > 0.0 && at < N);
                hit[(int)at]++;
            }
        }
        for (int i = 0; i < N; i++) {
            assert_true(hit[i] <= 1);
        }
    }
}

static void schedule_refuses_what_is_no_schedule(void **state)
{
    (void)state;
    gndp_schedule s = gndp_schedule_default();
    gndp_schedule_kind kind;
    assert_ok(gndp_schedule_check(&s));
    s.t1 = s.t0;
    assert_fails(gndp_schedule_check(&s), GNDP_ERR_RANGE, "t0 < t1");
    s = gndp_schedule_default(), s.beta0 = -1.0;
    assert_fails(gndp_schedule_check(&s), GNDP_ERR_RANGE, "-1");
    s = gndp_schedule_default(), s.kind = GNDP_SCHEDULE_CONSTANT;
    assert_fails(gndp_schedule_check(&s), GNDP_ERR_RANGE, "one rate");
    s = schedule_of(GNDP_SCHEDULE_COSINE), s.shift = 2.0;
    assert_fails(gndp_schedule_check(&s), GNDP_ERR_RANGE, "shift");
    s = schedule_of(GNDP_SCHEDULE_DISCRETE), s.steps = 1;
    assert_fails(gndp_schedule_check(&s), GNDP_ERR_RANGE, "1 steps");
    s = schedule_of(GNDP_SCHEDULE_EXPONENTIAL), s.beta0 = 0.0;
    assert_fails(gndp_schedule_check(&s), GNDP_ERR_RANGE, "above 0");
    s = schedule_of(GNDP_SCHEDULE_EXPONENTIAL), s.beta1 = 0.0;
    assert_fails(gndp_schedule_check(&s), GNDP_ERR_RANGE, "above 0");
    assert_ok(gndp_schedule_find("exponential", &kind));
    assert_int_equal(kind, GNDP_SCHEDULE_EXPONENTIAL);
    assert_ok(gndp_schedule_find("cosine", &kind));
    assert_int_equal(kind, GNDP_SCHEDULE_COSINE);
    assert_string_equal(gndp_schedule_name(kind), "cosine");
    assert_fails(gndp_schedule_find("cosin", &kind), GNDP_ERR_NOT_FOUND, "quadratic");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(schedule_rate_is_the_slope_of_the_integral),
    cmocka_unit_test(schedule_closed_forms_hold),
    cmocka_unit_test(schedule_exponential_is_constant_when_rates_are_equal),
    cmocka_unit_test(schedule_inverse_undoes_the_integral),
    cmocka_unit_test(schedule_variance_is_exact_when_little_noise_has_come),
    cmocka_unit_test(schedule_laws_fit_together),
    cmocka_unit_test(schedule_draw_fills_every_stratum_once),
    cmocka_unit_test(schedule_draws_times_of_the_likelihood),
    cmocka_unit_test(schedule_refuses_what_is_no_schedule),
};
GNDP_TEST_MAIN(tests)
