// SPDX-License-Identifier: Apache-2.0
// Loops of the tile tables for real types: included after vec.h and elementwise.inl, once for each
// level and real type.
#include "graph/cpu/tile_ops.h"

#undef GNDP_TILE_INLINE
#define GNDP_TILE_INLINE                                                                           \
    static inline                                                                                  \
        __attribute__((always_inline)) /* the formula, an argument, is inlined with its loop */

/* An operand as a pointer that moves by *step a vector: a single value is spread over `hold` and
   does not move, so that one loop without branches serves every case. */
GNDP_TILE_INLINE const REAL *GNDP_V(tile_operand)(const void *a, int array, int64_t n, REAL *hold,
                                                  int64_t *step)
{
    *step = array ? GNDP_VLANES : 0;
    if (array || n <= 0)
        return a;
    for (int j = 0; j < GNDP_VLANES; j++)
        hold[j] = *(const REAL *)a;
    return hold;
}
GNDP_TILE_INLINE const int32_t *GNDP_V(tile_mask_operand)(const void *a, int array, int64_t n,
                                                          int32_t *hold, int64_t *step)
{
    *step = array ? GNDP_VLANES : 0;
    if (array || n <= 0)
        return a;
    for (int j = 0; j < GNDP_VLANES; j++)
        hold[j] = *(const int32_t *)a;
    return hold;
}

GNDP_TILE_INLINE void GNDP_V(loop_R1)(GNDP_VREAL (*f)(GNDP_VREAL), int64_t n, const void *a,
                                      const void *b, const void *c, int step_bits, const double *p,
                                      void *out)
{
    REAL hold[GNDP_VLANES], *y = out;
    int64_t step, i = 0;
    const REAL *x = GNDP_V(tile_operand)(a, step_bits & 1, n, hold, &step);
    (void)b, (void)c, (void)p;
    for (; i + GNDP_VLANES <= n; i += GNDP_VLANES, x += step)
        GNDP_V(v_store)(y + i, f(GNDP_V(v_load)(x)));
    if (i < n)
        GNDP_V(v_store_n)(y + i, n - i, f(GNDP_V(v_load_n)(x, n - i)));
}

/* Parameters are copied first: `out` might alias them as far as the compiler knows, and they would
 * be read at each element. */
GNDP_TILE_INLINE void GNDP_V(loop_P1)(GNDP_VREAL (*f)(GNDP_VREAL, const double *), int64_t n,
                                      const void *a, const void *b, const void *c, int step_bits,
                                      int parameters, const double *p, void *out)
{
    REAL hold[GNDP_VLANES], *y = out;
    int64_t step, i = 0;
    const REAL *x = GNDP_V(tile_operand)(a, step_bits & 1, n, hold, &step);
    const double own[2] = {p[0], parameters > 1 ? p[1] : 0};
    (void)b, (void)c;
    for (; i + GNDP_VLANES <= n; i += GNDP_VLANES, x += step)
        GNDP_V(v_store)(y + i, f(GNDP_V(v_load)(x), own));
    if (i < n)
        GNDP_V(v_store_n)(y + i, n - i, f(GNDP_V(v_load_n)(x, n - i), own));
}

GNDP_TILE_INLINE void GNDP_V(loop_R2)(GNDP_VREAL (*f)(GNDP_VREAL, GNDP_VREAL), int64_t n,
                                      const void *a, const void *b, const void *c, int step_bits,
                                      const double *p, void *out)
{
    REAL hold[2][GNDP_VLANES], *y = out;
    int64_t step[2], i = 0;
    const REAL *u = GNDP_V(tile_operand)(a, step_bits & 1, n, hold[0], &step[0]);
    const REAL *v = GNDP_V(tile_operand)(b, step_bits & 2, n, hold[1], &step[1]);
    (void)c, (void)p;
    for (; i + GNDP_VLANES <= n; i += GNDP_VLANES, u += step[0], v += step[1])
        GNDP_V(v_store)(y + i, f(GNDP_V(v_load)(u), GNDP_V(v_load)(v)));
    if (i < n)
        GNDP_V(v_store_n)(y + i, n - i, f(GNDP_V(v_load_n)(u, n - i), GNDP_V(v_load_n)(v, n - i)));
}

GNDP_TILE_INLINE void GNDP_V(loop_C1)(GNDP_VMASK (*f)(GNDP_VREAL), int64_t n, const void *a,
                                      const void *b, const void *c, int step_bits, const double *p,
                                      void *out)
{
    REAL hold[GNDP_VLANES];
    int32_t *y = out;
    int64_t step, i = 0;
    const REAL *x = GNDP_V(tile_operand)(a, step_bits & 1, n, hold, &step);
    (void)b, (void)c, (void)p;
    for (; i + GNDP_VLANES <= n; i += GNDP_VLANES, x += step)
        GNDP_V(v_mask_store)(y + i, f(GNDP_V(v_load)(x)));
    if (i < n)
        GNDP_V(v_mask_store_n)(y + i, n - i, f(GNDP_V(v_load_n)(x, n - i)));
}

GNDP_TILE_INLINE void GNDP_V(loop_C2)(GNDP_VMASK (*f)(GNDP_VREAL, GNDP_VREAL), int64_t n,
                                      const void *a, const void *b, const void *c, int step_bits,
                                      const double *p, void *out)
{
    REAL hold[2][GNDP_VLANES];
    int32_t *y = out;
    int64_t step[2], i = 0;
    const REAL *u = GNDP_V(tile_operand)(a, step_bits & 1, n, hold[0], &step[0]);
    const REAL *v = GNDP_V(tile_operand)(b, step_bits & 2, n, hold[1], &step[1]);
    (void)c, (void)p;
    for (; i + GNDP_VLANES <= n; i += GNDP_VLANES, u += step[0], v += step[1])
        GNDP_V(v_mask_store)(y + i, f(GNDP_V(v_load)(u), GNDP_V(v_load)(v)));
    if (i < n)
        GNDP_V(v_mask_store_n)
    (y + i, n - i, f(GNDP_V(v_load_n)(u, n - i), GNDP_V(v_load_n)(v, n - i)));
}

GNDP_TILE_INLINE void GNDP_V(loop_S3)(GNDP_VREAL (*f)(GNDP_VMASK, GNDP_VREAL, GNDP_VREAL),
                                      int64_t n, const void *a, const void *b, const void *c,
                                      int step_bits, const double *p, void *out)
{
    REAL hold[2][GNDP_VLANES], *y = out;
    int32_t mask_hold[GNDP_VLANES];
    int64_t step[3], i = 0;
    const int32_t *m = GNDP_V(tile_mask_operand)(a, step_bits & 1, n, mask_hold, &step[0]);
    const REAL *u = GNDP_V(tile_operand)(b, step_bits & 2, n, hold[0], &step[1]);
    const REAL *v = GNDP_V(tile_operand)(c, step_bits & 4, n, hold[1], &step[2]);
    (void)p;
    for (; i + GNDP_VLANES <= n; i += GNDP_VLANES, m += step[0], u += step[1], v += step[2])
        GNDP_V(v_store)(y + i, f(GNDP_V(v_mask_load)(m), GNDP_V(v_load)(u), GNDP_V(v_load)(v)));
    if (i < n)
        GNDP_V(v_store_n)
    (y + i, n - i,
     f(GNDP_V(v_mask_load_n)(m, n - i), GNDP_V(v_load_n)(u, n - i), GNDP_V(v_load_n)(v, n - i)));
}

#undef GNDP_TILE_COUNT_R
#undef GNDP_TILE_COUNT_P
#undef GNDP_TILE_COUNT_C
#undef GNDP_TILE_COUNT_S
#define GNDP_TILE_COUNT_R(n)
#define GNDP_TILE_COUNT_P(n) n,
#define GNDP_TILE_COUNT_C(n)
#define GNDP_TILE_COUNT_S(n)
#define GNDP_EW(NAME, name, arity, parameters, kind)                                               \
    static void GNDP_V(tile_##name)(int64_t n, const void *a, const void *b, const void *c,        \
                                    int step_bits, const double *p, void *out)                     \
    {                                                                                              \
        GNDP_V(loop_##kind##arity)                                                                 \
        (GNDP_V(ew_##name), n, a, b, c, step_bits, GNDP_TILE_COUNT_##kind(parameters) p, out);     \
    }
#include "graph/ops/elementwise.def"
#undef GNDP_EW

static void GNDP_V(tile_row_sum)(int64_t rows, int64_t cols, const void *x, void *out)
{
    const int64_t w = GNDP_VLANES, vectors = cols / w, rest = cols - vectors * w;
    const REAL *row = x;
    REAL *y = out;
    for (int64_t r = 0; r < rows; r++, row += cols) {
        GNDP_VREAL sum[4];
        for (int k = 0; k < 4; k++)
            sum[k] = GNDP_V(v_set)(0);
        int64_t j = 0;
        for (; j + 4 <= vectors; j += 4)
            for (int k = 0; k < 4; k++)
                sum[k] = GNDP_V(v_add)(sum[k], GNDP_V(v_load)(row + (j + k) * w));
        for (int k = 0; k < 3; k++) /* at most three whole vectors are left, then the part of one */
            if (j + k < vectors)
                sum[k] = GNDP_V(v_add)(sum[k], GNDP_V(v_load)(row + (j + k) * w));
        for (int k = 0; k < 4; k++)
            if (rest > 0 && j + k == vectors)
                sum[k] = GNDP_V(v_add)(sum[k], GNDP_V(v_load_n)(row + vectors * w, rest));
        y[r] += GNDP_V(v_sum)(
            GNDP_V(v_add)(GNDP_V(v_add)(sum[0], sum[1]), GNDP_V(v_add)(sum[2], sum[3])));
    }
}

static void GNDP_V(tile_col_sum)(int64_t rows, int64_t cols, const void *x, void *out)
{
    const int64_t w = GNDP_VLANES;
    REAL *y = out;
    int64_t c = 0;
    for (; c + 4 * w <= cols; c += 4 * w) {
        const REAL *at = (const REAL *)x + c;
        GNDP_VREAL sum[4];
        for (int k = 0; k < 4; k++)
            sum[k] = GNDP_V(v_load)(y + c + k * w);
        for (int64_t r = 0; r < rows; r++, at += cols)
            for (int k = 0; k < 4; k++)
                sum[k] = GNDP_V(v_add)(sum[k], GNDP_V(v_load)(at + k * w));
        for (int k = 0; k < 4; k++)
            GNDP_V(v_store)(y + c + k * w, sum[k]);
    }
    for (; c < cols; c += w) {
        const int64_t lanes = cols - c < w ? cols - c : w;
        const REAL *at = (const REAL *)x + c;
        GNDP_VREAL sum = GNDP_V(v_load_n)(y + c, lanes);
        for (int64_t r = 0; r < rows; r++, at += cols)
            sum = GNDP_V(v_add)(sum, GNDP_V(v_load_n)(at, lanes));
        GNDP_V(v_store_n)(y + c, lanes, sum);
    }
}

/* The last vector of a row overlaps the one before, since taking a value twice changes no maximum.
 */
static void GNDP_V(tile_row_max)(int64_t rows, int64_t cols, const void *x, void *out)
{
    const REAL *row = x;
    REAL *y = out;
    for (int64_t r = 0; r < rows; r++, row += cols) {
        REAL top = y[r];
        if (cols >= GNDP_VLANES) {
            GNDP_VREAL most = GNDP_V(v_load)(row + cols - GNDP_VLANES);
            for (int64_t i = 0; i + GNDP_VLANES <= cols; i += GNDP_VLANES)
                most = GNDP_V(v_max)(most, GNDP_V(v_load)(row + i));
            const REAL m = GNDP_V(v_largest)(most);
            top = top > m || top != top ? top : m;
        } else {
            for (int64_t i = 0; i < cols; i++)
                top = top > row[i] || top != top ? top : row[i];
        }
        y[r] = top;
    }
}
