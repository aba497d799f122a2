// SPDX-License-Identifier: Apache-2.0
// The tiled Cholesky for one type: REAL, FACTOR_NAME(f), and the BLAS and LAPACK calls.

/* A tile of panel k: rows j..j+m of L, columns k..k+nb, less what earlier columns account for: a_jk
 * -= L_j,<k L_k,<k'. */
static void FACTOR_NAME(update)(int64_t n, REAL *a, int64_t k, int64_t nb, int64_t j, int64_t m)
{
    if (k > 0) { /* row-major lower seen column-major: A_kj -= U_<k,k' U_<k,j */
        GEMM(CblasColMajor, CblasTrans, CblasNoTrans, (int)nb, (int)m, (int)k, (REAL)-1, a + k * n,
             (int)n, a + j * n, (int)n, (REAL)1, a + j * n + k, (int)n);
    }
}

/* The tile on the diagonal: its upper half in storage is not ours to touch, so it is updated by
 * rank. */
static void FACTOR_NAME(update_diagonal)(int64_t n, REAL *a, int64_t k, int64_t nb)
{
    if (k > 0) {
        SYRK(CblasColMajor, CblasUpper, CblasTrans, (int)nb, (int)k, (REAL)-1, a + k * n, (int)n,
             (REAL)1, a + k * n + k, (int)n);
    }
}

static int64_t FACTOR_NAME(diagonal)(int64_t n, REAL *a, int64_t k, int64_t nb, double *pivot)
{
    const lapack_int info =
        POTRF(LAPACK_COL_MAJOR, 'U', (lapack_int)nb, a + k * n + k, (lapack_int)n);
    const int64_t end = info > 0 ? info : nb;
    for (int64_t i = k; i < k + end; i++) {
        *pivot = (double)a[i * n + i];
        if (!(*pivot > 0.0 && *pivot <= DBL_MAX)) { /* LAPACK lets NaN pass */
            return i;
        }
    }
    return info > 0 ? k + info - 1 : -1;
}

/*
 * By panels of PANEL columns, left to right: the panel takes the sum over all columns before it in
 * one product a tile, its diagonal tile is factored, the rest divided by it. Tiles of the panel are
 * independent.
 */
int64_t FACTOR_NAME(factor)(int64_t n, REAL *a, int threads, double *pivot)
{
    int64_t bad = -1;
    for (int64_t k = 0; k < n && bad < 0; k += PANEL) {
        const int64_t nb = n - k < PANEL ? n - k : PANEL, below = k + nb,
                      tiles = (n - below + ROWS - 1) / ROWS;
#pragma omp parallel num_threads(threads) if (threads > 1 && tiles > 0)
        {
            const int before = gaussian_threads_begin(1);
#pragma omp single nowait
            {
                FACTOR_NAME(update_diagonal)(n, a, k, nb);
                bad = FACTOR_NAME(diagonal)(n, a, k, nb, pivot);
            }
#pragma omp for schedule(dynamic, 1)
            for (int64_t t = 0; t < tiles; t++) {
                const int64_t j = below + t * ROWS, m = n - j < ROWS ? n - j : ROWS;
                FACTOR_NAME(update)(n, a, k, nb, j, m);
            }
#pragma omp for schedule(dynamic, 1)
            for (int64_t t = 0; t < (bad < 0 ? tiles : 0); t++) {
                const int64_t j = below + t * ROWS, m = n - j < ROWS ? n - j : ROWS;
                TRSM(CblasColMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, (int)nb,
                     (int)m, (REAL)1, a + k * n + k, (int)n, a + j * n + k, (int)n);
            }
            gaussian_threads_end(before);
        }
    }
    return bad;
}
