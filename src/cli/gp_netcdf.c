// SPDX-License-Identifier: Apache-2.0
// NetCDF files of posterior and prior fields.
#include "cli/gp_netcdf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

bool gp_netcdf_is(const char *path)
{
    const size_t length = path != NULL ? strlen(path) : 0;
    return length > 3 && strcmp(path + length - 3, ".nc") == 0;
}

/* "t2m" -> "t2m_mean". */
static void make_mean(const gndp_channel *from, gndp_channel *to)
{
    *to = *from;
    snprintf(to->name, sizeof to->name, "%.55s_mean", from->name);
    snprintf(to->cell_methods, sizeof to->cell_methods, "realization: mean");
    for (int p = 0; p < to->parts; p++) {
        snprintf(to->part[p].name, sizeof to->part[p].name, "%.55s_mean", from->part[p].name);
        if (from->part[p].long_name[0] != '\0')
            snprintf(to->part[p].long_name, sizeof to->part[p].long_name, "mean of %.100s",
                     from->part[p].long_name);
    }
}

/* "u10" -> "u10_std", a scalar without a standard name: spreads of components make no vector. */
static void make_spread(const gndp_channel *from, int part, gndp_channel *to)
{
    char name[64];
    snprintf(name, sizeof name, "%.55s_std", from->part[part].name);
    *to = gndp_channel_scalar(name, from->units);
    snprintf(to->cell_methods, sizeof to->cell_methods, "realization: standard_deviation");
    if (from->part[part].long_name[0] != '\0')
        snprintf(to->part[0].long_name, sizeof to->part[0].long_name,
                 "standard deviation of %.100s", from->part[part].long_name);
}

static gndp_channel base_channel(const gp_netcdf_plan *plan, int c)
{
    char name[16];
    if (plan->data != NULL && plan->data->n_channels > 0)
        return plan->data->channel[c];
    snprintf(name, sizeof name, "y%d", c + 1);
    return gndp_channel_scalar(name, "1");
}

/* The data's channels, or y1, y2, ..: as draws, or as mean and as standard deviation. */
static int make_channels(const gp_netcdf_plan *plan, gp_netcdf *out, int *n)
{
    const int named = plan->data != NULL ? plan->data->n_channels : 0;
    const int base = named > 0 ? named : plan->outputs;
    out->channel = calloc(2 * (size_t)plan->outputs, sizeof *out->channel);
    if (out->channel == NULL)
        return gndp_failure_memory();
    *n = 0;
    for (int c = 0; c < base; c++) {
        const gndp_channel own = base_channel(plan, c);
        if (plan->n_members > 0)
            out->channel[(*n)++] = own;
        else
            make_mean(&own, &out->channel[(*n)++]);
    }
    for (int c = 0; c < base && plan->n_members == 0; c++) {
        const gndp_channel own = base_channel(plan, c);
        for (int p = 0; p < own.parts; p++)
            make_spread(&own, p, &out->channel[(*n)++]);
    }
    return GNDP_EXIT_DONE;
}

static int by_time(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The sets are the times of the file; they come in order of time. */
static int make_times(const gp_data *data, gp_netcdf *out, int64_t *n)
{
    *n = data != NULL ? data->n_sets : 1;
    if (data == NULL || (*n == 1 && isnan(data->set[0].time_s)))
        return GNDP_EXIT_DONE;
    out->time_s = malloc((size_t)*n * sizeof *out->time_s);
    if (out->time_s == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < *n; i++)
        out->time_s[i] = data->set[i].time_s;
    for (int64_t i = 0; i < *n; i++)
        if (isnan(out->time_s[i]) || (i > 0 && by_time(&out->time_s[i - 1], &out->time_s[i]) >= 0))
            return gndp_failure("%s: the %lld fields chosen are not one field a time; a NetCDF "
                                "file holds one analysis a "
                                "time: choose with --member or --time",
                                data->path, (long long)*n);
    return GNDP_EXIT_DONE;
}

static int make_members(const gp_netcdf_plan *plan, gp_netcdf *out)
{
    out->n_members = plan->n_members;
    if (plan->n_members == 0)
        return GNDP_EXIT_DONE;
    out->member = malloc((size_t)plan->n_members * sizeof *out->member);
    if (out->member == NULL)
        return gndp_failure_memory();
    for (int64_t m = 0; m < plan->n_members; m++)
        out->member[m] = plan->member[m];
    return GNDP_EXIT_DONE;
}

int gp_netcdf_open(const char *path, const gp_netcdf_plan *plan, gp_netcdf *out)
{
    int code = GNDP_EXIT_DONE, channels = 0;
    int64_t times = 1;
    char seed[24];
    gndp_write_options options = gndp_write_options_default();
    *out = (gp_netcdf){.n = plan->coords->n, .outputs = plan->outputs};
    GNDP_STEP(make_channels(plan, out, &channels));
    GNDP_STEP(make_times(plan->data, out, &times));
    GNDP_STEP(make_members(plan, out));
    if (plan->n_members == 0) {
        out->moments = malloc(2 * (size_t)(out->n * plan->outputs) * sizeof *out->moments);
        if (out->moments == NULL)
            return gndp_failure_memory();
    }
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)plan->seed);
    const gndp_attribute attribute[] = {{"title", plan->data != NULL
                                                      ? "posterior of a Gaussian process"
                                                      : "draws of a Gaussian process"},
                                        {"gndp_kernel", plan->kernel},
                                        {"gndp_seed", seed},
                                        {"gndp_data", plan->data != NULL ? plan->data->path : ""}};
    const gndp_field_file file = {.coords = *plan->coords,
                                  .n_channels = channels,
                                  .channel = out->channel,
                                  .calendar = plan->data != NULL ? plan->data->calendar
                                                                 : GNDP_CALENDAR_STANDARD,
                                  .n_times = times,
                                  .time_s = out->time_s,
                                  .reference_time_s = (double)NAN,
                                  .n_members = out->n_members,
                                  .member = out->member,
                                  .n_attributes = plan->data != NULL ? 4 : 3,
                                  .attribute = attribute};
    options.overwrite = plan->overwrite;
    options.history = plan->history;
    GNDP_LIBRARY(gndp_field_writer_create(path, &file, &options, &out->writer));
done:
    return code;
}

int gp_netcdf_put_moments(gp_netcdf *file, int64_t time, const double *mean, const double *sd)
{
    int code = GNDP_EXIT_DONE;
    const int P = file->outputs;
    for (int64_t i = 0; i < file->n; i++)
        for (int p = 0; p < P; p++) {
            file->moments[i * 2 * P + p] = mean[i * P + p];
            file->moments[i * 2 * P + P + p] = sd[i * P + p];
        }
    GNDP_LIBRARY(gndp_field_writer_put(file->writer, time, 0, file->moments, NULL));
done:
    return code;
}

int gp_netcdf_put_draws(gp_netcdf *file, int64_t time, const double *draw)
{
    int code = GNDP_EXIT_DONE;
    for (int64_t m = 0; m < file->n_members; m++)
        GNDP_LIBRARY(
            gndp_field_writer_put(file->writer, time, m, draw + m * file->n * file->outputs, NULL));
done:
    return code;
}

int gp_netcdf_commit(gp_netcdf *file)
{
    int code = GNDP_EXIT_DONE;
    GNDP_LIBRARY(gndp_field_writer_commit(file->writer));
done:
    return code;
}

void gp_netcdf_close(gp_netcdf *file)
{
    gndp_field_writer_free(file->writer, false);
    free(file->channel);
    free(file->member);
    free(file->time_s);
    free(file->moments);
    *file = (gp_netcdf){0};
}
