// SPDX-License-Identifier: Apache-2.0
// Any text as a time or a span in each calendar: no crash, and what was read reads back from its
// own text.
#include <gndp/calendar.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth)
{
    if (!truth)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[128];
    if (size < 1 || size > sizeof text)
        return 0;
    const gndp_calendar calendar = (gndp_calendar)(data[0] % 6);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';

    double seconds = 0.0, unit = 0.0, back = 0.0, first = 0.0, last = 0.0;
    gndp_date date;
    if (gndp_calendar_parse(calendar, text, &seconds, &unit) == GNDP_OK) {
        require(isfinite(seconds) && unit > 0.0 && unit <= 366.0 * 86400.0);
        const double fraction = gndp_calendar_year_fraction(calendar, seconds);
        require(fraction >= 0.0 && fraction < 1.0);
        /* an offset may lead out of the years that there are */
        if (gndp_calendar_date(calendar, seconds, &date) == GNDP_OK) {
            require(gndp_calendar_seconds(calendar, &date, &back) == GNDP_OK && back == seconds);
            const gndp_date_string own = gndp_calendar_text(calendar, seconds);
            require(gndp_calendar_parse(calendar, own.text, &back, NULL) == GNDP_OK);
            /* half a microsecond, and the rounding of large numbers */
            require(fabs(back - seconds) <= 5.1e-7 + 0x1p-52 * fabs(seconds));
        }
    }
    if (gndp_calendar_parse_span(calendar, text, &first, &last) == GNDP_OK)
        require(first < last);
    gndp_calendar_find(text, &(gndp_calendar){GNDP_CALENDAR_STANDARD});
    return 0;
}
