// SPDX-License-Identifier: Apache-2.0
// Settings of a sampler from a model's configuration and the command line.
#include "cli/sampling.h"

#include <stdio.h>
#include <string.h>

#include "cli/usage.h"

static int find_grid(const char *name, gndp_grid_kind *out)
{
    static const char *const names[] = {"time", "root", "lambda"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (gndp_grid_kind)i;
            return GNDP_EXIT_DONE;
        }
    return gndp_usage_unknown("grid", name, gndp_nearest(name, names, 3));
}

int gndp_sampling_make(const gndp_sampling_options *options, const gndp_model *model, gndp_sampling *out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_config *config = gndp_model_config(model);
    gndp_sampler_options *o = &out->options;
    const char *sampler, *grid, *precision;
    memset(out, 0, sizeof *out);
    *o = gndp_sampler_options_default();
    GNDP_LIBRARY(gndp_config_text(config, "sample.sampler", &sampler));
    GNDP_LIBRARY(gndp_config_text(config, "sample.grid", &grid));
    GNDP_LIBRARY(gndp_config_integer(config, "sample.steps", &o->steps));
    GNDP_LIBRARY(gndp_config_switch(config, "sample.quiet_last", &o->quiet_last));
    GNDP_LIBRARY(gndp_config_integer(config, "sample.corrector.steps", &o->corrector_steps));
    GNDP_LIBRARY(gndp_config_number(config, "sample.corrector.psi", &o->corrector_psi));
    GNDP_LIBRARY(gndp_config_number(config, "sample.corrector.snr", &o->corrector_snr));
    GNDP_LIBRARY(gndp_config_number(config, "sample.tolerance", &o->tolerance));
    GNDP_LIBRARY(gndp_config_number(config, "sample.temperature", &o->temperature));
    GNDP_LIBRARY(gndp_config_integer(config, "sample.batch", &out->batch));
    GNDP_LIBRARY(gndp_config_text(config, "sample.precision", &precision));
    out->bf16 = strcmp(precision, "bf16") == 0;
    sampler = options->sampler != NULL ? options->sampler : sampler;
    grid = options->grid != NULL ? options->grid : grid;
    o->steps = options->steps > 0 ? options->steps : o->steps;
    o->corrector_steps = options->corrector >= 0 ? options->corrector : o->corrector_steps;
    GNDP_LIBRARY(gndp_sampler_find(sampler, &o->sampler));
    GNDP_STEP(find_grid(grid, &o->grid));
    snprintf(out->text, sizeof out->text, "%s, %lld steps uniform in %s", o->sampler->name, (long long)o->steps, grid);
    const size_t at = strlen(out->text);
    if (o->corrector_steps > 0)
        snprintf(out->text + at, sizeof out->text - at, ", %lld Langevin steps after each", (long long)o->corrector_steps);
done:
    return code;
}
