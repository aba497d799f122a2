// SPDX-License-Identifier: Apache-2.0
// Local planes: distances, inverses, vectors, centres about the date line and the poles, sets in a
// plane.
#include "fields/check.h"

#include <gndp/prepare.h>

static const double degree = 3.14159265358979323846 / 180.0;

static double great_circle_km(const double a[2], const double b[2])
{
    double u[3], v[3], d = 0.0;
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, a, u);
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, b, v);
    for (int i = 0; i < 3; i++)
        d += (u[i] - v[i]) * (u[i] - v[i]);
    return 2.0 * GNDP_EARTH_RADIUS_KM * asin(fmin(1.0, 0.5 * sqrt(d)));
}

/* A set of one scalar and one eastward wind of 1 m/s (with northward 0.5) at listed places. */
static gndp_fieldset *set_of(const gndp_coords *coords)
{
    static const char *const uv[2] = {"u10", "v10"};
    gndp_channel channel[2] = {gndp_channel_scalar("t2m", "K"),
                               gndp_channel_vector("wind", "m s-1", 2, uv)};
    strcpy(channel[1].part[0].standard_name, "eastward_wind");
    const gndp_fieldset_spec spec = {
        .n_fields = 2, .coords = *coords, .n_channels = 2, .channel = channel};
    double *values = malloc((size_t)coords->n * 6 * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < 2 * coords->n; i++) {
        values[3 * i] = (double)i;
        values[3 * i + 1] = 1.0;
        values[3 * i + 2] = 0.5;
    }
    const gndp_array a = gndp_array_view(gndp_type_3d(GNDP_F64, 2, coords->n, 3), values);
    gndp_fieldset *set = NULL;
    assert_ok(gndp_fieldset_create(&spec, &a, NULL, &set));
    free(values);
    return set;
}

static gndp_fieldset *set_at(int64_t n, const double *degrees)
{
    const gndp_coords coords = point_list(GNDP_SPACE_SPHERE, 2, n, degrees);
    return set_of(&coords);
}

static void projection_azimuthal_keeps_distance_from_the_centre(void **state)
{
    (void)state;
    dice d = {1, 0};
    for (int i = 0; i < 5000; i++) {
        const double lat0 = i % 10 == 0 ? (i % 20 == 0 ? 90.0 : -90.0) : dice_uniform(&d, -90, 90);
        const gndp_projection p = {GNDP_PROJECTION_AZIMUTHAL, lat0, dice_uniform(&d, -180, 180),
                                   GNDP_EARTH_RADIUS_KM};
        const double c[2] = {p.lat0_deg, p.lon0_deg};
        const double a[2] = {dice_uniform(&d, -90, 90), dice_uniform(&d, -360, 720)};
        double km[2], back[2];
        gndp_projection_apply(&p, 1, a, km);
        assert_near(hypot(km[0], km[1]), great_circle_km(a, c), 1e-3); /* asin at the antipode */
        gndp_projection_invert(&p, 1, km, back);
        assert_near(back[0], a[0], 1e-6);
        assert_near(great_circle_km(a, back), 0.0, 1e-6);
        assert_true(back[1] > p.lon0_deg - 180.0 - 1e-12 && back[1] <= p.lon0_deg + 180.0);
    }
}

/* The antipode of the centre is a circle: one point of it is taken, half the circumference away,
   and vectors there are left as they are. */
static void projection_azimuthal_takes_one_antipode(void **state)
{
    (void)state;
    const gndp_projection p = {GNDP_PROJECTION_AZIMUTHAL, 0.0, 0.0, GNDP_EARTH_RADIUS_KM};
    const double at[2] = {0, 180}, v[2] = {0.6, 0.8};
    double km[2], back[2], turned[2];
    gndp_projection_apply(&p, 1, at, km);
    assert_near(hypot(km[0], km[1]), GNDP_EARTH_RADIUS_KM * 180.0 * degree, 1e-9);
    gndp_projection_invert(&p, 1, km, back);
    assert_near(great_circle_km(at, back), 0.0, 1e-6);
    gndp_projection_turn(&p, false, 1, at, v, turned);
    assert_memory_equal(turned, v, sizeof v);
    const double west[2] = {-GNDP_EARTH_RADIUS_KM * 180.0 * degree * 0.999, -0.0};
    gndp_projection_invert(&p, 1, west, back);
    assert_true(back[1] > -180.0 && back[1] <= 180.0);
}

/* Near the centre both planes are the tangent plane: 1 km east is x = 1, north y = 1, to second
 * order. */
static void projection_is_the_tangent_plane_at_the_centre(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        const gndp_projection p = {(gndp_projection_kind)kind, 52.0, 179.9, GNDP_EARTH_RADIUS_KM};
        const double unit = GNDP_EARTH_RADIUS_KM * degree;
        const double at[4] = {52.0, -180.1 + 0.001, 52.001, 179.9};
        double km[4];
        gndp_projection_apply(&p, 2, at, km);
        assert_near(km[0], unit * cos(52.0 * degree) * 0.001, 1e-9);
        assert_near(km[1], 0.0, 1e-6); /* a parallel bends by dlon^2/2 sin cos */
        assert_near(km[2], 0.0, 1e-12);
        assert_near(km[3], unit * 0.001, 1e-9);
    }
}

static void projection_equirectangular_inverts(void **state)
{
    (void)state;
    dice d = {2, 0};
    for (int i = 0; i < 2000; i++) {
        const gndp_projection p = {GNDP_PROJECTION_EQUIRECTANGULAR, dice_uniform(&d, -80, 80),
                                   dice_uniform(&d, -180, 360), GNDP_EARTH_RADIUS_KM};
        const double a[2] = {dice_uniform(&d, -90, 90), dice_uniform(&d, -360, 720)};
        double both[2], back[2];
        memcpy(both, a, sizeof both);
        gndp_projection_apply(&p, 1, both, both); /* in place */
        assert_near(both[1], GNDP_EARTH_RADIUS_KM * degree * (a[0] - p.lat0_deg), 1e-9);
        gndp_projection_invert(&p, 1, both, back);
        assert_near(back[0], a[0], 1e-12);
        assert_near(remainder(back[1] - a[1], 360.0), 0.0, 1e-10);
        assert_true(fabs(back[1] - p.lon0_deg) <= 180.0 + 1e-10);
    }
}

/* The turn is that of the map: the image of a small step along the great circle from the centre has
   the plane's radial direction, and keeps it under the turn; lengths stay; back is back. */
static void projection_turn_keeps_radial_directions_and_lengths(void **state)
{
    (void)state;
    dice d = {3, 0};
    for (int i = 0; i < 3000; i++) {
        const gndp_projection p = {GNDP_PROJECTION_AZIMUTHAL, dice_uniform(&d, -89, 89),
                                   dice_uniform(&d, -180, 180), GNDP_EARTH_RADIUS_KM};
        const double r = dice_uniform(&d, 10, 15000), angle = dice_uniform(&d, 0, 6.283185307);
        const double km[4] = {r * cos(angle), r * sin(angle), (r + 1e-2) * cos(angle),
                              (r + 1e-2) * sin(angle)};
        double at[4], v[2], turned[2], back[2];
        gndp_projection_invert(&p, 2, km, at);
        if (fabs(at[0]) > 89.0)
            continue; /* east and north change within the step */
        const double step[2] = {remainder(at[3] - at[1], 360.0) * cos(at[0] * degree),
                                at[2] - at[0]};
        const double length = hypot(step[0], step[1]);
        v[0] = step[0] / length;
        v[1] = step[1] / length;
        gndp_projection_turn(&p, false, 1, at, v, turned);
        assert_near(turned[0], cos(angle), 1e-4); /* 10 m against 111 km: curvature and rounding */
        assert_near(turned[1], sin(angle), 1e-4);
        assert_near(hypot(turned[0], turned[1]), 1.0, 1e-14);
        gndp_projection_turn(&p, true, 1, at, turned, back);
        assert_near(back[0], v[0], 1e-14);
        assert_near(back[1], v[1], 1e-14);
    }
    /* at the pole as centre, y points to lon0 + 180: a wind from 0 E to 180 E has one direction */
    const gndp_projection pole = {GNDP_PROJECTION_AZIMUTHAL, 90.0, 0.0, GNDP_EARTH_RADIUS_KM};
    const double at[6] = {80, 0, 80, 180, 90, 0}, v[6] = {0, 1, 0, -1, 0, 1};
    double turned[6];
    gndp_projection_turn(&pole, false, 3, at, v, turned);
    for (int i = 0; i < 3; i++) {
        assert_near(turned[2 * i], 0.0, 1e-15);
        assert_near(turned[2 * i + 1], 1.0, 1e-15);
    }
    const gndp_projection flat = {GNDP_PROJECTION_EQUIRECTANGULAR, 40.0, 0.0, GNDP_EARTH_RADIUS_KM};
    gndp_projection_turn(&flat, false, 3, at, v, turned);
    assert_memory_equal(turned, v, sizeof v);
}

static void assert_centre(gndp_projection_kind kind, int64_t n, const double *degrees, double lat,
                          double lon)
{
    gndp_projection p;
    gndp_fieldset *set = set_at(n, degrees);
    assert_ok(gndp_projection_centre(set, kind, &p));
    assert_int_equal(p.kind, kind);
    assert_near(p.radius_km, 6371.0, 0.0);
    const double want[2] = {lat, lon}, got[2] = {p.lat0_deg, p.lon0_deg};
    assert_near(great_circle_km(want, got), 0.0, 1e-4);
    gndp_fieldset_free(set);
}

static void projection_centre_is_that_of_the_box_or_cap(void **state)
{
    (void)state;
    const gndp_projection_kind box = GNDP_PROJECTION_EQUIRECTANGULAR,
                               cap = GNDP_PROJECTION_AZIMUTHAL;
    const double uk[] = {50, -8, 60, -8, 50, 4, 60, 4, 55, 3.9};
    assert_centre(box, 5, uk, 55, -2);
    const double fiji[] = {-20, 175, -10, -179, -15, 182, -15, 176};
    assert_centre(box, 4, fiji, -15, 178.5);
    const double mixed[] = {10, 350, 20, 5, 15, -20}; /* both conventions: -20 .. 5 */
    assert_centre(box, 3, mixed, 15, -7.5);
    const double one[] = {12, 34};
    assert_centre(box, 1, one, 12, 34);
    assert_centre(cap, 1, one, 12, 34);
    const double pair[] = {10, 170, 10, -170};
    double mid[2] = {atan2(sin(10 * degree), cos(10 * degree) * cos(10 * degree)) / degree, 180};
    assert_centre(cap, 2, pair, mid[0], mid[1]);
    const double ring[] = {70, 0, 70, 90, 70, 180, 70, 270, 85, 10, 90, 55};
    assert_centre(cap, 6, ring, 90, 0);
    const double south[] = {-75, 20, -75, 140, -75, 260};
    assert_centre(cap, 3, south, -90, 0);
    const double poles[] = {90, 0, -90, 0, 0, 0, 0, 90}; /* in no hemisphere: the box */
    assert_centre(cap, 4, poles, 0, 45);
    gndp_projection p;
    const double pole[] = {90, 0, 90, 100};
    gndp_fieldset *set = set_at(2, pole);
    assert_fails(gndp_projection_centre(set, box, &p), GNDP_ERR_RANGE, "pole");
    assert_ok(gndp_projection_centre(set, cap, &p));
    assert_near(p.lat0_deg, 90.0, 1e-9);
    gndp_fieldset_free(set);
}

/* No cap through two or three of the points that holds all is smaller: random clouds against a
   search over random centres, which can only do worse. */
static void projection_cap_is_the_smallest(void **state)
{
    (void)state;
    dice d = {4, 0};
    for (int trial = 0; trial < 60; trial++) {
        enum { COUNT = 40 };
        double at[2 * COUNT];
        const gndp_projection cloud = {GNDP_PROJECTION_AZIMUTHAL, dice_uniform(&d, -90, 90),
                                       dice_uniform(&d, -180, 180), GNDP_EARTH_RADIUS_KM};
        const double size = dice_uniform(&d, 1, 6000);
        for (int i = 0; i < COUNT; i++) {
            const double km[2] = {dice_uniform(&d, -size, size), dice_uniform(&d, -size, size)};
            gndp_projection_invert(&cloud, 1, km, at + 2 * i);
        }
        gndp_fieldset *set = set_at(COUNT, at);
        gndp_projection p;
        assert_ok(gndp_projection_centre(set, GNDP_PROJECTION_AZIMUTHAL, &p));
        double best = 0.0;
        const double c[2] = {p.lat0_deg, p.lon0_deg};
        for (int i = 0; i < COUNT; i++)
            best = fmax(best, great_circle_km(c, at + 2 * i));
        for (int i = 0; i < 2000; i++) {
            const double step = size * pow(10.0, dice_uniform(&d, -4, 0));
            const double km[2] = {dice_uniform(&d, -step, step), dice_uniform(&d, -step, step)};
            double other[2], worst = 0.0;
            gndp_projection_invert(&p, 1, km, other);
            for (int k = 0; k < COUNT; k++)
                worst = fmax(worst, great_circle_km(other, at + 2 * k));
            assert_true(worst > best - 1e-6);
        }
        gndp_fieldset_free(set);
    }
}

/* Closed forms: c/sin c - 1 at the edge of a cap, the northern corners of a box. */
static void projection_distortion_is_that_of_the_edge(void **state)
{
    (void)state;
    double value = 0.0;
    const double ring[] = {70, 0, 70, 90, 70, 180, 70, 270};
    gndp_fieldset *set = set_at(4, ring);
    const gndp_projection pole = {GNDP_PROJECTION_AZIMUTHAL, 90.0, 0.0, GNDP_EARTH_RADIUS_KM};
    const double c = 20.0 * degree;
    assert_ok(gndp_projection_distortion(&pole, set, &value));
    assert_near(value, c / sin(c) - 1.0, 1e-12);
    gndp_fieldset_free(set);
    const double box[] = {50, -8, 60, -8, 50, 4, 60, 4};
    set = set_at(4, box);
    const gndp_projection flat = {GNDP_PROJECTION_EQUIRECTANGULAR, 55.0, -2.0,
                                  GNDP_EARTH_RADIUS_KM};
    assert_ok(gndp_projection_distortion(&flat, set, &value));
    /* the great circle between the northern corners is shorter than their parallel: the worst pair
     */
    const double plane_angle = 12 * degree * cos(55 * degree);
    const double true_angle = 2.0 * asin(cos(60 * degree) * sin(6 * degree));
    assert_near(value, plane_angle / true_angle - 1.0, 1e-12);
    assert_true(value > cos(55 * degree) / cos(60 * degree) - 1.0);
    gndp_fieldset_free(set);
    const double with_pole[] = {80, 0, 90, 0};
    set = set_at(2, with_pole);
    assert_ok(gndp_projection_distortion(&flat, set, &value));
    assert_true(isinf(value));
    gndp_fieldset_free(set);
    set = set_at(1, box);
    assert_ok(gndp_projection_distortion(&flat, set, &value));
    assert_near(value, 0.0, 0.0);
    gndp_fieldset_free(set);
}

/* ---- Sets ----------------------------------------------------------------------------------- */

static void project_keeps_a_grid_a_grid_across_the_date_line(void **state)
{
    (void)state;
    const double lat[3] = {-10, -15, -20}, lon[4] = {175, 178, 181, 184};
    const gndp_coords grid = sphere_grid(3, lat, 4, lon);
    gndp_fieldset *set = set_of(&grid), *plane = NULL, *some = NULL;
    gndp_projection p;
    assert_ok(gndp_projection_centre(set, GNDP_PROJECTION_EQUIRECTANGULAR, &p));
    assert_near(p.lon0_deg, 179.5, 1e-12);
    assert_ok(gndp_fieldset_project(set, &p, &plane));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(plane);
    assert_int_equal(spec->coords.space, GNDP_SPACE_EUCLIDEAN);
    assert_int_equal(spec->coords.layout, GNDP_LAYOUT_PRODUCT);
    assert_string_equal(spec->coords.axis[0].name, "y");
    assert_string_equal(spec->coords.axis[1].standard_name, "projection_x_coordinate");
    assert_string_equal(spec->coords.axis[1].units, "km");
    double degrees[24], km[24], x[24];
    assert_ok(gndp_fieldset_coords(set, 0, degrees));
    assert_ok(gndp_fieldset_coords(plane, 0, x));
    gndp_projection_apply(&p, 12, degrees, km);
    for (int i = 0; i < 12; i++) { /* same points, same numbers, columns y, x */
        assert_near(x[2 * i], km[2 * i + 1], 1e-9);
        assert_near(x[2 * i + 1], km[2 * i], 1e-9);
    }
    const int64_t field = 1, point[2] = {7, 3};
    double v[6];
    assert_ok(gndp_fieldset_read(plane, 1, &field, 2, point, v, NULL));
    assert_near(v[0], 19.0, 0.0);
    assert_near(v[1], 0.5, 0.0); /* north first */
    assert_near(v[2], 1.0, 0.0);
    assert_string_equal(spec->channel[1].part[0].name, "v10");
    assert_string_equal(spec->channel[1].part[1].standard_name, "eastward_wind");
    gndp_fieldset_free(plane);
    /* the plane of a selection, and a selection of a plane */
    const int64_t zero = 0;
    assert_ok(gndp_fieldset_select(set, 1, &field, &some));
    gndp_fieldset_free(set);
    assert_ok(gndp_fieldset_project(some, &p, &plane));
    gndp_fieldset_free(some);
    assert_ok(gndp_fieldset_select(plane, 1, &zero, &some));
    gndp_fieldset_free(plane);
    assert_ok(gndp_fieldset_read(some, 1, &zero, 2, point, v, NULL));
    assert_near(v[0], 19.0, 0.0);
    assert_near(v[1], 0.5, 0.0);
    gndp_fieldset_free(some);
}

static void project_turns_vectors_of_lists(void **state)
{
    (void)state;
    const double lat[3] = {60, 70, 80}, lon[5] = {-60, -30, 0, 30, 60};
    const gndp_coords grid = sphere_grid(3, lat, 5, lon);
    gndp_fieldset *set = set_of(&grid), *plane = NULL, *loaded = NULL;
    gndp_projection p;
    assert_ok(gndp_projection_centre(set, GNDP_PROJECTION_AZIMUTHAL, &p));
    assert_ok(gndp_fieldset_project(set, &p, &plane));
    assert_int_equal(gndp_fieldset_get_spec(plane)->coords.layout, GNDP_LAYOUT_LIST);
    assert_string_equal(gndp_fieldset_get_spec(plane)->channel[1].part[1].standard_name, "");
    double degrees[30], v[45], east_north[2] = {1.0, 0.5};
    const int64_t field = 0;
    assert_ok(gndp_fieldset_coords(set, 0, degrees));
    for (int pass = 0; pass < 2; pass++) { /* a loaded set holds the turned vectors */
        assert_ok(gndp_fieldset_read(pass == 0 ? plane : loaded, 1, &field, 15, NULL, v, NULL));
        double most = 0.0;
        for (int i = 0; i < 15; i++) {
            double xy[2];
            gndp_projection_turn(&p, false, 1, degrees + 2 * i, east_north, xy);
            assert_near(v[3 * i], (double)i, 0.0);
            assert_near(v[3 * i + 1], xy[1], pass == 0 ? 1e-15 : 1e-7);
            assert_near(v[3 * i + 2], xy[0], pass == 0 ? 1e-15 : 1e-7);
            most = fmax(most, fabs(xy[0] - 1.0));
        }
        assert_true(most > 0.1); /* at these latitudes east turns far */
        if (pass == 0)
            assert_ok(gndp_fieldset_load(plane, 0, &loaded));
    }
    gndp_fieldset_free(set);
    gndp_fieldset_free(plane);
    gndp_fieldset_free(loaded);
}

/* Fields with points of their own, projected, then some of them selected: turns follow their
 * points. */
static void project_follows_own_points(void **state)
{
    (void)state;
    static const char *const uv[2] = {"u10", "v10"};
    const double at[10] = {60, -60, 70, 50, 65, 0, 75, 20, 80, -40};
    const int64_t first[4] = {0, 2, 3, 5}, pick[2] = {2, 0}, zero = 0;
    const gndp_channel channel = gndp_channel_vector("wind", "m s-1", 2, uv);
    const gndp_fieldset_spec spec = {.n_fields = 3,
                                     .coords = point_list(GNDP_SPACE_SPHERE, 2, 5, at),
                                     .first = first,
                                     .n_channels = 1,
                                     .channel = &channel};
    double values[10] = {1, 0, 1, 0, 1, 0, 1, 0, 1, 0}, v[4];
    const gndp_array a = gndp_array_view(gndp_type_2d(GNDP_F64, 5, 2), values);
    gndp_fieldset *set = NULL, *plane = NULL, *some = NULL;
    const gndp_projection p = {GNDP_PROJECTION_AZIMUTHAL, 70.0, 0.0, GNDP_EARTH_RADIUS_KM};
    assert_ok(gndp_fieldset_create(&spec, &a, NULL, &set));
    assert_ok(gndp_fieldset_project(set, &p, &plane));
    assert_ok(gndp_fieldset_select(plane, 2, pick, &some));
    assert_ok(gndp_fieldset_read(some, 1, &zero, 2, NULL, v, NULL));
    for (int i = 0; i < 2; i++) {
        double xy[2];
        gndp_projection_turn(&p, false, 1, at + 2 * (3 + i), values, xy);
        assert_near(v[2 * i], xy[1], 1e-15);
        assert_near(v[2 * i + 1], xy[0], 1e-15);
    }
    gndp_fieldset_free(set);
    gndp_fieldset_free(plane);
    gndp_fieldset_free(some);
}

static void project_refuses_misuse(void **state)
{
    (void)state;
    const double lat[2] = {0, 10}, lon[4] = {0, 90, 180, 270};
    const gndp_coords grid = sphere_grid(2, lat, 4, lon);
    gndp_fieldset *set = set_of(&grid), *plane = NULL, *again = NULL;
    gndp_projection p = {GNDP_PROJECTION_EQUIRECTANGULAR, 0.0, 0.0, GNDP_EARTH_RADIUS_KM};
    double v = 0.0;
    assert_fails(gndp_fieldset_project(set, &p, &plane), GNDP_ERR_RANGE,
                 "'longitude' passes the meridian");
    assert_null(plane);
    p.lat0_deg = 90.0;
    assert_fails(gndp_fieldset_project(set, &p, &plane), GNDP_ERR_RANGE, "about a pole");
    p.lat0_deg = 91.0;
    assert_fails(gndp_fieldset_project(set, &p, &plane), GNDP_ERR_RANGE, "latitude 91");
    p.lat0_deg = (double)NAN;
    assert_fails(gndp_fieldset_project(set, &p, &plane), GNDP_ERR_NONFINITE, "about nan");
    p = (gndp_projection){(gndp_projection_kind)3, 0.0, 0.0, GNDP_EARTH_RADIUS_KM};
    assert_fails(gndp_fieldset_project(set, &p, &plane), GNDP_ERR_ARG, "projection 3");
    assert_fails(gndp_projection_centre(set, p.kind, &p), GNDP_ERR_ARG, "projection 3");
    assert_fails(gndp_fieldset_project(NULL, &p, &plane), GNDP_ERR_ARG, "from");
    assert_fails(gndp_projection_centre(NULL, GNDP_PROJECTION_AZIMUTHAL, &p), GNDP_ERR_ARG, "set");
    assert_ok(gndp_projection_centre(set, GNDP_PROJECTION_EQUIRECTANGULAR, &p));
    assert_ok(gndp_fieldset_project(set, &p, &plane));
    assert_fails(gndp_fieldset_project(plane, &p, &again), GNDP_ERR_UNSUPPORTED, "no latitude");
    assert_fails(gndp_projection_distortion(&p, plane, &v), GNDP_ERR_UNSUPPORTED, "no latitude");
    assert_fails(gndp_projection_distortion(NULL, set, &v), GNDP_ERR_ARG, "projection");
    gndp_fieldset_free(plane);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(projection_azimuthal_keeps_distance_from_the_centre),
    cmocka_unit_test(projection_azimuthal_takes_one_antipode),
    cmocka_unit_test(projection_is_the_tangent_plane_at_the_centre),
    cmocka_unit_test(projection_equirectangular_inverts),
    cmocka_unit_test(projection_turn_keeps_radial_directions_and_lengths),
    cmocka_unit_test(projection_centre_is_that_of_the_box_or_cap),
    cmocka_unit_test(projection_cap_is_the_smallest),
    cmocka_unit_test(projection_distortion_is_that_of_the_edge),
    cmocka_unit_test(project_keeps_a_grid_a_grid_across_the_date_line),
    cmocka_unit_test(project_turns_vectors_of_lists),
    cmocka_unit_test(project_follows_own_points),
    cmocka_unit_test(project_refuses_misuse),
};

GNDP_TEST_MAIN(tests)
