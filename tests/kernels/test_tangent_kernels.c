// SPDX-License-Identifier: Apache-2.0
// Tangent fields on the sphere, their frames and the poles (geomndp.md 9.5).
#include "kernels/sphere_case.h"

/* ---------------------------------------------------------------------------------- tangent fields
 */

static const char *const tangents[] = {
    "s2_curlfree(s2_heat(kappa=0.35))",
    "s2_divfree(s2_heat(kappa=0.35))",
    "s2_curlfree(s2_matern(nu=2.5, kappa=0.6, variance=1.5))",
    "s2_divfree(s2_matern(nu=2.5, kappa=0.6, variance=1.5))",
    "s2_curlfree(s2_rbf(lengthscale=0.5, variance=0.7))",
    "s2_divfree(s2_rbf(lengthscale=0.5, variance=0.7))",
};
enum { TANGENTS = sizeof tangents / sizeof *tangents };

/* Rows east, north at x: [2][3]. */
static void frame(const double *x, double out[2][3])
{
    gndp_sphere_frames(1, x, out[0], out[1]);
}

/* F(x)' K F(z) of one pair: the ambient 3 x 3 form. */
static void ambient(const gndp_kernel *k, const double *x, const double *z, double out[3][3])
{
    double *block = gram_of(k, 1, 1, 3, x, z), fx[2][3], fz[2][3];
    frame(x, fx);
    frame(z, fz);
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            out[a][b] = 0.0;
            for (int p = 0; p < 2; p++) {
                for (int q = 0; q < 2; q++) {
                    out[a][b] += fx[p][a] * block[2 * p + q] * fz[q][b];
                }
            }
        }
    }
    free(block);
}

/* The ambient forms of 9.5 from phi' and phi'' summed here, and the traces and the normalisation.
 */
static void fields_have_the_ambient_forms(void **state)
{
    (void)state;
    enum { N = 4 };
    double *x = directions(N, 43), *z = directions(N, 44);
    memcpy(z, x, 3 * sizeof *x); /* one pair coincides */
    for (int i = 0; i < TANGENTS; i++) {
        static kernel_series s;
        gndp_kernel *k = kernel_of(tangents[i]);
        const bool curl = i % 2 == 0;
        assert_int_equal(kernel_find_series(k, &s), GNDP_OK);
        for (int j = 0; j < N; j++) {
            const double *u = x + 3 * j, *v = z + 3 * j, c = dot(u, v);
            double got[3][3], phi[3], w[3], trace = 0.0;
            series_at(s.terms, curl ? s.curl : s.div, c, phi);
            cross(u, v, w);
            ambient(k, u, v, got);
            for (int a = 0; a < 3; a++) {
                trace += got[a][a];
                for (int b = 0; b < 3; b++) {
                    double want, projectors = a == b ? 1.0 : 0.0;
                    /* (I - u u')(I - v v') */
                    projectors += -u[a] * u[b] - v[a] * v[b] + u[a] * c * v[b];
                    if (curl) {
                        want = phi[1] * projectors + phi[2] * (v[a] - c * u[a]) * (u[b] - c * v[b]);
                    } else {
                        want = phi[1] * ((a == b ? c : 0.0) - v[a] * u[b]) - phi[2] * w[a] * w[b];
                    }
                    assert_near(got[a][b], want, 1e-11);
                }
            }
            const double s2 = 1.0 - c * c;
            assert_near(trace,
                        curl ? (1.0 + c * c) * phi[1] - c * s2 * phi[2]
                             : 2.0 * c * phi[1] - s2 * phi[2],
                        1e-11);
        }
        const gndp_kernel_info info = gndp_kernel_get_info(k);
        assert_true(info.outputs == 2 && info.isotropic);
        double *block = gram_of(k, 1, 1, 3, x, NULL), variance[] = {1.0, 1.5, 0.7};
        assert_near(block[0], variance[i / 2], 1e-13);
        assert_near(block[3], variance[i / 2], 1e-13);
        assert_near(block[1], 0.0, 1e-14);
        free(block);
        gndp_kernel_free(k);
    }
    free(x), free(z);
}

/* K_curl is the mixed second derivative of phi along the frames: geodesic differences with step
   1e-3 leave h^2 times fourth derivatives (some 1e3 for kappa 0.35) over 6: 1e-3. */
static void curlfree_is_a_mixed_derivative_of_the_potential(void **state)
{
    (void)state;
    static kernel_series s;
    const double h = 1e-3;
    gndp_kernel *k = kernel_of(tangents[0]);
    double *x = directions(2, 45), fx[2][3], fz[2][3];
    for (int j = 0; j < 3; j++) { /* half a radian apart */
        x[3 + j] = x[j] + 0.3 * x[3 + j];
    }
    const double length = sqrt(dot(x + 3, x + 3));
    for (int j = 0; j < 3; j++) {
        x[3 + j] /= length;
    }
    assert_int_equal(kernel_find_series(k, &s), GNDP_OK);
    double *block = gram_of(k, 1, 1, 3, x, x + 3);
    frame(x, fx);
    frame(x + 3, fz);
    for (int p = 0; p < 2; p++) {
        for (int q = 0; q < 2; q++) {
            double mixed = 0.0, phi[3], u[3], v[3];
            for (int sign = 0; sign < 4; sign++) {
                const double a = sign & 1 ? h : -h, b = sign & 2 ? h : -h;
                for (int j = 0; j < 3; j++) {
                    u[j] = cos(a) * x[j] + sin(a) * fx[p][j];
                    v[j] = cos(b) * x[3 + j] + sin(b) * fz[q][j];
                }
                series_at(s.terms, s.curl, dot(u, v), phi);
                mixed += (a > 0.0) == (b > 0.0) ? phi[0] : -phi[0];
            }
            assert_near(block[2 * p + q], mixed / (4.0 * h * h), 2e-4);
        }
    }
    free(block), free(x);
    gndp_kernel_free(k);
}

/* sum_j K(x, c_j) w_j as an ambient vector at x. */
static void field_at(const gndp_kernel *k, const double *x, int m, const double *c, const double *w,
                     double out[3])
{
    double *gram = gram_of(k, 1, m, 3, x, c), f[2][3];
    frame(x, f);
    for (int a = 0; a < 3; a++) {
        out[a] = 0.0;
        for (int p = 0; p < 2; p++) {
            for (int j = 0; j < 2 * m; j++) {
                out[a] += f[p][a] * gram[p * 2 * m + j] * w[j];
            }
        }
    }
    free(gram);
}

/* Surface divergence and curl at x: sums over a frame e of e . d/dh f(exp_x(h e)), and the same of
   x cross f; fourth-order differences. */
static void surface_derivatives(const gndp_kernel *k, const double *x, int m, const double *c,
                                const double *w, double *div, double *curl)
{
    const double h = 2e-3, step[4] = {-2.0, -1.0, 1.0, 2.0},
                 weight[4] = {1.0 / 12.0, -8.0 / 12.0, 8.0 / 12.0, -1.0 / 12.0};
    double e[2][3];
    frame(x, e);
    *div = *curl = 0.0;
    for (int p = 0; p < 2; p++) {
        for (int s = 0; s < 4; s++) {
            double y[3], f[3], turned[3];
            const double a = step[s] * h;
            for (int j = 0; j < 3; j++) {
                y[j] = cos(a) * x[j] + sin(a) * e[p][j];
            }
            field_at(k, y, m, c, w, f);
            cross(y, f, turned);
            *div += weight[s] / h * dot(e[p], f);
            *curl += weight[s] / h * dot(e[p], turned);
        }
    }
}

/* Differences leave h^4 f^(5)/30: 1e-8 for fields of length scale 0.35. */
static void surface_divergence_and_curl_vanish(void **state)
{
    (void)state;
    enum { M = 12 };
    double *c = directions(M, 46), *w = normals(2 * M, 47), *x = directions(4, 48);
    for (int i = 0; i < TANGENTS; i++) {
        gndp_kernel *k = kernel_of(tangents[i]);
        double most[2] = {0.0, 0.0};
        for (int j = 0; j < 4; j++) {
            double d[2];
            surface_derivatives(k, x + 3 * j, M, c, w, &d[0], &d[1]);
            for (int a = 0; a < 2; a++) {
                most[a] = fmax(most[a], fabs(d[a]));
            }
        }
        assert_near(most[1 - i % 2], 0.0, 1e-6);
        assert_true(most[i % 2] > 0.1);
        gndp_kernel_free(k);
    }
    free(c), free(w), free(x);
}

/* div_x K_curl(x, x') u = (Lap phi)'(c) (P_x' x) . u with Lap phi = sum -l(l+1) a_l P_l. */
static void divergence_of_curlfree_is_the_laplacian_of_the_potential(void **state)
{
    (void)state;
    static kernel_series s;
    gndp_kernel *k = kernel_of(tangents[0]);
    double *x = directions(3, 49), *c = directions(3, 50), w[2] = {0.8, -0.5};
    assert_int_equal(kernel_find_series(k, &s), GNDP_OK);
    for (int l = 0; l < s.terms; l++) {
        s.curl[l] *= -(double)l * (double)(l + 1);
    }
    for (int i = 0; i < 3; i++) {
        double div, curl, lap[3], f[2][3], u[3];
        surface_derivatives(k, x + 3 * i, 1, c + 3 * i, w, &div, &curl);
        frame(c + 3 * i, f);
        for (int j = 0; j < 3; j++) { /* u is tangent at x', so P_x' may be left out */
            u[j] = w[0] * f[0][j] + w[1] * f[1][j];
        }
        series_at(s.terms, s.curl, dot(x + 3 * i, c + 3 * i), lap);
        assert_near(div, lap[1] * dot(x + 3 * i, u), 1e-6);
    }
    free(x), free(c);
    gndp_kernel_free(k);
}

/* K(Q x, Q x') = Q K(x, x') Q' in ambient form, Q of determinant 1 and -1. */
static void fields_turn_with_the_sphere(void **state)
{
    (void)state;
    double q[9], *x = directions(2, 51);
    for (int flip = 0; flip < 2; flip++) {
        orthogonal(3, 52, q);
        for (int j = 0; j < 3 && flip == 1; j++) {
            q[j] = -q[j];
        }
        double *y = moved(2, 3, x, q, 0.0);
        for (int i = 0; i < TANGENTS; i++) {
            gndp_kernel *k = kernel_of(tangents[i]);
            double a[3][3], b[3][3];
            ambient(k, x, x + 3, a);
            ambient(k, y, y + 3, b);
            for (int r = 0; r < 3; r++) {
                for (int c = 0; c < 3; c++) {
                    double want = 0.0;
                    for (int p = 0; p < 9; p++) {
                        want += q[r * 3 + p / 3] * q[c * 3 + p % 3] * a[p / 3][p % 3];
                    }
                    assert_near(b[r][c], want, 1e-12);
                }
            }
            gndp_kernel_free(k);
        }
        free(y);
    }
    free(x);
}

/* K_div = J K_curl J' in frames, so equal spectra; and the Hodge kernel is their weighted sum. */
static void curlfree_and_divfree_have_equal_spectra(void **state)
{
    (void)state;
    enum { N = 25, S = 2 * N };
    double *x = directions(N, 53);
    for (int i = 0; i < TANGENTS; i += 2) {
        double *a = gram_of_text(tangents[i], N, N, 3, x, NULL),
               *b = gram_of_text(tangents[i + 1], N, N, 3, x, NULL);
        assert_covariance(tangents[i], S, a);
        assert_covariance(tangents[i + 1], S, b);
        for (int r = 0; r < S; r++) {
            for (int c = 0; c < S; c++) {
                const double sign = (r ^ c) & 1 ? -1.0 : 1.0;
                assert_near(b[r * S + c], sign * a[(r ^ 1) * S + (c ^ 1)], 1e-13);
            }
        }
        double *wa = spectrum(S, a), *wb = spectrum(S, b);
        assert_near(largest_difference(S, wa, wb), 0.0, 1e-12 * wa[S - 1] * S);
        free(a), free(b), free(wa), free(wb);
    }
    double *a = gram_of_text(tangents[0], N, N, 3, x, NULL),
           *b = gram_of_text(tangents[1], N, N, 3, x, NULL),
           *h = gram_of_text("s2_hodge(s2_heat(kappa=0.35), curl=0.3, div=0.7)", N, N, 3, x, NULL);
    for (int i = 0; i < S * S; i++) {
        assert_near(h[i], 0.3 * a[i] + 0.7 * b[i], 1e-14);
    }
    free(a), free(b), free(h), free(x);
}

/* Equal weights: the field's spectrum times I, so that kappa -> 0 gives two independent rbf in the
   east and north components at the equator; the correction falls as kappa^2. */
static void hodge_tends_to_independent_components(void **state)
{
    (void)state;
    double off[2];
    for (int i = 0; i < 2; i++) {
        enum { N = 7 };
        const double kappa = i == 0 ? 0.2 : 0.1;
        double x[3 * N], flat[2 * N];
        char text[100], limit[100];
        for (int j = 0; j < N; j++) { /* north and east of (1, 0, 0), within 1.5 kappa */
            const double lat = kappa * 0.5 * (double)(j % 3 - 1),
                         lon = kappa * 0.5 * (double)(j - 3);
            x[3 * j] = cos(lat) * cos(lon), x[3 * j + 1] = cos(lat) * sin(lon);
            x[3 * j + 2] = sin(lat);
            flat[2 * j] = lon, flat[2 * j + 1] = lat;
        }
        snprintf(text, sizeof text, "s2_hodge(s2_heat(kappa=%g), curl=0.5, div=0.5)", kappa);
        snprintf(limit, sizeof limit, "diag(rbf(lengthscale=%g), outputs=2)", kappa);
        double *a = gram_of_text(text, N, N, 3, x, NULL),
               *b = gram_of_text(limit, N, N, 2, flat, NULL);
        off[i] = largest_difference(4 * N * N, a, b);
        free(a), free(b);
    }
    assert_true(off[1] < 0.01);
    assert_true(off[1] / off[0] > 0.2 && off[1] / off[0] < 0.3);
}

/* ----------------------------------------------------------------------------------- points,
 * frames */

static void frames_point_east_and_north(void **state)
{
    (void)state;
    const double lat[] = {0.0, 45.0, -60.0, 90.0, -90.0, 90.0, 89.999999},
                 lon[] = {0.0, 90.0, 200.0, 0.0, 0.0, 130.0, 130.0}, radian = acos(-1.0) / 180.0;
    enum { N = 7 };
    double x[3 * N], east[3 * N], north[3 * N];
    gndp_sphere_from_degrees(N, lat, lon, x);
    gndp_sphere_frames(N, x, east, north);
    for (int i = 0; i < N; i++) {
        const double a = lat[i] * radian, b = lon[i] * radian;
        const double e[3] = {-sin(b), cos(b), 0.0},
                     n[3] = {-sin(a) * cos(b), -sin(a) * sin(b), cos(a)};
        assert_near(dot(x + 3 * i, x + 3 * i), 1.0, 1e-15);
        assert_near(largest_difference(3, e, east + 3 * i), 0.0,
                    1e-8); /* near the pole: 1e-16/1e-8 */
        assert_near(largest_difference(3, n, north + 3 * i), 0.0, 1e-8);
        assert_near(dot(east + 3 * i, north + 3 * i), 0.0, 1e-15);
        assert_near(dot(east + 3 * i, x + 3 * i), 0.0, 1e-15);
    }
    const double pole[6] = {0.0, 0.0, 1.0, 0.0, 0.0, -1.0};
    gndp_sphere_frames(2, pole, east, north);
    const double want[2][6] = {{0, 1, 0, 0, 1, 0}, {-1, 0, 0, 1, 0, 0}};
    assert_near(largest_difference(6, east, want[0]), 0.0, 0.0);
    assert_near(largest_difference(6, north, want[1]), 0.0, 0.0);
}

/* The n_lon points of a pole are one: one scalar value, and one vector seen in frames turned by
   their longitudes. */
static void poles_are_one_point(void **state)
{
    (void)state;
    enum { N = 4 };
    const double lat[N] = {90.0, 90.0, 90.0, 10.0}, lon[N] = {0.0, 77.0, 180.0, 30.0};
    double x[3 * N], east[3 * N], north[3 * N];
    gndp_sphere_from_degrees(N, lat, lon, x);
    gndp_sphere_frames(N, x, east, north);
    double *k = gram_of_text("s2_heat(kappa=0.3)", N, N, 3, x, NULL),
           *v = gram_of_text(tangents[1], N, N, 3, x, NULL);
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            assert_near(k[i * N + j], k[0], 1e-15);
            const double *f[2] = {east + 3 * i, north + 3 * i},
                         *h[2] = {east + 3 * j, north + 3 * j};
            for (int p = 0; p < 4; p++) { /* K(x, x) = I: F(i) F(j)' */
                assert_near(v[(2 * i + p / 2) * 2 * N + 2 * j + p % 2], dot(f[p / 2], h[p % 2]),
                            1e-14);
            }
        }
        assert_near(k[i * N + 3], k[3], 1e-15);
    }
    free(k), free(v);
}

/* Frames and Gram take vectors a little off the unit sphere as their directions. */
static void gram_reads_directions(void **state)
{
    (void)state;
    double *x = directions(3, 54), *y = numbers(9);
    for (int i = 0; i < 9; i++) {
        y[i] = x[i] * (1.0 + 9e-7 * (double)(i / 3 - 1));
    }
    for (int i = 0; i < TANGENTS; i++) {
        double *a = gram_of_text(tangents[i], 3, 3, 3, x, NULL),
               *b = gram_of_text(tangents[i], 3, 3, 3, y, NULL);
        assert_near(largest_difference(36, a, b), 0.0, 1e-12);
        free(a), free(b);
    }
    free(x), free(y);
}

/* See test_gram.c for the tolerance; x moves off the sphere, which changes nothing. */
static void gradients_agree_with_differences(void **state)
{
    (void)state;
    enum { N = 4, M = 3 };
    double *x = directions(N, 55), *z = directions(M, 56);
    for (int i = 0; i < TANGENTS; i++) {
        check_gradients(tangents[i], N, M, 3, x, z, 1e-7);
    }
    check_gradients("s2_hodge(s2_matern(nu=2.5, kappa=0.7), curl=0.3, div=0.7) + white()", N, M, 3,
                    x, z, 1e-7);
    free(x), free(z);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fields_have_the_ambient_forms),
    cmocka_unit_test(curlfree_is_a_mixed_derivative_of_the_potential),
    cmocka_unit_test(surface_divergence_and_curl_vanish),
    cmocka_unit_test(divergence_of_curlfree_is_the_laplacian_of_the_potential),
    cmocka_unit_test(fields_turn_with_the_sphere),
    cmocka_unit_test(curlfree_and_divfree_have_equal_spectra),
    cmocka_unit_test(hodge_tends_to_independent_components),
    cmocka_unit_test(frames_point_east_and_north),
    cmocka_unit_test(poles_are_one_point),
    cmocka_unit_test(gram_reads_directions),
    cmocka_unit_test(gradients_agree_with_differences),
};
GNDP_TEST_MAIN(tests)
