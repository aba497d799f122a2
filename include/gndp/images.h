// SPDX-License-Identifier: Apache-2.0
// Images and voxels as sets of fields.
#ifndef GNDP_IMAGES_H
#define GNDP_IMAGES_H

#include <gndp/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Images as fields on a plane: coordinates "row", "column" (pixel centres on [-1, 1], rows from the top), channels "intensity" or "red", "green", "blue"
 * (and "alpha" after either) in 0..1; label: id = class where there is a label file or CIFAR's own (of CIFAR-100 the fine one), else the name of a PNG
 * file, else none.
 *
 * IDX of MNIST and kin (unsigned byte, also gzip: [count, rows, columns], with four dimensions components last, with two one image), CIFAR-10 and -100
 * binary batches, PNG (any depth, grey and colour, palettes and transparency unfolded; one file, or a folder of files of one size in the order of their
 * names). Values stay behind the file where it is not compressed.
 *
 * @param labels  IDX file of classes, also gzip, or NULL
 * @return GNDP_OK; GNDP_ERR_IO; GNDP_ERR_FORMAT for a wrong magic number or size, truncated or claiming more than it holds: nothing is allocated on the
 *         strength of a header; GNDP_ERR_SHAPE for PNG files of several sizes; GNDP_ERR_NOT_FOUND for a folder without any
 */
GNDP_API gndp_status gndp_images_open(const char *path, const char *labels, gndp_fieldset **out);

/**
 * Voxels: our own simple form, little-endian: the 8 bytes "GNDPVOX1", int32 count, depth, height, width, channels (1 to 64), int32 type (0 u8, scaled to
 * 0..1; 1 f32, NaN: missing), then the values [count, depth, height, width, channels]. Coordinates "z", "y", "x": centres on [-1, 1]. Channels "value",
 * or "value1", "value2", .. Values stay behind the file.
 * @return GNDP_OK; GNDP_ERR_IO; GNDP_ERR_FORMAT for a header that is none or a file of another size than it says
 */
GNDP_API gndp_status gndp_voxels_open(const char *path, gndp_fieldset **out);
/** Write a set on three axes in that form (f32, missing as NaN; the axes' own values and the channels' names are not kept), beside and renamed. */
GNDP_API gndp_status gndp_voxels_write(const gndp_fieldset *set, const char *path, bool overwrite);

/**
 * Write one field of two axes as PNG of 8 bits, values clipped to 0..1, missing ones 0; 1 to 4 components (grey, grey and alpha, colour, colour and
 * alpha). The first axis runs down, the second right; on the sphere north is up and east right.
 */
GNDP_API gndp_status gndp_image_write(const gndp_fieldset *set, int64_t field, const char *path, bool overwrite);

#ifdef __cplusplus
}
#endif
#endif
