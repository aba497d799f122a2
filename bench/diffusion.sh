#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sampling with a score network beside the same in PyTorch (reverse_sde_sample.py), in turns: one step, and a whole batch of samples.
#
# usage: scripts/bench.sh diffusion [--pairs N] [--threads T] [--steps N] [--batch B] [--keep FILE]
#
# bench/lib/turns.sh says where the peer is found. --keep appends every JSON line to FILE. --batch: samples a block, of the 64; all by
# default, as the peer's.
#
# A round runs ours in f32, the peer, ours with bf16 products, the peer with --shortcut (in one dimension it leaves out
# the queries and keys of the attention over dimensions, as we do), and a whole batch of ours in f32 and with bf16. The
# peer's whole batch is 500 of its steps. First comes the table of what law each sampler draws from: a batch is compared
# only with one that is at least as exact.
set -euo pipefail

pairs=5 threads=2 steps=30 batch=64 keep=
while [[ $# -gt 0 ]]; do
    case $1 in
    --pairs) pairs=$2 ;;
    --threads) threads=$2 ;;
    --steps) steps=$2 ;;
    --batch) batch=$2 ;;
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

step() { mine "step-$1" step "$1" --steps "$steps" --batch "$batch"; }                                             # products
whole() { mine "batch-$1" batch "$1" --sampler ancestral2 --steps 125 --repeat 1 --batch "$batch"; }               # products
peer() { [[ -n $no_peer ]] || theirs "$1" reverse_sde_sample.py "${@:2}" --iters "$steps" --warmup 2 --seconds 600; } # label argument...

turns_open bench_diffusion reverse_sde_sample.py
"$program" quality
for ((i = 0; i < pairs; i++)); do
    step f32
    peer peer
    step bf16
    peer shortcut --shortcut
    whole f32
    whole bf16
done
printf -- '-- bi-dimensional attention, 64 samples, 100 points, 2 layers, hidden 128, 8 heads, 1-D\n'
for label in step-f32 step-bf16 batch-f32 batch-bf16; do
    printf '%-11s median %s s, cpu %s s (last round)\n' "$label" "$(field median_s <"$lines/$label" | tail -n 1)" \
        "$(field cpu_s <"$lines/$label" | tail -n 1)"
done
if [[ -z $no_peer ]]; then
    for products in f32 bf16; do
        compare "step-$products" peer
        compare "step-$products" shortcut
    done
    printf -- '-- whole batch: ours ancestral2, 125 steps; the peer Euler-Maruyama, 500 of its steps\n'
    for products in f32 bf16; do
        compare "batch-$products" peer 500
        compare "batch-$products" shortcut 500
    done
fi
turns_close
