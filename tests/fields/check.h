// SPDX-License-Identifier: Apache-2.0
// Assertions of the tests of fields: statuses with their words, closeness, small sets with known
// values.
#ifndef GNDP_TEST_FIELDS_CHECK_H
#define GNDP_TEST_FIELDS_CHECK_H

#include "support/test_main.h"

#include <gndp/fields.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void assert_ok_at(gndp_status got, int line)
{
    if (got != GNDP_OK)
        fail_msg("line %d: %s", line, gndp_last_error());
}
#define assert_ok(call) assert_ok_at((call), __LINE__)

/* The call failed with this code, and its message has the words. */
static inline void assert_fails_at(gndp_status got, gndp_status want, const char *words, int line)
{
    if (got != want)
        fail_msg("line %d: %s instead of %s: %s", line, gndp_status_name(got),
                 gndp_status_name(want), got != GNDP_OK ? gndp_last_error() : "");
    if (strstr(gndp_last_error(), words) == NULL)
        fail_msg("line %d: '%s' is not in: %s", line, words, gndp_last_error());
}
#define assert_fails(call, code, words) assert_fails_at((call), (code), (words), __LINE__)

static inline void assert_near_at(double got, double want, double tolerance, int line)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("line %d: got %.17g, want %.17g, off by %.3g > %.3g", line, got, want,
                 fabs(got - want), tolerance);
}
#define assert_near(got, want, tolerance) assert_near_at((got), (want), (tolerance), __LINE__)

/* Random words for property tests: a function of the seed alone. */
typedef struct dice {
    uint32_t seed, count;
} dice;

static inline uint64_t dice_word(dice *d)
{
    const uint32_t ctr[4] = {d->count++, 0, 0, 0}, key[2] = {d->seed, 0xd1ce};
    uint32_t w[4];
    gndp_philox(ctr, key, w);
    return (uint64_t)w[0] << 32 | w[1];
}

static inline int64_t dice_below(dice *d, int64_t n)
{
    return (int64_t)(dice_word(d) % (uint64_t)n);
}

static inline double dice_uniform(dice *d, double low, double high)
{
    return low + (high - low) * ((double)(dice_word(d) >> 11) * 0x1p-53);
}

/* Axes over values that outlive the coordinates. */
static inline gndp_axis axis_of(const char *name, const char *units, int64_t n, const double *value)
{
    gndp_axis a = {.size = n, .value = value};
    snprintf(a.name, sizeof a.name, "%s", name);
    snprintf(a.units, sizeof a.units, "%s", units);
    return a;
}

static inline gndp_coords sphere_grid(int64_t n_lat, const double *lat, int64_t n_lon,
                                      const double *lon)
{
    return (gndp_coords){.space = GNDP_SPACE_SPHERE,
                         .layout = GNDP_LAYOUT_PRODUCT,
                         .columns = 2,
                         .axis = {axis_of("latitude", "degrees_north", n_lat, lat),
                                  axis_of("longitude", "degrees_east", n_lon, lon)},
                         .n = n_lat * n_lon};
}

static inline gndp_coords point_list(gndp_space space, int columns, int64_t n, const double *x)
{
    gndp_coords c = {
        .space = space, .layout = GNDP_LAYOUT_LIST, .columns = columns, .n = n, .x = x};
    for (int i = 0; i < columns; i++)
        snprintf(c.axis[i].name, sizeof c.axis[i].name, "x%d", i + 1);
    return c;
}

#endif
