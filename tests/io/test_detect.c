// SPDX-License-Identifier: Apache-2.0
// What kind of file a file is, and any kind of set opened by it.
#include "io/netcdf_case.h"

#include <sys/stat.h>
#include <zlib.h>

#include <gndp/write.h>

static void check_kind(const char *path, gndp_file_kind kind)
{
    gndp_file_kind found = GNDP_FILE_UNKNOWN;
    if (gndp_file_detect(path, &found) != GNDP_OK)
        fail_msg("%s", gndp_last_error());
    if (found != kind)
        fail_msg("%s: %s, not %s", path, gndp_file_kind_name(found), gndp_file_kind_name(kind));
}

static void check_unknown(const char *path, gndp_status code, const char *piece)
{
    gndp_file_kind found = GNDP_FILE_FIELDS;
    assert_int_equal(gndp_file_detect(path, &found), code);
    assert_non_null(strstr(gndp_last_error(), path));
    if (strstr(gndp_last_error(), piece) == NULL)
        fail_msg("'%s' is not in: %s", piece, gndp_last_error());
}

static path_text write_bytes(const char *name, const void *bytes, size_t n)
{
    const path_text path = scratch(name);
    FILE *file = fopen(path.text, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
    return path;
}

static path_text write_text(const char *name, const char *text)
{
    return write_bytes(name, text, strlen(text));
}

static void detect_knows_the_kind_of_every_real_file(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        gndp_file_kind kind;
    } cases[] = {
        {"era5_t2m_uk_2019-03.nc", GNDP_FILE_FIELDS},
        {"era5_z_t_members_3deg.nc", GNDP_FILE_FIELDS},
        {"eraint_uvz.nc", GNDP_FILE_FIELDS},
        {"winds_monthly_2p5deg.nc", GNDP_FILE_FIELDS},
        {"A1B_north_america.nc", GNDP_FILE_FIELDS},
        {"ostia_monthly.nc", GNDP_FILE_FIELDS},
        {"basin_mask.nc", GNDP_FILE_FIELDS},
        {"IBTrACS.SP.v04r00.nc", GNDP_FILE_TRACKS},
        {"ibtracs_north_atlantic_2000-2021.csv", GNDP_FILE_TRACKS_CSV},
        {"events_fire.csv", GNDP_FILE_EVENTS},
        {"events_flood.csv", GNDP_FILE_EVENTS},
        {"events_quakes_all.csv", GNDP_FILE_EVENTS},
        {"events_volerup.csv", GNDP_FILE_EVENTS},
        {"mnist8000-images-idx3-ubyte.gz", GNDP_FILE_IMAGES},
        {"mnist8000-labels-idx1-ubyte.gz", GNDP_FILE_IMAGES},
        {"bad/ibtracs_numobs_lies.nc", GNDP_FILE_TRACKS},
        {"bad/csv_no_header.csv", GNDP_FILE_TRACKS_CSV},
        {"bad/csv_ragged.csv", GNDP_FILE_TRACKS_CSV},
        {"bad/csv_invalid_utf8.csv", GNDP_FILE_TRACKS_CSV},
        {"bad/csv_out_of_domain.csv", GNDP_FILE_TRACKS_CSV},
        {"bad/idx_wrong_magic.gz", GNDP_FILE_IMAGES},
        {"bad/idx_count_lies.gz", GNDP_FILE_IMAGES},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        check_kind(data_file(cases[c].file).text, cases[c].kind);
    check_unknown(data_file("bad/grib_renamed.nc").text, GNDP_ERR_FORMAT, "looks like GRIB");
    check_unknown(data_file("bad/truncated_netcdf4.nc").text, GNDP_ERR_FORMAT, "truncated");
    check_unknown(data_file("bad/classic_huge_dims.nc").text, GNDP_ERR_FORMAT, "header is wrong");
}

static void detect_reads_headers_of_tables(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        gndp_file_kind kind;
    } cases[] = {
        {"time,lat,lon,variable,value,units,sigma\n", GNDP_FILE_OBSERVATIONS},
        {"\xEF\xBB\xBF\"Latitude\" , \"Longitude\",t2m\r\n1,2,3\r\n", GNDP_FILE_OBSERVATIONS},
        {"# notes\n\n,,,\nx1,x2,y1\n0,1,2\n", GNDP_FILE_OBSERVATIONS},
        {"x,y\n0,1\n", GNDP_FILE_OBSERVATIONS},
        {"lat,lon\n1,2\n", GNDP_FILE_EVENTS},
        {"# of somebody\n-25.088,152.358\n", GNDP_FILE_EVENTS},
        {"SID,SEASON,ISO_TIME,LAT,LON\n ,Year,,degrees_north,degrees_east\n", GNDP_FILE_TRACKS_CSV},
        {"AL092011,              IRENE,     39,\n", GNDP_FILE_TRACKS_CSV},
        {"AL, 09, 2011082106,   , BEST,   0, 149N,  585W,  45, 1006, TS\n", GNDP_FILE_TRACKS_CSV},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        check_kind(write_text("table.csv", cases[c].text).text, cases[c].kind);
    check_unknown(write_text("poem.txt", "Roses are red\n").text, GNDP_ERR_FORMAT, "Roses are red");
    check_unknown(write_text("evil.csv", "\x1b[2J%n%s,b\n").text, GNDP_ERR_FORMAT, "'?[2J%n%s'");
    check_unknown(write_text("empty.csv", "").text, GNDP_ERR_FORMAT, "is empty");
}

static void detect_hints_at_formats_that_it_does_not_read(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *hint;
    } cases[] = {
        {"GRIB\0\0\0\2xxxx", 12, "cdo -f nc4 copy"},
        {"PK\3\4xxxxxxxx", 12, "unzip"},
        {"BZh91AY&SY\0", 11, "bunzip2"},
        {"\xFD"
         "7zXZ\0xxxx",
         10, "unxz"},
        {"\x28\xB5\x2F\xFDxxxx\0", 9, "unzstd"},
        {"\x0E\x03\x13\x01xxxx", 8, "HDF4"},
        {"<!DOCTYPE html>\n", 16, "web page"},
        {"\1\2\3\4\5\6\7", 7, "unknown file format"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        check_unknown(write_bytes("strange.nc", cases[c].bytes, cases[c].n).text, GNDP_ERR_FORMAT,
                      cases[c].hint);
    gndp_file_kind kind;
    assert_int_equal(gndp_file_detect("/nowhere/at/all", &kind), GNDP_ERR_IO);
    assert_int_equal(gndp_file_detect("/dev/null", &kind), GNDP_ERR_IO);
    assert_int_equal(gndp_file_detect(NULL, &kind), GNDP_ERR_ARG);
    const path_text gz = scratch("table.csv.gz");
    gzFile file = gzopen(gz.text, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, "lat,lon\n1,2\n", 12), 12);
    assert_int_equal(gzclose(file), Z_OK);
    check_unknown(gz.text, GNDP_ERR_FORMAT, "gunzip");
}

static void detect_knows_images_voxels_archives_and_standard_input(void **state)
{
    (void)state;
    unsigned char idx[16 + 4] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4};
    check_kind(write_bytes("images", idx, sizeof idx).text, GNDP_FILE_IMAGES);
    check_kind(write_bytes("a.png", "\211PNG\r\n\032\nxxxx", 12).text, GNDP_FILE_IMAGES);
    check_kind(write_bytes("v.vox", "GNDPVOX1\1\0\0\0", 12).text, GNDP_FILE_VOXELS);
    unsigned char *batch = calloc(2, 3073);
    assert_non_null(batch);
    check_kind(write_bytes("batch.bin", batch, 2 * 3073).text, GNDP_FILE_IMAGES);
    check_unknown(write_bytes("batch.dat", batch, 2 * 3073).text, GNDP_ERR_FORMAT, "unknown");
    free(batch);
    check_kind("-", GNDP_FILE_OBSERVATIONS);
    const path_text folder = scratch("folder");
    assert_int_equal(mkdir(folder.text, 0777), 0);
    check_kind(folder.text, GNDP_FILE_IMAGES);
    gndp_archive *archive = NULL;
    check_ok(gndp_archive_create(&archive));
    check_ok(gndp_archive_put_number(archive, "a", 1.0));
    const path_text path = scratch("model.nc");
    check_ok(gndp_archive_write(archive, path.text));
    gndp_archive_free(archive);
    check_kind(path.text, GNDP_FILE_ARCHIVE);
    REFUSED(path.text, NULL, GNDP_ERR_FORMAT, "model.nc", "not fields");
}

/* ---- Opening any kind ------------------------------------------------------------------------ */

static gndp_status open_any(const char *path, const gndp_read_options *o, gndp_fieldset **set)
{
    return gndp_file_open(&path, 1, o, set);
}

static void file_open_takes_every_kind_of_set(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int64_t fields;
        const char *channel;
    } cases[] = {
        {"era5_t2m_uk_2019-03.nc", 595, "t2m"},
        {"IBTrACS.SP.v04r00.nc", 990, "position"}, /* main tracks; those of one fix are dropped */
        {"events_volerup.csv", 662, "position"},
        {"mnist8000-images-idx3-ubyte.gz", 8000, "intensity"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        gndp_fieldset *set = NULL;
        check_ok(open_any(data_file(cases[c].file).text, NULL, &set));
        const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
        if (c == 1)
            assert_in_range(spec->n_fields, 900, cases[c].fields);
        else
            assert_int_equal(spec->n_fields, cases[c].fields);
        assert_string_equal(spec->channel[0].name, cases[c].channel);
        gndp_fieldset_free(set);
    }
}

static void file_open_refuses_options_that_do_not_apply(void **state)
{
    (void)state;
    static const char *const var[1] = {"wind"};
    const path_text tracks = data_file("ibtracs_north_atlantic_2000-2021.csv");
    const path_text images = data_file("mnist8000-images-idx3-ubyte.gz");
    gndp_fieldset *set = NULL;
    gndp_read_options o = gndp_read_options_default();
    o.var = var;
    o.n_vars = 1;
    assert_int_equal(open_any(tracks.text, &o, &set), GNDP_ERR_UNSUPPORTED);
    assert_non_null(strstr(gndp_last_error(), "from which variables cannot be chosen"));
    o = gndp_read_options_default();
    o.has_box = true;
    assert_int_equal(open_any(images.text, &o, &set), GNDP_ERR_UNSUPPORTED);
    assert_non_null(strstr(gndp_last_error(), "a box"));
    o = gndp_read_options_default();
    o.time = "2001";
    assert_int_equal(open_any(images.text, &o, &set), GNDP_ERR_UNSUPPORTED);
    check_ok(open_any(tracks.text, &o, &set)); /* a time applies to tracks */
    gndp_fieldset_free(set);
    const char *const both[2] = {tracks.text, tracks.text};
    assert_int_equal(gndp_file_open(both, 2, NULL, &set), GNDP_ERR_UNSUPPORTED);
    assert_non_null(strstr(gndp_last_error(), "one file is read at a time"));
    const path_text table = write_text("obs.csv", "lat,lon,t2m\n1,2,280\n");
    assert_int_equal(open_any(table.text, NULL, &set), GNDP_ERR_UNSUPPORTED);
    assert_non_null(strstr(gndp_last_error(), "holds observations"));
    assert_null(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(detect_knows_the_kind_of_every_real_file),
    cmocka_unit_test(detect_reads_headers_of_tables),
    cmocka_unit_test(detect_hints_at_formats_that_it_does_not_read),
    cmocka_unit_test(detect_knows_images_voxels_archives_and_standard_input),
    cmocka_unit_test(file_open_takes_every_kind_of_set),
    cmocka_unit_test(file_open_refuses_options_that_do_not_apply),
};
GNDP_TEST_MAIN(tests)
