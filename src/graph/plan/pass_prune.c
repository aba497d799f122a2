// SPDX-License-Identifier: Apache-2.0
// Dead code: drop nodes that neither an output nor an effect needs.
#include "graph/plan/pass.h"

static bool visit(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    const bool *live = pass->context;
    return !live[id] || gndp_ir_keep(pass, id, in, map);
}

gndp_status gndp_pass_prune(const gndp_ir *in, gndp_ir *out)
{
    gndp_status st = GNDP_OK;
    bool *live = gndp_arena_alloc(in->arena, (size_t)in->n + 1);
    GNDP_CHECK(live != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)in->n);
    for (int64_t i = 0; i < in->n_outputs; i++) {
        live[in->outputs[i].node] = true;
    }
    for (int64_t id = in->n - 1; id >= 0; id--) {
        live[id] = live[id] || in->nodes[id].op->effect;
        for (int i = 0; i < in->nodes[id].n_in && live[id]; i++) {
            live[in->nodes[id].in[i].node] = true;
        }
    }
    GNDP_TRY(gndp_ir_rewrite(in, out, 0, visit, live));
done:
    return st;
}
