// SPDX-License-Identifier: Apache-2.0
// The training loop: it learns, it resumes to the same bits, it says what goes wrong and loses nothing.
#include "train/train_case.h"

static gndp_subset all_points(void)
{
    return (gndp_subset){0};
}

static void train_learns_more_than_nothing(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_model *model = model_of("train.steps=400", set);
    gndp_batch_source source;
    gndp_train_options options = gndp_train_options_default();
    must(gndp_batch_source_fields(set, 0, NULL, all_points(), &source));
    options.folder = "run";
    must(gndp_train(model, &source, &source, &options));
    /* The zero network has loss tr(K)/N = 1 in normalised values (K white, variance 1). Fields of two numbers on 12 points leave far less. */
    const gndp_model_progress p = gndp_model_get_progress(model);
    assert_int_equal(p.step, 400);
    assert_true(p.best_validation < 0.7);
    assert_true(access("run/model.nc", F_OK) == 0 && access("run/last.nc", F_OK) == 0 && access("run/config.yaml", F_OK) == 0);
    assert_true(access("run/metrics.csv", F_OK) == 0 && access("run/log.jsonl", F_OK) == 0);
    source.free(source.state);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

typedef struct stop_at {
    int calls, limit;
} stop_at;

static bool stop(void *state)
{
    stop_at *s = state;
    return ++s->calls >= s->limit;
}

/* 60 steps at once, and 60 steps in pieces of 17, 20 and 23 with the model read from its checkpoint each time. */
static void train_resumes_to_the_same_bits(void **state)
{
    (void)state;
    static const int piece[] = {17, 20, 100};
    gndp_fieldset *set = waves();
    gndp_batch_source source;
    const gndp_subset some = {.low = 3, .high = 12};
    must(gndp_batch_source_fields(set, 0, NULL, some, &source));
    gndp_model *model = model_of(NULL, set);
    gndp_train_options options = gndp_train_options_default();
    options.folder = "whole";
    must(gndp_train(model, &source, &source, &options));
    gndp_model_free(model);
    model = model_of(NULL, set);
    options.folder = "pieces";
    for (int i = 0; i < 3; i++) {
        stop_at s = {.limit = piece[i]};
        options.stop = stop;
        options.stop_state = &s;
        const gndp_status st = gndp_train(model, &source, &source, &options);
        assert_int_equal(st, i < 2 ? GNDP_ERR_INTERRUPTED : GNDP_OK);
        gndp_model_free(model);
        model = NULL;
        if (i < 2)
            must(gndp_model_read("pieces/last.nc", &model));
    }
    assert_true(same_bytes("whole/model.nc", "pieces/model.nc"));
    source.free(source.state);
    gndp_fieldset_free(set);
}

/* A finished model is read, and draws: no optimiser state, so training does not go on from it. */
static void train_ends_with_a_model_that_draws(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_batch_source source;
    must(gndp_batch_source_fields(set, 0, NULL, all_points(), &source));
    gndp_model *model = model_of(NULL, set), *read = NULL;
    gndp_train_options options = gndp_train_options_default();
    options.folder = "run";
    must(gndp_train(model, &source, NULL, &options));
    must(gndp_model_read("run/model.nc", &read));
    assert_string_equal(gndp_model_hash(model), gndp_model_hash(read));
    assert_int_equal(gndp_train(read, &source, NULL, &options), GNDP_ERR_STATE);
    gndp_model *const both[2] = {model, read};
    double y[2][2][CASE_POINTS];
    for (int i = 0; i < 2; i++) {
        gndp_generator *generator = NULL;
        gndp_sampler_options sampler = gndp_sampler_options_default();
        const uint32_t member[2] = {4, 9};
        sampler.steps = 5;
        must(gndp_generator_create(both[i], &gndp_model_fields(both[i])->coords, 4, false, NULL, &generator));
        must(gndp_generator_sample(generator, &sampler, 2, member, &y[i][0][0]));
        gndp_generator_free(generator);
    }
    assert_memory_equal(y[0], y[1], sizeof y[0]);
    assert_true(isfinite(y[0][0][0]));
    source.free(source.state);
    gndp_model_free(model);
    gndp_model_free(read);
    gndp_fieldset_free(set);
}

static void train_stops_when_nothing_is_finite(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_batch_source source;
    must(gndp_batch_source_fields(set, 0, NULL, all_points(), &source));
    gndp_model *model = model_of("train.patience=3", set), *last = NULL;
    gndp_array weight;
    gndp_train_options options = gndp_train_options_default();
    options.folder = "run";
    must(gndp_store_array(gndp_model_store(model), "last/bias", GNDP_SLOT_VALUE, &weight));
    ((float *)weight.data)[0] = INFINITY;
    assert_int_equal(gndp_train(model, &source, NULL, &options), GNDP_ERR_NONFINITE);
    assert_non_null(strstr(gndp_last_error(), "3 steps in a row"));
    must(gndp_model_read("run/last.nc", &last)); /* nothing was assigned */
    must(gndp_store_array(gndp_model_store(last), "embed/weight", GNDP_SLOT_VALUE, &weight));
    assert_true(isfinite(((float *)weight.data)[0]));
    assert_true(access("run/model.nc", F_OK) != 0);
    source.free(source.state);
    gndp_model_free(model);
    gndp_model_free(last);
    gndp_fieldset_free(set);
}

static void train_says_where_it_cannot_write(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_batch_source source;
    must(gndp_batch_source_fields(set, 0, NULL, all_points(), &source));
    gndp_model *model = model_of(NULL, set);
    gndp_train_options options = gndp_train_options_default();
    FILE *file = fopen("taken", "w");
    assert_non_null(file);
    fclose(file);
    options.folder = "taken/run";
    assert_int_equal(gndp_train(model, &source, NULL, &options), GNDP_ERR_IO);
    assert_non_null(strstr(gndp_last_error(), "taken/run"));
    assert_int_equal(gndp_model_get_progress(model).step, 0);
    source.free(source.state);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

/* Four steps of 16 fields are one epoch of 64: each field once. Values tell the field. */
static void source_takes_each_field_once_an_epoch(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_batch_source source;
    must(gndp_batch_source_fields(set, 0, NULL, (gndp_subset){.low = 5, .high = 5}, &source));
    double x[16 * CASE_POINTS], values[16 * CASE_POINTS], one[CASE_POINTS], sum = 0.0, expected = 0.0;
    uint8_t present[16 * CASE_POINTS];
    for (uint32_t step = 8; step < 12; step++) {
        gndp_batch batch = {.fields = 16, .x = x, .values = values, .present = present};
        must(source.draw(source.state, 5, step, &batch));
        assert_int_equal(batch.points, 5);
        for (int b = 0; b < 16; b++) { /* the field that has this value at this point */
            int found = 0;
            for (int64_t f = 0; f < CASE_FIELDS; f++) {
                must(gndp_fieldset_read(set, 1, &f, CASE_POINTS, NULL, one, NULL));
                const int64_t at = llround((x[0] + 1.0) * (CASE_POINTS - 1) / 2.0);
                if (one[at] == values[b * 5]) {
                    found++;
                    sum += (double)(f * f);
                }
            }
            assert_int_equal(found, 1);
        }
    }
    for (int f = 0; f < CASE_FIELDS; f++)
        expected += (double)f * f;
    assert_true(sum == expected);
    source.free(source.state);
    assert_int_equal(gndp_batch_source_fields(set, 0, NULL, (gndp_subset){.low = 3, .high = 2}, &source), GNDP_ERR_RANGE);
    gndp_fieldset_free(set);
}

static void learning_rate_has_its_end_points(void **state)
{
    (void)state;
    assert_true(gndp_learning_rate(1e-4, 1e-3, 1e-5, 10, 100, 0) == 1e-4);
    assert_true(gndp_learning_rate(1e-4, 1e-3, 1e-5, 10, 100, 10) == 1e-3);
    assert_true(fabs(gndp_learning_rate(1e-4, 1e-3, 1e-5, 10, 100, 55) - 0.5 * (1e-3 + 1e-5)) < 1e-18);
    assert_true(gndp_learning_rate(1e-4, 1e-3, 1e-5, 10, 100, 100) == 1e-5);
    assert_true(gndp_learning_rate(1e-4, 1e-3, 1e-5, 10, 100, 1000) == 1e-5);
    assert_true(gndp_learning_rate(1e-4, 1e-3, 1e-5, 0, 100, 0) == 1e-3);
}

static void dry_run_changes_nothing(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_batch_source source;
    gndp_train_estimate e;
    must(gndp_batch_source_fields(set, 0, NULL, all_points(), &source));
    gndp_model *model = model_of(NULL, set);
    char hash[32];
    strcpy(hash, gndp_model_hash(model));
    must(gndp_train_dry_run(model, &source, NULL, &e));
    assert_int_equal(e.parameters, gndp_net_parameters(gndp_model_net(model)));
    assert_true(e.flops_step > 0.0 && e.bytes > 0 && e.seconds_step > 0.0);
    assert_string_equal(hash, gndp_model_hash(model));
    assert_int_equal(gndp_model_get_progress(model).step, 0);
    source.free(source.state);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(train_learns_more_than_nothing),
    IN_FOLDER(train_resumes_to_the_same_bits),
    IN_FOLDER(train_ends_with_a_model_that_draws),
    IN_FOLDER(train_stops_when_nothing_is_finite),
    IN_FOLDER(train_says_where_it_cannot_write),
    cmocka_unit_test(source_takes_each_field_once_an_epoch),
    cmocka_unit_test(learning_rate_has_its_end_points),
    cmocka_unit_test(dry_run_changes_nothing),
};

GNDP_TEST_MAIN(tests)
