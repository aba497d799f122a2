// SPDX-License-Identifier: Apache-2.0
// Maps: colours where the coordinates say, whatever the projection; scales, stations, lines,
// coasts, and what cannot be drawn.
#include "picture.h"

#if GNDP_HAVE_CAIRO && GNDP_HAVE_PROJ
#include "plot/maps.h"

/* A grid of the sphere; values are row * 10 + column. */
typedef struct world {
    double lat[64], lon[128], value[64 * 128];
    gndp_coords coords;
} world;

static void make_world(world *w, int rows, double lat0, double dlat, int columns, double lon0,
                       double dlon)
{
    for (int i = 0; i < rows; i++)
        w->lat[i] = lat0 + i * dlat;
    for (int j = 0; j < columns; j++)
        w->lon[j] = lon0 + j * dlon;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            w->value[i * columns + j] = 10.0 * i + j;
    w->coords = (gndp_coords){.space = GNDP_SPACE_SPHERE,
                              .layout = GNDP_LAYOUT_PRODUCT,
                              .columns = 2,
                              .n = rows * columns,
                              .axis = {{.name = "latitude", .size = rows, .value = w->lat},
                                       {.name = "longitude", .size = columns, .value = w->lon}}};
}

static const struct gndp_map_scale plain = {.label = "value", .palette = GNDP_PALETTE_SEQUENTIAL};

static gndp_map_options options_of(const struct gndp_map_scale *scale)
{
    return (gndp_map_options){.n_scales = 1, .scale = scale, .no_coast = true};
}

static void assert_place(cairo_surface_t *picture, const plot_maps *maps, int m, double lat,
                         double lon, double value)
{
    double x, y;
    const plot_scale *s = &maps->scale[maps->map[m].scale];
    assert_true(plot_view_point(&maps->view, &maps->box[m], lat, lon, &x, &y));
    assert_colour(picture, x, y,
                  isnan(value) ? plot_missing
                               : plot_palette_at(&s->palette, s->low, s->high, value));
}

static void maps_show_each_cell_where_it_is(void **state)
{
    static const struct {
        int rows;
        double lat0, dlat;
        int columns;
        double lon0, dlon;
        const char *projection;
    } cases[] = {
        {5, 50.0, 2.0, 6, -10.0, 2.0, "+proj=aea"},
        {5, 58.0, -2.0, 6, -10.0, 2.0, "+proj=aea"},
        {5, -20.0, 8.0, 6, 170.0, 5.0, "+proj=cea"},
        {5, -40.0, 20.0, 6, 170.0, 15.0, "+proj=laea"},
        {6, -75.0, 30.0, 8, 0.0, 45.0, "+proj=eqearth"},
        {6, 15.0, 15.0, 8, 22.5, 45.0, "+proj=eqearth"},
        {5, 42.5, 10.0, 8, 0.0, 45.0, "+proj=laea +lat_0=90"},
        {5, -42.5, -10.0, 8, 0.0, 45.0, "+proj=laea +lat_0=-90"},
        {5, -10.0, 5.0, 8, 22.5, 45.0, "+proj=cea"},
    };
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        world w;
        plot_maps maps;
        make_world(&w, cases[c].rows, cases[c].lat0, cases[c].dlat, cases[c].columns, cases[c].lon0,
                   cases[c].dlon);
        w.value[cases[c].columns + 1] = (double)NAN;
        const gndp_map map = {.coords = &w.coords, .value = w.value};
        const gndp_map_options options = options_of(&plain);
        assert_ok(plot_maps_layout(&options, 1, &map, &maps));
        if (strncmp(maps.view.projection, cases[c].projection, strlen(cases[c].projection)) != 0)
            fail_msg("case %zu: %s in place of %s", c, maps.view.projection, cases[c].projection);
        assert_ok(gndp_plot_maps("cells.png", &options, 1, &map, NULL));
        cairo_surface_t *picture = read_picture("cells.png");
        for (int i = 0; i < cases[c].rows; i++)
            for (int j = 0; j < cases[c].columns; j++) {
                /* A little off the middle, where lines of the graticule may run; longitudes as the
                 * region has them. */
                double lat = fmin(w.lat[i] + 0.13 * fabs(cases[c].dlat), 84.0),
                       lon = w.lon[j] + 0.21 * cases[c].dlon;
                while (lon > maps.view.region.east)
                    lon -= 360.0;
                while (lon < maps.view.region.west)
                    lon += 360.0;
                assert_place(picture, &maps, 0, lat, lon, w.value[i * cases[c].columns + j]);
            }
        cairo_surface_destroy(picture);
        plot_maps_free(&maps);
    }
}

static void maps_turn_over_images_and_keep_planes_upright(void **state)
{
    const double y[] = {0.0, 1.0, 2.0}, x[] = {0.0, 1.0, 2.0},
                 value[] = {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0};
    gndp_coords coords = {
        .space = GNDP_SPACE_EUCLIDEAN,
        .layout = GNDP_LAYOUT_PRODUCT,
        .columns = 2,
        .n = 9,
        .axis = {{.name = "y", .size = 3, .value = y}, {.name = "x", .size = 3, .value = x}}};
    const gndp_map map = {.coords = &coords, .value = value};
    const gndp_map_options options = options_of(&plain);
    (void)state;
    for (int image = 0; image < 2; image++) {
        plot_maps maps;
        double px, py0, py2;
        strcpy(coords.axis[0].name, image ? "row" : "y");
        assert_ok(plot_maps_layout(&options, 1, &map, &maps));
        assert_ok(gndp_plot_maps("plane.png", &options, 1, &map, NULL));
        cairo_surface_t *picture = read_picture("plane.png");
        for (int i = 0; i < 9; i++)
            assert_place(picture, &maps, 0, y[i / 3], x[i % 3], value[i]);
        plot_view_point(&maps.view, maps.box, 0.0, 0.0, &px, &py0);
        plot_view_point(&maps.view, maps.box, 2.0, 0.0, &px, &py2);
        assert_true(image ? py2 > py0 : py2 < py0);
        cairo_surface_destroy(picture);
        plot_maps_free(&maps);
    }
}

static void maps_bar_ends_in_the_ends_of_the_palette(void **state)
{
    world w;
    plot_maps maps;
    make_world(&w, 5, 50.0, 2.0, 6, -10.0, 2.0);
    const gndp_map map = {.coords = &w.coords, .value = w.value};
    const gndp_map_options options = options_of(&plain);
    (void)state;
    assert_ok(plot_maps_layout(&options, 1, &map, &maps));
    assert_ok(gndp_plot_maps("bar.png", &options, 1, &map, NULL));
    cairo_surface_t *picture = read_picture("bar.png");
    const plot_scale *s = maps.scale;
    const double middle = s->bar.y + 0.5 * s->bar.height;
    /* Within a pixel of the ends, past the outline: the first and last two steps. */
    assert_true(colour_distance(colour_at(picture, s->bar.x + 0.7, middle), s->palette.colour[0]) <
                0.03);
    assert_true(colour_distance(colour_at(picture, s->bar.x + 0.5 * s->bar.width, middle),
                                s->palette.colour[PLOT_PALETTE_SIZE / 2]) < 0.03);
    assert_true(colour_distance(colour_at(picture, s->bar.x + s->bar.width - 0.7, middle),
                                s->palette.colour[PLOT_PALETTE_SIZE - 1]) < 0.03);
    cairo_surface_destroy(picture);
    plot_maps_free(&maps);
}

static void maps_of_one_scale_share_limits(void **state)
{
    world a, b;
    plot_maps maps;
    (void)state;
    make_world(&a, 5, 50.0, 2.0, 6, -10.0, 2.0);
    make_world(&b, 5, 50.0, 2.0, 6, -10.0, 2.0);
    for (int i = 0; i < 30; i++)
        b.value[i] -= 100.0;
    const struct gndp_map_scale scales[] = {
        plain,
        {.palette = GNDP_PALETTE_DIVERGING},
        {.palette = GNDP_PALETTE_DIVERGING, .low = -7.0, .high = 9.0}};
    const gndp_map map[] = {{.coords = &a.coords, .value = a.value, .scale = 0},
                            {.coords = &b.coords, .value = b.value, .scale = 0},
                            {.coords = &b.coords, .value = b.value, .scale = 1},
                            {.coords = &b.coords, .value = b.value, .scale = 2}};
    const gndp_map_options options = {.n_scales = 3, .scale = scales, .no_coast = true};
    assert_ok(plot_maps_layout(&options, 4, map, &maps));
    assert_true(maps.scale[0].low == -100.0 &&
                maps.scale[0].high == 45.0); /* percentiles of 60 values are the ends */
    assert_true(maps.scale[1].low == -100.0 && maps.scale[1].high == 100.0); /* centred on 0 */
    assert_true(maps.scale[2].low == -7.0 && maps.scale[2].high == 9.0 && maps.scale[2].below &&
                !maps.scale[2].above);
    plot_maps_free(&maps);
}

/* A station on the far side of the date line, given in the other convention. */
static void maps_draw_stations_where_their_coordinates_say(void **state)
{
    const double lat[] = {-20.0, 10.0, 0.0}, lon[] = {-170.0, 165.0, 179.0 - 360.0},
                 value[] = {0.0, 1.0, 0.5};
    const gndp_map map = {.points = {.n = 3, .lat_deg = lat, .lon_deg = lon, .value = value}};
    gndp_map_options options = options_of(&plain);
    plot_maps maps;
    (void)state;
    assert_ok(plot_maps_layout(&options, 1, &map, &maps));
    assert_true(maps.view.region.east - maps.view.region.west < 30.0); /* not the long way around */
    assert_ok(gndp_plot_maps("points.png", &options, 1, &map, NULL));
    cairo_surface_t *picture = read_picture("points.png");
    const double turned[] = {190.0, 165.0, 179.0};
    const double shift = maps.view.region.west < 0.0 ? -360.0 : 0.0;
    for (int i = 0; i < 3; i++)
        assert_place(picture, &maps, 0, lat[i], turned[i] + shift, value[i]);
    cairo_surface_destroy(picture);
    plot_maps_free(&maps);
}

/* All around the globe: the line leaves at one side and comes in at the other, and does not run
 * across the map. */
static void maps_draw_lines_over_the_date_line(void **state)
{
    const double lat[] = {10.0, 10.0, 10.0, 10.0}, lon[] = {150.0, 170.0, -170.0, -150.0};
    const gndp_map_line line = {.n = 4, .lat_deg = lat, .lon_deg = lon, .colour = 4, .width = 3.0};
    const gndp_map map = {.n_lines = 1, .line = &line};
    const gndp_map_options options = {
        .no_coast = true, .west = -180.0, .east = 180.0, .south = -90.0, .north = 90.0};
    plot_maps maps;
    double x, y;
    (void)state;
    assert_ok(plot_maps_layout(&options, 1, &map, &maps));
    assert_ok(gndp_plot_maps("line.png", &options, 1, &map, NULL));
    cairo_surface_t *picture = read_picture("line.png");
    static const struct {
        double lon;
        bool drawn;
    } looked[] = {{160.0, true}, {178.0, true},  {-178.0, true}, {-160.0, true},
                  {0.0, false},  {100.0, false}, {-100.0, false}};
    for (size_t i = 0; i < sizeof looked / sizeof *looked; i++) {
        assert_true(plot_view_point(&maps.view, maps.box, 10.0, looked[i].lon + 1.0, &x, &y));
        const bool drawn = colour_distance(colour_at(picture, x, y), plot_series_colour(4)) < 0.05;
        if (drawn != looked[i].drawn)
            fail_msg("longitude %g: %s", looked[i].lon, drawn ? "drawn" : "not drawn");
    }
    cairo_surface_destroy(picture);
    plot_maps_free(&maps);
}

static void maps_point_arrows_east_and_north(void **state)
{
    world w;
    double east[30], north[30], x, y;
    plot_maps maps;
    (void)state;
    make_world(&w, 5, -10.0, 5.0, 6, 0.0, 5.0);
    for (int i = 0; i < 30; i++) {
        w.value[i] = (double)NAN; /* grey, so that ink is seen */
        east[i] = north[i] = 0.0;
    }
    const int k = 2 * 6 + 2;
    east[k] = 4.0;
    w.value[0] = 1.0;
    const gndp_map map = {.coords = &w.coords, .value = w.value, .east = east, .north = north};
    const gndp_map_options options = options_of(&plain);
    assert_ok(plot_maps_layout(&options, 1, &map, &maps));
    assert_ok(gndp_plot_maps("arrow.png", &options, 1, &map, NULL));
    cairo_surface_t *picture = read_picture("arrow.png");
    plot_view_point(&maps.view, maps.box, w.lat[2], w.lon[2], &x, &y);
    int right = 0, left = 0; /* the head is wider than the tail */
    for (double dx = 1.0; dx < 8.0; dx += 0.48)
        for (double dy = -2.4; dy < 2.4; dy += 0.48) {
            right += colour_at(picture, x + dx, y + dy).g < 0.3;
            left += colour_at(picture, x - dx, y + dy).g < 0.3;
        }
    assert_true(right > left && left > 4);
    cairo_surface_destroy(picture);
    plot_maps_free(&maps);
}

static void maps_do_without_coasts_where_none_are_installed(void **state)
{
    world w;
    bool coast = true;
    make_world(&w, 5, 50.0, 2.0, 6, -10.0, 2.0);
    const gndp_map map = {.coords = &w.coords, .value = w.value};
    gndp_map_options options = options_of(&plain);
    (void)state;
    options.no_coast = false;
    assert_int_equal(setenv("GNDP_GSHHG", "/nowhere", 1), 0);
    assert_ok(gndp_plot_maps("bare.png", &options, 1, &map, &coast));
    assert_false(coast);
    assert_int_equal(unsetenv("GNDP_GSHHG"), 0);
    gndp_coast *there = NULL;
    const bool installed = gndp_coast_read(GNDP_COAST_CRUDE, &there) == GNDP_OK;
    gndp_coast_free(there);
    assert_ok(gndp_plot_maps("coast.pdf", &options, 1, &map, &coast));
    assert_int_equal(coast, installed);
    assert_begins("coast.pdf", "%PDF-", 5);
}

static void maps_take_a_projection_by_its_text(void **state)
{
    world w;
    plot_maps maps;
    double x, y;
    (void)state;
    make_world(&w, 6, -75.0, 30.0, 8, 0.0, 45.0);
    const gndp_map map = {.coords = &w.coords, .value = w.value};
    gndp_map_options options = options_of(&plain);
    options.projection = "+proj=ortho +lon_0=10 +lat_0=40";
    assert_ok(plot_maps_layout(&options, 1, &map, &maps));
    assert_true(plot_view_point(&maps.view, maps.box, 40.0, 10.0, &x, &y));
    assert_true(fabs(x - maps.box->x - 0.5 * maps.box->width) < 1.0 &&
                fabs(y - maps.box->y - 0.5 * maps.box->height) < 1.0);
    assert_false(plot_view_point(&maps.view, maps.box, -40.0, 190.0, &x, &y)); /* the far side */
    assert_ok(gndp_plot_maps("globe.png", &options, 1, &map, NULL));
    cairo_surface_t *picture = read_picture("globe.png");
    assert_colour(picture, maps.box->x + 4.0, maps.box->y + 4.0, white); /* beside the globe */
    assert_place(picture, &maps, 0, 48.0, 12.0, w.value[4 * 8]);
    cairo_surface_destroy(picture);
    plot_maps_free(&maps);
    options.projection = "+proj=nonsense";
    assert_fails(gndp_plot_maps("globe.svg", &options, 1, &map, NULL), GNDP_ERR_FORMAT, "nonsense");
    options.projection = "+proj=axisswap +order=2,1";
    assert_fails(gndp_plot_maps("globe.svg", &options, 1, &map, NULL), GNDP_ERR_FORMAT,
                 "no projection");
}

static void maps_refuse_what_cannot_be_drawn(void **state)
{
    world w;
    const double bad = 95.0, nan = (double)NAN, zero = 0.0;
    make_world(&w, 5, 50.0, 2.0, 6, -10.0, 2.0);
    gndp_map map = {.coords = &w.coords, .value = w.value};
    gndp_map_options options = options_of(&plain);
    (void)state;
    assert_fails(gndp_plot_maps("a.gif", &options, 1, &map, NULL), GNDP_ERR_ARG,
                 ".png, .pdf or .svg");
    assert_fails(gndp_plot_maps("a.png", NULL, 1, &map, NULL), GNDP_ERR_ARG, "NULL");
    assert_fails(gndp_plot_maps("a.png", &options, 0, &map, NULL), GNDP_ERR_ARG, "0 maps");
    map.scale = 1;
    assert_fails(gndp_plot_maps("a.png", &options, 1, &map, NULL), GNDP_ERR_ARG, "scale 1 of 1");
    map.scale = 0;
    options.west = 10.0, options.east = 20.0, options.south = 50.0, options.north = 40.0;
    assert_fails(gndp_plot_maps("a.png", &options, 1, &map, NULL), GNDP_ERR_RANGE, "south 50");
    options.west = options.east = options.south = options.north = 0.0;
    map.east = w.value;
    assert_fails(gndp_plot_maps("a.png", &options, 1, &map, NULL), GNDP_ERR_ARG, "both components");
    map.east = NULL;
    for (int i = 0; i < 30; i++)
        w.value[i] = (double)NAN;
    assert_fails(gndp_plot_maps("a.png", &options, 1, &map, NULL), GNDP_ERR_NONFINITE, "value");
    map = (gndp_map){.points = {.n = 1, .lat_deg = &bad, .lon_deg = &zero}};
    options.n_scales = 0;
    assert_fails(gndp_plot_maps("a.png", &options, 1, &map, NULL), GNDP_ERR_RANGE, "latitude 95");
    map.points.lat_deg = &nan;
    assert_fails(gndp_plot_maps("a.png", &options, 1, &map, NULL), GNDP_ERR_NONFINITE, "no place");
    map = (gndp_map){.title = "empty"};
    assert_fails(gndp_plot_maps("a.png", &options, 1, &map, NULL), GNDP_ERR_ARG, "nothing to draw");
    assert_int_equal(files_here(), 0);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(maps_show_each_cell_where_it_is),
    IN_FOLDER(maps_turn_over_images_and_keep_planes_upright),
    IN_FOLDER(maps_bar_ends_in_the_ends_of_the_palette),
    IN_FOLDER(maps_of_one_scale_share_limits),
    IN_FOLDER(maps_draw_stations_where_their_coordinates_say),
    IN_FOLDER(maps_draw_lines_over_the_date_line),
    IN_FOLDER(maps_point_arrows_east_and_north),
    IN_FOLDER(maps_do_without_coasts_where_none_are_installed),
    IN_FOLDER(maps_take_a_projection_by_its_text),
    IN_FOLDER(maps_refuse_what_cannot_be_drawn),
};

#else

static void maps_say_so_without_cairo_or_proj(void **state)
{
    const double zero = 0.0;
    const gndp_map map = {.points = {.n = 1, .lat_deg = &zero, .lon_deg = &zero}};
    const gndp_map_options options = {.no_coast = true};
    (void)state;
    assert_fails(gndp_plot_maps("a.png", &options, 1, &map, NULL), GNDP_ERR_UNSUPPORTED,
                 "cannot be drawn");
    assert_int_equal(files_here(), 0);
}

static const struct CMUnitTest tests[] = {IN_FOLDER(maps_say_so_without_cairo_or_proj)};

#endif

GNDP_TEST_MAIN(tests)
