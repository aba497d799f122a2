// SPDX-License-Identifier: Apache-2.0
// Log-densities of fields under a model.
#include "cli/density.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/usage.h"

enum { BLOCK = 16 };

int cli_finished(gndp_status st)
{
    if (st == GNDP_ERR_INTERRUPTED) {
        gndp_failure("interrupted; nothing was reported");
        return GNDP_EXIT_INTERRUPTED;
    }
    return st == GNDP_OK ? GNDP_EXIT_DONE : gndp_failure_library();
}

/* Points of field f where every channel has a value, and the values there. */
typedef struct field_points {
    int64_t n;
    bool whole;      /* nothing is missing */
    double *x;       /* [n, C] */
    double *values;  /* [n, P] */
    uint8_t *present;
} field_points;

static void field_points_free(field_points *f)
{
    free(f->x);
    free(f->values);
    free(f->present);
}

static int read_field(const gndp_fieldset *set, int64_t f, field_points *out)
{
    int code = GNDP_EXIT_DONE;
    const int64_t n = gndp_fieldset_points(set, f);
    const int columns = gndp_fieldset_get_spec(set)->coords.columns, p = gndp_fieldset_components(set);
    *out = (field_points){0};
    out->x = malloc((size_t)(n * columns) * sizeof *out->x);
    out->values = malloc((size_t)(n * p) * sizeof *out->values);
    out->present = malloc((size_t)(n * p));
    if (out->x == NULL || out->values == NULL || out->present == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_fieldset_coords(set, f, out->x));
    GNDP_LIBRARY(gndp_fieldset_read(set, 1, &f, n, NULL, out->values, out->present));
    for (int64_t i = 0; i < n; i++) {
        bool all = true;
        for (int c = 0; c < p; c++)
            all = all && out->present[i * p + c];
        if (!all)
            continue;
        memmove(out->x + out->n * columns, out->x + i * columns, (size_t)columns * sizeof *out->x);
        memmove(out->values + out->n * p, out->values + i * p, (size_t)p * sizeof *out->values);
        out->n++;
    }
    out->whole = out->n == n;
done:
    return code;
}

/* Whole fields on shared points wait until there is a block of them. */
typedef struct job {
    gndp_model *model;
    const gndp_fieldset *set;
    const gndp_likelihood_options *options;
    bool bf16;
    int64_t block;
    gndp_generator *shared;
    int64_t size, waiting;
    double *values; /* [block, N P] */
    uint32_t member[BLOCK];
    int64_t count;
    double mean, square; /* of nats a point, Welford's */
} job;

static void count_one(job *j, double nats)
{
    const double d = nats - j->mean;
    j->mean += d / (double)++j->count;
    j->square += d * (nats - j->mean);
}

static int flush(job *j)
{
    int code = GNDP_EXIT_DONE;
    double log_p[BLOCK];
    if (j->waiting == 0)
        return GNDP_EXIT_DONE;
    if (j->shared == NULL)
        GNDP_LIBRARY(gndp_generator_create(j->model, &gndp_fieldset_get_spec(j->set)->coords, j->block, j->bf16, NULL, &j->shared));
    GNDP_STEP(cli_finished(gndp_generator_log_likelihood(j->shared, j->options, j->waiting, j->member, j->values, log_p)));
    for (int64_t i = 0; i < j->waiting; i++)
        count_one(j, log_p[i] / (double)gndp_fieldset_max_points(j->set));
    j->waiting = 0;
done:
    return code;
}

/* A field on points of its own, or on those where it has values. */
static int alone(job *j, int64_t f, const field_points *field)
{
    int code = GNDP_EXIT_DONE;
    gndp_generator *own = NULL;
    gndp_coords coords = gndp_fieldset_get_spec(j->set)->coords;
    const uint32_t member = (uint32_t)f;
    double log_p;
    coords.layout = GNDP_LAYOUT_LIST;
    coords.n = field->n;
    coords.x = field->x;
    for (int a = 0; a < coords.columns; a++) {
        coords.axis[a].size = 0;
        coords.axis[a].value = NULL;
    }
    GNDP_LIBRARY(gndp_generator_create(j->model, &coords, 1, j->bf16, NULL, &own));
    GNDP_STEP(cli_finished(gndp_generator_log_likelihood(own, j->options, 1, &member, field->values, &log_p)));
    count_one(j, log_p / (double)field->n);
done:
    gndp_generator_free(own);
    return code;
}

static int take(job *j, int64_t f)
{
    int code = GNDP_EXIT_DONE;
    field_points field = {0};
    GNDP_STEP(read_field(j->set, f, &field));
    if (gndp_fieldset_shared(j->set) && field.whole) {
        memcpy(j->values + j->waiting * j->size, field.values, (size_t)j->size * sizeof *j->values);
        j->member[j->waiting++] = (uint32_t)f;
        if (j->waiting == j->block)
            GNDP_STEP(flush(j));
    } else if (field.n > 0) {
        GNDP_STEP(alone(j, f, &field));
    }
done:
    field_points_free(&field);
    return code;
}

int cli_density_make(gndp_model *model, const gndp_fieldset *set, int64_t n, const gndp_likelihood_options *options, bool bf16,
                     gndp_progress *progress, cli_density *out)
{
    int code = GNDP_EXIT_DONE;
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields;
    const double start = gp_seconds();
    job j = {.model = model, .set = set, .options = options, .bf16 = bf16, .block = n < BLOCK ? n : BLOCK,
             .size = gndp_fieldset_max_points(set) * gndp_fieldset_components(set)};
    *out = (cli_density){0};
    j.values = malloc((size_t)(j.block * j.size) * sizeof *j.values);
    if (j.values == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < n; i++) {
        GNDP_STEP(take(&j, i * fields / n));
        gndp_progress_update(progress, i + 1 - j.waiting, NULL);
    }
    GNDP_STEP(flush(&j));
    gndp_progress_update(progress, n, NULL);
    if (j.count == 0) {
        code = gndp_failure("no field of the part has a value whose density could be taken");
        goto done;
    }
    *out = (cli_density){.fields = j.count, .mean = j.mean, .se = j.count > 1 ? sqrt(j.square / (double)(j.count - 1) / (double)j.count) : (double)NAN,
                         .seconds = gp_seconds() - start};
done:
    gndp_generator_free(j.shared);
    free(j.values);
    return code;
}
