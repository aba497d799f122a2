// SPDX-License-Identifier: Apache-2.0
// Thread counts through OpenMP, and the control registers that flush subnormals to zero.
#include "base/thread.h"

#include <omp.h>

#include "base/error.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#define FLUSH_BITS UINT64_C(0x8040) /* MXCSR: flush results (bit 15), zero operands (bit 6) */
#elif defined(__aarch64__)
#define FLUSH_BITS (UINT64_C(1) << 24) /* FPCR.FZ: both */
#endif

#define MAX_THREADS 4096

gndp_status gndp_threads_set(int n)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(n >= 0 && n <= MAX_THREADS, GNDP_ERR_RANGE, "%d threads, allowed are 0 to %d", n,
               MAX_THREADS);
    omp_set_num_threads(n == 0 ? omp_get_num_procs() : n);
done:
    return st;
}

int gndp_threads_get(void)
{
    return omp_get_max_threads();
}

int gndp_thread_count(void)
{
    return omp_in_parallel() ? 1 : omp_get_max_threads();
}

#ifdef FLUSH_BITS

static uint64_t control_get(void)
{
#if defined(__SSE2__)
    return _mm_getcsr();
#else
    uint64_t bits;
    __asm__ volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
#endif
}

static void control_set(uint64_t bits)
{
#if defined(__SSE2__)
    _mm_setcsr((unsigned)bits);
#else
    __asm__ volatile("msr fpcr, %0" : : "r"(bits));
#endif
}

gndp_fp_state gndp_fp_flush_begin(void)
{
    const uint64_t bits = control_get();
    control_set(bits | FLUSH_BITS);
    return (gndp_fp_state){bits & FLUSH_BITS};
}

/* Only the bits that begin may have changed: exception flags raised meanwhile stay raised. */
void gndp_fp_flush_end(gndp_fp_state saved)
{
    control_set((control_get() & ~FLUSH_BITS) | saved.flush_bits);
}

#else

gndp_fp_state gndp_fp_flush_begin(void)
{
    return (gndp_fp_state){0};
}

void gndp_fp_flush_end(gndp_fp_state saved)
{
    (void)saved;
}

#endif
