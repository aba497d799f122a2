// SPDX-License-Identifier: Apache-2.0
// Steps of conditional samplers take no memory: every way to the allocator is counted between them.
#include "support/alloc_count.h"

#include "cond/cond_case.h"
#include "sde/toy_score.h"

static void steps_take_no_memory(void **state)
{
    (void)state;
    enum { R = 8 };
    if (!OWN_ALLOCATOR) {
        skip();
    }
    for (int which = 0; which < 2 * COND_KINDS; which++) { /* white and correlated limits */
        cond_case *k = new_cond(&sde_texts[which % 2 == 0 ? 0 : 2], (cond_kind)(which / 2));
        gndp_score score[2];
        assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score[0]));
        gndp_store *store = new_toy(GNDP_F32, k->c->dim, k->c->outputs, 0.3, &score[1]);
        double *y = new_values(R * k->n);
        gndp_evaluator *ev = NULL;
        const gndp_evaluator_options eo = {.batch = R};
        assert_ok(
            gndp_evaluator_create(&score[which % 2], &k->c->schedule, &k->c->points.x, &eo, &ev));
        for (int i = 0; i < gndp_conditional_count(); i++) {
            watch w = {0};
            if (gndp_conditional_get(i)->context) { /* wants a score of its own: test_amortised.c */
                continue;
            }
            gndp_conditional_options o = cond_options(gndp_conditional_get(i)->name);
            o.steps = 20;
            o.inner = 2;
            o.clean_steps = 4;
            o.repeats = 2;
            o.particles = R;
            o.prior = which < 4 ? k->prior : NULL;
            o.covariance = which % 4 < 2 ? GNDP_GUIDANCE_EXACT : GNDP_GUIDANCE_AUTO;
            o.stop = watch_step;
            o.stop_state = &w;
            /* plans of products are made when first met: the second run has them */
            assert_ok(cond_run_members(ev, k, &o, 1, y, NULL));
            w = (watch){0};
            assert_ok(cond_run_members(ev, k, &o, 1, y, NULL));
            check_watch(&w, o.method->name);
        }
        gndp_evaluator_free(ev);
        gndp_score_free(&score[0]);
        gndp_score_free(&score[1]);
        gndp_store_free(store);
        free(y);
        free_cond(k);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(steps_take_no_memory),
};
GNDP_TEST_MAIN(tests)
