// SPDX-License-Identifier: Apache-2.0
// Any text as a kernel; what is understood has one canonical text, which is understood as the same.
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <gndp/kernels.h>

static char *printed(const gndp_kernel *k)
{
    const size_t n = gndp_kernel_print(k, NULL, 0);
    char *text = malloc(n + 1);
    FUZZ_CHECK(text != NULL);
    FUZZ_CHECK(gndp_kernel_print(k, text, n + 1) == n && strlen(text) == n);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    gndp_kernel *k = NULL, *again = NULL;
    if (gndp_kernel_parse(text, &k) == GNDP_OK) {
        char *first = printed(k);
        FUZZ_CHECK(gndp_kernel_parse(first, &again) == GNDP_OK);
        char *second = printed(again);
        FUZZ_CHECK(strcmp(first, second) == 0);
        free(first);
        free(second);
    } else {
        FUZZ_CHECK(k == NULL);
    }
    gndp_kernel_free(k);
    gndp_kernel_free(again);
    free(text);
    return 0;
}
