// SPDX-License-Identifier: Apache-2.0
// A law given some of its values without its matrix: draws of the prior, corrected (Matheron's
// rule).
#include <cblas.h>
#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/gaussian.h"

/*
 * f + K_*c A^-1 (y - f_c - e), A = K_cc + noise, f a draw of the base law, e ~ N(0, noise), has
 * mean m + K_*c A^-1 (y - m_c) and covariance K - K_*c A^-1 K_c* exactly (Wilson et al. 2020,
 * arXiv:2002.09309). With R R' = K the root is
 *   [ R - K_*c A^-1 R_c,  -K_*c A^-1 noise^(1/2) ],
 * and K_*c is never held: it is the base law's product with vectors that live on observed values.
 */
typedef struct matheron_law {
    gndp_gaussian *base; /* a share */
    int64_t seen_n, target_n;
    int64_t *seen, *target; /* value numbers; target NULL: the first target_n */
    double *factor;         /* [c, c] row-major, lower: A = L L' */
    double *sd;             /* [c] of the noise of observed values */
    double extra;           /* variance of noise added to each target value */
    uint32_t depth;         /* how many laws of this kind lie below: their normals are others */
} matheron_law;

/* Normals of the observed values' noise and of the targets', beside those of the base law (0). */
#define SEEN_STREAM(w) GNDP_STREAM(0x4750, 1 + 2 * (w)->depth)
#define EXTRA_STREAM(w) GNDP_STREAM(0x4750, 2 + 2 * (w)->depth)

static void matheron_free(void *impl)
{
    matheron_law *w = impl;
    if (w != NULL) {
        gndp_gaussian_free(w->base);
        free(w->seen);
        free(w->target);
        free(w->factor);
        free(w->sd);
        free(w);
    }
}

/* ------------------------------------------------------------------------------------- products */

/* Vectors of the base law's size, a group at a time. */
typedef struct scratch {
    double *field, *moved, *noise; /* [group, size] twice, [group, base rank] */
    double *z;                     /* [group, c] */
    int64_t group;
    size_t bytes, noise_bytes;
} scratch;

static gndp_status scratch_make(const matheron_law *w, int64_t n, bool noise, scratch *s)
{
    gndp_status st = GNDP_OK;
    s->group = n < GAUSSIAN_GROUP ? n : GAUSSIAN_GROUP;
    s->bytes = (size_t)(s->group * w->base->size) * sizeof(double);
    s->noise_bytes = noise ? (size_t)(s->group * w->base->facts.rank) * sizeof(double) : 0;
    s->field = gndp_pages_alloc(s->bytes);
    s->moved = gndp_pages_alloc(s->bytes);
    s->noise = noise ? gndp_pages_alloc(s->noise_bytes) : NULL;
    s->z = malloc((size_t)(s->group * w->seen_n) * sizeof *s->z + 1);
    GNDP_CHECK(s->field != NULL && s->moved != NULL && (!noise || s->noise != NULL) && s->z != NULL,
               GNDP_ERR_NOMEM, "%zu bytes", 2 * s->bytes + s->noise_bytes);
done:
    return st;
}

static void scratch_free(scratch *s)
{
    gndp_pages_free(s->field, s->bytes);
    gndp_pages_free(s->moved, s->bytes);
    gndp_pages_free(s->noise, s->noise_bytes);
    free(s->z);
}

/* z <- L^-1 z or L'^-1 z, one vector on one thread: the same bits in every batch. */
static void triangle(const matheron_law *w, bool transposed, double *z)
{
    const int c = (int)w->seen_n, before = gaussian_threads_begin(1);
    if (c > 0) { /* row-major lower is column-major upper U = L' */
        cblas_dtrsv(CblasColMajor, CblasUpper, transposed ? CblasNoTrans : CblasTrans, CblasNonUnit,
                    c, w->factor, c, z, 1);
    }
    gaussian_threads_end(before);
}

/* v [size] = S' z: a value observed twice takes both. */
static void scatter(const matheron_law *w, const double *z, double *v)
{
    memset(v, 0, (size_t)w->base->size * sizeof *v);
    for (int64_t i = 0; i < w->seen_n; i++) {
        v[w->seen[i]] += z[i];
    }
}

static int64_t target_at(const matheron_law *w, int64_t t)
{
    return w->target != NULL ? w->target[t] : t;
}

/* moved = K S' z for n vectors z, by way of field. */
static gndp_status reach(const matheron_law *w, scratch *s, int64_t n)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < n; r++) {
        scatter(w, s->z + r * w->seen_n, s->field + r * w->base->size);
    }
    GNDP_TRY(gndp_gaussian_apply(w->base, n, s->field, s->moved));
done:
    return st;
}

/*
 * Draws of the base law in `field`, noise e of the observed values in z (standard): out [n, T].
 * The field is needed once more after the product, so the targets of it are put into out first.
 */
static gndp_status correct(const matheron_law *w, scratch *s, int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t size = w->base->size;
    for (int64_t r = 0; r < n; r++) {
        double *z = s->z + r * w->seen_n;
        const double *field = s->field + r * size;
        for (int64_t i = 0; i < w->seen_n; i++) {
            z[i] = field[w->seen[i]] + w->sd[i] * z[i];
        }
        triangle(w, false, z);
        triangle(w, true, z);
        for (int64_t t = 0; t < w->target_n; t++) {
            out[r * w->target_n + t] = field[target_at(w, t)];
        }
    }
    if (w->seen_n == 0) {
        goto done;
    }
    GNDP_TRY(reach(w, s, n));
    for (int64_t r = 0; r < n; r++) {
        for (int64_t t = 0; t < w->target_n; t++) {
            out[r * w->target_n + t] -= s->moved[r * size + target_at(w, t)];
        }
    }
done:
    return st;
}

static gndp_status matheron_sample(const void *impl, uint64_t seed, const uint32_t *member,
                                   int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    const matheron_law *w = impl;
    double *extra = NULL;
    scratch s = {0};
    GNDP_TRY(scratch_make(w, n, false, &s));
    extra = malloc(w->extra > 0.0 ? (size_t)w->target_n * sizeof *extra : 1);
    GNDP_CHECK(extra != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)w->target_n);
    for (int64_t r = 0; r < n; r += s.group) {
        const int64_t some = n - r < s.group ? n - r : s.group;
        GNDP_TRY(w->base->ops->sample(w->base->impl, seed, member + r, some, s.field));
        for (int64_t i = 0; i < some && w->seen_n > 0; i++) {
            GNDP_TRY(gndp_random_normal_f64(seed, 0, member[r + i], SEEN_STREAM(w), 0, w->seen_n,
                                            s.z + i * w->seen_n));
        }
        GNDP_TRY(correct(w, &s, some, out + r * w->target_n));
        for (int64_t i = r; i < r + some && w->extra > 0.0; i++) {
            GNDP_TRY(
                gndp_random_normal_f64(seed, 0, member[i], EXTRA_STREAM(w), 0, w->target_n, extra));
            for (int64_t t = 0; t < w->target_n; t++) {
                out[i * w->target_n + t] += sqrt(w->extra) * extra[t];
            }
        }
    }
done:
    scratch_free(&s);
    free(extra);
    return st;
}

/* A row of noise: of the base law, of observed values, of targets where they have some. */
static int64_t rank_of(const matheron_law *w)
{
    return w->base->facts.rank + w->seen_n + (w->extra > 0.0 ? w->target_n : 0);
}

static gndp_status root_forward(const matheron_law *w, scratch *s, int64_t n, const double *v,
                                double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t rank = rank_of(w), base = w->base->facts.rank;
    for (int64_t r = 0; r < n; r++) {
        memcpy(s->noise + r * base, v + r * rank, (size_t)base * sizeof *v);
        memcpy(s->z + r * w->seen_n, v + r * rank + base, (size_t)w->seen_n * sizeof *v);
    }
    GNDP_TRY(w->base->ops->root(w->base->impl, false, n, s->noise, s->field));
    GNDP_TRY(correct(w, s, n, out));
    for (int64_t r = 0; r < n && w->extra > 0.0; r++) {
        const double *more = v + r * rank + base + w->seen_n;
        for (int64_t t = 0; t < w->target_n; t++) {
            out[r * w->target_n + t] += sqrt(w->extra) * more[t];
        }
    }
done:
    return st;
}

/* [ R' (g - S' u); -noise^(1/2) u ], g = S_*' v, u = A^-1 S K g */
static gndp_status root_backward(const matheron_law *w, scratch *s, int64_t n, const double *v,
                                 double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t rank = rank_of(w), base = w->base->facts.rank, size = w->base->size;
    memset(s->field, 0, (size_t)(n * size) * sizeof *s->field);
    for (int64_t r = 0; r < n; r++) {
        for (int64_t t = 0; t < w->target_n; t++) {
            s->field[r * size + target_at(w, t)] += v[r * w->target_n + t];
        }
    }
    GNDP_TRY(gndp_gaussian_apply(w->base, n, s->field, s->moved));
    for (int64_t r = 0; r < n; r++) {
        double *z = s->z + r * w->seen_n, *noise = out + r * rank + base;
        for (int64_t i = 0; i < w->seen_n; i++) {
            z[i] = s->moved[r * size + w->seen[i]];
        }
        triangle(w, false, z);
        triangle(w, true, z);
        for (int64_t i = 0; i < w->seen_n; i++) {
            s->field[r * size + w->seen[i]] -= z[i];
            noise[i] = -w->sd[i] * z[i];
        }
        for (int64_t t = 0; t < w->target_n && w->extra > 0.0; t++) {
            noise[w->seen_n + t] = sqrt(w->extra) * v[r * w->target_n + t];
        }
    }
    GNDP_TRY(w->base->ops->root(w->base->impl, true, n, s->field, s->noise));
    for (int64_t r = 0; r < n; r++) {
        memcpy(out + r * rank, s->noise + r * base, (size_t)base * sizeof *out);
    }
done:
    return st;
}

static gndp_status matheron_root(const void *impl, bool transposed, int64_t n, const double *v,
                                 double *out)
{
    gndp_status st = GNDP_OK;
    const matheron_law *w = impl;
    scratch s = {0};
    GNDP_TRY(scratch_make(w, n, true, &s));
    for (int64_t r = 0; r < n; r += s.group) {
        const int64_t some = n - r < s.group ? n - r : s.group;
        if (transposed) {
            GNDP_TRY(root_backward(w, &s, some, v + r * w->target_n, out + r * rank_of(w)));
        } else {
            GNDP_TRY(root_forward(w, &s, some, v + r * rank_of(w), out + r * w->target_n));
        }
    }
done:
    scratch_free(&s);
    return st;
}

/* diag K - squares of the columns of K_*c L'^-1, one column for each observed value. */
static gndp_status matheron_variance(const void *impl, double *out)
{
    gndp_status st = GNDP_OK;
    const matheron_law *w = impl;
    const int64_t size = w->base->size;
    double *prior = malloc((size_t)size * sizeof *prior);
    scratch s = {0};
    GNDP_CHECK(prior != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)size);
    GNDP_TRY(scratch_make(w, GAUSSIAN_GROUP, false, &s));
    GNDP_TRY(w->base->ops->variance(w->base->impl, prior));
    for (int64_t t = 0; t < w->target_n; t++) {
        out[t] = prior[target_at(w, t)];
    }
    for (int64_t i = 0; i < w->seen_n; i += s.group) {
        const int64_t some = w->seen_n - i < s.group ? w->seen_n - i : s.group;
        memset(s.z, 0, (size_t)(some * w->seen_n) * sizeof *s.z);
        for (int64_t r = 0; r < some; r++) {
            s.z[r * w->seen_n + i + r] = 1.0;
            triangle(w, true, s.z + r * w->seen_n);
        }
        GNDP_TRY(reach(w, &s, some));
        for (int64_t r = 0; r < some; r++) {
            for (int64_t t = 0; t < w->target_n; t++) {
                const double v = s.moved[r * size + target_at(w, t)];
                out[t] -= v * v;
            }
        }
    }
    for (int64_t t = 0; t < w->target_n; t++) {
        out[t] = fmax(out[t], 0.0) + w->extra; /* below 0 by rounding alone */
    }
done:
    scratch_free(&s);
    free(prior);
    return st;
}

static gndp_status unsupported(const char *what)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(false, GNDP_ERR_UNSUPPORTED,
               "a law by Matheron's rule gives draws, mean, variances and products, not %s: "
               "gndp_gaussian_condition gives them, on fewer targets",
               what);
done:
    return st;
}

static gndp_status matheron_solve(const void *impl, int64_t n, const double *v, double *out)
{
    (void)impl, (void)n, (void)v, (void)out;
    return unsupported("solutions");
}

static gndp_status matheron_log_det(const void *impl, double *out)
{
    (void)impl, (void)out;
    return unsupported("ln det K or densities");
}

static const gaussian_ops matheron_ops = {.kind = GNDP_FACTOR_MATHERON,
                                          .name = "matheron",
                                          .free = matheron_free,
                                          .sample = matheron_sample,
                                          .root = matheron_root,
                                          .solve = matheron_solve,
                                          .log_det = matheron_log_det,
                                          .variance = matheron_variance};

/* --------------------------------------------------------------------------------------- create */

static void *copy_of(const void *from, int64_t n, size_t size)
{
    void *to = malloc((size_t)n * size + 1);
    if (to != NULL && n > 0) {
        memcpy(to, from, (size_t)n * size);
    }
    return to;
}

static gndp_status take(const gndp_gaussian *base, const gaussian_given *g, matheron_law **out)
{
    gndp_status st = GNDP_OK;
    const int64_t c = g->n_seen;
    matheron_law *w = calloc(1, sizeof *w);
    GNDP_CHECK(w != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *w);
    w->seen_n = c;
    w->target_n = g->n_target;
    w->extra = g->extra;
    w->seen = copy_of(g->seen, c, sizeof *w->seen);
    w->factor = copy_of(g->factor, c * c, sizeof *w->factor);
    w->sd = calloc((size_t)c + 1, sizeof *w->sd);
    w->target = g->target != NULL ? copy_of(g->target, g->n_target, sizeof *w->target) : NULL;
    GNDP_CHECK(w->seen != NULL && w->factor != NULL && w->sd != NULL &&
                   (g->target == NULL || w->target != NULL),
               GNDP_ERR_NOMEM, "%lld observed values, %lld targets", (long long)c,
               (long long)g->n_target);
    for (int64_t i = 0; i < c; i++) {
        w->sd[i] = sqrt(g->noise[i]);
    }
    w->base = gaussian_share(base);
    if (base->ops == &matheron_ops) {
        w->depth = ((const matheron_law *)base->impl)->depth + 1;
    }
    *out = w;
    w = NULL;
done:
    matheron_free(w);
    return st;
}

/* m + K_*c A^-1 (y - m_c) */
static gndp_status mean_of(const matheron_law *w, const double *weight, double *mean)
{
    gndp_status st = GNDP_OK;
    scratch s = {0};
    GNDP_TRY(scratch_make(w, 1, false, &s));
    memcpy(s.z, weight, (size_t)w->seen_n * sizeof *s.z);
    if (w->seen_n > 0) {
        GNDP_TRY(reach(w, &s, 1));
    } else {
        memset(s.moved, 0, s.bytes);
    }
    for (int64_t t = 0; t < w->target_n; t++) {
        const int64_t at = target_at(w, t);
        mean[t] = s.moved[at] + (w->base->mean != NULL ? w->base->mean[at] : 0.0);
    }
done:
    scratch_free(&s);
    return st;
}

gndp_status gaussian_matheron(const gndp_gaussian *base, const gaussian_given *given, int outputs,
                              gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    matheron_law *w = NULL;
    double *mean = NULL;
    gaussian_facts facts = {.jitter = base->facts.jitter};
    const double c = (double)given->n_seen, size = (double)base->size;
    *out = NULL;
    GNDP_TRY(gaussian_check_bytes(&base->options,
                                  8.0 * (c * c + (2.0 * GAUSSIAN_GROUP + 1.0) * size),
                                  "the conditioned law"));
    GNDP_TRY(take(base, given, &w));
    mean = malloc((size_t)given->n_target * sizeof *mean);
    GNDP_CHECK(mean != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)given->n_target);
    GNDP_TRY(mean_of(w, given->weight, mean));
    facts.rank = rank_of(w);
    facts.bytes = (size_t)(given->n_seen * given->n_seen) * sizeof(double) + base->facts.bytes;
    const size_t first = strcspn(base->describe, ";"); /* without its jitter and bytes */
    snprintf(facts.note, sizeof facts.note, "given %lld by correcting draws of %.*s",
             (long long)given->n_seen, (int)(first < 180 ? first : 180), base->describe);
    st = gaussian_wrap(&matheron_ops, w, &facts, given->n_target, outputs, mean, &base->options, "",
                       out);
    w = NULL;
    GNDP_TRY(st);
done:
    matheron_free(w);
    free(mean);
    return st;
}

/* A = K_cc + noise from the law's own products, its factor, and A^-1 (y - m_c). */
static gndp_status factor_seen(const gndp_gaussian *law, int64_t c, const int64_t *seen,
                               const double *y, const double *noise, double *a, double *weight)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gaussian_columns(law, c, seen, c, seen, a));
    for (int64_t i = 0; i < c; i++) {
        a[i * c + i] += noise[i];
        weight[i] = y[i] - (law->mean != NULL ? law->mean[seen[i]] : 0.0);
    }
    const int n = (int)c;
    const lapack_int info =
        c > 0 ? LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', n, a, n) : 0; /* row-major: lower */
    GNDP_CHECK(info == 0, GNDP_ERR_NOT_PD,
               "the covariance of the observed values is not positive definite at value %d (point "
               "%lld): is a point observed twice, or the law without noise? Give the observations "
               "a variance",
               (int)info - 1, (long long)(seen[info > 0 ? info - 1 : 0] / law->outputs));
    if (c > 0) {
        cblas_dtrsv(CblasColMajor, CblasUpper, CblasTrans, CblasNonUnit, n, a, n, weight, 1);
        cblas_dtrsv(CblasColMajor, CblasUpper, CblasNoTrans, CblasNonUnit, n, a, n, weight, 1);
    }
done:
    return st;
}

gndp_status gndp_gaussian_condition_draws(const gndp_gaussian *law, const int64_t *index, int64_t m,
                                          const double *y, const double *noise,
                                          const int64_t *target, int64_t t, gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    int64_t *seen = NULL, *wanted = NULL;
    double *variance = NULL, *a = NULL, *weight = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(law != NULL, GNDP_ERR_ARG, "law is NULL");
    GNDP_TRY(gaussian_check_given(law, index, m, y, noise, target, t));
    const int64_t p = law->outputs, c = m * p;
    GNDP_CHECK(c <= INT_MAX, GNDP_ERR_NOMEM, "%lld observed values", (long long)c);
    GNDP_TRY(gaussian_check_bytes(&law->options, 8.0 * (double)c * (double)c,
                                  "the covariance of the observed values"));
    seen = gaussian_value_numbers(index, m, p);
    wanted = target != NULL ? gaussian_value_numbers(target, t, p) : NULL;
    variance = calloc((size_t)c + 1, sizeof *variance);
    a = malloc((size_t)(c * c) * sizeof *a + 1);
    weight = malloc((size_t)c * sizeof *weight + 1);
    GNDP_CHECK(seen != NULL && (target == NULL || wanted != NULL) && variance != NULL &&
                   a != NULL && weight != NULL,
               GNDP_ERR_NOMEM, "%lld observed values", (long long)c);
    if (noise != NULL && c > 0) {
        memcpy(variance, noise, (size_t)c * sizeof *variance);
    }
    GNDP_TRY(factor_seen(law, c, seen, y, variance, a, weight));
    GNDP_TRY(gaussian_matheron(law,
                               &(gaussian_given){.n_seen = c,
                                                 .seen = seen,
                                                 .noise = variance,
                                                 .factor = a,
                                                 .weight = weight,
                                                 .n_target = target != NULL ? t * p : law->size,
                                                 .target = wanted},
                               law->outputs, out));
done:
    free(seen);
    free(wanted);
    free(variance);
    free(a);
    free(weight);
    return st;
}
