// SPDX-License-Identifier: Apache-2.0
// Choice of the panel routines, triangular products made of them, and packing.
#include "kernels/panel.h"

#include <string.h>

#include "base/cpu.h"

gndp_status panel_select(bool f32, const panel_table **out)
{
    gndp_status st = GNDP_OK;
    gndp_cpu cpu;
    *out = &panel_baseline[f32];
    GNDP_TRY(gndp_cpu_select(&cpu));
#ifdef GNDP_HAVE_X86_SIMD
    if (cpu.simd == GNDP_SIMD_AVX512) {
        *out = &panel_avx512[f32];
    } else if (cpu.simd == GNDP_SIMD_AVX2) {
        *out = &panel_avx2[f32];
    }
#endif
done:
    return st;
}

enum { TILE = 128 };

static const void *entry(bool f32, const void *l, int64_t at)
{
    return (const char *)l + (size_t)at * (f32 ? sizeof(float) : sizeof(double));
}

/* Rows i0..i1 of L v: columns left of the block at once, then row by row within it. */
static void lower_rows(const panel_table *t, bool f32, const void *l, int64_t ld, int groups,
                       int64_t i0, int64_t i1, const double *v, double *out)
{
    const int64_t width = PANEL_LANES * groups;
    memset(out + i0 * width, 0, (size_t)((i1 - i0) * width) * sizeof *out);
    t->times(i1 - i0, i0, entry(f32, l, i0 * ld), ld, groups, v, out + i0 * width);
    for (int64_t i = i0; i < i1; i += 4) {
        const int64_t rows = i1 - i < 4 ? i1 - i : 4;
        t->times(rows, i - i0, entry(f32, l, i * ld + i0), ld, groups, v + i0 * width,
                 out + i * width);
        for (int64_t r = i; r < i + rows; r++) {
            t->times(1, r - i + 1, entry(f32, l, r * ld + i), ld, groups, v + i * width,
                     out + r * width);
        }
    }
}

/* Entries j0..j1 of L' v: row by row within the block, then the rows below at once. */
static void lower_columns(const panel_table *t, bool f32, const void *l, int64_t n, int64_t ld,
                          int groups, int64_t j0, int64_t j1, const double *v, double *out)
{
    const int64_t width = PANEL_LANES * groups;
    memset(out + j0 * width, 0, (size_t)((j1 - j0) * width) * sizeof *out);
    for (int64_t i = j0; i < j1; i++) {
        t->transposed(1, i - j0 + 1, entry(f32, l, i * ld + j0), ld, groups, v + i * width,
                      out + j0 * width);
    }
    t->transposed(n - j1, j1 - j0, entry(f32, l, j1 * ld + j0), ld, groups, v + j1 * width,
                  out + j0 * width);
}

void panel_lower(const panel_table *table, bool f32, bool transposed, int64_t n, const void *l,
                 int64_t ld, int groups, int threads, const double *v, double *out)
{
    const int64_t tiles = (n + TILE - 1) / TILE;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads) if (threads > 1 && tiles > 1)
    for (int64_t t = 0; t < tiles; t++) {
        const int64_t i = transposed ? t : tiles - 1 - t; /* the longest first */
        const int64_t from = i * TILE, to = from + TILE < n ? from + TILE : n;
        if (transposed) {
            lower_columns(table, f32, l, n, ld, groups, from, to, v, out);
        } else {
            lower_rows(table, f32, l, ld, groups, from, to, v, out);
        }
    }
}

void panel_pack(int64_t n, int lanes, int width, const double *rows, int64_t stride, double *panel)
{
    for (int64_t i = 0; i < n; i++) {
        for (int r = 0; r < width; r++) {
            panel[i * width + r] = r < lanes ? rows[r * stride + i] : 0.0;
        }
    }
}

void panel_unpack(int64_t n, int lanes, int width, const double *panel, double *rows,
                  int64_t stride)
{
    for (int r = 0; r < lanes; r++) {
        for (int64_t i = 0; i < n; i++) {
            rows[r * stride + i] = panel[i * width + r];
        }
    }
}
