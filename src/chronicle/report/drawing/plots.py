"""Plots of the record: who held how many places, and figures of displaced people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.errors import UsageError
from chronicle.report.drawing.axes import check_days, day_axis, quiet_frame, runs_of
from chronicle.report.drawing.legend import Entry, Section, draw_legend, swatch
from chronicle.report.drawing.page import Caption, Sheet, Size, sheet
from chronicle.report.drawing.palette import (
    CONTESTED,
    INK,
    QUIET,
    UNKNOWN,
    VACATED,
    Actors,
    Look,
    coarser,
    looks_of,
)
from chronicle.report.drawing.words import short_day

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FigureRow", "draw_control_share", "draw_figures"]

NOBODY = {"contested": CONTESTED, "vacated": VACATED, "unknown": UNKNOWN}
LEGEND_WIDTH = 2.7  # inches
ROW_HEIGHT, LEAST_ROW_HEIGHT = 0.92, 0.78
STOCK_COLOUR, FLOW_COLOUR = "#44AA99", "#DDCC77"
NOT_ADDED = (
    "The figures are not added: they overlap in people, areas or days, as the words "
    "beneath each say."
)


def draw_control_share(
    path: str | Path,
    days: Sequence[date],
    series: Mapping[str, Sequence[int]],
    actors: Actors,
    *,
    title: str,
    caption: Caption,
    size: Size = (10.5, 5.6),
) -> None:
    """Draw the number of settlements of each actor at the end of each day, stacked.

    *series* maps actor ids, and "contested", "vacated", "unknown", to a number for each
    of *days*. Actors come in their order in *actors*, from the bottom; a day that was
    not asked for is a gap. Days out of order, or a series of another length or with a
    negative number, raise `UsageError`; else errors as of `page.sheet`.
    """
    check_days(days)
    for actor, counts in series.items():
        if len(counts) != len(days) or any(count < 0 for count in counts):
            raise UsageError(
                f"series {actor!r}: {len(days)} numbers from zero up are needed"
            )
    looks = looks_of(actors, set(series) - set(NOBODY)) | NOBODY
    shown = [actor for actor in looks if any(series.get(actor, ()))]
    with sheet(path, size=size, title=title, caption=caption) as page:
        left, bottom, right, top = page.body
        split = right - min(LEGEND_WIDTH, 0.34 * (right - left))
        axes = page.axes((left + 0.42, bottom + 0.38, split - 0.1, top))
        floor = [0] * len(days)
        for actor in shown:
            above = [a + b for a, b in zip(floor, series[actor], strict=True)]
            _draw_band(axes, days, floor, above, looks[actor])
            floor = above
        quiet_frame(axes)
        axes.set_ylim(0, max(floor, default=0) * 1.02 or 1)
        axes.locator_params(axis="y", integer=True)
        day_axis(axes, days)
        axes.set_ylabel("settlements", size=8.5, color=QUIET)
        columns = _first_and_last(days)
        entries = tuple(
            Entry(
                partial(_paint_look, look=looks[actor]),
                looks[actor].label,
                tuple(f"{series[actor][at]:,}" for at in columns.values()),
            )
            for actor in reversed(shown)
        )
        legend = Section("Places held by", entries, tuple(columns))
        draw_legend(page, (split + 0.15, bottom, right, top), [legend])


def _first_and_last(days: Sequence[date]) -> dict[str, int]:
    """The columns of the legend: the first day and the last, where there are two."""
    ends = [0, len(days) - 1] if days else []
    return {short_day(days[at]): at for at in ends}


def _paint_look(axes: Axes, x: float, y: float, shrink: float, *, look: Look) -> None:
    face = "#FFFFFF" if look.face == "none" else look.face
    swatch(face, look.edge, coarser(look))(axes, x, y, shrink)


def _draw_band(
    axes: Axes,
    days: Sequence[date],
    low: Sequence[int],
    high: Sequence[int],
    look: Look,
) -> None:
    for first, end in runs_of(days):
        begin = days[first].toordinal()
        axes.stairs(
            high[first:end],
            [begin - 0.5 + n for n in range(end - first + 1)],
            baseline=low[first:end],
            fill=True,
            facecolor="#FFFFFF" if look.face == "none" else look.face,
            edgecolor=look.edge,
            linewidth=0.7,
            hatch=coarser(look) or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """One figure of displaced people as its counter gave it.

    `measure` is "stock" or "flow"; `when` says its day or span in words. Numbers are
    persons, None where the counter gave none; `qualifier` is "about", "over", "under",
    "range", "exact" or empty. `overlap` says why it may not be added to the others.
    Another measure, or low, best and high out of order, raise `UsageError`.
    """

    category: str
    area: str
    counter: str
    measure: str
    when: str
    best: int | None
    low: int | None = None
    high: int | None = None
    qualifier: str = ""
    overlap: str = ""

    def __post_init__(self) -> None:
        if self.measure not in ("stock", "flow"):
            raise UsageError(f"measure {self.measure!r} is neither stock nor flow")
        given = self.numbers
        if given != sorted(given) or any(number < 0 for number in given):
            raise UsageError(f"{self.category!r}: low, best, high are {given}")

    @property
    def numbers(self) -> list[int]:
        """What is given of low, best and high."""
        return [n for n in (self.low, self.best, self.high) if n is not None]

    def amount(self) -> str:
        """The number in the counter's words: "over 280,000", "60,000 to 80,000"."""
        bounds = [f"{n:,}" for n in (self.low, self.high) if n is not None]
        around = " to ".join(bounds)
        if self.best is None:
            return around or "no number given"
        words = "" if self.qualifier in ("exact", "range") else self.qualifier
        best = f"{words} {self.best:,}".strip()
        return f"{best} ({around})" if around else best


def draw_figures(
    path: str | Path,
    rows: Sequence[FigureRow],
    *,
    title: str,
    caption: Caption,
    size: Size | None = None,
) -> None:
    """Draw figures of displaced people beneath each other; they are never summed.

    A bar reaches to the best number, a line from low to high; stocks and flows differ
    in colour and pattern, and say so. Without a *size* the sheet is as high as the rows
    need; one too low for the words raises `UsageError`; else errors as of `page.sheet`.
    """
    size = size or (10.5, 2.2 + ROW_HEIGHT * max(len(rows), 1))
    notes = NOT_ADDED if len(rows) > 1 else ""
    with sheet(path, size=size, title=title, caption=caption, notes=notes) as page:
        left, bottom, right, top = page.body
        tall = (top - bottom - 0.38) / max(len(rows), 1)
        if tall < LEAST_ROW_HEIGHT:
            raise UsageError(f"{len(rows)} figures with words need a higher sheet")
        words = 0.40 * (right - left)
        most = max((n for row in rows for n in row.numbers), default=1) or 1
        width = _bar_room(page, rows, most, right - left - words)
        start = left + words
        axes = page.axes((start, bottom + 0.38, start + width, top))
        quiet_frame(axes)
        axes.spines["left"].set_visible(True)
        axes.set(xlim=(0, most), ylim=(len(rows) or 1, 0), yticks=[])
        axes.xaxis.set_major_formatter(lambda number, _: f"{number:,.0f}")
        axes.locator_params(axis="x", nbins=5)
        axes.tick_params(labelsize=8, colors=QUIET)
        axes.set_xlabel("persons", size=8.5, color=QUIET)
        axes.grid(axis="x", color="#E9E9E6", linewidth=0.7)
        axes.set_axisbelow(True)
        for number, row in enumerate(rows):
            _draw_bar(axes, row, number + 0.3, min(0.44, 0.3 / tall))
            place = left, top - number * tall - 0.02
            _write_row(page, place, row, words - 0.2, tall)
            page.words += [f"{row.category}, {row.area}: {row.amount()}"]


def _bar_room(page: Sheet, rows: Sequence[FigureRow], most: int, width: float) -> float:
    """The width for *most* persons that leaves room for each amount behind its bar."""
    rooms = [
        (width - page.width_of(row.amount(), 8.5) - 0.15)
        * (most / max(row.numbers) if any(row.numbers) else 1)
        for row in rows
    ]
    return max(min([*rooms, width]), 0.5)


def _draw_bar(axes: Axes, row: FigureRow, y: float, thick: float) -> None:
    stock = row.measure == "stock"
    colour = STOCK_COLOUR if stock else FLOW_COLOUR
    if row.best is not None:
        axes.barh(
            y,
            row.best,
            thick,
            facecolor=colour,
            edgecolor="#5A5A3A",
            linewidth=0.5,
            hatch=None if stock else "////",
        )
    bounds = [n for n in (row.low, row.high) if n is not None]
    if bounds:
        ends = [min(row.numbers), max(row.numbers)]
        axes.plot(ends, [y, y], color=INK, linewidth=1.3, clip_on=False)
        axes.scatter(
            bounds, [y] * len(bounds), s=60, marker="|", color=INK, clip_on=False
        )
    axes.annotate(
        row.amount(),
        (max(row.numbers, default=0), y),
        (7, 0),
        textcoords="offset points",
        va="center",
        size=8.5,
        color=INK if row.numbers else QUIET,
        annotation_clip=False,
    )


def _write_row(
    page: Sheet, place: tuple[float, float], row: FigureRow, width: float, tall: float
) -> None:
    """What the figure counts, left of its bar; as many lines as there is room for."""
    left, top = place
    head = f"{row.category}, {row.area}"
    top = page.paragraph((left, top), head, 9, width=width, most=2, bold=True)
    kind = "stock, on" if row.measure == "stock" else "flow,"
    line = f"{kind} {row.when} · counted by {row.counter}"
    top = page.paragraph((left, top), line, 8, width=width, most=2)
    room = tall - (place[1] - top) - 0.04
    lines = int(room / (7.5 * 1.32 / 72))
    if row.overlap and lines > 0:
        page.paragraph(
            (left, top),
            row.overlap,
            7.5,
            width=width,
            most=lines,
            colour=QUIET,
            italic=True,
        )
