# SPDX-License-Identifier: Apache-2.0
# Dates in all calendars and their seconds since 1970-01-01 by cftime: python3 make_calendar.py > calendar_values.h
import random
import cftime

NAMES = {
    "standard": "GNDP_CALENDAR_STANDARD", "proleptic_gregorian": "GNDP_CALENDAR_PROLEPTIC",
    "julian": "GNDP_CALENDAR_JULIAN", "noleap": "GNDP_CALENDAR_NOLEAP",
    "all_leap": "GNDP_CALENDAR_ALL_LEAP", "360_day": "GNDP_CALENDAR_360_DAY"}
SPECIAL = [
    (-4712, 1, 1, 12, 0, 0), (-1, 12, 30, 23, 59, 59), (0, 1, 1, 0, 0, 0), (0, 2, 29, 0, 0, 0), (0, 3, 1, 0, 0, 0),
    (1, 1, 1, 0, 0, 0), (1500, 2, 29, 6, 0, 0), (1582, 1, 1, 0, 0, 0), (1582, 10, 4, 23, 59, 59), (1582, 10, 15, 0, 0, 0),
    (1582, 12, 31, 0, 0, 0), (1600, 2, 29, 0, 0, 0), (1700, 2, 29, 0, 0, 0), (1858, 11, 17, 0, 0, 0), (1900, 2, 29, 0, 0, 0),
    (1969, 12, 31, 23, 59, 59), (1970, 1, 1, 0, 0, 0), (2000, 2, 29, 12, 30, 15), (2019, 2, 30, 0, 0, 0), (2100, 3, 1, 0, 0, 0)]


def main():
    random.seed(1582)
    print("// SPDX-License-Identifier: Apache-2.0")
    print(f"// Made by make_calendar.py with cftime {cftime.__version__}: dates and their seconds since 1970-01-01 of the calendar.")
    print("static const struct {\n    gndp_calendar calendar;\n    gndp_date date;\n    double seconds;\n} known_dates[] = {")
    for name, symbol in NAMES.items():
        dates = SPECIAL + [(random.randint(-4000, 8000), random.randint(1, 12), random.randint(1, 31), random.randint(0, 23),
                            random.randint(0, 59), random.randint(0, 59)) for _ in range(30)]
        epoch = cftime.datetime(1970, 1, 1, calendar=name, has_year_zero=True)
        for d in dates:
            try:
                delta = cftime.datetime(*d, calendar=name, has_year_zero=True) - epoch
            except ValueError:
                continue  # no such date in this calendar
            seconds = delta.days * 86400 + delta.seconds
            print(f"    {{{symbol}, {{{d[0]}, {d[1]}, {d[2]}, {d[3]}, {d[4]}, {d[5]}.0}}, {seconds}.0}},")
    print("};")


main()
