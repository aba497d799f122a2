// SPDX-License-Identifier: Apache-2.0
// Exact draws of posteriors on grids (Matheron's rule): time and memory.
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <gndp/gp.h>

/*
 * usage: bench_posterior [--seen M] [--reps R] [--threads T] [--most N]
 *
 * A JSON line for each grid of at most N points: M scattered observations (on grid points where the
 * prior is a circulant), the posterior law made of them, then draws in batches of 8, medians over R
 * rounds in wall and CPU seconds. peak_mib: the largest size of the process so far.
 */

enum { BATCH = 8, MAX_REPS = 50 };

typedef struct clocks {
    double wall, cpu;
} clocks;

static clocks now(void)
{
    struct timespec wall, cpu;
    clock_gettime(CLOCK_MONOTONIC, &wall);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return (clocks){(double)wall.tv_sec + 1e-9 * (double)wall.tv_nsec,
                    (double)cpu.tv_sec + 1e-9 * (double)cpu.tv_nsec};
}

static void need(gndp_status st)
{
    if (st != GNDP_OK) {
        fprintf(stderr, "bench_posterior: %s\n", gndp_last_error());
        exit(1);
    }
}

static double *room(int64_t n)
{
    double *out = malloc((size_t)n * sizeof *out);
    if (out == NULL) {
        exit(1);
    }
    return out;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, compare);
    return v[n / 2];
}

/* Scattered points of the sphere or of the grid's box; on grid points if asked. */
static double *observed_at(const gndp_points *grid, int64_t m, bool on_grid)
{
    const int d = grid->kind == GNDP_POINTS_LATLON ? 3 : grid->n_axes;
    double *x = room(m * d);
    if (d == 3) {
        need(gndp_random_normal_f64(3, 0, 0, 0, 0, 3 * m, x));
    } else {
        need(gndp_random_uniform_f64(3, 0, 0, 0, 0, d * m, x));
    }
    for (int64_t i = 0; i < m; i++) {
        const double length = d == 3 ? sqrt(x[3 * i] * x[3 * i] + x[3 * i + 1] * x[3 * i + 1] +
                                            x[3 * i + 2] * x[3 * i + 2])
                                     : 1.0;
        for (int j = 0; j < d; j++) {
            double *v = &x[i * d + j];
            *v = d == 3 ? *v / length : *v * (double)(grid->axis_size[j] - 1);
            *v = on_grid ? floor(*v) : *v;
        }
    }
    return x;
}

typedef struct settings {
    int64_t seen, most;
    int reps, threads;
} settings;

static void measure(const settings *s, const gndp_points *grid, const char *text, bool on_grid)
{
    const int d = grid->kind == GNDP_POINTS_LATLON ? 3 : grid->n_axes;
    const int64_t n = gndp_points_count(grid);
    double make[MAX_REPS], make_cpu[MAX_REPS], draw[MAX_REPS], draw_cpu[MAX_REPS];
    const uint32_t member[BATCH] = {0, 1, 2, 3, 4, 5, 6, 7};
    const gndp_gaussian_options options = {.threads = s->threads};
    char what[768] = "";
    if (n > s->most) {
        return;
    }
    gndp_kernel *k = NULL;
    need(gndp_kernel_parse(text, &k));
    const int p = gndp_kernel_outputs(k, d);
    double *x = observed_at(grid, s->seen, on_grid), *y = room(s->seen * p),
           *noise = room(s->seen * p), *out = room(BATCH * n * p);
    need(gndp_random_normal_f64(4, 0, 0, 0, 0, s->seen * p, y));
    for (int64_t i = 0; i < s->seen * p; i++) {
        noise[i] = 0.05;
    }
    for (int r = 0; r < s->reps; r++) {
        const gndp_gp_data data = {
            .x = gndp_array_view(gndp_type_2d(GNDP_F64, s->seen, d), x), .y = y, .noise = noise};
        gndp_gp *gp = NULL;
        gndp_gaussian *law = NULL;
        clocks from = now();
        need(gndp_gp_create(k, &data, &gp));
        need(gndp_gp_posterior(gp, grid, false, &options, &law));
        clocks to = now();
        make[r] = to.wall - from.wall;
        make_cpu[r] = to.cpu - from.cpu;
        need(gndp_gaussian_sample(law, 0, member, BATCH, out)); /* touches the memory */
        from = now();
        need(gndp_gaussian_sample(law, 1, member, BATCH, out));
        to = now();
        draw[r] = (to.wall - from.wall) / BATCH;
        draw_cpu[r] = (to.cpu - from.cpu) / BATCH;
        snprintf(what, sizeof what, "%s", gndp_gaussian_describe(law));
        gndp_gaussian_free(law);
        gndp_gp_free(gp);
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"bench\": \"posterior\", \"kernel\": \"%s\", \"n\": %lld, \"seen\": %lld, "
           "\"threads\": %d, \"make_s\": %.4f, \"make_cpu_s\": %.4f, \"draw_s\": %.5f, "
           "\"draw_cpu_s\": %.5f, \"peak_mib\": %.0f, \"law\": \"%s\"}\n",
           text, (long long)n, (long long)s->seen, s->threads, median(make, s->reps),
           median(make_cpu, s->reps), median(draw, s->reps), median(draw_cpu, s->reps),
           (double)usage.ru_maxrss / 1024.0, what);
    fflush(stdout);
    gndp_kernel_free(k);
    free(x), free(y), free(noise), free(out);
}

int main(int argc, char **argv)
{
    static double axis[1024], lat[2][721];
    settings s = {.seen = 300, .most = 2000000, .reps = 3, .threads = gndp_threads_get()};
    static const struct option long_options[] = {{"seen", 1, NULL, 's'},
                                                 {"reps", 1, NULL, 'r'},
                                                 {"threads", 1, NULL, 't'},
                                                 {"most", 1, NULL, 'm'},
                                                 {NULL, 0, NULL, 0}};
    bool wrong = false;
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        s.seen = c == 's' ? atoll(optarg) : s.seen;
        s.reps = c == 'r' ? atoi(optarg) : s.reps;
        s.threads = c == 't' ? atoi(optarg) : s.threads;
        s.most = c == 'm' ? atoll(optarg) : s.most;
        wrong = wrong || c == '?';
    }
    if (wrong || s.seen < 1 || s.reps < 1 || s.reps > MAX_REPS ||
        gndp_threads_set(s.threads) != GNDP_OK) {
        fprintf(stderr, "usage: bench_posterior [--seen M] [--reps R] [--threads T] [--most N]\n");
        return 2;
    }
    for (int i = 0; i < 1024; i++) {
        axis[i] = (double)i;
    }
    for (int i = 0; i < 721; i++) {
        lat[0][i] = 90.0 - (double)i;
        lat[1][i] = 90.0 - 0.25 * (double)i;
    }
    const gndp_points
        degree = {.kind = GNDP_POINTS_LATLON, .lat_deg = lat[0], .n_lat = 181, .n_lon = 360},
        quarter = {.kind = GNDP_POINTS_LATLON, .lat_deg = lat[1], .n_lat = 721, .n_lon = 1440},
        plane = {.kind = GNDP_POINTS_PRODUCT,
                 .n_axes = 2,
                 .axis = {axis, axis},
                 .axis_size = {1024, 1024}};
    measure(&s, &degree, "s2_matern(nu=1.5, kappa=0.3)", false);
    measure(&s, &degree, "s2_hodge(s2_matern(nu=1.5, kappa=0.3), curl=0.3, div=0.7)", false);
    measure(&s, &plane, "rbf(lengthscale=30)", false);
    measure(&s, &plane, "matern32(lengthscale=30)", true);
    measure(&s, &quarter, "s2_matern(nu=1.5, kappa=0.3)", false);
    return 0;
}
