// SPDX-License-Identifier: Apache-2.0
// A unit of fused nodes becomes a tile program: loads, products, instructions, registers, stores and sums.
#include "graph/cpu/lower.h"
#include "graph/ops/elementwise.h"
#include "graph/ops/matmul.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct builder {
    cpu_lowering *l;
    const gndp_ir *ir;
    const cpu_unit *unit;
    tile_program *p;
    int split; /* outer axes are dim[0..split) of the unit */
    tile_operand where[FUSE_MAX_NODES]; /* of each member's value */
    int uses[FUSE_MAX_NODES];           /* inside the unit */
    bool stored[FUSE_MAX_NODES];        /* has an array as well */
    int64_t reads[TILE_MAX_LOADS * TILE_MAX_PIECES + 4 * TILE_MAX_PRODUCTS];
    int n_reads;
    double flops, matmul_flops, bytes;
    tile_load load[TILE_MAX_LOADS]; /* of the program, until it is settled */
    tile_instruction instruction[TILE_MAX_INSTRUCTIONS];
    tile_store store[TILE_MAX_INSTRUCTIONS];
    tile_sum sum[TILE_MAX_INSTRUCTIONS];
    tile_product product[TILE_MAX_PRODUCTS];
} builder;

static int member_index(const builder *b, int32_t node)
{
    for (int m = 0; m < b->unit->n; m++) {
        if (b->unit->nodes[m] == node) {
            return m;
        }
    }
    return -1;
}

static gndp_status note_read(builder *b, int32_t buffer)
{
    gndp_status st = GNDP_OK;
    for (int i = 0; i < b->n_reads; i++) {
        if (b->reads[i] == buffer) {
            goto done;
        }
    }
    GNDP_CHECK(b->n_reads < (int)(sizeof b->reads / sizeof *b->reads), GNDP_ERR_INTERNAL, "planner: a unit reads too many arrays");
    b->reads[b->n_reads++] = buffer;
    b->bytes += (double)b->l->plan->buffers[buffer].bytes;
done:
    return st;
}

/* --------------------------------------------------------------------------------------------- loads */

/* Join neighbouring axes that one stride walks. */
static int collapse(int n, const int64_t *dim, const int64_t *stride, int64_t *out_dim, int64_t *out_stride)
{
    int m = 0;
    for (int i = 0; i < n; i++) {
        if (dim[i] == 1) {
            continue;
        }
        if (m > 0 && out_stride[m - 1] == stride[i] * dim[i]) {
            out_dim[m - 1] *= dim[i];
            out_stride[m - 1] = stride[i];
        } else {
            out_dim[m] = dim[i];
            out_stride[m++] = stride[i];
        }
    }
    return m;
}

/* Element strides of a value over the unit's refined axes: its own axes right-aligned to those of the space, which broadcast it. */
static bool space_strides(const builder *b, gndp_type space, gndp_type type, const gndp_strides *view, int64_t *out)
{
    int64_t wide[GNDP_MAX_RANK] = {0};
    for (int i = 0; i < type.rank; i++) {
        wide[space.rank - type.rank + i] = type.dim[i] == 1 ? 0 : view->stride[i];
    }
    return gndp_refine_strides(space, wide, b->unit->rank, b->unit->dim, out);
}

static bool all_zero(const int64_t *stride, const int64_t *dim, int n)
{
    for (int i = 0; i < n; i++) {
        if (stride[i] != 0 && dim[i] > 1) {
            return false;
        }
    }
    return true;
}

/* The strided load of an array; kind follows from the strides. */
static tile_load strided_load(const builder *b, int32_t buffer, gndp_dtype dtype, int64_t offset, const int64_t *stride)
{
    const int64_t *dim = b->unit->dim;
    const int rank = b->unit->rank, split = b->split;
    tile_load load = {.buffer = buffer, .dtype = dtype, .offset = offset, .slot = -1};
    int64_t cd[GNDP_MAX_RANK], cs[GNDP_MAX_RANK];
    const int flat = collapse(rank, dim, stride, cd, cs);
    if (all_zero(stride, dim, rank)) {
        load.kind = LOAD_ONE;
        return load;
    }
    if (flat == 1 && cs[0] == 1) {
        load.kind = LOAD_DENSE;
        return load;
    }
    memcpy(load.outer_stride, stride, (size_t)split * sizeof *stride);
    load.inner_rank = collapse(rank - split, dim + split, stride + split, load.inner_dim, load.inner_stride);
    if (load.inner_rank == 0) {
        load.inner_rank = 1;
        load.inner_dim[0] = b->p->row;
        load.inner_stride[0] = 0;
    }
    load.kind = load.inner_rank == 1 && (load.inner_stride[0] == 1 || load.inner_stride[0] == 0) ? LOAD_ROWS : LOAD_AXES;
    load.pinned = all_zero(load.outer_stride, dim, split) && (split > 0 || b->p->rows == 1); /* without outer axes, rows are tiles of one run */
    return load;
}

static gndp_status add_load(builder *b, const tile_load *load, tile_operand *out)
{
    gndp_status st = GNDP_OK;
    tile_program *p = b->p;
    for (int i = 0; i < p->n_loads; i++) { /* one load an array and pattern */
        tile_load other = p->load[i];
        other.slot = load->slot;
        if (memcmp(&other, load, sizeof other) == 0) {
            *out = (tile_operand){OPERAND_LOAD, i, load->dtype};
            goto done;
        }
    }
    GNDP_CHECK(p->n_loads < TILE_MAX_LOADS, GNDP_ERR_INTERNAL, "planner: a unit loads too many arrays");
    p->load[p->n_loads] = *load;
    if (load->kind != LOAD_DENSE && load->kind != LOAD_ONE) {
        p->load[p->n_loads].slot = p->n_slots++;
    }
    *out = (tile_operand){OPERAND_LOAD, p->n_loads++, load->dtype};
done:
    return st;
}

static gndp_status load_value(builder *b, ir_ref ref, gndp_type space, tile_operand *out)
{
    gndp_status st = GNDP_OK;
    const cpu_view view = gndp_cpu_view(&b->l->fusion, ref);
    const gndp_type type = ir_type(b->ir, ref);
    const int32_t buffer = *lower_buffer(b->l, view.base);
    int64_t stride[GNDP_MAX_RANK] = {0};
    GNDP_CHECK(buffer >= 0, GNDP_ERR_INTERNAL, "planner: %s has no array", b->ir->nodes[view.base.node].op->name);
    GNDP_CHECK(space_strides(b, space, type, &view.strides, stride), GNDP_ERR_INTERNAL, "planner: strides of " GNDP_TYPE_FMT " over " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(type), GNDP_TYPE_ARG(space));
    const tile_load load = strided_load(b, buffer, type.dtype, view.strides.offset, stride);
    GNDP_TRY(note_read(b, buffer));
    GNDP_TRY(add_load(b, &load, out));
done:
    return st;
}

/* Rows of a concat or pad, joined as they are loaded. */
static gndp_status load_pieces(builder *b, int32_t id, tile_operand *out)
{
    gndp_status st = GNDP_OK;
    const ir_node *node = &b->ir->nodes[id];
    const gndp_type type = node->out[0];
    const int last = type.rank - 1;
    const bool pad = node->n_in == 1 && strcmp(node->op->name, "pad") == 0;
    tile_load load = {.kind = LOAD_PIECES, .buffer = -1, .dtype = type.dtype, .slot = -1};
    int64_t column = 0;
    if (pad && node->attr.i[last] > 0) {
        load.piece[load.n_pieces++] = (tile_piece){.buffer = -1, .begin = 0, .end = node->attr.i[last]};
        column = node->attr.i[last];
    }
    for (int i = 0; i < node->n_in; i++) {
        const cpu_view view = gndp_cpu_view(&b->l->fusion, node->in[i]);
        const int64_t width = ir_type(b->ir, node->in[i]).dim[last];
        tile_piece *piece = &load.piece[load.n_pieces++];
        int64_t stride[GNDP_MAX_RANK] = {0};
        *piece = (tile_piece){.buffer = *lower_buffer(b->l, view.base), .offset = view.strides.offset, .begin = column, .end = column + width,
                              .inner = width > 1 ? view.strides.stride[last] : 1};
        GNDP_CHECK(piece->buffer >= 0 && gndp_refine_strides(type, view.strides.stride, b->unit->rank, b->unit->dim, stride), GNDP_ERR_INTERNAL,
                   "planner: a piece of %s", node->op->name);
        memcpy(piece->outer_stride, stride, (size_t)b->split * sizeof *stride);
        GNDP_TRY(note_read(b, piece->buffer));
        column += width;
    }
    if (pad && column < type.dim[last]) {
        load.piece[load.n_pieces++] = (tile_piece){.buffer = -1, .begin = column, .end = type.dim[last]};
    }
    GNDP_TRY(add_load(b, &load, out));
done:
    return st;
}

/* Operand of a member: another member's tile, or a load. */
static gndp_status operand(builder *b, ir_ref ref, gndp_type space, tile_operand *out)
{
    const int32_t base = gndp_cpu_view(&b->l->fusion, ref).base.node;
    const int m = member_index(b, base);
    if (b->l->fusion.joined[base]) {
        return load_pieces(b, base, out);
    }
    if (m >= 0 && b->ir->nodes[b->unit->nodes[m]].op->reduction == 0) {
        *out = b->where[m];
        return GNDP_OK;
    }
    return load_value(b, ref, space, out);
}

/* ------------------------------------------------------------------------------------------ products */

static gndp_status add_product(builder *b, int m)
{
    gndp_status st = GNDP_OK;
    const int32_t id = b->unit->nodes[m];
    const ir_node *node = &b->ir->nodes[id];
    const gndp_type at = ir_type(b->ir, node->in[0]), bt = ir_type(b->ir, node->in[1]);
    const matmul_dims d = matmul_layout(&node->attr, at, bt);
    const cpu_view va = gndp_cpu_view(&b->l->fusion, node->in[0]), vb = gndp_cpu_view(&b->l->fusion, node->in[1]);
    const gndp_device *device = b->l->plan->device;
    const bool reduced = b->l->plan->stats.bf16 && device_bf16_vectors(device) && node->attr.i[GNDP_MATMUL_REDUCED] != 0 && node->out[0].dtype == GNDP_F32;
    const gndp_gemm_kind kind = node->out[0].dtype == GNDP_F64 ? GNDP_GEMM_F64 : reduced ? GNDP_GEMM_BF16 : GNDP_GEMM_F32;
    tile_product *q = &b->p->product[b->p->n_products];
    _Static_assert(FUSE_MAX_LOADS <= TILE_MAX_LOADS && FUSE_MAX_PRODUCTS <= TILE_MAX_PRODUCTS && FUSE_MAX_NODES <= TILE_MAX_INSTRUCTIONS,
                   "a unit fits a tile program");
    GNDP_CHECK(b->p->n_products < TILE_MAX_PRODUCTS, GNDP_ERR_INTERNAL, "planner: too many products in a unit");
    *q = (tile_product){.ops = gndp_gemm_ops_for(kind, device->cpu.simd, device->cpu.avx512_bf16), .n = d.n, .k = d.k, .alpha = d.alpha, .bias = -1, .sum = -1,
                        .into = b->p->n_products, .stored = -1, .size = gndp_dtype_size(node->out[0].dtype)};
    q->a = *lower_buffer(b->l, va.base);
    q->b = *lower_buffer(b->l, vb.base);
    GNDP_CHECK(q->a >= 0 && q->b >= 0, GNDP_ERR_INTERNAL, "planner: a product without arrays");
    q->a_offset = va.strides.offset;
    q->b_offset = vb.strides.offset;
    q->a_row = va.strides.stride[at.rank - 2];
    q->a_col = va.strides.stride[at.rank - 1];
    if (at.dim[at.rank - 2] == 1) { /* rows lie on the axes before */
        for (int i = at.rank - 3; i >= 0; i--) {
            if (at.dim[i] != 1) {
                q->a_row = va.strides.stride[i];
                break;
            }
        }
    }
    const bool tb = node->attr.i[GNDP_MATMUL_TRANS_B] != 0;
    q->b_row = vb.strides.stride[bt.rank - (tb ? 1 : 2)];
    q->b_col = vb.strides.stride[bt.rank - (tb ? 2 : 1)];
    if (b->l->plan->buffers[q->b].place == PLACE_CONSTANT) {
        char *ready = gndp_arena_alloc(b->l->plan->arena, q->ops->packed_b_bytes(q->k, q->n) + 64);
        GNDP_CHECK(ready != NULL, GNDP_ERR_NOMEM, "planner: a packed constant");
        q->ops->pack_b(q->k, q->n, 0, q->n, (const char *)b->l->plan->buffers[q->b].data + (size_t)q->b_offset * q->size, q->b_row, q->b_col, ready);
        q->ready = ready;
    }
    GNDP_TRY(note_read(b, q->a));
    GNDP_TRY(note_read(b, q->b));
    b->where[m] = (tile_operand){OPERAND_PRODUCT, b->p->n_products++, node->out[0].dtype};
    const double flops = 2.0 * (double)d.m * (double)d.batch * (double)d.n * (double)d.k;
    b->flops += flops;
    b->matmul_flops += flops;
done:
    return st;
}

/* A value that only one member reads, once, and nobody outside. */
static bool is_private(const builder *b, int m)
{
    return b->uses[m] == 1 && !b->stored[m];
}

/* sum of a product and a row vector, or of two products: done inside the product. */
static bool join_sum(builder *b, int m, const tile_operand *in)
{
    const ir_node *node = &b->ir->nodes[b->unit->nodes[m]];
    int of[2] = {-1, -1}; /* member of each operand */
    if (strcmp(node->op->name, "add") != 0 || in[0].dtype == GNDP_I32) {
        return false;
    }
    for (int k = 0; k < 2; k++) {
        of[k] = member_index(b, gndp_cpu_view(&b->l->fusion, node->in[k]).base.node);
    }
    for (int k = 0; k < 2; k++) {
        const tile_operand x = in[k], y = in[1 - k];
        if (x.kind != OPERAND_PRODUCT || of[k] < 0 || !is_private(b, of[k])) {
            continue;
        }
        tile_product *q = &b->p->product[x.index];
        if (y.kind == OPERAND_PRODUCT && y.index != x.index && of[1 - k] >= 0 && is_private(b, of[1 - k])) {
            const int low = x.index < y.index ? x.index : y.index, high = x.index < y.index ? y.index : x.index;
            for (int i = 0; i < b->p->n_products; i++) { /* all that went into the later block */
                b->p->product[i].into = b->p->product[i].into == high ? low : b->p->product[i].into;
            }
            b->where[m] = (tile_operand){OPERAND_PRODUCT, low, x.dtype};
            return true;
        }
        if (y.kind == OPERAND_LOAD && q->bias < 0) {
            const tile_load *l = &b->p->load[y.index];
            if (l->kind == LOAD_ROWS && l->pinned && l->inner_rank == 1 && l->inner_stride[0] == 1) {
                q->bias = l->buffer;
                q->bias_offset = l->offset;
                b->where[m] = x;
                return true;
            }
        }
    }
    return false;
}

/* ---------------------------------------------------------------------------------------- instructions */

static gndp_status add_instruction(builder *b, int m, const tile_operand *in)
{
    gndp_status st = GNDP_OK;
    const int32_t id = b->unit->nodes[m];
    const ir_node *node = &b->ir->nodes[id];
    const gndp_dtype dtype = node->out[0].dtype;
    tile_program *p = b->p;
    tile_instruction *i = &p->instruction[p->n_instructions];
    GNDP_CHECK(p->n_instructions < TILE_MAX_INSTRUCTIONS, GNDP_ERR_INTERNAL, "planner: a unit has too many instructions");
    *i = (tile_instruction){.fn = gndp_elementwise_fn(p->table, node->op, in[node->n_in - 1].dtype, dtype), .n_in = node->n_in};
    GNDP_CHECK(i->fn != NULL, GNDP_ERR_UNSUPPORTED, "%s: the CPU device has no routine for %s", node->op->name, gndp_dtype_name(dtype));
    memcpy(i->in, in, (size_t)node->n_in * sizeof *in);
    memcpy(i->p, node->attr.f, sizeof i->p);
    const int32_t buffer = *lower_buffer(b->l, (ir_ref){id, 0});
    if (b->stored[m] && !b->l->in_place[id]) {
        i->out = (tile_operand){OPERAND_MEMORY, buffer, dtype};
    } else {
        i->out = (tile_operand){OPERAND_SLOT, 1000 + p->n_instructions, dtype}; /* virtual, see assign_slots */
    }
    b->where[m] = i->out;
    p->n_instructions++;
    b->flops += (double)b->unit->count;
done:
    return st;
}

/* Values that do not come out of an instruction of their own, or must not be written before the tile is read. */
static void add_store(builder *b, int m)
{
    const int32_t id = b->unit->nodes[m];
    tile_program *p = b->p;
    const int32_t buffer = *lower_buffer(b->l, (ir_ref){id, 0});
    if (b->where[m].kind == OPERAND_PRODUCT && b->ir->nodes[id].op->view == NULL) {
        p->product[p->product[b->where[m].index].into].stored = buffer;
    } else if (b->where[m].kind != OPERAND_MEMORY || b->where[m].index != buffer) {
        p->store[p->n_stores++] = (tile_store){.from = b->where[m], .buffer = buffer, .dtype = b->where[m].dtype};
    }
    b->bytes += (double)b->l->plan->buffers[buffer].bytes;
}

/* A sum over the rows that a product reads: found by the array. */
static gndp_status add_sum_aside(builder *b, int32_t id)
{
    gndp_status st = GNDP_OK;
    const cpu_view view = gndp_cpu_view(&b->l->fusion, b->ir->nodes[id].in[0]);
    const int32_t buffer = *lower_buffer(b->l, view.base);
    int i = 0;
    while (i < b->p->n_products && (b->p->product[i].a != buffer || b->p->product[i].sum >= 0)) {
        i++;
    }
    GNDP_CHECK(i < b->p->n_products, GNDP_ERR_INTERNAL, "planner: no product reads what a sum joins");
    b->p->product[i].sum = *lower_buffer(b->l, (ir_ref){id, 0});
    b->flops += (double)gndp_type_count(ir_type(b->ir, b->ir->nodes[id].in[0]));
done:
    return st;
}

static gndp_status add_sum(builder *b, int m)
{
    gndp_status st = GNDP_OK;
    const int32_t id = b->unit->nodes[m];
    const ir_node *node = &b->ir->nodes[id];
    tile_program *p = b->p;
    if (b->l->fusion.aside[id]) {
        return add_sum_aside(b, id);
    }
    tile_sum *s = &p->sum[p->n_sums++];
    *s = (tile_sum){.dtype = node->out[0].dtype, .buffer = *lower_buffer(b->l, (ir_ref){id, 0}), .vector = node->attr.i[2] > 1};
    GNDP_TRY(operand(b, node->in[0], ir_type(b->ir, node->in[0]), &s->from));
    const int64_t group = node->attr.i[1] * node->attr.i[2];
    s->rows = group == b->unit->count ? p->rows : group / p->row;
    if (s->from.kind == OPERAND_LOAD && p->load[s->from.index].kind == LOAD_ONE) { /* sums walk arrays: repeat the entry */
        tile_instruction *i = &p->instruction[p->n_instructions];
        GNDP_CHECK(p->n_instructions < TILE_MAX_INSTRUCTIONS, GNDP_ERR_INTERNAL, "planner: a unit has too many instructions");
        *i = (tile_instruction){.fn = p->table->cast[s->dtype][s->dtype], .n_in = 1, .in = {s->from},
                                .out = {OPERAND_SLOT, 1000 + p->n_instructions, s->dtype}};
        s->from = i->out;
        p->n_instructions++;
    }
    b->flops += (double)b->unit->count;
done:
    return st;
}

/* Registers for values that live in tiles only: freed after their last reader. */
static void assign_slots(tile_program *p)
{
    int last[TILE_MAX_INSTRUCTIONS], real[TILE_MAX_INSTRUCTIONS], pool[TILE_MAX_INSTRUCTIONS], n_pool = 0;
    for (int i = 0; i < p->n_instructions; i++) {
        last[i] = i;
        for (int k = 0; k < p->instruction[i].n_in; k++) {
            const tile_operand o = p->instruction[i].in[k];
            if (o.kind == OPERAND_SLOT) {
                last[o.index - 1000] = i;
            }
        }
    }
    for (int i = 0; i < p->n_sums + p->n_stores; i++) {
        const tile_operand o = i < p->n_sums ? p->sum[i].from : p->store[i - p->n_sums].from;
        if (o.kind == OPERAND_SLOT) {
            last[o.index - 1000] = p->n_instructions;
        }
    }
    for (int i = 0; i < p->n_instructions; i++) {
        tile_instruction *ins = &p->instruction[i];
        for (int k = 0; k < ins->n_in; k++) {
            if (ins->in[k].kind == OPERAND_SLOT) {
                const int from = ins->in[k].index - 1000;
                const bool sized = (ins->in[k].dtype == GNDP_F64) == (ins->out.dtype == GNDP_F64);
                ins->in[k].index = real[from];
                if (last[from] == i && sized) {
                    pool[n_pool++] = real[from];
                    last[from] = -1; /* an operand named twice is freed once */
                }
            }
        }
        if (ins->out.kind == OPERAND_SLOT) {
            real[i] = n_pool > 0 ? pool[--n_pool] : p->n_slots++;
            ins->out.index = real[i];
        }
    }
    for (int i = 0; i < p->n_sums; i++) {
        if (p->sum[i].from.kind == OPERAND_SLOT) {
            p->sum[i].from.index = real[p->sum[i].from.index - 1000];
        }
    }
    for (int i = 0; i < p->n_stores; i++) {
        if (p->store[i].from.kind == OPERAND_SLOT) {
            p->store[i].from.index = real[p->store[i].from.index - 1000];
        }
    }
}

/* Loads that a product took over (a bias) cost nothing any more. */
static void drop_unused_loads(tile_program *p)
{
    bool used[TILE_MAX_LOADS] = {false};
    for (int i = 0; i < p->n_instructions; i++) {
        for (int k = 0; k < p->instruction[i].n_in; k++) {
            if (p->instruction[i].in[k].kind == OPERAND_LOAD) {
                used[p->instruction[i].in[k].index] = true;
            }
        }
    }
    for (int i = 0; i < p->n_sums; i++) {
        if (p->sum[i].from.kind == OPERAND_LOAD) {
            used[p->sum[i].from.index] = true;
        }
    }
    for (int i = 0; i < p->n_stores; i++) {
        if (p->store[i].from.kind == OPERAND_LOAD) {
            used[p->store[i].from.index] = true;
        }
    }
    for (int i = 0; i < p->n_loads; i++) {
        if (!used[i]) {
            p->load[i].kind = LOAD_ONE;
        }
    }
}

/* ---------------------------------------------------------------------------------------------- rows */

/* Can axes i and i + 1 of the unit be walked as one by every array it loads? */
static bool axes_join(const builder *b, int i)
{
    for (int m = 0; m < b->unit->n; m++) {
        const ir_node *node = &b->ir->nodes[b->unit->nodes[m]];
        const gndp_type space = gndp_member_space(&b->l->fusion, b->unit->nodes[m]);
        for (int k = 0; k < node->n_in && !node->op->matmul; k++) {
            const cpu_view view = gndp_cpu_view(&b->l->fusion, node->in[k]);
            int64_t stride[GNDP_MAX_RANK] = {0};
            if (member_index(b, view.base.node) >= 0 || b->l->fusion.joined[view.base.node]) {
                continue;
            }
            if (!space_strides(b, space, ir_type(b->ir, node->in[k]), &view.strides, stride) ||
                stride[i] != stride[i + 1] * b->unit->dim[i + 1]) {
                return false;
            }
        }
    }
    return true;
}

static void choose_rows(builder *b)
{
    const cpu_unit *u = b->unit;
    tile_program *p = b->p;
    int64_t row = u->row;
    if (row == 0) {
        int i = u->rank - 1;
        row = u->rank > 0 ? u->dim[i] : 1;
        while (i > 0 && axes_join(b, i - 1)) {
            row *= u->dim[--i];
        }
        if (i <= 0) { /* one run: no rows but tiles */
            p->row = u->count < TILE_ELEMENTS ? u->count : TILE_ELEMENTS;
            p->rows = (u->count + p->row - 1) / p->row;
            p->last_row = u->count - (p->rows - 1) * p->row;
            b->split = 0;
            return;
        }
    }
    int64_t inner = 1;
    b->split = u->rank;
    while (b->split > 0 && inner < row) {
        inner *= u->dim[--b->split];
    }
    p->row = p->last_row = row;
    p->rows = u->count / row;
    p->outer_rank = b->split;
    memcpy(p->outer_dim, u->dim, (size_t)b->split * sizeof *u->dim);
}

/* --------------------------------------------------------------------------------------------- unit */

static gndp_status add_members(builder *b)
{
    gndp_status st = GNDP_OK;
    for (int m = 0; m < b->unit->n; m++) {
        const int32_t id = b->unit->nodes[m];
        const ir_node *node = &b->ir->nodes[id];
        const gndp_type space = gndp_member_space(&b->l->fusion, id);
        tile_operand in[3] = {{0}};
        if (node->op->matmul) {
            GNDP_TRY(add_product(b, m));
            continue;
        }
        if (node->op->reduction != 0) {
            continue;
        }
        if (node->op->view != NULL) { /* a copy */
            const cpu_view from = gndp_cpu_view(&b->l->fusion, node->in[0]);
            gndp_strides to = from.strides;
            const bool said = node->op->view(&node->attr, ir_type(b->ir, node->in[0]), node->out[0], &from.strides, &to);
            const int inside = member_index(b, from.base.node);
            if (inside >= 0) {
                b->where[m] = b->where[inside];
                continue;
            }
            int64_t stride[GNDP_MAX_RANK] = {0};
            GNDP_CHECK(space_strides(b, space, space, said ? &to : &from.strides, stride), GNDP_ERR_INTERNAL, "planner: a copy of %s", node->op->name);
            const int32_t buffer = *lower_buffer(b->l, from.base);
            GNDP_CHECK(buffer >= 0, GNDP_ERR_INTERNAL, "planner: %s has no array", b->ir->nodes[from.base.node].op->name);
            const tile_load load = strided_load(b, buffer, node->out[0].dtype, said ? to.offset : from.strides.offset, stride);
            GNDP_TRY(note_read(b, buffer));
            GNDP_TRY(add_load(b, &load, &b->where[m]));
            continue;
        }
        for (int k = 0; k < node->n_in; k++) {
            GNDP_TRY(operand(b, node->in[k], space, &in[k]));
        }
        if (!join_sum(b, m, in)) {
            GNDP_TRY(add_instruction(b, m, in));
        }
    }
    for (int m = 0; m < b->unit->n; m++) {
        if (b->ir->nodes[b->unit->nodes[m]].op->reduction != 0) {
            GNDP_TRY(add_sum(b, m));
        } else if (b->stored[m]) {
            add_store(b, m);
        }
    }
done:
    return st;
}

static const char *name_unit(const builder *b)
{
    char text[160];
    size_t n = 0;
    text[0] = '\0';
    for (int m = 0; m < b->unit->n && n + 24 < sizeof text; m++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", m > 0 ? "+" : "", b->ir->nodes[b->unit->nodes[m]].op->name);
    }
    if (b->unit->n > 1 && n + 24 >= sizeof text) {
        snprintf(text + n, sizeof text - n, "+..%d", b->unit->n);
    }
    return gndp_arena_strdup(b->l->plan->arena, text);
}

/* Uses inside the unit, and which values have arrays. */
static void count_uses(builder *b)
{
    for (int m = 0; m < b->unit->n; m++) {
        const int32_t id = b->unit->nodes[m];
        const ir_node *node = &b->ir->nodes[id];
        b->stored[m] = *lower_buffer(b->l, (ir_ref){id, 0}) >= 0;
        for (int k = 0; k < node->n_in; k++) {
            const int from = member_index(b, gndp_cpu_view(&b->l->fusion, node->in[k]).base.node);
            if (from >= 0) {
                b->uses[from]++;
            }
        }
    }
}

static void *copy_of(gndp_arena *arena, const void *data, int n, size_t size)
{
    void *copy = gndp_arena_alloc(arena, (size_t)(n + 1) * size);
    if (copy != NULL && n > 0) {
        memcpy(copy, data, (size_t)n * size);
    }
    return copy;
}

/* From the builder's rooms, which hold the longest programs, to arrays of the right length. */
static gndp_status settle(gndp_arena *arena, tile_program *p)
{
    gndp_status st = GNDP_OK;
    p->load = copy_of(arena, p->load, p->n_loads, sizeof *p->load);
    p->instruction = copy_of(arena, p->instruction, p->n_instructions, sizeof *p->instruction);
    p->store = copy_of(arena, p->store, p->n_stores, sizeof *p->store);
    p->sum = copy_of(arena, p->sum, p->n_sums, sizeof *p->sum);
    p->product = copy_of(arena, p->product, p->n_products, sizeof *p->product);
    GNDP_CHECK(p->load != NULL && p->instruction != NULL && p->store != NULL && p->sum != NULL && p->product != NULL, GNDP_ERR_NOMEM,
               "planner: a tile program");
done:
    return st;
}

gndp_status gndp_lower_tiles(cpu_lowering *l, const cpu_unit *unit)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan = l->plan;
    tile_program *p = gndp_arena_alloc(plan->arena, sizeof *p);
    builder *b = calloc(1, sizeof *b);
    GNDP_CHECK(p != NULL && b != NULL, GNDP_ERR_NOMEM, "planner: a fused unit");
    *p = (tile_program){.load = b->load, .instruction = b->instruction, .store = b->store, .sum = b->sum, .product = b->product};
    b->l = l;
    b->ir = &plan->ir;
    b->unit = unit;
    b->p = p;
    p->table = gndp_tile_table_best((int)plan->device->cpu.simd);
    choose_rows(b);
    count_uses(b);
    GNDP_TRY(add_members(b));
    drop_unused_loads(p);
    assign_slots(p);
    gndp_tile_partition(p, plan->device->threads);
    GNDP_TRY(settle(plan->arena, p));
    int writes = 0;
    for (int m = 0; m < unit->n; m++) {
        writes += b->stored[m];
    }
    plan_step *step = gndp_plan_add_step(plan, b->n_reads, writes);
    GNDP_CHECK(step != NULL, GNDP_ERR_NOMEM, "planner: a step");
    for (int i = 0; i < b->n_reads; i++) {
        step->reads[i] = (int32_t)b->reads[i];
    }
    writes = 0;
    for (int m = 0; m < unit->n; m++) {
        if (b->stored[m]) {
            step->writes[writes++] = *lower_buffer(l, (ir_ref){unit->nodes[m], 0});
        }
        step->last_phase = step->last_phase || l->in_place[unit->nodes[m]];
    }
    step->run = gndp_tile_run;
    step->payload = p;
    step->label = name_unit(b);
    step->scratch = gndp_tile_scratch(p);
    step->flops = b->flops;
    step->matmul_flops = b->matmul_flops;
    step->bytes = b->bytes;
done:
    free(b);
    return st;
}
