// SPDX-License-Identifier: Apache-2.0
// Regular blocks of numbers, one a field, in memory or behind a file: images and voxels.
#include "io/raster.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* State of the source: numbers in memory, or a file and room for one record. */
typedef struct source {
    gndp_raster raster;
    char *path;
    int file; /* -1: in memory */
    int64_t points;
    unsigned char *record;
} source;

int64_t gndp_raster_bytes(gndp_raster_type type)
{
    return type == GNDP_RASTER_U8 ? 1 : type == GNDP_RASTER_U16 ? 2 : 4;
}

int64_t gndp_raster_values(const gndp_raster *r)
{
    int64_t n = r->components;
    if (n < 1)
        return 0;
    for (int d = 0; d < r->n_axes; d++) {
        if (r->size[d] < 1 || n > (INT64_MAX >> 8) / r->size[d])
            return 0;
        n *= r->size[d];
    }
    return n;
}

const char *const *gndp_image_channels(int components)
{
    static const char *const grey[] = {"intensity", "alpha"};
    static const char *const colour[] = {"red", "green", "blue", "alpha"};
    return components <= 2 ? grey : colour;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static gndp_status fetch(source *s, int64_t field, const unsigned char **out)
{
    gndp_status st = GNDP_OK;
    const gndp_raster *r = &s->raster;
    const size_t bytes = (size_t)(r->record - r->skip);
    size_t done_bytes = 0;
    if (s->file < 0) {
        *out = r->bytes + field * r->record + r->skip;
        goto done;
    }
    while (done_bytes < bytes) {
        const off_t at = (off_t)(r->offset + field * r->record + r->skip + (int64_t)done_bytes);
        const ssize_t n = pread(s->file, s->record + done_bytes, bytes - done_bytes, at);
        if (n < 0 && errno == EINTR)
            continue;
        GNDP_CHECK(n >= 0, GNDP_ERR_IO, "cannot read %s: %s", s->path, strerror(errno));
        GNDP_CHECK(n > 0, GNDP_ERR_FORMAT,
                   "%s became shorter while it was open: field %" PRId64 " is cut", s->path, field);
        done_bytes += (size_t)n;
    }
    *out = s->record;
done:
    return st;
}

static double number_at(gndp_raster_type type, const unsigned char *bytes, int64_t i)
{
    uint16_t half;
    float f;
    const unsigned char *b = bytes + 4 * i;
    switch (type) {
    case GNDP_RASTER_U8:
        return bytes[i] / 255.0;
    case GNDP_RASTER_U16:
        memcpy(&half, bytes + 2 * i, sizeof half);
        return half / 65535.0;
    case GNDP_RASTER_F32:
        break;
    }
    const uint32_t word =
        (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    memcpy(&f, &word, sizeof f);
    return (double)f;
}

static gndp_status decode(const source *s, int64_t field, const unsigned char *bytes, int64_t m,
                          const int64_t *point, double *values, uint8_t *present)
{
    gndp_status st = GNDP_OK;
    const int P = s->raster.components;
    for (int64_t k = 0; k < m; k++) {
        const int64_t i = point != NULL ? point[k] : k;
        for (int p = 0; p < P; p++) {
            const double y =
                number_at(s->raster.type, bytes, s->raster.planar ? p * s->points + i : i * P + p);
            GNDP_CHECK(!isinf(y), GNDP_ERR_NONFINITE,
                       "%s: field %" PRId64 ", point %" PRId64 ", component %d is infinite",
                       s->path, field, i, p);
            GNDP_CHECK(present != NULL || !isnan(y), GNDP_ERR_NONFINITE,
                       "%s: field %" PRId64 ", point %" PRId64 ", component %d is missing", s->path,
                       field, i, p);
            values[k * P + p] = isnan(y) ? 0.0 : y;
            if (present != NULL)
                present[k * P + p] = (uint8_t)!isnan(y);
        }
    }
done:
    return st;
}

static gndp_status read_values(void *state, int64_t n, const int64_t *field, int64_t m,
                               const int64_t *point, double *values, uint8_t *present)
{
    gndp_status st = GNDP_OK;
    source *s = state;
    const int64_t P = s->raster.components;
    const unsigned char *bytes = NULL;
    if (point == NULL)
        m = s->points;
    for (int64_t k = 0; k < n; k++) {
        GNDP_TRY(fetch(s, field[k], &bytes));
        GNDP_TRY(decode(s, field[k], bytes, m, point, values + k * m * P,
                        present != NULL ? present + k * m * P : NULL));
    }
done:
    return st;
}

static void close_source(void *state)
{
    source *s = state;
    if (s->file >= 0)
        close(s->file);
    free(s->raster.bytes);
    free(s->record);
    free(s->path);
    free(s);
}

/* ---- The set -------------------------------------------------------------------------------- */

static gndp_status make_source(gndp_raster *raster, source **out)
{
    gndp_status st = GNDP_OK;
    source *s = calloc(1, sizeof *s);
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *s);
    s->file = -1;
    s->raster = *raster;
    raster->bytes = NULL;
    s->points = gndp_raster_values(raster) / raster->components;
    s->path = strdup(raster->path);
    GNDP_CHECK(s->path != NULL, GNDP_ERR_NOMEM, "name of %s", raster->path);
    if (s->raster.bytes == NULL) {
        s->file = open(raster->path, O_RDONLY | O_CLOEXEC);
        GNDP_CHECK(s->file >= 0, GNDP_ERR_IO, "cannot read %s: %s", raster->path, strerror(errno));
        s->record = malloc((size_t)(raster->record - raster->skip));
        GNDP_CHECK(s->record != NULL, GNDP_ERR_NOMEM, "%s: a record of %" PRId64 " bytes",
                   raster->path, raster->record);
    }
    *out = s;
    s = NULL;
done:
    if (s != NULL)
        close_source(s);
    return st;
}

/* Centres of the cells along each axis; free(value[d]). */
static gndp_status make_axes(const gndp_raster *r, double *value[3], gndp_coords *coords)
{
    static const char *const plane[] = {"row", "column"}, *const space[] = {"z", "y", "x"};
    gndp_status st = GNDP_OK;
    *coords = (gndp_coords){.space = GNDP_SPACE_EUCLIDEAN,
                            .layout = GNDP_LAYOUT_PRODUCT,
                            .columns = r->n_axes,
                            .n = gndp_raster_values(r) / r->components};
    for (int d = 0; d < r->n_axes; d++) {
        const int64_t n = r->size[d];
        value[d] = malloc((size_t)n * sizeof *value[d]);
        GNDP_CHECK(value[d] != NULL, GNDP_ERR_NOMEM, "%" PRId64 " points", n);
        for (int64_t i = 0; i < n; i++)
            value[d][i] = (double)(2 * i + 1 - n) / (double)n;
        gndp_axis *axis = &coords->axis[d];
        snprintf(axis->name, sizeof axis->name, "%s", r->n_axes == 2 ? plane[d] : space[d]);
        snprintf(axis->units, sizeof axis->units, "1");
        axis->size = n;
        axis->value = value[d];
    }
done:
    return st;
}

gndp_status gndp_raster_open(gndp_raster *raster, const gndp_field_label *label,
                             const char *const *name, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    double *value[3] = {NULL, NULL, NULL};
    gndp_channel *channel = calloc((size_t)raster->components, sizeof *channel);
    gndp_fieldset_spec spec = {.n_fields = raster->count,
                               .n_channels = raster->components,
                               .channel = channel,
                               .label = label,
                               .origin = raster->path};
    source *s = NULL;
    GNDP_CHECK(channel != NULL, GNDP_ERR_NOMEM, "%d channels", raster->components);
    for (int c = 0; c < raster->components; c++)
        channel[c] = gndp_channel_scalar(name[c], "1");
    GNDP_TRY(make_axes(raster, value, &spec.coords));
    GNDP_TRY(make_source(raster, &s));
    GNDP_TRY(gndp_fieldset_create_view(
        &spec, (gndp_field_source){.state = s, .read = read_values, .close = close_source}, out));
done:
    for (int d = 0; d < 3; d++)
        free(value[d]);
    free(channel);
    free(raster->bytes);
    raster->bytes = NULL;
    return st;
}
