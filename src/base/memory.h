// SPDX-License-Identifier: Apache-2.0
// Memory in large pieces: aligned, zeroed, on huge pages where that pays, and counted for the
// tests.
#ifndef GNDP_BASE_MEMORY_H
#define GNDP_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GNDP_ALIGN 64                    /* a cache line, and the widest vector */
#define GNDP_HUGE_PAGE ((size_t)2 << 20) /* bytes of a huge page on x86-64 and aarch64 */
#define GNDP_HUGE_FROM ((size_t)4 << 20) /* pieces of at least this many bytes ask for them */

/**
 * Zeroed memory, aligned to 64 bytes, or to 2 MiB with huge pages asked for when bytes >= 4 MiB.
 * Large pieces are zeroed by the system page by page when first touched, so the thread that first
 * writes a page decides on which memory node it lies.
 *
 * @param bytes any number; 0 counts as 1
 * @return memory to give back with gndp_pages_free() and the same number; NULL when out of memory
 */
void *gndp_pages_alloc(size_t bytes);
void gndp_pages_free(void *memory, size_t bytes); /* takes NULL */

/** How often gndp_pages_alloc() gave memory in this process, by any thread, and so arrays and arena
 * blocks: two equal counts prove that nothing was allocated between. */
uint64_t gndp_alloc_count(void);

#ifdef __cplusplus
}
#endif

#endif
