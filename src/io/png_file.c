// SPDX-License-Identifier: Apache-2.0
// PNG in and out of memory.
#include "io/png_file.h"

#include <inttypes.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* libpng leaves its functions by longjmp: what must be freed afterwards lives in this struct, not
 * in locals. */
typedef struct work {
    const char *path;
    const unsigned char *in; /* decoding */
    size_t at, n;
    unsigned char *out; /* encoding */
    size_t used, room;
    png_bytep *row;
    uint16_t *value;
    gndp_pixels pixels;
    char message[128];
} work;

static void on_error(png_structp png, png_const_charp message)
{
    work *w = png_get_error_ptr(png);
    snprintf(w->message, sizeof w->message, "%.120s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep to, size_t n)
{
    work *w = png_get_io_ptr(png);
    if (n > w->n - w->at)
        png_error(png, "it is cut");
    memcpy(to, w->in + w->at, n);
    w->at += n;
}

/* No picture of these bytes can be larger: deflate makes at most 1032 bytes of one. */
static bool too_large(const work *w, png_uint_32 width, png_uint_32 height, int channels, int depth)
{
    const double bits = (double)width * (double)height * channels * depth;
    return bits / 8.0 > 1032.0 * (double)w->n;
}

/* Runs under setjmp of decode(). */
static void decode_steps(png_structp png, png_infop info, work *w)
{
    png_uint_32 width, height;
    int depth, colour;
    png_set_read_fn(png, w, read_bytes);
    png_set_user_limits(png, 1 << 20, 1 << 20);
    png_read_info(png, info);
    png_get_IHDR(png, info, &width, &height, &depth, &colour, NULL, NULL, NULL);
    if (too_large(w, width, height, png_get_channels(png, info), depth))
        png_error(png, "its header claims more pixels than the file can hold");
    png_set_expand_16(png); /* palettes, small depths and transparency as well */
    const uint16_t probe = 1;
    if (*(const unsigned char *)&probe == 1)
        png_set_swap(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    w->pixels =
        (gndp_pixels){.width = width, .height = height, .components = png_get_channels(png, info)};
    const size_t row_bytes = png_get_rowbytes(png, info);
    if (row_bytes != (size_t)width * (size_t)w->pixels.components * 2)
        png_error(png, "rows of another size than their pixels");
    w->value = malloc(row_bytes * height);
    w->row = malloc(height * sizeof *w->row);
    if (w->value == NULL || w->row == NULL)
        png_error(png, "no memory for its pixels");
    for (size_t y = 0; y < height; y++)
        w->row[y] = (png_bytep)w->value + y * row_bytes;
    png_read_image(png, w->row);
    png_read_end(png, NULL);
}

/* setjmp() in a function of its own, whose locals nobody reads after the jump. */
static void decode_guarded(png_structp png, png_infop info, work *w)
{
    if (setjmp(png_jmpbuf(png)) == 0)
        decode_steps(png, info, w);
}

gndp_status gndp_png_decode(const char *path, const unsigned char *bytes, size_t n,
                            gndp_pixels *out)
{
    gndp_status st = GNDP_OK;
    work w = {.path = path, .in = bytes, .n = n};
    *out = (gndp_pixels){0};
    png_infop info = NULL;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    GNDP_CHECK(png != NULL, GNDP_ERR_NOMEM, "%s: libpng", path);
    info = png_create_info_struct(png);
    GNDP_CHECK(info != NULL, GNDP_ERR_NOMEM, "%s: libpng", path);
    decode_guarded(png, info, &w);
    GNDP_CHECK(w.message[0] == '\0', GNDP_ERR_FORMAT, "%s is no whole PNG: %s", path, w.message);
    *out = w.pixels;
    out->value = w.value;
    w.value = NULL;
done:
    if (png != NULL)
        png_destroy_read_struct(&png, &info, NULL);
    free(w.row);
    free(w.value);
    return st;
}

/* ---- Out ------------------------------------------------------------------------------------ */

static void write_bytes(png_structp png, png_bytep from, size_t n)
{
    work *w = png_get_io_ptr(png);
    if (n > w->room - w->used) {
        const size_t room = 2 * (w->used + n);
        unsigned char *grown = realloc(w->out, room);
        if (grown == NULL)
            png_error(png, "no memory");
        w->out = grown;
        w->room = room;
    }
    memcpy(w->out + w->used, from, n);
    w->used += n;
}

static void flush_bytes(png_structp png)
{
    (void)png;
}

static void encode_steps(png_structp png, png_infop info, work *w, const unsigned char *value)
{
    static const int colour[5] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                  PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    const size_t row = (size_t)(w->pixels.width * w->pixels.components);
    png_set_write_fn(png, w, write_bytes, flush_bytes);
    png_set_IHDR(png, info, (png_uint_32)w->pixels.width, (png_uint_32)w->pixels.height, 8,
                 colour[w->pixels.components], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int64_t y = 0; y < w->pixels.height; y++)
        png_write_row(png, value + (size_t)y * row);
    png_write_end(png, info);
}

static void encode_guarded(png_structp png, png_infop info, work *w, const unsigned char *value)
{
    if (setjmp(png_jmpbuf(png)) == 0)
        encode_steps(png, info, w, value);
}

gndp_status gndp_png_encode(int64_t width, int64_t height, int components,
                            const unsigned char *value, unsigned char **out, size_t *n)
{
    gndp_status st = GNDP_OK;
    work w = {.pixels = {.width = width, .height = height, .components = components}};
    png_structp png = NULL;
    png_infop info = NULL;
    *out = NULL;
    *n = 0;
    GNDP_CHECK(width >= 1 && height >= 1 && width < INT32_MAX && height < INT32_MAX &&
                   components >= 1 && components <= 4,
               GNDP_ERR_SHAPE, "an image of %" PRId64 " x %" PRId64 " pixels of %d components",
               width, height, components);
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    GNDP_CHECK(png != NULL, GNDP_ERR_NOMEM, "libpng");
    info = png_create_info_struct(png);
    GNDP_CHECK(info != NULL, GNDP_ERR_NOMEM, "libpng");
    encode_guarded(png, info, &w, value);
    GNDP_CHECK(w.message[0] == '\0', GNDP_ERR_INTERNAL, "PNG: %s", w.message);
    *out = w.out;
    *n = w.used;
    w.out = NULL;
done:
    if (png != NULL)
        png_destroy_write_struct(&png, &info);
    free(w.out);
    return st;
}
