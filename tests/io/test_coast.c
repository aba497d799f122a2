// SPDX-License-Identifier: Apache-2.0
// Coastlines: known places are land or water, lines keep to their bounds, and what is not there is
// told.
#include "io/write_case.h"

#include <gndp/coast.h>
#include <math.h>

static gndp_coast *read_or_skip(gndp_coast_detail detail)
{
    gndp_coast *coast = NULL;
    if (gndp_coast_read(detail, &coast) == GNDP_ERR_NOT_FOUND) {
        print_message("GSHHG is not installed: skipped\n");
        skip();
    }
    assert_non_null(coast);
    return coast;
}

static void coast_knows_land_from_water(void **state)
{
    static const struct {
        const char *name;
        double lat, lon;
        bool land;
    } places[] = {
        {"Paris", 48.9, 2.3, true},
        {"Berlin, by 360", 52.5, 373.4, true},
        {"North Atlantic", 45.0, -30.0, false},
        {"Alice Springs", -23.7, 133.9, true},
        {"Tasman Sea", -38.0, 160.0, false},
        {"Caspian Sea", 42.0, 50.5, false},
        {"South Pole", -90.0, 0.0, true},
        {"North Pole", 90.0, 77.0, false},
        {"Sahara", 23.0, 10.0, true},
        {"Pacific at 180", 0.5, 180.0, false},
        {"Chukotka at 180", 67.5, 180.0, true},
        {"Greenwich on land", 52.0, 0.0, true},
        {"Hudson Bay", 60.0, -85.0, false},
        {"Madagascar", -19.0, 46.5, true},
        {"Lake Superior", 47.7, -87.5, false},
        {"Ross ice shelf", -81.0, -175.0, true},
    };
    (void)state;
    for (int detail = 0; detail <= GNDP_COAST_INTERMEDIATE; detail++) {
        gndp_coast *coast = read_or_skip((gndp_coast_detail)detail);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
            if (gndp_coast_is_land(coast, places[i].lat, places[i].lon) != places[i].land)
                fail_msg("%s, resolution %d (%s)", places[i].name, detail, gndp_coast_path(coast));
        assert_false(gndp_coast_is_land(coast, (double)NAN, 0.0) ||
                     gndp_coast_is_land(coast, 91.0, 0.0) ||
                     gndp_coast_is_land(coast, 0.0, HUGE_VAL));
        gndp_coast_free(coast);
    }
}

/* The share of the globe that is land, lakes not counted: about 0.29. */
static void coast_land_covers_its_share_of_the_globe(void **state)
{
    (void)state;
    gndp_coast *coast = read_or_skip(GNDP_COAST_LOW);
    double land = 0.0, all = 0.0;
    for (double lat = -89.75; lat < 90.0; lat += 0.5)
        for (double lon = 0.25; lon < 360.0; lon += 0.5) {
            const double area = cos(lat * 0.017453292519943295);
            land += gndp_coast_is_land(coast, lat, lon) ? area : 0.0;
            all += area;
        }
    if (land / all < 0.28 || land / all > 0.30)
        fail_msg("land covers %g", land / all);
    gndp_coast_free(coast);
}

static void coast_lines_lie_on_the_globe(void **state)
{
    const double *lat, *lon;
    (void)state;
    gndp_coast *coast = read_or_skip(GNDP_COAST_LOW);
    assert_true(gndp_coast_lines(coast) > 1000);
    for (int64_t i = 0; i < gndp_coast_lines(coast); i++) {
        const int64_t n = gndp_coast_line(coast, i, &lat, &lon);
        assert_true(n >= 1);
        assert_in_range(gndp_coast_level(coast, i), 1, 4);
        for (int64_t k = 0; k < n; k++)
            assert_true(lat[k] >= -90.0 && lat[k] <= 90.0 && lon[k] >= 0.0 && lon[k] <= 360.0 &&
                        fabs(lon[k] - lon[0]) <= 20.0);
    }
    gndp_coast_free(coast);
}

static void coast_says_where_it_looked(void **state)
{
    gndp_coast *coast = NULL;
    (void)state;
    assert_int_equal(setenv("GNDP_GSHHG", "/nowhere", 1), 0);
    assert_fails(gndp_coast_read(GNDP_COAST_LOW, &coast), GNDP_ERR_NOT_FOUND, "/nowhere");
    assert_null(coast);
    assert_int_equal(unsetenv("GNDP_GSHHG"), 0);
}

static void coast_refuses_files_of_another_form(void **state)
{
    gndp_coast *coast = NULL;
    (void)state;
    FILE *file = fopen("binned_GSHHS_c.nc", "w");
    assert_non_null(file);
    fputs("no NetCDF", file);
    fclose(file);
    assert_int_equal(setenv("GNDP_GSHHG", ".", 1), 0);
    assert_fails(gndp_coast_read(GNDP_COAST_FULL, &coast), GNDP_ERR_IO, "binned_GSHHS_c.nc");
    /* A classic file without dimensions and variables. */
    static const unsigned char empty[32] = {'C', 'D', 'F', 1};
    file = fopen("binned_GSHHS_c.nc", "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(empty, 1, sizeof empty, file), sizeof empty);
    fclose(file);
    assert_fails(gndp_coast_read(GNDP_COAST_CRUDE, &coast), GNDP_ERR_FORMAT, "Bin_size_in_minutes");
    assert_null(coast);
    assert_int_equal(unsetenv("GNDP_GSHHG"), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(coast_knows_land_from_water),
    cmocka_unit_test(coast_land_covers_its_share_of_the_globe),
    cmocka_unit_test(coast_lines_lie_on_the_globe),
    cmocka_unit_test(coast_says_where_it_looked),
    cmocka_unit_test_setup_teardown(coast_refuses_files_of_another_form, folder_setup,
                                    folder_teardown),
};
GNDP_TEST_MAIN(tests)
