// SPDX-License-Identifier: Apache-2.0
// Diffusion of tracks on the sphere: exact noise, a training step, members, and what the machine would allow.
//
// usage: bench_sphere [--layers L] [--hidden H] [--batch B] [--members M] [--steps S] [--threads T] [--rounds N]
// Tracks of 50 fixes, the network and reference of examples/cyclones.yaml. Medians over the rounds; the limit of a time is
// the floating-point operations of its plan at the peak of f32 products measured in the same run.
#include <gndp/gndp.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peak.h"

enum { TRACKS = 128, FIXES = 50, ROUNDS = 64 };

typedef struct settings {
    int64_t layers, hidden, batch, members, steps, threads, rounds;
} settings;

static void check(gndp_status st)
{
    if (st == GNDP_OK)
        return;
    fprintf(stderr, "bench_sphere: %s\n", gndp_last_error());
    exit(1);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int64_t n)
{
    qsort(v, (size_t)n, sizeof *v, by_size);
    return v[n / 2];
}

/* Storms that drift west and turn poleward and east, each its own way. */
static gndp_fieldset *make_tracks(void)
{
    static double x[TRACKS * FIXES], y[TRACKS * FIXES * 3];
    static char id[TRACKS][16];
    static gndp_field_label label[TRACKS];
    static int64_t first[TRACKS + 1];
    const gndp_channel channel = gndp_channel_sphere("position");
    const double radian = acos(-1.0) / 180.0;
    gndp_fieldset *set = NULL;
    for (int f = 0; f < TRACKS; f++) {
        double z[4];
        check(gndp_random_normal_f64(1, 0, (uint32_t)f, GNDP_STREAM(1, 0), 0, 4, z));
        snprintf(id[f], sizeof id[f], "S%03d", f);
        label[f] = (gndp_field_label){.time_s = 1e9, .member = -1, .id = id[f]};
        first[f + 1] = first[f] + FIXES;
        for (int i = 0; i < FIXES; i++) {
            const double t = i / 8.0, lat = radian * (-12.0 + z[0] - (1.5 + 0.5 * z[1]) * t), lon = radian * (3.0 * f + (-3.0 + z[2]) * t + 0.6 * z[3] * t * t);
            double *at = y + (f * FIXES + i) * 3;
            x[f * FIXES + i] = t;
            at[0] = cos(lat) * cos(lon), at[1] = cos(lat) * sin(lon), at[2] = sin(lat);
        }
    }
    gndp_fieldset_spec spec = {.n_fields = TRACKS, .n_channels = 1, .channel = &channel, .first = first, .label = label, .origin = "tracks"};
    spec.coords = (gndp_coords){.space = GNDP_SPACE_EUCLIDEAN, .layout = GNDP_LAYOUT_LIST, .columns = 1, .n = TRACKS * FIXES, .x = x};
    spec.coords.axis[0] = (gndp_axis){.name = "time", .units = "days"};
    const gndp_array values = gndp_array_view(gndp_type_2d(GNDP_F64, TRACKS * FIXES, 3), y);
    check(gndp_fieldset_create(&spec, &values, NULL, &set));
    return set;
}

static gndp_model *make_model(const settings *s, const gndp_fieldset *set)
{
    char text[1024];
    gndp_config *config = NULL;
    gndp_model *model = NULL;
    snprintf(text, sizeof text,
             "data: {source: tracks, normalise: none, tracks: {window: 50, turn: yes}, context: {rule: track, high: 49}}\n"
             "process: {schedule: exponential, t0: 0, beta0: 1.0e-5, beta1: 60, reference: 'constant(variance=0.4) + rbf(lengthscale=6.94, "
             "variance=0.0626) + matern52(lengthscale=2.15, variance=1.83e-3) + matern52(lengthscale=0.461, variance=1.25e-5) + white(variance=2.8e-8)'}\n"
             "score: {net: multi_attention, layers: %lld, hidden: %lld, heads: 4, time_scale: 30, context_flag: yes}\ntrain: {batch: %lld}\n",
             (long long)s->layers, (long long)s->hidden, (long long)s->batch);
    check(gndp_config_parse(text, "bench.yaml", &config));
    check(gndp_model_create(config, set, &model));
    gndp_config_free(config);
    return model;
}

static void noise(const settings *s)
{
    enum { COUNT = 12800 };
    static double tau[COUNT], y0[COUNT * 3], y[COUNT * 3], score[3];
    double draw[ROUNDS], target[ROUNDS];
    for (double t = 1e-6; t < 2.0; t *= 100.0) {
        for (int i = 0; i < COUNT; i++) {
            tau[i] = t;
            y0[3 * i] = 1.0;
        }
        for (int64_t k = 0; k < s->rounds; k++) {
            double start = seconds();
            check(gndp_sphere_heat_draw(3, COUNT, tau, y0, (gndp_sphere_key){.seed = 1, .step = (uint32_t)k}, y));
            draw[k] = seconds() - start;
            start = seconds();
            for (int i = 0; i < COUNT; i++)
                gndp_heat_score(t, y0 + 3 * i, y + 3 * i, score);
            target[k] = seconds() - start;
        }
        printf("noise     tau %-8g  %6.0f ns an exact draw (%lld threads), %6.0f ns its score (one thread)\n", t, 1e9 / COUNT * median(draw, s->rounds),
               (long long)s->threads, 1e9 / COUNT * median(target, s->rounds));
    }
}

static void training(const settings *s, gndp_model *model, const gndp_batch_source *source, double peak)
{
    double step[ROUNDS];
    gndp_train_estimate e = {0};
    const gndp_train_options options = gndp_train_options_default();
    for (int64_t k = 0; k < s->rounds; k++) {
        check(gndp_train_dry_run(model, source, &options, &e));
        step[k] = e.seconds_step;
    }
    const double mid = median(step, s->rounds), limit = e.flops_step / peak;
    printf("training  %lld tracks of %d: %.1f ms a step (fastest %.1f), %.2f Gflop: %.0f GF/s; at the peak %.1f ms, %.2f of the time; %.0f MB\n",
           (long long)s->batch, FIXES, 1e3 * mid, 1e3 * step[0], 1e-9 * e.flops_step, 1e-9 * e.flops_step / mid, 1e3 * limit, limit / mid,
           1e-6 * (double)e.bytes);
}

static void members(const settings *s, gndp_model *model)
{
    double days[FIXES], known[20 * 3], time[ROUNDS];
    int64_t context[20];
    const gndp_device_options how = {.threads = (int)s->threads};
    gndp_device *device = NULL;
    gndp_generator *generator = NULL;
    gndp_coords coords = gndp_model_fields(model)->coords;
    uint32_t *member = malloc((size_t)s->members * sizeof *member);
    double *y = malloc((size_t)s->members * FIXES * 3 * sizeof *y);
    if (member == NULL || y == NULL)
        exit(1);
    for (int i = 0; i < FIXES; i++)
        days[i] = i / 8.0;
    for (int i = 0; i < 20; i++) {
        const double lon = -0.05 * days[i], lat = -0.2 - 0.02 * days[i];
        context[i] = i;
        known[3 * i] = cos(lat) * cos(lon), known[3 * i + 1] = cos(lat) * sin(lon), known[3 * i + 2] = sin(lat);
    }
    for (int64_t m = 0; m < s->members; m++)
        member[m] = (uint32_t)m;
    coords.layout = GNDP_LAYOUT_LIST;
    coords.n = FIXES;
    coords.x = days;
    check(gndp_device_open("cpu", &how, &device));
    check(gndp_generator_create(model, &coords, 25, false, device, &generator));
    gndp_brownian_options o = gndp_brownian_options_default();
    o.steps = s->steps;
    o.contexts = 20;
    o.context = context;
    o.value = known;
    const int64_t rounds = s->rounds < 5 ? s->rounds : 5;
    for (int64_t k = 0; k < rounds; k++) {
        const double start = seconds();
        check(gndp_generator_complete(generator, &o, s->members, member, y));
        time[k] = seconds() - start;
    }
    const double mid = median(time, rounds), evaluations = (double)gndp_evaluator_count(gndp_generator_evaluator(generator)) / (double)rounds;
    printf("members   %lld tracks given 20 of %d fixes, %lld steps: %.2f s, %.1f tracks a second; %.3f ms an evaluation of a track\n",
           (long long)s->members, FIXES, (long long)s->steps, mid, (double)s->members / mid, 1e3 * mid / evaluations);
    gndp_generator_free(generator);
    gndp_device_free(device);
    free(member);
    free(y);
}

int main(int argc, char **argv)
{
    settings s = {.layers = 4, .hidden = 64, .batch = 64, .members = 100, .steps = 100, .threads = 2, .rounds = 5};
    const struct {
        const char *name;
        int64_t *value, most;
    } option[] = {{"--layers", &s.layers, 64},      {"--hidden", &s.hidden, 4096}, {"--batch", &s.batch, 4096},  {"--members", &s.members, 100000},
                  {"--steps", &s.steps, 100000}, {"--threads", &s.threads, 256}, {"--rounds", &s.rounds, ROUNDS}};
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;
        while (k < sizeof option / sizeof *option && strcmp(argv[i], option[k].name) != 0)
            k++;
        const int64_t v = i + 1 < argc ? atoll(argv[i + 1]) : 0;
        if (k == sizeof option / sizeof *option || v < 1 || v > option[k].most) {
            fputs("usage: bench_sphere [--layers L] [--hidden H] [--batch B] [--members M] [--steps S] [--threads T] [--rounds N]\n", stderr);
            return 2;
        }
        *option[k].value = v;
    }
    check(gndp_threads_set((int)s.threads));
    gndp_fieldset *set = make_tracks();
    gndp_model *model = make_model(&s, set);
    gndp_batch_source source;
    check(gndp_batch_source_tracks(set, (gndp_track_windows){.window = FIXES, .turn = true}, &source));
    const double peak = peak_measure(PEAK_F32, (int)s.threads);
    printf("%lld threads, peak of f32 products %.0f GF/s\n", (long long)s.threads, 1e-9 * peak);
    noise(&s);
    training(&s, model, &source, peak);
    members(&s, model);
    source.free(source.state);
    gndp_model_free(model);
    gndp_fieldset_free(set);
    return 0;
}
