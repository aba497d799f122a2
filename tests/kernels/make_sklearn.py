#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes sklearn_values.h: Gram matrices, posteriors and evidences by scikit-learn on seeded data.

Run it with a Python that has scikit-learn (Debian: apt-get install python3-sklearn):
    /usr/bin/python3 tests/kernels/make_sklearn.py > tests/kernels/sklearn_values.h
"""
import sys

import numpy as np
import sklearn
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF, ConstantKernel, ExpSineSquared, Matern, RationalQuadratic, WhiteKernel)


def array(name, values):
    flat = np.asarray(values, dtype=float).ravel()
    print(f"static const double {name}[{flat.size}] = {{")
    for i in range(0, flat.size, 4):
        print("    " + ", ".join(repr(float(v)) for v in flat[i:i + 4]) + ",")
    print("};")


def c(v):
    return ConstantKernel(v)


# Text for gndp, the kernel for scikit-learn, input dimension. exp(-2 sin^2/L^2) there is exp(-sin^2/(2 l^2)) here:
# L = 2 l, in one dimension (in more, scikit-learn takes the sine of the distance).
GRAMS = [
    ("rbf(lengthscale=0.7, variance=1.3)", c(1.3) * RBF(0.7), 2),
    ("rbf(lengthscale=[0.7, 1.9], variance=0.4)", c(0.4) * RBF([0.7, 1.9]), 2),
    ("matern12(lengthscale=0.8, variance=1.1)", c(1.1) * Matern(0.8, nu=0.5), 2),
    ("matern32(lengthscale=[0.5, 1.5], variance=0.9)", c(0.9) * Matern([0.5, 1.5], nu=1.5), 2),
    ("matern52(lengthscale=1.2, variance=2)", c(2.0) * Matern(1.2, nu=2.5), 2),
    ("rq(lengthscale=0.6, variance=0.8, alpha=1.7)", c(0.8) * RationalQuadratic(0.6, 1.7), 2),
    ("periodic(lengthscale=0.5, variance=1.5, period=1.3)", c(1.5) * ExpSineSquared(1.0, 1.3), 1),
    ("0.5 * rbf(lengthscale=2) * periodic(lengthscale=0.4, period=0.9) + matern32(lengthscale=0.6)"
     " + white(variance=0.05)",
     c(0.5) * RBF(2.0) * ExpSineSquared(0.8, 0.9) + Matern(0.6, nu=1.5) + WhiteKernel(0.05), 1),
]

# The kernel without its white part, the variance of the noise, input dimension.
GPS = [
    ("rbf(lengthscale=0.6, variance=1.2)", c(1.2) * RBF(0.6), 0.01, 1),
    ("matern12(lengthscale=0.9, variance=0.7)", c(0.7) * Matern(0.9, nu=0.5), 0.05, 1),
    ("matern32(lengthscale=[0.8, 1.4], variance=1.1)", c(1.1) * Matern([0.8, 1.4], nu=1.5), 0.02, 2),
    ("matern52(lengthscale=0.7)", Matern(0.7, nu=2.5), 0.1, 1),
    ("rq(lengthscale=0.9, alpha=0.6) + constant(variance=0.3)",
     RationalQuadratic(0.9, 0.6) + c(0.3), 0.03, 2),
    ("rbf(lengthscale=1.5) * periodic(lengthscale=0.6, period=1.1)",
     RBF(1.5) * ExpSineSquared(1.2, 1.1), 0.02, 1),
]

N, M = 12, 5


def main():
    rng = np.random.default_rng(20240607)
    x, z = rng.uniform(-2, 2, (N, 2)), rng.uniform(-2, 2, (M, 2))
    x[3] = x[2]  # one point twice
    y = np.sin(2 * x[:, 0]) + 0.5 * np.cos(3 * x[:, 1]) + 0.1 * rng.standard_normal(N)
    noise = rng.uniform(0.01, 0.1, N)

    print("// SPDX-License-Identifier: Apache-2.0")
    print(f"// Values by scikit-learn {sklearn.__version__}, numpy {np.__version__}; written by make_sklearn.py.")
    print("#ifndef GNDP_TEST_SKLEARN_VALUES_H\n#define GNDP_TEST_SKLEARN_VALUES_H\n")
    print(f"enum {{ SKLEARN_N = {N}, SKLEARN_M = {M} }};\n")
    print("/* Points [N, D] and [M, D] for D = 1 and 2, values, and variances of their noise. */")
    for d in (1, 2):
        array(f"sklearn_x{d}", x[:, :d])
        array(f"sklearn_z{d}", z[:, :d])
    array("sklearn_y", y)
    array("sklearn_noise", noise)

    print("\ntypedef struct sklearn_gram {\n    const char *text;\n    int dim;\n"
          "    const double *self, *cross; /* [N, N], [N, M] */\n} sklearn_gram;")
    for i, (_, k, d) in enumerate(GRAMS):
        array(f"sklearn_self{i}", k(x[:, :d]))
        array(f"sklearn_cross{i}", k(x[:, :d], z[:, :d]))
    print("static const sklearn_gram sklearn_grams[] = {")
    for i, (text, _, d) in enumerate(GRAMS):
        print(f'    {{"{text}", {d}, sklearn_self{i}, sklearn_cross{i}}},')
    print("};")

    print("\n/* Posterior of the process without noise at z given y at x with noise `noise` + sklearn_noise [N]. */")
    print("typedef struct sklearn_gp {\n    const char *text;\n    int dim;\n    double noise, log_marginal;\n"
          "    const double *mean, *sd, *covariance; /* [M], [M], [M, M] */\n} sklearn_gp;")
    evidence = []
    for i, (_, k, extra, d) in enumerate(GPS):
        gp = GaussianProcessRegressor(k, alpha=extra + noise, optimizer=None).fit(x[:, :d], y)
        evidence.append(gp.log_marginal_likelihood(gp.kernel_.theta))
        mean, sd = gp.predict(z[:, :d], return_std=True)
        _, cov = gp.predict(z[:, :d], return_cov=True)
        array(f"sklearn_mean{i}", mean)
        array(f"sklearn_sd{i}", sd)
        array(f"sklearn_covariance{i}", cov)
    print("static const sklearn_gp sklearn_gps[] = {")
    for i, (text, _, extra, d) in enumerate(GPS):
        print(f'    {{"{text}", {d}, {extra!r}, {float(evidence[i])!r}, sklearn_mean{i}, sklearn_sd{i}, '
              f"sklearn_covariance{i}}},")
    print("};\n\n#endif")
    return 0


if __name__ == "__main__":
    sys.exit(main())
