// SPDX-License-Identifier: Apache-2.0
// Random numbers of one point, and what the draws of the room share.
#ifndef GNDP_MANIFOLDS_DRAW_H
#define GNDP_MANIFOLDS_DRAW_H

#include <gndp/manifolds.h>

#include "base/philox.h"

/* Elements that a point has for a draw by the heat kernel, so that no number of rejections takes those of the next; an even number. */
#define DRAW_ELEMENTS 128
/* Fewer points than this are not worth a parallel region. */
#define DRAW_PARALLEL 256

/* The pairs of one point: pair k is that of elements 2k, 2k + 1 of its range. */
typedef struct draw_source {
    gndp_sphere_key key;
    uint32_t pair;
} draw_source;

static inline draw_source draw_source_at(gndp_sphere_key key, int64_t i)
{
    return (draw_source){.key = key, .pair = (uint32_t)((key.first + i) * (DRAW_ELEMENTS / 2))};
}

static inline gndp_block draw_block(const draw_source *s, int k)
{
    return gndp_block_at(s->key.seed, s->pair + (uint32_t)k, s->key.step, s->key.member, s->key.stream);
}

static inline gndp_pair draw_uniforms(const draw_source *s, int k)
{
    const gndp_block b = draw_block(s, k);
    return (gndp_pair){{gndp_uniform_f64(b.half[0]), gndp_uniform_f64(b.half[1])}};
}

static inline gndp_pair draw_normals(const draw_source *s, int k)
{
    return gndp_normal_pair(draw_block(s, k));
}

/** cosine y + sine e/|e|, to unit norm, e the tangent part of v at y. out may be y. */
void draw_along(int n, const double *y, const double *v, double cosine, double sine, double *out);

/** Checks of all draws: n, ranges of elements, times (tau [count] or NULL). */
gndp_status draw_check(int n, int64_t count, const double *tau, gndp_sphere_key key, int64_t elements);

/** Exact draws on S², checked before. */
void draw_heat(int64_t count, const double *tau, const double *y0, gndp_sphere_key key, double *out);
/** By Wright-Fisher, checked before. */
void draw_wright_fisher(int n, int64_t count, const double *tau, const double *y0, gndp_sphere_key key, double *out);

#endif
