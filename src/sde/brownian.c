// SPDX-License-Identifier: Apache-2.0
// Brownian motion on spheres beside Ornstein-Uhlenbeck processes: limit, exact marginal, its score (geomndp.md 10).
#include "sde/brownian.h"

#include <math.h>
#include <string.h>

#define LOG_2PI 1.8378770664093454836

/* ---- The layout ------------------------------------------------------------------------------ */

gndp_status brownian_layout_check(const gndp_sphere_layout *layout)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(layout != NULL, GNDP_ERR_ARG, "layout is NULL");
    GNDP_CHECK(layout->components >= 1, GNDP_ERR_SHAPE, "fields of %d components", layout->components);
    GNDP_CHECK(layout->spheres >= 0 && layout->spheres <= GNDP_LAYOUT_SPHERES, GNDP_ERR_RANGE, "%d spheres, allowed are 0 to %d",
               layout->spheres, GNDP_LAYOUT_SPHERES);
    for (int s = 0, free_from = 0; s < layout->spheres; s++) {
        const int first = layout->first[s], dim = layout->dim[s];
        GNDP_CHECK(dim >= 2 && dim <= GNDP_SPHERE_MAX, GNDP_ERR_RANGE, "sphere %d has %d components, allowed are 2 to %d", s, dim,
                   GNDP_SPHERE_MAX);
        GNDP_CHECK(first >= free_from && first <= layout->components - dim, GNDP_ERR_SHAPE,
                   "sphere %d takes components %d to %d: %d to %d are free for it", s, first, first + dim - 1, free_from,
                   layout->components - 1);
        free_from = first + dim;
    }
done:
    return st;
}

int brownian_parts(const gndp_sphere_layout *layout, brownian_part part[BROWNIAN_PARTS])
{
    int n = 0, at = 0;
    for (int s = 0; s < layout->spheres; s++) {
        if (layout->first[s] > at) {
            part[n++] = (brownian_part){.first = at, .dim = layout->first[s] - at, .sphere = -1};
        }
        part[n++] = (brownian_part){.first = layout->first[s], .dim = layout->dim[s], .sphere = s};
        at = layout->first[s] + layout->dim[s];
    }
    if (layout->components > at) {
        part[n++] = (brownian_part){.first = at, .dim = layout->components - at, .sphere = -1};
    }
    return n;
}

void gndp_layout_move(const gndp_sphere_layout *layout, int64_t count, double *y, const double *v)
{
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(layout, part);
    for (int64_t k = 0; k < count; k++) {
        for (int q = 0; q < parts; q++) {
            const int64_t at = k * layout->components + part[q].first;
            if (part[q].sphere >= 0) {
                gndp_sphere_exp(part[q].dim, 1, y + at, v + at, y + at);
                continue;
            }
            for (int p = 0; p < part[q].dim; p++) {
                y[at + p] += v[at + p];
            }
        }
    }
}

void gndp_layout_project(const gndp_sphere_layout *layout, int64_t count, const double *y, double *v)
{
    for (int64_t k = 0; k < count; k++) {
        for (int s = 0; s < layout->spheres; s++) {
            const int64_t at = k * layout->components + layout->first[s];
            gndp_sphere_project(layout->dim[s], 1, y + at, v + at, v + at);
        }
    }
}

static double norm_of(int n, const double *y)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += y[i] * y[i];
    }
    return sqrt(sum);
}

void brownian_normalise(const gndp_sphere_layout *layout, int64_t count, double *y)
{
    for (int64_t k = 0; k < count; k++) {
        for (int s = 0; s < layout->spheres; s++) {
            double *point = y + k * layout->components + layout->first[s];
            const double norm = norm_of(layout->dim[s], point);
            for (int i = 0; i < layout->dim[s]; i++) {
                point[i] /= norm;
            }
        }
    }
}

gndp_status brownian_values_check(const gndp_sphere_layout *layout, int64_t count, const double *y, const char *what)
{
    gndp_status st = GNDP_OK;
    for (int64_t i = 0; i < count * layout->components; i++) {
        GNDP_CHECK(isfinite(y[i]), GNDP_ERR_NONFINITE, "%s: component %lld of point %lld is %g", what,
                   (long long)(i % layout->components), (long long)(i / layout->components), y[i]);
    }
    for (int64_t k = 0; k < count; k++) {
        for (int s = 0; s < layout->spheres; s++) {
            const double norm = norm_of(layout->dim[s], y + k * layout->components + layout->first[s]);
            GNDP_CHECK(fabs(norm - 1.0) <= 1e-6, GNDP_ERR_RANGE, "%s: point %lld has norm %.9g on sphere %d, not 1", what, (long long)k,
                       norm, s);
        }
    }
done:
    return st;
}

/* ---- The process ----------------------------------------------------------------------------- */

gndp_status gndp_brownian_check(const gndp_brownian *process)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(process != NULL, GNDP_ERR_ARG, "process is NULL");
    GNDP_TRY(gndp_schedule_check(&process->schedule));
    GNDP_TRY(brownian_layout_check(&process->layout));
done:
    return st;
}

double gndp_brownian_limit_log_density(const gndp_brownian *process, int64_t points, const double *y)
{
    const gndp_sphere_layout *layout = &process->layout;
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(layout, part);
    double log_p = 0.0;
    for (int q = 0; q < parts; q++) {
        if (part[q].sphere >= 0) {
            log_p -= (double)points * gndp_sphere_log_area(part[q].dim);
            continue;
        }
        for (int64_t i = 0; i < points; i++) {
            for (int p = 0; p < part[q].dim; p++) {
                const double v = y[i * layout->components + part[q].first + p];
                log_p -= 0.5 * (v * v + LOG_2PI);
            }
        }
    }
    return log_p;
}

/* Random numbers of a part of point i: a stream for each sphere, and one for all Euclidean components. */
static gndp_sphere_key sphere_key(gndp_key key, uint32_t member, const brownian_part *part, int64_t i)
{
    return (gndp_sphere_key){
        .seed = key.seed, .step = key.step, .member = member, .stream = key.stream + (uint32_t)part->sphere, .first = i};
}

static gndp_status part_normals(gndp_key key, uint32_t member, const gndp_sphere_layout *layout, const brownian_part *part, int64_t i,
                                double *out)
{
    return gndp_random_normal_f64(key.seed, key.step, member, key.stream + GNDP_LAYOUT_SPHERES, i * layout->components + part->first,
                                  part->dim, out);
}

gndp_status gndp_brownian_limit(const gndp_brownian *process, int64_t points, gndp_key key, const uint32_t *member, int64_t n, double *y)
{
    gndp_status st = GNDP_OK;
    brownian_part part[BROWNIAN_PARTS];
    GNDP_TRY(gndp_brownian_check(process));
    GNDP_CHECK(n >= 0 && points >= 0, GNDP_ERR_RANGE, "%lld fields of %lld points", (long long)n, (long long)points);
    GNDP_CHECK(n == 0 || (member != NULL && y != NULL), GNDP_ERR_ARG, "an array is NULL");
    const gndp_sphere_layout *layout = &process->layout;
    const int parts = brownian_parts(layout, part);
    for (int64_t k = 0; k < n * points; k++) {
        const int64_t r = k / points, i = k % points;
        for (int q = 0; q < parts; q++) {
            double *out = y + k * layout->components + part[q].first;
            if (part[q].sphere >= 0) {
                GNDP_TRY(gndp_sphere_uniform(part[q].dim, 1, sphere_key(key, member[r], &part[q], i), out));
            } else {
                GNDP_TRY(part_normals(key, member[r], layout, &part[q], i, out));
            }
        }
    }
done:
    return st;
}

/* One point at time t. y0 and yt may be the same. */
static gndp_status noise_point(const gndp_brownian *process, int parts, const brownian_part *part, double t, gndp_key key, uint32_t member,
                               int64_t i, const double *y0, double *yt)
{
    gndp_status st = GNDP_OK;
    const double tau = 0.5 * gndp_schedule_integral(&process->schedule, t);
    const gndp_linear_law at = gndp_schedule_marginal(&process->schedule, t);
    for (int q = 0; q < parts; q++) {
        const double *from = y0 + part[q].first;
        double *to = yt + part[q].first;
        if (part[q].sphere >= 0) {
            GNDP_TRY(gndp_sphere_heat_draw(part[q].dim, 1, &tau, from, sphere_key(key, member, &part[q], i), to));
            continue;
        }
        for (int p = 0; p < part[q].dim; p++) {
            double z = 0.0;
            GNDP_TRY(gndp_random_normal_f64(key.seed, key.step, member, key.stream + GNDP_LAYOUT_SPHERES,
                                            i * process->layout.components + part[q].first + p, 1, &z));
            to[p] = at.a * from[p] + sqrt(at.variance) * z;
        }
    }
done:
    return st;
}

static gndp_status times_check(const gndp_schedule *schedule, int64_t n, const double *t, bool inside)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < n; r++) {
        GNDP_CHECK(t[r] >= schedule->t0 && t[r] <= schedule->t1 && (!inside || gndp_schedule_integral(schedule, t[r]) > 0.0), GNDP_ERR_RANGE,
                   "field %lld: time %.9g, the schedule goes from %.9g%s to %.9g", (long long)r, t[r], schedule->t0,
                   inside ? " (where the noise has no density)" : "", schedule->t1);
    }
done:
    return st;
}

gndp_status gndp_brownian_marginal(const gndp_brownian *process, int64_t points, const double *t, const double *y0, gndp_key key,
                                   const uint32_t *member, int64_t n, double *yt)
{
    gndp_status st = GNDP_OK;
    brownian_part part[BROWNIAN_PARTS];
    GNDP_TRY(gndp_brownian_check(process));
    GNDP_CHECK(n >= 0 && points >= 0, GNDP_ERR_RANGE, "%lld fields of %lld points", (long long)n, (long long)points);
    GNDP_CHECK(n == 0 || (t != NULL && y0 != NULL && member != NULL && yt != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_TRY(times_check(&process->schedule, n, t, false));
    const int parts = brownian_parts(&process->layout, part);
    const int64_t p = process->layout.components, count = n * points;
    int64_t failed = count;
#pragma omp parallel for schedule(static) reduction(min : failed) if (count >= 256)
    for (int64_t k = 0; k < count; k++) {
        const int64_t r = k / points;
        if (noise_point(process, parts, part, t[r], key, member[r], k % points, y0 + k * p, yt + k * p) != GNDP_OK) {
            failed = k < failed ? k : failed;
        }
    }
    if (failed < count) { /* once more on this thread, whose message the caller reads */
        const int64_t r = failed / points;
        GNDP_TRY(noise_point(process, parts, part, t[r], key, member[r], failed % points, y0 + failed * p, yt + failed * p));
    }
done:
    return st;
}

gndp_status gndp_brownian_target(const gndp_brownian *process, int64_t points, const double *t, const double *y0, const double *yt, int64_t n,
                                 double *out)
{
    gndp_status st = GNDP_OK;
    brownian_part part[BROWNIAN_PARTS];
    GNDP_TRY(gndp_brownian_check(process));
    GNDP_CHECK(n >= 0 && points >= 0, GNDP_ERR_RANGE, "%lld fields of %lld points", (long long)n, (long long)points);
    GNDP_CHECK(n == 0 || (t != NULL && y0 != NULL && yt != NULL && out != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_TRY(times_check(&process->schedule, n, t, true));
    const gndp_sphere_layout *layout = &process->layout;
    for (int s = 0; s < layout->spheres; s++) {
        GNDP_CHECK(layout->dim[s] == 3, GNDP_ERR_UNSUPPORTED,
                   "the heat kernel is known here on the sphere in R^3, sphere %d is in R^%d: train with the implicit loss", s, layout->dim[s]);
    }
    const int parts = brownian_parts(layout, part);
#pragma omp parallel for schedule(static) if (n * points >= 256)
    for (int64_t k = 0; k < n * points; k++) {
        const double now = t[k / points];
        const gndp_linear_law at = gndp_schedule_marginal(&process->schedule, now);
        for (int q = 0; q < parts; q++) {
            const int64_t from = k * layout->components + part[q].first;
            if (part[q].sphere >= 0) {
                gndp_heat_score(0.5 * gndp_schedule_integral(&process->schedule, now), y0 + from, yt + from, out + from);
                continue;
            }
            for (int64_t p = from; p < from + part[q].dim; p++) {
                out[p] = (at.a * y0[p] - yt[p]) / at.variance;
            }
        }
    }
done:
    return st;
}
