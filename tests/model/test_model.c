// SPDX-License-Identifier: Apache-2.0
// Models: what is written comes back as it was, hashes tell models apart, a training goes on with its own data and settings.
#include "model/model_case.h"

/* Every number of a store of its own. */
static void scramble(gndp_store *store)
{
    for (int64_t i = 0; i < gndp_store_count(store); i++)
        for (int slot = 0; slot < GNDP_SLOT_COUNT; slot++) {
            gndp_array a;
            must(gndp_store_array(store, gndp_store_name(store, i), (gndp_slot)slot, &a));
            for (int64_t k = 0; k < gndp_type_count(a.type); k++)
                ((float *)a.data)[k] = (float)sin(1.0 + (double)k + 100.0 * (double)i + 7.0 * slot);
        }
}

static void assert_same_slot(gndp_model *a, gndp_model *b, gndp_slot slot)
{
    for (int64_t i = 0; i < gndp_store_count(gndp_model_store(a)); i++) {
        const char *name = gndp_store_name(gndp_model_store(a), i);
        gndp_array x, y;
        must(gndp_store_array(gndp_model_store(a), name, slot, &x));
        must(gndp_store_array(gndp_model_store(b), name, slot, &y));
        assert_true(gndp_type_equal(x.type, y.type));
        assert_memory_equal(x.data, y.data, gndp_type_bytes(x.type));
    }
}

static char *config_text(const gndp_config *config)
{
    const size_t n = gndp_config_print(config, NULL, 0) + 1;
    char *text = malloc(n);
    assert_non_null(text);
    gndp_config_print(config, text, n);
    return text;
}

static void assert_same_description(const gndp_model *a, const gndp_model *b)
{
    const gndp_fieldset_spec *x = gndp_model_fields(a), *y = gndp_model_fields(b);
    const gndp_normaliser *m = gndp_model_normaliser(a), *n = gndp_model_normaliser(b);
    char *s = config_text(gndp_model_config(a)), *t = config_text(gndp_model_config(b));
    assert_string_equal(s, t);
    assert_int_equal(x->n_channels, y->n_channels);
    assert_int_equal(x->coords.n, y->coords.n);
    for (int c = 0; c < x->n_channels; c++)
        assert_memory_equal(&x->channel[c], &y->channel[c], sizeof x->channel[c]);
    for (int i = 0; i < x->coords.columns; i++) {
        assert_string_equal(x->coords.axis[i].name, y->coords.axis[i].name);
        assert_string_equal(x->coords.axis[i].units, y->coords.axis[i].units);
        assert_memory_equal(x->coords.axis[i].value, y->coords.axis[i].value, (size_t)x->coords.axis[i].size * sizeof(double));
    }
    assert_int_equal(m->points, n->points);
    assert_memory_equal(m->mean, n->mean, (size_t)m->components * sizeof(double));
    assert_memory_equal(m->scale, n->scale, (size_t)m->components * sizeof(double));
    if (m->points > 0)
        assert_memory_equal(m->climatology, n->climatology, (size_t)(m->points * m->components) * sizeof(double));
    assert_true((m->spread != NULL) == (n->spread != NULL));
    if (m->spread != NULL)
        assert_memory_equal(m->spread, n->spread, (size_t)(m->points * m->components) * sizeof(double));
    free(s);
    free(t);
}

static void model_comes_back_as_it_was(void **state)
{
    (void)state;
    gndp_fieldset *set = region(1);
    gndp_model *model = model_from("data: {normalise: anomalies}\nscore: {hidden: 16, heads: 2, layers: 1}\nprocess: {mean: [0.5, 1, 2]}", set),
               *read = NULL;
    const gndp_model_progress progress = {.step = 41, .seconds = 3.5, .best_validation = 0.25, .loss_sum = 1.5, .loss_count = 7.0};
    scramble(gndp_model_store(model));
    gndp_model_set_progress(model, progress);
    must(gndp_model_write(model, "full.nc", true));
    must(gndp_model_read("full.nc", &read));
    assert_same_description(model, read);
    static const gndp_slot slots[] = {GNDP_SLOT_VALUE, GNDP_SLOT_M, GNDP_SLOT_V, GNDP_SLOT_EMA};
    for (int i = 0; i < 4; i++)
        assert_same_slot(model, read, slots[i]);
    const gndp_model_progress p = gndp_model_get_progress(read);
    assert_true(p.step == 41 && p.seconds == 3.5 && p.best_validation == 0.25 && p.loss_sum == 1.5 && p.loss_count == 7.0);
    must(gndp_model_check_data(read, set));
    must(gndp_model_write(read, "again.nc", true));
    assert_true(same_bytes("full.nc", "again.nc"));
    gndp_model_free(read);

    must(gndp_model_write(model, "small.nc", false));
    must(gndp_model_read("small.nc", &read));
    assert_same_description(model, read);
    assert_same_slot(model, read, GNDP_SLOT_EMA);
    assert_int_equal(gndp_model_write(read, "no.nc", true), GNDP_ERR_STATE);
    gndp_model_free(read);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

/* Without a moving average the values themselves are kept, and are what samples use. */
static void model_without_average_keeps_its_values(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_model *model = model_of("train.ema=0", set), *read = NULL;
    gndp_score score;
    scramble(gndp_model_store(model));
    must(gndp_model_write(model, "m.nc", false));
    must(gndp_model_read("m.nc", &read));
    assert_same_slot(model, read, GNDP_SLOT_VALUE);
    must(gndp_model_score(read, true, false, &score));
    assert_false(score.ema);
    gndp_score_free(&score);
    gndp_model_free(read);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

/* ---- Parameters of another model ------------------------------------------------------------ */

/* The averages, where there are; settings and step stay this model's own, and its hash is that of its settings. */
static void model_starts_from_another(void **state)
{
    (void)state;
    static const char *const from[] = {"train.ema=0.9", "train.ema=0"};
    gndp_fieldset *set = waves();
    for (int i = 0; i < 2; i++) {
        gndp_model *other = model_of(from[i], set);
        gndp_array mine, its;
        scramble(gndp_model_store(other));
        gndp_model_set_progress(other, (gndp_model_progress){.step = 7, .best_validation = 1.0});
        must(gndp_model_write(other, "other.nc", i == 1));
        gndp_model *model = model_of("train.start=other.nc", set);
        const char *name = gndp_store_name(gndp_model_store(other), 1);
        must(gndp_store_array(gndp_model_store(model), name, GNDP_SLOT_VALUE, &mine));
        must(gndp_store_array(gndp_model_store(other), name, i == 0 ? GNDP_SLOT_EMA : GNDP_SLOT_VALUE, &its));
        assert_memory_equal(mine.data, its.data, gndp_type_bytes(mine.type));
        must(gndp_store_array(gndp_model_store(model), name, GNDP_SLOT_EMA, &its));
        assert_memory_equal(mine.data, its.data, gndp_type_bytes(mine.type));
        assert_int_equal(gndp_model_get_progress(model).step, 0);
        gndp_model_free(model);
        gndp_model_free(other);
    }
    gndp_fieldset_free(set);
}

static void model_starts_from_none_but_its_kind(void **state)
{
    (void)state;
    static const struct {
        const char *key, *words;
        gndp_status status;
    } bad[] = {{"score.layers=3", "layers", GNDP_ERR_STATE}, {"score.heads=1", "heads", GNDP_ERR_STATE}, {"score.net=egnn", "egnn", GNDP_ERR_STATE}};
    gndp_fieldset *set = waves();
    gndp_model *other = model_of(NULL, set), *model = NULL;
    must(gndp_model_write(other, "other.nc", true));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gndp_config *config = NULL;
        must(gndp_config_clone(gndp_model_config(other), &config));
        must(gndp_config_set(config, bad[i].key));
        must(gndp_config_set(config, "train.start=other.nc"));
        assert_int_equal(gndp_model_create(config, set, &model), bad[i].status);
        assert_null(model);
        assert_non_null(strstr(gndp_last_error(), "other.nc"));
        assert_non_null(strstr(gndp_last_error(), bad[i].words));
        must(gndp_config_set(config, "train.start=nowhere.nc"));
        assert_int_not_equal(gndp_model_create(config, set, &model), GNDP_OK);
        assert_non_null(strstr(gndp_last_error(), "nowhere.nc"));
        gndp_config_free(config);
    }
    gndp_model_free(other);
    gndp_fieldset_free(set);
}

/* ---- Hashes --------------------------------------------------------------------------------- */

static void model_hash_changes_with_all_that_samples_follow_from(void **state)
{
    (void)state;
    static const char *const change[] = {"process.beta1=11",         "process.beta0=0.1",
                                         "process.t0=1e-3",          "process.t1=1.5",
                                         "process.schedule=cosine",  "process.kernel=white(variance=2)",
                                         "process.mean=0.5",         "score.layers=2",
                                         "score.heads=4",            "score.centre=yes",
                                         "score.time_scale=2",       "parametrisation.target=S",
                                         "parametrisation.target=y0", "parametrisation.std_trick=no",
                                         "parametrisation.residual_trick=yes", "data.normalise=climatology",
                                         "data.normalise=none",      "data.extent=3",
                                         "train.seed=9"};
    enum { N = sizeof change / sizeof *change };
    char hash[N + 1][20];
    gndp_fieldset *set = waves();
    for (int i = 0; i <= N; i++) {
        gndp_model *model = model_of(i < N ? change[i] : NULL, set);
        snprintf(hash[i], sizeof hash[i], "%s", gndp_model_hash(model));
        assert_int_equal(strlen(hash[i]), 16);
        for (int k = 0; k < i; k++)
            if (strcmp(hash[k], hash[i]) == 0)
                fail_msg("%s has the hash of %s", i < N ? change[i] : "nothing", change[k]);
        gndp_model_free(model);
    }
    static const char *const other[] = {"train.steps=7", "sample.steps=3", "output.folder=elsewhere", "train.clip=2"};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        gndp_model *model = model_of(other[i], set);
        assert_string_equal(gndp_model_hash(model), hash[N]);
        gndp_model_free(model);
    }
    gndp_fieldset_free(set);
}

static void model_hash_changes_with_a_single_weight(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_model *model = model_of(NULL, set), *read = NULL;
    gndp_array weight;
    must(gndp_store_array(gndp_model_store(model), "last/bias", GNDP_SLOT_EMA, &weight));
    ((float *)weight.data)[0] = 1e-30f;
    must(gndp_model_write(model, "m.nc", false)); /* written as it is now */
    must(gndp_model_read("m.nc", &read));
    assert_string_not_equal(gndp_model_hash(read), gndp_model_hash(model));
    gndp_model_free(read);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

/* ---- Going on ------------------------------------------------------------------------------- */

static void model_knows_its_data(void **state)
{
    (void)state;
    gndp_fieldset *set = waves(), *part = NULL, *other = region(0);
    gndp_model *model = model_of(NULL, set);
    int64_t field[CASE_FIELDS];
    for (int i = 0; i < CASE_FIELDS; i++)
        field[i] = i == 3 ? 4 : i == 4 ? 3 : i; /* the same fields in another order */
    must(gndp_model_check_data(model, set));
    must(gndp_fieldset_select(set, CASE_FIELDS, field, &part));
    assert_int_equal(gndp_model_check_data(model, part), GNDP_ERR_STATE);
    gndp_fieldset_free(part);
    must(gndp_fieldset_load(set, 0, &part)); /* in f32 they are the same */
    must(gndp_model_check_data(model, part));
    gndp_fieldset_free(part);
    field[3] = 3, field[4] = 4;
    must(gndp_fieldset_select(set, CASE_FIELDS - 1, field, &part));
    assert_int_equal(gndp_model_check_data(model, part), GNDP_ERR_STATE);
    assert_int_equal(gndp_model_check_data(model, other), GNDP_ERR_STATE);
    assert_non_null(strstr(gndp_last_error(), "fingerprint"));
    gndp_fieldset_free(part);
    gndp_fieldset_free(other);
    gndp_fieldset_free(set);
    gndp_model_free(model);
}

static void model_takes_only_settings_that_nothing_followed_from(void **state)
{
    (void)state;
    gndp_fieldset *set = waves();
    gndp_model *model = model_of(NULL, set);
    gndp_config *config = NULL;
    char changed[256];
    int64_t steps;
    must(gndp_config_clone(gndp_model_config(model), &config));
    must(gndp_model_reconfigure(model, config, changed, sizeof changed));
    assert_string_equal(changed, "");
    must(gndp_config_set(config, "process.beta1=1.0e1")); /* 10, written otherwise */
    must(gndp_config_set(config, "train.steps=99"));
    must(gndp_config_set(config, "sample.sampler=heun"));
    must(gndp_model_reconfigure(model, config, changed, sizeof changed));
    assert_string_equal(changed, "train.steps, sample.sampler");
    must(gndp_config_integer(gndp_model_config(model), "train.steps", &steps));
    assert_int_equal(steps, 99);
    static const char *const fixed[] = {"train.batch=17", "train.seed=8", "process.kernel=rbf()", "data.points.low=3", "train.learning_rate.peak=1"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        gndp_config *wrong = NULL;
        char key[64];
        must(gndp_config_clone(config, &wrong));
        must(gndp_config_set(wrong, fixed[i]));
        assert_int_equal(gndp_model_reconfigure(model, wrong, NULL, 0), GNDP_ERR_STATE);
        snprintf(key, sizeof key, "%.*s", (int)strcspn(fixed[i], "="), fixed[i]);
        assert_non_null(strstr(gndp_last_error(), key));
        gndp_config_free(wrong);
    }
    gndp_config_free(config);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

/* ---- What does not fit ----------------------------------------------------------------------- */

static void model_refuses_settings_that_do_not_fit(void **state)
{
    (void)state;
    gndp_fieldset *line = waves(), *winds = region(2), *right = region(1);
    refuse("score: {context_flag: yes}", line, GNDP_ERR_RANGE, "data.context.high is 0");
    refuse("data: {context: {high: 3}}", line, GNDP_ERR_RANGE, "want score.context_flag: yes");
    refuse("{score: {context_flag: yes}, data: {context: {low: 4, high: 3}}}", line, GNDP_ERR_RANGE, "low 4 is above high 3");
    refuse("process: {mean: [1, 2]}", line, GNDP_ERR_SHAPE, "process.mean");
    refuse("data: {coordinates: sphere}", line, GNDP_ERR_RANGE, "data.coordinates");
    refuse("data: {coordinates: native}", winds, GNDP_ERR_RANGE, "data.coordinates");
    refuse("score: {net: egnn, hidden: 8, layers: 1, heads: 2}", winds, GNDP_ERR_UNSUPPORTED, "data.vectors");
    refuse("data: {coordinates: sphere}\nscore: {net: egnn, hidden: 8, layers: 1, heads: 2}", right, GNDP_ERR_UNSUPPORTED, "wind");
    refuse("score: {net: evt, hidden: 8, layers: 1, heads: 2}", winds, GNDP_ERR_UNSUPPORTED, "data.vectors");
    refuse("score: {net: evt, hidden: 8, layers: 1, heads: 4}", right, GNDP_ERR_RANGE, "heads = 4: they divide hidden/4 = 2");
    static const char *const equivariant[] = {"score: {net: egnn, hidden: 8, layers: 1, heads: 2}", "score: {net: evt, hidden: 8, layers: 1, heads: 2}"};
    for (int i = 0; i < 2; i++) {
        gndp_model *model = model_from(equivariant[i], right);
        assert_int_equal(gndp_model_net(model)->scalars, 1);
        gndp_model_free(model);
    }
    gndp_fieldset_free(line);
    gndp_fieldset_free(winds);
    gndp_fieldset_free(right);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(model_comes_back_as_it_was),
    IN_FOLDER(model_without_average_keeps_its_values),
    cmocka_unit_test(model_starts_from_another),
    cmocka_unit_test(model_starts_from_none_but_its_kind),
    cmocka_unit_test(model_hash_changes_with_all_that_samples_follow_from),
    IN_FOLDER(model_hash_changes_with_a_single_weight),
    cmocka_unit_test(model_knows_its_data),
    cmocka_unit_test(model_takes_only_settings_that_nothing_followed_from),
    cmocka_unit_test(model_refuses_settings_that_do_not_fit),
};

GNDP_TEST_MAIN(tests)
