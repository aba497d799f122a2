#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the reference values of gp_optimum.h: mean joint log density per target of a Gaussian process that knows the law
of its data, by numpy alone, as a difference of two evidences (gndp: from the posterior).

    /usr/bin/python3 tests/kernels/make_gp_optimum.py
    /usr/bin/python3 tests/kernels/make_gp_optimum.py --by-context

With --by-context: the joint density and the diagonal one (targets as if independent given the context) for each context
size, 20000 functions each, and the mean context size that explains each published value (docs/results/gp_optimum.md).
"""
import sys

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


PUBLISHED = {"rbf": (0.70, -0.81), "matern52": (0.31, -0.93), "weakly periodic": (-0.32, -1.18)}  # joint, diagonal


def one_size(kernel, c, rng, functions):
    """Mean and variance over functions of the joint and the diagonal density per target, given c values."""
    values = []
    for _ in range(functions // 500):
        x = rng.uniform(-2.0, 2.0, (500, c + TARGETS))
        k = kernel(x[:, :, None] - x[:, None, :]) + NOISE * np.eye(c + TARGETS)
        root = np.linalg.cholesky(k)
        e = rng.standard_normal((500, c + TARGETS))
        y = np.einsum("bij,bj->bi", root, e)[:, c:]
        pivots = np.log(np.diagonal(root, axis1=1, axis2=2)[:, c:])  # the chain rule: log p(y_i | all before)
        joint = (-0.5 * e[:, c:] ** 2 - pivots - 0.5 * np.log(2.0 * np.pi)).mean(1)
        reach = np.linalg.solve(root[:, :c, :c], k[:, :c, c:])
        mean = np.einsum("bci,bc->bi", reach, e[:, :c])
        variance = 1.0 + NOISE - (reach ** 2).sum(1)
        diagonal = (-0.5 * (y - mean) ** 2 / variance - 0.5 * np.log(2.0 * np.pi * variance)).mean(1)
        values.append(np.stack([joint, diagonal]))
    values = np.concatenate(values, axis=1)
    return values.mean(1), values.var(1)


def by_context(functions=20000):
    sizes = np.arange(1, MAX_CONTEXT + 1)
    for name, kernel in KERNELS.items():
        rng = np.random.default_rng(12)
        rows = [one_size(kernel, c, rng, functions) for c in sizes]
        means, variances = (np.array(v) for v in zip(*rows))
        print(f"{name}: context size, joint, diagonal (standard errors {np.sqrt(variances.mean(0) / functions)})")
        for c, (joint, diagonal) in zip(sizes, means):
            print(f"  {c:2d} {joint:8.4f} {diagonal:8.4f}")
        for i, what in enumerate(("joint", "diagonal")):
            slope = np.polyfit(sizes, means[:, i], 1)[0]
            mean, published = means[:, i].mean(), PUBLISHED[name][i]
            batches = np.sqrt(means[:, i].var() / 128 + variances[:, i].mean() / 4096)
            print(f"  {what}: mean {mean:.4f}, published {published:.2f}, standard error of 128 batches of 32 {batches:.4f}, "
                  f"nats a context value {slope:.4f}: mean context size {sizes.mean() + (published - mean) / slope:.2f} "
                  f"+- {0.005 / abs(slope):.2f} (rounding)")


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
    by_context() if "--by-context" in sys.argv[1:] else main()
