// SPDX-License-Identifier: Apache-2.0
// `gndp infer`: its text and options, and the work that its files share.
#ifndef GNDP_CLI_INFER_H
#define GNDP_CLI_INFER_H

#include "cli/infer_method.h"
#include "cli/joint.h"
#include "cli/members.h"
#include "cli/observed.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/sampling.h"
#include "cli/target.h"

extern const char gndp_infer_text[], gndp_infer_examples[];
extern const gndp_option gndp_infer_table[];

int gndp_infer_run(int argc, char **argv);

typedef struct infer_settings {
    const char *output, *stats, *check, *members, *areas;
    const char *lead, *format, *storm; /* tracks */
    double fill;
    cli_observed_options observed;
    gndp_place_options target;
    cli_method_options method;
    gndp_sampling_options sampling;
    int64_t n, threads, keep_bits, folds, check_members;
    double reserve; /* negative: not given */
    bool overwrite, json, quiet, verbose, f64, dry_run, help;
} infer_settings;

/* Observations left out of a run to be predicted by it, scored. */
typedef struct infer_scores {
    int64_t places, members; /* members that were drawn in this run */
    gndp_score_table *table; /* [P]; cases 0: none of it was left out */
} infer_scores;

/* Stations left out in turn. */
typedef struct infer_checked {
    int64_t folds;
    double *mean, *sd, *z; /* [rows] predicted from the others, error of the observation included */
    double rms, bias;      /* of z */
    int64_t flagged;
} infer_checked;

typedef struct gndp_infer_job {
    infer_settings s;
    gndp_model *model;
    cli_target target;
    gndp_members members;
    gndp_sampling sampling;
    cli_method method;
    cli_observed observed;
    cli_areas areas;
    char *area_text;           /* as a table; NULL: none */
    bool *reserved;            /* [places] */
    int64_t n_reserved;
    cli_joint joint;
    gndp_conditioner *conditioner; /* of one case with some places left out */
    cli_linear linear;
    int of_case, of_fold;          /* which; -1: none */
    gndp_field_writer *writer, *stats; /* OUT.nc; FILE.nc of --stats */
    gndp_output csv, table;        /* OUT.csv; the table of --check */
    char *history;
    int64_t *todo, n_todo, done;   /* places in the list of members: those that a resumed file lacks */
    gndp_prior *prior;             /* of method.prior; NULL: none */
    double *z, *block;             /* [batch, joint size] */
    double *kept;                  /* [members, N P] of one case, where no file of members is written */
    double *predicted;             /* [cases, members, reserved, P] */
    uint8_t *drawn;                /* [members] in this run */
    infer_scores scores;
    infer_checked checked;
    double evaluations, drawn_fields; /* of the network; a member of a case each */
    double *evidence, *evidence_square, *evidence_count; /* [cases] ln sum n Z, ln sum (n Z error)^2, sum n over calls; Z in physical units */
    double least_particles;
    gndp_progress *progress;
    int64_t blocks, steps;
    double seconds, check_seconds;
} gndp_infer_job;

/** Draw members of a case with some places left out; fold numbers the latter, -1: those reserved. values [n, joint size], physical units. */
int gndp_infer_draw(gndp_infer_job *job, int c, const bool *left_out, int fold, int64_t n, const uint32_t *member, double *values);

/* ---- Files (infer_files.c) ---- */
bool gndp_infer_is(const char *path, const char *end);
int gndp_infer_open(gndp_infer_job *job, const gndp_logger *log);
/** Attributes that are known in the end, and the commit. */
int gndp_infer_close(gndp_infer_job *job);
/** Mean, deviation and quantiles of all members [members, N P] of a case, into --stats. */
int gndp_infer_stats(gndp_infer_job *job, int c, const double *values);

/* ---- Scores (infer_scores.c) ---- */
int gndp_infer_reserve(gndp_infer_job *job);
/** Keep what a member of a case says of the reserved observations. */
void gndp_infer_predict(gndp_infer_job *job, int c, int64_t member_index, const double *values);
int gndp_infer_score(gndp_infer_job *job);
int gndp_infer_check(gndp_infer_job *job);
/** Groups of stations that --check leaves out, and blocks of members that it draws. */
int64_t gndp_infer_folds(const gndp_infer_job *job);
int64_t gndp_infer_check_blocks(const gndp_infer_job *job);
/** Whether a station is far from what the others say: root mean square z of its n values of a component above 2, or, of fewer than 4, one beyond 3. */
bool gndp_infer_flagged(const gndp_infer_job *job, int64_t place, int component, double *rms, int64_t *n);
void gndp_infer_scores_free(gndp_infer_job *job);

/* ---- Reports (infer_report.c) ---- */
int gndp_infer_report(const gndp_infer_job *job);
/** Cost foreseen, by timing one evaluation. */
int gndp_infer_dry(gndp_infer_job *job);
double gndp_infer_log_evidence(const gndp_infer_job *job, double *error);

#endif
