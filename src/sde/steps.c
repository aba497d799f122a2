// SPDX-License-Identifier: Apache-2.0
// The table of samplers, the steps of the linear ones, and grids of times (geomndp.md 6).
#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "sde/samplers.h"

/* What steps from t to s < t are made of. */
typedef struct interval {
    double h;      /* t - s */
    double rate;   /* beta(t) */
    double delta;  /* B(t) - B(s) */
    double rt, rs; /* exp(-B/2) */
    double vt, vs; /* 1 - exp(-B) */
} interval;

static interval between(const gndp_schedule *schedule, double t, double s)
{
    const gndp_linear_law at = gndp_schedule_marginal(schedule, t),
                          to = gndp_schedule_marginal(schedule, s);
    return (interval){.h = t - s,
                      .rate = gndp_schedule_beta(schedule, t),
                      .delta =
                          gndp_schedule_integral(schedule, t) - gndp_schedule_integral(schedule, s),
                      .rt = at.a,
                      .rs = to.a,
                      .vt = at.variance,
                      .vs = to.variance};
}

/* y + x [(y - m)/2 + g] + sqrt(x) L xi, x = h beta(t) or delta */
static gndp_sampler_step euler_sde(double x)
{
    return (gndp_sampler_step){.a = 1.0 + 0.5 * x, .c = x, .d = sqrt(x)};
}

static gndp_sampler_step euler_ode(double x)
{
    return (gndp_sampler_step){.a = 1.0 + 0.5 * x, .c = 0.5 * x};
}

static gndp_sampler_step step_em(const gndp_schedule *schedule, double t, double s)
{
    const interval i = between(schedule, t, s);
    return euler_sde(i.h * i.rate);
}

static gndp_sampler_step step_em_b(const gndp_schedule *schedule, double t, double s)
{
    return euler_sde(between(schedule, t, s).delta);
}

/* g frozen, variation of constants. */
static gndp_sampler_step step_exponential(const gndp_schedule *schedule, double t, double s)
{
    const double delta = between(schedule, t, s).delta;
    return (gndp_sampler_step){
        .a = exp(0.5 * delta), .c = 2.0 * expm1(0.5 * delta), .d = sqrt(expm1(delta))};
}

/* y_0 frozen at Tweedie's estimate m + (y - m + v g)/r, then the bridge. */
static gndp_sampler_step step_ancestral(const gndp_schedule *schedule, double t, double s)
{
    const interval i = between(schedule, t, s);
    const gndp_linear_law bridge = gndp_schedule_bridge(schedule, s, t);
    return (gndp_sampler_step){.a = bridge.a / i.rt + bridge.b,
                               .c = bridge.a * i.vt / i.rt,
                               .d = sqrt(fmax(bridge.variance, 0.0))};
}

static gndp_sampler_step step_euler_ode(const gndp_schedule *schedule, double t, double s)
{
    const interval i = between(schedule, t, s);
    return euler_ode(i.h * i.rate);
}

static gndp_sampler_step step_euler_ode_b(const gndp_schedule *schedule, double t, double s)
{
    return euler_ode(between(schedule, t, s).delta);
}

static gndp_sampler_step step_exponential_ode(const gndp_schedule *schedule, double t, double s)
{
    const double delta = between(schedule, t, s).delta;
    return (gndp_sampler_step){.a = exp(0.5 * delta), .c = expm1(0.5 * delta)};
}

/* e = -sigma_t g frozen: y_s = m + (r_s/r_t)(y - m) + (sigma_s - sigma_t r_s/r_t) e */
static gndp_sampler_step step_noise_frozen(const gndp_schedule *schedule, double t, double s)
{
    const interval i = between(schedule, t, s);
    const double ratio = i.rs / i.rt, sigma = sqrt(i.vt);
    return (gndp_sampler_step){.a = ratio, .c = -sigma * (sqrt(i.vs) - sigma * ratio)};
}

/* A sampler with how it moves; the public part comes first. */
typedef struct sampler_row {
    gndp_sampler_info info;
    sampler_advance advance;
} sampler_row;

static const sampler_row rows[] = {
    {{"em", "Euler-Maruyama on the reverse SDE", true, 1, step_em, GNDP_GRID_TIME}, advance_linear},
    {{"em_b", "Euler-Maruyama in B-time: no error from a rate that varies", true, 1, step_em_b,
      GNDP_GRID_TIME},
     advance_linear},
    {{"exponential", "reverse SDE, linear part exact, score frozen over the step", true, 1,
      step_exponential, GNDP_GRID_TIME},
     advance_linear},
    {{"ancestral", "denoised field frozen over the step, then the exact bridge", true, 1,
      step_ancestral, GNDP_GRID_TIME},
     advance_linear},
    {{"euler_ode", "Euler on the probability flow", false, 1, step_euler_ode, GNDP_GRID_TIME},
     advance_linear},
    {{"euler_ode_b", "Euler on the probability flow in B-time", false, 1, step_euler_ode_b,
      GNDP_GRID_TIME},
     advance_linear},
    {{"exponential_ode", "probability flow, linear part exact, score frozen", false, 1,
      step_exponential_ode, GNDP_GRID_TIME},
     advance_linear},
    {{"noise_frozen", "probability flow, noise estimate frozen (deterministic implicit)", false, 1,
      step_noise_frozen, GNDP_GRID_TIME},
     advance_linear},
    {{"residual_frozen", "probability flow, score less that of the limit frozen", false, 1,
      step_euler_ode_b, GNDP_GRID_TIME},
     advance_linear},
    {{"heun", "Heun on the probability flow, two evaluations a step", false, 2, NULL,
      GNDP_GRID_TIME},
     advance_heun},
    {{"multistep2", "probability flow, two-step method on the denoised field", false, 2, NULL,
      GNDP_GRID_LAMBDA},
     advance_multistep2},
    {{"ancestral2", "denoised field extrapolated from two steps, then the exact bridge", true, 2,
      NULL, GNDP_GRID_LAMBDA},
     advance_ancestral2},
    {{"adaptive", "Dormand-Prince 5(4) on the probability flow, steps by tolerance", false, 5, NULL,
      GNDP_GRID_TIME},
     NULL},
};
enum { ROWS = (int)(sizeof rows / sizeof *rows) };

int gndp_sampler_count(void)
{
    return ROWS;
}

const gndp_sampler_info *gndp_sampler_get(int i)
{
    return i >= 0 && i < ROWS ? &rows[i].info : NULL;
}

static const char *name_at(const void *state, int i)
{
    (void)state;
    return i < ROWS ? rows[i].info.name : NULL;
}

gndp_status gndp_sampler_find(const char *name, const gndp_sampler_info **out)
{
    gndp_status st = GNDP_OK;
    int i = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    GNDP_TRY(gndp_find_name("sampler", name, name_at, NULL, &i));
    *out = &rows[i].info;
done:
    return st;
}

gndp_status sampler_method(const gndp_sampler_info *info, sampler_advance *out)
{
    gndp_status st = GNDP_OK;
    for (int i = 0; i < ROWS; i++) {
        if (info == &rows[i].info) {
            *out = rows[i].advance;
            return GNDP_OK;
        }
    }
    GNDP_CHECK(info != NULL && info->step != NULL, GNDP_ERR_ARG,
               "the sampler is neither of the table nor a linear step");
    *out = advance_linear;
done:
    return st;
}

/* ---- Grids ----------------------------------------------------------------------------------- */

/* lambda = log(r/sigma), so exp(-B) = 1/(1 + exp(-2 lambda)). */
static double lambda_at(double v)
{
    return 0.5 * (log1p(-v) - log(v));
}

/* Where the lambda grid ends: from here to t0 in one step. */
#define LAMBDA_VARIANCE 1e-5

gndp_status gndp_time_grid(const gndp_schedule *schedule, gndp_grid_kind kind, int64_t steps,
                           double *t)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_schedule_check(schedule));
    GNDP_CHECK(t != NULL, GNDP_ERR_ARG, "t is NULL");
    GNDP_CHECK(steps >= 1, GNDP_ERR_RANGE, "%lld steps", (long long)steps);
    GNDP_CHECK(kind == GNDP_GRID_TIME || kind == GNDP_GRID_ROOT || kind == GNDP_GRID_LAMBDA,
               GNDP_ERR_RANGE, "grid %d is none", (int)kind);
    const double all = gndp_schedule_integral(schedule, schedule->t1);
    const double first = lambda_at(-expm1(-all)), last = lambda_at(LAMBDA_VARIANCE);
    GNDP_CHECK(kind != GNDP_GRID_LAMBDA || first < last, GNDP_ERR_RANGE,
               "B(t1) = %.3g: so little noise leaves nothing for a grid in lambda", all);
    t[0] = schedule->t1;
    t[steps] = schedule->t0;
    for (int64_t k = 1; k < steps; k++) {
        const double left = (double)(steps - k) / (double)steps;
        if (kind == GNDP_GRID_TIME) {
            t[k] = schedule->t0 + left * (schedule->t1 - schedule->t0);
        } else if (kind == GNDP_GRID_ROOT) {
            t[k] = gndp_schedule_time(schedule, all * left * left);
        } else {
            const double share = (double)k / (double)(steps - 1);
            const double lambda = first + share * (last - first);
            t[k] = gndp_schedule_time(schedule, log1p(exp(-2.0 * lambda)));
        }
        GNDP_CHECK(t[k] < t[k - 1] && t[k] > schedule->t0, GNDP_ERR_RANGE,
                   "%lld steps are too many: times %lld and %lld are both %.17g", (long long)steps,
                   (long long)k - 1, (long long)k, t[k]);
    }
done:
    return st;
}
