// SPDX-License-Identifier: Apache-2.0
// Loops over whole Philox blocks, compiled once a SIMD level; every level gives the same bits.
#ifndef GNDP_BASE_RANDOM_FILL_H
#define GNDP_BASE_RANDOM_FILL_H

#include <stdint.h>

/* Counter and key of the first block; the others follow by pair. */
typedef struct gndp_random_span {
    uint64_t key;
    uint32_t pair, step, member, stream;
} gndp_random_span;

/* Fill `values` [2 blocks], float or double by the name. */
typedef void (*gndp_random_fn)(gndp_random_span span, int64_t blocks, void *values);

typedef struct gndp_random_fill {
    gndp_random_fn uniform_f32, uniform_f64, normal_f32, normal_f64;
} gndp_random_fill;

extern const gndp_random_fill gndp_random_fill_baseline;
#if defined(GNDP_HAVE_X86_SIMD)
extern const gndp_random_fill gndp_random_fill_avx2;
extern const gndp_random_fill gndp_random_fill_avx512;
#endif

#endif
