// SPDX-License-Identifier: Apache-2.0
// Scores of ensembles against closed forms, area weights, tables and their intervals.
#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>

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

/* Members 0, 1, 3 and truth 2: mean |x - y| = 4/3; pairs 1 + 2 + 3 = 6 twice. */
static void crps_has_its_hand_computed_value(void **state)
{
    (void)state;
    double x[3] = {3.0, 0.0, 1.0};
    close_to(gndp_crps(3, x, 2.0), 4.0 / 3.0 - 12.0 / 18.0, 1e-15);
    close_to(gndp_crps_fair(3, x, 2.0), 4.0 / 3.0 - 12.0 / 12.0, 1e-15);
    double one[1] = {5.0};
    close_to(gndp_crps(1, one, 2.0), 3.0, 0.0);
    assert_true(isnan(gndp_crps_fair(1, one, 2.0)));
}

/* int (F(x) - 1{x >= y})^2 dx, by the trapezoid rule over +-12 deviations: error below 1e-6 at this step. */
static void crps_gaussian_is_the_integral_that_defines_it(void **state)
{
    (void)state;
    const double mean = 0.7, sd = 1.9, y = 2.3, step = 1e-4;
    double sum = 0.0;
    for (double x = mean - 12.0 * sd; x < mean + 12.0 * sd; x += step) {
        const double f = 0.5 * erfc(-(x - mean) / (sd * sqrt(2.0))) - (x >= y ? 1.0 : 0.0);
        sum += f * f * step;
    }
    close_to(gndp_crps_gaussian(mean, sd, y), sum, 1e-4);
    close_to(gndp_crps_gaussian(mean, 0.0, y), fabs(mean - y), 0.0);
}

/* The fair score of M draws is unbiased for the Gaussian value whatever M: 40000 ensembles of 3. Their score has a standard deviation below 1, so five
 * standard errors are .025: a false alarm once in two million seeds. The standard score is 1/(2 M) E|x - x'| = sd/(M sqrt(pi)) higher. */
static void crps_fair_is_unbiased(void **state)
{
    (void)state;
    enum { CASES = 40000, M = 3 };
    const double y = 0.4;
    double fair = 0.0, standard = 0.0;
    for (uint32_t c = 0; c < CASES; c++) {
        double x[M];
        gndp_random_normal_f64(11, 0, c, GNDP_STREAM(1, 0), 0, M, x);
        fair += gndp_crps_fair(M, x, y) / CASES;
        standard += gndp_crps(M, x, y) / CASES;
    }
    close_to(fair, gndp_crps_gaussian(0.0, 1.0, y), 0.025);
    close_to(standard - fair, 1.0 / (M * sqrt(acos(-1.0))), 0.01);
}

static void energy_score_in_one_dimension_is_crps(void **state)
{
    (void)state;
    double x[7];
    const double y = -0.3;
    gndp_random_normal_f64(5, 0, 0, GNDP_STREAM(2, 0), 0, 7, x);
    const double fair = gndp_energy_score(7, 1, x, &y, NULL, true), standard = gndp_energy_score(7, 1, x, &y, NULL, false);
    close_to(fair, gndp_crps_fair(7, x, y), 1e-15);
    close_to(standard, gndp_crps(7, x, y), 1e-15);
}

/* Two points, one member: pairs (i, j) and (j, i) of (|y_i - y_j|^p - |x_i - x_j|^p)^2. */
static void variogram_score_has_its_hand_computed_value(void **state)
{
    (void)state;
    const double x[2] = {0.0, 4.0}, y[2] = {1.0, 2.0};
    close_to(gndp_variogram_score(1, 2, x, y, 0.5), 2.0, 1e-15);
}

/* Truth and members exchangeable: the 11 ranks are uniform. chi2 of 10 degrees of freedom stays below 35.6 but once in 10000 seeds. */
static void ranks_are_uniform_under_the_truth(void **state)
{
    (void)state;
    enum { CASES = 20000, M = 10 };
    double count[M + 1] = {0}, chi2 = 0.0;
    for (uint32_t c = 0; c < CASES; c++) {
        double x[M + 1];
        gndp_random_normal_f64(3, 0, c, GNDP_STREAM(3, 0), 0, M + 1, x);
        for (int i = 0; i <= M; i++)
            x[i] = round(2.0 * x[i]); /* many ties */
        count[gndp_rank(M, x, x[M], 17, c)] += 1.0;
    }
    for (int k = 0; k <= M; k++)
        chi2 += pow(count[k] - CASES / 11.0, 2) / (CASES / 11.0);
    assert_true(chi2 < 35.6);
}

/* Points 0, 1, 2 with weights 1, 2, 1; one member 0, 1, 4 and truth 0, 4, 4: d_01 = 2 - 1, d_02 = 2 - 2, d_12 = 0 - sqrt 3; weights of pairs 2, 1, 2. */
static void variogram_score_mean_weighs_pairs(void **state)
{
    (void)state;
    const double x[3] = {0.0, 1.0, 4.0}, y[3] = {0.0, 4.0, 4.0}, w[3] = {1.0, 2.0, 1.0};
    double mean, equal;
    must(gndp_variogram_score_mean(1, 3, x, y, w, &mean));
    close_to(mean, (2.0 * 1.0 + 1.0 * 0.0 + 2.0 * 3.0) / 5.0, 1e-15);
    must(gndp_variogram_score_mean(1, 3, x, y, NULL, &equal));
    close_to(6.0 * equal, gndp_variogram_score(1, 3, x, y, 0.5), 1e-14);
    must(gndp_variogram_score_mean(1, 1, x, y, NULL, &mean));
    assert_true(isnan(mean));
    assert_int_equal(gndp_variogram_score_mean(0, 1, x, y, NULL, &mean), GNDP_ERR_RANGE);
}

/* One point: the energy score is the CRPS of the same members, case by case, so also in the mean; there are no pairs. */
static void scores_of_whole_fields_of_one_point_are_crps(void **state)
{
    (void)state;
    enum { CASES = 20, M = 6 };
    const gndp_scores_options options = {.members = M, .points = 1, .channels = 1};
    gndp_scores *scores = NULL;
    gndp_score_table table;
    must(gndp_scores_create(&options, &scores));
    for (uint32_t c = 0; c < CASES; c++) {
        double x[M + 1];
        gndp_random_normal_f64(21, 0, c, GNDP_STREAM(5, 0), 0, M + 1, x);
        must(gndp_scores_add(scores, x, x + M, NULL));
        must(gndp_scores_add_joint(scores, x, x + M, NULL));
    }
    must(gndp_scores_table(scores, 0, &table));
    close_to(table.energy.value, table.crps.value, 1e-14);
    close_to(table.energy_fair.value, table.crps_fair.value, 1e-14);
    assert_int_equal(table.joint_cases, CASES);
    assert_true(isnan(table.variogram.value));
    assert_true(table.energy.low < table.energy.value && table.energy.value < table.energy.high);
    gndp_scores_free(scores);
}

/* Two channels, a point of the second missing: the scores are those of the library's functions on what is there, weights made to sum to 1. */
static void scores_of_whole_fields_pass_over_missing_values(void **state)
{
    (void)state;
    enum { M = 3, N = 3 };
    const double weight[N] = {0.5, 0.25, 0.25}, left[2] = {2.0 / 3.0, 1.0 / 3.0};
    const gndp_scores_options options = {.members = M, .points = N, .channels = 2, .weight = weight};
    const uint8_t present[2 * N] = {1, 1, 1, 0, 1, 1};
    double x[M * N * 2], y[N * 2], first[M * N], second[M * 2], wanted;
    gndp_scores *scores = NULL;
    gndp_score_table table;
    gndp_random_normal_f64(22, 0, 0, GNDP_STREAM(6, 0), 0, M * N * 2, x);
    gndp_random_normal_f64(22, 0, 1, GNDP_STREAM(6, 0), 0, N * 2, y);
    for (int k = 0; k < M; k++)
        for (int i = 0; i < N; i++) {
            first[k * N + i] = x[(k * N + i) * 2];
            if (i != 1)
                second[k * 2 + i / 2] = x[(k * N + i) * 2 + 1];
        }
    x[(0 * N + 1) * 2 + 1] = (double)NAN; /* nobody looks at it */
    const double y0[N] = {y[0], y[2], y[4]}, y1[2] = {y[1], y[5]};
    must(gndp_scores_create(&options, &scores));
    assert_int_equal(gndp_scores_add_joint(scores, x, y, present), GNDP_ERR_STATE);
    must(gndp_scores_add(scores, x, y, present));
    must(gndp_scores_add_joint(scores, x, y, present));
    assert_int_equal(gndp_scores_add_joint(scores, x, y, present), GNDP_ERR_STATE);
    must(gndp_scores_table(scores, 0, &table));
    close_to(table.energy_fair.value, gndp_energy_score(M, N, first, y0, weight, true), 1e-14);
    must(gndp_variogram_score_mean(M, N, first, y0, weight, &wanted));
    close_to(table.variogram.value, wanted, 1e-14);
    must(gndp_scores_table(scores, 1, &table));
    close_to(table.energy_fair.value, gndp_energy_score(M, 2, second, y1, left, true), 1e-14);
    close_to(table.energy.value, gndp_energy_score(M, 2, second, y1, left, false), 1e-14);
    must(gndp_scores_add(scores, x, y, present));
    assert_int_equal(gndp_scores_add_joint(scores, x, y, NULL), GNDP_ERR_NONFINITE);
    gndp_scores_free(scores);
}

/* A ramp of 5000 points and a flat truth: d = |i - j|^(1/2) / N^(1/2) on any even choice of points, so the mean of d^2 is E|u - v| = 1/3 for both, to the
 * spacing of the 2048 that are taken. */
static void variogram_of_many_points_takes_some_evenly(void **state)
{
    (void)state;
    enum { N = 5000 };
    const gndp_scores_options options = {.members = 1, .points = N, .channels = 1};
    double *x = malloc(2 * N * sizeof *x);
    gndp_scores *scores = NULL;
    gndp_score_table table;
    assert_non_null(x);
    for (int i = 0; i < N; i++)
        x[i] = (double)i / N, x[N + i] = 7.0;
    must(gndp_scores_create(&options, &scores));
    must(gndp_scores_add(scores, x, x + N, NULL));
    must(gndp_scores_add_joint(scores, x, x + N, NULL));
    must(gndp_scores_table(scores, 0, &table));
    close_to(table.variogram.value, 1.0 / 3.0, 1.0 / GNDP_VARIOGRAM_POINTS);
    gndp_scores_free(scores);
    free(x);
}

/* Three members 1, 2, 3 and truths between them: a flat histogram has index 0, one rank alone 2 (1 - 1/4). */
static void reliability_index_of_a_flat_histogram_is_zero(void **state)
{
    (void)state;
    const gndp_scores_options options = {.members = 3, .points = 1, .channels = 1};
    const double x[3] = {1.0, 2.0, 3.0};
    gndp_scores *scores = NULL;
    gndp_score_table table;
    double share[4];
    for (int flat = 0; flat < 2; flat++) {
        must(gndp_scores_create(&options, &scores));
        for (int c = 0; c < 8; c++) {
            const double y = flat ? 0.5 + c % 4 : 9.0;
            must(gndp_scores_add(scores, x, &y, NULL));
        }
        must(gndp_scores_table(scores, 0, &table));
        close_to(table.reliability_index, flat ? 0.0 : 1.5, 0.0);
        must(gndp_scores_ranks(scores, 0, share));
        close_to(share[3], flat ? 0.25 : 1.0, 0.0);
        gndp_scores_free(scores);
    }
}

/* Two members a apart have the variance a^2/2, times 3/2 as the truth is one more; errors of their means; bins of a quarter of an octave part 1 from 2. */
static void spread_and_skill_have_hand_computed_values(void **state)
{
    (void)state;
    const gndp_scores_options options = {.members = 2, .points = 3, .channels = 1}, single = {.members = 1, .points = 3, .channels = 1};
    const double members[6] = {-0.5, -1.0, -1.0, 0.5, 1.0, 1.0}, truth[3] = {3.0, 1.0, 2.0}, mean[3] = {0.0}, sd[3] = {2.0, 2.0, 0.0};
    gndp_spread_bin bin[GNDP_SPREAD_BINS];
    gndp_scores *scores = NULL;
    gndp_score_table table;
    int n;
    must(gndp_scores_create(&options, &scores));
    must(gndp_scores_add(scores, members, truth, NULL));
    must(gndp_scores_spread_skill(scores, 0, bin, &n));
    assert_int_equal(n, 2);
    assert_true(bin[0].values == 1 && bin[1].values == 2);
    close_to(bin[0].spread, sqrt(0.5 * 1.5), 1e-15);
    close_to(bin[0].error, 3.0, 1e-15);
    close_to(bin[1].spread, sqrt(2.0 * 1.5), 1e-15);
    close_to(bin[1].error, sqrt(2.5), 1e-15);
    assert_int_equal(gndp_scores_spread_skill(scores, 1, bin, &n), GNDP_ERR_RANGE);
    gndp_scores_free(scores);
    must(gndp_scores_create(&options, &scores));
    must(gndp_scores_add_gaussian(scores, mean, sd, truth, NULL));
    must(gndp_scores_spread_skill(scores, 0, bin, &n));
    assert_int_equal(n, 1); /* a value without spread is in no bin */
    close_to(bin[0].spread, 2.0, 1e-15);
    close_to(bin[0].error, sqrt(5.0), 1e-15);
    must(gndp_scores_table(scores, 0, &table));
    close_to(table.ratio.value, sqrt(8.0 / 14.0), 1e-15); /* a law has no finite number of members to allow for */
    gndp_scores_free(scores);
    must(gndp_scores_create(&single, &scores)); /* beside an ensemble of one member it is the same */
    must(gndp_scores_add_gaussian(scores, mean, sd, truth, NULL));
    must(gndp_scores_table(scores, 0, &table));
    close_to(table.ratio.value, sqrt(8.0 / 14.0), 1e-15);
    close_to(table.crps_fair.value, table.crps.value, 0.0);
    gndp_scores_free(scores);
}

/* Truths and Gaussian forecasts that are right, and ensembles that are: 4000 values in 10 bins. chi2 of 9 degrees of freedom stays below 33.7 but once in
 * 10000 seeds, each. */
static void rank_histograms_are_flat_under_the_truth(void **state)
{
    (void)state;
    enum { CASES = 4000, M = 9 };
    const gndp_scores_options options = {.members = M, .points = 1, .channels = 1};
    for (int gaussian = 0; gaussian < 2; gaussian++) {
        gndp_scores *scores = NULL;
        double share[M + 1], chi2 = 0.0;
        must(gndp_scores_create(&options, &scores));
        for (uint32_t c = 0; c < CASES; c++) {
            const double mean = 3.0, sd = 2.0;
            double x[M + 1];
            gndp_random_normal_f64(23, 0, c, GNDP_STREAM(7, gaussian), 0, M + 1, x);
            const double y = mean + sd * x[M];
            must(gaussian ? gndp_scores_add_gaussian(scores, &mean, &sd, &y, NULL) : gndp_scores_add(scores, x, x + M, NULL));
        }
        must(gndp_scores_ranks(scores, 0, share));
        for (int k = 0; k <= M; k++)
            chi2 += CASES * pow(share[k] - 1.0 / (M + 1), 2) * (M + 1);
        assert_true(chi2 < 33.7);
        gndp_scores_free(scores);
    }
}

static gndp_coords grid(const double *lat, int64_t n_lat, const double *lon, int64_t n_lon)
{
    gndp_coords c = {.space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_PRODUCT, .columns = 2, .n = n_lat * n_lon};
    c.axis[0] = (gndp_axis){.name = "latitude", .size = n_lat, .value = lat};
    c.axis[1] = (gndp_axis){.name = "longitude", .size = n_lon, .value = lon};
    return c;
}

/* Bands centred at -60, 0, 60: edges at 30 degrees, sin 30 = 1/2, so shares 1/4, 1/2, 1/4, for two longitudes each. */
static void weights_are_the_areas_of_bands(void **state)
{
    (void)state;
    const double lat[3] = {60.0, 0.0, -60.0}, lon[2] = {0.0, 180.0};
    const double expected[6] = {0.125, 0.125, 0.25, 0.25, 0.125, 0.125};
    double w[6];
    const gndp_coords c = grid(lat, 3, lon, 2);
    must(gndp_point_weights(&c, w));
    for (int i = 0; i < 6; i++)
        close_to(w[i], expected[i], 1e-15);
}

/* With poles: the polar caps reach from 45 to 90 degrees. */
static void weights_of_poles_are_caps(void **state)
{
    (void)state;
    const double lat[3] = {-90.0, 0.0, 90.0}, lon[1] = {0.0};
    double w[3];
    const gndp_coords c = grid(lat, 3, lon, 1);
    must(gndp_point_weights(&c, w));
    close_to(w[0], 0.5 * (1.0 - sqrt(0.5)), 1e-15);
    close_to(w[1], sqrt(0.5), 1e-15);
    close_to(w[2], w[0], 1e-15);
}

static void table_has_hand_computed_values(void **state)
{
    (void)state;
    const double level[1] = {0.5}, weight[2] = {0.25, 0.75};
    const gndp_scores_options options = {.members = 3, .points = 2, .channels = 1, .weight = weight, .n_levels = 1, .level = level};
    const double ensemble[3][2] = {{0.0, 1.0}, {1.0, 1.0}, {2.0, 4.0}}, truth[2] = {1.5, 1.0};
    gndp_scores *scores = NULL;
    gndp_score_table table;
    must(gndp_scores_create(&options, &scores));
    must(gndp_scores_add(scores, &ensemble[0][0], truth, NULL));
    must(gndp_scores_table(scores, 0, &table));
    /* means 1, 2: errors -.5, 1; variances 1, 3; quantiles at positions 1 and 3 of 4: the extremes, and both truths lie within */
    close_to(table.rmse.value, sqrt(0.25 * 0.25 + 0.75 * 1.0), 1e-15);
    close_to(table.bias.value, 0.25 * -0.5 + 0.75 * 1.0, 1e-15);
    close_to(table.spread.value, sqrt(0.25 * 1.0 + 0.75 * 3.0), 1e-15);
    close_to(table.ratio.value, table.spread.value * sqrt(4.0 / 3.0) / table.rmse.value, 1e-15);
    close_to(table.coverage[0].value, 1.0, 0.0);
    assert_true(isnan(table.rmse.low)); /* one block: no interval */
    assert_int_equal(table.values, 2);
    gndp_scores_free(scores);
}

/* A perfect ensemble: 400 cases of 5 points from the law of its 19 members. Coverage of 90 % and 50 % within 5 binomial standard errors with cases
 * independent (2000 values; false alarm below 1e-6), ratio within 5 %, and the interval of the fair CRPS holds sd/sqrt(pi). */
static void table_of_a_perfect_ensemble_is_calibrated(void **state)
{
    (void)state;
    enum { CASES = 400, M = 19, N = 5 };
    const double level[2] = {0.5, 0.9};
    const gndp_scores_options options = {.members = M, .points = N, .channels = 1, .n_levels = 2, .level = level, .seed = 4};
    gndp_scores *scores = NULL;
    gndp_score_table table;
    must(gndp_scores_create(&options, &scores));
    for (uint32_t c = 0; c < CASES; c++) {
        double x[(M + 1) * N];
        gndp_random_normal_f64(8, 0, c, GNDP_STREAM(4, 0), 0, (M + 1) * N, x);
        must(gndp_scores_add(scores, x, x + M * N, NULL));
    }
    must(gndp_scores_table(scores, -1, &table));
    close_to(table.coverage[0].value, 0.5, 5.0 * sqrt(0.25 / (CASES * N)));
    close_to(table.coverage[1].value, 0.9, 5.0 * sqrt(0.09 / (CASES * N)));
    close_to(table.ratio.value, 1.0, 0.05);
    /* E fair CRPS = E|x - y| - E|x - x'|/2 = 1/sqrt(pi) */
    assert_true(table.crps_fair.low < 1.0 / sqrt(acos(-1.0)) && table.crps_fair.high > 1.0 / sqrt(acos(-1.0)));
    assert_true(table.reliability_index < 0.15);
    gndp_scores_free(scores);
}

static void table_passes_over_missing_values(void **state)
{
    (void)state;
    const gndp_scores_options options = {.members = 1, .points = 2, .channels = 1};
    const double mean[2] = {1.0, (double)NAN}, truth[2] = {3.0, (double)NAN};
    const uint8_t present[2] = {1, 0};
    gndp_scores *scores = NULL;
    gndp_score_table table;
    must(gndp_scores_create(&options, &scores));
    must(gndp_scores_add(scores, mean, truth, present));
    must(gndp_scores_table(scores, 0, &table));
    close_to(table.rmse.value, 2.0, 0.0);
    assert_int_equal(gndp_scores_add(scores, mean, truth, NULL), GNDP_ERR_NONFINITE);
    assert_int_equal(gndp_scores_table(scores, 1, &table), GNDP_ERR_RANGE);
    gndp_scores_free(scores);
}

static void gaussian_cases_have_closed_forms(void **state)
{
    (void)state;
    const double level[1] = {0.9};
    const gndp_scores_options options = {.members = 9, .points = 2, .channels = 1, .n_levels = 1, .level = level};
    const double mean[2] = {0.0, 0.0}, sd[2] = {1.0, 1.0}, truth[2] = {1.64, 1.65};
    gndp_scores *scores = NULL;
    gndp_score_table table;
    must(gndp_scores_create(&options, &scores));
    must(gndp_scores_add_gaussian(scores, mean, sd, truth, NULL));
    must(gndp_scores_table(scores, 0, &table));
    close_to(table.coverage[0].value, 0.5, 0.0); /* 1.6449 lies between */
    close_to(table.crps.value, 0.5 * (gndp_crps_gaussian(0, 1, 1.64) + gndp_crps_gaussian(0, 1, 1.65)), 1e-15);
    gndp_scores_free(scores);
}

static void scores_refuse_what_cannot_be(void **state)
{
    (void)state;
    const double level[1] = {1.0};
    gndp_scores_options options = {.members = 0, .points = 2, .channels = 1};
    gndp_scores *scores = NULL;
    gndp_score_table table;
    assert_int_equal(gndp_scores_create(&options, &scores), GNDP_ERR_RANGE);
    options.members = 2, options.n_levels = 1, options.level = level;
    assert_int_equal(gndp_scores_create(&options, &scores), GNDP_ERR_RANGE);
    assert_null(scores);
    options.n_levels = 0;
    must(gndp_scores_create(&options, &scores));
    assert_int_equal(gndp_scores_table(scores, 0, &table), GNDP_ERR_STATE);
    gndp_scores_free(scores);
    gndp_scores_free(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(crps_has_its_hand_computed_value),
    cmocka_unit_test(crps_gaussian_is_the_integral_that_defines_it),
    cmocka_unit_test(crps_fair_is_unbiased),
    cmocka_unit_test(energy_score_in_one_dimension_is_crps),
    cmocka_unit_test(variogram_score_has_its_hand_computed_value),
    cmocka_unit_test(ranks_are_uniform_under_the_truth),
    cmocka_unit_test(variogram_score_mean_weighs_pairs),
    cmocka_unit_test(scores_of_whole_fields_of_one_point_are_crps),
    cmocka_unit_test(scores_of_whole_fields_pass_over_missing_values),
    cmocka_unit_test(variogram_of_many_points_takes_some_evenly),
    cmocka_unit_test(reliability_index_of_a_flat_histogram_is_zero),
    cmocka_unit_test(spread_and_skill_have_hand_computed_values),
    cmocka_unit_test(rank_histograms_are_flat_under_the_truth),
    cmocka_unit_test(weights_are_the_areas_of_bands),
    cmocka_unit_test(weights_of_poles_are_caps),
    cmocka_unit_test(table_has_hand_computed_values),
    cmocka_unit_test(table_of_a_perfect_ensemble_is_calibrated),
    cmocka_unit_test(table_passes_over_missing_values),
    cmocka_unit_test(gaussian_cases_have_closed_forms),
    cmocka_unit_test(scores_refuse_what_cannot_be),
};

GNDP_TEST_MAIN(tests)
