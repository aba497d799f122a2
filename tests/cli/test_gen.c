// SPDX-License-Identifier: Apache-2.0
// `gndp gen`: files that read back as what the library draws, and what it says when it cannot go
// on.
#include "cli/files.h"

#include <gndp/io.h>
#include <gndp/synth.h>

static gndp_fieldset *open_file(const char *path)
{
    gndp_fieldset *set = NULL;
    if (gndp_netcdf_open(&path, 1, NULL, &set) != GNDP_OK)
        fail_msg("%s: %s", path, gndp_last_error());
    return set;
}

/* Fields and places of a file against a set: floats in the file, doubles of the places. */
static void compare(const gndp_fieldset *file, const gndp_fieldset *set)
{
    const gndp_fieldset_spec *a = gndp_fieldset_get_spec(file), *b = gndp_fieldset_get_spec(set);
    const int P = gndp_fieldset_components(set), C = b->coords.columns;
    assert_int_equal(a->n_fields, b->n_fields);
    assert_int_equal(a->coords.columns, C);
    assert_int_equal(a->coords.space, b->coords.space);
    assert_int_equal(a->channel[0].kind, b->channel[0].kind);
    assert_int_equal(gndp_fieldset_components(file), P);
    for (int64_t f = 0; f < b->n_fields; f++) {
        const int64_t n = gndp_fieldset_points(set, f);
        double *x = calloc((size_t)(2 * n * C), sizeof *x),
               *y = calloc((size_t)(2 * n * P), sizeof *y);
        assert_int_equal(gndp_fieldset_points(file, f), n);
        assert_int_equal(a->label[f].member, b->label[f].member);
        assert_int_equal(gndp_fieldset_coords(file, f, x), GNDP_OK);
        assert_int_equal(gndp_fieldset_coords(set, f, x + n * C), GNDP_OK);
        assert_int_equal(gndp_fieldset_read(file, 1, &f, n, NULL, y, NULL), GNDP_OK);
        assert_int_equal(gndp_fieldset_read(set, 1, &f, n, NULL, y + n * P, NULL), GNDP_OK);
        for (int64_t i = 0; i < n * C; i++)
            assert_near(x[i], x[n * C + i], 1e-12 * 360.0, "place");
        for (int64_t i = 0; i < n * P; i++)
            assert_true(y[i] == (double)(float)y[n * P + i]);
        free(x);
        free(y);
    }
}

static void gen_file_is_what_the_library_draws(void **state)
{
    (void)state;
    static const struct {
        const char *name, *arguments;
        gndp_synth_options options;
    } cases[] = {
        {"se", "-n 5 --points 9 --seed 3", {.fields = 5, .points = 9, .seed = 3}},
        {"mixture",
         "-n 4 --random --points 7 --first 10",
         {.fields = 4, .points = 7, .random = true, .seed = 1, .first = 10}},
        {"gp_curlfree", "-n 2", {.fields = 2, .seed = 1}},
        {"gp_diag",
         "-n 2 --grid 5x4 --domain -1:1",
         {.fields = 2, .size = {5, 4}, .low = -1.0, .high = 1.0, .seed = 1}},
        {"sphere", "-n 2 --grid r12x6", {.fields = 2, .size = {6, 12}, .seed = 1}},
        {"sphere_wind",
         "-n 3 --random --points 11",
         {.fields = 3, .points = 11, .random = true, .seed = 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const gndp_synth_info *info = NULL;
        gndp_fieldset *set = NULL;
        free(run(0, "gen %s %s -o file.nc -O", cases[i].name, cases[i].arguments));
        assert_int_equal(gndp_synth_find(cases[i].name, &info), GNDP_OK);
        assert_int_equal(gndp_synth_make(info, &cases[i].options, &set), GNDP_OK);
        gndp_fieldset *file = open_file("file.nc");
        compare(file, set);
        gndp_fieldset_free(file);
        gndp_fieldset_free(set);
    }
}

static void gen_table_and_file_agree(void **state)
{
    (void)state;
    free(run(0, "gen gp_divfree -n 2 --grid 3x2 -o a.csv"));
    free(run(0, "gen se --random --points 3 -n 2 -o b.csv"));
    char *a = read_file("a.csv"), *b = read_file("b.csv");
    assert_memory_equal(a, "x1,x2,y1_m0,y2_m0,y1_m1,y2_m1\n-10,-10,", 38);
    assert_int_equal(count_lines(a), 7);
    assert_memory_equal(b, "member,x1,y1\n0,", 15);
    assert_int_equal(count_lines(b), 7);
    assert_contains(b, "\n1,");
    double x, y, wanted;
    assert_int_equal(sscanf(b, "member,x1,y1\n0,%lf,%lf", &x, &y), 2);
    const gndp_synth_info *info = NULL;
    double all[3];
    assert_int_equal(gndp_synth_find("se", &info), GNDP_OK);
    assert_int_equal(
        sscanf(b, "member,x1,y1\n0,%lf,%*f\n0,%lf,%*f\n0,%lf", &all[0], &all[1], &all[2]), 3);
    double values[3];
    assert_int_equal(gndp_synth_values(info, 1, 0, 3, all, values), GNDP_OK);
    wanted = values[0];
    assert_true(y == wanted); /* numbers read back exactly */
    free(a);
    free(b);
}

static void gen_ranges_of_one_stream_fit_together(void **state)
{
    (void)state;
    char *whole = run(0, "gen matern52 -n 6 --points 5 -o -"),
         *part = run(0, "gen matern52 -n 2 --first 4 --points 5 -o -");
    const char *a = strchr(whole, '\n') + 1, *b = strchr(part, '\n') + 1;
    assert_memory_equal(part, "x1,y1_m4,y1_m5\n", 15);
    for (int i = 0; i < 4; i++)
        a = strchr(a, ',') + 1;
    a = strchr(a, ',') + 1; /* behind x1 and members 0 .. 3 */
    b = strchr(b, ',') + 1;
    const size_t n = strcspn(b, "\n");
    assert_memory_equal(a, b, n);
    free(whole);
    free(part);
}

static void gen_list_names_every_generator(void **state)
{
    (void)state;
    char *text = run(0, "gen --list");
    json_t *object = run_json("gen --list");
    assert_int_equal(json_array_size(at(object, "generators")), gndp_synth_count());
    for (int i = 0; i < gndp_synth_count(); i++)
        assert_contains(text, gndp_synth_get(i)->name);
    json_decref(object);
    free(text);
}

static void gen_refuses_in_one_line(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *arguments, *part;
    } cases[] = {
        {2, "gen", "--list"},
        {2, "gen sawtoth", "did you mean 'sawtooth'?"},
        {2, "gen se matern52", "'matern52'"},
        {2, "gen se --grid 3x4", "a number of points"},
        {2, "gen sphere --grid 12x6", "rNXxNY"},
        {2, "gen se --random --grid 5", "excludes"},
        {2, "gen se --domain 2:1", "A < B"},
        {2, "gen se --fields 0", "--fields wants"},
        {2, "gen se --json -o -", "standard output"},
        {1, "gen gp_diag --points 650", "625 or 676"},
        {1, "gen sphere --domain 0:1", "whole sphere"},
        {1, "gen se --first 4294967295 -n 2", "4294967295"},
        {1, "gen se -n 2 -o none/out.nc", "none/out.nc"},
        {1, "gen se -n 2 -o mine.nc", "mine.nc"},
    };
    write_file("mine.nc", "mine\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = run(cases[i].code, "%s", cases[i].arguments);
        assert_int_equal(count_lines(text), 1);
        assert_contains(text, cases[i].part);
        free(text);
    }
    char *kept = read_file("mine.nc");
    assert_string_equal(kept, "mine\n");
    assert_null(read_file("mine.nc.part"));
    free(kept);
}

static void gen_help_examples_run(void **state)
{
    (void)state;
    char *help = run(0, "gen --help");
    int n = 0;
    for (char *line = strstr(help, "\n  gndp gen "); line != NULL; n++) {
        char *next = strstr(line + 1, "\n  gndp gen ");
        if (next != NULL)
            *next = '\0';
        const outcome r = shell(line);
        if (r.code != 0)
            fail_msg("exit code %d from the example%s\n%s", r.code, line, r.out);
        free(r.out);
        if (next != NULL)
            *next = '\n';
        line = next;
    }
    assert_true(n >= 4);
    free(help);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(gen_file_is_what_the_library_draws),
    IN_FOLDER(gen_table_and_file_agree),
    IN_FOLDER(gen_ranges_of_one_stream_fit_together),
    IN_FOLDER(gen_list_names_every_generator),
    IN_FOLDER(gen_refuses_in_one_line),
    IN_FOLDER(gen_help_examples_run),
};

GNDP_TEST_MAIN(tests)
