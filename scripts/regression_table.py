#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rows of docs/results/regression.md from what `gndp eval --task regression --json` wrote. Standard library only.

usage: scripts/regression_table.py FILE.json...
"""
import json
import sys

COLUMNS = ["model", "exact", "difference", "diagonal", "limit"]


def cell(value):
    if value is None:
        return "-"
    error = "" if value["se"] is None else f" +- {value['se']:.4f}"
    return f"{value['mean']:.4f}{error}"


def rows(path):
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    if found.get("task") != "regression":
        sys.exit(f"{path}: not of gndp eval --task regression")
    probes = f"{found['probes']} probe{'s' if found['probes'] > 1 else ''}" if found["probes"] else "exact"
    for domain in found["domains"]:
        yield [found["generator"], f"{found['step']}", domain["name"], f"{found['solver']}-{found['steps']}, {probes}", f"{found['fields']}",
               *(cell(domain.get(column)) for column in COLUMNS)]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.split("\n\n")[1])
    print("| set | steps trained | domain | solver | functions | model | exact process | model - exact | targets apart | limit |")
    print("|---" * 10 + "|")
    for path in sys.argv[1:]:
        for row in rows(path):
            print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
