#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the commands of a tutorial and pastes what they print: scripts/docs.sh docs/gp.md [PROGRAM]
#
# Fences of the language `console` hold commands, lines that begin with "$ " (a backslash at the end continues one),
# each followed by its output. All run in one empty folder. What git shows as changed afterwards is what was wrong.
set -euo pipefail
# shellcheck source=lib/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/setup.sh"

[[ $# -ge 1 && -f $1 ]] || gndp_fail "usage: scripts/docs.sh FILE.md [PROGRAM]"
file=$(realpath "$1")
if [[ $# -ge 2 ]]; then
    program=$(realpath "$2")
else
    gndp_build release
    program=$GNDP_ROOT/build/release/gndp
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin" "$folder/work"
ln -s "$program" "$folder/bin/gndp"
export PATH=$folder/bin:$PATH GNDP_ROOT
cd "$folder/work"

inside=false   # a console fence
continues=false # the line before ended in a backslash
command=""
run_command() {
    [[ -n $command ]] || return 0
    bash -c "$command" 2>&1 | sed -e 's/[ \t]*$//' -e "s#$folder/work/##g" || true
    command=""
}
while IFS= read -r line; do
    if ! $inside; then
        printf '%s\n' "$line"
        [[ $line == '```console' ]] && inside=true
        continue
    fi
    if $continues; then
        printf '%s\n' "$line"
        command+=$'\n'$line
        [[ $line == *\\ ]] || continues=false
    elif [[ $line == '```' ]]; then
        run_command
        printf '%s\n' "$line"
        inside=false
    elif [[ $line == '$ '* ]]; then
        run_command
        printf '%s\n' "$line"
        command=${line#'$ '}
        [[ $line == *\\ ]] && continues=true
    fi # any other line is old output
done <"$file" >"$folder/new"
cat "$folder/new" >"$file"
