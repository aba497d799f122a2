// SPDX-License-Identifier: Apache-2.0
// Products of a matrix with a few vectors side by side, with an order of sums that does not depend
// on neighbours or threads.
#ifndef GNDP_KERNELS_PANEL_H
#define GNDP_KERNELS_PANEL_H

#include "base/error.h"

/* Vectors side by side in one group: v[i][lane], lane fastest. BLAS will not do: the bits it gives
 * to a column depend on the column's place. */
enum { PANEL_LANES = 8 };

/*
 * Matrix a [rows, k] row-major with leading dimension lda, double or float (then converted as it is
 * read: sums are double). `groups` is 1 or 2; vectors have 8 groups lanes. A lane's result is a
 * function of a and that lane alone: each entry is summed in order of the index summed over.
 */
typedef struct panel_table {
    /** c[i] += sum_j a[i, j] e[j], c [rows][8 groups], e [k][8 groups] */
    void (*times)(int64_t rows, int64_t k, const void *a, int64_t lda, int groups, const double *e,
                  double *c);
    /** out[j] += sum_i a[i, j] v[i], out [k][8 groups], v [rows][8 groups] */
    void (*transposed)(int64_t rows, int64_t k, const void *a, int64_t lda, int groups,
                       const double *v, double *out);
} panel_table;

extern const panel_table panel_baseline[2]; /* double, float */
#ifdef GNDP_HAVE_X86_SIMD
extern const panel_table panel_avx2[2], panel_avx512[2];
#endif

/** The table for this processor (under the cap of GNDP_SIMD). All levels give the same bits:
 * products and sums are rounded apart everywhere. */
gndp_status panel_select(bool f32, const panel_table **out);

/**
 * out = L v or L' v for lower triangular L [n, n], leading dimension ld, on `threads` threads. What
 * stands above the diagonal is not read. v, out [n][8 groups]; out is overwritten and must not be
 * v.
 */
void panel_lower(const panel_table *table, bool f32, bool transposed, int64_t n, const void *l,
                 int64_t ld, int groups, int threads, const double *v, double *out);

/** Rows [lanes][n] (row r at r * stride) to and from the panel [n][width]; lanes above `lanes` are
 * zero. */
void panel_pack(int64_t n, int lanes, int width, const double *rows, int64_t stride, double *panel);
void panel_unpack(int64_t n, int lanes, int width, const double *panel, double *rows,
                  int64_t stride);

#endif
