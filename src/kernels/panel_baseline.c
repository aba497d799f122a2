// SPDX-License-Identifier: Apache-2.0
// Panel products for the level baseline.
#define PANEL_TABLE panel_baseline
#include "kernels/panel_impl.h"
