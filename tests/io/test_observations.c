// SPDX-License-Identifier: Apache-2.0
// Observation tables: long and wide forms, units, errors, what is refused; round trips; draws from
// a field.
#include "io/table_case.h"
#include "support/quick.h"

#include <glob.h>
#include <math.h>
#include <netcdf.h>
#include <stdint.h>

#include <gndp/prepare.h>

static gndp_observations parsed(const char *text)
{
    gndp_observations o;
    check_ok(gndp_observations_parse("o.csv", text, strlen(text), &o));
    return o;
}

static void check_refused(const char *text, gndp_status wanted, const char *message)
{
    gndp_observations o;
    check_failure(gndp_observations_parse("o.csv", text, strlen(text), &o), wanted, message);
    gndp_observations_free(&o);
}

static double seconds(const char *text)
{
    double s;
    check_ok(gndp_calendar_parse(GNDP_CALENDAR_STANDARD, text, &s, NULL));
    return s;
}

static void observations_long_form_has_channels_units_and_errors(void **state)
{
    (void)state;
    gndp_observations o = parsed("Variable,valid_time,LAT,longitude,value,unit,sd,station\n"
                                 "t2m,2019-03-01 06:00,51.5,-0.1,280.25,K,0.5,Kew\n"
                                 "u10,2019-03-01T06:00:00Z,51.5,-0.1,-3,m s-1,,Kew\n"
                                 "t2m,2019-03-01T07,90,359.9,NA,K,0.5,North\n"
                                 "t2m,2019-03-01T07,-90,0,270,K,NaN,South\n");
    assert_int_equal(o.space, GNDP_SPACE_SPHERE);
    assert_int_equal(o.columns, 2);
    assert_int_equal(o.n, 3);
    assert_int_equal(o.rejected, 1);
    assert_int_equal(o.n_channels, 2);
    assert_string_equal(o.name[0], "t2m");
    assert_string_equal(o.units[0], "K");
    assert_string_equal(o.name[1], "u10");
    assert_string_equal(o.units[1], "m s-1");
    assert_true(o.x[0] == 51.5 && o.x[1] == -0.1);
    assert_true(o.value[0] == 280.25 && o.sd[0] == 0.5);
    assert_true(o.value[1] == -3.0 && o.sd[1] == 0.0 && o.channel[1] == 1);
    assert_true(o.time_s[0] == o.time_s[1] && o.time_s[0] == seconds("2019-03-01T06:00"));
    assert_true(o.time_s[2] - o.time_s[0] == 3600.0);
    assert_int_equal(o.line[2], 5);
    gndp_observations_free(&o);
}

static void observations_long_form_brings_units_together(void **state)
{
    (void)state;
    gndp_observations o = parsed("lat,lon,variable,value,units,sigma\n"
                                 "1,2,t,280,K,0.5\n1,2,t,10,degC,0.5\n1,2,t,50,degF,0.9\n"
                                 "1,2,t,281,,\n1,2,t,20,degC,\n");
    const double want[5] = {280.0, 283.15, 283.15, 281.0, 293.15},
                 sd[5] = {0.5, 0.5, 0.5, 0.0, 0.0};
    assert_int_equal(o.n, 5);
    for (int i = 0; i < 5; i++) {
        assert_true(fabs(o.value[i] - want[i]) < 1e-10); /* a few roundings at 300 */
        assert_true(fabs(o.sd[i] - sd[i]) < 1e-14);
        assert_true(isnan(o.time_s[i]));
    }
    gndp_observations_free(&o);
    check_refused("lat,lon,variable,value,units\n1,2,t,280,K\n1,2,t,3,m\n", GNDP_ERR_RANGE,
                  "o.csv:3");
    check_refused("lat,lon,variable,value,units\n1,2,t,280,K\n1,2,t,3,after lunch\n",
                  GNDP_ERR_FORMAT, "o.csv:3");
}

/* UDUNITS' tables are read once a file, not once a row: that took 10 ms, or 20 s for these rows. */
static void observations_long_form_of_mixed_units_is_read_at_once(void **state)
{
    enum { ROWS = 2000 };
    (void)state;
    char *text = malloc(ROWS * 24 + 100);
    assert_non_null(text);
    size_t n = (size_t)sprintf(text, "lat,lon,variable,value,units\n1,2,t,280,K\n1,2,u,1,m s-1\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, i % 2 ? "1,2,t,10,degC\n" : "1,2,u,10,knot\n");
    gndp_observations o = {0};
    assert_quick(5.0, {
        gndp_observations_free(&o);
        check_ok(gndp_observations_parse("o.csv", text, n, &o));
    });
    assert_int_equal(o.n, ROWS + 2);
    for (int64_t i = 2; i < o.n; i++) /* a knot is 1852 m an hour */
        assert_true(fabs(o.value[i] - (i % 2 ? 283.15 : 18520.0 / 3600.0)) < 1e-10);
    gndp_observations_free(&o);
    free(text);
}

static void observations_wide_form_has_a_value_a_cell(void **state)
{
    (void)state;
    gndp_observations o = parsed(",time,lat,lon,t2m [K],u10,t2m_sd,name\n"
                                 "0,2019-03-01,50,1,280,,0.25,a\n"
                                 "1,2019-03-02,51,2,M,4,,b\n"
                                 "2,2019-03-03,52,3,282,5,,\"c, d\"\n");
    assert_int_equal(o.n, 4);
    assert_int_equal(o.rejected, 2);
    assert_int_equal(o.n_channels, 2);
    assert_string_equal(o.name[0], "t2m");
    assert_string_equal(o.units[0], "K");
    assert_string_equal(o.units[1], "");
    assert_true(o.sd[0] == 0.25 && o.sd[1] == 0.0);
    assert_true(o.channel[1] == 1 && o.value[1] == 4.0 && o.x[2] == 51.0 && o.line[1] == 3);
    gndp_observations_free(&o);
}

static void observations_abstract_form_has_coordinates_and_members(void **state)
{
    (void)state;
    gndp_observations o = parsed("x2,y1_m0,x1,y2,sd1,y1_m12,sd2\n0.5,1,-1,2,0.1,3,0.2\n");
    assert_int_equal(o.space, GNDP_SPACE_EUCLIDEAN);
    assert_int_equal(o.columns, 2);
    assert_int_equal(o.n, 3);
    assert_true(o.x[0] == -1.0 && o.x[1] == 0.5);
    assert_string_equal(o.name[0], "y1_m0");
    assert_string_equal(o.name[1], "y2");
    assert_string_equal(o.name[2], "y1_m12");
    assert_true(o.sd[0] == 0.1 && o.sd[1] == 0.2 && o.sd[2] == 0.1);
    gndp_observations_free(&o);
    o = parsed("x,y,sd\n0.5,1,0.3\n");
    assert_int_equal(o.columns, 1);
    assert_true(o.value[0] == 1.0 && o.sd[0] == 0.3);
    gndp_observations_free(&o);
}

static void observations_refuse_with_line_and_column(void **state)
{
    (void)state;
    check_refused("lat,lon,t\n91,0,1\n", GNDP_ERR_RANGE, "o.csv:2: latitude 91");
    check_refused("lat,lon,t\n1,2,3\n1,721,1\n", GNDP_ERR_RANGE, "o.csv:3: longitude 721");
    check_refused("lat,lon,t\n1,,3\n", GNDP_ERR_FORMAT, "o.csv:2: column 2 (lon): ''");
    check_refused("lat,lon,t\n1,nan,3\n", GNDP_ERR_FORMAT, "column 2 (lon): 'nan'");
    check_refused("lat,lon,t\n1,2,3x\n", GNDP_ERR_FORMAT, "o.csv:2: column 3 (t): '3x'");
    check_refused("lat,lon,t\n1,2,1e400\n", GNDP_ERR_FORMAT, "column 3 (t): '1e400'");
    check_refused("lat,lon,t,time\n1,2,3,2019-13-45\n", GNDP_ERR_RANGE, "o.csv:2: column 4 (time)");
    check_refused("lat,lon,t,time\n1,2,3,\n", GNDP_ERR_FORMAT, "o.csv:2: column 4 (time)");
    check_refused("lat,lon,t,t_sd\n1,2,3,-1\n", GNDP_ERR_RANGE, "o.csv:2: column 4 (t_sd): -1");
    check_refused("lat,lon,u_sd\n1,2,3\n", GNDP_ERR_FORMAT, "no column holds values");
    check_refused("lat,lon,t,u_sd\n1,2,3,4\n", GNDP_ERR_FORMAT,
                  "is the error of u, of which there is no");
    check_refused("lat,lon,t,t_sd,sd\n1,2,3,4,5\n", GNDP_ERR_FORMAT,
                  "one error for all or one each");
    check_refused("lat,t\n1,2\n", GNDP_ERR_FORMAT, "there is no column lon");
    check_refused("t,u\n1,2\n", GNDP_ERR_FORMAT, "no column tells where");
    check_refused("lat,lon,x1,t\n1,2,3,4\n", GNDP_ERR_FORMAT, "without x1");
    check_refused("x1,x3,y1\n1,2,3\n", GNDP_ERR_FORMAT, "there is no column x2");
    check_refused("lat,lon\n1,2\n", GNDP_ERR_FORMAT, "no column holds values");
    check_refused("lat,latitude,lon,t\n1,2,3,4\n", GNDP_ERR_FORMAT, "both give the latitude");
    check_refused("lat,lon,variable,value,colour\n1,2,t,3,red\n", GNDP_ERR_FORMAT,
                  "column 5 (colour)");
    check_refused("lat,lon,t\n", GNDP_ERR_FORMAT, "a header but no rows");
    check_refused("lat,lon,t\n1,2,NA\n", GNDP_ERR_NONFINITE, "no valid value");
    check_refused("lat,lon,t [K],t [m]\n1,2,3,4\n", GNDP_ERR_FORMAT, "two columns give t");
}

/* ---- Written and read ----------------------------------------------------------------------- */

static void check_same(const gndp_observations *a, const gndp_observations *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->columns, b->columns);
    assert_int_equal(a->space, b->space);
    for (int64_t i = 0; i < a->n; i++) {
        assert_memory_equal(a->x + i * a->columns, b->x + i * a->columns,
                            (size_t)a->columns * sizeof(double));
        assert_true(a->value[i] == b->value[i]);
        assert_true(a->sd[i] == b->sd[i]);
        assert_true(a->time_s[i] == b->time_s[i] || (isnan(a->time_s[i]) && isnan(b->time_s[i])));
        assert_string_equal(a->name[a->channel[i]], b->name[b->channel[i]]);
        assert_string_equal(a->units[a->channel[i]], b->units[b->channel[i]]);
    }
}

static void check_round_trip(const gndp_observations *o, bool wide)
{
    gndp_observations back;
    const data_path path = scratch_file("o.csv");
    check_ok(gndp_observations_write(o, wide, path.text, false));
    check_ok(gndp_observations_read(path.text, &back));
    check_same(o, &back);
    gndp_observations_free(&back);
    unlink(path.text);
}

/* Rows as the wide form orders them, so that both forms give back the same order. */
static const char *const table =
    "time,lat,lon,variable,value,units,sigma\n"
    "2019-03-01T00:00:00.25,50.1,-0.3333333333333333,t2m,0.1,K,0.30000000000000004\n"
    "2019-03-01T00:00:00.25,50.1,-0.3333333333333333,\"a, \"\"b\"\"\",1e-310,m s-1,\n"
    "2019-03-01T06,50.1,0,t2m,-1e300,K,\n"
    "2019-03-01T06,50.1,0,t2m,281,K,2\n"
    "2019-03-01T06,10,0,\"a, \"\"b\"\"\",5,m s-1,\n";

static void observations_written_read_back_the_same(void **state)
{
    (void)state;
    gndp_observations o = parsed(table);
    check_round_trip(&o, false);
    check_round_trip(&o, true);
    gndp_observations_free(&o);
    o = parsed("x1,x2,y1,y2,sd\n1,2,3,4,0.5\n1,2,5,6,\n-0,1e22,7,8,1\n");
    check_round_trip(&o, false);
    check_round_trip(&o, true);
    gndp_observations_free(&o);
}

static void observations_write_leaves_nothing_beside_and_keeps_what_is_there(void **state)
{
    char pattern[1100];
    glob_t found;
    (void)state;
    gndp_observations o = parsed(table);
    const data_path path = scratch_text("keep.csv", "mine\n");
    check_failure(gndp_observations_write(&o, false, path.text, false), GNDP_ERR_STATE, path.text);
    gndp_csv csv;
    check_ok(gndp_csv_read(path.text, true, &csv));
    assert_string_equal(csv.name[0], "mine");
    gndp_csv_free(&csv);
    check_ok(gndp_observations_write(&o, false, path.text, true));
    check_ok(gndp_csv_read(path.text, true, &csv));
    assert_int_equal(csv.n_rows, o.n);
    gndp_csv_free(&csv);
    snprintf(pattern, sizeof pattern, "%s*", path.text);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    globfree(&found);
    unlink(path.text);
    check_failure(gndp_observations_write(&o, false, "there/is/no/folder.csv", false), GNDP_ERR_IO,
                  "there/is/no/folder.csv");
    gndp_observations_free(&o);
}

static void observations_convert_values_and_errors(void **state)
{
    (void)state;
    gndp_observations o = parsed("lat,lon,t [degF],u [K]\n1,2,212,1\n1,2,32,2\n");
    o.sd[0] = 1.8;
    check_ok(gndp_observations_convert(&o, 0, "degC"));
    assert_string_equal(o.units[0], "degC");
    assert_true(fabs(o.value[0] - 100.0) < 1e-10);
    assert_true(fabs(o.value[2]) < 1e-10);
    assert_true(fabs(o.sd[0] - 1.0) < 1e-14);
    assert_true(o.value[1] == 1.0);
    check_failure(gndp_observations_convert(&o, 0, "m"), GNDP_ERR_RANGE, "t");
    check_failure(gndp_observations_convert(&o, 2, "m"), GNDP_ERR_RANGE, "channel 2");
    gndp_observations_free(&o);
}

/* ---- Draws ---------------------------------------------------------------------------------- */

enum { LAT = 20, LON = 30, N = LAT * LON, P = 3 };

/* A scalar and a vector on a grid of the sphere, two fields; the scalar of field 1 is missing at
 * every third point. */
static gndp_fieldset *grid_set(void)
{
    static const char *const parts[] = {"u10", "v10"};
    double lat[LAT], lon[LON], *y = malloc(2 * N * P * sizeof *y);
    uint8_t *present = malloc(2 * N * 2);
    gndp_fieldset *set = NULL;
    const gndp_field_label label[2] = {{0.0, -1, NULL}, {3600.0, -1, NULL}};
    const gndp_channel channel[2] = {gndp_channel_scalar("t", "K"),
                                     gndp_channel_vector("wind", "m s-1", 2, parts)};
    assert_non_null(y);
    assert_non_null(present);
    for (int i = 0; i < LAT; i++)
        lat[i] = 40.0 + i;
    for (int i = 0; i < LON; i++)
        lon[i] = i;
    for (int i = 0; i < 2 * N * P; i++)
        y[i] = 0.25 * i;
    for (int i = 0; i < 2 * N; i++) {
        present[2 * i] = !(i >= N && i % 3 == 0);
        present[2 * i + 1] = 1;
    }
    const gndp_fieldset_spec spec = {
        .n_fields = 2,
        .coords =
            {.space = GNDP_SPACE_SPHERE,
             .layout = GNDP_LAYOUT_PRODUCT,
             .columns = 2,
             .axis = {{.name = "latitude", .units = "degrees_north", .size = LAT, .value = lat},
                      {.name = "longitude", .units = "degrees_east", .size = LON, .value = lon}},
             .n = N},
        .n_channels = 2,
        .channel = channel,
        .label = label,
        .origin = "grid"};
    const gndp_array values = gndp_array_view(gndp_type_3d(GNDP_F64, 2, N, P), y);
    check_ok(gndp_fieldset_create(&spec, &values, present, &set));
    free(y);
    free(present);
    return set;
}

static int point_of(const gndp_observations *o, int64_t i)
{
    return (int)((o->x[2 * i] - 40.0) * LON + o->x[2 * i + 1]);
}

static void observations_drawn_without_noise_are_the_field(void **state)
{
    (void)state;
    gndp_fieldset *set = grid_set();
    gndp_observations o, again, other;
    bool seen[N] = {0};
    check_ok(gndp_observations_draw(set, 0, 50, 0.0, 7, &o));
    assert_int_equal(o.n, 50 * P);
    assert_int_equal(o.n_channels, P);
    assert_string_equal(o.name[1], "u10");
    assert_string_equal(o.units[2], "m s-1");
    for (int64_t i = 0; i < o.n; i++) {
        const int point = point_of(&o, i);
        assert_int_equal(o.channel[i], i % P);
        assert_true(o.value[i] == 0.25 * (point * P + o.channel[i]));
        assert_true(o.time_s[i] == 0.0 && o.sd[i] == 0.0);
        if (o.channel[i] == 0) {
            assert_false(seen[point]); /* different points */
            seen[point] = true;
        }
    }
    check_ok(gndp_observations_draw(set, 0, 50, 0.0, 7, &again));
    check_same(&o, &again);
    check_ok(gndp_observations_draw(set, 0, 50, 0.0, 8, &other));
    assert_memory_not_equal(o.x, other.x, 2 * 50 * P * sizeof(double));
    gndp_observations_free(&o);
    gndp_observations_free(&again);
    gndp_observations_free(&other);
    gndp_fieldset_free(set);
}

static void observations_drawn_carry_noise_of_the_point(void **state)
{
    (void)state;
    gndp_fieldset *set = grid_set();
    gndp_observations all, few;
    double sum = 0.0, squares = 0.0;
    check_ok(gndp_observations_draw(set, 0, N, 2.0, 3, &all));
    check_ok(gndp_observations_draw(set, 0, 10, 2.0, 3, &few));
    for (int64_t i = 0; i < all.n; i++) {
        const double noise = all.value[i] - 0.25 * (point_of(&all, i) * P + all.channel[i]);
        assert_true(all.sd[i] == 2.0);
        sum += noise;
        squares += noise * noise;
        for (int64_t k = 0; k < few.n; k++) /* the same noise, however many are drawn */
            if (point_of(&few, k) == point_of(&all, i) && few.channel[k] == all.channel[i])
                assert_true(few.value[k] == all.value[i]);
    }
    /* 1800 normals: the mean has a standard error of 2/sqrt(n), the variance of 4 sqrt(2/n); four
     * of them allowed. */
    const double n = (double)all.n;
    assert_true(fabs(sum / n) < 4.0 * 2.0 / sqrt(n));
    assert_true(fabs(squares / n - 4.0) < 4.0 * 4.0 * sqrt(2.0 / n));
    gndp_observations_free(&all);
    gndp_observations_free(&few);
    gndp_fieldset_free(set);
}

static void check_undrawable(const gndp_fieldset *set, int64_t field, int64_t count, double sd,
                             const char *message)
{
    gndp_observations o;
    check_failure(gndp_observations_draw(set, field, count, sd, 1, &o), GNDP_ERR_RANGE, message);
    gndp_observations_free(&o);
}

static void observations_draw_passes_missing_points(void **state)
{
    (void)state;
    gndp_fieldset *set = grid_set();
    gndp_observations o;
    check_ok(
        gndp_observations_draw(set, 1, 400, 0.0, 1, &o)); /* 400 of 600 are present: all of them */
    for (int64_t i = 0; i < o.n; i++)
        assert_true((N + point_of(&o, i)) % 3 != 0);
    assert_true(o.time_s[0] == 3600.0);
    gndp_observations_free(&o);
    check_undrawable(set, 1, 401, 0.0, "401");
    check_undrawable(set, 2, 1, 0.0, "field 2");
    check_undrawable(set, 0, 1, -1.0, "-1");
    check_undrawable(set, 0, 0, 0.0, "0 observations");
    gndp_fieldset_free(set);
}

/* ---- NetCDF --------------------------------------------------------------------------------- */

/* Two times of three stations with an error variable; one value missing. */
static void write_stations(const char *path)
{
    static const double time[2] = {0.0, 6.0}, lat[3] = {50.0, 51.0, 52.0},
                        lon[3] = {-1.0, 0.0, 1.0};
    static const float t[6] = {280.0f, 281.0f, -999.0f, 283.0f, 284.0f, 285.0f};
    static const float sd[6] = {0.5f, 0.5f, 0.5f, 0.25f, 0.25f, 0.25f};
    const float fill = -999.0f;
    int nc, d[2], v[5];
    assert_int_equal(nc_create(path, NC_CLOBBER, &nc), 0);
    nc_def_dim(nc, "time", 2, &d[0]);
    nc_def_dim(nc, "station", 3, &d[1]);
    nc_def_var(nc, "time", NC_DOUBLE, 1, &d[0], &v[0]);
    nc_def_var(nc, "lat", NC_DOUBLE, 1, &d[1], &v[1]);
    nc_def_var(nc, "lon", NC_DOUBLE, 1, &d[1], &v[2]);
    nc_def_var(nc, "t2m", NC_FLOAT, 2, d, &v[3]);
    nc_def_var(nc, "t2m_sd", NC_FLOAT, 2, d, &v[4]);
    nc_put_att_text(nc, v[0], "units", 32, "hours since 2019-03-01 00:00:00 ");
    nc_put_att_text(nc, v[0], "standard_name", 4, "time");
    nc_put_att_text(nc, v[1], "units", 13, "degrees_north");
    nc_put_att_text(nc, v[2], "units", 12, "degrees_east");
    for (int i = 3; i < 5; i++) {
        nc_put_att_text(nc, v[i], "units", 1, "K");
        nc_put_att_text(nc, v[i], "coordinates", 7, "lat lon");
        nc_put_att_float(nc, v[i], "_FillValue", NC_FLOAT, 1, &fill);
    }
    nc_put_att_text(nc, NC_GLOBAL, "featureType", 10, "timeSeries");
    nc_put_att_text(nc, NC_GLOBAL, "Conventions", 6, "CF-1.8");
    assert_int_equal(nc_enddef(nc), 0);
    nc_put_var_double(nc, v[0], time);
    nc_put_var_double(nc, v[1], lat);
    nc_put_var_double(nc, v[2], lon);
    nc_put_var_float(nc, v[3], t);
    nc_put_var_float(nc, v[4], sd);
    assert_int_equal(nc_close(nc), 0);
}

static void observations_of_netcdf_stations_are_their_values(void **state)
{
    gndp_observations o;
    const data_path path = scratch_file("stations.nc");
    (void)state;
    write_stations(path.text);
    check_ok(gndp_observations_read(path.text, &o));
    unlink(path.text);
    assert_int_equal(o.n, 5);
    assert_int_equal(o.rejected, 1);
    assert_int_equal(o.n_channels, 1);
    assert_string_equal(o.name[0], "t2m");
    assert_string_equal(o.units[0], "K");
    const double value[5] = {280, 281, 283, 284, 285}, lat[5] = {50, 51, 50, 51, 52};
    for (int i = 0; i < 5; i++) {
        assert_true(o.value[i] == value[i] && o.x[2 * i] == lat[i]);
        assert_true(o.sd[i] == (i < 2 ? 0.5 : 0.25));
        assert_true(o.time_s[i] == seconds(i < 2 ? "2019-03-01T00" : "2019-03-01T06"));
    }
    gndp_observations_free(&o);
}

static void observations_of_a_grid_are_refused(void **state)
{
    gndp_observations o;
    (void)state;
    const data_path path = data_file("winds_monthly_2p5deg.nc");
    check_failure(gndp_observations_read(path.text, &o), GNDP_ERR_UNSUPPORTED, "fields on a grid");
    gndp_observations_free(&o);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(observations_long_form_has_channels_units_and_errors),
    cmocka_unit_test(observations_long_form_brings_units_together),
    cmocka_unit_test(observations_long_form_of_mixed_units_is_read_at_once),
    cmocka_unit_test(observations_wide_form_has_a_value_a_cell),
    cmocka_unit_test(observations_abstract_form_has_coordinates_and_members),
    cmocka_unit_test(observations_refuse_with_line_and_column),
    cmocka_unit_test(observations_written_read_back_the_same),
    cmocka_unit_test(observations_write_leaves_nothing_beside_and_keeps_what_is_there),
    cmocka_unit_test(observations_convert_values_and_errors),
    cmocka_unit_test(observations_drawn_without_noise_are_the_field),
    cmocka_unit_test(observations_drawn_carry_noise_of_the_point),
    cmocka_unit_test(observations_draw_passes_missing_points),
    cmocka_unit_test(observations_of_netcdf_stations_are_their_values),
    cmocka_unit_test(observations_of_a_grid_are_refused),
};

GNDP_TEST_MAIN(tests)
