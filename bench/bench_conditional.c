// SPDX-License-Identifier: Apache-2.0
// Conditional samplers with the exact score against the exact posterior of small Gaussian problems.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gndp/cond.h>
#include <gndp/model.h>

/*
 * usage: bench_conditional [--chains N] [--problems LETTERS] [--model FILE] [SPEC]...
 *
 * SPEC is METHOD or METHOD:key=value,.. with the names of gndp_conditional_options; without any,
 * the table of docs/results/conditional_exact.md. For each problem it prints a/b: a the root mean
 * square over targets of (mean - posterior mean)/(posterior standard deviation), b the relative
 * Frobenius error of the covariance, each with its standard error in thousandths (jackknife over
 * eight groups of chains); methods with particles draw an eighth as many members, each a run of its
 * own, and twisted adds ln Z less the exact one. The row "exact draws" is what as many independent
 * draws of the posterior give: the floor.
 *
 * W: 10 points on [-1, 1], rbf(0.5), 4 observed, limit white 1.3, m_0 = 0.3, m = 0.7. C: same data,
 * limit 0.95 rbf(1) + 0.05 white. V: 6 points of the plane, curl-free (1), 3 observed, limit
 * curl-free (2) + 0.1 white. All data with noise 0.02 of their own, observed as they are. w, c, v:
 * the same observed with errors of variance 0.02 more. a: C, of which two means of five values are
 * observed. With --model (examples/regression_se.yaml) S and L, s and l: 12 points on [-2, 2],
 * rbf(0.25) and noise 0.0025, the limit of the model; S with the exact score, L with the learned one.
 */

enum { MOST = 16, GROUPS = 8, SPECS = 64, FEWER = 8 };

typedef struct problem {
    char letter;
    gndp_schedule schedule;
    gndp_process *process;
    gndp_gaussian *law;
    gndp_score score;
    gndp_generator *learned; /* of L: has ev and law */
    gndp_evaluator *ev;
    gndp_conditioner *cd;
    double x[2 * MOST];
    int64_t points, dim, n, seen;
    int outputs;
    double s0[MOST * MOST], m0[MOST];
    double mean[MOST], cov[MOST * MOST], log_evidence; /* given z */
    int64_t row[MOST + 1], column[MOST * MOST];
    double weight[MOST * MOST], z[MOST], variance[MOST];
    bool target[MOST];
} problem;

static gndp_model *model; /* of S and L */

static void need(gndp_status st)
{
    if (st != GNDP_OK) {
        fprintf(stderr, "bench_conditional: %s\n", gndp_last_error());
        exit(1);
    }
}

static double *room(int64_t n)
{
    double *out = calloc((size_t)n + 1, sizeof *out);
    if (out == NULL) {
        exit(1);
    }
    return out;
}

/* ---- Problems -------------------------------------------------------------------------------- */

static void gram(const char *text, problem *p, double *out)
{
    gndp_kernel *k = NULL;
    need(gndp_kernel_parse(text, &k));
    const gndp_array x = gndp_array_view(gndp_type_2d(GNDP_F64, p->points, p->dim), p->x);
    gndp_array to = gndp_array_view(gndp_type_2d(GNDP_F64, p->n, p->n), out);
    need(gndp_kernel_evaluate(k, &x, NULL, &to));
    gndp_kernel_free(k);
}

/* A of the letter: every other point, or two means. */
static void choose_rows(problem *p)
{
    const bool means = p->letter == 'a', errors = p->letter >= 'a';
    int64_t at = 0;
    p->seen = means ? 2 : p->outputs == 2 ? 6 : 4;
    for (int64_t i = 0; i < p->n; i++) {
        p->target[i] = true;
    }
    for (int64_t c = 0; c < p->seen; c++) {
        const int64_t wide = means ? 5 : 1;
        for (int64_t k = 0; k < wide; k++, at++) {
            p->column[at] = means ? 5 * c + k : p->outputs == 2 ? 4 * (c / 2) + c % 2 : 1 + 2 * c;
            p->weight[at] = 1.0 / (double)wide;
            p->target[p->column[at]] = means || errors;
        }
        p->row[c + 1] = at;
        p->variance[c] = errors ? 0.02 : 0.0;
    }
}

/* z from the law of the data, then the posterior, one observation after the other. */
static void observe(problem *p)
{
    double xi[2 * MOST], l[MOST * MOST] = {0}, y[MOST];
    const int64_t n = p->n;
    need(gndp_random_normal_f64(5, 0, 0, GNDP_STREAM(1, 0), 0, 2 * MOST, xi));
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double sum = p->s0[i * n + j];
            for (int64_t k = 0; k < j; k++) {
                sum -= l[i * n + k] * l[j * n + k];
            }
            l[i * n + j] = i == j ? sqrt(sum) : sum / l[j * n + j];
        }
        y[i] = p->m0[i];
        for (int64_t j = 0; j <= i; j++) {
            y[i] += l[i * n + j] * xi[j];
        }
    }
    memcpy(p->mean, p->m0, sizeof p->mean);
    memcpy(p->cov, p->s0, sizeof p->cov);
    p->log_evidence = 0.0;
    for (int64_t c = 0; c < p->seen; c++) {
        double gain[MOST] = {0}, before = 0.0, variance = p->variance[c];
        p->z[c] = sqrt(p->variance[c]) * xi[MOST + c];
        for (int64_t k = p->row[c]; k < p->row[c + 1]; k++) {
            p->z[c] += p->weight[k] * y[p->column[k]];
            before += p->weight[k] * p->mean[p->column[k]];
            for (int64_t i = 0; i < n; i++) {
                gain[i] += p->weight[k] * p->cov[i * n + p->column[k]];
            }
        }
        for (int64_t k = p->row[c]; k < p->row[c + 1]; k++) {
            variance += p->weight[k] * gain[p->column[k]];
        }
        const double d = p->z[c] - before;
        p->log_evidence -= 0.5 * (d * d / variance + log(2.0 * M_PI * variance));
        for (int64_t i = 0; i < n; i++) {
            p->mean[i] += gain[i] * d / variance;
            for (int64_t j = 0; j < n; j++) {
                p->cov[i * n + j] -= gain[i] * gain[j] / variance;
            }
        }
    }
}

static void open_evaluator(const gndp_array *x, int64_t batch, problem *p)
{
    gndp_device *device = NULL;
    const gndp_device_options one = {.threads = 1};
    need(gndp_score_gaussian(p->law, p->m0, p->s0, &p->score));
    need(gndp_device_open("cpu", &one, &device));
    const gndp_evaluator_options eo = {.batch = batch, .device = device};
    need(gndp_evaluator_create(&p->score, &p->schedule, x, &eo, &p->ev));
    gndp_device_free(device);
}

static void condition(problem *p, const gndp_gaussian *law)
{
    const gndp_linear_obs obs = {.n = p->seen,
                                 .row = p->row,
                                 .column = p->column,
                                 .weight = p->weight,
                                 .z = p->z,
                                 .variance = p->variance};
    need(gndp_conditioner_create(law, &obs, &p->cd));
}

/* S and L: the points, law and schedule of the model for both, so that they take the same noise. */
static void open_learned(char letter, int64_t batch, problem *p)
{
    gndp_points *points = NULL;
    gndp_array x = {0};
    *p = (problem){.letter = letter, .points = 12, .dim = 1, .outputs = 1, .n = 12};
    p->schedule = *gndp_model_schedule(model);
    need(gndp_random_uniform_f64(7, 0, 0, 0, 0, p->points, p->x));
    for (int64_t i = 0; i < p->points; i++) {
        p->x[i] = 4.0 * p->x[i] - 2.0;
    }
    const gndp_coords coords = {.space = GNDP_SPACE_EUCLIDEAN,
                                .layout = GNDP_LAYOUT_LIST,
                                .columns = 1,
                                .n = p->points,
                                .x = p->x};
    gram("rbf(lengthscale=0.25)+white(variance=0.0025)", p, p->s0);
    choose_rows(p);
    observe(p);
    if (letter == 'L' || letter == 'l') {
        need(gndp_generator_create(model, &coords, batch, false, NULL, &p->learned));
        p->ev = gndp_generator_evaluator(p->learned);
        condition(p, gndp_generator_law(p->learned));
        return;
    }
    need(gndp_model_points(model, &coords, &x, &points));
    need(gndp_process_law(gndp_model_process(model), points, NULL, &p->law));
    open_evaluator(&x, batch, p);
    condition(p, p->law);
    gndp_array_free(&x);
    gndp_model_points_free(points);
}

static void open_problem(char letter, int64_t batch, problem *p)
{
    if (strchr("SLsl", letter) != NULL) {
        open_learned(letter, batch, p);
        return;
    }
    const char kind = letter == 'a' ? 'C' : letter >= 'a' ? (char)(letter - 'a' + 'A') : letter;
    const bool vector = kind == 'V';
    const char *limit = vector        ? "curlfree(rbf(lengthscale=2))+white(variance=0.1)"
                        : kind == 'W' ? "white(variance=1.3)"
                                      : "0.95*rbf(lengthscale=1)+white(variance=0.05)";
    const double mean[2] = {vector ? 0.0 : 0.7, 0.0};
    gndp_kernel *k = NULL;
    *p = (problem){.letter = letter, .points = vector ? 6 : 10, .dim = vector ? 2 : 1};
    p->outputs = vector ? 2 : 1;
    p->n = p->points * p->outputs;
    p->schedule = gndp_schedule_default();
    p->schedule.t0 = 5e-4;
    p->schedule.beta1 = 15.0;
    need(gndp_random_uniform_f64(vector ? 8 : 7, 0, 0, 0, 0, p->points * p->dim, p->x));
    for (int64_t i = 0; i < p->points * p->dim; i++) {
        p->x[i] = 2.0 * p->x[i] - 1.0;
    }
    const gndp_array x = gndp_array_view(gndp_type_2d(GNDP_F64, p->points, p->dim), p->x);
    const gndp_points points = {.kind = GNDP_POINTS_LIST, .x = x};
    need(gndp_kernel_parse(limit, &k));
    need(gndp_process_create(&p->schedule, k, p->outputs, mean, &p->process));
    need(gndp_process_law(p->process, &points, NULL, &p->law));
    gram(vector ? "curlfree(rbf(lengthscale=1))+white(variance=0.02)"
                : "rbf(lengthscale=0.5)+white(variance=0.02)",
         p, p->s0);
    for (int64_t i = 0; i < p->n; i++) {
        p->m0[i] = vector ? 0.0 : 0.3;
    }
    choose_rows(p);
    observe(p);
    open_evaluator(&x, batch, p);
    condition(p, p->law);
    gndp_kernel_free(k);
}

static void close_problem(problem *p)
{
    gndp_conditioner_free(p->cd);
    if (p->learned != NULL) {
        gndp_generator_free(p->learned);
        return;
    }
    gndp_evaluator_free(p->ev);
    gndp_score_free(&p->score);
    gndp_gaussian_free(p->law);
    gndp_process_free(p->process);
}

/* ---- Errors ---------------------------------------------------------------------------------- */

typedef struct error {
    double mean, cov;
} error;

static error error_of(const problem *p, int64_t chains, const double *y)
{
    const int64_t n = p->n;
    double mean[MOST] = {0}, cov[MOST * MOST] = {0};
    int64_t targets = 0;
    error out = {0};
    double above = 0.0, below = 0.0;
    for (int64_t r = 0; r < chains; r++) {
        for (int64_t i = 0; i < n; i++) {
            mean[i] += y[r * n + i] / (double)chains;
        }
    }
    for (int64_t r = 0; r < chains; r++) {
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j < n; j++) {
                cov[i * n + j] +=
                    (y[r * n + i] - mean[i]) * (y[r * n + j] - mean[j]) / (double)(chains - 1);
            }
        }
    }
    for (int64_t i = 0; i < n; i++) {
        if (!p->target[i]) {
            continue;
        }
        const double d = mean[i] - p->mean[i];
        targets++;
        out.mean += d * d / p->cov[i * n + i];
        for (int64_t j = 0; j < n; j++) {
            const double e = cov[i * n + j] - p->cov[i * n + j];
            above += p->target[j] ? e * e : 0.0;
            below += p->target[j] ? p->cov[i * n + j] * p->cov[i * n + j] : 0.0;
        }
    }
    out.mean = sqrt(out.mean / (double)targets);
    out.cov = sqrt(above / below);
    return out;
}

/* Error of all chains; its standard error by leaving out one group after the other (jackknife). */
static void print_errors(const problem *p, int64_t chains, double *y)
{
    const error all = error_of(p, chains, y);
    const int64_t group = chains / GROUPS, n = p->n;
    double *rest = room((chains - group) * n), mean[2] = {0}, square[2] = {0};
    for (int64_t g = 0; g < GROUPS; g++) {
        memcpy(rest, y, (size_t)(g * group * n) * sizeof *y);
        memcpy(rest + g * group * n, y + (g + 1) * group * n,
               (size_t)((chains - (g + 1) * group) * n) * sizeof *y);
        const error e = error_of(p, chains - group, rest);
        const double v[2] = {e.mean, e.cov};
        for (int k = 0; k < 2; k++) {
            mean[k] += v[k] / GROUPS;
            square[k] += v[k] * v[k] / GROUPS;
        }
    }
    double se[2];
    for (int k = 0; k < 2; k++) {
        se[k] = sqrt(fmax(square[k] - mean[k] * mean[k], 0.0) * (GROUPS - 1));
    }
    printf(" | %.3f(%.0f)/%.3f(%.0f)", all.mean, 1e3 * se[0], all.cov, 1e3 * se[1]);
    free(rest);
}

static void exact_draws(const problem *p, int64_t chains, double *y)
{
    const int64_t n = p->n;
    double l[MOST * MOST] = {0}, xi[MOST];
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double sum = p->cov[i * n + j];
            for (int64_t k = 0; k < j; k++) {
                sum -= l[i * n + k] * l[j * n + k];
            }
            l[i * n + j] = i == j                ? sqrt(fmax(sum, 0.0))
                           : l[j * n + j] > 1e-9 ? sum / l[j * n + j]
                                                 : 0.0;
        }
    }
    for (int64_t r = 0; r < chains; r++) {
        need(gndp_random_normal_f64(9, 0, (uint32_t)r, 0, 0, n, xi));
        for (int64_t i = 0; i < n; i++) {
            y[r * n + i] = p->mean[i];
            for (int64_t j = 0; j <= i; j++) {
                y[r * n + i] += l[i * n + j] * xi[j];
            }
        }
    }
}

/* ---- Settings by name ------------------------------------------------------------------------ */

static int one_of(const char *value, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(value, names[i]) == 0) {
            return i;
        }
    }
    fprintf(stderr, "bench_conditional: '%s' is none of the names\n", value);
    exit(2);
}

static void set(gndp_conditional_options *o, const char *key, const char *value, bool *prior)
{
    static const char *const conditioners[] = {"schur", "block", "identity", "published"};
    static const char *const covariances[] = {"auto", "exact", "prior", "surrogate"};
    static const char *const sizes[] = {"variance", "rate"};
    static const char *const contexts[] = {"path", "fresh"};
    static const char *const grids[] = {"time", "root", "lambda"};
    const double v = atof(value);
    const struct {
        const char *name;
        int64_t *count;
        double *real;
    } rows[] = {{"steps", &o->steps, NULL},
                {"inner", &o->inner, NULL},
                {"repeats", &o->repeats, NULL},
                {"particles", &o->particles, NULL},
                {"clean_steps", &o->clean_steps, NULL},
                {"psi", NULL, &o->psi},
                {"tau", NULL, &o->tau},
                {"lambda0", NULL, &o->lambda0},
                {"clean_eta", NULL, &o->clean_eta},
                {"kappa", NULL, &o->kappa},
                {"strength", NULL, &o->strength},
                {"least_variance", NULL, &o->least_variance},
                {"resample_below", NULL, &o->resample_below}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(key, rows[i].name) == 0) {
            if (rows[i].count != NULL) {
                *rows[i].count = (int64_t)v;
            } else {
                *rows[i].real = v;
            }
            return;
        }
    }
    if (strcmp(key, "predictor") == 0) {
        need(gndp_sampler_find(value, &o->predictor));
    } else if (strcmp(key, "preconditioner") == 0) {
        o->preconditioner = (gndp_preconditioner)one_of(value, conditioners, 4);
    } else if (strcmp(key, "covariance") == 0) {
        o->covariance = (gndp_guidance_covariance)one_of(value, covariances, 4);
    } else if (strcmp(key, "size") == 0) {
        o->size = (gndp_langevin_size)one_of(value, sizes, 2);
    } else if (strcmp(key, "context") == 0) {
        o->context = (gndp_context_mode)one_of(value, contexts, 2);
    } else if (strcmp(key, "grid") == 0) {
        o->grid = (gndp_grid_kind)one_of(value, grids, 3);
    } else if (strcmp(key, "truth") == 0) {
        *prior = v != 0.0;
    } else {
        fprintf(stderr, "bench_conditional: there is no setting '%s'\n", key);
        exit(2);
    }
}

/* @param prior  out: the data's covariance is given as prior ("truth=1") */
static gndp_conditional_options parse(const char *spec, bool *prior)
{
    char text[256];
    const gndp_conditional_info *info = NULL;
    snprintf(text, sizeof text, "%s", spec);
    char *rest = strchr(text, ':');
    if (rest != NULL) {
        *rest++ = '\0';
    }
    *prior = false;
    need(gndp_conditional_find(text, &info));
    gndp_conditional_options o = gndp_conditional_options_default(info);
    for (char *key = rest != NULL ? strtok(rest, ",") : NULL; key != NULL;
         key = strtok(NULL, ",")) {
        char *value = strchr(key, '=');
        if (value == NULL) {
            fprintf(stderr, "bench_conditional: '%s' has no value\n", key);
            exit(2);
        }
        *value++ = '\0';
        set(&o, key, value, prior);
    }
    return o;
}

/* ---- The table ------------------------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Members of one problem by one method into y. */
static gndp_status draw(const char *spec, problem *p, int64_t chains, double *y, double *spent,
                        gndp_conditional_report *report)
{
    bool prior = false;
    gndp_conditional_options o = parse(spec, &prior);
    uint32_t *member = malloc((size_t)chains * sizeof *member);
    if (member == NULL) {
        exit(1);
    }
    for (int64_t r = 0; r < chains; r++) {
        member[r] = (uint32_t)r;
    }
    gndp_prior *made = NULL;
    if (prior) {
        need(gndp_prior_create(p->learned != NULL ? gndp_generator_law(p->learned) : p->law, p->s0, &made));
    }
    o.prior = made;
    o.seed = 3;
    const double start = seconds();
    const gndp_status st =
        gndp_conditional_sample(p->ev, &p->schedule, p->cd, &o, chains, member, y, report);
    *spent += seconds() - start;
    free(member);
    gndp_prior_free(made);
    return st;
}

/* Particles: a run for each member, so fewer of them, in blocks as wide as there are particles. */
static void run_spec(const char *spec, const char *problems, int64_t chains)
{
    double least = HUGE_VAL, most = 0.0, spent = 0.0;
    const bool exact = strcmp(spec, "exact draws") == 0,
               swarm = strncmp(spec, "smc", 3) == 0 || strncmp(spec, "twisted", 7) == 0;
    bool prior = false;
    const int64_t members = swarm ? chains / FEWER : chains,
                  batch = swarm ? parse(spec, &prior).particles : 256;
    printf("| %s", spec);
    for (const char *letter = problems; *letter != '\0'; letter++) {
        problem p;
        gndp_conditional_report report = {0};
        open_problem(*letter, batch, &p);
        double *y = room(members * p.n);
        gndp_status st = GNDP_OK;
        if (exact) {
            exact_draws(&p, members, y);
        } else {
            st = draw(spec, &p, members, y, &spent, &report);
        }
        if (st == GNDP_OK) {
            print_errors(&p, members, y);
            if (!exact && !isnan(report.log_evidence)) {
                printf(" ln Z %+.3f(%.0f)", report.log_evidence - p.log_evidence,
                       1e3 * report.log_evidence_error);
            }
            least = fmin(least, report.evaluations);
            most = fmax(most, report.evaluations);
        } else {
            printf(" | %s", st == GNDP_ERR_NONFINITE     ? "diverges"
                            : st == GNDP_ERR_UNSUPPORTED ? "-"
                                                         : gndp_last_error());
        }
        fflush(stdout);
        free(y);
        close_problem(&p);
    }
    if (least == most) {
        printf(" | %.0f | %.1f |\n", most, spent);
    } else {
        printf(" | %.0f to %.0f | %.1f |\n", least, most, spent);
    }
    fflush(stdout);
}

static const char *const table[] = {
    "exact draws",
    "langevin:steps=50,inner=2,clean_steps=50",
    "langevin",
    "langevin:steps=200,inner=10,clean_steps=1000",
    "langevin:preconditioner=block,steps=50,inner=2,clean_steps=50",
    "langevin:preconditioner=block",
    "langevin:preconditioner=block,steps=200,inner=10,clean_steps=1000",
    "langevin:preconditioner=identity",
    "langevin:context=fresh",
    "langevin:size=rate,clean_steps=0,inner=5",
    "langevin:size=rate,clean_steps=0,inner=25",
    "langevin:size=rate,clean_steps=0,inner=100",
    "langevin:size=rate,preconditioner=published,inner=5",
    "langevin:size=rate,preconditioner=published,inner=25",
    "langevin:size=rate,preconditioner=published,inner=100",
    "hybrid:steps=100",
    "hybrid",
    "hybrid:steps=3000,psi=100",
    "repaint:repeats=1",
    "repaint:repeats=5",
    "repaint",
    "repaint:steps=500,repeats=10",
    "guidance:covariance=exact,steps=25,clean_steps=0",
    "guidance:covariance=exact,clean_steps=0",
    "guidance:covariance=exact,steps=500,clean_steps=0",
    "guidance:truth=1,steps=25,clean_steps=0",
    "guidance:truth=1,clean_steps=0",
    "guidance:truth=1,steps=500,clean_steps=0",
    "guidance:clean_steps=0",
    "guidance:clean_steps=0,steps=500",
    "guidance:steps=50,clean_steps=50",
    "guidance",
    "guidance:steps=200,clean_steps=1000",
    "bridge:truth=1,steps=1",
    "bridge:truth=1,steps=5",
    "bridge:truth=1",
    "bridge",
    "bridge:steps=500",
    "smc:particles=16",
    "smc:particles=64",
    "smc:particles=256",
    "twisted:particles=16",
    "twisted:particles=64",
    "twisted:particles=64,truth=1",
};

int main(int argc, char **argv)
{
    int64_t chains = 4096;
    const char *problems = "WCVwcva", *specs[SPECS];
    int n = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--chains") == 0 && i + 1 < argc) {
            chains = atoll(argv[++i]);
        } else if (strcmp(argv[i], "--problems") == 0 && i + 1 < argc) {
            problems = argv[++i];
        } else if (strcmp(argv[i], "--model") == 0 && i + 1 < argc) {
            need(gndp_model_read(argv[++i], &model));
        } else if (argv[i][0] == '-' || n == SPECS) {
            fprintf(stderr,
                    "usage: bench_conditional [--chains N] [--problems LETTERS] [--model FILE] "
                    "[SPEC]...\n");
            return 2;
        } else {
            specs[n++] = argv[i];
        }
    }
    if (chains < 2 * GROUPS || chains % GROUPS != 0) {
        fprintf(stderr, "bench_conditional: %d chains at least, a multiple of %d\n", 2 * GROUPS,
                GROUPS);
        return 2;
    }
    printf("| method");
    for (const char *letter = problems; *letter != '\0'; letter++) {
        if (strchr(model != NULL ? "WCVwcvaSLsl" : "WCVwcva", *letter) == NULL) {
            fprintf(stderr, "bench_conditional: there is no problem '%c'\n", *letter);
            return 2;
        }
        printf(" | %c", *letter);
    }
    printf(" | evaluations | CPU s |\n|---");
    for (const char *letter = problems; *letter != '\0'; letter++) {
        printf("|---");
    }
    printf("|---|---|\n");
    const int rows = n > 0 ? n : (int)(sizeof table / sizeof *table);
    for (int i = 0; i < rows; i++) {
        run_spec(n > 0 ? specs[i] : table[i], problems, chains);
    }
    gndp_model_free(model);
    return 0;
}
