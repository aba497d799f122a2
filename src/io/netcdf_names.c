// SPDX-License-Identifier: Apache-2.0
// What users call variables, "t2m", "2m_temperature", "wind=u10,v10", and which variable of a file
// they mean.
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"
#include "io/netcdf_file.h"
#include "io/netcdf_in.h"

gndp_status gndp_nc_request_parse(const char *text, gndp_nc_request *out)
{
    gndp_status st = GNDP_OK;
    gndp_nc_reason shown = {""};
    *out = (gndp_nc_request){0};
    gndp_nc_clean(text, strlen(text), false, shown.text, 200);
    const char *equals = strchr(text, '=');
    const char *p = equals != NULL ? equals + 1 : text;
    if (equals != NULL) {
        const size_t n = (size_t)(equals - text);
        GNDP_CHECK(n > 0 && n < sizeof out->name, GNDP_ERR_ARG,
                   "variable '%s': before the = there must be a name of 1 to %zu bytes", shown.text,
                   sizeof out->name - 1);
        memcpy(out->name, text, n);
    }
    for (;;) {
        const size_t n = strcspn(p, ",");
        GNDP_CHECK(n > 0 && n < sizeof out->part[0], GNDP_ERR_ARG,
                   "variable '%s': NAME or VECTOR=U,V is the form, with no name empty", shown.text);
        GNDP_CHECK(out->n_parts < GNDP_MAX_COMPONENTS, GNDP_ERR_ARG,
                   "variable '%s': a vector has at most %d components", shown.text,
                   GNDP_MAX_COMPONENTS);
        memcpy(out->part[out->n_parts++], p, n);
        p += n;
        if (*p == '\0')
            break;
        p++;
    }
    GNDP_CHECK(out->n_parts == 1 || out->name[0] != '\0', GNDP_ERR_ARG,
               "variable '%s': several variables make a vector with a name: VECTOR=%s", shown.text,
               shown.text);
done:
    return st;
}

/* Each line: names of one quantity in the files of various producers. */
static const char *const aliases[] = {
    "t2m 2t 2m_temperature tas t_2m t2 temperature_2m air_temperature_2m",
    "d2m 2d 2m_dewpoint_temperature tdps td_2m",
    "u10 10u 10m_u_component_of_wind uas u_10m u10m",
    "v10 10v 10m_v_component_of_wind vas v_10m v10m",
    "u100 100u 100m_u_component_of_wind",
    "v100 100v 100m_v_component_of_wind",
    "msl mean_sea_level_pressure psl prmsl mslp",
    "sp surface_pressure ps",
    "tp total_precipitation",
    "sst sea_surface_temperature tos",
    "skt skin_temperature ts",
    "t temperature ta air_temperature",
    "u u_component_of_wind ua uwnd eastward_wind",
    "v v_component_of_wind va vwnd northward_wind",
    "w vertical_velocity wap omega",
    "z geopotential phi",
    "gh geopotential_height zg hgt",
    "q specific_humidity hus shum",
    "r relative_humidity hur rhum",
    "tcc total_cloud_cover clt",
    "lsm land_sea_mask sftlf land_binary_mask",
};

/* Whether a list of names has one, letter case aside. */
static bool lists(const char *list, const char *name)
{
    char one[NC_MAX_NAME + 1];
    for (const char *p = list; gndp_nc_next_name(&p, one);)
        if (strcasecmp(one, name) == 0)
            return true;
    return false;
}

/* Ways to mean a variable, the surest first. */
enum { BY_NAME, BY_CASELESS_NAME, BY_STANDARD_NAME, BY_ALIAS, BY_GUESS, WAYS };

static bool means(const gndp_nc_var *var, const char *name, int way, const char *alias)
{
    switch (way) {
    case BY_NAME:
        return strcmp(var->name, name) == 0;
    case BY_CASELESS_NAME:
        return strcasecmp(var->name, name) == 0;
    case BY_STANDARD_NAME:
        return var->standard_name[0] != '\0' && strcasecmp(var->standard_name, name) == 0;
    case BY_ALIAS:
        return lists(alias, name) &&
               (lists(alias, var->name) ||
                (var->standard_name[0] != '\0' && lists(alias, var->standard_name)));
    default: /* BY_GUESS: the standard name of all heights, as the name of the one variable */
        return lists(aliases[0], name) && strcasecmp(var->name, "air_temperature") == 0;
    }
}

/* The variables that are meant in one way: how many, the first, and their names. */
static int candidates(const gndp_nc_contents *c, const char *name, int way, const char *alias,
                      int *first, char *names, size_t size)
{
    int n = 0;
    names[0] = '\0';
    for (int v = 0; v < c->n_vars; v++) {
        const gndp_nc_var *var = &c->var[v];
        if ((way != BY_NAME && var->helper != NULL) || !means(var, name, way, alias))
            continue;
        if (n++ == 0)
            *first = v;
        gndp_text_append(names, size, "%s%s", n > 1 ? ", " : "", var->name);
    }
    return n;
}

gndp_status gndp_nc_resolve(const gndp_nc_contents *contents, const char *name, int *out)
{
    gndp_status st = GNDP_OK;
    gndp_nc_reason shown = {""};
    char names[1024];
    gndp_nc_clean(name, strlen(name), false, shown.text, 200);
    const size_t n_aliases = sizeof aliases / sizeof *aliases;
    for (int way = 0; way < WAYS; way++)
        for (size_t a = 0; a < (way == BY_ALIAS ? n_aliases : 1); a++) {
            const int n = candidates(contents, name, way, aliases[a], out, names, sizeof names);
            GNDP_CHECK(n <= 1, GNDP_ERR_FORMAT, "%s: '%s' may mean %s: give the variable's name",
                       contents->path, shown.text, names);
            if (n == 1)
                return GNDP_OK;
        }
    gndp_nc_list_fields(contents, names, sizeof names);
    GNDP_CHECK(false, GNDP_ERR_NOT_FOUND, "%s: variable '%s' not found; there are: %s",
               contents->path, shown.text, names);
done:
    return st;
}
