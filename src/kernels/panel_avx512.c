// SPDX-License-Identifier: Apache-2.0
// Panel products for the level avx512.
#define PANEL_TABLE panel_avx512
#include "kernels/panel_impl.h"
