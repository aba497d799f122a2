// SPDX-License-Identifier: Apache-2.0
// Any bytes as a table of observations; what is understood is the same when printed, long and wide,
// and read again.
#include "fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/observations.h"

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The wide form may bring rows into another order, so the values are compared as a set, the first
 * by itself. */
static void check_same(const gndp_observations *a, const gndp_observations *b)
{
    const size_t bytes = (size_t)a->n * sizeof(double);
    FUZZ_CHECK(a->n == b->n && a->columns == b->columns && a->space == b->space);
    double *x = malloc(bytes), *y = malloc(bytes);
    FUZZ_CHECK(x != NULL && y != NULL);
    memcpy(x, a->value, bytes);
    memcpy(y, b->value, bytes);
    qsort(x, (size_t)a->n, sizeof *x, compare);
    qsort(y, (size_t)b->n, sizeof *y, compare);
    for (int64_t i = 0; i < a->n; i++)
        FUZZ_CHECK(x[i] == y[i]);
    for (int c = 0; c < a->columns; c++)
        FUZZ_CHECK(a->x[c] == b->x[c]);
    free(x);
    free(y);
}

/* Names that the wide form would take for something else than a variable: "lat", "t_sd", "a [K]".
 */
static bool is_plain(const gndp_observations *o)
{
    for (int c = 0; c < o->n_channels; c++) {
        const char *name = o->name[c];
        if (strcspn(name, "_[]0123456789 ") != strlen(name) || strlen(name) != 3 ||
            strcasecmp(name, "lat") == 0 || strcasecmp(name, "lon") == 0 ||
            strcasecmp(name, "lng") == 0 || strcasecmp(name, "wmo") == 0 ||
            strpbrk(o->units[c], "[]") != NULL || strchr("# \t\r\n", name[0]) != NULL)
            return false;
    }
    return true;
}

static void check_round_trip(const gndp_observations *o, bool wide)
{
    char *bytes = NULL;
    size_t n = 0;
    gndp_observations back;
    if (gndp_observations_print(o, wide, &bytes, &n) == GNDP_OK) {
        FUZZ_CHECK(gndp_observations_parse("again", bytes, n, &back) == GNDP_OK);
        check_same(o, &back);
        gndp_observations_free(&back);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gndp_observations o;
    if (gndp_observations_parse("fuzz", (const char *)data, size, &o) == GNDP_OK) {
        FUZZ_CHECK(o.n > 0 && o.columns > 0 && o.n_channels > 0);
        bool finite = true;
        for (int64_t i = 0; i < o.n; i++) {
            FUZZ_CHECK(o.channel[i] >= 0 && o.channel[i] < o.n_channels && o.sd[i] >= 0.0);
            finite = finite && isfinite(o.value[i]) && isfinite(o.sd[i]);
            for (int c = 0; c < o.columns; c++)
                FUZZ_CHECK(isfinite(o.x[i * o.columns + c]));
        }
        FUZZ_CHECK(finite);
        check_round_trip(&o, false);
        if (is_plain(&o))
            check_round_trip(&o, true);
    }
    gndp_observations_free(&o);
    return 0;
}
