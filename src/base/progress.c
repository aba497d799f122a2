// SPDX-License-Identifier: Apache-2.0
// Progress of long work: one line in place on a terminal, a few plain lines elsewhere.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

#define LINE_BYTES 512
#define BAR_CELLS 20
#define TERMINAL_PERIOD_S 0.1
#define PLAIN_PERIOD_S 60.0
#define RATE_MEMORY_S 30.0

struct gndp_progress {
    gndp_progress_options options;
    char label[64], unit[32], extra[160];
    bool terminal, finished;
    int64_t total, first, done;
    double begin_s, seen_s, shown_s; /* creation, last update, last line */
    /* Time and units of the past, each forgotten with time constant RATE_MEMORY_S: their quotient
       is a smoothed time a unit that is right from the first update on. */
    double recent_s, recent_units;
};

gndp_duration_string gndp_duration_text(double seconds)
{
    gndp_duration_string s = {"?"};
    if (!(seconds >= 0.0) || seconds > 1e12)
        return s;
    /* Each form is taken when the value rounded to its last unit fits, so none prints "60 s". */
    if (seconds < 9.95) {
        snprintf(s.text, sizeof s.text, "%.1f s", seconds);
        return s;
    }
    const long long sec = llround(seconds), min = llround(seconds / 60.0);
    const long long h = llround(seconds / 3600.0);
    if (sec < 60)
        snprintf(s.text, sizeof s.text, "%lld s", sec);
    else if (sec < 3600)
        snprintf(s.text, sizeof s.text, "%lld min %02lld s", sec / 60, sec % 60);
    else if (min < 24 * 60)
        snprintf(s.text, sizeof s.text, "%lld h %02lld min", min / 60, min % 60);
    else
        snprintf(s.text, sizeof s.text, "%lld d %02lld h", h / 24, h % 24);
    return s;
}

static double system_clock(void *state)
{
    struct timespec now = {0};
    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double now_of(const gndp_progress *p)
{
    return p->options.clock(p->options.clock_state);
}

gndp_progress_options gndp_progress_options_default(void)
{
    return (gndp_progress_options){.file = stderr, .unit = "step"};
}

static int columns_of(const gndp_progress *p)
{
    struct winsize size;
    if (p->options.columns > 0)
        return p->options.columns;
    if (ioctl(fileno(p->options.file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

/* "0.142 s/step"; small times in the unit that keeps three digits. */
static void append_rate(char *line, const char *unit, double seconds)
{
    if (seconds >= 1e-3 && seconds < 1.0)
        gndp_text_append(line, LINE_BYTES, ", %.3g ms/%s", 1e3 * seconds, unit);
    else if (seconds < 1e-3)
        gndp_text_append(line, LINE_BYTES, ", %.3g us/%s", 1e6 * seconds, unit);
    else
        gndp_text_append(line, LINE_BYTES, ", %.3g s/%s", seconds, unit);
}

static void append_count(char *line, const gndp_progress *p)
{
    if (p->total > 0)
        gndp_text_append(line, LINE_BYTES, " %lld/%lld", (long long)p->done, (long long)p->total);
    else
        gndp_text_append(line, LINE_BYTES, " %lld", (long long)p->done);
}

static void append_bar(char *line, const gndp_progress *p)
{
    char bar[BAR_CELLS + 1];
    const int full = (int)((double)p->done / (double)p->total * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i < full ? '=' : i == full ? '>' : ' ';
    bar[BAR_CELLS] = '\0';
    gndp_text_append(line, LINE_BYTES, " [%s]", bar);
}

static void append_extra(char *line, const gndp_progress *p)
{
    if (p->extra[0] != '\0')
        gndp_text_append(line, LINE_BYTES, ", %s", p->extra);
}

/* What both kinds of line say while the work goes on. */
static void running_line(char line[LINE_BYTES], const gndp_progress *p)
{
    const double rate = p->recent_units > 0.0 ? p->recent_s / p->recent_units : 0.0;
    line[0] = '\0';
    gndp_text_append(line, LINE_BYTES, "%s", p->label);
    if (p->terminal && p->total > 0)
        append_bar(line, p);
    append_count(line, p);
    if (rate > 0.0) {
        append_rate(line, p->unit, rate);
        if (p->total > 0)
            gndp_text_append(line, LINE_BYTES, ", %s left",
                             gndp_duration_text(rate * (double)(p->total - p->done)).text);
    }
    append_extra(line, p);
}

static void final_line(char line[LINE_BYTES], const gndp_progress *p)
{
    const double spent = p->seen_s - p->begin_s;
    const int64_t units = p->done - p->first;
    const bool complete = p->total == 0 || p->done == p->total;
    line[0] = '\0';
    gndp_text_append(line, LINE_BYTES, "%s", p->label);
    append_count(line, p);
    gndp_text_append(line, LINE_BYTES, complete ? " done in %s" : " stopped after %s",
                     gndp_duration_text(spent).text);
    if (units > 0 && spent > 0.0)
        append_rate(line, p->unit, spent / (double)units);
    append_extra(line, p);
}

/* Keep the first `columns` characters: a longer line would wrap, and \r only returns to its last
 * row. */
static void cut_to_columns(char *line, int columns)
{
    char *at = line;
    while (*at != '\0' && columns > 0) {
        const size_t n = gndp_utf8_length(at);
        at += n == 0 ? 1 : n;
        columns--;
    }
    *at = '\0';
}

static void show(gndp_progress *p, char *line, bool last)
{
    FILE *f = p->options.file;
    for (char *c = line; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            *c = ' '; /* a line break or an escape in a label would spoil the line in place */
    flockfile(f);
    if (p->terminal) {
        /* one column stays free: some terminals wrap as soon as the last one is filled */
        cut_to_columns(line, columns_of(p) - 1);
        fprintf(f, "\r%s\033[K%s", line, last ? "\n" : "");
    } else {
        fprintf(f, "%s\n", line);
    }
    fflush(f);
    funlockfile(f);
    p->shown_s = p->seen_s;
}

gndp_status gndp_progress_create(const gndp_progress_options *options, const char *label,
                                 int64_t total, int64_t first, gndp_progress **out)
{
    gndp_status st = GNDP_OK;
    gndp_progress *p = NULL;
    char line[LINE_BYTES];
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(label != NULL, GNDP_ERR_ARG, "label is NULL");
    GNDP_CHECK(total >= 0, GNDP_ERR_RANGE, "total is %lld", (long long)total);
    GNDP_CHECK(first >= 0 && (total == 0 || first <= total), GNDP_ERR_RANGE,
               "first is %lld of %lld", (long long)first, (long long)total);
    p = calloc(1, sizeof *p);
    GNDP_CHECK(p != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *p);
    p->options = options != NULL ? *options : gndp_progress_options_default();
    if (p->options.clock == NULL)
        p->options.clock = system_clock;
    gndp_text_append(p->label, sizeof p->label, "%s", label);
    gndp_text_append(p->unit, sizeof p->unit, "%s",
                     p->options.unit != NULL ? p->options.unit : "step");
    p->options.unit = NULL; /* the caller's text may be gone later */
    p->total = total;
    p->first = p->done = first;
    if (p->options.file != NULL) {
        p->terminal =
            p->options.terminal == GNDP_TERMINAL_YES ||
            (p->options.terminal == GNDP_TERMINAL_AUTO && isatty(fileno(p->options.file)));
        p->begin_s = p->seen_s = now_of(p);
        running_line(line, p);
        show(p, line, false);
    }
    *out = p;
done:
    return st;
}

void gndp_progress_update(gndp_progress *p, int64_t done, const char *extra)
{
    char line[LINE_BYTES];
    if (p == NULL || p->finished || p->options.file == NULL)
        return;
    if (done < 0)
        done = 0;
    if (p->total > 0 && done > p->total)
        done = p->total;
    const double now = now_of(p);
    const double period = p->terminal ? TERMINAL_PERIOD_S : PLAIN_PERIOD_S;
    if (done > p->done) {
        const double keep = exp(-(now - p->seen_s) / RATE_MEMORY_S);
        p->recent_s = p->recent_s * keep + (now - p->seen_s);
        p->recent_units = p->recent_units * keep + (double)(done - p->done);
        p->seen_s = now;
    }
    p->done = done;
    p->extra[0] = '\0';
    if (extra != NULL)
        gndp_text_append(p->extra, sizeof p->extra, "%s", extra);
    if (now - p->shown_s < period)
        return;
    running_line(line, p);
    show(p, line, false);
    p->shown_s = now;
}

void gndp_progress_finish(gndp_progress *p)
{
    char line[LINE_BYTES];
    if (p == NULL || p->finished || p->options.file == NULL)
        return;
    p->seen_s = now_of(p);
    final_line(line, p);
    show(p, line, true);
    p->finished = true;
}

void gndp_progress_free(gndp_progress *p)
{
    gndp_progress_finish(p);
    free(p);
}
