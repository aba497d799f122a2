// SPDX-License-Identifier: Apache-2.0
// Panel products for the level avx2.
#define PANEL_TABLE panel_avx2
#include "kernels/panel_impl.h"
