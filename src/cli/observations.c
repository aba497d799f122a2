// SPDX-License-Identifier: Apache-2.0
// Observations from the columns of a CSV file.
#include "cli/observations.h"

#include <stdlib.h>
#include <string.h>

#include "cli/csv.h"
#include "cli/places.h"
#include "cli/usage.h"

enum { DIMS_MAX = 8, OUTPUTS_MAX = 8 };

/* Where things are in the table; -1: nowhere. */
typedef struct columns {
    int coordinate[DIMS_MAX], n_coordinates, lat_lon;
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
    if ((i = numbered(name, "x", DIMS_MAX, &rest)) >= 0 && *rest == '\0') {
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
static int find_sets(const char *path, const columns *found, cli_observations *out, int *where)
{
    const int P = found->outputs;
    for (int v = 0; v < found->n_values; v++) {
        int s = 0;
        if ((found->member[v] < 0) != (found->member[0] < 0))
            return gndp_failure("%s: either all columns y name a member (y1_m0) or none does",
                                path);
        while (s < out->n_sets && (int64_t)out->member[s] != found->member[v] &&
               found->member[v] >= 0)
            s++;
        if (s == out->n_sets)
            out->member[out->n_sets++] = (uint32_t)found->member[v];
        if (where[s * P + found->output[v]] >= 0)
            return twice(path, "one value");
        where[s * P + found->output[v]] = found->value_column[v];
    }
    for (int i = 0; i < out->n_sets * P; i++)
        if (where[i] < 0)
            return found->member[0] >= 0
                       ? gndp_failure("%s: there is no column y%d_m%u", path, i % P + 1,
                                      out->member[i / P])
                       : gndp_failure("%s: there is no column y%d", path, i % P + 1);
    return GNDP_EXIT_DONE;
}

static int make_arrays(cli_observations *out)
{
    const size_t n = (size_t)out->n, values = n * (size_t)out->outputs;
    out->shown = malloc(n * (size_t)out->columns * sizeof(double));
    out->x = malloc(n * (size_t)cli_observations_dims(out) * sizeof(double));
    out->y = malloc((size_t)out->n_sets * values * sizeof(double));
    out->noise = malloc(values * sizeof(double));
    out->line = malloc(n * sizeof *out->line);
    if (out->shown == NULL || out->x == NULL || out->y == NULL || out->noise == NULL ||
        out->line == NULL)
        return gndp_failure_memory();
    return GNDP_EXIT_DONE;
}

static int copy_noise(const cli_csv *csv, const columns *found, cli_observations *out)
{
    const int P = out->outputs;
    if (found->sd_all < 0 && found->n_sd == 0) {
        free(out->noise);
        out->noise = NULL;
        return GNDP_EXIT_DONE;
    }
    for (int64_t i = 0; i < out->n; i++)
        for (int p = 0; p < P; p++) {
            const int c = found->sd_all >= 0 ? found->sd_all : found->sd[p];
            const double sd = csv->cell[i * csv->n_columns + c];
            if (sd < 0.0)
                return gndp_failure("%s line %lld column %d (%s): %g is below 0; a standard "
                                    "deviation is wanted",
                                    out->path, (long long)csv->line[i], c + 1, csv->name[c], sd);
            out->noise[i * P + p] = sd * sd;
        }
    return GNDP_EXIT_DONE;
}

static int copy_table(const cli_csv *csv, const columns *found, const int *where,
                      cli_observations *out)
{
    int code = GNDP_EXIT_DONE;
    const int P = out->outputs;
    GNDP_STEP(make_arrays(out));
    for (int64_t i = 0; i < out->n; i++) {
        const double *row = csv->cell + i * csv->n_columns;
        out->line[i] = csv->line[i];
        for (int d = 0; d < out->columns; d++)
            out->shown[i * out->columns + d] = row[found->coordinate[d]];
        for (int s = 0; s < out->n_sets; s++)
            for (int p = 0; p < P; p++)
                out->y[(s * out->n + i) * P + p] = row[where[s * P + p]];
    }
    if (out->sphere)
        GNDP_STEP(gndp_places_to_sphere(out->path, out->line, out->n, out->shown, out->x));
    else
        memcpy(out->x, out->shown, (size_t)(out->n * out->columns) * sizeof(double));
    GNDP_STEP(copy_noise(csv, found, out));
done:
    return code;
}

int cli_observations_read(const char *path, cli_observations *out)
{
    int code = GNDP_EXIT_DONE, *where = NULL;
    cli_csv csv;
    columns found = {.sd_all = -1};
    *out = (cli_observations){.path = path};
    memset(found.coordinate, -1, sizeof found.coordinate);
    memset(found.sd, -1, sizeof found.sd);
    GNDP_STEP(cli_csv_read(path, &csv));
    const size_t n = (size_t)csv.n_columns;
    found.output = malloc(n * sizeof *found.output);
    found.value_column = malloc(n * sizeof *found.value_column);
    found.member = malloc(n * sizeof *found.member);
    out->member = malloc(n * sizeof *out->member);
    where = malloc(n * OUTPUTS_MAX * sizeof *where);
    if (found.output == NULL || found.value_column == NULL || found.member == NULL ||
        out->member == NULL || where == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    memset(where, -1, n * OUTPUTS_MAX * sizeof *where);
    for (int c = 0; c < csv.n_columns; c++)
        GNDP_STEP(place_column(path, csv.name[c], c, &found));
    GNDP_STEP(check_columns(path, &found));
    out->sphere = found.lat_lon > 0;
    out->columns = out->sphere ? 2 : found.n_coordinates;
    out->outputs = found.outputs;
    out->n = csv.n_rows;
    if (out->n == 0) {
        code = gndp_failure("%s has a header but no rows", path);
        goto done;
    }
    GNDP_STEP(find_sets(path, &found, out, where));
    GNDP_STEP(copy_table(&csv, &found, where, out));
    if (found.member[0] < 0) {
        free(out->member);
        out->member = NULL;
    }
done:
    free(where);
    free(found.output);
    free(found.value_column);
    free(found.member);
    cli_csv_free(&csv);
    return code;
}

int cli_observations_choose(cli_observations *o, int64_t member)
{
    int chosen = 0;
    if (member < 0) {
        if (o->n_sets > 1)
            return gndp_usage_error("%s holds %d members; choose one with --member, such as "
                                    "--member %u",
                                    o->path, o->n_sets, o->member[0]);
        return GNDP_EXIT_DONE;
    }
    if (o->member == NULL)
        return gndp_usage_error("--member %lld: %s holds no members (its values are y1, not y1_m0)",
                                (long long)member, o->path);
    while (chosen < o->n_sets && (int64_t)o->member[chosen] != member)
        chosen++;
    if (chosen == o->n_sets)
        return gndp_failure("%s: there is no member %lld", o->path, (long long)member);
    const size_t values = (size_t)o->n * (size_t)o->outputs;
    memmove(o->y, o->y + (size_t)chosen * values, values * sizeof *o->y);
    o->member[0] = o->member[chosen];
    o->n_sets = 1;
    return GNDP_EXIT_DONE;
}

int cli_observations_pick(const cli_observations *from, const int64_t *row, int64_t m,
                           cli_observations *out)
{
    int code = GNDP_EXIT_DONE;
    const size_t D = (size_t)cli_observations_dims(from), C = (size_t)from->columns;
    const size_t P = (size_t)from->outputs;
    *out = *from;
    out->n = m;
    out->member = NULL;
    out->shown = out->x = out->y = out->noise = NULL;
    out->line = NULL;
    GNDP_STEP(make_arrays(out));
    for (int64_t i = 0; i < m; i++) {
        memcpy(out->shown + (size_t)i * C, from->shown + (size_t)row[i] * C, C * sizeof(double));
        memcpy(out->x + (size_t)i * D, from->x + (size_t)row[i] * D, D * sizeof(double));
        out->line[i] = from->line[row[i]];
        for (int64_t s = 0; s < from->n_sets; s++)
            memcpy(out->y + (size_t)(s * m + i) * P, from->y + (size_t)(s * from->n + row[i]) * P,
                   P * sizeof(double));
        if (from->noise != NULL)
            memcpy(out->noise + (size_t)i * P, from->noise + (size_t)row[i] * P,
                   P * sizeof(double));
    }
    if (from->noise == NULL) {
        free(out->noise);
        out->noise = NULL;
    }
done:
    return code;
}

int64_t cli_observations_dims(const cli_observations *o)
{
    return o->sphere ? 3 : o->columns;
}

gndp_gp_data cli_observations_data(const cli_observations *o, int set, double mean)
{
    const gndp_type type = gndp_type_2d(GNDP_F64, o->n, cli_observations_dims(o));
    return (gndp_gp_data){.x = gndp_array_view(type, o->x),
                          .y = o->y + (int64_t)set * o->n * o->outputs,
                          .noise = o->noise,
                          .mean = mean};
}

void cli_observations_free(cli_observations *o)
{
    free(o->member);
    free(o->shown);
    free(o->x);
    free(o->y);
    free(o->noise);
    free(o->line);
    *o = (cli_observations){0};
}
