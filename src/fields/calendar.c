// SPDX-License-Identifier: Apache-2.0
// Days of six calendars, counted from 1970-01-01 of the same calendar, and dates from them.
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"
#include "fields/calendar_days.h"

#define YEAR_LIMIT INT64_C(100000000)

/* Names in the order they are listed in; a calendar's first is its own. */
static const struct {
    const char *name;
    gndp_calendar calendar;
} names[] = {
    {"standard", GNDP_CALENDAR_STANDARD},
    {"gregorian", GNDP_CALENDAR_STANDARD},
    {"proleptic_gregorian", GNDP_CALENDAR_PROLEPTIC},
    {"julian", GNDP_CALENDAR_JULIAN},
    {"noleap", GNDP_CALENDAR_NOLEAP},
    {"365_day", GNDP_CALENDAR_NOLEAP},
    {"all_leap", GNDP_CALENDAR_ALL_LEAP},
    {"366_day", GNDP_CALENDAR_ALL_LEAP},
    {"360_day", GNDP_CALENDAR_360_DAY},
};

const char *gndp_calendar_name(gndp_calendar calendar)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].calendar == calendar)
            return names[i].name;
    return "?";
}

gndp_status gndp_calendar_find(const char *name, gndp_calendar *out)
{
    gndp_status st = GNDP_OK;
    char list[256] = "";
    GNDP_CHECK(name != NULL && out != NULL, GNDP_ERR_ARG, "%s is NULL",
               name == NULL ? "name" : "out");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(names[i].name, name) == 0) {
            *out = names[i].calendar;
            goto done;
        }
        gndp_text_append(list, sizeof list, "%s%s", i > 0 ? ", " : "", names[i].name);
    }
    GNDP_CHECK(false, GNDP_ERR_NOT_FOUND, "no calendar is called '%.64s'; there are %s", name,
               list);
done:
    return st;
}

/* ---- Days ----------------------------------------------------------------------------------- */

static int64_t floor_div(int64_t a, int64_t b) /* b > 0 */
{
    return a / b - (a % b < 0);
}

/* Days from March 1st to the first of a month, March = 0: 31 30 31 30 31 repeats every 5 months. */
static int64_t days_to_month(int64_t month_from_march)
{
    return (153 * month_from_march + 2) / 5;
}

/* Years begin in March, so that a leap day is the last of its year: 365 y + y/4 (- y/100 + y/400)
   days lie before year y. Both count from 0000-03-01. */
static int64_t days_since_march_0(bool gregorian, int64_t year, int month, int day)
{
    const int64_t y = month > 2 ? year : year - 1;
    const int64_t leap_days =
        floor_div(y, 4) + (gregorian ? floor_div(y, 400) - floor_div(y, 100) : 0);
    return 365 * y + leap_days + days_to_month((month + 9) % 12) + day - 1;
}

static void date_since_march_0(bool gregorian, int64_t days, gndp_date *out)
{
    const int64_t cycle = gregorian ? 146097 : 1461, cycle_years = gregorian ? 400 : 4;
    const int64_t cycles = floor_div(days, cycle);
    int64_t rest = days - cycles * cycle; /* of the cycle, from 0 */
    /* Taking the leap days before `rest` off leaves years of 365; the last day of a cycle is one.
     */
    int64_t y = gregorian ? (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365
                          : (rest - rest / 1460) / 365;
    rest -= 365 * y + y / 4 - (gregorian ? y / 100 : 0);
    const int64_t month_from_march = (5 * rest + 2) / 153;
    out->day = (int)(rest - days_to_month(month_from_march)) + 1;
    out->month = (int)(month_from_march + 2) % 12 + 1;
    out->year = cycles * cycle_years + y + (out->month <= 2);
}

/* Days to the first of each month in a year of 365. */
static const int year_days[13] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

/* Calendars whose years are all alike. */
static int64_t days_to(gndp_calendar calendar, int month)
{
    if (calendar == GNDP_CALENDAR_360_DAY)
        return 30 * (int64_t)month;
    return year_days[month] + (calendar == GNDP_CALENDAR_ALL_LEAP && month >= 2);
}

/* 1970-01-01 on each calendar's own count, and the first day of the Gregorian reform. */
#define PROLEPTIC_1970 INT64_C(719468)
#define JULIAN_1970 INT64_C(719483)
#define REFORM_DAY INT64_C(-141427)           /* 1582-10-15 Gregorian, from 1970-01-01 */
#define JULIAN_TO_STANDARD (JULIAN_1970 - 13) /* 1970-01-01 Gregorian is 1969-12-19 Julian */

static bool before_reform(const gndp_date *d)
{
    if (d->year != 1582)
        return d->year < 1582;
    return d->month < 10 || (d->month == 10 && d->day < 15);
}

int64_t gndp_calendar_day(gndp_calendar calendar, const gndp_date *d)
{
    switch (calendar) {
    case GNDP_CALENDAR_STANDARD:
        if (before_reform(d))
            return days_since_march_0(false, d->year, d->month, d->day) - JULIAN_TO_STANDARD;
        return days_since_march_0(true, d->year, d->month, d->day) - PROLEPTIC_1970;
    case GNDP_CALENDAR_PROLEPTIC:
        return days_since_march_0(true, d->year, d->month, d->day) - PROLEPTIC_1970;
    case GNDP_CALENDAR_JULIAN:
        return days_since_march_0(false, d->year, d->month, d->day) - JULIAN_1970;
    default:
        return (d->year - 1970) * days_to(calendar, 12) + days_to(calendar, d->month - 1) + d->day -
               1;
    }
}

void gndp_calendar_day_date(gndp_calendar calendar, int64_t day, gndp_date *out)
{
    switch (calendar) {
    case GNDP_CALENDAR_STANDARD:
        if (day < REFORM_DAY)
            date_since_march_0(false, day + JULIAN_TO_STANDARD, out);
        else
            date_since_march_0(true, day + PROLEPTIC_1970, out);
        return;
    case GNDP_CALENDAR_PROLEPTIC:
        date_since_march_0(true, day + PROLEPTIC_1970, out);
        return;
    case GNDP_CALENDAR_JULIAN:
        date_since_march_0(false, day + JULIAN_1970, out);
        return;
    default: {
        const int64_t years = floor_div(day, days_to(calendar, 12));
        const int64_t rest = day - years * days_to(calendar, 12);
        int month = 1;
        while (rest >= days_to(calendar, month))
            month++;
        out->year = 1970 + years;
        out->month = month;
        out->day = (int)(rest - days_to(calendar, month - 1)) + 1;
    }
    }
}

/* ---- Dates ---------------------------------------------------------------------------------- */

static bool is_leap(gndp_calendar calendar, int64_t year)
{
    switch (calendar) {
    case GNDP_CALENDAR_ALL_LEAP:
        return true;
    case GNDP_CALENDAR_NOLEAP:
    case GNDP_CALENDAR_360_DAY:
        return false;
    case GNDP_CALENDAR_PROLEPTIC:
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    case GNDP_CALENDAR_STANDARD:
        return year % 4 == 0 && (year <= 1582 || year % 100 != 0 || year % 400 == 0);
    default:
        return year % 4 == 0;
    }
}

static int last_day(gndp_calendar calendar, int64_t year, int month)
{
    if (calendar == GNDP_CALENDAR_360_DAY)
        return 30;
    return year_days[month] - year_days[month - 1] + (month == 2 && is_leap(calendar, year));
}

static bool in_gap(gndp_calendar calendar, int64_t year, int month)
{
    return calendar == GNDP_CALENDAR_STANDARD && year == 1582 && month == 10;
}

int gndp_calendar_month_days(gndp_calendar calendar, int64_t year, int month)
{
    if (month < 1 || month > 12 || gndp_calendar_name(calendar)[0] == '?')
        return 0;
    return last_day(calendar, year, month) - (in_gap(calendar, year, month) ? 10 : 0);
}

static gndp_status check_date(gndp_calendar calendar, const gndp_date *d)
{
    gndp_status st = GNDP_OK;
    const char *name = gndp_calendar_name(calendar);
    const long long year = d->year;
    GNDP_CHECK(name[0] != '?', GNDP_ERR_ARG, "calendar %d is none", (int)calendar);
    GNDP_CHECK(d->year >= -YEAR_LIMIT && d->year <= YEAR_LIMIT, GNDP_ERR_RANGE,
               "year %lld is beyond 10^8", year);
    GNDP_CHECK(d->month >= 1 && d->month <= 12, GNDP_ERR_RANGE, "month %d of year %lld in %s",
               d->month, year, name);
    GNDP_CHECK(d->day >= 1 && d->day <= last_day(calendar, d->year, d->month) &&
                   !(in_gap(calendar, d->year, d->month) && d->day > 4 && d->day < 15),
               GNDP_ERR_RANGE, "%04lld-%02d-%02d in %s: there is no such day", year, d->month,
               d->day, name);
    GNDP_CHECK(d->hour >= 0 && d->hour <= 23, GNDP_ERR_RANGE, "hour %d", d->hour);
    GNDP_CHECK(d->minute >= 0 && d->minute <= 59, GNDP_ERR_RANGE, "minute %d", d->minute);
    GNDP_CHECK(d->second >= 0.0 && d->second < 60.0, GNDP_ERR_RANGE,
               "second %g: 0 up to 60 are allowed, leap seconds are not counted", d->second);
done:
    return st;
}

gndp_status gndp_calendar_seconds(gndp_calendar calendar, const gndp_date *date, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(date != NULL && out != NULL, GNDP_ERR_ARG, "%s is NULL",
               date == NULL ? "date" : "out");
    GNDP_TRY(check_date(calendar, date));
    /* Whole minutes are exact as integers; 10^8 years are 3.2e15 s, below 2^53. */
    const int64_t minutes =
        (gndp_calendar_day(calendar, date) * 24 + date->hour) * 60 + date->minute;
    *out = (double)(minutes * 60) + date->second;
done:
    return st;
}

#define SECONDS_LIMIT 3.2e15 /* a little beyond the years allowed, within exact doubles */

static void split_seconds(gndp_calendar calendar, double seconds, gndp_date *out)
{
    double rest = fmod(seconds, 86400.0); /* exact */
    int64_t day = (int64_t)((seconds - rest) / 86400.0);
    if (rest < 0.0) {
        rest += 86400.0;
        day--;
    }
    if (rest >= 86400.0) { /* -1e-20 s was rounded up to a whole day */
        rest = 0.0;
        day++;
    }
    gndp_calendar_day_date(calendar, day, out);
    /* The quotient is never rounded up to a whole number k: 60 k less an ulp of it is 32/60 of an
       ulp of k away at the least, and that is more than half. */
    const int minutes = (int)(rest / 60.0);
    out->hour = minutes / 60;
    out->minute = minutes % 60;
    out->second = rest - 60.0 * (double)minutes;
}

gndp_status gndp_calendar_date(gndp_calendar calendar, double seconds, gndp_date *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    GNDP_CHECK(gndp_calendar_name(calendar)[0] != '?', GNDP_ERR_ARG, "calendar %d is none",
               (int)calendar);
    GNDP_CHECK(isfinite(seconds), GNDP_ERR_NONFINITE, "the time is %g", seconds);
    GNDP_CHECK(fabs(seconds) < SECONDS_LIMIT, GNDP_ERR_RANGE, "%g s is beyond 10^8 years", seconds);
    gndp_date d = {0};
    split_seconds(calendar, seconds, &d);
    GNDP_CHECK(d.year >= -YEAR_LIMIT && d.year <= YEAR_LIMIT, GNDP_ERR_RANGE,
               "%.17g s is in year %lld, beyond 10^8", seconds, (long long)d.year);
    *out = d;
done:
    return st;
}

double gndp_calendar_year_fraction(gndp_calendar calendar, double seconds)
{
    gndp_date d = {0};
    if (!(fabs(seconds) < SECONDS_LIMIT) || gndp_calendar_name(calendar)[0] == '?')
        return (double)NAN;
    split_seconds(calendar, seconds, &d);
    const gndp_date first = {.year = d.year, .month = 1, .day = 1};
    const gndp_date next = {.year = d.year + 1, .month = 1, .day = 1};
    const double start = (double)gndp_calendar_day(calendar, &first);
    const double length = (double)gndp_calendar_day(calendar, &next) - start;
    const double fraction = (seconds - start * 86400.0) / (length * 86400.0);
    return fraction < 1.0 ? fmax(fraction, 0.0) : 0x1.fffffffffffffp-1;
}

gndp_date_string gndp_calendar_text(gndp_calendar calendar, double seconds)
{
    gndp_date_string out = {"no time"};
    gndp_date d = {0};
    if (!(fabs(seconds) < SECONDS_LIMIT) || gndp_calendar_name(calendar)[0] == '?')
        return out;
    double whole = floor(seconds);
    int micro = (int)lround((seconds - whole) * 1e6);
    if (micro == 1000000) { /* 59.9999999 is the next minute, not second 60 */
        micro = 0;
        whole += 1.0;
    }
    split_seconds(calendar, whole, &d);
    const char *sign = d.year < 0 ? "-" : d.year > 9999 ? "+" : "";
    int n = snprintf(out.text, sizeof out.text, "%s%04lld-%02d-%02dT%02d:%02d:%02d", sign,
                     (long long)(d.year < 0 ? -d.year : d.year), d.month, d.day, d.hour, d.minute,
                     (int)d.second);
    if (micro > 0) {
        n += snprintf(out.text + n, sizeof out.text - (size_t)n, ".%06d", micro);
        while (out.text[n - 1] == '0')
            out.text[--n] = '\0';
    }
    return out;
}
