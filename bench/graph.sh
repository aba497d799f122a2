#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One training step of the two networks of bench_graph.c beside the same step in PyTorch, in turns.
#
# usage: scripts/bench.sh graph [--pairs N] [--threads T] [--steps N] [--only a|b] [--keep FILE]
#
# GNDP_PEERS names the folder of the peers (ndp_biattention_train.py, multioutput_attention_train.py, env.sh);
# without it ../shared/peers beside the checkout is tried. Without peers only our side runs. PYTHON: the interpreter
# that has PyTorch, /usr/bin/python3 by default. --keep appends every JSON line to FILE.
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

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${GNDP_BENCH:-$root/build/release/bench}/bench_graph
python=${PYTHON:-/usr/bin/python3}
peers=${GNDP_PEERS:-$root/../shared/peers}
lines=$(mktemp -d)
trap 'rm -r "$lines"' EXIT

no_peer=
if [[ ! -f $peers/ndp_biattention_train.py ]]; then
    no_peer="there is no folder of peers: set GNDP_PEERS"
elif ! "$python" -c 'import torch' 2>/dev/null; then
    no_peer="$python has no torch (Debian: apt-get install python3-torch libopenblas0-openmp)"
fi

# The last value of a key in JSON lines that hold it as a plain number or text.
field() { sed -n "s/.*\"$1\": \"\{0,1\}\([^,\"}]*\).*/\1/p"; }

note() {
    cat >>"$lines/$1"
    if [[ -n $keep ]]; then tail -n 1 "$lines/$1" >>"$keep"; fi
}

ours() { # task products
    "$program" "$1" "$2" --steps "$steps" --threads "$threads" | note "ours-$1-$2"
}

# Peak memory is that of the process, its interpreter and libraries included, as for ours.
peer() { # label script argument...
    local label=$1
    shift
    (
        cd "$peers"
        # shellcheck disable=SC1091
        . ./env.sh
        exec "$python" -B -c '
import json, resource, subprocess, sys
out = subprocess.run([sys.executable, "-B"] + sys.argv[1:], check=True, stdout=subprocess.PIPE).stdout
line = json.loads(out.decode().strip().splitlines()[-1])
line["rss_mb"] = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024e-6, 1)
print(json.dumps(line))' "$@" --threads "$threads" --mode eager --iters 3 --warmup 1 --seconds 600
    ) | note "$label"
}

# Median of numbers, one a line.
median() { sort -g | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

show_ours() { # task products
    local all=$lines/ours-$1-$2
    printf '%-7s median %s s (cpu %s s), peak memory %s MB, loss %s; ' "$1-$2" "$(field median_s <"$all" | median)" \
        "$(field cpu_s <"$all" | median)" "$(field rss_mb <"$all" | median)" "$(field loss <"$all" | tail -n 1)"
    printf '%s GF in products by our plan, %s GF as the peer counts; %s GF/s, %s of the %s GF/s peak\n' \
        "$(field plan_matmul_gflop <"$all" | tail -n 1)" "$(field peer_gflop <"$all" | tail -n 1)" \
        "$(field gflops <"$all" | median)" "$(field peak_share <"$all" | median)" \
        "$(field peak_gflops <"$all" | median)"
}

# Ratio of medians; smallest and largest ratio of runs that were neighbours in time; ratios of the median CPU seconds
# and of the fastest step of each side, which say more when other programs run.
compare() { # task products peer
    local mine=$lines/ours-$1-$2 other=$lines/$3
    paste <(field median_s <"$mine") <(field median_s <"$other") <(field cpu_s <"$mine") <(field cpu_s <"$other") \
        <(field rss_mb <"$mine") <(field rss_mb <"$other") <(field min_s <"$mine") <(field min_s <"$other") |
        awk -v name="$1-$2" -v peer="$3" '
            function middle(v, n,  i, j, t) {
                for (i = 1; i <= n; i++)
                    for (j = i + 1; j <= n; j++)
                        if (v[j] < v[i]) { t = v[i]; v[i] = v[j]; v[j] = t }
                return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
            }
            {
                r = $2 / $1; low = NR == 1 || r < low ? r : low; high = r > high ? r : high
                a[NR] = $1; b[NR] = $2; c[NR] = $3; d[NR] = $4; e[NR] = $5; f[NR] = $6
                best = NR == 1 || $7 < best ? $7 : best; peer_best = NR == 1 || $8 < peer_best ? $8 : peer_best
            }
            END {
                mb = middle(e, NR); peer_mb = middle(f, NR)
                printf "%-7s against %-11s %.2f x faster (pairs %.2f to %.2f, n = %d); by CPU seconds %.2f x, fastest steps %.2f x; ",
                    name, peer ":", middle(b, NR) / middle(a, NR), low, high, NR, middle(d, NR) / middle(c, NR), peer_best / best
                printf "peer %.3f s, %.0f MB; memory %.2f of the peer\n", middle(b, NR), peer_mb, mb / peer_mb
            }'
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
        compare "$1" "$products" "peer-$1"
        [[ $1 != a ]] || compare "$1" "$products" "shortcut-$1"
    done
}

printf '%s threads, load before: %s\n' "$threads" "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
"$(dirname "$program")/../gndp" --version 2>/dev/null || true
if [[ -n $no_peer ]]; then
    printf 'peer skipped: %s\n' "$no_peer"
else
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
printf 'load after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
