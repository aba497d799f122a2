// SPDX-License-Identifier: Apache-2.0
// The CPU executor: units become steps, steps run on threads with subnormals flushed.
#include "base/thread.h"
#include "graph/cpu/lower.h"
#include "graph/cpu/matmul.h"

#include <omp.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------- results */

/* Results must be values that a unit computes, each for one output or parameter only: others get a copying node. */
static gndp_status separate_results(gndp_plan *plan, bool **copied)
{
    gndp_status st = GNDP_OK;
    const gndp_ir *old = &plan->ir;
    gndp_ir ir;
    int64_t extra = old->n_outputs;
    for (int64_t id = 0; id < old->n; id++) {
        extra += old->nodes[id].op->effect;
    }
    GNDP_TRY(gndp_ir_init(&ir, plan->arena, old->n + extra, old));
    *copied = gndp_arena_alloc(plan->arena, (size_t)(old->n + extra + 1) * sizeof **copied);
    bool *taken = gndp_arena_alloc(plan->arena, (size_t)(old->n * GNDP_MAX_OUTPUTS + 1) * sizeof *taken);
    GNDP_CHECK(*copied != NULL && taken != NULL, GNDP_ERR_NOMEM, "planner: results");
    int32_t *map = gndp_arena_alloc(plan->arena, (size_t)(old->n + 1) * sizeof *map);
    GNDP_CHECK(map != NULL, GNDP_ERR_NOMEM, "planner: results");
    for (int64_t pass = 0; pass < 2; pass++) { /* effects last: their values come first */
        for (int64_t id = 0; id < old->n; id++) {
            const ir_node *node = &old->nodes[id];
            ir_ref in[GNDP_MAX_INPUTS];
            if (node->op->effect != (pass == 1)) {
                continue;
            }
            for (int i = 0; i < node->n_in; i++) {
                in[i] = (ir_ref){map[node->in[i].node], node->in[i].out};
            }
            if (pass == 1) {
                const ir_ref value = node->in[1];
                const ir_node *from = &old->nodes[value.node];
                bool *mine = &taken[(int64_t)value.node * GNDP_MAX_OUTPUTS + value.out];
                if (from->op->leaf || from->op->view != NULL || *mine) {
                    ir_node copy = {.op = gndp_op_find("identity"), .out = node->out, .n_in = 1, .n_out = 1, .backward = from->backward};
                    const int32_t at = gndp_ir_append(&ir, &copy, &in[1]);
                    GNDP_CHECK(at >= 0, GNDP_ERR_NOMEM, "planner: a copy");
                    (*copied)[at] = true;
                    in[1] = (ir_ref){at, 0};
                }
                *mine = true;
            }
            map[id] = gndp_ir_append(&ir, node, in);
            GNDP_CHECK(map[id] >= 0, GNDP_ERR_NOMEM, "planner: a node");
        }
    }
    for (int64_t i = 0; i < old->n_outputs; i++) {
        ir_ref ref = old->outputs[i];
        if (old->nodes[ref.node].op->effect) { /* an assign as output: its value */
            ref = old->nodes[ref.node].in[1];
        }
        const ir_node *from = &old->nodes[ref.node];
        bool *mine = &taken[(int64_t)ref.node * GNDP_MAX_OUTPUTS + ref.out];
        ir_ref in = {map[ref.node], ref.out};
        if (from->op->leaf || from->op->view != NULL || *mine) {
            ir_node copy = {.op = gndp_op_find("identity"), .n_in = 1, .n_out = 1, .backward = from->backward};
            copy.out = &from->out[ref.out];
            const int32_t at = gndp_ir_append(&ir, &copy, &in);
            GNDP_CHECK(at >= 0, GNDP_ERR_NOMEM, "planner: a copy");
            (*copied)[at] = true;
            in = (ir_ref){at, 0};
        }
        *mine = true;
        ir.outputs[i] = in;
    }
    plan->ir = ir;
done:
    return st;
}

/* ------------------------------------------------------------------------------------------- buffers */

static void need(cpu_lowering *l, ir_ref ref)
{
    l->needed[(int64_t)ref.node * GNDP_MAX_OUTPUTS + ref.out] = true;
}

/* Which values need an array: what leaves its unit. */
static void find_needed(cpu_lowering *l)
{
    const gndp_ir *ir = &l->plan->ir;
    const cpu_fusion *f = &l->fusion;
    for (int64_t id = 0; id < ir->n; id++) {
        const ir_node *node = &ir->nodes[id];
        if (node->op->view != NULL && f->unit_of[id] < 0) {
            continue; /* a view reads nothing itself */
        }
        for (int i = 0; i < node->n_in && !f->joined[id]; i++) {
            ir_ref source[GNDP_MAX_INPUTS];
            const int n = gndp_cpu_sources(f, node->in[i], source);
            for (int k = 0; k < n; k++) {
                const bool inside = f->unit_of[id] >= 0 && f->unit_of[id] == f->unit_of[source[k].node];
                if (!inside || node->op->matmul) {
                    need(l, source[k]);
                }
            }
        }
        if (f->unit_of[id] >= 0 && (f->units[f->unit_of[id]].kind != UNIT_TILES || node->op->reduction != 0)) {
            for (int o = 0; o < node->n_out; o++) {
                need(l, (ir_ref){(int32_t)id, o}); /* routines write arrays whether or not they are read */
            }
        }
    }
    for (int64_t i = 0; i < ir->n_outputs; i++) {
        need(l, ir->outputs[i]);
    }
}

/* Who reads what, gathered once. */
typedef struct readers {
    bool *left;                    /* [units] another unit, or an output, reads a value of it */
    int32_t *start, *node, *input; /* of a buffer: inputs of nodes that read it, [start[b], start[b + 1]) */
} readers;

/* Mark units whose values are read elsewhere; an effect reads what in_place is about. */
static void find_left(const cpu_lowering *l, readers *r)
{
    const gndp_ir *ir = &l->plan->ir;
    const cpu_fusion *f = &l->fusion;
    for (int64_t id = 0; id < ir->n; id++) {
        const ir_node *node = &ir->nodes[id];
        const bool view = node->op->view != NULL && f->unit_of[id] < 0; /* of one that is read, if any */
        for (int i = 0; i < node->n_in && !node->op->effect && !view; i++) {
            const int32_t from = f->unit_of[gndp_cpu_view(f, node->in[i]).base.node];
            if (from >= 0 && (f->unit_of[id] != from || f->joined[id])) {
                r->left[from] = true;
            }
        }
    }
    for (int64_t i = 0; i < ir->n_outputs; i++) {
        if (f->unit_of[ir->outputs[i].node] >= 0) {
            r->left[f->unit_of[ir->outputs[i].node]] = true;
        }
    }
}

/* Reads of parameters by units: counted, then listed. */
static void list_reads(const cpu_lowering *l, readers *r, bool fill)
{
    const gndp_ir *ir = &l->plan->ir;
    const cpu_fusion *f = &l->fusion;
    for (int32_t id = 0; id < ir->n; id++) {
        for (int i = 0; i < ir->nodes[id].n_in && f->unit_of[id] >= 0; i++) {
            ir_ref source[GNDP_MAX_INPUTS];
            const int n = gndp_cpu_sources(f, ir->nodes[id].in[i], source);
            for (int k = 0; k < n; k++) {
                if (!ir->nodes[source[k].node].op->leaf) {
                    continue;
                }
                const int32_t b = *lower_buffer(l, source[k]);
                if (fill) {
                    r->node[r->start[b]] = id;
                    r->input[r->start[b]++] = i;
                } else {
                    r->start[b + 1]++;
                }
            }
        }
    }
}

static gndp_status find_readers(const cpu_lowering *l, readers *r)
{
    gndp_status st = GNDP_OK;
    gndp_arena *arena = l->plan->arena;
    const int64_t buffers = l->plan->n_buffers; /* leaves only, so far */
    r->left = gndp_arena_alloc(arena, (size_t)l->fusion.n_units + 1);
    r->start = gndp_arena_alloc(arena, (size_t)(buffers + 2) * sizeof *r->start);
    GNDP_CHECK(r->left != NULL && r->start != NULL, GNDP_ERR_NOMEM, "planner: units");
    find_left(l, r);
    list_reads(l, r, false);
    for (int64_t b = 0; b < buffers; b++) {
        r->start[b + 1] += r->start[b];
    }
    r->node = gndp_arena_alloc(arena, (size_t)(r->start[buffers] + 1) * sizeof *r->node);
    r->input = gndp_arena_alloc(arena, (size_t)(r->start[buffers] + 1) * sizeof *r->input);
    GNDP_CHECK(r->node != NULL && r->input != NULL, GNDP_ERR_NOMEM, "planner: %d reads", r->start[buffers]);
    list_reads(l, r, true);
    memmove(r->start + 1, r->start, (size_t)buffers * sizeof *r->start); /* filling moved every start to its end */
    r->start[0] = 0;
done:
    return st;
}

/* May unit u write its assigned values straight into the parameters? Only when nothing else waits for it, and no other
   such unit reads them. */
static bool writes_in_place(const cpu_lowering *l, const readers *r, int32_t u)
{
    const gndp_ir *ir = &l->plan->ir;
    const cpu_unit *unit = &l->fusion.units[u];
    for (int m = 0; m < unit->n; m++) {
        if (ir->nodes[unit->nodes[m]].op->reduction != 0 || ir->nodes[unit->nodes[m]].op->matmul) {
            return false;
        }
    }
    return unit->kind == UNIT_TILES && !r->left[u];
}

/* Does another unit that writes in place, or this one other than entry by entry, read the parameter? */
static bool read_elsewhere(const cpu_lowering *l, const readers *r, const bool *candidate, int32_t param, int32_t u)
{
    const cpu_fusion *f = &l->fusion;
    for (int32_t e = r->start[param]; e < r->start[param + 1]; e++) {
        const int32_t id = r->node[e], at = f->unit_of[id];
        const bool joined = f->joined[gndp_cpu_view(f, l->plan->ir.nodes[id].in[r->input[e]]).base.node];
        if ((at != u && candidate[at]) || (at == u && (joined || !gndp_reads_flat(f, id, r->input[e])))) {
            return true;
        }
    }
    return false;
}

static gndp_status find_in_place(cpu_lowering *l)
{
    gndp_status st = GNDP_OK;
    const gndp_ir *ir = &l->plan->ir;
    const cpu_fusion *f = &l->fusion;
    readers r = {0};
    bool *candidate = gndp_arena_alloc(l->plan->arena, (size_t)f->n_units + 1);
    GNDP_CHECK(candidate != NULL, GNDP_ERR_NOMEM, "planner: units");
    GNDP_TRY(find_readers(l, &r));
    for (int64_t id = 0; id < ir->n; id++) {
        const int32_t u = ir->nodes[id].op->effect ? f->unit_of[ir->nodes[id].in[1].node] : -1;
        if (u >= 0 && !candidate[u]) {
            candidate[u] = writes_in_place(l, &r, u);
        }
    }
    for (int64_t id = 0; id < ir->n; id++) {
        const ir_node *node = &ir->nodes[id];
        if (node->op->effect) {
            const int32_t u = f->unit_of[node->in[1].node], param = *lower_buffer(l, node->in[0]);
            if (candidate[u] && !read_elsewhere(l, &r, candidate, param, u)) {
                l->in_place[node->in[1].node] = true;
                *lower_buffer(l, node->in[1]) = param;
            }
        }
    }
done:
    return st;
}

static gndp_status make_buffers(cpu_lowering *l)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan = l->plan;
    const gndp_ir *ir = &plan->ir;
    for (int64_t id = 0; id < ir->n; id++) {
        for (int o = 0; o < ir->nodes[id].n_out && l->fusion.unit_of[id] >= 0; o++) {
            int32_t *buffer = lower_buffer(l, (ir_ref){(int32_t)id, o});
            if (l->needed[id * GNDP_MAX_OUTPUTS + o] && *buffer < 0) {
                *buffer = gndp_plan_add_buffer(plan, PLACE_WORKSPACE, gndp_type_bytes(ir->nodes[id].out[o]), 0, NULL);
                GNDP_CHECK(*buffer >= 0, GNDP_ERR_NOMEM, "planner: a buffer");
            }
        }
    }
    for (int64_t i = 0; i < ir->n_outputs; i++) {
        const int32_t buffer = *lower_buffer(l, ir->outputs[i]);
        plan->buffers[buffer].place = PLACE_OUTPUT;
        plan->buffers[buffer].index = i;
        plan->outputs[i] = (plan_output){.type = ir_type(ir, ir->outputs[i]), .buffer = buffer};
    }
done:
    return st;
}

/* -------------------------------------------------------------------------------------------- assigns */

typedef struct assign_payload {
    int32_t from, to;
    size_t bytes;
} assign_payload;

static gndp_status run_assign(const gndp_plan *plan, const plan_step *step)
{
    const assign_payload *p = step->payload;
    memcpy(plan_at(plan, p->to), plan_at(plan, p->from), p->bytes);
    return GNDP_OK;
}

static gndp_status add_assign(cpu_lowering *l, const ir_node *node)
{
    gndp_status st = GNDP_OK;
    plan_step *step = gndp_plan_add_step(l->plan, 1, 1);
    assign_payload *p = gndp_arena_alloc(l->plan->arena, sizeof *p);
    GNDP_CHECK(step != NULL && p != NULL, GNDP_ERR_NOMEM, "planner: an assign");
    *p = (assign_payload){.from = *lower_buffer(l, node->in[1]), .to = *lower_buffer(l, node->in[0]), .bytes = gndp_type_bytes(node->out[0])};
    step->run = run_assign;
    step->payload = p;
    step->label = "assign";
    step->reads[0] = p->from;
    step->writes[0] = p->to;
    step->bytes = 2.0 * (double)p->bytes;
    step->last_phase = true;
done:
    return st;
}

/* -------------------------------------------------------------------------------------------- compile */

static gndp_status lower_units(cpu_lowering *l)
{
    gndp_status st = GNDP_OK;
    const gndp_ir *ir = &l->plan->ir;
    for (int64_t i = 0; i < l->fusion.n_units; i++) {
        const cpu_unit *u = &l->fusion.units[i];
        if (u->dead) {
            continue;
        }
        if (u->kind == UNIT_MATMUL || (u->kind == UNIT_TILES && u->n == 1 && ir->nodes[u->nodes[0]].op->matmul)) {
            GNDP_TRY(gndp_lower_matmul(l, u->nodes[0]));
        } else if (u->kind == UNIT_TILES) {
            GNDP_TRY(gndp_lower_tiles(l, u));
        } else {
            GNDP_TRY(gndp_lower_op(l, u->nodes[0]));
        }
    }
    for (int64_t id = 0; id < ir->n; id++) {
        if (ir->nodes[id].op->effect && !l->in_place[ir->nodes[id].in[1].node]) {
            GNDP_TRY(add_assign(l, &ir->nodes[id]));
        }
    }
done:
    return st;
}

static gndp_status compile(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    cpu_lowering l = {.plan = plan};
    GNDP_TRY(separate_results(plan, &l.fusion.copied));
    const size_t n = (size_t)plan->ir.n + 1;
    int32_t *leaf = gndp_arena_alloc(plan->arena, n * sizeof *leaf);
    l.buffer = gndp_arena_alloc(plan->arena, n * GNDP_MAX_OUTPUTS * sizeof *l.buffer);
    l.needed = gndp_arena_alloc(plan->arena, n * GNDP_MAX_OUTPUTS);
    l.in_place = gndp_arena_alloc(plan->arena, n);
    GNDP_CHECK(leaf != NULL && l.buffer != NULL && l.needed != NULL && l.in_place != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes",
               (long long)plan->ir.n);
    GNDP_TRY(gndp_plan_bind_leaves(plan, leaf));
    for (int64_t id = 0; id < plan->ir.n; id++) {
        for (int o = 0; o < GNDP_MAX_OUTPUTS; o++) {
            l.buffer[id * GNDP_MAX_OUTPUTS + o] = o == 0 ? leaf[id] : -1;
        }
    }
    GNDP_TRY(gndp_cpu_fuse(plan, &l.fusion));
    find_needed(&l);
    GNDP_TRY(find_in_place(&l));
    GNDP_TRY(make_buffers(&l));
    GNDP_TRY(lower_units(&l));
    gndp_openblas_prepare(plan->device->threads);
done:
    return st;
}

/* ------------------------------------------------------------------------------------------------ run */

static gndp_status run(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    const int threads = plan->device->threads;
    gndp_fp_state *saved = plan->fp_state;
    if (threads > 1) {
#pragma omp parallel num_threads(threads)
        saved[omp_get_thread_num()] = gndp_fp_flush_begin(); /* every thread of the team, however many came, has its own control word */
    } else { /* a team of one costs microseconds, as long as a small step */
        saved[0] = gndp_fp_flush_begin();
    }
    for (int64_t s = 0; s < plan->n_steps && st == GNDP_OK; s++) {
        st = gndp_plan_run_step(plan, s);
    }
    if (threads > 1) {
#pragma omp parallel num_threads(threads)
        gndp_fp_flush_end(saved[omp_get_thread_num()]);
    } else {
        gndp_fp_flush_end(saved[0]);
    }
    GNDP_TRY(st);
done:
    return st;
}

const device_ops gndp_cpu_device = {.name = "cpu", .compile = compile, .run = run};
