// SPDX-License-Identifier: Apache-2.0
// How far a mistyped word is from the names that exist.
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

enum { LONGEST = 63 };

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

int gndp_edit_distance(const char *a, const char *b)
{
    int d[LONGEST + 1][LONGEST + 1];
    const int m = (int)strnlen(a, LONGEST), n = (int)strnlen(b, LONGEST);
    for (int i = 0; i <= m; i++)
        d[i][0] = i;
    for (int j = 0; j <= n; j++)
        d[0][j] = j;
    for (int i = 1; i <= m; i++) {
        for (int j = 1; j <= n; j++) {
            const int change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = smaller(change, 1 + smaller(d[i - 1][j], d[i][j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = smaller(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[m][n];
}

const char *gndp_nearest(const char *word, const char *(*at)(const void *state, int i),
                         const void *state)
{
    const char *nearest = NULL, *name;
    int best = (int)strnlen(word, LONGEST) / 3 + 2;
    for (int i = 0; (name = at(state, i)) != NULL; i++) {
        const int distance = gndp_edit_distance(word, name);
        if (distance < best) {
            best = distance;
            nearest = name;
        }
    }
    return nearest;
}

gndp_status gndp_find_name(const char *what, const char *name,
                           const char *(*at)(const void *state, int i), const void *state, int *out)
{
    gndp_status st = GNDP_OK;
    const char *near = NULL, *other;
    char list[512] = "";
    GNDP_CHECK(name != NULL && out != NULL, GNDP_ERR_ARG, "an argument is NULL");
    for (int i = 0; (other = at(state, i)) != NULL; i++) {
        if (strcmp(other, name) == 0) {
            *out = i;
            return GNDP_OK;
        }
    }
    near = gndp_nearest(name, at, state);
    if (near != NULL)
        gndp_text_append(list, sizeof list, "%s", near);
    for (int i = 0; (other = at(state, i)) != NULL; i++)
        if (other != near)
            gndp_text_append(list, sizeof list, "%s%s", list[0] != '\0' ? ", " : "", other);
    GNDP_CHECK(false, GNDP_ERR_NOT_FOUND, "there is no %s '%s'; there are: %s", what, name, list);
done:
    return st;
}
