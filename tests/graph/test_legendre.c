// SPDX-License-Identifier: Apache-2.0
// Legendre series: values at the ends, orthogonality, recurrences of derivatives, accuracy to
// degree 1000, the adjoint.
#include "graph/family.h"

/* d^m P_l / dx^m at 1: (l + m)! / (2^m m! (l - m)!). */
static double value_at_one(int l, int m)
{
    double v = 1.0;
    for (int k = 0; k < m; k++) {
        v *= (double)(l + m - 2 * k) * (double)(l + m - 2 * k - 1) / (2.0 * (k + 1));
    }
    return m > l ? 0.0 : v;
}

static gndp_node unit_series(setup *s, int l, gndp_node x, int order)
{
    double coef[64] = {0.0};
    coef[l] = 1.0;
    return gndp_legendre(s->g, gndp_constant(s->g, gndp_type_1d(GNDP_F64, l + 1), coef), x, order);
}

static void legendre_ends_have_closed_forms(void **state)
{
    (void)state;
    const double ends[2] = {1.0, -1.0};
    for (int m = 0; m <= 8; m++) {
        setup s = begin();
        const gndp_node x = feed(&s, "x", gndp_type_1d(GNDP_F64, 2), ends);
        gndp_node out[MAX_RESULTS];
        for (int l = 0; l < MAX_RESULTS; l++) {
            out[l] = unit_series(&s, l, x, m);
        }
        for (int w = 0; w < WAYS; w++) {
            run(&s, ways[w], out, MAX_RESULTS);
            for (int l = 0; l < MAX_RESULTS; l++) {
                const double want = value_at_one(l, m);
                assert_near(entry(s.result[l], 0), want, 1e-14 * want);
                assert_near(entry(s.result[l], 1), (l - m) % 2 == 0 ? want : -want, 1e-14 * want);
            }
        }
        end(&s);
    }
}

/* (2l + 1) P_l = P'_(l+1) - P'_(l-1) and (1 - x^2) P_l'' - 2 x P_l' + l (l + 1) P_l = 0, relative
 * to the largest terms. */
static void legendre_derivatives_satisfy_their_equations(void **state)
{
    (void)state;
    setup s = begin();
    double points[41];
    for (int i = 0; i < 41; i++) {
        points[i] = -1.0 + i / 20.0;
    }
    const gndp_node x = feed(&s, "x", gndp_type_1d(GNDP_F64, 41), points);
    const int degrees[3] = {1, 8, 41};
    for (int k = 0; k < 3; k++) {
        const int l = degrees[k];
        const gndp_node out[5] = {unit_series(&s, l, x, 0), unit_series(&s, l, x, 1),
                                  unit_series(&s, l, x, 2), unit_series(&s, l + 1, x, 1),
                                  unit_series(&s, l - 1, x, 1)};
        for (int w = 0; w < WAYS; w++) {
            run(&s, ways[w], out, 5);
            for (int i = 0; i < 41; i++) {
                const double p = entry(s.result[0], i), d1 = entry(s.result[1], i),
                             d2 = entry(s.result[2], i), c = points[i];
                assert_near((2 * l + 1) * p, entry(s.result[3], i) - entry(s.result[4], i),
                            1e-14 * value_at_one(l + 1, 1));
                assert_near((1.0 - c * c) * d2 - 2.0 * c * d1 + l * (l + 1.0) * p, 0.0,
                            2e-14 * value_at_one(l, 2) + 1e-14);
            }
        }
    }
    end(&s);
}

/* Nodes and weights of Gauss-Legendre quadrature of n points, by Newton steps. */
static void gauss(int n, double *x, double *weight)
{
    for (int i = 0; i < n; i++) {
        double z = cos(acos(-1.0) * (i + 0.75) / (n + 0.5)), slope = 1.0;
        for (int step = 0; step < 60; step++) {
            double p = 1.0, below = 0.0;
            for (int k = 1; k <= n; k++) {
                const double next = ((2.0 * k - 1.0) * z * p - (k - 1.0) * below) / k;
                below = p;
                p = next;
            }
            slope = n * (z * p - below) / (z * z - 1.0);
            z -= p / slope;
        }
        x[i] = z;
        weight[i] = 2.0 / ((1.0 - z * z) * slope * slope);
    }
}

/* Moments of w P_k over Gauss nodes are 2 / (2l + 1) at l = k and 0 elsewhere, for l + k < 2n. */
static void legendre_polynomials_are_orthogonal(void **state)
{
    (void)state;
    enum { N = 40, K = 23, L = 50 };
    setup s = begin();
    double node[N], weight[N], zero[L] = {0.0};
    gauss(N, node, weight);
    const gndp_node x = feed(&s, "x", gndp_type_1d(GNDP_F64, N), node),
                    w8 = feed(&s, "w", gndp_type_1d(GNDP_F64, N), weight);
    const gndp_node coef = feed(&s, "c", gndp_type_1d(GNDP_F64, L), zero);
    const gndp_node f = gndp_mul(s.g, w8, unit_series(&s, K, x, 0)),
                    y = gndp_legendre(s.g, coef, x, 0);
    gndp_node moments;
    gndp_vjp(s.g, &y, &f, 1, &coef, 1, &moments);
    s.n_feeds = 2; /* the moments do not read the coefficients */
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], &moments, 1);
        for (int l = 0; l < L; l++) {
            assert_near(entry(s.result[0], l), l == K ? 2.0 / (2.0 * K + 1.0) : 0.0, 1e-14);
        }
    }
    s.n_feeds = 3;
    end(&s);
}

/* sum r^l P_l(x) = (1 - 2 r x + r^2)^(-1/2); its derivative in x is r (..)^(-3/2), the second 3 r^2
 * (..)^(-5/2). */
static void legendre_sums_the_generating_function(void **state)
{
    (void)state;
    enum { L = 200 };
    setup s = begin();
    const double r = 0.7;
    double coef[L], points[65];
    for (int l = 0; l < L; l++) {
        coef[l] = pow(r, l);
    }
    for (int i = 0; i < 65; i++) {
        points[i] = -1.0 + i / 32.0;
    }
    const gndp_node c = feed(&s, "c", gndp_type_1d(GNDP_F64, L), coef),
                    x = feed(&s, "x", gndp_type_2d(GNDP_F64, 5, 13), points);
    const gndp_node out[3] = {gndp_legendre(s.g, c, x, 0), gndp_legendre(s.g, c, x, 1),
                              gndp_legendre(s.g, c, x, 2)};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 3);
        for (int i = 0; i < 65; i++) {
            const double u = 1.0 / sqrt(1.0 - 2.0 * r * points[i] + r * r);
            assert_near(entry(s.result[0], i), u, 1e-13 * 4.0);
            assert_near(entry(s.result[1], i), r * pow(u, 3.0), 1e-13 * 40.0);
            assert_near(entry(s.result[2], i), 3.0 * r * r * pow(u, 5.0), 1e-13 * 1000.0);
        }
    }
    end(&s);
}

/* In long double by the three-term recurrence of the Gegenbauer polynomials C_n^(m + 1/2), times
 * (2m - 1)!!. */
static long double series_in_long_double(int terms, const double *coef, double point, int m)
{
    const long double x = (long double)point;
    long double first = 1.0L, p = 1.0L, below = 0.0L, sum = 0.0L;
    for (int k = 1; k <= m; k++) {
        first *= (long double)(2 * k - 1);
    }
    for (int n = 0; n + m < terms; n++) {
        if (n > 0) {
            const long double next =
                ((long double)(2 * n + 2 * m - 1) * x * p - (long double)(n + 2 * m - 1) * below) /
                (long double)n;
            below = p;
            p = next;
        }
        sum += (long double)coef[n + m] * first * p;
    }
    return sum;
}

/* Error at most 1e-12 of sum_l |c_l| P_l^(m)(1), the largest the series can be, also next to the
 * ends. */
static void legendre_is_accurate_to_degree_one_thousand(void **state)
{
    (void)state;
    enum { L = 1001 };
    static double coef[L], points[100];
    const double near[5] = {0.0, 0x1p-53, 1e-12, 1e-7, 1e-3};
    for (int i = 0; i < 100; i++) {
        points[i] =
            i < 10 ? (i % 2 == 0 ? 1.0 - near[i / 2] : near[i / 2] - 1.0) : sin(12.9898 * i);
    }
    for (int m = 0; m <= 8; m += 4) {
        setup s = begin();
        double size = 0.0;
        for (int l = 0; l < L; l++) { /* every degree counts alike at 1 */
            coef[l] = l < m ? 0.0 : sin(78.233 * l) / value_at_one(l, m);
            size += fabs(coef[l]) * value_at_one(l, m);
        }
        const gndp_node c = feed(&s, "c", gndp_type_1d(GNDP_F64, L), coef),
                        x = feed(&s, "x", gndp_type_1d(GNDP_F64, 100), points);
        const gndp_node y = gndp_legendre(s.g, c, x, m);
        for (int w = 0; w < WAYS; w++) {
            run(&s, ways[w], &y, 1);
            for (int i = 0; i < 100; i++) {
                assert_near(entry(s.result[0], i),
                            (double)series_in_long_double(L, coef, points[i], m), 1e-12 * size);
            }
        }
        end(&s);
    }
}

/* <series(c), g> = <c, moments(g)>, over several blocks of points; any thread count gives the same
 * bits. */
static void legendre_moments_are_the_adjoint_with_bits_free_of_threads(void **state)
{
    (void)state;
    enum { L = 30, N = 5000 };
    setup s = begin();
    const gndp_node c = feed_normal(&s, "c", gndp_type_1d(GNDP_F64, L)),
                    g = feed_normal(&s, "g", gndp_type_1d(GNDP_F64, N));
    const gndp_node x = gndp_sin(s.g, feed_normal(&s, "x", gndp_type_1d(GNDP_F64, N)));
    for (int m = 0; m < 3; m++) {
        const gndp_node y = gndp_legendre(s.g, c, x, m);
        gndp_node moments;
        double first[L];
        gndp_vjp(s.g, &y, &g, 1, &c, 1, &moments);
        const gndp_node out[4] = {gndp_sum_all(s.g, gndp_mul(s.g, y, g)),
                                  gndp_sum_all(s.g, gndp_mul(s.g, c, moments)), moments,
                                  gndp_sum_all(s.g, gndp_abs(s.g, gndp_mul(s.g, y, g)))};
        for (int w = 0; w < WAYS; w++) {
            run(&s, ways[w], out, 4);
            assert_near(entry(s.result[0], 0), entry(s.result[1], 0),
                        1e-13 * entry(s.result[3], 0));
            if (w == 1) {
                memcpy(first, s.result[2].data, sizeof first);
            } else if (w == 2) {
                assert_memory_equal(first, s.result[2].data, sizeof first);
            }
        }
    }
    end(&s);
}

static void legendre_refuses_wrong_arguments(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        setup s = begin();
        const gndp_node c = gndp_input(s.g, "c", gndp_type_1d(GNDP_F64, 4)),
                        x = gndp_input(s.g, "x", gndp_type_2d(GNDP_F64, 2, 3));
        switch (k) {
        case 0:
            gndp_legendre(s.g, c, x, 9);
            assert_poisoned(&s, GNDP_ERR_RANGE, "legendre: order 9 is outside 0..8");
            break;
        case 1:
            gndp_legendre(s.g, x, x, 0);
            assert_poisoned(&s, GNDP_ERR_SHAPE, "legendre: wants coefficients [L], got f64[2,3]");
            break;
        default:
            gndp_legendre(s.g, c, gndp_cast(s.g, x, GNDP_F32), 0);
            assert_poisoned(&s, GNDP_ERR_TYPE, "got f64[4] and f32[2,3]");
            break;
        }
        end(&s);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(legendre_ends_have_closed_forms),
    cmocka_unit_test(legendre_derivatives_satisfy_their_equations),
    cmocka_unit_test(legendre_polynomials_are_orthogonal),
    cmocka_unit_test(legendre_sums_the_generating_function),
    cmocka_unit_test(legendre_is_accurate_to_degree_one_thousand),
    cmocka_unit_test(legendre_moments_are_the_adjoint_with_bits_free_of_threads),
    cmocka_unit_test(legendre_refuses_wrong_arguments),
};

GNDP_TEST_MAIN(tests)
