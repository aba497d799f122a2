// SPDX-License-Identifier: Apache-2.0
// Displacements of storms by lead, learned by least squares: climatology, persistence mixed with it, a CLIPER-like regression.
#include <gndp/tracks.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/manifolds.h>

#include "base/error.h"
#include "eval/track_frame.h"

/* 1, |latitude|, velocities over 6 and 24 h (radians a day, east and poleward). */
enum { CONSTANT, LATITUDE, EAST_6, POLEWARD_6, EAST_24, POLEWARD_24, PREDICTORS };
static const double same_time = 1.0 / 1440.0; /* a minute, in days */

struct gndp_track_habit {
    int64_t n_leads;
    double *lead_h;      /* [n_leads] */
    double *coefficient; /* [n_leads, PREDICTORS, 2] */
};

void gndp_track_habit_free(gndp_track_habit *habit)
{
    if (habit == NULL)
        return;
    free(habit->lead_h);
    free(habit->coefficient);
    free(habit);
}

static void in_frame(const double *at, const double *v, double out[2])
{
    double east[3], poleward[3];
    gndp_frame_of(at, east, poleward);
    out[0] = gndp_dot3(v, east);
    out[1] = gndp_dot3(v, poleward);
}

/* Predictors of the state at the last fix. */
static gndp_status state_of(const gndp_track_context *c, double predictor[PREDICTORS])
{
    gndp_status st = GNDP_OK;
    const double *at = c->xyz + 3 * (c->n - 1), later = c->days[c->n - 1] + 1e-3;
    static const double window_h[2] = {6.0, 24.0};
    predictor[CONSTANT] = 1.0;
    predictor[LATITUDE] = fabs(atan2(at[2], hypot(at[0], at[1])));
    for (int w = 0; w < 2; w++) {
        double to[3], v[3];
        GNDP_TRY(gndp_track_velocity(c, window_h[w], 1, &later, to));
        gndp_sphere_log(3, 1, at, to, v);
        for (int k = 0; k < 3; k++)
            v[k] /= later - c->days[c->n - 1];
        in_frame(at, v, &predictor[EAST_6 + 2 * w]);
    }
done:
    return st;
}

/* ---- Least squares -------------------------------------------------------------------------- */

typedef struct state {
    int64_t storm, fix;
    double predictor[PREDICTORS];
} state;

/* Sums over the states that have a fix at one lead. */
typedef struct sums {
    int64_t n;
    double xx[PREDICTORS][PREDICTORS], xy[PREDICTORS][2], persist_2, persist_d; /* the last two about the mean displacement */
} sums;

/* Solve xx b = xy for the first p predictors by Cholesky; those that hang on earlier ones get 0. */
static void solve(const sums *s, int p, double b[][2])
{
    double l[PREDICTORS][PREDICTORS] = {{0.0}}, z[PREDICTORS][2] = {{0.0}};
    bool out[PREDICTORS] = {false};
    for (int i = 0; i < p; i++) {
        for (int j = 0; j < i; j++) {
            double sum = s->xx[i][j];
            for (int k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            l[i][j] = out[j] ? 0.0 : sum / l[j][j];
        }
        double rest = s->xx[i][i];
        for (int k = 0; k < i; k++)
            rest -= l[i][k] * l[i][k];
        out[i] = !(rest > 1e-10 * s->xx[i][i]);
        l[i][i] = out[i] ? 1.0 : sqrt(rest);
        for (int c = 0; c < 2; c++) {
            double sum = s->xy[i][c];
            for (int k = 0; k < i; k++)
                sum -= l[i][k] * z[k][c];
            z[i][c] = out[i] ? 0.0 : sum / l[i][i];
        }
    }
    for (int i = p - 1; i >= 0; i--)
        for (int c = 0; c < 2; c++) {
            double sum = z[i][c];
            for (int k = i + 1; k < p; k++)
                sum -= l[k][i] * b[k][c];
            b[i][c] = out[i] ? 0.0 : sum / l[i][i];
        }
}

/* Displacement of a state after `lead` days. @return whether the storm has a fix then */
static bool displacement(const gndp_track_context *storm, const state *s, double lead, double d[2])
{
    const gndp_track_context *c = &storm[s->storm];
    const double then = c->days[s->fix] + lead;
    double v[3];
    for (int64_t i = s->fix + 1; i < c->n && c->days[i] <= then + same_time; i++)
        if (fabs(c->days[i] - then) <= same_time) {
            gndp_sphere_log(3, 1, c->xyz + 3 * s->fix, c->xyz + 3 * i, v);
            in_frame(c->xyz + 3 * s->fix, v, d);
            return true;
        }
    return false;
}

static gndp_status fit_lead(gndp_track_habit_kind kind, const gndp_track_context *storm, int64_t n, const state *s, double lead_h, double b[][2])
{
    gndp_status st = GNDP_OK;
    const int p = kind == GNDP_TRACK_CLIMATOLOGY ? LATITUDE + 1 : kind == GNDP_TRACK_CLIPER ? PREDICTORS : CONSTANT + 1;
    const double lead = lead_h / 24.0;
    sums sum = {0};
    double d[2];
    for (int64_t i = 0; i < n; i++) {
        if (!displacement(storm, &s[i], lead, d))
            continue;
        sum.n++;
        for (int k = 0; k < PREDICTORS; k++) {
            for (int j = 0; j <= k; j++)
                sum.xx[k][j] += s[i].predictor[k] * s[i].predictor[j];
            for (int c = 0; c < 2; c++)
                sum.xy[k][c] += s[i].predictor[k] * d[c];
        }
    }
    GNDP_CHECK(sum.n >= 3 * p, GNDP_ERR_RANGE, "%lld states of the storms have a fix %g h later: %d are wanted", (long long)sum.n, lead_h, 3 * p);
    solve(&sum, p, b);
    if (kind != GNDP_TRACK_BLEND)
        goto done;
    const double mean[2] = {b[CONSTANT][0], b[CONSTANT][1]};
    for (int64_t i = 0; i < n; i++) {
        if (!displacement(storm, &s[i], lead, d))
            continue;
        for (int c = 0; c < 2; c++) {
            const double more = lead * s[i].predictor[EAST_6 + c] - mean[c];
            sum.persist_2 += more * more;
            sum.persist_d += more * (d[c] - mean[c]);
        }
    }
    const double w = sum.persist_2 > 0.0 ? sum.persist_d / sum.persist_2 : 0.0;
    for (int c = 0; c < 2; c++) {
        b[CONSTANT][c] = (1.0 - w) * mean[c];
        b[EAST_6 + c][c] = w * lead;
    }
done:
    return st;
}

gndp_status gndp_track_habit_create(gndp_track_habit_kind kind, int64_t n_storms, const gndp_track_context *storm, int64_t n_leads, const double *lead_h,
                                    gndp_track_habit **out)
{
    gndp_status st = GNDP_OK;
    gndp_track_habit *habit = NULL;
    state *s = NULL;
    int64_t n = 0, room = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(n_storms >= 1 && storm != NULL && n_leads >= 1 && lead_h != NULL, GNDP_ERR_ARG, "%lld storms, %lld leads", (long long)n_storms,
               (long long)n_leads);
    for (int64_t i = 0; i < n_leads; i++)
        GNDP_CHECK(lead_h[i] > (i > 0 ? lead_h[i - 1] : 0.0), GNDP_ERR_RANGE, "lead %g h does not follow %g", lead_h[i], i > 0 ? lead_h[i - 1] : 0.0);
    for (int64_t f = 0; f < n_storms; f++)
        room += storm[f].n;
    s = malloc((size_t)(room + 1) * sizeof *s);
    habit = calloc(1, sizeof *habit);
    GNDP_CHECK(s != NULL && habit != NULL, GNDP_ERR_NOMEM, "%lld states", (long long)room);
    for (int64_t f = 0; f < n_storms; f++)
        for (int64_t i = 1; i < storm[f].n; i++) {
            if (storm[f].days[i] - storm[f].days[0] < 1.0 - same_time)
                continue;
            const gndp_track_context past = {i + 1, storm[f].days, storm[f].xyz};
            s[n] = (state){.storm = f, .fix = i};
            GNDP_TRY(state_of(&past, s[n].predictor));
            n++;
        }
    habit->n_leads = n_leads;
    habit->lead_h = malloc((size_t)n_leads * sizeof *habit->lead_h);
    habit->coefficient = calloc((size_t)(n_leads * PREDICTORS * 2), sizeof *habit->coefficient);
    GNDP_CHECK(habit->lead_h != NULL && habit->coefficient != NULL, GNDP_ERR_NOMEM, "%lld leads", (long long)n_leads);
    memcpy(habit->lead_h, lead_h, (size_t)n_leads * sizeof *lead_h);
    for (int64_t i = 0; i < n_leads; i++)
        GNDP_TRY(fit_lead(kind, storm, n, s, lead_h[i], (double(*)[2])(habit->coefficient + 2 * PREDICTORS * i)));
    *out = habit;
    habit = NULL;
done:
    gndp_track_habit_free(habit);
    free(s);
    return st;
}

gndp_status gndp_track_habit_forecast(const gndp_track_habit *habit, const gndp_track_context *c, int64_t n, const double *days, double *out)
{
    gndp_status st = GNDP_OK;
    double predictor[PREDICTORS], east[3], poleward[3];
    GNDP_CHECK(habit != NULL && c != NULL && c->n >= 1 && days != NULL && out != NULL, GNDP_ERR_ARG, "a pointer is NULL, or there is no fix");
    GNDP_TRY(state_of(c, predictor));
    const double *at = c->xyz + 3 * (c->n - 1);
    gndp_frame_of(at, east, poleward);
    for (int64_t j = 0; j < n; j++) {
        const double lead = days[j] - c->days[c->n - 1];
        int64_t i = 0;
        while (i < habit->n_leads && fabs(habit->lead_h[i] / 24.0 - lead) > same_time)
            i++;
        GNDP_CHECK(i < habit->n_leads, GNDP_ERR_RANGE, "a lead of %g h is none that was learned", 24.0 * lead);
        double v[3], d[2] = {0.0, 0.0};
        for (int k = 0; k < PREDICTORS; k++)
            for (int e = 0; e < 2; e++)
                d[e] += predictor[k] * habit->coefficient[2 * (PREDICTORS * i + k) + e];
        for (int k = 0; k < 3; k++)
            v[k] = d[0] * east[k] + d[1] * poleward[k];
        gndp_sphere_exp(3, 1, at, v, out + 3 * j);
    }
done:
    return st;
}
