// SPDX-License-Identifier: Apache-2.0
// Small sums over shapes that several op families need.
#ifndef GNDP_GRAPH_OPS_DIMS_H
#define GNDP_GRAPH_OPS_DIMS_H

#include <gndp/base.h>

/** Product of the dims from axis `from` up to, not including, axis `to`. */
static inline int64_t gndp_dims_product(gndp_type type, int from, int to)
{
    int64_t product = 1;
    for (int i = from; i < to; i++) {
        product *= type.dim[i];
    }
    return product;
}

/**
 * Where in the leading axes of `in` the entry lies that belongs to entry `b` of the leading axes of
 * `out`, under broadcasting: the first in_lead axes of `in`, each 1 or equal, are aligned with the
 * last of the out_lead axes of `out`.
 */
static inline int64_t gndp_batch_index(gndp_type out, int out_lead, gndp_type in, int in_lead,
                                       int64_t b)
{
    int64_t index = 0, stride = 1;
    for (int k = 1; k <= in_lead; k++) {
        const int64_t out_dim = out.dim[out_lead - k], in_dim = in.dim[in_lead - k];
        if (in_dim != 1) {
            index += b % out_dim * stride;
        }
        b /= out_dim;
        stride *= in_dim;
    }
    return index;
}

/** True if the first in_lead axes of `in` are 1 or equal to the axes of `out` they are aligned
 * with. */
static inline bool gndp_batch_fits(gndp_type out, int out_lead, gndp_type in, int in_lead)
{
    if (in_lead > out_lead) {
        return false;
    }
    for (int k = 1; k <= in_lead; k++) {
        if (in.dim[in_lead - k] != 1 && in.dim[in_lead - k] != out.dim[out_lead - k]) {
            return false;
        }
    }
    return true;
}

#endif
