// SPDX-License-Identifier: Apache-2.0
// Rows of the table of methods.
#ifndef GNDP_COND_METHODS_H
#define GNDP_COND_METHODS_H

#include "cond/run.h"

/** The row that a public description belongs to; NULL: none. */
const cond_method *methods_row(const gndp_conditional_info *info);

#endif
