"""The own format in words: what columns each file has, and a folder to fill in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chronicle.domain.base import EVENTS, rules_of
from chronicle.domain.vocabulary import (
    CATEGORIES,
    CIVILIANS,
    INCIDENT_KINDS,
    MEASURES,
    PRECISIONS,
    QUALIFIERS,
    RELIABILITIES,
    ROAD_CLASSES,
    SENSITIVITIES,
    STATUSES,
    TIMES_OF_DAY,
)
from chronicle.formats import cells
from chronicle.formats.csv_folder.kinds import KINDS, Column, Kind
from chronicle.formats.writing.guard import csv_text

__all__ = ["ColumnInWords", "columns_in_words", "template_files"]

_WORDS: Mapping[str, tuple[str, ...]] = {
    "status": STATUSES,
    "time_of_day": TIMES_OF_DAY,
    "precision": PRECISIONS,
    "reliability": RELIABILITIES,
    "credibility": tuple("123456"),
    "measure": MEASURES,
    "category": CATEGORIES,
    "qualifier": QUALIFIERS,
    "civilians": CIVILIANS,
    "road_class": ROAD_CLASSES,
    "sensitivity": SENSITIVITIES,
}
_TYPES: Mapping[Any, str] = {
    cells.day: "day, YYYY-MM-DD",
    cells.yes_no: "yes or no",
    cells.ids: "ids, blanks between",
    cells.names: "names, | between",
}

# One row of each file; together they are a record of two places and one change.
_EXAMPLES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "settlements.csv": (
        {"id": "alder", "name": "Alder", "lat": "10.0", "lon": "20.0",
         "aliases": "Aldermere|ألدر", "population": "12000"},
        {"id": "birch", "name": "Birch"},
    ),
    "actors.csv": (
        {"id": "red", "name": "Red Army", "short": "RA", "side": "north"},
        {"id": "blue", "name": "Blue Guard", "side": "south"},
    ),
    "sources.csv": (
        {"id": "radio", "name": "Radio One", "default_reliability": "B"},
    ),
    "routes.csv": (
        {"settlement_a": "alder", "settlement_b": "birch", "distance_km": "12.5",
         "road_class": "primary"},
    ),
    "control.csv": (
        {"id": "c1", "valid_from": "2025-03-01", "settlement": "alder",
         "from_actor": "red", "to_actor": "blue", "published": "2025-03-02",
         "source": "radio", "note": "an example: delete this row"},
    ),
    "displacement.csv": (
        {"id": "d1", "valid_on": "2025-03-05", "measure": "stock",
         "category": "displaced", "persons": "1200", "qualifier": "about",
         "settlement": "birch", "counter": "OCHA", "source": "radio"},
    ),
    "incidents.csv": (
        {"id": "i1", "valid_from": "2025-03-01", "settlement": "alder",
         "kind": "Armed clash", "killed_low": "2", "killed_high": "5",
         "source": "radio"},
    ),
    "closures.csv": (
        {"id": "x1", "settlement_a": "alder", "settlement_b": "birch",
         "since": "2025-03-01", "source": "radio"},
    ),
    "support.csv": (
        {"id": "s1", "backer": "Neighbouria", "backed": "blue", "support": "arms",
         "valid_from": "2025-03-01", "source": "radio"},
    ),
    "legends.csv": (
        {"id": "l1", "legend": "The map of the radio", "colour": "lime",
         "means": "blue", "valid_from": "2025-03-01", "source": "radio"},
    ),
}  # fmt: skip


class ColumnInWords(NamedTuple):
    """One column of one file of the own format."""

    file: str
    column: str
    needed: str
    type: str
    words: str


def columns_in_words() -> list[ColumnInWords]:
    """Every column of every file, in the order of the format."""
    return [
        ColumnInWords(
            kind.file,
            name,
            "yes" if column.needed else "in the header" if name in kind.present else "",
            _type(column),
            " | ".join(filter(None, _words(kind, name, column))),
        )
        for kind in KINDS
        if kind.file != "unlocated.csv"
        for name, column in kind.columns.items()
    ]


def _type(column: Column) -> str:
    if column.parse in _TYPES:
        return _TYPES[column.parse]
    name = getattr(column.parse, "__qualname__", "")
    if name.startswith("whole"):
        return "whole number"
    if name.startswith("decimal"):
        return "number"
    return "id" if column.value in _IDS else "text"


_IDS = {
    name
    for event in EVENTS.values()
    for name, rule in rules_of(event).items()
    if rule.words.startswith("an id")
}


def _words(kind: Kind, name: str, column: Column) -> tuple[str, ...]:
    if name == "kind" and kind.file in ("control.csv", "incidents.csv"):
        return INCIDENT_KINDS
    return _WORDS.get(column.value, ())


def template_files() -> Iterator[tuple[str, str]]:
    """The names and contents of a folder to fill in; it can be imported as it is."""
    for kind in KINDS:
        if kind.file in _EXAMPLES:
            columns = list(kind.columns)
            rows = [[row.get(name) for name in columns] for row in _EXAMPLES[kind.file]]
            yield kind.file, csv_text(columns, rows)
    yield "COLUMNS.md", _page()


def _page() -> str:
    lines = [
        "# What to fill in",
        "",
        "Delete the example rows, keep the headers, leave out files that you do not",
        "need. An empty cell is *unknown*. Then: `chronicle import FILE THIS_FOLDER`.",
    ]
    file = ""
    for one in columns_in_words():
        if one.file != file:
            file = one.file
            lines += ["", f"## {file}", "", "| column | needed | holds |"]
            lines.append("| --- | --- | --- |")
        words = one.words.replace(" | ", ", ")
        holds = f"{one.type}: {words}" if words else one.type
        lines.append(f"| {one.column} | {one.needed} | {holds.replace('|', 'a bar')} |")
    return "\n".join(lines) + "\n"
