// SPDX-License-Identifier: Apache-2.0
// Reference loops of the reductions, included once per type: REAL, GNDP_R(name).

static gndp_status GNDP_R(sum_ref)(const gndp_exec *ex)
{
    const int64_t outer = ex->attr->i[0], n = ex->attr->i[1], inner = ex->attr->i[2];
    const REAL *x = ex->in[0].data;
    REAL *y = ex->out[0].data;
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < inner; j++) {
            double total = 0.0;
            for (int64_t r = 0; r < n; r++) {
                total += (double)x[(o * n + r) * inner + j];
            }
            y[o * inner + j] = (REAL)total;
        }
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(max_ref)(const gndp_exec *ex)
{
    const int64_t outer = ex->attr->i[0], n = ex->attr->i[1], inner = ex->attr->i[2];
    const REAL *x = ex->in[0].data;
    REAL *y = ex->out[0].data;
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (ex->threads > 1)
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < inner; j++) {
            REAL top = x[o * n * inner + j];
            for (int64_t r = 1; r < n; r++) {
                const REAL v = x[(o * n + r) * inner + j];
                top = v > top || isnan(v) ? v : top; /* once NaN, no comparison is true */
            }
            y[o * inner + j] = top;
        }
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(logsumexp_ref)(const gndp_exec *ex)
{
    const int64_t outer = ex->attr->i[0], n = ex->attr->i[1], inner = ex->attr->i[2];
    const REAL *x = ex->in[0].data;
    REAL *y = ex->out[0].data;
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (ex->threads > 1)
    for (int64_t o = 0; o < outer; o++) {
        for (int64_t j = 0; j < inner; j++) {
            double top = -HUGE_VAL, total = 0.0;
            for (int64_t r = 0; r < n; r++) {
                const double v = (double)x[(o * n + r) * inner + j];
                top = v > top || isnan(v) ? v : top;
            }
            for (int64_t r = 0; r < n && isfinite(top); r++) {
                total += exp((double)x[(o * n + r) * inner + j] - top);
            }
            y[o * inner + j] = (REAL)(isfinite(top) ? top + log(total) : top);
        }
    }
    return GNDP_OK;
}
