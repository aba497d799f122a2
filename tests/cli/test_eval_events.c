// SPDX-License-Identifier: Apache-2.0
// `gndp eval --task events`: a model that has learned nothing is the uniform law, repeated places, pictures, wrong usage.
#include "cli/files.h"

#include <gndp/gndp.h>

enum { PLACES = 60, ROWS = 2 * PLACES };

/* Every place twice: whole degrees on a spiral from pole to pole. */
static void write_events(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("latitude,longitude\n", file);
    for (int i = 0; i < ROWS; i++)
        fprintf(file, "%d,%d\n", -88 + 3 * (i / 2), (i / 2 * 50) % 360 - 180);
    assert_int_equal(fclose(file), 0);
}

#define EVENTS_YAML                                                                                                                            \
    "data: {source: events, normalise: none, split: {train: 0.5, validation: 0.25, test: 0.25}}\n"                                             \
    "process: {schedule: exponential, t0: 0, beta0: 1.0e-3, beta1: 60}\n"                                                                      \
    "score: {net: mlp, layers: 1, hidden: 8, octaves: 2}\n"                                                                                    \
    "train: {steps: 1, batch: 8, validate_every: 0, learning_rate: {initial: 0}}\n"                                                            \
    "likelihood: {steps: 8}\n"

static void zero_model(void)
{
    write_events("events.csv");
    write_file("events.yaml", EVENTS_YAML);
    free(run(0, "train events.yaml events.csv -q -o run"));
}

static const json_t *row_of(const json_t *report, const char *name)
{
    const json_t *rows = at(report, "rows");
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (strcmp(text_at(json_array_get(rows, i), "name"), name) == 0)
            return json_array_get(rows, i);
    fail_msg("no row %s", name);
    return NULL;
}

/* The network stays 0 and the score with it: ln 4 pi at every place to the rounding of one addition in f64. Half of the rows are trained on, so that about
   half of the others are at a place of these; with every place once none is. */
static void nothing_learned_is_the_uniform_law(void **state)
{
    (void)state;
    zero_model();
    const double uniform = log(4.0 * acos(-1.0));
    json_t *report = run_json("eval run/model.nc --task events -q --latitudes 6");
    assert_near(number_at(report, "training_rows"), ROWS / 2, 0.0, "rows");
    assert_near(number_at(row_of(report, "model"), "nll.n"), ROWS / 4, 0.0, "test rows");
    assert_near(number_at(row_of(report, "model"), "nll.mean"), uniform, 1e-12, "model");
    assert_near(number_at(row_of(report, "model"), "nll.se"), 0.0, 1e-12, "no spread");
    assert_near(number_at(row_of(report, "model"), "integral"), 1.0, 1e-12, "integral");
    /* p is uniform, and q has a tenth of it: ratios up to 10, so that 8192 draws have a standard error below 10/sqrt(8192); 4 of them */
    assert_near(number_at(report, "integral_by_draws.mean"), 1.0, 4.0 * number_at(report, "integral_by_draws.se"), "by draws");
    assert_true(number_at(report, "integral_by_draws.se") > 0.0 && number_at(report, "integral_by_draws.se") < 0.11);
    assert_near(number_at(row_of(report, "uniform"), "nll.mean"), uniform, 1e-15, "uniform");
    const double unseen = number_at(row_of(report, "model"), "nll_new_places.n");
    assert_true(unseen > 0 && unseen < ROWS / 4);
    assert_true(number_at(row_of(report, "kernels"), "kappa") > number_at(row_of(report, "kernels_distinct"), "kappa"));
    json_decref(report);

    free(run(0, "train events.yaml events.csv -q -o once --set data.distinct=yes"));
    report = run_json("eval once/model.nc --task events -q --latitudes 6 --part validation");
    assert_near(number_at(report, "training_rows"), PLACES / 2, 0.0, "rows");
    assert_near(number_at(report, "training_places"), PLACES / 2, 0.0, "places");
    assert_near(number_at(row_of(report, "model"), "nll_new_places.n"), PLACES / 4, 0.0, "all are new");
    assert_true(json_array_size(at(report, "rows")) == 3);
    json_decref(report);
}

static void report_is_read_by_people(void **state)
{
    (void)state;
    zero_model();
    char *text = run(0, "eval run/model.nc events.csv --task events -q --latitudes 6");
    static const char *const parts[] = {"test part", "2.531", "kernels at training rows", "published", "rk4-8, integral on 6 latitudes"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(text, parts[i]) == NULL)
            fail_msg("no '%s' in:\n%s", parts[i], text);
    free(text);
}

/* New events: as many fields of one place. */
static void events_are_sampled_without_naming_points(void **state)
{
    (void)state;
    zero_model();
    free(run(0, "sample run/model.nc -n 7 -o new.nc -q"));
    json_t *report = run_json("info new.nc");
    json_decref(report);
    assert_int_equal(access("new.nc", F_OK), 0);
}

static void pictures_are_drawn_where_cairo_is(void **state)
{
    (void)state;
    if (strncmp(gndp_plot_describe(), "cairo", 5) != 0)
        skip();
    zero_model();
    free(run(0, "eval run/model.nc --task events -q --latitudes 6 --pictures pictures"));
    assert_int_equal(access("pictures/density.png", F_OK), 0);
    char *text = run(1, "eval run/model.nc --task events -q --latitudes 6 --pictures pictures");
    assert_non_null(strstr(text, "-O overwrites it"));
    free(text);
}

static void refuse(int code, const char *part, const char *arguments)
{
    char *text = run(code, "%s", arguments);
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' from gndp %s:\n%s", part, arguments, text);
    free(text);
}

static void wrong_usage_is_named(void **state)
{
    (void)state;
    zero_model();
    write_file("other.csv", "latitude,longitude\n1,2\n3,4\n5,6\n7,8\n9,10\n11,12\n13,14\n15,16\n");
    write_file("plain.yaml", "data: {source: generator, generator: {name: se, fields: 16}}\ntrain: {steps: 1, batch: 4}\nscore: {layers: 1, hidden: 8}\n");
    free(run(0, "train plain.yaml -q -o plain"));
    refuse(1, "are not the data of this training", "eval run/model.nc other.csv --task events -q");
    refuse(1, "wants a model of places on the sphere", "eval plain/model.nc --task events -q --part validation");
    refuse(1, "events come from one file, 2 are named", "train events.yaml events.csv other.csv -q -o two");
    refuse(2, "--latitudes belongs to --task events", "eval run/model.nc --latitudes 8");
    refuse(2, "--task events takes a model and its file", "eval run/model.nc --task events --likelihood 3");
    refuse(2, "--part all", "eval run/model.nc --task events --part all");
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(nothing_learned_is_the_uniform_law),
    IN_FOLDER(report_is_read_by_people),
    IN_FOLDER(events_are_sampled_without_naming_points),
    IN_FOLDER(pictures_are_drawn_where_cairo_is),
    IN_FOLDER(wrong_usage_is_named),
};

GNDP_TEST_MAIN(tests)
