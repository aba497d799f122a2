// SPDX-License-Identifier: Apache-2.0
// The shared walk of the rewriting passes.
#include "graph/plan/pass.h"

bool gndp_ir_keep(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    const ir_node *node = &pass->from->nodes[id];
    const int32_t copy = gndp_ir_append(pass->to, node, in);
    for (int o = 0; o < node->n_out; o++) {
        map[o] = (ir_ref){copy, o};
    }
    return copy >= 0;
}

gndp_status gndp_ir_rewrite(const gndp_ir *from, gndp_ir *to, int64_t growth, ir_visit visit, void *context)
{
    gndp_status st = GNDP_OK;
    ir_pass pass = {.from = from, .to = to, .context = context};
    GNDP_TRY(gndp_ir_init(to, from->arena, from->n + growth, from));
    pass.map = gndp_arena_alloc(from->arena, (size_t)(from->n * GNDP_MAX_OUTPUTS + 1) * sizeof *pass.map);
    GNDP_CHECK(pass.map != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)from->n);
    for (int64_t id = 0; id < from->n; id++) {
        const ir_node *node = &from->nodes[id];
        ir_ref in[GNDP_MAX_INPUTS];
        for (int i = 0; i < node->n_in; i++) {
            in[i] = pass.map[(int64_t)node->in[i].node * GNDP_MAX_OUTPUTS + node->in[i].out];
        }
        GNDP_CHECK(visit(&pass, id, in, &pass.map[id * GNDP_MAX_OUTPUTS]), GNDP_ERR_NOMEM, "planner: node %lld", (long long)id);
    }
    for (int64_t i = 0; i < from->n_outputs; i++) {
        to->outputs[i] = pass.map[(int64_t)from->outputs[i].node * GNDP_MAX_OUTPUTS + from->outputs[i].out];
    }
done:
    return st;
}
