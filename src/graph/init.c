// SPDX-License-Identifier: Apache-2.0
// Initialisers of parameters: constants, truncated and plain normals, uniforms, and Haar orthogonal matrices.
#include "graph/store.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Every draw is a word of Philox under the seed, at a counter made of the 64-bit hash of the parameter's name and the
 * element: no other parameter, thread count or order of calls can move it. The stream below is the room's own;
 * its substep counts the attempts of the truncated normal.
 */
#define INIT_STREAM 0x1417u
enum { MAX_ATTEMPTS = 64 };

typedef struct source {
    uint64_t seed, hash;
} source;

static gndp_status normals(source from, unsigned attempt, int64_t first, int64_t n, double *out)
{
    return gndp_random_normal_f64(from.seed, (uint32_t)from.hash, (uint32_t)(from.hash >> 32),
                                  GNDP_STREAM(INIT_STREAM, attempt), first, n, out);
}

/* Standard normals conditioned on |z| <= 2, by rejection: an element that falls outside (4.6 %) is drawn again at the
   next substep. After MAX_ATTEMPTS, which has probability 1e-86 an element, it is cut. */
static gndp_status truncated_normals(source from, int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(normals(from, 0, 0, n, out));
    for (int64_t i = 0; i < n; i++) {
        for (unsigned attempt = 1; fabs(out[i]) > 2.0 && attempt < MAX_ATTEMPTS; attempt++)
            GNDP_TRY(normals(from, attempt, i, 1, &out[i]));
        out[i] = fmax(-2.0, fmin(2.0, out[i]));
    }
done:
    return st;
}

/* Apply H = I - tau v v' to x, v and x [n]. */
static void reflect(int64_t n, const double *v, double tau, double *x)
{
    double dot = 0.0;
    for (int64_t i = 0; i < n; i++)
        dot += v[i] * x[i];
    dot *= tau;
    for (int64_t i = 0; i < n; i++)
        x[i] -= dot * v[i];
}

/*
 * Orthonormalise the m columns of a [m][n] (column c is the row a[c*n..]), m <= n, entries independent normals:
 * a = Q R by Householder reflections, and the column of Q takes the sign of R's diagonal. Only with R's diagonal made
 * positive is the decomposition unique, and Q then has the Haar law (Mezzadri 2007, Notices AMS 54(5), section 4).
 *
 * @param q   [m][n] out, the columns of Q
 * @param tau [m] work; its sign also keeps that of R's diagonal
 */
static void haar_columns(int64_t n, int64_t m, double *a, double *q, double *tau)
{
    for (int64_t k = 0; k < m; k++) {
        double *v = a + k * n + k;
        const int64_t length = n - k;
        double norm2 = 0.0;
        for (int64_t i = 0; i < length; i++)
            norm2 += v[i] * v[i];
        const double r = v[0] > 0.0 ? -sqrt(norm2) : sqrt(norm2); /* R_kk, opposite to v[0]: no cancellation */
        v[0] -= r;
        const double v2 = -2.0 * r * v[0]; /* |v|^2 = 2 r (r - x_0) */
        const double positive = v2 > 0.0 ? 2.0 / v2 : 0.0;   /* 0: an all-zero column is left alone */
        for (int64_t c = k + 1; c < m; c++)
            reflect(length, v, positive, a + c * n + k);
        tau[k] = r < 0.0 ? -positive : positive;
    }
    memset(q, 0, (size_t)(n * m) * sizeof *q);
    for (int64_t c = 0; c < m; c++) {
        double *column = q + c * n;
        column[c] = tau[c] < 0.0 ? -1.0 : 1.0;
        for (int64_t k = c; k >= 0; k--) /* reflections after c do not touch e_c */
            reflect(n - k, a + k * n + k, fabs(tau[k]), column + k);
    }
}

/* Each matrix of the last two axes is drawn for itself: with R rows and C columns, the shorter family is orthonormal. */
static gndp_status orthogonal(source from, gndp_type type, double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t rows = type.dim[type.rank - 2], cols = type.dim[type.rank - 1];
    const int64_t n = rows > cols ? rows : cols, m = rows > cols ? cols : rows;
    const int64_t each = n * m, batch = gndp_type_count(type) / each;
    double *work = malloc((size_t)(2 * each + m) * sizeof *work);
    GNDP_CHECK(work != NULL, GNDP_ERR_NOMEM, "%zu bytes", (size_t)(2 * each + m) * sizeof *work);
    for (int64_t b = 0; b < batch; b++) {
        double *q = work + each, *to = out + b * each;
        GNDP_TRY(normals(from, 0, b * each, each, work));
        haar_columns(n, m, work, q, work + 2 * each);
        if (rows <= cols) { /* q is [rows][cols] already: orthonormal rows */
            memcpy(to, q, (size_t)each * sizeof *to);
            continue;
        }
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < cols; j++)
                to[i * cols + j] = q[j * rows + i];
    }
done:
    free(work);
    return st;
}

/* Inputs of a unit: the length of the axis that a product sums over. */
static double fan_in(gndp_type type)
{
    if (type.rank == 0)
        return 1.0;
    return (double)type.dim[type.rank >= 2 ? type.rank - 2 : 0];
}

gndp_status gndp_init_fill(gndp_init init, uint64_t seed, uint64_t hash, gndp_array value)
{
    gndp_status st = GNDP_OK;
    const source from = {seed, hash};
    const gndp_type type = value.type;
    const int64_t n = gndp_type_count(type);
    double scale = init.scale;
    double *draw = calloc((size_t)n, sizeof *draw);
    GNDP_CHECK(draw != NULL, GNDP_ERR_NOMEM, "%zu bytes", (size_t)n * sizeof *draw);
    switch (init.kind) {
    case GNDP_INIT_ZEROS:
        break;
    case GNDP_INIT_CONSTANT:
        for (int64_t i = 0; i < n; i++)
            draw[i] = 1.0;
        break;
    case GNDP_INIT_TRUNCATED_NORMAL:
        GNDP_TRY(truncated_normals(from, n, draw));
        scale /= sqrt(fan_in(type));
        break;
    case GNDP_INIT_NORMAL:
        GNDP_TRY(normals(from, 0, 0, n, draw));
        break;
    case GNDP_INIT_UNIFORM:
        GNDP_TRY(gndp_random_uniform_f64(seed, (uint32_t)hash, (uint32_t)(hash >> 32), GNDP_STREAM(INIT_STREAM, 0), 0, n,
                                         draw));
        for (int64_t i = 0; i < n; i++)
            draw[i] = 2.0 * draw[i] - 1.0;
        break;
    case GNDP_INIT_ORTHOGONAL:
        GNDP_TRY(orthogonal(from, type, draw));
        break;
    }
    if (type.dtype == GNDP_F64)
        for (int64_t i = 0; i < n; i++)
            ((double *)value.data)[i] = scale * draw[i];
    else
        for (int64_t i = 0; i < n; i++)
            ((float *)value.data)[i] = (float)(scale * draw[i]);
done:
    free(draw);
    return st;
}
