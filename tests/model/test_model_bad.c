// SPDX-License-Identifier: Apache-2.0
// Model files that are cut, changed, or say what cannot be: an error with the file's name, and nothing else.
#include "model/model_case.h"

#include <gndp/write.h>

static void write_one(const char *path)
{
    gndp_fieldset *set = region(0);
    gndp_model *model = model_from("data: {normalise: climatology}\nscore: {hidden: 8, heads: 2, layers: 1}", set);
    must(gndp_model_write(model, path, true));
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

static char *load(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(1 << 22);
    assert_true(file != NULL && text != NULL);
    *bytes = fread(text, 1, 1 << 22, file);
    fclose(file);
    return text;
}

static void save(const char *path, const char *text, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    fclose(file);
}

static void assert_refused(const char *path, gndp_status expected, const char *what)
{
    gndp_model *model = NULL;
    const gndp_status st = gndp_model_read(path, &model);
    if (st == GNDP_OK || (expected != GNDP_OK && st != expected) || strstr(gndp_last_error(), path) == NULL)
        fail_msg("%s: %s: %s", what, gndp_status_name(st), st == GNDP_OK ? "" : gndp_last_error());
    assert_null(model);
}

static void model_refuses_files_that_are_cut(void **state)
{
    (void)state;
    size_t bytes;
    write_one("good.nc");
    char *text = load("good.nc", &bytes);
    for (int i = 0; i <= 20; i++) {
        save("cut.nc", text, i == 20 ? bytes - 1 : bytes * (size_t)i / 20);
        assert_refused("cut.nc", GNDP_ERR_FORMAT, "cut");
    }
    assert_refused("none.nc", GNDP_ERR_IO, "no file");
    free(text);
}

static void model_refuses_files_with_a_changed_byte(void **state)
{
    (void)state;
    size_t bytes;
    write_one("good.nc");
    char *text = load("good.nc", &bytes);
    for (size_t i = 0; i < 60; i++) {
        const size_t at = (i * 7919 * 131) % bytes;
        text[at] ^= (char)(1 << i % 8);
        save("flipped.nc", text, bytes);
        assert_refused("flipped.nc", GNDP_ERR_FORMAT, "flipped");
        text[at] ^= (char)(1 << i % 8);
    }
    free(text);
}

typedef gndp_status (*change)(gndp_archive *archive);

static gndp_status put_rows(gndp_archive *archive, const char *name, int64_t rows, int64_t columns, double value)
{
    gndp_array a = {0};
    must(gndp_array_create(gndp_type_2d(GNDP_F64, rows, columns), &a));
    for (int64_t i = 0; i < rows * columns; i++)
        ((double *)a.data)[i] = value;
    const gndp_status st = gndp_archive_put(archive, name, &a);
    gndp_array_free(&a);
    return st;
}

static gndp_status later_version(gndp_archive *a)
{
    return gndp_archive_put_integer(a, "gndp_model", 99);
}
static gndp_status negative_scale(gndp_archive *a)
{
    return put_rows(a, "normaliser/scale", 1, 1, -1.0);
}
static gndp_status no_mean(gndp_archive *a)
{
    return put_rows(a, "normaliser/mean", 0, 1, 0.0);
}
static gndp_status nan_mean(gndp_archive *a)
{
    return put_rows(a, "normaliser/mean", 1, 1, (double)NAN);
}
static gndp_status short_climatology(gndp_archive *a)
{
    return put_rows(a, "normaliser/climatology", 5, 1, 0.0);
}
static gndp_status long_climatology(gndp_archive *a)
{
    return put_rows(a, "normaliser/climatology", 500, 1, 0.0);
}
static gndp_status no_scale_of_x(gndp_archive *a)
{
    return gndp_archive_put_number(a, "frame/x_scale", (double)NAN);
}
static gndp_status other_frame(gndp_archive *a)
{
    return gndp_archive_put_integer(a, "frame/kind", 0);
}
static gndp_status unknown_frame(gndp_archive *a)
{
    return gndp_archive_put_integer(a, "frame/kind", 7);
}
static gndp_status polar_plane(gndp_archive *a)
{
    return gndp_archive_put_number(a, "frame/lat0_deg", 91.0);
}
static gndp_status negative_step(gndp_archive *a)
{
    return gndp_archive_put_integer(a, "progress/step", -1);
}
static gndp_status huge_step(gndp_archive *a)
{
    return gndp_archive_put_integer(a, "progress/step", INT64_C(1) << 40);
}
static gndp_status nan_seconds(gndp_archive *a)
{
    return put_rows(a, "progress/rest", 1, 4, (double)NAN);
}
static gndp_status no_seconds(gndp_archive *a)
{
    return put_rows(a, "progress/rest", 0, 4, 0.0);
}
static gndp_status larger_net(gndp_archive *a)
{
    return gndp_archive_put_text(a, "config", "score: {hidden: 65536, heads: 2, layers: 1000}");
}
static gndp_status other_net(gndp_archive *a)
{
    return gndp_archive_put_text(a, "config", "score: {net: egnn, hidden: 4, heads: 2, layers: 1}");
}
static gndp_status no_config(gndp_archive *a)
{
    return gndp_archive_put_text(a, "config", "nonsense: 1");
}
static gndp_status many_channels(gndp_archive *a)
{
    return gndp_archive_put_integer(a, "fields/channels", 4000);
}
static gndp_status no_channels(gndp_archive *a)
{
    return gndp_archive_put_integer(a, "fields/channels", 0);
}
static gndp_status short_axis(gndp_archive *a)
{
    return put_rows(a, "axis0/value", 2, 1, 3.0);
}
static gndp_status no_axis(gndp_archive *a)
{
    return put_rows(a, "axis1/value", 0, 1, 3.0);
}
static gndp_status many_parts(gndp_archive *a)
{
    return gndp_archive_put_integer(a, "channel0/parts", 4);
}
static gndp_status other_hash(gndp_archive *a)
{
    return gndp_archive_put_text(a, "hash", "0123456789abcdef");
}
static gndp_status long_name(gndp_archive *a)
{
    static char text[500];
    memset(text, 'n', sizeof text - 1);
    return gndp_archive_put_text(a, "channel0/name", text);
}

static void model_refuses_files_that_lie(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        change make;
    } lie[] = {{"later version", later_version}, {"negative scale", negative_scale}, {"no mean", no_mean}, {"NaN mean", nan_mean},
               {"short climatology", short_climatology}, {"long climatology", long_climatology}, {"no x scale", no_scale_of_x},
               {"other frame", other_frame}, {"unknown frame", unknown_frame}, {"polar plane", polar_plane}, {"negative step", negative_step},
               {"huge step", huge_step}, {"NaN seconds", nan_seconds}, {"no seconds", no_seconds}, {"larger net", larger_net},
               {"other net", other_net}, {"no config", no_config}, {"many channels", many_channels}, {"no channels", no_channels},
               {"short axis", short_axis}, {"no axis", no_axis}, {"many parts", many_parts}, {"other hash", other_hash}, {"long name", long_name}};
    write_one("good.nc");
    for (size_t i = 0; i < sizeof lie / sizeof *lie; i++) {
        gndp_archive *archive = NULL;
        must(gndp_archive_read("good.nc", &archive));
        must(lie[i].make(archive));
        must(gndp_archive_write(archive, "lie.nc"));
        gndp_archive_free(archive);
        assert_refused("lie.nc", GNDP_OK, lie[i].name);
    }
}

/* An archive of something else. */
static void model_refuses_archives_that_hold_none(void **state)
{
    (void)state;
    gndp_archive *archive = NULL;
    must(gndp_archive_create(&archive));
    must(gndp_archive_put_text(archive, "title", "something else"));
    must(gndp_archive_write(archive, "other.nc"));
    gndp_archive_free(archive);
    assert_refused("other.nc", GNDP_ERR_FORMAT, "no model");
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(model_refuses_files_that_are_cut),
    IN_FOLDER(model_refuses_files_with_a_changed_byte),
    IN_FOLDER(model_refuses_files_that_lie),
    IN_FOLDER(model_refuses_archives_that_hold_none),
};

GNDP_TEST_MAIN(tests)
