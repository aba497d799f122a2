// SPDX-License-Identifier: Apache-2.0
// A small file of fields with every kind of channel, values that follow from their indices, and
// what must be found of it in NetCDF.
#ifndef GNDP_TESTS_IO_WRITER_CASE_H
#define GNDP_TESTS_IO_WRITER_CASE_H

#include "write_case.h"

#include <gndp/write.h>
#include <math.h>
#include <netcdf.h>

enum {
    N_LAT = 4,
    N_LON = 6,
    N_POINTS = N_LAT * N_LON,
    N_TIMES = 3,
    N_MEMBERS = 2,
    N_COMPONENTS = 6
};

static const double case_lat[N_LAT] = {60.0, 57.5, 55.0, 52.5};
static const double case_lon[N_LON] = {-10.0, -7.5, -5.0, -2.5, 0.0, 2.5};
static const double case_time[N_TIMES] = {1551398400.0, 1551420000.0,
                                          1551441600.0}; /* 2019-03-01 00, 06, 12 */
static const int64_t case_member[N_MEMBERS] = {3, 7};

/* t2m, wind (u10, v10), heading (a point of S²). */
static inline void case_channels(gndp_channel channel[3])
{
    static const char *const parts[] = {"u10", "v10"};
    channel[0] = gndp_channel_scalar("t2m", "K");
    strcpy(channel[0].part[0].standard_name, "air_temperature");
    strcpy(channel[0].part[0].long_name, "2 metre temperature");
    strcpy(channel[0].cell_methods, "time: mean");
    channel[1] = gndp_channel_vector("wind", "m s-1", 2, parts);
    strcpy(channel[1].part[0].standard_name, "eastward_wind");
    strcpy(channel[1].part[1].standard_name, "northward_wind");
    channel[2] = gndp_channel_sphere("heading");
}

static inline gndp_coords case_grid(void)
{
    return (gndp_coords){
        .space = GNDP_SPACE_SPHERE,
        .layout = GNDP_LAYOUT_PRODUCT,
        .columns = 2,
        .axis = {{.name = "latitude", .units = "degrees_north", .size = N_LAT, .value = case_lat},
                 {.name = "longitude", .units = "degrees_east", .size = N_LON, .value = case_lon}},
        .n = N_POINTS};
}

static const gndp_attribute case_attribute[] = {
    {"title", "a title"}, {"institution", "an institution"}, {"history", "once: made"}};

static inline gndp_field_file case_file(const gndp_channel *channel)
{
    return (gndp_field_file){.coords = case_grid(),
                             .n_channels = 3,
                             .channel = channel,
                             .calendar = GNDP_CALENDAR_STANDARD,
                             .n_times = N_TIMES,
                             .time_s = case_time,
                             .reference_time_s = (double)NAN,
                             .n_members = N_MEMBERS,
                             .member = case_member,
                             .n_attributes = 3,
                             .attribute = case_attribute};
}

/* Value of a scalar or component; differs in its last bits between float and double. */
static inline double case_value(int64_t time, int64_t member, int64_t point, int component)
{
    return 250.0 + (double)(time * 40 + member * 17) + (double)point / 7.0 +
           (double)component / 3.0;
}

static inline bool case_missing(int64_t time, int64_t member, int64_t point, int channel)
{
    return (time + 2 * member + point + channel) % 5 == 0;
}

/* Degrees with decimals, so that the noise of a unit vector shows. */
static inline void case_heading(int64_t time, int64_t member, int64_t point, double *lat,
                                double *lon)
{
    *lat = -80.0 + 6.3 * (double)point + 0.1 * (double)time;
    *lon = -170.0 + 13.7 * (double)point + (double)member;
}

/* Channel of a component. */
static inline int case_channel(int component)
{
    return component == 0 ? 0 : component < 3 ? 1 : 2;
}

static inline void case_field(int64_t time, int64_t member, double values[N_POINTS * N_COMPONENTS],
                              uint8_t present[N_POINTS * N_COMPONENTS])
{
    for (int64_t i = 0; i < N_POINTS; i++) {
        double lat, lon;
        case_heading(time, member, i, &lat, &lon);
        const double vector[3] = {cos(lat * M_PI / 180.0) * cos(lon * M_PI / 180.0),
                                  cos(lat * M_PI / 180.0) * sin(lon * M_PI / 180.0),
                                  sin(lat * M_PI / 180.0)};
        for (int p = 0; p < N_COMPONENTS; p++) {
            const bool missing = case_missing(time, member, i, case_channel(p));
            present[i * N_COMPONENTS + p] = !missing;
            values[i * N_COMPONENTS + p] = missing ? (double)NAN
                                           : p < 3 ? case_value(time, member, i, p)
                                                   : vector[p - 3];
        }
    }
}

static inline void case_put_member(gndp_field_writer *writer, int64_t member)
{
    double values[N_POINTS * N_COMPONENTS];
    uint8_t present[N_POINTS * N_COMPONENTS];
    for (int64_t t = 0; t < N_TIMES; t++) {
        case_field(t, member, values, present);
        assert_ok(gndp_field_writer_put(writer, t, member, values, present));
    }
}

/* Write the whole file. */
static inline void case_write(const char *path, const gndp_field_file *file,
                              const gndp_write_options *options)
{
    gndp_field_writer *writer;
    assert_ok(gndp_field_writer_create(path, file, options, &writer));
    for (int64_t m = 0; m < N_MEMBERS; m++)
        case_put_member(writer, m);
    assert_ok(gndp_field_writer_commit(writer));
    gndp_field_writer_free(writer, false);
}

#define assert_nc(call)                                                                            \
    do {                                                                                           \
        const int code_ = (call);                                                                  \
        if (code_ != NC_NOERR)                                                                     \
            fail_msg("%s: %s", #call, nc_strerror(code_));                                         \
    } while (0)

/* Values of one variable of the file against what they follow from. `bits` kept of the mantissa, 0:
 * all. */
static inline void case_check_variable(int nc, const char *name, int component, bool f64, int bits)
{
    int var;
    double found[N_TIMES * N_MEMBERS * N_POINTS], fill;
    assert_nc(nc_inq_varid(nc, name, &var));
    assert_nc(nc_get_var_double(nc, var, found));
    assert_nc(nc_get_att_double(nc, var, "_FillValue", &fill));
    for (int64_t t = 0; t < N_TIMES; t++)
        for (int64_t m = 0; m < N_MEMBERS; m++)
            for (int64_t i = 0; i < N_POINTS; i++) {
                const double got = found[(t * N_MEMBERS + m) * N_POINTS + i];
                double lat, lon;
                case_heading(t, m, i, &lat, &lon);
                const double exact = component < 3    ? case_value(t, m, i, component)
                                     : component == 3 ? lat
                                                      : remainder(lon, 360.0);
                if (case_missing(t, m, i, case_channel(component)))
                    assert_true(got == fill);
                else if (bits > 0) /* at most half a unit of the last bit that is kept */
                    assert_true(fabs(got - exact) <= ldexp(1.0, ilogb(exact) - bits - 1));
                else if (component < 3) /* to the last bit */
                    assert_true(got == (f64 ? exact : (double)(float)exact));
                else if (f64) /* degrees survive the unit vector to its rounding, and decimals
                                 exactly up to their own */
                    assert_true(fabs(got - exact) < 1e-12);
                else
                    assert_true(fabs(got - exact) <= 1e-5);
            }
}

static inline void case_check_values(const char *path, bool f64, int bits)
{
    static const char *const names[] = {"t2m", "u10", "v10", "lat", "lon"};
    int nc;
    assert_nc(nc_open(path, NC_NOWRITE, &nc));
    for (int p = 0; p < 5; p++)
        case_check_variable(nc, names[p], p, f64, bits);
    assert_nc(nc_close(nc));
}

#endif
