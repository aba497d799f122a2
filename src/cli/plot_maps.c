// SPDX-License-Identifier: Apache-2.0
// Pages of maps: fields or their statistics, one row a channel, or data above samples.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plot_fields.h"
#include "cli/usage.h"

/* The page as it grows. */
typedef struct page {
    const plot_settings *s;
    gndp_observations table; /* of --obs, or kept in the file */
    plot_stat stat[PLOT_STATS];
    int n_stats; /* 0: fields themselves */
    int64_t n, room;
    plot_panel *panel;
    int n_scales;
    struct gndp_map_scale scale[PLOT_CHANNELS * PLOT_STATS];
    plot_line label[PLOT_CHANNELS * PLOT_STATS];
    plot_line title, arrows;
    int columns;
} page;

static void page_free(page *p)
{
    for (int64_t i = 0; i < p->n; i++)
        plot_panel_free(&p->panel[i]);
    free(p->panel);
    gndp_observations_free(&p->table);
}

static int read_stats(page *p)
{
    char copy[64];
    if (p->s->stat == NULL)
        return GNDP_EXIT_DONE;
    snprintf(copy, sizeof copy, "%s", p->s->stat);
    for (char *word = copy; word != NULL;) {
        char *comma = strpbrk(word, ",|/");
        if (comma != NULL)
            *comma++ = '\0';
        const bool mean = strcmp(word, "mean") == 0;
        if ((!mean && strcmp(word, "sd") != 0) || p->n_stats == PLOT_STATS)
            return gndp_usage_error("--stat wants mean, sd or mean,sd; got '%s'", p->s->stat);
        p->stat[p->n_stats++] = mean ? PLOT_MEAN : PLOT_SD;
        word = comma;
    }
    return GNDP_EXIT_DONE;
}

/* ---- Panels ---------------------------------------------------------------------------------- */

static int add_panel(page *p, const gndp_fieldset *set, int channel, plot_stat stat, int64_t n,
                     const int64_t *field, int scale, const char *title)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    if (p->n == p->room) {
        plot_panel *more = realloc(p->panel, (size_t)(p->room + 16) * sizeof *more);
        if (more == NULL)
            return gndp_failure_memory();
        p->panel = more;
        p->room += 16;
    }
    plot_panel *panel = &p->panel[p->n++];
    *panel = (plot_panel){.scale = scale};
    snprintf(panel->title.text, sizeof panel->title.text, "%s", title);
    GNDP_STEP(plot_panel_make(set, channel, stat, n, field, panel));
    if (p->table.n > 0) {
        const bool whole = stat != PLOT_FIELD && n > 1 &&
                           spec->label[field[0]].time_s != spec->label[field[n - 1]].time_s;
        GNDP_STEP(plot_panel_stations(&p->table, &spec->channel[channel],
                                      whole ? (double)NAN : spec->label[field[0]].time_s,
                                      stat == PLOT_SD, panel));
    }
done:
    return code;
}

/* A scale for what was added from panel `first` on. */
static int add_scale(page *p, const gndp_channel *channel, plot_stat stat, int64_t first)
{
    double low = 0.0, high = 0.0;
    int64_t n = 0, room = 0;
    const int code = plot_limits(p->s, &low, &high);
    const plot_line name = plot_channel_line(channel);
    plot_line *label = &p->label[p->n_scales];
    snprintf(label->text, sizeof label->text, "%s%.240s",
             stat == PLOT_SD     ? "sd of "
             : stat == PLOT_MEAN ? "mean of "
                                 : "",
             name.text);
    for (int64_t i = first; i < p->n; i++)
        room += p->panel[i].coords.n;
    double *value = malloc((size_t)(room > 0 ? room : 1) * sizeof *value);
    if (value == NULL)
        return gndp_failure_memory();
    for (int64_t i = first; i < p->n; i++) {
        memcpy(value + n, p->panel[i].value, (size_t)p->panel[i].coords.n * sizeof *value);
        n += p->panel[i].coords.n;
    }
    const bool one_sided =
        stat == PLOT_SD || channel->components == 2; /* lengths are never negative */
    const bool diverges = !(one_sided && p->s->palette == NULL) && plot_diverges(p->s, n, value);
    free(value);
    p->scale[p->n_scales++] = (struct gndp_map_scale){.label = label->text,
                                                      .palette = diverges ? GNDP_PALETTE_DIVERGING
                                                                          : GNDP_PALETTE_SEQUENTIAL,
                                                      .low = low,
                                                      .high = high};
    if (channel->components == 2)
        p->arrows = plot_units_line(channel->units);
    return code;
}

/* ---- Fields ---------------------------------------------------------------------------------- */

static int channels_of(const plot_settings *s, const gndp_fieldset *set, int most)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    if (spec->n_channels > most && !s->quiet)
        gndp_note("%d of %d variables are drawn; --var chooses", most, spec->n_channels);
    return spec->n_channels < most ? spec->n_channels : most;
}

static void title_of(page *p, const char *path, const char *what, int64_t shown, int64_t all)
{
    if (shown < all)
        snprintf(p->title.text, sizeof p->title.text, "%.120s: %lld of %lld %s",
                 plot_base_name(path), (long long)shown, (long long)all, what);
    else
        snprintf(p->title.text, sizeof p->title.text, "%.200s", plot_base_name(path));
}

static int add_fields(page *p, const char *path, const gndp_fieldset *set)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int channels = channels_of(p->s, set, PLOT_CHANNELS);
    const int64_t usual = channels == 1   ? PLOT_PANELS
                          : channels == 2 ? 4
                                          : 3,
                  most = p->s->n > 0 ? p->s->n : usual,
                  n = spec->n_fields < most ? spec->n_fields : most;
    for (int c = 0; c < channels; c++) {
        const int64_t first = p->n;
        for (int64_t i = 0; i < n; i++) {
            const int64_t f = plot_spread(spec->n_fields, n, i);
            const plot_line label = plot_label_line(set, f);
            GNDP_STEP(add_panel(p, set, c, PLOT_FIELD, 1, &f, c, label.text));
        }
        GNDP_STEP(add_scale(p, &spec->channel[c], PLOT_FIELD, first));
    }
    if (channels > 1 && n > 1)
        p->columns = (int)n;
    title_of(p, path, "fields", n, spec->n_fields);
done:
    return code;
}

/* The time of a field, without its member. */
static plot_line time_line(const gndp_fieldset_spec *spec, int64_t field)
{
    plot_line out = {""};
    const double time_s = spec->label[field].time_s;
    if (isnan(time_s) || time_s == 0.0) /* 0: the axis of length 1 of fields without a time */
        return out;
    gndp_date_string date = gndp_calendar_text(spec->calendar, time_s);
    char *t = strchr(date.text, 'T');
    if (t != NULL) {
        *t = ' ';
        if (strlen(t) == 9 && strcmp(t + 6, ":00") == 0)
            t[6] = '\0';
    }
    snprintf(out.text, sizeof out.text, "%s", date.text);
    return out;
}

static int add_stats(page *p, const char *path, const gndp_fieldset *set)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int channels = channels_of(p->s, set, PLOT_CHANNELS);
    plot_groups groups = {0};
    GNDP_STEP(plot_groups_make(set, &groups));
    const int64_t all = PLOT_PANELS / (channels * p->n_stats),
                  most = p->s->n > 0 ? p->s->n
                         : all > 0   ? all
                                     : 1,
                  n = groups.n < most ? groups.n : most;
    for (int c = 0; c < channels; c++)
        for (int k = 0; k < p->n_stats; k++) {
            const int64_t first = p->n;
            for (int64_t i = 0; i < n; i++) {
                const int64_t g = plot_spread(groups.n, n, i),
                              count = groups.first[g + 1] - groups.first[g],
                              *field = groups.field + groups.first[g];
                const bool timed = groups.members && n > 1;
                const plot_line date = time_line(spec, field[0]);
                plot_line title;
                snprintf(title.text, sizeof title.text, "%.100s%s%s of %lld %s",
                         timed ? date.text : "", timed && date.text[0] != '\0' ? ", " : "",
                         p->stat[k] == PLOT_SD ? "sd" : "mean", (long long)count,
                         groups.members ? "members" : "fields");
                GNDP_STEP(add_panel(p, set, c, p->stat[k], count, field, p->n_scales, title.text));
            }
            GNDP_STEP(add_scale(p, &spec->channel[c], p->stat[k], first));
        }
    p->columns = (int)(n > 1 ? n : channels > 1 ? p->n_stats : 0);
    title_of(p, path, "times", n, groups.n);
    if (n == 1 && groups.members) {
        const plot_line date = time_line(spec, groups.field[0]);
        snprintf(p->title.text, sizeof p->title.text, "%.150s%s%.60s", plot_base_name(path),
                 date.text[0] != '\0' ? ", " : "", date.text);
    }
done:
    plot_groups_free(&groups);
    return code;
}

/* ---- Data and samples ------------------------------------------------------------------------ */

static int same_channel(const gndp_fieldset *set, const gndp_channel *channel)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    for (int c = 0; c < spec->n_channels; c++)
        if (strcmp(spec->channel[c].name, channel->name) == 0 &&
            spec->channel[c].components == channel->components)
            return c;
    return -1;
}

static int add_row(page *p, const gndp_fieldset *set, int channel, const char *what, int64_t n)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    plot_line title;
    for (int64_t i = 0; i < (p->n_stats == 0 ? n : 0); i++) {
        const int64_t f = plot_spread(spec->n_fields, n, i);
        const plot_line label = plot_label_line(set, f);
        snprintf(title.text, sizeof title.text, "%s%s%.200s", what,
                 label.text[0] != '\0' ? ": " : "", label.text);
        GNDP_STEP(add_panel(p, set, channel, PLOT_FIELD, 1, &f, 0, title.text));
    }
    if (p->n_stats > 0) {
        int64_t *all = malloc((size_t)spec->n_fields * sizeof *all);
        if (all == NULL)
            return gndp_failure_memory();
        for (int64_t f = 0; f < spec->n_fields; f++)
            all[f] = f;
        for (int k = 0; k < p->n_stats && code == GNDP_EXIT_DONE; k++) {
            snprintf(title.text, sizeof title.text, "%s: %s of %lld", what,
                     p->stat[k] == PLOT_SD ? "standard deviation" : "mean",
                     (long long)spec->n_fields);
            code = add_panel(p, set, channel, p->stat[k], spec->n_fields, all, k, title.text);
        }
        free(all);
    }
done:
    return code;
}

static int add_comparison(page *p, const char *path, const gndp_fieldset *set,
                          const gndp_fieldset *data)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set),
                             *other = gndp_fieldset_get_spec(data);
    const gndp_channel *channel = &spec->channel[0];
    const int twin = same_channel(data, channel);
    if (twin < 0)
        return gndp_failure("%s has no variable %s of %d components, which %s has", p->s->compare,
                            channel->name, channel->components, path);
    channels_of(p->s, set, 1);
    const int64_t most = p->s->n > 0 ? p->s->n : PLOT_PANELS / 2 - 2, a = spec->n_fields,
                  b = other->n_fields, n = a < b ? a : b;
    const int64_t shown = n < most ? n : most;
    GNDP_STEP(add_row(p, data, twin, "data", shown));
    GNDP_STEP(add_row(p, set, 0, "sample", shown));
    for (int k = 0; k < (p->n_stats > 0 ? p->n_stats : 1); k++)
        GNDP_STEP(add_scale(p, channel, p->n_stats > 0 ? p->stat[k] : PLOT_FIELD, 0));
    p->columns = (int)(p->n_stats > 0 ? p->n_stats : shown);
    snprintf(p->title.text, sizeof p->title.text, "%.110s above, %.110s below",
             plot_base_name(p->s->compare), plot_base_name(path));
done:
    return code;
}

/* ---- The page -------------------------------------------------------------------------------- */

static int draw(page *p)
{
    int code = GNDP_EXIT_DONE;
    gndp_map_options options;
    bool coast = false;
    gndp_map *map = calloc((size_t)p->n, sizeof *map);
    if (map == NULL)
        return gndp_failure_memory();
    GNDP_STEP(plot_map_settings(p->s, &options));
    options.title = p->s->title != NULL ? p->s->title : p->title.text;
    options.n_scales = p->n_scales;
    options.scale = p->scale;
    options.columns = p->s->columns > 0 ? (int)p->s->columns : p->columns;
    options.arrow_units = p->arrows.text[0] != '\0' ? p->arrows.text : NULL;
    for (int64_t i = 0; i < p->n; i++) {
        const plot_panel *from = &p->panel[i];
        map[i] = (gndp_map){.title = from->title.text[0] != '\0' ? from->title.text : NULL,
                            .coords = &from->coords,
                            .value = from->value,
                            .east = from->east,
                            .north = from->north,
                            .scale = from->scale};
        if (from->station != NULL)
            map[i].points = (gndp_map_points){
                .n = from->n_stations,
                .lat_deg = from->station,
                .lon_deg = from->station + p->table.n,
                .value = from->station_values ? from->station + 2 * p->table.n : NULL};
    }
    GNDP_LIBRARY(gndp_plot_maps(p->s->output, &options, (int)p->n, map, &coast));
    if (!coast && !p->s->no_coast && !p->s->quiet && p->panel[0].coords.space == GNDP_SPACE_SPHERE)
        gndp_note("no coastlines: GSHHG is not installed (Debian: gmt-gshhg-low)");
done:
    free(map);
    return code;
}

int plot_field_maps(const plot_settings *s, const char *path, const gndp_fieldset *set,
                    const gndp_fieldset *data)
{
    int code = GNDP_EXIT_DONE;
    page p = {.s = s};
    GNDP_STEP(read_stats(&p));
    GNDP_STEP(plot_read_stations(s, set, &p.table));
    if (data != NULL)
        GNDP_STEP(add_comparison(&p, path, set, data));
    else if (p.n_stats > 0)
        GNDP_STEP(add_stats(&p, path, set));
    else
        GNDP_STEP(add_fields(&p, path, set));
    GNDP_STEP(draw(&p));
done:
    page_free(&p);
    return code;
}
