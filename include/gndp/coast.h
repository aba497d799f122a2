// SPDX-License-Identifier: Apache-2.0
// Coastlines from the shorelines of GSHHG, where they are installed.
#ifndef GNDP_COAST_H
#define GNDP_COAST_H

#include <gndp/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * GSHHG (Wessel and Smith 1996, doi:10.1029/96JB00104; LGPL-3) as GMT packages it:
 * binned_GSHHS_{c,l,i,h,f}.nc, one file a resolution. Looked for in the folder of the environment
 * variable GNDP_GSHHG and, where that is not set, in the usual ones of systems. Antarctica ends at
 * the ice front.
 */

/** How fine: about 25, 5, 1, 0.2 and 0.04 km between points. */
typedef enum gndp_coast_detail {
    GNDP_COAST_CRUDE,
    GNDP_COAST_LOW,
    GNDP_COAST_INTERMEDIATE,
    GNDP_COAST_HIGH,
    GNDP_COAST_FULL
} gndp_coast_detail;

typedef struct gndp_coast gndp_coast;

/**
 * Read the shorelines of the whole globe: sea, lakes, islands in lakes, and their ponds.
 *
 * @param finest  the finest resolution that is wanted; coarser ones serve where it is not installed
 * @param out     free with gndp_coast_free()
 * @return GNDP_OK; GNDP_ERR_NOT_FOUND with the folders that were looked in; GNDP_ERR_IO;
 * GNDP_ERR_FORMAT for a file of another form; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_coast_read(gndp_coast_detail finest, gndp_coast **out);
/** Takes NULL. */
GNDP_API void gndp_coast_free(gndp_coast *coast);

/** The file that was read. */
GNDP_API const char *gndp_coast_path(const gndp_coast *coast);
/** Number of lines; each lies within one cell of a grid of some degrees and crosses no meridian 0.
 */
GNDP_API int64_t gndp_coast_lines(const gndp_coast *coast);
/**
 * Line i: a piece of a shore.
 * @param lat_deg, lon_deg  out: borrowed, [n]; longitudes 0..360
 * @return n
 */
GNDP_API int64_t gndp_coast_line(const gndp_coast *coast, int64_t i, const double **lat_deg,
                                 const double **lon_deg);
/** What shore line i is of: 1 land in the sea (and the ice front of Antarctica), 2 a lake, 3 an
 * island in a lake, 4 a pond on such an island. */
GNDP_API int gndp_coast_level(const gndp_coast *coast, int64_t i);
/** Whether a place is land (lakes are not). Any longitude; false for a latitude outside -90..90 or
 * what is not finite. */
GNDP_API bool gndp_coast_is_land(const gndp_coast *coast, double lat_deg, double lon_deg);

#ifdef __cplusplus
}
#endif
#endif
