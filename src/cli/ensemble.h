// SPDX-License-Identifier: Apache-2.0
// Members of fields as tables.
#ifndef GNDP_CLI_ENSEMBLE_H
#define GNDP_CLI_ENSEMBLE_H

#include <stdio.h>

#include <gndp/gndp.h>

/** Name of component p of the channels: that of its part in a file where parts are components, else the channel's. */
void cli_component_name(const gndp_fieldset_spec *spec, int p, char *name, size_t bytes);

/** One row a point, its coordinates, then a column t2m_m0, t2m_m1, .. for each member and component. @param values [members, N, P] */
int cli_ensemble_write(FILE *file, const gndp_coords *coords, const gndp_fieldset_spec *spec, int64_t members, const uint32_t *number,
                       const double *values);

/** Ascending. */
void cli_sort(int64_t n, double *x);

#endif
