// SPDX-License-Identifier: Apache-2.0
// Attention by its definition, in plain loops, for one real type: REAL, and GNDP_R(f), which
// appends its name.

/* scale q_i . k_j of head h. */
static double GNDP_R(logit)(const gndp_attention_shape *s, const REAL *q, const REAL *k)
{
    double dot = 0.0;
    for (int64_t c = 0; c < s->dk; c++) {
        dot += (double)q[c] * (double)k[c];
    }
    return s->scale * dot;
}

/* One query of one head: first, last column of its row of o at `o`. */
static void GNDP_R(attend)(const gndp_attention_shape *s, const int32_t *mask, const REAL *q,
                           const REAL *k, const REAL *v, REAL *o, REAL *lse)
{
    const double low = (double)-INFINITY;
    double top = low, total = 0.0, acc[64];
    for (int64_t j = 0; j < s->nk; j++) {
        const double l =
            mask == NULL || mask[j * s->mask_k] != 0 ? GNDP_R(logit)(s, q, k + j * s->k_row) : low;
        top = !(l <= top) && !isnan(top) ? l : top; /* a NaN is the largest, and stays */
    }
    for (int64_t j = 0; j < s->nk && top != low; j++) {
        total += mask == NULL || mask[j * s->mask_k] != 0
                     ? exp(GNDP_R(logit)(s, q, k + j * s->k_row) - top)
                     : 0.0;
    }
    *lse = (REAL)(top == low ? low : top + log(total));
    for (int64_t begin = 0; begin < s->dv; begin += 64) {
        const int64_t n = s->dv - begin < 64 ? s->dv - begin : 64;
        memset(acc, 0, sizeof acc);
        for (int64_t j = 0; j < s->nk && top != low; j++) {
            if (mask != NULL && mask[j * s->mask_k] == 0) {
                continue;
            }
            const double p = exp(GNDP_R(logit)(s, q, k + j * s->k_row) - top) / total;
            for (int64_t c = 0; c < n; c++) {
                acc[c] += p * (double)v[j * s->v_row + begin + c];
            }
        }
        for (int64_t c = 0; c < n; c++) {
            o[begin + c] = (REAL)acc[c];
        }
    }
}

static gndp_status GNDP_R(attention_ref)(const gndp_exec *ex)
{
    const gndp_attention_shape s = shape_of(ex, ex->in[1].type, ex->in[2].type);
    const REAL *q = ex->in[0].data, *k = ex->in[1].data, *v = ex->in[2].data;
    REAL *o = ex->out[0].data, *lse = ex->out[1].data;
    for (int64_t b = 0; b < s.batch; b++) {
        for (int64_t h = 0; h < s.heads; h++) {
            for (int64_t i = 0; i < s.nq; i++) {
                const int32_t *mask =
                    s.mask == NULL ? NULL : s.mask + b * s.mask_batch + i * s.mask_q;
                GNDP_R(attend)
                (&s, mask, q + b * s.q_batch + i * s.q_row + h * s.dk, k + b * s.k_batch + h * s.dk,
                 v + b * s.v_batch + h * s.dv, o + b * s.o_batch + i * s.o_row + h * s.dv,
                 lse + (b * s.heads + h) * s.nq + i);
            }
        }
    }
    return GNDP_OK;
}

/* Arrays of the adjoint, moved to one query of one head. */
typedef struct GNDP_R(adjoint_at) {
    const REAL *q, *k, *v, *o, *d_o;
    REAL *dq, *dk, *dv;
    double lse;
} GNDP_R(adjoint_at);

static void GNDP_R(attend_adjoint)(const gndp_attention_shape *s, const int32_t *mask,
                                   const GNDP_R(adjoint_at) * a)
{
    double along = 0.0; /* D = d_o . o */
    for (int64_t c = 0; c < s->dv; c++) {
        along += (double)a->d_o[c] * (double)a->o[c];
    }
    for (int64_t j = 0; j < s->nk && a->lse != (double)-INFINITY; j++) {
        if (mask != NULL && mask[j * s->mask_k] == 0) {
            continue;
        }
        const REAL *kj = a->k + j * s->k_row, *vj = a->v + j * s->v_row;
        REAL *dkj = a->dk + j * s->k_row, *dvj = a->dv + j * s->v_row;
        const double p = exp(GNDP_R(logit)(s, a->q, kj) - a->lse);
        double dp = 0.0;
        for (int64_t c = 0; c < s->dv; c++) {
            dp += (double)a->d_o[c] * (double)vj[c];
            dvj[c] += (REAL)(p * (double)a->d_o[c]);
        }
        const double ds = s->scale * p * (dp - along);
        for (int64_t c = 0; c < s->dk; c++) {
            a->dq[c] += (REAL)(ds * (double)kj[c]);
            dkj[c] += (REAL)(ds * (double)a->q[c]);
        }
    }
}

static gndp_status GNDP_R(attention_adjoint_ref)(const gndp_exec *ex)
{
    const gndp_attention_shape s = shape_of(ex, ex->in[1].type, ex->in[2].type);
    const int past = s.mask == NULL ? 3 : 4;
    const REAL *lse = ex->in[past + 1].data;
    for (int i = 0; i < 3; i++) {
        memset(ex->out[i].data, 0, gndp_type_bytes(ex->out[i].type));
    }
    for (int64_t b = 0; b < s.batch; b++) {
        for (int64_t h = 0; h < s.heads; h++) {
            for (int64_t i = 0; i < s.nq; i++) {
                const int64_t q_at = b * s.q_batch + i * s.q_row + h * s.dk,
                              k_at = b * s.k_batch + h * s.dk;
                const int64_t o_at = b * s.o_batch + i * s.o_row + h * s.dv,
                              v_at = b * s.v_batch + h * s.dv;
                const GNDP_R(adjoint_at) at = {.q = (const REAL *)ex->in[0].data + q_at,
                                               .k = (const REAL *)ex->in[1].data + k_at,
                                               .v = (const REAL *)ex->in[2].data + v_at,
                                               .o = (const REAL *)ex->in[past].data + o_at,
                                               .d_o = (const REAL *)ex->in[past + 2].data + o_at,
                                               .dq = (REAL *)ex->out[0].data + q_at,
                                               .dk = (REAL *)ex->out[1].data + k_at,
                                               .dv = (REAL *)ex->out[2].data + v_at,
                                               .lse = (double)lse[(b * s.heads + h) * s.nq + i]};
                GNDP_R(attend_adjoint)
                (&s, s.mask == NULL ? NULL : s.mask + b * s.mask_batch + i * s.mask_q, &at);
            }
        }
    }
    return GNDP_OK;
}
