// SPDX-License-Identifier: Apache-2.0
// The two score networks of the peers and a denoising loss for them, written with public calls only,
// for benchmarks and tests.
#ifndef GNDP_BENCH_NETWORKS_H
#define GNDP_BENCH_NETWORKS_H

#include <gndp/score.h>

/* A network of the peers as an initialiser: bi-attention takes x relative to its mean, the joint one as it is. */
#define BI_ATTENTION(type, x, n_layers, n_hidden, n_heads)                                         \
    {                                                                                              \
        .kind = "bi_attention", .x_dim = (x), .y_dim = 1, .layers = (n_layers),                    \
        .hidden = (n_hidden), .heads = (n_heads), .centre = true, .y_scale = 1.0,                  \
        .time_scale = 1.0, .dtype = (type)                                                         \
    }
#define JOINT_ATTENTION(type, x, y, n_layers, n_hidden, n_heads)                                   \
    {                                                                                              \
        .kind = "multi_attention", .x_dim = (x), .y_dim = (y), .layers = (n_layers),               \
        .hidden = (n_hidden), .heads = (n_heads), .y_scale = 1.0, .time_scale = 1.0,               \
        .dtype = (type)                                                                            \
    }

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
denoising_inputs denoising_inputs_make(gndp_graph *g, const gndp_net_spec *net, int64_t batch,
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
gndp_node denoising_loss(gndp_graph *g, gndp_store *store, const gndp_net_spec *net,
                         const denoising *process, const denoising_inputs *in);

#endif
