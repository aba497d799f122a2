// SPDX-License-Identifier: Apache-2.0
// Attention of one head by plain loops, where a mask of pairs meets numbers that are not finite:
// there a masked pair must be left out of every sum, since 0 times NaN is NaN.

static REAL ATT(dot)(int64_t n, const REAL *a, const REAL *b)
{
    REAL s = 0;
    for (int64_t i = 0; i < n; i++)
        s += a[i] * b[i];
    return s;
}

static REAL ATT(scalar_exp)(REAL x)
{
    return ATT(exp2)(ATT(set1)(x * (REAL)0x1.71547652b82fep0))[0];
}

NOINLINE static void ATT(careful_forward)(const gndp_attention_head *h)
{
    const REAL *q = h->q, *k = h->k, *v = h->v;
    REAL *o = h->o, *lse = h->lse;
    const REAL scale = (REAL)h->scale;
    for (int64_t i = 0; i < h->nq; i++) {
        const int32_t *keep = h->mask + i * h->mask_q;
        REAL best = -(REAL)INFINITY, total = 0;
        for (int64_t c = 0; c < h->dv; c++)
            o[i * h->o_row + c] = 0;
        for (int64_t j = 0; j < h->nk; j++) {
            if (keep[j * h->mask_k] == 0)
                continue;
            const REAL s = scale * ATT(dot)(h->dk, q + i * h->q_row, k + j * h->k_row);
            best = s > best ? s : best;
        }
        for (int64_t j = 0; j < h->nk; j++) {
            if (keep[j * h->mask_k] == 0)
                continue;
            const REAL s = scale * ATT(dot)(h->dk, q + i * h->q_row, k + j * h->k_row);
            const REAL p = ATT(scalar_exp)(s - best);
            total += p;
            for (int64_t c = 0; c < h->dv; c++)
                o[i * h->o_row + c] += p * v[j * h->v_row + c];
        }
        for (int64_t c = 0; c < h->dv && total != 0; c++)
            o[i * h->o_row + c] /= total;
        if (lse != NULL)
            lse[i] = total == 0 ? -(REAL)INFINITY : best + ATT(log)(ATT(set1)(total))[0];
    }
}

/* Sums dk / scale and dv in work, whose rows have whole vectors. */
NOINLINE static void ATT(careful_adjoint)(const gndp_attention_head *h,
                                          const gndp_attention_work *w)
{
    const REAL *q = h->q, *k = h->k, *v = h->v, *o = h->fwd_o, *d_o = h->d_o, *lse = h->fwd_lse;
    REAL *dq = h->dq, *dk = w->k_sum, *dv = w->v_sum, *row = w->sum;
    const int64_t k_width = ATT(round_up)(h->dk), v_width = ATT(round_up)(h->dv);
    const REAL scale = (REAL)h->scale;
    for (int64_t i = 0; i < h->nq; i++) {
        const int32_t *keep = h->mask + i * h->mask_q;
        const REAL *qi = q + i * h->q_row, *gi = d_o + i * h->o_row;
        const REAL d = ATT(dot)(h->dv, gi, o + i * h->o_row);
        for (int64_t c = 0; c < h->dk; c++)
            row[c] = 0;
        for (int64_t j = 0; j < h->nk; j++) {
            if (keep[j * h->mask_k] == 0)
                continue;
            const REAL *kj = k + j * h->k_row;
            const REAL p = ATT(scalar_exp)(scale * ATT(dot)(h->dk, qi, kj) - lse[i]);
            const REAL s = p * (ATT(dot)(h->dv, gi, v + j * h->v_row) - d);
            for (int64_t c = 0; c < h->dv; c++)
                dv[j * v_width + c] += p * gi[c];
            for (int64_t c = 0; c < h->dk; c++) {
                dk[j * k_width + c] += s * qi[c];
                row[c] += s * kj[c];
            }
        }
        REAL *out = dq + i * h->dq_row;
        for (int64_t c = 0; c < h->dk; c++)
            out[c] = scale * row[c] + (h->dq_add ? out[c] : (REAL)0);
    }
}
