// SPDX-License-Identifier: Apache-2.0
// The table of `gndp eval --task regression`.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/regression.h"

static const struct {
    const char *text, *key;
} rows[REGRESSION_ROWS] = {
    [REGRESSION_MODEL] = {"model", "model"},
    [REGRESSION_EXACT] = {"exact process", "exact"},
    [REGRESSION_DIFFERENCE] = {"model - exact, paired", "difference"},
    [REGRESSION_DIAGONAL] = {"exact, targets apart", "diagonal"},
    [REGRESSION_LIMIT] = {"limit (nothing learned)", "limit"},
};

static void print_value(cli_regression_value v)
{
    char text[40], error[24] = "";
    if (isfinite(v.se))
        snprintf(error, sizeof error, " +- %.4f", v.se);
    snprintf(text, sizeof text, "%.4f%s", v.mean, error);
    printf("  %22s", text);
}

static const char *how(const cli_regression *r, char text[64])
{
    const gndp_likelihood_options *o = &r->options->flow;
    if (o->solver == GNDP_ODE_ADAPTIVE)
        snprintf(text, 64, "adaptive to %g", o->tolerance);
    else
        snprintf(text, 64, "%s-%lld%s", r->options->solver, (long long)o->steps, o->power == 1.0 ? " uniform" : "");
    return text;
}

void cli_regression_print(const cli_regression *r)
{
    const cli_regression_options *o = r->options;
    char text[64], probes[48] = "exact divergence";
    printf("log p(targets | context), nats a target\n%s: %lld functions, %lld to %lld context points, %lld targets, seed %llu\n\n", r->synth->name,
           (long long)o->fields, (long long)r->low, (long long)(r->low + r->sizes - 1), (long long)o->targets, (unsigned long long)o->flow.seed);
    printf("%-24s", "");
    for (int i = 0; i < r->n_domains; i++)
        printf("  %22s", r->domain[i].name);
    for (int row = 0; row < REGRESSION_ROWS; row++) {
        if (!cli_regression_has(r, (cli_regression_row)row))
            continue;
        printf("\n%-24s", rows[row].text);
        for (int i = 0; i < r->n_domains; i++)
            print_value(cli_regression_pool(r, &r->domain[i], (cli_regression_row)row));
    }
    if (o->flow.probes > 0)
        snprintf(probes, sizeof probes, "%lld probe%s", (long long)o->flow.probes, o->flow.probes > 1 ? "s" : "");
    printf("\n\n%s, %s, %s\n", how(r, text), probes, gndp_duration_text(r->seconds).text);
    if (o->flow.solver == GNDP_ODE_EULER)
        gndp_note("euler overstates the log-likelihood by some hundredths of a nat a point or more");
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static json_t *value_json(cli_regression_value v)
{
    return json_pack("{s:o, s:o}", "mean", gp_json_number(v.mean), "se", gp_json_number(v.se));
}

static json_t *sizes_json(const cli_regression *r, const cli_regression_domain *d)
{
    json_t *list = json_array();
    for (int64_t k = 0; k < r->sizes; k++) {
        const cli_regression_sum *s = d->sum + k * REGRESSION_ROWS;
        json_t *entry = json_pack("{s:I, s:I}", "context", (json_int_t)(r->low + k), "fields", (json_int_t)s->n);
        for (int row = 0; row < REGRESSION_ROWS; row++)
            if (cli_regression_has(r, (cli_regression_row)row))
                json_object_set_new(entry, rows[row].key,
                                    value_json((cli_regression_value){s[row].mean, sqrt(s[row].square / (double)(s[row].n - 1) / (double)s[row].n)}));
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *domain_json(const cli_regression *r, const cli_regression_domain *d)
{
    json_t *object = json_pack("{s:s, s:[f,f], s:[[f,f]]}", "name", d->name, "context_in", d->context[0], d->context[1], "targets_in", d->target[0][0],
                               d->target[0][1]);
    if (d->target[1][1] > d->target[1][0])
        json_array_append_new(json_object_get(object, "targets_in"), json_pack("[f,f]", d->target[1][0], d->target[1][1]));
    for (int row = 0; row < REGRESSION_ROWS; row++)
        if (cli_regression_has(r, (cli_regression_row)row))
            json_object_set_new(object, rows[row].key, value_json(cli_regression_pool(r, d, (cli_regression_row)row)));
    json_object_set_new(object, "by_context", sizes_json(r, d));
    return object;
}

int cli_regression_print_json(const cli_regression *r)
{
    const cli_regression_options *o = r->options;
    json_t *domains = json_array();
    for (int i = 0; i < r->n_domains; i++)
        json_array_append_new(domains, domain_json(r, &r->domain[i]));
    return gp_json_write(json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:o, s:I, s:[I,I], s:I, s:s, s:I, s:f, s:I, s:b, s:f, s:I, s:o}", "command", "eval", "task", "regression", "model",
        gndp_model_hash(r->model), "generator", r->synth->name, "step", (json_int_t)gndp_model_get_progress(r->model).step, "seed",
        gp_json_seed(o->flow.seed), "fields", (json_int_t)o->fields, "context", (json_int_t)r->low, (json_int_t)(r->low + r->sizes - 1), "targets",
        (json_int_t)o->targets, "solver", o->solver, "steps", (json_int_t)o->flow.steps, "power", o->flow.power, "probes", (json_int_t)o->flow.probes,
        "bf16", (int)o->bf16, "seconds", r->seconds, "evaluations", (json_int_t)r->evaluations, "domains", domains));
}
