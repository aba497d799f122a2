// SPDX-License-Identifier: Apache-2.0
// The two score networks of the peers and their denoising loss, written with public calls only, for
// benchmarks and tests.
#ifndef GNDP_BENCH_NETWORKS_H
#define GNDP_BENCH_NETWORKS_H

#include <gndp/graph.h>

typedef enum network_kind {
    NETWORK_BI_ATTENTION,   /* over points and over input dimensions; exchangeable in both */
    NETWORK_JOINT_ATTENTION /* over points, inputs and outputs joined to one feature vector */
} network_kind;

typedef struct network {
    network_kind kind;
    gndp_dtype dtype;
    int64_t x_dim, y_dim; /* bi-attention: y_dim is 1, x_dim matters only for its parameters if 1 */
    int64_t layers, hidden;
    int heads;
} network;

/**
 * Add the parameters, "embed/weight", "block0/points/query/weight", ..., "last/bias". Weights are
 * truncated normals by fan-in, biases 0, the last weight 0 (so the network starts as 0).
 *
 * Linear layers of a block: time H -> H; for each attention query, key, value H -> 2H and out
 * 2H -> 2H. With one input dimension the queries and keys of the attention over dimensions are
 * there, though no output depends on them, so that one file of parameters serves any x_dim.
 *
 * @return as gndp_store_add()
 */
gndp_status network_add_parameters(const network *net, gndp_store *store);

/**
 * Output of the network. Bi-attention takes x relative to its mean over the points, so that it does
 * not change under translations. GELU is the tanh form. Everything but the first and the last layer
 * is a reduced product: the first would round the coordinates.
 *
 * @param x    [B, N, D]
 * @param y    [B, N, P]
 * @param t    [B] diffusion time, in [0, 1]
 * @param mask i32 [B, N], 0 at padded points, or GNDP_NONE. What stands in padded slots, be it NaN,
 *             reaches neither other points nor a gradient; the output is 0 there
 * @return [B, N, P]
 */
gndp_node network_build(gndp_graph *g, gndp_store *store, const network *net, gndp_node x,
                        gndp_node y, gndp_node t, gndp_node mask);

/* Noising process with a white limit of standard deviation noise_std, and the form of the output:
   beta(t) rises linearly from beta0 at t0 to beta1 at t1. */
typedef struct denoising {
    double t0, t1, beta0, beta1;
    double noise_std;
    bool std_trick;      /* output divided by s + 1e-3 */
    bool residual_trick; /* y_t subtracted from the output */
} denoising;

/* Named inputs of the loss; each becomes an input node of the graph. */
typedef struct denoising_inputs {
    gndp_node x, y0; /* "x" [B, N, D], "y0" [B, N, P] */
    gndp_node mask;  /* "mask" i32 [B, N], or GNDP_NONE */
    gndp_node seed;  /* "seed" i32 [2] */
    gndp_node step;  /* "step" i32 scalar: all draws follow from seed and step */
} denoising_inputs;

/** The input nodes for B realizations of N points. */
denoising_inputs denoising_inputs_make(gndp_graph *g, const network *net, int64_t batch,
                                       int64_t points, bool masked);

/**
 * Weighted denoising score matching for the preconditioned score,
 *
 *   y_t = exp(-B/2) y_0 + s K^{1/2} z,   s^2 = 1 - exp(-B),   K = noise_std^2 I,   z ~ N(0, I),
 *   loss = mean over realizations and (valid) points of sum over outputs of (s score + K^{1/2}
 * z)^2,
 *
 * with one uniform time in each of B equal strata of [t0, t1].
 *
 * @return scalar
 */
gndp_node denoising_loss(gndp_graph *g, gndp_store *store, const network *net,
                         const denoising *process, const denoising_inputs *in);

#endif
