// SPDX-License-Identifier: Apache-2.0
// What the limiting kernel costs when the score is exact (geomndp.md 12.2): closed forms and linear recursions, as CSV and one figure.
//
//   bench_limiting_kernel CSV FIGURE [LEARNED.csv]
//
// LEARNED.csv: rows "lengthscale,mean,se,loss" of conditional log-likelihoods of trained networks; lengthscale 0: the white limit, loss plain or balanced.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/gndp.h>

enum { DRAWS = 50, TARGETS = 50, MOST_CONTEXT = 10, MOST = TARGETS + MOST_CONTEXT, SEED = 12, SWEEP = 25, MOST_LEARNED = 16 };

static void must(gndp_status st)
{
    if (st != GNDP_OK) {
        fprintf(stderr, "bench_limiting_kernel: %s\n", gndp_last_error());
        exit(1);
    }
}

/* Variance of the data with their noise; the white share of a noisy limit. */
static const double variance = 1.0025, noisy = 0.05;

typedef struct data_law {
    const char *name, *kernel, *limit; /* limit: its correlated part, a lengthscale to be put in */
    double matched;                    /* lengthscale at which that part is the data's */
} data_law;

static const data_law laws[] = {
    {"se", "rbf(lengthscale=0.25) + white(variance=0.0025)", "rbf(lengthscale=%.17g)", 0.25},
    {"periodic", "periodic(lengthscale=0.5, period=1) + white(variance=0.0025)", "periodic(lengthscale=%.17g, period=1)", 0.5},
};
enum { LAWS = sizeof laws / sizeof *laws };

/* Lengthscale 0: white. */
static void limit_text(const data_law *law, double lengthscale, char text[160])
{
    char part[96];
    if (lengthscale == 0.0) {
        snprintf(text, 160, "white(variance=%.17g)", variance);
        return;
    }
    snprintf(part, sizeof part, law->limit, lengthscale);
    snprintf(text, 160, "%.17g * %s + white(variance=%.17g)", (1.0 - noisy) * variance, part, noisy * variance);
}

/* One drawing of points: eigenvalues of L^-1 S0 L^-T at all of them and at the context, along which everything decouples (geomndp.md 5). */
typedef struct spectra {
    int64_t n, c;
    double all[MOST], context[MOST_CONTEXT];
    double optimum; /* expected log-density of a target under the data's law: -(ln det S_all - ln det S_context)/(2 T) - ln(2 pi e)/2 */
} spectra;

static gndp_schedule schedule_of_experiment(void)
{
    gndp_schedule s = gndp_schedule_default();
    s.t0 = 5e-4, s.beta0 = 0.0, s.beta1 = 10.0;
    return s;
}

static double spectrum_at(const gndp_kernel *data, const gndp_process *process, int64_t n, double *x, double *w)
{
    double log_det, *covariance = malloc((size_t)(n * n) * sizeof *covariance);
    gndp_gaussian *limit = NULL, *law = NULL;
    gndp_array xa = gndp_array_view(gndp_type_2d(GNDP_F64, n, 1), x), gram = gndp_array_view(gndp_type_2d(GNDP_F64, n, n), covariance);
    const gndp_points points = {.kind = GNDP_POINTS_LIST, .x = xa};
    must(covariance != NULL ? GNDP_OK : GNDP_ERR_NOMEM);
    must(gndp_kernel_evaluate(data, &xa, NULL, &gram));
    must(gndp_process_law(process, &points, NULL, &limit));
    must(gndp_gaussian_spectrum(limit, covariance, w));
    must(gndp_gaussian_create(data, &points, NULL, NULL, &law));
    must(gndp_gaussian_log_det(law, &log_det));
    gndp_gaussian_free(limit);
    gndp_gaussian_free(law);
    free(covariance);
    return log_det;
}

static spectra *new_spectra(const data_law *law, double lengthscale)
{
    spectra *s = calloc(DRAWS, sizeof *s);
    const gndp_schedule schedule = schedule_of_experiment();
    gndp_kernel *data = NULL, *limit = NULL;
    gndp_process *process = NULL;
    char text[160];
    must(s != NULL ? GNDP_OK : GNDP_ERR_NOMEM);
    limit_text(law, lengthscale, text);
    must(gndp_kernel_parse(law->kernel, &data));
    must(gndp_kernel_parse(text, &limit));
    must(gndp_process_create(&schedule, limit, 1, NULL, &process));
    for (uint32_t i = 0; i < DRAWS; i++) {
        double x[MOST];
        s[i].c = 1 + i % MOST_CONTEXT;
        s[i].n = s[i].c + TARGETS;
        must(gndp_random_uniform_f64(SEED, 0, i, 1, 0, s[i].n, x));
        for (int64_t k = 0; k < s[i].n; k++)
            x[k] = 4.0 * x[k] - 2.0;
        const double all = spectrum_at(data, process, s[i].n, x, s[i].all), context = spectrum_at(data, process, s[i].c, x, s[i].context);
        s[i].optimum = -0.5 * (all - context) / TARGETS - 0.5 * log(2.0 * acos(-1.0) * exp(1.0));
    }
    gndp_kernel_free(data);
    gndp_kernel_free(limit);
    gndp_process_free(process);
    return s;
}

/* ---- One eigen-coordinate ---------------------------------------------------------------------- */

/* Rate of the flow dq/dt = rate q, and of its divergence: -(beta/2)(1 - 1/var(t)), var = alpha w + v. */
static double flow_rate(const gndp_schedule *s, double t, double w)
{
    const gndp_linear_law at = gndp_schedule_marginal(s, t);
    return -0.5 * gndp_schedule_beta(s, t) * (1.0 - 1.0 / (at.a * at.a * w + at.variance));
}

typedef enum ode { RK4, RK4_UNIFORM, EULER, SOLVERS } ode;
static const char *const solver_names[SOLVERS] = {"rk4", "rk4-uniform", "euler"};

/* Expected log-density of a coordinate under the discretised flow from N(0, 1) at t1, less that under the data's law. */
static double likelihood_error(const gndp_schedule *s, ode solver, int64_t steps, double w)
{
    double q = 1.0, l = 0.0, t = s->t0;
    for (int64_t k = 1; k <= steps; k++) {
        const double share = (double)k / (double)steps, to = s->t0 + (s->t1 - s->t0) * (solver == RK4 ? share * share : share), h = to - t;
        const double a = flow_rate(s, t, w);
        if (solver == EULER) {
            q += h * a * q;
            l += h * a;
        } else {
            const double b = flow_rate(s, t + 0.5 * h, w), c = flow_rate(s, to, w);
            const double k1 = a, k2 = b * (1.0 + 0.5 * h * k1), k3 = b * (1.0 + 0.5 * h * k2), k4 = c * (1.0 + h * k3);
            q += q * h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
            l += h / 6.0 * (a + 4.0 * b + c);
        }
        t = to;
    }
    return -0.5 * q * q * w + l + 0.5 * log(w) + 0.5;
}

/* Divergence of the law of what the reverse SDE gives in `steps` Euler-Maruyama steps, uniform in t, from the data's: KL(data || generated). */
static double sampler_divergence(const gndp_schedule *s, const gndp_sampler_info *sampler, int64_t steps, double w)
{
    double u = 1.0;
    for (int64_t k = steps; k > 0; k--) {
        const double t = s->t0 + (s->t1 - s->t0) * (double)k / (double)steps, to = s->t0 + (s->t1 - s->t0) * (double)(k - 1) / (double)steps;
        const gndp_sampler_step step = sampler->step(s, t, to);
        const gndp_linear_law at = gndp_schedule_marginal(s, t);
        const double gain = step.a - step.c / (at.a * at.a * w + at.variance);
        u = gain * gain * u + step.d * step.d;
    }
    return 0.5 * (w / u - 1.0 - log(w / u));
}

static double terminal_divergence(const gndp_schedule *s, double w)
{
    const gndp_linear_law end = gndp_schedule_marginal(s, s->t1);
    const double var = end.a * end.a * w + end.variance;
    return 0.5 * (var - 1.0 - log(var));
}

/* ---- Means over drawings ----------------------------------------------------------------------- */

static double conditional(const gndp_schedule *schedule, const spectra *s, ode solver, int64_t steps)
{
    double total = 0.0;
    for (int i = 0; i < DRAWS; i++) {
        double error = 0.0;
        for (int64_t k = 0; k < s[i].n; k++)
            error += likelihood_error(schedule, solver, steps, s[i].all[k]);
        for (int64_t k = 0; k < s[i].c; k++)
            error -= likelihood_error(schedule, solver, steps, s[i].context[k]);
        total += (s[i].optimum + error / TARGETS) / DRAWS;
    }
    return total;
}

static double optimum(const spectra *s)
{
    double total = 0.0;
    for (int i = 0; i < DRAWS; i++)
        total += s[i].optimum / DRAWS;
    return total;
}

static double divergence(const gndp_schedule *schedule, const spectra *s, const gndp_sampler_info *sampler, int64_t steps)
{
    double total = 0.0;
    for (int i = 0; i < DRAWS; i++)
        for (int64_t k = 0; k < s[i].n; k++)
            total += (sampler != NULL ? sampler_divergence(schedule, sampler, steps, s[i].all[k]) : terminal_divergence(schedule, s[i].all[k])) /
                     (double)(s[i].n * DRAWS);
    return total;
}

/* ---- The table and the figure -------------------------------------------------------------------- */

static const int64_t step_counts[] = {5, 10, 20, 50, 100, 200, 500};
enum { STEPS = sizeof step_counts / sizeof *step_counts, LIMITS = 4 };

typedef struct study {
    double lengthscale[LIMITS], steps[STEPS];
    char name[LIMITS][40];
    double loss[LIMITS][STEPS], kl[LIMITS][STEPS]; /* optimum - log-likelihood by RK4; KL of samples */
    double at[SWEEP], exact[SWEEP], euler[SWEEP];  /* by lengthscale */
    double white[2], optimum;
} study;

static void study_limit(const data_law *law, study *st, int i, FILE *csv)
{
    const gndp_schedule schedule = schedule_of_experiment();
    const gndp_sampler_info *em;
    spectra *s = new_spectra(law, st->lengthscale[i]);
    double low = (double)INFINITY, high = 0.0;
    must(gndp_sampler_find("em", &em));
    for (int d = 0; d < DRAWS; d++)
        for (int64_t k = 0; k < s[d].n; k++) {
            low = fmin(low, s[d].all[k]);
            high = fmax(high, s[d].all[k]);
        }
    st->optimum = optimum(s);
    const char *const name = st->name[i];
    fprintf(csv, "%s,\"%s\",least eigenvalue,,,%.6g\n%s,\"%s\",largest eigenvalue,,,%.6g\n", law->name, name, low, law->name, name, high);
    fprintf(csv, "%s,\"%s\",terminal KL,,,%.6g\n%s,\"%s\",log-likelihood,exact process,,%.6g\n", law->name, name, divergence(&schedule, s, NULL, 0),
            law->name, name, st->optimum);
    for (int k = 0; k < STEPS; k++) {
        for (int v = 0; v < SOLVERS; v++) {
            const double value = conditional(&schedule, s, (ode)v, step_counts[k]);
            fprintf(csv, "%s,\"%s\",log-likelihood,%s,%lld,%.6g\n", law->name, name, solver_names[v], (long long)step_counts[k], value);
            if (v == RK4)
                st->loss[i][k] = fabs(st->optimum - value);
        }
        st->kl[i][k] = divergence(&schedule, s, em, step_counts[k]);
        fprintf(csv, "%s,\"%s\",KL of samples,em,%lld,%.6g\n", law->name, name, (long long)step_counts[k], st->kl[i][k]);
        st->steps[k] = (double)step_counts[k];
    }
    free(s);
}

static void study_law(const data_law *law, study *st, FILE *csv)
{
    const gndp_schedule schedule = schedule_of_experiment();
    const double lengthscales[LIMITS] = {0.0, 0.1, law->matched, 1.0};
    for (int i = 0; i < LIMITS; i++) {
        st->lengthscale[i] = lengthscales[i];
        if (i == 0)
            strcpy(st->name[i], "white");
        else
            snprintf(st->name[i], sizeof st->name[i], "noisy %s, l = %g%s", law->name, lengthscales[i], lengthscales[i] == law->matched ? " (data)" : "");
        study_limit(law, st, i, csv);
    }
    for (int k = -1; k < SWEEP; k++) { /* -1: white */
        const double l = k < 0 ? 0.0 : 0.05 * pow(40.0, (double)k / (SWEEP - 1));
        spectra *s = new_spectra(law, l);
        const double exact = conditional(&schedule, s, RK4, 100), euler = conditional(&schedule, s, EULER, 100);
        *(k < 0 ? &st->white[0] : &st->exact[k]) = exact;
        *(k < 0 ? &st->white[1] : &st->euler[k]) = euler;
        if (k >= 0) {
            st->at[k] = l;
            fprintf(csv, "%s,\"noisy %s, l = %.4g\",log-likelihood,rk4,100,%.6g\n", law->name, law->name, l, exact);
        }
        free(s);
    }
}

/* Of networks, by loss: plain, balanced. */
typedef struct learned {
    int64_t n[2];
    double at[2][MOST_LEARNED], low[2][MOST_LEARNED], high[2][MOST_LEARNED];
    double white[2]; /* the mean, twice */
    bool has_white;
} learned;

/* What the first panel shows with networks in it; worse ones are left to the table. */
static const double shown_low = -0.4, shown_high = 0.9;

static void read_learned(const char *path, learned *out)
{
    char line[256];
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    if (path != NULL && file == NULL) {
        perror(path);
        exit(1);
    }
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        double at, mean, se;
        char loss[16];
        if (sscanf(line, "%lf,%lf,%lf,%15s", &at, &mean, &se, loss) != 4)
            continue;
        const int which = strcmp(loss, "balanced") == 0;
        if (at == 0.0) {
            out->has_white = true;
            out->white[0] = out->white[1] = mean;
        } else if (mean > shown_low && out->n[which] < MOST_LEARNED) {
            out->at[which][out->n[which]] = at;
            out->low[which][out->n[which]] = mean - 2.0 * se;
            out->high[which][out->n[which]++] = mean + 2.0 * se;
        }
    }
    if (file != NULL)
        fclose(file);
}

/* Rows of panels: likelihood by lengthscale, its loss by steps, KL of samples by steps. */
static void draw(const char *path, const study *st, const learned *seen)
{
    gndp_series by_length[LAWS][8] = {{{0}}}, loss[LAWS][LIMITS] = {{{0}}}, kl[LAWS][LIMITS] = {{{0}}};
    gndp_panel panel[3 * LAWS] = {{0}};
    static const double ends[2] = {0.05, 2.0};
    double level[LAWS][3][2];
    char title[3 * LAWS][96];
    for (int i = 0; i < LAWS; i++) {
        gndp_series *s = by_length[i];
        int n = 0;
        const double lines[3] = {st[i].optimum, st[i].white[0], st[i].white[1]};
        static const char *const names[3] = {"the process itself", "white limit, exact score", "white limit, Euler-100"};
        s[n++] = (gndp_series){.name = "noisy limit, exact score", .n = SWEEP, .x = st[i].at, .y = st[i].exact};
        s[n++] = (gndp_series){.name = "noisy limit, Euler-100", .n = SWEEP, .x = st[i].at, .y = st[i].euler};
        for (int k = 0; k < 3; k++) {
            level[i][k][0] = level[i][k][1] = lines[k];
            s[n++] = (gndp_series){.name = names[k], .mark = GNDP_MARK_DASHES, .n = 2, .x = ends, .y = level[i][k]};
        }
        if (i == 0 && seen->has_white)
            s[n++] = (gndp_series){.name = "white limit, learned", .n = 2, .x = ends, .y = seen->white};
        for (int k = 0; i == 0 && k < 2; k++)
            if (seen->n[k] > 0)
                s[n++] = (gndp_series){.name = k == 0 ? "noisy limit, learned" : ".. with the balanced loss", .mark = GNDP_MARK_ERRORS, .n = seen->n[k],
                                       .x = seen->at[k], .y = seen->low[k], .y2 = seen->high[k]};
        for (int k = 0; k < LIMITS; k++) {
            loss[i][k] = (gndp_series){.name = st[i].name[k], .n = STEPS, .x = st[i].steps, .y = st[i].loss[k]};
            kl[i][k] = (gndp_series){.name = st[i].name[k], .n = STEPS, .x = st[i].steps, .y = st[i].kl[k]};
        }
        snprintf(title[3 * i], 96, "%s data: log p(targets | context)", laws[i].name);
        snprintf(title[3 * i + 1], 96, "%s data: |error| by RK4, exact score", laws[i].name);
        snprintf(title[3 * i + 2], 96, "%s data: KL of EM samples, exact score", laws[i].name);
        panel[3 * i] = (gndp_panel){.title = title[3 * i], .x_label = "lengthscale of the limit", .y_label = "nats a target", .log_x = true,
                                    .n_series = n, .series = s};
        if (i == 0 && seen->has_white) {
            panel[0].y_low = shown_low;
            panel[0].y_high = shown_high;
        }
        panel[3 * i + 1] = (gndp_panel){.title = title[3 * i + 1], .x_label = "steps", .y_label = "nats a target", .log_x = true, .log_y = true,
                                        .n_series = LIMITS, .series = loss[i]};
        panel[3 * i + 2] = (gndp_panel){.title = title[3 * i + 2], .x_label = "steps", .y_label = "nats a point", .log_x = true, .log_y = true,
                                        .n_series = LIMITS, .series = kl[i]};
    }
    must(gndp_plot_curves(path, NULL, 3 * LAWS, panel, 3));
}

int main(int argc, char **argv)
{
    static study st[LAWS];
    learned seen = {0};
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: bench_limiting_kernel CSV FIGURE [LEARNED.csv]\n");
        return 2;
    }
    FILE *csv = fopen(argv[1], "w");
    if (csv == NULL) {
        perror(argv[1]);
        return 1;
    }
    read_learned(argc == 4 ? argv[3] : NULL, &seen);
    fprintf(csv, "data,limit,quantity,solver,steps,value\n");
    for (int i = 0; i < LAWS; i++)
        study_law(&laws[i], &st[i], csv);
    if (fclose(csv) != 0) {
        perror(argv[1]);
        return 1;
    }
    draw(argv[2], st, &seen);
    return 0;
}
