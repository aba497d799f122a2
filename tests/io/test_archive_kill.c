// SPDX-License-Identifier: Apache-2.0
// Archives whose writer is killed at any moment: the file is the old or the new one, whole.
#include "write_case.h"

#include <gndp/write.h>
#include <time.h>

enum { VALUES = 60000, KILLS = 40 };

/* All of an archive follows from its step, so that a mixture of two cannot pass. */
static float value_of(int64_t step, int64_t i)
{
    return (float)((step * 7919 + i * 104729) % 65536);
}

static gndp_archive *checkpoint(int64_t step)
{
    gndp_archive *archive;
    gndp_array array;
    char name[32];
    assert_ok(gndp_archive_create(&archive));
    assert_ok(gndp_archive_put_integer(archive, "step", step));
    for (int k = 0; k < 3; k++) {
        assert_ok(gndp_array_create(gndp_type_1d(GNDP_F32, VALUES), &array));
        float *value = array.data;
        for (int64_t i = 0; i < VALUES; i++)
            value[i] = value_of(step, i + k);
        snprintf(name, sizeof name, "block%d/weight", k);
        assert_ok(gndp_archive_put(archive, name, &array));
        gndp_array_free(&array);
    }
    return archive;
}

static int64_t check(const char *path)
{
    gndp_archive *archive;
    const gndp_array *array;
    int64_t step;
    char name[32];
    assert_ok(gndp_archive_read(path, &archive));
    assert_ok(gndp_archive_get_integer(archive, "step", &step));
    for (int k = 0; k < 3; k++) {
        snprintf(name, sizeof name, "block%d/weight", k);
        assert_ok(gndp_archive_get(archive, name, &array));
        const float *value = array->data;
        for (int64_t i = 0; i < VALUES; i++)
            assert_true(value[i] == value_of(step, i + k));
    }
    gndp_archive_free(archive);
    return step;
}

static void write_for_ever(const char *path, int64_t step)
{
    for (;; step++) {
        gndp_archive *archive = checkpoint(step);
        if (gndp_archive_write(archive, path) != GNDP_OK)
            _exit(1);
        gndp_archive_free(archive);
    }
}

static void archive_is_whole_after_kills_at_any_moment(void **state)
{
    const char *path = "last.nc";
    int64_t step = 0;
    (void)state;
    gndp_archive *first = checkpoint(0);
    assert_ok(gndp_archive_write(first, path));
    gndp_archive_free(first);
    unsigned seed = 1;
    for (int k = 0; k < KILLS; k++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            write_for_ever(path, step + 1);
        seed = seed * 1103515245u +
               12345u; /* the moments are spread over some writes, wherever they fall */
        const struct timespec wait = {0, (long)(seed >> 8) % 40000 * 1000};
        nanosleep(&wait, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status)); /* it did not fail, as it would by a part left locked */
        const int64_t found = check(path);
        assert_true(found >= step);
        step = found;
        assert_in_range(files_in("."), 1, 2); /* the file, and a part that the next writer takes */
    }
    assert_true(step > 0);
    gndp_archive *last = checkpoint(step + 1);
    assert_ok(gndp_archive_write(last, path));
    gndp_archive_free(last);
    assert_int_equal(check(path), step + 1);
    assert_int_equal(files_in("."), 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(archive_is_whole_after_kills_at_any_moment, folder_setup,
                                    folder_teardown),
};
GNDP_TEST_MAIN(tests)
