// SPDX-License-Identifier: Apache-2.0
// Steps of samplers and likelihoods take no memory: every way to the allocator is counted between
// steps.
#define _GNU_SOURCE /* RTLD_NEXT */
#include "sde/toy_score.h"

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

static void steps_take_no_memory(void **state)
{
    (void)state;
    enum { R = 8 };
    if (!OWN_ALLOCATOR) {
        skip();
    }
    for (int which = 0; which < SDE_CASES; which++) { /* white and correlated limits */
        sde_case *c = new_case(&sde_texts[which]);
        gndp_score score[2];
        assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score[0]));
        gndp_store *store = new_toy(GNDP_F32, c->dim, c->outputs, 0.3, &score[1]);
        double *y = new_values(R * c->n), log_p[R];
        uint32_t member[R];
        number_members(R, 0, member);
        for (int kind = 0; kind < 2; kind++) {
            gndp_evaluator *ev = NULL;
            const gndp_evaluator_options eo = {.batch = R};
            assert_ok(gndp_evaluator_create(&score[kind], &c->schedule, &c->points.x, &eo, &ev));
            for (int i = 0; i < gndp_sampler_count(); i++) {
                watch w = {0};
                gndp_sampler_options o = gndp_sampler_options_default();
                o.sampler = gndp_sampler_get(i);
                o.steps = 8;
                o.tolerance = 1e-4;
                o.corrector_steps = 1;
                o.stop = watch_step;
                o.stop_state = &w;
                assert_ok(gndp_sample(ev, &c->schedule, c->law, &o, R, member, NULL, y));
                check_watch(&w, o.sampler->name);
            }
            for (int i = 0; i < 8; i++) {
                watch w = {0};
                gndp_likelihood_options o = gndp_likelihood_options_default();
                o.solver = (gndp_ode_solver)(i % 4);
                o.steps = 6;
                o.tolerance = 1e-3;
                o.probes = i < 4 ? 0 : 3;
                o.stop = watch_step;
                o.stop_state = &w;
                assert_ok(
                    gndp_log_likelihood(ev, &c->schedule, c->law, &o, R, member, y, log_p, NULL));
                check_watch(&w, "likelihood");
            }
            gndp_evaluator_free(ev);
            gndp_score_free(&score[kind]);
        }
        gndp_store_free(store);
        free(y);
        free_case(c);
    }
}

static void count_sees_allocations(void **state)
{
    (void)state;
    if (!OWN_ALLOCATOR) {
        skip();
    }
    const long before = atomic_load(&calls);
    void *volatile p = malloc(10);
    free(p);
    assert_true(atomic_load(&calls) > before);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(steps_take_no_memory),
    cmocka_unit_test(count_sees_allocations),
};
GNDP_TEST_MAIN(tests)
