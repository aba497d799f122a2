// SPDX-License-Identifier: Apache-2.0
// Equivariant attention: turns, mirrors and shifts of points; values in R^n that turn by themselves; the axis.
#include "score/turns.h"

enum { R = 2, N = 7 };

static gndp_net_spec on_points(int64_t d, int64_t scalars, int64_t vectors)
{
    gndp_net_spec spec = small_net("evt", d, scalars + vectors * d);
    spec.scalars = scalars;
    return spec;
}

/* Vectors of n components at times, the first of which comes out. */
static gndp_net_spec at_times(int64_t n, int64_t scalars, int64_t vectors)
{
    gndp_net_spec spec = small_net("evt", 1, scalars + vectors * n);
    spec.scalars = scalars;
    spec.vector_dim = n;
    spec.outputs = scalars + n;
    spec.centre = false;
    return spec;
}

/* ---- Counts --------------------------------------------------------------------------------- */

/* C features, c = C/4 vector channels, h heads, P features of a pair, Q of a point, K vectors; without biases but for the linear layers marked +1. */
static int64_t counted(int64_t layers, int64_t C, int64_t h, int64_t P, int64_t Q, int64_t K, int64_t scalars, int64_t vectors)
{
    const int64_t c = C / 4, square = C * C, linear = square + C;
    const int64_t pairs = P * C + 2 * linear + 3 * c * C, attention = C * h + 2 * linear + square, values = square + square + 2 * C * c + linear + c * c;
    const int64_t mixing = 2 * c * c + (C + 2 * c + 1) * C + (C + 1) * (C + 2 * c) + c * C;
    return layers * (pairs + attention + values + mixing) + Q * C + linear + K * c + linear + (C + 1) * (scalars + c * vectors);
}

static void evt_counts_its_parameters(void **state)
{
    (void)state;
    const gndp_net_info *info = NULL;
    check(gndp_net_find("evt", &info));
    gndp_net_spec plane = info->defaults, sphere = plane, large = plane;
    sphere.x_dim = 1;
    sphere.y_dim = sphere.vector_dim = 3;
    sphere.axis = true;
    sphere.centre = false;
    large.hidden = 128;
    large.layers = 5;
    const int64_t counts[] = {gndp_net_parameters(&plane), gndp_net_parameters(&sphere), gndp_net_parameters(&large)};
    print_message("vectors of the plane %lld, of R^3 at times with an axis %lld, 5 layers of 128 %lld\n", (long long)counts[0], (long long)counts[1],
                  (long long)counts[2]);
    assert_int_equal(counts[0], counted(4, 64, 4, 33, 1 + 1, 1, 0, 1));
    assert_int_equal(counts[1], counted(4, 64, 4, 33 + 33 + 1, 6 + 3 + 1, 3, 0, 1)); /* y, e_3 x y, e_3: 6 products, 3 lengths; the time */
    assert_int_equal(counts[2], counted(5, 128, 4, 33, 1 + 1, 1, 0, 1));
    assert_int_equal(counts[0], 228768);
    assert_int_equal(counts[1], 238016);
}

/* ---- Symmetries ----------------------------------------------------------------------------- */

static net_case masked_case(gndp_net_spec spec, bool masked)
{
    net_case c = make_case(spec, R, N);
    c.masked = masked;
    for (int64_t k = 3; k < R * N; k += 4)
        c.mask[k] = 0;
    return c;
}

/* By how much the output of turned values, and turned and shifted points where vectors belong to them, differs from the turned output. */
static double turned_error(gndp_net_spec spec, double q[MAX_D][MAX_D], bool masked)
{
    gndp_store *store = make_store(&spec);
    net_case c = masked_case(spec, masked);
    double *expected = output_of(&c, store);
    for (int64_t i = 0; i < R * N && spec.vector_dim == 0; i++) {
        turn(spec.x_dim, q, c.x + i * spec.x_dim);
        for (int64_t k = 0; k < spec.x_dim; k++)
            c.x[i * spec.x_dim + k] += spec.axis ? 0.0 : 1.5 + (double)k;
    }
    turn_values(&spec, q, R * N, c.y, spec.y_dim);
    double *got = output_of(&c, store);
    assert_true(magnitude(got, out_count(&c)) > 0.05);
    turn_values(&spec, q, R * N, expected, gndp_net_outputs(&spec));
    const double error = difference(got, expected, out_count(&c)) / fmax(1.0, magnitude(expected, out_count(&c)));
    free(expected);
    free(got);
    free_case(&c);
    gndp_store_free(store);
    return error;
}

static const double rounding = 1e-12; /* some hundred roundings of numbers of order one */

static void evt_is_equivariant_to_turns_mirrors_and_shifts_of_points(void **state)
{
    (void)state;
    double q[MAX_D][MAX_D], worst = 0.0;
    for (int64_t d = 1; d <= MAX_D; d++)
        for (int mirror = 0; mirror < 2; mirror++) {
            make_orthogonal(d, 77, mirror == 1 ? -1.0 : 1.0, q);
            worst = fmax(worst, turned_error(on_points(d, 0, 1), q, false));
            worst = fmax(worst, turned_error(on_points(d, 1, 2), q, true));
            worst = fmax(worst, turned_error(on_points(d, 2, 0), q, false));
        }
    print_message("worst error %.1e\n", worst);
    assert_true(worst < rounding);
}

static void evt_is_equivariant_to_turns_and_mirrors_of_values(void **state)
{
    (void)state;
    double q[MAX_D][MAX_D], worst = 0.0;
    for (int64_t n = 1; n <= MAX_D; n++)
        for (int mirror = 0; mirror < 2; mirror++) {
            make_orthogonal(n, 78, mirror == 1 ? -1.0 : 1.0, q);
            worst = fmax(worst, turned_error(at_times(n, 0, 1), q, true));
            worst = fmax(worst, turned_error(at_times(n, 1, 3), q, false));
        }
    print_message("worst error %.1e\n", worst);
    assert_true(worst < rounding);
}

/* A quarter turn about the pole as well as any other angle; nothing else: no mirror that keeps the pole, no turn that moves it. */
static void evt_keeps_turns_about_the_axis_only(void **state)
{
    (void)state;
    static const double angles[] = {0.7, 1.5707963267948966, -2.9};
    gndp_net_spec specs[] = {at_times(3, 0, 1), at_times(3, 1, 2), on_points(3, 0, 1)};
    for (int i = 0; i < 3; i++) {
        specs[i].axis = true;
        for (int a = 0; a < 3; a++) {
            const double c = cos(angles[a]), s = sin(angles[a]);
            double about[MAX_D][MAX_D] = {{c, -s, 0.0}, {s, c, 0.0}, {0.0, 0.0, 1.0}};
            assert_true(turned_error(specs[i], about, a == 1) < rounding);
            double across[MAX_D][MAX_D] = {{c, 0.0, -s}, {0.0, 1.0, 0.0}, {s, 0.0, c}};
            assert_true(turned_error(specs[i], across, false) > 1e-4);
        }
        double east_west[MAX_D][MAX_D] = {{-1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, 1.0}};
        double north_south[MAX_D][MAX_D] = {{1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, -1.0}};
        assert_true(turned_error(specs[i], east_west, false) > 1e-4);
        assert_true(turned_error(specs[i], north_south, false) > 1e-4);
    }
}

/* A shift of longitude of unit vectors shifts the tangent output with them, and leaves its eastward and northward parts. */
static void evt_turns_east_and_north_with_longitude(void **state)
{
    (void)state;
    gndp_net_spec spec = at_times(3, 0, 1);
    spec.axis = true;
    gndp_store *store = make_store(&spec);
    net_case c = make_case(spec, 1, N);
    double *lat = normals(N, 21, 0.5), *lon = normals(N, 22, 2.0), before[N][2];
    for (int shifted = 0; shifted < 2; shifted++) {
        for (int64_t i = 0; i < N; i++) {
            const double l = lon[i] + 1.2 * shifted;
            const double y[] = {cos(lat[i]) * cos(l), cos(lat[i]) * sin(l), sin(lat[i])};
            memcpy(c.y + 3 * i, y, sizeof y);
        }
        double *out = output_of(&c, store);
        for (int64_t i = 0; i < N; i++) {
            const double l = lon[i] + 1.2 * shifted, *v = out + 3 * i;
            const double east = cos(l) * v[1] - sin(l) * v[0];
            const double north = cos(lat[i]) * v[2] - sin(lat[i]) * (cos(l) * v[0] + sin(l) * v[1]);
            if (shifted == 0) {
                before[i][0] = east;
                before[i][1] = north;
            }
            assert_true(fabs(east - before[i][0]) < rounding * 10.0 && fabs(north - before[i][1]) < rounding * 10.0);
        }
        assert_true(fabs(before[1][0]) > 1e-3 && fabs(before[1][1]) > 1e-3); /* both ways, though all come from one vector */
        free(out);
    }
    free(lat);
    free(lon);
    free_case(&c);
    gndp_store_free(store);
}

/* ---- What it sees --------------------------------------------------------------------------- */

static double moved(gndp_net_spec spec, void (*change)(net_case *c))
{
    gndp_store *store = make_store(&spec);
    net_case c = make_case(spec, R, N);
    double *before = output_of(&c, store);
    change(&c);
    double *after = output_of(&c, store);
    const double by = difference(before, after, out_count(&c));
    free(before);
    free(after);
    free_case(&c);
    gndp_store_free(store);
    return by;
}

static void shift_times(net_case *c)
{
    for (int64_t k = 0; k < x_count(c); k++)
        c->x[k] += 0.5;
}

static void reverse_times(net_case *c)
{
    for (int64_t k = 0; k < x_count(c); k++)
        c->x[k] *= -1.0;
}

static void shift_values(net_case *c)
{
    for (int64_t k = 0; k < y_count(c); k++)
        c->y[k] += 0.5;
}

/* Later is told from earlier also where times are relative; times themselves are seen when not centred, places always. */
static void evt_sees_order_times_and_places(void **state)
{
    (void)state;
    gndp_net_spec spec = at_times(3, 0, 1);
    assert_true(moved(spec, shift_times) > 1e-3);
    spec.centre = true;
    assert_true(moved(spec, shift_times) < rounding);
    assert_true(moved(spec, reverse_times) > 1e-3);
    assert_true(moved(spec, shift_values) > 1e-3);
}

/* Points and vectors along the first axis of R^3 stay there, and there the network is that of R^1: its parameters know nothing of n. */
static void evt_does_not_know_its_dimension(void **state)
{
    (void)state;
    const gndp_net_spec line = on_points(1, 0, 1), space = on_points(3, 0, 1);
    gndp_store *store = make_store(&line);
    net_case a = make_case(line, R, N), b = make_case(space, R, N);
    for (int64_t i = 0; i < R * N; i++)
        for (int64_t k = 0; k < 3; k++) {
            b.x[3 * i + k] = k == 0 ? a.x[i] : 0.0;
            b.y[3 * i + k] = k == 0 ? a.y[i] : 0.0;
        }
    double *one = output_of(&a, store), *three = output_of(&b, store);
    for (int64_t i = 0; i < R * N; i++) {
        assert_true(fabs(one[i] - three[3 * i]) < rounding * fmax(1.0, fabs(one[i])));
        assert_true(three[3 * i + 1] == 0.0 && three[3 * i + 2] == 0.0);
    }
    free(one);
    free(three);
    free_case(&a);
    free_case(&b);
    gndp_store_free(store);
}

/* ---- Numbers -------------------------------------------------------------------------------- */

/* Values and derivatives are finite where points, vectors and times coincide, be they 0. */
static void check_finite(gndp_net_spec spec, double value)
{
    gndp_store *store = make_store(&spec);
    net_case c = make_case(spec, R, N);
    memset(c.x, 0, (size_t)x_count(&c) * sizeof *c.x);
    for (int64_t k = 0; k < y_count(&c); k++)
        c.y[k] = value;
    gndp_graph *g = NULL;
    gndp_array out[3];
    check(gndp_graph_create(&g));
    const net_leaves l = make_leaves(g, &c);
    gndp_node wanted[3] = {gndp_net_build(g, store, &c.spec, &l.in)};
    const gndp_node leaf[] = {l.in.x, l.in.y};
    gndp_grad(g, gndp_sum_all(g, gndp_square(g, wanted[0])), leaf, 2, wanted + 1);
    run_nodes(g, wanted, 3, &l, out);
    for (int k = 0; k < 3; k++) {
        for (int64_t i = 0; i < gndp_type_count(out[k].type); i++)
            assert_true(isfinite(((double *)out[k].data)[i]));
        gndp_array_free(&out[k]);
    }
    gndp_graph_free(g);
    free_case(&c);
    gndp_store_free(store);
}

static void evt_is_finite_at_coincident_points(void **state)
{
    (void)state;
    gndp_net_spec spec = at_times(3, 0, 1);
    for (int zero = 0; zero < 2; zero++) {
        spec.axis = zero == 1;
        check_finite(on_points(2, 1, 1), zero == 1 ? 0.0 : 0.5);
        check_finite(on_points(3, 2, 0), zero == 1 ? 0.0 : 0.5);
        check_finite(spec, zero == 1 ? 0.0 : 0.5);
    }
}

static double size_at(gndp_net_spec spec, gndp_store *store, double scale)
{
    net_case c = make_case(spec, R, N);
    for (int64_t k = 0; k < y_count(&c); k++)
        c.y[k] *= scale;
    double *out = output_of(&c, store), *nothing = calloc((size_t)out_count(&c), sizeof *nothing);
    const double size = difference(out, nothing, out_count(&c)); /* infinite where anything is not finite */
    free(nothing);
    free(out);
    free_case(&c);
    return size;
}

/* Vectors times factors of inner products of y: the third power of large values, however many layers there are. */
static void evt_grows_as_the_third_power_of_outliers(void **state)
{
    (void)state;
    gndp_net_spec specs[] = {on_points(2, 0, 1), on_points(3, 1, 1), at_times(3, 0, 1)};
    for (int i = 0; i < 3; i++) {
        specs[i].layers = 4;
        gndp_store *store = make_store(&specs[i]);
        const double small = size_at(specs[i], store, 1e2), large = size_at(specs[i], store, 1e3);
        assert_true(small > 0.0 && isfinite(large) && large < 2e3 * small);
        gndp_store_free(store);
    }
}

/* Values of `from` in f64 rounded to `to` in f32. */
static void round_parameters(gndp_store *from, gndp_store *to)
{
    for (int64_t i = 0; i < gndp_store_count(from); i++) {
        gndp_array a, b;
        check(gndp_store_array(from, gndp_store_name(from, i), GNDP_SLOT_VALUE, &a));
        check(gndp_store_array(to, gndp_store_name(from, i), GNDP_SLOT_VALUE, &b));
        for (int64_t k = 0; k < gndp_type_count(a.type); k++)
            ((float *)b.data)[k] = (float)((const double *)a.data)[k];
    }
}

/* Some hundred roundings of 6e-8 each, carried through two layers. */
static void check_single(gndp_net_spec spec)
{
    gndp_net_spec single = spec;
    gndp_store *store = make_store(&spec), *rounded = NULL;
    net_case c = masked_case(spec, true);
    double *exact = output_of(&c, store);
    gndp_graph *g = NULL;
    gndp_array out;
    single.dtype = GNDP_F32;
    check(gndp_store_create(&rounded));
    check(gndp_net_add_parameters(&single, rounded));
    check(gndp_store_initialise(rounded, 5));
    round_parameters(store, rounded);
    check(gndp_graph_create(&g));
    const net_leaves l = make_leaves(g, &c);
    const gndp_net_inputs in = {.t = gndp_cast(g, l.in.t, GNDP_F32), .x = gndp_cast(g, l.in.x, GNDP_F32), .y = gndp_cast(g, l.in.y, GNDP_F32), .mask = l.in.mask};
    const gndp_node node = gndp_cast(g, gndp_net_build(g, rounded, &single, &in), GNDP_F64);
    run_nodes(g, &node, 1, &l, &out);
    const double error = difference(out.data, exact, out_count(&c)) / fmax(1.0, magnitude(exact, out_count(&c)));
    print_message("f32: error %.1e\n", error);
    assert_true(error < 1e-4);
    gndp_array_free(&out);
    gndp_graph_free(g);
    free(exact);
    free_case(&c);
    gndp_store_free(store);
    gndp_store_free(rounded);
}

static void evt_in_single_precision_is_near_that_in_double(void **state)
{
    (void)state;
    gndp_net_spec spec = at_times(3, 1, 2);
    spec.axis = true;
    check_single(spec);
    check_single(on_points(2, 1, 1));
}

/* ---- Settings ------------------------------------------------------------------------------- */

static void refuse(gndp_net_spec spec, gndp_status status, const char *part)
{
    assert_int_equal(gndp_net_check(&spec), status);
    if (strstr(gndp_last_error(), part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", gndp_last_error(), part);
}

static void evt_check_names_the_setting(void **state)
{
    (void)state;
    const gndp_net_spec good = at_times(3, 1, 2);
    gndp_net_spec bad = good;
    check(gndp_net_check(&good));
    bad = good, bad.vector_dim = 8;
    refuse(bad, GNDP_ERR_RANGE, "vector_dim = 8 of 7 components");
    bad = good, bad.vector_dim = 4;
    refuse(bad, GNDP_ERR_SHAPE, "of 7 components 1 are scalars, the other 6 make no vectors of 4 components");
    bad = good, bad.scalars = 7;
    refuse(bad, GNDP_ERR_SHAPE, "vector_dim = 3, but all 7 components are scalars");
    bad = good, bad.vector_dim = 2, bad.outputs = 3, bad.axis = true;
    refuse(bad, GNDP_ERR_SHAPE, "axis is for vectors of 3 components, not 2");
    bad = good, bad.outputs = 8;
    refuse(bad, GNDP_ERR_RANGE, "outputs = 8 of 7 components");
    bad = good, bad.outputs = -1;
    refuse(bad, GNDP_ERR_RANGE, "outputs = -1");
    bad = good, bad.outputs = 3;
    refuse(bad, GNDP_ERR_SHAPE, "outputs = 3: behind 1 scalars that is no whole number of vectors of 3 components");
    bad = good, bad.hidden = 18;
    refuse(bad, GNDP_ERR_RANGE, "hidden = 18");
    bad = good, bad.heads = 3;
    refuse(bad, GNDP_ERR_RANGE, "heads = 3: they divide hidden/4 = 4");
    bad = good, bad.heads = 0;
    refuse(bad, GNDP_ERR_RANGE, "heads = 0");
    bad = small_net("egnn", 3, 3), bad.axis = true;
    refuse(bad, GNDP_ERR_UNSUPPORTED, "egnn turns vectors with the points only");
    bad = small_net("egnn", 2, 3), bad.vector_dim = 3;
    refuse(bad, GNDP_ERR_UNSUPPORTED, "egnn turns vectors with the points only");
    bad = small_net("egnn", 2, 4), bad.outputs = 3;
    refuse(bad, GNDP_ERR_SHAPE, "egnn: outputs = 3");
    bad = good, bad.y_dim = 1 + 3 * 257;
    refuse(bad, GNDP_ERR_RANGE, "257 vectors at a point");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(evt_counts_its_parameters),
    cmocka_unit_test(evt_is_equivariant_to_turns_mirrors_and_shifts_of_points),
    cmocka_unit_test(evt_is_equivariant_to_turns_and_mirrors_of_values),
    cmocka_unit_test(evt_keeps_turns_about_the_axis_only),
    cmocka_unit_test(evt_turns_east_and_north_with_longitude),
    cmocka_unit_test(evt_sees_order_times_and_places),
    cmocka_unit_test(evt_does_not_know_its_dimension),
    cmocka_unit_test(evt_is_finite_at_coincident_points),
    cmocka_unit_test(evt_grows_as_the_third_power_of_outliers),
    cmocka_unit_test(evt_in_single_precision_is_near_that_in_double),
    cmocka_unit_test(evt_check_names_the_setting),
};
GNDP_TEST_MAIN(tests)
