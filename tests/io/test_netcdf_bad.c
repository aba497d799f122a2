// SPDX-License-Identifier: Apache-2.0
// Malformed and hostile NetCDF files: each is refused with its file, the thing and the cause, or
// read as it is meant.
#include "io/netcdf_case.h"
#include "support/quick.h"

/* ---- The folder of bad files ----------------------------------------------------------------- */

static void netcdf_bad_files_are_refused_with_their_cause(void **state)
{
    (void)state;
    static const struct {
        const char *file, *var;
        gndp_status code;
        const char *piece[3];
    } cases[] = {
        {"truncated_netcdf4.nc", NULL, GNDP_ERR_FORMAT, {"truncated", "8006", "13344"}},
        {"truncated_classic.nc", NULL, GNDP_ERR_FORMAT, {"truncated", "header", ""}},
        {"zero_length_dims.nc", NULL, GNDP_ERR_FORMAT, {"'t2m' is empty", "time", "latitude"}},
        {"zero_length_dims.nc", "t2m", GNDP_ERR_FORMAT, {"'t2m' is empty", "time", "latitude"}},
        {"missing_variable.nc", "t2m", GNDP_ERR_NOT_FOUND, {"'t2m' not found", "none", ""}},
        {"missing_variable.nc", NULL, GNDP_ERR_NOT_FOUND, {"time, latitude, longitude", "", ""}},
        {"nan_coords.nc", NULL, GNDP_ERR_NONFINITE, {"'latitude'", "value 3", "not a number"}},
        {"all_missing.nc", NULL, GNDP_ERR_NONFINITE, {"'t2m'", "no valid value", ""}},
        {"lat_out_of_range.nc", NULL, GNDP_ERR_RANGE, {"'latitude'", "135", "outside -90..90"}},
        {"coords_unsorted.nc", NULL, GNDP_ERR_FORMAT, {"'latitude'", "not monotonic", ""}},
        {"coords_duplicate.nc", NULL, GNDP_ERR_FORMAT, {"'latitude'", "55 is given twice", ""}},
        {"wrong_units.nc", NULL, GNDP_ERR_FORMAT, {"'latitude'", "'radians'", ""}},
        {"scale_factor_zero.nc", NULL, GNDP_ERR_FORMAT, {"'t2m'", "scale_factor is zero", ""}},
        {"scale_factor_nan.nc", NULL, GNDP_ERR_FORMAT, {"'t2m'", "scale_factor", "not finite"}},
        {"classic_huge_dims.nc", NULL, GNDP_ERR_FORMAT, {"'t2m'", "header is wrong", ""}},
        {"classic_huge_dim_1d.nc", NULL, GNDP_ERR_FORMAT, {"'latitude'", "8000000128", "148"}},
        {"text_renamed.nc", NULL, GNDP_ERR_FORMAT, {"unknown file format", "text", ""}},
        {"hdf5_not_netcdf.nc", NULL, GNDP_ERR_NOT_FOUND, {"no variable", "groups", ""}},
        {"grib_renamed.nc", NULL, GNDP_ERR_FORMAT, {"unknown file format", "GRIB", "cdo"}},
        {"ibtracs_numobs_lies.nc", NULL, GNDP_ERR_FORMAT, {"tracks", "", ""}},
        {"there_is_none.nc", NULL, GNDP_ERR_IO, {"No such file", "", ""}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        char name[64];
        snprintf(name, sizeof name, "bad/%s", cases[c].file);
        const path_text path = data_file(name);
        gndp_read_options o = gndp_read_options_default();
        o.var = &cases[c].var;
        o.n_vars = cases[c].var != NULL;
        assert_quick(1.0, REFUSED(path.text, &o, cases[c].code, path.text, cases[c].piece[0],
                                  cases[c].piece[1], cases[c].piece[2]));
    }
}

static void netcdf_bad_descending_coordinates_are_fine(void **state)
{
    (void)state;
    const path_text path = data_file("bad/coords_descending.nc");
    gndp_fieldset *set = open_set(path.text, NULL);
    const gndp_coords *coords = &gndp_fieldset_get_spec(set)->coords;
    assert_true(coords->axis[0].value[0] == 58.0 && coords->axis[1].value[0] == 2.0);
    all_values a = read_all(set);
    /* The same file, turned about by hand. */
    int nc = -1, var = -1;
    double raw[4 * 81], lat[9], lon[9];
    NC(nc_open(path.text, NC_NOWRITE, &nc));
    NC(nc_inq_varid(nc, "t2m", &var));
    NC(nc_get_var_double(nc, var, raw));
    NC(nc_close(nc));
    for (int i = 0; i < 9; i++) {
        lat[i] = 50.0 + i;
        lon[i] = -10.0 + 1.5 * i;
    }
    const path_text turned = scratch("turned.nc");
    const double hours[4] = {0.0, 1.0, 2.0, 3.0};
    const grid_case grid = {.nt = 4,
                            .n_lat = 9,
                            .n_lon = 9,
                            .hours = hours,
                            .lat = lat,
                            .lon = lon,
                            .member = (double)NAN};
    make_grid(turned.text, &grid);
    double up[4 * 81];
    for (int t = 0; t < 4; t++)
        for (int i = 0; i < 9; i++)
            for (int j = 0; j < 9; j++)
                up[(t * 9 + i) * 9 + j] = raw[(t * 9 + 8 - i) * 9 + 8 - j];
    NC(nc_open(turned.text, NC_WRITE, &nc));
    NC(nc_inq_varid(nc, "t2m", &var));
    put(nc, var, up);
    NC(nc_close(nc));
    gndp_fieldset *other = open_set(turned.text, NULL);
    all_values b = read_all(other);
    double *x = read_places(set), *y = read_places(other);
    int pairs = 0;
    for (int i = 0; i < 81; i++)
        for (int k = 0; k < 81; k++)
            if (x[2 * i] == y[2 * k] && x[2 * i + 1] == y[2 * k + 1]) {
                for (int t = 0; t < 4; t++)
                    assert_true(a.value[t * 81 + i] == b.value[t * 81 + k]);
                pairs++;
            }
    assert_int_equal(pairs, 81);
    free(x);
    free(y);
    free_all(&a);
    free_all(&b);
    gndp_fieldset_free(other);
    gndp_fieldset_free(set);
}

static void netcdf_bad_hostile_strings_are_tamed(void **state)
{
    (void)state;
    NOTES(notes);
    gndp_read_options o = gndp_read_options_default();
    o.log = &notes_log;
    const path_text path = data_file("bad/hostile_strings.nc");
    gndp_fieldset *set = open_set(path.text, &o);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_channels, 1);
    assert_string_equal(spec->channel[0].part[0].long_name, "%s%s%s%n%x ?[31mred?[0m ?");
    for (int i = 0; i < spec->n_attributes; i++)
        for (const char *p = spec->attribute[i].text; *p != '\0'; p++)
            assert_true((unsigned char)*p >= 0x20 || *p == '\n' || *p == '\t');
    check_note(&notes, "variable 'x%2f..%2f%n%s' (latitude) is passed over");
    gndp_fieldset_free(set);
    static const char *const var[1] = {"x%2f..%2f%n%s"};
    o.var = var;
    o.n_vars = 1;
    REFUSED(path.text, &o, GNDP_ERR_FORMAT, "'x%2f..%2f%n%s' (latitude) is no field");
    static const char *const evil[1] = {"\x1b[2J%n"};
    o.var = evil;
    REFUSED(path.text, &o, GNDP_ERR_NOT_FOUND, "'?[2J%n' not found");
}

/* ---- Made by the tests ----------------------------------------------------------------------- */

/* Every prefix of a file is refused or, past its last value, read; never a crash, never zeros for
   what is not there. */
static void netcdf_bad_every_prefix_of_a_classic_file_is_refused(void **state)
{
    (void)state;
    static const double hours[2] = {0.0, 6.0}, lats[2] = {0.0, 1.0}, lons[3] = {0.0, 1.0, 2.0};
    static const int modes[3] = {0, NC_64BIT_OFFSET, NC_64BIT_DATA};
    for (int m = 0; m < 3; m++) {
        const path_text path = scratch("whole.nc"), cut = scratch("cut.nc");
        const grid_case grid = {.nt = 2,
                                .n_lat = 2,
                                .n_lon = 3,
                                .hours = hours,
                                .lat = lats,
                                .lon = lons,
                                .mode = modes[m],
                                .member = (double)NAN};
        char bytes[8192];
        make_grid(path.text, &grid);
        FILE *file = fopen(path.text, "rb");
        assert_non_null(file);
        const size_t n = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        assert_in_range(n, 200, 4096);
        file = fopen(cut.text, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, n, file), n);
        fclose(file);
        for (size_t k = n;
             k-- > 0;) { /* cut shorter and shorter, as writing anew is slow on disks */
            assert_int_equal(truncate(cut.text, (off_t)k), 0);
            REFUSED(cut.text, NULL, GNDP_ERR_FORMAT, "cut.nc");
        }
    }
}

/* Any byte of a header may lie. What opens all the same can be read or says why not. */
static void netcdf_bad_no_byte_of_a_classic_header_does_harm(void **state)
{
    (void)state;
    static const double hours[2] = {0.0, 6.0}, lats[2] = {0.0, 1.0}, lons[3] = {0.0, 1.0, 2.0};
    static const unsigned char lies[3] = {0x00, 0x7F, 0xFF};
    const path_text path = scratch("honest.nc"), lying = scratch("lying.nc");
    const grid_case grid = {.nt = 2,
                            .n_lat = 2,
                            .n_lon = 3,
                            .hours = hours,
                            .lat = lats,
                            .lon = lons,
                            .mode = NC_64BIT_OFFSET,
                            .member = (double)NAN};
    unsigned char bytes[8192];
    make_grid(path.text, &grid);
    FILE *file = fopen(path.text, "rb");
    assert_non_null(file);
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    file = fopen(lying.text, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    fclose(file);
    int opened = 0;
    for (size_t k = 0; k < n; k++)
        for (int l = 0; l < 3; l++) {
            const unsigned char honest = bytes[k];
            const char *const names[1] = {lying.text};
            gndp_fieldset *set = NULL;
            gndp_component_stats stats[64];
            file = fopen(lying.text, "r+b"); /* one byte of it: writing anew is slow on disks */
            assert_non_null(file);
            assert_int_equal(fseek(file, (long)k, SEEK_SET), 0);
            assert_int_equal(fputc(lies[l], file), lies[l]);
            fclose(file);
            if (gndp_netcdf_open(names, 1, NULL, &set) == GNDP_OK) {
                assert_in_range(gndp_fieldset_components(set), 1, 64);
                if (gndp_fieldset_stats(set, stats) != GNDP_OK)
                    assert_non_null(strstr(gndp_last_error(), "lying.nc"));
                opened++;
            } else
                assert_non_null(strstr(gndp_last_error(), "lying.nc"));
            gndp_fieldset_free(set);
            file = fopen(lying.text, "r+b");
            assert_non_null(file);
            assert_int_equal(fseek(file, (long)k, SEEK_SET), 0);
            assert_int_equal(fputc(honest, file), honest);
            fclose(file);
        }
    assert_in_range(opened, 100, 3 * n); /* most bytes are values, or names that do not matter */
}

/* A classic file with a record dimension, cut within its last record. */
static void netcdf_bad_missing_records_are_refused(void **state)
{
    (void)state;
    const path_text path = scratch("records.nc");
    const int nc = create(path.text, 0);
    int dim[3];
    dim[0] = add_dim(nc, "time", NC_UNLIMITED);
    const int when =
        add_var(nc, "time", NC_DOUBLE, 1, dim, "time", "hours since 2000-01-01 00:00:00");
    const int lat = add_axis(nc, "lat", 2, "latitude", "degrees_north", &dim[1]);
    const int lon = add_axis(nc, "lon", 3, "longitude", "degrees_east", &dim[2]);
    const int var = add_var(nc, "t2m", NC_SHORT, 3, dim, NULL, "K");
    NC(nc_enddef(nc));
    const double lats[2] = {0.0, 1.0}, lons[3] = {0.0, 1.0, 2.0};
    put(nc, lat, lats);
    put(nc, lon, lons);
    for (size_t t = 0; t < 5; t++) {
        const size_t start[3] = {t, 0, 0}, count[3] = {1, 2, 3};
        const double hour = (double)t, values[6] = {1, 2, 3, 4, 5, 6};
        NC(nc_put_vara_double(nc, when, start, count, &hour));
        NC(nc_put_vara_double(nc, var, start, count, values));
    }
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 5);
    gndp_fieldset_free(set);
    FILE *file = fopen(path.text, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    assert_int_equal(ftruncate(fileno(file), size - 20), 0);
    fclose(file);
    REFUSED(path.text, NULL, GNDP_ERR_FORMAT, "records.nc", "truncated", "the file ends at");
}

/* A NetCDF-4 file may claim far more than it is, as chunks that were never written take no space:
   then no memory is taken for it, and time is bounded. */
static void netcdf_bad_claims_of_hdf5_are_bounded(void **state)
{
    (void)state;
    const path_text path = scratch("claims.nc");
    int nc = create(path.text, NC_NETCDF4), dim[3];
    dim[0] = add_dim(nc, "lat", 2000000000);
    dim[1] = add_dim(nc, "lon", 2000000000);
    const size_t chunk[2] = {1000, 1000};
    const int lat = add_var(nc, "lat", NC_DOUBLE, 1, dim, "latitude", "degrees_north");
    add_var(nc, "lon", NC_DOUBLE, 1, dim + 1, "longitude", "degrees_east");
    NC(nc_def_var_chunking(nc, lat, NC_CHUNKED, chunk));
    NC(nc_def_var_chunking(nc, lat + 1, NC_CHUNKED, chunk));
    const int var = add_var(nc, "t2m", NC_FLOAT, 2, dim, NULL, "K");
    NC(nc_def_var_chunking(nc, var, NC_CHUNKED, chunk));
    NC(nc_close(nc));
    assert_quick(2.0, REFUSED(path.text, NULL, GNDP_ERR_FORMAT, "claims.nc",
                              "'lat' claims 2000000000 values"));

    nc = create(path.text, NC_NETCDF4); /* and of a chunk that HDF5 would take into memory whole */
    const double places[2] = {0.0, 1.0}, hours[1] = {0.0};
    const int when = add_axis(nc, "time", 1, "time", "hours since 2000-01-01", &dim[0]);
    const int north = add_axis(nc, "lat", 2, "latitude", "degrees_north", &dim[1]);
    const int east = add_axis(nc, "lon", 2, "longitude", "degrees_east", &dim[2]);
    int more[4] = {add_dim(nc, "steps", NC_UNLIMITED), dim[0], dim[1], dim[2]};
    const int big = add_var(nc, "t2m", NC_DOUBLE, 4, more, NULL, "K");
    const size_t huge[4] = {100000000, 1, 2, 2};
    NC(nc_def_var_chunking(nc, big, NC_CHUNKED, huge));
    NC(nc_def_var_deflate(nc, big, 0, 1, 1));
    NC(nc_enddef(nc));
    put(nc, when, hours);
    put(nc, north, places);
    put(nc, east, places);
    NC(nc_close(nc));
    NC(nc_open(path.text, NC_WRITE,
               &nc)); /* an entry along the unlimited dimension by another variable */
    NC(nc_redef(nc));
    const int small = add_var(nc, "steps", NC_DOUBLE, 1, more, NULL, NULL);
    NC(nc_enddef(nc));
    const size_t first = 0, one = 1;
    NC(nc_put_vara_double(nc, small, &first, &one, hours));
    NC(nc_close(nc));
    assert_quick(2.0, REFUSED(path.text, NULL, GNDP_ERR_NOMEM, "claims.nc",
                              "'t2m' has chunks of 800000000 bytes or more"));
}

static void netcdf_bad_times_and_members_are_refused(void **state)
{
    (void)state;
    static const double lats[2] = {0.0, 1.0}, lons[3] = {0.0, 1.0, 2.0};
    double hours[3] = {0.0, (double)NAN, 6.0};
    const path_text path = scratch("times.nc");
    grid_case grid = {.nt = 3,
                      .n_lat = 2,
                      .n_lon = 3,
                      .hours = hours,
                      .lat = lats,
                      .lon = lons,
                      .member = (double)NAN};
    make_grid(path.text, &grid);
    REFUSED(path.text, NULL, GNDP_ERR_NONFINITE, "times.nc", "'time', value 1");
    hours[1] = 6.0;
    make_grid(path.text, &grid);
    REFUSED(path.text, NULL, GNDP_ERR_FORMAT, "2000-01-01T06:00:00 is given twice",
            "entries 1 and 2");
    hours[1] = 3.0;
    grid.calendar = "martian";
    make_grid(path.text, &grid);
    REFUSED(path.text, NULL, GNDP_ERR_FORMAT, "times.nc", "'time'", "martian");
}

static void netcdf_bad_options_are_refused(void **state)
{
    (void)state;
    gndp_fieldset *set = NULL;
    const char *const none[1] = {NULL};
    assert_int_equal(gndp_netcdf_open(NULL, 1, NULL, &set), GNDP_ERR_ARG);
    assert_int_equal(gndp_netcdf_open(none, 1, NULL, &set), GNDP_ERR_ARG);
    assert_int_equal(gndp_netcdf_open(none, 0, NULL, &set), GNDP_ERR_ARG);
    assert_int_equal(gndp_netcdf_open(none, 1, NULL, NULL), GNDP_ERR_ARG);
    gndp_read_options o = gndp_read_options_default();
    o.max_bytes = 1000;
    REFUSED("x.nc", &o, GNDP_ERR_ARG, "1 MiB");
    o = gndp_read_options_default();
    o.n_vars = 1;
    REFUSED("x.nc", &o, GNDP_ERR_ARG, "without names");
    o = gndp_read_options_default();
    REFUSED("https://example.org/x.nc", &o, GNDP_ERR_UNSUPPORTED, "network");
    REFUSED(case_folder()[0] != '\0' ? case_folder() : "/", &o, GNDP_ERR_IO, "folder");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(netcdf_bad_files_are_refused_with_their_cause),
    cmocka_unit_test(netcdf_bad_descending_coordinates_are_fine),
    cmocka_unit_test(netcdf_bad_hostile_strings_are_tamed),
    cmocka_unit_test(netcdf_bad_every_prefix_of_a_classic_file_is_refused),
    cmocka_unit_test(netcdf_bad_no_byte_of_a_classic_header_does_harm),
    cmocka_unit_test(netcdf_bad_missing_records_are_refused),
    cmocka_unit_test(netcdf_bad_claims_of_hdf5_are_bounded),
    cmocka_unit_test(netcdf_bad_times_and_members_are_refused),
    cmocka_unit_test(netcdf_bad_options_are_refused),
};
GNDP_TEST_MAIN(tests)
