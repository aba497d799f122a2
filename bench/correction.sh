#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A Langevin correction given observations beside the same in PyTorch (conditional_langevin.py), in turns: a small network and a full one.
#
# usage: scripts/bench.sh correction [--pairs N] [--threads T] [--outer N] [--keep FILE]
#
# bench/lib/turns.sh says where the peer is found. --keep appends every JSON line to FILE. Ours holds the exact law of the noised
# observations along a path and steps by the conditional covariance of the limit (the library's default); the peer draws them anew and
# steps by K.
set -euo pipefail

pairs=5 threads=2 outer=3 keep=
while [[ $# -gt 0 ]]; do
    case $1 in
    --pairs) pairs=$2 ;;
    --threads) threads=$2 ;;
    --outer) outer=$2 ;;
    --keep) keep=$(realpath -m "$2") ;;
    *)
        sed -n '5p' "${BASH_SOURCE[0]}" | cut -c3- >&2
        exit 2
        ;;
    esac
    shift 2
done
# shellcheck source=lib/turns.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/turns.sh"
# Ours wait asleep, as in the program gndp, unless the environment says otherwise.
waiting=${OMP_WAIT_POLICY:-passive}
export OMP_WAIT_POLICY=$waiting

ours() { mine "$1-$2" "$1" "$2" --outer "$outer"; } # network products

peer() { # network
    local shape=()
    [[ $1 == small ]] || shape=(--layers 5 --hidden 128)
    [[ -n $no_peer ]] || theirs "$1-peer" conditional_langevin.py "${shape[@]}" --iters 20 --warmup 2 --seconds 600
}

turns_open bench_correction conditional_langevin.py
for ((i = 0; i < pairs; i++)); do
    for network in small full; do
        ours "$network" f32
        peer "$network"
        ours "$network" bf16
    done
done
printf -- '-- a correction of 64 samples, 125 points in the plane, 2 components, 25 points observed\n'
for network in small full; do
    for products in f32 bf16; do
        printf '%-11s median %s s, cpu %s s (last round)\n' "$network-$products" "$(field median_s <"$lines/$network-$products" | tail -n 1)" \
            "$(field cpu_s <"$lines/$network-$products" | tail -n 1)"
        [[ -n $no_peer ]] || compare "$network-$products" "$network-peer"
    done
done
turns_close
