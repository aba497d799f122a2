// SPDX-License-Identifier: Apache-2.0
// Packed integers and missing values, as CF 1.8 (2.5, 8.1) and the NetCDF conventions have them.
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "io/netcdf_file.h"
#include "io/netcdf_in.h"

static bool is_float(nc_type type)
{
    return type == NC_FLOAT || type == NC_DOUBLE;
}

/* A value as the variable's type would hold it, so that it can be compared; false: it cannot. */
static bool as_type(nc_type type, double value, double *out)
{
    static const struct {
        nc_type type;
        double low, high;
    } ranges[] = {{NC_BYTE, -128.0, 127.0},      {NC_UBYTE, 0.0, 255.0},
                  {NC_SHORT, -32768.0, 32767.0}, {NC_USHORT, 0.0, 65535.0},
                  {NC_INT, -0x1p31, 0x1p31 - 1}, {NC_UINT, 0.0, 0x1p32 - 1},
                  {NC_INT64, -0x1p63, 0x1p63},   {NC_UINT64, 0.0, 0x1p64}};
    *out = value;
    if (type == NC_FLOAT)
        *out = (double)(float)value;
    if (is_float(type))
        return true;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (ranges[i].type == type)
            return value >= ranges[i].low && value <= ranges[i].high && value == rint(value);
    return false;
}

static void add_missing(gndp_nc_pack *pack, double value)
{
    if (isnan(value) || pack->n_missing == GNDP_NC_MISSING)
        return; /* NaN is missing anyway */
    pack->missing[pack->n_missing++] = value;
}

/* One number of an attribute. *found 0: there is no such attribute. */
static gndp_status one_number(const gndp_nc_contents *c, int v, const char *name, bool *found,
                              double *out, nc_type *type)
{
    gndp_status st = GNDP_OK;
    const int n = gndp_nc_numbers(c->nc, v, name, 1, out, type);
    *found = n != -1;
    GNDP_CHECK(n == -1 || n == 1, GNDP_ERR_FORMAT, "%s: variable '%s': %s is not a single number",
               c->path, c->var[v].name, name);
    GNDP_CHECK(n == -1 || isfinite(*out), GNDP_ERR_FORMAT,
               "%s: variable '%s': %s is %g, which is not finite", c->path, c->var[v].name, name,
               *out);
done:
    return st;
}

static void read_fill(gndp_nc_opening *opening, const gndp_nc_contents *c, int v,
                      gndp_nc_pack *pack)
{
    const gndp_nc_var *var = &c->var[v];
    double fill = 0.0, cast = 0.0;
    nc_type type = NC_NAT;
    const int n = gndp_nc_numbers(c->nc, v, "_FillValue", 1, &fill, &type);
    if (n == -1) {
        /* What the library writes where nobody wrote. Bytes have no spare value, and packed shorts
           use the whole of their range. */
        if (var->type == NC_FLOAT || var->type == NC_DOUBLE)
            add_missing(pack, var->type == NC_FLOAT ? (double)NC_FILL_FLOAT : NC_FILL_DOUBLE);
        else if (var->type == NC_INT)
            add_missing(pack, NC_FILL_INT);
        else if (var->type == NC_INT64)
            add_missing(pack, (double)NC_FILL_INT64);
        else if (var->type == NC_SHORT && pack->scale == 1.0 && pack->offset == 0.0)
            add_missing(pack, NC_FILL_SHORT);
        return;
    }
    if (n == 1 && type == var->type) {
        add_missing(pack, fill);
        return;
    }
    /* Not allowed, and seen: the value counts where the variable could hold it. */
    const bool taken = n == 1 && !isnan(fill) && as_type(var->type, fill, &cast);
    if (taken)
        add_missing(pack, cast);
    gndp_nc_note(opening, "%s: variable '%s': _FillValue is of type %s, not %s: %s", c->path,
                 var->name, gndp_nc_type_name(type), gndp_nc_type_name(var->type),
                 taken ? "taken as if it were" : "passed over");
}

static void read_missing(const gndp_nc_contents *c, int v, gndp_nc_pack *pack)
{
    double value[GNDP_NC_MISSING - 1] = {0}, cast = 0.0;
    nc_type type = NC_NAT;
    const int n = gndp_nc_numbers(c->nc, v, "missing_value", GNDP_NC_MISSING - 1, value, &type);
    for (int i = 0; i < n && i < GNDP_NC_MISSING - 1; i++)
        if (as_type(c->var[v].type, value[i], &cast))
            add_missing(pack, cast);
}

/* Valid values are those of the file, packed; but where the attribute has the type of scale_factor
   and that is wider than the variable's, unpacked (NetCDF users' guide, appendix A). */
static void read_range(gndp_nc_opening *opening, const gndp_nc_contents *c, int v, nc_type packing,
                       gndp_nc_pack *pack)
{
    const gndp_nc_var *var = &c->var[v];
    double range[2] = {-HUGE_VAL, HUGE_VAL};
    nc_type type = NC_NAT, other = NC_NAT;
    const int n = gndp_nc_numbers(c->nc, v, "valid_range", 2, range, &type);
    if (n != 2) {
        range[0] = -HUGE_VAL;
        range[1] = HUGE_VAL;
        const int low = gndp_nc_numbers(c->nc, v, "valid_min", 1, &range[0], &type);
        const int high = gndp_nc_numbers(c->nc, v, "valid_max", 1, &range[1], &other);
        if (low != 1)
            range[0] = -HUGE_VAL;
        if (high != 1)
            range[1] = HUGE_VAL;
        if (low != 1)
            type = other;
        if (n > 0 || n == -2 || low == -2 || high == -2)
            gndp_nc_note(opening, "%s: variable '%s': valid range that is no numbers: passed over",
                         c->path, var->name);
    }
    if (!(range[0] <= range[1])) {
        gndp_nc_note(opening, "%s: variable '%s': valid range %g to %g is none: passed over",
                     c->path, var->name, range[0], range[1]);
        return;
    }
    pack->range_unpacked =
        packing != NC_NAT && type == packing && is_float(type) && !is_float(var->type);
    /* Written as the signed type of a variable that holds unsigned values. */
    const bool wrapped = pack->wrap > 0.0 && type == var->type;
    for (int i = 0; i < 2; i++) {
        if (wrapped && range[i] < 0.0)
            range[i] += pack->wrap;
        if (!pack->range_unpacked && var->type == NC_FLOAT)
            range[i] = (double)(float)range[i]; /* 0.1 as double is above 0.1 as float */
    }
    if (range[0] <= range[1]) {
        pack->low = range[0];
        pack->high = range[1];
    }
}

gndp_status gndp_nc_pack_read(gndp_nc_opening *opening, const gndp_nc_contents *contents, int v,
                              gndp_nc_pack *out)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_var *var = &contents->var[v];
    bool scaled = false, moved = false;
    nc_type scale_type = NC_NAT, offset_type = NC_NAT;
    char text[16];
    *out = (gndp_nc_pack){.scale = 1.0, .factor = 1.0, .low = -HUGE_VAL, .high = HUGE_VAL};
    GNDP_TRY(one_number(contents, v, "scale_factor", &scaled, &out->scale, &scale_type));
    GNDP_TRY(one_number(contents, v, "add_offset", &moved, &out->offset, &offset_type));
    if (!scaled)
        out->scale = 1.0;
    if (!moved)
        out->offset = 0.0;
    GNDP_CHECK(out->scale != 0.0, GNDP_ERR_FORMAT, "%s: variable '%s': scale_factor is zero",
               contents->path, var->name);
    if (gndp_nc_text(contents->nc, v, "_Unsigned", text, sizeof text) &&
        strcasecmp(text, "true") == 0)
        out->wrap = var->type == NC_BYTE    ? 0x1p8
                    : var->type == NC_SHORT ? 0x1p16
                    : var->type == NC_INT   ? 0x1p32
                                            : 0.0;
    read_fill(opening, contents, v, out);
    read_missing(contents, v, out);
    if (out->wrap > 0.0)
        for (int i = 0; i < out->n_missing; i++)
            out->missing[i] += out->missing[i] < 0.0 ? out->wrap : 0.0;
    const nc_type packing = scale_type == NC_DOUBLE || offset_type == NC_DOUBLE ? NC_DOUBLE
                            : scaled || moved                                   ? NC_FLOAT
                                                                                : NC_NAT;
    read_range(opening, contents, v, packing, out);
done:
    return st;
}

double gndp_nc_unpack(const gndp_nc_pack *pack, double raw)
{
    if (raw < 0.0)
        raw += pack->wrap;
    bool gone = isnan(raw);
    for (int i = 0; i < pack->n_missing; i++)
        gone |= raw == pack->missing[i];
    const double value = pack->scale * raw + pack->offset;
    const double judged = pack->range_unpacked ? value : raw;
    gone |= judged < pack->low || judged > pack->high;
    return gone ? (double)NAN : pack->factor * value + pack->shift;
}

gndp_status gndp_nc_read_line(gndp_nc_opening *opening, const gndp_nc_contents *contents, int v,
                              int64_t first, int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_var *var = &contents->var[v];
    gndp_nc_pack pack;
    const size_t start = (size_t)first, count = (size_t)n;
    GNDP_TRY(gndp_nc_pack_read(opening, contents, v, &pack));
    GNDP_NC(nc_get_vara_double(contents->nc, v, &start, &count, out), contents->path,
            "cannot read '%s'", var->name);
    for (int64_t i = 0; i < n; i++)
        out[i] = gndp_nc_unpack(&pack, out[i]);
done:
    return st;
}
