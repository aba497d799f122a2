// SPDX-License-Identifier: Apache-2.0
// The table of generators, and the values of one field at listed points.

#include "base/error.h"
#include "base/nearest.h"
#include "synth/generator.h"
#include "synth/places.h"

static const synth_generator *const families[] = {synth_regression, synth_sawtooth, synth_mixture,
                                                  synth_heavy,      synth_vector,   synth_sphere};
enum { FAMILIES = sizeof families / sizeof *families };

static const synth_generator *at(int i)
{
    for (int f = 0; f < FAMILIES && i >= 0; f++)
        for (const synth_generator *g = families[f]; g->info.name != NULL; g++)
            if (i-- == 0)
                return g;
    return NULL;
}

int gndp_synth_count(void)
{
    int n = 0;
    while (at(n) != NULL)
        n++;
    return n;
}

const gndp_synth_info *gndp_synth_get(int i)
{
    const synth_generator *g = at(i);
    return g != NULL ? &g->info : NULL;
}

const synth_generator *synth_of(const gndp_synth_info *info)
{
    const synth_generator *g = NULL;
    for (int i = 0; (g = at(i)) != NULL; i++)
        if (&g->info == info)
            return g;
    return NULL;
}

static const char *name_at(const void *state, int i)
{
    const gndp_synth_info *info = gndp_synth_get(i);
    (void)state;
    return info != NULL ? info->name : NULL;
}

gndp_status gndp_synth_find(const char *name, const gndp_synth_info **out)
{
    gndp_status st = GNDP_OK;
    int i = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_TRY(gndp_find_name("generator", name, name_at, NULL, &i));
    *out = gndp_synth_get(i);
done:
    return st;
}

gndp_status gndp_synth_values(const gndp_synth_info *synth, uint64_t seed, uint32_t member,
                              int64_t n, const double *x, double *values)
{
    gndp_status st = GNDP_OK;
    const synth_generator *g = synth_of(synth);
    synth_sampler sampler = {0};
    GNDP_CHECK(g != NULL, GNDP_ERR_ARG, "synth is no generator of the table");
    GNDP_CHECK(x != NULL && values != NULL && n >= 1, GNDP_ERR_ARG, "n is %lld, x %s, values %s",
               (long long)n, x != NULL ? "given" : "NULL", values != NULL ? "given" : "NULL");
    GNDP_TRY(synth_sampler_listed(g, n, x, &sampler));
    GNDP_TRY(g->draw(&sampler, seed, &member, 1, values));
done:
    synth_sampler_clear(&sampler);
    return st;
}
