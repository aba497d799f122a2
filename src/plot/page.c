// SPDX-License-Identifier: Apache-2.0
// Pages of cairo as PNG, PDF and SVG files that appear whole or not at all.
#include "plot/page.h"

#if GNDP_HAVE_CAIRO
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

/* No surface of cairo is larger than this many pixels on a side. */
#define MOST_PIXELS 32000.0

static bool format_of(const char *path, plot_format *out)
{
    static const char *const ends[] = {".png", ".pdf", ".svg"};
    const size_t n = strlen(path);
    for (int i = 0; i < 3; i++)
        if (n > 4 && strcasecmp(path + n - 4, ends[i]) == 0) {
            *out = (plot_format)i;
            return true;
        }
    return false;
}

gndp_status plot_page_check(const char *path)
{
    gndp_status st = GNDP_OK;
    plot_format format;
    GNDP_CHECK(path != NULL, GNDP_ERR_ARG, "path is NULL");
    GNDP_CHECK(format_of(path, &format), GNDP_ERR_ARG,
               "'%s': the name of a picture ends in .png, .pdf or .svg", path);
done:
    return st;
}

static cairo_status_t write_bytes(void *state, const unsigned char *data, unsigned int n)
{
    plot_page *page = state;
    if (page->error == 0 && fwrite(data, 1, n, page->file) != n)
        page->error = errno != 0 ? errno : EIO;
    return page->error == 0 ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

/* Outlines of letters do not depend on the resolution, so that all formats have one layout. */
static void set_font(cairo_t *cr)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(cr, options);
    cairo_font_options_destroy(options);
    cairo_select_font_face(cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
}

gndp_status plot_page_open(const char *path, double width, double height, plot_page *out)
{
    gndp_status st = GNDP_OK;
    *out = (plot_page){.width = width, .height = height};
    GNDP_TRY(plot_page_check(path));
    format_of(path, &out->format);
    GNDP_CHECK(width > 0.0 && height > 0.0 && fmax(width, height) * PLOT_DPI / 72.0 < MOST_PIXELS,
               GNDP_ERR_RANGE, "%s: a page of %.0f x %.0f points is too large; draw fewer panels",
               path, width, height);
    out->path = strdup(path);
    out->part = malloc(strlen(path) + sizeof ".part");
    GNDP_CHECK(out->path != NULL && out->part != NULL, GNDP_ERR_NOMEM, "%s", path);
    sprintf(out->part, "%s.part", path);
    out->file = fopen(out->part, "wb");
    GNDP_CHECK(out->file != NULL, GNDP_ERR_IO, "%s: %s", out->part, strerror(errno));
    out->made = true;
    if (out->format == PLOT_PNG)
        out->surface =
            cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)lround(width * PLOT_DPI / 72.0),
                                       (int)lround(height * PLOT_DPI / 72.0));
    else if (out->format == PLOT_PDF)
        out->surface = cairo_pdf_surface_create_for_stream(write_bytes, out, width, height);
    else
        out->surface = cairo_svg_surface_create_for_stream(write_bytes, out, width, height);
    out->cr = cairo_create(out->surface);
    GNDP_CHECK(cairo_status(out->cr) == CAIRO_STATUS_SUCCESS, GNDP_ERR_NOMEM,
               "%s: a page of %.0f x %.0f points: %s", path, width, height,
               cairo_status_to_string(cairo_status(out->cr)));
    if (out->format == PLOT_PNG)
        cairo_scale(out->cr, PLOT_DPI / 72.0, PLOT_DPI / 72.0);
    set_font(out->cr);
    cairo_set_source_rgb(out->cr, 1.0, 1.0, 1.0);
    cairo_paint(out->cr);
    cairo_set_line_cap(out->cr, CAIRO_LINE_CAP_BUTT);
    cairo_set_line_join(out->cr, CAIRO_LINE_JOIN_ROUND);
done:
    return st;
}

gndp_status plot_page_commit(plot_page *page)
{
    gndp_status st = GNDP_OK;
    const cairo_status_t drawn = cairo_status(page->cr);
    GNDP_CHECK(drawn == CAIRO_STATUS_SUCCESS, GNDP_ERR_INTERNAL, "%s: drawing: %s", page->path,
               cairo_status_to_string(drawn));
    errno = 0;
    if (page->format == PLOT_PNG)
        cairo_surface_write_to_png_stream(page->surface, write_bytes, page);
    else
        cairo_surface_finish(page->surface);
    if (page->error == 0 && (fflush(page->file) != 0 || fsync(fileno(page->file)) != 0))
        page->error = errno;
    GNDP_CHECK(page->error == 0, GNDP_ERR_IO, "%s: %s", page->part, strerror(page->error));
    const int closed = fclose(page->file);
    page->file = NULL;
    GNDP_CHECK(closed == 0 && rename(page->part, page->path) == 0, GNDP_ERR_IO, "%s: %s",
               page->path, strerror(errno));
    page->made = false;
done:
    return st;
}

void plot_page_close(plot_page *page)
{
    if (page->cr != NULL)
        cairo_destroy(page->cr);
    if (page->surface != NULL) {
        page->error =
            page->error != 0 ? page->error : EIO; /* what a surface still holds goes nowhere */
        cairo_surface_destroy(page->surface);
    }
    if (page->file != NULL)
        fclose(page->file);
    if (page->made)
        unlink(page->part);
    free(page->part);
    free(page->path);
    *page = (plot_page){0};
}

cairo_t *plot_measure(void)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
    cairo_t *cr = cairo_create(surface);
    cairo_surface_destroy(surface); /* the context holds it */
    if (cairo_status(cr) != CAIRO_STATUS_SUCCESS) {
        cairo_destroy(cr);
        return NULL;
    }
    set_font(cr);
    return cr;
}

void plot_colour(cairo_t *cr, plot_rgb colour, double alpha)
{
    cairo_set_source_rgba(cr, colour.r, colour.g, colour.b, alpha);
}

/* ---- Texts ---------------------------------------------------------------------------------- */

typedef struct clean_text {
    char text[512];
} clean_text;

/* cairo refuses a text that is no UTF-8, and everything drawn after it. */
static clean_text clean(const char *text)
{
    clean_text out;
    size_t at = 0;
    while (text != NULL && *text != '\0' && at + 4 < sizeof out.text) {
        const size_t n = gndp_utf8_length(text);
        if (n == 0 || (n == 1 && (unsigned char)*text < 0x20) || *text == 0x7F) {
            out.text[at++] = n == 0 ? '?' : ' ';
            text++;
        } else {
            memcpy(out.text + at, text, n);
            at += n;
            text += n;
        }
    }
    out.text[at] = '\0';
    return out;
}

double plot_text_width(cairo_t *cr, double size, const char *text)
{
    cairo_text_extents_t extents;
    const clean_text shown = clean(text);
    cairo_set_font_size(cr, size);
    cairo_text_extents(cr, shown.text, &extents);
    return extents.x_advance;
}

/* Capitals of DejaVu Sans are 0.73 of its size high. */
#define CAPITALS 0.73

static void draw_text(cairo_t *cr, double across, double down, double size, const char *text)
{
    const clean_text shown = clean(text);
    cairo_set_font_size(cr, size);
    cairo_move_to(cr, -across * plot_text_width(cr, size, shown.text),
                  CAPITALS * size * (1.0 - down));
    cairo_show_text(cr, shown.text);
}

void plot_text(cairo_t *cr, double x, double y, double across, double down, double size,
               const char *text)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    draw_text(cr, across, down, size, text);
    cairo_restore(cr);
}

void plot_text_fit(cairo_t *cr, double x, double y, double across, double down, double size,
                   double width, const char *text)
{
    clean_text shown = clean(text);
    double wide = plot_text_width(cr, size, shown.text);
    if (wide > width) {
        size = fmax(0.995 * size * width / wide, 0.6 * size);
        wide = plot_text_width(cr, size, shown.text);
    }
    size_t n = strlen(shown.text);
    while (wide > width && n > 3) {
        n -= 4; /* a cut in the middle of a character leaves bytes that clean() would show: step
                   back over them */
        while (n > 0 && ((unsigned char)shown.text[n] & 0xC0) == 0x80)
            n--;
        strcpy(shown.text + n, "\xe2\x80\xa6");
        wide = plot_text_width(cr, size, shown.text);
        n = strlen(shown.text);
    }
    plot_text(cr, x, y, across, down, size, shown.text);
}

void plot_text_up(cairo_t *cr, double x, double y, double size, double length, const char *text)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_rotate(cr, -1.57079632679489661923);
    plot_text_fit(cr, 0.0, 0.0, 0.5, 0.0, size, length, text);
    cairo_restore(cr);
}

#endif
