#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the reference values of gp_optimum.h: mean joint log density per target of a Gaussian process that knows the law
of its data, by numpy alone, as a difference of two evidences (gndp: from the posterior).

    /usr/bin/python3 tests/kernels/make_gp_optimum.py
"""
import numpy as np

TARGETS, MAX_CONTEXT, FUNCTIONS = 50, 10, 40000
NOISE = 0.05 ** 2


def rbf(d, length):
    return np.exp(-0.5 * (d / length) ** 2)


def matern52(d, length):
    a = np.sqrt(5.0) * np.abs(d) / length
    return (1.0 + a + a * a / 3.0) * np.exp(-a)


def periodic(d, length, period):
    return np.exp(-0.5 * (np.sin(np.pi * d / period) / length) ** 2)


KERNELS = {
    "rbf": lambda d: rbf(d, 0.25),
    "matern52": lambda d: matern52(d, 0.25),
    "weakly periodic": lambda d: rbf(d, 0.5) * periodic(d, 0.25, 1.0),
}


def evidence(k, y):
    root = np.linalg.cholesky(k)
    white = np.linalg.solve(root, y)
    return -0.5 * white @ white - np.log(np.diag(root)).sum() - 0.5 * len(y) * np.log(2.0 * np.pi)


def main():
    for name, kernel in KERNELS.items():
        rng = np.random.default_rng(12)
        values = []
        for r in range(FUNCTIONS):
            c = 1 + r % MAX_CONTEXT
            x = rng.uniform(-2.0, 2.0, c + TARGETS)
            k = kernel(x[:, None] - x) + NOISE * np.eye(c + TARGETS)
            y = np.linalg.cholesky(k) @ rng.standard_normal(c + TARGETS)
            values.append((evidence(k, y) - evidence(k[:c, :c], y[:c])) / TARGETS)
        error = np.std(values) / np.sqrt(FUNCTIONS)
        print(f"{name}: {np.mean(values):.4f} +- {error:.4f}")


if __name__ == "__main__":
    main()
