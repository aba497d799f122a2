// SPDX-License-Identifier: Apache-2.0
// PNG files as a set of fields, and a field as a PNG file.
#include "io/raster.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/beside.h"
#include "io/bytes.h"
#include "io/png_file.h"

/* Read image i into its place; the first one tells size and components. */
static gndp_status read_image(const char *path, int64_t i, int64_t n, gndp_raster *r)
{
    gndp_status st = GNDP_OK;
    char *bytes = NULL;
    size_t size = 0;
    gndp_pixels pixels = {0};
    GNDP_TRY(gndp_bytes_read(path, &bytes, &size));
    GNDP_TRY(gndp_png_decode(path, (const unsigned char *)bytes, size, &pixels));
    if (i == 0) {
        r->size[0] = pixels.height;
        r->size[1] = pixels.width;
        r->components = pixels.components;
        r->record = 2 * gndp_raster_values(r);
        GNDP_CHECK(n <= INT64_MAX / 2 / r->record, GNDP_ERR_NOMEM,
                   "%" PRId64 " images of %" PRId64 " bytes", n, r->record);
        r->bytes = malloc((size_t)(n * r->record));
        GNDP_CHECK(r->bytes != NULL, GNDP_ERR_NOMEM, "%" PRId64 " images of %" PRId64 " bytes", n,
                   r->record);
    }
    GNDP_CHECK(pixels.height == r->size[0] && pixels.width == r->size[1] &&
                   pixels.components == r->components,
               GNDP_ERR_SHAPE,
               "%s has %" PRId64 " x %" PRId64 " pixels of %d components, %s has %" PRId64
               " x %" PRId64 " of %d",
               path, pixels.width, pixels.height, pixels.components, r->path, r->size[1],
               r->size[0], r->components);
    memcpy(r->bytes + i * r->record, pixels.value, (size_t)r->record);
done:
    free(pixels.value);
    free(bytes);
    return st;
}

gndp_status gndp_png_open(char *const *path, int64_t n, const gndp_field_label *label,
                          gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_raster raster = {.path = path[0], .n_axes = 2, .count = n, .type = GNDP_RASTER_U16};
    for (int64_t i = 0; i < n; i++)
        GNDP_TRY(read_image(path[i], i, n, &raster));
    GNDP_TRY(gndp_raster_open(&raster, label, gndp_image_channels(raster.components), out));
done:
    free(raster.bytes);
    return st;
}

/* ---- Out ------------------------------------------------------------------------------------ */

/* 0..1 as a byte, rounded to nearest; what is missing is 0. */
static unsigned char byte_of(double value, uint8_t present)
{
    const double clipped = !present || value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value;
    return (unsigned char)lround(255.0 * clipped);
}

/* Maps have north at the top and east to the right; other planes are written as their rows come. */
static bool is_turned(const gndp_coords *coords, int axis)
{
    const gndp_axis *a = &coords->axis[axis];
    if (coords->space != GNDP_SPACE_SPHERE || a->size < 2)
        return false;
    return axis == 0 ? a->value[1] > a->value[0] : a->value[1] < a->value[0];
}

static gndp_status render(const gndp_fieldset *set, int64_t field, unsigned char *pixel)
{
    gndp_status st = GNDP_OK;
    const gndp_coords *coords = &gndp_fieldset_get_spec(set)->coords;
    const int64_t rows = coords->axis[0].size, columns = coords->axis[1].size,
                  P = gndp_fieldset_components(set);
    const bool turn_rows = is_turned(coords, 0), turn_columns = is_turned(coords, 1);
    double *value = malloc((size_t)(coords->n * P) * sizeof *value);
    uint8_t *present = malloc((size_t)(coords->n * P));
    GNDP_CHECK(value != NULL && present != NULL, GNDP_ERR_NOMEM, "a field of %" PRId64 " points",
               coords->n);
    GNDP_TRY(gndp_fieldset_read(set, 1, &field, coords->n, NULL, value, present));
    for (int64_t y = 0; y < rows; y++)
        for (int64_t x = 0; x < columns; x++) {
            const int64_t from =
                (turn_rows ? rows - 1 - y : y) * columns + (turn_columns ? columns - 1 - x : x);
            for (int64_t p = 0; p < P; p++)
                pixel[(y * columns + x) * P + p] =
                    byte_of(value[from * P + p], present[from * P + p]);
        }
done:
    free(value);
    free(present);
    return st;
}

gndp_status gndp_image_write(const gndp_fieldset *set, int64_t field, const char *path,
                             bool overwrite)
{
    gndp_status st = GNDP_OK;
    unsigned char *pixel = NULL, *bytes = NULL;
    size_t n = 0;
    gndp_beside out = gndp_beside_none();
    GNDP_CHECK(set != NULL, GNDP_ERR_ARG, "set is NULL");
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int P = gndp_fieldset_components(set);
    GNDP_CHECK(field >= 0 && field < spec->n_fields, GNDP_ERR_RANGE,
               "field %" PRId64 " of %" PRId64, field, spec->n_fields);
    GNDP_CHECK(spec->coords.layout == GNDP_LAYOUT_PRODUCT && spec->coords.columns == 2,
               GNDP_ERR_SHAPE, "%s: an image wants a field on two axes", spec->origin);
    GNDP_CHECK(P <= 4, GNDP_ERR_SHAPE, "%s: an image has 1 to 4 components, the field %d",
               spec->origin, P);
    pixel = malloc((size_t)(spec->coords.n * P));
    GNDP_CHECK(pixel != NULL, GNDP_ERR_NOMEM, "an image of %" PRId64 " pixels", spec->coords.n);
    GNDP_TRY(gndp_beside_open(path, overwrite, &out));
    GNDP_TRY(gndp_beside_empty(&out));
    GNDP_TRY(render(set, field, pixel));
    GNDP_TRY(gndp_png_encode(spec->coords.axis[1].size, spec->coords.axis[0].size, P, pixel, &bytes,
                             &n));
    GNDP_TRY(gndp_beside_write(&out, bytes, n));
    GNDP_TRY(gndp_beside_commit(&out, overwrite));
done:
    gndp_beside_close(&out, false);
    free(pixel);
    free(bytes);
    return st;
}
