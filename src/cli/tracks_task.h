// SPDX-License-Identifier: Apache-2.0
// Forecasts of tracks scored on storms left out: a model, where there is one, beside what is simpler.
#ifndef GNDP_CLI_TRACKS_TASK_H
#define GNDP_CLI_TRACKS_TASK_H

#include <jansson.h>

#include <gndp/gndp.h>

#include "cli/sampling.h"

/**
 * Draws places of a storm given some of its fixes. Called once a storm, in the order of the test set.
 * @param days    [T] since the storm's first fix, rising: context and targets, nothing else
 * @param context [contexts] numbers of the fixes that are given, rising
 * @param xyz     [T, 3] unit vectors; those of targets are for log_p alone
 * @param out     [members, T, 3] unit vectors; at context fixes what is written is passed over
 * @param log_p   out, optional: log-density of all targets together given the context, nats; left as it is (NaN) where the model has none
 */
typedef gndp_status (*tracks_forecaster)(void *state, const double *days, int64_t T, int64_t contexts, const int64_t *context, const double *xyz,
                                         int64_t members, double *out, double *log_p);

typedef enum tracks_domain { TRACKS_INTERPOLATION, TRACKS_EXTRAPOLATION, TRACKS_FORECAST, TRACKS_DOMAINS } tracks_domain;
extern const char *const tracks_domain_names[TRACKS_DOMAINS];

typedef struct tracks_task_settings {
    tracks_domain domain;
    int64_t contexts;     /* fixes given: at either end (interpolation), at the beginning (extrapolation, forecast) */
    int n_leads;          /* forecast: targets are the fixes so many hours after the last one given; else every other fix is a target */
    const double *lead_h; /* [n_leads] rising */
    int64_t members;      /* of every ensemble */
    uint64_t seed;        /* of the errors that are laid on baselines */
    const char *model;    /* name of the forecaster's row */
    struct tracks_file *file; /* takes the members of the forecaster, of none those of cliper-like or the cubic, with the fixes given; NULL: nobody's */
    bool quiet;
} tracks_task_settings;

enum { TRACKS_ROWS = 9 };
static const double tracks_levels[2] = {0.5, 0.9};

typedef struct tracks_row {
    const char *key, *name;  /* of JSON, of people */
    int colour;              /* the same in every picture */
    gndp_track_table all;
    int64_t n_leads;
    double *lead_h;          /* [n_leads] rising */
    gndp_track_table *lead;  /* [n_leads] */
} tracks_row;

typedef struct tracks_report {
    tracks_task_settings settings;
    int64_t storms, too_short, training, targets; /* scored; left out for want of fixes; learned from; of all storms */
    int n_rows;
    tracks_row row[TRACKS_ROWS];
    double seconds;
} tracks_report;

/** Fixes that a domain gives where the user does not say: 10 at either end, 20, 10. */
int64_t tracks_task_contexts(tracks_domain domain);

/**
 * @param train    storms that habits and the spread of baselines are learned from; NULL: none, then climatology and its kin have no row, and no baseline
 *                 an ensemble
 * @param forecast NULL: baselines alone
 * @param report   free with tracks_report_free(), also after a failure
 * @return exit code, the line on stderr written
 */
int tracks_task_run(const tracks_task_settings *settings, const gndp_fieldset *train, const gndp_fieldset *test, tracks_forecaster forecast, void *state,
                    tracks_report *report);
void tracks_report_free(tracks_report *report);

/** The tables of all domains that were run. */
void tracks_report_print(int n, const tracks_report *report);
/** One object a domain; steals nothing. */
json_t *tracks_report_json(const tracks_report *report);
/** errors_by_lead.png in a folder that is made, or DIR/{name}.svg. */
int tracks_report_pictures(int n, const tracks_report *report, const char *pictures, bool overwrite);

/* ---- `gndp eval --tracks` --------------------------------------------------------------------- */

typedef struct cli_eval_tracks_options {
    const char *path;             /* of the storms; with a model NULL: those that its configuration keeps for tests */
    gndp_model *model;            /* or NULL: what is simpler alone. With a model and a path all storms chosen are scored */
    const gndp_sampling *sampling;/* of the model */
    const gndp_likelihood_options *flow; /* of the model: for log-densities; NULL: none */
    const struct cli_select *select; /* basin, season, step, length, all tracks */
    const char *domains, *context, *leads; /* as typed; NULL: the usual */
    double share;                 /* of storms that are scored; 1: all, none to learn from */
    int64_t members;
    uint64_t seed;
    const char *pictures, *output, *history; /* forecasts of the one domain: see tracks_file_write() */
    bool overwrite, json, quiet;
} cli_eval_tracks_options;

int cli_eval_tracks(const cli_eval_tracks_options *options);

/** Names between commas, each once. @param domain [TRACKS_DOMAINS] out */
int tracks_domains_read(const char *text, tracks_domain *domain, int *n);
/** A number of fixes; NULL: 0, the domain's own. */
int tracks_contexts_read(const char *text, int64_t *out);
enum { TRACKS_LEADS = 64 };
/** Rising hours between commas; NULL: the usual ones. */
int tracks_leads_read(const char *option, const char *text, double lead_h[TRACKS_LEADS], int *n);

#endif
