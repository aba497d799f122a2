// SPDX-License-Identifier: Apache-2.0
// Kernels as text: reading, canonical printing, paths of parameters, and what wrong texts are told.
#include "kernels/kernel_case.h"

#include <locale.h>

static char *print_of(const gndp_kernel *k)
{
    const size_t n = gndp_kernel_print(k, NULL, 0);
    char *text = malloc(n + 1);
    assert_non_null(text);
    assert_int_equal(gndp_kernel_print(k, text, n + 1), n);
    assert_int_equal(strlen(text), n);
    return text;
}

static void assert_prints(const char *text, const char *want)
{
    gndp_kernel *k = kernel_of(text);
    char *got = print_of(k);
    assert_string_equal(got, want);
    free(got);
    gndp_kernel_free(k);
}

static void parse_names_every_parameter(void **state)
{
    (void)state;
    assert_prints("rbf(lengthscale=0.25) + white(variance=0.0025)",
                  "rbf(lengthscale=0.25, variance=1) + white(variance=0.0025)");
    assert_prints(" rbf ( variance = 2 ,\n lengthscale=[ 2,1 ])",
                  "rbf(lengthscale=[2, 1], variance=2)");
    assert_prints("rbf(lengthscale=[3])", "rbf(lengthscale=3, variance=1)");
    assert_prints("s2_matern()", "s2_matern(nu=1.5, kappa=1, variance=1)");
    assert_prints("diag(matern52(), outputs=2)",
                  "diag(matern52(lengthscale=1, variance=1), outputs=2)");
    assert_prints("coregion(rbf(), a=[1, 0.5])",
                  "coregion(rbf(lengthscale=1, variance=1), a=[1, 0.5], rank=1)");
}

static void parse_joins_sums_products_and_scales(void **state)
{
    (void)state;
    const char *const r = "rbf(lengthscale=1, variance=1)";
    char want[300];
    snprintf(want, sizeof want, "%s + %s + %s", r, r, r);
    assert_prints("rbf() + (rbf() + rbf())", want);
    assert_prints("((rbf() + rbf()) + rbf())", want);
    snprintf(want, sizeof want, "%s * %s * %s", r, r, r);
    assert_prints("rbf() * (rbf() * rbf())", want);
    snprintf(want, sizeof want, "3 * %s * %s", r, r);
    assert_prints("rbf() * 0.5 * (2 * rbf() * 3)", want);
    snprintf(want, sizeof want, "2 * (%s + %s)", r, r);
    assert_prints("(rbf() + rbf()) * 2", want);
    snprintf(want, sizeof want, "(%s + %s) * %s", r, r, r);
    assert_prints("(rbf() + rbf()) * rbf()", want);
}

static const char *const texts[] = {
    "rbf(lengthscale=0.1, variance=3e-300)",
    "0.3333333333333333 * matern32(lengthscale=[1e10, 2.5]) * periodic(period=1.7) + constant()",
    "coregion(rbf(lengthscale=2), a=[1, -0.5, 0.25, 7], rank=2, diagonal=[0.30000000000000004, 0])",
    "s2_hodge(s2_heat(kappa=0.2), curl=0.3, div=0.7) + 0.1 * s2_curlfree(s2_rbf(lengthscale=0.3))",
    "on(rbf(lengthscale=2), axes=[0, 1]) * on(matern12(lengthscale=3), axes=[2]) + white()",
    "on(s2_matern(nu=2.5), axes=[0, 1, 2]) * on(rq(alpha=0.3), axes=[3])",
    "2 * (curlfree(rbf(lengthscale=2.236)) + divfree(matern52())) * matern12() + white()",
};
enum { TEXTS = sizeof texts / sizeof *texts };

static void parse_reads_back_what_print_writes(void **state)
{
    (void)state;
    for (int i = 0; i < TEXTS; i++) {
        gndp_kernel *k = kernel_of(texts[i]), *again, *copy;
        char *first = print_of(k);
        again = kernel_of(first);
        char *second = print_of(again);
        assert_string_equal(first, second);
        assert_int_equal(gndp_kernel_param_count(k), gndp_kernel_param_count(again));
        for (int j = 0; j < gndp_kernel_param_count(k); j++) {
            gndp_kernel_param a, b;
            assert_int_equal(gndp_kernel_param_get(k, j, &a), GNDP_OK);
            assert_int_equal(gndp_kernel_param_get(again, j, &b), GNDP_OK);
            assert_string_equal(a.path, b.path);
            assert_true(a.value == b.value); /* to the last bit */
        }
        assert_int_equal(gndp_kernel_clone(k, &copy), GNDP_OK);
        gndp_kernel_free(k);
        char *third = print_of(copy);
        assert_string_equal(first, third);
        free(first);
        free(second);
        free(third);
        gndp_kernel_free(again);
        gndp_kernel_free(copy);
    }
}

static void print_counts_when_the_buffer_is_small(void **state)
{
    (void)state;
    gndp_kernel *k = kernel_of("rbf() + white()");
    char small[8];
    char *all = print_of(k);
    assert_int_equal(gndp_kernel_print(k, small, sizeof small), strlen(all));
    assert_memory_equal(small, all, 7);
    assert_int_equal(small[7], '\0');
    free(all);
    gndp_kernel_free(k);
}

static void params_are_paths_in_the_order_of_the_text(void **state)
{
    (void)state;
    static const char *const want[] = {
        "0/scale/factor",   "0/0/rbf/lengthscale[0]", "0/0/rbf/lengthscale[1]",
        "0/0/rbf/variance", "1/0/on/axes[0]",         "2/white/variance",
    };
    gndp_kernel *k = kernel_of("0.5 * rbf(lengthscale=[2, 3]) + "
                               "on(constant(variance=4), axes=[1]) * 1 + white(variance=0)");
    gndp_kernel_param p;
    assert_int_equal(gndp_kernel_param_count(k), 8);
    for (int i = 0, j = 0; i < 8; i++) {
        assert_int_equal(gndp_kernel_param_get(k, i, &p), GNDP_OK);
        if (j < 6 && strcmp(p.path, want[j]) == 0) {
            j++;
        }
        if (i == 7) {
            assert_int_equal(j, 6); /* all of them, in this order */
        }
    }
    assert_false(p.fittable); /* white(variance=0): the logarithm of 0 is no number */
    assert_int_equal(gndp_kernel_param_get(k, 8, &p), GNDP_ERR_RANGE);
    assert_int_equal(gndp_kernel_param_get(k, -1, &p), GNDP_ERR_RANGE);
    assert_int_equal(gndp_kernel_param_set(k, "0/0/rbf/lengthscale[1]", 7.5), GNDP_OK);
    assert_int_equal(gndp_kernel_param_get(k, 2, &p), GNDP_OK);
    assert_true(p.value == 7.5 && p.positive && p.fittable && p.low == 0.0);
    assert_int_equal(gndp_kernel_param_set(k, "0/0/rbf/lengthscale[1]", 0.0), GNDP_ERR_RANGE);
    assert_int_equal(gndp_kernel_param_set(k, "0/0/rbf/lengthscale[1]", (double)NAN),
                     GNDP_ERR_RANGE);
    assert_int_equal(gndp_kernel_param_set(k, "0/0/rbf/lenghtscale[1]", 1.0), GNDP_ERR_NOT_FOUND);
    assert_non_null(strstr(gndp_last_error(), "0/0/rbf/lengthscale[1]"));
    assert_int_equal(gndp_kernel_param_get(k, 2, &p), GNDP_OK);
    assert_true(p.value == 7.5);
    gndp_kernel_free(k);
}

static void params_keep_the_tree_whole_when_structure_is_set(void **state)
{
    (void)state;
    gndp_kernel *k = kernel_of("diag(rbf(), outputs=2) + coregion(rbf(), a=[1, 2])");
    char *before = print_of(k);
    assert_int_equal(gndp_kernel_param_set(k, "0/diag/outputs", 3.0), GNDP_ERR_SHAPE);
    assert_int_equal(gndp_kernel_param_set(k, "0/diag/outputs", 2.5), GNDP_ERR_RANGE);
    char *after = print_of(k);
    assert_string_equal(before, after);
    free(before);
    free(after);
    gndp_kernel_free(k);
}

/* ------------------------------------------------------------------------------------ wrong texts
 */

typedef struct wrong {
    const char *text;
    gndp_status status;
    const char *column, *message;
} wrong;

static const wrong wrongs[] = {
    {"", GNDP_ERR_FORMAT, "column 1:", "a kernel is expected, here is the end"},
    {"rbff(lengthscale=1)", GNDP_ERR_FORMAT, "column 1:", "the nearest is 'rbf'"},
    {"rbf(lengthscal=1)", GNDP_ERR_FORMAT, "column 5:", "there is 'lengthscale'"},
    {"rbf(lengthscale 1)", GNDP_ERR_FORMAT, "column 5:", "name=value"},
    {"rbf(lengthscale=)", GNDP_ERR_FORMAT, "column 17:", "a number is expected for lengthscale"},
    {"rbf(lengthscale=1", GNDP_ERR_FORMAT, "column 18:", "')' is expected"},
    {"rbf", GNDP_ERR_FORMAT, "column 4:", "'(' is expected after rbf"},
    {"rbf(lengthscale=1, lengthscale=2)", GNDP_ERR_FORMAT, "column 20:", "given twice"},
    {"rbf(variance=[1, 2])", GNDP_ERR_FORMAT, "column 14:", "one number, not a list"},
    {"rbf(lengthscale=[])", GNDP_ERR_FORMAT, "column 18:", "at least one number"},
    {"rbf(rbf())", GNDP_ERR_FORMAT, "column 5:", "takes parameters"},
    {"rbf() + ", GNDP_ERR_FORMAT, "column 9:", "a kernel is expected"},
    {"rbf() - white()", GNDP_ERR_FORMAT, "column 7:", "cannot be subtracted"},
    {"rbf() rbf()", GNDP_ERR_FORMAT, "column 7:", "here is 'rbf'"},
    {"(rbf()", GNDP_ERR_FORMAT, "column 7:", "')' is expected"},
    {"0.5", GNDP_ERR_FORMAT, "column 1:", "constant(variance=0.5)"},
    {"rbf() + 0.5", GNDP_ERR_FORMAT, "column 9:", "a number is no kernel"},
    {"rbf() +\n  rbq()", GNDP_ERR_FORMAT, "line 2, column 3:", "no kernel is named 'rbq'"},
    {"diag(outputs=2)", GNDP_ERR_FORMAT, "column 15:", "wants a kernel first"},
    {"diag(rbf())", GNDP_ERR_FORMAT, "column 11:", "diag wants outputs"},
    {"on(rbf(), axes=2)", GNDP_ERR_FORMAT, "column 16:", "is a list"},
    {"curlfree(rbf(), rbf())", GNDP_ERR_FORMAT, "column 17:", "takes one kernel"},
    {"rbf(lengthscale=0)", GNDP_ERR_RANGE, "column 17:", "it must be above 0"},
    {"rbf(variance=-1)", GNDP_ERR_RANGE, "column 14:", "it must be at least 0"},
    {"rbf(variance=nan)", GNDP_ERR_RANGE, "column 14:", "it must be a finite number"},
    {"rbf(lengthscale=[1, inf])", GNDP_ERR_RANGE, "column 21:", "it must be a finite number"},
    {"rbf(variance=1e999)", GNDP_ERR_RANGE, "column 14:", "it must be a finite number"},
    {"-0.5 * rbf()", GNDP_ERR_RANGE, "column 1:", "a scale is -0.5"},
    {"diag(rbf(), outputs=1.5)", GNDP_ERR_RANGE, "column 21:", "whole number"},
    {"s2_matern(nu=0)", GNDP_ERR_RANGE, "column 14:", "it must be above 0"},
    {"rbf() + s2_heat()", GNDP_ERR_SHAPE, "column 1:", "on the sphere"},
    {"rbf(lengthscale=[1, 2]) * rbf(lengthscale=[1, 2, 3])", GNDP_ERR_SHAPE,
     "column 1:", "points of 2 coordinates, another of 3"},
    {"rbf() + diag(rbf(), outputs=2)", GNDP_ERR_SHAPE, "column 1:", "diag(.., outputs=2)"},
    {"curlfree(rbf()) + rbf()", GNDP_ERR_SHAPE, "column 1:", "has 1 output"},
    {"curlfree(rbf(lengthscale=[1, 2]))", GNDP_ERR_SHAPE, "column 1:", "one lengthscale"},
    {"curlfree(matern12())", GNDP_ERR_UNSUPPORTED, "column 1:", "no derivative"},
    {"divfree(periodic())", GNDP_ERR_SHAPE, "column 1:", "isotropic profile"},
    {"s2_curlfree(rbf())", GNDP_ERR_SHAPE, "column 1:", "spectrum"},
    {"diag(diag(rbf(), outputs=2), outputs=2)", GNDP_ERR_SHAPE, "column 1:", "1 output"},
    {"coregion(rbf(), a=[1, 2, 3], rank=2)", GNDP_ERR_SHAPE, "column 1:", "rows of rank 2"},
    {"coregion(rbf(), a=[1, 2], diagonal=[1])", GNDP_ERR_SHAPE, "column 1:", "diagonal has 1"},
    {"on(rbf(), axes=[0, 0])", GNDP_ERR_SHAPE, "column 1:", "appears twice"},
    {"on(s2_heat(), axes=[0, 1])", GNDP_ERR_SHAPE, "column 1:", "unit vectors of 3"},
};
enum { WRONGS = sizeof wrongs / sizeof *wrongs };

static void parse_points_at_what_is_wrong(void **state)
{
    (void)state;
    for (int i = 0; i < WRONGS; i++) {
        gndp_kernel *k = (void *)&k;
        const gndp_status st = gndp_kernel_parse(wrongs[i].text, &k);
        const char *error = gndp_last_error();
        if (st != wrongs[i].status || k != NULL || strstr(error, wrongs[i].column) == NULL ||
            strstr(error, wrongs[i].message) == NULL || strchr(error, '^') == NULL) {
            fail_msg("\"%s\": %s: %s", wrongs[i].text, gndp_status_name(st), error);
        }
    }
    gndp_kernel *k;
    assert_int_equal(gndp_kernel_parse(NULL, &k), GNDP_ERR_ARG);
    assert_int_equal(gndp_kernel_parse("rbf()", NULL), GNDP_ERR_ARG);
}

/* The caret stands under the byte the column names, also where a long line is cut. */
static void parse_puts_the_caret_below_its_place(void **state)
{
    (void)state;
    char text[400] = "";
    for (int i = 0; i < 12; i++) {
        strcat(text, "rbf(lengthscale=1) + ");
    }
    strcat(text, "rbq() + white(variance=1)");
    gndp_kernel *k;
    assert_int_equal(gndp_kernel_parse(text, &k), GNDP_ERR_FORMAT);
    const char *first = strchr(gndp_last_error(), '\n'), *second = strchr(first + 1, '\n');
    const char *caret = strchr(second, '^');
    assert_non_null(caret);
    assert_int_equal(strncmp(first + (caret - second), "rbq()", 5), 0);
}

/* Nothing but letters, brackets and numbers in random order: a status, never a crash. */
static void parse_survives_random_texts(void **state)
{
    (void)state;
    static const char *const piece[] = {"rbf",      "(",
                                        ")",        ",",
                                        "=",        "[",
                                        "]",        "+",
                                        "*",        "0.5",
                                        "1e9",      "lengthscale",
                                        "variance", "white",
                                        "diag",     "outputs",
                                        "on",       "axes",
                                        "curlfree", "s2_heat",
                                        "kappa",    "nan",
                                        "-",        " ",
                                        "\n",       "rbf(lengthscale=1)",
                                        "white()",  "\xc3\xa9",
                                        "2"};
    enum { PIECES = sizeof piece / sizeof *piece, TRIALS = 20000 };
    int good = 0;
    double *u = numbers(16);
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        char text[400] = "";
        assert_int_equal(gndp_random_uniform_f64(5, 0, 0, trial, 0, 16, u), GNDP_OK);
        const int n = 1 + (int)(u[15] * 14);
        for (int i = 0; i < n; i++) {
            strcat(text, piece[(int)(u[i] * PIECES)]);
        }
        gndp_kernel *k = NULL;
        if (gndp_kernel_parse(text, &k) == GNDP_OK) {
            char *once = print_of(k);
            assert_prints(once, once);
            free(once);
            good++;
        } else {
            assert_null(k);
        }
        gndp_kernel_free(k);
    }
    assert_true(good > 20); /* the trial reaches good texts too */
    free(u);
}

static void parse_bounds_depth_and_size(void **state)
{
    (void)state;
    char text[4000] = "";
    gndp_kernel *k;
    for (int i = 0; i < 1000; i++) {
        strcat(text, "(");
    }
    assert_int_equal(gndp_kernel_parse(text, &k), GNDP_ERR_FORMAT);
    text[0] = '\0';
    for (int i = 0; i < 20; i++) {
        strcat(text, "on(");
    }
    strcat(text, "rbf()");
    for (int i = 0; i < 20; i++) {
        strcat(text, ", axes=[0])");
    }
    assert_int_equal(gndp_kernel_parse(text, &k), GNDP_ERR_FORMAT);
    assert_non_null(strstr(gndp_last_error(), "levels deep"));
    text[0] = '\0';
    for (int i = 0; i < 80; i++) {
        strcat(text, i > 0 ? " + rbf()" : "rbf()");
    }
    assert_int_equal(gndp_kernel_parse(text, &k), GNDP_ERR_RANGE);
}

static void parse_keeps_the_point_when_the_locale_has_a_comma(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8"};
    const char *found = NULL;
    for (int i = 0; i < 4 && found == NULL; i++) {
        found = setlocale(LC_NUMERIC, names[i]);
    }
    if (found == NULL) {
        skip(); /* no such locale here */
    }
    assert_prints("rbf(lengthscale=0.25)", "rbf(lengthscale=0.25, variance=1)");
    setlocale(LC_NUMERIC, "C");
}

static void info_tells_what_follows_from_the_tree(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        gndp_domain domain;
        int outputs, dim;
        bool stationary, isotropic, white;
    } all[] = {
        {"rbf()", GNDP_DOMAIN_EUCLIDEAN, 1, 0, true, true, false},
        {"rbf(lengthscale=[1, 2])", GNDP_DOMAIN_EUCLIDEAN, 1, 2, true, false, false},
        {"periodic() * rq()", GNDP_DOMAIN_EUCLIDEAN, 1, 0, true, false, false},
        {"white() + 2 * white()", GNDP_DOMAIN_ANY, 1, 0, true, true, true},
        {"constant()", GNDP_DOMAIN_ANY, 1, 0, true, true, false},
        {"diag(rbf(), outputs=3)", GNDP_DOMAIN_EUCLIDEAN, 3, 0, true, true, false},
        {"coregion(rbf(), a=[1, 2, 3, 4], rank=2)", GNDP_DOMAIN_EUCLIDEAN, 2, 0, true, true, false},
        {"curlfree(rbf()) + white()", GNDP_DOMAIN_EUCLIDEAN, 0, 0, true, true, false},
        {"curlfree(rbf()) + diag(white(), outputs=2)", GNDP_DOMAIN_EUCLIDEAN, 2, 2, true, true,
         false},
        {"on(curlfree(rbf()), axes=[0, 1]) * on(rbf(), axes=[2])", GNDP_DOMAIN_EUCLIDEAN, 2, 0,
         true, false, false},
        {"s2_heat() + constant()", GNDP_DOMAIN_SPHERE, 1, 3, false, true, false},
        {"s2_divfree(s2_matern()) + white()", GNDP_DOMAIN_SPHERE, 2, 3, false, true, false},
        {"on(s2_heat(), axes=[0, 1, 2]) * on(rbf(), axes=[3])", GNDP_DOMAIN_MIXED, 1, 0, false,
         false, false},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        gndp_kernel *k = kernel_of(all[i].text);
        const gndp_kernel_info info = gndp_kernel_get_info(k);
        if (info.domain != all[i].domain || info.outputs != all[i].outputs ||
            info.input_dim != all[i].dim || info.stationary != all[i].stationary ||
            info.isotropic != all[i].isotropic || info.white_only != all[i].white) {
            fail_msg("%s: domain %d outputs %d dim %d stationary %d isotropic %d white %d",
                     all[i].text, (int)info.domain, info.outputs, info.input_dim, info.stationary,
                     info.isotropic, info.white_only);
        }
        gndp_kernel_free(k);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(parse_names_every_parameter),
    cmocka_unit_test(parse_joins_sums_products_and_scales),
    cmocka_unit_test(parse_reads_back_what_print_writes),
    cmocka_unit_test(print_counts_when_the_buffer_is_small),
    cmocka_unit_test(params_are_paths_in_the_order_of_the_text),
    cmocka_unit_test(params_keep_the_tree_whole_when_structure_is_set),
    cmocka_unit_test(parse_points_at_what_is_wrong),
    cmocka_unit_test(parse_puts_the_caret_below_its_place),
    cmocka_unit_test(parse_survives_random_texts),
    cmocka_unit_test(parse_bounds_depth_and_size),
    cmocka_unit_test(parse_keeps_the_point_when_the_locale_has_a_comma),
    cmocka_unit_test(info_tells_what_follows_from_the_tree),
};
GNDP_TEST_MAIN(tests)
