// SPDX-License-Identifier: Apache-2.0
// Which member of a call goes into which slot of which block.
#ifndef GNDP_SDE_SLOTS_H
#define GNDP_SDE_SLOTS_H

#include "base/error.h"

/*
 * A member's slot is its number modulo the block, whoever else is drawn, so that it always meets
 * the same code: member k is the (number of earlier ones with its slot)-th block's. Where every
 * realization has points of its own, its place in the call is its slot.
 */
typedef struct slot_order {
    int64_t b;              /* slots of a block */
    bool placed;            /* by place in the call */
    int64_t n;              /* members of the call */
    const uint32_t *member; /* [n] borrowed */
    int64_t *block;         /* [n] */
    int64_t blocks;
    int64_t *source; /* [b] which realization of the call each slot of the present block holds; the
                        empty ones repeat the block's first */
    bool *real;      /* [b] false for those */
    int64_t active;  /* slots that are not */
} slot_order;

gndp_status slots_open(int64_t b, bool placed, int64_t n, const uint32_t *member, slot_order *out);
void slots_close(slot_order *order);

/** Make `block` the present one; each [b] = number of the member in each slot. */
void slots_take(slot_order *order, int64_t block, uint32_t *each);

#endif
