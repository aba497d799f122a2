// SPDX-License-Identifier: Apache-2.0
// `gndp gp eval`: scores of the predictions of held-out data.
#include <stdlib.h>
#include <string.h>

#include "cli/csv.h"
#include "cli/gp_common.h"
#include "cli/gp_verbs.h"

const char gp_eval_text[] =
    "usage: gndp gp eval --kernel TEXT --data FILE.csv [--held-out F | --test FILE.csv] "
    "[OPTION]...\n"
    "\n"
    "Predict data that were held out from the others, and score the predictions: log predictive\n"
    "density (of each value by itself, and of all jointly), bias, root mean square and mean "
    "absolute\n"
    "error, CRPS, mean predicted standard deviation, and the part of the values within the "
    "central\n"
    "50, 90 and 95 % intervals. Which rows are held out follows from --seed. The second row of "
    "the\n"
    "table is the normal law with mean and variance of the rows kept, without any covariance: "
    "what\n"
    "the kernel must beat.\n"
    "OUT.csv has one row a held-out value: y, its predicted mean and sd (noise included), error "
    "in\n"
    "standard deviations, log density.\n";

const gndp_option gp_eval_options[] = {
    GP_OPTIONS_KERNEL,
    GP_OPTION("data", 'd', "FILE.csv", GNDP_OPTION_TEXT, data, "as for fit and infer"),
    GP_OPTION_IN("member", 0, "K", GNDP_OPTION_INTEGER, member, 0, HUGE_VAL,
                 "which one, of data with members"),
    GP_OPTION_IN("held-out", 0, "F", GNDP_OPTION_NUMBER, held_out, 0.0, 1.0,
                 "part of the rows that is held out, default 0.2"),
    GP_OPTION("test", 0, "FILE.csv", GNDP_OPTION_TEXT, test,
              "hold out nothing, predict the values of this file"),
    GP_OPTIONS_MEAN,
    GP_OPTION("output", 'o', "OUT.csv", GNDP_OPTION_TEXT, output,
              "value by value; - is standard output"),
    GP_OPTIONS_COMMON,
    {0}};

const char gp_eval_examples[] =
    "Examples:\n"
    "  gndp gp eval --kernel @noisy.kernel --data noisy.csv --held-out 0.3 --seed 2\n"
    "  gndp gp eval --kernel \"s2_matern(nu=1.5, kappa=0.3) + white(variance=0.1)\" \\\n"
    "      --data stations.csv --mean data -o scores.csv\n";

enum { INTERVALS = 3 };
static const double interval_part[INTERVALS] = {0.5, 0.9, 0.95};
/* Phi^-1((1 + part) / 2), quantiles of the standard normal law */
static const double interval_sd[INTERVALS] = {0.67448975019608174, 1.6448536269514722,
                                              1.9599639845400542};

typedef struct scores {
    double log_density, joint, bias, rmse, mae, crps, sd; /* means over the values */
    double coverage[INTERVALS];
} scores;

typedef struct job {
    gp_settings settings;
    gndp_kernel *kernel;
    char *kernel_text;
    cli_observations context, target;
    double mean_of_process;
    gndp_output output;
    double *mean, *sd; /* [targets P] of new observations */
    scores gp, constant;
} job;

/* Rows in random order, by sorting on independent uniforms. */
typedef struct ticket {
    double draw;
    int64_t row;
} ticket;

static int by_draw(const void *a, const void *b)
{
    const ticket *x = a, *y = b;
    if (x->draw != y->draw)
        return x->draw < y->draw ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int by_row(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Hold out round(F n) rows, at least one, and keep at least one; both in the order of the file. */
static int split(const cli_observations *all, double part, uint64_t seed, job *j)
{
    int code = GNDP_EXIT_DONE;
    const int64_t n = all->n;
    int64_t held = (int64_t)llround(part * (double)n);
    ticket *tickets = malloc((size_t)n * sizeof *tickets);
    double *draw = malloc((size_t)n * sizeof *draw);
    int64_t *row = malloc((size_t)n * sizeof *row);
    if (tickets == NULL || draw == NULL || row == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    if (n < 2) {
        code = gndp_failure("%s has one row; there is nothing to hold out", all->path);
        goto done;
    }
    held = held < 1 ? 1 : held > n - 1 ? n - 1 : held;
    GNDP_LIBRARY(gndp_random_uniform_f64(seed, 0, 0, GNDP_STREAM(0x4e1d, 0), 0, n, draw));
    for (int64_t i = 0; i < n; i++)
        tickets[i] = (ticket){draw[i], i};
    qsort(tickets, (size_t)n, sizeof *tickets, by_draw);
    for (int64_t i = 0; i < n; i++)
        row[i] = tickets[i].row;
    qsort(row, (size_t)held, sizeof *row, by_row);
    qsort(row + held, (size_t)(n - held), sizeof *row, by_row);
    GNDP_STEP(cli_observations_pick(all, row, held, &j->target));
    GNDP_STEP(cli_observations_pick(all, row + held, n - held, &j->context));
done:
    free(tickets);
    free(draw);
    free(row);
    return code;
}

static int get_data(job *j)
{
    int code = GNDP_EXIT_DONE;
    const gp_settings *s = &j->settings;
    cli_observations all = {0};
    if (s->data == NULL)
        return gndp_usage_error("--data is wanted, a CSV file with columns such as x1,y1");
    GNDP_STEP(cli_observations_read(s->data, &all));
    GNDP_STEP(cli_observations_choose(&all, s->member));
    if (s->test == NULL) {
        GNDP_STEP(split(&all, s->held_out, s->seed, j));
        goto done;
    }
    j->context = all; /* handed over */
    all = (cli_observations){0};
    GNDP_STEP(cli_observations_read(s->test, &j->target));
    GNDP_STEP(cli_observations_choose(&j->target, -1));
    if (j->target.sphere != j->context.sphere || j->target.columns != j->context.columns ||
        j->target.outputs != j->context.outputs)
        code = gndp_failure("%s and %s differ in their columns", s->data, s->test);
done:
    cli_observations_free(&all);
    return code;
}

static double log_density(double error, double sd)
{
    const double log_2pi = 1.8378770664093453;
    const double z = error / sd;
    if (sd == 0.0) /* all at one value */
        return error == 0.0 ? HUGE_VAL : -HUGE_VAL;
    return -0.5 * (log_2pi + z * z) - log(sd);
}

/* CRPS of the normal law, in units of y: Gneiting & Raftery 2007, section 4.2. */
static double crps(double error, double sd)
{
    const double inverse_sqrt_pi = 0.56418958354775629, inverse_sqrt_2pi = 0.3989422804014327;
    const double z = error / sd;
    if (sd == 0.0)
        return fabs(error);
    const double cdf_term = erf(z / sqrt(2.0)); /* 2 Phi(z) - 1 */
    return sd * (z * cdf_term + 2.0 * inverse_sqrt_2pi * exp(-0.5 * z * z) - inverse_sqrt_pi);
}

/* Scores that look at one value at a time. */
static scores score(const double *y, const double *mean, const double *sd, int64_t n)
{
    scores s = {0};
    double square = 0.0;
    int64_t within[INTERVALS] = {0};
    for (int64_t i = 0; i < n; i++) {
        const double error = y[i] - mean[i];
        s.log_density += log_density(error, sd[i]) / (double)n;
        s.bias -= error / (double)n; /* of the prediction */
        square += error * error / (double)n;
        s.mae += fabs(error) / (double)n;
        s.crps += crps(error, sd[i]) / (double)n;
        s.sd += sd[i] / (double)n;
        for (int k = 0; k < INTERVALS; k++)
            within[k] += fabs(error) <= interval_sd[k] * sd[i];
    }
    for (int k = 0; k < INTERVALS; k++)
        s.coverage[k] = (double)within[k] / (double)n;
    s.rmse = sqrt(square);
    s.joint = s.log_density;
    return s;
}

/* The rows kept and the rows held out in one set, targets last. */
static int join(const cli_observations *a, const cli_observations *b, cli_observations *out)
{
    const int64_t n = a->n + b->n;
    const size_t D = (size_t)cli_observations_dims(a), P = (size_t)a->outputs;
    const size_t na = (size_t)a->n, nb = (size_t)b->n;
    *out = *a;
    out->n = n;
    out->member = NULL;
    out->shown = NULL;
    out->line = NULL;
    out->x = malloc((na + nb) * D * sizeof(double));
    out->y = malloc((na + nb) * P * sizeof(double));
    out->noise = calloc((na + nb) * P, sizeof(double));
    if (out->x == NULL || out->y == NULL || out->noise == NULL)
        return gndp_failure_memory();
    memcpy(out->x, a->x, na * D * sizeof(double));
    memcpy(out->x + na * D, b->x, nb * D * sizeof(double));
    memcpy(out->y, a->y, na * P * sizeof(double));
    memcpy(out->y + na * P, b->y, nb * P * sizeof(double));
    if (a->noise != NULL)
        memcpy(out->noise, a->noise, na * P * sizeof(double));
    if (b->noise != NULL)
        memcpy(out->noise + na * P, b->noise, nb * P * sizeof(double));
    return GNDP_EXIT_DONE;
}

/* ln p(targets | context) = ln p(both) - ln p(context): errors of the targets
 * count as they are given. */
static int joint_density(job *j, const gndp_gp *gp)
{
    int code = GNDP_EXIT_DONE;
    cli_observations both = {0};
    gndp_gp *gp_both = NULL;
    GNDP_STEP(join(&j->context, &j->target, &both));
    const gndp_gp_data data = cli_observations_data(&both, 0, j->mean_of_process);
    GNDP_LIBRARY(gndp_gp_create(j->kernel, &data, &gp_both));
    j->gp.joint = (gndp_gp_log_marginal(gp_both) - gndp_gp_log_marginal(gp)) /
                  (double)(j->target.n * j->target.outputs);
done:
    gndp_gp_free(gp_both);
    cli_observations_free(&both);
    return code;
}

static int predict(job *j)
{
    int code = GNDP_EXIT_DONE;
    gndp_gp *gp = NULL;
    const cli_observations *t = &j->target;
    const int64_t n = t->n * t->outputs;
    const gndp_gp_data data = cli_observations_data(&j->context, 0, j->mean_of_process);
    const gndp_array x =
        gndp_array_view(gndp_type_2d(GNDP_F64, t->n, cli_observations_dims(t)), t->x);
    GNDP_LIBRARY(gndp_gp_create(j->kernel, &data, &gp));
    GNDP_LIBRARY(gndp_gp_predict(gp, &x, true, j->mean, j->sd, NULL));
    for (int64_t i = 0; i < n; i++) {
        j->sd[i] = sqrt(j->sd[i] + (t->noise != NULL ? t->noise[i] : 0.0));
        if (!(j->sd[i] > 0.0)) {
            code = gndp_failure("%s line %lld is predicted without any spread, so it has no "
                                "density; give the kernel a white() part or the file a column sd",
                                t->path, (long long)t->line[i / t->outputs]);
            goto done;
        }
    }
    j->gp = score(t->y, j->mean, j->sd, n);
    GNDP_STEP(joint_density(j, gp));
done:
    gndp_gp_free(gp);
    return code;
}

/* The law that knows nothing of places: each output has the mean and variance of the rows kept. */
static int score_constant(job *j)
{
    const cli_observations *c = &j->context, *t = &j->target;
    const int P = t->outputs;
    double *mean = malloc(2 * (size_t)(t->n * P) * sizeof *mean), *sd = mean + t->n * P;
    if (mean == NULL)
        return gndp_failure_memory();
    for (int p = 0; p < P; p++) {
        double m = 0.0, v = 0.0;
        for (int64_t i = 0; i < c->n; i++)
            m += c->y[i * P + p] / (double)c->n;
        for (int64_t i = 0; i < c->n; i++)
            v += (c->y[i * P + p] - m) * (c->y[i * P + p] - m) / (double)c->n;
        for (int64_t i = 0; i < t->n; i++) {
            mean[i * P + p] = m;
            sd[i * P + p] = sqrt(v);
        }
    }
    j->constant = score(t->y, mean, sd, t->n * P);
    free(mean);
    return GNDP_EXIT_DONE;
}

static void write_table(const job *j)
{
    FILE *file = j->output.file;
    const cli_observations *t = &j->target;
    for (int c = 0; c < t->columns; c++) {
        char name[16];
        gndp_places_column(t->sphere, c, name);
        fprintf(file, "%s,", name);
    }
    fputs("output,y,mean,sd,z,log_density\n", file);
    for (int64_t i = 0; i < t->n * t->outputs; i++) {
        const int64_t row = i / t->outputs;
        const double error = t->y[i] - j->mean[i];
        const double value[5] = {t->y[i], j->mean[i], j->sd[i], error / j->sd[i],
                                 log_density(error, j->sd[i])};
        for (int c = 0; c < t->columns; c++) {
            cli_csv_number(file, t->shown[row * t->columns + c]);
            fputc(',', file);
        }
        fprintf(file, "%d", (int)(i % t->outputs) + 1);
        for (int k = 0; k < 5; k++) {
            fputc(',', file);
            cli_csv_number(file, value[k]);
        }
        fputc('\n', file);
    }
}

static void print_scores(const char *name, const scores *s, bool joint)
{
    char text[16] = "-";
    if (joint)
        snprintf(text, sizeof text, "%.4g", s->joint);
    printf("%-9s %9.4g %9s %9.3g %9.4g %9.4g %9.4g %9.4g %6.1f %6.1f %6.1f\n", name, s->log_density,
           text, s->bias, s->rmse, s->mae, s->crps, s->sd, 100.0 * s->coverage[0],
           100.0 * s->coverage[1], 100.0 * s->coverage[2]);
}

static void report(const job *j)
{
    const int64_t n = j->target.n * j->target.outputs;
    printf("kernel   %s\n", j->kernel_text);
    printf("data     %lld rows predict %lld others", (long long)j->context.n,
           (long long)j->target.n);
    if (j->settings.test == NULL)
        printf(" of %s (seed %llu)", j->context.path, (unsigned long long)j->settings.seed);
    printf("; mean of the process %g\n\n", j->mean_of_process);
    printf("%-9s %9s %9s %9s %9s %9s %9s %9s %20s\n", "", "nats a", "", "", "", "", "", "mean",
           "% within interval");
    printf("%-9s %9s %9s %9s %9s %9s %9s %9s %6s %6s %6s\n", "", "value", "joint", "bias", "rmse",
           "mae", "crps", "sd", "50 %", "90 %", "95 %");
    print_scores("gp", &j->gp, true);
    print_scores("constant", &j->constant, false);
    printf("\n%lld values; were they independent, the parts within would have standard errors of "
           "%.1f, %.1f, %.1f %%\n",
           (long long)n, 100.0 * sqrt(0.25 / (double)n), 100.0 * sqrt(0.09 / (double)n),
           100.0 * sqrt(0.0475 / (double)n));
    if (j->settings.output != NULL)
        printf("wrote %s\n", j->settings.output);
}

static json_t *scores_json(const scores *s, bool joint)
{
    json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "log_density",
                               gp_json_number(s->log_density), "bias", gp_json_number(s->bias),
                               "rmse", gp_json_number(s->rmse), "mae", gp_json_number(s->mae),
                               "crps", gp_json_number(s->crps), "mean_sd", gp_json_number(s->sd));
    json_t *coverage = json_array();
    for (int k = 0; k < INTERVALS; k++)
        json_array_append_new(coverage, json_pack("{s:f, s:f}", "interval", interval_part[k],
                                                  "within", s->coverage[k]));
    json_object_set_new(object, "coverage", coverage);
    if (joint)
        json_object_set_new(object, "joint_log_density", gp_json_number(s->joint));
    return object;
}

static int report_json(const job *j)
{
    return gp_json_write(
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:f, s:o, s:o, s:o}", "command", "gp eval",
                  "kernel", j->kernel_text, "data", j->context.path, "test", j->target.path,
                  "n_context", (json_int_t)j->context.n, "n_held_out", (json_int_t)j->target.n,
                  "outputs", j->target.outputs, "mean_of_process", j->mean_of_process, "seed",
                  gp_json_seed(j->settings.seed), "gp", scores_json(&j->gp, true), "constant",
                  scores_json(&j->constant, false)));
}

int gp_eval_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    job j = {.settings = gp_settings_default};
    GNDP_STEP(gp_begin(gp_eval_options, argc, argv, &j.settings));
    GNDP_STEP(gp_kernel_read("--kernel", j.settings.kernel, &j.kernel));
    GNDP_STEP(get_data(&j));
    GNDP_STEP(gp_kernel_fits(j.kernel, j.context.sphere, cli_observations_dims(&j.context),
                             j.context.path, j.context.outputs));
    GNDP_STEP(gp_mean(j.settings.mean, &j.context, &j.mean_of_process));
    j.kernel_text = gp_kernel_text(j.kernel);
    j.mean = malloc((size_t)(j.target.n * j.target.outputs) * sizeof *j.mean);
    j.sd = malloc((size_t)(j.target.n * j.target.outputs) * sizeof *j.sd);
    if (j.kernel_text == NULL || j.mean == NULL || j.sd == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(gndp_output_open(j.settings.output, j.settings.overwrite, &j.output));
    GNDP_STEP(predict(&j));
    GNDP_STEP(score_constant(&j));
    if (j.output.file != NULL)
        write_table(&j);
    GNDP_STEP(gndp_output_commit(&j.output));
    if (j.settings.json)
        GNDP_STEP(report_json(&j));
    else if (gp_reports(&j.settings))
        report(&j);
done:
    gndp_output_close(&j.output);
    cli_observations_free(&j.context);
    cli_observations_free(&j.target);
    gndp_kernel_free(j.kernel);
    free(j.kernel_text);
    free(j.mean);
    free(j.sd);
    return code;
}
