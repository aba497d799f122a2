// SPDX-License-Identifier: Apache-2.0
// Matrix products of networks: our routines beside OpenBLAS and oneDNN, and the peak of this
// processor.
//
// usage: bench_gemm [repeats [threads [cpu]]]. Prints GF/s, best of `repeats` (7) rounds in which
// the providers take turns, for 1 thread and for `threads` (2); the share is of the multiply-add
// peak measured in the same run. Operands are in memory, not in cache, and oneDNN gets weights as
// they lie. With `cpu`, seconds are those of the process divided by its threads: on a busy machine
// that tells more than the clock on the wall, though waiting threads count as working.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <omp.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/memory.h"
#include "graph/cpu/matmul.h"

#define CHAINS 16
#define STEPS (1 << 22)

typedef struct shape {
    int64_t batch, m, n, k;
    bool trans_a, trans_b;
} shape;

static const shape shapes[] = {
    {1, 1024, 1024, 1024, false, false}, {1, 2048, 2048, 2048, false, false},
    {1, 15360, 128, 128, false, false},  {1, 15360, 256, 128, false, false},
    {1, 15360, 128, 256, false, false},  {1, 15360, 256, 256, false, false},
    {1, 15360, 128, 512, false, false},  {1, 22976, 256, 128, false, false},
    {1, 15360, 768, 128, false, false},  {1, 20736, 768, 128, false, false},
    {1, 15360, 128, 256, false, true},   {1, 128, 128, 15360, true, false},
    {1, 128, 256, 15360, true, false},   {1, 256, 256, 15360, true, false},
    {1, 128, 768, 20736, true, false},   {2048, 60, 60, 16, false, true},
    {2048, 60, 60, 32, false, true},     {2048, 60, 32, 60, false, false},
    {2048, 60, 32, 60, true, false},     {128, 718, 718, 64, false, true},
    {128, 718, 64, 718, false, false},   {4096, 60, 1, 32, false, false},
    {4096, 60, 8, 32, false, false},     {4096, 1, 60, 32, false, true},
    {4096, 8, 60, 32, false, true},
};

typedef struct contender {
    const char *name;
    gndp_gemm_kind kind;
    gndp_matmul_provider provider;
} contender;

static const contender contenders[] = {
    {"f32 ours", GNDP_GEMM_F32, GNDP_MATMUL_OURS},
    {"f32 openblas", GNDP_GEMM_F32, GNDP_MATMUL_OPENBLAS},
    {"f32 onednn", GNDP_GEMM_F32, GNDP_MATMUL_ONEDNN},
    {"bf16 ours", GNDP_GEMM_BF16, GNDP_MATMUL_OURS},
    {"bf16 onednn", GNDP_GEMM_BF16, GNDP_MATMUL_ONEDNN},
    {"f64 ours", GNDP_GEMM_F64, GNDP_MATMUL_OURS},
    {"f64 openblas", GNDP_GEMM_F64, GNDP_MATMUL_OPENBLAS},
};
#define CONTENDERS ((int)(sizeof contenders / sizeof *contenders))

typedef struct stopwatch {
    clockid_t clock;
    int threads;
} stopwatch;

static double now(const stopwatch *w)
{
    struct timespec t;
    clock_gettime(w->clock, &t);
    const double seconds = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    return w->clock == CLOCK_MONOTONIC ? seconds : seconds / w->threads;
}

/* Flops of STEPS rounds of independent chains; the asm keeps the compiler from seeing through. */
#ifdef __x86_64__
__attribute__((target("avx512f"))) static double chains_f32(void)
{
    __m512 sum[CHAINS], a = _mm512_set1_ps(1.0f), b = _mm512_set1_ps(1e-9f);
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (int k = 0; k < STEPS; k++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++)
            sum[i] = _mm512_fmadd_ps(sum[i], a, b);
        __asm__ volatile("" : "+v"(a), "+v"(b));
    }
    for (int i = 0; i < CHAINS; i++)
        __asm__ volatile("" ::"v"(sum[i]));
    return 2.0 * 16 * CHAINS * STEPS;
}

__attribute__((target("avx512f,avx512bf16"))) static double chains_bf16(void)
{
    __m512 sum[CHAINS];
    __m512i a = _mm512_set1_epi32(0x3f803f80), b = a;
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (int k = 0; k < STEPS; k++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++)
            sum[i] = _mm512_dpbf16_ps(sum[i], (__m512bh)a, (__m512bh)b);
        __asm__ volatile("" : "+v"(a), "+v"(b));
    }
    for (int i = 0; i < CHAINS; i++)
        __asm__ volatile("" ::"v"(sum[i]));
    return 4.0 * 16 * CHAINS * STEPS;
}

__attribute__((target("avx2,fma"))) static double chains_avx2(void)
{
    __m256 sum[CHAINS], a = _mm256_set1_ps(1.0f), b = _mm256_set1_ps(1e-9f);
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm256_set1_ps((float)i);
    for (int k = 0; k < STEPS; k++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS - 4; i++)
            sum[i] = _mm256_fmadd_ps(sum[i], a, b);
        __asm__ volatile("" : "+v"(a), "+v"(b));
    }
    for (int i = 0; i < CHAINS; i++)
        __asm__ volatile("" ::"v"(sum[i]));
    return 2.0 * 8 * (CHAINS - 4) * STEPS;
}
#endif

/* Peak GF/s of `threads` threads; 0 where it cannot be measured. f64 is half of f32. */
static double peak(gndp_gemm_kind kind, const gndp_cpu *cpu, const stopwatch *w)
{
    double best = 0.0;
#ifdef __x86_64__
    double (*chains)(void) = chains_avx2;
    if (cpu->simd >= GNDP_SIMD_AVX512)
        chains = kind == GNDP_GEMM_BF16 ? chains_bf16 : chains_f32;
    if (cpu->simd < GNDP_SIMD_AVX2 || (kind == GNDP_GEMM_BF16 && !cpu->avx512_bf16))
        return 0.0;
    for (int r = 0; r < 5; r++) {
        double flops = 0.0;
        const double start = now(w);
#pragma omp parallel num_threads(w->threads) reduction(+ : flops)
        flops += chains();
        const double rate = flops / (now(w) - start) * 1e-9;
        best = rate > best ? rate : best;
    }
#else
    (void)cpu;
    (void)w;
#endif
    return kind == GNDP_GEMM_F64 ? best / 2 : best;
}

typedef struct entry {
    gndp_matmul_plan *plan; /* NULL: not here */
    void *scratch;
    size_t scratch_bytes;
    double best;
} entry;

static void fill(void *p, size_t count, bool f64)
{
    for (size_t i = 0; i < count; i++)
        if (f64)
            ((double *)p)[i] = (double)(i % 17) / 16.0 - 0.5;
        else
            ((float *)p)[i] = (float)(i % 17) / 16.0f - 0.5f;
}

/* GF/s of all contenders of a shape, into rates. */
static void measure(const shape *s, const gndp_cpu *cpu, const stopwatch *w, int repeats,
                    double *rates)
{
    entry e[CONTENDERS] = {{0}};
    void *data[2][3]; /* f32 and f64: A, B, C */
    const size_t count[3] = {(size_t)(s->batch * s->m * s->k), (size_t)(s->batch * s->k * s->n),
                             (size_t)(s->batch * s->m * s->n)};
    for (int wide = 0; wide < 2; wide++)
        for (int i = 0; i < 3; i++) {
            data[wide][i] = gndp_pages_alloc(count[i] << (2 + wide));
            if (data[wide][i] == NULL)
                exit(1);
            fill(data[wide][i], count[i], wide == 1);
        }
    for (int q = 0; q < CONTENDERS; q++) {
        gndp_matmul_spec spec = {
            .kind = contenders[q].kind, .threads = w->threads, .provider = contenders[q].provider};
        spec.shape = (gndp_gemm_shape){.batch = s->batch,
                                       .m = s->m,
                                       .n = s->n,
                                       .k = s->k,
                                       .alpha = 1.0,
                                       .a_row = s->trans_a ? 1 : s->k,
                                       .a_col = s->trans_a ? s->m : 1,
                                       .a_batch = s->m * s->k,
                                       .b_row = s->trans_b ? 1 : s->n,
                                       .b_col = s->trans_b ? s->k : 1,
                                       .b_batch = s->k * s->n,
                                       .c_row = s->n,
                                       .c_batch = s->m * s->n};
        e[q].best = 1e30;
        if (gndp_matmul_plan_create(&spec, cpu, &e[q].plan) != GNDP_OK)
            continue;
        e[q].scratch_bytes = gndp_matmul_plan_scratch_bytes(e[q].plan);
        e[q].scratch = gndp_pages_alloc(e[q].scratch_bytes);
        if (e[q].scratch == NULL)
            exit(1);
    }
    for (int r = 0; r <= repeats; r++) /* the first round warms up */
        for (int q = 0; q < CONTENDERS; q++) {
            void **x = data[contenders[q].kind == GNDP_GEMM_F64];
            if (e[q].plan == NULL)
                continue;
            const double start = now(w);
            if (gndp_matmul_plan_run(e[q].plan, x[0], x[1], x[2], NULL, e[q].scratch) != GNDP_OK)
                exit(1);
            const double seconds = now(w) - start;
            if (r > 0 && seconds < e[q].best)
                e[q].best = seconds;
        }
    for (int q = 0; q < CONTENDERS; q++) {
        const double flops = 2.0 * (double)s->batch * (double)s->m * (double)s->n * (double)s->k;
        rates[q] = e[q].plan != NULL ? flops / e[q].best * 1e-9 : 0.0;
        gndp_matmul_plan_free(e[q].plan);
        gndp_pages_free(e[q].scratch, e[q].scratch_bytes);
    }
    for (int wide = 0; wide < 2; wide++)
        for (int i = 0; i < 3; i++)
            gndp_pages_free(data[wide][i], count[i] << (2 + wide));
}

static void table(const gndp_cpu *cpu, const stopwatch *w, int repeats)
{
    const double peaks[3] = {peak(GNDP_GEMM_F32, cpu, w), peak(GNDP_GEMM_F64, cpu, w),
                             peak(GNDP_GEMM_BF16, cpu, w)};
    printf("\n%d thread(s); peak GF/s: f32 %.0f, f64 %.0f, bf16 %.0f\n%-32s", w->threads, peaks[0],
           peaks[1], peaks[2], "batch x (m x n x k)");
    for (int q = 0; q < CONTENDERS; q++)
        printf("%13s", contenders[q].name);
    printf("   ours/best other f32 bf16 f64, share of peak\n");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const shape *s = &shapes[i];
        double r[CONTENDERS];
        char name[64];
        measure(s, cpu, w, repeats, r);
        snprintf(name, sizeof name, "%d x (%d x %d x %d)%s%s", (int)s->batch, (int)s->m, (int)s->n,
                 (int)s->k, s->trans_a ? " A^T" : "", s->trans_b ? " B^T" : "");
        printf("%-32s", name);
        for (int q = 0; q < CONTENDERS; q++)
            printf("%13.1f", r[q]);
        const double other = r[1] > r[2] ? r[1] : r[2];
        printf(
            "   %.2f %.2f %.2f   %3.0f%% %3.0f%% %3.0f%%\n", r[0] / other,
            r[4] > 0 ? r[3] / r[4] : 0.0, r[5] / r[6], peaks[0] > 0 ? 100 * r[0] / peaks[0] : 0.0,
            peaks[2] > 0 ? 100 * r[3] / peaks[2] : 0.0, peaks[1] > 0 ? 100 * r[5] / peaks[1] : 0.0);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    const int repeats = argc > 1 ? atoi(argv[1]) : 7, threads = argc > 2 ? atoi(argv[2]) : 2;
    gndp_cpu cpu;
    if (gndp_cpu_select(&cpu) != GNDP_OK) {
        fprintf(stderr, "%s\n", gndp_last_error());
        return 2;
    }
    if (repeats < 1 || threads < 1) {
        fprintf(stderr, "usage: bench_gemm [repeats [threads [cpu]]]\n");
        return 2;
    }
    printf("%s\n", gndp_cpu_describe(&cpu).text);
    stopwatch watch = {argc > 3 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, 1};
    table(&cpu, &watch, repeats);
    watch.threads = threads;
    if (threads > 1)
        table(&cpu, &watch, repeats);
    return 0;
}
