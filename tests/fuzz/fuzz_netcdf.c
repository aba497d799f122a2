// SPDX-License-Identifier: Apache-2.0
// Any bytes as a classic NetCDF file, as a set of fields: what opens can be read, whole and in
// parts. HDF5 below the other formats crashes on files of this kind, so only the classic ones are
// tried.
#include "fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/io.h>

/* Notes are made ready to be printed. */
static void check_note(void *state, const gndp_log_record *record)
{
    (void)state;
    for (const char *p = record->text; *p != '\0'; p++)
        FUZZ_CHECK((unsigned char)*p >= 0x20 && *p != 0x7F);
}

static void check_labels(const gndp_fieldset_spec *spec)
{
    for (int64_t f = 0; f < spec->n_fields; f++) {
        const double time_s = spec->label[f].time_s;
        FUZZ_CHECK(isnan(time_s) || isfinite(time_s));
        FUZZ_CHECK(f == 0 || isnan(time_s) || time_s >= spec->label[f - 1].time_s);
    }
}

/* The last point of the last field alone is what it is among all. */
static void check_last(const gndp_fieldset *set)
{
    const int64_t f = gndp_fieldset_get_spec(set)->n_fields - 1;
    const int64_t n = gndp_fieldset_points(set, f), last = n - 1;
    const int P = gndp_fieldset_components(set);
    double *all = calloc((size_t)(n * P), sizeof *all), *one = calloc((size_t)P, sizeof *one);
    uint8_t *there = calloc((size_t)(n * P), 1), *its = calloc((size_t)P, 1);
    FUZZ_CHECK(all != NULL && one != NULL && there != NULL && its != NULL);
    if (gndp_fieldset_read(set, 1, &f, n, NULL, all, there) == GNDP_OK) {
        FUZZ_CHECK(gndp_fieldset_read(set, 1, &f, 1, &last, one, its) == GNDP_OK);
        FUZZ_CHECK(memcmp(one, all + last * P, (size_t)P * sizeof *one) == 0);
        FUZZ_CHECK(memcmp(its, there + last * P, (size_t)P) == 0);
        for (int64_t i = 0; i < n * P; i++)
            FUZZ_CHECK(there[i] <= 1 && isfinite(all[i]));
    }
    free(all);
    free(one);
    free(there);
    free(its);
}

static void try_open(const char *path, const gndp_read_options *options)
{
    gndp_fieldset *set = NULL;
    const gndp_status st = gndp_netcdf_open(&path, 1, options, &set);
    FUZZ_CHECK((st == GNDP_OK) == (set != NULL));
    FUZZ_CHECK(st != GNDP_ERR_INTERNAL);
    if (st == GNDP_OK) {
        const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
        gndp_component_stats *stats = calloc((size_t)gndp_fieldset_components(set), sizeof *stats);
        FUZZ_CHECK(stats != NULL);
        FUZZ_CHECK(spec->first != NULL || gndp_coords_check(&spec->coords) == GNDP_OK);
        check_labels(spec);
        gndp_fieldset_stats(set, stats);
        check_last(set);
        free(stats);
    }
    gndp_fieldset_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || memcmp(data, "CDF", 3) != 0)
        return 0;
    static const char *const var[1] = {"t2m"};
    const gndp_logger log = {check_note, NULL, GNDP_LOG_TRACE};
    const char *path = fuzz_file(data, size);
    gndp_file_kind kind;
    gndp_read_options options = gndp_read_options_default();
    options.max_bytes = (size_t)1 << 20;
    options.log = &log;
    gndp_file_detect(path, &kind);
    try_open(path, &options);
    options.has_box = true;
    options.west = 170.0;
    options.east = -20.0;
    options.south = -60.0;
    options.north = 60.0;
    options.time_stride = 2;
    options.var = var;
    options.n_vars = size % 2 == 0;
    try_open(path, &options);
    return 0;
}
