// SPDX-License-Identifier: Apache-2.0
// Lists of members from their text.
#include "cli/members.h"

#include <stdbool.h>
#include <stdlib.h>

#include "cli/usage.h"

enum { MEMBERS_MAX = 1000000 };

static int wrong(const char *option, const char *text)
{
    return gndp_usage_error("%s wants numbers and ranges such as 0-15,42, each once; got '%s'",
                            option, text);
}

/* A number below 2^32 at *text, which moves behind it. */
static bool read_number(const char **text, uint64_t *out)
{
    uint64_t value = 0;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; ++*text) {
        value = 10 * value + (uint64_t)(**text - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *out = value;
    return true;
}

static int append(gndp_members *members, uint64_t first, uint64_t last)
{
    const int64_t n = members->n + (int64_t)(last - first) + 1;
    if (n > MEMBERS_MAX)
        return gndp_usage_error("more than %d members", MEMBERS_MAX);
    uint32_t *number = realloc(members->number, (size_t)n * sizeof *number);
    if (number == NULL)
        return gndp_failure_memory();
    members->number = number;
    while (members->n < n)
        number[members->n++] = (uint32_t)first++;
    return GNDP_EXIT_DONE;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool repeats(const gndp_members *members)
{
    bool twice = false;
    gndp_members sorted = {0};
    for (int64_t i = 0; i < members->n; i++)
        if (append(&sorted, members->number[i], members->number[i]) != GNDP_EXIT_DONE)
            break;
    if (sorted.n > 1)
        qsort(sorted.number, (size_t)sorted.n, sizeof *sorted.number, by_number);
    for (int64_t i = 1; i < sorted.n; i++)
        twice = twice || sorted.number[i] == sorted.number[i - 1];
    free(sorted.number);
    return twice;
}

int gndp_members_make_named(const char *option, const char *text, gndp_members *out)
{
    int code = GNDP_EXIT_DONE;
    *out = (gndp_members){0};
    for (const char *rest = text;; rest++) {
        uint64_t first, last;
        if (!read_number(&rest, &first))
            return wrong(option, text);
        last = first;
        if (*rest == '-' && (rest++, !read_number(&rest, &last)))
            return wrong(option, text);
        if (last < first || (*rest != ',' && *rest != '\0'))
            return wrong(option, text);
        GNDP_STEP(append(out, first, last));
        if (*rest == '\0')
            break;
    }
    if (repeats(out))
        return wrong(option, text);
done:
    return code;
}

int gndp_members_make(int64_t n, const char *text, int64_t none, gndp_members *out)
{
    *out = (gndp_members){0};
    if (n >= 0 && text != NULL)
        return gndp_usage_error("-n and --members exclude each other: -n 16 means --members 0-15");
    if (text == NULL) {
        const int64_t count = n >= 0 ? n : none;
        return count > 0 ? append(out, 0, (uint64_t)count - 1) : GNDP_EXIT_DONE;
    }
    return gndp_members_make_named("--members", text, out);
}

void gndp_members_free(gndp_members *members)
{
    free(members->number);
    *members = (gndp_members){0};
}
