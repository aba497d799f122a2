#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The one-dimensional regression table (docs/results/regression.md): trains, or goes on training, then scores and prints rows.
#
#   scripts/regression.sh [SET]...      of se matern52 weakly_periodic sawtooth mixture sawtooth_started; default se
#
# sawtooth_started begins from the network of mixture, which comes before it.
# Each set takes hours on 2 cores. Runs and scores are kept in the folder regression, or that of GNDP_REGRESSION: stop it with
# Ctrl-C at any time and call it again. GNDP_REGRESSION_FIELDS (default 4096) functions are scored in each domain.
# GNDP_REGRESSION_TRAIN=no scores what there is. GNDP_REGRESSION_PROGRAM names a program that is built already.
set -euo pipefail
# shellcheck source=lib/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/setup.sh"

[[ $# -gt 0 ]] || set -- se
for name in "$@"; do
    [[ -f $GNDP_ROOT/examples/regression_$name.yaml ]] || gndp_fail "there is no set $name"
done
folder=$(realpath -m "${GNDP_REGRESSION:-regression}")
fields=${GNDP_REGRESSION_FIELDS:-4096}
program=${GNDP_REGRESSION_PROGRAM:-}
if [[ -z $program ]]; then
    gndp_setup
    gndp_build release
    program=$GNDP_ROOT/build/release/gndp
fi
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
mkdir -p "$folder"

for name in "$@"; do
    run=$folder/$name
    if [[ ${GNDP_REGRESSION_TRAIN:-yes} != no && ! -f $run/model.nc ]]; then
        start=()
        if [[ $name == *_started ]]; then
            [[ -f $folder/mixture/model.nc ]] || gndp_fail "$name begins from $folder/mixture/model.nc: train mixture first"
            start=(--set "train.start=$folder/mixture/model.nc")
        fi
        "$program" train "$GNDP_ROOT/examples/regression_$name.yaml" --set train.precision=bf16 "${start[@]}" -o "$run" --resume
    fi
    model=$run/model.nc
    [[ -f $model ]] || model=$run/last.nc
    targets=50
    case $name in sawtooth* | mixture) targets=100 ;; esac
    for solver in rk4 euler; do
        # Written beside and renamed: a score that was interrupted is no score.
        "$program" eval "$model" --task regression --fields "$fields" --targets $targets --solver $solver --json >"$run/$solver.part"
        mv "$run/$solver.part" "$run/$solver.json"
    done
done
scores=()
for name in "$@"; do
    scores+=("$folder/$name/rk4.json" "$folder/$name/euler.json")
done
python3 "$GNDP_ROOT/scripts/regression_table.py" "${scores[@]}"
