// SPDX-License-Identifier: Apache-2.0
// Several NetCDF files as one set: the same fields as from one file, and what cannot be joined.
#include "io/netcdf_case.h"

static const double lats[4] = {60.0, 50.0, 40.0, 30.0};
static const double lons[5] = {0.0, 10.0, 20.0, 30.0, 40.0};

static path_text make_part(const char *name, int nt, const double *hours, const char *calendar,
                           double member)
{
    const path_text path = scratch(name);
    const grid_case grid = {.nt = nt,
                            .n_lat = 4,
                            .n_lon = 5,
                            .hours = hours,
                            .lat = lats,
                            .lon = lons,
                            .calendar = calendar,
                            .mode = strlen(name) % 2 == 0 ? NC_NETCDF4 : 0,
                            .member = member};
    make_grid(path.text, &grid);
    return path;
}

static void refused(int n, const char *const *path, gndp_status code, const char *a, const char *b)
{
    gndp_fieldset *set = NULL;
    assert_int_equal(gndp_netcdf_open(path, n, NULL, &set), code);
    assert_null(set);
    if (strstr(gndp_last_error(), a) == NULL || strstr(gndp_last_error(), b) == NULL)
        fail_msg("'%s' or '%s' is not in: %s", a, b, gndp_last_error());
}

static void netcdf_join_equals_one_file(void **state)
{
    (void)state;
    static const double all[7] = {0.0, 6.0, 12.0, 18.0, 24.0, 30.0, 36.0};
    static const double odd[3] = {18.0, 6.0, 30.0}; /* in no order */
    static const double even[4] = {0.0, 12.0, 24.0, 36.0};
    const path_text whole = make_part("whole.nc", 7, all, NULL, (double)NAN);
    const path_text a = make_part("odd.nc", 3, odd, "standard", (double)NAN);
    const path_text b = make_part("even.nc", 4, even, "proleptic_gregorian", (double)NAN);
    const char *const paths[2] = {a.text, b.text};
    gndp_fieldset *joined = NULL, *one = open_set(whole.text, NULL);
    check_ok(gndp_netcdf_open(paths, 2, NULL, &joined));
    all_values x = read_all(joined), y = read_all(one);
    assert_int_equal(x.F, 7);
    assert_memory_equal(x.value, y.value, (size_t)(7 * 20) * sizeof *x.value);
    for (int f = 0; f < 7; f++)
        assert_true(gndp_fieldset_get_spec(joined)->label[f].time_s ==
                    gndp_fieldset_get_spec(one)->label[f].time_s);
    assert_non_null(strstr(gndp_fieldset_get_spec(joined)->origin, "odd.nc and 1 more"));
    free_all(&x);
    free_all(&y);
    gndp_fieldset_free(joined);
    gndp_fieldset_free(one);
}

/* One file a member, as ensembles are stored. */
static void netcdf_join_along_realizations(void **state)
{
    (void)state;
    static const double hours[2] = {0.0, 6.0};
    path_text part[5];
    const char *paths[5];
    for (int m = 0; m < 5; m++) {
        char name[32];
        snprintf(name, sizeof name, "member%d.nc", m);
        part[m] = make_part(name, 2, hours, NULL, 4.0 - m);
        paths[m] = part[m].text;
    }
    gndp_fieldset *set = NULL;
    check_ok(gndp_netcdf_open(paths, 5, NULL, &set));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 10);
    for (int f = 0; f < 10; f++) {
        assert_int_equal(spec->label[f].member, f % 5);
        assert_true(spec->label[f].time_s == 946684800.0 + 21600.0 * (f / 5));
    }
    check_truth(set);
    gndp_fieldset_free(set);
    static const int64_t two[2] = {1, 3};
    gndp_read_options o = gndp_read_options_default();
    o.member = two;
    o.n_members = 2;
    check_ok(gndp_netcdf_open(paths, 5, &o, &set));
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 4);
    check_truth(set);
    gndp_fieldset_free(set);
}

/* More files than stay open at once, read to and fro. */
static void netcdf_join_of_many_files_keeps_few_open(void **state)
{
    (void)state;
    enum { FILES = 60 };
    path_text part[FILES];
    const char *paths[FILES];
    for (int i = 0; i < FILES; i++) {
        char name[32];
        const double hour = (double)(i * 7 % FILES);
        snprintf(name, sizeof name, "many%d.nc", i);
        part[i] = make_part(name, 1, &hour, NULL, (double)NAN);
        paths[i] = part[i].text;
    }
    gndp_fieldset *set = NULL;
    check_ok(gndp_netcdf_open(paths, FILES, NULL, &set));
    check_truth(set);
    for (int64_t k = 0; k < 200; k++) {
        const int64_t f = k * 37 % FILES, point = k % 20;
        double value = 0.0;
        check_ok(gndp_fieldset_read(set, 1, &f, 1, &point, &value, NULL));
        assert_true(fabs(value - truth((double)f, lats[point / 5], lons[point % 5])) < 1e-11);
    }
    gndp_fieldset_free(set);
}

static void netcdf_join_converts_the_units_of_later_files(void **state)
{
    (void)state;
    static const double hours[1] = {0.0}, later[1] = {6.0};
    const path_text a = make_part("kelvin.nc", 1, hours, NULL, (double)NAN);
    const path_text b = make_part("celsius.nc", 1, later, NULL, (double)NAN);
    int nc = -1, var = -1;
    NC(nc_open(b.text, NC_WRITE, &nc));
    NC(nc_inq_varid(nc, "t2m", &var));
    double values[20];
    NC(nc_get_var_double(nc, var, values));
    for (int k = 0; k < 20; k++)
        values[k] -= 273.15;
    put(nc, var, values);
    NC(nc_redef(nc));
    add_text(nc, var, "units", "degC");
    NC(nc_close(nc));
    const char *const paths[2] = {a.text, b.text};
    gndp_fieldset *set = NULL;
    check_ok(gndp_netcdf_open(paths, 2, NULL, &set));
    check_truth(set);
    gndp_fieldset_free(set);
}

static void netcdf_join_refuses_what_does_not_fit(void **state)
{
    (void)state;
    static const double hours[2] = {0.0, 6.0}, next[2] = {6.0, 12.0}, far[1] = {24.0};
    const path_text a = make_part("first.nc", 2, hours, "standard", (double)NAN);
    const path_text twice = make_part("overlap.nc", 2, next, "standard", (double)NAN);
    const path_text other = make_part("calendar.nc", 1, far, "360_day", (double)NAN);
    const char *paths[2] = {a.text, twice.text};
    refused(2, paths, GNDP_ERR_FORMAT, "2000-01-01T06:00:00 is given twice", "overlap.nc");
    paths[1] = a.text;
    refused(2, paths, GNDP_ERR_FORMAT, "2000-01-01T00:00:00 is given twice", "first.nc");
    paths[1] = other.text;
    refused(2, paths, GNDP_ERR_FORMAT, "calendar.nc: its calendar is 360_day", "standard");

    const path_text moved = scratch("moved.nc");
    double near_lats[4] = {60.0, 50.0, 40.0, 30.25};
    grid_case grid = {.nt = 1,
                      .n_lat = 4,
                      .n_lon = 5,
                      .hours = far,
                      .lat = near_lats,
                      .lon = lons,
                      .member = (double)NAN};
    make_grid(moved.text, &grid);
    paths[1] = moved.text;
    refused(2, paths, GNDP_ERR_SHAPE, "'latitude', value 3 is 30 and 30.25", "moved.nc");
    grid.n_lat = 3;
    make_grid(moved.text, &grid);
    refused(2, paths, GNDP_ERR_SHAPE, "'latitude' has 4 and 3 values", "moved.nc");
    near_lats[3] = 30.0 + 1e-5; /* rounding of a float */
    grid.n_lat = 4;
    make_grid(moved.text, &grid);
    gndp_fieldset *set = NULL;
    check_ok(gndp_netcdf_open(paths, 2, NULL, &set));
    gndp_fieldset_free(set);

    const path_text renamed = make_part("renamed.nc", 1, far, NULL, (double)NAN);
    int nc = -1, var = -1;
    NC(nc_open(renamed.text, NC_WRITE, &nc));
    NC(nc_inq_varid(nc, "t2m", &var));
    NC(nc_redef(nc));
    NC(nc_rename_var(nc, var, "sst"));
    NC(nc_close(nc));
    paths[1] = renamed.text;
    refused(2, paths, GNDP_ERR_NOT_FOUND, "'t2m' not found", "sst");
    paths[1] = "/nowhere/at/all.nc";
    refused(2, paths, GNDP_ERR_IO, "/nowhere/at/all.nc", "No such file");
}

static void netcdf_join_notices_a_file_that_changes(void **state)
{
    (void)state;
    enum { FILES = 20 };
    path_text part[FILES];
    const char *paths[FILES];
    for (int i = 0; i < FILES; i++) {
        char name[32];
        const double hour = i;
        snprintf(name, sizeof name, "change%d.nc", i);
        part[i] = make_part(name, 1, &hour, NULL, (double)NAN);
        paths[i] = part[i].text;
    }
    gndp_fieldset *set = NULL;
    check_ok(gndp_netcdf_open(paths, FILES, NULL, &set));
    static const double hours[3] = {1.0, 2.0, 3.0};
    make_part("change7.nc", 3, hours, NULL, (double)NAN);
    const int64_t f = 7, point = 0;
    double value = 0.0;
    assert_int_equal(gndp_fieldset_read(set, 1, &f, 1, &point, &value, NULL), GNDP_ERR_IO);
    assert_non_null(strstr(gndp_last_error(), "change7.nc: was changed since it was opened"));
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(netcdf_join_equals_one_file),
    cmocka_unit_test(netcdf_join_along_realizations),
    cmocka_unit_test(netcdf_join_of_many_files_keeps_few_open),
    cmocka_unit_test(netcdf_join_converts_the_units_of_later_files),
    cmocka_unit_test(netcdf_join_refuses_what_does_not_fit),
    cmocka_unit_test(netcdf_join_notices_a_file_that_changes),
};
GNDP_TEST_MAIN(tests)
