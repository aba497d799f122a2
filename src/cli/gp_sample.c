// SPDX-License-Identifier: Apache-2.0
// `gndp gp sample`: draws of a Gaussian process on points.
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/gp_netcdf.h"
#include "cli/gp_verbs.h"
#include "cli/history.h"
#include "cli/sketch.h"

const char gp_sample_text[] =
    "usage: gndp gp sample --kernel TEXT POINTS [-n N] [-o OUT.csv|OUT.nc] [OPTION]...\n"
    "\n"
    "Draw fields of a Gaussian process with mean 0 on the points that one of --line, --plane, "
    "--grid,\n"
    "--scatter, --points and --like names. The covariance is factored exactly, by the structure "
    "that\n"
    "points and kernel allow; the report says which. OUT.csv has one row a point: its coordinates, "
    "then\n"
    "a column y1_m0, y1_m1, .. for each member (y2_m0, .. for further outputs). OUT.nc has "
    "variables\n"
    "y1, y2, .. with the members as `realization`.\n";

const gndp_option gp_sample_options[] = {
    GP_OPTIONS_KERNEL,
    GP_OPTIONS_PLACES,
    GP_OPTIONS_MEMBERS,
    GP_OPTION("factor", 0, "NAME", GNDP_OPTION_TEXT, factor,
              "auto (default), dense, kronecker, circulant, latlon, diagonal:\n"
              "that factorisation or an error that says why not"),
    GP_OPTION("output", 'o', "OUT", GNDP_OPTION_TEXT, output,
              "the table, or NetCDF if the name ends in .nc; - is standard\n"
              "output; without it a sketch is shown"),
    GP_OPTIONS_COMMON,
    {0}};

const char gp_sample_examples[] =
    "Examples:\n"
    "  gndp gp sample --kernel \"rbf(lengthscale=0.5)\" --line -2:2:200 -n 3\n"
    "  gndp gp sample --kernel \"rbf(lengthscale=0.5) + white(variance=0.01)\" \\\n"
    "      --scatter -2:2:40 --seed 7 -o noisy.csv\n"
    "  gndp gp sample --kernel \"curlfree(rbf(lengthscale=1)) + white(variance=0.04)\" \\\n"
    "      --scatter -3:3,-3:3:60 -o wind.csv\n"
    "  gndp gp sample --kernel \"s2_matern(nu=1.5, kappa=0.3)\" --grid r90x46 --poles -n 8 \\\n"
    "      -o sphere.csv\n"
    "  gndp gp sample --kernel \"s2_matern(nu=1.5, kappa=0.3) + white(variance=0.1)\" \\\n"
    "      --scatter sphere:150 -o stations.csv\n";

typedef struct job {
    gp_settings settings;
    gndp_kernel *kernel;
    char *kernel_text;
    gndp_places places;
    gndp_members members;
    gndp_gaussian *law;
    gndp_output output;
    gp_netcdf netcdf;
    char *history;
    int P;         /* outputs */
    int64_t width; /* N P */
    double *draw;  /* [members, N P] */
    double factor_s, draw_s;
} job;

/* A call to the library draws as many members as share its work well; between
 * calls Ctrl-C is heard. */
enum { BATCH = 8 };
static const int64_t long_work =
    20000000; /* values; more take long enough to want progress in a log */

static int draw(job *j)
{
    int code = GNDP_EXIT_DONE;
    const double start = gp_seconds();
    gndp_progress *progress = gp_progress(&j->settings, "sampling", "member", j->members.n,
                                          j->width * j->members.n > long_work);
    if (j->members.n > 0 && (size_t)j->width > SIZE_MAX / sizeof(double) / (size_t)j->members.n) {
        code = gndp_failure_memory();
        goto done;
    }
    j->draw = malloc((size_t)j->members.n * (size_t)j->width * sizeof *j->draw);
    if (j->draw == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t first = 0; first < j->members.n; first += BATCH) {
        const int64_t left = j->members.n - first, n = left < BATCH ? left : BATCH;
        if (gp_interrupted()) {
            char what[64];
            snprintf(what, sizeof what, "after %lld of %lld members", (long long)first,
                     (long long)j->members.n);
            code = gp_stopped(what);
            goto done;
        }
        GNDP_LIBRARY(gndp_gaussian_sample(j->law, j->settings.seed, j->members.number + first, n,
                                          j->draw + first * j->width));
        gndp_progress_update(progress, first + n, NULL);
    }
    j->draw_s = gp_seconds() - start;
done:
    gndp_progress_free(progress);
    return code;
}

static void write_table(const job *j)
{
    FILE *file = j->output.file;
    gndp_places_write_header(file, &j->places);
    for (int64_t m = 0; m < j->members.n; m++)
        for (int p = 0; p < j->P; p++) {
            char name[40];
            gp_value_name(name, p, j->members.number[m]);
            fprintf(file, ",%s", name);
        }
    fputc('\n', file);
    for (int64_t i = 0; i < j->places.n; i++) {
        gndp_places_write(file, &j->places, i);
        for (int64_t m = 0; m < j->members.n; m++)
            for (int p = 0; p < j->P; p++) {
                fprintf(file, ",%s",
                        gndp_csv_number_text(j->draw[m * j->width + i * j->P + p]).text);
            }
        fputc('\n', file);
    }
}

typedef struct moments {
    double mean, sd, low, high;
} moments;

static moments moments_of(const double *value, int64_t n)
{
    moments s = {0.0, 0.0, HUGE_VAL, -HUGE_VAL};
    for (int64_t i = 0; i < n; i++) {
        s.mean += value[i] / (double)n;
        s.low = fmin(s.low, value[i]);
        s.high = fmax(s.high, value[i]);
    }
    for (int64_t i = 0; i < n; i++)
        s.sd += (value[i] - s.mean) * (value[i] - s.mean) / (double)n;
    s.sd = sqrt(s.sd);
    return s;
}

static void sketch_curves(const job *j)
{
    static const char signs[] = "*o+x#%@&";
    const int64_t shown = j->members.n < 8 ? j->members.n : 8;
    const double *x = j->places.shown.data;
    gndp_sketch sketch;
    gndp_sketch_clear(&sketch);
    for (int64_t m = 0; m < shown; m++)
        for (int64_t i = 0; i < j->places.n; i++)
            gndp_sketch_cover(&sketch, x[i], j->draw[m * j->width + i]);
    for (int64_t m = shown - 1; m >= 0; m--)
        for (int64_t i = 0; i < j->places.n; i++)
            gndp_sketch_mark(&sketch, x[i], j->draw[m * j->width + i], signs[m]);
    putchar('\n');
    gndp_sketch_print(stdout, &sketch);
    fputs("           members", stdout);
    for (int64_t m = 0; m < shown; m++)
        printf(" %u '%c'", j->members.number[m], signs[m]);
    putchar('\n');
}

/* What fits a page of characters: curves of one output, or the first member's
 * fields of one or more outputs on a grid. */
static void sketch(const job *j)
{
    const gndp_points *points = &j->places.points;
    if (j->members.n == 0)
        return;
    if (j->places.shown.type.dim[1] == 1 && j->P == 1)
        sketch_curves(j);
    for (int p = 0; p < j->P && points->kind != GNDP_POINTS_LIST; p++) {
        if (points->kind == GNDP_POINTS_PRODUCT && points->n_axes != 2)
            continue;
        printf("\n  output y%d of member %u\n", p + 1, j->members.number[0]);
        if (points->kind == GNDP_POINTS_LATLON) /* north up */
            gndp_sketch_field(stdout, j->draw + p, points->n_lat, points->n_lon,
                              points->n_lon * j->P, j->P);
        else /* x1 to the right, x2 up */
            gndp_sketch_field(stdout, j->draw + p, points->axis_size[1], points->axis_size[0], j->P,
                              points->axis_size[1] * j->P);
    }
}

static void report(const job *j)
{
    printf("kernel   %s\n", j->kernel_text);
    printf("points   %s\n", j->places.text);
    printf("law      %s\n", gndp_gaussian_describe(j->law));
    printf("seed     %llu\n", (unsigned long long)j->settings.seed);
    if (j->settings.verbose)
        printf("time     %.3g s to factor, %.3g s to draw %lld\n", j->factor_s, j->draw_s,
               (long long)j->members.n);
    printf("\n%8s %10s %10s %10s %10s\n", "member", "mean", "sd", "lowest", "highest");
    for (int64_t m = 0; m < j->members.n && m < 16; m++) {
        const moments s = moments_of(j->draw + m * j->width, j->width);
        printf("%8u %10.4g %10.4g %10.4g %10.4g\n", j->members.number[m], s.mean, s.sd, s.low,
               s.high);
    }
    if (j->members.n > 16)
        printf("     ... %lld more\n", (long long)(j->members.n - 16));
    if (j->settings.output == NULL)
        sketch(j);
    else if (gp_netcdf_is(j->settings.output))
        printf("\nwrote %s: %lld members on %lld points\n", j->settings.output,
               (long long)j->members.n, (long long)j->places.n);
    else
        printf("\nwrote %s: %lld rows, %lld columns\n", j->settings.output, (long long)j->places.n,
               (long long)(gndp_places_columns(&j->places) + j->P * j->members.n));
}

static int report_json(const job *j)
{
    json_t *members = json_array(), *values = json_array();
    for (int64_t m = 0; m < j->members.n; m++) {
        const double *draw = j->draw + m * j->width;
        const moments s = moments_of(draw, j->width);
        json_array_append_new(members, json_pack("{s:I, s:f, s:f, s:f, s:f}", "member",
                                                 (json_int_t)j->members.number[m], "mean", s.mean,
                                                 "sd", s.sd, "lowest", s.low, "highest", s.high));
        if (j->settings.output == NULL)
            json_array_append_new(values, gp_json_rows(draw, j->places.n, j->P));
    }
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:I, s:i, s:{s:s, s:I, s:I, s:f}, s:o, s:o, s:{s:f, "
                  "s:f}}",
                  "command", "gp sample", "kernel", j->kernel_text, "points", j->places.text,
                  "n_points", (json_int_t)j->places.n, "outputs", j->P, "law", "text",
                  gndp_gaussian_describe(j->law), "size", (json_int_t)gndp_gaussian_size(j->law),
                  "rank", (json_int_t)gndp_gaussian_rank(j->law), "jitter",
                  gndp_gaussian_jitter(j->law), "seed", gp_json_seed(j->settings.seed), "members",
                  members, "seconds", "factor", j->factor_s, "draw", j->draw_s);
    if (j->settings.output != NULL) {
        json_object_set_new(object, "output", json_string(j->settings.output));
        json_decref(values);
    } else {
        json_object_set_new(
            object, "x",
            gp_json_rows(j->places.shown.data, j->places.n, gndp_places_columns(&j->places)));
        json_object_set_new(object, "values", values);
    }
    return gp_json_write(object);
}

static int open_output(job *j)
{
    const gp_settings *s = &j->settings;
    if (!gp_netcdf_is(s->output))
        return gndp_output_open(s->output, s->overwrite, &j->output);
    const gp_netcdf_plan plan = {.coords = &j->places.coords,
                                 .outputs = j->P,
                                 .member = j->members.number,
                                 .n_members = j->members.n,
                                 .overwrite = s->overwrite,
                                 .history = j->history,
                                 .kernel = j->kernel_text,
                                 .seed = s->seed};
    return gp_netcdf_open(s->output, &plan, &j->netcdf);
}

static int prepare(job *j)
{
    int code = GNDP_EXIT_DONE;
    gndp_gaussian_options options = {.factorisation = GNDP_FACTOR_AUTO};
    GNDP_STEP(gp_factor(j->settings.factor, &options.factorisation));
    GNDP_STEP(gndp_members_make(j->settings.n, j->settings.members, 1, &j->members));
    if (j->members.n == 0)
        return gndp_usage_error("-n wants at least 1");
    GNDP_STEP(gp_kernel_read("--kernel", j->settings.kernel, &j->kernel));
    GNDP_STEP(gndp_places_make(&j->settings.places, j->settings.seed, &j->places));
    const int64_t dims = j->places.x.type.dim[1];
    GNDP_STEP(gp_kernel_fits(j->kernel, j->places.sphere, dims, NULL, 0));
    j->kernel_text = gp_kernel_text(j->kernel);
    if (j->kernel_text == NULL)
        return gndp_failure_memory();
    j->P = gndp_kernel_outputs(j->kernel, dims);
    GNDP_STEP(open_output(j));
    const double start = gp_seconds();
    GNDP_LIBRARY(gndp_gaussian_create(j->kernel, &j->places.points, NULL, &options, &j->law));
    j->factor_s = gp_seconds() - start;
    j->width = gndp_gaussian_size(j->law);
done:
    return code;
}

int gp_sample_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    job j = {.settings = gp_settings_default, .history = cli_history("gp sample", argc, argv)};
    GNDP_STEP(gp_begin(gp_sample_options, argc, argv, &j.settings));
    gp_interruptible();
    GNDP_STEP(prepare(&j));
    GNDP_STEP(draw(&j));
    if (j.output.file != NULL)
        write_table(&j);
    GNDP_STEP(gndp_output_commit(&j.output));
    if (j.netcdf.writer != NULL) {
        GNDP_STEP(gp_netcdf_put_draws(&j.netcdf, 0, j.draw));
        GNDP_STEP(gp_netcdf_commit(&j.netcdf));
    }
    if (j.settings.json)
        GNDP_STEP(report_json(&j));
    else if (gp_reports(&j.settings))
        report(&j);
done:
    gndp_output_close(&j.output);
    gp_netcdf_close(&j.netcdf);
    free(j.history);
    gndp_gaussian_free(j.law);
    gndp_members_free(&j.members);
    gndp_places_free(&j.places);
    gndp_kernel_free(j.kernel);
    free(j.kernel_text);
    free(j.draw);
    return code;
}
