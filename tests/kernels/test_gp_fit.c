// SPDX-License-Identifier: Apache-2.0
// Fits: generating parameters within the reported uncertainty, stationarity, bounds, fixed values,
// several data sets, vector outputs.
#include "kernels/gp_case.h"

static const gndp_gp_fit_param *fitted(const gndp_gp_fit_result *r, const char *path)
{
    for (int i = 0; i < r->n_params; i++) {
        if (strcmp(r->param[i].path, path) == 0) {
            return &r->param[i];
        }
    }
    fail_msg("no fitted %s", path);
    return NULL;
}

static double held(const gndp_kernel *k, const char *path)
{
    for (int i = 0; i < gndp_kernel_param_count(k); i++) {
        gndp_kernel_param p;
        must(gndp_kernel_param_get(k, i, &p));
        if (strcmp(p.path, path) == 0) {
            return p.value;
        }
    }
    fail_msg("no parameter %s", path);
    return 0.0;
}

#define LENGTHSCALE "0/rbf/lengthscale"
#define VARIANCE "0/rbf/variance"
#define NOISE "1/white/variance"

static const char *const path_of[3] = {LENGTHSCALE, VARIANCE, NOISE};

/*
 * 10 data sets of 80 points from rbf(0.25, 1.5) + white(0.0025) on U(-2, 2): 30 standardised errors
 * of logarithms, about normal and about independent. Each within 4 (false alarm 0.2 %), their mean
 * square within 1 +- 4 sqrt(2/30) = (0, 2.03) and above 0.3 (probability 1e-5 to be below). Over
 * 300 other data sets it was 1.17: curvature slightly understates the spread at this size.
 */
static void gp_fit_recovers_generating_values_within_their_uncertainty(void **state)
{
    (void)state;
    enum { SETS = 10, N = 80 };
    const double truth[3] = {0.25, 1.5, 0.0025};
    double square = 0.0;
    for (uint32_t s = 0; s < SETS; s++) {
        double *x = uniforms(N, -2.0, 2.0, 100 + s);
        double *y = draw_prior("rbf(lengthscale=0.25, variance=1.5) + white(variance=0.0025)", x, N,
                               1, 1, s);
        gndp_kernel *k = parse("rbf(lengthscale=1) + white(variance=0.1)");
        const gndp_gp_data set = data_of(x, N, 1, y, NULL);
        gndp_gp_fit_result r;
        must(gndp_gp_fit(k, &set, 1, NULL, &r));
        assert_int_equal(r.n_params, 3);
        for (int i = 0; i < 3; i++) {
            const gndp_gp_fit_param *p = fitted(&r, path_of[i]);
            const double z = (log(p->value) - log(truth[i])) / p->log_sd;
            assert_true(p->log_sd > 0.0 && p->log_sd < 1.0 && p->positive && !p->at_bound);
            assert_close(z, 0.0, 4.0);
            assert_true(held(k, path_of[i]) == p->value);
            square += z * z / (3.0 * SETS);
        }
        /* as gp_create says of the fitted kernel */
        gndp_gp *gp;
        must(gndp_gp_create(k, &set, &gp));
        assert_close(gndp_gp_log_marginal(gp), r.log_marginal, 1e-8 * (1.0 + fabs(r.log_marginal)));
        assert_true(r.gradient_norm < 1e-4 && r.starts_used == 5 && r.evaluations > 5);
        gndp_gp_free(gp);
        gndp_kernel_free(k);
        free(x);
        free(y);
    }
    print_message("mean square of %d standardised errors: %.3f\n", 3 * SETS, square);
    if (!(square > 0.3 && square < 2.03)) {
        fail_msg("mean square of the standardised errors is %g", square);
    }
}

/* Ten sets together know ten times as much: standard deviations about sqrt(10) smaller, values
 * still within 4 of them. */
static void gp_fit_of_many_sets_is_sharper(void **state)
{
    (void)state;
    enum { SETS = 10, N = 40 };
    const char *generator = "rbf(lengthscale=0.25) + white(variance=0.01)";
    const double truth[3] = {0.25, 1.0, 0.01};
    gndp_gp_data set[SETS];
    double *x[SETS], *y[SETS];
    gndp_gp_fit_result one, all;
    for (uint32_t s = 0; s < SETS; s++) {
        x[s] = uniforms(N + s % 2, -2.0, 2.0, 200 + s); /* two shapes */
        y[s] = draw_prior(generator, x[s], N + s % 2, 1, 1, 50 + s);
        set[s] = data_of(x[s], N + s % 2, 1, y[s], NULL);
    }
    gndp_kernel *k = parse("rbf(lengthscale=0.5) + white(variance=0.1)");
    must(gndp_gp_fit(k, set, 1, NULL, &one));
    must(gndp_gp_fit(k, set, SETS, NULL, &all));
    for (int i = 0; i < 3; i++) {
        const gndp_gp_fit_param *p = fitted(&all, path_of[i]);
        assert_close((log(p->value) - log(truth[i])) / p->log_sd, 0.0, 4.0);
        const double ratio = fitted(&one, path_of[i])->log_sd / p->log_sd;
        assert_true(ratio > 1.5 && ratio < 7.0);
    }
    gndp_kernel_free(k);
    for (int s = 0; s < SETS; s++) {
        free(x[s]);
        free(y[s]);
    }
}

/*
 * y ~ N(0, (s + v) 1) for white noise alone: the optimum is the mean square, and the logarithm's
 * curvature N/2 gives the standard deviation sqrt(2/N). The data's own noise is taken off.
 */
static void gp_fit_of_white_noise_has_its_closed_form(void **state)
{
    (void)state;
    enum { N = 50 };
    double *x = uniforms(N, 0.0, 1.0, 300), *y = normals(N, 301), square = 0.0;
    for (int i = 0; i < N; i++) {
        square += y[i] * y[i] / N;
    }
    gndp_kernel *k = parse("white(variance=0.3)");
    gndp_gp_data set = data_of(x, N, 1, y, NULL);
    gndp_gp_fit_result r;
    must(gndp_gp_fit(k, &set, 1, NULL, &r));
    assert_int_equal(r.n_params, 1);
    assert_close(r.param[0].value, square, 1e-6 * square);
    assert_close(r.param[0].log_sd, sqrt(2.0 / N), 1e-6);
    assert_close(r.log_marginal, -0.5 * N * (1.0 + log(square) + LN_2PI), 1e-9);
    /* with noise v: s = square - v, and d ln(s + v) = s/(s + v) d ln s */
    const double v = 0.4 * square;
    double noise[N];
    for (int i = 0; i < N; i++) {
        noise[i] = v;
    }
    set.noise = noise;
    must(gndp_gp_fit(k, &set, 1, NULL, &r));
    assert_close(r.param[0].value, square - v, 1e-5 * square);
    assert_close(r.param[0].log_sd, sqrt(2.0 / N) * square / (square - v), 1e-5);
    gndp_kernel_free(k);
    free(x);
    free(y);
}

static void gp_fit_keeps_fixed_values_and_bounds(void **state)
{
    (void)state;
    enum { N = 60 };
    double *x = uniforms(N, -2.0, 2.0, 400);
    double *y = draw_prior("rbf(lengthscale=0.3) + white(variance=0.01)", x, N, 1, 1, 3);
    const gndp_gp_data set = data_of(x, N, 1, y, NULL);
    const char *const fixed[2] = {VARIANCE, NULL};
    const gndp_gp_bound bounds[2] = {{LENGTHSCALE, 0.5, 2.0}, {NULL, 0, 0}};
    gndp_kernel *k = parse("rbf(lengthscale=1, variance=0.8) + white(variance=0.1)");
    gndp_gp_fit_result r;
    must(gndp_gp_fit(k, &set, 1, &(gndp_gp_fit_options){.fixed = fixed, .bounds = bounds}, &r));
    assert_int_equal(r.n_params, 2);
    assert_true(held(k, VARIANCE) == 0.8);
    const gndp_gp_fit_param *p = fitted(&r, LENGTHSCALE);
    assert_true(p->at_bound && isnan(p->log_sd) && p->value >= 0.5 && p->value < 0.51);
    assert_true(!fitted(&r, NOISE)->at_bound && fitted(&r, NOISE)->log_sd > 0.0);
    assert_true(r.gradient_norm < 1e-3); /* of what the search moves: it ends at a bound, too */
    gndp_kernel_free(k);
    free(x);
    free(y);
}

static void gp_fit_with_nothing_to_move_gives_the_value(void **state)
{
    (void)state;
    enum { N = 10 };
    double *x = uniforms(N, -2.0, 2.0, 500), *y = normals(N, 501);
    const gndp_gp_data set = data_of(x, N, 1, y, NULL);
    const char *const fixed[4] = {LENGTHSCALE, VARIANCE, NOISE, NULL};
    const char *text = "rbf(lengthscale=0.5) + white(variance=0.1)";
    gndp_kernel *k = parse(text);
    gndp_gp *gp = condition(text, set);
    gndp_gp_fit_result r;
    must(gndp_gp_fit(k, &set, 1, &(gndp_gp_fit_options){.fixed = fixed}, &r));
    assert_close(r.log_marginal, gndp_gp_log_marginal(gp), 1e-11);
    assert_int_equal(r.n_params, 0);
    gndp_gp_free(gp);
    gndp_kernel_free(k);
    free(x);
    free(y);
}

/* Two equal terms: their variances trade against each other, so that direction has no curvature. */
static void gp_fit_reports_nan_where_data_say_nothing(void **state)
{
    (void)state;
    enum { N = 40 };
    double *x = uniforms(N, -2.0, 2.0, 600);
    double *y = draw_prior("rbf(lengthscale=0.4) + white(variance=0.05)", x, N, 1, 1, 4);
    const gndp_gp_data set = data_of(x, N, 1, y, NULL);
    gndp_kernel *k = parse("rbf(lengthscale=0.4) + white(variance=0.02) + white(variance=0.03)");
    gndp_gp_fit_result r;
    must(gndp_gp_fit(k, &set, 1, &(gndp_gp_fit_options){.starts = 1}, &r));
    assert_true(fitted(&r, LENGTHSCALE)->log_sd > 0.0);
    assert_true(isnan(fitted(&r, "1/white/variance")->log_sd));
    assert_true(isnan(fitted(&r, "2/white/variance")->log_sd));
    gndp_kernel_free(k);
    free(x);
    free(y);
}

/* Far from the data's scales, where the first start alone stays in another optimum: all noise. */
static void gp_fit_starts_beyond_the_kernels_own_values(void **state)
{
    (void)state;
    enum { N = 60 };
    double *x = uniforms(N, -2.0, 2.0, 700);
    double *y = draw_prior("rbf(lengthscale=0.3) + white(variance=0.0025)", x, N, 1, 1, 5);
    const gndp_gp_data set = data_of(x, N, 1, y, NULL);
    gndp_kernel *k = parse("rbf(lengthscale=300, variance=0.001) + white(variance=10)");
    gndp_gp_fit_result one, many;
    gndp_kernel *copy;
    must(gndp_kernel_clone(k, &copy));
    must(gndp_gp_fit(copy, &set, 1, &(gndp_gp_fit_options){.starts = 1}, &one));
    gndp_kernel_free(copy);
    must(gndp_kernel_clone(k, &copy));
    must(gndp_gp_fit(copy, &set, 1, &(gndp_gp_fit_options){.starts = 10, .seed = 1}, &many));
    assert_int_equal(one.starts_used, 1);
    assert_true(many.log_marginal >= one.log_marginal - 1e-9);
    assert_close(log(held(copy, LENGTHSCALE) / 0.3), 0.0, 0.5);
    gndp_kernel_free(copy);
    /* the same seed, the same result */
    gndp_gp_fit_result again;
    must(gndp_kernel_clone(k, &copy));
    must(gndp_gp_fit(copy, &set, 1, &(gndp_gp_fit_options){.starts = 10, .seed = 1}, &again));
    assert_true(again.log_marginal == many.log_marginal && again.evaluations == many.evaluations);
    gndp_kernel_free(copy);
    gndp_kernel_free(k);
    free(x);
    free(y);
}

/* Starts spread over the whole box: with lengthscales near its ends the data are noise or a
 * constant, without a slope. */
static void gp_fit_starts_in_every_part_of_the_bounds(void **state)
{
    (void)state;
    enum { N = 60 };
    double *x = uniforms(N, -2.0, 2.0, 750);
    double *y = draw_prior("rbf(lengthscale=0.3) + white(variance=0.0025)", x, N, 1, 1, 8);
    const gndp_gp_data set = data_of(x, N, 1, y, NULL);
    const gndp_gp_bound low[2] = {{LENGTHSCALE, 1e-6, 1e1}, {NULL, 0, 0}};
    const gndp_gp_bound high[2] = {{LENGTHSCALE, 1e-1, 1e6}, {NULL, 0, 0}};
    for (int end = 0; end <= 1; end++) {
        gndp_kernel *k = parse(end == 0 ? "rbf(lengthscale=1e-6) + white(variance=1)"
                                        : "rbf(lengthscale=1e6) + white(variance=1)");
        gndp_gp_fit_result r;
        const gndp_gp_fit_options o = {.starts = 15, .bounds = end == 0 ? low : high};
        must(gndp_gp_fit(k, &set, 1, &o, &r));
        assert_close(log(held(k, LENGTHSCALE) / 0.3), 0.0, 0.5);
        gndp_kernel_free(k);
    }
    free(x);
    free(y);
}

/* Curl-free wind on a plane, 2 x 60 values: within 4 standard deviations of what made it. */
static void gp_fit_recovers_a_curlfree_field(void **state)
{
    (void)state;
    enum { N = 60 };
    double *x = uniforms(2 * N, -3.0, 3.0, 800);
    double *y = draw_prior("curlfree(rbf(lengthscale=1.5, variance=2)) + white(variance=0.02)", x,
                           N, 2, 2, 6);
    const gndp_gp_data set = data_of(x, N, 2, y, NULL);
    gndp_kernel *k = parse("curlfree(rbf(lengthscale=1)) + white(variance=0.1)");
    gndp_gp_fit_result r;
    must(gndp_gp_fit(k, &set, 1, &(gndp_gp_fit_options){.starts = 3}, &r));
    assert_int_equal(r.n_params, 3);
    for (int i = 0; i < 3; i++) {
        const gndp_gp_fit_param *p = &r.param[i];
        const double truth = strstr(p->path, "lengthscale") != NULL ? 1.5
                             : strstr(p->path, "white") != NULL     ? 0.02
                                                                    : 2.0;
        assert_close((log(p->value) - log(truth)) / p->log_sd, 0.0, 4.0);
    }
    gndp_kernel_free(k);
    free(x);
    free(y);
}

/* Mixing weights may be negative: fitted as they are. (-a fits as well as a: the sign of the
 * product counts.) */
static void gp_fit_moves_coregionalisation_weights(void **state)
{
    (void)state;
    enum { N = 80 };
    const char *generator =
        "coregion(rbf(lengthscale=0.5), a=[1, -0.6], rank=1, diagonal=[0.1, 0.1]) + "
        "white(variance=0.01)";
    double *x = uniforms(N, -3.0, 3.0, 900);
    double *y = draw_prior(generator, x, N, 1, 2, 7);
    const gndp_gp_data set = data_of(x, N, 1, y, NULL);
    gndp_kernel *k = parse("coregion(rbf(lengthscale=1), a=[0.5, 0.5], rank=1, diagonal=[0.5, 0.5])"
                           " + white(variance=0.1)");
    gndp_gp_fit_result r;
    double weight[2] = {0}, sd[2] = {0};
    int found = 0;
    must(gndp_gp_fit(k, &set, 1, NULL, &r));
    gndp_gp *gp = condition(generator, set);
    assert_true(r.log_marginal > gndp_gp_log_marginal(gp));
    for (int i = 0; i < r.n_params; i++) {
        if (!r.param[i].positive) {
            weight[found] = r.param[i].value;
            sd[found++] = r.param[i].log_sd;
        }
    }
    assert_int_equal(found, 2);
    assert_true(weight[0] * weight[1] < 0.0);
    (void)sd; /* the kernel's own variance trades against the weights: no curvature along that */
    gndp_gp_free(gp);
    gndp_kernel_free(k);
    free(x);
    free(y);
}

typedef struct watcher {
    int calls, stop_at, last_start;
    double best;
} watcher;

static bool watch(void *state, const gndp_gp_fit_progress *now)
{
    watcher *w = state;
    assert_int_equal(now->evaluations, w->calls); /* told before each of them */
    assert_int_equal(now->starts, 3);
    assert_true(now->start >= w->last_start && now->start <= 3 && now->log_marginal >= w->best);
    w->last_start = now->start;
    w->best = now->log_marginal;
    return ++w->calls != w->stop_at;
}

/* A watch sees every evaluation and changes nothing; where it says stop, the kernel stays as it
 * was. */
static void gp_fit_tells_its_watch_and_stops_when_told(void **state)
{
    (void)state;
    enum { N = 30 };
    double *x = uniforms(N, -2.0, 2.0, 900);
    double *y = draw_prior("rbf(lengthscale=0.5) + white(variance=0.01)", x, N, 1, 1, 900);
    const gndp_gp_data set = data_of(x, N, 1, y, NULL);
    gndp_gp_fit_result alone, watched;
    watcher w = {.stop_at = -1, .best = -HUGE_VAL};
    gndp_gp_fit_options options = {.starts = 3};
    gndp_kernel *k = parse("rbf() + white(variance=0.1)"),
                *same = parse("rbf() + white(variance=0.1)");
    must(gndp_gp_fit(k, &set, 1, &options, &alone));
    options.watch = watch;
    options.watch_state = &w;
    must(gndp_gp_fit(same, &set, 1, &options, &watched));
    assert_memory_equal(&alone, &watched, sizeof alone);
    assert_int_equal(w.calls, watched.evaluations);
    assert_int_equal(w.last_start, 3); /* the curvature */
    assert_true(w.best >= watched.log_marginal);
    const int calls = w.calls;
    for (int stop = 1; stop <= calls; stop += 7) {
        gndp_kernel *kept = parse("rbf() + white(variance=0.1)");
        w = (watcher){.stop_at = stop, .best = -HUGE_VAL};
        assert_int_equal(gndp_gp_fit(kept, &set, 1, &options, &watched), GNDP_ERR_INTERRUPTED);
        assert_int_equal(w.calls, stop); /* and asked no more */
        assert_true(held(kept, LENGTHSCALE) == 1.0 && held(kept, NOISE) == 0.1);
        assert_non_null(strstr(gndp_last_error(), "stopped after"));
        gndp_kernel_free(kept);
    }
    gndp_kernel_free(k);
    gndp_kernel_free(same);
    free(x);
    free(y);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gp_fit_recovers_generating_values_within_their_uncertainty),
    cmocka_unit_test(gp_fit_of_many_sets_is_sharper),
    cmocka_unit_test(gp_fit_of_white_noise_has_its_closed_form),
    cmocka_unit_test(gp_fit_keeps_fixed_values_and_bounds),
    cmocka_unit_test(gp_fit_tells_its_watch_and_stops_when_told),
    cmocka_unit_test(gp_fit_with_nothing_to_move_gives_the_value),
    cmocka_unit_test(gp_fit_reports_nan_where_data_say_nothing),
    cmocka_unit_test(gp_fit_starts_beyond_the_kernels_own_values),
    cmocka_unit_test(gp_fit_starts_in_every_part_of_the_bounds),
    cmocka_unit_test(gp_fit_recovers_a_curlfree_field),
    cmocka_unit_test(gp_fit_moves_coregionalisation_weights),
};

GNDP_TEST_MAIN(tests)
