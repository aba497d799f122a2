// SPDX-License-Identifier: Apache-2.0
// Comma-separated text: rows, quotes, what is refused and where; numbers exact in every locale.
#include "io/table_case.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>

#include <gndp/base.h>

#include "io/number.h"

static gndp_csv parsed(const char *text, bool header)
{
    gndp_csv csv;
    check_ok(gndp_csv_parse("t.csv", text, strlen(text), header, &csv));
    return csv;
}

static void check_refused(const char *text, size_t n, const char *message)
{
    gndp_csv csv;
    check_failure(gndp_csv_parse("t.csv", text, n, true, &csv), GNDP_ERR_FORMAT, message);
    gndp_csv_free(&csv);
}

static const char *cell(const gndp_csv *csv, int64_t row, int column)
{
    return csv->cell[row * csv->n_columns + column];
}

static void csv_cells_names_and_lines_are_those_of_the_text(void **state)
{
    (void)state;
    gndp_csv csv = parsed("\xEF\xBB\xBF# a comment\r\n a ,\tb,c d\r\n\r\n1, two ,\r\n,,\r\n#,1,2\n"
                          "4,5,6",
                          true);
    assert_int_equal(csv.n_columns, 3);
    assert_string_equal(csv.name[0], "a");
    assert_string_equal(csv.name[1], "b");
    assert_string_equal(csv.name[2], "c d");
    assert_int_equal(csv.n_rows, 2);
    assert_string_equal(cell(&csv, 0, 0), "1");
    assert_string_equal(cell(&csv, 0, 1), "two");
    assert_string_equal(cell(&csv, 0, 2), "");
    assert_string_equal(cell(&csv, 1, 2), "6");
    assert_int_equal(csv.line[0], 4);
    assert_int_equal(csv.line[1], 7);
    assert_int_equal(gndp_csv_column(&csv, "C D"), 2);
    assert_int_equal(gndp_csv_column(&csv, "e"), -1);
    gndp_csv_free(&csv);
    gndp_csv_free(NULL);
}

static void csv_quotes_hold_commas_line_ends_and_quotes(void **state)
{
    (void)state;
    gndp_csv csv = parsed("name,\"v,w\"\n\"a,\"\"b\"\"\n c\" ,1\n\"\",\"\"\nd,\"\"\n", true);
    assert_string_equal(csv.name[1], "v,w");
    assert_int_equal(csv.n_rows, 2); /* the row of two empty quotes holds nothing */
    assert_string_equal(cell(&csv, 0, 0), "a,\"b\"\n c");
    assert_string_equal(cell(&csv, 0, 1), "1");
    assert_string_equal(cell(&csv, 1, 1), "");
    assert_int_equal(csv.line[0], 2);
    assert_int_equal(csv.line[1], 5);
    gndp_csv_free(&csv);
}

static void csv_without_header_numbers_its_columns(void **state)
{
    (void)state;
    gndp_csv csv = parsed("1.5,2\n3,4\n", false);
    double x;
    assert_int_equal(csv.n_rows, 2);
    assert_string_equal(csv.name[1], "2");
    check_ok(gndp_csv_number(&csv, 0, 0, &x));
    assert_true(x == 1.5);
    check_failure(gndp_csv_number(&csv, 2, 0, &x), GNDP_ERR_RANGE, "row 2");
    gndp_csv_free(&csv);
}

static void csv_exact_name_wins_over_letter_case(void **state)
{
    (void)state;
    gndp_csv csv = parsed("Q,q\nx,y\n", true);
    assert_int_equal(gndp_csv_column(&csv, "q"), 1);
    assert_int_equal(gndp_csv_column(&csv, "Q"), 0);
    gndp_csv_free(&csv);
}

static void csv_refuses_with_file_and_line(void **state)
{
    (void)state;
    check_refused("a,b\n1,2\n3\n", 10, "t.csv:3: 1 cells where the first row has 2");
    check_refused("a,b\n1,2,3\n", 10, "t.csv:2: 3 cells");
    check_refused("a,b\n1,2\n\n\"3,4\n5,6\n", 18, "t.csv:4: the quote that opens in cell 1");
    check_refused("a,b\n1,2\"\n", 9, "t.csv:2: a quote within cell 2");
    check_refused("a,b\n\"1\"2,3\n", 11, "t.csv:2: text behind the closing quote of cell 1");
    check_refused("a,b\n1,\0002\n", 9, "t.csv:2: a NUL byte");
    check_refused("a,b\n\n\xFF,2\n", 9, "t.csv:3: byte FF");
    check_refused("a,b\n\xC3(,2\n", 9, "t.csv:2: byte C3");
    check_refused("a,b,a\n", 6, "t.csv:1: columns 1 and 3 are both called 'a'");
    check_refused("# c\na,-1e3\n", 11, "t.csv:2: column 2: '-1e3' is a number");
    check_refused("", 0, "t.csv is empty");
    check_refused("# only\n\n", 8, "t.csv is empty");
}

static void csv_number_refuses_what_is_none(void **state)
{
    static const char *const wrong[] = {"nan", "inf", "0x10", "1e400", "abc", "1..2", "1e",   "1 2",
                                        "--1", "",    "1,0",  "1d3",   ".",   "e5",   "1e5.0"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double x;
        if (gndp_number_parse(wrong[i], &x))
            fail_msg("'%s' was taken for %g", wrong[i], x);
    }
    gndp_csv csv = parsed("a,bc\n1,\x1b[31mred and a text that goes on and on\n", true);
    double x;
    check_failure(gndp_csv_number(&csv, 0, 1, &x), GNDP_ERR_FORMAT,
                  "t.csv:2: column 2 (bc): '?[31mred and a text that goes on and on'");
    gndp_csv_free(&csv);
}

/* What must hold of any text of a number: the reader agrees with strtod(), and written and read it
 * is the same. */
static void check_number(const char *text)
{
    double x;
    if (!gndp_number_parse(text, &x))
        fail_msg("'%s' was refused", text);
    const double want = strtod(text, NULL);
    if (memcmp(&x, &want, sizeof x) != 0)
        fail_msg("'%s' was read as %.17g, not %.17g", text, x, want);
    const gndp_number_string written = gndp_csv_number_text(x);
    if (!gndp_number_parse(written.text, &x) || memcmp(&x, &want, sizeof x) != 0)
        fail_msg("'%s' was written as '%s', read as %.17g", text, written.text, x);
}

static void check_numbers(void)
{
    static const char *const fixed[] = {"0",
                                        "-0",
                                        "1",
                                        "+1.5",
                                        ".5",
                                        "5.",
                                        "0.1",
                                        "123456789012345678",
                                        "9007199254740993",
                                        "1e22",
                                        "1e23",
                                        "1e-22",
                                        "1e-23",
                                        "0.000000000000000000000001",
                                        "4.9e-324",
                                        "1e-400",
                                        "1.7976931348623157e308",
                                        "000000000000000000000000000001.25",
                                        "2.2250738585072011e-308",
                                        "179.99999999999999",
                                        "6.0221407600000000000000000000e+23",
                                        "0e99999",
                                        "1E+2"};
    char text[64];
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        check_number(fixed[i]);
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t w[4];
        gndp_philox((const uint32_t[4]){i, 0, 0, 0}, (const uint32_t[2]){7, 9}, w);
        const int digits = (int)(w[0] % 20), exponent = (int)(w[3] % 60) - 30;
        const double m =
            ((double)w[1] + (double)w[2] * 0x1p-32) * pow(10.0, (double)(w[0] % 7) - 6);
        snprintf(text, sizeof text, i % 3 == 0 ? "%.*e" : "%.*f", digits,
                 i % 2 ? m : -m * pow(10.0, exponent));
        check_number(text);
    }
}

static void number_reads_as_strtod_and_back(void **state)
{
    (void)state;
    check_numbers();
}

static void number_has_a_point_in_every_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ru_RU.UTF-8"};
    bool found = false;
    double x;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]) != NULL &&
                strcmp(localeconv()->decimal_point, ".") != 0;
    if (!found) {
        print_message("no locale with a decimal comma here\n");
        skip();
    }
    assert_string_equal(gndp_csv_number_text(-0.25).text, "-0.25");
    assert_true(gndp_number_parse("1234567890.12345678901", &x));
    setlocale(LC_NUMERIC, "C");
    assert_true(x == 1234567890.12345678901);
}

static void csv_grows_with_its_rows(void **state)
{
    enum { ROWS = 5000 };
    char *text = malloc(ROWS * 24);
    size_t n = 0;
    (void)state;
    assert_non_null(text);
    n += (size_t)sprintf(text, "i,j\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, "%d,%d\n", i, 2 * i);
    gndp_csv csv;
    check_ok(gndp_csv_parse("t.csv", text, n, true, &csv));
    free(text); /* nothing points into what the caller gave */
    assert_int_equal(csv.n_rows, ROWS);
    for (int i = 0; i < ROWS; i++) {
        double x;
        check_ok(gndp_csv_number(&csv, i, 1, &x));
        assert_true(x == 2.0 * i);
        assert_int_equal(csv.line[i], i + 2);
    }
    gndp_csv_free(&csv);
}

static void csv_read_names_what_it_cannot_read(void **state)
{
    gndp_csv csv;
    (void)state;
    check_failure(gndp_csv_read("there/is/no/such.csv", true, &csv), GNDP_ERR_IO,
                  "cannot read there/is/no/such.csv: No such file");
    gndp_csv_free(&csv);
    check_failure(gndp_csv_read(".", true, &csv), GNDP_ERR_IO, "it is a folder");
    gndp_csv_free(&csv);
    check_failure(gndp_csv_read(NULL, true, &csv), GNDP_ERR_ARG, "path");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(csv_cells_names_and_lines_are_those_of_the_text),
    cmocka_unit_test(csv_quotes_hold_commas_line_ends_and_quotes),
    cmocka_unit_test(csv_without_header_numbers_its_columns),
    cmocka_unit_test(csv_exact_name_wins_over_letter_case),
    cmocka_unit_test(csv_refuses_with_file_and_line),
    cmocka_unit_test(csv_number_refuses_what_is_none),
    cmocka_unit_test(number_reads_as_strtod_and_back),
    cmocka_unit_test(number_has_a_point_in_every_locale),
    cmocka_unit_test(csv_grows_with_its_rows),
    cmocka_unit_test(csv_read_names_what_it_cannot_read),
};

GNDP_TEST_MAIN(tests)
