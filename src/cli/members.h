// SPDX-License-Identifier: Apache-2.0
// Which members are drawn: -n 16, or --members 0-15,42.
#ifndef GNDP_CLI_MEMBERS_H
#define GNDP_CLI_MEMBERS_H

#include <stdint.h>

typedef struct gndp_members {
    uint32_t *number;
    int64_t n;
} gndp_members;

/**
 * @param n     of -n: members 0 .. n - 1; -1: not given
 * @param text  of --members; NULL: not given
 * @param none  how many when neither is given
 * @param out   free with gndp_members_free()
 */
int gndp_members_make(int64_t n, const char *text, int64_t none, gndp_members *out);
/** The list of an option by itself, free with gndp_members_free() also after a failure. */
int gndp_members_make_named(const char *option, const char *text, gndp_members *out);
void gndp_members_free(gndp_members *members);

#endif
