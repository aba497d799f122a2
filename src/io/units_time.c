// SPDX-License-Identifier: Apache-2.0
// Units of time axes, "hours since 1970-01-01", in any calendar.
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include <gndp/io.h>

#include "base/error.h"
#include "base/text.h"
#include "io/lock.h"
#include "io/netcdf_file.h"
#include "io/units.h"

/* Where "since" begins, within blanks; NULL: nowhere. */
static const char *find_since(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if (p > text && isspace((unsigned char)p[-1]) && strncasecmp(p, "since", 5) == 0 &&
            isspace((unsigned char)p[5]))
            return p;
    return NULL;
}

bool gndp_units_is_since(const char *text)
{
    return find_since(text) != NULL;
}

/* Digits as a number; false: none or too many. */
static bool take_digits(const char **p, int most, int64_t *out)
{
    int n = 0;
    *out = 0;
    for (; isdigit((unsigned char)**p) && n <= most; (*p)++, n++)
        *out = 10 * *out + (**p - '0');
    return n > 0 && n <= most;
}

static void skip_blanks(const char **p)
{
    while (isspace((unsigned char)**p))
        (*p)++;
}

/* h, h:m, h:m:s, h:m:s.f */
static bool take_clock(const char **p, gndp_date *date)
{
    int64_t part = 0;
    if (!take_digits(p, 2, &part))
        return false;
    date->hour = (int)part;
    if (**p != ':')
        return true;
    (*p)++;
    if (!take_digits(p, 2, &part))
        return false;
    date->minute = (int)part;
    if (**p != ':')
        return true;
    (*p)++;
    if (!take_digits(p, 2, &part))
        return false;
    date->second = (double)part;
    if (**p != '.')
        return true;
    (*p)++;
    double unit = 0.1;
    for (; isdigit((unsigned char)**p); (*p)++, unit *= 0.1)
        date->second += unit * (**p - '0');
    return true;
}

/* Z, UTC, GMT, +h, -hh:mm, +hhmm: seconds east of Greenwich. */
static bool take_zone(const char **p, double *east_s)
{
    static const char *const greenwich[] = {"UTC", "GMT", "Z"};
    *east_s = 0.0;
    for (int i = 0; i < 3; i++)
        if (strncasecmp(*p, greenwich[i], strlen(greenwich[i])) == 0) {
            *p += strlen(greenwich[i]);
            return true;
        }
    if (**p != '+' && **p != '-')
        return **p == '\0';
    const double sign = **p == '-' ? -1.0 : 1.0;
    int64_t hours = 0, minutes = 0;
    (*p)++;
    if (!take_digits(p, 4, &hours))
        return false;
    if (**p == ':') {
        (*p)++;
        if (!take_digits(p, 2, &minutes))
            return false;
    } else if (hours >= 100) {
        minutes = hours % 100;
        hours /= 100;
    }
    *east_s = sign * (double)(hours * 3600 + minutes * 60);
    return hours <= 24 && minutes < 60;
}

/* The moment behind "since", as UDUNITS reads it: parts need not be padded with zeros, blanks may
   stand for T. */
static bool read_moment(const char *text, gndp_date *date, double *east_s)
{
    const char *p = text;
    int64_t part = 0, sign = 1;
    *date = (gndp_date){.month = 1, .day = 1};
    skip_blanks(&p);
    if (*p == '-' || *p == '+')
        sign = *p++ == '-' ? -1 : 1;
    if (!take_digits(&p, 8, &part))
        return false;
    if (*p == '-') {
        date->year = sign * part;
        p++;
        if (!take_digits(&p, 2, &part))
            return false;
        date->month = (int)part;
        if (*p == '-') {
            p++;
            if (!take_digits(&p, 2, &part))
                return false;
            date->day = (int)part;
        }
    } else if (part >= 1000000) { /* 19700101 */
        date->year = sign * (part / 10000);
        date->month = (int)(part / 100 % 100);
        date->day = (int)(part % 100);
    } else
        date->year = sign * part;
    if (*p == 'T' || *p == 't')
        p++;
    skip_blanks(&p);
    if (isdigit((unsigned char)*p) && !take_clock(&p, date))
        return false;
    skip_blanks(&p);
    if (!take_zone(&p, east_s))
        return false;
    skip_blanks(&p);
    return *p == '\0';
}

/* Seconds of a unit of time; 0: not in this table. Months and years: below. */
static double plain_seconds(const char *unit)
{
    static const struct {
        const char *name;
        double seconds;
    } table[] = {{"second", 1.0},  {"sec", 1.0},     {"s", 1.0},         {"minute", 60.0},
                 {"min", 60.0},    {"hour", 3600.0}, {"hr", 3600.0},     {"h", 3600.0},
                 {"day", 86400.0}, {"d", 86400.0},   {"week", 604800.0}, {"millisecond", 1e-3},
                 {"msec", 1e-3},   {"ms", 1e-3}};
    size_t n = strlen(unit);
    for (int plural = 0; plural < 2; plural++) {
        for (size_t i = 0; i < sizeof table / sizeof *table; i++)
            if (strlen(table[i].name) == n && strncasecmp(unit, table[i].name, n) == 0)
                return table[i].seconds;
        if (n < 3 || (unit[n - 1] != 's' && unit[n - 1] != 'S'))
            break;
        n--; /* hours */
    }
    return 0.0;
}

/* Days of the month or year that a unit names in the calendar of 360 days; 0: neither. */
static double long_days(const char *unit)
{
    static const struct {
        const char *name;
        double days;
    } table[] = {{"month", 30.0},  {"months", 30.0}, {"mon", 30.0},  {"year", 360.0},
                 {"years", 360.0}, {"yr", 360.0},    {"yrs", 360.0}, {"a", 360.0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcasecmp(unit, table[i].name) == 0)
            return table[i].days;
    return 0.0;
}

static gndp_status unit_seconds(gndp_units *units, const char *what, const char *unit,
                                const char *shown, gndp_calendar calendar, double *out)
{
    gndp_status st = GNDP_OK;
    double unused = 0.0;
    *out = plain_seconds(unit);
    if (*out > 0.0)
        goto done;
    const double days = long_days(unit);
    GNDP_CHECK(days == 0.0 || calendar == GNDP_CALENDAR_360_DAY, GNDP_ERR_FORMAT,
               "%s: unit '%s': months and years have no fixed length in the calendar %s; "
               "cdo -r settaxis or setreftime with days helps",
               what, shown, gndp_calendar_name(calendar));
    if (days > 0.0) {
        *out = 86400.0 * days;
        goto done;
    }
    if (gndp_units_between(units, what, unit, "second", out, &unused) == GNDP_ERR_UNSUPPORTED)
        GNDP_CHECK(false, GNDP_ERR_UNSUPPORTED, "%s", gndp_nc_last_reason().text);
    else
        GNDP_CHECK(*out > 0.0 && unused == 0.0 && gndp_units_alike(units, unit, "second"),
                   GNDP_ERR_FORMAT, "%s: unit '%s' is not understood: '%s' is no unit of time",
                   what, shown, unit);
done:
    return st;
}

gndp_status gndp_units_since(gndp_units *units, const char *what, const char *text,
                             gndp_calendar calendar, double *factor, double *offset)
{
    gndp_status st = GNDP_OK;
    gndp_date date;
    double seconds = 0.0, origin = 0.0, east_s = 0.0;
    char unit[64] = "", shown[128] = "";
    gndp_nc_clean(text, strlen(text), false, shown, sizeof shown);
    const char *since = find_since(text);
    const char *start = text + strspn(text, " \t");
    GNDP_CHECK(since != NULL, GNDP_ERR_FORMAT,
               "%s: unit '%s' is not understood: 'hours since 1970-01-01' is the form of a time",
               what, shown);
    size_t n = (size_t)(since - start);
    while (n > 0 && isspace((unsigned char)start[n - 1]))
        n--;
    gndp_nc_clean(start, n, false, unit, sizeof unit);
    GNDP_TRY(unit_seconds(units, what, unit, shown, calendar, &seconds));
    GNDP_CHECK(read_moment(since + 5, &date, &east_s), GNDP_ERR_FORMAT,
               "%s: unit '%s': the date is not understood", what, shown);
    st = gndp_calendar_seconds(calendar, &date, &origin);
    GNDP_CHECK(st == GNDP_OK, GNDP_ERR_FORMAT, "%s: unit '%s': %s", what, shown,
               gndp_nc_last_reason().text);
    *factor = seconds;
    *offset = origin - east_s;
done:
    return st;
}

gndp_status gndp_units_time(const char *what, const char *text, gndp_calendar calendar,
                            double *factor, double *offset)
{
    gndp_status st = GNDP_OK;
    gndp_units units = {0};
    GNDP_CHECK(what != NULL && text != NULL && factor != NULL && offset != NULL, GNDP_ERR_ARG,
               "an argument is NULL");
    gndp_nc_lock();
    st = gndp_units_since(&units, what, text, calendar, factor, offset);
    gndp_units_close(&units);
    gndp_nc_unlock();
    GNDP_TRY(st);
done:
    return st;
}
