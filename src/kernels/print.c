// SPDX-License-Identifier: Apache-2.0
// Canonical text of a kernel, and numbers as text whatever the locale.
#include "kernels/kernel.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------- numbers */

/* The decimal point of the locale, which printf and strtod use: one byte, else the point. */
static char decimal_point(void)
{
    const struct lconv *convention = localeconv();
    return convention->decimal_point[0] != '\0' && convention->decimal_point[1] == '\0'
               ? convention->decimal_point[0]
               : '.';
}

void kernel_number_print(double value, char text[KERNEL_NUMBER_BYTES])
{
    int digits = 1;
    for (; digits <= 17; digits++) {
        snprintf(text, KERNEL_NUMBER_BYTES, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    for (; digits < 7 && strchr(text, 'e') != NULL && fabs(value) >= 1.0 && fabs(value) < 1e7; digits++) {
        snprintf(text, KERNEL_NUMBER_BYTES, "%.*g", digits + 1, value); /* 90, not 9e+01 */
    }
    char *point = strchr(text, decimal_point());
    if (point != NULL) {
        *point = '.';
    }
}

/* The end of a decimal number at text, in the C locale's form; NULL if there is none. */
static const char *number_end(const char *text)
{
    const char *p = text + (*text == '-' || *text == '+' ? 1 : 0);
    int n = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        n++;
    }
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9'; p++) {
            n++;
        }
    }
    if (n == 0) {
        return NULL;
    }
    if (*p == 'e' || *p == 'E') {
        const char *e = p + 1 + (p[1] == '-' || p[1] == '+' ? 1 : 0);
        if (*e >= '0' && *e <= '9') {
            for (p = e; *p >= '0' && *p <= '9'; p++) {
            }
        }
    }
    return p;
}

const char *kernel_number_read(const char *text, double *value)
{
    static const struct {
        const char *name;
        double value;
    } special[] = {{"infinity", (double)INFINITY}, {"inf", (double)INFINITY}, {"nan", (double)NAN}};
    const char *word = text + (*text == '-' || *text == '+' ? 1 : 0), *end = number_end(text);
    char copy[400];
    for (size_t i = 0; end == NULL && i < sizeof special / sizeof *special; i++) {
        size_t n = 0;
        while (special[i].name[n] != '\0' && (word[n] | 0x20) == special[i].name[n]) {
            n++;
        }
        if (special[i].name[n] == '\0') {
            *value = *text == '-' ? -special[i].value : special[i].value;
            return word + n;
        }
    }
    if (end == NULL || end - text >= (ptrdiff_t)sizeof copy) {
        return NULL;
    }
    memcpy(copy, text, (size_t)(end - text));
    copy[end - text] = '\0';
    char *point = strchr(copy, '.');
    if (point != NULL) {
        *point = decimal_point();
    }
    *value = strtod(copy, NULL);
    return end;
}

/* ------------------------------------------------------------------------------------- text */

/* A text that counts on where the buffer ends. */
typedef struct sink {
    char *text;
    size_t capacity, length;
} sink;

static void put(sink *s, const char *text)
{
    for (; *text != '\0'; text++, s->length++) {
        if (s->length + 1 < s->capacity) {
            s->text[s->length] = *text;
        }
    }
}

static void put_number(sink *s, double value)
{
    char text[KERNEL_NUMBER_BYTES];
    kernel_number_print(value, text);
    put(s, text);
}

static void put_hyper(sink *s, const gndp_kernel *k, int h)
{
    const int n = kernel_count(k, h);
    const bool list = k->ops->hyper[h].form == KERNEL_LIST || n != 1;
    put(s, k->ops->hyper[h].name);
    put(s, list ? "=[" : "=");
    for (int i = 0; i < n; i++) {
        put(s, i > 0 ? ", " : "");
        put_number(s, kernel_list(k, h)[i]);
    }
    put(s, list ? "]" : "");
}

static void put_kernel(sink *s, const gndp_kernel *k);

static void put_part(sink *s, const gndp_kernel *k, bool brackets)
{
    put(s, brackets ? "(" : "");
    put_kernel(s, k);
    put(s, brackets ? ")" : "");
}

static void put_kernel(sink *s, const gndp_kernel *k)
{
    const gndp_kernel_ops *ops = k->ops;
    if (ops == &kernel_scale_ops) {
        put_number(s, k->value[0]);
        put(s, " * ");
        put_part(s, k->child[0],
                 k->child[0]->ops == &kernel_sum_ops || k->child[0]->ops == &kernel_scale_ops);
        return;
    }
    if (ops->inner) {
        const bool product = ops == &kernel_product_ops;
        for (int i = 0; i < k->n_children; i++) {
            put(s, i == 0 ? "" : product ? " * " : " + ");
            put_part(s, k->child[i],
                     product ? k->child[i]->ops->inner : k->child[i]->ops == &kernel_sum_ops);
        }
        return;
    }
    put(s, ops->name);
    put(s, "(");
    for (int i = 0; i < k->n_children; i++) {
        put(s, i > 0 ? ", " : "");
        put_kernel(s, k->child[i]);
    }
    for (int h = 0, n = k->n_children; h < kernel_hypers(ops); h++) {
        if (ops->hyper[h].form == KERNEL_LIST && kernel_count(k, h) == 0) {
            continue; /* an empty list is the default */
        }
        put(s, n++ > 0 ? ", " : "");
        put_hyper(s, k, h);
    }
    put(s, ")");
}

size_t gndp_kernel_print(const gndp_kernel *k, char *text, size_t capacity)
{
    sink s = {text, text == NULL ? 0 : capacity, 0};
    if (k != NULL) {
        put_kernel(&s, k);
    }
    if (s.capacity > 0) {
        text[s.length < s.capacity ? s.length : s.capacity - 1] = '\0';
    }
    return s.length;
}
