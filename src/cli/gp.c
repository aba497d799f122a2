// SPDX-License-Identifier: Apache-2.0
// `gndp gp`: the table of its verbs.
#include "cli/gp.h"

#include "cli/gp_verbs.h"

const char gndp_gp_text[] =
    "usage: gndp gp VERB [OPTION]...\n"
    "\n"
    "Exact Gaussian processes: random fields with a covariance that you name, their fit to data,\n"
    "and what data at some points say about the field elsewhere, with uncertainty. Every answer "
    "is\n"
    "closed form; nothing is approximated without saying so.\n";

const char gndp_gp_examples[] =
    "Kernels, the covariance as text (docs/gp.md has all):\n"
    "  rbf(lengthscale=0.5)                       smooth; also matern12, matern32, matern52, rq\n"
    "  rbf(lengthscale=[2, 1], variance=4)        a length for each coordinate\n"
    "  periodic(lengthscale=1, period=1) * rbf()  sums + and products *\n"
    "  ... + white(variance=0.01)                 independent noise in every value\n"
    "  curlfree(rbf(lengthscale=1))               wind from a velocity potential; divfree(..)\n"
    "  s2_matern(nu=1.5, kappa=0.2)               the sphere; kappa in radians\n"
    "  s2_hodge(s2_heat(kappa=0.2), curl=0.3, div=0.7)\n"
    "                                             wind on the sphere, east and north\n"
    "\n"
    "Begin here:\n"
    "  gndp gp sample --kernel \"matern32(lengthscale=0.5)\" --line -2:2:200 -n 3\n"
    "  gndp gp sample --help\n";

const gndp_verb gndp_gp_verbs[] = {
    {.name = "fit",
     .full = "gp fit",
     .summary = "find the kernel's parameters that data make most likely",
     .help = gp_fit_text,
     .options = gp_fit_options,
     .examples = gp_fit_examples,
     .run = gp_fit_run},
    {.name = "sample",
     .full = "gp sample",
     .summary = "draw fields",
     .help = gp_sample_text,
     .options = gp_sample_options,
     .examples = gp_sample_examples,
     .run = gp_sample_run},
    {.name = "infer",
     .full = "gp infer",
     .summary = "the field elsewhere, given data: mean, spread, draws",
     .help = gp_infer_text,
     .options = gp_infer_options,
     .examples = gp_infer_examples,
     .run = gp_infer_run},
    {.name = "eval",
     .full = "gp eval",
     .summary = "score predictions of data that were held out",
     .help = gp_eval_text,
     .options = gp_eval_options,
     .examples = gp_eval_examples,
     .run = gp_eval_run},
    {0},
};
