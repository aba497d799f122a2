// SPDX-License-Identifier: Apache-2.0
// Rates of the attention routines, forward and adjoint, beside the peak rate of products in the
// same run.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cpu.h"
#include "graph/cpu/attention.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define REPEATS 7

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds for n steps of 16 independent chains of 64-byte products, the rate no routine can pass.
 */
#ifdef __x86_64__
#define CHAINS 16
__attribute__((target("avx512f"))) static double chains_f32(int64_t n)
{
    __m512 sum[CHAINS], a = _mm512_set1_ps(1.0F), b = _mm512_set1_ps(1e-9F);
    const double start = now();
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (int64_t k = 0; k < n; k++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++)
            sum[i] = _mm512_fmadd_ps(sum[i], a, b);
        __asm__ volatile("" : "+v"(a), "+v"(b));
    }
    for (int i = 0; i < CHAINS; i++)
        __asm__ volatile("" ::"v"(sum[i]));
    return now() - start;
}

__attribute__((target("avx512f,avx512bf16"))) static double chains_bf16(int64_t n)
{
    __m512 sum[CHAINS];
    __m512i a = _mm512_set1_epi32(0x3f803f80), b = a;
    const double start = now();
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (int64_t k = 0; k < n; k++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++)
            sum[i] = _mm512_dpbf16_ps(sum[i], (__m512bh)a, (__m512bh)b);
        __asm__ volatile("" : "+v"(a), "+v"(b));
    }
    for (int i = 0; i < CHAINS; i++)
        __asm__ volatile("" ::"v"(sum[i]));
    return now() - start;
}
#endif

/* GF/s of one core, 0 where this processor has no such instructions. */
static double peak(gndp_attention_kind kind, const gndp_cpu *cpu)
{
    const int64_t n = 1000000;
    double best = (double)INFINITY, flops = 0;
    if (cpu->simd != GNDP_SIMD_AVX512 || (kind == GNDP_ATTENTION_BF16 && !cpu->avx512_bf16))
        return 0;
    for (int i = 0; i < REPEATS; i++) {
        double t = (double)INFINITY;
#ifdef __x86_64__
        t = kind == GNDP_ATTENTION_BF16 ? chains_bf16(n) : chains_f32(n);
        flops = CHAINS * (kind == GNDP_ATTENTION_BF16  ? 64.0
                          : kind == GNDP_ATTENTION_F64 ? 16.0
                                                       : 32.0);
#endif
        best = t < best ? t : best;
    }
    return flops * (double)n / best * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct problem {
    gndp_attention_shape s;
    int64_t size[4]; /* elements of q, k, v, o */
    void *q, *k, *v, *o, *lse, *d_o, *dq, *dk, *dv, *scratch;
    size_t real;
} problem;

static void *filled(int64_t n, size_t real, uint32_t seed)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, (size_t)n * real) != 0)
        exit(1);
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525U + 1013904223U;
        const double x = (double)(seed >> 8) * 0x1p-23 - 1.0;
        if (real == sizeof(double))
            ((double *)p)[i] = x;
        else
            ((float *)p)[i] = (float)x;
    }
    return p;
}

static problem make_problem(gndp_attention_kind kind, int64_t batch, int64_t heads, int64_t n,
                            int64_t d)
{
    const int64_t row = heads * d, count = batch * n * row;
    problem p = {.real = kind == GNDP_ATTENTION_F64 ? sizeof(double) : sizeof(float)};
    p.s = (gndp_attention_shape){.batch = batch,
                                 .nq = n,
                                 .nk = n,
                                 .heads = heads,
                                 .dk = d,
                                 .dv = d,
                                 .q_row = row,
                                 .k_row = row,
                                 .v_row = row,
                                 .o_row = row,
                                 .q_batch = n * row,
                                 .k_batch = n * row,
                                 .v_batch = n * row,
                                 .o_batch = n * row,
                                 .scale = 1 / sqrt((double)d)};
    p.q = filled(count, p.real, 1);
    p.k = filled(count, p.real, 2);
    p.v = filled(count, p.real, 3);
    p.o = filled(count, p.real, 4);
    p.d_o = filled(count, p.real, 5);
    p.dq = filled(count, p.real, 6);
    p.dk = filled(count, p.real, 7);
    p.dv = filled(count, p.real, 8);
    p.lse = filled(batch * heads * n, p.real, 9);
    return p;
}

static void free_problem(problem *p)
{
    void *all[] = {p->q, p->k, p->v, p->o, p->lse, p->d_o, p->dq, p->dk, p->dv};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* Median GF/s of one direction. */
static double rate(const problem *p, gndp_attention_kind kind, const gndp_cpu *cpu, int threads,
                   bool adjoint)
{
    const gndp_attention_shape *s = &p->s;
    const double products = adjoint ? 5 : 2,
                 flops = products * 2 * (double)(s->batch * s->heads * s->nq * s->nk * s->dk);
    double t[REPEATS + 1];
    void *scratch = NULL;
    if (posix_memalign(&scratch, 4096,
                       gndp_attention_scratch_bytes(kind, cpu->simd, cpu->avx512_bf16, s, threads,
                                                    adjoint)) != 0)
        exit(1);
    for (int i = 0; i <= REPEATS; i++) { /* the first one warms up */
        const double start = now();
        if (adjoint)
            gndp_attention_adjoint(kind, cpu->simd, cpu->avx512_bf16, s, p->q, p->k, p->v, p->o,
                                   p->lse, p->d_o, p->dq, p->dk, p->dv, scratch, threads);
        else
            gndp_attention_forward(kind, cpu->simd, cpu->avx512_bf16, s, p->q, p->k, p->v, p->o,
                                   p->lse, scratch, threads);
        t[i] = now() - start;
    }
    free(scratch);
    qsort(t + 1, REPEATS, sizeof t[0], by_value);
    return flops / t[1 + REPEATS / 2] * 1e-9;
}

int main(int argc, char **argv)
{
    (void)argv;
    static const struct {
        const char *name;
        int64_t batch, heads, n, d;
    } shapes[] = {{"a: 256 x 8 x 60, d 32", 256, 8, 60, 32},
                  {"b: 32 x 4 x 648, d 64", 32, 4, 648, 64}};
    static const char *const kinds[] = {"f32", "f64", "bf16"};
    gndp_cpu cpu = {0};
    if (gndp_cpu_select(&cpu) != GNDP_OK) {
        fprintf(stderr, "GNDP_SIMD is not a level\n");
        return 2;
    }
    printf("%s; GF/s (share of the peak of a core, times threads); exp is not counted\n",
           gndp_cpu_describe(&cpu).text);
    for (int kind = 0; kind < 3; kind++) {
        const double most = peak((gndp_attention_kind)kind, &cpu);
        if (kind == GNDP_ATTENTION_BF16 && !cpu.avx512_bf16 && argc < 2)
            continue; /* imitated there; any argument asks for it */
        printf("%s: peak %.1f\n", kinds[kind], most);
        for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
            problem p = make_problem((gndp_attention_kind)kind, shapes[i].batch, shapes[i].heads,
                                     shapes[i].n, shapes[i].d);
            for (int threads = 1; threads <= 2; threads++) {
                const double f = rate(&p, (gndp_attention_kind)kind, &cpu, threads, false);
                const double b = rate(&p, (gndp_attention_kind)kind, &cpu, threads, true);
                const double scale = most > 0 ? 100 / (most * threads) : 0;
                printf("  %-24s %d threads  forward %6.1f (%4.1f %%)  adjoint %6.1f (%4.1f %%)\n",
                       shapes[i].name, threads, f, f * scale, b, b * scale);
            }
            free_problem(&p);
        }
    }
    return 0;
}
