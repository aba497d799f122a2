// SPDX-License-Identifier: Apache-2.0
// `gndp gp` on files of fields and on tables of observations.
#include "cli/files.h"

#include <gndp/io.h>
#include <gndp/kernels.h>

/* ---- Against closed forms ---------------------------------------------------------------------
 */

/* One station of a set of two points: mean m + k (y - m) / (v + s2). */
static void gp_infer_on_a_file_equals_the_closed_form(void **state)
{
    (void)state;
    free(run(0, "gen se --grid 2 --domain 0:1 -n 3 -o two.nc"));
    char *table = run(0, "gen se --grid 2 --domain 0:1 -n 3 -o -");
    double y[2];
    assert_int_equal(sscanf(table, "%*s\n0,%*f,%*f,%lf\n1,%*f,%*f,%lf", &y[0], &y[1]), 2);
    free(table);
    json_t *object = run_json("gp infer --kernel 'rbf() + white(variance=0.25)' --data two.nc "
                              "--member 2 --stations 1 --mean 0.5");
    const double k = exp(-0.5);
    const double m0 = number_at(object, "mean.0.0"), m1 = number_at(object, "mean.1.0");
    /* whichever point was drawn: the posterior there is 0.5 + (y - 0.5) / 1.25 */
    const bool first = fabs(m0 - (0.5 + (y[0] - 0.5) / 1.25)) < 1e-6;
    const double seen = first ? y[0] : y[1], truth = first ? y[1] : y[0];
    const double other = 0.5 + k * (seen - 0.5) / 1.25;
    assert_near(first ? m0 : m1, 0.5 + (seen - 0.5) / 1.25, 1e-6,
                "at the station"); /* floats in the file */
    assert_near(first ? m1 : m0, other, 1e-6, "at the other point");
    assert_near(number_at(object, "gp.rmse"), fabs(truth - other), 1e-6, "rmse");
    assert_near(number_at(object, "gp.mean_sd"), sqrt(1.25 - k * k / 1.25), 1e-6,
                "sd of a new value");
    assert_near(number_at(object, "gp.n"), 1.0, 0.0, "n");
    json_decref(object);
}

/* The log marginal likelihood of several fields is the sum of those of each. */
static void gp_fit_adds_the_fields_up(void **state)
{
    (void)state;
    const char *kernel = "--kernel 's2_matern(nu=2.5, kappa=0.3) + white(variance=0.1)' --mean 0";
    const char *fixed =
        "--fix 0/s2_matern/kappa --fix 0/s2_matern/variance --fix 1/white/variance --starts 1";
    double sum = 0.0;
    free(run(0, "gen sphere --grid r12x6 -n 3 -o globe.nc"));
    for (int m = 0; m < 3; m++) {
        json_t *one = run_json("gp infer %s --data globe.nc --member %d", kernel, m);
        sum += number_at(one, "log_marginal");
        json_decref(one);
    }
    json_t *all = run_json("gp fit %s %s --data globe.nc", kernel, fixed);
    assert_near(number_at(all, "members"), 3.0, 0.0, "fields");
    assert_near(number_at(all, "log_marginal"), sum, 1e-6 * fabs(sum), "sum");
    json_decref(all);
}

/* On a local plane distances are great circles: two stations 1 degree of latitude apart. */
static void gp_takes_degrees_as_a_plane_in_km_or_as_the_sphere(void **state)
{
    (void)state;
    write_file("two.csv", "lat,lon,y1\n50,0,1\n51,0,-1\n");
    const double km = 6371.0 * acos(-1.0) / 180.0, k = exp(-0.5 * pow(km / 100.0, 2));
    json_t *fit = run_json(
        "gp fit --kernel 'rbf(lengthscale=100) + white(variance=0.5)' --data two.csv --starts 1 "
        "--fix 0/rbf/lengthscale --fix 0/rbf/variance --fix 1/white/variance");
    /* y = (1, -1) is an eigenvector: K y = (1.5 - k) y, det K = 1.5^2 - k^2 */
    const double wanted = -1.0 / (1.5 - k) - 0.5 * log(2.25 - k * k) - log(2.0 * acos(-1.0));
    assert_near(number_at(fit, "log_marginal"), wanted, 1e-9, "log marginal on the plane");
    assert_string_equal(text_at(fit, "frame.space"), "plane_km");
    assert_near(number_at(fit, "frame.lat0_deg"), 50.5, 1e-9, "centre");
    json_decref(fit);
    fit = run_json(
        "gp fit --kernel 's2_heat(kappa=0.1) + white(variance=0.5)' --data two.csv --starts 1 "
        "--fix 0/s2_heat/kappa --fix 0/s2_heat/variance --fix 1/white/variance");
    assert_string_equal(text_at(fit, "frame.space"), "sphere");
    json_decref(fit);
}

/* ---- Observations -----------------------------------------------------------------------------
 */

static const char observations[] = "time,lat,lon,t2m,u10,v10\n"
                                   "2019-03-10T06:00Z,52.1,0.5,280.1,3,4\n"
                                   "2019-03-10T06:00Z,53.1,-1.5,279.1,2,4\n"
                                   "2019-03-10T06:00Z,54.1,-2.5,278.1,1,NA\n"
                                   "2019-03-10T12:00Z,52.1,0.5,283.1,3,4\n"
                                   "2019-03-10T12:00Z,53.1,-1.5,282.1,2,4\n";

static void gp_infer_analyses_every_time_of_a_table(void **state)
{
    (void)state;
    write_file("obs.csv", observations);
    write_file("at.csv", "lat,lon\n52.1,0.5\n58,-8\n");
    free(run(0, "gp infer --kernel 'matern32(lengthscale=200, variance=4) + white(variance=1e-6)' "
                "--obs obs.csv --var t2m "
                "--points at.csv -o obs.nc -q"));
    const char *path = "obs.nc";
    gndp_fieldset *set = NULL;
    assert_int_equal(gndp_netcdf_open(&path, 1, NULL, &set), GNDP_OK);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 2);
    assert_string_equal(spec->channel[0].name, "t2m_mean");
    assert_string_equal(spec->channel[1].name, "t2m_std");
    assert_string_equal(gndp_calendar_text(spec->calendar, spec->label[1].time_s).text,
                        "2019-03-10T12:00:00");
    double y[2 * 2 * 2];
    const int64_t fields[2] = {0, 1};
    assert_int_equal(gndp_fieldset_read(set, 2, fields, 2, NULL, y, NULL), GNDP_OK);
    assert_near(y[0], 280.1, 0.01, "mean at a station");
    assert_near(y[4], 283.1, 0.01, "mean at a station, six hours later");
    assert_near(y[3], 2.0, 0.1, "sd far away"); /* the prior's, 700 km off */
    gndp_fieldset_free(set);
    /* three places at one time, two at the other; one lacks v10 */
    json_t *wind = run_json(
        "gp infer --kernel 'divfree(rbf(lengthscale=300)) + white(variance=0.1)' --obs obs.csv "
        "--var wind=u10,v10 --time 2019-03-10T06 --points at.csv");
    assert_near(number_at(wind, "n_data"), 2.0, 0.0, "places with both");
    assert_near(number_at(wind, "outputs"), 2.0, 0.0, "outputs");
    json_decref(wind);
}

/* ---- Files out --------------------------------------------------------------------------------
 */

static void gp_infer_writes_draws_and_moments_that_agree(void **state)
{
    (void)state;
    enum { MEMBERS = 200 };
    free(run(0, "gen sphere --grid r12x6 -n 2 -o globe.nc"));
    free(run(0,
             "gp infer --kernel 's2_rbf(lengthscale=0.3) + white(variance=0.01)' --data globe.nc "
             "--member 1 --stations 20 "
             "-n %d -o draws.nc --stats stats.nc",
             MEMBERS));
    const char *paths[2] = {"draws.nc", "stats.nc"};
    gndp_fieldset *draws = NULL, *stats = NULL;
    assert_int_equal(gndp_netcdf_open(&paths[0], 1, NULL, &draws), GNDP_OK);
    assert_int_equal(gndp_netcdf_open(&paths[1], 1, NULL, &stats), GNDP_OK);
    assert_int_equal(gndp_fieldset_get_spec(draws)->n_fields, MEMBERS);
    double y[72], moments[144], sum = 0.0, square = 0.0;
    const int64_t zero = 0;
    assert_int_equal(gndp_fieldset_read(stats, 1, &zero, 72, NULL, moments, NULL), GNDP_OK);
    int point = 0; /* where the spread is largest */
    for (int i = 0; i < 72; i++)
        point = moments[2 * i + 1] > moments[2 * point + 1] ? i : point;
    for (int64_t m = 0; m < MEMBERS; m++) {
        assert_int_equal(gndp_fieldset_read(draws, 1, &m, 72, NULL, y, NULL), GNDP_OK);
        const double z = (y[point] - moments[2 * point]) / moments[2 * point + 1];
        sum += z / MEMBERS;
        square += z * z / MEMBERS;
    }
    assert_near(sum, 0.0, 4.5 / sqrt(MEMBERS), "mean of draws"); /* 4.5 standard errors */
    assert_near(square, 1.0, 4.5 * sqrt(2.0 / MEMBERS), "variance of draws");
    gndp_fieldset_free(draws);
    gndp_fieldset_free(stats);
}

static void gp_sample_table_and_file_hold_the_same(void **state)
{
    (void)state;
    const char *sample =
        "gp sample --kernel 'rbf() + white(variance=0.1)' --plane 0:2:3,0:1:2 --members 4,7";
    free(run(0, "%s -o a.nc", sample));
    char *table = run(0, "%s -o -", sample);
    const char *path = "a.nc";
    gndp_fieldset *set = NULL;
    assert_int_equal(gndp_netcdf_open(&path, 1, NULL, &set), GNDP_OK);
    assert_int_equal(gndp_fieldset_get_spec(set)->label[1].member, 7);
    const char *row = strchr(table, '\n') + 1;
    for (int i = 0; i < 6; i++) {
        double x[2], y[2], read[2];
        assert_int_equal(sscanf(row, "%lf,%lf,%lf,%lf", &x[0], &x[1], &y[0], &y[1]), 4);
        const int64_t fields[2] = {0, 1}, point = i;
        assert_int_equal(gndp_fieldset_read(set, 2, fields, 1, &point, read, NULL), GNDP_OK);
        assert_true(read[0] == (double)(float)y[0] && read[1] == (double)(float)y[1]);
        row = strchr(row, '\n') + 1;
    }
    gndp_fieldset_free(set);
    free(table);
}

/* ---- Real data --------------------------------------------------------------------------------
 */

/* 50 stations of the ERA5 temperature over the British Isles, the kernel fitted to what they see:
   the field between them is predicted better than by the climatology of the other hours, which is
   better than nothing only on a day like the others. */
static void gp_predicts_real_fields_better_than_climatology(void **state)
{
    (void)state;
    const char *folder = data_folder();
    json_t *object = run_json(
        "gp infer --kernel 'matern32(lengthscale=200) + white(variance=0.1)' --fit --starts 2 "
        "--data '%s/era5_t2m_uk_2019-03.nc' --time 2019-03-20T00/2019-03-20T05 --stations 50 "
        "--mean climatology -o post.nc",
        folder);
    assert_near(number_at(object, "sets"), 6.0, 0.0, "hours");
    assert_near(number_at(object, "gp.n"), 6.0 * (33 * 49 - 50), 0.0, "held-out values");
    assert_near(number_at(object, "climate_fields"), 595.0 - 6.0, 0.0, "other hours");
    assert_true(number_at(object, "gp.rmse") < 0.8 * number_at(object, "constant.rmse"));
    assert_true(number_at(object, "gp.rmse") < 0.6 * number_at(object, "climatology.rmse"));
    assert_true(number_at(object, "gp.crps") < 0.6 * number_at(object, "climatology.crps"));
    /* coverage of the 90 % interval: the values of one hour are dependent, so a wide bound */
    assert_near(number_at(object, "gp.coverage.1.within"), 0.9, 0.08, "coverage");
    json_decref(object);
    const outcome cdo = shell("command -v cdo >/dev/null || exit 77; cdo -s infon post.nc");
    if (cdo.code != 77) {
        assert_int_equal(cdo.code, 0);
        assert_null(strstr(cdo.out, "arning"));
        assert_contains(cdo.out, "t2m_mean");
        assert_int_equal(count_lines(cdo.out), 13);
    }
    free(cdo.out);
    json_t *eval = run_json(
        "gp eval --kernel 'matern32(lengthscale=200) + white(variance=0.1)' --fit --starts 2 "
        "--data '%s/era5_t2m_uk_2019-03.nc' --time 2019-03-20T00/2019-03-20T05 --stations 50 "
        "--mean climatology",
        folder);
    assert_true(number_at(eval, "gp.joint_log_density") >
                number_at(eval, "gp.log_density")); /* neighbours tell of each other */
    json_decref(eval);
}

/* ---- What is refused --------------------------------------------------------------------------
 */

static void gp_refuses_files_in_one_line(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *arguments, *part;
    } cases[] = {
        {1, "gp infer --kernel 'rbf()' --data globe.nc --stations 5", "too much of the sphere"},
        {1, "gp infer --kernel 's2_heat(kappa=0.3)' --data wind.nc --stations 5",
         "the kernel has 1 output"},
        {1, "gp infer --kernel 's2_heat(kappa=0.3)' --data globe.nc --member 0 --stations 73",
         "73 points are asked for"},
        {2, "gp infer --kernel 's2_heat(kappa=0.3)' --data globe.nc --stations 5 -o a.csv",
         "name an .nc file"},
        {1, "gp infer --kernel 's2_heat(kappa=0.3)' --data globe.nc --stations 5 -o a.nc",
         "--member"},
        {2, "gp infer --kernel 's2_heat(kappa=0.3)' --data globe.nc --mean climatology",
         "climatology"},
        {2, "gp infer --kernel 'rbf()' --data one.csv --line 0:1:3 --stations 5",
         "--stations belongs to files of fields"},
        {2, "gp infer --kernel 'rbf()' --data one.csv --line 0:1:3 --fix 0/rbf/variance",
         "--fix belongs to --fit"},
        {2, "gp infer --kernel 'rbf()' --data one.csv --line 0:1:3 --stats s.csv", "ends in .nc"},
        {2, "gp eval --kernel 's2_heat(kappa=0.3)' --data globe.nc --test one.csv",
         "--test belongs to tables"},
        {2, "gp fit --kernel 's2_heat()' --data globe.nc --points all", "a number of points"},
        {2, "gp fit --kernel 'rbf()' --data one.csv --box 0,1,0,1", "--box does not apply"},
        {1, "gp infer --kernel 'rbf()' --obs obs.csv --var rain --like globe.nc",
         "there is no variable 'rain'"},
        {1, "gp infer --kernel 'rbf()' --data none.nc --stations 5", "none.nc"},
    };
    free(run(0, "gen sphere --grid r12x6 -n 2 -o globe.nc"));
    free(run(0, "gen sphere_wind --grid r12x6 -n 1 -o wind.nc"));
    write_file("one.csv", "x1,y1\n0,2\n");
    write_file("obs.csv", observations);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = run(cases[i].code, "%s -q", cases[i].arguments);
        if (count_lines(text) != 1)
            fail_msg("not one line from %s: %s", cases[i].arguments, text);
        assert_contains(text, cases[i].part);
        free(text);
    }
    assert_null(read_file("a.nc"));
    assert_null(read_file("a.nc.part"));
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(gp_infer_on_a_file_equals_the_closed_form),
    IN_FOLDER(gp_fit_adds_the_fields_up),
    IN_FOLDER(gp_takes_degrees_as_a_plane_in_km_or_as_the_sphere),
    IN_FOLDER(gp_infer_analyses_every_time_of_a_table),
    IN_FOLDER(gp_infer_writes_draws_and_moments_that_agree),
    IN_FOLDER(gp_sample_table_and_file_hold_the_same),
    IN_FOLDER(gp_predicts_real_fields_better_than_climatology),
    IN_FOLDER(gp_refuses_files_in_one_line),
};

GNDP_TEST_MAIN(tests)
