// SPDX-License-Identifier: Apache-2.0
// Sampling with the network of the peer on 100 points, step by step or a whole batch, and the law
// that each sampler would draw from if the score were exact.
//
// usage: bench_diffusion step f32|bf16 [--steps N] [--threads T] [--samples R] [--batch B]
//        bench_diffusion batch f32|bf16 --sampler NAME --steps N [--threads T] [--samples R]
//        [--batch B] [--repeat N] bench_diffusion quality
// step:    seconds of one Euler-Maruyama step of all samples: evaluation, update and coloured
// noise; JSON batch:   seconds of all samples from noise to fields; JSON quality: covariance errors
// of samplers against the exact law of Gaussian data, a table Network: bi-dimensional attention, 2
// layers, hidden 128, 8 heads, 1-D; limit rbf(0.3) + 0.05 white; rates 0 to 10.
#include <gndp/sampler.h>
#include <gndp/score.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { POINTS = 100 };

typedef struct settings {
    bool bf16;
    const char *sampler;
    int64_t steps, samples, batch, repeat;
    int threads;
} settings;

/* Library calls return a status; here every failure ends the program. */
static void check(gndp_status st)
{
    if (st == GNDP_OK)
        return;
    fprintf(stderr, "bench_diffusion: %s\n", gndp_last_error());
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

static const gndp_schedule schedule = {
    .kind = GNDP_SCHEDULE_LINEAR, .t0 = 5e-4, .t1 = 1.0, .beta0 = 0.0, .beta1 = 10.0};

typedef struct problem {
    double x[POINTS];
    gndp_process *process;
    gndp_gaussian *law;
    gndp_points points;
    gndp_net_spec net;
    gndp_parametrisation parametrisation;
    gndp_store *store;
    gndp_score score;
} problem;

static gndp_node build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const problem *p = state;
    const gndp_net_inputs net = {
        .t = in->t, .x = in->x, .y = in->y, .flag = GNDP_NONE, .mask = in->mask};
    const gndp_limit_nodes limit = gndp_process_limit(g, p->process, in->x, in->mask);
    return gndp_parametrisation_score(g, &p->parametrisation, &limit, in,
                                      gndp_net_build(g, p->store, &p->net, &net));
}

/* The last layer starts as 0: give it weights, small enough for the samples to stay where they are.
 */
static void fill_last(gndp_store *store)
{
    gndp_array a;
    check(gndp_store_array(store, "last/weight", GNDP_SLOT_VALUE, &a));
    check(gndp_random_normal_f32(3, 0, 0, GNDP_STREAM(9, 2), 0, gndp_type_count(a.type), a.data));
    for (int64_t i = 0; i < gndp_type_count(a.type); i++)
        ((float *)a.data)[i] *= 0.05F;
}

static void make_problem(problem *p, bool bf16)
{
    gndp_kernel *k = NULL;
    const gndp_net_info *info = NULL;
    *p = (problem){
        .parametrisation = {.target = GNDP_TARGET_K, .std_trick = true, .weighted = true}};
    for (int i = 0; i < POINTS; i++)
        p->x[i] = -2.0 + 4.0 * i / (POINTS - 1);
    p->points = (gndp_points){.x = gndp_array_view(gndp_type_2d(GNDP_F64, POINTS, 1), p->x)};
    check(gndp_kernel_parse("rbf(lengthscale=0.3) + white(variance=0.05)", &k));
    check(gndp_process_create(&schedule, k, 1, NULL, &p->process));
    check(gndp_process_law(p->process, &p->points, NULL, &p->law));
    gndp_kernel_free(k);
    check(gndp_net_find("bi_attention", &info));
    p->net = info->defaults;
    p->net.x_dim = p->net.y_dim = 1;
    p->net.layers = 2;
    p->net.hidden = 128;
    p->net.heads = 8;
    p->net.dtype = GNDP_F32;
    check(gndp_store_create(&p->store));
    check(gndp_net_add_parameters(&p->net, p->store));
    check(gndp_store_initialise(p->store, 0));
    fill_last(p->store);
    p->score = (gndp_score){.dtype = GNDP_F32,
                            .components = 1,
                            .store = p->store,
                            .bf16 = bf16,
                            .state = p,
                            .build = build};
}

static void free_problem(problem *p)
{
    gndp_store_free(p->store);
    gndp_gaussian_free(p->law);
    gndp_process_free(p->process);
}

/* ---- Times ----------------------------------------------------------------------------------- */

/* Stamps of the ends of steps: the library asks after each of them whether to stop. */
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

static double report_sum(const double *y, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += y[i] * y[i];
    return sqrt(sum / (double)n);
}

static gndp_evaluator *open_evaluator(const settings *s, problem *p)
{
    gndp_evaluator *ev = NULL;
    gndp_device *device = NULL;
    const gndp_device_options how = {.threads = s->threads};
    check(gndp_device_open("cpu", &how, &device));
    const gndp_evaluator_options o = {.batch = s->batch, .device = device};
    check(gndp_evaluator_create(&p->score, &schedule, &p->points.x, &o, &ev));
    gndp_device_free(device);
    return ev;
}

/* One step of R samples is R/B steps of a block. */
static void run_step(const settings *s)
{
    problem p;
    make_problem(&p, s->bf16);
    gndp_evaluator *ev = open_evaluator(s, &p);
    const int64_t blocks = s->samples / s->batch, warm = 2;
    double *y = allocate((size_t)(s->batch * POINTS) * sizeof *y);
    uint32_t *member = allocate((size_t)s->batch * sizeof *member);
    stamps at = {.wall = allocate((size_t)(s->steps + warm) * sizeof(double)),
                 .cpu = allocate((size_t)(s->steps + warm) * sizeof(double))};
    gndp_sampler_options o = gndp_sampler_options_default();
    o.steps = s->steps + warm;
    o.stop = stamp;
    o.stop_state = &at;
    for (int64_t i = 0; i < s->batch; i++)
        member[i] = (uint32_t)i;
    check(gndp_sample(ev, &schedule, p.law, &o, s->batch, member, NULL, y));
    for (int64_t i = 0; i < s->steps; i++) {
        at.wall[i] = (double)blocks * (at.wall[i + warm] - at.wall[i + warm - 1]);
        at.cpu[i] = (double)blocks * (at.cpu[i + warm] - at.cpu[i + warm - 1]);
    }
    const double mid = median(at.wall, s->steps);
    printf("{\"task\": \"step\", \"products\": \"%s\", \"threads\": %d, \"samples\": %lld, "
           "\"batch\": %lld, \"median_s\": %.6f, \"min_s\": %.6f, \"max_s\": %.6f, \"n\": %lld, "
           "\"cpu_s\": %.6f, \"rms\": %.6f}\n",
           s->bf16 ? "bf16" : "f32", s->threads, (long long)s->samples, (long long)s->batch, mid,
           at.wall[0], at.wall[s->steps - 1], (long long)s->steps, median(at.cpu, s->steps),
           report_sum(y, s->batch * POINTS));
    free(y);
    free(member);
    free(at.wall);
    free(at.cpu);
    gndp_evaluator_free(ev);
    free_problem(&p);
}

static void run_batch(const settings *s)
{
    problem p;
    make_problem(&p, s->bf16);
    gndp_evaluator *ev = open_evaluator(s, &p);
    double *y = allocate((size_t)(s->samples * POINTS) * sizeof *y),
           *wall = allocate((size_t)s->repeat * sizeof *wall),
           *cpu = allocate((size_t)s->repeat * sizeof *cpu);
    uint32_t *member = allocate((size_t)s->samples * sizeof *member);
    gndp_sampler_options o = gndp_sampler_options_default();
    check(gndp_sampler_find(s->sampler, &o.sampler));
    o.grid = o.sampler->grid;
    for (int64_t i = 0; i < s->samples; i++)
        member[i] = (uint32_t)i;
    o.steps = 2; /* warms up */
    check(gndp_sample(ev, &schedule, p.law, &o, s->samples, member, NULL, y));
    const int64_t before = gndp_evaluator_count(ev);
    o.steps = s->steps;
    for (int64_t r = 0; r < s->repeat; r++) {
        const double start = seconds(CLOCK_MONOTONIC), used = seconds(CLOCK_PROCESS_CPUTIME_ID);
        check(gndp_sample(ev, &schedule, p.law, &o, s->samples, member, NULL, y));
        wall[r] = seconds(CLOCK_MONOTONIC) - start;
        cpu[r] = seconds(CLOCK_PROCESS_CPUTIME_ID) - used;
    }
    const int64_t count = (gndp_evaluator_count(ev) - before) / s->repeat / s->samples;
    const double mid = median(wall, s->repeat);
    printf("{\"task\": \"batch\", \"sampler\": \"%s\", \"steps\": %lld, \"evaluations\": %lld, "
           "\"products\": \"%s\", \"threads\": %d, \"samples\": %lld, \"batch\": %lld, "
           "\"median_s\": %.5f, \"min_s\": %.5f, \"max_s\": %.5f, \"n\": %lld, \"cpu_s\": %.5f, "
           "\"rms\": %.6f}\n",
           s->sampler, (long long)s->steps, (long long)count, s->bf16 ? "bf16" : "f32", s->threads,
           (long long)s->samples, (long long)s->batch, mid, wall[0], wall[s->repeat - 1],
           (long long)s->repeat, median(cpu, s->repeat), report_sum(y, s->samples * POINTS));
    free(y);
    free(wall);
    free(cpu);
    free(member);
    gndp_evaluator_free(ev);
    free_problem(&p);
}

/* ---- Quality --------------------------------------------------------------------------------- */

/* The pair (y, y before) of "ancestral2" along an eigenvector, on the lambda grid. */
static double pair_variance(const double *t, int64_t steps, double w)
{
    double yy = 1.0, yb = 0.0, bb = 0.0, before = 0.0;
    for (int64_t k = 0; k < steps; k++) {
        const gndp_linear_law at = gndp_schedule_marginal(&schedule, t[k]),
                              to = gndp_schedule_bridge(&schedule, t[k + 1], t[k]);
        const double kappa = at.a * w / (at.a * at.a * w + at.variance);
        const double slope = k > 0 && k + 1 < steps ? 0.5 : 0.0;
        const double now = to.b + to.a * (1.0 + slope) * kappa, was = -to.a * slope * before;
        const double next = now * now * yy + 2.0 * now * was * yb + was * was * bb + to.variance;
        yb = now * yy + was * yb;
        bb = yy;
        yy = next;
        before = kappa;
    }
    return yy;
}

/* With the exact score each eigenvector of L^-1 S_0 L^-T goes its own way, from variance 1. A
 * sampler with noise: its step's coefficients; one without: gndp_sample itself on white data with
 * these variances, started from 1 in every coordinate. */
static void sampler_variances(const gndp_sampler_info *info, gndp_grid_kind grid, int64_t steps,
                              const double *w, double *var)
{
    double *t = allocate((size_t)(steps + 1) * sizeof *t);
    check(gndp_time_grid(&schedule, grid, steps, t));
    if (info->stochastic) {
        for (int i = 0; i < POINTS; i++) {
            var[i] = info->step != NULL ? 1.0 : pair_variance(t, steps, w[i]);
            for (int64_t k = 0; info->step != NULL && k < steps; k++) {
                const gndp_linear_law at = gndp_schedule_marginal(&schedule, t[k]);
                const gndp_sampler_step by = info->step(&schedule, t[k], t[k + 1]);
                const double keep = by.a - by.c / (at.a * at.a * w[i] + at.variance);
                var[i] = keep * keep * var[i] + by.d * by.d;
            }
        }
    } else {
        double *one = allocate(POINTS * sizeof *one), *s0 = allocate(POINTS * POINTS * sizeof *s0);
        double x[POINTS];
        gndp_points points = {.x = gndp_array_view(gndp_type_2d(GNDP_F64, POINTS, 1), x)};
        gndp_kernel *k = NULL;
        gndp_gaussian *law = NULL;
        gndp_score score;
        gndp_evaluator *ev = NULL;
        const uint32_t member = 0;
        gndp_sampler_options o = gndp_sampler_options_default();
        const gndp_evaluator_options eo = {.batch = 1};
        for (int i = 0; i < POINTS; i++) {
            x[i] = i;
            one[i] = 1.0;
            s0[i * POINTS + i] = w[i];
        }
        o.sampler = info;
        o.grid = grid;
        o.steps = steps;
        check(gndp_kernel_parse("white(variance=1)", &k));
        check(gndp_gaussian_create(k, &points, NULL, NULL, &law));
        check(gndp_score_gaussian(law, NULL, s0, &score));
        check(gndp_evaluator_create(&score, &schedule, &points.x, &eo, &ev));
        check(gndp_sample(ev, &schedule, law, &o, 1, &member, one, var));
        for (int i = 0; i < POINTS; i++)
            var[i] *= var[i];
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        gndp_gaussian_free(law);
        gndp_kernel_free(k);
        free(one);
        free(s0);
    }
    free(t);
}

/* Sigma - S_0 = L U diag(var - w) U' L'. Its Frobenius norm wants U: instead it is found by the
 * kernel matrices themselves, f(A) of A = L^-1 S_0 L^-T written in the eigenvectors that a Jacobi
 * sweep gives. */
static void jacobi(int n, double *a, double *u)
{
    for (int i = 0; i < n * n; i++)
        u[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
    for (int sweep = 0; sweep < 30; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                const double apq = a[p * n + q];
                if (fabs(apq) < 1e-300)
                    continue;
                const double theta = 0.5 * (a[q * n + q] - a[p * n + p]) / apq;
                const double t =
                    (theta < 0.0 ? -1.0 : 1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
                const double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
                for (int i = 0; i < n; i++) {
                    const double x = a[i * n + p], y = a[i * n + q];
                    a[i * n + p] = c * x - s * y;
                    a[i * n + q] = s * x + c * y;
                }
                for (int i = 0; i < n; i++) {
                    const double x = a[p * n + i], y = a[q * n + i];
                    a[p * n + i] = c * x - s * y;
                    a[q * n + i] = s * x + c * y;
                }
                for (int i = 0; i < n; i++) {
                    const double x = u[i * n + p], y = u[i * n + q];
                    u[i * n + p] = c * x - s * y;
                    u[i * n + q] = s * x + c * y;
                }
            }
}

/* Columns of E = L U, and w; S_0 of the data kernel. */
static void decouple(const problem *p, const double *s0, double *e, double *w)
{
    const int n = POINTS;
    double *l = allocate(sizeof *l * (size_t)(n * n)), *a = allocate(sizeof *a * (size_t)(n * n)),
           *u = allocate(sizeof *u * (size_t)(n * n)), *unit = allocate(sizeof *unit * (size_t)n);
    for (int i = 0; i < n; i++) { /* row i of L is L' e_i */
        unit[i] = 1.0;
        check(gndp_gaussian_apply_root(p->law, true, 1, unit, l + i * n));
        unit[i] = 0.0;
    }
    memcpy(a, s0, sizeof *a * (size_t)(n * n));
    for (int side = 0; side < 2; side++) { /* L^-1 of the columns, then of the rows */
        for (int c = 0; c < n; c++)
            for (int i = 0; i < n; i++) {
                double rest = side == 0 ? a[i * n + c] : a[c * n + i];
                for (int j = 0; j < i; j++)
                    rest -= l[i * n + j] * (side == 0 ? a[j * n + c] : a[c * n + j]);
                *(side == 0 ? &a[i * n + c] : &a[c * n + i]) = rest / l[i * n + i];
            }
    }
    jacobi(n, a, u);
    for (int k = 0; k < n; k++)
        w[k] = a[k * n + k];
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            double sum = 0.0;
            for (int j = 0; j <= i; j++)
                sum += l[i * n + j] * u[j * n + k];
            e[i * n + k] = sum;
        }
    free(l);
    free(a);
    free(u);
    free(unit);
}

static double covariance_error(const double *e, const double *w, const double *var,
                               const double *s0)
{
    double off = 0.0, all = 0.0;
    for (int i = 0; i < POINTS; i++)
        for (int j = 0; j < POINTS; j++) {
            double sum = 0.0;
            for (int k = 0; k < POINTS; k++)
                sum += e[i * POINTS + k] * e[j * POINTS + k] * (var[k] - w[k]);
            off += sum * sum;
            all += s0[i * POINTS + j] * s0[i * POINTS + j];
        }
    return sqrt(off / all);
}

static void run_quality(void)
{
    static const struct {
        const char *sampler;
        gndp_grid_kind grid;
        int64_t steps, evaluations;
    } rows[] = {
        {"em", GNDP_GRID_TIME, 500, 500},          {"em", GNDP_GRID_TIME, 100, 100},
        {"exponential", GNDP_GRID_TIME, 100, 100}, {"ancestral", GNDP_GRID_TIME, 100, 100},
        {"ancestral2", GNDP_GRID_LAMBDA, 50, 50},  {"ancestral2", GNDP_GRID_LAMBDA, 125, 125},
        {"multistep2", GNDP_GRID_LAMBDA, 50, 50},  {"multistep2", GNDP_GRID_LAMBDA, 100, 100},
        {"heun", GNDP_GRID_TIME, 15, 30},          {"heun", GNDP_GRID_TIME, 25, 50},
        {"heun", GNDP_GRID_TIME, 50, 100}};
    static const char *const data[] = {"rbf(lengthscale=0.25) + white(variance=0.0025)",
                                       "matern52(lengthscale=0.25) + white(variance=0.0025)"};
    static double s0[POINTS * POINTS], e[POINTS * POINTS], w[POINTS], var[POINTS];
    problem p;
    make_problem(&p, false);
    for (size_t d = 0; d < sizeof data / sizeof *data; d++) {
        gndp_kernel *k = NULL;
        gndp_array gram = gndp_array_view(gndp_type_2d(GNDP_F64, POINTS, POINTS), s0);
        check(gndp_kernel_parse(data[d], &k));
        check(gndp_kernel_evaluate(k, &p.points.x, NULL, &gram));
        decouple(&p, s0, e, w);
        printf("data %s, started from N(0, K)\n%-12s %6s %12s %18s %14s %14s\n", data[d], "sampler",
               "steps", "evaluations", "covariance error", "KL a point", "worst variance");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            const gndp_sampler_info *info = NULL;
            double kl = 0.0, worst = 0.0;
            check(gndp_sampler_find(rows[i].sampler, &info));
            sampler_variances(info, rows[i].grid, rows[i].steps, w, var);
            for (int q = 0; q < POINTS; q++) {
                const double ratio = var[q] / w[q];
                kl += 0.5 * (ratio - 1.0 - log(ratio)) / POINTS;
                worst = fmax(worst, fabs(log(ratio)));
            }
            printf("%-12s %6lld %12lld %18.2e %14.2e %13.1f%%\n", rows[i].sampler,
                   (long long)rows[i].steps, (long long)rows[i].evaluations,
                   covariance_error(e, w, var, s0), kl, 100.0 * expm1(worst));
        }
        gndp_kernel_free(k);
    }
    free_problem(&p);
}

/* ---- Command line ---------------------------------------------------------------------------- */

static void usage(void)
{
    fputs(
        "usage: bench_diffusion step f32|bf16 [--steps N] [--threads T] [--samples R] [--batch B]\n"
        "       bench_diffusion batch f32|bf16 --sampler NAME --steps N [--threads T] [--samples "
        "R] "
        "[--batch B] [--repeat N]\n"
        "       bench_diffusion quality\n",
        stderr);
    exit(2);
}

static settings parse(int argc, char **argv)
{
    settings s = {
        .sampler = "heun", .steps = 10, .samples = 64, .batch = 64, .repeat = 3, .threads = 2};
    if (argc < 3 || (strcmp(argv[2], "f32") != 0 && strcmp(argv[2], "bf16") != 0))
        usage();
    s.bf16 = argv[2][0] == 'b';
    for (int i = 3; i < argc; i += 2) {
        if (i + 1 == argc)
            usage();
        const long value = strtol(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--sampler") == 0) {
            s.sampler = argv[i + 1];
            continue;
        }
        if (value < 1)
            usage();
        if (strcmp(argv[i], "--steps") == 0)
            s.steps = value;
        else if (strcmp(argv[i], "--threads") == 0)
            s.threads = (int)value;
        else if (strcmp(argv[i], "--samples") == 0)
            s.samples = value;
        else if (strcmp(argv[i], "--batch") == 0)
            s.batch = value;
        else if (strcmp(argv[i], "--repeat") == 0)
            s.repeat = value;
        else
            usage();
    }
    if (s.samples % s.batch != 0)
        usage();
    return s;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "quality") == 0) {
        run_quality();
        return 0;
    }
    if (argc < 2 || (strcmp(argv[1], "step") != 0 && strcmp(argv[1], "batch") != 0))
        usage();
    const settings s = parse(argc, argv);
    gndp_threads_set(s.threads);
    if (strcmp(argv[1], "step") == 0)
        run_step(&s);
    else
        run_batch(&s);
    return 0;
}
