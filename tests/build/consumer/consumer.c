// SPDX-License-Identifier: Apache-2.0
// A user's program against an installed gndp: makes an array and prints the version.
#include <stdio.h>
#include <string.h>

#include <gndp/base.h>
#include <gndp/info.h>

int main(void)
{
    gndp_array field;
    if (gndp_array_create(gndp_type_2d(GNDP_F64, 3, 4), &field) != GNDP_OK) {
        fprintf(stderr, "%s\n", gndp_last_error());
        return 1;
    }
    gndp_array_free(&field);
    printf("gndp %s\n", gndp_version());
    return strcmp(gndp_version(), GNDP_VERSION) != 0;
}
