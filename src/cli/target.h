// SPDX-License-Identifier: Apache-2.0
// Where a model's fields are asked for: its own points, those of a file, or a line, plane or grid.
#ifndef GNDP_CLI_TARGET_H
#define GNDP_CLI_TARGET_H

#include <gndp/gndp.h>

#include "cli/places.h"

typedef struct cli_target {
    gndp_coords coords; /* borrows what is below, or the model's */
    gndp_places places;
    char text[200];
} cli_target;

/** @param options  where; none: on the points of the training
 *  @param out  free with cli_target_free(), also after a failure */
int cli_target_make(const gndp_place_options *options, const gndp_model *model, uint64_t seed, cli_target *out);
void cli_target_free(cli_target *target);

#endif
