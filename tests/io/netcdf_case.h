// SPDX-License-Identifier: Apache-2.0
// What the tests of NetCDF in share: files made with the netCDF library, sets read whole, notes.
#ifndef GNDP_TEST_NETCDF_CASE_H
#define GNDP_TEST_NETCDF_CASE_H

#include "support/test_main.h"

#include <math.h>
#include <netcdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gndp/io.h>

#define NC(call) assert_int_equal((call), NC_NOERR)

/* ---- Places --------------------------------------------------------------------------------- */

typedef struct path_text {
    char text[1024];
} path_text;

static inline char *case_folder(void)
{
    static char folder[512];
    return folder;
}

static inline void remove_folder(void)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", case_folder());
    if (case_folder()[0] != '\0' && system(command) != 0)
        perror("rm");
}

/* A file in a folder of this run, which goes when it ends. */
static inline path_text scratch(const char *name)
{
    path_text path;
    char *folder = case_folder();
    if (folder[0] == '\0') {
        const char *base = getenv("TMPDIR");
        snprintf(folder, 512, "%s/gndp-netcdf-XXXXXX", base != NULL ? base : "/tmp");
        assert_non_null(mkdtemp(folder));
        atexit(remove_folder);
    }
    snprintf(path.text, sizeof path.text, "%s/%s", folder, name);
    return path;
}

/* A file of the data folder; skips the case without one. */
static inline path_text data_file(const char *name)
{
    path_text path;
    const char *folder = getenv("GNDP_DATA");
    if (folder == NULL) {
        print_message("GNDP_DATA is not set: no data to read\n");
        skip();
    }
    snprintf(path.text, sizeof path.text, "%s/%s", folder != NULL ? folder : "", name);
    return path;
}

/* ---- Making files --------------------------------------------------------------------------- */

static inline int create(const char *path, int mode)
{
    int nc = -1;
    NC(nc_create(path, NC_CLOBBER | mode, &nc));
    return nc;
}

static inline int add_dim(int nc, const char *name, size_t n)
{
    int dim = -1;
    NC(nc_def_dim(nc, name, n, &dim));
    return dim;
}

static inline void add_text(int nc, int var, const char *name, const char *text)
{
    NC(nc_put_att_text(nc, var, name, strlen(text), text));
}

/* A variable with standard_name and units where they are not NULL. */
static inline int add_var(int nc, const char *name, nc_type type, int rank, const int *dims,
                          const char *standard_name, const char *units)
{
    int var = -1;
    NC(nc_def_var(nc, name, type, rank, dims, &var));
    if (standard_name != NULL)
        add_text(nc, var, "standard_name", standard_name);
    if (units != NULL)
        add_text(nc, var, "units", units);
    return var;
}

/* A coordinate variable: a dimension and a variable of its name. Values are put by put(). */
static inline int add_axis(int nc, const char *name, size_t n, const char *standard_name,
                           const char *units, int *dim)
{
    *dim = add_dim(nc, name, n);
    return add_var(nc, name, NC_DOUBLE, 1, dim, standard_name, units);
}

static inline void put(int nc, int var, const double *values)
{
    NC(nc_put_var_double(nc, var, values));
}

/* The field of most files here: a value for each time index, latitude and longitude, smooth on the
   sphere, so that it does not know of any order. */
static inline double truth(double t, double lat, double lon)
{
    const double rad = 3.14159265358979323846 / 180.0;
    return 280.0 + t + 10.0 * sin(lat * rad) + 3.0 * cos(lat * rad) * cos((lon - 20.0) * rad);
}

/* t2m(time, latitude, longitude), double, hourly from `hours` since 2000-01-01. */
typedef struct grid_case {
    int nt, n_lat, n_lon;
    const double *hours, *lat, *lon;
    const char *calendar; /* NULL: none named */
    int mode;             /* of nc_create() */
    double member;        /* added to the values; a realization where it is not NaN */
} grid_case;

static inline void make_grid(const char *path, const grid_case *g)
{
    const int nc = create(path, g->mode);
    int dim[3], member = -1;
    const int time = add_axis(nc, "time", (size_t)g->nt, "time", "hours since 2000-01-01", &dim[0]);
    const int lat =
        add_axis(nc, "latitude", (size_t)g->n_lat, "latitude", "degrees_north", &dim[1]);
    const int lon =
        add_axis(nc, "longitude", (size_t)g->n_lon, "longitude", "degrees_east", &dim[2]);
    if (!isnan(g->member))
        member = add_var(nc, "realization", NC_INT, 0, NULL, "realization", "1");
    const int t2m = add_var(nc, "t2m", NC_DOUBLE, 3, dim, "air_temperature", "K");
    if (g->calendar != NULL)
        add_text(nc, time, "calendar", g->calendar);
    NC(nc_enddef(nc));
    put(nc, time, g->hours);
    put(nc, lat, g->lat);
    put(nc, lon, g->lon);
    if (member >= 0)
        put(nc, member, &g->member);
    double *values = calloc((size_t)(g->nt * g->n_lat * g->n_lon) + 1, sizeof *values);
    assert_non_null(values);
    for (int t = 0, k = 0; t < g->nt; t++)
        for (int i = 0; i < g->n_lat; i++)
            for (int j = 0; j < g->n_lon; j++)
                values[k++] = truth(g->hours[t], g->lat[i], g->lon[j]) +
                              (isnan(g->member) ? 0.0 : 100.0 * g->member);
    put(nc, t2m, values);
    free(values);
    NC(nc_close(nc));
}

/* ---- Reading -------------------------------------------------------------------------------- */

static inline void check_ok(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

static inline gndp_fieldset *open_set(const char *path, const gndp_read_options *options)
{
    gndp_fieldset *set = NULL;
    check_ok(gndp_netcdf_open(&path, 1, options, &set));
    assert_non_null(set);
    return set;
}

/* Values of a whole set, [F, N, P]; free with free_all(). */
typedef struct all_values {
    int64_t F, N;
    int P;
    double *value;
    uint8_t *present;
} all_values;

static inline all_values read_all(const gndp_fieldset *set)
{
    all_values a = {.F = gndp_fieldset_get_spec(set)->n_fields,
                    .N = gndp_fieldset_points(set, 0),
                    .P = gndp_fieldset_components(set)};
    const size_t n = (size_t)(a.F * a.N * a.P);
    int64_t *field = calloc((size_t)a.F, sizeof *field);
    a.value = calloc(n, sizeof *a.value);
    a.present = calloc(n, 1);
    assert_true(field != NULL && a.value != NULL && a.present != NULL);
    for (int64_t f = 0; f < a.F; f++)
        field[f] = f;
    check_ok(gndp_fieldset_read(set, a.F, field, a.N, NULL, a.value, a.present));
    free(field);
    return a;
}

static inline void free_all(all_values *a)
{
    free(a->value);
    free(a->present);
}

/* Coordinates of the points of field 0, [N, C]; free(). */
static inline double *read_places(const gndp_fieldset *set)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    double *x = calloc((size_t)(gndp_fieldset_points(set, 0) * spec->coords.columns), sizeof *x);
    assert_non_null(x);
    check_ok(gndp_fieldset_coords(set, 0, x));
    return x;
}

/* Every value of a t2m of make_grid() is what its place and time say; all are present. */
static inline void check_truth(const gndp_fieldset *set)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    all_values a = read_all(set);
    double *x = read_places(set);
    for (int64_t f = 0; f < a.F; f++) {
        const double hours = (spec->label[f].time_s - 946684800.0) / 3600.0;
        const int64_t member = spec->label[f].member;
        for (int64_t i = 0; i < a.N; i++) {
            const double want =
                truth(hours, x[2 * i], x[2 * i + 1]) + (member >= 0 ? 100.0 * (double)member : 0.0);
            assert_int_equal(a.present[f * a.N + i], 1);
            /* cos() of a longitude and of one 360 degrees on differ by a few roundings. */
            assert_true(fabs(a.value[f * a.N + i] - want) <= 1e-11);
        }
    }
    free(x);
    free_all(&a);
}

/* ---- Failures and notes --------------------------------------------------------------------- */

/* The open fails so, and its message has all these pieces (NULL ends them) and no control byte. */
static inline void check_refused(const char *path, const gndp_read_options *options,
                                 gndp_status code, const char *const *piece)
{
    gndp_fieldset *set = (gndp_fieldset *)(uintptr_t)1;
    assert_int_equal(gndp_netcdf_open(&path, 1, options, &set), code);
    assert_null(set);
    const char *text = gndp_last_error();
    for (; *piece != NULL; piece++)
        if (strstr(text, *piece) == NULL)
            fail_msg("'%s' is not in: %s", *piece, text);
    for (const char *p = text; *p != '\0' && *p != '\n'; p++)
        assert_true((unsigned char)*p >= 0x20 && *p != 0x7F);
}
#define REFUSED(path, options, code, ...)                                                          \
    check_refused((path), (options), (code), (const char *const[]){__VA_ARGS__, NULL})

typedef struct note_text {
    char text[8192];
} note_text;

static inline void take_note(void *state, const gndp_log_record *record)
{
    note_text *n = state;
    const size_t used = strlen(n->text);
    snprintf(n->text + used, sizeof n->text - used, "%s\n", record->text);
}

#define NOTES(name)                                                                                \
    note_text name = {""};                                                                         \
    const gndp_logger name##_log = {take_note, &name, GNDP_LOG_INFO}

static inline void check_note(const note_text *n, const char *piece)
{
    if (strstr(n->text, piece) == NULL)
        fail_msg("'%s' is not among the notes: %s", piece, n->text);
}

#endif
