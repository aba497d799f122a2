// SPDX-License-Identifier: Apache-2.0
// One training step (noising, forward, backward, clipping, Adam, moving average) at the shapes of
// the peers; prints one JSON line.
//
// usage: bench_graph a|b f32|bf16 [--steps N] [--warmup N] [--threads T] [--batch B]
//                    [--workspace MB] [--describe] [--profile]
//   a  bi-dimensional attention: batch 256, 60 points, 1-D, 2 layers, hidden 128, 8 heads
//   b  attention over 648 points of a disc: batch 32, 2-D, 5 layers, hidden 128, 4 heads
// Seconds are wall seconds of one step; cpu_s is process CPU seconds, which with more than one
// thread also counts waiting; peak_share_cpu refers to it, and so says more than peak_share while
// other programs run. With --describe the listing of the plan is printed instead;
// with --profile it follows, with the shortest time of each step of the plan.
#include "networks.h"
#include "peak.h"

#include <gndp/info.h>
#include <gndp/ops.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct task {
    const char *name;
    gndp_net_spec net;
    denoising process;
    int64_t batch, points;
    double rate, ema;
} task;

static const task tasks[] = {
    {.name = "a",
     .net = BI_ATTENTION(GNDP_F32, 1, 2, 128, 8),
     .process = {5e-4, 1.0, 0.0, 10.0, 0.22360679774997896 /* sqrt 0.05 */, true, false},
     .batch = 256,
     .points = 60,
     .rate = 1e-3,
     .ema = 0.999},
    {.name = "b",
     .net = JOINT_ATTENTION(GNDP_F32, 2, 2, 5, 128, 4),
     .process = {5e-4, 1.0, 1e-4, 15.0, 1.0, false, true},
     .batch = 32,
     .points = 648,
     .rate = 5e-4,
     .ema = 0.99},
};

typedef struct settings {
    task what;
    bool bf16, describe, profile;
    int steps, warmup, threads;
    size_t workspace; /* bytes; 0: no bound */
} settings;

/* Library calls return a status; here every failure ends the program. */
static void check(gndp_status st)
{
    if (st == GNDP_OK)
        return;
    fprintf(stderr, "bench_graph: %s\n", gndp_last_error());
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool is_joint(const task *t)
{
    return strcmp(t->net.kind, "multi_attention") == 0;
}

/* ---- Flops ---------------------------------------------------------------------------------- */

/* Self-attention H -> 2H of one token among n, as the peer's SelfAttention.flops(). */
static double attention_flops(double hidden, double n)
{
    const double width = 2.0 * hidden;
    return 2.0 * hidden * 3.0 * width + 2.0 * width * width + 4.0 * n * width;
}

/*
 * Flops of a step as the peer counts them: products alone, backward as twice forward. `shortcut`:
 * with one input dimension the attention over it is counted as a value and an output layer.
 */
static double peer_flops(const task *t, bool shortcut)
{
    const double h = (double)t->net.hidden, n = (double)t->points, layers = (double)t->net.layers;
    const double d = (double)t->net.x_dim, rows = (double)t->batch * n;
    if (is_joint(t))
        return 3.0 * (layers * rows * attention_flops(h, n) + rows * (2.0 * h * h + 12.0 * h));
    const double one = 4.0 * h * h + 8.0 * h * h;
    const double dims = shortcut && d == 1.0 ? one : attention_flops(h, d);
    return 3.0 * (layers * rows * d * (dims + attention_flops(h, n)) + rows * d * 4.0 * h +
                  rows * (2.0 * h * h + 2.0 * h));
}

/* ---- Data ----------------------------------------------------------------------------------- */

/* Points of a 30 x 30 grid on [-10, 10]^2 within radius 10: 648 of them. */
static int64_t disc(float *x)
{
    enum { AXIS = 30 };
    int64_t n = 0;
    for (int i = 0; i < AXIS; i++)
        for (int j = 0; j < AXIS; j++) {
            const double u = -10.0 + 20.0 * i / (AXIS - 1), v = -10.0 + 20.0 * j / (AXIS - 1);
            if (sqrt(u * u + v * v) > 10.0)
                continue;
            if (x != NULL) {
                x[2 * n] = (float)u;
                x[2 * n + 1] = (float)v;
            }
            n++;
        }
    return n;
}

static void make_data(const task *t, float *x, float *y)
{
    const int64_t count = t->batch * t->points * t->net.y_dim;
    check(gndp_random_normal_f32(1, 0, 0, GNDP_STREAM(9, 0), 0, count, y));
    if (is_joint(t)) {
        if (disc(NULL) != t->points) {
            fprintf(stderr, "bench_graph: the disc has %lld points\n", (long long)disc(NULL));
            exit(1);
        }
        for (int64_t b = 0; b < t->batch; b++)
            disc(x + b * t->points * t->net.x_dim);
        return;
    }
    check(gndp_random_uniform_f32(1, 0, 0, GNDP_STREAM(9, 1), 0, count, x));
    for (int64_t i = 0; i < count; i++) {
        x[i] = 4.0F * x[i] - 2.0F;
        y[i] = sinf(3.0F * x[i]) + 0.1F * y[i];
    }
}

/* ---- The step ------------------------------------------------------------------------------- */

typedef struct trainer {
    gndp_store *store;
    gndp_device *device;
    gndp_plan *plan;
    gndp_array x, y0;
    int32_t seed[2], step, applied;
    float rate, loss;
    double grad_norm;
} trainer;

static void make_trainer(const settings *s, trainer *r)
{
    const task *t = &s->what;
    gndp_graph *g = NULL;
    *r = (trainer){.seed = {17, 0}, .rate = (float)t->rate};
    check(gndp_store_create(&r->store));
    check(gndp_net_add_parameters(&t->net, r->store));
    check(gndp_store_initialise(r->store, 0));
    check(gndp_device_open("cpu", &(gndp_device_options){.threads = s->threads}, &r->device));
    check(gndp_graph_create(&g));
    const denoising_inputs in = denoising_inputs_make(g, &t->net, t->batch, t->points, false);
    const gndp_node loss = denoising_loss(g, r->store, &t->net, &t->process, &in);
    const gndp_node rate = gndp_input(g, "rate", gndp_type_scalar(GNDP_F32));
    gndp_adam adam = gndp_adam_default();
    adam.ema = t->ema;
    const gndp_adam_nodes done =
        gndp_adam_step(g, loss, r->store, adam, rate, gndp_cast(g, in.step, GNDP_F32));
    const gndp_node outputs[] = {loss, done.grad_norm, done.applied};
    const gndp_plan_options options = {
        .effects = true, .bf16 = s->bf16, .max_workspace = s->workspace, .profile = s->profile};
    check(gndp_plan_create(g, outputs, 3, r->device, &options, &r->plan));
    check(gndp_array_create(gndp_node_type(in.x), &r->x));
    check(gndp_array_create(gndp_node_type(in.y0), &r->y0));
    gndp_graph_free(g);
    make_data(t, r->x.data, r->y0.data);
}

static void free_trainer(trainer *r)
{
    gndp_array_free(&r->x);
    gndp_array_free(&r->y0);
    gndp_plan_free(r->plan);
    gndp_device_free(r->device);
    gndp_store_free(r->store);
}

static void train_step(trainer *r)
{
    const gndp_type f32 = gndp_type_scalar(GNDP_F32), i32 = gndp_type_scalar(GNDP_I32);
    r->step++;
    const gndp_feed feeds[] = {{"x", r->x},
                               {"y0", r->y0},
                               {"seed", gndp_array_view(gndp_type_1d(GNDP_I32, 2), r->seed)},
                               {"step", gndp_array_view(i32, &r->step)},
                               {"rate", gndp_array_view(f32, &r->rate)}};
    gndp_array out[] = {gndp_array_view(f32, &r->loss),
                        gndp_array_view(gndp_type_scalar(GNDP_F64), &r->grad_norm),
                        gndp_array_view(i32, &r->applied)};
    check(gndp_plan_run(r->plan, feeds, sizeof feeds / sizeof *feeds, out, 3));
}

/* ---- Report --------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n % 2 == 1 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

static void describe(const gndp_plan *plan)
{
    const size_t size = gndp_plan_describe(plan, NULL, 0) + 1;
    char *text = malloc(size);
    if (text == NULL)
        exit(1);
    gndp_plan_describe(plan, text, size);
    fputs(text, stdout);
    free(text);
}

static void report(const settings *s, const trainer *r, double *wall, double *cpu)
{
    const task *t = &s->what;
    const gndp_plan_stats stats = gndp_plan_get_stats(r->plan);
    const double mid = median(wall, s->steps), work = peer_flops(t, true);
    const double peak = peak_measure(stats.bf16 ? PEAK_BF16 : PEAK_F32, s->threads);
    const double parameters = (double)gndp_store_size(r->store);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("{\"task\": \"%s\", \"products\": \"%s\", \"threads\": %d, \"median_s\": %.5f, "
           "\"min_s\": %.5f, \"max_s\": %.5f, \"n\": %d, \"cpu_s\": %.5f, ",
           t->name, stats.bf16 ? "bf16" : "f32", s->threads, mid, wall[0], wall[s->steps - 1],
           s->steps, median(cpu, s->steps));
    printf("\"peer_gflop\": %.2f, \"peer_gflop_shortcut\": %.2f, \"plan_gflop\": %.2f, "
           "\"plan_matmul_gflop\": %.2f, \"plan_gb\": %.3f, ",
           peer_flops(t, false) * 1e-9, work * 1e-9, stats.flops * 1e-9, stats.matmul_flops * 1e-9,
           stats.bytes * 1e-9);
    const double busy = median(cpu, s->steps) / s->threads;
    printf("\"gflops\": %.1f, \"peak_gflops\": %.1f, \"peak_share\": %.3f, "
           "\"peak_share_cpu\": %.3f, ",
           stats.matmul_flops / mid * 1e-9, peak * 1e-9,
           peak > 0.0 ? stats.matmul_flops / mid / peak : 0.0,
           peak > 0.0 ? stats.matmul_flops / busy / peak : 0.0);
    printf("\"workspace_mb\": %.1f, \"scratch_mb\": %.1f, \"parameters\": %.0f, "
           "\"store_mb\": %.1f, \"rss_mb\": %.1f, \"steps\": %lld, \"recomputed\": %lld, "
           "\"loss\": %.6f, \"grad_norm\": %.6f, \"applied\": %d}\n",
           (double)stats.workspace_bytes * 1e-6, (double)stats.scratch_bytes * 1e-6, parameters,
           parameters * 4e-6 * GNDP_SLOT_COUNT, (double)use.ru_maxrss * 1024e-6,
           (long long)stats.steps, (long long)stats.recomputed, (double)r->loss, r->grad_norm,
           r->applied);
}

static void usage(void)
{
    fputs("usage: bench_graph a|b f32|bf16 [--steps N] [--warmup N] [--threads T] [--batch B]\n"
          "                   [--workspace MB] [--describe] [--profile]\n",
          stderr);
    exit(2);
}

static settings parse(int argc, char **argv)
{
    settings s = {.steps = 10, .warmup = 2, .threads = 2};
    if (argc < 3 || (strcmp(argv[1], "a") != 0 && strcmp(argv[1], "b") != 0) ||
        (strcmp(argv[2], "f32") != 0 && strcmp(argv[2], "bf16") != 0))
        usage();
    s.what = tasks[argv[1][0] - 'a'];
    s.bf16 = argv[2][0] == 'b';
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--describe") == 0) {
            s.describe = true;
            continue;
        }
        if (strcmp(argv[i], "--profile") == 0) {
            s.profile = true;
            continue;
        }
        const long value = i + 1 < argc ? strtol(argv[i + 1], NULL, 10) : 0;
        if (value < 1)
            usage();
        if (strcmp(argv[i], "--steps") == 0)
            s.steps = (int)value;
        else if (strcmp(argv[i], "--warmup") == 0)
            s.warmup = (int)value;
        else if (strcmp(argv[i], "--threads") == 0)
            s.threads = (int)value;
        else if (strcmp(argv[i], "--batch") == 0)
            s.what.batch = value;
        else if (strcmp(argv[i], "--workspace") == 0)
            s.workspace = (size_t)value * 1000000;
        else
            usage();
        i++;
    }
    return s;
}

int main(int argc, char **argv)
{
    const settings s = parse(argc, argv);
    trainer r;
    make_trainer(&s, &r);
    if (s.describe) {
        describe(r.plan);
        free_trainer(&r);
        return 0;
    }
    double *wall = malloc(sizeof *wall * (size_t)s.steps);
    double *cpu = malloc(sizeof *cpu * (size_t)s.steps);
    if (wall == NULL || cpu == NULL)
        exit(1);
    for (int i = 0; i < s.warmup; i++)
        train_step(&r);
    for (int i = 0; i < s.steps; i++) {
        const double start = seconds(CLOCK_MONOTONIC), used = seconds(CLOCK_PROCESS_CPUTIME_ID);
        train_step(&r);
        cpu[i] = seconds(CLOCK_PROCESS_CPUTIME_ID) - used;
        wall[i] = seconds(CLOCK_MONOTONIC) - start;
    }
    report(&s, &r, wall, cpu);
    if (s.profile)
        describe(r.plan);
    free(wall);
    free(cpu);
    free_trainer(&r);
    return 0;
}
