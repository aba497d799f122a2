// SPDX-License-Identifier: Apache-2.0
// The rate of products that this processor reaches with nothing else to do: what shares of a peak
// refer to.
#include "peak.h"

#include "base/cpu.h"

#include <stdint.h>
#include <time.h>

#ifdef __x86_64__
#include <immintrin.h>

enum { TRIES = 25, STEPS = 400000, CHAINS = 16 };

__attribute__((target("avx512f"))) static void chains_f32(void)
{
    __m512 sum[CHAINS], a = _mm512_set1_ps(1.0F), b = _mm512_set1_ps(1e-9F);
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (int k = 0; k < STEPS; k++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++)
            sum[i] = _mm512_fmadd_ps(sum[i], a, b);
        __asm__ volatile("" : "+v"(a), "+v"(b)); /* the operands could have changed: no shortcut */
    }
    for (int i = 0; i < CHAINS; i++)
        __asm__ volatile("" ::"v"(sum[i]));
}

__attribute__((target("avx512f,avx512bf16"))) static void chains_bf16(void)
{
    __m512 sum[CHAINS];
    __m512i a = _mm512_set1_epi32(0x3f803f80), b = a; /* ones */
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (int k = 0; k < STEPS; k++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++)
            sum[i] = _mm512_dpbf16_ps(sum[i], (__m512bh)a, (__m512bh)b);
        __asm__ volatile("" : "+v"(a), "+v"(b));
    }
    for (int i = 0; i < CHAINS; i++)
        __asm__ volatile("" ::"v"(sum[i]));
}

/* Of this thread alone: what other programs take of the machine does not count. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double peak_measure(peak_kind kind, int threads)
{
    const gndp_cpu cpu = gndp_cpu_detect();
    if (cpu.simd != GNDP_SIMD_AVX512 || (kind == PEAK_BF16 && !cpu.avx512_bf16))
        return 0.0;
    const double flops = (kind == PEAK_BF16 ? 64.0 : 32.0) * CHAINS * STEPS;
    double best = 0.0;
    for (int i = 0; i < TRIES; i++) {
        double rate = 0.0;
#pragma omp parallel num_threads(threads) reduction(+ : rate)
        {
            const double start = now();
            if (kind == PEAK_BF16)
                chains_bf16();
            else
                chains_f32();
            rate = flops / (now() - start);
        }
        best = rate > best ? rate : best;
    }
    return best;
}
#else
double peak_measure(peak_kind kind, int threads)
{
    (void)kind;
    (void)threads;
    return 0.0;
}
#endif
