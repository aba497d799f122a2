// SPDX-License-Identifier: Apache-2.0
// Archives: what goes in comes out, under any name.
#include "archive_case.h"

#include "io/archive.h"

/* ---- What goes in comes out ----------------------------------------------------------------- */

static void archive_returns_what_was_put(void **state)
{
    (void)state;
    gndp_archive *archive = example(1);
    check_example(archive, 1);
    for (int i = 1; i < gndp_archive_count(archive); i++)
        assert_true(strcmp(gndp_archive_name(archive, i - 1), gndp_archive_name(archive, i)) < 0);
    assert_null(gndp_archive_name(archive, -1));
    assert_null(gndp_archive_name(archive, gndp_archive_count(archive)));
    gndp_archive_free(archive);
}

static void archive_is_the_same_after_a_file(void **state)
{
    (void)state;
    write_example("a.nc", 1);
    check_file("a.nc", 1);
    assert_int_equal(files_in("."), 1);
    assert_true(gndp_archive_probe("a.nc"));
}

static void archive_of_nothing_is_an_archive(void **state)
{
    gndp_archive *archive, *again;
    (void)state;
    assert_ok(gndp_archive_create(&archive));
    assert_ok(gndp_archive_write(archive, "none.nc"));
    assert_ok(gndp_archive_read("none.nc", &again));
    assert_int_equal(gndp_archive_count(again), 0);
    gndp_archive_free(archive);
    gndp_archive_free(again);
}

static void archive_gives_the_same_bytes_for_the_same_content(void **state)
{
    size_t a_bytes, b_bytes;
    (void)state;
    write_example("a.nc", 1);
    write_example("b.nc", 1);
    char *a = read_bytes("a.nc", &a_bytes), *b = read_bytes("b.nc", &b_bytes);
    assert_int_equal(a_bytes, b_bytes);
    assert_memory_equal(a, b, a_bytes);
    free(a);
    free(b);
}

static void archive_keeps_a_long_text(void **state)
{
    enum { LENGTH = 300000 };
    gndp_archive *archive;
    const char *found;
    char *text = malloc(LENGTH + 1);
    (void)state;
    assert_non_null(text);
    for (int i = 0; i < LENGTH; i++)
        text[i] = (char)('!' + i % 90);
    text[LENGTH] = 0;
    assert_ok(gndp_archive_create(&archive));
    assert_ok(gndp_archive_put_text(archive, "train/history", text));
    assert_ok(gndp_archive_write(archive, "long.nc"));
    gndp_archive_free(archive);
    assert_ok(gndp_archive_read("long.nc", &archive));
    assert_ok(gndp_archive_get_text(archive, "train/history", &found));
    assert_string_equal(found, text);
    gndp_archive_free(archive);
    free(text);
}

static void archive_keeps_many_entries(void **state)
{
    gndp_archive *archive;
    char name[64];
    int64_t value;
    (void)state;
    assert_ok(gndp_archive_create(&archive));
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "layer%d/weight", i);
        put_random(archive, name, gndp_type_2d(GNDP_F32, 1 + i % 37, 1 + i % 11), (uint64_t)i);
        snprintf(name, sizeof name, "layer%d/count", i);
        assert_ok(gndp_archive_put_integer(archive, name, i));
    }
    assert_ok(gndp_archive_write(archive, "many.nc"));
    gndp_archive_free(archive);
    assert_ok(gndp_archive_read("many.nc", &archive));
    assert_int_equal(gndp_archive_count(archive), 600);
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "layer%d/weight", i);
        check_random(archive, name, gndp_type_2d(GNDP_F32, 1 + i % 37, 1 + i % 11), (uint64_t)i);
        snprintf(name, sizeof name, "layer%d/count", i);
        assert_ok(gndp_archive_get_integer(archive, name, &value));
        assert_int_equal(value, i);
    }
    gndp_archive_free(archive);
}

static void archive_replaces_an_entry_of_the_same_name(void **state)
{
    gndp_archive *archive;
    const gndp_array *array;
    int64_t value;
    (void)state;
    assert_ok(gndp_archive_create(&archive));
    put_random(archive, "x", gndp_type_1d(GNDP_F32, 9), 1);
    put_random(archive, "x", gndp_type_1d(GNDP_F64, 2), 2);
    check_random(archive, "x", gndp_type_1d(GNDP_F64, 2), 2);
    assert_int_equal(gndp_archive_count(archive), 1);
    assert_ok(gndp_archive_put_integer(archive, "x", 7));
    assert_int_equal(gndp_archive_count(archive), 0);
    assert_ok(gndp_archive_get_integer(archive, "x", &value));
    assert_int_equal(value, 7);
    assert_fails(gndp_archive_get(archive, "x", &array), GNDP_ERR_TYPE,
                 "\"x\" is an integer, not an array");
    gndp_archive_free(archive);
}

static void archive_opens_with_the_tools_of_netcdf(void **state)
{
    gndp_archive *archive;
    float *value;
    (void)state;
    need("command -v ncdump");
    assert_ok(gndp_archive_create(&archive));
    gndp_array array;
    assert_ok(gndp_array_create(gndp_type_2d(GNDP_F32, 2, 3), &array));
    value = array.data;
    for (int i = 0; i < 6; i++)
        value[i] = 0.5F * (float)i;
    assert_ok(gndp_archive_put(archive, "net/bias", &array));
    assert_ok(gndp_archive_put_integer(archive, "step", 12));
    assert_ok(gndp_archive_write(archive, "a.nc"));
    char *out = run("ncdump a.nc");
    assert_contains(out, "float net.bias(_n2, _n3) ;");
    assert_contains(out, "0, 0.5, 1,");
    assert_contains(out, ":step = 12LL ;");
    free(out);
    gndp_array_free(&array);
    gndp_archive_free(archive);
}

/* ---- Names ---------------------------------------------------------------------------------- */

static void archive_names_have_one_encoding_and_one_meaning(void **state)
{
    static const char letters[] = "aZ0_.%/ \xC3\x7F-";
    char name[8], encoded[GNDP_ARCHIVE_NAME_BYTES], decoded[GNDP_ARCHIVE_NAME_BYTES];
    uint64_t seed = 5;
    (void)state;
    for (int trial = 0; trial < 20000; trial++) {
        const size_t n = 1 + splitmix(&seed) % 6;
        for (size_t i = 0; i < n; i++)
            name[i] = letters[splitmix(&seed) % (sizeof letters - 1)];
        name[n] = 0;
        assert_true(gndp_archive_encode(name, encoded));
        assert_true(gndp_archive_decode(encoded, decoded));
        assert_string_equal(decoded, name);
        if (gndp_archive_decode(name, decoded)) { /* whatever decodes is what that encodes to */
            assert_true(gndp_archive_encode(decoded, encoded));
            assert_string_equal(encoded, name);
        }
    }
}

static void archive_refuses_names_that_netcdf_cannot_hold(void **state)
{
    gndp_archive *archive;
    char name[400];
    (void)state;
    assert_ok(gndp_archive_create(&archive));
    memset(name, 'n', sizeof name);
    name[250] = 0;
    assert_ok(gndp_archive_put_integer(archive, name, 1));
    assert_ok(gndp_archive_write(archive, "a.nc"));
    name[250] = 'n';
    name[300] = 0;
    assert_fails(gndp_archive_put_integer(archive, name, 1), GNDP_ERR_ARG, "too long");
    assert_fails(gndp_archive_put_integer(archive, "", 1), GNDP_ERR_ARG, "needs a name");
    gndp_archive_free(archive);
}

static void archive_names_the_nearest_entry(void **state)
{
    const gndp_array *array;
    gndp_archive *archive, *empty;
    (void)state;
    write_example("a.nc", 1);
    assert_ok(gndp_archive_read("a.nc", &archive));
    assert_fails(gndp_archive_get(archive, "block0/querry", &array), GNDP_ERR_NOT_FOUND,
                 "a.nc has no \"block0/querry\"; the nearest name is \"block0/query\"");
    assert_null(array);
    assert_ok(gndp_archive_create(&empty));
    assert_fails(gndp_archive_get(empty, "x", &array), GNDP_ERR_NOT_FOUND, "it is empty");
    gndp_archive_free(empty);
    gndp_archive_free(archive);
}

static void archive_refuses_missing_arguments(void **state)
{
    gndp_archive *archive;
    gndp_array none = {.type = gndp_type_scalar(GNDP_F32)};
    double number;
    (void)state;
    assert_ok(gndp_archive_create(&archive));
    assert_fails(gndp_archive_create(NULL), GNDP_ERR_ARG, "out is NULL");
    assert_fails(gndp_archive_put(archive, "x", &none), GNDP_ERR_ARG, "no data");
    assert_fails(gndp_archive_put(archive, NULL, &none), GNDP_ERR_ARG, "name is NULL");
    assert_fails(gndp_archive_put_text(archive, "x", NULL), GNDP_ERR_ARG, "text is NULL");
    assert_fails(gndp_archive_get_number(NULL, "x", &number), GNDP_ERR_ARG, "archive is NULL");
    assert_fails(gndp_archive_write(NULL, "a.nc"), GNDP_ERR_ARG, "archive is NULL");
    assert_fails(gndp_archive_read("a.nc", NULL), GNDP_ERR_ARG, "out is NULL");
    assert_int_equal(gndp_archive_count(NULL), 0);
    gndp_archive_free(NULL);
    gndp_archive_free(archive);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
    cmocka_unit_test(archive_returns_what_was_put),
    IN_FOLDER(archive_is_the_same_after_a_file),
    IN_FOLDER(archive_of_nothing_is_an_archive),
    IN_FOLDER(archive_gives_the_same_bytes_for_the_same_content),
    IN_FOLDER(archive_keeps_a_long_text),
    IN_FOLDER(archive_keeps_many_entries),
    cmocka_unit_test(archive_replaces_an_entry_of_the_same_name),
    IN_FOLDER(archive_opens_with_the_tools_of_netcdf),
    cmocka_unit_test(archive_names_have_one_encoding_and_one_meaning),
    IN_FOLDER(archive_refuses_names_that_netcdf_cannot_hold),
    IN_FOLDER(archive_names_the_nearest_entry),
    cmocka_unit_test(archive_refuses_missing_arguments),
};
GNDP_TEST_MAIN(tests)
