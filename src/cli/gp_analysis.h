// SPDX-License-Identifier: Apache-2.0
// What infer, eval and fit do alike: data by the options, the frame of the kernel, fits on the way,
// lines of reports.
#ifndef GNDP_CLI_GP_ANALYSIS_H
#define GNDP_CLI_GP_ANALYSIS_H

#include "cli/gp_common.h"
#include "cli/gp_fields.h"

/** Read --data: a table, or a file of fields as `take` says. Members of tables are chosen by `one`.
 */
int gp_data_read(const gp_settings *settings, const gp_take *take, bool one, gp_data *out);

/** What --stations, --station-sd, --fields and --seed ask for. */
gp_take gp_take_stations(const gp_settings *settings);

/** --fit: the kernel's parameters from these data, at most 16 sets of them, spread evenly. *sets:
 * how many were taken. */
int gp_refit(const gp_settings *settings, const gp_data *data, gndp_kernel *kernel,
             gndp_gp_fit_result *result, int *sets);

/** Posterior given a set, at points x [n, D]: mean and sd [n, P], the mean without that of the
 * process. */
int gp_posterior(const gndp_gp *gp, const double *x, int64_t n, int dims, int outputs, bool observe,
                 double *mean, double *sd);

/** Report lines "data     ..", "plane    ..". */
void gp_report_data(const gp_data *data);
void gp_report_plane(const gp_data *data);
/** The same for --json. */
json_t *gp_json_frame(const gp_data *data);

#endif
