// SPDX-License-Identifier: Apache-2.0
// Memory for time: what the gradient reads between keep marks is rebuilt from the marked values, bit for bit, just before
// it is needed.
#include "graph/plan/pass.h"

typedef struct rebuild {
    int64_t last_keep;  /* old id: blocks end here; what comes later is needed at once anyway */
    int32_t *copy;      /* [old nodes] id + 1 of the second copy */
    int32_t *path;      /* [old nodes] whose copies wait for their inputs */
    int64_t made;
} rebuild;

static bool stays(const rebuild *r, const ir_node *node, int64_t id)
{
    return node->op->leaf || node->op->effect || node->keep || node->backward || id > r->last_keep;
}

/* The second copy of old node `id`, whose inputs are copied where that is needed; else the input that is missing. */
static bool copy_node(ir_pass *pass, int32_t id, int32_t *missing)
{
    rebuild *r = pass->context;
    const ir_node *node = &pass->from->nodes[id];
    ir_ref in[GNDP_MAX_INPUTS];
    for (int i = 0; i < node->n_in; i++) {
        const ir_ref old = node->in[i];
        if (stays(r, &pass->from->nodes[old.node], old.node)) {
            in[i] = pass->map[(int64_t)old.node * GNDP_MAX_OUTPUTS + old.out];
        } else if (r->copy[old.node] != 0) {
            in[i] = (ir_ref){r->copy[old.node] - 1, old.out};
        } else {
            *missing = old.node;
            return true;
        }
    }
    ir_node second = *node;
    second.rebuilt = true;
    const int32_t at = gndp_ir_append(pass->to, &second, in);
    r->copy[id] = at + 1;
    r->made++;
    return at >= 0;
}

/* The second copy of an old value in the new list; made with all it needs on first use. The way down is as long as a block. */
static bool again(ir_pass *pass, ir_ref old, ir_ref *out)
{
    rebuild *r = pass->context;
    int64_t n = 0;
    if (stays(r, &pass->from->nodes[old.node], old.node)) {
        *out = pass->map[(int64_t)old.node * GNDP_MAX_OUTPUTS + old.out];
        return true;
    }
    if (r->copy[old.node] == 0) {
        r->path[n++] = old.node;
    }
    while (n > 0) {
        int32_t missing = -1;
        if (!copy_node(pass, r->path[n - 1], &missing)) {
            return false;
        }
        if (missing >= 0) {
            r->path[n++] = missing;
        } else {
            n--;
        }
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
    r.path = gndp_arena_alloc(in->arena, (size_t)(in->n + 1) * sizeof *r.path);
    GNDP_CHECK(r.copy != NULL && r.path != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)in->n);
    for (int64_t id = 0; id < in->n; id++) {
        r.last_keep = in->nodes[id].keep ? id : r.last_keep;
    }
    GNDP_TRY(gndp_ir_rewrite(in, out, in->n, visit, &r));
    *rebuilt = r.made;
done:
    return st;
}
