// SPDX-License-Identifier: Apache-2.0
// vec.h for one lane: plain C and the C library, the reference of every other level.
#define GNDP_VLANES 1

typedef REAL GNDP_VREAL;
typedef bool GNDP_VMASK;

static inline GNDP_VREAL GNDP_V(v_load)(const REAL *p)
{
    return *p;
}
static inline void GNDP_V(v_store)(REAL *p, GNDP_VREAL x)
{
    *p = x;
}
static inline GNDP_VREAL GNDP_V(v_load_n)(const REAL *p, int64_t n)
{
    return n > 0 ? *p : 0;
}
static inline void GNDP_V(v_store_n)(REAL *p, int64_t n, GNDP_VREAL x)
{
    if (n > 0)
        *p = x;
}
static inline GNDP_VREAL GNDP_V(v_set)(REAL a)
{
    return a;
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
static inline GNDP_VREAL GNDP_V(v_neg)(GNDP_VREAL a)
{
    return -a;
}
static inline GNDP_VREAL GNDP_V(v_fma)(GNDP_VREAL a, GNDP_VREAL b, GNDP_VREAL c)
{
    return a * b + c;
}
static inline GNDP_VREAL GNDP_V(v_max)(GNDP_VREAL a, GNDP_VREAL b)
{
    return a > b || a != a ? a : b;
}
static inline GNDP_VREAL GNDP_V(v_min)(GNDP_VREAL a, GNDP_VREAL b)
{
    return a < b || a != a ? a : b;
}
static inline GNDP_VREAL GNDP_V(v_at_least)(GNDP_VREAL x, GNDP_VREAL low)
{
    return low > x ? low : x;
}
static inline GNDP_VREAL GNDP_V(v_at_most)(GNDP_VREAL x, GNDP_VREAL high)
{
    return high < x ? high : x;
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
    return !m;
}
static inline GNDP_VREAL GNDP_V(v_select)(GNDP_VMASK m, GNDP_VREAL a, GNDP_VREAL b)
{
    return m ? a : b;
}
static inline GNDP_VMASK GNDP_V(v_mask_load)(const int32_t *p)
{
    return *p != 0;
}
static inline void GNDP_V(v_mask_store)(int32_t *p, GNDP_VMASK m)
{
    *p = m;
}
static inline GNDP_VMASK GNDP_V(v_mask_load_n)(const int32_t *p, int64_t n)
{
    return n > 0 && *p != 0;
}
static inline void GNDP_V(v_mask_store_n)(int32_t *p, int64_t n, GNDP_VMASK m)
{
    if (n > 0)
        *p = m;
}
static inline REAL GNDP_V(v_sum)(GNDP_VREAL x)
{
    return x;
}
static inline REAL GNDP_V(v_largest)(GNDP_VREAL x)
{
    return x;
}

#undef GNDP_LIBM
#if GNDP_VEC_REAL == 32
#define GNDP_LIBM(name) name##f
#else
#define GNDP_LIBM(name) name
#endif
static inline GNDP_VREAL GNDP_V(v_abs)(GNDP_VREAL a)
{
    return GNDP_LIBM(fabs)(a);
}
static inline GNDP_VREAL GNDP_V(v_sqrt)(GNDP_VREAL a)
{
    return GNDP_LIBM(sqrt)(a);
}
static inline GNDP_VREAL GNDP_V(v_floor)(GNDP_VREAL a)
{
    return GNDP_LIBM(floor)(a);
}
static inline GNDP_VREAL GNDP_V(v_round)(GNDP_VREAL a)
{
    return GNDP_LIBM(nearbyint)(a);
}
static inline GNDP_VREAL GNDP_V(v_copysign)(GNDP_VREAL a, GNDP_VREAL sign)
{
    return GNDP_LIBM(copysign)(a, sign);
}
