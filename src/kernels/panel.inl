// SPDX-License-Identifier: Apache-2.0
// Loops of panel.h for one entry type: ENTRY, and PANEL_NAME(f), which appends its name.

/* 4 rows, so that each e[j] read serves four sums; 4 x 2 accumulators of 8 lanes fit the registers
 * of every level but the baseline. */
static void PANEL_NAME(times)(int64_t rows, int64_t k, const void *matrix, int64_t lda, int groups,
                              const double *e, double *c)
{
    const ENTRY *a = matrix;
    const int64_t width = PANEL_LANES * groups;
    for (int g = 0; g < groups; g++) {
        const double *eg = e + PANEL_LANES * g;
        double *cg = c + PANEL_LANES * g;
        for (int64_t start = 0; start < k; start += BLOCK) {
            const int64_t stop = start + BLOCK < k ? start + BLOCK : k;
            int64_t i = 0;
            for (; i + 4 <= rows; i += 4) {
                const ENTRY *a0 = a + i * lda, *a1 = a0 + lda, *a2 = a1 + lda, *a3 = a2 + lda;
                lanes c0 = load(cg + i * width), c1 = load(cg + (i + 1) * width),
                      c2 = load(cg + (i + 2) * width), c3 = load(cg + (i + 3) * width);
                for (int64_t j = start; j < stop; j++) {
                    const lanes v = load(eg + j * width);
                    c0 += (double)a0[j] * v;
                    c1 += (double)a1[j] * v;
                    c2 += (double)a2[j] * v;
                    c3 += (double)a3[j] * v;
                }
                store(cg + i * width, c0);
                store(cg + (i + 1) * width, c1);
                store(cg + (i + 2) * width, c2);
                store(cg + (i + 3) * width, c3);
            }
            for (; i < rows; i++) {
                lanes c0 = load(cg + i * width);
                for (int64_t j = start; j < stop; j++) {
                    c0 += (double)a[i * lda + j] * load(eg + j * width);
                }
                store(cg + i * width, c0);
            }
        }
    }
}

static void PANEL_NAME(transposed)(int64_t rows, int64_t k, const void *matrix, int64_t lda,
                                   int groups, const double *v, double *out)
{
    const ENTRY *a = matrix;
    const int64_t width = PANEL_LANES * groups;
    for (int g = 0; g < groups; g++) {
        const double *vg = v + PANEL_LANES * g;
        double *og = out + PANEL_LANES * g;
        for (int64_t start = 0; start < k; start += BLOCK) {
            const int64_t stop = start + BLOCK < k ? start + BLOCK : k;
            int64_t i = 0;
            for (; i + 4 <= rows; i += 4) {
                const ENTRY *a0 = a + i * lda, *a1 = a0 + lda, *a2 = a1 + lda, *a3 = a2 + lda;
                const lanes v0 = load(vg + i * width), v1 = load(vg + (i + 1) * width),
                            v2 = load(vg + (i + 2) * width), v3 = load(vg + (i + 3) * width);
                for (int64_t j = start; j < stop; j++) {
                    lanes o = load(og + j * width);
                    o += (double)a0[j] * v0;
                    o += (double)a1[j] * v1;
                    o += (double)a2[j] * v2;
                    o += (double)a3[j] * v3;
                    store(og + j * width, o);
                }
            }
            for (; i < rows; i++) {
                const lanes v0 = load(vg + i * width);
                for (int64_t j = start; j < stop; j++) {
                    store(og + j * width, load(og + j * width) + (double)a[i * lda + j] * v0);
                }
            }
        }
    }
}
