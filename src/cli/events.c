// SPDX-License-Identifier: Apache-2.0
// `gndp eval --task events`: densities of places on the sphere, their integral, and what is simpler.
#include "cli/events.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/density.h"
#include "cli/gp_common.h"
#include "cli/usage.h"

enum { BATCH = 1024 };

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
    j->log_p = malloc((size_t)j->test.n * sizeof *j->log_p);
    j->node = malloc(3 * nodes * sizeof *j->node);
    j->weight = malloc(nodes * sizeof *j->weight);
    j->node_log_p = malloc(nodes * sizeof *j->node_log_p);
    if (j->log_p == NULL || j->node == NULL || j->weight == NULL || j->node_log_p == NULL)
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
    free(j.node);
    free(j.weight);
    free(j.node_log_p);
    return code;
}
