// SPDX-License-Identifier: Apache-2.0
// The Ornstein-Uhlenbeck process with a Gaussian limit: its parts, its law on points, exact draws.
#include "sde/process.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernels/gaussian.h"
#include "sde/noise.h"

/* ---- Making it ------------------------------------------------------------------------------- */

/* A scalar kernel serves every component: diag(k, outputs=P). */
static gndp_status widen(const gndp_kernel *k, int outputs, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    const size_t size = gndp_kernel_print(k, NULL, 0) + 64;
    char *inner = malloc(size), *text = malloc(size);
    GNDP_CHECK(inner != NULL && text != NULL, GNDP_ERR_NOMEM, "%zu bytes", size);
    gndp_kernel_print(k, inner, size);
    snprintf(text, size, "diag(%s, outputs=%d)", inner, outputs);
    GNDP_TRY(gndp_kernel_parse(text, out));
done:
    free(inner);
    free(text);
    return st;
}

/* The variance w of k = w I [i = j], 0 for any other kernel. */
static gndp_status white_variance(const gndp_kernel *k, int outputs, double *out)
{
    gndp_status st = GNDP_OK;
    const gndp_kernel_info info = gndp_kernel_get_info(k);
    const int64_t dim = info.input_dim > 0 ? info.input_dim : 1;
    gndp_array x = {0}, gram = {0};
    *out = 0.0;
    if (!info.white_only || (info.outputs == 0 && dim != outputs)) {
        return GNDP_OK;
    }
    GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_F64, 1, dim), &x));
    GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_F64, outputs, outputs), &gram));
    ((double *)x.data)[0] = 1.0; /* a unit vector, should the kernel want one */
    GNDP_TRY(gndp_kernel_evaluate(k, &x, NULL, &gram));
    const double *v = gram.data;
    for (int i = 0; i < outputs; i++) {
        for (int j = 0; j < outputs; j++) {
            if (v[i * outputs + j] != (i == j ? v[0] : 0.0)) {
                goto done;
            }
        }
    }
    *out = v[0];
done:
    gndp_array_free(&x);
    gndp_array_free(&gram);
    return st;
}

static gndp_status take_kernel(gndp_process *p, const gndp_kernel *limiting)
{
    gndp_status st = GNDP_OK;
    const int has = gndp_kernel_get_info(limiting).outputs;
    if (has == 1 && p->outputs > 1) {
        GNDP_TRY(widen(limiting, p->outputs, &p->kernel));
    } else {
        GNDP_CHECK(has == 0 || has == p->outputs, GNDP_ERR_SHAPE,
                   "the limiting kernel has %d outputs, the field %d components", has, p->outputs);
        GNDP_TRY(gndp_kernel_clone(limiting, &p->kernel));
    }
    GNDP_TRY(white_variance(p->kernel, p->outputs, &p->white));
done:
    return st;
}

gndp_status gndp_process_create(const gndp_schedule *schedule, const gndp_kernel *limiting,
                                int outputs, const double *mean, gndp_process **out)
{
    gndp_status st = GNDP_OK;
    gndp_process *p = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(limiting != NULL, GNDP_ERR_ARG, "limiting is NULL");
    GNDP_CHECK(outputs >= 1, GNDP_ERR_RANGE, "%d components", outputs);
    GNDP_TRY(gndp_schedule_check(schedule));
    p = calloc(1, sizeof *p);
    GNDP_CHECK(p != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *p);
    p->schedule = *schedule;
    p->outputs = outputs;
    p->mean = calloc((size_t)outputs, sizeof *p->mean);
    GNDP_CHECK(p->mean != NULL, GNDP_ERR_NOMEM, "%d values", outputs);
    for (int i = 0; mean != NULL && i < outputs; i++) {
        GNDP_CHECK(isfinite(mean[i]), GNDP_ERR_RANGE, "limiting mean of component %d is %g", i,
                   mean[i]);
        p->mean[i] = mean[i];
    }
    GNDP_TRY(take_kernel(p, limiting));
    *out = p;
    p = NULL;
done:
    gndp_process_free(p);
    return st;
}

void gndp_process_free(gndp_process *process)
{
    if (process != NULL) {
        gndp_kernel_free(process->kernel);
        free(process->mean);
        free(process);
    }
}

const gndp_schedule *gndp_process_schedule(const gndp_process *process)
{
    return &process->schedule;
}

const gndp_kernel *gndp_process_kernel(const gndp_process *process)
{
    return process->kernel;
}

const double *gndp_process_mean(const gndp_process *process)
{
    return process->mean;
}

int gndp_process_outputs(const gndp_process *process)
{
    return process->outputs;
}

double gndp_process_white(const gndp_process *process)
{
    return process->white;
}

gndp_status gndp_process_law(const gndp_process *process, const gndp_points *points,
                             const gndp_gaussian_options *options, gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    gndp_gaussian_options filled = options != NULL ? *options : (gndp_gaussian_options){0};
    double *mean = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(process != NULL && points != NULL, GNDP_ERR_ARG, "an argument is NULL");
    if (filled.jitter == 0.0 && process->white == 0.0) {
        filled.jitter = PROCESS_JITTER;
    }
    GNDP_TRY(points_check(points));
    const int has = gndp_kernel_outputs(process->kernel, points_dim(points));
    GNDP_CHECK(has == process->outputs, GNDP_ERR_SHAPE,
               "on points of %lld coordinates the limiting kernel has %d outputs, the field %d "
               "components",
               (long long)points_dim(points), has, process->outputs);
    const int64_t n = gndp_points_count(points), p = process->outputs;
    mean = malloc((size_t)(n * p) * sizeof *mean + 1);
    GNDP_CHECK(mean != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n * p));
    for (int64_t i = 0; i < n * p; i++) {
        mean[i] = process->mean[i % p];
    }
    GNDP_TRY(gndp_gaussian_create(process->kernel, points, mean, &filled, out));
done:
    free(mean);
    return st;
}

/* ---- Exact draws ----------------------------------------------------------------------------- */

static gndp_status check_draw(const gndp_process *process, const gndp_gaussian *law, int64_t n,
                              const void *in, const void *member, const void *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(process != NULL && law != NULL, GNDP_ERR_ARG, "process or law is NULL");
    GNDP_CHECK(n >= 0, GNDP_ERR_RANGE, "%lld realizations", (long long)n);
    GNDP_CHECK(n == 0 || (in != NULL && member != NULL && out != NULL), GNDP_ERR_ARG,
               "an array is NULL");
    GNDP_CHECK(gndp_gaussian_size(law) % process->outputs == 0, GNDP_ERR_SHAPE,
               "a law of %lld values, fields of %d components", (long long)gndp_gaussian_size(law),
               process->outputs);
done:
    return st;
}

static gndp_status check_time(const gndp_process *process, double t, const char *name)
{
    gndp_status st = GNDP_OK;
    const gndp_schedule *s = &process->schedule;
    GNDP_CHECK(t >= s->t0 && t <= s->t1, GNDP_ERR_RANGE,
               "time %s = %.9g is outside the schedule, %.9g to %.9g", name, t, s->t0, s->t1);
done:
    return st;
}

/* Realizations whose noise is in memory at a time. */
enum { DRAW_GROUP = 16 };

/* out = m + a (y0 - m) + b (yt - m) + sqrt(variance) R xi; y0 or yt may be NULL where its
 * coefficient is 0, out may be either. */
static gndp_status draw(const gndp_process *process, const gndp_gaussian *law,
                        gndp_linear_law linear, const double *y0, const double *yt, gndp_key key,
                        const uint32_t *member, int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t size = gndp_gaussian_size(law), group = n < DRAW_GROUP ? n : DRAW_GROUP;
    const double sd = sqrt(fmax(linear.variance, 0.0));
    noise_source noise = {0};
    double *xi = malloc((size_t)(group * size) * sizeof *xi + 1);
    GNDP_CHECK(xi != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(group * size));
    GNDP_TRY(noise_open(law, group, false, &noise));
    for (int64_t r = 0; r < n; r += group) {
        const int64_t some = n - r < group ? n - r : group;
        GNDP_TRY(noise_fill(&noise, key, member + r, some, xi));
        for (int64_t i = 0; i < some * size; i++) {
            const int64_t at = r * size + i;
            const double m = process->mean[i % process->outputs];
            out[at] = m + (y0 != NULL ? linear.a * (y0[at] - m) : 0.0) +
                      (yt != NULL ? linear.b * (yt[at] - m) : 0.0) + sd * xi[i];
        }
    }
done:
    noise_close(&noise);
    free(xi);
    return st;
}

gndp_status gndp_process_sample_marginal(const gndp_process *process, const gndp_gaussian *law,
                                         double t, const double *y0, gndp_key key,
                                         const uint32_t *member, int64_t n, double *yt)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_draw(process, law, n, y0, member, yt));
    GNDP_TRY(check_time(process, t, "t"));
    GNDP_TRY(draw(process, law, gndp_schedule_marginal(&process->schedule, t), y0, NULL, key,
                  member, n, yt));
done:
    return st;
}

gndp_status gndp_process_sample_transition(const gndp_process *process, const gndp_gaussian *law,
                                           double s, double t, const double *ys, gndp_key key,
                                           const uint32_t *member, int64_t n, double *yt)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_draw(process, law, n, ys, member, yt));
    GNDP_TRY(check_time(process, s, "s"));
    GNDP_TRY(check_time(process, t, "t"));
    GNDP_CHECK(s <= t, GNDP_ERR_RANGE, "a transition goes forward: from %.9g to %.9g", s, t);
    GNDP_TRY(draw(process, law, gndp_schedule_transition(&process->schedule, s, t), NULL, ys, key,
                  member, n, yt));
done:
    return st;
}

gndp_status gndp_process_sample_bridge(const gndp_process *process, const gndp_gaussian *law,
                                       double s, double t, const double *y0, const double *yt,
                                       gndp_key key, const uint32_t *member, int64_t n, double *ys)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_draw(process, law, n, y0, member, ys));
    GNDP_CHECK(n == 0 || yt != NULL, GNDP_ERR_ARG, "yt is NULL");
    GNDP_TRY(check_time(process, s, "s"));
    GNDP_TRY(check_time(process, t, "t"));
    GNDP_CHECK(s < t, GNDP_ERR_RANGE, "a bridge wants s < t, got %.9g and %.9g", s, t);
    GNDP_TRY(draw(process, law, gndp_schedule_bridge(&process->schedule, s, t), y0, yt, key, member,
                  n, ys));
done:
    return st;
}
