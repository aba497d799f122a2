// SPDX-License-Identifier: Apache-2.0
// Axes are marked at round numbers, written as people write them.
#include "picture.h"
#include "plot/ticks.h"

static void ticks_lie_within_and_are_multiples_of_a_round_step(void **state)
{
    static const double range[][2] = {{0.0, 1.0},   {-3.7, 12.9}, {271.3, 299.1},
                                      {1e-7, 9e-7}, {-5e8, 2e9},  {0.999, 1.001}};
    (void)state;
    for (size_t r = 0; r < sizeof range / sizeof *range; r++)
        for (int most = 2; most < 12; most++) {
            plot_ticks t;
            const double low = range[r][0], high = range[r][1];
            plot_ticks_make(low, high, most, false, &t);
            assert_in_range(t.n, 1, most + 2);
            for (int i = 0; i < t.n; i++) {
                assert_true(t.value[i] >= low - 1e-6 * (high - low) &&
                            t.value[i] <= high + 1e-6 * (high - low));
                assert_true(t.text[i][0] != '\0');
            }
            for (int i = 1; i < t.n; i++) {
                const double step = t.value[i] - t.value[i - 1],
                             m = step / pow(10.0, floor(log10(step * (1.0 + 1e-9))));
                assert_true(fabs(m - 1.0) < 1e-6 || fabs(m - 2.0) < 1e-6 || fabs(m - 5.0) < 1e-6);
            }
        }
}

static void ticks_are_written_with_the_decimals_they_need(void **state)
{
    plot_ticks t;
    (void)state;
    plot_ticks_make(-0.5, 0.5, 5, false, &t);
    assert_int_equal(t.n, 5);
    assert_string_equal(t.text[0], "\xe2\x88\x92"
                                   "0.4");
    assert_string_equal(t.text[2], "0.0");
    plot_ticks_make(0.0, 4e6, 5, false, &t);
    assert_string_equal(t.text[1], "1");
    assert_string_equal(t.factor, "\xc3\x97"
                                  "10\xe2\x81\xb6");
}

static void ticks_of_logarithms_are_powers_of_ten(void **state)
{
    plot_ticks t;
    int numbered = 0;
    (void)state;
    plot_ticks_make(1e-6, 1e4, 12, true, &t);
    for (int i = 0; i < t.n; i++)
        if (t.text[i][0] != '\0') {
            const double e = log10(t.value[i]);
            assert_true(fabs(e - round(e)) < 1e-9);
            numbered++;
        }
    assert_int_equal(numbered, 11);
    plot_ticks_make(1e-30, 1e30, 6, true, &t);
    assert_in_range(t.n, 2, PLOT_TICKS_MAX);
}

static void degrees_name_their_side(void **state)
{
    (void)state;
    assert_string_equal(plot_latitude_text(-12.5).text, "12.5\xc2\xb0S");
    assert_string_equal(plot_latitude_text(0.0).text, "0\xc2\xb0");
    assert_string_equal(plot_longitude_text(190.0).text, "170\xc2\xb0W");
    assert_string_equal(plot_longitude_text(-180.0).text, "180\xc2\xb0");
    assert_string_equal(plot_longitude_text(360.0).text, "0\xc2\xb0");
    assert_string_equal(plot_longitude_text(-330.0).text, "30\xc2\xb0"
                                                          "E");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ticks_lie_within_and_are_multiples_of_a_round_step),
    cmocka_unit_test(ticks_are_written_with_the_decimals_they_need),
    cmocka_unit_test(ticks_of_logarithms_are_powers_of_ten),
    cmocka_unit_test(degrees_name_their_side),
};
GNDP_TEST_MAIN(tests)
