#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A Langevin correction given observations beside the same in PyTorch, in turns: a small network and a full one.
#
# usage: scripts/bench.sh correction [--pairs N] [--threads T] [--outer N] [--keep FILE]
#
# GNDP_PEERS names the folder of the peers (conditional_langevin.py, env.sh); without it ../shared/peers beside the
# checkout is tried. Without peers only our side runs. PYTHON: the interpreter that has PyTorch, /usr/bin/python3 by
# default. --keep appends every JSON line to FILE. Ours holds the exact law of the noised observations along a path and
# steps by the conditional covariance of the limit (the library's default); the peer draws them anew and steps by K.
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

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${GNDP_BENCH:-$root/build/release/bench}/bench_correction
python=${PYTHON:-/usr/bin/python3}
peers=${GNDP_PEERS:-$root/../shared/peers}
lines=$(mktemp -d)
trap 'rm -r "$lines"' EXIT

no_peer=
if [[ ! -f $peers/conditional_langevin.py ]]; then
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

ours() { # network products
    "$program" "$1" "$2" --outer "$outer" --threads "$threads" | note "$1-$2"
}

peer() { # network
    local shape=()
    [[ $1 == small ]] || shape=(--layers 5 --hidden 128)
    (
        cd "$peers"
        # shellcheck disable=SC1091
        . ./env.sh
        exec "$python" -B conditional_langevin.py "${shape[@]}" --threads "$threads" --mode eager --iters 20 --warmup 2 --seconds 600
    ) | note "$1-peer"
}

# Ratio of medians, of neighbours, of CPU seconds and of the fastest step of each side.
compare() { # label peer
    paste <(field median_s <"$lines/$1") <(field median_s <"$lines/$2") <(field cpu_s <"$lines/$1") <(field cpu_s <"$lines/$2") \
        <(field min_s <"$lines/$1") <(field min_s <"$lines/$2") |
        awk -v name="$1" '
            function middle(v, n,  i, j, t) {
                for (i = 1; i <= n; i++)
                    for (j = i + 1; j <= n; j++)
                        if (v[j] < v[i]) { t = v[i]; v[i] = v[j]; v[j] = t }
                return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
            }
            {
                r = $2 / $1; low = NR == 1 || r < low ? r : low; high = r > high ? r : high
                a[NR] = $1; b[NR] = $2; c[NR] = $3; d[NR] = $4
                best = NR == 1 || $5 < best ? $5 : best; other = NR == 1 || $6 < other ? $6 : other
            }
            END {
                printf "%-11s %6.2f x faster than the peer (pairs %.2f to %.2f, n = %d); by CPU seconds %.2f x, ",
                    name, middle(b, NR) / middle(a, NR), low, high, NR, middle(d, NR) / middle(c, NR)
                printf "fastest %.2f x; %.4g s and %.4g s\n", other / best, middle(a, NR), middle(b, NR)
            }'
}

printf '%s threads, load before: %s\n' "$threads" "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
"$(dirname "$program")/../gndp" --version 2>/dev/null || true
[[ -z $no_peer ]] || printf 'peer skipped: %s\n' "$no_peer"
for ((i = 0; i < pairs; i++)); do
    for network in small full; do
        ours "$network" f32
        [[ -n $no_peer ]] || peer "$network"
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
printf 'load after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
