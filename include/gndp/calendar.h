// SPDX-License-Identifier: Apache-2.0
// Dates in the calendars of climate files, to and from seconds.
#ifndef GNDP_CALENDAR_H
#define GNDP_CALENDAR_H

#include <gndp/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Calendars of the CF conventions 1.8, section 4.4.1. */
typedef enum gndp_calendar {
    GNDP_CALENDAR_STANDARD,  /* "standard", "gregorian": Julian before 1582-10-15, Gregorian from then on; the ten days between do not exist */
    GNDP_CALENDAR_PROLEPTIC, /* "proleptic_gregorian" */
    GNDP_CALENDAR_JULIAN,    /* "julian" */
    GNDP_CALENDAR_NOLEAP,    /* "noleap", "365_day" */
    GNDP_CALENDAR_ALL_LEAP,  /* "all_leap", "366_day" */
    GNDP_CALENDAR_360_DAY    /* "360_day": twelve months of 30 days */
} gndp_calendar;

typedef struct gndp_date {
    int64_t year; /* astronomical: 0 is a year */
    int month;    /* 1..12 */
    int day;      /* 1..31 */
    int hour, minute;
    double second; /* 0 <= second < 60; leap seconds are not counted */
} gndp_date;

/** CF name of a calendar, "?" for a number that is none. */
GNDP_API const char *gndp_calendar_name(gndp_calendar calendar);
/** @return GNDP_OK; GNDP_ERR_NOT_FOUND lists the names (letter case does not count) */
GNDP_API gndp_status gndp_calendar_find(const char *name, gndp_calendar *out);

/** Days of a month, 0 for a month that is none; 21 in October 1582 of the standard calendar, whose days are 1..4 and 15..31. */
GNDP_API int gndp_calendar_month_days(gndp_calendar calendar, int64_t year, int month);

/**
 * Seconds since 1970-01-01T00:00:00 of the same calendar. Exact for whole seconds within +-10^8 years.
 * @return GNDP_OK; GNDP_ERR_RANGE names the part that does not exist in the calendar, "1900-02-29 in standard"
 */
GNDP_API gndp_status gndp_calendar_seconds(gndp_calendar calendar, const gndp_date *date, double *out);
/** Its inverse. @return GNDP_OK; GNDP_ERR_NONFINITE; GNDP_ERR_RANGE beyond 10^8 years */
GNDP_API gndp_status gndp_calendar_date(gndp_calendar calendar, double seconds, gndp_date *out);

/** Seconds into the year / length of the year: in [0, 1), for seasonal features; NaN where there is no date. */
GNDP_API double gndp_calendar_year_fraction(gndp_calendar calendar, double seconds);

/**
 * Read ISO 8601, and the blank between date and time that tables have: 2019, 2019-03, 2019-03-01, 2019-03-01T06, 2019-03-01 06:00,
 * 2019-03-01T06:00:00.5Z, offsets +01:00, +0100, +01 (turned to UTC), UTC. What is left out is the first of its kind. One digit will do for what has two
 * (1900-1-1 0:0:0, as reference times have); 24:00 is the end of the day; years with a sign have 4 to 9 digits. 20190301 is refused.
 * @param unit_s  out or NULL: seconds that the text spans, so that 2019-03-01 as the end of a range means its whole day; months and years have their
 *                own lengths, fractions of a second that of their last digit
 * @return GNDP_OK; GNDP_ERR_FORMAT; GNDP_ERR_RANGE for a date that the calendar lacks
 */
GNDP_API gndp_status gndp_calendar_parse(gndp_calendar calendar, const char *text, double *seconds, double *unit_s);

/** Read a span A/B of such times, or one time (first second to last): [first, last) in seconds; an empty side, or "..", is open (+-infinity).
 * @return as gndp_calendar_parse(); GNDP_ERR_RANGE when it ends before it begins */
GNDP_API gndp_status gndp_calendar_parse_span(gndp_calendar calendar, const char *text, double *first, double *last);

/* "2019-03-01T06:00:00", fractions of a second to the microsecond where there are any; gndp_calendar_parse() reads it back. "no time" for NaN. */
typedef struct gndp_date_string {
    char text[48];
} gndp_date_string;
GNDP_API gndp_date_string gndp_calendar_text(gndp_calendar calendar, double seconds);

#ifdef __cplusplus
}
#endif
#endif
