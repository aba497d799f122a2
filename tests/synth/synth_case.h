// SPDX-License-Identifier: Apache-2.0
// What the tests of generators share.
#ifndef TESTS_SYNTH_SYNTH_CASE_H
#define TESTS_SYNTH_SYNTH_CASE_H

#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/gaussian.h>
#include <gndp/synth.h>

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != GNDP_OK) {                                                                   \
            fail_msg("%s: %s", #call, gndp_last_error());                                          \
        }                                                                                          \
    } while (0)

/* An error of the wanted kind whose text names what is wrong. */
#define assert_fails(call, code, words)                                                            \
    do {                                                                                           \
        const gndp_status got_ = (call);                                                           \
        if (got_ != (code) || strstr(gndp_last_error(), (words)) == NULL) {                        \
            fail_msg("%s: got %s, wanted %s with '%s' in: %s", #call, gndp_status_name(got_),      \
                     gndp_status_name(code), (words), gndp_last_error());                          \
        }                                                                                          \
    } while (0)

static inline void assert_near(double value, double wanted, double tolerance, const char *what)
{
    if (!(fabs(value - wanted) <= tolerance))
        fail_msg("%s: %.17g in place of %.17g, tolerance %.3g", what, value, wanted, tolerance);
}

static inline const gndp_synth_info *find(const char *name)
{
    const gndp_synth_info *info = NULL;
    assert_ok(gndp_synth_find(name, &info));
    return info;
}

static inline double *new_values(int64_t n)
{
    double *out = calloc((size_t)n + 1, sizeof *out);
    assert_non_null(out);
    return out;
}

static inline gndp_fieldset *make(const char *name, gndp_synth_options options)
{
    gndp_fieldset *set = NULL;
    assert_ok(gndp_synth_make(find(name), &options, &set));
    return set;
}

/* All values of one field of a set. */
static inline double *values_of(const gndp_fieldset *set, int64_t field)
{
    const int64_t n = gndp_fieldset_points(set, field);
    double *out = new_values(n * gndp_fieldset_components(set));
    assert_ok(gndp_fieldset_read(set, 1, &field, n, NULL, out, NULL));
    return out;
}

/* Covariance of a kernel's text on listed points as kernels take them: [n, n] of n = N P values,
 * white noise included. */
static inline double *covariance(const char *kernel, int64_t points, int64_t dim, double *x,
                                 int64_t n)
{
    gndp_kernel *k = NULL;
    double *out = new_values(n * n);
    const gndp_array at = gndp_array_view(gndp_type_2d(GNDP_F64, points, dim), x);
    gndp_array view = gndp_array_view(gndp_type_2d(GNDP_F64, n, n), out);
    assert_ok(gndp_kernel_parse(kernel, &k));
    assert_ok(gndp_kernel_evaluate(k, &at, NULL, &view));
    gndp_kernel_free(k);
    return out;
}

#endif
