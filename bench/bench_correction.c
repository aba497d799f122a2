// SPDX-License-Identifier: Apache-2.0
// One Langevin correction given observations, with the networks of the peer on 125 points.
//
// usage: bench_correction small|full f32|bf16 [--outer N] [--threads T] [--samples R] [--batch B]
//        [--preconditioner schur|block|published]
// Seconds of one corrector step of all samples: evaluation, step on field and observations' errors,
// coloured noise, and its share of the reverse step before every 50 of them; JSON. 25 points with 2
// components observed, 100 free; limit rbf(1) + 0.1 white in the plane; rates 1e-4 to 15.
// small: attention over points, 2 layers of 64, 4 heads; full: 5 layers of 128.
#include <gndp/cond.h>
#include <gndp/score.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CONTEXT = 25, POINTS = 125, VALUES = 2 * POINTS, INNER = 50 };

typedef struct settings {
    bool full, bf16;
    gndp_preconditioner preconditioner;
    int64_t outer, samples, batch;
    int threads;
} settings;

static void check(gndp_status st)
{
    if (st == GNDP_OK)
        return;
    fprintf(stderr, "bench_correction: %s\n", gndp_last_error());
    exit(1);
}

static void *allocate(size_t bytes)
{
    void *p = calloc(1, bytes);
    if (p == NULL)
        exit(1);
    return p;
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- The problem ----------------------------------------------------------------------------- */

static const gndp_schedule schedule = {.kind = GNDP_SCHEDULE_LINEAR, .t0 = 1e-3, .t1 = 1.0, .beta0 = 1e-4, .beta1 = 15.0};

typedef struct problem {
    double x[VALUES];
    gndp_process *process;
    gndp_gaussian *law;
    gndp_conditioner *conditioner;
    gndp_net_spec net;
    gndp_parametrisation parametrisation;
    gndp_store *store;
    gndp_score score;
} problem;

static gndp_node build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const problem *p = state;
    const gndp_net_inputs net = {.t = in->t, .x = in->x, .y = in->y, .flag = GNDP_NONE, .mask = in->mask};
    const gndp_limit_nodes limit = gndp_process_limit(g, p->process, in->x, in->mask);
    return gndp_parametrisation_score(g, &p->parametrisation, &limit, in, gndp_net_build(g, p->store, &p->net, &net));
}

static void make_network(const settings *s, problem *p)
{
    const gndp_net_info *info = NULL;
    gndp_array last;
    check(gndp_net_find("multi_attention", &info));
    p->net = info->defaults;
    p->net.x_dim = p->net.y_dim = 2;
    p->net.layers = s->full ? 5 : 2;
    p->net.hidden = s->full ? 128 : 64;
    p->net.heads = 4;
    p->net.dtype = GNDP_F32;
    check(gndp_store_create(&p->store));
    check(gndp_net_add_parameters(&p->net, p->store));
    check(gndp_store_initialise(p->store, 0));
    /* The last layer starts as 0: weights small enough for the samples to stay where they are. */
    check(gndp_store_array(p->store, "last/weight", GNDP_SLOT_VALUE, &last));
    check(gndp_random_normal_f32(3, 0, 0, GNDP_STREAM(9, 2), 0, gndp_type_count(last.type), last.data));
    for (int64_t i = 0; i < gndp_type_count(last.type); i++)
        ((float *)last.data)[i] *= 0.02F;
    p->parametrisation = (gndp_parametrisation){.target = GNDP_TARGET_K, .std_trick = true, .residual_trick = true, .weighted = true};
    p->score = (gndp_score){.dtype = GNDP_F32, .components = 2, .store = p->store, .bf16 = s->bf16, .state = p, .build = build};
}

static void make_problem(const settings *s, problem *p)
{
    gndp_kernel *k = NULL;
    int64_t row[2 * CONTEXT + 1], column[2 * CONTEXT];
    double weight[2 * CONTEXT], z[2 * CONTEXT];
    check(gndp_random_uniform_f64(7, 0, 0, 0, 0, VALUES, p->x));
    for (int i = 0; i < VALUES; i++)
        p->x[i] = 20.0 * p->x[i] - 10.0;
    const gndp_points points = {.x = gndp_array_view(gndp_type_2d(GNDP_F64, POINTS, 2), p->x)};
    check(gndp_kernel_parse("rbf(lengthscale=1) + white(variance=0.1)", &k));
    check(gndp_process_create(&schedule, k, 2, NULL, &p->process));
    check(gndp_process_law(p->process, &points, NULL, &p->law));
    gndp_kernel_free(k);
    check(gndp_random_normal_f64(5, 0, 0, 0, 0, 2 * CONTEXT, z));
    for (int i = 0; i < 2 * CONTEXT; i++) {
        row[i + 1] = i + 1;
        column[i] = i;
        weight[i] = 1.0;
    }
    row[0] = 0;
    const gndp_linear_obs obs = {.n = 2 * CONTEXT, .row = row, .column = column, .weight = weight, .z = z};
    check(gndp_conditioner_create(p->law, &obs, &p->conditioner));
    make_network(s, p);
}

/* ---- Times ----------------------------------------------------------------------------------- */

/* The library asks after each outer step whether to stop. */
typedef struct stamps {
    double *wall, *cpu;
    int64_t n;
} stamps;

static bool stamp(void *state)
{
    stamps *s = state;
    s->wall[s->n] = seconds(CLOCK_MONOTONIC);
    s->cpu[s->n++] = seconds(CLOCK_PROCESS_CPUTIME_ID);
    return false;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int64_t n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n % 2 == 1 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

static void run(const settings *s)
{
    problem *p = allocate(sizeof *p);
    gndp_evaluator *ev = NULL;
    gndp_device *device = NULL;
    const gndp_conditional_info *info = NULL;
    const gndp_device_options how = {.threads = s->threads};
    make_problem(s, p);
    check(gndp_device_open("cpu", &how, &device));
    const gndp_array x = gndp_array_view(gndp_type_2d(GNDP_F64, POINTS, 2), p->x);
    const gndp_evaluator_options eo = {.batch = s->batch, .device = device};
    check(gndp_evaluator_create(&p->score, &schedule, &x, &eo, &ev));
    double *y = allocate((size_t)(s->batch * VALUES) * sizeof *y);
    uint32_t *member = allocate((size_t)s->batch * sizeof *member);
    stamps at = {.wall = allocate((size_t)(s->outer + 2) * sizeof(double)), .cpu = allocate((size_t)(s->outer + 2) * sizeof(double))};
    check(gndp_conditional_find("langevin", &info));
    gndp_conditional_options o = gndp_conditional_options_default(info);
    o.steps = s->outer + 2; /* the first warms up, the last has no corrections */
    o.inner = INNER;
    o.tau = 1.0;
    o.clean_steps = 0;
    o.preconditioner = s->preconditioner;
    o.stop = stamp;
    o.stop_state = &at;
    for (int64_t i = 0; i < s->batch; i++)
        member[i] = (uint32_t)i;
    check(gndp_conditional_sample(ev, &schedule, p->conditioner, &o, s->batch, member, y, NULL));
    const double share = (double)(s->samples / s->batch) / (INNER + 1.0);
    for (int64_t i = 0; i < s->outer; i++) {
        at.wall[i] = share * (at.wall[i + 1] - at.wall[i]);
        at.cpu[i] = share * (at.cpu[i + 1] - at.cpu[i]);
    }
    const double mid = median(at.wall, s->outer);
    printf("{\"task\": \"correction\", \"network\": \"%s\", \"products\": \"%s\", \"threads\": %d, \"samples\": %lld, \"batch\": %lld, "
           "\"median_s\": %.6f, \"min_s\": %.6f, \"max_s\": %.6f, \"n\": %lld, \"cpu_s\": %.6f}\n",
           s->full ? "full" : "small", s->bf16 ? "bf16" : "f32", s->threads, (long long)s->samples, (long long)s->batch, mid, at.wall[0],
           at.wall[s->outer - 1], (long long)s->outer, median(at.cpu, s->outer));
    free(y), free(member), free(at.wall), free(at.cpu);
    gndp_evaluator_free(ev);
    gndp_device_free(device);
    gndp_conditioner_free(p->conditioner);
    gndp_store_free(p->store);
    gndp_gaussian_free(p->law);
    gndp_process_free(p->process);
    free(p);
}

static int usage(void)
{
    fputs("usage: bench_correction small|full f32|bf16 [--outer N] [--threads T] [--samples R] [--batch B] "
          "[--preconditioner schur|block|published]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"schur", "block", "identity", "published"};
    settings s = {.outer = 3, .samples = 64, .batch = 16, .threads = 2};
    if (argc < 3)
        return usage();
    s.full = strcmp(argv[1], "full") == 0;
    s.bf16 = strcmp(argv[2], "bf16") == 0;
    for (int i = 3; i + 1 < argc; i += 2) {
        const int64_t v = atoll(argv[i + 1]);
        if (strcmp(argv[i], "--outer") == 0 && v >= 1)
            s.outer = v;
        else if (strcmp(argv[i], "--threads") == 0 && v >= 1)
            s.threads = (int)v;
        else if (strcmp(argv[i], "--samples") == 0 && v >= 1)
            s.samples = v;
        else if (strcmp(argv[i], "--batch") == 0 && v >= 1)
            s.batch = v;
        else if (strcmp(argv[i], "--preconditioner") == 0)
            for (int k = 0; k < 4; k++)
                s.preconditioner = strcmp(argv[i + 1], names[k]) == 0 ? (gndp_preconditioner)k : s.preconditioner;
        else
            return usage();
    }
    if (argc % 2 == 0 || s.samples % s.batch != 0)
        return usage();
    run(&s);
    return 0;
}
