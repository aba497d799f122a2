// SPDX-License-Identifier: Apache-2.0
// Runs take no memory: every way to the allocator is counted while a plan with all kinds of work runs.
#define _GNU_SOURCE /* RTLD_NEXT */
#include "graph/plan_trial.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
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
static atomic_bool counting;

#if OWN_ALLOCATOR
/* The C library's own functions under their second names; the first names are ours. */
extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);
extern void *__libc_memalign(size_t alignment, size_t bytes);

static void count(void)
{
    if (atomic_load(&counting))
        atomic_fetch_add(&calls, 1);
}

void *malloc(size_t bytes)
{
    count();
    return __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
    count();
    return __libc_calloc(n, bytes);
}

void *realloc(void *old, size_t bytes)
{
    count();
    return __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    count();
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    count();
    *out = __libc_memalign(alignment, bytes);
    return *out != NULL ? 0 : ENOMEM;
}

void *mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset)
{
    union {
        void *symbol;
        void *(*call)(void *, size_t, int, int, int, off_t);
    } next = {.symbol = dlsym(RTLD_NEXT, "mmap")};
    count();
    return next.call(address, bytes, protection, flags, file, offset);
}
#endif

/* Allocations of runs 2 to 5. */
static long allocations(training *t)
{
    check(training_run(t));
    const uint64_t pieces = gndp_alloc_count();
    atomic_store(&calls, 0);
    atomic_store(&counting, true);
    for (int k = 0; k < 4; k++)
        check(training_run(t));
    atomic_store(&counting, false);
    assert_int_equal(gndp_alloc_count(), pieces);
    return atomic_load(&calls);
}

static void run_takes_no_memory_from_the_second_time_on(void **state)
{
    (void)state;
    static const struct {
        const char *device;
        gndp_device_options options;
        gndp_plan_options plan;
    } ways[] = {{"cpu", {.threads = 2}, {0}},
                {"cpu", {.threads = 1}, {.no_optimise = true}},
                {"cpu", {.threads = 2, .no_onednn = true}, {.profile = true}},
                {"cpu", {.threads = 2}, {.bf16 = true}},
                {"cpu", {.threads = 2, .simd_cap = 1}, {.max_workspace = 1}},
                {"reference", {0}, {0}}};
    training *t = malloc(sizeof *t);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        training_open(t, ways[i].device, ways[i].options, ways[i].plan);
        const long n = allocations(t);
        if (n > 0)
            print_error("way %zu: %ld allocations in four runs\n", i, n);
        assert_int_equal(n, 0);
        training_close(t);
    }
    free(t);
}

/* The count itself sees allocations. */
static void allocations_are_seen(void **state)
{
    (void)state;
    if (!OWN_ALLOCATOR)
        skip();
    gndp_array a;
    atomic_store(&calls, 0);
    atomic_store(&counting, true);
    check(gndp_array_create(gndp_type_1d(GNDP_F32, 3 << 20), &a));
    void *volatile small = malloc(10);
    free(small);
    atomic_store(&counting, false);
    gndp_array_free(&a);
    assert_true(atomic_load(&calls) >= 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(run_takes_no_memory_from_the_second_time_on),
    cmocka_unit_test(allocations_are_seen),
};
GNDP_TEST_MAIN(tests)
