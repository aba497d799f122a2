// SPDX-License-Identifier: Apache-2.0
// Loops over Philox blocks for AVX-512.
#define GNDP_RANDOM_FILL gndp_random_fill_avx512
#include "base/random_fill.inl"
