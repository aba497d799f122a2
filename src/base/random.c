// SPDX-License-Identifier: Apache-2.0
// Ranges of uniforms and normals, cut into whole Philox blocks and the halves at either end.
#include "base/error.h"
#include "base/philox.h"
#include "base/random_fill.h"

void gndp_philox(const uint32_t ctr[4], const uint32_t key[2], uint32_t out[4])
{
    philox4x32_ctr_t c = {{ctr[0], ctr[1], ctr[2], ctr[3]}};
    const philox4x32_key_t k = {{key[0], key[1]}};
    c = philox4x32_R(10, c, k);
    memcpy(out, c.v, sizeof c.v);
}

/* The levels agree to the bit, so the choice needs no say of the caller. The compiler's runtime
   asked the processor when the program started; here it costs one load. */
static const gndp_random_fill *best_fill(void)
{
#if defined(GNDP_HAVE_X86_SIMD)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return &gndp_random_fill_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &gndp_random_fill_avx2;
#endif
    return &gndp_random_fill_baseline;
}

/* Elements [first, first + n) are maybe a second half of a pair, then whole blocks, maybe a first
   half. `size` is that of an element. */
static gndp_status fill_range(gndp_random_fn fill, size_t size, gndp_random_span span,
                              int64_t first, int64_t n, void *out)
{
    gndp_status st = GNDP_OK;
    const int64_t limit = INT64_C(1) << 33; /* pairs are numbered by one word */
    double pair[2];                         /* or two floats */
    char *at = out;
    GNDP_CHECK(first >= 0 && n >= 0 && first <= limit && n <= limit - first, GNDP_ERR_RANGE,
               "%lld elements from %lld on: allowed are 0 to 2^33", (long long)n, (long long)first);
    GNDP_CHECK(out != NULL || n == 0, GNDP_ERR_ARG, "out is NULL");
    span.pair = (uint32_t)(first / 2);
    if (n > 0 && first % 2 != 0) {
        fill(span, 1, pair);
        memcpy(at, (char *)pair + size, size);
        at += size;
        span.pair++;
        n--;
    }
    if (n >= 2) {
        fill(span, n / 2, at);
        at += (size_t)(n / 2) * 2 * size;
        span.pair += (uint32_t)(n / 2);
    }
    if (n % 2 != 0) {
        fill(span, 1, pair);
        memcpy(at, pair, size);
    }
done:
    return st;
}

static gndp_random_span span_of(uint64_t key, uint32_t step, uint32_t member, uint32_t stream)
{
    return (gndp_random_span){.key = key, .step = step, .member = member, .stream = stream};
}

gndp_status gndp_random_uniform_f32(uint64_t key, uint32_t step, uint32_t member, uint32_t stream,
                                    int64_t first, int64_t n, float *out)
{
    return fill_range(best_fill()->uniform_f32, sizeof *out, span_of(key, step, member, stream),
                      first, n, out);
}

gndp_status gndp_random_uniform_f64(uint64_t key, uint32_t step, uint32_t member, uint32_t stream,
                                    int64_t first, int64_t n, double *out)
{
    return fill_range(best_fill()->uniform_f64, sizeof *out, span_of(key, step, member, stream),
                      first, n, out);
}

gndp_status gndp_random_normal_f32(uint64_t key, uint32_t step, uint32_t member, uint32_t stream,
                                   int64_t first, int64_t n, float *out)
{
    return fill_range(best_fill()->normal_f32, sizeof *out, span_of(key, step, member, stream),
                      first, n, out);
}

gndp_status gndp_random_normal_f64(uint64_t key, uint32_t step, uint32_t member, uint32_t stream,
                                   int64_t first, int64_t n, double *out)
{
    return fill_range(best_fill()->normal_f64, sizeof *out, span_of(key, step, member, stream),
                      first, n, out);
}
