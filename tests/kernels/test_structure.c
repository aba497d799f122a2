// SPDX-License-Identifier: Apache-2.0
// White noise taken off a kernel, and kernels split into one factor a coordinate.
#include "kernels/kernel_case.h"
#include "kernels/structure.h"

static char *print_of(const gndp_kernel *k)
{
    char *text = calloc(1, 600);
    assert_non_null(text);
    if (k != NULL) {
        assert_true(gndp_kernel_print(k, text, 600) < 600);
    }
    return text;
}

/* The Gram is that of the rest plus the variance on the diagonal, for every output. */
static void split_white_keeps_the_sum(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double variance;
    } all[] = {
        {"rbf() + matern32()", 0.0},
        {"rbf() + white(variance=0.25)", 0.25},
        {"white(variance=0.25) + rbf() + 2 * white(variance=0.5) + matern12()", 1.25},
        {"0.5 * (rbf() + white(variance=0.25)) + white(variance=1)", 1.125},
        {"diag(rbf() + white(variance=0.25), outputs=2) + white(variance=1)", 1.25},
        {"curlfree(rbf()) + 0.1 * white(variance=0.5)", 0.05},
        {"on(rbf() + white(variance=2), axes=[1])", 2.0},
    };
    enum { N = 4 };
    double *x = normals(N * 2, 60);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        gndp_kernel *k = kernel_of(all[i].text), *rest;
        double variance;
        assert_int_equal(kernel_split_white(k, &rest, &variance), GNDP_OK);
        assert_near(variance, all[i].variance, 1e-15);
        assert_false(gndp_kernel_get_info(rest).has_white);
        const int n = N * gndp_kernel_outputs(k, 2);
        double *a = gram_of(k, N, N, 2, x, NULL), *b = gram_of(rest, N, N, 2, x, NULL);
        for (int j = 0; j < n * n; j++) {
            assert_near(a[j], b[j] + (j % (n + 1) == 0 ? variance : 0.0), 1e-15);
        }
        free(a), free(b);
        gndp_kernel_free(k), gndp_kernel_free(rest);
    }
    free(x);
}

static void split_white_leaves_nothing_of_noise_alone(void **state)
{
    (void)state;
    gndp_kernel *k = kernel_of("3 * (white(variance=2) + white())"), *rest = k;
    double variance;
    assert_int_equal(kernel_split_white(k, &rest, &variance), GNDP_OK);
    assert_null(rest);
    assert_near(variance, 9.0, 1e-14);
    gndp_kernel_free(k);
}

static void split_white_refuses_noise_in_a_product(void **state)
{
    (void)state;
    static const char *const texts[] = {"rbf() * white() + rbf()", "rbf() * (rbf() + white())",
                                        "coregion(white(), a=[1, 2])"};
    for (int i = 0; i < 3; i++) {
        gndp_kernel *k = kernel_of(texts[i]), *rest;
        double variance;
        assert_int_equal(kernel_split_white(k, &rest, &variance), GNDP_ERR_UNSUPPORTED);
        assert_null(rest);
        gndp_kernel_free(k);
    }
}

/* k(x, z) = B prod_i k_i(x_i, z_i) for random pairs. */
static void separate_multiplies_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int axes;
    } all[] = {
        {"rbf(lengthscale=[1, 2, 0.5], variance=3)", 3},
        {"rbf(lengthscale=0.7)", 2},
        {"periodic(lengthscale=[0.7, 1.2], variance=2, period=1.3) * 0.5", 2},
        {"matern32(lengthscale=2, variance=3) + rq()", 1},
        {"on(rbf(lengthscale=2), axes=[0, 1]) * on(matern12(lengthscale=3, variance=2), axes=[2])",
         3},
        {"on(matern52() + 2 * rbf(), axes=[1]) * on(on(rbf(), axes=[0]), axes=[2]) * "
         "constant(variance=3)",
         3},
        {"0.3 * diag(rbf(), outputs=2) * coregion(on(rq(), axes=[1]), a=[1, 2], diagonal=[0.1, 3])",
         2},
        {"coregion(rbf(lengthscale=[1, 2]), a=[1, -0.5, 0.25, 7], rank=2) * on(periodic(), "
         "axes=[0])",
         2},
    };
    enum { N = 3 };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const int d = all[i].axes;
        double *x = normals(N * d, 61), *z = normals(N * d, 62), outputs[64];
        gndp_kernel *k = kernel_of(all[i].text), *factor[4];
        if (kernel_separate(k, d, factor, outputs) != GNDP_OK) {
            fail_msg("%s: %s", all[i].text, gndp_last_error());
        }
        const int p = gndp_kernel_outputs(k, d);
        double *a = gram_of(k, N, N, d, x, z), product[N * N];
        for (int j = 0; j < N * N; j++) {
            product[j] = 1.0;
        }
        for (int axis = 0; axis < d; axis++) {
            double u[N], v[N];
            for (int j = 0; j < N; j++) {
                u[j] = x[j * d + axis], v[j] = z[j * d + axis];
            }
            double *one = gram_of(factor[axis], N, N, 1, u, v);
            for (int j = 0; j < N * N; j++) {
                product[j] *= one[j];
            }
            free(one);
            gndp_kernel_free(factor[axis]);
        }
        for (int j = 0; j < N * p * N * p; j++) {
            const int row = j / (N * p), column = j % (N * p);
            const double want =
                outputs[row % p * p + column % p] * product[row / p * N + column / p];
            assert_near(a[j], want, 1e-13 * (1.0 + fabs(want)));
        }
        free(a), free(x), free(z);
        gndp_kernel_free(k);
    }
}

static void separate_names_what_does_not(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } all[] = {
        {"matern32()", "matern32 does not separate"},
        {"rbf() + rbf()", "sum does not separate"},
        {"rbf() * rq()", "rq does not separate"},
        {"curlfree(rbf())", "curlfree does not separate"},
        {"on(rbf() + white(), axes=[0]) * on(rbf(), axes=[1])", "white noise"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        gndp_kernel *k = kernel_of(all[i].text), *factor[2];
        double outputs[64];
        assert_int_equal(kernel_separate(k, 2, factor, outputs), GNDP_ERR_UNSUPPORTED);
        assert_non_null(strstr(gndp_last_error(), all[i].message));
        assert_true(factor[0] == NULL && factor[1] == NULL);
        gndp_kernel_free(k);
    }
}

/* What is split off reads back as text, so that messages can show it. */
static void parts_print_as_texts_that_read_back(void **state)
{
    (void)state;
    gndp_kernel *k = kernel_of("0.5 * (white() + rbf() + on(rq() + white(), axes=[0]))"), *rest;
    double variance;
    assert_int_equal(kernel_split_white(k, &rest, &variance), GNDP_OK);
    char *text = print_of(rest);
    gndp_kernel *again = kernel_of(text);
    char *twice = print_of(again);
    assert_string_equal(text, twice);
    free(text), free(twice);
    gndp_kernel_free(k), gndp_kernel_free(rest), gndp_kernel_free(again);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(split_white_keeps_the_sum),
    cmocka_unit_test(split_white_leaves_nothing_of_noise_alone),
    cmocka_unit_test(split_white_refuses_noise_in_a_product),
    cmocka_unit_test(separate_multiplies_back),
    cmocka_unit_test(separate_names_what_does_not),
    cmocka_unit_test(parts_print_as_texts_that_read_back),
};
GNDP_TEST_MAIN(tests)
