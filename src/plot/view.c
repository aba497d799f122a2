// SPDX-License-Identifier: Apache-2.0
// Projections by PROJ, chosen by the region that is shown.
#include "plot/view.h"

#if GNDP_HAVE_CAIRO
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#if GNDP_HAVE_PROJ
#include <proj.h>
#endif

enum { EDGE_POINTS = 96, LATTICE = 64 };

/* ---- Choice --------------------------------------------------------------------------------- */

/* Areas are true everywhere: what covers more of the map covers more of the world. */
static void choose(plot_view *v)
{
    const plot_region *r = &v->region;
    const double across = r->east - r->west, high = r->north - r->south,
                 lon = 0.5 * (r->west + r->east), lat = 0.5 * (r->south + r->north);
    char *text = v->projection;
    const size_t bytes = sizeof v->projection;
    if (v->around && r->south >= 20.0 && r->north > 80.0) {
        v->pole = 1;
        snprintf(text, bytes, "+proj=laea +lat_0=90 +lon_0=%.10g", lon);
    } else if (v->around && r->north <= -20.0 && r->south < -80.0) {
        v->pole = -1;
        snprintf(text, bytes, "+proj=laea +lat_0=-90 +lon_0=%.10g", lon);
    } else if (v->around ? high < 60.0 : fabs(lat) < 15.0 && high < 60.0) {
        snprintf(text, bytes, "+proj=cea +lat_ts=%.10g +lon_0=%.10g", fabs(lat), lon);
    } else if (v->around || across > 150.0) {
        snprintf(text, bytes, "+proj=eqearth +lon_0=%.10g", lon);
    } else if (fabs(lat) < 15.0) {
        snprintf(text, bytes, "+proj=laea +lat_0=%.10g +lon_0=%.10g", lat, lon);
    } else {
        /* Standard parallels a sixth of the height from either edge; symmetric ones are no cone. */
        snprintf(text, bytes, "+proj=aea +lat_1=%.10g +lat_2=%.10g +lat_0=%.10g +lon_0=%.10g",
                 r->south + high / 6.0, r->north - high / 6.0, lat, lon);
    }
}

#if GNDP_HAVE_PROJ

/* The caller's projection: all around it begins half a circle west of its middle. */
static void centre(plot_view *v, const char *text)
{
    const char *at = strstr(text, "+lon_0=");
    const double lon = at != NULL ? strtod(at + 7, NULL) : 0.0;
    if (v->around && isfinite(lon)) {
        v->region.west = lon - 180.0;
        v->region.east = lon + 180.0;
    }
}

static gndp_status open_projection(const char *projection, plot_view *v)
{
    gndp_status st = GNDP_OK;
    char text[sizeof v->projection + 32];
    if (projection == NULL)
        choose(v);
    GNDP_CHECK(projection == NULL || strlen(projection) < sizeof v->projection, GNDP_ERR_FORMAT,
               "the projection has more than %zu letters", sizeof v->projection - 1);
    if (projection != NULL) {
        snprintf(v->projection, sizeof v->projection, "%s", projection);
        centre(v, projection);
    }
    /* +over: a longitude beyond the date line stays there, so that lines are not torn. */
    const bool figure = strstr(v->projection, "+R=") != NULL ||
                        strstr(v->projection, "+ellps=") != NULL ||
                        strstr(v->projection, "+datum=") != NULL;
    snprintf(text, sizeof text, "%s%s +over", v->projection, figure ? "" : " +R=1");
    v->context = proj_context_create();
    GNDP_CHECK(v->context != NULL, GNDP_ERR_NOMEM, "a context of PROJ");
    proj_log_level(v->context, PJ_LOG_NONE);
    v->pj = proj_create(v->context, text);
    GNDP_CHECK(v->pj != NULL, GNDP_ERR_FORMAT, "PROJ does not understand the projection '%s': %s",
               v->projection,
               proj_context_errno_string(v->context, proj_context_errno(v->context)));
    GNDP_CHECK(proj_angular_input(v->pj, PJ_FWD) != 0 && proj_angular_output(v->pj, PJ_FWD) == 0,
               GNDP_ERR_FORMAT,
               "'%s' is no projection from longitude and latitude to a plane, such as "
               "\"+proj=ortho +lon_0=10 +lat_0=40\"",
               v->projection);
done:
    return st;
}

static bool project(const plot_view *v, double lat, double lon, double *x, double *y)
{
    const PJ_COORD out =
        proj_trans(v->pj, PJ_FWD, proj_coord(proj_torad(lon), proj_torad(lat), 0.0, 0.0));
    *x = out.xy.x;
    *y = out.xy.y;
    return isfinite(*x) && isfinite(*y);
}

static bool unproject(const plot_view *v, double x, double y, double *lat, double *lon)
{
    const PJ_COORD out = proj_trans(v->pj, PJ_INV, proj_coord(x, y, 0.0, 0.0));
    *lon = proj_todeg(out.lp.lam);
    *lat = proj_todeg(out.lp.phi);
    return isfinite(*lat) && isfinite(*lon) && fabs(*lat) <= 90.0 + 1e-9;
}

static void close_projection(plot_view *v)
{
    if (v->pj != NULL)
        proj_destroy(v->pj);
    if (v->context != NULL)
        proj_context_destroy(v->context);
}

#else

static gndp_status open_projection(const char *projection, plot_view *v)
{
    gndp_status st = GNDP_OK;
    (void)projection;
    choose(v);
    GNDP_CHECK(false, GNDP_ERR_UNSUPPORTED,
               "maps of the globe cannot be drawn: this build has no PROJ (libproj-dev)");
done:
    return st;
}

static bool project(const plot_view *v, double lat, double lon, double *x, double *y)
{
    (void)v, (void)lat, (void)lon, (void)x, (void)y;
    return false;
}

static bool unproject(const plot_view *v, double x, double y, double *lat, double *lon)
{
    (void)v, (void)lat, (void)lon, (void)x, (void)y;
    return false;
}

static void close_projection(plot_view *v)
{
    (void)v;
}

#endif

/* ---- Bounds --------------------------------------------------------------------------------- */

/* Point t in [0, 4) of the region's edge: south, east, north, west. */
static void edge_place(const plot_region *r, double t, double *lat, double *lon)
{
    const double u = t - floor(t);
    switch ((int)t) {
    case 0:
        *lat = r->south, *lon = r->west + u * (r->east - r->west);
        break;
    case 1:
        *lat = r->south + u * (r->north - r->south), *lon = r->east;
        break;
    case 2:
        *lat = r->north, *lon = r->east - u * (r->east - r->west);
        break;
    default:
        *lat = r->north - u * (r->north - r->south), *lon = r->west;
        break;
    }
}

static gndp_status find_bounds(plot_view *v)
{
    gndp_status st = GNDP_OK;
    const plot_region *r = &v->region;
    double x, y, lat, lon;
    v->x_low = v->y_low = HUGE_VAL;
    v->x_high = v->y_high = -HUGE_VAL;
    for (int i = 0; i <= LATTICE; i++)
        for (int j = 0; j <= LATTICE; j++)
            if (project(v, r->south + (r->north - r->south) * i / LATTICE,
                        r->west + (r->east - r->west) * j / LATTICE, &x, &y)) {
                v->x_low = fmin(v->x_low, x);
                v->x_high = fmax(v->x_high, x);
                v->y_low = fmin(v->y_low, y);
                v->y_high = fmax(v->y_high, y);
            }
    GNDP_CHECK(v->x_high > v->x_low && v->y_high > v->y_low, GNDP_ERR_RANGE,
               "'%s' cannot show west %g, east %g, south %g, north %g", v->projection, r->west,
               r->east, r->south, r->north);
    v->outline = true;
    for (int i = 0; i < 4 * EDGE_POINTS; i++) {
        edge_place(r, (double)i / EDGE_POINTS, &lat, &lon);
        v->outline = project(v, lat, lon, &x, &y) && v->outline;
    }
done:
    return st;
}

gndp_status plot_view_make(const plot_region *region, const char *projection, plot_view *out)
{
    gndp_status st = GNDP_OK;
    *out = (plot_view){.region = *region,
                       .around = region->sphere && region->east - region->west >= 360.0 - 1e-9};
    if (!region->sphere) {
        out->outline = true;
        out->x_low = region->west, out->x_high = region->east;
        out->y_low = region->down ? region->north : region->south,
        out->y_high = region->down ? region->south : region->north;
        out->aspect = (region->east - region->west) / (region->north - region->south);
        if (out->aspect < 0.2 || out->aspect > 5.0) /* axes of different things */
            out->aspect = 1.3;
        return GNDP_OK;
    }
    GNDP_TRY(open_projection(projection, out));
    GNDP_TRY(find_bounds(out));
    out->aspect = (out->x_high - out->x_low) / (out->y_high - out->y_low);
    if (projection == NULL) /* a narrow band around the globe is stretched until it can be read */
        out->aspect = fmin(fmax(out->aspect, 0.25), 6.0);
done:
    return st;
}

void plot_view_free(plot_view *view)
{
    close_projection(view);
    view->pj = view->context = NULL;
}

bool plot_view_point(const plot_view *view, const plot_box *box, double lat, double lon, double *x,
                     double *y)
{
    double px = lon, py = lat;
    if (view->region.sphere && !project(view, lat, lon, &px, &py))
        return false;
    *x = box->x + box->width * (px - view->x_low) / (view->x_high - view->x_low);
    *y = box->y + box->height * (view->y_high - py) / (view->y_high - view->y_low);
    return true;
}

bool plot_view_place(const plot_view *view, const plot_box *box, double x, double y, double *lat,
                     double *lon)
{
    const double px = view->x_low + (view->x_high - view->x_low) * (x - box->x) / box->width;
    const double py = view->y_high - (view->y_high - view->y_low) * (y - box->y) / box->height;
    if (view->region.sphere)
        return unproject(view, px, py, lat, lon);
    *lon = px;
    *lat = py;
    return true;
}

void plot_view_frame(cairo_t *cr, const plot_view *view, const plot_box *box)
{
    double lat, lon, x, y;
    cairo_new_path(cr);
    if (!view->outline || !view->region.sphere) {
        cairo_rectangle(cr, box->x, box->y, box->width, box->height);
        return;
    }
    /* A disc around a pole has no sides: only the parallel that faces away from the pole. */
    const int first = view->pole < 0 ? 2 * EDGE_POINTS : 0,
              last = view->pole == 0 ? 4 * EDGE_POINTS : first + EDGE_POINTS;
    for (int i = first; i < last; i++) {
        edge_place(&view->region, (double)i / EDGE_POINTS, &lat, &lon);
        if (plot_view_point(view, box, lat, lon, &x, &y))
            cairo_line_to(cr, x, y);
    }
    cairo_close_path(cr);
}

#endif
