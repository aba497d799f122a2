// SPDX-License-Identifier: Apache-2.0
// Archives: no failure to write spoils the old file, no damage goes unnoticed.
#define _GNU_SOURCE // memmem
#include "archive_case.h"

#include <netcdf.h>

#include "io/archive.h"

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

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
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
};
GNDP_TEST_MAIN(tests)
