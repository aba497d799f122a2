// SPDX-License-Identifier: Apache-2.0
// Target points of a model from options.
#include "cli/target.h"

#include <stdio.h>
#include <string.h>

#include "cli/usage.h"

/* Points named on the command line have the axes of the model's fields; those of a file keep their own. */
static int take_places(const gndp_coords *own, cli_target *t)
{
    gndp_coords *c = &t->coords;
    *c = t->places.coords;
    if (c->space != own->space || c->columns != own->columns)
        return gndp_failure("the model's fields have %d coordinates %s; the points asked for have %d %s", own->columns,
                            own->space == GNDP_SPACE_SPHERE ? "on the sphere" : "x1, ..", c->columns,
                            c->space == GNDP_SPACE_SPHERE ? "on the sphere" : "x1, ..");
    for (int a = 0; a < c->columns && t->places.set == NULL; a++) {
        memcpy(c->axis[a].name, own->axis[a].name, sizeof c->axis[a].name);
        memcpy(c->axis[a].standard_name, own->axis[a].standard_name, sizeof c->axis[a].standard_name);
        memcpy(c->axis[a].units, own->axis[a].units, sizeof c->axis[a].units);
    }
    snprintf(t->text, sizeof t->text, "%s", t->places.text);
    return GNDP_EXIT_DONE;
}

int cli_target_make(const gndp_place_options *options, const gndp_model *model, uint64_t seed, cli_target *out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_coords *own = &gndp_model_fields(model)->coords;
    const char *source;
    memset(out, 0, sizeof *out);
    if (gndp_places_named(options)) {
        GNDP_STEP(gndp_places_make(options, seed, &out->places));
        GNDP_STEP(take_places(own, out));
    } else {
        if (options->poles)
            return gndp_usage_error("--poles belongs to --grid");
        GNDP_LIBRARY(gndp_config_text(gndp_model_config(model), "data.source", &source));
        if (own->n < 2 && strcmp(source, "events") != 0) /* one point is all that events have */
            return gndp_usage_error("the fields that the model was trained on had points of their own: say where, by --line, --plane, --grid, "
                                    "--scatter, --points or --like");
        out->coords = *own;
        snprintf(out->text, sizeof out->text, own->n > 1 ? "%lld points, those of the training" : "%lld point", (long long)own->n);
    }
done:
    return code;
}

void cli_target_free(cli_target *target)
{
    gndp_places_free(&target->places);
}
