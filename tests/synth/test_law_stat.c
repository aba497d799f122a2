// SPDX-License-Identifier: Apache-2.0
// Generated fields have the laws that the table says: moments against kernels and closed forms.
#include "synth/synth_case.h"

/*
 * Mean and covariance of F fields at n values. With y Gaussian the mean square of (y_i y_j) about
 * K_ij has standard error sqrt((K_ii K_jj + K_ij^2) / F), the mean sqrt(K_ii / F). Of n (n + 1)/2 +
 * n numbers none may be off by more than 5 standard errors: by the normal tail 5.7e-7 each, below
 * 1e-3 for the 1400 numbers of 50 values.
 */
static void check_moments(const double *y, int64_t F, int64_t n, const double *k, const char *name)
{
    for (int64_t i = 0; i < n; i++) {
        double mean = 0.0;
        for (int64_t f = 0; f < F; f++)
            mean += y[f * n + i] / (double)F;
        assert_near(mean, 0.0, 5.0 * sqrt(k[i * n + i] / (double)F), name);
        for (int64_t j = 0; j <= i; j++) {
            double sum = 0.0;
            for (int64_t f = 0; f < F; f++)
                sum += y[f * n + i] * y[f * n + j] / (double)F;
            const double K = k[i * n + j];
            const double error = sqrt((k[i * n + i] * k[j * n + j] + K * K) / (double)F);
            assert_near(sum, K, 5.0 * error, name);
        }
    }
}

/* Some points of a grid, of every field of a set: [F, m, P]; x as kernels take it. */
static double *read_some(const gndp_fieldset *set, int64_t F, int64_t m, const int64_t *point,
                         double *x)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int P = gndp_fieldset_components(set), C = spec->coords.columns;
    double *all = new_values(spec->coords.n * C), *some = new_values(m * C);
    double *out = new_values(F * m * P);
    int64_t *field = calloc((size_t)F, sizeof *field);
    assert_non_null(field);
    for (int64_t f = 0; f < F; f++)
        field[f] = f;
    assert_ok(gndp_fieldset_coords(set, 0, all));
    for (int64_t i = 0; i < m * C; i++)
        some[i] = all[point[i / C] * C + i % C];
    gndp_coords_embed(spec->coords.space, C, m, some, x);
    assert_ok(gndp_fieldset_read(set, F, field, m, point, out, NULL));
    free(all);
    free(some);
    free(field);
    return out;
}

static void gaussian_sets_have_their_kernels_covariance_on_grids(void **state)
{
    (void)state;
    enum { F = 2500, M = 8 };
    for (int g = 0; g < gndp_synth_count(); g++) {
        const gndp_synth_info *info = gndp_synth_get(g);
        if (info->kernel == NULL)
            continue;
        gndp_synth_options options = gndp_synth_options_default();
        options.fields = F;
        options.seed = 11;
        gndp_fieldset *set = make(info->name, options);
        const int64_t N = gndp_fieldset_points(set, 0);
        double x[3 * M];
        int64_t point[M]; /* near and far pairs */
        for (int64_t i = 0; i < M; i++)
            point[i] = i < 4 ? N / 2 + i : (i - 4) * (N - 1) / 3;
        double *y = read_some(set, F, M, point, x);
        const gndp_space space = gndp_fieldset_get_spec(set)->coords.space;
        const int dim = space == GNDP_SPACE_SPHERE ? 3 : info->columns;
        double *k = covariance(info->kernel, M, dim, x, M * info->components);
        check_moments(y, F, M * info->components, k, info->name);
        free(y);
        free(k);
        gndp_fieldset_free(set);
    }
}

static void gaussian_sets_have_their_kernels_covariance_at_listed_points(void **state)
{
    (void)state;
    enum { F = 600, M = 5 };
    static const char *const names[] = {"matern52", "gp_divfree", "sphere_wind"};
    for (int g = 0; g < 3; g++) {
        const gndp_synth_info *info = find(names[g]);
        const int P = info->components;
        double at[2 * M], x[3 * M], *y = new_values(F * M * P);
        for (int i = 0; i < 2 * M; i++)
            at[i] = 0.3 * i - 0.7 + (g == 2 ? 8.0 * i : 0.0);
        for (uint32_t f = 0; f < F; f++)
            assert_ok(gndp_synth_values(info, 5, f, M, at, y + f * M * P));
        gndp_coords_embed(info->space, info->columns, M, at, x);
        const int dim = info->space == GNDP_SPACE_SPHERE ? 3 : info->columns;
        double *k = covariance(info->kernel, M, dim, x, M * P);
        check_moments(y, F, M * P, k, info->name);
        free(y);
        free(k);
    }
}

/* Student t of nu = 5 with covariance K: y' K^-1 y / n 5/3 has the F law with n and 5 degrees of
   freedom (the 3 = nu - 2 is in the scale), so w = y' K^-1 y 5/(3 n) lies below its median in half
   of the fields. The median of F(4, 5) is 0.96456 (from the incomplete beta function: I_z(2, 5/2) =
   1/2 with z = 4 w / (4 w + 5)). Ranges beyond: its 0.99 quantile 11.392. */
static void student_t_has_the_radial_law_of_its_density(void **state)
{
    (void)state;
    enum { F = 20000, M = 4 };
    gndp_synth_options options = gndp_synth_options_default();
    options.fields = F;
    options.points = M;
    options.low = -0.3;
    options.high = 0.3;
    gndp_fieldset *set = make("student_t", options);
    const int64_t point[M] = {0, 1, 2, 3};
    double at[3 * M], solved[M];
    double *y = read_some(set, F, M, point, at);
    int64_t below = 0, beyond = 0;
    gndp_kernel *k = NULL;
    gndp_gaussian *law = NULL;
    const gndp_points points = {.kind = GNDP_POINTS_LIST,
                                .x = gndp_array_view(gndp_type_2d(GNDP_F64, M, 1), at)};
    assert_ok(gndp_kernel_parse(find("se")->kernel, &k));
    assert_ok(gndp_gaussian_create(k, &points, NULL, NULL, &law));
    for (int64_t f = 0; f < F; f++) {
        double w = 0.0;
        assert_ok(gndp_gaussian_solve(law, 1, y + f * M, solved));
        for (int i = 0; i < M; i++)
            w += y[f * M + i] * solved[i] * 5.0 / (3.0 * M);
        below += w < 0.96456;
        beyond += w > 11.392;
    }
    /* binomial, 4.5 standard errors: false alarm 7e-6 */
    assert_near((double)below / F, 0.5, 4.5 * sqrt(0.25 / F), "below the median");
    assert_near((double)beyond / F, 0.01, 4.5 * sqrt(0.0099 / F), "beyond the 0.99 quantile");
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    gndp_fieldset_free(set);
    free(y);
}

static void two_modes_has_half_of_its_fields_about_each(void **state)
{
    (void)state;
    enum { F = 10000 };
    gndp_synth_options options = gndp_synth_options_default();
    options.fields = F;
    options.points = 1;
    gndp_fieldset *set = make("two_modes", options);
    const int64_t point = 0;
    double at, *values = read_some(set, F, 1, &point, &at);
    const double variance = 0.2525;
    double sum = 0.0, square = 0.0, fourth = 0.0;
    for (int64_t f = 0; f < F; f++) {
        const double y = values[f];
        sum += y / F;
        square += y * y / F;
        fourth += y * y * y * y / F;
    }
    /* E y = 0, E y^2 = 1 + v, E y^4 = 1 + 6 v + 3 v^2 (a normal law would have 3 (1 + v)^2); 4.5
     * standard errors each */
    const double v = variance, m2 = 1.0 + v, m4 = 1.0 + 6.0 * v + 3.0 * v * v;
    const double m8 = 1.0 + 28.0 * v + 210.0 * v * v + 420.0 * pow(v, 3) + 105.0 * pow(v, 4);
    assert_near(sum, 0.0, 4.5 * sqrt(m2 / F), "mean");
    assert_near(square, m2, 4.5 * sqrt((m4 - m2 * m2) / F), "second moment");
    assert_near(fourth, m4, 4.5 * sqrt((m8 - m4 * m4) / F), "fourth moment");
    gndp_fieldset_free(set);
    free(values);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gaussian_sets_have_their_kernels_covariance_on_grids),
    cmocka_unit_test(gaussian_sets_have_their_kernels_covariance_at_listed_points),
    cmocka_unit_test(student_t_has_the_radial_law_of_its_density),
    cmocka_unit_test(two_modes_has_half_of_its_fields_about_each),
};

GNDP_TEST_MAIN(tests)
