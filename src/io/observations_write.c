// SPDX-License-Identifier: Apache-2.0
// Observations as CSV tables, long and wide.
#include "io/observations.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/beside.h"

/* What the table has columns for, and the rows of the wide form. */
typedef struct writing {
    const gndp_observations *o;
    FILE *file;
    bool times, units, *sd; /* sd [n_channels] */
    bool any_sd;
    int64_t *order; /* [n] observations by place, time, channel; then by row */
    int64_t *copy;  /* [n] how many of the same place, time and channel come before */
    int64_t *first; /* [n] first observation of its row */
} writing;

static void number(FILE *file, double value)
{
    fputs(gndp_csv_number_text(value).text, file);
}

/* A text cell, in quotes where it must be. */
static void text(FILE *file, const char *value)
{
    const size_t length = strlen(value);
    const bool blank = length > 0 && (value[0] == ' ' || value[length - 1] == ' ');
    if (!blank && value[0] != '#' && value[strcspn(value, ",\"\n\r\t")] == '\0') {
        fputs(value, file);
        return;
    }
    fputc('"', file);
    for (; *value != '\0'; value++) {
        if (*value == '"')
            fputc('"', file);
        fputc(*value, file);
    }
    fputc('"', file);
}

static void place_header(const writing *w)
{
    if (w->times)
        fputs("time,", w->file);
    if (w->o->space == GNDP_SPACE_SPHERE) {
        fputs("lat,lon", w->file);
        return;
    }
    for (int c = 0; c < w->o->columns; c++)
        fprintf(w->file, c > 0 ? ",x%d" : "x%d", c + 1);
}

static void place(const writing *w, int64_t i)
{
    const gndp_observations *o = w->o;
    if (w->times) {
        if (!isnan(o->time_s[i]))
            fputs(gndp_calendar_text(o->calendar, o->time_s[i]).text, w->file);
        fputc(',', w->file);
    }
    for (int c = 0; c < o->columns; c++) {
        if (c > 0)
            fputc(',', w->file);
        number(w->file, o->x[i * o->columns + c]);
    }
}

static void write_long(const writing *w)
{
    const gndp_observations *o = w->o;
    place_header(w);
    fprintf(w->file, ",variable,value%s%s\n", w->units ? ",units" : "", w->any_sd ? ",sigma" : "");
    for (int64_t i = 0; i < o->n; i++) {
        place(w, i);
        fputc(',', w->file);
        text(w->file, o->name[o->channel[i]]);
        fputc(',', w->file);
        number(w->file, o->value[i]);
        if (w->units) {
            fputc(',', w->file);
            text(w->file, o->units[o->channel[i]]);
        }
        if (w->any_sd)
            fputc(',', w->file);
        if (o->sd[i] > 0.0)
            number(w->file, o->sd[i]);
        fputc('\n', w->file);
    }
}

/* ---- Rows of the wide form ------------------------------------------------------------------ */

static int compare(double a, double b)
{
    return isnan(a) || isnan(b) ? isnan(a) - isnan(b) : (a > b) - (a < b);
}

static int compare_place(const gndp_observations *o, int64_t a, int64_t b)
{
    for (int c = 0; c < o->columns; c++) {
        const int order = compare(o->x[a * o->columns + c], o->x[b * o->columns + c]);
        if (order != 0)
            return order;
    }
    return compare(o->time_s[a], o->time_s[b]);
}

/* What qsort() sorts, since it hands no state to its function. */
typedef struct sorted {
    const writing *w;
    int64_t i;
} sorted;

static int by_channel(const void *a, const void *b)
{
    const sorted *p = a, *q = b;
    const gndp_observations *o = p->w->o;
    const int order = compare_place(o, p->i, q->i);
    if (order != 0)
        return order;
    if (o->channel[p->i] != o->channel[q->i])
        return o->channel[p->i] - o->channel[q->i];
    return (p->i > q->i) - (p->i < q->i);
}

static int by_copy(const void *a, const void *b)
{
    const sorted *p = a, *q = b;
    const int64_t *copy = p->w->copy;
    const int order = compare_place(p->w->o, p->i, q->i);
    if (order != 0)
        return order;
    if (copy[p->i] != copy[q->i])
        return copy[p->i] < copy[q->i] ? -1 : 1;
    return (p->i > q->i) - (p->i < q->i);
}

static int by_first(const void *a, const void *b)
{
    const sorted *p = a, *q = b;
    const int64_t *first = p->w->first;
    if (first[p->i] != first[q->i])
        return first[p->i] < first[q->i] ? -1 : 1;
    return p->w->o->channel[p->i] - p->w->o->channel[q->i];
}

/*
 * One row holds at most one value of a channel: the k-th value of a channel at a place and time
 * goes to the k-th row of that place and time. Rows come in the order of their first values.
 */
static gndp_status find_rows(writing *w)
{
    gndp_status st = GNDP_OK;
    const gndp_observations *o = w->o;
    const size_t n = (size_t)o->n;
    sorted *all = malloc(n * sizeof *all);
    w->order = malloc(n * sizeof *w->order);
    w->copy = malloc(n * sizeof *w->copy);
    w->first = malloc(n * sizeof *w->first);
    GNDP_CHECK(all != NULL && w->order != NULL && w->copy != NULL && w->first != NULL,
               GNDP_ERR_NOMEM, "%zu observations", n);
    for (size_t i = 0; i < n; i++)
        all[i] = (sorted){w, (int64_t)i};
    qsort(all, n, sizeof *all, by_channel);
    for (size_t k = 0; k < n; k++) {
        const int64_t i = all[k].i, before = k > 0 ? all[k - 1].i : -1;
        const bool same =
            k > 0 && compare_place(o, before, i) == 0 && o->channel[before] == o->channel[i];
        w->copy[i] = same ? w->copy[before] + 1 : 0;
    }
    qsort(all, n, sizeof *all, by_copy);
    for (size_t k = 0; k < n; k++) {
        const int64_t i = all[k].i, before = k > 0 ? all[k - 1].i : -1;
        const bool same =
            k > 0 && compare_place(o, before, i) == 0 && w->copy[before] == w->copy[i];
        w->first[i] = same ? w->first[before] : i;
    }
    qsort(all, n, sizeof *all, by_first);
    for (size_t k = 0; k < n; k++)
        w->order[k] = all[k].i;
done:
    free(all);
    return st;
}

static void wide_header(const writing *w)
{
    const gndp_observations *o = w->o;
    place_header(w);
    for (int c = 0; c < o->n_channels; c++) {
        char name[160];
        fputc(',', w->file);
        snprintf(name, sizeof name, *o->units[c] != '\0' ? "%s [%s]" : "%s%s", o->name[c],
                 o->units[c]);
        text(w->file, name);
        if (w->sd[c]) {
            snprintf(name, sizeof name, "%s_sd", o->name[c]);
            fputc(',', w->file);
            text(w->file, name);
        }
    }
    fputc('\n', w->file);
}

static gndp_status write_wide(writing *w)
{
    gndp_status st = GNDP_OK;
    const gndp_observations *o = w->o;
    GNDP_TRY(find_rows(w));
    wide_header(w);
    for (int64_t k = 0; k < o->n;) {
        const int64_t row = w->first[w->order[k]];
        place(w, row);
        for (int c = 0; c < o->n_channels; c++) {
            const int64_t i = k < o->n ? w->order[k] : -1;
            const bool here = i >= 0 && w->first[i] == row && o->channel[i] == c;
            fputc(',', w->file);
            if (here)
                number(w->file, o->value[i]);
            if (w->sd[c])
                fputc(',', w->file);
            if (w->sd[c] && here && o->sd[i] > 0.0)
                number(w->file, o->sd[i]);
            k += here;
        }
        fputc('\n', w->file);
    }
done:
    return st;
}

static gndp_status survey(writing *w)
{
    gndp_status st = GNDP_OK;
    const gndp_observations *o = w->o;
    w->sd = calloc((size_t)o->n_channels + 1, sizeof *w->sd);
    GNDP_CHECK(w->sd != NULL, GNDP_ERR_NOMEM, "%d channels", o->n_channels);
    for (int c = 0; c < o->n_channels; c++)
        w->units = w->units || *o->units[c] != '\0';
    for (int64_t i = 0; i < o->n; i++) {
        w->times = w->times || !isnan(o->time_s[i]);
        w->any_sd = w->any_sd || o->sd[i] > 0.0;
        w->sd[o->channel[i]] = w->sd[o->channel[i]] || o->sd[i] > 0.0;
    }
    for (int64_t i = 0; i < o->n && w->times; i++)
        GNDP_CHECK(!isnan(o->time_s[i]), GNDP_ERR_ARG,
                   "observation %" PRId64 " has no time, others have one", i);
done:
    return st;
}

gndp_status gndp_observations_print(const gndp_observations *o, bool wide, char **bytes, size_t *n)
{
    gndp_status st = GNDP_OK;
    writing w = {.o = o};
    *bytes = NULL;
    w.file = open_memstream(bytes, n);
    GNDP_CHECK(w.file != NULL, GNDP_ERR_NOMEM, "a table in memory");
    GNDP_TRY(survey(&w));
    if (wide)
        GNDP_TRY(write_wide(&w));
    else
        write_long(&w);
    GNDP_CHECK(!ferror(w.file), GNDP_ERR_NOMEM, "a table of %" PRId64 " observations", o->n);
    const int closed = fclose(w.file);
    w.file = NULL;
    GNDP_CHECK(closed == 0, GNDP_ERR_NOMEM, "a table of %" PRId64 " observations", o->n);
done:
    if (w.file != NULL)
        fclose(w.file);
    free(w.sd);
    free(w.order);
    free(w.copy);
    free(w.first);
    return st;
}

gndp_status gndp_observations_write(const gndp_observations *observations, bool wide,
                                    const char *path, bool overwrite)
{
    gndp_status st = GNDP_OK;
    gndp_beside out = gndp_beside_none();
    char *bytes = NULL;
    size_t n = 0;
    GNDP_CHECK(observations != NULL && observations->n > 0, GNDP_ERR_ARG, "no observations");
    GNDP_TRY(gndp_beside_open(path, overwrite, &out));
    GNDP_TRY(gndp_beside_empty(&out));
    GNDP_TRY(gndp_observations_print(observations, wide, &bytes, &n));
    GNDP_TRY(gndp_beside_write(&out, bytes, n));
    GNDP_TRY(gndp_beside_commit(&out, overwrite));
done:
    gndp_beside_close(&out, false);
    free(bytes);
    return st;
}
