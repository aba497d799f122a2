#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the release preset and runs its quick tests. Arguments go to ctest, for
# instance: scripts/test.sh -R graph
set -euo pipefail
# shellcheck source=lib/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/setup.sh"

gndp_setup
gndp_build release
gndp_ctest release -LE slow "$@"
