// SPDX-License-Identifier: Apache-2.0
// Regular blocks of numbers, one a field, in memory or behind a file: images and voxels.
#ifndef GNDP_IO_RASTER_H
#define GNDP_IO_RASTER_H

#include <gndp/images.h>

typedef enum gndp_raster_type {
    GNDP_RASTER_U8,  /* divided by 255 */
    GNDP_RASTER_U16, /* of this machine's order, divided by 65535 */
    GNDP_RASTER_F32  /* little-endian as in files; NaN: missing */
} gndp_raster_type;

/** What the numbers are and where. A value; `bytes` is owned by whoever holds it. */
typedef struct gndp_raster {
    const char *path; /* borrowed while the set is made; for messages */
    int n_axes;       /* 2: row, column; 3: z, y, x */
    int64_t size[3];  /* points along each axis */
    int64_t count;    /* fields */
    int components;
    bool planar; /* a plane a component, else the components of a point stand together */
    gndp_raster_type type;
    int64_t offset;       /* of the first record in the file */
    int64_t record, skip; /* bytes of one record, and those before its numbers */
    unsigned char *bytes; /* records in memory, from 0; NULL: they are read from the file */
} gndp_raster;

/** Bytes of one number; numbers of one field; 0 where they do not fit an int64_t or a size is
 * below 1. */
int64_t gndp_raster_bytes(gndp_raster_type type);
int64_t gndp_raster_values(const gndp_raster *raster);

/**
 * The set of these fields: coordinates are the centres of the cells on [-1, 1].
 * @param raster  `bytes` is taken over in any case
 * @param label   [count] or NULL
 * @param name    [components] of channels
 */
gndp_status gndp_raster_open(gndp_raster *raster, const gndp_field_label *label,
                             const char *const *name, gndp_fieldset **out);

/** "intensity"; with "alpha"; "red", "green", "blue"; with "alpha". For 1 to 4 components. */
const char *const *gndp_image_channels(int components);

/** Classes of an IDX file of labels as text. @param text  [n] out; free(text[0]) and free(text) */
gndp_status gndp_idx_labels(const char *path, int64_t n, char ***text);

/* Formats; each takes what the first bytes have shown to be its own. */
gndp_status gndp_idx_open(const char *path, bool gzip, const gndp_field_label *label,
                          gndp_fieldset **out);
/** Number of images that an IDX file claims. */
gndp_status gndp_idx_count(const char *path, int64_t *out);
gndp_status gndp_cifar_open(const char *path, gndp_fieldset **out);
/** Whether size and labels are those of CIFAR batches. */
gndp_status gndp_cifar_detect(const char *path, bool *out);
/** Files of one size. @param path [n] */
gndp_status gndp_png_open(char *const *path, int64_t n, const gndp_field_label *label,
                          gndp_fieldset **out);

#endif
