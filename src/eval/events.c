// SPDX-License-Identifier: Apache-2.0
// Probabilities of events against what happened: Brier score and skill, reliability diagrams.
#include <gndp/eval.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { REPLICATES = 1000, STREAM_BOOTSTRAP = 0x6273 }; /* that of scores.c: the same days are drawn */

/* Weighted sums over the values of one block. */
typedef struct sums {
    double weight, brier, fair, reference, happened;
    int64_t values;
} sums;

typedef struct bin {
    double weight, forecast, happened;
    int64_t values;
} bin;

struct gndp_events {
    gndp_events_options options;
    double *weight; /* [N] */
    sums *block;    /* [capacity] */
    int64_t capacity, cases;
    bool reference; /* every case has one */
    bin bin[GNDP_EVENT_BINS];
};

gndp_status gndp_events_create(const gndp_events_options *options, gndp_events **out)
{
    gndp_status st = GNDP_OK;
    gndp_events *e = NULL;
    GNDP_CHECK(options != NULL && out != NULL, GNDP_ERR_ARG, "options or out is NULL");
    *out = NULL;
    GNDP_CHECK(options->points >= 1 && options->members >= 0, GNDP_ERR_RANGE, "%lld points, %lld members", (long long)options->points,
               (long long)options->members);
    e = calloc(1, sizeof *e);
    GNDP_CHECK(e != NULL, GNDP_ERR_NOMEM, "events");
    e->options = *options;
    e->options.weight = NULL;
    e->options.block = options->block > 0 ? options->block : 1;
    e->reference = true;
    e->weight = malloc((size_t)options->points * sizeof *e->weight);
    GNDP_CHECK(e->weight != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)options->points);
    for (int64_t i = 0; i < options->points; i++) {
        e->weight[i] = options->weight != NULL ? options->weight[i] : 1.0 / (double)options->points;
        GNDP_CHECK(e->weight[i] >= 0.0 && isfinite(e->weight[i]), GNDP_ERR_RANGE, "weight %lld is %g", (long long)i, e->weight[i]);
    }
    *out = e;
    e = NULL;
done:
    gndp_events_free(e);
    return st;
}

void gndp_events_free(gndp_events *events)
{
    if (events == NULL)
        return;
    free(events->weight);
    free(events->block);
    free(events);
}

static gndp_status current(gndp_events *e, sums **out)
{
    gndp_status st = GNDP_OK;
    const int64_t b = e->cases / e->options.block;
    if (b >= e->capacity) {
        const int64_t wanted = e->capacity > 0 ? 2 * e->capacity : 64;
        sums *grown = realloc(e->block, (size_t)wanted * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%lld blocks", (long long)wanted);
        memset(grown + e->capacity, 0, (size_t)(wanted - e->capacity) * sizeof *grown);
        e->block = grown;
        e->capacity = wanted;
    }
    *out = e->block + b;
done:
    return st;
}

gndp_status gndp_events_add(gndp_events *events, const double *forecast, const double *reference, const uint8_t *happened, const uint8_t *present)
{
    gndp_status st = GNDP_OK;
    sums *to = NULL;
    GNDP_CHECK(events != NULL && forecast != NULL && happened != NULL, GNDP_ERR_ARG, "events, forecast or happened is NULL");
    const int64_t n = events->options.points;
    const double others = (double)(events->options.members - 1);
    GNDP_TRY(current(events, &to));
    for (int64_t i = 0; i < n; i++) {
        if (present != NULL && !present[i])
            continue;
        GNDP_CHECK(forecast[i] >= 0.0 && forecast[i] <= 1.0, GNDP_ERR_RANGE, "case %lld, point %lld: probability %g", (long long)events->cases,
                   (long long)i, forecast[i]);
        GNDP_CHECK(reference == NULL || (reference[i] >= 0.0 && reference[i] <= 1.0), GNDP_ERR_RANGE, "case %lld, point %lld: reference %g",
                   (long long)events->cases, (long long)i, reference[i]);
    }
    for (int64_t i = 0; i < n; i++) {
        if (present != NULL && !present[i])
            continue;
        const double w = events->weight[i], p = forecast[i], o = happened[i] ? 1.0 : 0.0, brier = (p - o) * (p - o);
        bin *b = &events->bin[(int)floor((GNDP_EVENT_BINS - 1) * p + 0.5)];
        to->weight += w;
        to->happened += w * o;
        to->brier += w * brier;
        to->fair += w * (brier - (events->options.members > 1 ? p * (1.0 - p) / others : 0.0));
        to->reference += reference != NULL ? w * ((reference[i] - o) * (reference[i] - o)) : 0.0;
        to->values++;
        b->weight += w;
        b->forecast += w * p;
        b->happened += w * o;
        b->values++;
    }
    events->reference = events->reference && reference != NULL;
    events->cases++;
done:
    return st;
}

/* ---- Tables --------------------------------------------------------------------------------- */

enum { BRIER, FAIR, SKILL, FIGURES };

static void figures(const gndp_events *e, const sums *t, double out[FIGURES])
{
    out[BRIER] = t->brier / t->weight;
    out[FAIR] = e->options.members != 1 ? t->fair / t->weight : (double)NAN;
    out[SKILL] = e->reference && t->reference > 0.0 ? 1.0 - t->brier / t->reference : (double)NAN;
}

static void accumulate(sums *to, const sums *from)
{
    to->weight += from->weight;
    to->brier += from->brier;
    to->fair += from->fair;
    to->reference += from->reference;
    to->happened += from->happened;
    to->values += from->values;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 95 % percentile interval over resampled blocks; of replicates that have a value. */
static gndp_status bootstrap(const gndp_events *e, int64_t n, gndp_score_value out[FIGURES])
{
    gndp_status st = GNDP_OK;
    double *draw = malloc(sizeof *draw * REPLICATES * FIGURES), *u = malloc((size_t)n * sizeof *u);
    int64_t count[FIGURES] = {0};
    GNDP_CHECK(draw != NULL && u != NULL, GNDP_ERR_NOMEM, "%lld blocks", (long long)n);
    for (int r = 0; r < REPLICATES; r++) {
        sums total = {0};
        double f[FIGURES];
        GNDP_TRY(gndp_random_uniform_f64(e->options.seed, (uint32_t)r, 0, GNDP_STREAM(STREAM_BOOTSTRAP, 0), 0, n, u));
        for (int64_t b = 0; b < n; b++)
            accumulate(&total, e->block + (int64_t)(u[b] * (double)n));
        figures(e, &total, f);
        for (int i = 0; i < FIGURES; i++)
            if (isfinite(f[i]))
                draw[i * REPLICATES + count[i]++] = f[i];
    }
    for (int i = 0; i < FIGURES; i++) {
        if (isnan(out[i].value) || count[i] < 2)
            continue;
        qsort(draw + i * REPLICATES, (size_t)count[i], sizeof *draw, ascending);
        out[i].low = draw[i * REPLICATES + count[i] / 40];
        out[i].high = draw[i * REPLICATES + count[i] - 1 - count[i] / 40];
    }
done:
    free(draw);
    free(u);
    return st;
}

gndp_status gndp_events_table(const gndp_events *events, gndp_event_table *out)
{
    gndp_status st = GNDP_OK;
    sums total = {0};
    double f[FIGURES];
    gndp_score_value value[FIGURES];
    GNDP_CHECK(events != NULL && out != NULL, GNDP_ERR_ARG, "events or out is NULL");
    const int64_t n = (events->cases + events->options.block - 1) / events->options.block;
    for (int64_t b = 0; b < n; b++)
        accumulate(&total, events->block + b);
    GNDP_CHECK(total.weight > 0.0, GNDP_ERR_STATE, "no value was added");
    figures(events, &total, f);
    for (int i = 0; i < FIGURES; i++)
        value[i] = (gndp_score_value){f[i], (double)NAN, (double)NAN};
    if (n > 1)
        GNDP_TRY(bootstrap(events, n, value));
    *out = (gndp_event_table){.cases = events->cases, .values = total.values, .frequency = total.happened / total.weight, .brier = value[BRIER],
                              .brier_fair = value[FAIR], .skill = value[SKILL]};
    for (int i = 0; i < GNDP_EVENT_BINS; i++) {
        const bin *b = &events->bin[i];
        out->bin[i] = (struct gndp_event_bin){b->values, b->forecast / b->weight, b->happened / b->weight}; /* NaN where there is none */
    }
done:
    return st;
}
