// SPDX-License-Identifier: Apache-2.0
// The reference executor: every node by its op's plain loops, one after the other, in one thread. The oracle of the tests.
#include "graph/plan/plan.h"

#include <string.h>

typedef struct ref_payload {
    gndp_exec ex; /* data pointers are filled at every run */
    int32_t *in, *out;
    gndp_exec_fn run;
} ref_payload;

static gndp_status run_node(const gndp_plan *plan, const plan_step *step)
{
    ref_payload *p = step->payload;
    gndp_buffer in[GNDP_MAX_INPUTS], out[GNDP_MAX_OUTPUTS];
    gndp_exec ex = p->ex;
    for (int i = 0; i < ex.n_in; i++) {
        in[i] = (gndp_buffer){p->ex.in[i].type, plan_at(plan, p->in[i])};
    }
    for (int o = 0; o < ex.n_out; o++) {
        out[o] = (gndp_buffer){p->ex.out[o].type, plan_at(plan, p->out[o])};
    }
    ex.in = in;
    ex.out = out;
    return p->run(&ex);
}

typedef struct copy_payload {
    int32_t from, to;
    size_t bytes;
} copy_payload;

static gndp_status run_copy(const gndp_plan *plan, const plan_step *step)
{
    const copy_payload *p = step->payload;
    if (p->bytes > 0) {
        memmove(plan_at(plan, p->to), plan_at(plan, p->from), p->bytes);
    }
    return GNDP_OK;
}

static gndp_status add_copy(gndp_plan *plan, int32_t from, int32_t to, bool last, const char *label)
{
    gndp_status st = GNDP_OK;
    plan_step *step = gndp_plan_add_step(plan, 1, 1);
    copy_payload *p = gndp_arena_alloc(plan->arena, sizeof *p);
    GNDP_CHECK(step != NULL && p != NULL, GNDP_ERR_NOMEM, "planner: a copy");
    *p = (copy_payload){from, to, plan->buffers[to].bytes};
    step->payload = p;
    step->run = run_copy;
    step->label = label;
    step->reads[0] = from;
    step->writes[0] = to;
    step->bytes = 2.0 * (double)p->bytes;
    step->last_phase = last;
done:
    return st;
}

static gndp_status add_node(gndp_plan *plan, int64_t id, int32_t *where)
{
    gndp_status st = GNDP_OK;
    const ir_node *node = &plan->ir.nodes[id];
    const gndp_dtype by = node->op->by_input ? ir_type(&plan->ir, node->in[0]).dtype : node->out[0].dtype;
    ref_payload *p = gndp_arena_alloc(plan->arena, sizeof *p);
    plan_step *step = gndp_plan_add_step(plan, node->n_in, node->n_out);
    GNDP_CHECK(p != NULL && step != NULL, GNDP_ERR_NOMEM, "planner: a step");
    GNDP_CHECK(node->op->ref[by] != NULL, GNDP_ERR_UNSUPPORTED, "%s: the reference device has no %s loops", node->op->name, gndp_dtype_name(by));
    gndp_buffer *in = gndp_arena_alloc(plan->arena, (size_t)(node->n_in + 1) * sizeof *in);
    gndp_buffer *out = gndp_arena_alloc(plan->arena, (size_t)(node->n_out + 1) * sizeof *out);
    GNDP_CHECK(in != NULL && out != NULL, GNDP_ERR_NOMEM, "planner: a step");
    for (int i = 0; i < node->n_in; i++) {
        in[i].type = ir_type(&plan->ir, node->in[i]);
        step->reads[i] = where[(int64_t)node->in[i].node * GNDP_MAX_OUTPUTS + node->in[i].out];
        step->bytes += (double)gndp_type_bytes(in[i].type);
    }
    for (int o = 0; o < node->n_out; o++) {
        out[o].type = node->out[o];
        step->writes[o] = gndp_plan_add_buffer(plan, PLACE_WORKSPACE, gndp_type_bytes(node->out[o]), 0, NULL);
        GNDP_CHECK(step->writes[o] >= 0, GNDP_ERR_NOMEM, "planner: a buffer");
        where[id * GNDP_MAX_OUTPUTS + o] = step->writes[o];
        step->bytes += (double)gndp_type_bytes(out[o].type);
    }
    *p = (ref_payload){.ex = {.op = node->op, .attr = &node->attr, .n_in = node->n_in, .n_out = node->n_out, .in = in, .out = out, .threads = 1},
                       .in = step->reads, .out = step->writes, .run = node->op->ref[by]};
    gndp_type in_types[GNDP_MAX_INPUTS];
    for (int i = 0; i < node->n_in; i++) {
        in_types[i] = in[i].type;
    }
    step->flops = node->op->flops != NULL ? node->op->flops(&node->attr, node->n_in, in_types, node->out) : (double)gndp_type_count(node->out[0]);
    step->matmul_flops = node->op->matmul ? step->flops : 0.0;
    step->payload = p;
    step->run = run_node;
    step->label = node->op->name;
done:
    return st;
}

static gndp_status compile(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    const gndp_ir *ir = &plan->ir;
    int32_t *leaf = gndp_arena_alloc(plan->arena, (size_t)(ir->n + 1) * sizeof *leaf);
    int32_t *where = gndp_arena_alloc(plan->arena, (size_t)(ir->n * GNDP_MAX_OUTPUTS + 1) * sizeof *where);
    GNDP_CHECK(leaf != NULL && where != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)ir->n);
    GNDP_TRY(gndp_plan_bind_leaves(plan, leaf));
    for (int64_t id = 0; id < ir->n; id++) {
        const ir_node *node = &ir->nodes[id];
        if (node->op->leaf) {
            where[id * GNDP_MAX_OUTPUTS] = leaf[id];
            continue;
        }
        GNDP_TRY(add_node(plan, id, where)); /* an assign copies its value aside first: parameters change only at the end */
    }
    for (int64_t id = 0; id < ir->n; id++) {
        if (ir->nodes[id].op->effect) {
            GNDP_TRY(add_copy(plan, where[id * GNDP_MAX_OUTPUTS], leaf[ir->nodes[id].in[0].node], true, "assign"));
        }
    }
    for (int64_t i = 0; i < ir->n_outputs; i++) {
        const ir_ref ref = ir->outputs[i];
        const gndp_type type = ir_type(ir, ref);
        const int32_t buffer = gndp_plan_add_buffer(plan, PLACE_OUTPUT, gndp_type_bytes(type), i, NULL);
        GNDP_CHECK(buffer >= 0, GNDP_ERR_NOMEM, "planner: a buffer");
        plan->outputs[i] = (plan_output){.type = type, .buffer = buffer};
        GNDP_TRY(add_copy(plan, where[(int64_t)ref.node * GNDP_MAX_OUTPUTS + ref.out], buffer, false, "output"));
    }
done:
    return st;
}

static gndp_status run(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    for (int64_t s = 0; s < plan->n_steps; s++) {
        GNDP_TRY(gndp_plan_run_step(plan, s));
    }
done:
    return st;
}

const device_ops gndp_reference_device = {.name = "reference", .compile = compile, .run = run};
