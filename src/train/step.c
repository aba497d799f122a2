// SPDX-License-Identifier: Apache-2.0
// One training step as a plan: the graph is written once, plans differ in the number of points.
#include "train/step.h"

#include <gndp/ops.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/sphere.h"
#include "train/sphere_noise.h"
#include "train/streams.h"

enum { PLANS = 24, VALIDATION_STEP = INT32_C(1) << 30 };

typedef enum purpose { TRAIN, VALIDATE, ZERO } purpose;

typedef struct step_plan {
    purpose what;
    int64_t points; /* rounded up */
    gndp_plan *plan;
} step_plan;

struct train_steps {
    gndp_model *model;
    train_settings settings;
    gndp_device *device;
    int columns, dim, components;
    step_plan plan[PLANS];
    int n_plans;
    gndp_batch batch;
    double *embedded;                /* [B, N, dim] f64 */
    double *t, *decay, *variance;    /* [B] f64 */
    int64_t *valid, *chosen;         /* [N] points of a field that have values; which of them are context */
    gndp_array x, y0, mask, time[3]; /* feeds, at their largest; views of them are fed */
    gndp_array target;               /* with context */
    gndp_array goal;                 /* with values on spheres: the score of their noise; y0 holds what is noised then */
    sphere_noise noise;
    int32_t *member, seed[2], step;
    float rate;
    double number;
};

/* ---- Settings ------------------------------------------------------------------------------- */

gndp_status train_settings_read(const gndp_model *model, const gndp_batch_source *source, const gndp_batch_source *validation, train_settings *out)
{
    gndp_status st = GNDP_OK;
    const gndp_config *config = model->config;
    const char *precision, *times, *rule;
    int64_t seed;
    memset(out, 0, sizeof *out);
    GNDP_TRY(gndp_config_integer(config, "train.batch", &out->batch));
    GNDP_TRY(gndp_config_integer(config, "train.steps", &out->steps));
    GNDP_TRY(gndp_config_number(config, "train.learning_rate.initial", &out->initial));
    GNDP_TRY(gndp_config_number(config, "train.learning_rate.peak", &out->peak));
    GNDP_TRY(gndp_config_number(config, "train.learning_rate.end", &out->end));
    GNDP_TRY(gndp_config_integer(config, "train.learning_rate.warmup", &out->warmup));
    out->decay_steps = out->steps;
    if (gndp_config_given(config, "train.learning_rate.decay_steps"))
        GNDP_TRY(gndp_config_integer(config, "train.learning_rate.decay_steps", &out->decay_steps));
    GNDP_TRY(gndp_config_number(config, "train.clip", &out->clip));
    GNDP_TRY(gndp_config_number(config, "train.ema", &out->ema));
    GNDP_TRY(gndp_config_text(config, "train.times", &times));
    out->times = strcmp(times, "likelihood") == 0 ? GNDP_TIMES_LIKELIHOOD : GNDP_TIMES_UNIFORM;
    GNDP_TRY(gndp_config_number(config, "train.weight_decay", &out->weight_decay));
    GNDP_TRY(gndp_config_integer(config, "train.seed", &seed));
    GNDP_TRY(gndp_config_text(config, "train.precision", &precision));
    GNDP_TRY(gndp_config_integer(config, "data.context.low", &out->context_low));
    GNDP_TRY(gndp_config_integer(config, "data.context.high", &out->context_high));
    out->context = model->net.context_flag;
    GNDP_TRY(gndp_config_text(config, "data.context.rule", &rule));
    out->track_context = strcmp(rule, "track") == 0;
    out->seed = (uint64_t)seed;
    out->bf16 = strcmp(precision, "bf16") == 0;
    GNDP_CHECK(out->steps < VALIDATION_STEP, GNDP_ERR_RANGE, "train.steps: %lld, at most %d", (long long)out->steps, VALIDATION_STEP - 1);
    GNDP_CHECK(validation == NULL || validation->shared == source->shared, GNDP_ERR_SHAPE,
               "either the fields to train on or those to validate have points of their own");
    out->max_points = validation != NULL && validation->max_points > source->max_points ? validation->max_points : source->max_points;
    out->shared = source->shared;
done:
    return st;
}

/* ---- Memory --------------------------------------------------------------------------------- */

static gndp_status allocate(train_steps *s)
{
    gndp_status st = GNDP_OK;
    const int64_t b = s->settings.batch, n = s->settings.max_points, bn = b * n;
    const size_t fields = (size_t)b;
    s->batch.x = malloc((size_t)(bn * s->columns) * sizeof(double));
    s->batch.values = malloc((size_t)(bn * s->components) * sizeof(double));
    s->batch.present = malloc((size_t)(bn * s->components));
    s->embedded = malloc((size_t)(bn * s->dim) * sizeof(double));
    s->t = malloc(fields * sizeof(double));
    s->decay = malloc(fields * sizeof(double));
    s->variance = malloc(fields * sizeof(double));
    s->member = malloc(fields * sizeof *s->member);
    s->valid = malloc((size_t)n * sizeof *s->valid);
    s->chosen = malloc((size_t)n * sizeof *s->chosen);
    GNDP_CHECK(s->batch.x != NULL && s->batch.values != NULL && s->batch.present != NULL && s->embedded != NULL && s->t != NULL &&
                   s->decay != NULL && s->variance != NULL && s->member != NULL && s->valid != NULL && s->chosen != NULL,
               GNDP_ERR_NOMEM, "a batch of %lld fields of %lld points", (long long)b, (long long)n);
    for (int32_t i = 0; i < b; i++)
        s->member[i] = i;
    GNDP_TRY(gndp_array_create(gndp_type_1d(GNDP_F32, bn * s->dim), &s->x));
    GNDP_TRY(gndp_array_create(gndp_type_1d(GNDP_F32, bn * s->components), &s->y0));
    GNDP_TRY(gndp_array_create(gndp_type_1d(GNDP_I32, bn), &s->mask));
    if (s->settings.context)
        GNDP_TRY(gndp_array_create(gndp_type_1d(GNDP_I32, bn), &s->target));
    if (model_on_sphere(s->model)) {
        GNDP_TRY(gndp_array_create(gndp_type_1d(GNDP_F32, bn * s->components), &s->goal));
        GNDP_TRY(sphere_noise_create(b, n, s->components, &s->noise));
    }
    for (int i = 0; i < 3; i++)
        GNDP_TRY(gndp_array_create(gndp_type_1d(GNDP_F32, b), &s->time[i]));
done:
    return st;
}

gndp_status train_steps_create(gndp_model *model, const train_settings *settings, gndp_device *device, train_steps **out)
{
    gndp_status st = GNDP_OK;
    train_steps *s = NULL;
    *out = NULL;
    s = calloc(1, sizeof *s);
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "training");
    s->model = model;
    s->settings = *settings;
    s->device = device;
    s->columns = gndp_fieldset_get_spec(model->fields)->coords.columns;
    s->dim = model_dim(model);
    s->components = gndp_fieldset_components(model->fields);
    s->seed[0] = (int32_t)(uint32_t)settings->seed;
    s->seed[1] = (int32_t)(uint32_t)(settings->seed >> 32);
    GNDP_TRY(allocate(s));
    *out = s;
    s = NULL;
done:
    train_steps_free(s);
    return st;
}

void train_steps_free(train_steps *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < s->n_plans; i++)
        gndp_plan_free(s->plan[i].plan);
    free(s->batch.x);
    free(s->batch.values);
    free(s->batch.present);
    free(s->embedded);
    free(s->t);
    free(s->decay);
    free(s->variance);
    free(s->member);
    free(s->valid);
    free(s->chosen);
    gndp_array_free(&s->x);
    gndp_array_free(&s->y0);
    gndp_array_free(&s->mask);
    gndp_array_free(&s->target);
    gndp_array_free(&s->goal);
    sphere_noise_free(&s->noise);
    for (int i = 0; i < 3; i++)
        gndp_array_free(&s->time[i]);
    free(s);
}

/* ---- Plans ---------------------------------------------------------------------------------- */

/* The smallest 2^k or 3 2^k that holds n, so that few plans serve all; the largest number itself is never exceeded. */
static int64_t round_up(int64_t n, int64_t most)
{
    int64_t size = 1;
    while (size < n)
        size = size % 3 == 0 ? size / 3 * 4 : size >= 2 ? size / 2 * 3 : 2;
    return size < most ? size : most;
}

static gndp_type time_type(const train_steps *s)
{
    return gndp_type_1d(GNDP_F32, s->settings.batch);
}

static gndp_type points_type(const train_steps *s, int64_t n)
{
    return s->settings.shared ? gndp_type_2d(GNDP_F32, n, s->dim) : gndp_type_3d(GNDP_F32, s->settings.batch, n, s->dim);
}

/* All a score is built from but the values. */
static gndp_score_inputs score_inputs(const train_steps *s, gndp_graph *g, int64_t n)
{
    const int64_t b = s->settings.batch;
    return (gndp_score_inputs){.t = gndp_input(g, "t", time_type(s)),
                               .decay = gndp_input(g, "decay", time_type(s)),
                               .variance = gndp_input(g, "variance", time_type(s)),
                               .x = gndp_input(g, "x", points_type(s, n)),
                               .y = GNDP_NONE,
                               .mask = gndp_input(g, "mask", gndp_type_2d(GNDP_I32, b, n)),
                               .target = s->settings.context ? gndp_input(g, "target", gndp_type_2d(GNDP_I32, b, n)) : GNDP_NONE};
}

/* Values on spheres come noised, with the score of their noise. */
static gndp_node build_sphere_loss(const train_steps *s, gndp_graph *g, int64_t n, bool zero)
{
    const gndp_type values = gndp_type_3d(GNDP_F32, s->settings.batch, n, s->components);
    gndp_score_inputs in = score_inputs(s, g, n);
    in.y = gndp_input(g, "y0", values);
    const sphere_nodes made = model_sphere_score(s->model, g, &in, zero);
    return gndp_brownian_dsm(g, &in, made.score, gndp_input(g, "goal", values), gndp_stop_gradient(g, made.weight));
}

/* The loss of a batch of n points, noise drawn in the graph. With context, limit, noise and loss are those of the targets (geomndp.md 7.7). */
static gndp_node build_loss(const train_steps *s, gndp_graph *g, int64_t n, bool zero)
{
    if (model_on_sphere(s->model))
        return build_sphere_loss(s, g, n, zero);
    const int64_t b = s->settings.batch, shape[2] = {n, s->components};
    const gndp_node seed = gndp_input(g, "seed", gndp_type_1d(GNDP_I32, 2)), step = gndp_input(g, "step", gndp_type_scalar(GNDP_I32));
    const gndp_node member = gndp_input(g, "member", gndp_type_1d(GNDP_I32, b));
    const gndp_node y0 = gndp_input(g, "y0", gndp_type_3d(GNDP_F32, b, n, s->components));
    gndp_score_inputs in = score_inputs(s, g, n);
    const gndp_node wanted = gndp_score_targets(g, &in);
    const gndp_node z = gndp_random_normal(g, seed, step, member, GNDP_STREAM(TRAIN_STREAM_NOISE, 0), GNDP_F32, 2, shape);
    gndp_limit_nodes limit = gndp_process_limit(g, s->model->process, in.x, wanted);
    gndp_process_balance(g, s->model->process, &s->model->parametrisation, in.x, wanted, &limit);
    in.y = gndp_noised_targets(g, &limit, &in, y0, z);
    const gndp_node output = zero ? gndp_scale(g, in.y, 0.0) : model_net_output(s->model, g, &in);
    return gndp_denoising_loss(g, &s->model->parametrisation, &limit, &in, output, y0, z);
}

static gndp_status make_plan(train_steps *s, purpose what, int64_t n, gndp_plan **out)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    const gndp_plan_options options = {.store = s->model->store, .effects = what == TRAIN, .bf16 = s->settings.bf16,
                                       .ema = what == VALIDATE && s->model->average};
    gndp_node outputs[3];
    GNDP_TRY(gndp_graph_create(&g));
    outputs[0] = build_loss(s, g, n, what == ZERO);
    if (what == TRAIN) {
        const gndp_node rate = gndp_input(g, "rate", gndp_type_scalar(GNDP_F32)), number = gndp_input(g, "number", gndp_type_scalar(GNDP_F64));
        gndp_adam adam = gndp_adam_default();
        adam.clip = s->settings.clip;
        adam.ema = s->settings.ema;
        adam.weight_decay = s->settings.weight_decay;
        const gndp_adam_nodes done_by = gndp_adam_step(g, outputs[0], s->model->store, adam, rate, number);
        outputs[1] = done_by.grad_norm;
        outputs[2] = done_by.applied;
    }
    GNDP_TRY(gndp_plan_create(g, outputs, what == TRAIN ? 3 : 1, s->device, &options, out));
done:
    gndp_graph_free(g);
    return st;
}

/* The plan for n points, made when first asked for; when there is no more room the oldest goes. */
static gndp_status find_plan(train_steps *s, purpose what, int64_t n, int64_t *points, gndp_plan **out)
{
    gndp_status st = GNDP_OK;
    step_plan made = {.what = what, .points = round_up(n, s->settings.max_points)};
    *points = made.points;
    for (int i = 0; i < s->n_plans; i++)
        if (s->plan[i].what == what && s->plan[i].points == made.points) {
            *out = s->plan[i].plan;
            return GNDP_OK;
        }
    GNDP_TRY(make_plan(s, what, made.points, &made.plan));
    if (s->n_plans == PLANS) {
        gndp_plan_free(s->plan[0].plan);
        memmove(s->plan, s->plan + 1, (PLANS - 1) * sizeof *s->plan);
        s->n_plans--;
    }
    s->plan[s->n_plans++] = made;
    *out = made.plan;
done:
    return st;
}

/* ---- A batch as feeds ----------------------------------------------------------------------- */

/* A point counts where every channel has a value; the others, and what pads, are 0 and masked. */
static void fill_values(train_steps *s, int64_t n)
{
    const int64_t m = s->batch.points, p = s->components;
    float *y0 = s->y0.data;
    int32_t *mask = s->mask.data;
    for (int64_t b = 0; b < s->settings.batch; b++)
        for (int64_t i = 0; i < n; i++) {
            bool there = i < m;
            for (int64_t c = 0; c < p && there; c++)
                there = s->batch.present[(b * m + i) * p + c] != 0;
            mask[b * n + i] = there;
            for (int64_t c = 0; c < p; c++)
                y0[(b * n + i) * p + c] = there ? (float)s->batch.values[(b * m + i) * p + c] : 0.0f;
        }
}

/* As one knows tracks, in order of time: nothing (a draw in seven), the first so many (five in fourteen), those at both ends (as often), any (one in seven).
   At most `most` of them. @return how many, moved to the front of chosen */
static int64_t choose_of_track(const double u[3], int64_t all, int64_t most, int64_t *chosen)
{
    const double rule = u[0] * 14.0;
    const int64_t first = 1 + (int64_t)(u[1] * (double)(all - 1)), last = rule >= 7.0 && rule < 12.0 ? (int64_t)(u[2] * (double)(all - first)) : 0;
    int64_t n = 0;
    if (rule < 2.0 || all < 2)
        return 0;
    for (int64_t i = 0; i < first && n < most; i++)
        chosen[n++] = i;
    for (int64_t i = all - last; i < all && n < most; i++)
        chosen[n++] = i;
    return n;
}

/* Each field has its own number of clean points, uniform from low to high but never all that have values, and its own choice of them. */
static gndp_status choose_context(train_steps *s, int64_t n)
{
    gndp_status st = GNDP_OK;
    const int64_t low = s->settings.context_low, high = s->settings.context_high;
    const int32_t *mask = s->mask.data;
    int32_t *target = s->target.data;
    for (int64_t b = 0; b < s->settings.batch; b++) {
        int64_t all = 0;
        double u[3];
        for (int64_t i = 0; i < n; i++) {
            target[b * n + i] = 1;
            if (mask[b * n + i] != 0)
                s->valid[all++] = i;
        }
        GNDP_TRY(gndp_random_uniform_f64(s->settings.seed, (uint32_t)s->step, (uint32_t)b, GNDP_STREAM(TRAIN_STREAM_TARGET, 0), 0, 3, u));
        int64_t some = low + (int64_t)(u[s->settings.track_context ? 1 : 0] * (double)(high - low + 1));
        some = some < all ? some : all - 1;
        if (s->settings.track_context && u[0] * 14.0 < 12.0)
            some = choose_of_track(u, all, high, s->chosen);
        else if (some > 0)
            GNDP_TRY(gndp_choose(s->settings.seed, (uint32_t)s->step, (uint32_t)b, GNDP_STREAM(TRAIN_STREAM_TARGET, 1), all, some, s->chosen));
        if (some <= 0)
            continue;
        for (int64_t i = 0; i < some; i++)
            target[b * n + s->valid[s->chosen[i]]] = 0;
    }
done:
    return st;
}

/* Padded points stand where the first one does: nothing of them is read, and a Gram matrix has an identity block there. */
static void fill_points(train_steps *s, int64_t n)
{
    const int64_t m = s->batch.points, sets = s->settings.shared ? 1 : s->settings.batch;
    float *x = s->x.data;
    model_embed(s->model, sets * m, s->batch.x, s->embedded);
    for (int64_t b = 0; b < sets; b++)
        for (int64_t i = 0; i < n; i++)
            for (int d = 0; d < s->dim; d++)
                x[(b * n + i) * s->dim + d] = (float)s->embedded[(b * m + (i < m ? i : 0)) * s->dim + d];
}

/* Noise on spheres may have moved a time. */
static void fill_times(train_steps *s)
{
    for (int64_t b = 0; b < s->settings.batch; b++) {
        if (model_on_sphere(s->model)) {
            const gndp_linear_law at = gndp_schedule_marginal(gndp_model_schedule(s->model), s->t[b]);
            s->decay[b] = at.a;
            s->variance[b] = at.variance;
        }
        ((float *)s->time[0].data)[b] = (float)s->t[b];
        ((float *)s->time[1].data)[b] = (float)s->decay[b];
        ((float *)s->time[2].data)[b] = (float)s->variance[b];
    }
}

static gndp_status fill(train_steps *s, int64_t n)
{
    gndp_status st = GNDP_OK;
    fill_values(s, n);
    fill_points(s, n);
    if (s->settings.context)
        GNDP_TRY(choose_context(s, n));
    if (model_on_sphere(s->model))
        GNDP_TRY(sphere_noise_draw(&s->noise, &s->model->sphere,
                                   (gndp_key){s->settings.seed, (uint32_t)s->step, GNDP_STREAM(TRAIN_STREAM_NOISE, 0)}, s->t, s->batch.points, n,
                                   s->batch.values, s->mask.data, s->settings.context ? s->target.data : NULL, s->y0.data, s->goal.data));
    fill_times(s);
done:
    return st;
}

static gndp_status load(train_steps *s, const gndp_batch_source *source, uint32_t step)
{
    gndp_status st = GNDP_OK;
    s->batch.fields = s->settings.batch;
    GNDP_TRY(source->draw(source->state, s->settings.seed, step, &s->batch));
    const int64_t m = s->batch.points;
    GNDP_CHECK(m >= 1 && m <= s->settings.max_points, GNDP_ERR_RANGE, "a batch of %lld points, at most %lld", (long long)m,
               (long long)s->settings.max_points);
    GNDP_TRY(gndp_normaliser_apply(&s->model->normaliser, s->settings.batch, m, s->batch.point, s->batch.values));
    model_swap(s->model, s->settings.batch, m, s->batch.values);
    gndp_schedule_draw(gndp_model_schedule(s->model), s->settings.times, s->settings.seed, step, s->settings.batch, s->t, s->decay,
                       s->variance);
    s->step = (int32_t)step;
done:
    return st;
}

/* All there is to feed, less what this plan has no use for. */
static gndp_status run_plan(train_steps *s, gndp_plan *plan, int64_t n, gndp_array *outputs, int64_t n_outputs)
{
    const int64_t b = s->settings.batch;
    gndp_feed feeds[] = {{"seed", gndp_array_view(gndp_type_1d(GNDP_I32, 2), s->seed)},
                         {"step", gndp_array_view(gndp_type_scalar(GNDP_I32), &s->step)},
                         {"member", gndp_array_view(gndp_type_1d(GNDP_I32, b), s->member)},
                         {"y0", gndp_array_view(gndp_type_3d(GNDP_F32, b, n, s->components), s->y0.data)},
                         {"t", s->time[0]},
                         {"decay", s->time[1]},
                         {"variance", s->time[2]},
                         {"x", gndp_array_view(points_type(s, n), s->x.data)},
                         {"mask", gndp_array_view(gndp_type_2d(GNDP_I32, b, n), s->mask.data)},
                         {"target", gndp_array_view(gndp_type_2d(GNDP_I32, b, n), s->target.data)},
                         {"goal", gndp_array_view(gndp_type_3d(GNDP_F32, b, n, s->components), s->goal.data)},
                         {"rate", gndp_array_view(gndp_type_scalar(GNDP_F32), &s->rate)},
                         {"number", gndp_array_view(gndp_type_scalar(GNDP_F64), &s->number)}};
    int64_t used = 0;
    for (size_t i = 0; i < sizeof feeds / sizeof *feeds; i++)
        if (gndp_plan_reads(plan, feeds[i].name))
            feeds[used++] = feeds[i];
    return gndp_plan_run(plan, feeds, used, outputs, n_outputs);
}

train_batch_string train_steps_batch(const train_steps *s)
{
    train_batch_string out;
    int at = snprintf(out.text, sizeof out.text, "%lld points", (long long)s->batch.points);
    for (int64_t b = 0; b < s->batch.fields && b < 8 && s->batch.field != NULL; b++)
        at += snprintf(out.text + at, sizeof out.text - (size_t)at, "%s%lld", b == 0 ? " of fields " : ", ", (long long)s->batch.field[b]);
    if (s->batch.fields > 8 && s->batch.field != NULL)
        snprintf(out.text + at, sizeof out.text - (size_t)at, ", ..");
    return out;
}

gndp_status train_steps_run(train_steps *s, const gndp_batch_source *source, uint32_t step, train_outcome *out)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan;
    int64_t n;
    float loss = 0.0f;
    double norm = 0.0;
    int32_t applied = 0;
    gndp_array outputs[3] = {gndp_array_view(gndp_type_scalar(GNDP_F32), &loss), gndp_array_view(gndp_type_scalar(GNDP_F64), &norm),
                             gndp_array_view(gndp_type_scalar(GNDP_I32), &applied)};
    GNDP_TRY(load(s, source, step));
    GNDP_TRY(find_plan(s, TRAIN, s->batch.points, &n, &plan));
    GNDP_TRY(fill(s, n));
    out->rate = gndp_learning_rate(s->settings.initial, s->settings.peak, s->settings.end, s->settings.warmup, s->settings.decay_steps, step);
    s->rate = (float)out->rate;
    s->number = (double)step + 1.0;
    GNDP_TRY(run_plan(s, plan, n, outputs, 3));
    out->loss = (double)loss;
    out->gradient_norm = norm;
    out->applied = applied != 0 && isfinite(loss);
done:
    return st;
}

static gndp_status held_out(train_steps *s, purpose what, const gndp_batch_source *source, uint32_t index, double *out)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan;
    int64_t n;
    float loss = 0.0f;
    gndp_array output = gndp_array_view(gndp_type_scalar(GNDP_F32), &loss);
    GNDP_TRY(load(s, source, VALIDATION_STEP + index));
    GNDP_TRY(find_plan(s, what, s->batch.points, &n, &plan));
    GNDP_TRY(fill(s, n));
    GNDP_TRY(run_plan(s, plan, n, &output, 1));
    *out = (double)loss;
done:
    return st;
}

gndp_status train_steps_validate(train_steps *s, const gndp_batch_source *source, uint32_t index, double *loss)
{
    return held_out(s, VALIDATE, source, index, loss);
}

gndp_status train_steps_zero_loss(train_steps *s, const gndp_batch_source *source, uint32_t index, double *loss)
{
    return held_out(s, ZERO, source, index, loss);
}

gndp_status train_steps_cost(train_steps *s, gndp_plan_stats *out)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan;
    int64_t n;
    GNDP_TRY(find_plan(s, TRAIN, s->settings.max_points, &n, &plan));
    *out = gndp_plan_get_stats(plan);
done:
    return st;
}
