// SPDX-License-Identifier: Apache-2.0
// What the reader gives, the writer writes and the reader gives again: the identity, on files of
// our own and of others.
#include "writer_case.h"

#include <gndp/io.h>

static void assert_near(const double *a, const double *b, size_t n, double tolerance,
                        const char *what)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs(a[i] - b[i]) <= tolerance))
            fail_msg("%s, value %zu: %.17g became %.17g", what, i, a[i], b[i]);
}

static void assert_same_coords(const gndp_fieldset *a, const gndp_fieldset *b)
{
    const gndp_coords *ca = &gndp_fieldset_get_spec(a)->coords,
                      *cb = &gndp_fieldset_get_spec(b)->coords;
    assert_int_equal(ca->space, cb->space);
    assert_int_equal(ca->layout, cb->layout);
    assert_int_equal(ca->columns, cb->columns);
    assert_int_equal(ca->n, cb->n);
    for (int i = 0; i < ca->columns; i++)
        assert_int_equal(ca->axis[i].size, cb->axis[i].size);
    const size_t n = (size_t)(ca->n * ca->columns);
    double *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y);
    assert_true(x != NULL && y != NULL);
    assert_ok(gndp_fieldset_coords(a, 0, x));
    assert_ok(gndp_fieldset_coords(b, 0, y));
    assert_near(x, y, n, 0.0, "coordinates");
    free(x);
    free(y);
}

static void assert_same_channels(const gndp_fieldset_spec *a, const gndp_fieldset_spec *b)
{
    assert_int_equal(a->n_channels, b->n_channels);
    for (int c = 0; c < a->n_channels; c++) {
        const gndp_channel *x = &a->channel[c], *y = &b->channel[c];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->kind, y->kind);
        assert_int_equal(x->components, y->components);
        if (x->kind != GNDP_CHANNEL_SPHERE)
            assert_string_equal(x->units, y->units);
        assert_string_equal(x->cell_methods, y->cell_methods);
        for (int k = 0; k < x->parts; k++) {
            assert_string_equal(x->part[k].name, y->part[k].name);
            assert_string_equal(x->part[k].standard_name, y->part[k].standard_name);
            assert_string_equal(x->part[k].long_name, y->part[k].long_name);
        }
    }
}

static const char *attribute(const gndp_fieldset_spec *spec, const char *name)
{
    for (int i = 0; i < spec->n_attributes; i++)
        if (strcmp(spec->attribute[i].name, name) == 0)
            return spec->attribute[i].text;
    return "";
}

/* Fields of the first set in the second: same time and member. */
static int64_t field_of(const gndp_fieldset_spec *spec, const gndp_field_label *label, int64_t hint)
{
    for (int64_t k = 0; k < spec->n_fields; k++) {
        const int64_t f = (hint + k) % spec->n_fields;
        const bool times = isnan(label->time_s) || spec->label[f].time_s == label->time_s;
        if (times && (label->member < 0 || spec->label[f].member == label->member))
            return f;
    }
    return -1;
}

static void assert_same_sets(const gndp_fieldset *a, const gndp_fieldset *b, double tolerance)
{
    const gndp_fieldset_spec *sa = gndp_fieldset_get_spec(a), *sb = gndp_fieldset_get_spec(b);
    const size_t n = (size_t)sa->coords.n * (size_t)gndp_fieldset_components(a);
    double *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y);
    uint8_t *p = malloc(n), *q = malloc(n);
    assert_true(x != NULL && y != NULL && p != NULL && q != NULL);
    assert_same_coords(a, b);
    assert_same_channels(sa, sb);
    assert_int_equal(sa->n_fields, sb->n_fields);
    assert_int_equal(sa->calendar, sb->calendar);
    assert_string_equal(attribute(sa, "institution"), attribute(sb, "institution"));
    assert_string_equal(attribute(sa, "title"), attribute(sb, "title"));
    for (int64_t f = 0; f < sa->n_fields; f++) {
        const int64_t g = field_of(sb, &sa->label[f], f);
        if (g < 0)
            fail_msg("field %lld is lost", (long long)f);
        assert_int_equal(sa->label[f].member, sb->label[g].member);
        assert_ok(gndp_fieldset_read(a, 1, &f, sa->coords.n, NULL, x, p));
        assert_ok(gndp_fieldset_read(b, 1, &g, sa->coords.n, NULL, y, q));
        assert_memory_equal(p, q, n);
        assert_near(x, y, n, tolerance, "values");
    }
    free(x);
    free(y);
    free(p);
    free(q);
}

static gndp_fieldset *open_set(const char *path)
{
    gndp_fieldset *set;
    const gndp_read_options options = gndp_read_options_default();
    assert_ok(gndp_netcdf_open(&path, 1, &options, &set));
    return set;
}

/* ---- Files of our own ----------------------------------------------------------------------- */

static void reader_gives_what_was_written(void **state)
{
    gndp_channel channel[3];
    double values[N_POINTS * N_COMPONENTS], found[N_POINTS * N_COMPONENTS];
    uint8_t present[N_POINTS * N_COMPONENTS], there[N_POINTS * N_COMPONENTS];
    gndp_write_options options = gndp_write_options_default();
    (void)state;
    options.f64 = true;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    case_write("a.nc", &file, &options);
    gndp_fieldset *set = open_set("a.nc");
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, N_TIMES * N_MEMBERS);
    assert_int_equal(spec->n_channels, 3);
    assert_int_equal(spec->channel[1].kind, GNDP_CHANNEL_VECTOR);
    assert_string_equal(spec->channel[1].name, "wind");
    assert_int_equal(spec->channel[2].kind, GNDP_CHANNEL_SPHERE);
    assert_string_equal(spec->channel[2].name, "heading");
    for (int64_t f = 0; f < spec->n_fields; f++) {
        int64_t t = 0, m = 0;
        while (t < N_TIMES && case_time[t] != spec->label[f].time_s)
            t++;
        while (m < N_MEMBERS && case_member[m] != spec->label[f].member)
            m++;
        assert_true(t < N_TIMES && m < N_MEMBERS);
        case_field(t, m, values, present);
        assert_ok(gndp_fieldset_read(set, 1, &f, N_POINTS, NULL, found, there));
        assert_memory_equal(present, there, sizeof present);
        for (int i = 0; i < N_POINTS * N_COMPONENTS; i++)
            assert_true(!present[i] ||
                        fabs(found[i] - values[i]) <= (i % N_COMPONENTS < 3 ? 0.0 : 4e-15));
    }
    gndp_fieldset_free(set);
}

static void round_trip_is_the_identity(const char *path, bool f64, double tolerance)
{
    gndp_write_options options = gndp_write_options_default();
    options.f64 = f64;
    options.overwrite = true;
    gndp_fieldset *a = open_set(path);
    assert_ok(gndp_fieldset_write(a, "once.nc", &options));
    gndp_fieldset *b = open_set("once.nc");
    assert_same_sets(a, b, tolerance);
    gndp_fieldset_free(a);
    gndp_fieldset_free(b);
}

static void round_trip_of_stations_is_the_identity(void **state)
{
    static const double station[] = {51.5, -0.25, 53.5, -2.25, 55.75, -3.5, 57.0, 10.0, 60.25, 5.0};
    const gndp_channel channel = gndp_channel_scalar("t2m", "K");
    gndp_field_writer *writer;
    const gndp_field_file file = {.coords = {.space = GNDP_SPACE_SPHERE,
                                             .layout = GNDP_LAYOUT_LIST,
                                             .columns = 2,
                                             .n = 5,
                                             .x = station},
                                  .n_channels = 1,
                                  .channel = &channel,
                                  .n_times = N_TIMES,
                                  .time_s = case_time,
                                  .reference_time_s = (double)NAN,
                                  .n_members = N_MEMBERS};
    (void)state;
    assert_ok(gndp_field_writer_create("s.nc", &file, NULL, &writer));
    for (int64_t m = 0; m < N_MEMBERS; m++)
        for (int64_t t = 0; t < N_TIMES; t++) {
            const double values[5] = {270.5, 271.5 + (double)t, 272.5, 273.5 + (double)m, 274.5};
            const uint8_t present[5] = {1, 1, t != 1, 1, 1};
            assert_ok(gndp_field_writer_put(writer, t, m, values, present));
        }
    assert_ok(gndp_field_writer_commit(writer));
    gndp_field_writer_free(writer, false);
    round_trip_is_the_identity("s.nc", false, 0.0);
}

/* ---- Files of others ------------------------------------------------------------------------ */

static void real_file(const char *name, bool f64)
{
    char path[1024];
    const char *folder = getenv("GNDP_DATA");
    if (folder == NULL) {
        print_message("skipped: GNDP_DATA is not set\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    round_trip_is_the_identity(path, f64, 0.0);
}

static void round_trip_of_era5_is_the_identity(void **state)
{
    (void)state;
    real_file("era5_t2m_uk_2019-03.nc", false);
}

static void round_trip_of_an_ensemble_is_the_identity(void **state)
{
    (void)state;
    real_file("era5_z_t_members_3deg.nc", false);
}

static void round_trip_of_winds_is_the_identity(void **state)
{
    (void)state;
    real_file("winds_monthly_2p5deg.nc", false);
}

static void round_trip_of_a_360_day_calendar_is_the_identity(void **state)
{
    (void)state;
    real_file("A1B_north_america.nc", false);
}

static void round_trip_of_missing_values_is_the_identity(void **state)
{
    (void)state;
    real_file("ostia_monthly.nc", false);
}

/* Files in, tools out: what CDO makes of the file read is what it makes of the file written. */
static void round_trip_is_the_identity_to_cdo(void **state)
{
    static const char *const names[] = {"era5_t2m_uk_2019-03.nc", "ostia_monthly.nc",
                                        "A1B_north_america.nc"};
    const char *folder = getenv("GNDP_DATA");
    (void)state;
    if (folder == NULL) {
        print_message("skipped: GNDP_DATA is not set\n");
        skip();
    }
    need("command -v cdo");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[1024], command[2048];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        round_trip_is_the_identity(path, false, 0.0);
        /* It prints fields that differ, and on stderr complaints about other things in the file
         * read. */
        snprintf(command, sizeof command, "cdo -s diffn '%s' once.nc 2>/dev/null", path);
        run_silent(command);
        run_silent("cdo -s info once.nc >/dev/null");
    }
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
    IN_FOLDER(reader_gives_what_was_written),
    IN_FOLDER(round_trip_of_stations_is_the_identity),
    IN_FOLDER(round_trip_of_era5_is_the_identity),
    IN_FOLDER(round_trip_of_an_ensemble_is_the_identity),
    IN_FOLDER(round_trip_of_winds_is_the_identity),
    IN_FOLDER(round_trip_of_a_360_day_calendar_is_the_identity),
    IN_FOLDER(round_trip_of_missing_values_is_the_identity),
    IN_FOLDER(round_trip_is_the_identity_to_cdo),
};
GNDP_TEST_MAIN(tests)
