// SPDX-License-Identifier: Apache-2.0
// Normalisers: the moments of what they made, back again, vectors and climatologies, log-densities.
#include "fields/check.h"

#include <gndp/prepare.h>

enum { F = 60, NY = 4, NX = 5, N = NY * NX, P = 7, K = 4 };

/* A pressure of large mean with a climatology, a wind with a mean, a point of S², a constant. */
static void draw(double *values, uint8_t *present)
{
    assert_ok(gndp_random_normal_f64(1, 0, 0, 0, 0, F * N * P, values));
    for (int f = 0; f < F; f++)
        for (int n = 0; n < N; n++) {
            double *v = values + (f * N + n) * P;
            v[0] = 101325.0 + 500.0 * sin(n) + 3.0 * v[0];
            v[1] = 10.0 + 5.0 * v[1];
            v[2] = -2.0 + 2.0 * v[2];
            const double length = sqrt(v[3] * v[3] + v[4] * v[4] + v[5] * v[5]);
            for (int p = 3; p < 6; p++)
                v[p] /= length;
            v[6] = 0.1;
            for (int k = 0; k < K; k++)
                present[(f * N + n) * K + k] = (f * 5 + n * 3 + k) % 13 != 0 && !(n == 7 && k == 0);
        }
}

static gndp_fieldset *make_set(const double *values, const uint8_t *present, int fields)
{
    static const char *const uv[2] = {"u", "v"};
    static const double y[NY] = {0, 1, 2, 3}, x[NX] = {0, 1, 2, 3, 4};
    const gndp_channel channel[K] = {gndp_channel_scalar("p", "Pa"),
                                     gndp_channel_vector("wind", "m s-1", 2, uv),
                                     gndp_channel_sphere("to"), gndp_channel_scalar("c", "1")};
    const gndp_fieldset_spec spec = {
        .n_fields = fields,
        .coords = {.space = GNDP_SPACE_EUCLIDEAN,
                   .layout = GNDP_LAYOUT_PRODUCT,
                   .columns = 2,
                   .axis = {axis_of("y", "km", NY, y), axis_of("x", "km", NX, x)},
                   .n = N},
        .n_channels = K,
        .channel = channel};
    double *copy = malloc((size_t)(fields * N * P) * sizeof *copy);
    memcpy(copy, values, (size_t)(fields * N * P) * sizeof *copy);
    const gndp_array a = gndp_array_view(gndp_type_3d(GNDP_F64, fields, N, P), copy);
    gndp_fieldset *set = NULL;
    assert_ok(gndp_fieldset_create(&spec, &a, present, &set));
    free(copy);
    return set;
}

typedef struct fixture {
    double values[F * N * P];
    uint8_t present[F * N * K];
    gndp_fieldset *set;
} fixture;

static int setup(void **state)
{
    fixture *t = calloc(1, sizeof *t);
    assert_non_null(t);
    draw(t->values, t->present);
    t->set = make_set(t->values, t->present, F);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    fixture *t = *state;
    gndp_fieldset_free(t->set);
    free(t);
    return 0;
}

static const int channel_of[P] = {0, 1, 1, 2, 2, 2, 3};

/* Mean and mean square of one component of normalised values, where present. */
static void moments(const fixture *t, const double *z, int p, double *mean, double *square)
{
    double count = 0.0;
    *mean = *square = 0.0;
    for (int i = 0; i < F * N; i++) {
        if (!t->present[i * K + channel_of[p]])
            continue;
        count += 1.0;
        *mean += z[i * P + p];
        *square += z[i * P + p] * z[i * P + p];
    }
    *mean /= count;
    *square /= count;
}

static double *copy_of(const fixture *t)
{
    double *z = malloc(sizeof t->values);
    assert_non_null(z);
    memcpy(z, t->values, sizeof t->values);
    return z;
}

/* Scalars get mean 0 and mean square 1; a wind keeps its mean direction, and the mean of its
   squared length is 2; points of S² and the constant's spread stay. */
static void normaliser_makes_unit_moments(void **state)
{
    fixture *t = *state;
    for (gndp_climatology kind = GNDP_CLIMATOLOGY_NONE; kind <= GNDP_CLIMATOLOGY_SPREAD; kind++) {
        gndp_normaliser z;
        assert_ok(gndp_normaliser_fit(t->set, kind, &z));
        assert_int_equal(z.components, P);
        double *v = copy_of(t), mean, square, other, length;
        assert_ok(gndp_normaliser_apply(&z, F, N, NULL, v));
        moments(t, v, 0, &mean, &square);
        assert_near(mean, 0.0, 1e-9); /* 101325 / 3 ulps of the mean */
        assert_near(square, 1.0, 1e-9);
        moments(t, v, 1, &mean, &square);
        moments(t, v, 2, &other, &length);
        assert_near(square + length, 2.0, 1e-12);
        assert_near(mean / other, -5.0, 1.0);
        assert_near(z.scale[1], z.scale[2], 0.0);
        assert_near(z.mean[1], 0.0, 0.0);
        assert_near(z.mean[2], 0.0, 0.0);
        for (int i = 0; i < F * N; i++)
            assert_memory_equal(v + i * P + 3, t->values + i * P + 3, 3 * sizeof *v);
        assert_near(z.scale[6], 1.0, 0.0);
        assert_near(v[6], 0.0, 1e-15);
        if (kind != GNDP_CLIMATOLOGY_NONE)
            assert_near(z.scale[0], 3.0, 0.2); /* the spread about 500 sin n; 1100 draws: 2 % */
        else
            assert_true(z.scale[0] > 300.0);
        free(v);
        gndp_normaliser_free(&z);
        assert_null(z.mean);
    }
}

static void normaliser_climatology_is_the_mean_at_each_point(void **state)
{
    fixture *t = *state;
    gndp_normaliser z;
    assert_ok(gndp_normaliser_fit(t->set, GNDP_CLIMATOLOGY_MEAN, &z));
    assert_int_equal(z.points, N);
    for (int n = 0; n < N; n++) {
        double sum = 0.0, count = 0.0;
        for (int f = 0; f < F; f++)
            if (t->present[(f * N + n) * K]) {
                sum += t->values[(f * N + n) * P] - 101325.0;
                count += 1.0;
            }
        if (n == 7) /* no value at all there */
            assert_near(z.climatology[n * P], 0.0, 0.0);
        else
            assert_near(z.mean[0] + z.climatology[n * P], 101325.0 + sum / count, 1e-9);
        for (int p = 1; p < 6; p++)
            assert_near(z.climatology[n * P + p], 0.0, 0.0);
    }
    gndp_normaliser_free(&z);
}

/* Where there are values, those of a scalar have mean 0 and mean square 1 at each point by itself; a vector has mean square 2. */
static void normaliser_spread_is_the_deviation_at_each_point(void **state)
{
    fixture *t = *state;
    gndp_normaliser z;
    assert_ok(gndp_normaliser_fit(t->set, GNDP_CLIMATOLOGY_SPREAD, &z));
    double *v = copy_of(t);
    assert_ok(gndp_normaliser_apply(&z, F, N, NULL, v));
    for (int n = 0; n < N; n++) {
        double sum = 0.0, square = 0.0, count = 0.0, length = 0.0, winds = 0.0;
        for (int f = 0; f < F; f++) {
            const double *at = v + (f * N + n) * P;
            if (t->present[(f * N + n) * K]) {
                sum += at[0];
                square += at[0] * at[0];
                count += 1.0;
            }
            if (t->present[(f * N + n) * K + 1]) {
                length += at[1] * at[1] + at[2] * at[2];
                winds += 1.0;
            }
        }
        if (count > 0.0) {
            assert_near(sum / count, 0.0, 1e-9);
            assert_near(square / count, 1.0, 1e-9);
        } else {
            assert_near(z.spread[n * P], 1.0, 0.0);
        }
        assert_near(length / winds, 2.0, 1e-9);
        assert_near(z.spread[n * P + 1], z.spread[n * P + 2], 0.0);
        for (int p = 3; p < P; p++)
            assert_near(z.spread[n * P + p], 1.0, 0.0);
    }
    free(v);
    double one_by_one = 0.0;
    for (int64_t n = 0; n < N; n++)
        one_by_one += gndp_normaliser_log_jacobian(&z, 1, &n);
    assert_near(gndp_normaliser_log_jacobian(&z, N, NULL), one_by_one, 1e-10);
    gndp_normaliser_free(&z);
}

static void normaliser_invert_undoes_apply(void **state)
{
    fixture *t = *state;
    dice d = {1, 0};
    for (gndp_climatology kind = GNDP_CLIMATOLOGY_NONE; kind <= GNDP_CLIMATOLOGY_SPREAD; kind++) {
        gndp_normaliser z;
        assert_ok(gndp_normaliser_fit(t->set, kind, &z));
        double *v = copy_of(t);
        assert_ok(gndp_normaliser_apply(&z, F, N, NULL, v));
        assert_ok(gndp_normaliser_invert(&z, F, N, NULL, v));
        for (int i = 0; i < F * N * P; i++)
            assert_near(v[i], t->values[i], 1e-12 * fmax(1.0, fabs(t->values[i])));
        free(v);
        /* some points, in any order, are normalised as they are in the whole field */
        int64_t point[9];
        double some[9 * P], whole[N * P];
        memcpy(whole, t->values, sizeof whole);
        for (int j = 0; j < 9; j++) {
            point[j] = dice_below(&d, N);
            memcpy(some + j * P, t->values + point[j] * P, P * sizeof *some);
        }
        assert_ok(gndp_normaliser_apply(&z, 1, N, NULL, whole));
        assert_ok(gndp_normaliser_apply(&z, 1, 9, point, some));
        for (int j = 0; j < 9; j++)
            assert_memory_equal(some + j * P, whole + point[j] * P, P * sizeof *some);
        gndp_normaliser_free(&z);
    }
}

/* The Gaussian density of y is that of z times dz/dy: ln N(y; m, s) = ln N(z; 0, 1) + log_jacobian.
 */
static void normaliser_log_jacobian_joins_densities(void **state)
{
    (void)state;
    gndp_normaliser z;
    assert_ok(gndp_normaliser_identity(2, &z));
    assert_near(gndp_normaliser_log_jacobian(&z, 1, NULL), 0.0, 0.0);
    z.mean[0] = 3.0;
    z.scale[0] = 2.5;
    z.scale[1] = 1e-3;
    const double y[2] = {4.2, 7e-4};
    double v[2] = {y[0], y[1]}, in_y = 0.0, in_z = 0.0;
    assert_ok(gndp_normaliser_apply(&z, 1, 1, NULL, v));
    for (int p = 0; p < 2; p++) {
        const double e = (y[p] - z.mean[p]) / z.scale[p];
        in_y += -0.5 * e * e - log(z.scale[p] * sqrt(2.0 * 3.14159265358979323846));
        in_z += -0.5 * v[p] * v[p] - log(sqrt(2.0 * 3.14159265358979323846));
    }
    assert_near(in_z + gndp_normaliser_log_jacobian(&z, 1, NULL), in_y, 1e-12);
    gndp_normaliser_free(&z);
}

/* Fitting does not depend on what lies where values are missing, and one field has no spread in
 * time. */
static void normaliser_of_one_field_stays_finite(void **state)
{
    fixture *t = *state;
    gndp_fieldset *set = make_set(t->values, NULL, 1);
    gndp_normaliser z;
    assert_ok(gndp_normaliser_fit(set, GNDP_CLIMATOLOGY_MEAN, &z));
    assert_near(z.scale[0], 1.0, 0.0);
    double v[N * P];
    memcpy(v, t->values, sizeof v);
    assert_ok(gndp_normaliser_apply(&z, 1, N, NULL, v));
    for (int n = 0; n < N; n++)
        assert_near(v[n * P], 0.0, 3e-11); /* two roundings at 1e5 */
    gndp_normaliser_free(&z);
    gndp_fieldset_free(set);
}

static void normaliser_refuses_misuse(void **state)
{
    fixture *t = *state;
    gndp_normaliser z;
    uint8_t none[F * N * K];
    memset(none, 1, sizeof none);
    for (int i = 0; i < F * N; i++)
        none[i * K + 1] = 0;
    gndp_fieldset *set = make_set(t->values, none, F), *own = NULL;
    for (gndp_climatology kind = GNDP_CLIMATOLOGY_NONE; kind <= GNDP_CLIMATOLOGY_SPREAD; kind++) {
        assert_fails(gndp_normaliser_fit(set, kind, &z), GNDP_ERR_NONFINITE,
                     "channel 'wind' has no value");
        assert_null(z.mean);
    }
    gndp_fieldset_free(set);
    assert_fails(gndp_normaliser_fit(NULL, GNDP_CLIMATOLOGY_MEAN, &z), GNDP_ERR_ARG, "set");
    assert_fails(gndp_normaliser_fit(t->set, GNDP_CLIMATOLOGY_MEAN, NULL), GNDP_ERR_ARG, "out");
    assert_fails(gndp_normaliser_identity(0, &z), GNDP_ERR_RANGE, "0 components");

    const int64_t first[2] = {0, 2}, far[2] = {0, N};
    double x[2] = {0, 1}, v[2 * P] = {0};
    const gndp_channel channel = gndp_channel_scalar("y", "1");
    const gndp_fieldset_spec spec = {.n_fields = 1,
                                     .coords = point_list(GNDP_SPACE_EUCLIDEAN, 1, 2, x),
                                     .first = first,
                                     .n_channels = 1,
                                     .channel = &channel};
    const gndp_array a = gndp_array_view(gndp_type_2d(GNDP_F64, 2, 1), x);
    assert_ok(gndp_fieldset_create(&spec, &a, NULL, &own));
    assert_fails(gndp_normaliser_fit(own, GNDP_CLIMATOLOGY_SPREAD, &z), GNDP_ERR_UNSUPPORTED,
                 "points that all fields share");
    assert_ok(gndp_normaliser_fit(own, GNDP_CLIMATOLOGY_NONE, &z));
    assert_near(z.mean[0], 0.5, 0.0);
    assert_near(z.scale[0], 0.5, 0.0);
    gndp_normaliser_free(&z);
    gndp_fieldset_free(own);

    assert_ok(gndp_normaliser_fit(t->set, GNDP_CLIMATOLOGY_MEAN, &z));
    assert_fails(gndp_normaliser_apply(&z, 1, 2, far, v), GNDP_ERR_RANGE,
                 "point 20, the climatology has 20");
    assert_fails(gndp_normaliser_invert(&z, 1, N + 1, NULL, v), GNDP_ERR_RANGE, "21 points");
    assert_fails(gndp_normaliser_apply(&z, -1, 1, NULL, v), GNDP_ERR_RANGE, "-1 fields");
    assert_fails(gndp_normaliser_apply(&z, 1, 1, NULL, NULL), GNDP_ERR_ARG, "values");
    assert_fails(gndp_normaliser_apply(NULL, 1, 1, NULL, v), GNDP_ERR_ARG, "normaliser");
    gndp_normaliser_free(&z);
    gndp_normaliser_free(&z);
    gndp_normaliser_free(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(normaliser_makes_unit_moments, setup, teardown),
    cmocka_unit_test_setup_teardown(normaliser_climatology_is_the_mean_at_each_point, setup,
                                    teardown),
    cmocka_unit_test_setup_teardown(normaliser_spread_is_the_deviation_at_each_point, setup,
                                    teardown),
    cmocka_unit_test_setup_teardown(normaliser_invert_undoes_apply, setup, teardown),
    cmocka_unit_test(normaliser_log_jacobian_joins_densities),
    cmocka_unit_test_setup_teardown(normaliser_of_one_field_stays_finite, setup, teardown),
    cmocka_unit_test_setup_teardown(normaliser_refuses_misuse, setup, teardown),
};

GNDP_TEST_MAIN(tests)
