// SPDX-License-Identifier: Apache-2.0
// What to read of data files: options that all verbs share, and the files
// opened by them.
#ifndef GNDP_CLI_SELECT_H
#define GNDP_CLI_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include <gndp/gndp.h>

#include "cli/options.h"

/* As given on the command line; {0}: everything. */
typedef struct cli_select {
    gndp_option_texts var;
    const char *level, *time, *box, *area, *stride, *member, *units; /* fields */
    const char *basin, *season, *labels;
    int64_t time_stride, track_length, track_points;
    double track_step;
    bool all_tracks, distinct;
} cli_select;

#define CLI_SELECT_ROW(name_, brief_, argument_, kind_, type_, field_, low_, high_, text_)         \
    {                                                                                              \
        .name = (name_), .brief = (brief_), .argument = (argument_), .kind = (kind_),              \
        .offset = offsetof(type_, field_), .low = (low_), .high = (high_), .text = (text_)         \
    }
/* Rows of the option table of a verb whose settings `type` hold a cli_select in
 * `field`. */
#define CLI_OPTIONS_SELECT(type, field)                                                            \
    CLI_SELECT_ROW("var", 'V', "NAME,..", GNDP_OPTION_TEXTS, type, field.var, 0, 0,                \
                   "variables, by name, standard_name or alias (t2m, 2t);\n"                       \
                   "wind=u10,v10 makes one vector of two; repeatable"),                            \
        CLI_SELECT_ROW("level", 0, "L,..", GNDP_OPTION_TEXT, type, field.level, 0, 0,              \
                       "levels, such as 500,850 or 500,850hPa"),                                   \
        CLI_SELECT_ROW("time", 0, "T[/T]", GNDP_OPTION_TEXT, type, field.time, 0, 0,               \
                       "UTC: 2019-03-01T06, 2019-03 or a span 2019-03-01/2019-03-10"),             \
        CLI_SELECT_ROW("time-stride", 0, "K", GNDP_OPTION_INTEGER, type, field.time_stride, 1,     \
                       1000000000, "every K-th time"),                                             \
        CLI_SELECT_ROW("box", 0, "W,E,S,N", GNDP_OPTION_TEXT, type, field.box, 0, 0,               \
                       "west, east, south, north in degrees; W > E crosses the date\n"             \
                       "line"),                                                                    \
        CLI_SELECT_ROW("area", 0, "N,W,S,E", GNDP_OPTION_TEXT, type, field.area, 0, 0,             \
                       "the same in the order of ERA5 requests"),                                  \
        CLI_SELECT_ROW("stride", 0, "K[,L]", GNDP_OPTION_TEXT, type, field.stride, 0, 0,           \
                       "every K-th latitude and L-th (K-th) longitude"),                           \
        CLI_SELECT_ROW("member", 0, "LIST", GNDP_OPTION_TEXT, type, field.member, 0, 0,            \
                       "realizations of the data, such as 3 or 0-4,9"),                            \
        CLI_SELECT_ROW("units", 0, "NAME=UNIT,..", GNDP_OPTION_TEXT, type, field.units, 0, 0,      \
                       "convert values, such as t2m=degC,u10=knot")
/* Those of storms. */
#define CLI_OPTIONS_SELECT_STORMS(type, field)                                                     \
    CLI_SELECT_ROW("basin", 0, "NAME", GNDP_OPTION_TEXT, type, field.basin, 0, 0,                  \
                   "storms that begin in it, such as NA"),                                         \
        CLI_SELECT_ROW("season", 0, "A[-B]", GNDP_OPTION_TEXT, type, field.season, 0, 0,           \
                       "storms of these seasons, such as 1980-2010"),                              \
        CLI_SELECT_ROW("all-tracks", 0, NULL, GNDP_OPTION_SWITCH, type, field.all_tracks, 0, 0,    \
                       "spurs and provisional tracks too, not main ones alone"),                   \
        CLI_SELECT_ROW("track-step", 0, "H", GNDP_OPTION_NUMBER, type, field.track_step, 0, 1000,  \
                       "fixes at multiples of H hours since the first"),                           \
        CLI_SELECT_ROW("track-length", 0, "N", GNDP_OPTION_INTEGER, type, field.track_length, 2,   \
                       1000000, "the first N steps, of storms that have them all")
/* And those of storms, events and images. */
#define CLI_OPTIONS_SELECT_OTHER(type, field)                                                      \
    CLI_OPTIONS_SELECT_STORMS(type, field),                                                        \
        CLI_SELECT_ROW("track-points", 0, "N", GNDP_OPTION_INTEGER, type, field.track_points, 1,   \
                       1000000, "storms with N fixes or more, default 2"),                         \
        CLI_SELECT_ROW("distinct", 0, NULL, GNDP_OPTION_SWITCH, type, field.distinct, 0, 0,        \
                       "each place of a list of events once"),                                     \
        CLI_SELECT_ROW("labels", 0, "FILE", GNDP_OPTION_TEXT, type, field.labels, 0, 0,            \
                       "classes of images, an IDX file")

/** Notes of the library on stderr, "gndp: note: ..". */
gndp_logger cli_notes(bool quiet);

/**
 * Open what the paths hold as one set of fields, by its kind.
 * @param kind  out: of the first path; may be NULL
 * @param out   free with gndp_fieldset_free(); NULL for observations and
 * archives, which are no such sets
 * @return exit code, the line on stderr written; an option that does not apply
 * to the kind is wrong usage
 */
int cli_select_open(const cli_select *select, const char *const *path, int n,
                    const gndp_logger *log, gndp_file_kind *kind, gndp_fieldset **out);

/** Refuse what was set and does not apply to files of this kind. */
int cli_select_check(const cli_select *select, gndp_file_kind kind, const char *path);

enum { CLI_VARS_MAX = 256 };
/* Variables of --var, one each: "t2m", or "wind=u10,v10". */
typedef struct cli_vars {
    const char *name[CLI_VARS_MAX];
    int n;
    char *memory; /* free() it */
} cli_vars;
int cli_select_vars(const cli_select *select, cli_vars *out);

/** Numbers and ranges "0-15,42": free(*out). NULL text: none, *n = 0. */
int cli_select_members(const char *text, int64_t **out, int *n);

#endif
