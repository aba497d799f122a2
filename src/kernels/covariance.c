// SPDX-License-Identifier: Apache-2.0
// The covariance of a kernel tree, evaluated by graph plans kept for each shape of block.
#include "kernels/covariance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/ops.h>

enum { MAX_PLANS = 8, MAX_AXES = 4 };

/* A plan for blocks of one shape. */
typedef struct block_plan {
    gndp_plan *plan;
    int64_t n, m;
    double *echo; /* where the plan writes its points back */
} block_plan;

typedef struct kernel_state {
    gndp_kernel *kernel; /* whole */
    gndp_device *device;
    int64_t dim;
    int outputs;
    block_plan plan[MAX_PLANS];
    int n_plans, oldest;
    gndp_kernel *factor[MAX_AXES];
    char *text;
    char why[512];
} kernel_state;

double covariance_white(const covariance *cov)
{
    const int p = cov->outputs;
    for (int i = 0; i < p; i++) {
        for (int j = 0; j < p; j++) {
            if (cov->nugget[i * p + j] != (i == j ? cov->nugget[0] : 0.0)) {
                return -1.0;
            }
        }
    }
    return cov->nugget[0];
}

static void free_plan(block_plan *p)
{
    gndp_plan_free(p->plan);
    free(p->echo);
    *p = (block_plan){0};
}

/* The points are outputs too, so that the plan reads them even where the kernel does not. */
static gndp_status make_plan(const kernel_state *s, const gndp_kernel *k, int64_t dim, int64_t n,
                             int64_t m, block_plan *out)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    block_plan p = {.n = n, .m = m};
    p.echo = malloc((size_t)((n + m) * dim) * sizeof *p.echo);
    GNDP_CHECK(p.echo != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)(n + m));
    GNDP_TRY(gndp_graph_create(&g));
    const gndp_node x = gndp_input(g, "x", gndp_type_2d(GNDP_F64, n, dim)),
                    z = gndp_input(g, "z", gndp_type_2d(GNDP_F64, m, dim)),
                    want[3] = {gndp_kernel_gram(g, k, NULL, x, z), x, z};
    GNDP_TRY(gndp_plan_create(g, want, 3, s->device, NULL, &p.plan));
    *out = p;
    p = (block_plan){0};
done:
    free_plan(&p);
    gndp_graph_free(g);
    return st;
}

static gndp_array points_view(int64_t n, int64_t dim, const double *x)
{
    return gndp_array_view(gndp_type_2d(GNDP_F64, n, dim), (void *)(uintptr_t)x);
}

static gndp_status run_plan(const block_plan *p, int64_t dim, const double *x, const double *z,
                            int outputs, double *out)
{
    gndp_status st = GNDP_OK;
    const gndp_feed feed[2] = {{"x", points_view(p->n, dim, x)}, {"z", points_view(p->m, dim, z)}};
    gndp_array result[3] = {
        gndp_array_view(gndp_type_2d(GNDP_F64, p->n * outputs, p->m * outputs), out),
        points_view(p->n, dim, p->echo), points_view(p->m, dim, p->echo + p->n * dim)};
    GNDP_TRY(gndp_plan_run(p->plan, feed, 2, result, 3));
done:
    return st;
}

static gndp_status block(void *state, int64_t n, const double *x, int64_t m, const double *z,
                         double *out)
{
    gndp_status st = GNDP_OK;
    kernel_state *s = state;
    block_plan *plan = NULL;
    for (int i = 0; i < s->n_plans && plan == NULL; i++) {
        plan = s->plan[i].n == n && s->plan[i].m == m ? &s->plan[i] : NULL;
    }
    if (plan == NULL) { /* the oldest makes room */
        block_plan made;
        GNDP_TRY(make_plan(s, s->kernel, s->dim, n, m, &made));
        if (s->n_plans < MAX_PLANS) {
            plan = &s->plan[s->n_plans++];
        } else {
            plan = &s->plan[s->oldest];
            s->oldest = (s->oldest + 1) % MAX_PLANS;
            free_plan(plan);
        }
        *plan = made;
    }
    GNDP_TRY(run_plan(plan, s->dim, x, z, s->outputs, out));
done:
    return st;
}

static gndp_status axis(void *state, int i, int64_t n, const double *x, double *out)
{
    gndp_status st = GNDP_OK;
    const kernel_state *s = state;
    block_plan plan = {0};
    GNDP_TRY(make_plan(s, s->factor[i], 1, n, n, &plan));
    GNDP_TRY(run_plan(&plan, 1, x, x, 1, out));
done:
    free_plan(&plan);
    return st;
}

static gndp_status series(void *state, kernel_series *out)
{
    gndp_status st = GNDP_OK;
    const kernel_state *s = state;
    gndp_kernel *rest = NULL;
    double white;
    GNDP_TRY(kernel_split_white(s->kernel, &rest, &white));
    GNDP_CHECK(rest != NULL, GNDP_ERR_UNSUPPORTED, "white noise alone");
    GNDP_TRY(kernel_find_series(rest, out));
done:
    gndp_kernel_free(rest);
    return st;
}

/* White noise: what a point has with itself by index beyond what it has with its own coordinates.
 * Every leaf is stationary, so one point serves. */
static gndp_status find_nugget(const kernel_state *s, covariance *cov)
{
    gndp_status st = GNDP_OK;
    const int p = s->outputs;
    double x[64] = {0}, with[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS],
           without[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS], top = 0.0;
    gndp_kernel *rest = NULL;
    double white = 0.0;
    x[s->dim - 1] = cov->domain == GNDP_DOMAIN_SPHERE ? 0.0 : x[s->dim - 1];
    x[0] = cov->domain == GNDP_DOMAIN_SPHERE ? 1.0 : 0.0;
    if (kernel_split_white(s->kernel, &rest, &white) == GNDP_OK) { /* exactly what the text says */
        cov->block_is_zero = rest == NULL;
        for (int i = 0; i < p; i++) {
            cov->nugget[i * p + i] = white;
        }
        goto done;
    }
    gndp_clear_error();
    gndp_array xa = gndp_array_view(gndp_type_2d(GNDP_F64, 1, s->dim), x),
               a = gndp_array_view(gndp_type_2d(GNDP_F64, p, p), with),
               b = gndp_array_view(gndp_type_2d(GNDP_F64, p, p), without);
    GNDP_TRY(gndp_kernel_evaluate(s->kernel, &xa, NULL, &a));
    GNDP_TRY(gndp_kernel_evaluate(s->kernel, &xa, &xa, &b));
    for (int i = 0; i < p * p; i++) {
        top = fmax(top, fabs(with[i]));
    }
    for (int i = 0; i < p * p; i++) {
        const double d = with[i] - without[i];
        cov->nugget[i] = fabs(d) > 0x1p-50 * top ? d : 0.0;
    }
done:
    gndp_kernel_free(rest);
    return st;
}

/* The factors of what is left without white noise. */
static void find_factors(kernel_state *s, covariance *cov)
{
    gndp_kernel *rest = NULL;
    double white = 0.0;
    double b[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS] = {0};
    if (s->dim > MAX_AXES) {
        snprintf(s->why, sizeof s->why, "%lld axes, at most %d", (long long)s->dim, MAX_AXES);
    } else if (s->outputs > 8) {
        snprintf(s->why, sizeof s->why, "%d outputs, at most 8", s->outputs);
    } else if (kernel_split_white(s->kernel, &rest, &white) != GNDP_OK || rest == NULL ||
               kernel_separate(rest, (int)s->dim, s->factor, b) != GNDP_OK) {
        snprintf(s->why, sizeof s->why, "%s",
                 rest == NULL && white > 0.0 ? "the kernel is white noise" : gndp_last_text());
        s->why[strcspn(s->why, "\n")] = '\0';
        gndp_clear_error();
    } else {
        memcpy(cov->axis_outputs, b, sizeof b);
        cov->axis = axis;
    }
    cov->why_not_separable = s->why;
    gndp_kernel_free(rest);
}

void covariance_free(covariance *cov)
{
    kernel_state *s = cov->state;
    if (s != NULL) {
        for (int i = 0; i < s->n_plans; i++) {
            free_plan(&s->plan[i]);
        }
        for (int i = 0; i < MAX_AXES; i++) {
            gndp_kernel_free(s->factor[i]);
        }
        gndp_device_free(s->device);
        gndp_kernel_free(s->kernel);
        free(s->text);
        free(s);
    }
    *cov = (covariance){0};
}

gndp_status covariance_create(const gndp_kernel *k, int64_t dim, bool product, int threads,
                              covariance *out)
{
    gndp_status st = GNDP_OK;
    const gndp_kernel_info info = gndp_kernel_get_info(k);
    const gndp_device_options options = {.threads = threads};
    covariance cov = {.dim = dim,
                      .domain = info.domain,
                      .stationary = info.stationary,
                      .isotropic = info.isotropic};
    kernel_state *s = cov.state = calloc(1, sizeof *s);
    *out = (covariance){0};
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *s);
    GNDP_CHECK(dim <= 64, GNDP_ERR_SHAPE, "points of %lld dimensions, at most 64", (long long)dim);
    const size_t length = gndp_kernel_print(k, NULL, 0);
    s->text = malloc(length + 1);
    GNDP_CHECK(s->text != NULL, GNDP_ERR_NOMEM, "%zu bytes", length + 1);
    gndp_kernel_print(k, s->text, length + 1);
    cov.text = s->text;
    s->dim = dim;
    s->outputs = cov.outputs = gndp_kernel_outputs(k, dim);
    GNDP_CHECK(cov.outputs >= 1 && (info.input_dim == 0 || info.input_dim == dim), GNDP_ERR_SHAPE,
               "the points have %lld coordinates, the kernel wants %d: %s", (long long)dim,
               info.input_dim, s->text);
    GNDP_CHECK(cov.outputs <= COVARIANCE_MAX_OUTPUTS, GNDP_ERR_SHAPE, "%d outputs, at most %d",
               cov.outputs, COVARIANCE_MAX_OUTPUTS);
    GNDP_TRY(gndp_kernel_clone(k, &s->kernel));
    GNDP_TRY(gndp_device_open("cpu", &options, &s->device));
    cov.block = block;
    cov.series = series;
    GNDP_TRY(find_nugget(s, &cov));
    if (product) {
        find_factors(s, &cov);
    }
    *out = cov;
    cov.state = NULL;
done:
    covariance_free(&cov);
    return st;
}
