// SPDX-License-Identifier: Apache-2.0
// What `gndp info` prints for people.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/info.h"
#include "cli/usage.h"

static void print_axis(const char *head, const gndp_coords *coords, int c)
{
    const gndp_axis *axis = &coords->axis[c];
    double low, high;
    printf("%-9s%s", head, info_show(axis->name).text);
    if (coords->layout == GNDP_LAYOUT_PRODUCT) {
        const double step = info_axis_step(axis);
        printf(": %lld from %.7g to %.7g", (long long)axis->size, axis->value[0],
               axis->value[axis->size - 1]);
        if (isfinite(step))
            printf(" by %.7g", step);
        else if (axis->size > 1)
            printf(", not equally spaced");
        if (c == 1 && gndp_coords_periodic(coords))
            printf(", round the whole circle");
    } else {
        info_coordinate_range(coords, c, &low, &high);
        printf(": from %.7g to %.7g", low, high);
    }
    if (axis->units[0] != '\0' && strcmp(axis->units, "1") != 0)
        printf(", %s", info_show(axis->units).text);
    putchar('\n');
}

static void print_points(const gndp_fieldset *set)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const char *space = spec->coords.space == GNDP_SPACE_SPHERE ? " on the sphere" : "";
    int64_t n[3];
    info_points_range(set, n);
    if (!gndp_fieldset_shared(set)) {
        printf("points   every field has its own%s, %lld in all; fewest %lld, "
               "median %lld, most %lld\n",
               space, (long long)spec->coords.n, (long long)n[0], (long long)n[1], (long long)n[2]);
    } else if (spec->coords.layout == GNDP_LAYOUT_LIST) {
        printf("points   %lld listed%s, the same for all fields\n", (long long)n[0], space);
    } else {
        printf("points   ");
        for (int c = 0; c < spec->coords.columns; c++)
            printf("%s%lld", c > 0 ? " x " : "", (long long)spec->coords.axis[c].size);
        printf("%s%s\n", spec->coords.columns > 1 ? " grid" : " on an axis", space);
    }
    for (int c = 0; c < spec->coords.columns; c++)
        print_axis(c == 0 ? "axes" : "", &spec->coords, c);
}

static void print_times(const gndp_fieldset_spec *spec, const info_labels *l)
{
    if (l->n_times == 0)
        return;
    printf("times    %lld, ", (long long)l->n_times);
    if (l->n_times > 1)
        printf("%s to ", gndp_calendar_text(spec->calendar, l->first_s).text);
    printf("%s", gndp_calendar_text(spec->calendar, l->last_s).text);
    if (isfinite(l->step_s) && fmod(l->step_s, 3600.0) == 0.0)
        printf(" every %g h", l->step_s / 3600.0);
    else if (isfinite(l->step_s))
        printf(" every %g s", l->step_s);
    else if (l->n_times > 1)
        printf(", not equally spaced");
    printf(", %s calendar\n", gndp_calendar_name(spec->calendar));
}

/* How many fields have each id, in order of their first; of many only the number. */
static void print_classes(const gndp_fieldset_spec *spec, int64_t n)
{
    enum { SHOWN = 20 };
    const char *id[SHOWN];
    int64_t count[SHOWN] = {0};
    int known = 0;
    printf("classes  %lld", (long long)n);
    for (int64_t f = 0; f < spec->n_fields && n <= SHOWN; f++) {
        int k = 0;
        if (spec->label[f].id == NULL)
            continue;
        while (k < known && strcmp(id[k], spec->label[f].id) != 0)
            k++;
        if (k == known)
            id[known++] = spec->label[f].id;
        count[k]++;
    }
    for (int k = 0; k < known; k++)
        printf("%s %s (%lld)", k > 0 ? "," : ":", info_show(id[k]).text, (long long)count[k]);
    putchar('\n');
}

static void print_labels(gndp_file_kind kind, const gndp_fieldset_spec *spec, const info_labels *l)
{
    const bool tracks = kind == GNDP_FILE_TRACKS || kind == GNDP_FILE_TRACKS_CSV;
    if (!tracks)
        print_times(spec, l);
    if (tracks && l->n_times > 0)
        printf("seasons  first fixes from %s to %s\n",
               gndp_calendar_text(spec->calendar, l->first_s).text,
               gndp_calendar_text(spec->calendar, l->last_s).text);
    if (l->n_members > 0)
        printf("members  %lld, numbers %lld to %lld\n", (long long)l->n_members,
               (long long)l->member_low, (long long)l->member_high);
    if (l->n_ids > 0 && !tracks)
        print_classes(spec, l->n_ids);
}

static int print_channel(const gndp_fieldset *set, const gndp_channel *channel, int component,
                         const gndp_component_stats *stats)
{
    static const char *const kinds[] = {"scalar", "vector", "point of S2"};
    info_positions at;
    for (int p = 0; p < (channel->kind == GNDP_CHANNEL_SPHERE ? 1 : channel->components); p++) {
        const char *part =
            channel->parts > 1 && channel->kind == GNDP_CHANNEL_VECTOR ? channel->part[p].name : "";
        char name[424], units[208];
        snprintf(name, sizeof name, "%s%s%s", info_show(channel->name).text,
                 part[0] != '\0' ? "." : "", info_show(part).text);
        snprintf(units, sizeof units, "%s", info_show(channel->units).text);
        printf("  %-18s %-12s %-12s", name, kinds[channel->kind], units[0] != '\0' ? units : "-");
        if (stats == NULL || channel->kind == GNDP_CHANNEL_SPHERE) {
            putchar('\n');
            continue;
        }
        const gndp_component_stats *s = &stats[component + p];
        printf(" %11lld %9lld %11.6g %11.6g %11.6g %11.5g\n", (long long)s->present,
               (long long)s->missing, s->low, s->high, s->mean, s->sd);
    }
    if (channel->kind != GNDP_CHANNEL_SPHERE || stats == NULL)
        return GNDP_EXIT_DONE;
    const int code = info_positions_make(set, component, &at);
    if (code == GNDP_EXIT_DONE)
        printf("    %lld places, %lld different, %lld missing; latitude %.6g to "
               "%.6g, longitude %.6g to %.6g\n",
               (long long)at.present, (long long)at.distinct, (long long)at.missing, at.lat_low,
               at.lat_high, at.lon_low, at.lon_high);
    return code;
}

static void print_attributes(const gndp_fieldset_spec *spec)
{
    for (int i = 0; i < spec->n_attributes; i++) {
        if (i == 0)
            puts("\nattributes");
        printf("  %-18s %s\n", info_show(spec->attribute[i].name).text,
               info_show(spec->attribute[i].text).text);
    }
}

int info_report_set(const char *path, gndp_file_kind kind, const gndp_fieldset *set,
                    const gndp_component_stats *stats)
{
    int code = GNDP_EXIT_DONE, component = 0;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const bool tracks = kind == GNDP_FILE_TRACKS || kind == GNDP_FILE_TRACKS_CSV;
    info_labels labels;
    GNDP_STEP(info_labels_make(set, &labels));
    printf("file     %s: %s\n", info_show(path).text, gndp_file_kind_name(kind));
    const bool events = kind == GNDP_FILE_EVENTS;
    printf("%s   %lld\n",
           tracks   ? "storms"
           : events ? "events"
                    : "fields",
           (long long)spec->n_fields);
    if (!events)
        print_points(set);
    print_labels(kind, spec, &labels);
    printf("\n  %-18s %-12s %-12s", "channel", "kind", "units");
    if (stats != NULL)
        printf(" %11s %9s %11s %11s %11s %11s", "present", "missing", "lowest", "highest", "mean",
               "sd");
    putchar('\n');
    for (int c = 0; c < spec->n_channels; c++) {
        GNDP_STEP(print_channel(set, &spec->channel[c], component, stats));
        component += spec->channel[c].components;
    }
    print_attributes(spec);
done:
    return code;
}

int info_report_observations(const char *path, const gndp_observations *o)
{
    double first_s, last_s;
    const int64_t places = info_places_of(o), times = info_times_of(o, &first_s, &last_s);
    if (places < 0 || times < 0)
        return gndp_failure_memory();
    printf("file     %s: %s\n", info_show(path).text, gndp_file_kind_name(GNDP_FILE_OBSERVATIONS));
    printf("values   %lld at %lld places%s; %lld missing passed over\n", (long long)o->n,
           (long long)places, o->space == GNDP_SPACE_SPHERE ? " on the sphere" : "",
           (long long)o->rejected);
    if (times > 0)
        printf("times    %lld, %s to %s\n", (long long)times,
               gndp_calendar_text(o->calendar, first_s).text,
               gndp_calendar_text(o->calendar, last_s).text);
    printf("\n  %-18s %-12s %9s %9s %11s %11s %11s %11s\n", "channel", "units", "values", "with sd",
           "lowest", "highest", "mean", "sd");
    for (int c = 0; c < o->n_channels; c++) {
        const info_column s = info_column_of(o, c);
        char units[208];
        snprintf(units, sizeof units, "%s", info_show(o->units[c]).text);
        printf("  %-18s %-12s %9lld %9lld %11.6g %11.6g %11.6g %11.5g\n",
               info_show(o->name[c]).text, units[0] != '\0' ? units : "-", (long long)s.n,
               (long long)s.with_sd, s.low, s.high, s.mean, s.sd);
    }
    return GNDP_EXIT_DONE;
}

int info_report_archive(const char *path, const gndp_archive *archive)
{
    int code = GNDP_EXIT_DONE;
    int64_t values = 0;
    const int n = gndp_archive_count(archive);
    printf("file     %s: %s\n", info_show(path).text, gndp_file_kind_name(GNDP_FILE_ARCHIVE));
    for (int i = 0; i < n; i++) {
        const gndp_array *array = NULL;
        GNDP_LIBRARY(gndp_archive_get(archive, gndp_archive_name(archive, i), &array));
        values += gndp_type_count(array->type);
    }
    printf("arrays   %d, %lld values\n\n", n, (long long)values);
    for (int i = 0; i < n; i++) {
        const gndp_array *array = NULL;
        GNDP_LIBRARY(gndp_archive_get(archive, gndp_archive_name(archive, i), &array));
        printf("  %-40s " GNDP_TYPE_FMT "\n", info_show(gndp_archive_name(archive, i)).text,
               GNDP_TYPE_ARG(array->type));
    }
done:
    return code;
}
