// SPDX-License-Identifier: Apache-2.0
// Units of measure by UDUNITS, with the spellings of forecasters.
#include "io/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gndp/io.h>
#include <udunits2.h>

#include "base/error.h"
#include "base/text.h"
#include "io/lock.h"
#include "io/netcdf_file.h"

void gndp_units_spell(const char *text, char *out, size_t size)
{
    /* Left: whole texts, letter case aside where no case is a unit of its own. */
    static const char *const table[][2] = {
        {"mb", "millibar"},
        {"mbar", "millibar"},
        {"mbars", "millibar"},
        {"millibars", "millibar"},
        {"hpa", "hPa"},
        {"hectopascals", "hPa"},
        {"c", "degC"},
        {"deg c", "degC"},
        {"degs c", "degC"},
        {"degree c", "degC"},
        {"degrees c", "degC"},
        {"degreec", "degC"},
        {"degreesc", "degC"},
        {"celcius", "degC"},
        {"degrees celsius", "degC"},
        {"degree celsius", "degC"},
        {"f", "degF"},
        {"deg f", "degF"},
        {"degrees f", "degF"},
        {"degrees fahrenheit", "degF"},
        {"degk", "K"},
        {"deg k", "K"},
        {"degrees k", "K"},
        {"degrees kelvin", "K"},
        {"kt", "knot"},
        {"kts", "knot"},
        {"gpm", "m"},
        {"gpdm", "dam"},
        {"m of water equivalent", "m"},
        {"m of water", "m"},
        {"deg", "degree"},
        {"degrees true", "degree"},
        {"degree true", "degree"},
        {"fraction", "1"},
        {"(0 - 1)", "1"},
        {"(0-1)", "1"},
        {"0-1", "1"},
        {"proportion", "1"},
        {"dimensionless", "1"},
        {"unitless", "1"},
        {"none", "1"},
        {"numeric", "1"},
        {"~", "1"},
        {"-", "1"},
        {"psu", "1"},
        {"pss-78", "1"},
        {"hrs", "hour"},
        {"mins", "minute"},
        {"secs", "second"},
    };
    const size_t lead = strspn(text, " \t");
    size_t n = strlen(text + lead);
    while (n > 0 && (text[lead + n - 1] == ' ' || text[lead + n - 1] == '\t'))
        n--;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strlen(table[i][0]) == n && strncasecmp(text + lead, table[i][0], n) == 0) {
            gndp_text_append(out, size, "%s", table[i][1]);
            return;
        }
    gndp_text_append(out, size, "%.*s", (int)(n < 1000 ? n : 1000), text + lead);
}

static gndp_status need_system(gndp_units *units)
{
    gndp_status st = GNDP_OK;
    if (units->system != NULL)
        return GNDP_OK;
    ut_status found = UT_SUCCESS;
    const ut_error_message_handler before = ut_set_error_message_handler(ut_ignore);
    const char *path = ut_get_path_xml(NULL, &found);
    units->system = ut_read_xml(NULL);
    ut_set_error_message_handler(before);
    GNDP_CHECK(units->system != NULL, GNDP_ERR_UNSUPPORTED,
               "the tables of UDUNITS are not found at %s: install them (Debian: libudunits2-data) "
               "or set UDUNITS2_XML_PATH",
               path != NULL ? path : "?");
done:
    return st;
}

void gndp_units_close(gndp_units *units)
{
    ut_free_system(units->system);
    units->system = NULL;
}

/* NULL: not understood. */
static ut_unit *parse(gndp_units *units, const char *text)
{
    char spelled[256];
    gndp_units_spell(text, spelled, sizeof spelled);
    if (spelled[0] == '\0') /* to UDUNITS the unit 1; to us a unit that was not given */
        return NULL;
    const ut_error_message_handler before = ut_set_error_message_handler(ut_ignore);
    ut_unit *unit = ut_parse(units->system, spelled, UT_UTF8);
    ut_set_error_message_handler(before);
    return unit;
}

/* A unit as a message may show it. */
typedef struct shown {
    char text[96];
} shown;

static shown show(const char *text)
{
    shown s;
    gndp_nc_clean(text, strlen(text), false, s.text, sizeof s.text);
    return s;
}

gndp_status gndp_units_between(gndp_units *units, const char *what, const char *from,
                               const char *to, double *factor, double *offset)
{
    gndp_status st = GNDP_OK;
    ut_unit *a = NULL, *b = NULL;
    cv_converter *way = NULL;
    *factor = 1.0;
    *offset = 0.0;
    if (strcmp(from, to) == 0 && from[0] != '\0')
        return GNDP_OK;
    GNDP_TRY(need_system(units));
    GNDP_CHECK(strspn(from, " \t") != strlen(from), GNDP_ERR_FORMAT, "%s has no unit", what);
    a = parse(units, from);
    GNDP_CHECK(a != NULL, GNDP_ERR_FORMAT, "%s: unit '%s' is not understood", what,
               show(from).text);
    b = parse(units, to);
    GNDP_CHECK(b != NULL, GNDP_ERR_FORMAT, "%s: unit '%s' is not understood", what, show(to).text);
    const ut_error_message_handler before = ut_set_error_message_handler(ut_ignore);
    const int alike = ut_are_convertible(a, b);
    way = alike ? ut_get_converter(a, b) : NULL;
    ut_set_error_message_handler(before);
    GNDP_CHECK(alike, GNDP_ERR_RANGE, "%s: '%s' and '%s' measure different things", what,
               show(from).text, show(to).text);
    GNDP_CHECK(way != NULL, GNDP_ERR_UNSUPPORTED, "%s: no way from '%s' to '%s'", what,
               show(from).text, show(to).text);
    /* The difference over a wide span, so that the offset (273.15) costs the factor no digits. */
    const double wide = 0x1p40;
    const double origin = cv_convert_double(way, 0.0);
    const double slope =
        (cv_convert_double(way, wide) - cv_convert_double(way, -wide)) / 2.0 / wide;
    const double middle = cv_convert_double(way, 1000.0);
    /* Logarithmic units (dBZ) are no straight line. */
    GNDP_CHECK(isfinite(origin) && isfinite(slope) && slope != 0.0 &&
                   fabs(middle - (slope * 1000.0 + origin)) <=
                       1e-9 * (fabs(middle) + fabs(slope) * 1000.0 + fabs(origin)),
               GNDP_ERR_UNSUPPORTED, "%s: '%s' to '%s' is more than a factor and an offset", what,
               show(from).text, show(to).text);
    *factor = slope;
    *offset = origin;
done:
    cv_free(way);
    ut_free(a);
    ut_free(b);
    return st;
}

bool gndp_units_alike(gndp_units *units, const char *text, const char *like)
{
    if (need_system(units) != GNDP_OK)
        return false;
    ut_unit *a = parse(units, text), *b = parse(units, like);
    const bool alike = a != NULL && b != NULL && ut_are_convertible(a, b) != 0;
    ut_free(a);
    ut_free(b);
    return alike;
}

gndp_status gndp_units_convert(const char *what, const char *from, const char *to, double *factor,
                               double *offset)
{
    gndp_status st = GNDP_OK;
    gndp_units units = {0};
    GNDP_CHECK(what != NULL && from != NULL && to != NULL && factor != NULL && offset != NULL,
               GNDP_ERR_ARG, "an argument is NULL");
    gndp_nc_lock();
    st = gndp_units_between(&units, what, from, to, factor, offset);
    gndp_units_close(&units);
    gndp_nc_unlock();
    GNDP_TRY(st);
done:
    return st;
}
