// SPDX-License-Identifier: Apache-2.0
// Coloured noise of a law for blocks of realizations, from numbered streams.
#include "sde/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Dense roots up to this many values are copied: 128 MiB. */
enum { COPIED_ROOT = 4096, LANES = 2 * PANEL_LANES };

/* Variance of a diagonal law, which is the same for every value. */
static gndp_status white_of(const gndp_gaussian *law, double *out)
{
    gndp_status st = GNDP_OK;
    double *variance = malloc((size_t)gndp_gaussian_size(law) * sizeof *variance + 1);
    GNDP_CHECK(variance != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)gndp_gaussian_size(law));
    GNDP_TRY(gndp_gaussian_variance(law, variance));
    *out = gndp_gaussian_size(law) > 0 ? sqrt(variance[0]) : 1.0;
done:
    free(variance);
    return st;
}

/* Row i of L is L' e_i. */
static gndp_status copy_root(noise_source *noise)
{
    gndp_status st = GNDP_OK;
    const int64_t n = noise->size;
    double *unit = calloc((size_t)(LANES * n), sizeof *unit);
    GNDP_TRY(panel_select(false, &noise->table));
    noise->root = malloc((size_t)(n * n) * sizeof *noise->root);
    noise->panel[0] = malloc((size_t)(LANES * n) * sizeof **noise->panel);
    noise->panel[1] = malloc((size_t)(LANES * n) * sizeof **noise->panel);
    GNDP_CHECK(unit != NULL && noise->root != NULL && noise->panel[0] != NULL &&
                   noise->panel[1] != NULL,
               GNDP_ERR_NOMEM, "the root of %lld values", (long long)n);
    for (int64_t i = 0; i < n; i += LANES) {
        const int64_t some = n - i < LANES ? n - i : LANES;
        memset(unit, 0, (size_t)(LANES * n) * sizeof *unit);
        for (int64_t r = 0; r < some; r++) {
            unit[r * n + i + r] = 1.0;
        }
        GNDP_TRY(gndp_gaussian_apply_root(noise->law, true, some, unit, noise->root + i * n));
    }
done:
    free(unit);
    return st;
}

gndp_status noise_open(const gndp_gaussian *law, int64_t group, bool many, noise_source *out)
{
    gndp_status st = GNDP_OK;
    const gndp_factorisation how = gndp_gaussian_factorisation(law);
    noise_source noise = {.law = law,
                          .size = gndp_gaussian_size(law),
                          .rank = gndp_gaussian_rank(law),
                          .group = group};
    *out = (noise_source){0};
    if (how == GNDP_FACTOR_DIAGONAL) {
        GNDP_TRY(white_of(law, &noise.white));
    } else {
        noise.xi = malloc((size_t)(group * noise.rank) * sizeof *noise.xi + 1);
        GNDP_CHECK(noise.xi != NULL, GNDP_ERR_NOMEM, "%lld values",
                   (long long)(group * noise.rank));
        if (many && how == GNDP_FACTOR_DENSE && noise.size <= COPIED_ROOT) {
            GNDP_TRY(copy_root(&noise));
        }
    }
    *out = noise;
    noise = (noise_source){0};
done:
    noise_close(&noise);
    return st;
}

void noise_close(noise_source *noise)
{
    free(noise->xi);
    free(noise->root);
    free(noise->panel[0]);
    free(noise->panel[1]);
    *noise = (noise_source){0};
}

static gndp_status colour(const noise_source *noise, int64_t n, double *out)
{
    const int64_t size = noise->size;
    if (noise->root == NULL) {
        return gndp_gaussian_apply_root(noise->law, false, n, noise->xi, out);
    }
    for (int64_t r = 0; r < n; r += LANES) {
        const int lanes = n - r < LANES ? (int)(n - r) : LANES;
        panel_pack(size, lanes, LANES, noise->xi + r * size, size, noise->panel[0]);
        panel_lower(noise->table, false, false, size, noise->root, size, 2, gndp_threads_get(),
                    noise->panel[0], noise->panel[1]);
        panel_unpack(size, lanes, LANES, noise->panel[1], out + r * size, size);
    }
    return GNDP_OK;
}

/* Where the normals of n rows go before they are coloured. */
static double *plain_rows(const noise_source *noise, double *out)
{
    return noise->xi != NULL ? noise->xi : out;
}

static gndp_status colour_rows(noise_source *noise, int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    if (noise->xi != NULL) {
        GNDP_TRY(colour(noise, n, out));
    } else {
        for (int64_t i = 0; i < n * noise->size; i++) {
            out[i] *= noise->white;
        }
    }
done:
    return st;
}

gndp_status noise_fill(noise_source *noise, gndp_key key, const uint32_t *member, int64_t n,
                       double *out)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < n; r++) {
        GNDP_TRY(gndp_random_normal_f64(key.seed, key.step, member[r], key.stream, 0, noise->rank,
                                        plain_rows(noise, out) + r * noise->rank));
    }
    GNDP_TRY(colour_rows(noise, n, out));
done:
    return st;
}

gndp_status noise_fill_streams(noise_source *noise, gndp_key key, uint32_t member, int64_t n,
                               double *out)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < n; r++) {
        GNDP_TRY(gndp_random_normal_f64(key.seed, key.step, member, key.stream + (uint32_t)r, 0,
                                        noise->rank, plain_rows(noise, out) + r * noise->rank));
    }
    GNDP_TRY(colour_rows(noise, n, out));
done:
    return st;
}

gndp_status noise_product(noise_source *noise, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t size = noise->size;
    if (noise->xi == NULL) {
        for (int64_t i = 0; i < n * size; i++) {
            out[i] = noise->white * noise->white * v[i];
        }
        return GNDP_OK;
    }
    if (noise->root == NULL) {
        GNDP_TRY(gndp_gaussian_apply(noise->law, n, v, out));
        goto done;
    }
    for (int64_t r = 0; r < n; r += LANES) { /* L (L' v) */
        const int lanes = n - r < LANES ? (int)(n - r) : LANES;
        panel_pack(size, lanes, LANES, v + r * size, size, noise->panel[0]);
        panel_lower(noise->table, false, true, size, noise->root, size, 2, gndp_threads_get(),
                    noise->panel[0], noise->panel[1]);
        panel_lower(noise->table, false, false, size, noise->root, size, 2, gndp_threads_get(),
                    noise->panel[1], noise->panel[0]);
        panel_unpack(size, lanes, LANES, noise->panel[0], out + r * size, size);
    }
done:
    return st;
}
