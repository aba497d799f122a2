// SPDX-License-Identifier: Apache-2.0
// Statistics of sets: closed forms, large means, missing values, fields larger than a block.
#include "fields/check.h"

static gndp_fieldset *list_of(int64_t f, int64_t n, const double *values, const uint8_t *present)
{
    const gndp_channel channel = gndp_channel_scalar("p", "Pa");
    double *x = calloc((size_t)n, sizeof *x);
    assert_non_null(x);
    const gndp_fieldset_spec spec = {.n_fields = f,
                                     .coords = point_list(GNDP_SPACE_EUCLIDEAN, 1, n, x),
                                     .n_channels = 1,
                                     .channel = &channel};
    double *copy = malloc((size_t)(f * n) * sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, values, (size_t)(f * n) * sizeof *copy);
    const gndp_array a = gndp_array_view(gndp_type_3d(GNDP_F64, f, n, 1), copy);
    gndp_fieldset *set = NULL;
    assert_ok(gndp_fieldset_create(&spec, &a, present, &set));
    free(copy);
    free(x);
    return set;
}

/* 1 .. n has mean (n + 1)/2 and variance (n^2 - 1)/12; about a mean of 1e9 all the digits of the
   deviations stay, where the textbook formula would keep none. */
static void stats_are_those_of_an_arithmetic_series(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static double v[COUNT];
    for (int big = 0; big < 2; big++) {
        const double shift = big ? 1e9 : 0.0;
        for (int i = 0; i < COUNT; i++)
            v[i] = shift + (double)((i * 7919) % COUNT) + 1.0; /* 7919 is prime: a permutation */
        gndp_fieldset *set = list_of(30, 100, v, NULL);
        gndp_component_stats s;
        assert_ok(gndp_fieldset_stats(set, &s));
        assert_int_equal(s.present, COUNT);
        assert_int_equal(s.missing, 0);
        assert_near(s.low, shift + 1.0, 0.0);
        assert_near(s.high, shift + COUNT, 0.0);
        assert_near(s.mean, shift + (COUNT + 1) / 2.0, big ? 1.2e-7 : 1e-12); /* an ulp of 1e9 */
        assert_near(s.sd, sqrt(((double)COUNT * COUNT - 1.0) / 12.0), 1e-9);
        gndp_fieldset_free(set);
    }
}

static void stats_leave_missing_values_out(void **state)
{
    (void)state;
    const double v[6] = {3, (double)NAN, 5, 1e300, 4, (double)INFINITY};
    const uint8_t is[6] = {1, 0, 1, 0, 1, 0}, none[6] = {0};
    gndp_fieldset *set = list_of(2, 3, v, is);
    gndp_component_stats s;
    assert_ok(gndp_fieldset_stats(set, &s));
    assert_int_equal(s.present, 3);
    assert_int_equal(s.missing, 3);
    assert_near(s.mean, 4.0, 0.0);
    assert_near(s.sd, sqrt(2.0 / 3.0), 1e-15);
    gndp_fieldset_free(set);
    set = list_of(2, 3, v, none);
    assert_ok(gndp_fieldset_stats(set, &s));
    assert_int_equal(s.present, 0);
    assert_int_equal(s.missing, 6);
    assert_true(isnan(s.mean) && isnan(s.sd) && isnan(s.low) && isnan(s.high));
    gndp_fieldset_free(set);
}

static void stats_of_a_constant_have_no_spread(void **state)
{
    (void)state;
    double v[1000];
    for (int i = 0; i < 1000; i++)
        v[i] = 0.1;
    gndp_fieldset *set = list_of(10, 100, v, NULL);
    gndp_component_stats s;
    assert_ok(gndp_fieldset_stats(set, &s));
    assert_near(s.sd, 0.0, 0.0);
    assert_near(s.mean, 0.1, 0.0);
    gndp_fieldset_free(set);
}

/* Fields of five million points are read in parts: no request is larger than the bound of 32 MiB.
 */
enum { NLAT = 2000, NLON = 2500, BIG = NLAT * NLON, FIELDS = 2 };

typedef struct counter {
    int64_t largest, rows;
} counter;

static gndp_status ramp_read(void *state, int64_t n, const int64_t *field, int64_t m,
                             const int64_t *point, double *values, uint8_t *present)
{
    counter *c = state;
    assert_int_equal(n, 1);
    c->largest = m > c->largest ? m : c->largest;
    c->rows += m;
    for (int64_t j = 0; j < m; j++) {
        values[j] = (double)(field[0] * BIG + (point != NULL ? point[j] : j));
        present[j] = 1;
    }
    return GNDP_OK;
}

static void stats_read_large_fields_in_parts(void **state)
{
    (void)state;
    static double lat[NLAT], lon[NLON];
    for (int i = 0; i < NLAT; i++)
        lat[i] = 80.0 - 0.08 * i;
    for (int i = 0; i < NLON; i++)
        lon[i] = 0.144 * i;
    const gndp_channel channel = gndp_channel_scalar("ramp", "1");
    const gndp_fieldset_spec spec = {.n_fields = FIELDS,
                                     .coords = sphere_grid(NLAT, lat, NLON, lon),
                                     .n_channels = 1,
                                     .channel = &channel};
    counter c = {0, 0};
    const gndp_field_source source = {&c, ramp_read, NULL};
    gndp_fieldset *set = NULL;
    gndp_component_stats s;
    assert_ok(gndp_fieldset_create_view(&spec, source, &set));
    assert_ok(gndp_fieldset_stats(set, &s));
    const double n = (double)BIG * FIELDS;
    assert_int_equal(s.present, BIG * FIELDS);
    assert_int_equal(c.rows, BIG * FIELDS);
    assert_true(c.largest < BIG && c.largest * 9 <= 32 << 20);
    assert_near(s.mean, (n - 1.0) / 2.0, 1e-9 * n);
    assert_near(s.sd, sqrt((n * n - 1.0) / 12.0), 1e-12 * n);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(stats_are_those_of_an_arithmetic_series),
    cmocka_unit_test(stats_leave_missing_values_out),
    cmocka_unit_test(stats_of_a_constant_have_no_spread),
    cmocka_unit_test(stats_read_large_fields_in_parts),
};

GNDP_TEST_MAIN(tests)
