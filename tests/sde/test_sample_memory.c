// SPDX-License-Identifier: Apache-2.0
// Steps of samplers and likelihoods take no memory: every way to the allocator is counted between
// steps.
#include "support/alloc_count.h"

#include "sde/toy_score.h"

static void steps_take_no_memory(void **state)
{
    (void)state;
    enum { R = 8 };
    if (!OWN_ALLOCATOR) {
        skip();
    }
    for (int which = 0; which < SDE_CASES; which++) { /* white and correlated limits */
        sde_case *c = new_case(&sde_texts[which]);
        gndp_score score[2];
        assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score[0]));
        gndp_store *store = new_toy(GNDP_F32, c->dim, c->outputs, 0.3, &score[1]);
        double *y = new_values(R * c->n), log_p[R];
        uint32_t member[R];
        number_members(R, 0, member);
        for (int kind = 0; kind < 2; kind++) {
            gndp_evaluator *ev = NULL;
            const gndp_evaluator_options eo = {.batch = R};
            assert_ok(gndp_evaluator_create(&score[kind], &c->schedule, &c->points.x, &eo, &ev));
            for (int i = 0; i < gndp_sampler_count(); i++) {
                watch w = {0};
                gndp_sampler_options o = gndp_sampler_options_default();
                o.sampler = gndp_sampler_get(i);
                o.steps = 8;
                o.tolerance = 1e-4;
                o.corrector_steps = 1;
                o.stop = watch_step;
                o.stop_state = &w;
                assert_ok(gndp_sample(ev, &c->schedule, c->law, &o, R, member, NULL, y));
                check_watch(&w, o.sampler->name);
            }
            for (int i = 0; i < 8; i++) {
                watch w = {0};
                gndp_likelihood_options o = gndp_likelihood_options_default();
                o.solver = (gndp_ode_solver)(i % 4);
                o.steps = 6;
                o.tolerance = 1e-3;
                o.probes = i < 4 ? 0 : 3;
                o.stop = watch_step;
                o.stop_state = &w;
                assert_ok(
                    gndp_log_likelihood(ev, &c->schedule, c->law, &o, R, member, y, log_p, NULL));
                check_watch(&w, "likelihood");
            }
            gndp_evaluator_free(ev);
            gndp_score_free(&score[kind]);
        }
        gndp_store_free(store);
        free(y);
        free_case(c);
    }
}

static void count_sees_allocations(void **state)
{
    (void)state;
    if (!OWN_ALLOCATOR) {
        skip();
    }
    const long before = atomic_load(&calls);
    void *volatile p = malloc(10);
    free(p);
    assert_true(atomic_load(&calls) > before);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(steps_take_no_memory),
    cmocka_unit_test(count_sees_allocations),
};
GNDP_TEST_MAIN(tests)
