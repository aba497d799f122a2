// SPDX-License-Identifier: Apache-2.0
// Observations of a model's fields: from tables and from fields of files, in the model's units, one case a time.
#ifndef GNDP_CLI_OBSERVED_H
#define GNDP_CLI_OBSERVED_H

#include <gndp/gndp.h>

#include "cli/select.h"

/* Where observations come from and what is known of their errors. */
typedef struct cli_observed_options {
    const char *path, *text;  /* text: the table itself; NULL: in the file `path` */
    const char *sigma;        /* "0.3" or "t2m=0.3,u10=1", for those that give no error; NULL: none */
    cli_select select;
    int64_t stations, every, fields; /* of fields: so many random points, each so manieth, so many of the fields; 0: not given */
    double fraction, station_sd;     /* of fields: this part of the points; error added to each value */
    uint64_t seed;
    bool quiet;
} cli_observed_options;

/* One value of the model at one place and time. Several observations of it are one: their mean by precision, which for normal errors tells the same. */
typedef struct cli_observation {
    int64_t place;
    int component;     /* of the model's P, in the order of files */
    double value, sd;  /* in the units of the channel; sd 0: no error */
    double lost;       /* log-density of what was merged beyond that of the mean: belongs to the evidence */
    int64_t line;      /* of the table, the first of them; 0: none */
} cli_observation;

typedef struct cli_observed {
    const char *path;
    gndp_space space;
    int columns;             /* C */
    int64_t n_places;
    double *x;               /* [n_places, C] different places, as users read them */
    gndp_calendar calendar;
    int n_cases;
    double *time_s;          /* [n_cases] ascending; NaN: no time */
    int64_t *first;          /* [n_cases + 1] into `row` */
    cli_observation *row;
    int64_t n, merged;       /* rows; observations that went into others */
    int64_t missing;         /* values that the file lacks */
    bool drawn;              /* from fields */
    char (*name)[64];        /* [P] of components, as tables have them */
    char (*units)[64];       /* [P] */
    int components;          /* P */
} cli_observed;

/**
 * Read what is observed of fields like the model's.
 * @param out  free with cli_observed_free(), also after a failure
 * @return exit code, the line on stderr written: variables that the model lacks, units that measure other things, observations without error that
 *         contradict each other
 */
int cli_observed_read(const cli_observed_options *options, const gndp_fieldset_spec *model, cli_observed *out);
void cli_observed_free(cli_observed *observed);

/** Component that a name means: a part's name, a scalar channel's, a standard name; y1, y2, .. where axes are x1, x2, ..; -1: none. */
int cli_observed_component(const gndp_fieldset_spec *model, const char *name);

/** "2019-03-10T06:00:00", or "" for a case without time. */
gndp_date_string cli_observed_time(const cli_observed *observed, int c);

/** Rows as a table in long form, those of places with out[place] == is (NULL: all); free() it. NULL: out of memory. */
char *cli_observed_text(const cli_observed *observed, const bool *out, bool is);

/** The text that `gndp infer` keeps in the attributes NAME, NAME_2, .. of its files, "gndp_observations" for one; free() it. NULL: none. */
char *cli_observed_kept(const gndp_fieldset_spec *spec, const char *name);

/** Short text that changes with any of the values. @param more  another text that it is to change with, or NULL */
void cli_observed_hash(const cli_observed *observed, const bool *left_out, const char *more, char text[17]);

#endif
