// SPDX-License-Identifier: Apache-2.0
// `gndp gp fit`: parameters of a kernel from data, by maximum marginal
// likelihood.
#include <stdlib.h>
#include <string.h>

#include "cli/gp_analysis.h"
#include "cli/gp_verbs.h"

const char gp_fit_text[] =
    "usage: gndp gp fit --kernel TEXT --data FILE [-o OUT.kernel] [OPTION]...\n"
    "       gndp gp fit --kernel TEXT --generate TRUTH POINTS [OPTION]...\n"
    "\n"
    "Find the parameters of a kernel that make data most likely: the log marginal likelihood is\n"
    "maximised by BFGS from several starts, the first at the parameters given. The table shows "
    "each\n"
    "parameter with an interval of one standard deviation of its logarithm. Noise is fitted when\n"
    "the kernel has a white() part.\n"
    "\n"
    "FILE is a table or a NetCDF file. Tables have columns x1, x2, .. (or lat, lon), y1, y2, .. "
    "and,\n"
    "if errors are known, sd; or time, lat, lon and the names of variables. Members of a table, "
    "times\n"
    "of observations and fields of a file are taken as independent realizations of one process: "
    "their\n"
    "log marginal likelihoods add up. Of large files 16 fields and 250 random points are taken;\n"
    "--fields and --points say otherwise. Latitudes and longitudes are unit vectors for kernels of "
    "the\n"
    "sphere, and points of a local plane in km for kernels of R^n.\n"
    "With --generate the data are drawn from a kernel, so that truth and fit can be compared.\n";

const gndp_option gp_fit_options[] = {
    GP_OPTIONS_KERNEL,
    GP_OPTIONS_DATA,
    GP_OPTION("generate", 0, "TRUTH", GNDP_OPTION_TEXT, generate,
              "fit data drawn from this kernel, on points named as for sample:"),
    GP_OPTIONS_GRIDS,
    GP_OPTION("points", 0, "N|FILE.csv", GNDP_OPTION_TEXT, places.points,
              "N random points of every field of --data, default 250 at most;\n"
              "FILE.csv: of --generate, columns x1, x2, .. or lat, lon"),
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
    "      --fix 1/white/variance --starts 2\n"
    "  gndp gen sphere --grid r36x18 -n 6 -o globe.nc\n"
    "  gndp gp fit --kernel \"s2_matern(nu=2.5) + white()\" --data globe.nc --points 60 --starts "
    "2\n";

typedef struct job {
    gp_settings settings;
    gndp_kernel *kernel, *truth;
    char *text;
    gp_data data;
    double seconds;
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

/* The draws of one member as a set. */
static int add_member(job *j, const gndp_places *places, const gndp_members *members, int64_t m,
                      const double *draw)
{
    gp_data *data = &j->data;
    gp_set *set = gp_data_append(data);
    const size_t width = (size_t)(places->n * data->outputs);
    if (set == NULL)
        return GNDP_EXIT_FAILURE;
    const int code = gp_set_make(set, places->n, data->columns, data->outputs, false, false, false);
    if (code != GNDP_EXIT_DONE)
        return code;
    set->member = members->number[m];
    memcpy(set->shown, places->shown.data, gndp_type_bytes(places->shown.type));
    memcpy(set->y, draw + (size_t)m * width, width * sizeof *draw);
    return GNDP_EXIT_DONE;
}

static int draw_values(job *j, const gndp_places *places, const gndp_members *members)
{
    int code = GNDP_EXIT_DONE;
    gndp_gaussian *law = NULL;
    double *draw = malloc((size_t)(members->n * places->n * j->data.outputs) * sizeof *draw);
    if (draw == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_gaussian_create(j->truth, &places->points, NULL, NULL, &law));
    GNDP_LIBRARY(gndp_gaussian_sample(law, j->settings.seed, members->number, members->n, draw));
    for (int64_t m = 0; m < members->n; m++)
        GNDP_STEP(add_member(j, places, members, m, draw));
done:
    gndp_gaussian_free(law);
    free(draw);
    return code;
}

static int generate(job *j)
{
    int code = GNDP_EXIT_DONE;
    gndp_places places = {0};
    gndp_members members = {0};
    GNDP_STEP(gndp_members_make(j->settings.n, j->settings.members, 1, &members));
    GNDP_STEP(read_truth(j));
    GNDP_STEP(gndp_places_make(&j->settings.places, j->settings.seed, &places));
    const int64_t dims = places.x.type.dim[1];
    GNDP_STEP(gp_kernel_fits(j->truth, places.sphere, dims, NULL, 0));
    j->data = (gp_data){.path = "the generated set",
                        .degrees = places.sphere,
                        .members = true,
                        .columns = gndp_places_columns(&places),
                        .outputs = gndp_kernel_outputs(j->truth, dims)};
    if (members.n == 0)
        code = gndp_usage_error("-n wants at least 1");
    else
        GNDP_STEP(draw_values(j, &places, &members));
done:
    gndp_places_free(&places);
    gndp_members_free(&members);
    return code;
}

/* Fits cost the cube of the points of a field and the number of fields: so many are taken where
 * more is not asked for. */
enum { FIELDS_MOST = 16, POINTS_MOST = 250 };

/* --points N of --data is a number, of --generate a file. */
static int get_fields(job *j)
{
    const gp_settings *s = &j->settings;
    const gndp_place_options *p = &s->places;
    double points = 0.0;
    if (p->points != NULL && (!gndp_number_read(p->points, &points) || points < 1.0 ||
                              points > 1e6 || points != floor(points)))
        return gndp_usage_error("with --data --points wants a number of points, got '%s'",
                                p->points);
    if (p->line != NULL || p->plane != NULL || p->grid != NULL || p->scatter != NULL ||
        p->like != NULL || p->poles || s->noise > 0.0 || s->n >= 0 || s->members != NULL)
        return gndp_usage_error("points, members and --noise belong to --generate");
    const gp_take take = {.fields = s->fields > 0 ? s->fields : FIELDS_MOST,
                          .points = (int64_t)points,
                          .most = POINTS_MOST,
                          .seed = s->seed,
                          .quiet = s->quiet};
    const int code = gp_data_read(s, &take, false, &j->data);
    if (code == GNDP_EXIT_DONE && points > 0.0 && j->data.source == NULL)
        return gndp_usage_error("--points N belongs to files of fields, %s is a table", s->data);
    return code;
}

static int get_data(job *j)
{
    const gp_settings *s = &j->settings;
    if ((s->data != NULL) == (s->generate != NULL))
        return gndp_usage_error("%s of --data and --generate is wanted",
                                s->data == NULL ? "one" : "only one");
    return s->generate != NULL ? generate(j) : get_fields(j);
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
    const double size = (double)(j->data.set[0].n * j->data.outputs);
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
        sets[s] = gp_set_data(&j->data, &j->data.set[s]);
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

static int64_t count_values(const gp_data *data)
{
    int64_t n = 0;
    for (int s = 0; s < data->n_sets; s++)
        n += data->set[s].n * data->outputs;
    return n;
}

static void report_data(const gp_data *data)
{
    const gndp_fieldset_spec *spec =
        data->source != NULL ? gndp_fieldset_get_spec(data->source) : NULL;
    printf("data     %lld", (long long)data->set[0].n);
    if (spec != NULL && data->set[0].n < spec->coords.n && spec->first == NULL)
        printf(" of %lld", (long long)spec->coords.n);
    printf(" points, %d output%s", data->outputs, data->outputs == 1 ? "" : "s");
    if (spec != NULL)
        printf(", %d of %lld fields", data->n_sets, (long long)spec->n_fields);
    else if (data->n_sets > 1)
        printf(", %d %s", data->n_sets, data->members ? "members" : "times");
    printf(" of %s; %s\n", data->path, gp_data_mean_text(data).text);
    if (spec != NULL && data->n_sets > 1)
        puts("         fields count as independent; --fields and --points take more or fewer");
    gp_report_plane(data);
    putchar('\n');
}

static void report(const job *j)
{
    const gndp_gp_fit_result *r = &j->result;
    const int64_t n = count_values(&j->data);
    report_data(&j->data);
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
    return gp_json_write(json_pack(
        "{s:s, s:s, s:s, s:I, s:i, s:i, s:o, s:o, s:o, s:f, s:f, s:i, s:i, "
        "s:i, s:o, s:f}",
        "command", "gp fit", "kernel", j->text, "data", j->data.path, "n_points",
        (json_int_t)j->data.set[0].n, "outputs", j->data.outputs, "members", j->data.n_sets, "mean",
        gp_json_number(j->data.mean[0]), "frame", gp_json_frame(&j->data), "parameters", params,
        "log_marginal", r->log_marginal, "gradient_norm", r->gradient_norm, "evaluations",
        r->evaluations, "starts_used", r->starts_used, "failed_points", r->failed_points, "seed",
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
    GNDP_STEP(gp_data_frame(&j.data, j.kernel, j.settings.quiet));
    GNDP_STEP(gp_data_center(&j.data, j.settings.mean));
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
    gp_data_free(&j.data);
    gndp_kernel_free(j.kernel);
    gndp_kernel_free(j.start);
    gndp_kernel_free(j.truth);
    free(j.text);
    return code;
}
