// SPDX-License-Identifier: Apache-2.0
// `gndp eval --task regression`: held-out functions of the model's generator, their points and context drawn at random (geomndp.md 12.1).
#include "cli/regression.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/density.h"
#include "cli/gp_common.h"
#include "cli/usage.h"

/*
 * Function r has member number FIRST + r, which no training set reaches, and low + r mod sizes context points: every number of them has the same share. A
 * number drawn for each batch, as published evaluations have it, adds its luck to every model alike (docs/results/gp_optimum.md).
 */
static const uint32_t FIRST_MEMBER = 0x80000000u;
enum { BLOCK = 32, STREAM_POINTS = 0x0e7a1, MOST_POINTS = 100000 };

static const char *const domain_names[REGRESSION_DOMAINS] = {"interpolation", "generalisation", "extrapolation"};

/* ---- Settings ------------------------------------------------------------------------------- */

static int read_sizes(cli_regression *r)
{
    const char *text = r->options->context;
    long long low = 0, high = 0;
    int used = 0;
    if (sscanf(text, "%lld:%lld%n", &low, &high, &used) != 2) {
        used = 0;
        sscanf(text, "%lld%n", &low, &used);
        high = low;
    }
    if (used == 0 || text[used] != '\0' || low < 1 || high < low || high > MOST_POINTS)
        return gndp_usage_error("--context wants a number of points or LOW:HIGH, from 1 to %d, got '%s'", MOST_POINTS, text);
    r->low = low;
    r->sizes = high - r->low + 1;
    if (r->sizes > r->options->fields)
        return gndp_usage_error("--context %s: %lld numbers of context points, but only %lld functions", text, (long long)r->sizes,
                                (long long)r->options->fields);
    return GNDP_EXIT_DONE;
}

/* Where points are, from the interval (low, high) that the training had. */
static void place_domain(int which, double low, double high, cli_regression_domain *d)
{
    const double width = high - low, shift = which == 1 ? width : 0.0;
    d->name = domain_names[which];
    d->context[0] = d->target[0][0] = low + shift;
    d->context[1] = d->target[0][1] = high + shift;
    if (which == 2) { /* half the width on either side */
        d->target[0][0] = low - 0.5 * width;
        d->target[0][1] = low;
        d->target[1][0] = high;
        d->target[1][1] = high + 0.5 * width;
    }
}

static int read_domains(cli_regression *r, double low, double high)
{
    const char *at = r->options->domains;
    for (;;) {
        const size_t n = strcspn(at, ",");
        char name[32];
        int which = 0;
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), at);
        while (which < REGRESSION_DOMAINS && strcmp(name, domain_names[which]) != 0)
            which++;
        if (which == REGRESSION_DOMAINS)
            return gndp_usage_unknown("domain", name, gndp_nearest(name, domain_names, REGRESSION_DOMAINS));
        for (int i = 0; i < r->n_domains; i++)
            if (r->domain[i].name == domain_names[which])
                return gndp_usage_error("--domains names %s twice", name);
        if (which == 2 && r->synth->columns != 1)
            return gndp_usage_error("--domains extrapolation is for functions of one variable, %s has %d", r->synth->name, r->synth->columns);
        place_domain(which, low, high, &r->domain[r->n_domains++]);
        if (at[n] == '\0')
            return GNDP_EXIT_DONE;
        at += n + 1;
    }
}

static int open_task(cli_regression *r)
{
    int code = GNDP_EXIT_DONE;
    const gndp_config *config = gndp_model_config(r->model);
    const char *source, *name;
    const double *domain;
    int n;
    GNDP_LIBRARY(gndp_config_text(config, "data.source", &source));
    if (strcmp(source, "generator") != 0)
        return gndp_failure("--task regression wants a model of generated functions: this one was trained on %s", source);
    GNDP_LIBRARY(gndp_config_text(config, "data.generator.name", &name));
    GNDP_LIBRARY(gndp_synth_find(name != NULL ? name : "", &r->synth));
    if (r->synth->space != GNDP_SPACE_EUCLIDEAN)
        return gndp_failure("--task regression wants functions on R^D, %s is on the sphere", r->synth->name);
    if (gndp_model_normaliser(r->model)->points > 0)
        return gndp_failure("--task regression wants points anywhere: this model's data have a climatology on points of their own");
    GNDP_LIBRARY(gndp_config_numbers(config, "data.generator.domain", &n, &domain));
    GNDP_STEP(read_sizes(r));
    GNDP_STEP(read_domains(r, n == 2 ? domain[0] : r->synth->low, n == 2 ? domain[1] : r->synth->high));
    for (int i = 0; i < r->n_domains; i++) {
        r->domain[i].sum = calloc((size_t)(r->sizes * REGRESSION_ROWS), sizeof *r->domain[i].sum);
        if (r->domain[i].sum == NULL)
            return gndp_failure_memory();
    }
done:
    return code;
}

bool cli_regression_has(const cli_regression *r, cli_regression_row row)
{
    return row == REGRESSION_MODEL || row == REGRESSION_LIMIT || r->synth->kernel != NULL;
}

cli_regression_value cli_regression_pool(const cli_regression *r, const cli_regression_domain *domain, cli_regression_row row)
{
    double sum = 0.0, square = 0.0;
    int64_t n = 0;
    for (int64_t k = 0; k < r->sizes; k++) {
        const cli_regression_sum *s = &domain->sum[k * REGRESSION_ROWS + row];
        sum += (double)s->n * s->mean;
        square += s->n > 1 ? s->square * (double)s->n / (double)(s->n - 1) : (double)NAN;
        n += s->n;
    }
    return (cli_regression_value){.mean = sum / (double)n, .se = sqrt(square) / (double)n};
}

static void count(cli_regression_sum *s, double value)
{
    const double d = value - s->mean;
    s->mean += d / (double)++s->n;
    s->square += d * (value - s->mean);
}

/* ---- A block of functions with the same number of context points ------------------------------ */

/* The limit on the points at hand, and the model's score there. */
typedef struct side {
    int64_t n; /* points */
    gndp_array x;
    gndp_evaluator *evaluator;
    gndp_gaussian *law;
} side;

typedef struct block {
    cli_regression *r;
    const cli_regression_domain *domain;
    gndp_score score;
    const gndp_schedule *schedule;
    bool white;        /* limit: the same law for any points; else a function at a time */
    int64_t c, n, b;   /* context points, all points, slots */
    int columns, p;
    side joint, context;
    double *x, *y, *z; /* [b, N, C], [b, N P] as drawn, [b, N P] normalised */
    uint32_t *member;
    double *log_p, *limit;
} block;

static void side_clear(side *s)
{
    gndp_evaluator_free(s->evaluator);
    gndp_gaussian_free(s->law);
    gndp_array_free(&s->x);
    *s = (side){0};
}

static void block_clear(block *b)
{
    side_clear(&b->joint);
    side_clear(&b->context);
    free(b->x), free(b->y), free(b->z), free(b->member), free(b->log_p), free(b->limit);
}

static int block_open(block *b, int64_t c)
{
    const int64_t points = c + b->r->options->targets, values = points * b->p;
    const int64_t most = (b->r->options->fields + b->r->sizes - 1) / b->r->sizes; /* slots without a function cost as much as those with one */
    const size_t rows = (size_t)(b->b = !b->white ? 1 : most < BLOCK ? most : BLOCK);
    b->c = b->context.n = c;
    b->n = b->joint.n = points;
    b->x = malloc(rows * (size_t)(points * b->columns) * sizeof *b->x);
    b->y = malloc(rows * (size_t)values * sizeof *b->y);
    b->z = malloc(rows * (size_t)values * sizeof *b->z);
    b->member = malloc(rows * sizeof *b->member);
    b->log_p = malloc(rows * sizeof *b->log_p);
    b->limit = malloc(rows * sizeof *b->limit);
    if (b->x == NULL || b->y == NULL || b->z == NULL || b->member == NULL || b->log_p == NULL || b->limit == NULL)
        return gndp_failure_memory();
    return GNDP_EXIT_DONE;
}

/* Points of function `member`, context first. */
static int draw_points(const block *b, uint32_t member, double *x)
{
    int code = GNDP_EXIT_DONE;
    const cli_regression_domain *d = b->domain;
    GNDP_LIBRARY(gndp_random_uniform_f64(b->r->options->flow.seed, 0, member, STREAM_POINTS, 0, b->n * b->columns, x));
    for (int64_t i = 0; i < b->n * b->columns; i++) {
        const double *one = i < b->c * b->columns ? d->context : d->target[0];
        double u = x[i], at = one[0] + u * (one[1] - one[0]);
        if (i >= b->c * b->columns && d->target[1][1] > d->target[1][0]) { /* two intervals of the same width */
            const double *half = d->target[u < 0.5 ? 0 : 1];
            u = 2.0 * u - (u < 0.5 ? 0.0 : 1.0);
            at = half[0] + u * (half[1] - half[0]);
        }
        x[i] = at;
    }
done:
    return code;
}

static int draw_functions(block *b, int64_t n)
{
    int code = GNDP_EXIT_DONE;
    const int64_t size = b->n * b->p;
    for (int64_t i = 0; i < n; i++) {
        double *x = b->x + i * b->n * b->columns;
        GNDP_STEP(draw_points(b, b->member[i], x));
        GNDP_LIBRARY(gndp_synth_values(b->r->synth, b->r->options->flow.seed, b->member[i], b->n, x, b->y + i * size));
    }
    memcpy(b->z, b->y, (size_t)(n * size) * sizeof *b->z);
    GNDP_LIBRARY(gndp_normaliser_apply(gndp_model_normaliser(b->r->model), n, b->n, NULL, b->z));
done:
    return code;
}

/* Score and limit at the first s->n points of the n functions; slots without a function take the first one's. */
static int side_move(block *b, side *s, int64_t n)
{
    int code = GNDP_EXIT_DONE;
    gndp_array x = {0};
    gndp_points *points = NULL;
    gndp_coords coords = gndp_model_fields(b->r->model)->coords;
    coords.layout = GNDP_LAYOUT_LIST;
    coords.n = s->n;
    for (int a = 0; a < coords.columns; a++) {
        coords.axis[a].size = 0;
        coords.axis[a].value = NULL;
    }
    if (s->x.data == NULL)
        GNDP_LIBRARY(gndp_array_create(gndp_type_3d(GNDP_F64, b->b, s->n, b->columns), &s->x));
    if (!b->white) {
        gndp_gaussian_free(s->law);
        s->law = NULL;
    }
    for (int64_t i = 0; i < b->b; i++) {
        coords.x = b->x + (i < n ? i : 0) * b->n * b->columns;
        GNDP_LIBRARY(gndp_model_points(b->r->model, &coords, &x, &points));
        memcpy((double *)s->x.data + i * s->n * b->columns, x.data, gndp_type_bytes(x.type));
        if (s->law == NULL)
            GNDP_LIBRARY(gndp_process_law(gndp_model_process(b->r->model), points, NULL, &s->law));
        gndp_array_free(&x);
        gndp_model_points_free(points);
        x = (gndp_array){0};
        points = NULL;
    }
    if (s->evaluator == NULL) {
        const gndp_evaluator_options options = {.batch = b->b};
        GNDP_LIBRARY(gndp_evaluator_create(&b->score, b->schedule, &s->x, &options, &s->evaluator));
    } else {
        GNDP_LIBRARY(gndp_evaluator_move(s->evaluator, &s->x));
    }
done:
    gndp_array_free(&x);
    gndp_model_points_free(points);
    return code;
}

/* limit[i] = log-density of targets given context under the limit. */
static int limit_densities(block *b, int64_t n)
{
    int code = GNDP_EXIT_DONE;
    for (int64_t i = 0; i < n; i++) {
        double less;
        const double *z = b->z + i * b->n * b->p; /* context first: the same start serves both */
        GNDP_LIBRARY(gndp_gaussian_log_prob(b->joint.law, 1, z, &b->limit[i]));
        GNDP_LIBRARY(gndp_gaussian_log_prob(b->context.law, 1, z, &less));
        b->limit[i] -= less;
    }
done:
    return code;
}

/* ---- The process behind the functions --------------------------------------------------------- */

/* Targets given context under the law of the data: jointly, and each by itself. */
static int exact_density(const block *b, const gndp_kernel *kernel, const double *x, const double *y, double *exact, double *diagonal)
{
    int code = GNDP_EXIT_DONE;
    const int64_t values = (b->n - b->c) * b->p;
    gndp_gaussian *law = NULL, *given = NULL;
    int64_t *index = malloc((size_t)b->n * sizeof *index);
    double *mean = malloc((size_t)values * sizeof *mean), *variance = malloc((size_t)values * sizeof *variance);
    const gndp_points points = {.kind = GNDP_POINTS_LIST, .x = gndp_array_view(gndp_type_2d(GNDP_F64, b->n, b->columns), (void *)(uintptr_t)x)};
    if (index == NULL || mean == NULL || variance == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < b->n; i++)
        index[i] = i;
    GNDP_LIBRARY(gndp_gaussian_create(kernel, &points, NULL, NULL, &law));
    GNDP_LIBRARY(gndp_gaussian_condition(law, index, b->c, y, NULL, index + b->c, b->n - b->c, &given));
    GNDP_LIBRARY(gndp_gaussian_log_prob(given, 1, y + b->c * b->p, exact));
    GNDP_LIBRARY(gndp_gaussian_variance(given, variance));
    gndp_gaussian_mean(given, mean);
    *diagonal = 0.0;
    for (int64_t i = 0; i < values; i++) {
        const double d = y[b->c * b->p + i] - mean[i];
        *diagonal -= 0.5 * (log(2.0 * acos(-1.0) * variance[i]) + d * d / variance[i]);
    }
done:
    gndp_gaussian_free(law);
    gndp_gaussian_free(given);
    free(index), free(mean), free(variance);
    return code;
}

/* ---- The run ---------------------------------------------------------------------------------- */

static int count_block(const block *b, const gndp_kernel *kernel, int64_t n)
{
    int code = GNDP_EXIT_DONE;
    const gndp_normaliser *normaliser = gndp_model_normaliser(b->r->model);
    const double per = 1.0 / (double)b->r->options->targets,
                 units = gndp_normaliser_log_jacobian(normaliser, b->n, NULL) - gndp_normaliser_log_jacobian(normaliser, b->c, NULL);
    cli_regression_sum *sum = b->domain->sum + (b->c - b->r->low) * REGRESSION_ROWS;
    for (int64_t i = 0; i < n; i++) {
        const double model = per * (b->log_p[i] + units);
        count(&sum[REGRESSION_MODEL], model);
        count(&sum[REGRESSION_LIMIT], per * (b->limit[i] + units));
        if (kernel == NULL)
            continue;
        double exact = 0.0, diagonal = 0.0;
        GNDP_STEP(exact_density(b, kernel, b->x + i * b->n * b->columns, b->y + i * b->n * b->p, &exact, &diagonal));
        count(&sum[REGRESSION_EXACT], per * exact);
        count(&sum[REGRESSION_DIFFERENCE], model - per * exact);
        count(&sum[REGRESSION_DIAGONAL], per * diagonal);
    }
done:
    return code;
}

static int run_size(block *b, const gndp_kernel *kernel, int64_t c, gndp_progress *progress, int64_t *done_functions)
{
    int code = GNDP_EXIT_DONE;
    const cli_regression *r = b->r;
    int64_t first = c - r->low, *index = malloc((size_t)c * sizeof *index);
    if (index == NULL)
        return gndp_failure_memory();
    GNDP_STEP(block_open(b, c));
    for (int64_t i = 0; i < c; i++)
        index[i] = i;
    while (first < r->options->fields) {
        int64_t n = 0;
        for (; n < b->b && first < r->options->fields; first += r->sizes)
            b->member[n++] = FIRST_MEMBER + (uint32_t)first;
        GNDP_STEP(draw_functions(b, n));
        GNDP_STEP(side_move(b, &b->joint, n));
        GNDP_STEP(side_move(b, &b->context, n));
        const gndp_flow_law joint = {b->joint.evaluator, b->joint.law}, context = {b->context.evaluator, b->context.law};
        GNDP_STEP(cli_finished(
            gndp_conditional_log_likelihood(&joint, &context, b->schedule, &r->options->flow, n, b->member, c, index, b->z, b->log_p)));
        GNDP_STEP(limit_densities(b, n));
        GNDP_STEP(count_block(b, kernel, n));
        gndp_progress_update(progress, *done_functions += n, NULL);
    }
    b->r->evaluations += gndp_evaluator_count(b->joint.evaluator) + gndp_evaluator_count(b->context.evaluator);
done:
    free(index);
    return code;
}

static int run_all(cli_regression *r, gndp_progress *progress)
{
    int code = GNDP_EXIT_DONE;
    const gndp_process *process = gndp_model_process(r->model);
    const gndp_net_spec *net = gndp_model_net(r->model);
    gndp_score score = {0};
    gndp_kernel *kernel = NULL;
    int64_t done_functions = 0;
    if (r->synth->kernel != NULL)
        GNDP_LIBRARY(gndp_kernel_parse(r->synth->kernel, &kernel));
    GNDP_LIBRARY(gndp_model_score(r->model, true, r->options->bf16, &score));
    for (int i = 0; i < r->n_domains; i++)
        for (int64_t k = 0; k < r->sizes; k++) {
            block b = {.r = r,
                       .domain = &r->domain[i],
                       .score = score,
                       .schedule = gndp_process_schedule(process),
                       .white = gndp_process_white(process) > 0.0,
                       .columns = r->synth->columns,
                       .p = (int)net->y_dim};
            code = run_size(&b, kernel, r->low + k, progress, &done_functions);
            block_clear(&b);
            if (code != GNDP_EXIT_DONE)
                goto done;
        }
done:
    gndp_score_free(&score);
    gndp_kernel_free(kernel);
    return code;
}

int cli_regression_run(gndp_model *model, const cli_regression_options *options)
{
    int code = GNDP_EXIT_DONE;
    cli_regression r = {.options = options, .model = model};
    gndp_progress *progress = NULL;
    gndp_progress_options shown = gndp_progress_options_default();
    const double start = gp_seconds();
    shown.unit = "function";
    GNDP_STEP(open_task(&r));
    if (!options->quiet && gndp_progress_create(&shown, "log-likelihood", r.n_domains * options->fields, 0, &progress) != GNDP_OK)
        progress = NULL;
    GNDP_STEP(run_all(&r, progress));
    gndp_progress_free(progress);
    progress = NULL;
    r.seconds = gp_seconds() - start;
    if (options->json)
        GNDP_STEP(cli_regression_print_json(&r));
    else
        cli_regression_print(&r);
done:
    gndp_progress_free(progress);
    for (int i = 0; i < r.n_domains; i++)
        free(r.domain[i].sum);
    return code;
}
