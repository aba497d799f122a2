// SPDX-License-Identifier: Apache-2.0
// Pages from the system, and the count of allocations.
#include "base/memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/asan.h"

/* The one counter of the process: it steers nothing, tests read it. */
static atomic_uint_fast64_t alloc_count;

uint64_t gndp_alloc_count(void)
{
    return atomic_load_explicit(&alloc_count, memory_order_relaxed);
}

static bool is_large(size_t bytes)
{
    /* Mappings have no red zones, so under the address sanitizer everything comes from the heap. */
    return !GNDP_HAS_ASAN && bytes >= GNDP_HUGE_FROM;
}

static size_t round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* mmap aligns to 4 KiB: map one huge page more than asked and give back what sticks out. */
static void *map_huge(size_t bytes)
{
    const size_t want = round_up(bytes, GNDP_HUGE_PAGE);
    const size_t span = want + GNDP_HUGE_PAGE;
    char *base = mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    const size_t head = (GNDP_HUGE_PAGE - (uintptr_t)base % GNDP_HUGE_PAGE) % GNDP_HUGE_PAGE;
    const size_t tail = span - head - want;
    if (head > 0)
        munmap(base, head);
    if (tail > 0)
        munmap(base + head + want, tail);
#ifdef MADV_HUGEPAGE
    (void)madvise(base + head, want, MADV_HUGEPAGE); /* a wish: without it the memory is as good */
#endif
    return base + head;
}

void *gndp_pages_alloc(size_t bytes)
{
    void *memory = NULL;
    if (bytes > (size_t)PTRDIFF_MAX - 2 * GNDP_HUGE_PAGE)
        return NULL;
    if (bytes == 0)
        bytes = 1;
    if (is_large(bytes)) {
        memory = map_huge(bytes);
    } else if (posix_memalign(&memory, bytes >= GNDP_HUGE_FROM ? GNDP_HUGE_PAGE : GNDP_ALIGN,
                              bytes) == 0) {
        /* the exact number of bytes, so that the sanitizer sees the first one past the end */
        memset(memory, 0, bytes);
    } else {
        memory = NULL;
    }
    if (memory != NULL)
        atomic_fetch_add_explicit(&alloc_count, 1, memory_order_relaxed);
    return memory;
}

void gndp_pages_free(void *memory, size_t bytes)
{
    if (memory == NULL)
        return;
    if (is_large(bytes))
        munmap(memory, round_up(bytes, GNDP_HUGE_PAGE));
    else
        free(memory);
}
