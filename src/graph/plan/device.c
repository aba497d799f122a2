// SPDX-License-Identifier: Apache-2.0
// Opening devices by name, and counting who uses them.
#include "graph/plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const device_ops *const kinds[] = {&gndp_cpu_device, &gndp_reference_device};

static void describe(gndp_device *device)
{
    snprintf(device->text, sizeof device->text, "%s, %d thread%s, %s%s", device->ops->name, device->threads, device->threads == 1 ? "" : "s",
             device->ops == &gndp_reference_device ? "plain loops" : gndp_simd_name(device->cpu.simd),
             device->cpu.amx_bf16 ? ", bf16 in tiles" : device->cpu.avx512_bf16 ? ", bf16 in vectors" : "");
}

gndp_status gndp_device_open(const char *name, const gndp_device_options *options, gndp_device **out)
{
    gndp_status st = GNDP_OK;
    gndp_device *device = NULL;
    const device_ops *ops = NULL;
    const gndp_device_options defaults = {0};
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(name != NULL, GNDP_ERR_ARG, "name is NULL");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        ops = strcmp(kinds[i]->name, name) == 0 ? kinds[i] : ops;
    }
    GNDP_CHECK(ops != NULL, GNDP_ERR_NOT_FOUND, "no device \"%s\"; there are \"cpu\" and \"reference\"", name);
    options = options != NULL ? options : &defaults;
    GNDP_CHECK(options->threads >= 0 && options->threads <= 4096, GNDP_ERR_RANGE, "%d threads", options->threads);
    GNDP_CHECK(options->simd_cap >= 0 && options->simd_cap <= 1 + GNDP_SIMD_AVX512, GNDP_ERR_RANGE, "simd_cap %d is outside 0..%d",
               options->simd_cap, 1 + GNDP_SIMD_AVX512);
    device = calloc(1, sizeof *device);
    GNDP_CHECK(device != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *device);
    device->ops = ops;
    device->references = 1;
    device->threads = ops == &gndp_reference_device ? 1 : options->threads > 0 ? options->threads : gndp_threads_get();
    GNDP_TRY(gndp_cpu_select(&device->cpu));
    if (options->simd_cap > 0 && (int)device->cpu.simd > options->simd_cap - 1) {
        device->cpu.simd = (gndp_simd)(options->simd_cap - 1);
    }
    if (device->cpu.simd < GNDP_SIMD_AVX512) {
        device->cpu.avx512_bf16 = false;
        device->cpu.amx_bf16 = false;
    }
    device->no_onednn = options->no_onednn;
    describe(device);
    *out = device;
    device = NULL;
done:
    free(device);
    return st;
}

gndp_status gndp_device_with_threads(const gndp_device *device, int threads, gndp_device **out)
{
    gndp_status st = GNDP_OK;
    gndp_device *copy = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(device != NULL, GNDP_ERR_ARG, "device is NULL");
    GNDP_CHECK(threads >= 1 && threads <= 4096, GNDP_ERR_RANGE, "%d threads", threads);
    copy = malloc(sizeof *copy);
    GNDP_CHECK(copy != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *copy);
    *copy = *device;
    copy->references = 1;
    copy->threads = device->ops == &gndp_reference_device ? 1 : threads;
    describe(copy);
    *out = copy;
done:
    return st;
}

int gndp_device_threads(const gndp_device *device)
{
    return device->threads;
}

void gndp_device_free(gndp_device *device)
{
    if (device != NULL && --device->references == 0) {
        free(device);
    }
}

const char *gndp_device_describe(const gndp_device *device)
{
    return device == NULL ? "no device" : device->text;
}
