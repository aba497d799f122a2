// SPDX-License-Identifier: Apache-2.0
// Values of NetCDF files: packed, missing, converted, joined to vectors; and those of the real
// files.
#include "io/netcdf_case.h"

/* ---- Real files ------------------------------------------------------------------------------ */

/* Lowest and highest value of component p, and how many are missing, by reading all fields. */
static void check_range(const gndp_fieldset *set, int p, double low, double high, double tolerance,
                        int64_t missing)
{
    gndp_component_stats stats[64];
    assert_in_range(gndp_fieldset_components(set), 1, 64);
    check_ok(gndp_fieldset_stats(set, stats));
    if (fabs(stats[p].low - low) > tolerance || fabs(stats[p].high - high) > tolerance)
        fail_msg("component %d: %.9g to %.9g", p, stats[p].low, stats[p].high);
    assert_int_equal(stats[p].missing, missing);
}

/* All values of one variable, by the library alone: scale raw + offset. [F, level, N] of the file
   with F and level outermost. */
static double *read_raw(const char *path, const char *name, int64_t n, double scale, double offset)
{
    int nc = -1, var = -1;
    double *raw = calloc((size_t)n, sizeof *raw);
    assert_non_null(raw);
    NC(nc_open(path, NC_NOWRITE, &nc));
    NC(nc_inq_varid(nc, name, &var));
    NC(nc_get_var_double(nc, var, raw));
    NC(nc_close(nc));
    for (int64_t i = 0; i < n; i++)
        raw[i] = scale * raw[i] + offset;
    return raw;
}

static void netcdf_values_of_era5_uk_are_those_of_the_file(void **state)
{
    (void)state;
    const path_text path = data_file("era5_t2m_uk_2019-03.nc");
    gndp_fieldset *set = open_set(path.text, NULL);
    double *raw = read_raw(path.text, "t2m", 595 * 1617, 1.0, 0.0);
    all_values a = read_all(set);
    for (int64_t i = 0; i < 595 * 1617; i++) {
        assert_true(a.value[i] == raw[i]);
        assert_int_equal(a.present[i], 1);
    }
    check_range(set, 0, 265.7, 290.1, 0.05, 0);
    free_all(&a);
    free(raw);
    gndp_fieldset_free(set);
}

/* [realization, time, level, point] in the file; fields by time, then member. */
static void netcdf_values_of_era5_members_are_those_of_the_file(void **state)
{
    (void)state;
    enum { M = 8, T = 4, L = 2, N = 61 * 120 };
    const path_text path = data_file("era5_z_t_members_3deg.nc");
    gndp_fieldset *set = open_set(path.text, NULL);
    double *z = read_raw(path.text, "z", M * T * L * N, 1.0, 0.0);
    double *t = read_raw(path.text, "t", M * T * L * N, 1.0, 0.0);
    all_values a = read_all(set);
    for (int64_t m = 0; m < M; m++)
        for (int64_t h = 0; h < T; h++)
            for (int64_t l = 0; l < L; l++)
                for (int64_t i = 0; i < N; i++) {
                    const double *found = a.value + ((h * M + m) * N + i) * 4;
                    const int64_t at = ((m * T + h) * L + l) * N + i;
                    assert_true(found[l] == z[at]);
                    assert_true(found[2 + l] == t[at]);
                }
    check_range(set, 0, 46453.0, 58139.0, 0.5, 0);
    check_range(set, 1, 9269.0, 16326.0, 0.5, 0);
    check_range(set, 2, 224.1, 272.8, 0.05, 0);
    check_range(set, 3, 236.2, 305.8, 0.05, 0);
    free_all(&a);
    free(z);
    free(t);
    gndp_fieldset_free(set);
}

static void netcdf_values_of_erainterim_unpack_by_negative_scales(void **state)
{
    (void)state;
    enum { T = 2, L = 3, N = 241 * 480 };
    const path_text path = data_file("eraint_uvz.nc");
    gndp_fieldset *set = open_set(path.text, NULL);
    /* numbers as ncdump prints the attributes */
    double *z = read_raw(path.text, "z", T * L * N, -1.7250274674967954, 66825.5);
    double *v = read_raw(path.text, "v", T * L * N, -0.0004778199963376671, -1.46875);
    gndp_component_stats stats[9];
    check_ok(gndp_fieldset_stats(set, stats));
    all_values a = read_all(set);
    double u_low = HUGE_VAL, u_high = -HUGE_VAL;
    for (int64_t f = 0; f < T; f++)
        for (int64_t l = 0; l < L; l++)
            for (int64_t i = 0; i < N; i++) {
                const double *found = a.value + (f * N + i) * 9;
                /* z_200 z_500 z_850, then (u, v) of each level */
                assert_true(fabs(found[l] - z[(f * L + l) * N + i]) <= 1e-6);
                assert_true(fabs(found[3 + 2 * l + 1] - v[(f * L + l) * N + i]) <= 1e-9);
                u_low = fmin(u_low, found[3 + 2 * l]);
                u_high = fmax(u_high, found[3 + 2 * l]);
            }
    for (int p = 0; p < 9; p++)
        assert_int_equal(stats[p].missing, 0);
    assert_true(fabs(u_low + 24.6) < 0.05 && fabs(u_high - 78.5) < 0.05);
    assert_true(fabs(stats[2].low - 10303.0) < 0.5 && fabs(stats[0].high - 123348.0) < 0.5);
    free_all(&a);
    free(z);
    free(v);
    gndp_fieldset_free(set);
}

static void netcdf_values_of_the_other_real_files(void **state)
{
    (void)state;
    gndp_fieldset *set = open_set(data_file("winds_monthly_2p5deg.nc").text, NULL);
    check_range(set, 0, -25.1, 76.9, 0.05, 0);
    check_range(set, 1, -14.0, 13.2, 0.05, 0);
    gndp_fieldset_free(set);
    set = open_set(data_file("A1B_north_america.nc").text, NULL);
    check_range(set, 0, 257.3, 306.1, 0.05, 0);
    gndp_fieldset_free(set);
    set = open_set(data_file("ostia_monthly.nc").text, NULL);
    check_range(set, 0, 289.2, 304.4, 0.05, 110970); /* 26 % of 419904 are land */
    gndp_fieldset_free(set);
    set = open_set(data_file("basin_mask.nc").text, NULL);
    gndp_component_stats stats[33];
    double low = HUGE_VAL, high = -HUGE_VAL;
    check_ok(gndp_fieldset_stats(set, stats));
    for (int p = 0; p < 33; p++) {
        low = fmin(low, stats[p].low);
        high = fmax(high, stats[p].high);
        assert_int_equal(stats[p].present + stats[p].missing, 180 * 360);
    }
    assert_true(low == 1.0 && high == 58.0); /* and never the missing value, -100 */
    assert_int_equal(stats[0].missing, 23344);
    gndp_fieldset_free(set);
}

/* ---- Made files ------------------------------------------------------------------------------ */

enum { N = 8 };

/* v(latitude 2, longitude 4) of some type; left in define mode. */
static int begin_values(const char *path, int mode, nc_type type, int *var)
{
    int dim[2];
    const int nc = create(path, mode);
    add_axis(nc, "lat", 2, "latitude", "degrees_north", &dim[0]);
    add_axis(nc, "lon", 4, "longitude", "degrees_east", &dim[1]);
    *var = add_var(nc, "v", type, 2, dim, NULL, "K");
    return nc;
}

/* Ends the definitions and puts the coordinates. */
static void end_define(int nc)
{
    static const double lats[2] = {0.0, 10.0}, lons[4] = {0.0, 10.0, 20.0, 30.0};
    int lat = -1, lon = -1;
    NC(nc_enddef(nc));
    NC(nc_inq_varid(nc, "lat", &lat));
    NC(nc_inq_varid(nc, "lon", &lon));
    put(nc, lat, lats);
    put(nc, lon, lons);
}

/* NaN stands for a missing value. */
static void check_values(const char *path, const gndp_read_options *options, const double want[N])
{
    gndp_fieldset *set = open_set(path, options);
    all_values a = read_all(set);
    for (int k = 0; k < N; k++) {
        assert_int_equal(a.present[k], !isnan(want[k]));
        if (!(fabs(a.value[k] - (isnan(want[k]) ? 0.0 : want[k])) <= 1e-12 * fabs(want[k])) &&
            !(isnan(want[k]) && a.value[k] == 0.0))
            fail_msg("%s, value %d: %.17g, not %.17g", path, k, a.value[k], want[k]);
    }
    free_all(&a);
    gndp_fieldset_free(set);
}

#define GONE ((double)NAN)

static void netcdf_values_unpack_unsigned_bytes(void **state)
{
    (void)state;
    int var;
    const path_text path = scratch("unsigned.nc");
    int nc = begin_values(path.text, 0, NC_BYTE, &var);
    const double scale = 2.0, offset = 10.0;
    const signed char fill = -1, raw[N] = {0, 1, 127, -128, -2, -1, 64, -100};
    add_text(nc, var, "_Unsigned", "true");
    NC(nc_put_att_double(nc, var, "scale_factor", NC_DOUBLE, 1, &scale));
    NC(nc_put_att_double(nc, var, "add_offset", NC_DOUBLE, 1, &offset));
    NC(nc_put_att_schar(nc, var, "_FillValue", NC_BYTE, 1, &fill)); /* 255 */
    end_define(nc);
    NC(nc_put_var_schar(nc, var, raw));
    NC(nc_close(nc));
    const double want[N] = {10, 12, 264, 266, 518, GONE, 138, 322};
    check_values(path.text, NULL, want);

    const path_text native = scratch("ubyte.nc");
    nc = begin_values(native.text, NC_NETCDF4, NC_UBYTE, &var);
    const unsigned char raw_u[N] = {0, 1, 127, 128, 254, 255, 64, 156}, fill_u = 255;
    NC(nc_put_att_double(nc, var, "scale_factor", NC_DOUBLE, 1, &scale));
    NC(nc_put_att_double(nc, var, "add_offset", NC_DOUBLE, 1, &offset));
    NC(nc_put_att_uchar(nc, var, "_FillValue", NC_UBYTE, 1, &fill_u));
    end_define(nc);
    NC(nc_put_var_uchar(nc, var, raw_u));
    NC(nc_close(nc));
    check_values(native.text, NULL, want);
}

/* Ranges are those of packed values, unless their type says otherwise. */
static void netcdf_values_keep_to_the_valid_range(void **state)
{
    (void)state;
    int var;
    const path_text path = scratch("range.nc");
    const double scale = 0.5, range[2] = {1.0, 3.0};
    const short raw[N] = {0, 1, 2, 3, 4, 5, 6, 7}, packed[2] = {2, 6}, low = 3;
    int nc = begin_values(path.text, 0, NC_SHORT, &var);
    NC(nc_put_att_double(nc, var, "scale_factor", NC_DOUBLE, 1, &scale));
    NC(nc_put_att_short(nc, var, "valid_range", NC_SHORT, 2, packed));
    end_define(nc);
    NC(nc_put_var_short(nc, var, raw));
    NC(nc_close(nc));
    const double by_packed[N] = {GONE, GONE, 1.0, 1.5, 2.0, 2.5, 3.0, GONE};
    check_values(path.text, NULL, by_packed);

    nc = begin_values(path.text, 0, NC_SHORT, &var);
    NC(nc_put_att_double(nc, var, "scale_factor", NC_DOUBLE, 1, &scale));
    NC(nc_put_att_double(nc, var, "valid_range", NC_DOUBLE, 2,
                         range)); /* as scale_factor: unpacked */
    end_define(nc);
    NC(nc_put_var_short(nc, var, raw));
    NC(nc_close(nc));
    check_values(path.text, NULL, by_packed);

    nc = begin_values(path.text, 0, NC_SHORT, &var);
    NC(nc_put_att_short(nc, var, "valid_min", NC_SHORT, 1, &low));
    end_define(nc);
    NC(nc_put_var_short(nc, var, raw));
    NC(nc_close(nc));
    const double by_min[N] = {GONE, GONE, GONE, 3, 4, 5, 6, 7};
    check_values(path.text, NULL, by_min);
}

static void netcdf_values_know_every_kind_of_missing(void **state)
{
    (void)state;
    int var;
    const path_text path = scratch("missing.nc");
    const float fill = 1e20F;
    const double several[2] = {-9999.0, -8888.0}; /* another type than the variable's */
    int nc = begin_values(path.text, NC_NETCDF4, NC_FLOAT, &var);
    NC(nc_put_att_float(nc, var, "_FillValue", NC_FLOAT, 1, &fill));
    NC(nc_put_att_double(nc, var, "missing_value", NC_DOUBLE, 2, several));
    end_define(nc);
    const double raw[N] = {1.0, 1e20, -9999.0, -8888.0, GONE, -7777.0, 9.969209968386869e36, 2.0};
    put(nc, var, raw);
    NC(nc_close(nc));
    /* the library's own fill value counts only where no _FillValue is given */
    const double want[N] = {1.0, GONE, GONE, GONE, GONE, -7777.0, (double)9.9692099683868690e36F,
                            2.0};
    check_values(path.text, NULL, want);

    const path_text bare = scratch("bare.nc");
    nc = begin_values(bare.text, NC_NETCDF4, NC_FLOAT, &var);
    end_define(nc);
    const size_t start[2] = {0, 0}, count[2] = {1, 4};
    NC(nc_put_vara_double(nc, var, start, count, raw + 4)); /* the second row stays unwritten */
    NC(nc_close(nc));
    const double unwritten[N] = {GONE, -7777.0, GONE, 2.0, GONE, GONE, GONE, GONE};
    check_values(bare.text, NULL, unwritten);
}

/* Change the name of an attribute behind the library's back, which lets nobody write a _FillValue
   of a wrong type. */
static void rename_in_file(const char *path, const char *from, const char *to)
{
    char bytes[8192];
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    const size_t n = fread(bytes, 1, sizeof bytes, file), length = strlen(from);
    size_t at = 0;
    while (at + length <= n && memcmp(bytes + at, from, length) != 0)
        at++;
    assert_true(at + length <= n && strlen(to) == length);
    assert_int_equal(fseek(file, (long)at, SEEK_SET), 0);
    assert_int_equal(fwrite(to, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void netcdf_values_take_a_fill_value_of_wrong_type_where_it_fits(void **state)
{
    (void)state;
    int var;
    const path_text path = scratch("wrong_type.nc");
    const double fits = -9999.0, never = 1e20;
    NOTES(notes);
    gndp_read_options options = gndp_read_options_default();
    options.log = &notes_log;
    int nc = begin_values(path.text, 0, NC_SHORT, &var);
    NC(nc_put_att_double(nc, var, "_Fillxalue", NC_DOUBLE, 1, &fits));
    end_define(nc);
    const short raw[N] = {1, -9999, 3, 4, 5, 6, 7, 8};
    NC(nc_put_var_short(nc, var, raw));
    NC(nc_close(nc));
    rename_in_file(path.text, "_Fillxalue", "_FillValue");
    const double want[N] = {1, GONE, 3, 4, 5, 6, 7, 8};
    check_values(path.text, &options, want);
    check_note(&notes, "'v': _FillValue is of type double, not short: taken as if it were");

    nc = begin_values(path.text, 0, NC_SHORT, &var);
    NC(nc_put_att_double(nc, var, "_Fillxalue", NC_DOUBLE, 1, &never));
    end_define(nc);
    NC(nc_put_var_short(nc, var, raw));
    NC(nc_close(nc));
    rename_in_file(path.text, "_Fillxalue", "_FillValue");
    const double all[N] = {1, -9999, 3, 4, 5, 6, 7, 8};
    check_values(path.text, &options, all);
    check_note(&notes, "'v': _FillValue is of type double, not short: passed over");
}

static void netcdf_values_refuse_infinity_when_read(void **state)
{
    (void)state;
    int var;
    const path_text path = scratch("infinite.nc");
    const int nc = begin_values(path.text, 0, NC_DOUBLE, &var);
    end_define(nc);
    const double raw[N] = {1, 2, 3, 4, 5, 6, HUGE_VAL, 8};
    put(nc, var, raw);
    NC(nc_close(nc));
    REFUSED(path.text, NULL, GNDP_ERR_NONFINITE, "infinite.nc", "variable 'v' is infinite",
            "point 6");
}

static void netcdf_values_convert_units(void **state)
{
    (void)state;
    int var;
    const path_text path = scratch("convert.nc");
    const double scale = 0.01, offset = 273.0;
    const short raw[N] = {0, 15, 100, -200, 5, 6, 7, 8};
    int nc = begin_values(path.text, 0, NC_SHORT, &var);
    NC(nc_put_att_double(nc, var, "scale_factor", NC_DOUBLE, 1, &scale));
    NC(nc_put_att_double(nc, var, "add_offset", NC_DOUBLE, 1, &offset));
    end_define(nc);
    NC(nc_put_var_short(nc, var, raw));
    NC(nc_close(nc));
    gndp_read_options options = gndp_read_options_default();
    options.units = "v=degC";
    gndp_fieldset *set = open_set(path.text, &options);
    assert_string_equal(gndp_fieldset_get_spec(set)->channel[0].units, "degC");
    all_values a = read_all(set);
    for (int k = 0; k < N; k++)
        assert_true(fabs(a.value[k] - (0.01 * raw[k] - 0.15)) < 1e-12);
    free_all(&a);
    gndp_fieldset_free(set);
    options.units = "v=m";
    REFUSED(path.text, &options, GNDP_ERR_RANGE, "convert.nc", "'v'", "'K'", "'m'");
    options.units = "v=heat";
    REFUSED(path.text, &options, GNDP_ERR_FORMAT, "convert.nc", "'heat' is not understood");
    options.units = "w=K";
    REFUSED(path.text, &options, GNDP_ERR_NOT_FOUND, "convert.nc", "'w'");
    options.units = "v";
    REFUSED(path.text, &options, GNDP_ERR_ARG, "NAME=UNIT");
}

/* Where one component is missing there is no vector. */
static void netcdf_values_of_vectors_are_missing_together(void **state)
{
    (void)state;
    const path_text path = scratch("vector.nc");
    const int nc = create(path.text, NC_NETCDF4);
    static const double lats[1] = {0.0}, lons[4] = {0.0, 10.0, 20.0, 30.0};
    int dim[2];
    const int lat = add_axis(nc, "lat", 1, "latitude", "degrees_north", &dim[0]);
    const int lon = add_axis(nc, "lon", 4, "longitude", "degrees_east", &dim[1]);
    const int v = add_var(nc, "v10", NC_DOUBLE, 2, dim, "northward_wind", "m/s");
    const int u = add_var(nc, "u10", NC_DOUBLE, 2, dim, "eastward_wind", "m/s");
    const int far = add_var(nc, "u100", NC_DOUBLE, 2, dim, "eastward_wind", "m/s");
    const int far_v = add_var(nc, "v100", NC_DOUBLE, 2, dim, "northward_wind", "m/s");
    const int sea = add_var(nc, "uo", NC_DOUBLE, 2, dim, "eastward_sea_water_velocity", "m/s");
    const int sea_v = add_var(nc, "vo", NC_DOUBLE, 2, dim, "northward_sea_water_velocity", "cm/s");
    NC(nc_enddef(nc));
    const double a[4] = {1, 2, GONE, 4}, b[4] = {5, GONE, 7, 8};
    put(nc, lat, lats);
    put(nc, lon, lons);
    put(nc, u, a);
    put(nc, v, b);
    put(nc, far, b);
    put(nc, far_v, a);
    put(nc, sea, a);
    put(nc, sea_v, b);
    NC(nc_close(nc));
    gndp_fieldset *set = open_set(path.text, NULL);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    /* Two winds keep their names apart; u and v of different units are no pair. */
    assert_int_equal(spec->n_channels, 4);
    assert_string_equal(spec->channel[0].name, "wind_u10");
    assert_string_equal(spec->channel[0].part[1].name, "v10");
    assert_string_equal(spec->channel[1].name, "wind_u100");
    assert_string_equal(spec->channel[1].part[1].name, "v100");
    assert_int_equal(spec->channel[2].kind, GNDP_CHANNEL_SCALAR);
    gndp_fieldset_free(set);

    static const char *const var[] = {"wind=u10,v10", "sea=uo,vo", "alone=u10"};
    gndp_read_options options = gndp_read_options_default();
    options.var = var;
    options.n_vars = 3;
    options.units = "wind=knot";
    set = open_set(path.text, &options);
    spec = gndp_fieldset_get_spec(set);
    assert_string_equal(spec->channel[0].units, "knot");
    assert_string_equal(spec->channel[2].name, "alone");
    all_values all = read_all(set);
    for (int i = 0; i < 4; i++) {
        const bool there = !isnan(a[i]) && !isnan(b[i]);
        for (int p = 0; p < 4; p++)
            assert_int_equal(all.present[5 * i + p], there);
        assert_int_equal(all.present[5 * i + 4], !isnan(a[i]));
        if (!there)
            continue;
        assert_true(fabs(all.value[5 * i] - a[i] * 3600.0 / 1852.0) < 1e-13 * 16.0);
        assert_true(fabs(all.value[5 * i + 1] - b[i] * 3600.0 / 1852.0) < 1e-13 * 16.0);
        assert_true(all.value[5 * i + 2] == a[i]);
        assert_true(fabs(all.value[5 * i + 3] - 0.01 * b[i]) < 1e-15); /* cm/s to the first's m/s */
    }
    free_all(&all);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(netcdf_values_of_era5_uk_are_those_of_the_file),
    cmocka_unit_test(netcdf_values_of_era5_members_are_those_of_the_file),
    cmocka_unit_test(netcdf_values_of_erainterim_unpack_by_negative_scales),
    cmocka_unit_test(netcdf_values_of_the_other_real_files),
    cmocka_unit_test(netcdf_values_unpack_unsigned_bytes),
    cmocka_unit_test(netcdf_values_keep_to_the_valid_range),
    cmocka_unit_test(netcdf_values_know_every_kind_of_missing),
    cmocka_unit_test(netcdf_values_take_a_fill_value_of_wrong_type_where_it_fits),
    cmocka_unit_test(netcdf_values_refuse_infinity_when_read),
    cmocka_unit_test(netcdf_values_convert_units),
    cmocka_unit_test(netcdf_values_of_vectors_are_missing_together),
};
GNDP_TEST_MAIN(tests)
