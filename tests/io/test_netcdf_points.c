// SPDX-License-Identifier: Apache-2.0
// Points that are no axes of latitude and longitude: curved grids, cells, stations, observations,
// planes.
#include "io/netcdf_case.h"

static const double hours[2] = {0.0, 6.0};

static void check_axis(const gndp_fieldset *set, int c, const char *name, int64_t n, double first,
                       double last)
{
    const gndp_axis *axis = &gndp_fieldset_get_spec(set)->coords.axis[c];
    assert_string_equal(axis->name, name);
    assert_int_equal(axis->size, n);
    assert_true(axis->value[0] == first);
    assert_true(axis->value[n - 1] == last);
}

/* Rotated and other curved grids: latitude and longitude with two dimensions. */
static void netcdf_points_take_curvilinear_grids_as_points(void **state)
{
    (void)state;
    const path_text path = scratch("curved.nc");
    const int nc = create(path.text, NC_NETCDF4);
    int dim[3];
    const int when = add_axis(nc, "time", 2, "time", "hours since 2000-01-01", &dim[0]);
    const int rlat = add_axis(nc, "rlat", 3, "grid_latitude", "degrees", &dim[1]);
    const int rlon = add_axis(nc, "rlon", 4, "grid_longitude", "degrees", &dim[2]);
    const int lat = add_var(nc, "lat", NC_DOUBLE, 2, dim + 1, "latitude", "degrees_north");
    const int lon = add_var(nc, "lon", NC_DOUBLE, 2, dim + 1, "longitude", "degrees_east");
    const int map = add_var(nc, "rotated_pole", NC_INT, 0, NULL, NULL, NULL);
    (void)map;
    const int var = add_var(nc, "t2m", NC_DOUBLE, 3, dim, "air_temperature", "K");
    add_text(nc, var, "coordinates", "lon lat");
    add_text(nc, var, "grid_mapping", "rotated_pole");
    NC(nc_enddef(nc));
    const double row[3] = {0.0, 1.0, 2.0}, col[4] = {0.0, 1.0, 2.0, 3.0};
    double north[12], east[12], values[24];
    for (int k = 0; k < 12; k++) {
        north[k] = 50.0 + 2.0 * (k / 4) + 0.3 * (k % 4);
        east[k] = 5.0 * (k % 4) - 0.7 * (k / 4);
    }
    for (int k = 0; k < 24; k++)
        values[k] = truth(hours[k / 12], north[k % 12], east[k % 12]);
    put(nc, when, hours);
    put(nc, rlat, row);
    put(nc, rlon, col);
    put(nc, lat, north);
    put(nc, lon, east);
    put(nc, var, values);
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->coords.layout, GNDP_LAYOUT_LIST);
    assert_int_equal(spec->coords.space, GNDP_SPACE_SPHERE);
    assert_int_equal(spec->coords.n, 12);
    check_truth(set);
    gndp_fieldset_free(set);
    gndp_read_options options = gndp_read_options_default();
    options.has_box = true;
    options.west = -1.0, options.east = 6.0, options.south = 51.0, options.north = 90.0;
    set = open_set(path.text, &options);
    spec = gndp_fieldset_get_spec(set);
    int inside = 0;
    for (int k = 0; k < 12; k++)
        inside += north[k] >= 51.0 && east[k] >= -1.0 && east[k] <= 6.0;
    assert_int_equal(spec->coords.n, inside);
    check_truth(set);
    gndp_fieldset_free(set);
}

/* ICON and other triangles: cells with coordinates in radians. Ocean cells without a place drop
   out. */
static void netcdf_points_take_cells_in_radians(void **state)
{
    (void)state;
    const path_text path = scratch("cells.nc");
    const int nc = create(path.text, NC_NETCDF4);
    int dim[2];
    const double rad = 3.14159265358979323846 / 180.0, gone = -999.0;
    const int when = add_axis(nc, "time", 2, "time", "hours since 2000-01-01", &dim[0]);
    dim[1] = add_dim(nc, "ncells", 5);
    const int clat = add_var(nc, "clat", NC_DOUBLE, 1, dim + 1, "latitude", "radian");
    const int clon = add_var(nc, "clon", NC_DOUBLE, 1, dim + 1, "longitude", "radian");
    const int var = add_var(nc, "t2m", NC_DOUBLE, 2, dim, NULL, "K");
    NC(nc_put_att_double(nc, clat, "_FillValue", NC_DOUBLE, 1, &gone));
    NC(nc_put_att_double(nc, clon, "_FillValue", NC_DOUBLE, 1, &gone));
    NC(nc_enddef(nc));
    double north[5], east[5], values[10];
    for (int k = 0; k < 5; k++) {
        north[k] = k == 3 ? gone : (10.0 * k - 20.0) * rad;
        east[k] = k == 3 ? gone : (30.0 * k) * rad;
    }
    for (int k = 0; k < 10; k++)
        values[k] = truth(hours[k / 5], 10.0 * (k % 5) - 20.0, 30.0 * (k % 5));
    put(nc, when, hours);
    put(nc, clat, north);
    put(nc, clon, east);
    put(nc, var, values);
    NC(nc_close(nc));
    NOTES(notes);
    gndp_read_options options = gndp_read_options_default();
    options.log = &notes_log;
    gndp_fieldset *set = open_set(path.text, &options);
    assert_int_equal(gndp_fieldset_get_spec(set)->coords.n, 4);
    assert_string_equal(gndp_fieldset_get_spec(set)->coords.axis[0].units, "degrees_north");
    check_note(&notes, "1 of 5 points have no coordinates");
    check_truth(set);
    gndp_fieldset_free(set);
}

/* CF timeSeries: stations first, time last, names and heights beside. */
static void netcdf_points_take_stations(void **state)
{
    (void)state;
    const path_text path = scratch("stations.nc");
    const int nc = create(path.text, 0);
    int dim[2];
    dim[0] = add_dim(nc, "station", 3);
    const int when = add_axis(nc, "time", 2, "time", "hours since 2000-01-01", &dim[1]);
    const int chars = add_dim(nc, "chars", 4);
    const int lat = add_var(nc, "lat", NC_FLOAT, 1, dim, "latitude", "degrees_north");
    const int lon = add_var(nc, "lon", NC_FLOAT, 1, dim, "longitude", "degrees_east");
    const int height = add_var(nc, "alt", NC_FLOAT, 1, dim, "altitude", "m");
    const int names_dim[2] = {dim[0], chars};
    const int names = add_var(nc, "station_name", NC_CHAR, 2, names_dim, NULL, NULL);
    const int var = add_var(nc, "t2m", NC_DOUBLE, 2, dim, NULL, "K");
    add_text(nc, NC_GLOBAL, "featureType", "timeSeries");
    add_text(nc, var, "coordinates", "time lat lon alt station_name");
    NC(nc_enddef(nc));
    const double north[3] = {10.0, -20.0, 45.5}, east[3] = {350.0, 20.0, 100.25}, alt[3] = {0};
    double values[6];
    for (int k = 0; k < 6; k++)
        values[k] = truth(hours[k % 2], north[k / 2], east[k / 2]);
    put(nc, when, hours);
    put(nc, lat, north);
    put(nc, lon, east);
    put(nc, height, alt);
    NC(nc_put_var_text(nc, names, "abcdefghijkl"));
    put(nc, var, values);
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    assert_int_equal(gndp_fieldset_get_spec(set)->n_channels, 1);
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 2);
    assert_int_equal(gndp_fieldset_get_spec(set)->coords.n, 3);
    check_truth(set);
    gndp_fieldset_free(set);
}

/* WRF: places with a time too, though the grid stands still; and one-dimensional coordinates under
   other names than their dimensions. */
static void netcdf_points_take_coordinates_that_name_no_dimension(void **state)
{
    (void)state;
    const path_text path = scratch("wrf.nc");
    int dim[3];
    int nc = create(path.text, NC_64BIT_OFFSET);
    dim[0] = add_dim(nc, "Time", NC_UNLIMITED);
    dim[1] = add_dim(nc, "south_north", 2);
    dim[2] = add_dim(nc, "west_east", 3);
    const int xtime =
        add_var(nc, "XTIME", NC_FLOAT, 1, dim, NULL, "minutes since 2000-01-01 00:00:00");
    const int xlat = add_var(nc, "XLAT", NC_FLOAT, 3, dim, NULL, "degree_north");
    const int xlong = add_var(nc, "XLONG", NC_FLOAT, 3, dim, NULL, "degree_east");
    const int t2 = add_var(nc, "T2", NC_DOUBLE, 3, dim, NULL, "K");
    add_text(nc, t2, "coordinates", "XLONG XLAT XTIME");
    NC(nc_enddef(nc));
    for (size_t t = 0; t < 2; t++) {
        const size_t start[3] = {t, 0, 0}, count[3] = {1, 2, 3};
        const double minutes = 360.0 * (double)t;
        const double north[6] = {10, 10.5, 11, 20, 20.5, 21}, east[6] = {1, 2, 3, 0, 1, 2};
        double values[6];
        for (int k = 0; k < 6; k++)
            values[k] = truth(hours[t], north[k], east[k]);
        NC(nc_put_vara_double(nc, xtime, start, count, &minutes));
        NC(nc_put_vara_double(nc, xlat, start, count, north));
        NC(nc_put_vara_double(nc, xlong, start, count, east));
        NC(nc_put_vara_double(nc, t2, start, count, values));
    }
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    assert_int_equal(gndp_fieldset_get_spec(set)->coords.layout, GNDP_LAYOUT_LIST);
    assert_int_equal(gndp_fieldset_get_spec(set)->n_channels, 1);
    check_truth(set);
    gndp_fieldset_free(set);

    nc = create(path.text, 0);
    dim[0] = add_dim(nc, "record", 2);
    dim[1] = add_dim(nc, "nlat", 3);
    dim[2] = add_dim(nc, "nlon", 2);
    const int when = add_var(nc, "valid", NC_DOUBLE, 1, dim, NULL, "hours since 2000-01-01");
    const int lat = add_var(nc, "lat", NC_DOUBLE, 1, dim + 1, NULL, NULL);
    const int lon = add_var(nc, "lon", NC_DOUBLE, 1, dim + 2, NULL, NULL);
    const int var = add_var(nc, "t2m", NC_DOUBLE, 3, dim, NULL, "K");
    NC(nc_enddef(nc));
    const double lats[3] = {3, 2, 1}, lons[2] = {0, 5};
    double values[12];
    for (int k = 0; k < 12; k++)
        values[k] = truth(hours[k / 6], lats[k % 6 / 2], lons[k % 2]);
    put(nc, when, hours);
    put(nc, lat, lats);
    put(nc, lon, lons);
    put(nc, var, values);
    NC(nc_close(nc));
    set = open_set(path.text, NULL);
    check_axis(set, 0, "lat", 3, 3.0, 1.0);
    check_axis(set, 1, "lon", 2, 0.0, 5.0);
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 2);
    check_truth(set);
    gndp_fieldset_free(set);
}

/* One point, with scalar coordinates; a time series of it. */
static void netcdf_points_take_a_single_point(void **state)
{
    (void)state;
    const path_text path = scratch("point.nc");
    const int nc = create(path.text, 0);
    int dim;
    const int when = add_axis(nc, "time", 2, "time", "hours since 2000-01-01", &dim);
    const int lat = add_var(nc, "latitude", NC_DOUBLE, 0, NULL, "latitude", "degrees_north");
    const int lon = add_var(nc, "longitude", NC_DOUBLE, 0, NULL, "longitude", "degrees_east");
    const int var = add_var(nc, "t2m", NC_DOUBLE, 1, &dim, NULL, "K");
    NC(nc_enddef(nc));
    const double values[2] = {truth(0.0, 50.0, 10.0), truth(6.0, 50.0, 10.0)};
    const double north = 50.0, east = 10.0;
    put(nc, when, hours);
    put(nc, lat, &north);
    put(nc, lon, &east);
    put(nc, var, values);
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    assert_int_equal(gndp_fieldset_get_spec(set)->coords.n, 1);
    check_truth(set);
    gndp_fieldset_free(set);
}

/* CF point: each observation has a time; those of one time are a field. */
static void netcdf_points_part_observations_by_their_times(void **state)
{
    (void)state;
    const path_text path = scratch("observations.nc");
    const int nc = create(path.text, NC_NETCDF4);
    const int dim = add_dim(nc, "obs", 6);
    const int when = add_var(nc, "time", NC_DOUBLE, 1, &dim, "time", "hours since 2000-01-01");
    const int lat = add_var(nc, "lat", NC_DOUBLE, 1, &dim, "latitude", "degrees_north");
    const int lon = add_var(nc, "lon", NC_DOUBLE, 1, &dim, "longitude", "degrees_east");
    const int var = add_var(nc, "t2m", NC_DOUBLE, 1, &dim, NULL, "K");
    add_text(nc, NC_GLOBAL, "featureType", "point");
    add_text(nc, var, "coordinates", "time lat lon");
    NC(nc_enddef(nc));
    const double time[6] = {6.0, 0.0, 6.0, 3.0, 0.0, 6.0};
    double north[6], east[6], values[6];
    for (int k = 0; k < 6; k++) {
        north[k] = 5.0 * k;
        east[k] = 170.0 + 5.0 * k;
        values[k] = truth(time[k], north[k], east[k]);
    }
    put(nc, when, time);
    put(nc, lat, north);
    put(nc, lon, east);
    put(nc, var, values);
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    static const int64_t count[3] = {2, 1, 3};
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 3);
    assert_false(gndp_fieldset_shared(set));
    for (int64_t f = 0; f < 3; f++) {
        double x[6], value[3];
        const double t = 3.0 * (double)f;
        assert_int_equal(gndp_fieldset_points(set, f), count[f]);
        assert_true(gndp_fieldset_get_spec(set)->label[f].time_s == 946684800.0 + 3600.0 * t);
        check_ok(gndp_fieldset_coords(set, f, x));
        check_ok(gndp_fieldset_read(set, 1, &f, count[f], NULL, value, NULL));
        for (int64_t k = 0; k < count[f]; k++)
            assert_true(value[k] == truth(t, x[2 * k], x[2 * k + 1]));
    }
    gndp_fieldset_free(set);
    gndp_read_options options = gndp_read_options_default();
    options.time = "2000-01-01T06";
    set = open_set(path.text, &options);
    int64_t f = 0, last = 2;
    double value = 0.0;
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 1);
    check_ok(gndp_fieldset_read(set, 1, &f, 1, &last, &value, NULL));
    assert_true(value == truth(6.0, 25.0, 195.0));
    gndp_fieldset_free(set);
}

/* ---- Planes ---------------------------------------------------------------------------------- */

static void netcdf_points_take_other_coordinates_as_a_plane(void **state)
{
    (void)state;
    const path_text path = scratch("plane.nc");
    const int nc = create(path.text, NC_NETCDF4);
    int dim[4];
    const int time = add_axis(nc, "time", 1, "time", "hours since 1970-01-01", &dim[0]);
    add_text(nc, time, "comment", "these fields have no time");
    const int z = add_axis(nc, "z", 2, NULL, NULL, &dim[1]);
    const int y = add_axis(nc, "y", 3, NULL, "km", &dim[2]);
    const int x = add_axis(nc, "x", 4, NULL, "km", &dim[3]);
    const int var = add_var(nc, "a", NC_DOUBLE, 4, dim, NULL, NULL);
    NC(nc_enddef(nc));
    const double zs[2] = {-1.0, 1.0}, ys[3] = {0.0, 5.0, 7.0}, xs[4] = {3.0, 2.0, 1.0, 0.0};
    double values[24];
    for (int k = 0; k < 24; k++)
        values[k] = 0.5 * k;
    put(nc, z, zs);
    put(nc, y, ys);
    put(nc, x, xs);
    put(nc, var, values);
    put(nc, time, zs + 1);
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->coords.space, GNDP_SPACE_EUCLIDEAN);
    assert_int_equal(spec->coords.columns, 3);
    check_axis(set, 0, "z", 2, -1.0, 1.0);
    check_axis(set, 2, "x", 4, 3.0, 0.0);
    assert_string_equal(spec->coords.axis[1].units, "km");
    assert_true(isnan(spec->label[0].time_s));
    all_values a = read_all(set);
    for (int k = 0; k < 24; k++)
        assert_true(a.value[k] == values[k]);
    free_all(&a);
    int64_t f = 0;
    const int64_t points[5] = {23, 0, 13, 12, 5};
    double value[5];
    check_ok(gndp_fieldset_read(set, 1, &f, 5, points, value, NULL));
    for (int k = 0; k < 5; k++)
        assert_true(value[k] == values[points[k]]);
    gndp_fieldset_free(set);
    gndp_read_options options = gndp_read_options_default();
    options.has_box = true;
    options.north = 1.0;
    REFUSED(path.text, &options, GNDP_ERR_UNSUPPORTED, "plane.nc", "box");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(netcdf_points_take_curvilinear_grids_as_points),
    cmocka_unit_test(netcdf_points_take_cells_in_radians),
    cmocka_unit_test(netcdf_points_take_stations),
    cmocka_unit_test(netcdf_points_take_coordinates_that_name_no_dimension),
    cmocka_unit_test(netcdf_points_take_a_single_point),
    cmocka_unit_test(netcdf_points_part_observations_by_their_times),
    cmocka_unit_test(netcdf_points_take_other_coordinates_as_a_plane),
};
GNDP_TEST_MAIN(tests)
