// SPDX-License-Identifier: Apache-2.0
// Fields on the whole sphere: a smooth scalar, and a wind.
#include "synth/generator.h"

const synth_generator synth_sphere[] = {
    {.info = {.name = "sphere",
              .text = "a smooth scalar on the whole sphere, correlated over about 17 degrees",
              .columns = 2,
              .space = GNDP_SPACE_SPHERE,
              .components = 1,
              .points = 2592,
              .kernel = "s2_rbf(lengthscale=0.3) + white(variance=0.0025)"},
     .kind = GNDP_CHANNEL_SCALAR,
     .channel = "y",
     .prepare = synth_gp_prepare,
     .draw = synth_gp_draw},
    {.info =
         {.name = "sphere_wind",
          .text = "a wind on the whole sphere, east and north: mostly without divergence",
          .columns = 2,
          .space = GNDP_SPACE_SPHERE,
          .components = 2,
          .points = 2592,
          .kernel =
              "s2_hodge(s2_matern(nu=2.5, kappa=0.3), curl=0.3, div=0.7) + white(variance=0.01)"},
     .kind = GNDP_CHANNEL_VECTOR,
     .channel = "wind",
     .part = {"u", "v"},
     .standard = {"eastward_wind", "northward_wind"},
     .prepare = synth_gp_prepare,
     .draw = synth_gp_draw},
    {.channel = NULL},
};
