// SPDX-License-Identifier: Apache-2.0
// UDUNITS behind a handle, for callers that hold the lock of io/lock.h already.
#ifndef GNDP_IO_UNITS_H
#define GNDP_IO_UNITS_H

#include <gndp/calendar.h>

/* UDUNITS' tables, read when first needed; {0} is ready for use. UDUNITS keeps its parser and its
   message handler in globals, so its calls share netCDF's lock. Version 2.2.28 does not give back
   its table of prefixes, 7 KiB a handle: one handle serves a whole open. */
typedef struct gndp_units {
    void *system; /* ut_system */
} gndp_units;

/** Takes {0}. Needs the lock. */
void gndp_units_close(gndp_units *units);

/** As gndp_units_convert() of gndp/io.h. Needs the lock. */
gndp_status gndp_units_between(gndp_units *units, const char *what, const char *from,
                               const char *to, double *factor, double *offset);

/** As gndp_units_time() of gndp/io.h; the usual units of time need no tables. Needs the lock. */
gndp_status gndp_units_since(gndp_units *units, const char *what, const char *text,
                             gndp_calendar calendar, double *factor, double *offset);

/** Whether a unit is understood and measures what `like` does; false too when the tables are not
 * found. Needs the lock. */
bool gndp_units_alike(gndp_units *units, const char *text, const char *like);

/** Whether the text has the form of a time unit, "hours since ..". */
bool gndp_units_is_since(const char *text);

/** The spelling that UDUNITS knows, of a unit that it would not understand or would take for
 * another ("mb" is a millibarn to it); else the text itself. Blanks at the ends are passed over. */
void gndp_units_spell(const char *text, char *out, size_t size);

#endif
