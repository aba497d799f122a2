// SPDX-License-Identifier: Apache-2.0
// Matrix products of f32 data with operands rounded to bf16, by AVX-512 pair products: tiles 12
// x 32.
//
// vdpbf16ps adds to each f32 lane the two products of a pair of neighbours in k. Operands are
// packed as such pairs; an odd k leaves a pair with a zero in both operands.
#include <immintrin.h>

#include "graph/cpu/gemm_levels.h"
#include "graph/cpu/gemm_tile.h"
#include "graph/cpu/gemm_turn_avx512.h"

/* k <= 32 neighbours (two runs of 16) as 16 pairs. */
GNDP_GEMM_INLINE __m512i pairs_of_run(const float *src, int64_t k)
{
    const uint32_t mask = k >= 32 ? 0xffffffffu : (1u << k) - 1u;
    const __m512 low = _mm512_maskz_loadu_ps((__mmask16)mask, src);
    const __m512 high = _mm512_maskz_loadu_ps((__mmask16)(mask >> 16), src + 16);
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

/* n <= 16 columns of rows k and k + 1 (absent when k_left is 1) as n pairs. */
GNDP_GEMM_INLINE __m512i pairs_of_rows(const float *src, int64_t k_stride, int64_t k_left,
                                       int64_t n)
{
    const __mmask16 mask = (__mmask16)((1u << n) - 1u);
    const __m512 even = _mm512_maskz_loadu_ps(mask, src);
    const __m512 odd =
        k_left > 1 ? _mm512_maskz_loadu_ps(mask, src + k_stride) : _mm512_setzero_ps();
    const __m512i lanes =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(lanes, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
}

static void copy_row(uint32_t *dst, const float *src, int64_t k)
{
    const int64_t units = gndp_ceil_div(k, 2);
    for (int64_t s = 0; s < units; s += 16) {
        const __mmask16 mask = (__mmask16)((1u << gndp_min_i64(16, units - s)) - 1u);
        _mm512_mask_storeu_epi32(dst + s, mask,
                                 pairs_of_run(src + 2 * s, gndp_min_i64(32, k - 2 * s)));
    }
}

void gndp_bf16_row_avx512bf16(int64_t n, const float *src, uint16_t *dst)
{
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 mask = (__mmask16)((1u << gndp_min_i64(16, n - i)) - 1u);
        const __m256i low = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, src + i));
        _mm256_mask_storeu_epi16(dst + i, mask, low);
    }
}

GNDP_GEMM_INLINE uint32_t pair(const float *src, int64_t k_stride, int64_t k_left)
{
    const uint32_t odd = k_left > 1 ? gndp_bf16_from_f32(src[k_stride]) : 0;
    return gndp_bf16_from_f32(src[0]) | odd << 16;
}

GNDP_GEMM_INLINE void turn_pairs(uint32_t *dst, int64_t width, const float *src, int64_t x_stride,
                                 int64_t k, int64_t n)
{
    const int64_t units = gndp_ceil_div(k, 2);
    __m512i v[16];
    GNDP_GEMM_UNROLL
    for (int x = 0; x < 16; x++)
        v[x] = x < n ? pairs_of_run(src + x * x_stride, k) : _mm512_setzero_si512();
    gndp_turn_16x16(v);
    GNDP_GEMM_UNROLL
    for (int s = 0; s < 16; s++)
        if (s < units)
            _mm512_storeu_si512(dst + s * width, v[s]);
}

#define MR 12
#define ROW_FN_LIST(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define DIRECT_B 0
#define KSTEP 2
#define COPY_ROW copy_row
#define PACK_UNIT pair
#define PACK_COPY(dst, src, k_stride, k_left, n)                                                   \
    _mm512_storeu_si512(dst, pairs_of_rows(src, k_stride, k_left, n))
#define B_LOAD(p) _mm512_loadu_si512(p)
#define B_LOAD_MASK(m, p) _mm512_maskz_loadu_epi32(m, p)
#define A_SPLAT(p) _mm512_set1_epi32((int)*(p))

#define GNDP_G(name) name##_avx512bf16
#define GEMM_TABLE gndp_gemm_bf16_avx512bf16
#define REAL float
#define UNIT uint32_t
#define LANES 16
#define VEC __m512
#define BVEC __m512i
#define MASK __mmask16
#define V_ZERO _mm512_setzero_ps()
#define V_SPLAT(x) _mm512_set1_ps(x)
#define V_LOAD(p) _mm512_loadu_ps(p)
#define V_STORE(p, v) _mm512_storeu_ps(p, v)
#define V_ADD _mm512_add_ps
#define V_MUL _mm512_mul_ps
#define V_MASK(n) (__mmask16)((1u << (n)) - 1u)
#define V_LOAD_MASK(m, p) _mm512_maskz_loadu_ps(m, p)
#define V_STORE_MASK(m, p, v) _mm512_mask_storeu_ps(p, m, v)
#define V_FMA(acc, a, b) _mm512_dpbf16_ps(acc, (__m512bh)(a), (__m512bh)(b))
#define PACK_TURN turn_pairs
#include "graph/cpu/gemm_block.inl"
#include "graph/cpu/gemm_product.inl"
