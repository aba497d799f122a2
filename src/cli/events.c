// SPDX-License-Identifier: Apache-2.0
// `gndp eval --task events`: densities of places on the sphere, their integral, and what is simpler.
#include "cli/events.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/density.h"
#include "cli/gp_common.h"
#include "cli/usage.h"

enum { BATCH = 1024, DRAWS = 8192, STREAM = 0x0e7e0 };

/* Kernels from a third of the sphere down to 20 m on the Earth, below what tables of events resolve. */
static const double kappa_low = 1.0, kappa_high = 1e11;

typedef struct places {
    int64_t n;
    double *x; /* [n, 3] */
} places;

typedef struct job {
    cli_events result;
    places train, distinct, test;
    bool *seen;      /* [test] whether the place is in the training part */
    double *log_p;   /* [test] */
    double *node, *weight, *node_log_p; /* of the quadrature */
    gndp_generator *generator;
    double *draw, *draw_log_p, *draw_log_q; /* [DRAWS] */
} job;

/* ---- Places ----------------------------------------------------------------------------------- */

/* Of unit norm in f64: sets in memory are f32. */
static int read_places(const gndp_fieldset *set, places *out)
{
    int code = GNDP_EXIT_DONE;
    const int64_t n = gndp_fieldset_get_spec(set)->n_fields;
    int64_t *field = malloc((size_t)n * sizeof *field);
    uint8_t *present = malloc((size_t)(3 * n));
    *out = (places){n, malloc((size_t)(3 * n) * sizeof *out->x)};
    if (field == NULL || present == NULL || out->x == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < n; i++)
        field[i] = i;
    GNDP_LIBRARY(gndp_fieldset_read(set, n, field, 1, NULL, out->x, present));
    for (int64_t i = 0; i < n; i++) {
        double *p = out->x + 3 * i, norm = sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
        for (int c = 0; c < 3; c++)
            p[c] /= norm;
    }
done:
    free(field);
    free(present);
    return code;
}

static int by_place(const void *a, const void *b)
{
    const double *p = a, *q = b;
    for (int c = 0; c < 3; c++)
        if (p[c] != q[c])
            return p[c] < q[c] ? -1 : 1;
    return 0;
}

static int find_repeated(job *j)
{
    const size_t row = 3 * sizeof(double);
    j->distinct.x = malloc((size_t)j->train.n * row);
    j->seen = malloc((size_t)j->test.n * sizeof *j->seen);
    if (j->distinct.x == NULL || j->seen == NULL)
        return gndp_failure_memory();
    memcpy(j->distinct.x, j->train.x, (size_t)j->train.n * row);
    qsort(j->distinct.x, (size_t)j->train.n, row, by_place);
    for (int64_t i = 0; i < j->train.n; i++) {
        const double *p = j->distinct.x + 3 * i;
        if (i == 0 || by_place(p, j->distinct.x + 3 * (j->distinct.n - 1)) != 0)
            memmove(j->distinct.x + 3 * j->distinct.n++, p, row);
    }
    for (int64_t i = 0; i < j->test.n; i++)
        j->seen[i] = bsearch(j->test.x + 3 * i, j->distinct.x, (size_t)j->distinct.n, row, by_place) != NULL;
    return GNDP_EXIT_DONE;
}

/* ---- Densities -------------------------------------------------------------------------------- */

static cli_events_value mean_of(const job *j, bool all)
{
    cli_events_value v = {0};
    double square = 0.0;
    for (int64_t i = 0; i < j->test.n; i++) {
        if (!all && j->seen[i])
            continue;
        const double d = -j->log_p[i] - v.mean;
        v.mean += d / (double)++v.n;
        square += d * (-j->log_p[i] - v.mean);
    }
    v.se = v.n > 1 ? sqrt(square / (double)(v.n - 1) / (double)v.n) : (double)NAN;
    v.mean = v.n > 0 ? v.mean : (double)NAN;
    return v;
}

static void count_row(job *j, cli_events_row row)
{
    cli_events *e = &j->result;
    const int64_t nodes = 2 * e->options->n_lat * e->options->n_lat;
    e->all[row] = mean_of(j, true);
    e->unseen[row] = mean_of(j, false);
    e->integral[row] = 0.0;
    for (int64_t i = 0; i < nodes; i++)
        e->integral[row] += j->weight[i] * exp(j->node_log_p[i]);
}

static bool stop_asked(void *state)
{
    (void)state;
    return gp_interrupted();
}

static int flow(job *j, const char *what, int64_t n, const double *x, double *log_p)
{
    int code = GNDP_EXIT_DONE;
    gndp_likelihood_options o = j->result.options->flow;
    gndp_progress_options shown = gndp_progress_options_default();
    shown.unit = "step";
    if (j->result.options->quiet || gndp_progress_create(&shown, what, (n + BATCH - 1) / BATCH * o.steps, 0, &o.progress) != GNDP_OK)
        o.progress = NULL;
    o.stop = stop_asked;
    GNDP_STEP(cli_finished(gndp_generator_log_likelihood(j->generator, &o, n, NULL, x, log_p)));
done:
    gndp_progress_free(o.progress);
    return code;
}

/* ---- The integral by draws -------------------------------------------------------------------- */

/* Shares of what is drawn from: kernels that fit distinct places, kernels an eighth as wide, where a model may have put atoms, and the uniform law, whose kernel
   has kappa 0. A quadrature steps over atoms; draws near them do not. */
enum { WIDTHS = 3 };
static const double width_share[WIDTHS] = {0.5, 0.4, 0.1};

/* cos of the angle by inversion, Ulrich (1984) for S²; then any direction about the centre. */
static void draw_kernel(double kappa, const double *centre, const double u[2], double *out)
{
    const double c = kappa > 0.0 ? 1.0 + log(u[0] + (1.0 - u[0]) * exp(-2.0 * kappa)) / kappa : 2.0 * u[0] - 1.0;
    const double angle = 2.0 * acos(-1.0) * u[1], *a = centre;
    const double least = fabs(a[0]) < 0.6 ? fabs(a[0]) : 2.0; /* an axis that is not along the centre */
    double axis[3] = {least < 1.0 ? 1.0 : 0.0, least < 1.0 ? 0.0 : 1.0, 0.0}, norm, e[3], s = sqrt(fmax(0.0, 1.0 - c * c));
    gndp_sphere_project(3, 1, a, axis, axis);
    norm = sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]);
    for (int k = 0; k < 3; k++)
        axis[k] /= norm;
    for (int k = 0; k < 3; k++)
        e[k] = a[(k + 1) % 3] * axis[(k + 2) % 3] - a[(k + 2) % 3] * axis[(k + 1) % 3];
    for (int k = 0; k < 3; k++)
        out[k] = c * a[k] + s * (cos(angle) * axis[k] + sin(angle) * e[k]);
}

/* Places and the log-density that they are drawn with. */
static int make_draws(job *j, const double kappa[WIDTHS])
{
    int code = GNDP_EXIT_DONE;
    double *log_p = malloc(DRAWS * sizeof *log_p);
    if (log_p == NULL)
        return gndp_failure_memory();
    for (uint32_t i = 0; i < DRAWS; i++) {
        double u[4];
        GNDP_LIBRARY(gndp_random_uniform_f64(j->result.options->flow.seed, 0, i, STREAM, 0, 4, u));
        const int width = u[0] < width_share[0] ? 0 : u[0] < width_share[0] + width_share[1] ? 1 : 2;
        const int64_t row = (int64_t)(u[1] * (double)j->train.n);
        draw_kernel(kappa[width], j->train.x + 3 * (row < j->train.n ? row : j->train.n - 1), u + 2, j->draw + 3 * i);
        j->draw_log_q[i] = width_share[2] * exp(-gndp_sphere_log_area(3));
    }
    for (int k = 0; k < 2; k++) {
        gndp_von_mises_fisher_kde(kappa[k], j->train.n, j->train.x, DRAWS, j->draw, false, log_p);
        for (int64_t i = 0; i < DRAWS; i++)
            j->draw_log_q[i] += width_share[k] * exp(log_p[i]);
    }
    for (int64_t i = 0; i < DRAWS; i++)
        j->draw_log_q[i] = log(j->draw_log_q[i]);
done:
    free(log_p);
    return code;
}

/* The mean of p/q over draws of q. */
static int by_draws(job *j)
{
    int code = GNDP_EXIT_DONE;
    cli_events *e = &j->result;
    const double kappa = e->kappa[e->distinct < e->train ? EVENTS_KERNELS_DISTINCT : EVENTS_KERNELS];
    double mean = 0.0, square = 0.0;
    GNDP_STEP(make_draws(j, (const double[WIDTHS]){kappa, 64.0 * kappa, 0.0}));
    GNDP_STEP(flow(j, "integral by draws", DRAWS, j->draw, j->draw_log_p));
    for (int64_t i = 0; i < DRAWS; i++) {
        const double ratio = exp(j->draw_log_p[i] - j->draw_log_q[i]), d = ratio - mean;
        mean += d / (double)(i + 1);
        square += d * (ratio - mean);
    }
    e->drawn = mean;
    e->drawn_se = sqrt(square / (DRAWS - 1.0) / DRAWS);
done:
    return code;
}

static int by_model(job *j)
{
    int code = GNDP_EXIT_DONE;
    const cli_events_options *o = j->result.options;
    GNDP_LIBRARY(gndp_generator_create(j->result.model, &gndp_fieldset_get_spec(o->data->all)->coords, BATCH, o->bf16, NULL, &j->generator));
    GNDP_STEP(flow(j, "log-likelihood", j->test.n, j->test.x, j->log_p));
    GNDP_STEP(flow(j, "integral", 2 * o->n_lat * o->n_lat, j->node, j->node_log_p));
    count_row(j, EVENTS_MODEL);
    if (o->pictures != NULL)
        GNDP_STEP(cli_events_picture(&j->result, j->node, j->node_log_p, j->test.n, j->test.x));
done:
    return code;
}

static void by_kernels(job *j, cli_events_row row, const places *fitted)
{
    cli_events *e = &j->result;
    e->kappa[row] = gndp_von_mises_fisher_fit(fitted->n, fitted->x, kappa_low, kappa_high);
    gndp_von_mises_fisher_kde(e->kappa[row], j->train.n, j->train.x, j->test.n, j->test.x, false, j->log_p);
    gndp_von_mises_fisher_kde(e->kappa[row], j->train.n, j->train.x, 2 * e->options->n_lat * e->options->n_lat, j->node, false, j->node_log_p);
    count_row(j, row);
}

static void by_uniform(job *j)
{
    for (int64_t i = 0; i < j->test.n; i++)
        j->log_p[i] = -gndp_sphere_log_area(3);
    for (int64_t i = 0; i < 2 * j->result.options->n_lat * j->result.options->n_lat; i++)
        j->node_log_p[i] = -gndp_sphere_log_area(3);
    count_row(j, EVENTS_UNIFORM);
}

/* ---- The task --------------------------------------------------------------------------------- */

static int check(const job *j)
{
    int code = GNDP_EXIT_DONE;
    const cli_events_options *o = j->result.options;
    const gndp_brownian *process = gndp_model_brownian(j->result.model);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(o->data->all);
    if (process == NULL || process->layout.components != 3 || process->layout.spheres != 1 || process->layout.dim[0] != 3)
        return gndp_failure("--task events wants a model of places on the sphere (data.source: events)");
    if (spec->n_channels != 1 || spec->channel[0].kind != GNDP_CHANNEL_SPHERE || !gndp_fieldset_shared(o->data->all) || spec->coords.n != 1)
        return gndp_failure("%s: --task events wants one place a field (data.source: events)", spec->origin);
    GNDP_LIBRARY(gndp_model_check_data(j->result.model, o->data->part[0])); /* else rows that were trained on might be scored */
done:
    return code;
}

static int allocate(job *j)
{
    const int64_t n_lat = j->result.options->n_lat;
    const size_t nodes = (size_t)(2 * n_lat * n_lat);
    j->draw = malloc(3 * DRAWS * sizeof *j->draw);
    j->draw_log_p = malloc(DRAWS * sizeof *j->draw_log_p);
    j->draw_log_q = malloc(DRAWS * sizeof *j->draw_log_q);
    j->log_p = malloc((size_t)j->test.n * sizeof *j->log_p);
    j->node = malloc(3 * nodes * sizeof *j->node);
    j->weight = malloc(nodes * sizeof *j->weight);
    j->node_log_p = malloc(nodes * sizeof *j->node_log_p);
    if (j->log_p == NULL || j->node == NULL || j->weight == NULL || j->node_log_p == NULL || j->draw == NULL ||
        j->draw_log_p == NULL || j->draw_log_q == NULL)
        return gndp_failure_memory();
    gndp_sphere_quadrature(n_lat, j->node, j->weight);
    return GNDP_EXIT_DONE;
}

int cli_events_run(gndp_model *model, const cli_events_options *options)
{
    int code = GNDP_EXIT_DONE;
    job j = {.result = {.options = options, .model = model, .kappa_high = kappa_high}};
    cli_events *e = &j.result;
    const double start = gp_seconds();
    GNDP_STEP(check(&j));
    GNDP_STEP(read_places(options->data->part[0], &j.train));
    GNDP_STEP(read_places(options->data->part[options->part], &j.test));
    GNDP_STEP(find_repeated(&j));
    GNDP_STEP(allocate(&j));
    e->train = j.train.n;
    e->distinct = j.distinct.n;
    GNDP_STEP(by_model(&j));
    by_kernels(&j, EVENTS_KERNELS, &j.train);
    if (e->distinct < e->train)
        by_kernels(&j, EVENTS_KERNELS_DISTINCT, &j.distinct);
    by_uniform(&j);
    GNDP_STEP(by_draws(&j));
    e->seconds = gp_seconds() - start;
    if (options->json)
        GNDP_STEP(cli_events_print_json(e));
    else
        cli_events_print(e);
done:
    gndp_generator_free(j.generator);
    free(j.train.x);
    free(j.distinct.x);
    free(j.test.x);
    free(j.seen);
    free(j.log_p);
    free(j.draw);
    free(j.draw_log_p);
    free(j.draw_log_q);
    free(j.node);
    free(j.weight);
    free(j.node_log_p);
    return code;
}
