// SPDX-License-Identifier: Apache-2.0
// Maps of places: tracks as lines, events as points.
#include <math.h>
#include <stdlib.h>

#include "cli/plot.h"
#include "cli/usage.h"

/* Latitudes and longitudes of a field whose first channel is a place; what is missing is left out.
 * n: how many there are. */
static int read_places(const gndp_fieldset *set, int64_t f, double *lat, double *lon, int64_t *n)
{
    int code = GNDP_EXIT_DONE;
    const int all = gndp_fieldset_components(set);
    const int64_t points = gndp_fieldset_points(set, f);
    double *values = malloc((size_t)(points * all) * sizeof *values);
    uint8_t *present = malloc((size_t)(points * all));
    const double degree = 180.0 / 3.14159265358979323846;
    *n = 0;
    if (values == NULL || present == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_fieldset_read(set, 1, &f, points, NULL, values, present));
    for (int64_t i = 0; i < points; i++) {
        const double *v = values + i * all;
        if (!present[i * all])
            continue;
        lat[*n] = degree * atan2(v[2], hypot(v[0], v[1]));
        lon[(*n)++] = degree * atan2(v[1], v[0]);
    }
done:
    free(values);
    free(present);
    return code;
}

/* Many lines are thin and let others through; a few have colours of their own. */
static void dress(gndp_map_line *line, int64_t i, int64_t n)
{
    line->colour = n <= 8 ? (int)i + 1 : 1;
    line->width = n <= 8 ? 1.6 : n <= 100 ? 1.0 : 0.6;
    line->alpha = n <= 8 ? 1.0 : fmin(fmax(60.0 / (double)n, 0.18), 0.8);
}

typedef struct drawing {
    double *lat, *lon;
    gndp_map_line *line;
} drawing;

static int read_all(const gndp_fieldset *set, int64_t n, drawing *d, int64_t *places)
{
    int code = GNDP_EXIT_DONE;
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields;
    *places = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t count;
        GNDP_STEP(read_places(set, plot_spread(fields, n, i), d->lat + *places, d->lon + *places,
                              &count));
        d->line[i] =
            (gndp_map_line){.n = count, .lat_deg = d->lat + *places, .lon_deg = d->lon + *places};
        dress(&d->line[i], i, n);
        *places += count;
    }
done:
    return code;
}

int plot_positions(const plot_settings *s, const char *path, const gndp_fieldset *set)
{
    int code = GNDP_EXIT_DONE;
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields,
                  n = s->n > 0 && s->n < fields ? s->n : fields;
    int64_t room = 0, places = 0;
    drawing d = {0};
    gndp_map map = {0};
    gndp_map_options options;
    plot_line title;
    bool coast = false;
    const bool tracks = gndp_fieldset_max_points(set) > 1;
    for (int64_t i = 0; i < n; i++)
        room += gndp_fieldset_points(set, plot_spread(fields, n, i));
    d = (drawing){malloc((size_t)room * sizeof *d.lat), malloc((size_t)room * sizeof *d.lon),
                  malloc((size_t)n * sizeof *d.line)};
    if (d.lat == NULL || d.lon == NULL || d.line == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(plot_map_settings(s, &options));
    GNDP_STEP(read_all(set, n, &d, &places));
    if (tracks) { /* a track that is nowhere has no line */
        for (int64_t i = 0; i < n; i++)
            if (d.line[i].n > 0)
                d.line[map.n_lines++] = d.line[i];
        map.line = d.line;
    } else {
        map.points = (gndp_map_points){.n = places, .lat_deg = d.lat, .lon_deg = d.lon};
    }
    if (n < fields)
        snprintf(title.text, sizeof title.text, "%.150s: %lld of %lld %s", plot_base_name(path),
                 (long long)n, (long long)fields, tracks ? "tracks" : "places");
    else
        snprintf(title.text, sizeof title.text, "%.150s: %lld %s", plot_base_name(path),
                 (long long)n, tracks ? "tracks" : "places");
    options.title = s->title != NULL ? s->title : title.text;
    GNDP_LIBRARY(gndp_plot_maps(s->output, &options, 1, &map, &coast));
    if (!coast && !s->no_coast && !s->quiet)
        gndp_note("no coastlines: GSHHG is not installed (Debian: gmt-gshhg-low)");
done:
    free(d.lat);
    free(d.lon);
    free(d.line);
    return code;
}
