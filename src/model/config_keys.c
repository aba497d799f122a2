// SPDX-License-Identifier: Apache-2.0
// The table of keys: all that a configuration of a model can say, with types, units, defaults, ranges and help.
#include "model/config.h"

#include "base/nearest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Rows by type; members that a type does not use stay 0. Ends of ranges are included, so "positive" begins at TINY. */
#define WHOLE(p, u, f, lo, hi, t) {.path = p, .type = GNDP_CONFIG_INTEGER, .units = u, .fallback = f, .low = lo, .high = hi, .text = t}
#define NUMBER(p, u, f, lo, hi, t) {.path = p, .type = GNDP_CONFIG_NUMBER, .units = u, .fallback = f, .low = lo, .high = hi, .text = t}
#define SWITCH(p, f, t) {.path = p, .type = GNDP_CONFIG_SWITCH, .units = "", .fallback = f, .text = t}
#define CHOICE(p, f, c, t) {.path = p, .type = GNDP_CONFIG_CHOICE, .units = "", .fallback = f, .choices = c, .text = t}
#define OTHER(p, k, u, f, t) {.path = p, .type = k, .units = u, .fallback = f, .text = t}
#define TEXT(p, f, t) OTHER(p, GNDP_CONFIG_TEXT, "", f, t)
#define NUMBERS(p, u, f, n, lo, hi, t) \
    {.path = p, .type = GNDP_CONFIG_NUMBERS, .units = u, .fallback = f, .low = lo, .high = hi, .count = n, .text = t}

#define TINY 1e-12
#define MANY 9007199254740992.0 /* 2^53: counts beyond it are no doubles */

static const gndp_config_key keys[] = {
    /* ---- data ---- */
    CHOICE("data.source", "files", "files|generator|tracks|events",
           "where fields come from: files of fields, a generator with a known law, files of storm tracks, or places of events on the sphere"),
    OTHER("data.files", GNDP_CONFIG_PATHS, "", NULL, "files to read, joined along time or members; relative to this file"),
    OTHER("data.var", GNDP_CONFIG_TEXTS, "", NULL, "scalar variables, by name, standard_name or common alias; absent: all of the file"),
    OTHER("data.vectors", GNDP_CONFIG_MAP, "", NULL, "vector channels of named components along x and y, {wind: [u10, v10]}"),
    NUMBERS("data.level", "", NULL, 0, 0, 0, "levels to read, in data.level_units; absent: all"),
    TEXT("data.level_units", NULL, "units of data.level; absent: the file's"),
    TEXT("data.time", NULL, "ISO 8601 time or span A/B, UTC; absent: all"),
    WHOLE("data.time_stride", "times", "1", 1, MANY, "read every so many times, from the first selected"),
    NUMBERS("data.box", "degrees", NULL, 4, -360, 720, "region: west, east, south, north; absent: all"),
    WHOLE("data.stride", "grid points", "1", 1, MANY, "read every so many grid points along both axes"),
    OTHER("data.units", GNDP_CONFIG_MAP, "", NULL, "units that variables are converted to, {t2m: degC}; absent: the file's"),
    TEXT("data.generator.name", NULL,
         "generator of data.source: generator, as gndp gen lists them: se, matern52, weakly_periodic, sawtooth, mixture, .. ; "
         "`generator: se` is short for it"),
    WHOLE("data.generator.fields", "fields", "16384", 1, 4294967295.0, "fields of the set, training and held-out ones together"),
    WHOLE("data.generator.points", "points", "0", 0, MANY, "points of a field; 0: the generator's own number"),
    SWITCH("data.generator.random", "yes", "every field at its own uniform points; no: all on one regular grid"),
    NUMBERS("data.generator.domain", "", NULL, 2, 0, 0, "lowest and highest coordinate; absent: the generator's own domain"),
    WHOLE("data.generator.seed", "", "0", 0, MANY, "seed of the fields"),
    NUMBER("data.tracks.step_h", "hours", "3", 0, 24, "keep fixes at multiples of this since a storm's first; 0: every fix"),
    WHOLE("data.tracks.length", "fixes", "50", 0, MANY, "keep the first so many fixes, drop storms with fewer; 0: any number"),
    WHOLE("data.tracks.window", "fixes", "0", 0, MANY,
          "a step sees so many steps of a track, from its first fix or from a random one, tracks with fewer as long as they are; 0: all fixes"),
    SWITCH("data.tracks.turn", "no", "turn each track about the Earth's axis at random: more storms for models that take all longitudes alike"),
    NUMBER("data.tracks.mirror", "", "0", 0, 1, "mirror so large a share of tracks at the equator"),
    NUMBER("data.tracks.thin", "", "0", 0, 1, "show so large a share of windows with every second, fourth or eighth fix only"),
    SWITCH("data.tracks.wind", "no", "maximum sustained wind beside the position, knots; fixes without it count as missing"),
    SWITCH("data.tracks.pressure", "no", "central pressure beside the position, hPa; fixes without it count as missing"),
    TEXT("data.tracks.basin", NULL, "basin of a storm's first fix, SP, NA, ..; absent: all"),
    WHOLE("data.tracks.season_low", "years", NULL, 1800, 2200, "first season; absent: no bound"),
    WHOLE("data.tracks.season_high", "years", NULL, 1800, 2200, "last season; absent: no bound"),
    SWITCH("data.distinct", "no", "events: keep the first of each place"),
    CHOICE("data.split.rule", "auto", "auto|random|time|id",
           "how fields are parted: at random, earliest times for training, or whole storms; auto: id for tracks, time where fields of files have one, else random"),
    NUMBER("data.split.train", "", "0.8", 0, MANY, "share of fields to train on; shares are relative to their sum"),
    NUMBER("data.split.validation", "", "0.2", 0, MANY, "share held out to watch the training"),
    NUMBER("data.split.test", "", "0", 0, MANY, "share that training never looks at"),
    NUMBER("data.split.gap", "hours", "0", 0, MANY, "rule time: fields closer than this to a boundary are left out"),
    WHOLE("data.split.seed", "", "0", 0, MANY, "seed of the random rules"),
    CHOICE("data.coordinates", "auto", "auto|plane|sphere|native",
           "what points are to covariance and network: kilometres of a local plane, the sphere, or the axes as they are; auto: native unless "
           "the axes are latitude and longitude, then the sphere where they go round it, else the plane"),
    NUMBER("data.extent", "", NULL, TINY, 1e6, "the network sees the farthest coordinate as this number; absent: 2 for a plane, native axes as they are"),
    CHOICE("data.normalise", "standard", "none|standard|climatology|anomalies",
           "values as they are; to zero mean and unit variance by channel; less the mean at each point, then to unit variance; or less that mean and "
           "over the standard deviation at each point"),
    WHOLE("data.points.low", "points", "0", 0, MANY, "least number of points that a step draws from each field; 0 with high 0: all"),
    WHOLE("data.points.high", "points", "0", 0, MANY, "largest number; one number is drawn for each step, uniform in between"),
    {.path = "data.points.choice", .type = GNDP_CONFIG_NUMBERS, .units = "points", .low = 1, .high = MANY,
     .text = "or one of these numbers, drawn for each step; absent: low and high count"},
    WHOLE("data.context.low", "points", "0", 0, MANY, "score.context_flag: least number of the drawn points of a field that are clean context"),
    WHOLE("data.context.high", "points", "0", 0, MANY, "largest number, drawn for each field, uniform in between; one point stays a target"),
    CHOICE("data.context.rule", "random", "random|track",
           "which points are context: any, or as one knows tracks: none, the first so many, those at both ends, any"),
    /* ---- process ---- */
    CHOICE("process.schedule", "linear", "linear|constant|quadratic|cosine|discrete|exponential", "noise rate beta over diffusion time"),
    NUMBER("process.t0", "", "1e-5", 0, 1e6, "diffusion time of clean fields"),
    NUMBER("process.t1", "", "1", TINY, 1e6, "diffusion time of noise; above t0"),
    NUMBER("process.beta0", "", "0", 0, 1e6, "noise rate at t0 (linear, constant, quadratic, exponential); exponential wants it above 0"),
    NUMBER("process.beta1", "", "20", 0, 1e6, "noise rate at t1 (linear, quadratic, exponential)"),
    NUMBER("process.shift", "", "0.008", TINY, 1, "shift of the cosine schedule"),
    WHOLE("process.steps", "steps", "500", 2, 1e6, "steps of the discrete schedule"),
    TEXT("process.kernel", "white(variance=1)", "covariance of the limit, in normalised values; `gndp gp --help` lists kernels"),
    NUMBERS("process.mean", "", "0", 0, 0, 0, "mean of the limit in normalised values: one for all components, or one for each"),
    TEXT("process.reference", NULL,
         "tracks: covariance over time (days) of each coordinate of the position as a vector of R^3, as `gndp gp fit` finds kernels; the best linear estimate of "
         "the clean track by it is what the network improves on, in its frame of east, north and up, so that a shift of longitudes shifts all results. Absent: "
         "the network alone"),
    /* ---- score ---- */
    CHOICE("score.net", "multi_attention", "bi_attention|bi_attention_multi|multi_attention|egnn|evt|mlp",
           "network: attention over points and input dimensions (one component), over points and pairs (exchangeable components), over points; equivariant "
           "messages between all points; equivariant attention, which tells distances apart within 4 units of the network (data.extent); or a perceptron at each "
           "point by itself, for fields of one point"),
    WHOLE("score.layers", "layers", NULL, 1, 1000, "blocks; absent: as the network was published"),
    WHOLE("score.hidden", "features", NULL, 2, 65536, "width H, even; absent: as published"),
    WHOLE("score.heads", "heads", NULL, 1, 131072, "attention heads, a divisor of 2 hidden, of evt of hidden/4; of egnn: vector channels; absent: as published"),
    SWITCH("score.centre", "no", "take points relative to their mean: invariance under translations; not on the sphere"),
    SWITCH("score.axis", "yes", "evt with values on the sphere: the Earth's axis, and east from west, are known; no: any turn of a storm turns its forecast"),
    NUMBER("score.time_scale", "", "1", TINY, 1e6, "diffusion time is multiplied by it before the embedding"),
    WHOLE("score.octaves", "octaves", "0", 0, 16,
          "values on spheres: besides a position y the network sees sines and cosines of 2 y, 4 y, .. 2^octaves y, faded where the noise blurs them: the last "
          "tell places some 2^-octaves radians apart"),
    SWITCH("score.context_flag", "no", "tell the network which points are clean context (0) and which noised targets (1), and train with data.context: for infer.method amortised"),
    /* ---- parametrisation ---- */
    CHOICE("parametrisation.target", "K", "K|S|none|y0",
           "what the network learns: K times the score, L' times the score (K = L L'), the score, or the clean field"),
    SWITCH("parametrisation.std_trick", "yes", "divide the output by the noise's standard deviation; off for y0"),
    SWITCH("parametrisation.residual_trick", "yes", "add the score of the limit, so that a zero network changes nothing; off for y0"),
    SWITCH("parametrisation.weighted", "yes", "loss weighted so that it stays bounded as noise vanishes"),
    NUMBER("parametrisation.balance", "", "0", 0, 1e6,
           "target K: weigh the loss by the inverse of the limit's covariance with so much noise, as a share of its variance; 0: plainly, which learns no "
           "scales that are small in a smooth limit"),
    CHOICE("parametrisation.norm", "l2", "l2|l1", "squared or absolute errors; l1 has the score as its minimum for symmetric laws only"),
    /* ---- train ---- */
    WHOLE("train.steps", "steps", "20000", 1, 4294967295.0, "optimiser steps in all"),
    WHOLE("train.batch", "fields", "32", 1, 1e6, "fields a step"),
    NUMBER("train.learning_rate.initial", "", "1e-4", 0, 10, "at step 0"),
    NUMBER("train.learning_rate.peak", "", "1e-3", 0, 10, "after the warm-up"),
    NUMBER("train.learning_rate.end", "", "1e-5", 0, 10, "after the cosine decay"),
    WHOLE("train.learning_rate.warmup", "steps", "500", 0, MANY, "steps of the linear warm-up"),
    WHOLE("train.learning_rate.decay_steps", "steps", NULL, 1, MANY, "step at which the decay ends, counted from 0; absent: train.steps"),
    NUMBER("train.clip", "", "1", 0, MANY, "largest global norm of a gradient; 0: no clipping"),
    NUMBER("train.weight_decay", "", "0", 0, 10, "decoupled weight decay, times the learning rate"),
    CHOICE("train.times", "uniform", "uniform|likelihood",
           "diffusion times of the loss: uniform, or with density beta/v, by which the weighted loss of target S bounds the log-likelihood"),
    NUMBER("train.ema", "", "0.999", 0, 0.9999999, "decay of the moving average of parameters, which samples use; 0: none"),
    WHOLE("train.seed", "", "1", 0, MANY, "seed of parameters, batches, times and noise"),
    TEXT("train.start", NULL,
         "model or checkpoint of the same network (kind, layers, hidden, heads, components) whose parameters training starts from; its data, limit and steps are not "
         "taken over; absent: drawn by train.seed"),
    CHOICE("train.precision", "f32", "f32|bf16", "operands of matrix products; bf16 is faster where the processor has it"),
    WHOLE("train.patience", "steps", "20", 1, 1e6, "steps in a row without a finite gradient after which training gives up"),
    WHOLE("train.validate_every", "steps", "500", 0, MANY, "0: never"),
    WHOLE("train.validation_batches", "batches", "8", 1, 1e6, "batches of a validation, the same at every one"),
    WHOLE("train.checkpoint_every", "steps", "0", 0, MANY, "checkpoint after so many steps; 0: by time alone"),
    NUMBER("train.checkpoint_minutes", "minutes", "5", 0.01, MANY, "checkpoint after so much time"),
    NUMBER("train.max_minutes", "minutes", NULL, TINY, MANY, "stop after this time, with a finished model; absent: no limit"),
    /* ---- sample ---- */
    CHOICE("sample.sampler", "em",
           "em|em_b|exponential|ancestral|euler_ode|euler_ode_b|exponential_ode|noise_frozen|residual_frozen|heun|multistep2|ancestral2|adaptive",
           "how new fields are drawn; `gndp sample --help` describes them"),
    CHOICE("sample.grid", "time", "time|root|lambda", "steps uniform in diffusion time, in the root of B, or in the log of signal to noise"),
    WHOLE("sample.steps", "steps", "100", 1, 1e6, "steps from noise to field"),
    SWITCH("sample.quiet_last", "no", "leave the noise of the last step out"),
    WHOLE("sample.corrector.steps", "steps", "0", 0, 1e6, "Langevin steps after each step"),
    NUMBER("sample.corrector.psi", "", "0.5", TINY, 1.9, "their size in units of the step"),
    NUMBER("sample.corrector.snr", "", "0", 0, 10, "their size by the signal-to-noise rule instead; 0: by psi"),
    NUMBER("sample.tolerance", "", "1e-5", 1e-14, 1, "of the adaptive sampler, relative and absolute"),
    NUMBER("sample.temperature", "", "1", 0, 100, "scale of all noise; anything but 1 is no sample of the model, and outputs say so"),
    WHOLE("sample.batch", "members", "16", 1, 65536, "members computed together; results do not depend on it"),
    WHOLE("sample.seed", "", "1", 0, MANY, "seed of members"),
    CHOICE("sample.precision", "f32", "f32|bf16", "operands of matrix products"),
    /* ---- infer: absent keys are the method's own ---- */
    CHOICE("infer.method", "auto", "auto|langevin|bridge|hybrid|repaint|guidance|amortised|smc|twisted",
           "how fields are drawn given observations; `gndp infer --help` describes them; auto: bridge where infer.prior is given, else langevin"),
    TEXT("infer.prior", NULL,
         "bridge, guidance, twisted: kernel of the data's covariance, as `gndp gp fit` finds it, in the units of process.kernel; limit: that kernel itself"),
    CHOICE("infer.sampler", NULL, "em|em_b|exponential|ancestral|euler_ode|euler_ode_b|exponential_ode|noise_frozen|residual_frozen",
           "step of the reverse process; absent: em"),
    CHOICE("infer.grid", NULL, "time|root|lambda", "steps uniform in diffusion time, in the root of B, or in the log of signal to noise; absent: time"),
    WHOLE("infer.steps", "steps", NULL, 1, 1e6, "steps from noise to field; absent: the method's own"),
    WHOLE("infer.inner", "steps", NULL, 0, 1e6, "langevin: corrector steps after each; absent: the method's own"),
    NUMBER("infer.psi", "", NULL, TINY, 1e6, "langevin: size of a corrector step, at most 1.9; hybrid: total size; absent: the method's own"),
    CHOICE("infer.size", NULL, "variance|rate", "langevin: psi in units of the noise variance, or of beta times the step; absent: variance"),
    NUMBER("infer.tau", "", NULL, 0, 1, "langevin: corrector only below this part of the time span; absent: the method's own"),
    CHOICE("infer.preconditioner", NULL, "schur|block|identity|published", "langevin: of corrector steps; absent: schur"),
    CHOICE("infer.context", NULL, "path|resample", "langevin, hybrid: noised observations along one path a member, or drawn at each step; absent: path"),
    NUMBER("infer.lambda0", "", NULL, TINY, 100, "langevin, hybrid: multiplier of the score; anything but 1 samples no posterior, and outputs say so"),
    WHOLE("infer.clean_steps", "steps", NULL, 0, 1e6, "langevin, guidance: further steps at the end; absent: none"),
    WHOLE("infer.repeats", "times", NULL, 1, 1e6, "repaint: passes through each step; absent: the method's own"),
    CHOICE("infer.covariance", NULL, "exact|prior|surrogate", "guidance, twisted: of what is observed, given the noised field; absent: the method's own"),
    NUMBER("infer.kappa", "", NULL, TINY, 1e6, "guidance, twisted: factor of the surrogate covariance; absent: the method's own"),
    NUMBER("infer.strength", "", NULL, TINY, 1e6, "guidance, twisted: factor of the pull; anything but 1 samples no posterior"),
    WHOLE("infer.particles", "particles", NULL, 2, 1e6, "smc, twisted: for each member; absent: the method's own"),
    /* ---- likelihood ---- */
    CHOICE("likelihood.solver", "rk4", "rk4|adaptive|heun|euler", "probability flow; euler is biased upwards, only to compare with papers"),
    WHOLE("likelihood.steps", "steps", "100", 1, 1e6, "steps of the flow"),
    NUMBER("likelihood.tolerance", "", "1e-6", 1e-14, 1, "of the adaptive solver, relative and absolute"),
    WHOLE("likelihood.probes", "probes", "0", 0, 1e6, "random probes of the divergence; 0: exact, by one product for each value of the field"),
    /* ---- output ---- */
    OTHER("output.folder", GNDP_CONFIG_PATH, "", "run", "run folder: configuration, model, checkpoint, logs; relative to this file"),
};

enum { KEYS = sizeof keys / sizeof *keys };

int gndp_config_key_count(void)
{
    return KEYS;
}

const gndp_config_key *gndp_config_key_get(int i)
{
    return i < 0 || i >= KEYS ? NULL : &keys[i];
}

const char *gndp_config_type_text(gndp_config_type type)
{
    static const char *const names[] = {
        [GNDP_CONFIG_INTEGER] = "a whole number", [GNDP_CONFIG_NUMBER] = "a number",
        [GNDP_CONFIG_SWITCH] = "yes or no",       [GNDP_CONFIG_TEXT] = "a text",
        [GNDP_CONFIG_CHOICE] = "one of a few words", [GNDP_CONFIG_PATH] = "a path",
        [GNDP_CONFIG_TEXTS] = "a text or a list of texts", [GNDP_CONFIG_PATHS] = "a path or a list of paths",
        [GNDP_CONFIG_NUMBERS] = "a number or a list of numbers", [GNDP_CONFIG_MAP] = "names with a text or a list of texts each",
    };
    return (size_t)type < sizeof names / sizeof *names ? names[type] : "?";
}

config_range_string config_range_text(const gndp_config_key *key)
{
    config_range_string s = {""};
    if (key->low == 0.0 && key->high == 0.0)
        return s;
    if (key->low == TINY)
        snprintf(s.text, sizeof s.text, key->high < MANY ? "positive, to %.15g" : "positive", key->high);
    else if (key->high < MANY)
        snprintf(s.text, sizeof s.text, "%.15g to %.15g", key->low, key->high);
    else
        snprintf(s.text, sizeof s.text, "at least %.15g", key->low);
    return s;
}

int config_find_key(const char *path)
{
    for (int i = 0; i < KEYS; i++)
        if (strcmp(keys[i].path, path) == 0)
            return i;
    return -1;
}

bool config_is_group(const char *path)
{
    const size_t n = strlen(path);
    for (int i = 0; i < KEYS; i++)
        if (strncmp(keys[i].path, path, n) == 0 && keys[i].path[n] == '.')
            return true;
    return false;
}

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot == NULL ? path : dot + 1;
}

/* How far `path` is from what the first n bytes of a key's path name: as a whole, or, as if written in the wrong place, by
   the last part alone. */
static int distance(const char *path, const char *key, size_t n, char *name, size_t size)
{
    snprintf(name, size, "%.*s", (int)n, key);
    const int whole = gndp_edit_distance(path, name);
    const int last = gndp_edit_distance(last_part(path), last_part(name)) + 1;
    return whole < last ? whole : last;
}

const char *config_nearest(const char *path, char *text, size_t size)
{
    int best = (int)strnlen(last_part(path), CONFIG_MAX_PATH) / 3 + 2;
    bool found = false;
    char name[CONFIG_MAX_PATH + 1];
    for (int i = 0; i < KEYS; i++) {
        const char *key = keys[i].path;
        for (const char *end = key; *end != '\0';) { /* groups above it, then the key */
            end += strcspn(end + 1, ".") + 1;
            const int d = distance(path, key, (size_t)(end - key), name, sizeof name);
            if (d < best) {
                best = d;
                found = true;
                snprintf(text, size, "%s", name);
            }
        }
    }
    return found ? text : NULL;
}
