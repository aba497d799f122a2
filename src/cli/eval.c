// SPDX-License-Identifier: Apache-2.0
// `gndp eval`: a model's samples and densities beside data.
#include "cli/eval.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/gndp.h>

#include "cli/compare.h"
#include "cli/dataset.h"
#include "cli/density.h"
#include "cli/events.h"
#include "cli/forecast.h"
#include "cli/gp_common.h"
#include "cli/history.h"
#include "cli/regression.h"
#include "cli/sampling.h"
#include "cli/select.h"
#include "cli/tracks_task.h"
#include "cli/usage.h"

typedef struct settings {
    const char *part, *from, *solver, *task, *context, *domains, *ensemble, *kernel, *threshold, *output, *pictures, *tracks, *leads;
    cli_select select;
    double share;
    gndp_option_texts train;
    gndp_sampling_options sampling;
    int64_t samples, likelihood, threads, probes, flow_steps, fields, targets, block, n_lat;
    bool fit, overwrite, json, quiet, verbose, help;
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

const gndp_option gndp_eval_table[] = {
    OPTION("part", 0, "NAME", GNDP_OPTION_TEXT, part,
           "train, validation (default) or test (of --task events), as the\nconfiguration splits; all: every field of files that were not\ntrained on"),
    COUNT("samples", 0, samples, 0, 1000000, "fields to draw for the comparison, default 32; 0: none; of tracks:\nmembers of each ensemble"),
    OPTION("samples-from", 0, "FILE.nc", GNDP_OPTION_TEXT, from, "take them from this file instead"),
    OPTION("sampler", 0, "NAME", GNDP_OPTION_TEXT, sampling.sampler, "as gndp sample has it"),
    COUNT("steps", 0, sampling.steps, 1, 1000000, "steps from noise to field"),
    COUNT("likelihood", 0, likelihood, 0, 1000000, "log-density of so many held-out fields, evenly spaced; default 0"),
    OPTION("solver", 0, "NAME", GNDP_OPTION_TEXT, solver,
           "rk4, heun, adaptive, or euler, which is biased upwards: only to\ncompare with papers; default: the model's likelihood.solver"),
    COUNT("flow-steps", 0, flow_steps, 1, 1000000, "steps of the flow; default: the model's likelihood.steps"),
    COUNT("probes", 0, probes, 0, 1000000,
          "random probes of the divergence; 0: exact; default: the model's\nlikelihood.probes, but 8 for 0 and more than 128 values"),
    OPTION("task", 0, "NAME", GNDP_OPTION_TEXT, task,
           "regression: in place of all above; by rk4 in 20 steps that grow\n(euler: 100 equal ones, as published), one probe for each function;\n"
           "tracks: forecasts by the model; events: densities of places, their\nintegral, kernels beside them"),
    COUNT("fields", 0, fields, 1, 1000000000, "of a task: functions in each domain, default 4096"),
    OPTION("context", 0, "LOW:HIGH", GNDP_OPTION_TEXT, context, "of a task: context points, each number equally often; default 1:10;\nof tracks N: fixes given, default 10, 20, 10"),
    COUNT("targets", 0, targets, 1, 100000, "of a task: target points, default 50"),
    OPTION("domains", 0, "LIST", GNDP_OPTION_TEXT, domains,
           "of a task: interpolation, generalisation, extrapolation;\ndefault interpolation,generalisation; of tracks: interpolation,\n"
           "extrapolation, forecast; default the first two"),
    COUNT("latitudes", 0, n_lat, 2, 4096, "of events: of the quadrature for the integral, with twice as\nmany longitudes; default 64"),
    OPTION("tracks", 0, "FILE", GNDP_OPTION_TEXT, tracks, "score forecasts of the storms in FILE, with a model or without"),
    {.name = "share", .argument = "X", .kind = GNDP_OPTION_NUMBER, .offset = offsetof(settings, share), .low = 1e-6, .high = 1.0,
     .text = "with --tracks: of storms that are scored, drawn by --seed; the\nothers are learned from; default 0.1; 1: all, none to learn from"},
    OPTION("leads", 0, "H,..", GNDP_OPTION_TEXT, leads, "of forecast: hours ahead, default 6,12,24,36,48,72,96,120"),
    CLI_OPTIONS_SELECT_STORMS(settings, select),
    OPTION("ensemble", 0, "OUT.nc", GNDP_OPTION_TEXT, ensemble, "score these members against TRUTH.nc, in place of a model"),
    OPTION("train", 0, "FILE.nc", GNDP_OPTION_TEXTS, train, "with --ensemble: fields that say what is usual; repeatable"),
    OPTION("kernel", 'k', "TEXT", GNDP_OPTION_TEXT, kernel, "with --ensemble: of a Gaussian process; @FILE reads it from a file"),
    OPTION("fit", 0, NULL, GNDP_OPTION_SWITCH, fit, "its parameters from the usual fields, at the stations"),
    OPTION("threshold", 0, "V[,V..]", GNDP_OPTION_TEXT, threshold,
           "with --ensemble: Brier score, skill and reliability of values\nabove V, in the variable's units, or above a percentile of the\n"
           "usual values of each point, q90"),
    OPTION("output", 'o', "SCORES.nc", GNDP_OPTION_TEXT, output, "with --ensemble: every score, as NetCDF; with --tracks: members of\nthe cliper-like forecasts (cubics in gaps), OUT.csv, OUT.dat for an\nATCF a-deck, else NetCDF"),
    OPTION("pictures", 0, "DIR", GNDP_OPTION_TEXT, pictures,
           "with --ensemble: rank_histogram.png, spread_skill.png, spectra.png\nand with --threshold reliability.png; with --tracks\n"
           "errors_by_lead.png; of events density.png; DIR/{name}.svg: as SVG or PDF"),
    OPTION("overwrite", 'O', NULL, GNDP_OPTION_SWITCH, overwrite, "replace those files"),
    COUNT("block", 0, block, 1, 1e9, "times that hang together, for intervals; default: those of a day"),
    OPTION("seed", 0, "N", GNDP_OPTION_TEXT, sampling.seed, "of samples, functions and probes; default: the model's sample.seed"),
    COUNT("threads", 0, threads, 0, 4096, "default: one per processor, or OMP_NUM_THREADS"),
    OPTION("json", 0, NULL, GNDP_OPTION_SWITCH, json, "one JSON object on standard output"),
    OPTION("quiet", 'q', NULL, GNDP_OPTION_SWITCH, quiet, "no notes or progress"),
    OPTION("verbose", 'v', NULL, GNDP_OPTION_SWITCH, verbose, "more: notes on data, where an error came from"),
    OPTION("help", 'h', NULL, GNDP_OPTION_SWITCH, help, "this text"),
    {0}};

typedef struct job {
    settings s;
    gndp_model *model;
    gndp_dataset data;
    int part;
    gndp_fieldset *samples;
    gndp_sampling sampling;
    gndp_comparison comparison;
    gndp_likelihood_options flow;
    const char *solver;
    cli_density density;
    char *history; /* of files that are written */
} job;

enum { PARTS = 4, ALL = 3 };
static const char *const part_names[PARTS] = {"train", "validation", "test", "all"};

/* Exact divergences cost a product for each value of a field. */
enum { EXACT_VALUES = 128, USUAL_PROBES = 8 };
#define USUAL_SHARE 0.1 /* of storms */

/* ---- Samples -------------------------------------------------------------------------------- */

static gndp_progress *progress(const job *j, const char *what, const char *unit, int64_t total)
{
    gndp_progress *p = NULL;
    gndp_progress_options shown = gndp_progress_options_default();
    shown.unit = unit;
    if (j->s.quiet || gndp_progress_create(&shown, what, total, 0, &p) != GNDP_OK)
        return NULL;
    return p;
}

static bool stop_asked(void *state)
{
    (void)state;
    return gp_interrupted();
}

static int as_set(job *j, const gndp_coords *coords, double *values)
{
    int code = GNDP_EXIT_DONE;
    gndp_fieldset_spec spec = *gndp_model_fields(j->model);
    spec.coords = *coords;
    spec.n_fields = j->s.samples;
    spec.label = NULL;
    spec.origin = "samples";
    const gndp_array array =
        gndp_array_view(gndp_type_3d(GNDP_F64, spec.n_fields, spec.coords.n, (int64_t)gndp_model_components(j->model)), values);
    GNDP_LIBRARY(gndp_fieldset_create(&spec, &array, NULL, &j->samples));
done:
    return code;
}

/* On the points of the data, which need not be those of the training. */
static int draw(job *j)
{
    int code = GNDP_EXIT_DONE;
    gndp_generator *generator = NULL;
    const gndp_coords *coords = &gndp_fieldset_get_spec(j->data.all)->coords;
    const int64_t size = coords->n * gndp_model_components(j->model), n = j->s.samples;
    double *values = malloc((size_t)(n * size) * sizeof *values);
    uint32_t *member = malloc((size_t)n * sizeof *member);
    gndp_sampler_options options = j->sampling.options;
    options.stop = stop_asked;
    options.progress = progress(j, "sampling", "step", (n + j->sampling.batch - 1) / j->sampling.batch * options.steps);
    if (values == NULL || member == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < n; i++)
        member[i] = (uint32_t)i;
    GNDP_LIBRARY(gndp_generator_create(j->model, coords, j->sampling.batch, j->sampling.bf16, NULL, &generator));
    GNDP_STEP(cli_finished(gndp_generator_sample(generator, &options, n, member, values)));
    GNDP_STEP(as_set(j, coords, values));
done:
    gndp_progress_free(options.progress);
    gndp_generator_free(generator);
    free(values);
    free(member);
    return code;
}

/* Numbers of other quantities, or in other units, would be compared in silence. */
static int check_channels(const job *j, const gndp_fieldset *set, const char *path)
{
    const gndp_fieldset_spec *own = gndp_model_fields(j->model), *spec = gndp_fieldset_get_spec(set);
    if (spec->n_channels != own->n_channels)
        return gndp_failure("%s holds %d channels, the model %d", path, spec->n_channels, own->n_channels);
    for (int c = 0; c < own->n_channels; c++) {
        const gndp_channel *a = &spec->channel[c], *b = &own->channel[c];
        if (strcmp(a->name, b->name) != 0 || strcmp(a->units, b->units) != 0 || a->components != b->components)
            return gndp_failure("%s: channel %d is %s (%s) of %d components, the model's is %s (%s) of %d", path, c + 1, a->name, a->units,
                                a->components, b->name, b->units, b->components);
    }
    return GNDP_EXIT_DONE;
}

static const gndp_fieldset *scored(const job *j)
{
    return j->part == ALL ? j->data.all : j->data.part[j->part];
}

static int compare(job *j)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset *set[COMPARE_SETS];
    const char *name[COMPARE_SETS];
    int n = 0;
    if (j->s.from != NULL) {
        gndp_read_options options = gndp_read_options_default();
        GNDP_LIBRARY(gndp_file_open(&j->s.from, 1, &options, &j->samples));
        GNDP_STEP(check_channels(j, j->samples, j->s.from));
        if (!gndp_fieldset_shared(j->samples))
            return gndp_failure("%s: its fields have points of their own and are not compared", j->s.from);
    } else {
        GNDP_STEP(draw(j));
    }
    if (j->part != ALL) { /* the training part first, whatever is scored */
        set[n] = j->data.part[0];
        name[n++] = part_names[0];
    }
    if (j->part != 0) {
        set[n] = scored(j);
        name[n++] = part_names[j->part];
    }
    set[n] = j->samples;
    name[n++] = "samples";
    GNDP_STEP(gndp_comparison_make(n, set, name, &j->comparison));
done:
    return code;
}

/* ---- Likelihood ----------------------------------------------------------------------------- */

static int find_solver(const char *name, gndp_ode_solver *out)
{
    static const char *const names[] = {"rk4", "adaptive", "heun", "euler"};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (gndp_ode_solver)i;
            return GNDP_EXIT_DONE;
        }
    return gndp_usage_unknown("solver", name, gndp_nearest(name, names, 4));
}

/* As the model's configuration has it, changed by options. */
static int flow_options(const job *j, int64_t values, gndp_likelihood_options *o, const char **solver)
{
    int code = GNDP_EXIT_DONE;
    const gndp_config *config = gndp_model_config(j->model);
    *o = gndp_likelihood_options_default();
    GNDP_LIBRARY(gndp_config_text(config, "likelihood.solver", solver));
    GNDP_LIBRARY(gndp_config_integer(config, "likelihood.steps", &o->steps));
    GNDP_LIBRARY(gndp_config_integer(config, "likelihood.probes", &o->probes));
    GNDP_LIBRARY(gndp_config_number(config, "likelihood.tolerance", &o->tolerance));
    *solver = j->s.solver != NULL ? j->s.solver : *solver;
    o->steps = j->s.flow_steps > 0 ? j->s.flow_steps : o->steps;
    if (j->s.probes >= 0)
        o->probes = j->s.probes;
    else if (o->probes == 0 && values > EXACT_VALUES)
        o->probes = USUAL_PROBES;
    o->seed = j->sampling.options.seed;
    o->stop = stop_asked;
    GNDP_STEP(find_solver(*solver, &o->solver));
done:
    return code;
}

static int densities(job *j)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset *set = scored(j);
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields, n = j->s.likelihood < fields ? j->s.likelihood : fields;
    gndp_progress *shown = progress(j, "log-likelihood", "field", n);
    GNDP_STEP(flow_options(j, gndp_fieldset_max_points(set) * gndp_model_components(j->model), &j->flow, &j->solver));
    GNDP_STEP(cli_density_make(j->model, set, n, &j->flow, j->sampling.bf16, shown, &j->density));
done:
    gndp_progress_free(shown);
    return code;
}

/* ---- Tasks ---------------------------------------------------------------------------------- */

/* Fewer equal steps would be biased (docs/results/regression.md); one probe a function costs less than more of either for the same error. */
enum { TASK_FIELDS = 4096, TASK_TARGETS = 50, TASK_STEPS = 20, TASK_STEPS_EULER = 100, USUAL_LATITUDES = 64 };

static int check_task(const job *j, int n_words)
{
    static const char *const names[] = {"regression", "tracks", "events"};
    const settings *s = &j->s;
    const bool events = s->task != NULL && strcmp(s->task, names[2]) == 0;
    if (!events && s->n_lat > 0)
        return gndp_usage_error("--latitudes belongs to --task events");
    if (events && (s->from != NULL || s->likelihood > 0 || s->fields > 0 || s->targets > 0 || s->context != NULL || s->domains != NULL))
        return gndp_usage_error("--task events takes a model and its file: no samples, --likelihood or options of other tasks beside it");
    if (events)
        return GNDP_EXIT_DONE;
    if (s->task == NULL && (s->fields > 0 || s->targets > 0 || s->context != NULL || s->domains != NULL))
        return gndp_usage_error("--fields, --context, --targets and --domains belong to --task regression");
    if (s->task == NULL)
        return GNDP_EXIT_DONE;
    if (strcmp(s->task, names[1]) == 0)
        return gndp_usage_error("--task tracks wants a model, or the storms, --tracks FILE, or both");
    if (strcmp(s->task, names[0]) != 0)
        return gndp_usage_unknown("task", s->task, gndp_nearest(s->task, names, 3));
    if (n_words > 1 || s->from != NULL || s->likelihood > 0)
        return gndp_usage_error("--task regression draws its functions: no files, --samples-from or --likelihood beside it");
    return GNDP_EXIT_DONE;
}

static int regression(job *j)
{
    int code = GNDP_EXIT_DONE;
    const settings *s = &j->s;
    cli_regression_options o = {.context = s->context != NULL ? s->context : "1:10",
                                .domains = s->domains != NULL ? s->domains : "interpolation,generalisation",
                                .fields = s->fields > 0 ? s->fields : TASK_FIELDS,
                                .targets = s->targets > 0 ? s->targets : TASK_TARGETS,
                                .flow = gndp_likelihood_options_default(),
                                .solver = s->solver != NULL ? s->solver : "rk4",
                                .bf16 = j->sampling.bf16,
                                .json = s->json,
                                .quiet = s->quiet};
    GNDP_STEP(find_solver(o.solver, &o.flow.solver));
    const bool euler = o.flow.solver == GNDP_ODE_EULER;
    o.flow.steps = s->flow_steps > 0 ? s->flow_steps : euler ? TASK_STEPS_EULER : TASK_STEPS;
    o.flow.power = euler ? 1.0 : 2.0;
    o.flow.probes = s->probes >= 0 ? s->probes : 1;
    o.flow.seed = j->sampling.options.seed;
    o.flow.stop = stop_asked;
    GNDP_STEP(cli_regression_run(j->model, &o));
done:
    return code;
}

static int events(job *j)
{
    int code = GNDP_EXIT_DONE;
    cli_events_options o = {.data = &j->data, .part = j->part, .part_name = part_names[j->part], .n_lat = j->s.n_lat > 0 ? j->s.n_lat : USUAL_LATITUDES,
                            .pictures = j->s.pictures, .bf16 = j->sampling.bf16, .overwrite = j->s.overwrite, .json = j->s.json, .quiet = j->s.quiet};
    if (j->part == ALL)
        return gndp_usage_error("--part all: --task events wants a part that was not trained on");
    GNDP_STEP(flow_options(j, 3, &o.flow, &o.solver));
    GNDP_STEP(cli_events_run(j->model, &o));
done:
    return code;
}

/* ---- Reports -------------------------------------------------------------------------------- */

static int report_json(const job *j)
{
    json_t *object = json_pack("{s:s, s:s, s:o}", "command", "eval", "model", gndp_model_hash(j->model), "seed", gp_json_seed(j->sampling.options.seed));
    if (j->samples != NULL)
        json_object_set_new(object, "components", gndp_comparison_json(&j->comparison));
    if (j->density.fields > 0)
        json_object_set_new(object, "likelihood",
                            json_pack("{s:I, s:s, s:I, s:I, s:o, s:o, s:f}", "fields", (json_int_t)j->density.fields, "solver", j->solver,
                                      "steps", (json_int_t)j->flow.steps, "probes", (json_int_t)j->flow.probes, "nats_per_point",
                                      gp_json_number(j->density.mean), "se", gp_json_number(j->density.se), "seconds", j->density.seconds));
    return gp_json_write(object);
}

static void report(const job *j)
{
    if (j->samples != NULL) {
        printf("samples  %s\n", j->s.from != NULL ? j->s.from : j->sampling.text);
        gndp_comparison_print(&j->comparison);
    }
    if (j->density.fields > 0) {
        char probes[48] = "exact divergence";
        if (j->flow.probes > 0)
            snprintf(probes, sizeof probes, "%lld probes", (long long)j->flow.probes);
        char how[64];
        if (j->flow.solver == GNDP_ODE_ADAPTIVE)
            snprintf(how, sizeof how, "adaptive to %g", j->flow.tolerance);
        else
            snprintf(how, sizeof how, "%s-%lld", j->solver, (long long)j->flow.steps);
        printf("%slog-likelihood of %lld fields: %.4f nats a point", j->samples != NULL ? "\n" : "", (long long)j->density.fields, j->density.mean);
        if (isfinite(j->density.se))
            printf(", standard error %.4f", j->density.se);
        printf(" (%s, %s, %s)\n", how, probes, gndp_duration_text(j->density.seconds).text);
        if (strcmp(j->solver, "euler") == 0)
            gndp_note("euler overstates the log-likelihood by some hundredths of a nat a point or more");
    }
}

/* ---- The verb ------------------------------------------------------------------------------- */

static int find_part(job *j)
{
    for (int i = 0; i < PARTS; i++)
        if (strcmp(j->s.part, part_names[i]) == 0) {
            j->part = i;
            if (scored(j) == NULL)
                return gndp_failure("the %s part is empty: data.split of the model's configuration leaves it out", part_names[i]);
            return GNDP_EXIT_DONE;
        }
    return gndp_usage_unknown("part", j->s.part, gndp_nearest(j->s.part, part_names, PARTS));
}

/* Scores of storms, with a model or without. */
static int tracks(job *j, const char *const *words, int n_words)
{
    int code = GNDP_EXIT_DONE;
    const settings *s = &j->s;
    cli_eval_tracks_options o = {.path = s->tracks, .select = &s->select, .domains = s->domains, .context = s->context, .leads = s->leads,
                                       .share = s->share, .members = s->samples, .seed = s->sampling.seed != NULL ? strtoull(s->sampling.seed, NULL, 10) : 1,
                                       .pictures = s->pictures, .output = s->output, .history = j->history, .overwrite = s->overwrite, .json = s->json,
                                       .quiet = s->quiet};
    if (n_words > 1 || s->from != NULL || s->likelihood > 0 || s->ensemble != NULL || s->train.n > 0 || s->kernel != NULL || s->fit ||
        s->threshold != NULL || s->block > 0 || s->fields > 0 || s->targets > 0)
        return gndp_usage_error("--tracks FILE and --task tracks score storms, with a model or without: no options of --ensemble or of --task regression "
                                "beside them");
    if (s->task != NULL && strcmp(s->task, "tracks") != 0)
        return gndp_usage_error("--tracks goes with --task tracks, not with %s", s->task);
    if (s->samples < 1)
        return gndp_usage_error("--samples of tracks wants 1 member or more");
    if (n_words == 1) {
        GNDP_LIBRARY(gndp_model_read(words[0], &j->model));
        GNDP_STEP(gndp_sampling_make(&s->sampling, j->model, &j->sampling));
        GNDP_STEP(flow_options(j, 1, &j->flow, &j->solver));
        if (j->flow.probes == 0)
            j->flow.probes = USUAL_PROBES;
        o.model = j->model;
        o.sampling = &j->sampling;
        o.flow = &j->flow;
    }
    GNDP_STEP(cli_eval_tracks(&o));
done:
    return code;
}

static bool storms_chosen(const settings *s)
{
    return s->leads != NULL || s->select.basin != NULL || s->select.season != NULL || s->select.all_tracks || s->select.track_step > 0.0 ||
           s->select.track_length > 0 || s->share != USUAL_SHARE;
}

static int run(job *j, const char *const *words, int n_words)
{
    int code = GNDP_EXIT_DONE;
    if (j->s.tracks != NULL || (j->s.task != NULL && strcmp(j->s.task, "tracks") == 0 && n_words > 0))
        return tracks(j, words, n_words);
    if (storms_chosen(&j->s))
        return gndp_usage_error("--share, --leads, --basin, --season, --all-tracks, --track-step and --track-length belong to --tracks FILE");
    const gndp_logger log = {.sink = gndp_log_sink_text, .state = stderr, .level = j->s.verbose ? GNDP_LOG_INFO : GNDP_LOG_WARN};
    if (j->s.ensemble != NULL) {
        uint64_t seed = 1;
        if (j->s.sampling.seed != NULL)
            seed = strtoull(j->s.sampling.seed, NULL, 10);
        cli_forecast_options options = {.ensemble = j->s.ensemble, .truth = words, .n_truth = n_words, .train = j->s.train, .kernel = j->s.kernel,
                                              .fit = j->s.fit, .block = j->s.block, .seed = seed, .output = j->s.output, .pictures = j->s.pictures,
                                              .history = j->history, .overwrite = j->s.overwrite, .json = j->s.json, .quiet = j->s.quiet};
        GNDP_STEP(cli_forecast_thresholds(j->s.threshold, options.threshold, &options.n_thresholds));
        return cli_forecast_run(&options);
    }
    const bool density = j->s.task != NULL && strcmp(j->s.task, "events") == 0;
    if (j->s.train.n > 0 || j->s.kernel != NULL || j->s.fit || j->s.threshold != NULL || j->s.output != NULL ||
        (!density && (j->s.pictures != NULL || j->s.overwrite)) || j->s.block > 0)
        return gndp_usage_error("--train, --kernel, --fit, --threshold, --output, --pictures, --overwrite and --block belong to --ensemble OUT.nc");
    GNDP_STEP(check_task(j, n_words));
    if (n_words < 1)
        return gndp_usage_error("eval wants a model, MODEL.nc");
    GNDP_LIBRARY(gndp_model_read(words[0], &j->model));
    if (j->s.part == NULL)
        j->s.part = part_names[density ? 2 : 1];
    if (j->s.task != NULL && !density) {
        GNDP_STEP(gndp_sampling_make(&j->s.sampling, j->model, &j->sampling));
        gp_interruptible();
        GNDP_STEP(regression(j));
        goto done;
    }
    GNDP_STEP(gndp_dataset_open(gndp_model_config(j->model), words + 1, n_words - 1, &log, &j->data));
    GNDP_STEP(check_channels(j, j->data.all, gndp_fieldset_get_spec(j->data.all)->origin));
    GNDP_STEP(find_part(j));
    GNDP_STEP(gndp_sampling_make(&j->s.sampling, j->model, &j->sampling));
    gp_interruptible();
    if (density) {
        GNDP_STEP(events(j));
        goto done;
    }
    if (j->s.from != NULL || j->s.samples > 0) {
        if (gndp_fieldset_shared(j->data.all))
            GNDP_STEP(compare(j));
        else if (!j->s.quiet)
            gndp_note("fields have points of their own: samples are not compared, --likelihood is");
    }
    if (j->s.likelihood > 0)
        GNDP_STEP(densities(j));
    if (j->s.json)
        GNDP_STEP(report_json(j));
    else
        report(j);
done:
    return code;
}

int gndp_eval_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    job j = {.s = {.samples = 32, .share = USUAL_SHARE, .probes = -1, .sampling = {.corrector = -1}},
             .history = cli_history("eval", argc, argv)}; /* before the options sort the words */
    const char *const *words = NULL;
    int n_words = 0;
    gndp_usage_of("eval");
    GNDP_STEP(gndp_options_read_words(gndp_eval_table, argc, argv, &j.s, &words, &n_words));
    gndp_failure_verbose(j.s.verbose);
    if (j.s.threads > 0)
        GNDP_LIBRARY(gndp_threads_set((int)j.s.threads));
    code = j.history != NULL ? run(&j, words, n_words) : gndp_failure_memory();
done:
    free(j.history);
    gndp_comparison_free(&j.comparison);
    gndp_fieldset_free(j.samples);
    gndp_dataset_free(&j.data);
    gndp_model_free(j.model);
    return code;
}
