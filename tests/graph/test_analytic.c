// SPDX-License-Identifier: Apache-2.0
// The analytic-at-zero functions of manifolds against integral representations, closed forms and
// their derivative rules.
#include "support/test_main.h"

#include "graph/ops/analytic.inl"

#include <math.h>
#include <stdlib.h>

#if defined(__clang__) /* it counts double to long double, which every reference here does, among  \
                          the slips of this warning */
#pragma clang diagnostic ignored "-Wdouble-promotion"
#endif

enum { NODES = 900, ORDERS = 13 };

/* Tanh-sinh nodes t on (-1, 1) and weights: for smooth integrands they reach the accuracy of long
 * double. `rest` is 1 - |t|. */
typedef struct rule {
    long double t[NODES], weight[NODES], rest[NODES];
    int n;
} rule;

static void make_rule(rule *q)
{
    const long double step = 1.0L / 96, half_pi = 1.57079632679489661923132L;
    q->n = 0;
    for (int k = -420; k <= 420; k++) {
        const long double s = half_pi * sinhl(k * step), e = coshl(s);
        const long double w = step * half_pi * coshl(k * step) / (e * e);
        if (w < 1e-30L)
            continue;
        q->t[q->n] = tanhl(s);
        q->rest[q->n] = expl(-fabsl(s)) / e; /* 1 - tanh|s|, without cancellation */
        q->weight[q->n++] = w;
    }
}

static long double power(long double x, int n)
{
    long double y = 1;
    for (int k = 0; k < n; k++)
        y *= x;
    return y;
}

/* Poisson's integral (DLMF 10.54.1): Lambda_n(x) = 1/(2^(n+1) n!) int_-1^1 cos(t sqrt x) (1 -
 * t^2)^n dt. */
static long double sphj_integral(const rule *q, int n, long double x)
{
    long double sum = 0, factor = 0.5L;
    const long double z = sqrtl(fabsl(x));
    for (int k = 1; k <= n; k++)
        factor /= 2 * k;
    for (int i = 0; i < q->n; i++) {
        const long double oscillation = x >= 0 ? cosl(z * q->t[i]) : coshl(z * q->t[i]);
        sum += q->weight[i] * oscillation * power(q->rest[i] * (2 - q->rest[i]), n);
    }
    return factor * sum;
}

/* Euler's integral (DLMF 15.6.1) with t = 1 - s^2: Theta_n(c) = (-1/2)^n n! int_0^1 (1-s^2)^n / (1
   - u (1-s^2))^(n+1) ds, u = (1-c)/2. All of one sign. */
static long double angle_integral(const rule *q, int n, long double c)
{
    long double sum = 0, factor = 0.5L; /* half the integral over (-1, 1) */
    const long double u = (1 - c) / 2;
    for (int k = 1; k <= n; k++)
        factor *= -k / 2.0L;
    for (int i = 0; i < q->n; i++) {
        const long double v = q->rest[i] * (2 - q->rest[i]);
        sum += q->weight[i] * power(v, n) / power(1 - u * v, n + 1);
    }
    return factor * sum;
}

static double order_of(double (*f)(double, const double *), double x, int n)
{
    const double p[1] = {n};
    return f(x, p);
}

/* The integral cancels for large x, so it is trusted to 1e-17 of the integral of |integrand|,
 * 1/(2n+1)!!. */
static void sphj_matches_poissons_integral(void **state)
{
    static rule q;
    double worst = 0;
    (void)state;
    make_rule(&q);
    for (int n = 0; n < ORDERS; n++) {
        long double at_zero = 1;
        for (int k = 1; k <= n; k++)
            at_zero /= 2 * k + 1;
        for (int i = -260; i <= 260; i++) {
            const double x =
                i == 0 ? 0
                       : copysign(exp2(abs(i) / 12.0 - 12), i); /* 2^-12 .. 2^9.7, where z = 29 */
            const long double want = sphj_integral(&q, n, x);
            const double y = order_of(gndp_sphj_at, x, n);
            const double envelope = x > 0 ? pow(x, -(n + 1) / 2.0) : 0;
            const double size = fmax((double)fabsl(want), fmin(envelope, (double)at_zero));
            const double error = (double)fabsl(y - want), trusted = (double)(2e-17L * at_zero);
            worst = fmax(worst, (error - trusted) / size);
            if (error > 1e-12 * size + trusted)
                fail_msg("n = %d, x = %g: %.17g, integral %.17Lg", n, x, y, want);
        }
        assert_true(order_of(gndp_sphj_at, HUGE_VAL, n) == 0);
        assert_true(order_of(gndp_sphj_at, -HUGE_VAL, n) == HUGE_VAL);
    }
    print_message("sphj: largest error %.1e of max(value, envelope)\n", worst);
}

/* Past the reach of the integral: closed forms of order 0 and 1, and the recurrence for z up to
 * 1000. */
static void sphj_has_its_closed_forms_far_out(void **state)
{
    (void)state;
    for (double z = 20; z < 1e6; z *= 1.07) {
        const double x = z * z;
        const long double w = sqrtl(x), s = sinl(w) / w, c1 = (sinl(w) / w - cosl(w)) / x;
        const long double slack =
            2e-15L + 1e-19L * w; /* the root in long double is not exact either */
        assert_true(fabsl(order_of(gndp_sphj_at, x, 0) - s) <= slack / w);
        assert_true(fabsl(order_of(gndp_sphj_at, x, 1) - c1) <= slack / x);
        assert_true(fabsl(gndp_cos_sqrt_at(x) - cosl(w)) <= slack);
        if (z < 700) {
            const long double h = sinhl(w) / w, h1 = (coshl(w) - h) / x;
            assert_true(fabsl(order_of(gndp_sphj_at, -x, 0) / h - 1) <= 1e-13L);
            assert_true(fabsl(order_of(gndp_sphj_at, -x, 1) / h1 - 1) <= 1e-13L);
        }
        for (int n = 1; n < ORDERS - 1; n++) {
            const double a = order_of(gndp_sphj_at, x, n - 1), b = order_of(gndp_sphj_at, x, n),
                         d = order_of(gndp_sphj_at, x, n + 1);
            assert_true(fabs(x * d - (2 * n + 1) * b + a) <= 1e-12 * pow(z, -n));
        }
    }
    /* e^z / (2 z^(n+1)) at z = 715 is finite where cosh z is not */
    const double high = order_of(gndp_sphj_at, -715.0 * 715.0, 12);
    assert_true(isfinite(high) &&
                fabs(log(high) - (715 - 13 * log(715) - log(2) - 78.0 / 715)) < 1e-3);
}

/* Lambda_n' = -Lambda_{n+1} / 2 by central differences of step h: truncation h^2/24 |Lambda_{n+3}|
 * and rounding 1e-15/h. */
static void sphj_derivative_lowers_to_the_next_order(void **state)
{
    const double h = 1e-3;
    (void)state;
    for (int n = 0; n + 1 < ORDERS; n++)
        for (double x = -30; x < 200; x += 0.37) {
            const double slope =
                (order_of(gndp_sphj_at, x + h, n) - order_of(gndp_sphj_at, x - h, n)) / (2 * h);
            const double want = -order_of(gndp_sphj_at, x, n + 1) / 2;
            const double size = fabs(order_of(gndp_sphj_at, fmin(x, 0), n));
            assert_true(fabs(slope - want) <= (1e-7 + 1e-11) * size);
        }
}

static void angle_matches_eulers_integral(void **state)
{
    static rule q;
    double worst = 0;
    (void)state;
    make_rule(&q);
    for (int n = 0; n < ORDERS; n++)
        for (int i = 0; i <= 400; i++) { /* -0.95 .. 1.001, close to 1 and on both sides of 0 too */
            const double c = i == 400      ? 1.001
                             : i >= 380    ? 1 - exp2(-2.5 * (i - 380))
                             : i % 50 == 0 ? i * 1e-4 - 1e-2
                                           : -0.95 + i * 0.00513;
            const long double want = angle_integral(&q, n, c);
            const double error = (double)fabsl(order_of(gndp_angle_at, c, n) / want - 1);
            worst = fmax(worst, error);
            if (error > 1e-13)
                fail_msg("n = %d, c = %.17g: %.17g, integral %.17Lg", n, c,
                         order_of(gndp_angle_at, c, n), want);
        }
    print_message("angle: largest relative error %.1e\n", worst);
}

static void angle_has_its_closed_form_and_edges(void **state)
{
    (void)state;
    for (double theta = 0.05; theta < 3.1; theta += 0.01) {
        const double c = cos(theta);
        const long double t = acosl(c);
        assert_true(fabsl(order_of(gndp_angle_at, c, 0) / (t / sinl(t)) - 1) <= 1e-14L);
        assert_true(fabsl(gndp_arccos_sq_at(c) / (t * t) - 1) <= 1e-14L);
    }
    assert_true(order_of(gndp_angle_at, 1, 0) == 1);
    assert_true(fabs(order_of(gndp_angle_at, 1, 1) + 1.0 / 3) < 1e-16);
    assert_true(fabs(order_of(gndp_angle_at, 1, 2) - 4.0 / 15) < 1e-16);
    assert_true(order_of(gndp_angle_at, -1, 0) == HUGE_VAL &&
                order_of(gndp_angle_at, -1, 1) == -HUGE_VAL);
    assert_true(isnan(order_of(gndp_angle_at, -1.0000001, 0)) &&
                isnan(order_of(gndp_angle_at, 2.5, 0)));
    for (int n = 0; n < ORDERS;
         n++) { /* at -1: pi 2^(-1/2) (-1)^n (1/2)_n (1+c)^(-n-1/2) (1 + O(sqrt(1+c))) */
        const double d = 0x1p-40;
        double lead = 3.14159265358979324 / sqrt(2 * d);
        for (int k = 0; k < n; k++)
            lead *= -(k + 0.5) / d;
        assert_true(fabs(order_of(gndp_angle_at, -1 + d, n) / lead - 1) < 2 * sqrt(d));
    }
    for (double d = 1e-15; d < 1e-2;
         d *= 3) { /* on both sides of 1: theta^2 = 2 d + d^2/3 + 4 d^3/45 + .., d = 1 - c */
        const double c = 1 - d, e = 1 - c, b = 1 + d, f = 1 - b;
        assert_true(
            fabs(gndp_arccos_sq_at(c) / (2 * e * (1 + e / 6 + 2 * e * e / 45 + e * e * e / 70)) -
                 1) < 0.01 * d * d * d * d + 1e-15);
        assert_true(
            fabs(gndp_arccos_sq_at(b) / (2 * f * (1 + f / 6 + 2 * f * f / 45 + f * f * f / 70)) -
                 1) < 0.01 * d * d * d * d + 1e-15);
    }
    assert_true(gndp_arccos_sq_at(1) == 0);
}

/* d(theta^2)/dc = -2 Theta_0, Theta_n' = Theta_{n+1}, by central differences with their truncation
 * bounded by Theta_{n+3}. */
static void angle_derivatives_follow_one_another(void **state)
{
    (void)state;
    for (double c = -0.9; c < 1.0005; c += 0.0317) {
        const double h = 1e-5;
        const double slope = (gndp_arccos_sq_at(c + h) - gndp_arccos_sq_at(c - h)) / (2 * h);
        assert_true(fabs(slope + 2 * order_of(gndp_angle_at, c, 0)) <
                    1e-9 + h * h * fabs(order_of(gndp_angle_at, c, 2)));
        for (int n = 0; n + 3 < ORDERS; n++) {
            const double s =
                (order_of(gndp_angle_at, c + h, n) - order_of(gndp_angle_at, c - h, n)) / (2 * h);
            const double rounding = 2e-13 * fabs(order_of(gndp_angle_at, c, n)) / h;
            assert_true(fabs(s - order_of(gndp_angle_at, c, n + 1)) <
                        rounding + h * h * fabs(order_of(gndp_angle_at, c, n + 3)));
        }
    }
}

static void cos_sqrt_is_analytic_at_zero(void **state)
{
    (void)state;
    for (double x = -40; x < 40; x += 0.173) {
        const long double want = x >= 0 ? cosl(sqrtl(x)) : coshl(sqrtl(-x));
        assert_true(fabsl(gndp_cos_sqrt_at(x) - want) <= 1e-15L * fmaxl(1, fabsl(want)));
    }
    assert_true(gndp_cos_sqrt_at(0) == 1);
    assert_true(isnan(gndp_cos_sqrt_at((double)NAN)));
    for (double x = -1; x < 1; x += 0.01) { /* derivative -Lambda_0 / 2 */
        const double h = 1e-4,
                     slope = (gndp_cos_sqrt_at(x + h) - gndp_cos_sqrt_at(x - h)) / (2 * h);
        assert_true(fabs(slope + order_of(gndp_sphj_at, x, 0) / 2) < 1e-10);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sphj_matches_poissons_integral),
    cmocka_unit_test(sphj_has_its_closed_forms_far_out),
    cmocka_unit_test(sphj_derivative_lowers_to_the_next_order),
    cmocka_unit_test(angle_matches_eulers_integral),
    cmocka_unit_test(angle_has_its_closed_form_and_edges),
    cmocka_unit_test(angle_derivatives_follow_one_another),
    cmocka_unit_test(cos_sqrt_is_analytic_at_zero),
};

GNDP_TEST_MAIN(tests)
