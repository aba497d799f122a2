// SPDX-License-Identifier: Apache-2.0
// What the verbs below `gndp gp` share: settings, the kernel, the law's choice,
// reports.
#ifndef GNDP_CLI_GP_COMMON_H
#define GNDP_CLI_GP_COMMON_H

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include <gndp/gndp.h>

#include "cli/members.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/places.h"
#include "cli/select.h"
#include "cli/usage.h"

typedef struct gp_settings {
    const char *kernel, *data, *test, *generate, *members, *output, *stats, *mean, *factor;
    gndp_place_options places;
    cli_select select;
    gndp_option_texts fix, bounds;
    int64_t n, threads, starts, max_steps, fields, stations;
    uint64_t seed;
    double noise, held_out, station_sd;
    bool json, quiet, verbose, overwrite, observe, fit;
} gp_settings;

extern const gp_settings gp_settings_default;

/* Rows of option tables. */
#define GP_OPTION(name_, brief_, argument_, kind_, field_, text_)                                  \
    {                                                                                              \
        .name = (name_), .brief = (brief_), .argument = (argument_), .kind = (kind_),              \
        .offset = offsetof(gp_settings, field_), .text = (text_)                                   \
    }
#define GP_OPTION_IN(name_, brief_, argument_, kind_, field_, low_, high_, text_)                  \
    {                                                                                              \
        .name = (name_), .brief = (brief_), .argument = (argument_), .kind = (kind_),              \
        .offset = offsetof(gp_settings, field_), .low = (low_), .high = (high_), .text = (text_)   \
    }
#define GP_OPTIONS_KERNEL                                                                          \
    GP_OPTION("kernel", 'k', "TEXT", GNDP_OPTION_TEXT, kernel,                                     \
              "the covariance, such as \"rbf(lengthscale=0.5) + "                                  \
              "white(variance=0.01)\";\n"                                                          \
              "@FILE reads it from a file")
#define GP_OPTIONS_GRIDS                                                                           \
    GP_OPTION("line", 0, "A:B:N", GNDP_OPTION_TEXT, places.line,                                   \
              "N points from A to B, both included"),                                              \
        GP_OPTION("plane", 0, "A:B:N[,C:D:M]", GNDP_OPTION_TEXT, places.plane,                     \
                  "every pair of two such axes; one alone serves both"),                           \
        GP_OPTION("grid", 0, "rNXxNY", GNDP_OPTION_TEXT, places.grid,                              \
                  "the sphere: NX longitudes from 0, NY latitudes in the\n"                        \
                  "middles of bands (CDO's r360x180)"),                                            \
        GP_OPTION("poles", 0, NULL, GNDP_OPTION_SWITCH, places.poles,                              \
                  "latitudes from pole to pole, as ERA5's 721 x 1440"),                            \
        GP_OPTION("scatter", 0, "A:B[,C:D]:N", GNDP_OPTION_TEXT, places.scatter,                   \
                  "N random points; sphere:N on the sphere"),                                      \
        GP_OPTION("like", 0, "FILE.nc", GNDP_OPTION_TEXT, places.like, "the points of its fields")
#define GP_OPTIONS_PLACES                                                                          \
    GP_OPTIONS_GRIDS, GP_OPTION("points", 0, "FILE.csv", GNDP_OPTION_TEXT, places.points,          \
                                "columns x1, x2, .. or lat, lon (degrees)")
#define GP_OPTIONS_DATA                                                                            \
    GP_OPTION("data", 'd', "FILE", GNDP_OPTION_TEXT, data, "a table (CSV) or fields (NetCDF)"),    \
        GP_OPTION("obs", 0, "FILE", GNDP_OPTION_TEXT, data, "the same"),                           \
        CLI_OPTIONS_SELECT(gp_settings, select),                                                   \
        GP_OPTION_IN("fields", 0, "N", GNDP_OPTION_INTEGER, fields, 1, 1e9,                        \
                     "so many of the fields selected, spread evenly")
#define GP_OPTIONS_STATIONS                                                                        \
    GP_OPTION_IN("stations", 0, "N", GNDP_OPTION_INTEGER, stations, 1, 1e9,                        \
                 "of fields: observe them at N random points, the same of\n"                       \
                 "every field, and score the prediction at the others"),                           \
        GP_OPTION_IN("station-sd", 0, "S", GNDP_OPTION_NUMBER, station_sd, 0, HUGE_VAL,            \
                     "of errors added to what stations see, known to the process"),                \
        GP_OPTION("fit", 0, NULL, GNDP_OPTION_SWITCH, fit,                                         \
                  "first fit the kernel's parameters to these data"),                              \
        GP_OPTION_IN("starts", 0, "N", GNDP_OPTION_INTEGER, starts, 1, 1000,                       \
                     "of --fit, default 5"),                                                       \
        GP_OPTION("fix", 0, "PATH", GNDP_OPTION_TEXTS, fix,                                        \
                  "with --fit: keep a parameter; repeatable")
#define GP_OPTIONS_MEAN                                                                            \
    GP_OPTION("mean", 0, "VALUE", GNDP_OPTION_TEXT, mean,                                          \
              "mean of the process: a number, \"data\" (that of the values) or\n"                  \
              "\"climatology\" (at each point, of the other fields of the file);\n"                \
              "default 0 for tables of x and y, else data")
#define GP_OPTIONS_MEMBERS                                                                         \
    GP_OPTION_IN("number", 'n', "N", GNDP_OPTION_INTEGER, n, 0, HUGE_VAL,                          \
                 "draw members 0 .. N-1"),                                                         \
        GP_OPTION("members", 0, "LIST", GNDP_OPTION_TEXT, members,                                 \
                  "draw these, such as 0-15,42; member k is a function of\n"                       \
                  "kernel, points, seed and k alone")
#define GP_OPTIONS_COMMON                                                                          \
    GP_OPTION("seed", 0, "N", GNDP_OPTION_SEED, seed, "of everything random, default 1"),          \
        GP_OPTION_IN("threads", 0, "N", GNDP_OPTION_INTEGER, threads, 0, 4096,                     \
                     "default: one per processor, or OMP_NUM_THREADS"),                            \
        GP_OPTION("overwrite", 'O', NULL, GNDP_OPTION_SWITCH, overwrite,                           \
                  "replace an output file that exists"),                                           \
        GP_OPTION("json", 0, NULL, GNDP_OPTION_SWITCH, json,                                       \
                  "one JSON object on standard output"),                                           \
        GP_OPTION("quiet", 'q', NULL, GNDP_OPTION_SWITCH, quiet,                                   \
                  "no report, notes or progress; errors are still told"),                          \
        GP_OPTION("verbose", 'v', NULL, GNDP_OPTION_SWITCH, verbose,                               \
                  "more: timing, where an error came from"),                                       \
        GP_OPTION("help", 'h', NULL, GNDP_OPTION_SWITCH, quiet, "this text")

/** Read the command line and set what all verbs have in common. */
int gp_begin(const gndp_option *table, int argc, char **argv, gp_settings *settings);

/** The kernel of --kernel or another option; @FILE reads a file. */
int gp_kernel_read(const char *option, const char *text, gndp_kernel **out);

/** Refuse a kernel of another domain than the points' and, if `outputs` > 0, of
 * another number of outputs than the data's. */
int gp_kernel_fits(const gndp_kernel *kernel, bool sphere, int64_t dims, const char *path,
                   int outputs);

/** Canonical text; free() it. NULL: out of memory. */
char *gp_kernel_text(const gndp_kernel *kernel);

/** --factor as an option of the law. */
int gp_factor(const char *text, gndp_factorisation *out);

/** Whether a report for people goes to standard output. */
bool gp_reports(const gp_settings *settings);

/** Progress on stderr where it is wanted: NULL otherwise. */
gndp_progress *gp_progress(const gp_settings *settings, const char *label, const char *unit,
                           int64_t total, bool long_work);

/** Ctrl-C asks to stop: from now on, and whether it did. */
void gp_interruptible(void);
bool gp_interrupted(void);
int gp_stopped(const char *what);

double gp_seconds(void);

/** Name of output p of member k in a table: "y1", "y2_m5". k < 0: without. */
void gp_value_name(char name[40], int p, int64_t k);

/** JSON knows no number that is not finite: it becomes null. */
json_t *gp_json_number(double value);
json_t *gp_json_numbers(const double *value, int64_t n);
json_t *gp_json_rows(const double *value, int64_t n, int64_t columns);
/** A seed above 2^63 - 1, which no integer of JSON readers holds, as text. */
json_t *gp_json_seed(uint64_t seed);
/** Write the object (taken) on standard output. NULL: out of memory. */
int gp_json_write(json_t *object);

#endif
