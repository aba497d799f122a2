// SPDX-License-Identifier: Apache-2.0
// Tables of numbers as NetCDF: dimensions whose entries have names, variables of doubles.
#include <math.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/lock.h"
#include "io/writer.h"

/* ---- What is asked for ---------------------------------------------------------------------- */

static int64_t values_of(const gndp_table *t, const gndp_table_var *v)
{
    int64_t n = 1;
    for (int d = 0; d < v->rank; d++)
        n *= t->dim[v->dim[d]].size;
    return n;
}

/* Labels are a variable of their dimension's name. */
static bool name_taken(const gndp_table *t, int v)
{
    for (int i = 0; i < v; i++)
        if (strcmp(t->var[i].name, t->var[v].name) == 0)
            return true;
    for (int d = 0; d < t->n_dims; d++)
        if (t->dim[d].label != NULL && strcmp(t->dim[d].name, t->var[v].name) == 0)
            return true;
    return false;
}

static gndp_status check(const gndp_table *t)
{
    gndp_status st = GNDP_OK;
    for (int d = 0; d < t->n_dims; d++) {
        const char *name = t->dim[d].name;
        GNDP_CHECK(name != NULL && gndp_out_name_ok(name), GNDP_ERR_ARG, "dimension %d: netCDF takes no name \"%s\"", d, name != NULL ? name : "");
        GNDP_CHECK(t->dim[d].size >= 1, GNDP_ERR_SHAPE, "dimension %s has %lld entries", name, (long long)t->dim[d].size);
        for (int e = 0; e < d; e++)
            GNDP_CHECK(strcmp(t->dim[e].name, name) != 0, GNDP_ERR_ARG, "two dimensions are called %s", name);
        for (int64_t i = 0; t->dim[d].label != NULL && i < t->dim[d].size; i++)
            GNDP_CHECK(t->dim[d].label[i] != NULL, GNDP_ERR_ARG, "dimension %s: entry %lld has no name", name, (long long)i);
    }
    for (int v = 0; v < t->n_vars; v++) {
        const gndp_table_var *var = &t->var[v];
        GNDP_CHECK(var->name != NULL && gndp_out_name_ok(var->name), GNDP_ERR_ARG, "variable %d: netCDF takes no name \"%s\"", v,
                   var->name != NULL ? var->name : "");
        GNDP_CHECK(!name_taken(t, v), GNDP_ERR_ARG, "two variables are called %s", var->name);
        GNDP_CHECK(var->value != NULL && var->rank >= 0 && var->rank <= 4, GNDP_ERR_ARG, "variable %s: no values, or of rank %d", var->name, var->rank);
        for (int d = 0; d < var->rank; d++)
            GNDP_CHECK(var->dim[d] >= 0 && var->dim[d] < t->n_dims, GNDP_ERR_ARG, "variable %s: dimension %d of %d", var->name, var->dim[d], t->n_dims);
    }
done:
    return st;
}

/* Bytes of the file, on the large side. */
static int64_t size_of(const gndp_table *t, const gndp_write_options *options)
{
    int64_t bytes = (1 << 17) + (options->history != NULL ? 3 * (int64_t)strlen(options->history) : 0);
    for (int v = 0; v < t->n_vars; v++)
        bytes += 16384 + 8 * values_of(t, &t->var[v]);
    for (int d = 0; d < t->n_dims; d++)
        bytes += 16384 + (t->dim[d].label != NULL ? 256 * t->dim[d].size : 0);
    for (int i = 0; i < t->n_attributes; i++)
        bytes += 3 * (int64_t)strlen(t->attribute[i].text) + 512;
    return bytes;
}

/* ---- The file (the lock is held) ------------------------------------------------------------ */

static gndp_status put_labels(int nc, const char *path, const gndp_table_dim *dim, int id)
{
    gndp_status st = GNDP_OK;
    const size_t n = dim->size > 0 ? (size_t)dim->size : 0; /* it was checked; gcc's sanitizer builds cannot see it */
    size_t length = 1;
    char *letters = NULL, name[80];
    int dims[2] = {id, -1}, var;
    for (int64_t i = 0; i < dim->size; i++)
        length = strlen(dim->label[i]) > length ? strlen(dim->label[i]) : length;
    letters = calloc(n, length);
    GNDP_CHECK(letters != NULL, GNDP_ERR_NOMEM, "%lld names", (long long)dim->size);
    for (int64_t i = 0; i < dim->size; i++)
        memcpy(letters + (size_t)i * length, dim->label[i], strlen(dim->label[i]));
    snprintf(name, sizeof name, "%.60s_strlen", dim->name);
    GNDP_NC_WRITE(nc_def_dim(nc, name, length, &dims[1]), path, name);
    GNDP_NC_WRITE(nc_def_var(nc, dim->name, NC_CHAR, 2, dims, &var), path, dim->name);
    GNDP_TRY(gndp_out_text(nc, var, path, "_Encoding", "utf-8"));
    GNDP_NC_WRITE(nc_put_var_text(nc, var, letters), path, dim->name);
done:
    free(letters);
    return st;
}

static gndp_status put_var(int nc, const gndp_table *t, const char *path, const gndp_table_var *v, const int *dim_id, int deflate)
{
    gndp_status st = GNDP_OK;
    const double missing = NC_FILL_DOUBLE;
    const int64_t n = values_of(t, v);
    double *value = malloc((size_t)n * sizeof *value);
    int dims[4] = {0}, var;
    GNDP_CHECK(value != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)n);
    for (int d = 0; d < v->rank; d++)
        dims[d] = dim_id[v->dim[d]];
    for (int64_t i = 0; i < n; i++)
        value[i] = isnan(v->value[i]) ? missing : v->value[i];
    GNDP_NC_WRITE(nc_def_var(nc, v->name, NC_DOUBLE, v->rank, dims, &var), path, v->name);
    if (deflate > 0 && v->rank > 0)
        GNDP_NC_WRITE(nc_def_var_deflate(nc, var, 1, 1, deflate), path, v->name);
    GNDP_NC_WRITE(nc_put_att_double(nc, var, "_FillValue", NC_DOUBLE, 1, &missing), path, v->name);
    GNDP_TRY(gndp_out_text(nc, var, path, "long_name", v->long_name));
    GNDP_TRY(gndp_out_text(nc, var, path, "units", v->units));
    GNDP_NC_WRITE(nc_put_var_double(nc, var, value), path, v->name);
done:
    free(value);
    return st;
}

static gndp_status put_all(int nc, const gndp_table *t, const char *path, const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    int *id = calloc((size_t)t->n_dims + 1, sizeof *id);
    GNDP_CHECK(id != NULL, GNDP_ERR_NOMEM, "%d dimensions", t->n_dims);
    GNDP_TRY(gndp_out_global(nc, path, NULL, t->n_attributes, t->attribute, options, NULL));
    for (int d = 0; d < t->n_dims; d++)
        GNDP_NC_WRITE(nc_def_dim(nc, t->dim[d].name, (size_t)t->dim[d].size, &id[d]), path, t->dim[d].name);
    for (int d = 0; d < t->n_dims; d++)
        if (t->dim[d].label != NULL)
            GNDP_TRY(put_labels(nc, path, &t->dim[d], id[d]));
    for (int v = 0; v < t->n_vars; v++)
        GNDP_TRY(put_var(nc, t, path, &t->var[v], id, options->deflate));
done:
    free(id);
    return st;
}

static gndp_status make_file(const gndp_table *t, gndp_beside *file, const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    int nc = -1;
    GNDP_TRY(gndp_out_create(file->part, &nc));
    GNDP_TRY(gndp_beside_reserve(file, size_of(t, options)));
    GNDP_TRY(put_all(nc, t, file->part, options));
    GNDP_NC_WRITE(nc_sync(nc), file->part, "its end"); /* fails while the file can still be dealt with */
    const int done_with = nc;
    nc = -1;
    GNDP_NC_WRITE(nc_close(done_with), file->part, "its end");
done:
    if (nc >= 0)
        gndp_out_close(nc, file);
    return st;
}

gndp_status gndp_table_write(const gndp_table *table, const char *path, const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    const gndp_write_options standard = gndp_write_options_default();
    gndp_beside file = gndp_beside_none();
    GNDP_CHECK(table != NULL && path != NULL, GNDP_ERR_ARG, "%s is NULL", table == NULL ? "table" : "path");
    if (options == NULL)
        options = &standard;
    GNDP_TRY(gndp_write_options_check(options));
    GNDP_TRY(check(table));
    GNDP_TRY(gndp_beside_open(path, options->overwrite, &file));
    GNDP_TRY(gndp_out_path_ok(file.path));
    GNDP_TRY(gndp_beside_empty(&file));
    GNDP_TRY(gndp_beside_reserve(&file, size_of(table, options))); /* where it fails, HDF5 has not begun */
    gndp_beside_unlock(&file);
    gndp_nc_lock();
    st = make_file(table, &file, options);
    gndp_nc_unlock();
    GNDP_TRY(st);
    gndp_beside_trim(&file);
    GNDP_TRY(gndp_beside_commit(&file, options->overwrite));
done:
    gndp_beside_close(&file, false);
    return st;
}
