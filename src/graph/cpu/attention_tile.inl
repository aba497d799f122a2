// SPDX-License-Identifier: Apache-2.0
// The one inner product of all attention products: C[r, :] = sum over c of A(r, c) B[c, :].

/* What becomes of the sums. */
enum ATT(mode) {
    ATT(STORE),   /* C = sums */
    ATT(ADD),     /* C = C + sums */
    ATT(RESCALE), /* C = C factor[lane] + sums */
    ATT(MAXIMUM), /* C = sums, and best[lane] = max over the rows */
};
#define ATT_MAX_ROWS 12

/* Operands: A(r, c) = a[r a_row + c a_step], one word in all lanes; B rows of nv vectors. */
typedef struct ATT(operands) {
    int64_t steps;
    const WORD *a;
    int64_t a_row, a_step;
    const WORD *b;
    int64_t b_step;
    REAL *c;
    int64_t c_row;
    const REAL *factor;
    REAL *best;
    ahead *ahead;
} ATT(operands);

/* rows, nv and mode are constants where this is inlined, so that all sums live in registers. */
INLINE void ATT(tile)(const int rows, const int nv, const enum ATT(mode) mode,
                      const ATT(operands) * x, int64_t row0)
{
    VEC sum[ATT_MAX_ROWS][ATT_VECTORS];
    /* three rows a pointer: base, base + s, base + 2 s are one addressing mode */
    const WORD *p[ATT_MAX_ROWS / 3];
    const WORD *b = x->b;
    const int64_t s = x->a_row, a_step = x->a_step, b_step = x->b_step, c_row = x->c_row,
                  steps = x->steps;
    REAL *c = x->c + row0 * c_row;
    UNROLL
    for (int i = 0; i < (rows + 2) / 3; i++)
        p[i] = x->a + (row0 + 3 * i) * s;
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < nv; v++)
            sum[r][v] = (VEC){0};
    }
    for (int64_t k = 0; k < steps; k++) {
        WVEC w[ATT_VECTORS];
        UNROLL
        for (int v = 0; v < nv; v++)
            w[v] = ATT(word_load)(b + v * LANES);
        UNROLL
        for (int r = 0; r < rows; r++) {
            const WVEC a = ATT(word_set1)(p[r / 3][r % 3 * s]);
            UNROLL
            for (int v = 0; v < nv; v++)
                sum[r][v] = ATT(mac)(sum[r][v], a, w[v]);
        }
        UNROLL
        for (int i = 0; i < (rows + 2) / 3; i++)
            p[i] += a_step;
        b += b_step;
    }
    UNROLL
    for (int v = 0; v < nv; v++) {
        const VEC f = mode == ATT(RESCALE) ? ATT(load)(x->factor + v * LANES) : (VEC){0};
        VEC m = mode == ATT(MAXIMUM) ? ATT(load)(x->best + v * LANES) : (VEC){0};
        UNROLL
        for (int r = 0; r < rows; r++) {
            REAL *out = c + r * c_row + v * LANES;
            if (mode == ATT(ADD))
                sum[r][v] += ATT(load)(out);
            if (mode == ATT(RESCALE))
                sum[r][v] = ATT(fma)(ATT(load)(out), f, sum[r][v]);
            if (mode == ATT(MAXIMUM))
                m = ATT(max)(sum[r][v], m);
            ATT(store)(out, sum[r][v]);
        }
        if (mode == ATT(MAXIMUM))
            ATT(store)(x->best + v * LANES, m);
    }
}

INLINE void ATT(tiles)(const int most, const int nv, const enum ATT(mode) mode,
                       const ATT(operands) * x, int64_t rows)
{
    int64_t r = 0;
    for (; r + most <= rows; r += most) {
        ATT(tile)(most, nv, mode, x, r);
        ahead_step(x->ahead);
    }
    for (; r + 4 <= rows; r += 4)
        ATT(tile)(4, nv, mode, x, r);
    if (r + 2 <= rows) {
        ATT(tile)(2, nv, mode, x, r);
        r += 2;
    }
    if (r < rows)
        ATT(tile)(1, nv, mode, x, r);
}

INLINE void ATT(tiles_mode)(const int most, const int nv, enum ATT(mode) mode,
                            const ATT(operands) * x, int64_t rows)
{
    switch (mode) {
    case ATT(STORE):
        ATT(tiles)(most, nv, ATT(STORE), x, rows);
        break;
    case ATT(ADD):
        ATT(tiles)(most, nv, ATT(ADD), x, rows);
        break;
    case ATT(RESCALE):
        ATT(tiles)(most, nv, ATT(RESCALE), x, rows);
        break;
    case ATT(MAXIMUM):
        ATT(tiles)(most, nv, ATT(MAXIMUM), x, rows);
        break;
    }
}

/* Register blocks: 24 sums of the 32 registers of AVX-512, 12 of 16 below. */
#if ATT_LEVEL == 2
NOINLINE static void ATT(product1)(enum ATT(mode) mode, const ATT(operands) * x, int64_t rows)
{
    ATT(tiles_mode)(12, 1, mode, x, rows);
}
NOINLINE static void ATT(product2)(enum ATT(mode) mode, const ATT(operands) * x, int64_t rows)
{
    ATT(tiles_mode)(12, 2, mode, x, rows);
}
NOINLINE static void ATT(product3)(enum ATT(mode) mode, const ATT(operands) * x, int64_t rows)
{
    ATT(tiles_mode)(8, 3, mode, x, rows);
}
NOINLINE static void ATT(product4)(enum ATT(mode) mode, const ATT(operands) * x, int64_t rows)
{
    ATT(tiles_mode)(6, 4, mode, x, rows);
}
#else
NOINLINE static void ATT(product1)(enum ATT(mode) mode, const ATT(operands) * x, int64_t rows)
{
    ATT(tiles_mode)(6, 1, mode, x, rows);
}
NOINLINE static void ATT(product2)(enum ATT(mode) mode, const ATT(operands) * x, int64_t rows)
{
    ATT(tiles_mode)(6, 2, mode, x, rows);
}
#endif

static void ATT(product)(int nv, enum ATT(mode) mode, const ATT(operands) * x, int64_t rows)
{
    switch (nv) {
    case 1:
        ATT(product1)(mode, x, rows);
        break;
    case 2:
        ATT(product2)(mode, x, rows);
        break;
#if ATT_LEVEL == 2
    case 3:
        ATT(product3)(mode, x, rows);
        break;
    default:
        ATT(product4)(mode, x, rows);
        break;
#else
    default:
        break;
#endif
    }
}

/* The same with any number of columns, in groups of vectors of about the same size. */
static void ATT(product_wide)(int64_t vectors, enum ATT(mode) mode, const ATT(operands) * x,
                              int64_t rows)
{
    const int64_t groups = (vectors + ATT_VECTORS - 1) / ATT_VECTORS;
    int64_t at = 0;
    for (int64_t g = 0; g < groups; g++) {
        const int64_t nv = vectors / groups + (g < vectors % groups);
        ATT(operands) y = *x;
        y.b += at * LANES;
        y.c += at * LANES;
        ATT(product)((int)nv, mode, &y, rows);
        at += nv;
    }
}
