// SPDX-License-Identifier: Apache-2.0
// `gndp plot` as a shell user runs it: fields, functions, tracks, tables, runs, and what it
// refuses.
#include "program.h"

#include <stdbool.h>

/* Without cairo, or without PROJ, the program says so: then there is nothing more to test. */
static void need_pictures(void)
{
    write_file("probe.csv", "lat,lon,t2m\n50,0,1\n51,1,2\n");
    const outcome r = shell("gndp plot probe.csv -o probe.png -q");
    const bool none =
        r.code != 0 && (strstr(r.out, "cairo") != NULL || strstr(r.out, "PROJ") != NULL);
    free(r.out);
    if (none) {
        print_message("no cairo or no PROJ: skipped\n");
        skip();
    }
    assert_int_equal(r.code, 0);
    assert_int_equal(unlink("probe.png"), 0);
}

static void assert_picture(const char *path, const char *begins)
{
    char got[8] = "";
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s was not written", path);
    assert_true(fread(got, 1, sizeof got, file) == sizeof got);
    fclose(file);
    assert_memory_equal(got, begins, strlen(begins));
}

static void done(char *out)
{
    free(out);
}

static void plot_draws_fields_functions_and_vectors(void **state)
{
    (void)state;
    need_pictures();
    done(run(0, "gen sphere --grid r24x12 -n 3 -o globe.nc -q"));
    done(run(0, "gen sphere_wind --grid r24x12 -n 2 -o wind.nc -q"));
    done(run(0, "gen gp_divfree -n 2 -o flow.nc -q"));
    done(run(0, "gen se -n 20 -o se.nc -q"));
    done(run(0, "gen mixture --random -n 5 -o own.nc -q"));
    done(run(0, "plot globe.nc -o globe.png -q"));
    done(run(0, "plot globe.nc --stat mean,sd -o stat.pdf -q"));
    done(run(0, "plot globe.nc --compare globe.nc --smooth -o both.svg -q"));
    done(run(0, "plot wind.nc --projection '+proj=ortho +lat_0=30' -o wind.png -q"));
    done(run(0, "plot flow.nc -o flow.png"));
    done(run(0, "plot se.nc -o se.png"));
    done(run(0, "plot se.nc --compare se.nc -o pair.png"));
    done(run(0, "plot own.nc -n 3 -o own.png"));
    assert_picture("globe.png", "\x89PNG");
    assert_picture("stat.pdf", "%PDF-");
    assert_picture("both.svg", "<?xml");
    assert_picture("flow.png", "\x89PNG");
    assert_picture("own.png", "\x89PNG");
}

static void plot_puts_observations_on_fields(void **state)
{
    (void)state;
    need_pictures();
    done(run(0, "gen sphere --grid r24x12 -n 1 -o globe.nc -q"));
    write_file("stations.csv", "lat,lon,y\n50,0,0.5\n-20,-170,-1\n");
    write_file("line.csv", "x1,y1,sd1\n0,0.5,0.1\n1,-1,0.2\n");
    done(run(0, "plot globe.nc --obs stations.csv -o globe.png -q"));
    done(run(0, "plot stations.csv -o stations.png -q"));
    done(run(0, "plot line.csv -o line.png"));
    char *out = run(1, "plot globe.nc --obs line.csv -o no.png -q");
    assert_contains(out, "latitude and longitude");
    free(out);
    assert_int_equal(access("no.png", F_OK), -1);
}

static void plot_draws_tracks_and_events(void **state)
{
    (void)state;
    need_pictures();
    write_file(
        "tracks.csv",
        "sid,iso_time,lat,lon\nA,2000-01-01 00:00:00,-10,178\nA,2000-01-01 06:00:00,-11,179.5\n"
        "A,2000-01-01 12:00:00,-12,-179\nB,2001-01-01 00:00:00,-20,170\nB,2001-01-01 "
        "06:00:00,-21,171\n");
    write_file("events.csv", "latitude,longitude\n10,20\n-30,170\n60,-100\n");
    done(run(0, "plot tracks.csv -o tracks.png -q"));
    done(run(0, "plot events.csv -o events.pdf -q"));
    assert_picture("tracks.png", "\x89PNG");
    assert_picture("events.pdf", "%PDF-");
}

static void plot_draws_the_loss_of_a_run(void **state)
{
    (void)state;
    need_pictures();
    assert_int_equal(system("mkdir run"), 0);
    write_file("run/metrics.csv",
               "step,loss,zero_loss,validation,gradient_norm,rate,seconds\n10,1.0,1.1,,2,1e-3,1\n"
               "20,0.5,1.1,0.6,2,1e-3,2\n30,0.1,1.0,,2,1e-3,3\n");
    done(run(0, "plot run -o a.png"));
    done(run(0, "plot run/metrics.csv -o b.svg"));
    assert_picture("a.png", "\x89PNG");
    assert_picture("b.svg", "<?xml");
    write_file("run/metrics.csv", "step,loss\n10,\n20,\n");
    char *out = run(1, "plot run -o c.png");
    assert_contains(out, "gndp: ");
    free(out);
    assert_int_equal(access("c.png", F_OK), -1);
}

static void plot_refuses_what_is_not_meant(void **state)
{
    static const struct {
        int code;
        const char *line, *part;
    } cases[] = {
        {2, "plot -o a.png", "name of a file"},
        {2, "plot se.nc", "OUT.png, OUT.pdf or OUT.svg"},
        {2, "plot se.nc -o a.gif", "OUT.png, OUT.pdf or OUT.svg"},
        {1, "plot none.nc -o a.png", "none.nc"},
        {2, "plot se.nc --palette rainbow -o a.png", "sequential or diverging"},
        {2, "plot globe.nc --stat median -o a.png", "mean, sd or mean,sd"},
        {2, "plot globe.nc --limits 3,1 -o a.png", "low,high"},
        {2, "plot globe.nc --region 1,2,3 -o a.png", "west,east,south,north"},
        {1, "plot globe.nc --projection +proj=none -o a.png", "+proj=none"},
        {1, "plot globe.nc --compare se.nc -o a.png", "coordinates"},
        {1, "plot se.nc --log-y -o a.png", "logarithmic"},
        {1, "plot globe.nc -o there.png", "-O overwrites"},
    };
    (void)state;
    need_pictures();
    done(run(0, "gen sphere --grid r12x6 -n 1 -o globe.nc -q"));
    done(run(0, "gen se -n 3 -o se.nc -q"));
    write_file("there.png", "x");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = run(cases[i].code, "%s", cases[i].line);
        assert_contains(out, cases[i].part);
        free(out);
        assert_int_equal(access("a.png", F_OK), -1);
    }
    done(run(0, "plot globe.nc -O -o there.png -q"));
    assert_picture("there.png", "\x89PNG");
}

static void plot_draws_real_data(void **state)
{
    const char *data = getenv("GNDP_DATA");
    (void)state;
    need_pictures();
    if (data == NULL) {
        print_message("GNDP_DATA is not set: skipped\n");
        skip();
    }
    done(run(0, "plot '%s/era5_t2m_uk_2019-03.nc' -n 2 -o uk.png -q", data));
    done(run(0, "plot '%s/ostia_monthly.nc' -n 1 -o ostia.png -q", data));  /* missing values */
    done(run(0, "plot '%s/A1B_north_america.nc' -n 1 -o na.png -q", data)); /* 360 days */
    done(run(0, "plot '%s/IBTrACS.SP.v04r00.nc' --season 2010-2012 -o sp.png -q",
             data)); /* the date line */
    char *out = run(1, "plot '%s/bad/all_missing.nc' -o a.png -q", data);
    assert_contains(out, "gndp: ");
    free(out);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(plot_draws_fields_functions_and_vectors),
    IN_FOLDER(plot_puts_observations_on_fields),
    IN_FOLDER(plot_draws_tracks_and_events),
    IN_FOLDER(plot_draws_the_loss_of_a_run),
    IN_FOLDER(plot_refuses_what_is_not_meant),
    IN_FOLDER(plot_draws_real_data),
};
GNDP_TEST_MAIN(tests)
