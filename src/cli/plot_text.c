// SPDX-License-Identifier: Apache-2.0
// Titles and labels of pictures.
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/plot.h"

const char *plot_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static void append(plot_line *line, const char *text, size_t n)
{
    const size_t used = strlen(line->text);
    if (used + n < sizeof line->text) {
        memcpy(line->text + used, text, n);
        line->text[used + n] = '\0';
    }
}

/* Digits behind a letter are its exponent: "s-1", "m2", "s**-1", "s^-1". */
plot_line plot_units_line(const char *units)
{
    static const char *const raised[] = {
        "\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",     "\xe2\x81\xb4",
        "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7", "\xe2\x81\xb8", "\xe2\x81\xb9"};
    plot_line out = {""};
    if (strcmp(units, "degC") == 0 || strcasecmp(units, "celsius") == 0 ||
        strcasecmp(units, "degree_celsius") == 0 || strcasecmp(units, "degrees_celsius") == 0)
        return (plot_line){"\xc2\xb0"
                           "C"};
    if (strcmp(units, "1") == 0 || strstr(units, " since ") != NULL)
        return out;
    for (const char *c = units; *c != '\0';) {
        const char *start = c, *digits = c + 1;
        c++;
        append(&out, start, 1);
        if (!isalpha((unsigned char)*start))
            continue;
        digits += strncmp(digits, "**", 2) == 0 ? 2 : *digits == '^' ? 1 : 0;
        const bool minus = *digits == '-';
        if (!isdigit((unsigned char)digits[minus]))
            continue;
        if (minus)
            append(&out, "\xe2\x81\xbb", 3);
        for (c = digits + minus; isdigit((unsigned char)*c); c++)
            append(&out, raised[*c - '0'], strlen(raised[*c - '0']));
    }
    return out;
}

/* "t_850" of a level, which the long name does not tell. */
static bool names_level(const char *name)
{
    const char *last = strrchr(name, '_');
    return last != NULL && isdigit((unsigned char)last[1]) &&
           strspn(last + 1, "0123456789.") == strlen(last + 1);
}

plot_line plot_channel_line(const gndp_channel *channel)
{
    plot_line out = {""};
    const plot_line units = plot_units_line(channel->units);
    const bool named = channel->parts == 1 && channel->part[0].long_name[0] != '\0';
    append(&out, named ? channel->part[0].long_name : channel->name,
           strlen(named ? channel->part[0].long_name : channel->name));
    if (named && names_level(channel->name)) {
        append(&out, ", ", 2);
        append(&out, channel->name, strlen(channel->name));
    }
    if (units.text[0] != '\0') {
        append(&out, " (", 2);
        append(&out, units.text, strlen(units.text));
        append(&out, ")", 1);
    }
    return out;
}

plot_line plot_label_line(const gndp_fieldset *set, int64_t field)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const gndp_field_label *label = &spec->label[field];
    plot_line out = {""};
    char text[64];
    if (!isnan(label->time_s)) {
        gndp_date_string date = gndp_calendar_text(spec->calendar, label->time_s);
        char *t = strchr(date.text, 'T');
        if (t != NULL && strcmp(t, "T00:00:00") == 0 && spec->n_fields < 24)
            *t = '\0';
        else if (t != NULL) {
            *t = ' ';
            if (strlen(t) == 9 && strcmp(t + 6, ":00") == 0)
                t[6] = '\0';
        }
        /* Fields without a time carry one of 0, the axis of length 1 that other tools ask for. */
        if (label->time_s != 0.0 || label->member < 0)
            append(&out, date.text, strlen(date.text));
    }
    if (label->member >= 0) {
        snprintf(text, sizeof text, "%smember %lld", out.text[0] != '\0' ? ", " : "",
                 (long long)label->member);
        append(&out, text, strlen(text));
    }
    if (out.text[0] == '\0' && label->id != NULL)
        append(&out, label->id, strlen(label->id));
    return out;
}
