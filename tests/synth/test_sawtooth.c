// SPDX-License-Identifier: Apache-2.0
// Sawtooth fields against their series, and the shares of the mixture.
#include "synth/synth_case.h"

#include "synth/generator.h"

/* Fourier coefficients of one field over one of its periods, from 64 equally spaced values: exact
   for a trigonometric polynomial of degree below 32. They must be those of the series: (-1)^k / (pi
   k) in sin(2 pi k f (x - s)) up to K, and nothing else. */
static void sawtooth_is_its_series(void **state)
{
    (void)state;
    enum { N = 64, FIELDS = 40 };
    const double pi = acos(-1.0);
    const gndp_synth_info *info = find("sawtooth");
    for (uint32_t f = 0; f < FIELDS; f++) {
        sawtooth field;
        double x[N], y[N];
        assert_ok(synth_sawtooth_of(7, f, &field));
        for (int i = 0; i < N; i++)
            x[i] = field.shift + (i + 0.25) / (N * field.frequency);
        assert_ok(gndp_synth_values(info, 7, f, N, x, y));
        for (int k = 0; k < N / 2; k++) {
            double sine = 0.0, cosine = 0.0;
            for (int i = 0; i < N; i++) {
                const double phase = 2.0 * pi * k * (i + 0.25) / N;
                sine += 2.0 * y[i] * sin(phase) / N;
                cosine += 2.0 * y[i] * cos(phase) / N;
            }
            const bool in = k >= 1 && k <= field.harmonics;
            /* 64 values of size 1/2, phases rounded to 1e-15 times a harmonic of 19 */
            assert_near(sine, in ? (k % 2 == 0 ? 1.0 : -1.0) / (pi * k) : 0.0, 1e-12, "sine");
            assert_near(cosine, 0.0, 1e-12, "cosine");
        }
    }
}

/* The laws of frequency, shift and number of harmonics: each K in 9..19 has probability 1/11. */
static void sawtooth_parameters_have_their_laws(void **state)
{
    (void)state;
    enum { FIELDS = 22000, COUNT = 11 };
    double frequency = 0.0, shift = 0.0, chi2 = 0.0;
    int count[COUNT] = {0};
    for (uint32_t f = 0; f < FIELDS; f++) {
        sawtooth field;
        assert_ok(synth_sawtooth_of(2, f, &field));
        assert_true(field.frequency > 3.0 && field.frequency < 5.0);
        assert_true(field.shift > -5.0 && field.shift < 5.0);
        assert_in_range(field.harmonics, 9, 19);
        count[field.harmonics - 9]++;
        frequency += field.frequency / FIELDS;
        shift += field.shift / FIELDS;
    }
    for (int i = 0; i < COUNT; i++)
        chi2 += pow(count[i] - FIELDS / COUNT, 2) / (FIELDS / COUNT);
    /* chi^2 of 10 degrees: above 37.5 once in 20000; means of uniforms, 4.5 standard errors */
    assert_true(chi2 < 37.5);
    assert_near(frequency, 4.0, 4.5 * 2.0 / sqrt(12.0 * FIELDS), "frequency");
    assert_near(shift, 0.0, 4.5 * 10.0 / sqrt(12.0 * FIELDS), "shift");
}

/* The variance of y at one place: mean over K of sum_{k <= K} 1/(2 pi^2 k^2) = 0.0797 (the phase is
   uniform up to 1 part in 1000: the mean of cos over the shift's 10 and the frequency's 2 is below
   1 / (4 pi 3 10)). */
static void sawtooth_has_the_variance_of_the_experiment(void **state)
{
    (void)state;
    enum { FIELDS = 40000 };
    const gndp_synth_info *info = find("sawtooth");
    const double pi = acos(-1.0), at = 0.3;
    double wanted = 0.0, square = 0.0, fourth = 0.0, mean = 0.0;
    for (int K = 9; K <= 19; K++)
        for (int k = 1; k <= K; k++)
            wanted += 1.0 / (2.0 * pi * pi * k * k) / 11.0;
    assert_near(wanted, 0.0797, 0.00051, "the closed form");
    for (uint32_t f = 0; f < FIELDS; f++) {
        double y;
        assert_ok(gndp_synth_values(info, 1, f, 1, &at, &y));
        mean += y / FIELDS;
        square += y * y / FIELDS;
        fourth += y * y * y * y / FIELDS;
    }
    /* 4.5 standard errors and the 0.1 % of the phase */
    assert_near(mean, 0.0, 4.5 * sqrt(wanted / FIELDS) + 1e-3, "mean");
    assert_near(square, wanted, 4.5 * sqrt((fourth - square * square) / FIELDS) + 1e-3 * wanted,
                "variance");
}

static void mixture_takes_each_part_a_quarter_of_the_time(void **state)
{
    (void)state;
    enum { FIELDS = 20000, PARTS = 4, SHOWN = 12 };
    int count[PARTS] = {0};
    for (uint32_t f = 0; f < FIELDS; f++) {
        int part;
        assert_ok(synth_mixture_of(9, f, &part));
        assert_in_range(part, 0, PARTS - 1);
        count[part]++;
    }
    for (int p = 0; p < PARTS; p++) /* 4.5 standard errors */
        assert_near((double)count[p] / FIELDS, 0.25, 4.5 * sqrt(0.25 * 0.75 / FIELDS), "share");
    static const char *const names[PARTS] = {"se", "matern52", "weakly_periodic", "sawtooth"};
    for (uint32_t f = 0; f < SHOWN;
         f++) { /* a field is that of its part, the sawtooth scaled to variance 1 */
        const double x[3] = {-1.0, 0.1, 0.15};
        double y[3], wanted[3];
        int part;
        assert_ok(synth_mixture_of(9, f, &part));
        assert_ok(gndp_synth_values(find("mixture"), 9, f, 3, x, y));
        assert_ok(gndp_synth_values(find(names[part]), 9, f, 3, x, wanted));
        for (int i = 0; i < 3; i++)
            assert_near(y[i], part == 3 ? wanted[i] / sqrt(0.07965) : wanted[i], 1e-15,
                        names[part]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sawtooth_is_its_series),
    cmocka_unit_test(sawtooth_parameters_have_their_laws),
    cmocka_unit_test(sawtooth_has_the_variance_of_the_experiment),
    cmocka_unit_test(mixture_takes_each_part_a_quarter_of_the_time),
};

GNDP_TEST_MAIN(tests)
