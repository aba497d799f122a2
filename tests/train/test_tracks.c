// SPDX-License-Identifier: Apache-2.0
// Windows of tracks, and that a model of tracks learns from them.
#include "train/track_case.h"

typedef struct drawn {
    double x[8 * TRACK_MOST], values[8 * TRACK_MOST * 3];
    uint8_t present[8 * TRACK_MOST * 3];
    gndp_batch batch;
} drawn;

static void draw(const gndp_batch_source *source, uint32_t step, drawn *out)
{
    out->batch = (gndp_batch){.fields = 8, .x = out->x, .values = out->values, .present = out->present};
    must(source->draw(source->state, 5, step, &out->batch));
}

static double dot(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* What a window shows is the storm's, from the fix it begins with, and turned as a whole: inner products and heights stay. */
static void check_window(const gndp_fieldset *set, const drawn *d, int64_t b, int64_t *start)
{
    const int64_t f = d->batch.field[b], n = gndp_fieldset_points(set, f), m = d->batch.points;
    double x[TRACK_MOST], y[TRACK_MOST * 3];
    const double *seen = d->values + b * m * 3;
    must(gndp_fieldset_coords(set, f, x));
    must(gndp_fieldset_read(set, 1, &f, n, NULL, y, NULL));
    *start = -1;
    for (int64_t s = 0; s < n && *start < 0; s++)
        if (fabs(y[3 * s + 2] - seen[2]) < 1e-12)
            *start = s;
    assert_true(*start >= 0);
    for (int64_t i = 0; i < m; i++) {
        const bool there = i < m && *start + i < n;
        assert_int_equal(d->present[(b * m + i) * 3], there);
        if (!there)
            continue;
        const double *true_one = y + 3 * (*start + i), *first = y + 3 * *start;
        assert_true(fabs(d->x[b * m + i] - (x[*start + i] - x[*start])) < 1e-12);
        assert_true(fabs(dot(seen, seen + 3 * i) - dot(first, true_one)) < 1e-12 && fabs(seen[3 * i + 2] - true_one[2]) < 1e-12);
    }
}

static void windows_are_parts_of_storms_turned_as_a_whole(void **state)
{
    (void)state;
    gndp_fieldset *set = drifting_tracks();
    gndp_batch_source source;
    static drawn d, again;
    int seen[TRACKS] = {0}, begins = 0, turned = 0;
    must(gndp_batch_source_tracks(set, (gndp_track_windows){.window = 16, .turn = true}, &source));
    assert_int_equal(source.max_points, 16);
    assert_false(source.shared);
    for (uint32_t step = 0; step < TRACKS / 8; step++) {
        draw(&source, step, &d);
        for (int64_t b = 0; b < 8; b++) {
            int64_t start;
            double y[3];
            const int64_t f = d.batch.field[b], zero = 0;
            check_window(set, &d, b, &start);
            seen[f]++;
            begins += start > 0;
            must(gndp_fieldset_read(set, 1, &f, 1, &zero, y, NULL));
            turned += start == 0 && fabs(dot(y, d.values + b * 48) - 1.0) > 1e-6;
        }
    }
    for (int f = 0; f < TRACKS; f++)
        assert_int_equal(seen[f], 1); /* an epoch */
    assert_true(begins > 0 && begins < TRACKS && turned > 0);
    draw(&source, 2, &d);
    draw(&source, 3, &again);
    draw(&source, 2, &again); /* nothing but seed and step decides */
    assert_memory_equal(d.values, again.values, sizeof d.values);
    source.free(source.state);
    gndp_fieldset_free(set);
}

static void thinned_and_mirrored_windows(void **state)
{
    (void)state;
    gndp_fieldset *set = drifting_tracks();
    gndp_batch_source source;
    static drawn d;
    must(gndp_batch_source_tracks(set, (gndp_track_windows){.window = 16, .mirror = 1.0, .thin = 1.0}, &source));
    for (uint32_t step = 0; step < 6; step++) {
        draw(&source, step, &d);
        for (int64_t b = 0; b < 8; b++) {
            const double *x = d.x + b * 16;
            const uint8_t *present = d.present + b * 48;
            assert_true(present[0] && d.values[b * 48 + 2] > 0.0); /* all storms are of the south */
            if (!present[3])
                continue;
            const double hours = 24.0 * (x[1] - x[0]);
            assert_true(fabs(hours - 6.0) < 1e-9 || fabs(hours - 12.0) < 1e-9 || fabs(hours - 24.0) < 1e-9);
        }
    }
    source.free(source.state);
    gndp_fieldset_free(set);
}

static void what_is_no_track_is_refused(void **state)
{
    (void)state;
    gndp_fieldset *set = waves(), *tracks = drifting_tracks();
    gndp_batch_source source;
    assert_int_equal(gndp_batch_source_tracks(set, (gndp_track_windows){0}, &source), GNDP_ERR_UNSUPPORTED);
    assert_non_null(strstr(gndp_last_error(), "waves"));
    assert_int_equal(gndp_batch_source_tracks(tracks, (gndp_track_windows){.thin = 1.5}, &source), GNDP_ERR_RANGE);
    gndp_fieldset_free(set);
    gndp_fieldset_free(tracks);
}

/* All storms turn the same way, which a Gaussian with one covariance for the three coordinates cannot know: a network can. Resuming gives the same bits. */
static void training_beats_its_reference(void **state)
{
    (void)state;
    gndp_fieldset *set = drifting_tracks();
    gndp_batch_source source;
    gndp_train_options options = gndp_train_options_default();
    gndp_model *model = track_model("train.steps=400", set);
    must(gndp_batch_source_tracks(set, (gndp_track_windows){.window = 16, .turn = true}, &source));
    options.folder = "run";
    must(gndp_train(model, &source, &source, &options));
    assert_true(gndp_model_get_progress(model).best_validation < 1.5); /* the reference alone: about 2, a unit a tangent direction */
    gndp_model *untrained = track_model("train.steps=1", set);
    options.folder = "none";
    must(gndp_train(untrained, &source, &source, &options));
    assert_true(gndp_model_get_progress(untrained).best_validation > gndp_model_get_progress(model).best_validation + 0.2);
    gndp_model *read = NULL;
    must(gndp_model_read("run/model.nc", &read));
    assert_string_equal(gndp_model_hash(read), gndp_model_hash(model));
    source.free(source.state);
    gndp_model_free(read);
    gndp_model_free(untrained);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(windows_are_parts_of_storms_turned_as_a_whole),
    cmocka_unit_test(thinned_and_mirrored_windows),
    cmocka_unit_test(what_is_no_track_is_refused),
    IN_FOLDER(training_beats_its_reference),
};

GNDP_TEST_MAIN(tests)
