// SPDX-License-Identifier: Apache-2.0
// Matrix products with AVX-512: register tiles of 12 x 32 (f32) and 12 x 16 (f64).
#include <immintrin.h>

#include "graph/cpu/gemm_levels.h"
#include "graph/cpu/gemm_tile.h"
#include "graph/cpu/gemm_turn_avx512.h"

#define MR 12
#define ROW_FN_LIST(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#define DIRECT_B 1
#define KSTEP 1
#define COPY_ROW(dst, src, k) memcpy(dst, src, (size_t)(k) * sizeof(REAL))
#define PACK_UNIT(src, k_stride, k_left) (*(src))
#define PACK_COPY(dst, src, k_stride, k_left, n) V_STORE(dst, V_LOAD_MASK(V_MASK(n), src))
#define B_LOAD V_LOAD
#define B_LOAD_MASK V_LOAD_MASK
#define A_SPLAT(p) V_SPLAT(*(p))

#define GNDP_G(name) name##_avx512_f32
#define GEMM_TABLE gndp_gemm_f32_avx512
#define REAL float
#define UNIT float
#define LANES 16
#define VEC __m512
#define BVEC __m512
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
#define V_FMA(acc, a, b) _mm512_fmadd_ps(a, b, acc)
#define V_SUM(v) _mm512_reduce_add_ps(v)
#define PACK_TURN(dst, width, src, x_stride, k, n)                                                 \
    gndp_turn_f32(dst, width, src, x_stride, (int)(k), (int)(n))
#include "graph/cpu/gemm_block.inl"
#include "graph/cpu/gemm_product.inl"

#define GNDP_G(name) name##_avx512_f64
#define GEMM_TABLE gndp_gemm_f64_avx512
#define REAL double
#define UNIT double
#define LANES 8
#define VEC __m512d
#define BVEC __m512d
#define MASK __mmask8
#define V_ZERO _mm512_setzero_pd()
#define V_SPLAT(x) _mm512_set1_pd(x)
#define V_LOAD(p) _mm512_loadu_pd(p)
#define V_STORE(p, v) _mm512_storeu_pd(p, v)
#define V_ADD _mm512_add_pd
#define V_MUL _mm512_mul_pd
#define V_MASK(n) (__mmask8)((1u << (n)) - 1u)
#define V_LOAD_MASK(m, p) _mm512_maskz_loadu_pd(m, p)
#define V_STORE_MASK(m, p, v) _mm512_mask_storeu_pd(p, m, v)
#define V_FMA(acc, a, b) _mm512_fmadd_pd(a, b, acc)
#define V_SUM(v) _mm512_reduce_add_pd(v)
#define PACK_TURN(dst, width, src, x_stride, k, n)                                                 \
    gndp_turn_f64(dst, width, src, x_stride, (int)(k), (int)(n))
#include "graph/cpu/gemm_block.inl"
#include "graph/cpu/gemm_product.inl"
