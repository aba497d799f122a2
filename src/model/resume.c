// SPDX-License-Identifier: Apache-2.0
// What of a model's configuration may change between two runs of its training.
#include "model/config.h"
#include "model/model.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* Keys, or groups that end in a point, that no parameter so far has followed from. data.files may move; what is in them is checked by itself. */
static bool may_change(const char *path)
{
    static const char *const keys[] = {"data.files",
                                       "train.steps",
                                       "train.max_minutes",
                                       "train.patience",
                                       "train.validate_every",
                                       "train.validation_batches",
                                       "train.checkpoint_every",
                                       "train.checkpoint_minutes",
                                       "sample.",
                                       "infer.",
                                       "likelihood.",
                                       "output."};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const size_t n = strlen(keys[i]);
        if (keys[i][n - 1] == '.' ? strncmp(path, keys[i], n) == 0 : strcmp(path, keys[i]) == 0)
            return true;
    }
    return false;
}

/* 1e-4 and 0.0001 are one number: texts of numbers do not count. */
static bool same_value(gndp_config_type type, const config_value *a, const config_value *b)
{
    if (a->has != b->has || !a->has)
        return a->has == b->has;
    if (type == GNDP_CONFIG_INTEGER || type == GNDP_CONFIG_SWITCH)
        return a->integer == b->integer;
    if (a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++) {
        const bool numbers = type == GNDP_CONFIG_NUMBER || type == GNDP_CONFIG_NUMBERS;
        if (numbers ? a->number[i] != b->number[i] : strcmp(a->text[i], b->text[i]) != 0)
            return false;
    }
    return true;
}

gndp_status gndp_model_reconfigure(gndp_model *model, const gndp_config *config, char *changed, size_t capacity)
{
    gndp_status st = GNDP_OK;
    gndp_config *copy = NULL;
    GNDP_CHECK(model != NULL && config != NULL, GNDP_ERR_ARG, "model or config is NULL");
    if (capacity > 0)
        changed[0] = '\0';
    for (int i = 0; i < gndp_config_key_count(); i++) {
        const gndp_config_key *key = gndp_config_key_get(i);
        const char *path = key->path;
        if (same_value(key->type, &model->config->value[i], &config->value[i]))
            continue;
        GNDP_CHECK(may_change(path), GNDP_ERR_STATE, "%s differs from the checkpoint's, whose parameters follow from it: leave it as it was, or begin anew",
                   path);
        if (capacity > 0)
            gndp_text_append(changed, capacity, "%s%s", changed[0] != '\0' ? ", " : "", path);
    }
    GNDP_TRY(gndp_config_clone(config, &copy));
    gndp_config_free(model->config);
    model->config = copy;
done:
    return st;
}
