// SPDX-License-Identifier: Apache-2.0
// Units of measure and of time: factors, spellings, refusals.
#include "support/test_main.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gndp/io.h>

static void check_units(const char *from, const char *to, double factor, double offset)
{
    double f = 0.0, o = 0.0;
    const gndp_status st = gndp_units_convert("t2m", from, to, &f, &o);
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
    /* The factor is taken over a span of 2^41, so it has but its own rounding. */
    assert_true(fabs(f - factor) <= 4e-16 * fabs(factor));
    assert_true(fabs(o - offset) <= 1e-12);
}

static void check_refused(const char *from, const char *to, gndp_status code, const char *piece)
{
    double f = 0.0, o = 0.0;
    assert_int_equal(gndp_units_convert("t2m", from, to, &f, &o), code);
    assert_non_null(strstr(gndp_last_error(), "t2m"));
    if (strstr(gndp_last_error(), piece) == NULL)
        fail_msg("'%s' is not in: %s", piece, gndp_last_error());
}

static void units_convert_by_factor_and_offset(void **state)
{
    (void)state;
    check_units("K", "degC", 1.0, -273.15);
    check_units("degC", "K", 1.0, 273.15);
    check_units("degF", "K", 5.0 / 9.0, 459.67 * 5.0 / 9.0);
    check_units("km h-1", "m s-1", 1.0 / 3.6, 0.0);
    check_units("knot", "m s-1", 1852.0 / 3600.0, 0.0);
    check_units("hPa", "Pa", 100.0, 0.0);
    check_units("anything", "anything", 1.0, 0.0); /* nothing to convert, whatever it means */
}

static void units_understand_the_spellings_of_forecasters(void **state)
{
    (void)state;
    check_units("m s**-1", "m s-1", 1.0, 0.0);
    check_units("m**2 s**-2", "m2 s-2", 1.0, 0.0);
    check_units("millibars", "Pa", 100.0, 0.0);
    check_units("mb", "hPa", 1.0, 0.0); /* UDUNITS alone would say millibarn, an area */
    check_units("C", "K", 1.0, 273.15); /* nor coulomb */
    check_units("Celsius", "K", 1.0, 273.15);
    check_units("deg C", "K", 1.0, 273.15);
    check_units("kt", "m s-1", 1852.0 / 3600.0, 0.0); /* nor kilotonne */
    check_units("gpm", "m", 1.0, 0.0);
    check_units("kg kg**-1", "g kg-1", 1000.0, 0.0);
    check_units(" K ", "K", 1.0, 0.0);
    check_units("(0 - 1)", "%", 100.0, 0.0);
}

static void units_refuse_what_they_do_not_understand(void **state)
{
    (void)state;
    check_refused("degrees of heat", "K", GNDP_ERR_FORMAT, "'degrees of heat' is not understood");
    check_refused("K", "furlongs per", GNDP_ERR_FORMAT, "'furlongs per' is not understood");
    check_refused("K", "m", GNDP_ERR_RANGE, "different things");
    check_refused("", "K", GNDP_ERR_FORMAT, "has no unit");
    check_refused("%s%n\x1b[31m", "K", GNDP_ERR_FORMAT, "'%s%n?[31m'");
    double f, o;
    assert_int_equal(gndp_units_convert("x", NULL, "K", &f, &o), GNDP_ERR_ARG);
}

static void check_time(const char *units, gndp_calendar calendar, double factor, double offset)
{
    double f = 0.0, o = 0.0;
    if (gndp_units_time("time", units, calendar, &f, &o) != GNDP_OK)
        fail_msg("%s", gndp_last_error());
    assert_true(f == factor);
    assert_true(o == offset);
}

static void units_time_reads_the_forms_in_use(void **state)
{
    (void)state;
    const gndp_calendar standard = GNDP_CALENDAR_STANDARD;
    check_time("hours since 1970-01-01 00:00:00", standard, 3600.0, 0.0);
    check_time("hours since 1900-01-01 00:00:00.0", standard, 3600.0, -2208988800.0);
    check_time("days since 1858-11-17", standard, 86400.0, -3506716800.0);
    check_time("days since 1970-1-1", standard, 86400.0, 0.0);
    check_time("seconds since 1970-01-01T00:00:00Z", standard, 1.0, 0.0);
    check_time("minutes since 1970-01-01 00:00 UTC", standard, 60.0, 0.0);
    check_time("s since 1970-01-01", standard, 1.0, 0.0);
    check_time("Days Since 1970-01-02", standard, 86400.0, 86400.0);
    check_time("hours since 19700101", standard, 3600.0, 0.0);
    check_time("fortnights since 1970-01-01", standard, 1209600.0, 0.0);
    /* 6 h behind Greenwich: the UTC moment is 6 h later. */
    check_time("seconds since 1992-10-8 15:15:42.5 -6:00", standard, 1.0, 718557342.5 + 21600.0);
    check_time("hours since 1970-01-01 00:00:00 +0130", standard, 3600.0, -5400.0);
}

static void units_time_depends_on_the_calendar(void **state)
{
    (void)state;
    /* Day 1 of year 1: Julian in the standard calendar, two days before the proleptic one. */
    check_time("days since 1-1-1", GNDP_CALENDAR_STANDARD, 86400.0, -62135769600.0);
    check_time("days since 1-1-1", GNDP_CALENDAR_PROLEPTIC, 86400.0, -62135596800.0);
    check_time("days since 1-1-1", GNDP_CALENDAR_NOLEAP, 86400.0, -1969.0 * 365.0 * 86400.0);
    check_time("days since 1-1-1", GNDP_CALENDAR_ALL_LEAP, 86400.0, -1969.0 * 366.0 * 86400.0);
    check_time("days since 1-1-1", GNDP_CALENDAR_360_DAY, 86400.0, -1969.0 * 360.0 * 86400.0);
    check_time("days since 2000-02-30", GNDP_CALENDAR_360_DAY, 86400.0,
               (30.0 * 360.0 + 59.0) * 86400.0);
    check_time("months since 1960-01-01", GNDP_CALENDAR_360_DAY, 30.0 * 86400.0, -3600.0 * 86400.0);
}

static void refused_time(const char *units, gndp_calendar calendar, const char *piece)
{
    double f, o;
    assert_int_equal(gndp_units_time("file.nc: variable 'time'", units, calendar, &f, &o),
                     GNDP_ERR_FORMAT);
    assert_non_null(strstr(gndp_last_error(), "variable 'time'"));
    if (strstr(gndp_last_error(), piece) == NULL)
        fail_msg("'%s' is not in: %s", piece, gndp_last_error());
}

static void units_time_refuses_what_is_no_time(void **state)
{
    (void)state;
    const gndp_calendar standard = GNDP_CALENDAR_STANDARD;
    refused_time("fortnights after lunch", standard, "'fortnights after lunch'");
    refused_time("months since 1960-01-01", standard, "no fixed length");
    refused_time("years since 1960-01-01", GNDP_CALENDAR_NOLEAP, "no fixed length");
    refused_time("days since 1900-02-29", GNDP_CALENDAR_PROLEPTIC, "1900-02-29");
    refused_time("days since 1582-10-10", standard, "1582-10-10");
    refused_time("days since yesterday", standard, "the date is not understood");
    refused_time("days since 1970-01-01 25:61", standard, "25:61");
    refused_time("m since 1970-01-01", standard, "no unit of time");
    refused_time("lunches since 1970-01-01", standard, "no unit of time");
    refused_time("day as %Y%m%d.%f", standard, "not understood");
    refused_time("", standard, "not understood");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(units_convert_by_factor_and_offset),
    cmocka_unit_test(units_understand_the_spellings_of_forecasters),
    cmocka_unit_test(units_refuse_what_they_do_not_understand),
    cmocka_unit_test(units_time_reads_the_forms_in_use),
    cmocka_unit_test(units_time_depends_on_the_calendar),
    cmocka_unit_test(units_time_refuses_what_is_no_time),
};
GNDP_TEST_MAIN(tests)
