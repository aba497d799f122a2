// SPDX-License-Identifier: Apache-2.0
// What the processor can do and the operating system allows, found at run time.
#ifndef GNDP_BASE_CPU_H
#define GNDP_BASE_CPU_H

#include <gndp/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Levels that compute routines are compiled for; each holds the ones before it. */
typedef enum gndp_simd {
    GNDP_SIMD_BASE,  /* what every processor of the architecture has: SSE2 on x86-64 */
    GNDP_SIMD_AVX2,  /* AVX2, FMA, F16C */
    GNDP_SIMD_AVX512 /* and AVX-512 F, BW, DQ, VL */
} gndp_simd;

typedef struct gndp_cpu {
    gndp_simd simd;
    bool avx512_bf16; /* dot products of bf16 pairs in vectors */
    bool amx_bf16;    /* in tiles */
    char brand[64];   /* "AMD EPYC 9R14"; "" when the processor does not say */
} gndp_cpu;

/**
 * Ask the processor (cpuid, and xgetbv for the registers that the system saves). Tiles need leave
 * of Linux: it is asked for here, for the whole process (arch_prctl ARCH_REQ_XCOMP_PERM), and
 * amx_bf16 is false where it is refused. Takes microseconds, more under a hypervisor: call it once
 * and keep the answer.
 */
gndp_cpu gndp_cpu_detect(void);

/**
 * Lower what was found to a cap: "baseline", "avx2", "avx512" (neither kind of bf16), "avx512bf16"
 * (no tiles). NULL and "" leave all. A cap never raises anything: "avx512" on a processor with
 * AVX2 stays AVX2.
 *
 * @return GNDP_OK; GNDP_ERR_ARG for any other text, cpu is unchanged then
 */
gndp_status gndp_cpu_cap(gndp_cpu *cpu, const char *cap);

/**
 * gndp_cpu_detect() under the cap of the environment variable GNDP_SIMD, which is read at each call
 * and nowhere else: callers keep the answer.
 *
 * @return as gndp_cpu_cap(); out is what was detected, without a cap, when the cap is refused
 */
gndp_status gndp_cpu_select(gndp_cpu *out);

/** "baseline", "avx2", "avx512", or "?". */
const char *gndp_simd_name(gndp_simd simd);

/* One line for --version: "avx512 + bf16 (AMD EPYC 9R14)". */
typedef struct gndp_cpu_string {
    char text[128];
} gndp_cpu_string;
gndp_cpu_string gndp_cpu_describe(const gndp_cpu *cpu);

#ifdef __cplusplus
}
#endif

#endif
