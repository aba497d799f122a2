// SPDX-License-Identifier: Apache-2.0
// Errors of track forecasts over storms and leads, with standard errors that know storms.
#include <gndp/tracks.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/manifolds.h>

#include "base/error.h"
#include "eval/track_frame.h"

/* What one target gives; NaN: nothing. */
typedef struct entry {
    int64_t storm;
    double lead_h, km, energy, along, cross, spread2, level;
} entry;

typedef struct density {
    int64_t storm;
    double log_p;
} density;

struct gndp_track_scores {
    int n_levels;
    double level[GNDP_TRACK_LEVELS];
    int64_t n, room, n_densities, density_room;
    entry *entry;
    density *density;
};

gndp_status gndp_track_scores_create(int n_levels, const double *level, gndp_track_scores **out)
{
    gndp_status st = GNDP_OK;
    gndp_track_scores *scores = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(n_levels >= 0 && n_levels <= GNDP_TRACK_LEVELS && (n_levels == 0 || level != NULL), GNDP_ERR_ARG, "%d levels: 0 to %d", n_levels,
               GNDP_TRACK_LEVELS);
    for (int i = 0; i < n_levels; i++)
        GNDP_CHECK(level[i] > 0.0 && level[i] < 1.0, GNDP_ERR_RANGE, "level %g is not between 0 and 1", level[i]);
    scores = calloc(1, sizeof *scores);
    GNDP_CHECK(scores != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *scores);
    scores->n_levels = n_levels;
    for (int i = 0; i < n_levels; i++)
        scores->level[i] = level[i];
    *out = scores;
done:
    return st;
}

void gndp_track_scores_free(gndp_track_scores *scores)
{
    if (scores == NULL)
        return;
    free(scores->entry);
    free(scores->density);
    free(scores);
}

static gndp_status reserve(void **memory, int64_t *room, int64_t wanted, size_t size)
{
    gndp_status st = GNDP_OK;
    if (wanted <= *room)
        goto done;
    const int64_t more = wanted > 2 * *room ? wanted + 64 : 2 * *room;
    void *grown = realloc(*memory, (size_t)more * size);
    GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%lld entries", (long long)more);
    *memory = grown;
    *room = more;
done:
    return st;
}

/* One target: members [M, 3]. */
static gndp_status judge(const gndp_track_scores *scores, const gndp_track_case *c, int64_t j, const double *x, entry *e)
{
    gndp_status st = GNDP_OK;
    const double *truth = c->truth + 3 * j;
    double mean[3];
    for (int64_t i = 0; i < 3 * c->members; i++)
        GNDP_CHECK(isfinite(x[i]), GNDP_ERR_NONFINITE, "storm %lld, %g h: member %lld is nowhere", (long long)c->storm, c->lead_h[j], (long long)(i / 3));
    *e = (entry){.storm = c->storm, .lead_h = c->lead_h[j], .spread2 = (double)NAN, .level = (double)NAN};
    if (c->members > 1) {
        const gndp_status found = gndp_sphere_mean(3, c->members, x, NULL, mean);
        GNDP_CHECK(found == GNDP_OK, found, "storm %lld, %g h: the members' mean prefers no direction", (long long)c->storm, c->lead_h[j]);
        double square = 0.0;
        for (int64_t i = 0; i < c->members; i++)
            square += pow(gndp_sphere_distance(3, mean, x + 3 * i), 2.0) / (double)c->members;
        e->spread2 = square * (double)(c->members + 1) / (double)(c->members - 1) * GNDP_EARTH_RADIUS_KM * GNDP_EARTH_RADIUS_KM;
    } else {
        memcpy(mean, x, sizeof mean);
    }
    const gndp_track_error error =
        gndp_track_error_of(truth, c->velocity != NULL ? c->velocity + 3 * j : NULL, c->centre != NULL ? c->centre + 3 * j : mean);
    e->km = error.km;
    e->along = error.along_km;
    e->cross = error.cross_km;
    e->energy = gndp_track_energy(c->members, x, truth);
    if (scores->n_levels > 0 && c->members >= 3)
        GNDP_TRY(gndp_track_level(c->members, x, truth, &e->level));
done:
    return st;
}

gndp_status gndp_track_scores_add(gndp_track_scores *scores, const gndp_track_case *c)
{
    gndp_status st = GNDP_OK;
    double *x = NULL;
    GNDP_CHECK(scores != NULL && c != NULL, GNDP_ERR_ARG, "%s is NULL", scores == NULL ? "scores" : "one");
    GNDP_CHECK(c->n >= 1 && c->lead_h != NULL && c->ensemble != NULL && c->truth != NULL, GNDP_ERR_ARG, "%lld targets, or a pointer is NULL", (long long)c->n);
    GNDP_CHECK(c->members >= 1 && c->storm >= 0, GNDP_ERR_RANGE, "storm %lld with %lld members", (long long)c->storm, (long long)c->members);
    const int64_t before = scores->n;
    x = malloc((size_t)(3 * c->members) * sizeof *x);
    GNDP_CHECK(x != NULL, GNDP_ERR_NOMEM, "%lld members", (long long)c->members);
    GNDP_TRY(reserve((void **)&scores->entry, &scores->room, before + c->n, sizeof *scores->entry));
    GNDP_TRY(reserve((void **)&scores->density, &scores->density_room, scores->n_densities + 1, sizeof *scores->density));
    int64_t n = before;
    for (int64_t j = 0; j < c->n; j++) {
        if (c->present != NULL && c->present[j] == 0)
            continue;
        for (int64_t m = 0; m < c->members; m++)
            memcpy(x + 3 * m, c->ensemble + 3 * (m * c->n + j), 3 * sizeof *x);
        GNDP_TRY(judge(scores, c, j, x, &scores->entry[n++]));
    }
    scores->n = n; /* all of a case or nothing */
    if (!isnan(c->log_p))
        scores->density[scores->n_densities++] = (density){c->storm, c->log_p};
done:
    free(x);
    return st;
}

/* ---- Means over storms ---------------------------------------------------------------------- */

/* A value with the storm it belongs to. */

typedef struct pair {
    int64_t storm;
    double value;
} pair;

static int by_storm(const void *a, const void *b)
{
    const pair *p = a, *q = b;
    return (p->storm > q->storm) - (p->storm < q->storm);
}

static int by_value(const void *a, const void *b)
{
    const double p = *(const double *)a, q = *(const double *)b;
    return (p > q) - (p < q);
}

/* Mean and clustered error of n values sorted by storm. */
static gndp_track_value clustered(int64_t n, const pair *p)
{
    gndp_track_value v = {(double)NAN, (double)NAN};
    double sum = 0.0, square = 0.0, storms = 0.0;
    if (n == 0)
        return v;
    for (int64_t i = 0; i < n; i++)
        sum += p[i].value;
    v.value = sum / (double)n;
    for (int64_t i = 0; i < n;) {
        double part = 0.0;
        const int64_t storm = p[i].storm;
        for (; i < n && p[i].storm == storm; i++)
            part += p[i].value - v.value;
        square += part * part;
        storms += 1.0;
    }
    if (storms > 1.0)
        v.se = sqrt(storms / (storms - 1.0) * square) / (double)n;
    return v;
}

/* Quantile of sorted values: the mean of the two in the middle, linear between order statistics. */
static double quantile(int64_t n, const double *x, double q)
{
    const double at = fmin(fmax(q * (double)n - 0.5, 0.0), (double)(n - 1));
    const int64_t i = (int64_t)at;
    return i + 1 < n ? x[i] + (at - (double)i) * (x[i + 1] - x[i]) : x[i];
}

/* p: n values, sorted by storm; kept. */
static gndp_status median(int64_t n, const pair *p, gndp_track_value *out)
{
    gndp_status st = GNDP_OK;
    double *x = NULL;
    pair *below = NULL;
    *out = (gndp_track_value){(double)NAN, (double)NAN};
    if (n == 0)
        goto done;
    x = malloc((size_t)n * sizeof *x);
    below = malloc((size_t)n * sizeof *below);
    GNDP_CHECK(x != NULL && below != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)n);
    for (int64_t i = 0; i < n; i++)
        x[i] = p[i].value;
    qsort(x, (size_t)n, sizeof *x, by_value);
    out->value = quantile(n, x, 0.5);
    for (int64_t i = 0; i < n; i++)
        below[i] = (pair){p[i].storm, p[i].value <= out->value ? 1.0 : 0.0};
    const double se = clustered(n, below).se;
    if (isfinite(se))
        out->se = 0.5 * (quantile(n, x, 0.5 + se) - quantile(n, x, 0.5 - se));
done:
    free(x);
    free(below);
    return st;
}

/* ---- The table ------------------------------------------------------------------------------ */

typedef enum what { KM, SQUARE, ENERGY, ALONG, CROSS, ALONG_ABS, CROSS_ABS, SPREAD2, LEVEL } what;

static double pick(const entry *e, what w, double level)
{
    switch (w) {
    case KM:
        return e->km;
    case SQUARE:
        return e->km * e->km;
    case ENERGY:
        return e->energy;
    case ALONG:
        return e->along;
    case CROSS:
        return e->cross;
    case ALONG_ABS:
        return fabs(e->along);
    case CROSS_ABS:
        return fabs(e->cross);
    case SPREAD2:
        return e->spread2;
    case LEVEL:
        break;
    }
    return isnan(e->level) ? (double)NAN : e->level <= level ? 1.0 : 0.0;
}

/* @param p room for all entries */
static int64_t gather(const gndp_track_scores *s, double lead_h, what w, double level, pair *p)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) {
        const double v = pick(&s->entry[i], w, level);
        if (!isnan(v) && (isnan(lead_h) || s->entry[i].lead_h == lead_h))
            p[n++] = (pair){s->entry[i].storm, v};
    }
    qsort(p, (size_t)n, sizeof *p, by_storm);
    return n;
}

static gndp_track_value mean_of(const gndp_track_scores *s, double lead_h, what w, double level, pair *p)
{
    return clustered(gather(s, lead_h, w, level, p), p);
}

static gndp_track_value root(gndp_track_value square)
{
    const double r = sqrt(square.value);
    return (gndp_track_value){r, r > 0.0 ? square.se / (2.0 * r) : square.se};
}

gndp_status gndp_track_scores_table(const gndp_track_scores *s, double lead_h, gndp_track_table *out)
{
    gndp_status st = GNDP_OK;
    pair *p = NULL;
    GNDP_CHECK(s != NULL && out != NULL, GNDP_ERR_ARG, "%s is NULL", s == NULL ? "scores" : "out");
    memset(out, 0, sizeof *out);
    const int64_t room = s->n > s->n_densities ? s->n : s->n_densities;
    p = malloc((size_t)(room + 1) * sizeof *p);
    GNDP_CHECK(p != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)room);
    out->values = gather(s, lead_h, KM, 0.0, p);
    if (isnan(lead_h))
        GNDP_CHECK(out->values > 0, GNDP_ERR_NOT_FOUND, "no forecast was added");
    else
        GNDP_CHECK(out->values > 0, GNDP_ERR_NOT_FOUND, "no forecast of %g h was added", lead_h);
    for (int64_t i = 0; i < out->values; i++)
        out->storms += i == 0 || p[i].storm != p[i - 1].storm;
    out->mean_km = clustered(out->values, p);
    GNDP_TRY(median(out->values, p, &out->median_km));
    out->rmse_km = root(mean_of(s, lead_h, SQUARE, 0.0, p));
    out->energy_km = mean_of(s, lead_h, ENERGY, 0.0, p);
    out->along_km = mean_of(s, lead_h, ALONG, 0.0, p);
    out->cross_km = mean_of(s, lead_h, CROSS, 0.0, p);
    out->along_abs_km = mean_of(s, lead_h, ALONG_ABS, 0.0, p);
    out->cross_abs_km = mean_of(s, lead_h, CROSS_ABS, 0.0, p);
    out->spread_km = root(mean_of(s, lead_h, SPREAD2, 0.0, p));
    for (int i = 0; i < GNDP_TRACK_LEVELS; i++)
        out->coverage[i] = i < s->n_levels ? mean_of(s, lead_h, LEVEL, s->level[i], p) : (gndp_track_value){(double)NAN, (double)NAN};
    out->log_p = (gndp_track_value){(double)NAN, (double)NAN};
    if (isnan(lead_h) && s->n_densities > 0) {
        for (int64_t i = 0; i < s->n_densities; i++)
            p[i] = (pair){s->density[i].storm, s->density[i].log_p};
        qsort(p, (size_t)s->n_densities, sizeof *p, by_storm);
        out->log_p = clustered(s->n_densities, p);
    }
done:
    free(p);
    return st;
}

gndp_status gndp_track_scores_leads(const gndp_track_scores *s, double **lead_h, int64_t *n)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(s != NULL && lead_h != NULL && n != NULL, GNDP_ERR_ARG, "a pointer is NULL");
    *n = 0;
    *lead_h = malloc((size_t)(s->n + 1) * sizeof **lead_h);
    GNDP_CHECK(*lead_h != NULL, GNDP_ERR_NOMEM, "%lld leads", (long long)s->n);
    for (int64_t i = 0; i < s->n; i++)
        (*lead_h)[i] = s->entry[i].lead_h;
    qsort(*lead_h, (size_t)s->n, sizeof **lead_h, by_value);
    for (int64_t i = 0; i < s->n; i++)
        if (i == 0 || (*lead_h)[i] != (*lead_h)[*n - 1])
            (*lead_h)[(*n)++] = (*lead_h)[i];
done:
    return st;
}
