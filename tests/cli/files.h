// SPDX-License-Identifier: Apache-2.0
// What the tests of the program on files share: JSON reports, the data folder.
#ifndef GNDP_TESTS_CLI_FILES_H
#define GNDP_TESTS_CLI_FILES_H

#include "cli/program.h"

#include <jansson.h>
#include <math.h>

static inline json_t *run_json(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline json_t *run_json(const char *format, ...)
{
    char line[2048];
    json_error_t error;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    char *text = run(0, "%s --json 2>/dev/null", line);
    json_t *object = json_loads(text, 0, &error);
    if (object == NULL)
        fail_msg("%s: no JSON: %s in %.300s", line, error.text, text);
    free(text);
    return object;
}

/* What is at a path of keys and indices, "channels.0.name". */
static inline const json_t *at(const json_t *object, const char *path)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *key = strtok(copy, "."); key != NULL; key = strtok(NULL, "."))
        object = json_is_array(object) ? json_array_get(object, (size_t)atoi(key))
                                       : json_object_get(object, key);
    if (object == NULL)
        fail_msg("no '%s'", path);
    return object;
}

static inline double number_at(const json_t *object, const char *path)
{
    const json_t *value = at(object, path);
    if (!json_is_number(value))
        fail_msg("'%s' is no number", path);
    return json_number_value(value);
}

static inline const char *text_at(const json_t *object, const char *path)
{
    const json_t *value = at(object, path);
    if (!json_is_string(value))
        fail_msg("'%s' is no text", path);
    return json_string_value(value);
}

static inline void assert_near(double value, double wanted, double tolerance, const char *what)
{
    if (!(fabs(value - wanted) <= tolerance))
        fail_msg("%s: %.17g in place of %.17g, tolerance %g", what, value, wanted, tolerance);
}

/* The folder of real files; without it the test is skipped. */
static inline const char *data_folder(void)
{
    const char *folder = getenv("GNDP_DATA");
    if (folder == NULL) {
        print_message("skipped: GNDP_DATA names no folder of data\n");
        skip();
    }
    return folder;
}

#endif
