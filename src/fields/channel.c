// SPDX-License-Identifier: Apache-2.0
// Channels: making the common ones, and checking those that come from elsewhere.
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "fields/coords.h"

/* A name that does not fit ends in a visible mark, never in silence. */
static void put(char *to, size_t size, const char *text)
{
    to[0] = '\0';
    gndp_text_append(to, size, "%s", text != NULL ? text : "");
}

gndp_channel gndp_channel_scalar(const char *name, const char *units)
{
    gndp_channel channel = {.kind = GNDP_CHANNEL_SCALAR, .components = 1, .parts = 1};
    put(channel.name, sizeof channel.name, name);
    put(channel.units, sizeof channel.units, units);
    put(channel.part[0].name, sizeof channel.part[0].name, name);
    return channel;
}

gndp_channel gndp_channel_vector(const char *name, const char *units, int n,
                                 const char *const *part)
{
    gndp_channel channel = {.kind = GNDP_CHANNEL_VECTOR, .components = n, .parts = n};
    put(channel.name, sizeof channel.name, name);
    put(channel.units, sizeof channel.units, units);
    for (int i = 0; i < n && i < GNDP_MAX_COMPONENTS; i++)
        put(channel.part[i].name, sizeof channel.part[i].name, part[i]);
    return channel;
}

gndp_channel gndp_channel_sphere(const char *name)
{
    gndp_channel channel = {.kind = GNDP_CHANNEL_SPHERE, .components = 3, .parts = 2};
    put(channel.name, sizeof channel.name, name);
    put(channel.units, sizeof channel.units, "degrees");
    put(channel.part[0].name, sizeof channel.part[0].name, "lat");
    put(channel.part[1].name, sizeof channel.part[1].name, "lon");
    put(channel.part[0].standard_name, sizeof channel.part[0].standard_name, "latitude");
    put(channel.part[1].standard_name, sizeof channel.part[1].standard_name, "longitude");
    return channel;
}

int gndp_channel_of(int n, const gndp_channel *channel, int p, int *first)
{
    int at = 0, k = 0;
    while (k + 1 < n && p >= at + channel[k].components)
        at += channel[k++].components;
    if (first != NULL)
        *first = at;
    return k;
}

static gndp_status check_texts(int k, const gndp_channel *channel)
{
    gndp_status st = GNDP_OK;
    bool closed = gndp_text_closed(channel->name, sizeof channel->name) &&
                  gndp_text_closed(channel->units, sizeof channel->units) &&
                  gndp_text_closed(channel->cell_methods, sizeof channel->cell_methods);
    for (int i = 0; closed && i < GNDP_MAX_COMPONENTS; i++)
        closed = gndp_text_closed(channel->part[i].name, sizeof channel->part[i].name) &&
                 gndp_text_closed(channel->part[i].standard_name,
                                  sizeof channel->part[i].standard_name) &&
                 gndp_text_closed(channel->part[i].long_name, sizeof channel->part[i].long_name);
    GNDP_CHECK(closed, GNDP_ERR_ARG, "a text of channel %d has no end", k);
    GNDP_CHECK(channel->name[0] != '\0', GNDP_ERR_ARG, "channel %d has no name", k);
done:
    return st;
}

static gndp_status check_kind(const gndp_coords *coords, const gndp_channel *channel)
{
    gndp_status st = GNDP_OK;
    const int columns = coords->columns; /* eastward and northward: 2 on the sphere as well */
    switch (channel->kind) {
    case GNDP_CHANNEL_SCALAR:
        GNDP_CHECK(channel->components == 1 && channel->parts == 1, GNDP_ERR_SHAPE,
                   "scalar channel '%s' has %d components and %d parts", channel->name,
                   channel->components, channel->parts);
        break;
    case GNDP_CHANNEL_VECTOR:
        GNDP_CHECK(channel->components >= 2 && channel->components <= GNDP_MAX_COMPONENTS &&
                       channel->parts == channel->components,
                   GNDP_ERR_SHAPE, "vector channel '%s' has %d components and %d parts",
                   channel->name, channel->components, channel->parts);
        GNDP_CHECK(channel->components == columns, GNDP_ERR_SHAPE,
                   "vector channel '%s' has %d components at points of %d coordinates: they must "
                   "lie along the coordinates",
                   channel->name, channel->components, columns);
        break;
    case GNDP_CHANNEL_SPHERE:
        GNDP_CHECK(channel->components == 3 && channel->parts == 2, GNDP_ERR_SHAPE,
                   "channel '%s' of points of the sphere has %d components and %d parts, not 3 and "
                   "2",
                   channel->name, channel->components, channel->parts);
        break;
    default:
        GNDP_CHECK(false, GNDP_ERR_ARG, "channel '%s': kind %d is none", channel->name,
                   (int)channel->kind);
    }
done:
    return st;
}

gndp_status gndp_channels_check(const gndp_coords *coords, int n, const gndp_channel *channel)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(n >= 1 && n <= GNDP_MAX_CHANNELS, GNDP_ERR_SHAPE, "%d channels: 1 to %d are allowed",
               n, GNDP_MAX_CHANNELS);
    GNDP_CHECK(channel != NULL, GNDP_ERR_ARG, "channel is NULL");
    for (int k = 0; k < n; k++) {
        GNDP_TRY(check_texts(k, &channel[k]));
        GNDP_TRY(check_kind(coords, &channel[k]));
        for (int j = 0; j < k; j++)
            GNDP_CHECK(strcmp(channel[j].name, channel[k].name) != 0, GNDP_ERR_ARG,
                       "two channels have the name '%s'", channel[k].name);
    }
done:
    return st;
}
