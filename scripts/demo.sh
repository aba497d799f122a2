#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the release preset and runs the tutorial example: a small network, written as
# an array graph, is fitted to noisy data.
set -euo pipefail
# shellcheck source=lib/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/setup.sh"

gndp_setup
gndp_build release
example=$GNDP_ROOT/build/release/examples/graph_regression
[[ -x $example ]] || gndp_fail "$example was not built: is examples/graph_regression.c there?"
exec "$example" "$@"
