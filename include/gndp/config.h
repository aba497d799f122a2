// SPDX-License-Identifier: Apache-2.0
// Configurations: YAML read against one table of keys with types, units, defaults and ranges.
#ifndef GNDP_CONFIG_H
#define GNDP_CONFIG_H

#include <gndp/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gndp_config_type {
    GNDP_CONFIG_INTEGER,
    GNDP_CONFIG_NUMBER,
    GNDP_CONFIG_SWITCH,
    GNDP_CONFIG_TEXT,
    GNDP_CONFIG_CHOICE, /* one of `choices` */
    GNDP_CONFIG_TEXTS,  /* list of texts, or one */
    GNDP_CONFIG_NUMBERS /* list of numbers, or one */
} gndp_config_type;

/** One key, for the reader, --set, the resolved configuration, the help and the docs alike. */
typedef struct gndp_config_key {
    const char *path;     /* "train.learning_rate.peak" */
    gndp_config_type type;
    const char *units;    /* "steps", "K"; "" for none */
    const char *fallback; /* default as YAML text; NULL: none ("auto" or absent, said in the text) */
    double low, high;     /* numbers: allowed, ends included; both 0: any */
    const char *choices;  /* "K|S|none|y0" */
    const char *text;     /* for people */
} gndp_config_key;

/** All keys of a model's configuration, in the order in which they are printed. */
GNDP_API int gndp_config_key_count(void);
GNDP_API const gndp_config_key *gndp_config_key_get(int i);

typedef struct gndp_config gndp_config;

/**
 * Read a YAML file. Relative paths in it are relative to it.
 * @return GNDP_OK; GNDP_ERR_IO; GNDP_ERR_FORMAT with file:line:column for broken YAML, a key unknown (with the nearest name), doubled, or of another
 *         type; GNDP_ERR_RANGE with file:line, key, value, what is allowed
 */
GNDP_API gndp_status gndp_config_read(const char *path, gndp_config **out);
/** The same from a text; `origin` for messages and relative paths. */
GNDP_API gndp_status gndp_config_parse(const char *text, const char *origin, gndp_config **out);
GNDP_API gndp_status gndp_config_clone(const gndp_config *config, gndp_config **out);
GNDP_API void gndp_config_free(gndp_config *config);
/** "train.batch=64", value as YAML. */
GNDP_API gndp_status gndp_config_set(gndp_config *config, const char *assignment);

/** Values, defaults filled in. Asking for a key that is not in the table, or of another type, is a bug: GNDP_ERR_INTERNAL. */
GNDP_API bool gndp_config_given(const gndp_config *config, const char *path); /* not by default */
GNDP_API gndp_status gndp_config_integer(const gndp_config *config, const char *path, int64_t *out);
GNDP_API gndp_status gndp_config_number(const gndp_config *config, const char *path, double *out);
GNDP_API gndp_status gndp_config_switch(const gndp_config *config, const char *path, bool *out);
/** Text, or the choice; borrowed; NULL where there is neither value nor default. */
GNDP_API gndp_status gndp_config_text(const gndp_config *config, const char *path, const char **out);
/** Lists; borrowed; 0 and NULL where absent. */
GNDP_API gndp_status gndp_config_texts(const gndp_config *config, const char *path, int *n, const char *const **out);
GNDP_API gndp_status gndp_config_numbers(const gndp_config *config, const char *path, int *n, const double **out);

/** The resolved configuration as YAML with units and texts as comments; reads back the same. As snprintf. */
GNDP_API size_t gndp_config_print(const gndp_config *config, char *text, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
