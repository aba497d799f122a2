// SPDX-License-Identifier: Apache-2.0
// Any text as a time or a span in each calendar: what was read reads back from its own text.
#include "fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>

#include <gndp/calendar.h>

/* The time as a date, and as text, and back. */
static void check_time(gndp_calendar calendar, double seconds)
{
    gndp_date date;
    double back = 0.0;
    const double fraction = gndp_calendar_year_fraction(calendar, seconds);
    FUZZ_CHECK(fraction >= 0.0 && fraction < 1.0);
    if (gndp_calendar_date(calendar, seconds, &date) != GNDP_OK)
        return; /* an offset may lead out of the years that there are */
    FUZZ_CHECK(gndp_calendar_seconds(calendar, &date, &back) == GNDP_OK && back == seconds);
    const gndp_date_string own = gndp_calendar_text(calendar, seconds);
    FUZZ_CHECK(gndp_calendar_parse(calendar, own.text, &back, NULL) == GNDP_OK);
    /* half a microsecond, and the rounding of large numbers */
    FUZZ_CHECK(fabs(back - seconds) <= 5.1e-7 + 0x1p-52 * fabs(seconds));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    const gndp_calendar calendar = (gndp_calendar)(data[0] % 6); /* so is the digit '0' .. '5' */
    gndp_calendar found;
    char *text = fuzz_text(data + 1, size - 1);
    double seconds = 0.0, unit = 0.0, first = 0.0, last = 0.0;
    if (gndp_calendar_parse(calendar, text, &seconds, &unit) == GNDP_OK) {
        FUZZ_CHECK(isfinite(seconds) && unit > 0.0 && unit <= 366.0 * 86400.0);
        check_time(calendar, seconds);
    }
    if (gndp_calendar_parse_span(calendar, text, &first, &last) == GNDP_OK)
        FUZZ_CHECK(first < last);
    if (gndp_calendar_find(text, &found) == GNDP_OK)
        FUZZ_CHECK(gndp_calendar_name(found)[0] != '?');
    free(text);
    return 0;
}
