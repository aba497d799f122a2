// SPDX-License-Identifier: Apache-2.0
// What the files of the configuration share: the values of all keys, and where a value was written.
#ifndef GNDP_MODEL_CONFIG_H
#define GNDP_MODEL_CONFIG_H

#include "base/arena.h"

#include <gndp/config.h>

#include <yaml.h>

enum {
    CONFIG_MAX_BYTES = 1 << 18, /* of a file */
    CONFIG_MAX_DEPTH = 16,
    CONFIG_MAX_SIGNS = 4096, /* of [ { & * %: libyaml takes time as the square of open brackets, anchors, directives */
    CONFIG_MAX_ITEMS = 4096, /* of a list */
    CONFIG_MAX_NAME = 63,    /* bytes of a name in a map */
    CONFIG_MAX_PATH = 127    /* bytes of a key's path */
};

/* Value of one key; which members count follows from the key's type. All memory is the arena's. */
typedef struct config_value {
    bool given, has;
    int64_t integer; /* whole numbers; switches: 0, 1 */
    int n;           /* of lists; 1 of a number or text */
    const double *number;
    const char *const *text;
} config_value;

struct gndp_config {
    gndp_arena *arena;
    config_value *value, *fallback; /* [gndp_config_key_count()] */
};

/* Where something was written. */
typedef struct config_place {
    const char *origin;
    int line, column; /* from 1; line 0: origin says it all */
} config_place;

typedef struct config_place_string {
    char text[288];
} config_place_string;

/** "file:line:column"; a long origin keeps its end. */
config_place_string config_place_text(config_place place);
#define AT(place) (config_place_text(place).text)

/* A document under way into a configuration. */
typedef struct config_reader {
    gndp_config *config;
    yaml_document_t *document;
    const char *origin;
    const char *folder; /* for relative paths; absolute */
    bool *seen;         /* [nodes]: a node that is met twice is an alias */
    int *line;          /* [keys]: where a key was set by this document; 0: not */
    bool fixed_place;   /* --set: places are the origin alone */
} config_reader;

/** Node of the document, checked: no alias, no tag. */
gndp_status config_visit(config_reader *r, int index, const yaml_node_t **out);
config_place config_place_of(const config_reader *r, const yaml_node_t *node);
/** Empty, ~ or null: the key stays at its default. */
bool config_is_null(const yaml_node_t *node);
/** Text of a scalar; refuses other nodes and texts with a NUL. `what` is the key's path. */
gndp_status config_scalar(config_reader *r, const char *what, const yaml_node_t *node, const char **out);

/** The value of key i from a node that config_visit() gave; null puts the default back. */
gndp_status config_take(config_reader *r, int i, const yaml_node_t *node);
/** What a number may be, "positive", "at least 1", "0 to 10"; "" where any. */
typedef struct config_range_string {
    char text[64];
} config_range_string;
config_range_string config_range_text(const gndp_config_key *key);

/** Index of a key in the table; -1. */
int config_find_key(const char *path);
/** True for "train", "train.learning_rate". */
bool config_is_group(const char *path);
/** The key or group that a mistyped path most likely means; NULL if none is near. */
const char *config_nearest(const char *path, char *text, size_t size);

/**
 * Read one document into the configuration.
 * @param fixed_place  messages name the origin alone, without line and column
 */
gndp_status config_read_text(gndp_config *config, const char *text, size_t bytes, const char *origin, const char *folder, bool fixed_place);
/** The same for one value of key i. */
gndp_status config_read_value(gndp_config *config, int i, const char *text, size_t bytes, const char *origin, const char *folder);
/** What YAML cannot say well: size, number of brackets and anchors, UTF-8, characters, tabs that indent. */
gndp_status config_check_text(const char *text, size_t bytes, const char *origin, bool fixed_place);

#endif
