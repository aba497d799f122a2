// SPDX-License-Identifier: Apache-2.0
// The whole public interface of gndp.
#ifndef GNDP_GNDP_H
#define GNDP_GNDP_H

#include <gndp/base.h>
#include <gndp/brownian.h>
#include <gndp/brownian_cond.h>
#include <gndp/calendar.h>
#include <gndp/coast.h>
#include <gndp/cond.h>
#include <gndp/config.h>
#include <gndp/eval.h>
#include <gndp/fields.h>
#include <gndp/gaussian.h>
#include <gndp/gp.h>
#include <gndp/graph.h>
#include <gndp/images.h>
#include <gndp/info.h>
#include <gndp/io.h>
#include <gndp/kernels.h>
#include <gndp/manifolds.h>
#include <gndp/model.h>
#include <gndp/ops.h>
#include <gndp/plot.h>
#include <gndp/prepare.h>
#include <gndp/sampler.h>
#include <gndp/score.h>
#include <gndp/sde.h>
#include <gndp/synth.h>
#include <gndp/tables.h>
#include <gndp/tracks.h>
#include <gndp/train.h>
#include <gndp/version.h>
#include <gndp/write.h>

#endif
