// SPDX-License-Identifier: Apache-2.0
// Brier scores, skill and reliability diagrams against values computed by hand and laws.
#include "support/test_main.h"

#include <math.h>

#include <gndp/eval.h>

static void close_to(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.17g is not %.17g to %g", a, b, tolerance);
}

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

/* Weights 1/4, 3/4; 0.7 and it came, 0.2 and it did not; a reference of 1/2 scores 1/4. Five members: 0.7 * 0.3 / 4 and 0.2 * 0.8 / 4 less. */
static void brier_has_its_hand_computed_value(void **state)
{
    (void)state;
    const double weight[2] = {0.25, 0.75}, forecast[2] = {0.7, 0.2}, half[2] = {0.5, 0.5};
    const uint8_t happened[2] = {1, 0};
    const gndp_events_options options = {.points = 2, .weight = weight, .members = 5};
    gndp_events *events = NULL;
    gndp_event_table t;
    must(gndp_events_create(&options, &events));
    assert_int_equal(gndp_events_table(events, &t), GNDP_ERR_STATE);
    must(gndp_events_add(events, forecast, half, happened, NULL));
    must(gndp_events_table(events, &t));
    const double brier = 0.25 * 0.09 + 0.75 * 0.04;
    close_to(t.brier.value, brier, 1e-15);
    close_to(t.brier_fair.value, brier - (0.25 * 0.21 + 0.75 * 0.16) / 4.0, 1e-15);
    close_to(t.skill.value, 1.0 - brier / 0.25, 1e-15);
    close_to(t.frequency, 0.25, 1e-15);
    assert_int_equal(t.values, 2);
    assert_true(isnan(t.brier.low));
    assert_int_equal(t.bin[7].values, 1);
    close_to(t.bin[7].forecast, 0.7, 1e-15);
    close_to(t.bin[7].observed, 1.0, 0.0);
    close_to(t.bin[2].observed, 0.0, 0.0);
    assert_true(t.bin[0].values == 0 && isnan(t.bin[0].forecast));
    gndp_events_free(events);
}

/* Certain and right: 0, skill 1; certain and wrong: 1. Ends of the scale have bins of their own. One member has no fair score. */
static void brier_of_certain_forecasts(void **state)
{
    (void)state;
    const double zero[2] = {0.0, 0.0}, forecast[2] = {1.0, 0.0}, half[2] = {0.5, 0.5};
    const uint8_t happened[2] = {1, 0}, none[2] = {0, 1};
    const gndp_events_options options = {.points = 2, .members = 1};
    gndp_events *events = NULL;
    gndp_event_table t;
    must(gndp_events_create(&options, &events));
    must(gndp_events_add(events, forecast, half, happened, NULL));
    must(gndp_events_table(events, &t));
    close_to(t.brier.value, 0.0, 0.0);
    close_to(t.skill.value, 1.0, 0.0);
    assert_true(isnan(t.brier_fair.value));
    assert_true(t.bin[0].values == 1 && t.bin[GNDP_EVENT_BINS - 1].values == 1);
    must(gndp_events_add(events, forecast, half, none, none)); /* the second only */
    must(gndp_events_table(events, &t));
    close_to(t.brier.value, 1.0 / 3.0, 1e-15);
    assert_true(isfinite(t.brier.low) && t.brier.low <= t.brier.value && t.brier.value <= t.brier.high);
    must(gndp_events_add(events, zero, NULL, happened, NULL));
    must(gndp_events_table(events, &t));
    assert_true(isnan(t.skill.value)); /* a case without reference */
    gndp_events_free(events);
}

/* It comes with the probability p that was given, p uniform: E (p - o)^2 = E p (1 - p) = 1/6, each bin's frequency its probability. 20000 values: the score
 * has a standard error of 0.0012 (its terms have a standard deviation below 0.17), a bin of 2000 at most 0.0112, an end of 1000 at most 0.007: five of them.
 * Shares of 4 draws of the same p in place of p: the fair score is unbiased, the other p (1 - p)/4 higher, 1/24 on average. */
static void reliable_probabilities_are_on_the_diagonal(void **state)
{
    (void)state;
    enum { CASES = 200, N = 100, M = 4 };
    gndp_events *exact = NULL, *drawn = NULL;
    const gndp_events_options options = {.points = N}, members = {.points = N, .members = M};
    gndp_event_table t;
    must(gndp_events_create(&options, &exact));
    must(gndp_events_create(&members, &drawn));
    for (uint32_t c = 0; c < CASES; c++) {
        double p[N], u[N * (M + 1)], share[N];
        uint8_t happened[N];
        must(gndp_random_uniform_f64(31, 0, c, GNDP_STREAM(1, 0), 0, N, p));
        must(gndp_random_uniform_f64(31, 1, c, GNDP_STREAM(1, 0), 0, N * (M + 1), u));
        for (int i = 0; i < N; i++) {
            happened[i] = u[i] < p[i];
            share[i] = 0.0;
            for (int m = 1; m <= M; m++)
                share[i] += (u[m * N + i] < p[i]) / (double)M;
        }
        must(gndp_events_add(exact, p, NULL, happened, NULL));
        must(gndp_events_add(drawn, share, NULL, happened, NULL));
    }
    must(gndp_events_table(exact, &t));
    close_to(t.brier.value, 1.0 / 6.0, 0.006);
    close_to(t.brier_fair.value, t.brier.value, 0.0);
    for (int b = 0; b < GNDP_EVENT_BINS; b++)
        close_to(t.bin[b].observed, t.bin[b].forecast, 5.0 * 0.0112);
    must(gndp_events_table(drawn, &t));
    close_to(t.brier_fair.value, 1.0 / 6.0, 0.01);
    close_to(t.brier.value, 1.0 / 6.0 + 1.0 / 24.0, 0.01);
    gndp_events_free(exact);
    gndp_events_free(drawn);
}

static void events_refuse_what_cannot_be(void **state)
{
    (void)state;
    gndp_events_options options = {.points = 0};
    gndp_events *events = NULL;
    gndp_event_table t;
    const double above = 1.5, half = 0.5;
    const uint8_t one = 1, none = 0;
    assert_int_equal(gndp_events_create(&options, &events), GNDP_ERR_RANGE);
    options.points = 1;
    must(gndp_events_create(&options, &events));
    assert_int_equal(gndp_events_add(events, &above, NULL, &one, NULL), GNDP_ERR_RANGE);
    assert_int_equal(gndp_events_add(events, &half, &above, &one, NULL), GNDP_ERR_RANGE);
    assert_int_equal(gndp_events_add(events, NULL, NULL, &one, NULL), GNDP_ERR_ARG);
    must(gndp_events_add(events, &above, NULL, &one, &none)); /* nobody looks at it */
    assert_int_equal(gndp_events_table(events, &t), GNDP_ERR_STATE);
    gndp_events_free(events);
    gndp_events_free(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(brier_has_its_hand_computed_value),
    cmocka_unit_test(brier_of_certain_forecasts),
    cmocka_unit_test(reliable_probabilities_are_on_the_diagonal),
    cmocka_unit_test(events_refuse_what_cannot_be),
};

GNDP_TEST_MAIN(tests)
