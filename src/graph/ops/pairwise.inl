// SPDX-License-Identifier: Apache-2.0
// Loops of the pairwise family for one real type: REAL, and GNDP_R(f), which appends its name.

static gndp_status GNDP_R(sqdist_ref)(const gndp_exec *ex)
{
    const pair_shape s = pair_shape_of(ex);
    const REAL *x = ex->in[0].data, *z = ex->in[1].data;
    REAL *y = ex->out[0].data;
    for (int64_t b = 0; b < s.batch; b++) {
        const REAL *xb = x + pair_batch(ex, 0, b) * s.n * s.d,
                   *zb = z + pair_batch(ex, 1, b) * s.m * s.d;
        for (int64_t i = 0; i < s.n; i++) {
            for (int64_t j = 0; j < s.m; j++) {
                REAL sum = 0;
                for (int64_t c = 0; c < s.d; c++) {
                    const REAL r = xb[i * s.d + c] - zb[j * s.d + c];
                    sum += r * r;
                }
                y[(b * s.n + i) * s.m + j] = sum;
            }
        }
    }
    return GNDP_OK;
}

/* z [.., M, D] to [.., D, M] in scratch, so that the loop over j is vector code. */
static void GNDP_R(transpose_points)(const gndp_exec *ex, const pair_shape *s)
{
    const int64_t z_batch = s->m * s->d > 0 ? gndp_type_count(ex->in[1].type) / (s->m * s->d) : 0;
    const REAL *z = ex->in[1].data;
    REAL *t = ex->scratch;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(ex->threads) if (z_batch * s->m * s->d > PARALLEL_COUNT)
    for (int64_t r = 0; r < z_batch * s->d; r++) {
        const int64_t b = r / s->d, c = r % s->d;
        for (int64_t j = 0; j < s->m; j++) {
            t[r * s->m + j] = z[(b * s->m + j) * s->d + c];
        }
    }
}

/* The same sums in the same order as the reference: the same bits. */
static gndp_status GNDP_R(sqdist_cpu)(const gndp_exec *ex)
{
    const pair_shape s = pair_shape_of(ex);
    const REAL *x = ex->in[0].data, *zt = ex->scratch;
    const int64_t chunks = (s.m + PAIR_COLUMNS - 1) / PAIR_COLUMNS;
    GNDP_R(transpose_points)(ex, &s);
#pragma omp parallel for schedule(static)                                                          \
    num_threads(ex->threads) if (s.batch * s.n * s.m > PARALLEL_COUNT)
    for (int64_t t = 0; t < s.batch * s.n * chunks; t++) {
        const int64_t row = t / chunks, b = row / s.n, begin = t % chunks * PAIR_COLUMNS;
        const int64_t cols = s.m - begin < PAIR_COLUMNS ? s.m - begin : PAIR_COLUMNS;
        const REAL *xi = x + (pair_batch(ex, 0, b) * s.n + row % s.n) * s.d;
        const REAL *zb = zt + pair_batch(ex, 1, b) * s.m * s.d + begin;
        REAL *restrict y = (REAL *)ex->out[0].data + row * s.m + begin;
        for (int64_t j = 0; j < cols; j++) {
            y[j] = 0;
        }
        for (int64_t c = 0; c < s.d; c++) {
            const REAL *restrict zc = zb + c * s.m;
            const REAL xc = xi[c];
            for (int64_t j = 0; j < cols; j++) {
                y[j] += (xc - zc[j]) * (xc - zc[j]);
            }
        }
    }
    return GNDP_OK;
}
