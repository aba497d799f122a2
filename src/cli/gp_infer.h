// SPDX-License-Identifier: Apache-2.0
// The work of `gndp gp infer`, shared by its two files.
#ifndef GNDP_CLI_GP_INFER_H
#define GNDP_CLI_GP_INFER_H

#include "cli/gp_analysis.h"
#include "cli/gp_netcdf.h"
#include "cli/gp_scores.h"

typedef struct infer_job {
    gp_settings settings;
    gndp_kernel *kernel;
    char *kernel_text, *history;
    gp_data data;
    gndp_places places;
    double *x; /* [N, D] places in the frame of the data */
    gndp_members members;
    gndp_output output;
    gp_netcdf draws, moments; /* files of -o and --stats */
    int P;
    int64_t width;               /* N P */
    double *mean, *sd, *draw;    /* of one set: [N P], [N P], [members, N P] */
    bool on_source;              /* places are the points of the file */
    double log_marginal, jitter; /* summed over sets; largest */
    double low[GP_OUTPUTS_MAX], high[GP_OUTPUTS_MAX], sd_low[GP_OUTPUTS_MAX],
        sd_high[GP_OUTPUTS_MAX];
    gp_scores gp, constant, climatology;
    gndp_gaussian *law; /* the posterior on many points with structure, NULL: dense */
    gndp_gp_fit_result fit;
    int fit_sets;
    double seconds;
} infer_job;

/** Whether the rest of each field is predicted and known. */
bool infer_scored(const infer_job *job);

void infer_write_table(const infer_job *job);
void infer_report(const infer_job *job);
int infer_report_json(const infer_job *job);

#endif
