// SPDX-License-Identifier: Apache-2.0
// Loops of the norm family for one real type: REAL, GNDP_R(f), which appends its name, REAL_INDEX
// (of the tile table).

/* ------------------------------------------------------------------------------------ reference */
/* Here layer_norm is group_norm: each row a realization of one point and one group (norm_shape_of).
 */

static gndp_status GNDP_R(softmax_ref)(const gndp_exec *ex)
{
    const mask_view m = mask_view_of(ex);
    const int64_t n = m.n;
    for (int64_t r = 0; r < m.rows; r++) {
        const REAL *x = (const REAL *)ex->in[0].data + r * n;
        REAL *y = (REAL *)ex->out[0].data + r * n;
        const double low = (double)-INFINITY;
        double top = low, total = 0.0;
        for (int64_t i = 0; i < n; i++) {
            if (mask_keeps(&m, r, i) && !((double)x[i] <= top) &&
                !isnan(top)) { /* a NaN is the largest, and stays */
                top = (double)x[i];
            }
        }
        for (int64_t i = 0; i < n && top != low; i++) {
            total += mask_keeps(&m, r, i) ? exp((double)x[i] - top) : 0.0;
        }
        for (int64_t i = 0; i < n; i++) {
            const bool keep = top != low && mask_keeps(&m, r, i);
            y[i] = keep ? (REAL)(exp((double)x[i] - top) / total) : 0;
        }
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(softmax_adjoint_ref)(const gndp_exec *ex)
{
    const gndp_type type = ex->in[0].type;
    const int64_t n = type.dim[type.rank - 1], rows = gndp_dims_product(type, 0, type.rank - 1);
    const REAL *y = ex->in[0].data, *g = ex->in[1].data;
    REAL *dx = ex->out[0].data;
    for (int64_t r = 0; r < rows; r++, y += n, g += n, dx += n) {
        double s = 0.0;
        for (int64_t i = 0; i < n; i++) {
            s += (double)y[i] * (double)g[i];
        }
        for (int64_t i = 0; i < n; i++) {
            dx[i] = (REAL)((double)y[i] * ((double)g[i] - s));
        }
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(group_norm_ref)(const gndp_exec *ex)
{
    const norm_shape s = norm_shape_of(ex->in[0].type, ex->attr->i[0]);
    const REAL *x = ex->in[0].data;
    REAL *y = ex->out[0].data, *mean = ex->out[1].data, *rstd = ex->out[2].data;
    for (int64_t k = 0; k < s.batch * s.groups; k++) {
        const int64_t first = k / s.groups * s.points * s.row + k % s.groups * s.width;
        double sum = 0.0, square = 0.0;
        for (int64_t i = 0; i < s.points * s.width; i++) {
            sum += (double)x[first + i / s.width * s.row + i % s.width];
        }
        const double centre = sum / (double)(s.points * s.width);
        for (int64_t i = 0; i < s.points * s.width; i++) {
            const double d = (double)x[first + i / s.width * s.row + i % s.width] - centre;
            square += d * d;
        }
        const double scale = 1.0 / sqrt(square / (double)(s.points * s.width) + ex->attr->f[0]);
        for (int64_t i = 0; i < s.points * s.width; i++) {
            const int64_t at = first + i / s.width * s.row + i % s.width;
            y[at] = (REAL)(((double)x[at] - centre) * scale);
        }
        mean[k] = (REAL)centre;
        rstd[k] = (REAL)scale;
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(group_norm_adjoint_ref)(const gndp_exec *ex)
{
    const norm_shape s = norm_shape_of(ex->in[0].type, ex->attr->i[0]);
    const REAL *g = ex->in[0].data, *x = ex->in[1].data, *mean = ex->in[2].data,
               *rstd = ex->in[3].data;
    REAL *dx = ex->out[0].data;
    const double count = (double)(s.points * s.width);
    for (int64_t k = 0; k < s.batch * s.groups; k++) {
        const int64_t first = k / s.groups * s.points * s.row + k % s.groups * s.width;
        const double centre = (double)mean[k], scale = (double)rstd[k];
        double a = 0.0, b = 0.0;
        for (int64_t i = 0; i < s.points * s.width; i++) {
            const int64_t at = first + i / s.width * s.row + i % s.width;
            a += (double)g[at];
            b += (double)g[at] * ((double)x[at] - centre) * scale;
        }
        for (int64_t i = 0; i < s.points * s.width; i++) {
            const int64_t at = first + i / s.width * s.row + i % s.width;
            const double z = ((double)x[at] - centre) * scale;
            dx[at] = (REAL)(scale * ((double)g[at] - a / count - z * b / count));
        }
    }
    return GNDP_OK;
}

/* ------------------------------------------------------------------------------------------ cpu */

/* Sums in LANES interleaved parts, joined in order: vector code whose bits depend on n alone. */
#define LANES 16

static double GNDP_R(join_lanes)(const REAL *lane, double rest)
{
    for (int l = 0; l < LANES; l++) {
        rest += (double)lane[l];
    }
    return rest;
}

static double GNDP_R(row_sum)(int64_t n, const REAL *x)
{
    REAL lane[LANES] = {0};
    double rest = 0.0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) {
            lane[l] += x[i + l];
        }
    }
    for (; i < n; i++) {
        rest += (double)x[i];
    }
    return GNDP_R(join_lanes)(lane, rest);
}

static double GNDP_R(row_square)(int64_t n, const REAL *x, REAL mean)
{
    REAL lane[LANES] = {0};
    double rest = 0.0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) {
            lane[l] += (x[i + l] - mean) * (x[i + l] - mean);
        }
    }
    for (; i < n; i++) {
        rest += (double)((x[i] - mean) * (x[i] - mean));
    }
    return GNDP_R(join_lanes)(lane, rest);
}

static double GNDP_R(row_dot)(int64_t n, const REAL *x, const REAL *y, REAL mean)
{
    REAL lane[LANES] = {0};
    double rest = 0.0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) {
            lane[l] += x[i + l] * (y[i + l] - mean);
        }
    }
    for (; i < n; i++) {
        rest += (double)(x[i] * (y[i] - mean));
    }
    return GNDP_R(join_lanes)(lane, rest);
}

/* Largest entry; NaN entries are passed over here and come back in the exponential. */
static REAL GNDP_R(row_top)(int64_t n, const REAL *x)
{
    REAL lane[LANES];
    REAL top = -(REAL)INFINITY;
    int64_t i = 0;
    for (int l = 0; l < LANES; l++) {
        lane[l] = top;
    }
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; l++) {
            lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
        }
    }
    for (; i < n; i++) {
        top = x[i] > top ? x[i] : top;
    }
    for (int l = 0; l < LANES; l++) {
        top = lane[l] > top ? lane[l] : top;
    }
    return top;
}

static void GNDP_R(softmax_row)(int64_t n, const REAL *x, const int32_t *mask, int64_t mask_step,
                                gndp_tile_fn exponential, REAL *y)
{
    const REAL low = -(REAL)INFINITY;
    for (int64_t i = 0; i < n; i++) {
        y[i] = mask == NULL || mask[i * mask_step] != 0 ? x[i] : low;
    }
    const REAL top = GNDP_R(row_top)(n, y);
    if (top == low) { /* nothing kept, or only -inf and NaN */
        REAL nan_or_zero = 0;
        for (int64_t i = 0; i < n; i++) {
            nan_or_zero += y[i] == low ? 0 : y[i];
        }
        for (int64_t i = 0; i < n; i++) {
            y[i] = mask == NULL || mask[i * mask_step] != 0 ? nan_or_zero : 0;
        }
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        y[i] -= top;
    }
    exponential(n, y, NULL, NULL, 1, NULL, y);
    const REAL scale = (REAL)(1.0 / GNDP_R(row_sum)(n, y));
    for (int64_t i = 0; i < n; i++) { /* a NaN total must not reach masked entries */
        y[i] = mask == NULL || mask[i * mask_step] != 0 ? y[i] * scale : 0;
    }
}

static gndp_status GNDP_R(softmax_cpu)(const gndp_exec *ex)
{
    const mask_view m = mask_view_of(ex);
    const gndp_tile_fn exponential = gndp_tile_table_best(ex->simd)->real[REAL_INDEX][GNDP_EW_EXP];
    const REAL *x = ex->in[0].data;
    REAL *y = ex->out[0].data;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(ex->threads) if (m.rows * m.n > PARALLEL_COUNT)
    for (int64_t r = 0; r < m.rows; r++) {
        const int32_t *mask = m.mask == NULL ? NULL : m.mask + mask_row(&m, r);
        GNDP_R(softmax_row)(m.n, x + r * m.n, mask, m.step, exponential, y + r * m.n);
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(softmax_adjoint_cpu)(const gndp_exec *ex)
{
    const gndp_type type = ex->in[0].type;
    const int64_t n = type.dim[type.rank - 1], rows = gndp_dims_product(type, 0, type.rank - 1);
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (rows * n > PARALLEL_COUNT)
    for (int64_t r = 0; r < rows; r++) {
        const REAL *y = (const REAL *)ex->in[0].data + r * n,
                   *g = (const REAL *)ex->in[1].data + r * n;
        REAL *dx = (REAL *)ex->out[0].data + r * n;
        const REAL s = (REAL)GNDP_R(row_dot)(n, y, g, 0);
        for (int64_t i = 0; i < n; i++) {
            dx[i] = y[i] * (g[i] - s);
        }
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(layer_norm_cpu)(const gndp_exec *ex)
{
    const gndp_type type = ex->in[0].type;
    const int64_t n = type.dim[type.rank - 1], rows = gndp_dims_product(type, 0, type.rank - 1);
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (rows * n > PARALLEL_COUNT)
    for (int64_t r = 0; r < rows; r++) {
        const REAL *x = (const REAL *)ex->in[0].data + r * n;
        REAL *y = (REAL *)ex->out[0].data + r * n;
        const REAL mean = (REAL)(GNDP_R(row_sum)(n, x) / (double)n);
        const REAL rstd =
            (REAL)(1.0 / sqrt(GNDP_R(row_square)(n, x, mean) / (double)n + ex->attr->f[0]));
        for (int64_t i = 0; i < n; i++) {
            y[i] = (x[i] - mean) * rstd;
        }
        ((REAL *)ex->out[1].data)[r] = mean;
        ((REAL *)ex->out[2].data)[r] = rstd;
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(layer_norm_adjoint_cpu)(const gndp_exec *ex)
{
    const gndp_type type = ex->in[0].type;
    const int64_t n = type.dim[type.rank - 1], rows = gndp_dims_product(type, 0, type.rank - 1);
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (rows * n > PARALLEL_COUNT)
    for (int64_t r = 0; r < rows; r++) {
        const REAL *g = (const REAL *)ex->in[0].data + r * n,
                   *x = (const REAL *)ex->in[1].data + r * n;
        const REAL mean = ((const REAL *)ex->in[2].data)[r],
                   rstd = ((const REAL *)ex->in[3].data)[r];
        REAL *dx = (REAL *)ex->out[0].data + r * n;
        const REAL a = (REAL)(GNDP_R(row_sum)(n, g) / (double)n);
        const REAL b = (REAL)(GNDP_R(row_dot)(n, g, x, mean) / (double)n) * rstd;
        for (int64_t i = 0; i < n; i++) {
            dx[i] = rstd * (g[i] - a - (x[i] - mean) * rstd * b);
        }
    }
    return GNDP_OK;
}

/*
 * Group norm walks its rows in blocks of NORM_ROWS: each block leaves its column sums in scratch,
 * then the sums of a group are joined in order of block and column. first[k], second[k] of group k:
 */
typedef struct GNDP_R(group_term) {
    const REAL *a, *b;    /* column sum of a (- centre if square), and of a (b - centre) */
    const double *centre; /* [batch * groups], NULL: 0 */
    bool square;          /* sum (a - centre)^2 instead */
} GNDP_R(group_term);

/* Column sums of rows [begin, end) of one realization; t->b NULL leaves the second sum out. */
static void GNDP_R(block_sums)(const norm_shape *s, const GNDP_R(group_term) * t, int64_t batch,
                               int64_t begin, int64_t end, double *first, double *second)
{
    const double *centre = t->centre == NULL ? NULL : t->centre + batch * s->groups;
    for (int64_t h = 0; h < s->row; h++) {
        first[h] = 0.0;
        second[h] = 0.0;
    }
    for (int64_t p = begin; p < end; p++) {
        const REAL *a = t->a + (batch * s->points + p) * s->row;
        const REAL *b = t->b == NULL ? NULL : t->b + (batch * s->points + p) * s->row;
        for (int64_t k = 0; k < s->groups; k++) {
            const double c = centre == NULL ? 0.0 : centre[k];
            for (int64_t h = k * s->width; h < (k + 1) * s->width; h++) {
                const double d = t->square ? (double)a[h] - c : 0.0;
                first[h] += t->square ? d * d : (double)a[h];
                second[h] += b == NULL ? 0.0 : (double)a[h] * ((double)b[h] - c);
            }
        }
    }
}

static void GNDP_R(group_sums)(const gndp_exec *ex, const norm_shape *s,
                               const GNDP_R(group_term) * t, double *first, double *second)
{
    const int64_t blocks = norm_blocks(s);
    double *partial = (double *)ex->scratch + 4 * s->batch * s->groups;
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (s->batch * blocks > 1)
    for (int64_t i = 0; i < s->batch * blocks; i++) {
        const int64_t begin = i % blocks * NORM_ROWS,
                      end = begin + NORM_ROWS < s->points ? begin + NORM_ROWS : s->points;
        GNDP_R(block_sums)
        (s, t, i / blocks, begin, end, partial + 2 * i * s->row, partial + (2 * i + 1) * s->row);
    }
    for (int64_t k = 0; k < s->batch * s->groups; k++) {
        const double *part =
            partial + k / s->groups * blocks * 2 * s->row + k % s->groups * s->width;
        first[k] = second[k] = 0.0;
        for (int64_t i = 0; i < blocks; i++) {
            for (int64_t h = 0; h < s->width; h++) {
                first[k] += part[2 * i * s->row + h];
                second[k] += part[(2 * i + 1) * s->row + h];
            }
        }
    }
}

static gndp_status GNDP_R(group_norm_cpu)(const gndp_exec *ex)
{
    const norm_shape s = norm_shape_of(ex->in[0].type, ex->attr->i[0]);
    const int64_t n = s.batch * s.groups;
    const REAL *x = ex->in[0].data;
    REAL *y = ex->out[0].data;
    double *centre = ex->scratch, *square = centre + n, *unused = square + n;
    GNDP_R(group_sums)(ex, &s, &(GNDP_R(group_term)){.a = x}, centre, unused);
    for (int64_t k = 0; k < n; k++) {
        centre[k] /= (double)(s.points * s.width);
    }
    GNDP_R(group_sums)
    (ex, &s, &(GNDP_R(group_term)){.a = x, .centre = centre, .square = true}, square, unused);
    for (int64_t k = 0; k < n; k++) {
        square[k] = 1.0 / sqrt(square[k] / (double)(s.points * s.width) + ex->attr->f[0]);
        ((REAL *)ex->out[1].data)[k] = (REAL)centre[k];
        ((REAL *)ex->out[2].data)[k] = (REAL)square[k];
    }
#pragma omp parallel for schedule(static)                                                          \
    num_threads(ex->threads) if (s.batch * s.points * s.row > PARALLEL_COUNT)
    for (int64_t p = 0; p < s.batch * s.points; p++) {
        for (int64_t k = 0; k < s.groups; k++) {
            const REAL mean = (REAL)centre[p / s.points * s.groups + k],
                       rstd = (REAL)square[p / s.points * s.groups + k];
            for (int64_t at = p * s.row + k * s.width; at < p * s.row + (k + 1) * s.width; at++) {
                y[at] = (x[at] - mean) * rstd;
            }
        }
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(group_norm_adjoint_cpu)(const gndp_exec *ex)
{
    const norm_shape s = norm_shape_of(ex->in[0].type, ex->attr->i[0]);
    const int64_t n = s.batch * s.groups;
    const double count = (double)(s.points * s.width);
    const REAL *g = ex->in[0].data, *x = ex->in[1].data, *mean = ex->in[2].data,
               *rstd = ex->in[3].data;
    REAL *dx = ex->out[0].data;
    double *centre = ex->scratch, *a = centre + n, *b = a + n;
    for (int64_t k = 0; k < n; k++) {
        centre[k] = (double)mean[k];
    }
    GNDP_R(group_sums)(ex, &s, &(GNDP_R(group_term)){.a = g, .b = x, .centre = centre}, a, b);
#pragma omp parallel for schedule(static)                                                          \
    num_threads(ex->threads) if (s.batch * s.points * s.row > PARALLEL_COUNT)
    for (int64_t p = 0; p < s.batch * s.points; p++) {
        for (int64_t k = 0; k < s.groups; k++) {
            const int64_t group = p / s.points * s.groups + k;
            const REAL m = mean[group], r = rstd[group];
            const REAL shift = (REAL)(a[group] / count), slope = (REAL)(b[group] / count) * r;
            for (int64_t at = p * s.row + k * s.width; at < p * s.row + (k + 1) * s.width; at++) {
                dx[at] = r * (g[at] - shift - (x[at] - m) * r * slope);
            }
        }
    }
    return GNDP_OK;
}
#undef LANES
