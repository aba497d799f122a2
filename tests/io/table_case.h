// SPDX-License-Identifier: Apache-2.0
// What the tests of tables share: data files, expected failures, a log that remembers.
#ifndef GNDP_TEST_TABLE_CASE_H
#define GNDP_TEST_TABLE_CASE_H

#include "support/test_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gndp/tables.h>

typedef struct data_path {
    char text[1024];
} data_path;

/* A file of the test data; the case is skipped where there is none. */
static inline data_path data_file(const char *name)
{
    data_path path;
    const char *folder = getenv("GNDP_DATA");
    if (folder == NULL) {
        print_message("GNDP_DATA is not set: no %s\n", name);
        skip();
    }
    snprintf(path.text, sizeof path.text, "%s/%s", folder, name);
    if (access(path.text, R_OK) != 0) {
        print_message("there is no %s\n", path.text);
        skip();
    }
    return path;
}

/* A failure with its status, and a message that holds the text. */
static inline void check_failure(gndp_status st, gndp_status wanted, const char *text)
{
    const char *message = gndp_last_error();
    if (st != wanted || strstr(message, text) == NULL)
        fail_msg("%s, '%s'; wanted %s with '%s'", gndp_status_name(st),
                 st == GNDP_OK ? "" : message, gndp_status_name(wanted), text);
}

static inline void check_ok(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

/* A name in the folder for temporary files; nothing is there. */
static inline data_path scratch_file(const char *name)
{
    data_path path;
    const char *folder = getenv("TMPDIR");
    snprintf(path.text, sizeof path.text, "%s/gndp-%ld-%s", folder != NULL ? folder : "/tmp",
             (long)getpid(), name);
    unlink(path.text);
    return path;
}

static inline void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static inline data_path scratch_text(const char *name, const char *text)
{
    const data_path path = scratch_file(name);
    write_bytes(path.text, text, strlen(text));
    return path;
}

/* Messages, one after the other. */
typedef struct remembered {
    char text[8192];
    int warnings, notes;
} remembered;

static inline void remember(void *state, const gndp_log_record *record)
{
    remembered *r = state;
    r->warnings += record->level <= GNDP_LOG_WARN;
    r->notes++;
    const size_t used = strlen(r->text);
    snprintf(r->text + used, sizeof r->text - used, "%s\n", record->text);
}

#endif
