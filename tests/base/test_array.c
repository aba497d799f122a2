// SPDX-License-Identifier: Apache-2.0
// Types, sizes that cannot overflow, and host arrays.
#include "support/test_main.h"

#include <string.h>

#include "base/asan.h"
#include "base/error.h"
#include "base/memory.h"

static void type_makers_agree_and_clear_unused_dims(void **state)
{
    const int64_t dim[4] = {2, 3, 4, 5};
    (void)state;
    const gndp_type made[] = {
        gndp_type_scalar(GNDP_F64),         gndp_type_1d(GNDP_F64, 2),
        gndp_type_2d(GNDP_F64, 2, 3),       gndp_type_3d(GNDP_F64, 2, 3, 4),
        gndp_type_4d(GNDP_F64, 2, 3, 4, 5),
    };
    for (int rank = 0; rank < 5; rank++) {
        const gndp_type want = gndp_type_make(GNDP_F64, rank, dim);
        assert_true(gndp_type_equal(made[rank], want));
        assert_int_equal(made[rank].rank, rank);
        for (int i = rank; i < GNDP_MAX_RANK; i++)
            assert_int_equal(made[rank].dim[i], 0);
    }
    assert_false(gndp_type_equal(made[1], made[2]));
    assert_false(gndp_type_equal(gndp_type_1d(GNDP_F64, 2), gndp_type_1d(GNDP_F32, 2)));
    assert_false(gndp_type_equal(gndp_type_1d(GNDP_F64, 2), gndp_type_1d(GNDP_F64, 3)));
}

static void type_text_names_dtype_and_dims(void **state)
{
    char text[256];
    int64_t dim[GNDP_MAX_RANK];
    (void)state;
    snprintf(text, sizeof text, "<" GNDP_TYPE_FMT ">",
             GNDP_TYPE_ARG(gndp_type_3d(GNDP_F32, 256, 60, 128)));
    assert_string_equal(text, "<f32[256,60,128]>");
    assert_string_equal(GNDP_TYPE_ARG(gndp_type_scalar(GNDP_I32)), "i32[]");
    for (int i = 0; i < GNDP_MAX_RANK; i++)
        dim[i] = INT64_MIN; /* the longest texts there are fit */
    const gndp_type_string longest = gndp_type_text(gndp_type_make(GNDP_F64, GNDP_MAX_RANK, dim));
    assert_int_equal(strlen(longest.text), strlen("f64[]") + 8 * 20 + 7);
    assert_null(strstr(longest.text, "cut"));
    assert_string_equal(GNDP_TYPE_ARG(gndp_type_make(GNDP_F32, 9, dim)), "f32[rank -1?]");
}

static void type_count_and_bytes_are_products(void **state)
{
    (void)state;
    assert_int_equal(gndp_type_count(gndp_type_scalar(GNDP_F32)), 1);
    assert_int_equal(gndp_type_count(gndp_type_3d(GNDP_F32, 2, 3, 4)), 24);
    assert_int_equal(gndp_type_bytes(gndp_type_3d(GNDP_F32, 2, 3, 4)), 96);
    assert_int_equal(gndp_type_bytes(gndp_type_3d(GNDP_F64, 2, 3, 4)), 192);
    assert_int_equal(gndp_type_bytes(gndp_type_3d(GNDP_I32, 2, 3, 4)), 96);
    assert_int_equal(gndp_type_count(gndp_type_2d(GNDP_F32, 0, 7)), 0);
    /* a zero anywhere makes the product 0, however large the other dims */
    assert_int_equal(gndp_type_count(gndp_type_3d(GNDP_F32, INT64_MAX, INT64_MAX, 0)), 0);
}

static void type_count_reports_overflow_and_bad_shapes(void **state)
{
    const int64_t big = INT64_C(1) << 32;
    const int64_t dim[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    (void)state;
    assert_int_equal(gndp_type_count(gndp_type_2d(GNDP_F32, big, big)), -1);
    assert_true(gndp_type_bytes(gndp_type_2d(GNDP_F32, big, big)) == SIZE_MAX);
    /* 2^62 elements can be counted, their bytes cannot */
    assert_int_equal(gndp_type_count(gndp_type_2d(GNDP_F32, big, big / 4)), INT64_C(1) << 62);
    assert_true(gndp_type_bytes(gndp_type_2d(GNDP_F32, big, big / 4)) == SIZE_MAX);
    assert_int_equal(gndp_type_count(gndp_type_1d(GNDP_F32, -1)), -1);
    assert_int_equal(gndp_type_count(gndp_type_2d(GNDP_F32, 0, -1)), -1);
    assert_int_equal(gndp_type_count(gndp_type_make(GNDP_F32, 9, dim)), -1);
    assert_int_equal(gndp_type_count(gndp_type_make(GNDP_F32, -1, dim)), -1);
    assert_int_equal(gndp_type_count(gndp_type_make(GNDP_F32, 8, dim)), 1);
}

static void dtype_names_and_sizes_reject_others(void **state)
{
    (void)state;
    assert_string_equal(gndp_dtype_name(GNDP_F32), "f32");
    assert_string_equal(gndp_dtype_name(GNDP_F64), "f64");
    assert_string_equal(gndp_dtype_name(GNDP_I32), "i32");
    assert_string_equal(gndp_dtype_name((gndp_dtype)3), "?");
    assert_int_equal(gndp_dtype_size((gndp_dtype)3), 0);
}

static void array_create_gives_aligned_zeros(void **state)
{
    /* both sides of the size where huge pages begin */
    const int64_t counts[] = {0, 1, 17, 1000, (4 << 20) / 8 - 8, (4 << 20) / 8, (9 << 20) / 8 + 3};
    (void)state;
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        gndp_array a;
        assert_int_equal(gndp_array_create(gndp_type_1d(GNDP_F64, counts[k]), &a), GNDP_OK);
        assert_non_null(a.data);
        assert_non_null(a.owned);
        assert_int_equal((uintptr_t)a.data % 64, 0);
        double *x = a.data;
        for (int64_t i = 0; i < counts[k]; i++) {
            if (x[i] != 0.0)
                fail_msg("element %lld of %lld is %g", (long long)i, (long long)counts[k], x[i]);
            x[i] = 1.0; /* all of it can be written */
        }
        a.type = gndp_type_1d(GNDP_F64, 1); /* freeing does not depend on the type */
        gndp_array_free(&a);
        assert_null(a.data);
        assert_null(a.owned);
        gndp_array_free(&a); /* twice is harmless */
    }
    gndp_array_free(NULL);
}

static void array_create_reports_what_cannot_be(void **state)
{
    gndp_array a = {.data = state};
    (void)state;
    assert_int_equal(gndp_array_create(gndp_type_1d(GNDP_F32, 1), NULL), GNDP_ERR_ARG);
    assert_int_equal(gndp_array_create(gndp_type_1d((gndp_dtype)7, 1), &a), GNDP_ERR_TYPE);
    assert_null(a.data);
    assert_int_equal(gndp_array_create(gndp_type_1d(GNDP_F32, -3), &a), GNDP_ERR_RANGE);
    assert_non_null(strstr(gndp_last_error(), "f32[-3]"));
    assert_int_equal(gndp_array_create(gndp_type_1d(GNDP_F32, INT64_MAX), &a), GNDP_ERR_RANGE);
    assert_int_equal(gndp_array_create(gndp_type_1d(GNDP_F64, INT64_MAX / 8), &a), GNDP_ERR_RANGE);
    assert_null(a.data);
}

static void array_create_reports_out_of_memory(void **state)
{
    gndp_array a;
    (void)state;
    if (GNDP_HAS_ASAN)
        skip(); /* the sanitizer ends the program instead */
    const uint64_t before = gndp_alloc_count();
    assert_int_equal(gndp_array_create(gndp_type_1d(GNDP_F64, INT64_C(1) << 59), &a),
                     GNDP_ERR_NOMEM);
    assert_non_null(
        strstr(gndp_last_error(), "4611686018427387904 bytes for f64[576460752303423488]"));
    assert_null(a.data);
    assert_true(gndp_alloc_count() == before);
}

static void array_view_owns_nothing(void **state)
{
    double x[6] = {0};
    (void)state;
    gndp_array a = gndp_array_view(gndp_type_2d(GNDP_F64, 2, 3), x);
    assert_ptr_equal(a.data, x);
    assert_null(a.owned);
    gndp_array_free(&a);
    assert_null(a.data);
    x[5] = 1.0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(type_makers_agree_and_clear_unused_dims),
    cmocka_unit_test(type_text_names_dtype_and_dims),
    cmocka_unit_test(type_count_and_bytes_are_products),
    cmocka_unit_test(type_count_reports_overflow_and_bad_shapes),
    cmocka_unit_test(dtype_names_and_sizes_reject_others),
    cmocka_unit_test(array_create_gives_aligned_zeros),
    cmocka_unit_test(array_create_reports_what_cannot_be),
    cmocka_unit_test(array_create_reports_out_of_memory),
    cmocka_unit_test(array_view_owns_nothing),
};

GNDP_TEST_MAIN(tests)
