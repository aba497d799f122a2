// SPDX-License-Identifier: Apache-2.0
// Observations of small Gaussian problems, their exact posterior, and chains held against it.
#ifndef TESTS_COND_COND_CASE_H
#define TESTS_COND_COND_CASE_H

#include "sde/sampler_case.h"

#include <gndp/cond.h>

enum { COND_MOST = 16 };

/* What is observed of a problem. */
typedef enum cond_kind {
    COND_PICKED, /* some values as they are */
    COND_NOISY,  /* the same with errors */
    COND_MEANS,  /* two weighted means, without error */
    COND_MIXED   /* a mean with an error, a value without, a difference with */
} cond_kind;
enum { COND_KINDS = 4 };

typedef struct cond_case {
    sde_case *c;
    int64_t n, seen;
    gndp_linear_obs obs;
    int64_t row[COND_MOST + 1], column[4 * COND_MOST];
    double weight[4 * COND_MOST], z[COND_MOST], variance[COND_MOST];
    bool target[COND_MOST]; /* not observed without error */
    gndp_conditioner *cd;
    gndp_prior *prior; /* that of the data */
    double mean[COND_MOST], cov[COND_MOST * COND_MOST], log_evidence;
} cond_case;

static inline void cond_row(cond_case *k, double variance, int n, const int64_t *column,
                            const double *weight)
{
    const int64_t at = k->row[k->seen];
    for (int i = 0; i < n; i++) {
        k->column[at + i] = column[i];
        k->weight[at + i] = weight[i];
    }
    k->variance[k->seen] = variance;
    k->z[k->seen] = 0.4 - 0.5 * (double)(k->seen % 3);
    k->row[++k->seen] = at + n;
    if (n == 1 && variance == 0.0) {
        k->target[column[0]] = false;
    }
}

/* N(mean, cov) given the rows of obs, one after the other. */
static inline void cond_posterior(const gndp_linear_obs *obs, int64_t n, double extra, double *mean,
                                  double *cov, double *log_evidence)
{
    *log_evidence = 0.0;
    for (int64_t c = 0; c < obs->n; c++) {
        double *gain = new_values(n), variance = obs->variance[c] + extra, d = obs->z[c];
        for (int64_t k = obs->row[c]; k < obs->row[c + 1]; k++) {
            d -= obs->weight[k] * mean[obs->column[k]];
            for (int64_t i = 0; i < n; i++) {
                gain[i] += obs->weight[k] * cov[i * n + obs->column[k]];
            }
        }
        for (int64_t k = obs->row[c]; k < obs->row[c + 1]; k++) {
            variance += obs->weight[k] * gain[obs->column[k]];
        }
        *log_evidence -= 0.5 * (d * d / variance + log(6.283185307179586 * variance));
        for (int64_t i = 0; i < n; i++) {
            mean[i] += gain[i] * d / variance;
            for (int64_t j = 0; j < n; j++) {
                cov[i * n + j] -= gain[i] * gain[j] / variance;
            }
        }
        free(gain);
    }
}

static inline cond_case *new_cond(const sde_text *text, cond_kind kind)
{
    cond_case *k = calloc(1, sizeof *k);
    assert_non_null(k);
    k->c = new_case(text);
    k->n = k->c->n;
    for (int64_t i = 0; i < k->n; i++) {
        k->target[i] = true;
    }
    const double one[1] = {1.0}, mean[3] = {0.5, 0.2, 0.3}, difference[2] = {1.0, -1.0};
    if (kind == COND_MEANS) {
        cond_row(k, 0.0, 3, (const int64_t[]){0, 2, 5}, mean);
        cond_row(k, 0.0, 3, (const int64_t[]){1, 6, 7}, mean);
    } else if (kind == COND_MIXED) {
        cond_row(k, 0.03, 3, (const int64_t[]){0, 2, 5}, mean);
        cond_row(k, 0.0, 1, (const int64_t[]){4}, one);
        cond_row(k, 0.1, 2, (const int64_t[]){3, 4}, difference);
    } else {
        for (int64_t i = 1; i < k->n; i += 3) {
            cond_row(k, kind == COND_NOISY ? 0.04 : 0.0, 1, &i, one);
        }
    }
    k->obs = (gndp_linear_obs){.n = k->seen,
                               .row = k->row,
                               .column = k->column,
                               .weight = k->weight,
                               .z = k->z,
                               .variance = k->variance};
    memcpy(k->mean, k->c->m0, (size_t)k->n * sizeof *k->mean);
    memcpy(k->cov, k->c->s0, (size_t)(k->n * k->n) * sizeof *k->cov);
    cond_posterior(&k->obs, k->n, 0.0, k->mean, k->cov, &k->log_evidence);
    assert_ok(gndp_conditioner_create(k->c->law, &k->obs, &k->cd));
    assert_ok(gndp_prior_create(k->c->law, k->c->s0, &k->prior));
    return k;
}

static inline void free_cond(cond_case *k)
{
    gndp_conditioner_free(k->cd);
    gndp_prior_free(k->prior);
    free_case(k->c);
    free(k);
}

static inline gndp_conditional_options cond_options(const char *method)
{
    const gndp_conditional_info *info = NULL;
    assert_ok(gndp_conditional_find(method, &info));
    gndp_conditional_options o = gndp_conditional_options_default(info);
    o.seed = 11;
    return o;
}

static inline gndp_status cond_run_members(gndp_evaluator *ev, const cond_case *k,
                                           const gndp_conditional_options *o, int64_t n, double *y,
                                           gndp_conditional_report *report)
{
    uint32_t *member = calloc((size_t)n, sizeof *member);
    assert_non_null(member);
    number_members(n, 0, member);
    const gndp_status st =
        gndp_conditional_sample(ev, &k->c->schedule, k->cd, o, n, member, y, report);
    free(member);
    return st;
}

/* Rms over targets of (mean - wanted)/sd, and the relative Frobenius error of the covariance. */
static inline void cond_errors_of(const cond_case *k, int64_t chains, const double *y,
                                  double *mean_error, double *cov_error)
{
    const int64_t n = k->n;
    double mean[COND_MOST] = {0}, sum = 0.0, above = 0.0, below = 0.0;
    int64_t targets = 0;
    for (int64_t r = 0; r < chains; r++) {
        for (int64_t i = 0; i < n; i++) {
            mean[i] += y[r * n + i] / (double)chains;
        }
    }
    for (int64_t i = 0; i < n; i++) {
        if (!k->target[i]) {
            continue;
        }
        targets++;
        sum += (mean[i] - k->mean[i]) * (mean[i] - k->mean[i]) / k->cov[i * n + i];
        for (int64_t j = 0; j < n; j++) {
            double s = 0.0;
            for (int64_t r = 0; k->target[j] && r < chains; r++) {
                s += (y[r * n + i] - mean[i]) * (y[r * n + j] - mean[j]) / (double)(chains - 1);
            }
            const double e = s - k->cov[i * n + j];
            above += k->target[j] ? e * e : 0.0;
            below += k->target[j] ? k->cov[i * n + j] * k->cov[i * n + j] : 0.0;
        }
    }
    *mean_error = sqrt(sum / (double)targets);
    *cov_error = sqrt(above / below);
}

/* Every chain sees what it was told without error. */
static inline void cond_check_seen(const cond_case *k, int64_t chains, const double *y,
                                   double tolerance)
{
    for (int64_t r = 0; r < chains; r++) {
        for (int64_t c = 0; c < k->seen; c++) {
            double sum = 0.0;
            for (int64_t i = k->row[c]; i < k->row[c + 1]; i++) {
                sum += k->weight[i] * y[r * k->n + k->column[i]];
            }
            if (k->variance[c] == 0.0) {
                assert_near(sum, k->z[c], tolerance);
            }
        }
    }
}

#endif
