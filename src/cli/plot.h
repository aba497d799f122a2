// SPDX-License-Identifier: Apache-2.0
// `gndp plot`: pictures of fields, functions, tracks, tables and training runs.
#ifndef GNDP_CLI_PLOT_H
#define GNDP_CLI_PLOT_H

#include <stdbool.h>
#include <stdint.h>

#include <gndp/gndp.h>

#include "cli/options.h"
#include "cli/select.h"

extern const char plot_text[], plot_examples[];
extern const gndp_option plot_options[];

int plot_run(int argc, char **argv);

/**
 * The loss curve of a run, from its metrics.csv.
 * @param title  NULL: the name of the file
 * @return as the library's functions; the message is its last error
 */
gndp_status plot_loss(const char *metrics, const char *title, const char *picture);

/* ---- Shared by the files of the verb --------------------------------------------------------- */

enum { PLOT_PANELS = 12, PLOT_CHANNELS = 4, PLOT_STATS = 2 };

typedef struct plot_settings {
    cli_select select;
    const char *output, *obs, *stat, *compare, *projection, *region, *title, *palette, *limits, *tracks, *kind, *storm;
    int64_t n, columns;
    bool no_coast, smooth, log_x, log_y, overwrite, quiet, verbose;
} plot_settings;

/** A set of fields on a plane or the globe; `data` of --compare or NULL. */
int plot_field_maps(const plot_settings *s, const char *path, const gndp_fieldset *set,
                    const gndp_fieldset *data);
/** Fields along a line. */
int plot_functions(const plot_settings *s, const char *path, const gndp_fieldset *set,
                   const gndp_fieldset *data);
/** Fields whose values are places: tracks as lines, events as points. */
int plot_positions(const plot_settings *s, const char *path, const gndp_fieldset *set);
/** A table of observations. */
int plot_observations(const plot_settings *s, const char *path, const gndp_observations *table);

/** Options of a map that do not depend on the data. @return exit code */
int plot_map_settings(const plot_settings *s, gndp_map_options *out);
/** Limits of --limits: low and high, 0 and 0 when not given. */
int plot_limits(const plot_settings *s, double *low, double *high);
/** Whether a scale of these values should be centred on 0: --palette, or values well on both sides
 * of 0. */
bool plot_diverges(const plot_settings *s, int64_t n, const double *value);
/** Of `total` things `n` evenly spread: the i-th. */
int64_t plot_spread(int64_t total, int64_t n, int64_t i);

/* A short text, cut where it does not fit. */
typedef struct plot_line {
    char text[256];
} plot_line;
/** "2 metre temperature (K)": long name if there is one, with the name where that says more
 * ("t_850"), units with raised exponents. */
plot_line plot_channel_line(const gndp_channel *channel);
/** "m s⁻¹" for "m s-1" and "m s**-1"; "" for "1". */
plot_line plot_units_line(const char *units);
/** "2019-03-01 06:00, member 3", or the id. */
plot_line plot_label_line(const gndp_fieldset *set, int64_t field);
/** A file's name without its folders. */
const char *plot_base_name(const char *path);

#endif
