"""A table fitted to a terminal, as lines of text: what stands beside what, and where.

Whole words before broken ones: where the columns do not fit, long text is told under
its row, and then the columns that people miss least are left out, by name, in a last
line. Where even that would break words or days, each row is a record: a line a column,
with none left out. Widths are cells of a terminal, so that wide letters count twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from chronicle.domain.table import Table

__all__ = ["Line", "lines"]

GAP = 2  # blanks between columns
INDENT = 2  # of what is told under a row
PROSE = {"note": 30, "overlap": 24, "says": 30}  # and the least width of each
UNDER = ("note", "overlap", "says")  # told under the row, in this order
# What a narrow terminal leaves out, the first first. The rest always stays.
SPARED = (
    *("recorded_at", "lat", "lon", "position", "reports", "sources", "low", "high"),
    *("killed_low", "killed_high", "injured_low", "injured_high", "aggregate"),
    *("civilians", "claimed_by", "digest"),
    *("until", "since", "credibility", "reliability", "last_heard", "grade"),
    *("published", "time_of_day", "qualifier", "counter", "measure", "source"),
    *("disputed", "counts", "name", "status"),
)
LONGEST = 24  # cells of a word before it is broken to save the others
MANY = 20  # rows from which names are given the room that nine in ten of them need
NAMES = ("settlement", "name")
# Where a heading may be broken; one with `_` breaks behind it.
SYLLABLES = {
    "reliability": ("relia-", "bility"),
    "credibility": ("credi-", "bility"),
    "disputed": ("dis-", "puted"),
    "time_of_day": ("time_", "of_day"),
}
_PIECE = re.compile(r"\S+?(?:[-/:|](?=[^\W\d])|(?=\s)|$)\s*")

Cell = Callable[[Any], str]


class Line(NamedTuple):
    """A line of the drawing, and how it is to be shown: bold, dim, or as it is."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class _Plan:
    """What stands in the lines, how wide; what is told under a row, what not at all."""

    widths: dict[str, int]
    under: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    records: bool = False  # a line a column instead


def lines(
    table: Table, cell: Cell, width: int | None = None, *, all_columns: bool = False
) -> Iterator[Line]:
    """The columns and rows of *table* in lines of at most *width* cells; None: any.

    A column without a value is left out, unless there is no row at all. With
    *all_columns* none is left out for want of room. Numbers stand to the right.
    """
    texts = {
        name: [_shown(value, name, cell) for value in table.column(name)]
        for name in table.columns
    }
    shown = [
        name
        for name in table.columns
        if all_columns or not table.rows or any(texts[name])
    ]
    right = {name for name in shown if _numbers(table.column(name))}
    plan = _fit({name: texts[name] for name in shown}, width, all_columns)
    if plan.records:
        yield from _records({name: texts[name] for name in shown}, width or 0)
        return
    heads = {name: _head(name, size) for name, size in plan.widths.items()}
    for line in _beside(heads, plan.widths, right):
        yield Line(line, "bold")
    yield Line((" " * GAP).join("─" * size for size in plan.widths.values()), "dim")
    for row in range(len(table.rows)):
        cells = {
            name: _wrapped(texts[name][row], size) for name, size in plan.widths.items()
        }
        for line in _beside(cells, plan.widths, right):
            yield Line(line)
        for name in plan.under:
            yield from _told_under(name, texts[name][row], width or 0)
    if plan.left_out:
        told = (
            f"not shown in {width} columns of text: {', '.join(plan.left_out)}; "
            "--columns chooses, --format csv has all"
        )
        for text in _wrapped(told, width or 0):
            yield Line(text, "dim")


def _shown(value: object, name: str, cell: Cell) -> str:
    """A value as people read it: times to the second, thousands apart."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%SZ}"
    if type(value) is int and name != "position":
        return f"{value:,}"
    return cell(value).replace("\t", " ")


def _numbers(values: Sequence[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(type(value) in (int, float) for value in known)


# --- fitting -------------------------------------------------------------------------


def _fit(texts: dict[str, list[str]], width: int | None, everything: bool) -> _Plan:
    natural = {
        name: max(_widest_line(text) for text in (*column, name))
        for name, column in texts.items()
    }
    if width is None or _total(natural.values()) <= width:
        return _Plan(natural)
    least = {name: _least(name, texts[name], natural[name]) for name in texts}
    shown, under, left_out = list(texts), [], []
    for name in UNDER:
        if name in shown and len(shown) > 1 and _over(least, shown, width):
            shown.remove(name)
            under.append(name)
    for name in () if everything else SPARED:
        if name in shown[1:] and _over(least, shown, width):
            shown.remove(name)
            left_out.append(name)
    if texts and len(next(iter(texts.values()))) and _over(least, shown, width):
        return _Plan({}, records=True)
    wanted = {name: natural[name] for name in shown}
    _squeeze(wanted, {name: least[name] for name in shown}, width)
    _squeeze(wanted, dict.fromkeys(shown, 1), width)
    order = tuple(name for name in texts if name in left_out)
    return _Plan(wanted, tuple(under), order)


def _total(widths: Iterable[int]) -> int:
    sizes = list(widths)
    return sum(sizes) + GAP * (len(sizes) - 1)


def _over(least: dict[str, int], shown: Sequence[str], width: int) -> bool:
    return _total(least[name] for name in shown) > width


def _least(name: str, column: Sequence[str], natural: int) -> int:
    """The width below which words would be broken, or names of many rows wrapped."""
    if name in PROSE:
        return min(natural, PROSE[name])
    head = max(_cells(piece) for piece in _syllables(name))
    longest = max((_cells(p) for text in column for p in _pieces(text)), default=0)
    if name in NAMES and len(column) > MANY:
        sizes = sorted(_widest_line(text) for text in column)
        longest = max(longest, sizes[len(sizes) * 9 // 10])
    return max(head, min(longest, LONGEST))


def _squeeze(widths: dict[str, int], least: dict[str, int], width: int) -> None:
    """Take from the widest column, a cell at a time, what is too much."""
    while _total(widths.values()) > width:
        room = [name for name in widths if widths[name] > least[name]]
        if not room:
            return
        widths[max(room, key=lambda name: widths[name])] -= 1


# --- text ----------------------------------------------------------------------------


def _cells(text: str) -> int:
    from rich.cells import cell_len

    if text.isascii():
        return len(text)
    size: int = cell_len(text)
    return size


def _widest_line(text: str) -> int:
    return max(map(_cells, text.splitlines()), default=0)


def _pieces(text: str) -> list[str]:
    return [piece.rstrip() for piece in _PIECE.findall(text)]


def _syllables(name: str) -> Sequence[str]:
    return SYLLABLES.get(name) or re.findall(r"[^_]+_?|_+", name)


def _head(name: str, width: int) -> list[str]:
    if _cells(name) <= width:
        return [name]
    return [part for piece in _syllables(name) for part in _cut(piece, width)]


def _wrapped(text: str, width: int) -> list[str]:
    """*text* in lines of at most *width* cells; words are broken only if they must."""
    found = []
    for line in text.splitlines():
        if _cells(line) <= width:
            found.append(line)
            continue
        now = ""
        for piece in _PIECE.findall(line):
            if _cells((now + piece).rstrip()) <= width:
                now += piece
                continue
            if now:
                found.append(now.rstrip())
            *whole, now = _cut(piece, width)
            found += whole
        found.append(now.rstrip())
    return found


def _cut(text: str, width: int) -> list[str]:
    from rich.cells import chop_cells

    if _cells(text.rstrip()) <= width:
        return [text]
    return chop_cells(text.rstrip(), max(width, 1)) + [""] * text[-1:].isspace()


def _beside(
    cells: dict[str, list[str]], widths: dict[str, int], right: set[str]
) -> Iterator[str]:
    """The lines of one row, its cells side by side; at least one."""
    for number in range(max([1, *(len(cell) for cell in cells.values())])):
        parts = []
        for name, width in widths.items():
            text = cells[name][number] if number < len(cells[name]) else ""
            blanks = " " * (width - _cells(text))
            parts.append(blanks + text if name in right else text + blanks)
        yield (" " * GAP).join(parts).rstrip()


def _records(texts: dict[str, list[str]], width: int) -> Iterator[Line]:
    """A line for each value that there is, its column before it; a blank between."""
    label = min(max(map(_cells, texts)), max(width // 3, 1))
    room = max(width - label - GAP, 1)
    for row in range(len(next(iter(texts.values())))):
        if row:
            yield Line("")
        for name, column in texts.items():
            if column[row]:
                cells = {"": _head(name, label), " ": _wrapped(column[row], room)}
                told = _beside(cells, {"": label, " ": room}, set())
                yield from (Line(text) for text in told)


def _told_under(name: str, text: str, width: int) -> Iterator[Line]:
    if not text:
        return
    told = _wrapped(f"{name}: {text}", max(width - INDENT - 2, 1))
    for number, line in enumerate(told):
        yield Line(" " * (INDENT + 2 * bool(number)) + line, "dim")
