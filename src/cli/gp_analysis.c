// SPDX-License-Identifier: Apache-2.0
// Data of Gaussian processes by the options of a verb.
#include "cli/gp_analysis.h"

#include <stdlib.h>
#include <string.h>

enum { REFIT_SETS_MAX = 16, BLOCK = 4096 };

static bool ends_in(const char *path, const char *end)
{
    const size_t n = strlen(path), m = strlen(end);
    return n >= m && strcmp(path + n - m, end) == 0;
}

/* Whether a path holds fields; a table is whatever does not, so that its reader says what is wrong
 * with it. */
static int holds_fields(const char *path, bool *out)
{
    int code = GNDP_EXIT_DONE;
    gndp_file_kind kind = GNDP_FILE_UNKNOWN;
    *out = false;
    if (strcmp(path, "-") == 0 || ends_in(path, ".csv") || ends_in(path, ".txt"))
        return code;
    GNDP_LIBRARY(gndp_file_detect(path, &kind));
    if (kind == GNDP_FILE_TRACKS || kind == GNDP_FILE_TRACKS_CSV || kind == GNDP_FILE_ARCHIVE ||
        kind == GNDP_FILE_EVENTS)
        return gndp_failure("%s holds %s; wanted are fields or a table of values at points", path,
                            gndp_file_kind_name(kind));
    *out = kind == GNDP_FILE_FIELDS || kind == GNDP_FILE_IMAGES || kind == GNDP_FILE_VOXELS;
done:
    return code;
}

static int read_table(const gp_settings *s, bool one, gp_data *out)
{
    int code = GNDP_EXIT_DONE;
    cli_vars vars = {.n = 0};
    if (s->stations > 0 || s->station_sd > 0.0 || s->fields > 0)
        return gndp_usage_error("--%s belongs to files of fields, %s is a table",
                                s->stations > 0 ? "stations"
                                : s->fields > 0 ? "fields"
                                                : "station-sd",
                                s->data);
    GNDP_STEP(cli_select_check(&s->select, GNDP_FILE_OBSERVATIONS, s->data));
    if (s->select.units != NULL)
        return gndp_usage_error("--units belongs to files of fields, %s is a table", s->data);
    GNDP_STEP(cli_select_vars(&s->select, &vars));
    GNDP_STEP(gp_table_read(s->data, vars.name, vars.n, s->select.time, s->quiet, out));
    if (one)
        GNDP_STEP(gp_data_choose(out, s->select.member));
    else if (s->select.member != NULL)
        code =
            gndp_usage_error("--member does not apply here: all members of %s are taken", s->data);
done:
    free(vars.memory);
    return code;
}

int gp_data_read(const gp_settings *s, const gp_take *take, bool one, gp_data *out)
{
    int code = GNDP_EXIT_DONE;
    bool fields = false;
    if (s->data == NULL)
        return gndp_usage_error("--data is wanted: a CSV file with columns such as x1,y1 or "
                                "time,lat,lon,t2m, or a NetCDF "
                                "file of fields");
    GNDP_STEP(holds_fields(s->data, &fields));
    if (fields)
        return gp_fields_read(s->data, &s->select, take, out);
    return read_table(s, one, out);
done:
    return code;
}

gp_take gp_take_stations(const gp_settings *s)
{
    return (gp_take){.fields = s->fields,
                     .points = s->stations,
                     .sd = s->station_sd,
                     .seed = s->seed,
                     .quiet = s->quiet};
}

static bool watch(void *state, const gndp_gp_fit_progress *now)
{
    gndp_progress_update(state, now->start, NULL);
    return !gp_interrupted();
}

int gp_refit(const gp_settings *s, const gp_data *data, gndp_kernel *kernel,
             gndp_gp_fit_result *result, int *sets)
{
    int code = GNDP_EXIT_DONE;
    const int n = data->n_sets < REFIT_SETS_MAX ? data->n_sets : REFIT_SETS_MAX;
    gndp_gp_data *taken = calloc((size_t)n, sizeof *taken);
    if (taken == NULL)
        return gndp_failure_memory();
    for (int i = 0; i < n; i++)
        taken[i] =
            gp_set_data(data, &data->set[n > 1 ? (int64_t)i * (data->n_sets - 1) / (n - 1) : 0]);
    const int64_t starts = s->starts > 0 ? s->starts : 5;
    gndp_progress *progress = gp_progress(s, "fitting", "start", starts, false);
    const gndp_gp_fit_options options = {.starts = (int)starts,
                                         .max_steps = (int)s->max_steps,
                                         .seed = s->seed,
                                         .fixed = s->fix.n > 0 ? s->fix.text : NULL,
                                         .watch = watch,
                                         .watch_state = progress};
    const gndp_status st = gndp_gp_fit(kernel, taken, n, &options, result);
    gndp_progress_free(progress);
    free(taken);
    *sets = n;
    if (st == GNDP_ERR_INTERRUPTED)
        return gp_stopped("while fitting");
    return st == GNDP_OK ? code : gndp_failure_library();
}

/* Points are predicted in blocks, since the covariance of a block with the data is held at once. */
int gp_posterior(const gndp_gp *gp, const double *x, int64_t n, int dims, int outputs, bool observe,
                 double *mean, double *sd)
{
    int code = GNDP_EXIT_DONE;
    for (int64_t first = 0; first < n; first += BLOCK) {
        const int64_t m = n - first < BLOCK ? n - first : BLOCK;
        const gndp_array at =
            gndp_array_view(gndp_type_2d(GNDP_F64, m, dims),
                            (double *)(uintptr_t)(x + first * dims)); /* only read */
        if (gp_interrupted())
            return gp_stopped("while predicting");
        GNDP_LIBRARY(
            gndp_gp_predict(gp, &at, observe, mean + first * outputs, sd + first * outputs, NULL));
    }
    for (int64_t i = 0; i < n * outputs; i++)
        sd[i] = sqrt(sd[i]);
done:
    return code;
}

void gp_report_data(const gp_data *data)
{
    const gp_set *first = &data->set[0], *last = &data->set[data->n_sets - 1];
    printf("data     %lld points", (long long)first->n);
    if (data->source != NULL && gndp_fieldset_shared(data->source) &&
        first->n < gndp_fieldset_get_spec(data->source)->coords.n)
        printf(" of %lld", (long long)gndp_fieldset_get_spec(data->source)->coords.n);
    if (data->n_sets > 1)
        printf(", %d %s", data->n_sets,
               data->members          ? "members"
               : data->source != NULL ? "fields"
                                      : "times");
    printf(" of %s", data->path);
    if (!isnan(first->time_s))
        printf(", %s", gndp_calendar_text(data->calendar, first->time_s).text);
    if (!isnan(first->time_s) && data->n_sets > 1)
        printf(" to %s", gndp_calendar_text(data->calendar, last->time_s).text);
    printf("; %s\n", gp_data_mean_text(data).text);
}

void gp_report_plane(const gp_data *data)
{
    if (data->frame != GP_FRAME_PLANE)
        return;
    printf("plane    km about %.2f N, %.2f E, %s; distances are off by %.2g %% at most\n",
           data->projection.lat0_deg, data->projection.lon0_deg,
           data->projection.kind == GNDP_PROJECTION_AZIMUTHAL ? "azimuthal equidistant"
                                                              : "equirectangular",
           100.0 * data->distortion);
}

json_t *gp_json_frame(const gp_data *data)
{
    static const char *const names[] = {"euclidean", "plane_km", "sphere"};
    json_t *object = json_pack("{s:s}", "space", names[data->frame]);
    if (data->frame == GP_FRAME_PLANE) {
        json_object_set_new(object, "projection",
                            json_string(data->projection.kind == GNDP_PROJECTION_AZIMUTHAL
                                            ? "azimuthal_equidistant"
                                            : "equirectangular"));
        json_object_set_new(object, "lat0_deg", json_real(data->projection.lat0_deg));
        json_object_set_new(object, "lon0_deg", json_real(data->projection.lon0_deg));
        json_object_set_new(object, "radius_km", json_real(data->projection.radius_km));
        json_object_set_new(object, "distortion", json_real(data->distortion));
    }
    return object;
}
