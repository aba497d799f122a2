// SPDX-License-Identifier: Apache-2.0
// Attention of one head, forward and adjoint, by blocks of queries and keys.
//
// Scores are kept turned, S'[key, query]: the softmax over keys then runs down the lanes without
// any sum across a vector, and all products read their operands as they lie. A block of queries is
// 1 to ATT_VECTORS vectors wide. Logits are held unscaled; exp(scale s - m) = 2^(rate s - base)
// with rate = |scale| log2 e, the sign of the scale being packed into the queries.

#define LOG2E 0x1.71547652b82fep0
#define LN2 0x1.62e42fefa39efp-1

typedef struct ATT(block) {
    int nv;
    int64_t q0, n, width; /* first query, queries, lanes */
} ATT(block);

static int64_t ATT(blocks)(int64_t nq)
{
    const int64_t vectors = (nq + LANES - 1) / LANES;
    return (vectors + ATT_VECTORS - 1) / ATT_VECTORS;
}

/* Block i, where *vector is the first vector of it and is moved on. */
static ATT(block) ATT(block_at)(int64_t nq, int64_t i, int64_t *vector)
{
    const int64_t vectors = (nq + LANES - 1) / LANES, count = ATT(blocks)(nq);
    ATT(block) b;
    b.nv = (int)(vectors / count + (i < vectors % count));
    b.q0 = *vector * LANES;
    b.width = (int64_t)b.nv * LANES;
    b.n = nq - b.q0 < b.width ? nq - b.q0 : b.width;
    *vector += b.nv;
    return b;
}

static REAL ATT(rate)(double scale) /* 1 where scale = 0: the packed queries are 0 then */
{
    return scale == 0 ? (REAL)1 : (REAL)(fabs(scale) * LOG2E);
}

static REAL ATT(sign)(double scale)
{
    return (REAL)((scale > 0) - (scale < 0));
}

static int64_t ATT(block_keys)(int64_t nk) /* even parts, a multiple of 12 keys */
{
    const int64_t parts = (nk + GNDP_ATTENTION_KEYS - 1) / GNDP_ATTENTION_KEYS;
    return parts == 0 ? 12 : (nk + 12 * parts - 1) / (12 * parts) * 12;
}

/* Masked scores become -inf, best their maximum. */
static void ATT(mask_scores)(int64_t keys, int nv, const uint64_t *bits, REAL *score, REAL *best)
{
    const VEC low = ATT(set1)(-(REAL)INFINITY);
    for (int v = 0; v < nv; v++) {
        VEC m = ATT(load)(best + v * LANES);
        for (int64_t j = 0; j < keys; j++) {
            REAL *p = score + (j * nv + v) * LANES;
            const VEC s = ATT(select)(bits[j] >> (v * LANES), ATT(load)(p), low);
            m = ATT(max)(s, m);
            ATT(store)(p, s);
        }
        ATT(store)(best + v * LANES, m);
    }
}

/* Lanes without any kept key have the maximum -inf; base 0 keeps -inf - -inf out of them. */
INLINE VEC ATT(base)(VEC best, VEC rate)
{
    return ATT(choose)((IVEC)(best == ATT(set1)(-(REAL)INFINITY)), (VEC){0}, best * rate);
}

/* score -> 2^(rate score - base), added up into total; packs the weights where they are paired. */
static void ATT(weights)(int nv, int64_t keys, VEC rate, const REAL *best, REAL *score, WORD *pair,
                         REAL *total)
{
    const int64_t width = (int64_t)nv * LANES;
    (void)pair;
    for (int64_t q = 0; q < width; q += LANES) {
        const VEC low = -ATT(base)(ATT(load)(best + q), rate);
        VEC sum = {0};
        for (int64_t j = 0; j < keys; j += PAIR) {
            REAL *s = score + j * width + q;
            const VEC p = ATT(exp2_weight)(ATT(fma)(ATT(load)(s), rate, low));
            sum += p;
#if ATT_BF16
            const VEC p1 =
                j + 1 < keys ? ATT(exp2_weight)(ATT(fma)(ATT(load)(s + width), rate, low))
                             : (VEC){0};
            sum += p1;
            ATT(word_store)(pair + j / 2 * width + q, ATT(pair_words)(p, p1));
#else
            ATT(store)(s, p);
#endif
        }
        ATT(store)(total + q, ATT(load)(total + q) + sum);
    }
}

/* o of a block of queries from the running sums, and lse = base ln 2 + log total. */
static void ATT(finish_forward)(const gndp_attention_head *h, const gndp_attention_work *w,
                                const ATT(block) * b, VEC rate, const REAL *best, REAL *total)
{
    for (int64_t q = 0; q < b->width; q += LANES) {
        const VEC t = ATT(load)(total + q);
        const IVEC none = (IVEC)(t == (VEC){0});
        if (h->lse != NULL) {
            const VEC x = ATT(fma)(ATT(base)(ATT(load)(best + q), rate), ATT(set1)((REAL)LN2),
                                   ATT(log)(ATT(choose)(none, ATT(set1)((REAL)1), t)));
            const VEC y = ATT(choose)(none, ATT(set1)(-(REAL)INFINITY), x);
            ATT(store_n)((REAL *)h->lse + b->q0 + q, y, b->n - q);
        }
        ATT(store)(total + q, ATT(choose)(none, (VEC){0}, (REAL)1 / t));
    }
    REAL *o = (REAL *)h->o + b->q0 * h->o_row;
    ATT(unpack_turned)(b->n, b->nv, h->dv, w->sum, total, o, h->o_row, false);
}

static void ATT(forward_block)(const gndp_attention_head *h, const gndp_attention_work *w,
                               const ATT(block) * b, int64_t nk, bool pair_mask, ahead *next)
{
    const int64_t k_words = ATT(words)(h->dk), k_width = ATT(round_up)(k_words),
                  v_width = ATT(round_up)(h->dv), step = ATT(block_keys)(nk);
    const VEC rate = ATT(set1)(ATT(rate)(h->scale));
    REAL *best = w->stat, *total = best + b->width, *factor = total + b->width, *score = w->score;
    const WORD *weight = PAIR == 1 ? w->score : w->p_pair;
    const REAL *q0 = (const REAL *)h->q + b->q0 * h->q_row, sign = ATT(sign)(h->scale);
    ATT(pack_turned)(b->n, b->nv, h->dk, q0, h->q_row, sign, w->q_turn);
    for (int64_t q = 0; q < b->width; q++) {
        best[q] = -(REAL)INFINITY;
        total[q] = 0;
    }
    if (nk == 0)
        memset(w->sum, 0, (size_t)(h->dv * b->width) * sizeof(REAL));
    for (int64_t j = 0; j < nk; j += step) {
        const int64_t keys = nk - j < step ? nk - j : step;
        VEC before[ATT_VECTORS];
        for (int v = 0; v < b->nv; v++)
            before[v] = ATT(load)(best + v * LANES);
        const ATT(operands) logits = {.steps = k_words,
                                      .a = (const WORD *)w->k_row + j * k_width,
                                      .a_row = k_width,
                                      .a_step = 1,
                                      .b = w->q_turn,
                                      .b_step = b->width,
                                      .c = score,
                                      .c_row = b->width,
                                      .best = best,
                                      .ahead = next};
        ATT(product)(b->nv, pair_mask ? ATT(STORE) : ATT(MAXIMUM), &logits, keys);
        if (pair_mask) {
            const int32_t *mask = h->mask + b->q0 * h->mask_q + j * h->mask_k;
            ATT(pack_mask)(keys, b->n, mask, h->mask_q, h->mask_k, w->bits);
            ATT(mask_scores)(keys, b->nv, w->bits, score, best);
        }
        for (int v = 0; v < b->nv;
             v++) { /* what stands in the sums was relative to the old maximum */
            const VEC base = ATT(base)(ATT(load)(best + v * LANES), rate);
            const VEC f = ATT(exp2)(ATT(fma)(before[v], rate, -base));
            ATT(store)(factor + v * LANES, f);
            ATT(store)(total + v * LANES, ATT(load)(total + v * LANES) * f);
        }
        ATT(weights)(b->nv, keys, rate, best, score, w->p_pair, total);
        const ATT(operands) values = {.steps = ATT(words)(keys),
                                      .a = (const WORD *)w->v_pair + j / PAIR * v_width,
                                      .a_row = 1,
                                      .a_step = v_width,
                                      .b = weight,
                                      .b_step = b->width,
                                      .c = w->sum,
                                      .c_row = b->width,
                                      .factor = factor,
                                      .ahead = next};
        ATT(product)(b->nv, j == 0 ? ATT(STORE) : ATT(RESCALE), &values, h->dv);
    }
    ATT(finish_forward)(h, w, b, rate, best, total);
}

static void ATT(forward)(const gndp_attention_head *h, const gndp_attention_work *w)
{
    const bool key_mask = h->mask != NULL && h->mask_q == 0,
               pair_mask = h->mask != NULL && !key_mask;
    const int64_t nk = key_mask ? ATT(find_kept)(h, w->keep) : h->nk;
    const int32_t *keep = key_mask ? w->keep : NULL;
    if (pair_mask && !(ATT(all_finite)(h->nq, h->dk, h->q, h->q_row) &&
                       ATT(all_finite)(nk, h->dk, h->k, h->k_row) &&
                       ATT(all_finite)(nk, h->dv, h->v, h->v_row))) {
        ATT(careful_forward)(h);
        return;
    }
    ATT(pack_rows)(nk, h->dk, h->k, h->k_row, keep, w->k_row);
#if ATT_BF16
    ATT(pack_pairs)(nk, h->dv, h->v, h->v_row, keep, w->v_pair);
#else
    ATT(pack_rows)(nk, h->dv, h->v, h->v_row, keep, w->v_pair);
#endif
    ahead next = ahead_of(h, false, sizeof(REAL));
    int64_t vector = 0;
    for (int64_t i = 0; i < ATT(blocks)(h->nq); i++) {
        const ATT(block) b = ATT(block_at)(h->nq, i, &vector);
        ATT(forward_block)(h, w, &b, nk, pair_mask, &next);
    }
}

/* Scores -> P = 2^(rate s - base), 0 where masked; packs rows of it for dv = P' d_o. */
static void ATT(recompute)(int nv, int64_t keys, VEC rate, const uint64_t *bits, const REAL *base,
                           REAL *score, WORD *row)
{
    const int64_t width = (int64_t)nv * LANES;
    (void)row;
    for (int64_t q = 0; q < width; q += LANES) {
        const VEC low = -ATT(load)(base + q);
        for (int64_t j = 0; j < keys; j++) {
            REAL *s = score + j * width + q;
            VEC p = ATT(exp2_weight)(ATT(fma)(ATT(load)(s), rate, low));
            if (bits != NULL)
                p = ATT(select)(bits[j] >> q, p, (VEC){0});
            ATT(store)(s, p);
#if ATT_BF16
            ATT(half_store)(row + (j * width + q) / 2, p);
#endif
        }
    }
}

/* dP -> dS = P (dP - D), 0 where masked. */
INLINE VEC ATT(score_grad_at)(const uint64_t *bits, int64_t j, int64_t q, VEC weight, VEC grad,
                              VEC inner)
{
    const VEC x = weight * (grad - inner);
    return bits != NULL ? ATT(select)(bits[j] >> q, x, (VEC){0}) : x;
}

/* All of dP; packs rows for dk = dS' q and pairs for dq = dS k. */
static void ATT(score_grad)(int nv, int64_t keys, const uint64_t *bits, const REAL *inner,
                            const REAL *weight, REAL *grad, WORD *row, WORD *pair)
{
    const int64_t width = (int64_t)nv * LANES;
    (void)row;
    (void)pair;
    for (int64_t q = 0; q < width; q += LANES) {
        const VEC d = ATT(load)(inner + q);
        for (int64_t j = 0; j < keys; j += PAIR) {
            const int64_t at = j * width + q;
            const VEC x =
                ATT(score_grad_at)(bits, j, q, ATT(load)(weight + at), ATT(load)(grad + at), d);
#if ATT_BF16
            VEC x1 = {0};
            ATT(half_store)(row + at / 2, x);
            if (j + 1 < keys) {
                const int64_t next = at + width;
                x1 = ATT(score_grad_at)(bits, j + 1, q, ATT(load)(weight + next),
                                        ATT(load)(grad + next), d);
                ATT(half_store)(row + next / 2, x1);
            }
            ATT(word_store)(pair + j / 2 * width + q, ATT(pair_words)(x, x1));
#else
            ATT(store)(grad + at, x);
#endif
        }
    }
}

/* base = lse log2 e (0 for rows without keys, whose mask clears them) and D = rowsum(d_o o). */
static void ATT(row_stats)(const gndp_attention_head *h, const ATT(block) * b, REAL *base,
                           REAL *inner)
{
    const REAL *lse = (const REAL *)h->fwd_lse + b->q0;
    const REAL *o = (const REAL *)h->fwd_o + b->q0 * h->o_row;
    const REAL *d_o = (const REAL *)h->d_o + b->q0 * h->o_row;
    for (int64_t q0 = 0; q0 < b->width; q0 += LANES) {
        VEC r[LANES], total = {0};
        for (int i = 0; i < LANES;
             i++) { /* one row a vector; turned, the sums are down the lanes */
            const int64_t q = q0 + i, at = q * h->o_row;
            r[i] = (VEC){0};
            base[q] = q >= b->n || lse[q] == -(REAL)INFINITY ? 0 : lse[q] * (REAL)LOG2E;
            for (int64_t c = 0; c < h->dv && q < b->n; c += LANES)
                r[i] = ATT(fma)(ATT(load_n)(o + at + c, h->dv - c),
                                ATT(load_n)(d_o + at + c, h->dv - c), r[i]);
        }
        ATT(turn)(r);
        for (int i = 0; i < LANES; i++)
            total += r[i];
        ATT(store)(inner + q0, total);
    }
}

static void ATT(pack_queries)(const gndp_attention_head *h, const gndp_attention_work *w,
                              const ATT(block) * b)
{
    const REAL *q = (const REAL *)h->q + b->q0 * h->q_row;
    const REAL *d_o = (const REAL *)h->d_o + b->q0 * h->o_row;
    ATT(pack_turned)(b->n, b->nv, h->dk, q, h->q_row, ATT(sign)(h->scale), w->q_turn);
    ATT(pack_turned)(b->n, b->nv, h->dv, d_o, h->o_row, (REAL)1, w->d_turn);
#if ATT_BF16
    ATT(pack_pairs)(b->n, h->dk, q, h->q_row, NULL, w->q_pair);
    ATT(pack_pairs)(b->n, h->dv, d_o, h->o_row, NULL, w->d_pair);
#else
    ATT(pack_rows)(b->n, h->dk, q, h->q_row, NULL, w->q_pair);
    ATT(pack_rows)(b->n, h->dv, d_o, h->o_row, NULL, w->d_pair);
#endif
}

/* The five products of one block of queries with one block of keys, the first key being j. */
static void ATT(adjoint_keys)(const gndp_attention_head *h, const gndp_attention_work *w,
                              const ATT(block) * b, int64_t j, int64_t keys, const uint64_t *bits,
                              ahead *next)
{
    const int64_t k_words = ATT(words)(h->dk), v_words = ATT(words)(h->dv),
                  q_words = ATT(words)(b->n),
                  row = b->width / PAIR, /* of words in a row of weights */
        k_width = ATT(round_up)(h->dk), v_width = ATT(round_up)(h->dv),
                  k_row = ATT(round_up)(k_words), v_row = ATT(round_up)(v_words);
    REAL *base = w->stat, *inner = base + b->width, *score = w->score, *grad = w->grad;
    const WORD *p_row = PAIR == 1 ? w->score : w->p_row, *g_row = PAIR == 1 ? w->grad : w->g_row,
               *g_pair = PAIR == 1 ? w->grad : w->p_pair;
    const ATT(operands) logits = {.steps = k_words,
                                  .a = (const WORD *)w->k_row + j * k_row,
                                  .a_row = k_row,
                                  .a_step = 1,
                                  .b = w->q_turn,
                                  .b_step = b->width,
                                  .c = score,
                                  .c_row = b->width,
                                  .ahead = next};
    const ATT(operands) d_weights = {.steps = v_words,
                                     .a = (const WORD *)w->v_row + j * v_row,
                                     .a_row = v_row,
                                     .a_step = 1,
                                     .b = w->d_turn,
                                     .b_step = b->width,
                                     .c = grad,
                                     .c_row = b->width,
                                     .ahead = next};
    const ATT(operands) d_values = {.steps = q_words,
                                    .a = p_row,
                                    .a_row = row,
                                    .a_step = 1,
                                    .b = w->d_pair,
                                    .b_step = v_width,
                                    .c = (REAL *)w->v_sum + j * v_width,
                                    .c_row = v_width,
                                    .ahead = next};
    const ATT(operands) d_keys = {.steps = q_words,
                                  .a = g_row,
                                  .a_row = row,
                                  .a_step = 1,
                                  .b = w->q_pair,
                                  .b_step = k_width,
                                  .c = (REAL *)w->k_sum + j * k_width,
                                  .c_row = k_width,
                                  .ahead = next};
    const ATT(operands) d_queries = {.steps = ATT(words)(keys),
                                     .a = (const WORD *)w->k_pair + j / PAIR * k_width,
                                     .a_row = 1,
                                     .a_step = k_width,
                                     .b = g_pair,
                                     .b_step = b->width,
                                     .c = w->sum,
                                     .c_row = b->width,
                                     .ahead = next};
    ATT(product)(b->nv, ATT(STORE), &logits, keys);
    ATT(recompute)(b->nv, keys, ATT(set1)(ATT(rate)(h->scale)), bits, base, score, w->p_row);
    ATT(product)(b->nv, ATT(STORE), &d_weights, keys);
    ATT(score_grad)(b->nv, keys, bits, inner, score, grad, w->g_row, w->p_pair);
    ATT(product_wide)(v_width / LANES, ATT(ADD), &d_values, keys);
    ATT(product_wide)(k_width / LANES, ATT(ADD), &d_keys, keys);
    ATT(product)(b->nv, j == 0 ? ATT(STORE) : ATT(ADD), &d_queries, h->dk);
}

static void ATT(adjoint_blocks)(const gndp_attention_head *h, const gndp_attention_work *w,
                                int64_t nk, const int32_t *keep, bool pair_mask)
{
    const int64_t step = ATT(block_keys)(nk);
    ahead next = ahead_of(h, true, sizeof(REAL));
    int64_t vector = 0;
    ATT(pack_rows)(nk, h->dk, h->k, h->k_row, keep, w->k_row);
    ATT(pack_rows)(nk, h->dv, h->v, h->v_row, keep, w->v_row);
#if ATT_BF16
    ATT(pack_pairs)(nk, h->dk, h->k, h->k_row, keep, w->k_pair);
#endif
    for (int64_t i = 0; i < ATT(blocks)(h->nq); i++) {
        const ATT(block) b = ATT(block_at)(h->nq, i, &vector);
        REAL *base = w->stat, *inner = base + b.width, *scale = inner + b.width;
        ATT(pack_queries)(h, w, &b);
        ATT(row_stats)(h, &b, base, inner);
        if (nk == 0)
            memset(w->sum, 0, (size_t)(h->dk * b.width) * sizeof(REAL));
        for (int64_t j = 0; j < nk; j += step) {
            const int64_t keys = nk - j < step ? nk - j : step;
            if (pair_mask) {
                const int32_t *mask = h->mask + b.q0 * h->mask_q + j * h->mask_k;
                ATT(pack_mask)(keys, b.n, mask, h->mask_q, h->mask_k, w->bits);
            }
            ATT(adjoint_keys)(h, w, &b, j, keys, pair_mask ? w->bits : NULL, &next);
        }
        for (int64_t q = 0; q < b.width; q++)
            scale[q] = (REAL)h->scale;
        REAL *dq = (REAL *)h->dq + b.q0 * h->dq_row;
        ATT(unpack_turned)(b.n, b.nv, h->dk, w->sum, scale, dq, h->dq_row, h->dq_add);
    }
}

static void ATT(adjoint)(const gndp_attention_head *h, const gndp_attention_work *w)
{
    const bool key_mask = h->mask != NULL && h->mask_q == 0,
               pair_mask = h->mask != NULL && !key_mask;
    const int64_t nk = key_mask ? ATT(find_kept)(h, w->keep) : h->nk;
    const int32_t *keep = key_mask ? w->keep : NULL;
    memset(w->k_sum, 0, (size_t)(nk * ATT(round_up)(h->dk)) * sizeof(REAL));
    memset(w->v_sum, 0, (size_t)(nk * ATT(round_up)(h->dv)) * sizeof(REAL));
    if (pair_mask &&
        !(ATT(all_finite)(h->nq, h->dk, h->q, h->q_row) &&
          ATT(all_finite)(h->nq, h->dv, h->d_o, h->o_row) &&
          ATT(all_finite)(nk, h->dk, h->k, h->k_row) && ATT(all_finite)(nk, h->dv, h->v, h->v_row)))
        ATT(careful_adjoint)(h, w);
    else
        ATT(adjoint_blocks)(h, w, nk, keep, pair_mask);
    ATT(unpack_rows)
    (nk, h->nk, h->dk, w->k_sum, keep, (REAL)h->scale, h->dk_out, h->dk_row, h->dk_add);
    ATT(unpack_rows)(nk, h->nk, h->dv, w->v_sum, keep, (REAL)1, h->dv_out, h->dv_row, h->dv_add);
}
