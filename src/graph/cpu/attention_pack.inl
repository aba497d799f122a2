// SPDX-License-Identifier: Apache-2.0
// Copies between the caller's rows and the packed operands of the attention products.

INLINE int64_t ATT(words)(int64_t n)
{
    return (n + PAIR - 1) / PAIR;
}

INLINE int64_t ATT(round_up)(int64_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

/* out[i, :] = words of columns (2c, 2c + 1) of row keep[i], or row i. */
static void ATT(pack_rows)(int64_t n, int64_t d, const REAL *src, int64_t row, const int32_t *keep,
                           WORD *out)
{
    const int64_t words = ATT(round_up)(ATT(words)(d));
    const VEC one = ATT(set1)((REAL)1);
    for (int64_t i = 0; i < n; i++) {
        const REAL *p = src + (keep != NULL ? keep[i] : i) * row;
        for (int64_t c = 0; c < words; c += LANES)
            ATT(word_store)(out + i * words + c, ATT(row_words)(p + c * PAIR, d - c * PAIR, one));
    }
}

#if ATT_BF16
/* out[i, :] = words of rows (2i, 2i + 1); a missing last row is 0. */
static void ATT(pack_pairs)(int64_t n, int64_t d, const REAL *src, int64_t row, const int32_t *keep,
                            WORD *out)
{
    const int64_t width = ATT(round_up)(d);
    for (int64_t i = 0; i < n; i += 2) {
        const REAL *p = src + (keep != NULL ? keep[i] : i) * row, *p1 = p;
        if (i + 1 < n)
            p1 = src + (keep != NULL ? keep[i + 1] : i + 1) * row;
        for (int64_t c = 0; c < width; c += LANES) {
            const VEC high = i + 1 < n ? ATT(load_n)(p1 + c, d - c) : (VEC){0};
            ATT(word_store)
            (out + i / 2 * width + c, ATT(pair_words)(ATT(load_n)(p + c, d - c), high));
        }
    }
}
#endif

/* Queries side by side: out[c, q] = words of columns of row q times factor; lanes from n on are 0.
 */
static void ATT(pack_turned)(int64_t n, int nv, int64_t d, const REAL *src, int64_t row,
                             REAL factor, WORD *out)
{
    const int64_t words = ATT(words)(d), width = (int64_t)nv * LANES;
    const VEC f = ATT(set1)(factor);
    for (int64_t q0 = 0; q0 < width; q0 += LANES)
        for (int64_t c = 0; c < words; c += LANES) {
            VEC r[LANES];
            for (int i = 0; i < LANES; i++)
                r[i] = q0 + i < n
                           ? (VEC)ATT(row_words)(src + (q0 + i) * row + c * PAIR, d - c * PAIR, f)
                           : (VEC){0};
            ATT(turn)(r);
            const int64_t last = words - c < LANES ? words - c : LANES;
            for (int64_t i = 0; i < last; i++)
                ATT(word_store)(out + (c + i) * width + q0, (WVEC)r[i]);
        }
}

/* The way back: dst[q, c] (+)= src[c, q] factor[q] for n queries. */
static void ATT(unpack_turned)(int64_t n, int nv, int64_t d, const REAL *src, const REAL *factor,
                               REAL *dst, int64_t row, bool add)
{
    const int64_t width = (int64_t)nv * LANES;
    for (int64_t q0 = 0; q0 < n; q0 += LANES) {
        const VEC f = ATT(load)(factor + q0);
        for (int64_t c = 0; c < d; c += LANES) {
            VEC r[LANES];
            for (int i = 0; i < LANES; i++)
                r[i] = c + i < d ? ATT(load)(src + (c + i) * width + q0) * f : (VEC){0};
            ATT(turn)(r);
            const int64_t last = n - q0 < LANES ? n - q0 : LANES;
            for (int64_t i = 0; i < last; i++) {
                REAL *p = dst + (q0 + i) * row + c;
                ATT(store_n)(p, add ? r[i] + ATT(load_n)(p, d - c) : r[i], d - c);
            }
        }
    }
}

/* dst[keep[i], :] (+)= scale sum[i, :], zero for the other of the nk rows. */
static void ATT(unpack_rows)(int64_t n, int64_t nk, int64_t d, const REAL *sum, const int32_t *keep,
                             REAL scale, REAL *dst, int64_t row, bool add)
{
    const int64_t width = ATT(round_up)(d);
    const VEC f = ATT(set1)(scale);
    int64_t i = 0;
    for (int64_t j = 0; j < nk; j++) {
        REAL *p = dst + j * row;
        const bool kept = i < n && (keep == NULL || keep[i] == j);
        for (int64_t c = 0; c < d && (kept || !add); c += LANES) {
            VEC x = kept ? ATT(load)(sum + i * width + c) * f : (VEC){0};
            if (add)
                x += ATT(load_n)(p + c, d - c);
            ATT(store_n)(p + c, x, d - c);
        }
        i += kept;
    }
}

/* Bit q of bits[j]: query q keeps key j. */
static void ATT(pack_mask)(int64_t keys, int64_t n, const int32_t *mask, int64_t mask_q,
                           int64_t mask_k, uint64_t *bits)
{
    memset(bits, 0, (size_t)keys * sizeof *bits);
    for (int64_t q = 0; q < n; q++) {
        const int32_t *p = mask + q * mask_q;
        if (mask_k == 1) {
            for (int64_t j = 0; j < keys; j++)
                bits[j] |= (uint64_t)(p[j] != 0) << q;
        } else {
            for (int64_t j = 0; j < keys; j++)
                bits[j] |= (uint64_t)(p[j * mask_k] != 0) << q;
        }
    }
}

static int64_t ATT(find_kept)(const gndp_attention_head *h, int32_t *keep)
{
    int64_t n = 0;
    for (int64_t j = 0; j < h->nk; j++) {
        keep[n] = (int32_t)j;
        n += h->mask[j * h->mask_k] != 0;
    }
    return n;
}

static bool ATT(all_finite)(int64_t n, int64_t d, const REAL *p, int64_t row)
{
    int bad = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < d; c++)
            bad |= !(p[i * row + c] - p[i * row + c] == 0);
    return !bad;
}

static void ATT(sum_parts)(int64_t n, int64_t parts, int64_t stride, const void *src, void *dst)
{
    const REAL *x = src;
    REAL *y = dst;
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i];
    for (int64_t p = 1; p < parts; p++)
        for (int64_t i = 0; i < n; i++)
            y[i] += x[p * stride + i];
}
