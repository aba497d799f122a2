// SPDX-License-Identifier: Apache-2.0
// `gndp train`: a model from a configuration and its data.
#include "cli/train.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gndp/gndp.h>

#include "cli/dataset.h"
#include "cli/gp_common.h"
#include "cli/plot.h"
#include "cli/usage.h"

const char gndp_train_text[] =
    "usage: gndp train CONFIG.yaml [DATA.nc]... [OPTION]...\n"
    "\n"
    "Train a generative model on a set of fields. CONFIG.yaml says everything; files named behind it take the\n"
    "place of data.files, and --set changes single keys. Beginning with an empty configuration is fine: every\n"
    "key has a default, and --keys lists them with their units.\n"
    "\n"
    "The run folder (output.folder) holds config.yaml as resolved, last.nc to go on from, log.jsonl, metrics.csv\n"
    "and, when training ends, model.nc for sample and eval and plots/loss.png. Ctrl-C, or a kill at any moment,\n"
    "loses no more than the steps since last.nc: --resume goes on, and ends with the same bits as a run that was never stopped (with\n"
    "the same number of threads). Then the data must be the same; of the configuration only train.steps,\n"
    "train.max_minutes, how often is validated and checkpointed, and sample, infer, likelihood and output may change.\n";

const char gndp_train_examples[] =
    "Examples:\n"
    "  gndp train examples/regression_se.yaml --set output.folder=run-se\n"
    "  gndp train examples/era5_uk_t2m.yaml era5_t2m_uk_2019-03.nc --dry-run\n"
    "  gndp train run-se/config.yaml --resume\n";

typedef struct settings {
    gndp_option_texts set;
    bool resume, dry_run, keys, json, quiet, verbose, overwrite, help;
    int64_t threads;
    const char *output;
} settings;

#define OPTION(name_, brief_, argument_, kind_, field_, text_)                                                                                 \
    {                                                                                                                                          \
        .name = (name_), .brief = (brief_), .argument = (argument_), .kind = (kind_), .offset = offsetof(settings, field_), .text = (text_)    \
    }

const gndp_option gndp_train_table[] = {
    OPTION("set", 0, "KEY=VALUE", GNDP_OPTION_TEXTS, set, "change a key, such as train.steps=1000; may be given several times"),
    OPTION("output", 'o', "FOLDER", GNDP_OPTION_TEXT, output, "the run folder, instead of output.folder"),
    OPTION("resume", 0, NULL, GNDP_OPTION_SWITCH, resume, "go on from last.nc of the run folder, if it is there"),
    OPTION("overwrite", 'O', NULL, GNDP_OPTION_SWITCH, overwrite, "begin anew in a run folder that has a model or checkpoint"),
    OPTION("dry-run", 0, NULL, GNDP_OPTION_SWITCH, dry_run, "say parameters, memory and time, train nothing"),
    OPTION("keys", 0, NULL, GNDP_OPTION_SWITCH, keys,
           "print the resolved configuration with all keys, units and texts;\nwithout CONFIG.yaml all defaults"),
    {.name = "threads", .argument = "N", .kind = GNDP_OPTION_INTEGER, .offset = offsetof(settings, threads), .low = 0, .high = 4096,
     .text = "default: one per processor, or OMP_NUM_THREADS"},
    OPTION("json", 0, NULL, GNDP_OPTION_SWITCH, json, "one JSON object on standard output"),
    OPTION("quiet", 'q', NULL, GNDP_OPTION_SWITCH, quiet, "no report, notes or progress; errors are still told"),
    OPTION("verbose", 'v', NULL, GNDP_OPTION_SWITCH, verbose, "more: notes on data, where an error came from"),
    OPTION("help", 'h', NULL, GNDP_OPTION_SWITCH, help, "this text"),
    {0}};

typedef struct job {
    settings s;
    gndp_config *config;
    gndp_dataset data;
    gndp_model *model;
    char *folder, *last, *finished;
    int64_t steps;
    gndp_train_report report; /* the last one of this run */
} job;

/* ---- Configuration -------------------------------------------------------------------------- */

static char *path_in(const char *folder, const char *name)
{
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    if (path != NULL)
        sprintf(path, "%s/%s", folder, name);
    return path;
}

/* Set a key to texts, quoted for YAML: "key=['it''s', 'b']", or without brackets where `list` is not set. */
static int set_texts(gndp_config *config, const char *key, bool list, int n, const char *const *text)
{
    int code = GNDP_EXIT_DONE;
    size_t bytes = strlen(key) + 4;
    for (int i = 0; i < n; i++)
        bytes += 2 * strlen(text[i]) + 4;
    char *line = malloc(bytes), *to = line;
    if (line == NULL)
        return gndp_failure_memory();
    to += sprintf(to, "%s=%s", key, list ? "[" : "");
    for (int i = 0; i < n; i++) {
        to += sprintf(to, i > 0 ? ", '" : "'");
        for (const char *c = text[i]; *c != '\0'; c++) {
            if (*c == '\'')
                *to++ = '\'';
            *to++ = *c;
        }
        *to++ = '\'';
    }
    strcpy(to, list ? "]" : "");
    GNDP_LIBRARY(gndp_config_set(config, line));
done:
    free(line);
    return code;
}

/* Files and folder of the command line become part of the configuration, so that config.yaml and the model tell what was done. */
static int read_config(job *j, const char *path, const char *const *files, int n_files)
{
    int code = GNDP_EXIT_DONE;
    const char *folder, *source;
    GNDP_LIBRARY(path != NULL ? gndp_config_read(path, &j->config) : gndp_config_parse("", "defaults", &j->config));
    for (int i = 0; i < j->s.set.n; i++)
        GNDP_LIBRARY(gndp_config_set(j->config, j->s.set.text[i]));
    if (n_files > 0)
        GNDP_STEP(set_texts(j->config, "data.files", true, n_files, files));
    GNDP_LIBRARY(gndp_config_text(j->config, "data.source", &source));
    if (n_files > 0 && strcmp(source, "generator") == 0)
        GNDP_LIBRARY(gndp_config_set(j->config, "data.source=files"));
    if (j->s.output != NULL)
        GNDP_STEP(set_texts(j->config, "output.folder", false, 1, &j->s.output));
    GNDP_LIBRARY(gndp_config_text(j->config, "output.folder", &folder));
    j->folder = strdup(folder);
    if (j->folder == NULL)
        return gndp_failure_memory();
    j->last = path_in(j->folder, "last.nc");
    j->finished = path_in(j->folder, "model.nc");
    if (j->last == NULL || j->finished == NULL)
        return gndp_failure_memory();
done:
    return code;
}

static int print_config(const job *j)
{
    const size_t bytes = gndp_config_print(j->config, NULL, 0) + 1;
    char *text = malloc(bytes);
    if (text == NULL)
        return gndp_failure_memory();
    gndp_config_print(j->config, text, bytes);
    fputs(text, stdout);
    free(text);
    return GNDP_EXIT_DONE;
}

/* ---- The model ------------------------------------------------------------------------------ */

static int resume(job *j)
{
    int code = GNDP_EXIT_DONE;
    char changed[512] = "";
    GNDP_LIBRARY(gndp_model_read(j->last, &j->model));
    GNDP_LIBRARY(gndp_model_reconfigure(j->model, j->config, changed, sizeof changed));
    if (!j->s.quiet)
        gndp_note("going on from %s, step %lld%s%s", j->last, (long long)gndp_model_get_progress(j->model).step, changed[0] != '\0' ? "; changed: " : "",
                  changed);
done:
    return code;
}

static int find_model(job *j)
{
    const bool there = access(j->last, F_OK) == 0;
    if (j->s.resume && j->s.overwrite)
        return gndp_usage_error("--resume goes on, --overwrite begins anew: one of them");
    if (j->s.resume && there)
        return resume(j);
    if (j->s.resume && !j->s.quiet)
        gndp_note("%s is not there: training begins", j->last);
    if (!j->s.resume && !j->s.dry_run && !j->s.overwrite && (there || access(j->finished, F_OK) == 0))
        return gndp_failure("%s holds a run already; --resume goes on with it, -O begins anew", j->folder);
    return GNDP_EXIT_DONE;
}

/* ---- Reports -------------------------------------------------------------------------------- */

static void keep_report(void *state, const gndp_train_report *report)
{
    job *j = state;
    j->report = *report;
}

static bool stop_asked(void *state)
{
    (void)state;
    return gp_interrupted();
}

static void describe(const job *j)
{
    const gndp_net_spec *net = gndp_model_net(j->model);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(j->data.all);
    char kernel[512] = "";
    if (gndp_model_process(j->model) != NULL)
        gndp_kernel_print(gndp_process_kernel(gndp_model_process(j->model)), kernel, sizeof kernel);
    printf("data     %s: %lld fields to train on, %lld to validate, %lld kept for tests\n", spec->origin, (long long)j->data.split.n[0],
           (long long)j->data.split.n[1], (long long)j->data.split.n[2]);
    printf("fields   %lld points, %d components:", (long long)gndp_fieldset_max_points(j->data.all), gndp_fieldset_components(j->data.all));
    for (int c = 0; c < spec->n_channels; c++)
        printf(" %s%s%s%s", spec->channel[c].name, spec->channel[c].units[0] != '\0' ? " (" : "", spec->channel[c].units,
               spec->channel[c].units[0] != '\0' ? ")" : "");
    char heads[32] = "";
    if (net->heads > 1)
        snprintf(heads, sizeof heads, ", %lld heads", (long long)net->heads);
    printf("\nnetwork  %s, %lld layers of %lld%s%s: %lld parameters\n", net->kind, (long long)net->layers, (long long)net->hidden, heads,
           net->context_flag ? ", flag of clean context" : "", (long long)gndp_net_parameters(net));
    printf("limit    %s\n", kernel[0] != '\0' ? kernel : "uniform on the sphere, standard normal elsewhere");
    fflush(stdout);
}

static int dry_run(job *j)
{
    int code = GNDP_EXIT_DONE;
    gndp_train_estimate e;
    GNDP_LIBRARY(gndp_train_dry_run(j->model, &j->data.train, NULL, &e));
    if (j->s.json)
        return gp_json_write(json_pack("{s:s, s:I, s:f, s:f, s:f, s:f}", "command", "train --dry-run", "parameters", (json_int_t)e.parameters,
                                       "flops_step", e.flops_step, "bytes", (double)e.bytes, "seconds_step", e.seconds_step, "seconds_total",
                                       e.seconds_total));
    describe(j);
    printf("memory   %.0f MB\n", (double)e.bytes / 1e6);
    printf("time     about %.3g s a step at most (%.3g Gflop), %s in all\n", e.seconds_step, 1e-9 * e.flops_step,
           gndp_duration_text(e.seconds_total).text);
done:
    return code;
}

/* A picture that cannot be drawn is no reason to call a training failed. */
static void draw_loss(const job *j)
{
    char *metrics = path_in(j->folder, "metrics.csv"), *plots = path_in(j->folder, "plots"), *picture = path_in(j->folder, "plots/loss.png");
    if (metrics == NULL || plots == NULL || picture == NULL)
        gndp_note("no loss curve: out of memory");
    else if (mkdir(plots, 0777) != 0 && errno != EEXIST)
        gndp_note("no loss curve: %s: %s", plots, strerror(errno));
    else if (plot_loss(metrics, plot_base_name(j->folder), picture) != GNDP_OK && !j->s.quiet)
        gndp_note_library("no loss curve");
    free(metrics);
    free(plots);
    free(picture);
}

static int report_end(const job *j)
{
    const gndp_model_progress p = gndp_model_get_progress(j->model);
    if (j->s.json)
        return gp_json_write(json_pack("{s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:f}", "command", "train", "model", j->finished, "hash",
                                       gndp_model_hash(j->model), "step", (json_int_t)p.step, "loss", gp_json_number(j->report.loss), "zero_loss",
                                       gp_json_number(j->report.zero_loss), "validation", gp_json_number(j->report.validation),
                                       "best_validation", gp_json_number(p.best_validation), "seconds", p.seconds));
    if (j->s.quiet)
        return GNDP_EXIT_DONE;
    printf("trained  %lld of %lld steps in %s", (long long)p.step, (long long)j->steps, gndp_duration_text(p.seconds).text);
    if (isfinite(j->report.loss))
        printf(": loss %.4g (a network that is zero has %.4g)", j->report.loss, j->report.zero_loss);
    if (isfinite(p.best_validation))
        printf(", best validation %.4g", p.best_validation);
    putchar('\n');
    printf("wrote    %s (hash %s)\n", j->finished, gndp_model_hash(j->model));
    return GNDP_EXIT_DONE;
}

/* ---- The verb ------------------------------------------------------------------------------- */

static int train(job *j)
{
    int code = GNDP_EXIT_DONE;
    gndp_train_options options = gndp_train_options_default();
    const gndp_logger log = {.sink = gndp_log_sink_text, .state = stderr, .level = j->s.quiet ? GNDP_LOG_ERROR : GNDP_LOG_WARN};
    double minutes;
    GNDP_LIBRARY(gndp_config_integer(j->config, "train.steps", &j->steps));
    GNDP_LIBRARY(gndp_config_number(j->config, "train.checkpoint_minutes", &minutes));
    options.folder = j->folder;
    options.fresh = j->s.overwrite;
    options.checkpoint_minutes = minutes;
    options.report = keep_report;
    options.report_state = j;
    options.stop = stop_asked;
    options.log = &log;
    const int64_t first = gndp_model_get_progress(j->model).step;
    if (!j->s.quiet) {
        gndp_progress_options shown = gndp_progress_options_default();
        shown.unit = "step";
        if (gndp_progress_create(&shown, "training", j->steps, first < j->steps ? first : j->steps, &options.progress) != GNDP_OK)
            options.progress = NULL; /* the work goes on without */
    }
    gp_interruptible();
    const gndp_status st = gndp_train(j->model, &j->data.train, j->data.validation.draw != NULL ? &j->data.validation : NULL, &options);
    gndp_progress_free(options.progress);
    if (st == GNDP_ERR_INTERRUPTED) {
        gndp_failure("interrupted after step %lld; %s holds it, --resume goes on", (long long)gndp_model_get_progress(j->model).step, j->last);
        return GNDP_EXIT_INTERRUPTED;
    }
    if (st != GNDP_OK)
        return gndp_failure_library();
    draw_loss(j);
    GNDP_STEP(report_end(j));
done:
    return code;
}

/* Distances in a plane are not those on the ground: a user is told when it matters. */
static int check_plane(const job *j)
{
    int code = GNDP_EXIT_DONE;
    const gndp_projection *plane = gndp_model_projection(j->model);
    double distortion;
    if (plane == NULL || j->s.quiet)
        return GNDP_EXIT_DONE;
    GNDP_LIBRARY(gndp_projection_distortion(plane, j->data.all, &distortion));
    if (distortion > 0.01)
        gndp_note("the local plane is off by up to %.2g %% in distances; data.coordinates: sphere has none of it", 100.0 * distortion);
done:
    return code;
}

static int run(job *j, const char *const *words, int n_words)
{
    int code = GNDP_EXIT_DONE;
    const gndp_logger log = {.sink = gndp_log_sink_text, .state = stderr, .level = j->s.verbose ? GNDP_LOG_INFO : GNDP_LOG_WARN};
    if (n_words < 1 && !j->s.keys)
        return gndp_usage_error("train wants a configuration, CONFIG.yaml");
    GNDP_STEP(read_config(j, n_words > 0 ? words[0] : NULL, words + 1, n_words > 0 ? n_words - 1 : 0));
    if (j->s.keys)
        return print_config(j);
    GNDP_STEP(find_model(j));
    GNDP_STEP(gndp_dataset_open(j->config, NULL, 0, &log, &j->data));
    if (j->model == NULL)
        GNDP_LIBRARY(gndp_model_create(j->config, j->data.part[0], &j->model));
    else
        GNDP_LIBRARY(gndp_model_check_data(j->model, j->data.part[0]));
    GNDP_STEP(check_plane(j));
    if (j->s.dry_run)
        return dry_run(j);
    if (!j->s.quiet && !j->s.json)
        describe(j);
    GNDP_STEP(train(j));
done:
    return code;
}

int gndp_train_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    job j = {.report = {.loss = (double)NAN, .zero_loss = (double)NAN, .validation = (double)NAN}};
    const char *const *words = NULL;
    int n_words = 0;
    gndp_usage_of("train");
    GNDP_STEP(gndp_options_read_words(gndp_train_table, argc, argv, &j.s, &words, &n_words));
    gndp_failure_verbose(j.s.verbose);
    if (j.s.threads > 0)
        GNDP_LIBRARY(gndp_threads_set((int)j.s.threads));
    GNDP_STEP(run(&j, words, n_words));
done:
    gndp_model_free(j.model);
    gndp_dataset_free(&j.data);
    gndp_config_free(j.config);
    free(j.folder);
    free(j.last);
    free(j.finished);
    return code;
}
