// SPDX-License-Identifier: Apache-2.0
// The equivariant network: turns, mirrors and shifts of points; scalars and vectors together.
#include "score/turns.h"

enum { R = 2, N = 7 };

static gndp_net_spec egnn(int64_t d, int64_t scalars, int64_t vectors)
{
    gndp_net_spec spec = small_net("egnn", d, scalars + vectors * d);
    spec.scalars = scalars;
    return spec;
}

static void check_equivariance(gndp_net_spec spec, double sign, bool masked)
{
    double q[MAX_D][MAX_D];
    gndp_store *store = make_store(&spec);
    net_case c = make_case(spec, R, N);
    c.masked = masked;
    for (int64_t k = 3; k < R * N; k += 4)
        c.mask[k] = 0;
    double *expected = output_of(&c, store);
    make_orthogonal(spec.x_dim, 77, sign, q);
    for (int64_t i = 0; i < R * N; i++) {
        turn(spec.x_dim, q, c.x + i * spec.x_dim);
        for (int64_t k = 0; k < spec.x_dim; k++)
            c.x[i * spec.x_dim + k] += 1.5 + (double)k;
    }
    turn_values(&spec, q, R * N, c.y, spec.y_dim);
    double *got = output_of(&c, store);
    const double unturned = difference(got, expected, y_count(&c));
    turn_values(&spec, q, R * N, expected, spec.y_dim);
    const double size = fmax(1.0, magnitude(expected, y_count(&c))), error = difference(got, expected, y_count(&c)) / size;
    print_message("D %lld, %lld scalars, P %lld: error %.1e\n", (long long)spec.x_dim, (long long)spec.scalars, (long long)spec.y_dim, error);
    assert_true(magnitude(got, y_count(&c)) > 0.05);
    assert_true(spec.y_dim == spec.scalars || sign * (double)spec.x_dim == 1.0 || unturned > 1e-3);
    assert_true(error < 1e-12); /* some hundred roundings of numbers of order one */
    free(expected);
    free(got);
    free_case(&c);
    gndp_store_free(store);
}

static void egnn_is_equivariant_to_turns_and_mirrors(void **state)
{
    (void)state;
    for (int64_t d = 1; d <= MAX_D; d++)
        for (int mirror = 0; mirror < 2; mirror++) {
            check_equivariance(egnn(d, 0, 1), mirror == 1 ? -1.0 : 1.0, false);
            check_equivariance(egnn(d, 1, 2), mirror == 1 ? -1.0 : 1.0, true);
            check_equivariance(egnn(d, 2, 0), mirror == 1 ? -1.0 : 1.0, false);
        }
}

/* Points and vectors along the first axis of R^2 or R^3 stay there, and there the network is that of R^1: its parameters
   know nothing of D. */
static void egnn_does_not_know_its_dimension(void **state)
{
    (void)state;
    const gndp_net_spec line = egnn(1, 0, 1), space = egnn(3, 0, 1);
    gndp_store *store = make_store(&line);
    net_case a = make_case(line, R, N), b = make_case(space, R, N);
    for (int64_t i = 0; i < R * N; i++)
        for (int64_t k = 0; k < 3; k++) {
            b.x[3 * i + k] = k == 0 ? a.x[i] : 0.0;
            b.y[3 * i + k] = k == 0 ? a.y[i] : 0.0;
        }
    double *one = output_of(&a, store), *three = output_of(&b, store);
    for (int64_t i = 0; i < R * N; i++) {
        assert_true(fabs(one[i] - three[3 * i]) < 1e-12);
        assert_true(three[3 * i + 1] == 0.0 && three[3 * i + 2] == 0.0);
    }
    free(one);
    free(three);
    free_case(&a);
    free_case(&b);
    gndp_store_free(store);
}

/* A neighbour beside a point, its vector along the line between them, moves the point's vector along that line even where all
   vectors are equal: directions along x, which differences of vectors alone could not give. */
static void egnn_sees_directions_between_points(void **state)
{
    (void)state;
    const gndp_net_spec spec = egnn(2, 0, 1);
    gndp_store *store = make_store(&spec);
    net_case c = make_case(spec, 1, 2);
    const double x[] = {0.0, 0.0, 1.0, 0.0}, y[] = {0.0, 0.3, 0.0, 0.3};
    memcpy(c.x, x, sizeof x);
    memcpy(c.y, y, sizeof y);
    double *out = output_of(&c, store);
    assert_true(fabs(out[0]) > 1e-3 && fabs(out[0] + out[2]) < 1e-12); /* across the vectors, opposite at the two */
    assert_true(fabs(out[1] - out[3]) < 1e-12);
    free(out);
    free_case(&c);
    gndp_store_free(store);
}

/* Values and derivatives are finite where points and vectors coincide. */
static void egnn_is_finite_at_coincident_points(void **state)
{
    (void)state;
    const gndp_net_spec spec = egnn(2, 1, 1);
    gndp_store *store = make_store(&spec);
    net_case c = make_case(spec, R, N);
    memset(c.x, 0, (size_t)x_count(&c) * sizeof *c.x);
    for (int64_t k = 0; k < y_count(&c); k++)
        c.y[k] = 0.5;
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

static void egnn_refuses_components_that_make_no_vectors(void **state)
{
    (void)state;
    gndp_net_spec spec = small_net("egnn", 2, 3);
    assert_int_equal(gndp_net_check(&spec), GNDP_ERR_SHAPE);
    assert_non_null(strstr(gndp_last_error(), "the other 3 make no vectors of 2 components"));
    spec.scalars = 1;
    check(gndp_net_check(&spec));
    spec.scalars = 4;
    assert_int_equal(gndp_net_check(&spec), GNDP_ERR_RANGE);
    spec.scalars = -1;
    assert_int_equal(gndp_net_check(&spec), GNDP_ERR_RANGE);
    spec.scalars = 1;
    spec.heads = 0;
    assert_int_equal(gndp_net_check(&spec), GNDP_ERR_RANGE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(egnn_is_equivariant_to_turns_and_mirrors),
    cmocka_unit_test(egnn_does_not_know_its_dimension),
    cmocka_unit_test(egnn_sees_directions_between_points),
    cmocka_unit_test(egnn_is_finite_at_coincident_points),
    cmocka_unit_test(egnn_refuses_components_that_make_no_vectors),
};
GNDP_TEST_MAIN(tests)
