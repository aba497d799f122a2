// SPDX-License-Identifier: Apache-2.0
// How the components of equivariant networks divide into scalars and vectors, in and out.
#include "score/components.h"

#include "base/error.h"

static int64_t dim_of(const gndp_net_spec *spec)
{
    return spec->vector_dim > 0 ? spec->vector_dim : spec->x_dim;
}

net_components net_components_of(const gndp_net_spec *spec)
{
    const int64_t dim = dim_of(spec), outputs = gndp_net_outputs(spec);
    net_components c = {.dim = dim, .scalars = spec->scalars, .vectors = (spec->y_dim - spec->scalars) / dim};
    c.out_scalars = outputs < spec->scalars ? outputs : spec->scalars;
    c.out_vectors = (outputs - c.out_scalars) / dim;
    return c;
}

gndp_status net_check_components(const gndp_net_spec *spec)
{
    gndp_status st = GNDP_OK;
    const int64_t dim = dim_of(spec), outputs = gndp_net_outputs(spec);
    GNDP_CHECK(spec->scalars >= 0 && spec->scalars <= spec->y_dim, GNDP_ERR_RANGE, "scalars = %lld of %lld components",
               (long long)spec->scalars, (long long)spec->y_dim);
    GNDP_CHECK((spec->y_dim - spec->scalars) % dim == 0, GNDP_ERR_SHAPE,
               "%s: of %lld components %lld are scalars, the other %lld make no vectors of %lld components", spec->kind, (long long)spec->y_dim,
               (long long)spec->scalars, (long long)(spec->y_dim - spec->scalars), (long long)dim);
    GNDP_CHECK(outputs <= spec->scalars || (outputs - spec->scalars) % dim == 0, GNDP_ERR_SHAPE,
               "%s: outputs = %lld: behind %lld scalars that is no whole number of vectors of %lld components", spec->kind, (long long)outputs,
               (long long)spec->scalars, (long long)dim);
done:
    return st;
}
