"""Pictures of what-ifs: each says on its face that it is not what happened."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.errors import UsageError
from chronicle.report.drawing.axes import (
    check_days,
    day_axis,
    mark_what_if,
    quiet_frame,
)
from chronicle.report.drawing.legend import Entry, Section, draw_legend, swatch
from chronicle.report.drawing.page import Caption, Size, WhatIf, sheet
from chronicle.report.drawing.palette import INK, PAPER, QUIET
from chronicle.report.drawing.words import plain, short_day

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ArrivalBands",
    "PlotBin",
    "draw_arrivals",
    "draw_fan",
    "draw_reliability",
]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
WIDE, NARROW, MIDDLE = "#C7DDEE", "#7FB2D6", "#1F4E79"
NEVER_COLOUR = "#8A8A8A"


def draw_fan(
    path: str | Path,
    days: Sequence[date],
    quantiles: Mapping[float, Sequence[float]],
    *,
    title: str,
    caption: Caption,
    seed: int,
    assumptions: str,
    observed: Sequence[float | None] | None = None,
    unit: str = "persons",
    highest: float = 0.0,
    size: Size = (10.5, 6.0),
) -> None:
    """Draw the median over *days* with bands that hold 50 and 90 % of the replicas.

    *quantiles* gives a number for each day at the levels 0.05, 0.25, 0.5, 0.75, 0.95;
    *observed* what was recorded, None where nothing was. The scale reaches to *highest*
    at least, so that pictures to be compared can share one. A missing level, a series
    of another length, numbers that are not finite or cross each other raise
    `UsageError`.
    """
    mark = WhatIf(seed=seed, assumptions=assumptions)
    check_days(days)
    low, lower, middle, upper, high = _levels(quantiles, len(days))
    seen = list(observed) if observed is not None else []
    if observed is not None and len(seen) != len(days):
        raise UsageError(f"observed: {len(seen)} values for {len(days)} days")
    with sheet(path, size=size, title=title, caption=caption, what_if=mark) as page:
        left, bottom, right, top = page.body
        split = right - min(2.2, 0.3 * (right - left))
        axes = page.axes((left + 0.75, bottom + 0.38, split - 0.1, top - 0.05))
        quiet_frame(axes)
        mark_what_if(axes)
        xs = [day.toordinal() for day in days]
        axes.fill_between(xs, low, high, color=WIDE, linewidth=0)
        axes.fill_between(xs, lower, upper, color=NARROW, linewidth=0)
        axes.plot(xs, middle, color=MIDDLE, linewidth=1.8)
        dots = [(x, y) for x, y in zip(xs, seen, strict=False) if y is not None]
        if dots:
            seen_xs, seen_ys = zip(*dots, strict=True)
            axes.scatter(seen_xs, seen_ys, s=22, color=INK, edgecolor=PAPER, zorder=4)
        axes.set_ylim(bottom=min(0.0, *low) if low else 0.0)
        if highest > 0:
            axes.set_ylim(top=max(axes.get_ylim()[1], 1.05 * highest))
        axes.set_ylabel(plain(unit), size=8.5, color=QUIET)
        axes.yaxis.set_major_formatter(lambda number, _: f"{number:,.10g}")
        axes.grid(axis="y", color="#E9E9E6", linewidth=0.7)
        axes.set_axisbelow(True)
        day_axis(axes, days)
        entries = [
            Entry(partial(_paint_line, colour=MIDDLE, dot=False), "median"),
            Entry(swatch(NARROW, NARROW), "half of the replicas"),
            Entry(swatch(WIDE, WIDE), "nine in ten replicas"),
        ]
        if dots:
            paint = partial(_paint_line, colour=INK, dot=True)
            entries.append(Entry(paint, "recorded since"))
        if days:
            page.words += [
                f"{short_day(days[-1])}: median {middle[-1]:,.10g}, "
                f"5 to 95 %: {low[-1]:,.10g} to {high[-1]:,.10g} {plain(unit)}"
            ]
        legend = Section("What-if", tuple(entries))
        draw_legend(page, (split + 0.1, bottom, right, top), [legend])


def _levels(
    quantiles: Mapping[float, Sequence[float]], count: int
) -> list[Sequence[float]]:
    """The five series from low to high, checked."""
    missing = [level for level in LEVELS if level not in quantiles]
    if missing:
        raise UsageError(f"quantiles: no level {missing[0]}; needed are {LEVELS}")
    series = [quantiles[level] for level in LEVELS]
    for level, values in zip(LEVELS, series, strict=True):
        if len(values) != count or not all(math.isfinite(v) for v in values):
            raise UsageError(f"quantile {level}: {count} finite numbers are needed")
    for column in zip(*series, strict=True):
        if list(column) != sorted(column):
            raise UsageError(f"quantiles cross: {column}")
    return series


def _paint_line(
    axes: Axes, x: float, y: float, shrink: float, *, colour: str, dot: bool
) -> None:
    if dot:
        axes.scatter([x], [y], s=22 * shrink**2, color=colour)
    else:
        axes.plot([x - 8, x + 8], [y, y], color=colour, linewidth=1.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalBands:
    """The shares of replicas in which a place fell on each day, and in which never.

    `recorded` is the day on which it did; None with `is_recorded` means that it did not
    within these days. Shares that do not sum to 1 raise `UsageError`.
    """

    name: str
    shares: Sequence[float]
    never: float
    recorded: date | None = None
    is_recorded: bool = False

    def __post_init__(self) -> None:
        parts = [*self.shares, self.never]
        if not all(p >= 0 for p in parts) or abs(math.fsum(parts) - 1) > 1e-6:
            raise UsageError(f"{self.name!r}: shares of arrival must sum to 1")


def draw_arrivals(
    path: str | Path,
    days: Sequence[date],
    rows: Sequence[ArrivalBands],
    *,
    title: str,
    caption: Caption,
    seed: int,
    assumptions: str,
    size: Size | None = None,
) -> None:
    """Draw for each place when it falls: a bar per day, and one for *never* beside.

    All bars of days have one scale. Days out of order, or a row with another number of
    shares, raise `UsageError`. Without a *size* the sheet is as high as the rows need.
    """
    mark = WhatIf(seed=seed, assumptions=assumptions)
    check_days(days)
    for row in rows:
        if len(row.shares) != len(days):
            raise UsageError(
                f"{row.name!r}: {len(row.shares)} shares for {len(days)} days"
            )
    size = size or (10.5, 2.7 + 0.55 * max(len(rows), 1))
    most = max((share for row in rows for share in row.shares), default=0) or 1
    notes = (
        f"Bars: share of replicas by day, all rows on one scale; the highest is "
        f"{most:.0%}. Never: not within these days. A triangle stands at what was "
        "recorded, where that is known."
    )
    with sheet(
        path, size=size, title=title, caption=caption, notes=notes, what_if=mark
    ) as page:
        left, bottom, right, top = page.body
        names = 1.7
        end = right - 1.35
        axes = page.axes((left + names, bottom + 0.42, end, top))
        never = page.axes((end + 0.15, bottom + 0.42, right - 0.42, top))
        tall = (top - bottom - 0.42) / max(len(rows), 1)
        for side in (axes, never):
            quiet_frame(side)
            side.set(ylim=(len(rows) or 1, 0), yticks=[])
        mark_what_if(axes)
        day_axis(axes, days)
        never.set(xlim=(0, 1))
        never.set_xticks([0, 1], ["0%", "100%"])
        never.set_xlabel("never", size=8.5, color=QUIET, labelpad=1)
        for at, row in enumerate(rows):
            _draw_arrivals_row(axes, never, days, row, at, most)
            lines = page.wrap(plain(row.name), names - 0.15, 9, most=2)
            y = top - (at + 0.62) * tall + (len(lines) - 1) * 0.08
            for number, line in enumerate(lines):
                place = left, y - number * 0.16
                page.write(place, line, 9, vertical="center")
            page.words += [f"{plain(row.name)}: never {row.never:.0%}"]


def _draw_arrivals_row(
    axes: Axes,
    never: Axes,
    days: Sequence[date],
    row: ArrivalBands,
    at: int,
    most: float,
) -> None:
    """A bar for each day on one side, how often never on the other."""
    floor = at + 0.85
    axes.axhline(floor, color="#CCCCCC", linewidth=0.6, zorder=1)
    heights = [-0.75 * share / most for share in row.shares]  # the axis runs downwards
    xs = [day.toordinal() for day in days]
    axes.bar(xs, heights, width=0.8, bottom=floor, color=MIDDLE, zorder=2)
    never.barh(floor - 0.16, 1, 0.3, color="#EDEDED")
    never.barh(floor - 0.16, row.never, 0.3, color=NEVER_COLOUR)
    never.annotate(
        f"{row.never:.0%}",
        (1, floor - 0.16),
        (4, 0),
        textcoords="offset points",
        va="center",
        size=8,
        color=INK,
        annotation_clip=False,
    )
    if row.recorded is not None and row.recorded in days:
        _point_at(axes, row.recorded.toordinal(), floor)
    elif row.is_recorded and row.recorded is None:
        _point_at(never, row.never, floor)


def _point_at(axes: Axes, x: float, floor: float) -> None:
    axes.scatter(
        [x], [floor + 0.06], s=34, marker="^", color="#CC3311", zorder=3, clip_on=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotBin:
    """Forecasts of about one chance: their mean, how often it came true, how many."""

    forecast: float
    observed: float
    count: int

    def __post_init__(self) -> None:
        if not (0 <= self.forecast <= 1 and 0 <= self.observed <= 1 and self.count > 0):
            raise UsageError(f"no bin of a reliability diagram: {self}")


def draw_reliability(
    path: str | Path,
    bins: Sequence[PlotBin],
    *,
    title: str,
    caption: Caption,
    seed: int,
    assumptions: str,
    size: Size = (7.0, 8.2),
) -> None:
    """Draw how often what was forecast came true, with the number of forecasts below.

    On the diagonal a forecast keeps its word. No error bars: settlements of one
    offensive do not fall independently, and intervals that assume it would be too
    narrow.
    """
    mark = WhatIf(seed=seed, assumptions=assumptions)
    notes = (
        "Forecasts of neighbouring places are not independent; no interval is drawn."
    )
    ordered = sorted(bins, key=lambda b: b.forecast)
    with sheet(
        path, size=size, title=title, caption=caption, notes=notes, what_if=mark
    ) as page:
        left, bottom, right, top = page.body
        low = bottom + 0.42
        split = low + 0.22 * (top - low)
        axes = page.axes((left + 0.6, split + 0.25, right - 0.1, top - 0.05))
        below = page.axes((left + 0.6, low, right - 0.1, split))
        for part in (axes, below):
            quiet_frame(part)
            part.set(xlim=(-0.02, 1.02))
        mark_what_if(axes)
        axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
        axes.annotate(
            "came true more often than forecast",
            (0.04, 0.95),
            size=8,
            color=QUIET,
            va="top",
        )
        axes.annotate(
            "came true more rarely than forecast",
            (0.98, 0.04),
            size=8,
            color=QUIET,
            ha="right",
        )
        points = [(one.forecast, one.observed) for one in ordered]
        if points:
            xs, ys = zip(*points, strict=True)
            axes.plot(xs, ys, color=MIDDLE, linewidth=1.5, marker="o", markersize=6)
            below.bar(xs, [b.count for b in ordered], width=0.035, color=NARROW)
            for one in ordered:
                page.words += [f"{one.forecast:.0%} came true {one.observed:.0%}"]
                below.annotate(
                    f"{one.count:,}",
                    (one.forecast, one.count),
                    (0, 2),
                    textcoords="offset points",
                    ha="center",
                    size=7.5,
                    color=QUIET,
                )
        axes.set(ylim=(-0.02, 1.02), xticks=[])
        percent = [n / 5 for n in range(6)]
        axes.set_yticks(percent, [f"{p:.0%}" for p in percent])
        below.set_xticks(percent, [f"{p:.0%}" for p in percent])
        below.set(yticks=[], ylim=(0, max((b.count for b in bins), default=1) * 1.3))
        axes.set_ylabel("came true", size=8.5, color=QUIET)
        below.set_xlabel("chance that was forecast", size=8.5, color=QUIET)
        below.set_ylabel("forecasts", size=8.5, color=QUIET)
