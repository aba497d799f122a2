// SPDX-License-Identifier: Apache-2.0
// Elementwise loops of the tile tables at every SIMD level: lengths, single-value operands,
// aliasing, untouched memory, exact formulas.
#include "support/test_main.h"

#include "tile_levels.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { F32 = 0, F64 = 1, MOST = 100, GUARD = 8 };

/* Operand k of formula `op` in either type: in the domain of every formula, with ties, zeros and
 * signs among them; ints for masks. */
typedef struct operands {
    float f[3][MOST];
    double d[3][MOST];
    int32_t mask[MOST];
} operands;

static void fill(operands *o, gndp_ew op)
{
    const bool unit = op == GNDP_EW_ARCCOS_SQ || op == GNDP_EW_ANGLE;
    for (uint32_t i = 0; i < MOST; i++) {
        for (uint32_t k = 0; k < 3; k++) {
            const double u = ldexp(stream_word(i, k), -32);
            const double wide =
                ldexp(2 * u - 1, (int)(stream_word(i, k + 20) % 60) -
                                     20); /* neighbours must not matter to methods by range */
            const double x = unit         ? u - 0.4
                             : i % 9 == 0 ? (double)(int)(i % 5) - 2
                             : i % 4 == 0 ? wide
                                          : 6 * u - 3;
            o->f[k][i] = (float)x;
            o->d[k][i] = (double)o->f[k][i];
        }
        o->mask[i] = stream_word(i, 9) % 3 == 0 ? 0 : (int32_t)stream_word(i, 10);
    }
}

static const double parameters[2] = {1.75, 2.25}, orders[2] = {4, 0};

static const double *parameters_of(gndp_ew op)
{
    return op == GNDP_EW_SPHJ || op == GNDP_EW_ANGLE ? orders : parameters;
}

static const void *operand(const operands *o, const gndp_ew_info *info, int real, int k, int64_t at)
{
    if (info->kind == 'S' && k == 0)
        return o->mask + at;
    const int r = info->kind == 'S' ? k - 1 : k;
    return real == F32 ? (const void *)(o->f[r] + at) : (const void *)(o->d[r] + at);
}

/* The value of one element, by a call of its own. */
static void one_element(const gndp_tile_table *t, gndp_ew op, int real, const operands *o,
                        const int64_t at[3], void *y)
{
    const gndp_ew_info *info = gndp_ew_info_of(op);
    t->real[real][op](1, operand(o, info, real, 0, at[0]), operand(o, info, real, 1, at[1]),
                      operand(o, info, real, 2, at[2]), 7, parameters_of(op), y);
}

/* Every formula, length 0..50, each choice of array and single-value operands, off alignment: an
   element of a long call is bit for bit the element computed alone, and nothing past the end is
   written. */
static void tile_ops_loop_equals_single_elements(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    static operands o;
    (void)state;
    for (int k = 0; k < levels; k++)
        for (int real = 0; real < 2; real++)
            for (int op = 0; op < GNDP_EW_COUNT; op++) {
                const gndp_ew_info *info = gndp_ew_info_of((gndp_ew)op);
                const size_t size = info->kind == 'C' || real == F32 ? 4 : 8;
                fill(&o, (gndp_ew)op);
                for (int64_t n = 0; n <= 50; n += n < 35 ? 1 : 15)
                    for (int bits = 0; bits < 1 << info->arity; bits++) {
                        unsigned char y[(MOST + 2 * GUARD) * 8], alone[8];
                        memset(y, 0xa5, sizeof y);
                        table[k]->real[real][op](n, operand(&o, info, real, 0, 3),
                                                 operand(&o, info, real, 1, 3),
                                                 operand(&o, info, real, 2, 3), bits,
                                                 parameters_of((gndp_ew)op), y + GUARD * size);
                        for (int64_t i = 0; i < n; i++) {
                            const int64_t at[3] = {bits & 1 ? 3 + i : 3, bits & 2 ? 3 + i : 3,
                                                   bits & 4 ? 3 + i : 3};
                            one_element(table[k], (gndp_ew)op, real, &o, at, alone);
                            if (memcmp(alone, y + (GUARD + (size_t)i) * size, size) != 0)
                                fail_msg("%s %s at %s: element %d of %d, operands %d", info->name,
                                         real ? "f64" : "f32", table[k]->name, (int)i, (int)n,
                                         bits);
                        }
                        for (size_t i = 0; i < GUARD * size; i++)
                            if (y[i] != 0xa5 || y[(GUARD + (size_t)n) * size + i] != 0xa5)
                                fail_msg("%s at %s writes outside %d elements", info->name,
                                         table[k]->name, (int)n);
                    }
            }
}

/* The output may be any operand of the same element size. */
static void tile_ops_output_may_be_an_operand(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    static operands o;
    (void)state;
    for (int k = 0; k < levels; k++)
        for (int real = 0; real < 2; real++)
            for (int op = 0; op < GNDP_EW_COUNT; op++) {
                const gndp_ew_info *info = gndp_ew_info_of((gndp_ew)op);
                for (int alias = 0; alias < info->arity; alias++) {
                    double want[MOST], got[MOST];
                    const void *in[3];
                    const size_t size = real == F32 ? 4 : 8,
                                 out_size = info->kind == 'C' ? 4 : size;
                    fill(&o, (gndp_ew)op);
                    for (int j = 0; j < 3; j++)
                        in[j] = operand(&o, info, real, j, 0);
                    if ((info->kind == 'S' && alias == 0 ? 4 : size) != out_size)
                        continue;
                    table[k]->real[real][op](MOST, in[0], in[1], in[2], 7,
                                             parameters_of((gndp_ew)op), want);
                    memcpy(got, in[alias], MOST * out_size);
                    in[alias] = got;
                    table[k]->real[real][op](MOST, in[0], in[1], in[2], 7,
                                             parameters_of((gndp_ew)op), got);
                    if (memcmp(want, got, MOST * out_size) != 0)
                        fail_msg("%s %s at %s: in place of operand %d", info->name,
                                 real ? "f64" : "f32", table[k]->name, alias);
                }
            }
}

/* Values that exact formulas are tried on, in all pairs. */
static const double special[] = {
    0.0,   -0.0,           1,        -1,       0.5,       -2.5,        3,        1e30,  -1e30,
    1e-30, 0x1.fffffep127, 0x1p-126, HUGE_VAL, -HUGE_VAL, (double)NAN, 2.000001, -7.25, 1e10};
enum { SPECIALS = sizeof special / sizeof *special };

/* Formulas of exactly rounded operations: the definition in plain C, for the test below. Returns
 * false for the others. */
static bool exact_f64(gndp_ew op, double a, double b, double *y)
{
    const double p0 = parameters[0], p1 = parameters[1];
    switch ((int)op) {
    case GNDP_EW_NEG:
        *y = -a;
        return true;
    case GNDP_EW_ABS:
        *y = fabs(a);
        return true;
    case GNDP_EW_SIGN:
        *y = a > 0 ? 1 : a < 0 ? -1 : a;
        return true;
    case GNDP_EW_SQUARE:
        *y = a * a;
        return true;
    case GNDP_EW_SQRT:
        *y = sqrt(a);
        return true;
    case GNDP_EW_RSQRT:
        *y = 1 / sqrt(a);
        return true;
    case GNDP_EW_RECIPROCAL:
        *y = 1 / a;
        return true;
    case GNDP_EW_FLOOR:
        *y = floor(a);
        return true;
    case GNDP_EW_STEP:
        *y = a > 0;
        return true;
    case GNDP_EW_RELU:
        *y = a < 0 ? 0 : a;
        return true;
    case GNDP_EW_SCALE:
        *y = p0 * a;
        return true;
    case GNDP_EW_OFFSET:
        *y = a + p0;
        return true;
    case GNDP_EW_CLIP:
        *y = a < p0 ? p0 : a > p1 ? p1 : a;
        return true;
    case GNDP_EW_AFFINE:
        *y = p0 * a;
        *y += p1;
        return true;
    case GNDP_EW_ADD:
        *y = a + b;
        return true;
    case GNDP_EW_SUB:
        *y = a - b;
        return true;
    case GNDP_EW_MUL:
        *y = a * b;
        return true;
    case GNDP_EW_DIV:
        *y = a / b;
        return true;
    case GNDP_EW_MAX:
        *y = isnan(a) || isnan(b) ? (double)NAN : a > b ? a : b;
        return true;
    case GNDP_EW_MIN:
        *y = isnan(a) || isnan(b) ? (double)NAN : a < b ? a : b;
        return true;
    default:
        return false;
    }
}
/* The same in f32: an operation of two floats done in double and rounded is the exactly rounded one
   (53 >= 2 24 + 2 bits), but formulas of two operations round twice. */
static bool exact_f32(gndp_ew op, float a, float b, float *y)
{
    double wide;
    if (op == GNDP_EW_RSQRT)
        return *y = 1.0f / sqrtf(a), true;
    if (op == GNDP_EW_AFFINE)
        return *y = (float)parameters[0] * a, *y += (float)parameters[1], true;
    if (!exact_f64(op, (double)a, (double)b, &wide))
        return false;
    *y = (float)wide;
    return true;
}
static bool same_bits_or_nan(const void *a, const void *b, size_t size, bool nan)
{
    return nan || memcmp(a, b, size) == 0;
}

static void tile_ops_exact_formulas_match_plain_c_to_the_bit(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    static double a[SPECIALS * SPECIALS], b[SPECIALS * SPECIALS], y[SPECIALS * SPECIALS];
    static float af[SPECIALS * SPECIALS], bf[SPECIALS * SPECIALS], yf[SPECIALS * SPECIALS];
    const int64_t n = SPECIALS * SPECIALS;
    int formulas = 0;
    (void)state;
    for (int i = 0; i < n; i++) {
        a[i] = special[i / SPECIALS], b[i] = special[i % SPECIALS];
        af[i] = (float)a[i], bf[i] = (float)b[i];
    }
    for (int k = 0; k < levels; k++)
        for (int op = 0; op < GNDP_EW_COUNT; op++) {
            const gndp_ew_info *info = gndp_ew_info_of((gndp_ew)op);
            double want = 0;
            float want_f = 0;
            if (!exact_f64((gndp_ew)op, 1, 1, &want))
                continue;
            formulas++;
            table[k]->real[F64][op](n, a, b, NULL, 3, parameters, y);
            table[k]->real[F32][op](n, af, bf, NULL, 3, parameters, yf);
            for (int i = 0; i < n; i++) {
                exact_f64((gndp_ew)op, a[i], b[i], &want);
                exact_f32((gndp_ew)op, af[i], bf[i], &want_f);
                if (!same_bits_or_nan(&want, &y[i], 8, isnan(want) && isnan(y[i])))
                    fail_msg("%s(%g, %g) f64 at %s is %a, not %a", info->name, a[i], b[i],
                             table[k]->name, y[i], want);
                if (!same_bits_or_nan(&want_f, &yf[i], 4, isnan(want_f) && isnan(yf[i])))
                    fail_msg("%s(%g, %g) f32 at %s is %a, not %a", info->name, a[i], b[i],
                             table[k]->name, (double)yf[i], (double)want_f);
            }
        }
    assert_int_equal(formulas, 20 * levels);
}

static void tile_ops_comparisons_and_select_follow_ieee(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    (void)state;
    for (int k = 0; k < levels; k++)
        for (int i = 0; i < SPECIALS; i++)
            for (int real = 0; real < 2; real++) {
                float bf[SPECIALS], af = (float)special[i];
                int32_t got[5][SPECIALS];
                const gndp_ew op[5] = {GNDP_EW_LESS, GNDP_EW_LESS_EQUAL, GNDP_EW_EQUAL,
                                       GNDP_EW_NOT_EQUAL, GNDP_EW_ISFINITE};
                for (int j = 0; j < SPECIALS; j++)
                    bf[j] = (float)special[j];
                for (int c = 0; c < 5; c++)
                    table[k]->real[real][op[c]](SPECIALS,
                                                c == 4 ? real ? (const void *)special : bf
                                                : real ? (const void *)&special[i]
                                                       : &af,
                                                real ? (const void *)special : bf, NULL,
                                                c == 4 ? 1 : 2, NULL, got[c]);
                for (int j = 0; j < SPECIALS; j++) {
                    const double a = real ? special[i] : (double)af,
                                 b = real ? special[j] : (double)bf[j];
                    assert_int_equal(got[0][j], a < b);
                    assert_int_equal(got[1][j], a <= b);
                    assert_int_equal(got[2][j], a == b);
                    assert_int_equal(got[3][j], a != b);
                    assert_int_equal(got[4][j], isfinite(b) != 0);
                }
                /* NaN in the lane that is not chosen has no effect; any value but 0 is true */
                const int32_t mask[4] = {0, 1, -5, 0};
                const double u[4] = {(double)NAN, 1, 2, (double)NAN};
                double v[4] = {3, (double)NAN, (double)NAN, 4};
                const double chosen[4] = {3, 1, 2, 4};
                table[k]->real[F64][GNDP_EW_SELECT](4, mask, u, v, 7, NULL, v);
                for (int j = 0; j < 4; j++)
                    assert_true(v[j] == chosen[j]);
            }
}

static void tile_ops_table_is_complete_and_chosen_by_level(void **state)
{
    const gndp_tile_table *table[4];
    const int levels = level_tables(table);
    (void)state;
    for (int k = 0; k < levels; k++) {
        for (int op = 0; op < GNDP_EW_COUNT; op++)
            assert_true(table[k]->real[F32][op] && table[k]->real[F64][op]);
        for (int op = 0; op < GNDP_TILE_I32_COUNT; op++)
            assert_non_null(table[k]->i32[op]);
        if (k > 0)
            assert_ptr_equal(gndp_tile_table_best(k - 1), table[k]);
    }
    assert_string_equal(gndp_ew_info_of(GNDP_EW_GELU_D)->name, "gelu_d");
    assert_int_equal(gndp_ew_info_of(GNDP_EW_CLIP)->parameters, 2);
    assert_int_equal(gndp_ew_info_of(GNDP_EW_SELECT)->kind, 'S');
    assert_null(gndp_ew_info_of(GNDP_EW_COUNT));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tile_ops_loop_equals_single_elements),
    cmocka_unit_test(tile_ops_output_may_be_an_operand),
    cmocka_unit_test(tile_ops_exact_formulas_match_plain_c_to_the_bit),
    cmocka_unit_test(tile_ops_comparisons_and_select_follow_ieee),
    cmocka_unit_test(tile_ops_table_is_complete_and_chosen_by_level),
};

GNDP_TEST_MAIN(tests)
