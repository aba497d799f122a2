// SPDX-License-Identifier: Apache-2.0
// Observations checked, and the limit seen through them: A K, A K A' and its factor.
#include "cond/conditioner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Observations ---------------------------------------------------------------------------- */

static gndp_status check_row(const gndp_linear_obs *o, int64_t c, int64_t values)
{
    gndp_status st = GNDP_OK;
    const double variance = o->variance != NULL ? o->variance[c] : 0.0;
    double size = 0.0;
    GNDP_CHECK(o->row[c + 1] > o->row[c], GNDP_ERR_RANGE, "observation %lld sees no value",
               (long long)c);
    GNDP_CHECK(isfinite(o->z[c]), GNDP_ERR_NONFINITE, "observation %lld is %g", (long long)c,
               o->z[c]);
    GNDP_CHECK(isfinite(variance), GNDP_ERR_NONFINITE, "observation %lld: error variance %g",
               (long long)c, variance);
    GNDP_CHECK(variance >= 0.0, GNDP_ERR_RANGE, "observation %lld: error variance %g is negative",
               (long long)c, variance);
    for (int64_t k = o->row[c]; k < o->row[c + 1]; k++) {
        GNDP_CHECK(o->column[k] >= 0 && o->column[k] < values, GNDP_ERR_RANGE,
                   "observation %lld: value %lld, there are 0 to %lld", (long long)c,
                   (long long)o->column[k], (long long)values - 1);
        GNDP_CHECK(k == o->row[c] || o->column[k] > o->column[k - 1], GNDP_ERR_RANGE,
                   "observation %lld: value %lld comes after %lld, they must rise", (long long)c,
                   (long long)o->column[k], (long long)o->column[k - 1]);
        GNDP_CHECK(isfinite(o->weight[k]), GNDP_ERR_NONFINITE, "observation %lld: weight %g",
                   (long long)c, o->weight[k]);
        size += fabs(o->weight[k]);
    }
    GNDP_CHECK(size > 0.0, GNDP_ERR_RANGE, "observation %lld: all its weights are 0", (long long)c);
done:
    return st;
}

gndp_status gndp_linear_obs_check(const gndp_linear_obs *obs, int64_t values)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(obs != NULL, GNDP_ERR_ARG, "obs is NULL");
    GNDP_CHECK(obs->n >= 0 && obs->n <= 32768, GNDP_ERR_RANGE,
               "%lld observations, allowed are 0 to 32768: their covariance is dense",
               (long long)obs->n);
    GNDP_CHECK(obs->n == 0 || (obs->row != NULL && obs->column != NULL && obs->weight != NULL &&
                               obs->z != NULL),
               GNDP_ERR_ARG, "an array of the observations is NULL");
    GNDP_CHECK(obs->n == 0 || obs->row[0] == 0, GNDP_ERR_RANGE, "row[0] is %lld, not 0",
               (long long)obs->row[0]);
    for (int64_t c = 0; c < obs->n; c++) {
        GNDP_TRY(check_row(obs, c, values));
    }
done:
    return st;
}

/* ---- Products -------------------------------------------------------------------------------- */

void cond_see(const gndp_conditioner *cd, const double *y, double *out)
{
    for (int64_t c = 0; c < cd->c; c++) {
        double sum = 0.0;
        for (int64_t k = cd->row[c]; k < cd->row[c + 1]; k++) {
            sum += cd->weight[k] * y[cd->column[k]];
        }
        out[c] = sum;
    }
}

static void spread(const gndp_conditioner *cd, double scale, const double *q, double *y)
{
    for (int64_t c = 0; c < cd->c; c++) {
        const double v = scale * q[c];
        for (int64_t k = cd->row[c]; k < cd->row[c + 1]; k++) {
            y[cd->column[k]] += cd->weight[k] * v;
        }
    }
}

void cond_spread(const gndp_conditioner *cd, const double *q, double *y)
{
    spread(cd, 1.0, q, y);
}

void cond_reach(const gndp_conditioner *cd, const double *q, double *y)
{
    if (cd->white > 0.0) {
        spread(cd, cd->white, q, y);
        return;
    }
    for (int64_t c = 0; c < cd->c; c++) {
        const double *k = cd->ka + c * cd->size, v = q[c];
        for (int64_t i = 0; i < cd->size; i++) {
            y[i] += v * k[i];
        }
    }
}

void cond_pull(const gndp_conditioner *cd, const double *v, double *out)
{
    if (cd->white > 0.0) {
        cond_see(cd, v, out);
        for (int64_t c = 0; c < cd->c; c++) {
            out[c] *= cd->white;
        }
        return;
    }
    for (int64_t c = 0; c < cd->c; c++) {
        out[c] = small_dot(cd->size, cd->ka + c * cd->size, v);
    }
}

void cond_snap(const gndp_conditioner *cd, const double *z, double *y)
{
    for (int64_t c = 0; c < cd->c; c++) {
        const int64_t k = cd->row[c];
        if (cd->variance[c] == 0.0 && cd->row[c + 1] == k + 1) {
            y[cd->column[k]] = z[c] / cd->weight[k];
        }
    }
}

/* ---- Factors --------------------------------------------------------------------------------- */

/* Smallest share of an observation's variance that those before it may leave unexplained. */
#define LEAST_SHARE 1e-12

/* Among 0 .. bad - 1, the observation that says most about `bad`. */
static int64_t closest(const gndp_conditioner *cd, int64_t bad)
{
    int64_t twin = -1;
    double most = -1.0;
    for (int64_t c = 0; c < bad; c++) {
        const double a = cd->aka[bad * cd->c + c],
                     b = (cd->aka[c * cd->c + c] + cd->variance[c]) * cd->aka[bad * cd->c + bad];
        const double r = b > 0.0 ? a * a / b : 0.0;
        if (r > most) {
            most = r;
            twin = c;
        }
    }
    return twin;
}

gndp_status cond_level(const gndp_conditioner *cd, double scale, double *l)
{
    gndp_status st = GNDP_OK;
    int64_t bad = -1;
    memcpy(l, cd->aka, (size_t)(cd->c * cd->c) * sizeof *l);
    for (int64_t c = 0; c < cd->c; c++) {
        l[c * cd->c + c] += scale * cd->variance[c];
    }
    const bool good = small_factor(cd->c, l, LEAST_SHARE, &bad);
    const int64_t twin = good ? -1 : closest(cd, bad);
    GNDP_CHECK(good || twin >= 0, GNDP_ERR_NOT_PD,
               "observation %lld: under the limit it has no variance", (long long)bad);
    GNDP_CHECK(good, GNDP_ERR_NOT_PD,
               "observation %lld adds nothing to those before it (closest is observation %lld: %g "
               "and %g) and neither has an error: drop one, join them, or give them a variance",
               (long long)bad, (long long)twin, cd->z[bad], cd->z[twin]);
done:
    return st;
}

/* ---- Making one ------------------------------------------------------------------------------ */

static gndp_status copy_rows(gndp_conditioner *cd, const gndp_linear_obs *obs)
{
    gndp_status st = GNDP_OK;
    const int64_t c = obs->n, nonzeros = c > 0 ? obs->row[c] : 0;
    bool *taken = calloc((size_t)cd->size + 1, sizeof *taken);
    cd->row = calloc((size_t)c + 1, sizeof *cd->row);
    cd->column = malloc((size_t)nonzeros * sizeof *cd->column + 1);
    cd->weight = malloc((size_t)nonzeros * sizeof *cd->weight + 1);
    cd->z = malloc((size_t)c * sizeof *cd->z + 1);
    cd->variance = calloc((size_t)c + 1, sizeof *cd->variance);
    cd->sd = calloc((size_t)c + 1, sizeof *cd->sd);
    GNDP_CHECK(taken != NULL && cd->row != NULL && cd->column != NULL && cd->weight != NULL &&
                   cd->z != NULL && cd->variance != NULL && cd->sd != NULL,
               GNDP_ERR_NOMEM, "%lld observations", (long long)c);
    cd->selection = cd->exact = true;
    for (int64_t i = 0; i < c; i++) {
        const int64_t k = obs->row[i];
        cd->row[i + 1] = obs->row[i + 1];
        cd->z[i] = obs->z[i];
        cd->variance[i] = obs->variance != NULL ? obs->variance[i] : 0.0;
        cd->sd[i] = sqrt(cd->variance[i]);
        cd->exact = cd->exact && cd->variance[i] == 0.0;
        cd->selection = cd->selection && obs->row[i + 1] == k + 1 && obs->weight[k] == 1.0 &&
                        !taken[obs->column[k]];
        taken[obs->column[k]] = true;
    }
    if (nonzeros > 0) {
        memcpy(cd->column, obs->column, (size_t)nonzeros * sizeof *cd->column);
        memcpy(cd->weight, obs->weight, (size_t)nonzeros * sizeof *cd->weight);
    }
done:
    free(taken);
    return st;
}

/* A K and A K A' by rows: one product with K for each observation. */
static gndp_status see_limit(gndp_conditioner *cd)
{
    gndp_status st = GNDP_OK;
    enum { GROUP = 16 };
    const int64_t c = cd->c, size = cd->size;
    const bool white = cd->white > 0.0;
    double *row = NULL, *mine = NULL;
    row = malloc((size_t)(GROUP * size) * sizeof *row + 1);
    mine = white ? malloc((size_t)(GROUP * size) * sizeof *mine + 1) : NULL;
    cd->ka = white ? NULL : malloc((size_t)(c * size) * sizeof *cd->ka + 1);
    cd->aka = malloc((size_t)(c * c) * sizeof *cd->aka + 1);
    cd->factor = malloc((size_t)(c * c) * sizeof *cd->factor + 1);
    GNDP_CHECK(row != NULL && (white ? mine : cd->ka) != NULL && cd->aka != NULL &&
                   cd->factor != NULL,
               GNDP_ERR_NOMEM, "%lld observations of %lld values", (long long)c, (long long)size);
    for (int64_t from = 0; from < c; from += GROUP) {
        const int64_t some = c - from < GROUP ? c - from : GROUP;
        double *out = white ? mine : cd->ka + from * size;
        memset(row, 0, (size_t)(some * size) * sizeof *row);
        for (int64_t i = 0; i < some; i++) {
            for (int64_t k = cd->row[from + i]; k < cd->row[from + i + 1]; k++) {
                row[i * size + cd->column[k]] = cd->weight[k];
            }
        }
        GNDP_TRY(gndp_gaussian_apply(cd->law, some, row, out));
        for (int64_t i = 0; i < some; i++) {
            cond_see(cd, out + i * size, cd->aka + (from + i) * c);
        }
    }
    for (int64_t i = 0; i < c; i++) { /* structured products round each way differently */
        for (int64_t j = 0; j < i; j++) {
            cd->aka[i * c + j] = cd->aka[j * c + i] =
                0.5 * (cd->aka[i * c + j] + cd->aka[j * c + i]);
        }
    }
done:
    free(row);
    free(mine);
    return st;
}

gndp_status gndp_conditioner_create(const gndp_gaussian *law, const gndp_linear_obs *obs,
                                    gndp_conditioner **out)
{
    gndp_status st = GNDP_OK;
    gndp_conditioner *cd = NULL;
    double *variance = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(law != NULL, GNDP_ERR_ARG, "law is NULL");
    GNDP_TRY(gndp_linear_obs_check(obs, gndp_gaussian_size(law)));
    cd = calloc(1, sizeof *cd);
    GNDP_CHECK(cd != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *cd);
    cd->law = law;
    cd->size = gndp_gaussian_size(law);
    cd->c = obs->n;
    GNDP_TRY(copy_rows(cd, obs));
    cd->mean = malloc((size_t)cd->size * sizeof *cd->mean + 1);
    cd->seen_mean = malloc((size_t)cd->c * sizeof *cd->seen_mean + 1);
    variance = malloc((size_t)cd->size * sizeof *variance + 1);
    GNDP_CHECK(cd->mean != NULL && cd->seen_mean != NULL && variance != NULL, GNDP_ERR_NOMEM,
               "%lld values", (long long)cd->size);
    if (gndp_gaussian_factorisation(law) == GNDP_FACTOR_DIAGONAL && cd->size > 0) {
        GNDP_TRY(gndp_gaussian_variance(law, variance));
        cd->white = variance[0];
        for (int64_t i = 1; i < cd->size; i++) {
            cd->white = variance[i] == variance[0] ? cd->white : 0.0;
        }
    }
    gndp_gaussian_mean(law, cd->mean);
    cond_see(cd, cd->mean, cd->seen_mean);
    GNDP_TRY(see_limit(cd));
    GNDP_TRY(cond_level(cd, 1.0, cd->factor));
    *out = cd;
    cd = NULL;
done:
    free(variance);
    gndp_conditioner_free(cd);
    return st;
}

void gndp_conditioner_free(gndp_conditioner *cd)
{
    if (cd == NULL) {
        return;
    }
    free(cd->row);
    free(cd->column);
    double *const arrays[] = {cd->weight,    cd->z,  cd->variance, cd->sd,    cd->mean,
                              cd->seen_mean, cd->ka, cd->aka,      cd->factor};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(cd);
}
