"""The panel beside a picture that explains it: signs, names, numbers in columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chronicle.report.drawing.page import Box, Sheet
from chronicle.report.drawing.palette import INK, QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Entry", "Section", "draw_legend", "swatch"]

FONT = 8.6
LINE = 12.0  # points
ROW_GAP = 3.4
SECTION_GAP = 9.0
SIGN_WIDTH = 25.0
COLUMN_WIDTH = 34.0
LEAST_SHRUNK = 0.85  # letters smaller than this are hard to read

# Draws a sign about a point of axes whose units are points, made smaller by a factor.
Painter = Callable[["Axes", float, float, float], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: a sign, what it means, and a number for each column."""

    paint: Painter
    words: str
    numbers: tuple[str, ...] = ()
    tall: float = 0.0  # points that a sign of true size needs on paper


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its columns, and the rows below."""

    heading: str
    entries: tuple[Entry, ...]
    columns: tuple[str, ...] = ()


def swatch(face: str, edge: str, hatch: str = "") -> Painter:
    """A painter of a filled oblong, for areas and bars."""

    def paint(axes: Axes, x: float, y: float, shrink: float) -> None:
        from matplotlib.patches import Rectangle

        axes.add_patch(
            Rectangle(
                (x - 8, y - 4.5),
                16,
                9,
                facecolor=face,
                edgecolor=edge,
                hatch=hatch or None,
                linewidth=0.6 * shrink,
            )
        )

    return paint


def draw_legend(
    page: Sheet, box: Box, sections: Sequence[Section], *, reach: float = 1.0
) -> float:
    """Draw *sections* from the top of *box* downwards; they shrink until they fit.

    Returns the height in inches below which *box* stayed free. They shrink a little to
    leave room below *reach* of the box, as far as that stays easy to read.
    """
    left, bottom, right, top = box
    width, height = (right - left) * 72, (top - bottom) * 72
    sections = [section for section in sections if section.entries]
    shrink = 1.0
    while True:  # narrower signs leave more room for words, so measure again
        rows = [_rows(page, section, width / shrink) for section in sections]
        needed = sum(
            _height(lines, section, shrink)
            for lines, section in zip(rows, sections, strict=True)
        )
        fits = height * (reach if shrink > LEAST_SHRUNK else 1.0)
        if needed * shrink <= fits:
            break
        shrink *= 0.94
    axes = page.axes(box)
    axes.set(xlim=(0, width / shrink), ylim=(-height / shrink, 0))
    axes.axis("off")
    y = 0.0
    for section, wrapped in zip(sections, rows, strict=True):
        y = _draw_section(axes, section, wrapped, y, width / shrink, shrink)
    page.words += [
        " ".join([" ".join(lines), *entry.numbers])
        for section, wrapped in zip(sections, rows, strict=True)
        for entry, lines in zip(section.entries, wrapped, strict=True)
    ]
    return top + y * shrink / 72


def _rows(page: Sheet, section: Section, width: float) -> list[list[str]]:
    """The words of each row in lines."""
    room = width - SIGN_WIDTH - COLUMN_WIDTH * len(section.columns)
    room = max(room, 30.0) / 72
    return [page.wrap(entry.words, room, FONT, most=3) for entry in section.entries]


def _row_height(entry: Entry, lines: Sequence[str], shrink: float) -> float:
    return max(LINE * len(lines), entry.tall / shrink) + ROW_GAP


def _height(rows: Sequence[Sequence[str]], section: Section, shrink: float) -> float:
    body = sum(
        _row_height(entry, lines, shrink)
        for entry, lines in zip(section.entries, rows, strict=True)
    )
    return LINE + ROW_GAP + body + SECTION_GAP


def _draw_section(
    axes: Axes,
    section: Section,
    rows: Sequence[Sequence[str]],
    y: float,
    width: float,
    shrink: float,
) -> float:
    """Draw a section from *y* downwards; returns where the next one begins."""
    small = FONT * shrink * 0.92
    axes.text(0, y - LINE / 2, section.heading, size=small, va="center", color=QUIET)
    rights = [width - n * COLUMN_WIDTH for n in range(len(section.columns))][::-1]
    for x, column in zip(rights, section.columns, strict=True):
        axes.text(
            x, y - LINE / 2, column, size=small, va="center", ha="right", color=QUIET
        )
    y -= LINE
    axes.plot([0, width], [y, y], color="#BBBBBB", linewidth=0.6)
    y -= ROW_GAP
    for entry, lines in zip(section.entries, rows, strict=True):
        tall = _row_height(entry, lines, shrink)
        first = y - max(LINE, entry.tall / shrink) / 2
        centre = max(SIGN_WIDTH / 2 - 2, entry.tall / shrink / 2 + 1)
        entry.paint(axes, centre, first, shrink)
        for number, line in enumerate(lines):
            axes.text(
                SIGN_WIDTH,
                first - number * LINE,
                line,
                size=FONT * shrink,
                va="center",
                color=INK,
            )
        for x, value in zip(rights, entry.numbers, strict=False):
            axes.text(
                x, first, value, size=FONT * shrink, va="center", ha="right", color=INK
            )
        y -= tall
    return y - SECTION_GAP
