// SPDX-License-Identifier: Apache-2.0
// Gaussian laws: dense ones beside a bare Cholesky factorisation, structured ones against their
// number of points.
#include <getopt.h>
#include <lapacke.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "kernels/gaussian.h"

#include <gndp/gaussian.h>

/*
 * usage: bench_gaussian dense [--n N] [--kernel rbf|curlfree] [--f32] [--samples S] [--reps R]
 * [--threads T] bench_gaussian scale [--most N] [--reps R] [--threads T] [--csv FILE]
 *
 * dense: one JSON line. N points in the plane; in turns a bare dpotrf (of a matrix of the same
 * size, well conditioned, without subnormals) and the law: Gram and factor, then S draws. Medians
 * over R rounds. scale: a JSON line (and a CSV row) for each size of each kind of law.
 */

typedef struct settings {
    int64_t n, samples, most;
    int reps, threads;
    bool curlfree, f32;
    const char *csv;
} settings;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(gndp_status st)
{
    if (st != GNDP_OK) {
        fprintf(stderr, "bench_gaussian: %s\n", gndp_last_error());
        exit(1);
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

enum { MAX_REPS = 50 };
typedef struct times {
    double wall[MAX_REPS], cpu[MAX_REPS];
    int n;
    double from, cpu_from;
} times;

static void start(times *t)
{
    t->cpu_from = cpu_seconds();
    t->from = seconds();
}

static void stop(times *t)
{
    if (t->n < MAX_REPS) {
        t->wall[t->n] = seconds() - t->from;
        t->cpu[t->n++] = cpu_seconds() - t->cpu_from;
    }
}

static gndp_kernel *parse(const char *text)
{
    gndp_kernel *k = NULL;
    need(gndp_kernel_parse(text, &k));
    return k;
}

/* ----------------------------------------------------------------------------------------- dense
 */

/* What a factor of this size costs by itself: its memory touched before, and no subnormals in it.
 */
static void bare_factor(int64_t n, double *a, times *t)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            const double d = (double)(i - j);
            a[i * n + j] = 1.0 / (1.0 + d * d / 100.0) + (i == j ? 0.1 : 0.0);
        }
    }
    start(t);
    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, a, (lapack_int)n) != 0) {
        fprintf(stderr, "bench_gaussian: dpotrf fails\n");
        exit(1);
    }
    stop(t);
}

static void bench_dense(const settings *s)
{
    const int64_t size = s->n * (s->curlfree ? 2 : 1);
    gndp_kernel *k = parse(s->curlfree ? "curlfree(rbf(lengthscale=0.3)) + white(variance=0.05)"
                                       : "rbf(lengthscale=0.3) + white(variance=0.05)");
    double *x = malloc((size_t)s->n * 2 * sizeof *x),
           *y = malloc((size_t)(size * s->samples) * sizeof *y);
    uint32_t *member = malloc((size_t)s->samples * sizeof *member);
    static times bare, create, sample;
    const gndp_gaussian_options options = {
        .factorisation = GNDP_FACTOR_DENSE, .f32 = s->f32, .threads = s->threads};
    if (x == NULL || y == NULL || member == NULL) {
        exit(1);
    }
    need(gndp_random_uniform_f64(1, 0, 0, 0, 0, 2 * s->n, x));
    for (int64_t i = 0; i < 2 * s->n; i++) {
        x[i] = 4.0 * x[i] - 2.0;
    }
    for (int64_t i = 0; i < s->samples; i++) {
        member[i] = (uint32_t)i;
    }
    const gndp_points points = {.kind = GNDP_POINTS_LIST,
                                .x = gndp_array_view(gndp_type_2d(GNDP_F64, s->n, 2), x)};
    const size_t bytes = (size_t)(size * size) * sizeof(double);
    for (int r = 0; r <= s->reps; r++) {
        gndp_gaussian *law = NULL;
        double *a = gndp_pages_alloc(bytes);
        if (a == NULL) {
            exit(1);
        }
        bare_factor(size, a, &bare);
        gndp_pages_free(a, bytes);
        start(&create);
        need(gndp_gaussian_create(k, &points, NULL, &options, &law));
        stop(&create);
        start(&sample);
        need(gndp_gaussian_sample(law, 1, member, s->samples, y));
        stop(&sample);
        gndp_gaussian_free(law);
        if (r == 0) { /* a round to warm up */
            bare.n = create.n = sample.n = 0;
        }
    }
    double ratio[MAX_REPS];
    for (int r = 0; r < bare.n; r++) {
        ratio[r] = create.wall[r] / bare.wall[r];
    }
    const double pairs = median(ratio, bare.n), cpu = median(create.cpu, create.n),
                 cpu_bare = median(bare.cpu, bare.n);
    printf("{\"bench\": \"gaussian_dense\", \"kernel\": \"%s\", \"dtype\": \"%s\", \"n\": %lld, "
           "\"matrix\": %lld, \"threads\": %d, \"rounds\": %d, "
           "\"dpotrf_s\": %.6f, \"create_s\": %.6f, \"ratio\": %.4f, \"ratio_of_pairs\": %.4f, "
           "\"cpu_ratio\": %.4f, \"samples\": %lld, "
           "\"samples_s\": %.6f, \"median_s\": %.6f, \"cpu_s\": %.6f}\n",
           s->curlfree ? "curlfree" : "rbf", s->f32 ? "float32" : "float64", (long long)s->n,
           (long long)size, s->threads, bare.n, median(bare.wall, bare.n),
           median(create.wall, create.n), median(create.wall, create.n) / median(bare.wall, bare.n),
           pairs, cpu / cpu_bare, (long long)s->samples, median(sample.wall, sample.n),
           median(create.wall, create.n) + median(sample.wall, sample.n),
           cpu + median(sample.cpu, sample.n));
    gndp_kernel_free(k);
    free(x), free(y), free(member);
}

/* ----------------------------------------------------------------------------------------- scale
 */

enum { BATCH = 8, MAX_SIDE = 4096 };

static double axis[MAX_SIDE], lat[MAX_SIDE];

static gndp_points make_points(const char *kind, int64_t a, int64_t b)
{
    for (int64_t i = 0; i < MAX_SIDE; i++) {
        axis[i] = (double)i;
    }
    for (int64_t i = 0; i < a && i < MAX_SIDE; i++) {
        lat[i] = i == a - 1 ? -90.0 : 90.0 - 180.0 * (double)i / (double)(a - 1);
    }
    if (strcmp(kind, "latlon") == 0) {
        return (gndp_points){.kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = a, .n_lon = b};
    }
    return (gndp_points){
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 2, .axis = {axis, axis}, .axis_size = {a, b}};
}

/* Linux: forget the largest size that the process had, then ask for it. 0 where the system does not
 * say. */
static void forget_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");
    if (f != NULL) {
        fputs("5", f);
        fclose(f);
    }
}

static double peak_mib(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double kib = 0.0;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = atof(line + 6);
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    return kib / 1024.0;
}

static void bench_size(const settings *s, FILE *csv, const char *kind,
                       gndp_factorisation factorisation, const char *text, int64_t a, int64_t b)
{
    const gndp_points points = make_points(kind, a, b);
    const int64_t n = gndp_points_count(&points);
    static times create, sample;
    const gndp_gaussian_options options = {.factorisation = factorisation, .threads = s->threads};
    uint32_t member[BATCH] = {0, 1, 2, 3, 4, 5, 6, 7};
    create.n = sample.n = 0;
    if (n > s->most) {
        return;
    }
    gndp_kernel *k = parse(text);
    char what[768] = "";
    double held = 0.0;
    forget_peak();
    for (int r = 0; r < s->reps; r++) {
        gndp_gaussian *law = NULL;
        start(&create);
        need(gndp_gaussian_create(k, &points, NULL, &options, &law));
        stop(&create);
        snprintf(what, sizeof what, "%s", gndp_gaussian_describe(law));
        held = (double)law->facts.bytes / 1048576.0;
        double *y = gndp_pages_alloc((size_t)(BATCH * gndp_gaussian_size(law)) * sizeof *y);
        if (y == NULL) {
            exit(1);
        }
        for (int i = 0; i < 3; i++) { /* the first touches the memory */
            start(&sample);
            need(gndp_gaussian_sample(law, (uint64_t)i, member, BATCH, y));
            stop(&sample);
        }
        gndp_pages_free(y, (size_t)(BATCH * gndp_gaussian_size(law)) * sizeof *y);
        gndp_gaussian_free(law);
    }
    const double f = median(create.wall, create.n), d = median(sample.wall, sample.n) / BATCH,
                 peak = peak_mib();
    printf("{\"bench\": \"gaussian_scale\", \"kind\": \"%s\", \"kernel\": \"%s\", \"a\": %lld, "
           "\"b\": %lld, \"n\": %lld, \"threads\": %d, \"factor_s\": %.6f, "
           "\"draw_s\": %.6f, \"law_mib\": %.3f, \"peak_mib\": %.1f, \"law\": \"%s\"}\n",
           kind, text, (long long)a, (long long)b, (long long)n, s->threads, f, d, held, peak,
           what);
    fflush(stdout);
    if (csv != NULL) {
        fprintf(csv, "%s,\"%s\",%lld,%lld,%lld,%.6f,%.6f,%.3f,%.1f\n", kind, text, (long long)a,
                (long long)b, (long long)n, f, d, held, peak);
        fflush(csv);
    }
    gndp_kernel_free(k);
}

static void bench_scale(const settings *s)
{
    FILE *csv = s->csv != NULL ? fopen(s->csv, "w") : NULL;
    if (s->csv != NULL && csv == NULL) {
        perror(s->csv);
        exit(1);
    }
    if (csv != NULL) {
        fprintf(csv, "kind,kernel,a,b,points,factor_s,draw_s,law_mib,peak_mib\n");
    }
    static const int64_t globe[][2] = {{46, 90}, {91, 180}, {181, 360}, {361, 720}, {721, 1440}},
                         side[] = {32, 64, 128, 256, 512, 1024, 2048};
    for (int i = 0; i < 7; i++) {
        if (side[i] <= 64) {
            bench_size(s, csv, "dense", GNDP_FACTOR_DENSE,
                       "rbf(lengthscale=2) + white(variance=0.01)", side[i], side[i]);
        }
        bench_size(s, csv, "kronecker", GNDP_FACTOR_KRONECKER,
                   "rbf(lengthscale=5) + white(variance=0.01)", side[i], side[i]);
        bench_size(s, csv, "circulant", GNDP_FACTOR_CIRCULANT, "matern32(lengthscale=5)", side[i],
                   side[i]);
        bench_size(s, csv, "circulant", GNDP_FACTOR_CIRCULANT, "curlfree(rbf(lengthscale=3))",
                   side[i], side[i]);
        if (i < 5) {
            bench_size(s, csv, "latlon", GNDP_FACTOR_LATLON, "s2_heat(kappa=0.1)", globe[i][0],
                       globe[i][1]);
            bench_size(s, csv, "latlon", GNDP_FACTOR_LATLON,
                       "s2_hodge(s2_matern(nu=1.5, kappa=0.1), curl=0.3, div=0.7)", globe[i][0],
                       globe[i][1]);
            bench_size(s, csv, "latlon", GNDP_FACTOR_LATLON, "s2_matern(nu=1.5, kappa=0.1)",
                       globe[i][0], globe[i][1]);
            bench_size(s, csv, "latlon", GNDP_FACTOR_LATLON,
                       "s2_matern(nu=1.5, kappa=0.1) + white(variance=0.01)", globe[i][0],
                       globe[i][1]);
        }
    }
    if (csv != NULL) {
        fclose(csv);
    }
}

int main(int argc, char **argv)
{
    settings s = {.n = 4096,
                  .samples = 64,
                  .most = INT64_C(1) << 40,
                  .reps = 5,
                  .threads = gndp_threads_get()};
    static const struct option long_options[] = {
        {"n", 1, NULL, 'n'},       {"kernel", 1, NULL, 'k'}, {"f32", 0, NULL, 'f'},
        {"samples", 1, NULL, 's'}, {"reps", 1, NULL, 'r'},   {"threads", 1, NULL, 't'},
        {"most", 1, NULL, 'm'},    {"csv", 1, NULL, 'c'},    {NULL, 0, NULL, 0}};
    const char *task = argc > 1 ? argv[1] : "";
    for (int c;
         (c = getopt_long(argc - (argc > 1), argv + (argc > 1), "", long_options, NULL)) != -1;) {
        s.n = c == 'n' ? atoll(optarg) : s.n;
        s.curlfree = c == 'k' ? strcmp(optarg, "curlfree") == 0 : s.curlfree;
        s.f32 = s.f32 || c == 'f';
        s.samples = c == 's' ? atoll(optarg) : s.samples;
        s.reps = c == 'r' ? atoi(optarg) : s.reps;
        s.threads = c == 't' ? atoi(optarg) : s.threads;
        s.most = c == 'm' ? atoll(optarg) : s.most;
        s.csv = c == 'c' ? optarg : s.csv;
        task = c == '?' ? "" : task;
    }
    if (s.n < 1 || s.samples < 1 || s.reps < 1 || s.reps > MAX_REPS ||
        gndp_threads_set(s.threads) != GNDP_OK) {
        task = "";
    }
    if (strcmp(task, "dense") == 0) {
        bench_dense(&s);
    } else if (strcmp(task, "scale") == 0) {
        bench_scale(&s);
    } else {
        fprintf(stderr,
                "usage: bench_gaussian dense [--n N] [--kernel rbf|curlfree] [--f32] [--samples S] "
                "[--reps R] [--threads T]\n"
                "       bench_gaussian scale [--most N] [--reps R] [--threads T] [--csv FILE]\n");
        return 2;
    }
    return 0;
}
