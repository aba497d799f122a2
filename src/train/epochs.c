// SPDX-License-Identifier: Apache-2.0
// The order of an epoch follows from seed and epoch alone; it is kept while its steps last.
#include "train/epochs.h"

#include <stdlib.h>
#include <string.h>

#include <gndp/prepare.h>

#include "base/error.h"
#include "train/streams.h"

gndp_status train_epochs_create(int64_t n, train_epochs *out)
{
    gndp_status st = GNDP_OK;
    *out = (train_epochs){.n = n, .epoch = -1, .order = malloc((size_t)n * sizeof *out->order)};
    GNDP_CHECK(out->order != NULL, GNDP_ERR_NOMEM, "the order of %lld fields", (long long)n);
done:
    return st;
}

void train_epochs_free(train_epochs *epochs)
{
    free(epochs->order);
    free(epochs->picked);
    memset(epochs, 0, sizeof *epochs);
}

static gndp_status use_epoch(train_epochs *e, uint64_t seed, int64_t epoch)
{
    gndp_status st = GNDP_OK;
    if (e->epoch == epoch && e->seed == seed)
        return GNDP_OK;
    e->epoch = -1;
    GNDP_TRY(gndp_choose(seed, (uint32_t)epoch, 0, GNDP_STREAM(TRAIN_STREAM_ORDER, 0), e->n, e->n, e->order));
    e->epoch = epoch;
    e->seed = seed;
done:
    return st;
}

gndp_status train_epochs_pick(train_epochs *e, uint64_t seed, uint32_t step, int64_t fields)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(fields >= 1, GNDP_ERR_RANGE, "a batch of %lld fields", (long long)fields);
    if (fields > e->capacity) {
        int64_t *grown = realloc(e->picked, (size_t)fields * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "a batch of %lld fields", (long long)fields);
        e->picked = grown;
        e->capacity = fields;
    }
    for (int64_t b = 0; b < fields; b++) {
        const int64_t at = (int64_t)step * fields + b;
        GNDP_TRY(use_epoch(e, seed, at / e->n));
        e->picked[b] = e->order[at % e->n];
    }
done:
    return st;
}
