#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time and memory of Gaussian laws against their number of points, log-log, as SVG. Standard library only.

usage: bench/plot_scale.py CSV SVG     CSV as scripts/bench.sh gaussian --csv writes it (lines that begin with # are skipped)
"""
import csv
import math
import sys

COLOURS = ["#444444", "#0072b2", "#d55e00", "#cc79a7", "#009e73", "#e69f00", "#56b4e9", "#8c564b"]
PANELS = [("factor_s", "time to factor, s"), ("draw_s", "time of one draw in a batch of 8, s"),
          ("law_mib", "memory of the law, MiB"), ("peak_mib", "peak memory of the program, MiB")]
WIDTH, HEIGHT, LEFT, TOP, GAP_X, GAP_Y = 430, 300, 64, 40, 84, 66


def read(path):
    """Rows by (kind, kernel), in the order of the file."""
    series = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            numbers = {key: float(row[key]) for key in ("points", *(panel[0] for panel in PANELS))}
            series.setdefault((row["kind"], row["kernel"]), []).append(numbers)
    return series


def span(values):
    """Ends of an axis and the decades on it, as logarithms."""
    a, b = math.log10(min(values)) - 0.12, math.log10(max(values)) + 0.12
    return a, b, range(math.ceil(a), math.floor(b) + 1)


def power(exponent):
    if -3 <= exponent <= 3:
        return f"{10.0 ** exponent:g}"
    return f'10<tspan dy="-5" font-size="9">{exponent}</tspan>'


def marker(i, x, y, colour):
    """A shape a series, so that the picture can be read in grey."""
    shapes = ['<circle cx="{x}" cy="{y}" r="3.4" {s}/>', '<rect x="{a}" y="{b}" width="6.4" height="6.4" {s}/>',
              '<path d="M{x} {b}l3.8 6.6h-7.6z" {s}/>', '<path d="M{x} {b}l4 3.4-4 3.4-4-3.4z" {s}/>']
    filled = f'fill="{colour}"' if i // len(shapes) % 2 == 0 else f'fill="white" stroke="{colour}" stroke-width="1.4"'
    return shapes[i % len(shapes)].format(x=f"{x:.1f}", y=f"{y:.1f}", a=f"{x - 3.2:.1f}", b=f"{y - 3.4:.1f}", s=filled)


def panel(series, key, title, x0, y0):
    points = [r["points"] for rows in series.values() for r in rows]
    values = [r[key] for rows in series.values() for r in rows]
    (xa, xb, x_ticks), (ya, yb, y_ticks) = span(points), span(values)

    def px(v):
        return x0 + WIDTH * (math.log10(v) - xa) / (xb - xa)

    def py(v):
        return y0 + HEIGHT * (1 - (math.log10(v) - ya) / (yb - ya))

    out = [f'<text x="{x0}" y="{y0 - 10}" font-weight="bold">{title}</text>']
    for e in x_ticks:
        x = px(10.0 ** e)
        out.append(f'<path d="M{x:.1f} {y0}v{HEIGHT}" stroke="#dddddd"/><text x="{x:.1f}" y="{y0 + HEIGHT + 18}" text-anchor="middle">{power(e)}</text>')
    for e in y_ticks:
        y = py(10.0 ** e)
        out.append(f'<path d="M{x0} {y:.1f}h{WIDTH}" stroke="#dddddd"/><text x="{x0 - 8}" y="{y + 4:.1f}" text-anchor="end">{power(e)}</text>')
    from_x, rise = xb - 1.2, 1.0  # a guide: proportional to the number of points
    out.append(f'<path d="M{px(10.0 ** from_x):.1f} {py(10.0 ** (ya + 0.15)):.1f}L{px(10.0 ** (from_x + rise)):.1f} {py(10.0 ** (ya + 0.15 + rise)):.1f}" '
               f'stroke="#888888" stroke-dasharray="4 3"/><text x="{px(10.0 ** (from_x + 0.7)) + 10:.1f}" y="{py(10.0 ** (ya + 0.45)):.1f}" fill="#666666">~ N</text>')
    out.append(f'<rect x="{x0}" y="{y0}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#666666"/>')
    out.append(f'<text x="{x0 + WIDTH / 2}" y="{y0 + HEIGHT + 36}" text-anchor="middle">points</text>')
    for i, rows in enumerate(series.values()):
        colour = COLOURS[i % len(COLOURS)]
        rows = [r for r in rows if r[key] > 0]
        path = "L".join(f"{px(r['points']):.1f} {py(r[key]):.1f}" for r in rows)
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
        out += [marker(i, px(r["points"]), py(r[key]), colour) for r in rows]
    return out


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    series = read(sys.argv[1])
    legend = TOP + 2 * (HEIGHT + GAP_Y) + 8
    width, height = LEFT + 2 * WIDTH + GAP_X + 30, legend + 20 * ((len(series) + 1) // 2) + 8
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
           'font-family="DejaVu Sans, Arial, sans-serif" font-size="12">', f'<rect width="{width}" height="{height}" fill="white"/>']
    for i, (key, title) in enumerate(PANELS):
        out += panel(series, key, title, LEFT + i % 2 * (WIDTH + GAP_X), TOP + i // 2 * (HEIGHT + GAP_Y))
    half = (len(series) + 1) // 2
    for i, (kind, kernel) in enumerate(series):
        x, y, colour = LEFT + i // half * (WIDTH + GAP_X), legend + 20 * (i % half), COLOURS[i % len(COLOURS)]
        out.append(f'<path d="M{x} {y}h28" stroke="{colour}" stroke-width="1.4"/>' + marker(i, x + 14, y, colour))
        out.append(f'<text x="{x + 36}" y="{y + 4}">{kind}: {kernel}</text>')
    out.append("</svg>")
    with open(sys.argv[2], "w") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
