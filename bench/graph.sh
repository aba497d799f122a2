#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One training step of the two networks of bench_graph.c beside the same step in PyTorch, in turns.
#
# usage: scripts/bench.sh graph [--pairs N] [--threads T] [--steps N] [--only a|b] [--keep FILE]
#
# bench/lib/turns.sh says where the peers (ndp_biattention_train.py, multioutput_attention_train.py) are found. --keep appends
# every JSON line to FILE.
#
# A round runs ours in f32, the peer, ours with bf16 products, and (a only) the peer with --shortcut, which leaves out
# the queries and keys that do not matter in one dimension, as we do; so each of ours has each peer for a neighbour.
set -euo pipefail

pairs=5 threads=2 steps=10 only=ab keep=
while [[ $# -gt 0 ]]; do
    case $1 in
    --pairs) pairs=$2 ;;
    --threads) threads=$2 ;;
    --steps) steps=$2 ;;
    --only) only=$2 ;;
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

ours() { mine "ours-$1-$2" "$1" "$2" --steps "$steps"; } # task products

# Peak memory is that of the process, its interpreter and libraries included, as for ours.
peer() { # label script argument...
    theirs "$1" -c '
import json, resource, subprocess, sys
out = subprocess.run([sys.executable, "-B"] + sys.argv[1:], check=True, stdout=subprocess.PIPE).stdout
line = json.loads(out.decode().strip().splitlines()[-1])
line["rss_mb"] = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024e-6, 1)
print(json.dumps(line))' "${@:2}" --iters 3 --warmup 1 --seconds 600
}

show_ours() { # task products
    local all=$lines/ours-$1-$2
    printf '%-7s median %s s (cpu %s s), peak memory %s MB, loss %s; ' "$1-$2" "$(field median_s <"$all" | median)" \
        "$(field cpu_s <"$all" | median)" "$(field rss_mb <"$all" | median)" "$(field loss <"$all" | tail -n 1)"
    printf '%s GF in products by our plan, %s GF as the peer counts; %s GF/s, %s of the %s GF/s peak\n' \
        "$(field plan_matmul_gflop <"$all" | tail -n 1)" "$(field peer_gflop <"$all" | tail -n 1)" \
        "$(field gflops <"$all" | median)" "$(field peak_share <"$all" | median)" \
        "$(field peak_gflops <"$all" | median)"
}

rounds() { # task script
    for ((i = 0; i < pairs; i++)); do
        ours "$1" f32
        [[ -n $no_peer ]] || peer "peer-$1" "$2"
        ours "$1" bf16
        [[ -n $no_peer || $1 != a ]] || peer "shortcut-$1" "$2" --shortcut
    done
    printf -- '-- %s: %s\n' "$1" "$3"
    show_ours "$1" f32
    show_ours "$1" bf16
    [[ -z $no_peer ]] || return 0
    for products in f32 bf16; do
        compare "ours-$1-$products" "peer-$1"
        [[ $1 != a ]] || compare "ours-$1-$products" "shortcut-$1"
    done
}

turns_open bench_graph ndp_biattention_train.py
if [[ -z $no_peer ]]; then
    (
        cd "$peers"
        # shellcheck disable=SC1091
        . ./env.sh
        "$python" -c 'import torch; c = torch.__config__.show().splitlines(); print("peer: PyTorch", torch.__version__ + ",",
            "; ".join(l.strip(" -") for l in c[1:] if "PERF" not in l and "Build settings" not in l)[:300])'
    )
fi
[[ $only != *a* ]] || rounds a ndp_biattention_train.py \
    "bi-dimensional attention, batch 256, 60 points, 1-D, 2 layers, hidden 128, 8 heads"
[[ $only != *b* ]] || rounds b multioutput_attention_train.py \
    "attention over 648 points, batch 32, 2-D, 5 layers, hidden 128, 4 heads"
turns_close
