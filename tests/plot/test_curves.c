// SPDX-License-Identifier: Apache-2.0
// Curves: files of the three formats, marks where their values say, and what cannot be drawn.
#include "picture.h"

#include <errno.h>
#include <sys/stat.h>

static const double x3[] = {0.0, 1.0, 2.0}, y3[] = {1.0, 3.0, 2.0}, y3b[] = {2.0, 4.0, 2.5};

static gndp_series line3(void)
{
    return (gndp_series){.name = "a line", .mark = GNDP_MARK_LINE, .n = 3, .x = x3, .y = y3};
}

#if GNDP_HAVE_CAIRO
#include "plot/curves.h"

static void curves_write_each_format_by_its_name(void **state)
{
    const gndp_series s = line3();
    const gndp_panel p = {
        .title = "three", .x_label = "x", .y_label = "y", .n_series = 1, .series = &s};
    (void)state;
    assert_ok(gndp_plot_curves("a.png", "title", 1, &p, 0));
    assert_ok(gndp_plot_curves("a.PDF", "title", 1, &p, 0));
    assert_ok(gndp_plot_curves("a.svg", "title", 1, &p, 0));
    assert_begins("a.png", "\x89PNG\r\n\x1a\n", 8);
    assert_begins("a.PDF", "%PDF-", 5);
    assert_begins("a.svg", "<?xml", 5);
    assert_int_equal(files_here(), 3);                    /* no part is left */
    assert_ok(gndp_plot_curves("a.png", NULL, 1, &p, 0)); /* replaced */
}

static void curves_have_the_size_of_their_layout(void **state)
{
    const gndp_series s = line3();
    const gndp_panel p[3] = {{.n_series = 1, .series = &s},
                             {.n_series = 1, .series = &s},
                             {.n_series = 1, .series = &s}};
    plot_curves layout;
    (void)state;
    assert_ok(plot_curves_layout("t", 3, p, 2, &layout));
    assert_ok(gndp_plot_curves("b.png", "t", 3, p, 2));
    cairo_surface_t *picture = read_picture("b.png");
    assert_int_equal(cairo_image_surface_get_width(picture),
                     lround(layout.width * PLOT_DPI / 72.0));
    assert_int_equal(cairo_image_surface_get_height(picture),
                     lround(layout.height * PLOT_DPI / 72.0));
    assert_true(layout.axes[0].inner.y == layout.axes[1].inner.y &&
                layout.axes[0].inner.x == layout.axes[2].inner.x);
    cairo_surface_destroy(picture);
    plot_curves_free(&layout);
}

/* Marks of all kinds, looked at where they should be. */
static void curves_put_marks_where_their_values_say(void **state)
{
    static const double bar_x[] = {0.0, 1.0, 2.0}, bar_y[] = {5.0, 0.0, 8.0};
    const gndp_series series[] = {
        {.mark = GNDP_MARK_POINTS, .n = 3, .x = x3, .y = y3, .colour = 1},
        {.mark = GNDP_MARK_LINE, .n = 3, .x = x3, .y = y3b, .colour = 2},
    };
    const gndp_series band = {
        .mark = GNDP_MARK_BAND, .n = 3, .x = x3, .y = y3, .y2 = y3b, .colour = 3};
    const gndp_series bars = {.mark = GNDP_MARK_BARS, .n = 3, .x = bar_x, .y = bar_y, .colour = 4};
    const gndp_panel p[] = {{.n_series = 2, .series = series},
                            {.n_series = 1, .series = &band},
                            {.n_series = 1, .series = &bars}};
    plot_curves layout;
    (void)state;
    assert_ok(plot_curves_layout(NULL, 3, p, 3, &layout));
    assert_ok(gndp_plot_curves("m.png", NULL, 3, p, 3));
    cairo_surface_t *picture = read_picture("m.png");
    const plot_axes *a = layout.axes;
    assert_colour(picture, plot_axes_x(a, 1.0), plot_axes_y(a, 3.0), plot_series_colour(1));
    assert_colour(picture, plot_axes_x(a, 0.5), plot_axes_y(a, 3.0), plot_series_colour(2));
    assert_colour(picture, plot_axes_x(a, 0.75), plot_axes_y(a, 1.3), white);
    const plot_rgb ink = plot_series_colour(3),
                   mixed = {0.75 + 0.25 * ink.r, 0.75 + 0.25 * ink.g, 0.75 + 0.25 * ink.b};
    assert_colour(picture, plot_axes_x(a + 1, 0.9), plot_axes_y(a + 1, 3.3), mixed);
    assert_colour(picture, plot_axes_x(a + 1, 0.9), plot_axes_y(a + 1, 2.3), white);
    const plot_rgb red = plot_series_colour(4),
                   bar = {0.15 + 0.85 * red.r, 0.15 + 0.85 * red.g, 0.15 + 0.85 * red.b};
    assert_colour(picture, plot_axes_x(a + 2, 0.1), plot_axes_y(a + 2, 4.7), bar);
    assert_colour(picture, plot_axes_x(a + 2, 0.1), plot_axes_y(a + 2, 5.4), white);
    assert_colour(picture, plot_axes_x(a + 2, 1.1), plot_axes_y(a + 2, 0.4), white);
    cairo_surface_destroy(picture);
    plot_curves_free(&layout);
}

static void curves_leave_a_gap_where_a_value_is_missing(void **state)
{
    const double x[] = {0.0, 1.0, 2.0, 3.0, 4.0}, y[] = {1.0, 1.0, (double)NAN, 1.0, 1.0};
    const gndp_series s = {.mark = GNDP_MARK_LINE, .n = 5, .x = x, .y = y, .colour = 1};
    const gndp_panel p = {.y_low = 0.5, .y_high = 1.45, .n_series = 1, .series = &s};
    plot_curves layout;
    (void)state;
    assert_ok(plot_curves_layout(NULL, 1, &p, 1, &layout));
    assert_ok(gndp_plot_curves("g.png", NULL, 1, &p, 1));
    cairo_surface_t *picture = read_picture("g.png");
    const plot_axes *a = layout.axes;
    const double y1 = plot_axes_y(a, 1.0);
    assert_colour(picture, plot_axes_x(a, 0.6), y1, plot_series_colour(1));
    assert_colour(picture, plot_axes_x(a, 3.4), y1, plot_series_colour(1));
    assert_true(colour_distance(colour_at(picture, plot_axes_x(a, 1.7), y1),
                                plot_series_colour(1)) > 0.3); /* grid or page */
    cairo_surface_destroy(picture);
    plot_curves_free(&layout);
}

static void curves_show_equal_factors_equally_on_logarithmic_axes(void **state)
{
    const double x[] = {1.0, 10.0, 100.0}, y[] = {1e-3, 1.0, 1e3};
    const gndp_series s = {.mark = GNDP_MARK_POINTS, .n = 3, .x = x, .y = y};
    const gndp_panel p = {.log_x = true, .log_y = true, .n_series = 1, .series = &s};
    plot_curves layout;
    (void)state;
    assert_ok(plot_curves_layout(NULL, 1, &p, 1, &layout));
    const plot_axes *a = layout.axes;
    assert_true(fabs(plot_axes_x(a, 100.0) - 2.0 * plot_axes_x(a, 10.0) + plot_axes_x(a, 1.0)) <
                1e-9);
    assert_true(fabs(plot_axes_y(a, 1e3) - 2.0 * plot_axes_y(a, 1.0) + plot_axes_y(a, 1e-3)) <
                1e-9);
    plot_curves_free(&layout);
}

static void curves_refuse_what_cannot_be_drawn(void **state)
{
    const double bad[] = {1.0, -2.0, 3.0}, none[] = {(double)NAN, (double)NAN, HUGE_VAL};
    gndp_series s = line3();
    gndp_panel p = {.title = "the panel", .n_series = 1, .series = &s};
    (void)state;
    assert_fails(gndp_plot_curves("a.jpg", NULL, 1, &p, 0), GNDP_ERR_ARG, ".png, .pdf or .svg");
    assert_fails(gndp_plot_curves(NULL, NULL, 1, &p, 0), GNDP_ERR_ARG, "NULL");
    assert_fails(gndp_plot_curves("a.png", NULL, 0, &p, 0), GNDP_ERR_ARG, "0 panels");
    p.n_series = 0;
    assert_fails(gndp_plot_curves("a.png", NULL, 1, &p, 0), GNDP_ERR_ARG, "no series");
    p.n_series = 1;
    s.n = 0;
    assert_fails(gndp_plot_curves("a.png", NULL, 1, &p, 0), GNDP_ERR_ARG, "no points");
    s.n = 3;
    s.y = none;
    assert_fails(gndp_plot_curves("a.png", NULL, 1, &p, 0), GNDP_ERR_NONFINITE, "the panel");
    s.y = bad;
    p.log_y = true;
    assert_fails(gndp_plot_curves("a.png", NULL, 1, &p, 0), GNDP_ERR_RANGE, "y[1] = -2");
    p.log_y = false;
    p.log_x = true;
    assert_fails(gndp_plot_curves("a.png", NULL, 1, &p, 0), GNDP_ERR_RANGE, "x[0] = 0");
    p.log_x = false;
    p.y_low = 3.0;
    p.y_high = 1.0;
    assert_fails(gndp_plot_curves("a.png", NULL, 1, &p, 0), GNDP_ERR_RANGE, "from 3 to 1");
    p.y_low = p.y_high = 0.0;
    s.mark = GNDP_MARK_BAND;
    assert_fails(gndp_plot_curves("a.png", NULL, 1, &p, 0), GNDP_ERR_ARG, "y2");
    assert_int_equal(files_here(), 0);
}

static void curves_leave_nothing_when_they_cannot_be_written(void **state)
{
    const gndp_series s = line3();
    const gndp_panel p = {.n_series = 1, .series = &s};
    (void)state;
    assert_fails(gndp_plot_curves("none/a.png", NULL, 1, &p, 0), GNDP_ERR_IO, strerror(ENOENT));
    assert_int_equal(mkdir("a.pdf", 0755), 0); /* a folder of that name: the rename fails */
    assert_fails(gndp_plot_curves("a.pdf", NULL, 1, &p, 0), GNDP_ERR_IO, "a.pdf");
    assert_int_equal(files_here(), 1);
    if (access("/dev/full", W_OK) == 0) {
        assert_int_equal(symlink("/dev/full", "b.svg.part"), 0);
        assert_fails(gndp_plot_curves("b.svg", NULL, 1, &p, 0), GNDP_ERR_IO, strerror(ENOSPC));
        assert_int_equal(symlink("/dev/full", "b.png.part"), 0);
        assert_fails(gndp_plot_curves("b.png", NULL, 1, &p, 0), GNDP_ERR_IO, strerror(ENOSPC));
        assert_int_equal(files_here(), 1);
    }
}

static void curves_survive_texts_that_are_no_utf8_and_extreme_values(void **state)
{
    const double y[] = {1e300, -1e300, 0.0}, flat[] = {5.0, 5.0, 5.0},
                 tiny[] = {1e-300, 2e-300, 3e-300};
    gndp_series s = line3();
    const gndp_panel p = {.title = "a\xff\xfe b\n\x01",
                          .x_label = "\xc3",
                          .y_label = "",
                          .n_series = 1,
                          .series = &s};
    (void)state;
    assert_ok(gndp_plot_curves("u.png", "\x80\x80", 1, &p, 0));
    s.y = y;
    assert_ok(gndp_plot_curves("v.png", NULL, 1, &p, 0));
    s.y = flat;
    assert_ok(gndp_plot_curves("w.png", NULL, 1, &p, 0));
    s.y = tiny;
    assert_ok(gndp_plot_curves("x.png", NULL, 1, &p, 0));
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(curves_write_each_format_by_its_name),
    IN_FOLDER(curves_have_the_size_of_their_layout),
    IN_FOLDER(curves_put_marks_where_their_values_say),
    IN_FOLDER(curves_leave_a_gap_where_a_value_is_missing),
    IN_FOLDER(curves_show_equal_factors_equally_on_logarithmic_axes),
    IN_FOLDER(curves_refuse_what_cannot_be_drawn),
    IN_FOLDER(curves_leave_nothing_when_they_cannot_be_written),
    IN_FOLDER(curves_survive_texts_that_are_no_utf8_and_extreme_values),
};

#else

static void curves_say_so_without_cairo(void **state)
{
    const gndp_series s = line3();
    const gndp_panel p = {.n_series = 1, .series = &s};
    (void)state;
    (void)y3b;
    assert_fails(gndp_plot_curves("a.png", NULL, 1, &p, 0), GNDP_ERR_UNSUPPORTED, "cairo");
    assert_int_equal(files_here(), 0);
}

static const struct CMUnitTest tests[] = {IN_FOLDER(curves_say_so_without_cairo)};

#endif

GNDP_TEST_MAIN(tests)
