// SPDX-License-Identifier: Apache-2.0
// That a thing ends at once, on a machine that may be taken away for seconds at any moment.
// Benchmarks are in bench/; this is for refusals and for work that must not grow as a power of its
// size, with limits far above what they take.
#ifndef TESTS_SUPPORT_QUICK_H
#define TESTS_SUPPORT_QUICK_H

#include "support/test_main.h"

#include <time.h>

enum { QUICK_ATTEMPTS = 5 };

static inline double quick_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// The statements, which may be run again, take less than limit_s seconds in one of a few attempts:
// a stall of the machine spoils one attempt, slow code spoils all.
#define assert_quick(limit_s, ...)                                                                 \
    do {                                                                                           \
        double quick_best_ = 1e300;                                                                \
        for (int quick_k_ = 0; quick_k_ < QUICK_ATTEMPTS && quick_best_ >= (limit_s);              \
             quick_k_++) {                                                                         \
            const double quick_start_ = quick_clock();                                             \
            __VA_ARGS__;                                                                           \
            const double quick_taken_ = quick_clock() - quick_start_;                              \
            quick_best_ = quick_taken_ < quick_best_ ? quick_taken_ : quick_best_;                 \
        }                                                                                          \
        if (quick_best_ >= (limit_s))                                                              \
            fail_msg("%.2f s, and %.2f s are allowed", quick_best_, (double)(limit_s));            \
    } while (0)

#endif
