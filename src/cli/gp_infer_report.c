// SPDX-License-Identifier: Apache-2.0
// What `gndp gp infer` tells: table, sketch, report, JSON.
#include "cli/gp_infer.h"
#include "cli/sketch.h"

bool infer_scored(const infer_job *j)
{
    return j->settings.stations > 0 && j->on_source;
}

void infer_write_table(const infer_job *j)
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
        for (int p = 0; p < j->P; p++)
            fprintf(file, ",%s,%s", gndp_csv_number_text(j->mean[i * j->P + p]).text,
                    gndp_csv_number_text(j->sd[i * j->P + p]).text);
        for (int64_t m = 0; m < j->members.n; m++)
            for (int p = 0; p < j->P; p++)
                fprintf(file, ",%s",
                        gndp_csv_number_text(j->draw[m * j->width + i * j->P + p]).text);
        fputc('\n', file);
    }
}

static void sketch(const infer_job *j)
{
    const double *x = j->places.shown.data;
    const gp_set *data = &j->data.set[0];
    gndp_sketch sketch;
    if (j->places.shown.type.dim[1] != 1 || j->P != 1)
        return;
    gndp_sketch_clear(&sketch);
    for (int64_t i = 0; i < j->places.n; i++) {
        gndp_sketch_cover(&sketch, x[i], j->mean[i] - 2.0 * j->sd[i]);
        gndp_sketch_cover(&sketch, x[i], j->mean[i] + 2.0 * j->sd[i]);
    }
    for (int64_t i = 0; i < data->n; i++)
        if (data->x[i] >= sketch.x_low && data->x[i] <= sketch.x_high)
            gndp_sketch_cover(&sketch, data->x[i], data->y[i]);
    for (int64_t i = 0; i < j->places.n; i++)
        gndp_sketch_band(&sketch, x[i], j->mean[i] - 2.0 * j->sd[i], j->mean[i] + 2.0 * j->sd[i],
                         '.');
    for (int64_t i = 0; i < j->places.n; i++)
        gndp_sketch_mark(&sketch, x[i], j->mean[i], '-');
    for (int64_t i = 0; i < data->n; i++)
        gndp_sketch_mark(&sketch, data->x[i], data->y[i], 'o');
    putchar('\n');
    gndp_sketch_print(stdout, &sketch);
    printf("           'o' data, '-' mean, '.' within two standard deviations\n");
}

static void report_scores(const infer_job *j)
{
    putchar('\n');
    gp_scores_header();
    gp_scores_print("gp", &j->gp);
    gp_scores_print("constant", &j->constant);
    if (j->data.climate_fields > 0)
        gp_scores_print("climatology", &j->climatology);
    printf("\n%lld values at points that are no stations; climatology: %lld other fields of the "
           "file\n",
           (long long)j->gp.n, (long long)j->data.climate_fields);
}

static void report_files(const infer_job *j)
{
    const gp_settings *s = &j->settings;
    const char *moments = s->stats != NULL ? s->stats : s->output;
    if (s->output == NULL && s->stats == NULL && j->data.n_sets == 1)
        sketch(j);
    if (j->draws.n > 0)
        printf("\nwrote %s: %lld members, %d time%s, %lld points%s\n", s->output,
               (long long)j->members.n, j->data.n_sets, j->data.n_sets == 1 ? "" : "s",
               (long long)j->places.n,
               s->stats == NULL ? "; --stats FILE.nc has mean and standard deviation" : "");
    if (j->moments.n > 0)
        printf("%swrote %s: mean and standard deviation, %d time%s, %lld points\n",
               j->draws.n > 0 ? "" : "\n", moments, j->data.n_sets, j->data.n_sets == 1 ? "" : "s",
               (long long)j->places.n);
    if (s->output != NULL && !gp_netcdf_is(s->output))
        printf("\nwrote %s: %lld rows, %lld columns\n", s->output, (long long)j->places.n,
               (long long)(gndp_places_columns(&j->places) + j->P * (2 + j->members.n)));
}

void infer_report(const infer_job *j)
{
    printf("kernel   %s\n", j->kernel_text);
    if (j->settings.fit)
        printf("fitted   to %d set%s of these data, %d evaluations, %.6g nats\n", j->fit_sets,
               j->fit_sets == 1 ? "" : "s", j->fit.evaluations, j->fit.log_marginal);
    gp_report_data(&j->data);
    gp_report_plane(&j->data);
    printf("points   %s\n", j->places.text);
    printf("evidence log marginal likelihood %.6g nats\n", j->log_marginal);
    if (j->jitter > 0.0)
        printf("jitter   %.3g was added to the variance of the data\n", j->jitter);
    if (j->law != NULL)
        printf("draws    %s\n", gndp_gaussian_describe(j->law));
    if (j->settings.verbose)
        printf("time     %.3g s\n", j->seconds);
    printf("\n%8s %24s %24s\n", "output", "mean, lowest .. highest", "sd, lowest .. highest");
    for (int p = 0; p < j->P; p++) {
        char mean[40], sd[40];
        snprintf(mean, sizeof mean, "%.4g .. %.4g", j->low[p], j->high[p]);
        snprintf(sd, sizeof sd, "%.4g .. %.4g", j->sd_low[p], j->sd_high[p]);
        char name[64];
        gp_output_name(&j->data, p, name);
        printf("%8s %24s %24s\n", name, mean, sd);
    }
    if (infer_scored(j))
        report_scores(j);
    report_files(j);
}

static void add_scores(const infer_job *j, json_t *object)
{
    if (!infer_scored(j))
        return;
    json_object_set_new(object, "gp", gp_scores_json(&j->gp));
    json_object_set_new(object, "constant", gp_scores_json(&j->constant));
    json_object_set_new(object, "climate_fields", json_integer((json_int_t)j->data.climate_fields));
    if (j->data.climate_fields > 0)
        json_object_set_new(object, "climatology", gp_scores_json(&j->climatology));
}

int infer_report_json(const infer_job *j)
{
    json_t *members = json_array(), *values = json_array();
    const bool shown = j->settings.output == NULL && j->data.n_sets == 1;
    for (int64_t m = 0; m < j->members.n; m++) {
        json_array_append_new(members, json_integer((json_int_t)j->members.number[m]));
        if (shown)
            json_array_append_new(values, gp_json_rows(j->draw + m * j->width, j->places.n, j->P));
    }
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:I, s:i, s:o, s:o, s:f, s:f, s:s, s:I, s:i, s:b, s:o, s:o, s:f}",
        "command", "gp infer", "kernel", j->kernel_text, "data", j->data.path, "n_data",
        (json_int_t)j->data.set[0].n, "sets", j->data.n_sets, "mean_of_process",
        gp_json_number(j->data.climatology ? (double)NAN : j->data.mean[0]), "frame",
        gp_json_frame(&j->data), "log_marginal", j->log_marginal, "jitter", j->jitter, "points",
        j->places.text, "n_points", (json_int_t)j->places.n, "outputs", j->P, "observe",
        j->settings.observe, "seed", gp_json_seed(j->settings.seed), "members", members, "seconds",
        j->seconds);
    add_scores(j, object);
    if (j->law != NULL)
        json_object_set_new(object, "law", json_string(gndp_gaussian_describe(j->law)));
    if (!shown) {
        if (j->settings.output != NULL)
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
