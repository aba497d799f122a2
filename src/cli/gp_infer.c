// SPDX-License-Identifier: Apache-2.0
// `gndp gp infer`: the posterior of a Gaussian process, given data.
#include <stdlib.h>
#include <string.h>

#include "cli/csv.h"
#include "cli/gp_common.h"
#include "cli/gp_verbs.h"
#include "cli/sketch.h"

const char gp_infer_text[] =
    "usage: gndp gp infer --kernel TEXT --data FILE.csv POINTS [-n N] [-o OUT.csv] [OPTION]...\n"
    "\n"
    "What data say about the field at other points: posterior mean and standard deviation and, "
    "with\n"
    "-n, draws from the posterior. FILE.csv has columns x1, x2, .. (or lat, lon), y1, y2, .. and, "
    "if\n"
    "errors are known, sd; the white() part of the kernel is noise in every value of the data.\n"
    "OUT.csv has one row a point: its coordinates, y1_mean, y1_sd, .., then a column y1_m0, .. "
    "for\n"
    "each member.\n";

const gndp_option gp_infer_options[] = {
    GP_OPTIONS_KERNEL,
    GP_OPTION("data", 'd', "FILE.csv", GNDP_OPTION_TEXT, data, "what was observed"),
    GP_OPTION_IN("member", 0, "K", GNDP_OPTION_INTEGER, member, 0, HUGE_VAL,
                 "which one, of data with members"),
    GP_OPTIONS_PLACES,
    GP_OPTIONS_MEMBERS,
    GP_OPTION("observe", 0, NULL, GNDP_OPTION_SWITCH, observe,
              "predict new observations, white() noise included, in place\n"
              "of the field itself"),
    GP_OPTIONS_MEAN,
    GP_OPTION("output", 'o', "OUT.csv", GNDP_OPTION_TEXT, output,
              "the table; - is standard output; without it a sketch is shown"),
    GP_OPTIONS_COMMON,
    {0}};

const char gp_infer_examples[] =
    "Examples:\n"
    "  gndp gp infer --kernel @noisy.kernel --data noisy.csv --line -3:3:200\n"
    "  gndp gp infer --kernel \"rbf(lengthscale=0.5) + white(variance=0.01)\" \\\n"
    "      --data noisy.csv --line -3:3:100 -n 20 -o posterior.csv\n"
    "  gndp gp infer --kernel \"s2_matern(nu=1.5, kappa=0.3) + white(variance=0.1)\" --mean data "
    "\\\n"
    "      --data stations.csv --grid r90x45 -o analysis.csv\n";

typedef struct job {
    gp_settings settings;
    gndp_kernel *kernel;
    char *kernel_text;
    cli_observations data;
    gndp_places places;
    gndp_members members;
    gndp_gp *gp;
    gndp_output output;
    double mean_of_process;
    int P;
    int64_t width;            /* N P */
    double *mean, *sd, *draw; /* [N P], [N P], [members, N P] */
    gndp_gaussian *law;       /* the posterior on many points with structure, NULL: dense */
    double seconds;
} job;

/* Points are predicted in blocks, since the covariance of a block with the data is held at once. */
enum { BLOCK = 4096 };
enum { BATCH = 8 };

static int predict(job *j)
{
    int code = GNDP_EXIT_DONE;
    const int64_t n = j->places.n, D = j->places.x.type.dim[1];
    gndp_progress *progress =
        gp_progress(&j->settings, "predicting", "point", n, n * j->data.n > (int64_t)100000000);
    for (int64_t first = 0; first < n; first += BLOCK) {
        const int64_t m = n - first < BLOCK ? n - first : BLOCK;
        const gndp_array x =
            gndp_array_view(gndp_type_2d(GNDP_F64, m, D), (double *)j->places.x.data + first * D);
        if (gp_interrupted()) {
            code = gp_stopped("while predicting");
            goto done;
        }
        GNDP_LIBRARY(gndp_gp_predict(j->gp, &x, j->settings.observe, j->mean + first * j->P,
                                     j->sd + first * j->P, NULL));
        gndp_progress_update(progress, first + m, NULL);
    }
    for (int64_t i = 0; i < j->width; i++)
        j->sd[i] = sqrt(j->sd[i]);
done:
    gndp_progress_free(progress);
    return code;
}

/* Above this many values the posterior's draws come by structure where there is some: a dense
   factor holds their square. */
enum { DENSE_BY_CHOICE = 4096 };

/* The posterior as a law without a matrix; none where the points are few or a list, or kernel and
   data do not fit: then a dense one is tried. */
static int find_law(job *j)
{
    if (j->width <= DENSE_BY_CHOICE || j->places.points.kind == GNDP_POINTS_LIST)
        return GNDP_EXIT_DONE;
    const gndp_status st =
        gndp_gp_posterior(j->gp, &j->places.points, j->settings.observe, NULL, &j->law);
    if (st != GNDP_OK && st != GNDP_ERR_UNSUPPORTED)
        return gndp_failure_library();
    if (st == GNDP_ERR_UNSUPPORTED && !j->settings.quiet)
        gndp_note_library("draws by a dense factor");
    return GNDP_EXIT_DONE;
}

static int draw_by_structure(job *j)
{
    int code = GNDP_EXIT_DONE;
    gndp_progress *progress = gp_progress(&j->settings, "sampling", "member", j->members.n,
                                          j->width * j->members.n > (int64_t)20000000);
    for (int64_t first = 0; first < j->members.n; first += BATCH) {
        const int64_t left = j->members.n - first, n = left < BATCH ? left : BATCH;
        if (gp_interrupted()) {
            code = gp_stopped("while drawing");
            goto done;
        }
        GNDP_LIBRARY(gndp_gaussian_sample(j->law, j->settings.seed, j->members.number + first, n,
                                          j->draw + first * j->width));
        gndp_progress_update(progress, first + n, NULL);
    }
done:
    gndp_progress_free(progress);
    return code;
}

static int draw(job *j)
{
    int code = GNDP_EXIT_DONE;
    if (j->members.n == 0)
        return code;
    if (gp_interrupted())
        return gp_stopped("before the draws");
    GNDP_STEP(find_law(j));
    if (j->law != NULL)
        return draw_by_structure(j);
    GNDP_LIBRARY(gndp_gp_sample(j->gp, &j->places.x, j->settings.observe, j->settings.seed,
                                j->members.number, j->members.n, j->draw));
done:
    return code;
}

static void write_table(const job *j)
{
    FILE *file = j->output.file;
    char name[40];
    gndp_places_write_header(file, &j->places);
    for (int p = 0; p < j->P; p++)
        fprintf(file, ",y%d_mean,y%d_sd", p + 1, p + 1);
    for (int64_t m = 0; m < j->members.n; m++)
        for (int p = 0; p < j->P; p++) {
            gp_value_name(name, p, j->members.number[m]);
            fprintf(file, ",%s", name);
        }
    fputc('\n', file);
    for (int64_t i = 0; i < j->places.n; i++) {
        gndp_places_write(file, &j->places, i);
        for (int p = 0; p < j->P; p++) {
            fputc(',', file);
            cli_csv_number(file, j->mean[i * j->P + p]);
            fputc(',', file);
            cli_csv_number(file, j->sd[i * j->P + p]);
        }
        for (int64_t m = 0; m < j->members.n; m++)
            for (int p = 0; p < j->P; p++) {
                fputc(',', file);
                cli_csv_number(file, j->draw[m * j->width + i * j->P + p]);
            }
        fputc('\n', file);
    }
}

static void sketch(const job *j)
{
    const double *x = j->places.shown.data;
    gndp_sketch sketch;
    if (j->places.shown.type.dim[1] != 1 || j->P != 1)
        return;
    gndp_sketch_clear(&sketch);
    for (int64_t i = 0; i < j->places.n; i++) {
        gndp_sketch_cover(&sketch, x[i], j->mean[i] - 2.0 * j->sd[i]);
        gndp_sketch_cover(&sketch, x[i], j->mean[i] + 2.0 * j->sd[i]);
    }
    for (int64_t i = 0; i < j->data.n; i++)
        if (j->data.x[i] >= sketch.x_low && j->data.x[i] <= sketch.x_high)
            gndp_sketch_cover(&sketch, j->data.x[i], j->data.y[i]);
    for (int64_t i = 0; i < j->places.n; i++)
        gndp_sketch_band(&sketch, x[i], j->mean[i] - 2.0 * j->sd[i], j->mean[i] + 2.0 * j->sd[i],
                         '.');
    for (int64_t i = 0; i < j->places.n; i++)
        gndp_sketch_mark(&sketch, x[i], j->mean[i], '-');
    for (int64_t i = 0; i < j->data.n; i++)
        gndp_sketch_mark(&sketch, j->data.x[i], j->data.y[i], 'o');
    putchar('\n');
    gndp_sketch_print(stdout, &sketch);
    printf("           'o' data, '-' mean, '.' within two standard deviations\n");
}

static void report(const job *j)
{
    printf("kernel   %s\n", j->kernel_text);
    printf("data     %lld points of %s; mean of the process %g\n", (long long)j->data.n,
           j->data.path, j->mean_of_process);
    printf("points   %s\n", j->places.text);
    printf("evidence log marginal likelihood %.6g nats\n", gndp_gp_log_marginal(j->gp));
    if (gndp_gp_jitter(j->gp) > 0.0)
        printf("jitter   %.3g was added to the variance of the data\n", gndp_gp_jitter(j->gp));
    if (j->law != NULL)
        printf("draws    %s\n", gndp_gaussian_describe(j->law));
    if (j->settings.verbose)
        printf("time     %.3g s\n", j->seconds);
    printf("\n%8s %24s %24s\n", "output", "mean, lowest .. highest", "sd, lowest .. highest");
    for (int p = 0; p < j->P; p++) {
        double low = HUGE_VAL, high = -HUGE_VAL, sd_low = HUGE_VAL, sd_high = 0.0;
        for (int64_t i = p; i < j->width; i += j->P) {
            low = fmin(low, j->mean[i]);
            high = fmax(high, j->mean[i]);
            sd_low = fmin(sd_low, j->sd[i]);
            sd_high = fmax(sd_high, j->sd[i]);
        }
        char mean[40], sd[40];
        snprintf(mean, sizeof mean, "%.4g .. %.4g", low, high);
        snprintf(sd, sizeof sd, "%.4g .. %.4g", sd_low, sd_high);
        printf("      y%d %24s %24s\n", p + 1, mean, sd);
    }
    if (j->settings.output == NULL)
        sketch(j);
    else
        printf("\nwrote %s: %lld rows, %lld columns\n", j->settings.output, (long long)j->places.n,
               (long long)(gndp_places_columns(&j->places) + j->P * (2 + j->members.n)));
}

static int report_json(const job *j)
{
    json_t *members = json_array(), *values = json_array();
    for (int64_t m = 0; m < j->members.n; m++) {
        json_array_append_new(members, json_integer((json_int_t)j->members.number[m]));
        if (j->settings.output == NULL)
            json_array_append_new(values, gp_json_rows(j->draw + m * j->width, j->places.n, j->P));
    }
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:I, s:f, s:f, s:f, s:s, s:I, s:i, s:b, s:o, s:o, s:f}", "command",
        "gp infer", "kernel", j->kernel_text, "data", j->data.path, "n_data", (json_int_t)j->data.n,
        "mean_of_process", j->mean_of_process, "log_marginal", gndp_gp_log_marginal(j->gp),
        "jitter", gndp_gp_jitter(j->gp), "points", j->places.text, "n_points",
        (json_int_t)j->places.n, "outputs", j->P, "observe", j->settings.observe, "seed",
        gp_json_seed(j->settings.seed), "members", members, "seconds", j->seconds);
    if (j->law != NULL)
        json_object_set_new(object, "law", json_string(gndp_gaussian_describe(j->law)));
    if (j->settings.output != NULL) {
        json_object_set_new(object, "output", json_string(j->settings.output));
        json_decref(values);
    } else {
        json_object_set_new(
            object, "x",
            gp_json_rows(j->places.shown.data, j->places.n, gndp_places_columns(&j->places)));
        json_object_set_new(object, "mean", gp_json_rows(j->mean, j->places.n, j->P));
        json_object_set_new(object, "sd", gp_json_rows(j->sd, j->places.n, j->P));
        json_object_set_new(object, "values", values);
    }
    return gp_json_write(object);
}

static int make_room(job *j)
{
    const size_t width = (size_t)j->width, members = (size_t)j->members.n;
    if (width > SIZE_MAX / sizeof(double) / (members + 1))
        return gndp_failure_memory();
    j->mean = malloc(width * sizeof(double));
    j->sd = malloc(width * sizeof(double));
    j->draw = malloc((members > 0 ? members : 1) * width * sizeof(double));
    if (j->mean == NULL || j->sd == NULL || j->draw == NULL)
        return gndp_failure_memory();
    return GNDP_EXIT_DONE;
}

static int prepare(job *j)
{
    int code = GNDP_EXIT_DONE;
    const gp_settings *s = &j->settings;
    if (s->data == NULL)
        return gndp_usage_error("--data is wanted, a CSV file with columns such as x1,y1");
    GNDP_STEP(gndp_members_make(s->n, s->members, 0, &j->members));
    GNDP_STEP(gp_kernel_read("--kernel", s->kernel, &j->kernel));
    GNDP_STEP(gndp_places_make(&s->places, s->seed, &j->places));
    GNDP_STEP(cli_observations_read(s->data, &j->data));
    GNDP_STEP(cli_observations_choose(&j->data, s->member));
    const int64_t dims = cli_observations_dims(&j->data);
    GNDP_STEP(gp_kernel_fits(j->kernel, j->data.sphere, dims, s->data, j->data.outputs));
    if (j->places.sphere != j->data.sphere || j->places.x.type.dim[1] != dims)
        return gndp_failure("%s has %d coordinates%s, the points asked for have %d%s", s->data,
                            j->data.columns, j->data.sphere ? " (lat, lon)" : "",
                            gndp_places_columns(&j->places), j->places.sphere ? " (lat, lon)" : "");
    GNDP_STEP(gp_mean(s->mean, &j->data, &j->mean_of_process));
    j->kernel_text = gp_kernel_text(j->kernel);
    j->P = j->data.outputs;
    j->width = j->places.n * j->P;
    if (j->kernel_text == NULL)
        return gndp_failure_memory();
    GNDP_STEP(make_room(j));
    GNDP_STEP(gndp_output_open(s->output, s->overwrite, &j->output));
done:
    return code;
}

int gp_infer_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    job j = {.settings = gp_settings_default};
    GNDP_STEP(gp_begin(gp_infer_options, argc, argv, &j.settings));
    gp_interruptible();
    GNDP_STEP(prepare(&j));
    const double start = gp_seconds();
    const gndp_gp_data data = cli_observations_data(&j.data, 0, j.mean_of_process);
    GNDP_LIBRARY(gndp_gp_create(j.kernel, &data, &j.gp));
    GNDP_STEP(predict(&j));
    GNDP_STEP(draw(&j));
    j.seconds = gp_seconds() - start;
    if (j.output.file != NULL)
        write_table(&j);
    GNDP_STEP(gndp_output_commit(&j.output));
    if (j.settings.json)
        GNDP_STEP(report_json(&j));
    else if (gp_reports(&j.settings))
        report(&j);
done:
    gndp_output_close(&j.output);
    gndp_gp_free(j.gp);
    gndp_gaussian_free(j.law);
    gndp_members_free(&j.members);
    gndp_places_free(&j.places);
    cli_observations_free(&j.data);
    gndp_kernel_free(j.kernel);
    free(j.kernel_text);
    free(j.mean);
    free(j.sd);
    free(j.draw);
    return code;
}
