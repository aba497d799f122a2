// SPDX-License-Identifier: Apache-2.0
// Parts of NetCDF files: boxes, strides, levels, times, members, single points; within any memory.
#include "io/netcdf_case.h"

/* A global grid of 10 degrees, three times; longitudes from `west` on, up or down. */
typedef struct global {
    double lat[19], lon[36], hours[3];
    path_text path;
} global;

static global make_global(const char *name, double west, bool lat_down, bool lon_down, int mode)
{
    global g = {.hours = {0.0, 6.0, 12.0}, .path = scratch(name)};
    for (int i = 0; i < 19; i++)
        g.lat[lat_down ? 18 - i : i] = -90.0 + 10.0 * i;
    for (int j = 0; j < 36; j++)
        g.lon[lon_down ? 35 - j : j] = west + 10.0 * j;
    const grid_case grid = {.nt = 3,
                            .n_lat = 19,
                            .n_lon = 36,
                            .hours = g.hours,
                            .lat = g.lat,
                            .lon = g.lon,
                            .mode = mode,
                            .member = (double)NAN};
    make_grid(g.path.text, &grid);
    return g;
}

static gndp_read_options with_box(double west, double east, double south, double north)
{
    gndp_read_options o = gndp_read_options_default();
    o.has_box = true;
    o.west = west;
    o.east = east;
    o.south = south;
    o.north = north;
    return o;
}

/* Whether a longitude lies within the box, by its definition. */
static bool inside(double west, double east, double lon)
{
    for (int turn = -3; turn <= 3; turn++)
        if (lon + 360.0 * turn >= west &&
            lon + 360.0 * turn <= (east >= west ? east : east + 360.0))
            return true;
    return false;
}

/* Both axes hold just what lies in the box, monotonic, and the values are those of the places. */
static void check_box(const global *g, double west, double east, double south, double north)
{
    const gndp_read_options o = with_box(west, east, south, north);
    gndp_fieldset *set = open_set(g->path.text, &o);
    const gndp_coords *coords = &gndp_fieldset_get_spec(set)->coords;
    int n_lat = 0, n_lon = 0;
    for (int i = 0; i < 19; i++)
        n_lat += g->lat[i] >= south && g->lat[i] <= north;
    for (int j = 0; j < 36; j++)
        n_lon += inside(west, east, g->lon[j]);
    assert_int_equal(coords->axis[0].size, n_lat);
    assert_int_equal(coords->axis[1].size, n_lon);
    for (int j = 0; j < n_lon; j++)
        assert_true(inside(west, east, coords->axis[1].value[j]));
    assert_int_equal(gndp_coords_check(coords), GNDP_OK);
    check_truth(set);
    gndp_fieldset_free(set);
}

static void netcdf_select_boxes_on_axes_of_every_order(void **state)
{
    (void)state;
    static const double boxes[][4] = {
        {0.0, 100.0, -20.0, 60.0},    /* within */
        {-30.0, 40.0, 10.0, 50.0},    /* over Greenwich */
        {150.0, -150.0, -90.0, 0.0},  /* over the date line, west > east */
        {150.0, 210.0, -90.0, 0.0},   /* the same */
        {350.0, 340.0, -90.0, 90.0},  /* nearly all */
        {-180.0, 180.0, -90.0, 90.0}, /* all */
        {0.0, 360.0, 30.0, 40.0},     /* all round */
        {20.0, 20.0, 30.0, 30.0},     /* a single point */
        {-20.0, -10.0, 0.0, 0.0},     /* one piece, in other numbers than the file's */
        {355.0, 5.0, 80.0, 90.0},
    };
    for (int order = 0; order < 8; order++) {
        char name[32];
        snprintf(name, sizeof name, "global%d.nc", order);
        const global g = make_global(name, (order & 4) != 0 ? -180.0 : 0.0, (order & 1) != 0,
                                     (order & 2) != 0, (order & 1) != 0 ? NC_NETCDF4 : 0);
        for (size_t b = 0; b < sizeof boxes / sizeof *boxes; b++)
            check_box(&g, boxes[b][0], boxes[b][1], boxes[b][2], boxes[b][3]);
    }
}

/* The joined axis is the one a person would make of the two pieces. */
static void netcdf_select_joins_the_pieces_of_a_wrapping_box(void **state)
{
    (void)state;
    const global g = make_global("wrap.nc", 0.0, false, false, 0);
    const gndp_read_options o = with_box(-25.0, 15.0, 10.0, 20.0);
    gndp_fieldset *set = open_set(g.path.text, &o);
    static const double want[4] = {-20.0, -10.0, 0.0, 10.0};
    const gndp_axis *lon = &gndp_fieldset_get_spec(set)->coords.axis[1];
    assert_int_equal(lon->size, 4);
    for (int j = 0; j < 4; j++)
        assert_true(lon->value[j] == want[j]);
    all_values a = read_all(set);
    gndp_fieldset *whole = open_set(g.path.text, NULL);
    all_values all = read_all(whole);
    static const int column[4] = {34, 35, 0, 1};
    for (int t = 0; t < 3; t++)
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 4; j++)
                assert_true(a.value[(t * 2 + i) * 4 + j] ==
                            all.value[(t * 19 + 10 + i) * 36 + column[j]]);
    free_all(&a);
    free_all(&all);
    gndp_fieldset_free(whole);
    gndp_fieldset_free(set);
}

static void netcdf_select_refuses_boxes_that_hold_nothing(void **state)
{
    (void)state;
    const global g = make_global("empty_box.nc", 0.0, false, false, 0);
    gndp_read_options o = with_box(1.0, 9.0, 0.0, 90.0);
    REFUSED(g.path.text, &o, GNDP_ERR_RANGE, "empty_box.nc", "'longitude'", "from 0 to 350");
    o = with_box(0.0, 90.0, 41.0, 49.0);
    REFUSED(g.path.text, &o, GNDP_ERR_RANGE, "'latitude'", "from -90 to 90");
    o = with_box(0.0, 90.0, 50.0, 40.0);
    REFUSED(g.path.text, &o, GNDP_ERR_RANGE, "W,E,S,N");
}

static void netcdf_select_drops_a_meridian_that_is_given_twice(void **state)
{
    (void)state;
    const path_text path = scratch("cyclic.nc");
    const double hours[1] = {0.0}, lats[2] = {-45.0, 45.0};
    const double lons[5] = {0.0, 90.0, 180.0, 270.0, 360.0};
    const grid_case grid = {.nt = 1,
                            .n_lat = 2,
                            .n_lon = 5,
                            .hours = hours,
                            .lat = lats,
                            .lon = lons,
                            .member = (double)NAN};
    make_grid(path.text, &grid);
    NOTES(notes);
    gndp_read_options o = gndp_read_options_default();
    o.log = &notes_log;
    gndp_fieldset *set = open_set(path.text, &o);
    assert_int_equal(gndp_fieldset_get_spec(set)->coords.axis[1].size, 4);
    assert_true(gndp_coords_periodic(&gndp_fieldset_get_spec(set)->coords));
    check_truth(set);
    check_note(&notes, "'longitude' gives 0 and 360, one meridian: the last is left out");
    gndp_fieldset_free(set);
}

static void netcdf_select_strides_take_every_kth(void **state)
{
    (void)state;
    const global g = make_global("stride.nc", -180.0, true, false, NC_NETCDF4);
    for (int64_t k = 1; k <= 40; k += 3) {
        gndp_read_options o = gndp_read_options_default();
        o.stride_lat = k;
        o.stride_lon = 1 + k / 2;
        o.time_stride = 1 + k % 3;
        gndp_fieldset *set = open_set(g.path.text, &o);
        const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
        assert_int_equal(spec->coords.axis[0].size, (19 + k - 1) / k);
        assert_int_equal(spec->coords.axis[1].size, (36 + k / 2) / (1 + k / 2));
        assert_int_equal(spec->n_fields, (3 + k % 3) / (1 + k % 3));
        assert_true(spec->coords.axis[0].value[0] == 90.0);
        check_truth(set);
        gndp_fieldset_free(set);
    }
    gndp_read_options o = gndp_read_options_default();
    o.stride_lat = 0;
    REFUSED(g.path.text, &o, GNDP_ERR_ARG, "strides are 1 or more");
}

static void netcdf_select_times(void **state)
{
    (void)state;
    const path_text path = data_file("era5_t2m_uk_2019-03.nc");
    static const struct {
        const char *text;
        int64_t stride, n;
        const char *first, *last;
    } cases[] = {
        {"2019-03-01", 1, 24, "2019-03-01T00:00:00", "2019-03-01T23:00:00"},
        {"2019-03-02T06", 1, 1, "2019-03-02T06:00:00", "2019-03-02T06:00:00"},
        {"2019-03-01/2019-03-10", 1, 240, "2019-03-01T00:00:00", "2019-03-10T23:00:00"},
        {"2019-03-01T05/2019-03-02T04", 6, 4, "2019-03-01T05:00:00", "2019-03-01T23:00:00"},
        {"2019-03-25/", 1, 19, "2019-03-25T00:00:00", "2019-03-25T18:00:00"},
        {NULL, 100, 6, "2019-03-01T00:00:00", "2019-03-21T20:00:00"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        gndp_read_options o = gndp_read_options_default();
        o.time = cases[c].text;
        o.time_stride = cases[c].stride;
        gndp_fieldset *set = open_set(path.text, &o);
        const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
        assert_int_equal(spec->n_fields, cases[c].n);
        assert_string_equal(gndp_calendar_text(spec->calendar, spec->label[0].time_s).text,
                            cases[c].first);
        assert_string_equal(
            gndp_calendar_text(spec->calendar, spec->label[spec->n_fields - 1].time_s).text,
            cases[c].last);
        gndp_fieldset_free(set);
    }
    gndp_read_options o = gndp_read_options_default();
    o.time = "2020";
    REFUSED(path.text, &o, GNDP_ERR_RANGE, "2020", "595 times", "2019-03-01T00:00:00",
            "2019-03-25T18:00:00");
    o.time = "1860-02-30"; /* in a calendar that has such a day */
    gndp_fieldset *set = NULL;
    const path_text scenario = data_file("A1B_north_america.nc");
    const char *const names[1] = {scenario.text};
    assert_int_equal(gndp_netcdf_open(names, 1, &o, &set), GNDP_ERR_RANGE);
    assert_non_null(strstr(gndp_last_error(), "240 times from 1860-06-01"));
    o.time = "2000";
    REFUSED(data_file("eraint_uvz.nc").text, &o, GNDP_ERR_RANGE, "no time axis");
}

static void netcdf_select_levels_and_members(void **state)
{
    (void)state;
    const path_text path = data_file("era5_z_t_members_3deg.nc");
    static const double level[2] = {85000.0, 50000.0};
    static const int64_t member[2] = {5, 2};
    static const char *const var[1] = {"geopotential"};
    gndp_read_options o = gndp_read_options_default();
    o.level = level;
    o.n_levels = 2;
    o.level_units = "Pa";
    o.member = member;
    o.n_members = 2;
    o.var = var;
    o.n_vars = 1;
    gndp_fieldset *set = open_set(path.text, &o);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 8);
    assert_int_equal(spec->n_channels, 2);
    assert_string_equal(spec->channel[0].name, "z_85000"); /* in the order and units asked for */
    assert_string_equal(spec->channel[1].name, "z_50000");
    assert_int_equal(spec->label[0].member, 2);
    assert_int_equal(spec->label[1].member, 5);
    gndp_fieldset *whole = open_set(path.text, NULL);
    all_values a = read_all(set), all = read_all(whole);
    for (int t = 0; t < 4; t++)
        for (int m = 0; m < 2; m++)
            for (int i = 0; i < 7320; i++)
                for (int l = 0; l < 2; l++)
                    assert_true(a.value[((t * 2 + m) * 7320 + i) * 2 + l] ==
                                all.value[((t * 8 + (m == 0 ? 2 : 5)) * 7320 + i) * 4 + 1 - l]);
    free_all(&a);
    free_all(&all);
    gndp_fieldset_free(whole);
    gndp_fieldset_free(set);
    static const double absent[1] = {300.0};
    o.level = absent;
    o.n_levels = 1;
    o.level_units = NULL;
    REFUSED(path.text, &o, GNDP_ERR_RANGE, "'z' has no level 300; it has 500, 850 hPa");
    o.n_levels = 0;
    static const int64_t nobody[1] = {9};
    o.member = nobody;
    o.n_members = 1;
    REFUSED(path.text, &o, GNDP_ERR_RANGE, "no member 9; there are 8, from 0 to 7");
    /* A file at one level, that says so. */
    gndp_read_options scalar = gndp_read_options_default();
    static const double at_200[1] = {200.0};
    scalar.level = at_200;
    scalar.n_levels = 1;
    set = open_set(data_file("winds_monthly_2p5deg.nc").text, &scalar);
    gndp_fieldset_free(set);
    scalar.level = absent;
    REFUSED(data_file("winds_monthly_2p5deg.nc").text, &scalar, GNDP_ERR_RANGE,
            "no level 300; it is at 200 hPa");
}

static void netcdf_select_variables_by_name_alias_or_standard_name(void **state)
{
    (void)state;
    static const struct {
        const char *file, *asked, *found;
    } cases[] = {
        {"era5_t2m_uk_2019-03.nc", "t2m", "t2m"},
        {"era5_t2m_uk_2019-03.nc", "2m_temperature", "t2m"},
        {"era5_t2m_uk_2019-03.nc", "2t", "t2m"},
        {"era5_t2m_uk_2019-03.nc", "air_temperature", "t2m"},
        {"era5_t2m_uk_2019-03.nc", "T2M", "t2m"},
        {"era5_t2m_uk_2019-03.nc", "heat=t2m", "heat"},
        {"A1B_north_america.nc", "t2m", "air_temperature"},
        {"winds_monthly_2p5deg.nc", "eastward_wind", "u"},
        {"winds_monthly_2p5deg.nc", "v_component_of_wind", "v"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        gndp_read_options o = gndp_read_options_default();
        o.var = &cases[c].asked;
        o.n_vars = 1;
        gndp_fieldset *set = open_set(data_file(cases[c].file).text, &o);
        assert_int_equal(gndp_fieldset_get_spec(set)->n_channels, 1);
        assert_string_equal(gndp_fieldset_get_spec(set)->channel[0].name, cases[c].found);
        gndp_fieldset_free(set);
    }
    const path_text path = data_file("era5_z_t_members_3deg.nc");
    static const char *const bad[] = {"t2m", "=t", "a,b", "w=t,,z", "wind=z,t,z", "latitude"};
    static const gndp_status code[] = {GNDP_ERR_NOT_FOUND, GNDP_ERR_ARG, GNDP_ERR_ARG,
                                       GNDP_ERR_ARG,       GNDP_ERR_ARG, GNDP_ERR_FORMAT};
    static const char *const piece[] = {
        "there are: z, t", "'=t'",          "make a vector with a name",
        "'w=t,,z'",        "here it has 2", "'latitude' (latitude)"};
    for (int c = 0; c < 6; c++) {
        gndp_read_options o = gndp_read_options_default();
        o.var = &bad[c];
        o.n_vars = 1;
        REFUSED(path.text, &o, code[c], piece[c]);
    }
    static const char *const twice[2] = {"t", "air_temperature"};
    gndp_read_options o = gndp_read_options_default();
    o.var = twice;
    o.n_vars = 2;
    REFUSED(path.text, &o, GNDP_ERR_ARG, "two channels would be called 't_500'");
}

/* ---- Points and memory ------------------------------------------------------------------------
 */

/* Points asked for in any order, once or twice, are those of the whole field; fields too. */
static void check_points(const gndp_fieldset *set, uint32_t seed, int64_t m, int64_t n)
{
    all_values all = read_all(set);
    int64_t *point = calloc((size_t)m, sizeof *point), *field = calloc((size_t)n, sizeof *field);
    double *value = calloc((size_t)(m * n * all.P), sizeof *value);
    uint8_t *present = calloc((size_t)(m * n * all.P), 1);
    assert_true(point != NULL && field != NULL && value != NULL && present != NULL);
    uint64_t state = seed;
    for (int64_t k = 0; k < m; k++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        point[k] = (int64_t)((state >> 33) % (uint64_t)all.N);
    }
    for (int64_t k = 0; k < n; k++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        field[k] = (int64_t)((state >> 33) % (uint64_t)all.F);
    }
    check_ok(gndp_fieldset_read(set, n, field, m, point, value, present));
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < m; k++)
            for (int p = 0; p < all.P; p++) {
                const int64_t at = (i * m + k) * all.P + p;
                const int64_t from = (field[i] * all.N + point[k]) * all.P + p;
                assert_int_equal(present[at], all.present[from]);
                assert_true(value[at] == all.value[from]);
            }
    free(point);
    free(field);
    free(value);
    free(present);
    free_all(&all);
}

static void netcdf_select_points_in_any_order(void **state)
{
    (void)state;
    const global g = make_global("points.nc", 0.0, true, true, 0);
    const gndp_read_options box = with_box(300.0, 100.0, -80.0, 80.0);
    gndp_fieldset *set = open_set(g.path.text, &box);
    for (int64_t m = 1; m < 2000; m *= 5)
        check_points(set, (uint32_t)m, m, 5);
    gndp_fieldset_free(set);
    set = open_set(data_file("ostia_monthly.nc").text, NULL); /* with gaps */
    check_points(set, 11, 50, 20);
    gndp_fieldset_free(set);
    set = open_set(data_file("era5_z_t_members_3deg.nc").text, NULL);
    check_points(set, 12, 300, 6);
    gndp_fieldset_free(set);
}

/* The least memory reads piece by piece, a lot of it in one go: the same values. */
static void netcdf_select_gives_the_same_values_in_any_memory(void **state)
{
    (void)state;
    static const char *const files[] = {"eraint_uvz.nc", "era5_z_t_members_3deg.nc",
                                        "era5_t2m_uk_2019-03.nc"};
    for (int f = 0; f < 3; f++) {
        static const double level[1] = {850.0};
        static const char *const var[1] = {"z"};
        gndp_read_options o = gndp_read_options_default();
        if (f < 2) {
            o.var = var;
            o.n_vars = 1;
            o.level = level;
            o.n_levels = 1;
        }
        o.max_bytes = (size_t)1 << 20;
        gndp_fieldset *little = open_set(data_file(files[f]).text, &o);
        o.max_bytes = (size_t)1 << 28;
        gndp_fieldset *lot = open_set(data_file(files[f]).text, &o);
        all_values a = read_all(little), b = read_all(lot);
        assert_int_equal(a.F * a.N * a.P, b.F * b.N * b.P);
        assert_memory_equal(a.value, b.value, (size_t)(a.F * a.N * a.P) * sizeof *a.value);
        free_all(&a);
        free_all(&b);
        gndp_fieldset_free(little);
        gndp_fieldset_free(lot);
    }
    gndp_read_options o = gndp_read_options_default();
    o.max_bytes = (size_t)1 << 20; /* 9 components of 115680 points take 8 MiB */
    REFUSED(data_file("eraint_uvz.nc").text, &o, GNDP_ERR_NOMEM, "eraint_uvz.nc", "115680 points");
}

/* Time last, as station tools write grids: one field is a value here and there. */
static void netcdf_select_reads_files_with_time_last(void **state)
{
    (void)state;
    const path_text path = scratch("time_last.nc");
    const int nc = create(path.text, NC_NETCDF4);
    enum { NT = 50, NLAT = 7, NLON = 11 };
    int dim[3];
    const int east = add_axis(nc, "longitude", NLON, "longitude", "degrees_east", &dim[0]);
    const int north = add_axis(nc, "latitude", NLAT, "latitude", "degrees_north", &dim[1]);
    const int when = add_axis(nc, "time", NT, "time", "hours since 2000-01-01", &dim[2]);
    const int var = add_var(nc, "t2m", NC_DOUBLE, 3, dim, NULL, "K");
    const size_t chunk[3] = {3, 4, 20};
    NC(nc_def_var_chunking(nc, var, NC_CHUNKED, chunk));
    NC(nc_def_var_deflate(nc, var, 0, 1, 1));
    NC(nc_enddef(nc));
    double lon[NLON], lat[NLAT], hours[NT];
    for (int j = 0; j < NLON; j++)
        lon[j] = 3.0 * j;
    for (int i = 0; i < NLAT; i++)
        lat[i] = 60.0 - 4.0 * i;
    for (int t = 0; t < NT; t++)
        hours[t] = t;
    double *values = calloc(NT * NLAT * NLON, sizeof *values);
    assert_non_null(values);
    for (int j = 0, k = 0; j < NLON; j++)
        for (int i = 0; i < NLAT; i++)
            for (int t = 0; t < NT; t++)
                values[k++] = truth(hours[t], lat[i], lon[j]);
    put(nc, east, lon);
    put(nc, north, lat);
    put(nc, when, hours);
    put(nc, var, values);
    NC(nc_close(nc));
    free(values);
    gndp_fieldset *set = open_set(path.text, NULL);
    check_truth(set);
    check_points(set, 5, 20, 30);
    gndp_fieldset_free(set);
    gndp_read_options o = with_box(5.0, 25.0, 40.0, 55.0);
    o.time_stride = 7;
    o.stride_lon = 2;
    set = open_set(path.text, &o);
    check_truth(set);
    check_points(set, 6, 20, 5);
    gndp_fieldset_free(set);
}

/* Two threads, each with a set of its own on one file: the library below is not safe for that. */
static void netcdf_select_serves_two_threads(void **state)
{
    (void)state;
    const path_text path = data_file("era5_z_t_members_3deg.nc");
    gndp_fieldset *set[2] = {open_set(path.text, NULL), open_set(path.text, NULL)};
    all_values want = read_all(set[0]);
    int wrong = 0;
#pragma omp parallel for num_threads(2) reduction(+ : wrong)
    for (int i = 0; i < 2; i++) {
        double value[4 * 10];
        for (int64_t k = 0; k < 400; k++) {
            const int64_t field = (k * 7 + i) % 32;
            int64_t point[10];
            for (int64_t p = 0; p < 10; p++)
                point[p] = (k * 131 + p * 733 + i) % want.N;
            wrong += gndp_fieldset_read(set[i], 1, &field, 10, point, value, NULL) != GNDP_OK;
            for (int64_t p = 0; p < 40; p++)
                wrong += value[p] != want.value[(field * want.N + point[p / 4]) * 4 + p % 4];
        }
    }
    assert_int_equal(wrong, 0);
    free_all(&want);
    gndp_fieldset_free(set[0]);
    gndp_fieldset_free(set[1]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(netcdf_select_boxes_on_axes_of_every_order),
    cmocka_unit_test(netcdf_select_joins_the_pieces_of_a_wrapping_box),
    cmocka_unit_test(netcdf_select_refuses_boxes_that_hold_nothing),
    cmocka_unit_test(netcdf_select_drops_a_meridian_that_is_given_twice),
    cmocka_unit_test(netcdf_select_strides_take_every_kth),
    cmocka_unit_test(netcdf_select_times),
    cmocka_unit_test(netcdf_select_levels_and_members),
    cmocka_unit_test(netcdf_select_variables_by_name_alias_or_standard_name),
    cmocka_unit_test(netcdf_select_points_in_any_order),
    cmocka_unit_test(netcdf_select_gives_the_same_values_in_any_memory),
    cmocka_unit_test(netcdf_select_reads_files_with_time_last),
    cmocka_unit_test(netcdf_select_serves_two_threads),
};
GNDP_TEST_MAIN(tests)
