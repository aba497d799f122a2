// SPDX-License-Identifier: Apache-2.0
// The picture of a training run: loss, what a network that is zero would have, validation.
#include <math.h>
#include <stdlib.h>

#include "cli/plot.h"

/* Columns of metrics.csv by name; a cell without a number is no value. */
static gndp_status read_column(const gndp_csv *csv, const char *name, double *out)
{
    const int column = gndp_csv_column(csv, name);
    for (int64_t i = 0; i < csv->n_rows; i++) {
        out[i] = (double)NAN;
        const gndp_status st = column >= 0 && csv->cell[i * csv->n_columns + column][0] != '\0'
                                   ? gndp_csv_number(csv, i, column, &out[i])
                                   : GNDP_OK;
        if (st != GNDP_OK)
            return st;
    }
    return GNDP_OK;
}

static bool any(const double *value, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (isfinite(value[i]))
            return true;
    return false;
}

/* A logarithmic axis where losses are positive and fall by more than a factor of 5. */
static bool wants_log(const double *value, int64_t n)
{
    double low = HUGE_VAL, high = 0.0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(value[i])) {
            low = fmin(low, value[i]);
            high = fmax(high, value[i]);
        }
    return low > 0.0 && isfinite(high) && high > 5.0 * low;
}

static gndp_status draw(const gndp_csv *csv, double *value, const char *title, const char *picture)
{
    const int64_t n = csv->n_rows;
    static const char *const column[] = {"step", "loss", "zero_loss", "validation"};
    static const char *const name[] = {NULL, "loss", "loss of a network that is zero",
                                       "validation"};
    static const gndp_mark mark[] = {GNDP_MARK_LINE, GNDP_MARK_LINE, GNDP_MARK_DASHES,
                                     GNDP_MARK_LINE};
    static const int colour[] = {0, 1, 8, 2};
    gndp_series series[3];
    int n_series = 0;
    for (int c = 0; c < 4; c++) {
        const gndp_status st = read_column(csv, column[c], value + c * n);
        if (st != GNDP_OK)
            return st;
        if (c > 0 && any(value + c * n, n))
            series[n_series++] = (gndp_series){.name = name[c],
                                               .mark = mark[c],
                                               .n = n,
                                               .x = value,
                                               .y = value + c * n,
                                               .colour = colour[c]};
    }
    /* Validation is told now and then: its points are joined over the steps between. */
    int64_t kept = 0;
    double *vx = value + 4 * n, *vy = value + 5 * n;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(value[3 * n + i])) {
            vx[kept] = value[i];
            vy[kept++] = value[3 * n + i];
        }
    if (n_series > 0 && kept > 0)
        series[n_series - 1] = (gndp_series){.name = "validation",
                                             .mark = kept > 1 ? GNDP_MARK_LINE : GNDP_MARK_POINTS,
                                             .n = kept,
                                             .x = vx,
                                             .y = vy,
                                             .colour = 2};
    const gndp_panel panel = {.x_label = "step",
                              .y_label = "loss",
                              .log_y = wants_log(value + n, 3 * n),
                              .n_series = n_series,
                              .series = series};
    return gndp_plot_curves(picture, title, 1, &panel, 1);
}

gndp_status plot_loss(const char *metrics, const char *title, const char *picture)
{
    gndp_csv csv = {0};
    double *value = NULL;
    gndp_status st = gndp_csv_read(metrics, true, &csv);
    if (st == GNDP_OK) {
        value = malloc((size_t)(6 * csv.n_rows + 1) * sizeof *value);
        st = value == NULL
                 ? GNDP_ERR_NOMEM
                 : draw(&csv, value, title != NULL ? title : plot_base_name(metrics), picture);
    }
    free(value);
    gndp_csv_free(&csv);
    return st;
}
