// SPDX-License-Identifier: Apache-2.0
// `gndp plot`: what a file holds decides what is drawn.
#include "cli/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/plot_forecast.h"
#include "cli/usage.h"

const char plot_text[] = "usage: gndp plot FILE... -o OUT.png|pdf|svg [OPTION]...\n"
                         "\n"
                         "Draw what a file holds. Fields on a grid or at stations: a page of maps, "
                         "up to 12 fields spread\n"
                         "evenly, with one colour scale; --obs puts stations on them, --stat draws "
                         "mean and standard deviation\n"
                         "in their place, --compare sets fields of a data file beside them. Fields "
                         "along a line: curves, or a\n"
                         "band where there are many. Tracks and events: a map of all of them. A "
                         "table of observations: its\n"
                         "stations. A run folder, or its metrics.csv: the loss curve. A forecast "
                         "of tracks with --tracks:\n"
                         "its members beside what came true.\n"
                         "\n"
                         "Coasts come from GSHHG (Debian's gmt-gshhg-low) where it is installed, "
                         "or from the folder that the\n"
                         "environment variable GNDP_GSHHG names. docs/plot.md shows examples.\n";

const char plot_examples[] =
    "Examples:\n"
    "  gndp plot members.nc -o members.png\n"
    "  gndp plot members.nc --compare era5.nc --var t2m -o beside.png\n"
    "  gndp plot posterior.nc --stat mean,sd --obs stations.csv -o posterior.pdf\n"
    "  gndp plot IBTrACS.SP.v04r00.nc --season 2000-2020 -o tracks.png\n"
    "  gndp plot forecast.nc --tracks IBTrACS.SP.v04r00.nc --kind ellipses -o ellipses.png\n"
    "  gndp plot run -o loss.png\n";

#define ROW(name_, brief_, argument_, kind_, field_, text_)                                        \
    {                                                                                              \
        .name = (name_), .brief = (brief_), .argument = (argument_), .kind = (kind_),              \
        .offset = offsetof(plot_settings, field_), .text = (text_)                                 \
    }

const gndp_option plot_options[] = {
    ROW("output", 'o', "OUT", GNDP_OPTION_TEXT, output, "the picture: OUT.png, OUT.pdf or OUT.svg"),
    ROW("overwrite", 'O', NULL, GNDP_OPTION_SWITCH, overwrite,
        "replace an output file that exists"),
    {.name = "number",
     .brief = 'n',
     .argument = "N",
     .kind = GNDP_OPTION_INTEGER,
     .offset = offsetof(plot_settings, n),
     .low = 1,
     .high = 100000,
     .text = "draw so many fields, functions or tracks, spread evenly;\ndefault: up to 12 maps, "
             "every track"},
    CLI_OPTIONS_SELECT(plot_settings, select),
    ROW("members", 0, "LIST", GNDP_OPTION_TEXT, select.member, "the same as --member"),
    CLI_OPTIONS_SELECT_OTHER(plot_settings, select),
    ROW("obs", 0, "OBS.csv", GNDP_OPTION_TEXT, obs,
        "stations, filled with the colours of their values; default: those\nthat gndp infer kept in the file; none: without"),
    ROW("stat", 0, "mean,sd", GNDP_OPTION_TEXT, stat,
        "statistics over members (where there are none: over times)"),
    ROW("compare", 0, "DATA.nc", GNDP_OPTION_TEXT, compare,
        "fields of this file above, those of FILE below"),
    ROW("tracks", 0, "TRUTH", GNDP_OPTION_TEXT, tracks,
        "with FILE a forecast of storms: the tracks that came true"),
    ROW("kind", 0, "NAME", GNDP_OPTION_TEXT, kind,
        "with --tracks: spaghetti (default), density (where members pass),\nellipses (50 and 90 % by lead), errors (of all storms, by lead)"),
    ROW("storm", 0, "ID", GNDP_OPTION_TEXT, storm, "with --tracks: this one; default: the first of FILE; of errors: all"),
    ROW("limits", 0, "LOW,HIGH", GNDP_OPTION_TEXT, limits,
        "of the colours; default: 1st to 99th percentile"),
    ROW("palette", 0, "NAME", GNDP_OPTION_TEXT, palette,
        "sequential or diverging (centred on 0); default: by the values"),
    ROW("smooth", 0, NULL, GNDP_OPTION_SWITCH, smooth,
        "interpolate between grid points, in place of one colour a cell"),
    ROW("projection", 0, "PROJ", GNDP_OPTION_TEXT, projection,
        "such as \"+proj=ortho +lon_0=10 +lat_0=40\""),
    ROW("region", 0, "W,E,S,N", GNDP_OPTION_TEXT, region,
        "of the map, in degrees; default: that of the data"),
    ROW("no-coast", 0, NULL, GNDP_OPTION_SWITCH, no_coast, "without coastlines"),
    ROW("log-x", 0, NULL, GNDP_OPTION_SWITCH, log_x, "of curves: logarithmic"),
    ROW("log-y", 0, NULL, GNDP_OPTION_SWITCH, log_y, "of curves: logarithmic"),
    ROW("title", 0, "TEXT", GNDP_OPTION_TEXT, title, "of the page"),
    {.name = "columns",
     .argument = "N",
     .kind = GNDP_OPTION_INTEGER,
     .offset = offsetof(plot_settings, columns),
     .low = 1,
     .high = 64,
     .text = "panels side by side"},
    ROW("quiet", 'q', NULL, GNDP_OPTION_SWITCH, quiet, "no notes; errors are still told"),
    ROW("verbose", 'v', NULL, GNDP_OPTION_SWITCH, verbose, "more: where an error came from"),
    ROW("help", 'h', NULL, GNDP_OPTION_SWITCH, quiet, "this text"),
    {0}};

/* ---- Shared ---------------------------------------------------------------------------------- */

int64_t plot_spread(int64_t total, int64_t n, int64_t i)
{
    return n < 2 ? 0 : i * (total - 1) / (n - 1);
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool plot_diverges(const plot_settings *s, int64_t n, const double *value)
{
    if (s->palette != NULL)
        return strcmp(s->palette, "diverging") == 0;
    double *copy = malloc((size_t)(n > 0 ? n : 1) * sizeof *copy);
    int64_t m = 0;
    for (int64_t i = 0; i < n && copy != NULL; i++)
        if (isfinite(value[i]))
            copy[m++] = value[i];
    bool both = false;
    if (m > 0) {
        qsort(copy, (size_t)m, sizeof *copy, rising);
        const double low = copy[(int64_t)(0.02 * (double)(m - 1))],
                     high = copy[(int64_t)(0.98 * (double)(m - 1))];
        both = low < 0.0 && high > 0.0 && fmin(-low, high) > 0.2 * fmax(-low, high);
    }
    free(copy);
    return both;
}

/* `n` numbers between commas. */
static bool read_numbers(const char *text, int n, double *out)
{
    char copy[256];
    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    char *at = copy;
    for (int i = 0; i < n; i++) {
        char *end = strpbrk(at, ",/");
        if ((end == NULL) != (i == n - 1))
            return false;
        if (end != NULL)
            *end = '\0';
        if (!gndp_number_read(at, &out[i]))
            return false;
        at = end != NULL ? end + 1 : at;
    }
    return true;
}

int plot_limits(const plot_settings *s, double *low, double *high)
{
    double v[2] = {0.0, 0.0};
    if (s->limits != NULL && !(read_numbers(s->limits, 2, v) && v[0] < v[1]))
        return gndp_usage_error("--limits wants low,high, such as 260,300; got '%s'", s->limits);
    *low = v[0];
    *high = v[1];
    return GNDP_EXIT_DONE;
}

int plot_map_settings(const plot_settings *s, gndp_map_options *out)
{
    double v[4] = {0.0};
    *out = (gndp_map_options){.projection = s->projection,
                              .no_coast = s->no_coast,
                              .smooth = s->smooth,
                              .columns = (int)s->columns};
    if (s->region != NULL && !read_numbers(s->region, 4, v))
        return gndp_usage_error(
            "--region wants west,east,south,north, such as -10,2,50,58; got '%s'", s->region);
    out->west = v[0];
    out->east = v[1];
    out->south = v[2];
    out->north = v[3];
    return GNDP_EXIT_DONE;
}

/* ---- Dispatch -------------------------------------------------------------------------------- */

/* The metrics of a run: of its folder, or the file itself. free(*out); NULL: neither. */
static int find_metrics(const char *path, char **out)
{
    struct stat status;
    gndp_csv csv = {0};
    *out = NULL;
    const size_t n = strlen(path);
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        char *name = malloc(n + sizeof "/metrics.csv");
        if (name == NULL)
            return gndp_failure_memory();
        sprintf(name, "%s/metrics.csv", path);
        if (access(name, F_OK) == 0)
            *out = name;
        else
            free(name);
        return GNDP_EXIT_DONE;
    }
    if (n < 4 || strcasecmp(path + n - 4, ".csv") != 0 ||
        gndp_csv_read(path, true, &csv) != GNDP_OK) {
        gndp_csv_free(&csv);
        return GNDP_EXIT_DONE; /* what is wrong with it is told by who reads it for what it is */
    }
    if (gndp_csv_column(&csv, "step") >= 0 && gndp_csv_column(&csv, "loss") >= 0)
        *out = strdup(path);
    gndp_csv_free(&csv);
    return GNDP_EXIT_DONE;
}

static bool holds_positions(const gndp_fieldset_spec *spec)
{
    return spec->n_channels > 0 && spec->channel[0].kind == GNDP_CHANNEL_SPHERE;
}

static int draw_set(const plot_settings *s, const char *path, const gndp_fieldset *set,
                    const gndp_fieldset *data)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    if (data != NULL && gndp_fieldset_get_spec(data)->coords.columns != spec->coords.columns)
        return gndp_failure("%s has points of %d coordinates, %s of %d", s->compare,
                            gndp_fieldset_get_spec(data)->coords.columns, path,
                            spec->coords.columns);
    if (s->tracks != NULL)
        return holds_positions(spec) && !gndp_fieldset_shared(set) ? plot_tracks_forecast(s, set)
                                                                   : gndp_usage_error("--tracks goes with a forecast of tracks; %s is none", path);
    if (holds_positions(spec))
        return s->compare != NULL || s->obs != NULL || s->stat != NULL
                   ? gndp_usage_error(
                         "--compare, --obs and --stat go with fields, not with tracks or events")
                   : plot_positions(s, path, set);
    if (spec->coords.columns == 1)
        return plot_functions(s, path, set, data);
    if (spec->coords.columns == 2)
        return plot_field_maps(s, path, set, data);
    return gndp_failure("%s: fields of points with %d coordinates cannot be drawn; lines (1) and "
                        "planes or the globe (2) can",
                        path, spec->coords.columns);
}

static int draw_file(const plot_settings *s, const char *const *path, int n)
{
    int code = GNDP_EXIT_DONE;
    gndp_fieldset *set = NULL, *data = NULL;
    gndp_observations table = {0};
    gndp_file_kind kind = GNDP_FILE_UNKNOWN;
    const gndp_logger log = cli_notes(s->quiet);
    GNDP_STEP(cli_select_open(&s->select, path, n, &log, &kind, &set));
    if (s->compare != NULL) {
        cli_select select = s->select;
        select.time = NULL; /* times and members of samples are not those of data */
        select.member = NULL;
        GNDP_STEP(cli_select_open(&select, &s->compare, 1, &log, NULL, &data));
        if (data == NULL) {
            code = gndp_usage_error("--compare wants a file of fields; %s is none", s->compare);
            goto done;
        }
    }
    if (set != NULL) {
        GNDP_STEP(draw_set(s, path[0], set, data));
    } else if (kind == GNDP_FILE_OBSERVATIONS) {
        GNDP_LIBRARY(gndp_observations_read(path[0], &table));
        GNDP_STEP(plot_observations(s, path[0], &table));
    } else {
        code = gndp_failure(
            "%s holds %s, which cannot be drawn; the loss curve of a model is in its run folder",
            path[0], gndp_file_kind_name(kind));
    }
done:
    gndp_observations_free(&table);
    gndp_fieldset_free(data);
    gndp_fieldset_free(set);
    return code;
}

static bool has_ending(const char *path)
{
    const size_t n = strlen(path);
    const char *end = n > 4 ? path + n - 4 : "";
    return strcasecmp(end, ".png") == 0 || strcasecmp(end, ".pdf") == 0 ||
           strcasecmp(end, ".svg") == 0;
}

static int check(const plot_settings *s, int n)
{
    if (n == 0)
        return gndp_usage_error("the name of a file is wanted");
    if (s->output == NULL || !has_ending(s->output))
        return gndp_usage_error("-o wants OUT.png, OUT.pdf or OUT.svg");
    if (s->palette != NULL && strcmp(s->palette, "sequential") != 0 &&
        strcmp(s->palette, "diverging") != 0)
        return gndp_usage_error("--palette is sequential or diverging; got '%s'", s->palette);
    if (s->tracks == NULL && (s->kind != NULL || s->storm != NULL))
        return gndp_usage_error("--kind and --storm go with --tracks TRUTH");
    if (s->tracks != NULL && (s->compare != NULL || s->obs != NULL || s->stat != NULL))
        return gndp_usage_error("--compare, --obs and --stat go with fields, not with tracks");
    if (!s->overwrite && access(s->output, F_OK) == 0)
        return gndp_failure("%s exists; -O overwrites it", s->output);
    return GNDP_EXIT_DONE;
}

int plot_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE, n = 0;
    const char *const *path = NULL;
    plot_settings s = {0};
    char *metrics = NULL;
    gndp_usage_of("plot");
    GNDP_STEP(gndp_options_read_words(plot_options, argc, argv, &s, &path, &n));
    gndp_failure_verbose(s.verbose);
    GNDP_STEP(check(&s, n));
    GNDP_STEP(find_metrics(path[0], &metrics));
    if (metrics != NULL)
        GNDP_LIBRARY(
            plot_loss(metrics, s.title != NULL ? s.title : plot_base_name(path[0]), s.output));
    else
        GNDP_STEP(draw_file(&s, path, n));
done:
    free(metrics);
    return code;
}
