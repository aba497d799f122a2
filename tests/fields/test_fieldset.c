// SPDX-License-Identifier: Apache-2.0
// Sets of fields: what is read is what was put in, from memory and from a source, whole and in
// parts.
#include "fields/check.h"

enum { F = 5, NLAT = 3, NLON = 4, N = NLAT * NLON, P = 6, K = 3 };

static const double lat[NLAT] = {60, 50, 40}, lon[NLON] = {-10, 0, 10, 20};

/* A scalar, a wind and a point of S² at each point; every value tells where it belongs. */
static double value_at(int64_t f, int64_t n, int p)
{
    if (p >= 3) { /* unit vector: latitude f, longitude n */
        const double x[2] = {10.0 * (double)f, 20.0 * (double)n};
        double u[3];
        gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, x, u);
        return u[p - 3];
    }
    return 1000.0 * (double)f + 10.0 * (double)n + (double)p;
}

/* Channel k of point n of field f is missing. */
static bool is_missing(int64_t f, int64_t n, int k)
{
    return (f * 7 + n * 3 + k) % 11 == 0;
}

static int channel_of(int p)
{
    return p == 0 ? 0 : p < 3 ? 1 : 2;
}

typedef struct fixture {
    gndp_channel channel[K];
    gndp_field_label label[F];
    gndp_attribute attribute[1];
    gndp_fieldset_spec spec;
    int64_t first[F + 1]; /* own points: 2, 3, 4 .. */
    double x[2 * 32];
    double values[F * N * P];
    uint8_t present[F * N * K];
    int reads, closes;
} fixture;

static void fill(fixture *t, bool own)
{
    static const char *const uv[2] = {"u10", "v10"};
    static const char *const ids[F] = {"a", "b", NULL, "d", "e"};
    memset(t, 0, sizeof *t);
    t->channel[0] = gndp_channel_scalar("t2m", "K");
    t->channel[1] = gndp_channel_vector("wind", "m s-1", 2, uv);
    t->channel[2] = gndp_channel_sphere("position");
    t->attribute[0] = (gndp_attribute){"title", "test"};
    for (int f = 0; f < F; f++)
        t->label[f] = (gndp_field_label){3600.0 * f, f % 2, ids[f]};
    t->spec = (gndp_fieldset_spec){.n_fields = F,
                                   .coords = sphere_grid(NLAT, lat, NLON, lon),
                                   .n_channels = K,
                                   .channel = t->channel,
                                   .label = t->label,
                                   .n_attributes = 1,
                                   .attribute = t->attribute,
                                   .origin = "made.nc"};
    if (own) {
        for (int f = 0; f < F; f++)
            t->first[f + 1] = t->first[f] + 2 + f;
        for (int64_t i = 0; i < t->first[F]; i++) {
            t->x[2 * i] = (double)i;
            t->x[2 * i + 1] = -(double)i;
        }
        t->spec.coords = point_list(GNDP_SPACE_SPHERE, 2, t->first[F], t->x);
        t->spec.first = t->first;
    }
    for (int64_t f = 0; f < F; f++) {
        for (int64_t n = 0; n < (own ? 2 + f : N); n++) {
            const int64_t row = own ? t->first[f] + n : f * N + n;
            for (int p = 0; p < P; p++)
                t->values[row * P + p] =
                    is_missing(f, n, channel_of(p)) ? (double)NAN : value_at(f, n, p);
            for (int k = 0; k < K; k++)
                t->present[row * K + k] = !is_missing(f, n, k);
        }
    }
}

static gndp_type type_of(const fixture *t, gndp_dtype dtype)
{
    return t->spec.first == NULL ? gndp_type_3d(dtype, F, N, P)
                                 : gndp_type_2d(dtype, t->first[F], P);
}

static gndp_fieldset *in_memory(fixture *t, bool own)
{
    gndp_fieldset *set = NULL;
    fill(t, own);
    const gndp_array a = gndp_array_view(type_of(t, GNDP_F64), t->values);
    assert_ok(gndp_fieldset_create(&t->spec, &a, t->present, &set));
    return set;
}

/* A source that knows the same values, and leaves NaN where one is missing. */
static gndp_status source_read(void *state, int64_t n, const int64_t *field, int64_t m,
                               const int64_t *point, double *values, uint8_t *present)
{
    fixture *t = state;
    t->reads++;
    assert_true(n >= 1 && m >= 1 && present != NULL);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++)
            for (int p = 0; p < P; p++) {
                const int64_t at = (i * m + j) * P + p, number = point != NULL ? point[j] : j;
                /* one part of the wind is enough to lose both */
                const bool gone = is_missing(field[i], number, channel_of(p)) && p != 2;
                values[at] = gone ? (double)NAN : value_at(field[i], number, p);
                present[at] = !gone;
            }
    return GNDP_OK;
}

static void source_close(void *state)
{
    ((fixture *)state)->closes++;
}

static gndp_fieldset *behind_source(fixture *t, bool own)
{
    gndp_fieldset *set = NULL;
    fill(t, own);
    const gndp_field_source source = {t, source_read, source_close};
    assert_ok(gndp_fieldset_create_view(&t->spec, source, &set));
    return set;
}

/* Fields of a set that are `number` [F'] of the fixture hold what the fixture holds. */
static void assert_holds(const gndp_fieldset *set, const int64_t *number, double tolerance)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    double *values = malloc((size_t)gndp_fieldset_max_points(set) * P * sizeof *values);
    uint8_t *present = malloc((size_t)gndp_fieldset_max_points(set) * P);
    for (int64_t f = 0; f < spec->n_fields; f++) {
        const int64_t m = gndp_fieldset_points(set, f), want = number != NULL ? number[f] : f;
        assert_ok(gndp_fieldset_read(set, 1, &f, m, NULL, values, present));
        assert_near(spec->label[f].time_s, 3600.0 * (double)want, 0.0);
        for (int64_t n = 0; n < m; n++)
            for (int p = 0; p < P; p++) {
                const bool gone = is_missing(want, n, channel_of(p));
                assert_int_equal(present[n * P + p], !gone);
                const double v = gone ? 0.0 : value_at(want, n, p);
                assert_near(values[n * P + p], v, tolerance * fabs(v));
            }
    }
    free(values);
    free(present);
}

static void fieldset_read_gives_what_was_put_in(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        fixture t;
        gndp_fieldset *set = in_memory(&t, own);
        memset(t.values, 0x7f, sizeof t.values); /* copied, not borrowed */
        memset(t.channel, 'x', sizeof t.channel);
        t.label[0].time_s = -1.0;
        assert_int_equal(gndp_fieldset_components(set), P);
        assert_int_equal(gndp_fieldset_shared(set), !own);
        assert_int_equal(gndp_fieldset_max_points(set), own ? 6 : N);
        assert_string_equal(gndp_fieldset_get_spec(set)->channel[1].part[1].name, "v10");
        assert_string_equal(gndp_fieldset_get_spec(set)->attribute[0].text, "test");
        assert_null(gndp_fieldset_get_spec(set)->label[2].id);
        assert_string_equal(gndp_fieldset_get_spec(set)->label[3].id, "d");
        assert_holds(set, NULL, 0.0);
        gndp_fieldset_free(set);

        set = behind_source(&t, own);
        assert_holds(set, NULL, 0.0);
        assert_int_equal(t.reads, F);
        gndp_fieldset_free(set);
        assert_int_equal(t.closes, 1);
    }
}

static void fieldset_read_gathers_points_in_the_order_asked(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        fixture t;
        gndp_fieldset *set = kind < 2 ? in_memory(&t, kind == 1) : behind_source(&t, kind == 3);
        const int64_t field[4] = {4, 0, 2, 0}, point[3] = {1, 0, 1};
        double v[4 * 3 * P];
        uint8_t is[4 * 3 * P];
        assert_ok(gndp_fieldset_read(set, 4, field, 3, point, v, is));
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 3; j++)
                for (int p = 0; p < P; p++) {
                    const bool gone = is_missing(field[i], point[j], channel_of(p));
                    assert_int_equal(is[(i * 3 + j) * P + p], !gone);
                    assert_near(v[(i * 3 + j) * P + p],
                                gone ? 0.0 : value_at(field[i], point[j], p), 0.0);
                }
        assert_ok(gndp_fieldset_read(set, 0, NULL, 3, point, NULL, NULL));
        assert_ok(gndp_fieldset_read(set, 1, field, 0, point, NULL, NULL));
        gndp_fieldset_free(set);
    }
}

static void fieldset_coords_are_those_of_the_field(void **state)
{
    (void)state;
    fixture t;
    double x[2 * N];
    gndp_fieldset *set = in_memory(&t, false);
    for (int64_t f = 0; f < F; f++) {
        assert_ok(gndp_fieldset_coords(set, f, x));
        for (int n = 0; n < N; n++) {
            assert_near(x[2 * n], lat[n / NLON], 0.0);
            assert_near(x[2 * n + 1], lon[n % NLON], 0.0);
        }
    }
    gndp_fieldset_free(set);
    set = in_memory(&t, true);
    for (int64_t f = 0; f < F; f++) {
        assert_int_equal(gndp_fieldset_points(set, f), 2 + f);
        assert_ok(gndp_fieldset_coords(set, f, x));
        assert_memory_equal(x, t.x + 2 * t.first[f], (size_t)(2 * (2 + f)) * sizeof *x);
    }
    gndp_fieldset_free(set);
}

/* A selection of a selection, with repeats, outlives what it was taken from; the source is closed
   with the last of them. */
static void fieldset_select_shares_values(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        for (int order = 0; order < 2; order++) {
            fixture t;
            gndp_fieldset *set = kind < 2 ? in_memory(&t, kind == 1) : behind_source(&t, kind == 3);
            gndp_fieldset *some = NULL, *fewer = NULL;
            const int64_t a[4] = {4, 1, 1, 3}, b[3] = {2, 0, 3}, ab[3] = {1, 4, 3};
            assert_ok(gndp_fieldset_select(set, 4, a, &some));
            assert_ok(gndp_fieldset_select(some, 3, b, &fewer));
            assert_holds(some, a, 0.0);
            gndp_fieldset_free(order == 0 ? set : some);
            assert_int_equal(t.closes, 0);
            assert_holds(fewer, ab, 0.0);
            gndp_fieldset_free(order == 0 ? some : set);
            assert_holds(fewer, ab, 0.0);
            assert_int_equal(t.closes, 0);
            gndp_fieldset_free(fewer);
            assert_int_equal(t.closes, kind < 2 ? 0 : 1);
        }
    }
}

static void fieldset_select_maps_many_fields_at_once(void **state)
{
    (void)state;
    enum { MANY = 100 };
    fixture t;
    gndp_fieldset *set = behind_source(&t, false), *some = NULL;
    int64_t a[MANY], field[MANY], point = 5;
    double v[MANY * P];
    uint8_t is[MANY * P];
    for (int i = 0; i < MANY; i++) {
        a[i] = (i * 3) % F;
        field[i] = MANY - 1 - i;
    }
    assert_ok(gndp_fieldset_select(set, MANY, a, &some));
    assert_ok(gndp_fieldset_read(some, MANY, field, 1, &point, v, is));
    for (int i = 0; i < MANY; i++)
        if (!is_missing(a[field[i]], point, 0))
            assert_near(v[i * P], value_at(a[field[i]], point, 0), 0.0);
    gndp_fieldset_free(some);
    gndp_fieldset_free(set);
}

static void fieldset_load_keeps_values_to_f32(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        fixture t;
        gndp_fieldset *set = behind_source(&t, own), *loaded = NULL, *some = NULL;
        const int64_t a[2] = {3, 1};
        assert_ok(gndp_fieldset_load(set, 0, &loaded));
        assert_ok(gndp_fieldset_select(set, 2, a, &some));
        gndp_fieldset_free(set);
        assert_int_equal(t.closes, 0);
        assert_holds(loaded, NULL, 6e-8);
        gndp_fieldset_free(loaded);
        assert_ok(gndp_fieldset_load(some, 0, &loaded));
        gndp_fieldset_free(some);
        assert_int_equal(t.closes, 1);
        assert_holds(loaded, a, 6e-8);
        gndp_fieldset_free(loaded);
    }
    fixture t;
    gndp_fieldset *set = in_memory(&t, false), *loaded = NULL;
    assert_fails(gndp_fieldset_load(set, 1000, &loaded), GNDP_ERR_NOMEM, "made.nc: 5 fields take");
    assert_null(loaded);
    assert_ok(gndp_fieldset_load(set, F * N * (P * 4 + K), &loaded));
    gndp_fieldset_free(loaded);
    gndp_fieldset_free(set);
}

static void fieldset_f32_values_are_kept_as_they_are(void **state)
{
    (void)state;
    fixture t;
    fill(&t, false);
    float *narrow = malloc(sizeof(float) * F * N * P);
    for (int i = 0; i < F * N * P; i++)
        narrow[i] = (float)t.values[i];
    const gndp_array a = gndp_array_view(type_of(&t, GNDP_F32), narrow);
    gndp_fieldset *set = NULL;
    assert_ok(gndp_fieldset_create(&t.spec, &a, t.present, &set));
    free(narrow);
    assert_holds(set, NULL, 6e-8);
    gndp_fieldset_free(set);
}

/* A computed axis may pass the pole by its rounding: the set has the pole. */
static void fieldset_takes_the_pole_for_a_rounding_beyond(void **state)
{
    (void)state;
    const double over[2] = {-90.00000000000001, 90.0000000000026}, zero[1] = {0};
    const gndp_channel channel = gndp_channel_scalar("z", "m");
    const gndp_fieldset_spec spec = {.n_fields = 1,
                                     .coords = sphere_grid(2, over, 1, zero),
                                     .n_channels = 1,
                                     .channel = &channel};
    double values[2] = {1, 2}, x[4];
    const gndp_array a = gndp_array_view(gndp_type_3d(GNDP_F64, 1, 2, 1), values);
    gndp_fieldset *set = NULL;
    assert_ok(gndp_fieldset_create(&spec, &a, NULL, &set));
    assert_ok(gndp_fieldset_coords(set, 0, x));
    assert_near(x[0], -90.0, 0.0);
    assert_near(x[2], 90.0, 0.0);
    assert_true(isnan(gndp_fieldset_get_spec(set)->label[0].time_s));
    assert_int_equal(gndp_fieldset_get_spec(set)->label[0].member, -1);
    gndp_fieldset_free(set);
}

static void channel_names_that_do_not_fit_say_so(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'a', sizeof text);
    text[199] = '\0';
    const gndp_channel c = gndp_channel_scalar(text, NULL);
    assert_non_null(strstr(c.name, "[cut]"));
    assert_string_equal(c.units, "");
    assert_string_equal(gndp_channel_sphere("p").part[1].name, "lon");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fieldset_read_gives_what_was_put_in),
    cmocka_unit_test(fieldset_read_gathers_points_in_the_order_asked),
    cmocka_unit_test(fieldset_coords_are_those_of_the_field),
    cmocka_unit_test(fieldset_select_shares_values),
    cmocka_unit_test(fieldset_select_maps_many_fields_at_once),
    cmocka_unit_test(fieldset_load_keeps_values_to_f32),
    cmocka_unit_test(fieldset_f32_values_are_kept_as_they_are),
    cmocka_unit_test(fieldset_takes_the_pole_for_a_rounding_beyond),
    cmocka_unit_test(channel_names_that_do_not_fit_say_so),
};

GNDP_TEST_MAIN(tests)
