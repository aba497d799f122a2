// SPDX-License-Identifier: Apache-2.0
// Transposition of small blocks in AVX-512 registers, for packing matrices whose k are neighbours.
#ifndef GNDP_GRAPH_CPU_GEMM_TURN_AVX512_H
#define GNDP_GRAPH_CPU_GEMM_TURN_AVX512_H

#include <immintrin.h>
#include <stdint.h>

#include "graph/cpu/gemm_tile.h"

/* In place: v[i] lane j becomes v[j] lane i, of 16 x 16 words. Two rounds within 128-bit lanes make
   4 x 4 blocks of transposed quads, two more move the quads. */
GNDP_GEMM_INLINE void gndp_turn_16x16(__m512i v[16])
{
    __m512i w[16];
    GNDP_GEMM_UNROLL
    for (int i = 0; i < 16; i += 2) {
        w[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        w[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
    GNDP_GEMM_UNROLL
    for (int i = 0; i < 16; i += 4) { /* v[i + q]: column 4 l + q of rows i..i+3 in lane l */
        v[i] = _mm512_unpacklo_epi64(w[i], w[i + 2]);
        v[i + 1] = _mm512_unpackhi_epi64(w[i], w[i + 2]);
        v[i + 2] = _mm512_unpacklo_epi64(w[i + 1], w[i + 3]);
        v[i + 3] = _mm512_unpackhi_epi64(w[i + 1], w[i + 3]);
    }
    GNDP_GEMM_UNROLL
    for (int q = 0; q < 4; q++) {
        const __m512i even_lo = _mm512_shuffle_i32x4(v[q], v[q + 4], 0x88); /* lanes 0 2 of both */
        const __m512i odd_lo = _mm512_shuffle_i32x4(v[q], v[q + 4], 0xdd);
        const __m512i even_hi = _mm512_shuffle_i32x4(v[q + 8], v[q + 12], 0x88);
        const __m512i odd_hi = _mm512_shuffle_i32x4(v[q + 8], v[q + 12], 0xdd);
        w[q] = _mm512_shuffle_i32x4(even_lo, even_hi, 0x88);
        w[q + 8] = _mm512_shuffle_i32x4(even_lo, even_hi, 0xdd);
        w[q + 4] = _mm512_shuffle_i32x4(odd_lo, odd_hi, 0x88);
        w[q + 12] = _mm512_shuffle_i32x4(odd_lo, odd_hi, 0xdd);
    }
    GNDP_GEMM_UNROLL
    for (int i = 0; i < 16; i++)
        v[i] = w[i];
}

/* The same for 8 x 8 double words. */
GNDP_GEMM_INLINE void gndp_turn_8x8(__m512d v[8])
{
    __m512d w[8];
    GNDP_GEMM_UNROLL
    for (int i = 0; i < 8; i += 2) { /* w[i + q]: column 2 l + q of rows i, i+1 in lane l */
        w[i] = _mm512_unpacklo_pd(v[i], v[i + 1]);
        w[i + 1] = _mm512_unpackhi_pd(v[i], v[i + 1]);
    }
    GNDP_GEMM_UNROLL
    for (int q = 0; q < 2; q++) {
        const __m512d even_lo = _mm512_shuffle_f64x2(w[q], w[q + 2], 0x88);
        const __m512d odd_lo = _mm512_shuffle_f64x2(w[q], w[q + 2], 0xdd);
        const __m512d even_hi = _mm512_shuffle_f64x2(w[q + 4], w[q + 6], 0x88);
        const __m512d odd_hi = _mm512_shuffle_f64x2(w[q + 4], w[q + 6], 0xdd);
        v[q] = _mm512_shuffle_f64x2(even_lo, even_hi, 0x88);
        v[q + 4] = _mm512_shuffle_f64x2(even_lo, even_hi, 0xdd);
        v[q + 2] = _mm512_shuffle_f64x2(odd_lo, odd_hi, 0x88);
        v[q + 6] = _mm512_shuffle_f64x2(odd_lo, odd_hi, 0xdd);
    }
}

/* k <= 16 steps of n <= 16 columns to dst[s*width + x], zeros elsewhere in x. Only k rows are
   written. */
GNDP_GEMM_INLINE void gndp_turn_f32(float *dst, int64_t width, const float *src, int64_t x_stride,
                                    int k, int n)
{
    const __mmask16 mask = (__mmask16)((1u << k) - 1u);
    __m512i v[16];
    GNDP_GEMM_UNROLL
    for (int x = 0; x < 16; x++)
        v[x] = x < n ? _mm512_maskz_loadu_epi32(mask, src + x * x_stride) : _mm512_setzero_si512();
    gndp_turn_16x16(v);
    GNDP_GEMM_UNROLL
    for (int s = 0; s < 16; s++)
        if (s < k)
            _mm512_storeu_si512(dst + s * width, v[s]);
}

GNDP_GEMM_INLINE void gndp_turn_f64(double *dst, int64_t width, const double *src, int64_t x_stride,
                                    int k, int n)
{
    const __mmask8 mask = (__mmask8)((1u << k) - 1u);
    __m512d v[8];
    GNDP_GEMM_UNROLL
    for (int x = 0; x < 8; x++)
        v[x] = x < n ? _mm512_maskz_loadu_pd(mask, src + x * x_stride) : _mm512_setzero_pd();
    gndp_turn_8x8(v);
    GNDP_GEMM_UNROLL
    for (int s = 0; s < 8; s++)
        if (s < k)
            _mm512_storeu_pd(dst + s * width, v[s]);
}

#endif
