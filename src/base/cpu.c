// SPDX-License-Identifier: Apache-2.0
// Run-time detection of SIMD levels on x86-64; every other architecture is the baseline.
#include "base/cpu.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__x86_64__)

/* State components in XCR0 (Intel SDM volume 1, section 13.1). */
#define XCR0_AVX UINT64_C(0x6)       /* SSE and AVX registers */
#define XCR0_AVX512 UINT64_C(0xe6)   /* and masks, upper halves, upper sixteen */
#define XCR0_TILES UINT64_C(0x60000) /* tile configuration and data */

typedef struct regs {
    unsigned a, b, c, d;
} regs;

/* All zero where the processor has no such leaf; __get_cpuid_count asks it for its highest one. */
static regs leaf(unsigned number, unsigned sub)
{
    regs r = {0};
    if (!__get_cpuid_count(number, sub, &r.a, &r.b, &r.c, &r.d))
        return (regs){0};
    return r;
}

static bool bit(unsigned word, int i)
{
    return (word >> i & 1U) != 0;
}

/* Registers that the system saves on a context switch; an instruction set without it faults. */
static uint64_t saved_state(void)
{
    if (!bit(leaf(1, 0).c, 27)) /* OSXSAVE: only then may xgetbv be run */
        return 0;
    unsigned low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool tiles_permitted(void)
{
#if defined(__linux__)
    const long request_permission = 0x1023, tile_data = 18; /* ARCH_REQ_XCOMP_PERM, XTILEDATA */
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return false;
#endif
}

/* Leaves 0x80000002 to 4 hold the name in 48 bytes, padded by blanks on either side. */
static void read_brand(char brand[64])
{
    char raw[49] = "";
    for (unsigned i = 0; i < 3; i++) {
        const regs r = leaf(0x80000002U + i, 0);
        memcpy(raw + 16 * i, &r, 16);
    }
    const char *begin = raw + strspn(raw, " ");
    size_t n = strlen(begin);
    while (n > 0 && begin[n - 1] == ' ')
        n--;
    for (size_t i = 0; i < n; i++)
        brand[i] = begin[i] < ' ' || begin[i] > '~' ? '?' : begin[i];
    brand[n] = '\0';
}

gndp_cpu gndp_cpu_detect(void)
{
    gndp_cpu cpu = {0};
    const regs one = leaf(1, 0), seven = leaf(7, 0);
    const regs seven_one = seven.a >= 1 ? leaf(7, 1) : (regs){0}; /* EAX: highest sub-leaf */
    const uint64_t saved = saved_state();
    const bool fma = bit(one.c, 12), avx = bit(one.c, 28), f16c = bit(one.c, 29);
    const bool avx2 = (saved & XCR0_AVX) == XCR0_AVX && avx && fma && f16c && bit(seven.b, 5);
    const bool f = bit(seven.b, 16), dq = bit(seven.b, 17), bw = bit(seven.b, 30),
               vl = bit(seven.b, 31);
    const bool avx512 = avx2 && (saved & XCR0_AVX512) == XCR0_AVX512 && f && dq && bw && vl;

    cpu.simd = avx512 ? GNDP_SIMD_AVX512 : avx2 ? GNDP_SIMD_AVX2 : GNDP_SIMD_BASE;
    cpu.avx512_bf16 = avx512 && bit(seven_one.a, 5);
    cpu.amx_bf16 = avx512 && (saved & XCR0_TILES) == XCR0_TILES && bit(seven.d, 24) /* tiles */
                   && bit(seven.d, 22) && tiles_permitted();
    read_brand(cpu.brand);
    return cpu;
}

#else

gndp_cpu gndp_cpu_detect(void)
{
    return (gndp_cpu){0};
}

#endif

gndp_status gndp_cpu_cap(gndp_cpu *cpu, const char *cap)
{
    static const struct {
        const char *name;
        gndp_simd simd;
        bool bf16;
    } caps[] = {
        {"baseline", GNDP_SIMD_BASE, false},
        {"avx2", GNDP_SIMD_AVX2, false},
        {"avx512", GNDP_SIMD_AVX512, false},
        {"avx512bf16", GNDP_SIMD_AVX512, true},
    };
    gndp_status st = GNDP_OK;
    size_t i = 0;
    const size_t n = sizeof caps / sizeof *caps;
    if (cap == NULL || cap[0] == '\0')
        return GNDP_OK;
    while (i < n && strcmp(cap, caps[i].name) != 0)
        i++;
    GNDP_CHECK(i < n, GNDP_ERR_ARG,
               "GNDP_SIMD is \"%s\", allowed are baseline, avx2, avx512 and avx512bf16", cap);
    if (caps[i].simd < cpu->simd)
        cpu->simd = caps[i].simd;
    cpu->avx512_bf16 = cpu->avx512_bf16 && caps[i].bf16;
    cpu->amx_bf16 = false;
done:
    return st;
}

gndp_status gndp_cpu_select(gndp_cpu *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = gndp_cpu_detect();
    GNDP_TRY(gndp_cpu_cap(out, getenv("GNDP_SIMD")));
done:
    return st;
}

const char *gndp_simd_name(gndp_simd simd)
{
    switch (simd) {
    case GNDP_SIMD_BASE:
        return "baseline";
    case GNDP_SIMD_AVX2:
        return "avx2";
    case GNDP_SIMD_AVX512:
        return "avx512";
    }
    return "?";
}

gndp_cpu_string gndp_cpu_describe(const gndp_cpu *cpu)
{
    gndp_cpu_string s = {""};
    gndp_text_append(s.text, sizeof s.text, "%s", gndp_simd_name(cpu->simd));
    if (cpu->avx512_bf16)
        gndp_text_append(s.text, sizeof s.text, " + bf16");
    if (cpu->amx_bf16)
        gndp_text_append(s.text, sizeof s.text, " + amx");
    if (cpu->brand[0] != '\0')
        gndp_text_append(s.text, sizeof s.text, " (%s)", cpu->brand);
    return s;
}
