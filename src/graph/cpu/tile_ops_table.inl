// SPDX-License-Identifier: Apache-2.0
// Integer, cast and copy routines of a tile table, and the table itself: included once a level,
// after both passes of tile_ops.inl.
//
// Loops over int32_t and casts are plain: the compiler makes vectors of them at each level. `ivdep`
// states what tile_ops.h promises, that an output is an operand exactly or does not overlap it.
#include <string.h>

#undef GNDP_TILE_LEVEL
#undef GNDP_TILE_IVDEP
#define GNDP_TILE_LEVEL(name) GNDP_VEC_CAT(name, GNDP_VEC_LEVEL_NAME, tile)
#if defined(__clang__)
#define GNDP_TILE_IVDEP _Pragma("clang loop vectorize(assume_safety)")
#else
#define GNDP_TILE_IVDEP _Pragma("GCC ivdep")
#endif

static inline int32_t GNDP_TILE_LEVEL(i32_add)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return (int32_t)((uint32_t)a + (uint32_t)b);
}
static inline int32_t GNDP_TILE_LEVEL(i32_sub)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return (int32_t)((uint32_t)a - (uint32_t)b);
}
static inline int32_t GNDP_TILE_LEVEL(i32_mul)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return (int32_t)((uint32_t)a * (uint32_t)b);
}
static inline int32_t GNDP_TILE_LEVEL(i32_min)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return a < b ? a : b;
}
static inline int32_t GNDP_TILE_LEVEL(i32_max)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return a > b ? a : b;
}
static inline int32_t GNDP_TILE_LEVEL(i32_less)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return a < b;
}
static inline int32_t GNDP_TILE_LEVEL(i32_less_equal)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return a <= b;
}
static inline int32_t GNDP_TILE_LEVEL(i32_equal)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return a == b;
}
static inline int32_t GNDP_TILE_LEVEL(i32_not_equal)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return a != b;
}
static inline int32_t GNDP_TILE_LEVEL(i32_and)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return (a != 0) & (b != 0);
}
static inline int32_t GNDP_TILE_LEVEL(i32_or)(int32_t a, int32_t b, int32_t c)
{
    (void)c;
    return (a | b) != 0;
}
static inline int32_t GNDP_TILE_LEVEL(i32_not)(int32_t a, int32_t b, int32_t c)
{
    (void)b, (void)c;
    return a == 0;
}
static inline int32_t GNDP_TILE_LEVEL(i32_select)(int32_t a, int32_t b, int32_t c)
{
    return a != 0 ? b : c;
}

/* Operands past the arity are passed as the first one, not moving: they are read and not used. A
   step is 0 or 1, and the case of all ones is apart so that the compiler sees unit strides. */
GNDP_TILE_INLINE void GNDP_TILE_LEVEL(loop_i32)(int32_t (*f)(int32_t, int32_t, int32_t), int arity,
                                                int64_t n, const void *a, const void *b,
                                                const void *c, int step_bits, void *out)
{
    const int32_t *u = a, *v = arity > 1 ? b : a, *w = arity > 2 ? c : a;
    const int64_t su = step_bits & 1, sv = arity > 1 && (step_bits & 2) ? 1 : 0,
                  sw = arity > 2 && (step_bits & 4) ? 1 : 0;
    const int all = (1 << arity) - 1;
    int32_t *y = out;
    if (n <= 0)
        return;
    if ((step_bits & all) == all) {
        if (arity == 1)
            v = u;
        if (arity <= 2)
            w = u;
        GNDP_TILE_IVDEP
        for (int64_t i = 0; i < n; i++)
            y[i] = f(u[i], v[i], w[i]);
        return;
    }
    const int32_t u0 = *u, v0 = *v, w0 = *w; /* before the first store */
    GNDP_TILE_IVDEP
    for (int64_t i = 0; i < n; i++)
        y[i] = f(su ? u[i] : u0, sv ? v[i] : v0, sw ? w[i] : w0);
}

#define GNDP_TILE_I32_FN(NAME, name)                                                               \
    static void GNDP_TILE_LEVEL(tile_i32_##name)(int64_t n, const void *a, const void *b,          \
                                                 const void *c, int step_bits, const double *p,    \
                                                 void *out)                                        \
    {                                                                                              \
        (void)p;                                                                                   \
        GNDP_TILE_LEVEL(loop_i32)                                                                  \
        (GNDP_TILE_LEVEL(i32_##name),                                                              \
         GNDP_TILE_I32_##NAME == GNDP_TILE_I32_NOT      ? 1                                        \
         : GNDP_TILE_I32_##NAME == GNDP_TILE_I32_SELECT ? 3                                        \
                                                        : 2,                                       \
         n, a, b, c, step_bits, out);                                                              \
    }
GNDP_TILE_I32_LIST(GNDP_TILE_I32_FN)
#undef GNDP_TILE_I32_FN

/* Both bounds are exact in either type; the comparison is false for NaN. */
static inline int32_t GNDP_TILE_LEVEL(truncate_f32)(float x)
{
    return x >= -0x1p31f && x < 0x1p31f ? (int32_t)x : INT32_MIN;
}
static inline int32_t GNDP_TILE_LEVEL(truncate_f64)(double x)
{
    return x > -0x1p31 - 1 && x < 0x1p31 ? (int32_t)x : INT32_MIN;
}

#define GNDP_TILE_CAST_FN(from, From, to, To, convert)                                             \
    static void GNDP_TILE_LEVEL(tile_cast_##from##_##to)(int64_t n, const void *a, const void *b,  \
                                                         const void *c, int step_bits,             \
                                                         const double *p, void *out)               \
    {                                                                                              \
        const From *x = a;                                                                         \
        To *y = out;                                                                               \
        (void)b, (void)c, (void)p;                                                                 \
        if (n > 0 && !(step_bits & 1)) {                                                           \
            const To value = convert(*x);                                                          \
            for (int64_t i = 0; i < n; i++)                                                        \
                y[i] = value;                                                                      \
            return;                                                                                \
        }                                                                                          \
        GNDP_TILE_IVDEP                                                                            \
        for (int64_t i = 0; i < n; i++)                                                            \
            y[i] = convert(x[i]);                                                                  \
    }
GNDP_TILE_CAST_FN(f32, float, f32, float, (float))
GNDP_TILE_CAST_FN(f32, float, f64, double, (double))
GNDP_TILE_CAST_FN(f32, float, i32, int32_t, GNDP_TILE_LEVEL(truncate_f32))
GNDP_TILE_CAST_FN(f64, double, f32, float, (float))
GNDP_TILE_CAST_FN(f64, double, f64, double, (double))
GNDP_TILE_CAST_FN(f64, double, i32, int32_t, GNDP_TILE_LEVEL(truncate_f64))
GNDP_TILE_CAST_FN(i32, int32_t, f32, float, (float))
GNDP_TILE_CAST_FN(i32, int32_t, f64, double, (double))
GNDP_TILE_CAST_FN(i32, int32_t, i32, int32_t, (int32_t))
#undef GNDP_TILE_CAST_FN

/* Bits are moved as integers of the element's width, so that one routine serves f32 and i32. Rows
   of a few elements, where a call of memcpy costs more than the copy, go through the plain loop. */
GNDP_TILE_INLINE void GNDP_TILE_LEVEL(copy_rows)(size_t size, int64_t rows, int64_t cols,
                                                 const void *src, int64_t stride, void *dst)
{
    const char *from = src;
    char *to = dst;
    const size_t bytes = (size_t)cols * size;
    for (int64_t r = 0; r < rows; r++, from += stride * (int64_t)size, to += bytes) {
        if (bytes >= 256) {
            memcpy(to, from, bytes);
            continue;
        }
        for (int64_t c = 0; c < cols; c++)
            memcpy(to + (size_t)c * size, from + (size_t)c * size, size);
    }
}
static void GNDP_TILE_LEVEL(copy_rows_4)(int64_t rows, int64_t cols, const void *src,
                                         int64_t stride, void *dst)
{
    GNDP_TILE_LEVEL(copy_rows)(4, rows, cols, src, stride, dst);
}
static void GNDP_TILE_LEVEL(copy_rows_8)(int64_t rows, int64_t cols, const void *src,
                                         int64_t stride, void *dst)
{
    GNDP_TILE_LEVEL(copy_rows)(8, rows, cols, src, stride, dst);
}
static void GNDP_TILE_LEVEL(fill_rows_4)(int64_t rows, int64_t cols, const void *src,
                                         int64_t stride, void *dst)
{
    for (int64_t r = 0; r < rows; r++) {
        uint32_t value;
        memcpy(&value, (const char *)src + 4 * r * stride, sizeof value);
        for (int64_t c = 0; c < cols; c++)
            memcpy((char *)dst + 4 * (r * cols + c), &value, sizeof value);
    }
}
static void GNDP_TILE_LEVEL(fill_rows_8)(int64_t rows, int64_t cols, const void *src,
                                         int64_t stride, void *dst)
{
    for (int64_t r = 0; r < rows; r++) {
        uint64_t value;
        memcpy(&value, (const char *)src + 8 * r * stride, sizeof value);
        for (int64_t c = 0; c < cols; c++)
            memcpy((char *)dst + 8 * (r * cols + c), &value, sizeof value);
    }
}

#undef GNDP_TILE_REAL
#define GNDP_TILE_REAL(name, real) GNDP_VEC_CAT(name, GNDP_VEC_LEVEL_NAME, real)
static const gndp_tile_table GNDP_TILE_LEVEL(table) = {
#define GNDP_TILE_QUOTE_(x) #x
#define GNDP_TILE_QUOTE(x) GNDP_TILE_QUOTE_(x)
    .name = GNDP_TILE_QUOTE(GNDP_VEC_LEVEL_NAME),
    .real = {{
#define GNDP_EW(NAME, name, arity, parameters, kind)                                               \
    [GNDP_EW_##NAME] = GNDP_TILE_REAL(tile_##name, f32),
#include "graph/ops/elementwise.def"
#undef GNDP_EW
             },
             {
#define GNDP_EW(NAME, name, arity, parameters, kind)                                               \
    [GNDP_EW_##NAME] = GNDP_TILE_REAL(tile_##name, f64),
#include "graph/ops/elementwise.def"
#undef GNDP_EW
             }},
#define GNDP_TILE_I32_ENTRY(NAME, name) [GNDP_TILE_I32_##NAME] = GNDP_TILE_LEVEL(tile_i32_##name),
    .i32 = {GNDP_TILE_I32_LIST(GNDP_TILE_I32_ENTRY)},
#undef GNDP_TILE_I32_ENTRY
    .cast = {{GNDP_TILE_LEVEL(tile_cast_f32_f32), GNDP_TILE_LEVEL(tile_cast_f32_f64),
              GNDP_TILE_LEVEL(tile_cast_f32_i32)},
             {GNDP_TILE_LEVEL(tile_cast_f64_f32), GNDP_TILE_LEVEL(tile_cast_f64_f64),
              GNDP_TILE_LEVEL(tile_cast_f64_i32)},
             {GNDP_TILE_LEVEL(tile_cast_i32_f32), GNDP_TILE_LEVEL(tile_cast_i32_f64),
              GNDP_TILE_LEVEL(tile_cast_i32_i32)}},
    .copy_rows = {GNDP_TILE_LEVEL(copy_rows_4), GNDP_TILE_LEVEL(copy_rows_8),
                  GNDP_TILE_LEVEL(copy_rows_4)},
    .fill_rows = {GNDP_TILE_LEVEL(fill_rows_4), GNDP_TILE_LEVEL(fill_rows_8),
                  GNDP_TILE_LEVEL(fill_rows_4)},
    .row_sum = {GNDP_TILE_REAL(tile_row_sum, f32), GNDP_TILE_REAL(tile_row_sum, f64)},
    .col_sum = {GNDP_TILE_REAL(tile_col_sum, f32), GNDP_TILE_REAL(tile_col_sum, f64)},
    .row_max = {GNDP_TILE_REAL(tile_row_max, f32), GNDP_TILE_REAL(tile_row_max, f64)},
};
