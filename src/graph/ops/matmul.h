// SPDX-License-Identifier: Apache-2.0
// Layout of a matmul node: which the reference loop, the planner and the executors share.
#ifndef GNDP_GRAPH_OPS_MATMUL_H
#define GNDP_GRAPH_OPS_MATMUL_H

#include "graph/op.h"

/* Attributes of a matmul node. */
enum { GNDP_MATMUL_TRANS_A, GNDP_MATMUL_TRANS_B, GNDP_MATMUL_REDUCED }; /* of attr.i; attr.f[0] is alpha, 0 meaning 1 */

/** op(A) [.., m, k] op(B) [.., k, n]: sizes and strides in elements of dense operands. */
typedef struct matmul_dims {
    int64_t m, n, k, batch; /* batch: product of dim */
    int64_t a_row, a_col, b_row, b_col;
    int rank; /* leading axes of the result */
    int64_t dim[GNDP_MAX_RANK], a_batch[GNDP_MAX_RANK], b_batch[GNDP_MAX_RANK]; /* strides are 0 where an operand repeats */
    double alpha;
} matmul_dims;

matmul_dims matmul_layout(const gndp_attr *attr, gndp_type a, gndp_type b);

#endif
