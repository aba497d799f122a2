// SPDX-License-Identifier: Apache-2.0
// Values at points from tables: the columns x1.., y1.., sd of any coordinates, and observations by
// the names of their variables.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/gp_data.h"
#include "cli/gp_observed.h"
#include "cli/places.h"
#include "cli/usage.h"

enum { OUTPUTS_MAX = 8 };

/* Where things are in the table; -1: nowhere. */
typedef struct columns {
    int coordinate[GP_COLUMNS_MAX], n_coordinates, lat_lon;
    int sd[OUTPUTS_MAX], sd_all, n_sd;
    int outputs;
    int n_values; /* columns y */
    int *output, *value_column;
    int64_t *member; /* -1: a name without */
} columns;

/* "x", "x3" -> 0, 2; *rest is what follows. -1 if the name is another. */
static int numbered(const char *name, const char *stem, int max, const char **rest)
{
    const size_t length = strlen(stem);
    if (strncmp(name, stem, length) != 0)
        return -1;
    *rest = name + length;
    if (**rest < '1' || **rest > '9')
        return **rest == '\0' || **rest == '_' ? 0 : -1;
    const long number = strtol(*rest, (char **)(void *)rest, 10);
    return number <= max ? (int)number - 1 : -1;
}

static bool member_of(const char *text, int64_t *out)
{
    char *end;
    *out = -1;
    if (*text == '\0')
        return true;
    if (strncmp(text, "_m", 2) != 0 || text[2] < '0' || text[2] > '9')
        return false;
    *out = strtoll(text + 2, &end, 10);
    return *end == '\0' && *out <= UINT32_MAX;
}

static int twice(const char *path, const char *name)
{
    return gndp_failure("%s: there are two columns for %s", path, name);
}

static int place_column(const char *path, const char *name, int c, columns *found)
{
    const char *rest;
    int i;
    int64_t member;
    if (strcmp(name, "lat") == 0 || strcmp(name, "lon") == 0) {
        found->coordinate[name[1] == 'o'] = c;
        found->lat_lon++;
        return GNDP_EXIT_DONE;
    }
    if ((i = numbered(name, "x", GP_COLUMNS_MAX, &rest)) >= 0 && *rest == '\0') {
        if (found->coordinate[i] >= 0 && found->lat_lon == 0)
            return twice(path, name);
        found->coordinate[i] = c;
        found->n_coordinates++;
        return GNDP_EXIT_DONE;
    }
    if (strcmp(name, "sd") == 0) {
        found->sd_all = c;
        return GNDP_EXIT_DONE;
    }
    if ((i = numbered(name, "sd", OUTPUTS_MAX, &rest)) >= 0 && *rest == '\0') {
        found->sd[i] = c;
        found->n_sd++;
        return GNDP_EXIT_DONE;
    }
    if ((i = numbered(name, "y", OUTPUTS_MAX, &rest)) >= 0 && member_of(rest, &member)) {
        found->output[found->n_values] = i;
        found->member[found->n_values] = member;
        found->value_column[found->n_values++] = c;
        if (i >= found->outputs)
            found->outputs = i + 1;
        return GNDP_EXIT_DONE;
    }
    if (*name == '\0')
        return gndp_failure("%s: the name of column %d is missing", path, c + 1);
    return gndp_failure("%s: column %d is '%s'; wanted are x1, x2, .. or lat, lon; y1, y2, ..; "
                        "sd or sd1, sd2, ..",
                        path, c + 1, name);
}

static int check_columns(const char *path, const columns *found)
{
    if (found->lat_lon > 0 && (found->lat_lon != 2 || found->n_coordinates > 0))
        return gndp_failure("%s: lat and lon stand together, and without x1, x2, ..", path);
    for (int d = 0; d < found->n_coordinates; d++)
        if (found->coordinate[d] < 0)
            return gndp_failure("%s: there is no column x%d", path, d + 1);
    if (found->n_coordinates + found->lat_lon == 0)
        return gndp_failure("%s: there is no column x1, nor lat and lon", path);
    if (found->outputs == 0)
        return gndp_failure("%s: there is no column y1 (values)", path);
    if (found->sd_all >= 0 && found->n_sd > 0)
        return gndp_failure("%s: either sd for all values, or sd1, sd2, ..", path);
    for (int p = 0; p < found->outputs && found->n_sd > 0; p++)
        if (found->sd[p] < 0 || found->n_sd != found->outputs)
            return gndp_failure("%s: %d columns y want as many columns sd, or one named sd", path,
                                found->outputs);
    return GNDP_EXIT_DONE;
}

/* Members in the order in which they come; where[set, p] is the column of a value. */
static int find_sets(const char *path, const columns *found, gp_data *out, int *where)
{
    const int P = found->outputs;
    for (int v = 0; v < found->n_values; v++) {
        int s = 0;
        if ((found->member[v] < 0) != (found->member[0] < 0))
            return gndp_failure("%s: either all columns y name a member (y1_m0) or none does",
                                path);
        while (s < out->n_sets && out->set[s].member != found->member[v])
            s++;
        if (s == out->n_sets) {
            gp_set *set = gp_data_append(out);
            if (set == NULL)
                return GNDP_EXIT_FAILURE;
            set->member = found->member[v];
        }
        if (where[s * P + found->output[v]] >= 0)
            return twice(path, "one value");
        where[s * P + found->output[v]] = found->value_column[v];
    }
    for (int i = 0; i < out->n_sets * P; i++)
        if (where[i] < 0)
            return found->member[0] >= 0
                       ? gndp_failure("%s: there is no column y%d_m%lld", path, i % P + 1,
                                      (long long)out->set[i / P].member)
                       : gndp_failure("%s: there is no column y%d", path, i % P + 1);
    return GNDP_EXIT_DONE;
}

static int read_cell(const gndp_csv *csv, int64_t row, int c, double *out)
{
    int code = GNDP_EXIT_DONE;
    if (*csv->cell[row * csv->n_columns + c] == '\0')
        return gndp_failure("%s:%lld: column %d (%s): the cell is empty; leave the whole row out "
                            "if the value is missing",
                            csv->path, (long long)csv->line[row], c + 1, csv->name[c]);
    GNDP_LIBRARY(gndp_csv_number(csv, row, c, out));
done:
    return code;
}

static int read_noise(const gndp_csv *csv, const columns *found, int64_t i, double *noise)
{
    int code = GNDP_EXIT_DONE;
    for (int p = 0; p < found->outputs; p++) {
        const int c = found->sd_all >= 0 ? found->sd_all : found->sd[p];
        double sd = 0.0;
        GNDP_STEP(read_cell(csv, i, c, &sd));
        if (sd < 0.0)
            return gndp_failure(
                "%s:%lld: column %d (%s): %g is below 0; a standard deviation is wanted", csv->path,
                (long long)csv->line[i], c + 1, csv->name[c], sd);
        noise[p] = sd * sd;
    }
done:
    return code;
}

static int read_rows(const gndp_csv *csv, const columns *found, const int *where, bool degrees,
                     gp_set *set)
{
    int code = GNDP_EXIT_DONE;
    const int P = found->outputs, C = degrees ? 2 : found->n_coordinates;
    for (int64_t i = 0; i < csv->n_rows; i++) {
        set->line[i] = csv->line[i];
        for (int d = 0; d < C; d++)
            GNDP_STEP(read_cell(csv, i, found->coordinate[d], &set->shown[i * C + d]));
        for (int p = 0; p < P; p++)
            GNDP_STEP(read_cell(csv, i, where[p], &set->y[i * P + p]));
        if (set->noise != NULL)
            GNDP_STEP(read_noise(csv, found, i, set->noise + i * P));
    }
    if (degrees)
        GNDP_STEP(gndp_places_check_degrees(csv->path, csv->line, csv->n_rows, set->shown));
done:
    return code;
}

static int copy_table(const gndp_csv *csv, const columns *found, const int *where, gp_data *out)
{
    int code = GNDP_EXIT_DONE;
    const bool noise = found->sd_all >= 0 || found->n_sd > 0;
    out->degrees = found->lat_lon > 0;
    out->columns = out->degrees ? 2 : found->n_coordinates;
    out->outputs = found->outputs;
    out->members = found->member[0] >= 0;
    if (csv->n_rows == 0)
        return gndp_failure("%s has a header but no rows", csv->path);
    for (int s = 0; s < out->n_sets; s++) {
        gp_set *set = &out->set[s];
        const int64_t member = set->member;
        GNDP_STEP(gp_set_make(set, csv->n_rows, out->columns, out->outputs, noise, true, false));
        set->member = member;
        GNDP_STEP(read_rows(csv, found, where + s * found->outputs, out->degrees, set));
    }
done:
    return code;
}

static int read_values(const gndp_csv *csv, gp_data *out)
{
    int code = GNDP_EXIT_DONE, *where = NULL;
    columns found = {.sd_all = -1};
    const size_t n = (size_t)csv->n_columns;
    memset(found.coordinate, -1, sizeof found.coordinate);
    memset(found.sd, -1, sizeof found.sd);
    found.output = malloc(n * sizeof *found.output);
    found.value_column = malloc(n * sizeof *found.value_column);
    found.member = malloc(n * sizeof *found.member);
    where = malloc(n * OUTPUTS_MAX * sizeof *where);
    if (found.output == NULL || found.value_column == NULL || found.member == NULL ||
        where == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    memset(where, -1, n * OUTPUTS_MAX * sizeof *where);
    for (int c = 0; c < csv->n_columns; c++)
        GNDP_STEP(place_column(csv->path, csv->name[c], c, &found));
    GNDP_STEP(check_columns(csv->path, &found));
    GNDP_STEP(find_sets(csv->path, &found, out, where));
    GNDP_STEP(copy_table(csv, &found, where, out));
done:
    free(where);
    free(found.output);
    free(found.value_column);
    free(found.member);
    return code;
}

/* Whether the header is that of a table of values y: it has a column y.., or abstract coordinates
   and none with the name of a variable, or too little to be one of observations. */
static bool has_values(const gndp_csv *csv)
{
    const char *rest;
    int64_t member;
    bool named = false;
    for (int c = 0; c < csv->n_columns; c++) {
        const int i = numbered(csv->name[c], "y", OUTPUTS_MAX, &rest);
        if (i >= 0 && member_of(rest, &member))
            return true;
    }
    for (int c = 0; c < csv->n_columns; c++)
        named = named || strncasecmp(csv->name[c], "lat", 3) == 0 ||
                strcasecmp(csv->name[c], "variable") == 0;
    return !named;
}

int gp_table_read(const char *path, const char *const *vars, int n_vars, const char *time,
                  bool quiet, gp_data *out)
{
    int code = GNDP_EXIT_DONE;
    gndp_csv csv = {0};
    *out = (gp_data){.path = path};
    GNDP_LIBRARY(gndp_csv_read(path, true, &csv));
    if (!has_values(&csv) && strcmp(path, "-") == 0) {
        code = gndp_usage_error("observations by the names of their variables are read from a "
                                "file, not from standard input");
    } else if (!has_values(&csv)) {
        GNDP_STEP(gp_observed_read(path, vars, n_vars, time, quiet, out));
    } else if (n_vars > 0 || time != NULL) {
        code = gndp_usage_error("--%s does not apply to %s, a table of x and y",
                                n_vars > 0 ? "var" : "time", path);
    } else {
        GNDP_STEP(read_values(&csv, out));
    }
done:
    gndp_csv_free(&csv);
    return code;
}
