#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The attention networks of src/score against the peer's PyTorch modules with the same weights: values and gradients.

usage: check_against_peer.py PEERS CHECK_NETWORK
PEERS is the folder with models.py, CHECK_NETWORK the program built from bench/check_network.c. Prints the relative
differences (Euclidean norm) of output, gradient in the weights, in x and in y; exits 1 where f64 differs by more than
1e-12 or f32 by more than 1e-5. bf16 rows are stated, not judged.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import torch  # noqa: E402
from models import BiAttentionScore, MultiOutputAttentionScore  # noqa: E402

ATTENTION = {"dims": "over_dims", "points": "over_points"}


def peer_module(model, path):
    """The torch.nn.Linear of a path such as "block0/points/query", and its rows there."""
    parts = path.split("/")
    if parts[0] in ("embed", "head", "last"):
        return getattr(model, parts[0]), slice(None)
    block = model.blocks[int(parts[0][len("block"):])]
    if parts[1] == "time":
        return block.time, slice(None)
    attention = getattr(block, ATTENTION[parts[1]]) if hasattr(block, "over_points") else block.attention
    if parts[2] == "out":
        return attention.out, slice(None)
    width = attention.out.in_features
    k = ("query", "key", "value").index(parts[2])
    return attention.qkv, slice(k * width, (k + 1) * width)


def peer_arrays(model, names, gradient):
    """Our parameters' values or gradients, in our order and layout (weights [in, out])."""
    result = []
    for name in names:
        path, kind = name.rsplit("/", 1)
        module, rows = peer_module(model, path)
        value = getattr(module, kind)
        if gradient:
            value = torch.zeros_like(value) if value.grad is None else value.grad
        value = value.detach()[rows]
        result.append((value.T if kind == "weight" else value).double().numpy())
    return result


def relative(a, b):
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-300))


def compare(program, kind, dx, dy, layers, hidden, heads, batch, points, precision):
    torch.manual_seed(1)
    dtype = torch.float64 if precision == "f64" else torch.float32
    if kind == "bi":
        model = BiAttentionScore(layers, hidden, heads, shortcut=False)
    else:
        model = MultiOutputAttentionScore(dx, dy, layers, hidden, heads)
    with torch.no_grad():
        model.last.weight.normal_(0.0, 0.2)
    model = model.to(dtype)
    x, y, c = (torch.randn(batch, points, d).to(dtype) for d in (dx, dy, dy))
    t = torch.rand(batch).to(dtype)
    x.requires_grad_()
    y.requires_grad_()
    out = model(x, y, t)
    (out * c).sum().backward()

    command = [program, kind] + [str(v) for v in (dx, dy, layers, hidden, heads, batch, points)] + [precision]
    listing = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
    names = [line.split()[0] for line in listing.splitlines()]
    given = peer_arrays(model, names, False) + [v.detach().double().numpy() for v in (x, y, t, c)]
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "in"), os.path.join(folder, "out")
        np.concatenate([v.ravel() for v in given]).tofile(source)
        subprocess.run(command + [source, result], check=True)
        ours = np.fromfile(result)
    n = [out.numel(), sum(p.numel() for p in model.parameters()), x.numel(), y.numel()]
    assert ours.size == sum(n), (ours.size, n)
    theirs = [out.detach().double().numpy().ravel(),
              np.concatenate([v.ravel() for v in peer_arrays(model, names, True)]),
              x.grad.double().numpy().ravel(), y.grad.double().numpy().ravel()]
    parts = np.split(ours, np.cumsum(n)[:-1])
    errors = [relative(a, b) for a, b in zip(parts, theirs)]
    print(f"{kind:5} D {dx} -> {dy}, L {layers}, H {hidden}, heads {heads}, [{batch}, {points}] {precision:4}: output "
          f"{errors[0]:.1e}, gradient in weights {errors[1]:.1e}, in x {errors[2]:.1e}, in y {errors[3]:.1e}", flush=True)
    bound = {"f64": 1e-12, "f32": 1e-5, "bf16": float("inf")}[precision]
    return all(e < bound for e in errors)


def main():
    good = True
    for precision in ("f64", "f32", "bf16"):
        for shape in (("bi", 1, 1, 2, 128, 8, 8, 60), ("bi", 2, 1, 3, 64, 8, 4, 33),
                      ("joint", 2, 2, 5, 128, 4, 2, 648), ("joint", 1, 3, 3, 64, 4, 5, 20)):
            good = compare(sys.argv[2], *shape, precision) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
