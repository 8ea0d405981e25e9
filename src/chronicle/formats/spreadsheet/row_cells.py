"""The cells of one row of a table as values: days, figures, words, coordinates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from chronicle.domain.names import fold_name
from chronicle.domain.vocabulary import (
    CATEGORIES,
    INCIDENT_KINDS,
    MEASURES,
    QUALIFIERS,
    TIMES_OF_DAY,
)
from chronicle.formats.spreadsheet.cells import Cell, blank, text_of, tidy
from chronicle.formats.spreadsheet.dates import Days
from chronicle.formats.spreadsheet.header_words import STATUS_OF, unit_of
from chronicle.formats.spreadsheet.mapping import ColumnMapping
from chronicle.formats.spreadsheet.names import Names, Spot
from chronicle.formats.spreadsheet.nothing import (
    is_ditto,
    is_fault,
    is_total,
    says_nothing,
)
from chronicle.formats.spreadsheet.numbers import degrees, people
from chronicle.formats.spreadsheet.proposal import Proposal

__all__ = ["BadCell", "RowCells"]

NAMED: Mapping[str, str] = {  # columns of names, and what is named there
    "settlement": "settlement",
    "name": "settlement",
    "origin": "settlement",
    "destination": "settlement",
    "to_actor": "actor",
    "from_actor": "actor",
    "alleged_actor": "actor",
    "source": "source",
}
SUMMED = ("settlement", "name", "area", "admin1", "origin", "destination", "to_actor")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "time_of_day": TIMES_OF_DAY,
    "measure": MEASURES,
    "category": CATEGORIES,
    "qualifier": QUALIFIERS,
    "kind": INCIDENT_KINDS,
    "reliability": ("A", "B", "C", "D", "E", "F"),
}
_CHOSEN = {
    column: {fold_name(word): word for word in words}
    for column, words in _CHOICES.items()
}


class BadCell(Exception):
    """A row that cannot be taken: the column as the file calls it, value and rule."""

    def __init__(self, column: str | None, value: str, rule: str) -> None:
        super().__init__(rule)
        self.column, self.value, self.rule = column, value, rule


class RowCells:
    """One row at a time; `cut` counts days whose time was passed over, `empty` the
    words that say that nothing is known."""

    def __init__(
        self,
        proposal: Proposal,
        mapping: ColumnMapping,
        days: Mapping[str, Days],
        decimal: str | None,
        names: Names,
    ) -> None:
        self._proposal = proposal
        self._index = proposal.index
        self._mapping = mapping
        self._days = days
        self._decimal = decimal
        self._names = names
        self._units = {
            column: unit_of(proposal.header_of(column)) for column in self._index
        }
        self.cut = 0
        self.empty: Counter[str] = Counter()
        self._line = 0
        self._cells: list[Cell] = []

    def _cell(self, column: str) -> Cell:
        """The value of a column; None where the cell says nothing. Raises `BadCell`."""
        at = self._index.get(column)
        cell = None if at is None else self._cells[at]
        if blank(cell):
            return None
        if column in self._mapping.values:
            return self._mapping.values[column].get(text_of(cell), cell)
        if isinstance(cell, str) and column not in ("note", "ref"):
            return self._said(column, cell)
        return cell

    def _said(self, column: str, cell: str) -> Cell:
        """*cell*, None where it says nothing; raises for what is not its own value."""
        text = tidy(cell)
        if is_fault(text):
            raise self._bad(column, "is the fault of a formula, and no value")
        if column in NAMED and self._names.knows(NAMED[column], text):
            return cell
        if is_ditto(text):
            raise self._bad(
                column, "stands for the cell above it; write out what is meant"
            )
        if says_nothing(text):
            if column in ("to_actor", "status") and fold_name(text) in STATUS_OF:
                return cell  # *unknown* is a status
            self.empty[text] += 1
            return None
        if column in SUMMED and is_total(text):
            raise self._bad(
                column, "adds up other rows, which would count them twice; not read"
            )
        return cell

    def _text(self, column: str) -> str:
        return text_of(self._cell(column))

    def _bad(self, column: str, rule: str) -> BadCell:
        at = self._index.get(column)
        if at is None:
            return BadCell(None, "", f"{column}: {rule}")
        header = self._proposal.header_of(column)
        return BadCell(header, text_of(self._cells[at]), rule)

    def _day(self, column: str, values: dict[str, object]) -> None:
        cell = self._cell(column)
        if cell is None:
            return
        try:
            found = self._days[column].day(cell)
        except (ValueError, OverflowError) as bad:
            raise self._bad(column, str(bad)) from None
        self.cut += found.cut
        values[column] = found.day
        if found.precision != "day":
            if column != "valid_from":
                raise self._bad(column, "must be a day, not a month")
            values["precision"] = found.precision

    def _people(self, column: str, values: dict[str, object]) -> None:
        cell = self._cell(column)
        if cell is None:
            return
        try:
            told = people(cell, self._decimal, self._units[column])
        except ValueError as bad:
            raise self._bad(column, str(bad)) from None
        if column in ("low", "high", "population"):
            values[column] = told.persons
            return
        suffix = "" if column == "persons" else f"{column}_"
        for name, count in (
            (column, told.persons),
            (f"{suffix}low", told.low),
            (f"{suffix}high", told.high),
        ):
            if count is not None:
                values.setdefault(name, count)
        if column == "persons" and told.qualifier:
            values["qualifier"] = told.qualifier

    def _chosen(self, column: str, values: dict[str, object]) -> None:
        text = self._text(column)
        if text:
            word = _CHOSEN[column].get(fold_name(text))
            if word is None:
                words = ", ".join(filter(None, _CHOICES[column]))
                raise self._bad(column, f"must be one of {words}")
            values[column] = word

    def _degrees(self, column: str, most: float) -> float | None:
        cell = self._cell(column)
        if cell is None:
            return None
        try:
            return degrees(cell, most)
        except ValueError as bad:
            raise self._bad(column, str(bad)) from None

    def _spot(self) -> Spot:
        lat, lon = self._degrees("lat", 90), self._degrees("lon", 180)
        if (lat is None) != (lon is None):
            column = "lat" if lat is None else "lon"
            raise self._bad(column, "lat and lon are given together, or neither")
        return Spot(
            lat,
            lon,
            self._text("admin1"),
            self._text("pcode"),
            self._text("geonames_id"),
        )
