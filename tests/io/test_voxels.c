// SPDX-License-Identifier: Apache-2.0
// Voxels: the bytes of the form, its round trip, headers that lie.
#include "io/table_case.h"

#include <math.h>
#include <stdint.h>

#include <gndp/images.h>

enum { HEADER = 32 };

static size_t put_header(unsigned char *b, const int32_t number[6])
{
    memcpy(b, "GNDPVOX1", 8);
    for (int k = 0; k < 6; k++)
        for (int i = 0; i < 4; i++)
            b[8 + 4 * k + i] = (unsigned char)((uint32_t)number[k] >> 8 * i);
    return HEADER;
}

static gndp_fieldset *open_voxels(const char *path)
{
    gndp_fieldset *set = NULL;
    check_ok(gndp_voxels_open(path, &set));
    assert_non_null(set);
    return set;
}

static void voxels_bytes_are_scaled_and_floats_are_not(void **state)
{
    (void)state;
    unsigned char b[400];
    const data_path path = scratch_file("v.vox");
    const int64_t one = 1;
    double y[24];
    uint8_t present[24];
    size_t n = put_header(b, (const int32_t[6]){2, 2, 3, 4, 1, 0});
    for (int i = 0; i < 48; i++)
        b[n++] = (unsigned char)(5 * i);
    write_bytes(path.text, b, n);
    gndp_fieldset *set = open_voxels(path.text);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 2);
    assert_string_equal(spec->coords.axis[0].name, "z");
    assert_string_equal(spec->coords.axis[2].name, "x");
    assert_int_equal(spec->coords.axis[1].size, 3);
    assert_true(spec->coords.axis[2].value[0] == -0.75 && spec->coords.axis[2].value[3] == 0.75);
    assert_string_equal(spec->channel[0].name, "value");
    check_ok(gndp_fieldset_read(set, 1, &one, 24, NULL, y, NULL));
    for (int i = 0; i < 24; i++)
        assert_true(y[i] == 5 * (24 + i) / 255.0);
    gndp_fieldset_free(set);
    /* 1.0, -2.5, NaN and the smallest float, by their bits. */
    const uint32_t word[4] = {0x3f800000, 0xc0200000, 0x7fc00000, 0x00000001};
    n = put_header(b, (const int32_t[6]){1, 1, 1, 2, 2, 1});
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 4; i++)
            b[n++] = (unsigned char)(word[k] >> 8 * i);
    write_bytes(path.text, b, n);
    set = open_voxels(path.text);
    const int64_t zero = 0;
    assert_string_equal(gndp_fieldset_get_spec(set)->channel[1].name, "value2");
    check_ok(gndp_fieldset_read(set, 1, &zero, 2, NULL, y, present));
    assert_true(y[0] == 1.0 && y[1] == -2.5 && y[2] == 0.0 && y[3] == 0x1p-149);
    assert_memory_equal(present, ((const uint8_t[4]){1, 1, 0, 1}), 4);
    check_failure(gndp_fieldset_read(set, 1, &zero, 2, NULL, y, NULL), GNDP_ERR_NONFINITE,
                  "point 1");
    gndp_fieldset_free(set);
    unlink(path.text);
}

static void voxels_written_read_back_the_same(void **state)
{
    (void)state;
    static const double z[2] = {0, 1}, yy[2] = {-1, 1}, x[3] = {5, 6, 8};
    const data_path path = scratch_file("v.vox");
    double v[2 * 12 * 2], back[24];
    uint8_t present[2 * 12 * 2], there[24];
    gndp_fieldset *set = NULL;
    for (int i = 0; i < 48; i++) {
        v[i] = (double)(float)(sin(i) * pow(10.0, i - 20));
        present[i] = i % 7 != 3;
    }
    const gndp_channel channel[2] = {gndp_channel_scalar("a", "K"), gndp_channel_scalar("b", "1")};
    const gndp_fieldset_spec spec = {.n_fields = 2,
                                     .coords = {.space = GNDP_SPACE_EUCLIDEAN,
                                                .layout = GNDP_LAYOUT_PRODUCT,
                                                .columns = 3,
                                                .axis = {{.name = "z", .size = 2, .value = z},
                                                         {.name = "y", .size = 2, .value = yy},
                                                         {.name = "x", .size = 3, .value = x}},
                                                .n = 12},
                                     .n_channels = 2,
                                     .channel = channel,
                                     .origin = "here"};
    const gndp_array values = gndp_array_view(gndp_type_3d(GNDP_F64, 2, 12, 2), v);
    check_ok(gndp_fieldset_create(&spec, &values, present, &set));
    check_ok(gndp_voxels_write(set, path.text, false));
    check_failure(gndp_voxels_write(set, path.text, false), GNDP_ERR_STATE, path.text);
    gndp_fieldset_free(set);
    set = open_voxels(path.text);
    for (int64_t f = 0; f < 2; f++) {
        check_ok(gndp_fieldset_read(set, 1, &f, 12, NULL, back, there));
        for (int i = 0; i < 24; i++) {
            assert_int_equal(there[i], present[24 * f + i]);
            assert_true(!there[i] || back[i] == v[24 * f + i]);
        }
    }
    gndp_fieldset_free(set);
    unlink(path.text);
}

static void check_refused(const int32_t number[6], size_t payload, const char *message)
{
    static unsigned char b[4096];
    gndp_fieldset *set = NULL;
    const data_path path = scratch_file("v.vox");
    put_header(b, number);
    write_bytes(path.text, b, HEADER + payload);
    check_failure(gndp_voxels_open(path.text, &set), GNDP_ERR_FORMAT, message);
    assert_null(set);
    unlink(path.text);
}

static void voxels_headers_that_lie_are_refused(void **state)
{
    (void)state;
    gndp_fieldset *set = NULL;
    check_refused((const int32_t[6]){1, 2, 2, 2, 1, 1}, 31, "claims 64 bytes and has 63");
    check_refused((const int32_t[6]){1, 2, 2, 2, 1, 1}, 33, "claims 64 bytes and has 65");
    check_refused((const int32_t[6]){1, 2, 0, 2, 1, 1}, 0, "number 3 of the header is 0");
    check_refused((const int32_t[6]){-1, 2, 2, 2, 1, 1}, 32, "number 1 of the header is negative");
    check_refused((const int32_t[6]){1, 2, 2, 2, 1, 2}, 32, "type 2");
    check_refused((const int32_t[6]){INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, 64, 1}, 32,
                  "more values");
    check_refused((const int32_t[6]){INT32_MAX, INT32_MAX, 2, 1, 1, 0}, 32, "claims");
    const data_path path = scratch_text("v.vox", "GNDPVOX1");
    check_failure(gndp_voxels_open(path.text, &set), GNDP_ERR_FORMAT,
                  "does not begin with the 32 bytes");
    unlink(path.text);
    check_failure(gndp_voxels_open("there/is/none.vox", &set), GNDP_ERR_IO, "there/is/none.vox");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(voxels_bytes_are_scaled_and_floats_are_not),
    cmocka_unit_test(voxels_written_read_back_the_same),
    cmocka_unit_test(voxels_headers_that_lie_are_refused),
};

GNDP_TEST_MAIN(tests)
