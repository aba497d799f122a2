// SPDX-License-Identifier: Apache-2.0
// What fuzz targets share: the entry point's prototype, properties that must hold, bytes behind a
// path.
#ifndef GNDP_TEST_FUZZ_H
#define GNDP_TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** End the process with a message unless the condition holds. */
#define FUZZ_CHECK(cond) fuzz_check((cond), #cond, __FILE__, __LINE__)
void fuzz_check(int holds, const char *what, const char *file, int line);

/** A path under which the bytes can be read, in memory; valid until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

/** A copy with a zero behind it, of exactly that size, so that a read beyond is seen. Free with
 * free(). */
char *fuzz_text(const uint8_t *data, size_t size);

#endif
