// SPDX-License-Identifier: Apache-2.0
// Batches of a set of fields: whole epochs in random order, the same points for all fields of a step.
#include <gndp/train.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "train/epochs.h"
#include "train/streams.h"

typedef struct field_source {
    const gndp_fieldset *set;
    gndp_subset subset;
    int64_t n;       /* fields that may be drawn */
    int64_t *field;  /* [n] */
    int64_t *point;  /* [max points] chosen */
    train_epochs epochs;
    double *all;     /* [max points, C] coordinates of a field */
} field_source;

/* Number of points of a step: one of the choices, or uniform in between. */
static int64_t count_points(const gndp_subset *subset, uint64_t seed, uint32_t step, int64_t all)
{
    double u;
    int64_t n = all;
    gndp_random_uniform_f64(seed, step, 0, GNDP_STREAM(TRAIN_STREAM_POINTS, 0), 0, 1, &u);
    if (subset->n_choices > 0)
        n = subset->choice[(int)(u * subset->n_choices)];
    else if (subset->high > 0)
        n = subset->low + (int64_t)(u * (double)(subset->high - subset->low + 1));
    return n < all ? n : all;
}

static gndp_status draw_shared(field_source *s, uint64_t seed, uint32_t step, gndp_batch *batch)
{
    gndp_status st = GNDP_OK;
    const gndp_coords *coords = &gndp_fieldset_get_spec(s->set)->coords;
    const int64_t all = coords->n, m = count_points(&s->subset, seed, step, all);
    const int64_t *point = NULL;
    batch->points = m;
    if (m < all) {
        GNDP_TRY(gndp_choose(seed, step, 0, GNDP_STREAM(TRAIN_STREAM_POINTS, 1), all, m, s->point));
        point = s->point;
    }
    batch->point = point;
    for (int64_t i = 0; i < m; i++) {
        const int64_t from = point != NULL ? point[i] : i;
        memcpy(batch->x + i * coords->columns, s->all + from * coords->columns, (size_t)coords->columns * sizeof *batch->x);
    }
    GNDP_TRY(gndp_fieldset_read(s->set, batch->fields, s->epochs.picked, m, point, batch->values, batch->present));
done:
    return st;
}

/* Fields with points of their own: as many as the one with the fewest has, unless the subset asks for fewer. */
static gndp_status draw_own(field_source *s, uint64_t seed, uint32_t step, gndp_batch *batch)
{
    gndp_status st = GNDP_OK;
    const int columns = gndp_fieldset_get_spec(s->set)->coords.columns, components = gndp_fieldset_components(s->set);
    int64_t m = gndp_fieldset_max_points(s->set);
    for (int64_t b = 0; b < batch->fields; b++) {
        const int64_t n = gndp_fieldset_points(s->set, s->epochs.picked[b]);
        m = n < m ? n : m;
    }
    m = count_points(&s->subset, seed, step, m);
    batch->points = m;
    for (int64_t b = 0; b < batch->fields; b++) {
        const int64_t n = gndp_fieldset_points(s->set, s->epochs.picked[b]);
        GNDP_TRY(gndp_fieldset_coords(s->set, s->epochs.picked[b], s->all));
        GNDP_TRY(gndp_choose(seed, step, (uint32_t)b, GNDP_STREAM(TRAIN_STREAM_POINTS, 1), n, m, s->point));
        for (int64_t i = 0; i < m; i++)
            memcpy(batch->x + (b * m + i) * columns, s->all + s->point[i] * columns, (size_t)columns * sizeof *batch->x);
        GNDP_TRY(gndp_fieldset_read(s->set, 1, s->epochs.picked + b, m, s->point, batch->values + b * m * components,
                                    batch->present + b * m * components));
    }
done:
    return st;
}

static gndp_status draw(void *state, uint64_t seed, uint32_t step, gndp_batch *batch)
{
    gndp_status st = GNDP_OK;
    field_source *s = state;
    GNDP_TRY(train_epochs_pick(&s->epochs, seed, step, batch->fields));
    for (int64_t b = 0; b < batch->fields; b++)
        s->epochs.picked[b] = s->field[s->epochs.picked[b]];
    batch->point = NULL;
    batch->field = s->epochs.picked;
    if (gndp_fieldset_shared(s->set))
        GNDP_TRY(draw_shared(s, seed, step, batch));
    else
        GNDP_TRY(draw_own(s, seed, step, batch));
done:
    return st;
}

static void source_free(void *state)
{
    field_source *s = state;
    if (s == NULL)
        return;
    free(s->field);
    train_epochs_free(&s->epochs);
    free(s->point);
    free(s->all);
    free(s);
}

static gndp_status check_subset(const gndp_subset *subset, int64_t most)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(subset->n_choices >= 0 && subset->n_choices <= 8, GNDP_ERR_RANGE, "%d numbers of points, at most 8", subset->n_choices);
    GNDP_CHECK(subset->low >= 0 && subset->high >= subset->low, GNDP_ERR_RANGE, "numbers of points from %lld to %lld",
               (long long)subset->low, (long long)subset->high);
    GNDP_CHECK(subset->high == 0 || subset->low >= 1, GNDP_ERR_RANGE, "a step needs at least one point");
    for (int i = 0; i < subset->n_choices; i++)
        GNDP_CHECK(subset->choice[i] >= 1 && subset->choice[i] <= most, GNDP_ERR_RANGE,
                   "%lld points asked for, fields have at most %lld", (long long)subset->choice[i], (long long)most);
done:
    return st;
}

/* Most points that a step can draw: what batches and plans are made for. */
static int64_t most_drawn(const gndp_subset *subset, int64_t all)
{
    int64_t most = subset->high;
    for (int i = 0; i < subset->n_choices; i++)
        most = i == 0 || subset->choice[i] > most ? subset->choice[i] : most;
    return most > 0 && most < all ? most : all;
}

gndp_status gndp_batch_source_fields(const gndp_fieldset *set, int64_t n, const int64_t *field, gndp_subset subset, gndp_batch_source *out)
{
    gndp_status st = GNDP_OK;
    field_source *s = NULL;
    GNDP_CHECK(set != NULL && out != NULL, GNDP_ERR_ARG, "set or out is NULL");
    memset(out, 0, sizeof *out);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int64_t most = gndp_fieldset_max_points(set);
    if (field == NULL)
        n = spec->n_fields;
    GNDP_CHECK(n >= 1, GNDP_ERR_RANGE, "%s: no field to train on", spec->origin);
    GNDP_TRY(check_subset(&subset, most));
    s = calloc(1, sizeof *s);
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "source");
    *s = (field_source){.set = set, .subset = subset, .n = n};
    s->field = malloc((size_t)n * sizeof *s->field);
    GNDP_TRY(train_epochs_create(n, &s->epochs));
    s->point = malloc((size_t)most * sizeof *s->point);
    s->all = malloc((size_t)(most * spec->coords.columns) * sizeof *s->all);
    GNDP_CHECK(s->field != NULL && s->point != NULL && s->all != NULL, GNDP_ERR_NOMEM,
               "%lld fields of %lld points", (long long)n, (long long)most);
    for (int64_t i = 0; i < n; i++) {
        s->field[i] = field != NULL ? field[i] : i;
        GNDP_CHECK(s->field[i] >= 0 && s->field[i] < spec->n_fields, GNDP_ERR_RANGE, "field %lld of %lld", (long long)s->field[i],
                   (long long)spec->n_fields);
    }
    if (gndp_fieldset_shared(set))
        gndp_coords_list(&spec->coords, s->all);
    *out = (gndp_batch_source){.state = s, .max_points = most_drawn(&subset, most), .shared = gndp_fieldset_shared(set), .draw = draw, .free = source_free};
    s = NULL;
done:
    source_free(s);
    return st;
}
