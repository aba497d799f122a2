// SPDX-License-Identifier: Apache-2.0
// The resolved configuration as YAML that reads back to the same values, with units and texts as comments.
#include "model/config.h"

#include "base/text.h"
#include "io/number.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Text that counts what did not fit. */
typedef struct writer {
    char *text;
    size_t capacity, length;
} writer;

static void put_bytes(writer *w, const char *bytes, size_t n)
{
    for (size_t k = 0; k < n; k++, w->length++)
        if (w->length + 1 < w->capacity)
            w->text[w->length] = bytes[k];
}

static void put(writer *w, const char *text)
{
    put_bytes(w, text, strlen(text));
}

/* ---- Values --------------------------------------------------------------------------------- */

/* A text that every reader of YAML, not this one alone, takes for a text. */
static bool is_plain_text(const char *text)
{
    static const char *const taken[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
    if (!isalpha((unsigned char)text[0]) && text[0] != '/' && text[0] != '_')
        return false;
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80 || (!isalnum((unsigned char)*p) && strchr("._/-", *p) == NULL))
            return false;
    for (size_t k = 0; k < sizeof taken / sizeof *taken; k++)
        if (strcasecmp(text, taken[k]) == 0)
            return false;
    return true;
}

/* In double quotes; what YAML does not allow as it is, and what some readers break lines at, by its number. */
static void put_text(writer *w, const char *text)
{
    char number[16];
    if (is_plain_text(text)) {
        put(w, text);
        return;
    }
    put(w, "\"");
    for (const char *p = text; *p != '\0';) {
        const unsigned char c = (unsigned char)*p;
        const size_t length = gndp_utf8_length(p);
        if (c == '"' || c == '\\') {
            put_bytes(w, "\\", 1);
            put_bytes(w, p, 1);
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(number, sizeof number, "\\x%02X", c);
            put(w, number);
        } else if (length == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0) {
            snprintf(number, sizeof number, "\\x%02X", (unsigned char)p[1]);
            put(w, number);
        } else if (length == 3 && (c == 0xe2 || c == 0xef)) { /* U+2000 .. 2FFF, U+F000 .. FFFF: marks of lines and bytes are there */
            snprintf(number, sizeof number, "\\u%04X", (c & 0x0fu) << 12 | ((unsigned char)p[1] & 0x3fu) << 6 | ((unsigned char)p[2] & 0x3fu));
            put(w, number);
        } else {
            put_bytes(w, p, length > 0 ? length : 1);
        }
        p += length > 0 ? length : 1;
    }
    put(w, "\"");
}

/* "wind=u10,v10" as wind: [u10, v10]. */
static void put_pair(writer *w, const char *text)
{
    char part[CONFIG_MAX_PATH + 1024];
    const size_t name = strcspn(text, "=");
    snprintf(part, sizeof part, "%.*s", (int)name, text);
    put_text(w, part);
    put(w, ": [");
    for (const char *p = text + name + 1;; p++) {
        const size_t n = strcspn(p, ",");
        snprintf(part, sizeof part, "%.*s", (int)n, p);
        put_text(w, part);
        p += n;
        if (*p == '\0')
            break;
        put(w, ", ");
    }
    put(w, "]");
}

/* 1e-05 has a point put in, 1.0e-05: without one it is a text to readers that follow YAML 1.1 to the letter. */
static void put_number(writer *w, double value)
{
    const gndp_number_string s = gndp_csv_number_text(value);
    const size_t mantissa = strcspn(s.text, "e");
    put_bytes(w, s.text, mantissa);
    if (s.text[mantissa] != '\0' && memchr(s.text, '.', mantissa) == NULL)
        put(w, ".0");
    put(w, s.text + mantissa);
}

static void put_value(writer *w, const gndp_config_key *key, const config_value *v)
{
    char number[32];
    switch (key->type) {
    case GNDP_CONFIG_INTEGER:
        snprintf(number, sizeof number, "%lld", (long long)v->integer);
        put(w, number);
        return;
    case GNDP_CONFIG_NUMBER:
        put_number(w, v->number[0]);
        return;
    case GNDP_CONFIG_SWITCH:
        put(w, v->integer != 0 ? "true" : "false");
        return;
    case GNDP_CONFIG_TEXT:
    case GNDP_CONFIG_CHOICE:
    case GNDP_CONFIG_PATH:
        put_text(w, v->text[0]);
        return;
    default:
        break;
    }
    put(w, key->type == GNDP_CONFIG_MAP ? "{" : "[");
    for (int k = 0; k < v->n; k++) {
        put(w, k > 0 ? ", " : "");
        if (key->type == GNDP_CONFIG_NUMBERS)
            put_number(w, v->number[k]);
        else if (key->type == GNDP_CONFIG_MAP)
            put_pair(w, v->text[k]);
        else
            put_text(w, v->text[k]);
    }
    put(w, key->type == GNDP_CONFIG_MAP ? "}" : "]");
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static void indent(writer *w, int depth)
{
    for (int k = 0; k < depth; k++)
        put(w, "  ");
}

/* Text, then in brackets units, what is allowed, the default. */
static void put_comment(writer *w, const gndp_config_key *key, int depth)
{
    char facts[512] = "";
    const config_range_string range = config_range_text(key);
    const char *const parts[] = {key->units, key->choices != NULL ? key->choices : "", range.text};
    for (int k = 0; k < 3; k++)
        if (parts[k][0] != '\0')
            gndp_text_append(facts, sizeof facts, "%s%s", facts[0] != '\0' ? ", " : "", parts[k]);
    if (key->fallback != NULL)
        gndp_text_append(facts, sizeof facts, "%sdefault %s", facts[0] != '\0' ? "; " : "", key->fallback);
    indent(w, depth);
    put(w, "# ");
    put(w, key->text);
    if (facts[0] != '\0') {
        put(w, " (");
        put(w, facts);
        put(w, ")");
    }
    put(w, "\n");
}

/* Headings of the groups that `path` is in and the path before was not; the depth of the key. */
static int put_groups(writer *w, const char *before, const char *path)
{
    int depth = 0;
    bool same = true;
    for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.'), depth++) {
        const size_t n = (size_t)(dot + 1 - path);
        const char *start = dot;
        same = same && strncmp(before, path, n) == 0;
        if (same)
            continue;
        while (start > path && start[-1] != '.')
            start--;
        put(w, depth == 0 && before[0] != '\0' ? "\n" : "");
        indent(w, depth);
        put_bytes(w, start, (size_t)(dot - start));
        put(w, ":\n");
    }
    return depth;
}

size_t gndp_config_print(const gndp_config *config, char *text, size_t capacity)
{
    writer w = {text, capacity, 0};
    const char *before = "";
    for (int i = 0; config != NULL && i < gndp_config_key_count(); i++) {
        const gndp_config_key *key = gndp_config_key_get(i);
        const config_value *v = &config->value[i];
        const char *dot = strrchr(key->path, '.');
        const int depth = put_groups(&w, before, key->path);
        put_comment(&w, key, depth);
        indent(&w, depth);
        put(&w, v->has ? "" : "# ");
        put(&w, dot == NULL ? key->path : dot + 1);
        put(&w, v->has ? ": " : ":");
        if (v->has)
            put_value(&w, key, v);
        put(&w, "\n");
        before = key->path;
    }
    if (capacity > 0)
        text[w.length < capacity ? w.length : capacity - 1] = '\0';
    return w.length;
}
