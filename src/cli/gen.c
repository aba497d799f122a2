// SPDX-License-Identifier: Apache-2.0
// `gndp gen`: fields with a known law, for experiments whose right answer is
// known.
#include "cli/gen.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/history.h"
#include "cli/sketch.h"

const char gen_text[] = "usage: gndp gen NAME [-o OUT.nc|OUT.csv] [OPTION]...\n"
                        "       gndp gen --list\n"
                        "\n"
                        "Draw fields whose law is known in closed form, such as the sets of "
                        "published experiments.\n"
                        "Field k is a function of name, seed, k and points alone, so that --first "
                        "1024 goes on where\n"
                        "1024 fields ended: training and test sets are ranges of one stream.\n"
                        "\n"
                        "OUT.nc has one realization a field (`realization` is k); fields on their "
                        "own random points are\n"
                        "a ragged array (docs/files.md). OUT.csv has one row a point: coordinates, "
                        "then y1_m0, y1_m1, ..;\n"
                        "with --random one row a value: member, coordinates, y1, ..\n";

typedef struct gen_settings {
    const char *output, *grid, *domain;
    int64_t fields, points, first, threads, deflate;
    uint64_t seed;
    bool random, list, json, quiet, verbose, overwrite;
} gen_settings;

#define ROW(name_, brief_, argument_, kind_, field_, low_, high_, text_)                           \
    {                                                                                              \
        .name = (name_), .brief = (brief_), .argument = (argument_), .kind = (kind_),              \
        .offset = offsetof(gen_settings, field_), .low = (low_), .high = (high_), .text = (text_)  \
    }

const gndp_option gen_options[] = {
    ROW("list", 0, NULL, GNDP_OPTION_SWITCH, list, 0, 0, "the generators there are"),
    ROW("fields", 'n', "N", GNDP_OPTION_INTEGER, fields, 1, 4294967296.0, "how many, default 1024"),
    ROW("points", 0, "N", GNDP_OPTION_INTEGER, points, 1, 1e8,
        "of a field; default: the generator's own (--list)"),
    ROW("random", 0, NULL, GNDP_OPTION_SWITCH, random, 0, 0,
        "own random points for every field, uniform in the domain"),
    ROW("grid", 0, "N[xM]", GNDP_OPTION_TEXT, grid, 0, 0,
        "a regular grid: N points, N x M along x1 and x2; on the\n"
        "sphere rNXxNY as CDO names them"),
    ROW("domain", 0, "A:B", GNDP_OPTION_TEXT, domain, 0, 0,
        "of every coordinate; default: the generator's"),
    ROW("first", 0, "K", GNDP_OPTION_INTEGER, first, 0, 4294967295.0,
        "number of the first field, default 0"),
    ROW("seed", 0, "N", GNDP_OPTION_SEED, seed, 0, 0, "default 1"),
    ROW("output", 'o', "OUT", GNDP_OPTION_TEXT, output, 0, 0,
        "NetCDF, or CSV if the name ends in .csv or is -; without it\n"
        "a sketch is shown"),
    ROW("deflate", 0, "N", GNDP_OPTION_INTEGER, deflate, 0, 9, "compression of NetCDF, default 1"),
    ROW("threads", 0, "N", GNDP_OPTION_INTEGER, threads, 0, 4096,
        "default: one per processor, or OMP_NUM_THREADS"),
    ROW("overwrite", 'O', NULL, GNDP_OPTION_SWITCH, overwrite, 0, 0,
        "replace an output file that exists"),
    ROW("json", 0, NULL, GNDP_OPTION_SWITCH, json, 0, 0, "one JSON object on standard output"),
    ROW("quiet", 'q', NULL, GNDP_OPTION_SWITCH, quiet, 0, 0, "no report; errors are still told"),
    ROW("verbose", 'v', NULL, GNDP_OPTION_SWITCH, verbose, 0, 0, "more: where an error came from"),
    ROW("help", 'h', NULL, GNDP_OPTION_SWITCH, quiet, 0, 0, "this text"),
    {0}};

const char gen_examples[] = "Examples:\n"
                            "  gndp gen --list\n"
                            "  gndp gen se -n 3\n"
                            "  gndp gen mixture --random -n 400 -o train.nc\n"
                            "  gndp gen mixture --random -n 100 --first 400 -o test.nc\n"
                            "  gndp gen gp_divfree -n 16 -o wind.nc\n"
                            "  gndp gen sphere_wind --grid r144x72 -n 4 -o globe.nc\n";

typedef struct job {
    gen_settings settings;
    const gndp_synth_info *info;
    gndp_synth_options options;
    gndp_fieldset *set;
    gndp_output output; /* CSV */
    gndp_component_stats stats[GNDP_MAX_COMPONENTS];
} job;

static void list(void)
{
    printf("%-16s %-7s %-6s %6s  %s\n", "name", "space", "values", "points", "");
    for (int i = 0; i < gndp_synth_count(); i++) {
        const gndp_synth_info *info = gndp_synth_get(i);
        const bool sphere = info->space == GNDP_SPACE_SPHERE;
        char space[16];
        snprintf(space, sizeof space, sphere ? "sphere" : "R^%d", info->columns);
        printf("%-16s %-7s %-6d %6lld  %s\n", info->name, space, info->components,
               (long long)info->points, info->text);
        if (info->kernel != NULL)
            printf("%-39s%s\n", "", info->kernel);
    }
}

static int list_json(void)
{
    json_t *all = json_array();
    for (int i = 0; i < gndp_synth_count(); i++) {
        const gndp_synth_info *info = gndp_synth_get(i);
        json_array_append_new(all,
                              json_pack("{s:s, s:s, s:s, s:i, s:i, s:I, s:f, s:f, s:s?}", "name",
                                        info->name, "text", info->text, "space",
                                        info->space == GNDP_SPACE_SPHERE ? "sphere" : "euclidean",
                                        "coordinates", info->columns, "values", info->components,
                                        "points", (json_int_t)info->points, "low", info->low,
                                        "high", info->high, "kernel", info->kernel));
    }
    return gp_json_write(json_pack("{s:s, s:o}", "command", "gen", "generators", all));
}

/* "N", "NxM", or rNXxNY on the sphere, whose latitudes come first for the
 * library. */
static int set_grid(job *j)
{
    const char *text = j->settings.grid;
    const bool sphere = j->info->space == GNDP_SPACE_SPHERE;
    long long n[2] = {0, 0};
    int end = 0;
    if (text == NULL)
        return GNDP_EXIT_DONE;
    if (j->settings.random || j->settings.points > 0)
        return gndp_usage_error("--grid excludes --random and --points");
    const bool one = j->info->columns == 1;
    const int read = sphere ? sscanf(text, "r%9lldx%9lld%n", &n[1], &n[0], &end)
                     : one  ? sscanf(text, "%9lld%n", &n[0], &end)
                            : sscanf(text, "%9lldx%9lld%n", &n[0], &n[1], &end);
    if (read < (one ? 1 : 2) || text[end] != '\0' || n[0] < 1 || (!one && n[1] < 1))
        return gndp_usage_error("--grid of %s wants %s, got '%s'", j->info->name,
                                sphere ? "rNXxNY, such as r72x36"
                                : one  ? "a number of points, such as 100"
                                       : "NxM, such as 64x64",
                                text);
    j->options.size[0] = n[0];
    j->options.size[1] = one ? 0 : n[1];
    return GNDP_EXIT_DONE;
}

static int set_domain(job *j)
{
    const char *text = j->settings.domain;
    char low[40] = "";
    if (text == NULL)
        return GNDP_EXIT_DONE;
    const char *colon = strchr(text, ':');
    if (colon != NULL)
        snprintf(low, sizeof low, "%.*s", (int)(colon - text), text);
    if (colon == NULL || !gndp_number_read(low, &j->options.low) ||
        !gndp_number_read(colon + 1, &j->options.high) || !(j->options.low < j->options.high))
        return gndp_usage_error("--domain wants A:B, A < B, such as -2:2; got '%s'", text);
    return GNDP_EXIT_DONE;
}

static int find_generator(const char *name, const gndp_synth_info **out)
{
    const char *names[64];
    int n = 0;
    for (; n < 64 && n < gndp_synth_count(); n++)
        names[n] = gndp_synth_get(n)->name;
    if (gndp_synth_find(name, out) == GNDP_OK)
        return GNDP_EXIT_DONE;
    return gndp_usage_unknown("generator", name, gndp_nearest(name, names, n));
}

static int prepare(job *j, const char *name)
{
    int code = GNDP_EXIT_DONE;
    const gen_settings *s = &j->settings;
    GNDP_STEP(find_generator(name, &j->info));
    j->options = gndp_synth_options_default();
    j->options.fields = s->fields > 0 ? s->fields : s->output != NULL ? 1024 : 3;
    j->options.points = s->points;
    j->options.random = s->random;
    j->options.seed = s->seed;
    j->options.first = (uint32_t)s->first;
    GNDP_STEP(set_grid(j));
    GNDP_STEP(set_domain(j));
    GNDP_LIBRARY(gndp_synth_make(j->info, &j->options, &j->set));
done:
    return code;
}

static bool is_csv(const char *path)
{
    const size_t length = path != NULL ? strlen(path) : 0;
    return path != NULL &&
           (strcmp(path, "-") == 0 || (length > 4 && strcmp(path + length - 4, ".csv") == 0));
}

/* One field: values [n, P] and places [n, C]. */
static int read_field(const gndp_fieldset *set, int64_t field, double **x, double **y, int64_t *n)
{
    int code = GNDP_EXIT_DONE;
    const int C = gndp_fieldset_get_spec(set)->coords.columns, P = gndp_fieldset_components(set);
    *n = gndp_fieldset_points(set, field);
    *x = malloc((size_t)(*n * C) * sizeof **x);
    *y = malloc((size_t)(*n * P) * sizeof **y);
    if (*x == NULL || *y == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_fieldset_coords(set, field, *x));
    GNDP_LIBRARY(gndp_fieldset_read(set, 1, &field, *n, NULL, *y, NULL));
done:
    return code;
}

static void write_row(FILE *file, const double *value, int64_t n, bool comma)
{
    for (int64_t i = 0; i < n; i++)
        fprintf(file, i > 0 || comma ? ",%s" : "%s", gndp_csv_number_text(value[i]).text);
}

/* Rows of every field's own points. */
static int write_own(job *j)
{
    int code = GNDP_EXIT_DONE;
    FILE *file = j->output.file;
    const int C = j->info->columns, P = j->info->components;
    fputs("member", file);
    for (int c = 0; c < C; c++) {
        char name[16];
        gndp_places_column(j->info->space == GNDP_SPACE_SPHERE, c, name);
        fprintf(file, ",%s", name);
    }
    for (int p = 0; p < P; p++)
        fprintf(file, ",y%d", p + 1);
    fputc('\n', file);
    for (int64_t f = 0; f < j->options.fields && code == GNDP_EXIT_DONE; f++) {
        double *x = NULL, *y = NULL;
        int64_t n = 0;
        code = read_field(j->set, f, &x, &y, &n);
        for (int64_t i = 0; i < n && code == GNDP_EXIT_DONE; i++) {
            fprintf(file, "%lld", (long long)(j->settings.first + f));
            write_row(file, x + i * C, C, true);
            write_row(file, y + i * P, P, true);
            fputc('\n', file);
        }
        free(x);
        free(y);
    }
    return code;
}

/* One row a point of all, a column for every component of every field. */
static int write_shared(job *j)
{
    int code = GNDP_EXIT_DONE;
    FILE *file = j->output.file;
    const int C = j->info->columns, P = j->info->components;
    const int64_t F = j->options.fields, N = gndp_fieldset_points(j->set, 0);
    double *x = malloc((size_t)(N * C) * sizeof *x), *y = malloc((size_t)(F * N * P) * sizeof *y);
    if (x == NULL || y == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_fieldset_coords(j->set, 0, x));
    for (int64_t f = 0; f < F; f++)
        GNDP_LIBRARY(gndp_fieldset_read(j->set, 1, &f, N, NULL, y + f * N * P, NULL));
    for (int c = 0; c < C; c++) {
        char name[16];
        gndp_places_column(j->info->space == GNDP_SPACE_SPHERE, c, name);
        fprintf(file, c > 0 ? ",%s" : "%s", name);
    }
    for (int64_t f = 0; f < F; f++)
        for (int p = 0; p < P; p++) {
            char name[40];
            gp_value_name(name, p, j->settings.first + f);
            fprintf(file, ",%s", name);
        }
    fputc('\n', file);
    for (int64_t i = 0; i < N; i++) {
        write_row(file, x + i * C, C, false);
        for (int64_t f = 0; f < F; f++)
            write_row(file, y + (f * N + i) * P, P, true);
        fputc('\n', file);
    }
done:
    free(x);
    free(y);
    return code;
}

static int write_csv(job *j)
{
    int code = GNDP_EXIT_DONE;
    GNDP_STEP(gndp_output_open(j->settings.output, j->settings.overwrite, &j->output));
    GNDP_STEP(j->settings.random ? write_own(j) : write_shared(j));
    GNDP_STEP(gndp_output_commit(&j->output));
done:
    return code;
}

static int write_netcdf(job *j, const char *history)
{
    int code = GNDP_EXIT_DONE;
    gndp_write_options options = gndp_write_options_default();
    options.overwrite = j->settings.overwrite;
    options.history = history;
    if (j->settings.deflate >= 0)
        options.deflate = (int)j->settings.deflate;
    if (gndp_fieldset_shared(j->set))
        GNDP_LIBRARY(gndp_fieldset_write(j->set, j->settings.output, &options));
    else
        GNDP_LIBRARY(gndp_write_tracks(j->set, j->settings.output, &options));
done:
    return code;
}

static int sketch(const job *j)
{
    enum { SHOWN = 3 };
    static const char signs[] = "*o+";
    int code = GNDP_EXIT_DONE;
    const gndp_coords *coords = &gndp_fieldset_get_spec(j->set)->coords;
    double *x[SHOWN] = {NULL}, *y[SHOWN] = {NULL};
    int64_t n[SHOWN] = {0};
    const int shown = j->info->columns == 1 ? (int)fmin(SHOWN, (double)j->options.fields) : 1;
    gndp_sketch sketch;
    for (int f = 0; f < shown; f++)
        GNDP_STEP(read_field(j->set, f, &x[f], &y[f], &n[f]));
    gndp_sketch_clear(&sketch);
    for (int f = 0; f < shown && j->info->columns == 1; f++)
        for (int64_t i = 0; i < n[f]; i++)
            gndp_sketch_cover(&sketch, x[f][i], y[f][i]);
    for (int f = shown - 1; f >= 0 && j->info->columns == 1; f--)
        for (int64_t i = 0; i < n[f]; i++)
            gndp_sketch_mark(&sketch, x[f][i], y[f][i], signs[f]);
    if (j->info->columns == 1) {
        putchar('\n');
        gndp_sketch_print(stdout, &sketch);
        printf("           fields");
        for (int f = 0; f < shown; f++)
            printf(" %lld '%c'", (long long)(j->settings.first + f), signs[f]);
        putchar('\n');
    } else if (coords->layout == GNDP_LAYOUT_PRODUCT) {
        const int P = j->info->components;
        const int64_t rows = coords->axis[0].size, columns = coords->axis[1].size;
        const bool sphere = coords->space == GNDP_SPACE_SPHERE; /* north up; else x1 right, x2 up */
        for (int p = 0; p < P; p++) {
            printf("\n  y%d of field %lld\n", p + 1, (long long)j->settings.first);
            gndp_sketch_field(stdout, y[0] + p, sphere ? rows : columns, sphere ? columns : rows,
                              sphere ? columns * P : P, sphere ? P : columns * P);
        }
    }
done:
    for (int f = 0; f < SHOWN; f++) {
        free(x[f]);
        free(y[f]);
    }
    return code;
}

static void describe_points(const job *j, char text[160])
{
    const gndp_coords *coords = &gndp_fieldset_get_spec(j->set)->coords;
    const long long n = (long long)gndp_fieldset_points(j->set, 0);
    if (j->settings.random)
        snprintf(text, 160, "%lld random points, its own for every field", n);
    else if (coords->layout == GNDP_LAYOUT_LIST)
        snprintf(text, 160, "%lld points, the same for all fields", n);
    else if (coords->columns == 1)
        snprintf(text, 160, "%lld points, x1 from %g to %g", n, coords->axis[0].value[0],
                 coords->axis[0].value[n - 1]);
    else
        snprintf(text, 160, "%lld x %lld points, %s x %s", (long long)coords->axis[0].size,
                 (long long)coords->axis[1].size, coords->axis[0].name, coords->axis[1].name);
}

static int report(job *j)
{
    int code = GNDP_EXIT_DONE;
    const long long first = j->settings.first;
    char points[160];
    describe_points(j, points);
    printf("law      %s: %s\n", j->info->name, j->info->text);
    if (j->info->kernel != NULL)
        printf("kernel   %s\n", j->info->kernel);
    printf("fields   %lld, numbers %lld to %lld, seed %llu\n", (long long)j->options.fields, first,
           first + (long long)j->options.fields - 1, (unsigned long long)j->settings.seed);
    printf("points   %s\n", points);
    if (j->settings.output == NULL) {
        GNDP_STEP(sketch(j));
        GNDP_LIBRARY(gndp_fieldset_stats(j->set, j->stats));
        printf("\n%8s %10s %10s %10s %10s\n", "value", "mean", "sd", "lowest", "highest");
        for (int p = 0; p < j->info->components; p++)
            printf("      y%d %10.4g %10.4g %10.4g %10.4g\n", p + 1, j->stats[p].mean,
                   j->stats[p].sd, j->stats[p].low, j->stats[p].high);
    } else {
        printf("wrote    %s\n", j->settings.output);
    }
done:
    return code;
}

static int report_json(const job *j)
{
    char points[160];
    describe_points(j, points);
    return gp_json_write(json_pack(
        "{s:s, s:s, s:s?, s:I, s:I, s:I, s:s, s:b, s:o, s:s?}", "command", "gen", "generator",
        j->info->name, "kernel", j->info->kernel, "fields", (json_int_t)j->options.fields, "first",
        (json_int_t)j->settings.first, "points", (json_int_t)gndp_fieldset_points(j->set, 0),
        "places", points, "random", j->settings.random, "seed", gp_json_seed(j->settings.seed),
        "output", j->settings.output));
}

static int finish(job *j, const char *history)
{
    int code = GNDP_EXIT_DONE;
    const gen_settings *s = &j->settings;
    if (is_csv(s->output))
        GNDP_STEP(write_csv(j));
    else if (s->output != NULL)
        GNDP_STEP(write_netcdf(j, history));
    if (s->json)
        GNDP_STEP(report_json(j));
    else if (!s->quiet && (s->output == NULL || strcmp(s->output, "-") != 0))
        GNDP_STEP(report(j));
done:
    return code;
}

int gen_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE, n = 0;
    const char *const *words = NULL;
    char *history = cli_history("gen", argc, argv); /* before getopt sorts the words */
    job j = {.settings = {.seed = 1, .deflate = -1}};
    const gen_settings *s = &j.settings;
    GNDP_STEP(gndp_options_read_words(gen_options, argc, argv, &j.settings, &words, &n));
    gndp_failure_verbose(s->verbose);
    if (s->threads > 0)
        GNDP_LIBRARY(gndp_threads_set((int)s->threads));
    if (s->json && s->output != NULL && strcmp(s->output, "-") == 0) {
        code = gndp_usage_error("--json and the table of -o - both want standard output");
    } else if (s->list) {
        if (s->json)
            code = list_json();
        else
            list();
    } else if (n != 1) {
        code = n == 0 ? gndp_usage_error("the name of a generator is wanted; gndp "
                                         "gen --list shows them")
                      : gndp_usage_error("one generator is wanted, got '%s' too", words[1]);
    } else if (history == NULL) {
        code = gndp_failure_memory();
    } else {
        GNDP_STEP(prepare(&j, words[0]));
        GNDP_STEP(finish(&j, history));
    }
done:
    gndp_output_close(&j.output);
    gndp_fieldset_free(j.set);
    free(history);
    return code;
}
