// SPDX-License-Identifier: Apache-2.0
// Models of tracks: the Gaussian reference, symmetry under shifts of longitude, completing, files.
#include "train/track_case.h"

#include <gndp/ops.h>

#include "model/reference.h"

enum { N = 7 };

static void run(gndp_graph *g, const gndp_node *nodes, int n, const gndp_feed *feeds, int n_feeds, gndp_array *out)
{
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    must(gndp_device_open("cpu", NULL, &device));
    must(gndp_plan_create(g, nodes, n, device, NULL, &plan));
    must(gndp_plan_run(plan, feeds, n_feeds, out, n));
    gndp_plan_free(plan);
    gndp_device_free(device);
}

/* Against the host's heat kernel, within five standard deviations of the angle; 1e-3 is what the reference promises, 2e-4 what the expansion has there. */
static void heat_slope_is_that_of_the_heat_kernel(void **state)
{
    (void)state;
    enum { TAUS = 40, ANGLES = 25 };
    static double tau[TAUS * ANGLES], c[TAUS * ANGLES], made[TAUS * ANGLES];
    gndp_graph *g = NULL;
    for (int i = 0; i < TAUS; i++)
        for (int k = 0; k < ANGLES; k++) {
            const double t = 1e-7 * pow(10.0, 7.7 * i / (TAUS - 1)), angle = fmin(5.0 * sqrt(2.0 * t) * (k + 0.5) / ANGLES, 3.0);
            tau[i * ANGLES + k] = t;
            c[i * ANGLES + k] = cos(angle);
        }
    const gndp_type type = gndp_type_1d(GNDP_F64, TAUS * ANGLES);
    must(gndp_graph_create(&g));
    const gndp_node node = reference_heat_slope(g, gndp_input(g, "tau", type), gndp_input(g, "c", type));
    const gndp_feed feeds[] = {{"tau", gndp_array_view(type, tau)}, {"c", gndp_array_view(type, c)}};
    gndp_array out = gndp_array_view(type, made);
    run(g, &node, 1, feeds, 2, &out);
    for (int i = 0; i < TAUS * ANGLES; i++) {
        const double exact = gndp_heat_slope(tau[i], c[i]);
        if (!(fabs(made[i] - exact) < 1e-3 * exact))
            fail_msg("tau %g, c %.17g: %.10g in place of %.10g", tau[i], c[i], made[i], exact);
    }
    gndp_graph_free(g);
}

/* ---- The reference ---------------------------------------------------------------------------- */

/* Solve S z = r, S symmetric positive definite, both overwritten. */
static void solve(int n, double *s, double *r)
{
    for (int k = 0; k < n; k++)
        for (int i = k + 1; i < n; i++) {
            const double f = s[i * n + k] / s[k * n + k];
            for (int j = k; j < n; j++)
                s[i * n + j] -= f * s[k * n + j];
            r[i] -= f * r[k];
        }
    for (int i = n - 1; i >= 0; i--) {
        for (int j = i + 1; j < n; j++)
            r[i] -= s[i * n + j] * r[j];
        r[i] /= s[i * n + i];
    }
}

typedef struct problem {
    double x[N], y[N * 3], a[N], noise[N];
    float xf[N], t, decay, variance;
    int32_t mask[N], target[N];
} problem;

/* Points 0 and 1 known, 3 padded, B = 0.02. */
static problem make_problem(void)
{
    problem p = {.t = 0.5f};
    static const double times[N] = {0.0, 0.125, 0.5, 0.625, 1.0, 1.75, 3.0};
    const double b = 0.02;
    p.decay = (float)exp(-0.5 * b);
    p.variance = (float)-expm1(-b);
    const double w = (double)p.variance;
    for (int i = 0; i < N; i++) {
        const double lon = 0.05 * times[i] + 0.03 * sin(9.0 * i), lat = -0.2 - 0.03 * times[i] + 0.02 * cos(7.0 * i);
        p.x[i] = times[i];
        p.xf[i] = (float)times[i];
        p.y[3 * i] = cos(lat) * cos(lon), p.y[3 * i + 1] = cos(lat) * sin(lon), p.y[3 * i + 2] = sin(lat);
        p.mask[i] = i != 3;
        p.target[i] = i > 1;
        p.a[i] = i > 1 ? 1.0 - w : 1.0;
        p.noise[i] = 1e-13 + (i > 1 ? w - w * w + w * w * w / 3.0 : 0.0);
    }
    return p;
}

/* What all the others say of point i, by the textbook: mean k' S^-1 y, variance k_ii - k' S^-1 k. */
static void predict(const problem *p, const double *gram, int i, double mean[3], double *variance)
{
    double s[N * N], k[N], weight[N];
    int row[N], n = 0;
    for (int j = 0; j < N; j++)
        if (j != i && p->mask[j])
            row[n++] = j;
    for (int u = 0; u < n; u++) {
        k[u] = weight[u] = gram[i * N + row[u]] * p->a[row[u]];
        for (int v = 0; v < n; v++)
            s[u * n + v] = gram[row[u] * N + row[v]] * p->a[row[u]] * p->a[row[v]] + (u == v ? p->noise[row[u]] : 0.0);
    }
    solve(n, s, weight);
    *variance = gram[i * N + i];
    mean[0] = mean[1] = mean[2] = 0.0;
    for (int u = 0; u < n; u++) {
        *variance -= k[u] * weight[u];
        for (int d = 0; d < 3; d++)
            mean[d] += weight[u] * p->y[3 * row[u] + d];
    }
}

static void reference_is_leave_one_out(void **state)
{
    (void)state;
    const problem p = make_problem();
    gndp_kernel *kernel = NULL;
    gndp_graph *g = NULL;
    double gram[N * N], mean[N * 3], sd[N], residual[N * 3], score[N * 3];
    const gndp_type one = gndp_type_1d(GNDP_F32, 1), bits = gndp_type_2d(GNDP_I32, 1, N), rows = gndp_type_3d(GNDP_F64, 1, N, 3);
    const gndp_type x = gndp_type_2d(GNDP_F32, N, 1), line = gndp_type_2d(GNDP_F64, N, 1);
    gndp_array at = gndp_array_view(line, (void *)(uintptr_t)p.x), all = gndp_array_view(gndp_type_2d(GNDP_F64, N, N), gram);
    must(gndp_kernel_parse(TRACK_KERNEL, &kernel));
    must(gndp_kernel_evaluate(kernel, &at, NULL, &all));
    must(gndp_graph_create(&g));
    const gndp_node y = gndp_input(g, "y", rows);
    const gndp_score_inputs in = {.t = gndp_input(g, "t", one), .decay = gndp_input(g, "decay", one), .variance = gndp_input(g, "variance", one),
                                  .x = gndp_input(g, "x", x), .y = y, .mask = gndp_input(g, "mask", bits), .target = gndp_input(g, "target", bits)};
    const reference_nodes made = reference_build(g, kernel, &in, y);
    const gndp_node nodes[] = {made.mean, made.sd, made.residual, made.score};
    gndp_array out[] = {gndp_array_view(rows, mean), gndp_array_view(gndp_type_3d(GNDP_F64, 1, N, 1), sd), gndp_array_view(rows, residual),
                        gndp_array_view(rows, score)};
    problem fed = p;
    const gndp_feed feeds[] = {{"y", gndp_array_view(rows, fed.y)}, {"variance", gndp_array_view(one, &fed.variance)},
                               {"x", gndp_array_view(x, fed.xf)}, {"mask", gndp_array_view(bits, fed.mask)},
                               {"target", gndp_array_view(bits, fed.target)}};
    run(g, nodes, 4, feeds, 5, out);
    for (int i = 2; i < N; i++) {
        double others[3], v;
        if (!p.mask[i])
            continue;
        predict(&p, gram, i, others, &v);
        const double total = p.noise[i] + p.a[i] * p.a[i] * v;
        assert_true(fabs(sd[i] - sqrt(v * p.noise[i] / total)) < 1e-7 * sd[i]); /* S has condition 1e5 */
        for (int d = 0; d < 3; d++) {
            const double gap = p.y[3 * i + d] - p.a[i] * others[d];
            assert_true(fabs(residual[3 * i + d] - gap / sqrt(total)) < 1e-7);
            assert_true(fabs(mean[3 * i + d] - (others[d] + p.a[i] * v / total * gap)) < 1e-9);
        }
        /* the score is that of the heat kernel about what the others say, wide enough for their doubt */
        double pole[3], expected[3];
        const double length = sqrt(others[0] * others[0] + others[1] * others[1] + others[2] * others[2]), tau = -0.5 * log1p(-(double)p.variance);
        for (int d = 0; d < 3; d++)
            pole[d] = others[d] / length;
        gndp_heat_score(tau - log(1.0 - 3.0 * v) / 6.0, pole, p.y + 3 * i, expected);
        for (int d = 0; d < 3; d++)
            assert_true(fabs(score[3 * i + d] - expected[d]) < 1e-3 * sqrt(1.0 / total));
    }
    for (int d = 0; d < 6; d++)
        assert_true(mean[d] == p.y[d] && residual[d] == 0.0); /* known */
    gndp_graph_free(g);
    gndp_kernel_free(kernel);
}

/* ---- The model -------------------------------------------------------------------------------- */

/* Networks begin as zero: give what is zero, the last layers above all, something to say. */
static void stir(gndp_model *model)
{
    gndp_store *store = gndp_model_store(model);
    for (int64_t i = 0; i < gndp_store_count(store); i++) {
        for (int slot = 0; slot < 2; slot++) {
            gndp_array a;
            must(gndp_store_array(store, gndp_store_name(store, i), slot == 0 ? GNDP_SLOT_VALUE : GNDP_SLOT_EMA, &a));
            float *v = a.data;
            const int64_t n = (int64_t)(gndp_type_bytes(a.type) / sizeof *v);
            bool zero = true;
            for (int64_t k = 0; k < n; k++)
                zero = zero && v[k] == 0.0f;
            if (!zero)
                continue;
            must(gndp_random_normal_f32(17, 0, (uint32_t)i, GNDP_STREAM(9, 2), 0, n, v));
            for (int64_t k = 0; k < n; k++)
                v[k] *= 0.3f;
        }
    }
}

static gndp_coords times_of(const gndp_model *model, int64_t n, const double *x)
{
    gndp_coords coords = gndp_model_fields(model)->coords;
    coords.layout = GNDP_LAYOUT_LIST;
    coords.n = n;
    coords.x = x;
    return coords;
}

static void turned(double angle, int64_t n, const double *y, double *out)
{
    for (int64_t i = 0; i < n; i++) {
        const double east = cos(angle) * y[3 * i] - sin(angle) * y[3 * i + 1];
        out[3 * i + 1] = sin(angle) * y[3 * i] + cos(angle) * y[3 * i + 1];
        out[3 * i] = east;
        out[3 * i + 2] = y[3 * i + 2];
    }
}

/* Whether a turned track has the turned score, at all sizes of noise: what the network sees is the same to the rounding of its f32 inputs, 6e-8 of a position,
   which the residual magnifies by 1/noise. @return the largest difference relative to the score */
static double turned_score(const gndp_fieldset *set, const char *net, const char *axis, void (*turn)(double, int64_t, const double *, double *))
{
    gndp_config *config = NULL;
    gndp_model *model = NULL;
    double worst = 0.0;
    must(gndp_config_parse(TRACK_CONFIG, "test.yaml", &config));
    must(gndp_config_set(config, net));
    must(gndp_config_set(config, axis));
    must(gndp_model_create(config, set, &model));
    gndp_config_free(config);
    const problem p = make_problem();
    const gndp_coords coords = times_of(model, N, p.x);
    gndp_generator *generator = NULL;
    double y[2 * N * 3], g[2 * N * 3], expected[N * 3];
    stir(model);
    must(gndp_generator_create(model, &coords, 2, false, NULL, &generator));
    memcpy(y, p.y, sizeof p.y);
    turn(77.0 * acos(-1.0) / 180.0, N, p.y, y + N * 3);
    for (double b = 1e-4; b < 4.0; b *= 10.0) {
        const double t = gndp_schedule_time(gndp_model_schedule(model), b);
        double most = 0.0, least = 0.0;
        must(gndp_evaluator_score(gndp_generator_evaluator(generator), 2, &t, true, y, g));
        turn(77.0 * acos(-1.0) / 180.0, N, g, expected);
        for (int i = 0; i < 3 * N; i++) {
            most = fmax(most, fabs(g[N * 3 + i] - expected[i]));
            least = fmax(least, fabs(expected[i]));
        }
        worst = fmax(worst, most / least);
        for (int i = 0; i < N; i++) /* tangent */
            assert_true(fabs(g[3 * i] * y[3 * i] + g[3 * i + 1] * y[3 * i + 1] + g[3 * i + 2] * y[3 * i + 2]) < 1e-6 * least);
    }
    gndp_generator_free(generator);
    gndp_model_free(model);
    return worst;
}

/* Shift, then another turn, then a mirror. */
static void any_turn(double angle, int64_t n, const double *y, double *out)
{
    turned(angle, n, y, out);
    for (int64_t i = 0; i < n; i++) {
        double *at = out + 3 * i;
        const double north = cos(1.0) * at[1] - sin(1.0) * at[2];
        at[2] = sin(1.0) * at[1] + cos(1.0) * at[2];
        at[1] = north;
        at[0] = -at[0];
    }
}

static void turned_storms_have_turned_scores(void **state)
{
    (void)state;
    gndp_fieldset *set = drifting_tracks();
    assert_true(turned_score(set, "score.net=multi_attention", "score.axis=yes", turned) < 2e-4); /* a shift of longitudes by 77 degrees */
    assert_true(turned_score(set, "score.net=evt", "score.axis=yes", turned) < 2e-4);
    assert_true(turned_score(set, "score.net=evt", "score.axis=no", any_turn) < 2e-4); /* O(3) */
    assert_true(turned_score(set, "score.net=evt", "score.axis=yes", any_turn) > 1e-2); /* which an axis breaks */
    assert_true(turned_score(set, "score.net=multi_attention", "score.axis=yes", any_turn) > 1e-2);
    gndp_fieldset_free(set);
}

/* Known fixes stay, all is on the sphere, a member is the same alone and among others, and a model read from its file draws the same. */
static void completing_keeps_what_is_known(void **state)
{
    (void)state;
    enum { M = 5 };
    gndp_fieldset *set = drifting_tracks();
    gndp_model *model = track_model(NULL, set), *read = NULL;
    const problem p = make_problem();
    const gndp_coords coords = times_of(model, N, p.x);
    gndp_generator *generator = NULL;
    const int64_t context[] = {0, 1, 4};
    double known[9], y[M * N * 3], alone[N * 3], log_p;
    const uint32_t member[M] = {0, 1, 2, 3, 4};
    gndp_brownian_options options = gndp_brownian_options_default();
    stir(model);
    for (int k = 0; k < 3; k++)
        memcpy(known + 3 * k, p.y + 3 * context[k], 3 * sizeof *known);
    options.contexts = 3;
    options.context = context;
    options.value = known;
    options.steps = 20;
    must(gndp_generator_create(model, &coords, 2, false, NULL, &generator));
    must(gndp_generator_complete(generator, &options, M, member, y));
    must(gndp_generator_complete(generator, &options, 1, member + 3, alone));
    assert_memory_equal(y + 3 * N * 3, alone, sizeof alone);
    for (int m = 0; m < M; m++)
        for (int i = 0; i < N; i++) {
            const double *at = y + (m * N + i) * 3;
            assert_true(fabs(at[0] * at[0] + at[1] * at[1] + at[2] * at[2] - 1.0) < 1e-12);
            for (int k = 0; k < 3; k++)
                assert_true(context[k] != i || gndp_sphere_distance(3, at, known + 3 * k) < 1e-12);
        }
    gndp_likelihood_options flow = gndp_likelihood_options_default();
    flow.steps = 20;
    flow.probes = 1;
    must(gndp_generator_complete_log_likelihood(generator, &flow, 3, context, 1, NULL, p.y, &log_p));
    assert_true(isfinite(log_p));
    gndp_generator_free(generator);
    must(gndp_model_write(model, "tracks.nc", false));
    must(gndp_model_read("tracks.nc", &read));
    must(gndp_generator_create(read, &coords, 2, false, NULL, &generator));
    must(gndp_generator_complete(generator, &options, 1, member + 3, y));
    assert_memory_equal(y, alone, sizeof alone);
    gndp_generator_free(generator);
    gndp_model_free(read);
    gndp_model_free(model);
    gndp_fieldset_free(set);
}

static void refuse_model(const char *extra, const gndp_fieldset *set, gndp_status expected, const char *part)
{
    gndp_config *config = NULL;
    gndp_model *model = NULL;
    must(gndp_config_parse(TRACK_CONFIG, "test.yaml", &config));
    must(gndp_config_set(config, extra));
    const gndp_status st = gndp_model_create(config, set, &model);
    if (st != expected || strstr(gndp_last_error(), part) == NULL)
        fail_msg("%s: %s, not %s with '%s': %s", extra, gndp_status_name(st), gndp_status_name(expected), part, gndp_last_error());
    gndp_config_free(config);
}

static void settings_that_do_not_fit_are_named(void **state)
{
    (void)state;
    gndp_fieldset *set = drifting_tracks(), *plain = waves();
    refuse_model("process.reference=rbf(lengthscale=-1)", set, GNDP_ERR_RANGE, "lengthscale");
    refuse_model("process.reference=diag(rbf(lengthscale=1), outputs=3)", set, GNDP_ERR_SHAPE, "process.reference");
    refuse_model("data.context.high=0", set, GNDP_ERR_RANGE, "data.context.high");
    refuse_model("process.beta0=0", set, GNDP_ERR_RANGE, "beta0"); /* an exponential schedule begins above 0 */
    refuse_model("score.net=egnn", set, GNDP_ERR_UNSUPPORTED, "evt");
    refuse_model("data.tracks.turn=yes", plain, GNDP_ERR_UNSUPPORTED, "process.reference");
    gndp_fieldset_free(set);
    gndp_fieldset_free(plain);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(heat_slope_is_that_of_the_heat_kernel),
    cmocka_unit_test(reference_is_leave_one_out),
    cmocka_unit_test(turned_storms_have_turned_scores),
    IN_FOLDER(completing_keeps_what_is_known),
    cmocka_unit_test(settings_that_do_not_fit_are_named),
};

GNDP_TEST_MAIN(tests)
