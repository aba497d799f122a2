// SPDX-License-Identifier: Apache-2.0
// How far to trust an ensemble: stations left out of it are predicted, a tenth for good, or all in turn.
#include "cli/infer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/usage.h"

#define STREAM_RESERVE GNDP_STREAM(0x4e5e, 0)
#define STREAM_FOLDS GNDP_STREAM(0x4e5e, 1)
#define STREAM_ERRORS GNDP_STREAM(0x4e5e, 2)

enum { LEAST_STATIONS = 10, ALONE = 20, USUAL_FOLDS = 10, USUAL_CHECK_MEMBERS = 16, TIMES_OF_RMS = 4 };
static const double usual_share = 0.1, far_z = 3.0, far_rms = 2.0;
static const double levels[] = {0.5, 0.9};

/* ---- Reserved stations ---------------------------------------------------------------------- */

/* Whether every case keeps an observation without this place. */
static bool can_spare(const cli_observed *o, const bool *out, int64_t place)
{
    for (int c = 0; c < o->n_cases; c++) {
        bool other = false;
        for (int64_t i = o->first[c]; i < o->first[c + 1] && !other; i++)
            other = o->row[i].place != place && !out[o->row[i].place];
        if (!other)
            return false;
    }
    return true;
}

int gndp_infer_reserve(gndp_infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const cli_observed *o = &j->observed;
    const bool given = j->s.reserve >= 0.0;
    const double share = given ? j->s.reserve : j->s.check != NULL ? 0.0 : usual_share;
    int64_t wanted = o->n_places < LEAST_STATIONS ? 0 : (int64_t)llround(share * (double)o->n_places), *order = NULL;
    j->reserved = calloc((size_t)o->n_places, sizeof *j->reserved);
    order = malloc((size_t)o->n_places * sizeof *order);
    if (j->reserved == NULL || order == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_choose(j->sampling.options.seed, 0, 0, STREAM_RESERVE, o->n_places, o->n_places, order));
    for (int64_t i = 0; i < o->n_places && j->n_reserved < wanted; i++)
        if (can_spare(o, j->reserved, order[i])) {
            j->reserved[order[i]] = true;
            j->n_reserved++;
        }
done:
    free(order);
    return code;
}

/* Number of a place among those reserved. */
static int64_t reserved_rank(const gndp_infer_job *j, int64_t place)
{
    int64_t rank = 0;
    for (int64_t i = 0; i < place; i++)
        rank += j->reserved[i];
    return rank;
}

void gndp_infer_predict(gndp_infer_job *j, int c, int64_t member_index, const double *values)
{
    const int P = j->joint.components;
    double *to = j->predicted + ((int64_t)c * j->members.n + member_index) * j->n_reserved * P;
    for (int64_t i = 0; i < j->observed.n_places && j->n_reserved > 0; i++)
        if (j->reserved[i]) {
            memcpy(to, values + j->joint.point[i] * P, (size_t)P * sizeof *to);
            to += P;
        }
    j->drawn[member_index] = 1;
}

/* What was observed at the reserved places of a case, and what its members say, errors of the observations added: [M, Nr, P]. */
static int gather(gndp_infer_job *j, int c, double *ensemble, double *truth, uint8_t *present)
{
    int code = GNDP_EXIT_DONE;
    const cli_observed *o = &j->observed;
    const int64_t size = j->n_reserved * j->joint.components;
    int64_t m = 0;
    memset(present, 0, (size_t)size);
    memset(truth, 0, (size_t)size * sizeof *truth);
    for (int64_t k = 0; k < j->members.n; k++)
        if (j->drawn[k])
            memcpy(ensemble + m++ * size, j->predicted + ((int64_t)c * j->members.n + k) * size, (size_t)size * sizeof *ensemble);
    for (int64_t i = o->first[c]; i < o->first[c + 1]; i++) {
        const cli_observation *row = &o->row[i];
        if (!j->reserved[row->place])
            continue;
        const int64_t at = reserved_rank(j, row->place) * j->joint.components + row->component;
        truth[at] = row->value;
        present[at] = 1;
        m = 0;
        for (int64_t k = 0; k < j->members.n && row->sd > 0.0; k++) {
            double e;
            if (!j->drawn[k])
                continue;
            GNDP_LIBRARY(gndp_random_normal_f64(j->sampling.options.seed, (uint32_t)c, j->members.number[k], STREAM_ERRORS,
                                                row->place * j->joint.components + row->component, 1, &e));
            ensemble[m++ * size + at] += row->sd * e;
        }
    }
done:
    return code;
}

int gndp_infer_score(gndp_infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const int P = j->joint.components;
    const int64_t size = j->n_reserved * P;
    gndp_scores *scores = NULL;
    double *ensemble = NULL, *truth = NULL;
    uint8_t *present = NULL;
    for (int64_t i = 0; i < j->members.n; i++)
        j->scores.members += j->drawn[i];
    j->scores.places = j->n_reserved;
    if (j->n_reserved == 0 || j->scores.members == 0)
        return code;
    ensemble = malloc((size_t)(j->scores.members * size) * sizeof *ensemble);
    truth = malloc((size_t)size * sizeof *truth);
    present = malloc((size_t)size);
    j->scores.table = calloc((size_t)P, sizeof *j->scores.table);
    if (ensemble == NULL || truth == NULL || present == NULL || j->scores.table == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    const gndp_scores_options options = {.members = j->scores.members, .points = j->n_reserved, .channels = P, .n_levels = 2, .level = levels,
                                         .block = 1, .seed = j->sampling.options.seed};
    GNDP_LIBRARY(gndp_scores_create(&options, &scores));
    for (int c = 0; c < j->observed.n_cases; c++) {
        GNDP_STEP(gather(j, c, ensemble, truth, present));
        GNDP_LIBRARY(gndp_scores_add(scores, ensemble, truth, present));
    }
    for (int64_t i = 0; i < j->observed.n; i++) { /* of components that were left out somewhere */
        const int p = j->observed.row[i].component;
        if (j->reserved[j->observed.row[i].place] && j->scores.table[p].values == 0)
            GNDP_LIBRARY(gndp_scores_table(scores, p, &j->scores.table[p]));
    }
done:
    gndp_scores_free(scores);
    free(ensemble);
    free(truth);
    free(present);
    return code;
}

/* ---- Stations left out in turn -------------------------------------------------------------- */

/* Of each row, over the members drawn without its station. */
typedef struct tally {
    int64_t n;
    double mean, square;
} tally;

static void add_member(const gndp_infer_job *j, int c, const bool *out, const double *values, tally *tallies)
{
    const cli_observed *o = &j->observed;
    for (int64_t i = o->first[c]; i < o->first[c + 1]; i++) {
        const cli_observation *row = &o->row[i];
        if (!out[row->place] || j->reserved[row->place])
            continue;
        const double y = values[j->joint.point[row->place] * j->joint.components + row->component], off = y - tallies[i].mean;
        tallies[i].n++;
        tallies[i].mean += off / (double)tallies[i].n;
        tallies[i].square += off * (y - tallies[i].mean);
    }
}

static int check_fold(gndp_infer_job *j, int fold, const bool *out, int64_t members, tally *tallies)
{
    int code = GNDP_EXIT_DONE;
    const int64_t batch = j->sampling.batch;
    uint32_t *number = malloc((size_t)members * sizeof *number);
    if (number == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < members; i++)
        number[i] = (uint32_t)i;
    for (int c = 0; c < j->observed.n_cases; c++)
        for (int64_t first = 0; first < members; first += batch) {
            const int64_t n = members - first < batch ? members - first : batch;
            code = gndp_infer_draw(j, c, out, fold, n, number + first, j->block);
            if (code == GNDP_EXIT_INTERRUPTED)
                code = gp_stopped("while checking stations");
            if (code != GNDP_EXIT_DONE)
                goto done;
            for (int64_t i = 0; i < n; i++)
                add_member(j, c, out, j->block + i * j->joint.size, tallies);
        }
done:
    free(number);
    return code;
}

/* The value is one more draw of N(mean, sd^2) with mean and sd from M members: the mean's own error adds sd^2 / M. */
static void finish(gndp_infer_job *j, const tally *tallies)
{
    infer_checked *c = &j->checked;
    double sum = 0.0, square = 0.0;
    int64_t n = 0;
    for (int64_t i = 0; i < j->observed.n; i++) {
        const tally *t = &tallies[i];
        c->z[i] = c->mean[i] = c->sd[i] = (double)NAN;
        if (t->n < 2)
            continue;
        const double members = (double)t->n, variance = t->square / (members - 1.0) * (1.0 + 1.0 / members) + pow(j->observed.row[i].sd, 2);
        c->mean[i] = t->mean;
        c->sd[i] = sqrt(variance);
        c->z[i] = (j->observed.row[i].value - t->mean) / c->sd[i];
        sum += c->z[i];
        square += c->z[i] * c->z[i];
        n++;
    }
    c->bias = sum / (double)n;
    c->rms = sqrt(square / (double)n);
}

bool gndp_infer_flagged(const gndp_infer_job *j, int64_t place, int component, double *rms, int64_t *n)
{
    double square = 0.0, most = 0.0;
    *n = 0;
    for (int64_t i = 0; i < j->observed.n; i++) {
        const cli_observation *row = &j->observed.row[i];
        if (row->place != place || row->component != component || isnan(j->checked.z[i]))
            continue;
        square += j->checked.z[i] * j->checked.z[i];
        most = fmax(most, fabs(j->checked.z[i]));
        ++*n;
    }
    *rms = *n > 0 ? sqrt(square / (double)*n) : (double)NAN;
    return *n >= TIMES_OF_RMS ? *rms > far_rms : *n > 0 && most > far_z;
}

static void write_table(const gndp_infer_job *j)
{
    const cli_observed *o = &j->observed;
    FILE *file = j->table.file;
    const bool times = !isnan(o->time_s[0]);
    fputs(times ? "time," : "", file);
    for (int a = 0; a < o->columns; a++)
        if (o->space == GNDP_SPACE_SPHERE)
            fputs(a == 0 ? "lat," : "lon,", file);
        else
            fprintf(file, "x%d,", a + 1);
    fputs("variable,value,units,sigma,predicted,predicted_sd,z\n", file);
    for (int c = 0; c < o->n_cases; c++)
        for (int64_t i = o->first[c]; i < o->first[c + 1]; i++) {
            const cli_observation *row = &o->row[i];
            if (isnan(j->checked.z[i]))
                continue;
            if (times)
                fprintf(file, "%s,", cli_observed_time(o, c).text);
            for (int a = 0; a < o->columns; a++)
                fprintf(file, "%s,", gndp_csv_number_text(o->x[row->place * o->columns + a]).text);
            fprintf(file, "%s,%s,%s,%s,", o->name[row->component], gndp_csv_number_text(row->value).text, o->units[row->component],
                    row->sd > 0.0 ? gndp_csv_number_text(row->sd).text : "");
            fprintf(file, "%.6g,%.6g,%.4f\n", j->checked.mean[i], j->checked.sd[i], j->checked.z[i]);
        }
}

int64_t gndp_infer_folds(const gndp_infer_job *j)
{
    const int64_t stations = j->observed.n_places - j->n_reserved, wanted = j->s.folds > 0 ? j->s.folds : stations <= ALONE ? stations : USUAL_FOLDS;
    return wanted < stations ? wanted : stations;
}

int64_t gndp_infer_check_blocks(const gndp_infer_job *j)
{
    const int64_t members = j->s.check_members > 0 ? j->s.check_members : USUAL_CHECK_MEMBERS;
    return gndp_infer_folds(j) * j->observed.n_cases * ((members + j->sampling.batch - 1) / j->sampling.batch);
}

/* Places to folds at random, even in number; left out are those of the fold and those reserved. */
static int check_all(gndp_infer_job *j, tally *tallies)
{
    int code = GNDP_EXIT_DONE;
    const int64_t places = j->observed.n_places, members = j->s.check_members > 0 ? j->s.check_members : USUAL_CHECK_MEMBERS;
    int64_t *order = malloc((size_t)places * sizeof *order);
    bool *out = malloc((size_t)places * sizeof *out);
    if (order == NULL || out == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_choose(j->sampling.options.seed, 0, 0, STREAM_FOLDS, places, places, order));
    for (int64_t fold = 0; fold < j->checked.folds; fold++) {
        memcpy(out, j->reserved, (size_t)places * sizeof *out);
        for (int64_t i = 0, k = 0; i < places; i++)
            if (!j->reserved[order[i]] && k++ % j->checked.folds == fold)
                out[order[i]] = true;
        GNDP_STEP(check_fold(j, (int)fold, out, members, tallies));
    }
done:
    free(order);
    free(out);
    return code;
}

int gndp_infer_check(gndp_infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const size_t n = (size_t)j->observed.n;
    tally *tallies = calloc(n, sizeof *tallies);
    const double start = gp_seconds();
    gndp_progress_options shown = gndp_progress_options_default();
    shown.unit = "step";
    j->checked.folds = gndp_infer_folds(j);
    j->checked.mean = malloc(n * sizeof(double));
    j->checked.sd = malloc(n * sizeof(double));
    j->checked.z = malloc(n * sizeof(double));
    if (tallies == NULL || j->checked.mean == NULL || j->checked.sd == NULL || j->checked.z == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    if (j->checked.folds < 2) {
        code = gndp_failure("--check wants two stations or more");
        goto done;
    }
    j->blocks = 0;
    if (!j->s.quiet &&
        gndp_progress_create(&shown, "checking stations", gndp_infer_check_blocks(j) * j->method.options.steps, 0, &j->progress) != GNDP_OK)
        j->progress = NULL;
    GNDP_STEP(check_all(j, tallies));
    finish(j, tallies);
    for (int64_t place = 0; place < j->observed.n_places; place++)
        for (int p = 0; p < j->joint.components; p++) {
            double rms;
            int64_t times;
            j->checked.flagged += gndp_infer_flagged(j, place, p, &rms, &times);
        }
    write_table(j);
    j->check_seconds = gp_seconds() - start;
done:
    gndp_progress_free(j->progress);
    j->progress = NULL;
    free(tallies);
    return code;
}

void gndp_infer_scores_free(gndp_infer_job *j)
{
    free(j->scores.table);
    free(j->checked.mean);
    free(j->checked.sd);
    free(j->checked.z);
}
