// SPDX-License-Identifier: Apache-2.0
// Loops of the index family for one element type: ELEM, and GNDP_R(f), which appends its name.

static gndp_status GNDP_R(gather_ref)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const index_shape s = gather_extents(ex);
    const ELEM *x = ex->in[0].data;
    const int32_t *index = ex->in[1].data;
    ELEM *y = ex->out[0].data;
    GNDP_TRY(check_index("gather", index, s.count, s.size, 1));
    for (int64_t o = 0; o < s.outer; o++) {
        for (int64_t j = 0; j < s.count; j++) {
            for (int64_t i = 0; i < s.inner; i++) {
                y[(o * s.count + j) * s.inner + i] = x[(o * s.size + index[j]) * s.inner + i];
            }
        }
    }
done:
    return st;
}

static gndp_status GNDP_R(gather_cpu)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const index_shape s = gather_extents(ex);
    const ELEM *x = ex->in[0].data;
    const int32_t *index = ex->in[1].data;
    ELEM *y = ex->out[0].data;
    const int64_t chunk = 1 + 8192 / (s.inner + 1), chunks = (s.count + chunk - 1) / chunk;
    GNDP_TRY(check_index("gather", index, s.count, s.size, ex->threads));
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (s.outer * chunks > 1)
    for (int64_t t = 0; t < s.outer * chunks; t++) {
        const int64_t o = t / chunks, begin = t % chunks * chunk;
        const int64_t end = begin + chunk < s.count ? begin + chunk : s.count;
        const ELEM *xo = x + o * s.size * s.inner;
        ELEM *yo = y + o * s.count * s.inner;
        if (s.inner == 1) {
            for (int64_t j = begin; j < end; j++) {
                yo[j] = xo[index[j]];
            }
        } else {
            for (int64_t j = begin; j < end; j++) {
                memcpy(yo + j * s.inner, xo + index[j] * s.inner, (size_t)s.inner * sizeof(ELEM));
            }
        }
    }
done:
    return st;
}

static gndp_status GNDP_R(take_along_ref)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const index_shape s = along_extents(ex);
    const ELEM *x = ex->in[0].data;
    const int32_t *index = ex->in[1].data;
    ELEM *y = ex->out[0].data;
    GNDP_TRY(check_index("take_along", index, s.outer * s.count * s.inner, s.size, 1));
    for (int64_t o = 0; o < s.outer; o++) {
        for (int64_t j = 0; j < s.count; j++) {
            for (int64_t i = 0; i < s.inner; i++) {
                const int64_t at = (o * s.count + j) * s.inner + i;
                y[at] = x[(o * s.size + index[at]) * s.inner + i];
            }
        }
    }
done:
    return st;
}

static gndp_status GNDP_R(take_along_cpu)(const gndp_exec *ex)
{
    gndp_status st = GNDP_OK;
    const index_shape s = along_extents(ex);
    const ELEM *x = ex->in[0].data;
    const int32_t *index = ex->in[1].data;
    ELEM *y = ex->out[0].data;
    const int64_t chunk = 1 + 8192 / (s.inner + 1), chunks = (s.count + chunk - 1) / chunk;
    GNDP_TRY(check_index("take_along", index, s.outer * s.count * s.inner, s.size, ex->threads));
#pragma omp parallel for schedule(static) num_threads(ex->threads) if (s.outer * chunks > 1)
    for (int64_t t = 0; t < s.outer * chunks; t++) {
        const int64_t o = t / chunks, begin = t % chunks * chunk;
        const int64_t end = begin + chunk < s.count ? begin + chunk : s.count;
        const ELEM *xo = x + o * s.size * s.inner;
        for (int64_t j = begin; j < end; j++) {
            const int64_t row = (o * s.count + j) * s.inner;
            for (int64_t i = 0; i < s.inner; i++) {
                y[row + i] = xo[index[row + i] * s.inner + i];
            }
        }
    }
done:
    return st;
}
