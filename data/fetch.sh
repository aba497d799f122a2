#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches public data into this folder, where tests and examples look unless GNDP_DATA names another:
#
#   data/fetch.sh [era5-uk] [ibtracs] [mnist]      all of them by default
#
# What is there already is left as it is. README.md says what each file is and under which terms it comes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf 'fetch: %s\n' "$*" >&2; }

# get URL FILE: beside it first, so that a broken transfer leaves nothing under the name.
get() {
    if [[ -e $2 ]]; then
        say "$2 is there"
        return 0
    fi
    say "$2 from $1"
    if ! curl --fail --location --silent --show-error --retry 3 --output "$2.part" "$1"; then
        rm -f "$2.part"
        say "$2 could not be fetched"
        return 1
    fi
    mv "$2.part" "$2"
}

era5_uk() {
    [[ -e era5_t2m_uk_2019-03.nc ]] && { say "era5_t2m_uk_2019-03.nc is there"; return 0; }
    command -v cdo >/dev/null || { say "era5-uk wants cdo, to read GRIB: apt-get install cdo"; return 1; }
    get https://raw.githubusercontent.com/pydata/xarray-data/master/era5-2mt-2019-03-uk.grib era5-2mt-2019-03-uk.grib
    cdo -s -f nc4 -z zip_5 -setname,t2m era5-2mt-2019-03-uk.grib era5_t2m_uk_2019-03.nc.part
    mv era5_t2m_uk_2019-03.nc.part era5_t2m_uk_2019-03.nc
    rm era5-2mt-2019-03-uk.grib
}

ibtracs() {
    local base=https://www.ncei.noaa.gov/data/international-best-track-archive-for-climate-stewardship-ibtracs/v04r00/access/netcdf
    get "$base/IBTrACS.SP.v04r00.nc" IBTrACS.SP.v04r00.nc
}

mnist() {
    local base=https://ossci-datasets.s3.amazonaws.com/mnist
    get "$base/train-images-idx3-ubyte.gz" train-images-idx3-ubyte.gz
    get "$base/train-labels-idx1-ubyte.gz" train-labels-idx1-ubyte.gz
}

[[ $# -gt 0 ]] || set -- era5-uk ibtracs mnist
code=0
for what in "$@"; do
    case $what in
    era5-uk) era5_uk || code=1 ;;
    ibtracs) ibtracs || code=1 ;;
    mnist) mnist || code=1 ;;
    *)
        say "unknown: $what; there are era5-uk, ibtracs, mnist"
        exit 2
        ;;
    esac
done
exit "$code"
