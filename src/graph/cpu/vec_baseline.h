// SPDX-License-Identifier: Apache-2.0
// vec.h for any processor: 16-byte vectors of the compiler (gcc, clang), which are SSE2 on x86-64
// and NEON on aarch64.
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#if defined(__x86_64__) || defined(__aarch64__)
#include <sleef.h>
#endif

#undef GNDP_MM
#undef GNDP_SLEEF
#undef GNDP_VINT
#undef GNDP_VEC_SHIFT
#undef GNDP_VEC_INTEGRAL
#if GNDP_VEC_REAL == 32
#define GNDP_VLANES 4
#define GNDP_VINT GNDP_V(vint)
#define GNDP_VEC_SHIFT 23
#define GNDP_VEC_INTEGRAL 0x1p23f /* from here on every real is an integer */
#define GNDP_MM(op) _mm_##op##_ps
typedef float GNDP_VREAL __attribute__((vector_size(16)));
typedef int32_t GNDP_VINT __attribute__((vector_size(16)));
#if defined(__x86_64__)
#define GNDP_SLEEF(f) Sleef_##f##f4_u10sse2
#elif defined(__aarch64__)
#define GNDP_SLEEF(f) Sleef_##f##f4_u10advsimd
#endif
#else
#define GNDP_VLANES 2
#define GNDP_VINT GNDP_V(vint)
#define GNDP_VEC_SHIFT 52
#define GNDP_VEC_INTEGRAL 0x1p52
#define GNDP_MM(op) _mm_##op##_pd
typedef double GNDP_VREAL __attribute__((vector_size(16)));
typedef int64_t GNDP_VINT __attribute__((vector_size(16)));
#if defined(__x86_64__)
#define GNDP_SLEEF(f) Sleef_##f##d2_u10sse2
#elif defined(__aarch64__)
#define GNDP_SLEEF(f) Sleef_##f##d2_u10advsimd
#endif
#endif
typedef GNDP_VINT GNDP_VMASK;

/* Through memcpy, which becomes one unaligned move and has no aliasing trap. */
static inline GNDP_VREAL GNDP_V(v_load)(const REAL *p)
{
    GNDP_VREAL x;
    memcpy(&x, p, sizeof x);
    return x;
}
static inline void GNDP_V(v_store)(REAL *p, GNDP_VREAL x)
{
    memcpy(p, &x, sizeof x);
}
static inline GNDP_VREAL GNDP_V(v_load_n)(const REAL *p, int64_t n)
{
    GNDP_VREAL x = {0};
    for (int64_t i = 0; i < n; i++)
        x[i] = p[i];
    return x;
}
static inline void GNDP_V(v_store_n)(REAL *p, int64_t n, GNDP_VREAL x)
{
    for (int64_t i = 0; i < n; i++)
        p[i] = x[i];
}
static inline GNDP_VREAL GNDP_V(v_set)(REAL a)
{
#if GNDP_VEC_REAL == 32
    return (GNDP_VREAL){a, a, a, a};
#else
    return (GNDP_VREAL){a, a};
#endif
}
static inline GNDP_VREAL GNDP_V(v_add)(GNDP_VREAL a, GNDP_VREAL b)
{
    return a + b;
}
static inline GNDP_VREAL GNDP_V(v_sub)(GNDP_VREAL a, GNDP_VREAL b)
{
    return a - b;
}
static inline GNDP_VREAL GNDP_V(v_mul)(GNDP_VREAL a, GNDP_VREAL b)
{
    return a * b;
}
static inline GNDP_VREAL GNDP_V(v_div)(GNDP_VREAL a, GNDP_VREAL b)
{
    return a / b;
}
static inline GNDP_VREAL GNDP_V(v_fma)(GNDP_VREAL a, GNDP_VREAL b, GNDP_VREAL c)
{
    return a * b + c;
}
static inline GNDP_VINT GNDP_V(v_sign_bit)(void)
{
    return (GNDP_VINT)GNDP_V(v_set)((REAL)-0.0);
}
static inline GNDP_VREAL GNDP_V(v_neg)(GNDP_VREAL a)
{
    return (GNDP_VREAL)((GNDP_VINT)a ^ GNDP_V(v_sign_bit)());
}
static inline GNDP_VREAL GNDP_V(v_abs)(GNDP_VREAL a)
{
    return (GNDP_VREAL)((GNDP_VINT)a & ~GNDP_V(v_sign_bit)());
}
static inline GNDP_VREAL GNDP_V(v_copysign)(GNDP_VREAL a, GNDP_VREAL sign)
{
    return (GNDP_VREAL)(((GNDP_VINT)a & ~GNDP_V(v_sign_bit)()) |
                        ((GNDP_VINT)sign & GNDP_V(v_sign_bit)()));
}
static inline GNDP_VREAL GNDP_V(v_sqrt)(GNDP_VREAL a)
{
#if defined(__SSE2__)
    return GNDP_MM(sqrt)(a);
#else
    for (int i = 0; i < GNDP_VLANES; i++)
        a[i] = (REAL)sqrt(
            (double)a[i]); /* exact for float too: double carries more than 2 p + 2 bits */
    return a;
#endif
}
static inline GNDP_VMASK GNDP_V(v_lt)(GNDP_VREAL a, GNDP_VREAL b)
{
    return a < b;
}
static inline GNDP_VMASK GNDP_V(v_le)(GNDP_VREAL a, GNDP_VREAL b)
{
    return a <= b;
}
static inline GNDP_VMASK GNDP_V(v_eq)(GNDP_VREAL a, GNDP_VREAL b)
{
    return a == b;
}
static inline GNDP_VMASK GNDP_V(v_not)(GNDP_VMASK m)
{
    return ~m;
}
static inline GNDP_VREAL GNDP_V(v_select)(GNDP_VMASK m, GNDP_VREAL a, GNDP_VREAL b)
{
    return (GNDP_VREAL)((m & (GNDP_VINT)a) | (~m & (GNDP_VINT)b));
}
static inline GNDP_VREAL GNDP_V(v_max)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_select)((a > b) | (a != a), a, b);
}
static inline GNDP_VREAL GNDP_V(v_min)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_select)((a < b) | (a != a), a, b);
}
static inline GNDP_VREAL GNDP_V(v_at_least)(GNDP_VREAL x, GNDP_VREAL low)
{
#if defined(__SSE2__)
    return GNDP_MM(max)(low, x);
#else
    return GNDP_V(v_select)(low > x, low, x);
#endif
}
static inline GNDP_VREAL GNDP_V(v_at_most)(GNDP_VREAL x, GNDP_VREAL high)
{
#if defined(__SSE2__)
    return GNDP_MM(min)(high, x);
#else
    return GNDP_V(v_select)(high < x, high, x);
#endif
}
/* Adding and taking away 2^23 (or 2^52) of the same sign rounds to even in the default mode; larger
 * x, inf and NaN pass. */
static inline GNDP_VREAL GNDP_V(v_round)(GNDP_VREAL a)
{
    const GNDP_VREAL big = GNDP_V(v_copysign)(GNDP_V(v_set)(GNDP_VEC_INTEGRAL), a);
    const GNDP_VREAL rounded = GNDP_V(v_copysign)((a + big) - big, a);
    return GNDP_V(v_select)(GNDP_V(v_abs)(a) < GNDP_V(v_set)(GNDP_VEC_INTEGRAL), rounded, a);
}
static inline GNDP_VREAL GNDP_V(v_floor)(GNDP_VREAL a)
{
    const GNDP_VREAL r = GNDP_V(v_round)(a);
    const GNDP_VREAL one_less = r - GNDP_V(v_set)(1);
    return GNDP_V(v_select)(r > a, one_less, r);
}
static inline GNDP_VMASK GNDP_V(v_mask_load_n)(const int32_t *p, int64_t n)
{
    GNDP_VMASK m = {0};
    for (int64_t i = 0; i < n; i++)
        m[i] = p[i] != 0 ? -1 : 0;
    return m;
}
static inline void GNDP_V(v_mask_store_n)(int32_t *p, int64_t n, GNDP_VMASK m)
{
    for (int64_t i = 0; i < n; i++)
        p[i] = m[i] != 0;
}
static inline GNDP_VMASK GNDP_V(v_mask_load)(const int32_t *p)
{
#if GNDP_VEC_REAL == 32
    GNDP_VINT i;
    memcpy(&i, p, sizeof i);
    return i != 0;
#else
    return GNDP_V(v_mask_load_n)(p, GNDP_VLANES);
#endif
}
static inline void GNDP_V(v_mask_store)(int32_t *p, GNDP_VMASK m)
{
#if GNDP_VEC_REAL == 32
    const GNDP_VINT i = m & 1;
    memcpy(p, &i, sizeof i);
#else
    GNDP_V(v_mask_store_n)(p, GNDP_VLANES, m);
#endif
}
/* Folded by halves, as vec.h states. */
static inline REAL GNDP_V(v_sum)(GNDP_VREAL x)
{
#if GNDP_VEC_REAL == 32
    return (x[0] + x[2]) + (x[1] + x[3]);
#else
    return x[0] + x[1];
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
    return (GNDP_VREAL)((GNDP_VINT)(n + GNDP_V(v_set)(magic)) << GNDP_VEC_SHIFT);
}
/* x 2^n for |n| up to twice the largest exponent: in two parts, so that overflow is inf and
   underflow gradual. The parts need not be equal, which lets rounding to even stand in for the
   dearer floor. */
static inline GNDP_VREAL GNDP_V(v_scale2)(GNDP_VREAL x, GNDP_VREAL n)
{
    const GNDP_VREAL magic = GNDP_V(v_set)((REAL)1.5 * GNDP_VEC_INTEGRAL);
    const GNDP_VREAL half = (n * GNDP_V(v_set)((REAL)0.5) + magic) - magic;
    return x * GNDP_V(v_pow2)(half) * GNDP_V(v_pow2)(n - half);
}
