// SPDX-License-Identifier: Apache-2.0
// Scores of normal laws: log density, bias, errors, CRPS, coverage of central intervals.
#include "cli/gp_scores.h"

#include <math.h>

#include "cli/gp_common.h"

static const double interval_part[GP_INTERVALS] = {0.5, 0.9, 0.95};
/* Phi^-1((1 + part) / 2), quantiles of the standard normal law */
static const double interval_sd[GP_INTERVALS] = {0.67448975019608174, 1.6448536269514722,
                                                 1.9599639845400542};

double gp_log_density(double error, double sd)
{
    const double log_2pi = 1.8378770664093453;
    const double z = error / sd;
    if (sd == 0.0) /* all at one value */
        return error == 0.0 ? HUGE_VAL : -HUGE_VAL;
    return -0.5 * (log_2pi + z * z) - log(sd);
}

/* CRPS of the normal law, in units of y: Gneiting & Raftery 2007, section 4.2. */
static double crps(double error, double sd)
{
    const double inverse_sqrt_pi = 0.56418958354775629, inverse_sqrt_2pi = 0.3989422804014327;
    const double z = error / sd;
    if (sd == 0.0)
        return fabs(error);
    const double cdf_term = erf(z / sqrt(2.0)); /* 2 Phi(z) - 1 */
    return sd * (z * cdf_term + 2.0 * inverse_sqrt_2pi * exp(-0.5 * z * z) - inverse_sqrt_pi);
}

void gp_scores_add(gp_scores *s, const double *y, const double *mean, const double *sd, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const double error = y[i] - mean[i];
        if (isnan(error) || isnan(sd[i]))
            continue;
        s->n++;
        s->log_density += gp_log_density(error, sd[i]);
        s->bias -= error; /* of the prediction */
        s->square += error * error;
        s->mae += fabs(error);
        s->crps += crps(error, sd[i]);
        s->sd += sd[i];
        for (int k = 0; k < GP_INTERVALS; k++)
            s->within[k] += fabs(error) <= interval_sd[k] * sd[i];
    }
}

void gp_scores_header(void)
{
    printf("%-11s %9s %9s %9s %9s %9s %9s %9s %20s\n", "", "nats a", "", "", "", "", "", "mean",
           "% within interval");
    printf("%-11s %9s %9s %9s %9s %9s %9s %9s %6s %6s %6s\n", "", "value", "joint", "bias", "rmse",
           "mae", "crps", "sd", "50 %", "90 %", "95 %");
}

void gp_scores_print(const char *name, const gp_scores *s)
{
    const double n = (double)s->n;
    char joint[16] = "-";
    if (s->has_joint)
        snprintf(joint, sizeof joint, "%.4g", s->joint / n);
    printf("%-11s %9.4g %9s %9.3g %9.4g %9.4g %9.4g %9.4g %6.1f %6.1f %6.1f\n", name,
           s->log_density / n, joint, s->bias / n, sqrt(s->square / n), s->mae / n, s->crps / n,
           s->sd / n, 100.0 * s->within[0] / n, 100.0 * s->within[1] / n, 100.0 * s->within[2] / n);
}

void gp_scores_footer(int64_t n)
{
    printf("\n%lld values; were they independent, the parts within would have standard errors of "
           "%.1f, %.1f, %.1f %%\n",
           (long long)n, 100.0 * sqrt(0.25 / (double)n), 100.0 * sqrt(0.09 / (double)n),
           100.0 * sqrt(0.0475 / (double)n));
}

json_t *gp_scores_json(const gp_scores *s)
{
    const double n = (double)s->n;
    json_t *object =
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "n", (json_int_t)s->n, "log_density",
                  gp_json_number(s->log_density / n), "bias", gp_json_number(s->bias / n), "rmse",
                  gp_json_number(sqrt(s->square / n)), "mae", gp_json_number(s->mae / n), "crps",
                  gp_json_number(s->crps / n), "mean_sd", gp_json_number(s->sd / n));
    json_t *coverage = json_array();
    for (int k = 0; k < GP_INTERVALS; k++)
        json_array_append_new(coverage, json_pack("{s:f, s:o}", "interval", interval_part[k],
                                                  "within", gp_json_number(s->within[k] / n)));
    json_object_set_new(object, "coverage", coverage);
    if (s->has_joint)
        json_object_set_new(object, "joint_log_density", gp_json_number(s->joint / n));
    return object;
}
