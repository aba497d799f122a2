// SPDX-License-Identifier: Apache-2.0
// Dimensions and variables of a NetCDF file.
#include "io/netcdf_contents.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "io/netcdf_file.h"

static gndp_status read_dims(gndp_nc_contents *c)
{
    gndp_status st = GNDP_OK;
    int *id = NULL, n = 0;
    GNDP_NC(nc_inq_dimids(c->nc, &n, NULL, 0), c->path, "cannot list dimensions");
    GNDP_CHECK(n <= NC_MAX_DIMS, GNDP_ERR_UNSUPPORTED, "%s: %d dimensions, %d are allowed", c->path,
               n, NC_MAX_DIMS);
    id = calloc((size_t)n + 1, sizeof *id);
    c->dim = calloc((size_t)n + 1, sizeof *c->dim);
    GNDP_CHECK(id != NULL && c->dim != NULL, GNDP_ERR_NOMEM, "%d dimensions", n);
    GNDP_NC(nc_inq_dimids(c->nc, &n, id, 0), c->path, "cannot list dimensions");
    for (int d = 0; d < n; d++) {
        char raw[NC_MAX_NAME + 1] = "";
        size_t size = 0;
        GNDP_NC(nc_inq_dim(c->nc, id[d], raw, &size), c->path, "cannot read dimension %d", d);
        gndp_nc_clean(raw, strlen(raw), false, c->dim[d].name, sizeof c->dim[d].name);
        GNDP_CHECK(size <= INT64_MAX, GNDP_ERR_FORMAT,
                   "%s: dimension '%s' has 2^63 entries or more", c->path, c->dim[d].name);
        c->dim[d].id = id[d];
        c->dim[d].size = (int64_t)size;
        c->dim[d].var = -1;
        c->n_dims = d + 1;
    }
done:
    free(id);
    return st;
}

/* Index of a dimension from netCDF's id; -1: of another group. */
static int dim_index(const gndp_nc_contents *c, int id)
{
    for (int d = 0; d < c->n_dims; d++)
        if (c->dim[d].id == id)
            return d;
    return -1;
}

static gndp_status read_var(gndp_nc_contents *c, int v)
{
    gndp_status st = GNDP_OK;
    char raw[NC_MAX_NAME + 1] = "";
    int ids[NC_MAX_VAR_DIMS] = {0};
    gndp_nc_var *var = &c->var[v];
    GNDP_NC(nc_inq_varndims(c->nc, v, &var->rank), c->path, "cannot read variable %d", v);
    GNDP_CHECK(var->rank <= NC_MAX_VAR_DIMS, GNDP_ERR_FORMAT, "%s: variable %d has %d dimensions",
               c->path, v, var->rank);
    GNDP_NC(nc_inq_var(c->nc, v, raw, &var->type, &var->rank, ids, NULL), c->path,
            "cannot read variable %d", v);
    gndp_nc_clean(raw, strlen(raw), false, var->name, sizeof var->name);
    if (!gndp_nc_is_number(var->type))
        var->helper = "no numbers";
    for (int d = 0; d < var->rank && d < GNDP_NC_RANK; d++) {
        var->dim[d] = dim_index(c, ids[d]);
        GNDP_CHECK(var->dim[d] >= 0, GNDP_ERR_FORMAT, "%s: variable '%s' has a foreign dimension",
                   c->path, var->name);
    }
    if (var->rank > GNDP_NC_RANK)
        var->helper = "too many dimensions";
    gndp_nc_text(c->nc, v, "standard_name", var->standard_name, sizeof var->standard_name);
    /* A standard name may carry a modifier, "air_temperature standard_error". */
    for (char *p = var->standard_name; *p != '\0'; p++)
        *p = (char)tolower((unsigned char)*p);
    gndp_nc_text(c->nc, v, "units", var->units, sizeof var->units);
    gndp_nc_text(c->nc, v, "coordinates", var->coordinates, sizeof var->coordinates);
done:
    return st;
}

static gndp_status stat_file(const char *path, struct stat *info)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(stat(path, info) == 0, GNDP_ERR_IO, "%s: %s", path, strerror(errno));
done:
    return st;
}

typedef struct named {
    const char *name;
    int var;
} named;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

static gndp_status sort_names(gndp_nc_contents *c)
{
    gndp_status st = GNDP_OK;
    named *list = calloc((size_t)c->n_vars + 1, sizeof *list);
    c->by_name = calloc((size_t)c->n_vars + 1, sizeof *c->by_name);
    GNDP_CHECK(list != NULL && c->by_name != NULL, GNDP_ERR_NOMEM, "%d variables", c->n_vars);
    for (int v = 0; v < c->n_vars; v++)
        list[v] = (named){c->var[v].name, v};
    qsort(list, (size_t)c->n_vars, sizeof *list, compare_names);
    for (int v = 0; v < c->n_vars; v++)
        c->by_name[v] = list[v].var;
done:
    free(list);
    return st;
}

static gndp_status read_vars(gndp_nc_contents *c)
{
    gndp_status st = GNDP_OK;
    int n = 0;
    GNDP_NC(nc_inq_nvars(c->nc, &n), c->path, "cannot list variables");
    GNDP_CHECK(n <= NC_MAX_VARS, GNDP_ERR_UNSUPPORTED, "%s: %d variables, %d are allowed", c->path,
               n, NC_MAX_VARS);
    c->var = calloc((size_t)n + 1, sizeof *c->var);
    GNDP_CHECK(c->var != NULL, GNDP_ERR_NOMEM, "%d variables", n);
    for (int v = 0; v < n; v++) {
        GNDP_TRY(read_var(c, v));
        c->n_vars = v + 1;
    }
    GNDP_TRY(sort_names(c));
done:
    return st;
}

gndp_status gndp_nc_contents_read(const char *path, gndp_nc_contents *out)
{
    gndp_status st = GNDP_OK;
    struct stat info;
    gndp_nc_contents *c = out;
    *c = (gndp_nc_contents){.nc = -1};
    c->path = strdup(path);
    GNDP_CHECK(c->path != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(path));
    GNDP_TRY(gndp_nc_open(path, &c->nc));
    GNDP_TRY(stat_file(path, &info));
    c->bytes = (int64_t)info.st_size;
    c->mtime_s = (int64_t)info.st_mtim.tv_sec;
    c->mtime_ns = (int64_t)info.st_mtim.tv_nsec;
    GNDP_NC(nc_inq_format(c->nc, &c->format), path, "cannot be read");
    GNDP_TRY(read_dims(c));
    GNDP_TRY(read_vars(c));
    char feature[64];
    gndp_nc_text(c->nc, NC_GLOBAL, "featureType", feature, sizeof feature);
    for (size_t i = 0; i + 1 < sizeof c->feature && feature[i] != '\0'; i++)
        c->feature[i] = (char)tolower((unsigned char)feature[i]);
    GNDP_TRY(gndp_nc_assign_roles(c));
done:
    return st;
}

void gndp_nc_contents_close(gndp_nc_contents *contents)
{
    if (contents->nc >= 0)
        nc_close(contents->nc);
    contents->nc = -1;
}

void gndp_nc_contents_trim(gndp_nc_contents *contents)
{
    free(contents->dim);
    free(contents->var);
    free(contents->by_name);
    contents->dim = NULL;
    contents->var = NULL;
    contents->by_name = NULL;
    contents->n_dims = contents->n_vars = 0;
}

void gndp_nc_contents_free(gndp_nc_contents *contents)
{
    gndp_nc_contents_close(contents);
    gndp_nc_contents_trim(contents);
    free(contents->path);
    *contents = (gndp_nc_contents){.nc = -1};
}

gndp_status gndp_nc_contents_reopen(gndp_nc_contents *contents)
{
    gndp_status st = GNDP_OK;
    struct stat info;
    if (contents->nc >= 0)
        return GNDP_OK;
    GNDP_TRY(stat_file(contents->path, &info));
    GNDP_CHECK((int64_t)info.st_size == contents->bytes &&
                   (int64_t)info.st_mtim.tv_sec == contents->mtime_s &&
                   (int64_t)info.st_mtim.tv_nsec == contents->mtime_ns,
               GNDP_ERR_IO, "%s: was changed since it was opened", contents->path);
    GNDP_TRY(gndp_nc_open(contents->path, &contents->nc));
done:
    return st;
}

int gndp_nc_find_var(const gndp_nc_contents *contents, const char *name)
{
    int low = 0, high = contents->n_vars;
    while (low < high) {
        const int middle = (low + high) / 2;
        const int order = strcmp(contents->var[contents->by_name[middle]].name, name);
        if (order == 0)
            return contents->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

bool gndp_nc_next_name(const char **list, char name[NC_MAX_NAME + 1])
{
    *list += strspn(*list, " \t\n,");
    const size_t n = strcspn(*list, " \t\n,");
    const size_t kept = n < NC_MAX_NAME ? n : NC_MAX_NAME;
    memcpy(name, *list, kept);
    name[kept] = '\0';
    *list += n;
    return n > 0;
}

bool gndp_nc_plausible(const gndp_nc_contents *contents, int64_t count)
{
    /* Coordinates that are compressed or never written take less than their size; 256 values a byte
       of file is more than deflate gives. */
    return count <= ((int64_t)1 << 22) || count / 256 <= contents->bytes;
}

void gndp_nc_list_fields(const gndp_nc_contents *contents, char *out, size_t size)
{
    out[0] = '\0';
    for (int v = 0; v < contents->n_vars; v++)
        if (contents->var[v].helper == NULL)
            gndp_text_append(out, size, "%s%s", out[0] != '\0' ? ", " : "", contents->var[v].name);
    if (out[0] == '\0')
        gndp_text_append(out, size, "none");
}

void gndp_nc_list_dims(const gndp_nc_contents *contents, const gndp_nc_var *var, char *out,
                       size_t size)
{
    out[0] = '\0';
    gndp_text_append(out, size, "(");
    for (int d = 0; d < var->rank && d < GNDP_NC_RANK; d++)
        gndp_text_append(out, size, "%s%s", d > 0 ? ", " : "", contents->dim[var->dim[d]].name);
    gndp_text_append(out, size, ")");
}
