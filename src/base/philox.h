// SPDX-License-Identifier: Apache-2.0
// Philox blocks, uniforms and normals bit for bit, inline for C, for vector loops and for CUDA.
#ifndef GNDP_BASE_PHILOX_H
#define GNDP_BASE_PHILOX_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include <Random123/philox.h>

/*
 * gndp/base.h defines the values. Whoever includes this file gets the same bits if its arithmetic
 * is IEEE 754 double rounded to nearest and nothing is contracted: compile with -ffp-contract=off.
 * In CUDA the intrinsics below are never contracted whatever the flags. Every function is free of
 * branches, so a loop over blocks becomes vector code with the same result in each lane. No operand
 * or result is subnormal: flush-to-zero changes nothing.
 */
#if defined(__CUDACC__)
#define GNDP_HD __host__ __device__
#else
#define GNDP_HD
#endif

#if defined(__CUDA_ARCH__)
#define GNDP_DADD(a, b) __dadd_rn((a), (b))
#define GNDP_DMUL(a, b) __dmul_rn((a), (b))
#define GNDP_DDIV(a, b) __ddiv_rn((a), (b))
#define GNDP_DSQRT(a) __dsqrt_rn((a))
#else
#define GNDP_DADD(a, b) ((a) + (b))
#define GNDP_DMUL(a, b) ((a) * (b))
#define GNDP_DDIV(a, b) ((a) / (b))
#define GNDP_DSQRT(a) sqrt((a))
#endif

/* The words of one block as two 64-bit halves, one for each element of the pair. */
typedef struct gndp_block {
    uint64_t half[2];
} gndp_block;

typedef struct gndp_pair {
    double x[2];
} gndp_pair;

static inline GNDP_HD gndp_block gndp_block_at(uint64_t key, uint32_t pair, uint32_t step,
                                               uint32_t member, uint32_t stream)
{
    philox4x32_ctr_t c = {{pair, step, member, stream}};
    philox4x32_key_t k = {{(uint32_t)key, (uint32_t)(key >> 32)}};
    gndp_block b;
    c = philox4x32_R(10, c, k);
    b.half[0] = (uint64_t)c.v[1] << 32 | c.v[0];
    b.half[1] = (uint64_t)c.v[3] << 32 | c.v[2];
    return b;
}

static inline GNDP_HD double gndp_double_of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline GNDP_HD uint64_t gndp_bits_of_double(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* (2 k + 1) / 2^53 with k the top 52 bits: 1 + k/2^52 is put together as bits, and taking 1 off and
   adding 2^-53 are both exact. */
static inline GNDP_HD double gndp_uniform_f64(uint64_t word)
{
    const double one_to_two = gndp_double_of_bits(word >> 12 | UINT64_C(0x3ff0000000000000));
    return GNDP_DADD(GNDP_DADD(one_to_two, -1.0), 0x1p-53);
}

/* (2 k + 1) / 2^24 with k the top 23 bits, exact likewise. */
static inline GNDP_HD float gndp_uniform_f32(uint64_t word)
{
    const uint32_t bits = (uint32_t)(word >> 32) >> 9 | UINT32_C(0x3f800000);
    float one_to_two;
    memcpy(&one_to_two, &bits, sizeof one_to_two);
    return (one_to_two - 1.0f) + 0x1p-24f;
}

/*
 * Logarithm of a normal number u in (0, 1). u = 2^e m with m in [sqrt(1/2), sqrt 2), and with
 * s = (m - 1) / (m + 1), |s| < 0.1716,
 *   log u = e log 2 + 2 atanh s,  2 atanh s = 2 s (1 + s^2/3 + s^4/5 + ... + s^18/19),
 * the remainder being below 2.4e-17 of the sum. m - 1 is exact, so nothing is lost near u = 1; e
 * log 2 is exact in its high part (32 zero bits at the end, |e| <= 53), and as e <= -1 brings at
 * least log 2 against |log m| <= log(2)/2, nothing cancels.
 */
static inline GNDP_HD double gndp_log_unit(double u)
{
    const uint64_t sqrt_half = UINT64_C(0x3fe6a09e667f3bcd);
    /* moves the carry into the exponent from m = 1 to m = sqrt(1/2) */
    const uint64_t shifted = gndp_bits_of_double(u) + (UINT64_C(0x3ff0000000000000) - sqrt_half);
    const double m = gndp_double_of_bits((shifted & UINT64_C(0x000fffffffffffff)) + sqrt_half);
    /* the biased exponent as the low bits of 2^52 + e + 1023 */
    const double e = GNDP_DADD(gndp_double_of_bits(shifted >> 52 | UINT64_C(0x4330000000000000)),
                               -(0x1p52 + 1023.0));
    const double s = GNDP_DDIV(GNDP_DADD(m, -1.0), GNDP_DADD(m, 1.0));
    const double z = GNDP_DMUL(s, s);
    const double twice = GNDP_DADD(s, s);
    double p = 1.0 / 19.0;
    p = GNDP_DADD(GNDP_DMUL(p, z), 1.0 / 17.0);
    p = GNDP_DADD(GNDP_DMUL(p, z), 1.0 / 15.0);
    p = GNDP_DADD(GNDP_DMUL(p, z), 1.0 / 13.0);
    p = GNDP_DADD(GNDP_DMUL(p, z), 1.0 / 11.0);
    p = GNDP_DADD(GNDP_DMUL(p, z), 1.0 / 9.0);
    p = GNDP_DADD(GNDP_DMUL(p, z), 1.0 / 7.0);
    p = GNDP_DADD(GNDP_DMUL(p, z), 1.0 / 5.0);
    p = GNDP_DADD(GNDP_DMUL(p, z), 1.0 / 3.0);
    p = GNDP_DMUL(p, z);
    p = GNDP_DADD(twice, GNDP_DMUL(twice, p)); /* log m */
    p = GNDP_DADD(GNDP_DMUL(e, 0x1.fdf473de6af28p-22), p);
    return GNDP_DADD(GNDP_DMUL(e, 0x1.62e42p-1), p);
}

/*
 * cos(2 pi u) and sin(2 pi u) for u = (2 k + 1) / 2^53. 4 u = q + r with q the nearest integer, all
 * exact and without ties; the Taylor series in r^2 <= 1/4 of sin(pi r/2)/r up to r^14 and of
 * cos(pi r/2) up to r^16 leave 6e-17 and 2e-18; then quadrant q swaps and signs. r is never 0, so
 * neither result is.
 */
static inline GNDP_HD gndp_pair gndp_cos_sin_turn(double u)
{
    const double magic = 0x1.8p52; /* adding it rounds to an integer, which is its low bits */
    const double t = GNDP_DMUL(4.0, u);
    const double rounded = GNDP_DADD(t, magic);
    const double r = GNDP_DADD(t, -GNDP_DADD(rounded, -magic));
    const uint64_t q = gndp_bits_of_double(rounded) & 3;
    const double z = GNDP_DMUL(r, r);
    /* (-1)^k (pi/2)^(2k+1) / (2k+1)! from k = 7 down to 0 */
    double s = -6.688035109811468e-10;
    s = GNDP_DADD(GNDP_DMUL(s, z), 5.692172921967927e-08);
    s = GNDP_DADD(GNDP_DMUL(s, z), -3.598843235212085e-06);
    s = GNDP_DADD(GNDP_DMUL(s, z), 0.00016044118478735983);
    s = GNDP_DADD(GNDP_DMUL(s, z), -0.004681754135318688);
    s = GNDP_DADD(GNDP_DMUL(s, z), 0.07969262624616705);
    s = GNDP_DADD(GNDP_DMUL(s, z), -0.6459640975062463);
    s = GNDP_DADD(GNDP_DMUL(s, z), 1.5707963267948966);
    s = GNDP_DMUL(s, r);
    /* (-1)^k (pi/2)^(2k) / (2k)! from k = 8 down to 0 */
    double c = 6.565963114979473e-11;
    c = GNDP_DADD(GNDP_DMUL(c, z), -6.386603083791852e-09);
    c = GNDP_DADD(GNDP_DMUL(c, z), 4.710874778818172e-07);
    c = GNDP_DADD(GNDP_DMUL(c, z), -2.5202042373060607e-05);
    c = GNDP_DADD(GNDP_DMUL(c, z), 0.0009192602748394266);
    c = GNDP_DADD(GNDP_DMUL(c, z), -0.02086348076335296);
    c = GNDP_DADD(GNDP_DMUL(c, z), 0.25366950790104803);
    c = GNDP_DADD(GNDP_DMUL(c, z), -1.2337005501361697);
    c = GNDP_DADD(GNDP_DMUL(c, z), 1.0);

    const uint64_t sb = gndp_bits_of_double(s), cb = gndp_bits_of_double(c);
    const uint64_t swap = (sb ^ cb) & (0 - (q & 1));
    gndp_pair out;
    out.x[0] = gndp_double_of_bits((cb ^ swap) ^ ((q + 1) & 2) << 62); /* -: q = 1, 2 */
    out.x[1] = gndp_double_of_bits((sb ^ swap) ^ (q & 2) << 62);       /* -: q = 2, 3 */
    return out;
}

/* Two standard normals from one block (Box and Muller 1958). */
static inline GNDP_HD gndp_pair gndp_normal_pair(gndp_block b)
{
    const double radius = GNDP_DSQRT(GNDP_DMUL(-2.0, gndp_log_unit(gndp_uniform_f64(b.half[0]))));
    gndp_pair n = gndp_cos_sin_turn(gndp_uniform_f64(b.half[1]));
    n.x[0] = GNDP_DMUL(radius, n.x[0]);
    n.x[1] = GNDP_DMUL(radius, n.x[1]);
    return n;
}

#endif
