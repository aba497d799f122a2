// SPDX-License-Identifier: Apache-2.0
// Matrix products: transposes of operands become strides; constant factors of an operand or of the product become alpha.
#include "graph/ops/matmul.h"
#include "graph/plan/pass.h"

#include <string.h>

/* A transpose of exactly the last two axes. */
static bool swaps_last(const ir_node *node)
{
    if (strcmp(node->op->name, "transpose") != 0 || node->out[0].rank < 2) {
        return false;
    }
    const int rank = node->out[0].rank;
    for (int i = 0; i < rank - 2; i++) {
        if (node->attr.i[i] != i) {
            return false;
        }
    }
    return node->attr.i[rank - 2] == rank - 1;
}

static bool fold_operands(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    ir_node node = pass->from->nodes[id];
    ir_ref operand[2] = {in[0], in[1]};
    for (int k = 0; k < 2; k++) {
        for (bool again = true; again;) {
            const ir_node *from = &pass->to->nodes[operand[k].node];
            again = !from->keep;
            if (again && swaps_last(from)) {
                node.attr.i[k == 0 ? GNDP_MATMUL_TRANS_A : GNDP_MATMUL_TRANS_B] ^= 1;
                operand[k] = from->in[0];
            } else if (again && strcmp(from->op->name, "scale") == 0) {
                node.attr.f[0] = (node.attr.f[0] != 0.0 ? node.attr.f[0] : 1.0) * from->attr.f[0];
                again = from->attr.f[0] != 0.0; /* alpha 0 means 1: leave a zero factor alone */
                operand[k] = again ? from->in[0] : operand[k];
                if (!again) {
                    node.attr.f[0] = pass->from->nodes[id].attr.f[0];
                }
            } else {
                again = false;
            }
        }
    }
    map[0] = (ir_ref){gndp_ir_append(pass->to, &node, operand), 0};
    return map[0].node >= 0;
}

static bool visit(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    const int32_t *uses = pass->context;
    const ir_node *node = &pass->from->nodes[id];
    if (strcmp(node->op->name, "matmul") == 0) {
        return fold_operands(pass, id, in, map);
    }
    if (strcmp(node->op->name, "scale") == 0 && node->attr.f[0] != 0.0 && !node->keep) {
        ir_node product = pass->to->nodes[in[0].node];
        if (strcmp(product.op->name, "matmul") == 0 && uses[node->in[0].node] == 1 && !product.keep) {
            product.attr.f[0] = (product.attr.f[0] != 0.0 ? product.attr.f[0] : 1.0) * node->attr.f[0];
            map[0] = (ir_ref){gndp_ir_append(pass->to, &product, product.in), 0};
            return map[0].node >= 0;
        }
    }
    return gndp_ir_keep(pass, id, in, map);
}

gndp_status gndp_pass_fold_matmul(const gndp_ir *in, gndp_ir *out)
{
    gndp_status st = GNDP_OK;
    int32_t *uses = gndp_ir_uses(in);
    GNDP_CHECK(uses != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)in->n);
    GNDP_TRY(gndp_ir_rewrite(in, out, 0, visit, uses));
done:
    return st;
}
