// SPDX-License-Identifier: Apache-2.0
// Files of `gndp infer`: members, tables, statistics, and what they keep of the observations.
#include "cli/infer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ensemble.h"
#include "cli/usage.h"

enum {
    ATTRIBUTE_BYTES = 32000, /* HDF5 takes 64 KiB in one */
    ATTRIBUTES_MAX = 32,
    STATISTICS = 5
};
static const double quantiles[] = {0.1, 0.5, 0.9};

bool gndp_infer_is(const char *path, const char *end)
{
    const size_t n = path != NULL ? strlen(path) : 0, m = strlen(end);
    return n > m && strcmp(path + n - m, end) == 0;
}

/* ---- Files of members ----------------------------------------------------------------------- */

static void seed_text(const gndp_infer_job *j, char text[24])
{
    snprintf(text, 24, "%llu", (unsigned long long)j->sampling.options.seed);
}

static gndp_field_file file_of(const gndp_infer_job *j)
{
    const gndp_fieldset_spec *spec = gndp_model_fields(j->model);
    return (gndp_field_file){.coords = j->target.coords,
                             .n_channels = spec->n_channels,
                             .channel = spec->channel,
                             .calendar = j->observed.calendar,
                             .n_times = j->observed.n_cases,
                             .time_s = isnan(j->observed.time_s[0]) ? NULL : j->observed.time_s,
                             .reference_time_s = (double)NAN,
                             .n_attributes = spec->n_attributes,
                             .attribute = spec->attribute};
}

/* What members follow from, as texts of attributes. */
typedef struct identity {
    char seed[24], method[848], observations[17];
    const char *pair[8];
} identity;

static void identify(const gndp_infer_job *j, identity *id)
{
    seed_text(j, id->seed);
    snprintf(id->method, sizeof id->method, "%s, blocks of %lld%s", j->method.text, (long long)j->sampling.batch, j->sampling.bf16 ? ", bf16" : "");
    cli_observed_hash(&j->observed, j->reserved, j->area_text, id->observations);
    const char *const pairs[] = {"gndp_model", gndp_model_hash(j->model), "gndp_seed", id->seed, "gndp_method", id->method, "gndp_observations_hash",
                                 id->observations};
    memcpy(id->pair, pairs, sizeof id->pair);
}

static gndp_write_options write_options(const gndp_infer_job *j, const identity *id)
{
    gndp_write_options options = gndp_write_options_default();
    options.overwrite = j->s.overwrite;
    options.f64 = j->s.f64;
    options.keep_bits = (int)j->s.keep_bits;
    options.history = j->history;
    options.identity = id->pair;
    options.n_identity = 4;
    return options;
}

static int open_members(gndp_infer_job *j, const gndp_logger *log)
{
    int code = GNDP_EXIT_DONE;
    identity id;
    gndp_field_file file = file_of(j);
    int64_t *member = malloc((size_t)j->members.n * sizeof *member);
    if (member == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < j->members.n; i++)
        member[i] = j->members.number[i];
    identify(j, &id);
    file.n_members = j->members.n;
    file.member = member;
    gndp_write_options options = write_options(j, &id);
    options.resume = true;
    options.log = log;
    GNDP_LIBRARY(gndp_field_writer_create(j->s.output, &file, &options, &j->writer));
done:
    free(member);
    return code;
}

/* ---- Attributes ----------------------------------------------------------------------------- */

/* A long text as gndp_NAME, gndp_NAME_2, .., cut between lines. */
static int put_text(gndp_field_writer *writer, const char *name, const char *text)
{
    int code = GNDP_EXIT_DONE;
    char *piece = malloc(ATTRIBUTE_BYTES + 1), full[64];
    size_t left = strlen(text);
    if (piece == NULL)
        return gndp_failure_memory();
    if (left > (size_t)ATTRIBUTE_BYTES * ATTRIBUTES_MAX) {
        gndp_note("%s: %zu bytes of observations are too many to be kept in the file", name, left);
        goto done;
    }
    for (int k = 1; left > 0; k++) {
        size_t n = left < ATTRIBUTE_BYTES ? left : ATTRIBUTE_BYTES;
        while (n < left && n > 1 && text[n - 1] != '\n')
            n--;
        memcpy(piece, text, n);
        piece[n] = '\0';
        if (k == 1)
            snprintf(full, sizeof full, "%s", name);
        else
            snprintf(full, sizeof full, "%s_%d", name, k);
        GNDP_LIBRARY(gndp_field_writer_attribute(writer, full, piece));
        text += n;
        left -= n;
    }
done:
    free(piece);
    return code;
}

static int put_observations(const gndp_infer_job *j, gndp_field_writer *writer)
{
    int code = GNDP_EXIT_DONE;
    char *used = cli_observed_text(&j->observed, j->reserved, false), *reserved = cli_observed_text(&j->observed, j->reserved, true);
    if (used == NULL || reserved == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(put_text(writer, "gndp_observations", used));
    if (j->n_reserved > 0)
        GNDP_STEP(put_text(writer, "gndp_reserved", reserved));
    if (j->area_text != NULL)
        GNDP_STEP(put_text(writer, "gndp_areas", j->area_text));
done:
    free(used);
    free(reserved);
    return code;
}

static int put_scores(const gndp_infer_job *j, gndp_field_writer *writer)
{
    int code = GNDP_EXIT_DONE;
    const infer_scores *s = &j->scores;
    for (int p = 0; p < j->joint.components && s->table != NULL; p++) {
        const gndp_score_table *t = &s->table[p];
        char name[96], text[320];
        if (t->values == 0)
            continue;
        snprintf(name, sizeof name, "gndp_reserved_scores_%s", j->observed.name[p]);
        snprintf(text, sizeof text, "rmse %.6g, bias %.6g, crps_fair %.6g, spread %.6g, coverage of 90 %% %.6g %% of %lld values at %lld stations left out, %lld members",
                 t->rmse.value, t->bias.value, t->crps_fair.value, t->spread.value, 100.0 * t->coverage[1].value, (long long)t->values,
                 (long long)s->places, (long long)s->members);
        GNDP_LIBRARY(gndp_field_writer_attribute(writer, name, text));
    }
    if (j->checked.z != NULL) {
        char text[200];
        snprintf(text, sizeof text, "%lld groups of stations left out in turn: root mean square z %.4g, mean %.4g, %lld flagged", (long long)j->checked.folds,
                 j->checked.rms, j->checked.bias, (long long)j->checked.flagged);
        GNDP_LIBRARY(gndp_field_writer_attribute(writer, "gndp_check", text));
    }
done:
    return code;
}

static int put_attributes(const gndp_infer_job *j, gndp_field_writer *writer)
{
    int code = GNDP_EXIT_DONE;
    double error;
    const double evidence = gndp_infer_log_evidence(j, &error);
    GNDP_LIBRARY(gndp_field_writer_attribute(writer, "gndp_data", j->observed.path));
    if (j->drawn_fields > 0.0)
        GNDP_LIBRARY(gndp_field_writer_number(writer, "gndp_evaluations", j->evaluations / j->drawn_fields));
    if (isfinite(evidence)) {
        GNDP_LIBRARY(gndp_field_writer_number(writer, "gndp_log_evidence", evidence));
        if (isfinite(error))
            GNDP_LIBRARY(gndp_field_writer_number(writer, "gndp_log_evidence_error", error));
    }
    GNDP_STEP(put_scores(j, writer));
    GNDP_STEP(put_observations(j, writer));
done:
    return code;
}

/* ---- Statistics ----------------------------------------------------------------------------- */

static void make_mean(const gndp_channel *from, gndp_channel *to)
{
    *to = *from;
    snprintf(to->name, sizeof to->name, "%.55s_mean", from->name);
    snprintf(to->cell_methods, sizeof to->cell_methods, "realization: mean");
    for (int p = 0; p < to->parts; p++)
        snprintf(to->part[p].name, sizeof to->part[p].name, "%.55s_mean", from->part[p].name);
}

/* A number of one component that is no value of the field any more: without its standard name. */
static gndp_channel make_other(const gndp_channel *from, int part, int statistic)
{
    static const char *const tails[] = {"mean", "std", "p10", "p50", "p90"};
    static const char *const words[] = {"mean", "standard deviation", "10th percentile", "median", "90th percentile"};
    char name[64];
    snprintf(name, sizeof name, "%.55s_%s", from->part[part].name, tails[statistic]);
    gndp_channel out = gndp_channel_scalar(name, from->units);
    snprintf(out.part[0].long_name, sizeof out.part[0].long_name, "%s of %.90s over members", words[statistic],
             from->part[part].long_name[0] != '\0' ? from->part[part].long_name : from->part[part].name);
    if (statistic == 1)
        snprintf(out.cell_methods, sizeof out.cell_methods, "realization: standard_deviation");
    else if (statistic == 3)
        snprintf(out.cell_methods, sizeof out.cell_methods, "realization: median");
    return out;
}

/* Means first, vectors as vectors; then deviations and quantiles of each component. */
static int open_stats(gndp_infer_job *j)
{
    int code = GNDP_EXIT_DONE, n = 0;
    const gndp_fieldset_spec *spec = gndp_model_fields(j->model);
    identity id;
    gndp_field_file file = file_of(j);
    gndp_channel *channel = calloc((size_t)(STATISTICS * j->joint.components), sizeof *channel);
    if (channel == NULL)
        return gndp_failure_memory();
    for (int c = 0; c < spec->n_channels; c++) {
        if (spec->channel[c].kind == GNDP_CHANNEL_SPHERE) {
            code = gndp_failure("--stats: values of '%s' are points of the sphere, which have no quantiles", spec->channel[c].name);
            goto done;
        }
        make_mean(&spec->channel[c], &channel[n++]);
    }
    for (int k = 1; k < STATISTICS; k++)
        for (int c = 0; c < spec->n_channels; c++)
            for (int p = 0; p < spec->channel[c].parts; p++)
                channel[n++] = make_other(&spec->channel[c], p, k);
    file.n_channels = n;
    file.channel = channel;
    identify(j, &id);
    const gndp_write_options options = write_options(j, &id);
    GNDP_LIBRARY(gndp_field_writer_create(j->s.stats, &file, &options, &j->stats));
done:
    free(channel);
    return code;
}

/* All statistics of one value over the members, sorted in place. */
static void summarise(int64_t m, double *x, double out[STATISTICS])
{
    double mean = 0.0, square = 0.0;
    for (int64_t i = 0; i < m; i++)
        mean += x[i] / (double)m;
    for (int64_t i = 0; i < m; i++)
        square += (x[i] - mean) * (x[i] - mean);
    cli_sort(m, x);
    out[0] = mean;
    out[1] = m > 1 ? sqrt(square / (double)(m - 1)) : 0.0;
    for (int k = 2; k < STATISTICS; k++) { /* at q (M + 1): the truth, one more draw, lies below with probability q */
        const double at = fmin(fmax(quantiles[k - 2] * (double)(m + 1) - 1.0, 0.0), (double)(m - 1));
        const int64_t i = (int64_t)at < m - 1 ? (int64_t)at : m - 1, next = i < m - 1 ? i + 1 : i;
        out[k] = x[i] + (at - (double)i) * (x[next] - x[i]);
    }
}

int gndp_infer_stats(gndp_infer_job *j, int c, const double *values)
{
    int code = GNDP_EXIT_DONE;
    const int P = j->joint.components;
    const int64_t N = j->joint.targets, size = N * P, M = j->members.n;
    double *x = malloc((size_t)M * sizeof *x), *out = malloc((size_t)(STATISTICS * size) * sizeof *out), s[STATISTICS];
    if (x == NULL || out == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < size; i++) {
        for (int64_t m = 0; m < M; m++)
            x[m] = values[m * size + i];
        summarise(M, x, s);
        for (int k = 0; k < STATISTICS; k++)
            out[(i / P * STATISTICS + k) * P + i % P] = s[k];
    }
    GNDP_LIBRARY(gndp_field_writer_put(j->stats, c, 0, out, NULL));
done:
    free(x);
    free(out);
    return code;
}

/* From the file of members that was just written: also what an earlier run wrote into it. */
static int stats_of_file(gndp_infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const gndp_read_options options = gndp_read_options_default();
    const int64_t M = j->members.n, size = j->joint.targets * j->joint.components;
    gndp_fieldset *set = NULL;
    double *values = malloc((size_t)(M * size) * sizeof *values);
    int64_t *field = malloc((size_t)M * sizeof *field);
    if (values == NULL || field == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_netcdf_open(&j->s.output, 1, &options, &set));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    for (int c = 0; c < j->observed.n_cases; c++) {
        int64_t n = 0;
        const double time_s = j->observed.time_s[c];
        for (int64_t f = 0; f < spec->n_fields && n < M; f++)
            if (isnan(time_s) || fabs(spec->label[f].time_s - time_s) < 0.5)
                field[n++] = f;
        if (n != M) {
            code = gndp_failure("%s: %lld members where %lld were written", j->s.output, (long long)n, (long long)M);
            goto done;
        }
        for (int64_t m = 0; m < M; m++)
            GNDP_LIBRARY(gndp_fieldset_read(set, 1, &field[m], j->joint.targets, NULL, values + m * size, NULL));
        GNDP_STEP(gndp_infer_stats(j, c, values));
    }
done:
    gndp_fieldset_free(set);
    free(values);
    free(field);
    return code;
}

/* ---- Beginning and end -------------------------------------------------------------------------------- */

int gndp_infer_open(gndp_infer_job *j, const gndp_logger *log)
{
    int code = GNDP_EXIT_DONE;
    if (j->s.stats != NULL)
        GNDP_STEP(open_stats(j)); /* known before the work: whether it can be written */
    if (gndp_infer_is(j->s.output, ".nc"))
        GNDP_STEP(open_members(j, log));
    else if (j->s.output != NULL)
        GNDP_STEP(gndp_output_open(j->s.output, j->s.overwrite, &j->csv));
    if (j->s.check != NULL)
        GNDP_STEP(gndp_output_open(j->s.check, j->s.overwrite, &j->table));
done:
    return code;
}

int gndp_infer_close(gndp_infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    if (j->csv.file != NULL)
        GNDP_STEP(cli_ensemble_write(j->csv.file, &j->target.coords, gndp_model_fields(j->model), j->members.n, j->members.number, j->kept));
    if (j->writer != NULL) {
        GNDP_STEP(put_attributes(j, j->writer));
        GNDP_LIBRARY(gndp_field_writer_commit(j->writer));
        if (j->stats != NULL)
            GNDP_STEP(stats_of_file(j));
    }
    if (j->stats != NULL) {
        GNDP_STEP(put_attributes(j, j->stats));
        GNDP_LIBRARY(gndp_field_writer_commit(j->stats));
    }
    GNDP_STEP(gndp_output_commit(&j->csv));
    GNDP_STEP(gndp_output_commit(&j->table));
done:
    return code;
}
