// SPDX-License-Identifier: Apache-2.0
// Derivatives of every network in parameters, points, values, times and flags, against central differences.
#include "score/net_case.h"

enum { R = 2, N = 5 };

/* sum_k weight[k] output[k] */
static double pairing(const net_case *c, gndp_store *store, const double *weight)
{
    double *out = output_of(c, store), sum = 0.0;
    for (int64_t k = 0; k < out_count(c); k++)
        sum += weight[k] * out[k];
    free(out);
    return sum;
}

/* Everything the output depends on: memory, count and gradient of one input or parameter. */
typedef struct argument {
    const char *name;
    double *value, *gradient; /* gradient NULL: none */
    int64_t n;
} argument;

enum { MAX_ARGUMENTS = 160 };

/* Gradients of the pairing in all arguments, by gndp_grad; returns how many. */
static int differentiate(const net_case *c, gndp_store *store, const double *weight, argument *args, gndp_array *arrays)
{
    gndp_graph *g = NULL;
    gndp_node x[MAX_ARGUMENTS], grad[MAX_ARGUMENTS], wanted[MAX_ARGUMENTS];
    int n = 0, n_wanted = 0;
    check(gndp_graph_create(&g));
    const net_leaves l = make_leaves(g, c);
    const gndp_node inputs[] = {l.in.t, l.in.x, l.in.y, l.in.flag};
    const int n_inputs = c->spec.context_flag ? 4 : 3;
    for (int k = 0; k < n_inputs; k++, n++) {
        args[n] = (argument){.name = l.feed[k].name, .value = l.feed[k].array.data, .n = gndp_type_count(l.feed[k].array.type)};
        x[n] = inputs[k];
    }
    for (int64_t i = 0; i < gndp_store_count(store); i++, n++) {
        gndp_array value;
        assert_true(n < MAX_ARGUMENTS);
        const char *name = gndp_store_name(store, i);
        check(gndp_store_array(store, name, GNDP_SLOT_VALUE, &value));
        args[n] = (argument){.name = name, .value = value.data, .n = gndp_type_count(value.type)};
        x[n] = gndp_param(g, store, name, GNDP_SLOT_VALUE);
    }
    const gndp_node out = gndp_net_build(g, store, &c->spec, &l.in);
    const gndp_node weights = gndp_constant(g, gndp_node_type(out), weight);
    gndp_grad(g, gndp_sum_all(g, gndp_mul(g, out, weights)), x, n, grad);
    for (int k = 0; k < n; k++)
        if (!gndp_is_none(grad[k]))
            wanted[n_wanted++] = grad[k];
    run_nodes(g, wanted, n_wanted, &l, arrays);
    for (int k = 0, place = 0; k < n; k++)
        if (!gndp_is_none(grad[k]))
            args[k].gradient = arrays[place++].data;
    gndp_graph_free(g);
    arrays[n_wanted] = (gndp_array){0};
    return n;
}

/* Central differences of fourth order along d, h |d| = 2e-4: error O(h^4) + eps/h, some 1e-10. Lengths of short vectors curve sharply. */
static double along(const net_case *c, gndp_store *store, const double *weight, argument *a, const double *d)
{
    static const double node[4] = {-2.0, -1.0, 1.0, 2.0}, factor[4] = {1.0, -8.0, 8.0, -1.0};
    double sum = 0.0, norm = 0.0, *start = calloc((size_t)a->n, sizeof *start);
    memcpy(start, a->value, (size_t)a->n * sizeof *start);
    for (int64_t k = 0; k < a->n; k++)
        norm += d[k] * d[k];
    norm = sqrt(norm);
    for (int q = 0; q < 4; q++) {
        for (int64_t k = 0; k < a->n; k++)
            a->value[k] = start[k] + node[q] * 2e-4 / norm * d[k];
        sum += factor[q] * pairing(c, store, weight);
    }
    memcpy(a->value, start, (size_t)a->n * sizeof *start);
    free(start);
    return sum * norm / 24e-4;
}

/* Some derivatives are zero by algebra (a key's bias shifts a whole row of scores), so errors are relative to the size
   of an argument's gradient along the direction, or to 1. */
static void check_gradients(gndp_net_spec spec, bool masked)
{
    gndp_store *store = make_store(&spec);
    net_case c = make_case(spec, R, N);
    argument args[MAX_ARGUMENTS];
    gndp_array arrays[MAX_ARGUMENTS + 1];
    double *weight = normals(out_count(&c), 9, 1.0), worst = 0.0;
    int dependent = 0;
    c.masked = masked;
    c.mask[3] = 0;
    const int n = differentiate(&c, store, weight, args, arrays);
    for (int i = 0; i < n; i++) {
        double *d = normals(args[i].n, GNDP_STREAM(12, i), 1.0), exact = 0.0, size = 0.0;
        for (int64_t k = 0; k < args[i].n && args[i].gradient != NULL; k++) {
            exact += d[k] * args[i].gradient[k];
            size += d[k] * d[k] * args[i].gradient[k] * args[i].gradient[k];
        }
        dependent += args[i].gradient != NULL;
        const double error = fabs(exact - along(&c, store, weight, &args[i], d)) / fmax(1.0, sqrt(size));
        if (!(error < 1e-7))
            fail_msg("%s, %s: derivative %.10g off by %.1e", spec.kind, args[i].name, exact, error);
        worst = fmax(worst, error);
        free(d);
    }
    print_message("%s: %d of %d arguments, worst error %.1e\n", spec.kind, dependent, n, worst);
    assert_true(dependent > n / 2);
    for (int k = 0; arrays[k].data != NULL; k++)
        gndp_array_free(&arrays[k]);
    free(weight);
    free_case(&c);
    gndp_store_free(store);
}

static gndp_net_spec grad_net(int i, int64_t x_dim)
{
    gndp_net_spec spec = net_of_kind(i, x_dim);
    spec.hidden = 8;
    spec.heads = 2;
    return spec;
}

static void net_gradients_match_differences(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++)
        check_gradients(grad_net(i, 2), false);
}

static void net_gradients_match_differences_when_flagged_and_masked(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++) {
        gndp_net_spec spec = grad_net(i, 2);
        spec.context_flag = spec.centre = true;
        spec.y_scale = 0.7;
        spec.time_scale = 3.0;
        check_gradients(spec, true);
    }
}

static void net_gradients_match_differences_when_one_dim(void **state)
{
    (void)state;
    for (int i = 0; i < net_kinds(); i++)
        check_gradients(grad_net(i, 1), false);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(net_gradients_match_differences),
    cmocka_unit_test(net_gradients_match_differences_when_flagged_and_masked),
    cmocka_unit_test(net_gradients_match_differences_when_one_dim),
};
GNDP_TEST_MAIN(tests)
