"""What each column of a table will become: by its name, by what stands in it, or by
the user's word. It is shown, and nothing in doubt is settled here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from chronicle.domain.names import Gazetteer, did_you_mean, fold_name
from chronicle.errors import InputError
from chronicle.formats.problem import Problem
from chronicle.formats.spreadsheet.cells import Cell, blank, text_of
from chronicle.formats.spreadsheet.dates import looks_like_day
from chronicle.formats.spreadsheet.header_words import STATUS_OF, meanings
from chronicle.formats.spreadsheet.kinds import TABLE_KINDS, TableKind
from chronicle.formats.spreadsheet.mapping import ColumnMapping
from chronicle.formats.spreadsheet.sheet import Sheet

__all__ = ["Becomes", "Gazetteers", "Proposal", "propose"]

SAMPLE = 500  # rows that content is judged by
SHOWN = 3
_MOSTLY = 0.9
_NAMED = 0.6  # of the distinct values of a column of names


class Gazetteers(NamedTuple):
    """The names that the record knows."""

    places: Gazetteer
    actors: Gazetteer


class Becomes(NamedTuple):
    """A column: what it becomes (empty: it is not read), why, and what stands in it."""

    header: str
    column: str
    because: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The kind of table and its columns, in their order."""

    kind: TableKind
    columns: tuple[Becomes, ...]

    @property
    def index(self) -> dict[str, int]:
        """The place of each column that is read."""
        return {one.column: at for at, one in enumerate(self.columns) if one.column}

    def header_of(self, column: str) -> str:
        """What the file calls a column; its own name where it has none."""
        return next(
            (one.header for one in self.columns if one.column == column), column
        )

    def mapping(self, said: ColumnMapping, sheet: Sheet) -> ColumnMapping:
        """The proposal as a mapping that a later vintage can be read by."""
        options = said.sheet
        if sheet.title:
            options = replace(options, sheet=options.sheet or sheet.title)
        columns = {one.header: one.column for one in self.columns if one.header}
        return replace(said, kind=self.kind.name, columns=columns, sheet=options)


def propose(sheet: Sheet, said: ColumnMapping, known: Gazetteers) -> Proposal:
    """The proposal for a sheet; raises `InputError` where a needed column is missing or
    in doubt, or the mapping does not fit."""
    name = sheet.path.name
    for header in said.columns:
        if header not in sheet.header:
            raise InputError(
                f"{name}: the mapping names a column {header!r}, which is not there"
                f"{did_you_mean(header, filter(None, sheet.header))}"
            )
    sample = _sample(sheet)
    kind = TABLE_KINDS[said.kind or _kind(sheet, said)]
    found: dict[int, tuple[str, str]] = {}
    for at, header in enumerate(sheet.header):
        if header in said.columns:
            column = said.columns[header]
            if column and column not in kind.columns:
                raise InputError(
                    f"{name}: the mapping makes {header!r} {column!r}, which a table "
                    f"of kind {kind.name} has not"
                    f"{did_you_mean(column, filter(None, kind.columns))}"
                )
            found[at] = column, "mapping"
    _by_name(sheet, kind, found)
    _by_content(sheet, kind, found, sample, known)
    _check(sheet, kind, found)
    return Proposal(
        kind,
        tuple(
            Becomes(
                header,
                *found.get(at, ("", "")),
                tuple(text_of(row[at]) for row in sample[:SHOWN]),
            )
            for at, header in enumerate(sheet.header)
        ),
    )


def _sample(sheet: Sheet) -> list[list[Cell]]:
    rows = (row for row in sheet.rows() if not isinstance(row, Problem))
    return [cells for _, cells in islice(rows, SAMPLE)]


def _kind(sheet: Sheet, said: ColumnMapping) -> str:
    """The kind of table, by what its columns may mean."""
    there: set[str] = set()
    for header in sheet.header:
        if header in said.columns:
            there.add(said.columns[header])
        else:
            sure = [one for one, how in meanings(header) if how >= 2]
            there |= set(sure or [one for one, _ in meanings(header)])
    fits = [
        kind
        for kind, signs in (
            ("incident", {"killed", "injured", "incident", "alleged_actor"}),
            ("displacement", {"persons", "low", "high", "valid_on"}),
            ("control", {"to_actor", "status"}),
        )
        if there & signs
    ]
    days = there & {"valid_from", "since", "valid_on"}
    if not days and there & {"settlement", "name"} and there & {
        "lat", "lon", "pcode", "geonames_id", "population", "aliases",
    }:  # fmt: skip
        return "settlement"
    if "incident" in fits and "displacement" not in fits:
        return "incident" if there & {"killed", "injured", "incident"} else fits[-1]
    if len(fits) == 1:
        return fits[0]
    words = ", ".join(repr(header) for header in sheet.header if header)
    may = " or ".join(fits or TABLE_KINDS)
    raise InputError(
        f"{sheet.path.name}: its columns are {words}; this may be a table of {may}: "
        "say --kind, and --column HEADER=COLUMN where a name is not understood"
    )


def _by_name(sheet: Sheet, kind: TableKind, found: dict[int, tuple[str, str]]) -> None:
    claims: list[tuple[int, int, str]] = []
    for at, header in enumerate(sheet.header):
        if at in found:
            continue
        for meaning, sure in meanings(header):
            column = kind.instead.get(meaning, meaning)
            if column in kind.columns:
                sure = sure * 2 - (column != meaning)
                claims.append((sure, at, column))
    taken = {column for column, _ in found.values() if column}
    for sure in sorted({one[0] for one in claims}, reverse=True):
        by_column: dict[str, list[int]] = {}
        for how, at, column in claims:
            if how == sure and at not in found and column not in taken:
                by_column.setdefault(column, []).append(at)
        for column, places in by_column.items():
            places = [at for at in places if at not in found]
            if len(places) > 1 and sure > 2:
                names = " and ".join(repr(sheet.header[at]) for at in places)
                raise InputError(
                    f"{sheet.path.name}: columns {names} may both be {column}; say "
                    f"which: --column {sheet.header[places[0]]!r}={column}"
                )
            if len(places) == 1:
                found[places[0]] = column, "name"
                taken.add(column)


def _by_content(
    sheet: Sheet,
    kind: TableKind,
    found: dict[int, tuple[str, str]],
    sample: list[list[Cell]],
    known: Gazetteers,
) -> None:
    taken = {column for column, _ in found.values()}
    day = "valid_on" if "valid_on" in kind.columns else "valid_from"
    for column, fits in (
        (day, _are_days),
        ("settlement", lambda cells: _are_named(cells, known.places)),
        ("to_actor", lambda cells: _are_named(cells, known.actors, STATUS_OF)),
    ):
        if column not in kind.columns or column in taken:
            continue
        if column == "valid_on" and "since" in taken:
            continue
        places = [
            at
            for at, header in enumerate(sheet.header)
            if at not in found and fits([row[at] for row in sample])
        ]
        if len(places) == 1:
            found[places[0]] = column, "content"


def _filled(cells: list[Cell]) -> list[Cell]:
    return [cell for cell in cells if not blank(cell)]


def _are_days(cells: list[Cell]) -> bool:
    there = _filled(cells)
    return bool(there) and sum(map(looks_like_day, there)) >= _MOSTLY * len(there)


def _are_named(
    cells: list[Cell], names: Gazetteer, words: dict[str, str] | None = None
) -> bool:
    there = {text_of(cell) for cell in _filled(cells) if isinstance(cell, str)}
    known = sum(
        bool(names.find(text)) or fold_name(text) in (words or {}) for text in there
    )
    return bool(there) and known >= _NAMED * len(there)


def _check(sheet: Sheet, kind: TableKind, found: dict[int, tuple[str, str]]) -> None:
    taken = [column for column, _ in found.values() if column]
    for column in taken:
        if taken.count(column) > 1:
            raise InputError(f"{sheet.path.name}: two columns are mapped to {column}")
    missing = list(_missing(kind, set(taken)))
    if missing:
        words = ", ".join(repr(header) for header in sheet.header if header)
        raise InputError(
            f"{sheet.path.name}: no column is the {' and none the '.join(missing)}, "
            f"which a table of kind {kind.name} needs; its columns are {words}: say "
            f"which with --column HEADER={missing[0].split(' or ')[0]}"
        )


def _missing(kind: TableKind, taken: set[str]) -> Iterator[str]:
    for either in kind.needed:
        if not taken & set(either):
            yield " or ".join(either)
