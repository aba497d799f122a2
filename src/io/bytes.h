// SPDX-License-Identifier: Apache-2.0
// Whole files in.
#ifndef GNDP_IO_BYTES_H
#define GNDP_IO_BYTES_H

#include <gndp/base.h>

/**
 * The bytes of a file, "-" standard input, with a closing zero that n does not count.
 * @param out  free with free()
 * @return GNDP_OK; GNDP_ERR_IO with the system's reason; GNDP_ERR_NOMEM
 */
gndp_status gndp_bytes_read(const char *path, char **out, size_t *n);

/** The first bytes of a file, as many as there are up to `max`. */
gndp_status gndp_bytes_peek(const char *path, size_t max, unsigned char *out, size_t *n);

/** "standard input" for "-". */
const char *gndp_path_shown(const char *path);

#endif
