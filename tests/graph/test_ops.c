// SPDX-License-Identifier: Apache-2.0
// The walk over the op table: derivatives of first and second order, agreement of devices, bits for any thread count.
#include "graph/op_trial.h"

enum { DIRECTIONS = 2 };

/*
 * Bounds. Derivatives: error over the larger of the two values compared and of what a random direction would give,
 * |gradient| |direction| / sqrt(count); central differences of fourth order at h = 4e-4 err by some 1e-11 there.
 * Devices: largest error of an array over its largest magnitude, at least 1; the cases sum some hundred terms at most,
 * of functions accurate to a few units in the last place, and the factorisations amplify that by their condition (< 100).
 */
#define FIRST_BOUND 1e-7
#define SECOND_BOUND 1e-5
#define F64_BOUND (2000 * 0x1p-52)
#define F32_BOUND (2000 * 0x1p-24)

/* What the walk found out about one op. */
typedef struct finding {
    int cases;
    double first, second, f64, f32;
    bool failed;
    char note[400];
} finding;

static void fail_op(finding *f, const char *what, const char *why)
{
    if (!f->failed)
        snprintf(f->note, sizeof f->note, "%s: %s", what, why);
    f->failed = true;
}

/* -------------------------------------------------------------------------------- derivatives by differences */

/* sum over the outputs (order 1) or their gradients (order 2) of weight times difference of two results. */
static double weighted_difference(const trial *t, const result *high, const result *low, int order)
{
    double sum = 0.0;
    const int n = order == 1 ? t->n_y : t->n_x;
    for (int i = 0; i < n; i++) {
        const int weight = order == 1 ? t->y_cot[i] : t->s_of[i], where = order == 1 ? i : t->gx_at[i];
        if (weight < 0)
            continue;
        for (int64_t k = 0; k < gndp_type_count(t->var[weight].type); k++)
            sum += t->var[weight].value[k] * (at(high->array[where], k) - at(low->array[where], k));
    }
    return sum;
}

/* Size of the sum itself, for what differences lose to rounding. */
static double weighted_size(const trial *t, const result *r, int order)
{
    double sum = 0.0;
    const int n = order == 1 ? t->n_y : t->n_x;
    for (int i = 0; i < n; i++) {
        const int weight = order == 1 ? t->y_cot[i] : t->s_of[i], where = order == 1 ? i : t->gx_at[i];
        if (weight >= 0)
            for (int64_t k = 0; k < gndp_type_count(t->var[weight].type); k++)
                sum += fabs(t->var[weight].value[k] * at(r->array[where], k));
    }
    return sum;
}

/* Central difference of fourth order along u in variable v. */
static double difference(trial *t, gndp_plan *plan, int v, const double *u, double h, int order, result r[2])
{
    const int64_t count = gndp_type_count(t->var[v].type);
    const double weight[2] = {8.0 / 12.0, -1.0 / 12.0};
    double *value = t->var[v].value, sum = 0.0;
    double *kept = malloc((size_t)(count + 1) * sizeof *kept);
    memcpy(kept, value, (size_t)count * sizeof *kept);
    for (int reach = 1; reach <= 2; reach++) {
        for (int side = 0; side < 2; side++) {
            for (int64_t k = 0; k < count; k++)
                value[k] = kept[k] + (side == 0 ? h : -h) * reach * u[k];
            if (run(t, plan, &r[side]) != GNDP_OK)
                sum = (double)NAN;
        }
        sum += weight[reach - 1] * weighted_difference(t, &r[0], &r[1], order) / h;
    }
    memcpy(value, kept, (size_t)count * sizeof *kept);
    free(kept);
    return sum;
}

/* Largest relative error of the derivative of one order in variable v. */
static double derivative_error(trial *t, gndp_plan *plan, const result *base, int v, int order, uint64_t *seed, result r[2])
{
    const int where = order == 1 ? t->gx_at[v] : t->hx_at[v];
    const int64_t count = gndp_type_count(t->var[v].type);
    const double h = t->rough ? 0.25 : 4e-4, floor = 1e-4 * weighted_size(t, base, order);
    double *u = malloc((size_t)(count + 1) * sizeof *u), worst = 0.0;
    for (int d = 0; d < DIRECTIONS; d++) {
        double ours = 0.0, norm2 = 0.0;
        case_direction(t->var[v].kind, t->var[v].type, seed, u);
        for (int64_t k = 0; k < count && where >= 0; k++) {
            ours += at(base->array[where], k) * u[k];
            norm2 += at(base->array[where], k) * at(base->array[where], k);
        }
        const double theirs = difference(t, plan, v, u, h, order, r);
        const double scale = fmax(fmax(fabs(ours), fabs(theirs)), sqrt(norm2)) + floor;
        const double error = scale > 0.0 ? fabs(ours - theirs) / scale : fabs(ours - theirs);
        worst = isfinite(error) ? fmax(worst, error) : (double)INFINITY;
    }
    free(u);
    return worst;
}

static void check_derivatives(trial *t, finding *f)
{
    gndp_plan *plan = NULL;
    result base = {.n = 0}, sides[2] = {{.n = 0}, {.n = 0}};
    uint64_t seed = 99;
    if (make_plan(t, (way){.device = "reference"}, &plan) != GNDP_OK || run(t, plan, &base) != GNDP_OK) {
        fail_op(f, "reference", gndp_last_error());
    } else {
        for (int v = 0; v < t->n_vars; v++) {
            const bool is_x = v < t->n_x && is_real(t->node[v]), is_cot = t->var[v].name[0] == 'c';
            if (is_x)
                f->first = fmax(f->first, derivative_error(t, plan, &base, v, 1, &seed, sides));
            if (is_x || is_cot)
                f->second = fmax(f->second, derivative_error(t, plan, &base, v, 2, &seed, sides));
        }
        if (f->first > (t->rough ? 1e-5 : FIRST_BOUND))
            fail_op(f, "first derivative", "differs from central differences");
        if (f->second > SECOND_BOUND)
            fail_op(f, "second derivative", "differs from central differences");
    }
    result_free(&base);
    result_free(&sides[0]);
    result_free(&sides[1]);
    gndp_plan_free(plan);
}

/* ----------------------------------------------------------------------------------------- devices and threads */

/* Largest error of b against the oracle a, array by array; infinite where NaN differ or integers do. */
static double device_error(const result *a, const result *b)
{
    double worst = 0.0;
    for (int i = 0; i < a->n; i++) {
        const int64_t count = gndp_type_count(a->array[i].type);
        double size = 1.0, error = 0.0;
        for (int64_t k = 0; k < count; k++) {
            const double x = at(a->array[i], k), y = at(b->array[i], k);
            if (isnan(x) && isnan(y))
                continue;
            if (isfinite(x))
                size = fmax(size, fabs(x));
            if (x != y)
                error = isfinite(x - y) ? fmax(error, fabs(x - y)) : (double)INFINITY;
        }
        if (a->array[i].type.dtype == GNDP_I32 && error > 0.0)
            return (double)INFINITY;
        worst = fmax(worst, error / size);
    }
    return worst;
}

static bool same_bits(const result *a, const result *b)
{
    bool same = a->n == b->n;
    for (int i = 0; i < a->n && same; i++)
        same = memcmp(a->array[i].data, b->array[i].data, gndp_type_bytes(a->array[i].type)) == 0;
    return same;
}

static bool run_as(trial *t, way w, result *r, finding *f)
{
    gndp_plan *plan = NULL;
    gndp_status st = make_plan(t, w, &plan);
    if (st == GNDP_OK)
        st = run(t, plan, r);
    if (st != GNDP_OK)
        fail_op(f, w.device, gndp_last_error());
    gndp_plan_free(plan);
    return st == GNDP_OK;
}

/* All ways agree with `oracle` (made in f64) within `bound`; one and two threads give the same bits. */
static double check_ways(trial *t, const result *oracle, double bound, finding *f)
{
    const way ways[] = {{.device = "reference"},
                        {.device = "cpu", .options.threads = 1},
                        {.device = "cpu", .options.threads = 2},
                        {.device = "cpu", .options.threads = 2, .no_optimise = true},
                        {.device = "cpu", .options = {.threads = 2, .simd_cap = 1, .no_onednn = true}},
                        {.device = "cpu", .options = {.threads = 2, .simd_cap = 2}}};
    double worst = 0.0;
    result one = {.n = 0};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        result r = {.n = 0};
        if (run_as(t, ways[w], &r, f)) {
            const double error = device_error(oracle, &r);
            char what[64];
            snprintf(what, sizeof what, "%s (way %zu) off by %.1e", ways[w].device, w, error);
            if (!(error <= bound))
                fail_op(f, what, "against the reference in f64");
            worst = fmax(worst, error);
            if (w == 2 && !same_bits(&one, &r))
                fail_op(f, "cpu", "two threads give other bits than one");
        }
        if (w == 1)
            one = r;
        else
            result_free(&r);
    }
    result_free(&one);
    return worst;
}

static void check_case(const gndp_op *op, const char *text, uint64_t seed, finding *f)
{
    const char *read64 = text, *read32 = text;
    grad_case c64, c32;
    if (!case_read(&read64, GNDP_F64, &c64) || !case_read(&read32, GNDP_F32, &c32)) {
        fail_op(f, "case is not readable", text);
        return;
    }
    trial *t64 = trial_make(op, &c64, differentiable(op), seed), *t32 = trial_make(op, &c32, differentiable(op), seed);
    result oracle = {.n = 0};
    if (gndp_graph_status(t64->g) != GNDP_OK || gndp_graph_status(t32->g) != GNDP_OK) {
        fail_op(f, "building", gndp_graph_status(t64->g) != GNDP_OK ? gndp_graph_error(t64->g) : gndp_graph_error(t32->g));
    } else {
        if (differentiable(op))
            check_derivatives(t64, f);
        if (run_as(t64, (way){.device = "reference"}, &oracle, f)) {
            f->f64 = fmax(f->f64, check_ways(t64, &oracle, t64->rough ? F32_BOUND : F64_BOUND, f));
            f->f32 = fmax(f->f32, check_ways(t32, &oracle, F32_BOUND, f));
        }
    }
    result_free(&oracle);
    trial_free(t64);
    trial_free(t32);
    f->cases++;
}

static finding check_op(const gndp_op *op)
{
    finding f = {0};
    if (!differentiable(op) && op->no_vjp == NULL)
        fail_op(&f, "no vjp, no lower", "and no reason in no_vjp");
    if (op->grad_case == NULL) {
        fail_op(&f, "no grad_case", "every op has one");
        return f;
    }
    if (op->leaf || op->effect) {
        snprintf(f.note, sizeof f.note, "skipped: %s", op->leaf ? "a leaf is fed, not run" : "an effect; see test_adam.c");
        return f;
    }
    for (const char *text = op->grad_case; *text != 0;) {
        grad_case c;
        check_case(op, text, 1000 + (uint64_t)f.cases, &f);
        if (!case_read(&text, GNDP_F64, &c))
            break;
    }
    if (f.cases == 0)
        fail_op(&f, "grad_case is empty", "only leaves and effects go without");
    if (!f.failed && !differentiable(op))
        snprintf(f.note, sizeof f.note, "devices only; no derivative: %s", op->no_vjp);
    return f;
}

/* ------------------------------------------------------------------------------------------------------- tests */

static void ops_have_right_derivatives_and_agree_on_all_devices(void **state)
{
    (void)state;
    int failed = 0, n = 0;
    printf("%-22s %5s %8s %8s %8s %8s  %s\n", "op", "cases", "first", "second", "f64", "f32", "note");
    for (const gndp_op *op; (op = gndp_op_at(n)) != NULL; n++) {
        const finding f = check_op(op);
        printf("%-22s %5d %8.1e %8.1e %8.1e %8.1e  %s%s\n", op->name, f.cases, f.first, f.second, f.f64, f.f32,
               f.failed ? "FAILED: " : "", f.note);
        failed += f.failed;
    }
    printf("%d ops, %d failed\n", n, failed);
    assert_true(n > 50);
    assert_int_equal(failed, 0);
}

/* Shapes that fill several tiles of several threads and leave ragged ends. */
static void elementwise_bits_do_not_depend_on_threads_for_large_arrays(void **state)
{
    (void)state;
    int failed = 0;
    const gndp_op *op;
    for (int n = 0; (op = gndp_op_at(n)) != NULL; n++) {
        const char *text = op->grad_case;
        grad_case c;
        if (op->elementwise == 0 || text == NULL)
            continue;
        for (int real = 0; real < 2; real++) {
            finding f = {0};
            result oracle = {.n = 0};
            text = op->grad_case;
            assert_true(case_read(&text, real == 0 ? GNDP_F32 : GNDP_F64, &c));
            for (int i = 0; i < c.n_in; i++)
                c.in[i].type = gndp_type_2d(c.in[i].type.dtype, 3, 5003);
            trial *t = trial_make(op, &c, differentiable(op), 5);
            if (run_as(t, (way){.device = "reference"}, &oracle, &f))
                check_ways(t, &oracle, real == 0 ? F32_BOUND : F64_BOUND, &f);
            if (f.failed)
                print_error("%s: %s\n", op->name, f.note);
            failed += f.failed;
            result_free(&oracle);
            trial_free(t);
        }
    }
    assert_int_equal(failed, 0);
}

/* The walk must be able to fail: sin with the derivative 1.000001 cos, and with one that forgets its input. */
static void almost_vjp(gndp_graph *g, const gndp_pullback *p)
{
    p->in_cot[0] = gndp_scale(g, gndp_mul(g, p->cot[0], gndp_cos(g, p->in[0])), 1.000001);
}

static void absent_vjp(gndp_graph *g, const gndp_pullback *p)
{
    (void)g;
    (void)p;
}

/* First derivative right, second wrong: the cosine does not see its argument. */
static void frozen_vjp(gndp_graph *g, const gndp_pullback *p)
{
    p->in_cot[0] = gndp_mul(g, p->cot[0], gndp_cos(g, gndp_stop_gradient(g, p->in[0])));
}

static void walk_sees_wrong_derivatives(void **state)
{
    (void)state;
    void (*const rules[3])(gndp_graph *, const gndp_pullback *) = {almost_vjp, absent_vjp, frozen_vjp};
    for (int k = 0; k < 3; k++) {
        gndp_op op = *gndp_op_find("sin");
        op.vjp = rules[k];
        const finding f = check_op(&op);
        assert_true(f.failed);
        assert_non_null(strstr(f.note, k < 2 ? "first derivative" : "second derivative"));
    }
}

static void walk_refuses_an_op_without_rule_or_case(void **state)
{
    (void)state;
    gndp_op op = *gndp_op_find("sin");
    op.vjp = NULL;
    assert_true(check_op(&op).failed);
    op = *gndp_op_find("sin");
    op.grad_case = NULL;
    assert_true(check_op(&op).failed);
    op.grad_case = "";
    assert_true(check_op(&op).failed);
    op.grad_case = "[3,5";
    assert_true(check_op(&op).failed);
    op.grad_case = "[3,5] ; j0=1";
    assert_true(check_op(&op).failed);
}

static void walk_reads_the_language_of_cases(void **state)
{
    (void)state;
    const char *text = "+[2,3] spd[4,4] i7[5] m[] ; i0=-2 f1=0.5 type=[3,5] dtype=f32 | d[1]";
    grad_case c;
    assert_true(case_read(&text, GNDP_F64, &c));
    assert_int_equal(c.n_in, 4);
    assert_int_equal(c.in[0].kind, CASE_POSITIVE);
    assert_true(gndp_type_equal(c.in[0].type, gndp_type_2d(GNDP_F64, 2, 3)));
    assert_int_equal(c.in[1].kind, CASE_SPD);
    assert_int_equal(c.in[2].kind, CASE_INDEX);
    assert_int_equal(c.in[2].below, 7);
    assert_true(gndp_type_equal(c.in[2].type, gndp_type_1d(GNDP_I32, 5)));
    assert_true(gndp_type_equal(c.in[3].type, gndp_type_scalar(GNDP_I32)));
    assert_int_equal(c.attr.i[0], -2);
    assert_true(c.attr.f[1] == 0.5);
    assert_true(gndp_type_equal(c.attr.type, gndp_type_2d(GNDP_F32, 3, 5)));
    assert_true(case_read(&text, GNDP_F64, &c));
    assert_int_equal(c.n_in, 1);
    assert_int_equal(c.in[0].kind, CASE_DISTINCT);
    assert_int_equal(*text, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ops_have_right_derivatives_and_agree_on_all_devices),
    cmocka_unit_test(elementwise_bits_do_not_depend_on_threads_for_large_arrays),
    cmocka_unit_test(walk_sees_wrong_derivatives),
    cmocka_unit_test(walk_refuses_an_op_without_rule_or_case),
    cmocka_unit_test(walk_reads_the_language_of_cases),
};
GNDP_TEST_MAIN(tests)
