// SPDX-License-Identifier: Apache-2.0
// Tracks out: contiguous ragged arrays that xarray and our own reader open, each fix where it was.
#include "write_case.h"

#include <gndp/tables.h>
#include <gndp/write.h>
#include <math.h>
#include <netcdf.h>

#define assert_nc(call)                                                                            \
    do {                                                                                           \
        const int code_ = (call);                                                                  \
        if (code_ != NC_NOERR)                                                                     \
            fail_msg("%s: %s", #call, nc_strerror(code_));                                         \
    } while (0)

enum { N_FIXES = 7 };
static const int64_t first[] = {0, 4, 7};
static const double days[N_FIXES] = {0.0, 0.125, 0.25, 0.5, 0.0, 0.125, 0.25};
/* The first crosses the date line eastwards, the second ends at a pole. */
static const double place[N_FIXES][2] = {{-12.3, 179.4},  {-12.7, 179.9}, {-13.2, -179.8},
                                         {-14.0, -178.9}, {80.0, 10.0},   {85.5, 10.0},
                                         {90.0, 0.0}};
static const double wind[N_FIXES] = {35.0, 40.1, 0.0, 55.0, 20.0, 25.0, 30.0};
static const uint8_t has_wind[N_FIXES] = {1, 1, 0, 1, 1, 1, 1};
static const double start[2] = {1551398400.0, 1551409200.0}; /* 2019-03-01 00 and 03 */

static gndp_fieldset *two_storms(const char *first_id, int64_t member)
{
    double values[N_FIXES * 4];
    uint8_t present[N_FIXES * 2];
    const gndp_channel channel[2] = {gndp_channel_sphere("position"),
                                     gndp_channel_scalar("wind", "knot")};
    const gndp_field_label label[2] = {{start[0], member, first_id},
                                       {start[1], member >= 0 ? member + 1 : -1, "2019061N80010"}};
    gndp_fieldset *set;
    for (int i = 0; i < N_FIXES; i++) {
        double unit[3];
        gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, place[i], unit);
        memcpy(values + 4 * i, unit, sizeof unit);
        values[4 * i + 3] = wind[i];
        present[2 * i] = 1;
        present[2 * i + 1] = has_wind[i];
    }
    const gndp_fieldset_spec spec = {.n_fields = 2,
                                     .coords = {.columns = 1,
                                                .axis = {{.name = "time", .units = "days"}},
                                                .n = N_FIXES,
                                                .x = days},
                                     .first = first,
                                     .n_channels = 2,
                                     .channel = channel,
                                     .label = label,
                                     .origin = "two storms"};
    const gndp_array array = gndp_array_view(gndp_type_2d(GNDP_F64, N_FIXES, 4), values);
    assert_ok(gndp_fieldset_create(&spec, &array, present, &set));
    return set;
}

static void tracks_hold_each_fix_exactly(void **state)
{
    gndp_fieldset *set = two_storms("2019060S12179", -1);
    int nc, var, row[2];
    double found[N_FIXES];
    (void)state;
    assert_ok(gndp_write_tracks(set, "t.nc", NULL));
    assert_nc(nc_open("t.nc", NC_NOWRITE, &nc));
    assert_nc(nc_inq_varid(nc, "rowSize", &var));
    assert_nc(nc_get_var_int(nc, var, row));
    assert_int_equal(row[0], 4);
    assert_int_equal(row[1], 3);
    assert_nc(nc_inq_varid(nc, "time", &var));
    assert_nc(nc_get_var_double(nc, var, found));
    for (int i = 0; i < N_FIXES; i++) /* whole hours */
        assert_true(found[i] == (start[i >= 4] + 86400.0 * days[i]) / 3600.0);
    assert_nc(nc_inq_varid(nc, "lat", &var));
    assert_nc(nc_get_var_double(nc, var, found));
    for (int i = 0; i < N_FIXES; i++)
        assert_true(found[i] == place[i][0]);
    assert_nc(nc_inq_varid(nc, "lon", &var));
    assert_nc(nc_get_var_double(nc, var, found));
    for (int i = 0; i < N_FIXES - 1;
         i++) { /* on over the date line, so that a line between fixes is short */
        assert_true(fabs(remainder(found[i] - place[i][1], 360.0)) < 1e-12);
        assert_true(i == 0 || i == 4 || fabs(found[i] - found[i - 1]) < 2.0);
    }
    assert_nc(nc_inq_varid(nc, "wind", &var));
    assert_nc(nc_get_var_double(nc, var, found));
    for (int i = 0; i < N_FIXES; i++)
        assert_true(found[i] == (has_wind[i] ? (double)(float)wind[i] : NC_FILL_DOUBLE));
    assert_int_not_equal(nc_inq_varid(nc, "realization", &var), NC_NOERR);
    assert_nc(nc_close(nc));
    assert_int_equal(files_in("."), 1);
    gndp_fieldset_free(set);
}

static void tracks_have_the_form_of_cf(void **state)
{
    gndp_fieldset *set = two_storms("2019060S12179", 4);
    (void)state;
    need("command -v ncdump");
    assert_ok(gndp_write_tracks(set, "t.nc", NULL));
    char *out = run("ncdump t.nc");
    assert_contains(out, "trajectory = 2 ;");
    assert_contains(out, "obs = 7 ;");
    assert_contains(out, "rowSize:sample_dimension = \"obs\" ;");
    assert_contains(out, "trajectory:cf_role = \"trajectory_id\" ;");
    assert_contains(out, ":featureType = \"trajectory\" ;");
    assert_contains(out, "time:units = \"hours since 1970-01-01 00:00:00\" ;");
    assert_contains(out, "lat:standard_name = \"latitude\" ;");
    assert_contains(out, "lat:units = \"degrees_north\" ;");
    assert_contains(out, "wind:coordinates = \"time lat lon\" ;");
    assert_contains(out, "realization = 4, 5 ;");
    assert_contains(out, "lat = -12.3, -12.7, -13.2, -14, 80, 85.5, 90 ;"); /* without noise */
    assert_contains(out, "\"2019060S12179\"");
    free(out);
    gndp_fieldset_free(set);
}

static void tracks_open_in_xarray(void **state)
{
    static const char script[] =
        "import warnings\n"
        "warnings.simplefilter('error')\n"
        "import numpy as np, xarray as xr\n"
        "d = xr.open_dataset('t.nc')\n"
        "assert list(d.rowSize.values) == [4, 3]\n"
        "assert [str(i) for i in d.trajectory.values] == ['caf\\u00e9', '2019061N80010'], "
        "d.trajectory.values\n"
        "assert set(d.wind.coords) == {'time', 'lat', 'lon'}, d.wind.coords\n"
        "assert str(d.time.values[3])[:19] == '2019-03-01T12:00:00'\n"
        "assert np.isnan(d.wind.values[2]) and d.wind.values[3] == 55\n"
        "assert d.lat.values[6] == 90\n";
    static const char *const commands[] = {"python3", "/usr/bin/python3"};
    char line[128];
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        int code;
        char *out = shell(&code, "%s -c 'import xarray, netCDF4'", commands[i]);
        free(out);
        if (code != 0)
            continue;
        gndp_fieldset *set = two_storms("caf\xC3\xA9", -1);
        assert_ok(gndp_write_tracks(set, "t.nc", NULL));
        gndp_fieldset_free(set);
        write_bytes("script.py", script, sizeof script - 1);
        snprintf(line, sizeof line, "%s script.py", commands[i]);
        run_silent(line);
        return;
    }
    print_message("skipped: no python with xarray and netCDF4\n");
    skip();
}

/* Two sets of tracks: the same storms, times, places and values, to `degrees` and to floats. */
static void assert_same(const gndp_fieldset *a, const gndp_fieldset *b, double chord)
{
    const gndp_fieldset_spec *sa = gndp_fieldset_get_spec(a), *sb = gndp_fieldset_get_spec(b);
    const int P = gndp_fieldset_components(a);
    assert_int_equal(sa->n_fields, sb->n_fields);
    assert_int_equal(P, gndp_fieldset_components(b));
    for (int64_t f = 0; f < sa->n_fields; f++) {
        const int64_t n = gndp_fieldset_points(a, f);
        assert_int_equal(n, gndp_fieldset_points(b, f));
        assert_string_equal(sa->label[f].id, sb->label[f].id);
        assert_true(sa->label[f].time_s == sb->label[f].time_s);
        assert_int_equal(sa->label[f].member, sb->label[f].member);
        const size_t values = (size_t)(n * P);
        double *xa = malloc((size_t)n * sizeof *xa), *xb = malloc((size_t)n * sizeof *xb);
        double *va = malloc(values * sizeof *va), *vb = malloc(values * sizeof *vb);
        uint8_t *pa = malloc(values), *pb = malloc(values);
        assert_true(xa != NULL && xb != NULL && va != NULL && vb != NULL && pa != NULL &&
                    pb != NULL);
        assert_ok(gndp_fieldset_coords(a, f, xa));
        assert_ok(gndp_fieldset_coords(b, f, xb));
        assert_ok(gndp_fieldset_read(a, 1, &f, n, NULL, va, pa));
        assert_ok(gndp_fieldset_read(b, 1, &f, n, NULL, vb, pb));
        assert_memory_equal(pa, pb, values);
        for (int64_t i = 0; i < n; i++) {
            assert_true(fabs(xa[i] - xb[i]) < 1e-9); /* days: 0.1 ms */
            for (int p = 0; p < P; p++)
                if (fabs(va[i * P + p] - vb[i * P + p]) > (p < 3 ? chord : 0.0))
                    fail_msg("field %lld, point %lld, component %d: %.17g became %.17g",
                             (long long)f, (long long)i, p, va[i * P + p], vb[i * P + p]);
        }
        free(xa);
        free(xb);
        free(va);
        free(vb);
        free(pa);
        free(pb);
    }
}

static void tracks_come_back_through_our_reader(void **state)
{
    gndp_fieldset *set = two_storms("2019060S12179", 4), *again;
    gndp_track_options options = gndp_track_options_default();
    gndp_write_options doubles = gndp_write_options_default();
    (void)state;
    doubles.f64 = true;
    options.wind = true;
    assert_ok(gndp_write_tracks(set, "t.nc", &doubles));
    assert_ok(gndp_tracks_open("t.nc", &options, &again));
    assert_same(set, again, 4e-15);
    gndp_fieldset_free(again);
    gndp_fieldset_free(set);
}

/* Where the folder of data sets is; skips where it is not. */
static const char *data_file(const char *name, char path[1024])
{
    const char *folder = getenv("GNDP_DATA");
    if (folder == NULL) {
        print_message("skipped: GNDP_DATA is not set\n");
        skip();
    }
    snprintf(path, 1024, "%s/%s", folder, name);
    return path;
}

static void ibtracs_comes_back_through_our_writer(void **state)
{
    static const char *const names[] = {"IBTrACS.SP.v04r00.nc",
                                        "ibtracs_north_atlantic_2000-2021.csv"};
    char path[1024];
    (void)state;
    for (int k = 0; k < 2; k++) {
        gndp_track_options options = gndp_track_options_default();
        gndp_write_options doubles = gndp_write_options_default();
        gndp_fieldset *set, *again;
        doubles.f64 = doubles.overwrite = true;
        options.wind = options.pressure = true;
        assert_ok(gndp_tracks_open(data_file(names[k], path), &options, &set));
        assert_ok(gndp_write_tracks(set, "t.nc", &doubles));
        assert_ok(gndp_tracks_open("t.nc", &options, &again));
        assert_same(set, again, 4e-15);
        gndp_fieldset_free(again);
        gndp_fieldset_free(set);
    }
}

/* Fields along points that are no time: a ragged array with their coordinates, no trajectories of
 * CF. */
static void tracks_take_any_points_of_their_own(void **state)
{
    static const double x[] = {0.1, 0.2, 0.3, 5.0, 6.0},
                        sphere[] = {10.0, 20.0, 30.0, 40.0, -50.0, 60.0},
                        y[] = {1.0, 2.0, 3.0, 4.0, 5.0};
    static const int64_t rows[] = {0, 3, 5}, one[] = {0, 3};
    const gndp_channel channel = gndp_channel_scalar("y", "1");
    gndp_fieldset_spec spec = {
        .n_fields = 2,
        .coords = {.columns = 1, .axis = {{.name = "x", .units = "km"}}, .n = 5, .x = x},
        .first = rows,
        .n_channels = 1,
        .channel = &channel};
    gndp_fieldset *set;
    int nc, var;
    double found[5];
    size_t length;
    (void)state;
    gndp_array array = gndp_array_view(gndp_type_2d(GNDP_F64, 5, 1), (void *)(uintptr_t)y);
    assert_ok(gndp_fieldset_create(&spec, &array, NULL, &set));
    assert_ok(gndp_write_tracks(set, "x.nc", NULL));
    gndp_fieldset_free(set);
    assert_nc(nc_open("x.nc", NC_NOWRITE, &nc));
    assert_nc(nc_inq_varid(nc, "x", &var));
    assert_nc(nc_get_var_double(nc, var, found));
    assert_memory_equal(found, x, sizeof x);
    assert_int_not_equal(nc_inq_attlen(nc, NC_GLOBAL, "featureType", &length), NC_NOERR);
    assert_int_not_equal(nc_inq_varid(nc, "time", &var), NC_NOERR);
    assert_nc(nc_close(nc));

    spec.n_fields = 1;
    spec.first = one;
    spec.coords = (gndp_coords){.space = GNDP_SPACE_SPHERE, .columns = 2, .n = 3, .x = sphere};
    array.type = gndp_type_2d(GNDP_F64, 3, 1);
    assert_ok(gndp_fieldset_create(&spec, &array, NULL, &set));
    assert_ok(gndp_write_tracks(set, "s.nc", NULL));
    gndp_fieldset_free(set);
    assert_nc(nc_open("s.nc", NC_NOWRITE, &nc));
    assert_nc(nc_inq_varid(nc, "longitude", &var));
    assert_nc(nc_get_var_double(nc, var, found));
    assert_true(found[0] == 20.0 && found[1] == 40.0 && found[2] == 60.0);
    assert_int_not_equal(nc_inq_attlen(nc, NC_GLOBAL, "featureType", &length), NC_NOERR);
    assert_nc(nc_close(nc));

    const gndp_field_label at = {.time_s = start[0], .member = -1}; /* places at a time */
    spec.label = &at;
    assert_ok(gndp_fieldset_create(&spec, &array, NULL, &set));
    assert_ok(gndp_write_tracks(set, "timed.nc", NULL));
    gndp_fieldset_free(set);
    assert_nc(nc_open("timed.nc", NC_NOWRITE, &nc));
    assert_nc(nc_inq_attlen(nc, NC_GLOBAL, "featureType", &length));
    assert_nc(nc_inq_varid(nc, "time", &var));
    assert_nc(nc_get_var_double(nc, var, found));
    assert_true(found[0] == start[0] / 3600.0 && found[2] == found[0]);
    assert_nc(nc_close(nc));
}

static int write_new(void *path)
{
    gndp_fieldset *set = two_storms("new", -1);
    gndp_write_options options = gndp_write_options_default();
    options.overwrite = true;
    const bool as_said =
        fails_in_child(gndp_write_tracks(set, path, &options), GNDP_ERR_IO, "t.nc");
    gndp_fieldset_free(set);
    return as_said ? 0 : 1;
}

static void tracks_leave_the_old_file_when_writing_fails(void **state)
{
    gndp_fieldset *set = two_storms("old", -1);
    char path[] = "t.nc";
    size_t bytes, again_bytes;
    (void)state;
    assert_ok(gndp_write_tracks(set, path, NULL));
    char *data = read_bytes(path, &bytes);
    assert_fails(gndp_write_tracks(set, path, NULL), GNDP_ERR_STATE, "t.nc exists");
    assert_fails(gndp_write_tracks(set, "absent/t.nc", NULL), GNDP_ERR_IO, "No such file");
    assert_fails(gndp_write_tracks(NULL, path, NULL), GNDP_ERR_ARG, "set is NULL");
    for (rlim_t limit = 1; limit < 20000; limit = limit * 3 + 500) {
        assert_int_equal(in_child(write_new, path, false, limit), 0);
        char *again = read_bytes(path, &again_bytes);
        assert_int_equal(bytes, again_bytes);
        assert_memory_equal(data, again, bytes);
        free(again);
        assert_int_equal(files_in("."), 1);
    }
    free(data);
    gndp_fieldset_free(set);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
    IN_FOLDER(tracks_hold_each_fix_exactly),
    IN_FOLDER(tracks_have_the_form_of_cf),
    IN_FOLDER(tracks_open_in_xarray),
    IN_FOLDER(tracks_come_back_through_our_reader),
    IN_FOLDER(ibtracs_comes_back_through_our_writer),
    IN_FOLDER(tracks_take_any_points_of_their_own),
    IN_FOLDER(tracks_leave_the_old_file_when_writing_fails),
};
GNDP_TEST_MAIN(tests)
