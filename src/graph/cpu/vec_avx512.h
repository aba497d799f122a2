// SPDX-License-Identifier: Apache-2.0
// vec.h for AVX-512 (F, BW, DQ, VL): 16 floats or 8 doubles, masks in mask registers.
#include <immintrin.h>
#include <sleef.h>

#undef GNDP_MM
#undef GNDP_MM_MASK
#undef GNDP_SLEEF
#if GNDP_VEC_REAL == 32
#define GNDP_VLANES 16
#define GNDP_MM(op) _mm512_##op##_ps
#define GNDP_MM_MASK(op) _mm512_##op##_ps_mask
#define GNDP_SLEEF(f) Sleef_##f##f16_u10avx512f
typedef __m512 GNDP_VREAL;
typedef __mmask16 GNDP_VMASK;
#else
#define GNDP_VLANES 8
#define GNDP_MM(op) _mm512_##op##_pd
#define GNDP_MM_MASK(op) _mm512_##op##_pd_mask
#define GNDP_SLEEF(f) Sleef_##f##d8_u10avx512f
typedef __m512d GNDP_VREAL;
typedef __mmask8 GNDP_VMASK;
#endif

/* The first n lanes. */
static inline GNDP_VMASK GNDP_V(v_first)(int64_t n)
{
    return (GNDP_VMASK)((1u << n) - 1u);
}
static inline GNDP_VREAL GNDP_V(v_load)(const REAL *p)
{
    return GNDP_MM(loadu)(p);
}
static inline void GNDP_V(v_store)(REAL *p, GNDP_VREAL x)
{
    GNDP_MM(storeu)(p, x);
}
static inline GNDP_VREAL GNDP_V(v_load_n)(const REAL *p, int64_t n)
{
    return GNDP_MM(maskz_loadu)(GNDP_V(v_first)(n), p);
}
static inline void GNDP_V(v_store_n)(REAL *p, int64_t n, GNDP_VREAL x)
{
    GNDP_MM(mask_storeu)(p, GNDP_V(v_first)(n), x);
}
static inline GNDP_VREAL GNDP_V(v_set)(REAL a)
{
    return GNDP_MM(set1)(a);
}
static inline GNDP_VREAL GNDP_V(v_add)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(add)(a, b);
}
static inline GNDP_VREAL GNDP_V(v_sub)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(sub)(a, b);
}
static inline GNDP_VREAL GNDP_V(v_mul)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(mul)(a, b);
}
static inline GNDP_VREAL GNDP_V(v_div)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(div)(a, b);
}
static inline GNDP_VREAL GNDP_V(v_neg)(GNDP_VREAL a)
{
    return GNDP_MM(xor)(a, GNDP_MM(set1)((REAL)-0.0));
}
static inline GNDP_VREAL GNDP_V(v_abs)(GNDP_VREAL a)
{
    return GNDP_MM(andnot)(GNDP_MM(set1)((REAL)-0.0), a);
}
static inline GNDP_VREAL GNDP_V(v_copysign)(GNDP_VREAL a, GNDP_VREAL sign)
{
    return GNDP_MM(or)(GNDP_V(v_abs)(a), GNDP_MM(and)(GNDP_MM(set1)((REAL)-0.0), sign));
}
static inline GNDP_VREAL GNDP_V(v_sqrt)(GNDP_VREAL a)
{
    return GNDP_MM(sqrt)(a);
}
static inline GNDP_VREAL GNDP_V(v_fma)(GNDP_VREAL a, GNDP_VREAL b, GNDP_VREAL c)
{
    return GNDP_MM(fmadd)(a, b, c);
}
static inline GNDP_VREAL GNDP_V(v_floor)(GNDP_VREAL a)
{
    return GNDP_MM(roundscale)(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
static inline GNDP_VREAL GNDP_V(v_round)(GNDP_VREAL a)
{
    return GNDP_MM(roundscale)(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* The instruction returns its second operand when the first is NaN or both are equal, so only NaN
 * in a needs a step. */
static inline GNDP_VREAL GNDP_V(v_max)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(mask_mov)(GNDP_MM(max)(a, b), GNDP_MM_MASK(cmp)(a, a, _CMP_UNORD_Q), a);
}
static inline GNDP_VREAL GNDP_V(v_min)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(mask_mov)(GNDP_MM(min)(a, b), GNDP_MM_MASK(cmp)(a, a, _CMP_UNORD_Q), a);
}
static inline GNDP_VREAL GNDP_V(v_at_least)(GNDP_VREAL x, GNDP_VREAL low)
{
    return GNDP_MM(max)(low, x);
}
static inline GNDP_VREAL GNDP_V(v_at_most)(GNDP_VREAL x, GNDP_VREAL high)
{
    return GNDP_MM(min)(high, x);
}
static inline GNDP_VMASK GNDP_V(v_lt)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM_MASK(cmp)(a, b, _CMP_LT_OQ);
}
static inline GNDP_VMASK GNDP_V(v_le)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM_MASK(cmp)(a, b, _CMP_LE_OQ);
}
static inline GNDP_VMASK GNDP_V(v_eq)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM_MASK(cmp)(a, b, _CMP_EQ_OQ);
}
static inline GNDP_VMASK GNDP_V(v_not)(GNDP_VMASK m)
{
    return (GNDP_VMASK)~m;
}
static inline GNDP_VREAL GNDP_V(v_select)(GNDP_VMASK m, GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(mask_blend)(m, b, a);
}
static inline GNDP_VMASK GNDP_V(v_mask_load_n)(const int32_t *p, int64_t n)
{
#if GNDP_VEC_REAL == 32
    const __m512i i = _mm512_maskz_loadu_epi32(GNDP_V(v_first)(n), p);
    return _mm512_test_epi32_mask(i, i);
#else
    const __m256i i = _mm256_maskz_loadu_epi32(GNDP_V(v_first)(n), p);
    return _mm256_test_epi32_mask(i, i);
#endif
}
static inline void GNDP_V(v_mask_store_n)(int32_t *p, int64_t n, GNDP_VMASK m)
{
#if GNDP_VEC_REAL == 32
    _mm512_mask_storeu_epi32(p, GNDP_V(v_first)(n), _mm512_maskz_set1_epi32(m, 1));
#else
    _mm256_mask_storeu_epi32(p, GNDP_V(v_first)(n), _mm256_maskz_set1_epi32(m, 1));
#endif
}
static inline GNDP_VMASK GNDP_V(v_mask_load)(const int32_t *p)
{
    return GNDP_V(v_mask_load_n)(p, GNDP_VLANES);
}
static inline void GNDP_V(v_mask_store)(int32_t *p, GNDP_VMASK m)
{
    GNDP_V(v_mask_store_n)(p, GNDP_VLANES, m);
}
static inline bool GNDP_V(v_any)(GNDP_VMASK m)
{
    return m != 0;
}
/* x (-1)^n for integral n, |n| < 2^22 (2^51): adding 1.5 2^23 (2^52) leaves the parity in the
 * lowest bit. */
static inline GNDP_VREAL GNDP_V(v_flip_if_odd)(GNDP_VREAL x, GNDP_VREAL n)
{
#if GNDP_VEC_REAL == 32
    const __m512i odd =
        _mm512_slli_epi32(_mm512_castps_si512(_mm512_add_ps(n, _mm512_set1_ps(0x1.8p23f))), 31);
    return _mm512_xor_ps(x, _mm512_castsi512_ps(odd));
#else
    const __m512i odd =
        _mm512_slli_epi64(_mm512_castpd_si512(_mm512_add_pd(n, _mm512_set1_pd(0x1.8p52))), 63);
    return _mm512_xor_pd(x, _mm512_castsi512_pd(odd));
#endif
}
/* Folded by halves, as vec.h states: lane j with lane j + 8, then j + 4, .. */
static inline REAL GNDP_V(v_sum)(GNDP_VREAL x)
{
#if GNDP_VEC_REAL == 32
    const __m256 a = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_shuffle_ps(c, c, 1)));
#else
    const __m256d a = _mm256_add_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));
    const __m128d b = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_add_sd(b, _mm_unpackhi_pd(b, b)));
#endif
}
/* 2^n and x 2^n, any integral n: overflow is inf, underflow 0. */
static inline GNDP_VREAL GNDP_V(v_pow2)(GNDP_VREAL n)
{
    return GNDP_MM(scalef)(GNDP_MM(set1)(1), n);
}
static inline GNDP_VREAL GNDP_V(v_scale2)(GNDP_VREAL x, GNDP_VREAL n)
{
    return GNDP_MM(scalef)(x, n);
}
