// SPDX-License-Identifier: Apache-2.0
// `gndp infer`: members are draws of the exact posterior where the law is known; places, units, components; what was interrupted goes on.
#include "cli/files.h"
#include "cli/model_case.h"

#include <gndp/gndp.h>

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

/* A network that stays zero leaves the limit as the law of fields: a Gaussian process whose posterior gndp gp infer has in closed form. */
#define KERNEL "rbf(lengthscale=0.4) + white(variance=0.01)"
static void gaussian_model(void)
{
    write_file("gaussian.yaml", "data:\n"
                                "  source: generator\n"
                                "  generator: {name: se, fields: 10, points: 24, random: no}\n"
                                "  split: {train: 1, validation: 0, test: 0}\n"
                                "  normalise: none\n"
                                "process: {kernel: \"" KERNEL "\"}\n"
                                "score: {net: bi_attention, layers: 1, hidden: 8, heads: 2}\n"
                                "train: {steps: 1, batch: 8, learning_rate: {warmup: 10, initial: 0}}\n"
                                "infer: {steps: 60, prior: limit}\n");
    free(run(0, "train gaussian.yaml -q -o run"));
    write_file("obs.csv", "x1,y1,sd1\n-1.6,0.9,0.1\n-0.26086957,-0.8,0.2\n0.55,1.5,0.1\n1.1,-0.2,0.3\n"); /* the second is a grid point, rounded */
}

static const char quick[] = "--method guidance --steps 8 -q";

static gndp_csv table_of(const char *path)
{
    gndp_csv csv = {0};
    must(gndp_csv_read(path, true, &csv));
    return csv;
}

static double cell(const gndp_csv *csv, int64_t row, int column)
{
    double value;
    must(gndp_csv_number(csv, row, column, &value));
    return value;
}

/* All values of a file of fields, by field. */
static double *values_of(const char *path, int64_t *n)
{
    gndp_fieldset *set = NULL;
    gndp_read_options options = gndp_read_options_default();
    must(gndp_file_open(&path, 1, &options, &set));
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields, size = gndp_fieldset_max_points(set) * gndp_fieldset_components(set);
    double *values = malloc((size_t)(fields * size) * sizeof *values);
    assert_non_null(values);
    for (int64_t f = 0; f < fields; f++)
        must(gndp_fieldset_read(set, 1, &f, gndp_fieldset_max_points(set), NULL, values + f * size, NULL));
    *n = fields * size;
    gndp_fieldset_free(set);
    return values;
}

static void assert_header_has(const char *path, const char *part)
{
    char line[256];
    snprintf(line, sizeof line, "ncdump -h %s", path);
    outcome r = shell(line);
    if (r.code == 0)
        assert_contains(r.out, part);
    free(r.out);
}

/* ---- Against the exact posterior ------------------------------------------------------------ */

/* Mean and deviation of M members at each of the 24 points against the closed form: within four standard errors of M draws and a bias of 0.08 posterior
   deviations, more than what geomndp.md 7.1 and 7.4 give for these numbers of steps. */
static void assert_posterior(const char *options)
{
    enum { M = 128, N = 24 };
    free(run(0, "infer run/model.nc --obs obs.csv -n %d --batch 64 -q -O %s -o members.csv", M, options));
    gndp_csv members = table_of("members.csv"), exact = table_of("exact.csv");
    assert_int_equal(members.n_rows, N);
    assert_int_equal(members.n_columns, 1 + M);
    for (int i = 0; i < N; i++) {
        double mean = 0.0, square = 0.0;
        const double m = cell(&exact, i, 1), s = cell(&exact, i, 2);
        for (int k = 0; k < M; k++)
            mean += cell(&members, i, 1 + k) / M;
        for (int k = 0; k < M; k++)
            square += pow(cell(&members, i, 1 + k) - mean, 2) / (M - 1);
        assert_near(cell(&members, i, 0), cell(&exact, i, 0), 1e-12, "place");
        assert_near(mean, m, (4.0 / sqrt(M) + 0.08) * s, options);
        assert_near(sqrt(square) / s, 1.0, 4.0 / sqrt(2.0 * M) + 0.08, options);
    }
    gndp_csv_free(&members);
    gndp_csv_free(&exact);
}

static void infer_draws_the_exact_posterior(void **state)
{
    (void)state;
    gaussian_model();
    free(run(0, "gp infer --kernel '" KERNEL "' --data obs.csv --line -2:2:24 --observe -q -o exact.csv"));
    assert_posterior("--method langevin");
    assert_posterior("--method guidance --covariance exact --steps 100");
    assert_posterior("--method langevin --line -2:2:24 --seed 7");
    assert_posterior("--method bridge --steps 3");
    assert_posterior("--prior '" KERNEL "' --steps 2"); /* bridge is what auto takes */
}

/* The evidence of particles is the marginal likelihood of all observations, also of two of one value: within four of its standard errors. */
static void infer_evidence_is_the_marginal_likelihood(void **state)
{
    (void)state;
    const gndp_conditional_info *info;
    if (gndp_conditional_find("twisted", &info) != GNDP_OK)
        skip();
    gaussian_model();
    write_file("twice.csv", "x1,y1,sd1\n-1.6,0.9,0.3\n0.55,1.5,0.4\n0.55,0.8,0.6\n");
    /* the same by a process whose second value of a place is another point a hair away, without white noise of its own: by hand from the two values'
       precision-weighted mean and the density of their difference */
    const double v1 = 0.16, v2 = 0.36, difference = -0.5 * (log(2.0 * acos(-1.0) * (v1 + v2)) + 0.49 / (v1 + v2));
    char line[160];
    const double v = v1 * v2 / (v1 + v2), mean = (1.5 / v1 + 0.8 / v2) * v;
    snprintf(line, sizeof line, "x1,y1,sd1\n-1.6,0.9,0.3\n0.55,%.17g,%.17g\n", mean, sqrt(v));
    write_file("once.csv", line);
    json_t *exact = run_json("gp infer --kernel '" KERNEL "' --data once.csv --line -2:2:24");
    json_t *got = run_json("infer run/model.nc --obs twice.csv -n 24 --method twisted --particles 64 --steps 60 -O -o e.csv");
    const double wanted = number_at(exact, "log_marginal") + difference, error = number_at(got, "log_evidence_error");
    assert_true(error > 0.0 && error < 0.2);
    assert_near(number_at(got, "log_evidence"), wanted, 4.0 * error + 0.05, "evidence");
    json_decref(exact);
    json_decref(got);
}

/* ---- Places --------------------------------------------------------------------------------- */

static void infer_adds_only_places_that_are_no_targets(void **state)
{
    (void)state;
    gaussian_model();
    json_t *r = run_json("infer run/model.nc --obs obs.csv -n 2 %s -o a.csv", quick);
    assert_int_equal((int)number_at(r, "observations"), 4);
    assert_int_equal((int)number_at(r, "added"), 3);
    json_decref(r);
    write_file("grid.csv", "x1,y1\n-2,0.25\n0.60869565,-1.5\n2,0.75\n"); /* exact values of grid points */
    r = run_json("infer run/model.nc --obs grid.csv -n 3 %s -o b.csv", quick);
    assert_int_equal((int)number_at(r, "added"), 0);
    json_decref(r);
    free(run(0, "infer run/model.nc --obs grid.csv -n 3 -q --steps 20 -o c.csv"));
    gndp_csv c = table_of("c.csv");
    for (int k = 1; k <= 3; k++) { /* the last step puts exact values in, to the rounding of the network's f32 */
        assert_near(cell(&c, 0, k), 0.25, 1e-5, "first");
        assert_near(cell(&c, 15, k), -1.5, 1e-5, "inner");
        assert_near(cell(&c, 23, k), 0.75, 1e-5, "last");
    }
    gndp_csv_free(&c);
}

static void infer_of_fields_sees_what_gp_infer_sees(void **state)
{
    (void)state;
    gaussian_model();
    free(run(0, "gen se -n 3 --points 24 -q -o f.nc"));
    json_t *r = run_json("infer run/model.nc --obs f.nc --member 1 --every 4 -n 2 %s -o a.csv", quick);
    assert_int_equal((int)number_at(r, "observations"), 6);
    assert_int_equal((int)number_at(r, "added"), 0);
    json_decref(r);
    r = run_json("infer run/model.nc --obs f.nc --member 1 --fraction 0.5 --reserve 0 -n 2 %s -o b.csv", quick);
    assert_int_equal((int)number_at(r, "observations"), 12);
    json_decref(r);
    /* the same points for the same seed: exact values, where the posterior of a process has no spread to speak of */
    free(run(0, "infer run/model.nc --obs f.nc --member 1 --stations 5 --seed 4 -n 1 -q --steps 10 -o c.csv"));
    free(run(0, "gp infer --kernel 'rbf(lengthscale=0.4)' --data f.nc --member 1 --stations 5 --seed 4 -q -o d.csv"));
    gndp_csv c = table_of("c.csv"), d = table_of("d.csv");
    int seen = 0;
    for (int i = 0; i < 24; i++)
        if (cell(&d, i, 2) < 1e-4) {
            assert_near(cell(&c, i, 1), cell(&d, i, 1), 1e-3, "observed point");
            seen++;
        }
    assert_int_equal(seen, 5);
    gndp_csv_free(&c);
    gndp_csv_free(&d);
    assert_one_line(2, "--stations N", "infer run/model.nc --obs f.nc -n 1 -o e.csv");
    assert_one_line(1, "one a time", "infer run/model.nc --obs f.nc --every 4 -n 1 -o e.nc");
}

/* ---- Members -------------------------------------------------------------------------------- */

static void infer_members_are_functions_of_their_number(void **state)
{
    (void)state;
    gaussian_model();
    static const char common[] = "infer run/model.nc --obs obs.csv --method langevin --steps 15 --inner 5 -q";
    free(run(0, "%s -n 16 -o all.csv", common));
    free(run(0, "%s --members 5 -o one.csv", common));
    free(run(0, "%s --members 21,5,37 --threads 1 -o some.csv", common)); /* all of one slot */
    free(run(0, "%s --members 5 --seed 2 -o other.csv", common));
    free(run(0, "%s --members 5 --f64 -o one.nc", common));
    gndp_csv all = table_of("all.csv"), one = table_of("one.csv"), some = table_of("some.csv"), other = table_of("other.csv");
    int64_t n;
    double *file = values_of("one.nc", &n);
    assert_int_equal(n, 24);
    for (int i = 0; i < 24; i++) {
        assert_true(cell(&one, i, 1) == cell(&all, i, 6));
        assert_true(cell(&some, i, 2) == cell(&all, i, 6));
        assert_true(cell(&some, i, 1) != cell(&all, i, 6));
        assert_true(cell(&other, i, 1) != cell(&all, i, 6));
        assert_true(file[i] == cell(&one, i, 1));
    }
    free(file);
    gndp_csv_free(&all);
    gndp_csv_free(&one);
    gndp_csv_free(&some);
    gndp_csv_free(&other);
}

static void infer_statistics_are_those_of_the_members(void **state)
{
    (void)state;
    int64_t n, m;
    gaussian_model();
    free(run(0, "infer run/model.nc --obs obs.csv -n 9 %s --f64 -o m.nc --stats s.nc", quick));
    free(run(0, "infer run/model.nc --obs obs.csv -n 9 %s --f64 --stats alone.nc", quick));
    double *y = values_of("m.nc", &n), *s = values_of("s.nc", &m), *alone = values_of("alone.nc", &m);
    assert_int_equal(n, 9 * 24);
    assert_int_equal(m, 5 * 24);
    for (int i = 0; i < 24; i++) {
        double x[9], mean = 0.0, square = 0.0;
        for (int k = 0; k < 9; k++)
            mean += (x[k] = y[k * 24 + i]) / 9.0;
        for (int k = 0; k < 9; k++)
            square += (x[k] - mean) * (x[k] - mean) / 8.0;
        int below = 0;
        for (int k = 0; k < 9; k++)
            below += x[k] <= s[5 * i + 3];
        assert_near(s[5 * i], mean, 1e-12, "mean");
        assert_near(s[5 * i + 1], sqrt(square), 1e-12, "deviation");
        assert_int_equal(below, 5); /* the median of nine is the fifth */
        for (int k = 0; k < 9; k++) /* at 0.1 (9 + 1) and 0.9 (9 + 1) the lowest and the highest */
            assert_true(s[5 * i + 2] <= x[k] && x[k] <= s[5 * i + 4]);
    }
    assert_memory_equal(s, alone, (size_t)m * sizeof *s);
    free(y);
    free(s);
    free(alone);
}

static void infer_goes_on_where_it_was(void **state)
{
    (void)state;
    static const char line[] = "infer run/model.nc --obs obs.csv -n 240 --batch 4 --steps 150 -q --f64 -o out.nc --stats s.nc";
    int64_t n, m;
    gaussian_model();
    free(run(0, "%s", line));
    double *whole = values_of("out.nc", &n), *stats = values_of("s.nc", &m);
    free(shell("rm out.nc s.nc").out);
    int status = 0, tries = 0;
    for (; tries < 10 && !there("out.nc.part"); tries++) { /* stopped too early there is no part: later then */
        const pid_t child = start(line);
        for (int i = 0; i < 500 && !there("out.nc.part"); i++)
            wait_ms(10);
        wait_ms(100 + 100 * tries);
        status = stop(child, tries % 2 == 0 ? SIGINT : SIGTERM);
        free(shell("rm -f out.nc s.nc").out);
        if (there("out.nc.part") && WIFEXITED(status) && WEXITSTATUS(status) != 130)
            free(shell("rm out.nc.part").out);
    }
    assert_true(there("out.nc.part") && WIFEXITED(status) && WEXITSTATUS(status) == 130);
    char *err = read_file("err.txt");
    assert_contains(err, "the same command goes on");
    free(err);
    assert_one_line(1, "gndp_method", "infer run/model.nc --obs obs.csv -n 240 --batch 4 --steps 151 -q --f64 -o out.nc");
    write_file("other.csv", "x1,y1\n0.5,1\n");
    assert_one_line(1, "gndp_observations_hash", "infer run/model.nc --obs other.csv -n 240 --batch 4 --steps 150 -q --f64 -o out.nc");
    const pid_t child = start(line);
    wait_ms(120);
    stop(child, SIGKILL);
    free(shell("rm -f s.nc s.nc.part").out);
    if (!there("out.nc") || !there("s.nc")) {
        free(shell("rm -f out.nc").out);
        free(run(0, "%s", line));
    }
    double *pieces = values_of("out.nc", &n), *again = values_of("s.nc", &m);
    assert_int_equal(n, 240 * 24);
    assert_memory_equal(whole, pieces, (size_t)n * sizeof *whole);
    assert_memory_equal(stats, again, (size_t)m * sizeof *stats);
    assert_false(there("out.nc.part") || there("s.nc.part"));
    free(whole);
    free(pieces);
    free(stats);
    free(again);
}

static void infer_leaves_nothing_when_the_disk_is_full(void **state)
{
    (void)state;
    gaussian_model();
    outcome r = shell("(ulimit -f 20; gndp infer run/model.nc --obs obs.csv --method guidance --steps 4 -n 300 -q -o big.nc; "
                      "gndp infer run/model.nc --obs obs.csv --method guidance --steps 4 -n 300 -q -o big.csv)");
    assert_int_equal(r.code, 1);
    assert_int_equal(count_lines(r.out), 2);
    assert_contains(r.out, "File too large");
    assert_false(there("big.nc") || there("big.csv") || there("big.csv.part"));
    free(r.out);
}

/* ---- Stations left out ---------------------------------------------------------------------- */

/* Forty values of a draw of the law, one of them spoilt. */
static void many_stations(bool spoilt)
{
    free(run(0, "gp sample --kernel '" KERNEL "' --scatter -2:2:40 --seed 3 -q -O -o draw.csv"));
    gndp_csv draw = table_of("draw.csv");
    FILE *file = fopen("many.csv", "w");
    assert_non_null(file);
    fprintf(file, "x1,y1,sd1\n");
    for (int i = 0; i < 40; i++)
        fprintf(file, "%.17g,%.17g,0.1\n", cell(&draw, i, 0), cell(&draw, i, 1) + (spoilt && i == 17 ? 5.0 : 0.0));
    assert_int_equal(fclose(file), 0);
    gndp_csv_free(&draw);
}

static void infer_scores_what_it_left_out(void **state)
{
    (void)state;
    gaussian_model();
    many_stations(false);
    json_t *r = run_json("infer run/model.nc --obs many.csv -n 32 --steps 8 -o a.nc");
    assert_int_equal((int)number_at(r, "left_out"), 4);
    assert_int_equal((int)number_at(r, "observations"), 36);
    assert_int_equal((int)number_at(r, "reserved.0.values"), 4);
    assert_true(number_at(r, "reserved.0.rmse") > 0.0 && number_at(r, "reserved.0.rmse") < 1.0);
    assert_true(number_at(r, "reserved.0.crps_fair") < number_at(r, "reserved.0.rmse"));
    json_decref(r);
    assert_header_has("a.nc", "gndp_reserved_scores_y = \"rmse");
    assert_header_has("a.nc", "gndp_observations = \"x1,variable,value,units,sigma");
    r = run_json("infer run/model.nc --obs many.csv -n 2 --reserve 0.5 %s -O -o a.csv", quick);
    assert_int_equal((int)number_at(r, "left_out"), 20);
    json_decref(r);
    r = run_json("infer run/model.nc --obs many.csv -n 2 --reserve 0 %s -O -o a.csv", quick);
    assert_int_equal((int)number_at(r, "left_out"), 0);
    json_decref(r);
    r = run_json("infer run/model.nc --obs obs.csv -n 2 %s -O -o a.csv", quick); /* four are too few */
    assert_int_equal((int)number_at(r, "left_out"), 0);
    json_decref(r);
}

static void infer_check_finds_the_bad_station(void **state)
{
    (void)state;
    gaussian_model();
    many_stations(false);
    json_t *r = run_json("infer run/model.nc --obs many.csv --steps 8 --check good.csv");
    assert_int_equal((int)number_at(r, "check.groups"), 10);
    /* 40 values of t law, mean and deviation by 16 members: a root mean square of sqrt(17/16 15/13) = 1.107, within four of its standard errors */
    assert_near(number_at(r, "check.z_rms"), 1.107, 4.0 * 1.107 / sqrt(80.0), "z");
    json_decref(r);
    many_stations(true);
    r = run_json("infer run/model.nc --obs many.csv --steps 8 --check-members 8 --folds 20 --check bad.csv");
    gndp_csv bad = table_of("bad.csv");
    const int column = gndp_csv_column(&bad, "z");
    int worst = 0;
    assert_int_equal(bad.n_rows, 40);
    for (int i = 1; i < 40; i++)
        if (fabs(cell(&bad, i, column)) > fabs(cell(&bad, worst, column)))
            worst = i;
    gndp_csv many = table_of("many.csv");
    assert_true(cell(&bad, worst, 0) == cell(&many, 17, 0));
    assert_true(cell(&bad, worst, column) > 5.0);
    assert_true(json_array_size(at(r, "check.flagged")) >= 1);
    gndp_csv_free(&bad);
    gndp_csv_free(&many);
    json_decref(r);
}

/* ---- Units, components, times --------------------------------------------------------------- */

/* Temperature and wind on 5 x 6 points, 12 times; normalised, on a plane, where vectors are north, east inside the model. */
static void wind_model(void)
{
    enum { F = 12, N = 30 };
    static const double lat[] = {50, 51, 52, 53, 54}, lon[] = {0, 1, 2, 3, 4, 5};
    double values[F * N * 3], time[F];
    static const char *const parts[] = {"u10", "v10"};
    const gndp_channel channel[] = {gndp_channel_scalar("t2m", "K"), gndp_channel_vector("wind", "m s-1", 2, parts)};
    gndp_field_label label[F];
    gndp_fieldset *set = NULL;
    must(gndp_random_normal_f64(5, 0, 0, 1, 0, F * N * 3, values));
    for (int f = 0; f < F; f++) {
        time[f] = 3600.0 * f;
        label[f] = (gndp_field_label){.time_s = time[f], .member = -1};
    }
    for (int i = 0; i < F * N; i++) {
        values[3 * i] = 280.0 + 3.0 * values[3 * i];
        values[3 * i + 1] = 5.0 * values[3 * i + 1];
        values[3 * i + 2] = 5.0 * values[3 * i + 2];
    }
    const gndp_fieldset_spec spec = {
        .n_fields = F,
        .coords = {.space = GNDP_SPACE_SPHERE,
                   .layout = GNDP_LAYOUT_PRODUCT,
                   .columns = 2,
                   .axis = {{.name = "latitude", .standard_name = "latitude", .units = "degrees_north", .size = 5, .value = lat},
                            {.name = "longitude", .standard_name = "longitude", .units = "degrees_east", .size = 6, .value = lon}},
                   .n = N},
        .n_channels = 2,
        .channel = channel,
        .label = label};
    const gndp_array array = gndp_array_view(gndp_type_3d(GNDP_F64, F, N, 3), values);
    const gndp_write_options options = gndp_write_options_default();
    must(gndp_fieldset_create(&spec, &array, NULL, &set));
    must(gndp_fieldset_write(set, "wind.nc", &options));
    gndp_fieldset_free(set);
    write_file("wind.yaml", "data:\n"
                            "  files: wind.nc\n"
                            "  coordinates: plane\n"
                            "  split: {train: 1, validation: 0, test: 0}\n"
                            "process: {kernel: \"diag(rbf(lengthscale=200), outputs=3)\"}\n"
                            "score: {net: bi_attention_multi, layers: 1, hidden: 8, heads: 2}\n"
                            "train: {steps: 1, batch: 4, learning_rate: {warmup: 10, initial: 0}}\n"
                            "infer: {steps: 12, inner: 3}\n");
    free(run(0, "train wind.yaml -q -o wrun"));
}

static void infer_takes_units_and_components(void **state)
{
    (void)state;
    int64_t n;
    wind_model();
    write_file("k.csv", "lat,lon,variable,value,units\n52,3,t2m,283.15,K\n53,1,v10,7,m s-1\n51,4,u10,-3,m s-1\n");
    write_file("c.csv", "lat,lon,t2m [degC],v10 [km/h],u10 [m s-1]\n52,3,10,,\n53,361,,25.2,\n51,4,,,-3\n");
    free(run(0, "infer wrun/model.nc --obs k.csv -n 3 -q --f64 -o k.nc"));
    free(run(0, "infer wrun/model.nc --obs c.csv -n 3 -q --f64 -o c.nc 2>/dev/null"));
    double *k = values_of("k.nc", &n), *c = values_of("c.nc", &n);
    assert_int_equal(n, 3 * 30 * 3);
    for (int m = 0; m < 3; m++) { /* exact values come back where, and as what, they were seen */
        assert_near(k[(m * 30 + 2 * 6 + 3) * 3], 283.15, 1e-3, "t2m");
        assert_near(k[(m * 30 + 3 * 6 + 1) * 3 + 2], 7.0, 1e-3, "v10");
        assert_near(k[(m * 30 + 1 * 6 + 4) * 3 + 1], -3.0, 1e-3, "u10");
    }
    for (int64_t i = 0; i < n; i++)
        assert_near(c[i], k[i], 1e-3, "units");
    free(k);
    free(c);
    free(run(0, "infer wrun/model.nc --obs k.csv --var wind -n 1 -q --f64 -o w.nc"));
    k = values_of("w.nc", &n);
    assert_near(k[(3 * 6 + 1) * 3 + 2], 7.0, 1e-3, "v10 by the name of its vector");
    assert_true(fabs(k[(2 * 6 + 3) * 3] - 283.15) > 1e-2); /* t2m was not taken */
    free(k);
}

static void infer_makes_a_case_of_every_time(void **state)
{
    (void)state;
    int64_t n, m;
    wind_model();
    write_file("two.csv", "time,lat,lon,t2m\n2019-03-01T06:00Z,52,3,283\n2019-03-01T06:00Z,50.3,1.7,281\n2019-03-01T12:00Z,52,3,285\n2019-03-01T12:00Z,50.3,1.7,NA\n");
    free(run(0, "infer wrun/model.nc --obs two.csv --sigma t2m=0.5 -n 3 -q --f64 -o two.nc --stats s.nc"));
    free(run(0, "infer wrun/model.nc --obs two.csv --sigma 0.5 --time 2019-03-01T06 -n 3 -q --f64 -o one.nc"));
    double *two = values_of("two.nc", &n), *one = values_of("one.nc", &m);
    assert_int_equal(n, 2 * 3 * 90);
    assert_int_equal(m, 3 * 90);
    assert_memory_equal(two, one, (size_t)m * sizeof *one); /* time first, then members; the same places beside the grid */
    free(two);
    free(one);
    two = values_of("s.nc", &n);
    assert_int_equal(n, 2 * 30 * 15);
    free(two);
    char *text = run(0, "info two.nc");
    assert_contains(text, "2019-03-01T12:00:00");
    free(text);
    assert_one_line(2, "choose one with --time", "infer wrun/model.nc --obs two.csv -n 3 -q -o two.csv.csv");
}

/* The mean of a box, of weights that are equal on a line, is that of every member; with an error it is that of the exact posterior: one observation of a linear
   functional moves mean and covariance by the gain. Model and places have the same points, so that C is the Gram of the kernel on them. */
static void infer_takes_means_over_areas(void **state)
{
    (void)state;
    enum { M = 400, N = 24 };
    gaussian_model();
    write_file("one.csv", "x1,y1\n-2,0.3\n");
    write_file("areas.csv", "x1_low,x1_high,variable,value,sigma\n-0.5,0.5,y,1.5,\n1,2,y1,-1,0.2\n");
    free(run(0, "infer run/model.nc --obs one.csv --areas areas.csv -n %d --batch 100 --steps 3 -q -o m.csv", M));
    gndp_csv members = table_of("m.csv");
    double second = 0.0, square = 0.0;
    for (int k = 0; k < M; k++) {
        double a = 0.0, b = 0.0;
        int na = 0, nb = 0;
        for (int i = 0; i < N; i++) {
            const double x = cell(&members, i, 0), y = cell(&members, i, 1 + k);
            if (fabs(x) <= 0.5)
                a += y, na++;
            if (x >= 1.0)
                b += y, nb++;
        }
        assert_int_equal(na, 6);
        assert_int_equal(nb, 6);
        assert_near(a / na, 1.5, 1e-5, "mean without error");
        second += b / nb / M;
        square += pow(b / nb, 2) / M;
    }
    gndp_csv_free(&members);
    /* by `gndp gp`: the second mean alone, its prior variance v and posterior -v/(v + .04), v .04/(v + .04); what the others say of it, at least 1.5 away, is
       nothing to 1e-3. Four standard errors of M draws */
    free(run(0, "gp sample --kernel '" KERNEL "' --line 1.0434782608695652:2:6 -n 4000 --seed 3 -q -o prior.csv"));
    gndp_csv prior = table_of("prior.csv");
    double v = 0.0;
    for (int k = 0; k < 4000; k++) {
        double b = 0.0;
        for (int i = 0; i < 6; i++)
            b += cell(&prior, i, 1 + k) / 6.0;
        v += b * b / 4000.0;
    }
    gndp_csv_free(&prior);
    const double sd = sqrt(v * 0.04 / (v + 0.04));
    assert_near(second, -v / (v + 0.04), 4.0 * sd / sqrt(M) + 0.01, "mean with error");
    assert_near(sqrt(square - second * second), sd, 4.0 * sd / sqrt(2.0 * M), "its deviation");
    /* kept in files, part of what they follow from, refused where there is nothing */
    free(run(0, "infer run/model.nc --obs one.csv --areas areas.csv -n 2 -q -o m.nc"));
    assert_header_has("m.nc", "gndp_areas = \"time,x1_low,x1_high");
    write_file("empty.csv", "x1_low,x1_high,variable,value\n5,6,y,1\n");
    assert_one_line(1, "none of the points", "infer run/model.nc --obs one.csv --areas empty.csv -n 2 -q -o e.nc");
    write_file("edge.csv", "x1_low,variable,value\n5,y,1\n");
    assert_one_line(1, "no column 'x1_high'", "infer run/model.nc --obs one.csv --areas edge.csv -n 2 -q -o e.nc");
    write_file("swap.csv", "x1_low,x1_high,variable,value\n2,1,y,1\n");
    assert_one_line(1, "swap.csv line 2: x1_low 2 is above x1_high 1", "infer run/model.nc --obs one.csv --areas swap.csv -n 2 -q -o e.nc");
    write_file("none.csv", "x1_low,x1_high,variable,value\n");
    assert_one_line(1, "none.csv has no rows", "infer run/model.nc --obs one.csv --areas none.csv -n 2 -q -o e.nc");
    write_file("salt.csv", "x1_low,x1_high,variable,value\n0,1,salt,1\n");
    assert_one_line(1, "has no 'salt'", "infer run/model.nc --obs one.csv --areas salt.csv -n 2 -q -o e.nc");
}

/* Boxes on a grid of latitudes and longitudes: units, times, cells weighted by their area. */
static void infer_takes_areas_of_maps(void **state)
{
    (void)state;
    int64_t n;
    wind_model();
    write_file("k.csv", "time,lat,lon,t2m\n2019-03-01T06:00Z,50,0,283\n2019-03-01T12:00Z,50,0,284\n");
    write_file("a.csv", "time,south,north,west,east,variable,value,units\n2019-03-01T12:00Z,51,53,359.5,1.5,t2m,12,degC\n2019-03-02T12:00Z,51,53,0,2,t2m,9,degC\n");
    write_file("u.csv", "south,north,west,east,variable,value,units\n51,53,0,2,t2m,9,m\n");
    assert_one_line(1, "u.csv line 2: ", "infer wrun/model.nc --obs k.csv --areas u.csv -n 2 -q -o e.nc");
    write_file("t.csv", "time,south,north,west,east,variable,value\nnoon,51,53,0,2,t2m,9\n");
    assert_one_line(1, "t.csv line 2: ", "infer wrun/model.nc --obs k.csv --areas t.csv -n 2 -q -o e.nc");
    free(run(0, "infer wrun/model.nc --obs k.csv --areas a.csv -n 2 --prior limit --steps 2 -q --f64 -o k.nc"));
    double *k = values_of("k.nc", &n);
    const double to = acos(-1.0) / 180.0;
    double sum = 0.0, weights = 0.0;
    for (int i = 1; i <= 3; i++) /* latitudes 51 to 53, longitudes 0 and 1 of 0 .. 5 */
        for (int j = 0; j < 2; j++) {
            const double w = sin((50.5 + i) * to) - sin((49.5 + i) * to);
            sum += w * k[n / 2 + (i * 6 + j) * 3];
            weights += w;
        }
    assert_near(sum / weights, 285.15, 1e-3, "area");
    free(k);
}

/* ---- Scores of files ------------------------------------------------------------------------- */

/* Truths drawn from the law, an hour each; the ensemble's scores are those of the process that is the law, within four standard errors of its members. */
static void eval_scores_an_ensemble_beside_its_baselines(void **state)
{
    (void)state;
    enum { F = 24, N = 24 };
    gaussian_model();
    free(run(0, "gp sample --kernel '" KERNEL "' --line -2:2:24 -n %d --seed 9 -q -o truth.csv", F));
    gndp_csv csv = table_of("truth.csv");
    double values[F * N], x[N];
    gndp_field_label label[F];
    for (int f = 0; f < F; f++) {
        label[f] = (gndp_field_label){.time_s = 86400.0 * f, .member = -1};
        for (int i = 0; i < N; i++) {
            x[i] = cell(&csv, i, 0);
            values[f * N + i] = cell(&csv, i, 1 + f);
        }
    }
    gndp_csv_free(&csv);
    const gndp_channel channel = gndp_channel_scalar("y", "1");
    const gndp_fieldset_spec spec = {.n_fields = F,
                                     .coords = {.space = GNDP_SPACE_EUCLIDEAN,
                                                .layout = GNDP_LAYOUT_PRODUCT,
                                                .columns = 1,
                                                .axis = {{.name = "x1", .units = "1", .size = N, .value = x}},
                                                .n = N},
                                     .n_channels = 1,
                                     .channel = &channel,
                                     .label = label};
    const gndp_array array = gndp_array_view(gndp_type_3d(GNDP_F64, F, N, 1), values);
    const gndp_write_options options = gndp_write_options_default();
    gndp_fieldset *set = NULL;
    must(gndp_fieldset_create(&spec, &array, NULL, &set));
    must(gndp_fieldset_write(set, "truth.nc", &options));
    gndp_fieldset_free(set);
    free(run(0, "infer run/model.nc --obs truth.nc --time 1970-01-01/1970-01-12 --every 4 -n 32 --steps 4 -q -o e.nc"));
    json_t *r = run_json("eval --ensemble e.nc truth.nc --kernel '" KERNEL "'");
    static const char *const rows[] = {"ensemble", "climatology", "nearest", "inverse distance", "gp"};
    for (int i = 0; i < 5; i++) {
        char path[64];
        snprintf(path, sizeof path, "components.0.rows.%d.forecast", i);
        assert_string_equal(text_at(r, path), rows[i]);
        snprintf(path, sizeof path, "components.0.rows.%d.values", i);
        assert_int_equal((int)number_at(r, path), 12 * (N - 6)); /* what was observed is no test */
    }
    const double rmse = number_at(r, "components.0.rows.4.rmse.0"), crps = number_at(r, "components.0.rows.4.crps.0");
    /* the mean of 32 members is off by sd/sqrt(32), so that the square grows by 1/32; as members have the same noise at all times, their product with
       the errors of 12 fields of about 6 free values leaves 0.02; bridge has no bias here */
    assert_near(number_at(r, "components.0.rows.0.rmse.0") / rmse, sqrt(1.0 + 1.0 / 32.0), 0.08, "rmse");
    assert_near(number_at(r, "components.0.rows.0.crps_fair.0") / crps, 1.0, 0.08, "fair CRPS");
    assert_true(number_at(r, "components.0.rows.1.rmse.0") > rmse && number_at(r, "components.0.rows.2.rmse.0") > rmse);
    assert_true(number_at(r, "components.0.rows.0.coverage90.0") > 0.8);
    /* of whole fields the same, the process by 32 draws of its own; scores of distributions only */
    const double energy = number_at(r, "components.0.rows.4.energy_fair.0");
    assert_near(number_at(r, "components.0.rows.0.energy_fair.0") / energy, 1.0, 0.08, "energy score");
    assert_near(number_at(r, "components.0.rows.0.variogram.0") / number_at(r, "components.0.rows.4.variogram.0"), 1.0, 0.15, "variogram score");
    assert_true(number_at(r, "components.0.rows.1.energy_fair.0") > energy);
    assert_true(json_is_null(at(r, "components.0.rows.2.energy_fair.0")));
    assert_int_equal(json_array_size(at(r, "components.0.rows.0.rank_histogram")), 33);
    assert_int_equal((int)number_at(r, "components.0.rows.4.field_cases"), 12);
    /* a mean of fields has no more power than they have on average, at any wavenumber; members have the truth's to a factor of 2 (of 12 fields) */
    for (int k = 0; k <= N / 2; k++) {
        char path[64];
        snprintf(path, sizeof path, "components.0.spectra.members.%d", k);
        const double members = number_at(r, path);
        snprintf(path, sizeof path, "components.0.spectra.mean.%d", k);
        assert_true(number_at(r, path) > 0.0 && number_at(r, path) < members);
    }
    assert_near(log(number_at(r, "components.0.spectra.truth.1") / number_at(r, "components.0.spectra.members.1")), 0.0, 0.7, "power");
    int64_t binned = 0;
    for (size_t b = 0; b < json_array_size(at(r, "components.0.rows.0.spread_skill")); b++) {
        char path[64];
        snprintf(path, sizeof path, "components.0.rows.0.spread_skill.%zu.values", b);
        binned += (int64_t)number_at(r, path);
    }
    assert_int_equal(binned, 12 * (N - 6));
    json_decref(r);
    /* values above the median of the usual ones and above 0: the process and its draws agree but for what is left of 32 members, a tenth of a score of about
       0.15; the share of usual fields is what skill begins from */
    r = run_json("eval --ensemble e.nc truth.nc --kernel '" KERNEL "' --threshold 0,q50");
    for (int t = 0; t < 2; t++) {
        char path[80];
        snprintf(path, sizeof path, "components.0.rows.4.events.%d.brier.0", t);
        const double exact = number_at(r, path);
        snprintf(path, sizeof path, "components.0.rows.0.events.%d.brier_fair.0", t);
        assert_near(number_at(r, path), exact, 0.015, "Brier score");
        snprintf(path, sizeof path, "components.0.rows.1.events.%d.skill.0", t);
        assert_true(number_at(r, path) == 0.0);
        snprintf(path, sizeof path, "components.0.rows.4.events.%d.skill.0", t);
        assert_true(number_at(r, path) > 0.3);
        binned = 0;
        for (int b = 0; b < GNDP_EVENT_BINS; b++) {
            snprintf(path, sizeof path, "components.0.rows.0.events.%d.reliability.%d.values", t, b);
            binned += (int64_t)number_at(r, path);
        }
        assert_int_equal(binned, 12 * (N - 6));
    }
    assert_string_equal(text_at(r, "components.0.rows.3.events.1.above"), "q50");
    json_decref(r);
    assert_one_line(2, "neither a value nor a quantile", "eval --ensemble e.nc truth.nc --threshold 0,warm");
    assert_one_line(2, "between q0 and q100", "eval --ensemble e.nc truth.nc --threshold q100");
    assert_one_line(2, "belong to --ensemble", "eval run/model.nc --threshold 1");
    /* the file has the numbers of the report, and does not give way */
    free(run(0, "eval --ensemble e.nc truth.nc -q -o scores.nc"));
    char *dump = shell("ncdump -v energy_fair,values scores.nc || echo no ncdump").out;
    if (strstr(dump, "no ncdump") == NULL) {
        assert_contains(dump, "rank_frequency(component, forecast, rank)");
        assert_contains(dump, "power(component, field, wavenumber)");
        assert_contains(dump, "values =\n  216, 216, 216, 216, _ ;");
    }
    free(dump);
    assert_one_line(1, "-O overwrites", "eval --ensemble e.nc truth.nc -o scores.nc");
    free(run(0, "eval --ensemble e.nc truth.nc -q --threshold q10,q90 -O -o scores.nc"));
    assert_one_line(2, "NetCDF", "eval --ensemble e.nc truth.nc -o scores.csv");
    assert_one_line(2, "belongs to --output", "eval --ensemble e.nc truth.nc -O");
    assert_one_line(2, "belong to --ensemble", "eval run/model.nc -o scores.nc");
    /* pictures of a form that can be drawn, in a folder that is made, never over others */
    assert_one_line(2, "{name}.svg", "eval --ensemble e.nc truth.nc --pictures 'p/{name}.gif'");
    assert_one_line(2, "belong to --ensemble", "eval run/model.nc --pictures p");
    if (strncmp(gndp_plot_describe(), "cairo", 5) == 0) {
        free(run(0, "eval --ensemble e.nc truth.nc -q --threshold 0,q90 --kernel '" KERNEL "' --pictures p"));
        assert_true(there("p/rank_histogram.png") && there("p/spread_skill.png") && there("p/reliability.png") && there("p/spectra.png"));
        assert_one_line(1, "-O overwrites", "eval --ensemble e.nc truth.nc --pictures p");
        free(run(0, "eval --ensemble e.nc truth.nc -q --pictures p -O"));
        free(run(0, "eval --ensemble e.nc truth.nc -q --pictures 'q/days_{name}.svg'"));
        assert_true(there("q/days_spectra.svg") && !there("q/days_reliability.svg"));
        write_file("file", "");
        assert_one_line(1, "cannot be made", "eval --ensemble e.nc truth.nc --pictures file/sub/x");
    } else {
        assert_one_line(1, "nothing can be drawn", "eval --ensemble e.nc truth.nc --pictures p");
    }
    char *text = run(0, "eval --ensemble e.nc truth.nc --kernel 'rbf() + white()' --fit");
    assert_contains(text, "inverse distance");
    free(text);
    assert_one_line(2, "TRUTH.nc", "eval --ensemble e.nc");
    assert_one_line(2, "belongs to --kernel", "eval --ensemble e.nc truth.nc --fit");
    assert_one_line(2, "belong to --ensemble", "eval run/model.nc --fit");
    free(run(0, "infer run/model.nc --obs obs.csv --line -1:1:7 -n 2 %s -o l.nc", quick));
    assert_one_line(1, "none of the truth's", "eval --ensemble l.nc truth.nc");
}

/* ---- What is wrong -------------------------------------------------------------------------- */

static void infer_names_bad_observations(void **state)
{
    (void)state;
    gaussian_model();
    write_file("twice.csv", "x1,y1\n0.5,1\n0.7,2\n0.5,1.5\n");
    assert_one_line(1, "lines 2 and 4", "infer run/model.nc --obs twice.csv -q -o o.csv");
    free(run(0, "infer run/model.nc --obs twice.csv --sigma 0.2 -n 1 %s -o fine.csv", quick));
    write_file("repeat.csv", "x1,y1\n0.5,1\n0.7,2\n0.5,1\n"); /* the same again says nothing new */
    free(run(0, "infer run/model.nc --obs repeat.csv -n 1 %s -O -o fine.csv", quick));
    write_file("other.csv", "x1,variable,value\n0.5,salt,1\n");
    assert_one_line(1, "none of its 1 variables", "infer run/model.nc --obs other.csv -q -o o.csv");
    write_file("sphere.csv", "lat,lon,y\n50,3,1\n");
    assert_one_line(1, "latitude and longitude", "infer run/model.nc --obs sphere.csv -q -o o.csv");
    write_file("plane.csv", "x1,x2,y1\n0.5,1,1\n");
    assert_one_line(1, "of another number", "infer run/model.nc --obs plane.csv -q -o o.csv");
    write_file("empty.csv", "x1,variable,value\n0.5,y,\n");
    assert_one_line(1, "empty.csv", "infer run/model.nc --obs empty.csv -q -o o.csv");
    write_file("word.csv", "x1,variable,value\n0.5,y,warm\n");
    assert_one_line(1, "word.csv:2", "infer run/model.nc --obs word.csv -q -o o.csv");
    assert_one_line(1, "none.csv", "infer run/model.nc --obs none.csv -q -o o.csv");
    assert_one_line(1, "archive", "infer run/model.nc --obs run/model.nc -q -o o.csv");
    wind_model();
    write_file("metres.csv", "lat,lon,variable,value,units\n52,3,t2m,283,m\n");
    assert_one_line(1, "K", "infer wrun/model.nc --obs metres.csv -q -o o.csv");
    assert_false(there("o.csv") || there("o.csv.part"));
}

static void infer_wrong_usage_is_one_line(void **state)
{
    (void)state;
    gaussian_model();
    assert_one_line(2, "MODEL.nc", "infer");
    assert_one_line(2, "--obs", "infer run/model.nc -o o.nc");
    assert_one_line(2, "is wanted", "infer run/model.nc --obs obs.csv");
    assert_one_line(2, "OUT.nc or OUT.csv", "infer run/model.nc --obs obs.csv -o o.txt");
    assert_one_line(2, "ends in .nc", "infer run/model.nc --obs obs.csv --stats o.csv");
    assert_one_line(2, "one file", "infer run/model.nc --obs obs.csv -o o.nc --stats o.nc");
    assert_one_line(1, "langevin", "infer run/model.nc --obs obs.csv --method langevni -o o.nc");
    assert_one_line(2, "belongs to langevin", "infer run/model.nc --obs obs.csv --method guidance --inner 3 -o o.nc");
    assert_one_line(2, "its own steps", "infer run/model.nc --obs obs.csv --method bridge --sampler em -o o.nc");
    assert_one_line(1, "2 outputs", "infer run/model.nc --obs obs.csv --prior 'diag(rbf(), outputs=2)' -q -o o.nc");
    assert_one_line(2, "belongs to bridge", "infer run/model.nc --obs obs.csv --method langevin --prior 'rbf()' -o o.nc");
    assert_one_line(2, "did you mean 'schur'", "infer run/model.nc --obs obs.csv --method langevin --preconditioner shur -o o.nc");
    assert_one_line(2, "--sigma", "infer run/model.nc --obs obs.csv --sigma -1 -o o.nc");
    assert_one_line(2, "--sigma", "infer run/model.nc --obs obs.csv --sigma salt=1 -o o.nc");
    assert_one_line(2, "draw observations", "infer run/model.nc --obs obs.csv --stations 3 -o o.nc");
    assert_one_line(2, "belong to --check", "infer run/model.nc --obs obs.csv --folds 3 -o o.nc");
    assert_one_line(2, "at least 1", "infer run/model.nc --obs obs.csv -n 0 -o o.nc");
    assert_one_line(1, "on the sphere", "infer run/model.nc --obs obs.csv --grid r8x4 -o o.nc");
    assert_false(there("o.nc") || there("o.nc.part"));
    free(run(0, "infer run/model.nc --obs obs.csv -n 1 %s -o o.nc", quick));
    assert_one_line(1, "exists", "infer run/model.nc --obs obs.csv -n 1 -q -o o.nc");
    free(run(0, "infer run/model.nc --obs obs.csv -n 1 %s -O -o o.nc", quick));
}

static void infer_takes_settings_of_the_model(void **state)
{
    (void)state;
    gaussian_model();
    char *text = run(0, "infer run/model.nc --obs obs.csv -n 64 --dry-run");
    assert_contains(text, "bridge, 60 steps");
    assert_contains(text, "time     about");
    free(text);
    text = run(0, "infer run/model.nc --obs obs.csv -n 64 --method guidance --dry-run"); /* a method brings its own defaults */
    assert_contains(text, "guidance, 100 steps");
    assert_contains(text, "prior covariance"); /* the model's infer.prior: limit */
    assert_null(strstr(text, "surrogate"));
    free(text);
    const outcome parts = shell("ls *.part 2>/dev/null"); /* a dry run leaves nothing */
    free(parts.out);
    assert_int_not_equal(parts.code, 0);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(infer_draws_the_exact_posterior),
    IN_FOLDER(infer_evidence_is_the_marginal_likelihood),
    IN_FOLDER(infer_adds_only_places_that_are_no_targets),
    IN_FOLDER(infer_of_fields_sees_what_gp_infer_sees),
    IN_FOLDER(infer_members_are_functions_of_their_number),
    IN_FOLDER(infer_statistics_are_those_of_the_members),
    IN_FOLDER(infer_goes_on_where_it_was),
    IN_FOLDER(infer_leaves_nothing_when_the_disk_is_full),
    IN_FOLDER(infer_scores_what_it_left_out),
    IN_FOLDER(infer_check_finds_the_bad_station),
    IN_FOLDER(infer_takes_units_and_components),
    IN_FOLDER(infer_makes_a_case_of_every_time),
    IN_FOLDER(infer_takes_means_over_areas),
    IN_FOLDER(infer_takes_areas_of_maps),
    IN_FOLDER(eval_scores_an_ensemble_beside_its_baselines),
    IN_FOLDER(infer_names_bad_observations),
    IN_FOLDER(infer_wrong_usage_is_one_line),
    IN_FOLDER(infer_takes_settings_of_the_model),
};

GNDP_TEST_MAIN(tests)
