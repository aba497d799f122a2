// SPDX-License-Identifier: Apache-2.0
// Tables of members.
#include "cli/ensemble.h"

#include <stdlib.h>

#include "cli/usage.h"

void cli_component_name(const gndp_fieldset_spec *spec, int p, char *name, size_t bytes)
{
    for (int c = 0; c < spec->n_channels; p -= spec->channel[c++].components)
        if (p < spec->channel[c].components) {
            snprintf(name, bytes, "%s", spec->channel[c].components == spec->channel[c].parts ? spec->channel[c].part[p].name : spec->channel[c].name);
            return;
        }
}

int cli_ensemble_write(FILE *file, const gndp_coords *coords, const gndp_fieldset_spec *spec, int64_t members, const uint32_t *number,
                       const double *values)
{
    int components = 0;
    double *x = malloc((size_t)(coords->n * coords->columns) * sizeof *x);
    if (x == NULL)
        return gndp_failure_memory();
    for (int c = 0; c < spec->n_channels; c++)
        components += spec->channel[c].components;
    gndp_coords_list(coords, x);
    for (int a = 0; a < coords->columns; a++)
        fprintf(file, "%s%s", a > 0 ? "," : "", coords->space == GNDP_SPACE_SPHERE ? (a == 0 ? "lat" : "lon") : coords->axis[a].name);
    for (int64_t m = 0; m < members; m++)
        for (int p = 0; p < components; p++) {
            char name[80] = "";
            cli_component_name(spec, p, name, sizeof name);
            fprintf(file, ",%s_m%u", name, number[m]);
        }
    fputc('\n', file);
    for (int64_t i = 0; i < coords->n; i++) {
        for (int a = 0; a < coords->columns; a++) {
            if (a > 0)
                fputc(',', file);
            fputs(gndp_csv_number_text(x[i * coords->columns + a]).text, file);
        }
        for (int64_t m = 0; m < members; m++)
            for (int p = 0; p < components; p++) {
                fputc(',', file);
                fputs(gndp_csv_number_text(values[(m * coords->n + i) * components + p]).text, file);
            }
        fputc('\n', file);
    }
    free(x);
    return GNDP_EXIT_DONE;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void cli_sort(int64_t n, double *x)
{
    qsort(x, (size_t)n, sizeof *x, ascending);
}
