// SPDX-License-Identifier: Apache-2.0
// What the files of this room share about coordinates and channels.
#ifndef GNDP_FIELDS_COORDS_H
#define GNDP_FIELDS_COORDS_H

#include <gndp/fields.h>

/* Degrees by which a latitude may pass a pole: arange(-90, 90.1, 0.1) ends at 90.0000000000026. */
#define GNDP_LAT_SLACK 1e-9

/** The latitude, or the pole where it lies beyond by no more than the slack. */
double gndp_lat_clamp(double lat_deg);

/** Whether a text of fixed size has its closing zero. */
bool gndp_text_closed(const char *text, size_t size);

/** Check kinds, counts, names and texts of the channels against the coordinates they live on. */
gndp_status gndp_channels_check(const gndp_coords *coords, int n, const gndp_channel *channel);

/** The channel that component p belongs to; *first (or NULL) its first component. */
int gndp_channel_of(int n, const gndp_channel *channel, int p, int *first);

#endif
