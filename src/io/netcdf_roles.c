// SPDX-License-Identifier: Apache-2.0
// What the variables of a file are for: CF attributes are asked first, names last.
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "io/netcdf_contents.h"
#include "io/netcdf_file.h"
#include "io/units.h"

typedef struct word {
    const char *text;
    gndp_nc_role role;
} word;

static gndp_nc_role look_up(const word *table, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(table[i].text, text) == 0)
            return table[i].role;
    return GNDP_NC_NONE;
}
#define LOOK_UP(table, text) look_up((table), sizeof(table) / sizeof *(table), (text))

static gndp_nc_role by_standard_name(const char *name)
{
    static const word table[] = {
        {"latitude", GNDP_NC_LAT},
        {"longitude", GNDP_NC_LON},
        {"projection_y_coordinate", GNDP_NC_Y},
        {"projection_x_coordinate", GNDP_NC_X},
        {"grid_latitude", GNDP_NC_Y},
        {"grid_longitude", GNDP_NC_X},
        {"time", GNDP_NC_TIME},
        {"forecast_reference_time", GNDP_NC_START},
        {"forecast_period", GNDP_NC_LEAD},
        {"realization", GNDP_NC_MEMBER},
        {"air_pressure", GNDP_NC_LEVEL},
        {"height", GNDP_NC_LEVEL},
        {"altitude", GNDP_NC_LEVEL},
        {"depth", GNDP_NC_LEVEL},
        {"geopotential_height", GNDP_NC_LEVEL},
        {"air_potential_temperature", GNDP_NC_LEVEL},
        {"model_level_number", GNDP_NC_LEVEL},
        {"height_above_mean_sea_level", GNDP_NC_LEVEL},
        {"depth_below_geoid", GNDP_NC_LEVEL},
        {"atmosphere_hybrid_sigma_pressure_coordinate", GNDP_NC_LEVEL},
        {"atmosphere_hybrid_height_coordinate", GNDP_NC_LEVEL},
        {"atmosphere_sigma_coordinate", GNDP_NC_LEVEL},
        {"atmosphere_ln_pressure_coordinate", GNDP_NC_LEVEL},
        {"ocean_sigma_coordinate", GNDP_NC_LEVEL},
        {"ocean_s_coordinate", GNDP_NC_LEVEL},
    };
    return LOOK_UP(table, name);
}

static gndp_nc_role by_units(const char *units)
{
    static const word table[] = {
        {"degrees_north", GNDP_NC_LAT}, {"degree_north", GNDP_NC_LAT}, {"degrees_n", GNDP_NC_LAT},
        {"degree_n", GNDP_NC_LAT},      {"degreesn", GNDP_NC_LAT},     {"degreen", GNDP_NC_LAT},
        {"degrees_east", GNDP_NC_LON},  {"degree_east", GNDP_NC_LON},  {"degrees_e", GNDP_NC_LON},
        {"degree_e", GNDP_NC_LON},      {"degreese", GNDP_NC_LON},     {"degreee", GNDP_NC_LON},
    };
    return LOOK_UP(table, units);
}

static gndp_nc_role by_axis_type(const char *type)
{
    static const word table[] = {
        {"Lat", GNDP_NC_LAT},        {"Lon", GNDP_NC_LON},         {"Time", GNDP_NC_TIME},
        {"RunTime", GNDP_NC_START},  {"TimeOffset", GNDP_NC_LEAD}, {"Ensemble", GNDP_NC_MEMBER},
        {"Pressure", GNDP_NC_LEVEL}, {"Height", GNDP_NC_LEVEL},    {"GeoZ", GNDP_NC_LEVEL},
        {"GeoX", GNDP_NC_X},         {"GeoY", GNDP_NC_Y},
    };
    return LOOK_UP(table, type);
}

static gndp_nc_role by_axis(const char *axis)
{
    static const word table[] = {{"X", GNDP_NC_X},
                                 {"Y", GNDP_NC_Y},
                                 {"Z", GNDP_NC_LEVEL},
                                 {"T", GNDP_NC_TIME},
                                 {"E", GNDP_NC_MEMBER}};
    return LOOK_UP(table, axis);
}

static gndp_nc_role by_name(const char *name)
{
    static const word table[] = {
        {"lat", GNDP_NC_LAT},
        {"latitude", GNDP_NC_LAT},
        {"nav_lat", GNDP_NC_LAT},
        {"xlat", GNDP_NC_LAT},
        {"clat", GNDP_NC_LAT},
        {"lon", GNDP_NC_LON},
        {"long", GNDP_NC_LON},
        {"longitude", GNDP_NC_LON},
        {"nav_lon", GNDP_NC_LON},
        {"xlong", GNDP_NC_LON},
        {"clon", GNDP_NC_LON},
        {"time", GNDP_NC_TIME},
        {"valid_time", GNDP_NC_TIME},
        {"forecast_reference_time", GNDP_NC_START},
        {"step", GNDP_NC_LEAD},
        {"leadtime", GNDP_NC_LEAD},
        {"lead_time", GNDP_NC_LEAD},
        {"lead", GNDP_NC_LEAD},
        {"prediction_timedelta", GNDP_NC_LEAD},
        {"forecast_period", GNDP_NC_LEAD},
        {"number", GNDP_NC_MEMBER},
        {"member", GNDP_NC_MEMBER},
        {"realization", GNDP_NC_MEMBER},
        {"realisation", GNDP_NC_MEMBER},
        {"ens", GNDP_NC_MEMBER},
        {"ensemble", GNDP_NC_MEMBER},
        {"ensemble_member", GNDP_NC_MEMBER},
        {"level", GNDP_NC_LEVEL},
        {"lev", GNDP_NC_LEVEL},
        {"plev", GNDP_NC_LEVEL},
        {"pressure_level", GNDP_NC_LEVEL},
        {"isobaricinhpa", GNDP_NC_LEVEL},
        {"pressure", GNDP_NC_LEVEL},
        {"depth", GNDP_NC_LEVEL},
        {"height", GNDP_NC_LEVEL},
        {"z", GNDP_NC_LEVEL},
        {"expver", GNDP_NC_EXPVER},
        {"y", GNDP_NC_Y},
        {"x", GNDP_NC_X},
    };
    return LOOK_UP(table, name);
}

/* By attributes alone. */
static gndp_nc_role by_attributes(const gndp_nc_contents *c, int v)
{
    const gndp_nc_var *var = &c->var[v];
    char text[64];
    gndp_nc_role role = by_standard_name(var->standard_name);
    if (role == GNDP_NC_NONE && gndp_nc_text(c->nc, v, "_CoordinateAxisType", text, sizeof text))
        role = by_axis_type(text);
    if (role == GNDP_NC_NONE)
        role = by_units(var->units);
    if (role == GNDP_NC_NONE && gndp_units_is_since(var->units))
        role = by_name(var->name) == GNDP_NC_START ? GNDP_NC_START : GNDP_NC_TIME;
    if (role == GNDP_NC_NONE && gndp_nc_text(c->nc, v, "axis", text, sizeof text)) {
        role = by_axis(text);
        /* axis "Y" of a variable called lat is a latitude, of one called y the side of a plane */
        const gndp_nc_role named = by_name(var->name);
        if ((role == GNDP_NC_Y && named == GNDP_NC_LAT) ||
            (role == GNDP_NC_X && named == GNDP_NC_LON))
            role = named;
    }
    if (role == GNDP_NC_NONE && gndp_nc_text(c->nc, v, "positive", text, sizeof text) &&
        (strcasecmp(text, "up") == 0 || strcasecmp(text, "down") == 0))
        role = GNDP_NC_LEVEL;
    return role;
}

/* Pressure is a level whatever its axis is called. */
static bool is_pressure(const char *units)
{
    static const char *const names[] = {"pa", "hpa", "mb", "mbar", "millibar", "millibars", "kpa"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(units, names[i]) == 0)
            return true;
    return false;
}

/* Names that attributes of other variables give to their helpers. */
static void mark_helpers(gndp_nc_contents *c, int v)
{
    static const char *const attributes[] = {"bounds",        "climatology",   "grid_mapping",
                                             "cell_measures", "formula_terms", "edges"};
    char list[1024], name[NC_MAX_NAME + 1];
    for (const char *p = c->var[v].coordinates; gndp_nc_next_name(&p, name);) {
        const int w = gndp_nc_find_var(c, name);
        if (w >= 0 && w != v)
            c->var[w].listed = true;
    }
    for (size_t a = 0; a < sizeof attributes / sizeof *attributes; a++) {
        if (!gndp_nc_text(c->nc, v, attributes[a], list, sizeof list))
            continue;
        for (const char *p = list; gndp_nc_next_name(&p, name);) {
            const int w = gndp_nc_find_var(c, name);
            if (w >= 0 && w != v)
                c->var[w].helper = attributes[a];
        }
    }
}

static bool is_mask(const gndp_nc_contents *c, int v)
{
    static const char *const attributes[] = {"flag_values", "flag_masks", "flag_meanings"};
    const char *name = c->var[v].standard_name;
    const size_t n = strlen(name);
    if (strcmp(name, "land_binary_mask") == 0 || strcmp(name, "sea_binary_mask") == 0 ||
        (n > 5 && strcmp(name + n - 5, "_flag") == 0))
        return true;
    for (size_t a = 0; a < sizeof attributes / sizeof *attributes; a++)
        if (nc_inq_att(c->nc, v, attributes[a], NULL, NULL) == NC_NOERR)
            return true;
    return false;
}

/* Whether a variable is a coordinate by its form: of its own dimension, named as such by another,
   or a single value. */
static bool is_coordinate(const gndp_nc_contents *c, int v, bool *own)
{
    const gndp_nc_var *var = &c->var[v];
    *own = var->rank == 1 && strcmp(c->dim[var->dim[0]].name, var->name) == 0;
    return *own || var->listed;
}

static void give_role(gndp_nc_contents *c, int v)
{
    gndp_nc_var *var = &c->var[v];
    bool own = false;
    const bool coordinate = is_coordinate(c, v, &own);
    const bool number = gndp_nc_is_number(var->type);
    if (var->rank > 3 || nc_inq_att(c->nc, v, "sphere_point", NULL, NULL) == NC_NOERR)
        return; /* values that are places, not places of values */
    gndp_nc_role role = number ? by_attributes(c, v) : GNDP_NC_NONE;
    if (role == GNDP_NC_NONE && own && number && is_pressure(var->units))
        role = GNDP_NC_LEVEL;
    const gndp_nc_role named = by_name(var->name);
    if (role == GNDP_NC_NONE && (coordinate || var->rank == 0 || named == GNDP_NC_LAT ||
                                 named == GNDP_NC_LON || named == GNDP_NC_EXPVER))
        role = named;
    const bool place = role == GNDP_NC_LAT || role == GNDP_NC_LON;
    /* A variable of values may be called pressure or height too: only coordinates are levels. */
    const bool since = role == GNDP_NC_TIME || role == GNDP_NC_START;
    if (!coordinate && !place && !(since && var->rank == 1) && var->rank > 0 &&
        role != GNDP_NC_EXPVER)
        role = GNDP_NC_NONE;
    if (role == GNDP_NC_EXPVER && !own && var->rank > 1)
        role = GNDP_NC_NONE;
    if (!number && role != GNDP_NC_EXPVER)
        role = GNDP_NC_NONE;
    var->role = role;
    if (own)
        c->dim[var->dim[0]].var = v;
    if (var->helper == NULL && (coordinate || role != GNDP_NC_NONE))
        var->helper = "coordinate";
    if (var->helper == NULL && var->rank == 0)
        var->helper = "single value";
}

/* Dimensions without a variable of their name take a coordinate of another name along them, unless
   several of one kind vie for the place (stations: lat and lon along one dimension are points). */
static void give_dims(gndp_nc_contents *c)
{
    for (int d = 0; d < c->n_dims; d++) {
        gndp_nc_dim *dim = &c->dim[d];
        int found = -1, places = 0;
        for (int v = 0; v < c->n_vars; v++) {
            const gndp_nc_var *var = &c->var[v];
            if (var->rank != 1 || var->dim[0] != d || var->role == GNDP_NC_NONE ||
                !gndp_nc_is_number(var->type))
                continue;
            places += var->role == GNDP_NC_LAT || var->role == GNDP_NC_LON;
            /* valid times beside starts and leads, hybrid coefficients beside levels: times first
             */
            if (found < 0 || var->role == GNDP_NC_TIME)
                found = v;
        }
        if (dim->var < 0 && found >= 0 && places < 2)
            dim->var = found;
        dim->role = dim->var >= 0 ? c->var[dim->var].role : GNDP_NC_NONE;
        const gndp_nc_role named = by_name(dim->name);
        if (dim->role == GNDP_NC_NONE && (named == GNDP_NC_MEMBER || named == GNDP_NC_EXPVER))
            dim->role = named; /* by the name alone: its entries are counted from 0 */
        /* A time axis of texts or without units counts nothing. */
        if ((dim->role == GNDP_NC_TIME || dim->role == GNDP_NC_START) &&
            !(dim->var >= 0 && gndp_nc_is_number(c->var[dim->var].type) &&
              c->var[dim->var].units[0] != '\0'))
            dim->role = GNDP_NC_NONE;
    }
}

gndp_status gndp_nc_assign_roles(gndp_nc_contents *c)
{
    for (int v = 0; v < c->n_vars; v++)
        mark_helpers(c, v);
    for (int v = 0; v < c->n_vars; v++) {
        give_role(c, v);
        c->var[v].mask = c->var[v].helper == NULL && is_mask(c, v);
    }
    give_dims(c);
    /* IBTrACS, and CF trajectories. */
    const int sid = gndp_nc_find_var(c, "sid"), numobs = gndp_nc_find_var(c, "numobs");
    c->tracks = strcmp(c->feature, "trajectory") == 0 || (sid >= 0 && numobs >= 0);
    return GNDP_OK;
}
