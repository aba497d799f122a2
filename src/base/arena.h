// SPDX-License-Identifier: Apache-2.0
// Arenas: many small pieces of memory that die together.
#ifndef GNDP_BASE_ARENA_H
#define GNDP_BASE_ARENA_H

#include <gndp/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A list of blocks, used by one thread at a time. */
typedef struct gndp_arena gndp_arena;

/**
 * @param block_bytes size of the blocks taken from the system; 0 for 64 KiB. Pieces larger than a
 *                    quarter of it get a block of their own.
 * @param out         out; NULL on failure; free with gndp_arena_free()
 * @return GNDP_OK; GNDP_ERR_ARG if out is NULL; GNDP_ERR_RANGE if block_bytes is absurd;
 *         GNDP_ERR_NOMEM
 */
gndp_status gndp_arena_create(size_t block_bytes, gndp_arena **out);
void gndp_arena_free(gndp_arena *arena); /* takes NULL */

/** Zeroed, 64-byte aligned memory of the arena; NULL when out of memory. 0 bytes count as 1. */
void *gndp_arena_alloc(gndp_arena *arena, size_t bytes);
/** A copy of the text in the arena; NULL when out of memory. */
char *gndp_arena_strdup(gndp_arena *arena, const char *text);

/** Forget every piece. Shared blocks are kept for the next ones, so filling the arena the same way
 * again takes nothing from the system; blocks made for one large piece are given back. */
void gndp_arena_reset(gndp_arena *arena);

/** Bytes asked for since creation or reset, each piece rounded up to 64. */
size_t gndp_arena_bytes(const gndp_arena *arena);

#ifdef __cplusplus
}
#endif

#endif
