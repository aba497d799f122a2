// SPDX-License-Identifier: Apache-2.0
// Panels of maps from fields: values or statistics of one channel, with the stations that belong to
// them.
#ifndef GNDP_CLI_PLOT_FIELDS_H
#define GNDP_CLI_PLOT_FIELDS_H

#include "cli/plot.h"

typedef enum plot_stat { PLOT_FIELD, PLOT_MEAN, PLOT_SD } plot_stat;

/* A map and what it points to. */
typedef struct plot_panel {
    gndp_coords coords; /* x is `x` for own points */
    double *x, *value, *east, *north;
    double *station; /* [3, n]: latitudes, longitudes, values */
    int64_t n_stations;
    bool station_values;
    bool turned; /* coordinates were x, y and are y, x now */
    plot_line title;
    int scale;
} plot_panel;

void plot_panel_free(plot_panel *panel);

/**
 * One field, or a statistic of several.
 * @param channel  of one or two components; of two the map shows the length, with arrows
 * @param field    [n] of the set; PLOT_FIELD: one
 */
int plot_panel_make(const gndp_fieldset *set, int channel, plot_stat stat, int64_t n,
                    const int64_t *field, plot_panel *out);

/**
 * Stations on it: those of the field's time, where both have one. Values of the same variable are
 * drawn in the map's colours, others are hollow.
 * @param time_s  NaN: all
 */
int plot_panel_stations(const gndp_observations *table, const gndp_channel *channel, double time_s,
                        bool hollow, plot_panel *panel);

/** The table of --obs, or what `gndp infer` kept in the file of the set; free with gndp_observations_free(). None: n 0. */
int plot_read_stations(const plot_settings *settings, const gndp_fieldset *set, gndp_observations *table);

/* Fields of a set in groups, over each of which a statistic is taken. */
typedef struct plot_groups {
    int64_t n, *first, *field; /* group g is field[first[g]] .. field[first[g + 1] - 1] */
    bool members;              /* over members, a group a time; else all fields are one */
} plot_groups;

int plot_groups_make(const gndp_fieldset *set, plot_groups *out);
void plot_groups_free(plot_groups *groups);

#endif
