// SPDX-License-Identifier: Apache-2.0
// From a network's raw output to the preconditioned score, and to the denoising loss (geomndp.md
// 4).
#define GNDP_NO_CALLSITE
#include <gndp/ops.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "sde/limit.h"

/* Added to the noise's standard deviation by which outputs are divided. */
#define STD_FLOOR 1e-3

static const char *const target_names[] = {[GNDP_TARGET_K] = "K",
                                           [GNDP_TARGET_S] = "S",
                                           [GNDP_TARGET_NONE] = "none",
                                           [GNDP_TARGET_Y0] = "y0"};
enum { TARGETS = (int)(sizeof target_names / sizeof *target_names) };

gndp_parametrisation gndp_parametrisation_default(void)
{
    return (gndp_parametrisation){
        .target = GNDP_TARGET_K, .std_trick = true, .residual_trick = true, .weighted = true};
}

const char *gndp_target_name(gndp_target target)
{
    return (int)target >= 0 && (int)target < TARGETS ? target_names[target] : "?";
}

gndp_status gndp_target_find(const char *name, gndp_target *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(name != NULL && out != NULL, GNDP_ERR_ARG, "an argument is NULL");
    for (int k = 0; k < TARGETS; k++) {
        if (strcmp(target_names[k], name) == 0) {
            *out = (gndp_target)k;
            return GNDP_OK;
        }
    }
    GNDP_CHECK(false, GNDP_ERR_NOT_FOUND, "there is no target '%s'; there are: K, S, none, y0",
               name);
done:
    return st;
}

gndp_status gndp_parametrisation_check(const gndp_parametrisation *p)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(p != NULL, GNDP_ERR_ARG, "parametrisation is NULL");
    GNDP_CHECK((int)p->target >= 0 && (int)p->target < TARGETS, GNDP_ERR_RANGE, "target %d is none",
               (int)p->target);
    GNDP_CHECK(p->balance >= 0.0 && p->balance < HUGE_VAL, GNDP_ERR_RANGE, "balance %g",
               p->balance);
    GNDP_CHECK(p->balance == 0.0 || (p->target == GNDP_TARGET_K && p->weighted && !p->absolute),
               GNDP_ERR_UNSUPPORTED,
               "balance %g: it belongs to target K, weighted, with squared errors", p->balance);
done:
    return st;
}

/* What the formulas share; [R, 1, 1] or [R, N, P], of the type of y. Nothing in it is NaN. */
typedef struct terms {
    gndp_node decay, variance, deviation; /* r, v, sigma */
    gndp_node mean;
    gndp_node wanted;  /* where the score is wanted: masked elsewhere */
    gndp_node centred; /* y - m */
    gndp_node output;  /* the raw output, divided by sigma + floor with the std trick */
} terms;

static gndp_node clamped(gndp_graph *g, gndp_node variance)
{
    return gndp_max2(g, variance, gndp_scalar(g, gndp_node_type(variance).dtype, LEAST_VARIANCE));
}

static terms make_terms(gndp_graph *g, const gndp_parametrisation *p, const gndp_limit_nodes *limit,
                        const gndp_score_inputs *in, gndp_node output)
{
    terms t;
    t.decay = limit_column(g, in->decay);
    t.variance = clamped(g, limit_column(g, in->variance));
    t.deviation = gndp_sqrt(g, t.variance);
    t.mean = limit_mean(g, limit, in->y);
    t.wanted = gndp_score_targets(g, in);
    t.centred = limit_keep(g, t.wanted, gndp_sub(g, in->y, t.mean));
    t.output = limit_keep(g, t.wanted, output);
    if (p->std_trick && p->target != GNDP_TARGET_Y0) {
        t.output = gndp_div(g, t.output, gndp_offset(g, t.deviation, STD_FLOOR));
    }
    return t;
}

/*
 * With the residual trick the score of the limit is added: -(y - m) to K grad log p, -L^-1 (y - m)
 * to L' grad log p, -K^-1 (y - m) to grad log p. Times what makes a K-score of each, that is -(y -
 * m) for all: no solve is needed here.
 */
gndp_node gndp_parametrisation_score(gndp_graph *g, const gndp_parametrisation *p,
                                     const gndp_limit_nodes *limit, const gndp_score_inputs *in,
                                     gndp_node output)
{
    const terms t = make_terms(g, p, limit, in, output);
    gndp_node score = t.output;
    switch (p->target) {
    case GNDP_TARGET_Y0: /* Tweedie: (r E[y_0 | y] + (1 - r) m - y)/v */
        score =
            gndp_div(g, gndp_sub(g, gndp_mul(g, t.decay, gndp_sub(g, t.output, t.mean)), t.centred),
                     t.variance);
        return limit_keep(g, t.wanted, score);
    case GNDP_TARGET_S:
        score = gndp_limit_colour(g, limit, score);
        break;
    case GNDP_TARGET_NONE:
        score = gndp_limit_colour(g, limit, limit_colour_transposed(g, limit, score));
        break;
    case GNDP_TARGET_K:
        break;
    }
    return p->residual_trick ? gndp_sub(g, score, t.centred) : score;
}

gndp_node gndp_score_targets(gndp_graph *g, const gndp_score_inputs *in)
{
    if (gndp_is_none(in->target)) {
        return in->mask;
    }
    return gndp_is_none(in->mask) ? in->target : gndp_and(g, in->mask, in->target);
}

gndp_node gndp_noised(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node decay,
                      gndp_node variance, gndp_node y0, gndp_node z)
{
    const gndp_node mean = limit_mean(g, limit, y0), r = limit_column(g, decay);
    const gndp_node deviation = gndp_sqrt(g, clamped(g, limit_column(g, variance)));
    const gndp_node centred = gndp_add(g, gndp_mul(g, r, gndp_sub(g, y0, mean)),
                                       gndp_mul(g, deviation, gndp_limit_colour(g, limit, z)));
    return gndp_add(g, mean, centred);
}

/*
 * K_** needs no other root: where the limit was made with the mask of the targets, context has an
 * identity block in L, so that L z at the targets is L_** z_* and no z of the context enters.
 */
gndp_node gndp_noised_targets(gndp_graph *g, const gndp_limit_nodes *limit,
                              const gndp_score_inputs *in, gndp_node y0, gndp_node z)
{
    const gndp_node noised = gndp_noised(g, limit, in->decay, in->variance, y0, z);
    if (gndp_is_none(in->target)) {
        return noised;
    }
    const gndp_type type = gndp_node_type(in->target);
    return gndp_select(g, gndp_reshape(g, in->target, 3, (int64_t[]){type.dim[0], type.dim[1], 1}),
                       noised, y0);
}

/* What the loss is the norm of, y0 and z without NaN. */
static gndp_node residual(gndp_graph *g, const gndp_parametrisation *p,
                          const gndp_limit_nodes *limit, const terms *t, gndp_node y0, gndp_node z)
{
    gndp_node e = t->output;
    if (p->target == GNDP_TARGET_Y0) {
        e = gndp_sub(g, e, y0);
        return p->weighted ? e : gndp_mul(g, e, gndp_div(g, t->decay, t->variance));
    }
    if (p->target == GNDP_TARGET_NONE && !p->weighted) { /* o' + L^-T z/sigma */
        gndp_node noise = gndp_div(g, z, t->deviation);
        if (p->residual_trick) {
            noise = gndp_sub(g, noise, limit_whiten(g, limit, t->centred));
        }
        return gndp_add(g, e, limit_whiten_transposed(g, limit, noise));
    }
    if (p->target == GNDP_TARGET_NONE) {
        e = limit_colour_transposed(g, limit, e);
    }
    if (p->residual_trick) {
        e = gndp_sub(g, e,
                     p->target == GNDP_TARGET_K ? t->centred : limit_whiten(g, limit, t->centred));
    }
    const gndp_node noise = p->target == GNDP_TARGET_K ? gndp_limit_colour(g, limit, z) : z;
    return p->weighted ? gndp_add(g, gndp_mul(g, t->deviation, e), noise)
                       : gndp_add(g, e, gndp_div(g, noise, t->deviation));
}

gndp_node gndp_denoising_loss(gndp_graph *g, const gndp_parametrisation *p,
                              const gndp_limit_nodes *limit, const gndp_score_inputs *in,
                              gndp_node output, gndp_node y0, gndp_node z)
{
    const terms t = make_terms(g, p, limit, in, output);
    const gndp_type type = gndp_node_type(y0);
    const int both[2] = {1, 2};
    gndp_node e =
        residual(g, p, limit, &t, limit_keep(g, t.wanted, y0), limit_keep(g, t.wanted, z));
    e = limit_keep(g, t.wanted, e); /* the output at a masked point need not be 0 */
    e = limit_balance(g, limit, e);
    e = gndp_sum(g, p->absolute ? gndp_abs(g, e) : gndp_square(g, e), both, 2, false); /* [R] */
    if (gndp_is_none(t.wanted)) {
        return gndp_scale(g, gndp_mean_all(g, e),
                          type.dim[1] > 0 ? 1.0 / (double)type.dim[1] : 1.0);
    }
    const int last = 1;
    const gndp_node count =
        gndp_sum(g, gndp_cast(g, gndp_not(g, gndp_not(g, t.wanted)), type.dtype), &last, 1, false);
    const gndp_node divisor = gndp_max2(g, count, gndp_scalar(g, type.dtype, 1.0));
    return gndp_mean_all(g, gndp_div(g, e, divisor));
}
