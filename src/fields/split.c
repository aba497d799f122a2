// SPDX-License-Identifier: Apache-2.0
// Training, validation and test parts of a set, cut so that nothing leaks from one to another.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/prepare.h>

#include "base/error.h"

#define SPLIT_STREAM GNDP_STREAM(0x5b11, 0)

static const char *const part_name[3] = {"train", "validation", "test"};

/* What is never cut: a field alone, the members of one time, the fields of one id. */
typedef struct groups {
    int64_t n;      /* groups, in order of their first field, or of time */
    int64_t *of;    /* [F] group of each field */
    double *time_s; /* [n] GNDP_SPLIT_TIME */
} groups;

/* A field by what it is grouped by. */
typedef struct entry {
    double time_s;
    const char *id;
    int64_t field;
} entry;

static int by_time(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (isnan(x->time_s) || isnan(y->time_s)) { /* fields without time: last, apart */
        if (isnan(x->time_s) != isnan(y->time_s))
            return isnan(x->time_s) ? 1 : -1;
    } else if (x->time_s != y->time_s) {
        return x->time_s < y->time_s ? -1 : 1;
    }
    return (x->field > y->field) - (x->field < y->field);
}

static int by_id(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int order = strcmp(x->id, y->id);
    return order != 0 ? order : (x->field > y->field) - (x->field < y->field);
}

static gndp_status check_labels(const gndp_fieldset_spec *spec, gndp_split_rule rule)
{
    gndp_status st = GNDP_OK;
    for (int64_t f = 0; f < spec->n_fields; f++) {
        GNDP_CHECK(rule != GNDP_SPLIT_TIME || !isnan(spec->label[f].time_s), GNDP_ERR_UNSUPPORTED,
                   "%s: field %lld has no time to split by", spec->origin, (long long)f);
        GNDP_CHECK(rule != GNDP_SPLIT_ID || spec->label[f].id != NULL, GNDP_ERR_UNSUPPORTED,
                   "%s: field %lld has no id to split by", spec->origin, (long long)f);
    }
done:
    return st;
}

static gndp_status make_groups(const gndp_fieldset_spec *spec, gndp_split_rule rule, groups *out)
{
    gndp_status st = GNDP_OK;
    const int64_t n = spec->n_fields;
    entry *list = malloc((size_t)n * sizeof *list);
    out->of = malloc((size_t)n * sizeof *out->of);
    out->time_s = malloc((size_t)n * sizeof *out->time_s);
    GNDP_CHECK(list != NULL && out->of != NULL && out->time_s != NULL, GNDP_ERR_NOMEM,
               "%lld fields", (long long)n);
    for (int64_t f = 0; f < n; f++)
        list[f] = (entry){spec->label[f].time_s, spec->label[f].id, f};
    qsort(list, (size_t)n, sizeof *list, rule == GNDP_SPLIT_ID ? by_id : by_time);
    out->n = 0;
    for (int64_t i = 0; i < n; i++) {
        const bool same = i > 0 && (rule == GNDP_SPLIT_ID ? strcmp(list[i].id, list[i - 1].id) == 0
                                                          : list[i].time_s == list[i - 1].time_s);
        if (!same)
            out->time_s[out->n++] = list[i].time_s;
        out->of[list[i].field] = out->n - 1;
    }
done:
    free(list);
    return st;
}

/* Whole numbers of groups: shares rounded down, what is left to the largest remainders, then one
   from the largest part for each empty part that has a share. */
static gndp_status round_counts(const double share[3], int64_t n, int64_t count[3])
{
    gndp_status st = GNDP_OK;
    double sum = 0.0, rest[3];
    int64_t used = 0;
    int wanted = 0;
    for (int i = 0; i < 3; i++) {
        GNDP_CHECK(isfinite(share[i]) && share[i] >= 0.0, GNDP_ERR_RANGE, "the %s share is %g",
                   part_name[i], share[i]);
        sum += share[i];
        wanted += share[i] > 0.0;
    }
    GNDP_CHECK(sum > 0.0 && isfinite(sum), GNDP_ERR_RANGE, "the shares sum to %g", sum);
    GNDP_CHECK(wanted <= n, GNDP_ERR_RANGE, "%d parts of %lld that cannot be cut", wanted,
               (long long)n);
    for (int i = 0; i < 3; i++) {
        const double exact = share[i] / sum * (double)n;
        count[i] = (int64_t)floor(exact);
        rest[i] = share[i] > 0.0 ? exact - (double)count[i] : -1.0;
        used += count[i];
    }
    for (; used < n; used++) {
        const int most = rest[0] >= rest[1] && rest[0] >= rest[2] ? 0 : rest[1] >= rest[2] ? 1 : 2;
        count[most]++;
        rest[most] -= 1.0;
    }
    for (int i = 0; i < 3; i++) {
        if (share[i] == 0.0 || count[i] > 0)
            continue;
        const int most = count[0] >= count[1] && count[0] >= count[2] ? 0
                         : count[1] >= count[2]                       ? 1
                                                                      : 2;
        count[most]--;
        count[i] = 1;
    }
done:
    return st;
}

/* Part of each group: 0, 1, 2, or -1 for left out. */
static gndp_status assign_random(const groups *g, const int64_t count[3], uint64_t seed,
                                 int8_t *part)
{
    gndp_status st = GNDP_OK;
    int64_t *order = malloc((size_t)g->n * sizeof *order);
    GNDP_CHECK(order != NULL, GNDP_ERR_NOMEM, "%lld groups", (long long)g->n);
    GNDP_TRY(gndp_choose(seed, 0, 0, SPLIT_STREAM, g->n, g->n, order));
    for (int64_t i = 0; i < g->n; i++)
        part[order[i]] = (int8_t)(i < count[0] ? 0 : i < count[0] + count[1] ? 1 : 2);
done:
    free(order);
    return st;
}

static void assign_time(const groups *g, const int64_t count[3], double gap_s, int8_t *part)
{
    for (int64_t i = 0; i < g->n; i++)
        part[i] = (int8_t)(i < count[0] ? 0 : i < count[0] + count[1] ? 1 : 2);
    const int64_t cut[2] = {count[0], count[0] + count[1]};
    for (int b = 0; b < 2; b++) {
        if (cut[b] == 0 || cut[b] == g->n || (b == 1 && cut[1] == cut[0]))
            continue; /* nothing on one side, or the same boundary again */
        const double before = g->time_s[cut[b] - 1], after = g->time_s[cut[b]];
        const double boundary = before + 0.5 * (after - before);
        for (int64_t i = 0; i < g->n; i++)
            if (fabs(g->time_s[i] - boundary) < gap_s)
                part[i] = -1;
    }
}

static gndp_status collect(const gndp_fieldset_spec *spec, const groups *g, const int8_t *part,
                           const double share[3], gndp_field_split *out)
{
    gndp_status st = GNDP_OK;
    for (int64_t f = 0; f < spec->n_fields; f++)
        if (part[g->of[f]] >= 0)
            out->n[part[g->of[f]]]++;
    for (int i = 0; i < 3; i++) {
        GNDP_CHECK(share[i] == 0.0 || out->n[i] > 0, GNDP_ERR_RANGE,
                   "%s: the gap leaves no field for the %s part", spec->origin, part_name[i]);
        out->field[i] = malloc((size_t)(out->n[i] + 1) * sizeof *out->field[i]);
        GNDP_CHECK(out->field[i] != NULL, GNDP_ERR_NOMEM, "%lld fields", (long long)out->n[i]);
        out->n[i] = 0;
    }
    for (int64_t f = 0; f < spec->n_fields; f++) {
        const int p = part[g->of[f]];
        if (p >= 0)
            out->field[p][out->n[p]++] = f;
    }
done:
    return st;
}

gndp_status gndp_split_make(const gndp_fieldset *set, gndp_split_rule rule, const double share[3],
                            double gap_s, uint64_t seed, gndp_field_split *out)
{
    gndp_status st = GNDP_OK;
    groups g = {0, NULL, NULL};
    int8_t *part = NULL;
    int64_t count[3];
    gndp_field_split split = {{0, 0, 0}, {NULL, NULL, NULL}};
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = split;
    GNDP_CHECK(set != NULL && share != NULL, GNDP_ERR_ARG, "%s is NULL",
               set == NULL ? "set" : "share");
    GNDP_CHECK(rule == GNDP_SPLIT_RANDOM || rule == GNDP_SPLIT_TIME || rule == GNDP_SPLIT_ID,
               GNDP_ERR_ARG, "split rule %d is none", (int)rule);
    GNDP_CHECK(gap_s >= 0.0 && isfinite(gap_s), GNDP_ERR_RANGE, "a gap of %g s", gap_s);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    GNDP_TRY(check_labels(spec, rule));
    GNDP_TRY(make_groups(spec, rule, &g));
    GNDP_TRY(round_counts(share, g.n, count));
    part = malloc((size_t)g.n);
    GNDP_CHECK(part != NULL, GNDP_ERR_NOMEM, "%lld groups", (long long)g.n);
    if (rule == GNDP_SPLIT_TIME)
        assign_time(&g, count, gap_s, part);
    else
        GNDP_TRY(assign_random(&g, count, seed, part));
    GNDP_TRY(collect(spec, &g, part, share, &split));
    *out = split;
    split = (gndp_field_split){{0, 0, 0}, {NULL, NULL, NULL}};
done:
    gndp_split_free(&split);
    free(g.of);
    free(g.time_s);
    free(part);
    return st;
}

void gndp_split_free(gndp_field_split *split)
{
    if (split == NULL)
        return;
    for (int i = 0; i < 3; i++) {
        free(split->field[i]);
        split->field[i] = NULL;
        split->n[i] = 0;
    }
}
