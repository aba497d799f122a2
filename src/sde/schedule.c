// SPDX-License-Identifier: Apache-2.0
// Noise schedules: rate, integral, inverse, the Gaussian laws that follow, and times for training.
#include "sde/schedule.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "sde/streams.h"

/* One kind. Arguments are reduced: u in [0, 1] is the share of [t0, t1] that has passed, b >= 0. */
typedef struct schedule_ops {
    const char *name;
    double (*beta)(const gndp_schedule *s, double u); /* dB/dt */
    double (*integral)(const gndp_schedule *s, double u);
    double (*inverse)(const gndp_schedule *s, double b); /* u */
} schedule_ops;

static double span(const gndp_schedule *s)
{
    return s->t1 - s->t0;
}

/* ---- Linear and constant: B = T (beta0 u + (beta1 - beta0) u^2 / 2) -------------------------- */

static double linear_beta(const gndp_schedule *s, double u)
{
    return s->beta0 + u * (s->beta1 - s->beta0);
}

static double linear_integral(const gndp_schedule *s, double u)
{
    return span(s) * u * (s->beta0 + 0.5 * u * (s->beta1 - s->beta0));
}

/* The root of the quadratic without its cancellation. */
static double linear_inverse(const gndp_schedule *s, double b)
{
    const double c = b / span(s), d = s->beta1 - s->beta0;
    const double root = s->beta0 + sqrt(fmax(s->beta0 * s->beta0 + 2.0 * d * c, 0.0));
    return root > 0.0 ? 2.0 * c / root : 0.0;
}

/* ---- Quadratic: B = T (beta0 u + (beta1 - beta0) u^3 / 3) ------------------------------------ */

static double quadratic_beta(const gndp_schedule *s, double u)
{
    return s->beta0 + u * u * (s->beta1 - s->beta0);
}

static double quadratic_integral(const gndp_schedule *s, double u)
{
    return span(s) * u * (s->beta0 + u * u * (s->beta1 - s->beta0) / 3.0);
}

/* B is increasing: Newton's steps within a bracket that shrinks, relative to u so that the smallest
 * times are as exact as the others. */
static double quadratic_inverse(const gndp_schedule *s, double b)
{
    double low = 0.0, high = 1.0, u = 0.5;
    if (b <= 0.0) {
        return 0.0;
    }
    for (int i = 0; i < 200; i++) {
        const double off = quadratic_integral(s, u) - b;
        if (off > 0.0) {
            high = u;
        } else {
            low = u;
        }
        const double next = u - off / (span(s) * quadratic_beta(s, u));
        const double to = next > low && next < high ? next : 0.5 * (low + high);
        if (fabs(to - u) <= 2e-16 * u) {
            return to;
        }
        u = to;
    }
    return u;
}

/* ---- Cosine: exp(-B) = cos^2(theta) / cos^2(theta_0), theta = (u' + s)/(1 + s) pi/2 ---------- */

/*
 * u' runs from 0 to where exp(-B) = COSINE_FLOOR, in proportion to t: the rule itself would
 * have an infinite rate at the end.
 */
#define COSINE_FLOOR 1e-5
#define HALF_PI 1.57079632679489661923

static double cosine_start(const gndp_schedule *s)
{
    return s->shift / (1.0 + s->shift) * HALF_PI;
}

/* tan((theta - theta_0)/2) at which exp(-B/2) = 1 - x: the root of (2 - x) tau^2 + 2 tan(theta_0)
 * tau = x. */
static double cosine_angle(double tan0, double x)
{
    return 2.0 * atan(x / (tan0 + sqrt(tan0 * tan0 + x * (2.0 - x))));
}

static double cosine_span(const gndp_schedule *s)
{
    return cosine_angle(tan(cosine_start(s)), 1.0 - sqrt(COSINE_FLOOR));
}

static double cosine_beta(const gndp_schedule *s, double u)
{
    const double whole = cosine_span(s);
    return 2.0 * tan(cosine_start(s) + u * whole) * whole / span(s);
}

/* exp(-B/2) = cos(d) - tan(theta_0) sin(d), written so that small d loses nothing. */
static double cosine_integral(const gndp_schedule *s, double u)
{
    const double d = u * cosine_span(s), half = sin(0.5 * d);
    return -2.0 * log1p(-2.0 * half * half - sin(d) * tan(cosine_start(s)));
}

static double cosine_inverse(const gndp_schedule *s, double b)
{
    return cosine_angle(tan(cosine_start(s)), -expm1(-0.5 * b)) / cosine_span(s);
}

/* ---- Discrete: T steps of the cosine rule ---------------------------------------------------- */

/* f(k)/f(0) of the rule up to a factor that cancels in ratios. */
static double discrete_level(const gndp_schedule *s, int k)
{
    const double c = cos(((double)k / s->steps + s->shift) / (1.0 + s->shift) * HALF_PI);
    return c * c;
}

/* Clipped rate of step k, before the affine map of its range to [3e-4, .5]. */
static double discrete_raw(const gndp_schedule *s, int k)
{
    const double rate = 1.0 - discrete_level(s, k + 1) / discrete_level(s, k);
    return rate < 1e-4 ? 1e-4 : rate > 0.9999 ? 0.9999 : rate;
}

/* B at the ends of the steps: b [T + 1]. The rates rise with k, so the first and the last are the
 * range. */
static void discrete_table(const gndp_schedule *s, double *b)
{
    const double low = discrete_raw(s, 0), high = discrete_raw(s, s->steps - 1);
    b[0] = 0.0;
    for (int k = 0; k < s->steps; k++) {
        const double rate = 3e-4 + (discrete_raw(s, k) - low) / (high - low) * (0.5 - 3e-4);
        b[k + 1] = b[k] - log1p(-rate);
    }
}

static int discrete_step(const gndp_schedule *s, double u)
{
    const int k = (int)floor(u * s->steps);
    return k < 0 ? 0 : k < s->steps ? k : s->steps - 1;
}

static double discrete_beta(const gndp_schedule *s, double u)
{
    double b[GNDP_DISCRETE_MAX + 1];
    const int k = discrete_step(s, u);
    discrete_table(s, b);
    return (b[k + 1] - b[k]) * s->steps / span(s);
}

static double discrete_at(const gndp_schedule *s, const double *b, double u)
{
    const int k = discrete_step(s, u);
    return b[k] + (u * s->steps - k) * (b[k + 1] - b[k]);
}

static double discrete_integral(const gndp_schedule *s, double u)
{
    double b[GNDP_DISCRETE_MAX + 1];
    discrete_table(s, b);
    return discrete_at(s, b, u);
}

static double discrete_inverse(const gndp_schedule *s, double wanted)
{
    double b[GNDP_DISCRETE_MAX + 1];
    int k = 0;
    discrete_table(s, b);
    while (k + 1 < s->steps && b[k + 1] < wanted) {
        k++;
    }
    return (k + (wanted - b[k]) / (b[k + 1] - b[k])) / s->steps;
}

/* ---- Exponential: beta = beta0 e^(k u), k = ln(beta1/beta0), B = T beta0 (e^(k u) - 1)/k ------- */

/* (e^(k u) - 1)/k and its inverse lose nothing where k is small; at k = 0 they are u itself. */
static double exponential_rise(const gndp_schedule *s)
{
    return log(s->beta1 / s->beta0);
}

static double exponential_beta(const gndp_schedule *s, double u)
{
    return s->beta0 * exp(exponential_rise(s) * u);
}

static double exponential_integral(const gndp_schedule *s, double u)
{
    const double k = exponential_rise(s);
    return span(s) * s->beta0 * (k == 0.0 ? u : expm1(k * u) / k);
}

static double exponential_inverse(const gndp_schedule *s, double b)
{
    const double k = exponential_rise(s), c = b / (span(s) * s->beta0);
    return k == 0.0 ? c : log1p(k * c) / k;
}

/* ---- Table and public calls ------------------------------------------------------------------ */

static const schedule_ops kinds[] = {
    [GNDP_SCHEDULE_LINEAR] = {"linear", linear_beta, linear_integral, linear_inverse},
    [GNDP_SCHEDULE_CONSTANT] = {"constant", linear_beta, linear_integral, linear_inverse},
    [GNDP_SCHEDULE_QUADRATIC] = {"quadratic", quadratic_beta, quadratic_integral,
                                 quadratic_inverse},
    [GNDP_SCHEDULE_COSINE] = {"cosine", cosine_beta, cosine_integral, cosine_inverse},
    [GNDP_SCHEDULE_DISCRETE] = {"discrete", discrete_beta, discrete_integral, discrete_inverse},
    [GNDP_SCHEDULE_EXPONENTIAL] = {"exponential", exponential_beta, exponential_integral, exponential_inverse},
};
enum { KINDS = (int)(sizeof kinds / sizeof *kinds) };

gndp_schedule gndp_schedule_default(void)
{
    return (gndp_schedule){.kind = GNDP_SCHEDULE_LINEAR,
                           .t0 = 1e-5,
                           .t1 = 1.0,
                           .beta0 = 0.0,
                           .beta1 = 20.0,
                           .shift = 0.008,
                           .steps = 500};
}

const char *gndp_schedule_name(gndp_schedule_kind kind)
{
    return (int)kind >= 0 && (int)kind < KINDS ? kinds[kind].name : "?";
}

gndp_status gndp_schedule_find(const char *name, gndp_schedule_kind *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(name != NULL && out != NULL, GNDP_ERR_ARG, "an argument is NULL");
    for (int k = 0; k < KINDS; k++) {
        if (strcmp(kinds[k].name, name) == 0) {
            *out = (gndp_schedule_kind)k;
            return GNDP_OK;
        }
    }
    GNDP_CHECK(
        false, GNDP_ERR_NOT_FOUND,
        "there is no schedule '%s'; there are: linear, constant, quadratic, cosine, discrete, exponential",
        name);
done:
    return st;
}

static gndp_status check_rates(const gndp_schedule *s)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(isfinite(s->beta0) && isfinite(s->beta1) && s->beta0 >= 0.0 && s->beta1 >= 0.0,
               GNDP_ERR_RANGE, "rates beta0 = %g, beta1 = %g: both must be finite and >= 0",
               s->beta0, s->beta1);
    GNDP_CHECK(s->beta0 + s->beta1 > 0.0, GNDP_ERR_RANGE,
               "both rates are 0: nothing would ever change");
    GNDP_CHECK(s->kind != GNDP_SCHEDULE_CONSTANT || s->beta0 == s->beta1, GNDP_ERR_RANGE,
               "a constant schedule has one rate, got beta0 = %g and beta1 = %g", s->beta0,
               s->beta1);
    GNDP_CHECK(s->kind != GNDP_SCHEDULE_EXPONENTIAL || (s->beta0 > 0.0 && s->beta1 > 0.0), GNDP_ERR_RANGE,
               "an exponential schedule rises by a factor: both rates must be above 0, got beta0 = %g and beta1 = %g", s->beta0, s->beta1);
done:
    return st;
}

gndp_status gndp_schedule_check(const gndp_schedule *s)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(s != NULL, GNDP_ERR_ARG, "schedule is NULL");
    GNDP_CHECK((int)s->kind >= 0 && (int)s->kind < KINDS, GNDP_ERR_RANGE,
               "schedule kind %d is none", (int)s->kind);
    GNDP_CHECK(isfinite(s->t0) && isfinite(s->t1) && s->t0 < s->t1, GNDP_ERR_RANGE,
               "times t0 = %g, t1 = %g: both must be finite and t0 < t1", s->t0, s->t1);
    if (s->kind == GNDP_SCHEDULE_COSINE || s->kind == GNDP_SCHEDULE_DISCRETE) {
        GNDP_CHECK(isfinite(s->shift) && s->shift >= 0.0 && s->shift <= 1.0, GNDP_ERR_RANGE,
                   "shift is %g, allowed are 0 to 1", s->shift);
        GNDP_CHECK(s->kind == GNDP_SCHEDULE_COSINE ||
                       (s->steps >= 2 && s->steps <= GNDP_DISCRETE_MAX),
                   GNDP_ERR_RANGE, "%d steps, allowed are 2 to %d", s->steps, GNDP_DISCRETE_MAX);
    } else {
        GNDP_TRY(check_rates(s));
    }
done:
    return st;
}

static double share(const gndp_schedule *s, double t)
{
    const double u = (t - s->t0) / span(s);
    return u > 0.0 ? u < 1.0 ? u : 1.0 : 0.0;
}

double gndp_schedule_beta(const gndp_schedule *s, double t)
{
    return kinds[s->kind].beta(s, share(s, t));
}

double gndp_schedule_integral(const gndp_schedule *s, double t)
{
    return kinds[s->kind].integral(s, share(s, t));
}

double gndp_schedule_time(const gndp_schedule *s, double b)
{
    const double u = b > 0.0 ? kinds[s->kind].inverse(s, b) : 0.0;
    return u >= 1.0 ? s->t1 : s->t0 + span(s) * u;
}

static gndp_linear_law law_after(double b)
{
    return (gndp_linear_law){.a = exp(-0.5 * b), .variance = -expm1(-b)};
}

gndp_linear_law gndp_schedule_marginal(const gndp_schedule *s, double t)
{
    return law_after(gndp_schedule_integral(s, t));
}

gndp_linear_law gndp_schedule_transition(const gndp_schedule *s, double from, double t)
{
    const gndp_linear_law law =
        law_after(gndp_schedule_integral(s, t) - gndp_schedule_integral(s, from));
    return (gndp_linear_law){.b = law.a, .variance = law.variance};
}

/* mean m + sqrt(alpha_s) (1 - a)/v_t (y_0 - m) + sqrt(a) v_s/v_t (y_t - m), variance (1 - a)
 * v_s/v_t, a = exp(-(B_t - B_s)): geomndp.md 3. */
gndp_linear_law gndp_schedule_bridge(const gndp_schedule *s, double from, double t)
{
    const double bs = gndp_schedule_integral(s, from), bt = gndp_schedule_integral(s, t);
    const double vs = -expm1(-bs), vt = -expm1(-bt), left = -expm1(-(bt - bs));
    if (vt <= 0.0) { /* no noise has come yet: y_s = y_0 */
        return (gndp_linear_law){.a = 1.0};
    }
    return (gndp_linear_law){.a = exp(-0.5 * bs) * left / vt,
                             .b = exp(-0.5 * (bt - bs)) * vs / vt,
                             .variance = left * vs / vt};
}

/* ---- Times for training ---------------------------------------------------------------------- */

/*
 * dB/max(1 - exp(-B), clip) has the integral F(B) = B/clip up to B_c = -ln(1 - clip), and from there
 * B_c/clip + ln(expm1(B)/expm1(B_c)). The time at which F has the share u of its end.
 */
static double likelihood_time(const gndp_schedule *s, double u)
{
    const double clip = GNDP_TIMES_CLIP, edge = -log1p(-clip), low = edge / clip,
                 end = gndp_schedule_integral(s, s->t1);
    if (end <= edge) {
        return gndp_schedule_time(s, u * end);
    }
    const double at = u * (low + log(expm1(end) / expm1(edge)));
    return gndp_schedule_time(s, at <= low ? at * clip : log1p(expm1(edge) * exp(at - low)));
}

void gndp_schedule_draw(const gndp_schedule *s, gndp_time_rule rule, uint64_t seed, uint32_t step,
                        int64_t n, double *t, double *decay, double *variance)
{
    double table[GNDP_DISCRETE_MAX + 1];
    if (s->kind == GNDP_SCHEDULE_DISCRETE) {
        discrete_table(s, table);
    }
    /* neither call can fail: no argument is out of range */
    (void)gndp_random_uniform_f64(seed, step, 0, SDE_STREAM_TIMES, 0, n, t);
    (void)gndp_random_uniform_f64(seed, step, 0, SDE_STREAM_PAIRING, 0, n, decay);
    for (int64_t i = 0; i < n; i++) {
        const double u = ((double)i + t[i]) / (double)n;
        t[i] = rule == GNDP_TIMES_LIKELIHOOD ? likelihood_time(s, u) : s->t0 + span(s) * u;
    }
    for (int64_t i = n - 1; i > 0; i--) { /* Fisher and Yates' shuffle */
        const int64_t j = (int64_t)(decay[i] * (double)(i + 1));
        const double swap = t[i];
        t[i] = t[j];
        t[j] = swap;
    }
    for (int64_t i = 0; i < n; i++) {
        const double b = s->kind == GNDP_SCHEDULE_DISCRETE ? discrete_at(s, table, share(s, t[i]))
                                                           : gndp_schedule_integral(s, t[i]);
        decay[i] = exp(-0.5 * b);
        variance[i] = -expm1(-b);
    }
}
