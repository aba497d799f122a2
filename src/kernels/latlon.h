// SPDX-License-Identifier: Apache-2.0
// The law on a latitude-longitude grid: blocks by wavenumber, made in latlon_blocks.c, used in
// gaussian_latlon.c.
#ifndef GNDP_KERNELS_LATLON_H
#define GNDP_KERNELS_LATLON_H

#include "kernels/fft.h"
#include "kernels/gaussian.h"
#include "kernels/panel.h"

/*
 * A field is f(lat, lon_j) = sum_k c_k(lat) exp(2 pi i j k / n_lon), c_(-k) = conj c_k, and
 * isotropy makes the c_k independent with covariances B_k at the latitudes. B_k is the sum over
 * wavenumbers m = k modulo n_lon (those the grid cannot tell apart) and degrees l of products of
 * normalised Legendre functions (addition theorem): that is a root of B_k as it stands, with as
 * many columns as there are degrees l >= |m|, so neither a Gram matrix nor a Cholesky factorisation
 * is needed, and semidefinite blocks (few degrees, poles) need no threshold: rank is kept by
 * construction. Only when the columns outnumber the rows, or white noise fills the diagonal, does a
 * block become a lower triangle (QR, or Cholesky of R R' + w I). For comparison, blocks by FFT of
 * Gram rows cost n_lat^2/2 kernel values a lag, each a series of up to 512 terms, then n_lat^3/3 a
 * wavenumber, and leave eigenvalues of K's size times rounding to be cut off.
 *
 * Tangent fields: the coefficient of east is i times that of a real root (sphere_spectrum.h). A
 * pole is one point: scalars live there at k = 0, vectors at k = 1 with one coefficient for both
 * components, east = -i s north (s: -1 in the north, 1 in the south).
 */
typedef struct latlon_block {
    int64_t rows, columns; /* of R: rows that are not zero or doubled; rank */
    double *r;             /* [rows, columns] row-major */
    bool lower;            /* square, zeros above the diagonal not stored as such: not to be read */
    bool definite;         /* all pivots above rounding */
    int64_t offset; /* of its normals in a member's noise: real parts, then imaginary ones unless it
                       is real */
} latlon_block;

typedef struct latlon_law {
    int64_t n_lat, n_lon, blocks; /* n_lon/2 + 1 */
    int outputs;
    bool tangent;
    int *pole; /* [n_lat] -1 south, 1 north, 0 none */
    int64_t n_poles;
    latlon_block *block;
    double *variance; /* [n_lat P] */
    double floor;     /* eigenvalues of B_k below this are zero */
    int64_t size, rank;
    bool definite;
    fft *row;
    const panel_table *panel;
    int threads;
} latlon_law;

/** k and n_lon - k are one: the coefficient is real. */
bool latlon_is_real(const latlon_law *w, int64_t k);

/** Which rows (latitude, component) block k has: all, but at a pole those of one wavenumber, and
 * there north alone for vectors. */
bool latlon_has_row(const latlon_law *w, int64_t k, int64_t row);

gndp_status latlon_create(const gaussian_problem *p, void **impl, gaussian_facts *facts);
void latlon_free(void *impl);

#endif
