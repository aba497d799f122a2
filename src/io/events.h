// SPDX-License-Identifier: Apache-2.0
// Events from a text in memory.
#ifndef GNDP_IO_EVENTS_H
#define GNDP_IO_EVENTS_H

#include <gndp/tables.h>

/** As gndp_events_open(); the bytes, with a zero behind them, are cut up. */
gndp_status gndp_events_read_text(const char *path, char *bytes, size_t n, bool distinct,
                                  gndp_fieldset **out);

#endif
