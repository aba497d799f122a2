// SPDX-License-Identifier: Apache-2.0
// `gndp sample`: new fields from a trained model.
#include "cli/sample.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/gndp.h>

#include "cli/ensemble.h"
#include "cli/gp_common.h"
#include "cli/history.h"
#include "cli/members.h"
#include "cli/output.h"
#include "cli/sampling.h"
#include "cli/sample_tracks.h"
#include "cli/target.h"
#include "cli/usage.h"

const char gndp_sample_text[] =
    "usage: gndp sample MODEL.nc [-n N] [POINTS] -o OUT.nc [OPTION]...\n"
    "\n"
    "Draw new fields from a trained model. Without POINTS they are on the points of the training; a model is a\n"
    "law of functions, so other points are as good: --like FILE.nc takes those of a file, --grid, --line,\n"
    "--plane, --points name others.\n"
    "\n"
    "OUT.nc is CF-1.8 with dimensions time, realization and the grid's; OUT.csv a table, one row a point. Member\n"
    "k is a function of model, points, sampler, --seed and k alone: redraw any of them by --members, bit for bit\n"
    "with the same number of threads and the same --batch, to rounding otherwise. A NetCDF output that was\n"
    "interrupted goes on where it was when the same command is given again.\n";

const char gndp_sample_examples[] =
    "Examples:\n"
    "  gndp sample run/model.nc -n 16 -o members.nc\n"
    "  gndp sample run/model.nc --members 3,17 --like coarse.nc -o two.nc\n"
    "  gndp sample run-se/model.nc -n 5 --line -2:2:100 --sampler heun --steps 50 -o curves.csv\n";

typedef struct settings {
    const char *output, *members;
    gndp_place_options target;
    gndp_sampling_options sampling;
    int64_t n, threads, keep_bits;
    bool overwrite, json, quiet, verbose, f64, help;
} settings;

#define OPTION(name_, brief_, argument_, kind_, field_, text_)                                                                                 \
    {                                                                                                                                          \
        .name = (name_), .brief = (brief_), .argument = (argument_), .kind = (kind_), .offset = offsetof(settings, field_), .text = (text_)    \
    }
#define COUNT(name_, brief_, field_, low_, high_, text_)                                                                                       \
    {                                                                                                                                          \
        .name = (name_), .brief = (brief_), .argument = "N", .kind = GNDP_OPTION_INTEGER, .offset = offsetof(settings, field_),                \
        .low = (low_), .high = (high_), .text = (text_)                                                                                        \
    }

const gndp_option gndp_sample_table[] = {
    COUNT("number", 'n', n, 0, 4294967295.0, "draw members 0 .. N-1, default 1"),
    OPTION("members", 0, "LIST", GNDP_OPTION_TEXT, members, "draw these, such as 0-15,42"),
    OPTION("output", 'o', "OUT", GNDP_OPTION_TEXT, output, "OUT.nc or OUT.csv"),
    OPTION("overwrite", 'O', NULL, GNDP_OPTION_SWITCH, overwrite, "replace an output file that exists"),
    OPTION("like", 0, "FILE.nc", GNDP_OPTION_TEXT, target.like, "the points of the fields of this file"),
    OPTION("grid", 0, "rNXxNY", GNDP_OPTION_TEXT, target.grid, "the sphere: NX longitudes from 0, NY latitudes (CDO's r360x180)"),
    OPTION("poles", 0, NULL, GNDP_OPTION_SWITCH, target.poles, "with --grid: latitudes from pole to pole"),
    OPTION("line", 0, "A:B:N", GNDP_OPTION_TEXT, target.line, "N points from A to B"),
    OPTION("plane", 0, "A:B:N[,C:D:M]", GNDP_OPTION_TEXT, target.plane, "every pair of two such axes"),
    OPTION("scatter", 0, "A:B[,C:D]:N", GNDP_OPTION_TEXT, target.scatter, "N random points; sphere:N on the sphere"),
    OPTION("points", 0, "FILE.csv", GNDP_OPTION_TEXT, target.points, "columns x1, x2, .. or lat, lon (degrees)"),
    OPTION("sampler", 0, "NAME", GNDP_OPTION_TEXT, sampling.sampler,
           "em, em_b, exponential, ancestral (stochastic); euler_ode, heun,\nmultistep2, adaptive, .. (probability flow); default: the model's"),
    OPTION("time-grid", 0, "NAME", GNDP_OPTION_TEXT, sampling.grid, "steps uniform in time, root (of B) or lambda (log signal to noise)"),
    COUNT("steps", 0, sampling.steps, 1, 1000000, "steps from noise to field"),
    COUNT("corrector", 0, sampling.corrector, 0, 1000000, "Langevin steps after each"),
    OPTION("seed", 0, "N", GNDP_OPTION_TEXT, sampling.seed, "of all members; default: the model's sample.seed"),
    COUNT("batch", 0, sampling.batch, 1, 65536, "members computed together; default: the model's sample.batch"),
    OPTION("f32", 0, NULL, GNDP_OPTION_SWITCH, sampling.f32, "network in f32, even if the model's sample.precision is bf16"),
    OPTION("f64", 0, NULL, GNDP_OPTION_SWITCH, f64, "values as double; default float"),
    COUNT("keep-bits", 0, keep_bits, 1, 52, "round the mantissa to N bits for smaller files; the file says so"),
    COUNT("threads", 0, threads, 0, 4096, "default: one per processor, or OMP_NUM_THREADS"),
    OPTION("json", 0, NULL, GNDP_OPTION_SWITCH, json, "one JSON object on standard output"),
    OPTION("quiet", 'q', NULL, GNDP_OPTION_SWITCH, quiet, "no report, notes or progress; errors are still told"),
    OPTION("verbose", 'v', NULL, GNDP_OPTION_SWITCH, verbose, "more: timing, where an error came from"),
    OPTION("help", 'h', NULL, GNDP_OPTION_SWITCH, help, "this text"),
    {0}};

typedef struct job {
    settings s;
    gndp_model *model;
    cli_target target;
    gndp_members members;
    gndp_sampling sampling;
    gndp_generator *generator;
    gndp_field_writer *writer; /* OUT.nc */
    gndp_output csv;           /* OUT.csv */
    double *values;            /* [members, N, P] for a table, [batch, N, P] for NetCDF */
    int64_t size;              /* N P */
    int64_t *todo;             /* [n_todo] places in the list of members: those that a resumed file lacks */
    int64_t n_todo, done;
    gndp_progress *progress;
    int64_t blocks, steps;     /* blocks begun, steps of the present one */
    double seconds;
} job;

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ---- Output --------------------------------------------------------------------------------- */

static int open_netcdf(job *j, const gndp_logger *log, int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_model_fields(j->model);
    char seed[24];
    char *history = cli_history("sample", argc, argv);
    int64_t *member = malloc((size_t)j->members.n * sizeof *member);
    if (member == NULL || history == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < j->members.n; i++)
        member[i] = j->members.number[i];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)j->sampling.options.seed);
    const char *const identity[] = {"gndp_model", gndp_model_hash(j->model), "gndp_seed", seed, "gndp_sampler", j->sampling.text};
    const gndp_field_file file = {.coords = j->target.coords, .n_channels = spec->n_channels, .channel = spec->channel, .calendar = spec->calendar,
                                  .n_times = 1, .reference_time_s = (double)NAN, .n_members = j->members.n, .member = member,
                                  .n_attributes = spec->n_attributes, .attribute = spec->attribute};
    gndp_write_options options = gndp_write_options_default();
    options.overwrite = j->s.overwrite;
    options.resume = true;
    options.f64 = j->s.f64;
    options.keep_bits = (int)j->s.keep_bits;
    options.history = history;
    options.log = log;
    options.identity = identity;
    options.n_identity = 3;
    GNDP_LIBRARY(gndp_field_writer_create(j->s.output, &file, &options, &j->writer));
done:
    free(member);
    free(history);
    return code;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

/* Asked once a step: also what moves the progress. */
static bool stop_asked(void *state)
{
    job *j = state;
    const int64_t most = j->sampling.options.steps;
    j->steps = j->steps < most ? j->steps + 1 : most; /* adaptive ones may take more */
    gndp_progress_update(j->progress, (j->blocks - 1) * most + j->steps, NULL);
    return gp_interrupted();
}

static int put_block(job *j, int64_t first, int64_t n)
{
    int code = GNDP_EXIT_DONE;
    for (int64_t i = 0; i < n && j->writer != NULL; i++) {
        GNDP_LIBRARY(gndp_field_writer_put(j->writer, 0, j->todo[first + i], j->values + i * j->size, NULL));
        GNDP_LIBRARY(gndp_field_writer_member_done(j->writer, j->todo[first + i]));
    }
done:
    return code;
}

static int list_todo(job *j)
{
    j->todo = malloc((size_t)j->members.n * sizeof *j->todo);
    if (j->todo == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < j->members.n; i++)
        if (j->writer == NULL || !gndp_field_writer_has(j->writer, i))
            j->todo[j->n_todo++] = i;
    if (j->n_todo < j->members.n && !j->s.quiet)
        gndp_note("%s.part holds %lld of %lld members already", j->s.output, (long long)(j->members.n - j->n_todo), (long long)j->members.n);
    return GNDP_EXIT_DONE;
}

static int stopped(const job *j, int64_t held)
{
    if (j->writer == NULL || held == 0)
        gndp_failure("interrupted after %lld of %lld members; nothing was written", (long long)held, (long long)j->members.n);
    else
        gndp_failure("interrupted; %s.part holds %lld of %lld members, and the same command goes on with it", j->s.output, (long long)held,
                     (long long)j->members.n);
    return GNDP_EXIT_INTERRUPTED;
}

/* Members [n] of the list of those to do, from `first`. */
static int draw_block(job *j, const gndp_sampler_options *options, int64_t first, int64_t n)
{
    int code = GNDP_EXIT_DONE;
    uint32_t *number = malloc((size_t)n * sizeof *number);
    if (number == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < n; i++)
        number[i] = j->members.number[j->todo[first + i]];
    j->blocks++;
    j->steps = 0;
    double *to = j->values + (j->writer != NULL ? 0 : first * j->size);
    const gndp_status st = gndp_generator_sample(j->generator, options, n, number, to);
    if (st == GNDP_ERR_INTERRUPTED) {
        code = stopped(j, j->members.n - j->n_todo + first);
        goto done;
    }
    GNDP_LIBRARY(st);
    GNDP_STEP(put_block(j, first, n));
    j->done += n;
done:
    free(number);
    return code;
}

static int draw(job *j)
{
    int code = GNDP_EXIT_DONE;
    const int64_t batch = j->sampling.batch, blocks = (j->n_todo + batch - 1) / batch;
    const double start = gp_seconds();
    gndp_sampler_options options = j->sampling.options;
    options.stop = stop_asked;
    options.stop_state = j;
    gndp_progress_options shown = gndp_progress_options_default();
    shown.unit = "step";
    if (!j->s.quiet && blocks > 0 && gndp_progress_create(&shown, "sampling", blocks * options.steps, 0, &j->progress) != GNDP_OK)
        j->progress = NULL; /* the work goes on without */
    const int64_t held = j->writer != NULL ? batch : j->members.n;
    j->values = malloc((size_t)(held * j->size) * sizeof *j->values);
    if (j->values == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t first = 0; first < j->n_todo; first += batch)
        GNDP_STEP(draw_block(j, &options, first, j->n_todo - first < batch ? j->n_todo - first : batch));
    j->seconds = gp_seconds() - start;
done:
    gndp_progress_free(j->progress);
    j->progress = NULL;
    return code;
}

static int report(const job *j)
{
    const int64_t evaluations = gndp_evaluator_count(gndp_generator_evaluator(j->generator));
    if (j->s.json)
        return gp_json_write(json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:s, s:I, s:f}", "command", "sample", "output", j->s.output, "model",
                                       gndp_model_hash(j->model), "seed", gp_json_seed(j->sampling.options.seed), "members", (json_int_t)j->members.n, "points",
                                       (json_int_t)j->target.coords.n, "sampler", j->sampling.text, "evaluations", (json_int_t)evaluations,
                                       "seconds", j->seconds));
    if (j->s.quiet)
        return GNDP_EXIT_DONE;
    printf("points   %s\n", j->target.text);
    printf("sampler  %s\n", j->sampling.text);
    if (j->done > 0)
        printf("cost     %lld network evaluations a member, %.3g s\n", (long long)(evaluations / j->done), j->seconds / (double)j->done);
    printf("wrote    %s: %lld members in %s\n", j->s.output, (long long)j->members.n, gndp_duration_text(j->seconds).text);
    return GNDP_EXIT_DONE;
}

static int run(job *j, const char *const *words, int n_words, int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    const gndp_logger log = {.sink = gndp_log_sink_text, .state = stderr, .level = j->s.quiet ? GNDP_LOG_ERROR : GNDP_LOG_INFO};
    if (n_words != 1)
        return gndp_usage_error("sample wants one model, MODEL.nc");
    if (j->s.output == NULL || !(ends_with(j->s.output, ".nc") || ends_with(j->s.output, ".csv")))
        return gndp_usage_error("-o wants OUT.nc or OUT.csv");
    GNDP_STEP(gndp_members_make(j->s.n, j->s.members, 1, &j->members));
    if (j->members.n == 0)
        return gndp_usage_error("-n wants at least 1");
    GNDP_LIBRARY(gndp_model_read(words[0], &j->model));
    GNDP_STEP(gndp_sampling_make(&j->s.sampling, j->model, &j->sampling));
    if (cli_model_is_of_tracks(j->model)) {
        if (j->s.f64 || j->s.keep_bits > 0 || j->s.json)
            return gndp_usage_error("--f64, --keep-bits and --json are for fields; tracks are written as double, and told in words");
        char *history = cli_history("sample", argc, argv);
        const sample_tracks_options tracks = {.place = &j->s.target, .members = &j->members, .sampling = &j->sampling, .output = j->s.output,
                                              .history = history, .overwrite = j->s.overwrite, .quiet = j->s.quiet};
        code = history != NULL ? cli_sample_tracks(j->model, &tracks) : gndp_failure_memory();
        free(history);
        goto done;
    }
    GNDP_STEP(cli_target_make(&j->s.target, j->model, j->sampling.options.seed, &j->target));
    j->size = j->target.coords.n * gndp_model_components(j->model);
    if (ends_with(j->s.output, ".nc"))
        GNDP_STEP(open_netcdf(j, &log, argc, argv));
    else
        GNDP_STEP(gndp_output_open(j->s.output, j->s.overwrite, &j->csv));
    GNDP_STEP(list_todo(j));
    gp_interruptible();
    GNDP_LIBRARY(gndp_generator_create(j->model, &j->target.coords, j->sampling.batch, j->sampling.bf16, NULL, &j->generator));
    GNDP_STEP(draw(j));
    if (j->writer != NULL)
        GNDP_LIBRARY(gndp_field_writer_commit(j->writer));
    else
        GNDP_STEP(cli_ensemble_write(j->csv.file, &j->target.coords, gndp_model_fields(j->model), j->members.n, j->members.number, j->values));
    GNDP_STEP(gndp_output_commit(&j->csv));
    GNDP_STEP(report(j));
done:
    return code;
}

int gndp_sample_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    job j = {.s = {.n = -1, .sampling = {.corrector = -1}}};
    const char *const *words = NULL;
    int n_words = 0;
    gndp_usage_of("sample");
    GNDP_STEP(gndp_options_read_words(gndp_sample_table, argc, argv, &j.s, &words, &n_words));
    gndp_failure_verbose(j.s.verbose);
    if (j.s.threads > 0)
        GNDP_LIBRARY(gndp_threads_set((int)j.s.threads));
    code = run(&j, words, n_words, argc, argv);
done:
    gndp_field_writer_free(j.writer, j.done > 0 || j.n_todo < j.members.n); /* hours of work are not thrown away for a full disk */
    gndp_output_close(&j.csv);
    gndp_generator_free(j.generator);
    cli_target_free(&j.target);
    gndp_members_free(&j.members);
    gndp_model_free(j.model);
    free(j.values);
    free(j.todo);
    return code;
}
