// SPDX-License-Identifier: Apache-2.0
// vec.h for AVX2 with FMA: 8 floats or 4 doubles, masks as all-ones lanes.
#include <immintrin.h>
#include <sleef.h>

#undef GNDP_MM
#undef GNDP_MM_TO_INT
#undef GNDP_MM_FROM_INT
#undef GNDP_MM_SHIFT
#undef GNDP_SLEEF
#if GNDP_VEC_REAL == 32
#define GNDP_VLANES 8
#define GNDP_MM(op) _mm256_##op##_ps
#define GNDP_MM_TO_INT(x) _mm256_castps_si256(x)
#define GNDP_MM_FROM_INT(x) _mm256_castsi256_ps(x)
#define GNDP_MM_SHIFT(x) _mm256_slli_epi32((x), 23)
#define GNDP_SLEEF(f) Sleef_##f##f8_u10avx2
typedef __m256 GNDP_VREAL;
typedef __m256 GNDP_VMASK;
#else
#define GNDP_VLANES 4
#define GNDP_MM(op) _mm256_##op##_pd
#define GNDP_MM_TO_INT(x) _mm256_castpd_si256(x)
#define GNDP_MM_FROM_INT(x) _mm256_castsi256_pd(x)
#define GNDP_MM_SHIFT(x) _mm256_slli_epi64((x), 52)
#define GNDP_SLEEF(f) Sleef_##f##d4_u10avx2
typedef __m256d GNDP_VREAL;
typedef __m256d GNDP_VMASK;
#endif

/* The first n lanes, as the integer mask of the masked moves. */
static inline __m256i GNDP_V(v_first)(int64_t n)
{
#if GNDP_VEC_REAL == 32
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
#else
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
#endif
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
    return GNDP_MM(maskload)(p, GNDP_V(v_first)(n));
}
static inline void GNDP_V(v_store_n)(REAL *p, int64_t n, GNDP_VREAL x)
{
    GNDP_MM(maskstore)(p, GNDP_V(v_first)(n), x);
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
    return GNDP_MM(round)(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
static inline GNDP_VREAL GNDP_V(v_round)(GNDP_VREAL a)
{
    return GNDP_MM(round)(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* The instruction returns its second operand when the first is NaN or both are equal, so only NaN
 * in a needs a step. */
static inline GNDP_VREAL GNDP_V(v_max)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(blendv)(GNDP_MM(max)(a, b), a, GNDP_MM(cmp)(a, a, _CMP_UNORD_Q));
}
static inline GNDP_VREAL GNDP_V(v_min)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(blendv)(GNDP_MM(min)(a, b), a, GNDP_MM(cmp)(a, a, _CMP_UNORD_Q));
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
    return GNDP_MM(cmp)(a, b, _CMP_LT_OQ);
}
static inline GNDP_VMASK GNDP_V(v_le)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(cmp)(a, b, _CMP_LE_OQ);
}
static inline GNDP_VMASK GNDP_V(v_eq)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(cmp)(a, b, _CMP_EQ_OQ);
}
static inline GNDP_VMASK GNDP_V(v_not)(GNDP_VMASK m)
{
    return GNDP_MM(xor)(m, GNDP_MM_FROM_INT(_mm256_set1_epi32(-1)));
}
static inline GNDP_VREAL GNDP_V(v_select)(GNDP_VMASK m, GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_MM(blendv)(b, a, m);
}
#if GNDP_VEC_REAL == 32
static inline GNDP_VMASK GNDP_V(v_mask_of)(__m256i i)
{
    return GNDP_V(v_not)(GNDP_MM_FROM_INT(_mm256_cmpeq_epi32(i, _mm256_setzero_si256())));
}
static inline __m256i GNDP_V(v_mask_ints)(GNDP_VMASK m)
{
    return _mm256_srli_epi32(GNDP_MM_TO_INT(m), 31);
}
static inline GNDP_VMASK GNDP_V(v_mask_load)(const int32_t *p)
{
    return GNDP_V(v_mask_of)(_mm256_loadu_si256((const __m256i_u *)p));
}
static inline GNDP_VMASK GNDP_V(v_mask_load_n)(const int32_t *p, int64_t n)
{
    return GNDP_V(v_mask_of)(_mm256_maskload_epi32(p, GNDP_V(v_first)(n)));
}
static inline void GNDP_V(v_mask_store)(int32_t *p, GNDP_VMASK m)
{
    _mm256_storeu_si256((__m256i_u *)p, GNDP_V(v_mask_ints)(m));
}
static inline void GNDP_V(v_mask_store_n)(int32_t *p, int64_t n, GNDP_VMASK m)
{
    _mm256_maskstore_epi32(p, GNDP_V(v_first)(n), GNDP_V(v_mask_ints)(m));
}
#else
static inline GNDP_VMASK GNDP_V(v_mask_of)(__m128i i)
{
    const __m128i off = _mm_cmpeq_epi32(i, _mm_setzero_si128());
    return GNDP_V(v_not)(GNDP_MM_FROM_INT(_mm256_cvtepi32_epi64(off)));
}
static inline __m128i GNDP_V(v_mask_ints)(GNDP_VMASK m)
{
    const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    const __m256i halves = _mm256_permutevar8x32_epi32(GNDP_MM_TO_INT(m), even);
    return _mm_srli_epi32(_mm256_castsi256_si128(halves), 31);
}
static inline __m128i GNDP_V(v_first_ints)(int64_t n)
{
    return _mm_cmpgt_epi32(_mm_set1_epi32((int)n), _mm_setr_epi32(0, 1, 2, 3));
}
static inline GNDP_VMASK GNDP_V(v_mask_load)(const int32_t *p)
{
    return GNDP_V(v_mask_of)(_mm_loadu_si128((const __m128i_u *)p));
}
static inline GNDP_VMASK GNDP_V(v_mask_load_n)(const int32_t *p, int64_t n)
{
    return GNDP_V(v_mask_of)(_mm_maskload_epi32(p, GNDP_V(v_first_ints)(n)));
}
static inline void GNDP_V(v_mask_store)(int32_t *p, GNDP_VMASK m)
{
    _mm_storeu_si128((__m128i_u *)p, GNDP_V(v_mask_ints)(m));
}
static inline void GNDP_V(v_mask_store_n)(int32_t *p, int64_t n, GNDP_VMASK m)
{
    _mm_maskstore_epi32(p, GNDP_V(v_first_ints)(n), GNDP_V(v_mask_ints)(m));
}
#endif
static inline bool GNDP_V(v_any)(GNDP_VMASK m)
{
    return GNDP_MM(movemask)(m) != 0;
}
/* x (-1)^n for integral n, |n| < 2^22 (2^51): adding 1.5 2^23 (2^52) leaves the parity in the
 * lowest bit. */
static inline GNDP_VREAL GNDP_V(v_flip_if_odd)(GNDP_VREAL x, GNDP_VREAL n)
{
#if GNDP_VEC_REAL == 32
    const __m256i odd =
        _mm256_slli_epi32(_mm256_castps_si256(_mm256_add_ps(n, _mm256_set1_ps(0x1.8p23f))), 31);
#else
    const __m256i odd =
        _mm256_slli_epi64(_mm256_castpd_si256(_mm256_add_pd(n, _mm256_set1_pd(0x1.8p52))), 63);
#endif
    return GNDP_MM(xor)(x, GNDP_MM_FROM_INT(odd));
}
/* Folded by halves, as vec.h states. */
static inline REAL GNDP_V(v_sum)(GNDP_VREAL x)
{
#if GNDP_VEC_REAL == 32
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_shuffle_ps(c, c, 1)));
#else
    const __m128d b = _mm_add_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(_mm_add_sd(b, _mm_unpackhi_pd(b, b)));
#endif
}
/* 2^n for n from the least to the largest normal exponent; one below is 0, one above inf.
   Adding 1.5 2^23 (or 2^52) puts the biased exponent in the low bits of the sum, and the shift
   moves it into place. */
static inline GNDP_VREAL GNDP_V(v_pow2)(GNDP_VREAL n)
{
#if GNDP_VEC_REAL == 32
    const REAL magic = 0x1.8p23f + 127;
#else
    const REAL magic = 0x1.8p52 + 1023;
#endif
    return GNDP_MM_FROM_INT(GNDP_MM_SHIFT(GNDP_MM_TO_INT(GNDP_MM(add)(n, GNDP_MM(set1)(magic)))));
}
/* x 2^n for |n| up to twice the largest exponent: in two halves, so that overflow is inf and
 * underflow gradual. */
static inline GNDP_VREAL GNDP_V(v_scale2)(GNDP_VREAL x, GNDP_VREAL n)
{
    const GNDP_VREAL half = GNDP_V(v_floor)(GNDP_MM(mul)(n, GNDP_MM(set1)((REAL)0.5)));
    return GNDP_MM(mul)(GNDP_MM(mul)(x, GNDP_V(v_pow2)(half)),
                        GNDP_V(v_pow2)(GNDP_MM(sub)(n, half)));
}
