// SPDX-License-Identifier: Apache-2.0
// Fields on points of their own: files of gndp_write_tracks() read back, and row sizes that cannot
// be.
#include "support/test_main.h"

#include <math.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gndp/io.h>
#include <gndp/write.h>

enum { FIELDS = 3, POINTS = 6 };
static const int64_t first[FIELDS + 1] = {0, 2, 3, 6};
static const double places[2 * POINTS] = {0.5,  -1.25, 7.0, 1.0 / 3.0, 2.0,  -3.0,
                                          4.25, 0.125, -6., 8.0,       -0.5, 9.0};

static char path[] = "/tmp/gndp-ragged-XXXXXX";

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != GNDP_OK)                                                                     \
            fail_msg("%s: %s", #call, gndp_last_error());                                          \
    } while (0)

/* Three fields of a vector channel and a scalar with one missing value. */
static int write_set(void **state)
{
    const char *parts[2] = {"a", "b"};
    gndp_channel channel[2] = {gndp_channel_vector("w", "m s-1", 2, parts),
                               gndp_channel_scalar("s", "K")};
    gndp_field_label label[FIELDS];
    double values[POINTS * 3];
    uint8_t present[POINTS * 2];
    gndp_fieldset *set = NULL;
    (void)state;
    for (int f = 0; f < FIELDS; f++)
        label[f] = (gndp_field_label){.time_s = (double)NAN, .member = 10 + f};
    for (int i = 0; i < POINTS * 3; i++)
        values[i] = 0.25 * i - 1.0;
    memset(present, 1, sizeof present);
    present[2 * 4 + 1] = 0; /* the scalar of point 4 */
    const gndp_fieldset_spec spec = {
        .n_fields = FIELDS,
        .coords = {.columns = 2,
                   .n = POINTS,
                   .x = places,
                   .axis = {{.name = "x1", .units = "1"}, {.name = "x2", .units = "1"}}},
        .first = first,
        .n_channels = 2,
        .channel = channel,
        .label = label,
        .origin = "test"};
    const gndp_array array = gndp_array_view(gndp_type_2d(GNDP_F64, POINTS, 3), values);
    strcpy(path + strlen(path) - 6, "XXXXXX");
    const int fd = mkstemp(path);
    if (fd < 0 || close(fd) != 0 || unlink(path) != 0)
        return -1;
    const gndp_write_options options = gndp_write_options_default();
    const bool made = gndp_fieldset_create(&spec, &array, present, &set) == GNDP_OK &&
                      gndp_write_tracks(set, path, &options) == GNDP_OK;
    gndp_fieldset_free(set);
    if (!made)
        print_error("%s\n", gndp_last_error());
    return made ? 0 : -1;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static gndp_status open_set(const gndp_read_options *options, gndp_fieldset **out)
{
    const char *const paths[1] = {path};
    return gndp_netcdf_open(paths, 1, options, out);
}

static void ragged_comes_back_as_it_was(void **state)
{
    (void)state;
    gndp_fieldset *set = NULL;
    assert_ok(open_set(NULL, &set));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, FIELDS);
    assert_int_equal(spec->n_channels, 2);
    assert_int_equal(spec->channel[0].kind, GNDP_CHANNEL_VECTOR);
    assert_string_equal(spec->channel[0].name, "w");
    assert_string_equal(spec->channel[1].units, "K");
    assert_string_equal(spec->coords.axis[1].name, "x2");
    for (int64_t f = 0; f < FIELDS; f++) {
        double x[2 * POINTS], y[3 * POINTS];
        uint8_t present[3 * POINTS];
        const int64_t n = first[f + 1] - first[f];
        assert_int_equal(gndp_fieldset_points(set, f), n);
        assert_int_equal(spec->label[f].member, 10 + f);
        assert_ok(gndp_fieldset_coords(set, f, x));
        assert_ok(gndp_fieldset_read(set, 1, &f, n, NULL, y, present));
        for (int64_t i = 0; i < n; i++) {
            const int64_t at = first[f] + i;
            assert_true(x[2 * i] == places[2 * at] && x[2 * i + 1] == places[2 * at + 1]);
            for (int p = 0; p < 3; p++) {
                assert_int_equal(present[3 * i + p], !(at == 4 && p == 2));
                if (present[3 * i + p])
                    assert_true(y[3 * i + p] ==
                                0.25 * (double)(3 * at + p) - 1.0); /* exact as floats */
            }
        }
    }
    gndp_fieldset_free(set);
}

static void ragged_takes_variables_and_members(void **state)
{
    (void)state;
    gndp_fieldset *set = NULL;
    const char *const var[1] = {"s"};
    const int64_t member[2] = {12, 10};
    gndp_read_options options = gndp_read_options_default();
    options.var = var;
    options.n_vars = 1;
    options.member = member;
    options.n_members = 2;
    assert_ok(open_set(&options, &set));
    assert_int_equal(gndp_fieldset_get_spec(set)->n_fields, 2);
    assert_int_equal(gndp_fieldset_components(set), 1);
    assert_int_equal(gndp_fieldset_points(set, 1), 3);
    gndp_fieldset_free(set);
    options.has_box = true;
    options.south = -10.0;
    options.north = 10.0;
    assert_int_equal(open_set(&options, &set), GNDP_ERR_UNSUPPORTED);
    assert_null(set);
}

/* Row sizes of a stranger: none may be below 1, and their sum is the number of observations. */
static void ragged_refuses_row_sizes_that_cannot_be(void **state)
{
    (void)state;
    static const int sizes[][FIELDS] = {
        {2, 0, 4}, {2, -1, 5}, {2, 1, 4}, {1, 1, 1}, {2, 1, 2147483647}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int nc, var;
        gndp_fieldset *set = NULL;
        assert_int_equal(nc_open(path, NC_WRITE, &nc), NC_NOERR);
        assert_int_equal(nc_inq_varid(nc, "rowSize", &var), NC_NOERR);
        assert_int_equal(nc_put_var_int(nc, var, sizes[i]), NC_NOERR);
        assert_int_equal(nc_close(nc), NC_NOERR);
        assert_int_equal(open_set(NULL, &set), GNDP_ERR_FORMAT);
        assert_null(set);
        assert_non_null(strstr(gndp_last_error(), "rowSize"));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(ragged_comes_back_as_it_was, write_set, remove_file),
    cmocka_unit_test_setup_teardown(ragged_takes_variables_and_members, write_set, remove_file),
    cmocka_unit_test_setup_teardown(ragged_refuses_row_sizes_that_cannot_be, write_set,
                                    remove_file),
};

GNDP_TEST_MAIN(tests)
