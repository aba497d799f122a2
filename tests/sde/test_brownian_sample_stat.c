// SPDX-License-Identifier: Apache-2.0
// Reverse samplers on spheres: moments of the data, the same bits alone and in company, rotations.
#include "sde/brownian_case.h"

#include "sde/brownian.h"

enum { BATCH = 512, DRAWS = 2048 };

static gndp_brownian_options with(gndp_brownian_method method, int64_t steps)
{
    gndp_brownian_options o = gndp_brownian_options_default();
    o.method = method, o.steps = steps, o.seed = 3;
    return o;
}

static double legendre2(double c)
{
    return 1.5 * c * c - 0.5;
}

/* Functions of a field of one point in the layout of sphere_between(), and their means under the mixture. */
enum { MOMENTS = 12 };

static void moments_of(const double *y, double *out)
{
    const double axis[3][3] = {{1, 0, 0}, {0, 0.6, 0.8}, {0.48, 0.64, -0.6}};
    for (int a = 0; a < 3; a++) {
        out[a] = dot3(axis[a], y + 1);
        out[3 + a] = legendre2(dot3(axis[a], y + 1));
        out[6 + a] = y[0] * dot3(axis[a], y + 1);
    }
    out[9] = y[0], out[10] = y[4], out[11] = y[0] * y[4];
}

static void moments_of_mixture(const mixture *m, double *out)
{
    memset(out, 0, MOMENTS * sizeof *out);
    for (int64_t k = 0; k < m->kernels; k++) {
        double each[MOMENTS];
        moments_of(m->centre + 5 * k, each); /* E P_l = exp(-l(l+1) tau0) P_l(centre); Euclidean components are independent of the sphere's in a kernel */
        for (int i = 0; i < MOMENTS; i++) {
            const double decay = i < 3 || (i >= 6 && i < 9) ? exp(-2.0 * m->tau0) : i < 6 ? exp(-6.0 * m->tau0) : 1.0;
            out[i] += m->weight[k] * decay * each[i];
        }
    }
}

/*
 * 12 moments at 5 standard errors for three samplers: a false alarm once in 50 000 seeds; and `bias`, which the steps leave. It falls with their number: of
 * order 1/steps for the walk and the ancestral sampler.
 */
static void samplers_have_the_moments_of_the_data(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_between(), 3, 1, 0.06, 8.0, 41, BATCH);
    double wanted[MOMENTS], *y = new_values(5 * DRAWS);
    uint32_t *member = malloc(DRAWS * sizeof *member);
    assert_non_null(member);
    number_members(DRAWS, 0, member);
    moments_of_mixture(&m, wanted);
    const gndp_brownian_method methods[3] = {GNDP_BROWNIAN_EM, GNDP_BROWNIAN_ANCESTRAL, GNDP_BROWNIAN_ODE};
    const int64_t steps[3] = {120, 80, 25};
    const double bias[3] = {1e-2, 1e-2, 5e-3};
    for (int q = 0; q < 3; q++) {
        const gndp_brownian_options o = with(methods[q], steps[q]);
        double sum[MOMENTS] = {0}, square[MOMENTS] = {0};
        assert_ok(gndp_brownian_sample(m.ev, &m.process, &o, DRAWS, member, NULL, y));
        for (int r = 0; r < DRAWS; r++) {
            double each[MOMENTS];
            moments_of(y + 5 * r, each);
            assert_near(dot3(y + 5 * r + 1, y + 5 * r + 1), 1.0, 2e-12);
            for (int i = 0; i < MOMENTS; i++) {
                sum[i] += each[i] / DRAWS, square[i] += each[i] * each[i] / DRAWS;
            }
        }
        for (int i = 0; i < MOMENTS; i++) {
            const double error = sqrt((square[i] - sum[i] * sum[i]) / DRAWS);
            assert_near(sum[i], wanted[i], 5.0 * error + bias[q]);
        }
    }
    free(y), free(member);
    free_mixture(&m);
}

static void members_are_the_same_alone_and_in_company(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_between(), 2, 3, 0.06, 6.0, 42, 4);
    const uint32_t member[7] = {0, 1, 2, 3, 4, 5, 9}, one[2] = {9, 5};
    double all[7 * 15], some[2 * 15];
    for (int q = 0; q < 3; q++) {
        const gndp_brownian_options o = with((gndp_brownian_method)q, 12);
        assert_ok(gndp_brownian_sample(m.ev, &m.process, &o, 7, member, NULL, all));
        assert_ok(gndp_brownian_sample(m.ev, &m.process, &o, 2, one, NULL, some));
        assert_memory_equal(some, all + 6 * 15, 15 * sizeof *all);
        assert_memory_equal(some + 15, all + 5 * 15, 15 * sizeof *all);
    }
    free_mixture(&m);
}

/* y <- R y on the spheres of both layouts. */
static void rotate(const gndp_sphere_layout *layout, int64_t count, double *y)
{
    const double by[3][3] = {{0.36, 0.48, -0.8}, {-0.8, 0.6, 0.0}, {0.48, 0.64, 0.6}};
    for (int64_t k = 0; k < count; k++) {
        double *p = y + k * layout->components + layout->first[0], to[3];
        for (int i = 0; i < 3; i++) {
            to[i] = dot3(by[i], p);
        }
        memcpy(p, to, sizeof to);
    }
}

/* Centres, start and noise rotated: the fields are rotated, to rounding that 60 steps let grow. */
static void rotated_inputs_give_rotated_fields(void **state)
{
    (void)state;
    enum { N = 2, SIZE = 5 * N, STEPS = 60 };
    mixture m[2] = {new_mixture(sphere_between(), 3, N, 0.06, 6.0, 43, 4), new_mixture(sphere_between(), 3, N, 0.06, 6.0, 43, 4)};
    const gndp_sphere_layout *layout = &m[0].process.layout;
    rotate(layout, 3 * N, m[1].centre);
    gndp_score_free(&m[1].score);
    gndp_evaluator_free(m[1].ev);
    assert_ok(gndp_score_heat_mixture(&m[1].process, 3, N, m[1].weight, m[1].centre, m[1].tau0, &m[1].score));
    m[1].ev = open_on(&m[1].score, &m[1].process.schedule, N, 4);
    double start[2][SIZE], y[2][SIZE], b[STEPS + 1];
    const uint32_t member = 0;
    assert_ok(gndp_brownian_limit(&m[0].process, N, (gndp_key){.seed = 1}, &member, 1, start[0]));
    memcpy(start[1], start[0], sizeof start[0]);
    rotate(layout, N, start[1]);
    const gndp_brownian_options o = with(GNDP_BROWNIAN_ODE, STEPS);
    for (int k = 0; k < 2; k++) {
        assert_ok(gndp_brownian_sample(m[k].ev, &m[k].process, &o, 1, &member, start[k], y[k]));
    }
    rotate(layout, N, y[0]);
    for (int i = 0; i < SIZE; i++) {
        assert_near(y[1][i], y[0][i], 1e-9);
    }
    assert_ok(brownian_grid(&m[0].process.schedule, STEPS, 1e-6, false, b));
    for (int q = 0; q < 2; q++) { /* with noise */
        memcpy(y, start, sizeof start);
        for (int s = 0; s < STEPS; s++) {
            const brownian_step by = brownian_step_of(&m[0].process.schedule, (gndp_brownian_method)q, b[s], b[s + 1]);
            const double t = gndp_schedule_time(&m[0].process.schedule, b[s]);
            double xi[2][SIZE], g[SIZE];
            assert_ok(gndp_random_normal_f64(2, (uint32_t)s, 0, 0, 0, SIZE, xi[0]));
            memcpy(xi[1], xi[0], sizeof xi[0]);
            rotate(layout, N, xi[1]);
            for (int k = 0; k < 2; k++) {
                assert_ok(gndp_evaluator_score(m[k].ev, 1, &t, true, y[k], g));
                brownian_move(layout, &by, N, y[k], g, xi[k]);
            }
        }
        rotate(layout, N, y[0]);
        for (int i = 0; i < SIZE; i++) {
            assert_near(y[1][i], y[0][i], 1e-9);
        }
    }
    free_mixture(&m[0]), free_mixture(&m[1]);
}

/*
 * Point 0 known: weights of the kernels are those given its value, so the moments of point 1 are. 12 moments at 5 standard errors, once in 145 000 seeds.
 */
static void known_points_stay_and_tell_of_the_others(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_between(), 3, 2, 0.06, 8.0, 44, BATCH);
    double *data = mixture_data(&m, 5, 1), *y = new_values(10 * DRAWS), wanted[MOMENTS], sum[MOMENTS] = {0}, square[MOMENTS] = {0};
    uint32_t *member = malloc(DRAWS * sizeof *member);
    const int64_t known = 0;
    mixture rest = {.kernels = 3, .points = 1, .tau0 = m.tau0};
    double weight[3], centre[15], total = 0.0;
    assert_non_null(member);
    number_members(DRAWS, 0, member);
    for (int k = 0; k < 3; k++) {
        const double one = 1.0;
        weight[k] = m.weight[k] * exp(gndp_heat_mixture_log_density(&m.process, 1, 1, &one, m.centre + 10 * k, m.tau0, m.process.schedule.t0, data));
        total += weight[k];
        memcpy(centre + 5 * k, m.centre + 10 * k + 5, 5 * sizeof *centre);
    }
    for (int k = 0; k < 3; k++) {
        weight[k] /= total;
    }
    rest.weight = weight, rest.centre = centre;
    moments_of_mixture(&rest, wanted);
    gndp_brownian_options o = with(GNDP_BROWNIAN_ANCESTRAL, 80);
    o.contexts = 1, o.context = &known, o.value = data;
    assert_ok(gndp_brownian_sample(m.ev, &m.process, &o, DRAWS, member, NULL, y));
    for (int r = 0; r < DRAWS; r++) {
        double each[MOMENTS];
        assert_memory_equal(y + 10 * r, data, 5 * sizeof *y);
        moments_of(y + 10 * r + 5, each);
        for (int i = 0; i < MOMENTS; i++) {
            sum[i] += each[i] / DRAWS, square[i] += each[i] * each[i] / DRAWS;
        }
    }
    for (int i = 0; i < MOMENTS; i++) {
        assert_near(sum[i], wanted[i], 5.0 * sqrt((square[i] - sum[i] * sum[i]) / DRAWS) + 1e-2);
    }
    free(data), free(y), free(member);
    free_mixture(&m);
}

static void sampling_reports_what_is_wrong(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_alone(), 1, 2, 0.06, 6.0, 45, 2);
    const uint32_t member = 0;
    const int64_t known[2] = {0, 1};
    const double value[6] = {0, 0, 1, 1, 0, 0}, off[6] = {0, 0, 1, 2, 0, 0};
    double y[6];
    gndp_brownian_method method;
    assert_fails(gndp_brownian_method_find("walk", &method), GNDP_ERR_NOT_FOUND, "ancestral");
    assert_ok(gndp_brownian_method_find("heun", &method));
    assert_string_equal(gndp_brownian_method_name(method), "heun");
    gndp_brownian_options o = with(GNDP_BROWNIAN_EM, 0);
    assert_fails(gndp_brownian_sample(m.ev, &m.process, &o, 1, &member, NULL, y), GNDP_ERR_RANGE, "0 steps");
    o = with(GNDP_BROWNIAN_EM, 5);
    assert_fails(gndp_brownian_sample(m.ev, &m.process, &o, 1, &member, off, y), GNDP_ERR_RANGE, "norm");
    o.least = 100.0;
    assert_fails(gndp_brownian_sample(m.ev, &m.process, &o, 1, &member, NULL, y), GNDP_ERR_RANGE, "B(t1)");
    o = with(GNDP_BROWNIAN_EM, 5);
    o.contexts = 2, o.context = known, o.value = value;
    assert_fails(gndp_brownian_sample(m.ev, &m.process, &o, 1, &member, NULL, y), GNDP_ERR_RANGE, "known points");
    gndp_score plain = m.score;
    plain.context = false;
    gndp_evaluator *ev = open_on(&plain, &m.process.schedule, 2, 2);
    o.contexts = 1;
    assert_fails(gndp_brownian_sample(ev, &m.process, &o, 1, &member, NULL, y), GNDP_ERR_UNSUPPORTED, "context");
    gndp_evaluator_free(ev);
    free_mixture(&m);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(samplers_have_the_moments_of_the_data),
    cmocka_unit_test(members_are_the_same_alone_and_in_company),
    cmocka_unit_test(rotated_inputs_give_rotated_fields),
    cmocka_unit_test(known_points_stay_and_tell_of_the_others),
    cmocka_unit_test(sampling_reports_what_is_wrong),
};
GNDP_TEST_MAIN(tests)
