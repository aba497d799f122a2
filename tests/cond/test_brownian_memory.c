// SPDX-License-Identifier: Apache-2.0
// Steps on spheres take no memory, of samplers, densities and conditional methods: every way to the allocator is counted between them.
#include "support/alloc_count.h"

#include "sde/brownian_case.h"

#include <gndp/brownian_cond.h>

enum { R = 8, STEPS = 20 };

static void samplers_and_densities_take_no_memory(void **state)
{
    (void)state;
    if (!OWN_ALLOCATOR) {
        skip();
    }
    mixture m = new_mixture(sphere_between(), 2, 2, 0.1, 8.0, 81, R);
    uint32_t member[R];
    double y[R * 10], log_p[R];
    number_members(R, 0, member);
    for (int q = 0; q < 3; q++) {
        watch w = {0};
        gndp_brownian_options o = gndp_brownian_options_default();
        o.method = (gndp_brownian_method)q, o.steps = STEPS, o.stop = watch_step, o.stop_state = &w;
        assert_ok(gndp_brownian_sample(m.ev, &m.process, &o, R, member, NULL, y));
        check_watch(&w, gndp_brownian_method_name(o.method));
    }
    for (int q = 0; q < 4; q++) {
        watch w = {0};
        gndp_likelihood_options o = gndp_likelihood_options_default();
        o.solver = q % 2 == 0 ? GNDP_ODE_RK4 : GNDP_ODE_ADAPTIVE;
        o.steps = STEPS, o.probes = q < 2 ? 0 : 2, o.stop = watch_step, o.stop_state = &w;
        assert_ok(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-5, 0, NULL, R, member, y, log_p, NULL));
        check_watch(&w, q % 2 == 0 ? "rk4" : "adaptive");
    }
    free_mixture(&m);
}

static void conditional_methods_take_no_memory(void **state)
{
    (void)state;
    if (!OWN_ALLOCATOR) {
        skip();
    }
    mixture m = new_mixture(sphere_between(), 2, 2, 0.1, 8.0, 82, R);
    double *field = mixture_data(&m, 1, 1), y[10];
    const int64_t point[2] = {0, 1};
    const int component[2] = {1, 4};
    const double sd[2] = {0.0, 0.3};
    const uint32_t member = 0;
    const gndp_sphere_obs obs = {.n = 2, .point = point, .component = component, .field = field, .sd = sd};
    for (int i = 0; i < gndp_brownian_cond_count(); i++) {
        watch w = {0};
        gndp_brownian_cond_options o = gndp_brownian_cond_options_default(gndp_brownian_cond_get(i));
        o.steps = STEPS, o.particles = R, o.psi = 1.0, o.stop = watch_step, o.stop_state = &w;
        /* plans of products are made when first met: the second run has them */
        assert_ok(gndp_brownian_cond_sample(m.ev, &m.process, &obs, &o, 1, &member, y, NULL));
        w = (watch){0};
        assert_ok(gndp_brownian_cond_sample(m.ev, &m.process, &obs, &o, 1, &member, y, NULL));
        check_watch(&w, o.method->name);
    }
    free(field);
    free_mixture(&m);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(samplers_and_densities_take_no_memory),
    cmocka_unit_test(conditional_methods_take_no_memory),
};
GNDP_TEST_MAIN(tests)
