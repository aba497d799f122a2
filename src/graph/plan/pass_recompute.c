// SPDX-License-Identifier: Apache-2.0
// Memory for time: what the gradient reads between keep marks is rebuilt from the marked values, bit for bit, just before
// it is needed.
#include "graph/plan/pass.h"

typedef struct rebuild {
    int64_t last_keep;  /* old id: blocks end here; what comes later is needed at once anyway */
    int32_t *copy;      /* [old nodes] id + 1 of the second copy */
    int64_t made;
} rebuild;

static bool stays(const rebuild *r, const ir_node *node, int64_t id)
{
    return node->op->leaf || node->op->effect || node->keep || node->backward || id > r->last_keep;
}

/* The second copy of an old value in the new list; made with all it needs on first use. The walk is as deep as a block. */
static bool again(ir_pass *pass, ir_ref old, ir_ref *out)
{
    rebuild *r = pass->context;
    const ir_node *node = &pass->from->nodes[old.node];
    ir_ref in[GNDP_MAX_INPUTS];
    if (stays(r, node, old.node)) {
        *out = pass->map[(int64_t)old.node * GNDP_MAX_OUTPUTS + old.out];
        return true;
    }
    if (r->copy[old.node] == 0) {
        ir_node second = *node;
        for (int i = 0; i < node->n_in; i++) {
            if (!again(pass, node->in[i], &in[i])) {
                return false;
            }
        }
        second.rebuilt = true;
        const int32_t id = gndp_ir_append(pass->to, &second, in);
        if (id < 0) {
            return false;
        }
        r->copy[old.node] = id + 1;
        r->made++;
    }
    *out = (ir_ref){r->copy[old.node] - 1, old.out};
    return true;
}

static bool visit(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    const ir_node *node = &pass->from->nodes[id];
    ir_ref rebuilt[GNDP_MAX_INPUTS];
    if (!node->backward) {
        return gndp_ir_keep(pass, id, in, map);
    }
    for (int i = 0; i < node->n_in; i++) {
        if (!again(pass, node->in[i], &rebuilt[i])) {
            return false;
        }
    }
    return gndp_ir_keep(pass, id, rebuilt, map);
}

gndp_status gndp_pass_recompute(const gndp_ir *in, gndp_ir *out, int64_t *rebuilt)
{
    gndp_status st = GNDP_OK;
    rebuild r = {.last_keep = -1};
    r.copy = gndp_arena_alloc(in->arena, (size_t)(in->n + 1) * sizeof *r.copy);
    GNDP_CHECK(r.copy != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)in->n);
    for (int64_t id = 0; id < in->n; id++) {
        r.last_keep = in->nodes[id].keep ? id : r.last_keep;
    }
    GNDP_TRY(gndp_ir_rewrite(in, out, in->n, visit, &r));
    *rebuilt = r.made;
done:
    return st;
}
