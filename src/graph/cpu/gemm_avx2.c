// SPDX-License-Identifier: Apache-2.0
// Matrix products with AVX2 and FMA: register tiles of 6 x 16 (f32) and 6 x 8 (f64).
#include <immintrin.h>

#include "graph/cpu/gemm_levels.h"
#include "graph/cpu/gemm_tile.h"

/* Lanes below n, by comparison with the lane numbers. */
GNDP_GEMM_INLINE __m256i mask_f32(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

GNDP_GEMM_INLINE __m256i mask_f64(int64_t n)
{
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}

GNDP_GEMM_INLINE float sum_f32(__m256 v)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

GNDP_GEMM_INLINE double sum_f64(__m256d v)
{
    const __m128d s = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_add_sd(s, _mm_unpackhi_pd(s, s)));
}

/* k <= 8 steps of n <= 8 columns to dst[s*width + x]. */
GNDP_GEMM_INLINE void turn_f32(float *dst, int64_t width, const float *src, int64_t x_stride,
                               int64_t k, int64_t n)
{
    const __m256i mask = mask_f32(k);
    __m256 v[8], w[8];
    GNDP_GEMM_UNROLL
    for (int x = 0; x < 8; x++)
        v[x] = x < n ? _mm256_maskload_ps(src + x * x_stride, mask) : _mm256_setzero_ps();
    GNDP_GEMM_UNROLL
    for (int i = 0; i < 8; i += 2) {
        w[i] = _mm256_unpacklo_ps(v[i], v[i + 1]);
        w[i + 1] = _mm256_unpackhi_ps(v[i], v[i + 1]);
    }
    GNDP_GEMM_UNROLL
    for (int i = 0; i < 8; i += 4) { /* v[i + q]: columns q, 4 + q of rows i..i+3 */
        v[i] = _mm256_shuffle_ps(w[i], w[i + 2], 0x44);
        v[i + 1] = _mm256_shuffle_ps(w[i], w[i + 2], 0xee);
        v[i + 2] = _mm256_shuffle_ps(w[i + 1], w[i + 3], 0x44);
        v[i + 3] = _mm256_shuffle_ps(w[i + 1], w[i + 3], 0xee);
    }
    GNDP_GEMM_UNROLL
    for (int q = 0; q < 4; q++) {
        w[q] = _mm256_permute2f128_ps(v[q], v[q + 4], 0x20);
        w[q + 4] = _mm256_permute2f128_ps(v[q], v[q + 4], 0x31);
    }
    GNDP_GEMM_UNROLL
    for (int s = 0; s < 8; s++)
        if (s < k)
            _mm256_storeu_ps(dst + s * width, w[s]);
}

GNDP_GEMM_INLINE void turn_f64(double *dst, int64_t width, const double *src, int64_t x_stride,
                               int64_t k, int64_t n)
{
    const __m256i mask = mask_f64(k);
    __m256d v[4], w[4];
    GNDP_GEMM_UNROLL
    for (int x = 0; x < 4; x++)
        v[x] = x < n ? _mm256_maskload_pd(src + x * x_stride, mask) : _mm256_setzero_pd();
    for (int i = 0; i < 4; i += 2) { /* w[i + q]: columns q, 2 + q of rows i, i+1 */
        w[i] = _mm256_unpacklo_pd(v[i], v[i + 1]);
        w[i + 1] = _mm256_unpackhi_pd(v[i], v[i + 1]);
    }
    for (int q = 0; q < 2; q++) {
        v[q] = _mm256_permute2f128_pd(w[q], w[q + 2], 0x20);
        v[q + 2] = _mm256_permute2f128_pd(w[q], w[q + 2], 0x31);
    }
    GNDP_GEMM_UNROLL
    for (int s = 0; s < 4; s++)
        if (s < k)
            _mm256_storeu_pd(dst + s * width, v[s]);
}

#define MR 6
#define ROW_FN_LIST(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define DIRECT_B 1
#define KSTEP 1
#define COPY_ROW(dst, src, k) memcpy(dst, src, (size_t)(k) * sizeof(REAL))
#define PACK_UNIT(src, k_stride, k_left) (*(src))
#define PACK_COPY(dst, src, k_stride, k_left, n) V_STORE(dst, V_LOAD_MASK(V_MASK(n), src))
#define B_LOAD V_LOAD
#define B_LOAD_MASK V_LOAD_MASK
#define A_SPLAT(p) V_SPLAT(*(p))

#define GNDP_G(name) name##_avx2_f32
#define GEMM_TABLE gndp_gemm_f32_avx2
#define REAL float
#define UNIT float
#define LANES 8
#define VEC __m256
#define BVEC __m256
#define MASK __m256i
#define V_ZERO _mm256_setzero_ps()
#define V_SPLAT(x) _mm256_set1_ps(x)
#define V_LOAD(p) _mm256_loadu_ps(p)
#define V_STORE(p, v) _mm256_storeu_ps(p, v)
#define V_ADD _mm256_add_ps
#define V_MUL _mm256_mul_ps
#define V_MASK(n) mask_f32(n)
#define V_LOAD_MASK(m, p) _mm256_maskload_ps(p, m)
#define V_STORE_MASK(m, p, v) _mm256_maskstore_ps(p, m, v)
#define V_FMA(acc, a, b) _mm256_fmadd_ps(a, b, acc)
#define V_SUM(v) sum_f32(v)
#define PACK_TURN turn_f32
#include "graph/cpu/gemm_block.inl"
#include "graph/cpu/gemm_product.inl"

#define GNDP_G(name) name##_avx2_f64
#define GEMM_TABLE gndp_gemm_f64_avx2
#define REAL double
#define UNIT double
#define LANES 4
#define VEC __m256d
#define BVEC __m256d
#define MASK __m256i
#define V_ZERO _mm256_setzero_pd()
#define V_SPLAT(x) _mm256_set1_pd(x)
#define V_LOAD(p) _mm256_loadu_pd(p)
#define V_STORE(p, v) _mm256_storeu_pd(p, v)
#define V_ADD _mm256_add_pd
#define V_MUL _mm256_mul_pd
#define V_MASK(n) mask_f64(n)
#define V_LOAD_MASK(m, p) _mm256_maskload_pd(p, m)
#define V_STORE_MASK(m, p, v) _mm256_maskstore_pd(p, m, v)
#define V_FMA(acc, a, b) _mm256_fmadd_pd(a, b, acc)
#define V_SUM(v) sum_f64(v)
#define PACK_TURN turn_f64
#include "graph/cpu/gemm_block.inl"
#include "graph/cpu/gemm_product.inl"
