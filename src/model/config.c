// SPDX-License-Identifier: Apache-2.0
// Configurations as objects: made, read, changed, asked.
#include "model/config.h"

#include "base/error.h"
#include "io/number.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Making --------------------------------------------------------------------------------- */

static gndp_status working_folder(gndp_arena *arena, const char **out)
{
    gndp_status st = GNDP_OK;
    char *folder = getcwd(NULL, 0);
    GNDP_CHECK(folder != NULL, GNDP_ERR_IO, "the working folder: %s", strerror(errno));
    *out = gndp_arena_strdup(arena, folder);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(folder));
done:
    free(folder);
    return st;
}

/* Folder of a file, absolute. */
static gndp_status folder_of(gndp_arena *arena, const char *file, const char **out)
{
    gndp_status st = GNDP_OK;
    const char *slash = strrchr(file, '/'), *base;
    if (slash == NULL)
        return working_folder(arena, out);
    if (file[0] != '/')
        GNDP_TRY(working_folder(arena, &base));
    else
        base = "";
    while (strncmp(file, "./", 2) == 0 && file + 1 < slash)
        file += 2;
    const size_t n = file < slash ? (size_t)(slash - file) : 0, size = strlen(base) + n + 2;
    char *text = gndp_arena_alloc(arena, size);
    GNDP_CHECK(text != NULL, GNDP_ERR_NOMEM, "%zu bytes", size);
    if (n > 0 && file[0] != '/')
        snprintf(text, size, "%s%s%.*s", base, strcmp(base, "/") == 0 ? "" : "/", (int)n, file);
    else
        snprintf(text, size, "%s%.*s", base[0] == '\0' && n == 0 ? "/" : base, (int)n, file);
    *out = text;
done:
    return st;
}

/* The defaults are a document as any other: "path: text" for each key that has one. */
static gndp_status read_defaults(gndp_config *config)
{
    gndp_status st = GNDP_OK;
    const int n = gndp_config_key_count();
    const char *folder;
    size_t size = 1, used = 0;
    char *text = NULL;
    for (int i = 0; i < n; i++) {
        const gndp_config_key *key = gndp_config_key_get(i);
        size += strlen(key->path) + (key->fallback == NULL ? 0 : strlen(key->fallback)) + 4;
    }
    text = malloc(size);
    GNDP_CHECK(text != NULL, GNDP_ERR_NOMEM, "%zu bytes", size);
    for (int i = 0; i < n; i++) {
        const gndp_config_key *key = gndp_config_key_get(i);
        if (key->fallback != NULL)
            used += (size_t)snprintf(text + used, size - used, "%s: %s\n", key->path, key->fallback);
    }
    GNDP_TRY(working_folder(config->arena, &folder));
    GNDP_TRY(config_read_text(config, text, used, "defaults", folder, false));
    for (int i = 0; i < n; i++) {
        config->value[i].given = false;
        config->fallback[i] = config->value[i];
    }
done:
    free(text);
    return st;
}

static gndp_status create(gndp_config **out)
{
    gndp_status st = GNDP_OK;
    gndp_arena *arena = NULL;
    gndp_config *config = NULL;
    const size_t bytes = (size_t)gndp_config_key_count() * sizeof(config_value);
    GNDP_TRY(gndp_arena_create(0, &arena));
    config = gndp_arena_alloc(arena, sizeof *config);
    GNDP_CHECK(config != NULL, GNDP_ERR_NOMEM, "a configuration");
    config->arena = arena;
    config->value = gndp_arena_alloc(arena, bytes);
    config->fallback = gndp_arena_alloc(arena, bytes);
    GNDP_CHECK(config->value != NULL && config->fallback != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    GNDP_TRY(read_defaults(config));
    *out = config;
    arena = NULL;
done:
    gndp_arena_free(arena);
    return st;
}

void gndp_config_free(gndp_config *config)
{
    if (config != NULL)
        gndp_arena_free(config->arena); /* which holds the configuration itself */
}

/* ---- Reading -------------------------------------------------------------------------------- */

static gndp_status parse(const char *text, size_t bytes, const char *origin, gndp_config **out)
{
    gndp_status st = GNDP_OK;
    gndp_config *config = NULL;
    const char *folder;
    GNDP_TRY(create(&config));
    GNDP_TRY(folder_of(config->arena, origin, &folder));
    GNDP_TRY(config_read_text(config, text, bytes, origin, folder, false));
    *out = config;
    config = NULL;
done:
    gndp_config_free(config);
    return st;
}

gndp_status gndp_config_parse(const char *text, const char *origin, gndp_config **out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(text != NULL && origin != NULL, GNDP_ERR_ARG, "text or origin is NULL");
    GNDP_TRY(parse(text, strlen(text), origin, out));
done:
    return st;
}

gndp_status gndp_config_read(const char *path, gndp_config **out)
{
    gndp_status st = GNDP_OK;
    FILE *file = NULL;
    char *text = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(path != NULL, GNDP_ERR_ARG, "path is NULL");
    file = fopen(path, "rb");
    GNDP_CHECK(file != NULL, GNDP_ERR_IO, "%s: %s", path, strerror(errno));
    text = malloc(CONFIG_MAX_BYTES + 8);
    GNDP_CHECK(text != NULL, GNDP_ERR_NOMEM, "%d bytes", CONFIG_MAX_BYTES);
    errno = 0;
    const size_t bytes = fread(text, 1, CONFIG_MAX_BYTES + 4, file); /* a byte-order mark does not count */
    GNDP_CHECK(!ferror(file), GNDP_ERR_IO, "%s: %s", path, strerror(errno));
    text[bytes] = '\0';
    GNDP_TRY(parse(text, bytes, path, out));
done:
    if (file != NULL)
        fclose(file);
    free(text);
    return st;
}

gndp_status gndp_config_set(gndp_config *config, const char *assignment)
{
    gndp_status st = GNDP_OK;
    char path[CONFIG_MAX_PATH + 1], name[CONFIG_MAX_PATH + 8], origin[CONFIG_MAX_PATH + 16], near[CONFIG_MAX_PATH + 1];
    const char *folder;
    GNDP_CHECK(config != NULL && assignment != NULL, GNDP_ERR_ARG, "config or assignment is NULL");
    const char *equals = strchr(assignment, '=');
    GNDP_CHECK(equals != NULL && equals > assignment, GNDP_ERR_FORMAT, "--set %s: the form is key=value, train.batch=64",
               gndp_shown(assignment).text);
    snprintf(path, sizeof path, "%.*s", (int)(equals - assignment < CONFIG_MAX_PATH ? equals - assignment : CONFIG_MAX_PATH), assignment);
    snprintf(name, sizeof name, "%s.name", path);
    const int i = config_find_key(path) >= 0 ? config_find_key(path) : config_find_key(name);
    const char *nearest = config_nearest(path, near, sizeof near);
    GNDP_CHECK(i >= 0 || !config_is_group(path), GNDP_ERR_FORMAT, "--set %s: a group of keys, not one", path);
    GNDP_CHECK(i >= 0, GNDP_ERR_FORMAT, "--set: no key \"%s\"%s%s%s", gndp_shown(path).text, nearest != NULL ? "; nearest: \"" : "",
               nearest != NULL ? nearest : "", nearest != NULL ? "\"" : "");
    snprintf(origin, sizeof origin, "--set %s", path);
    GNDP_TRY(working_folder(config->arena, &folder));
    const config_value before = config->value[i];
    st = config_read_value(config, i, equals + 1, strlen(equals + 1), origin, folder);
    if (st != GNDP_OK)
        config->value[i] = before; /* it may have been good up to a second document */
    GNDP_TRY(st);
done:
    return st;
}

/* ---- Copies --------------------------------------------------------------------------------- */

static gndp_status copy_value(gndp_arena *arena, const gndp_config_key *key, config_value *v)
{
    gndp_status st = GNDP_OK;
    if (v->n > 0 && v->number != NULL) {
        double *number = gndp_arena_alloc(arena, (size_t)v->n * sizeof *number);
        GNDP_CHECK(number != NULL, GNDP_ERR_NOMEM, "%s", key->path);
        v->number = memcpy(number, v->number, (size_t)v->n * sizeof *number);
    }
    if (v->n > 0 && v->text != NULL) {
        const char **text = gndp_arena_alloc(arena, (size_t)v->n * sizeof *text);
        GNDP_CHECK(text != NULL, GNDP_ERR_NOMEM, "%s", key->path);
        for (int k = 0; k < v->n; k++) {
            text[k] = v->text[k] == NULL ? NULL : gndp_arena_strdup(arena, v->text[k]);
            GNDP_CHECK(text[k] != NULL || v->text[k] == NULL, GNDP_ERR_NOMEM, "%s", key->path);
        }
        v->text = text;
    }
done:
    return st;
}

gndp_status gndp_config_clone(const gndp_config *config, gndp_config **out)
{
    gndp_status st = GNDP_OK;
    gndp_config *copy = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(config != NULL, GNDP_ERR_ARG, "config is NULL");
    GNDP_TRY(create(&copy));
    for (int i = 0; i < gndp_config_key_count(); i++) {
        copy->value[i] = config->value[i];
        copy->fallback[i] = config->fallback[i]; /* the working folder may have changed */
        GNDP_TRY(copy_value(copy->arena, gndp_config_key_get(i), &copy->value[i]));
        GNDP_TRY(copy_value(copy->arena, gndp_config_key_get(i), &copy->fallback[i]));
    }
    *out = copy;
    copy = NULL;
done:
    gndp_config_free(copy);
    return st;
}

/* ---- Asking --------------------------------------------------------------------------------- */

bool gndp_config_given(const gndp_config *config, const char *path)
{
    const int i = config != NULL && path != NULL ? config_find_key(path) : -1;
    return i >= 0 && config->value[i].given;
}

bool gndp_config_has(const gndp_config *config, const char *path)
{
    const int i = config != NULL && path != NULL ? config_find_key(path) : -1;
    return i >= 0 && config->value[i].has;
}

/* The value of a key whose type is among the bits of `types`. */
static gndp_status ask(const gndp_config *config, const char *path, unsigned types, const void *out, const config_value **value)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(config != NULL && path != NULL && out != NULL, GNDP_ERR_ARG, "config, path or out is NULL");
    const int i = config_find_key(path);
    GNDP_CHECK(i >= 0, GNDP_ERR_INTERNAL, "the table has no key \"%s\"", path);
    GNDP_CHECK((types >> gndp_config_key_get(i)->type & 1u) != 0, GNDP_ERR_INTERNAL, "%s is asked as something that it is not: it is %s", path,
               gndp_config_type_text(gndp_config_key_get(i)->type));
    *value = &config->value[i];
done:
    return st;
}

static gndp_status ask_one(const gndp_config *config, const char *path, gndp_config_type type, const void *out, const config_value **value)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(ask(config, path, 1u << type, out, value));
    GNDP_CHECK((*value)->has, GNDP_ERR_NOT_FOUND, "%s has no value and no default", path);
done:
    return st;
}

gndp_status gndp_config_integer(const gndp_config *config, const char *path, int64_t *out)
{
    const config_value *v = NULL;
    const gndp_status st = ask_one(config, path, GNDP_CONFIG_INTEGER, out, &v);
    if (st == GNDP_OK)
        *out = v->integer;
    return st;
}

gndp_status gndp_config_number(const gndp_config *config, const char *path, double *out)
{
    const config_value *v = NULL;
    const gndp_status st = ask_one(config, path, GNDP_CONFIG_NUMBER, out, &v);
    if (st == GNDP_OK)
        *out = v->number[0];
    return st;
}

gndp_status gndp_config_switch(const gndp_config *config, const char *path, bool *out)
{
    const config_value *v = NULL;
    const gndp_status st = ask_one(config, path, GNDP_CONFIG_SWITCH, out, &v);
    if (st == GNDP_OK)
        *out = v->integer != 0;
    return st;
}

gndp_status gndp_config_text(const gndp_config *config, const char *path, const char **out)
{
    const config_value *v = NULL;
    const unsigned types = 1u << GNDP_CONFIG_TEXT | 1u << GNDP_CONFIG_CHOICE | 1u << GNDP_CONFIG_PATH;
    const gndp_status st = ask(config, path, types, out, &v);
    if (st == GNDP_OK)
        *out = v->has ? v->text[0] : NULL;
    return st;
}

gndp_status gndp_config_texts(const gndp_config *config, const char *path, int *n, const char *const **out)
{
    gndp_status st = GNDP_OK;
    const config_value *v = NULL;
    const unsigned types = 1u << GNDP_CONFIG_TEXTS | 1u << GNDP_CONFIG_PATHS | 1u << GNDP_CONFIG_MAP;
    GNDP_CHECK(n != NULL, GNDP_ERR_ARG, "n is NULL");
    GNDP_TRY(ask(config, path, types, out, &v));
    *n = v->n;
    *out = v->text;
done:
    return st;
}

gndp_status gndp_config_numbers(const gndp_config *config, const char *path, int *n, const double **out)
{
    gndp_status st = GNDP_OK;
    const config_value *v = NULL;
    GNDP_CHECK(n != NULL, GNDP_ERR_ARG, "n is NULL");
    GNDP_TRY(ask(config, path, 1u << GNDP_CONFIG_NUMBERS, out, &v));
    *n = v->n;
    *out = v->number;
done:
    return st;
}
