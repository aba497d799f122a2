// SPDX-License-Identifier: Apache-2.0
// `gndp plot --tracks`: pictures of forecasts of tracks, over the date line and the pole, and what they want.
#include "cli/files.h"

#include <strings.h>

#include <gndp/plot.h>

static void need_pictures(void)
{
    if (strncasecmp(gndp_plot_describe(), "cairo", 5) != 0)
        skip();
}

/* Six-hourly along a meridian and its other side over the pole, or eastwards over the date line; members fan out after 5 fixes that all share. */
static void write_tracks(const char *path, int members, bool pole)
{
    const double pi = acos(-1.0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("sid,realization,iso_time,lat,lon\n", file);
    for (int m = 0; m < (members > 0 ? members : 1); m++)
        for (int i = 0; i < 17; i++) {
            const double aside = members > 0 ? (m - 0.5 * members + 0.3 * sin(3.0 * m + i)) * fmax(0.0, i - 4) * 1e-3 : 0.0,
                         a = (pole ? 80.0 + i : 175.0 + i) * pi / 180.0, z = pole ? sin(a) : sin(aside - 0.2), r = pole ? cos(a) : cos(aside - 0.2);
            const double x = pole ? r : r * cos(a), y = pole ? sin(aside) : r * sin(a);
            fprintf(file, "S1,%.*d,2001-01-%02d %02d:00:00,%.9f,%.9f\n", members > 0 ? 1 : 0, members > 0 ? m : 0, 1 + i / 4, 6 * (i % 4),
                    atan2(z, hypot(x, y)) * 180.0 / pi, atan2(y, x) * 180.0 / pi);
        }
    assert_int_equal(fclose(file), 0);
}

static void assert_picture(const char *path)
{
    char *text = read_file(path);
    if (text == NULL || strlen(text) < 2000)
        fail_msg("%s is no picture", path);
    free(text);
}

static void forecasts_are_drawn_over_the_date_line_and_the_pole(void **state)
{
    (void)state;
    need_pictures();
    static const char *const kinds[] = {"spaghetti", "density", "ellipses", "errors"};
    for (int pole = 0; pole < 2; pole++) {
        write_tracks("forecast.csv", 8, pole == 1);
        write_tracks("truth.csv", 0, pole == 1);
        for (int k = 0; k < 4; k++) {
            free(run(0, "plot forecast.csv --tracks truth.csv --kind %s --no-coast -o %s%d.svg -q", kinds[k], kinds[k], pole));
            char name[64];
            snprintf(name, sizeof name, "%s%d.svg", kinds[k], pole);
            assert_picture(name);
        }
    }
}

/* What `gndp eval --tracks -o` writes in its three forms is what the picture takes; the ids of ATCF are others. */
static void forecasts_of_eval_are_drawn(void **state)
{
    (void)state;
    need_pictures();
    char *text;
    FILE *file = fopen("many.csv", "w");
    assert_non_null(file);
    fputs("sid,iso_time,lat,lon\n", file);
    for (int s = 0; s < 12; s++) /* each sways its own way, which nothing learned foresees */
        for (int i = 0; i < 17; i++)
            fprintf(file, "T%02d,2001-01-%02d %02d:00:00,%.9f,%.9f\n", s, 1 + i / 4, 6 * (i % 4), -12.0 + (1.0 + 0.3 * s) * sin(0.7 * i + s * s),
                    175.0 + i > 180.0 ? i - 185.0 : 175.0 + i);
    assert_int_equal(fclose(file), 0);
    static const char *const names[] = {"f.nc", "f.csv", "f.dat"};
    for (int i = 0; i < 3; i++) {
        free(run(0, "eval --tracks many.csv --track-step 6 --domains forecast --context 6 --leads 6,12,18 --share 0.3 --samples 5 -o %s -q", names[i]));
        if (i < 2)
            free(run(0, "plot %s --tracks many.csv --kind errors -o e%d.svg", names[i], i));
    }
    text = read_file("f.dat");
    assert_non_null(text);
    assert_contains(text, "SH, 01, 2001010206, 03, GN00,   0,");
    assert_contains(text, "SH, 01, 2001010206, 03, GN04,  18,");
    free(text);
    free(run(1, "eval --tracks many.csv --track-step 6 --domains forecast --context 6 --leads 6 --share 0.3 -o f.nc -q"));
    free(run(2, "eval --tracks many.csv --track-step 6 --domains forecast,interpolation --context 6 -o g.nc -q"));
}

static void wrong_usage_is_told(void **state)
{
    (void)state;
    need_pictures();
    write_tracks("forecast.csv", 2, false);
    write_tracks("truth.csv", 0, false);
    static const struct {
        int code;
        const char *line, *says;
    } cases[] = {{2, "forecast.csv --kind density -o a.svg", "go with --tracks"},
                 {2, "forecast.csv --tracks truth.csv --kind spagetti -o a.svg", "did you mean 'spaghetti'?"},
                 {1, "forecast.csv --tracks truth.csv --kind ellipses -o a.svg", "3 members or more"},
                 {1, "forecast.csv --tracks truth.csv --storm S2 -o a.svg", "storm S2 is not in"},
                 {2, "forecast.csv --tracks truth.csv --stat mean -o a.svg", "not with tracks"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = run(cases[i].code, "plot %s", cases[i].line);
        assert_contains(text, cases[i].says);
        free(text);
    }
    assert_int_not_equal(access("a.svg", F_OK), 0);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(forecasts_are_drawn_over_the_date_line_and_the_pole),
    IN_FOLDER(forecasts_of_eval_are_drawn),
    IN_FOLDER(wrong_usage_is_told),
};

GNDP_TEST_MAIN(tests)
