#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The layout of .clang-format: scripts/format.sh lists the files that differ, --apply rewrites them. Files may be
# named; without, all C sources are taken.
set -euo pipefail
# shellcheck source=lib/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/setup.sh"

apply=no
case ${1-} in
--apply)
    apply=yes
    shift
    ;;
--check) shift ;;
-*)
    printf 'usage: scripts/format.sh [--check | --apply] [FILE]...\n' >&2
    exit 2
    ;;
esac
command -v clang-format >/dev/null || gndp_fail "there is no clang-format (Debian, Ubuntu: apt-get install clang-format)"

files=("$@")
if [[ ${#files[@]} -eq 0 ]]; then
    cd "$GNDP_ROOT"
    folders=()
    for folder in include src tests bench examples; do
        [[ ! -d $folder ]] || folders+=("$folder")
    done
    mapfile -t files < <(find "${folders[@]}" -name '*.[ch]' -o -name '*.inl' -o -name '*.cu' | sort)
fi
if [[ $apply == yes ]]; then
    clang-format -i "${files[@]}"
    exit 0
fi
differ=0
for file in "${files[@]}"; do
    if ! clang-format --dry-run --Werror "$file" >/dev/null 2>&1; then
        printf '%s\n' "$file"
        differ=$((differ + 1))
    fi
done
if [[ $differ -gt 0 ]]; then
    gndp_fail "$differ of ${#files[@]} files differ; scripts/format.sh --apply rewrites them"
fi
