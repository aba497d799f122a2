// SPDX-License-Identifier: Apache-2.0
// Curves and fields as characters, for a look without a plotting program.
#include "cli/sketch.h"

#include <math.h>
#include <string.h>

void gndp_sketch_clear(gndp_sketch *sketch)
{
    *sketch = (gndp_sketch){HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL, {{0}}};
    for (int r = 0; r < GNDP_SKETCH_ROWS; r++)
        memset(sketch->cell[r], ' ', GNDP_SKETCH_COLUMNS);
}

void gndp_sketch_cover(gndp_sketch *sketch, double x, double y)
{
    sketch->x_low = fmin(sketch->x_low, x);
    sketch->x_high = fmax(sketch->x_high, x);
    sketch->y_low = fmin(sketch->y_low, y);
    sketch->y_high = fmax(sketch->y_high, y);
}

/* Place of a value among n cells, -1 outside; a range without width is its middle. */
static int place(double value, double low, double high, int n)
{
    const double s = high > low ? (value - low) / (high - low) : 0.5;
    return s >= 0.0 && s <= 1.0 ? (int)lround(s * (n - 1)) : -1;
}

void gndp_sketch_mark(gndp_sketch *sketch, double x, double y, char sign)
{
    const int c = place(x, sketch->x_low, sketch->x_high, GNDP_SKETCH_COLUMNS);
    const int r = place(y, sketch->y_low, sketch->y_high, GNDP_SKETCH_ROWS);
    if (c >= 0 && r >= 0)
        sketch->cell[GNDP_SKETCH_ROWS - 1 - r][c] = sign;
}

void gndp_sketch_band(gndp_sketch *sketch, double x, double y0, double y1, char sign)
{
    const int c = place(x, sketch->x_low, sketch->x_high, GNDP_SKETCH_COLUMNS);
    const int low = place(y0, sketch->y_low, sketch->y_high, GNDP_SKETCH_ROWS);
    const int high = place(y1, sketch->y_low, sketch->y_high, GNDP_SKETCH_ROWS);
    for (int r = low; c >= 0 && r >= 0 && r <= high; r++) {
        char *cell = &sketch->cell[GNDP_SKETCH_ROWS - 1 - r][c];
        if (*cell == ' ')
            *cell = sign;
    }
}

void gndp_sketch_print(FILE *file, const gndp_sketch *sketch)
{
    for (int r = 0; r < GNDP_SKETCH_ROWS; r++) {
        const double s = (double)r / (GNDP_SKETCH_ROWS - 1);
        const double y = sketch->y_high * (1.0 - s) + sketch->y_low * s;
        if (r % 3 == 0)
            fprintf(file, "%9.3g |%s|\n", y, sketch->cell[r]);
        else
            fprintf(file, "%9s |%s|\n", "", sketch->cell[r]);
    }
    fprintf(file, "%9s  x1 from %g to %g\n", "", sketch->x_low, sketch->x_high);
}

void gndp_sketch_field(FILE *file, const double *value, int64_t rows, int64_t columns,
                       int64_t row_stride, int64_t column_stride)
{
    static const char shade[] = " .:-=+*#%@";
    const int n_shades = (int)sizeof shade - 1;
    /* A character is about twice as high as wide; a drawing is never larger than
     * its grid in either direction. */
    const int64_t wide = columns < 72 ? columns : 72;
    const int64_t high = rows < 24 ? rows : 24;
    double low = HUGE_VAL, top = -HUGE_VAL;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            const double v = value[i * row_stride + j * column_stride];
            low = fmin(low, v);
            top = fmax(top, v);
        }
    for (int64_t r = high - 1; r >= 0; r--) {
        const int64_t i = (2 * r + 1) * rows / (2 * high);
        fputs("  |", file);
        for (int64_t c = 0; c < wide; c++) {
            const int64_t j = (2 * c + 1) * columns / (2 * wide);
            const int k = place(value[i * row_stride + j * column_stride], low, top, n_shades);
            fputc(shade[k >= 0 ? k : 0], file);
        }
        fputs("|\n", file);
    }
    fprintf(file, "  shades \"%s\" from %.3g to %.3g\n", shade, low, top);
}
