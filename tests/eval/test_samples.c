// SPDX-License-Identifier: Apache-2.0
// Moments, spectra and correlations of sets of fields against closed forms.
#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>

#include <gndp/eval.h>

enum { LAT = 3, LON = 16, POINTS = LAT * LON, FIELDS = 40 };

static void close_to(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.17g is not %.17g to %g", a, b, tolerance);
}

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

/* Fields on a global grid, f64, values from a function of field and point. */
static gndp_fieldset *make(double (*value)(int64_t field, int64_t point), const uint8_t *present)
{
    static const double lat[LAT] = {-45.0, 0.0, 45.0};
    double lon[LON], *y = malloc(sizeof *y * FIELDS * POINTS);
    const gndp_channel channel = gndp_channel_scalar("t", "K");
    gndp_fieldset_spec spec = {.n_fields = FIELDS, .n_channels = 1, .channel = &channel, .origin = "test"};
    gndp_fieldset *set = NULL;
    assert_non_null(y);
    for (int i = 0; i < LON; i++)
        lon[i] = 360.0 * i / LON;
    spec.coords = (gndp_coords){.space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_PRODUCT, .columns = 2, .n = POINTS};
    spec.coords.axis[0] = (gndp_axis){.name = "latitude", .size = LAT, .value = lat};
    spec.coords.axis[1] = (gndp_axis){.name = "longitude", .size = LON, .value = lon};
    for (int64_t f = 0; f < FIELDS; f++)
        for (int64_t i = 0; i < POINTS; i++)
            y[f * POINTS + i] = value(f, i);
    const gndp_array values = gndp_array_view(gndp_type_3d(GNDP_F64, FIELDS, POINTS, 1), y);
    must(gndp_fieldset_create(&spec, &values, present, &set));
    free(y);
    return set;
}

/* 280 + 3 cos(2 lambda) + cos(5 lambda + f): power 9/2 at wavenumber 2 and 1/2 at 5, whatever the phase. */
static double wave(int64_t field, int64_t point)
{
    const double lambda = 2.0 * acos(-1.0) * (double)(point % LON) / LON;
    return 280.0 + 3.0 * cos(2.0 * lambda) + cos(5.0 * lambda + (double)field);
}

static void spectrum_of_waves_is_their_power(void **state)
{
    (void)state;
    double power[LON / 2 + 1];
    gndp_fieldset *set = make(wave, NULL);
    must(gndp_zonal_spectrum(set, power));
    for (int k = 0; k <= LON / 2; k++)
        close_to(power[k], k == 2 ? 4.5 : k == 5 ? 0.5 : 0.0, 1e-12);
    gndp_fieldset_free(set);
}

/* A second channel without its first latitude in any field, the first whole: each is a mean over rows of its own. */
static void spectrum_passes_over_rows_by_component(void **state)
{
    (void)state;
    enum { F = 2 };
    static const double lat[LAT] = {-45.0, 0.0, 45.0};
    double lon[LON], *y = malloc(sizeof *y * F * POINTS * 2), power[(LON / 2 + 1) * 2];
    uint8_t *present = malloc(F * POINTS * 2);
    const gndp_channel channel[2] = {gndp_channel_scalar("t", "K"), gndp_channel_scalar("u", "m")};
    gndp_fieldset_spec spec = {.n_fields = F, .n_channels = 2, .channel = channel, .origin = "test"};
    gndp_fieldset *set = NULL;
    assert_non_null(y);
    assert_non_null(present);
    for (int i = 0; i < LON; i++)
        lon[i] = 360.0 * i / LON;
    spec.coords = (gndp_coords){.space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_PRODUCT, .columns = 2, .n = POINTS};
    spec.coords.axis[0] = (gndp_axis){.name = "latitude", .size = LAT, .value = lat};
    spec.coords.axis[1] = (gndp_axis){.name = "longitude", .size = LON, .value = lon};
    for (int64_t i = 0; i < F * POINTS * 2; i++) {
        y[i] = wave(i / 2 / POINTS, i / 2 % POINTS);
        present[i] = i % 2 == 0 || i / 2 % POINTS >= LON;
    }
    const gndp_array values = gndp_array_view(gndp_type_3d(GNDP_F64, F, POINTS, 2), y);
    must(gndp_fieldset_create(&spec, &values, present, &set));
    must(gndp_zonal_spectrum(set, power));
    for (int k = 0; k <= LON / 2; k++)
        for (int p = 0; p < 2; p++)
            close_to(power[k * 2 + p], k == 2 ? 4.5 : k == 5 ? 0.5 : 0.0, 1e-12);
    gndp_fieldset_free(set);
    free(y);
    free(present);
}

static double counting(int64_t field, int64_t point)
{
    return (double)field + 100.0 * (double)point;
}

/* 0 .. F - 1 has mean (F - 1)/2 and population variance (F^2 - 1)/12. */
static void moments_are_those_of_a_count(void **state)
{
    (void)state;
    double mean[POINTS], sd[POINTS];
    uint8_t *present = malloc(FIELDS * POINTS);
    for (int i = 0; i < FIELDS * POINTS; i++)
        present[i] = i % POINTS != 7; /* one point is never there */
    gndp_fieldset *set = make(counting, present);
    must(gndp_field_moments(set, mean, sd));
    for (int i = 0; i < POINTS; i++) {
        if (i == 7) {
            assert_true(isnan(mean[i]) && isnan(sd[i]));
            continue;
        }
        close_to(mean[i], (FIELDS - 1) / 2.0 + 100.0 * i, 1e-10);
        close_to(sd[i], sqrt((FIELDS * FIELDS - 1) / 12.0), 1e-10);
    }
    gndp_fieldset_free(set);
    free(present);
}

static double alternating(int64_t field, int64_t point)
{
    return (double)point + (field % 2 == 0 ? 1.0 : -1.0);
}

static void correlation_of_alternating_fields_is_minus_one(void **state)
{
    (void)state;
    double r;
    gndp_fieldset *set = make(alternating, NULL);
    must(gndp_lag_correlation(set, 1, &r));
    close_to(r, -1.0, 1e-12);
    must(gndp_lag_correlation(set, 2, &r));
    close_to(r, 1.0, 1e-12);
    assert_int_equal(gndp_lag_correlation(set, FIELDS, &r), GNDP_ERR_RANGE);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(spectrum_of_waves_is_their_power),
    cmocka_unit_test(spectrum_passes_over_rows_by_component),
    cmocka_unit_test(moments_are_those_of_a_count),
    cmocka_unit_test(correlation_of_alternating_fields_is_minus_one),
};

GNDP_TEST_MAIN(tests)
