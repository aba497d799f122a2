// SPDX-License-Identifier: Apache-2.0
// Coordinates: order of points, unit vectors, closing circles, and what any file could have got
// wrong.
#include "fields/check.h"

static void fill_axis(double *v, int64_t n, double first, double step)
{
    for (int64_t i = 0; i < n; i++)
        v[i] = first + step * (double)i;
}

static void coords_list_varies_the_last_axis_fastest(void **state)
{
    (void)state;
    const double a[2] = {10, 20}, b[3] = {1, 2, 3}, d[4] = {-1, -2, -3, -4};
    gndp_coords c = {
        .space = GNDP_SPACE_EUCLIDEAN,
        .layout = GNDP_LAYOUT_PRODUCT,
        .columns = 3,
        .axis = {axis_of("a", "1", 2, a), axis_of("b", "1", 3, b), axis_of("d", "1", 4, d)},
        .n = 24};
    double x[72];
    assert_ok(gndp_coords_check(&c));
    gndp_coords_list(&c, x);
    for (int i = 0; i < 24; i++) {
        assert_near(x[3 * i], a[i / 12], 0.0);
        assert_near(x[3 * i + 1], b[i / 4 % 3], 0.0);
        assert_near(x[3 * i + 2], d[i % 4], 0.0);
    }
    const gndp_coords list = point_list(GNDP_SPACE_EUCLIDEAN, 3, 24, x);
    double y[72];
    gndp_coords_list(&list, y);
    assert_memory_equal(x, y, sizeof x);
    assert_int_equal(gndp_coords_dim(&c), 3);
}

/* Exact at the poles and at the six axis points; everywhere of length 1, and with the angle between
   two meridians on the equator equal to the difference of longitudes. */
static void coords_embed_gives_unit_vectors(void **state)
{
    (void)state;
    const double x[][2] = {{90, 123.4}, {-90, -77}, {0, 0},    {0, 90},
                           {0, 180},    {0, 270},   {0, -180}, {0, 720}};
    const double want[][3] = {{0, 0, 1},  {0, 0, -1}, {1, 0, 0},  {0, 1, 0},
                              {-1, 0, 0}, {0, -1, 0}, {-1, 0, 0}, {1, 0, 0}};
    double e[8][3];
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 8, x[0], e[0]);
    assert_memory_equal(e, want, sizeof want);
    dice d = {1, 0};
    for (int i = 0; i < 5000; i++) {
        const double lat = dice_uniform(&d, -90, 90), lon = dice_uniform(&d, -360, 720);
        const double p[4] = {lat, lon, lat, lon + 360.0};
        double u[6];
        gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 2, p, u);
        assert_near(u[0] * u[0] + u[1] * u[1] + u[2] * u[2], 1.0, 1e-15); /* 9 roundings */
        for (int j = 0; j < 3; j++)
            assert_near(u[j], u[j + 3], 2e-14); /* lon + 360 is rounded at 1e3 */
        assert_near(asin(u[2]) * 57.29577951308232, lat, 2e-6);
        assert_near(remainder(atan2(u[1], u[0]) * 57.29577951308232 - lon, 360.0), 0.0, 1e-10);
    }
    const double plane[4] = {1, 2, 3, 4};
    double same[4];
    gndp_coords_embed(GNDP_SPACE_EUCLIDEAN, 2, 2, plane, same);
    assert_memory_equal(plane, same, sizeof plane);
}

static void coords_periodic_only_when_the_spacing_continues(void **state)
{
    (void)state;
    static double lat[3] = {-10, 0, 10}, lon[1440];
    const struct {
        int64_t n;
        double first, step;
        bool want;
    } cases[] = {{1440, 0, 0.25, true},       {1440, -180, 0.25, true}, {1440, 359.75, -0.25, true},
                 {1439, 0, 0.25, false},      {4, 45, 90, true},        {2, 0, 180, true},
                 {1, 0, 360, false},          {36, 0, 9.9, false},      {36, 0, 10.02, false},
                 {128, 1.40625, 2.8125, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill_axis(lon, cases[i].n, cases[i].first, cases[i].step);
        gndp_coords c = sphere_grid(3, lat, cases[i].n, lon);
        if (gndp_coords_periodic(&c) != cases[i].want)
            fail_msg("case %zu", i);
        for (int64_t k = 0; k < cases[i].n; k++) /* as float files have it */
            lon[k] = (double)(float)lon[k];
        assert_int_equal(gndp_coords_periodic(&c), cases[i].want);
        c.space = GNDP_SPACE_EUCLIDEAN;
        assert_false(gndp_coords_periodic(&c));
    }
    fill_axis(lon, 36, 0, 10);
    lon[17] += 1.0; /* irregular: the circle closes, but the grid is none */
    const gndp_coords c = sphere_grid(3, lat, 36, lon);
    assert_false(gndp_coords_periodic(&c));
}

/* One wrong thing at a time in good coordinates. */
static void coords_check_names_what_is_wrong(void **state)
{
    (void)state;
    double lat[3] = {-10, 0, 10}, lon[4] = {350, 360, 370, 380};
    const gndp_coords good = sphere_grid(3, lat, 4, lon);
    assert_ok(gndp_coords_check(&good));
    lat[1] = (double)NAN;
    assert_fails(gndp_coords_check(&good), GNDP_ERR_NONFINITE, "axis 'latitude', value 1 is");
    lat[1] = 95.0;
    assert_fails(gndp_coords_check(&good), GNDP_ERR_RANGE, "latitude 95 is outside -90..90");
    lat[1] = 10.0;
    assert_fails(gndp_coords_check(&good), GNDP_ERR_FORMAT, "10 is given twice, at 1 and 2");
    lat[1] = 20.0;
    assert_fails(gndp_coords_check(&good), GNDP_ERR_FORMAT,
                 "'latitude' is not monotonic: value 1 is 20");
    lat[1] = 0.0;
    lon[3] = 721.0;
    assert_fails(gndp_coords_check(&good), GNDP_ERR_RANGE, "longitude 721 is outside -360..720");
    lon[3] = 710.0;
    assert_fails(gndp_coords_check(&good), GNDP_ERR_FORMAT, "350 and 710 are one meridian");
    lon[3] = 709.99993896484375; /* the float below 710 */
    assert_fails(gndp_coords_check(&good), GNDP_ERR_FORMAT, "one meridian");
    lon[3] = 711.0;
    assert_fails(gndp_coords_check(&good), GNDP_ERR_FORMAT, "more than once round");
    lon[3] = 709.0;
    assert_ok(gndp_coords_check(&good));
    gndp_coords c = good;
    c.n = 13;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "12 points, not 13");
    c = good;
    c.axis[1].size = 0;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "'longitude' has 0 values");
    c = good;
    c.axis[1].value = NULL;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "no values");
    c = good;
    c.x = lat;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "list of points too");
    c = good;
    c.columns = 3;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "2 columns");
    c.columns = 0;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "0 columns");
    c = good;
    c.space = (gndp_space)7;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_ARG, "space 7");
    c = good;
    c.layout = (gndp_layout)-1;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_ARG, "layout -1");
    c = good;
    memset(c.axis[0].units, 'x', sizeof c.axis[0].units);
    assert_fails(gndp_coords_check(&c), GNDP_ERR_ARG, "no end");
    assert_fails(gndp_coords_check(NULL), GNDP_ERR_ARG, "NULL");

    double x[4] = {0, 0, 90.0000000000026, 720};
    c = point_list(GNDP_SPACE_SPHERE, 2, 2, x);
    assert_ok(gndp_coords_check(&c)); /* numpy.arange(-90, 90.1, 0.1)[-1] */
    x[2] = 90.00001;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_RANGE, "axis 'x1', value 1");
    x[2] = 0.0;
    c.n = 0;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "0 points");
    c.n = INT64_MAX / 4;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "points");
    c = point_list(GNDP_SPACE_SPHERE, 2, 2, NULL);
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "without coordinates");
    c = point_list(GNDP_SPACE_SPHERE, 2, 2, x);
    c.axis[0].size = 2;
    assert_fails(gndp_coords_check(&c), GNDP_ERR_SHAPE, "values of its own");
}

/* What the check says of an axis, said anew and slowly: a valid axis has finite values in range,
   all pairs ordered alike, and on a circle no two on one meridian. */
static bool axis_is_valid(bool lon, bool lat, int64_t n, const double *v)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(v[i]) || (lat && fabs(v[i]) > 90.0) || (lon && (v[i] < -360 || v[i] > 720)))
            return false;
        for (int64_t j = 0; j < i; j++) {
            if (v[i] == v[j] || (v[j] < v[i]) != (v[0] < v[n - 1]))
                return false;
            if (lon && fabs(v[i] - v[j]) >= 360.0)
                return false;
        }
    }
    return true;
}

/* Random axes from a small set of values, whole degrees, so that every fault turns up often. */
static void coords_check_agrees_with_a_slow_oracle(void **state)
{
    (void)state;
    dice d = {4, 0};
    int valid = 0, codes[GNDP_ERR_INTERNAL + 1] = {0};
    for (int trial = 0; trial < 40000; trial++) {
        double value[2][6];
        gndp_coords c = {
            .space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_PRODUCT, .columns = 2, .n = 1};
        bool want = true;
        for (int a = 0; a < 2; a++) {
            const int64_t n = 1 + dice_below(&d, 5);
            const double step = (double)(dice_below(&d, 7) - 3) * (a == 0 ? 15.0 : 60.0);
            const double first = (double)dice_below(&d, 13) * 15.0 - 90.0;
            for (int64_t i = 0; i < n; i++)
                value[a][i] = first + step * (double)i;
            if (dice_below(&d, 4) == 0)
                value[a][dice_below(&d, n)] = (double)dice_below(&d, 40) * 30.0 - 400.0;
            if (dice_below(&d, 20) == 0)
                value[a][dice_below(&d, n)] =
                    dice_below(&d, 2) == 0 ? (double)NAN : (double)INFINITY;
            c.axis[a] = axis_of("", "", n, value[a]);
            c.n *= n;
            want = want && axis_is_valid(a == 1, a == 0, n, value[a]);
        }
        if (dice_below(&d, 20) == 0) {
            c.n += 1 - 2 * dice_below(&d, 2);
            want = false;
        }
        const gndp_status got = gndp_coords_check(&c);
        if ((got == GNDP_OK) != want)
            fail_msg("trial %d: %s, but %s", trial, gndp_status_name(got),
                     want ? "valid" : "not valid");
        codes[got]++;
        valid += want;
    }
    assert_true(valid > 4000 && codes[GNDP_ERR_NONFINITE] > 1000 && codes[GNDP_ERR_RANGE] > 1000 &&
                codes[GNDP_ERR_FORMAT] > 1000 && codes[GNDP_ERR_SHAPE] > 100);
}

/* Any bytes at all in the fields that are not pointers: an answer, never a crash. */
static void coords_check_survives_any_numbers(void **state)
{
    (void)state;
    dice d = {5, 0};
    double room[64];
    for (int trial = 0; trial < 40000; trial++) {
        gndp_coords c = {.space = (gndp_space)(dice_below(&d, 4) - 1),
                         .layout = (gndp_layout)(dice_below(&d, 4) - 1),
                         .columns = (int)dice_below(&d, 7) - 1,
                         .n = dice_below(&d, 4) == 0 ? (int64_t)dice_word(&d) : dice_below(&d, 33)};
        for (int i = 0; i < 64; i++) {
            const uint64_t word = dice_word(&d);
            if (dice_below(&d, 2) == 0)
                memcpy(&room[i], &word, sizeof word);
            else
                room[i] = i;
        }
        /* sizes claim no more than there is: what a pointer holds is the caller's to know */
        for (int a = 0; a < GNDP_MAX_AXES; a++)
            c.axis[a] =
                axis_of("a", "", dice_below(&d, 16) - 1, dice_below(&d, 5) == 0 ? NULL : room + a);
        c.x = dice_below(&d, 2) == 0 ? NULL : room;
        if (c.layout == GNDP_LAYOUT_LIST && c.x != NULL && (c.n > 16 || c.n < 0))
            c.n = c.n < 0 ? c.n : 16;
        const gndp_status st = gndp_coords_check(&c);
        if (st == GNDP_OK && c.layout == GNDP_LAYOUT_PRODUCT && c.n <= 1000) {
            double *x = malloc((size_t)(c.n * c.columns) * sizeof *x);
            assert_non_null(x);
            gndp_coords_list(&c, x);
            for (int64_t i = 0; i < c.n * c.columns; i++)
                assert_true(isfinite(x[i]));
            free(x);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(coords_list_varies_the_last_axis_fastest),
    cmocka_unit_test(coords_embed_gives_unit_vectors),
    cmocka_unit_test(coords_periodic_only_when_the_spacing_continues),
    cmocka_unit_test(coords_check_names_what_is_wrong),
    cmocka_unit_test(coords_check_agrees_with_a_slow_oracle),
    cmocka_unit_test(coords_check_survives_any_numbers),
};

GNDP_TEST_MAIN(tests)
