// SPDX-License-Identifier: Apache-2.0
// The parameter store: names, slots, messages, and the laws of the initialisers.
#include <gndp/graph.h>

#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static gndp_store *new_store(void)
{
    gndp_store *store = NULL;
    assert_int_equal(gndp_store_create(&store), GNDP_OK);
    return store;
}

static void add(gndp_store *store, const char *name, gndp_type type, gndp_init_kind kind, double scale)
{
    assert_int_equal(gndp_store_add(store, name, type, (gndp_init){kind, scale}), GNDP_OK);
}

static gndp_array array_of(gndp_store *store, const char *name, gndp_slot slot)
{
    gndp_array a;
    assert_int_equal(gndp_store_array(store, name, slot, &a), GNDP_OK);
    assert_null(a.owned);
    return a;
}

static bool said(const char *words)
{
    return strstr(gndp_last_error(), words) != NULL;
}

static void store_counts_names_and_scalars(void **state)
{
    (void)state;
    gndp_store *store = new_store();
    assert_int_equal(gndp_store_count(store), 0);
    add(store, "a", gndp_type_2d(GNDP_F32, 3, 5), GNDP_INIT_ZEROS, 0.0);
    add(store, "b", gndp_type_scalar(GNDP_F64), GNDP_INIT_CONSTANT, 2.5);
    assert_int_equal(gndp_store_count(store), 2);
    assert_int_equal(gndp_store_size(store), 16);
    assert_string_equal(gndp_store_name(store, 0), "a");
    assert_string_equal(gndp_store_name(store, 1), "b");
    assert_null(gndp_store_name(store, 2));
    assert_null(gndp_store_name(store, -1));
    assert_int_equal(gndp_store_initialise(store, 1), GNDP_OK);
    assert_true(((double *)array_of(store, "b", GNDP_SLOT_VALUE).data)[0] == 2.5);
    gndp_store_free(store);
    gndp_store_free(NULL);
}

static void store_refuses_wrong_additions(void **state)
{
    (void)state;
    gndp_store *store = new_store();
    const gndp_init zeros = {GNDP_INIT_ZEROS, 0.0};
    add(store, "w", gndp_type_1d(GNDP_F32, 4), GNDP_INIT_ZEROS, 0.0);
    assert_int_equal(gndp_store_add(store, "w", gndp_type_1d(GNDP_F32, 4), zeros), GNDP_ERR_ARG);
    assert_true(said("\"w\" already"));
    assert_int_equal(gndp_store_add(store, "", gndp_type_1d(GNDP_F32, 4), zeros), GNDP_ERR_ARG);
    assert_int_equal(gndp_store_add(store, NULL, gndp_type_1d(GNDP_F32, 4), zeros), GNDP_ERR_ARG);
    assert_int_equal(gndp_store_add(store, "i", gndp_type_1d(GNDP_I32, 4), zeros), GNDP_ERR_TYPE);
    assert_true(said("i32[4]"));
    assert_int_equal(gndp_store_add(store, "z", gndp_type_2d(GNDP_F32, 4, 0), zeros), GNDP_ERR_SHAPE);
    assert_int_equal(gndp_store_add(store, "o", gndp_type_1d(GNDP_F32, 4), (gndp_init){GNDP_INIT_ORTHOGONAL, 1.0}),
                     GNDP_ERR_SHAPE);
    assert_int_equal(gndp_store_add(store, "n", gndp_type_1d(GNDP_F32, 4), (gndp_init){GNDP_INIT_NORMAL, (double)NAN}),
                     GNDP_ERR_RANGE);
    assert_int_equal(gndp_store_count(store), 1);
    gndp_store_free(store);
}

static void store_names_the_nearest_parameter(void **state)
{
    (void)state;
    gndp_store *store = new_store();
    gndp_array a;
    assert_int_equal(gndp_store_array(store, "w", GNDP_SLOT_VALUE, &a), GNDP_ERR_NOT_FOUND);
    assert_true(said("store is empty"));
    add(store, "layer0/key/weight", gndp_type_1d(GNDP_F32, 4), GNDP_INIT_ZEROS, 0.0);
    add(store, "layer0/query/weight", gndp_type_1d(GNDP_F32, 4), GNDP_INIT_ZEROS, 0.0);
    add(store, "layer1/query/weight", gndp_type_1d(GNDP_F32, 4), GNDP_INIT_ZEROS, 0.0);
    assert_int_equal(gndp_store_array(store, "layer0/qurey/weigth", GNDP_SLOT_VALUE, &a), GNDP_ERR_NOT_FOUND);
    assert_true(said("\"layer0/qurey/weigth\"") && said("nearest name is \"layer0/query/weight\""));
    assert_null(a.data);
    assert_int_equal(gndp_store_array(store, "layer1/quer/weight", GNDP_SLOT_VALUE, &a), GNDP_ERR_NOT_FOUND);
    assert_true(said("\"layer1/query/weight\""));
    gndp_store_free(store);
}

static void store_slots_are_separate_and_stay_put(void **state)
{
    (void)state;
    gndp_store *store = new_store();
    add(store, "w", gndp_type_1d(GNDP_F32, 3), GNDP_INIT_CONSTANT, 1.5);
    assert_int_equal(gndp_store_initialise(store, 1), GNDP_OK);
    void *data[GNDP_SLOT_COUNT];
    for (int s = 0; s < GNDP_SLOT_COUNT; s++) {
        const gndp_array a = array_of(store, "w", (gndp_slot)s);
        data[s] = a.data;
        assert_true(gndp_type_equal(a.type, gndp_type_1d(GNDP_F32, 3)));
        for (int r = 0; r < s; r++)
            assert_ptr_not_equal(data[s], data[r]);
        const float start = s == GNDP_SLOT_VALUE || s == GNDP_SLOT_EMA ? 1.5F : 0.0F;
        for (int i = 0; i < 3; i++)
            assert_true(((float *)a.data)[i] == start);
    }
    for (int s = 0; s < GNDP_SLOT_COUNT; s++)
        ((float *)data[s])[2] = 7.0F;
    char name[32];
    for (int i = 0; i < 200; i++) { /* grows the table */
        snprintf(name, sizeof name, "p%d", i);
        add(store, name, gndp_type_1d(GNDP_F32, 1), GNDP_INIT_ZEROS, 0.0);
    }
    assert_int_equal(gndp_store_initialise(store, 1), GNDP_OK); /* restarts every slot that exists */
    for (int s = 0; s < GNDP_SLOT_COUNT; s++) {
        const float start = s == GNDP_SLOT_VALUE || s == GNDP_SLOT_EMA ? 1.5F : 0.0F;
        assert_ptr_equal(array_of(store, "w", (gndp_slot)s).data, data[s]);
        assert_true(((float *)data[s])[2] == start);
    }
    gndp_store_free(store);
}

static void initialise_draws_follow_from_seed_and_name_alone(void **state)
{
    (void)state;
    const gndp_type type = gndp_type_2d(GNDP_F32, 17, 9);
    const size_t bytes = gndp_type_bytes(type);
    gndp_store *one = new_store(), *two = new_store();
    add(one, "w", type, GNDP_INIT_TRUNCATED_NORMAL, 1.0);
    add(two, "other", type, GNDP_INIT_NORMAL, 1.0);
    add(two, "w", type, GNDP_INIT_TRUNCATED_NORMAL, 1.0);
    add(two, "w2", type, GNDP_INIT_TRUNCATED_NORMAL, 1.0);
    assert_int_equal(gndp_store_initialise(one, 42), GNDP_OK);
    assert_int_equal(gndp_store_initialise(two, 42), GNDP_OK);
    const void *w = array_of(one, "w", GNDP_SLOT_VALUE).data;
    assert_memory_equal(w, array_of(two, "w", GNDP_SLOT_VALUE).data, bytes);
    assert_memory_not_equal(w, array_of(two, "w2", GNDP_SLOT_VALUE).data, bytes);
    assert_int_equal(gndp_store_initialise(two, 43), GNDP_OK);
    assert_memory_not_equal(w, array_of(two, "w", GNDP_SLOT_VALUE).data, bytes);
    gndp_store_free(one);
    gndp_store_free(two);
}

enum { ROWS = 400, COLS = 500, MANY = ROWS * COLS };

/* Central moments of the values, divided by `unit` to their power. */
static void moments(gndp_init_kind kind, double scale, double unit, double moment[5], double *largest)
{
    gndp_store *store = new_store();
    add(store, "w", gndp_type_2d(GNDP_F64, ROWS, COLS), kind, scale);
    assert_int_equal(gndp_store_initialise(store, 2024), GNDP_OK);
    const double *x = array_of(store, "w", GNDP_SLOT_VALUE).data;
    *largest = 0.0;
    memset(moment, 0, 5 * sizeof *moment);
    for (int i = 0; i < MANY; i++) {
        const double z = x[i] / unit;
        for (int k = 0; k < 5; k++)
            moment[k] += pow(z, k) / MANY;
        *largest = fmax(*largest, fabs(z));
    }
    gndp_store_free(store);
}

/* Mean and second moment within 4 standard errors of m2; se of z^2 from m4. False alarm 1e-4, and the seed is fixed. */
static void check_moments(const double moment[5], double m2, double m4)
{
    assert_true(fabs(moment[1]) < 4.0 * sqrt(m2 / MANY));
    assert_true(fabs(moment[2] - m2) < 4.0 * sqrt((m4 - m2 * m2) / MANY));
}

/* The stated deviation is that of the normal before it is cut: at 2 deviations m_k = (k-1) m_{k-2} - 2 2^{k-1} phi(2) / P. */
static void initialise_truncated_normal_has_its_moments(void **state)
{
    (void)state;
    const double phi2 = exp(-2.0) / sqrt(2.0 * acos(-1.0)), inside = erf(sqrt(2.0));
    const double m2 = 1.0 - 4.0 * phi2 / inside, m4 = 3.0 * m2 - 16.0 * phi2 / inside;
    double moment[5], largest;
    moments(GNDP_INIT_TRUNCATED_NORMAL, 3.0, 3.0 / sqrt((double)ROWS), moment, &largest);
    check_moments(moment, m2, m4);
    assert_true(largest <= 2.0 + 1e-12 && largest > 1.99);
}

static void initialise_normal_and_uniform_have_their_moments(void **state)
{
    (void)state;
    double moment[5], largest;
    moments(GNDP_INIT_NORMAL, 0.25, 0.25, moment, &largest);
    check_moments(moment, 1.0, 3.0);
    assert_true(largest > 3.5);
    moments(GNDP_INIT_UNIFORM, 0.25, 0.25, moment, &largest);
    check_moments(moment, 1.0 / 3.0, 1.0 / 5.0);
    assert_true(largest < 1.0 && largest > 0.999);
}

/* Rows of x [rows, cols] (or columns, when there are fewer) are orthonormal: largest |<x_i, x_j> - [i = j]|. */
static double gram_error(const double *x, int64_t rows, int64_t cols)
{
    const bool by_row = rows <= cols;
    const int64_t m = by_row ? rows : cols, n = by_row ? cols : rows;
    double worst = 0.0;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < m; j++) {
            double dot = 0.0;
            for (int64_t k = 0; k < n; k++)
                dot += by_row ? x[i * cols + k] * x[j * cols + k] : x[k * cols + i] * x[k * cols + j];
            worst = fmax(worst, fabs(dot - (i == j ? 1.0 : 0.0)));
        }
    return worst;
}

static void initialise_orthogonal_is_orthonormal_in_the_shorter_axis(void **state)
{
    (void)state;
    const int64_t shapes[][2] = {{7, 7}, {5, 40}, {40, 5}, {1, 9}, {9, 1}, {1, 1}, {64, 64}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const int64_t rows = shapes[s][0], cols = shapes[s][1];
        gndp_store *store = new_store();
        add(store, "w", gndp_type_3d(GNDP_F64, 2, rows, cols), GNDP_INIT_ORTHOGONAL, 1.0);
        add(store, "h", gndp_type_2d(GNDP_F32, rows, cols), GNDP_INIT_ORTHOGONAL, 0.5);
        assert_int_equal(gndp_store_initialise(store, 7), GNDP_OK);
        const double *x = array_of(store, "w", GNDP_SLOT_VALUE).data;
        /* Householder: error of order n eps; 64 * 2.2e-16 = 1.4e-14 */
        assert_true(gram_error(x, rows, cols) < 1e-13);
        assert_true(gram_error(x + rows * cols, rows, cols) < 1e-13);
        if (rows * cols > 1)
            assert_memory_not_equal(x, x + rows * cols, (size_t)(rows * cols) * sizeof *x);
        double norm2 = 0.0;
        const float *h = array_of(store, "h", GNDP_SLOT_VALUE).data;
        for (int64_t i = 0; i < rows * cols; i++)
            norm2 += (double)h[i] * (double)h[i];
        assert_true(fabs(norm2 / (0.25 * (double)(rows < cols ? rows : cols)) - 1.0) < 1e-5);
        gndp_store_free(store);
    }
}

/* Haar on O(3): E q_ij = 0, E q_ij^2 = 1/3, E q_ij^4 = 1/5, E trace^2 = 1, E trace^4 = 3 (invariants of two and four copies
   of the vector representation), det = 1 or -1 with equal chance. Without the sign fix E q_00 is far from 0. */
static void initialise_orthogonal_is_haar(void **state)
{
    (void)state;
    enum { DRAWS = 20000 };
    gndp_store *store = new_store();
    add(store, "w", gndp_type_3d(GNDP_F64, DRAWS, 3, 3), GNDP_INIT_ORTHOGONAL, 1.0);
    assert_int_equal(gndp_store_initialise(store, 11), GNDP_OK);
    const double *q = array_of(store, "w", GNDP_SLOT_VALUE).data;
    double mean[9] = {0}, square[9] = {0}, trace2 = 0.0, det = 0.0;
    for (int i = 0; i < DRAWS; i++, q += 9) {
        for (int k = 0; k < 9; k++) {
            mean[k] += q[k] / DRAWS;
            square[k] += q[k] * q[k] / DRAWS;
        }
        const double trace = q[0] + q[4] + q[8];
        trace2 += trace * trace / DRAWS;
        det += (q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6]) + q[2] * (q[3] * q[7] - q[4] * q[6])) /
               DRAWS;
    }
    const double root = sqrt((double)DRAWS);
    for (int k = 0; k < 9; k++) {
        assert_true(fabs(mean[k]) < 4.5 * sqrt(1.0 / 3.0) / root);              /* 9 values: 4.5 standard errors */
        assert_true(fabs(square[k] - 1.0 / 3.0) < 4.5 * sqrt(4.0 / 45.0) / root); /* E q^4 = 1/5 */
    }
    assert_true(fabs(trace2 - 1.0) < 4.0 * sqrt(2.0) / root); /* E trace^4 = 3 */
    assert_true(fabs(det) < 4.0 / root);
    gndp_store_free(store);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(store_counts_names_and_scalars),
    cmocka_unit_test(store_refuses_wrong_additions),
    cmocka_unit_test(store_names_the_nearest_parameter),
    cmocka_unit_test(store_slots_are_separate_and_stay_put),
    cmocka_unit_test(initialise_draws_follow_from_seed_and_name_alone),
    cmocka_unit_test(initialise_truncated_normal_has_its_moments),
    cmocka_unit_test(initialise_normal_and_uniform_have_their_moments),
    cmocka_unit_test(initialise_orthogonal_is_orthonormal_in_the_shorter_axis),
    cmocka_unit_test(initialise_orthogonal_is_haar),
};
GNDP_TEST_MAIN(tests)
