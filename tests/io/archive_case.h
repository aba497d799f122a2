// SPDX-License-Identifier: Apache-2.0
// An archive with every kind of entry and every trap of a name, and what must be found of it.
#ifndef GNDP_TESTS_IO_ARCHIVE_CASE_H
#define GNDP_TESTS_IO_ARCHIVE_CASE_H

#include "write_case.h"

#include <gndp/write.h>
#include <math.h>

/* Numbers without pattern, the same in every run. */
static inline uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline gndp_array random_array(gndp_type type, uint64_t seed)
{
    gndp_array array;
    assert_ok(gndp_array_create(type, &array));
    unsigned char *byte = array.data;
    for (size_t i = 0; i < gndp_type_bytes(type); i++)
        byte[i] = (unsigned char)splitmix(&seed); /* any bit pattern, NaNs with payload too */
    return array;
}

static inline void put_random(gndp_archive *archive, const char *name, gndp_type type,
                              uint64_t seed)
{
    gndp_array array = random_array(type, seed);
    assert_ok(gndp_archive_put(archive, name, &array));
    gndp_array_free(&array);
}

static inline void check_random(const gndp_archive *archive, const char *name, gndp_type type,
                                uint64_t seed)
{
    const gndp_array *found;
    gndp_array array = random_array(type, seed);
    assert_ok(gndp_archive_get(archive, name, &found));
    assert_true(gndp_type_equal(found->type, type));
    assert_memory_equal(found->data, array.data, gndp_type_bytes(type));
    gndp_array_free(&array);
}

static const struct {
    const char *name;
    gndp_type type;
} content[] = {
    {"block0/query/weight", {GNDP_F32, 2, {12, 7}}},
    {"block0.query.weight", {GNDP_F32, 2, {12, 7}}}, /* '.' is not '/' */
    {"block0", {GNDP_F64, 1, {12}}},                 /* a name that is the start of another */
    {"block0/query", {GNDP_I32, 1, {12}}},
    {"scalar", {GNDP_F64, 0, {0}}},
    {"empty", {GNDP_F32, 3, {4, 0, 5}}},
    {"empty/i32", {GNDP_I32, 1, {0}}},
    {"rank8", {GNDP_I32, 8, {1, 2, 1, 3, 1, 2, 1, 2}}},
    {"_n12", {GNDP_F32, 1, {12}}}, /* as our dimensions are named */
    {"_t.text", {GNDP_F32, 1, {3}}},
    {"_.x", {GNDP_F32, 1, {3}}},
    {"_FillValue", {GNDP_F32, 1, {3}}},
    {"gndp_archive", {GNDP_F32, 1, {3}}},
    {"/", {GNDP_F32, 1, {3}}},
    {"7th layer (\xC3\xA9t\xC3\xA9) 100%", {GNDP_F64, 1, {5}}},
    {"\x01\xFF\"\\*?", {GNDP_F64, 1, {5}}},
};
enum { N_CONTENT = sizeof content / sizeof content[0] };

static inline gndp_archive *example(uint64_t seed)
{
    gndp_archive *archive;
    assert_ok(gndp_archive_create(&archive));
    for (int i = N_CONTENT - 1; i >= 0; i--)
        put_random(archive, content[i].name, content[i].type, seed + (uint64_t)i);
    assert_ok(gndp_archive_put_text(archive, "config", "a: 1\nb: \"caf\xC3\xA9\"\n"));
    assert_ok(gndp_archive_put_text(archive, "nothing", ""));
    assert_ok(gndp_archive_put_integer(archive, "train/step", INT64_MIN));
    assert_ok(gndp_archive_put_number(archive, "loss", 0.1));
    assert_ok(gndp_archive_put_number(archive, "worst", (double)INFINITY));
    assert_ok(gndp_archive_put_number(archive, "undefined", (double)NAN));
    return archive;
}

static inline void check_example(const gndp_archive *archive, uint64_t seed)
{
    const char *text;
    int64_t integer;
    double number;
    assert_int_equal(gndp_archive_count(archive), N_CONTENT);
    for (int i = 0; i < N_CONTENT; i++)
        check_random(archive, content[i].name, content[i].type, seed + (uint64_t)i);
    assert_ok(gndp_archive_get_text(archive, "config", &text));
    assert_string_equal(text, "a: 1\nb: \"caf\xC3\xA9\"\n");
    assert_ok(gndp_archive_get_text(archive, "nothing", &text));
    assert_string_equal(text, "");
    assert_ok(gndp_archive_get_integer(archive, "train/step", &integer));
    assert_true(integer == INT64_MIN);
    assert_ok(gndp_archive_get_number(archive, "loss", &number));
    assert_true(number == 0.1);
    assert_ok(gndp_archive_get_number(archive, "worst", &number));
    assert_true(isinf(number) && number > 0.0);
    assert_ok(gndp_archive_get_number(archive, "undefined", &number));
    assert_true(isnan(number));
}

static inline void check_file(const char *path, uint64_t seed)
{
    gndp_archive *archive;
    assert_ok(gndp_archive_read(path, &archive));
    check_example(archive, seed);
    gndp_archive_free(archive);
}

static inline void write_example(const char *path, uint64_t seed)
{
    gndp_archive *archive = example(seed);
    assert_ok(gndp_archive_write(archive, path));
    gndp_archive_free(archive);
}

#endif
