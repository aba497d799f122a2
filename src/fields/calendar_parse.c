// SPDX-License-Identifier: Apache-2.0
// Reading dates and spans of time as ISO 8601 and tables have them.
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "fields/calendar_days.h"

/* A text being read: `at` moves on, `end` is its end. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static bool is_digit(const cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static bool take_char(cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* At least `low` digits, at most `high`: what follows must be something else, which the caller
 * sees. */
static bool take_digits(cursor *c, int low, int high, int64_t *out)
{
    int n = 0;
    *out = 0;
    while (n < high && is_digit(c)) {
        *out = *out * 10 + (*c->at++ - '0');
        n++;
    }
    return n >= low;
}

static bool take_two(cursor *c, int *out)
{
    int64_t v = 0;
    const bool ok = take_digits(c, 1, 2, &v); /* CF reference times have 1900-1-1 */
    *out = (int)v;
    return ok;
}

/* Four digits; fewer before a '-'; with a sign up to nine. So 20190301 is no year. */
static bool take_year(cursor *c, int64_t *year)
{
    const bool negative = take_char(c, '-');
    const bool is_signed = negative || take_char(c, '+');
    const char *first = c->at;
    if (!take_digits(c, 1, is_signed ? 9 : 4, year))
        return false;
    if (c->at - first < 4 && (is_signed || c->at == c->end || *c->at != '-'))
        return false;
    if (negative)
        *year = -*year;
    return true;
}

/* Digits after the point; *unit is the place of the last. Beyond a nanosecond they are not kept. */
static bool take_fraction(cursor *c, double *second, double *unit)
{
    int64_t digits = 0;
    double scale = 1.0;
    if (!is_digit(c))
        return false;
    for (; is_digit(c); c->at++) {
        if (scale >= 1e9)
            continue;
        digits = digits * 10 + (*c->at - '0');
        scale *= 10.0;
    }
    *second += (double)digits / scale;
    *unit = 1.0 / scale;
    return true;
}

/* "Z", "UTC", "+01:00", "+0100", "+01", "-5:30", also after a blank. *minutes are east of
 * Greenwich. */
static bool take_offset(cursor *c, int *minutes)
{
    int hour = 0, minute = 0;
    *minutes = 0;
    if (c->at == c->end)
        return true;
    take_char(c, ' ');
    if (take_char(c, 'Z') || take_char(c, 'z'))
        return true;
    if (c->end - c->at >= 3 && memcmp(c->at, "UTC", 3) == 0) {
        c->at += 3;
        return true;
    }
    const bool west = take_char(c, '-');
    if (!west && !take_char(c, '+'))
        return false;
    if (!take_two(c, &hour))
        return false;
    if ((take_char(c, ':') || is_digit(c)) && !take_two(c, &minute))
        return false;
    if (hour > 18 || minute > 59)
        return false;
    *minutes = (west ? -1 : 1) * (hour * 60 + minute);
    return true;
}

/* What was read, and the smallest part that the text named. */
typedef enum part { PART_YEAR, PART_MONTH, PART_DAY, PART_HOUR, PART_MINUTE, PART_SECOND } part;

typedef struct reading {
    gndp_date date;
    part last;
    double unit;     /* of the second */
    int offset;      /* minutes */
    bool end_of_day; /* 24:00 */
} reading;

static bool take_time(cursor *c, reading *r)
{
    gndp_date *d = &r->date;
    int second = 0;
    r->last = PART_HOUR;
    if (!take_two(c, &d->hour))
        return false;
    if (take_char(c, ':')) {
        r->last = PART_MINUTE;
        if (!take_two(c, &d->minute))
            return false;
        if (take_char(c, ':')) {
            r->last = PART_SECOND;
            if (!take_two(c, &second))
                return false;
            d->second = second;
            if (take_char(c, '.') && !take_fraction(c, &d->second, &r->unit))
                return false;
        }
    }
    if (d->hour == 24 && d->minute == 0 && d->second == 0.0) {
        d->hour = 0;
        r->end_of_day = true;
    }
    return take_offset(c, &r->offset);
}

static bool take_date_time(cursor *c, reading *r)
{
    gndp_date *d = &r->date;
    *r = (reading){.date = {.month = 1, .day = 1}, .unit = 1.0};
    if (!take_year(c, &d->year))
        return false;
    if (c->at == c->end)
        return true;
    r->last = PART_MONTH;
    if (!take_char(c, '-') || !take_two(c, &d->month))
        return false;
    if (c->at == c->end)
        return true;
    r->last = PART_DAY;
    if (!take_char(c, '-') || !take_two(c, &d->day))
        return false;
    if (c->at == c->end)
        return true;
    if (!take_char(c, 'T') && !take_char(c, 't') && !take_char(c, ' '))
        return false;
    return take_time(c, r) && c->at == c->end;
}

/* Seconds from the first of the named part to the first of the next one. */
static double span_of(gndp_calendar calendar, const reading *r)
{
    static const double fixed[] = {0.0, 0.0, 86400.0, 3600.0, 60.0};
    if (r->last == PART_SECOND)
        return r->unit;
    if (r->last > PART_MONTH)
        return fixed[r->last];
    gndp_date next = {.year = r->date.year, .month = r->date.month, .day = 1};
    if (r->last == PART_YEAR || next.month == 12) {
        next.year++;
        next.month = 1;
    } else {
        next.month++;
    }
    return 86400.0 *
           (double)(gndp_calendar_day(calendar, &next) - gndp_calendar_day(calendar, &r->date));
}

static cursor without_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return (cursor){at, end};
}

static gndp_status parse(gndp_calendar calendar, cursor c, double *seconds, double *unit_s)
{
    gndp_status st = GNDP_OK;
    reading r;
    const cursor whole = c;
    const int shown = (int)(c.end - c.at < 64 ? c.end - c.at : 64);
    GNDP_CHECK(
        take_date_time(&c, &r), GNDP_ERR_FORMAT,
        "'%.*s' is no time: 2019, 2019-03, 2019-03-01 or 2019-03-01T06:00:00 is wanted, with Z "
        "or an offset like +01:00",
        shown, whole.at);
    double s = 0.0;
    GNDP_TRY(gndp_calendar_seconds(calendar, &r.date, &s));
    *seconds = s + (r.end_of_day ? 86400.0 : 0.0) - 60.0 * (double)r.offset;
    if (unit_s != NULL)
        *unit_s = span_of(calendar, &r);
done:
    return st;
}

gndp_status gndp_calendar_parse(gndp_calendar calendar, const char *text, double *seconds,
                                double *unit_s)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(text != NULL && seconds != NULL, GNDP_ERR_ARG, "%s is NULL",
               text == NULL ? "text" : "seconds");
    GNDP_TRY(parse(calendar, without_blanks(text, text + strlen(text)), seconds, unit_s));
done:
    return st;
}

/* Nothing, or the ".." of ISO 8601-2. */
static bool is_open(cursor c)
{
    return c.at == c.end || (c.end - c.at == 2 && memcmp(c.at, "..", 2) == 0);
}

gndp_status gndp_calendar_parse_span(gndp_calendar calendar, const char *text, double *first,
                                     double *last)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(text != NULL && first != NULL && last != NULL, GNDP_ERR_ARG, "%s is NULL",
               text == NULL    ? "text"
               : first == NULL ? "first"
                               : "last");
    const char *end = text + strlen(text), *slash = strchr(text, '/');
    double from = (double)-INFINITY, to = (double)INFINITY, unit = 0.0;
    const cursor a = without_blanks(text, slash != NULL ? slash : end);
    if (slash == NULL || !is_open(a)) {
        GNDP_TRY(parse(calendar, a, &from, &unit));
        if (slash == NULL)
            to = from + unit;
    }
    if (slash != NULL) {
        const cursor b = without_blanks(slash + 1, end);
        if (!is_open(b)) {
            GNDP_TRY(parse(calendar, b, &to, &unit));
            to += unit;
        }
    }
    GNDP_CHECK(from < to, GNDP_ERR_RANGE, "'%.128s' ends before it begins", text);
    *first = from;
    *last = to;
done:
    return st;
}
