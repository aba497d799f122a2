// SPDX-License-Identifier: Apache-2.0
// Common subexpressions: nodes of the same op, attributes and inputs become one.
#include "graph/plan/pass.h"

#include <string.h>

typedef struct merge_table {
    int32_t *slot; /* new node id + 1, open addressing */
    uint64_t mask;
} merge_table;

static uint64_t mix(uint64_t h, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < bytes; i++) {
        h = (h ^ p[i]) * 0x100000001b3u; /* FNV-1a */
    }
    return h;
}

static uint64_t hash(const ir_node *node, const ir_ref *in)
{
    uint64_t h = mix(0xcbf29ce484222325u, &node->op, sizeof node->op);
    h = mix(h, node->attr.i, sizeof node->attr.i);
    h = mix(h, node->attr.f, sizeof node->attr.f);
    h = mix(h, in, (size_t)node->n_in * sizeof *in);
    return mix(h, &node->out[0].dtype, sizeof node->out[0].dtype);
}

static bool same(const ir_node *a, const ir_node *b, const ir_ref *in)
{
    if (a->op != b->op || a->n_in != b->n_in || a->rebuilt != b->rebuilt || memcmp(a->attr.i, b->attr.i, sizeof a->attr.i) != 0 ||
        memcmp(a->attr.f, b->attr.f, sizeof a->attr.f) != 0 || !gndp_type_equal(a->out[0], b->out[0])) {
        return false;
    }
    for (int i = 0; i < a->n_in; i++) {
        if (b->in[i].node != in[i].node || b->in[i].out != in[i].out) {
            return false;
        }
    }
    return a->attr.data == NULL || memcmp(a->attr.data, b->attr.data, gndp_type_bytes(a->out[0])) == 0;
}

static bool visit(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    merge_table *table = pass->context;
    const ir_node *node = &pass->from->nodes[id];
    if (node->op->no_merge) {
        return gndp_ir_keep(pass, id, in, map);
    }
    uint64_t at = hash(node, in) & table->mask;
    while (table->slot[at] != 0) {
        const int32_t found = table->slot[at] - 1;
        if (same(node, &pass->to->nodes[found], in)) {
            pass->to->nodes[found].keep = pass->to->nodes[found].keep || node->keep;
            for (int o = 0; o < node->n_out; o++) {
                map[o] = (ir_ref){found, o};
            }
            return true;
        }
        at = (at + 1) & table->mask;
    }
    if (!gndp_ir_keep(pass, id, in, map)) {
        return false;
    }
    table->slot[at] = map[0].node + 1;
    return true;
}

gndp_status gndp_pass_merge(const gndp_ir *in, gndp_ir *out)
{
    gndp_status st = GNDP_OK;
    merge_table table = {.mask = 63};
    while (table.mask < (uint64_t)in->n * 2) {
        table.mask = 2 * table.mask + 1;
    }
    table.slot = gndp_arena_alloc(in->arena, (size_t)(table.mask + 1) * sizeof *table.slot);
    GNDP_CHECK(table.slot != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)in->n);
    GNDP_TRY(gndp_ir_rewrite(in, out, 0, visit, &table));
done:
    return st;
}
