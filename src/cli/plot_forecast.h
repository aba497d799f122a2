// SPDX-License-Identifier: Apache-2.0
// Members of a storm's forecast and its true track, as pictures take them.
#ifndef GNDP_CLI_PLOT_FORECAST_H
#define GNDP_CLI_PLOT_FORECAST_H

#include "cli/plot.h"

enum { PLOT_SPAGHETTI, PLOT_DENSITY, PLOT_ELLIPSES, PLOT_ERRORS, PLOT_KINDS };
extern const char *const plot_kinds[PLOT_KINDS];

typedef struct plot_forecast {
    const char *id;      /* borrowed */
    int64_t members, n;  /* of members, of times that any member has */
    double *time_s;      /* [n] rising */
    double *xyz;         /* [members, n, 3] NaN: none */
    int64_t n_true;
    double *true_s, *true_xyz; /* [n_true], [n_true, 3] */
    uint8_t *given;      /* [n_true] fixes that all members share, or that come before them */
    double reference_s;  /* the last fix given before the first that was not; else the first time */
} plot_forecast;

/** @param out  free with plot_forecast_free(), also after a failure. @return exit code, the line on stderr written */
int plot_forecast_read(const gndp_fieldset *set, const gndp_fieldset *truth, const char *id, plot_forecast *out);
void plot_forecast_free(plot_forecast *forecast);
/** Places of the members that have one at a time: out [members, 3]. @return how many */
int64_t plot_forecast_at(const plot_forecast *forecast, int64_t time, double *out);
/** The true fix at a time; -1: none. */
int64_t plot_forecast_truth(const plot_forecast *forecast, double time_s);

int plot_forecast_map(const plot_settings *s, const plot_forecast *f, int kind);

/* Share of the members whose track comes within a distance, on a grid around them. */
#define PLOT_STRIKE_KM 100.0
#define PLOT_STRIKE_TEXT "100 km" /* of labels */
typedef struct plot_density {
    gndp_coords coords;
    double *lat, *lon, *value;
} plot_density;
int plot_density_make(const plot_forecast *f, plot_density *out);
void plot_density_free(plot_density *density);

/** --tracks TRUTH: what --kind says of the storm of --storm, or of all storms. */
int plot_tracks_forecast(const plot_settings *s, const gndp_fieldset *set);

#endif
