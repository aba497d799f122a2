// SPDX-License-Identifier: Apache-2.0
// Vector fields on the plane: gp_diag, gp_curlfree, gp_divfree.
#include "synth/generator.h"

/* geomndp.md 12.3: length scale sqrt 5, variance 1, noise of variance 0.02 in the data; the disc of
   radius 10 cut from the 30 x 30 grid on [-10, 10]^2 has 648 points. */
#define ON_A_DISC(name_, text_, kernel_)                                                           \
    {                                                                                              \
        .info = {.name = (name_),                                                                  \
                 .text = (text_),                                                                  \
                 .columns = 2,                                                                     \
                 .space = GNDP_SPACE_EUCLIDEAN,                                                    \
                 .components = 2,                                                                  \
                 .low = -10.0,                                                                     \
                 .high = 10.0,                                                                     \
                 .points = 648,                                                                    \
                 .kernel = kernel_ " + white(variance=0.02)"},                                     \
        .kind = GNDP_CHANNEL_VECTOR, .channel = "v", .part = {"v1", "v2"}, .radius = 10.0,         \
        .side = 30, .prepare = synth_gp_prepare, .draw = synth_gp_draw                             \
    }

const synth_generator synth_vector[] = {
    ON_A_DISC("gp_diag", "vectors on a disc, two independent smooth components",
              "diag(rbf(lengthscale=2.23606797749979), outputs=2)"),
    ON_A_DISC("gp_curlfree", "vectors on a disc: gradients of a smooth potential",
              "curlfree(rbf(lengthscale=2.23606797749979))"),
    ON_A_DISC("gp_divfree", "vectors on a disc: flow without sources",
              "divfree(rbf(lengthscale=2.23606797749979))"),
    {.channel = NULL},
};
