// SPDX-License-Identifier: Apache-2.0
// Clean context among noised targets (geomndp.md 7.7): noise, loss and score of the targets by K_**
// alone. Expectations are exact sums.
#include "sde/sde_case.h"

enum { SETS = 4, FEEDS = 8 };

/* Which points are context: none, one, two; and two with the last point absent. */
static bool is_context(int set, int64_t i)
{
    return (set == 1 && i == 0) || (set >= 2 && (i == 1 || i == 3));
}

static bool is_absent(const sde_case *c, int set, int64_t i)
{
    return set == 3 && i == c->n_points - 1;
}

/* What a set's targets are: N(m, K) and, given the context, N(m0, S0) of the case restricted. */
typedef struct part {
    int64_t n, seen, target[32], context[32]; /* values */
    double *k, *l, *cov, *gain;               /* K_**, its root, S_{*|c}, S_*c S_cc^-1 */
} part;

static part new_part(const sde_case *c, int set)
{
    part p = {0};
    const int64_t n = c->n;
    for (int64_t i = 0; i < n; i++) {
        const int64_t point = i / c->outputs;
        if (is_context(set, point)) {
            p.context[p.seen++] = i;
        } else if (!is_absent(c, set, point)) {
            p.target[p.n++] = i;
        }
    }
    p.k = new_values(p.n * p.n), p.l = new_values(p.n * p.n), p.cov = new_values(p.n * p.n);
    p.gain = new_values(p.n * p.seen + 1);
    double *seen = new_values(p.seen * p.seen + 1), *row = new_values(p.seen + 1);
    for (int64_t i = 0; i < p.seen * p.seen; i++) {
        seen[i] = c->s0[p.context[i / p.seen] * n + p.context[i % p.seen]];
    }
    for (int64_t i = 0; i < p.n; i++) {
        for (int64_t j = 0; j < p.seen; j++) {
            row[j] = c->s0[p.target[i] * n + p.context[j]];
        }
        if (p.seen > 0) {
            solve_spd(p.seen, seen, row, p.gain + i * p.seen);
        }
        for (int64_t j = 0; j < p.n; j++) {
            double s = c->s0[p.target[i] * n + p.target[j]];
            for (int64_t q = 0; q < p.seen; q++) {
                s -= p.gain[i * p.seen + q] * c->s0[p.context[q] * n + p.target[j]];
            }
            p.cov[i * p.n + j] = s;
            p.k[i * p.n + j] = c->k[p.target[i] * n + p.target[j]];
        }
    }
    dense_factor(p.n, p.k, 0.0, p.l);
    free(seen), free(row);
    return p;
}

static void free_part(part *p)
{
    free(p->k), free(p->l), free(p->cov), free(p->gain);
}

/* Realizations at one time; with masks, or without any. */
typedef struct batch {
    const sde_case *c;
    int64_t r;
    bool masks, targets;
    gndp_linear_law at;
    double *y0, *z, *output, *y, *score, *grad; /* [R, N P] */
    double *x;                                  /* [R, N, D] */
    int32_t *mask, *target;                     /* [R, N] */
    double loss;
    gndp_dtype dtype;
} batch;

static gndp_array as_type(gndp_dtype dtype, int rank, const int64_t *dim, const double *v)
{
    gndp_array a = {0};
    assert_ok(gndp_array_create(gndp_type_make(dtype, rank, dim), &a));
    for (int64_t i = 0; i < gndp_type_count(a.type); i++) {
        if (dtype == GNDP_F64) {
            ((double *)a.data)[i] = v[i];
        } else {
            ((float *)a.data)[i] = (float)v[i];
        }
    }
    return a;
}

static double entry(const gndp_array *a, int64_t i)
{
    return a->type.dtype == GNDP_F64 ? ((double *)a->data)[i] : (double)((float *)a->data)[i];
}

/* Loss, score and the loss's gradient in the output, in one plan. */
static void batch_run(batch *b, const gndp_parametrisation *par)
{
    const sde_case *c = b->c;
    const int64_t r = b->r, points = c->n_points;
    const int64_t three[3] = {r, points, c->outputs}, xd[3] = {r, points, c->dim};
    const gndp_type masks = gndp_type_2d(GNDP_I32, r, points);
    double *decay = new_values(r), *variance = new_values(r);
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    for (int64_t i = 0; i < r; i++) {
        decay[i] = b->at.a, variance[i] = b->at.variance;
    }
    gndp_feed feed[FEEDS] = {{"decay", as_type(b->dtype, 1, &r, decay)},
                             {"variance", as_type(b->dtype, 1, &r, variance)},
                             {"x", as_type(b->dtype, 3, xd, b->x)},
                             {"y0", as_type(b->dtype, 3, three, b->y0)},
                             {"z", as_type(b->dtype, 3, three, b->z)},
                             {"output", as_type(b->dtype, 3, three, b->output)},
                             {"mask", gndp_array_view(masks, b->mask)},
                             {"target", gndp_array_view(masks, b->target)}};
    assert_ok(gndp_graph_create(&g));
    gndp_node in[FEEDS];
    for (int i = 0; i < FEEDS; i++) {
        in[i] = gndp_input(g, feed[i].name, feed[i].array.type);
    }
    gndp_score_inputs si = {.t = in[0], .decay = in[0], .variance = in[1], .x = in[2]};
    si.mask = b->masks ? in[6] : GNDP_NONE;
    si.target = b->targets ? in[7] : GNDP_NONE;
    const gndp_node wanted = gndp_score_targets(g, &si);
    gndp_limit_nodes limit = gndp_process_limit(g, c->process, in[2], wanted);
    gndp_process_balance(g, c->process, par, in[2], wanted, &limit);
    si.y = gndp_noised_targets(g, &limit, &si, in[3], in[4]);
    gndp_node out[7] = {si.y, gndp_parametrisation_score(g, par, &limit, &si, in[5]),
                        gndp_denoising_loss(g, par, &limit, &si, in[5], in[3], in[4])};
    gndp_grad(g, out[2], &in[5], 1, &out[3]);
    out[4] = gndp_slice(g, in[2], (int64_t[3]){0}, (int64_t[3]){1, 1, 1}); /* read in any case */
    out[5] = gndp_slice(g, in[6], (int64_t[2]){0}, (int64_t[2]){1, 1});
    out[6] = gndp_slice(g, in[7], (int64_t[2]){0}, (int64_t[2]){1, 1});
    assert_ok(gndp_device_open("cpu", NULL, &device));
    assert_ok(gndp_plan_create(g, out, 7, device, NULL, &plan));
    gndp_array got[7] = {{.type = {0}}};
    for (int i = 0; i < 7; i++) {
        assert_ok(gndp_array_create(gndp_node_type(out[i]), &got[i]));
    }
    assert_ok(gndp_plan_run(plan, feed, FEEDS, got, 7));
    for (int64_t i = 0; i < r * c->n; i++) {
        b->y[i] = entry(&got[0], i);
        b->score[i] = entry(&got[1], i);
        b->grad[i] = entry(&got[3], i);
    }
    b->loss = entry(&got[2], 0);
    for (int i = 0; i < 6; i++) {
        gndp_array_free(&feed[i].array);
    }
    for (int i = 0; i < 7; i++) {
        gndp_array_free(&got[i]);
    }
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
    free(decay), free(variance);
}

/*
 * For each set the 4 n points +- sqrt(2 n) columns of the root of the joint covariance of y0 and z,
 * of equal weight: they integrate every quadratic exactly. Nothing of an absent point is a number.
 */
static batch new_batch(const sde_case *c, double t)
{
    const int64_t n = c->n, each = 4 * n;
    batch b = {.c = c, .r = SETS * each, .masks = true, .targets = true, .dtype = GNDP_F64};
    b.at = gndp_schedule_marginal(&c->schedule, t);
    double **const all[6] = {&b.y0, &b.z, &b.output, &b.y, &b.score, &b.grad};
    double *root = new_values(n * n);
    for (int i = 0; i < 6; i++) {
        *all[i] = new_values(b.r * n);
    }
    b.x = new_values(b.r * c->n_points * c->dim);
    b.mask = calloc((size_t)(b.r * c->n_points), sizeof *b.mask);
    b.target = calloc((size_t)(b.r * c->n_points), sizeof *b.target);
    assert_true(b.mask != NULL && b.target != NULL);
    dense_factor(n, c->s0, 0.0, root);
    for (int64_t s = 0; s < b.r; s++) {
        const int set = (int)(s / each);
        const int64_t column = s % each / 2;
        const double length = (s % 2 == 0 ? 1.0 : -1.0) * sqrt(2.0 * (double)n);
        for (int64_t i = 0; i < n; i++) {
            b.y0[s * n + i] = c->m0[i] + (column < n ? length * root[i * n + column] : 0.0);
            b.z[s * n + i] = column >= n && column - n == i ? length : 0.0;
        }
        for (int64_t i = 0; i < c->n_points; i++) {
            const bool absent = is_absent(c, set, i);
            b.mask[s * c->n_points + i] = !absent;
            b.target[s * c->n_points + i] = !is_context(set, i);
            for (int64_t d = 0; d < c->dim; d++) {
                b.x[(s * c->n_points + i) * c->dim + d] =
                    absent ? (double)NAN : c->x[i * c->dim + d];
            }
            for (int p = 0; p < c->outputs && absent; p++) {
                b.y0[s * n + i * c->outputs + p] = (double)NAN;
            }
        }
    }
    free(root);
    return b;
}

static void free_batch(batch *b)
{
    free(b->y0), free(b->z), free(b->output), free(b->y), free(b->score), free(b->grad), free(b->x);
    free(b->mask), free(b->target);
}

/* s = grad log p_t(y_* | y_c) [n of the part] of one realization. */
static void exact_score(const batch *b, const part *p, int64_t r, double *s)
{
    const sde_case *c = b->c;
    const double *y = b->y + r * c->n, a = b->at.a;
    double *cov = new_values(p->n * p->n), *e = new_values(p->n);
    for (int64_t i = 0; i < p->n * p->n; i++) {
        cov[i] = a * a * p->cov[i] + b->at.variance * p->k[i];
    }
    for (int64_t i = 0; i < p->n; i++) {
        double mean = c->m0[p->target[i]];
        for (int64_t j = 0; j < p->seen; j++) {
            mean += p->gain[i * p->seen + j] * (y[p->context[j]] - c->m0[p->context[j]]);
        }
        e[i] = a * mean + (1.0 - a) * c->m[p->target[i]] - y[p->target[i]];
    }
    solve_spd(p->n, cov, e, s);
    free(cov), free(e);
}

/* The raw output at which o' is its target at the targets; elsewhere what must not matter. */
static void exact_output(batch *b, const part *p, const gndp_parametrisation *par, int64_t r,
                         const double *s)
{
    const sde_case *c = b->c;
    const int64_t n = p->n;
    const double v = b->at.variance, *y = b->y + r * c->n;
    double *o = b->output + r * c->n, *e = new_values(n), *to = new_values(n);
    for (int64_t i = 0; i < c->n; i++) {
        o[i] = is_absent(c, (int)(r / (4 * c->n)), i / c->outputs) ? (double)NAN : 1e3;
    }
    for (int64_t i = 0; i < n; i++) { /* the residual is taken out of grad log p */
        const bool residual = par->residual_trick && par->target != GNDP_TARGET_Y0;
        e[i] = residual ? y[p->target[i]] - c->m[p->target[i]] : 0.0;
    }
    solve_spd(n, p->k, e, to);
    for (int64_t i = 0; i < n; i++) {
        e[i] = s[i] + to[i];
    }
    times(n, p->k, e, to);
    for (int64_t i = 0; i < n; i++) {
        double out = par->target == GNDP_TARGET_NONE ? e[i] : to[i];
        if (par->target == GNDP_TARGET_Y0) {
            const double at = y[p->target[i]] - (1.0 - b->at.a) * c->m[p->target[i]];
            out = (at + v * to[i]) / b->at.a;
        } else if (par->target == GNDP_TARGET_S) { /* L' e */
            out = 0.0;
            for (int64_t j = 0; j < n; j++) {
                out += p->l[j * n + i] * e[j];
            }
        }
        const bool trick = par->std_trick && par->target != GNDP_TARGET_Y0;
        o[p->target[i]] = out * (trick ? sqrt(v) + 1e-3 : 1.0);
    }
    free(e), free(to);
}

static gndp_parametrisation nth_parametrisation(int i)
{
    if (i >= 16) { /* the loss by (K_** + c k)^-1 */
        return (gndp_parametrisation){.target = GNDP_TARGET_K,
                                      .std_trick = true,
                                      .residual_trick = i & 1,
                                      .weighted = true,
                                      .balance = 0.1};
    }
    return (gndp_parametrisation){.target = (gndp_target)(i % 4),
                                  .std_trick = i & 4,
                                  .residual_trick = i & 4,
                                  .weighted = i & 8};
}
enum { PARAMETRISATIONS = 18 };

/*
 * With the exact conditional score plugged in: the score is K_** grad log p_t(y_* | y_c) at targets
 * and 0 elsewhere, context keeps its values, the gradient of the loss in every affine function of
 * all the network sees, clean context included, is 0, and for target K the loss is the mean over
 * sets of tr(K_** - v K_** S_t^-1 K_**)/N_*, S_t = alpha S_{*|c} + v K_**.
 */
static void losses_are_those_of_the_targets_given_the_context(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n, each = 4 * n;
        batch b = new_batch(c, 0.35);
        part parts[SETS];
        double *s = new_values(n), *row = new_values(n), *seen = new_values(n),
               *shift = new_normals(5, n), *slope = new_normals(6, n * n), floor = 0.0;
        for (int set = 0; set < SETS; set++) {
            parts[set] = new_part(c, set);
            const part *p = &parts[set];
            double *cov = new_values(p->n * p->n), sum = 0.0;
            for (int64_t i = 0; i < p->n * p->n; i++) {
                cov[i] = b.at.a * b.at.a * p->cov[i] + b.at.variance * p->k[i];
            }
            for (int64_t j = 0; j < p->n; j++) {
                solve_spd(p->n, cov, p->k + j * p->n, s);
                times(p->n, p->k, s, row);
                sum += p->k[j * p->n + j] - b.at.variance * row[j];
            }
            floor += sum / ((double)(p->n / c->outputs) * SETS);
            free(cov);
        }
        for (int i = 0; i < PARAMETRISATIONS; i++) {
            const gndp_parametrisation par = nth_parametrisation(i);
            batch_run(&b, &par); /* for y */
            for (int64_t r = 0; r < b.r; r++) {
                exact_score(&b, &parts[r / each], r, s);
                exact_output(&b, &parts[r / each], &par, r, s);
            }
            batch_run(&b, &par);
            for (int set = 0; set < SETS; set++) {
                const part *p = &parts[set];
                double along = 0.0, scale = 0.0;
                for (int64_t r = set * each; r < (set + 1) * each; r++) {
                    const double *y = b.y + r * n, *g = b.score + r * n;
                    exact_score(&b, p, r, s);
                    times(p->n, p->k, s, row);
                    memset(seen, 0, (size_t)n * sizeof *seen);
                    for (int64_t j = 0; j < p->n; j++) {
                        assert_near(g[p->target[j]], row[j], 1e-8 * (1.0 + fabs(row[j])));
                        seen[p->target[j]] = y[p->target[j]];
                    }
                    for (int64_t j = 0; j < p->seen; j++) {
                        const int64_t at = p->context[j];
                        assert_true(y[at] == b.y0[r * n + at] && g[at] == 0.0);
                        assert_true(b.grad[r * n + at] == 0.0);
                        seen[at] = y[at];
                    }
                    times(n, slope, seen, row);
                    for (int64_t j = 0; j < n; j++) {
                        along += b.grad[r * n + j] * (shift[j] + row[j]);
                        scale += fabs(b.grad[r * n + j] * (shift[j] + row[j]));
                    }
                }
                assert_near(along / scale, 0.0, 1e-9);
            }
            if (par.target == GNDP_TARGET_K && par.weighted && par.balance == 0.0) {
                assert_near(b.loss / floor, 1.0, 1e-9);
            }
        }
        for (int set = 0; set < SETS; set++) {
            free_part(&parts[set]);
        }
        free(s), free(row), free(seen), free(shift), free(slope);
        free_batch(&b);
        free_case(c);
    }
}

/* Noise at context and the other points' values there reach nothing: z of the context may be any.
 */
static void noise_of_the_context_reaches_nothing(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        batch b = new_batch(c, 0.2);
        const gndp_parametrisation par = gndp_parametrisation_default();
        double *y = new_values(b.r * c->n);
        batch_run(&b, &par);
        const double loss = b.loss;
        memcpy(y, b.y, (size_t)(b.r * c->n) * sizeof *y);
        for (int64_t i = 0; i < b.r * c->n; i++) {
            b.z[i] += b.target[i / c->outputs] == 0 ? 7.0 : 0.0;
        }
        batch_run(&b, &par);
        assert_true(b.loss == loss);
        assert_memory_equal(b.y, y, (size_t)(b.r * c->n) * sizeof *y);
        free(y);
        free_batch(&b);
        free_case(c);
    }
}

/* Without context loss, score and gradient are those of a score that knows of none, bit for bit. */
static void no_context_is_as_if_there_were_no_flag(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * SDE_CASES * PARAMETRISATIONS; i++) {
        sde_case *c = new_case(&sde_texts[i % SDE_CASES]);
        const gndp_parametrisation par = nth_parametrisation(i / SDE_CASES % PARAMETRISATIONS);
        batch b = new_batch(c, 0.4);
        const size_t bytes = (size_t)(b.r * c->n) * sizeof *b.y;
        double *score = new_values(b.r * c->n), *grad = new_values(b.r * c->n);
        b.dtype = i < SDE_CASES * PARAMETRISATIONS ? GNDP_F64 : GNDP_F32;
        for (int64_t j = 0; j < b.r * c->n_points; j++) {
            b.target[j] = 1;
        }
        assert_ok(gndp_random_normal_f64(3, 0, 0, GNDP_STREAM(4, 0), 0, b.r * c->n, b.output));
        batch_run(&b, &par);
        const double loss = b.loss;
        memcpy(score, b.score, bytes);
        memcpy(grad, b.grad, bytes);
        b.targets = false;
        batch_run(&b, &par);
        assert_true(b.loss == loss);
        assert_memory_equal(b.score, score, bytes);
        assert_memory_equal(b.grad, grad, bytes);
        free(score), free(grad);
        free_batch(&b);
        free_case(c);
    }
}

/* Neither are needed: a field whose points are all context has no targets and adds 0. */
static void a_field_of_context_alone_adds_nothing(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[1]);
    batch b = new_batch(c, 0.4);
    const gndp_parametrisation par = gndp_parametrisation_default();
    b.masks = false;
    b.r = 2;
    for (int64_t j = 0; j < 2 * c->n_points; j++) {
        b.target[j] = j >= c->n_points;
    }
    batch_run(&b, &par);
    const double both = b.loss;
    for (int64_t j = 0; j < c->n; j++) {
        assert_true(b.grad[j] == 0.0 && b.score[j] == 0.0 && b.y[j] == b.y0[j]);
    }
    b.targets = false;
    memcpy(b.y0, b.y0 + c->n, (size_t)c->n * sizeof *b.y0); /* both the second one */
    memcpy(b.z, b.z + c->n, (size_t)c->n * sizeof *b.z);
    batch_run(&b, &par);
    assert_near(both, 0.5 * b.loss, 1e-13 * b.loss);
    free_batch(&b);
    free_case(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(losses_are_those_of_the_targets_given_the_context),
    cmocka_unit_test(noise_of_the_context_reaches_nothing),
    cmocka_unit_test(no_context_is_as_if_there_were_no_flag),
    cmocka_unit_test(a_field_of_context_alone_adds_nothing),
};
GNDP_TEST_MAIN(tests)
