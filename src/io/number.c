// SPDX-License-Identifier: Apache-2.0
// Numbers from text and back, exact and the same in every locale.
#include "io/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { EXPONENT_MAX = 100000, DIGITS_EXACT = 15, POWER_EXACT = 22 };

/* What was read of a number: its digits as one whole number, and where the point stood. */
typedef struct decimal {
    bool negative;
    int digits;    /* significant ones, leading zeros aside */
    int64_t value; /* of the first DIGITS_EXACT */
    int exponent;  /* of ten, for the last digit */
} decimal;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The grammar; false where the text is no number. */
static bool scan(const char *p, decimal *d)
{
    int seen = 0, after_point = 0, written = 0;
    bool point = false;
    *d = (decimal){0};
    if (*p == '+' || *p == '-')
        d->negative = *p++ == '-';
    for (; is_digit(*p) || (*p == '.' && !point); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        seen = 1;
        if (after_point < EXPONENT_MAX)
            after_point += point;
        if ((d->digits > 0 || *p != '0') && d->digits < EXPONENT_MAX && d->digits++ < DIGITS_EXACT)
            d->value = 10 * d->value + (*p - '0');
    }
    if (!seen)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        const bool down = *p == '-';
        if (*p == '+' || *p == '-')
            p++;
        if (!is_digit(*p))
            return false;
        for (; is_digit(*p); p++)
            written = written < EXPONENT_MAX ? 10 * written + (*p - '0') : EXPONENT_MAX;
        written = down ? -written : written;
    }
    d->exponent = written - after_point;
    return *p == '\0';
}

/* strtod() reads the decimal point of the locale, which is the business of whoever called the
 * library. */
static bool by_strtod(const char *text, double *out)
{
    const char *point = localeconv()->decimal_point, *dot = strchr(text, '.');
    if (dot == NULL || strcmp(point, ".") == 0) {
        *out = strtod(text, NULL);
        return true;
    }
    const size_t before = (size_t)(dot - text), width = strlen(point), all = strlen(text) + width;
    char *copy = malloc(all + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, text, before);
    memcpy(copy + before, point, width);
    strcpy(copy + before + width, dot + 1);
    *out = strtod(copy, NULL);
    free(copy);
    return true;
}

bool gndp_number_parse(const char *text, double *out)
{
    static const double ten[POWER_EXACT + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    decimal d;
    double x;
    if (!scan(text, &d))
        return false;
    /* Digits below 10^15 and powers of ten to 10^22 are doubles, so one operation rounds once
     * (Clinger 1990). */
    if (d.digits <= DIGITS_EXACT && d.exponent >= -POWER_EXACT && d.exponent <= POWER_EXACT) {
        x = d.exponent < 0 ? (double)d.value / ten[-d.exponent] : (double)d.value * ten[d.exponent];
        *out = d.negative ? -x : x;
        return true;
    }
    if (!by_strtod(text, &x) || !isfinite(x))
        return false;
    *out = x;
    return true;
}

bool gndp_integer_parse(const char *text, int64_t *out)
{
    const char *p = text + (*text == '-' || *text == '+');
    char *end;
    if (!is_digit(*p))
        return false;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *out = value;
    return true;
}

gndp_number_string gndp_csv_number_text(double value)
{
    gndp_number_string s;
    const char *point = localeconv()->decimal_point;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(s.text, sizeof s.text, "%.*g", digits, value);
        if (strtod(s.text, NULL) == value)
            break;
    }
    char *at = strstr(s.text, point);
    if (at != NULL && strcmp(point, ".") != 0) {
        *at = '.';
        memmove(at + 1, at + strlen(point), strlen(at + strlen(point)) + 1);
    }
    return s;
}

gndp_shown_string gndp_shown(const char *text)
{
    enum { SHOWN = 40 };
    gndp_shown_string s;
    size_t used = 0;
    while (*text != '\0' && used < SHOWN) {
        const size_t length = gndp_utf8_length(text);
        const bool plain = length > 0 && (unsigned char)*text >= ' ' && *text != 0x7f;
        if (plain)
            memcpy(s.text + used, text, length);
        else
            s.text[used] = '?';
        used += plain ? length : 1;
        text += length > 0 ? length : 1;
    }
    strcpy(s.text + used, *text != '\0' ? ".." : "");
    return s;
}
