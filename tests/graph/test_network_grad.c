// SPDX-License-Identifier: Apache-2.0
// The score networks as one composite: gradient of the loss and gradient of its squared norm against differences.
#include "graph/network_problem.h"

static gndp_array value_of(const problem *p, int i)
{
    gndp_array value;
    check(gndp_store_array(p->store, gndp_store_name(p->store, i), GNDP_SLOT_VALUE, &value));
    return value;
}

/* A direction over all parameters, or over parameter `only`. */
static double *direction(const problem *p, int only, uint32_t stream)
{
    const int64_t total = gndp_store_size(p->store);
    double *d = calloc((size_t)total + 1, sizeof *d);
    check(gndp_random_normal_f64(23, 0, 0, stream, 0, total, d));
    for (int64_t i = 0, k = 0; i < p->n_params; i++)
        for (int64_t j = 0; j < gndp_type_count(value_of(p, (int)i).type); j++, k++)
            d[k] = only < 0 || i == only ? d[k] : 0.0;
    return d;
}

static void move(const problem *p, const double *d, double by)
{
    int64_t k = 0;
    for (int i = 0; i < p->n_params; i++) {
        const gndp_array value = value_of(p, i);
        for (int64_t j = 0; j < gndp_type_count(value.type); j++, k++)
            ((double *)value.data)[j] += by * d[k];
    }
}

static double *saved(const problem *p)
{
    double *all = calloc((size_t)gndp_store_size(p->store) + 1, sizeof *all);
    int64_t k = 0;
    for (int i = 0; i < p->n_params; i++) {
        const gndp_array value = value_of(p, i);
        for (int64_t j = 0; j < gndp_type_count(value.type); j++)
            all[k++] = ((double *)value.data)[j];
    }
    return all;
}

static void restore(const problem *p, const double *all)
{
    int64_t k = 0;
    for (int i = 0; i < p->n_params; i++) {
        const gndp_array value = value_of(p, i);
        for (int64_t j = 0; j < gndp_type_count(value.type); j++)
            ((double *)value.data)[j] = all[k++];
    }
}

/* Derivative along d by central differences of fourth order: error O(h^4) + eps f/h, some 1e-11 at h = 1e-3 of a
   function whose higher derivatives along a direction of norm 1 are of its own size. */
static double difference(const problem *p, runner *f, const data *in, const double *d, double h)
{
    static const double node[4] = {-2.0, -1.0, 1.0, 2.0}, weight[4] = {1.0, -8.0, 8.0, -1.0};
    double *start = saved(p), sum = 0.0, norm = 0.0;
    for (int64_t k = 0; k < gndp_store_size(p->store); k++)
        norm += d[k] * d[k];
    norm = sqrt(norm);
    for (int q = 0; q < 4; q++) {
        move(p, d, node[q] * h / norm);
        run(f, in);
        sum += weight[q] * at(f->out[0], 0);
        restore(p, start);
    }
    free(start);
    return sum * norm / (12.0 * h);
}

static double along(const problem *p, const runner *r, int first, const double *d)
{
    double sum = 0.0;
    int64_t k = 0;
    for (int i = 0; i < p->n_params; i++) {
        const int place = r->place[first + i];
        for (int64_t j = 0; j < gndp_type_count(value_of(p, i).type); j++, k++)
            if (place >= 0)
                sum += d[k] * at(r->out[place], j);
    }
    return sum;
}

/*
 * Largest relative error of the derivative: over a few directions in all parameters, and over one in each parameter
 * alone. Some derivatives are zero by algebra (a key's bias shifts a whole row of scores), so the latter is relative to
 * at least a thousandth of the largest of them.
 */
static double worst_error(const problem *p, const runner *exact, int first, runner *f, const data *in, double h)
{
    double worst = 0.0, largest = 0.0, *by_graph = calloc((size_t)p->n_params + 4, sizeof *by_graph),
           *by_difference = calloc((size_t)p->n_params + 4, sizeof *by_difference);
    for (int i = -4; i < p->n_params; i++) {
        double *d = direction(p, i, (uint32_t)(i + 4));
        by_graph[i + 4] = along(p, exact, first, d);
        by_difference[i + 4] = difference(p, f, in, d, h);
        if (i >= 0)
            largest = fmax(largest, fabs(by_graph[i + 4]));
        free(d);
    }
    for (int i = -4; i < p->n_params; i++) {
        const double scale = i < 0 ? fabs(by_graph[i + 4]) : fmax(fabs(by_graph[i + 4]), 1e-3 * largest);
        const double error = fabs(by_graph[i + 4] - by_difference[i + 4]) / scale;
        worst = isfinite(error) ? fmax(worst, error) : (double)INFINITY;
        if (!(error < 1e-7))
            print_message("%s: %.12g by graph, %.12g by differences\n", i < 0 ? "all" : gndp_store_name(p->store, i),
                          by_graph[i + 4], by_difference[i + 4]);
    }
    free(by_graph);
    free(by_difference);
    return worst;
}

/* All but the last points of some realizations are valid. */
static void pad_some(data *d, int64_t batch, int64_t points)
{
    for (int64_t b = 0; b < batch; b++)
        for (int64_t i = points - b; i < points; i++)
            put(d->mask, b * points + i, 0.0);
}

static void check_gradients(gndp_net_spec net, const denoising *process, int64_t batch, int64_t points, bool masked)
{
    problem p = make_problem(net, process, batch, points, masked);
    data in = make_data(&net, batch, points);
    if (masked)
        pad_some(&in, batch, points);
    add_penalty(&p);
    const gndp_device_options device = {0};
    const gndp_plan_options options = {0};
    gndp_node nodes[2 * MAX_PARAMS + 2];
    const int n = p.n_params;
    memcpy(nodes, p.grad, (size_t)n * sizeof *nodes);
    memcpy(nodes + n, p.penalty_grad, (size_t)n * sizeof *nodes);
    runner exact = make_runner(&p, nodes, 2 * n, "cpu", device, options);
    runner loss = make_runner(&p, &p.loss, 1, "cpu", device, options);
    runner penalty = make_runner(&p, &p.penalty, 1, "cpu", device, options);
    run(&exact, &in);
    const double first = worst_error(&p, &exact, 0, &loss, &in, 1e-3);
    const double second = worst_error(&p, &exact, n, &penalty, &in, 1e-3);
    print_message("gradient %.1e, gradient of its squared norm %.1e\n", first, second);
    assert_true(first < 1e-7);
    assert_true(second < 1e-5);
    free_runner(&exact);
    free_runner(&loss);
    free_runner(&penalty);
    free_data(&in);
    free_problem(&p);
}

static void network_gradients_match_differences_when_attending_to_dims(void **state)
{
    (void)state;
    check_gradients((gndp_net_spec)BI_ATTENTION(GNDP_F64, 2, 2, 8, 2), &with_std_trick, 2, 5, false);
}

static void network_gradients_match_differences_when_one_dim(void **state)
{
    (void)state;
    check_gradients((gndp_net_spec)BI_ATTENTION(GNDP_F64, 1, 2, 8, 4), &with_std_trick, 3, 6, false);
}

static void network_gradients_match_differences_when_masked(void **state)
{
    (void)state;
    check_gradients((gndp_net_spec)BI_ATTENTION(GNDP_F64, 2, 2, 8, 4), &with_residual_trick, 3, 5, true);
}

static void network_gradients_match_differences_when_joint(void **state)
{
    (void)state;
    check_gradients((gndp_net_spec)JOINT_ATTENTION(GNDP_F64, 2, 3, 2, 8, 2), &with_residual_trick, 2, 6, false);
}

static void network_gradients_match_differences_when_joint_and_masked(void **state)
{
    (void)state;
    check_gradients((gndp_net_spec)JOINT_ATTENTION(GNDP_F64, 1, 2, 2, 8, 2), &with_std_trick, 3, 5, true);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(network_gradients_match_differences_when_attending_to_dims),
    cmocka_unit_test(network_gradients_match_differences_when_one_dim),
    cmocka_unit_test(network_gradients_match_differences_when_masked),
    cmocka_unit_test(network_gradients_match_differences_when_joint),
    cmocka_unit_test(network_gradients_match_differences_when_joint_and_masked),
};
GNDP_TEST_MAIN(tests)
