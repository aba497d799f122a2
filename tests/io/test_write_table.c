// SPDX-License-Identifier: Apache-2.0
// Tables of numbers: what is written is what netCDF finds; what cannot be written is refused.
#include "write_case.h"

#include <gndp/write.h>
#include <math.h>
#include <netcdf.h>
#include <unistd.h>

static const char *const rows[] = {"ensemble", "gp"};
static const double values[] = {1.0, 2.0, 3.0, (double)NAN, 5.0, 6.0}, one = 0.5;

static gndp_table table_of(gndp_table_dim dim[2], gndp_table_var var[2])
{
    static const gndp_attribute attribute = {"title", "a table"};
    dim[0] = (gndp_table_dim){"forecast", 2, rows};
    dim[1] = (gndp_table_dim){"rank", 3, NULL};
    var[0] = (gndp_table_var){.name = "share", .long_name = "a share", .units = "1", .rank = 2, .dim = {0, 1}, .value = values};
    var[1] = (gndp_table_var){.name = "single", .value = &one};
    return (gndp_table){.n_dims = 2, .dim = dim, .n_vars = 2, .var = var, .n_attributes = 1, .attribute = &attribute};
}

static void table_comes_back_as_it_was(void **state)
{
    (void)state;
    gndp_table_dim dim[2];
    gndp_table_var var[2];
    const gndp_table table = table_of(dim, var);
    int nc, id;
    double back[6], fill, single;
    char label[2][8], units[4] = "";
    assert_int_equal(gndp_table_write(&table, "t.nc", NULL), GNDP_OK);
    assert_int_equal(nc_open("t.nc", NC_NOWRITE, &nc), NC_NOERR);
    assert_int_equal(nc_inq_varid(nc, "share", &id), NC_NOERR);
    assert_int_equal(nc_get_var_double(nc, id, back), NC_NOERR);
    assert_int_equal(nc_get_att_double(nc, id, "_FillValue", &fill), NC_NOERR);
    assert_int_equal(nc_get_att_text(nc, id, "units", units), NC_NOERR);
    assert_string_equal(units, "1");
    for (int i = 0; i < 6; i++)
        assert_true(back[i] == (i == 3 ? fill : values[i]));
    assert_int_equal(nc_inq_varid(nc, "single", &id), NC_NOERR);
    assert_int_equal(nc_get_var_double(nc, id, &single), NC_NOERR);
    assert_true(single == one);
    assert_int_equal(nc_inq_varid(nc, "forecast", &id), NC_NOERR);
    assert_int_equal(nc_get_var_text(nc, id, label[0]), NC_NOERR);
    assert_memory_equal(label[0], "ensemble", 8);
    assert_memory_equal(label[1], "gp\0\0\0\0\0\0", 8);
    assert_int_equal(nc_close(nc), NC_NOERR);
    assert_int_equal(access("t.nc.part", F_OK), -1);
}

static void table_refuses_what_cannot_be(void **state)
{
    (void)state;
    gndp_table_dim dim[2];
    gndp_table_var var[2];
    gndp_write_options options = gndp_write_options_default();
    gndp_table table = table_of(dim, var);
    assert_int_equal(gndp_table_write(&table, "t.nc", &options), GNDP_OK);
    assert_int_equal(gndp_table_write(&table, "t.nc", &options), GNDP_ERR_STATE);
    options.overwrite = true;
    assert_int_equal(gndp_table_write(&table, "t.nc", &options), GNDP_OK);
    var[1].name = "share";
    assert_int_equal(gndp_table_write(&table, "u.nc", NULL), GNDP_ERR_ARG);
    var[1].name = "forecast"; /* the names of rows have it */
    assert_int_equal(gndp_table_write(&table, "u.nc", NULL), GNDP_ERR_ARG);
    var[1].name = "a/b";
    assert_int_equal(gndp_table_write(&table, "u.nc", NULL), GNDP_ERR_ARG);
    table = table_of(dim, var);
    var[0].dim[1] = 2;
    assert_int_equal(gndp_table_write(&table, "u.nc", NULL), GNDP_ERR_ARG);
    table = table_of(dim, var);
    dim[1].size = 0;
    assert_int_equal(gndp_table_write(&table, "u.nc", NULL), GNDP_ERR_SHAPE);
    dim[1] = dim[0];
    assert_int_equal(gndp_table_write(&table, "u.nc", NULL), GNDP_ERR_ARG);
    table = table_of(dim, var);
    assert_int_equal(gndp_table_write(&table, "none/u.nc", NULL), GNDP_ERR_IO);
    assert_int_equal(gndp_table_write(NULL, "u.nc", NULL), GNDP_ERR_ARG);
    assert_int_equal(access("u.nc", F_OK), -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(table_comes_back_as_it_was, folder_setup, folder_teardown),
    cmocka_unit_test_setup_teardown(table_refuses_what_cannot_be, folder_setup, folder_teardown),
};
GNDP_TEST_MAIN(tests)
