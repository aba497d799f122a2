// SPDX-License-Identifier: Apache-2.0
// Opening devices by name, and counting who uses them.
#include "graph/plan/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const device_ops *const kinds[] = {&gndp_cpu_device, &gndp_reference_device};

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
    snprintf(device->text, sizeof device->text, "%s, %d thread%s, %s%s", name, device->threads, device->threads == 1 ? "" : "s",
             ops == &gndp_reference_device ? "plain loops" : gndp_simd_name(device->cpu.simd),
             device->cpu.amx_bf16 ? ", bf16 in tiles" : device->cpu.avx512_bf16 ? ", bf16 in vectors" : "");
    *out = device;
    device = NULL;
done:
    free(device);
    return st;
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
