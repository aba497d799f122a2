// SPDX-License-Identifier: Apache-2.0
// Integer routines, casts, copies and reductions of the tile tables at every SIMD level.
#include "support/test_main.h"

#include "tile_levels.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { F32 = 0, F64 = 1, MOST = 100 };

static int32_t i32_value(gndp_tile_i32 op, int32_t a, int32_t b, int32_t c)
{
    switch (op) {
    case GNDP_TILE_I32_ADD:
        return (int32_t)((int64_t)a + b);
    case GNDP_TILE_I32_SUB:
        return (int32_t)((int64_t)a - b);
    case GNDP_TILE_I32_MUL:
        return (int32_t)((int64_t)a * b);
    case GNDP_TILE_I32_MIN:
        return a < b ? a : b;
    case GNDP_TILE_I32_MAX:
        return a > b ? a : b;
    case GNDP_TILE_I32_LESS:
        return a < b;
    case GNDP_TILE_I32_LESS_EQUAL:
        return a <= b;
    case GNDP_TILE_I32_EQUAL:
        return a == b;
    case GNDP_TILE_I32_NOT_EQUAL:
        return a != b;
    case GNDP_TILE_I32_AND:
        return a && b;
    case GNDP_TILE_I32_OR:
        return a || b;
    case GNDP_TILE_I32_NOT:
        return !a;
    case GNDP_TILE_I32_SELECT:
        return a ? b : c;
    default:
        return -99;
    }
}

static void tile_data_integers_match_plain_c(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    int32_t v[3][MOST], y[MOST + 1];
    (void)state;
    for (uint32_t i = 0; i < MOST; i++)
        for (uint32_t k = 0; k < 3; k++)
            v[k][i] =
                i % 4 == 0 ? (int32_t)(stream_word(i, k) % 3) - 1 : (int32_t)stream_word(i, k);
    v[0][5] = v[1][6] = INT32_MIN, v[1][5] = v[0][6] = INT32_MAX;
    for (int k = 0; k < levels; k++)
        for (int op = 0; op < GNDP_TILE_I32_COUNT; op++)
            for (int bits = 0; bits < 8; bits++)
                for (int64_t n = 0; n <= MOST; n += n < 35 ? 1 : 13) {
                    y[n] = 77;
                    table[k]->i32[op](n, v[0], v[1], v[2], bits, NULL, y);
                    assert_int_equal(y[n], 77);
                    for (int64_t i = 0; i < n; i++)
                        if (y[i] != i32_value((gndp_tile_i32)op, v[0][bits & 1 ? i : 0],
                                              v[1][bits & 2 ? i : 0], v[2][bits & 4 ? i : 0]))
                            fail_msg("i32 op %d at %s, operands %d: element %d of %d", op,
                                     table[k]->name, bits, (int)i, (int)n);
                    memcpy(y, v[0], sizeof v[0]);
                    table[k]->i32[op](n, y, v[1], v[2], bits | 1, NULL, y); /* in place */
                    for (int64_t i = 0; i < n; i++)
                        assert_int_equal(y[i],
                                         i32_value((gndp_tile_i32)op, v[0][i],
                                                   v[1][bits & 2 ? i : 0], v[2][bits & 4 ? i : 0]));
                }
}

static void tile_data_casts_round_and_truncate(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    const double d[] = {0.0,           -0.0,           1.5,          -1.5,         2.999999,
                        -2147483648.0, -2147483648.75, 2147483647.5, 2147483648.0, 1e30,
                        -1e30,         HUGE_VAL,       -HUGE_VAL,    (double)NAN,  0.1,
                        1 + 0x1p-24,   1 + 0x1.8p-23,  16777217,     -0.999};
    enum { N = sizeof d / sizeof *d };
    float f[N];
    const int32_t i32[N] = {0, 1, -1, INT32_MAX, INT32_MIN, 16777217, -16777219, 33554435};
    (void)state;
    for (int i = 0; i < N; i++)
        f[i] = (float)d[i];
    for (int k = 0; k < levels; k++) {
        float yf[N];
        double yd[N];
        int32_t yi[N], yj[N];
        table[k]->cast[F64][F32](N, d, NULL, NULL, 1, NULL, yf);
        table[k]->cast[F32][F64](N, f, NULL, NULL, 1, NULL, yd);
        table[k]->cast[F64][2](N, d, NULL, NULL, 1, NULL, yi);
        table[k]->cast[F32][2](N, f, NULL, NULL, 1, NULL, yj);
        for (int i = 0; i < N; i++) {
            const bool fits = d[i] > -2147483649.0 && d[i] < 2147483648.0;
            const double g = (double)f[i];
            assert_true(memcmp(&yf[i], &f[i], 4) == 0 || (isnan(yf[i]) && isnan(f[i])));
            assert_true(memcmp(&yd[i], &g, 8) == 0 || (isnan(yd[i]) && isnan(g)));
            assert_int_equal(yi[i], fits ? (int32_t)d[i] : INT32_MIN);
            assert_int_equal(yj[i],
                             g >= -2147483648.0 && g < 2147483648.0 ? (int32_t)g : INT32_MIN);
        }
        table[k]->cast[2][F32](N, i32, NULL, NULL, 1, NULL, yf);
        table[k]->cast[2][F64](N, i32, NULL, NULL, 1, NULL, yd);
        for (int i = 0; i < N; i++) {
            assert_true(yf[i] == (float)i32[i]);
            assert_true(yd[i] == (double)i32[i]);
        }
        table[k]->cast[F64][F32](N, &d[14], NULL, NULL, 0, NULL, yf); /* one value */
        table[k]->cast[F64][F64](N, d, NULL, NULL, 1, NULL, yd);      /* a copy */
        table[k]->cast[2][2](N, &i32[3], NULL, NULL, 0, NULL, yi);    /* a fill */
        assert_memory_equal(yd, d, sizeof d);
        for (int i = 0; i < N; i++) {
            assert_true(yf[i] == 0.1f);
            assert_int_equal(yi[i], INT32_MAX);
        }
    }
}

static void tile_data_rows_are_copied_and_filled(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    static double src[20 * 90], dst[20 * 90 + 1];
    (void)state;
    for (int i = 0; i < 20 * 90; i++)
        src[i] = i + 0.5;
    for (int k = 0; k < levels; k++)
        for (int dtype = 0; dtype < 3; dtype++)
            for (int64_t cols = 0; cols < 90; cols += cols < 20 ? 1 : 23)
                for (int64_t stride = 0; stride < 91; stride += 45) {
                    const size_t size = dtype == GNDP_F64 ? 8 : 4;
                    const int64_t rows = 9;
                    const char *from = (const char *)src;
                    char *to = (char *)dst;
                    memset(dst, 0x5a, sizeof dst);
                    table[k]->copy_rows[dtype](rows, cols, src, stride, dst);
                    for (int64_t r = 0; r < rows; r++)
                        assert_memory_equal(to + (size_t)(r * cols) * size,
                                            from + (size_t)(r * stride) * size,
                                            (size_t)cols * size);
                    assert_int_equal(to[(size_t)(rows * cols) * size], 0x5a);
                    table[k]->fill_rows[dtype](rows, cols, src, stride, dst);
                    for (int64_t i = 0; i < rows * cols; i++)
                        assert_memory_equal(to + (size_t)i * size,
                                            from + (size_t)(i / cols * stride) * size, size);
                    assert_int_equal(to[(size_t)(rows * cols) * size], 0x5a);
                }
}

/* Sums of small integers are exact in any order, so they tell whether each element is taken once;
   the order is told by cancelling terms, against the one that tile_ops.h states. */
static double stated_order(const float *x, int64_t n, int64_t w)
{
    float lane[4][16] = {{0}}, sum[16];
    for (int64_t i = 0; i < n; i++)
        lane[i / w % 4][i % w] += x[i];
    for (int64_t j = 0; j < w; j++)
        sum[j] = (lane[0][j] + lane[1][j]) + (lane[2][j] + lane[3][j]);
    for (int64_t h = w / 2; h > 0; h /= 2)
        for (int64_t j = 0; j < h; j++)
            sum[j] += sum[j + h];
    return (double)sum[0];
}

static void tile_data_sums_have_the_stated_order(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    static float x[6 * 300], columns[300], rows_sum[6];
    static double xd[6 * 300], columns_d[300], rows_d[6];
    const int64_t lanes[4] = {1, 4, 8, 16};
    (void)state;
    for (int k = 0; k < levels; k++)
        for (int64_t cols = 1; cols < 300; cols += cols < 140 ? 1 : 37) {
            for (int64_t i = 0; i < 6 * cols; i++) {
                xd[i] = (double)(stream_word((uint32_t)i, 3) % 1000) - 500;
                x[i] = (float)ldexp((double)stream_word((uint32_t)i, 4) - 0x1p31,
                                    (int)(stream_word((uint32_t)i, 5) % 30) - 40);
            }
            for (int r = 0; r < 6; r++)
                rows_sum[r] = (float)r, rows_d[r] = r;
            table[k]->row_sum[F32](6, cols, x, rows_sum);
            table[k]->row_sum[F64](6, cols, xd, rows_d);
            for (int r = 0; r < 6; r++) {
                double sum = r;
                for (int64_t c = 0; c < cols; c++)
                    sum += xd[r * cols + c];
                assert_true(rows_d[r] == sum);
                assert_true(rows_sum[r] ==
                            (float)r + (float)stated_order(x + r * cols, cols, lanes[k]));
            }
            for (int64_t c = 0; c < cols; c++)
                columns[c] = 0.25f, columns_d[c] = 0.25;
            table[k]->col_sum[F32](6, cols, x, columns);
            table[k]->col_sum[F64](6, cols, xd, columns_d);
            for (int64_t c = 0; c < cols; c++) {
                float sum = 0.25f;
                double sum_d = 0.25;
                for (int r = 0; r < 6; r++) {
                    sum += x[r * cols + c];
                    sum_d += xd[r * cols + c];
                }
                assert_true(columns[c] == sum);
                assert_true(columns_d[c] == sum_d);
            }
        }
}

static void tile_data_row_max_finds_the_largest_and_nan(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    (void)state;
    for (int k = 0; k < levels; k++)
        for (int64_t cols = 1; cols < 70; cols++)
            for (int64_t at = 0; at < cols; at++) {
                float x[3 * 70], y[3] = {-INFINITY, -INFINITY, 1e9f};
                double xd[3 * 70], yd[3] = {-HUGE_VAL, -HUGE_VAL, 1e9};
                for (int64_t i = 0; i < 3 * cols; i++)
                    x[i] = -(float)(1 + stream_word((uint32_t)i, 6) % 99);
                x[at] = -0.5f;
                x[cols + at] = NAN;
                for (int64_t i = 0; i < 3 * cols; i++)
                    xd[i] = (double)x[i];
                table[k]->row_max[F32](3, cols, x, y);
                table[k]->row_max[F64](3, cols, xd, yd);
                assert_true(y[0] == -0.5f && isnan(y[1]) && y[2] == 1e9f);
                assert_true(yd[0] == -0.5 && isnan(yd[1]) && yd[2] == 1e9);
            }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tile_data_integers_match_plain_c),
    cmocka_unit_test(tile_data_casts_round_and_truncate),
    cmocka_unit_test(tile_data_rows_are_copied_and_filled),
    cmocka_unit_test(tile_data_sums_have_the_stated_order),
    cmocka_unit_test(tile_data_row_max_finds_the_largest_and_nan),
};

GNDP_TEST_MAIN(tests)
