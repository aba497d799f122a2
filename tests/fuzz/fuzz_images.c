// SPDX-License-Identifier: Apache-2.0
// Any bytes as an image file or as voxels; what opens can be read to its end.
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <gndp/images.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    const bool voxels = size >= 8 && memcmp(data, "GNDPVOX1", 8) == 0;
    gndp_fieldset *set = NULL;
    const gndp_status opened =
        voxels ? gndp_voxels_open(path, &set) : gndp_images_open(path, NULL, &set);
    if (opened == GNDP_OK) {
        gndp_component_stats *stats = calloc((size_t)gndp_fieldset_components(set), sizeof *stats);
        FUZZ_CHECK(stats != NULL);
        const gndp_status read = gndp_fieldset_stats(set, stats);
        FUZZ_CHECK(read == GNDP_OK ||
                   (voxels && read == GNDP_ERR_NONFINITE)); /* floats may be infinite */
        for (int p = 0; p < gndp_fieldset_components(set) && !voxels; p++)
            FUZZ_CHECK(stats[p].low >= 0.0 && stats[p].high <= 1.0);
        free(stats);
    }
    gndp_fieldset_free(set);
    return 0;
}
