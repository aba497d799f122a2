// SPDX-License-Identifier: Apache-2.0
// Reference loop of the matrix product, included once per type: REAL, GNDP_R(name).

static gndp_status GNDP_R(matmul_ref)(const gndp_exec *ex)
{
    const matmul_dims d = matmul_layout(ex->attr, ex->in[0].type, ex->in[1].type);
    const REAL *a = ex->in[0].data, *b = ex->in[1].data;
    REAL *c = ex->out[0].data;
    int64_t index[GNDP_MAX_RANK] = {0};
    for (int64_t e = 0; e < d.batch; e++) {
        int64_t a0 = 0, b0 = 0;
        for (int i = 0; i < d.rank; i++) {
            a0 += index[i] * d.a_batch[i];
            b0 += index[i] * d.b_batch[i];
        }
        for (int64_t i = 0; i < d.m; i++) {
            for (int64_t j = 0; j < d.n; j++) {
                double total = 0.0;
                for (int64_t k = 0; k < d.k; k++) {
                    total += (double)a[a0 + i * d.a_row + k * d.a_col] * (double)b[b0 + k * d.b_row + j * d.b_col];
                }
                c[(e * d.m + i) * d.n + j] = (REAL)(d.alpha * total);
            }
        }
        for (int i = d.rank - 1; i >= 0 && ++index[i] == d.dim[i]; i--) {
            index[i] = 0;
        }
    }
    return GNDP_OK;
}
