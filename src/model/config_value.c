// SPDX-License-Identifier: Apache-2.0
// From a node of YAML to the value of a key: the key decides what it is.
#include "model/config.h"

#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"
#include "io/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const double exact = 9007199254740992.0; /* 2^53 */

/* What is converted: for messages, and for memory. */
typedef struct taking {
    config_reader *r;
    const gndp_config_key *key;
    const yaml_node_t *node; /* the scalar under way */
    const char *text;
} taking;

#define WHERE(t) AT(config_place_of((t)->r, (t)->node))

static gndp_status wants(const taking *t, const char *but)
{
    return gndp_fail_at(GNDP_HERE, GNDP_ERR_FORMAT, "%s: %s takes %s, not %s", WHERE(t), t->key->path,
                        gndp_config_type_text(t->key->type), but);
}

static gndp_status not_a_number(const taking *t)
{
    char quoted[80];
    snprintf(quoted, sizeof quoted, "\"%s\"", gndp_shown(t->text).text);
    return wants(t, quoted);
}

/* ---- Numbers -------------------------------------------------------------------------------- */

static bool plain(const yaml_node_t *node)
{
    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* What looks like a number to one reader of YAML and like another one to the next. */
static gndp_status check_looks(const taking *t)
{
    gndp_status st = GNDP_OK;
    const char *p = t->text + (*t->text == '-' || *t->text == '+');
    GNDP_CHECK(plain(t->node), GNDP_ERR_FORMAT, "%s: %s takes %s; take the quotes off \"%s\"", WHERE(t), t->key->path,
               gndp_config_type_text(t->key->type), gndp_shown(t->text).text);
    GNDP_CHECK(!(p[0] == '0' && p[1] >= '0' && p[1] <= '9'), GNDP_ERR_FORMAT,
               "%s: %s = %s: with a leading 0 this is an octal number to some; write it without", WHERE(t), t->key->path,
               gndp_shown(t->text).text);
    GNDP_CHECK(strcasecmp(p, ".inf") != 0 && strcasecmp(p, ".nan") != 0 && strcasecmp(p, "inf") != 0 && strcasecmp(p, "nan") != 0,
               GNDP_ERR_FORMAT, "%s: %s = %s: numbers are finite", WHERE(t), t->key->path, gndp_shown(t->text).text);
done:
    return st;
}

static gndp_status check_range(const taking *t, double value)
{
    gndp_status st = GNDP_OK;
    const double low = t->key->low, high = t->key->high;
    GNDP_CHECK((low == 0.0 && high == 0.0) || (value >= low && value <= high), GNDP_ERR_RANGE, "%s: %s = %s: allowed is %s%s%s",
               WHERE(t), t->key->path, gndp_shown(t->text).text, config_range_text(t->key).text, t->key->units[0] != '\0' ? " " : "",
               t->key->units);
done:
    return st;
}

/* 2e4 is a whole number too. */
static gndp_status take_integer(const taking *t, int64_t *out)
{
    gndp_status st = GNDP_OK;
    double x = 0.0;
    GNDP_TRY(check_looks(t));
    if (!gndp_integer_parse(t->text, out)) {
        if (!gndp_number_parse(t->text, &x) || floor(x) != x || fabs(x) > exact)
            return not_a_number(t);
        *out = (int64_t)x;
    }
    GNDP_TRY(check_range(t, (double)*out));
done:
    return st;
}

static gndp_status take_number(const taking *t, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_looks(t));
    if (!gndp_number_parse(t->text, out))
        return not_a_number(t);
    GNDP_TRY(check_range(t, *out));
done:
    return st;
}

static gndp_status take_switch(const taking *t, int64_t *out)
{
    static const char *const words[2][3] = {{"no", "false", "off"}, {"yes", "true", "on"}};
    for (int value = 0; value < 2 && plain(t->node); value++)
        for (int k = 0; k < 3; k++)
            if (strcasecmp(t->text, words[value][k]) == 0) {
                *out = value;
                return GNDP_OK;
            }
    return not_a_number(t);
}

/* ---- Texts ---------------------------------------------------------------------------------- */

static gndp_status keep(const taking *t, const char *text, const char **out)
{
    gndp_status st = GNDP_OK;
    *out = gndp_arena_strdup(t->r->config->arena, text);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(text));
done:
    return st;
}

/* Word number i of "a|b|c": its length, 0 past the last. */
static int choice_at(const char *choices, int i, const char **word)
{
    *word = choices;
    for (; i > 0; i--) {
        *word += strcspn(*word, "|");
        if (**word == '\0')
            return 0;
        (*word)++;
    }
    return (int)strcspn(*word, "|");
}

static gndp_status take_choice(const taking *t, const char **out)
{
    gndp_status st = GNDP_OK;
    const char *word, *nearest = NULL;
    char all[512] = "", name[64], guess[64];
    int best = (int)strlen(t->text) / 3 + 2, n;
    for (int i = 0; (n = choice_at(t->key->choices, i, &word)) > 0; i++) {
        snprintf(name, sizeof name, "%.*s", n, word);
        if (strcmp(name, t->text) == 0)
            return keep(t, name, out);
        gndp_text_append(all, sizeof all, "%s%s", i > 0 ? ", " : "", name);
        const int d = gndp_edit_distance(t->text, name);
        if (d < best) {
            best = d;
            nearest = strcpy(guess, name);
        }
    }
    GNDP_CHECK(false, GNDP_ERR_RANGE, "%s: %s = %s: allowed is %s%s%s", WHERE(t), t->key->path, gndp_shown(t->text).text, all,
               nearest != NULL ? "; nearest: " : "", nearest != NULL ? nearest : "");
done:
    return st;
}

/* Joined to the folder unless absolute. */
static gndp_status take_path(const taking *t, const char **out)
{
    gndp_status st = GNDP_OK;
    const char *text = t->text, *folder = t->r->folder;
    GNDP_CHECK(text[0] != '\0', GNDP_ERR_FORMAT, "%s: %s: an empty path", WHERE(t), t->key->path);
    if (text[0] == '/')
        return keep(t, text, out);
    while (strncmp(text, "./", 2) == 0)
        text += 2 + strspn(text + 2, "/");
    const size_t size = strlen(folder) + strlen(text) + 2;
    char *joined = gndp_arena_alloc(t->r->config->arena, size);
    GNDP_CHECK(joined != NULL, GNDP_ERR_NOMEM, "%zu bytes", size);
    snprintf(joined, size, "%s%s%s", folder, strcmp(folder, "/") == 0 ? "" : "/", text);
    *out = joined;
done:
    return st;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

static bool is_list_of_texts(gndp_config_type type)
{
    return type == GNDP_CONFIG_TEXTS || type == GNDP_CONFIG_PATHS || type == GNDP_CONFIG_MAP;
}

/* "name=a,b" of a map, as someone may write it in --set. */
static gndp_status check_map_text(const taking *t)
{
    gndp_status st = GNDP_OK;
    const char *equals = strchr(t->text, '=');
    const size_t name = equals == NULL ? 0 : (size_t)(equals - t->text);
    bool good = name > 0 && name <= CONFIG_MAX_NAME && memchr(t->text, ',', name) == NULL && equals[1] != '\0' && strchr(equals + 1, '=') == NULL;
    for (const char *part = equals; good && part != NULL; part = strchr(part + 1, ','))
        good = part[1] != ',' && part[1] != '\0';
    GNDP_CHECK(good, GNDP_ERR_FORMAT, "%s: %s takes names with parts, {wind: [u10, v10]} or \"wind=u10,v10\", not \"%s\"", WHERE(t),
               t->key->path, gndp_shown(t->text).text);
done:
    return st;
}

/* One entry of a list into place. */
static gndp_status take_item(taking *t, double *number, const char **text)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(config_scalar(t->r, t->key->path, t->node, &t->text));
    GNDP_CHECK(!config_is_null(t->node), GNDP_ERR_FORMAT, "%s: %s: an empty entry of the list", WHERE(t), t->key->path);
    if (t->key->type == GNDP_CONFIG_NUMBERS)
        return take_number(t, number);
    if (t->key->type == GNDP_CONFIG_PATHS)
        return take_path(t, text);
    if (t->key->type == GNDP_CONFIG_MAP)
        GNDP_TRY(check_map_text(t));
    GNDP_TRY(keep(t, t->text, text));
done:
    return st;
}

/* Room for n entries. */
static gndp_status room_for(const taking *t, int64_t n, double **number, const char ***text)
{
    gndp_status st = GNDP_OK;
    gndp_arena *arena = t->r->config->arena;
    GNDP_CHECK(n <= CONFIG_MAX_ITEMS, GNDP_ERR_RANGE, "%s: %s: a list of %lld entries; %d are allowed", WHERE(t), t->key->path,
               (long long)n, CONFIG_MAX_ITEMS);
    GNDP_CHECK(n > 0, GNDP_ERR_FORMAT, "%s: %s: an empty list; leave the key out or give it no value", WHERE(t), t->key->path);
    if (is_list_of_texts(t->key->type))
        *text = gndp_arena_alloc(arena, (size_t)n * sizeof **text);
    else
        *number = gndp_arena_alloc(arena, (size_t)n * sizeof **number);
    GNDP_CHECK(*text != NULL || *number != NULL, GNDP_ERR_NOMEM, "%lld entries", (long long)n);
done:
    return st;
}

/* name and its parts as "name=a,b". */
static gndp_status take_pair(taking *t, const yaml_node_pair_t *pair, const char **out)
{
    gndp_status st = GNDP_OK;
    char all[1024] = "";
    const yaml_node_t *value;
    const yaml_node_item_t *first = &pair->value, *last = first + 1;
    GNDP_TRY(config_visit(t->r, pair->key, &t->node));
    GNDP_TRY(config_scalar(t->r, t->key->path, t->node, &t->text));
    gndp_text_append(all, sizeof all, "%s", t->text);
    GNDP_TRY(config_visit(t->r, pair->value, &value));
    if (value->type == YAML_SEQUENCE_NODE) {
        first = value->data.sequence.items.start;
        last = value->data.sequence.items.top;
    }
    for (const yaml_node_item_t *item = first; item < last; item++) {
        if (value->type == YAML_SEQUENCE_NODE)
            GNDP_TRY(config_visit(t->r, *item, &t->node));
        else
            t->node = value;
        GNDP_TRY(config_scalar(t->r, t->key->path, t->node, &t->text));
        GNDP_CHECK(!config_is_null(t->node) && strpbrk(t->text, ",=") == NULL && t->text[0] != '\0', GNDP_ERR_FORMAT,
                   "%s: %s: \"%s\" is no name of a part", WHERE(t), t->key->path, gndp_shown(t->text).text);
        gndp_text_append(all, sizeof all, "%s%s", item == first ? "=" : ",", t->text);
    }
    GNDP_CHECK(strlen(all) + sizeof GNDP_TEXT_CUT < sizeof all, GNDP_ERR_RANGE, "%s: %s: the names are too long", WHERE(t), t->key->path);
    t->text = all;
    GNDP_TRY(check_map_text(t));
    GNDP_TRY(keep(t, all, out));
done:
    return st;
}

/* Two entries of one name. */
static gndp_status check_names_differ(const taking *t, const char *const *text, int n)
{
    gndp_status st = GNDP_OK;
    for (int k = 0; k < n; k++) {
        const size_t name = strcspn(text[k], "=") + 1;
        GNDP_CHECK(strncmp(text[k], text[n], name) != 0, GNDP_ERR_FORMAT, "%s: %s: \"%.*s\" is there twice", WHERE(t), t->key->path,
                   (int)name - 1, text[k]);
    }
done:
    return st;
}

static gndp_status take_map(taking *t, config_value *v)
{
    gndp_status st = GNDP_OK;
    const yaml_node_pair_t *pair = t->node->data.mapping.pairs.start;
    const int64_t n = t->node->data.mapping.pairs.top - pair;
    double *unused = NULL;
    const char **text = NULL;
    GNDP_CHECK(n <= 256, GNDP_ERR_RANGE, "%s: %s: %lld names; 256 are allowed", WHERE(t), t->key->path, (long long)n);
    GNDP_TRY(room_for(t, n, &unused, &text));
    for (int k = 0; k < n; k++) {
        GNDP_TRY(take_pair(t, &pair[k], &text[k]));
        GNDP_TRY(check_names_differ(t, text, k));
    }
    *v = (config_value){.n = (int)n, .text = text};
done:
    return st;
}

static gndp_status take_list(taking *t, config_value *v)
{
    gndp_status st = GNDP_OK;
    const yaml_node_t *list = t->node;
    const bool one = list->type == YAML_SCALAR_NODE;
    const int64_t n = one ? 1 : list->data.sequence.items.top - list->data.sequence.items.start;
    double *number = NULL;
    const char **text = NULL;
    GNDP_TRY(room_for(t, n, &number, &text));
    GNDP_CHECK(t->key->count == 0 || n == t->key->count, GNDP_ERR_RANGE, "%s: %s takes %d numbers, not %lld", WHERE(t), t->key->path,
               t->key->count, (long long)n);
    for (int64_t k = 0; k < n; k++) {
        if (!one)
            GNDP_TRY(config_visit(t->r, list->data.sequence.items.start[k], &t->node));
        GNDP_TRY(take_item(t, number != NULL ? number + k : NULL, text != NULL ? text + k : NULL));
        if (t->key->type == GNDP_CONFIG_MAP)
            GNDP_TRY(check_names_differ(t, text, (int)k));
    }
    *v = (config_value){.n = (int)n, .number = number, .text = (const char *const *)text};
done:
    return st;
}

/* ---- Any ------------------------------------------------------------------------------------ */

static gndp_status take_one(taking *t, config_value *v)
{
    gndp_status st = GNDP_OK;
    const char **text = gndp_arena_alloc(t->r->config->arena, sizeof *text);
    double *number = gndp_arena_alloc(t->r->config->arena, sizeof *number);
    GNDP_CHECK(text != NULL && number != NULL, GNDP_ERR_NOMEM, "a value");
    *v = (config_value){.n = 1, .number = number, .text = text};
    GNDP_TRY(config_scalar(t->r, t->key->path, t->node, &t->text));
    switch (t->key->type) {
    case GNDP_CONFIG_INTEGER:
        return take_integer(t, &v->integer);
    case GNDP_CONFIG_NUMBER:
        return take_number(t, number);
    case GNDP_CONFIG_SWITCH:
        return take_switch(t, &v->integer);
    case GNDP_CONFIG_CHOICE:
        return take_choice(t, text);
    case GNDP_CONFIG_PATH:
        return take_path(t, text);
    default:
        return keep(t, t->text, text);
    }
done:
    return st;
}

gndp_status config_take(config_reader *r, int i, const yaml_node_t *node)
{
    gndp_status st = GNDP_OK;
    taking t = {.r = r, .key = gndp_config_key_get(i), .node = node};
    config_value v = {0};
    const bool list = t.key->type == GNDP_CONFIG_NUMBERS || is_list_of_texts(t.key->type);
    if (config_is_null(node)) {
        r->config->value[i] = r->config->fallback[i];
        goto done;
    }
    if (node->type == YAML_MAPPING_NODE && t.key->type == GNDP_CONFIG_MAP)
        GNDP_TRY(take_map(&t, &v));
    else if (node->type == YAML_MAPPING_NODE || (node->type == YAML_SEQUENCE_NODE && !list))
        GNDP_TRY(wants(&t, node->type == YAML_MAPPING_NODE ? "a group of keys" : "a list"));
    else if (list)
        GNDP_TRY(take_list(&t, &v));
    else
        GNDP_TRY(take_one(&t, &v));
    v.given = v.has = true;
    r->config->value[i] = v;
done:
    return st;
}
