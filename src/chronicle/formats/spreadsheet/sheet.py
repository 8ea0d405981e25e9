"""A table in a file of any kind: its header, its rows, and what was found on the way.

The header is the row among the first that has the most names of columns in it; what
stands above it is a caption. Merged cells each have the value of the first of them.
Empty rows and columns, and blanks around values, do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

from chronicle.errors import InputError, UsageError
from chronicle.formats.problem import Problem
from chronicle.formats.spreadsheet.cells import Cell, blank, text_of, tidy
from chronicle.formats.spreadsheet.objects import is_objects, open_objects
from chronicle.formats.spreadsheet.ods import OdsBook
from chronicle.formats.spreadsheet.text_file import TextFile
from chronicle.formats.spreadsheet.workbook import ExcelBook, Merged

__all__ = ["Sheet", "SheetOptions", "open_sheet"]

TOP = 30  # rows among which the header is sought
OPEN_DOCUMENT = (".ods", ".ots")
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"

Row = tuple[int, list[Cell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetOptions:
    """What a user says of a file; None and 0 are found."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int = 0


@dataclass(slots=True)
class Sheet:
    """A table; `rows` reads it from the beginning, each time that it is called.

    Each row is a line and as many cells as the header has. `remarks` say what was found
    and taken as it is. `trimmed` counts cells with blanks around them, once the rows
    have been read.
    """

    path: Path
    title: str  # of the sheet, empty in a text file
    header: list[str]
    header_line: int
    rows: Callable[[], Iterator[Row | Problem]]
    remarks: list[str] = field(default_factory=list)
    epoch_1904: bool = False


class _Book(Protocol):
    sheets: list[str]
    epoch_1904: bool

    def merged(self, sheet: str) -> list[Merged]: ...
    def rows(self, sheet: str) -> Iterator[Row]: ...


def open_sheet(
    path: Path, options: SheetOptions, known: Callable[[str], bool]
) -> Sheet:
    """The table in a file; *known* says whether a text names a column.

    Raises `InputError` where the file cannot be read or has no table, `UsageError` for
    a sheet that is not there.
    """
    with path.open("rb") as file:
        start = file.read(8)
    suffix = path.suffix.lower()
    if start.startswith(_OLD_EXCEL):
        raise InputError(
            f"{path.name}: is an Excel file of before 2007, or is encrypted; save it "
            "as .xlsx without a password"
        )
    if is_objects(start):
        return _of_objects(path)
    if start.startswith(_ZIP):
        book: _Book = OdsBook(path) if suffix in OPEN_DOCUMENT else ExcelBook(path)
        return _of_book(path, book, options, known)
    text = TextFile(path, options.encoding, options.delimiter)
    table = _table(path, "", text.rows, options, known)
    table.remarks[:0] = text.remarks
    return table


def _of_objects(path: Path) -> Sheet:
    found = open_objects(path)
    _check_names(path, 1, found.header)
    return Sheet(path, "", found.header, 1, found.rows)


def _of_book(
    path: Path, book: _Book, options: SheetOptions, known: Callable[[str], bool]
) -> Sheet:
    """The sheet that is named, or the one whose header is known best."""
    names = book.sheets
    if options.sheet is not None:
        if options.sheet not in names:
            raise UsageError(
                f"{path.name}: has no sheet {options.sheet!r}; it has "
                f"{', '.join(map(repr, names))}"
            )
        names = [options.sheet]
    best: Sheet | None = None
    most = -1
    for name in names:
        merged = book.merged(name)
        rows = _filled(lambda name=name: book.rows(name), merged)  # type: ignore[misc]
        try:
            table = _table(path, name, rows, options, known)
        except InputError:
            if len(names) == 1:
                raise
            continue
        score = sum(map(known, table.header))
        if score > most:
            best, most = table, score
            if merged:
                told = "range" if len(merged) == 1 else "ranges"
                table.remarks.append(
                    f"{len(merged)} merged {told}: each cell has the value of the first"
                )
    if best is None:
        raise InputError(f"{path.name}: no sheet has a table")
    if isinstance(book, ExcelBook) and (blank_ := book.unfinished(best.title)):
        cells = "cell has" if blank_ == 1 else "cells have"
        best.remarks.append(
            f"{blank_:,} {cells} a formula without a result, read as empty; open the "
            "file in a spreadsheet program and save it, and they are computed"
        )
    if len(names) > 1:
        others = ", ".join(repr(name) for name in names if name != best.title)
        best.remarks.insert(0, f"sheet {best.title!r} was read, and not {others}")
    best.epoch_1904 = book.epoch_1904
    return best


def _filled(
    rows: Callable[[], Iterator[Row]], merged: Sequence[Merged]
) -> Callable[[], Iterator[Row]]:
    """*rows* with the value of a merged range in each of its cells."""
    if not merged:
        return rows
    starts: dict[int, list[Merged]] = {}
    for one in merged:
        starts.setdefault(one[0], []).append(one)

    def filled() -> Iterator[Row]:
        open_: list[tuple[Merged, Cell]] = []
        for number, cells in rows():
            open_ = [one for one in open_ if one[0][2] >= number]
            for top in [top for top in starts if top <= number]:
                for one in starts.get(top, ()) if top == number else ():
                    at = one[1] - 1
                    open_.append((one, cells[at] if at < len(cells) else None))
            for (_, left, _, right), value in open_:
                cells += [None] * (min(right, 500) - len(cells))
                for at in range(left - 1, min(right, 500)):
                    cells[at] = value
            yield number, cells

    return filled


def _table(
    path: Path,
    title: str,
    rows: Callable[[], Iterator[Row] | Iterator[Row | Problem]],
    options: SheetOptions,
    known: Callable[[str], bool],
) -> Sheet:
    top = [row for row in islice(rows(), TOP) if not isinstance(row, Problem)]
    place = _header_of(path, top, options.header_row, known)
    line, cells = top[place]
    header = [tidy(text_of(cell)) for cell in cells]
    while header and not header[-1]:
        header.pop()
    _check_names(path, line, header)
    remarks = []
    captions = sum(any(not blank(c) for c in cells) for _, cells in top[:place])
    if captions:
        rows_ = "row" if captions == 1 else "rows"
        remarks.append(f"{captions} {rows_} above the header (line {line}) passed over")

    def below() -> Iterator[Row | Problem]:
        width = len(header)
        for row in rows():
            if isinstance(row, Problem):
                yield row
                continue
            number, cells = row
            if number <= line or all(map(blank, cells)):
                continue
            if len(cells) > width and not all(map(blank, cells[width:])):
                extra = next(c for c in cells[width:] if not blank(c))
                yield Problem(
                    file=path.name,
                    line=number,
                    column=None,
                    value=text_of(extra),
                    rule=f"stands behind the last of {width} columns with a name",
                )
                continue
            yield number, (cells + [None] * (width - len(cells)))[:width]

    return Sheet(path, title, header, line, below, remarks)


def _header_of(
    path: Path, top: Sequence[Row], asked: int, known: Callable[[str], bool]
) -> int:
    """The place of the header among the first rows."""
    if asked:
        for place, (line, _) in enumerate(top):
            if line == asked:
                return place
        raise UsageError(f"{path.name}: has no row {asked} among the first {TOP}")
    best, found = 0.0, -1
    for place, (_, cells) in enumerate(top):
        words = {tidy(c) for c in cells if isinstance(c, str) and not blank(c)}
        names = sum(map(known, words))
        if names >= 2 and names > best:
            best, found = names, place
    if found >= 0:
        return found
    for place, (_, cells) in enumerate(top):
        there = [c for c in cells if not blank(c)]
        if len(there) >= 2 and all(isinstance(c, str) for c in there):
            return place
    raise InputError(
        f"{path.name}: has no header: a row with the names of columns, such as place, "
        "date, who, source"
    )


def _check_names(path: Path, line: int, header: list[str]) -> None:
    for name, times in Counter(header).items():
        if name and times > 1:
            raise InputError(
                f"{path.name}:{line}: column {name!r} stands {times} times in the "
                "header; rename one"
            )
