// SPDX-License-Identifier: Apache-2.0
// `gndp gp fit`: parameters of a kernel from data, by maximum marginal
// likelihood.
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/gp_verbs.h"

const char gp_fit_text[] =
    "usage: gndp gp fit --kernel TEXT --data FILE.csv [-o OUT.kernel] [OPTION]...\n"
    "       gndp gp fit --kernel TEXT --generate TRUTH POINTS [OPTION]...\n"
    "\n"
    "Find the parameters of a kernel that make data most likely: the log marginal likelihood is\n"
    "maximised by BFGS from several starts, the first at the parameters given. The table shows "
    "each\n"
    "parameter with an interval of one standard deviation of its logarithm. Noise is fitted when\n"
    "the kernel has a white() part.\n"
    "\n"
    "FILE.csv has columns x1, x2, .. (or lat, lon), y1, y2, .. and, if errors are known, sd. A "
    "file\n"
    "of members, as `gndp gp sample` writes it, is fitted as a whole: members are independent.\n"
    "With --generate the data are drawn from a kernel, so that truth and fit can be compared.\n";

const gndp_option gp_fit_options[] = {
    GP_OPTIONS_KERNEL,
    GP_OPTION("data", 'd', "FILE.csv", GNDP_OPTION_TEXT, data, "what to fit"),
    GP_OPTION("generate", 0, "TRUTH", GNDP_OPTION_TEXT, generate,
              "fit data drawn from this kernel, on points named as for sample:"),
    GP_OPTIONS_PLACES,
    GP_OPTIONS_MEMBERS,
    GP_OPTION_IN("noise", 0, "V", GNDP_OPTION_NUMBER, noise, 0, HUGE_VAL,
                 "with --generate: variance of noise added to every value"),
    GP_OPTIONS_MEAN,
    GP_OPTION("fix", 0, "PATH[=VALUE]", GNDP_OPTION_TEXTS, fix,
              "keep a parameter, such as 0/rbf/variance=1; repeatable"),
    GP_OPTION("bound", 0, "PATH=A:B", GNDP_OPTION_TEXTS, bounds,
              "where a parameter may lie; repeatable"),
    GP_OPTION_IN("starts", 0, "N", GNDP_OPTION_INTEGER, starts, 1, 1000,
                 "default 5: the kernel's own values, then random ones"),
    GP_OPTION_IN("max-steps", 0, "N", GNDP_OPTION_INTEGER, max_steps, 1, 100000,
                 "of BFGS from a start, default 200"),
    GP_OPTION("output", 'o', "OUT.kernel", GNDP_OPTION_TEXT, output,
              "the fitted kernel, for --kernel @OUT.kernel"),
    GP_OPTIONS_COMMON,
    {0}};

const char gp_fit_examples[] =
    "Examples (the files are those that gndp gp sample --help makes):\n"
    "  gndp gp fit --kernel \"rbf() + white()\" --data noisy.csv -o noisy.kernel\n"
    "  gndp gp fit --kernel \"rbf() + white()\" \\\n"
    "      --generate \"rbf(lengthscale=0.5)\" --noise 0.01 --scatter -3:3:120\n"
    "  gndp gp fit --kernel \"curlfree(rbf()) + white(variance=0.04)\" --data wind.csv \\\n"
    "      --fix 1/white/variance --starts 2\n";

typedef struct job {
    gp_settings settings;
    gndp_kernel *kernel, *truth;
    char *text;
    cli_observations data;
    double mean, seconds;
    char fixed_path[GNDP_OPTION_TEXTS_MAX][80];
    const char *fixed[GNDP_OPTION_TEXTS_MAX + 1];
    gndp_gp_bound bound[GNDP_OPTION_TEXTS_MAX + 1];
    char bound_path[GNDP_OPTION_TEXTS_MAX][80];
    gndp_kernel *start; /* parameters before the fit */
    gndp_gp_fit_result result;
    gndp_output output;
} job;

/* The truth with its noise: --noise is one more white part of the kernel's sum. */
static int read_truth(job *j)
{
    const char *text = j->settings.generate;
    int code = gp_kernel_read("--generate", text, &j->truth);
    if (code != GNDP_EXIT_DONE || j->settings.noise == 0.0)
        return code;
    char *plain = gp_kernel_text(j->truth), *noisy = NULL;
    gndp_kernel_free(j->truth);
    j->truth = NULL;
    if (plain != NULL)
        noisy = malloc(strlen(plain) + 64);
    if (noisy == NULL) {
        free(plain);
        return gndp_failure_memory();
    }
    sprintf(noisy, "%s + white(variance=%.17g)", plain, j->settings.noise);
    code = gp_kernel_read("--generate", noisy, &j->truth);
    free(plain);
    free(noisy);
    return code;
}

static int draw_values(job *j, const gndp_places *places, const gndp_members *members)
{
    int code = GNDP_EXIT_DONE;
    gndp_gaussian *law = NULL;
    cli_observations *data = &j->data;
    const int64_t width = data->n * data->outputs;
    GNDP_LIBRARY(gndp_gaussian_create(j->truth, &places->points, NULL, NULL, &law));
    data->y = malloc((size_t)(members->n * width) * sizeof *data->y);
    if (data->y == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_gaussian_sample(law, j->settings.seed, members->number, members->n, data->y));
done:
    gndp_gaussian_free(law);
    return code;
}

static int generate(job *j)
{
    int code = GNDP_EXIT_DONE;
    gndp_places places = {0};
    gndp_members members = {0};
    cli_observations *data = &j->data;
    GNDP_STEP(gndp_members_make(j->settings.n, j->settings.members, 1, &members));
    GNDP_STEP(read_truth(j));
    GNDP_STEP(gndp_places_make(&j->settings.places, j->settings.seed, &places));
    const int64_t dims = places.x.type.dim[1];
    GNDP_STEP(gp_kernel_fits(j->truth, places.sphere, dims, NULL, 0));
    *data = (cli_observations){.path = "the generated set",
                               .sphere = places.sphere,
                               .columns = gndp_places_columns(&places),
                               .outputs = gndp_kernel_outputs(j->truth, dims),
                               .n = places.n,
                               .n_sets = (int)members.n};
    data->x = malloc(gndp_type_bytes(places.x.type));
    if (data->x == NULL || members.n == 0) {
        code = data->x == NULL ? gndp_failure_memory() : gndp_usage_error("-n wants at least 1");
        goto done;
    }
    memcpy(data->x, places.x.data, gndp_type_bytes(places.x.type));
    GNDP_STEP(draw_values(j, &places, &members));
done:
    gndp_places_free(&places);
    gndp_members_free(&members);
    return code;
}

static int get_data(job *j)
{
    const gp_settings *s = &j->settings;
    const gndp_place_options *p = &s->places;
    const bool placed = p->line != NULL || p->plane != NULL || p->grid != NULL ||
                        p->scatter != NULL || p->points != NULL || p->poles;
    if ((s->data != NULL) == (s->generate != NULL))
        return gndp_usage_error("%s of --data and --generate is wanted",
                                s->data == NULL ? "one" : "only one");
    if (s->generate != NULL)
        return generate(j);
    if (placed || s->noise > 0.0 || s->n >= 0 || s->members != NULL)
        return gndp_usage_error("points, members and --noise belong to --generate");
    return cli_observations_read(s->data, &j->data);
}

/* "PATH=REST" into a path and what is behind the sign; NULL where there is none. */
static const char *split_path(const char *text, char path[80])
{
    const size_t length = strcspn(text, "=");
    snprintf(path, 80, "%.*s", (int)length, text);
    return text[length] == '=' ? text + length + 1 : NULL;
}

static int set_fixed(job *j)
{
    int code = GNDP_EXIT_DONE;
    const gndp_option_texts *fix = &j->settings.fix;
    for (int i = 0; i < fix->n; i++) {
        double value;
        const char *rest = split_path(fix->text[i], j->fixed_path[i]);
        if (rest != NULL && !gndp_number_read(rest, &value))
            return gndp_usage_error("--fix wants PATH or PATH=VALUE, got '%s'", fix->text[i]);
        if (rest != NULL)
            GNDP_LIBRARY(gndp_kernel_param_set(j->kernel, j->fixed_path[i], value));
        j->fixed[i] = j->fixed_path[i];
    }
done:
    return code;
}

static int set_bounds(job *j)
{
    const gndp_option_texts *bounds = &j->settings.bounds;
    for (int i = 0; i < bounds->n; i++) {
        char low[40] = "";
        const char *rest = split_path(bounds->text[i], j->bound_path[i]);
        const char *colon = rest != NULL ? strchr(rest, ':') : NULL;
        gndp_gp_bound *bound = &j->bound[i];
        if (colon != NULL)
            snprintf(low, sizeof low, "%.*s", (int)(colon - rest), rest);
        if (colon == NULL || !gndp_number_read(low, &bound->low) ||
            !gndp_number_read(colon + 1, &bound->high))
            return gndp_usage_error("--bound wants PATH=A:B, got '%s'", bounds->text[i]);
        bound->path = j->bound_path[i];
    }
    return GNDP_EXIT_DONE;
}

/* Evaluations differ much from start to start, so that time is told by starts. */
static bool watch(void *state, const gndp_gp_fit_progress *now)
{
    char extra[96];
    if (isfinite(now->log_marginal))
        snprintf(extra, sizeof extra, "evaluation %d, log marginal likelihood %.6g",
                 now->evaluations, now->log_marginal);
    else
        snprintf(extra, sizeof extra, "evaluation %d", now->evaluations);
    gndp_progress_update(state, now->start, extra);
    return !gp_interrupted();
}

/* An evaluation factors every member's covariance; a few hundred of them with more work than this
   take long enough to want progress in a log. */
static const double long_work = 3e8;

static int search(job *j, const gndp_gp_data *sets)
{
    const double size = (double)(j->data.n * j->data.outputs);
    const int64_t starts = j->settings.starts > 0 ? j->settings.starts : 5;
    gndp_progress *progress = gp_progress(&j->settings, "fitting", "start", starts,
                                          size * size * size * j->data.n_sets > long_work);
    const gndp_gp_fit_options options = {.starts = (int)starts,
                                         .max_steps = (int)j->settings.max_steps,
                                         .seed = j->settings.seed,
                                         .fixed = j->fixed,
                                         .bounds = j->bound,
                                         .watch = watch,
                                         .watch_state = progress};
    const gndp_status st = gndp_gp_fit(j->kernel, sets, j->data.n_sets, &options, &j->result);
    if (st == GNDP_OK)
        gndp_progress_update(progress, starts, NULL); /* also where nothing moves */
    gndp_progress_free(progress);
    if (st == GNDP_ERR_INTERRUPTED)
        return gp_stopped("while fitting");
    return st == GNDP_OK ? GNDP_EXIT_DONE : gndp_failure_library();
}

static int fit(job *j)
{
    int code = GNDP_EXIT_DONE;
    const double start = gp_seconds();
    gndp_gp_data *sets = calloc((size_t)j->data.n_sets, sizeof *sets);
    if (sets == NULL)
        return gndp_failure_memory();
    for (int s = 0; s < j->data.n_sets; s++)
        sets[s] = cli_observations_data(&j->data, s, j->mean);
    GNDP_LIBRARY(gndp_kernel_clone(j->kernel, &j->start));
    GNDP_STEP(search(j, sets));
    j->seconds = gp_seconds() - start;
    j->text = gp_kernel_text(j->kernel);
    if (j->text == NULL)
        code = gndp_failure_memory();
done:
    free(sets);
    return code;
}

/* The value of a parameter; NaN where the kernel has none of that path. */
static double value_of(const gndp_kernel *k, const char *path)
{
    gndp_kernel_param param;
    for (int i = 0; k != NULL && i < gndp_kernel_param_count(k); i++)
        if (gndp_kernel_param_get(k, i, &param) == GNDP_OK && strcmp(param.path, path) == 0)
            return param.value;
    return (double)NAN;
}

/* Ends of the interval of one standard deviation; NaN where it is not known. */
static void interval_of(const gndp_gp_fit_param *p, double *low, double *high)
{
    *low = p->positive ? p->value * exp(-p->log_sd) : p->value - p->log_sd;
    *high = p->positive ? p->value * exp(p->log_sd) : p->value + p->log_sd;
}

static void print_param(const job *j, const gndp_gp_fit_param *p)
{
    const double truth = value_of(j->truth, p->path);
    double low, high;
    char interval[48], known[24] = "";
    interval_of(p, &low, &high);
    if (p->at_bound)
        snprintf(interval, sizeof interval, "at its bound");
    else if (!isfinite(p->log_sd))
        snprintf(interval, sizeof interval, "not known");
    else
        snprintf(interval, sizeof interval, "%.4g .. %.4g", low, high);
    if (isfinite(truth))
        snprintf(known, sizeof known, "%.4g", truth);
    printf("%-28s %10.4g %10.4g %24s%s%s\n", p->path, value_of(j->start, p->path), p->value,
           interval, j->truth != NULL ? "   " : "", known);
}

static void report(const job *j)
{
    const gndp_gp_fit_result *r = &j->result;
    const int64_t n = j->data.n * j->data.outputs * j->data.n_sets;
    printf("data     %lld points, %d output%s", (long long)j->data.n, j->data.outputs,
           j->data.outputs == 1 ? "" : "s");
    if (j->data.n_sets > 1)
        printf(", %d members", j->data.n_sets);
    printf(" of %s; mean of the process %g\n\n", j->data.path, j->mean);
    printf("%-28s %10s %10s %24s%s\n", "parameter", "start", "fitted", "one standard deviation",
           j->truth != NULL ? "   truth" : "");
    for (int i = 0; i < r->n_params; i++)
        print_param(j, &r->param[i]);
    printf("\nlog marginal likelihood  %.6g nats, %.4g a value\n", r->log_marginal,
           r->log_marginal / (double)n);
    printf("search                   %d of %lld starts had a finite value, %d evaluations",
           r->starts_used, (long long)(j->settings.starts > 0 ? j->settings.starts : 5),
           r->evaluations);
    printf(r->failed_points > 0 ? ", %d failed\n" : "\n", r->failed_points);
    if (j->settings.verbose)
        printf("time                     %.3g s, gradient norm %.2g at the end\n", j->seconds,
               r->gradient_norm);
    printf("kernel                   %s\n", j->text);
    if (j->settings.output != NULL)
        printf("wrote %s; use it with --kernel @%s\n", j->settings.output, j->settings.output);
}

static int report_json(const job *j)
{
    const gndp_gp_fit_result *r = &j->result;
    json_t *params = json_array();
    for (int i = 0; i < r->n_params; i++) {
        const gndp_gp_fit_param *p = &r->param[i];
        double low, high;
        interval_of(p, &low, &high);
        json_array_append_new(
            params, json_pack("{s:s, s:o, s:f, s:o, s:o, s:o, s:b, s:o}", "path", p->path, "start",
                              gp_json_number(value_of(j->start, p->path)), "value", p->value,
                              "log_sd", gp_json_number(p->log_sd), "low", gp_json_number(low),
                              "high", gp_json_number(high), "at_bound", p->at_bound, "truth",
                              gp_json_number(value_of(j->truth, p->path))));
    }
    return gp_json_write(json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:f, s:o, s:f, s:f, s:i, s:i, "
                                   "s:i, s:o, s:f}",
                                   "command", "gp fit", "kernel", j->text, "data", j->data.path,
                                   "n_points", (json_int_t)j->data.n, "outputs", j->data.outputs,
                                   "members", j->data.n_sets, "mean", j->mean, "parameters", params,
                                   "log_marginal", r->log_marginal, "gradient_norm",
                                   r->gradient_norm, "evaluations", r->evaluations, "starts_used",
                                   r->starts_used, "failed_points", r->failed_points, "seed",
                                   gp_json_seed(j->settings.seed), "seconds", j->seconds));
}

int gp_fit_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    job j = {.settings = gp_settings_default};
    GNDP_STEP(gp_begin(gp_fit_options, argc, argv, &j.settings));
    gp_interruptible();
    GNDP_STEP(gp_kernel_read("--kernel", j.settings.kernel, &j.kernel));
    GNDP_STEP(set_fixed(&j));
    GNDP_STEP(set_bounds(&j));
    GNDP_STEP(get_data(&j));
    GNDP_STEP(gp_kernel_fits(j.kernel, j.data.sphere, cli_observations_dims(&j.data), j.data.path,
                             j.data.outputs));
    GNDP_STEP(gp_mean(j.settings.mean, &j.data, &j.mean));
    GNDP_STEP(gndp_output_open(j.settings.output, j.settings.overwrite, &j.output));
    GNDP_STEP(fit(&j));
    if (j.output.file != NULL)
        fprintf(j.output.file, "%s\n", j.text);
    GNDP_STEP(gndp_output_commit(&j.output));
    if (j.settings.json)
        GNDP_STEP(report_json(&j));
    else if (gp_reports(&j.settings))
        report(&j);
done:
    gndp_output_close(&j.output);
    cli_observations_free(&j.data);
    gndp_kernel_free(j.kernel);
    gndp_kernel_free(j.start);
    gndp_kernel_free(j.truth);
    free(j.text);
    return code;
}
