// SPDX-License-Identifier: Apache-2.0
// Curl-free and divergence-free kernels on R^n: closed forms, derivatives that vanish,
// equivariance.
#include "kernels/kernel_case.h"

/* A profile with the name of its scalar kernel; l and the value at 0 of K_curl. */
typedef struct profile {
    const char *scalar;
    double l, at_zero;
} profile;

static const profile profiles[] = {
    {"rbf(lengthscale=0.8, variance=1.3)", 0.8, 1.3},
    {"matern32(lengthscale=0.8, variance=1.3)", 0.8, 3.0 * 1.3},
    {"matern52(lengthscale=0.8, variance=1.3)", 0.8, 5.0 / 3.0 * 1.3},
    {"rq(lengthscale=0.8, variance=1.3, alpha=0.9)", 0.8, 1.3},
};
enum { PROFILES = sizeof profiles / sizeof *profiles };

static gndp_kernel *field_of(const char *kind, int i)
{
    char text[200];
    snprintf(text, sizeof text, "%s(%s)", kind, profiles[i].scalar);
    return kernel_of(text);
}

/* E (I - D D') and E (D D' + (n - 1 - |D|^2) I), geomndp.md 9.3. */
static void rbf_fields_have_the_closed_forms(void **state)
{
    (void)state;
    enum { N = 4 };
    for (int d = 2; d <= 3; d++) {
        double *x = normals(N * d, 20);
        gndp_kernel *curl = field_of("curlfree", 0), *div = field_of("divfree", 0);
        double *a = gram_of(curl, N, N, d, x, NULL), *b = gram_of(div, N, N, d, x, NULL);
        for (int i = 0; i < N * N * d * d; i++) {
            const int row = i / (N * d), column = i % (N * d), p = row % d, q = column % d;
            const double *u = x + row / d * d, *v = x + column / d * d;
            double q2 = 0.0;
            for (int j = 0; j < d; j++) {
                q2 += (u[j] - v[j]) * (u[j] - v[j]) / 0.64;
            }
            const double e = 1.3 * exp(-0.5 * q2), dd = (u[p] - v[p]) * (u[q] - v[q]) / 0.64;
            assert_near(a[i], e * ((p == q ? 1.0 : 0.0) - dd), 1e-14);
            assert_near(b[i], e * (dd + (p == q ? (double)(d - 1) - q2 : 0.0)), 1e-14);
        }
        gndp_kernel_free(curl), gndp_kernel_free(div);
        free(a), free(b), free(x);
    }
}

/* K_curl = -l^2 grad grad' k and K_div = l^2 (grad grad' - Laplace I) k, by second differences of
   the scalar kernel: step 2e-3 leaves h^2 k'''' / 12 * l^2, below 2e-5 at distances above 0.5. */
static void fields_are_second_derivatives_of_the_profile(void **state)
{
    (void)state;
    enum { D = 3 };
    const double h = 2e-3, z[D] = {0.1, -0.2, 0.3}, x[D] = {0.8, 0.4, -0.1};
    for (int i = 0; i < PROFILES; i++) {
        gndp_kernel *curl = field_of("curlfree", i), *div = field_of("divfree", i),
                    *k = kernel_of(profiles[i].scalar);
        double second[D][D];
        for (int p = 0; p < D; p++) {
            for (int q = 0; q < D; q++) {
                double at[4][D];
                for (int s = 0; s < 4; s++) {
                    memcpy(at[s], x, sizeof x);
                    at[s][p] += s & 1 ? h : -h;
                    at[s][q] += s & 2 ? h : -h;
                }
                double *v = gram_of(k, 4, 1, D, at[0], z);
                second[p][q] = (v[0] - v[1] - v[2] + v[3]) / (4.0 * h * h);
                free(v);
            }
        }
        const double l2 = profiles[i].l * profiles[i].l,
                     laplace = second[0][0] + second[1][1] + second[2][2];
        double *a = gram_of(curl, 1, 1, D, x, z), *b = gram_of(div, 1, 1, D, x, z);
        for (int p = 0; p < D; p++) {
            for (int q = 0; q < D; q++) {
                assert_near(a[p * D + q], -l2 * second[p][q], 2e-4);
                assert_near(b[p * D + q], l2 * (second[p][q] - (p == q ? laplace : 0.0)), 4e-4);
            }
        }
        free(a), free(b);
        gndp_kernel_free(curl), gndp_kernel_free(div), gndp_kernel_free(k);
    }
}

/* At 0 they are the stated multiples of I, and they tend to it: matern32, the roughest, linearly.
 */
static void fields_are_continuous_at_zero(void **state)
{
    (void)state;
    enum { D = 2 };
    static const double distance[] = {0.0, 1e-13, 1e-9, 1e-8, 1e-7};
    for (int i = 0; i < PROFILES; i++) {
        gndp_kernel *curl = field_of("curlfree", i), *div = field_of("divfree", i);
        for (size_t j = 0; j < sizeof distance / sizeof *distance; j++) {
            const double x[D] = {distance[j], -0.5 * distance[j]}, z[D] = {0.0, 0.0};
            double *a = gram_of(curl, 1, 1, D, x, z), *b = gram_of(div, 1, 1, D, x, z);
            for (int p = 0; p < D * D; p++) {
                const double want = p % 3 == 0 ? profiles[i].at_zero : 0.0;
                assert_near(a[p], want, 20.0 * distance[j] + 1e-14);
                assert_near(b[p], want, 20.0 * distance[j] + 1e-14); /* n - 1 = 1 */
            }
            free(a), free(b);
        }
        gndp_kernel_free(curl), gndp_kernel_free(div);
    }
}

/* A random field: sum_j K(., c_j) w_j with centres c [M, D]; values at x [n, D] into f [n, D]. */
static void field_at(const gndp_kernel *k, int n, int d, const double *x, int m, const double *c,
                     const double *w, double *f)
{
    double *gram = gram_of(k, n, m, d, x, c);
    for (int i = 0; i < n * d; i++) {
        f[i] = 0.0;
        for (int j = 0; j < m * d; j++) {
            f[i] += gram[i * m * d + j] * w[j];
        }
    }
    free(gram);
}

/* Jacobian d f_p / d x_q at x by fourth-order differences. */
static void jacobian(const gndp_kernel *k, int d, const double *x, int m, const double *c,
                     const double *w, double *out)
{
    const double h = 1e-3, step[4] = {-2.0, -1.0, 1.0, 2.0};
    double at[4 * 3], f[4 * 3];
    for (int q = 0; q < d; q++) {
        for (int s = 0; s < 4; s++) {
            memcpy(at + s * d, x, (size_t)d * sizeof *x);
            at[s * d + q] += step[s] * h;
        }
        field_at(k, 4, d, at, m, c, w, f);
        for (int p = 0; p < d; p++) {
            out[p * d + q] =
                (f[p] - 8.0 * f[d + p] + 8.0 * f[2 * d + p] - f[3 * d + p]) / (12.0 * h);
        }
    }
}

/* Random fields made of columns of the kernel: the curl of the one and the divergence of the other
   vanish against derivatives of order 1. Differences leave h^4 f^(5)/30, about 1e-10 for the rbf
   and up to 1e-7 where a centre of a Matern field, which has no fifth derivative there, is near. */
static void curl_and_divergence_of_fields_vanish(void **state)
{
    (void)state;
    enum { M = 8 };
    for (int i = 0; i < PROFILES; i++) {
        for (int d = 2; d <= 3; d++) {
            gndp_kernel *curl = field_of("curlfree", i), *div = field_of("divfree", i);
            double *c = normals(M * d, 21), *w = normals(M * d, 22), *x = normals(5 * d, 23);
            double spread = 0.0, turn = 0.0;
            for (int j = 0; j < 5; j++) {
                double jac[9], trace = 0.0;
                jacobian(curl, d, x + j * d, M, c, w, jac);
                for (int p = 0; p < d; p++) {
                    trace += jac[p * d + p];
                    for (int q = 0; q < d; q++) {
                        assert_near(jac[p * d + q], jac[q * d + p], 1e-6);
                    }
                }
                spread = fmax(spread, fabs(trace));
                jacobian(div, d, x + j * d, M, c, w, jac);
                trace = 0.0;
                for (int p = 0; p < d; p++) {
                    trace += jac[p * d + p];
                }
                assert_near(trace, 0.0, 1e-6);
                turn = fmax(turn, fabs(jac[1] - jac[d]));
            }
            assert_true(spread > 0.1 && turn > 0.1); /* the one has a divergence, the other turns */
            free(c), free(w), free(x);
            gndp_kernel_free(curl), gndp_kernel_free(div);
        }
    }
}

static const char *const fields[] = {
    "curlfree(rbf(lengthscale=0.9))",
    "divfree(rbf(lengthscale=0.9))",
    "curlfree(matern32(lengthscale=1.2))",
    "divfree(matern32(lengthscale=1.2))",
    "curlfree(matern52(lengthscale=1.2))",
    "divfree(matern52(lengthscale=1.2))",
    "curlfree(rq(alpha=0.4))",
    "divfree(rq(alpha=0.4))",
    "0.3 * curlfree(rbf()) + 0.7 * divfree(matern52()) * matern12() + white(variance=0.1)",
};
enum { FIELDS = sizeof fields / sizeof *fields };

static void fields_are_covariances(void **state)
{
    (void)state;
    enum { N = 15 };
    for (int d = 2; d <= 3; d++) {
        double *x = normals(N * d, 24);
        memcpy(x + d, x, (size_t)d * sizeof *x); /* one point twice */
        for (int i = 0; i < FIELDS; i++) {
            double *gram = gram_of_text(fields[i], N, N, d, x, NULL);
            assert_covariance(fields[i], N * d, gram);
            free(gram);
        }
        free(x);
    }
}

/* K(h x + t, h x' + t) = h K(x, x') h' for orthogonal h. */
static void fields_turn_with_their_points(void **state)
{
    (void)state;
    enum { N = 5, D = 3 };
    double h[9], *x = normals(N * D, 25);
    orthogonal(D, 26, h);
    double *y = moved(N, D, x, h, 0.7);
    for (int i = 0; i < FIELDS; i++) {
        gndp_kernel *k = kernel_of(fields[i]);
        assert_true(gndp_kernel_get_info(k).isotropic);
        double *a = gram_of(k, N, N, D, x, NULL), *b = gram_of(k, N, N, D, y, NULL);
        for (int r = 0; r < N * D; r++) {
            for (int c = 0; c < N * D; c++) {
                double want = 0.0;
                for (int p = 0; p < D; p++) {
                    for (int q = 0; q < D; q++) {
                        want += h[r % D * D + p] * h[c % D * D + q] *
                                a[(r / D * D + p) * N * D + c / D * D + q];
                    }
                }
                assert_near(b[r * N * D + c], want, 1e-13);
            }
        }
        free(a), free(b);
        gndp_kernel_free(k);
    }
    free(x), free(y);
}

/* In the plane K_div = R K_curl R' with R a quarter turn, so their spectra are equal. */
static void plane_fields_have_equal_spectra(void **state)
{
    (void)state;
    enum { N = 20, S = 2 * N };
    double *x = normals(N * 2, 27);
    for (int i = 0; i < PROFILES; i++) {
        gndp_kernel *curl = field_of("curlfree", i), *div = field_of("divfree", i);
        double *a = gram_of(curl, N, N, 2, x, NULL), *b = gram_of(div, N, N, 2, x, NULL);
        for (int r = 0; r < S; r++) {
            for (int c = 0; c < S; c++) { /* R (u, v) = (-v, u) */
                const double sign = (r ^ c) & 1 ? -1.0 : 1.0;
                assert_near(b[r * S + c], sign * a[(r ^ 1) * S + (c ^ 1)], 1e-13);
            }
        }
        double *wa = spectrum(S, a), *wb = spectrum(S, b);
        assert_near(largest_difference(S, wa, wb), 0.0, 1e-12 * wa[S - 1] * S);
        free(a), free(b), free(wa), free(wb);
        gndp_kernel_free(curl), gndp_kernel_free(div);
    }
    free(x);
}

/* The diagonal without points, as the laws ask for it, equals the Gram's. */
static void diagonals_equal_the_gram(void **state)
{
    (void)state;
    enum { N = 3, D = 3 };
    double *x = normals(N * D, 28);
    for (int i = 0; i < FIELDS; i++) {
        gndp_kernel *k = kernel_of(fields[i]);
        double *gram = gram_of(k, N, N, D, x, NULL), *diag = numbers(N * D);
        gndp_graph *g;
        gndp_device *device;
        gndp_plan *plan;
        assert_int_equal(gndp_graph_create(&g), GNDP_OK);
        const gndp_node out =
            gndp_kernel_gram_diag(g, k, NULL, gndp_constant(g, gndp_type_2d(GNDP_F64, N, D), x));
        gndp_array result = gndp_array_view(gndp_type_1d(GNDP_F64, N * D), diag);
        assert_int_equal(gndp_device_open("cpu", NULL, &device), GNDP_OK);
        assert_int_equal(gndp_plan_create(g, &out, 1, device, NULL, &plan), GNDP_OK);
        assert_int_equal(gndp_plan_run(plan, NULL, 0, &result, 1), GNDP_OK);
        for (int j = 0; j < N * D; j++) {
            assert_near(diag[j], gram[j * (N * D + 1)], 1e-14);
        }
        gndp_plan_free(plan);
        gndp_device_free(device);
        gndp_graph_free(g);
        gndp_kernel_free(k);
        free(gram), free(diag);
    }
    free(x);
}

/* See test_gram.c for the tolerance. */
static void gradients_agree_with_differences(void **state)
{
    (void)state;
    enum { N = 4, M = 3 };
    double *x = normals(N * 3, 29), *z = normals(M * 3, 30);
    for (int i = 0; i < FIELDS; i++) {
        check_gradients(fields[i], N, M, 3, x, z, 1e-7);
    }
    free(x), free(z);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rbf_fields_have_the_closed_forms),
    cmocka_unit_test(fields_are_second_derivatives_of_the_profile),
    cmocka_unit_test(fields_are_continuous_at_zero),
    cmocka_unit_test(curl_and_divergence_of_fields_vanish),
    cmocka_unit_test(fields_are_covariances),
    cmocka_unit_test(fields_turn_with_their_points),
    cmocka_unit_test(plane_fields_have_equal_spectra),
    cmocka_unit_test(diagonals_equal_the_gram),
    cmocka_unit_test(gradients_agree_with_differences),
};
GNDP_TEST_MAIN(tests)
