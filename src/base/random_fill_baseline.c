// SPDX-License-Identifier: Apache-2.0
// Loops over Philox blocks for the baseline of the architecture.
#define GNDP_RANDOM_FILL gndp_random_fill_baseline
#include "base/random_fill.inl"
