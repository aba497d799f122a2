// SPDX-License-Identifier: Apache-2.0
// SIMD detection and the caps on it.
#include "support/test_main.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/error.h"

static const gndp_cpu everything = {
    .simd = GNDP_SIMD_AVX512, .avx512_bf16 = true, .amx_bf16 = true, .brand = "Test"};

static void cpu_detect_agrees_with_the_compiler_runtime(void **state)
{
    (void)state;
#if defined(__x86_64__)
    const gndp_cpu cpu = gndp_cpu_detect();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512vl");
    assert_int_equal(cpu.simd, avx512 ? GNDP_SIMD_AVX512 : avx2 ? GNDP_SIMD_AVX2 : GNDP_SIMD_BASE);
    assert_int_equal(cpu.avx512_bf16, avx512 && __builtin_cpu_supports("avx512bf16"));
    if (cpu.amx_bf16)
        assert_int_equal(cpu.simd, GNDP_SIMD_AVX512);
#else
    assert_int_equal(gndp_cpu_detect().simd, GNDP_SIMD_BASE);
#endif
}

static void cpu_cap_lowers_level_and_flags(void **state)
{
    static const struct {
        const char *cap;
        gndp_simd simd;
        bool bf16, amx;
    } cases[] = {
        {"baseline", GNDP_SIMD_BASE, false, false}, {"avx2", GNDP_SIMD_AVX2, false, false},
        {"avx512", GNDP_SIMD_AVX512, false, false}, {"avx512bf16", GNDP_SIMD_AVX512, true, false},
        {"", GNDP_SIMD_AVX512, true, true},         {NULL, GNDP_SIMD_AVX512, true, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gndp_cpu cpu = everything;
        assert_int_equal(gndp_cpu_cap(&cpu, cases[i].cap), GNDP_OK);
        assert_int_equal(cpu.simd, cases[i].simd);
        assert_int_equal(cpu.avx512_bf16, cases[i].bf16);
        assert_int_equal(cpu.amx_bf16, cases[i].amx);
    }
}

static void cpu_cap_never_raises(void **state)
{
    gndp_cpu cpu = {.simd = GNDP_SIMD_AVX2};
    (void)state;
    assert_int_equal(gndp_cpu_cap(&cpu, "avx512bf16"), GNDP_OK);
    assert_int_equal(cpu.simd, GNDP_SIMD_AVX2);
    assert_false(cpu.avx512_bf16);
}

static void cpu_cap_refuses_other_words(void **state)
{
    gndp_cpu cpu = everything;
    (void)state;
    assert_int_equal(gndp_cpu_cap(&cpu, "AVX2"), GNDP_ERR_ARG);
    assert_non_null(strstr(gndp_last_error(), "\"AVX2\""));
    assert_int_equal(cpu.simd, GNDP_SIMD_AVX512);
    assert_true(cpu.amx_bf16);
}

static void cpu_select_reads_the_environment(void **state)
{
    gndp_cpu cpu;
    (void)state;
    setenv("GNDP_SIMD", "baseline", 1);
    assert_int_equal(gndp_cpu_select(&cpu), GNDP_OK);
    assert_int_equal(cpu.simd, GNDP_SIMD_BASE);
    setenv("GNDP_SIMD", "sse9", 1);
    assert_int_equal(gndp_cpu_select(&cpu), GNDP_ERR_ARG);
    assert_int_equal(cpu.simd, gndp_cpu_detect().simd);
    unsetenv("GNDP_SIMD");
    assert_int_equal(gndp_cpu_select(&cpu), GNDP_OK);
    assert_int_equal(cpu.simd, gndp_cpu_detect().simd);
    assert_int_equal(gndp_cpu_select(NULL), GNDP_ERR_ARG);
}

static void cpu_describe_names_level_and_brand(void **state)
{
    (void)state;
    const gndp_cpu plain = {0};
    assert_string_equal(gndp_cpu_describe(&everything).text, "avx512 + bf16 + amx (Test)");
    assert_string_equal(gndp_cpu_describe(&plain).text, "baseline");
    const gndp_cpu here = gndp_cpu_detect();
    assert_memory_equal(gndp_cpu_describe(&here).text, gndp_simd_name(here.simd),
                        strlen(gndp_simd_name(here.simd)));
    assert_string_equal(gndp_simd_name((gndp_simd)9), "?");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cpu_detect_agrees_with_the_compiler_runtime),
    cmocka_unit_test(cpu_cap_lowers_level_and_flags),
    cmocka_unit_test(cpu_cap_never_raises),
    cmocka_unit_test(cpu_cap_refuses_other_words),
    cmocka_unit_test(cpu_select_reads_the_environment),
    cmocka_unit_test(cpu_describe_names_level_and_brand),
};

GNDP_TEST_MAIN(tests)
