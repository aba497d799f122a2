// SPDX-License-Identifier: Apache-2.0
// Counts every way to the allocator. Include it once in a program, before any system header, in the
// file with main; where the allocator is a sanitizer's own, OWN_ALLOCATOR is 0 and nothing counts.
#ifndef TESTS_SUPPORT_ALLOC_COUNT_H
#define TESTS_SUPPORT_ALLOC_COUNT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif
#include "support/test_main.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_ALLOCATOR 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_ALLOCATOR 0
#endif
#endif
#ifndef OWN_ALLOCATOR
#ifdef __GLIBC__
#define OWN_ALLOCATOR 1
#else
#define OWN_ALLOCATOR 0
#endif
#endif

static atomic_long calls; /* of any allocating function, by any thread */

#if OWN_ALLOCATOR
/* The C library's own functions under their second names; the first names are ours. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __libc_calloc(n, bytes);
}

void *realloc(void *old, size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    atomic_fetch_add(&calls, 1);
    *out = __libc_memalign(alignment, bytes);
    return *out != NULL ? 0 : ENOMEM;
}

void *mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset)
{
    union {
        void *symbol;
        void *(*call)(void *, size_t, int, int, int, off_t);
    } next = {.symbol = dlsym(RTLD_NEXT, "mmap")};
    atomic_fetch_add(&calls, 1);
    return next.call(address, bytes, protection, flags, file, offset);
}
#endif

/* Asked once a step: what was allocated since the second step, whose plans are all made. */
typedef struct watch {
    long first, last;
    int asked;
} watch;

static bool watch_step(void *state)
{
    watch *w = state;
    w->last = atomic_load(&calls) + (long)gndp_alloc_count();
    if (++w->asked == 2) {
        w->first = w->last;
    }
    return false;
}

static void check_watch(const watch *w, const char *what)
{
    assert_true(w->asked > 4);
    if (w->last != w->first) {
        fail_msg("%s: %ld allocations in %d steps", what, w->last - w->first, w->asked - 2);
    }
}

#endif
