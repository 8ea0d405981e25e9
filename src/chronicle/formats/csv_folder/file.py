"""One file of Chronicle's own format, row by row, as events and problems.

It is a stream. What is kept of it are the ids of its reports, so that a second row with
an id that was there is found, and the links to rows further down.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

from chronicle.domain.events import Event, Reference, ReportsLinked
from chronicle.errors import BadField
from chronicle.formats import cells, rows
from chronicle.formats.csv_folder.bulk import ControlBlocks, in_blocks
from chronicle.formats.csv_folder.kinds import Kind
from chronicle.formats.csv_folder.known import Registers
from chronicle.formats.problem import Problem
from chronicle.formats.rows import Header, Record
from chronicle.formats.spreadsheet.cells import bare
from chronicle.formats.writing.guard import unguarded
from chronicle.store.bulk import Controls

__all__ = ["CsvRow", "read_rows"]

NEAR = 0.01 + 1e-9  # degrees, about a kilometre

_latitude = cells.decimal(-90, 90)
_longitude = cells.decimal(-180, 180)


class CsvRow(NamedTuple):
    """What the row that starts on *line* says; a row may say nothing that is recorded.

    Links between reports come after both of them: those to a report further down, or
    to none of the file, follow the last row as rows of their own.
    """

    line: int
    events: tuple[Event, ...]


class _Broken(Exception):
    """A row that cannot be taken: the cell and the rule that it breaks."""

    def __init__(self, column: str | None, value: str, rule: str) -> None:
        super().__init__(rule)
        self.column = column
        self.value = value
        self.rule = rule


def read_rows(
    file: io.BufferedIOBase,
    name: str,
    kind: Kind,
    *,
    dataset: str,
    known: Registers,
    block: int = 0,
    records: Iterator[Record | Problem] | None = None,
    trimmed: list[int] | None = None,
) -> Iterator[CsvRow | Problem | Controls]:
    """Rows and problems in the order of *file*, which stands at its beginning.

    *records* are its rows, where another reader parts them. *trimmed* gets the lines
    of rows that could only be taken without the blanks around their cells.

    A column that is unknown is told once, before the rows. Without a header that can
    be used there are problems only. With *block* given, so many rows of a control file
    come as columns, where they are ordinary.
    """
    records = rows.records(file, name) if records is None else records
    first = next(records)
    if isinstance(first, Problem):
        yield first
        return
    header = rows.check_header(first, name, kind.columns, kind.needed, kind.ignores)
    yield from header.problems
    if not header.usable:
        return
    reading = _Reading(kind, header, dataset, known)
    take = _unlocated if kind.file == "unlocated.csv" else _Reading.take

    def one(record: Record | Problem) -> CsvRow | Problem:
        if isinstance(record, Problem):
            return record
        line, row = record
        if not any(row):
            return CsvRow(line, ())  # the empty end of a spreadsheet
        try:
            return take(reading, line, row)
        except _Broken as broken:
            tidied = list(map(bare, row))
            if tidied != row:
                if trimmed is not None:
                    trimmed.append(line)
                return one(Record(line, tidied))
            return Problem(
                file=name,
                line=line,
                column=broken.column,
                value=broken.value,
                rule=broken.rule,
            )

    if block and kind.file == "control.csv":
        blocks = ControlBlocks(kind, header.index, dataset, known, reading.agreeing)
        yield from in_blocks(records, blocks, reading.seen, one, _counts, block)
    else:
        yield from map(one, records)
    yield from reading.late


def _counts(row: CsvRow | Problem) -> int:
    """The events that the log takes in as they come; links come last."""
    if isinstance(row, Problem):
        return 0
    return sum(not isinstance(event, ReportsLinked) for event in row.events)


class _Reading:
    """One pass over a file: where its columns stand, and what it has told so far."""

    def __init__(
        self, kind: Kind, header: Header, dataset: str, known: Registers
    ) -> None:
        self.kind = kind
        self.known = known
        self.base = {"dataset": dataset}
        self.index = header.index
        columns = kind.columns
        self.plan = [
            (place, *columns[name])
            for name, place in header.index.items()
            if name in columns
        ]
        self.column_of = {column.value: name for name, column in columns.items()}
        self.seen: set[str] = set()
        self.late: list[CsvRow] = []
        self.agreed: dict[str, tuple[str | None, str | None]] = {}

    def values(self, row: list[str]) -> dict[str, Any]:
        """What the cells hold, without the empty ones."""
        values: dict[str, Any] = self.base.copy()
        place = 0
        try:
            for place, value, parse, needed in self.plan:
                text = row[place]
                if text:
                    if text[0] == "'":
                        text = unguarded(text)
                    values[value] = text if parse is None else parse(text)
                elif needed:
                    raise ValueError("must not be empty")
        except ValueError as broken:
            column = list(self.index)[place]
            raise _Broken(column, row[place], str(broken)) from None
        return values

    def take(self, line: int, row: list[str]) -> CsvRow:
        """The events of a row; raises `_Broken` where it breaks a rule."""
        kind = self.kind
        values = self.values(row)
        lat = lon = None
        if kind.located:
            lat, lon = values.pop("lat", None), values.pop("lon", None)
        try:
            events = kind.build(values)
        except BadField as broken:
            raise self.broken(row, broken.field, broken.rule) from None
        if not events:
            return CsvRow(line, events)
        event: Any = events[0]
        for field in kind.settlements:
            if hint := self.known.settlements.missing(getattr(event, field)):
                raise self.broken(row, field, hint)
        for field in kind.actors:
            if hint := self.known.actors.missing(getattr(event, field)):
                raise self.broken(row, field, hint)
        if lat or lon:
            self.agrees(row, event.settlement, lat, lon)
        id_ = event.key if isinstance(event, Reference) else event.report_id
        if id_ in self.seen:
            column = "id" if "id" in self.index else None
            raise _Broken(column, id_, "stands in a row further up already")
        self.seen.add(id_)
        if len(events) > 1:
            events = self.now(line, events)
        return CsvRow(line, events)

    def now(self, line: int, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """The events without links to what is not told yet, which are put off."""
        late = tuple(
            event
            for event in events
            if isinstance(event, ReportsLinked) and event.other not in self.seen
        )
        if not late:
            return events
        self.late.append(CsvRow(line, late))
        return tuple(event for event in events if event not in late)

    def broken(self, row: list[str], field: str, rule: str) -> _Broken:
        """A broken rule of an event's field, told of the column that it came from."""
        column = self.column_of.get(field)
        if column is None:
            return _Broken(None, "", f"{field}: {rule}")
        place = self.index.get(column)
        return _Broken(column, "" if place is None else row[place], rule)

    def agreeing(self, settlement: str, lat: str | None, lon: str | None) -> None:
        """`agrees` for whoever tells no problem; raises `ValueError`."""
        try:
            self.agrees([""] * len(self.index), settlement, lat, lon)
        except _Broken as broken:
            raise ValueError(broken.rule) from None

    def agrees(
        self, row: list[str], settlement: str | None, lat: str | None, lon: str | None
    ) -> None:
        """Coordinates may only repeat those of the settlement, to `NEAR` degrees."""
        if settlement is None:
            column = "lat" if lat else "lon"
            rule = "needs a settlement: nothing finer is recorded"
            raise self.broken(row, column, rule)
        if self.agreed.get(settlement) == (lat, lon):
            return
        spot = self.known.settlements.spot(settlement)
        parsers = ("lat", lat, _latitude), ("lon", lon, _longitude)
        for number, (column, text, parse) in enumerate(parsers):
            if text is None:
                continue
            try:
                degrees = parse(text)
            except ValueError as broken:
                raise self.broken(row, column, str(broken)) from None
            if spot is not None and abs(degrees - spot[number]) > NEAR:
                rule = f"is not where {settlement!r} is, at {spot[number]:g}"
                raise self.broken(row, column, rule)
        self.agreed[settlement] = lat, lon


def _unlocated(reading: _Reading, line: int, row: list[str]) -> CsvRow:
    """No place, no event: every row of names that could not be placed is a problem."""
    values = reading.values(row)
    said = [
        f"{word} {values[name]!r}"
        for word, name in (
            ("held by", "to_actor"),
            ("from", "valid_from"),
            ("says", "source"),
        )
        if name in values
    ]
    told = f": {', '.join(said)}" if said else ""
    raise _Broken("name", values["name"], f"not located{told}")
