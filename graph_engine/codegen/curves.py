"""Curves of a run as figures: SVG written as text, without any library that draws."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

from graph_engine.errors import RunError

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 34, 44
"""Room around the curves, in pixels."""

MOST_POINTS = 400
"""Points of a curve at most; of more, means of neighbours are drawn."""

COLOURS = {"train": "#2f62d0", "val": "#c2410c"}
WORDS = {"train": "training", "val": "validation"}

_STYLE = 'font-family="Inter, Helvetica, Arial, sans-serif" font-size="12"'


class Point(NamedTuple):
    """A value, and the step that it was measured at."""

    step: float
    value: float


def read_curves(path: Path) -> dict[str, dict[str, list[Point]]]:
    """The values in a ``metrics.jsonl``, by measure and then by part: ``{"loss": {"train": …, "val": …}}``; what is not finite is left out.

    Raises:
        RunError: it cannot be read.
    """
    found: dict[str, dict[str, list[Point]]] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            part, _, measure = row["name"].partition("/")
            value = float(row["value"])
            if part in COLOURS and math.isfinite(value):
                found.setdefault(measure, {}).setdefault(part, []).append(Point(float(row["step"]), value))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} cannot be read: {error}.") from error
    return found


def draw_curves(measure: str, parts: Mapping[str, Sequence[Point]]) -> str:
    """The curves of one measure over the steps, those of training and validation together."""
    thin = {part: _thinned(points) for part, points in parts.items() if points}
    every = [point for points in thin.values() for point in points]
    xs, ys = ticks(0.0, max(point.step for point in every)), ticks(min(p.value for p in every), max(p.value for p in every))
    across, down = _Scale(xs, LEFT, WIDTH - RIGHT), _Scale(ys, HEIGHT - BOTTOM, TOP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" {_STYLE}>',
        f"<title>{escape(measure)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-weight="600" fill="#191d25">{escape(measure)}</text>',
    ]
    for y in ys:
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down(y):.1f}" y2="{down(y):.1f}" stroke="#dfe2e8"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{down(y) + 4:.1f}" text-anchor="end" fill="#525967">{y:g}</text>')
    lines += [f'<text x="{across(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#525967">{x:,.0f}</text>' for x in xs]
    lines.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle" fill="#525967">step</text>')
    place = WIDTH - RIGHT
    for part, points in reversed(thin.items()):
        path = " ".join(f"{across(step):.1f},{down(value):.1f}" for step, value in points)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[part]}" stroke-width="1.8" stroke-linejoin="round"/>')
        if len(points) <= 60:
            lines += [f'<circle cx="{across(s):.1f}" cy="{down(v):.1f}" r="2.6" fill="{COLOURS[part]}"/>' for s, v in points]
        lines.append(f'<text x="{place}" y="20" text-anchor="end" fill="{COLOURS[part]}">{WORDS[part]}</text>')
        place -= 84
    return "\n".join([*lines, "</svg>"]) + "\n"


def ticks(least: float, greatest: float) -> list[float]:
    """Four to eight round numbers around a range."""
    spread = (greatest - least) or abs(greatest) or 1.0
    power = 10.0 ** math.floor(math.log10(spread / 5))
    step = next(power * factor for factor in (1, 2, 5, 10) if spread / (power * factor) <= 6)
    first, last = math.floor(least / step), math.ceil(greatest / step)
    return [round(step * number, 12) for number in range(first, max(last, first + 1) + 1)]


def _thinned(points: Sequence[Point]) -> list[Point]:
    size = math.ceil(len(points) / MOST_POINTS)
    pieces: Iterable[Sequence[Point]] = (points[i : i + size] for i in range(0, len(points), size))
    return [Point(sum(p.step for p in some) / len(some), sum(p.value for p in some) / len(some)) for some in pieces]


class _Scale:
    """Leads from values to pixels."""

    def __init__(self, marks: Sequence[float], first: float, last: float):
        self._least, self._first = marks[0], first
        self._unit = (last - first) / (marks[-1] - marks[0])

    def __call__(self, value: float) -> float:
        return self._first + (value - self._least) * self._unit
