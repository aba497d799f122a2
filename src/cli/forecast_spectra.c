// SPDX-License-Identifier: Apache-2.0
// Power along the rows of a grid: of members, of their mean, which is smoother, and of the truth.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/forecast.h"
#include "cli/usage.h"

const char *const cli_spectrum_names[CLI_SPECTRA] = {"members", "mean", "truth"};

int cli_forecast_spectra(cli_forecast *f)
{
    cli_spectrum *s = &f->spectrum;
    const gndp_coords *coords = &gndp_fieldset_get_spec(f->ensemble)->coords;
    const gndp_axis *axis = &coords->axis[coords->columns - 1];
    if (coords->layout != GNDP_LAYOUT_PRODUCT || axis->size < 2)
        return GNDP_EXIT_DONE;
    s->wavenumbers = axis->size / 2 + 1;
    s->power = calloc((size_t)(CLI_SPECTRA * f->components * s->wavenumbers), sizeof *s->power);
    s->cases = calloc((size_t)f->components, sizeof *s->cases);
    if (s->power == NULL || s->cases == NULL)
        return gndp_failure_memory();
    snprintf(s->axis, sizeof s->axis, "%s", axis->name);
    snprintf(s->units, sizeof s->units, "%s", coords->space == GNDP_SPACE_SPHERE ? "degrees" : axis->units);
    s->length = fabs(axis->value[axis->size - 1] - axis->value[0]) * (double)axis->size / (double)(axis->size - 1);
    return GNDP_EXIT_DONE;
}

/* Fields [n, N, P], each with the presence of the truth: power [K, P]; NaN where there is no whole row. */
static int power_of(const cli_forecast *f, int64_t n, const double *fields, const uint8_t *present, double *power)
{
    int code = GNDP_EXIT_DONE;
    const int P = f->components;
    gndp_fieldset *set = NULL;
    gndp_fieldset_spec spec = *gndp_fieldset_get_spec(f->ensemble);
    uint8_t *here = malloc((size_t)(n * f->points * spec.n_channels));
    if (here == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < n * f->points; i++)
        for (int c = 0, p = 0; c < spec.n_channels; p += spec.channel[c++].components)
            here[i * spec.n_channels + c] = present[i % f->points * P + p];
    spec.n_fields = n;
    spec.label = NULL;
    const gndp_array values = gndp_array_view(gndp_type_3d(GNDP_F64, n, f->points, P), (double *)(uintptr_t)fields); /* only read */
    GNDP_LIBRARY(gndp_fieldset_create(&spec, &values, here, &set));
    const gndp_status st = gndp_zonal_spectrum(set, power);
    for (int64_t i = 0; st == GNDP_ERR_NONFINITE && i < f->spectrum.wavenumbers * P; i++)
        power[i] = (double)NAN;
    if (st != GNDP_ERR_NONFINITE)
        GNDP_LIBRARY(st);
done:
    gndp_fieldset_free(set);
    free(here);
    return code;
}

int cli_forecast_spectra_add(cli_forecast *f, const double *members, const double *truth, const uint8_t *present)
{
    int code = GNDP_EXIT_DONE;
    const int64_t size = f->points * f->components, K = f->spectrum.wavenumbers, powers = K * f->components;
    if (K == 0)
        return code;
    double *mean = calloc((size_t)size, sizeof *mean), *power = malloc((size_t)(CLI_SPECTRA * powers) * sizeof *power);
    if (mean == NULL || power == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t m = 0; m < f->members; m++)
        for (int64_t i = 0; i < size; i++)
            mean[i] += members[m * size + i] / (double)f->members;
    GNDP_STEP(power_of(f, f->members, members, present, power + CLI_SPECTRUM_MEMBERS * powers));
    GNDP_STEP(power_of(f, 1, mean, present, power + CLI_SPECTRUM_MEAN * powers));
    GNDP_STEP(power_of(f, 1, truth, present, power + CLI_SPECTRUM_TRUTH * powers));
    for (int p = 0; p < f->components; p++) {
        if (isnan(power[CLI_SPECTRUM_TRUTH * powers + p]))
            continue;
        f->spectrum.cases[p]++;
        for (int s = 0; s < CLI_SPECTRA; s++)
            for (int64_t k = 0; k < K; k++)
                f->spectrum.power[(s * f->components + p) * K + k] += power[s * powers + k * f->components + p];
    }
done:
    free(mean);
    free(power);
    return code;
}

void cli_forecast_spectra_end(cli_forecast *f)
{
    const int64_t K = f->spectrum.wavenumbers;
    bool any = false;
    for (int p = 0; p < f->components && K > 0; p++) {
        const int64_t cases = f->spectrum.cases[p];
        any = any || cases > 0;
        for (int s = 0; s < CLI_SPECTRA; s++)
            for (int64_t k = 0; k < K; k++) {
                double *power = &f->spectrum.power[(s * f->components + p) * K + k];
                *power = cases > 0 ? *power / (double)cases : (double)NAN;
            }
    }
    if (!any)
        f->spectrum.wavenumbers = 0;
}
