// SPDX-License-Identifier: Apache-2.0
// Elementary functions and the formulas made of them, at every SIMD level of this processor,
// against the C library.
#include "support/test_main.h"

#include "tile_levels.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__clang__) /* it counts double to long double, which every reference here does, among  \
                          the slips of this warning */
#pragma clang diagnostic ignored "-Wdouble-promotion"
#endif

enum { BLOCK = 4096, F32 = 0, F64 = 1 };

/* ------------------------------------------------------------------------------------------
 * references */

static long double sigmoid_ref(long double x)
{
    return 1 / (1 + expl(-x));
}
static long double softplus_ref(long double x)
{
    return fmaxl(x, 0) + log1pl(expl(-fabsl(x)));
}
#define GELU_TWO_U(x)                                                                              \
    (2 * sqrtl(2 / 3.14159265358979323846264L) * ((x) + 0.044715L * (x) * (x) * (x)))
static long double gelu_ref(long double x)
{
    return x * sigmoid_ref(GELU_TWO_U(x));
}
static long double gelu_d_ref(long double x)
{
    const long double u = GELU_TWO_U(x),
                      slope = 2 * sqrtl(2 / 3.14159265358979323846264L) * (1 + 0.134145L * x * x);
    return sigmoid_ref(u) + x * sigmoid_ref(u) * sigmoid_ref(-u) * slope;
}
static long double gelu_erf_ref(long double x)
{
    return x / 2 * erfcl(-x / sqrtl(2));
}
static long double silu_ref(long double x)
{
    return x * sigmoid_ref(x);
}
static long double silu_d_ref(long double x)
{
    return sigmoid_ref(x) + x * sigmoid_ref(x) * sigmoid_ref(-x);
}
static long double rsqrt_ref(long double x)
{
    return 1 / sqrtl(x);
}

/* What an error may be, in ulp of `value`: a fixed number, or with the error of the exponent and
 * cancelling terms magnified. */
static long double fixed(long double x, long double value)
{
    (void)x, (void)value;
    return 0;
}
/* e^-2u with a 2u that is itself off by up to 3 ulp. */
static long double gelu_extra(long double x, long double value)
{
    (void)value;
    return 3 * fminl(fabsl(GELU_TWO_U(x)), 2000);
}
/* The derivatives add s and x s (1 - s) u', which cancel for x < 0: the bound is relative to the
 * sum of magnitudes. */
static long double gelu_d_extra(long double x, long double value)
{
    const long double u = GELU_TWO_U(x), s = sigmoid_ref(u);
    const long double slope = 2 * sqrtl(2 / 3.14159265358979323846264L) * (1 + 0.134145L * x * x);
    const long double size = s + fabsl(x) * s * sigmoid_ref(-u) * slope;
    return (4 + 3 * fminl(fabsl(u), 2000)) * size / fabsl(value);
}
static long double silu_d_extra(long double x, long double value)
{
    const long double s = sigmoid_ref(x), size = s + fabsl(x) * s * sigmoid_ref(-x);
    return 4 * size / fabsl(value);
}
static long double gelu_erf_extra(long double x, long double value)
{
    return x < 0 ? 2 * fabsl(x / value) : 0;
}

typedef struct function_case {
    gndp_ew op;
    double (*near)(double); /* reference for f32, NULL: far */
    long double (*far)(long double);
    double low, high; /* points are drawn in here */
    double ulp[2];    /* f32, f64: as vec_math.h and elementwise.inl state */
    double floor; /* results below this many least normal numbers may be 0 and are held in absolute
                     value */
    long double (*extra)(long double, long double);
} function_case;

static const function_case functions[] = {
    {GNDP_EW_EXP, exp, expl, -800, 720, {1.25, 1.25}, 1, fixed},
    {GNDP_EW_EXPM1, expm1, expm1l, -800, 720, {2.5, 2.5}, 1, fixed},
    {GNDP_EW_LOG, log, logl, 0, HUGE_VAL, {1.1, 1.1}, 1, fixed},
    {GNDP_EW_LOG1P, log1p, log1pl, -1, 1e37, {1.1, 1.1}, 1, fixed},
    {GNDP_EW_SIN, sin, sinl, -HUGE_VAL, HUGE_VAL, {2.5, 2.5}, 1, fixed},
    {GNDP_EW_COS, cos, cosl, -HUGE_VAL, HUGE_VAL, {2.5, 2.5}, 1, fixed},
    {GNDP_EW_TANH, tanh, tanhl, -HUGE_VAL, HUGE_VAL, {3.0, 3.0}, 1, fixed},
    {GNDP_EW_ERF, erf, erfl, -HUGE_VAL, HUGE_VAL, {3.25, 1.1}, 1, fixed},
    {GNDP_EW_RSQRT, NULL, rsqrt_ref, 0, HUGE_VAL, {1.5, 1.5}, 1, fixed},
    {GNDP_EW_SIGMOID, NULL, sigmoid_ref, -700, 700, {3.0, 3.0}, 1, fixed},
    {GNDP_EW_SOFTPLUS, NULL, softplus_ref, -700, 1e37, {3.0, 3.0}, 1, fixed},
    {GNDP_EW_GELU, NULL, gelu_ref, -21, 1e12, {4.0, 4.0}, 1000, gelu_extra},
    {GNDP_EW_GELU_D, NULL, gelu_d_ref, -21, 21, {4.0, 4.0}, 1000, gelu_d_extra},
    {GNDP_EW_GELU_ERF, NULL, gelu_erf_ref, -30, 1e12, {4.0, 4.0}, 1000, gelu_erf_extra},
    {GNDP_EW_SILU, NULL, silu_ref, -700, 1e37, {4.0, 4.0}, 1000, fixed},
    {GNDP_EW_SILU_D, NULL, silu_d_ref, -700, 700, {4.0, 4.0}, 1000, silu_d_extra},
};

/* ------------------------------------------------------------------------------------------
 * measuring */

/* Error of y in ulp of the value, for a format of `digits` bits whose least normal number is `tiny`
   and largest `most`. Results below `tiny` count against it: they may be flushed. Past `most` by
   less than the bound, either side is right. */
static double ulp_error(double y, long double value, int digits, double tiny, double most,
                        double bound)
{
    int exponent;
    if (isnan(value) || isnan(y))
        return isnan(value) && isnan(y) ? 0 : HUGE_VAL;
    if (isinf(value) && isinf(y))
        return value == (long double)y ? 0 : HUGE_VAL;
    if (isinf(y) || fabsl(value) > (long double)most) {
        const long double slack = 1 + bound * ldexp(1, -digits + 1);
        const bool near = fabsl(value) >= (long double)most / slack &&
                          (long double)fabs(y) >= (long double)most / slack;
        return near && (value > 0) == (y > 0) ? 0 : HUGE_VAL;
    }
    if (fabsl(value) < (long double)tiny)
        return (double)(fabsl(y - value) / (long double)tiny);
    frexpl(value, &exponent);
    return (double)(fabsl(y - value) / ldexpl(1, exponent - digits));
}

typedef struct worst_case {
    double share, ulp, x; /* share of the bound that is used, the error behind it, where */
} worst_case;

/* One block of points through every level. */
static void measure(const function_case *f, int real, int64_t n, const void *x, worst_case worst[4])
{
    static float y32[BLOCK];
    static double y64[BLOCK];
    static long double value[BLOCK], bound[BLOCK];
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    for (int64_t i = 0; i < n; i++) {
        const double xi = real == F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
        value[i] = real == F32 && f->near ? (long double)f->near(xi) : f->far(xi);
        bound[i] = f->ulp[real] + f->extra(xi, value[i]);
    }
    for (int k = 0; k < levels; k++) {
        table[k]->real[real][f->op](n, x, NULL, NULL, 1, NULL,
                                    real == F32 ? (void *)y32 : (void *)y64);
        for (int64_t i = 0; i < n; i++) {
            const double y = real == F32 ? (double)y32[i] : y64[i], b = (double)bound[i];
            const double e =
                real == F32
                    ? ulp_error(y, value[i], 24, f->floor * (double)FLT_MIN, (double)FLT_MAX, b)
                    : ulp_error(y, value[i], 53, f->floor * DBL_MIN, DBL_MAX, b);
            if (e / b > worst[k].share)
                worst[k] = (worst_case){
                    e / b, e, real == F32 ? (double)((const float *)x)[i] : ((const double *)x)[i]};
        }
    }
}

/* Prints what was found and returns the number of levels over the bound. */
static int judge(const function_case *f, int real, const worst_case worst[4])
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    int over = 0;
    print_message("%-9s %s, largest error (share of bound):", gndp_ew_info_of(f->op)->name,
                  real ? "f64" : "f32");
    for (int k = 0; k < levels; k++) {
        print_message(" %s %.2f (%.2f)", table[k]->name, worst[k].ulp, worst[k].share);
        if (worst[k].share > 1) {
            print_message(" at %a TOO LARGE", worst[k].x);
            over++;
        }
    }
    print_message("\n");
    return over;
}

/* Every `stride`-th float between the two bit patterns (and with the sign bit), where it lies in
 * the domain. */
static void walk_floats(const function_case *f, uint32_t first, uint32_t last, uint32_t stride,
                        worst_case worst[4])
{
    static float x[BLOCK];
    int64_t n = 0;
    for (uint64_t bits = first; bits <= last; bits += stride)
        for (uint32_t sign = 0; sign < 2; sign++) {
            const uint32_t b = (uint32_t)bits | sign << 31;
            memcpy(&x[n], &b, sizeof b);
            if ((double)x[n] >= f->low && (double)x[n] <= f->high && ++n == BLOCK) {
                measure(f, F32, n, x, worst);
                n = 0;
            }
        }
    measure(f, F32, n, x, worst);
}

static void vec_math_f32_error_is_within_its_bound(void **state)
{
    int over = 0;
    (void)state;
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        const function_case *f = &functions[k];
        worst_case worst[4] = {{0}};
        const uint32_t factor = f->near ? 1 : 10; /* long double references are slow */
        walk_floats(f, 0x00800000, 0x7f800000, 1009 * factor,
                    worst); /* all binades of normal numbers, and inf */
        walk_floats(f, 0x3d800000, 0x43000000, 97 * factor,
                    worst); /* 2^-4 .. 2^7, where the shapes are */
        over += judge(f, F32, worst);
    }
    assert_int_equal(over, 0);
}

static void vec_math_f64_error_is_within_its_bound(void **state)
{
    static double x[BLOCK];
    int over = 0;
    (void)state;
    for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
        const function_case *f = &functions[k];
        worst_case worst[4] = {{0}};
        int64_t n = 0;
        for (uint32_t i = 0; i < 40000;
             i++) { /* a third over all binades, the rest over +-2^7 and its logarithm */
            uint32_t w[4];
            gndp_philox((const uint32_t[4]){i, (uint32_t)k, 0, 0}, (const uint32_t[2]){7, 0}, w);
            const double u = ldexp((double)w[0] + 0x1p-32 * w[1], -32), sign = w[2] & 1 ? -1 : 1;
            const int span = i % 3 == 0 ? 2040 : 24;
            x[n] = i % 3 == 1 ? 256 * u - 128
                              : sign * ldexp(1 + u, (int)(w[3] % (uint32_t)span) - span / 2 +
                                                        (span == 24 ? -4 : 2));
            if (x[n] >= f->low && x[n] <= f->high && ++n == BLOCK) {
                measure(f, F64, n, x, worst);
                n = 0;
            }
        }
        measure(f, F64, n, x, worst);
        over += judge(f, F64, worst);
    }
    assert_int_equal(over, 0);
}

/* pow and atan2 over pairs: the reference of f32 is double, of f64 long double. */
static void vec_math_two_arguments_are_within_their_bounds(void **state)
{
    static double a[BLOCK], b[BLOCK], y[BLOCK];
    static float af[BLOCK], bf[BLOCK], yf[BLOCK];
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    double most[2] = {0, 0};
    (void)state;
    for (uint32_t block = 0; block < 20; block++) {
        for (uint32_t i = 0; i < BLOCK; i++) {
            uint32_t w[4];
            gndp_philox((const uint32_t[4]){i, block, 1, 0}, (const uint32_t[2]){7, 0}, w);
            a[i] = ldexp(1 + ldexp(w[0], -32), (int)(w[3] % 40) - 20);
            b[i] = ldexp((double)w[1] - 0x1p31, -31) * (double)(1 + w[2] % 40);
            af[i] = (float)a[i], bf[i] = (float)b[i];
        }
        for (int op = 0; op < 2; op++)
            for (int k = 0; k < levels; k++) {
                const gndp_ew e = op ? GNDP_EW_ATAN2 : GNDP_EW_POW;
                table[k]->real[F64][e](BLOCK, op ? b : a, op ? a : b, NULL, 3, NULL, y);
                table[k]->real[F32][e](BLOCK, op ? bf : af, op ? af : bf, NULL, 3, NULL, yf);
                for (int i = 0; i < BLOCK; i++) {
                    const long double far = op ? atan2l(b[i], a[i]) : powl(a[i], b[i]);
                    const double near = op ? atan2((double)bf[i], (double)af[i])
                                           : pow((double)af[i], (double)bf[i]);
                    const double e64 = ulp_error(y[i], far, 53, DBL_MIN, DBL_MAX, 1.5);
                    const double e32 =
                        ulp_error((double)yf[i], near, 24, (double)FLT_MIN, (double)FLT_MAX, 1.5);
                    if (e64 > (op ? 1.5 : 1.1) || e32 > (op ? 1.5 : 1.1))
                        fail_msg("%s at %s: f64 %.2f ulp, f32 %.2f ulp at %a, %a",
                                 gndp_ew_info_of(e)->name, table[k]->name, e64, e32, a[i], b[i]);
                    most[op] = fmax(most[op], fmax(e32, e64));
                }
            }
    }
    print_message("pow %.2f, atan2 %.2f ulp\n", most[0], most[1]);
}

/* ------------------------------------------------------------------------------------------ edges
 */

typedef struct edge_case {
    gndp_ew op;
    double x, y;
} edge_case;

static const edge_case edges[] = {
    {GNDP_EW_EXP, HUGE_VAL, HUGE_VAL},
    {GNDP_EW_EXP, -HUGE_VAL, 0},
    {GNDP_EW_EXP, 0, 1},
    {GNDP_EW_EXP, 1e4, HUGE_VAL},
    {GNDP_EW_EXP, -1e4, 0},
    {GNDP_EW_EXP, 1e30, HUGE_VAL},
    {GNDP_EW_EXPM1, HUGE_VAL, HUGE_VAL},
    {GNDP_EW_EXPM1, -HUGE_VAL, -1},
    {GNDP_EW_EXPM1, -0.0, -0.0},
    {GNDP_EW_EXPM1, 0.0, 0.0},
    {GNDP_EW_EXPM1, -1e30, -1},
    {GNDP_EW_EXPM1, 1e4, HUGE_VAL},
    {GNDP_EW_LOG, 0, -HUGE_VAL},
    {GNDP_EW_LOG, -1, (double)NAN},
    {GNDP_EW_LOG, HUGE_VAL, HUGE_VAL},
    {GNDP_EW_LOG, 1, 0},
    {GNDP_EW_LOG1P, -1, -HUGE_VAL},
    {GNDP_EW_LOG1P, -2, (double)NAN},
    {GNDP_EW_LOG1P, 0, 0},
    {GNDP_EW_LOG1P, HUGE_VAL, HUGE_VAL},
    {GNDP_EW_SIN, HUGE_VAL, (double)NAN},
    {GNDP_EW_COS, -HUGE_VAL, (double)NAN},
    {GNDP_EW_SIN, 0, 0},
    {GNDP_EW_COS, 0, 1},
    {GNDP_EW_TANH, HUGE_VAL, 1},
    {GNDP_EW_TANH, -HUGE_VAL, -1},
    {GNDP_EW_TANH, -0.0, -0.0},
    {GNDP_EW_ERF, HUGE_VAL, 1},
    {GNDP_EW_ERF, -HUGE_VAL, -1},
    {GNDP_EW_ERF, 0, 0},
    {GNDP_EW_SIGMOID, HUGE_VAL, 1},
    {GNDP_EW_SIGMOID, -HUGE_VAL, 0},
    {GNDP_EW_SOFTPLUS, HUGE_VAL, HUGE_VAL},
    {GNDP_EW_SOFTPLUS, -HUGE_VAL, 0},
    {GNDP_EW_GELU, HUGE_VAL, HUGE_VAL},
    {GNDP_EW_GELU, -HUGE_VAL, 0},
    {GNDP_EW_GELU, -1e30, 0},
    {GNDP_EW_GELU, 1e30, 1e30},
    {GNDP_EW_GELU_D, HUGE_VAL, 1},
    {GNDP_EW_GELU_D, -HUGE_VAL, 0},
    {GNDP_EW_GELU_D, 1e30, 1},
    {GNDP_EW_GELU_D, 0, 0.5},
    {GNDP_EW_GELU_ERF, HUGE_VAL, HUGE_VAL},
    {GNDP_EW_GELU_ERF, -HUGE_VAL, 0},
    {GNDP_EW_SILU, HUGE_VAL, HUGE_VAL},
    {GNDP_EW_SILU, -HUGE_VAL, 0},
    {GNDP_EW_SILU_D, HUGE_VAL, 1},
    {GNDP_EW_SILU_D, -HUGE_VAL, 0},
    {GNDP_EW_SILU_D, 0, 0.5},
    {GNDP_EW_RSQRT, 0, HUGE_VAL},
    {GNDP_EW_RSQRT, HUGE_VAL, 0},
    {GNDP_EW_RECIPROCAL, -HUGE_VAL, -0.0},
    {GNDP_EW_SQRT, -1, (double)NAN},
    {GNDP_EW_RELU, -HUGE_VAL, 0},
    {GNDP_EW_FLOOR, -0.5, -1},
    {GNDP_EW_FLOOR, 1e30, 1e30},
    {GNDP_EW_FLOOR, -HUGE_VAL, -HUGE_VAL},
    {GNDP_EW_FLOOR, -0.0, -0.0},
    {GNDP_EW_FLOOR, 0.999, 0},
    {GNDP_EW_FLOOR, -3, -3},
    {GNDP_EW_SIGN, -0.0, -0.0},
    {GNDP_EW_SIGN, -HUGE_VAL, -1},
    {GNDP_EW_SIGN, 1e-30, 1},
};

static bool same(double y, double want)
{
    if (isnan(want))
        return isnan(y);
    /* a value named to six digits is a rounded one; a zero result may come with either sign unless
     * asked for -0 */
    return want == 0     ? y == 0 && (!signbit(want) || signbit(y))
           : isinf(want) ? y == want
                         : fabs(y / want - 1) < 1e-6;
}

static void vec_math_edges_have_their_limits(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    (void)state;
    for (int k = 0; k < levels; k++)
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
            const edge_case *e = &edges[i];
            const float xf = (float)e->x;
            float yf;
            double y;
            table[k]->real[F32][e->op](1, &xf, NULL, NULL, 1, NULL, &yf);
            table[k]->real[F64][e->op](1, &e->x, NULL, NULL, 1, NULL, &y);
            if (!same((double)yf, e->y) || !same(y, e->y))
                fail_msg("%s(%g) at %s: f32 %g, f64 %g, not %g", gndp_ew_info_of(e->op)->name, e->x,
                         table[k]->name, (double)yf, y, e->y);
        }
}

/* NaN passes through every real formula of one argument but step, which asks a question. */
static void vec_math_nan_stays_nan(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    const double x = (double)NAN, p[2] = {1.5, 3}, order[2] = {3, 0};
    const float xf = NAN;
    (void)state;
    for (int k = 0; k < levels; k++)
        for (int op = 0; op < GNDP_EW_COUNT; op++) {
            const gndp_ew_info *info = gndp_ew_info_of((gndp_ew)op);
            const double *q = op == GNDP_EW_SPHJ || op == GNDP_EW_ANGLE ? order : p;
            double y[2];
            float yf[2];
            if (info->arity != 1 || info->kind == 'C' || op == GNDP_EW_STEP)
                continue;
            table[k]->real[F64][op](2, &x, NULL, NULL, 0, q, y);
            table[k]->real[F32][op](2, &xf, NULL, NULL, 0, q, yf);
            if (!isnan(y[0]) || !isnan(y[1]) || !isnan(yf[0]) || !isnan(yf[1]))
                fail_msg("%s(NaN) at %s: %g, %g", info->name, table[k]->name, y[0], (double)yf[0]);
        }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(vec_math_f32_error_is_within_its_bound),
    cmocka_unit_test(vec_math_f64_error_is_within_its_bound),
    cmocka_unit_test(vec_math_two_arguments_are_within_their_bounds),
    cmocka_unit_test(vec_math_edges_have_their_limits),
    cmocka_unit_test(vec_math_nan_stays_nan),
};

GNDP_TEST_MAIN(tests)
