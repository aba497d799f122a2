// SPDX-License-Identifier: Apache-2.0
// Threads of parallel regions, and flush-to-zero arithmetic within one.
#ifndef GNDP_BASE_THREAD_H
#define GNDP_BASE_THREAD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Threads that a parallel region started here would have: gndp_threads_get(), but 1 inside one. */
int gndp_thread_count(void);

/* What gndp_fp_flush_begin() found, for gndp_fp_flush_end() in the same thread. */
typedef struct gndp_fp_state {
    uint64_t flush_bits;
} gndp_fp_state;

/**
 * Treat subnormal numbers as zero, in results and operands, in the calling thread until
 * gndp_fp_flush_end(): a Gram matrix full of them slows a factorisation up to tenfold. Every
 * thread of a pool must call it, as each has its own control register. No effect where the
 * processor has no such switch. Pairs nest.
 */
gndp_fp_state gndp_fp_flush_begin(void);
void gndp_fp_flush_end(gndp_fp_state saved);

#ifdef __cplusplus
}
#endif

#endif
