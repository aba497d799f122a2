// SPDX-License-Identifier: Apache-2.0
// Sets of generated fields: their points, their identity, and what is refused.
#include "synth/synth_case.h"

static gndp_synth_options options_of(int64_t fields, bool random)
{
    gndp_synth_options options = gndp_synth_options_default();
    options.fields = fields;
    options.random = random;
    return options;
}

static void table_rows_are_found_by_name(void **state)
{
    (void)state;
    static const char *const wanted[] = {"se",         "matern52", "weakly_periodic", "periodic",
                                         "sawtooth",   "mixture",  "gp_diag",         "gp_curlfree",
                                         "gp_divfree", "sphere",   "sphere_wind",     "student_t",
                                         "two_modes"};
    const gndp_synth_info *info = NULL;
    assert_int_equal(gndp_synth_count(), sizeof wanted / sizeof *wanted);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_string_equal(find(wanted[i])->name, wanted[i]);
    assert_null(gndp_synth_get(-1));
    assert_null(gndp_synth_get(gndp_synth_count()));
    assert_fails(gndp_synth_find("rbf", &info), GNDP_ERR_NOT_FOUND, "gp_divfree");
    assert_null(info);
}

static void set_on_the_disc_has_648_points(void **state)
{
    (void)state;
    gndp_fieldset *set = make("gp_curlfree", options_of(3, false));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->coords.n, 648);
    assert_int_equal(spec->coords.layout, GNDP_LAYOUT_LIST);
    for (int64_t i = 0; i < 648; i++) {
        const double *x = spec->coords.x + 2 * i;
        assert_true(hypot(x[0], x[1]) <= 10.0);
        /* on the grid of spacing 20/29 */
        assert_near(remainder(x[0] + 10.0, 20.0 / 29.0), 0.0, 1e-12, "x1");
    }
    assert_int_equal(spec->channel[0].kind, GNDP_CHANNEL_VECTOR);
    assert_string_equal(spec->attribute[0].text, "gp_curlfree");
    gndp_fieldset_free(set);
}

static void set_has_the_grid_that_was_asked_for(void **state)
{
    (void)state;
    gndp_synth_options options = options_of(2, false);
    options.points = 5;
    gndp_fieldset *line = make("se", options);
    const gndp_axis *x1 = &gndp_fieldset_get_spec(line)->coords.axis[0];
    for (int i = 0; i < 5; i++)
        assert_true(x1->value[i] == i - 2);
    options.points = 50;
    gndp_fieldset *sphere = make("sphere", options);
    const gndp_coords *coords = &gndp_fieldset_get_spec(sphere)->coords;
    assert_int_equal(coords->axis[0].size, 5);
    assert_int_equal(coords->axis[1].size, 10);
    assert_true(coords->axis[0].value[0] == -72.0 && coords->axis[1].value[9] == 324.0);
    assert_true(gndp_coords_periodic(coords));
    options = (gndp_synth_options){.fields = 1, .size = {4, 3}, .low = 1.0, .high = 4.0, .seed = 1};
    gndp_fieldset *plane = make("gp_diag", options);
    coords = &gndp_fieldset_get_spec(plane)->coords;
    assert_int_equal(coords->layout, GNDP_LAYOUT_PRODUCT);
    assert_int_equal(coords->n, 12);
    assert_true(coords->axis[0].value[1] == 2.0 && coords->axis[1].value[1] == 2.5);
    gndp_fieldset_free(line);
    gndp_fieldset_free(sphere);
    gndp_fieldset_free(plane);
}

/* Field k is the same bits in any set, in any batch, at any of its points. */
static void field_is_a_function_of_name_seed_number_and_points(void **state)
{
    (void)state;
    for (int g = 0; g < gndp_synth_count(); g++)
        for (int random = 0; random < 2; random++) {
            const char *name = gndp_synth_get(g)->name;
            gndp_synth_options options = options_of(40, random);
            options.points = random ? 20 : 0;
            gndp_fieldset *all = make(name, options);
            options.fields = 2;
            options.first = 36;
            gndp_fieldset *some = make(name, options);
            options.seed = 2;
            gndp_fieldset *other = make(name, options);
            const int64_t n = gndp_fieldset_points(all, 37) * gndp_fieldset_components(all);
            double *a = values_of(all, 37), *b = values_of(some, 1), *c = values_of(other, 1);
            assert_memory_equal(a, b, (size_t)n * sizeof *a);
            assert_memory_not_equal(a, c, (size_t)n * sizeof *a);
            assert_int_equal(gndp_fieldset_get_spec(some)->label[1].member, 37);
            free(b);
            b = values_of(all, 36);
            assert_memory_not_equal(a, b, (size_t)n * sizeof *a);
            free(a);
            free(b);
            free(c);
            gndp_fieldset_free(all);
            gndp_fieldset_free(some);
            gndp_fieldset_free(other);
        }
}

static void read_picks_points_of_whole_fields(void **state)
{
    (void)state;
    gndp_fieldset *set = make("gp_divfree", options_of(70, false));
    const int64_t field[2] = {68, 3}, point[3] = {600, 5, 5};
    double part[2 * 3 * 2];
    uint8_t present[2 * 3 * 2];
    assert_ok(gndp_fieldset_read(set, 2, field, 3, point, part, present));
    for (int f = 0; f < 2; f++) {
        double *whole = values_of(set, field[f]);
        for (int i = 0; i < 3; i++)
            for (int p = 0; p < 2; p++) {
                assert_true(part[(f * 3 + i) * 2 + p] == whole[point[i] * 2 + p]);
                assert_int_equal(present[(f * 3 + i) * 2 + p], 1);
            }
        free(whole);
    }
    gndp_fieldset_free(set);
}

/* Random points of each field: those gndp_synth_values() would be given, and uniform in the domain.
 */
static void random_points_are_uniform_and_carry_the_field(void **state)
{
    (void)state;
    enum { FIELDS = 50 };
    gndp_synth_options options = options_of(FIELDS, true);
    options.points = 40;
    gndp_fieldset *line = make("matern52", options), *disc = make("gp_diag", options);
    gndp_fieldset *sphere = make("sphere", options);
    double x[80], y[40], sum = 0.0, inner = 0.0, north = 0.0;
    for (int64_t f = 0; f < FIELDS; f++) {
        assert_ok(gndp_fieldset_coords(line, f, x));
        assert_ok(gndp_synth_values(find("matern52"), 1, (uint32_t)f, 40, x, y));
        double *got = values_of(line, f);
        assert_memory_equal(got, y, sizeof y);
        free(got);
        for (int i = 0; i < 40; i++)
            sum += x[i];
        assert_ok(gndp_fieldset_coords(disc, f, x));
        for (int i = 0; i < 40; i++)
            inner += hypot(x[2 * i], x[2 * i + 1]) < 10.0 / sqrt(2.0);
        assert_ok(gndp_fieldset_coords(sphere, f, x));
        for (int i = 0; i < 40; i++)
            north += x[2 * i] > 30.0; /* a quarter of the sphere */
    }
    const double n = FIELDS * 40.0; /* 4.5 standard errors each */
    assert_near(sum / n, 0.0, 4.5 * 4.0 / sqrt(12.0 * n), "mean of x");
    assert_near(inner / n, 0.5, 4.5 * sqrt(0.25 / n), "half of the disc");
    assert_near(north / n, 0.25, 4.5 * sqrt(0.1875 / n), "north of 30 degrees");
    gndp_fieldset_free(line);
    gndp_fieldset_free(disc);
    gndp_fieldset_free(sphere);
}

static void make_refuses_what_makes_no_set(void **state)
{
    (void)state;
    gndp_fieldset *set = NULL;
    const gndp_synth_options good = gndp_synth_options_default();
    const struct {
        const char *name;
        gndp_synth_options options;
        const char *words;
    } cases[] = {
        {"se", {.fields = 0}, "0 fields"},
        {"se", {.fields = 1, .points = -1}, "-1 points"},
        {"gp_diag", {.fields = 1, .points = 650}, "625 or 676"},
        {"sphere", {.fields = 1, .points = 100}, "98 or 128"},
        {"sphere", {.fields = 1, .low = -1.0, .high = 1.0}, "whole sphere"},
        {"se", {.fields = 1, .low = 2.0, .high = 1.0}, "from 2 to 1"},
        {"se", {.fields = 1, .low = (double)NAN, .high = 1.0}, "nan"},
        {"se", {.fields = 2, .first = UINT32_MAX}, "4294967295"},
        {"se", {.fields = 1, .random = true, .size = {3, 0}}, "size"},
        {"gp_diag", {.fields = 1, .size = {3, 0}}, "3 x 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_fails(gndp_synth_make(find(cases[i].name), &cases[i].options, &set), GNDP_ERR_RANGE,
                     cases[i].words);
        assert_null(set);
    }
    const gndp_synth_info foreign = *find("se");
    assert_fails(gndp_synth_make(&foreign, &good, &set), GNDP_ERR_ARG, "table");
    double x = (double)NAN, y;
    assert_fails(gndp_synth_values(find("se"), 1, 0, 1, &x, &y), GNDP_ERR_NONFINITE, "point 0");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(table_rows_are_found_by_name),
    cmocka_unit_test(set_on_the_disc_has_648_points),
    cmocka_unit_test(set_has_the_grid_that_was_asked_for),
    cmocka_unit_test(field_is_a_function_of_name_seed_number_and_points),
    cmocka_unit_test(read_picks_points_of_whole_fields),
    cmocka_unit_test(random_points_are_uniform_and_carry_the_field),
    cmocka_unit_test(make_refuses_what_makes_no_set),
};

GNDP_TEST_MAIN(tests)
