// SPDX-License-Identifier: Apache-2.0
// Tutorial of the array graph: fit a small network to noisy samples of a smooth function, with public headers only.
#include <gndp/graph.h>
#include <gndp/ops.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The whole engine in six steps:
 *   1. a store holds the parameters, by name;
 *   2. a builder writes the network as a formula over nodes; nothing is computed yet;
 *   3. a graph is filled: inputs, network, loss, and one optimiser step with all its gradients;
 *   4. a plan compiles the graph for a device; running it is one training step, in place on the store;
 *   5. the same builder makes a second graph, for another number of points and without a loss;
 *   6. everything is freed.
 */
enum { SAMPLES = 256, WIDTH = 32, STEPS = 1000, COLUMNS = 73, ROWS = 19 };

static const uint64_t seed = 2;     /* parameters and data follow from it: every run prints the same */
static const double x_max = 2.0;    /* the function is shown on [-2, 2] */
static const float noise_std = 0.1F; /* of the samples */

/* Library calls return a status and never print; the text of the last failure says what, where and why. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        if ((call) != GNDP_OK) {                                                                                       \
            fprintf(stderr, "%s\n", gndp_last_error());                                                                \
            goto done;                                                                                                 \
        }                                                                                                              \
    } while (0)

static double truth(double x)
{
    return sin(3.0 * x) * exp(-0.25 * x * x) + 0.3 * x;
}

/* ---- 1. Parameters -------------------------------------------------------------------------------------------------- */

/* A dense layer has a weight [inputs, outputs], started so that its outputs keep the size of its inputs, and a bias. */
static gndp_status add_layer(gndp_store *store, const char *name, int64_t inputs, int64_t outputs)
{
    char path[64];
    snprintf(path, sizeof path, "%s/weight", name);
    const gndp_init weight = {GNDP_INIT_TRUNCATED_NORMAL, 1.0}, bias = {GNDP_INIT_NORMAL, 0.1};
    gndp_status st = gndp_store_add(store, path, gndp_type_2d(GNDP_F32, inputs, outputs), weight);
    snprintf(path, sizeof path, "%s/bias", name);
    if (st == GNDP_OK)
        st = gndp_store_add(store, path, gndp_type_1d(GNDP_F32, outputs), bias);
    return st;
}

static gndp_status make_store(gndp_store **store)
{
    gndp_status st = gndp_store_create(store);
    if (st == GNDP_OK)
        st = add_layer(*store, "hidden0", 1, WIDTH);
    if (st == GNDP_OK)
        st = add_layer(*store, "hidden1", WIDTH, WIDTH);
    if (st == GNDP_OK)
        st = add_layer(*store, "out", WIDTH, 1);
    return st == GNDP_OK ? gndp_store_initialise(*store, seed) : st;
}

/* ---- 2. The network as a builder -------------------------------------------------------------------------------------- */

static gndp_node layer(gndp_graph *g, gndp_store *store, const char *name, gndp_node x)
{
    char weight[64], bias[64];
    snprintf(weight, sizeof weight, "%s/weight", name);
    snprintf(bias, sizeof bias, "%s/bias", name);
    return gndp_linear(g, x, gndp_param(g, store, weight, GNDP_SLOT_VALUE), gndp_param(g, store, bias, GNDP_SLOT_VALUE));
}

/* x [N, 1] -> [N, 1] for any N. No call is checked here: the first wrong one poisons the graph, the later ones return at
   once, and gndp_plan_create reports that first error with its file and line. */
static gndp_node network(gndp_graph *g, gndp_store *store, gndp_node x)
{
    gndp_node h = gndp_gelu(g, layer(g, store, "hidden0", x));
    h = gndp_gelu(g, layer(g, store, "hidden1", h));
    return layer(g, store, "out", h);
}

/* ---- 3. The graph of a training step ------------------------------------------------------------------------------------ */

/* What varies from step to step is an input: data, learning rate, number of the step. So one plan serves them all. */
static gndp_status make_training_plan(gndp_store *store, gndp_device *device, gndp_plan **plan)
{
    gndp_graph *g = NULL;
    gndp_status st = gndp_graph_create(&g);
    if (st != GNDP_OK)
        return st;
    const gndp_node x = gndp_input(g, "x", gndp_type_2d(GNDP_F32, SAMPLES, 1));
    const gndp_node y = gndp_input(g, "y", gndp_type_2d(GNDP_F32, SAMPLES, 1));
    const gndp_node rate = gndp_input(g, "rate", gndp_type_scalar(GNDP_F32));
    const gndp_node step = gndp_input(g, "step", gndp_type_scalar(GNDP_F32));

    const gndp_node miss = gndp_sub(g, network(g, store, x), y);
    const gndp_node loss = gndp_mean_all(g, gndp_square(g, miss));

    /* Appends the gradient of the loss in every parameter, and the update of each as an effect. Other optimisers are
       written the same way: gndp_grad gives nodes, gndp_assign stores one. */
    gndp_adam settings = gndp_adam_default();
    settings.ema = 0.99;
    const gndp_adam_nodes adam = gndp_adam_step(g, loss, store, settings, rate, step);

    /* ---- 4. ... and its plan: effects on, three scalars wanted back. The plan does not need the graph any more. */
    const gndp_node outputs[3] = {loss, adam.grad_norm, adam.applied};
    st = gndp_plan_create(g, outputs, 3, device, &(gndp_plan_options){.effects = true}, plan);
    gndp_graph_free(g);
    return st;
}

static gndp_status train(gndp_plan *plan, float *x, float *y)
{
    const double pi = acos(-1.0);
    float loss, rate, step;
    double grad_norm; /* norms are totals over all parameters: f64, whatever the parameters are */
    int32_t applied;
    const gndp_type samples = gndp_type_2d(GNDP_F32, SAMPLES, 1), scalar = gndp_type_scalar(GNDP_F32);
    const gndp_feed feeds[4] = {{"x", gndp_array_view(samples, x)},
                                {"y", gndp_array_view(samples, y)},
                                {"rate", gndp_array_view(scalar, &rate)},
                                {"step", gndp_array_view(scalar, &step)}};
    gndp_array outputs[3] = {gndp_array_view(scalar, &loss), gndp_array_view(gndp_type_scalar(GNDP_F64), &grad_norm),
                             gndp_array_view(gndp_type_scalar(GNDP_I32), &applied)};
    printf("%6s %12s %12s\n", "step", "loss", "grad norm");
    for (int i = 1; i <= STEPS; i++) {
        step = (float)i;
        rate = (float)(0.01 * 0.5 * (1.0 + cos(pi * i / STEPS))); /* falls to 0 along a cosine */
        const gndp_status st = gndp_plan_run(plan, feeds, 4, outputs, 3);
        if (st != GNDP_OK)
            return st;
        if (i == 1 || i % (STEPS / 10) == 0)
            printf("%6d %12.6f %12.6f%s\n", i, (double)loss, grad_norm, applied ? "" : "  not finite: no update");
    }
    return GNDP_OK;
}

/* ---- 5. Evaluation: the same builder, another batch size ------------------------------------------------------------ */

/* Reads the moving average of the parameters in place of their last values (options.ema), which is less noisy. */
static gndp_status evaluate(gndp_store *store, gndp_device *device, int64_t n, float *x, float *fit)
{
    gndp_graph *g = NULL;
    gndp_plan *plan = NULL;
    gndp_status st = gndp_graph_create(&g);
    if (st != GNDP_OK)
        return st;
    const gndp_type points = gndp_type_2d(GNDP_F32, n, 1);
    const gndp_node y = network(g, store, gndp_input(g, "x", points));
    st = gndp_plan_create(g, &y, 1, device, &(gndp_plan_options){.ema = true}, &plan);
    gndp_graph_free(g);
    if (st == GNDP_OK) {
        const gndp_feed feed = {"x", gndp_array_view(points, x)};
        gndp_array output = gndp_array_view(points, fit);
        st = gndp_plan_run(plan, &feed, 1, &output, 1);
    }
    gndp_plan_free(plan);
    return st;
}

/* Samples: x uniform on the interval, y the function plus noise, by the library's own counter-based numbers. */
static gndp_status draw_samples(float *x, float *y)
{
    const uint32_t step = 0, member = 0;
    gndp_status st = gndp_random_uniform_f32(seed, step, member, GNDP_STREAM(1, 0), 0, SAMPLES, x);
    if (st == GNDP_OK)
        st = gndp_random_normal_f32(seed, step, member, GNDP_STREAM(2, 0), 0, SAMPLES, y);
    for (int i = 0; i < SAMPLES && st == GNDP_OK; i++) {
        x[i] = (float)(x_max * (2.0 * (double)x[i] - 1.0));
        y[i] = (float)truth((double)x[i]) + noise_std * y[i];
    }
    return st;
}

static void mark(char sketch[ROWS][COLUMNS + 1], int column, double y, char sign)
{
    const int row = (int)lround((ROWS - 1) * (0.5 - y / 3.0)); /* y from 1.5 at the top to -1.5 */
    if (row >= 0 && row < ROWS)
        sketch[row][column] = sign;
}

static void print_sketch(const float *sample_x, const float *sample_y, const float *x, const float *fit)
{
    char sketch[ROWS][COLUMNS + 1];
    for (int r = 0; r < ROWS; r++) {
        memset(sketch[r], ' ', COLUMNS);
        sketch[r][COLUMNS] = 0;
    }
    for (int i = 0; i < SAMPLES; i++)
        mark(sketch, (int)lround((COLUMNS - 1) * (0.5 + (double)sample_x[i] / (2.0 * x_max))), (double)sample_y[i], '.');
    for (int i = 0; i < COLUMNS; i++) {
        mark(sketch, i, truth((double)x[i]), '-');
        mark(sketch, i, (double)fit[i], 'o');
    }
    printf("\n'.' noisy samples, '-' true function, 'o' fit (covers '-')\n");
    for (int r = 0; r < ROWS; r++)
        printf("%5.2f |%s|\n", 1.5 - 3.0 * r / (ROWS - 1), sketch[r]);
    printf("      x from %g to %g\n", -x_max, x_max);
}

int main(void)
{
    int result = EXIT_FAILURE;
    gndp_store *store = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    float sample_x[SAMPLES], sample_y[SAMPLES], x[COLUMNS], fit[COLUMNS];
    double error2 = 0.0;

    TRY(gndp_device_open("cpu", NULL, &device));
    TRY(make_store(&store));
    TRY(make_training_plan(store, device, &plan));
    TRY(draw_samples(sample_x, sample_y));
    const gndp_plan_stats stats = gndp_plan_get_stats(plan);
    printf("device: %s\n", gndp_device_describe(device));
    printf("%lld parameters; one training step is %lld nodes run in %lld steps, %.2f Mflop\n\n", (long long)gndp_store_size(store),
           (long long)stats.nodes, (long long)stats.steps, 1e-6 * stats.flops);

    TRY(train(plan, sample_x, sample_y));

    for (int i = 0; i < COLUMNS; i++)
        x[i] = (float)(x_max * (2.0 * i / (COLUMNS - 1) - 1.0));
    TRY(evaluate(store, device, COLUMNS, x, fit));
    for (int i = 0; i < COLUMNS; i++)
        error2 += pow((double)fit[i] - truth((double)x[i]), 2.0) / COLUMNS;
    print_sketch(sample_x, sample_y, x, fit);
    printf("\nroot mean square error against the true function: %.4f (noise of the samples: %.2f)\n", sqrt(error2),
           (double)noise_std);
    result = EXIT_SUCCESS;

done: /* ---- 6. */
    gndp_plan_free(plan);
    gndp_store_free(store);
    gndp_device_free(device);
    return result;
}
