// SPDX-License-Identifier: Apache-2.0
// Limits of axes from what is to be seen.
#include "plot/limits.h"

#include <math.h>

#include "base/error.h"

/* Lowest and highest so far; none: low > high. */
typedef struct range {
    double low, high;
} range;

static void take(range *r, double value)
{
    r->low = fmin(r->low, value);
    r->high = fmax(r->high, value);
}

static bool has_y2(const gndp_series *s)
{
    return s->mark == GNDP_MARK_BAND || s->mark == GNDP_MARK_ERRORS;
}

static gndp_status check_series(int p, int i, const gndp_series *s)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(s->n >= 1 && s->x != NULL && s->y != NULL, GNDP_ERR_ARG,
               "panel %d, series %d (%s): no points", p, i, s->name != NULL ? s->name : "");
    GNDP_CHECK((int)s->mark >= 0 && s->mark <= GNDP_MARK_ERRORS, GNDP_ERR_ARG,
               "panel %d, series %d: %d is no mark", p, i, (int)s->mark);
    GNDP_CHECK(!has_y2(s) || s->y2 != NULL, GNDP_ERR_ARG,
               "panel %d, series %d (%s): a band or error bars want y2", p, i,
               s->name != NULL ? s->name : "");
done:
    return st;
}

static gndp_status check_log(int p, int i, const gndp_series *s, char axis, const double *value)
{
    gndp_status st = GNDP_OK;
    for (int64_t k = 0; k < s->n; k++)
        GNDP_CHECK(!(value[k] <= 0.0), GNDP_ERR_RANGE,
                   "panel %d, series %d (%s): %c[%lld] = %g has no place on a logarithmic axis", p,
                   i, s->name != NULL ? s->name : "", axis, (long long)k, value[k]);
done:
    return st;
}

double plot_bar_spacing(const gndp_series *s)
{
    double spacing = HUGE_VAL;
    for (int64_t k = 1; k < s->n; k++)
        if (fabs(s->x[k] - s->x[k - 1]) > 0.0)
            spacing = fmin(spacing, fabs(s->x[k] - s->x[k - 1]));
    return isfinite(spacing) ? spacing : 1.0;
}

static void take_series(const gndp_panel *panel, const gndp_series *s, range *x, range *y,
                        bool *air)
{
    const bool bars = s->mark == GNDP_MARK_BARS;
    const double half = bars && !panel->log_x ? 0.5 * plot_bar_spacing(s) : 0.0;
    for (int64_t k = 0; k < s->n; k++) {
        if (!isfinite(s->x[k]) || !(isfinite(s->y[k]) || (has_y2(s) && isfinite(s->y2[k]))))
            continue;
        take(x, s->x[k] - half);
        take(x, s->x[k] + half);
        if (isfinite(s->y[k]))
            take(y, s->y[k]);
        if (has_y2(s) && isfinite(s->y2[k]))
            take(y, s->y2[k]);
    }
    if (bars && !panel->log_y && x->low <= x->high)
        take(y, 0.0);
    *air = *air || s->mark == GNDP_MARK_POINTS || s->mark == GNDP_MARK_ERRORS;
}

/* A little room around, so that nothing lies on the frame. */
static plot_limits widen(range r, bool log, double share, bool keep_low)
{
    const double low = log ? log10(r.low) : r.low, high = log ? log10(r.high) : r.high;
    const double size = fmax(fabs(low), fabs(high));
    double room = share * (high - low);
    if (high - low <= 1e-12 * size || high == low)
        room = log ? 0.3 : size > 0.0 ? 0.1 * size : 1.0;
    const double a = keep_low ? low : low - room, b = high + room;
    return log ? (plot_limits){pow(10.0, a), pow(10.0, b)} : (plot_limits){a, b};
}

static gndp_status given(int p, char axis, bool log, double low, double high, plot_limits *out)
{
    gndp_status st = GNDP_OK;
    if (low == 0.0 && high == 0.0)
        return GNDP_OK;
    GNDP_CHECK(isfinite(low) && isfinite(high) && low < high, GNDP_ERR_RANGE,
               "panel %d: %c from %g to %g", p, axis, low, high);
    GNDP_CHECK(!log || low > 0.0, GNDP_ERR_RANGE, "panel %d: %c from %g on a logarithmic axis", p,
               axis, low);
    *out = (plot_limits){low, high};
done:
    return st;
}

gndp_status plot_limits_make(int p, const gndp_panel *panel, plot_limits *x, plot_limits *y)
{
    gndp_status st = GNDP_OK;
    range rx = {HUGE_VAL, -HUGE_VAL}, ry = rx;
    bool air = false;
    GNDP_CHECK(panel->n_series >= 1 && panel->series != NULL, GNDP_ERR_ARG,
               "panel %d has no series", p);
    for (int i = 0; i < panel->n_series; i++) {
        const gndp_series *s = &panel->series[i];
        GNDP_TRY(check_series(p, i, s));
        if (panel->log_x)
            GNDP_TRY(check_log(p, i, s, 'x', s->x));
        if (panel->log_y) {
            GNDP_TRY(check_log(p, i, s, 'y', s->y));
            if (has_y2(s))
                GNDP_TRY(check_log(p, i, s, 'y', s->y2));
        }
        take_series(panel, s, &rx, &ry, &air);
    }
    GNDP_CHECK(rx.low <= rx.high && ry.low <= ry.high, GNDP_ERR_NONFINITE,
               "panel %d%s%s: no value is finite, so there is nothing to draw", p,
               panel->title != NULL ? ", " : "", panel->title != NULL ? panel->title : "");
    const bool from_zero = ry.low == 0.0 && !panel->log_y;
    *x = widen(rx, panel->log_x, air ? 0.03 : 0.0, false);
    *y = widen(ry, panel->log_y, 0.05, from_zero && ry.high > 0.0);
    GNDP_TRY(given(p, 'x', panel->log_x, panel->x_low, panel->x_high, x));
    GNDP_TRY(given(p, 'y', panel->log_y, panel->y_low, panel->y_high, y));
    GNDP_CHECK(isfinite(x->low) && isfinite(x->high) && isfinite(y->low) && isfinite(y->high) &&
                   x->high > x->low && y->high > y->low,
               GNDP_ERR_RANGE,
               "panel %d: values from %g to %g, %g to %g span more than can be drawn", p, rx.low,
               rx.high, ry.low, ry.high);
done:
    return st;
}
