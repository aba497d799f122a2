// SPDX-License-Identifier: Apache-2.0
// Splits: every field once, in order, whole times and whole storms, gaps, shares.
#include "fields/check.h"

#include <gndp/prepare.h>

/* F fields of one point each, with these labels. */
static gndp_fieldset *set_of(int64_t fields, const gndp_field_label *label)
{
    const double x[1] = {0};
    const gndp_channel channel = gndp_channel_scalar("y", "1");
    const gndp_fieldset_spec spec = {.n_fields = fields,
                                     .coords = point_list(GNDP_SPACE_EUCLIDEAN, 1, 1, x),
                                     .n_channels = 1,
                                     .channel = &channel,
                                     .label = label,
                                     .origin = "made.nc"};
    double *values = calloc((size_t)fields, sizeof *values);
    assert_non_null(values);
    const gndp_array a = gndp_array_view(gndp_type_3d(GNDP_F64, fields, 1, 1), values);
    gndp_fieldset *set = NULL;
    assert_ok(gndp_fieldset_create(&spec, &a, NULL, &set));
    free(values);
    return set;
}

enum { TIMES = 40, MEMBERS = 3, F = TIMES * MEMBERS };

/* Hourly times of three members, member outermost as ensembles often have them; ids are days. */
static gndp_fieldset *ensemble(gndp_field_label label[F])
{
    static const char *const day[2] = {"first", "second"};
    for (int m = 0; m < MEMBERS; m++)
        for (int t = 0; t < TIMES; t++)
            label[m * TIMES + t] = (gndp_field_label){3600.0 * t, m, day[t / 24]};
    return set_of(F, label);
}

/* Part of each field, -1: left out; checks that parts are ascending and apart. */
static void parts_of(const gndp_field_split *split, int64_t fields, int *part)
{
    for (int64_t f = 0; f < fields; f++)
        part[f] = -1;
    for (int p = 0; p < 3; p++)
        for (int64_t i = 0; i < split->n[p]; i++) {
            const int64_t f = split->field[p][i];
            assert_true(f >= 0 && f < fields && part[f] == -1);
            assert_true(i == 0 || f > split->field[p][i - 1]);
            part[f] = p;
        }
}

static void split_random_keeps_members_of_one_time_together(void **state)
{
    (void)state;
    gndp_field_label label[F];
    gndp_fieldset *set = ensemble(label);
    const double share[3] = {0.7, 0.2, 0.1};
    int part[F], first[F];
    for (uint64_t seed = 0; seed < 20; seed++) {
        gndp_field_split split;
        assert_ok(gndp_split_make(set, GNDP_SPLIT_RANDOM, share, 0.0, seed, &split));
        assert_int_equal(split.n[0], 28 * MEMBERS);
        assert_int_equal(split.n[1], 8 * MEMBERS);
        assert_int_equal(split.n[2], 4 * MEMBERS);
        parts_of(&split, F, part);
        for (int f = 0; f < F; f++)
            assert_int_equal(part[f], part[f % TIMES]);
        if (seed > 0)
            assert_memory_not_equal(part, first, sizeof part);
        else
            memcpy(first, part, sizeof part);
        gndp_split_free(&split);
        assert_null(split.field[0]);
    }
    gndp_field_split split;
    assert_ok(gndp_split_make(set, GNDP_SPLIT_RANDOM, share, 0.0, 0, &split)); /* the same again */
    parts_of(&split, F, part);
    assert_memory_equal(part, first, sizeof part);
    gndp_split_free(&split);
    gndp_fieldset_free(set);
}

static void split_time_is_in_order_with_a_gap(void **state)
{
    (void)state;
    gndp_field_label label[F];
    gndp_fieldset *set = ensemble(label);
    const double share[3] = {2, 1, 1};
    int part[F];
    for (int gap_h = 0; gap_h < 4; gap_h++) {
        gndp_field_split split;
        assert_ok(gndp_split_make(set, GNDP_SPLIT_TIME, share, 3600.0 * gap_h, 0, &split));
        parts_of(&split, F, part);
        for (int f = 0; f < F; f++) { /* boundaries at 19.5 h and 29.5 h */
            const double t = f % TIMES;
            const int want = t < 19.5 ? 0 : t < 29.5 ? 1 : 2;
            const bool out = fabs(t - 19.5) < gap_h || fabs(t - 29.5) < gap_h;
            assert_int_equal(part[f], out ? -1 : want);
        }
        assert_int_equal(split.n[0], (20 - gap_h) * MEMBERS);
        assert_int_equal(split.n[1], (10 - 2 * gap_h) * MEMBERS);
        gndp_split_free(&split);
    }
    gndp_field_split split;
    assert_ok(gndp_split_make(set, GNDP_SPLIT_TIME, share, 1800.0, 0, &split));
    assert_int_equal(split.n[0],
                     20 * MEMBERS); /* half an hour away is not less than half an hour */
    gndp_split_free(&split);
    assert_fails(gndp_split_make(set, GNDP_SPLIT_TIME, share, 5.0 * 3600.0, 0, &split),
                 GNDP_ERR_RANGE, "the gap leaves no field for the validation part");
    assert_null(split.field[0]);
    const double two[3] = {3, 0, 1}; /* one boundary only, at 29.5 h */
    assert_ok(gndp_split_make(set, GNDP_SPLIT_TIME, two, 3600.0, 0, &split));
    assert_int_equal(split.n[0], 29 * MEMBERS);
    assert_int_equal(split.n[1], 0);
    assert_int_equal(split.n[2], 9 * MEMBERS);
    gndp_split_free(&split);
    const double one[3] = {0, 0, 1};
    assert_ok(gndp_split_make(set, GNDP_SPLIT_TIME, one, 3600.0, 0, &split));
    assert_int_equal(split.n[2], F);
    gndp_split_free(&split);
    gndp_fieldset_free(set);
}

static void split_id_keeps_storms_whole(void **state)
{
    (void)state;
    static const char *const storm[7] = {"a", "b", "c", "d", "e", "f", "g"};
    gndp_field_label label[70];
    dice d = {1, 0};
    for (int f = 0; f < 70; f++) /* every storm at least once */
        label[f] = (gndp_field_label){(double)NAN, -1, storm[f < 7 ? f : dice_below(&d, 7)]};
    gndp_fieldset *set = set_of(70, label);
    const double share[3] = {4, 2, 1};
    for (uint64_t seed = 0; seed < 20; seed++) {
        gndp_field_split split;
        int part[70], count[3] = {0}, of[7];
        assert_ok(gndp_split_make(set, GNDP_SPLIT_ID, share, 0.0, seed, &split));
        parts_of(&split, 70, part);
        for (int s = 0; s < 7; s++) {
            of[s] = part[s];
            count[of[s]]++;
        }
        for (int f = 0; f < 70; f++)
            assert_int_equal(part[f], of[label[f].id[0] - 'a']);
        assert_int_equal(count[0], 4);
        assert_int_equal(count[1], 2);
        assert_int_equal(count[2], 1);
        gndp_split_free(&split);
    }
    gndp_fieldset_free(set);
}

/* Shares of few things: nobody with a share goes empty, all are used, and 0.7 of 10 is 7. */
static void split_rounds_shares_to_whole_counts(void **state)
{
    (void)state;
    const struct {
        int64_t fields;
        double share[3];
        int64_t want[3];
    } cases[] = {
        {10, {0.7, 0.2, 0.1}, {7, 2, 1}},   {3, {0.98, 0.01, 0.01}, {1, 1, 1}},
        {5, {0.98, 0.01, 0.01}, {3, 1, 1}}, {10, {1, 1, 1}, {4, 3, 3}},
        {7, {1, 0, 1}, {4, 0, 3}},          {1, {0, 5, 0}, {0, 1, 0}},
        {100, {80, 10, 10}, {80, 10, 10}},  {3, {0.01, 0.01, 0.98}, {1, 1, 1}},
        {3, {0.01, 0.98, 0.01}, {1, 1, 1}}, {11, {0.5, 0.25, 0.25}, {5, 3, 3}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gndp_fieldset *set = set_of(cases[i].fields, NULL); /* no times: each field by itself */
        gndp_field_split split;
        assert_ok(gndp_split_make(set, GNDP_SPLIT_RANDOM, cases[i].share, 0.0, 1, &split));
        for (int p = 0; p < 3; p++)
            if (split.n[p] != cases[i].want[p])
                fail_msg("case %zu, part %d: %lld", i, p, (long long)split.n[p]);
        gndp_split_free(&split);
        gndp_fieldset_free(set);
    }
}

/* Fields without time among others that have one: each by itself, the others by their time. */
static void split_random_takes_fields_without_time_one_by_one(void **state)
{
    (void)state;
    gndp_field_label label[60];
    for (int f = 0; f < 60; f++)
        label[f] = (gndp_field_label){f % 3 == 0 ? (double)NAN : f / 6, -1, NULL};
    gndp_fieldset *set = set_of(60, label); /* 20 fields alone, 10 times of 4 fields */
    const double share[3] = {1, 1, 1};
    for (uint64_t seed = 0; seed < 10; seed++) {
        gndp_field_split split;
        int part[60];
        bool apart = false;
        assert_ok(gndp_split_make(set, GNDP_SPLIT_RANDOM, share, 0.0, seed, &split));
        parts_of(&split, 60, part);
        for (int f = 0; f < 60; f++) {
            if (f % 3 != 0)
                assert_int_equal(part[f], part[f - f % 6 + 1]);
            else
                apart = apart || part[f] != part[0];
        }
        assert_true(apart);
        gndp_split_free(&split);
    }
    gndp_fieldset_free(set);
}

static void split_refuses_misuse(void **state)
{
    (void)state;
    gndp_fieldset *set = set_of(2, NULL);
    gndp_field_split split;
    const double three[3] = {1, 1, 1}, zero[3] = {0, 0, 0}, minus[3] = {1, -1, 0};
    const double nan_share[3] = {1, 0, (double)NAN};
    assert_fails(gndp_split_make(set, GNDP_SPLIT_RANDOM, three, 0, 0, &split), GNDP_ERR_RANGE,
                 "3 parts of 2");
    assert_fails(gndp_split_make(set, GNDP_SPLIT_RANDOM, zero, 0, 0, &split), GNDP_ERR_RANGE,
                 "sum to 0");
    assert_fails(gndp_split_make(set, GNDP_SPLIT_RANDOM, minus, 0, 0, &split), GNDP_ERR_RANGE,
                 "validation share is -1");
    assert_fails(gndp_split_make(set, GNDP_SPLIT_RANDOM, nan_share, 0, 0, &split), GNDP_ERR_RANGE,
                 "test share");
    assert_fails(gndp_split_make(set, GNDP_SPLIT_TIME, three, 0, 0, &split), GNDP_ERR_UNSUPPORTED,
                 "made.nc: field 0 has no time");
    assert_fails(gndp_split_make(set, GNDP_SPLIT_ID, three, 0, 0, &split), GNDP_ERR_UNSUPPORTED,
                 "field 0 has no id");
    assert_fails(gndp_split_make(set, GNDP_SPLIT_RANDOM, three, -1, 0, &split), GNDP_ERR_RANGE,
                 "gap");
    assert_fails(gndp_split_make(set, (gndp_split_rule)9, three, 0, 0, &split), GNDP_ERR_ARG,
                 "rule 9");
    assert_fails(gndp_split_make(NULL, GNDP_SPLIT_RANDOM, three, 0, 0, &split), GNDP_ERR_ARG,
                 "set");
    assert_fails(gndp_split_make(set, GNDP_SPLIT_RANDOM, three, 0, 0, NULL), GNDP_ERR_ARG, "out");
    gndp_split_free(NULL);
    gndp_fieldset_free(set);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(split_random_keeps_members_of_one_time_together),
    cmocka_unit_test(split_time_is_in_order_with_a_gap),
    cmocka_unit_test(split_id_keeps_storms_whole),
    cmocka_unit_test(split_rounds_shares_to_whole_counts),
    cmocka_unit_test(split_random_takes_fields_without_time_one_by_one),
    cmocka_unit_test(split_refuses_misuse),
};

GNDP_TEST_MAIN(tests)
