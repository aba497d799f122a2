// SPDX-License-Identifier: Apache-2.0
// Arenas as two lists of blocks: shared ones, filled in order, and one block for each large piece.
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/asan.h"
#include "base/error.h"
#include "base/memory.h"

#define DEFAULT_BLOCK ((size_t)64 << 10)
#define MAX_BLOCK ((size_t)1 << 40)

typedef struct block {
    struct block *next;
    size_t bytes; /* of the whole block, this header (one GNDP_ALIGN) included */
    size_t used;  /* header included; what lies behind it is zero */
} block;

_Static_assert(sizeof(block) <= GNDP_ALIGN, "the header of a block takes one alignment unit");

struct gndp_arena {
    block *first;   /* shared blocks in the order of their filling */
    block *current; /* the one being filled; those behind it are empty */
    block *large;
    size_t block_bytes;
    size_t total;
};

static block *block_create(size_t bytes)
{
    block *b = gndp_pages_alloc(bytes);
    if (b == NULL)
        return NULL;
    b->bytes = bytes;
    b->used = GNDP_ALIGN;
    GNDP_POISON((char *)b + GNDP_ALIGN, bytes - GNDP_ALIGN);
    return b;
}

static void blocks_free(block *b)
{
    while (b != NULL) {
        block *next = b->next;
        const size_t bytes = b->bytes;
        GNDP_UNPOISON(b, bytes);
        gndp_pages_free(b, bytes);
        b = next;
    }
}

gndp_status gndp_arena_create(size_t block_bytes, gndp_arena **out)
{
    gndp_status st = GNDP_OK;
    gndp_arena *arena = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(block_bytes <= MAX_BLOCK, GNDP_ERR_RANGE, "blocks of %zu bytes", block_bytes);
    arena = calloc(1, sizeof *arena);
    GNDP_CHECK(arena != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *arena);
    arena->block_bytes = block_bytes == 0 ? DEFAULT_BLOCK : block_bytes;
    if (arena->block_bytes < 8 * GNDP_ALIGN)
        arena->block_bytes = 8 * GNDP_ALIGN;
    *out = arena;
done:
    return st;
}

void gndp_arena_free(gndp_arena *arena)
{
    if (arena == NULL)
        return;
    blocks_free(arena->first);
    blocks_free(arena->large);
    free(arena);
}

static void *block_take(block *b, size_t bytes, size_t rounded)
{
    void *piece = (char *)b + b->used;
    b->used += rounded;
    GNDP_UNPOISON(piece, bytes); /* the rest of the alignment unit stays poisoned */
    return piece;
}

/* A shared block with room: the current one, an empty one kept by a reset, or a new one. */
static block *shared_with_room(gndp_arena *arena, size_t rounded)
{
    block *b = arena->current;
    if (b != NULL && b->bytes - b->used >= rounded)
        return b;
    b = b == NULL ? arena->first : b->next;
    if (b == NULL) {
        b = block_create(arena->block_bytes);
        if (b == NULL)
            return NULL;
        if (arena->current == NULL)
            arena->first = b;
        else
            arena->current->next = b;
    }
    arena->current = b;
    return b;
}

void *gndp_arena_alloc(gndp_arena *arena, size_t bytes)
{
    block *b = NULL;
    if (bytes > (size_t)PTRDIFF_MAX - 2 * GNDP_ALIGN)
        return NULL;
    if (bytes == 0)
        bytes = 1;
    const size_t rounded = (bytes + GNDP_ALIGN - 1) / GNDP_ALIGN * GNDP_ALIGN;
    if (rounded > arena->block_bytes / 4) {
        b = block_create(rounded + GNDP_ALIGN);
        if (b == NULL)
            return NULL;
        b->next = arena->large;
        arena->large = b;
    } else {
        b = shared_with_room(arena, rounded);
        if (b == NULL)
            return NULL;
    }
    arena->total += rounded;
    return block_take(b, bytes, rounded);
}

char *gndp_arena_strdup(gndp_arena *arena, const char *text)
{
    const size_t bytes = strlen(text) + 1;
    char *copy = gndp_arena_alloc(arena, bytes);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

void gndp_arena_reset(gndp_arena *arena)
{
    blocks_free(arena->large);
    arena->large = NULL;
    for (block *b = arena->first; b != NULL; b = b->next) {
        char *body = (char *)b + GNDP_ALIGN;
        GNDP_UNPOISON(body, b->used - GNDP_ALIGN);
        memset(body, 0, b->used - GNDP_ALIGN); /* pieces are promised to be zero */
        GNDP_POISON(body, b->bytes - GNDP_ALIGN);
        b->used = GNDP_ALIGN;
    }
    arena->current = arena->first;
    arena->total = 0;
}

size_t gndp_arena_bytes(const gndp_arena *arena)
{
    return arena->total;
}
