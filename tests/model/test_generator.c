// SPDX-License-Identifier: Apache-2.0
// Points of users in a model's frame, climatologies between them, samples and densities in physical units.
#include "model/model_case.h"

#define NET "score: {hidden: 8, heads: 2, layers: 1}\n"

/* ---- Frames --------------------------------------------------------------------------------- */

static void points_of_a_plane_are_kilometres_north_and_east(void **state)
{
    (void)state;
    gndp_fieldset *set = region(0);
    gndp_model *model = model_from(NET, set);
    const gndp_projection *plane = gndp_model_projection(model);
    gndp_array x = {0};
    gndp_points *points = NULL;
    assert_non_null(plane);
    must(gndp_model_points(model, &gndp_model_fields(model)->coords, &x, &points));
    assert_int_equal(points->kind, GNDP_POINTS_PRODUCT);
    const double degree = GNDP_EARTH_RADIUS_KM * acos(-1.0) / 180.0, *at = x.data;
    for (int i = 0; i < 63; i++) {
        const double lat = 59.0 - 1.5 * (i / 9), lon = -10.0 + 1.5 * (i % 9);
        assert_true(fabs(at[2 * i] - degree * (lat - plane->lat0_deg)) < 1e-9);
        assert_true(fabs(at[2 * i + 1] - degree * cos(plane->lat0_deg * acos(-1.0) / 180.0) * (lon - plane->lon0_deg)) < 1e-9);
        assert_true(at[2 * i] == points->axis[0][i / 9] && at[2 * i + 1] == points->axis[1][i % 9]); /* the law's points are the network's */
    }
    gndp_model_points_free(points);
    gndp_array_free(&x);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

static void points_of_the_sphere_are_unit_vectors(void **state)
{
    (void)state;
    const sphere_case globe = {.n_lat = 5, .n_lon = 8, .lat0 = -72.0, .dlat = 36.0, .lon0 = 0.0, .dlon = 45.0};
    gndp_fieldset *set = sphere_fields(&globe);
    gndp_model *model = model_from(NET, set); /* auto: its longitudes go round */
    gndp_array x = {0};
    gndp_points *points = NULL;
    assert_null(gndp_model_projection(model));
    must(gndp_model_points(model, &gndp_model_fields(model)->coords, &x, &points));
    assert_int_equal(points->kind, GNDP_POINTS_LATLON);
    assert_int_equal(x.type.dim[1], 3);
    const double *at = x.data, radian = acos(-1.0) / 180.0;
    for (int i = 0; i < 40; i++) {
        const double lat = radian * (-72.0 + 36.0 * (i / 8)), lon = radian * 45.0 * (i % 8);
        assert_true(fabs(at[3 * i] - cos(lat) * cos(lon)) < 1e-15 && fabs(at[3 * i + 1] - cos(lat) * sin(lon)) < 1e-15 &&
                    fabs(at[3 * i + 2] - sin(lat)) < 1e-15);
    }
    gndp_model_points_free(points);
    gndp_array_free(&x);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

static void points_of_abstract_axes_stay(void **state)
{
    (void)state;
    gndp_fieldset *set = waves(), *other = region(0);
    gndp_model *model = model_of(NULL, set);
    gndp_array x = {0};
    must(gndp_model_points(model, &gndp_model_fields(model)->coords, &x, NULL));
    assert_memory_equal(x.data, gndp_model_fields(model)->coords.axis[0].value, CASE_POINTS * sizeof(double));
    gndp_array_free(&x);
    assert_int_equal(gndp_model_points(model, &gndp_fieldset_get_spec(other)->coords, &x, NULL), GNDP_ERR_SHAPE);
    assert_non_null(strstr(gndp_last_error(), "sphere"));
    gndp_model_free(model);
    gndp_fieldset_free(set);
    gndp_fieldset_free(other);
}

/* process.mean is east, north as users have it; the plane's first axis is north. */
static void vectors_of_a_plane_are_north_and_east(void **state)
{
    (void)state;
    gndp_fieldset *set = region(1);
    gndp_model *model = model_from(NET "process: {mean: [0.5, 1, 2]}", set);
    const double *mean = gndp_process_mean(gndp_model_process(model));
    assert_true(mean[0] == 0.5 && mean[1] == 2.0 && mean[2] == 1.0);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

/* ---- Climatologies -------------------------------------------------------------------------- */

/* With temperature 0 and a network that is zero every sample is the mean of the limit: the climatology alone. */
static double *means_at(gndp_model *model, const gndp_coords *coords, gndp_status *st)
{
    gndp_generator *generator = NULL;
    gndp_sampler_options options = gndp_sampler_options_default();
    const uint32_t member = 0;
    double *y = calloc((size_t)coords->n, sizeof *y);
    assert_non_null(y);
    options.steps = 2;
    options.temperature = 0.0;
    must(gndp_sampler_find("euler_ode", &options.sampler));
    *st = gndp_generator_create(model, coords, 1, false, NULL, &generator);
    if (*st == GNDP_OK)
        must(gndp_generator_sample(generator, &options, 1, &member, y));
    gndp_generator_free(generator);
    return y;
}

/* Mean 280 + lat/2 + lon/4: linear, so that it is the same between the points. */
static void climatology_of_a_grid_is_bilinear_between_its_points(void **state)
{
    (void)state;
    gndp_fieldset *set = region(0);
    gndp_model *model = model_from(NET "data: {normalise: climatology}", set);
    const double where[] = {59.0, -10.0, 50.0, 2.0, 54.3, -4.1, 58.9, 1.9, 51.0, -9.99, 53.0, 353.0};
    gndp_coords coords = {.space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_LIST, .columns = 2, .n = 6, .x = where};
    gndp_status st;
    double *y = means_at(model, &coords, &st);
    must(st);
    for (int i = 0; i < 6; i++) {
        const double lon = where[2 * i + 1] > 180.0 ? where[2 * i + 1] - 360.0 : where[2 * i + 1];
        assert_true(fabs(y[i] - (280.0 + 0.5 * where[2 * i] + 0.25 * lon)) < 1e-9);
    }
    free(y);
    const double outside[] = {54.0, 3.0};
    coords.n = 1;
    coords.x = outside;
    free(means_at(model, &coords, &st));
    assert_int_equal(st, GNDP_ERR_RANGE);
    assert_non_null(strstr(gndp_last_error(), "climatology"));
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

/* Round the globe the last longitude has the first one behind it; a pole has the last row's values, at most half a row away. */
static void climatology_of_a_globe_goes_round(void **state)
{
    (void)state;
    const sphere_case globe = {.n_lat = 5, .n_lon = 8, .lat0 = 72.0, .dlat = -36.0, .lon0 = 0.0, .dlon = 45.0};
    gndp_fieldset *set = sphere_fields(&globe);
    gndp_model *model = model_from(NET "data: {normalise: climatology}", set);
    const double where[] = {0.0, 337.5, 0.0, -22.5, 0.0, 359.0, 90.0, 90.0};
    const gndp_coords coords = {.space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_LIST, .columns = 2, .n = 4, .x = where};
    gndp_status st;
    double *y = means_at(model, &coords, &st);
    must(st);
    const double first = 280.0, last = 280.0 + 0.25 * 315.0;
    assert_true(fabs(y[0] - 0.5 * (first + last)) < 1e-9 && fabs(y[1] - y[0]) < 1e-9);
    assert_true(fabs(y[2] - (last + 44.0 / 45.0 * (first - last))) < 1e-9);
    assert_true(fabs(y[3] - (280.0 + 36.0 + 22.5)) < 1e-9);
    free(y);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

/* ---- Samples -------------------------------------------------------------------------------- */

/* A network that is not zero: last weights of some size. */
static gndp_model *noisy_model(gndp_fieldset *set)
{
    gndp_model *model = model_of(NULL, set);
    static const gndp_slot slots[] = {GNDP_SLOT_VALUE, GNDP_SLOT_EMA};
    for (int s = 0; s < 2; s++) {
        gndp_array a;
        must(gndp_store_array(gndp_model_store(model), "last/weight", slots[s], &a));
        for (int64_t k = 0; k < gndp_type_count(a.type); k++)
            ((float *)a.data)[k] = (float)(0.1 * sin((double)k));
    }
    return model;
}

static void generator_sample_is_gndp_sample_in_physical_units(void **state)
{
    (void)state;
    enum { N = 5 };
    static const uint32_t member[N] = {3, 0, 16, 7, 4000000000u};
    gndp_fieldset *set = waves();
    gndp_model *model = noisy_model(set);
    const gndp_coords *coords = &gndp_model_fields(model)->coords;
    const gndp_normaliser *z = gndp_model_normaliser(model);
    const gndp_schedule *schedule = gndp_model_schedule(model);
    gndp_sampler_options options = gndp_sampler_options_default();
    gndp_generator *generator = NULL;
    gndp_evaluator *evaluator = NULL;
    gndp_gaussian *law = NULL;
    gndp_score score;
    gndp_array x = {0};
    gndp_points *points = NULL;
    double got[N * CASE_POINTS], expected[N * CASE_POINTS];
    options.steps = 7;
    options.seed = 11;
    must(gndp_generator_create(model, coords, 4, false, NULL, &generator));
    must(gndp_generator_sample(generator, &options, N, member, got));
    must(gndp_model_points(model, coords, &x, &points));
    must(gndp_model_score(model, true, false, &score));
    must(gndp_process_law(gndp_model_process(model), points, NULL, &law));
    must(gndp_evaluator_create(&score, schedule, &x, &(gndp_evaluator_options){.batch = 4}, &evaluator));
    must(gndp_sample(evaluator, schedule, law, &options, N, member, NULL, expected));
    for (int i = 0; i < N * CASE_POINTS; i++)
        assert_true(got[i] == z->mean[0] + z->scale[0] * expected[i]);
    for (int k = 0; k < N; k++) { /* each alone: the same bits */
        double alone[CASE_POINTS];
        must(gndp_generator_sample(generator, &options, 1, member + k, alone));
        assert_memory_equal(alone, got + k * CASE_POINTS, sizeof alone);
    }
    gndp_evaluator_free(evaluator);
    gndp_score_free(&score);
    gndp_gaussian_free(law);
    gndp_model_points_free(points);
    gndp_array_free(&x);
    gndp_generator_free(generator);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

/* With the residual trick a network that is zero leaves the limit N(0, I) at all times, so the flow stands still and the density of y is
   that of (y - mean)/scale, less N ln scale. f32 of the network's plan: 1e-6 a value. */
static void generator_log_likelihood_changes_variables(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_model *model = model_of("parametrisation.residual_trick=yes", set);
    const gndp_normaliser *z = gndp_model_normaliser(model);
    gndp_likelihood_options options = gndp_likelihood_options_default();
    gndp_generator *generator = NULL;
    double y[2 * CASE_POINTS], log_p[2];
    must(gndp_generator_create(model, &gndp_model_fields(model)->coords, 2, false, NULL, &generator));
    for (int64_t f = 0; f < 2; f++)
        must(gndp_fieldset_read(set, 1, &f, CASE_POINTS, NULL, y + f * CASE_POINTS, NULL));
    options.steps = 10;
    must(gndp_generator_log_likelihood(generator, &options, 2, NULL, y, log_p));
    for (int f = 0; f < 2; f++) {
        double expected = 0.0;
        for (int i = 0; i < CASE_POINTS; i++) {
            const double e = (y[f * CASE_POINTS + i] - z->mean[0]) / z->scale[0];
            expected -= 0.5 * e * e + 0.5 * log(2.0 * acos(-1.0)) + log(z->scale[0]);
        }
        if (!(fabs(log_p[f] - expected) < 1e-5 * CASE_POINTS))
            fail_msg("%.9g in place of %.9g", log_p[f], expected);
    }
    y[3] = (double)NAN;
    assert_int_equal(gndp_generator_log_likelihood(generator, &options, 2, NULL, y, log_p), GNDP_ERR_NONFINITE);
    assert_non_null(strstr(gndp_last_error(), "value 3"));
    gndp_generator_free(generator);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(points_of_a_plane_are_kilometres_north_and_east),
    cmocka_unit_test(points_of_the_sphere_are_unit_vectors),
    cmocka_unit_test(points_of_abstract_axes_stay),
    cmocka_unit_test(vectors_of_a_plane_are_north_and_east),
    cmocka_unit_test(climatology_of_a_grid_is_bilinear_between_its_points),
    cmocka_unit_test(climatology_of_a_globe_goes_round),
    cmocka_unit_test(generator_sample_is_gndp_sample_in_physical_units),
    cmocka_unit_test(generator_log_likelihood_changes_variables),
};

GNDP_TEST_MAIN(tests)
