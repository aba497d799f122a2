// SPDX-License-Identifier: Apache-2.0
// Which member of a call goes into which slot of which block.
#include "sde/slots.h"

#include <stdlib.h>

static int64_t slot_of(const slot_order *order, int64_t i)
{
    return order->placed ? i : order->member[i] % order->b;
}

gndp_status slots_open(int64_t b, bool placed, int64_t n, const uint32_t *member, slot_order *out)
{
    gndp_status st = GNDP_OK;
    slot_order order = {.b = b, .placed = placed, .n = n, .member = member};
    int64_t *taken = calloc((size_t)b, sizeof *taken);
    *out = (slot_order){0};
    order.block = malloc((size_t)n * sizeof *order.block + 1);
    order.source = malloc((size_t)b * sizeof *order.source);
    order.real = malloc((size_t)b * sizeof *order.real);
    GNDP_CHECK(taken != NULL && order.block != NULL && order.source != NULL && order.real != NULL,
               GNDP_ERR_NOMEM, "%lld members in %lld slots", (long long)n, (long long)b);
    for (int64_t i = 0; i < n; i++) {
        order.block[i] = taken[slot_of(&order, i)]++;
        order.blocks = order.blocks > order.block[i] ? order.blocks : order.block[i] + 1;
    }
    *out = order;
    order = (slot_order){0};
done:
    free(taken);
    slots_close(&order);
    return st;
}

void slots_close(slot_order *order)
{
    free(order->block);
    free(order->source);
    free(order->real);
    *order = (slot_order){0};
}

void slots_take(slot_order *order, int64_t block, uint32_t *each)
{
    int64_t first = -1;
    order->active = 0;
    for (int64_t s = 0; s < order->b; s++) {
        order->real[s] = false;
    }
    for (int64_t i = 0; i < order->n; i++) {
        if (order->block[i] == block) {
            const int64_t slot = slot_of(order, i);
            order->source[slot] = i;
            order->real[slot] = true;
            order->active++;
            first = first < 0 ? i : first;
        }
    }
    for (int64_t s = 0; s < order->b; s++) {
        order->source[s] = order->real[s] ? order->source[s] : first;
        each[s] = order->member[order->source[s]];
    }
}
