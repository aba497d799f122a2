// SPDX-License-Identifier: Apache-2.0
// Elementary functions of vec.h: ours where they beat the library at the stated bound, else SLEEF's
// u10 (1.0 ulp).
//
// Error bounds in ulp of the result, f32 and f64, at every level (tests/graph/test_vec_math.c holds
// each to them):
//
//   exp    1.25   expm1  2.5   tanh  3.0   erf  3.25 (f64 1.1)
//   log    1.1    log1p  1.1   pow   1.1   atan2  1.5   sin, cos  2.5 (any argument)
//
// Results below the least normal number may be flushed to 0 and are held in absolute value. The
// scalar level uses the C library, so levels agree to the sum of the bounds, not to the bit. NaN
// gives NaN, infinities their limits, exp overflows to inf, log is -inf at 0 and NaN below.
#if GNDP_VEC_LEVEL == 0

static inline GNDP_VREAL GNDP_V(v_map1)(double (*f)(double), GNDP_VREAL x)
{
    return (REAL)f((double)x);
}
static inline GNDP_VREAL GNDP_V(v_map1p)(double (*f)(double, const double *), GNDP_VREAL x,
                                         const double *p)
{
    return (REAL)f((double)x, p);
}
#undef GNDP_VEC_LIBM1
#define GNDP_VEC_LIBM1(f)                                                                          \
    static inline GNDP_VREAL GNDP_V(v_##f)(GNDP_VREAL x)                                           \
    {                                                                                              \
        return GNDP_LIBM(f)(x);                                                                    \
    }
#undef GNDP_VEC_LIBM2
#define GNDP_VEC_LIBM2(f)                                                                          \
    static inline GNDP_VREAL GNDP_V(v_##f)(GNDP_VREAL x, GNDP_VREAL y)                             \
    {                                                                                              \
        return GNDP_LIBM(f)(x, y);                                                                 \
    }
GNDP_VEC_LIBM1(exp)
GNDP_VEC_LIBM1(expm1)
GNDP_VEC_LIBM1(log)
GNDP_VEC_LIBM1(log1p)
GNDP_VEC_LIBM1(sin)
GNDP_VEC_LIBM1(cos)
GNDP_VEC_LIBM1(tanh)
GNDP_VEC_LIBM1(erf)
GNDP_VEC_LIBM2(pow)
GNDP_VEC_LIBM2(atan2)

#else

static inline REAL GNDP_V(v_largest)(GNDP_VREAL x)
{
    REAL lane[GNDP_VLANES];
    GNDP_V(v_store)(lane, x);
    for (int h = GNDP_VLANES / 2; h > 0; h /= 2)
        for (int j = 0; j < h; j++)
            lane[j] = lane[j] > lane[j + h] || lane[j] != lane[j] ? lane[j] : lane[j + h];
    return lane[0];
}

static inline GNDP_VREAL GNDP_V(v_map1)(double (*f)(double), GNDP_VREAL x)
{
    REAL lane[GNDP_VLANES];
    GNDP_V(v_store)(lane, x);
    for (int j = 0; j < GNDP_VLANES; j++)
        lane[j] = (REAL)f((double)lane[j]);
    return GNDP_V(v_load)(lane);
}
static inline GNDP_VREAL GNDP_V(v_map1p)(double (*f)(double, const double *), GNDP_VREAL x,
                                         const double *p)
{
    REAL lane[GNDP_VLANES];
    GNDP_V(v_store)(lane, x);
    for (int j = 0; j < GNDP_VLANES; j++)
        lane[j] = (REAL)f((double)lane[j], p);
    return GNDP_V(v_load)(lane);
}

#ifdef GNDP_SLEEF
#define GNDP_VEC_LIB1(f)                                                                           \
    static inline GNDP_VREAL GNDP_V(v_##f)(GNDP_VREAL x)                                           \
    {                                                                                              \
        return GNDP_SLEEF(f)(x);                                                                   \
    }
#define GNDP_VEC_LIB2(f)                                                                           \
    static inline GNDP_VREAL GNDP_V(v_##f)(GNDP_VREAL x, GNDP_VREAL y)                             \
    {                                                                                              \
        return GNDP_SLEEF(f)(x, y);                                                                \
    }
#else /* a processor SLEEF has no vectors for: the C library in double, lane by lane */
#define GNDP_VEC_LIB1(f)                                                                           \
    static inline GNDP_VREAL GNDP_V(v_##f)(GNDP_VREAL x)                                           \
    {                                                                                              \
        return GNDP_V(v_map1)(f, x);                                                               \
    }
#define GNDP_VEC_LIB2(f)                                                                           \
    static inline GNDP_VREAL GNDP_V(v_##f)(GNDP_VREAL x, GNDP_VREAL y)                             \
    {                                                                                              \
        for (int j = 0; j < GNDP_VLANES; j++)                                                      \
            x[j] = (REAL)f((double)x[j], (double)y[j]);                                            \
        return x;                                                                                  \
    }
#endif
GNDP_VEC_LIB1(log)
GNDP_VEC_LIB1(log1p)
GNDP_VEC_LIB2(pow)
GNDP_VEC_LIB2(atan2)
#if GNDP_VEC_REAL == 64
GNDP_VEC_LIB1(erf)
#endif
#undef GNDP_VEC_LIB1
#undef GNDP_VEC_LIB2

/* SLEEF's sine changes its method for the whole vector when one lane is large, so that an element's
   bits would depend on its neighbours. Ours leaves just the large lanes to the C library; without a
   fused step (baseline) it takes all of them there. */
#if GNDP_VEC_LEVEL == 1
static inline GNDP_VREAL GNDP_V(v_sin)(GNDP_VREAL x)
{
    return GNDP_V(v_map1)(sin, x);
}
static inline GNDP_VREAL GNDP_V(v_cos)(GNDP_VREAL x)
{
    return GNDP_V(v_map1)(cos, x);
}
#else
/* sin r for |r| a little over pi/2, as r + r^3 P(r^2) with least relative error (Remez), 9.5e-9
 * and 2.8e-19. */
static inline GNDP_VREAL GNDP_V(v_sin_short)(GNDP_VREAL r)
{
#if GNDP_VEC_REAL == 32
    static const REAL c[] = {0x1.5be9f2p-19f, -0x1.9f4f44p-13f, 0x1.110e24p-7f, -0x1.555548p-3f};
#else
    static const REAL c[] = {0x1.882566d596176p-49,  -0x1.ae42f635c2ec6p-41, 0x1.6123ca950a694p-33,
                             -0x1.ae6454c918b7ep-26, 0x1.71de3a5283010p-19,  -0x1.a01a01a01480fp-13,
                             0x1.11111111110c0p-7,   -0x1.5555555555555p-3};
#endif
    const GNDP_VREAL s = GNDP_V(v_mul)(r, r);
    GNDP_VREAL p = GNDP_V(v_set)(c[0]);
    for (int k = 1; k < (int)(sizeof c / sizeof c[0]); k++)
        p = GNDP_V(v_fma)(p, s, GNDP_V(v_set)(c[k]));
    return GNDP_V(v_fma)(GNDP_V(v_mul)(r, s), p, r);
}
/* x - n pi with pi in three parts. The first step is exact: its result is a multiple of the last
   place of pi's first part (n may end in a half) and small. */
static inline GNDP_VREAL GNDP_V(v_pi_reduce)(GNDP_VREAL x, GNDP_VREAL n)
{
#if GNDP_VEC_REAL == 32
    const REAL a = 0x1.921fb6p+1f, b = -0x1.777a5cp-24f, c = -0x1.ee59dap-49f;
#else
    const REAL a = 0x1.921fb54442d18p+1, b = 0x1.1a62633145c07p-53, c = -0x1.f1976b7ed8fbcp-109;
#endif
    GNDP_VREAL r = GNDP_V(v_fma)(n, GNDP_V(v_set)(-a), x);
    r = GNDP_V(v_fma)(n, GNDP_V(v_set)(-b), r);
    return GNDP_V(v_fma)(n, GNDP_V(v_set)(-c), r);
}
/* y with the lanes where |x| is past 2^20 (2^30) replaced by f(x): there n pi would need more
 * parts. */
static inline GNDP_VREAL GNDP_V(v_mend_large)(double (*f)(double), GNDP_VREAL x, GNDP_VREAL y)
{
    const GNDP_VREAL limit = GNDP_V(v_set)(GNDP_VEC_REAL == 32 ? (REAL)0x1p20 : (REAL)0x1p30);
    const GNDP_VMASK large = GNDP_V(v_lt)(limit, GNDP_V(v_abs)(x));
    if (__builtin_expect(GNDP_V(v_any)(large), 0))
        y = GNDP_V(v_select)(large, GNDP_V(v_map1)(f, x), y);
    return y;
}
/* x = n pi + r: sin x = (-1)^n sin r. */
static inline GNDP_VREAL GNDP_V(v_sin)(GNDP_VREAL x)
{
    const GNDP_VREAL n =
        GNDP_V(v_round)(GNDP_V(v_mul)(x, GNDP_V(v_set)((REAL)0x1.45f306dc9c883p-2)));
    const GNDP_VREAL r = GNDP_V(v_flip_if_odd)(GNDP_V(v_pi_reduce)(x, n), n);
    return GNDP_V(v_mend_large)(sin, x, GNDP_V(v_sin_short)(r));
}
/* x = (k + 1/2) pi + r: cos x = (-1)^(k+1) sin r. */
static inline GNDP_VREAL GNDP_V(v_cos)(GNDP_VREAL x)
{
    const GNDP_VREAL half = GNDP_V(v_set)((REAL)0.5), one = GNDP_V(v_set)(1);
    const GNDP_VREAL k = GNDP_V(v_round)(
        GNDP_V(v_fma)(x, GNDP_V(v_set)((REAL)0x1.45f306dc9c883p-2), GNDP_V(v_neg)(half)));
    const GNDP_VREAL r = GNDP_V(v_pi_reduce)(x, GNDP_V(v_add)(k, half));
    return GNDP_V(v_mend_large)(
        cos, x, GNDP_V(v_sin_short)(GNDP_V(v_flip_if_odd)(r, GNDP_V(v_add)(k, one))));
}
#endif

/* e^r - 1 on |r| <= ln(2)/2 as r + r^2 q(r); q minimises the relative error of this sum
 * (Remez), 1.4e-8 and 1.9e-17. */
static inline GNDP_VREAL GNDP_V(v_expm1_short)(GNDP_VREAL r)
{
#if GNDP_VEC_REAL == 32
    static const REAL c[] = {0x1.6bebd6p-10f, 0x1.122886p-7f, 0x1.555676p-5f, 0x1.5554aep-3f,
                             0x1.fffffep-2f};
#else
    static const REAL c[] = {0x1.ae68d65a9720fp-26, 0x1.28a29df8f4bfep-22, 0x1.71de8a9363929p-19,
                             0x1.a019a6ba9704fp-16, 0x1.a01a0173a072cp-13, 0x1.6c16c17f136a5p-10,
                             0x1.11111111194bdp-7,  0x1.55555555521f5p-5,  0x1.5555555555538p-3,
                             0x1.0000000000005p-1};
#endif
    GNDP_VREAL q = GNDP_V(v_set)(c[0]);
    for (int k = 1; k < (int)(sizeof c / sizeof c[0]); k++) /* constant count: unrolled */
        q = GNDP_V(v_fma)(q, r, GNDP_V(v_set)(c[k]));
    return GNDP_V(v_fma)(GNDP_V(v_mul)(r, r), q, r);
}

/* x = n ln 2 + r. The high part of ln 2 has enough trailing zeros that n times it is exact, so no
 * fused step is needed. */
static inline GNDP_VREAL GNDP_V(v_ln2_reduce)(GNDP_VREAL x, GNDP_VREAL *n)
{
#if GNDP_VEC_REAL == 32
    const REAL log2e = 0x1.715476p+0f, high = 0x1.63p-1f, low = -0x1.bd0106p-13f, magic = 0x1.8p23f;
#else
    const REAL log2e = 0x1.71547652b82fep+0, high = 0x1.62e42feep-1, low = 0x1.a39ef35793c76p-33,
               magic = 0x1.8p52;
#endif
    (void)magic;
    const GNDP_VREAL y = GNDP_V(v_mul)(x, GNDP_V(v_set)(log2e));
#if GNDP_VEC_LEVEL ==                                                                              \
    1 /* |y| is small: the plain rounding of vec_baseline.h would check what cannot happen */
    *n = GNDP_V(v_sub)(GNDP_V(v_add)(y, GNDP_V(v_set)(magic)), GNDP_V(v_set)(magic));
#else
    *n = GNDP_V(v_round)(y);
#endif
    return GNDP_V(v_fma)(*n, GNDP_V(v_set)(-low), GNDP_V(v_fma)(*n, GNDP_V(v_set)(-high), x));
}

/* The bounds lie just past overflow and underflow: the scaling does the rest, and inf needs no case
 * of its own. */
static inline GNDP_VREAL GNDP_V(v_exp)(GNDP_VREAL x)
{
    const REAL low = GNDP_VEC_REAL == 32 ? (REAL)-104 : (REAL)-746,
               high = GNDP_VEC_REAL == 32 ? (REAL)89 : (REAL)710;
    GNDP_VREAL n;
    x = GNDP_V(v_at_most)(GNDP_V(v_at_least)(x, GNDP_V(v_set)(low)), GNDP_V(v_set)(high));
    const GNDP_VREAL r = GNDP_V(v_ln2_reduce)(x, &n);
    const GNDP_VREAL p = GNDP_V(v_add)(GNDP_V(v_expm1_short)(r), GNDP_V(v_set)(1));
    return GNDP_V(v_scale2)(p, n);
}

/* e^x - 1 = 2^n (e^r - 1) + (2^n - 1) for low <= x <= 0, where 2^n is normal. */
static inline GNDP_VREAL GNDP_V(v_expm1_negative)(GNDP_VREAL x)
{
    GNDP_VREAL n;
    const GNDP_VREAL r = GNDP_V(v_ln2_reduce)(x, &n);
    const GNDP_VREAL s = GNDP_V(v_pow2)(n);
    return GNDP_V(v_fma)(s, GNDP_V(v_expm1_short)(r), GNDP_V(v_sub)(s, GNDP_V(v_set)(1)));
}

/* The same for all x, with 2^(n-1), because 2^n overflows before e^x does. The sign is that of x,
 * also at -0. */
static inline GNDP_VREAL GNDP_V(v_expm1)(GNDP_VREAL x)
{
    const REAL low = GNDP_VEC_REAL == 32 ? (REAL)-40 : (REAL)-80,
               high = GNDP_VEC_REAL == 32 ? (REAL)89 : (REAL)710;
    GNDP_VREAL n;
    const GNDP_VREAL y =
        GNDP_V(v_at_most)(GNDP_V(v_at_least)(x, GNDP_V(v_set)(low)), GNDP_V(v_set)(high));
    const GNDP_VREAL r = GNDP_V(v_ln2_reduce)(y, &n);
    const GNDP_VREAL s = GNDP_V(v_pow2)(GNDP_V(v_sub)(n, GNDP_V(v_set)(1)));
    const GNDP_VREAL half =
        GNDP_V(v_fma)(s, GNDP_V(v_expm1_short)(r), GNDP_V(v_sub)(s, GNDP_V(v_set)((REAL)0.5)));
    return GNDP_V(v_copysign)(GNDP_V(v_add)(half, half), x);
}

/* tanh|x| = -a / (2 + a) with a = expm1(-2|x|): nothing cancels, at 0 either. tanh is 1 from the
 * bound on. */
static inline GNDP_VREAL GNDP_V(v_tanh)(GNDP_VREAL x)
{
    const REAL high = GNDP_VEC_REAL == 32 ? (REAL)10 : (REAL)20;
    const GNDP_VREAL y = GNDP_V(v_at_most)(GNDP_V(v_abs)(x), GNDP_V(v_set)(high));
    const GNDP_VREAL a = GNDP_V(v_expm1_negative)(GNDP_V(v_mul)(y, GNDP_V(v_set)(-2)));
    return GNDP_V(v_copysign)(GNDP_V(v_div)(a, GNDP_V(v_add)(a, GNDP_V(v_set)(2))), x);
}

#if GNDP_VEC_REAL == 32
/* erf|x| = -expm1(y w(y)), y = |x|, with y w(y) = ln erfc(y) analytic on [0, 4]; w minimises the
   relative error of erf (Remez, 4e-9); its leading coefficient, -2/sqrt(pi), comes in two parts.
   erf rounds to 1 from 3.92 on. */
static inline GNDP_VREAL GNDP_V(v_erf)(GNDP_VREAL x)
{
    static const REAL c[] = {0x1.3691bcp-17f,  -0x1.ed66e0p-14f, 0x1.4bc7a0p-11f,
                             -0x1.b4fe78p-10f, 0x1.505470p-13f,  0x1.39cdcep-6f,
                             -0x1.a4fa5ep-4f,  -0x1.45f2fap-1f,  -0x1.20dd76p+0f};
    const GNDP_VREAL y = GNDP_V(v_at_most)(GNDP_V(v_abs)(x), GNDP_V(v_set)(4));
    GNDP_VREAL w = GNDP_V(v_set)(c[0]);
    for (int k = 1; k < (int)(sizeof c / sizeof c[0]); k++)
        w = GNDP_V(v_fma)(w, y, GNDP_V(v_set)(c[k]));
    const GNDP_VREAL log_erfc =
        GNDP_V(v_fma)(w, y, GNDP_V(v_mul)(y, GNDP_V(v_set)(0x1.f7ac92p-25f)));
    return GNDP_V(v_copysign)(GNDP_V(v_expm1_negative)(log_erfc), x);
}
#endif

#endif
