#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the packages that the build needs and that are missing: scripts/setup.sh [--sanitizers]
set -euo pipefail
# shellcheck source=lib/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/setup.sh"

case ${1-} in
"")
    gndp_setup
    ;;
--sanitizers)
    gndp_install "${GNDP_PACKAGES[@]}" "${GNDP_PACKAGES_SANITIZERS[@]}"
    ;;
*)
    printf 'usage: scripts/setup.sh [--sanitizers]\n\n' >&2
    printf '  --sanitizers  also clang and its OpenMP runtime, for the preset tsan\n' >&2
    exit 2
    ;;
esac
