// SPDX-License-Identifier: Apache-2.0
// Storms and their fixes under construction: ids, order in time, repeated fixes.
#include "io/tracks.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "io/number.h"
#include "io/place.h"

const char *const gndp_track_attributes[GNDP_TRACK_ATTRIBUTES] = {"title", "institution",
                                                                  "references", "license"};

void gndp_track_table_free(gndp_track_table *table)
{
    free(table->storm);
    free(table->fix);
    free(table->bucket);
    for (int i = 0; i < GNDP_TRACK_ATTRIBUTES; i++)
        free(table->attribute[i]);
    *table = (gndp_track_table){0};
}

gndp_track_where gndp_track_table_where(const gndp_track_table *table, int64_t storm, int64_t line)
{
    gndp_track_where where;
    if (table->lines)
        snprintf(where.text, sizeof where.text, "%.400s:%" PRId64, table->path, line);
    else
        snprintf(where.text, sizeof where.text, "%.400s: storm %s, fix %" PRId64, table->path,
                 table->storm[storm].id, line);
    return where;
}

/* An id that may be shown: cut to what fits, what is no printable UTF-8 replaced. */
static void copy_id(char *to, size_t room, const char *from)
{
    size_t used = 0;
    while (*from != '\0') {
        const size_t length = gndp_utf8_length(from);
        const bool plain = length > 0 && (unsigned char)*from >= ' ' && *from != 0x7f;
        if (used + (plain ? length : 1) >= room)
            break;
        if (plain)
            memcpy(to + used, from, length);
        else
            to[used] = '?';
        used += plain ? length : 1;
        from += length > 0 ? length : 1;
    }
    to[used] = '\0';
}

gndp_status gndp_track_table_add_storm(gndp_track_table *table, const char *id, int64_t *out)
{
    gndp_status st = GNDP_OK;
    if (table->n_storms == table->storm_room) {
        const int64_t room = table->storm_room > 0 ? 2 * table->storm_room : 64;
        gndp_storm *grown = realloc(table->storm, (size_t)room * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%" PRId64 " storms", room);
        table->storm = grown;
        table->storm_room = room;
    }
    gndp_storm *storm = &table->storm[table->n_storms];
    *storm = (gndp_storm){.season = INT64_MIN, .member = -1, .is_main = true};
    copy_id(storm->id, sizeof storm->id, id);
    *out = table->n_storms++;
done:
    return st;
}

static uint64_t hash_of(const char *text, int64_t member)
{
    uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)(member + 1); /* FNV-1a, 64 bits */
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static bool is_storm(const gndp_storm *storm, const char *id, int64_t member)
{
    return storm->member == member && strcmp(storm->id, id) == 0;
}

/* Where the id and member are, or the empty bucket where they shall go. */
static int64_t *bucket_of(const gndp_track_table *table, const char *id, int64_t member)
{
    const uint64_t mask = (uint64_t)table->n_buckets - 1;
    uint64_t at = hash_of(id, member) & mask;
    while (table->bucket[at] >= 0 && !is_storm(&table->storm[table->bucket[at]], id, member))
        at = (at + 1) & mask;
    return &table->bucket[at];
}

/* At least as many empty buckets as full ones; a power of two. */
static gndp_status make_buckets(gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    if (table->n_buckets > 2 * table->n_storms)
        goto done;
    const int64_t n = table->n_buckets > 0 ? 4 * table->n_buckets : 256;
    int64_t *grown = realloc(table->bucket, (size_t)n * sizeof *grown);
    GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%" PRId64 " storms", n);
    table->bucket = grown;
    table->n_buckets = n;
    for (int64_t i = 0; i < n; i++)
        grown[i] = -1;
    for (int64_t s = 0; s < table->n_storms; s++)
        *bucket_of(table, table->storm[s].id, table->storm[s].member) = s;
done:
    return st;
}

gndp_status gndp_track_table_storm(gndp_track_table *table, const char *id, int64_t member,
                                   int64_t *out, bool *added)
{
    gndp_status st = GNDP_OK;
    char copied[sizeof table->storm->id];
    const int64_t last = table->n_fixes > 0 ? table->fix[table->n_fixes - 1].storm : -1;
    *added = false;
    if (last >= 0 && is_storm(&table->storm[last], id, member)) { /* as a rule a storm's rows stand together */
        *out = last;
        goto done;
    }
    GNDP_CHECK(strlen(id) < sizeof copied, GNDP_ERR_FORMAT,
               "%s: the id '%s' is longer than %zu bytes", table->path, gndp_shown(id).text,
               sizeof copied - 1);
    GNDP_TRY(make_buckets(table));
    copy_id(copied, sizeof copied, id);
    int64_t *bucket = bucket_of(table, copied, member);
    if (*bucket < 0) {
        GNDP_TRY(gndp_track_table_add_storm(table, id, bucket));
        table->storm[*bucket].member = member;
        *added = true;
    }
    *out = *bucket;
done:
    return st;
}

gndp_status gndp_track_table_add(gndp_track_table *table, const gndp_fix *fix)
{
    gndp_status st = GNDP_OK;
    if (!gndp_place_is(fix->lat, fix->lon))
        GNDP_TRY(gndp_place_check(gndp_track_table_where(table, fix->storm, fix->line).text,
                                  fix->lat, fix->lon));
    if (table->n_fixes == table->fix_room) {
        const int64_t room = table->fix_room > 0 ? 2 * table->fix_room : 1024;
        gndp_fix *grown = realloc(table->fix, (size_t)room * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%" PRId64 " fixes", room);
        table->fix = grown;
        table->fix_room = room;
    }
    table->fix[table->n_fixes++] = *fix;
    table->storm[fix->storm].n++;
done:
    return st;
}

/* Counting sort by storm: stable, so that each storm's fixes stay in the order of the file. */
static gndp_status sort_by_storm(gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    gndp_fix *sorted = malloc((size_t)(table->n_fixes > 0 ? table->n_fixes : 1) * sizeof *sorted);
    int64_t at = 0;
    GNDP_CHECK(sorted != NULL, GNDP_ERR_NOMEM, "%" PRId64 " fixes", table->n_fixes);
    for (int64_t s = 0; s < table->n_storms; s++) {
        table->storm[s].first = at;
        at += table->storm[s].n;
        table->storm[s].n = 0;
    }
    for (int64_t i = 0; i < table->n_fixes; i++) {
        gndp_storm *storm = &table->storm[table->fix[i].storm];
        sorted[storm->first + storm->n++] = table->fix[i];
    }
    free(table->fix);
    table->fix = sorted;
    table->fix_room = table->n_fixes > 0 ? table->n_fixes : 1;
done:
    return st;
}

/* Missing values agree with all. */
static bool differ(double a, double b)
{
    return !isnan(a) && !isnan(b) && a != b;
}

static bool same_place(const gndp_fix *a, const gndp_fix *b)
{
    return a->lat == b->lat &&
           gndp_place_longitude(a->lat, a->lon) == gndp_place_longitude(b->lat, b->lon);
}

/* The storm's fixes one after the other, repeated ones left out. */
static gndp_status check_order(gndp_track_table *table, int64_t s, bool wind, bool pressure)
{
    gndp_status st = GNDP_OK;
    gndp_storm *storm = &table->storm[s];
    gndp_fix *fix = table->fix + storm->first;
    int64_t kept = 0;
    for (int64_t i = 0; i < storm->n; i++) {
        gndp_fix *last = kept > 0 ? &fix[kept - 1] : NULL;
        if (last == NULL || fix[i].time_s > last->time_s) {
            fix[kept++] = fix[i];
            continue;
        }
        const gndp_track_where where = gndp_track_table_where(table, s, fix[i].line);
        GNDP_CHECK(fix[i].time_s == last->time_s, GNDP_ERR_FORMAT,
                   "%s: storm %s: time goes back from %s to %s", where.text, storm->id,
                   gndp_calendar_text(GNDP_CALENDAR_STANDARD, last->time_s).text,
                   gndp_calendar_text(GNDP_CALENDAR_STANDARD, fix[i].time_s).text);
        GNDP_CHECK(same_place(last, &fix[i]), GNDP_ERR_FORMAT,
                   "%s: storm %s is at two places at %s: %g, %g and %g, %g", where.text, storm->id,
                   gndp_calendar_text(GNDP_CALENDAR_STANDARD, last->time_s).text, last->lat,
                   last->lon, fix[i].lat, fix[i].lon);
        GNDP_CHECK(!(wind && differ(last->wind_kt, fix[i].wind_kt)) &&
                       !(pressure && differ(last->pressure_hpa, fix[i].pressure_hpa)),
                   GNDP_ERR_FORMAT, "%s: storm %s: two winds or pressures at %s", where.text,
                   storm->id, gndp_calendar_text(GNDP_CALENDAR_STANDARD, last->time_s).text);
        if (isnan(last->wind_kt))
            last->wind_kt = fix[i].wind_kt;
        if (isnan(last->pressure_hpa))
            last->pressure_hpa = fix[i].pressure_hpa;
        table->duplicates++;
    }
    storm->n = kept;
done:
    return st;
}

gndp_status gndp_track_table_finish(gndp_track_table *table, bool wind, bool pressure)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(sort_by_storm(table));
    for (int64_t s = 0; s < table->n_storms; s++)
        GNDP_TRY(check_order(table, s, wind, pressure));
done:
    return st;
}
