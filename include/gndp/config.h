// SPDX-License-Identifier: Apache-2.0
// Configurations: YAML read against one table of keys with types, units, defaults and ranges.
#ifndef GNDP_CONFIG_H
#define GNDP_CONFIG_H

#include <gndp/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The key decides what a value is, never its looks: `var: no` is the text "no", `centre: no` a switch that is off. Taken are mappings, lists and scalars
 * of YAML in one document of UTF-8, not above 256 KiB. Refused, with file:line:column: keys that the table does not have or that come twice, anchors that
 * are used, tags, tabs that indent, numbers that YAML 1.1 would read as octal (010), .inf and .nan. A value that is empty, ~ or null leaves its key at
 * the default. Keys may be nested or written as one path (train.batch: 64).
 */
typedef enum gndp_config_type {
    GNDP_CONFIG_INTEGER,
    GNDP_CONFIG_NUMBER,
    GNDP_CONFIG_SWITCH,
    GNDP_CONFIG_TEXT,
    GNDP_CONFIG_CHOICE,  /* one of `choices` */
    GNDP_CONFIG_PATH,    /* text; made absolute: relative to the file it stands in, to the working folder in --set and in defaults */
    GNDP_CONFIG_TEXTS,   /* list of texts, or one */
    GNDP_CONFIG_PATHS,   /* list of paths, or one */
    GNDP_CONFIG_NUMBERS, /* list of numbers, or one */
    GNDP_CONFIG_MAP      /* names with a text or a list of texts, {wind: [u10, v10]}; read as texts "wind=u10,v10" */
} gndp_config_type;

/** "whole number", "number", "switch", ... for messages and help. */
GNDP_API const char *gndp_config_type_text(gndp_config_type type);

/** One key, for the reader, --set, the resolved configuration, the help and the docs alike. */
typedef struct gndp_config_key {
    const char *path;     /* "train.learning_rate.peak" */
    gndp_config_type type;
    const char *units;    /* "steps", "K"; "" for none */
    const char *fallback; /* default as YAML text; NULL: none ("auto" or absent, said in the text) */
    double low, high;     /* numbers, each of a list: allowed, ends included; both 0: any; high INFINITY: no upper end */
    int count;            /* lists: how many; 0: any number */
    const char *choices;  /* "K|S|none|y0" */
    const char *text;     /* for people */
} gndp_config_key;

/** All keys of a model's configuration, in the order in which they are printed; keys of one group are neighbours. */
GNDP_API int gndp_config_key_count(void);
/** Key i; NULL out of range. */
GNDP_API const gndp_config_key *gndp_config_key_get(int i);

typedef struct gndp_config gndp_config;

/**
 * Read a YAML file. Relative paths in it are relative to it.
 * @return GNDP_OK; GNDP_ERR_IO; GNDP_ERR_FORMAT with file:line:column for broken YAML, a key unknown (with the nearest name), doubled, or of another
 *         type; GNDP_ERR_RANGE with file:line:column, key, value, what is allowed; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_config_read(const char *path, gndp_config **out);
/** The same from a text; `origin` for messages and relative paths (a file name; its folder counts). */
GNDP_API gndp_status gndp_config_parse(const char *text, const char *origin, gndp_config **out);
GNDP_API gndp_status gndp_config_clone(const gndp_config *config, gndp_config **out);
/** Takes NULL. */
GNDP_API void gndp_config_free(gndp_config *config);
/** "train.batch=64", value as YAML; an empty one goes back to the default. On failure the configuration is as it was. */
GNDP_API gndp_status gndp_config_set(gndp_config *config, const char *assignment);

/*
 * Values, defaults filled in. Asking for a key that is not in the table, or of another type, is a bug: GNDP_ERR_INTERNAL. A number, whole number or switch
 * that has neither value nor default: GNDP_ERR_NOT_FOUND; ask gndp_config_has() before.
 */
GNDP_API bool gndp_config_given(const gndp_config *config, const char *path); /* not by default */
GNDP_API bool gndp_config_has(const gndp_config *config, const char *path);   /* given or by default */
GNDP_API gndp_status gndp_config_integer(const gndp_config *config, const char *path, int64_t *out);
GNDP_API gndp_status gndp_config_number(const gndp_config *config, const char *path, double *out);
GNDP_API gndp_status gndp_config_switch(const gndp_config *config, const char *path, bool *out);
/** Text, path, or the choice; borrowed until the next gndp_config_set(); NULL where there is neither value nor default. */
GNDP_API gndp_status gndp_config_text(const gndp_config *config, const char *path, const char **out);
/** Lists of texts, paths, or "name=a,b" of a map; borrowed; 0 and NULL where absent. */
GNDP_API gndp_status gndp_config_texts(const gndp_config *config, const char *path, int *n, const char *const **out);
GNDP_API gndp_status gndp_config_numbers(const gndp_config *config, const char *path, int *n, const double **out);

/**
 * The resolved configuration as YAML: every key with its value, units and text as comments, keys without value as comments. What is printed reads back to
 * the same values, wherever the file is put (paths are absolute), and prints the same again; all that has a default then counts as given.
 * @param text [capacity] always ended by NUL; may be NULL when capacity is 0
 * @return the length of the whole text, as snprintf
 */
GNDP_API size_t gndp_config_print(const gndp_config *config, char *text, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
