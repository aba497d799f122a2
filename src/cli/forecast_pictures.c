// SPDX-License-Identifier: Apache-2.0
// Pictures of scores: rank histograms, error by spread, reliability diagrams, spectra.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/forecast.h"
#include "cli/usage.h"

enum { PANELS = 12, SERIES = 8, LEAST_VALUES = 20, GREY = 8 };
static const char mark_name[] = "{name}";
static const char *const picture_names[] = {"rank_histogram", "spread_skill", "reliability", "spectra"};
enum { RANKS, SPREAD, RELIABILITY, SPECTRA, PICTURES };

/* The rows that are drawn, each in one colour on all pictures. */
static const struct {
    int row, colour;
} shown[] = {{CLI_FORECAST_ENSEMBLE, 1}, {CLI_FORECAST_PROCESS, 2}, {CLI_FORECAST_CLIMATOLOGY, 3}};
enum { SHOWN = sizeof shown / sizeof *shown };

/* A page while it is filled; the numbers of its series are its own. */
typedef struct page {
    gndp_panel panel[PANELS];
    gndp_series series[PANELS][SERIES];
    char text[PANELS][3][192]; /* title, x, y */
    double *memory[PANELS * SERIES];
    int panels, blocks;
    bool failed; /* out of memory */
} page;

/* ---- Names of files ------------------------------------------------------------------------- */

static char *path_of(const char *pictures, const char *name)
{
    const char *at = strstr(pictures, mark_name);
    const size_t bytes = strlen(pictures) + strlen(name) + 8;
    char *path = malloc(bytes);
    if (path != NULL && at != NULL)
        snprintf(path, bytes, "%.*s%s%s", (int)(at - pictures), pictures, name, at + sizeof mark_name - 1);
    else if (path != NULL)
        snprintf(path, bytes, "%s/%s.png", pictures, name);
    return path;
}

static bool is_wanted(const cli_forecast_options *o, int picture)
{
    return picture != RELIABILITY || o->n_thresholds > 0;
}

static int make_folder(const char *path)
{
    int code = GNDP_EXIT_DONE;
    const char *end = strrchr(path, '/');
    char *folder = end != NULL && end != path ? strndup(path, (size_t)(end - path)) : NULL;
    if (folder != NULL && mkdir(folder, 0777) != 0 && errno != EEXIST)
        code = gndp_failure("folder %s cannot be made: %s", folder, strerror(errno));
    free(folder);
    return code;
}

int cli_forecast_pictures_check(const cli_forecast_options *o)
{
    int code = GNDP_EXIT_DONE;
    const char *at = strstr(o->pictures, mark_name), *end = at != NULL ? at + sizeof mark_name - 1 : ".png";
    if (o->pictures[0] == '\0')
        return gndp_usage_error("--pictures wants a folder");
    if (strcmp(end, ".png") != 0 && strcmp(end, ".pdf") != 0 && strcmp(end, ".svg") != 0)
        return gndp_usage_error("--pictures %s: a folder, or a name such as DIR/{name}.svg (.png, .pdf)", o->pictures);
    if (strncmp(gndp_plot_describe(), "cairo", 5) != 0)
        return gndp_failure("--pictures: nothing can be drawn: %s", gndp_plot_describe());
    for (int i = 0; i < PICTURES; i++) {
        char *path = path_of(o->pictures, picture_names[i]);
        if (path == NULL)
            return gndp_failure_memory();
        if (is_wanted(o, i) && !o->overwrite && access(path, F_OK) == 0)
            code = gndp_failure("%s exists; -O overwrites it", path);
        else if (i == 0)
            code = make_folder(path);
        free(path);
        if (code != GNDP_EXIT_DONE)
            return code;
    }
    return code;
}

/* ---- Pages ---------------------------------------------------------------------------------- */

/* Two rows of n numbers for a series. */
static double *numbers(page *g, int64_t n)
{
    double *block = g->failed || g->blocks == PANELS * SERIES ? NULL : calloc(2 * (size_t)n, sizeof *block);
    g->failed = block == NULL;
    if (block != NULL)
        g->memory[g->blocks++] = block;
    return block;
}

static void draw(page *g, const char *name, gndp_mark mark, int64_t n, const double *x, int colour)
{
    gndp_panel *panel = &g->panel[g->panels];
    gndp_series *s = &g->series[g->panels][panel->n_series];
    if (n < 1 || panel->n_series == SERIES)
        return;
    *s = (gndp_series){.name = name, .mark = mark, .n = n, .x = x, .y = x + n, .colour = colour};
    panel->series = g->series[g->panels];
    panel->n_series++;
}

/* Points joined by a line, one name. */
static void draw_joined(page *g, const char *name, int64_t n, const double *x, int colour)
{
    draw(g, name, GNDP_MARK_LINE, n, x, colour);
    draw(g, NULL, GNDP_MARK_POINTS, n, x, colour);
}

static void draw_straight(page *g, const char *name, double x0, double y0, double x1, double y1)
{
    double *x = numbers(g, 2);
    if (x == NULL)
        return;
    x[0] = x0, x[1] = x1, x[2] = y0, x[3] = y1;
    draw(g, name, GNDP_MARK_DASHES, 2, x, GREY);
}

static void end_panel(page *g)
{
    gndp_panel *panel = &g->panel[g->panels];
    if (panel->n_series == 0)
        return;
    panel->title = g->text[g->panels][0];
    panel->x_label = g->text[g->panels][1];
    panel->y_label = g->text[g->panels][2];
    g->panels++;
}

/* "t2m", " (K)": the units with a blank and brackets, or nothing. */
static void labels(const cli_forecast *f, int p, char name[80], char units[80])
{
    const char *own;
    cli_forecast_component(f, p, name, &own);
    snprintf(units, 80, own[0] != '\0' ? " (%.60s)" : "%.60s", own);
}

/* ---- Rank histogram ------------------------------------------------------------------------- */

static int add_ranks(const cli_forecast *f, int p, page *g)
{
    int code = GNDP_EXIT_DONE;
    const gndp_score_table *t = &f->table[p];
    const int64_t n = f->members + 1;
    char name[80], units[80], *const title = g->text[g->panels][0];
    double most = 1.0 / (double)n;
    labels(f, p, name, units);
    snprintf(title, 192, "%s: rank of the truth, n = %lld, reliability index %.2f", name, (long long)t->values, t->reliability_index);
    snprintf(g->text[g->panels][1], 192, "members below the truth, of %lld", (long long)f->members);
    snprintf(g->text[g->panels][2], 192, "share of values");
    for (int i = 0; i < SHOWN; i++) {
        double *x = f->table[shown[i].row * f->components + p].values > 0 ? numbers(g, n) : NULL;
        if (x == NULL)
            continue;
        for (int64_t k = 0; k < n; k++)
            x[k] = (double)k;
        GNDP_LIBRARY(gndp_scores_ranks(f->score[shown[i].row], p, x + n));
        for (int64_t k = 0; k < n; k++)
            most = fmax(most, x[n + k]);
        draw(g, f->name[shown[i].row], i == 0 ? GNDP_MARK_BARS : GNDP_MARK_POINTS, n, x, shown[i].colour);
    }
    draw_straight(g, "flat", -0.5, 1.0 / (double)n, (double)n - 0.5, 1.0 / (double)n);
    g->panel[g->panels].y_high = 1.35 * most; /* room for the names */
    end_panel(g);
done:
    return code;
}

/* ---- Spread and skill ----------------------------------------------------------------------- */

static int add_spread(const cli_forecast *f, int p, page *g)
{
    int code = GNDP_EXIT_DONE, n;
    gndp_spread_bin bin[GNDP_SPREAD_BINS];
    char name[80], units[80];
    double most = 0.0;
    labels(f, p, name, units);
    snprintf(g->text[g->panels][0], 192, "%s: error of values of like spread, n = %lld", name, (long long)f->table[p].values);
    snprintf(g->text[g->panels][1], 192, "spread%s", units);
    snprintf(g->text[g->panels][2], 192, "root mean square error%s", units);
    for (int i = 0; i < SHOWN; i++) {
        int64_t kept = 0;
        if (f->table[shown[i].row * f->components + p].values == 0)
            continue;
        GNDP_LIBRARY(gndp_scores_spread_skill(f->score[shown[i].row], p, bin, &n));
        for (int b = 0; b < n; b++)
            if (bin[b].values >= LEAST_VALUES)
                bin[kept++] = bin[b];
        double *x = kept > 0 ? numbers(g, kept) : NULL;
        for (int64_t k = 0; x != NULL && k < kept; k++) {
            x[k] = bin[k].spread;
            x[kept + k] = bin[k].error;
            most = fmax(most, fmax(bin[k].spread, bin[k].error));
        }
        if (x != NULL)
            draw_joined(g, f->name[shown[i].row], kept, x, shown[i].colour);
    }
    if (most > 0.0) {
        draw_straight(g, "spread = error", 0.0, 0.0, 1.05 * most, 1.05 * most);
        g->panel[g->panels].x_high = g->panel[g->panels].y_high = 1.05 * most;
    }
    end_panel(g);
done:
    return code;
}

/* ---- Reliability ---------------------------------------------------------------------------- */

static void add_reliability(const cli_forecast *f, int p, int t, page *g)
{
    const cli_threshold *threshold = &f->o->threshold[t];
    const gndp_event_table *first = &f->event_table[t * f->components + p];
    const char *own;
    char name[80];
    cli_forecast_component(f, p, name, &own);
    snprintf(g->text[g->panels][0], 192, "%s above %s%s%s%.40s, n = %lld, Brier score %.3g", name, threshold->quantile ? "usual " : "",
             threshold->text, threshold->quantile ? "" : " ", threshold->quantile ? "" : own, (long long)first->values, first->brier.value);
    snprintf(g->text[g->panels][1], 192, "forecast probability");
    snprintf(g->text[g->panels][2], 192, "observed frequency");
    double *bars = first->values > 0 ? numbers(g, GNDP_EVENT_BINS) : NULL;
    for (int b = 0; bars != NULL && b < GNDP_EVENT_BINS; b++) {
        bars[b] = (double)b / (GNDP_EVENT_BINS - 1);
        bars[GNDP_EVENT_BINS + b] = (double)first->bin[b].values / (double)first->values;
    }
    if (bars != NULL)
        draw(g, "share of values", GNDP_MARK_BARS, GNDP_EVENT_BINS, bars, 5);
    for (int i = 0; i < SHOWN; i++) {
        const gndp_event_table *e = &f->event_table[(shown[i].row * f->o->n_thresholds + t) * f->components + p];
        double *x = e->values > 0 ? numbers(g, GNDP_EVENT_BINS) : NULL;
        int64_t kept = 0;
        for (int b = 0; x != NULL && b < GNDP_EVENT_BINS; b++)
            kept += e->bin[b].values >= LEAST_VALUES;
        for (int b = 0, k = 0; x != NULL && b < GNDP_EVENT_BINS; b++)
            if (e->bin[b].values >= LEAST_VALUES) {
                x[k] = e->bin[b].forecast;
                x[kept + k++] = e->bin[b].observed;
            }
        if (x != NULL)
            draw_joined(g, f->name[shown[i].row], kept, x, shown[i].colour);
    }
    draw_straight(g, "reliable", 0.0, 0.0, 1.0, 1.0);
    g->panel[g->panels].x_low = -0.06;
    g->panel[g->panels].x_high = 1.06;
    g->panel[g->panels].y_low = -0.02;
    g->panel[g->panels].y_high = 1.04;
    end_panel(g);
}

/* ---- Spectra -------------------------------------------------------------------------------- */

/* Power that falls with the third power of the wavenumber, above the truth's over the upper half of a logarithmic axis: for the eye. @param power [n + 1] */
static void draw_guide(page *g, int64_t n, const double *power)
{
    const double from = sqrt((double)n);
    double most = 0.0, *x = n >= 8 ? numbers(g, 2) : NULL;
    for (int64_t k = (int64_t)from; k <= n; k++)
        most = fmax(most, power[k] * pow((double)k, 3.0));
    if (x == NULL || !(most > 0.0))
        return;
    x[0] = from, x[1] = (double)n;
    for (int i = 0; i < 2; i++)
        x[2 + i] = 1.5 * most * pow(x[i], -3.0);
    draw(g, "slope \xe2\x88\x92" "3", GNDP_MARK_DASHES, 2, x, 6);
}

static void label_spectra(const cli_forecast *f, int p, char text[3][192])
{
    const cli_spectrum *s = &f->spectrum;
    const bool abstract = s->units[0] == '\0' || strcmp(s->units, "1") == 0;
    const char *own;
    char name[80];
    cli_forecast_component(f, p, name, &own);
    snprintf(text[0], 192, "%s: power along rows, n = %lld fields of %lld time%s", name, (long long)(f->members * s->cases[p]), (long long)s->cases[p],
             s->cases[p] == 1 ? "" : "s");
    snprintf(text[1], 192, "cycles in a row of %.4g%s%.40s", s->length, abstract ? "" : " ", abstract ? "" : s->units);
    if (own[0] == '\0' || strcmp(own, "1") == 0)
        snprintf(text[2], 192, "power");
    else
        snprintf(text[2], 192, strpbrk(own, " */.") != NULL ? "power ((%.60s)\xc2\xb2)" : "power (%.60s\xc2\xb2)", own);
}

static void add_spectra(const cli_forecast *f, int p, page *g)
{
    static const int colour[CLI_SPECTRA] = {1, 5, GREY};
    const int64_t K = f->spectrum.wavenumbers, n = K - 1;
    double least = HUGE_VAL, most = 0.0;
    if (n < 2 || isnan(f->spectrum.power[p * K]))
        return;
    label_spectra(f, p, g->text[g->panels]);
    for (int s = CLI_SPECTRA - 1; s >= 0; s--) {
        const double *power = f->spectrum.power + (s * f->components + p) * K;
        double *x = numbers(g, n);
        for (int64_t k = 0; x != NULL && k < n; k++) {
            x[k] = (double)(k + 1);
            x[n + k] = power[k + 1] > 0.0 ? power[k + 1] : (double)NAN;
            least = fmin(least, x[n + k]);
            most = fmax(most, x[n + k]);
        }
        if (x != NULL)
            draw(g, s == CLI_SPECTRUM_MEAN ? "mean of members" : cli_spectrum_names[s], GNDP_MARK_LINE, n, x, colour[s]);
    }
    if (!(most > 0.0)) { /* fields without any variation */
        g->panel[g->panels] = (gndp_panel){0};
        return;
    }
    draw_guide(g, n, f->spectrum.power + (CLI_SPECTRUM_TRUTH * f->components + p) * K);
    g->panel[g->panels].log_x = g->panel[g->panels].log_y = true;
    g->panel[g->panels].y_low = least / 1.5;
    g->panel[g->panels].y_high = 1.5 * most;
    end_panel(g);
}

/* ---- All of them ---------------------------------------------------------------------------- */

static int fill(const cli_forecast *f, int picture, page *g)
{
    int code = GNDP_EXIT_DONE;
    const int T = picture == RELIABILITY ? f->o->n_thresholds : 1;
    if (f->components * T > PANELS && !f->o->quiet)
        gndp_note("%s shows the first %d of %d", picture_names[picture], PANELS, f->components * T);
    for (int i = 0; i < f->components * T && g->panels < PANELS; i++) {
        if (f->table[i / T].values == 0)
            continue;
        if (picture == RANKS)
            GNDP_STEP(add_ranks(f, i, g));
        else if (picture == SPREAD)
            GNDP_STEP(add_spread(f, i, g));
        else if (picture == RELIABILITY)
            add_reliability(f, i / T, i % T, g);
        else if (f->spectrum.wavenumbers > 0)
            add_spectra(f, i, g);
    }
    if (g->failed)
        code = gndp_failure_memory();
done:
    return code;
}

static int draw_picture(const cli_forecast *f, int picture)
{
    int code = GNDP_EXIT_DONE;
    char title[256], *path = path_of(f->o->pictures, picture_names[picture]);
    const char *base = strrchr(f->o->ensemble, '/');
    page *g = calloc(1, sizeof *g);
    if (path == NULL || g == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(fill(f, picture, g));
    snprintf(title, sizeof title, "%.160s: %lld members, %lld time%s", base != NULL ? base + 1 : f->o->ensemble, (long long)f->members,
             (long long)f->cases, f->cases == 1 ? "" : "s");
    if (g->panels > 0)
        GNDP_LIBRARY(gndp_plot_curves(path, title, g->panels, g->panel, 0));
    if (g->panels > 0 && !f->o->json)
        printf("wrote    %s\n", path);
    if (g->panels == 0 && !f->o->quiet)
        gndp_note("%s: there is nothing to draw%s", path, picture == SPECTRA ? ", as the points are no grid or some are missing in every row" : "");
done:
    for (int i = 0; g != NULL && i < g->blocks; i++)
        free(g->memory[i]);
    free(g);
    free(path);
    return code;
}

int cli_forecast_pictures(const cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    for (int i = 0; i < PICTURES; i++)
        if (is_wanted(f->o, i))
            GNDP_STEP(draw_picture(f, i));
done:
    return code;
}
