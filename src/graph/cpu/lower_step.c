// SPDX-License-Identifier: Apache-2.0
// Units of one node: a matrix product of any strides, or an op by its own routine.
#include "graph/cpu/lower.h"
#include "graph/cpu/matmul.h"
#include "graph/ops/matmul.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------ products */

typedef struct product_payload {
    gndp_matmul_plan *product;
    gndp_gemm_shape shape;
    int32_t a, b, c;
    int64_t a_offset, b_offset;
    size_t size;
    int rank; /* leading axes that one batch stride cannot walk */
    int64_t dim[GNDP_MAX_RANK], a_step[GNDP_MAX_RANK], b_step[GNDP_MAX_RANK], c_step[GNDP_MAX_RANK], count;
} product_payload;

static void release_product(void *payload)
{
    gndp_matmul_plan_free(((product_payload *)payload)->product);
}

static gndp_status run_product(const gndp_plan *plan, const plan_step *step)
{
    gndp_status st = GNDP_OK;
    const product_payload *p = step->payload;
    char *scratch = plan->scratch;
    scratch += (64 - (size_t)((uintptr_t)scratch % 64)) % 64;
    for (int64_t e = 0; e < p->count; e++) {
        int64_t a = p->a_offset, b = p->b_offset, c = 0, rest = e;
        for (int i = p->rank - 1; i >= 0; i--) {
            const int64_t at = rest % p->dim[i];
            rest /= p->dim[i];
            a += at * p->a_step[i];
            b += at * p->b_step[i];
            c += at * p->c_step[i];
        }
        GNDP_TRY(gndp_matmul_plan_run(p->product, (const char *)plan_at(plan, p->a) + (size_t)a * p->size,
                                      (const char *)plan_at(plan, p->b) + (size_t)b * p->size, (char *)plan_at(plan, p->c) + (size_t)c * p->size, NULL,
                                      scratch));
    }
done:
    return st;
}

/* Leading axes walked by one stride in all three arrays become the batch; what is left is looped over. */
static void lay_out_batch(product_payload *p, const matmul_dims *d, const int64_t *a_stride, const int64_t *b_stride)
{
    int64_t c_step = p->shape.c_batch;
    bool open = true;
    p->shape.batch = 1;
    p->count = 1;
    for (int i = d->rank - 1; i >= 0; i--) {
        const bool first = p->shape.batch == 1;
        if (d->dim[i] != 1 && open) {
            if (first) {
                p->shape.a_batch = a_stride[i];
                p->shape.b_batch = b_stride[i];
                p->shape.batch = d->dim[i];
            } else if (a_stride[i] == p->shape.a_batch * p->shape.batch && b_stride[i] == p->shape.b_batch * p->shape.batch) {
                p->shape.batch *= d->dim[i];
            } else {
                open = false;
            }
        }
        if (d->dim[i] != 1 && !open) {
            memmove(p->dim + 1, p->dim, (size_t)p->rank * sizeof *p->dim);
            memmove(p->a_step + 1, p->a_step, (size_t)p->rank * sizeof *p->a_step);
            memmove(p->b_step + 1, p->b_step, (size_t)p->rank * sizeof *p->b_step);
            memmove(p->c_step + 1, p->c_step, (size_t)p->rank * sizeof *p->c_step);
            p->dim[0] = d->dim[i];
            p->a_step[0] = a_stride[i];
            p->b_step[0] = b_stride[i];
            p->c_step[0] = c_step;
            p->rank++;
            p->count *= d->dim[i];
        }
        c_step *= d->dim[i];
    }
}

gndp_status gndp_lower_matmul(cpu_lowering *l, int32_t id)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan = l->plan;
    const ir_node *node = &plan->ir.nodes[id];
    const gndp_type at = ir_type(&plan->ir, node->in[0]), bt = ir_type(&plan->ir, node->in[1]);
    const cpu_view va = gndp_cpu_view(&l->fusion, node->in[0]), vb = gndp_cpu_view(&l->fusion, node->in[1]);
    const matmul_dims d = matmul_layout(&node->attr, at, bt);
    const bool ta = node->attr.i[GNDP_MATMUL_TRANS_A] != 0, tb = node->attr.i[GNDP_MATMUL_TRANS_B] != 0;
    const bool reduced = plan->stats.bf16 && node->attr.i[GNDP_MATMUL_REDUCED] != 0 && node->out[0].dtype == GNDP_F32;
    const bool small = d.m < 16 || d.n < 16 || d.k < 16; /* not worth a library call, and so no tiles */
    const bool rounds = reduced && (device_bf16_vectors(plan->device) || (device_bf16_tiles(plan->device) && !small));
    const gndp_gemm_kind kind = node->out[0].dtype == GNDP_F64 ? GNDP_GEMM_F64 : rounds ? GNDP_GEMM_BF16 : GNDP_GEMM_F32;
    int64_t a_stride[GNDP_MAX_RANK] = {0}, b_stride[GNDP_MAX_RANK] = {0};
    product_payload *p = gndp_arena_alloc(plan->arena, sizeof *p);
    plan_step *step = gndp_plan_add_step(plan, 2, 1);
    GNDP_CHECK(p != NULL && step != NULL, GNDP_ERR_NOMEM, "planner: a product");
    for (int i = 0; i < d.rank; i++) { /* leading axes, right-aligned; repeated ones have stride 0 */
        const int ia = i - (d.rank - (at.rank - 2)), ib = i - (d.rank - (bt.rank - 2));
        a_stride[i] = ia >= 0 && at.dim[ia] != 1 ? va.strides.stride[ia] : 0;
        b_stride[i] = ib >= 0 && bt.dim[ib] != 1 ? vb.strides.stride[ib] : 0;
    }
    *p = (product_payload){.a = *lower_buffer(l, va.base), .b = *lower_buffer(l, vb.base), .c = *lower_buffer(l, (ir_ref){id, 0}),
                           .a_offset = va.strides.offset, .b_offset = vb.strides.offset, .size = gndp_dtype_size(node->out[0].dtype)};
    GNDP_CHECK(p->a >= 0 && p->b >= 0 && p->c >= 0, GNDP_ERR_INTERNAL, "planner: a product without arrays");
    p->shape = (gndp_gemm_shape){.m = d.m, .n = d.n, .k = d.k, .alpha = d.alpha, .c_row = d.n, .c_batch = d.m * d.n};
    p->shape.a_row = va.strides.stride[at.rank - (ta ? 1 : 2)];
    p->shape.a_col = va.strides.stride[at.rank - (ta ? 2 : 1)];
    p->shape.b_row = vb.strides.stride[bt.rank - (tb ? 1 : 2)];
    p->shape.b_col = vb.strides.stride[bt.rank - (tb ? 2 : 1)];
    lay_out_batch(p, &d, a_stride, b_stride);
    gndp_matmul_spec spec = {.kind = kind, .shape = p->shape, .threads = plan->device->threads,
                                   .provider = plan->device->no_onednn && kind != GNDP_GEMM_BF16 ? GNDP_MATMUL_OURS : GNDP_MATMUL_AUTO};
    step->run = run_product;
    step->payload = p;
    step->release = release_product;
    if (p->count == 1 && plan->buffers[p->b].place == PLACE_CONSTANT) {
        spec.b = (const char *)plan->buffers[p->b].data + (size_t)p->b_offset * p->size;
    }
    GNDP_TRY(gndp_matmul_plan_create(&spec, &plan->device->cpu, &p->product));
    static const char *const label[] = {"matmul", "matmul (ours)", "matmul (OpenBLAS)", "matmul (oneDNN)"};
    step->label = label[gndp_matmul_plan_provider(p->product)];
    plan->no_twins = plan->no_twins || gndp_matmul_plan_provider(p->product) == GNDP_MATMUL_ONEDNN;
    step->reads[0] = p->a;
    step->reads[1] = p->b;
    step->writes[0] = p->c;
    step->scratch = gndp_matmul_plan_scratch_bytes(p->product) + 64;
    step->flops = step->matmul_flops = 2.0 * (double)d.batch * (double)d.m * (double)d.n * (double)d.k;
    step->bytes = (double)(plan->buffers[p->a].bytes + plan->buffers[p->b].bytes + plan->buffers[p->c].bytes);
done:
    return st;
}

/* ----------------------------------------------------------------------------------------------- ops */

typedef struct op_payload {
    gndp_exec ex; /* data pointers are filled at every run */
    int32_t *in, *out;
    size_t *offset; /* [n_in] bytes */
    gndp_exec_fn run;
} op_payload;

static gndp_status run_op(const gndp_plan *plan, const plan_step *step)
{
    const op_payload *p = step->payload;
    gndp_buffer in[GNDP_MAX_INPUTS], out[GNDP_MAX_OUTPUTS];
    gndp_exec ex = p->ex;
    char *scratch = plan->scratch;
    for (int i = 0; i < ex.n_in; i++) {
        in[i] = (gndp_buffer){p->ex.in[i].type, (char *)plan_at(plan, p->in[i]) + p->offset[i]};
    }
    for (int o = 0; o < ex.n_out; o++) {
        out[o] = (gndp_buffer){p->ex.out[o].type, plan_at(plan, p->out[o])};
    }
    ex.in = in;
    ex.out = out;
    ex.scratch = scratch + (64 - (size_t)((uintptr_t)scratch % 64)) % 64;
    return p->run(&ex);
}

gndp_status gndp_lower_op(cpu_lowering *l, int32_t id)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan = l->plan;
    const ir_node *node = &plan->ir.nodes[id];
    const gndp_dtype by = node->op->by_input ? ir_type(&plan->ir, node->in[0]).dtype : node->out[0].dtype;
    gndp_type in_types[GNDP_MAX_INPUTS];
    op_payload *p = gndp_arena_alloc(plan->arena, sizeof *p);
    plan_step *step = gndp_plan_add_step(plan, node->n_in, node->n_out);
    gndp_buffer *in = gndp_arena_alloc(plan->arena, (size_t)(node->n_in + 1) * sizeof *in);
    gndp_buffer *out = gndp_arena_alloc(plan->arena, (size_t)(node->n_out + 1) * sizeof *out);
    size_t *offset = gndp_arena_alloc(plan->arena, (size_t)(node->n_in + 1) * sizeof *offset);
    GNDP_CHECK(p != NULL && step != NULL && in != NULL && out != NULL && offset != NULL, GNDP_ERR_NOMEM, "planner: a step");
    const gndp_exec_fn fn = node->op->cpu[by] != NULL ? node->op->cpu[by] : node->op->ref[by];
    GNDP_CHECK(fn != NULL, GNDP_ERR_UNSUPPORTED, "%s: the CPU device has no routine for %s", node->op->name, gndp_dtype_name(by));
    for (int i = 0; i < node->n_in; i++) {
        const cpu_view view = gndp_cpu_view(&l->fusion, node->in[i]);
        in_types[i] = in[i].type = ir_type(&plan->ir, node->in[i]);
        step->reads[i] = *lower_buffer(l, view.base);
        GNDP_CHECK(step->reads[i] >= 0 && gndp_view_is_dense(in[i].type, &view.strides), GNDP_ERR_INTERNAL, "planner: input %d of %s is no array", i,
                   node->op->name);
        offset[i] = (size_t)view.strides.offset * gndp_dtype_size(in[i].type.dtype);
        step->bytes += (double)gndp_type_bytes(in[i].type);
    }
    for (int o = 0; o < node->n_out; o++) {
        out[o].type = node->out[o];
        step->writes[o] = *lower_buffer(l, (ir_ref){id, o});
        step->bytes += (double)gndp_type_bytes(out[o].type);
    }
    *p = (op_payload){.ex = {.op = node->op, .attr = &node->attr, .n_in = node->n_in, .n_out = node->n_out, .in = in, .out = out,
                             .threads = plan->device->threads, .simd = (int)plan->device->cpu.simd, .cpu_bf16 = device_bf16_vectors(plan->device),
                             .bf16 = plan->stats.bf16},
                      .in = step->reads, .out = step->writes, .offset = offset, .run = fn};
    step->run = run_op;
    step->payload = p;
    step->label = node->op->name;
    step->scratch = node->op->scratch != NULL && fn == node->op->cpu[by] ? node->op->scratch(&p->ex) + 64 : 0;
    step->flops = node->op->flops != NULL ? node->op->flops(&node->attr, node->n_in, in_types, node->out) : (double)gndp_type_count(node->out[0]);
    step->matmul_flops = strncmp(node->op->name, "attention", 9) == 0 ? step->flops : 0.0;
done:
    return st;
}
