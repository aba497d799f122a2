// SPDX-License-Identifier: Apache-2.0
// The loops of random_fill.h; GNDP_RANDOM_FILL is the name of the table that the including file
// defines.
#include "base/philox.h"
#include "base/random_fill.h"

/* The bodies have no call and no branch: vector code works on as many blocks as there are lanes. */
static inline gndp_block block_of(const gndp_random_span *span, int64_t i)
{
    return gndp_block_at(span->key, span->pair + (uint32_t)i, span->step, span->member,
                         span->stream);
}

static void uniform_f32(gndp_random_span span, int64_t blocks, void *values)
{
    float *out = values;
    for (int64_t i = 0; i < blocks; i++) {
        const gndp_block b = block_of(&span, i);
        out[2 * i] = gndp_uniform_f32(b.half[0]);
        out[2 * i + 1] = gndp_uniform_f32(b.half[1]);
    }
}

static void uniform_f64(gndp_random_span span, int64_t blocks, void *values)
{
    double *out = values;
    for (int64_t i = 0; i < blocks; i++) {
        const gndp_block b = block_of(&span, i);
        out[2 * i] = gndp_uniform_f64(b.half[0]);
        out[2 * i + 1] = gndp_uniform_f64(b.half[1]);
    }
}

static void normal_f32(gndp_random_span span, int64_t blocks, void *values)
{
    float *out = values;
    for (int64_t i = 0; i < blocks; i++) {
        const gndp_pair n = gndp_normal_pair(block_of(&span, i));
        out[2 * i] = (float)n.x[0];
        out[2 * i + 1] = (float)n.x[1];
    }
}

static void normal_f64(gndp_random_span span, int64_t blocks, void *values)
{
    double *out = values;
    for (int64_t i = 0; i < blocks; i++) {
        const gndp_pair n = gndp_normal_pair(block_of(&span, i));
        out[2 * i] = n.x[0];
        out[2 * i + 1] = n.x[1];
    }
}

const gndp_random_fill GNDP_RANDOM_FILL = {
    .uniform_f32 = uniform_f32,
    .uniform_f64 = uniform_f64,
    .normal_f32 = normal_f32,
    .normal_f64 = normal_f64,
};
