// SPDX-License-Identifier: Apache-2.0
// Settings of conditional samplers from one table: key of the configuration, option, methods that read it.
#include "cli/infer_method.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

const cli_method_options cli_method_options_none = {.steps = -1,
                                                    .inner = -1,
                                                    .clean_steps = -1,
                                                    .repeats = -1,
                                                    .particles = -1,
                                                    .psi = -1.0,
                                                    .tau = -1.0,
                                                    .lambda0 = -1.0,
                                                    .kappa = -1.0,
                                                    .strength = -1.0};

static const char *const grids[] = {[GNDP_GRID_TIME] = "time", [GNDP_GRID_ROOT] = "root", [GNDP_GRID_LAMBDA] = "lambda", NULL};
static const char *const preconditioners[] = {[GNDP_PRECONDITION_SCHUR] = "schur",
                                              [GNDP_PRECONDITION_BLOCK] = "block",
                                              [GNDP_PRECONDITION_IDENTITY] = "identity",
                                              [GNDP_PRECONDITION_PUBLISHED] = "published",
                                              NULL};
static const char *const contexts[] = {[GNDP_CONTEXT_PATH] = "path", [GNDP_CONTEXT_RESAMPLE] = "resample", NULL};
static const char *const sizes[] = {[GNDP_LANGEVIN_VARIANCE] = "variance", [GNDP_LANGEVIN_RATE] = "rate", NULL};
static const char *const covariances[] = {
    [GNDP_GUIDANCE_AUTO] = "auto", [GNDP_GUIDANCE_EXACT] = "exact", [GNDP_GUIDANCE_PRIOR] = "prior", [GNDP_GUIDANCE_SURROGATE] = "surrogate", NULL};

enum { LANGEVIN = 1, HYBRID = 2, REPAINT = 4, GUIDANCE = 8, SMC = 16, TWISTED = 32, BRIDGE = 64, AMORTISED = 128, ALL = 255 };
static const char *const method_names[] = {"langevin", "hybrid", "repaint", "guidance", "smc", "twisted", "bridge", "amortised"};
enum { METHODS = sizeof method_names / sizeof *method_names };

static int bit_of_name(const char *name)
{
    for (int i = 0; i < METHODS; i++)
        if (strcmp(name, method_names[i]) == 0)
            return 1 << i;
    return ALL; /* one that this table does not know reads everything */
}

static int bit_of(const gndp_conditional_info *method)
{
    return bit_of_name(method->name);
}

static bool reads_prior(const char *method)
{
    return (bit_of_name(method) & (BRIDGE | GUIDANCE | TWISTED)) != 0;
}

/* One setting: a whole number, a number or a choice. */
typedef struct setting {
    const char *key, *option;
    int methods;
    size_t given, place; /* in cli_method_options; in gndp_conditional_options */
    const char *const *choices;
    bool number;
} setting;

#define GIVEN(field) offsetof(cli_method_options, field)
#define PLACE(field) offsetof(gndp_conditional_options, field)
static const setting settings[] = {
    {"infer.grid", "time-grid", ALL, GIVEN(grid), PLACE(grid), grids, false},
    {"infer.steps", "steps", ALL, GIVEN(steps), PLACE(steps), NULL, false},
    {"infer.inner", "inner", LANGEVIN, GIVEN(inner), PLACE(inner), NULL, false},
    {"infer.psi", "psi", LANGEVIN | HYBRID, GIVEN(psi), PLACE(psi), NULL, true},
    {"infer.size", "size", LANGEVIN, GIVEN(size), PLACE(size), sizes, false},
    {"infer.tau", "tau", LANGEVIN, GIVEN(tau), PLACE(tau), NULL, true},
    {"infer.preconditioner", "preconditioner", LANGEVIN, GIVEN(preconditioner), PLACE(preconditioner), preconditioners, false},
    {"infer.context", "context", LANGEVIN | HYBRID, GIVEN(context), PLACE(context), contexts, false},
    {"infer.lambda0", "lambda0", LANGEVIN | HYBRID, GIVEN(lambda0), PLACE(lambda0), NULL, true},
    {"infer.clean_steps", "clean-steps", LANGEVIN | GUIDANCE, GIVEN(clean_steps), PLACE(clean_steps), NULL, false},
    {"infer.repeats", "repeats", REPAINT, GIVEN(repeats), PLACE(repeats), NULL, false},
    {"infer.covariance", "covariance", GUIDANCE | TWISTED, GIVEN(covariance), PLACE(covariance), covariances, false},
    {"infer.kappa", "kappa", GUIDANCE | TWISTED, GIVEN(kappa), PLACE(kappa), NULL, true},
    {"infer.strength", "strength", GUIDANCE, GIVEN(strength), PLACE(strength), NULL, true},
    {"infer.particles", "particles", SMC | TWISTED, GIVEN(particles), PLACE(particles), NULL, false},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* A choice into an enum, of the size of an int in all compilers that gndp knows. */
static int set_choice(const setting *s, const char *word, char *place)
{
    int n = 0;
    while (s->choices[n] != NULL)
        n++;
    for (int i = 0; i < n; i++)
        if (strcmp(word, s->choices[i]) == 0) {
            memcpy(place, &i, sizeof i);
            return GNDP_EXIT_DONE;
        }
    return gndp_usage_unknown(s->option, word, gndp_nearest(word, s->choices, n));
}

_Static_assert(sizeof(gndp_grid_kind) == sizeof(int) && sizeof(gndp_preconditioner) == sizeof(int) && sizeof(gndp_context_mode) == sizeof(int) &&
                   sizeof(gndp_guidance_covariance) == sizeof(int) && sizeof(gndp_langevin_size) == sizeof(int),
               "enums are as large as int");

static bool is_given(const setting *s, const char *given)
{
    if (s->choices != NULL)
        return *(const char *const *)(const void *)given != NULL;
    return s->number ? *(const double *)(const void *)given >= 0.0 : *(const int64_t *)(const void *)given >= 0;
}

static int take_given(const setting *s, const char *given, char *place)
{
    if (s->choices != NULL)
        return set_choice(s, *(const char *const *)(const void *)given, place);
    memcpy(place, given, s->number ? sizeof(double) : sizeof(int64_t));
    return GNDP_EXIT_DONE;
}

static int take_key(const setting *s, const gndp_config *config, char *place)
{
    int code = GNDP_EXIT_DONE;
    const char *word;
    if (!gndp_config_has(config, s->key))
        return code;
    if (s->choices != NULL) {
        GNDP_LIBRARY(gndp_config_text(config, s->key, &word));
        GNDP_STEP(set_choice(s, word, place));
    } else if (s->number) {
        GNDP_LIBRARY(gndp_config_number(config, s->key, (double *)(void *)place));
    } else {
        GNDP_LIBRARY(gndp_config_integer(config, s->key, (int64_t *)(void *)place));
    }
done:
    return code;
}

static void list_methods(int methods, char *text, size_t bytes)
{
    size_t used = 0;
    for (int i = 0; i < METHODS; i++)
        if (methods & 1 << i && used < bytes)
            used += (size_t)snprintf(text + used, bytes - used, "%s%s", used > 0 ? ", " : "", method_names[i]);
}

/* A method named on the command line brings its own defaults: the configuration's were chosen for the configuration's. */
static int fill(const cli_method_options *given, const gndp_config *config, bool own, gndp_conditional_options *o)
{
    int code = GNDP_EXIT_DONE;
    for (int i = 0; i < SETTINGS; i++) {
        const setting *s = &settings[i];
        const char *from = (const char *)given + s->given;
        char *place = (char *)o + s->place;
        if (is_given(s, from)) {
            char names[96] = "";
            list_methods(s->methods, names, sizeof names);
            if ((s->methods & bit_of(o->method)) == 0)
                return gndp_usage_error("--%s belongs to %s, the method is %s", s->option, names, o->method->name);
            GNDP_STEP(take_given(s, from, place));
        } else if (own && (s->methods & bit_of(o->method)) != 0) {
            GNDP_STEP(take_key(s, config, place));
        }
    }
done:
    return code;
}

static void add(cli_method *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(cli_method *m, const char *format, ...)
{
    const size_t at = strlen(m->text);
    va_list args;
    va_start(args, format);
    vsnprintf(m->text + at, sizeof m->text - at, format, args);
    va_end(args);
}

static void describe(cli_method *m)
{
    const gndp_conditional_options *o = &m->options;
    const int bit = bit_of(o->method);
    const bool surrogate = o->covariance == GNDP_GUIDANCE_SURROGATE || (o->covariance == GNDP_GUIDANCE_AUTO && m->prior == NULL);
    add(m, "%s, %lld steps uniform in %s", o->method->name, (long long)o->steps, grids[o->grid]);
    if (!(bit & BRIDGE))
        add(m, " by %s", o->predictor->name);
    if (bit & LANGEVIN)
        add(m, ", %lld corrector steps after each below tau %g, psi %g by %s, %s", (long long)o->inner, o->tau, o->psi, sizes[o->size],
            preconditioners[o->preconditioner]);
    if (bit & HYBRID)
        add(m, ", psi %g", o->psi);
    if (bit & (LANGEVIN | HYBRID))
        add(m, ", context by %s", contexts[o->context]);
    if (bit & (LANGEVIN | GUIDANCE) && o->clean_steps > 0)
        add(m, ", %lld clean steps", (long long)o->clean_steps);
    if (bit & REPAINT)
        add(m, ", %lld passes a step", (long long)o->repeats);
    if (bit & (GUIDANCE | TWISTED)) {
        add(m, ", %s covariance", surrogate ? "surrogate" : covariances[o->covariance == GNDP_GUIDANCE_AUTO ? GNDP_GUIDANCE_PRIOR : o->covariance]);
        if (surrogate)
            add(m, ", kappa %g", o->kappa);
    }
    if (m->prior != NULL)
        add(m, ", prior %s", m->prior);
    else if (bit & BRIDGE)
        add(m, ", the limit as prior");
    if (bit & (SMC | TWISTED))
        add(m, ", %lld particles", (long long)o->particles);
    if (bit & (LANGEVIN | HYBRID) && o->lambda0 != 1.0)
        add(m, ", lambda0 %g: no samples of the posterior", o->lambda0);
    if (bit & GUIDANCE && o->strength != 1.0)
        add(m, ", strength %g: no samples of the posterior", o->strength);
    if (bit & LANGEVIN && o->preconditioner == GNDP_PRECONDITION_PUBLISHED)
        add(m, ": biased unless the limit is white");
}

int cli_method_make(const cli_method_options *given, const gndp_model *model, cli_method *out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_config *config = gndp_model_config(model);
    const char *method, *sampler = NULL;
    const gndp_conditional_info *info;
    memset(out, 0, sizeof *out);
    GNDP_LIBRARY(gndp_config_text(config, "infer.method", &method));
    out->prior = given->prior;
    if (out->prior == NULL && gndp_config_has(config, "infer.prior"))
        GNDP_LIBRARY(gndp_config_text(config, "infer.prior", &out->prior));
    if (strcmp(method, "auto") == 0 || (given->prior != NULL && !reads_prior(method)))
        method = out->prior != NULL ? "bridge" : "langevin";
    const bool limit = out->prior != NULL && strcmp(out->prior, "limit") == 0;
    if (limit)
        out->prior = NULL;
    const bool own = given->method == NULL || strcmp(given->method, method) == 0;
    GNDP_LIBRARY(gndp_conditional_find(given->method != NULL ? given->method : method, &info));
    out->options = gndp_conditional_options_default(info);
    if (bit_of(info) & (LANGEVIN | GUIDANCE)) {
        /* Clean steps settle an exact score. A learned one need not be that of any law at the last time, and steps there can run away: more on the way
         * instead, and clean steps on request. */
        out->options.clean_steps = 0;
        out->options.inner = 10;
    }
    if (own)
        GNDP_LIBRARY(gndp_config_text(config, "infer.sampler", &sampler));
    if (info->context && !gndp_model_net(model)->context_flag)
        return gndp_usage_error("method %s: the model was trained without clean context; train it with score.context_flag: yes and data.context, or choose "
                                "another method",
                                info->name);
    if (given->sampler != NULL && bit_of(info) == BRIDGE)
        return gndp_usage_error("bridge takes its own steps: --sampler %s belongs to other methods", given->sampler);
    if (given->prior != NULL && !reads_prior(info->name))
        return gndp_usage_error("--prior belongs to bridge, guidance, twisted; the method is %s", info->name);
    if (!reads_prior(info->name))
        out->prior = NULL;
    sampler = given->sampler != NULL ? given->sampler : sampler;
    if (sampler != NULL)
        GNDP_LIBRARY(gndp_sampler_find(sampler, &out->options.predictor));
    GNDP_STEP(fill(given, config, own, &out->options));
    if (limit && bit_of(info) & (GUIDANCE | TWISTED) && out->options.covariance == GNDP_GUIDANCE_AUTO)
        out->options.covariance = GNDP_GUIDANCE_PRIOR; /* that of the limit, as asked: alone it would be a surrogate */
    describe(out);
done:
    return code;
}

/* Of one case, for whole points; seen [N] numbers of their components. */
static int check_whole(const cli_joint *joint, const cli_observed *o, int c, int *seen)
{
    const int64_t first = o->first[c], end = o->first[c + 1];
    for (int64_t i = first; i < end; i++)
        seen[joint->point[o->row[i].place]]++;
    for (int64_t i = first; i < end; i++) {
        const cli_observation *row = &o->row[i];
        const int some = seen[joint->point[row->place]];
        const double *x = o->x + row->place * o->columns;
        if (row->sd > 0.0)
            return gndp_failure("%s: %s about %g, .. has an error of %g: method amortised takes exact values alone, as in its training; leave errors "
                                "out, or choose another method",
                                o->path, o->name[row->component], x[0], row->sd);
        if (some < o->components)
            return gndp_failure("%s: %d of the %d components about %g, .. are observed: method amortised wants all of a place or none, as in its "
                                "training; leave the place out, or choose another method",
                                o->path, some, o->components, x[0]);
    }
    for (int64_t i = first; i < end; i++)
        seen[joint->point[o->row[i].place]] = 0;
    return GNDP_EXIT_DONE;
}

int cli_method_fits(const cli_method *method, const cli_joint *joint, const cli_observed *observed)
{
    int code = GNDP_EXIT_DONE;
    if (!method->options.method->context)
        return code;
    int *seen = calloc((size_t)(joint->targets + joint->added) + 1, sizeof *seen);
    if (seen == NULL)
        return gndp_failure_memory();
    for (int c = 0; c < observed->n_cases && code == GNDP_EXIT_DONE; c++)
        code = check_whole(joint, observed, c, seen);
    free(seen);
    return code;
}

double cli_method_cost(const cli_method *method, int64_t n)
{
    const gndp_conditional_options *o = &method->options;
    const int bit = bit_of(o->method);
    const double steps = (double)o->steps;
    const double guided = o->covariance == GNDP_GUIDANCE_EXACT ? 1.0 + 2.0 * (double)n : 3.0;
    if (bit == LANGEVIN)
        return steps + (double)o->inner * steps * o->tau + (double)o->clean_steps;
    if (bit == REPAINT)
        return steps * (double)o->repeats;
    if (bit == GUIDANCE)
        return steps * guided;
    if (bit == SMC)
        return steps * (double)o->particles;
    if (bit == TWISTED)
        return steps * (double)o->particles * guided;
    return steps;
}
