// SPDX-License-Identifier: Apache-2.0
// The table of conditional samplers and their defaults.

#include "base/nearest.h"
#include "cond/methods.h"

static const cond_method *const rows[] = {&cond_langevin, &cond_hybrid, &cond_repaint,
                                          &cond_guidance, &cond_bridge, &cond_amortised,
                                          &cond_smc, &cond_twisted};
enum { ROWS = (int)(sizeof rows / sizeof *rows) };

int gndp_conditional_count(void)
{
    return ROWS;
}

const gndp_conditional_info *gndp_conditional_get(int i)
{
    return i >= 0 && i < ROWS ? &rows[i]->info : NULL;
}

static const char *name_at(const void *state, int i)
{
    (void)state;
    return i < ROWS ? rows[i]->info.name : NULL;
}

gndp_status gndp_conditional_find(const char *name, const gndp_conditional_info **out)
{
    gndp_status st = GNDP_OK;
    int i = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    GNDP_TRY(gndp_find_name("conditional method", name, name_at, NULL, &i));
    *out = &rows[i]->info;
done:
    return st;
}

const cond_method *methods_row(const gndp_conditional_info *info)
{
    for (int i = 0; i < ROWS; i++) {
        if (info == &rows[i]->info) {
            return rows[i];
        }
    }
    return NULL;
}

gndp_conditional_options gndp_conditional_options_default(const gndp_conditional_info *method)
{
    const cond_method *row = methods_row(method != NULL ? method : &rows[0]->info);
    gndp_conditional_options o = {.method = method != NULL ? method : &rows[0]->info,
                                  .predictor = gndp_sampler_get(0),
                                  .grid = GNDP_GRID_TIME,
                                  .steps = 100,
                                  .inner = 5,
                                  .size = GNDP_LANGEVIN_VARIANCE,
                                  .psi = 1.0,
                                  .tau = 0.5,
                                  .preconditioner = GNDP_PRECONDITION_SCHUR,
                                  .context = GNDP_CONTEXT_PATH,
                                  .lambda0 = 1.0,
                                  .repeats = 10,
                                  .covariance = GNDP_GUIDANCE_AUTO,
                                  .kappa = 0.5,
                                  .strength = 1.0,
                                  .least_variance = 1e-6,
                                  .particles = 256,
                                  .resample_below = 0.5};
    if (row != NULL && row->defaults != NULL) {
        row->defaults(&o);
    }
    return o;
}
