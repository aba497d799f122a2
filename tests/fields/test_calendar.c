// SPDX-License-Identifier: Apache-2.0
// Dates: known days, round trips, the C library, and every text that is or is no time.
#include "fields/check.h"

#include <time.h>

#include "fields/calendar_values.h"

static const gndp_calendar all[] = {GNDP_CALENDAR_STANDARD, GNDP_CALENDAR_PROLEPTIC,
                                    GNDP_CALENDAR_JULIAN,   GNDP_CALENDAR_NOLEAP,
                                    GNDP_CALENDAR_ALL_LEAP, GNDP_CALENDAR_360_DAY};
enum { N_ALL = sizeof all / sizeof *all };

static double seconds_of(gndp_calendar c, int64_t year, int month, int day)
{
    double s = 0.0;
    const gndp_date d = {.year = year, .month = month, .day = day};
    assert_ok(gndp_calendar_seconds(c, &d, &s));
    return s;
}

static void assert_date(const gndp_date *d, int64_t year, int month, int day)
{
    if (d->year != year || d->month != month || d->day != day)
        fail_msg("%lld-%d-%d instead of %lld-%d-%d", (long long)d->year, d->month, d->day,
                 (long long)year, month, day);
}

static void calendar_agrees_with_cftime(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known_dates / sizeof *known_dates; i++) {
        const gndp_date *want = &known_dates[i].date;
        double s = 0.0;
        gndp_date d;
        assert_ok(gndp_calendar_seconds(known_dates[i].calendar, want, &s));
        assert_near(s, known_dates[i].seconds, 0.0);
        assert_ok(gndp_calendar_date(known_dates[i].calendar, s, &d));
        assert_date(&d, want->year, want->month, want->day);
        assert_int_equal(d.hour, want->hour);
        assert_int_equal(d.minute, want->minute);
        assert_near(d.second, want->second, 0.0);
    }
}

/* The origin of Julian day numbers, noon, is 2440587.5 days before 1970, in both counts of it; the
   modified day number begins 40587 days before. */
static void calendar_knows_julian_day_zero(void **state)
{
    (void)state;
    const double noon = 43200.0, zero = -2440587.5 * 86400.0;
    assert_near(seconds_of(GNDP_CALENDAR_STANDARD, -4712, 1, 1) + noon, zero, 0.0);
    assert_near(seconds_of(GNDP_CALENDAR_PROLEPTIC, -4713, 11, 24) + noon, zero, 0.0);
    assert_near(seconds_of(GNDP_CALENDAR_STANDARD, 1858, 11, 17), -40587.0 * 86400.0, 0.0);
    /* 1970-01-01 of the Julian calendar is 13 days later than that of the Gregorian one */
    assert_near(seconds_of(GNDP_CALENDAR_JULIAN, -4712, 1, 1) + noon, zero - 13.0 * 86400.0, 0.0);
}

static void calendar_standard_skips_ten_days_in_1582(void **state)
{
    (void)state;
    double s = 0.0;
    gndp_date d;
    const double last = seconds_of(GNDP_CALENDAR_STANDARD, 1582, 10, 4);
    assert_near(seconds_of(GNDP_CALENDAR_STANDARD, 1582, 10, 15) - last, 86400.0, 0.0);
    assert_ok(gndp_calendar_date(GNDP_CALENDAR_STANDARD, last + 86399.0, &d));
    assert_date(&d, 1582, 10, 4);
    assert_ok(gndp_calendar_date(GNDP_CALENDAR_STANDARD, last + 86400.0, &d));
    assert_date(&d, 1582, 10, 15);
    for (int day = 5; day < 15; day++) {
        const gndp_date none = {.year = 1582, .month = 10, .day = day};
        assert_fails(gndp_calendar_seconds(GNDP_CALENDAR_STANDARD, &none, &s), GNDP_ERR_RANGE,
                     "in standard: there is no such day");
        assert_ok(gndp_calendar_seconds(GNDP_CALENDAR_PROLEPTIC, &none, &s));
    }
    assert_int_equal(gndp_calendar_month_days(GNDP_CALENDAR_STANDARD, 1582, 10), 21);
    assert_near(seconds_of(GNDP_CALENDAR_STANDARD, 1583, 1, 1) -
                    seconds_of(GNDP_CALENDAR_STANDARD, 1582, 1, 1),
                355.0 * 86400.0, 0.0);
}

static void calendar_proleptic_agrees_with_timegm(void **state)
{
    (void)state;
    dice d20 = {1, 0};
    for (int i = 0; i < 20000; i++) {
        const int64_t year = dice_below(&d20, 400000) - 200000;
        struct tm tm = {.tm_year = (int)(year - 1900),
                        .tm_mon = (int)dice_below(&d20, 12),
                        .tm_hour = (int)dice_below(&d20, 24),
                        .tm_min = (int)dice_below(&d20, 60),
                        .tm_sec = (int)dice_below(&d20, 60)};
        tm.tm_mday = 1 + (int)dice_below(&d20, gndp_calendar_month_days(GNDP_CALENDAR_PROLEPTIC,
                                                                        year, tm.tm_mon + 1));
        const gndp_date d = {year, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
        const double want = (double)timegm(&tm);
        double s = 0.0;
        assert_ok(gndp_calendar_seconds(GNDP_CALENDAR_PROLEPTIC, &d, &s));
        assert_near(s, want, 0.0);
    }
}

/* Day after day through 900 years about the reform and about year 0: the next day is the next
   number, and months have the days that they say. */
static void calendar_counts_every_day_once(void **state)
{
    (void)state;
    for (int c = 0; c < N_ALL; c++) {
        for (int era = 0; era < 2; era++) {
            const int64_t from = era == 0 ? -150 : 1450;
            double s = seconds_of(all[c], from, 1, 1);
            for (int64_t year = from; year < from + 300; year++) {
                for (int month = 1; month <= 12; month++) {
                    const int days = gndp_calendar_month_days(all[c], year, month);
                    gndp_date d;
                    assert_near(seconds_of(all[c], year, month, 1), s, 0.0);
                    for (int day = 0; day < days; day += days - 1) {
                        assert_ok(gndp_calendar_date(all[c], s + 86400.0 * day, &d));
                        const int skip = days == 21 && day > 0 ? 10 : 0;
                        assert_date(&d, year, month, day + 1 + skip);
                    }
                    s += 86400.0 * days;
                }
            }
        }
    }
    for (int month = -1; month <= 14; month++)
        if (month < 1 || month > 12)
            assert_int_equal(gndp_calendar_month_days(GNDP_CALENDAR_NOLEAP, 2000, month), 0);
}

/* Whole seconds come back exactly over +-10^8 years; so does every double of the last centuries,
   whose time of day is exact. */
static void calendar_round_trips_exactly(void **state)
{
    (void)state;
    dice d20 = {2, 0};
    for (int i = 0; i < 60000; i++) {
        const gndp_calendar c = all[i % N_ALL];
        double s = i % 2 == 0 ? rint(dice_uniform(&d20, -3.1e15, 3.1e15))
                              : dice_uniform(&d20, -1e10, 1e10);
        gndp_date d;
        double back = 0.0;
        assert_ok(gndp_calendar_date(c, s, &d));
        assert_true(d.hour >= 0 && d.hour < 24 && d.minute >= 0 && d.minute < 60);
        assert_true(d.second >= 0.0 && d.second < 60.0);
        assert_ok(gndp_calendar_seconds(c, &d, &back));
        assert_near(back, s, 0.0);
    }
    gndp_date d;
    assert_ok(gndp_calendar_date(GNDP_CALENDAR_STANDARD, -1e-20, &d)); /* rounds to midnight */
    assert_date(&d, 1970, 1, 1);
    assert_ok(gndp_calendar_date(GNDP_CALENDAR_STANDARD, -0x1p-20, &d));
    assert_date(&d, 1969, 12, 31);
    assert_near(d.second, 60.0 - 0x1p-20, 0.0);
    for (int k = 1; k < 1440; k++) { /* just below every minute of a day */
        assert_ok(gndp_calendar_date(GNDP_CALENDAR_STANDARD, nextafter(60.0 * k, 0.0), &d));
        assert_int_equal(d.hour * 60 + d.minute, k - 1);
        assert_true(d.second > 59.9 && d.second < 60.0);
    }
}

static void calendar_year_fraction_is_linear_in_the_year(void **state)
{
    (void)state;
    const double day = 86400.0;
    for (int c = 0; c < N_ALL; c++) {
        const double first = seconds_of(all[c], 2001, 1, 1), next = seconds_of(all[c], 2002, 1, 1);
        const double length = all[c] == GNDP_CALENDAR_ALL_LEAP  ? 366.0
                              : all[c] == GNDP_CALENDAR_360_DAY ? 360.0
                                                                : 365.0;
        assert_near(next - first, length * day, 0.0);
        assert_near(gndp_calendar_year_fraction(all[c], first), 0.0, 0.0);
        assert_near(gndp_calendar_year_fraction(all[c], first + 100.0 * day), 100.0 / length,
                    1e-15);
        assert_true(gndp_calendar_year_fraction(all[c], nextafter(next, 0.0)) < 1.0);
        assert_true(isnan(gndp_calendar_year_fraction(all[c], (double)NAN)));
        assert_true(isnan(gndp_calendar_year_fraction(all[c], 1e20)));
    }
}

static void calendar_names_are_those_of_cf(void **state)
{
    (void)state;
    gndp_calendar c = GNDP_CALENDAR_STANDARD;
    for (int i = 0; i < N_ALL; i++) {
        assert_ok(gndp_calendar_find(gndp_calendar_name(all[i]), &c));
        assert_int_equal(c, all[i]);
    }
    assert_ok(gndp_calendar_find("Gregorian", &c));
    assert_int_equal(c, GNDP_CALENDAR_STANDARD);
    assert_ok(gndp_calendar_find("365_DAY", &c));
    assert_int_equal(c, GNDP_CALENDAR_NOLEAP);
    assert_ok(gndp_calendar_find("366_day", &c));
    assert_int_equal(c, GNDP_CALENDAR_ALL_LEAP);
    assert_fails(gndp_calendar_find("lunar", &c), GNDP_ERR_NOT_FOUND, "proleptic_gregorian");
    assert_fails(gndp_calendar_find(NULL, &c), GNDP_ERR_ARG, "name");
    assert_string_equal(gndp_calendar_name((gndp_calendar)77), "?");
}

/* ---- Texts ---------------------------------------------------------------------------------- */

static void calendar_parse_reads_iso_and_its_span(void **state)
{
    (void)state;
    const double day = 86400.0, t = 1551398400.0; /* 2019-03-01, as date -u says */
    const struct {
        const char *text;
        double seconds, unit;
    } cases[] = {
        {"2019", t - 59.0 * day, 365.0 * day},
        {"2020", t + 306.0 * day, 366.0 * day},
        {"2019-03", t, 31.0 * day},
        {"2019-12", t + 275.0 * day, 31.0 * day},
        {"2019-03-01", t, day},
        {"2019-03-01T06", t + 21600.0, 3600.0},
        {"2019-03-01 06:30", t + 23400.0, 60.0},
        {"  2019-03-01t06:30:15  ", t + 23415.0, 1.0},
        {"2019-03-01T06:30:15.25Z", t + 23415.25, 0.01},
        {"2019-03-01T00:00:00.12345678949", t + 0.123456789, 1e-9},
        {"2019-03-01T06:00:00+01:00", t + 18000.0, 1.0},
        {"2019-03-01T00:00-05:30", t + 19800.0, 60.0},
        {"2019-03-01T00:00-0530", t + 19800.0, 60.0},
        {"2019-03-01T06+06", t, 3600.0},
        {"2019-03-01 00:00:00 UTC", t, 1.0},
        {"2019-03-01 06:00:0.0 -6:00", t + 43200.0, 0.1},
        {"2019-3-1 0:0:0", t, 1.0},
        {"2019-02-28T24:00", t, 60.0},
        {"1-1-1", -62135769600.0, day}, /* Julian: two days before the proleptic Gregorian */
        {"-0001-12-31", -62167392000.0 - day, day},
        {"+12345-01-01", 327403382400.0, day},
        {"1582-10", -12219638400.0, 21.0 * day},
        {"1582", -12243225600.0, 355.0 * day},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double s = 0.0, unit = 0.0;
        const gndp_status st =
            gndp_calendar_parse(GNDP_CALENDAR_STANDARD, cases[i].text, &s, &unit);
        if (st != GNDP_OK || s != cases[i].seconds || unit != cases[i].unit)
            fail_msg("'%s': %.17g span %.17g, want %.17g span %.17g; %s", cases[i].text, s, unit,
                     cases[i].seconds, cases[i].unit, gndp_last_error());
    }
    double s = 0.0, unit = 0.0;
    assert_ok(gndp_calendar_parse(GNDP_CALENDAR_360_DAY, "2019-02-30", &s, NULL));
    assert_near(s, (49.0 * 360.0 + 59.0) * day, 0.0);
    assert_ok(gndp_calendar_parse(GNDP_CALENDAR_360_DAY, "2019", &s, &unit));
    assert_near(unit, 360.0 * day, 0.0);
}

static void calendar_parse_refuses_what_is_no_time(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      " ",
                                      "x",
                                      "20190301",
                                      "2019-",
                                      "2019-03-",
                                      "19",
                                      "2019-03-01T",
                                      "2019-03-01T06:",
                                      "2019-03-01T06:00:",
                                      "2019-060",
                                      "2019-W10",
                                      "2019/03/01",
                                      "2019-03-01T06:00:00.",
                                      "2019-03-01T06:00:00,5",
                                      "2019-03-01 06:00 CET",
                                      "2019-03-01T06:00+",
                                      "2019-03-01T06:00+19:00",
                                      "2019-03-01Z",
                                      "2019-03-01T060000",
                                      "--2019",
                                      "+-2019",
                                      "+12",
                                      "-999999999999-01-01",
                                      "2019-03-01  06:00",
                                      "2019-03-01T06:00:00Zx",
                                      "1e3",
                                      "nan",
                                      "2019-003-01",
                                      "99999",
                                      "2019-03-01T06:00+01:61"};
    double s = 42.0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (gndp_calendar_parse(GNDP_CALENDAR_STANDARD, bad[i], &s, NULL) != GNDP_ERR_FORMAT)
            fail_msg("'%s' was read as %.17g: %s", bad[i], s, gndp_last_error());
    static const char *const none[] = {
        "2019-02-29",          "2019-13",       "2019-00-01",       "2019-01-00",
        "2019-04-31",          "2019-01-01T25", "2019-01-01T24:01", "2019-01-01T00:60",
        "2019-01-01T00:00:60", "1582-10-10",    "+100000001-01-01"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (gndp_calendar_parse(GNDP_CALENDAR_STANDARD, none[i], &s, NULL) != GNDP_ERR_RANGE)
            fail_msg("'%s' was read as %.17g: %s", none[i], s, gndp_last_error());
    assert_fails(gndp_calendar_parse(GNDP_CALENDAR_STANDARD, "1900-02-29", &s, NULL),
                 GNDP_ERR_RANGE, "1900-02-29 in standard");
    assert_fails(gndp_calendar_parse(GNDP_CALENDAR_STANDARD, NULL, &s, NULL), GNDP_ERR_ARG, "text");
    assert_fails(gndp_calendar_parse((gndp_calendar)9, "2019", &s, NULL), GNDP_ERR_ARG, "calendar");
    assert_near(s, 42.0, 0.0); /* untouched by failures */
}

static void calendar_text_reads_back(void **state)
{
    (void)state;
    dice d20 = {3, 0};
    for (int i = 0; i < 20000; i++) {
        const gndp_calendar c = all[i % N_ALL];
        double s = dice_uniform(&d20, -4e11, 4e11), back = 0.0;
        s = i % 3 == 0 ? rint(s) : s / 64.0;
        const gndp_date_string text = gndp_calendar_text(c, s);
        assert_ok(gndp_calendar_parse(c, text.text, &back, NULL));
        assert_near(back, s, i % 3 == 0 ? 0.0 : 1.5e-6); /* half a microsecond, rounded at 1e10 */
    }
    const gndp_calendar c = GNDP_CALENDAR_STANDARD;
    assert_string_equal(gndp_calendar_text(c, 1551420000.0).text, "2019-03-01T06:00:00");
    assert_string_equal(gndp_calendar_text(c, 1551420000.5).text, "2019-03-01T06:00:00.5");
    assert_string_equal(gndp_calendar_text(c, 59.9999999).text, "1970-01-01T00:01:00");
    assert_string_equal(gndp_calendar_text(c, -0.25).text, "1969-12-31T23:59:59.75");
    assert_string_equal(gndp_calendar_text(c, (double)NAN).text, "no time");
    assert_string_equal(gndp_calendar_text(c, 1e300).text, "no time");
    assert_string_equal(gndp_calendar_text(c, -62198928000.0 - 86400.0).text,
                        "-0002-12-31T00:00:00");
}

static void calendar_span_is_half_open_and_takes_whole_days(void **state)
{
    (void)state;
    const gndp_calendar c = GNDP_CALENDAR_STANDARD;
    const double day = 86400.0, t = 1551398400.0;
    double a = 0.0, b = 0.0;
    assert_ok(gndp_calendar_parse_span(c, "2019-03-01/2019-03-10", &a, &b));
    assert_near(a, t, 0.0);
    assert_near(b, t + 10.0 * day, 0.0);
    assert_ok(gndp_calendar_parse_span(c, "2019-03", &a, &b));
    assert_near(a, t, 0.0);
    assert_near(b, t + 31.0 * day, 0.0);
    assert_ok(gndp_calendar_parse_span(c, "2019-03-01T00 / 2019-03-01T00", &a, &b));
    assert_near(b - a, 3600.0, 0.0);
    assert_ok(gndp_calendar_parse_span(c, "2019-03-01/", &a, &b));
    assert_true(a == t && b == (double)INFINITY);
    assert_ok(gndp_calendar_parse_span(c, "../2019-03-01", &a, &b));
    assert_true(a == (double)-INFINITY && b == t + day);
    assert_ok(gndp_calendar_parse_span(c, "/", &a, &b));
    assert_true(isinf(a) && isinf(b));
    assert_fails(gndp_calendar_parse_span(c, "2019-03-10/2019-03-01", &a, &b), GNDP_ERR_RANGE,
                 "ends before it begins");
    assert_fails(gndp_calendar_parse_span(c, "", &a, &b), GNDP_ERR_FORMAT, "''");
    assert_fails(gndp_calendar_parse_span(c, "..", &a, &b), GNDP_ERR_FORMAT, "'..'");
    assert_fails(gndp_calendar_parse_span(c, "2019-03-01/10", &a, &b), GNDP_ERR_FORMAT, "'10'");
    assert_fails(gndp_calendar_parse_span(c, "2019/2020/2021", &a, &b), GNDP_ERR_FORMAT,
                 "2020/2021");
    assert_fails(gndp_calendar_parse_span(c, "2019-02-30/", &a, &b), GNDP_ERR_RANGE, "2019-02-30");
}

static void calendar_refuses_misuse(void **state)
{
    (void)state;
    gndp_date d = {.year = 2000, .month = 1, .day = 1};
    double s = 0.0;
    const gndp_calendar c = GNDP_CALENDAR_STANDARD;
    assert_fails(gndp_calendar_date(c, (double)NAN, &d), GNDP_ERR_NONFINITE, "nan");
    assert_fails(gndp_calendar_date(c, (double)INFINITY, &d), GNDP_ERR_NONFINITE, "inf");
    assert_fails(gndp_calendar_date(c, 1e16, &d), GNDP_ERR_RANGE, "10^8");
    assert_fails(gndp_calendar_date(c, -3.19e15, &d), GNDP_ERR_RANGE, "10^8");
    assert_fails(gndp_calendar_date(c, 0.0, NULL), GNDP_ERR_ARG, "out");
    assert_fails(gndp_calendar_date((gndp_calendar)-1, 0.0, &d), GNDP_ERR_ARG, "calendar -1");
    assert_fails(gndp_calendar_seconds(c, NULL, &s), GNDP_ERR_ARG, "date");
    d.second = 60.0;
    assert_fails(gndp_calendar_seconds(c, &d, &s), GNDP_ERR_RANGE, "leap seconds");
    d.second = (double)NAN;
    assert_fails(gndp_calendar_seconds(c, &d, &s), GNDP_ERR_RANGE, "second");
    d.second = 0.0;
    d.hour = 24;
    assert_fails(gndp_calendar_seconds(c, &d, &s), GNDP_ERR_RANGE, "hour 24");
    d.hour = 0;
    d.minute = -1;
    assert_fails(gndp_calendar_seconds(c, &d, &s), GNDP_ERR_RANGE, "minute -1");
    d.minute = 0;
    d.year = INT64_MIN;
    assert_fails(gndp_calendar_seconds(c, &d, &s), GNDP_ERR_RANGE, "10^8");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(calendar_agrees_with_cftime),
    cmocka_unit_test(calendar_knows_julian_day_zero),
    cmocka_unit_test(calendar_standard_skips_ten_days_in_1582),
    cmocka_unit_test(calendar_proleptic_agrees_with_timegm),
    cmocka_unit_test(calendar_counts_every_day_once),
    cmocka_unit_test(calendar_round_trips_exactly),
    cmocka_unit_test(calendar_year_fraction_is_linear_in_the_year),
    cmocka_unit_test(calendar_names_are_those_of_cf),
    cmocka_unit_test(calendar_parse_reads_iso_and_its_span),
    cmocka_unit_test(calendar_parse_refuses_what_is_no_time),
    cmocka_unit_test(calendar_text_reads_back),
    cmocka_unit_test(calendar_span_is_half_open_and_takes_whole_days),
    cmocka_unit_test(calendar_refuses_misuse),
};

GNDP_TEST_MAIN(tests)
