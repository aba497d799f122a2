// SPDX-License-Identifier: Apache-2.0
// Documents of YAML into configurations, by libyaml's nodes, which know their lines.
#include "model/config.h"

#include "base/error.h"
#include "io/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Places and nodes ----------------------------------------------------------------------- */

config_place_string config_place_text(config_place place)
{
    enum { SHOWN = 240 };
    config_place_string s;
    const char *origin = place.origin;
    const size_t n = strlen(origin);
    const char *cut = n > SHOWN ? ".." : "";
    if (n > SHOWN)
        origin += n - SHOWN;
    if (place.line > 0)
        snprintf(s.text, sizeof s.text, "%s%s:%d:%d", cut, origin, place.line, place.column);
    else
        snprintf(s.text, sizeof s.text, "%s%s", cut, origin);
    return s;
}

static config_place place_of(const config_reader *r, yaml_mark_t mark)
{
    if (r->fixed_place)
        return (config_place){r->origin, 0, 0};
    return (config_place){r->origin, (int)mark.line + 1, (int)mark.column + 1};
}

config_place config_place_of(const config_reader *r, const yaml_node_t *node)
{
    return place_of(r, node->start_mark);
}

static bool default_tag(const yaml_node_t *node)
{
    const char *tag = (const char *)node->tag;
    switch (node->type) {
    case YAML_SCALAR_NODE:
        return strcmp(tag, YAML_DEFAULT_SCALAR_TAG) == 0;
    case YAML_SEQUENCE_NODE:
        return strcmp(tag, YAML_DEFAULT_SEQUENCE_TAG) == 0;
    case YAML_MAPPING_NODE:
        return strcmp(tag, YAML_DEFAULT_MAPPING_TAG) == 0;
    default:
        return false;
    }
}

/* An alias is the same node once more: a few of them in a row could stand for any number of values, or for themselves. */
gndp_status config_visit(config_reader *r, int index, const yaml_node_t **out)
{
    gndp_status st = GNDP_OK;
    const yaml_node_t *node = yaml_document_get_node(r->document, index);
    *out = NULL;
    GNDP_CHECK(node != NULL, GNDP_ERR_INTERNAL, "%s: no node %d", r->origin, index);
    GNDP_CHECK(!r->seen[index], GNDP_ERR_FORMAT, "%s: what stands here is used again by an alias (*name): aliases are not taken",
               AT(config_place_of(r, node)));
    r->seen[index] = true;
    GNDP_CHECK(default_tag(node), GNDP_ERR_FORMAT, "%s: tags (%s) are not taken", AT(config_place_of(r, node)),
               gndp_shown((const char *)node->tag).text);
    *out = node;
done:
    return st;
}

bool config_is_null(const yaml_node_t *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (strcmp((const char *)node->data.scalar.value, words[k]) == 0)
            return true;
    return false;
}

gndp_status config_scalar(config_reader *r, const char *what, const yaml_node_t *node, const char **out)
{
    gndp_status st = GNDP_OK;
    *out = NULL;
    GNDP_CHECK(node->type == YAML_SCALAR_NODE, GNDP_ERR_FORMAT, "%s: %s: %s where a single value belongs", AT(config_place_of(r, node)), what,
               node->type == YAML_SEQUENCE_NODE ? "a list" : "a group");
    const char *text = (const char *)node->data.scalar.value;
    GNDP_CHECK(strlen(text) == node->data.scalar.length, GNDP_ERR_FORMAT, "%s: %s: a text with a NUL byte", AT(config_place_of(r, node)), what);
    *out = text;
done:
    return st;
}

/* ---- The tree of keys ----------------------------------------------------------------------- */

static gndp_status unknown_key(const config_reader *r, const yaml_node_t *node, const char *path)
{
    char text[CONFIG_MAX_PATH + 1];
    const char *nearest = config_nearest(path, text, sizeof text);
    char shown[3 * sizeof(gndp_shown_string)] = "";
    const char *dot = strrchr(path, '.');
    snprintf(shown, sizeof shown, "%.*s%s", dot == NULL ? 0 : (int)(dot + 1 - path), path, gndp_shown(dot == NULL ? path : dot + 1).text);
    return gndp_fail_at(GNDP_HERE, GNDP_ERR_FORMAT, "%s: no key \"%s\"%s%s%s", AT(config_place_of(r, node)), shown,
                        nearest != NULL ? "; nearest: \"" : "", nearest != NULL ? nearest : "", nearest != NULL ? "\"" : "");
}

static gndp_status take_key(config_reader *r, int i, const yaml_node_t *key, int value)
{
    gndp_status st = GNDP_OK;
    const yaml_node_t *node;
    GNDP_CHECK(r->line[i] == 0, GNDP_ERR_FORMAT, "%s: %s is there twice, first in line %d", AT(config_place_of(r, key)),
               gndp_config_key_get(i)->path, r->line[i]);
    r->line[i] = (int)key->start_mark.line + 1;
    GNDP_TRY(config_visit(r, value, &node));
    GNDP_TRY(config_take(r, i, node));
done:
    return st;
}

static gndp_status take_group(config_reader *r, const char *prefix, const yaml_node_t *node, int depth);

/* `generator: se` is short for the group's name. */
static gndp_status take_subgroup(config_reader *r, const char *path, const yaml_node_t *key, int value, int depth)
{
    gndp_status st = GNDP_OK;
    char name[CONFIG_MAX_PATH + 8];
    const yaml_node_t *node;
    snprintf(name, sizeof name, "%s.name", path);
    const int i = config_find_key(name);
    GNDP_TRY(config_visit(r, value, &node));
    if (config_is_null(node))
        goto done;
    if (node->type == YAML_SCALAR_NODE && i >= 0) {
        GNDP_CHECK(r->line[i] == 0, GNDP_ERR_FORMAT, "%s: %s is there twice, first in line %d", AT(config_place_of(r, key)), name, r->line[i]);
        r->line[i] = (int)key->start_mark.line + 1;
        return config_take(r, i, node);
    }
    GNDP_CHECK(node->type == YAML_MAPPING_NODE, GNDP_ERR_FORMAT, "%s: %s is a group of keys, not %s", AT(config_place_of(r, node)), path,
               node->type == YAML_SCALAR_NODE ? "a value" : "a list");
    GNDP_TRY(take_group(r, path, node, depth + 1));
done:
    return st;
}

/* A group's key may come once; those before were all known and different, so there are few. */
static gndp_status check_group_once(const config_reader *r, const yaml_node_t *node, const yaml_node_pair_t *pair, const yaml_node_t *key)
{
    gndp_status st = GNDP_OK;
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < pair; p++) {
        const yaml_node_t *before = yaml_document_get_node(r->document, p->key);
        GNDP_CHECK(strcmp((const char *)before->data.scalar.value, (const char *)key->data.scalar.value) != 0, GNDP_ERR_FORMAT,
                   "%s: %s is there twice, first in line %d", AT(config_place_of(r, key)), key->data.scalar.value,
                   (int)before->start_mark.line + 1);
    }
done:
    return st;
}

static gndp_status take_pair(config_reader *r, const char *prefix, const yaml_node_t *node, const yaml_node_pair_t *pair, int depth)
{
    gndp_status st = GNDP_OK;
    const yaml_node_t *key;
    const char *text;
    char path[CONFIG_MAX_PATH + 1];
    GNDP_TRY(config_visit(r, pair->key, &key));
    GNDP_TRY(config_scalar(r, "a key", key, &text));
    const int n = snprintf(path, sizeof path, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", text);
    const int i = n < (int)sizeof path ? config_find_key(path) : -1;
    if (i >= 0)
        return take_key(r, i, key, pair->value);
    if (n >= (int)sizeof path || !config_is_group(path))
        return unknown_key(r, key, path);
    GNDP_TRY(check_group_once(r, node, pair, key));
    GNDP_TRY(take_subgroup(r, path, key, pair->value, depth));
done:
    return st;
}

static gndp_status take_group(config_reader *r, const char *prefix, const yaml_node_t *node, int depth)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(depth <= CONFIG_MAX_DEPTH, GNDP_ERR_FORMAT, "%s: groups within groups", AT(config_place_of(r, node)));
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
        GNDP_TRY(take_pair(r, prefix, node, pair, depth));
done:
    return st;
}

/* ---- Documents ------------------------------------------------------------------------------ */

static gndp_status broken(const config_reader *r, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return gndp_fail_at(GNDP_HERE, GNDP_ERR_NOMEM, "YAML of %s", r->origin);
    const char *problem = parser->problem != NULL ? parser->problem : "this is no YAML";
    const bool context = parser->context != NULL;
    return gndp_fail_at(GNDP_HERE, GNDP_ERR_FORMAT, "%s: %s%s%s", AT(place_of(r, parser->problem_mark)), problem, context ? ", " : "",
                        context ? parser->context : "");
}

/* What the document is for: all keys, or the value of one. */
static gndp_status take_document(config_reader *r, int key)
{
    gndp_status st = GNDP_OK;
    const yaml_node_t *root;
    if (yaml_document_get_root_node(r->document) == NULL) { /* nothing but comments */
        if (key >= 0)
            r->config->value[key] = r->config->fallback[key];
        goto done;
    }
    const size_t nodes = (size_t)(r->document->nodes.top - r->document->nodes.start);
    r->seen = calloc(nodes + 1, sizeof *r->seen);
    r->line = calloc((size_t)gndp_config_key_count(), sizeof *r->line);
    GNDP_CHECK(r->seen != NULL && r->line != NULL, GNDP_ERR_NOMEM, "%zu nodes", nodes);
    GNDP_TRY(config_visit(r, 1, &root));
    if (key >= 0) {
        GNDP_TRY(config_take(r, key, root));
        goto done;
    }
    if (config_is_null(root))
        goto done;
    GNDP_CHECK(root->type == YAML_MAPPING_NODE, GNDP_ERR_FORMAT, "%s: a configuration is made of keys, \"key: value\"; this is %s",
               AT(config_place_of(r, root)), root->type == YAML_SCALAR_NODE ? "a text" : "a list");
    GNDP_TRY(take_group(r, "", root, 1));
done:
    free(r->seen);
    free(r->line);
    r->seen = NULL;
    r->line = NULL;
    return st;
}

static gndp_status check_end(config_reader *r, yaml_parser_t *parser)
{
    gndp_status st = GNDP_OK;
    yaml_document_t second;
    if (!yaml_parser_load(parser, &second))
        return broken(r, parser);
    const yaml_node_t *root = yaml_document_get_root_node(&second);
    GNDP_CHECK(root == NULL, GNDP_ERR_FORMAT, "%s: a second document begins", AT(config_place_of(r, root)));
done:
    yaml_document_delete(&second);
    return st;
}

static gndp_status read_document(config_reader *r, const char *text, size_t bytes, int key)
{
    gndp_status st = GNDP_OK;
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser))
        return gndp_fail_at(GNDP_HERE, GNDP_ERR_NOMEM, "YAML of %s", r->origin);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING); /* else UTF-16 would be guessed */
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
    if (!yaml_parser_load(&parser, &document)) {
        st = broken(r, &parser);
        yaml_parser_delete(&parser);
        return st;
    }
    r->document = &document;
    GNDP_TRY(take_document(r, key));
    if (yaml_document_get_root_node(&document) != NULL)
        GNDP_TRY(check_end(r, &parser));
done:
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    return st;
}

static gndp_status read_any(gndp_config *config, int key, const char *text, size_t bytes, const char *origin, const char *folder, bool fixed_place)
{
    gndp_status st = GNDP_OK;
    config_reader r = {.config = config, .origin = origin, .folder = folder, .fixed_place = fixed_place};
    if (bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* the mark some editors begin with */
        text += 3;
        bytes -= 3;
    }
    GNDP_TRY(config_check_text(text, bytes, origin, fixed_place));
    GNDP_TRY(read_document(&r, text, bytes, key));
done:
    return st;
}

gndp_status config_read_text(gndp_config *config, const char *text, size_t bytes, const char *origin, const char *folder, bool fixed_place)
{
    return read_any(config, -1, text, bytes, origin, folder, fixed_place);
}

gndp_status config_read_value(gndp_config *config, int i, const char *text, size_t bytes, const char *origin, const char *folder)
{
    return read_any(config, i, text, bytes, origin, folder, true);
}
