// SPDX-License-Identifier: Apache-2.0
// Any bytes as an IDX file, plain or compressed, and as its own labels; all values of what opens
// are from 0 to 1.
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "io/raster.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    const bool gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    gndp_fieldset *set = NULL;
    char **text = NULL;
    gndp_component_stats stats[4];
    if (gndp_idx_open(path, gzip, NULL, &set) == GNDP_OK) {
        FUZZ_CHECK(gndp_fieldset_components(set) <= 4);
        FUZZ_CHECK(gndp_fieldset_stats(set, stats) == GNDP_OK);
        for (int p = 0; p < gndp_fieldset_components(set); p++)
            FUZZ_CHECK(stats[p].missing == 0 && stats[p].low >= 0.0 && stats[p].high <= 1.0);
    }
    gndp_fieldset_free(set);
    if (gndp_idx_labels(path, 3, &text) == GNDP_OK)
        free(text[0]);
    free(text);
    return 0;
}
