// SPDX-License-Identifier: Apache-2.0
// `gndp info`: what gndp understands of a file.
#ifndef GNDP_CLI_INFO_H
#define GNDP_CLI_INFO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include <gndp/gndp.h>

#include "cli/options.h"

extern const char info_text[], info_examples[];
extern const gndp_option info_options[];

int info_run(int argc, char **argv);

/* ---- Shared by the files of the verb
 * ---------------------------------------------------------- */

/* Times, members and ids of a set's fields. */
typedef struct info_labels {
    int64_t n_times, n_members, n_ids; /* different ones; 0: none */
    double first_s, last_s, step_s;    /* step NaN: not regular */
    int64_t member_low, member_high;
} info_labels;

/** @return exit code */
int info_labels_make(const gndp_fieldset *set, info_labels *out);

/* Latitudes and longitudes of a channel of points of S². */
typedef struct info_positions {
    double lat_low, lat_high, lon_low, lon_high; /* longitudes in -180..180 */
    int64_t present, missing, distinct;
} info_positions;
/** @param component  first of the channel's three */
int info_positions_make(const gndp_fieldset *set, int component, info_positions *out);

/** Spacing of a regular axis, NaN: it is not regular. */
double info_axis_step(const gndp_axis *axis);
/** Lowest and highest of coordinate c over all points. */
void info_coordinate_range(const gndp_coords *coords, int c, double *low, double *high);
/** Points of a field: fewest, median, most. */
void info_points_range(const gndp_fieldset *set, int64_t out[3]);

/* A text of a file that is safe to print: control bytes and bytes that are no
 * UTF-8 are '?', cut at 200. */
typedef struct info_shown {
    char text[208];
} info_shown;
info_shown info_show(const char *text);

/** Reports; stats [P] or NULL when values were not read. */
int info_report_set(const char *path, gndp_file_kind kind, const gndp_fieldset *set,
                    const gndp_component_stats *stats);
int info_report_observations(const char *path, const gndp_observations *o);
int info_report_archive(const char *path, const gndp_archive *archive);
json_t *info_json_set(const char *path, gndp_file_kind kind, const gndp_fieldset *set,
                      const gndp_component_stats *stats);
json_t *info_json_observations(const char *path, const gndp_observations *o);
json_t *info_json_archive(const char *path, const gndp_archive *archive);

/* Of the values of one channel of a table. */
typedef struct info_column {
    int64_t n, with_sd;
    double low, high, mean, sd;
} info_column;
info_column info_column_of(const gndp_observations *o, int channel);
/** Different places, and different times (0: none). -1: out of memory. */
int64_t info_places_of(const gndp_observations *o);
int64_t info_times_of(const gndp_observations *o, double *first_s, double *last_s);

#endif
