// SPDX-License-Identifier: Apache-2.0
// A file of 20 GB, nearly all of it never written, read in parts with little memory.
#include "io/netcdf_case.h"

#include <sys/wait.h>

#include "base/asan.h"

/* hourly(time unlimited, lat, lon): 5000 x 1000 x 1000 floats are 20 GB; the chunks of all but a
   few times are never written. */
enum { NT = 5000, NLAT = 1000, NLON = 1000 };

static const int64_t written[] = {0, 17, 18, 19, 2500, NT - 1};
enum { N_WRITTEN = sizeof written / sizeof *written };

static double value_at(int64_t t, int64_t i, int64_t j)
{
    return (double)(t % 1000) + 0.25 * (double)(i % 64) + 0.5 * (double)(j % 128);
}

static void make_large(const char *path)
{
    const int nc = create(path, NC_NETCDF4);
    int dim[3];
    dim[0] = add_dim(nc, "time", NC_UNLIMITED);
    const int when = add_var(nc, "time", NC_DOUBLE, 1, dim, "time", "hours since 2000-01-01");
    const int lat = add_axis(nc, "lat", NLAT, "latitude", "degrees_north", &dim[1]);
    const int lon = add_axis(nc, "lon", NLON, "longitude", "degrees_east", &dim[2]);
    const int var = add_var(nc, "t2m", NC_FLOAT, 3, dim, NULL, "K");
    const size_t chunk[3] = {4, 250, 250}, times[1] = {1024};
    const float fill = 1e20F;
    NC(nc_def_var_chunking(nc, var, NC_CHUNKED, chunk));
    NC(nc_def_var_deflate(nc, var, 1, 1, 1));
    NC(nc_def_var_fill(nc, var, NC_FILL, &fill));
    NC(nc_def_var_chunking(nc, when, NC_CHUNKED, times));
    NC(nc_enddef(nc));
    double *hours = calloc(NT, sizeof *hours);
    float *field = calloc((size_t)NLAT * NLON, sizeof *field);
    assert_true(hours != NULL && field != NULL);
    for (int t = 0; t < NT; t++)
        hours[t] = t;
    const size_t first = 0, all = NT;
    NC(nc_put_vara_double(nc, when, &first, &all, hours));
    double axis[NLAT];
    for (int i = 0; i < NLAT; i++)
        axis[i] = -89.91 + 0.18 * i;
    put(nc, lat, axis);
    for (int j = 0; j < NLON; j++)
        axis[j] = 0.36 * j;
    put(nc, lon, axis);
    for (int k = 0; k < N_WRITTEN; k++) {
        const size_t start[3] = {(size_t)written[k], 0, 0}, count[3] = {1, NLAT, NLON};
        for (int i = 0; i < NLAT; i++)
            for (int j = 0; j < NLON; j++)
                field[(int64_t)i * NLON + j] = (float)value_at(written[k], i, j);
        NC(nc_put_vara_float(nc, var, start, count, field));
    }
    NC(nc_close(nc));
    free(hours);
    free(field);
}

/* Peak of resident memory of this process, in KiB, since it began or reset_peak(). */
static long peak_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib;
}

static void reset_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file != NULL) {
        fputs("5", file);
        fclose(file);
    }
}

static bool is_written(int64_t t)
{
    for (int k = 0; k < N_WRITTEN; k++)
        if (written[k] == t)
            return true;
    return false;
}

/* A box and a span of days, read whole; then single points of the full grid through all times. */
static int read_parts(const char *path)
{
    gndp_read_options o = gndp_read_options_default();
    gndp_fieldset *set = NULL;
    int wrong = 0;
    o.has_box = true;
    o.west = -20.0, o.east = 30.0, o.south = 35.0, o.north = 70.0;
    o.time = "2000-01-01/2000-01-02";
    if (gndp_netcdf_open(&path, 1, &o, &set) != GNDP_OK)
        return 1;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int64_t n = spec->coords.n, n_lon = spec->coords.axis[1].size;
    double *values = calloc((size_t)(48 * n), sizeof *values);
    uint8_t *present = calloc((size_t)(48 * n), 1);
    int64_t field[48];
    for (int64_t t = 0; t < 48; t++)
        field[t] = t;
    wrong += spec->n_fields != 48;
    wrong += gndp_fieldset_read(set, 48, field, n, NULL, values, present) != GNDP_OK;
    for (int64_t t = 0; t < 48 && wrong == 0; t++)
        for (int64_t k = 0; k < n; k++) {
            const int64_t i = llrint((spec->coords.axis[0].value[k / n_lon] + 89.91) / 0.18);
            const int64_t j =
                llrint(fmod(spec->coords.axis[1].value[k % n_lon] + 360.0, 360.0) / 0.36);
            wrong += present[t * n + k] != is_written(t);
            wrong += is_written(t) && values[t * n + k] != value_at(t, i, j);
        }
    gndp_fieldset_free(set);
    if (wrong != 0 || gndp_netcdf_open(&path, 1, NULL, &set) != GNDP_OK)
        return 1;
    int64_t point[50];
    for (int64_t k = 0; k < 50; k++)
        point[k] = (k * 7919 * 127) % (NLAT * NLON);
    for (int64_t t = 0; t < NT; t += t < 20 ? 1 : 245) { /* 2500 and 4999 - 9 among them or not */
        const int64_t now = t > 2490 && t < 2740 ? 2500 : t;
        wrong += gndp_fieldset_read(set, 1, &now, 50, point, values, present) != GNDP_OK;
        for (int64_t k = 0; k < 50; k++) {
            wrong += present[k] != is_written(now);
            wrong +=
                is_written(now) && values[k] != value_at(now, point[k] / NLON, point[k] % NLON);
        }
    }
    gndp_fieldset_free(set);
    free(values);
    free(present);
    return wrong != 0;
}

static void netcdf_large_parts_of_20_gb_take_less_than_300_mb(void **state)
{
    (void)state;
    const path_text path = scratch("large.nc");
    int result[2], status = 0;
    make_large(path.text);
    assert_int_equal(pipe(result), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        reset_peak(); /* what making the file took is not what reading takes */
        const int wrong = read_parts(path.text);
        const long kib = peak_kib();
        if (wrong != 0)
            fprintf(stderr, "%s\n", gndp_last_error());
        _exit(write(result[1], &kib, sizeof kib) == (ssize_t)sizeof kib ? wrong : 2);
    }
    long kib = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(read(result[0], &kib, sizeof kib), sizeof kib);
    close(result[0]);
    close(result[1]);
    print_message("peak %ld KiB\n", kib);
    /* A sanitizer keeps freed memory aside and its own tables beside. */
    if (!GNDP_HAS_ASAN)
        assert_in_range(kib, 1, 300 * 1000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(netcdf_large_parts_of_20_gb_take_less_than_300_mb),
};
GNDP_TEST_MAIN(tests)
