// SPDX-License-Identifier: Apache-2.0
// Log-densities by the probability flow with the exact score: closed forms, orders, published
// biases, probes, conditionals.
#include "sde/toy_score.h"

#include "sde/evaluator.h"

typedef struct opened {
    gndp_score score;
    gndp_evaluator *ev;
} opened;

static opened open_exact(const sde_case *c, int64_t batch)
{
    opened o;
    assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &o.score));
    o.ev = open_score(c, &o.score, batch);
    return o;
}

static void close_exact(opened *o)
{
    gndp_evaluator_free(o->ev);
    gndp_score_free(&o->score);
}

/* Draws of the data law. */
static double *new_fields(const sde_case *c, int64_t n, uint64_t seed)
{
    double *root = new_values(c->n * c->n), *xi = new_normals(seed, n * c->n),
           *y = new_values(n * c->n);
    dense_factor(c->n, c->s0, 0.0, root);
    for (int64_t r = 0; r < n; r++) {
        times(c->n, root, xi + r * c->n, y + r * c->n);
        for (int64_t i = 0; i < c->n; i++) {
            y[r * c->n + i] += c->m0[i];
        }
    }
    free(root), free(xi);
    return y;
}

/* With the exact p_t1 at the end the flow is exact: log p_0(y_0) = log p_t1(y_t1) + 1/2 sum log
 * (var_k/w_k), and y_t1 keeps its standardised length. */
static void likelihood_has_its_closed_form(void **state)
{
    (void)state;
    enum { R = 3 };
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        opened o = open_exact(c, 4);
        double *y = new_fields(c, R, 3), *latent = new_values(R * n), log_p[R], *w = new_values(n),
               *cov = new_values(n * n), *mean = new_values(n), change = 0.0;
        gndp_likelihood_options lo = gndp_likelihood_options_default();
        lo.solver = GNDP_ODE_ADAPTIVE;
        lo.tolerance = 1e-10;
        lo.exact_terminal = true;
        assert_ok(gndp_log_likelihood(o.ev, &c->schedule, c->law, &lo, R, NULL, y, log_p, latent));
        assert_ok(gndp_gaussian_spectrum(c->law, c->s0, w));
        const gndp_linear_law end = gndp_schedule_marginal(&c->schedule, c->schedule.t1);
        for (int64_t k = 0; k < n; k++) {
            change += 0.5 * log((end.a * end.a * w[k] + end.variance) / w[k]);
        }
        law_at(c, c->schedule.t1, cov, mean);
        for (int r = 0; r < R; r++) {
            assert_near(log_p[r], change, 1e-7);
            assert_near(log_p[r] + normal_log_prob(n, cov, mean, latent + r * n),
                        normal_log_prob(n, c->s0, c->m0, y + r * n), 1e-7);
        }
        free(y), free(latent), free(w), free(cov), free(mean);
        close_exact(&o);
        free_case(c);
    }
}

/*
 * The default solver, RK4 with 100 steps: within 1e-3 nats a point of the exact density, for white
 * and correlated limits, curl-free fields with a nonzero limiting mean and D = 3, P = 2 among them.
 * N(m, K) in place of p_t1 adds what it must: log N(y_t1; m, K) - log p_t1(y_t1), up to .007 nats
 * an output at the rates of the literature.
 */
static void likelihood_by_default_is_within_a_thousandth(void **state)
{
    (void)state;
    enum { R = 8 };
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        opened o = open_exact(c, 8);
        double *y = new_fields(c, R, 4), *latent = new_values(R * n), *cov = new_values(n * n),
               *mean = new_values(n), log_p[R], limit[R], total = 0.0;
        assert_ok(gndp_log_likelihood(o.ev, &c->schedule, c->law, NULL, R, NULL, y, log_p, latent));
        assert_ok(gndp_gaussian_log_prob(c->law, R, latent, limit));
        law_at(c, c->schedule.t1, cov, mean);
        for (int r = 0; r < R; r++) {
            const double exact = normal_log_prob(n, c->s0, c->m0, y + r * n),
                         ends = limit[r] - normal_log_prob(n, cov, mean, latent + r * n);
            assert_near((log_p[r] - ends - exact) / (double)c->n_points, 0.0, 1e-3);
            total += ends / (double)(R * n);
        }
        assert_near(total, 0.0, 0.007);
        assert_int_equal(gndp_evaluator_count(o.ev), R * 100 * 4 * 2 * n);
        free(y), free(latent), free(cov), free(mean);
        close_exact(&o);
        free_case(c);
    }
}

/*
 * Steps that grow (power 2) for data with noise .0025 on a white limit and beta from 0: the flow changes over t about sqrt(.0025/5) = .02, equal steps of
 * 1/20 jump over it. Both are wrong by less at twice the steps; 20 growing ones are within .001 nats a point, 20 equal ones are not.
 */
static void growing_steps_see_small_noise(void **state)
{
    (void)state;
    enum { R = 8 };
    const sde_text text = {"white(variance=1.0025)", "rbf(lengthscale=0.25)+white(variance=0.0025)", 20, 1, 1, {0}, 0, 10};
    sde_case *c = new_case(&text);
    opened o = open_exact(c, R);
    double *y = new_fields(c, R, 6), p[R], exact[R];
    gndp_likelihood_options lo = gndp_likelihood_options_default();
    lo.solver = GNDP_ODE_ADAPTIVE, lo.tolerance = 1e-9;
    assert_ok(gndp_log_likelihood(o.ev, &c->schedule, c->law, &lo, R, NULL, y, exact, NULL));
    lo.solver = GNDP_ODE_RK4;
    double error[2][2] = {{0}};
    for (int grow = 0; grow < 2; grow++) {
        for (int twice = 0; twice < 2; twice++) {
            lo.power = grow ? 2.0 : 1.0, lo.steps = twice ? 40 : 20;
            assert_ok(gndp_log_likelihood(o.ev, &c->schedule, c->law, &lo, R, NULL, y, p, NULL));
            for (int r = 0; r < R; r++) {
                error[grow][twice] = fmax(error[grow][twice], fabs(p[r] - exact[r]) / (double)c->n);
            }
        }
    }
    assert_true(error[1][0] < 1e-3 && error[0][0] > 5e-3);
    assert_true(error[1][1] < error[1][0] / 8.0 && error[0][1] < error[0][0] / 2.0);
    lo.power = 0.5;
    assert_int_equal(gndp_log_likelihood(o.ev, &c->schedule, c->law, &lo, R, NULL, y, p, NULL), GNDP_ERR_RANGE);
    free(y);
    close_exact(&o);
    free_case(c);
}

static void solvers_converge_at_their_order(void **state)
{
    (void)state;
    const struct {
        gndp_ode_solver solver;
        int64_t steps;
        double order;
    } table[3] = {{GNDP_ODE_EULER, 200, 1.0}, {GNDP_ODE_HEUN, 100, 2.0}, {GNDP_ODE_RK4, 50, 4.0}};
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        opened o = open_exact(c, 1);
        double *y = new_fields(c, 1, 5), *latent = new_values(n), *cov = new_values(n * n),
               *mean = new_values(n);
        law_at(c, c->schedule.t1, cov, mean);
        const double exact = normal_log_prob(n, c->s0, c->m0, y);
        for (int i = 0; i < 3; i++) {
            double error[3];
            for (int q = 0; q < 3; q++) {
                gndp_likelihood_options lo = gndp_likelihood_options_default();
                lo.solver = table[i].solver;
                lo.steps = table[i].steps << q;
                lo.exact_terminal = true;
                double log_p;
                assert_ok(gndp_log_likelihood(o.ev, &c->schedule, c->law, &lo, 1, NULL, y, &log_p,
                                              latent));
                error[q] = fabs(log_p + normal_log_prob(n, cov, mean, latent) - exact);
            }
            const double slope = log2(error[1] / error[2]);
            if (!(fabs(slope - table[i].order) < 0.25)) {
                fail_msg("case %d solver %d: errors %.3g %.3g %.3g, slope %.2f", which, i, error[0],
                         error[1], error[2], slope);
            }
        }
        free(y), free(latent), free(cov), free(mean);
        close_exact(&o);
        free_case(c);
    }
}

/* ---- Published biases --------------------------------------------------------------------------
 */

/* Points on (-2, 2), as the 1D sets of the literature have them. */
static sde_case *new_line(const char *limit, const char *data, double beta1, int64_t points,
                          uint64_t seed)
{
    const sde_text text = {limit, data, points, 1, 1, {0.0}, 0.0, beta1};
    sde_case *c = new_case(&text);
    gndp_gaussian_free(c->law);
    free(c->k), free(c->s0);
    assert_ok(gndp_random_uniform_f64(seed, 0, 0, GNDP_STREAM(2, 1), 0, points, c->x));
    for (int64_t i = 0; i < points; i++) {
        c->x[i] = 4.0 * c->x[i] - 2.0;
    }
    assert_ok(gndp_process_law(c->process, &c->points, NULL, &c->law));
    c->k = kernel_matrix(limit, 1, c->x, points, 1);
    c->s0 = kernel_matrix(data, 1, c->x, points, 1);
    memset(c->m0, 0, (size_t)points * sizeof *c->m0);
    for (int64_t i = 0; i < points; i++) {
        c->k[i * points + i] += gndp_gaussian_jitter(c->law);
    }
    dense_factor(points, c->k, 0.0, c->l);
    return c;
}

#define SE "rbf(lengthscale=0.25)+white(variance=0.0025)"
#define MATERN "matern52(lengthscale=0.25)+white(variance=0.0025)"
#define PERIODIC "rbf(lengthscale=0.5)*periodic(lengthscale=0.25,period=1)+white(variance=0.0025)"

/*
 * geomndp.md 8, joint of 55 points, white limit, rates 0 to 10, nats a point: Euler-50/100/200/1000
 * = .120/.083/.047/.011, Heun .022/.007/.002/<.001, RK4-50 .001, RK4-100 < .0005. The mean of 12
 * fields on 3 sets of points is that of theirs to about 10 %: their points are not given.
 */
static void solvers_have_the_published_bias(void **state)
{
    (void)state;
    enum { SETS = 3, FIELDS = 4, N = 55 };
    const struct {
        gndp_ode_solver solver;
        int64_t steps;
        double bias, tolerance;
    } table[] = {{GNDP_ODE_EULER, 50, 0.120, 0.02},   {GNDP_ODE_EULER, 100, 0.083, 0.012},
                 {GNDP_ODE_EULER, 200, 0.047, 0.007}, {GNDP_ODE_HEUN, 50, 0.022, 0.006},
                 {GNDP_ODE_HEUN, 100, 0.007, 0.002},  {GNDP_ODE_HEUN, 200, 0.002, 0.001},
                 {GNDP_ODE_RK4, 50, 0.001, 0.001},    {GNDP_ODE_RK4, 100, 0.0, 0.0005}};
    enum { ROWS = sizeof table / sizeof *table };
    double bias[ROWS] = {0.0};
    for (uint64_t set = 0; set < SETS; set++) {
        sde_case *c = new_line("white(variance=1)", SE, 10.0, N, 100 + set);
        opened o = open_exact(c, FIELDS);
        double *y = new_fields(c, FIELDS, 7 + set), *latent = new_values(FIELDS * N), log_p[FIELDS],
               *cov = new_values(N * N), *mean = new_values(N);
        law_at(c, c->schedule.t1, cov, mean);
        for (int i = 0; i < ROWS; i++) {
            gndp_likelihood_options lo = gndp_likelihood_options_default();
            lo.solver = table[i].solver;
            lo.steps = table[i].steps;
            lo.exact_terminal = true; /* the bias of the solver alone */
            assert_ok(gndp_log_likelihood(o.ev, &c->schedule, c->law, &lo, FIELDS, NULL, y, log_p,
                                          latent));
            for (int r = 0; r < FIELDS; r++) {
                bias[i] += (log_p[r] + normal_log_prob(N, cov, mean, latent + r * N) -
                            normal_log_prob(N, c->s0, c->m0, y + r * N)) /
                           (N * SETS * FIELDS);
            }
        }
        free(y), free(latent), free(cov), free(mean);
        close_exact(&o);
        free_case(c);
    }
    for (int i = 0; i < ROWS; i++) {
        if (!(fabs(bias[i] - table[i].bias) <= table[i].tolerance)) {
            fail_msg("solver %d, %d steps: bias %.4f, published %.3f", (int)table[i].solver,
                     (int)table[i].steps, bias[i], table[i].bias);
        }
    }
}

/* ---- Conditionals ------------------------------------------------------------------------------
 */

/* ln p(y_* | y_c) / number of targets for context = the first C points, by the flow and exactly. */
static void conditional(const char *limit, const char *data, double beta1, int64_t points,
                        int64_t context, const gndp_likelihood_options *lo, int64_t fields,
                        uint64_t seed, double *flow, double *exact)
{
    sde_case *joint = new_line(limit, data, beta1, points, seed);
    sde_case part = *joint;
    gndp_gaussian *law = NULL;
    int64_t *index = calloc((size_t)context, sizeof *index);
    part.n = part.n_points = context;
    part.points.x.type.dim[0] = context;
    part.s0 = kernel_matrix(data, 1, joint->x, context, 1);
    assert_ok(gndp_process_law(joint->process, &part.points, NULL, &law));
    part.law = law;
    opened all = open_exact(joint, fields), some = open_exact(&part, fields);
    double *y = new_fields(joint, fields, seed + 50), *log_p = new_values(fields);
    for (int64_t i = 0; i < context; i++) {
        index[i] = i;
    }
    const gndp_flow_law a = {all.ev, joint->law}, b = {some.ev, law};
    assert_ok(gndp_conditional_log_likelihood(&a, &b, &joint->schedule, lo, fields, NULL, context,
                                              index, y, log_p));
    *flow = *exact = 0.0;
    for (int64_t r = 0; r < fields; r++) {
        const double scale = 1.0 / (double)(fields * (points - context));
        *flow += log_p[r] * scale;
        *exact += scale * (normal_log_prob(points, joint->s0, joint->m0, y + r * points) -
                           normal_log_prob(context, part.s0, joint->m0, y + r * points));
    }
    index[0] = points;
    assert_fails(gndp_conditional_log_likelihood(&a, &b, &joint->schedule, lo, fields, NULL,
                                                 context, index, y, log_p),
                 GNDP_ERR_RANGE, "context point 0");
    close_exact(&all);
    close_exact(&some);
    gndp_gaussian_free(law);
    free(part.s0), free(y), free(log_p), free(index);
    free_case(joint);
}

/* geomndp.md 8: 50 targets, 1 to 10 context points: SE Euler-100 +.086, Heun-100 +.007; Matern
 * .062, .004. The terminal law cancels between joint and context but for what the targets see. */
static void conditionals_have_the_published_bias(void **state)
{
    (void)state;
    const struct {
        const char *data;
        gndp_ode_solver solver;
        double bias, tolerance;
    } table[] = {{SE, GNDP_ODE_EULER, 0.086, 0.013},
                 {SE, GNDP_ODE_HEUN, 0.007, 0.004},
                 {MATERN, GNDP_ODE_EULER, 0.062, 0.012},
                 {MATERN, GNDP_ODE_HEUN, 0.004, 0.004}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        double sum = 0.0;
        for (int q = 0; q < 3; q++) {
            double flow, exact;
            gndp_likelihood_options lo = gndp_likelihood_options_default();
            lo.solver = table[i].solver;
            conditional("white(variance=1)", table[i].data, 10.0,
                        50 + (const int64_t[]){2, 5, 9}[q], (const int64_t[]){2, 5, 9}[q], &lo, 4,
                        200 + (uint64_t)q, &flow, &exact);
            sum += (flow - exact) / 3.0;
        }
        if (!(fabs(sum - table[i].bias) <= table[i].tolerance)) {
            fail_msg("row %zu: bias %.4f, published %.3f", i, sum, table[i].bias);
        }
    }
}

/*
 * Limiting kernels (12.2): with the exact score and a solver without bias every limit gives the
 * likelihood of the process itself, whatever its length scale. Rates up to 20, so that exp(-B(t1))
 * is e^-10 and N(m, K) at the end costs nothing.
 */
static void conditionals_do_not_depend_on_the_limit(void **state)
{
    (void)state;
    const char *const limits[] = {"white(variance=1)",
                                  "0.95*rbf(lengthscale=1)+white(variance=0.05)",
                                  "0.95*rbf(lengthscale=0.1)+white(variance=0.05)",
                                  "0.95*periodic(lengthscale=0.5,period=1)+white(variance=0.05)"};
    const char *const data[] = {SE, PERIODIC};
    for (int d = 0; d < 2; d++) {
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            double flow, exact;
            gndp_likelihood_options lo = gndp_likelihood_options_default();
            conditional(limits[i], data[d], 20.0, 30, 5, &lo, 4, 300, &flow, &exact);
            if (!(fabs(flow - exact) < 2e-3)) {
                fail_msg("limit %s, data %s: %.4f, exact %.4f", limits[i], data[d], flow, exact);
            }
        }
    }
}

/* ---- Probes ------------------------------------------------------------------------------------
 */

/* The mean over all sign vectors is the trace: 2^n probes, L-whitened. */
static void probes_over_all_signs_give_the_trace(void **state)
{
    (void)state;
    const sde_text text = {sde_texts[2].limit, sde_texts[2].data, 4, 3, 2, {0.7, -0.5}, 1e-4, 15};
    sde_case *c = new_case(&text);
    const int64_t n = c->n, probes = INT64_C(1) << n;
    opened o = open_exact(c, 8);
    gndp_score toy;
    gndp_store *store = new_toy(GNDP_F64, c->dim, c->outputs, 0.5, &toy);
    gndp_evaluator *ev[2] = {o.ev, NULL};
    assert_ok(gndp_evaluator_create(&toy, &c->schedule, &c->points.x, NULL, &ev[1]));
    double *a = new_values(2 * probes * n), *b = new_values(2 * probes * n),
           *eps = new_values(probes * n), *y = new_normals(2, 2 * n), *g = new_values(2 * n),
           trace[2], estimate[2], t = 0.3;
    for (int64_t q = 0; q < probes; q++) {
        for (int64_t i = 0; i < n; i++) {
            eps[q * n + i] = q >> i & 1 ? 1.0 : -1.0;
        }
    }
    for (int r = 0; r < 2; r++) {
        double *to = b + r * probes * n;
        assert_ok(gndp_gaussian_apply_root(c->law, false, probes, eps, to));
        assert_ok(gndp_gaussian_solve(c->law, probes, to, a + r * probes * n));
    }
    for (int i = 0; i < 2; i++) {
        assert_ok(evaluator_trace(ev[i], 2, 2, &t, true, y, g, trace));
        assert_ok(evaluator_probe(ev[i], 2, 2, &t, true, y, probes, a, b, g, estimate));
        for (int r = 0; r < 2; r++) {
            assert_near(estimate[r], trace[r], 1e-9 * fabs(trace[r]));
        }
    }
    free(a), free(b), free(eps), free(y), free(g);
    gndp_evaluator_free(ev[1]);
    gndp_store_free(store);
    gndp_score_free(&toy);
    close_exact(&o);
    free_case(c);
}

/*
 * Log-densities by probes: unbiased. The exact score's J is constant along the path up to its time,
 * so an estimate is exact + sum over a < b of B_ab e_a e_b, B = integral of -beta sym(L^-1 J L):
 * for one probe the variance is sum_{a<b} B_ab^2 (Rademacher, with B counted twice) and for
 * Gaussian probes sum B_ab^2/2. The sample variance of 64 members bounds the standard error; 5.5 of
 * them fail with probability below 1e-6 for 8 numbers (Student with 63 degrees); the seed is fixed.
 */
static void probes_are_unbiased(void **state)
{
    (void)state;
    enum { R = 64 };
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        opened o = open_exact(c, 16);
        double *one = new_fields(c, 1, 6), *y = new_values(R * c->n), log_p[R], exact;
        gndp_likelihood_options lo = gndp_likelihood_options_default();
        lo.steps = 25;
        assert_ok(gndp_log_likelihood(o.ev, &c->schedule, c->law, &lo, 1, NULL, one, &exact, NULL));
        for (int r = 0; r < R; r++) {
            memcpy(y + r * c->n, one, (size_t)c->n * sizeof *one);
        }
        lo.probes = 8;
        for (int gaussian = 0; gaussian < 2; gaussian++) {
            double mean = 0.0, var = 0.0;
            lo.gaussian_probes = gaussian;
            lo.seed = 5;
            assert_ok(
                gndp_log_likelihood(o.ev, &c->schedule, c->law, &lo, R, NULL, y, log_p, NULL));
            for (int r = 0; r < R; r++) {
                mean += log_p[r] / R;
            }
            for (int r = 0; r < R; r++) {
                var += (log_p[r] - mean) * (log_p[r] - mean) / (R - 1);
            }
            assert_true(var > 0.0);
            assert_near(mean, exact, 5.5 * sqrt(var / R) + 1e-6);
            double again; /* a member's probes follow from its number alone */
            const uint32_t member = 37;
            assert_ok(gndp_log_likelihood(o.ev, &c->schedule, c->law, &lo, 1, &member, one, &again,
                                          NULL));
            assert_near(again, log_p[37], 1e-12 * fabs(again));
        }
        free(one), free(y);
        close_exact(&o);
        free_case(c);
    }
}

/* A network in f32: each field alone, in a batch, on one thread or two. */
static void likelihood_is_the_same_in_any_company(void **state)
{
    (void)state;
    enum { R = 16 };
    sde_case *c = new_case(&sde_texts[2]);
    const int64_t n = c->n;
    gndp_score toy;
    gndp_store *store = new_toy(GNDP_F32, c->dim, c->outputs, 0.3, &toy);
    double *y = new_fields(c, R, 8), log_p[4][R];
    for (int way = 0; way < 4; way++) {
        gndp_device *device = NULL;
        gndp_evaluator *ev = NULL;
        const gndp_device_options how = {.threads = way == 1 ? 1 : 2};
        assert_ok(gndp_device_open("cpu", &how, &device));
        const gndp_evaluator_options eo = {.batch = 16, .device = device};
        assert_ok(gndp_evaluator_create(&toy, &c->schedule, &c->points.x, &eo, &ev));
        gndp_likelihood_options lo = gndp_likelihood_options_default();
        lo.steps = 6;
        if (way < 2) {
            assert_ok(
                gndp_log_likelihood(ev, &c->schedule, c->law, &lo, R, NULL, y, log_p[way], NULL));
        }
        for (uint32_t r = 0; way >= 2 && r < R; r++) {
            lo.solver = way == 2 ? GNDP_ODE_RK4 : GNDP_ODE_ADAPTIVE;
            assert_ok(gndp_log_likelihood(ev, &c->schedule, c->law, &lo, 1, &r, y + r * n,
                                          log_p[way] + r, NULL));
        }
        gndp_evaluator_free(ev);
        gndp_device_free(device);
    }
    assert_memory_equal(log_p[0], log_p[1], sizeof log_p[0]);
    assert_memory_equal(log_p[0], log_p[2], sizeof log_p[0]);
    for (int r = 0; r < R; r++) { /* RK4 with 6 steps is a rough flow */
        assert_near(log_p[3][r], log_p[0][r], 0.1 * fabs(log_p[0][r]));
    }
    free(y);
    gndp_store_free(store);
    gndp_score_free(&toy);
    free_case(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(likelihood_has_its_closed_form),
    cmocka_unit_test(likelihood_by_default_is_within_a_thousandth),
    cmocka_unit_test(growing_steps_see_small_noise),
    cmocka_unit_test(solvers_converge_at_their_order),
    cmocka_unit_test(solvers_have_the_published_bias),
    cmocka_unit_test(conditionals_have_the_published_bias),
    cmocka_unit_test(conditionals_do_not_depend_on_the_limit),
    cmocka_unit_test(probes_over_all_signs_give_the_trace),
    cmocka_unit_test(probes_are_unbiased),
    cmocka_unit_test(likelihood_is_the_same_in_any_company),
};
GNDP_TEST_MAIN(tests)
