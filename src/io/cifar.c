// SPDX-License-Identifier: Apache-2.0
// CIFAR-10 and CIFAR-100 binary batches: a label byte or two, then planes of red, green and blue,
// 32 x 32 each.
#include "io/raster.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

enum { SIDE = 32, PIXELS = 3 * SIDE * SIDE, LABEL_WIDTH = 4 };

/* The class of each image, where all records have labels below the bounds: 10; or 20 coarse and 100
 * fine ones. */
static gndp_status read_labels(const char *path, int label_bytes, int64_t n, unsigned char *class,
                               bool *fits)
{
    gndp_status st = GNDP_OK;
    FILE *file = fopen(path, "rb");
    unsigned char label[2] = {0, 0};
    const long record = PIXELS + label_bytes;
    *fits = false;
    GNDP_CHECK(file != NULL, GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    for (int64_t i = 0; i < n; i++) {
        GNDP_CHECK(fseek(file, (long)i * record, SEEK_SET) == 0 &&
                       fread(label, 1, (size_t)label_bytes, file) == (size_t)label_bytes,
                   GNDP_ERR_IO, "cannot read %s: %s", path,
                   errno != 0 ? strerror(errno) : "it is cut");
        if (label_bytes == 1 ? label[0] >= 10 : label[0] >= 20 || label[1] >= 100)
            goto done;
        if (class != NULL)
            class[i] = label[label_bytes - 1];
    }
    *fits = true;
done:
    if (file != NULL)
        fclose(file);
    return st;
}

/* Bytes of labels before each image, 0: this is no batch of CIFAR. */
static gndp_status find_layout(const char *path, int *label_bytes, int64_t *n)
{
    gndp_status st = GNDP_OK;
    struct stat info;
    *label_bytes = 0;
    GNDP_CHECK(stat(path, &info) == 0, GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    for (int bytes = 1; bytes <= 2; bytes++) {
        bool fits = false;
        if (info.st_size == 0 || info.st_size % (PIXELS + bytes) != 0)
            continue;
        *n = info.st_size / (PIXELS + bytes);
        GNDP_TRY(read_labels(path, bytes, *n, NULL, &fits));
        if (fits) {
            *label_bytes = bytes;
            break;
        }
    }
done:
    return st;
}

gndp_status gndp_cifar_detect(const char *path, bool *out)
{
    int label_bytes = 0;
    int64_t n = 0;
    const gndp_status st = find_layout(path, &label_bytes, &n);
    *out = label_bytes > 0;
    return st;
}

gndp_status gndp_cifar_open(const char *path, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    int label_bytes = 0;
    int64_t n = 0;
    bool fits = false;
    unsigned char *class = NULL;
    char *text = NULL;
    gndp_field_label *label = NULL;
    GNDP_TRY(find_layout(path, &label_bytes, &n));
    GNDP_CHECK(label_bytes > 0, GNDP_ERR_FORMAT, "%s is no batch of CIFAR", path);
    class = malloc((size_t)n);
    text = malloc((size_t)n * LABEL_WIDTH);
    label = calloc((size_t)n, sizeof *label);
    GNDP_CHECK(class != NULL && text != NULL && label != NULL, GNDP_ERR_NOMEM, "%" PRId64 " labels",
               n);
    GNDP_TRY(read_labels(path, label_bytes, n, class, &fits));
    GNDP_CHECK(fits, GNDP_ERR_FORMAT, "%s changed while it was read", path);
    for (int64_t i = 0; i < n; i++) {
        snprintf(text + LABEL_WIDTH * i, LABEL_WIDTH, "%d", class[i]);
        label[i] = (gndp_field_label){(double)NAN, -1, text + LABEL_WIDTH * i};
    }
    gndp_raster raster = {.path = path,
                          .n_axes = 2,
                          .size = {SIDE, SIDE},
                          .count = n,
                          .components = 3,
                          .planar = true,
                          .type = GNDP_RASTER_U8,
                          .record = PIXELS + label_bytes,
                          .skip = label_bytes};
    GNDP_TRY(gndp_raster_open(&raster, label, gndp_image_channels(3), out));
done:
    free(class);
    free(text);
    free(label);
    return st;
}
