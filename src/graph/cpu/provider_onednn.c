// SPDX-License-Identifier: Apache-2.0
// oneDNN as a provider of matrix products: f32, and f32 data with bf16 operands (on AMX where there
// is).
//
// Versions 2.x and 3.x: they differ in descriptors (structs, then handles) and in two
// post-operations. Everything is made at plan time; a run sets three or four addresses and
// executes. Post-operations apply alpha and then add the old C; the bias is added before alpha
// there, so it needs alpha = 1.
#ifdef GNDP_HAVE_ONEDNN

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include <oneapi/dnnl/dnnl.h>

#include "base/error.h"
#include "graph/cpu/gemm_tile.h"
#include "graph/cpu/matmul_provider.h"

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t md_ref;
#define MD_REF(md) (md)
#else
typedef const dnnl_memory_desc_t *md_ref;
#define MD_REF(md) (&(md))
#endif

enum { SRC, WEIGHTS, BIAS, DST, SCRATCHPAD, ARGS };

/* A dense bf16 copy of an operand: all rows of all items, each a run of neighbours. */
typedef struct bf16_copy {
    int64_t items, rows, run;    /* of the copy */
    int64_t item_step, row_step; /* of the original, in elements */
} bf16_copy;

typedef struct onednn_state {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t post;
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t primitive;
    dnnl_memory_desc_t md[ARGS];
    bool has_md[ARGS];
    dnnl_memory_t memory[ARGS];
    gndp_cpu cpu;
    bf16_copy a, b;      /* bf16 only */
    size_t b_at, pad_at; /* places in scratch behind the bf16 A */
} onednn_state;

#define TRY_DNNL(call)                                                                             \
    do {                                                                                           \
        const dnnl_status_t code = (call);                                                         \
        GNDP_CHECK(code == dnnl_success,                                                           \
                   code == dnnl_unimplemented ? GNDP_ERR_UNSUPPORTED : GNDP_ERR_INTERNAL,          \
                   "oneDNN: %s gave %d", #call, (int)code);                                        \
    } while (0)

static dnnl_status_t make_md(dnnl_memory_desc_t *md, int rank, const dnnl_dims_t dims,
                             dnnl_data_type_t type, const dnnl_dims_t strides)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_create_with_strides(md, rank, dims, type, strides);
#else
    return dnnl_memory_desc_init_by_strides(md, rank, dims, type, strides);
#endif
}

static gndp_status make_post_ops(onednn_state *o, const gndp_gemm_shape *s)
{
    gndp_status st = GNDP_OK;
    TRY_DNNL(dnnl_primitive_attr_create(&o->attr));
    TRY_DNNL(dnnl_primitive_attr_set_scratchpad_mode(o->attr, dnnl_scratchpad_mode_user));
    TRY_DNNL(dnnl_post_ops_create(&o->post));
#if DNNL_VERSION_MAJOR >= 3
    if (s->alpha != 1.0)
        TRY_DNNL(dnnl_post_ops_append_eltwise(o->post, dnnl_eltwise_linear, (float)s->alpha, 0.0f));
    if (s->accumulate)
        TRY_DNNL(dnnl_post_ops_append_sum(o->post, 1.0f, 0, dnnl_data_type_undef));
#else
    if (s->alpha != 1.0)
        TRY_DNNL(dnnl_post_ops_append_eltwise(o->post, 1.0f, dnnl_eltwise_linear, (float)s->alpha,
                                              0.0f));
    if (s->accumulate)
        TRY_DNNL(dnnl_post_ops_append_sum(o->post, 1.0f));
#endif
    TRY_DNNL(dnnl_primitive_attr_set_post_ops(o->attr, o->post));
done:
    return st;
}

/* X(i, j) = x[i*row + j*col]; the copy keeps the order of memory. */
static bf16_copy copy_of(int64_t items, int64_t step, int64_t rows, int64_t row, int64_t cols,
                         int64_t col)
{
    if (col == 1)
        return (bf16_copy){step == 0 ? 1 : items, rows, cols, step, row};
    return (bf16_copy){step == 0 ? 1 : items, cols, rows, step, col};
}

static int64_t copy_count(const bf16_copy *x)
{
    return x->items * x->rows * x->run;
}

/* The shape with the strides of the copies. */
static gndp_gemm_shape dense_shape(const gndp_gemm_shape *s)
{
    gndp_gemm_shape d = *s;
    d.a_row = s->a_col == 1 ? s->k : 1;
    d.a_col = s->a_col == 1 ? 1 : s->m;
    d.b_row = s->b_col == 1 ? s->n : 1;
    d.b_col = s->b_col == 1 ? 1 : s->k;
    d.a_batch = s->m * s->k;
    d.b_batch = s->b_batch == 0 ? 0 : s->k * s->n;
    return d;
}

static gndp_status make_descriptors(onednn_state *o, const gndp_matmul_spec *spec)
{
    gndp_status st = GNDP_OK;
    const gndp_gemm_shape plain = spec->shape, dense = dense_shape(&spec->shape);
    const gndp_gemm_shape *s = spec->kind == GNDP_GEMM_BF16 ? &dense : &plain;
    const dnnl_data_type_t type = spec->kind == GNDP_GEMM_BF16 ? dnnl_bf16 : dnnl_f32;
    const int rank = s->batch == 1 ? 2 : 3, skip = 3 - rank;
    const dnnl_dims_t a = {s->batch, s->m, s->k}, a_strides = {s->a_batch, s->a_row, s->a_col};
    const dnnl_dims_t b = {s->b_batch == 0 ? 1 : s->batch, s->k, s->n};
    const dnnl_dims_t b_strides = {s->b_batch == 0 ? s->k * s->n : s->b_batch, s->b_row, s->b_col};
    const dnnl_dims_t c = {s->batch, s->m, s->n}, c_strides = {s->c_batch, s->c_row, 1};
    const dnnl_dims_t v = {1, 1, s->n}, v_strides = {s->n, s->n, 1};
    TRY_DNNL(make_md(&o->md[SRC], rank, a + skip, type, a_strides + skip));
    o->has_md[SRC] = true;
    TRY_DNNL(make_md(&o->md[WEIGHTS], rank, b + skip, type, b_strides + skip));
    o->has_md[WEIGHTS] = true;
    TRY_DNNL(make_md(&o->md[DST], rank, c + skip, dnnl_f32, c_strides + skip));
    o->has_md[DST] = true;
    if (spec->has_bias) {
        TRY_DNNL(make_md(&o->md[BIAS], rank, v + skip, dnnl_f32, v_strides + skip));
        o->has_md[BIAS] = true;
    }
done:
    return st;
}

static gndp_status make_primitive(onednn_state *o)
{
    gndp_status st = GNDP_OK;
#if DNNL_VERSION_MAJOR >= 3
    TRY_DNNL(dnnl_matmul_primitive_desc_create(&o->desc, o->engine, o->md[SRC], o->md[WEIGHTS],
                                               o->has_md[BIAS] ? o->md[BIAS] : NULL, o->md[DST],
                                               o->attr));
#else
    dnnl_matmul_desc_t d;
    TRY_DNNL(dnnl_matmul_desc_init(&d, &o->md[SRC], &o->md[WEIGHTS],
                                   o->has_md[BIAS] ? &o->md[BIAS] : NULL, &o->md[DST]));
    TRY_DNNL(dnnl_primitive_desc_create(&o->desc, &d, o->attr, o->engine, NULL));
#endif
    TRY_DNNL(dnnl_primitive_create(&o->primitive, o->desc));
    for (int i = 0; i < SCRATCHPAD; i++)
        if (o->has_md[i])
            TRY_DNNL(
                dnnl_memory_create(&o->memory[i], MD_REF(o->md[i]), o->engine, DNNL_MEMORY_NONE));
done:
    return st;
}

static gndp_status plan_scratch(onednn_state *o, const gndp_matmul_spec *spec, size_t *bytes)
{
    gndp_status st = GNDP_OK;
    const gndp_gemm_shape *s = &spec->shape;
    const md_ref pad = dnnl_primitive_desc_query_md(o->desc, dnnl_query_scratchpad_md, 0);
    const size_t pad_bytes = pad != NULL ? dnnl_memory_desc_get_size(pad) : 0;
    if (spec->kind == GNDP_GEMM_BF16) {
        o->a = copy_of(s->batch, s->a_batch, s->m, s->a_row, s->k, s->a_col);
        o->b = copy_of(s->batch, s->b_batch, s->k, s->b_row, s->n, s->b_col);
    }
    o->b_at = gndp_gemm_align((size_t)copy_count(&o->a) * sizeof(uint16_t));
    o->pad_at = o->b_at + gndp_gemm_align((size_t)copy_count(&o->b) * sizeof(uint16_t));
    *bytes = o->pad_at + pad_bytes;
    if (pad_bytes > 0)
        TRY_DNNL(dnnl_memory_create(&o->memory[SCRATCHPAD], pad, o->engine, DNNL_MEMORY_NONE));
done:
    return st;
}

static void onednn_free(void *state)
{
    onednn_state *o = state;
    if (o == NULL)
        return;
    for (int i = 0; i < ARGS; i++)
        if (o->memory[i] != NULL)
            dnnl_memory_destroy(o->memory[i]);
#if DNNL_VERSION_MAJOR >= 3
    for (int i = 0; i < ARGS; i++)
        if (o->has_md[i])
            dnnl_memory_desc_destroy(o->md[i]);
#endif
    if (o->primitive != NULL)
        dnnl_primitive_destroy(o->primitive);
    if (o->desc != NULL)
        dnnl_primitive_desc_destroy(o->desc);
    if (o->post != NULL)
        dnnl_post_ops_destroy(o->post);
    if (o->attr != NULL)
        dnnl_primitive_attr_destroy(o->attr);
    if (o->stream != NULL)
        dnnl_stream_destroy(o->stream);
    if (o->engine != NULL)
        dnnl_engine_destroy(o->engine);
    free(o);
}

static gndp_status onednn_create(const gndp_matmul_spec *spec, const gndp_cpu *cpu, void **state,
                                 size_t *scratch_bytes)
{
    gndp_status st = GNDP_OK;
    onednn_state *o = NULL;
    const gndp_gemm_shape *s = &spec->shape;
    const int before = omp_get_max_threads();
    omp_set_num_threads(spec->threads); /* oneDNN blocks for the team it sees now */
    GNDP_CHECK(spec->kind != GNDP_GEMM_F64, GNDP_ERR_UNSUPPORTED, "oneDNN has no f64 products");
    GNDP_CHECK(s->batch > 0 && s->m > 0 && s->n > 0 && s->k > 0, GNDP_ERR_UNSUPPORTED,
               "oneDNN and empty products");
    GNDP_CHECK(s->alpha == 1.0 || !spec->has_bias, GNDP_ERR_UNSUPPORTED,
               "oneDNN would multiply the bias by alpha = %g", s->alpha);
    GNDP_CHECK((s->a_row == 1 || s->a_col == 1) && (s->b_row == 1 || s->b_col == 1) &&
                   (s->batch == 1 || s->a_batch != 0),
               GNDP_ERR_UNSUPPORTED, "strides (%lld, %lld) and (%lld, %lld) are not oneDNN's",
               (long long)s->a_row, (long long)s->a_col, (long long)s->b_row, (long long)s->b_col);
    o = calloc(1, sizeof *o);
    GNDP_CHECK(o != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *o);
    o->cpu = *cpu;
    TRY_DNNL(dnnl_engine_create(&o->engine, dnnl_cpu, 0));
    TRY_DNNL(dnnl_stream_create(&o->stream, o->engine, dnnl_stream_default_flags));
    GNDP_TRY(make_post_ops(o, s));
    GNDP_TRY(make_descriptors(o, spec));
    GNDP_TRY(make_primitive(o));
    GNDP_TRY(plan_scratch(o, spec, scratch_bytes));
    *state = o;
    o = NULL;
done:
    omp_set_num_threads(before);
    onednn_free(o);
    return st;
}

static void to_bf16(const bf16_copy *x, const float *src, uint16_t *dst, const gndp_cpu *cpu,
                    int threads)
{
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (int64_t i = 0; i < x->items * x->rows; i++)
        gndp_bf16_row(x->run, src + i / x->rows * x->item_step + i % x->rows * x->row_step,
                      dst + i * x->run, cpu);
}

/* The library's interface takes addresses without const; it only reads the operands. */
static void *address(const void *p)
{
    return (void *)(uintptr_t)p;
}

static gndp_status onednn_run(const gndp_matmul_spec *spec, void *state, const void *a,
                              const void *b, void *c, const void *bias, void *scratch)
{
    gndp_status st = GNDP_OK;
    onednn_state *o = state;
    static const int names[ARGS] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_DST,
                                    DNNL_ARG_SCRATCHPAD};
    void *data[ARGS] = {address(a), address(b), address(bias), c, (char *)scratch + o->pad_at};
    dnnl_exec_arg_t args[ARGS];
    int n = 0;
    const int before = omp_get_max_threads();
    if (spec->kind == GNDP_GEMM_BF16) {
        data[SRC] = scratch;
        data[WEIGHTS] = (char *)scratch + o->b_at;
        to_bf16(&o->a, a, data[SRC], &o->cpu, spec->threads);
        to_bf16(&o->b, b, data[WEIGHTS], &o->cpu, spec->threads);
    }
    omp_set_num_threads(spec->threads);
    for (int i = 0; i < ARGS; i++)
        if (o->memory[i] != NULL) {
            TRY_DNNL(dnnl_memory_set_data_handle(o->memory[i], data[i]));
            args[n++] = (dnnl_exec_arg_t){.arg = names[i], .memory = o->memory[i]};
        }
    TRY_DNNL(dnnl_primitive_execute(o->primitive, o->stream, n, args));
    TRY_DNNL(dnnl_stream_wait(o->stream));
done:
    omp_set_num_threads(before);
    return st;
}

bool gndp_matmul_onednn_has_tiles(const void *state)
{
    const onednn_state *o = state;
    const char *name = NULL;
    if (dnnl_primitive_desc_query(o->desc, dnnl_query_impl_info_str, 0, &name) != dnnl_success)
        return false;
    return name != NULL && strstr(name, "amx") != NULL;
}

const gndp_matmul_provider_ops gndp_matmul_onednn = {
    .name = "onednn", .create = onednn_create, .run = onednn_run, .free = onednn_free};
#else
typedef int gndp_matmul_without_onednn; /* ISO C wants a declaration in every file */
#endif
