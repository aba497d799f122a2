// SPDX-License-Identifier: Apache-2.0
// Archives: what goes in comes out, and no failure or damage goes unnoticed or spoils the old file.
#define _GNU_SOURCE // memmem
#include "write_case.h"

#include <gndp/write.h>
#include <math.h>
#include <netcdf.h>

#include "io/archive.h"

/* Numbers without pattern, the same in every run. */
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static gndp_array random_array(gndp_type type, uint64_t seed)
{
    gndp_array array;
    assert_ok(gndp_array_create(type, &array));
    unsigned char *byte = array.data;
    for (size_t i = 0; i < gndp_type_bytes(type); i++)
        byte[i] = (unsigned char)splitmix(&seed); /* any bit pattern, NaNs with payload too */
    return array;
}

static void put_random(gndp_archive *archive, const char *name, gndp_type type, uint64_t seed)
{
    gndp_array array = random_array(type, seed);
    assert_ok(gndp_archive_put(archive, name, &array));
    gndp_array_free(&array);
}

static void check_random(const gndp_archive *archive, const char *name, gndp_type type,
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

static gndp_archive *example(uint64_t seed)
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

static void check_example(const gndp_archive *archive, uint64_t seed)
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

static void check_file(const char *path, uint64_t seed)
{
    gndp_archive *archive;
    assert_ok(gndp_archive_read(path, &archive));
    check_example(archive, seed);
    gndp_archive_free(archive);
}

static void write_example(const char *path, uint64_t seed)
{
    gndp_archive *archive = example(seed);
    assert_ok(gndp_archive_write(archive, path));
    gndp_archive_free(archive);
}

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

/* ---- Failures to write ---------------------------------------------------------------------- */

static int write_new(void *path)
{
    gndp_archive *archive = example(2);
    const bool as_said =
        fails_in_child(gndp_archive_write(archive, path), GNDP_ERR_IO, "File too large");
    gndp_archive_free(archive);
    return as_said ? 0 : 1;
}

static void archive_keeps_the_old_file_when_the_disk_is_full(void **state)
{
    (void)state;
    write_example("a.nc", 1);
    char path[] = "a.nc", fresh[] = "b.nc";
    for (rlim_t limit = 1; limit < 60000; limit = limit * 3 + 1) {
        assert_int_equal(in_child(write_new, path, false, limit), 0);
        assert_int_equal(in_child(write_new, fresh, false, limit), 0);
        check_file("a.nc", 1);
        assert_int_equal(files_in("."), 1);
    }
}

static int write_denied(void *path)
{
    gndp_archive *archive = example(2);
    const bool as_said =
        fails_in_child(gndp_archive_write(archive, path), GNDP_ERR_IO, "Permission denied");
    gndp_archive_free(archive);
    return as_said ? 0 : 1;
}

static void archive_keeps_the_old_file_when_the_folder_is_read_only(void **state)
{
    char path[] = "locked/a.nc";
    (void)state;
    assert_int_equal(mkdir("locked", 0755), 0);
    write_example(path, 1);
    assert_int_equal(chmod("locked", 0555), 0);
    assert_int_equal(in_child(write_denied, path, true, 0), 0);
    check_file(path, 1);
    assert_int_equal(files_in("locked"), 1);
}

static void archive_says_why_a_place_is_none(void **state)
{
    gndp_archive *archive = example(1);
    (void)state;
    assert_int_equal(mkdir("folder", 0755), 0);
    assert_int_equal(mkfifo("pipe", 0644), 0);
    assert_fails(gndp_archive_write(archive, "absent/a.nc"), GNDP_ERR_IO,
                 "absent/a.nc: its folder: No such file");
    assert_fails(gndp_archive_write(archive, "folder"), GNDP_ERR_IO, "it is a folder");
    assert_fails(gndp_archive_write(archive, "folder/"), GNDP_ERR_IO, "name of a folder");
    assert_fails(gndp_archive_write(archive, "pipe"), GNDP_ERR_IO, "not a plain file");
    assert_fails(gndp_archive_write(archive, ""), GNDP_ERR_ARG, "name");
    assert_int_equal(symlink("/dev/null", "b.nc.part"),
                     0); /* nobody else's file is written through the part's name */
    assert_fails(gndp_archive_write(archive, "b.nc"), GNDP_ERR_IO, "b.nc.part");
    gndp_archive_free(archive);
}

static void archive_takes_any_file_name(void **state)
{
    static const char *const names[] = {
        "a b.nc",  "x:y.nc",      "c:\\d.nc", "http:a#b?c=d&e.nc", "[mode=zarr].nc",
        "%s%n.nc", "\xC3\xA9.nc", "-f",       "no suffix"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        write_example(names[i], i);
        check_file(names[i], i);
        assert_int_equal(files_in("."), i + 1);
    }
}

static void archive_keeps_mode_and_link_of_the_old_file(void **state)
{
    struct stat status;
    (void)state;
    assert_int_equal(mkdir("disk", 0755), 0);
    write_example("disk/a.nc", 1);
    assert_int_equal(chmod("disk/a.nc", 0640), 0);
    assert_int_equal(symlink("disk/a.nc", "last.nc"), 0);
    write_example("last.nc", 2);
    check_file("disk/a.nc", 2);
    assert_int_equal(lstat("last.nc", &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat("disk/a.nc", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
}

static void archive_writes_over_the_part_of_a_killed_run(void **state)
{
    (void)state;
    char *junk = calloc(1, 1 << 20);
    write_bytes("a.nc.part", junk, 1 << 20);
    free(junk);
    write_example("a.nc", 3);
    check_file("a.nc", 3);
    assert_int_equal(files_in("."), 1);
}

/* ---- Damage --------------------------------------------------------------------------------- */

static void archive_refuses_each_truncated_file(void **state)
{
    gndp_archive *archive;
    size_t bytes;
    uint64_t seed = 3;
    (void)state;
    write_example("a.nc", 1);
    char *data = read_bytes("a.nc", &bytes);
    for (int i = 0; i < 300; i++) {
        const size_t length = i < 80    ? bytes - 1 - (size_t)i
                              : i < 100 ? (size_t)(i - 80)
                                        : splitmix(&seed) % bytes;
        write_bytes("cut.nc", data, length);
        assert_fails(gndp_archive_read("cut.nc", &archive), GNDP_ERR_FORMAT, "cut.nc");
        assert_null(archive);
    }
    free(data);
}

static void archive_refuses_each_flipped_byte(void **state)
{
    gndp_archive *archive;
    size_t bytes;
    uint64_t seed = 4;
    (void)state;
    write_example("a.nc", 1);
    char *data = read_bytes("a.nc", &bytes);
    for (int i = 0; i < 500; i++) {
        const size_t at = i < 64 ? bytes - 1 - (size_t)i : splitmix(&seed) % bytes;
        const char flip = (char)(1 << splitmix(&seed) % 8);
        data[at] = (char)(data[at] ^ flip);
        write_bytes("flip.nc", data, bytes);
        assert_fails(gndp_archive_read("flip.nc", &archive), GNDP_ERR_FORMAT, "flip.nc is");
        data[at] = (char)(data[at] ^ flip);
    }
    free(data);
}

/* A closing line that is right for whatever is in front of it. */
static void close_again(const char *path, char *data, size_t bytes)
{
    char line[GNDP_ARCHIVE_CLOSING + 1];
    gndp_archive_closing((int64_t)bytes, gndp_crc32(0, data, bytes), line);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fwrite(line, 1, GNDP_ARCHIVE_CLOSING, file), GNDP_ARCHIVE_CLOSING);
    assert_int_equal(fclose(file), 0);
}

static void close_netcdf(const char *path)
{
    size_t bytes;
    char *data = read_bytes(path, &bytes);
    close_again(path, data, bytes);
    free(data);
}

static void archive_names_the_array_whose_checksum_fails(void **state)
{
    gndp_archive *archive;
    size_t bytes;
    (void)state;
    write_example("a.nc", 1);
    char *data = read_bytes("a.nc", &bytes);
    gndp_array array = random_array(content[3].type, 1 + 3);
    char *at = memmem(data, bytes, array.data, gndp_type_bytes(array.type));
    assert_non_null(at);
    at[7] ^= 1;
    close_again("b.nc", data, bytes - GNDP_ARCHIVE_CLOSING);
    assert_fails(gndp_archive_read("b.nc", &archive), GNDP_ERR_FORMAT,
                 "b.nc is damaged: block0/query has");
    gndp_array_free(&array);
    free(data);
}

/* A NetCDF-4 file with the marks of an archive that another hand made. */
static int forge(const char *path)
{
    const int version = 1;
    int nc;
    assert_int_equal(nc_create(path, NC_NETCDF4, &nc), NC_NOERR);
    assert_int_equal(nc_put_att_int(nc, NC_GLOBAL, "gndp_archive", NC_INT, 1, &version), NC_NOERR);
    return nc;
}

static void archive_refuses_a_file_that_lacks_an_entry(void **state)
{
    gndp_archive *archive;
    (void)state;
    const int nc = forge("a.nc");
    assert_int_equal(nc_put_att_text(nc, NC_GLOBAL, "gndp_archive_checksum", 14, "crc32 12345678"),
                     NC_NOERR);
    assert_int_equal(nc_close(nc), NC_NOERR);
    close_netcdf("a.nc");
    assert_fails(gndp_archive_read("a.nc", &archive), GNDP_ERR_FORMAT,
                 "the set of its entries has the crc32 00000000");
}

static void archive_takes_no_memory_for_what_a_header_claims(void **state)
{
    static const struct {
        size_t length;
        int storage;
        const char *says;
    } trial[] = {{(size_t)1 << 40, NC_CONTIGUOUS, "claims"},
                 {(size_t)1 << 40, NC_CHUNKED, "not in one piece"},
                 {NC_UNLIMITED, NC_CHUNKED, "no shape"}};
    gndp_archive *archive;
    struct rusage before, after;
    (void)state;
    getrusage(RUSAGE_SELF, &before);
    for (size_t i = 0; i < sizeof trial / sizeof *trial; i++) {
        const size_t chunk = 1024;
        int dim, var;
        const int nc = forge("a.nc");
        assert_int_equal(nc_def_dim(nc, "huge", trial[i].length, &dim), NC_NOERR);
        assert_int_equal(nc_def_var(nc, "x", NC_FLOAT, 1, &dim, &var), NC_NOERR);
        assert_int_equal(nc_def_var_chunking(nc, var, trial[i].storage, &chunk), NC_NOERR);
        assert_int_equal(nc_close(nc), NC_NOERR);
        close_netcdf("a.nc");
        assert_fails(gndp_archive_read("a.nc", &archive), GNDP_ERR_FORMAT, trial[i].says);
    }
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 65536); /* KiB */
}

static void archive_refuses_what_is_no_archive(void **state)
{
    gndp_archive *archive;
    int nc;
    char text[1000];
    (void)state;
    memset(text, 'x', sizeof text);
    assert_fails(gndp_archive_read("absent.nc", &archive), GNDP_ERR_IO, "absent.nc: No such file");
    assert_fails(gndp_archive_read(".", &archive), GNDP_ERR_IO, "not a plain file");
    write_bytes("text.nc", text, sizeof text);
    assert_fails(gndp_archive_read("text.nc", &archive), GNDP_ERR_FORMAT, "no archive");
    assert_false(gndp_archive_probe("text.nc"));
    close_again("text.nc", text, sizeof text);
    assert_fails(gndp_archive_read("text.nc", &archive), GNDP_ERR_FORMAT, "not a NetCDF-4 file");
    assert_int_equal(nc_create("plain.nc", NC_NETCDF4, &nc), NC_NOERR);
    assert_int_equal(nc_close(nc), NC_NOERR);
    assert_fails(gndp_archive_read("plain.nc", &archive), GNDP_ERR_FORMAT,
                 "the line that closes archives is missing");
    close_netcdf("plain.nc");
    assert_fails(gndp_archive_read("plain.nc", &archive), GNDP_ERR_FORMAT,
                 "lacks the attribute gndp_archive");
    const int version = 9;
    assert_int_equal(nc_create("next.nc", NC_NETCDF4, &nc), NC_NOERR);
    assert_int_equal(nc_put_att_int(nc, NC_GLOBAL, "gndp_archive", NC_INT, 1, &version), NC_NOERR);
    assert_int_equal(nc_close(nc), NC_NOERR);
    close_netcdf("next.nc");
    assert_fails(gndp_archive_read("next.nc", &archive), GNDP_ERR_UNSUPPORTED, "version 9");
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
    IN_FOLDER(archive_keeps_the_old_file_when_the_disk_is_full),
    IN_FOLDER(archive_keeps_the_old_file_when_the_folder_is_read_only),
    IN_FOLDER(archive_says_why_a_place_is_none),
    IN_FOLDER(archive_takes_any_file_name),
    IN_FOLDER(archive_keeps_mode_and_link_of_the_old_file),
    IN_FOLDER(archive_writes_over_the_part_of_a_killed_run),
    IN_FOLDER(archive_refuses_each_truncated_file),
    IN_FOLDER(archive_refuses_each_flipped_byte),
    IN_FOLDER(archive_names_the_array_whose_checksum_fails),
    IN_FOLDER(archive_refuses_a_file_that_lacks_an_entry),
    IN_FOLDER(archive_takes_no_memory_for_what_a_header_claims),
    IN_FOLDER(archive_refuses_what_is_no_archive),
    cmocka_unit_test(archive_refuses_missing_arguments),
};
GNDP_TEST_MAIN(tests)
