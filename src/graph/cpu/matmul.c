// SPDX-License-Identifier: Apache-2.0
// Choice of the provider of a matrix product, and our own routines as one of them.
#include "graph/cpu/matmul.h"

#include <stdlib.h>

#include "base/error.h"
#include "graph/cpu/gemm_levels.h"
#include "graph/cpu/gemm_tile.h"
#include "graph/cpu/matmul_provider.h"

struct gndp_matmul_plan {
    gndp_matmul_spec spec;
    gndp_matmul_provider provider;
    const gndp_matmul_provider_ops *ops;
    void *state;
    size_t scratch_bytes;
};

/* Ours. The state is the table of the level, and a B that stays the same. */

typedef struct ours_state {
    const gndp_gemm_ops *ops;
    void *packed_b;
} ours_state;

static void ours_free(void *state)
{
    ours_state *o = state;
    if (o != NULL)
        free(o->packed_b);
    free(o);
}

static gndp_status pack_constant(const gndp_matmul_spec *spec, ours_state *o)
{
    gndp_status st = GNDP_OK;
    const size_t bytes = gndp_gemm_packed_bytes(o->ops, &spec->shape);
    if (spec->b == NULL || bytes == 0)
        goto done;
    o->packed_b = aligned_alloc(64, gndp_gemm_align(bytes));
    GNDP_CHECK(o->packed_b != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    gndp_gemm_pack(o->ops, &spec->shape, spec->b, o->packed_b);
done:
    return st;
}

static gndp_status ours_create(const gndp_matmul_spec *spec, const gndp_cpu *cpu, void **state,
                               size_t *scratch_bytes)
{
    gndp_status st = GNDP_OK;
    ours_state *o = NULL;
    gndp_gemm_shape shape = spec->shape;
    const gndp_gemm_ops *ops = gndp_gemm_ops_for(spec->kind, cpu->simd, cpu->avx512_bf16);
    GNDP_CHECK(ops != NULL, GNDP_ERR_UNSUPPORTED, "no bf16 instructions at level %s%s",
               gndp_simd_name(cpu->simd), cpu->avx512_bf16 ? "" : " without avx512_bf16");
    o = calloc(1, sizeof *o);
    GNDP_CHECK(o != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *o);
    o->ops = ops;
    GNDP_TRY(pack_constant(spec, o));
    shape.packed_b = o->packed_b;
    *scratch_bytes = gndp_gemm_scratch_bytes(ops, &shape, spec->threads);
    *state = o;
    o = NULL;
done:
    ours_free(o);
    return st;
}

static gndp_status ours_run(const gndp_matmul_spec *spec, void *state, const void *a, const void *b,
                            void *c, const void *bias, void *scratch)
{
    const ours_state *o = state;
    gndp_gemm_shape shape = spec->shape;
    shape.bias = spec->has_bias ? bias : NULL;
    shape.packed_b = o->packed_b;
    gndp_gemm_run(o->ops, &shape, a, b, c, scratch, spec->threads);
    return GNDP_OK;
}

static const gndp_matmul_provider_ops ours = {
    .name = "ours", .create = ours_create, .run = ours_run, .free = ours_free};

static const gndp_matmul_provider_ops *provider_ops(gndp_matmul_provider provider)
{
    switch (provider) {
    case GNDP_MATMUL_OPENBLAS:
        return &gndp_matmul_openblas;
#ifdef GNDP_HAVE_ONEDNN
    case GNDP_MATMUL_ONEDNN:
        return &gndp_matmul_onednn;
#endif
    case GNDP_MATMUL_OURS:
        return &ours;
    default:
        return NULL;
    }
}

const char *gndp_matmul_provider_name(gndp_matmul_provider provider)
{
    switch (provider) {
    case GNDP_MATMUL_AUTO:
        return "auto";
    case GNDP_MATMUL_OPENBLAS:
        return "openblas";
    case GNDP_MATMUL_ONEDNN:
        return "onednn";
    case GNDP_MATMUL_OURS:
        return "ours";
    }
    return "?";
}

/* The table. A rule speaks for products of its kind whose dimensions all reach `least` on
   processors that meet its condition; the first that does wins, and our routines do the rest.
   Measured with bench/bench_gemm on 2 cores of Zen 4 (OpenBLAS 0.3.21, oneDNN 2.6.3), where ours
   were the fastest for every shape of networks in f32, f64 and bf16 (large squares apart: f32
   within 3 %, f64 10 to 20 % behind OpenBLAS); and on 2 cores of Sapphire Rapids, where oneDNN
   reaches 1500 to 2000 GF/s in bf16 on tiles, against 214 that vector instructions can. */
typedef struct rule {
    gndp_gemm_kind kind;
    bool tiles;      /* only with AMX */
    bool no_vectors; /* only where our routines have no level of their own */
    int64_t least;
    gndp_matmul_provider provider;
} rule;

static const rule rules[] = {
    {.kind = GNDP_GEMM_BF16, .tiles = true, .least = 16, .provider = GNDP_MATMUL_ONEDNN},
    {.kind = GNDP_GEMM_F64, .least = 512, .provider = GNDP_MATMUL_OPENBLAS},
    {.kind = GNDP_GEMM_F32, .no_vectors = true, .least = 32, .provider = GNDP_MATMUL_OPENBLAS},
    {.kind = GNDP_GEMM_F64, .no_vectors = true, .least = 32, .provider = GNDP_MATMUL_OPENBLAS},
};

static gndp_matmul_provider choose(const gndp_matmul_spec *spec, const gndp_cpu *cpu)
{
#ifdef GNDP_HAVE_X86_SIMD
    const bool no_vectors = false;
#else
    const bool no_vectors = true;
#endif
    const gndp_gemm_shape *s = &spec->shape;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const rule *r = &rules[i];
        if (r->kind == spec->kind && (!r->tiles || cpu->amx_bf16) &&
            (!r->no_vectors || no_vectors) && s->m >= r->least && s->n >= r->least &&
            s->k >= r->least && provider_ops(r->provider) != NULL)
            return r->provider;
    }
    return GNDP_MATMUL_OURS;
}

/* A choice of the table may still turn out not to run: then it is ours. */
static gndp_status create_state(gndp_matmul_plan *plan, const gndp_cpu *cpu)
{
    gndp_status st = GNDP_OK;
    const bool forced = plan->spec.provider != GNDP_MATMUL_AUTO;
    plan->provider = forced ? plan->spec.provider : choose(&plan->spec, cpu);
    plan->ops = provider_ops(plan->provider);
    GNDP_CHECK(plan->ops != NULL, GNDP_ERR_UNSUPPORTED, "%s is not built in",
               gndp_matmul_provider_name(plan->provider));
    if (forced || plan->provider == GNDP_MATMUL_OURS) {
        GNDP_TRY(plan->ops->create(&plan->spec, cpu, &plan->state, &plan->scratch_bytes));
        goto done;
    }
    st = plan->ops->create(&plan->spec, cpu, &plan->state, &plan->scratch_bytes);
    bool usable = st == GNDP_OK;
#ifdef GNDP_HAVE_ONEDNN
    if (usable && plan->provider == GNDP_MATMUL_ONEDNN)
        usable = gndp_matmul_onednn_has_tiles(plan->state);
#endif
    if (!usable) {
        plan->ops->free(plan->state);
        plan->state = NULL;
        plan->provider = GNDP_MATMUL_OURS;
        plan->ops = &ours;
        GNDP_TRY(ours.create(&plan->spec, cpu, &plan->state, &plan->scratch_bytes));
    }
done:
    return st;
}

gndp_status gndp_matmul_plan_create(const gndp_matmul_spec *spec, const gndp_cpu *cpu,
                                    gndp_matmul_plan **out)
{
    gndp_status st = GNDP_OK;
    gndp_matmul_plan *plan = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(spec != NULL && cpu != NULL, GNDP_ERR_ARG, "spec or cpu is NULL");
    const gndp_gemm_shape *s = &spec->shape;
    GNDP_CHECK(s->batch >= 0 && s->m >= 0 && s->n >= 0 && s->k >= 0, GNDP_ERR_SHAPE,
               "negative dimension in %lld x (%lld x %lld x %lld)", (long long)s->batch,
               (long long)s->m, (long long)s->n, (long long)s->k);
    plan = calloc(1, sizeof *plan);
    GNDP_CHECK(plan != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *plan);
    plan->spec = *spec;
    plan->spec.shape.bias = NULL;
    plan->spec.shape.packed_b = NULL;
    plan->spec.threads = spec->threads > 0 ? spec->threads : 1;
    GNDP_TRY(create_state(plan, cpu));
    plan->spec.b = NULL;
    *out = plan;
    plan = NULL;
done:
    gndp_matmul_plan_free(plan);
    return st;
}

void gndp_matmul_plan_free(gndp_matmul_plan *plan)
{
    if (plan == NULL)
        return;
    if (plan->ops != NULL)
        plan->ops->free(plan->state);
    free(plan);
}

gndp_matmul_provider gndp_matmul_plan_provider(const gndp_matmul_plan *plan)
{
    return plan->provider;
}

size_t gndp_matmul_plan_scratch_bytes(const gndp_matmul_plan *plan)
{
    return plan->scratch_bytes;
}

gndp_status gndp_matmul_plan_run(gndp_matmul_plan *plan, const void *a, const void *b, void *c,
                                 const void *bias, void *scratch)
{
    const gndp_gemm_shape *s = &plan->spec.shape;
    if (s->batch == 0 || s->m == 0 || s->n == 0)
        return GNDP_OK;
    return plan->ops->run(&plan->spec, plan->state, a, b, c, bias, scratch);
}

void gndp_bf16_row(int64_t n, const float *src, uint16_t *dst, const gndp_cpu *cpu)
{
#ifdef GNDP_HAVE_X86_SIMD
    if (cpu->simd >= GNDP_SIMD_AVX512 && cpu->avx512_bf16) {
        gndp_bf16_row_avx512bf16(n, src, dst);
        return;
    }
#endif
    (void)cpu;
    for (int64_t i = 0; i < n; i++)
        dst[i] = gndp_bf16_from_f32(src[i]);
}
