// SPDX-License-Identifier: Apache-2.0
// The order of steps and the layout of buffers, on made-up plans: dependences, the peak of live bytes, no two live buffers on one byte.
#include "graph/plan/plan.h"
#include "support/test_main.h"

#include <stdlib.h>
#include <string.h>

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}

static uint32_t state_of_draws;

static int draw(int n)
{
    state_of_draws = state_of_draws * 1664525u + 1013904223u;
    return (int)((state_of_draws >> 8) % (uint32_t)n);
}

static gndp_plan *plan_make(void)
{
    gndp_plan *plan = calloc(1, sizeof *plan);
    check(gndp_arena_create(0, &plan->arena));
    plan->outputs = calloc(8, sizeof *plan->outputs);
    return plan;
}

static void plan_drop(gndp_plan *plan)
{
    gndp_arena_free(plan->arena);
    free(plan->outputs);
    free(plan);
}

/* A step that writes one new buffer; its number is in the payload, for it moves. */
static int32_t add_step(gndp_plan *plan, const int32_t *reads, int n_reads, size_t bytes)
{
    static char numbers[1];
    plan_step *step = gndp_plan_add_step(plan, n_reads, 1);
    assert_non_null(step);
    memcpy(step->reads, reads, (size_t)n_reads * sizeof *reads);
    step->writes[0] = gndp_plan_add_buffer(plan, PLACE_WORKSPACE, bytes, 0, NULL);
    step->payload = numbers;
    step->flops = (double)plan->n_steps; /* its number */
    return step->writes[0];
}

/* Steps of a random graph: chains, joins, several readers, now and then one that reads a buffer twice. */
static gndp_plan *random_plan(uint32_t seed, int n)
{
    gndp_plan *plan = plan_make();
    state_of_draws = seed;
    const int reach = 2 + draw(30);
    int32_t made[400] = {gndp_plan_add_buffer(plan, PLACE_INPUT, 64, 0, NULL)};
    for (int k = 1; k <= n; k++) {
        int32_t reads[3];
        const int n_reads = 1 + draw(3);
        for (int i = 0; i < n_reads; i++) {
            const int back = draw(reach);
            reads[i] = made[k - 1 - back >= 0 ? k - 1 - back : 0];
        }
        made[k] = add_step(plan, reads, n_reads, (size_t)(draw(100) == 0 ? 0 : 1 + draw(100000)));
    }
    for (int i = 0; i < 3; i++) {
        const int32_t buffer = made[n - 5 * i];
        plan->buffers[buffer].place = PLACE_OUTPUT;
        plan->outputs[plan->n_outputs++] = (plan_output){.buffer = buffer};
    }
    return plan;
}

/* Largest number of bytes that workspace buffers hold at once when the steps run in this order; each is freed after its last reader. */
static double peak_of(const gndp_plan *plan, const plan_step *steps)
{
    double live = 0.0, peak = 0.0;
    int *left = calloc((size_t)plan->n_buffers, sizeof *left);
    for (int64_t s = 0; s < plan->n_steps; s++)
        for (int i = 0; i < steps[s].n_reads; i++)
            left[steps[s].reads[i]]++;
    for (int64_t s = 0; s < plan->n_steps; s++) {
        const plan_buffer *b = &plan->buffers[steps[s].writes[0]];
        live += b->place == PLACE_WORKSPACE ? (double)b->bytes : 0.0;
        peak = live > peak ? live : peak;
        live -= b->place == PLACE_WORKSPACE && left[steps[s].writes[0]] == 0 ? (double)b->bytes : 0.0; /* nobody reads it */
        for (int i = 0; i < steps[s].n_reads; i++) {
            b = &plan->buffers[steps[s].reads[i]];
            if (--left[steps[s].reads[i]] == 0 && b->place == PLACE_WORKSPACE)
                live -= (double)b->bytes;
        }
    }
    free(left);
    return peak;
}

static void check_dependences(const gndp_plan *plan)
{
    bool *written = calloc((size_t)plan->n_buffers, 1), *seen = calloc((size_t)plan->n_steps + 1, 1);
    for (int64_t b = 0; b < plan->n_buffers; b++)
        written[b] = plan->buffers[b].place == PLACE_INPUT || plan->buffers[b].place == PLACE_PARAM;
    for (int64_t s = 0; s < plan->n_steps; s++) {
        const plan_step *step = &plan->steps[s];
        for (int i = 0; i < step->n_reads; i++)
            assert_true(written[step->reads[i]]);
        for (int i = 0; i < step->n_writes; i++)
            written[step->writes[i]] = true;
        assert_false(seen[(int)step->flops]); /* each step once */
        seen[(int)step->flops] = true;
    }
    free(written);
    free(seen);
}

static void order_respects_dependences_and_never_raises_the_peak(void **state)
{
    (void)state;
    int lower = 0;
    for (uint32_t seed = 1; seed <= 200; seed++) {
        gndp_plan *plan = random_plan(seed, 20 + (int)seed);
        const plan_step *made = plan->steps;
        const double before = peak_of(plan, made);
        check(gndp_plan_order(plan));
        check_dependences(plan);
        const double after = peak_of(plan, plan->steps);
        assert_true(after <= before);
        lower += after < before;
        plan_drop(plan);
    }
    assert_true(lower > 50); /* it does find better orders */
}

static void order_puts_each_assignment_after_all_reads_of_the_old_value(void **state)
{
    (void)state;
    gndp_plan *plan = plan_make();
    const int32_t x = gndp_plan_add_buffer(plan, PLACE_INPUT, 8, 0, NULL);
    const int32_t p = gndp_plan_add_buffer(plan, PLACE_PARAM, 8, 0, NULL), q = gndp_plan_add_buffer(plan, PLACE_PARAM, 8, 1, NULL);
    const int32_t value = add_step(plan, &x, 1, 1 << 20);
    plan_step *assign_p = gndp_plan_add_step(plan, 1, 1); /* frees much memory: greed alone would run it at once */
    assign_p->reads[0] = value;
    assign_p->writes[0] = p;
    assign_p->last_phase = true;
    assign_p->flops = 2.0;
    plan_step *update_q = gndp_plan_add_step(plan, 2, 1); /* in place, and reads p */
    update_q->reads[0] = p;
    update_q->reads[1] = q;
    update_q->writes[0] = q;
    update_q->last_phase = true;
    update_q->flops = 3.0;
    add_step(plan, &p, 1, 1 << 10);
    check(gndp_plan_order(plan));
    check_dependences(plan);
    int64_t at[5] = {0};
    for (int64_t s = 0; s < plan->n_steps; s++)
        at[(int)plan->steps[s].flops] = s;
    assert_true(at[2] > at[3] && at[2] > at[4]);
    assert_true(at[3] > at[4]); /* what changes parameters in place comes after what may fail */
    plan_drop(plan);
}

static void order_reports_a_cycle(void **state)
{
    (void)state;
    gndp_plan *plan = plan_make();
    const int32_t x = gndp_plan_add_buffer(plan, PLACE_INPUT, 8, 0, NULL);
    const int32_t a = add_step(plan, &x, 1, 8), b = add_step(plan, &a, 1, 8);
    plan->steps[0].reads[0] = b;
    assert_int_equal(gndp_plan_order(plan), GNDP_ERR_INTERNAL);
    plan_drop(plan);
}

static void layout_never_puts_two_live_buffers_on_one_byte(void **state)
{
    (void)state;
    double held = 0.0, sum = 0.0;
    for (uint32_t seed = 1; seed <= 200; seed++) {
        gndp_plan *plan = random_plan(seed, 20 + (int)seed);
        check(gndp_plan_order(plan));
        check(gndp_plan_layout(plan));
        for (int64_t i = 0; i < plan->n_buffers; i++) {
            const plan_buffer *a = &plan->buffers[i];
            if (a->place != PLACE_WORKSPACE)
                continue;
            assert_int_equal(a->index % 64, 0);
            assert_true((size_t)a->index + a->bytes <= plan->workspace_bytes);
            sum += (double)a->bytes;
            for (int64_t k = 0; k < i; k++) {
                const plan_buffer *b = &plan->buffers[k];
                const bool together = a->first <= b->last && b->first <= a->last;
                const bool overlap = (size_t)a->index < (size_t)b->index + b->bytes && (size_t)b->index < (size_t)a->index + a->bytes;
                assert_false(b->place == PLACE_WORKSPACE && together && overlap);
            }
        }
        assert_true((double)plan->workspace_bytes >= peak_of(plan, plan->steps));
        held += (double)plan->workspace_bytes;
        plan_drop(plan);
    }
    assert_true(held < 0.4 * sum); /* memory is shared */
}

static void layout_covers_the_spans_of_readers_and_writers(void **state)
{
    (void)state;
    gndp_plan *plan = random_plan(77, 120);
    check(gndp_plan_order(plan));
    for (int64_t s = 0; s < plan->n_steps; s++) {
        for (int i = 0; i < plan->steps[s].n_reads; i++) {
            const plan_buffer *b = &plan->buffers[plan->steps[s].reads[i]];
            assert_true(b->last >= s && (b->place == PLACE_INPUT || b->first < s));
        }
        assert_int_equal(plan->buffers[plan->steps[s].writes[0]].first, s);
    }
    for (int64_t i = 0; i < plan->n_outputs; i++)
        assert_int_equal(plan->buffers[plan->outputs[i].buffer].last, plan->n_steps);
    plan_drop(plan);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(order_respects_dependences_and_never_raises_the_peak),
    cmocka_unit_test(order_puts_each_assignment_after_all_reads_of_the_old_value),
    cmocka_unit_test(order_reports_a_cycle),
    cmocka_unit_test(layout_never_puts_two_live_buffers_on_one_byte),
    cmocka_unit_test(layout_covers_the_spans_of_readers_and_writers),
};
GNDP_TEST_MAIN(tests)
