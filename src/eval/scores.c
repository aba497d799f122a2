// SPDX-License-Identifier: Apache-2.0
// Tables of scores: sums over cases by block, and block-bootstrap intervals from them.
#include <gndp/eval.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { MAX_LEVELS = 8, REPLICATES = 1000, STREAM_TIES = 0x7469, STREAM_BOOTSTRAP = 0x6273 };

/* Weighted sums over the values of one channel in one block. */
typedef struct sums {
    double weight, error, square, absolute, crps, fair, variance, cover[MAX_LEVELS];
    int64_t values;
    double energy, energy_fair, variogram; /* of whole fields, summed over `joint` cases, `paired` for the variogram */
    int64_t joint, paired;
} sums;

typedef struct spread_sums {
    double weight, variance, square;
    int64_t values;
} spread_sums;

struct gndp_scores {
    gndp_scores_options options;
    double level[MAX_LEVELS];
    double *weight;    /* [N], sum 1 */
    double *member;    /* [M] scratch */
    sums *block;       /* [capacity, P] */
    int64_t capacity;  /* blocks */
    int64_t cases;
    bool exact;        /* forecasts with a law, not with members */
    int64_t joint;     /* cases up to the last one with scores of whole fields */
    double *rank;      /* [P, M + 1] counts */
    spread_sums *spread; /* [P, GNDP_SPREAD_BINS] */
};

gndp_status gndp_scores_create(const gndp_scores_options *options, gndp_scores **out)
{
    gndp_status st = GNDP_OK;
    gndp_scores *s = NULL;
    GNDP_CHECK(options != NULL && out != NULL, GNDP_ERR_ARG, "options or out is NULL");
    *out = NULL;
    GNDP_CHECK(options->members >= 1 && options->points >= 1 && options->channels >= 1, GNDP_ERR_RANGE,
               "%lld members, %lld points, %d channels", (long long)options->members, (long long)options->points,
               options->channels);
    GNDP_CHECK(options->n_levels >= 0 && options->n_levels <= MAX_LEVELS, GNDP_ERR_RANGE, "%d levels, at most %d",
               options->n_levels, MAX_LEVELS);
    for (int i = 0; i < options->n_levels; i++)
        GNDP_CHECK(options->level[i] > 0.0 && options->level[i] < 1.0, GNDP_ERR_RANGE, "level %g is outside (0, 1)",
                   options->level[i]);
    s = calloc(1, sizeof *s);
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "scores");
    s->options = *options;
    s->options.block = options->block > 0 ? options->block : 1;
    for (int i = 0; i < options->n_levels; i++)
        s->level[i] = options->level[i];
    s->weight = malloc((size_t)options->points * sizeof *s->weight);
    s->member = malloc((size_t)options->members * sizeof *s->member);
    s->rank = calloc((size_t)options->channels * ((size_t)options->members + 1), sizeof *s->rank);
    s->spread = calloc((size_t)options->channels * GNDP_SPREAD_BINS, sizeof *s->spread);
    GNDP_CHECK(s->weight != NULL && s->member != NULL && s->rank != NULL && s->spread != NULL, GNDP_ERR_NOMEM, "%lld points, %lld members",
               (long long)options->points, (long long)options->members);
    for (int64_t i = 0; i < options->points; i++) {
        s->weight[i] = options->weight != NULL ? options->weight[i] : 1.0 / (double)options->points;
        GNDP_CHECK(s->weight[i] >= 0.0 && isfinite(s->weight[i]), GNDP_ERR_RANGE, "weight %lld is %g", (long long)i,
                   s->weight[i]);
    }
    *out = s;
    s = NULL;
done:
    gndp_scores_free(s);
    return st;
}

void gndp_scores_free(gndp_scores *scores)
{
    if (scores == NULL)
        return;
    free(scores->weight);
    free(scores->member);
    free(scores->rank);
    free(scores->spread);
    free(scores->block);
    free(scores);
}

/* The sums of this case's block, made when it begins. */
static gndp_status current(gndp_scores *s, sums **out)
{
    gndp_status st = GNDP_OK;
    const int64_t b = s->cases / s->options.block;
    const size_t row = (size_t)s->options.channels;
    if (b >= s->capacity) {
        const int64_t wanted = s->capacity > 0 ? 2 * s->capacity : 64;
        sums *grown = realloc(s->block, (size_t)wanted * row * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%lld blocks", (long long)wanted);
        memset(grown + (size_t)s->capacity * row, 0, (size_t)(wanted - s->capacity) * row * sizeof *grown);
        s->block = grown;
        s->capacity = wanted;
    }
    *out = s->block + (size_t)b * row;
done:
    return st;
}

/* Quantile q of M sorted members at position q (M + 1): a truth that is one more draw lies below x_(k) with
   probability k / (M + 1). Beyond the extremes it is the extreme. */
static double quantile(int64_t m, const double *sorted, double q)
{
    const double at = q * (double)(m + 1) - 1.0;
    if (at <= 0.0)
        return sorted[0];
    if (at >= (double)(m - 1))
        return sorted[m - 1];
    const int64_t i = (int64_t)at;
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

static void add_common(sums *to, double w, double error)
{
    to->weight += w;
    to->error += w * error;
    to->square += w * error * error;
    to->absolute += w * fabs(error);
    to->values++;
}

static void add_spread(gndp_scores *s, int p, double w, double variance, double error)
{
    if (!(variance > 0.0))
        return;
    const double at = floor(2.0 * log2(variance)) + GNDP_SPREAD_BINS / 2; /* 4 log2 of the spread */
    spread_sums *to = &s->spread[p * GNDP_SPREAD_BINS + (int)fmin(fmax(at, 0.0), GNDP_SPREAD_BINS - 1)];
    to->weight += w;
    to->variance += w * variance;
    to->square += w * error * error;
    to->values++;
}

static void add_members(gndp_scores *s, int p, sums *to, double w, const double *x, int64_t stride, double y, uint32_t tie)
{
    const int64_t m = s->options.members;
    double mean = 0.0, square = 0.0;
    for (int64_t k = 0; k < m; k++) {
        s->member[k] = x[k * stride];
        mean += s->member[k];
    }
    mean /= (double)m;
    for (int64_t k = 0; k < m; k++)
        square += (s->member[k] - mean) * (s->member[k] - mean);
    s->rank[p * (m + 1) + gndp_rank(m, s->member, y, s->options.seed ^ STREAM_TIES, tie)] += 1.0;
    add_common(to, w, mean - y);
    const double crps = gndp_crps(m, s->member, y); /* sorts */
    to->crps += w * crps;
    to->fair += m > 1 ? w * gndp_crps_fair(m, s->member, y) : 0.0;
    to->variance += m > 1 ? w * square / (double)(m - 1) : 0.0;
    add_spread(s, p, w, m > 1 ? square / (double)(m - 1) : 0.0, mean - y);
    for (int i = 0; i < s->options.n_levels; i++) {
        const double tail = 0.5 * (1.0 - s->level[i]);
        to->cover[i] += w * (quantile(m, s->member, tail) <= y && y <= quantile(m, s->member, 1.0 - tail) ? 1.0 : 0.0);
    }
}

gndp_status gndp_scores_add(gndp_scores *scores, const double *ensemble, const double *truth, const uint8_t *present)
{
    gndp_status st = GNDP_OK;
    sums *to = NULL;
    GNDP_CHECK(scores != NULL && ensemble != NULL && truth != NULL, GNDP_ERR_ARG, "scores, ensemble or truth is NULL");
    const int64_t n = scores->options.points, size = n * scores->options.channels;
    GNDP_TRY(current(scores, &to));
    for (int64_t i = 0; i < size; i++) {
        if (present != NULL && !present[i])
            continue;
        bool finite = isfinite(truth[i]);
        for (int64_t k = 0; k < scores->options.members; k++)
            finite = finite && isfinite(ensemble[k * size + i]);
        GNDP_CHECK(finite, GNDP_ERR_NONFINITE, "case %lld, point %lld, channel %lld: a value is not finite",
                   (long long)scores->cases, (long long)(i / scores->options.channels),
                   (long long)(i % scores->options.channels));
    }
    for (int64_t i = 0; i < size; i++) {
        const int p = (int)(i % scores->options.channels);
        if (present == NULL || present[i])
            add_members(scores, p, to + p, scores->weight[i / scores->options.channels], ensemble + i, size, truth[i],
                        (uint32_t)(scores->cases * size + i));
    }
    scores->cases++;
done:
    return st;
}

/* Level such that a normal lies within +-z of its mean with that probability, by bisection on erf. */
static double two_sided(double level)
{
    double low = 0.0, high = 40.0;
    for (int i = 0; i < 100; i++) {
        const double middle = 0.5 * (low + high);
        *(erf(middle / sqrt(2.0)) < level ? &low : &high) = middle;
    }
    return 0.5 * (low + high);
}

gndp_status gndp_scores_add_gaussian(gndp_scores *scores, const double *mean, const double *sd, const double *truth,
                                     const uint8_t *present)
{
    gndp_status st = GNDP_OK;
    sums *to = NULL;
    double z[MAX_LEVELS];
    GNDP_CHECK(scores != NULL && mean != NULL && sd != NULL && truth != NULL, GNDP_ERR_ARG, "an argument is NULL");
    const int channels = scores->options.channels;
    const int64_t size = scores->options.points * channels, m = scores->options.members;
    GNDP_TRY(current(scores, &to));
    for (int64_t i = 0; i < size; i++)
        GNDP_CHECK((present != NULL && !present[i]) || (isfinite(truth[i]) && isfinite(mean[i]) && sd[i] >= 0.0),
                   GNDP_ERR_NONFINITE, "case %lld, point %lld: mean %g, sd %g, truth %g", (long long)scores->cases,
                   (long long)(i / channels), mean[i], sd[i], truth[i]);
    for (int i = 0; i < scores->options.n_levels; i++)
        z[i] = two_sided(scores->level[i]);
    for (int64_t i = 0; i < size; i++) {
        const int p = (int)(i % channels);
        const double w = scores->weight[i / channels], error = mean[i] - truth[i];
        if (present != NULL && !present[i])
            continue;
        const double crps = gndp_crps_gaussian(mean[i], sd[i], truth[i]);
        const double below = sd[i] > 0.0 ? 0.5 * erfc(error / (sd[i] * sqrt(2.0))) : (error < 0.0 ? 1.0 : 0.0);
        int64_t rank = (int64_t)(below * (double)(m + 1));
        add_common(to + p, w, error);
        to[p].crps += w * crps;
        to[p].fair += w * crps;
        to[p].variance += w * sd[i] * sd[i];
        add_spread(scores, p, w, sd[i] * sd[i], error);
        for (int k = 0; k < scores->options.n_levels; k++)
            to[p].cover[k] += fabs(error) <= z[k] * sd[i] ? w : 0.0;
        scores->rank[p * (m + 1) + (rank > m ? m : rank)] += 1.0;
    }
    scores->exact = true;
    scores->cases++;
done:
    return st;
}

/* ---- Whole fields --------------------------------------------------------------------------- */

/* One channel at the points that are present, every one of them or, thinned evenly, `most`: x [M, n], y, w [n]. */
static int64_t gather(const gndp_scores *s, const double *members, const double *truth, const uint8_t *present, int p, int64_t most, double *x, double *y,
                      double *w)
{
    const int64_t N = s->options.points, P = s->options.channels;
    int64_t here = 0, n = 0, seen = 0;
    for (int64_t i = 0; i < N; i++)
        here += present == NULL || present[i * P + p];
    const int64_t keep = here < most ? here : most;
    for (int64_t i = 0; i < N; i++) {
        if (present != NULL && !present[i * P + p])
            continue;
        const bool taken = n < keep && seen * keep / here >= n; /* number n is the first at or behind its share */
        seen++;
        if (!taken)
            continue;
        for (int64_t k = 0; k < s->options.members; k++)
            x[k * keep + n] = members[(k * N + i) * P + p];
        y[n] = truth[i * P + p];
        w[n++] = s->weight[i];
    }
    return n;
}

static gndp_status add_field(const gndp_scores *s, const double *members, const double *truth, const uint8_t *present, int p, double *x, double *y,
                             double *w, sums *to)
{
    gndp_status st = GNDP_OK;
    const int64_t m = s->options.members;
    double weights = 0.0, variogram;
    int64_t n = gather(s, members, truth, present, p, s->options.points, x, y, w);
    for (int64_t i = 0; i < n; i++)
        weights += w[i];
    if (!(weights > 0.0))
        goto done; /* nothing of this channel is there */
    for (int64_t i = 0; i < n; i++)
        w[i] /= weights;
    for (int64_t i = 0; i < m * n; i++)
        GNDP_CHECK(isfinite(x[i]) && isfinite(y[i % n]), GNDP_ERR_NONFINITE, "case %lld, channel %d: a value is not finite", (long long)s->cases - 1, p);
    to->energy += gndp_energy_score(m, n, x, y, w, false);
    to->energy_fair += gndp_energy_score(m, n, x, y, w, true);
    to->joint++;
    if (n > GNDP_VARIOGRAM_POINTS)
        n = gather(s, members, truth, present, p, GNDP_VARIOGRAM_POINTS, x, y, w);
    GNDP_TRY(gndp_variogram_score_mean(m, n, x, y, w, &variogram));
    if (isfinite(variogram)) { /* one point has no pairs */
        to->variogram += variogram;
        to->paired++;
    }
done:
    return st;
}

gndp_status gndp_scores_add_joint(gndp_scores *scores, const double *members, const double *truth, const uint8_t *present)
{
    gndp_status st = GNDP_OK;
    double *x = NULL, *y = NULL, *w = NULL;
    GNDP_CHECK(scores != NULL && members != NULL && truth != NULL, GNDP_ERR_ARG, "scores, members or truth is NULL");
    GNDP_CHECK(scores->joint < scores->cases, GNDP_ERR_STATE, "case %lld has its scores of whole fields, or there is none",
               (long long)scores->cases - 1);
    const size_t n = (size_t)scores->options.points;
    x = malloc((size_t)scores->options.members * n * sizeof *x);
    y = malloc(n * sizeof *y);
    w = malloc(n * sizeof *w);
    GNDP_CHECK(x != NULL && y != NULL && w != NULL, GNDP_ERR_NOMEM, "%lld members of %zu points", (long long)scores->options.members, n);
    sums *to = scores->block + (scores->cases - 1) / scores->options.block * scores->options.channels;
    for (int p = 0; p < scores->options.channels; p++)
        GNDP_TRY(add_field(scores, members, truth, present, p, x, y, w, to + p));
    scores->joint = scores->cases;
done:
    free(x);
    free(y);
    free(w);
    return st;
}

/* ---- Tables --------------------------------------------------------------------------------- */

enum { RMSE, BIAS, MAE, CRPS, FAIR, SPREAD, RATIO, ENERGY, ENERGY_FAIR, VARIOGRAM, COVER, FIGURES = COVER + MAX_LEVELS };

static void accumulate(sums *to, const sums *from)
{
    to->weight += from->weight;
    to->error += from->error;
    to->square += from->square;
    to->absolute += from->absolute;
    to->crps += from->crps;
    to->fair += from->fair;
    to->variance += from->variance;
    to->values += from->values;
    to->energy += from->energy;
    to->energy_fair += from->energy_fair;
    to->variogram += from->variogram;
    to->joint += from->joint;
    to->paired += from->paired;
    for (int i = 0; i < MAX_LEVELS; i++)
        to->cover[i] += from->cover[i];
}

static void figures(const gndp_scores *s, const sums *total, double out[FIGURES])
{
    const double w = total->weight, m = (double)s->options.members;
    out[RMSE] = sqrt(total->square / w);
    out[BIAS] = total->error / w;
    out[MAE] = total->absolute / w;
    out[CRPS] = total->crps / w;
    const bool spread = s->exact || s->options.members > 1;
    out[FAIR] = spread ? total->fair / w : (double)NAN;
    out[SPREAD] = spread ? sqrt(total->variance / w) : (double)NAN;
    out[RATIO] = out[SPREAD] * (s->exact ? 1.0 : sqrt((m + 1.0) / m)) / out[RMSE];
    out[ENERGY] = total->energy / (double)total->joint; /* NaN where there are none */
    out[ENERGY_FAIR] = total->energy_fair / (double)total->joint;
    out[VARIOGRAM] = total->variogram / (double)total->paired;
    for (int i = 0; i < MAX_LEVELS; i++)
        out[COVER + i] = i < s->options.n_levels ? total->cover[i] / w : (double)NAN;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 95 % percentile interval over resampled blocks. */
static gndp_status bootstrap(const gndp_scores *s, const sums *block, int64_t n, gndp_score_value out[FIGURES])
{
    gndp_status st = GNDP_OK;
    double *draw = malloc(sizeof *draw * REPLICATES * FIGURES), *u = malloc((size_t)n * sizeof *u);
    GNDP_CHECK(draw != NULL && u != NULL, GNDP_ERR_NOMEM, "%lld blocks", (long long)n);
    for (int r = 0; r < REPLICATES; r++) {
        sums total = {0};
        double f[FIGURES];
        gndp_random_uniform_f64(s->options.seed, (uint32_t)r, 0, GNDP_STREAM(STREAM_BOOTSTRAP, 0), 0, n, u);
        for (int64_t b = 0; b < n; b++)
            accumulate(&total, block + (int64_t)(u[b] * (double)n));
        figures(s, &total, f);
        for (int i = 0; i < FIGURES; i++)
            draw[i * REPLICATES + r] = f[i];
    }
    for (int i = 0; i < FIGURES; i++) {
        if (isnan(out[i].value))
            continue;
        qsort(draw + i * REPLICATES, REPLICATES, sizeof *draw, ascending);
        out[i].low = draw[i * REPLICATES + REPLICATES / 40];
        out[i].high = draw[i * REPLICATES + REPLICATES - 1 - REPLICATES / 40];
    }
done:
    free(draw);
    free(u);
    return st;
}

gndp_status gndp_scores_table(const gndp_scores *scores, int channel, gndp_score_table *out)
{
    gndp_status st = GNDP_OK;
    sums *block = NULL, total = {0};
    gndp_score_value value[FIGURES];
    double f[FIGURES], *frequency = NULL;
    GNDP_CHECK(scores != NULL && out != NULL, GNDP_ERR_ARG, "scores or out is NULL");
    const int channels = scores->options.channels;
    const int64_t n = (scores->cases + scores->options.block - 1) / scores->options.block;
    GNDP_CHECK(channel >= -1 && channel < channels, GNDP_ERR_RANGE, "channel %d of %d", channel, channels);
    GNDP_CHECK(scores->cases > 0, GNDP_ERR_STATE, "no case was added");
    block = calloc((size_t)n, sizeof *block);
    GNDP_CHECK(block != NULL, GNDP_ERR_NOMEM, "%lld blocks", (long long)n);
    for (int64_t b = 0; b < n; b++) {
        for (int p = channel < 0 ? 0 : channel; p < (channel < 0 ? channels : channel + 1); p++)
            accumulate(block + b, scores->block + b * channels + p);
        accumulate(&total, block + b);
    }
    GNDP_CHECK(total.weight > 0.0, GNDP_ERR_STATE, "every value is missing");
    figures(scores, &total, f);
    for (int i = 0; i < FIGURES; i++)
        value[i] = (gndp_score_value){f[i], (double)NAN, (double)NAN};
    if (n > 1)
        GNDP_TRY(bootstrap(scores, block, n, value));
    memset(out, 0, sizeof *out);
    *out = (gndp_score_table){.cases = scores->cases, .values = total.values, .rmse = value[RMSE], .bias = value[BIAS],
                              .mae = value[MAE], .crps = value[CRPS], .crps_fair = value[FAIR], .spread = value[SPREAD],
                              .ratio = value[RATIO], .joint_cases = total.joint, .energy = value[ENERGY],
                              .energy_fair = value[ENERGY_FAIR], .variogram = value[VARIOGRAM]};
    memcpy(out->coverage, value + COVER, sizeof out->coverage);
    frequency = malloc(((size_t)scores->options.members + 1) * sizeof *frequency);
    GNDP_CHECK(frequency != NULL, GNDP_ERR_NOMEM, "ranks");
    GNDP_TRY(gndp_scores_ranks(scores, channel, frequency));
    for (int64_t k = 0; k <= scores->options.members; k++)
        out->reliability_index += fabs(frequency[k] - 1.0 / (double)(scores->options.members + 1));
done:
    free(block);
    free(frequency);
    return st;
}

gndp_status gndp_scores_ranks(const gndp_scores *scores, int channel, double *frequency)
{
    gndp_status st = GNDP_OK;
    double sum = 0.0;
    GNDP_CHECK(scores != NULL && frequency != NULL, GNDP_ERR_ARG, "scores or frequency is NULL");
    const int channels = scores->options.channels;
    GNDP_CHECK(channel >= -1 && channel < channels, GNDP_ERR_RANGE, "channel %d of %d", channel, channels);
    const int64_t n = scores->options.members + 1;
    for (int64_t k = 0; k < n; k++) {
        frequency[k] = 0.0;
        for (int p = channel < 0 ? 0 : channel; p < (channel < 0 ? channels : channel + 1); p++)
            frequency[k] += scores->rank[p * n + k];
        sum += frequency[k];
    }
    GNDP_CHECK(sum > 0.0, GNDP_ERR_STATE, "no value was added");
    for (int64_t k = 0; k < n; k++)
        frequency[k] /= sum;
done:
    return st;
}

gndp_status gndp_scores_spread_skill(const gndp_scores *scores, int channel, gndp_spread_bin *out, int *n)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(scores != NULL && out != NULL && n != NULL, GNDP_ERR_ARG, "scores, out or n is NULL");
    const int channels = scores->options.channels;
    GNDP_CHECK(channel >= -1 && channel < channels, GNDP_ERR_RANGE, "channel %d of %d", channel, channels);
    const double m = (double)scores->options.members, factor = scores->exact ? 1.0 : (m + 1.0) / m;
    *n = 0;
    for (int b = 0; b < GNDP_SPREAD_BINS; b++) {
        spread_sums t = {0};
        for (int p = channel < 0 ? 0 : channel; p < (channel < 0 ? channels : channel + 1); p++) {
            const spread_sums *from = &scores->spread[p * GNDP_SPREAD_BINS + b];
            t.weight += from->weight;
            t.variance += from->variance;
            t.square += from->square;
            t.values += from->values;
        }
        if (t.weight > 0.0)
            out[(*n)++] = (gndp_spread_bin){t.values, sqrt(factor * t.variance / t.weight), sqrt(t.square / t.weight)};
    }
done:
    return st;
}
