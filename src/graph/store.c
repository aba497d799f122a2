// SPDX-License-Identifier: Apache-2.0
// The named parameters: their arrays, made when first asked for, and messages that help to find a name.
#include "graph/store.h"

#include "base/error.h"
#include "graph/graph_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    char *name;
    uint64_t hash;
    gndp_type type;
    gndp_init init;
    gndp_array slot[GNDP_SLOT_COUNT]; /* data NULL: not made yet */
} entry;

struct gndp_store {
    entry *entries; /* in order of addition; arrays stay put when it grows, since they are held by pointer */
    int64_t count, capacity;
};

/* 64-bit FNV-1a (Fowler, Noll, Vo): stable between versions, since the draws of a parameter follow from it. */
static uint64_t name_hash(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const unsigned char *c = (const unsigned char *)name; *c != 0; c++)
        hash = (hash ^ *c) * UINT64_C(0x100000001b3);
    return hash;
}

static entry *find(const gndp_store *store, const char *name)
{
    const uint64_t hash = name_hash(name);
    for (int64_t i = 0; i < store->count; i++)
        if (store->entries[i].hash == hash && strcmp(store->entries[i].name, name) == 0)
            return &store->entries[i];
    return NULL;
}

enum { LONGEST = 127 }; /* characters of a name that the search for the nearest one looks at */

/* Levenshtein distance: fewest insertions, deletions and replacements that turn a into b. */
static int edit_distance(const char *a, const char *b)
{
    int row[LONGEST + 1];
    const int n_a = (int)strnlen(a, LONGEST), n_b = (int)strnlen(b, LONGEST);
    for (int j = 0; j <= n_b; j++)
        row[j] = j;
    for (int i = 1; i <= n_a; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n_b; j++) {
            const int replaced = diagonal + (a[i - 1] != b[j - 1]);
            const int moved = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = replaced < moved ? replaced : moved;
        }
    }
    return row[n_b];
}

static const char *nearest(const gndp_store *store, const char *name)
{
    const char *best = NULL;
    int best_distance = 0;
    for (int64_t i = 0; i < store->count; i++) {
        const int distance = edit_distance(name, store->entries[i].name);
        if (best == NULL || distance < best_distance) {
            best = store->entries[i].name;
            best_distance = distance;
        }
    }
    return best;
}

gndp_status gndp_store_create(gndp_store **out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = calloc(1, sizeof **out);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof **out);
done:
    return st;
}

static void entry_clear(entry *e)
{
    for (int s = 0; s < GNDP_SLOT_COUNT; s++)
        gndp_array_free(&e->slot[s]);
    free(e->name);
    *e = (entry){0};
}

void gndp_store_free(gndp_store *store)
{
    if (store == NULL)
        return;
    for (int64_t i = 0; i < store->count; i++)
        entry_clear(&store->entries[i]);
    free(store->entries);
    free(store);
}

static gndp_status check_init(const char *name, gndp_type type, gndp_init init)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(type.dtype == GNDP_F32 || type.dtype == GNDP_F64, GNDP_ERR_TYPE,
               "parameter \"%s\" is f32 or f64, got " GNDP_TYPE_FMT, name, GNDP_TYPE_ARG(type));
    GNDP_CHECK(gndp_type_count(type) > 0, GNDP_ERR_SHAPE, "parameter \"%s\" has no elements: " GNDP_TYPE_FMT, name,
               GNDP_TYPE_ARG(type));
    GNDP_CHECK((int)init.kind >= GNDP_INIT_ZEROS && init.kind <= GNDP_INIT_ORTHOGONAL, GNDP_ERR_ARG,
               "parameter \"%s\": no initialiser has the number %d", name, (int)init.kind);
    GNDP_CHECK(isfinite(init.scale), GNDP_ERR_RANGE, "parameter \"%s\": the initialiser's scale is %g", name, init.scale);
    GNDP_CHECK(init.kind != GNDP_INIT_ORTHOGONAL || type.rank >= 2, GNDP_ERR_SHAPE,
               "parameter \"%s\": an orthogonal start needs rank 2 or more, got " GNDP_TYPE_FMT, name, GNDP_TYPE_ARG(type));
done:
    return st;
}

gndp_status gndp_store_add(gndp_store *store, const char *name, gndp_type type, gndp_init init)
{
    gndp_status st = GNDP_OK;
    entry made = {0};
    GNDP_CHECK(store != NULL, GNDP_ERR_ARG, "store is NULL");
    GNDP_CHECK(name != NULL && name[0] != 0, GNDP_ERR_ARG, "a parameter needs a name");
    GNDP_CHECK(find(store, name) == NULL, GNDP_ERR_ARG, "the store has a parameter \"%s\" already", name);
    GNDP_TRY(check_init(name, type, init));
    if (store->count == store->capacity) {
        const int64_t capacity = store->capacity > 0 ? 2 * store->capacity : 32;
        entry *grown = realloc(store->entries, (size_t)capacity * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%zu bytes", (size_t)capacity * sizeof *grown);
        store->entries = grown;
        store->capacity = capacity;
    }
    made.hash = name_hash(name);
    made.type = type;
    made.init = init;
    made.name = strdup(name);
    GNDP_CHECK(made.name != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(name) + 1);
    GNDP_TRY(gndp_array_create(type, &made.slot[GNDP_SLOT_VALUE]));
    store->entries[store->count++] = made;
    made = (entry){0}; /* handed over */
done:
    entry_clear(&made);
    return st;
}

gndp_status gndp_store_initialise(gndp_store *store, uint64_t seed)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(store != NULL, GNDP_ERR_ARG, "store is NULL");
    for (int64_t i = 0; i < store->count; i++) {
        entry *e = &store->entries[i];
        const gndp_array value = e->slot[GNDP_SLOT_VALUE];
        GNDP_TRY(gndp_init_fill(e->init, seed, e->hash, value));
        for (int s = 0; s < GNDP_SLOT_COUNT; s++) {
            if (s == GNDP_SLOT_VALUE || e->slot[s].data == NULL)
                continue;
            if (s == GNDP_SLOT_EMA)
                memcpy(e->slot[s].data, value.data, gndp_type_bytes(e->type));
            else
                memset(e->slot[s].data, 0, gndp_type_bytes(e->type));
        }
    }
done:
    return st;
}

int64_t gndp_store_count(const gndp_store *store)
{
    return store != NULL ? store->count : 0;
}

int64_t gndp_store_size(const gndp_store *store)
{
    int64_t size = 0;
    for (int64_t i = 0; i < gndp_store_count(store); i++)
        size += gndp_type_count(store->entries[i].type);
    return size;
}

const char *gndp_store_name(const gndp_store *store, int64_t i)
{
    return i >= 0 && i < gndp_store_count(store) ? store->entries[i].name : NULL;
}

gndp_status gndp_store_slot(gndp_store *store, const char *name, gndp_slot slot, gndp_array *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_array){0};
    GNDP_CHECK(store != NULL, GNDP_ERR_ARG, "store is NULL");
    GNDP_CHECK(name != NULL, GNDP_ERR_ARG, "name is NULL");
    GNDP_CHECK((int)slot >= 0 && slot < GNDP_SLOT_COUNT, GNDP_ERR_ARG, "parameter \"%s\": no slot has the number %d", name,
               (int)slot);
    GNDP_CHECK(store->count > 0, GNDP_ERR_NOT_FOUND, "no parameter \"%s\": the store is empty", name);
    entry *e = find(store, name);
    GNDP_CHECK(e != NULL, GNDP_ERR_NOT_FOUND, "no parameter \"%s\"; the nearest name is \"%s\"", name, nearest(store, name));
    if (e->slot[slot].data == NULL) {
        GNDP_TRY(gndp_array_create(e->type, &e->slot[slot]));
        if (slot == GNDP_SLOT_EMA) /* an average that starts now starts at the value */
            memcpy(e->slot[slot].data, e->slot[GNDP_SLOT_VALUE].data, gndp_type_bytes(e->type));
    }
    *out = gndp_array_view(e->type, e->slot[slot].data);
done:
    return st;
}

gndp_status gndp_store_array(gndp_store *store, const char *name, gndp_slot slot, gndp_array *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_store_slot(store, name, slot, out));
done:
    return st;
}
