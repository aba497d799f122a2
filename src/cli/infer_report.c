// SPDX-License-Identifier: Apache-2.0
// What `gndp infer` tells: what was observed, how fields were drawn, what it cost, how far to trust them.
#include "cli/infer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/usage.h"

enum { FLAGS_SHOWN = 10 };

double gndp_infer_log_evidence(const gndp_infer_job *j, double *error)
{
    double sum = 0.0, variance = 0.0;
    *error = (double)NAN;
    for (int c = 0; c < j->observed.n_cases; c++) {
        const double n = j->evidence_count[c];
        if (n == 0.0)
            return (double)NAN;
        sum += j->evidence[c] - log(n);
        variance += exp(j->evidence_square[c] - 2.0 * j->evidence[c]);
    }
    *error = sqrt(variance);
    return sum;
}

static void report_observed(const gndp_infer_job *j)
{
    const cli_observed *o = &j->observed;
    int64_t exact = 0, left = 0;
    for (int64_t i = 0; i < o->n; i++) {
        exact += o->row[i].sd == 0.0;
        left += j->reserved[o->row[i].place];
    }
    printf("observed %lld values at %lld places%s of %s", (long long)(o->n - left), (long long)(o->n_places - j->n_reserved), o->drawn ? " drawn" : "",
           o->path);
    if (o->n_cases > 1)
        printf(", %d times, %s to %s", o->n_cases, cli_observed_time(o, 0).text, cli_observed_time(o, o->n_cases - 1).text);
    else if (!isnan(o->time_s[0]))
        printf(", %s", cli_observed_time(o, 0).text);
    printf("\n");
    if (j->areas.n > 0)
        printf("         and %lld means over areas of %s\n", (long long)j->areas.n, j->areas.path);
    if (exact > 0)
        printf("         %s of them taken without error%s\n", exact == o->n ? "all" : "some",
               o->drawn ? "" : "; --sigma S gives one");
    if (j->n_reserved > 0)
        printf("reserved %lld values at %lld places, to score the members; --reserve 0 uses all\n", (long long)left, (long long)j->n_reserved);
}

static void report_setting(const gndp_infer_job *j)
{
    report_observed(j);
    printf("points   %s", j->target.text);
    if (j->joint.added > 0)
        printf(", and %lld observed places beside them", (long long)j->joint.added);
    printf("\nlaw      %s\n", gndp_gaussian_describe(gndp_generator_law(j->joint.generator)));
    printf("method   %s\n", j->method.text);
}

int gndp_infer_dry(gndp_infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const int64_t batch = j->sampling.batch, groups = (j->members.n + batch - 1) / batch, cases = j->observed.n_cases;
    const gndp_schedule *schedule = gndp_model_schedule(j->model);
    const double t = 0.5 * (schedule->t0 + schedule->t1), cost = cli_method_cost(&j->method, j->observed.first[1] - j->observed.first[0]);
    const bool check = j->s.check != NULL;
    for (int64_t i = 0; i < batch * j->joint.size; i++)
        j->z[i] = 0.0;
    gndp_evaluator *evaluator = gndp_generator_evaluator(j->joint.generator);
    GNDP_LIBRARY(gndp_evaluator_score(evaluator, batch, &t, true, j->z, j->block)); /* the first one makes ready */
    const double start = gp_seconds();
    GNDP_LIBRARY(gndp_evaluator_score(evaluator, batch, &t, true, j->z, j->block));
    const double seconds = (gp_seconds() - start) * cost, whole = seconds * (double)(groups * cases + (check ? gndp_infer_check_blocks(j) : 0));
    if (j->s.json)
        return gp_json_write(json_pack("{s:s, s:I, s:I, s:I, s:s, s:f, s:f}", "command", "infer", "cases", (json_int_t)cases, "members",
                                       (json_int_t)j->members.n, "points", (json_int_t)j->joint.coords.n, "method", j->method.text, "evaluations",
                                       cost, "seconds", whole));
    report_setting(j);
    printf("cost     about %.6g network evaluations a member and case; %lld blocks of %lld members", cost, (long long)(groups * cases), (long long)batch);
    if (check)
        printf(", and %lld of --check in %lld groups of stations", (long long)gndp_infer_check_blocks(j), (long long)gndp_infer_folds(j));
    printf("\ntime     about %s\n", gndp_duration_text(whole).text);
done:
    return code;
}

/* ---- Scores --------------------------------------------------------------------------------- */

static void report_scores(const gndp_infer_job *j)
{
    const infer_scores *s = &j->scores;
    if (j->n_reserved > 0 && s->table == NULL) {
        printf("\nreserved observations are not scored: all members are of an earlier run\n");
        return;
    }
    if (s->table == NULL)
        return;
    printf("\n%-12s%8s%10s%10s%10s%10s%8s%16s\n", "reserved", "values", "rmse", "bias", "crps_fair", "spread", "ratio", "within 50, 90 %");
    for (int p = 0; p < j->joint.components; p++) {
        const gndp_score_table *t = &s->table[p];
        if (t->values > 0)
            printf("%-12.12s%8lld%10.4g%10.3g%10.4g%10.4g%8.3f%9.1f%7.1f\n", j->observed.name[p], (long long)t->values, t->rmse.value, t->bias.value,
                   t->crps_fair.value, t->spread.value, t->ratio.value, 100.0 * t->coverage[0].value, 100.0 * t->coverage[1].value);
    }
    if (s->members < j->members.n)
        printf("scored with the %lld members of this run\n", (long long)s->members);
}

/* A station that was flagged. */
typedef struct flag {
    int64_t place, values;
    int component;
    double z;
} flag;

static int worst_first(const void *a, const void *b)
{
    const flag *p = a, *q = b;
    return p->z != q->z ? (p->z < q->z) - (p->z > q->z) : (p->place > q->place) - (p->place < q->place);
}

/* free() it; NULL: none, or no memory for them. */
static flag *list_flags(const gndp_infer_job *j, int64_t *n)
{
    const cli_observed *o = &j->observed;
    flag *flags = malloc((size_t)(j->checked.flagged + 1) * sizeof *flags);
    *n = 0;
    for (int64_t place = 0; place < o->n_places && flags != NULL; place++)
        for (int p = 0; p < o->components; p++) {
            flag f = {.place = place, .component = p};
            if (gndp_infer_flagged(j, place, p, &f.z, &f.values) && *n < j->checked.flagged)
                flags[(*n)++] = f;
        }
    if (*n > 1)
        qsort(flags, (size_t)*n, sizeof *flags, worst_first);
    return flags;
}

static void report_check(const gndp_infer_job *j)
{
    const cli_observed *o = &j->observed;
    int64_t n;
    if (j->checked.z == NULL)
        return;
    printf("\nchecked  stations left out in %lld groups: root mean square of z %.3f, mean %.3f; %lld flagged%s (%s)\n", (long long)j->checked.folds,
           j->checked.rms, j->checked.bias, (long long)j->checked.flagged, j->checked.flagged > 1 ? ", with a bad one its neighbours" : "",
           gndp_duration_text(j->check_seconds).text);
    flag *flags = list_flags(j, &n);
    for (int64_t i = 0; i < n && i < FLAGS_SHOWN; i++) {
        printf("         %s at ", o->name[flags[i].component]);
        for (int a = 0; a < o->columns; a++)
            printf(a > 0 ? ", %.6g" : "%.6g", o->x[flags[i].place * o->columns + a]);
        printf(": z %.3g%s\n", flags[i].z, flags[i].values > 1 ? " (root mean square)" : "");
    }
    if (n > FLAGS_SHOWN)
        printf("         and %lld more\n", (long long)(n - FLAGS_SHOWN));
    free(flags);
}

static json_t *scores_json(const gndp_infer_job *j)
{
    json_t *rows = json_array();
    for (int p = 0; p < j->joint.components && j->scores.table != NULL; p++) {
        const gndp_score_table *t = &j->scores.table[p];
        if (t->values > 0)
            json_array_append_new(rows, json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", j->observed.name[p], "values",
                                                  (json_int_t)t->values, "rmse", gp_json_number(t->rmse.value), "bias", gp_json_number(t->bias.value),
                                                  "crps", gp_json_number(t->crps.value), "crps_fair", gp_json_number(t->crps_fair.value), "spread",
                                                  gp_json_number(t->spread.value), "coverage50", gp_json_number(t->coverage[0].value), "coverage90",
                                                  gp_json_number(t->coverage[1].value)));
    }
    return rows;
}

static json_t *check_json(const gndp_infer_job *j)
{
    const cli_observed *o = &j->observed;
    int64_t n;
    json_t *rows = json_array();
    flag *flags = list_flags(j, &n);
    for (int64_t i = 0; i < n; i++)
        json_array_append_new(rows, json_pack("{s:s, s:o, s:o, s:I}", "name", o->name[flags[i].component], "place",
                                              gp_json_numbers(o->x + flags[i].place * o->columns, o->columns), "z", gp_json_number(flags[i].z),
                                              "values", (json_int_t)flags[i].values));
    free(flags);
    return json_pack("{s:I, s:o, s:o, s:o}", "groups", (json_int_t)j->checked.folds, "z_rms", gp_json_number(j->checked.rms), "z_mean",
                     gp_json_number(j->checked.bias), "flagged", rows);
}

static int report_json(const gndp_infer_job *j, double evidence, double error)
{
    int64_t left = 0;
    for (int64_t i = 0; i < j->observed.n; i++)
        left += j->reserved[j->observed.row[i].place];
    json_t *object = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:f, s:o}", "command", "infer", "model",
                               gndp_model_hash(j->model), "seed", gp_json_seed(j->sampling.options.seed), "members", (json_int_t)j->members.n, "cases",
                               (json_int_t)j->observed.n_cases, "points", (json_int_t)j->target.coords.n, "added", (json_int_t)j->joint.added,
                               "observations", (json_int_t)(j->observed.n - left), "areas", (json_int_t)j->areas.n, "left_out", (json_int_t)left, "method", j->method.text,
                               "evaluations", gp_json_number(j->evaluations / j->drawn_fields), "log_evidence", gp_json_number(evidence),
                               "log_evidence_error", gp_json_number(error), "least_particles", gp_json_number(j->least_particles), "seconds",
                               j->seconds, "reserved", scores_json(j));
    if (object != NULL && j->s.output != NULL)
        json_object_set_new(object, "output", json_string(j->s.output));
    if (object != NULL && j->s.stats != NULL)
        json_object_set_new(object, "stats", json_string(j->s.stats));
    if (object != NULL && j->checked.z != NULL)
        json_object_set_new(object, "check", check_json(j));
    return gp_json_write(object);
}

int gndp_infer_report(const gndp_infer_job *j)
{
    double error;
    const double evidence = gndp_infer_log_evidence(j, &error);
    const bool drawn = j->s.output != NULL || j->s.stats != NULL;
    if (j->s.json)
        return report_json(j, evidence, error);
    if (j->s.quiet)
        return GNDP_EXIT_DONE;
    report_setting(j);
    if (j->done > 0 && drawn)
        printf("cost     %.6g network evaluations a member%s, %.3g s\n", j->evaluations / j->drawn_fields, j->observed.n_cases > 1 ? " and time" : "",
               j->seconds / (double)(j->done * j->observed.n_cases));
    if (isfinite(evidence)) {
        printf("evidence log p(observations) %.6g nats", evidence);
        printf(isfinite(error) ? ", standard error %.2g\n" : "\n", error);
    }
    if (isfinite(j->least_particles))
        printf("particles the smallest effective number was %.1f\n", j->least_particles);
    report_scores(j);
    report_check(j);
    printf("\n");
    if (j->s.output != NULL)
        printf("wrote    %s: %lld members%s in %s\n", j->s.output, (long long)j->members.n, j->observed.n_cases > 1 ? " at every time" : "",
               gndp_duration_text(j->seconds).text);
    if (j->s.stats != NULL)
        printf("wrote    %s: mean, standard deviation, percentiles of %lld members\n", j->s.stats, (long long)j->members.n);
    if (j->s.check != NULL)
        printf("wrote    %s: %lld values beside what the others say\n", j->s.check, (long long)j->observed.n);
    return GNDP_EXIT_DONE;
}
