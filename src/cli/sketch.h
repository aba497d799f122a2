// SPDX-License-Identifier: Apache-2.0
// Drawings made of characters: curves over a line, and shaded fields.
#ifndef GNDP_CLI_SKETCH_H
#define GNDP_CLI_SKETCH_H

#include <stdint.h>
#include <stdio.h>

enum { GNDP_SKETCH_COLUMNS = 73, GNDP_SKETCH_ROWS = 19 };

typedef struct gndp_sketch {
    double x_low, x_high, y_low, y_high;
    char cell[GNDP_SKETCH_ROWS][GNDP_SKETCH_COLUMNS + 1];
} gndp_sketch;

/** An empty drawing whose range is still empty too. */
void gndp_sketch_clear(gndp_sketch *sketch);
/** Widen the range so that these points are within. */
void gndp_sketch_cover(gndp_sketch *sketch, double x, double y);
/** Set a character, covering what was there; points outside the range are passed over. */
void gndp_sketch_mark(gndp_sketch *sketch, double x, double y, char sign);
/** Set it from y0 to y1 in the column of x, where nothing is yet. */
void gndp_sketch_band(gndp_sketch *sketch, double x, double y0, double y1, char sign);
void gndp_sketch_print(FILE *file, const gndp_sketch *sketch);

/**
 * A field over a grid as shades " .:-=+*#%@" from its lowest to its highest
 * value.
 * @param value  [rows, columns] with strides; row 0 is the lowest line of the
 * drawing
 */
void gndp_sketch_field(FILE *file, const double *value, int64_t rows, int64_t columns,
                       int64_t row_stride, int64_t column_stride);

#endif
