#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzzers with clang and runs each for some seconds: scripts/fuzz.sh [SECONDS] [TARGET]... with 60 seconds
# and all targets (tests/fuzz/fuzz_<target>.c) as defaults. New inputs go to build/fuzz/corpus/<target>, findings to
# build/fuzz/findings. Another build folder may be named by GNDP_FUZZ_BUILD.
set -euo pipefail
# shellcheck source=lib/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/setup.sh"

seconds=60
if [[ ${1-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
case ${1-} in
-*)
    printf 'usage: scripts/fuzz.sh [SECONDS] [TARGET]...\n' >&2
    exit 2
    ;;
esac
targets=("$@")
cd "$GNDP_ROOT"
if [[ ${#targets[@]} -eq 0 ]]; then
    for file in tests/fuzz/fuzz_*.c; do
        name=${file##*/fuzz_}
        targets+=("${name%.c}")
    done
fi

gndp_setup
gndp_install "${GNDP_PACKAGES_SANITIZERS[@]}"
gndp_check_cmake
build=${GNDP_FUZZ_BUILD:-$GNDP_ROOT/build/fuzz}
generator=()
if [[ ! -f $build/CMakeCache.txt ]] && command -v ninja >/dev/null; then
    generator=(-G Ninja)
fi
cmake -S "$GNDP_ROOT" -B "$build" "${generator[@]}" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
    -DGNDP_FUZZ=ON -DGNDP_SANITIZE=address,undefined,fuzzer-no-link -DGNDP_BUILD_BENCH=OFF \
    -DGNDP_BUILD_EXAMPLES=OFF >"$build.log" 2>&1 || {
    cat "$build.log" >&2
    gndp_fail "the fuzzers could not be configured, see above"
}
cmake --build "$build" --parallel "$(nproc)" --target "${targets[@]/#/fuzz_}" >"$build.log" 2>&1 || {
    tail -n 40 "$build.log" >&2
    gndp_fail "the fuzzers could not be built, see above"
}

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive
mkdir -p "$build/findings"
failed=()
for target in "${targets[@]}"; do
    fresh=$build/corpus/$target kept=$GNDP_ROOT/tests/fuzz/corpus/$target
    mkdir -p "$fresh"
    corpora=("$fresh")
    [[ ! -d $kept ]] || corpora+=("$kept")
    options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1
        -artifact_prefix="$build/findings/$target-")
    [[ ! -f tests/fuzz/$target.dict ]] || options+=(-dict="tests/fuzz/$target.dict")
    if "$build/tests/fuzz/fuzz_$target" "${options[@]}" "${corpora[@]}" >"$build/$target.log" 2>&1; then
        printf '%-16s %s runs, no finding\n' "$target" \
            "$(awk '/number_of_executed_units/ { print $2 }' "$build/$target.log")"
    else
        printf '%-16s FINDING, see %s\n' "$target" "$build/$target.log"
        grep -E 'ERROR|SUMMARY|does not hold|runtime error|Test unit written' "$build/$target.log" || true
        failed+=("$target")
    fi
done
[[ ${#failed[@]} -eq 0 ]] || gndp_fail "findings: ${failed[*]}"
