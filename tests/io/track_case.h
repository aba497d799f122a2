// SPDX-License-Identifier: Apache-2.0
// What the tests of tracks share: storms of a set, their places and times.
#ifndef GNDP_TEST_TRACK_CASE_H
#define GNDP_TEST_TRACK_CASE_H

#include "io/table_case.h"

#include <math.h>
#include <stdint.h>

/* Values of one storm; free with free_storm(). */
typedef struct storm {
    int64_t n;
    int P;
    double *days, *value; /* [n], [n, P] */
    uint8_t *present;     /* [n, P] */
} storm;

static inline storm read_storm(const gndp_fieldset *set, int64_t f)
{
    storm s = {.n = gndp_fieldset_points(set, f), .P = gndp_fieldset_components(set)};
    s.days = malloc((size_t)s.n * sizeof *s.days);
    s.value = malloc((size_t)(s.n * s.P) * sizeof *s.value);
    s.present = malloc((size_t)(s.n * s.P));
    assert_true(s.days != NULL && s.value != NULL && s.present != NULL);
    check_ok(gndp_fieldset_coords(set, f, s.days));
    check_ok(gndp_fieldset_read(set, 1, &f, s.n, NULL, s.value, s.present));
    return s;
}

static inline void free_storm(storm *s)
{
    free(s->days);
    free(s->value);
    free(s->present);
}

static inline int64_t storms_of(const gndp_fieldset *set)
{
    return gndp_fieldset_get_spec(set)->n_fields;
}

static inline int64_t fixes_of(const gndp_fieldset *set)
{
    int64_t n = 0;
    for (int64_t f = 0; f < storms_of(set); f++)
        n += gndp_fieldset_points(set, f);
    return n;
}

/* Distance of two fixes in km. */
static inline double step_km(const storm *s, int64_t i, int64_t j)
{
    const double *a = s->value + i * s->P, *b = s->value + j * s->P;
    const double chord = sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                              (a[2] - b[2]) * (a[2] - b[2]));
    return 2.0 * 6371.0 * asin(0.5 * chord);
}

/* A place against degrees; unit vectors from degrees are exact to a few roundings. */
static inline void check_place(const storm *s, int64_t i, double lat, double lon)
{
    const double r = 3.14159265358979323846 / 180.0, *v = s->value + i * s->P;
    if (fabs(v[0] - cos(lat * r) * cos(lon * r)) > 1e-12 ||
        fabs(v[1] - cos(lat * r) * sin(lon * r)) > 1e-12 || fabs(v[2] - sin(lat * r)) > 1e-12)
        fail_msg("fix %d is at %g, %g, %g, not at %g N %g E", (int)i, v[0], v[1], v[2], lat, lon);
}

static inline double utc(const char *text)
{
    double s;
    check_ok(gndp_calendar_parse(GNDP_CALENDAR_STANDARD, text, &s, NULL));
    return s;
}

static inline int64_t storm_of_id(const gndp_fieldset *set, const char *id)
{
    for (int64_t f = 0; f < storms_of(set); f++)
        if (strcmp(gndp_fieldset_get_spec(set)->label[f].id, id) == 0)
            return f;
    fail_msg("no storm %s", id);
    return -1;
}

static inline gndp_fieldset *open_tracks(const char *path, const gndp_track_options *options)
{
    gndp_fieldset *set = NULL;
    check_ok(gndp_tracks_open(path, options, &set));
    assert_non_null(set);
    return set;
}

/* The set of a text, by way of a file. */
static inline gndp_fieldset *open_text(const char *text, const gndp_track_options *options)
{
    const data_path path = scratch_text("tracks.txt", text);
    gndp_fieldset *set = open_tracks(path.text, options);
    unlink(path.text);
    return set;
}

static inline void check_text_refused(const char *text, const gndp_track_options *options,
                                      gndp_status wanted, const char *message)
{
    gndp_fieldset *set = NULL;
    const data_path path = scratch_text("tracks.txt", text);
    check_failure(gndp_tracks_open(path.text, options, &set), wanted, message);
    assert_null(set);
    unlink(path.text);
}

#endif
