#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Gaussian laws beside a bare Cholesky factorisation and beside PyTorch (gp_sample.py), in turns; then structured laws against their size.
#
# usage: scripts/bench.sh gaussian [--pairs N] [--threads T] [--most POINTS] [--keep FILE] [--csv FILE]
#
# GNDP_PEERS names the folder of the peers (gp_sample.py, env.sh); without it ../shared/peers beside the checkout is tried. Without peers only our
# side runs. PYTHON: the interpreter that has PyTorch, /usr/bin/python3 by default. --keep appends every JSON line to FILE.
set -euo pipefail

pairs=3 threads=2 most=2000000 keep=/dev/null csv=
while [[ $# -gt 0 ]]; do
    case $1 in
    --pairs) pairs=$2 ;;
    --threads) threads=$2 ;;
    --most) most=$2 ;;
    --keep) keep=$(realpath -m "$2") ;;
    --csv) csv=$(realpath -m "$2") ;;
    *)
        sed -n '5p' "${BASH_SOURCE[0]}" | cut -c3- >&2
        exit 2
        ;;
    esac
    shift 2
done

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${GNDP_BENCH:-$root/build/release/bench}/bench_gaussian
python=${PYTHON:-/usr/bin/python3}
peers=${GNDP_PEERS:-$root/../shared/peers}
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=$threads
has_peer=
if [[ -f $peers/gp_sample.py ]] && "$python" -c 'import torch' 2>/dev/null; then has_peer=yes; fi

peer() { # n kernel dtype
    (
        cd "$peers"
        # shellcheck disable=SC1091
        . ./env.sh
        "$python" -B gp_sample.py --n "$1" --kernel "$2" --dtype "$3" --threads "$threads" --iters 3 --warmup 1 --flush
    )
}

field() { sed -n "s/.*\"$1\": \([^,}]*\).*/\1/p"; }
middle() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

printf '%s threads, load before: %s\n' "$threads" "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
[[ -n $has_peer ]] || printf 'peer skipped: no gp_sample.py (set GNDP_PEERS) or %s has no torch\n' "$python"
lines=$(mktemp -d)
trap 'rm -r "$lines"' EXIT
for task in "1024 rbf float32" "4096 rbf float32" "8192 rbf float32" "8192 rbf float64" "1024 curlfree float32" "2048 curlfree float32"; do
    read -r n kernel dtype <<<"$task"
    : >"$lines/ours"
    : >"$lines/double"
    : >"$lines/peer"
    for ((i = 0; i < pairs; i++)); do
        single=()
        [[ $dtype == float64 ]] || single=(--f32)
        "$program" dense --n "$n" --kernel "$kernel" --threads "$threads" --reps 3 "${single[@]}" | tee -a "$lines/ours" >>"$keep"
        [[ $dtype == float64 ]] || "$program" dense --n "$n" --kernel "$kernel" --threads "$threads" --reps 3 | tee -a "$lines/double" >>"$keep"
        [[ -z $has_peer ]] || peer "$n" "$kernel" "$dtype" | tee -a "$lines/peer" >>"$keep"
    done
    ours=$(field median_s <"$lines/ours" | middle)
    printf '%s n = %s, %s: ours %s s (Gram, factor, 64 draws)' "$kernel" "$n" "$dtype" "$ours"
    if [[ -n $has_peer ]]; then
        theirs=$(field median_s <"$lines/peer" | middle)
        printf ', peer %s s: %s x faster' "$theirs" "$(awk -v a="$theirs" -v b="$ours" 'BEGIN {printf "%.2f", a / b}')"
    fi
    [[ $dtype == float64 ]] || printf '; in f64 %s s, of bare dpotrf %s' "$(field median_s <"$lines/double" | middle)" \
        "$(field ratio_of_pairs <"$lines/double" | middle)"
    [[ $dtype != float64 ]] || printf '; Gram and factor of bare dpotrf %s' "$(field ratio_of_pairs <"$lines/ours" | middle)"
    printf '\n'
done
"$program" scale --most "$most" --threads "$threads" --reps 3 ${csv:+--csv "$csv"} | tee -a "$keep" |
    sed -E 's/.*"kind": "([^"]*)", "kernel": "([^"]*)", .*"n": ([0-9]*), .*"factor_s": ([^,]*), "draw_s": ([^,]*), "law_mib": ([^,]*), "peak_mib": ([^,]*),.*/\1 \3 points: factor \4 s, \5 s a draw, law \6 MiB, peak \7 MiB: \2/'
printf 'load after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
