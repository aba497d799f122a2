// SPDX-License-Identifier: Apache-2.0
// Events on the sphere: counts of the real files, headers of all kinds or none, repeated places.
#include "io/track_case.h"

static gndp_fieldset *open_events(const char *path, bool distinct)
{
    gndp_fieldset *set = NULL;
    check_ok(gndp_events_open(path, distinct, &set));
    assert_non_null(set);
    return set;
}

static void check_file(const char *name, int64_t rows, double first_lat, double first_lon)
{
    const data_path path = data_file(name);
    gndp_fieldset *set = open_events(path.text, false);
    assert_int_equal(storms_of(set), rows);
    assert_true(gndp_fieldset_shared(set));
    assert_int_equal(gndp_fieldset_points(set, 0), 1);
    storm s = read_storm(set, 0);
    assert_int_equal(s.P, 3);
    assert_true(s.days[0] == 0.0); /* the coordinate "index" */
    check_place(&s, 0, first_lat, first_lon);
    free_storm(&s);
    gndp_fieldset *distinct = open_events(path.text, true);
    assert_true(storms_of(distinct) <= rows);
    gndp_fieldset_free(distinct);
    gndp_fieldset_free(set);
}

static void events_files_hold_what_their_readme_says(void **state)
{
    (void)state;
    check_file("events_fire.csv", 10247, -25.088, 152.358);
    check_file("events_flood.csv", 3900, 35.8142, 5.23026);
    check_file("events_quakes_all.csv", 4896, 31.1, 35.5);
    check_file("events_volerup.csv", 662, -30.2, -178.47);
}

static gndp_fieldset *from_text(const char *text, bool distinct)
{
    const data_path path = scratch_text("events.csv", text);
    gndp_fieldset *set = open_events(path.text, distinct);
    unlink(path.text);
    return set;
}

static void events_repeated_places_are_dropped_on_request(void **state)
{
    (void)state;
    static const char *const rows =
        "10,180\n20,5\n10,-180\n90,0\n10,540\n90,77\n20,5\n20,365\n-90,1\n20,6\n";
    gndp_fieldset *set = from_text(rows, false);
    assert_int_equal(storms_of(set), 10);
    gndp_fieldset_free(set);
    set = from_text(rows, true);
    assert_int_equal(storms_of(set), 5); /* 10 N 180; 20 N 5; the poles; 20 N 6: in this order */
    const double want[5][2] = {{10, 180}, {20, 5}, {90, 0}, {-90, 0}, {20, 6}};
    for (int f = 0; f < 5; f++) {
        storm s = read_storm(set, f);
        check_place(&s, 0, want[f][0], want[f][1]);
        free_storm(&s);
    }
    gndp_fieldset_free(set);
}

static void events_columns_are_found_by_name(void **state)
{
    (void)state;
    gndp_fieldset *set =
        from_text("# c\nname,LONGITUDE,Latitude\nEtna,15,37.7\n\"A, B\",1,2\n", false);
    assert_int_equal(storms_of(set), 2);
    storm s = read_storm(set, 0);
    check_place(&s, 0, 37.7, 15.0);
    free_storm(&s);
    gndp_fieldset_free(set);
}

static void check_refused(const char *text, gndp_status wanted, const char *message)
{
    gndp_fieldset *set = NULL;
    const data_path path = scratch_text("events.csv", text);
    check_failure(gndp_events_open(path.text, false, &set), wanted, message);
    assert_null(set);
    unlink(path.text);
}

static void events_refuse_with_the_line(void **state)
{
    (void)state;
    check_refused("1,2\n3\n", GNDP_ERR_FORMAT, ":2: 1 cells");
    check_refused("1,2\n91,3\n", GNDP_ERR_RANGE, ":2: latitude 91");
    check_refused("1,2\n1,1000\n", GNDP_ERR_RANGE, ":2: longitude 1000");
    check_refused("lat,lon\n1,nan\n", GNDP_ERR_FORMAT, ":2: column 2: 'nan'");
    check_refused("lat,lon\n", GNDP_ERR_FORMAT, "a header but no rows");
    check_refused("a,b\n1,2\n", GNDP_ERR_FORMAT, ":1: there is no column of latitude");
    check_refused("1,2,3\n", GNDP_ERR_FORMAT, ":1: 3 cells; without a header");
    check_refused("# nothing\n", GNDP_ERR_FORMAT, "is empty");
    check_refused("1,2\n3,\xff\n", GNDP_ERR_FORMAT, ":2: byte FF");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(events_files_hold_what_their_readme_says),
    cmocka_unit_test(events_repeated_places_are_dropped_on_request),
    cmocka_unit_test(events_columns_are_found_by_name),
    cmocka_unit_test(events_refuse_with_the_line),
};

GNDP_TEST_MAIN(tests)
