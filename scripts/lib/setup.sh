# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts: finds the source tree, installs what is missing, configures and builds a preset.
# shellcheck shell=bash

GNDP_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly GNDP_ROOT

# What the build needs, as Debian 12 and Ubuntu 24.04 name it.
readonly GNDP_PACKAGES=(build-essential cmake ninja-build pkg-config git libopenblas-openmp-dev liblapacke-dev
    libsleef-dev librandom123-dev libgsl-dev libfftw3-dev libjansson-dev libnetcdf-dev libudunits2-dev
    libpng-dev zlib1g-dev libyaml-dev libcmocka-dev)
# Used where the system has it; the build is complete without.
readonly GNDP_PACKAGES_OPTIONAL=(libdnnl-dev libcairo2-dev libproj-dev fonts-dejavu-core gmt-gshhg-low)
# For the preset tsan, which needs clang and its own OpenMP runtime.
# shellcheck disable=SC2034 # read by scripts/setup.sh
readonly GNDP_PACKAGES_SANITIZERS=(clang libclang-rt-dev libomp-dev)

gndp_say() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

gndp_fail() {
    gndp_say "$@"
    exit 1
}

# Print those of the packages named that are not installed.
gndp_missing() {
    local installed package
    # dpkg-query fails when it does not know one of them, and still answers for the others.
    installed=" $({ dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } |
        awk '$2 == "installed" { print $1 }' | tr '\n' ' ')"
    for package in "$@"; do
        [[ $installed == *" $package "* ]] || printf '%s\n' "$package"
    done
}

gndp_as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Debian's own timers may hold the package locks for a while after boot, so they are waited for.
gndp_apt_get() {
    gndp_as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
        -o Dpkg::Use-Pty=0 "$@"
}

# gndp_install PACKAGE...: have them, and those of the optional ones that the system offers.
gndp_install() {
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        gndp_say "this system has no apt-get, so nothing was installed; the build needs what these Debian" \
            "packages hold: $* (docs/building.md)"
        return 0
    fi
    local missing optional wanted=() package
    mapfile -t missing < <(gndp_missing "$@")
    mapfile -t optional < <(gndp_missing "${GNDP_PACKAGES_OPTIONAL[@]}")
    if [[ ${#missing[@]} -gt 0 ]]; then
        if [[ $(id -u) -ne 0 ]] && ! command -v sudo >/dev/null; then
            gndp_fail "packages are missing and there is no sudo; run as root: apt-get install ${missing[*]}"
        fi
        gndp_say "installing: ${missing[*]}"
        gndp_apt_get update || gndp_fail "apt-get update failed, see above"
        wanted=("${missing[@]}")
    elif [[ $(id -u) -ne 0 ]]; then
        return 0 # nobody is asked for a password for the sake of an optional package
    fi
    for package in "${optional[@]}"; do
        if [[ -n $(apt-cache show "$package" 2>/dev/null) ]]; then
            gndp_say "installing, optional: $package"
            wanted+=("$package")
        fi
    done
    if [[ ${#wanted[@]} -gt 0 ]]; then
        gndp_apt_get install -y --no-install-recommends "${wanted[@]}" >/dev/null ||
            gndp_fail "apt-get could not install: ${wanted[*]}"
    fi
}

gndp_setup() {
    gndp_install "${GNDP_PACKAGES[@]}"
}

gndp_check_cmake() {
    local version
    command -v cmake >/dev/null || gndp_fail "there is no cmake; version 3.25 or later is needed"
    version=$(cmake --version | awk 'NR == 1 { print $3 }')
    if [[ $(printf '3.25\n%s\n' "$version" | sort -V | head -n 1) != 3.25 ]]; then
        gndp_fail "cmake $version is too old: 3.25 or later is needed (Debian 12, Ubuntu 24.04)"
    fi
}

# gndp_build PRESET: configure and build it. A build folder keeps the generator it was made with.
gndp_build() {
    local preset=$1 log
    cd "$GNDP_ROOT" || exit 1
    gndp_check_cmake
    if [[ ! -f build/$preset/CMakeCache.txt ]] && command -v ninja >/dev/null; then
        export CMAKE_GENERATOR=Ninja
    fi
    log=$(mktemp)
    # cmake says a lot when all is well: shown are the libraries it chose, its warnings, and all when it fails.
    if ! cmake --preset "$preset" >"$log"; then
        cat "$log" >&2
        rm -f "$log"
        gndp_fail "the preset $preset could not be configured, see above"
    fi
    grep -E '^-- (oneDNN|OpenBLAS|cairo|PROJ|CUDA|room [a-z]+):' "$log" || true
    rm -f "$log"
    cmake --build --preset "$preset" --parallel "$(nproc)" ||
        gndp_fail "the preset $preset could not be built, see above"
}

# gndp_ctest PRESET ARGUMENT...: run tests of it; ctest prints its summary last.
gndp_ctest() {
    local preset=$1
    shift
    cd "$GNDP_ROOT" || exit 1
    ctest --preset "$preset" "$@"
}
