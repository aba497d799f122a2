// SPDX-License-Identifier: Apache-2.0
// Random graphs on every way of running them against the reference device in f64, on poisoned memory. GNDP_FUZZ=N runs N graphs,
// GNDP_FUZZ_SEED=S starts at seed S, alone the graph of that seed only, and lists the plans that fail.
#include "graph/fuzz_graph.h"

#include "graph/plan/plan.h"

enum { QUICK = 300, RUNS = 2 };

/*
 * Bounds: largest error of an array over its largest magnitude, at least 1. Values are of order 1 and functions smooth, with
 * derivatives of order 1 a node; some forty nodes, their gradients and sums of up to 10^5 terms amplify a rounding error by some 10^4,
 * while a wrong entry is an error of order 1.
 */
#define BOUND_F64 1e-8
#define BOUND_F32 2e-2

/* --------------------------------------------------------------------------------------------- building */

static void add_output(fuzz *f, gndp_node node)
{
    if (!gndp_is_none(node) && f->n_outputs < FUZZ_OUTPUTS)
        f->output[f->n_outputs++] = node;
}

static void start_values(fuzz *f)
{
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 60, 64, 65, 96, 100, 127, 128, 130, 200, 255, 257, 300};
    static const int64_t large[] = {512, 1000, 1023, 1024, 1025, 2047, 2048, 2049, 3000, 4097};
    gndp_type t = {.dtype = f->real, .rank = (int)below(f, 10) < 1 ? 0 : 1 + (int)below(f, 4)};
    const int64_t luck = below(f, 100);
    f->cap = luck < 60 ? 1500 : luck < 92 ? 9000 : 40000;
    int64_t count = 1;
    for (int a = 0; a < t.rank; a++) {
        int64_t d = chance(f, 15)   ? large[below(f, (int64_t)(sizeof large / sizeof *large))]
                    : chance(f, 12) ? 1
                                    : sizes[below(f, (int64_t)(sizeof sizes / sizeof *sizes))];
        while (count * d > f->cap)
            d = (d + 1) / 2 > f->cap / count ? f->cap / count : (d + 1) / 2;
        t.dim[a] = d < 1 ? 1 : d;
        count *= t.dim[a];
    }
    const int64_t few = 1 + below(f, 3);
    if (chance(f, 10) && t.rank > 0 && few < t.dim[t.rank - 1]) /* short rows */
        t.dim[t.rank - 1] = few;
    put_value(f, new_input(f, t, 0), 2.0, true);
    partner(f, 0, true);
    f->n_params = (int)below(f, 4);
    assert_int_equal(gndp_store_create(&f->store), GNDP_OK);
    for (int k = 0; k < f->n_params; k++) {
        char name[16];
        gndp_type p = t;
        snprintf(name, sizeof name, "p%d", k);
        if (k == 1 && t.rank > 0)
            p = gndp_type_1d(f->real, t.dim[t.rank - 1]);
        if (k == 2 && t.rank > 0 && t.dim[t.rank - 1] <= 130)
            p = gndp_type_2d(f->real, t.dim[t.rank - 1], t.dim[t.rank - 1]);
        assert_int_equal(gndp_store_add(f->store, name, p, (gndp_init){GNDP_INIT_UNIFORM, 1.0}), GNDP_OK);
        f->param[k] = gndp_param(f->g, f->store, name, GNDP_SLOT_VALUE);
        put_value(f, f->param[k], 1.0, !f->assigns); /* the second run reads what the first one rounded */
    }
}

static void add_operation(fuzz *f)
{
    static void (*const kinds[])(fuzz *) = {fuzz_unary,  fuzz_unary,  fuzz_unary,  fuzz_binary, fuzz_binary, fuzz_binary,    fuzz_binary, fuzz_kink,
                                            fuzz_select, fuzz_select, fuzz_reduce, fuzz_reduce, fuzz_norm,   fuzz_linear,    fuzz_linear, fuzz_matmul,
                                            fuzz_shape,  fuzz_shape,  fuzz_shape,  fuzz_index,  fuzz_cast,   fuzz_attention, fuzz_unary};
    const int before = f->n;
    kinds[below(f, (int64_t)(sizeof kinds / sizeof *kinds))](f);
    if (f->keeps && f->n > before && chance(f, 15))
        gndp_keep(f->g, f->value[f->n - 1].node);
}

/* A smooth scalar of several values. */
static gndp_node loss_of(fuzz *f)
{
    gndp_graph *g = f->g;
    gndp_node loss = GNDP_NONE;
    for (int k = 0; k < 4; k++) {
        const gndp_node x = f->value[k == 0 ? f->n - 1 : pick(f)].node;
        if (gndp_type_count(gndp_node_type(x)) == 0)
            continue;
        const gndp_node term = chance(f, 50) ? gndp_mean_all(g, gndp_sin(g, x)) : gndp_scale(g, gndp_sum_all(g, gndp_square(g, x)), 0.125);
        loss = gndp_is_none(loss) ? term : gndp_add(g, loss, term);
    }
    return loss;
}

static void add_gradients(fuzz *f)
{
    gndp_graph *g = f->g;
    gndp_node x[8], grad[8], again[8], penalty = GNDP_NONE;
    int n = 0;
    for (int k = 0; k < f->n_params; k++)
        x[n++] = f->param[k];
    for (int k = 0; k < f->n_inputs && n < 6; k++)
        if (f->input[k].type.dtype != GNDP_I32 && chance(f, 70))
            x[n++] = f->input[k].node;
    x[n++] = f->value[pick(f)].node; /* in the middle */
    const gndp_node loss = loss_of(f);
    if (gndp_is_none(loss))
        return;
    gndp_grad(g, loss, x, n, grad);
    add_output(f, loss);
    for (int k = 0; k < n; k++) {
        add_output(f, grad[k]);
        if (!gndp_is_none(grad[k])) {
            const gndp_node term = gndp_mean_all(g, gndp_square(g, grad[k]));
            penalty = gndp_is_none(penalty) ? term : gndp_add(g, penalty, term);
        }
        if (f->assigns && k < f->n_params && !gndp_is_none(grad[k]))
            gndp_assign(g, f->param[k], gndp_sub(g, f->param[k], gndp_scale(g, gndp_tanh(g, grad[k]), 0.1)));
    }
    if (f->order > 1 && !gndp_is_none(penalty)) {
        gndp_grad(g, penalty, x, n, again);
        for (int k = 0; k < n; k++)
            add_output(f, again[k]);
    }
}

/* Parameters that got no gradient: assigned from values of their shape, from each other, or from views. */
static void add_assigns(fuzz *f)
{
    gndp_graph *g = f->g;
    for (int k = 0; k < f->n_params && f->order == 0; k++) {
        const gndp_type t = gndp_node_type(f->param[k]);
        gndp_node from = f->param[(k + 1) % f->n_params];
        for (int tries = 0; tries < 10; tries++) {
            const int i = (int)below(f, f->n);
            from = gndp_type_equal(type_at(f, i), t) ? f->value[i].node : from;
        }
        if (!gndp_type_equal(gndp_node_type(from), t))
            from = gndp_scale(g, f->param[k], 0.5);
        gndp_assign(g, f->param[k], chance(f, 50) ? from : gndp_add(g, gndp_scale(g, from, 0.5), gndp_scale(g, f->param[k], 0.25)));
    }
}

static fuzz *fuzz_make(uint64_t seed, bool doubled)
{
    fuzz *f = calloc(1, sizeof *f);
    f->state = seed * 0x9e3779b97f4a7c15u + 12345;
    const bool single = chance(f, 50);
    f->real = single && !doubled ? GNDP_F32 : GNDP_F64;
    f->other = single ? GNDP_F64 : GNDP_F32;
    const int64_t luck = below(f, 100);
    f->order = luck < 30 ? 0 : luck < 85 ? 1 : 2;
    f->keeps = chance(f, 25);
    f->assigns = chance(f, 50);
    assert_int_equal(gndp_graph_create(&f->g), GNDP_OK);
    start_values(f);
    const int operations = f->order == 2 ? 4 + (int)below(f, 10) : 4 + (int)below(f, 36);
    for (int k = 0; k < operations; k++)
        add_operation(f);
    for (int k = 1 + (int)below(f, 6); k > 0; k--)
        add_output(f, f->value[pick(f)].node);
    if (chance(f, 30))
        add_output(f, f->value[0].node);
    if (chance(f, 30))
        add_output(f, f->output[0]);
    if (chance(f, 20))
        add_output(f, mask_for(f, 0));
    if (f->order > 0)
        add_gradients(f);
    if (f->assigns)
        add_assigns(f);
    for (int k = 0; k < f->n_inputs; k++) /* read them all, so that every plan takes the same feeds */
        add_output(f, f->input[k].node);
    return f;
}

static void fuzz_free(fuzz *f)
{
    gndp_graph_free(f->g);
    gndp_store_free(f->store);
    free(f);
}

/* ---------------------------------------------------------------------------------------------- running */

typedef struct results {
    gndp_array array[FUZZ_OUTPUTS + FUZZ_PARAMS]; /* outputs, then parameters after the last run */
    int n;
} results;

static void results_free(results *r)
{
    for (int k = 0; k < r->n; k++)
        gndp_array_free(&r->array[k]);
    r->n = 0;
}

static double at(gndp_array a, int64_t k)
{
    return a.type.dtype == GNDP_F64 ? ((double *)a.data)[k] : a.type.dtype == GNDP_F32 ? (double)((float *)a.data)[k] : (double)((int32_t *)a.data)[k];
}

static void set(gndp_array a, int64_t k, double x)
{
    if (a.type.dtype == GNDP_F64)
        ((double *)a.data)[k] = x;
    else if (a.type.dtype == GNDP_F32)
        ((float *)a.data)[k] = (float)x;
    else
        ((int32_t *)a.data)[k] = (int32_t)x;
}

/* Values of f32 precision in (-2, 2): the same for both types. */
static void fill_inputs(const fuzz *f, uint64_t seed, gndp_array *in)
{
    fuzz r = {.state = seed ^ 0x5555};
    for (int i = 0; i < f->n_inputs; i++) {
        assert_int_equal(gndp_array_create(f->input[i].type, &in[i]), GNDP_OK);
        for (int64_t k = 0; k < gndp_type_count(in[i].type); k++)
            set(in[i], k, f->input[i].below > 0 ? (double)below(&r, f->input[i].below) : (double)(below(&r, 1 << 14) - (1 << 13)) * 0x1p-12);
    }
}

static void fill_params(fuzz *f, uint64_t seed)
{
    fuzz r = {.state = seed ^ 0x7777};
    for (int i = 0; i < f->n_params; i++) {
        gndp_array a;
        assert_int_equal(gndp_store_array(f->store, gndp_store_name(f->store, i), GNDP_SLOT_VALUE, &a), GNDP_OK);
        for (int64_t k = 0; k < gndp_type_count(a.type); k++)
            set(a, k, (double)(below(&r, 1 << 14) - (1 << 13)) * 0x1p-13);
    }
}

typedef struct way {
    const char *name, *device;
    gndp_device_options options;
    bool no_optimise;
    bool ample; /* memory is not bounded: nothing is computed twice */
} way;

static gndp_plan_options options_of(const fuzz *f, const way *w)
{
    return (gndp_plan_options){.effects = f->assigns, .no_optimise = w->no_optimise, .max_workspace = f->keeps && !w->ample ? 1 : 0};
}

static void complain(uint64_t seed, const way *w, const gndp_plan *plan, const char *what)
{
    const size_t length = plan != NULL ? gndp_plan_describe(plan, NULL, 0) : 0;
    char *text = calloc(length + 1, 1);
    if (plan != NULL)
        gndp_plan_describe(plan, text, length + 1);
    print_error("GNDP_FUZZ_SEED=%llu, %s: %s\n", (unsigned long long)seed, w->name, what);
    if (getenv("GNDP_FUZZ_SEED") != NULL)
        fputs(text, stderr); /* longer than what cmocka prints */
    free(text);
}

/* Run twice on memory full of NaN; results of the second run, and the parameters it left. */
static bool run_way(fuzz *f, uint64_t seed, const way *w, results *r)
{
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    gndp_array in[FUZZ_INPUTS];
    gndp_feed feeds[FUZZ_INPUTS];
    const gndp_plan_options options = options_of(f, w);
    fill_inputs(f, seed, in);
    fill_params(f, seed);
    for (int i = 0; i < f->n_inputs; i++)
        feeds[i] = (gndp_feed){f->input[i].name, in[i]};
    gndp_status st = gndp_device_open(w->device, &w->options, &device);
    if (st == GNDP_OK)
        st = gndp_plan_create(f->g, f->output, f->n_outputs, device, &options, &plan);
    for (r->n = 0; r->n < f->n_outputs; r->n++)
        assert_int_equal(gndp_array_create(gndp_node_type(f->output[r->n]), &r->array[r->n]), GNDP_OK);
    for (int run = 0; run < RUNS && st == GNDP_OK; run++) {
        memset(plan->workspace, 0xff, plan->workspace_bytes + plan->scratch_bytes);
        for (int k = 0; k < r->n; k++)
            memset(r->array[k].data, 0xff, gndp_type_bytes(r->array[k].type));
        st = gndp_plan_run(plan, feeds, f->n_inputs, r->array, f->n_outputs);
    }
    if (st != GNDP_OK)
        complain(seed, w, plan, gndp_last_error());
    for (int k = 0; k < f->n_params && st == GNDP_OK; k++) {
        gndp_array a;
        assert_int_equal(gndp_store_array(f->store, gndp_store_name(f->store, k), GNDP_SLOT_VALUE, &a), GNDP_OK);
        assert_int_equal(gndp_array_create(a.type, &r->array[r->n]), GNDP_OK);
        memcpy(r->array[r->n++].data, a.data, gndp_type_bytes(a.type));
    }
    for (int i = 0; i < f->n_inputs; i++)
        gndp_array_free(&in[i]);
    gndp_plan_free(plan);
    gndp_device_free(device);
    return st == GNDP_OK;
}

/* Largest error of array k over its magnitude, at least 1. */
static double error_of(gndp_array a, gndp_array b)
{
    double size = 1.0, error = 0.0;
    for (int64_t k = 0; k < gndp_type_count(a.type); k++) {
        const double x = at(a, k), y = at(b, k);
        size = fmax(size, fabs(x));
        error = isfinite(x) && isfinite(y) ? fmax(error, fabs(x - y)) : (double)INFINITY;
        if (error > 1e300)
            break;
    }
    return error / size;
}

static const way ways[] = {
    {.name = "reference", .device = "reference"},
    {.name = "one thread", .device = "cpu", .options = {.threads = 1, .no_onednn = true}},
    {.name = "two threads", .device = "cpu", .options = {.threads = 2, .no_onednn = true}},
    {.name = "nothing twice", .device = "cpu", .options = {.threads = 1, .no_onednn = true}, .ample = true},
    {.name = "as made", .device = "cpu", .options = {.threads = 2}, .no_optimise = true},
    {.name = "baseline", .device = "cpu", .options = {.threads = 2, .simd_cap = 1, .no_onednn = true}},
    {.name = "AVX2", .device = "cpu", .options = {.threads = 2, .simd_cap = 2}},
};

static void complain_with_plan(fuzz *f, uint64_t seed, const way *w, const char *what)
{
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    const gndp_plan_options options = options_of(f, w);
    if (gndp_device_open(w->device, &w->options, &device) == GNDP_OK)
        gndp_plan_create(f->g, f->output, f->n_outputs, device, &options, &plan);
    complain(seed, w, plan, what);
    gndp_plan_free(plan);
    gndp_device_free(device);
}

/* Some graphs lose f32's digits altogether, on the reference device too: nothing is asked of an output that does so there. */
static bool compare(fuzz *f, uint64_t seed, const way *w, const results *oracle, const results *r, double *lost)
{
    bool good = true;
    for (int k = 0; k < r->n && good; k++) {
        char text[320];
        const double error = error_of(oracle->array[k], r->array[k]), bound = f->real == GNDP_F64 ? BOUND_F64 : BOUND_F32;
        if (w == &ways[0] && f->real == GNDP_F32)
            lost[k] = error;
        if (!(error <= bound) && !(lost[k] > 0.1 * bound)) {
            snprintf(text, sizeof text, "%s %d, " GNDP_TYPE_FMT ", is off by %.2e", k < f->n_outputs ? "output" : "parameter",
                     k < f->n_outputs ? k : k - f->n_outputs, GNDP_TYPE_ARG(r->array[k].type), error);
            complain_with_plan(f, seed, w, text);
            good = false;
        }
    }
    return good;
}

static bool same_bits(const results *a, const results *b)
{
    bool same = a->n == b->n;
    for (int k = 0; k < a->n && same; k++)
        same = memcmp(a->array[k].data, b->array[k].data, gndp_type_bytes(a->array[k].type)) == 0;
    return same;
}

static bool try_seed(uint64_t seed)
{
    fuzz *f = fuzz_make(seed, false), *doubled = fuzz_make(seed, true);
    results oracle = {.n = 0}, one = {.n = 0};
    double lost[FUZZ_OUTPUTS + FUZZ_PARAMS] = {0.0};
    const way plain = {.name = "oracle", .device = "reference", .no_optimise = true};
    bool good = gndp_graph_status(f->g) == GNDP_OK;
    if (!good)
        print_error("GNDP_FUZZ_SEED=%llu: %s\n", (unsigned long long)seed, gndp_graph_error(f->g));
    good = good && run_way(doubled, seed, &plain, &oracle);
    const bool built = good;
    for (size_t i = 0; i < sizeof ways / sizeof *ways && built; i++) {
        results r = {.n = 0};
        good = run_way(f, seed, &ways[i], &r) && compare(f, seed, &ways[i], &oracle, &r, lost) && good;
        if ((i == 2 || (i == 3 && f->keeps)) && good && !same_bits(&one, &r)) {
            complain(seed, &ways[i], NULL, i == 2 ? "two threads give other bits than one" : "recomputation changes bits");
            good = false;
        }
        if (i == 1)
            one = r;
        else
            results_free(&r);
    }
    results_free(&one);
    results_free(&oracle);
    fuzz_free(f);
    fuzz_free(doubled);
    return good;
}

static void random_graphs_agree_with_the_reference_in_f64(void **state)
{
    (void)state;
    const char *count = getenv("GNDP_FUZZ"), *only = getenv("GNDP_FUZZ_SEED");
    const uint64_t first = only != NULL ? strtoull(only, NULL, 10) : 1;
    const uint64_t n = count != NULL ? strtoull(count, NULL, 10) : only != NULL ? 1 : QUICK;
    int failed = 0;
    for (uint64_t seed = first; seed < first + n && failed < 20; seed++)
        failed += !try_seed(seed);
    assert_int_equal(failed, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_graphs_agree_with_the_reference_in_f64),
};
GNDP_TEST_MAIN(tests)
