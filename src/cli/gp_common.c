// SPDX-License-Identifier: Apache-2.0
// What the verbs below `gndp gp` share.
#include "cli/gp_common.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const gp_settings gp_settings_default = {.n = -1, .seed = 1, .held_out = 0.2};

int gp_begin(const gndp_option *table, int argc, char **argv, gp_settings *s)
{
    int code = GNDP_EXIT_DONE;
    GNDP_STEP(gndp_options_read(table, argc, argv, s));
    if (s->quiet && s->verbose)
        return gndp_usage_error("--quiet and --verbose exclude each other");
    if (s->json && s->output != NULL && strcmp(s->output, "-") == 0)
        return gndp_usage_error("--json and the table of -o - both want standard output");
    gndp_failure_verbose(s->verbose);
    if (s->threads > 0)
        GNDP_LIBRARY(gndp_threads_set((int)s->threads));
done:
    return code;
}

/* The whole of a small file as text. */
static int read_text(const char *path, char **out)
{
    enum { TEXT_MAX = 1 << 16 };
    int code = GNDP_EXIT_DONE;
    FILE *file = fopen(path, "r");
    *out = malloc(TEXT_MAX);
    if (file == NULL) {
        code = gndp_failure("cannot read the kernel from %s: %s", path, strerror(errno));
    } else if (*out == NULL) {
        code = gndp_failure_memory();
    } else {
        const size_t n = fread(*out, 1, TEXT_MAX, file);
        if (ferror(file))
            code = gndp_failure("cannot read the kernel from %s: %s", path, strerror(errno));
        else if (n == TEXT_MAX || memchr(*out, 0, n) != NULL)
            code = gndp_failure("%s holds no kernel's text", path);
        else
            (*out)[n] = '\0';
    }
    if (file != NULL)
        fclose(file);
    return code;
}

int gp_kernel_read(const char *option, const char *text, gndp_kernel **out)
{
    int code = GNDP_EXIT_DONE;
    char *file = NULL;
    *out = NULL;
    if (text == NULL)
        return gndp_usage_error("%s is wanted, such as %s \"rbf(lengthscale=0.5) + "
                                "white(variance=0.01)\"",
                                option, option);
    if (text[0] == '@') {
        GNDP_STEP(read_text(text + 1, &file));
        text = file;
    }
    GNDP_LIBRARY(gndp_kernel_parse(text, out));
done:
    free(file);
    return code;
}

int gp_kernel_fits(const gndp_kernel *kernel, bool sphere, int64_t dims, const char *path,
                   int outputs)
{
    const gndp_kernel_info info = gndp_kernel_get_info(kernel);
    if (sphere && info.domain == GNDP_DOMAIN_EUCLIDEAN)
        return gndp_failure("the points are on the sphere, the kernel is one of R^n; use one "
                            "of the sphere such as s2_matern(nu=1.5, kappa=0.2)");
    if (!sphere && info.domain == GNDP_DOMAIN_SPHERE)
        return gndp_failure("the kernel lives on the sphere, the points do not: give --grid, "
                            "--scatter sphere:N, or columns lat, lon");
    if (info.input_dim > 0 && info.input_dim != dims)
        return gndp_failure("the kernel is for points of %d coordinates, these have %lld",
                            info.input_dim, (long long)dims);
    const int P = gndp_kernel_outputs(kernel, dims);
    if (outputs > 0 && P != outputs)
        return gndp_failure("the kernel has %d output%s, %s has %d column%s of values%s", P,
                            P == 1 ? "" : "s", path, outputs, outputs == 1 ? "" : "s",
                            P == 1 ? "; diag(.., outputs=P) makes P of one" : "");
    return GNDP_EXIT_DONE;
}

char *gp_kernel_text(const gndp_kernel *kernel)
{
    const size_t length = gndp_kernel_print(kernel, NULL, 0);
    char *text = malloc(length + 1);
    if (text != NULL)
        gndp_kernel_print(kernel, text, length + 1);
    return text;
}

int gp_factor(const char *text, gndp_factorisation *out)
{
    static const char *const names[] = {"auto",      "dense",  "kronecker",
                                        "circulant", "latlon", "diagonal"};
    static const gndp_factorisation values[] = {GNDP_FACTOR_AUTO,      GNDP_FACTOR_DENSE,
                                                GNDP_FACTOR_KRONECKER, GNDP_FACTOR_CIRCULANT,
                                                GNDP_FACTOR_LATLON,    GNDP_FACTOR_DIAGONAL};
    const int n = (int)(sizeof names / sizeof *names);
    *out = GNDP_FACTOR_AUTO;
    for (int i = 0; i < n && text != NULL; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = values[i];
            return GNDP_EXIT_DONE;
        }
    return text == NULL ? GNDP_EXIT_DONE
                        : gndp_usage_unknown("factorisation", text, gndp_nearest(text, names, n));
}

bool gp_reports(const gp_settings *s)
{
    return !s->quiet && !s->json && (s->output == NULL || strcmp(s->output, "-") != 0);
}

gndp_progress *gp_progress(const gp_settings *s, const char *label, const char *unit, int64_t total,
                           bool long_work)
{
    gndp_progress *progress = NULL;
    gndp_progress_options options = gndp_progress_options_default();
    options.unit = unit;
    if (s->quiet || (!isatty(STDERR_FILENO) && !long_work))
        return NULL;
    if (gndp_progress_create(&options, label, total, 0, &progress) != GNDP_OK)
        return NULL; /* the work goes on without */
    return progress;
}

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int number)
{
    static const char text[] = "gndp: stopping at the next step; Ctrl-C again ends at once\n";
    if (stop_asked) {
        gndp_output_drop();
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    stop_asked = 1;
    const ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
}

void gp_interruptible(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop}; /* a second Ctrl-C ends the program */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL); /* what batch systems send first */
}

bool gp_interrupted(void)
{
    return stop_asked != 0;
}

int gp_stopped(const char *what)
{
    gndp_failure("interrupted %s; nothing was written", what);
    return GNDP_EXIT_INTERRUPTED;
}

double gp_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void gp_value_name(char name[40], int p, int64_t k)
{
    if (k < 0)
        snprintf(name, 40, "y%d", p + 1);
    else
        snprintf(name, 40, "y%d_m%lld", p + 1, (long long)k);
}

json_t *gp_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *gp_json_numbers(const double *value, int64_t n)
{
    json_t *array = json_array();
    for (int64_t i = 0; i < n && array != NULL; i++)
        json_array_append_new(array, gp_json_number(value[i]));
    return array;
}

json_t *gp_json_rows(const double *value, int64_t n, int64_t columns)
{
    json_t *rows = json_array();
    for (int64_t i = 0; i < n && rows != NULL; i++)
        json_array_append_new(rows, gp_json_numbers(value + i * columns, columns));
    return rows;
}

json_t *gp_json_seed(uint64_t seed)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    return seed <= INT64_MAX ? json_integer((json_int_t)seed) : json_string(text);
}

int gp_json_write(json_t *object)
{
    if (object == NULL)
        return gndp_failure_memory();
    const int lost = json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(object);
    putchar('\n');
    return lost ? gndp_failure("cannot write the JSON object") : GNDP_EXIT_DONE;
}
