// SPDX-License-Identifier: Apache-2.0
// A disk that fills without warning: writes fail inside HDF5, and yet nothing is left, nothing is
// held open and the process ends well.
#define _GNU_SOURCE // dlsym's RTLD_NEXT, off64_t
#include "writer_case.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>

/* The system as seen by HDF5 in this program: no promise of space, and none past `room` in any file
 * but those in memory. */
static long long room = -1;
static int refused;

int fallocate(int fd, int mode, off_t offset, off_t length);
int fallocate(int fd, int mode, off_t offset, off_t length)
{
    (void)fd, (void)mode, (void)offset, (void)length;
    errno = EOPNOTSUPP;
    return -1;
}

/* HDF5 itself loses a little memory when a write fails; nothing else may. Only a build with
 * LeakSanitizer calls this. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

/* The next definition of a function after this program's. */
typedef ssize_t (*pwrite_function)(int, const void *, size_t, off64_t);

static ssize_t write_or_refuse(const char *name, int fd, const void *data, size_t bytes,
                               off64_t offset)
{
    char link[64], target[512];
    pwrite_function real;
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(&real, &symbol, sizeof real);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, target, sizeof target - 1);
    target[n > 0 ? n : 0] = 0;
    if (room >= 0 && offset + (long long)bytes > room && strstr(target, ".part") != NULL) {
        refused++;
        errno = ENOSPC;
        return -1;
    }
    return real(fd, data, bytes, offset);
}

/* HDF5 is built for one of the two; on 64-bit systems they are the same. */
__attribute__((visibility("default"))) ssize_t pwrite64(int fd, const void *data, size_t bytes,
                                                        off64_t offset)
{
    return write_or_refuse("pwrite64", fd, data, bytes, offset);
}

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void *data, size_t bytes,
                                                      off_t offset)
{
    return write_or_refuse("pwrite", fd, data, bytes, offset);
}

static int open_parts(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++) {
        char link[64], target[512];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        const ssize_t length = readlink(link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = 0;
        n += strstr(target, ".nc.part") != NULL;
    }
    return n;
}

static gndp_status try_all(bool keep_part)
{
    gndp_channel channel[3];
    double values[N_POINTS * N_COMPONENTS];
    uint8_t present[N_POINTS * N_COMPONENTS];
    gndp_field_writer *writer;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    gndp_write_options options = gndp_write_options_default();
    options.overwrite = options.resume = true;
    gndp_status st = gndp_field_writer_create("a.nc", &file, &options, &writer);
    for (int64_t m = 0; m < N_MEMBERS && st == GNDP_OK; m++) {
        if (gndp_field_writer_has(writer, m))
            continue;
        for (int64_t t = 0; t < N_TIMES && st == GNDP_OK; t++) {
            case_field(t, m, values, present);
            st = gndp_field_writer_put(writer, t, m, values, present);
        }
        if (st == GNDP_OK)
            st = gndp_field_writer_member_done(writer, m);
    }
    if (st == GNDP_OK)
        st = gndp_field_writer_commit(writer);
    gndp_field_writer_free(writer, keep_part);
    return st;
}

static void skip_unless_seen(void)
{
    room = 0;
    refused = 0;
    (void)try_all(false);
    room = -1;
    if (refused == 0) {
        print_message("skipped: HDF5 does not write through this program's pwrite\n");
        skip();
    }
}

static void writer_survives_a_disk_that_fills(void **state)
{
    (void)state;
    skip_unless_seen();
    assert_int_equal(files_in("."), 0);
    assert_ok(try_all(false));
    for (room = 0; room < 60000; room += 1499) {
        const gndp_status st = try_all(false);
        if (st != GNDP_OK)
            assert_fails(st, GNDP_ERR_IO, "a.nc.part: ");
        assert_int_equal(open_parts(), 0);
        assert_int_equal(files_in("."), 1);
    }
    room = -1;
    case_check_values("a.nc", false, 0);
}

static void part_survives_a_disk_that_fills(void **state)
{
    (void)state;
    skip_unless_seen();
    for (room = 0; room < 60000; room += 1499) {
        const long long now = room;
        const gndp_status st = try_all(true);
        assert_int_equal(open_parts(), 0);
        room = -1; /* space again: whatever is left is taken up */
        if (st != GNDP_OK)
            assert_ok(try_all(false));
        case_check_values("a.nc", false, 0);
        assert_int_equal(files_in("."), 1);
        assert_int_equal(unlink("a.nc"), 0);
        room = now;
    }
    room = -1;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
    IN_FOLDER(writer_survives_a_disk_that_fills),
    IN_FOLDER(part_survives_a_disk_that_fills),
};
GNDP_TEST_MAIN(tests)
