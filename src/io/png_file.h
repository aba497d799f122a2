// SPDX-License-Identifier: Apache-2.0
// PNG in and out of memory.
#ifndef GNDP_IO_PNG_FILE_H
#define GNDP_IO_PNG_FILE_H

#include <gndp/base.h>

/** Pixels of 16 bits in this machine's order, [height, width, components]. */
typedef struct gndp_pixels {
    int64_t width, height;
    int components;
    uint16_t *value;
} gndp_pixels;

/**
 * Grey and colour of any depth, palettes and transparency unfolded; 8 bits v become 257 v, so that
 * v / 255 stays the same number.
 * @param out  free(out->value)
 */
gndp_status gndp_png_decode(const char *path, const unsigned char *bytes, size_t n,
                            gndp_pixels *out);

/** 8 bits, [height, width, components], 1 to 4 components. @param out  free(*out) */
gndp_status gndp_png_encode(int64_t width, int64_t height, int components,
                            const unsigned char *value, unsigned char **out, size_t *n);

#endif
