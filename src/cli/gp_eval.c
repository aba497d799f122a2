// SPDX-License-Identifier: Apache-2.0
// `gndp gp eval`: scores of the predictions of held-out data.
#include <stdlib.h>
#include <string.h>

#include "cli/gp_analysis.h"
#include "cli/gp_scores.h"
#include "cli/gp_verbs.h"

const char gp_eval_text[] =
    "usage: gndp gp eval --kernel TEXT --data FILE [--held-out F | --test FILE | --stations N] "
    "[OPTION]...\n"
    "\n"
    "Predict data that were held out from the others, and score the predictions: log predictive\n"
    "density (of each value by itself, and of all jointly), bias, root mean square and mean "
    "absolute\n"
    "error, CRPS, mean predicted standard deviation, and the part of the values within the "
    "central\n"
    "50, 90 and 95 % intervals.\n"
    "\n"
    "Of a table a part F of the rows is held out, or the rows of another table are predicted. Of "
    "a\n"
    "NetCDF file of fields each field is predicted from --stations N (default 50), random points "
    "that\n"
    "are the same for all fields. Which ones follows from --seed. --fit fits the kernel to what is "
    "not\n"
    "held out. What the kernel must beat stands below it: `constant` is the normal law with mean "
    "and\n"
    "variance of the values kept, `climatology` the one with mean and variance at each point over "
    "the\n"
    "other times of the file.\n"
    "OUT.csv has one row a held-out value: y, its predicted mean and sd (noise included), error "
    "in\n"
    "standard deviations, log density.\n";

const gndp_option gp_eval_options[] = {
    GP_OPTIONS_KERNEL,
    GP_OPTIONS_DATA,
    GP_OPTION_IN("held-out", 0, "F", GNDP_OPTION_NUMBER, held_out, 0.0, 1.0,
                 "part of the rows of a table that is held out, default 0.2"),
    GP_OPTION("test", 0, "FILE.csv", GNDP_OPTION_TEXT, test,
              "hold out nothing, predict the values of this table"),
    GP_OPTIONS_STATIONS,
    GP_OPTIONS_MEAN,
    GP_OPTION("output", 'o', "OUT.csv", GNDP_OPTION_TEXT, output,
              "value by value; - is standard output"),
    GP_OPTIONS_COMMON,
    {0}};

const char gp_eval_examples[] =
    "Examples:\n"
    "  gndp gp eval --kernel @noisy.kernel --data noisy.csv --held-out 0.3 --seed 2\n"
    "  gndp gp eval --kernel \"s2_matern(nu=1.5, kappa=0.3) + white(variance=0.1)\" \\\n"
    "      --data stations.csv --mean data -o scores.csv\n"
    "  gndp gp eval --kernel \"s2_matern(nu=2.5) + white()\" --fit --starts 2 \\\n"
    "      --data globe.nc --stations 60\n";

typedef struct job {
    gp_settings settings;
    gndp_kernel *kernel;
    char *kernel_text;
    gp_data context;
    gp_set *target;        /* [context sets] what each predicts */
    const char *test_path; /* of the targets */
    gndp_output output;
    gp_scores gp, constant, climatology;
    gndp_gp_fit_result fit;
    int fit_sets;
    bool joint; /* small enough for the density of all at once */
} job;

/* ---- What is held out -------------------------------------------------------------------------
 */

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

/* Hold out round(F n) rows of set s, at least one, and keep at least one; both in the order of the
 * file. */
static int split(job *j, int s)
{
    int code = GNDP_EXIT_DONE;
    const gp_settings *o = &j->settings;
    gp_set all = j->context.set[s];
    const int64_t n = all.n;
    int64_t held = (int64_t)llround(o->held_out * (double)n);
    ticket *tickets = malloc((size_t)n * sizeof *tickets);
    double *draw = malloc((size_t)n * sizeof *draw);
    int64_t *row = malloc((size_t)n * sizeof *row);
    j->context.set[s] = (gp_set){0};
    if (tickets == NULL || draw == NULL || row == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    if (n < 2) {
        code = gndp_failure("%s has one row%s; there is nothing to hold out", j->context.path,
                            j->context.n_sets > 1 ? " at one of its times" : "");
        goto done;
    }
    held = held < 1 ? 1 : held > n - 1 ? n - 1 : held;
    GNDP_LIBRARY(
        gndp_random_uniform_f64(o->seed, 0, (uint32_t)s, GNDP_STREAM(0x4e1d, 0), 0, n, draw));
    for (int64_t i = 0; i < n; i++)
        tickets[i] = (ticket){draw[i], i};
    qsort(tickets, (size_t)n, sizeof *tickets, by_draw);
    for (int64_t i = 0; i < n; i++)
        row[i] = tickets[i].row;
    qsort(row, (size_t)held, sizeof *row, by_row);
    qsort(row + held, (size_t)(n - held), sizeof *row, by_row);
    GNDP_STEP(gp_set_pick(&j->context, &all, row, held, &j->target[s]));
    GNDP_STEP(gp_set_pick(&j->context, &all, row + held, n - held, &j->context.set[s]));
done:
    gp_set_free(&all);
    free(tickets);
    free(draw);
    free(row);
    return code;
}

/* The values of another table, in the frame of the first. */
static int read_test(job *j)
{
    int code = GNDP_EXIT_DONE;
    gp_data test = {0};
    gp_settings other = j->settings;
    const gp_data *c = &j->context;
    const gp_take take = {0};
    other.data = j->settings.test;
    GNDP_STEP(gp_data_read(&other, &take, true, &test));
    if (test.degrees != c->degrees || test.columns != c->columns || test.outputs != c->outputs) {
        code = gndp_failure("%s and %s differ in their columns", c->path, test.path);
        goto done;
    }
    if (test.n_sets != 1 || c->n_sets != 1) {
        code = gndp_failure("%s holds %d sets of values, %s %d; with --test one and one are wanted",
                            c->path, c->n_sets, test.path, test.n_sets);
        goto done;
    }
    gp_set *set = &test.set[0];
    free(set->x);
    set->x = malloc((size_t)(set->n * c->dims) * sizeof *set->x);
    if (set->x == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(gp_frame_points(c, test.path, set->n, set->shown, set->x));
    j->target[0] = *set; /* handed over */
    *set = (gp_set){0};
done:
    gp_data_free(&test);
    return code;
}

/* The points of field s that have values and are no stations. */
static int rest_of_field(job *j, int s)
{
    int code = GNDP_EXIT_DONE;
    gp_data *c = &j->context;
    const gp_set *seen = &c->set[s];
    gp_set *out = &j->target[s];
    const int64_t N = gndp_fieldset_points(c->source, seen->field);
    const int C = c->columns, P = c->outputs;
    uint8_t *present = malloc((size_t)N);
    int64_t kept = 0, station = 0;
    if (present == NULL)
        return gndp_failure_memory();
    GNDP_STEP(gp_set_make(out, N, C, P, false, false, true));
    out->field = seen->field;
    out->time_s = seen->time_s;
    GNDP_STEP(gp_fields_truth(c, s, out->y, present));
    GNDP_LIBRARY(gndp_fieldset_coords(c->source, seen->field, out->shown));
    for (int64_t i = 0; i < N; i++) {
        const bool is_station =
            station < seen->n && seen->point[station] == i; /* stations ascend */
        station += is_station;
        if (is_station || !present[i])
            continue;
        memmove(out->shown + kept * C, out->shown + i * C, (size_t)C * sizeof *out->shown);
        memmove(out->y + kept * P, out->y + i * P, (size_t)P * sizeof *out->y);
        out->point[kept++] = i;
    }
    out->n = kept;
    if (kept == 0) {
        code = gndp_failure("%s: all points are stations; nothing is held out", c->path);
        goto done;
    }
    out->x = malloc((size_t)(kept * c->dims) * sizeof *out->x);
    if (out->x == NULL)
        code = gndp_failure_memory();
    else
        GNDP_STEP(gp_frame_points(c, c->path, kept, out->shown, out->x));
done:
    free(present);
    return code;
}

/* ---- Predictions ------------------------------------------------------------------------------
 */

/* The rows kept and the rows held out in one set, targets last, as the library takes them. */
static int join(const gp_data *data, const gp_set *a, const gp_set *b, gp_set *out)
{
    const size_t D = (size_t)data->dims, P = (size_t)data->outputs;
    const size_t na = (size_t)a->n, nb = (size_t)b->n;
    *out = (gp_set){.n = a->n + b->n};
    out->x = malloc((na + nb) * D * sizeof(double));
    out->residual = malloc((na + nb) * P * sizeof(double));
    out->noise = calloc((na + nb) * P, sizeof(double));
    if (out->x == NULL || out->residual == NULL || out->noise == NULL)
        return gndp_failure_memory();
    memcpy(out->x, a->x, na * D * sizeof(double));
    memcpy(out->x + na * D, b->x, nb * D * sizeof(double));
    memcpy(out->residual, a->residual, na * P * sizeof(double));
    memcpy(out->residual + na * P, b->residual, nb * P * sizeof(double));
    if (a->noise != NULL)
        memcpy(out->noise, a->noise, na * P * sizeof(double));
    if (b->noise != NULL)
        memcpy(out->noise + na * P, b->noise, nb * P * sizeof(double));
    return GNDP_EXIT_DONE;
}

/* ln p(targets | context) = ln p(both) - ln p(context): errors of the targets count as they are
 * given. */
static int joint_density(job *j, int s, const gndp_gp *gp)
{
    int code = GNDP_EXIT_DONE;
    gp_set both = {0};
    gndp_gp *gp_both = NULL;
    GNDP_STEP(join(&j->context, &j->context.set[s], &j->target[s], &both));
    const gndp_gp_data data = gp_set_data(&j->context, &both);
    GNDP_LIBRARY(gndp_gp_create(j->kernel, &data, &gp_both));
    j->gp.joint += gndp_gp_log_marginal(gp_both) - gndp_gp_log_marginal(gp);
    j->gp.has_joint = true;
done:
    gndp_gp_free(gp_both);
    gp_set_free(&both);
    return code;
}

static int no_spread(const job *j, const gp_set *t, int64_t i)
{
    if (t->line != NULL)
        return gndp_failure(
            "%s line %lld is predicted without any spread, so it has no density; give the kernel a "
            "white() part or the file a column sd",
            j->test_path, (long long)t->line[i / j->context.outputs]);
    return gndp_failure(
        "%s: point %lld is predicted without any spread, so it has no density; give the kernel a "
        "white() part",
        j->test_path, (long long)t->point[i / j->context.outputs]);
}

/* The law that knows nothing of places: each output has the mean and variance of the values kept.
 */
static void score_constant(job *j, int s, double *mean, double *sd)
{
    const gp_set *c = &j->context.set[s], *t = &j->target[s];
    const int P = j->context.outputs;
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
    gp_scores_add(&j->constant, t->y, mean, sd, t->n * P);
}

static void score_climatology(job *j, int s, double *mean, double *sd)
{
    const gp_set *t = &j->target[s];
    const int P = j->context.outputs;
    if (j->context.climate_fields == 0 || t->point == NULL)
        return;
    for (int64_t i = 0; i < t->n * P; i++) {
        mean[i] = j->context.climate_mean[t->point[i / P] * P + i % P];
        sd[i] = j->context.climate_sd[t->point[i / P] * P + i % P];
    }
    gp_scores_add(&j->climatology, t->y, mean, sd, t->n * P);
}

/* One row a held-out value. */
static void write_rows(const job *j, const gp_set *t, const double *mean, const double *sd)
{
    FILE *file = j->output.file;
    const int C = j->context.columns, P = j->context.outputs;
    for (int64_t i = 0; i < t->n * P; i++) {
        const double error = t->y[i] - mean[i];
        const double value[5] = {t->y[i], mean[i], sd[i], error / sd[i],
                                 gp_log_density(error, sd[i])};
        if (!isnan(t->time_s))
            fprintf(file, "%s,", gndp_calendar_text(j->context.calendar, t->time_s).text);
        for (int c = 0; c < C; c++)
            fprintf(file, "%s,", gndp_csv_number_text(t->shown[i / P * C + c]).text);
        fprintf(file, "%d", (int)(i % P) + 1);
        for (int k = 0; k < 5; k++)
            fprintf(file, ",%s", gndp_csv_number_text(value[k]).text);
        fputc('\n', file);
    }
}

static void write_header(const job *j)
{
    FILE *file = j->output.file;
    if (!isnan(j->target[0].time_s))
        fputs("time,", file);
    for (int c = 0; c < j->context.columns; c++) {
        char name[16];
        gndp_places_column(j->context.degrees, c, name);
        fprintf(file, "%s,", name);
    }
    fputs("output,y,mean,sd,z,log_density\n", file);
}

static int predict(job *j, int s)
{
    int code = GNDP_EXIT_DONE;
    gndp_gp *gp = NULL;
    const gp_set *t = &j->target[s];
    const int P = j->context.outputs;
    const int64_t n = t->n * P;
    const gndp_gp_data data = gp_set_data(&j->context, &j->context.set[s]);
    double *mean = malloc(2 * (size_t)n * sizeof *mean), *sd = mean + n;
    if (mean == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_gp_create(j->kernel, &data, &gp));
    GNDP_STEP(gp_posterior(gp, t->x, t->n, j->context.dims, P, true, mean, sd));
    for (int64_t i = 0; i < n; i++) {
        mean[i] +=
            gp_data_mean_at(&j->context, t->point != NULL ? t->point[i / P] : 0, (int)(i % P));
        sd[i] = sqrt(sd[i] * sd[i] + (t->noise != NULL ? t->noise[i] : 0.0));
        if (!(sd[i] > 0.0)) {
            code = no_spread(j, t, i);
            goto done;
        }
    }
    gp_scores_add(&j->gp, t->y, mean, sd, n);
    if (j->joint)
        GNDP_STEP(joint_density(j, s, gp));
    if (j->output.file != NULL)
        write_rows(j, t, mean, sd);
    score_constant(j, s, mean, sd);
    score_climatology(j, s, mean, sd);
done:
    gndp_gp_free(gp);
    free(mean);
    return code;
}

/* ---- Reports ----------------------------------------------------------------------------------
 */

static int64_t count_held_out(const job *j)
{
    int64_t n = 0;
    for (int s = 0; s < j->context.n_sets; s++)
        n += j->target[s].n;
    return n;
}

static void report_data(const job *j)
{
    const gp_data *c = &j->context;
    if (c->source != NULL) {
        gp_report_data(c);
        printf("         %lld other points of each field are predicted (seed %llu)\n",
               (long long)j->target[0].n, (unsigned long long)j->settings.seed);
    } else {
        printf("data     %lld rows predict %lld others", (long long)c->set[0].n,
               (long long)j->target[0].n);
        if (j->settings.test == NULL)
            printf(" of %s (seed %llu)", c->path, (unsigned long long)j->settings.seed);
        if (c->n_sets > 1)
            printf(", and so on at %d times", c->n_sets);
        printf("; %s\n", gp_data_mean_text(c).text);
    }
    gp_report_plane(c);
}

static void report(const job *j)
{
    printf("kernel   %s\n", j->kernel_text);
    if (j->settings.fit)
        printf("fitted   to %d set%s of what is not held out, %d evaluations, %.6g nats\n",
               j->fit_sets, j->fit_sets == 1 ? "" : "s", j->fit.evaluations, j->fit.log_marginal);
    report_data(j);
    putchar('\n');
    gp_scores_header();
    gp_scores_print("gp", &j->gp);
    gp_scores_print("constant", &j->constant);
    if (j->climatology.n > 0)
        gp_scores_print("climatology", &j->climatology);
    gp_scores_footer(j->gp.n);
    if (j->climatology.n > 0)
        printf("climatology: %lld other fields of the file\n",
               (long long)j->context.climate_fields);
    if (j->settings.output != NULL)
        printf("wrote %s\n", j->settings.output);
}

static int report_json(const job *j)
{
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:i, s:o, s:o, s:o, s:o, s:o}", "command", "gp eval",
        "kernel", j->kernel_text, "data", j->context.path, "test", j->test_path, "sets",
        j->context.n_sets, "n_context", (json_int_t)j->context.set[0].n, "n_held_out",
        (json_int_t)count_held_out(j), "outputs", j->context.outputs, "mean_of_process",
        gp_json_number(j->context.climatology ? (double)NAN : j->context.mean[0]), "frame",
        gp_json_frame(&j->context), "seed", gp_json_seed(j->settings.seed), "gp",
        gp_scores_json(&j->gp), "constant", gp_scores_json(&j->constant));
    if (j->climatology.n > 0) {
        json_object_set_new(object, "climatology", gp_scores_json(&j->climatology));
        json_object_set_new(object, "climate_fields",
                            json_integer((json_int_t)j->context.climate_fields));
    }
    return gp_json_write(object);
}

/* ---- The verb ---------------------------------------------------------------------------------
 */

enum { STATIONS = 50, FIELDS = 24 };
static const double joint_work = 2e11; /* flops of all joint densities that are worth their time */

static int get_data(job *j)
{
    int code = GNDP_EXIT_DONE;
    gp_settings *s = &j->settings;
    gp_take take = gp_take_stations(s);
    double work = 0.0;
    if (take.points == 0)
        take.points = STATIONS;
    if (take.fields == 0)
        take.fields = FIELDS;
    GNDP_STEP(gp_data_read(s, &take, true, &j->context));
    gp_data *c = &j->context;
    j->test_path = s->test != NULL ? s->test : c->path;
    if (c->source != NULL && s->test != NULL)
        return gndp_usage_error(
            "--test belongs to tables; of fields --stations are kept and the rest is predicted");
    GNDP_STEP(gp_data_frame(c, j->kernel, s->quiet));
    j->target = calloc((size_t)c->n_sets, sizeof *j->target);
    if (j->target == NULL)
        return gndp_failure_memory();
    if (s->test != NULL)
        GNDP_STEP(read_test(j));
    for (int i = 0; i < c->n_sets && s->test == NULL; i++)
        GNDP_STEP(c->source != NULL ? rest_of_field(j, i) : split(j, i));
    if (c->source != NULL)
        GNDP_STEP(gp_fields_climate(&s->select, c));
    GNDP_STEP(gp_data_center(c, s->mean));
    for (int i = 0; i < c->n_sets; i++) {
        GNDP_STEP(gp_set_center(c, &j->target[i]));
        work += pow((double)((c->set[i].n + j->target[i].n) * c->outputs), 3) / 3.0;
    }
    j->joint = work < joint_work;
done:
    return code;
}

static int evaluate(job *j)
{
    int code = GNDP_EXIT_DONE;
    const gp_settings *s = &j->settings;
    if (!s->fit && s->fix.n > 0)
        return gndp_usage_error("--fix belongs to --fit");
    GNDP_STEP(gp_kernel_read("--kernel", s->kernel, &j->kernel));
    GNDP_STEP(get_data(j));
    if (s->fit)
        GNDP_STEP(gp_refit(s, &j->context, j->kernel, &j->fit, &j->fit_sets));
    j->kernel_text = gp_kernel_text(j->kernel);
    if (j->kernel_text == NULL)
        return gndp_failure_memory();
    GNDP_STEP(gndp_output_open(s->output, s->overwrite, &j->output));
    if (j->output.file != NULL)
        write_header(j);
    for (int i = 0; i < j->context.n_sets; i++)
        GNDP_STEP(predict(j, i));
    GNDP_STEP(gndp_output_commit(&j->output));
    if (s->json)
        GNDP_STEP(report_json(j));
    else if (gp_reports(s))
        report(j);
done:
    return code;
}

int gp_eval_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    job j = {.settings = gp_settings_default};
    GNDP_STEP(gp_begin(gp_eval_options, argc, argv, &j.settings));
    gp_interruptible();
    GNDP_STEP(evaluate(&j));
done:
    gndp_output_close(&j.output);
    for (int s = 0; j.target != NULL && s < j.context.n_sets; s++)
        gp_set_free(&j.target[s]);
    free(j.target);
    gp_data_free(&j.context);
    gndp_kernel_free(j.kernel);
    free(j.kernel_text);
    return code;
}
