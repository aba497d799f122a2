// SPDX-License-Identifier: Apache-2.0
// Images: MNIST as its README has it, IDX, CIFAR and PNG made here, what is refused; a field as PNG
// and back.
#include "io/table_case.h"

#include <dirent.h>
#include <math.h>
#include <png.h>
#include <stdint.h>
#include <sys/stat.h>
#include <zlib.h>

#include <gndp/images.h>

static gndp_fieldset *open_images(const char *path, const char *labels)
{
    gndp_fieldset *set = NULL;
    check_ok(gndp_images_open(path, labels, &set));
    assert_non_null(set);
    return set;
}

static const gndp_fieldset_spec *spec_of(const gndp_fieldset *set)
{
    return gndp_fieldset_get_spec(set);
}

/* All values of one field; free() it. */
static double *values_of(const gndp_fieldset *set, int64_t f)
{
    const int64_t n = gndp_fieldset_points(set, f);
    double *y = malloc((size_t)(n * gndp_fieldset_components(set)) * sizeof *y);
    assert_non_null(y);
    check_ok(gndp_fieldset_read(set, 1, &f, n, NULL, y, NULL));
    return y;
}

static void check_refused(const char *path, const char *labels, gndp_status wanted,
                          const char *message)
{
    gndp_fieldset *set = NULL;
    check_failure(gndp_images_open(path, labels, &set), wanted, message);
    assert_null(set);
}

/* ---- MNIST ---------------------------------------------------------------------------------- */

static void images_mnist_is_what_its_readme_says(void **state)
{
    (void)state;
    static const int64_t digits[10] = {773, 905, 834, 803, 788, 723, 756, 813, 787, 818};
    const data_path path = data_file("mnist8000-images-idx3-ubyte.gz");
    const data_path labels = data_file("mnist8000-labels-idx1-ubyte.gz");
    gndp_fieldset *set = open_images(path.text, labels.text);
    const gndp_fieldset_spec *spec = spec_of(set);
    int64_t counts[10] = {0};
    assert_int_equal(spec->n_fields, 8000);
    assert_int_equal(spec->coords.n, 28 * 28);
    assert_int_equal(spec->coords.layout, GNDP_LAYOUT_PRODUCT);
    assert_string_equal(spec->coords.axis[0].name, "row");
    assert_string_equal(spec->coords.axis[1].name, "column");
    assert_true(spec->coords.axis[0].value[0] == -27.0 / 28.0 &&
                spec->coords.axis[1].value[27] == 27.0 / 28.0);
    assert_string_equal(spec->channel[0].name, "intensity");
    for (int64_t f = 0; f < 8000; f++) {
        assert_int_equal(spec->label[f].id[1], '\0');
        counts[spec->label[f].id[0] - '0']++;
    }
    assert_memory_equal(counts, digits, sizeof digits);
    assert_string_equal(spec->label[0].id, "7"); /* the test set of MNIST begins 7, 2, 1, 0, 4 */
    assert_string_equal(spec->label[4].id, "4");
    gndp_component_stats stats;
    check_ok(gndp_fieldset_stats(set, &stats));
    assert_true(stats.low == 0.0 && stats.high == 1.0 && stats.missing == 0);
    assert_true(fabs(stats.mean - 0.130) < 0.0005);
    gndp_fieldset_free(set);
    set = open_images(path.text, NULL);
    assert_true(spec_of(set)->label == NULL || spec_of(set)->label[0].id == NULL);
    gndp_fieldset_free(set);
    check_refused(labels.text, NULL, GNDP_ERR_FORMAT, "holds labels, not images");
    check_refused(path.text, path.text, GNDP_ERR_FORMAT, "labels have one");
}

/* ---- IDX ------------------------------------------------------------------------------------ */

static size_t put_header(unsigned char *b, int type, int dims, const uint32_t *size)
{
    b[0] = b[1] = 0;
    b[2] = (unsigned char)type;
    b[3] = (unsigned char)dims;
    for (int d = 0; d < dims; d++)
        for (int i = 0; i < 4; i++)
            b[4 + 4 * d + i] = (unsigned char)(size[d] >> (24 - 8 * i));
    return 4 + 4 * (size_t)dims;
}

static void write_gzip(const char *path, const void *bytes, unsigned n)
{
    gzFile f = gzopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, bytes, n), n);
    assert_int_equal(gzclose(f), Z_OK);
}

static void images_idx_reads_alike_plain_and_compressed(void **state)
{
    (void)state;
    unsigned char b[1000];
    const uint32_t size[4] = {3, 4, 5, 3};
    const data_path path = scratch_file("i.idx");
    for (int dims = 2; dims <= 4; dims++) {
        size_t n = put_header(b, 8, dims, size), header = n;
        const int64_t count = dims == 2 ? 1 : 3, rows = dims == 2 ? 3 : 4,
                      columns = dims == 2 ? 4 : 5;
        const int64_t P = dims == 4 ? 3 : 1, each = rows * columns * P;
        for (int64_t i = 0; i < count * each; i++)
            b[n++] = (unsigned char)(7 * i + 1);
        for (int gzip = 0; gzip < 2; gzip++) {
            if (gzip)
                write_gzip(path.text, b, (unsigned)n);
            else
                write_bytes(path.text, b, n);
            gndp_fieldset *set = open_images(path.text, NULL);
            assert_int_equal(spec_of(set)->n_fields, count);
            assert_int_equal(spec_of(set)->coords.axis[0].size, rows);
            assert_int_equal(spec_of(set)->coords.axis[1].size, columns);
            assert_int_equal(gndp_fieldset_components(set), P);
            for (int64_t f = count - 1; f >= 0; f--) {
                double *y = values_of(set, f);
                for (int64_t i = 0; i < each; i++)
                    assert_true(y[i] == b[header + (size_t)(f * each + i)] / 255.0);
                const int64_t point[2] = {rows * columns - 1, 0};
                double two[6];
                check_ok(gndp_fieldset_read(set, 1, &f, 2, point, two, NULL));
                assert_memory_equal(two, y + (each - P), (size_t)P * sizeof *y);
                assert_memory_equal(two + P, y, (size_t)P * sizeof *y);
                free(y);
            }
            gndp_fieldset_free(set);
        }
    }
    unlink(path.text);
}

static void images_idx_refuses_what_its_header_does_not_hold(void **state)
{
    (void)state;
    unsigned char b[64] = {0};
    const uint32_t size[4] = {2, 3, 4, 9}, zero[3] = {2, 0, 4},
                   huge[4] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, 9};
    const data_path path = scratch_file("i.idx");
    const size_t n = put_header(b, 8, 3, size) + 24;
    write_bytes(path.text, b, n - 1);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "claims 40 bytes and has 39");
    write_bytes(path.text, b, n + 1);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "claims 40 bytes and has 41");
    write_gzip(path.text, b, (unsigned)n - 1);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "ends before the 24 bytes");
    write_gzip(path.text, b, (unsigned)n + 1);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "holds more than the 24 bytes");
    write_bytes(path.text, b, 9);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "ends before the 16 bytes");
    put_header(b, 0x0D, 3, size);
    write_bytes(path.text, b, n);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "type 0x0D (float)");
    put_header(b, 8, 3, zero);
    write_bytes(path.text, b, n);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "size 0 along dimension 2");
    put_header(b, 8, 3, huge);
    write_gzip(path.text, b, (unsigned)n);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "more values than there are numbers");
    put_header(b, 8, 4, size);
    write_bytes(path.text, b, 20 + 24);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "claims 236 bytes");
    b[3] = 7;
    write_bytes(path.text, b, n);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "7 dimensions");
    write_bytes(path.text, "hello", 5);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "neither IDX, PNG nor a batch of CIFAR");
    write_bytes(path.text, "", 0);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "is empty");
    unlink(path.text);
    check_refused("there/is/none.idx", NULL, GNDP_ERR_IO, "there/is/none.idx");
}

static void images_idx_labels_must_be_as_many_as_images(void **state)
{
    (void)state;
    unsigned char b[64] = {0}, l[16] = {0};
    const uint32_t size[3] = {2, 3, 4}, three = 3, two = 2;
    const data_path path = scratch_file("i.idx"), labels = scratch_file("l.idx");
    write_bytes(path.text, b, put_header(b, 8, 3, size) + 24);
    write_bytes(labels.text, l, put_header(l, 8, 1, &three) + 3);
    check_refused(path.text, labels.text, GNDP_ERR_FORMAT, "holds 3 labels for 2 images");
    l[8] = 255;
    l[9] = 0;
    write_gzip(labels.text, l, (unsigned)put_header(l, 8, 1, &two) + 2);
    gndp_fieldset *set = open_images(path.text, labels.text);
    assert_string_equal(spec_of(set)->label[0].id, "255");
    assert_string_equal(spec_of(set)->label[1].id, "0");
    assert_true(isnan(spec_of(set)->label[0].time_s) && spec_of(set)->label[0].member == -1);
    /* The file shrinks behind the set: an error, not zeros. */
    write_bytes(path.text, b, 20);
    double y[12];
    const int64_t last = 1;
    check_failure(gndp_fieldset_read(set, 1, &last, 12, NULL, y, NULL), GNDP_ERR_FORMAT,
                  "became shorter");
    gndp_fieldset_free(set);
    unlink(path.text);
    unlink(labels.text);
}

/* ---- CIFAR ---------------------------------------------------------------------------------- */

static void images_cifar_planes_are_red_green_blue(void **state)
{
    (void)state;
    enum { PIXELS = 1024 };
    unsigned char *b = malloc(3 * (2 + 3 * PIXELS));
    const data_path path = scratch_file("data_batch_1.bin");
    assert_non_null(b);
    for (int label_bytes = 1; label_bytes <= 2; label_bytes++) {
        size_t n = 0;
        for (int f = 0; f < 3; f++) {
            if (label_bytes == 2)
                b[n++] = 19;
            b[n++] = (unsigned char)(label_bytes == 1 ? 3 * f : 33 * f + 30);
            for (int p = 0; p < 3; p++)
                for (int i = 0; i < PIXELS; i++)
                    b[n++] = (unsigned char)(i + 50 * p + f);
        }
        write_bytes(path.text, b, n);
        gndp_fieldset *set = open_images(path.text, NULL);
        assert_int_equal(spec_of(set)->n_fields, 3);
        assert_int_equal(spec_of(set)->n_channels, 3);
        assert_string_equal(spec_of(set)->channel[1].name, "green");
        assert_string_equal(spec_of(set)->label[2].id, label_bytes == 1 ? "6" : "96");
        double *y = values_of(set, 2);
        for (int i = 0; i < PIXELS; i++)
            for (int p = 0; p < 3; p++)
                assert_true(y[3 * i + p] == (unsigned char)(i + 50 * p + 2) / 255.0);
        free(y);
        gndp_fieldset_free(set);
        b[label_bytes - 1] = label_bytes == 1 ? 10 : 100; /* no such class */
        write_bytes(path.text, b, n);
        check_refused(path.text, NULL, GNDP_ERR_FORMAT, "neither IDX, PNG nor a batch of CIFAR");
    }
    free(b);
    unlink(path.text);
}

/* ---- PNG ------------------------------------------------------------------------------------ */

/* Written by libpng itself, not by the code under test. */
static void write_png(const char *path, uint32_t w, uint32_t h, int depth, int colour,
                      int interlace, const unsigned char *rows, size_t row_bytes)
{
    FILE *f = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    const png_color palette[4] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {51, 102, 153}};
    assert_non_null(f);
    png_init_io(png, f);
    png_set_IHDR(png, info, w, h, depth, colour, interlace, 0, 0);
    if (colour == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 4);
    png_write_info(png, info);
    for (int pass = png_set_interlace_handling(png); pass > 0; pass--)
        for (uint32_t y = 0; y < h; y++)
            png_write_row(png, rows + y * row_bytes);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(f), 0);
}

static void check_png(const char *path, int components, const double *want, int n)
{
    gndp_fieldset *set = open_images(path, NULL);
    assert_int_equal(spec_of(set)->n_fields, 1);
    assert_int_equal(gndp_fieldset_components(set), components);
    assert_non_null(strstr(path, spec_of(set)->label[0].id));
    double *y = values_of(set, 0);
    for (int i = 0; i < n; i++)
        assert_true(y[i] == want[i]);
    free(y);
    gndp_fieldset_free(set);
}

static void images_png_of_any_kind_is_numbers_from_0_to_1(void **state)
{
    (void)state;
    const data_path path = scratch_file("a.png");
    static const unsigned char grey8[6] = {0, 51, 255, 128, 1, 254};
    double want[32];
    for (int i = 0; i < 6; i++)
        want[i] = grey8[i] / 255.0;
    for (int interlace = 0; interlace < 2; interlace++) {
        write_png(path.text, 3, 2, 8, PNG_COLOR_TYPE_GRAY, interlace, grey8, 3);
        check_png(path.text, 1, want, 6);
    }
    write_png(path.text, 1, 2, 8, PNG_COLOR_TYPE_RGB, 0, grey8, 3);
    check_png(path.text, 3, want, 6);
    write_png(path.text, 3, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, 0, grey8, 6);
    check_png(path.text, 2, want, 6);
    write_png(path.text, 1, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, 0, grey8, 4);
    check_png(path.text, 4, want, 4);
    for (int i = 0; i < 3; i++) /* 16 bits, most significant byte first */
        want[i] = (grey8[2 * i] * 256 + grey8[2 * i + 1]) / 65535.0;
    write_png(path.text, 3, 1, 16, PNG_COLOR_TYPE_GRAY, 0, grey8, 6);
    check_png(path.text, 1, want, 3);
    write_png(path.text, 4, 1, 2, PNG_COLOR_TYPE_GRAY, 0, (const unsigned char[1]){0x1b},
              1); /* 0 1 2 3 of 3 */
    check_png(path.text, 1, (const double[4]){0.0, 85.0 / 255.0, 170.0 / 255.0, 1.0}, 4);
    write_png(path.text, 2, 1, 2, PNG_COLOR_TYPE_PALETTE, 0, (const unsigned char[1]){0x70},
              1); /* colours 1, 3 */
    check_png(path.text, 3,
              (const double[6]){0.0, 1.0, 0.0, 51.0 / 255.0, 102.0 / 255.0, 153.0 / 255.0}, 6);
    unlink(path.text);
}

static void images_png_cut_or_lying_is_refused(void **state)
{
    (void)state;
    const data_path path = scratch_file("a.png");
    unsigned char rows[30 * 30], b[2048];
    for (int i = 0; i < 900; i++)
        rows[i] = (unsigned char)(i * i);
    write_png(path.text, 30, 30, 8, PNG_COLOR_TYPE_GRAY, 0, rows, 30);
    FILE *f = fopen(path.text, "rb");
    assert_non_null(f);
    const size_t n = fread(b, 1, sizeof b, f);
    fclose(f);
    for (size_t cut = 8; cut < n; cut += 41) {
        write_bytes(path.text, b, cut);
        check_refused(path.text, NULL, GNDP_ERR_FORMAT, "is no whole PNG");
    }
    /* 60000 x 60000 pixels claimed, with the checksum that libpng wants of such a header. */
    b[18] = b[22] = 0xEA;
    b[19] = b[23] = 0x60;
    const uint32_t crc = (uint32_t)crc32(0, b + 12, 17);
    for (int i = 0; i < 4; i++)
        b[29 + i] = (unsigned char)(crc >> (24 - 8 * i));
    write_bytes(path.text, b, n);
    check_refused(path.text, NULL, GNDP_ERR_FORMAT, "claims more pixels than the file can hold");
    unlink(path.text);
}

static void images_png_folder_holds_one_size_in_order_of_names(void **state)
{
    (void)state;
    data_path folder = scratch_file("images"), a = folder, b = folder, other = folder;
    static const unsigned char one[4] = {1, 2, 3, 4}, two[4] = {5, 6, 7, 8};
    assert_int_equal(mkdir(folder.text, 0700), 0);
    check_refused(folder.text, NULL, GNDP_ERR_NOT_FOUND, "no file in this folder ends in .png");
    strcat(a.text, "/a.png");
    strcat(b.text, "/B.PNG");
    strcat(other.text, "/other.txt");
    write_png(a.text, 2, 2, 8, PNG_COLOR_TYPE_GRAY, 0, one, 2);
    write_png(b.text, 2, 2, 8, PNG_COLOR_TYPE_GRAY, 0, two, 2);
    write_bytes(other.text, "x", 1);
    gndp_fieldset *set = open_images(folder.text, NULL);
    assert_int_equal(spec_of(set)->n_fields, 2);
    assert_string_equal(spec_of(set)->label[0].id, "B.PNG");
    double *y = values_of(set, 1);
    assert_true(y[3] == 4.0 / 255.0);
    free(y);
    gndp_fieldset_free(set);
    write_png(b.text, 1, 4, 8, PNG_COLOR_TYPE_GRAY, 0, two, 1);
    check_refused(folder.text, NULL, GNDP_ERR_SHAPE, "a.png has 2 x 2 pixels of 1 components, ");
    unlink(a.text);
    unlink(b.text);
    unlink(other.text);
    rmdir(folder.text);
}

/* ---- Out ------------------------------------------------------------------------------------ */

/* A field of bytes / 255 on two axes, latitude ascending on the sphere. */
static gndp_fieldset *make_set(gndp_space space, int P, const double *y, const uint8_t *present)
{
    static const double down[2] = {10.0, 20.0}, right[3] = {1.0, 2.0, 3.0};
    gndp_channel channel[4];
    gndp_fieldset *set = NULL;
    for (int p = 0; p < P; p++)
        channel[p] = gndp_channel_scalar((const char *[]){"a", "b", "c", "d"}[p], "1");
    const gndp_fieldset_spec spec = {.n_fields = 1,
                                     .coords = {.space = space,
                                                .layout = GNDP_LAYOUT_PRODUCT,
                                                .columns = 2,
                                                .axis = {{.name = "p", .size = 2, .value = down},
                                                         {.name = "q", .size = 3, .value = right}},
                                                .n = 6},
                                     .n_channels = P,
                                     .channel = channel,
                                     .origin = "here"};
    const gndp_array values =
        gndp_array_view(gndp_type_3d(GNDP_F64, 1, 6, P), (void *)(uintptr_t)y);
    check_ok(gndp_fieldset_create(&spec, &values, present, &set));
    return set;
}

static void images_written_read_back_the_same(void **state)
{
    (void)state;
    const data_path path = scratch_file("w.png");
    double y[24];
    for (int i = 0; i < 24; i++)
        y[i] = 10 * i / 255.0;
    for (int P = 1; P <= 4; P++) {
        gndp_fieldset *set = make_set(GNDP_SPACE_EUCLIDEAN, P, y, NULL);
        check_ok(gndp_image_write(set, 0, path.text, true));
        check_png(path.text, P, y, 6 * P);
        gndp_fieldset_free(set);
    }
    gndp_fieldset *set = make_set(GNDP_SPACE_EUCLIDEAN, 1, y, NULL);
    check_failure(gndp_image_write(set, 0, path.text, false), GNDP_ERR_STATE, path.text);
    check_failure(gndp_image_write(set, 1, path.text, true), GNDP_ERR_RANGE, "field 1");
    gndp_fieldset_free(set);
    unlink(path.text);
}

static void images_written_have_north_up_and_are_clipped(void **state)
{
    (void)state;
    const data_path path = scratch_file("w.png");
    const double y[6] = {-1.0, 0.5, 2.0, 0.2, 0.4, 0.6};
    const uint8_t present[6] = {1, 1, 1, 1, 0, 1};
    const double want[6] = {51.0 / 255.0, 0.0, 153.0 / 255.0, 0.0, 128.0 / 255.0, 1.0};
    gndp_fieldset *set = make_set(GNDP_SPACE_SPHERE, 1, y, present);
    check_ok(gndp_image_write(set, 0, path.text, true));
    check_png(path.text, 1, want, 6);
    gndp_fieldset_free(set);
    unlink(path.text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(images_mnist_is_what_its_readme_says),
    cmocka_unit_test(images_idx_reads_alike_plain_and_compressed),
    cmocka_unit_test(images_idx_refuses_what_its_header_does_not_hold),
    cmocka_unit_test(images_idx_labels_must_be_as_many_as_images),
    cmocka_unit_test(images_cifar_planes_are_red_green_blue),
    cmocka_unit_test(images_png_of_any_kind_is_numbers_from_0_to_1),
    cmocka_unit_test(images_png_cut_or_lying_is_refused),
    cmocka_unit_test(images_png_folder_holds_one_size_in_order_of_names),
    cmocka_unit_test(images_written_read_back_the_same),
    cmocka_unit_test(images_written_have_north_up_and_are_clipped),
};

GNDP_TEST_MAIN(tests)
