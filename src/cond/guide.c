// SPDX-License-Identifier: Apache-2.0
// Tweedie's estimate of the observations, its covariance three ways, its pull (geomndp.md 7.4).
#include "cond/guide.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- Making one ------------------------------------------------------------------------------ */

static gndp_guidance_covariance choice(const gndp_conditional_options *o)
{
    if (o->covariance != GNDP_GUIDANCE_AUTO) {
        return o->covariance;
    }
    return o->prior != NULL ? GNDP_GUIDANCE_PRIOR : GNDP_GUIDANCE_SURROGATE;
}

gndp_status guide_check(const gndp_conditional_options *o)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(o->covariance >= GNDP_GUIDANCE_AUTO && o->covariance <= GNDP_GUIDANCE_SURROGATE,
               GNDP_ERR_RANGE, "guidance covariance %d is none", (int)o->covariance);
    GNDP_CHECK(isfinite(o->kappa) && o->kappa > 0.0, GNDP_ERR_RANGE, "kappa %g", o->kappa);
    GNDP_CHECK(isfinite(o->strength) && o->strength >= 0.0, GNDP_ERR_RANGE, "strength %g",
               o->strength);
done:
    return st;
}

void guide_describe(const cond_run *run, char *text, size_t size)
{
    const gndp_conditional_options *o = run->options;
    switch (choice(o)) {
    case GNDP_GUIDANCE_EXACT:
        gndp_text_append(text, size, ", exact covariance");
        break;
    case GNDP_GUIDANCE_PRIOR:
        gndp_text_append(text, size, ", covariance of %s",
                         o->prior != NULL ? "a given prior" : "the limit as prior");
        break;
    case GNDP_GUIDANCE_AUTO:
    case GNDP_GUIDANCE_SURROGATE:
        gndp_text_append(text, size, ", surrogate covariance, kappa %g", o->kappa);
        break;
    }
}

gndp_status guide_open(const cond_run *run, guide *gd)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options *o = run->options;
    const int64_t c = run->c;
    *gd = (guide){.covariance = choice(o)};
    gd->variance = malloc((size_t)c * sizeof *gd->variance + 1);
    gd->shared = malloc((size_t)(c * c) * sizeof *gd->shared + 1);
    GNDP_CHECK(gd->variance != NULL && gd->shared != NULL, GNDP_ERR_NOMEM, "%lld observations",
               (long long)c);
    for (int64_t i = 0; i < c; i++) {
        gd->variance[i] = fmax(run->cd->variance[i], o->least_variance);
    }
    if (gd->covariance == GNDP_GUIDANCE_EXACT) {
        gd->each = malloc((size_t)(run->rows * c * c) * sizeof *gd->each + 1);
        GNDP_CHECK(gd->each != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(run->rows * c * c));
    }
    if (gd->covariance == GNDP_GUIDANCE_PRIOR) {
        GNDP_TRY(prior_open(run, &gd->prior));
    }
done:
    return st;
}

void guide_close(guide *gd)
{
    double *const arrays[] = {gd->variance, gd->shared, gd->each};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    prior_close(&gd->prior);
    *gd = (guide){0};
}

/* ---- Covariances ----------------------------------------------------------------------------- */

/*
 * Factor of a covariance that a network need not give positive definite: what is missing is added
 * to the diagonal in tenfold steps, up to its largest row sum, which is always enough. `copy` is
 * read, l is written.
 */
static gndp_status factor_firmly(int64_t n, const double *copy, double *l)
{
    gndp_status st = GNDP_OK;
    double most = 0.0, more = 0.0;
    int64_t bad = -1;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (int64_t j = 0; j < n; j++) {
            sum += fabs(copy[i * n + j]);
        }
        most = sum > most || isnan(sum) ? sum : most;
    }
    for (;;) {
        memcpy(l, copy, (size_t)(n * n) * sizeof *l);
        for (int64_t i = 0; i < n; i++) {
            l[i * n + i] += more;
        }
        if (small_factor(n, l, 1e-14, &bad)) {
            goto done;
        }
        GNDP_CHECK(isfinite(most) && more <= 2.0 * most, GNDP_ERR_NONFINITE,
                   "the covariance of the observations given the state has a row that sums to %g",
                   most);
        more = more > 0.0 ? 10.0 * more : 1e-6 * most;
    }
done:
    return st;
}

/* Of the surrogate or the prior: the same for all rows. */
static gndp_status shared_covariance(const cond_run *run, guide *gd, gndp_linear_law at)
{
    gndp_status st = GNDP_OK;
    const int64_t c = run->c;
    double *cov = run->level;
    if (gd->covariance == GNDP_GUIDANCE_PRIOR) {
        prior_seen(run, &gd->prior, at, cov);
    } else {
        const double scale = run->options->kappa * at.variance / (at.a * at.a);
        for (int64_t i = 0; i < c * c; i++) {
            cov[i] = scale * run->cd->aka[i];
        }
    }
    for (int64_t i = 0; i < c; i++) {
        cov[i * c + i] += gd->variance[i];
    }
    GNDP_TRY(factor_firmly(c, cov, gd->shared));
    gd->log_det = small_log_det(c, gd->shared);
done:
    return st;
}

/* Cov = (v/alpha) A (K + v J_g K) A', row by row: J_g' A_c'. */
static gndp_status own_covariances(cond_run *run, guide *gd, double t, gndp_linear_law at)
{
    gndp_status st = GNDP_OK;
    const gndp_conditioner *cd = run->cd;
    const int64_t c = run->c, n = run->size;
    const double scale = at.variance / (at.a * at.a);
    double *cot = run->more[0], *out = run->more[1];
    for (int64_t i = 0; i < c; i++) {
        memset(cot, 0, (size_t)(run->rows * n) * sizeof *cot);
        for (int64_t r = 0; r < run->rows; r++) {
            for (int64_t k = cd->row[i]; k < cd->row[i + 1]; k++) {
                cot[r * n + cd->column[k]] = cd->weight[k];
            }
        }
        GNDP_TRY(cond_product(run, t, run->y, cot, run->g, out));
        for (int64_t r = 0; r < run->rows; r++) {
            double *row = gd->each + (r * c + i) * c;
            cond_pull(cd, out + r * n, row);
            for (int64_t j = 0; j < c; j++) {
                row[j] = scale * (cd->aka[i * c + j] + at.variance * row[j]);
            }
        }
    }
    for (int64_t r = 0; r < run->rows; r++) {
        double *cov = gd->each + r * c * c;
        for (int64_t i = 0; i < c; i++) {
            for (int64_t j = 0; j < i; j++) {
                cov[i * c + j] = cov[j * c + i] = 0.5 * (cov[i * c + j] + cov[j * c + i]);
            }
            cov[i * c + i] += gd->variance[i];
        }
        memcpy(run->level, cov, (size_t)(c * c) * sizeof *cov);
        GNDP_TRY(factor_firmly(c, run->level, cov));
    }
done:
    return st;
}

/* ---- Looking and pulling --------------------------------------------------------------------- */

gndp_status guide_look(cond_run *run, guide *gd, double t, double *log_p)
{
    gndp_status st = GNDP_OK;
    const gndp_conditioner *cd = run->cd;
    const int64_t c = run->c;
    const gndp_linear_law at = gndp_schedule_marginal(run->schedule, t);
    if (gd->covariance == GNDP_GUIDANCE_EXACT) {
        GNDP_TRY(own_covariances(run, gd, t, at));
    } else {
        GNDP_TRY(shared_covariance(run, gd, at));
    }
    for (int64_t r = 0; r < run->rows; r++) {
        double *q = run->q + r * c, *p = run->p + r * c;
        const double *l = gd->each != NULL ? gd->each + r * c * c : gd->shared;
        cond_see(cd, run->y + r * run->size, q);
        cond_see(cd, run->g + r * run->size, p);
        for (int64_t i = 0; i < c; i++) {
            const double m = cd->seen_mean[i];
            q[i] = cd->z[i] - m - (q[i] - m + at.variance * p[i]) / at.a;
        }
        memcpy(p, q, (size_t)c * sizeof *p);
        small_solve(c, l, q);
        if (log_p != NULL) {
            const double log_det = gd->each != NULL ? small_log_det(c, l) : gd->log_det;
            log_p[r] = -0.5 * (small_dot(c, p, q) + log_det + (double)c * log(2.0 * M_PI));
        }
    }
done:
    return st;
}

/*
 * With J = (r/v) Cov K^-1 and Cov <= (v/alpha) K, as any data have them, b'K b <= q'(z - A E_0)/v.
 * E_0 divides the errors of a network by r, so that near t1 its J may be anything: what pulls more
 * than four times that (a kappa of 1/4 would) is held to it.
 */
static void hold_back(cond_run *run, int64_t r, double v)
{
    const double *q = run->q + r * run->c, *difference = run->p + r * run->c;
    double *b = run->more[0] + r * run->size, *kb = run->more[1] + r * run->size;
    const double most = 4.0 * small_dot(run->c, q, difference) / v,
                 pull = small_dot(run->size, b, kb);
    for (int64_t i = 0; pull > most && i < run->size; i++) {
        b[i] *= most / pull;
        kb[i] *= most / pull;
    }
}

gndp_status guide_pull(cond_run *run, double t)
{
    gndp_status st = GNDP_OK;
    const gndp_linear_law at = gndp_schedule_marginal(run->schedule, t);
    double *cot = run->more[1], *b = run->more[0];
    memset(cot, 0, (size_t)(run->rows * run->size) * sizeof *cot);
    for (int64_t r = 0; r < run->rows; r++) {
        cond_spread(run->cd, run->q + r * run->c, cot + r * run->size);
    }
    GNDP_TRY(cond_product(run, t, run->y, cot, run->g, b));
    for (int64_t i = 0; i < run->rows * run->size; i++) {
        b[i] = (cot[i] + at.variance * b[i]) / at.a;
    }
    GNDP_TRY(noise_product(&run->noise, run->rows, b, run->more[1]));
    for (int64_t r = 0; r < run->rows; r++) {
        hold_back(run, r, at.variance);
    }
done:
    return st;
}
