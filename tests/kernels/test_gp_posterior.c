// SPDX-License-Identifier: Apache-2.0
// Posteriors on grids as laws: mean and covariance are those that the process predicts point by
// point, with observations on the grid and between its points.
#include "kernels/gp_case.h"

static const double axis[6] = {-1, -0.4, 0.2, 0.8, 1.4, 2}, short_axis[3] = {0, 1, 1.5},
                    lat[5] = {72, 36, 0, -36, -72}, poles[4] = {90, 30, -30, -90};

/* Observations with noise of their own. */
typedef struct stations {
    int64_t n;
    double *x, *y, *noise;
} stations;

static stations stations_of(const double *x, int64_t n, int outputs)
{
    stations s = {n, (double *)(uintptr_t)x, normals(n * outputs, 41), zeros(n * outputs)};
    for (int64_t i = 0; i < n * outputs; i++) {
        s.noise[i] = 0.02 + 0.01 * (double)(i % 3);
    }
    return s;
}

/*
 * Mean, and R R' of the law, against gndp_gp_predict at the grid's points as a list: to the
 * rounding of Gram matrices through K_cc + noise, whose condition is about 1e2.
 */
static void check(const char *kernel, const gndp_points *grid, const double *x, int64_t n,
                  bool observe)
{
    gndp_kernel *k = parse(kernel);
    const int64_t d = grid->kind == GNDP_POINTS_LATLON ? 3 : grid->n_axes,
                  points = gndp_points_count(grid);
    const int p = gndp_kernel_outputs(k, d);
    const int64_t size = points * p;
    stations s = stations_of(x, n, p);
    gndp_gp_data data = data_of(x, n, d, s.y, s.noise);
    data.mean = 0.7;
    gndp_gp *gp = NULL;
    gndp_gaussian *law = NULL;
    must(gndp_gp_create(k, &data, &gp));
    double *list = zeros(points * d), *mean = zeros(size), *covariance = zeros(size * size);
    gndp_array at_list = at(list, points, d);
    must(gndp_points_list(grid, &at_list));
    must(gndp_gp_predict(gp, &at_list, observe, mean, NULL, covariance));
    must(gndp_gp_posterior(gp, grid, observe, NULL, &law));
    gndp_gp_free(gp); /* the law needs it no more */
    assert_int_equal(gndp_gaussian_size(law), size);
    double *unit = zeros(size * size), *product = zeros(size * size), *got = zeros(size);
    for (int64_t i = 0; i < size; i++) {
        unit[i * size + i] = 1.0;
    }
    must(gndp_gaussian_apply(law, size, unit, product));
    gndp_gaussian_mean(law, got);
    for (int64_t i = 0; i < size; i++) {
        assert_close(got[i], mean[i], 1e-10);
    }
    for (int64_t i = 0; i < size * size; i++) {
        assert_close(product[i], covariance[i], 1e-10);
    }
    must(gndp_gaussian_variance(law, got));
    for (int64_t i = 0; i < size; i++) {
        assert_close(got[i], covariance[i * size + i], 1e-10);
    }
    /* the transpose of the root is its adjoint */
    const int64_t rank = gndp_gaussian_rank(law);
    double *e = normals(rank, 42), *v = normals(size, 43), *re = zeros(size), *rv = zeros(rank),
           left = 0.0, right = 0.0;
    must(gndp_gaussian_apply_root(law, false, 1, e, re));
    must(gndp_gaussian_apply_root(law, true, 1, v, rv));
    for (int64_t i = 0; i < size; i++) {
        left += re[i] * v[i];
    }
    for (int64_t i = 0; i < rank; i++) {
        right += e[i] * rv[i];
    }
    assert_close(left, right, 1e-10 * sqrt((double)size * (double)rank));
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    free(s.y), free(s.noise), free(list), free(mean), free(covariance), free(unit), free(product);
    free(got), free(e), free(v), free(re), free(rv);
}

static const gndp_points plane = {.kind = GNDP_POINTS_PRODUCT,
                                  .n_axes = 2,
                                  .axis = {axis, short_axis},
                                  .axis_size = {6, 3}},
                         line = {.kind = GNDP_POINTS_PRODUCT,
                                 .n_axes = 1,
                                 .axis = {axis},
                                 .axis_size = {6}};

static void posterior_on_a_product_joins_observations_to_the_axes(void **state)
{
    (void)state;
    /* between the points, on one, on an axis value of one coordinate alone, outside, one twice */
    const double x[14] = {0.5, 0.3, 0.2, 1, -1, 0.7, 5, -2, 0.5, 0.3, 1.1, 1.5, 2, 0};
    check("rbf(lengthscale=0.7) + white(variance=0.05)", &plane, x, 7, false);
    check("rbf(lengthscale=0.7) + white(variance=0.05)", &plane, x, 7, true);
    check("on(matern32(), axes=[0]) * on(rbf(lengthscale=2), axes=[1])", &plane, x, 7, false);
    check("coregion(rbf(), a=[1, 0.5], rank=1, diagonal=[0.1, 0.1]) + white(variance=0.02)", &plane,
          x, 7, false);
    check("matern12() + white(variance=0.1)", &line, x, 9, true);
    check("rbf()", &line, NULL, 0, false); /* nothing observed: the prior */
}

static void posterior_on_a_product_takes_any_kernel_at_grid_points(void **state)
{
    (void)state;
    const double x[8] = {0.2, 1, -1, 1.5, 2, 0, 0.8, 1};
    check("rbf() + matern32(lengthscale=2) + white(variance=0.05)", &plane, x, 4, false);
    check("curlfree(rbf()) + white(variance=0.05)", &plane, x, 4, true);
    double even[70];
    for (int i = 0; i < 70; i++) { /* 4900 points: beyond a dense law by choice */
        even[i] = 0.1 * i;
    }
    const gndp_points large = {
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 2, .axis = {even, even}, .axis_size = {70, 70}};
    const double seen[4] = {even[3], even[60], even[44], even[44]}, y[2] = {2, -1};
    gndp_gp *gp = condition("matern32() + matern12(lengthscale=0.5) + white(variance=0.01)",
                            data_of(seen, 2, 2, y, NULL));
    gndp_gaussian *law = NULL;
    must(gndp_gp_posterior(gp, &large, false, NULL, &law));
    assert_non_null(strstr(gndp_gaussian_describe(law), "circulant"));
    double *mean = zeros(4900), *variance = zeros(4900), want, sd;
    gndp_gaussian_mean(law, mean);
    must(gndp_gaussian_variance(law, variance));
    for (int i = 0; i < 4900; i += 611) {
        const double place[2] = {even[i / 70], even[i % 70]};
        const gndp_array one = at(place, 1, 2);
        must(gndp_gp_predict(gp, &one, false, &want, &sd, NULL));
        assert_close(mean[i], want, 1e-10);
        assert_close(variance[i], sd, 1e-10);
    }
    gndp_gaussian_free(law);
    gndp_gp_free(gp);
    free(mean), free(variance);
}

static gndp_points globe(int64_t n_lat, const double *lats, int64_t n_lon, double lon0)
{
    return (gndp_points){.kind = GNDP_POINTS_LATLON,
                         .lat_deg = lats,
                         .n_lat = n_lat,
                         .n_lon = n_lon,
                         .lon0_deg = lon0};
}

/* Few longitudes alias wavenumbers of a long series; stations lie anywhere, at a pole, on the date
 * line and on grid points too. */
static void posterior_on_the_sphere_takes_observations_anywhere(void **state)
{
    (void)state;
    double *x = on_sphere(9, 44);
    const double lats[4] = {90, 36, -12.5, -90}, lons[4] = {33, 7.5, 180, -60};
    gndp_sphere_from_degrees(4, lats, lons, x);
    static const char *const scalars[] = {
        "s2_heat(kappa=0.5) + white(variance=0.02)",
        "s2_rbf(lengthscale=0.6) * s2_heat(kappa=0.8) + constant(variance=0.3)",
        "coregion(s2_heat(kappa=0.6), a=[1, 0.5], rank=1, diagonal=[0.1, 0.3])"};
    const int64_t n_lons[] = {1, 2, 5, 8};
    for (int i = 0; i < 4; i++) {
        const gndp_points open = globe(5, lat, n_lons[i], 7.5),
                          whole = globe(4, poles, n_lons[i], -20);
        for (int j = 0; j < 3; j++) {
            check(scalars[j], i % 2 == 0 ? &open : &whole, x, 9, j % 2 == 0);
        }
        check("s2_curlfree(s2_heat(kappa=0.5)) + white(variance=0.02)", &open, x, 9, false);
    }
    const gndp_points few = globe(2, lat + 1, 5, 7.5); /* 513 degrees */
    check("s2_matern(nu=1.5, kappa=0.4)", &few, x, 5, false);
    check("s2_hodge(s2_matern(nu=1.5, kappa=0.4), curl=0.3, div=0.7)", &few, x, 5, false);
    const gndp_points open = globe(5, lat, 8, 7.5);
    check(scalars[0], &open, NULL, 0, false);
    free(x);
}

/* Vectors at a grid's pole stand in the frames of its longitudes: as an observation there, in the
 * frame of its meridian, has them. */
static void posterior_at_a_pole_turns_with_the_longitude(void **state)
{
    (void)state;
    enum { LONS = 6 };
    const double lons[1] = {60}, north[1] = {90}, y[2] = {2, -1}, tiny[2] = {1e-8, 1e-8};
    double x[3], mean[2 * 4 * LONS];
    gndp_sphere_from_degrees(1, north, lons, x);
    gndp_gp *gp = condition("s2_divfree(s2_heat(kappa=0.5))", data_of(x, 1, 3, y, tiny));
    const gndp_points grid = globe(4, poles, LONS, 0.0);
    gndp_gaussian *law = NULL;
    must(gndp_gp_posterior(gp, &grid, false, NULL, &law));
    gndp_gaussian_mean(law, mean);
    for (int j = 0; j < LONS; j++) { /* east at longitude a is cos(a - b) of that at b, .. */
        const double turn = (60.0 * j - 60.0) * 0.017453292519943295;
        assert_close(mean[2 * j], cos(turn) * y[0] + sin(turn) * y[1], 1e-6);
        assert_close(mean[2 * j + 1], -sin(turn) * y[0] + cos(turn) * y[1], 1e-6);
    }
    gndp_gaussian_free(law);
    gndp_gp_free(gp);
}

/* Draws: bits by seed and member alone, and at an observed point they stay near its value. */
static void posterior_draws_follow_from_seed_and_member(void **state)
{
    (void)state;
    double *x = on_sphere(6, 45), *y = normals(6, 46), draw[2][9 * 40];
    gndp_gp *gp =
        condition("s2_matern(nu=1.5, kappa=0.6) + white(variance=0.01)", data_of(x, 6, 3, y, NULL));
    const gndp_points grid = globe(5, lat, 8, 0.0);
    uint32_t member[9];
    for (uint32_t r = 0; r < 9; r++) {
        member[r] = 7 * r;
    }
    for (int threads = 1; threads <= 2; threads++) {
        const gndp_gaussian_options options = {.threads = threads};
        gndp_gaussian *law = NULL;
        must(gndp_gp_posterior(gp, &grid, true, &options, &law));
        must(gndp_gaussian_sample(law, 8, member, 9, draw[threads - 1]));
        for (int r = 0; r < 9; r++) {
            double one[40];
            must(gndp_gaussian_sample(law, 8, member + r, 1, one));
            assert_memory_equal(one, draw[threads - 1] + 40 * r, sizeof one);
        }
        gndp_gaussian_free(law);
    }
    assert_memory_equal(draw[0], draw[1], sizeof draw[0]);
    gndp_gp_free(gp);
    free(x), free(y);
}

static void posterior_says_what_does_not_fit(void **state)
{
    (void)state;
    const double x[4] = {0.5, 0.3, 0.2, 1}, y[4] = {1, 2, 3, 4};
    gndp_gaussian *law = NULL;
    gndp_gp *gp = condition("rbf() + matern32() + white(variance=0.1)", data_of(x, 2, 2, y, NULL));
    assert_fails(gndp_gp_posterior(gp, &plane, false, NULL, &law), GNDP_ERR_UNSUPPORTED,
                 "between the grid points");
    assert_null(law);
    assert_fails(gndp_gp_posterior(gp, &line, false, NULL, &law), GNDP_ERR_SHAPE, "1 coordinates");
    const gndp_points list = {.kind = GNDP_POINTS_LIST, .x = at(x, 2, 2)};
    assert_fails(gndp_gp_posterior(gp, &list, false, NULL, &law), GNDP_ERR_UNSUPPORTED,
                 "gndp_gp_sample");
    assert_fails(gndp_gp_posterior(NULL, &plane, false, NULL, &law), GNDP_ERR_ARG, "gp is NULL");
    assert_fails(gndp_gp_posterior(gp, &plane, false, NULL, NULL), GNDP_ERR_ARG, "out is NULL");
    gndp_gp_free(gp);
    gp = condition("white(variance=0.1)", data_of(x, 2, 2, y, NULL));
    assert_fails(gndp_gp_posterior(gp, &plane, false, NULL, &law), GNDP_ERR_UNSUPPORTED,
                 "white noise");
    gndp_gp_free(gp);
    gp = condition("rbf() * (constant() + white(variance=0.1))", data_of(x, 2, 2, y, NULL));
    assert_fails(gndp_gp_posterior(gp, &plane, false, NULL, &law), GNDP_ERR_UNSUPPORTED,
                 "cannot be taken off");
    gndp_gp_free(gp);
    gp = condition("rbf() + white(variance=0.1)", data_of(x, 2, 2, y, NULL));
    const gndp_gaussian_options small = {.max_bytes = 500};
    assert_fails(gndp_gp_posterior(gp, &plane, false, &small, &law), GNDP_ERR_NOMEM, "max_bytes");
    gndp_gp_free(gp);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(posterior_on_a_product_joins_observations_to_the_axes),
    cmocka_unit_test(posterior_on_a_product_takes_any_kernel_at_grid_points),
    cmocka_unit_test(posterior_on_the_sphere_takes_observations_anywhere),
    cmocka_unit_test(posterior_at_a_pole_turns_with_the_longitude),
    cmocka_unit_test(posterior_draws_follow_from_seed_and_member),
    cmocka_unit_test(posterior_says_what_does_not_fit),
};

GNDP_TEST_MAIN(tests)
