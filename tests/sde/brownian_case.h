// SPDX-License-Identifier: Apache-2.0
// Mixtures of heat kernels and normals with their exact score, for tests of fields with values on spheres.
#ifndef TESTS_SDE_BROWNIAN_CASE_H
#define TESTS_SDE_BROWNIAN_CASE_H

#include "sde/sde_case.h"

#include <gndp/brownian.h>

/* A sphere alone; and one between Euclidean components. */
static inline gndp_sphere_layout sphere_alone(void)
{
    return (gndp_sphere_layout){.components = 3, .spheres = 1, .first = {0}, .dim = {3}};
}

static inline gndp_sphere_layout sphere_between(void)
{
    return (gndp_sphere_layout){.components = 5, .spheres = 1, .first = {1}, .dim = {3}};
}

typedef struct mixture {
    gndp_brownian process;
    int64_t kernels, points;
    double *weight, *centre; /* [K], sum 1; [K, N, P] */
    double tau0;
    gndp_score score;
    gndp_evaluator *ev;
} mixture;

static inline void normalise(double *v)
{
    const double norm = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (int i = 0; i < 3; i++) {
        v[i] /= norm;
    }
}

static inline double dot3(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline gndp_evaluator *open_on(const gndp_score *score, const gndp_schedule *schedule, int64_t points, int64_t batch)
{
    double *x = new_values(points);
    gndp_evaluator *ev = NULL;
    gndp_device *device = NULL;
    const gndp_device_options how = {.threads = 1};
    for (int64_t i = 0; i < points; i++) {
        x[i] = (double)i;
    }
    const gndp_array xa = gndp_array_view(gndp_type_2d(GNDP_F64, points, 1), x);
    assert_ok(gndp_device_open("cpu", &how, &device));
    const gndp_evaluator_options o = {.batch = batch, .device = device};
    assert_ok(gndp_evaluator_create(score, schedule, &xa, &o, &ev));
    gndp_device_free(device); /* the plans keep it */
    free(x);
    return ev;
}

/* Centres drawn by `seed`; beta from 0 to 2 most on [1e-5, 1]. */
static inline mixture new_mixture(gndp_sphere_layout layout, int64_t kernels, int64_t points, double tau0, double most, uint64_t seed,
                                  int64_t batch)
{
    mixture m = {.process = {.schedule = gndp_schedule_default(), .layout = layout}, .kernels = kernels, .points = points, .tau0 = tau0};
    const int64_t values = kernels * points * layout.components;
    m.process.schedule.beta1 = 2.0 * most;
    m.weight = new_values(kernels);
    m.centre = new_values(values);
    assert_ok(gndp_random_normal_f64(seed, 0, 0, GNDP_STREAM(3, 0), 0, values, m.centre));
    for (int64_t k = 0; k < kernels; k++) {
        m.weight[k] = 2.0 * (double)(k + 1) / (double)(kernels * (kernels + 1));
    }
    for (int64_t i = 0; i < kernels * points; i++) {
        for (int s = 0; s < layout.spheres; s++) {
            normalise(m.centre + i * layout.components + layout.first[s]);
        }
    }
    assert_ok(gndp_score_heat_mixture(&m.process, kernels, points, m.weight, m.centre, tau0, &m.score));
    m.ev = open_on(&m.score, &m.process.schedule, points, batch);
    return m;
}

static inline void free_mixture(mixture *m)
{
    gndp_evaluator_free(m->ev);
    gndp_score_free(&m->score);
    free(m->weight), free(m->centre);
}

static inline double mixture_log_density(const mixture *m, double t, const double *y)
{
    return gndp_heat_mixture_log_density(&m->process, m->kernels, m->points, m->weight, m->centre, m->tau0, t, y);
}

/* Draws of the data: component by weight, then exactly. */
static inline double *mixture_data(const mixture *m, uint64_t seed, int64_t n)
{
    const int64_t size = m->points * m->process.layout.components;
    double *y = new_values(n * size);
    for (int64_t r = 0; r < n; r++) {
        double u;
        int64_t k = 0;
        assert_ok(gndp_random_uniform_f64(seed, 0, (uint32_t)r, GNDP_STREAM(4, 0), 0, 1, &u));
        for (; k + 1 < m->kernels && u > m->weight[k]; k++) {
            u -= m->weight[k];
        }
        for (int64_t i = 0; i < m->points; i++) {
            const int64_t at = (k * m->points + i) * m->process.layout.components, to = r * size + i * m->process.layout.components;
            double z[16];
            assert_ok(gndp_random_normal_f64(seed, 0, (uint32_t)r, GNDP_STREAM(5, i), 0, 16, z));
            for (int p = 0; p < m->process.layout.components; p++) {
                y[to + p] = m->centre[at + p] + sqrt(m->tau0) * z[p];
            }
            for (int s = 0; s < m->process.layout.spheres; s++) {
                const int f = m->process.layout.first[s];
                const gndp_sphere_key key = {.seed = seed, .member = (uint32_t)r, .stream = GNDP_STREAM(6, s), .first = i};
                assert_ok(gndp_sphere_heat_draw(3, 1, &m->tau0, m->centre + at + f, key, y + to + f));
            }
        }
    }
    return y;
}

#endif
