// SPDX-License-Identifier: Apache-2.0
// train.start: the parameters of another model of the same network, from which training begins.
#include "model/model.h"

#include <string.h>

#include "base/error.h"

/* Values of one parameter, from the moving average where the other model's samples use it. */
static gndp_status take_one(gndp_store *to, gndp_store *from, const char *name, gndp_slot slot)
{
    gndp_status st = GNDP_OK;
    gndp_array mine, other;
    GNDP_TRY(gndp_store_array(to, name, GNDP_SLOT_VALUE, &mine));
    GNDP_TRY(gndp_store_array(from, name, slot, &other));
    GNDP_CHECK(gndp_type_equal(mine.type, other.type), GNDP_ERR_SHAPE, "its parameter \"%s\" is " GNDP_TYPE_FMT ", this network's " GNDP_TYPE_FMT, name,
               GNDP_TYPE_ARG(other.type), GNDP_TYPE_ARG(mine.type));
    memcpy(mine.data, other.data, gndp_type_bytes(mine.type));
done:
    return st;
}

static gndp_status take_all(gndp_model *model, gndp_model *other)
{
    gndp_status st = GNDP_OK;
    const gndp_net_spec *mine = &model->net, *its = &other->net;
    gndp_store *to = model->store, *from = other->store;
    GNDP_CHECK(strcmp(mine->kind, its->kind) == 0, GNDP_ERR_STATE, "it is of the network %s, this one of %s", its->kind, mine->kind);
    GNDP_CHECK(mine->layers == its->layers && mine->hidden == its->hidden && mine->heads == its->heads, GNDP_ERR_STATE,
               "its network has %lld layers of %lld with %lld heads, this one %lld of %lld with %lld", (long long)its->layers, (long long)its->hidden,
               (long long)its->heads, (long long)mine->layers, (long long)mine->hidden, (long long)mine->heads);
    GNDP_CHECK(gndp_store_count(to) == gndp_store_count(from), GNDP_ERR_STATE, "it has %lld parameter arrays, this network %lld",
               (long long)gndp_store_count(from), (long long)gndp_store_count(to));
    for (int64_t i = 0; i < gndp_store_count(to); i++)
        GNDP_TRY(take_one(to, from, gndp_store_name(to, i), other->average ? GNDP_SLOT_EMA : GNDP_SLOT_VALUE));
done:
    return st;
}

gndp_status model_start_from(gndp_model *model, const char *path)
{
    gndp_status st = GNDP_OK;
    gndp_model *other = NULL;
    GNDP_TRY(gndp_model_read(path, &other));
    st = take_all(model, other);
    GNDP_CHECK(st == GNDP_OK, st, "train.start: %s: %s", path, gndp_last_text());
done:
    gndp_model_free(other);
    return st;
}
