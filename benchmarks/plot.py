"""Lines over a logarithmic axis, as SVG without any library: enough for what the benchmarks have to show."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from html import escape
from typing import Self

from attrs import Factory, define, frozen

# Of middle lightness, so that they stand out on a white page and on a dark one.
COLOURS = ("#1f8ac9", "#d9682b", "#2f9e58", "#b054c0", "#a8862a", "#cf4a5e")
GREY = "#808080"
WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, ABOVE = 60, 16, 34
LEGEND = 18


@frozen
class Line:
    """One line: points from left to right, in one of `COLOURS`."""

    label: str
    points: tuple[tuple[float, float], ...]
    colour: int = 0
    dashed: bool = False

    @classmethod
    def of(cls, label: str, values: Mapping[str, list[float]], colour: int, *, dashed: bool = False) -> Self:
        """A line through the medians of what was measured at each size."""
        points = tuple((float(size), statistics.median(found)) for size, found in values.items())
        return cls(label, points, colour, dashed)


@define
class Panel:
    """A title, the unit of the upright axis, what the level axis counts, and lines."""

    title: str
    unit: str
    counted: str
    lines: list[Line] = Factory(list)


def _step(most: float) -> float:
    """A round distance between three to six level lines."""
    power = 10.0 ** math.floor(math.log10(most))
    return next(power * share for share in (0.2, 0.5, 1, 2) if most / (power * share) <= 6)


def _panel(panel: Panel, top: float) -> tuple[list[str], float]:
    """What draws a panel, and where it ends. The upright axis begins at 0, lest small slopes look steep."""
    sizes = sorted({size for line in panel.lines for size, _ in line.points})
    step = _step(max(value for line in panel.lines for _, value in line.points) * 1.05)
    most = step * math.ceil(max(value for line in panel.lines for _, value in line.points) * 1.05 / step)
    low, high = math.log10(sizes[0]), math.log10(sizes[-1])
    bottom = top + ABOVE + HEIGHT

    def x(size: float) -> float:
        return LEFT + (math.log10(size) - low) / ((high - low) or 1) * (WIDTH - LEFT - RIGHT - 20) + 10

    def y(value: float) -> float:
        return bottom - value / most * HEIGHT

    found = [f'<text x="{LEFT}" y="{top + 20:.0f}" class="title">{escape(panel.title)}, {escape(panel.unit)}</text>']
    for number in range(round(most / step) + 1):
        at = y(number * step)
        found.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" class="level"/>')
        found.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{number * step:,.4g}</text>')
    found += [
        f'<text x="{x(size):.1f}" y="{bottom + 18:.0f}" text-anchor="middle">{size:,.0f}</text>' for size in sizes
    ]
    found.append(f'<text x="{WIDTH - RIGHT}" y="{bottom + 34:.0f}" text-anchor="end">{escape(panel.counted)}</text>')
    below = bottom + 34
    for number, line in enumerate(panel.lines):
        style = f'stroke="{COLOURS[line.colour % len(COLOURS)]}"' + (' stroke-dasharray="5 4"' if line.dashed else "")
        points = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in line.points)
        found.append(f'<polyline points="{points}" {style}/>')
        at = below + number * LEGEND
        found.append(f'<line x1="{LEFT}" x2="{LEFT + 26}" y1="{at:.0f}" y2="{at:.0f}" {style} stroke-width="2"/>')
        found.append(f'<text x="{LEFT + 34}" y="{at + 4:.0f}">{escape(line.label)}</text>')
    return found, below + len(panel.lines) * LEGEND


def draw(panels: list[Panel]) -> str:
    """The SVG text of panels, one below the other."""
    drawn: list[str] = []
    top = 0.0
    for panel in panels:
        found, top = _panel(panel, top)
        drawn += found
        top += 12
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top:.0f}" font-family="sans-serif">'
    style = (
        f"<style>text{{fill:{GREY};font-size:12px}}.title{{font-size:14px;font-weight:bold}}"
        f".level{{stroke:{GREY};stroke-opacity:.3}}polyline{{fill:none;stroke-width:2}}</style>"
    )
    return "\n".join([head, style, *drawn, "</svg>"]) + "\n"
