#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds the release preset, and shows a whole run of the program in at most 4 minutes.
#
#   scripts/demo.sh                 curves with a known law: train on them, sample, and set densities beside the exact ones
#   scripts/demo.sh FILE.nc VAR     a short training on a variable of a NetCDF file: samples, table and maps beside data
#
# Results go to the folder demo, or to that of GNDP_DEMO, which is replaced. GNDP_DEMO_MINUTES (default 2) bounds the
# training; GNDP_DEMO_PROGRAM names a program that is built already.
set -euo pipefail
# shellcheck source=lib/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/setup.sh"

[[ $# -eq 0 || $# -eq 2 ]] || gndp_fail "usage: scripts/demo.sh [FILE.nc VAR]"
file=${1:+$(realpath "$1")}
var=${2:-}
[[ -z $file || -f $file ]] || gndp_fail "there is no file $1"
folder=$(realpath -m "${GNDP_DEMO:-demo}")
minutes=${GNDP_DEMO_MINUTES:-2}
program=${GNDP_DEMO_PROGRAM:-}
if [[ -z $program ]]; then
    gndp_setup
    gndp_build release
    program=$GNDP_ROOT/build/release/gndp
fi
program=$(realpath "$program")
# Threads that wait asleep cost nothing on a quiet machine and much less on one that is shared.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
SECONDS=0

# Say a command and run it.
gndp() {
    printf '\n$ gndp %s\n' "$*" | sed "s#$folder/##g"
    "$program" "$@"
}

# Pictures where this build draws them; the demo goes on without.
picture() {
    if ! gndp plot "$@"; then
        gndp_say "no picture: this build cannot draw (cairo is missing?)"
    fi
}

number() { # NAME of a JSON object on standard input
    sed -n "s/.*\"$1\":\\(-\\{0,1\\}[0-9.e+-]*\\).*/\\1/p"
}

# ---- Curves of a known law ----------------------------------------------------------------------

curves() {
    local kernel="rbf(lengthscale=0.25) + white(variance=0.0025)" exact nothing model
    cat >train.yaml <<YAML
# 24 points of smooth curves, white noise of variance 0.0025 included.
data:
  source: files
  files: curves.nc
  split: {rule: random, train: 0.98, validation: 0.02, test: 0}
  normalise: none
process: {t0: 5e-4, beta1: 10, kernel: white(variance=1.0025)}
score: {net: bi_attention, layers: 2, hidden: 32, heads: 4, centre: yes}
parametrisation: {residual_trick: no}
train:
  steps: 12000
  batch: 32
  learning_rate: {initial: 1e-4, peak: 2e-3, end: 1e-5, warmup: 100}
  ema: 0.995
  validate_every: 1000
  max_minutes: $minutes
output: {folder: run}
YAML
    gndp gen se -n 8192 --points 24 -o curves.nc
    gndp gen se -n 32 --first 8192 --points 24 -q -o unseen.nc
    gndp train train.yaml
    gndp sample run/model.nc -n 64 --steps 50 -o samples.nc
    gndp sample run/model.nc -n 3 --line -2:2:60 --steps 50 -q -o curves.csv
    gndp eval run/model.nc unseen.nc --part all --samples-from samples.nc --likelihood 32 --flow-steps 50 | tee eval.txt
    model=$(sed -n 's/.* fields: \([-0-9.]*\) nats a point.*/\1/p' eval.txt)
    exact=$(log_density "$kernel" --fix 0/rbf/variance --fix 0/rbf/lengthscale --fix 1/white/variance)
    nothing=$(log_density "white(variance=1.0025)" --fix white/variance)
    picture curves.nc -n 6 -q -o data.png
    picture samples.nc -n 6 -q -o samples.png
    picture run -q -o loss.png
    printf '\nlog-density of 32 unseen curves, nats a point\n'
    printf '  exact Gaussian process, the law of the data  %8.3f\n' "$exact"
    printf '  trained model                                %8.3f\n' "$model"
    printf '  every value by itself, no learning           %8.3f\n' "$nothing"
}

# log_density KERNEL --fix PATH..: its log marginal likelihood with nothing to fit, nats a value.
log_density() {
    "$program" gp fit --kernel "$@" --data unseen.nc --mean 0 --fields 32 --points 24 --starts 1 --max-steps 1 -q --json |
        number log_marginal | awk '{ print $1 / (32 * 24) }'
}

# ---- A file of the user -------------------------------------------------------------------------

fields() {
    local points stride=1
    points=$("$program" info --json "$file" | number most)
    # A network knows as many points as it was trained on: few of them, so that all are seen in a short training.
    [[ -n $points ]] || gndp_fail "$file: no fields on shared points"
    while ((points > 500 * stride * stride)); do
        stride=$((stride + 1))
    done
    cat >train.yaml <<YAML
data:
  source: files
  files: $file
  var: $var
  stride: $stride
  normalise: climatology
process: {t0: 5e-4, beta0: 1e-4, beta1: 15}
score: {net: multi_attention, layers: 3, hidden: 32, heads: 4}
train:
  steps: 1500
  batch: 16
  learning_rate: {initial: 1e-4, peak: 2e-3, end: 1e-5, warmup: 100}
  ema: 0.995
  validate_every: 500
  validation_batches: 4
  max_minutes: $minutes
sample: {batch: 8}
output: {folder: run}
YAML
    gndp info "$file"
    gndp train train.yaml --dry-run
    gndp train train.yaml
    gndp sample run/model.nc -n 24 --steps 60 -o samples.nc
    gndp eval run/model.nc --samples-from samples.nc
    picture samples.nc --compare "$file" -n 4 -q -o maps.png
    picture run -q -o loss.png
    printf '\nThe training was short: what longer ones look like is in docs/train.md.\n'
}

if [[ -n $file ]]; then
    fields
else
    curves
fi
printf '\nAll in %d min %02d s; everything is in %s:\n' $((SECONDS / 60)) $((SECONDS % 60)) "$folder"
ls
