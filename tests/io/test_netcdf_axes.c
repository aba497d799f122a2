// SPDX-License-Identifier: Apache-2.0
// Which dimensions of a NetCDF file are which axes: attributes before names, and files as producers
// write them.
#include "io/netcdf_case.h"

static const double lats[3] = {60.0, 50.0, 40.0};
static const double lons[4] = {-10.0, 0.0, 10.0, 20.0};
static const double hours[2] = {0.0, 6.0};

static double at(int t, int i, int j)
{
    return truth(hours[t], lats[i], lons[j]);
}

static void check_axis(const gndp_fieldset *set, int c, const char *name, int64_t n, double first,
                       double last)
{
    const gndp_axis *axis = &gndp_fieldset_get_spec(set)->coords.axis[c];
    assert_string_equal(axis->name, name);
    assert_int_equal(axis->size, n);
    assert_true(axis->value[0] == first);
    assert_true(axis->value[n - 1] == last);
}

/* ---- Attributes ----------------------------------------------------------------------------- */

/* Variables whose names say the opposite of their attributes; standing in any order. */
static void netcdf_axes_follow_attributes_before_names(void **state)
{
    (void)state;
    const path_text path = scratch("attributes.nc");
    const int nc = create(path.text, NC_NETCDF4);
    int dim[3];
    const int east = add_axis(nc, "time", 4, NULL, "degrees_east", &dim[0]);
    const int when = add_axis(nc, "lat", 2, NULL, "hours since 2000-01-01", &dim[1]);
    const int north = add_axis(nc, "lon", 3, "latitude", "degrees", &dim[2]);
    const int var = add_var(nc, "t2m", NC_DOUBLE, 3, dim, NULL, "K");
    NC(nc_enddef(nc));
    put(nc, east, lons);
    put(nc, when, hours);
    put(nc, north, lats);
    double values[24];
    for (int j = 0, k = 0; j < 4; j++)
        for (int t = 0; t < 2; t++)
            for (int i = 0; i < 3; i++)
                values[k++] = at(t, i, j);
    put(nc, var, values);
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    check_axis(set, 0, "lon", 3, 60.0, 40.0);
    check_axis(set, 1, "time", 4, -10.0, 20.0);
    check_truth(set);
    gndp_fieldset_free(set);
}

static void netcdf_axes_know_axis_and_coordinate_axis_type(void **state)
{
    (void)state;
    const path_text path = scratch("axistype.nc");
    const int nc = create(path.text, 0);
    int dim[4];
    const int when = add_axis(nc, "a", 2, NULL, "hours since 2000-01-01", &dim[0]);
    const int up = add_axis(nc, "b", 2, NULL, "m", &dim[1]);
    const int north = add_axis(nc, "c", 3, NULL, NULL, &dim[2]);
    const int east = add_axis(nc, "d", 4, NULL, NULL, &dim[3]);
    add_text(nc, when, "axis", "T");
    add_text(nc, up, "positive", "up");
    add_text(nc, north, "_CoordinateAxisType", "Lat");
    add_text(nc, east, "_CoordinateAxisType", "Lon");
    const int var = add_var(nc, "t", NC_DOUBLE, 4, dim, NULL, "K");
    const double height[2] = {2.0, 10.0};
    double values[48];
    for (int k = 0; k < 48; k++)
        values[k] = k;
    NC(nc_enddef(nc));
    put(nc, when, hours);
    put(nc, up, height);
    put(nc, north, lats);
    put(nc, east, lons);
    put(nc, var, values);
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 2);
    assert_int_equal(spec->n_channels, 2);
    assert_string_equal(spec->channel[0].name, "t_2");
    assert_string_equal(spec->channel[1].name, "t_10");
    all_values a = read_all(set);
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < 12; i++)
            for (int z = 0; z < 2; z++)
                assert_true(a.value[(t * 12 + i) * 2 + z] == t * 24 + z * 12 + i);
    free_all(&a);
    gndp_fieldset_free(set);
}

/* ---- Real files ------------------------------------------------------------------------------ */

static void netcdf_axes_of_era5_uk(void **state)
{
    (void)state;
    gndp_fieldset *set = open_set(data_file("era5_t2m_uk_2019-03.nc").text, NULL);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 595);
    assert_int_equal(spec->coords.space, GNDP_SPACE_SPHERE);
    assert_int_equal(spec->coords.layout, GNDP_LAYOUT_PRODUCT);
    check_axis(set, 0, "latitude", 33, 58.0, 50.0);
    check_axis(set, 1, "longitude", 49, -10.0, 2.0);
    assert_int_equal(spec->n_channels, 1);
    assert_string_equal(spec->channel[0].name, "t2m");
    assert_string_equal(spec->channel[0].units, "K");
    assert_string_equal(spec->channel[0].part[0].standard_name, "air_temperature");
    assert_string_equal(spec->channel[0].part[0].long_name, "2 metre temperature");
    assert_string_equal(spec->channel[0].cell_methods, "time: point");
    assert_string_equal(gndp_calendar_text(spec->calendar, spec->label[0].time_s).text,
                        "2019-03-01T00:00:00");
    assert_string_equal(gndp_calendar_text(spec->calendar, spec->label[594].time_s).text,
                        "2019-03-25T18:00:00");
    assert_int_equal(spec->label[0].member, -1);
    bool title = false;
    for (int i = 0; i < spec->n_attributes; i++)
        title |= strcmp(spec->attribute[i].name, "title") == 0 &&
                 strncmp(spec->attribute[i].text, "ERA5 hourly 2 metre", 19) == 0;
    assert_true(title);
    gndp_fieldset_free(set);
}

static void netcdf_axes_of_era5_members(void **state)
{
    (void)state;
    gndp_fieldset *set = open_set(data_file("era5_z_t_members_3deg.nc").text, NULL);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    static const char *const names[] = {"z_500", "z_850", "t_500", "t_850"};
    assert_int_equal(spec->n_fields, 32);
    assert_int_equal(spec->n_channels, 4);
    for (int c = 0; c < 4; c++)
        assert_string_equal(spec->channel[c].name, names[c]);
    check_axis(set, 0, "latitude", 61, 90.0, -90.0);
    check_axis(set, 1, "longitude", 120, 0.0, 357.0);
    assert_true(gndp_coords_periodic(&spec->coords));
    for (int f = 0; f < 32; f++) { /* by time, then member, though the file has them otherwise */
        assert_int_equal(spec->label[f].member, f % 8);
        assert_true(spec->label[f].time_s == 1483228800.0 + 43200.0 * (double)(f / 8));
    }
    gndp_fieldset_free(set);
}

static void netcdf_axes_of_erainterim_without_time(void **state)
{
    (void)state;
    NOTES(notes);
    gndp_read_options options = gndp_read_options_default();
    options.log = &notes_log;
    gndp_fieldset *set = open_set(data_file("eraint_uvz.nc").text, &options);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 2); /* January and July */
    assert_true(isnan(spec->label[0].time_s) && isnan(spec->label[1].time_s));
    assert_int_equal(spec->n_channels, 6);
    assert_string_equal(spec->channel[0].name, "z_200");
    assert_string_equal(spec->channel[3].name, "wind_200");
    assert_int_equal(spec->channel[3].kind, GNDP_CHANNEL_VECTOR);
    assert_string_equal(spec->channel[5].part[1].name, "v_850");
    check_axis(set, 0, "latitude", 241, 90.0, -90.0);
    check_axis(set, 1, "longitude", 480, -180.0, 179.25);
    check_note(&notes, "dimension 'month' is no time: its 2 entries become fields without a time");
    check_note(&notes, "variable 'u': _FillValue is of type double, not short: passed over");
    gndp_fieldset_free(set);
}

static void netcdf_axes_of_climatology_scenario_and_ocean(void **state)
{
    (void)state;
    gndp_fieldset *set = open_set(data_file("winds_monthly_2p5deg.nc").text, NULL);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 12);
    assert_int_equal(spec->n_channels, 1);
    assert_string_equal(spec->channel[0].name, "wind");
    assert_int_equal(spec->channel[0].kind, GNDP_CHANNEL_VECTOR);
    assert_string_equal(spec->channel[0].part[0].name, "u");
    assert_string_equal(spec->channel[0].part[1].name, "v");
    assert_string_equal(gndp_calendar_text(spec->calendar, spec->label[11].time_s).text,
                        "1970-12-01T00:00:00");
    gndp_fieldset_free(set);

    set = open_set(data_file("A1B_north_america.nc").text, NULL);
    spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 240);
    assert_int_equal(spec->calendar, GNDP_CALENDAR_360_DAY);
    check_axis(set, 0, "latitude", 37, 15.0, 60.0);
    check_axis(set, 1, "longitude", 49, 225.0, 315.0);
    assert_string_equal(gndp_calendar_text(spec->calendar, spec->label[0].time_s).text,
                        "1860-06-01T00:00:00");
    gndp_fieldset_free(set);

    set = open_set(data_file("ostia_monthly.nc").text, NULL);
    spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 54);
    assert_int_equal(spec->coords.n, 18 * 432);
    assert_string_equal(gndp_calendar_text(spec->calendar, spec->label[0].time_s).text,
                        "2006-04-16T00:00:00");
    gndp_fieldset_free(set);
}

static void netcdf_axes_of_basin_mask(void **state)
{
    (void)state;
    gndp_fieldset *set = open_set(data_file("basin_mask.nc").text, NULL);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 1);
    assert_int_equal(spec->n_channels, 33); /* depths */
    assert_string_equal(spec->channel[0].name, "basin_0");
    assert_string_equal(spec->channel[32].name, "basin_5500");
    check_axis(set, 0, "Y", 180, -89.5, 89.5);
    check_axis(set, 1, "X", 360, 0.5, 359.5);
    gndp_fieldset_free(set);
}

static void netcdf_axes_send_tracks_to_their_reader(void **state)
{
    (void)state;
    REFUSED(data_file("IBTrACS.SP.v04r00.nc").text, NULL, GNDP_ERR_FORMAT, "IBTrACS.SP.v04r00.nc",
            "holds tracks");
}

/* ---- ERA5 as the Climate Data Store writes it ------------------------------------------------ */

/* valid_time, scalar number, a string expver along time, as files have been since 2024. */
static void netcdf_axes_of_new_era5_files(void **state)
{
    (void)state;
    const path_text path = scratch("era5_new.nc");
    const int nc = create(path.text, NC_NETCDF4);
    int dim[3], number = -1;
    const char *const versions[2] = {"0001", "0005"};
    const double zero = 0.0;
    const int when = add_axis(nc, "valid_time", 2, "time", "seconds since 1970-01-01", &dim[0]);
    add_text(nc, when, "calendar", "proleptic_gregorian");
    const int north = add_axis(nc, "latitude", 3, "latitude", "degrees_north", &dim[1]);
    const int east = add_axis(nc, "longitude", 4, "longitude", "degrees_east", &dim[2]);
    NC(nc_def_var(nc, "number", NC_INT64, 0, NULL, &number));
    add_text(nc, number, "standard_name", "realization");
    const int expver = add_var(nc, "expver", NC_STRING, 1, dim, NULL, NULL);
    const int var = add_var(nc, "t2m", NC_FLOAT, 3, dim, "unknown", "K");
    const float nan_f = NAN;
    NC(nc_put_att_float(nc, var, "_FillValue", NC_FLOAT, 1, &nan_f));
    add_text(nc, var, "coordinates", "number valid_time latitude longitude expver");
    add_text(nc, var, "long_name", "2 metre temperature");
    NC(nc_enddef(nc));
    const double seconds[2] = {946684800.0, 946706400.0};
    put(nc, when, seconds);
    put(nc, north, lats);
    put(nc, east, lons);
    put(nc, number, &zero);
    const size_t start = 0, count = 2;
    const char *text[2] = {versions[0], versions[1]};
    NC(nc_put_vara_string(nc, expver, &start, &count, text));
    double values[24];
    for (int t = 0, k = 0; t < 2; t++)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 4; j++)
                values[k++] = 100 * t + 10 * i + j;
    values[5] = (double)NAN;
    put(nc, var, values);
    NC(nc_close(nc));
    NOTES(notes);
    gndp_read_options options = gndp_read_options_default();
    options.log = &notes_log;
    gndp_fieldset *set = open_set(path.text, &options);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 2);
    assert_int_equal(spec->n_channels, 1);
    assert_true(spec->label[1].time_s == 946706400.0);
    assert_int_equal(spec->label[0].member, 0);
    assert_int_equal(spec->calendar, GNDP_CALENDAR_PROLEPTIC);
    all_values a = read_all(set);
    for (int k = 0; k < 24; k++) {
        assert_int_equal(a.present[k], k != 5);
        assert_true(a.value[k] == (k == 5 ? 0.0 : values[k]));
    }
    free_all(&a);
    gndp_fieldset_free(set);
    assert_string_equal(notes.text, ""); /* nothing here is unusual */
}

/* Packed shorts, time since 1900, and the two versions side by side where one month is preliminary.
 */
static void netcdf_axes_merge_expver_of_old_era5_files(void **state)
{
    (void)state;
    const path_text path = scratch("era5_old.nc");
    const int nc = create(path.text, NC_64BIT_OFFSET);
    int dim[4];
    const int east = add_axis(nc, "longitude", 4, NULL, "degrees_east", &dim[3]);
    const int north = add_axis(nc, "latitude", 3, NULL, "degrees_north", &dim[2]);
    const int expver = add_axis(nc, "expver", 2, NULL, NULL, &dim[1]);
    add_text(nc, expver, "long_name", "expver");
    const int when = add_axis(nc, "time", 2, NULL, "hours since 1900-01-01 00:00:00.0", &dim[0]);
    add_text(nc, when, "calendar", "gregorian");
    const int var = add_var(nc, "t2m", NC_SHORT, 4, dim, NULL, "K");
    const double scale = 0.5, offset = 280.0, versions[2] = {1.0, 5.0};
    const short gone = -32767;
    NC(nc_put_att_double(nc, var, "scale_factor", NC_DOUBLE, 1, &scale));
    NC(nc_put_att_double(nc, var, "add_offset", NC_DOUBLE, 1, &offset));
    NC(nc_put_att_short(nc, var, "_FillValue", NC_SHORT, 1, &gone));
    NC(nc_put_att_short(nc, var, "missing_value", NC_SHORT, 1, &gone));
    NC(nc_enddef(nc));
    const double when_h[2] = {876576.0, 876577.0}; /* 2000-01-01 00, 01 UTC */
    put(nc, when, when_h);
    put(nc, north, lats);
    put(nc, east, lons);
    put(nc, expver, versions);
    short packed[48];
    for (int t = 0, k = 0; t < 2; t++) /* the first time is final, the second preliminary */
        for (int e = 0; e < 2; e++)
            for (int i = 0; i < 12; i++)
                packed[k++] = e == t ? (short)(t * 100 + i) : gone;
    NC(nc_put_var_short(nc, var, packed));
    NC(nc_close(nc));
    NOTES(notes);
    gndp_read_options options = gndp_read_options_default();
    options.log = &notes_log;
    gndp_fieldset *set = open_set(path.text, &options);
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 2);
    assert_true(gndp_fieldset_get_spec(set)->label[1].time_s == 946684800.0 + 3600.0);
    all_values a = read_all(set);
    for (int k = 0; k < 24; k++) {
        assert_int_equal(a.present[k], 1);
        assert_true(a.value[k] == 280.0 + 0.5 * (k / 12 * 100 + k % 12));
    }
    free_all(&a);
    check_note(&notes, "of the 2 entries of 'expver' the first with a value is taken");
    gndp_fieldset_free(set);
}

/* cfgrib: starts and leads; the time of a field is their sum. */
static void netcdf_axes_add_leads_to_starts(void **state)
{
    (void)state;
    const path_text path = scratch("forecast.nc");
    const int nc = create(path.text, NC_NETCDF4);
    int dim[4];
    const int start =
        add_axis(nc, "time", 2, "forecast_reference_time", "hours since 2000-01-01", &dim[1]);
    const int step = add_axis(nc, "step", 3, "forecast_period", "hours", &dim[0]);
    const int north = add_axis(nc, "latitude", 3, "latitude", "degrees_north", &dim[2]);
    const int east = add_axis(nc, "longitude", 4, "longitude", "degrees_east", &dim[3]);
    const int var = add_var(nc, "t2m", NC_DOUBLE, 4, dim, NULL, "K");
    NC(nc_enddef(nc));
    const double starts[2] = {0.0, 12.0}, steps[3] = {6.0, 12.0, 24.0};
    double values[72];
    for (int s = 0, k = 0; s < 3; s++)
        for (int t = 0; t < 2; t++)
            for (int i = 0; i < 12; i++)
                values[k++] = truth(starts[t] + steps[s], lats[i / 4], lons[i % 4]);
    put(nc, start, starts);
    put(nc, step, steps);
    put(nc, north, lats);
    put(nc, east, lons);
    put(nc, var, values);
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 6);
    check_truth(set);
    gndp_fieldset_free(set);
    gndp_read_options options = gndp_read_options_default();
    options.time = "2000-01-01T18/2000-01-02T00";
    set = open_set(path.text, &options); /* 12 + 6, 0 + 24, 12 + 12 */
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 3);
    check_truth(set);
    gndp_fieldset_free(set);
}

/* What belongs to other variables, texts, masks and sections are no channels; notes tell of those
   that might have been meant. */
static void netcdf_axes_pass_over_what_is_no_field(void **state)
{
    (void)state;
    const path_text path = scratch("helpers.nc");
    const int nc = create(path.text, NC_NETCDF4);
    int dim[4];
    const int time = add_axis(nc, "time", 2, "time", "hours since 2000-01-01", &dim[0]);
    const int lat = add_axis(nc, "latitude", 3, "latitude", "degrees_north", &dim[1]);
    const int lon = add_axis(nc, "longitude", 4, "longitude", "degrees_east", &dim[2]);
    dim[3] = add_dim(nc, "bnds", 2);
    const int bounds_dim[2] = {dim[0], dim[3]};
    add_text(nc, time, "bounds", "time_bnds");
    add_var(nc, "time_bnds", NC_DOUBLE, 2, bounds_dim, NULL, NULL);
    add_var(nc, "orography", NC_DOUBLE, 2, dim + 1, NULL, "m");
    const int mask = add_var(nc, "lsm", NC_DOUBLE, 3, dim, "land_binary_mask", "1");
    const int zonal = add_var(nc, "zonal_mean", NC_DOUBLE, 2, dim, NULL, "K");
    add_var(nc, "remark", NC_STRING, 1, dim, NULL, NULL);
    const int area = add_var(nc, "area", NC_DOUBLE, 2, dim + 1, "cell_area", "m2");
    const int var = add_var(nc, "t2m", NC_DOUBLE, 3, dim, NULL, "K");
    add_text(nc, var, "cell_measures", "area: area");
    NC(nc_enddef(nc));
    double values[24];
    for (int k = 0; k < 24; k++)
        values[k] = at(k / 12, k % 12 / 4, k % 4);
    put(nc, time, hours);
    put(nc, lat, lats);
    put(nc, lon, lons);
    put(nc, var, values);
    put(nc, mask, values);
    put(nc, zonal, values);
    put(nc, area, values);
    NC(nc_close(nc));
    NOTES(notes);
    gndp_read_options options = gndp_read_options_default();
    options.log = &notes_log;
    gndp_fieldset *set = open_set(path.text, &options);
    assert_int_equal(gndp_fieldset_get_spec(set)->n_channels, 1);
    check_truth(set);
    gndp_fieldset_free(set);
    check_note(&notes, "variable 'orography' (latitude, longitude) is passed over");
    check_note(&notes, "variable 'lsm' is passed over: a mask or flag");
    check_note(&notes, "variable 'zonal_mean' (time, latitude) is passed over: it has latitudes");
    check_note(&notes, "variable 'remark' (time) is passed over: its type is string");
    assert_null(strstr(notes.text, "bnds"));
    assert_null(strstr(notes.text, "area"));
    /* Asked for, what does not change in time goes with what does. */
    const char *const var_names[] = {"t2m", "lsm", "area"};
    options.var = var_names;
    options.n_vars = 3;
    set = open_set(path.text, &options);
    all_values a = read_all(set);
    for (int k = 0; k < 24; k++)
        for (int c = 0; c < 3; c++)
            assert_true(a.value[3 * k + c] == values[c == 2 ? k % 12 : k]);
    free_all(&a);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(netcdf_axes_follow_attributes_before_names),
    cmocka_unit_test(netcdf_axes_know_axis_and_coordinate_axis_type),
    cmocka_unit_test(netcdf_axes_of_era5_uk),
    cmocka_unit_test(netcdf_axes_of_era5_members),
    cmocka_unit_test(netcdf_axes_of_erainterim_without_time),
    cmocka_unit_test(netcdf_axes_of_climatology_scenario_and_ocean),
    cmocka_unit_test(netcdf_axes_of_basin_mask),
    cmocka_unit_test(netcdf_axes_send_tracks_to_their_reader),
    cmocka_unit_test(netcdf_axes_of_new_era5_files),
    cmocka_unit_test(netcdf_axes_merge_expver_of_old_era5_files),
    cmocka_unit_test(netcdf_axes_add_leads_to_starts),
    cmocka_unit_test(netcdf_axes_pass_over_what_is_no_field),
};
GNDP_TEST_MAIN(tests)
