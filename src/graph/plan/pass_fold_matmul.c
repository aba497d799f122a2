// SPDX-License-Identifier: Apache-2.0
// Matrix products: transposes of operands become strides; constant factors of an operand or of the product become alpha.
#include "graph/ops/matmul.h"
#include "graph/plan/pass.h"

#include <math.h>
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

static double alpha_of(const ir_node *product)
{
    return product->attr.f[0] != 0.0 ? product->attr.f[0] : 1.0;
}

/* Can the factor of a scale become part of alpha? Not where the product of factors would leave the range in which nothing but
   the rounding differs, nor zero, which alpha cannot say. */
static bool absorb(ir_node *product, const ir_node *scale)
{
    const double alpha = alpha_of(product) * scale->attr.f[0], limit = product->out[0].dtype == GNDP_F64 ? 1e150 : 1e15;
    if (strcmp(scale->op->name, "scale") != 0 || scale->keep || !(fabs(alpha) < limit && fabs(alpha) > 1.0 / limit)) {
        return false;
    }
    product->attr.f[0] = alpha;
    return true;
}

static bool fold_operands(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    ir_node node = pass->from->nodes[id];
    ir_ref operand[2] = {in[0], in[1]};
    for (int k = 0; k < 2; k++) {
        for (bool again = true; again;) {
            const ir_node *from = &pass->to->nodes[operand[k].node];
            if (swaps_last(from) && !from->keep) {
                node.attr.i[k == 0 ? GNDP_MATMUL_TRANS_A : GNDP_MATMUL_TRANS_B] ^= 1;
                again = true;
            } else {
                again = absorb(&node, from);
            }
            operand[k] = again ? from->in[0] : operand[k];
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
    if (strcmp(node->op->name, "scale") == 0) {
        ir_node product = pass->to->nodes[in[0].node];
        if (strcmp(product.op->name, "matmul") == 0 && uses[node->in[0].node] == 1 && !product.keep && absorb(&product, node)) {
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
