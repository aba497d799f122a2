// SPDX-License-Identifier: Apache-2.0
// Archives in memory: named arrays, texts and numbers, in order of names.
#include "io/archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/nearest.h"

gndp_status gndp_archive_create(gndp_archive **out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = calloc(1, sizeof **out);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof **out);
done:
    return st;
}

static void entry_free(gndp_archive_entry *entry)
{
    free(entry->name);
    free(entry->text);
    gndp_array_free(&entry->array);
}

void gndp_archive_free(gndp_archive *archive)
{
    if (archive == NULL)
        return;
    for (int i = 0; i < archive->count; i++)
        entry_free(&archive->entry[i]);
    free(archive->entry);
    free(archive->origin);
    free(archive);
}

/* First entry whose name is not before `name`, and whether it is that name. */
static int position(const gndp_archive *archive, const char *name, bool *found)
{
    int low = 0, high = archive->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (strcmp(archive->entry[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < archive->count && strcmp(archive->entry[low].name, name) == 0;
    return low;
}

const gndp_archive_entry *gndp_archive_find(const gndp_archive *archive, const char *name)
{
    bool found;
    const int at = position(archive, name, &found);
    return found ? &archive->entry[at] : NULL;
}

/* Insert an entry whose members but the name are complete, or replace the one of that name; takes
 * its memory in any case. */
static gndp_status insert_take(gndp_archive *archive, const char *name, gndp_archive_entry entry)
{
    gndp_status st = GNDP_OK;
    char encoded[GNDP_ARCHIVE_NAME_BYTES];
    bool found;
    GNDP_CHECK(name[0] != 0, GNDP_ERR_ARG, "an entry of an archive needs a name");
    GNDP_CHECK(gndp_archive_encode(name, encoded), GNDP_ERR_ARG,
               "the name \"%.80s...\" is too long for NetCDF: %zu bytes, and more once escaped",
               name, strlen(name));
    entry.name = strdup(name);
    GNDP_CHECK(entry.name != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(name) + 1);
    const int at = position(archive, name, &found);
    if (!found && archive->count == archive->room) {
        const int room = archive->room > 0 ? 2 * archive->room : 16;
        gndp_archive_entry *grown = realloc(archive->entry, (size_t)room * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%zu bytes", (size_t)room * sizeof *grown);
        archive->entry = grown;
        archive->room = room;
    }
    if (found) {
        archive->n_arrays -= archive->entry[at].kind == GNDP_ENTRY_ARRAY;
        entry_free(&archive->entry[at]);
    } else {
        memmove(archive->entry + at + 1, archive->entry + at,
                (size_t)(archive->count - at) * sizeof *archive->entry);
        archive->count++;
    }
    archive->n_arrays += entry.kind == GNDP_ENTRY_ARRAY;
    archive->entry[at] = entry;
    entry = (gndp_archive_entry){0};
done:
    entry_free(&entry);
    return st;
}

gndp_status gndp_archive_put_take(gndp_archive *archive, const char *name, gndp_array *array)
{
    gndp_status st = GNDP_OK;
    const gndp_archive_entry entry = {.kind = GNDP_ENTRY_ARRAY, .array = *array};
    *array = (gndp_array){0};
    GNDP_TRY(insert_take(archive, name, entry));
done:
    return st;
}

gndp_status gndp_archive_put(gndp_archive *archive, const char *name, const gndp_array *array)
{
    gndp_status st = GNDP_OK;
    gndp_array copy = {0};
    GNDP_CHECK(archive != NULL && name != NULL && array != NULL, GNDP_ERR_ARG, "%s is NULL",
               archive == NULL ? "archive"
               : name == NULL  ? "name"
                               : "array");
    GNDP_CHECK(array->data != NULL, GNDP_ERR_ARG, "array \"%s\" has no data", name);
    GNDP_TRY(gndp_array_create(array->type, &copy));
    memcpy(copy.data, array->data, gndp_type_bytes(array->type));
    GNDP_TRY(gndp_archive_put_take(archive, name, &copy));
done:
    return st;
}

gndp_status gndp_archive_put_text(gndp_archive *archive, const char *name, const char *text)
{
    gndp_status st = GNDP_OK;
    gndp_archive_entry entry = {.kind = GNDP_ENTRY_TEXT};
    GNDP_CHECK(archive != NULL && name != NULL && text != NULL, GNDP_ERR_ARG, "%s is NULL",
               archive == NULL ? "archive"
               : name == NULL  ? "name"
                               : "text");
    entry.text = strdup(text);
    GNDP_CHECK(entry.text != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(text) + 1);
    GNDP_TRY(insert_take(archive, name, entry));
done:
    return st;
}

gndp_status gndp_archive_put_integer(gndp_archive *archive, const char *name, int64_t value)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(archive != NULL && name != NULL, GNDP_ERR_ARG, "%s is NULL",
               archive == NULL ? "archive" : "name");
    GNDP_TRY(insert_take(archive, name,
                         (gndp_archive_entry){.kind = GNDP_ENTRY_INTEGER, .integer = value}));
done:
    return st;
}

gndp_status gndp_archive_put_number(gndp_archive *archive, const char *name, double value)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(archive != NULL && name != NULL, GNDP_ERR_ARG, "%s is NULL",
               archive == NULL ? "archive" : "name");
    GNDP_TRY(insert_take(archive, name,
                         (gndp_archive_entry){.kind = GNDP_ENTRY_NUMBER, .number = value}));
done:
    return st;
}

static const char *kind_text(gndp_entry_kind kind)
{
    return kind == GNDP_ENTRY_ARRAY     ? "an array"
           : kind == GNDP_ENTRY_TEXT    ? "a text"
           : kind == GNDP_ENTRY_INTEGER ? "an integer"
                                        : "a number";
}

static gndp_status find(const gndp_archive *archive, const char *name, gndp_entry_kind kind,
                        const gndp_archive_entry **out)
{
    gndp_status st = GNDP_OK;
    bool found;
    GNDP_CHECK(archive != NULL && name != NULL, GNDP_ERR_ARG, "%s is NULL",
               archive == NULL ? "archive" : "name");
    const char *origin = archive->origin != NULL ? archive->origin : "the archive";
    const int at = position(archive, name, &found);
    if (!found) {
        const char *nearest = NULL;
        int least = 0;
        for (int i = 0; i < archive->count; i++) {
            const int distance = gndp_edit_distance(name, archive->entry[i].name);
            if (nearest == NULL || distance < least) {
                nearest = archive->entry[i].name;
                least = distance;
            }
        }
        GNDP_CHECK(nearest != NULL, GNDP_ERR_NOT_FOUND, "%s has no \"%s\": it is empty", origin,
                   name);
        GNDP_CHECK(false, GNDP_ERR_NOT_FOUND, "%s has no \"%s\"; the nearest name is \"%s\"",
                   origin, name, nearest);
    }
    GNDP_CHECK(archive->entry[at].kind == kind, GNDP_ERR_TYPE, "%s: \"%s\" is %s, not %s", origin,
               name, kind_text(archive->entry[at].kind), kind_text(kind));
    *out = &archive->entry[at];
done:
    return st;
}

gndp_status gndp_archive_get(const gndp_archive *archive, const char *name, const gndp_array **out)
{
    gndp_status st = GNDP_OK;
    const gndp_archive_entry *entry = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_TRY(find(archive, name, GNDP_ENTRY_ARRAY, &entry));
    *out = &entry->array;
done:
    return st;
}

gndp_status gndp_archive_get_text(const gndp_archive *archive, const char *name, const char **out)
{
    gndp_status st = GNDP_OK;
    const gndp_archive_entry *entry = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_TRY(find(archive, name, GNDP_ENTRY_TEXT, &entry));
    *out = entry->text;
done:
    return st;
}

gndp_status gndp_archive_get_integer(const gndp_archive *archive, const char *name, int64_t *out)
{
    gndp_status st = GNDP_OK;
    const gndp_archive_entry *entry = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    GNDP_TRY(find(archive, name, GNDP_ENTRY_INTEGER, &entry));
    *out = entry->integer;
done:
    return st;
}

gndp_status gndp_archive_get_number(const gndp_archive *archive, const char *name, double *out)
{
    gndp_status st = GNDP_OK;
    const gndp_archive_entry *entry = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    GNDP_TRY(find(archive, name, GNDP_ENTRY_NUMBER, &entry));
    *out = entry->number;
done:
    return st;
}

int gndp_archive_count(const gndp_archive *archive)
{
    return archive != NULL ? archive->n_arrays : 0;
}

const char *gndp_archive_name(const gndp_archive *archive, int i)
{
    if (archive == NULL || i < 0)
        return NULL;
    for (int k = 0; k < archive->count; k++)
        if (archive->entry[k].kind == GNDP_ENTRY_ARRAY && i-- == 0)
            return archive->entry[k].name;
    return NULL;
}
