// SPDX-License-Identifier: Apache-2.0
// Parametrisations and denoising losses: minimisers, zero networks, floors, relations, masks.
// Expectations are exact sums.
#include "sde/sde_case.h"

#include "sde/limit.h"

/* A batch of R realizations at one time and everything that is built from it. */
typedef struct batch {
    const sde_case *c;
    int64_t r, n; /* R, N P */
    gndp_linear_law at;
    double *y0, *z, *y, *output; /* [R, N P] */
    int32_t *mask;               /* [R, N] or NULL */
    double *x;                   /* [R, N, D] with masks, else the case's */
    double loss, *score, *grad;  /* score [R, N P]; grad of the loss in the output */
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

/* Build the loss and run it: noises y0 by z into y, then score, loss and gradient of the output. */
static void batch_run(batch *b, const gndp_parametrisation *par)
{
    const sde_case *c = b->c;
    const int64_t r = b->r, points = c->n_points, p = c->outputs;
    const int64_t three[3] = {r, points, p}, xd[3] = {r, points, c->dim};
    double *decay = new_values(r), *variance = new_values(r);
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    for (int64_t i = 0; i < r; i++) {
        decay[i] = b->at.a, variance[i] = b->at.variance;
    }
    gndp_feed feed[7] = {{"decay", as_type(b->dtype, 1, &r, decay)},
                         {"variance", as_type(b->dtype, 1, &r, variance)},
                         {"x", b->mask != NULL ? as_type(b->dtype, 3, xd, b->x)
                                               : as_type(b->dtype, 2, xd + 1, c->x)},
                         {"y0", as_type(b->dtype, 3, three, b->y0)},
                         {"z", as_type(b->dtype, 3, three, b->z)},
                         {"output", as_type(b->dtype, 3, three, b->output)},
                         {"mask", b->mask != NULL
                                      ? gndp_array_view(gndp_type_2d(GNDP_I32, r, points), b->mask)
                                      : (gndp_array){.data = NULL}}};
    assert_ok(gndp_graph_create(&g));
    gndp_node in[7];
    for (int i = 0; i < (b->mask != NULL ? 7 : 6); i++) {
        in[i] = gndp_input(g, feed[i].name, feed[i].array.type);
    }
    gndp_score_inputs si = {.t = in[0], .decay = in[0], .variance = in[1], .x = in[2]};
    si.mask = b->mask != NULL ? in[6] : GNDP_NONE;
    gndp_limit_nodes limit = gndp_process_limit(g, c->process, in[2], si.mask);
    gndp_process_balance(g, c->process, par, in[2], si.mask, &limit);
    si.y = gndp_noised(g, &limit, in[0], in[1], in[3], in[4]);
    gndp_node out[5] = {si.y, gndp_parametrisation_score(g, par, &limit, &si, in[5]),
                        gndp_denoising_loss(g, par, &limit, &si, in[5], in[3], in[4])};
    gndp_grad(g, out[2], &in[5], 1, &out[3]);
    out[4] = gndp_slice(g, in[2], (int64_t[3]){0}, (int64_t[3]){1, 1, 1}); /* x is not read else */
    assert_ok(gndp_device_open("cpu", NULL, &device));
    assert_ok(gndp_plan_create(g, out, 5, device, NULL, &plan));
    gndp_array got[5] = {{.type = {0}}};
    for (int i = 0; i < 5; i++) {
        assert_ok(gndp_array_create(gndp_node_type(out[i]), &got[i]));
    }
    assert_ok(gndp_plan_run(plan, feed, b->mask != NULL ? 7 : 6, got, 5));
    for (int64_t i = 0; i < r * b->n; i++) {
        b->y[i] = entry(&got[0], i);
        b->score[i] = entry(&got[1], i);
        b->grad[i] = entry(&got[3], i);
    }
    b->loss = entry(&got[2], 0);
    for (int i = 0; i < 6; i++) {
        gndp_array_free(&feed[i].array);
    }
    for (int i = 0; i < 5; i++) {
        gndp_array_free(&got[i]);
    }
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
    free(decay), free(variance);
}

static batch new_batch(const sde_case *c, int64_t r, double t)
{
    batch b = {.c = c, .r = r, .n = c->n, .at = gndp_schedule_marginal(&c->schedule, t)};
    b.dtype = GNDP_F64;
    double **const all[6] = {&b.y0, &b.z, &b.y, &b.output, &b.score, &b.grad};
    for (int i = 0; i < 6; i++) {
        *all[i] = new_values(r * c->n);
    }
    return b;
}

static void free_batch(batch *b)
{
    free(b->y0), free(b->z), free(b->y), free(b->output), free(b->score), free(b->grad), free(b->x);
    free(b->mask);
}

/*
 * All of E over (y0, z) in one batch: the 4 n points +- sqrt(2 n) columns of the root of the joint
 * covariance, of equal weight, integrate every quadratic exactly.
 */
static batch new_expectation(const sde_case *c, double t)
{
    const int64_t n = c->n;
    batch b = new_batch(c, 4 * n, t);
    double *root = new_values(n * n);
    dense_factor(n, c->s0, 0.0, root);
    for (int64_t s = 0; s < 4 * n; s++) {
        const int64_t column = s / 2;
        const double length = (s % 2 == 0 ? 1.0 : -1.0) * sqrt(2.0 * (double)n);
        for (int64_t i = 0; i < n; i++) {
            b.y0[s * n + i] = c->m0[i] + (column < n ? length * root[i * n + column] : 0.0);
            b.z[s * n + i] = column >= n && column - n == i ? length : 0.0;
        }
    }
    free(root);
    return b;
}

/* grad log p_t at each realization's y. */
static void exact_scores(const batch *b, double *s)
{
    const int64_t n = b->n;
    double *cov = new_values(n * n), *e = new_values(n);
    for (int64_t i = 0; i < n * n; i++) {
        cov[i] = b->at.a * b->at.a * b->c->s0[i] + b->at.variance * b->c->k[i];
    }
    for (int64_t r = 0; r < b->r; r++) {
        for (int64_t i = 0; i < n; i++) {
            e[i] = b->at.a * b->c->m0[i] + (1.0 - b->at.a) * b->c->m[i] - b->y[r * n + i];
        }
        solve_spd(n, cov, e, s + r * n);
    }
    free(cov), free(e);
}

/* The raw output at which o' is its target, given grad log p in `s`. */
static void exact_output(const batch *b, const gndp_parametrisation *par, const double *s,
                         double *output)
{
    const sde_case *c = b->c;
    const int64_t n = b->n;
    const double v = b->at.variance, floor = sqrt(v) + 1e-3;
    double *e = new_values(n), *to = new_values(n);
    for (int64_t r = 0; r < b->r; r++) {
        const double *y = b->y + r * n;
        double *o = output + r * n;
        for (int64_t i = 0; i < n; i++) { /* the residual is taken out of grad log p */
            e[i] = par->residual_trick && par->target != GNDP_TARGET_Y0 ? y[i] - c->m[i] : 0.0;
        }
        solve_spd(n, c->k, e, to);
        for (int64_t i = 0; i < n; i++) {
            e[i] = s[r * n + i] + to[i];
        }
        times(n, c->k, e, to);
        for (int64_t i = 0; i < n; i++) {
            if (par->target == GNDP_TARGET_NONE) {
                o[i] = e[i];
            } else if (par->target == GNDP_TARGET_K) {
                o[i] = to[i];
            } else if (par->target == GNDP_TARGET_Y0) {
                o[i] = (y[i] - (1.0 - b->at.a) * c->m[i] + v * to[i]) / b->at.a;
            } else { /* L' e */
                o[i] = 0.0;
                for (int64_t j = 0; j < n; j++) {
                    o[i] += c->l[j * n + i] * e[j];
                }
            }
            o[i] *= par->std_trick && par->target != GNDP_TARGET_Y0 ? floor : 1.0;
        }
    }
    free(e), free(to);
}

static gndp_parametrisation nth_parametrisation(int i)
{
    if (i >= 32) {
        return (gndp_parametrisation){.target = GNDP_TARGET_K,
                                      .std_trick = i & 1,
                                      .residual_trick = i & 2,
                                      .weighted = true,
                                      .balance = 0.1};
    }
    return (gndp_parametrisation){.target = (gndp_target)(i % 4),
                                  .std_trick = i & 4,
                                  .residual_trick = i & 8,
                                  .weighted = i & 16};
}
enum { PARAMETRISATIONS = 36 };

/* The exact target makes the exact K-score and minimises the loss: the gradient in every affine
 * perturbation of the output is zero, and the loss rises by the perturbation's square. */
static void losses_are_least_at_the_exact_score(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        batch b = new_expectation(c, 0.35);
        double *s = new_values(b.r * n), *shift = new_normals(5, n), *slope = new_normals(6, n * n),
               *d = new_values(b.r * n), *row = new_values(n);
        for (int i = 0; i < PARAMETRISATIONS; i++) {
            const gndp_parametrisation par = nth_parametrisation(i);
            batch_run(&b, &par); /* for y */
            exact_scores(&b, s);
            exact_output(&b, &par, s, b.output);
            batch_run(&b, &par);
            double scale = 0.0, along = 0.0;
            for (int64_t r = 0; r < b.r; r++) {
                times(n, c->k, s + r * n, row);
                assert_near(relative_error(n, b.score + r * n, row), 0.0, 1e-9);
                times(n, slope, b.y + r * n, row);
                for (int64_t j = 0; j < n; j++) {
                    d[r * n + j] = shift[j] + row[j];
                    along += b.grad[r * n + j] * d[r * n + j];
                    scale += fabs(b.grad[r * n + j] * d[r * n + j]);
                }
            }
            assert_near(along / scale, 0.0, 1e-9);
            const double least = b.loss;
            for (int64_t j = 0; j < b.r * n; j++) {
                b.output[j] += 0.1 * d[j];
            }
            batch_run(&b, &par);
            const double up = b.loss;
            for (int64_t j = 0; j < b.r * n; j++) {
                b.output[j] -= 0.2 * d[j];
            }
            batch_run(&b, &par);
            assert_true(up > least);
            assert_near((up - least) / (b.loss - least), 1.0, 1e-6);
        }
        free(s), free(shift), free(slope), free(d), free(row);
        free_batch(&b);
        free_case(c);
    }
}

static double trace_of(int64_t n, const double *a)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += a[i * n + i];
    }
    return sum;
}

/* Zero networks: K: tr K/N; S and none: P; K with the residual: (alpha v (tr S_0 + |m_0 - m|^2) +
 * alpha^2 tr K)/N. The floor of K: tr(K - v K S_t^-1 K)/N. */
static void losses_have_their_values_at_zero_and_at_the_exact_score(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        const double points = (double)c->n_points, tr_k = trace_of(n, c->k);
        batch b = new_expectation(c, 0.3);
        const double alpha = b.at.a * b.at.a, v = b.at.variance;
        double shift = 0.0, *s = new_values(b.r * n), *cov = new_values(n * n),
               *column = new_values(n), *row = new_values(n), floor = tr_k;
        for (int64_t i = 0; i < n; i++) {
            shift += (c->m0[i] - c->m[i]) * (c->m0[i] - c->m[i]);
        }
        gndp_parametrisation par = gndp_parametrisation_default();
        const double residual = (alpha * v * (trace_of(n, c->s0) + shift) + alpha * alpha * tr_k);
        batch_run(&b, &par);
        assert_near(b.loss * points / residual, 1.0, 1e-10);
        par.residual_trick = false;
        batch_run(&b, &par);
        assert_near(b.loss * points / tr_k, 1.0, 1e-12);
        par.balance = 0.1; /* tr (K + c k)^-1 K / N, as seen by a jitter of 1e-6 */
        double balanced = 0.0;
        for (int64_t i = 0; i < n * n; i++) {
            cov[i] = c->k[i] + (i % (n + 1) == 0 ? par.balance * tr_k / (double)n : 0.0);
        }
        for (int64_t j = 0; j < n; j++) {
            solve_spd(n, cov, c->k + j * n, column);
            balanced += column[j];
        }
        batch_run(&b, &par);
        assert_near(b.loss * points / (gndp_process_white(c->process) > 0.0 ? tr_k : balanced), 1.0,
                    1e-5);
        par.balance = 0.0;
        par.target = GNDP_TARGET_S;
        batch_run(&b, &par);
        assert_near(b.loss, c->outputs, 1e-12);
        par.target = GNDP_TARGET_NONE;
        batch_run(&b, &par);
        assert_near(b.loss, c->outputs, 1e-12);

        par = gndp_parametrisation_default();
        exact_scores(&b, s);
        exact_output(&b, &par, s, b.output);
        batch_run(&b, &par);
        for (int64_t i = 0; i < n * n; i++) {
            cov[i] = alpha * c->s0[i] + v * c->k[i];
        }
        for (int64_t j = 0; j < n; j++) {
            solve_spd(n, cov, c->k + j * n, column);
            times(n, c->k, column, row);
            floor -= v * row[j];
        }
        assert_near(b.loss * points / floor, 1.0, 1e-9);
        free(s), free(cov), free(column), free(row);
        free_batch(&b);
        free_case(c);
    }
}

/*
 * One function o' in four forms, realization by realization: S and none (weighted) have the same
 * loss; for a white limit K's is the variance times it; y0's times alpha/v is K's, its unweighted
 * one K's unweighted one.
 */
static void losses_of_the_targets_are_related(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        batch b = new_batch(c, 1, 0.4);
        double loss[4][2], *s = new_normals(8, n), white = gndp_process_white(c->process);
        memcpy(b.y0, c->m0, (size_t)n * sizeof *b.y0);
        assert_ok(gndp_random_normal_f64(9, 0, 0, GNDP_STREAM(3, 0), 0, n, b.z));
        for (int target = 0; target < 4; target++) {
            for (int weighted = 0; weighted < 2; weighted++) {
                for (int tricks = 0; tricks < 2; tricks++) { /* the same whatever the tricks */
                    const gndp_parametrisation par = {.target = (gndp_target)target,
                                                      .std_trick = tricks,
                                                      .residual_trick = tricks,
                                                      .weighted = weighted};
                    batch_run(&b, &par);
                    exact_output(&b, &par, s, b.output); /* any s will do */
                    batch_run(&b, &par);
                    if (tricks > 0) {
                        assert_near(b.loss / loss[target][weighted], 1.0, 1e-11);
                    }
                    loss[target][weighted] = b.loss;
                }
            }
        }
        const double alpha = b.at.a * b.at.a, v = b.at.variance;
        assert_near(loss[GNDP_TARGET_NONE][1] / loss[GNDP_TARGET_S][1], 1.0, 1e-11);
        assert_near(loss[GNDP_TARGET_S][0] * v / loss[GNDP_TARGET_S][1], 1.0, 1e-12);
        assert_near(loss[GNDP_TARGET_K][0] * v / loss[GNDP_TARGET_K][1], 1.0, 1e-12);
        assert_near(loss[GNDP_TARGET_Y0][1] * alpha / v / loss[GNDP_TARGET_K][1], 1.0, 1e-11);
        assert_near(loss[GNDP_TARGET_Y0][0] / loss[GNDP_TARGET_K][0], 1.0, 1e-11);
        if (white > 0.0) {
            assert_near(loss[GNDP_TARGET_K][1] / loss[GNDP_TARGET_S][1], white, 1e-11);
            assert_near(loss[GNDP_TARGET_NONE][0] / loss[GNDP_TARGET_S][0], 1.0 / white, 1e-11);
        }
        /* e_K = L e_S for every limit: sqrt(v) K grad log p + L z, grad log p = s */
        double *e = new_values(n), *le = new_values(n), sum = 0.0;
        for (int64_t i = 0; i < n; i++) {
            e[i] = b.z[i];
            for (int64_t j = 0; j < n; j++) {
                e[i] += sqrt(v) * c->l[j * n + i] * s[j];
            }
        }
        times(n, c->l, e, le);
        for (int64_t i = 0; i < n; i++) {
            sum += le[i] * le[i];
        }
        assert_near(loss[GNDP_TARGET_K][1] * (double)c->n_points / sum, 1.0, 1e-11);
        free(s), free(e), free(le);
        free_batch(&b);
        free_case(c);
    }
}

static void absolute_losses_are_sums_of_moduli(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[1]);
    const int64_t n = c->n;
    batch b = new_batch(c, 3, 0.4);
    const gndp_parametrisation par = {.target = GNDP_TARGET_S, .weighted = true, .absolute = true};
    double sum = 0.0;
    assert_ok(gndp_random_normal_f64(9, 0, 0, GNDP_STREAM(3, 0), 0, 3 * n, b.z));
    assert_ok(gndp_random_normal_f64(9, 0, 1, GNDP_STREAM(3, 0), 0, 3 * n, b.output));
    batch_run(&b, &par);
    for (int64_t i = 0; i < 3 * n; i++) {
        sum += fabs(sqrt(b.at.variance) * b.output[i] + b.z[i]);
    }
    assert_near(b.loss, sum / (double)(3 * n), 1e-13);
    free_batch(&b);
    free_case(c);
}

/* y, target, weight and score all see max(v, 1e-5). */
static void variance_is_bounded_below(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[0]);
    const int64_t n = c->n;
    const double white = gndp_process_white(c->process);
    batch b = new_batch(c, 1, c->schedule.t0 + 1e-9);
    assert_true(b.at.variance < 1e-5);
    assert_ok(gndp_random_normal_f64(9, 0, 0, GNDP_STREAM(3, 0), 0, n, b.z));
    for (int target = 0; target < 4; target++) {
        const gndp_parametrisation par = {.target = (gndp_target)target, .std_trick = true};
        memcpy(b.output, b.z, (size_t)n * sizeof *b.z);
        batch_run(&b, &par);
        const double sigma = sqrt(1e-5), r = b.at.a, by = 1.0 / (sigma + 1e-3);
        for (int64_t i = 0; i < n; i++) {
            const double m = c->m[i];
            assert_near(b.y[i], m - r * m + sigma * sqrt(white) * b.z[i], 1e-14);
            const double wanted = target == GNDP_TARGET_K   ? by * b.z[i]
                                  : target == GNDP_TARGET_S ? sqrt(white) * by * b.z[i]
                                  : target == GNDP_TARGET_NONE
                                      ? white * by * b.z[i]
                                      : (r * (b.z[i] - m) - (b.y[i] - m)) / 1e-5;
            assert_near(b.score[i] / wanted, 1.0, 1e-9);
        }
        if (target != GNDP_TARGET_Y0) { /* unweighted: |o' + L z/sigma|^2, with the same sigma */
            double sum = 0.0;
            for (int64_t i = 0; i < n; i++) {
                const double unit = target == GNDP_TARGET_K   ? sqrt(white)
                                    : target == GNDP_TARGET_S ? 1.0
                                                              : 1.0 / sqrt(white);
                sum += pow(by * b.z[i] + unit * b.z[i] / sigma, 2.0);
            }
            assert_near(b.loss * (double)n / sum, 1.0, 1e-12);
        }
    }
    free_batch(&b);
    free_case(c);
}

/*
 * Padded points hold NaN in x, y0 and output: each realization has the loss of its valid points
 * alone, with identity rows in its factor; no gradient reaches padding.
 */
static void padding_reaches_nothing(void **state)
{
    (void)state;
    enum { PAD = 3, R = 2 };
    for (int which = 0; which < SDE_CASES; which++) {
        for (int i = 0; i < PARAMETRISATIONS; i += 1) {
            const gndp_parametrisation par = nth_parametrisation(i);
            sde_case *c = new_case(&sde_texts[which]);
            const int64_t points = c->n_points, p = c->outputs, all = points + PAD;
            double alone[R], *grads[R], *scores[R];
            for (int r = 0; r < R; r++) { /* the second has one point less */
                sde_case part = *c;
                part.n_points = points - r;
                part.n = part.n_points * p;
                batch b = new_batch(&part, 1, 0.4);
                assert_ok(gndp_random_normal_f64(1, 0, 0, GNDP_STREAM(4, 0), 0, part.n, b.y0));
                assert_ok(gndp_random_normal_f64(2, 0, 0, GNDP_STREAM(4, 0), 0, part.n, b.z));
                assert_ok(gndp_random_normal_f64(3, 0, 0, GNDP_STREAM(4, 0), 0, part.n, b.output));
                batch_run(&b, &par);
                alone[r] = b.loss;
                grads[r] = b.grad, scores[r] = b.score;
                b.grad = b.score = NULL;
                free_batch(&b);
            }
            sde_case wide = *c;
            wide.n_points = all;
            wide.n = all * p;
            batch b = new_batch(&wide, R, 0.4);
            b.mask = calloc((size_t)(R * all), sizeof *b.mask);
            b.x = new_values(R * all * c->dim);
            for (int64_t r = 0; r < R; r++) {
                /* padding stands at the front and at the end */
                const int64_t first = r, n = points - r;
                double *const arrays[4] = {b.y0 + r * wide.n, b.z + r * wide.n,
                                           b.output + r * wide.n, b.x + r * all * c->dim};
                for (int64_t j = 0; j < wide.n; j++) {
                    arrays[0][j] = arrays[2][j] = (double)NAN;
                    arrays[1][j] = 1e3; /* draws are finite everywhere */
                }
                for (int64_t j = 0; j < all * c->dim; j++) {
                    arrays[3][j] = (double)NAN;
                }
                for (uint64_t k = 0; k < 3; k++) {
                    assert_ok(gndp_random_normal_f64(k + 1, 0, 0, GNDP_STREAM(4, 0), 0, n * p,
                                                     arrays[k] + first * p));
                }
                memcpy(arrays[3] + first * c->dim, c->x, (size_t)(n * c->dim) * sizeof *c->x);
                for (int64_t j = 0; j < n; j++) {
                    b.mask[r * all + first + j] = 1;
                }
            }
            batch_run(&b, &par);
            assert_near(b.loss / (0.5 * (alone[0] + alone[1])), 1.0, 1e-11);
            for (int64_t r = 0; r < R; r++) {
                for (int64_t j = 0; j < wide.n; j++) {
                    const int64_t at = j - r * p;
                    const bool valid = b.mask[r * all + j / p] != 0;
                    const double g = b.grad[r * wide.n + j], s = b.score[r * wide.n + j];
                    if (valid) {
                        assert_near(g, 0.5 * grads[r][at], 1e-9 * (1.0 + fabs(grads[r][at])));
                        assert_near(s, scores[r][at], 1e-9 * (1.0 + fabs(scores[r][at])));
                    } else {
                        assert_near(g, 0.0, 0.0);
                        assert_near(s, 0.0, 0.0);
                    }
                }
                free(grads[r]), free(scores[r]);
            }
            free_batch(&b);
            free_case(c);
        }
    }
}

/* f32 losses agree with f64 ones: K and its factor stay f64. */
static void losses_in_single_precision_agree(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        batch b = new_batch(c, 4, 0.4);
        assert_ok(gndp_random_normal_f64(1, 0, 0, GNDP_STREAM(4, 0), 0, 4 * c->n, b.y0));
        assert_ok(gndp_random_normal_f64(2, 0, 0, GNDP_STREAM(4, 0), 0, 4 * c->n, b.z));
        assert_ok(gndp_random_normal_f64(3, 0, 0, GNDP_STREAM(4, 0), 0, 4 * c->n, b.output));
        for (int i = 0; i < PARAMETRISATIONS; i++) {
            const gndp_parametrisation par = nth_parametrisation(i);
            b.dtype = GNDP_F64;
            batch_run(&b, &par);
            const double wanted = b.loss;
            b.dtype = GNDP_F32;
            batch_run(&b, &par);
            /* L^-1 of rounded values: 6e-8 times the condition of L (5 to 8) and of x in K */
            assert_near(b.loss / wanted, 1.0, 2e-5);
        }
        free_batch(&b);
        free_case(c);
    }
}

static void limit_root_is_that_of_the_law(void **state)
{
    (void)state;
    for (int which = 1; which < 3; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        gndp_graph *g = NULL;
        gndp_device *device = NULL;
        gndp_plan *plan = NULL;
        assert_ok(gndp_graph_create(&g));
        const gndp_node x = gndp_constant(g, c->points.x.type, c->x);
        const gndp_limit_nodes limit = gndp_process_limit(g, c->process, x, GNDP_NONE);
        gndp_array l = {0};
        assert_ok(gndp_array_create(gndp_type_2d(GNDP_F64, n, n), &l));
        assert_ok(gndp_device_open("cpu", NULL, &device));
        assert_ok(gndp_plan_create(g, &limit.root, 1, device, NULL, &plan));
        assert_ok(gndp_plan_run(plan, NULL, 0, &l, 1));
        double *k = new_values(n * n);
        multiply(n, l.data, l.data, true, k);
        for (int64_t i = 0; i < n * n; i++) { /* a jitter of another size would show at 1e-6 */
            assert_near(k[i], c->k[i], 1e-13);
        }
        free(k);
        gndp_array_free(&l);
        gndp_plan_free(plan);
        gndp_device_free(device);
        gndp_graph_free(g);
        free_case(c);
    }
}

static void targets_have_names(void **state)
{
    (void)state;
    gndp_target target;
    for (int i = 0; i < 4; i++) {
        assert_ok(gndp_target_find(gndp_target_name((gndp_target)i), &target));
        assert_int_equal(target, i);
    }
    assert_fails(gndp_target_find("mu", &target), GNDP_ERR_NOT_FOUND, "y0");
    gndp_parametrisation par = gndp_parametrisation_default();
    assert_ok(gndp_parametrisation_check(&par));
    assert_true(par.target == GNDP_TARGET_K && par.std_trick && par.residual_trick && par.weighted);
    par.target = (gndp_target)9;
    assert_fails(gndp_parametrisation_check(&par), GNDP_ERR_RANGE, "9");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(losses_are_least_at_the_exact_score),
    cmocka_unit_test(losses_have_their_values_at_zero_and_at_the_exact_score),
    cmocka_unit_test(losses_of_the_targets_are_related),
    cmocka_unit_test(absolute_losses_are_sums_of_moduli),
    cmocka_unit_test(variance_is_bounded_below),
    cmocka_unit_test(padding_reaches_nothing),
    cmocka_unit_test(losses_in_single_precision_agree),
    cmocka_unit_test(limit_root_is_that_of_the_law),
    cmocka_unit_test(targets_have_names),
};
GNDP_TEST_MAIN(tests)
