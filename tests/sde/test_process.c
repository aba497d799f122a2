// SPDX-License-Identifier: Apache-2.0
// The process: what it is made of, its law on points, exact draws of marginal, transition and
// bridge.
#include "sde/sde_case.h"

static gndp_process *new_process(const char *limit, int outputs, const double *mean)
{
    const gndp_schedule s = gndp_schedule_default();
    gndp_kernel *k = new_kernel(limit);
    gndp_process *p = NULL;
    assert_ok(gndp_process_create(&s, k, outputs, mean, &p));
    gndp_kernel_free(k);
    return p;
}

static void process_knows_a_white_limit(void **state)
{
    (void)state;
    const struct {
        const char *limit;
        int outputs;
        double white;
    } cases[] = {{"white(variance=1.3)", 1, 1.3},
                 {"white(variance=1.3)", 3, 1.3},
                 {"diag(white(variance=0.7),outputs=2)", 2, 0.7},
                 {"white(variance=0.5)+white(variance=0.25)", 2, 0.75},
                 {"rbf(lengthscale=1)", 1, 0.0},
                 {"rbf(lengthscale=1)+white(variance=1)", 2, 0.0},
                 {"coregion(white(variance=1),a=[1,0.5],rank=1,diagonal=[0.1,0.1])", 2, 0.0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gndp_process *p = new_process(cases[i].limit, cases[i].outputs, NULL);
        assert_near(gndp_process_white(p), cases[i].white, 1e-15);
        assert_int_equal(gndp_process_outputs(p), cases[i].outputs);
        assert_int_equal(gndp_kernel_outputs(gndp_process_kernel(p), 1), cases[i].outputs);
        assert_near(gndp_process_mean(p)[0], 0.0, 0.0);
        assert_int_equal(gndp_process_schedule(p)->kind, GNDP_SCHEDULE_LINEAR);
        gndp_process_free(p);
    }
}

static void process_law_has_the_limit(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        double *unit = new_values(n), *row = new_values(n), *mean = new_values(n);
        assert_int_equal(gndp_gaussian_size(c->law), n);
        gndp_gaussian_mean(c->law, mean);
        assert_memory_equal(mean, c->m, (size_t)n * sizeof *mean);
        for (int64_t i = 0; i < n; i++) {
            unit[i] = 1.0;
            assert_ok(gndp_gaussian_apply(c->law, 1, unit, row));
            unit[i] = 0.0;
            for (int64_t j = 0; j < n; j++) {
                assert_near(row[j], c->k[i * n + j], 1e-14);
            }
        }
        const bool white = gndp_process_white(c->process) > 0.0;
        assert_int_equal(gndp_gaussian_factorisation(c->law) == GNDP_FACTOR_DIAGONAL, white);
        if (white) {
            assert_near(gndp_gaussian_jitter(c->law), 0.0, 0.0);
        } else { /* that of the graph: see limit_root_is_that_of_the_law in test_losses.c */
            assert_true(gndp_gaussian_jitter(c->law) > 0.0);
        }
        free(unit), free(row), free(mean);
        free_case(c);
    }
}

/* Each draw is m + a (y_0 - m) + b (y_t - m) + sqrt(variance) R xi with the numbers of its key. */
static void draws_are_the_closed_form_of_their_numbers(void **state)
{
    (void)state;
    enum { R = 19 };
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        double *y0 = new_normals(1, R * n), *yt = new_normals(2, R * n), *xi = new_values(R * n),
               *noise = new_values(R * n), *out = new_values(R * n);
        uint32_t member[R];
        const gndp_key key = {.seed = 77, .step = 5, .stream = GNDP_STREAM(9, 1)};
        number_members(R, 40, member);
        for (int r = 0; r < R; r++) {
            assert_ok(gndp_random_normal_f64(key.seed, key.step, member[r], key.stream, 0, n,
                                             xi + r * n));
        }
        assert_ok(gndp_gaussian_apply_root(c->law, false, R, xi, noise));
        for (int what = 0; what < 3; what++) {
            const double s = 0.2, t = 0.6;
            const gndp_linear_law law = what == 0   ? gndp_schedule_marginal(&c->schedule, t)
                                        : what == 1 ? gndp_schedule_transition(&c->schedule, s, t)
                                                    : gndp_schedule_bridge(&c->schedule, s, t);
            for (int alias = 0; alias < 2; alias++) {
                double *const to = alias ? xi : out;
                memcpy(xi, what == 1 ? yt : y0, (size_t)(R * n) * sizeof *xi);
                const double *from = alias ? xi : what == 1 ? yt : y0;
                assert_ok(what == 0 ? gndp_process_sample_marginal(c->process, c->law, t, from, key,
                                                                   member, R, to)
                          : what == 1 ? gndp_process_sample_transition(c->process, c->law, s, t,
                                                                       from, key, member, R, to)
                                      : gndp_process_sample_bridge(c->process, c->law, s, t, from,
                                                                   yt, key, member, R, to));
                for (int64_t i = 0; i < R * n; i++) {
                    const double m = c->m[i % n];
                    assert_near(to[i],
                                m + (what != 1 ? law.a * (y0[i] - m) : 0.0) +
                                    (what != 0 ? law.b * (yt[i] - m) : 0.0) +
                                    sqrt(law.variance) * noise[i],
                                1e-14);
                }
            }
            /* a member alone */
            assert_ok(gndp_process_sample_marginal(c->process, c->law, t, y0 + 7 * n, key,
                                                   member + 7, 1, xi));
            if (what == 0) {
                assert_memory_equal(xi, out + 7 * n, (size_t)n * sizeof *xi);
            }
        }
        free(y0), free(yt), free(xi), free(noise), free(out);
        free_case(c);
    }
}

/*
 * Covariance of 1e5 draws against v K: entry (i, j) has standard error v sqrt((k_ii k_jj +
 * k_ij^2)/R). At 5.5 of them for at most 144 entries and 12 means a correct sampler fails with
 * probability 156 * 4e-8 = 6e-6; the seed is fixed.
 */
static void draws_have_the_covariance_of_the_marginal(void **state)
{
    (void)state;
    enum { R = 100000, GROUP = 1000 };
    sde_case *c = new_case(&sde_texts[2]);
    const int64_t n = c->n;
    const double t = 0.3;
    const gndp_linear_law at = gndp_schedule_marginal(&c->schedule, t);
    double *y0 = new_values(GROUP * n), *y = new_values(GROUP * n), *sum = new_values(n),
           *second = new_values(n * n);
    uint32_t member[GROUP];
    for (int64_t i = 0; i < GROUP * n; i++) {
        y0[i] = c->m0[i % n];
    }
    for (uint32_t r = 0; r < R; r += GROUP) {
        number_members(GROUP, r, member);
        assert_ok(gndp_process_sample_marginal(c->process, c->law, t, y0, (gndp_key){.seed = 1},
                                               member, GROUP, y));
        for (int g = 0; g < GROUP; g++) {
            for (int64_t i = 0; i < n; i++) {
                const double ei = y[g * n + i] - c->m[i] - at.a * (c->m0[i] - c->m[i]);
                sum[i] += ei / R;
                for (int64_t j = 0; j <= i; j++) {
                    const double ej = y[g * n + j] - c->m[j] - at.a * (c->m0[j] - c->m[j]);
                    second[i * n + j] += ei * ej / R;
                }
            }
        }
    }
    for (int64_t i = 0; i < n; i++) {
        const double ii = c->k[i * n + i];
        assert_near(sum[i], 0.0, 5.5 * sqrt(at.variance * ii / R));
        for (int64_t j = 0; j <= i; j++) {
            const double ij = c->k[i * n + j], jj = c->k[j * n + j];
            assert_near(second[i * n + j], at.variance * ij,
                        5.5 * at.variance * sqrt((ii * jj + ij * ij) / R));
        }
    }
    free(y0), free(y), free(sum), free(second);
    free_case(c);
}

static void process_refuses_what_does_not_fit(void **state)
{
    (void)state;
    gndp_schedule s = gndp_schedule_default();
    gndp_kernel *two = new_kernel("diag(rbf(lengthscale=1),outputs=2)"),
                *curl = new_kernel("curlfree(rbf(lengthscale=1))");
    gndp_process *p = NULL;
    gndp_gaussian *law = NULL;
    double y[6] = {0};
    const double bad[2] = {0.0, (double)INFINITY};
    const uint32_t member = 0;
    assert_fails(gndp_process_create(&s, two, 3, NULL, &p), GNDP_ERR_SHAPE, "2 outputs");
    assert_fails(gndp_process_create(&s, two, 2, bad, &p), GNDP_ERR_RANGE, "component 1");
    assert_null(p);
    s.t1 = -1.0;
    assert_fails(gndp_process_create(&s, two, 2, NULL, &p), GNDP_ERR_RANGE, "t0 < t1");
    s = gndp_schedule_default();
    assert_ok(gndp_process_create(&s, curl, 2, NULL, &p));
    double x[9] = {0, 0, 0, 1, 0, 0, 0, 1, 0};
    gndp_points points = {.x = gndp_array_view(gndp_type_2d(GNDP_F64, 3, 3), x)};
    assert_fails(gndp_process_law(p, &points, NULL, &law), GNDP_ERR_SHAPE, "3 outputs");
    assert_null(law);
    points.x = gndp_array_view(gndp_type_2d(GNDP_F64, 3, 2), x);
    assert_ok(gndp_process_law(p, &points, NULL, &law));
    assert_fails(gndp_process_sample_marginal(p, law, 1.5, y, (gndp_key){0}, &member, 1, y),
                 GNDP_ERR_RANGE, "1.5");
    assert_fails(gndp_process_sample_transition(p, law, 0.6, 0.5, y, (gndp_key){0}, &member, 1, y),
                 GNDP_ERR_RANGE, "forward");
    assert_fails(gndp_process_sample_bridge(p, law, 0.5, 0.5, y, y, (gndp_key){0}, &member, 1, y),
                 GNDP_ERR_RANGE, "s < t");
    assert_fails(gndp_process_sample_marginal(p, law, 0.5, NULL, (gndp_key){0}, &member, 1, y),
                 GNDP_ERR_ARG, "NULL");
    gndp_gaussian_free(law);
    gndp_process_free(p);
    gndp_kernel_free(two);
    gndp_kernel_free(curl);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(process_knows_a_white_limit),
    cmocka_unit_test(process_law_has_the_limit),
    cmocka_unit_test(draws_are_the_closed_form_of_their_numbers),
    cmocka_unit_test(draws_have_the_covariance_of_the_marginal),
    cmocka_unit_test(process_refuses_what_does_not_fit),
};
GNDP_TEST_MAIN(tests)
