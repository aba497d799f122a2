// SPDX-License-Identifier: Apache-2.0
// How library code fails: one message a thread, written by the first failure, with a frame a
// caller.
#ifndef GNDP_BASE_ERROR_H
#define GNDP_BASE_ERROR_H

#include <gndp/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GNDP_HERE                                                                                  \
    __FILE__, __LINE__, __func__ /* FILE is shortened to the source tree by the build */

/* Both expect a local `gndp_status st` and a label `done`. */
#define GNDP_CHECK(cond, code, ...)                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            st = gndp_fail_at(GNDP_HERE, (code), __VA_ARGS__);                                     \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)
/* On failure adds one frame to the message and leaves. */
#define GNDP_TRY(call)                                                                             \
    do {                                                                                           \
        if ((st = (call)) != GNDP_OK) {                                                            \
            gndp_trace_at(GNDP_HERE);                                                              \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)

/* Bytes of a thread's message, with its frames and closing zero. */
#define GNDP_ERROR_BYTES 2048

/** Replace the thread's message by this failure and return its code. Allocates nothing. A code of
 * GNDP_OK is our own bug and becomes GNDP_ERR_INTERNAL. The arguments may point into the old
 * message. */
gndp_status gndp_fail_at(const char *file, int line, const char *function, gndp_status code,
                         const char *format, ...) __attribute__((format(printf, 5, 6)));

/** The message without status and place: what a caller that knows the place better repeats. */
const char *gndp_last_text(void);

/** Add the frame "  at file:line function" to the thread's message. */
void gndp_trace_at(const char *file, int line, const char *function);

#ifdef __cplusplus
}
#endif

#endif
