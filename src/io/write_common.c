// SPDX-License-Identifier: Apache-2.0
// What the writers of NetCDF files share: attributes, coordinate variables, failures.
#include <math.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/version.h>

#include "base/error.h"
#include "base/text.h"
#include "fields/angle.h"
#include "io/writer.h"

gndp_status gndp_nc_write_fail(const char *file, int line, const char *function, int code,
                               const char *path, const char *what)
{
    return gndp_fail_at(file, line, function, code == NC_ENOMEM ? GNDP_ERR_NOMEM : GNDP_ERR_IO,
                        "cannot write %s: %s: %s", path, what, nc_strerror(code));
}

gndp_status gndp_out_create(const char *path, int *nc)
{
    gndp_status st = GNDP_OK;
    const int code = nc_create(path, NC_NETCDF4 | NC_CLOBBER, nc);
    GNDP_NC_WRITE(
        code > 0 ? NC_EHDFERR : code, path,
        "its beginning"); /* it is ours to write: the system's reason would be netCDF's guess */
done:
    if (st != GNDP_OK)
        *nc = -1;
    return st;
}

void gndp_out_close(int nc, const gndp_beside *failed)
{
    if (failed != NULL)
        gndp_beside_swallow(failed);
    /* After a failure netCDF keeps the file, and HDF5 has got rid of some of what it could not
     * write: more tries than one bring it to the end. */
    for (int i = 0; i < 4 && nc_close(nc) != NC_NOERR; i++)
        continue;
}

/* NetCDF on other systems takes '\\' for a separator, and turns it into one here too. */
gndp_status gndp_out_path_ok(const char *path)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(strchr(path, '\\') == NULL, GNDP_ERR_UNSUPPORTED,
               "cannot write %s: netCDF takes no backslash in names of files", path);
done:
    return st;
}

/* At most three bytes for one. */
static char *mend_utf8(const char *text)
{
    char *mended = malloc(3 * strlen(text) + 1), *at = mended;
    while (mended != NULL && *text != 0) {
        const size_t n = gndp_utf8_length(text);
        memcpy(at, n > 0 ? text : "\xEF\xBF\xBD", n > 0 ? n : 3);
        at += n > 0 ? n : 3;
        text += n > 0 ? n : 1;
    }
    if (mended != NULL)
        *at = 0;
    return mended;
}

gndp_status gndp_out_text(int nc, int var, const char *path, const char *name, const char *text)
{
    gndp_status st = GNDP_OK;
    char *mended = NULL;
    if (text == NULL || text[0] == 0)
        goto done;
    mended = mend_utf8(text);
    GNDP_CHECK(mended != NULL, GNDP_ERR_NOMEM, "%zu bytes", 3 * strlen(text) + 1);
    const size_t n = strlen(mended);
    GNDP_CHECK(n <= 64000, GNDP_ERR_UNSUPPORTED,
               "%s: the text of attribute %s has %zu bytes, HDF5 takes 64000", path, name, n);
    GNDP_NC_WRITE(nc_put_att_text(nc, var, name, n, mended), path, name);
done:
    free(mended);
    return st;
}

bool gndp_out_text_is(int nc, const char *name, const char *text)
{
    nc_type type;
    size_t length;
    char *mine = mend_utf8(text), *found = NULL;
    bool is = false;
    if (mine != NULL && nc_inq_att(nc, NC_GLOBAL, name, &type, &length) == NC_NOERR) {
        found = type == NC_CHAR && length == strlen(mine) ? calloc(1, length + 1) : NULL;
        is = found != NULL && nc_get_att_text(nc, NC_GLOBAL, name, found) == NC_NOERR &&
             strcmp(mine, found) == 0;
    } else if (mine != NULL) {
        is = mine[0] == 0; /* an empty text is not written */
    }
    free(mine);
    free(found);
    return is;
}

/* ---- Global attributes ---------------------------------------------------------------------- */

static bool is_identity(const gndp_write_options *options, const char *name)
{
    for (int i = 0; i < options->n_identity; i++)
        if (strcmp(options->identity[2 * i], name) == 0)
            return true;
    return false;
}

/* Attributes of the file that values came from and that say something about that file only, or that
 * netCDF keeps for itself. */
static bool is_own(const char *name)
{
    static const char *const names[] = {"Conventions", "featureType", "history", "_NCProperties",
                                        "_nc3_strict"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, "gndp_part_", 10) == 0 || name[0] == '_';
}

static const char *value_of(int n, const gndp_attribute *attribute, const char *name)
{
    for (int i = 0; i < n; i++)
        if (attribute[i].name != NULL && strcmp(attribute[i].name, name) == 0)
            return attribute[i].text;
    return NULL;
}

/* The new line before the old ones, as NCO and CDO have it. */
static gndp_status put_history(int nc, const char *path, const char *line, const char *before)
{
    gndp_status st = GNDP_OK;
    const bool both = line != NULL && line[0] != 0 && before != NULL && before[0] != 0;
    const size_t bytes =
        (line != NULL ? strlen(line) : 0) + (before != NULL ? strlen(before) : 0) + 2;
    char *text = malloc(bytes);
    GNDP_CHECK(text != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    snprintf(text, bytes, "%s%s%s", line != NULL ? line : "", both ? "\n" : "",
             before != NULL ? before : "");
    GNDP_TRY(gndp_out_text(nc, NC_GLOBAL, path, "history", text));
done:
    free(text);
    return st;
}

gndp_status gndp_out_global(int nc, const char *path, const char *feature, int n,
                            const gndp_attribute *attribute, const gndp_write_options *options,
                            const char *history)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_out_text(nc, NC_GLOBAL, path, "Conventions", "CF-1.8"));
    GNDP_TRY(gndp_out_text(nc, NC_GLOBAL, path, "featureType", feature));
    for (int i = 0; i < n; i++) {
        const char *name = attribute[i].name;
        GNDP_CHECK(name != NULL && attribute[i].text != NULL && gndp_out_name_ok(name),
                   GNDP_ERR_ARG,
                   "%s: attribute %d, \"%s\", needs a name that netCDF takes and a text", path, i,
                   name != NULL ? name : "");
        if (!is_own(name) && !is_identity(options, name) && value_of(i, attribute, name) == NULL)
            GNDP_TRY(gndp_out_text(nc, NC_GLOBAL, path, name, attribute[i].text));
    }
    for (int i = 0; i < options->n_identity; i++)
        GNDP_TRY(gndp_out_text(nc, NC_GLOBAL, path, options->identity[2 * i],
                               options->identity[2 * i + 1]));
    if (value_of(n, attribute, "source") == NULL && !is_identity(options, "source"))
        GNDP_TRY(gndp_out_text(nc, NC_GLOBAL, path, "source", "gndp " GNDP_VERSION));
    GNDP_TRY(put_history(nc, path, options->history,
                         history != NULL ? history : value_of(n, attribute, "history")));
done:
    return st;
}

/* ---- Coordinates ---------------------------------------------------------------------------- */

gndp_status gndp_out_coordinate(int nc, const char *path, const char *name, int rank,
                                const int *dims, const char *standard_name, const char *long_name,
                                const char *units, int *var)
{
    gndp_status st = GNDP_OK;
    GNDP_NC_WRITE(nc_def_var(nc, name, NC_DOUBLE, rank, dims, var), path, name);
    GNDP_NC_WRITE(nc_def_var_fill(nc, *var, NC_NOFILL, NULL), path, name);
    GNDP_TRY(gndp_out_text(nc, *var, path, "standard_name", standard_name));
    GNDP_TRY(gndp_out_text(nc, *var, path, "long_name", long_name));
    GNDP_TRY(gndp_out_text(nc, *var, path, "units", units));
done:
    return st;
}

/* Degrees that went through a unit vector come back with noise in the last digits: where nine
 * decimals (0.1 mm) are within that noise, they were meant. */
static double without_noise(double degrees)
{
    const double decimal = nearbyint(degrees * 1e9) / 1e9;
    return fabs(decimal - degrees) < 1e-13 ? decimal : degrees;
}

void gndp_out_degrees(const double v[3], double *lat, double *lon)
{
    *lat = without_noise(atan2(v[2], hypot(v[0], v[1])) / GNDP_DEGREE);
    *lon = v[0] == 0.0 && v[1] == 0.0
               ? 0.0
               : without_noise(atan2(v[1], v[0]) / GNDP_DEGREE); /* a pole has no longitude */
}
