// SPDX-License-Identifier: Apache-2.0
// Every row of the table of networks: parameter counts, symmetries, padding, flags, scales, the start at zero.
#include "score/net_case.h"

/* Sums in another order: some 100 roundings of numbers of order one. */
static const double rounding = 1e-12;

enum { R = 3, N = 9 };

/* ---- Table and counts ----------------------------------------------------------------------- */

static void net_finds_every_row(void **state)
{
    (void)state;
    assert_true(gndp_net_count() >= 3);
    for (int i = 0; i < gndp_net_count(); i++) {
        const gndp_net_info *info = NULL, *row = gndp_net_get(i);
        check(gndp_net_find(row->name, &info));
        assert_ptr_equal(info, row);
        assert_string_equal(row->defaults.kind, row->name);
        check(gndp_net_check(&row->defaults));
        assert_true(strlen(row->text) > 10);
    }
    assert_null(gndp_net_get(-1));
    assert_null(gndp_net_get(gndp_net_count()));
}

static int64_t parameters(const char *kind, int64_t x_dim, int64_t y_dim, int64_t layers, int64_t hidden)
{
    gndp_net_spec spec = small_net(kind, x_dim, y_dim);
    spec.layers = layers;
    spec.hidden = hidden;
    return gndp_net_parameters(&spec);
}

/* L (21 H^2 + 17 H) + 3 H + H^2 + 2 H + 1 and L (11 H^2 + 9 H) + (D + P + 1) H + H^2 + H + P (H + 1); mlp: L (4 H^2 + 4 H) and the same beside. */
static void net_counts_parameters_of_the_literature(void **state)
{
    (void)state;
    assert_int_equal(parameters("bi_attention", 1, 1, 5, 64), 439937);
    assert_int_equal(parameters("bi_attention", 2, 1, 4, 64), 352833);
    assert_int_equal(parameters("bi_attention", 3, 1, 2, 128), 709505);
    assert_int_equal(parameters("bi_attention_multi", 2, 2, 5, 64), 439937);
    assert_int_equal(parameters("multi_attention", 2, 2, 5, 128), 924290);
    assert_int_equal(parameters("multi_attention", 1, 3, 5, 128), 924419);
    assert_int_equal(parameters("mlp", 1, 3, 4, 128), 281731);
}

static void net_counts_what_it_adds(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++)
        for (int flag = 0; flag < 2; flag++) {
            gndp_net_spec spec = net_of_kind(i, 2);
            spec.context_flag = flag == 1;
            gndp_store *store = make_store(&spec);
            assert_int_equal(gndp_net_parameters(&spec), gndp_store_size(store));
            gndp_store_free(store);
        }
}

static void net_starts_as_zero(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++) {
        const gndp_net_spec spec = net_of_kind(i, 2);
        gndp_store *store = NULL;
        check(gndp_store_create(&store));
        check(gndp_net_add_parameters(&spec, store));
        check(gndp_store_initialise(store, 5));
        net_case c = make_case(spec, R, N);
        double *out = output_of(&c, store);
        assert_true(magnitude(out, out_count(&c)) == 0.0);
        free(out);
        free_case(&c);
        gndp_store_free(store);
    }
}

/* ---- Symmetries ----------------------------------------------------------------------------- */

/* Row i of the points is row (5 i + 2) mod N of before. */
static void permute_points(const double *from, double *to, int64_t width)
{
    for (int64_t b = 0; b < R; b++)
        for (int64_t i = 0; i < N; i++)
            memcpy(to + (b * N + i) * width, from + (b * N + (5 * i + 2) % N) * width, (size_t)width * sizeof *to);
}

static void net_is_equivariant_to_permuted_points(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++) {
        gndp_net_spec spec = net_of_kind(i, 2);
        spec.context_flag = true;
        gndp_store *store = make_store(&spec);
        net_case c = make_case(spec, R, N), moved = copy_case(&c);
        double *out = output_of(&c, store), *expected = calloc((size_t)out_count(&c), sizeof *expected);
        permute_points(c.x, moved.x, spec.x_dim);
        permute_points(c.y, moved.y, spec.y_dim);
        permute_points(c.flag, moved.flag, 1);
        permute_points(out, expected, gndp_net_outputs(&spec));
        double *got = output_of(&moved, store);
        assert_true(difference(out, expected, out_count(&c)) > 1e-3); /* the points differ */
        assert_true(difference(got, expected, out_count(&c)) < rounding * fmax(1.0, magnitude(out, out_count(&c))));
        free(out);
        free(got);
        free(expected);
        free_case(&c);
        free_case(&moved);
        gndp_store_free(store);
    }
}

/* Column k is column (k + 1) mod width of before. */
static void turn_columns(double *a, int64_t rows, int64_t width)
{
    for (int64_t i = 0; i < rows; i++) {
        const double first = a[i * width];
        memmove(a + i * width, a + i * width + 1, (size_t)(width - 1) * sizeof *a);
        a[i * width + width - 1] = first;
    }
}

static void net_is_invariant_to_permuted_dims_when_it_says_so(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++) {
        const gndp_net_spec spec = net_of_kind(i, 3);
        gndp_store *store = make_store(&spec);
        net_case c = make_case(spec, R, N);
        double *out = output_of(&c, store);
        turn_columns(c.x, R * N, 3);
        double *got = output_of(&c, store);
        const double moved = difference(got, out, out_count(&c));
        const gndp_net_info *info = NULL;
        check(gndp_net_find(spec.kind, &info));
        assert_true(info->permutes_x ? moved < rounding : moved > 1e-3);
        free(out);
        free(got);
        free_case(&c);
        gndp_store_free(store);
    }
}

static void net_is_equivariant_to_permuted_components_when_pairs_are_tokens(void **state)
{
    (void)state;
    const gndp_net_spec spec = small_net("bi_attention_multi", 2, 3);
    gndp_store *store = make_store(&spec);
    net_case c = make_case(spec, R, N);
    double *out = output_of(&c, store);
    turn_columns(c.y, R * N, 3);
    double *got = output_of(&c, store);
    assert_true(difference(got, out, out_count(&c)) > 1e-3);
    turn_columns(out, R * N, 3);
    assert_true(difference(got, out, out_count(&c)) < rounding);
    free(out);
    free(got);
    free_case(&c);
    gndp_store_free(store);
}

/* With one component the pairs are the dimensions: bit for bit the scalar network. */
static void net_of_pairs_is_that_of_dims_when_one_component(void **state)
{
    (void)state;
    const gndp_net_spec pairs = small_net("bi_attention_multi", 2, 1), dims = small_net("bi_attention", 2, 1);
    gndp_store *store = make_store(&pairs);
    net_case a = make_case(pairs, R, N), b = make_case(dims, R, N);
    double *one = output_of(&a, store), *other = output_of(&b, store);
    assert_memory_equal(one, other, (size_t)out_count(&a) * sizeof *one);
    free(one);
    free(other);
    free_case(&a);
    free_case(&b);
    gndp_store_free(store);
}

/* By how much the output moves when all points are shifted, each realization by its own vector. */
static double moved_by_shift(gndp_net_spec spec, bool masked)
{
    gndp_store *store = make_store(&spec);
    net_case c = make_case(spec, R, N);
    c.masked = masked;
    for (int64_t k = 2; k < R * N; k += 4)
        c.mask[k] = 0;
    double *out = output_of(&c, store);
    for (int64_t k = 0; k < x_count(&c); k++)
        c.x[k] += 0.25 * (double)(k % spec.x_dim + 1) + (double)(k / (N * spec.x_dim));
    double *got = output_of(&c, store);
    const double moved = difference(got, out, out_count(&c));
    free(out);
    free(got);
    free_case(&c);
    gndp_store_free(store);
    return moved;
}

/* Centred coordinates carry the rounding of shifts of order 3. */
static void net_is_invariant_to_translations_when_centred(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++) {
        gndp_net_spec spec = net_of_kind(i, 2);
        spec.centre = true;
        assert_true(moved_by_shift(spec, false) < 10.0 * rounding);
        assert_true(moved_by_shift(spec, true) < 10.0 * rounding);
    }
    for (int i = 0; i < 3; i++) { /* attention sees places when not centred */
        gndp_net_spec spec = net_of_kind(i, 2);
        spec.centre = false;
        assert_true(moved_by_shift(spec, false) > 1e-3);
    }
}

/* ---- Padding -------------------------------------------------------------------------------- */

static void net_keeps_padding_out(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++) {
        gndp_net_spec spec = net_of_kind(i, 2);
        spec.context_flag = spec.centre = true;
        gndp_store *store = make_store(&spec);
        net_case c = make_case(spec, R, N);
        c.masked = true;
        for (int64_t k = 0; k < R * N; k++)
            c.mask[k] = k / N == 2 ? 0 : k % N < N - 2 * (k / N); /* 9 points, 7, none */
        const int64_t outputs = gndp_net_outputs(&spec);
        double *out = output_of(&c, store);
        for (int64_t k = 0; k < R * N; k++) {
            c.mask[k] *= 7; /* any value that is not 0 keeps a point */
            if (c.mask[k] != 0)
                continue;
            for (int64_t j = 0; j < spec.x_dim; j++)
                c.x[k * spec.x_dim + j] = j == 0 ? (double)NAN : (double)INFINITY;
            for (int64_t j = 0; j < spec.y_dim; j++)
                c.y[k * spec.y_dim + j] = (double)NAN;
            c.flag[k] = (double)NAN;
        }
        double *got = output_of(&c, store);
        assert_memory_equal(out, got, (size_t)out_count(&c) * sizeof *out);
        assert_true(magnitude(out, N * outputs) > 1e-3);
        for (int64_t k = 0; k < out_count(&c); k++)
            assert_true(c.mask[k / outputs] != 0 || out[k] == 0.0);
        free(out);
        free(got);
        free_case(&c);
        gndp_store_free(store);
    }
}

static void net_with_padding_is_that_of_fewer_points(void **state)
{
    (void)state;
    enum { KEPT = 5 };
    for (int i = 0; i < net_kinds(); i++) {
        gndp_net_spec spec = net_of_kind(i, 2);
        spec.centre = true;
        gndp_store *store = make_store(&spec);
        net_case part = make_case(spec, R, KEPT), whole = make_case(spec, R, N);
        const int64_t d = spec.x_dim, p = spec.y_dim, q = gndp_net_outputs(&spec);
        whole.masked = true;
        for (int64_t b = 0; b < R; b++) {
            memcpy(whole.x + b * N * d, part.x + b * KEPT * d, (size_t)(KEPT * d) * sizeof *whole.x);
            memcpy(whole.y + b * N * p, part.y + b * KEPT * p, (size_t)(KEPT * p) * sizeof *whole.y);
            for (int64_t k = KEPT; k < N; k++)
                whole.mask[b * N + k] = 0;
        }
        double *few = output_of(&part, store), *many = output_of(&whole, store);
        for (int64_t b = 0; b < R; b++)
            assert_true(difference(few + b * KEPT * q, many + b * N * q, KEPT * q) < rounding);
        free(few);
        free(many);
        free_case(&part);
        free_case(&whole);
        gndp_store_free(store);
    }
}

/* ---- Inputs and settings -------------------------------------------------------------------- */

static void net_repeats_shared_points(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++)
        for (int masked = 0; masked < 2; masked++) {
            const gndp_net_spec spec = net_of_kind(i, 2);
            gndp_store *store = make_store(&spec);
            net_case c = make_case(spec, R, N);
            c.masked = masked == 1;
            c.mask[4] = 0;
            for (int64_t b = 1; b < R; b++)
                memcpy(c.x + b * N * spec.x_dim, c.x, (size_t)(N * spec.x_dim) * sizeof *c.x);
            double *repeated = output_of(&c, store);
            c.shared = true;
            double *shared = output_of(&c, store);
            assert_true(difference(repeated, shared, out_count(&c)) < rounding);
            free(repeated);
            free(shared);
            free_case(&c);
            gndp_store_free(store);
        }
}

static void net_sees_the_context_flag(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++) {
        gndp_net_spec spec = net_of_kind(i, 2);
        spec.context_flag = true;
        gndp_store *store = make_store(&spec);
        net_case c = make_case(spec, R, N);
        double *out = output_of(&c, store);
        c.flag[1] = 1.0 - c.flag[1];
        double *got = output_of(&c, store);
        const int64_t first = N * gndp_net_outputs(&spec);
        assert_true(difference(got, out, first) > 1e-4);
        /* realizations are apart */
        assert_true(difference(got + first, out + first, (R - 1) * first) == 0.0);
        free(out);
        free(got);
        free_case(&c);
        gndp_store_free(store);
    }
}

/* net(time_scale t, y / y_scale): 4 and 8 divide and multiply without rounding. */
static void net_scales_time_and_values(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++) {
        gndp_net_spec spec = net_of_kind(i, 2);
        gndp_store *store = make_store(&spec);
        net_case c = make_case(spec, R, N);
        c.spec.y_scale = 4.0;
        c.spec.time_scale = 8.0;
        double *scaled = output_of(&c, store);
        for (int64_t k = 0; k < y_count(&c); k++)
            c.y[k] /= 4.0;
        for (int64_t k = 0; k < R; k++)
            c.t[k] *= 8.0;
        c.spec = spec;
        double *plain = output_of(&c, store);
        assert_true(difference(scaled, plain, out_count(&c)) < rounding * fmax(1.0, magnitude(plain, out_count(&c))));
        free(scaled);
        free(plain);
        free_case(&c);
        gndp_store_free(store);
    }
}

/* Parameters of `from`, of those with fewer columns the first. */
static void copy_first_columns(gndp_store *from, gndp_store *to)
{
    for (int64_t i = 0; i < gndp_store_count(to); i++) {
        gndp_array a, b;
        check(gndp_store_array(from, gndp_store_name(to, i), GNDP_SLOT_VALUE, &a));
        check(gndp_store_array(to, gndp_store_name(to, i), GNDP_SLOT_VALUE, &b));
        const int64_t wide = a.type.dim[a.type.rank - 1], narrow = b.type.dim[b.type.rank - 1];
        const double *source = a.data;
        double *target = b.data;
        for (int64_t k = 0; k < gndp_type_count(b.type); k++)
            target[k] = source[k / narrow * wide + k % narrow];
    }
}

/* Fewer outputs are the first of all: the rest of the input are features. */
static void net_gives_the_first_components_when_fewer_outputs(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++) {
        gndp_net_spec spec = net_of_kind(i, 2);
        if (spec.y_dim == 1)
            continue;
        spec.y_dim = 1 + 2 * (spec.vector_dim > 0 ? spec.vector_dim : 2);
        spec.scalars = 1; /* read by equivariant networks */
        spec.outputs = 0;
        gndp_store *store = make_store(&spec);
        net_case c = make_case(spec, R, N);
        double *all = output_of(&c, store);
        const int64_t choices[] = {1, 1 + (spec.vector_dim > 0 ? spec.vector_dim : 2), spec.y_dim};
        for (int k = 0; k < 3; k++) {
            gndp_store *fewer = NULL;
            c.spec.outputs = choices[k];
            check(gndp_store_create(&fewer));
            check(gndp_net_add_parameters(&c.spec, fewer));
            check(gndp_store_initialise(fewer, 5));
            copy_first_columns(store, fewer);
            assert_int_equal(gndp_net_parameters(&c.spec), gndp_store_size(fewer));
            assert_true(gndp_store_size(fewer) <= gndp_store_size(store));
            double *first = output_of(&c, fewer);
            for (int64_t j = 0; j < out_count(&c); j++)
                assert_true(fabs(first[j] - all[j / choices[k] * spec.y_dim + j % choices[k]]) < rounding * fmax(1.0, fabs(first[j])));
            free(first);
            gndp_store_free(fewer);
        }
        free(all);
        free_case(&c);
        gndp_store_free(store);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(net_finds_every_row),
    cmocka_unit_test(net_counts_parameters_of_the_literature),
    cmocka_unit_test(net_counts_what_it_adds),
    cmocka_unit_test(net_starts_as_zero),
    cmocka_unit_test(net_is_equivariant_to_permuted_points),
    cmocka_unit_test(net_is_invariant_to_permuted_dims_when_it_says_so),
    cmocka_unit_test(net_is_equivariant_to_permuted_components_when_pairs_are_tokens),
    cmocka_unit_test(net_of_pairs_is_that_of_dims_when_one_component),
    cmocka_unit_test(net_is_invariant_to_translations_when_centred),
    cmocka_unit_test(net_keeps_padding_out),
    cmocka_unit_test(net_with_padding_is_that_of_fewer_points),
    cmocka_unit_test(net_repeats_shared_points),
    cmocka_unit_test(net_sees_the_context_flag),
    cmocka_unit_test(net_scales_time_and_values),
    cmocka_unit_test(net_gives_the_first_components_when_fewer_outputs),
};
GNDP_TEST_MAIN(tests)
