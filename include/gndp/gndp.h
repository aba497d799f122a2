// SPDX-License-Identifier: Apache-2.0
// The whole public interface of gndp.
#ifndef GNDP_GNDP_H
#define GNDP_GNDP_H

#include <gndp/base.h>
#include <gndp/gaussian.h>
#include <gndp/gp.h>
#include <gndp/graph.h>
#include <gndp/info.h>
#include <gndp/kernels.h>
#include <gndp/ops.h>
#include <gndp/version.h>

#endif
