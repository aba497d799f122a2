// SPDX-License-Identifier: Apache-2.0
// Vectors for the attention routines: one SIMD level (ATT_LEVEL 0, 1, 2) and one kind (ATT_F64,
// ATT_BF16).

#if ATT_F64
#define REAL double
#define BITS int64_t
#define MANTISSA 52
#else
#define REAL float
#define BITS int32_t
#define MANTISSA 23
#endif
#define LANES ((int)(ATT_BYTES / sizeof(REAL)))

#define VEC ATT(vec)
#define IVEC ATT(ivec)
#define WVEC ATT(wvec)
#define WORD ATT(word)
typedef REAL VEC __attribute__((vector_size(ATT_BYTES)));
typedef BITS IVEC __attribute__((vector_size(ATT_BYTES)));
#if ATT_BF16
typedef int32_t WORD; /* two bf16, the first in the low half */
typedef IVEC WVEC;
#define PAIR 2
#else
typedef REAL WORD;
typedef VEC WVEC;
#define PAIR 1
#endif

INLINE VEC ATT(set1)(REAL x)
{
    return x - (VEC){0}; /* x - 0 is x for every x, also -0 and NaN */
}

INLINE VEC ATT(load)(const REAL *p)
{
    VEC v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void ATT(store)(REAL *p, VEC v)
{
    memcpy(p, &v, sizeof v);
}

INLINE VEC ATT(choose)(IVEC mask, VEC a, VEC b) /* mask ? a : b, lanes of mask are 0 or -1 */
{
    return (VEC)((mask & (IVEC)a) | (~mask & (IVEC)b));
}

/* The first n elements, zeros behind; n <= 0 gives zeros, nothing past n is touched. */
INLINE VEC ATT(load_n)(const REAL *p, int64_t n)
{
    if (n >= LANES)
        return ATT(load)(p);
#if ATT_LEVEL == 2
    const unsigned m = n <= 0 ? 0U : (1U << n) - 1U;
#if ATT_F64
    return (VEC)_mm512_maskz_loadu_pd((__mmask8)m, p);
#else
    return (VEC)_mm512_maskz_loadu_ps((__mmask16)m, p);
#endif
#else
    VEC v = {0};
    for (int i = 0; i < n; i++)
        v[i] = p[i];
    return v;
#endif
}

INLINE void ATT(store_n)(REAL *p, VEC v, int64_t n)
{
    if (n >= LANES) {
        ATT(store)(p, v);
        return;
    }
#if ATT_LEVEL == 2
    const unsigned m = n <= 0 ? 0U : (1U << n) - 1U;
#if ATT_F64
    _mm512_mask_storeu_pd(p, (__mmask8)m, (__m512d)v);
#else
    _mm512_mask_storeu_ps(p, (__mmask16)m, (__m512)v);
#endif
#else
    for (int i = 0; i < n; i++)
        p[i] = v[i];
#endif
}

INLINE VEC ATT(fma)(VEC a, VEC b, VEC c)
{
#if ATT_LEVEL == 2 && ATT_F64
    return (VEC)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif ATT_LEVEL == 2
    return (VEC)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif ATT_LEVEL == 1 && ATT_F64
    return (VEC)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif ATT_LEVEL == 1
    return (VEC)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

INLINE VEC ATT(max)(VEC a, VEC b) /* b where either is NaN */
{
#if ATT_LEVEL == 2 && ATT_F64
    return (VEC)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif ATT_LEVEL == 2
    return (VEC)_mm512_max_ps((__m512)a, (__m512)b);
#elif ATT_LEVEL == 1 && ATT_F64
    return (VEC)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif ATT_LEVEL == 1
    return (VEC)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return ATT(choose)((IVEC)(a > b), a, b);
#endif
}

/* Lane i of a where bit i is set, else of b. */
INLINE VEC ATT(select)(uint64_t bits, VEC a, VEC b)
{
#if ATT_LEVEL == 2 && ATT_F64
    return (VEC)_mm512_mask_blend_pd((__mmask8)bits, (__m512d)b, (__m512d)a);
#elif ATT_LEVEL == 2
    return (VEC)_mm512_mask_blend_ps((__mmask16)bits, (__m512)b, (__m512)a);
#else
    IVEC lane = {0};
    for (int i = 0; i < LANES; i++)
        lane[i] = (BITS)1 << i;
    return ATT(choose)((IVEC)((lane & (BITS)(bits & 0xffff)) != 0), a, b);
#endif
}

/* 2^r on [-1/2, 1/2]. f32: minimax of degree 6 with p(0) = 1, error 0.05 of 2^-24; f64: Taylor,
   remainder (ln 2 / 2)^14 / 14! = 4e-18. */
INLINE VEC ATT(exp2_poly)(VEC r)
{
#if ATT_F64
    static const REAL c[] = {0x1.816193166d0f9p-40, 0x1.c3bd650fc2986p-36,
                             0x1.e8cac7351bb25p-32, 0x1.e4cf5158b8ecap-28,
                             0x1.b5253d395e7c4p-24, 0x1.62c0223a5c824p-20,
                             0x1.ffcbfc588b0c7p-17, 0x1.430912f86c787p-13,
                             0x1.5d87fe78a6731p-10, 0x1.3b2ab6fba4e77p-7,
                             0x1.c6b08d704a0c0p-5,  0x1.ebfbdff82c58fp-3,
                             0x1.62e42fefa39efp-1,  1.0};
#else
    static const REAL c[] = {0x1.470b4ap-13F,
                             0x1.5f7276p-10F,
                             0x1.3b270ep-7F,
                             0x1.c6ae72p-5F,
                             0x1.ebfbe2p-3F,
                             0x1.62e432p-1F,
                             1.0F};
#endif
    VEC p = ATT(set1)(c[0]);
    UNROLL
    for (int i = 1; i < (int)(sizeof c / sizeof c[0]); i++)
        p = ATT(fma)(p, r, ATT(set1)(c[i]));
    return p;
}

/* 2^x; 0 for -inf, inf above the range, NaN for NaN. Results below the normal range may be 0. */
INLINE VEC ATT(exp2)(VEC x)
{
#if ATT_LEVEL == 2
    /* The lower clamp is past the smallest subnormal and keeps -inf - -inf out of r. */
    x = ATT(max)(ATT(set1)(ATT_F64 ? (REAL)-1100 : (REAL)-160), x);
#if ATT_F64
    const __m512d n = _mm512_roundscale_pd((__m512d)x, 8);
    return (VEC)_mm512_scalef_pd((__m512d)ATT(exp2_poly)(x - (VEC)n), n);
#else
    const __m512 n = _mm512_roundscale_ps((__m512)x, 8);
    return (VEC)_mm512_scalef_ps((__m512)ATT(exp2_poly)(x - (VEC)n), n);
#endif
#else
    /* Adding 1.5 2^MANTISSA leaves round(x) in the low bits, from where it is added to the
     * exponent. */
    const REAL bias = (REAL)(3LL << (MANTISSA - 1)), low = ATT_F64 ? (REAL)-1022 : (REAL)-126,
               high = ATT_F64 ? (REAL)1024 : (REAL)128;
    const IVEC tiny = (IVEC)(x < ATT(set1)(low)), nan = (IVEC)(x != x);
    const VEC y = ATT(choose)((IVEC)(x > ATT(set1)(high)), ATT(set1)(high),
                              ATT(choose)(tiny, ATT(set1)(low), x));
    const VEC t = y + bias;
    const IVEC p = (IVEC)ATT(exp2_poly)(y - (t - bias));
    const VEC e = (VEC)(p + ((IVEC)t << MANTISSA));
    return ATT(choose)(nan, x, (VEC)(~tiny & (IVEC)e));
#endif
}

/* 2^x for x up to a little above 0, to where a weight is rounded to bf16 anyway: 3e-6. Integers go
   straight into the exponent, for half the work of scalef and six coefficients; -127, to which
   everything below is raised, gives 0 itself. */
INLINE VEC ATT(exp2_weight)(VEC x)
{
#if ATT_BF16 && ATT_LEVEL == 2
    static const REAL c[] = {0x1.3a02d2p-7F, 0x1.c9fc48p-5F, 0x1.ec0378p-3F, 0x1.62e12cp-1F, 1.0F};
    const REAL bias = 0x1.8p23F;
    const VEC y = ATT(max)(ATT(set1)(-127.0F), x), t = y + bias, r = y - (t - bias);
    VEC p = ATT(set1)(c[0]);
    UNROLL
    for (int i = 1; i < (int)(sizeof c / sizeof c[0]); i++)
        p = ATT(fma)(p, r, ATT(set1)(c[i]));
    return (VEC)((IVEC)p + ((IVEC)t << MANTISSA));
#else
    return ATT(exp2)(x);
#endif
}

/* log x for finite x >= 1/2 and NaN: x = 2^n (1 + f), log(1 + f) = 2 artanh(f / (2 + f)), where the
   argument of artanh is below 0.172. */
INLINE VEC ATT(log)(VEC x)
{
#if ATT_F64
    const BITS root = 0x3fe6a09e667f3bcdLL; /* sqrt(1/2) */
    const int terms = 11;
#else
    const BITS root = 0x3f3504f3;
    const int terms = 5;
#endif
    const IVEC n = ((IVEC)x - root) >> MANTISSA;
    const VEC f = (VEC)((IVEC)x - (n << MANTISSA)) - (REAL)1;
    const VEC s = f / (f + (REAL)2), z = s * s;
    VEC p = {0};
    for (int k = terms; k >= 1; k--)
        p = ATT(fma)(p, z, ATT(set1)((REAL)1 / (REAL)(2 * k + 1)));
    VEC count;
    for (int i = 0; i < LANES; i++)
        count[i] = (REAL)n[i];
    const VEC log1p = (REAL)2 * ATT(fma)(p * z, s, s);
    return ATT(choose)((IVEC)(x != x), x,
                       ATT(fma)(count, ATT(set1)((REAL)0x1.62e42fefa39efp-1), log1p));
}

#if ATT_BF16 && !ATT_HARD_BF16
INLINE int32_t ATT(bf16)(float x) /* to nearest, ties to even; NaN stays NaN */
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    if ((u & 0x7fffffffU) > 0x7f800000U)
        return (int32_t)(u >> 16 | 0x40U);
    return (int32_t)((u + 0x7fffU + (u >> 16 & 1U)) >> 16);
}
#endif

/* acc + the product of one word in all lanes with the words of b. */
INLINE VEC ATT(mac)(VEC acc, WVEC a, WVEC b)
{
#if ATT_HARD_BF16
    return (VEC)_mm512_dpbf16_ps((__m512)acc, (__m512bh)a, (__m512bh)b);
#elif ATT_BF16
    const IVEC high = (IVEC){0} + (int32_t)0xffff0000;
    acc = (VEC)(a & high) * (VEC)(b & high) + acc;
    return (VEC)(a << 16) * (VEC)(b << 16) + acc;
#else
    return ATT(fma)(a, b, acc);
#endif
}

INLINE WVEC ATT(word_set1)(WORD w)
{
#if ATT_BF16
    return w - (WVEC){0};
#else
    return ATT(set1)(w);
#endif
}

INLINE WVEC ATT(word_load)(const WORD *p)
{
    WVEC v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void ATT(word_store)(WORD *p, WVEC v)
{
    memcpy(p, &v, sizeof v);
}

/* The first n elements of a row times factor, as words of neighbouring columns. */
INLINE WVEC ATT(row_words)(const REAL *p, int64_t n, VEC factor)
{
    const VEC a = ATT(load_n)(p, n) * factor;
#if ATT_BF16
    const VEC b = n > LANES ? ATT(load_n)(p + LANES, n - LANES) * factor : (VEC){0};
#if ATT_HARD_BF16
    return (WVEC)_mm512_cvtne2ps_pbh((__m512)b, (__m512)a);
#else
    WVEC w;
    for (int i = 0; i < LANES; i++) {
        const VEC *s = i < LANES / 2 ? &a : &b;
        const int e = 2 * i % LANES;
        w[i] = (int32_t)((uint32_t)ATT(bf16)((*s)[e]) | (uint32_t)ATT(bf16)((*s)[e + 1]) << 16);
    }
    return w;
#endif
#else
    return a;
#endif
}

#if ATT_BF16
/* Words (low, high) lane by lane. */
INLINE WVEC ATT(pair_words)(VEC low, VEC high)
{
#if ATT_HARD_BF16
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                         21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return (WVEC)_mm512_permutexvar_epi16(order,
                                          (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low));
#else
    WVEC w;
    for (int i = 0; i < LANES; i++)
        w[i] = (int32_t)((uint32_t)ATT(bf16)(low[i]) | (uint32_t)ATT(bf16)(high[i]) << 16);
    return w;
#endif
}

/* LANES / 2 words of neighbouring lanes. */
INLINE void ATT(half_store)(WORD *p, VEC v)
{
#if ATT_HARD_BF16
    const __m256bh h = _mm512_cvtneps_pbh((__m512)v);
    memcpy(p, &h, sizeof h);
#else
    for (int i = 0; i < LANES / 2; i++)
        p[i] = (int32_t)((uint32_t)ATT(bf16)(v[2 * i]) | (uint32_t)ATT(bf16)(v[2 * i + 1]) << 16);
#endif
}
#endif

/* r[i] lane j becomes r[j] lane i. */
INLINE void ATT(turn)(VEC r[LANES])
{
#if ATT_LEVEL > 0 && ATT_F64
    VEC out[LANES];
#endif
#if ATT_LEVEL == 2 && !ATT_F64
    __m512 a[16], b[16];
    UNROLL
    for (int i = 0; i < 8; i++) { /* 2 x 2 blocks within 128 bits */
        a[2 * i] = _mm512_unpacklo_ps((__m512)r[2 * i], (__m512)r[2 * i + 1]);
        a[2 * i + 1] = _mm512_unpackhi_ps((__m512)r[2 * i], (__m512)r[2 * i + 1]);
    }
    UNROLL
    for (int i = 0; i < 4;
         i++) { /* 4 x 4 blocks: b[4 i + c] holds column 4 lane + c of rows 4 i.. */
        b[4 * i] = _mm512_shuffle_ps(a[4 * i], a[4 * i + 2], 0x44);
        b[4 * i + 1] = _mm512_shuffle_ps(a[4 * i], a[4 * i + 2], 0xee);
        b[4 * i + 2] = _mm512_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0x44);
        b[4 * i + 3] = _mm512_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0xee);
    }
    UNROLL
    for (int c = 0; c < 4; c++) { /* then a 4 x 4 turn of 128-bit lanes */
        const __m512 lo0 = _mm512_shuffle_f32x4(b[c], b[4 + c], 0x44),
                     hi0 = _mm512_shuffle_f32x4(b[c], b[4 + c], 0xee),
                     lo1 = _mm512_shuffle_f32x4(b[8 + c], b[12 + c], 0x44),
                     hi1 = _mm512_shuffle_f32x4(b[8 + c], b[12 + c], 0xee);
        r[c] = (VEC)_mm512_shuffle_f32x4(lo0, lo1, 0x88);
        r[4 + c] = (VEC)_mm512_shuffle_f32x4(lo0, lo1, 0xdd);
        r[8 + c] = (VEC)_mm512_shuffle_f32x4(hi0, hi1, 0x88);
        r[12 + c] = (VEC)_mm512_shuffle_f32x4(hi0, hi1, 0xdd);
    }
#elif ATT_LEVEL == 1 && !ATT_F64
    __m256 a[8], b[8];
    UNROLL
    for (int i = 0; i < 4; i++) {
        a[2 * i] = _mm256_unpacklo_ps((__m256)r[2 * i], (__m256)r[2 * i + 1]);
        a[2 * i + 1] = _mm256_unpackhi_ps((__m256)r[2 * i], (__m256)r[2 * i + 1]);
    }
    UNROLL
    for (int i = 0; i < 2; i++) {
        b[4 * i] = _mm256_shuffle_ps(a[4 * i], a[4 * i + 2], 0x44);
        b[4 * i + 1] = _mm256_shuffle_ps(a[4 * i], a[4 * i + 2], 0xee);
        b[4 * i + 2] = _mm256_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0x44);
        b[4 * i + 3] = _mm256_shuffle_ps(a[4 * i + 1], a[4 * i + 3], 0xee);
    }
    UNROLL
    for (int c = 0; c < 4; c++) {
        r[c] = (VEC)_mm256_permute2f128_ps(b[c], b[4 + c], 0x20);
        r[4 + c] = (VEC)_mm256_permute2f128_ps(b[c], b[4 + c], 0x31);
    }
#elif ATT_LEVEL == 2
    UNROLL
    for (int odd = 0; odd < 2; odd++) { /* columns 2 lane + odd */
        __m512d a[4];
        UNROLL
        for (int i = 0; i < 4; i++)
            a[i] = odd ? _mm512_unpackhi_pd((__m512d)r[2 * i], (__m512d)r[2 * i + 1])
                       : _mm512_unpacklo_pd((__m512d)r[2 * i], (__m512d)r[2 * i + 1]);
        const __m512d lo0 = _mm512_shuffle_f64x2(a[0], a[1], 0x44),
                      hi0 = _mm512_shuffle_f64x2(a[0], a[1], 0xee),
                      lo1 = _mm512_shuffle_f64x2(a[2], a[3], 0x44),
                      hi1 = _mm512_shuffle_f64x2(a[2], a[3], 0xee);
        out[odd] = (VEC)_mm512_shuffle_f64x2(lo0, lo1, 0x88);
        out[2 + odd] = (VEC)_mm512_shuffle_f64x2(lo0, lo1, 0xdd);
        out[4 + odd] = (VEC)_mm512_shuffle_f64x2(hi0, hi1, 0x88);
        out[6 + odd] = (VEC)_mm512_shuffle_f64x2(hi0, hi1, 0xdd);
    }
    memcpy(r, out, sizeof out);
#elif ATT_LEVEL == 1
    UNROLL
    for (int odd = 0; odd < 2; odd++) {
        const __m256d a = odd ? _mm256_unpackhi_pd((__m256d)r[0], (__m256d)r[1])
                              : _mm256_unpacklo_pd((__m256d)r[0], (__m256d)r[1]),
                      b = odd ? _mm256_unpackhi_pd((__m256d)r[2], (__m256d)r[3])
                              : _mm256_unpacklo_pd((__m256d)r[2], (__m256d)r[3]);
        out[odd] = (VEC)_mm256_permute2f128_pd(a, b, 0x20);
        out[2 + odd] = (VEC)_mm256_permute2f128_pd(a, b, 0x31);
    }
    memcpy(r, out, sizeof out);
#else
    REAL t[LANES][LANES];
    memcpy(t, r, sizeof t);
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < LANES; j++)
            r[i][j] = t[j][i];
#endif
}
