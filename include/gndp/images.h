// SPDX-License-Identifier: Apache-2.0
// Images and voxels as sets of fields.
#ifndef GNDP_IMAGES_H
#define GNDP_IMAGES_H

#include <gndp/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Images as fields on a plane: coordinates "row", "column" (pixel centres on [-1, 1], rows from the top), channel "intensity" or "red", "green", "blue"
 * (and "alpha") in 0..1; label: id = class where there is a label file.
 *
 * IDX of MNIST and kin (unsigned byte, 2 to 4 dimensions, also gzip), CIFAR-10 and -100 binary batches, PNG (8 and 16 bit, grey and colour; one file or a
 * folder of files of one size). Values stay behind the file where it is not compressed.
 *
 * @param labels  IDX file of classes, or NULL
 * @return GNDP_OK; GNDP_ERR_IO; GNDP_ERR_FORMAT for a wrong magic number or size, truncated or claiming more than it holds: nothing is allocated on the
 *         strength of a header
 */
GNDP_API gndp_status gndp_images_open(const char *path, const char *labels, gndp_fieldset **out);

/**
 * Voxels: our own simple form, little-endian: the 8 bytes "GNDPVOX1", int32 count, depth, height, width, channels, int32 type (0 u8, scaled to 0..1; 1 f32),
 * then the values [count, depth, height, width, channels]. Coordinates "z", "y", "x" on [-1, 1].
 */
GNDP_API gndp_status gndp_voxels_open(const char *path, gndp_fieldset **out);
/** Write a set on three axes in that form (f32), beside and renamed. */
GNDP_API gndp_status gndp_voxels_write(const gndp_fieldset *set, const char *path, bool overwrite);

/** Write one field of two axes as PNG, values clipped to 0..1; 1, 3 or 4 components. */
GNDP_API gndp_status gndp_image_write(const gndp_fieldset *set, int64_t field, const char *path, bool overwrite);

#ifdef __cplusplus
}
#endif
#endif
