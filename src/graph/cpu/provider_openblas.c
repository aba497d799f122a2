// SPDX-License-Identifier: Apache-2.0
// OpenBLAS as a provider of matrix products: f32 and f64, operands with one stride of 1.
//
// Its OpenMP build takes the calling thread's team size; inside a parallel region it runs on the
// calling thread, so a batch is shared out item by item and never has two levels of threads.
#include <limits.h>
#include <omp.h>
#include <string.h>

#include <cblas.h>

#include "base/error.h"
#include "graph/cpu/matmul_provider.h"

/* A stored matrix as BLAS wants it: op, and the distance of its rows. */
typedef struct blas_operand {
    CBLAS_TRANSPOSE op;
    int64_t stride;
} blas_operand;

/* Row-major X(i, j) = x[i*row + j*col], rows x cols. BLAS checks that a stride covers a row, even
   of a matrix whose stride is never used because it has one row. */
static bool operand_of(int64_t rows, int64_t row, int64_t cols, int64_t col, blas_operand *out)
{
    const int64_t least_plain = cols > 1 ? cols : 1, least_turned = rows > 1 ? rows : 1;
    if (cols <= 1 || col == 1) {
        *out = (blas_operand){CblasNoTrans, rows > 1 ? row : least_plain};
        return (cols > 1 || rows <= 1 || row >= 1) && out->stride >= least_plain &&
               out->stride <= INT_MAX;
    }
    *out = (blas_operand){CblasTrans, col};
    return (rows <= 1 || row == 1) && out->stride >= least_turned && out->stride <= INT_MAX;
}

static gndp_status openblas_create(const gndp_matmul_spec *spec, const gndp_cpu *cpu, void **state,
                                   size_t *scratch_bytes)
{
    gndp_status st = GNDP_OK;
    const gndp_gemm_shape *s = &spec->shape;
    blas_operand a, b;
    (void)cpu;
    GNDP_CHECK(spec->kind != GNDP_GEMM_BF16, GNDP_ERR_UNSUPPORTED, "OpenBLAS has no bf16 products");
    GNDP_CHECK(s->m <= INT_MAX && s->n <= INT_MAX && s->k <= INT_MAX && s->c_row <= INT_MAX,
               GNDP_ERR_UNSUPPORTED, "%lld x %lld x %lld is beyond the ints of BLAS",
               (long long)s->m, (long long)s->n, (long long)s->k);
    GNDP_CHECK(operand_of(s->m, s->a_row, s->k, s->a_col, &a) &&
                   operand_of(s->k, s->b_row, s->n, s->b_col, &b) &&
                   (s->m <= 1 || s->c_row >= s->n),
               GNDP_ERR_UNSUPPORTED, "strides (%lld, %lld) and (%lld, %lld) are not BLAS's",
               (long long)s->a_row, (long long)s->a_col, (long long)s->b_row, (long long)s->b_col);
    *state = NULL;
    *scratch_bytes = 0;
done:
    return st;
}

/* C starts as the bias (or has it added), since BLAS knows none. */
static void start_with_bias(const gndp_matmul_spec *spec, void *c, const void *bias)
{
    const gndp_gemm_shape *s = &spec->shape;
    const size_t elem = spec->kind == GNDP_GEMM_F64 ? sizeof(double) : sizeof(float);
    for (int64_t i = 0; i < s->m; i++) {
        char *row = (char *)c + (size_t)(i * s->c_row) * elem;
        if (!s->accumulate)
            memcpy(row, bias, (size_t)s->n * elem);
        else if (elem == sizeof(double))
            for (int64_t j = 0; j < s->n; j++)
                ((double *)(void *)row)[j] += ((const double *)bias)[j];
        else
            for (int64_t j = 0; j < s->n; j++)
                ((float *)(void *)row)[j] += ((const float *)bias)[j];
    }
}

static void one(const gndp_matmul_spec *spec, const char *a, const char *b, char *c,
                const void *bias)
{
    const gndp_gemm_shape *s = &spec->shape;
    const int m = (int)s->m, n = (int)s->n, k = (int)s->k;
    const int ldc = s->m > 1 ? (int)s->c_row : n;
    const bool keep = s->accumulate || bias != NULL;
    blas_operand x, y;
    operand_of(s->m, s->a_row, s->k, s->a_col, &x);
    operand_of(s->k, s->b_row, s->n, s->b_col, &y);
    if (bias != NULL)
        start_with_bias(spec, c, bias);
    if (spec->kind == GNDP_GEMM_F64)
        cblas_dgemm(CblasRowMajor, x.op, y.op, m, n, k, s->alpha, (const double *)(const void *)a,
                    (int)x.stride, (const double *)(const void *)b, (int)y.stride, keep ? 1.0 : 0.0,
                    (double *)(void *)c, ldc);
    else
        cblas_sgemm(CblasRowMajor, x.op, y.op, m, n, k, (float)s->alpha,
                    (const float *)(const void *)a, (int)x.stride, (const float *)(const void *)b,
                    (int)y.stride, keep ? 1.0f : 0.0f, (float *)(void *)c, ldc);
}

static gndp_status openblas_run(const gndp_matmul_spec *spec, void *state, const void *a,
                                const void *b, void *c, const void *bias, void *scratch)
{
    const gndp_gemm_shape *s = &spec->shape;
    const int64_t elem = spec->kind == GNDP_GEMM_F64 ? sizeof(double) : sizeof(float);
    const void *row = spec->has_bias ? bias : NULL;
    (void)state;
    (void)scratch;
    if (s->batch == 1) {
        const int before = omp_get_max_threads();
        omp_set_num_threads(spec->threads);
        one(spec, a, b, c, row);
        omp_set_num_threads(before);
        return GNDP_OK;
    }
#pragma omp parallel for schedule(static) num_threads(spec->threads)
    for (int64_t q = 0; q < s->batch; q++)
        one(spec, (const char *)a + q * s->a_batch * elem, (const char *)b + q * s->b_batch * elem,
            (char *)c + q * s->c_batch * elem, row);
    return GNDP_OK;
}

/* Exported by OpenBLAS, declared in none of its headers: absent in another BLAS of the same interface. */
extern void *blas_memory_alloc(int place) __attribute__((weak));
extern void blas_memory_free(void *memory) __attribute__((weak));

void gndp_openblas_prepare(int threads)
{
    enum { MOST = 64 };
    void *held[MOST];
    int n = 0;
    if (blas_memory_alloc == NULL || blas_memory_free == NULL || threads < 2)
        return;
    while (n < threads && n < MOST && (held[n] = blas_memory_alloc(0)) != NULL)
        n++;
    while (n > 0)
        blas_memory_free(held[--n]);
}

static void openblas_free(void *state)
{
    (void)state;
}

const gndp_matmul_provider_ops gndp_matmul_openblas = {
    .name = "openblas", .create = openblas_create, .run = openblas_run, .free = openblas_free};
