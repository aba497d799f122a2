// SPDX-License-Identifier: Apache-2.0
// Helmholtz split of wind from scattered stations, with uncertainty and without boundary
// conditions; public headers only.
#include <gndp/gaussian.h>
#include <gndp/kernels.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A wind on the plane is the sum of a part without curl, the gradient of a velocity potential, and
 * a part without divergence, the turned gradient of a stream function. Differencing the wind to
 * find them needs a grid and values at its boundary. Here both parts are Gaussian fields a priori,
 * with covariances K_c and K_d, and what is measured at the stations is
 *
 *     y = u_c + u_d + noise,   cov(y) = A = K_c + K_d + s^2 I.
 *
 * They are jointly Gaussian with y, so each part has a posterior of its own at any place x
 * (Rasmussen & Williams 2006, eq. 2.25-2.26, with the covariance of one part and the data in the
 * place of K):
 *
 *     mean(u_c(x)) = K_c(x, X) A^-1 y,   cov(u_c(x)) = K_c(x, x) - K_c(x, X) A^-1 K_c(X, x),
 *
 * and alike for u_d. What the stations cannot tell apart shows as a large variance.
 */
enum { STATIONS = 120, SIDE = 13, MAP = SIDE * SIDE, ALL = STATIONS + MAP };

static const uint64_t seed =
    1; /* stations, truth and noise follow from it: every run prints the same */
static const double half_width = 3.0;
static const double noise_variance = 0.04;
static const char *const part_kernel[2] = {"curlfree(rbf(lengthscale=1.5, variance=1))",
                                           "divfree(rbf(lengthscale=1.5, variance=4))"};
static const char *const part_name[2] = {"without curl", "without divergence"};

/* Library calls return a status and never print; the text of the last failure says what, where and
 * why. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        if ((call) != GNDP_OK) {                                                                   \
            fprintf(stderr, "%s\n", gndp_last_error());                                            \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)

typedef struct wind {
    double x[ALL][2];       /* stations, then the map's points */
    double part[2][ALL][2]; /* the truth */
    double y[STATIONS][2];  /* measured */
    double mean[2][MAP][2]; /* the split, and its standard deviation */
    double sd[2][MAP][2];
} wind;

static gndp_array points(double (*x)[2], int64_t n)
{
    return gndp_array_view(gndp_type_2d(GNDP_F64, n, 2), x);
}

static gndp_status place(wind *w)
{
    const gndp_status st =
        gndp_random_uniform_f64(seed, 0, 0, GNDP_STREAM(1, 0), 0, (int64_t)2 * STATIONS, w->x[0]);
    for (int i = 0; i < STATIONS && st == GNDP_OK; i++)
        for (int d = 0; d < 2; d++)
            w->x[i][d] = half_width * (2.0 * w->x[i][d] - 1.0);
    for (int i = 0; i < MAP; i++) {
        w->x[STATIONS + i][0] = half_width * (2.0 * (i % SIDE) / (SIDE - 1) - 1.0);
        w->x[STATIONS + i][1] = half_width * (2.0 * (i / SIDE) / (SIDE - 1) - 1.0);
    }
    return st;
}

/* Truth at stations and map in one draw of each part, so that they are one field; noise on the
 * stations' sum. */
static gndp_status draw_truth(wind *w)
{
    gndp_status st = GNDP_OK;
    double noise[STATIONS][2];
    const gndp_points all = {.kind = GNDP_POINTS_LIST, .x = points(w->x, ALL)};
    for (uint32_t part = 0; part < 2 && st == GNDP_OK; part++) {
        gndp_kernel *kernel = NULL;
        gndp_gaussian *law = NULL;
        st = gndp_kernel_parse(part_kernel[part], &kernel);
        if (st == GNDP_OK)
            st = gndp_gaussian_create(kernel, &all, NULL, NULL, &law);
        if (st == GNDP_OK)
            st = gndp_gaussian_sample(law, seed, &part, 1, w->part[part][0]);
        gndp_gaussian_free(law);
        gndp_kernel_free(kernel);
    }
    if (st == GNDP_OK)
        st = gndp_random_normal_f64(seed, 0, 0, GNDP_STREAM(2, 0), 0, (int64_t)2 * STATIONS,
                                    noise[0]);
    for (int i = 0; i < STATIONS && st == GNDP_OK; i++)
        for (int d = 0; d < 2; d++)
            w->y[i][d] = w->part[0][i][d] + w->part[1][i][d] + sqrt(noise_variance) * noise[i][d];
    return st;
}

/* Mean and standard deviation of one part on the map. Each row of the covariance between map and
 * stations is one vector to solve for. */
static gndp_status split(wind *w, const gndp_gaussian *data_law, const double *weight, int part)
{
    gndp_status st = GNDP_OK;
    const int64_t rows = (int64_t)2 * MAP, columns = (int64_t)2 * STATIONS;
    gndp_kernel *kernel = NULL;
    gndp_array cross = {0}, solved = {0}, prior = {0};
    const gndp_array map = points(w->x + STATIONS, MAP), stations = points(w->x, STATIONS);
    TRY(st = gndp_kernel_parse(part_kernel[part], &kernel));
    TRY(st = gndp_array_create(gndp_type_2d(GNDP_F64, rows, columns), &cross));
    TRY(st = gndp_array_create(gndp_type_2d(GNDP_F64, rows, columns), &solved));
    TRY(st = gndp_array_create(gndp_type_2d(GNDP_F64, rows, rows), &prior));
    TRY(st = gndp_kernel_evaluate(kernel, &map, &stations, &cross));
    TRY(st = gndp_kernel_evaluate(kernel, &map, NULL, &prior));
    TRY(st = gndp_gaussian_solve(data_law, rows, cross.data, solved.data));
    for (int64_t i = 0; i < rows; i++) {
        const double *k = (double *)cross.data + i * columns,
                     *s = (double *)solved.data + i * columns;
        double mean = 0.0, explained = 0.0;
        for (int64_t j = 0; j < columns; j++) {
            mean += k[j] * weight[j];
            explained += k[j] * s[j];
        }
        w->mean[part][i / 2][i % 2] = mean;
        w->sd[part][i / 2][i % 2] = sqrt(((double *)prior.data)[i * rows + i] - explained);
    }
done:
    gndp_array_free(&cross);
    gndp_array_free(&solved);
    gndp_array_free(&prior);
    gndp_kernel_free(kernel);
    return st;
}

static void print_scores(const wind *w)
{
    printf("%-20s %10s %10s %12s %14s\n", "part", "rms wind", "rms error", "mean sd said",
           "within 2 sd");
    for (int part = 0; part < 2; part++) {
        double wind2 = 0.0, error2 = 0.0, sd = 0.0;
        int within = 0;
        for (int i = 0; i < 2 * MAP; i++) {
            const double truth = w->part[part][STATIONS + i / 2][i % 2],
                         error = w->mean[part][i / 2][i % 2] - truth;
            wind2 += truth * truth / (2 * MAP);
            error2 += error * error / (2 * MAP);
            sd += w->sd[part][i / 2][i % 2] / (2 * MAP);
            within += fabs(error) < 2.0 * w->sd[part][i / 2][i % 2];
        }
        printf("%-20s %10.3f %10.3f %12.3f %12.1f %%\n", part_name[part], sqrt(wind2), sqrt(error2),
               sd, 100.0 * within / (2 * MAP));
    }
}

/* The direction of a wind as an arrow; a dot where it is weaker than `floor`. */
static const char *arrow(const double u[2], double floor)
{
    static const char *const arrows[8] = {"→", "↗", "↑", "↖", "←", "↙", "↓", "↘"};
    const double eighth = acos(-1.0) / 4.0;
    if (hypot(u[0], u[1]) < floor)
        return "·";
    return arrows[(lround(atan2(u[1], u[0]) / eighth) + 8) % 8];
}

static void print_maps(const wind *w, int part)
{
    printf("\nwind %s\n  %-*s  %s\n", part_name[part], 2 * SIDE, "truth",
           "inferred; a dot where not clear of 0 by 2 sd");
    for (int row = SIDE - 1; row >= 0; row--) {
        fputs("  ", stdout);
        for (int c = 0; c < SIDE; c++)
            printf("%s ", arrow(w->part[part][STATIONS + row * SIDE + c], 0.0));
        fputs("  ", stdout);
        for (int c = 0; c < SIDE; c++) {
            const int i = row * SIDE + c;
            printf("%s ",
                   arrow(w->mean[part][i], 2.0 * fmax(w->sd[part][i][0], w->sd[part][i][1])));
        }
        putchar('\n');
    }
}

int main(void)
{
    int result = EXIT_FAILURE;
    char text[256];
    gndp_kernel *kernel = NULL;
    gndp_gaussian *data_law = NULL;
    double weight[2 * STATIONS];
    wind *w = calloc(1, sizeof *w);
    if (w == NULL)
        goto done;
    TRY(place(w));
    TRY(draw_truth(w));

    snprintf(text, sizeof text, "%s + %s + white(variance=%g)", part_kernel[0], part_kernel[1],
             noise_variance);
    TRY(gndp_kernel_parse(text, &kernel));
    const gndp_points stations = {.kind = GNDP_POINTS_LIST, .x = points(w->x, STATIONS)};
    TRY(gndp_gaussian_create(kernel, &stations, NULL, NULL, &data_law));
    TRY(gndp_gaussian_solve(data_law, 1, w->y[0], weight)); /* A^-1 y */
    printf("%d stations measure two components; %s\n\n", STATIONS,
           gndp_gaussian_describe(data_law));

    for (int part = 0; part < 2; part++)
        TRY(split(w, data_law, weight, part));
    print_scores(w);
    for (int part = 0; part < 2; part++)
        print_maps(w, part);
    result = EXIT_SUCCESS;

done:
    gndp_gaussian_free(data_law);
    gndp_kernel_free(kernel);
    free(w);
    return result;
}
