// SPDX-License-Identifier: Apache-2.0
// Whole days of a calendar.
#ifndef GNDP_FIELDS_CALENDAR_DAYS_H
#define GNDP_FIELDS_CALENDAR_DAYS_H

#include <gndp/calendar.h>

/** Days from 1970-01-01 to the date, which must exist; its time of day is not looked at. */
int64_t gndp_calendar_day(gndp_calendar calendar, const gndp_date *date);
/** The date of a day; the time of day is not touched. */
void gndp_calendar_day_date(gndp_calendar calendar, int64_t day, gndp_date *out);

#endif
