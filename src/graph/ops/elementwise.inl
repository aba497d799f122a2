// SPDX-License-Identifier: Apache-2.0
// The elementwise formulas, once, over the abstract vector of graph/cpu/vec.h; included after it
// for each level and real type.
//
// Exact (the same bits at every level): + - * / sqrt, comparisons, select and what is made of them
// alone. The others inherit the bounds of vec_math.h. Formulas that multiply x by a factor that
// tends to 0 bound x first, so that -inf gives the limit and not 0 inf; NaN always passes. Where
// e^-x overflows they give 0: results below 1e-35 (f32) or 1e-305 (f64) are held in absolute value
// only.
#include "graph/ops/analytic.inl"

static inline GNDP_VREAL GNDP_V(ew_neg)(GNDP_VREAL x)
{
    return GNDP_V(v_neg)(x);
}
static inline GNDP_VREAL GNDP_V(ew_abs)(GNDP_VREAL x)
{
    return GNDP_V(v_abs)(x);
}
/* -1, 0, 1; keeps the sign of 0. */
static inline GNDP_VREAL GNDP_V(ew_sign)(GNDP_VREAL x)
{
    const GNDP_VREAL zero = GNDP_V(v_set)(0), one = GNDP_V(v_set)(1);
    const GNDP_VREAL negative_or_x = GNDP_V(v_select)(GNDP_V(v_lt)(x, zero), GNDP_V(v_neg)(one), x);
    return GNDP_V(v_select)(GNDP_V(v_lt)(zero, x), one, negative_or_x);
}
static inline GNDP_VREAL GNDP_V(ew_square)(GNDP_VREAL x)
{
    return GNDP_V(v_mul)(x, x);
}
static inline GNDP_VREAL GNDP_V(ew_sqrt)(GNDP_VREAL x)
{
    return GNDP_V(v_sqrt)(x);
}
static inline GNDP_VREAL GNDP_V(ew_reciprocal)(GNDP_VREAL x)
{
    return GNDP_V(v_div)(GNDP_V(v_set)(1), x);
}
static inline GNDP_VREAL GNDP_V(ew_rsqrt)(GNDP_VREAL x)
{
    return GNDP_V(ew_reciprocal)(GNDP_V(v_sqrt)(x));
}
static inline GNDP_VREAL GNDP_V(ew_exp)(GNDP_VREAL x)
{
    return GNDP_V(v_exp)(x);
}
static inline GNDP_VREAL GNDP_V(ew_expm1)(GNDP_VREAL x)
{
    return GNDP_V(v_expm1)(x);
}
static inline GNDP_VREAL GNDP_V(ew_log)(GNDP_VREAL x)
{
    return GNDP_V(v_log)(x);
}
static inline GNDP_VREAL GNDP_V(ew_log1p)(GNDP_VREAL x)
{
    return GNDP_V(v_log1p)(x);
}
static inline GNDP_VREAL GNDP_V(ew_sin)(GNDP_VREAL x)
{
    return GNDP_V(v_sin)(x);
}
static inline GNDP_VREAL GNDP_V(ew_cos)(GNDP_VREAL x)
{
    return GNDP_V(v_cos)(x);
}
static inline GNDP_VREAL GNDP_V(ew_tanh)(GNDP_VREAL x)
{
    return GNDP_V(v_tanh)(x);
}
static inline GNDP_VREAL GNDP_V(ew_erf)(GNDP_VREAL x)
{
    return GNDP_V(v_erf)(x);
}
/* 1 / (1 + e^-x): e^-x = inf gives the limit 0. */
static inline GNDP_VREAL GNDP_V(ew_sigmoid)(GNDP_VREAL x)
{
    return GNDP_V(ew_reciprocal)(GNDP_V(v_add)(GNDP_V(v_set)(1), GNDP_V(v_exp)(GNDP_V(v_neg)(x))));
}
/* ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|) */
static inline GNDP_VREAL GNDP_V(ew_softplus)(GNDP_VREAL x)
{
    const GNDP_VREAL e = GNDP_V(v_exp)(GNDP_V(v_neg)(GNDP_V(v_abs)(x)));
    return GNDP_V(v_add)(GNDP_V(v_at_least)(x, GNDP_V(v_set)(0)), GNDP_V(v_log1p)(e));
}
static inline GNDP_VREAL GNDP_V(ew_relu)(GNDP_VREAL x)
{
    return GNDP_V(v_at_least)(x, GNDP_V(v_set)(0));
}
/* x/2 (1 + tanh u) = x / (1 + e^-2u), u = sqrt(2/pi) (x + 0.044715 x^3) (Hendrycks & Gimpel 2016,
   arXiv:1606.08415). At the bound -30 the exponential has overflowed in either type. Error: (4 + 3
   |2u|) ulp, for that of u is magnified. */
#define GNDP_GELU_A 1.5957691216057308  /* 2 sqrt(2/pi) */
#define GNDP_GELU_B 0.07135481627260025 /* 0.044715 times it */
static inline GNDP_VREAL GNDP_V(ew_gelu)(GNDP_VREAL x)
{
    const GNDP_VREAL y = GNDP_V(v_at_least)(x, GNDP_V(v_set)(-30)), y2 = GNDP_V(v_mul)(y, y);
    const GNDP_VREAL slope =
        GNDP_V(v_fma)(y2, GNDP_V(v_set)((REAL)-GNDP_GELU_B), GNDP_V(v_set)((REAL)-GNDP_GELU_A));
    const GNDP_VREAL e = GNDP_V(v_exp)(GNDP_V(v_mul)(y, slope));
    return GNDP_V(v_div)(y, GNDP_V(v_add)(GNDP_V(v_set)(1), e));
}
/* Its derivative s + x s (1 - s) 2u', s = 1 / (1 + e^-2u). With e = e^-|2u|, s (1 - s) = e / (1 +
   e)^2 on both sides, without overflow or cancellation; past +-30 it is 0 and s is 0 or 1. */
static inline GNDP_VREAL GNDP_V(ew_gelu_d)(GNDP_VREAL x)
{
    const GNDP_VREAL one = GNDP_V(v_set)(1), a = GNDP_V(v_set)((REAL)GNDP_GELU_A);
    const GNDP_VREAL y =
        GNDP_V(v_at_most)(GNDP_V(v_at_least)(x, GNDP_V(v_set)(-30)), GNDP_V(v_set)(30));
    const GNDP_VREAL y2 = GNDP_V(v_mul)(y, y);
    const GNDP_VREAL two_u =
        GNDP_V(v_mul)(y, GNDP_V(v_fma)(y2, GNDP_V(v_set)((REAL)GNDP_GELU_B), a));
    const GNDP_VREAL e = GNDP_V(v_exp)(GNDP_V(v_neg)(GNDP_V(v_abs)(two_u)));
    const GNDP_VREAL big = GNDP_V(v_div)(one, GNDP_V(v_add)(one, e)), small = GNDP_V(v_mul)(e, big);
    const GNDP_VREAL s = GNDP_V(v_select)(GNDP_V(v_lt)(y, GNDP_V(v_set)(0)), small, big);
    const GNDP_VREAL slope = GNDP_V(v_fma)(y2, GNDP_V(v_set)((REAL)(3 * GNDP_GELU_B)), a);
    return GNDP_V(v_fma)(GNDP_V(v_mul)(GNDP_V(v_mul)(big, small), y), slope, s);
}
/* x Phi(x) = x/2 (1 + erf(x / sqrt 2)); for x < 0 the sum cancels, the error is 2 ulp of |x|. */
static inline GNDP_VREAL GNDP_V(ew_gelu_erf)(GNDP_VREAL x)
{
    const GNDP_VREAL y = GNDP_V(v_at_least)(x, GNDP_V(v_set)(-40));
    const GNDP_VREAL twice_phi =
        GNDP_V(v_add)(GNDP_V(v_set)(1),
                      GNDP_V(v_erf)(GNDP_V(v_mul)(y, GNDP_V(v_set)((REAL)0.70710678118654752))));
    return GNDP_V(v_mul)(GNDP_V(v_mul)(y, GNDP_V(v_set)((REAL)0.5)), twice_phi);
}
static inline GNDP_VREAL GNDP_V(ew_silu)(GNDP_VREAL x)
{
    const GNDP_VREAL y = GNDP_V(v_at_least)(x, GNDP_V(v_set)(-1000));
    return GNDP_V(v_div)(y, GNDP_V(v_add)(GNDP_V(v_set)(1), GNDP_V(v_exp)(GNDP_V(v_neg)(y))));
}
/* s + x s (1 - s), as in gelu_d. */
static inline GNDP_VREAL GNDP_V(ew_silu_d)(GNDP_VREAL x)
{
    const GNDP_VREAL one = GNDP_V(v_set)(1);
    const GNDP_VREAL y =
        GNDP_V(v_at_most)(GNDP_V(v_at_least)(x, GNDP_V(v_set)(-1000)), GNDP_V(v_set)(1000));
    const GNDP_VREAL e = GNDP_V(v_exp)(GNDP_V(v_neg)(GNDP_V(v_abs)(y)));
    const GNDP_VREAL big = GNDP_V(v_div)(one, GNDP_V(v_add)(one, e)), small = GNDP_V(v_mul)(e, big);
    const GNDP_VREAL s = GNDP_V(v_select)(GNDP_V(v_lt)(y, GNDP_V(v_set)(0)), small, big);
    return GNDP_V(v_fma)(GNDP_V(v_mul)(big, small), y, s);
}
static inline GNDP_VREAL GNDP_V(ew_floor)(GNDP_VREAL x)
{
    return GNDP_V(v_floor)(x);
}
/* 1 where x > 0, else 0, also for NaN. */
static inline GNDP_VREAL GNDP_V(ew_step)(GNDP_VREAL x)
{
    const GNDP_VREAL zero = GNDP_V(v_set)(0);
    return GNDP_V(v_select)(GNDP_V(v_lt)(zero, x), GNDP_V(v_set)(1), zero);
}
static inline GNDP_VREAL GNDP_V(ew_cos_sqrt)(GNDP_VREAL x)
{
    return GNDP_V(v_map1)(gndp_cos_sqrt_at, x);
}
static inline GNDP_VREAL GNDP_V(ew_arccos_sq)(GNDP_VREAL c)
{
    return GNDP_V(v_map1)(gndp_arccos_sq_at, c);
}
static inline GNDP_VREAL GNDP_V(ew_sphj)(GNDP_VREAL x, const double *p)
{
    return GNDP_V(v_map1p)(gndp_sphj_at, x, p);
}
static inline GNDP_VREAL GNDP_V(ew_angle)(GNDP_VREAL c, const double *p)
{
    return GNDP_V(v_map1p)(gndp_angle_at, c, p);
}
static inline GNDP_VREAL GNDP_V(ew_scale)(GNDP_VREAL x, const double *p)
{
    return GNDP_V(v_mul)(x, GNDP_V(v_set)((REAL)p[0]));
}
static inline GNDP_VREAL GNDP_V(ew_offset)(GNDP_VREAL x, const double *p)
{
    return GNDP_V(v_add)(x, GNDP_V(v_set)((REAL)p[0]));
}
/* x^p0. The roots differ from pow where C99's pow does from sqrt: at -inf (NaN) and -0. */
static inline GNDP_VREAL GNDP_V(ew_powc)(GNDP_VREAL x, const double *p)
{
    if (p[0] == 2.0)
        return GNDP_V(v_mul)(x, x);
    if (p[0] == 3.0)
        return GNDP_V(v_mul)(GNDP_V(v_mul)(x, x), x);
    if (p[0] == 0.5)
        return GNDP_V(v_sqrt)(x);
    if (p[0] == -0.5)
        return GNDP_V(ew_rsqrt)(x);
    if (p[0] == -1.0)
        return GNDP_V(ew_reciprocal)(x);
    return GNDP_V(v_pow)(x, GNDP_V(v_set)((REAL)p[0]));
}
static inline GNDP_VREAL GNDP_V(ew_clip)(GNDP_VREAL x, const double *p)
{
    return GNDP_V(v_at_most)(GNDP_V(v_at_least)(x, GNDP_V(v_set)((REAL)p[0])),
                             GNDP_V(v_set)((REAL)p[1]));
}
/* p0 x + p1 with both operations rounded, so that it equals scale then offset at every level. */
static inline GNDP_VREAL GNDP_V(ew_affine)(GNDP_VREAL x, const double *p)
{
    return GNDP_V(v_add)(GNDP_V(v_mul)(x, GNDP_V(v_set)((REAL)p[0])), GNDP_V(v_set)((REAL)p[1]));
}
static inline GNDP_VREAL GNDP_V(ew_add)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_add)(a, b);
}
static inline GNDP_VREAL GNDP_V(ew_sub)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_sub)(a, b);
}
static inline GNDP_VREAL GNDP_V(ew_mul)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_mul)(a, b);
}
static inline GNDP_VREAL GNDP_V(ew_div)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_div)(a, b);
}
static inline GNDP_VREAL GNDP_V(ew_max)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_max)(a, b);
}
static inline GNDP_VREAL GNDP_V(ew_min)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_min)(a, b);
}
static inline GNDP_VREAL GNDP_V(ew_pow)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_pow)(a, b);
}
static inline GNDP_VREAL GNDP_V(ew_atan2)(GNDP_VREAL y, GNDP_VREAL x)
{
    return GNDP_V(v_atan2)(y, x);
}
static inline GNDP_VMASK GNDP_V(ew_isfinite)(GNDP_VREAL x)
{
    return GNDP_V(v_lt)(GNDP_V(v_abs)(x), GNDP_V(v_set)((REAL)INFINITY));
}
static inline GNDP_VMASK GNDP_V(ew_less)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_lt)(a, b);
}
static inline GNDP_VMASK GNDP_V(ew_less_equal)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_le)(a, b);
}
static inline GNDP_VMASK GNDP_V(ew_equal)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_eq)(a, b);
}
/* True when an argument is NaN. */
static inline GNDP_VMASK GNDP_V(ew_not_equal)(GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_not)(GNDP_V(v_eq)(a, b));
}
static inline GNDP_VREAL GNDP_V(ew_select)(GNDP_VMASK m, GNDP_VREAL a, GNDP_VREAL b)
{
    return GNDP_V(v_select)(m, a, b);
}
#undef GNDP_GELU_A
#undef GNDP_GELU_B
