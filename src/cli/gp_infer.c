// SPDX-License-Identifier: Apache-2.0
// `gndp gp infer`: the posterior of a Gaussian process, given data.
#include <stdlib.h>
#include <string.h>

#include "cli/gp_infer.h"
#include "cli/gp_verbs.h"
#include "cli/history.h"

const char gp_infer_text[] =
    "usage: gndp gp infer --kernel TEXT --data FILE [POINTS] [-n N] [-o OUT.csv|OUT.nc] "
    "[OPTION]...\n"
    "\n"
    "What data say about the field at other points: posterior mean and standard deviation and, "
    "with\n"
    "-n, draws from the posterior. FILE is a table: columns x1, x2, .. (or lat, lon), y1, y2, .. "
    "and,\n"
    "if errors are known, sd; or time, lat, lon and the names of variables. Or it is a NetCDF file "
    "of\n"
    "fields, of which --stations N sees N random points: then the rest of each field is predicted "
    "and\n"
    "the prediction scored there, beside the mean of the stations and the climatology of the "
    "file's\n"
    "other times. The white() part of the kernel is noise in every value of the data. --fit fits "
    "the\n"
    "kernel to these data first. Without POINTS the points of the file are meant.\n"
    "\n"
    "OUT.csv has one row a point: its coordinates, y1_mean, y1_sd, .., then a column y1_m0, .. "
    "for\n"
    "each member. OUT.nc has t2m_mean and t2m_std for a variable t2m, and t2m itself with the "
    "draws,\n"
    "for every time of the data.\n";

const gndp_option gp_infer_options[] = {
    GP_OPTIONS_KERNEL,
    GP_OPTIONS_DATA,
    GP_OPTIONS_STATIONS,
    GP_OPTIONS_PLACES,
    GP_OPTIONS_MEMBERS,
    GP_OPTION("observe", 0, NULL, GNDP_OPTION_SWITCH, observe,
              "predict new observations, white() noise included, in place\n"
              "of the field itself"),
    GP_OPTIONS_MEAN,
    GP_OPTION("output", 'o', "OUT", GNDP_OPTION_TEXT, output,
              "the table, or NetCDF if the name ends in .nc; - is standard\n"
              "output; without it a sketch is shown"),
    GP_OPTION("stats", 0, "FILE.nc", GNDP_OPTION_TEXT, stats,
              "mean and standard deviation, beside the draws of -o"),
    GP_OPTIONS_COMMON,
    {0}};

const char gp_infer_examples[] =
    "Examples:\n"
    "  gndp gp infer --kernel @noisy.kernel --data noisy.csv --line -3:3:200\n"
    "  gndp gp infer --kernel \"rbf(lengthscale=0.5) + white(variance=0.01)\" \\\n"
    "      --data noisy.csv --line -3:3:100 -n 20 -o posterior.csv\n"
    "  gndp gp infer --kernel \"s2_matern(nu=1.5, kappa=0.3) + white(variance=0.1)\" --mean data "
    "\\\n"
    "      --data stations.csv --grid r90x45 -o analysis.nc\n"
    "  gndp gp infer --kernel \"s2_matern(nu=2.5, kappa=0.3) + white(variance=0.01)\" \\\n"
    "      --data globe.nc --member 3 --stations 60 -n 8 -o globe_draws.nc --stats "
    "globe_stats.nc\n";

/* Mean of the process at place i. */
static double prior_mean(const infer_job *j, int64_t i, int p)
{
    return gp_data_mean_at(&j->data, i, p);
}

/* Above this many values the posterior's draws come by structure where there is some: a dense
   factor holds their square. */
enum { DENSE_BY_CHOICE = 4096, BATCH = 8 };

/* The posterior as a law without a matrix; none where the points are few or a list, or kernel and
   data do not fit: then a dense one is tried. On a local plane no grid keeps its structure. */
static int find_law(infer_job *j, const gndp_gp *gp)
{
    gndp_gaussian_free(j->law);
    j->law = NULL;
    if (j->width <= DENSE_BY_CHOICE || j->places.points.kind == GNDP_POINTS_LIST ||
        j->data.frame == GP_FRAME_PLANE)
        return GNDP_EXIT_DONE;
    const gndp_status st =
        gndp_gp_posterior(gp, &j->places.points, j->settings.observe, NULL, &j->law);
    if (st != GNDP_OK && st != GNDP_ERR_UNSUPPORTED)
        return gndp_failure_library();
    if (st == GNDP_ERR_UNSUPPORTED && !j->settings.quiet)
        gndp_note_library("draws by a dense factor");
    return GNDP_EXIT_DONE;
}

static int draw_by_structure(infer_job *j)
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

static int draw(infer_job *j, const gndp_gp *gp)
{
    int code = GNDP_EXIT_DONE;
    const gndp_array x = gndp_array_view(gndp_type_2d(GNDP_F64, j->places.n, j->data.dims), j->x);
    if (j->members.n == 0)
        return code;
    if (gp_interrupted())
        return gp_stopped("before the draws");
    GNDP_STEP(find_law(j, gp));
    if (j->law != NULL)
        GNDP_STEP(draw_by_structure(j));
    else
        GNDP_LIBRARY(gndp_gp_sample(gp, &x, j->settings.observe, j->settings.seed,
                                    j->members.number, j->members.n, j->draw));
    for (int64_t m = 0; m < j->members.n; m++)
        for (int64_t i = 0; i < j->width; i++)
            j->draw[m * j->width + i] += prior_mean(j, i / j->P, (int)(i % j->P));
done:
    return code;
}

/* The law that knows nothing of places: each output has mean and variance of the set's values. */
static void constant_of(const infer_job *j, const gp_set *set, int64_t n, double *mean, double *sd)
{
    for (int p = 0; p < j->P; p++) {
        double m = 0.0, v = 0.0;
        for (int64_t i = 0; i < set->n; i++)
            m += set->y[i * j->P + p] / (double)set->n;
        for (int64_t i = 0; i < set->n; i++)
            v += pow(set->y[i * j->P + p] - m, 2) / (double)set->n;
        for (int64_t i = 0; i < n; i++) {
            mean[i * j->P + p] = m;
            sd[i * j->P + p] = sqrt(v);
        }
    }
}

/* Keep of [N, P] the rows that are held out: they have values and are no stations. */
static int64_t held_out(const infer_job *j, const gp_set *set, const uint8_t *present,
                        double *values)
{
    int64_t kept = 0, station = 0;
    for (int64_t i = 0; i < j->places.n; i++) {
        const bool seen = station < set->n && set->point[station] == i; /* stations ascend */
        station += seen;
        if (seen || !present[i])
            continue;
        memmove(values + kept * j->P, values + i * j->P, (size_t)j->P * sizeof *values);
        kept++;
    }
    return kept * j->P;
}

static int score(infer_job *j, int s, const gndp_gp *gp)
{
    int code = GNDP_EXIT_DONE;
    const gp_set *set = &j->data.set[s];
    const size_t width = (size_t)j->width;
    double *truth = malloc(3 * width * sizeof *truth), *mean = truth + width, *sd = mean + width;
    uint8_t *present = malloc((size_t)j->places.n);
    int64_t n = 0;
    if (truth == NULL || present == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(gp_fields_truth(&j->data, s, truth, present));
    n = held_out(j, set, present, truth);
    GNDP_STEP(gp_posterior(gp, j->x, j->places.n, j->data.dims, j->P, true, mean, sd));
    for (int64_t i = 0; i < j->width; i++)
        mean[i] += prior_mean(j, i / j->P, (int)(i % j->P));
    held_out(j, set, present, mean);
    held_out(j, set, present, sd);
    gp_scores_add(&j->gp, truth, mean, sd, n);
    constant_of(j, set, j->places.n, mean, sd);
    gp_scores_add(&j->constant, truth, mean, sd, n);
    if (j->data.climate_fields > 0) {
        memcpy(mean, j->data.climate_mean, width * sizeof *mean);
        memcpy(sd, j->data.climate_sd, width * sizeof *sd);
        held_out(j, set, present, mean);
        held_out(j, set, present, sd);
        gp_scores_add(&j->climatology, truth, mean, sd, n);
    }
done:
    free(truth);
    free(present);
    return code;
}

static void note_ranges(infer_job *j, int s)
{
    for (int p = 0; p < j->P; p++) {
        if (s == 0) {
            j->low[p] = j->sd_low[p] = HUGE_VAL;
            j->high[p] = -HUGE_VAL;
            j->sd_high[p] = 0.0;
        }
        for (int64_t i = p; i < j->width; i += j->P) {
            j->low[p] = fmin(j->low[p], j->mean[i]);
            j->high[p] = fmax(j->high[p], j->mean[i]);
            j->sd_low[p] = fmin(j->sd_low[p], j->sd[i]);
            j->sd_high[p] = fmax(j->sd_high[p], j->sd[i]);
        }
    }
}

/* The posterior given one set, written where sets are written one by one. */
static int analyse(infer_job *j, int s)
{
    int code = GNDP_EXIT_DONE;
    gndp_gp *gp = NULL;
    const gndp_gp_data data = gp_set_data(&j->data, &j->data.set[s]);
    GNDP_LIBRARY(gndp_gp_create(j->kernel, &data, &gp));
    GNDP_STEP(gp_posterior(gp, j->x, j->places.n, j->data.dims, j->P, j->settings.observe, j->mean,
                           j->sd));
    for (int64_t i = 0; i < j->width; i++)
        j->mean[i] += prior_mean(j, i / j->P, (int)(i % j->P));
    j->log_marginal += gndp_gp_log_marginal(gp);
    j->jitter = fmax(j->jitter, gndp_gp_jitter(gp));
    note_ranges(j, s);
    GNDP_STEP(draw(j, gp));
    if (infer_scored(j))
        GNDP_STEP(score(j, s, gp));
    if (j->draws.writer != NULL)
        GNDP_STEP(gp_netcdf_put_draws(&j->draws, s, j->draw));
    if (j->moments.writer != NULL)
        GNDP_STEP(gp_netcdf_put_moments(&j->moments, s, j->mean, j->sd));
done:
    gndp_gp_free(gp);
    return code;
}

static int make_places(infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const gp_settings *s = &j->settings;
    j->on_source = j->data.source != NULL && !gndp_places_named(&s->places);
    if (j->on_source)
        GNDP_STEP(gndp_places_of_set(j->data.source, &j->places));
    else
        GNDP_STEP(gndp_places_make(&s->places, s->seed, &j->places));
    if (j->places.sphere != j->data.degrees || gndp_places_columns(&j->places) != j->data.columns)
        return gndp_failure("%s has %d coordinates%s, the points asked for have %d%s", s->data,
                            j->data.columns, j->data.degrees ? " (lat, lon)" : "",
                            gndp_places_columns(&j->places), j->places.sphere ? " (lat, lon)" : "");
    if (j->data.climatology && !j->on_source)
        return gndp_usage_error(
            "a climatology is known at the points of %s only; leave the points out", s->data);
    j->x = malloc((size_t)(j->places.n * j->data.dims) * sizeof *j->x);
    if (j->x == NULL)
        return gndp_failure_memory();
    GNDP_STEP(
        gp_frame_points(&j->data, "the points asked for", j->places.n, j->places.shown.data, j->x));
done:
    return code;
}

static int make_room(infer_job *j)
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

/* With draws, -o is theirs and --stats that of mean and standard deviation; without, -o is the
 * latter's. */
static int open_netcdf(infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const gp_settings *s = &j->settings;
    const bool draws = gp_netcdf_is(s->output) && j->members.n > 0;
    gp_netcdf_plan plan = {.coords = &j->places.coords,
                           .data = &j->data,
                           .outputs = j->P,
                           .member = j->members.number,
                           .n_members = j->members.n,
                           .overwrite = s->overwrite,
                           .history = j->history,
                           .kernel = j->kernel_text,
                           .seed = s->seed};
    if (s->stats != NULL && !gp_netcdf_is(s->stats))
        return gndp_usage_error("--stats wants a name that ends in .nc, got '%s'", s->stats);
    if (draws)
        GNDP_STEP(gp_netcdf_open(s->output, &plan, &j->draws));
    plan.n_members = 0;
    if (s->stats != NULL || (gp_netcdf_is(s->output) && !draws))
        GNDP_STEP(gp_netcdf_open(s->stats != NULL ? s->stats : s->output, &plan, &j->moments));
done:
    return code;
}

static int open_output(infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const gp_settings *s = &j->settings;
    if (s->stats != NULL && gp_netcdf_is(s->output) && j->members.n == 0)
        return gndp_usage_error("without draws -o and --stats would be the same; leave one out");
    GNDP_STEP(open_netcdf(j));
    if (s->output == NULL || gp_netcdf_is(s->output))
        return code;
    if (j->data.n_sets > 1)
        return gndp_usage_error("a table holds one analysis, the data are %d; name an .nc file, or "
                                "choose one with --time",
                                j->data.n_sets);
    GNDP_STEP(gndp_output_open(s->output, s->overwrite, &j->output));
done:
    return code;
}

/* Observe at all points, or at --stations; the kernel as given, or fitted to that. */
static int prepare(infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    const gp_settings *s = &j->settings;
    const gp_take take = gp_take_stations(s);
    if (!s->fit && s->fix.n > 0)
        return gndp_usage_error("--fix belongs to --fit");
    GNDP_STEP(gndp_members_make(s->n, s->members, 0, &j->members));
    GNDP_STEP(gp_kernel_read("--kernel", s->kernel, &j->kernel));
    GNDP_STEP(gp_data_read(s, &take, true, &j->data));
    GNDP_STEP(gp_data_frame(&j->data, j->kernel, s->quiet));
    if (s->stations > 0)
        GNDP_STEP(gp_fields_climate(&s->select, &j->data));
    GNDP_STEP(gp_data_center(&j->data, s->mean));
    GNDP_STEP(make_places(j));
    if (s->fit)
        GNDP_STEP(gp_refit(s, &j->data, j->kernel, &j->fit, &j->fit_sets));
    j->kernel_text = gp_kernel_text(j->kernel);
    j->P = j->data.outputs;
    j->width = j->places.n * j->P;
    if (j->kernel_text == NULL)
        return gndp_failure_memory();
    GNDP_STEP(make_room(j));
    GNDP_STEP(open_output(j));
done:
    return code;
}

static int finish(infer_job *j)
{
    int code = GNDP_EXIT_DONE;
    if (j->output.file != NULL)
        infer_write_table(j);
    GNDP_STEP(gndp_output_commit(&j->output));
    if (j->draws.writer != NULL)
        GNDP_STEP(gp_netcdf_commit(&j->draws));
    if (j->moments.writer != NULL)
        GNDP_STEP(gp_netcdf_commit(&j->moments));
    if (j->settings.json)
        GNDP_STEP(infer_report_json(j));
    else if (gp_reports(&j->settings))
        infer_report(j);
done:
    return code;
}

int gp_infer_run(int argc, char **argv)
{
    int code = GNDP_EXIT_DONE;
    gndp_progress *progress = NULL;
    infer_job j = {.settings = gp_settings_default, .history = cli_history("gp infer", argc, argv)};
    GNDP_STEP(gp_begin(gp_infer_options, argc, argv, &j.settings));
    gp_interruptible();
    GNDP_STEP(prepare(&j));
    const double start = gp_seconds();
    progress = gp_progress(&j.settings, "analysing", "field", j.data.n_sets,
                           j.data.n_sets * j.width > 10000000);
    for (int s = 0; s < j.data.n_sets; s++) {
        GNDP_STEP(analyse(&j, s));
        gndp_progress_update(progress, s + 1, NULL);
    }
    j.seconds = gp_seconds() - start;
    gndp_progress_free(progress);
    progress = NULL;
    GNDP_STEP(finish(&j));
done:
    gndp_progress_free(progress);
    gndp_output_close(&j.output);
    gp_netcdf_close(&j.draws);
    gp_netcdf_close(&j.moments);
    gndp_gaussian_free(j.law);
    gndp_members_free(&j.members);
    gndp_places_free(&j.places);
    gp_data_free(&j.data);
    gndp_kernel_free(j.kernel);
    free(j.kernel_text);
    free(j.history);
    free(j.x);
    free(j.mean);
    free(j.sd);
    free(j.draw);
    return code;
}
