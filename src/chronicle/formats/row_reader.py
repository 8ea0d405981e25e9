"""What readers of tables share: a cell by the name of its column, as a value."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from chronicle.formats import words
from chronicle.formats.field import Asked, BadCell
from chronicle.formats.head import Cells
from chronicle.formats.problem import Problem
from chronicle.formats.source import Sheet, Source

__all__ = ["RowReader", "is_tags", "report_id"]


def is_tags(cells: Cells) -> bool:
    """Whether a row holds HXL tags: nothing but them and empty cells."""
    told = [cell for cell in cells if cell.strip()]
    return bool(told) and all(cell.lstrip().startswith("#") for cell in told)


def report_id(stem: str, parts: Iterable[str]) -> str:
    """An id for a row without one: *stem*, and a digest of what tells the row apart.

    The same row of a later vintage gets the same id, as long as its *parts* stay.
    """
    told = "\x1f".join(parts)
    return f"{stem}:{hashlib.sha256(told.encode()).hexdigest()[:16]}"


class RowReader:
    """Cells of a sheet by column; a column that is not there is empty everywhere.

    `left_out` counts rows that are passed over on purpose, by the reason; it is told
    once each, by `counted`, when the file has ended.
    """

    def __init__(self, source: Source, asked: Asked, sheet: Sheet) -> None:
        self.source = source
        self.asked = asked
        self.dataset = asked.dataset
        self.index = dict(sheet.index)
        self.left_out: Counter[str] = Counter()
        self._ids: Counter[str] = Counter()

    def text(self, cells: Cells, *columns: str) -> str:
        """The first of *columns* that says something, on one line; empty for none."""
        for column in columns:
            place = self.index.get(column)
            if place is not None and not words.nothing(cells[place]):
                return words.clean(cells[place])
        return ""

    def count(self, cells: Cells, column: str) -> int | None:
        """A number of people; raises `BadCell`."""
        text = self.text(cells, column)
        try:
            return words.count(text)
        except ValueError as broken:
            raise BadCell(column, text, str(broken)) from None

    def day(self, cells: Cells, column: str, order: str = "") -> date | None:
        """A day; raises `BadCell`."""
        text = self.text(cells, column)
        if not text:
            return None
        try:
            return words.day(text, order)
        except ValueError as broken:
            raise BadCell(column, text, str(broken)) from None

    def needed_day(self, cells: Cells, column: str, order: str = "") -> date:
        """A day that must be there; raises `BadCell`."""
        found = self.day(cells, column, order)
        if found is None:
            raise BadCell(column, "", "must not be empty")
        return found

    def spot(self, cells: Cells, lat: str, lon: str) -> tuple[float, float] | None:
        """Latitude and longitude; None where either is missing; raises `BadCell`."""
        found = []
        for column, most in ((lat, 90.0), (lon, 180.0)):
            text = self.text(cells, column)
            try:
                found.append(words.degrees(text, most))
            except ValueError as broken:
                raise BadCell(column, text, str(broken)) from None
        if found[0] is None or found[1] is None:
            return None
        return found[0], found[1]

    def own_id(self, stem: str, parts: Iterable[str]) -> str:
        """`report_id`, with a number behind it where the file tells it once more."""
        made = report_id(stem, parts)
        self._ids[made] += 1
        return made if self._ids[made] == 1 else f"{made}.{self._ids[made]}"

    def counted(self) -> Iterator[Problem]:
        """What was passed over on purpose, a line for each reason."""
        for reason, times in self.left_out.items():
            row = "row" if times == 1 else "rows"
            yield self.source.remark(0, f"{times:,} {row} passed over: {reason}")
