// SPDX-License-Identifier: Apache-2.0
// Wrong descriptions, values, indices and sources of sets: each an error that names the place.
#include "fields/check.h"

enum { F = 2, N = 3, P = 4 };

static double x[N] = {0.0, 1.0, 2.0};

/* A scalar and a point of S² on a line, all present and well. */
typedef struct good {
    gndp_channel channel[2];
    gndp_field_label label[F];
    gndp_fieldset_spec spec;
    double values[F * N * P];
    gndp_array array;
} good;

static void make_good(good *g)
{
    memset(g, 0, sizeof *g);
    g->channel[0] = gndp_channel_scalar("t2m", "K");
    g->channel[1] = gndp_channel_sphere("position");
    for (int f = 0; f < F; f++)
        g->label[f] = (gndp_field_label){f, -1, NULL};
    for (int i = 0; i < F * N; i++)
        g->values[i * P + 1] = 1.0; /* unit vector (1, 0, 0) */
    g->spec = (gndp_fieldset_spec){.n_fields = F,
                                   .coords = point_list(GNDP_SPACE_EUCLIDEAN, 1, N, x),
                                   .n_channels = 2,
                                   .channel = g->channel,
                                   .label = g->label,
                                   .origin = "good.nc"};
    g->array = gndp_array_view(gndp_type_3d(GNDP_F64, F, N, P), g->values);
}

static void refused(const good *g, gndp_status code, const char *words)
{
    gndp_fieldset *set = (gndp_fieldset *)(uintptr_t)1;
    assert_fails(gndp_fieldset_create(&g->spec, &g->array, NULL, &set), code, words);
    assert_null(set);
}

static void misuse_of_values_names_field_point_and_channel(void **state)
{
    (void)state;
    good g;
    make_good(&g);
    g.values[(1 * N + 2) * P] = (double)NAN;
    refused(&g, GNDP_ERR_NONFINITE, "good.nc: field 1, point 2, channel 't2m': component 0 is");
    make_good(&g);
    g.values[(0 * N + 1) * P + 3] = (double)INFINITY;
    refused(&g, GNDP_ERR_NONFINITE, "field 0, point 1, channel 'position': component 2 is inf");
    make_good(&g);
    g.values[(1 * N + 0) * P + 1] = 1.00001;
    refused(&g, GNDP_ERR_RANGE,
            "field 1, point 0, channel 'position': a unit vector of length 1.00001");
    make_good(&g);
    g.array = gndp_array_view(gndp_type_3d(GNDP_F64, F, P, N), g.values);
    refused(&g, GNDP_ERR_SHAPE, "values are f64[2,4,3], the set has f64[2,3,4]");
    g.array = gndp_array_view(gndp_type_3d(GNDP_I32, F, N, P), g.values);
    refused(&g, GNDP_ERR_TYPE, "f32 or f64");
    g.array = gndp_array_view(gndp_type_3d(GNDP_F64, F, N, P), NULL);
    refused(&g, GNDP_ERR_ARG, "no data");
    make_good(&g);
    gndp_fieldset *set = NULL;
    assert_fails(gndp_fieldset_create(&g.spec, NULL, NULL, &set), GNDP_ERR_ARG, "values is NULL");
    assert_fails(gndp_fieldset_create(NULL, &g.array, NULL, &set), GNDP_ERR_ARG, "spec is NULL");
    assert_fails(gndp_fieldset_create(&g.spec, &g.array, NULL, NULL), GNDP_ERR_ARG, "out is NULL");
}

static void misuse_of_the_description_is_named(void **state)
{
    (void)state;
    good g;
    make_good(&g);
    g.spec.n_fields = 0;
    refused(&g, GNDP_ERR_SHAPE, "0 fields");
    make_good(&g);
    g.spec.calendar = (gndp_calendar)17;
    refused(&g, GNDP_ERR_ARG, "calendar 17");
    make_good(&g);
    g.label[1].time_s = (double)INFINITY;
    refused(&g, GNDP_ERR_NONFINITE, "the time of field 1");
    make_good(&g);
    g.label[0].member = -2;
    refused(&g, GNDP_ERR_RANGE, "the member of field 0 is -2");
    make_good(&g);
    const gndp_attribute half = {"title", NULL};
    g.spec.n_attributes = 1;
    refused(&g, GNDP_ERR_ARG, "1 attributes");
    g.spec.attribute = &half;
    refused(&g, GNDP_ERR_ARG, "attribute 0");
    make_good(&g);
    x[1] = (double)NAN;
    refused(&g, GNDP_ERR_NONFINITE, "axis 'x1', value 1");
    x[1] = 1.0;
}

static void misuse_of_channels_is_named(void **state)
{
    (void)state;
    static const char *const uv[2] = {"u", "v"};
    good g;
    make_good(&g);
    g.spec.n_channels = 0;
    refused(&g, GNDP_ERR_SHAPE, "0 channels");
    g.spec.n_channels = GNDP_MAX_CHANNELS + 1;
    refused(&g, GNDP_ERR_SHAPE, "1025 channels");
    g.spec.n_channels = 2;
    g.spec.channel = NULL;
    refused(&g, GNDP_ERR_ARG, "channel is NULL");
    make_good(&g);
    g.channel[1].name[0] = '\0';
    refused(&g, GNDP_ERR_ARG, "channel 1 has no name");
    strcpy(g.channel[1].name, "t2m");
    refused(&g, GNDP_ERR_ARG, "two channels have the name 't2m'");
    make_good(&g);
    g.channel[0].components = 2;
    refused(&g, GNDP_ERR_SHAPE, "scalar channel 't2m' has 2 components");
    make_good(&g);
    g.channel[1].parts = 3;
    refused(&g, GNDP_ERR_SHAPE, "not 3 and 2");
    make_good(&g);
    g.channel[0].kind = (gndp_channel_kind)5;
    refused(&g, GNDP_ERR_ARG, "kind 5");
    make_good(&g);
    g.channel[0] = gndp_channel_vector("wind", "m s-1", 2, uv);
    refused(&g, GNDP_ERR_SHAPE, "2 components at points of 1 coordinates");
    g.channel[0].components = 1;
    refused(&g, GNDP_ERR_SHAPE, "vector channel 'wind' has 1 components");
    make_good(&g);
    memset(g.channel[0].part[3].long_name, 'x', sizeof g.channel[0].part[3].long_name);
    refused(&g, GNDP_ERR_ARG, "a text of channel 0 has no end");
}

static void misuse_of_own_points_is_named(void **state)
{
    (void)state;
    good g;
    int64_t first[F + 1] = {0, 1, N};
    make_good(&g);
    g.spec.first = first;
    g.array = gndp_array_view(gndp_type_2d(GNDP_F64, N, P), g.values);
    gndp_fieldset *set = NULL;
    assert_ok(gndp_fieldset_create(&g.spec, &g.array, NULL, &set));
    const int64_t both[2] = {0, 1}, point = 1;
    double v[N * P];
    assert_fails(gndp_fieldset_read(set, 2, both, 1, NULL, v, NULL), GNDP_ERR_SHAPE, "one by one");
    assert_fails(gndp_fieldset_read(set, 2, both, 1, &point, v, NULL), GNDP_ERR_RANGE,
                 "point 1 of 1");
    assert_ok(gndp_fieldset_read(set, 1, both + 1, 1, &point, v, NULL));
    gndp_fieldset_free(set);
    g.values[2 * P] = (double)NAN;
    refused(&g, GNDP_ERR_NONFINITE, "field 1, point 1, channel 't2m'");
    g.values[2 * P] = 0.0;
    first[0] = 1;
    refused(&g, GNDP_ERR_SHAPE, "first[0] is 1");
    first[0] = 0;
    first[1] = 0;
    refused(&g, GNDP_ERR_SHAPE, "field 0 has no points");
    first[1] = 1;
    first[2] = N + 1;
    refused(&g, GNDP_ERR_SHAPE, "fields have 4 points, coordinates 3");
    first[2] = N;
    g.spec.coords.layout = GNDP_LAYOUT_PRODUCT;
    g.spec.coords.axis[0] = axis_of("x", "1", N, x);
    g.spec.coords.x = NULL;
    refused(&g, GNDP_ERR_SHAPE, "not a product");
}

static void misuse_of_indices_is_refused(void **state)
{
    (void)state;
    good g;
    make_good(&g);
    gndp_fieldset *set = NULL, *some = NULL;
    assert_ok(gndp_fieldset_create(&g.spec, &g.array, NULL, &set));
    double v[F * N * P];
    int64_t field[2] = {0, F}, point[2] = {0, -1};
    assert_fails(gndp_fieldset_read(set, 2, field, N, NULL, v, NULL), GNDP_ERR_RANGE,
                 "field 2 of 2");
    field[1] = -1;
    assert_fails(gndp_fieldset_read(set, 2, field, N, NULL, v, NULL), GNDP_ERR_RANGE,
                 "field -1 of 2");
    assert_fails(gndp_fieldset_read(set, 1, field, 2, point, v, NULL), GNDP_ERR_RANGE,
                 "point -1 of 3");
    point[1] = N;
    assert_fails(gndp_fieldset_read(set, 1, field, 2, point, v, NULL), GNDP_ERR_RANGE,
                 "point 3 of 3");
    assert_fails(gndp_fieldset_read(set, -1, field, 2, point, v, NULL), GNDP_ERR_RANGE,
                 "-1 fields");
    assert_fails(gndp_fieldset_read(set, 1, field, N - 1, NULL, v, NULL), GNDP_ERR_SHAPE,
                 "all points are 3, room is for 2");
    assert_fails(gndp_fieldset_read(set, 1, NULL, N, NULL, v, NULL), GNDP_ERR_ARG, "field is NULL");
    assert_fails(gndp_fieldset_read(set, 1, field, N, NULL, NULL, NULL), GNDP_ERR_ARG,
                 "values is NULL");
    assert_fails(gndp_fieldset_read(NULL, 1, field, N, NULL, v, NULL), GNDP_ERR_ARG, "set is NULL");
    assert_fails(gndp_fieldset_coords(set, F, v), GNDP_ERR_RANGE, "field 2 of 2");
    assert_fails(gndp_fieldset_coords(set, 0, NULL), GNDP_ERR_ARG, "x is NULL");
    assert_fails(gndp_fieldset_stats(set, NULL), GNDP_ERR_ARG, "out is NULL");
    assert_fails(gndp_fieldset_load(NULL, 0, &some), GNDP_ERR_ARG, "from is NULL");
    assert_fails(gndp_fieldset_select(set, 0, field, &some), GNDP_ERR_RANGE, "0 fields selected");
    assert_fails(gndp_fieldset_select(set, 2, field, &some), GNDP_ERR_RANGE, "field -1 selected");
    assert_fails(gndp_fieldset_select(NULL, 1, field, &some), GNDP_ERR_ARG, "from is NULL");
    gndp_fieldset_free(set);
    gndp_fieldset_free(NULL);
}

static void misuse_of_missing_values_is_refused_without_a_mask(void **state)
{
    (void)state;
    good g;
    make_good(&g);
    const uint8_t present[F * N * 2] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1};
    gndp_fieldset *set = NULL;
    g.values[(1 * N + 1) * P + 2] = (double)NAN; /* not looked at */
    assert_ok(gndp_fieldset_create(&g.spec, &g.array, present, &set));
    double v[F * N * P];
    const int64_t both[2] = {0, 1};
    assert_ok(gndp_fieldset_read(set, 1, both, N, NULL, v, NULL));
    assert_fails(gndp_fieldset_read(set, 2, both, N, NULL, v, NULL), GNDP_ERR_NONFINITE,
                 "good.nc: field 1, point 1: channel 'position' is missing");
    gndp_fieldset_free(set);
}

/* ---- Sources -------------------------------------------------------------------------------- */

typedef enum fault { NONE, BROKEN, BAD_VALUE, BAD_LENGTH, LARGE, GONE } fault;

typedef struct faulty {
    fault fault;
    int closes;
} faulty;

static gndp_status faulty_read(void *state, int64_t n, const int64_t *field, int64_t m,
                               const int64_t *point, double *values, uint8_t *present)
{
    const faulty *s = state;
    (void)field;
    (void)point;
    if (s->fault == BROKEN)
        return GNDP_ERR_IO;
    for (int64_t i = 0; i < n * m; i++) {
        const bool last = i == n * m - 1;
        const double row[P] = {last && s->fault == LARGE ? 1e39 : 280.0, 0.0, 0.0,
                               last && s->fault == BAD_LENGTH ? 0.5 : 1.0};
        memcpy(values + i * P, row, sizeof row);
        memset(present + i * P, 1, P);
        if (last && s->fault == BAD_VALUE)
            values[i * P] = (double)NAN;
        if (last && s->fault == GONE)
            present[i * P + 2] = 0; /* one component of three */
    }
    return GNDP_OK;
}

static void faulty_close(void *state)
{
    ((faulty *)state)->closes++;
}

static void misuse_by_a_source_is_found(void **state)
{
    (void)state;
    const struct {
        fault fault;
        gndp_status read, load;
        const char *words;
    } cases[] = {
        {NONE, GNDP_OK, GNDP_OK, ""},
        {BROKEN, GNDP_ERR_IO, GNDP_ERR_IO, ""},
        {BAD_VALUE, GNDP_ERR_NONFINITE, GNDP_ERR_NONFINITE, "field 1, point 2, channel 't2m'"},
        {BAD_LENGTH, GNDP_ERR_RANGE, GNDP_ERR_RANGE, "a unit vector of length 0.5"},
        {LARGE, GNDP_OK, GNDP_ERR_NONFINITE, "1e+39 is too large for f32"},
        {GONE, GNDP_OK, GNDP_OK, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        good g;
        make_good(&g);
        faulty s = {cases[i].fault, 0};
        const gndp_field_source source = {&s, faulty_read, faulty_close};
        gndp_fieldset *set = NULL, *loaded = NULL;
        gndp_clear_error();
        assert_ok(gndp_fieldset_create_view(&g.spec, source, &set));
        const int64_t both[2] = {0, 1};
        double v[F * N * P];
        uint8_t is[F * N * P];
        assert_fails(gndp_fieldset_read(set, 2, both, N, NULL, v, is), cases[i].read,
                     cases[i].read != GNDP_OK ? cases[i].words : "");
        assert_fails(gndp_fieldset_load(set, 0, &loaded), cases[i].load, cases[i].words);
        if (cases[i].fault == GONE) {
            const uint8_t want[P] = {1, 0, 0, 0};
            assert_memory_equal(is + (F * N - 1) * P, want, P);
            assert_fails(gndp_fieldset_read(set, 2, both, N, NULL, v, NULL), GNDP_ERR_NONFINITE,
                         "field 1, point 2: channel 'position' is missing");
        }
        gndp_fieldset_free(loaded);
        gndp_fieldset_free(set);
        assert_int_equal(s.closes, 1);
    }
}

static void misuse_closes_the_source_in_any_case(void **state)
{
    (void)state;
    good g;
    make_good(&g);
    faulty s = {NONE, 0};
    gndp_fieldset *set = NULL;
    gndp_field_source source = {&s, faulty_read, faulty_close};
    g.spec.n_fields = 0;
    assert_fails(gndp_fieldset_create_view(&g.spec, source, &set), GNDP_ERR_SHAPE, "0 fields");
    assert_int_equal(s.closes, 1);
    g.spec.n_fields = F;
    assert_fails(gndp_fieldset_create_view(&g.spec, source, NULL), GNDP_ERR_ARG, "out is NULL");
    assert_int_equal(s.closes, 2);
    source.read = NULL;
    assert_fails(gndp_fieldset_create_view(&g.spec, source, &set), GNDP_ERR_ARG, "no read");
    assert_int_equal(s.closes, 3);
    source.close = NULL;
    assert_fails(gndp_fieldset_create_view(&g.spec, source, &set), GNDP_ERR_ARG, "no read");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(misuse_of_values_names_field_point_and_channel),
    cmocka_unit_test(misuse_of_the_description_is_named),
    cmocka_unit_test(misuse_of_channels_is_named),
    cmocka_unit_test(misuse_of_own_points_is_named),
    cmocka_unit_test(misuse_of_indices_is_refused),
    cmocka_unit_test(misuse_of_missing_values_is_refused_without_a_mask),
    cmocka_unit_test(misuse_by_a_source_is_found),
    cmocka_unit_test(misuse_closes_the_source_in_any_case),
};

GNDP_TEST_MAIN(tests)
