// SPDX-License-Identifier: Apache-2.0
// Cholesky factors in place, with bits that do not depend on the number of threads.
#include "kernels/factor.h"

#include <cblas.h>
#include <float.h>
#include <lapacke.h>

#include "kernels/gaussian.h"

/* Columns of a panel and rows of a tile (measured). */
enum { PANEL = 512, ROWS = 256 };

#define REAL double
#define FACTOR_NAME(f) f##_f64
#define GEMM cblas_dgemm
#define SYRK cblas_dsyrk
#define TRSM cblas_dtrsm
#define POTRF LAPACKE_dpotrf_work
#include "kernels/factor.inl"
#undef REAL
#undef FACTOR_NAME
#undef GEMM
#undef SYRK
#undef TRSM
#undef POTRF
#define REAL float
#define FACTOR_NAME(f) f##_f32
#define GEMM cblas_sgemm
#define SYRK cblas_ssyrk
#define TRSM cblas_strsm
#define POTRF LAPACKE_spotrf_work
#include "kernels/factor.inl"
