// SPDX-License-Identifier: Apache-2.0
// What every factorisation of a Gaussian law must satisfy, against the covariance as a dense
// matrix.
#ifndef TESTS_KERNELS_GAUSSIAN_CASE_H
#define TESTS_KERNELS_GAUSSIAN_CASE_H

#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/gaussian.h>

/* A law beside the covariance that it should have. */
typedef struct law_case {
    gndp_gaussian *law;
    int64_t n; /* N P */
    int outputs;
    double *k;    /* [n, n] the kernel's covariance, without jitter */
    double scale; /* largest variance */
} law_case;

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != GNDP_OK) {                                                                   \
            fail_msg("%s: %s", #call, gndp_last_error());                                          \
        }                                                                                          \
    } while (0)

#define assert_near(value, wanted, tolerance)                                                      \
    do {                                                                                           \
        const double value_ = (value), wanted_ = (wanted), tolerance_ = (tolerance);               \
        if (!(fabs(value_ - wanted_) <= tolerance_)) {                                             \
            fail_msg("%s = %.17g, wanted %.17g within %.3g (off by %.3g)", #value, value_,         \
                     wanted_, tolerance_, value_ - wanted_);                                       \
        }                                                                                          \
    } while (0)

/* An error of the wanted kind whose text names what is wrong. */
#define assert_fails(call, code, words)                                                            \
    do {                                                                                           \
        const gndp_status got_ = (call);                                                           \
        if (got_ != (code) || strstr(gndp_last_error(), (words)) == NULL) {                        \
            fail_msg("%s: got %s, wanted %s with '%s' in: %s", #call, gndp_status_name(got_),      \
                     gndp_status_name(code), (words), gndp_last_error());                          \
        }                                                                                          \
    } while (0)

static inline double *new_values(int64_t n)
{
    double *out = calloc((size_t)n + 1, sizeof *out);
    assert_non_null(out);
    return out;
}

static inline double *new_normals(uint64_t seed, int64_t n)
{
    double *out = new_values(n);
    assert_ok(gndp_random_normal_f64(seed, 0, 0, GNDP_STREAM(1, 0), 0, n, out));
    return out;
}

static inline gndp_kernel *new_kernel(const char *text)
{
    gndp_kernel *k = NULL;
    assert_ok(gndp_kernel_parse(text, &k));
    return k;
}

/* At a pole the point's frame turns with the longitude at which it is met. */
static inline void turn_pole(double lat, double lon, double turn[4])
{
    const double c = cos(lon), s = lat > 0 ? sin(lon) : -sin(lon);
    turn[0] = c, turn[1] = s, turn[2] = -s, turn[3] = c;
}

/* K of all points: block of the kernel without white noise + white where points are the same one;
 * frames turned at poles. */
static inline double *reference(const char *text, const char *without_white, double white,
                                const gndp_points *points, int64_t *n, int *outputs)
{
    gndp_kernel *whole = new_kernel(text),
                *k = without_white != NULL ? new_kernel(without_white) : NULL;
    const int64_t points_n = gndp_points_count(points),
                  d = points->kind == GNDP_POINTS_LIST     ? points->x.type.dim[1]
                      : points->kind == GNDP_POINTS_LATLON ? 3
                                                           : points->n_axes;
    const int p = *outputs = gndp_kernel_outputs(whole, d);
    *n = points_n * p;
    double *xv = new_values(points_n * d), *out = new_values(*n * *n);
    gndp_array x = gndp_array_view(gndp_type_2d(GNDP_F64, points_n, d), xv),
               gram = gndp_array_view(gndp_type_2d(GNDP_F64, *n, *n), out);
    assert_ok(gndp_points_list(points, &x));
    if (k != NULL) {
        assert_ok(gndp_kernel_evaluate(k, &x, &x, &gram));
    }
    for (int64_t i = 0; i < points_n && points->kind == GNDP_POINTS_LATLON && p == 2 &&
                        strstr(text, "s2_") != NULL && strstr(text, "diag") == NULL &&
                        strstr(text, "coregion") == NULL;
         i++) {
        const double lat = points->lat_deg[i / points->n_lon];
        const double lon =
            (points->lon0_deg + 360.0 * (double)(i % points->n_lon) / (double)points->n_lon) *
            0.017453292519943295;
        double t[4];
        if (fabs(lat) != 90.0) {
            continue;
        }
        turn_pole(lat, lon, t);
        for (int64_t j = 0; j < *n; j++) { /* rows, then columns */
            double *a = &out[2 * i * *n + j], *b = &out[(2 * i + 1) * *n + j];
            const double e = t[0] * *a + t[1] * *b, m = t[2] * *a + t[3] * *b;
            *a = e, *b = m;
        }
        for (int64_t j = 0; j < *n; j++) {
            double *a = &out[j * *n + 2 * i], *b = &out[j * *n + 2 * i + 1];
            const double e = t[0] * *a + t[1] * *b, m = t[2] * *a + t[3] * *b;
            *a = e, *b = m;
        }
    }
    for (int64_t i = 0; i < points_n; i++) { /* white noise of a pole is one vector too */
        for (int64_t j = 0; j < points_n; j++) {
            const bool same = points->kind != GNDP_POINTS_LATLON
                                  ? i == j
                                  : i == j || (i / points->n_lon == j / points->n_lon &&
                                               fabs(points->lat_deg[i / points->n_lon]) == 90.0);
            double t[4], u[4];
            const double step = points->n_lon > 0 ? 6.283185307179586 / (double)points->n_lon : 0.0;
            const double lat =
                points->kind == GNDP_POINTS_LATLON ? points->lat_deg[i / points->n_lon] : 0.0;
            turn_pole(lat, step * (double)(points->n_lon > 0 ? i % points->n_lon : 0), t);
            turn_pole(lat, step * (double)(points->n_lon > 0 ? j % points->n_lon : 0), u);
            const bool turned = p == 2 && i != j && strstr(text, "free") != NULL;
            for (int a = 0; a < p && same; a++) {
                for (int b = 0; b < p; b++) {
                    const double share = turned ? t[2 * a] * u[2 * b] + t[2 * a + 1] * u[2 * b + 1]
                                         : a == b ? 1.0
                                                  : 0.0;
                    out[(i * p + a) * *n + j * p + b] += white * share;
                }
            }
        }
    }
    free(xv);
    gndp_kernel_free(whole);
    gndp_kernel_free(k);
    return out;
}

static inline law_case begin_law(const char *text, const char *without_white, double white,
                                 const gndp_points *points, const gndp_gaussian_options *options)
{
    law_case c = {0};
    gndp_kernel *k = new_kernel(text);
    assert_ok(gndp_gaussian_create(k, points, NULL, options, &c.law));
    gndp_kernel_free(k);
    c.k = reference(text, without_white, white, points, &c.n, &c.outputs);
    assert_int_equal(c.n, gndp_gaussian_size(c.law));
    for (int64_t i = 0; i < c.n; i++) {
        c.scale = fmax(c.scale, c.k[i * c.n + i]);
    }
    return c;
}

static inline void end_law(law_case *c)
{
    gndp_gaussian_free(c->law);
    free(c->k);
}

/* R (R' u) = K u for every unit vector u, <R e, v> = <e, R' v>, K v and the variances. */
static inline void check_covariance(const law_case *c, double tolerance)
{
    const int64_t n = c->n, rank = gndp_gaussian_rank(c->law);
    enum { SOME = 64 };
    double *unit = new_values(SOME * n), *noise = new_values(SOME * rank),
           *column = new_values(SOME * n), *variance = new_values(n);
    double worst = 0.0;
    for (int64_t i = 0; i < n; i += SOME) {
        const int64_t some = n - i < SOME ? n - i : SOME;
        memset(unit, 0, (size_t)(SOME * n) * sizeof *unit);
        for (int64_t s = 0; s < some; s++) {
            unit[s * n + i + s] = 1.0;
        }
        assert_ok(gndp_gaussian_apply_root(c->law, true, some, unit, noise));
        assert_ok(gndp_gaussian_apply_root(c->law, false, some, noise, column));
        for (int64_t s = 0; s < some; s++) {
            for (int64_t a = 0; a < n; a++) {
                worst = fmax(worst, fabs(column[s * n + a] - c->k[(i + s) * n + a]));
            }
        }
    }
    assert_near(worst, 0.0, tolerance * c->scale);
    assert_ok(gndp_gaussian_variance(c->law, variance));
    for (int64_t a = 0; a < n; a++) {
        assert_near(variance[a], c->k[a * n + a], tolerance * c->scale);
    }

    double *e = new_normals(5, rank), *v = new_normals(6, n), *re = new_values(n),
           *rv = new_values(rank), *kv = new_values(n);
    double left = 0.0, right = 0.0, norm = 0.0;
    assert_ok(gndp_gaussian_apply_root(c->law, false, 1, e, re));
    assert_ok(gndp_gaussian_apply_root(c->law, true, 1, v, rv));
    assert_ok(gndp_gaussian_apply(c->law, 1, v, kv));
    for (int64_t i = 0; i < n; i++) {
        double wanted = 0.0;
        left += re[i] * v[i];
        norm += fabs(re[i] * v[i]);
        for (int64_t j = 0; j < n; j++) {
            wanted += c->k[i * n + j] * v[j];
        }
        assert_near(kv[i], wanted, tolerance * c->scale * (double)n);
    }
    for (int64_t i = 0; i < rank; i++) {
        right += e[i] * rv[i];
    }
    assert_near(left, right, 1e-12 * norm);
    free(unit), free(noise), free(column), free(variance), free(e), free(v), free(re), free(rv),
        free(kv);
}

/* Plain Cholesky of K + jitter; returns ln det. */
static inline double dense_factor(int64_t n, const double *k, double jitter, double *l)
{
    double log_det = 0.0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double sum = k[i * n + j] + (i == j ? jitter : 0.0);
            for (int64_t m = 0; m < j; m++) {
                sum -= l[i * n + m] * l[j * n + m];
            }
            l[i * n + j] = i == j ? sqrt(sum) : sum / l[j * n + j];
        }
        log_det += 2.0 * log(l[i * n + i]);
    }
    return log_det;
}

static inline double dense_quadratic(int64_t n, const double *l, const double *v)
{
    double *x = new_values(n), sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double rest = v[i];
        for (int64_t j = 0; j < i; j++) {
            rest -= l[i * n + j] * x[j];
        }
        x[i] = rest / l[i * n + i];
        sum += x[i] * x[i];
    }
    free(x);
    return sum;
}

/* solve(K v) = v, K solve(v) = v, ln det and ln N against plain loops. condition: what of relative
 * error K's condition number lets through. */
static inline void check_inverse(const law_case *c, bool densities, double condition)
{
    const int64_t n = c->n;
    double *v = new_normals(7, 2 * n), *kv = new_values(2 * n), *back = new_values(2 * n),
           *l = new_values(n * n);
    assert_ok(gndp_gaussian_apply(c->law, 2, v, kv));
    assert_ok(gndp_gaussian_solve(c->law, 2, kv, back));
    for (int64_t i = 0; i < 2 * n; i++) {
        assert_near(back[i], v[i], condition);
    }
    assert_ok(gndp_gaussian_solve(c->law, 2, v, kv));
    assert_ok(gndp_gaussian_apply(c->law, 2, kv, back));
    for (int64_t i = 0; i < 2 * n; i++) {
        assert_near(back[i], v[i], condition);
    }
    if (densities) {
        double log_det = 0.0, log_prob[2];
        const double wanted = dense_factor(n, c->k, gndp_gaussian_jitter(c->law), l);
        assert_ok(gndp_gaussian_log_det(c->law, &log_det));
        assert_near(log_det, wanted, condition * fabs(wanted));
        assert_ok(gndp_gaussian_log_prob(c->law, 2, v, log_prob));
        for (int r = 0; r < 2; r++) {
            const double p = -0.5 * (dense_quadratic(n, l, v + r * n) + wanted +
                                     (double)n * log(6.283185307179586));
            assert_near(log_prob[r], p, condition * fabs(p));
        }
    }
    free(v), free(kv), free(back), free(l);
}

/* The bits of a draw follow from seed and member alone: batches, neighbours, order, threads; a
 * subset is a slice. */
static inline void check_draws(const char *text, const gndp_points *points,
                               const gndp_gaussian_options *options)
{
    enum { DRAWS = 21, PICKS = 5 };
    gndp_kernel *k = new_kernel(text);
    gndp_gaussian_options one = options != NULL ? *options : (gndp_gaussian_options){0}, two = one;
    gndp_gaussian *law[2];
    one.threads = 1;
    two.threads = 2;
    assert_ok(gndp_gaussian_create(k, points, NULL, &one, &law[0]));
    assert_ok(gndp_gaussian_create(k, points, NULL, &two, &law[1]));
    const int64_t n = gndp_gaussian_size(law[0]);
    const int p = (int)(n / gndp_points_count(points));
    double *all = new_values(DRAWS * n), *some = new_values(DRAWS * n),
           *picked = new_values(DRAWS * PICKS * p);
    uint32_t member[DRAWS], back[DRAWS];
    for (uint32_t r = 0; r < DRAWS; r++) {
        member[r] = 1000 + 3 * r;
        back[DRAWS - 1 - r] = member[r];
    }
    assert_ok(gndp_gaussian_sample(law[1], 42, member, DRAWS, all));
    for (int w = 0; w < 2; w++) {
        for (int r = 0; r < DRAWS; r += r < 3 ? 1 : 9) {
            const int batch = r < 3 ? 1 : DRAWS - r < 9 ? DRAWS - r : 9;
            assert_ok(gndp_gaussian_sample(law[w], 42, member + r, batch, some));
            assert_memory_equal(some, all + r * n, (size_t)(batch * n) * sizeof *all);
        }
        assert_ok(gndp_gaussian_sample(law[w], 42, back, DRAWS, some));
        for (int r = 0; r < DRAWS; r++) {
            assert_memory_equal(some + (DRAWS - 1 - r) * n, all + r * n, (size_t)n * sizeof *all);
        }
    }
    const int64_t last = n / p - 1, index[PICKS] = {last, 0, last / 2, last / 3, last};
    assert_ok(gndp_gaussian_sample_subset(law[0], 42, member, DRAWS, index, PICKS, picked));
    for (int r = 0; r < DRAWS; r++) {
        for (int i = 0; i < PICKS; i++) {
            assert_memory_equal(picked + (r * PICKS + i) * p, all + r * n + index[i] * p,
                                (size_t)p * sizeof *all);
        }
    }
    assert_ok(gndp_gaussian_sample(law[0], 43, member, 1, some)); /* and the seed matters */
    assert_memory_not_equal(some, all, (size_t)n * sizeof *all);
    gndp_gaussian_free(law[0]);
    gndp_gaussian_free(law[1]);
    gndp_kernel_free(k);
    free(all), free(some), free(picked);
}

/*
 * Products of draws have the covariance: for DRAWS draws, entry (a, b) has the standard error
 * sqrt((k_aa k_bb + k_ab^2)/DRAWS). With 6 of them for each of up to 200 entries a true law fails
 * with probability below 1e-6; the seed is fixed.
 */
static inline void check_moments(const law_case *c)
{
    enum { DRAWS = 4096, GROUP = 64 };
    const int64_t n = c->n, step = n / 19 + 1;
    double *draw = new_values(GROUP * n), *sum = new_values(n * n);
    for (uint32_t r = 0; r < DRAWS; r += GROUP) {
        uint32_t member[GROUP];
        for (uint32_t i = 0; i < GROUP; i++) {
            member[i] = r + i;
        }
        assert_ok(gndp_gaussian_sample(c->law, 9, member, GROUP, draw));
        for (int i = 0; i < GROUP; i++) {
            for (int64_t a = 0; a < n; a += step) {
                for (int64_t b = 0; b <= a; b += step) {
                    sum[a * n + b] += draw[i * n + a] * draw[i * n + b] / DRAWS;
                }
            }
        }
    }
    for (int64_t a = 0; a < n; a += step) {
        for (int64_t b = 0; b <= a; b += step) {
            const double kab = c->k[a * n + b];
            assert_near(sum[a * n + b], kab,
                        6.0 * sqrt((c->k[a * n + a] * c->k[b * n + b] + kab * kab) / DRAWS) +
                            1e-9 * c->scale);
        }
    }
    free(draw), free(sum);
}

#endif
