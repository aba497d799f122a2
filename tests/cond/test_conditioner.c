// SPDX-License-Identifier: Apache-2.0
// The limit seen through observations: products, factors, Matheron's rule, refusals.
#include "cond/cond_case.h"

#include "cond/conditioner.h"

/* A as a matrix [C, N P]. */
static double *matrix_of(const cond_case *k)
{
    double *a = new_values(k->seen * k->n);
    for (int64_t c = 0; c < k->seen; c++) {
        for (int64_t i = k->row[c]; i < k->row[c + 1]; i++) {
            a[c * k->n + k->column[i]] = k->weight[i];
        }
    }
    return a;
}

static void conditioner_products_are_those_of_matrices(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        for (int kind = 0; kind < COND_KINDS; kind++) {
            cond_case *k = new_cond(&sde_texts[which], (cond_kind)kind);
            const int64_t n = k->n, c = k->seen;
            double *a = matrix_of(k), *v = new_normals(2, n), *q = new_normals(3, c),
                   *kv = new_values(n), *out = new_values(n), *seen = new_values(c);
            times(n, k->c->k, v, kv);
            cond_pull(k->cd, v, seen);
            for (int64_t i = 0; i < c; i++) {
                double wanted = 0.0;
                for (int64_t j = 0; j < n; j++) {
                    wanted += a[i * n + j] * kv[j];
                }
                assert_near(seen[i], wanted, 1e-12);
            }
            cond_see(k->cd, v, seen);
            double left = 0.0, right = 0.0, reach = 0.0;
            cond_spread(k->cd, q, out); /* <A v, q> = <v, A' q> */
            for (int64_t i = 0; i < c; i++) {
                left += seen[i] * q[i];
            }
            for (int64_t i = 0; i < n; i++) {
                right += v[i] * out[i];
                reach += kv[i] * out[i]; /* <v, K A' q> */
                out[i] = 0.0;
            }
            assert_near(left, right, 1e-12);
            cond_reach(k->cd, q, out);
            for (int64_t i = 0; i < n; i++) {
                reach -= v[i] * out[i];
            }
            assert_near(reach, 0.0, 1e-12);
            free(a), free(v), free(q), free(kv), free(out), free(seen);
            free_cond(k);
        }
    }
}

/*
 * Matheron's rule is linear in (u, e): pushing unit vectors through it gives matrices T, E with
 * T K T' + E R E' the covariance of its draws, and the mean by z alone; both those of N(m, K) given
 * z by plain updates.
 */
static void conditioner_draws_have_the_conditional_law(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        for (int kind = 0; kind < COND_KINDS; kind++) {
            cond_case *k = new_cond(&sde_texts[which], (cond_kind)kind);
            const int64_t n = k->n, c = k->seen;
            const double scale = 0.7; /* of R */
            double *l = new_values(c * c), *t = new_values(n * n), *half = new_values(n * n),
                   *law = new_values(n * n), *q = new_values(c), *mean = new_values(n),
                   *e = new_values(n), *wanted = new_values(n * n), log_evidence;
            assert_ok(cond_level(k->cd, scale, l));
            for (int64_t j = 0; j < n; j++) { /* row j of t: the image of u = e_j */
                double *u = t + j * n;
                u[j] = 1.0;
                cond_see(k->cd, u, q);
                small_solve(c, l, q);
                for (int64_t i = 0; i < c; i++) {
                    q[i] = -q[i];
                }
                cond_reach(k->cd, q, u);
            }
            multiply(n, k->c->k, t, false, half); /* t' K t with images as rows */
            for (int64_t i = 0; i < n; i++) {
                for (int64_t j = 0; j < n; j++) {
                    for (int64_t m = 0; m < n; m++) {
                        law[i * n + j] += t[m * n + i] * half[m * n + j];
                    }
                }
            }
            for (int64_t m = 0; m < c; m++) { /* errors */
                memset(q, 0, (size_t)c * sizeof *q);
                memset(e, 0, (size_t)n * sizeof *e);
                q[m] = sqrt(scale * k->variance[m]);
                small_solve(c, l, q);
                cond_reach(k->cd, q, e);
                for (int64_t i = 0; i < n * n; i++) {
                    law[i] += e[i / n] * e[i % n];
                }
            }
            memcpy(mean, k->c->m, (size_t)n * sizeof *mean);
            cond_see(k->cd, mean, q);
            for (int64_t i = 0; i < c; i++) {
                q[i] = k->z[i] - q[i];
            }
            small_solve(c, l, q);
            cond_reach(k->cd, q, mean);
            gndp_linear_obs obs = k->obs;
            double *variance = new_values(c), *at = new_values(n);
            for (int64_t i = 0; i < c; i++) {
                variance[i] = scale * k->variance[i];
            }
            obs.variance = variance;
            memcpy(wanted, k->c->k, (size_t)(n * n) * sizeof *wanted);
            memcpy(at, k->c->m, (size_t)n * sizeof *at);
            cond_posterior(&obs, n, 0.0, at, wanted, &log_evidence);
            assert_near(relative_error(n * n, law, wanted), 0.0, 1e-11);
            assert_near(relative_error(n, mean, at), 0.0, 1e-11);
            free(l), free(t), free(half), free(law), free(q), free(mean), free(e), free(wanted);
            free(variance), free(at);
            free_cond(k);
        }
    }
}

static void conditioner_says_which_observations_repeat(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[1]);
    gndp_conditioner *cd = NULL;
    const int64_t row[4] = {0, 1, 2, 3}, column[3] = {4, 1, 4};
    const double weight[3] = {1, 1, 2}, z[3] = {0.5, 0, 0.7}, error[3] = {0, 0, 1e-3},
                 minus[3] = {0, -1, 0}, nan[3] = {0, 0, (double)NAN};
    gndp_linear_obs o = {.n = 3, .row = row, .column = column, .weight = weight, .z = z};
    assert_fails(gndp_conditioner_create(c->law, &o, &cd), GNDP_ERR_NOT_PD,
                 "observation 2 adds nothing");
    assert_fails(gndp_conditioner_create(c->law, &o, &cd), GNDP_ERR_NOT_PD, "observation 0: 0.7");
    assert_null(cd);
    o.variance = error; /* one of them may be wrong: fine */
    assert_ok(gndp_conditioner_create(c->law, &o, &cd));
    gndp_conditioner_free(cd);
    o.variance = minus;
    assert_fails(gndp_conditioner_create(c->law, &o, &cd), GNDP_ERR_RANGE, "observation 1");
    o.variance = nan;
    assert_fails(gndp_conditioner_create(c->law, &o, &cd), GNDP_ERR_NONFINITE, "observation 2");
    free_case(c);
}

static void observations_are_checked(void **state)
{
    (void)state;
    const int64_t row[3] = {0, 2, 3}, none[3] = {0, 0, 1}, late[3] = {1, 2, 3};
    const int64_t column[3] = {1, 4, 2}, beyond[3] = {1, 9, 2}, falls[3] = {4, 1, 2};
    const double weight[3] = {1, 1, 1}, z[2] = {0, 1}, zero[3] = {1, 1, 0}, inf[2] = {0, HUGE_VAL},
                 odd[3] = {1, (double)NAN, 1};
    gndp_linear_obs o = {.n = 2, .row = row, .column = column, .weight = weight, .z = z};
    assert_ok(gndp_linear_obs_check(&o, 5));
    assert_fails(gndp_linear_obs_check(&o, 4), GNDP_ERR_RANGE, "value 4, there are 0 to 3");
    o.row = none;
    assert_fails(gndp_linear_obs_check(&o, 5), GNDP_ERR_RANGE, "observation 0 sees no value");
    o.row = late;
    assert_fails(gndp_linear_obs_check(&o, 5), GNDP_ERR_RANGE, "row[0] is 1");
    o.row = row;
    o.column = beyond;
    assert_fails(gndp_linear_obs_check(&o, 5), GNDP_ERR_RANGE, "value 9");
    o.column = falls;
    assert_fails(gndp_linear_obs_check(&o, 5), GNDP_ERR_RANGE, "must rise");
    o.column = column;
    o.weight = zero;
    assert_fails(gndp_linear_obs_check(&o, 5), GNDP_ERR_RANGE, "all its weights are 0");
    o.weight = odd;
    assert_fails(gndp_linear_obs_check(&o, 5), GNDP_ERR_NONFINITE, "weight");
    o.weight = weight;
    o.z = inf;
    assert_fails(gndp_linear_obs_check(&o, 5), GNDP_ERR_NONFINITE, "observation 1 is inf");
    o.z = NULL;
    assert_fails(gndp_linear_obs_check(&o, 5), GNDP_ERR_ARG, "NULL");
    o.n = -1;
    assert_fails(gndp_linear_obs_check(&o, 5), GNDP_ERR_RANGE, "-1 observations");
    assert_fails(gndp_linear_obs_check(NULL, 5), GNDP_ERR_ARG, "obs");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(conditioner_products_are_those_of_matrices),
    cmocka_unit_test(conditioner_draws_have_the_conditional_law),
    cmocka_unit_test(conditioner_says_which_observations_repeat),
    cmocka_unit_test(observations_are_checked),
};
GNDP_TEST_MAIN(tests)
