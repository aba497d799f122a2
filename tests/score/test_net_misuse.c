// SPDX-License-Identifier: Apache-2.0
// Wrong settings and inputs of networks: status, and a message that names what is wrong.
#include "score/net_case.h"

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void net_find_lists_names_nearest_first(void **state)
{
    (void)state;
    const gndp_net_info *info = gndp_net_get(0);
    assert_int_equal(gndp_net_find("multi_atention", &info), GNDP_ERR_NOT_FOUND);
    assert_null(info);
    assert_says(gndp_last_error(), "there is no network 'multi_atention'; there are: multi_attention, ");
    assert_int_equal(gndp_net_find("bi-attention", &info), GNDP_ERR_NOT_FOUND);
    assert_says(gndp_last_error(), "there are: bi_attention, ");
    assert_int_equal(gndp_net_find("", &info), GNDP_ERR_NOT_FOUND);
    assert_int_equal(gndp_net_find(NULL, &info), GNDP_ERR_ARG);
    assert_int_equal(gndp_net_find("bi_attention", NULL), GNDP_ERR_ARG);
}

static void refuse(gndp_net_spec spec, gndp_status status, const char *part)
{
    gndp_store *store = NULL;
    assert_int_equal(gndp_net_check(&spec), status);
    assert_says(gndp_last_error(), part);
    assert_int_equal(gndp_net_parameters(&spec), -1);
    check(gndp_store_create(&store));
    assert_int_equal(gndp_net_add_parameters(&spec, store), status);
    assert_int_equal(gndp_store_count(store), 0);
    gndp_store_free(store);
}

static void net_check_names_the_setting(void **state)
{
    (void)state;
    const gndp_net_spec good = small_net("multi_attention", 2, 3);
    gndp_net_spec bad = good;
    check(gndp_net_check(&good));
    strcpy(bad.kind, "attention");
    refuse(bad, GNDP_ERR_NOT_FOUND, "no network 'attention'");
    memset(bad.kind, 'a', sizeof bad.kind);
    refuse(bad, GNDP_ERR_ARG, "kind does not end");
    bad = good, bad.layers = 0;
    refuse(bad, GNDP_ERR_RANGE, "layers = 0");
    bad = good, bad.hidden = 7;
    refuse(bad, GNDP_ERR_RANGE, "hidden = 7: it is even");
    bad = good, bad.hidden = INT64_MAX - 1;
    refuse(bad, GNDP_ERR_RANGE, "hidden = 9223372036854775806");
    bad = good, bad.heads = 3;
    refuse(bad, GNDP_ERR_RANGE, "heads = 3: they divide 2 hidden = 32");
    bad = good, bad.heads = 0;
    refuse(bad, GNDP_ERR_RANGE, "heads = 0");
    bad = good, bad.x_dim = 0;
    refuse(bad, GNDP_ERR_RANGE, "x_dim = 0");
    bad = good, bad.y_dim = -1;
    refuse(bad, GNDP_ERR_RANGE, "y_dim = -1");
    bad = good, bad.y_scale = 0.0;
    refuse(bad, GNDP_ERR_RANGE, "y_scale = 0");
    bad = good, bad.time_scale = (double)NAN;
    refuse(bad, GNDP_ERR_RANGE, "time_scale = nan");
    bad = good, bad.dtype = GNDP_I32;
    refuse(bad, GNDP_ERR_TYPE, "dtype is i32");
    bad = small_net("bi_attention", 2, 2);
    refuse(bad, GNDP_ERR_SHAPE, "one component, y_dim = 2");
    assert_int_equal(gndp_net_check(NULL), GNDP_ERR_ARG);
    assert_int_equal(gndp_net_add_parameters(&good, NULL), GNDP_ERR_ARG);
}

static void net_refuses_to_add_twice(void **state)
{
    (void)state;
    const gndp_net_spec spec = small_net("bi_attention", 1, 1);
    gndp_store *store = make_store(&spec);
    assert_int_equal(gndp_net_add_parameters(&spec, store), GNDP_ERR_ARG);
    gndp_store_free(store);
}

/* What is wrong with the inputs of an otherwise good network. */
typedef enum fault { NO_FAULT, SHAPE_X, SHAPE_T, TYPE_Y, RANK_Y, NO_POINT, TYPE_MASK, STRAY_FLAG, NO_FLAG, NO_X } fault;

static void build_with(fault what, gndp_status status, const char *part)
{
    gndp_net_spec spec = small_net("multi_attention", 2, 3);
    gndp_graph *g = NULL;
    spec.context_flag = what == NO_FLAG;
    gndp_store *store = make_store(&spec);
    check(gndp_graph_create(&g));
    const int64_t n = what == NO_POINT ? 0 : 4;
    gndp_net_inputs in = {
        .t = gndp_input(g, "t", gndp_type_1d(GNDP_F64, what == SHAPE_T ? 2 : 3)),
        .x = what == NO_X ? GNDP_NONE : gndp_input(g, "x", gndp_type_3d(GNDP_F64, 3, n, what == SHAPE_X ? 3 : 2)),
        .y = what == RANK_Y ? gndp_input(g, "y", gndp_type_2d(GNDP_F64, 3, 4))
                            : gndp_input(g, "y", gndp_type_3d(what == TYPE_Y ? GNDP_F32 : GNDP_F64, 3, n, 3)),
        .mask = gndp_input(g, "mask", gndp_type_2d(what == TYPE_MASK ? GNDP_F64 : GNDP_I32, 3, n))};
    if (what == STRAY_FLAG)
        in.flag = gndp_input(g, "flag", gndp_type_2d(GNDP_F64, 3, n));
    const gndp_node out = gndp_net_build(g, store, &spec, &in);
    assert_int_equal(gndp_graph_status(g), status);
    assert_int_equal(gndp_is_none(out), status != GNDP_OK);
    assert_says(gndp_graph_error(g), part);
    if (status != GNDP_OK)
        assert_says(gndp_graph_error(g), "test_net_misuse.c");
    gndp_graph_free(g);
    gndp_store_free(store);
}

static void net_build_names_the_input(void **state)
{
    (void)state;
    build_with(NO_FAULT, GNDP_OK, "");
    build_with(SHAPE_X, GNDP_ERR_SHAPE, "x is f64[3,4,3], the network takes f64[3,4,2]");
    build_with(SHAPE_T, GNDP_ERR_SHAPE, "t is f64[2], the network takes f64[3]");
    build_with(TYPE_Y, GNDP_ERR_TYPE, "y is f32[3,4,3], the network takes f64[3,4,3]");
    build_with(RANK_Y, GNDP_ERR_SHAPE, "y is f64[3,4]");
    build_with(NO_POINT, GNDP_ERR_SHAPE, "no point");
    build_with(TYPE_MASK, GNDP_ERR_TYPE, "mask is f64[3,4], the network takes i32[3,4]");
    build_with(STRAY_FLAG, GNDP_ERR_ARG, "context_flag is off");
    build_with(NO_FLAG, GNDP_ERR_ARG, "context_flag is on");
    build_with(NO_X, GNDP_ERR_ARG, "net: argument 2 is no node");
}

static void net_build_refuses_bad_settings_and_stores(void **state)
{
    (void)state;
    gndp_net_spec spec = small_net("multi_attention", 2, 3);
    net_case c = make_case(spec, 2, 4);
    gndp_store *empty = NULL;
    check(gndp_store_create(&empty));
    for (int k = 0; k < 4; k++) {
        gndp_graph *g = NULL;
        check(gndp_graph_create(&g));
        const net_leaves l = make_leaves(g, &c);
        spec.layers = k == 0 ? -3 : 2;
        assert_true(gndp_is_none(gndp_net_build(g, k == 1 ? NULL : empty, &spec, k == 2 ? NULL : &l.in)));
        static const gndp_status expected[] = {GNDP_ERR_RANGE, GNDP_ERR_ARG, GNDP_ERR_ARG, GNDP_ERR_NOT_FOUND};
        static const char *const parts[] = {"layers = -3", "store is NULL", "inputs are NULL", "no parameter \"embed/weight\""};
        assert_int_equal(gndp_graph_status(g), expected[k]);
        assert_says(gndp_graph_error(g), parts[k]);
        assert_true(gndp_is_none(gndp_net_build(g, empty, &spec, &l.in))); /* errors stick */
        gndp_graph_free(g);
    }
    gndp_store_free(empty);
    free_case(&c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(net_find_lists_names_nearest_first),
    cmocka_unit_test(net_check_names_the_setting),
    cmocka_unit_test(net_refuses_to_add_twice),
    cmocka_unit_test(net_build_names_the_input),
    cmocka_unit_test(net_build_refuses_bad_settings_and_stores),
};
GNDP_TEST_MAIN(tests)
