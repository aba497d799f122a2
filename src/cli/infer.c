// SPDX-License-Identifier: Apache-2.0
// `gndp infer`: fields that agree with observations, from a trained model.
#include "cli/infer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/history.h"
#include "cli/infer_tracks.h"
#include "cli/usage.h"

const char gndp_infer_text[] =
    "usage: gndp infer MODEL.nc --obs OBS [-n N] [POINTS] [-o OUT.nc] [--stats FILE.nc] [OPTION]...\n"
    "\n"
    "Draw fields of a trained model that agree with observations: stations in, an ensemble out. Each member is\n"
    "one field that could have been; their mean is the best guess, their spread what is not known.\n"
    "\n"
    "OBS is a table: columns time, lat, lon (or x1, x2, ..) and either one a variable, t2m, u10, .., or variable,\n"
    "value, units, sigma. Variables are those of the model, any of them, also u10 alone of a wind; units are\n"
    "converted. sigma is the standard deviation of the error; --sigma gives it to those without, else the value\n"
    "is taken as exact. Stations need not be points of the fields. Or OBS is a NetCDF file: of stations, or of\n"
    "fields, of which --stations N, --fraction F or --every K observes some points. Every time is a case of its\n"
    "own, with the same members.\n"
    "\n"
    "A tenth of the stations (--reserve) is left out, predicted and scored, so that the output says how far to\n"
    "trust it: none of fewer than ten. --check leaves every station out in turn and sets its value beside what\n"
    "the others say: a z beyond 3 is a bad station, or weather that the model does not know.\n"
    "\n"
    "Methods, all with the model as it was trained; cost in evaluations of the network a member:\n"
    "  bridge    the clean field drawn given state and observations, then a step towards it; steps; wants\n"
    "            the covariance of the data, --prior: as good as that fits, and stable for any observations\n"
    "  langevin  Langevin steps beside the reverse process, observations noised along; then at rest;\n"
    "            steps + inner below tau + clean steps\n"
    "  hybrid    the same in one step, low temperature possible; steps\n"
    "  repaint   noised observations put in, each step passed several times; steps x repeats\n"
    "  guidance  pulled by the error of the denoised field; 3 x steps; cheap, biased by its guess of a\n"
    "            covariance, stiff where errors are small\n"
    "  amortised the observations as inputs of a network that was trained for it (score.context_flag), exact\n"
    "            values of whole points alone; steps\n"
    "  smc       particles weighted along noised observations; steps x particles\n"
    "  twisted   particles guided and weighted: exact for many; 3 x steps x particles; gives the evidence\n"
    "\n"
    "With a model of tracks OBS holds the fixes so far of one storm or many (IBTrACS, CSV with sid, iso_time, lat,\n"
    "lon, HURDAT2, ATCF), and OUT the members of each: at the fixes, between them (--fill) and after (--lead).\n"
    "\n"
    "OUT.nc is as `gndp sample` writes it, with the observations in its attributes (`gndp plot` shows them), goes\n"
    "on where it was interrupted, and member k is a function of model, points, observations, settings, --seed and\n"
    "k alone; OUT.csv a table, one row a point. --stats has mean, standard deviation and quantiles.\n";

const char gndp_infer_examples[] =
    "Examples:\n"
    "  gndp infer run/model.nc --obs stations.csv -n 64 -o analysis.nc --stats mean.nc\n"
    "  gndp infer run/model.nc --obs stations.csv --sigma t2m=0.3 --check check.csv -n 32 -o analysis.nc\n"
    "  gndp infer run/model.nc --obs era5.nc --time 2019-03-20T12 --stations 162 -n 64 -o filled.nc\n"
    "  gndp infer run/model.nc --obs coarse.nc --every 1 --like fine.nc --method guidance -o fine_members.nc\n"
    "  gndp infer run_cyclones/model.nc --obs fixes.csv --lead 6,12,24,48 -n 50 -o bsh202022.dat\n"
    "  gndp infer run-se/model.nc --obs noisy.csv --sigma 0.05 --line -2:2:100 -n 100 -o curves.csv\n";

#define OPTION(name_, brief_, argument_, kind_, field_, text_)                                                                                 \
    {                                                                                                                                          \
        .name = (name_), .brief = (brief_), .argument = (argument_), .kind = (kind_), .offset = offsetof(infer_settings, field_),              \
        .text = (text_)                                                                                                                        \
    }
#define COUNT(name_, brief_, field_, low_, high_, text_)                                                                                       \
    {                                                                                                                                          \
        .name = (name_), .brief = (brief_), .argument = "N", .kind = GNDP_OPTION_INTEGER, .offset = offsetof(infer_settings, field_),          \
        .low = (low_), .high = (high_), .text = (text_)                                                                                        \
    }
#define NUMBER(name_, argument_, field_, low_, high_, text_)                                                                                   \
    {                                                                                                                                          \
        .name = (name_), .argument = (argument_), .kind = GNDP_OPTION_NUMBER, .offset = offsetof(infer_settings, field_), .low = (low_),       \
        .high = (high_), .text = (text_)                                                                                                       \
    }

const gndp_option gndp_infer_table[] = {
    OPTION("obs", 0, "OBS", GNDP_OPTION_TEXT, observed.path, "what is observed: OBS.csv (- is standard input) or OBS.nc"),
    OPTION("sigma", 0, "S", GNDP_OPTION_TEXT, observed.sigma, "error of observations that give none, in the model's units:\n0.3, or t2m=0.3,u10=1; default 0"),
    OPTION("areas", 0, "FILE.csv", GNDP_OPTION_TEXT, areas, "means over boxes beside OBS: columns south,north,west,east (or x1_low,\nx1_high,..), variable, value; time, units, sigma where wanted"),
    COUNT("stations", 0, observed.stations, 1, 1e9, "of fields: observe so many random points (as gndp gp infer does)"),
    NUMBER("fraction", "F", observed.fraction, 0.0, 1.0, "of fields: this part of the points, at random"),
    COUNT("every", 0, observed.every, 1, 1e9, "of fields: every N-th point along each axis of the grid"),
    NUMBER("station-sd", "S", observed.station_sd, 0.0, HUGE_VAL, "of errors added to what is drawn from fields"),
    CLI_OPTIONS_SELECT(infer_settings, observed.select),
    COUNT("fields", 0, observed.fields, 1, 1e9, "so many of the fields selected, spread evenly"),
    COUNT("number", 'n', n, 0, 4294967295.0, "draw members 0 .. N-1, default 16"),
    OPTION("members", 0, "LIST", GNDP_OPTION_TEXT, members, "draw these, such as 0-15,42"),
    OPTION("output", 'o', "OUT", GNDP_OPTION_TEXT, output, "OUT.nc or OUT.csv"),
    OPTION("stats", 0, "FILE.nc", GNDP_OPTION_TEXT, stats, "mean, standard deviation, 10th, 50th, 90th percentile; with -o\nor without"),
    OPTION("lead", 0, "H,..", GNDP_OPTION_TEXT, lead, "tracks: hours after the last fix, such as 6,12,24, or none;\ndefault 6,12,24,36,48,72,96,120"),
    NUMBER("fill", "H", fill, 0.0, 1000.0, "tracks: between fixes too, every H hours since the first"),
    OPTION("storm", 0, "ID", GNDP_OPTION_TEXT, storm, "tracks: of the storms of OBS this one"),
    OPTION("format", 0, "NAME", GNDP_OPTION_TEXT, format, "tracks: nc (CF trajectories), csv, atcf (an a-deck); default: by\nwhat OUT ends in, .dat being atcf"),
    OPTION("overwrite", 'O', NULL, GNDP_OPTION_SWITCH, overwrite, "replace an output file that exists"),
    OPTION("like", 0, "FILE.nc", GNDP_OPTION_TEXT, target.like, "the points of the fields of this file; default: those of the\ntraining"),
    OPTION("grid", 0, "rNXxNY", GNDP_OPTION_TEXT, target.grid, "the sphere: NX longitudes from 0, NY latitudes (CDO's r360x180)"),
    OPTION("poles", 0, NULL, GNDP_OPTION_SWITCH, target.poles, "with --grid: latitudes from pole to pole"),
    OPTION("line", 0, "A:B:N", GNDP_OPTION_TEXT, target.line, "N points from A to B"),
    OPTION("plane", 0, "A:B:N[,C:D:M]", GNDP_OPTION_TEXT, target.plane, "every pair of two such axes"),
    OPTION("scatter", 0, "A:B[,C:D]:N", GNDP_OPTION_TEXT, target.scatter, "N random points; sphere:N on the sphere"),
    OPTION("points", 0, "FILE.csv", GNDP_OPTION_TEXT, target.points, "columns x1, x2, .. or lat, lon (degrees)"),
    OPTION("method", 0, "NAME", GNDP_OPTION_TEXT, method.method, "see above; default: the model's infer.method, else bridge where\na prior is given, else langevin"),
    COUNT("steps", 0, method.steps, 1, 1000000, "steps from noise to field"),
    OPTION("sampler", 0, "NAME", GNDP_OPTION_TEXT, method.sampler, "step of the reverse process: em, exponential, ancestral, .."),
    OPTION("predictor", 0, "NAME", GNDP_OPTION_TEXT, method.sampler, "the same"),
    OPTION("time-grid", 0, "NAME", GNDP_OPTION_TEXT, method.grid, "steps uniform in time, root (of B) or lambda"),
    COUNT("inner", 0, method.inner, 0, 1000000, "langevin: corrector steps after each step"),
    NUMBER("psi", "PSI", method.psi, 0.0, 1e6, "langevin: size of one of them, at most 1.9; hybrid: total"),
    OPTION("size", 0, "NAME", GNDP_OPTION_TEXT, method.size, "langevin: psi in units of the noise variance, or of beta times the\nstep (rate, as papers have it)"),
    NUMBER("tau", "TAU", method.tau, 0.0, 1.0, "langevin: corrector below this part of the time span"),
    OPTION("preconditioner", 0, "NAME", GNDP_OPTION_TEXT, method.preconditioner, "langevin: schur, block, identity, published (biased)"),
    OPTION("context", 0, "NAME", GNDP_OPTION_TEXT, method.context, "langevin, hybrid: observations noised along a path, or resample"),
    NUMBER("lambda0", "L", method.lambda0, 0.0, 100.0, "langevin, hybrid: multiplier of the score; not 1: no posterior"),
    COUNT("clean-steps", 0, method.clean_steps, 0, 1000000, "langevin, guidance: further steps at the end, default 0: they\nsettle an exact score, with a learned one they can run away"),
    COUNT("repeats", 0, method.repeats, 1, 1000000, "repaint: passes through each step"),
    OPTION("prior", 0, "KERNEL", GNDP_OPTION_TEXT, method.prior, "bridge, guidance, twisted: covariance of the data, in the units of\nprocess.kernel, or limit: that one; default: infer.prior"),
    OPTION("covariance", 0, "NAME", GNDP_OPTION_TEXT, method.covariance, "guidance, twisted: exact, prior, surrogate"),
    NUMBER("kappa", "K", method.kappa, 0.0, 1e6, "guidance, twisted: factor of the surrogate"),
    NUMBER("strength", "S", method.strength, 0.0, 1e6, "guidance: factor of the pull; not 1: no posterior"),
    COUNT("particles", 0, method.particles, 2, 1000000, "smc, twisted: for each member"),
    NUMBER("reserve", "F", reserve, 0.0, 0.9, "part of the stations that is left out and scored, default 0.1;\n0: none; with --check 0"),
    OPTION("check", 0, "FILE.csv", GNDP_OPTION_TEXT, check, "leave stations out in turn; z of each value into this table"),
    COUNT("folds", 0, folds, 2, 1e9, "of --check: in so many groups; default: each by itself up to\n20 stations, else 10 groups"),
    COUNT("check-members", 0, check_members, 4, 1000000, "of --check: members for each group, default 16"),
    OPTION("seed", 0, "N", GNDP_OPTION_TEXT, sampling.seed, "of everything random; default: the model's sample.seed"),
    COUNT("batch", 0, sampling.batch, 1, 65536, "members computed together; default: the model's sample.batch"),
    OPTION("f32", 0, NULL, GNDP_OPTION_SWITCH, sampling.f32, "network in f32, even if the model's sample.precision is bf16"),
    OPTION("f64", 0, NULL, GNDP_OPTION_SWITCH, f64, "values as double; default float"),
    COUNT("keep-bits", 0, keep_bits, 1, 52, "round the mantissa to N bits for smaller files; the file says so"),
    OPTION("dry-run", 0, NULL, GNDP_OPTION_SWITCH, dry_run, "what would be done and what it would cost; nothing is written"),
    COUNT("threads", 0, threads, 0, 4096, "default: one per processor, or OMP_NUM_THREADS"),
    OPTION("json", 0, NULL, GNDP_OPTION_SWITCH, json, "one JSON object on standard output"),
    OPTION("quiet", 'q', NULL, GNDP_OPTION_SWITCH, quiet, "no report, notes or progress; errors are still told"),
    OPTION("verbose", 'v', NULL, GNDP_OPTION_SWITCH, verbose, "more: where an error came from"),
    OPTION("help", 'h', NULL, GNDP_OPTION_SWITCH, help, "this text"),
    {0}};

/* ---- Drawing -------------------------------------------------------------------------------- */

/* Asked once a step: also what moves the progress. */
static bool stop_asked(void *state)
{
    gndp_infer_job *j = state;
    const int64_t most = j->method.options.steps;
    j->steps = j->steps < most ? j->steps + 1 : most;
    gndp_progress_update(j->progress, (j->blocks - 1) * most + j->steps, NULL);
    return gp_interrupted();
}

/* The limit seen through the observations of one case; kept until another is asked for. */
static int condition(gndp_infer_job *j, int c, const bool *left_out, int fold)
{
    int code = GNDP_EXIT_DONE;
    if (j->conditioner != NULL && j->of_case == c && j->of_fold == fold)
        return code;
    gndp_conditioner_free(j->conditioner);
    j->conditioner = NULL;
    cli_linear_free(&j->linear);
    GNDP_STEP(cli_linear_make(&j->joint, &j->observed, &j->areas, c, left_out, &j->linear));
    GNDP_LIBRARY(gndp_conditioner_create(gndp_generator_law(j->joint.generator), &j->linear.obs, &j->conditioner));
    j->of_case = c;
    j->of_fold = fold;
done:
    return code;
}

/* ln(e^a + e^b). */
static double log_of_sum(double a, double b)
{
    const double high = fmax(a, b);
    return isinf(high) ? high : high + log(exp(a - high) + exp(b - high));
}

/* Calls give ln of the mean of Z over their members, with its error: of several the mean of Z by members. */
static void take_report(gndp_infer_job *j, int c, int fold, int64_t n, const gndp_conditional_report *report)
{
    j->evaluations += report->evaluations * (double)n;
    j->drawn_fields += (double)n;
    if (fold >= 0)
        return;
    if (isfinite(report->log_evidence)) {
        const double one = report->log_evidence + j->linear.log_jacobian + log((double)n);
        j->evidence[c] = log_of_sum(j->evidence[c], one);
        j->evidence_square[c] = log_of_sum(j->evidence_square[c], 2.0 * (one + log(report->log_evidence_error)));
        j->evidence_count[c] += (double)n;
    }
    if (report->least_particles < j->least_particles)
        j->least_particles = report->least_particles;
}

int gndp_infer_draw(gndp_infer_job *j, int c, const bool *left_out, int fold, int64_t n, const uint32_t *member, double *values)
{
    int code = GNDP_EXIT_DONE;
    gndp_conditional_report report;
    gndp_conditional_options options = j->method.options;
    options.seed = j->sampling.options.seed;
    options.prior = j->prior;
    options.stop = stop_asked;
    options.stop_state = j;
    GNDP_STEP(condition(j, c, left_out, fold));
    j->blocks++;
    j->steps = 0;
    const gndp_status st = gndp_conditional_sample(gndp_generator_evaluator(j->joint.generator), gndp_model_schedule(j->model),
                                                   j->conditioner, &options, n, member, j->z, &report);
    if (st == GNDP_ERR_INTERRUPTED) {
        code = GNDP_EXIT_INTERRUPTED;
        goto done;
    }
    GNDP_LIBRARY(st);
    cli_joint_physical(&j->joint, n, j->z, values);
    take_report(j, c, fold, n, &report);
done:
    return code;
}

static int stopped(const gndp_infer_job *j)
{
    const int64_t held = j->members.n - j->n_todo + j->done;
    if (j->writer == NULL || held == 0)
        gndp_failure("interrupted; nothing was written");
    else
        gndp_failure("interrupted; %s.part holds %lld of %lld members, and the same command goes on with it", j->s.output, (long long)held,
                     (long long)j->members.n);
    return GNDP_EXIT_INTERRUPTED;
}

/* Members [n] of the list of those to do, from `first`, for one case. */
static int draw_case(gndp_infer_job *j, int c, int64_t first, int64_t n)
{
    int code = GNDP_EXIT_DONE;
    const int64_t size = j->joint.targets * j->joint.components;
    uint32_t *number = malloc((size_t)n * sizeof *number);
    if (number == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < n; i++)
        number[i] = j->members.number[j->todo[first + i]];
    code = gndp_infer_draw(j, c, j->reserved, -1, n, number, j->block);
    if (code == GNDP_EXIT_INTERRUPTED)
        code = stopped(j);
    if (code != GNDP_EXIT_DONE)
        goto done;
    for (int64_t i = 0; i < n; i++) {
        const int64_t m = j->todo[first + i];
        const double *values = j->block + i * j->joint.size;
        gndp_infer_predict(j, c, m, values);
        if (j->writer != NULL)
            GNDP_LIBRARY(gndp_field_writer_put(j->writer, c, m, values, NULL));
        else
            memcpy(j->kept + m * size, values, (size_t)size * sizeof *values);
    }
done:
    free(number);
    return code;
}

/* After the first of several blocks: how long it will take. */
static void foretell(const gndp_infer_job *j, double seconds, int64_t blocks, int64_t of)
{
    const double left = seconds / (double)blocks * (double)(of - blocks);
    if (!j->s.quiet && left > 30.0)
        gndp_note("%.3g s for the first %lld of %lld blocks of members; the others will take about %s", seconds, (long long)blocks, (long long)of,
                  gndp_duration_text(left).text);
}

/* Members are complete with all their times: so a file is written block by block; without one, case by case, so that its statistics are done with. */
static int draw(gndp_infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const int64_t batch = j->sampling.batch, groups = (j->n_todo + batch - 1) / batch, cases = j->observed.n_cases;
    const double start = gp_seconds();
    gndp_progress_options shown = gndp_progress_options_default();
    shown.unit = "step";
    j->blocks = 0;
    if (!j->s.quiet && groups > 0 &&
        gndp_progress_create(&shown, "sampling", groups * cases * j->method.options.steps, 0, &j->progress) != GNDP_OK)
        j->progress = NULL; /* the work goes on without */
    for (int64_t k = 0; k < groups * cases; k++) {
        const int64_t c = j->writer != NULL ? k % cases : k / groups, first = (j->writer != NULL ? k / cases : k % groups) * batch;
        const int64_t n = j->n_todo - first < batch ? j->n_todo - first : batch;
        GNDP_STEP(draw_case(j, (int)c, first, n));
        if (k == 0)
            foretell(j, gp_seconds() - start, 1, groups * cases);
        for (int64_t i = 0; i < n && j->writer != NULL && c == cases - 1; i++)
            GNDP_LIBRARY(gndp_field_writer_member_done(j->writer, j->todo[first + i]));
        if (c == cases - 1)
            j->done += n;
        if (j->writer == NULL && k % groups == groups - 1 && j->s.stats != NULL)
            GNDP_STEP(gndp_infer_stats(j, (int)c, j->kept));
    }
    j->seconds = gp_seconds() - start;
done:
    gndp_progress_free(j->progress);
    j->progress = NULL;
    return code;
}

/* ---- The verb ------------------------------------------------------------------------------- */

static int make_room(gndp_infer_job *j)
{
    const size_t batch = (size_t)j->sampling.batch, joint = (size_t)j->joint.size, members = (size_t)j->members.n, cases = (size_t)j->observed.n_cases;
    const size_t size = (size_t)(j->joint.targets * j->joint.components), seen = (size_t)(j->n_reserved * j->joint.components);
    j->z = malloc(batch * joint * sizeof *j->z);
    j->block = malloc(batch * joint * sizeof *j->block);
    j->drawn = calloc(members, 1);
    j->evidence = calloc(3 * cases, sizeof *j->evidence);
    if (j->writer == NULL)
        j->kept = malloc(members * size * sizeof *j->kept);
    j->predicted = malloc((cases * members * seen + 1) * sizeof *j->predicted);
    if (j->z == NULL || j->block == NULL || j->drawn == NULL || j->evidence == NULL || (j->writer == NULL && j->kept == NULL) ||
        j->predicted == NULL)
        return gndp_failure_memory();
    j->evidence_square = j->evidence + cases;
    j->evidence_count = j->evidence_square + cases;
    for (size_t c = 0; c < 2 * cases; c++) /* sums of nothing */
        j->evidence[c] = -HUGE_VAL;
    j->least_particles = HUGE_VAL;
    j->of_case = j->of_fold = -1;
    return GNDP_EXIT_DONE;
}

static int list_todo(gndp_infer_job *j)
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

static int check_words(const gndp_infer_job *j, int n_words)
{
    if (n_words != 1)
        return gndp_usage_error("infer wants one model, MODEL.nc");
    if (j->s.observed.path == NULL)
        return gndp_usage_error("--obs is wanted: a table of observations, or a NetCDF file");
    return GNDP_EXIT_DONE;
}

static int check_usage(const gndp_infer_job *j)
{
    const infer_settings *s = &j->s;
    if (s->lead != NULL || s->fill > 0.0 || s->storm != NULL || s->format != NULL)
        return gndp_usage_error("--lead, --fill, --storm and --format are for models of tracks");
    if (s->output == NULL && s->stats == NULL && s->check == NULL && !s->dry_run)
        return gndp_usage_error("-o OUT.nc (or OUT.csv), --stats FILE.nc or --check FILE.csv is wanted");
    if (s->output != NULL && !gndp_infer_is(s->output, ".nc") && !gndp_infer_is(s->output, ".csv"))
        return gndp_usage_error("-o wants OUT.nc or OUT.csv");
    if (s->stats != NULL && !gndp_infer_is(s->stats, ".nc"))
        return gndp_usage_error("--stats wants a name that ends in .nc, got '%s'", s->stats);
    if (s->stats != NULL && s->output != NULL && strcmp(s->stats, s->output) == 0)
        return gndp_usage_error("-o and --stats name one file");
    if (s->check == NULL && (s->folds > 0 || s->check_members > 0))
        return gndp_usage_error("--folds and --check-members belong to --check FILE.csv");
    return GNDP_EXIT_DONE;
}

static int prepare(gndp_infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    GNDP_STEP(gndp_sampling_make(&j->s.sampling, j->model, &j->sampling));
    GNDP_STEP(cli_method_make(&j->s.method, j->model, &j->method));
    GNDP_STEP(cli_target_make(&j->s.target, j->model, j->sampling.options.seed, &j->target));
    j->s.observed.seed = j->sampling.options.seed;
    j->s.observed.quiet = j->s.quiet;
    GNDP_STEP(cli_observed_read(&j->s.observed, gndp_model_fields(j->model), &j->observed));
    GNDP_STEP(cli_joint_make(&j->target.coords, &j->observed, &j->joint));
    GNDP_STEP(cli_areas_read(j->s.areas, gndp_model_fields(j->model), &j->target.coords, &j->observed, j->s.quiet, &j->areas));
    if (j->areas.n > 0 && (j->area_text = cli_areas_text(&j->areas, &j->observed)) == NULL)
        return gndp_failure_memory();
    GNDP_STEP(cli_method_fits(&j->method, &j->joint, &j->observed));
    GNDP_STEP(gndp_infer_reserve(j));
    if (j->s.output != NULL && gndp_infer_is(j->s.output, ".csv") && j->observed.n_cases > 1)
        return gndp_usage_error("a table holds one case, the observations are of %d times; name an .nc file, or choose one with --time",
                                j->observed.n_cases);
done:
    return code;
}

static int run(gndp_infer_job *j, const char *const *words, int n_words)
{
    int code = GNDP_EXIT_DONE;
    const gndp_logger log = {.sink = gndp_log_sink_text, .state = stderr, .level = j->s.quiet ? GNDP_LOG_ERROR : GNDP_LOG_INFO};
    GNDP_STEP(check_words(j, n_words));
    GNDP_STEP(gndp_members_make(j->s.n, j->s.members, 16, &j->members));
    if (j->members.n == 0)
        return gndp_usage_error("-n wants at least 1");
    GNDP_LIBRARY(gndp_model_read(words[0], &j->model));
    if (gndp_model_brownian(j->model) != NULL)
        return gndp_infer_tracks(j, &log);
    GNDP_STEP(check_usage(j));
    GNDP_STEP(prepare(j));
    if (!j->s.dry_run)
        GNDP_STEP(gndp_infer_open(j, &log));
    GNDP_STEP(list_todo(j));
    gp_interruptible();
    GNDP_STEP(cli_joint_open(&j->joint, j->model, j->sampling.batch, j->sampling.bf16));
    if (j->method.prior != NULL)
        GNDP_STEP(cli_joint_prior(&j->joint, j->model, j->method.prior, &j->prior));
    GNDP_STEP(make_room(j));
    if (j->s.dry_run)
        return gndp_infer_dry(j);
    if (j->s.check != NULL)
        GNDP_STEP(gndp_infer_check(j));
    if (j->s.output != NULL || j->s.stats != NULL) {
        GNDP_STEP(draw(j));
        GNDP_STEP(gndp_infer_score(j));
    }
    GNDP_STEP(gndp_infer_close(j));
    GNDP_STEP(gndp_infer_report(j));
done:
    return code;
}

static void job_free(gndp_infer_job *j)
{
    gndp_field_writer_free(j->writer, j->done > 0 || (j->todo != NULL && j->n_todo < j->members.n)); /* hours of work are kept for another try */
    gndp_field_writer_free(j->stats, false);
    gndp_output_close(&j->csv);
    gndp_output_close(&j->table);
    gndp_conditioner_free(j->conditioner);
    cli_linear_free(&j->linear);
    cli_joint_free(&j->joint);
    cli_observed_free(&j->observed);
    cli_areas_free(&j->areas);
    free(j->area_text);
    cli_target_free(&j->target);
    gndp_members_free(&j->members);
    gndp_model_free(j->model);
    gndp_infer_scores_free(j);
    free(j->reserved);
    free(j->history);
    free(j->todo);
    gndp_prior_free(j->prior);
    free(j->z);
    free(j->block);
    free(j->kept);
    free(j->predicted);
    free(j->drawn);
    free(j->evidence);
}

int gndp_infer_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    gndp_infer_job j = {.s = {.n = -1, .reserve = -1.0, .method = cli_method_options_none, .sampling = {.corrector = -1}}};
    const char *const *words = NULL;
    int n_words = 0;
    gndp_usage_of("infer");
    GNDP_STEP(gndp_options_read_words(gndp_infer_table, argc, argv, &j.s, &words, &n_words));
    gndp_failure_verbose(j.s.verbose);
    if (j.s.threads > 0)
        GNDP_LIBRARY(gndp_threads_set((int)j.s.threads));
    j.history = cli_history("infer", argc, argv);
    code = run(&j, words, n_words);
done:
    job_free(&j);
    return code;
}
