"""The charts of a report: SVG that scales, with what a point says on hover."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chronicle.report.drawing.axes import ticks
from chronicle.report.drawing.words import day_words, short_day
from chronicle.verification.intervals import order_statistics

if TYPE_CHECKING:
    from chronicle.experiments.run import Run

__all__ = ["ARM_COLOURS", "errors_chart", "fallen_chart"]

# The baseline first; Tol's bright scheme, dark enough for lines on white.
ARM_COLOURS = ("#4477AA", "#CC6677", "#228833", "#AA3377", "#997700", "#332288")
RECORD = "#222222"
WIDTH, HEIGHT = 640.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 120.0, 14.0, 40.0
LEVELS = (0.05, 0.5, 0.95)
BAR = 26.0


def fallen_chart(run: Run) -> str:
    """Places fallen by day in all arms: the middle replica, and nine in ten about it.

    Bands are drawn for the first two arms only, since more would hide each other. A
    black line is what was recorded, where the run was held against it.
    """
    days = [run.question.branch_at, *run.question.days]
    places = max(len(run.question.rows), 1)
    bands = [_fallen(run.samples(arm.label), len(days)) for arm in run.arms]
    seen = None
    if run.verdict is not None:
        observed = run.verdict.truth.observed
        seen = [int((observed <= day).sum()) for day in range(len(days))]
    x = _scale(0, len(days) - 1, LEFT, WIDTH - RIGHT)
    y = _scale(0, places, HEIGHT - BOTTOM, TOP)
    parts = [_axes(run, x, y, places)]
    for number, band in enumerate(bands[:2]):
        parts.append(_band(band, x, y, ARM_COLOURS[number]))
    ends: list[tuple[float, str, str]] = []
    for number, (arm, band) in enumerate(zip(run.arms, bands, strict=True)):
        colour = ARM_COLOURS[number % len(ARM_COLOURS)]
        parts.append(_line(band[1], x, y, colour))
        ends.append((y(float(band[1][-1])), arm.label, colour))
    if seen is not None:
        parts.append(_line(np.array(seen), x, y, RECORD, ' stroke-dasharray="5 3"'))
        ends.append((y(seen[-1]), "recorded", RECORD))
    parts += _ends(ends)
    parts += _hover(run, days, bands, seen, x)
    said = "Places fallen by day, all arms; the table below has the numbers"
    return _svg(WIDTH, HEIGHT, said, "".join(parts))


def _fallen(samples: NDArray[np.float64], days: int) -> NDArray[np.float64]:
    """Order statistics (3, D) of how many places have fallen by the end of each day."""
    by_day = [(samples <= day).sum(axis=1) for day in range(days)]
    return order_statistics(np.stack(by_day, axis=1), LEVELS)


class _scale:  # noqa: N801 - a function that remembers
    """From a value to a coordinate."""

    def __init__(self, first: float, last: float, start: float, end: float) -> None:
        self.first, self.start = first, start
        self.step = (end - start) / ((last - first) or 1)

    def __call__(self, value: float) -> float:
        return self.start + (value - self.first) * self.step


def _axes(run: Run, x: _scale, y: _scale, most: int) -> str:
    """Lines across at round numbers, dates below."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if most / s <= 6)
    parts = []
    for value in range(0, most + 1, step):
        at = y(value)
        parts.append(
            f'<path class="grid" d="M{LEFT:g} {at:.1f}H{WIDTH - RIGHT:g}"/>'
            f'<text class="tick" x="{LEFT - 6:g}" y="{at + 4:.1f}" '
            f'text-anchor="end">{value:,}</text>'
        )
    branch = run.question.branch_at
    for day in ticks([branch, *run.question.days], 8):
        at = x((day - branch).days)
        parts.append(
            f'<text class="tick" x="{at:.1f}" y="{HEIGHT - BOTTOM + 18:g}" '
            f'text-anchor="middle">{short_day(day)}</text>'
        )
    return "".join(parts)


def _band(band: NDArray[np.float64], x: _scale, y: _scale, colour: str) -> str:
    days = range(band.shape[1])
    there = " ".join(f"{x(d):.1f},{y(float(band[0, d])):.1f}" for d in days)
    back = " ".join(f"{x(d):.1f},{y(float(band[2, d])):.1f}" for d in reversed(days))
    return f'<polygon points="{there} {back}" fill="{colour}" fill-opacity=".16"/>'


def _line(
    values: NDArray[np.float64], x: _scale, y: _scale, colour: str, more: str = ""
) -> str:
    points = " ".join(
        f"{x(d):.1f},{y(float(value)):.1f}" for d, value in enumerate(values)
    )
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" '
        f'stroke-width="2"{more}/>'
    )


def _ends(ends: Sequence[tuple[float, str, str]]) -> list[str]:
    """The names of the lines at their ends, moved apart where they would touch."""
    found, last = [], -99.0
    for at, name, colour in sorted(ends):
        at = max(at, last + 14)
        last = at
        short = name if len(name) <= 18 else f"{name[:17]}…"
        found.append(
            f'<text class="name" x="{WIDTH - RIGHT + 6:g}" y="{at + 4:.1f}" '
            f'fill="{colour}">{escape(short)}</text>'
        )
    return found


def _hover(
    run: Run,
    days: Sequence[object],
    bands: Sequence[NDArray[np.float64]],
    seen: Sequence[int] | None,
    x: _scale,
) -> list[str]:
    """A strip for each day that says its numbers."""
    found = []
    for number in range(len(days)):
        told = [day_words(run.question.day(number))]
        told += [
            f"{arm.label}: {band[1, number]:.0f} ({band[0, number]:.0f}–"
            f"{band[2, number]:.0f})"
            for arm, band in zip(run.arms, bands, strict=True)
        ]
        told += [] if seen is None else [f"recorded: {seen[number]}"]
        left = max(x(number - 0.5), LEFT)
        width = min(x(number + 0.5), WIDTH - RIGHT) - left
        found.append(
            f'<rect class="hover" x="{left:.1f}" y="{TOP:g}" width="{width:.1f}" '
            f'height="{HEIGHT - TOP - BOTTOM:g}"><title>'
            f"{escape(chr(10).join(told))}</title></rect>"
        )
    return found


def errors_chart(run: Run) -> str:
    """The mean error of the model beside those of simple forecasts, the best on top.

    Empty where nothing was scored.
    """
    if run.verdict is None:
        return ""
    verdict = run.verdict
    rows = [("what is published", float(verdict.model.crps.mean()), True)]
    rows.append(("the mechanism alone", float(verdict.mechanism.crps.mean()), False))
    rows += [(one.name, float(one.crps.mean()), False) for one in verdict.baselines]
    rows.sort(key=lambda row: row[1])
    most = max(value for _, value, _ in rows) or 1.0
    left, right, height = 236.0, 60.0, BAR * len(rows) + 8
    scale = (WIDTH - left - right) / most
    parts = []
    for number, (name, value, is_model) in enumerate(rows):
        top = 4 + number * BAR
        colour = ARM_COLOURS[0] if is_model else "#BBBBBB"
        weight = ' font-weight="600"' if is_model else ""
        parts.append(
            f'<text class="name" x="{left - 8:g}" y="{top + 16:g}" text-anchor="end"'
            f'{weight}>{escape(name)}</text><rect x="{left:g}" y="{top + 3:g}" '
            f'width="{max(value * scale, 1):.1f}" height="{BAR - 8:g}" '
            f'fill="{colour}"><title>{escape(name)}: {value:.2f} days</title></rect>'
            f'<text class="name" x="{left + value * scale + 6:.1f}" '
            f'y="{top + 16:g}"{weight}>{value:.1f}</text>'
        )
    said = "Mean error in days: the model and simple forecasts, the best on top"
    return _svg(WIDTH, height, said, "".join(parts))


def _svg(width: float, height: float, said: str, inside: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(said, quote=True)}">{inside}</svg>'
    )
