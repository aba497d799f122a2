// SPDX-License-Identifier: Apache-2.0
// The rate of products that this processor reaches with nothing else to do: what shares of a peak
// refer to.
#ifndef GNDP_BENCH_PEAK_H
#define GNDP_BENCH_PEAK_H

typedef enum peak_kind {
    PEAK_F32, /* multiply-adds of f32 */
    PEAK_BF16 /* dot products of pairs of bf16, summed in f32 */
} peak_kind;

/**
 * Flops a second (a multiply-add is two) of independent chains of the widest instruction in
 * registers, on `threads` threads at once: the best of a few tries of some milliseconds.
 *
 * @return 0 where the processor lacks the instructions (AVX-512, for bf16 also AVX512_BF16)
 */
double peak_measure(peak_kind kind, int threads);

#endif
