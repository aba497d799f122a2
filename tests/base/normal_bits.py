#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the FNV-1a sums that test_random.c stores: the definition of gndp/base.h in exact integers and Python's doubles.

Python's float operations and math.sqrt are rounded to nearest one by one, so this is a second
implementation of the same definition. Coefficients are derived here with rational arithmetic from a
60-digit pi, not copied.
"""
import math
import struct
from fractions import Fraction

PI = Fraction(314159265358979323846264338327950288419716939937510582097494, 10**59)
MASK = 0xFFFFFFFF


def philox(ctr, key):
    c0, c1, c2, c3 = ctr
    k0, k1 = key
    for _ in range(10):
        a, b = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (b >> 32) ^ c1 ^ k0, b & MASK, (a >> 32) ^ c3 ^ k1, a & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def series(odd, terms):
    shift = 1 if odd else 0
    return [float((-1)**k * (PI / 2)**(2 * k + shift) / math.factorial(2 * k + shift))
            for k in range(terms)]


def horner(coefficients, z):
    value = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        value = value * z + c
    return value


SIN, COS = series(True, 8), series(False, 9)
ATANH = [1.0 / (2 * k + 1) for k in range(1, 10)]
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42p-1"), float.fromhex("0x1.fdf473de6af28p-22")


def uniform(word):
    return (2 * (word >> 12) + 1) / 2**53  # exact


def log_unit(u):
    m, e = math.frexp(u)  # m in [1/2, 1)
    if m < math.sqrt(0.5):
        m, e = 2 * m, e - 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    twice = s + s
    return e * LN2_HIGH + (e * LN2_LOW + (twice + twice * (horner(ATANH, z) * z)))


def cos_sin(u):
    t = 4.0 * u
    q = math.floor(t + 0.5)
    r = t - q
    c, s = horner(COS, r * r), horner(SIN, r * r) * r
    return [(c, s), (-s, c), (-c, -s), (s, -c)][q % 4]


def normals(key, step, member, stream, pair):
    w = philox((pair, step, member, stream), (key & MASK, key >> 32))
    radius = math.sqrt(-2.0 * log_unit(uniform(w[0] | w[1] << 32)))
    c, s = cos_sin(uniform(w[2] | w[3] << 32))
    return radius * c, radius * s


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


if __name__ == "__main__":
    values = [x for pair in range(20000)
              for x in normals(0x0123456789ABCDEF, 7, 11, (3 << 16) | 5, pair)]
    print("f64 0x%016x" % fnv(struct.pack("<%dd" % len(values), *values)))
    print("f32 0x%016x" % fnv(struct.pack("<%df" % len(values), *values)))
    print("first", values[0].hex(), values[1].hex())
