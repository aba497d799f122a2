// SPDX-License-Identifier: Apache-2.0
// What fused units must get right, one case each: strided reads of long runs, copies of views, pieces of rows, parameters in place.
#include "support/test_main.h"

#include <gndp/graph.h>
#include <gndp/ops.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}


static gndp_node input(gndp_graph *g, const char *name, int rank, const int64_t *dim)
{
    return gndp_input(g, name, gndp_type_make(GNDP_F32, rank, dim));
}

static gndp_array values(gndp_type type, uint32_t tag)
{
    gndp_array a;
    check(gndp_array_create(type, &a));
    check(gndp_random_normal_f32(11, 0, 0, GNDP_STREAM(1, tag), 0, gndp_type_count(type), a.data));
    return a;
}

static void run(gndp_graph *g, const gndp_node *node, int n, const gndp_node *in, const char *const *names, int n_in, const char *device,
                bool as_made, gndp_array *out)
{
    gndp_device *d;
    gndp_plan *plan;
    gndp_feed feed[8];
    for (int k = 0; k < n_in; k++)
        feed[k] = (gndp_feed){names[k], values(gndp_node_type(in[k]), (uint32_t)k)};
    for (int k = 0; k < n; k++)
        check(gndp_array_create(gndp_node_type(node[k]), &out[k]));
    check(gndp_device_open(device, NULL, &d));
    check(gndp_plan_create(g, node, n, d, &(gndp_plan_options){.no_optimise = as_made}, &plan));
    check(gndp_plan_run(plan, feed, n_in, out, n));
    gndp_plan_free(plan);
    gndp_device_free(d);
    for (int k = 0; k < n_in; k++)
        gndp_array_free(&feed[k].array);
}

/* The CPU device, optimised or not, gives the bits of the reference. */
static void agree(gndp_graph *g, const gndp_node *node, int n, const gndp_node *in, const char *const *names, int n_in)
{
    gndp_array wanted[8], got[8];
    if (gndp_graph_status(g) != GNDP_OK)
        print_error("%s\n", gndp_graph_error(g));
    assert_int_equal(gndp_graph_status(g), GNDP_OK);
    run(g, node, n, in, names, n_in, "reference", true, wanted);
    for (int as_made = 0; as_made < 2; as_made++) {
        run(g, node, n, in, names, n_in, "cpu", as_made, got);
        for (int k = 0; k < n; k++) {
            assert_memory_equal(wanted[k].data, got[k].data, gndp_type_bytes(wanted[k].type));
            gndp_array_free(&got[k]);
        }
    }
    for (int k = 0; k < n; k++)
        gndp_array_free(&wanted[k]);
    gndp_graph_free(g);
}

static const char *const xyz[3] = {"x", "y", "z"};

static gndp_graph *graph(void)
{
    gndp_graph *g;
    check(gndp_graph_create(&g));
    return g;
}

/* Every second entry of more than a tile, as one run without rows. */
static void fusion_reads_strided_runs_longer_than_a_tile(void **state)
{
    (void)state;
    static const int64_t lengths[] = {5, 1023, 1024, 1025, 2048, 6200, 70001};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        gndp_graph *g = graph();
        const int64_t two[2] = {lengths[i], 2};
        const gndp_node x = input(g, "x", 2, two);
        const gndp_node left = gndp_slice_axis(g, x, 1, 0, 1), right = gndp_slice_axis(g, x, 1, 1, 2);
        const gndp_node out[3] = {gndp_sub(g, gndp_square(g, left), right), right, gndp_add(g, gndp_reshape(g, left, 1, lengths + i), gndp_scalar(g, GNDP_F32, 1.0))};
        agree(g, out, 3, &x, xyz, 1);
    }
}

/* Routines want dense arrays: the copy of a transpose or slice of a fused value is no part of that unit. */
static void fusion_copies_views_of_its_own_values(void **state)
{
    (void)state;
    gndp_graph *g = graph();
    const int64_t dim[2] = {60, 30}; /* axes of the transpose and of the value refine each other */
    const int32_t rows[3] = {7, 0, 29};
    const gndp_node x = input(g, "x", 2, dim), y = gndp_add(g, gndp_mul(g, x, x), x);
    const gndp_node index = gndp_constant(g, gndp_type_1d(GNDP_I32, 3), rows);
    const gndp_node out[4] = {gndp_gather(g, gndp_swap_last(g, y), index, 0), gndp_gather(g, gndp_slice_axis(g, y, 1, 0, 30), index, 0),
                              gndp_gather(g, gndp_slice_axis(g, y, 0, 10, 50), index, 1), gndp_neg(g, y)};
    agree(g, out, 4, &x, xyz, 1);
}

/* Joined rows read through other axes: outer axes merged, other row lengths in one node, padded on both sides. */
static void fusion_loads_pieces_of_rows(void **state)
{
    (void)state;
    for (int k = 0; k < 5; k++) {
        gndp_graph *g = graph();
        const int64_t dim[3] = {14, 30, 6}, flat[2] = {420, 12}, split[4] = {14, 30, 2, 6}, other[4] = {14, 5, 6, 12}, before[3] = {0, 0, 2}, after[3] = {0, 0, 4};
        const gndp_node in[2] = {input(g, "x", 3, dim), input(g, "y", 3, dim)};
        const gndp_node turned = gndp_transpose(g, gndp_transpose(g, in[1], (const int[]){1, 0, 2}), (const int[]){1, 0, 2});
        const gndp_node a = gndp_concat(g, in, 2, 2), b = gndp_pad(g, gndp_neg(g, turned), before, after);
        const gndp_node short_rows = gndp_concat(g, (const gndp_node[]){gndp_reshape(g, gndp_slice_axis(g, a, 2, 0, 4), 4, (const int64_t[]){14, 30, 2, 2}),
                                                                        gndp_reshape(g, gndp_slice_axis(g, a, 2, 4, 12), 4, (const int64_t[]){14, 30, 2, 4})}, 2, 3);
        gndp_node y;
        switch (k) {
        case 0: y = gndp_mul(g, a, b); break;
        case 1: y = gndp_mul(g, gndp_reshape(g, a, 2, flat), gndp_reshape(g, b, 2, flat)); break;
        case 2: y = gndp_mul(g, gndp_reshape(g, a, 4, split), short_rows); break;
        case 3: y = gndp_add(g, gndp_reshape(g, b, 4, other), gndp_reshape(g, a, 4, other)); break;
        default: y = gndp_add(g, gndp_reshape(g, gndp_pad(g, gndp_slice_axis(g, in[0], 0, 2, 9), before, after), 2, (const int64_t[]){210, 12}), gndp_scalar(g, GNDP_F32, 2.0)); break;
        }
        const gndp_node out[4] = {y, gndp_sub(g, y, gndp_scalar(g, GNDP_F32, 0.5)), gndp_neg(g, in[0]), gndp_neg(g, in[1])};
        agree(g, out, 4, in, xyz, 2);
    }
}

/* Sums of nested groups of rows, one of them of a product, in one walk; all exact: the entries are small integers. */
static void fusion_closes_with_nested_sums(void **state)
{
    (void)state;
    gndp_graph *g = graph();
    const int64_t dim[3] = {6, 50, 12};
    const gndp_node x = input(g, "x", 3, dim), n = gndp_floor(g, gndp_mul(g, x, gndp_scalar(g, GNDP_F32, 4.0)));
    const float w[12 * 8] = {1, 2, 3, -1, 0, 1, 2, 1, 1, 1};
    const gndp_node p = gndp_mul(g, gndp_matmul(g, n, gndp_constant(g, gndp_type_2d(GNDP_F32, 12, 8), w)), gndp_scalar(g, GNDP_F32, 2.0));
    const gndp_node out[6] = {gndp_sum(g, n, (const int[]){0}, 1, false), gndp_sum(g, n, (const int[]){0, 1}, 2, false), gndp_sum(g, n, (const int[]){1}, 1, true),
                              gndp_sum_all(g, n), gndp_sum(g, p, (const int[]){0, 1}, 2, false), gndp_sum(g, p, (const int[]){1}, 1, false)};
    agree(g, out, 6, &x, xyz, 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fusion_reads_strided_runs_longer_than_a_tile),
    cmocka_unit_test(fusion_copies_views_of_its_own_values),
    cmocka_unit_test(fusion_loads_pieces_of_rows),
    cmocka_unit_test(fusion_closes_with_nested_sums),
};
GNDP_TEST_MAIN(tests)
