// SPDX-License-Identifier: Apache-2.0
// Short texts that tell models, and the data of their training, apart.
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

enum { SAMPLED_FIELDS = 1024, SAMPLED_VALUES = 1 << 24 };

/* FNV-1a, 64 bits. */
static const uint64_t fnv_start = UINT64_C(0xcbf29ce484222325);

static uint64_t mix(uint64_t hash, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* With its end, so that "ab", "c" is not "a", "bc". */
static uint64_t mix_text(uint64_t hash, const char *text)
{
    return mix(hash, text, strlen(text) + 1);
}

static uint64_t mix_number(uint64_t hash, double number)
{
    return mix(hash, &number, sizeof number);
}

static void finish(uint64_t hash, char out[17])
{
    snprintf(out, 17, "%016llx", (unsigned long long)hash);
}

static uint64_t mix_fields(uint64_t hash, const gndp_fieldset_spec *spec)
{
    const gndp_coords *coords = &spec->coords;
    hash = mix_number(hash, (double)coords->space);
    hash = mix_number(hash, (double)coords->layout);
    for (int a = 0; a < coords->columns; a++) {
        hash = mix_text(hash, coords->axis[a].units);
        if (coords->layout == GNDP_LAYOUT_PRODUCT)
            hash = mix(hash, coords->axis[a].value, (size_t)coords->axis[a].size * sizeof(double));
    }
    if (coords->layout == GNDP_LAYOUT_LIST)
        hash = mix(hash, coords->x, (size_t)(coords->n * coords->columns) * sizeof(double));
    for (int c = 0; c < spec->n_channels; c++) {
        hash = mix_text(hash, spec->channel[c].name);
        hash = mix_text(hash, spec->channel[c].units);
        hash = mix_number(hash, (double)spec->channel[c].kind);
        hash = mix_number(hash, (double)spec->channel[c].components);
    }
    return hash;
}

/* ---- Models --------------------------------------------------------------------------------- */

static uint64_t mix_kernel(uint64_t hash, const gndp_kernel *kernel)
{
    const size_t bytes = gndp_kernel_print(kernel, NULL, 0) + 1;
    char *text = malloc(bytes);
    if (text != NULL) { /* without memory for a line nothing else would go on */
        gndp_kernel_print(kernel, text, bytes);
        hash = mix_text(hash, text);
    }
    free(text);
    return hash;
}

static uint64_t mix_process(uint64_t hash, const gndp_model *model)
{
    const gndp_schedule *s = gndp_model_schedule(model);
    const gndp_process *process = model->process;
    const double numbers[] = {(double)s->kind, s->t0, s->t1, s->beta0, s->beta1, s->shift, (double)s->steps};
    hash = mix(hash, numbers, sizeof numbers);
    if (model_on_sphere(model))
        return model->reference != NULL ? mix_kernel(hash, model->reference) : hash;
    hash = mix(hash, gndp_process_mean(process), (size_t)gndp_process_outputs(process) * sizeof(double));
    return mix_kernel(hash, gndp_process_kernel(process));
}

static uint64_t mix_net(uint64_t hash, const gndp_model *model)
{
    const gndp_net_spec *net = &model->net;
    const gndp_parametrisation *p = &model->parametrisation;
    const double numbers[] = {(double)net->x_dim, (double)net->y_dim, (double)net->scalars, (double)net->layers, (double)net->hidden, (double)net->heads,
                              net->centre, net->context_flag, net->y_scale, net->time_scale, (double)p->target, p->std_trick, p->residual_trick};
    const double more[] = {(double)net->vector_dim, net->axis, (double)net->outputs};
    hash = mix(mix_text(hash, net->kind), numbers, sizeof numbers);
    /* none of them: the hash of before there were such */
    return more[0] != 0.0 || more[1] != 0.0 || more[2] != 0.0 ? mix(hash, more, sizeof more) : hash;
}

static uint64_t mix_frame(uint64_t hash, const gndp_model *model)
{
    const gndp_normaliser *z = &model->normaliser;
    const size_t row = (size_t)z->components * sizeof(double);
    const double numbers[] = {(double)model->frame, model->x_scale, model->projection.lat0_deg, model->projection.lon0_deg, model->projection.radius_km};
    hash = mix(hash, numbers, sizeof numbers);
    hash = mix(hash, z->mean, row);
    hash = mix(hash, z->scale, row);
    hash = z->climatology != NULL ? mix(hash, z->climatology, (size_t)z->points * row) : hash;
    return z->spread != NULL ? mix(hash, z->spread, (size_t)z->points * row) : hash;
}

void model_hash_of(const gndp_model *model, char out[17])
{
    uint64_t hash = mix_fields(fnv_start, gndp_fieldset_get_spec(model->fields));
    hash = mix_process(hash, model);
    hash = mix_net(hash, model);
    hash = mix_frame(hash, model);
    for (int64_t i = 0; i < gndp_store_count(model->store); i++) {
        gndp_array value;
        const gndp_slot slot = model->average ? GNDP_SLOT_EMA : GNDP_SLOT_VALUE;
        if (gndp_store_array(model->store, gndp_store_name(model->store, i), slot, &value) == GNDP_OK)
            hash = mix(hash, value.data, gndp_type_bytes(value.type));
    }
    finish(hash, out);
}

void model_rehash(gndp_model *model)
{
    model_hash_of(model, model->hash);
}

/* ---- Data ----------------------------------------------------------------------------------- */

/* In f32, as sets are when they are in memory: the same whether they were. */
static gndp_status mix_values(const gndp_fieldset *set, int64_t f, double *values, uint8_t *present, uint64_t *hash)
{
    gndp_status st = GNDP_OK;
    const int64_t n = gndp_fieldset_points(set, f), size = n * gndp_fieldset_components(set);
    GNDP_TRY(gndp_fieldset_read(set, 1, &f, n, NULL, values, present));
    for (int64_t i = 0; i < size; i++) {
        const float value = (float)values[i];
        *hash = mix(*hash, &value, sizeof value);
    }
    *hash = mix(*hash, present, (size_t)size);
done:
    return st;
}

gndp_status model_fingerprint(const gndp_fieldset *set, char out[17])
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int64_t most = gndp_fieldset_max_points(set) * gndp_fieldset_components(set);
    uint64_t hash = mix_fields(fnv_start, spec);
    double *values = malloc((size_t)most * sizeof *values);
    uint8_t *present = malloc((size_t)most);
    GNDP_CHECK(values != NULL && present != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)most);
    hash = mix_number(hash, (double)spec->n_fields);
    for (int64_t f = 0; f < spec->n_fields; f++) {
        hash = mix_number(hash, (double)gndp_fieldset_points(set, f));
        hash = mix_number(hash, spec->label[f].time_s);
        hash = mix_number(hash, (double)spec->label[f].member);
        hash = mix_text(hash, spec->label[f].id != NULL ? spec->label[f].id : "");
    }
    int64_t some = SAMPLED_VALUES / most;
    some = some > SAMPLED_FIELDS ? SAMPLED_FIELDS : some < 16 ? 16 : some;
    some = some < spec->n_fields ? some : spec->n_fields;
    for (int64_t i = 0; i < some; i++)
        GNDP_TRY(mix_values(set, i * spec->n_fields / some, values, present, &hash));
    finish(hash, out);
done:
    free(values);
    free(present);
    return st;
}

gndp_status gndp_model_check_data(const gndp_model *model, const gndp_fieldset *data)
{
    gndp_status st = GNDP_OK;
    char found[17];
    GNDP_CHECK(model != NULL && data != NULL, GNDP_ERR_ARG, "model or data is NULL");
    GNDP_TRY(model_fingerprint(data, found));
    GNDP_CHECK(model->data_hash[0] == '\0' || strcmp(found, model->data_hash) == 0, GNDP_ERR_STATE,
               "%s are not the data of this training: their fingerprint is %s, the checkpoint's %s", gndp_fieldset_get_spec(data)->origin, found,
               model->data_hash);
done:
    return st;
}
