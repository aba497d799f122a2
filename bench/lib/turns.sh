# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Ours and a peer in turns, and how they compare. Sourced by the benchmarks, which have set `threads` and `keep`.
#
# GNDP_BENCH: folder of our programs. GNDP_PEERS: folder of the peers, ../shared/peers beside the checkout by default; without one
# only our side runs. PYTHON: the interpreter that has PyTorch, /usr/bin/python3 by default.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${PYTHON:-/usr/bin/python3}
peers=${GNDP_PEERS:-$root/../shared/peers}
lines=$(mktemp -d)
trap 'rm -r "$lines"' EXIT
no_peer=

# turns_open PROGRAM SCRIPT: sets `program`; `no_peer` says why SCRIPT cannot run, if so.
turns_open() {
    program=${GNDP_BENCH:-$root/build/release/bench}/$1
    if [[ ! -f $peers/$2 ]]; then
        no_peer="there is no folder of peers: set GNDP_PEERS"
    elif ! "$python" -c 'import torch' 2>/dev/null; then
        no_peer="$python has no torch (Debian: apt-get install python3-torch libopenblas0-openmp)"
    fi
    printf '%s threads, load before: %s\n' "$threads" "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"
    "$(dirname "$program")/../gndp" --version 2>/dev/null || true
    [[ -z $no_peer ]] || printf 'peer skipped: %s\n' "$no_peer"
}

turns_close() { printf 'load after: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg 2>/dev/null || echo unknown)"; }

# The last value of a key in JSON lines that hold it as a plain number or text.
field() { sed -n "s/.*\"$1\": \"\{0,1\}\([^,\"}]*\).*/\1/p"; }

# note LABEL: keeps the JSON line on standard input as the label's next run.
note() {
    cat >>"$lines/$1"
    if [[ -n $keep ]]; then tail -n 1 "$lines/$1" >>"$keep"; fi
}

# mine LABEL ARGUMENT...: a run of ours.
mine() {
    local label=$1
    shift
    "$program" "$@" --threads "$threads" | note "$label"
}

# theirs LABEL ARGUMENT...: a run of the peer's Python, with the settings of its env.sh.
theirs() {
    local label=$1
    shift
    (
        [[ -z ${waiting:-} ]] || unset OMP_WAIT_POLICY # env.sh says what is best for the peer
        cd "$peers" || exit 1
        # shellcheck disable=SC1091
        . ./env.sh
        exec "$python" -B "$@" --threads "$threads" --mode eager
    ) | note "$label"
}

# Median of numbers, one a line.
median() { sort -g | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

# compare OURS PEER [TIMES]: ratio of medians; smallest and largest ratio of runs that were neighbours in time; ratios of the median
# CPU seconds and of the fastest step of each side, which say more when other programs run; and of memory where both say it. TIMES:
# the peer's steps a unit of ours.
compare() {
    paste <(field median_s <"$lines/$1") <(field median_s <"$lines/$2") <(field cpu_s <"$lines/$1") <(field cpu_s <"$lines/$2") \
        <(field min_s <"$lines/$1") <(field min_s <"$lines/$2") <(field rss_mb <"$lines/$1") <(field rss_mb <"$lines/$2") |
        awk -F '\t' -v name="$1" -v peer="$2" -v times="${3:-1}" '
            function middle(v, n,  i, j, t) {
                for (i = 1; i <= n; i++)
                    for (j = i + 1; j <= n; j++)
                        if (v[j] < v[i]) { t = v[i]; v[i] = v[j]; v[j] = t }
                return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
            }
            {
                r = times * $2 / $1; low = NR == 1 || r < low ? r : low; high = r > high ? r : high
                a[NR] = $1; b[NR] = times * $2; c[NR] = $3; d[NR] = times * $4; e[NR] = $7; f[NR] = $8
                best = NR == 1 || $5 < best ? $5 : best; other = NR == 1 || times * $6 < other ? times * $6 : other
            }
            END {
                printf "%-11s against %-11s %6.2f x faster (pairs %.2f to %.2f, n = %d); by CPU seconds %.2f x, ",
                    name, peer ":", middle(b, NR) / middle(a, NR), low, high, NR, middle(d, NR) / middle(c, NR)
                printf "fastest %.2f x; %.4g s and %.4g s", other / best, middle(a, NR), middle(b, NR)
                if (middle(e, NR) > 0 && middle(f, NR) > 0)
                    printf "; memory %.2f of %.0f MB", middle(e, NR) / middle(f, NR), middle(f, NR)
                printf "\n"
            }'
}
