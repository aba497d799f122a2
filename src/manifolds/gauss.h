// SPDX-License-Identifier: Apache-2.0
// Gauss-Legendre quadrature in the angle.
#ifndef GNDP_MANIFOLDS_GAUSS_H
#define GNDP_MANIFOLDS_GAUSS_H

#include <stdint.h>

/** Nodes on [-1, 1] as angles [n], rising from near 0 to near pi (node = cos(angle)), and weights [n], sum 2. n >= 1. */
void gauss_legendre(int64_t n, double *angle, double *weight);

#endif
