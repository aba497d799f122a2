// SPDX-License-Identifier: Apache-2.0
// Scores of tracks as tables, JSON and pictures.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/tracks_task.h"
#include "cli/usage.h"

/* ---- Tables ----------------------------------------------------------------------------------- */

static void print_value(gndp_track_value v, double scale, int digits, int width)
{
    char text[48] = "-", error[24] = "";
    if (isfinite(v.se))
        snprintf(error, sizeof error, " +- %.*f", digits, scale * v.se);
    if (isfinite(v.value))
        snprintf(text, sizeof text, "%.*f%s", digits, scale * v.value, error);
    printf("  %*s", width, text);
}

static bool has_log_p(const tracks_report *r)
{
    for (int i = 0; i < r->n_rows; i++)
        if (isfinite(r->row[i].all.log_p.value))
            return true;
    return false;
}

static void print_all(const tracks_report *r)
{
    const bool density = has_log_p(r);
    printf("%-28s  %15s  %15s  %15s  %13s  %13s  %15s  %13s  %13s%s\n", "", "mean km", "median km", "RMSE km", "in 50 %", "in 90 %", "energy km", "along km",
           "cross km", density ? "        log p" : "");
    for (int i = 0; i < r->n_rows; i++) {
        const gndp_track_table *t = &r->row[i].all;
        printf("%-28s", r->row[i].name);
        print_value(t->mean_km, 1.0, 1, 15);
        print_value(t->median_km, 1.0, 1, 15);
        print_value(t->rmse_km, 1.0, 1, 15);
        print_value(t->coverage[0], 100.0, 1, 13);
        print_value(t->coverage[1], 100.0, 1, 13);
        print_value(t->energy_km, 1.0, 1, 15);
        print_value(t->along_abs_km, 1.0, 0, 13);
        print_value(t->cross_abs_km, 1.0, 0, 13);
        if (density)
            print_value(t->log_p, 1.0, 1, 15);
        printf("\n");
    }
}

/* Leads of the table: those that forecasters name, of what there is; a few evenly spread where there are none of them. */
enum { SHOWN = 9 };
static int choose_leads(const tracks_report *r, double lead_h[SHOWN])
{
    static const double usual[] = {6.0, 12.0, 24.0, 36.0, 48.0, 72.0, 96.0, 120.0, 144.0};
    const tracks_row *row = &r->row[0];
    int n = 0;
    for (size_t u = 0; u < sizeof usual / sizeof *usual; u++)
        for (int64_t i = 0; i < row->n_leads; i++)
            if (row->lead_h[i] == usual[u])
                lead_h[n++] = usual[u];
    const bool none = n == 0;
    for (int64_t i = 0; none && i < SHOWN && i < row->n_leads; i++)
        lead_h[n++] = row->lead_h[row->n_leads <= SHOWN ? i : i * (row->n_leads - 1) / (SHOWN - 1)];
    return n;
}

static const gndp_track_table *at_lead(const tracks_row *row, double lead_h)
{
    for (int64_t i = 0; i < row->n_leads; i++)
        if (row->lead_h[i] == lead_h)
            return &row->lead[i];
    return NULL;
}

static void print_leads(const tracks_report *r)
{
    double lead_h[SHOWN];
    const int n = choose_leads(r, lead_h);
    printf("\n%-28s", "mean km after");
    for (int l = 0; l < n; l++) {
        char text[24];
        snprintf(text, sizeof text, "%g h", lead_h[l]);
        printf("  %11s", text);
    }
    printf("\n");
    for (int i = 0; i < r->n_rows; i++) {
        printf("%-28s", r->row[i].name);
        for (int l = 0; l < n; l++) {
            const gndp_track_table *t = at_lead(&r->row[i], lead_h[l]);
            print_value(t != NULL ? t->mean_km : (gndp_track_value){(double)NAN, (double)NAN}, 1.0, 0, 11);
        }
        printf("\n");
    }
    printf("%-28s", "storms");
    for (int l = 0; l < n; l++) {
        const gndp_track_table *t = at_lead(&r->row[0], lead_h[l]);
        printf("  %11lld", t != NULL ? (long long)t->storms : 0LL);
    }
    printf("\n");
}

void tracks_report_print(int n, const tracks_report *report)
{
    for (int i = 0; i < n; i++) {
        const tracks_report *r = &report[i];
        const long long c = (long long)r->settings.contexts;
        printf("%s%s: %lld storms, %lld targets", i > 0 ? "\n" : "", tracks_domain_names[r->settings.domain], (long long)r->storms, (long long)r->targets);
        if (r->settings.domain == TRACKS_INTERPOLATION)
            printf(", the first and last %lld fixes given", c);
        else
            printf(", the first %lld fixes given", c);
        printf("; %lld storms to learn from\n\n", (long long)r->training);
        print_all(r);
        print_leads(r);
        if (r->too_short > 0)
            gndp_note("%lld storm%s left out: too few fixes", (long long)r->too_short, r->too_short > 1 ? "s are" : " is");
    }
    printf("\n+-: standard error over storms. Energy score fair. Along and cross: mean absolute parts.\n");
}

/* ---- JSON ------------------------------------------------------------------------------------- */

static json_t *value_json(gndp_track_value v)
{
    return json_pack("{s:o, s:o}", "value", gp_json_number(v.value), "se", gp_json_number(v.se));
}

static json_t *table_json(const gndp_track_table *t)
{
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "storms", (json_int_t)t->storms, "values",
                     (json_int_t)t->values, "mean_km", value_json(t->mean_km), "median_km", value_json(t->median_km), "rmse_km", value_json(t->rmse_km),
                     "energy_km", value_json(t->energy_km), "along_km", value_json(t->along_km), "cross_km", value_json(t->cross_km), "along_abs_km",
                     value_json(t->along_abs_km), "cross_abs_km", value_json(t->cross_abs_km), "spread_km", value_json(t->spread_km), "coverage_50",
                     value_json(t->coverage[0]), "coverage_90", value_json(t->coverage[1]), "log_p", value_json(t->log_p));
}

json_t *tracks_report_json(const tracks_report *r)
{
    json_t *rows = json_array();
    for (int i = 0; i < r->n_rows; i++) {
        json_t *row = table_json(&r->row[i].all), *leads = json_array();
        for (int64_t l = 0; l < r->row[i].n_leads; l++) {
            json_t *one = table_json(&r->row[i].lead[l]);
            json_object_set_new(one, "lead_h", json_real(r->row[i].lead_h[l]));
            json_object_del(one, "log_p");
            json_array_append_new(leads, one);
        }
        json_object_set_new(row, "name", json_string(r->row[i].key));
        json_object_set_new(row, "by_lead", leads);
        json_array_append_new(rows, row);
    }
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:f, s:o}", "domain", tracks_domain_names[r->settings.domain], "context",
                     (json_int_t)r->settings.contexts, "storms", (json_int_t)r->storms, "too_short", (json_int_t)r->too_short, "training",
                     (json_int_t)r->training, "targets", (json_int_t)r->targets, "members", (json_int_t)r->settings.members, "seed",
                     gp_json_seed(r->settings.seed), "seconds", r->seconds, "rows", rows);
}

/* ---- Pictures --------------------------------------------------------------------------------- */

/* Mean error of every row as a line, with bars of one standard error; room above for the legend. */
static gndp_panel panel_of(const tracks_report *r, gndp_series series[2 * TRACKS_ROWS], double *memory)
{
    double top = 0.0;
    for (int i = 0; i < r->n_rows; i++) {
        const tracks_row *row = &r->row[i];
        const int64_t n = row->n_leads;
        double *x = memory, *mean = memory + n, *low = memory + 2 * n, *high = memory + 3 * n;
        for (int64_t l = 0; l < n; l++) {
            const gndp_track_value v = row->lead[l].mean_km;
            const double se = isfinite(v.se) ? v.se : 0.0;
            x[l] = row->lead_h[l];
            mean[l] = v.value;
            low[l] = v.value - se;
            high[l] = v.value + se;
            top = fmax(top, high[l]);
        }
        series[2 * i] = (gndp_series){.name = row->name, .mark = GNDP_MARK_LINE, .n = n, .x = x, .y = mean, .colour = row->colour};
        series[2 * i + 1] = (gndp_series){.mark = GNDP_MARK_ERRORS, .n = n, .x = x, .y = low, .y2 = high, .colour = row->colour};
        memory += 4 * n;
    }
    return (gndp_panel){.title = tracks_domain_names[r->settings.domain],
                        .x_label = r->settings.domain == TRACKS_INTERPOLATION ? "hours into the gap" : "hours ahead",
                        .y_label = "mean great-circle error (km)",
                        .y_high = top > 0.0 ? 1.7 * top : 1.0,
                        .n_series = 2 * r->n_rows,
                        .series = series};
}

int tracks_report_pictures(int n, const tracks_report *report, const char *pictures, bool overwrite)
{
    int code = GNDP_EXIT_DONE;
    gndp_panel panel[TRACKS_DOMAINS];
    gndp_series series[TRACKS_DOMAINS][2 * TRACKS_ROWS];
    double *memory[TRACKS_DOMAINS] = {NULL};
    char *path = NULL;
    GNDP_STEP(gndp_picture_path(pictures, "errors_by_lead", overwrite, &path));
    for (int i = 0; i < n; i++) {
        int64_t room = 1;
        for (int k = 0; k < report[i].n_rows; k++)
            room += 4 * report[i].row[k].n_leads;
        memory[i] = malloc((size_t)room * sizeof **memory);
        if (memory[i] == NULL) {
            code = gndp_failure_memory();
            goto done;
        }
        panel[i] = panel_of(&report[i], series[i], memory[i]);
    }
    GNDP_LIBRARY(gndp_plot_curves(path, "Forecasts of tracks", n, panel, n));
done:
    for (int i = 0; i < n; i++)
        free(memory[i]);
    free(path);
    return code;
}
