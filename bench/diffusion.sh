#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sampling with a score network beside the same in PyTorch, in turns: one step, and a whole batch of samples.
#
# usage: scripts/bench.sh diffusion [--pairs N] [--threads T] [--steps N] [--batch B] [--keep FILE]
#
# GNDP_PEERS names the folder of the peers (reverse_sde_sample.py, env.sh); without it ../shared/peers beside the
# checkout is tried. Without peers only our side runs. PYTHON: the interpreter that has PyTorch, /usr/bin/python3 by
# default. --keep appends every JSON line to FILE. --batch: samples a block, of the 64.
#
# A round runs ours in f32, the peer, ours with bf16 products, the peer with --shortcut (in one dimension it leaves out
# the queries and keys of the attention over dimensions, as we do), and a whole batch of ours in f32 and with bf16. The
# peer's whole batch is 500 of its steps. First comes the table of what law each sampler draws from: a batch is compared
# only with one that is at least as exact.
set -euo pipefail

pairs=5 threads=2 steps=10 batch=16 keep=
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

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${GNDP_BENCH:-$root/build/release/bench}/bench_diffusion
python=${PYTHON:-/usr/bin/python3}
peers=${GNDP_PEERS:-$root/../shared/peers}
lines=$(mktemp -d)
trap 'rm -r "$lines"' EXIT

no_peer=
if [[ ! -f $peers/reverse_sde_sample.py ]]; then
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

ours() { # products
    "$program" step "$1" --steps "$steps" --threads "$threads" --batch "$batch" | note "step-$1"
}

whole() { # products
    "$program" batch "$1" --sampler ancestral2 --steps 125 --repeat 1 --threads "$threads" --batch "$batch" |
        note "batch-$1"
}

peer() { # label argument...
    local label=$1
    shift
    (
        cd "$peers"
        # shellcheck disable=SC1091
        . ./env.sh
        exec "$python" -B reverse_sde_sample.py "$@" --threads "$threads" --mode eager --iters "$steps" --warmup 2 \
            --seconds 600
    ) | note "$label"
}

# Ratio of medians; smallest and largest ratio of runs that were neighbours in time; ratios of the median CPU seconds
# and of the fastest step of each side, which say more when other programs run. `times`: peer's steps a unit of ours.
compare() { # label peer times
    paste <(field median_s <"$lines/$1") <(field median_s <"$lines/$2") <(field cpu_s <"$lines/$1") \
        <(field cpu_s <"$lines/$2") <(field min_s <"$lines/$1") <(field min_s <"$lines/$2") |
        awk -v name="$1" -v peer="$2" -v times="$3" '
            function middle(v, n,  i, j, t) {
                for (i = 1; i <= n; i++)
                    for (j = i + 1; j <= n; j++)
                        if (v[j] < v[i]) { t = v[i]; v[i] = v[j]; v[j] = t }
                return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
            }
            {
                r = times * $2 / $1; low = NR == 1 || r < low ? r : low; high = r > high ? r : high
                a[NR] = $1; b[NR] = times * $2; c[NR] = $3; d[NR] = times * $4
                best = NR == 1 || $5 < best ? $5 : best; other = NR == 1 || times * $6 < other ? times * $6 : other
            }
            END {
                printf "%-11s against %-9s %6.2f x faster (pairs %.2f to %.2f, n = %d); by CPU seconds %.2f x, ",
                    name, peer ":", middle(b, NR) / middle(a, NR), low, high, NR, middle(d, NR) / middle(c, NR)
                printf "fastest %.2f x; %.4g s and %.4g s\n", other / best, middle(a, NR), middle(b, NR)
            }'
}

printf '%s threads, load before: %s\n' "$threads" "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
"$(dirname "$program")/../gndp" --version 2>/dev/null || true
"$program" quality
[[ -z $no_peer ]] || printf 'peer skipped: %s\n' "$no_peer"
for ((i = 0; i < pairs; i++)); do
    ours f32
    [[ -n $no_peer ]] || peer peer
    ours bf16
    [[ -n $no_peer ]] || peer shortcut --shortcut
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
        compare "step-$products" peer 1
        compare "step-$products" shortcut 1
    done
    printf -- '-- whole batch: ours ancestral2, 125 steps; the peer Euler-Maruyama, 500 of its steps\n'
    for products in f32 bf16; do
        compare "batch-$products" peer 500
        compare "batch-$products" shortcut 500
    done
fi
printf 'load after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
