"""A table of reports as events: days, numbers and names settled for whole columns.

    table = TableFile(path, dataset, references, TableOptions(...))
    for row in table.rows_and_blocks(0): ...

The file is read more than once: what a column's days and numbers mean hangs on all of
it, and so does what is new among its names.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from chronicle.domain.events import SettlementRegistered
from chronicle.domain.state import References
from chronicle.errors import InputError
from chronicle.formats.csv_folder.file import CsvRow
from chronicle.formats.problem import Problem
from chronicle.formats.rows import digest_of
from chronicle.formats.spreadsheet.cells import Cell, blank, text_of, tidy
from chronicle.formats.spreadsheet.dates import Days, pooled
from chronicle.formats.spreadsheet.header_words import is_known, unit_of
from chronicle.formats.spreadsheet.mapping import ColumnMapping
from chronicle.formats.spreadsheet.names import (
    Choices,
    Names,
    Open,
    actors_of,
    places_of,
)
from chronicle.formats.spreadsheet.numbers import decimal_sign
from chronicle.formats.spreadsheet.proposal import Gazetteers, Proposal, propose
from chronicle.formats.spreadsheet.reports import Reports
from chronicle.formats.spreadsheet.row_cells import BadCell
from chronicle.formats.spreadsheet.sheet import Sheet, open_sheet

__all__ = ["TableFile", "TableOptions"]

_DAYS = ("valid_from", "valid_on", "since", "until", "published")
_NUMBERS = ("persons", "low", "high", "killed", "injured", "population")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """What a user says of a table besides the file: the mapping, names, registering."""

    mapping: ColumnMapping = field(default_factory=ColumnMapping)
    choices: Choices = field(default_factory=dict)
    register: bool = False


@dataclass(eq=False)
class TableFile:
    """One table; *references* are asked when it is read.

    After its rows were read, `notes` say what was found and done, and `open` which
    names could not be settled.
    """

    path: Path
    dataset: str
    references: Callable[[], References]
    options: TableOptions = field(default_factory=TableOptions)
    notes: list[str] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)
    _unlocated: int = 0

    @property
    def name(self) -> str:
        """What messages and the record call it."""
        return self.path.name

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its bytes."""
        return digest_of(self.path)[1]

    @cached_property
    def sheet(self) -> Sheet:
        """The table in the file; raises `InputError` where there is none."""
        said = self.options.mapping
        named = said.columns.keys()
        return open_sheet(
            self.path, said.sheet, lambda text: text in named or is_known(text)
        )

    @cached_property
    def proposal(self) -> Proposal:
        """What its columns become; raises `InputError` where that is in doubt."""
        known = self.references()
        gazetteers = Gazetteers(places_of(known), actors_of(known))
        return propose(self.sheet, self.options.mapping, gazetteers)

    @property
    def types(self) -> tuple[str, ...]:
        """TYPEs of the reports that it holds."""
        return self.proposal.kind.types

    @property
    def kept_ids(self) -> bool:
        """Whether ids are those of whoever keeps the data, in every file of it."""
        return False

    @property
    def told_only(self) -> bool:
        """Never: its rows are there to be recorded."""
        return False

    def explained(self) -> list[str]:
        """What was found of the file as a whole; raises `InputError` for a doubt."""
        read = [one for one in self.proposal.columns if one.column]
        told = list(self.sheet.remarks)
        told.append(
            f"a table of {self.proposal.kind.name}: "
            + ", ".join(f"{one.header} → {one.column}" for one in read)
        )
        for column, days in self._days().items():
            header = self.proposal.header_of(column)
            if days.order:
                told.append(f"{header}: digits of days are read as {days.order}")
            if days.two_digits:
                told.append(f"{header}: years of two digits are 1969 to 2068")
            if days.serials:
                told.append(f"{header}: whole numbers are days as Excel counts them")
        for column in _NUMBERS:
            header = self.proposal.header_of(column)
            if column in self.proposal.index and (unit := unit_of(header)) > 1:
                told.append(f"{header}: one stands for {unit:,}, as its name says")
        return told

    def _column(self, column: str) -> Iterator[Cell]:
        at = self.proposal.index[column]
        for row in self.sheet.rows():
            if not isinstance(row, Problem) and not blank(row[1][at]):
                yield row[1][at]

    def _days(self) -> dict[str, Days]:
        """How each column of days writes them; raises `InputError` for a doubt."""
        found: dict[str, Days] = {}
        for column in _DAYS:
            if column in self.proposal.index:
                days = Days(
                    self._column(column),
                    self.options.mapping.dates,
                    self.sheet.epoch_1904,
                )
                if days.doubt:
                    header = self.proposal.header_of(column)
                    raise InputError(f"{self.name}: column {header!r}: {days.doubt}")
                found[column] = days
        together = pooled(days.told for days in found.values())
        if together.swapped and not self.options.mapping.dates:
            headers = " and ".join(repr(self.proposal.header_of(c)) for c in found)
            raise InputError(f"{self.name}: columns {headers}: {together.doubt}")
        return found

    def _decimal(self) -> str | None:
        """The decimal sign of the numbers of people, where it is known."""
        if self.options.mapping.decimal:
            return self.options.mapping.decimal
        there = [column for column in _NUMBERS if column in self.proposal.index]
        return decimal_sign(
            cell
            for column in there
            for cell in self._column(column)
            if isinstance(cell, str)
        )

    def rows_and_blocks(self, size: int) -> Iterator[CsvRow | Problem]:
        """Registrations that the rows need, then the rows; *size* is of no use here."""
        self.notes = self.explained()
        names = Names(
            self.references(),
            self.dataset,
            self.options.choices,
            self.options.register or self.proposal.kind.name == "settlement",
        )
        reading = Reports(
            self.name, self.dataset, self.proposal, self.options.mapping,
            self._days(), self._decimal(), names,
        )  # fmt: skip
        trimmed = 0
        seen: Counter[str] = Counter()
        first: dict[bytes, int] = {}
        again = 0
        for row in self.sheet.rows():
            if isinstance(row, Problem):
                yield row
                continue
            line, cells = row
            trimmed += sum(
                isinstance(c, str) and c != tidy(c) and bool(c.strip()) for c in cells
            )
            mark = _mark(cells)
            if mark in first and "id" not in self.proposal.index:
                again += 1
                continue
            first.setdefault(mark, line)
            try:
                made = reading.row(line, cells, seen)
            except BadCell as bad:
                yield Problem(
                    file=self.name,
                    line=line,
                    column=bad.column,
                    value=bad.value,
                    rule=bad.rule,
                )
                continue
            if made is not None:  # what it names is registered with it, not for itself
                for one in names.new:
                    yield CsvRow(line, (one,))
                self._tell_new(names)
                names.new.clear()
                yield CsvRow(line, (made,))
        yield from self._left_open(names)
        self._tell(names, trimmed, again, reading)
        if self.digest != digest_of(self.path)[1]:
            raise InputError(f"{self.path}: changed while it was read; read it again")

    def _tell_new(self, names: Names) -> None:
        for one in names.new:
            what = {"settlement-registered": "place", "actor-registered": "party"}
            word = what.get(one.TYPE, "source")
            told = one.key if one.key == one.name else f"{one.key} ({one.name})"
            self._new.setdefault(word, []).append(told)
            if isinstance(one, SettlementRegistered):
                self._unlocated += one.spot is None

    @cached_property
    def _new(self) -> dict[str, list[str]]:
        return {}

    def _left_open(self, names: Names) -> Iterator[Problem]:
        """One problem for each name that is open, whatever rows it stands in."""
        by_name: dict[tuple[str, str], list[Open]] = {}
        for one in names.open.values():
            by_name.setdefault((one.kind, one.name), []).append(one)
        columns = {"settlement": "settlement", "actor": "to_actor", "source": "source"}
        for (kind, name), some in by_name.items():
            rows = sum(one.rows for one in some)
            self.open += some
            told = "1 row" if rows == 1 else f"{rows:,} rows"
            column = self.proposal.header_of(columns[kind])
            if self.proposal.kind.name == "settlement":
                column = self.proposal.header_of("name")
            yield Problem(
                file=self.name,
                line=some[0].line,
                column=column,
                value=name,
                rule=f"{some[0].rule} ({told})",
            )

    def _tell(self, names: Names, trimmed: int, again: int, reading: Reports) -> None:
        for word, some in self._new.items():
            plural = {"place": "places", "party": "parties", "source": "sources"}
            shown = ", ".join(some[:8]) + (", …" if len(some) > 8 else "")
            new = word if len(some) == 1 else plural[word]
            if word == "place" and self._unlocated:
                new += f" ({self._unlocated:,} without coordinates)"
            self.notes.append(f"{len(some):,} new {new}: {shown}")
        if trimmed:
            self.notes.append(f"{trimmed:,} cells had blanks around them; read without")
        if nothing := reading.empty.total():
            told = ", ".join(map(repr, sorted(reading.empty)))
            self.notes.append(f"{nothing:,} cells say {told}; read as empty")
        if again:
            self.notes.append(f"{again:,} rows repeat another exactly; read once")
        if names.skipped:
            self.notes.append(f"{names.skipped:,} rows left out, as the review says")
        if reading.cut:
            self.notes.append(f"{reading.cut:,} days had a time behind them; it is cut")
        unread = [one.header for one in self.proposal.columns if not one.column]
        if any(unread):
            self.notes.append(f"not read: {', '.join(filter(None, unread))}")


def _mark(cells: list[Cell]) -> bytes:
    told = "\x1f".join(text_of(cell) for cell in cells)
    return hashlib.blake2b(told.encode(errors="replace"), digest_size=16).digest()
