// SPDX-License-Identifier: Apache-2.0
// One whole product on one thread, packing only what pays; continues gemm_block.inl, and ends both
// by building the table of the level and clearing the macros.

/* Products with this few rows or columns are dot products along k rather than register tiles. */
#define THIN 4

#if KSTEP == 1
/* out(l, s) (+)= alpha sum_k x(l, k) y(s, k) + bias, runs of k in both, `width` values of s. */
typedef struct GNDP_G(dots) {
    int64_t length, k;
    const REAL *x, *y;
    int64_t x_row, y_row;
    REAL *out;
    int64_t out_l, out_s;
    REAL alpha;
    bool accumulate;
    const REAL *bias;
    int64_t bias_l, bias_s;
} GNDP_G(dots);

GNDP_GEMM_INLINE void GNDP_G(dot_tile)(const int rows, const int width, const GNDP_G(dots) *d,
                                       int64_t l0)
{
    VEC acc[4][THIN];
    const REAL *x = d->x + l0 * d->x_row;
    GNDP_GEMM_UNROLL
    for (int r = 0; r < rows; r++)
        GNDP_GEMM_UNROLL
        for (int s = 0; s < width; s++)
            acc[r][s] = V_ZERO;
    for (int64_t k = 0; k < d->k; k += LANES) {
        const MASK mask = V_MASK(gndp_min_i64(LANES, d->k - k));
        VEC yv[THIN];
        GNDP_GEMM_UNROLL
        for (int s = 0; s < width; s++)
            yv[s] = V_LOAD_MASK(mask, d->y + s * d->y_row + k);
        GNDP_GEMM_UNROLL
        for (int r = 0; r < rows; r++) {
            const VEC xv = V_LOAD_MASK(mask, x + r * d->x_row + k);
            GNDP_GEMM_UNROLL
            for (int s = 0; s < width; s++)
                acc[r][s] = V_FMA(acc[r][s], xv, yv[s]);
        }
    }
    GNDP_GEMM_UNROLL
    for (int r = 0; r < rows; r++)
        GNDP_GEMM_UNROLL
        for (int s = 0; s < width; s++) {
            REAL *out = d->out + (l0 + r) * d->out_l + s * d->out_s;
            REAL sum = d->alpha * V_SUM(acc[r][s]);
            if (d->bias != NULL)
                sum += d->bias[(l0 + r) * d->bias_l + s * d->bias_s];
            *out = d->accumulate ? *out + sum : sum;
        }
}

GNDP_GEMM_INLINE void GNDP_G(dots_of_width)(const int width, const GNDP_G(dots) *d)
{
    int64_t l = 0;
    for (; l + 4 <= d->length; l += 4)
        GNDP_G(dot_tile)(4, width, d, l);
    for (; l < d->length; l++)
        GNDP_G(dot_tile)(1, width, d, l);
}

static void GNDP_G(dots_run)(int64_t width, const GNDP_G(dots) *d)
{
    switch (width) {
    case 1:
        GNDP_G(dots_of_width)(1, d);
        break;
    case 2:
        GNDP_G(dots_of_width)(2, d);
        break;
    case 3:
        GNDP_G(dots_of_width)(3, d);
        break;
    default:
        GNDP_G(dots_of_width)(4, d);
        break;
    }
}

static inline bool GNDP_G(thin_columns)(const gndp_gemm_shape *s)
{
    return s->n <= THIN && s->a_col == 1 && s->k >= LANES;
}

static inline bool GNDP_G(thin_rows)(const gndp_gemm_shape *s)
{
    return s->m <= THIN && s->b_row == 1 && s->k >= LANES;
}

/* The few columns of B (or rows of A) as runs of k: in place, or copied to scratch. */
static const REAL *GNDP_G(runs)(int64_t count, int64_t k, const REAL *src, int64_t row, int64_t col,
                                int64_t *stride, REAL *scratch)
{
    *stride = row;
    if (col == 1)
        return src;
    *stride = k;
    for (int64_t i = 0; i < count; i++)
        for (int64_t s = 0; s < k; s++)
            scratch[i * k + s] = src[i * row + s * col];
    return scratch;
}

static void GNDP_G(thin_product)(const gndp_gemm_shape *s, const REAL *a, const REAL *b, REAL *c,
                                 REAL *scratch)
{
    GNDP_G(dots) d = {.k = s->k, .alpha = (REAL)s->alpha, .accumulate = s->accumulate,
                      .bias = s->bias};
    if (GNDP_G(thin_columns)(s)) {
        d.length = s->m, d.x = a, d.x_row = s->a_row;
        d.y = GNDP_G(runs)(s->n, s->k, b, s->b_col, s->b_row, &d.y_row, scratch);
        d.out = c, d.out_l = s->c_row, d.out_s = 1, d.bias_s = 1;
        GNDP_G(dots_run)(s->n, &d);
    } else {
        d.length = s->n, d.x = b, d.x_row = s->b_col;
        d.y = GNDP_G(runs)(s->m, s->k, a, s->a_row, s->a_col, &d.y_row, scratch);
        d.out = c, d.out_l = 1, d.out_s = s->c_row, d.bias_l = 1;
        GNDP_G(dots_run)(s->m, &d);
    }
}
#endif

/* B is read in place when it stays in L1 beside the tile of A, or is read only once. */
static inline bool GNDP_G(b_in_place)(const gndp_gemm_shape *s)
{
    if (!DIRECT_B || KSTEP != 1 || s->b_col != 1)
        return false;
    return s->m <= MR || s->k * s->b_row * (int64_t)sizeof(REAL) <= GNDP_GEMM_IN_PLACE_BYTES;
}

static size_t GNDP_G(product_scratch_bytes)(const gndp_gemm_shape *s)
{
    const size_t a = GNDP_G(row_scratch_bytes)(s->m, s->k);
    if (GNDP_G(b_in_place)(s))
        return a;
    return a + gndp_max_i64(GNDP_G(packed_b_bytes)(s->k, s->n),
                            gndp_gemm_align((size_t)(THIN * s->k) * sizeof(REAL)));
}

/* C from B where it lies. */
static void GNDP_G(product_in_place)(const gndp_gemm_shape *s, const REAL *a, const REAL *b,
                                     REAL *c, const gndp_gemm_region next[2], UNIT *scratch)
{
    const gndp_gemm_region none[2] = {{0}, {0}};
    const int64_t kc = GNDP_G(block_units)(s->k);
    int64_t k0 = 0;
    do {
        const int64_t step = gndp_min_i64(kc, s->k - k0);
        gndp_gemm_tile t = {.k = step, .b_step = s->b_row, .c_row = s->c_row, .alpha = s->alpha,
                            .accumulate = s->accumulate || k0 > 0};
        t.b = (const UNIT *)(const void *)b + k0 * s->b_row;
        t.bias = k0 == 0 ? s->bias : NULL;
        for (int64_t i = 0; i < s->m; i += GNDP_GEMM_ROW_BLOCK) {
            const int64_t height = gndp_min_i64(GNDP_GEMM_ROW_BLOCK, s->m - i);
            const gndp_gemm_a_view view = GNDP_G(view_a)(
                height, step, a + i * s->a_row + k0 * s->a_col, s->a_row, s->a_col, scratch);
            t.c = c + i * s->c_row;
            GNDP_G(tiles_of)(height, s->n, step, &view, k0 == 0 && i == 0 ? next : none, NR, t);
        }
        k0 += kc;
    } while (k0 < s->k);
}

static void GNDP_G(product)(const gndp_gemm_shape *s, const void *a, const void *b, void *c,
                            const gndp_gemm_region next[2], void *scratch)
{
#if KSTEP == 1
    if (GNDP_G(thin_columns)(s) || GNDP_G(thin_rows)(s)) {
        GNDP_G(thin_product)(s, a, b, c, scratch);
        return;
    }
#endif
    if (GNDP_G(b_in_place)(s)) {
        GNDP_G(product_in_place)(s, a, b, c, next, scratch);
        return;
    }
    char *packed = (char *)scratch + GNDP_G(row_scratch_bytes)(s->m, s->k);
    GNDP_G(pack_b)(s->k, s->n, 0, s->n, b, s->b_row, s->b_col, packed);
    const gndp_gemm_block w = {.rows = s->m, .n = s->n, .k = s->k, .alpha = s->alpha, .a = a,
                               .a_row = s->a_row, .a_col = s->a_col, .packed_b = packed,
                               .bias = s->bias, .c = c, .c_row = s->c_row,
                               .accumulate = s->accumulate, .next = {next[0], next[1]},
                               .scratch = scratch};
    GNDP_G(block)(&w);
}

static void GNDP_G(add_partials)(const gndp_gemm_shape *s, int64_t chunks, int64_t i,
                                 const void *partials, void *c)
{
    const REAL *bias = s->bias;
    const VEC alpha = V_SPLAT((REAL)s->alpha);
    REAL *out = (REAL *)c + i * s->c_row;
    for (int64_t j = 0; j < s->n; j += LANES) {
        const MASK mask = V_MASK(gndp_min_i64(LANES, s->n - j));
        const REAL *partial = (const REAL *)partials + i * s->n + j;
        VEC sum = V_LOAD_MASK(mask, partial);
        for (int64_t q = 1; q < chunks; q++)
            sum = V_ADD(sum, V_LOAD_MASK(mask, partial + q * s->m * s->n));
        sum = V_MUL(alpha, sum);
        if (bias != NULL)
            sum = V_ADD(sum, V_LOAD_MASK(mask, bias + j));
        if (s->accumulate)
            sum = V_ADD(sum, V_LOAD_MASK(mask, out + j));
        V_STORE_MASK(mask, out + j, sum);
    }
}

const gndp_gemm_ops GEMM_TABLE = {
    .mr = MR,
    .nr = NR,
    .elem = sizeof(REAL),
    .packed_b_bytes = GNDP_G(packed_b_bytes),
    .packed_b_offset = GNDP_G(packed_b_offset),
    .pack_b = GNDP_G(pack_b),
    .row_scratch_bytes = GNDP_G(row_scratch_bytes),
    .rows = GNDP_G(rows),
    .block = GNDP_G(block),
    .product_scratch_bytes = GNDP_G(product_scratch_bytes),
    .product = GNDP_G(product),
    .add_partials = GNDP_G(add_partials),
};

#undef THIN
#undef TILE_FNS
#undef TILE_ROW
#undef NR
#undef KC_UNITS
#undef GNDP_G
#undef GEMM_TABLE
#undef REAL
#undef UNIT
#undef LANES
#undef VEC
#undef BVEC
#undef MASK
#undef V_ZERO
#undef V_SPLAT
#undef V_LOAD
#undef V_STORE
#undef V_ADD
#undef V_MUL
#undef V_MASK
#undef V_LOAD_MASK
#undef V_STORE_MASK
#undef V_FMA
#undef V_SUM
#undef PACK_TURN
