// SPDX-License-Identifier: Apache-2.0
// Loops of scatter_add and scatter_along for one real type: REAL, and GNDP_R(f), which appends its
// name.

static gndp_status GNDP_R(scatter_add_ref)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const index_shape s = scatter_extents(ex);
    const REAL *x = ex->in[0].data;
    const int32_t *index = ex->in[1].data;
    REAL *y = ex->out[0].data;
    GNDP_TRY(check_index("scatter_add", index, s.count, s.size, 1));
    memset(y, 0, (size_t)(s.outer * s.size * s.inner) * sizeof *y);
    for (int64_t o = 0; o < s.outer; o++) {
        for (int64_t j = 0; j < s.count; j++) {
            for (int64_t i = 0; i < s.inner; i++) {
                y[(o * s.size + index[j]) * s.inner + i] += x[(o * s.count + j) * s.inner + i];
            }
        }
    }
done:
    return st;
}

/* Columns [c0, c1) of outer entry o, sources in order. */
static void GNDP_R(scatter_columns)(const index_shape *s, const int32_t *index, int64_t o,
                                    int64_t c0, int64_t c1, const REAL *x, REAL *y)
{
    const REAL *xo = x + o * s->count * s->inner;
    REAL *yo = y + o * s->size * s->inner;
    for (int64_t d = 0; d < s->size; d++) {
        for (int64_t c = c0; c < c1; c++) {
            yo[d * s->inner + c] = 0;
        }
    }
    for (int64_t j = 0; j < s->count; j++) {
        REAL *to = yo + index[j] * s->inner;
        const REAL *from = xo + j * s->inner;
        for (int64_t c = c0; c < c1; c++) {
            to[c] += from[c];
        }
    }
}

/* Each destination sums its sources in order of position, whoever runs it: both ways give the same
 * bits. */
static gndp_status GNDP_R(scatter_add_cpu)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const index_shape s = scatter_extents(ex);
    const REAL *x = ex->in[0].data;
    const int32_t *index = ex->in[1].data;
    REAL *y = ex->out[0].data;
    const int64_t chunks = (s.inner + SCATTER_COLUMNS - 1) / SCATTER_COLUMNS;
    int64_t *start = ex->scratch, *order = start + s.size + 1;
    GNDP_TRY(check_index("scatter_add", index, s.count, s.size, ex->threads));
    if (ex->threads == 1 || !scatter_sorts(&s)) {
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (s.outer * chunks > 1)
        for (int64_t t = 0; t < s.outer * chunks; t++) {
            const int64_t c0 = t % chunks * SCATTER_COLUMNS;
            const int64_t c1 = c0 + SCATTER_COLUMNS < s.inner ? c0 + SCATTER_COLUMNS : s.inner;
            GNDP_R(scatter_columns)(&s, index, t / chunks, c0, c1, x, y);
        }
        return GNDP_OK;
    }
    sort_sources(index, s.count, s.size, start, order);
#pragma omp parallel for schedule(dynamic, 16) num_threads(ex->threads)
    for (int64_t t = 0; t < s.outer * s.size;
         t++) { /* some destinations have most of the sources */
        const int64_t o = t / s.size, d = t % s.size;
        REAL *to = y + t * s.inner;
        for (int64_t c = 0; c < s.inner; c++) {
            to[c] = 0;
        }
        for (int64_t k = start[d]; k < start[d + 1]; k++) {
            const REAL *from = x + (o * s.count + order[k]) * s.inner;
            for (int64_t c = 0; c < s.inner; c++) {
                to[c] += from[c];
            }
        }
    }
done:
    return st;
}

/* Columns [c0, c1) of outer entry o of scatter_along, sources in order. */
static void GNDP_R(scatter_along_columns)(const index_shape *s, const int32_t *index, int64_t o,
                                          int64_t c0, int64_t c1, const REAL *x, REAL *y)
{
    REAL *yo = y + o * s->size * s->inner;
    for (int64_t d = 0; d < s->size; d++) {
        for (int64_t c = c0; c < c1; c++) {
            yo[d * s->inner + c] = 0;
        }
    }
    for (int64_t j = 0; j < s->count; j++) {
        const int64_t row = (o * s->count + j) * s->inner;
        for (int64_t c = c0; c < c1; c++) {
            yo[index[row + c] * s->inner + c] += x[row + c];
        }
    }
}

static gndp_status GNDP_R(scatter_along_ref)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const index_shape s = scatter_extents(ex);
    GNDP_TRY(check_index("scatter_along", ex->in[1].data, s.outer * s.count * s.inner, s.size, 1));
    for (int64_t o = 0; o < s.outer; o++) {
        GNDP_R(scatter_along_columns)
        (&s, ex->in[1].data, o, 0, s.inner, ex->in[0].data, ex->out[0].data);
    }
done:
    return st;
}

/* A vector (one outer entry, one column) is summed by one thread. */
static gndp_status GNDP_R(scatter_along_cpu)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const index_shape s = scatter_extents(ex);
    const int64_t chunks = (s.inner + SCATTER_COLUMNS - 1) / SCATTER_COLUMNS;
    GNDP_TRY(check_index("scatter_along", ex->in[1].data, s.outer * s.count * s.inner, s.size,
                         ex->threads));
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (s.outer * chunks > 1)
    for (int64_t t = 0; t < s.outer * chunks; t++) {
        const int64_t c0 = t % chunks * SCATTER_COLUMNS;
        const int64_t c1 = c0 + SCATTER_COLUMNS < s.inner ? c0 + SCATTER_COLUMNS : s.inner;
        GNDP_R(scatter_along_columns)
        (&s, ex->in[1].data, t / chunks, c0, c1, ex->in[0].data, ex->out[0].data);
    }
done:
    return st;
}
