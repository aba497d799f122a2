// SPDX-License-Identifier: Apache-2.0
// Register tiles and the loops around them, once per kind and SIMD level (no include guard).
//
// The including file defines:
//   GNDP_G(name)            name with the suffix of level and kind
//   REAL, UNIT, KSTEP       element in memory; what one step of k reads of a row of A; k per step
//   MR, LANES               rows of a register tile; outputs of a vector (a tile has 2 vectors)
//   ROW_FN_LIST(X)          X(1) ... X(MR)
//   VEC, BVEC, MASK         sums, B operands, and a mask for the first n lanes
//   V_ZERO V_SPLAT(x) V_LOAD(p) V_STORE(p, v) V_ADD V_MUL
//   V_MASK(n) V_LOAD_MASK(m, p) V_STORE_MASK(m, p, v)     the others are not read or written
//   B_LOAD(p) B_LOAD_MASK(m, p) A_SPLAT(p) V_FMA(acc, a, b)
//   V_SUM(v)                sum of the lanes, in a fixed order
//   DIRECT_B                1 where B with neighbouring columns may be read in place
// and for packing, where k_left > 0 tells how many k remain (a pair may lack its second half):
//   PACK_UNIT(src, k_stride, k_left)             one unit
//   PACK_COPY(dst, src, k_stride, k_left, n)     a step of n <= LANES neighbours, LANES are written
//   COPY_ROW(dst, src, k)                        a row of k neighbours
//   PACK_TURN(dst, width, src, x_stride, k, n)   optional: at most LANES steps of n <= LANES
//                                                columns of neighbours in k, zeros behind them

#define NR (2 * LANES)
#define KC_UNITS (GNDP_GEMM_K_BYTES / (int64_t)sizeof(UNIT))

/* Between two spans of k: ask for the lines of C that some rows of this tile will write, and for
   some rows of what is read next. */
GNDP_GEMM_INLINE void GNDP_G(look_ahead)(int rows, int vecs, const gndp_gemm_tile *t, int span)
{
    int end = (int)gndp_min_i64(rows, (span + 1) * t->span_rows);
    for (int r = span * t->span_rows; r < end; r++) {
        const REAL *c = (const REAL *)t->c + r * t->c_row;
        __builtin_prefetch(c, 1);
        if (vecs == 2)
            __builtin_prefetch(c + LANES, 1);
    }
    end = (int)gndp_min_i64(t->ahead_rows, (span + 1) * t->span_ahead);
    for (int r = span * t->span_ahead; r < end; r++)
        for (int line = 0; line < t->ahead_lines; line++)
            if (t->ahead_far)
                __builtin_prefetch(t->ahead + r * t->ahead_stride + line * 64, 0, 2);
            else
                __builtin_prefetch(t->ahead + r * t->ahead_stride + line * 64, 0, 3);
}

/* C (+)= alpha sum + bias, columns beyond the tile's untouched. */
GNDP_GEMM_INLINE void GNDP_G(store)(const int rows, const int vecs, const gndp_gemm_tile *t,
                                    VEC acc[MR][2])
{
    const MASK mask = V_MASK(t->cols - (vecs - 1) * LANES);
    if (t->alpha != 1.0) {
        const VEC alpha = V_SPLAT((REAL)t->alpha);
        GNDP_GEMM_UNROLL
        for (int r = 0; r < rows; r++) {
            acc[r][0] = V_MUL(alpha, acc[r][0]);
            acc[r][1] = V_MUL(alpha, acc[r][1]);
        }
    }
    const int last = vecs - 1;
    if (t->bias != NULL) {
        const REAL *bias = t->bias;
        const VEC first = vecs == 2 ? V_LOAD(bias) : V_ZERO;
        const VEC tail = V_LOAD_MASK(mask, bias + last * LANES);
        GNDP_GEMM_UNROLL
        for (int r = 0; r < rows; r++) {
            if (vecs == 2)
                acc[r][0] = V_ADD(acc[r][0], first);
            acc[r][last] = V_ADD(acc[r][last], tail);
        }
    }
    REAL *c = t->c;
    if (t->accumulate) {
        GNDP_GEMM_UNROLL
        for (int r = 0; r < rows; r++) {
            if (vecs == 2)
                acc[r][0] = V_ADD(acc[r][0], V_LOAD(c + r * t->c_row));
            acc[r][last] = V_ADD(acc[r][last], V_LOAD_MASK(mask, c + r * t->c_row + last * LANES));
        }
    }
    GNDP_GEMM_UNROLL
    for (int r = 0; r < rows; r++) {
        if (vecs == 2)
            V_STORE(c + r * t->c_row, acc[r][0]);
        V_STORE_MASK(mask, c + r * t->c_row + last * LANES, acc[r][last]);
    }
}

/* Rows of A are addressed as one of four pointers plus 0, 1 or 2 strides, which x86 does within the
   instruction; a pointer per row would not fit the register file. */
GNDP_GEMM_INLINE void GNDP_G(tile)(const int rows, const int vecs, const gndp_gemm_tile *t)
{
    const int64_t a_row = t->a_row, a_step = t->a_step, b_step = t->b_step;
    const int groups = (rows + 2) / 3;
    const UNIT *p[4];
    GNDP_GEMM_UNROLL
    for (int g = 0; g < groups; g++)
        p[g] = (const UNIT *)t->a + 3 * g * a_row;
    const UNIT *b = t->b;
    const MASK b_mask = V_MASK(t->b_cols - (vecs - 1) * LANES);
    VEC acc[MR][2];
    GNDP_GEMM_UNROLL
    for (int r = 0; r < rows; r++)
        acc[r][0] = acc[r][1] = V_ZERO;
    int span = 0;
    for (int64_t left = t->k; left > 0; left -= t->span) {
        GNDP_G(look_ahead)(rows, vecs, t, span++);
        for (int64_t k = gndp_min_i64(left, t->span); k > 0; k--) {
            BVEC bv[2];
            bv[0] = vecs == 2 ? B_LOAD(b) : B_LOAD_MASK(b_mask, b);
            if (vecs == 2)
                bv[1] = B_LOAD_MASK(b_mask, b + LANES);
            b += b_step;
            GNDP_GEMM_UNROLL
            for (int r = 0; r < rows; r++) {
                const BVEC av = A_SPLAT(p[r / 3] + (r % 3) * a_row);
                acc[r][0] = V_FMA(acc[r][0], av, bv[0]);
                if (vecs == 2)
                    acc[r][1] = V_FMA(acc[r][1], av, bv[1]);
            }
            GNDP_GEMM_UNROLL
            for (int g = 0; g < groups; g++) {
                p[g] += a_step;
                __asm__("" : "+r"(p[g])); /* gcc would keep the four in a vector, on the stack */
            }
        }
    }
    GNDP_G(store)(rows, vecs, t, acc);
}

#define TILE_FNS(r)                                                                                \
    static void GNDP_G(tile_##r##_1)(const gndp_gemm_tile *t)                                      \
    {                                                                                              \
        GNDP_G(tile)(r, 1, t);                                                                     \
    }                                                                                              \
    static void GNDP_G(tile_##r##_2)(const gndp_gemm_tile *t)                                      \
    {                                                                                              \
        GNDP_G(tile)(r, 2, t);                                                                     \
    }
ROW_FN_LIST(TILE_FNS)
#define TILE_ROW(r) {GNDP_G(tile_##r##_1), GNDP_G(tile_##r##_2)},
/* tiles[rows - 1][vectors - 1] */
static gndp_gemm_tile_fn *const GNDP_G(tiles)[MR][2] = {ROW_FN_LIST(TILE_ROW)};

/* Units of k, and of one even block of k: every element of C sees the same blocks. */
static inline int64_t GNDP_G(units)(int64_t k)
{
    return gndp_ceil_div(k, KSTEP);
}

static inline int64_t GNDP_G(block_units)(int64_t k)
{
    const int64_t units = GNDP_G(units)(k);
    const int64_t blocks = gndp_max_i64(1, gndp_ceil_div(units, KC_UNITS));
    return gndp_ceil_div(units, blocks);
}

/* One panel: dst[s*width + x] = unit s of column x, zeros for x in [n, width) and for the odd k of
   a last pair. The width is a multiple of LANES. */
static void GNDP_G(pack_panel)(int64_t k, int64_t n, int64_t width, const REAL *src,
                               int64_t k_stride, int64_t x_stride, UNIT *dst)
{
    const int64_t units = GNDP_G(units)(k);
    if (x_stride == 1) {
        for (int64_t s = 0; s < units; s++)
            for (int64_t x = 0; x < width; x += LANES)
                PACK_COPY(dst + s * width + x, src + s * KSTEP * k_stride + x, k_stride,
                          k - s * KSTEP, gndp_max_i64(0, gndp_min_i64(LANES, n - x)));
        return;
    }
#ifdef PACK_TURN
    if (k_stride == 1) {
        for (int64_t x = 0; x < width; x += LANES)
            for (int64_t s = 0; s < units; s += LANES)
                PACK_TURN(dst + s * width + x, width, src + s * KSTEP + x * x_stride, x_stride,
                          gndp_min_i64(LANES * KSTEP, k - s * KSTEP),
                          gndp_max_i64(0, gndp_min_i64(LANES, n - x)));
        return;
    }
#endif
    for (int64_t x = 0; x < width; x++)
        for (int64_t s = 0; s < units; s++)
            dst[s * width + x] = x < n ? PACK_UNIT(src + s * KSTEP * k_stride + x * x_stride,
                                                   k_stride, k - s * KSTEP)
                                       : (UNIT)0;
}

static size_t GNDP_G(packed_b_bytes)(int64_t k, int64_t n)
{
    const int64_t panels = gndp_ceil_div(n, NR);
    return gndp_gemm_align((size_t)(panels * NR * GNDP_G(units)(k)) * sizeof(UNIT));
}

static size_t GNDP_G(packed_b_offset)(int64_t k, int64_t n0)
{
    return (size_t)(n0 / NR * NR * GNDP_G(units)(k)) * sizeof(UNIT);
}

static void GNDP_G(pack_b)(int64_t k, int64_t n, int64_t n0, int64_t n1, const void *b,
                           int64_t b_row, int64_t b_col, void *packed)
{
    const int64_t panel = NR * GNDP_G(units)(k);
    (void)n;
    for (int64_t j = n0; j < n1; j += NR)
        GNDP_G(pack_panel)(k, gndp_min_i64(NR, n1 - j), NR, (const REAL *)b + j * b_col, b_row,
                           b_col, (UNIT *)packed + j / NR * panel);
}

/* Stride of a row of A in its copy; odd lines, so that the rows of a tile do not share L1 sets. */
static inline int64_t GNDP_G(copy_stride)(int64_t units)
{
    const int64_t line = 64 / (int64_t)sizeof(UNIT);
    return (gndp_ceil_div(units, line) | 1) * line;
}

/* A panel of A and the slack that PACK_COPY may write behind it. */
static inline int64_t GNDP_G(a_panel)(int64_t units)
{
    return MR * units + LANES;
}

static size_t GNDP_G(row_scratch_bytes)(int64_t rows, int64_t k)
{
    const int64_t units = GNDP_G(block_units)(k);
    const int64_t copy = gndp_min_i64(rows, MR) * GNDP_G(copy_stride)(units);
    const int64_t tiles = gndp_ceil_div(gndp_min_i64(rows, GNDP_GEMM_ROW_BLOCK), MR);
    const int64_t panels = tiles * GNDP_G(a_panel)(units);
    return gndp_gemm_align((size_t)gndp_max_i64(copy, panels) * sizeof(UNIT));
}

/* Can the tiles read A where it lies? If rows are runs of k, and not so far apart that the rows of
   a tile fall on the same few sets of L1 (4096 bytes a way); or if neighbours are neighbours in i
   and all of it stays in L1. */
static inline bool GNDP_G(a_in_place)(int64_t rows, int64_t k, int64_t a_row, int64_t a_col)
{
    if (KSTEP != 1)
        return false;
    if (a_row == 1 && a_col != 1)
        return k * a_col * (int64_t)sizeof(REAL) <= GNDP_GEMM_IN_PLACE_BYTES;
    return a_col == 1 && (rows <= 4 || (a_row * (int64_t)sizeof(REAL)) % 2048 != 0);
}

/* Tile t of a block of rows: even tiles, because a tile of few rows is bound by latency. */
static inline int64_t GNDP_G(tile_start)(int64_t rows, int64_t t)
{
    const int64_t tiles = gndp_ceil_div(rows, MR);
    return t * (rows / tiles) + gndp_min_i64(t, rows % tiles);
}

/* How the tiles read the block A[0, rows) x [0, k): in place; copied tile by tile, rows as runs of
   k; or, where neighbours in memory are neighbours in i, as panels, one a tile, k outermost. Panels
   are made here for all tiles, so that lines of A are read once, whole and in order. */
static gndp_gemm_a_view GNDP_G(view_a)(int64_t rows, int64_t k, const REAL *a, int64_t a_row,
                                       int64_t a_col, UNIT *scratch)
{
    const int64_t units = GNDP_G(units)(k), tiles = gndp_ceil_div(rows, MR);
    gndp_gemm_a_view view = {.data = a, .row = a_row, .col = a_col, .scratch = scratch};
    view.form = GNDP_G(a_in_place)(rows, k, a_row, a_col) ? GNDP_GEMM_A_IN_PLACE : GNDP_GEMM_A_COPY;
    if (a_row != 1 || a_col == 1 || view.form == GNDP_GEMM_A_IN_PLACE)
        return view;
    view.form = GNDP_GEMM_A_PANELS;
    const int64_t least = rows / tiles, taller = rows % tiles; /* as in tile_start */
    for (int64_t s = 0; s < units; s++) {
        const REAL *src = a + s * KSTEP * a_col;
        UNIT *panel = scratch;
        for (int64_t t = 0; t < tiles; t++) {
            const int64_t height = least + (t < taller);
            for (int64_t x = 0; x < height; x += LANES)
                PACK_COPY(panel + s * height + x, src + x, a_col, k - s * KSTEP,
                          gndp_min_i64(LANES, height - x));
            src += height;
            panel += GNDP_G(a_panel)(units);
        }
    }
    return view;
}

/* Rows [i, i + height) of the view, the tile of this number, as the tile `t` reads them. */
static void GNDP_G(point_at)(const gndp_gemm_a_view *a, int64_t number, int64_t i, int64_t height,
                             int64_t k, gndp_gemm_tile *t)
{
    const int64_t units = GNDP_G(units)(k), stride = GNDP_G(copy_stride)(units);
    t->a = (const UNIT *)a->data + i * a->row;
    t->a_row = a->row;
    t->a_step = a->col; /* in place */
    if (a->form == GNDP_GEMM_A_PANELS) {
        t->a = (const UNIT *)a->scratch + number * GNDP_G(a_panel)(units);
        t->a_row = 1;
        t->a_step = height;
    } else if (a->form == GNDP_GEMM_A_COPY) {
        const REAL *src = (const REAL *)a->data + i * a->row;
        UNIT *dst = a->scratch;
        t->a = dst;
        t->a_row = stride;
        t->a_step = 1;
        for (int64_t r = 0; r < height; r++, src += a->row, dst += stride)
            if (a->col == 1)
                COPY_ROW(dst, src, k);
            else
                for (int64_t s = 0; s < units; s++)
                    dst[s] = PACK_UNIT(src + s * KSTEP * a->col, a->col, k - s * KSTEP);
    }
}

/* Rows of one block times columns [0, n) of packed or in-place B: tile by tile, each tile of A
   meeting all panels while it is in L1. `t` comes with k, b strides and the store set. */
static void GNDP_G(tiles_of)(int64_t rows, int64_t n, int64_t k, const gndp_gemm_a_view *a,
                             const gndp_gemm_region next[2], int64_t panel, gndp_gemm_tile t)
{
    const int64_t tiles = gndp_ceil_div(rows, MR), calls = tiles * gndp_ceil_div(n, NR);
    t.span = (t.k <= GNDP_GEMM_SHORT_K ? GNDP_GEMM_SHORT_SPAN : GNDP_GEMM_SPAN) * 12 / MR;
    const int64_t spans = gndp_max_i64(1, gndp_ceil_div(t.k, t.span));
    const UNIT *b = t.b;
    REAL *c = t.c;
    const REAL *bias = t.bias;
    int64_t call = 0;
    t.span_rows = (int)gndp_ceil_div(MR, spans);
    t.ahead_far = a->form != GNDP_GEMM_A_IN_PLACE;
    for (int64_t i = 0; i < tiles; i++) {
        const int64_t i0 = GNDP_G(tile_start)(rows, i), i1 = GNDP_G(tile_start)(rows, i + 1);
        GNDP_G(point_at)(a, i, i0, i1 - i0, k, &t);
        for (int64_t j = 0; j < n; j += NR) {
            const int cols = (int)gndp_min_i64(NR, n - j), vecs = cols > LANES ? 2 : 1;
            t.cols = cols;
            t.b = b + j / NR * panel;
            t.b_cols = panel == NR ? cols : vecs * LANES;
            t.c = c + i0 * t.c_row + j;
            t.bias = bias != NULL ? bias + j : NULL;
            gndp_gemm_plan_ahead(next, call++, calls, spans, &t);
            GNDP_G(tiles)[i1 - i0 - 1][vecs - 1](&t);
        }
    }
}

/* Steps [s, s + kc) of k for rows [i, i + height) of the block, all columns; B in chunks of columns
   that stay in L2 while the tiles of A pass. */
static void GNDP_G(part)(const gndp_gemm_block *w, int64_t s, int64_t i, int64_t height,
                         const gndp_gemm_region next[2])
{
    const gndp_gemm_region none[2] = {{0}, {0}};
    const int64_t units = GNDP_G(units)(w->k), kc = GNDP_G(block_units)(w->k);
    const int64_t step = gndp_min_i64(kc, units - s);
    const int64_t k = gndp_min_i64(step * KSTEP, w->k - s * KSTEP);
    const int64_t panel_bytes = kc * NR * (int64_t)sizeof(UNIT) + 1;
    const int64_t width = gndp_max_i64(1, GNDP_GEMM_B_BYTES / panel_bytes) * NR;
    const REAL *a = (const REAL *)w->a + i * w->a_row + s * KSTEP * w->a_col;
    const gndp_gemm_a_view view = GNDP_G(view_a)(height, k, a, w->a_row, w->a_col, w->scratch);
    gndp_gemm_tile t = {.k = step, .b_step = NR, .c_row = w->c_row, .alpha = w->alpha};
    t.accumulate = w->accumulate || s > 0;
    for (int64_t j = 0; j < w->n; j += width) {
        t.b = (const UNIT *)w->packed_b + j * units + s * NR;
        t.c = (REAL *)w->c + i * w->c_row + j;
        t.bias = w->bias != NULL && s == 0 ? (const REAL *)w->bias + j : NULL;
        GNDP_G(tiles_of)(height, gndp_min_i64(width, w->n - j), k, &view, j == 0 ? next : none,
                         NR * units, t);
    }
}

static void GNDP_G(block)(const gndp_gemm_block *w)
{
    const int64_t units = GNDP_G(units)(w->k), kc = GNDP_G(block_units)(w->k);
    int64_t s = 0;
    do { /* once when k is 0: C becomes 0 or stays */
        for (int64_t i = 0; i < w->rows; i += GNDP_GEMM_ROW_BLOCK) {
            gndp_gemm_region own[2] = {{0}, {0}}; /* A of the part after this one */
            int64_t then_i = i + GNDP_GEMM_ROW_BLOCK, then_s = s;
            if (then_i >= w->rows) {
                then_i = 0;
                then_s = s + kc;
            }
            const REAL *then_a = (const REAL *)w->a + then_i * w->a_row + then_s * KSTEP * w->a_col;
            if (then_s < units)
                own[0] = gndp_gemm_region_of(sizeof(REAL), then_a,
                                             gndp_min_i64(GNDP_GEMM_ROW_BLOCK, w->rows - then_i),
                                             w->a_row, gndp_min_i64(kc, units - then_s) * KSTEP,
                                             w->a_col);
            GNDP_G(part)(w, s, i, gndp_min_i64(GNDP_GEMM_ROW_BLOCK, w->rows - i),
                         then_s < units ? own : w->next);
        }
        s += kc;
    } while (s < units);
}

static void GNDP_G(rows)(int64_t rows, int64_t n, int64_t k, double alpha, const void *a,
                         int64_t a_row, int64_t a_col, const void *packed_b, void *c, int64_t c_row,
                         bool accumulate, void *scratch)
{
    const gndp_gemm_block w = {.rows = rows, .n = n, .k = k, .alpha = alpha, .a = a,
                               .a_row = a_row, .a_col = a_col, .packed_b = packed_b, .c = c,
                               .c_row = c_row, .accumulate = accumulate, .scratch = scratch};
    GNDP_G(block)(&w);
}
