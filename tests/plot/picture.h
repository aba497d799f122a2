// SPDX-License-Identifier: Apache-2.0
// Looks at PNG files that were drawn: the colour at a place of the page.
#ifndef GNDP_TESTS_PLOT_PICTURE_H
#define GNDP_TESTS_PLOT_PICTURE_H

#include "support/test_main.h"

#include <dirent.h>
#include <gndp/plot.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plot/palette.h"

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != GNDP_OK)                                                                     \
            fail_msg("%s", gndp_last_error());                                                     \
    } while (0)
/* The call fails with that status, and its message has the part. */
#define assert_fails(call, status, part)                                                           \
    do {                                                                                           \
        const gndp_status got_ = (call);                                                           \
        if (got_ != (status) || strstr(gndp_last_error(), (part)) == NULL)                         \
            fail_msg("%s in place of %s with '%s': %s", gndp_status_name(got_), #status, (part),   \
                     got_ == GNDP_OK ? "" : gndp_last_error());                                    \
    } while (0)

static inline int folder_setup(void **state)
{
    char *folder = strdup("/tmp/gndp-test-XXXXXX");
    if (folder == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0)
        return -1;
    *state = folder;
    return 0;
}

static inline int folder_teardown(void **state)
{
    char line[256];
    snprintf(line, sizeof line, "chmod -R u+rwx '%s'; rm -rf '%s'", (char *)*state, (char *)*state);
    const int code = chdir("/") != 0 || system(line) != 0;
    free(*state);
    return code;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

static inline int files_here(void)
{
    int n = 0;
    DIR *dir = opendir(".");
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static inline void assert_begins(const char *path, const char *bytes, size_t n)
{
    char got[16];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_true(n <= sizeof got && fread(got, 1, n, file) == n);
    fclose(file);
    assert_memory_equal(got, bytes, n);
}

#if GNDP_HAVE_CAIRO
#include "plot/page.h"

static inline cairo_surface_t *read_picture(const char *path)
{
    cairo_surface_t *surface = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    return surface;
}

/* Colour of the pixel at a place of the page in points. */
static inline plot_rgb colour_at(cairo_surface_t *picture, double x, double y)
{
    uint32_t value;
    const int i = (int)floor(x * PLOT_DPI / 72.0), j = (int)floor(y * PLOT_DPI / 72.0);
    assert_in_range(i, 0, cairo_image_surface_get_width(picture) - 1);
    assert_in_range(j, 0, cairo_image_surface_get_height(picture) - 1);
    memcpy(&value,
           cairo_image_surface_get_data(picture) + j * cairo_image_surface_get_stride(picture) +
               4 * i,
           sizeof value);
    return (plot_rgb){(value >> 16 & 255) / 255.0, (value >> 8 & 255) / 255.0,
                      (value & 255) / 255.0};
}

static inline double colour_distance(plot_rgb a, plot_rgb b)
{
    return fmax(fabs(a.r - b.r), fmax(fabs(a.g - b.g), fabs(a.b - b.b)));
}

/* Eight bits a colour: 1/255, and as much again for blending. */
#define assert_colour(picture, x, y, wanted)                                                       \
    do {                                                                                           \
        const plot_rgb got_ = colour_at((picture), (x), (y)), want_ = (wanted);                    \
        if (colour_distance(got_, want_) > 2.1 / 255.0)                                            \
            fail_msg("at %g, %g: %.3f %.3f %.3f in place of %.3f %.3f %.3f", (double)(x),          \
                     (double)(y), got_.r, got_.g, got_.b, want_.r, want_.g, want_.b);              \
    } while (0)

static const plot_rgb white = {1.0, 1.0, 1.0};
#endif

#endif
