"""Displaced people by day beside what was counted, like with like.

The fan of an area is what was last counted there by the branch, and those who have come
since in the model; the dots are counts of the same area. An area that nobody had
counted by the branch has no fan: a later count of it has people of before as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chronicle.report.drawing.words import day_words, short_day
from chronicle.verification.intervals import order_statistics

if TYPE_CHECKING:
    from chronicle.experiments.displacement_verification import CountedArea
    from chronicle.experiments.run import Run

__all__ = ["counts_figure"]

MOST_AREAS = 6
WIDTH, HEIGHT = 300.0, 170.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 10.0, 10.0, 24.0
LEVELS = (0.05, 0.5, 0.95)
COLOUR, DOT = "#4477AA", "#222222"


def counts_figure(run: Run) -> str:
    """The fans of the areas that can be compared, most people first, and what is left.

    "" where nothing was counted after the branch.
    """
    verdict = run.people_verdict
    if verdict is None:
        return ""
    known = {one.area: one for one in verdict.areas if one.counted_before is not None}
    order = sorted(known.values(), key=lambda one: (-one.counted, one.area))
    graphs = "".join(
        f"<figure><figcaption>{escape(_name(run, one.area))}</figcaption>"
        f"{_fan(run, one)}</figure>"
        for one in order[:MOST_AREAS]
    )
    said = []
    if graphs:
        said.append(
            "Displaced people in an area: those last counted by the branch and those "
            "who have come since, middle replica and nine in ten of the baseline. Dots "
            "are counts, the first one from before the branch."
        )
    if more := len(order) - MOST_AREAS if len(order) > MOST_AREAS else 0:
        said.append(f"{more} more are in the table of counts.")
    apart = len({one.area for one in verdict.areas} - set(known))
    if apart:
        areas = "one area" if apart == 1 else f"{apart} areas"
        said.append(
            f"Counts of {areas} are not drawn: nobody had counted there by the branch, "
            "and the model has those since the branch alone."
        )
    words = f'<p class="quiet">{escape(" ".join(said))}</p>'
    return (
        f'<div class="curves large counts">{graphs}</div>{words}' if graphs else words
    )


def _name(run: Run, area: str) -> str:
    """A province by its code, or a settlement by its id, as people call it."""
    if area in run.question.labels:
        return run.question.labels[area]
    known = run.start.references.settlements.values()
    return next((one.admin1 for one in known if one.admin1_pcode == area), "") or area


def _rows(run: Run, area: str) -> list[int]:
    known = run.start.references.settlements
    return [
        row
        for row, id_ in enumerate(run.question.settlements)
        if area in (id_, known[id_].admin1_pcode)
    ]


def _fan_of(run: Run, one: CountedArea) -> NDArray[np.float64]:
    """Low, middle and high by day; on the day of the branch what was counted."""
    by_day = run.arms[0].results.hosted_by_day[:, :, _rows(run, one.area)]
    people = np.maximum(by_day.sum(axis=2, dtype=np.float64), 0.0) + one.before
    band = order_statistics(people, LEVELS)
    return np.concatenate([np.full((len(LEVELS), 1), float(one.before)), band], axis=1)


def _fan(run: Run, one: CountedArea) -> str:
    assert run.people_verdict is not None
    band, branch = _fan_of(run, one), run.question.branch_at
    counts = [(0, one.before, one.counted_before or branch)] + [
        ((other.day - branch).days, other.counted, other.day)
        for other in run.people_verdict.areas
        if other.area == one.area
    ]
    days = int(band.shape[1])
    most = max(float(band.max()), *(persons for _, persons, _ in counts), 1.0)
    tall: float = (HEIGHT - TOP - BOTTOM) / most

    def x(day: float) -> float:
        return LEFT + day * (WIDTH - LEFT - RIGHT) / max(days - 1, 1)

    def y(people: float) -> float:
        return HEIGHT - BOTTOM - people * tall

    def points(row: int, order: Iterable[int]) -> str:
        return " ".join(f"{x(d):.1f},{y(float(band[row, d])):.1f}" for d in order)

    there = f"{points(0, range(days))} {points(2, reversed(range(days)))}"
    parts = [
        f'<path class="grid" d="M{LEFT:g} {y(0):.1f}H{WIDTH - RIGHT:g}"/>',
        _tick(LEFT - 5, y(0) + 3, "0", "end"),
        _tick(LEFT - 5, y(most) + 5, f"{most:,.0f}", "end"),
        _tick(LEFT, HEIGHT - 8, short_day(branch), "start"),
        _tick(WIDTH - RIGHT, HEIGHT - 8, short_day(run.question.days[-1]), "end"),
        f'<polygon points="{there}" fill="{COLOUR}" fill-opacity=".18"/>',
        f'<polyline points="{points(1, range(days))}" fill="none" stroke="{COLOUR}" '
        'stroke-width="2"/>',
    ]
    for number, persons, day in counts:
        told = f"counted {persons:,} on {day_words(day)}"
        parts.append(
            f'<circle cx="{x(number):.1f}" cy="{y(persons):.1f}" r="4" '
            f'fill="{DOT}"><title>{escape(told)}</title></circle>'
        )
    said = f"Displaced people in {_name(run, one.area)} by day, and counts"
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'aria-label="{escape(said, quote=True)}">{"".join(parts)}</svg>'
    )


def _tick(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
