#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the release preset and runs one benchmark: scripts/bench.sh NAME [ARGUMENT]...
# runs bench/NAME.sh, given the folder of the programs in GNDP_BENCH, or else the program bench_NAME.
set -euo pipefail
# shellcheck source=lib/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/setup.sh"

names() {
    find "$GNDP_ROOT/bench" -maxdepth 1 \( -name '*.sh' -o -name 'bench_*.c' \) -printf '%f\n' |
        sed -e 's/^bench_//' -e 's/\.[a-z]*$//' | sort -u | tr '\n' ' '
}

if [[ $# -eq 0 || $1 == -* ]]; then
    printf 'usage: scripts/bench.sh NAME [ARGUMENT]...\nbenchmarks: %s\n' "$(names)" >&2
    exit 2
fi
name=$1
shift
if [[ ! -f $GNDP_ROOT/bench/$name.sh && ! -f $GNDP_ROOT/bench/bench_$name.c ]]; then
    gndp_say "there is no benchmark '$name'; there are: $(names)"
    exit 2
fi
gndp_setup
gndp_build release >&2
export GNDP_BENCH=$GNDP_ROOT/build/release/bench
if [[ -f $GNDP_ROOT/bench/$name.sh ]]; then
    exec bash "$GNDP_ROOT/bench/$name.sh" "$@"
fi
exec "$GNDP_BENCH/bench_$name" "$@"
