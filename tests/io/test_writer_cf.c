// SPDX-License-Identifier: Apache-2.0
// Files of fields as other tools see them: ncdump, CDO and xarray open every form without a word of
// complaint and find the same values.
#include "writer_case.h"

/* Skip unless a python with xarray is there; its command. */
static const char *python(void)
{
    static const char *const commands[] = {"python3", "/usr/bin/python3"};
    static const char *found;
    for (size_t i = 0; found == NULL && i < sizeof commands / sizeof *commands; i++) {
        int code;
        char *out = shell(&code, "%s -c 'import xarray, netCDF4'", commands[i]);
        free(out);
        if (code == 0)
            found = commands[i];
    }
    if (found == NULL) {
        print_message("skipped: no python with xarray and netCDF4\n");
        skip();
    }
    return found;
}

/* Run a script on a file; it says nothing, warnings included. */
static void run_python(const char *script, const char *path)
{
    char line[512];
    write_bytes("script.py", script, strlen(script));
    snprintf(line, sizeof line, "%s script.py %s", python(), path);
    run_silent(line);
    assert_int_equal(unlink("script.py"), 0);
}

static void write_case(const char *path, bool forecast)
{
    gndp_channel channel[3];
    case_channels(channel);
    gndp_field_file file = case_file(channel);
    if (forecast)
        file.reference_time_s = case_time[0] - 6 * 3600.0;
    case_write(path, &file, NULL);
}

/* ---- The grid ------------------------------------------------------------------------------- */

static void writer_makes_the_promised_header(void **state)
{
    static const char expected[] =
        "netcdf a {\n"
        "dimensions:\n"
        "\ttime = UNLIMITED ; // (3 currently)\n"
        "\trealization = 2 ;\n"
        "\tlatitude = 4 ;\n"
        "\tlongitude = 6 ;\n"
        "variables:\n"
        "\tdouble time(time) ;\n"
        "\t\ttime:standard_name = \"time\" ;\n"
        "\t\ttime:long_name = \"time\" ;\n"
        "\t\ttime:units = \"hours since 1970-01-01 00:00:00\" ;\n"
        "\t\ttime:calendar = \"standard\" ;\n"
        "\t\ttime:axis = \"T\" ;\n"
        "\tdouble forecast_reference_time ;\n"
        "\t\tforecast_reference_time:standard_name = \"forecast_reference_time\" ;\n"
        "\t\tforecast_reference_time:long_name = \"start of the forecast\" ;\n"
        "\t\tforecast_reference_time:units = \"hours since 1970-01-01 00:00:00\" ;\n"
        "\t\tforecast_reference_time:calendar = \"standard\" ;\n"
        "\tint forecast_period(time) ;\n"
        "\t\tforecast_period:standard_name = \"forecast_period\" ;\n"
        "\t\tforecast_period:long_name = \"time since the start of the forecast\" ;\n"
        "\t\tforecast_period:units = \"hours\" ;\n"
        "\t\tforecast_period:dtype = \"timedelta64[ns]\" ;\n"
        "\tint realization(realization) ;\n"
        "\t\trealization:standard_name = \"realization\" ;\n"
        "\t\trealization:long_name = \"ensemble member\" ;\n"
        "\t\trealization:units = \"1\" ;\n"
        "\t\trealization:axis = \"E\" ;\n"
        "\tdouble latitude(latitude) ;\n"
        "\t\tlatitude:standard_name = \"latitude\" ;\n"
        "\t\tlatitude:long_name = \"latitude\" ;\n"
        "\t\tlatitude:units = \"degrees_north\" ;\n"
        "\t\tlatitude:axis = \"Y\" ;\n"
        "\tdouble longitude(longitude) ;\n"
        "\t\tlongitude:standard_name = \"longitude\" ;\n"
        "\t\tlongitude:long_name = \"longitude\" ;\n"
        "\t\tlongitude:units = \"degrees_east\" ;\n"
        "\t\tlongitude:axis = \"X\" ;\n"
        "\tfloat t2m(time, realization, latitude, longitude) ;\n"
        "\t\tt2m:_FillValue = 9.96921e+36f ;\n"
        "\t\tt2m:standard_name = \"air_temperature\" ;\n"
        "\t\tt2m:long_name = \"2 metre temperature\" ;\n"
        "\t\tt2m:units = \"K\" ;\n"
        "\t\tt2m:cell_methods = \"time: mean\" ;\n"
        "\t\tt2m:coordinates = \"forecast_period forecast_reference_time\" ;\n"
        "\tfloat u10(time, realization, latitude, longitude) ;\n"
        "\t\tu10:_FillValue = 9.96921e+36f ;\n"
        "\t\tu10:standard_name = \"eastward_wind\" ;\n"
        "\t\tu10:units = \"m s-1\" ;\n"
        "\t\tu10:vector = \"wind\" ;\n"
        "\t\tu10:coordinates = \"forecast_period forecast_reference_time\" ;\n";
    (void)state;
    need("command -v ncdump");
    write_case("a.nc", true);
    char *out = run("ncdump -h a.nc");
    if (strncmp(out, expected, strlen(expected)) != 0)
        fail_msg("the header is\n%s\nand should begin\n%s", out, expected);
    assert_contains(out, "lat:sphere_point = \"heading\" ;");
    assert_contains(out, "lat:units = \"degrees\" ;");
    assert_contains(out, ":Conventions = \"CF-1.8\" ;");
    free(out);
}

static void writer_makes_grids_that_cdo_reads(void **state)
{
    (void)state;
    need("command -v cdo");
    write_case("a.nc", false);
    char *out = run("cdo -s sinfon a.nc");
    assert_contains(out, "t2m");
    assert_contains(out, "lonlat");
    assert_contains(out, "points=24 (6x4)");
    assert_contains(out, "60 to 52.5 by -2.5 degrees_north");
    assert_contains(out, "levels=2");
    assert_contains(out, "3 steps");
    assert_contains(out, "2019-03-01 00:00:00  2019-03-01 06:00:00  2019-03-01 12:00:00");
    assert_null(strstr(out, "arning"));
    free(out);
    out = run(
        "cdo -s outputf,%.9g,1 -selindexbox,2,2,1,1 -sellevel,7 -seltimestep,3 -selname,v10 a.nc");
    char value[64];
    snprintf(value, sizeof value, "%.9g", (double)(float)case_value(2, 1, 1, 2));
    assert_contains(out, value);
    free(out);
    out = run("cdo -s showtimestamp -seltimestep,2 a.nc");
    assert_contains(out, "2019-03-01T06:00:00");
    free(out);
    run_silent("cdo -s splitlevel a.nc member"); /* members are levels to CDO */
    run_silent("cdo -s -f nc4 copy a.nc copy.nc");
    out = run("cdo -s diffn a.nc copy.nc");
    assert_string_equal(out, "");
    free(out);
}

/* CDO finds the start of a forecast by its standard name, and says of the attribute that CF and
 * xarray want that it can do nothing with it. */
static void writer_makes_forecasts_that_cdo_reads(void **state)
{
    static const char *const known[] = {
        "Warning (cdfInqContents): Coordinates variable forecast_period can't be assigned!",
        "Warning (cdfInqContents): Coordinates variable forecast_reference_time can't be "
        "assigned!"};
    int warnings = 0;
    (void)state;
    need("command -v cdo");
    write_case("a.nc", true);
    char *out = run("cdo -s sinfon a.nc");
    assert_contains(out, "ForecastRefTime =  2019-02-28T18:00:00");
    for (const char *line = strtok(out, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (strstr(line, "arning") != NULL) {
            assert_true(strcmp(line, known[0]) == 0 || strcmp(line, known[1]) == 0);
            warnings++;
        }
    assert_true(warnings <= 2);
    free(out);
}

static void writer_makes_grids_that_xarray_decodes(void **state)
{
    (void)state;
    write_case("a.nc", true);
    run_python(
        "import sys, warnings\n"
        "warnings.simplefilter('error')\n"
        "import numpy as np, xarray as xr\n"
        "d = xr.open_dataset(sys.argv[1])\n"
        "assert d.t2m.dims == ('time', 'realization', 'latitude', 'longitude'), d.t2m.dims\n"
        "assert d.sizes == {'time': 3, 'realization': 2, 'latitude': 4, 'longitude': 6}, d.sizes\n"
        "assert str(d.time.values[1]) == '2019-03-01T06:00:00.000000000', d.time.values\n"
        "assert d.forecast_period.dtype == np.dtype('timedelta64[ns]'), d.forecast_period.dtype\n"
        "assert list(d.forecast_period.values / np.timedelta64(1, 'h')) == [6, 12, 18]\n"
        "assert str(d.forecast_reference_time.values)[:13] == '2019-02-28T18'\n"
        "assert set(d.t2m.coords) >= {'forecast_period', 'forecast_reference_time', "
        "'realization'}\n"
        "assert list(d.realization.values) == [3, 7]\n"
        "t, m, i = np.meshgrid(np.arange(3), np.arange(2), np.arange(24), indexing='ij')\n"
        "def field(component, channel):\n"
        "    v = 250.0 + (t * 40 + m * 17) + i / 7.0 + component / 3.0\n"
        "    return np.where((t + 2 * m + i + channel) % 5 == 0, np.nan, "
        "v.astype('f4')).reshape(3, 2, 4, 6)\n"
        "for name, component, channel in (('t2m', 0, 0), ('u10', 1, 1), ('v10', 2, 1)):\n"
        "    assert d[name].dtype == np.float32\n"
        "    assert np.array_equal(d[name].values, field(component, channel), equal_nan=True), "
        "name\n"
        "lat = np.where((t + 2 * m + i + 2) % 5 == 0, np.nan, -80 + 6.3 * i + 0.1 * t).reshape(3, "
        "2, 4, 6)\n"
        "assert np.nanmax(abs(d.lat.values - lat)) < 1e-5 and (np.isnan(d.lat.values) == "
        "np.isnan(lat)).all()\n"
        "d.close()\n",
        "a.nc");
}

static void writer_makes_calendars_that_tools_know(void **state)
{
    static const gndp_calendar calendar[] = {GNDP_CALENDAR_STANDARD, GNDP_CALENDAR_PROLEPTIC,
                                             GNDP_CALENDAR_NOLEAP, GNDP_CALENDAR_360_DAY};
    (void)state;
    need("command -v cdo");
    for (size_t k = 0; k < sizeof calendar / sizeof *calendar; k++) {
        gndp_channel channel[3];
        double seconds[N_TIMES];
        gndp_write_options options = gndp_write_options_default();
        case_channels(channel);
        gndp_field_file file = case_file(channel);
        for (int i = 0; i < N_TIMES; i++) {
            const gndp_date date = {.year = 2020 + i, .month = 2, .day = 28, .hour = 18};
            assert_ok(gndp_calendar_seconds(calendar[k], &date, &seconds[i]));
        }
        file.time_s = seconds;
        file.calendar = calendar[k];
        file.time_units = "days since 1850-01-01";
        options.overwrite = true;
        case_write("a.nc", &file, &options);
        char *out = run("cdo -s showtimestamp a.nc");
        assert_contains(out, "2020-02-28T18:00:00");
        assert_contains(out, "2022-02-28T18:00:00");
        free(out);
    }
}

/* ---- Other points --------------------------------------------------------------------------- */

/* A scalar "t" of value 10 time + member + point / 8 on any points. */
static void write_simple(const char *path, gndp_coords coords, int64_t n_times, int64_t n_members)
{
    const gndp_channel channel = gndp_channel_scalar("t", "K");
    gndp_field_writer *writer;
    double *values = malloc((size_t)coords.n * sizeof *values);
    const gndp_field_file file = {.coords = coords,
                                  .n_channels = 1,
                                  .channel = &channel,
                                  .n_times = n_times > 0 ? n_times : 1,
                                  .time_s = n_times > 0 ? case_time : NULL,
                                  .reference_time_s = (double)NAN,
                                  .n_members = n_members};
    assert_non_null(values);
    assert_ok(gndp_field_writer_create(path, &file, NULL, &writer));
    for (int64_t m = 0; m < (n_members > 0 ? n_members : 1); m++)
        for (int64_t t = 0; t < file.n_times; t++) {
            for (int64_t i = 0; i < coords.n; i++)
                values[i] = 10.0 * (double)t + (double)m + (double)i / 8.0;
            assert_ok(gndp_field_writer_put(writer, t, m, values, NULL));
        }
    assert_ok(gndp_field_writer_commit(writer));
    gndp_field_writer_free(writer, false);
    free(values);
}

static const double station[] = {51.5, -0.25, 53.5, -2.25, 55.75, -3.5, 57.0, 10.0, 60.25, 5.0};

static void write_stations(const char *path)
{
    const gndp_coords coords = {
        .space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_LIST, .columns = 2, .n = 5, .x = station};
    write_simple(path, coords, 3, 2);
}

static void writer_makes_stations_of_cf_form(void **state)
{
    (void)state;
    need("command -v ncdump");
    write_stations("s.nc");
    char *out = run("ncdump s.nc");
    assert_contains(out, "float t(time, realization, station) ;");
    assert_contains(out, "t:coordinates = \"latitude longitude\" ;");
    assert_contains(out, "double latitude(station) ;");
    assert_contains(out, "station:cf_role = \"timeseries_id\" ;");
    assert_contains(out, ":featureType = \"timeSeries\" ;");
    assert_contains(out, " longitude = -0.25, -2.25, -3.5, 10, 5 ;");
    free(out);
}

static void writer_makes_stations_that_cdo_reads(void **state)
{
    (void)state;
    need("command -v cdo");
    write_stations("s.nc");
    char *out = run("cdo -s sinfon s.nc");
    assert_contains(out, "unstructured");
    assert_contains(out, "points=5");
    assert_contains(out, "levels=2");
    assert_null(strstr(out, "arning"));
    free(out);
    run_silent("cdo -s timmean s.nc mean.nc");
}

static void writer_makes_stations_that_xarray_decodes(void **state)
{
    (void)state;
    write_stations("s.nc");
    run_python("import sys, warnings\n"
               "warnings.simplefilter('error')\n"
               "import numpy as np, xarray as xr\n"
               "d = xr.open_dataset(sys.argv[1])\n"
               "assert d.t.dims == ('time', 'realization', 'station')\n"
               "assert {'latitude', 'longitude', 'station'} <= set(d.t.coords)\n"
               "assert list(d.latitude.values) == [51.5, 53.5, 55.75, 57.0, 60.25]\n"
               "t, m, i = np.meshgrid(np.arange(3), np.arange(2), np.arange(5), indexing='ij')\n"
               "assert np.array_equal(d.t.values, (10 * t + m + i / 8).astype('f4'))\n"
               "d.close()\n",
               "s.nc");
}

static void writer_makes_abstract_axes(void **state)
{
    static const double x[] = {-1.0, 0.0, 0.5, 2.0}, y[] = {10.0, 20.0, 40.0},
                        list[] = {0.5, 1.0, -1.5, 2.0, 3.0, -3.5};
    (void)state;
    const gndp_coords line = {.layout = GNDP_LAYOUT_PRODUCT,
                              .columns = 1,
                              .axis = {{.name = "x", .units = "1", .size = 4, .value = x}},
                              .n = 4};
    const gndp_coords plane = {.layout = GNDP_LAYOUT_PRODUCT,
                               .columns = 2,
                               .axis = {{.name = "time", .units = "km", .size = 4, .value = x},
                                        {.name = "y", .units = "km", .size = 3, .value = y}},
                               .n = 12};
    const gndp_coords points = {.layout = GNDP_LAYOUT_LIST,
                                .columns = 2,
                                .axis = {{.name = "x"}, {.name = "y"}},
                                .n = 3,
                                .x = list};
    write_simple("line.nc", line, 0, 3);
    write_simple("plane.nc", plane, 3, 2);
    write_simple("points.nc", points, 0, 0);
    if (system("command -v ncdump >/dev/null") == 0) {
        char *out = run("ncdump -h line.nc");
        assert_contains(out, "float t(time, realization, x) ;");
        assert_contains(out, "double x(x) ;");
        assert_contains(out, "time:comment = \"these fields have no time\" ;");
        free(out);
        out = run("ncdump -h plane.nc");
        assert_contains(out,
                        "float t(time, realization, x1, y) ;"); /* an axis called time that is not
                                                                   the time of the fields */
        free(out);
        out = run("ncdump points.nc");
        assert_contains(out, "float t(time, point) ;");
        assert_contains(out, "t:coordinates = \"x y\" ;");
        assert_contains(out, " y = 1, 2, -3.5 ;");
        free(out);
    }
    if (system("command -v cdo >/dev/null") == 0) {
        static const char *const names[] = {
            "line.nc", "plane.nc"}; /* places without axes are nothing to CDO */
        for (int i = 0; i < 2; i++) {
            char command[64];
            snprintf(command, sizeof command, "cdo -s sinfon %s", names[i]);
            char *out = run(command);
            assert_null(strstr(out, "arning"));
            free(out);
        }
    }
    run_python("import sys, warnings\n"
               "warnings.simplefilter('error')\n"
               "import numpy as np, xarray as xr\n"
               "d = xr.open_dataset(sys.argv[1])\n"
               "assert d.t.dims == ('time', 'realization', 'x1', 'y')\n"
               "assert list(d.x1.values) == [-1, 0, 0.5, 2] and list(d.y.values) == [10, 20, 40]\n"
               "assert d.t.values[1, 1, 0, 2] == 10 + 1 + 2 / 8\n",
               "plane.nc");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
    IN_FOLDER(writer_makes_the_promised_header),
    IN_FOLDER(writer_makes_grids_that_cdo_reads),
    IN_FOLDER(writer_makes_forecasts_that_cdo_reads),
    IN_FOLDER(writer_makes_grids_that_xarray_decodes),
    IN_FOLDER(writer_makes_calendars_that_tools_know),
    IN_FOLDER(writer_makes_stations_of_cf_form),
    IN_FOLDER(writer_makes_stations_that_cdo_reads),
    IN_FOLDER(writer_makes_stations_that_xarray_decodes),
    IN_FOLDER(writer_makes_abstract_axes),
};
GNDP_TEST_MAIN(tests)
