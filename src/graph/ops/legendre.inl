// SPDX-License-Identifier: Apache-2.0
// Loops of the legendre family for one real type: REAL, and GNDP_R(f), which appends its name.

static gndp_status GNDP_R(legendre_ref)(const gndp_exec *ex)
{
    const int64_t terms = gndp_type_count(ex->in[0].type), count = gndp_type_count(ex->in[1].type),
                  m = ex->attr->i[0];
    const REAL *coef = ex->in[0].data, *x = ex->in[1].data;
    REAL *y = ex->out[0].data;
    for (int64_t i = 0; i < count; i++) {
        const double t = fabs((double)x[i]), below = t - 1.0;
        double value = 1.0, step = 0.0, end = end_value(m), sum[2] = {0.0, 0.0};
        for (int64_t n = 0; n + m < terms; n++) {
            if (n > 0) {
                const recurrence r = recurrence_at(n, m);
                step = r.keep * step + r.pull * (below * value);
                value += step;
                end *= r.grow;
            }
            sum[n & 1] += (double)coef[n + m] * end * value;
        }
        y[i] = (REAL)(sum[0] + ((double)x[i] < 0.0 ? -sum[1] : sum[1]));
    }
    return GNDP_OK;
}

static gndp_status GNDP_R(moments_ref)(const gndp_exec *ex)
{
    const int64_t terms = ex->attr->i[1], count = gndp_type_count(ex->in[0].type),
                  m = ex->attr->i[0];
    const REAL *x = ex->in[0].data, *g = ex->in[1].data;
    for (int64_t l = 0; l < terms; l++) {
        double sum = 0.0, end = end_value(m);
        for (int64_t n = 1; n <= l - m; n++) {
            end *= recurrence_at(n, m).grow;
        }
        for (int64_t i = 0; i < count && l >= m; i++) {
            const double t = fabs((double)x[i]), below = t - 1.0;
            double value = 1.0, step = 0.0;
            for (int64_t n = 1; n <= l - m; n++) {
                const recurrence r = recurrence_at(n, m);
                step = r.keep * step + r.pull * (below * value);
                value += step;
            }
            sum += (double)g[i] * ((double)x[i] < 0.0 && ((l - m) & 1) != 0 ? -value : value);
        }
        ((REAL *)ex->out[0].data)[l] = (REAL)(l >= m ? sum * end : 0.0);
    }
    return GNDP_OK;
}

/* ------------------------------------------------------------------------------------------ cpu */

/* LANES points at once: x into |x| - 1 and the sign of x, past the end the point 1 with weight 0.
 */
static void GNDP_R(load_lanes)(int64_t n, const REAL *x, lanes *p)
{
    for (int64_t i = 0; i < LANES; i++) {
        const double t = i < n ? (double)x[i] : 1.0;
        p->below[i] = fabs(t) - 1.0;
        p->sign[i] = t < 0.0 ? -1.0 : 1.0;
        p->value[i] = 1.0;
        p->step[i] = 0.0;
    }
}

static gndp_status GNDP_R(legendre_cpu)(const gndp_exec *ex)
{
    const int64_t terms = gndp_type_count(ex->in[0].type), count = gndp_type_count(ex->in[1].type),
                  m = ex->attr->i[0];
    const int64_t blocks = (count + LANES - 1) / LANES;
    const REAL *coef = ex->in[0].data, *x = ex->in[1].data;
    REAL *y = ex->out[0].data;
    recurrence *table = ex->scratch;
    double *weight = (double *)(table + terms + 1);
    tabulate(terms, m, table);
    for (int64_t n = 0; n + m < terms; n++) {
        weight[n] = (double)coef[n + m] * table[n].end;
    }
#pragma omp parallel for schedule(static)                                                          \
    num_threads(ex->threads) if (count * terms > PARALLEL_COUNT)
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t width = count - b * LANES < LANES ? count - b * LANES : LANES;
        lanes p;
        double sum[2][LANES] = {{0.0}};
        GNDP_R(load_lanes)(width, x + b * LANES, &p);
        for (int64_t n = 0; n + m < terms; n++) {
            double *to = sum[n & 1];
            if (n > 0) {
                advance(&table[n], &p);
            }
            for (int64_t i = 0; i < LANES; i++) {
                to[i] += weight[n] * p.value[i];
            }
        }
        for (int64_t i = 0; i < width; i++) {
            y[b * LANES + i] = (REAL)(sum[0][i] + p.sign[i] * sum[1][i]);
        }
    }
    return GNDP_OK;
}

/* One block of points leaves its sums for every l; blocks are then joined in order. */
static void GNDP_R(block_moments)(int64_t n_points, const REAL *x, const REAL *g, int64_t n_sums,
                                  const recurrence *table, double *sums)
{
    for (int64_t n = 0; n < n_sums; n++) {
        sums[n] = 0.0;
    }
    for (int64_t begin = 0; begin < n_points; begin += LANES) {
        const int64_t width = n_points - begin < LANES ? n_points - begin : LANES;
        lanes p;
        double weight[2][LANES] = {{0.0}};
        GNDP_R(load_lanes)(width, x + begin, &p);
        for (int64_t i = 0; i < width; i++) {
            weight[0][i] = (double)g[begin + i];
            weight[1][i] = weight[0][i] * p.sign[i];
        }
        for (int64_t n = 0; n < n_sums; n++) {
            if (n > 0) {
                advance(&table[n], &p);
            }
            sums[n] += lane_dot(weight[n & 1], p.value);
        }
    }
}

static gndp_status GNDP_R(moments_cpu)(const gndp_exec *ex)
{
    const int64_t terms = ex->attr->i[1], count = gndp_type_count(ex->in[0].type),
                  m = ex->attr->i[0];
    const int64_t n_sums = terms > m ? terms - m : 0, blocks = moment_blocks(count),
                  size = moment_block_size(count);
    const REAL *x = ex->in[0].data, *g = ex->in[1].data;
    REAL *out = ex->out[0].data;
    recurrence *table = ex->scratch;
    double *sums = (double *)(table + terms + 1);
    tabulate(terms, m, table);
#pragma omp parallel for schedule(static)                                                          \
    num_threads(ex->threads) if (count * terms > PARALLEL_COUNT)
    for (int64_t b = 0; b < blocks; b++) {
        const int64_t n_points = count - b * size < size ? count - b * size : size;
        GNDP_R(block_moments)
        (n_points, x + b * size, g + b * size, n_sums, table, sums + b * terms);
    }
    for (int64_t l = 0; l < terms; l++) {
        double sum = 0.0;
        for (int64_t b = 0; b < blocks && l >= m; b++) {
            sum += sums[b * terms + l - m];
        }
        out[l] = (REAL)(l >= m ? sum * table[l - m].end : 0.0);
    }
    return GNDP_OK;
}
