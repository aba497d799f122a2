// SPDX-License-Identifier: Apache-2.0
// Command lines as text.
#include "cli/history.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t append(char *text, size_t used, const char *word)
{
    const size_t length = strlen(word);
    const bool quoted = word[0] == '\0' || strcspn(word, " \t\n*()[]$&;|<>\"'\\") < length;
    text[used++] = ' ';
    if (quoted)
        text[used++] = '"';
    for (const char *c = word; *c != '\0'; c++)
        text[used++] = (unsigned char)*c < ' ' ? ' ' : *c; /* a history has one line a command */
    if (quoted)
        text[used++] = '"';
    return used;
}

char *cli_history(const char *verb, int argc, char **argv)
{
    const time_t now = time(NULL);
    struct tm utc;
    size_t capacity = 64 + strlen(verb);
    for (int i = 1; i < argc; i++)
        capacity += strlen(argv[i]) + 3;
    char *text = malloc(capacity);
    if (text == NULL)
        return NULL;
    size_t used = 0;
    if (gmtime_r(&now, &utc) != NULL)
        used = strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
    used += (size_t)sprintf(text + used, " gndp %s", verb);
    for (int i = 1; i < argc; i++)
        used = append(text, used, argv[i]);
    text[used] = '\0';
    return text;
}
