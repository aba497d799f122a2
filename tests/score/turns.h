// SPDX-License-Identifier: Apache-2.0
// Orthogonal maps, and fields that they turn.
#ifndef GNDP_TEST_TURNS_H
#define GNDP_TEST_TURNS_H

#include "score/net_case.h"

enum { MAX_D = 4 };

/* A random orthogonal matrix, by Gram-Schmidt of normals; its determinant has the sign that is asked for. */
static inline void make_orthogonal(int64_t d, uint32_t stream, double sign, double q[MAX_D][MAX_D])
{
    double *a = normals(d * d, stream, 1.0), det = 1.0;
    for (int64_t i = 0; i < d; i++) {
        for (int64_t k = 0; k < d; k++)
            q[i][k] = a[i * d + k];
        for (int pass = 0; pass < 2; pass++)
            for (int64_t j = 0; j < i; j++) {
                double dot = 0.0;
                for (int64_t k = 0; k < d; k++)
                    dot += q[i][k] * q[j][k];
                for (int64_t k = 0; k < d; k++)
                    q[i][k] -= dot * q[j][k];
            }
        double norm = 0.0;
        for (int64_t k = 0; k < d; k++)
            norm += q[i][k] * q[i][k];
        for (int64_t k = 0; k < d; k++)
            q[i][k] /= sqrt(norm);
    }
    /* the determinant by elimination of a copy */
    double m[MAX_D][MAX_D];
    memcpy(m, q, sizeof m);
    for (int64_t c = 0; c < d; c++) {
        int64_t pivot = c;
        for (int64_t i = c; i < d; i++)
            pivot = fabs(m[i][c]) > fabs(m[pivot][c]) ? i : pivot;
        for (int64_t k = 0; k < d; k++) {
            const double swap = m[c][k];
            m[c][k] = m[pivot][k];
            m[pivot][k] = swap;
        }
        det *= pivot == c ? m[c][c] : -m[c][c];
        for (int64_t i = c + 1; i < d; i++)
            for (int64_t k = d - 1; k >= c; k--)
                m[i][k] -= m[i][c] / m[c][c] * m[c][k];
    }
    for (int64_t k = 0; k < d; k++)
        q[0][k] *= det * sign < 0.0 ? -1.0 : 1.0;
    free(a);
}

static inline void turn(int64_t d, double q[MAX_D][MAX_D], double *v)
{
    double out[MAX_D] = {0.0};
    for (int64_t i = 0; i < d; i++)
        for (int64_t k = 0; k < d; k++)
            out[i] += q[i][k] * v[k];
    memcpy(v, out, (size_t)d * sizeof *v);
}

/* rho(h) of fields [rows, width]: vectors turn, scalars stay. */
static inline void turn_values(const gndp_net_spec *spec, double q[MAX_D][MAX_D], int64_t rows, double *y, int64_t width)
{
    const int64_t d = spec->vector_dim > 0 ? spec->vector_dim : spec->x_dim;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t first = spec->scalars; first < width; first += d)
            turn(d, q, y + i * width + first);
}

#endif
