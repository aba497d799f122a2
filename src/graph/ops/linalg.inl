// SPDX-License-Identifier: Apache-2.0
// Loops of the linalg family for one real type: REAL, and GNDP_R(f), which appends its name.

/* ------------------------------------------------------------------------------------ reference */

static gndp_status GNDP_R(cholesky_ref)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const int64_t n = last_dim(ex->in[0].type), batch = matrices(ex->in[0].type);
    for (int64_t b = 0; b < batch; b++) {
        const REAL *a = (const REAL *)ex->in[0].data + b * n * n;
        REAL *l = (REAL *)ex->out[0].data + b * n * n;
        memset(l, 0, (size_t)(n * n) * sizeof *l);
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j <= i; j++) {
                double sum = (double)a[i * n + j];
                for (int64_t k = 0; k < j; k++) {
                    sum -= (double)l[i * n + k] * (double)l[j * n + k];
                }
                GNDP_CHECK(i != j || pivot_is_good(sum), GNDP_ERR_NOT_PD, PIVOT_MESSAGE,
                           (long long)b, (long long)i, sum);
                l[i * n + j] = (REAL)(i == j ? sqrt(sum) : sum / (double)l[j * n + j]);
            }
        }
    }
done:
    return st;
}

static gndp_status GNDP_R(solve_lower_ref)(const gndp_exec *ex)
{
    const solve_shape s = solve_shape_of(ex);
    const bool transposed = ex->attr->i[0] != 0;
    for (int64_t b = 0; b < s.batch; b++) {
        const REAL *l = (const REAL *)ex->in[0].data + b * s.l_batch,
                   *rhs = (const REAL *)ex->in[1].data + b * s.n * s.m;
        REAL *x = (REAL *)ex->out[0].data + b * s.n * s.m;
        for (int64_t step = 0; step < s.n; step++) {
            const int64_t i = transposed ? s.n - 1 - step : step;
            for (int64_t c = 0; c < s.m; c++) {
                double sum = (double)rhs[i * s.m + c];
                for (int64_t done = 0; done < step; done++) {
                    const int64_t k = transposed ? s.n - 1 - done : done;
                    sum -= (double)(transposed ? l[k * s.n + i] : l[i * s.n + k]) *
                           (double)x[k * s.m + c];
                }
                x[i * s.m + c] = (REAL)(sum / (double)l[i * s.n + i]);
            }
        }
    }
    return GNDP_OK;
}

/* Rows share nothing: on one thread this is the reference. */
static gndp_status GNDP_R(tril_rows)(const gndp_exec *ex)
{
    const gndp_type type = ex->in[0].type;
    const int64_t cols = last_dim(type), rows = type.dim[type.rank - 2],
                  total = matrices(type) * rows;
    const REAL diagonal = (REAL)ex->attr->f[0];
#pragma omp parallel for schedule(static)                                                          \
    num_threads(ex->threads) if (ex->threads > 1 && total * cols > 16384)
    for (int64_t r = 0; r < total; r++) {
        const REAL *x = (const REAL *)ex->in[0].data + r * cols;
        REAL *y = (REAL *)ex->out[0].data + r * cols;
        for (int64_t j = 0; j < cols; j++) {
            y[j] = j < r % rows ? x[j] : j == r % rows ? diagonal * x[j] : 0;
        }
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(diag_part_ref)(const gndp_exec *ex)
{
    const int64_t n = last_dim(ex->in[0].type), batch = matrices(ex->in[0].type);
    for (int64_t i = 0; i < batch * n; i++) {
        ((REAL *)ex->out[0].data)[i] = ((const REAL *)ex->in[0].data)[i * n + i % n];
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(diag_embed_ref)(const gndp_exec *ex)
{
    const int64_t n = last_dim(ex->in[0].type);
    memset(ex->out[0].data, 0, gndp_type_bytes(ex->out[0].type));
    for (int64_t i = 0; i < gndp_type_count(ex->in[0].type); i++) {
        ((REAL *)ex->out[0].data)[i * n + i % n] = ((const REAL *)ex->in[0].data)[i];
    }
    return GNDP_OK;
}

/* ------------------------------------------------------------------------------------------ cpu */

/*
 * Factor in place, l holding the lower triangle of a, zeros above: row-major lower is column-major
 * upper. Returns the first bad pivot, or -1. LAPACK says which leading minor is not positive, but
 * lets a NaN pass.
 */
static int64_t GNDP_R(factor)(int64_t n, REAL *l)
{
    if (n == 0) {
        return -1;
    }
    const lapack_int info = POTRF(LAPACK_COL_MAJOR, 'U', (lapack_int)n, l, (lapack_int)n);
    const int64_t end = info > 0 ? info - 1 : n;
    for (int64_t i = 0; i < end; i++) {
        if (!pivot_is_good((double)l[i * n + i])) {
            return i;
        }
    }
    return info != 0 ? end : -1;
}

static void GNDP_R(copy_lower)(int64_t n, const REAL *a, REAL *l)
{
    for (int64_t i = 0; i < n; i++) {
        memcpy(l + i * n, a + i * n, (size_t)(i + 1) * sizeof *l);
        memset(l + i * n + i + 1, 0, (size_t)(n - i - 1) * sizeof *l);
    }
}

/* What is left of a_ii for pivot i, from a and the rows of l before it; overwrites row i of l. */
static double GNDP_R(failed_pivot)(int64_t n, const REAL *a, REAL *l, int64_t i)
{
    double pivot = (double)a[i * n + i];
    for (int64_t j = 0; j < i; j++) {
        double sum = (double)a[i * n + j];
        for (int64_t k = 0; k < j; k++) {
            sum -= (double)l[i * n + k] * (double)l[j * n + k];
        }
        l[i * n + j] = (REAL)(sum / (double)l[j * n + j]);
        pivot -= (double)l[i * n + j] * (double)l[i * n + j];
    }
    return pivot;
}

static gndp_status GNDP_R(cholesky_cpu)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const int64_t n = last_dim(ex->in[0].type), batch = matrices(ex->in[0].type);
    const REAL *a = ex->in[0].data;
    REAL *l = ex->out[0].data;
    const bool by_batch = batch > 1 && n <= BATCH_MAX;
    const int inner = n <= SERIAL_MAX || by_batch ? 1 : ex->threads,
              outer = by_batch ? ex->threads : 1;
    int64_t first_bad = batch, pivot = -1;
    GNDP_CHECK(n <= INT32_MAX, GNDP_ERR_RANGE, "cholesky: matrix of %lld rows", (long long)n);
#pragma omp parallel num_threads(outer) if (outer > 1)
    {
        const int before = blas_threads(inner);
#pragma omp for schedule(static)
        for (int64_t b = 0; b < batch; b++) {
            GNDP_R(copy_lower)(n, a + b * n * n, l + b * n * n);
            const int64_t bad = GNDP_R(factor)(n, l + b * n * n);
#pragma omp critical
            if (bad >= 0 && b < first_bad) {
                first_bad = b;
                pivot = bad;
            }
        }
        omp_set_num_threads(before);
    }
    GNDP_CHECK(first_bad == batch, GNDP_ERR_NOT_PD, PIVOT_MESSAGE, (long long)first_bad,
               (long long)pivot,
               GNDP_R(failed_pivot)(n, a + first_bad * n * n, l + first_bad * n * n, pivot));
done:
    return st;
}

static gndp_status GNDP_R(solve_lower_cpu)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const solve_shape s = solve_shape_of(ex);
    const CBLAS_TRANSPOSE trans = ex->attr->i[0] != 0 ? CblasTrans : CblasNoTrans;
    const REAL *l = ex->in[0].data, *rhs = ex->in[1].data;
    REAL *x = ex->out[0].data;
    const bool by_batch = s.batch > 1 && s.n <= BATCH_MAX;
    const int inner = s.n <= SERIAL_MAX || by_batch ? 1 : ex->threads,
              outer = by_batch ? ex->threads : 1;
    GNDP_CHECK(s.n <= INT32_MAX && s.m <= INT32_MAX, GNDP_ERR_RANGE, "solve_lower: %lld x %lld",
               (long long)s.n, (long long)s.m);
    if (s.batch * s.n * s.m == 0) {
        return GNDP_OK;
    }
#pragma omp parallel num_threads(outer) if (outer > 1)
    {
        const int before = blas_threads(inner);
#pragma omp for schedule(static)
        for (int64_t b = 0; b < s.batch; b++) {
            const REAL *lb = l + b * s.l_batch;
            REAL *xb = x + b * s.n * s.m;
            memcpy(xb, rhs + b * s.n * s.m, (size_t)(s.n * s.m) * sizeof *xb);
            if (s.m == 1) {
                TRSV(CblasRowMajor, CblasLower, trans, CblasNonUnit, (int)s.n, lb, (int)s.n, xb, 1);
            } else {
                TRSM(CblasRowMajor, CblasLeft, CblasLower, trans, CblasNonUnit, (int)s.n, (int)s.m,
                     1, lb, (int)s.n, xb, (int)s.m);
            }
        }
        omp_set_num_threads(before);
    }
done:
    return st;
}
