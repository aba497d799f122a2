// SPDX-License-Identifier: Apache-2.0
// Settings of a sampler from a model's configuration and the command line.
#include "cli/sampling.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

static const char *const grid_names[] = {[GNDP_GRID_TIME] = "time", [GNDP_GRID_ROOT] = "root", [GNDP_GRID_LAMBDA] = "lambda"};

static int find_grid(const char *name, gndp_grid_kind *out)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(name, grid_names[i]) == 0) {
            *out = (gndp_grid_kind)i;
            return GNDP_EXIT_DONE;
        }
    return gndp_usage_unknown("grid", name, gndp_nearest(name, grid_names, 3));
}

static int read_seed(const char *text, const gndp_config *config, uint64_t *out)
{
    int code = GNDP_EXIT_DONE;
    int64_t own;
    errno = 0;
    if (text == NULL) {
        GNDP_LIBRARY(gndp_config_integer(config, "sample.seed", &own));
        *out = (uint64_t)own;
        return GNDP_EXIT_DONE;
    }
    *out = strtoull(text, NULL, 10);
    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' || errno != 0)
        return gndp_usage_error("--seed wants a whole number from 0 to 2^64 - 1, got '%s'", text);
done:
    return code;
}

static void add(gndp_sampling *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(gndp_sampling *s, const char *format, ...)
{
    const size_t at = strlen(s->text);
    va_list args;
    va_start(args, format);
    vsnprintf(s->text + at, sizeof s->text - at, format, args);
    va_end(args);
}

static void describe(gndp_sampling *s, const char *grid)
{
    const gndp_sampler_options *o = &s->options;
    if (strcmp(o->sampler->name, "adaptive") == 0)
        add(s, "adaptive, tolerance %g", o->tolerance);
    else
        add(s, "%s, %lld steps uniform in %s", o->sampler->name, (long long)o->steps, grid);
    if (o->quiet_last)
        add(s, ", last one without noise");
    if (o->corrector_steps > 0 && o->corrector_snr > 0.0)
        add(s, ", %lld Langevin steps after each, snr %g", (long long)o->corrector_steps, o->corrector_snr);
    else if (o->corrector_steps > 0)
        add(s, ", %lld Langevin steps after each, psi %g", (long long)o->corrector_steps, o->corrector_psi);
    if (o->temperature != 1.0)
        add(s, ", temperature %g: no samples of the model", o->temperature);
    add(s, ", blocks of %lld%s", (long long)s->batch, s->bf16 ? ", bf16" : "");
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
    if (options->sampler != NULL && options->grid == NULL) { /* the model's grid was chosen for the model's sampler */
        o->grid = o->sampler->grid;
        grid = grid_names[o->grid];
    }
    if (gndp_model_brownian(model) != NULL) { /* values on spheres have steps of their own */
        if (options->grid != NULL || options->corrector > 0)
            return gndp_usage_error("--time-grid and --corrector are not for values on the sphere, whose steps are uniform in ln B");
        grid = "ln B";
    }
    out->batch = options->batch > 0 ? options->batch : out->batch;
    out->bf16 = out->bf16 && !options->f32;
    GNDP_STEP(read_seed(options->seed, config, &o->seed));
    describe(out, grid);
done:
    return code;
}
