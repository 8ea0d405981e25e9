"""Rows of a control file a block at a time: what repeats is read once, not in each row.

A block is taken only when every row in it is ordinary: a valid report on a known place,
under an id of its own, without links. Anything else leaves the block, whole, to the
reader of single rows, which tells what is wrong and where. The two give equal events.

Each new cell is put into a report that is otherwise right, and read back from it: the
rules stay where they are, in the format and in the events.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from chronicle.domain.fields import ID_LENGTH
from chronicle.errors import BadField
from chronicle.formats.cells import day
from chronicle.formats.csv_folder.kinds import Kind
from chronicle.formats.csv_folder.known import Registers
from chronicle.formats.problem import Problem
from chronicle.formats.rows import Record
from chronicle.formats.writing.guard import unguarded
from chronicle.store.bulk import FIELDS, Controls

__all__ = ["ControlBlocks", "in_blocks"]

MOST = 100_000  # cells of one column that are remembered
T = TypeVar("T")

_ID = re.compile(rf"[!-~]{{1,{ID_LENGTH}}}")  # an id as nearly all are
_RIGHT = {
    "report_id": "x",
    "source": "x",
    "settlement": "x",
    "valid_from": "2000-01-01",
}
_ALONE = (
    "since",
    "until",
    "confidence",
    "same_change_as",
    "disputes",
)  # never ordinary
_TOGETHER = ("to_actor", "status", "baseline")  # what they say depends on each other


class ControlBlocks:
    """What the cells of one control file mean, as far as they have been met."""

    def __init__(
        self,
        kind: Kind,
        index: dict[str, int],
        dataset: str,
        known: Registers,
        agrees: Callable[[str, str | None, str | None], None],
    ) -> None:
        self._kind = kind
        self._index = index
        self._dataset = dataset
        self._agrees = agrees
        self._known = known
        self._met: dict[tuple[str, ...], dict[Any, Any]] = {}

    def block(
        self, records: Sequence[Record | Problem], told: set[str]
    ) -> Controls | None:
        """The rows; None where one is not ordinary. *told* are the ids before them."""
        if Problem in set(map(type, records)):
            return None
        lines, rows = zip(*records, strict=True)
        columns = list(zip(*rows, strict=True))
        cells = {name: columns[place] for name, place in self._index.items()}
        ids = cells["id"]
        fresh = set(ids)
        if (
            any(any(cells.get(name, ())) for name in _ALONE)
            or len(fresh) < len(ids)
            or not fresh.isdisjoint(told)
            or not all(map(_ID.fullmatch, ids))
        ):
            return None
        try:
            values = self._values(cells, len(ids))
        except (BadField, ValueError):
            return None
        values["report_id"] = ids
        told |= fresh
        return Controls(lines, values)

    def _values(
        self, cells: dict[str, tuple[str, ...]], count: int
    ) -> dict[str, Sequence[Any]]:
        """The columns of the fields but the id; raises where a cell breaks a rule."""
        empty = ("",) * count
        values: dict[str, Sequence[Any]] = {
            field: [worth] * count
            for field, worth in (
                ("dataset", self._dataset),
                ("since", None),
                ("until", None),
            )
        }
        for name, column in self._kind.columns.items():
            if column.value in FIELDS and name not in (*_ALONE, *_TOGETHER, "id"):
                if name in cells:
                    read = self._read((name,), cells[name], column.value)
                else:
                    read = self._read((name,), ("",), column.value) * count
                values[column.value] = read
        together = zip(*(cells.get(name, empty) for name in _TOGETHER), strict=True)
        said = self._read(_TOGETHER, list(together), "controller", "status", "baseline")
        said_columns = zip(*said, strict=True)
        values |= zip(("controller", "status", "baseline"), said_columns, strict=True)
        if "lat" in cells or "lon" in cells:
            spots = (
                values["settlement"],
                cells.get("lat", empty),
                cells.get("lon", empty),
            )
            for place, lat, lon in set(zip(*spots, strict=True)):
                if lat or lon:
                    self._agrees(place, lat or None, lon or None)
        return values

    def _read(
        self, names: tuple[str, ...], column: Sequence[Any], *fields: str
    ) -> list[Any]:
        met = self._met.setdefault(names, {})
        try:
            return list(map(met.__getitem__, column))
        except KeyError:  # there are new ones
            if len(met) > MOST:
                met.clear()
        for cell in set(column) - met.keys():
            met[cell] = self._worth(names, (cell,) if len(names) == 1 else cell, fields)
        return list(map(met.__getitem__, column))

    def _worth(
        self, names: tuple[str, ...], cells: tuple[str, ...], fields: tuple[str, ...]
    ) -> object:
        """What *fields* of a report hold whose columns *names* hold *cells*."""
        places: Collection[str] = self._known.settlements.ids or ()
        actors: Collection[str] = self._known.actors.ids or ()
        cells = tuple(map(unguarded, cells))
        text, column = cells[0], self._kind.columns[names[0]]
        if column.parse is day and text:  # what it gives is a day, whatever else is so
            return day(text)
        if names == ("settlement",) and text in places and _ID.fullmatch(text):
            return text
        values: dict[str, object] = {**_RIGHT, "dataset": self._dataset}
        if names != _TOGETHER:
            values["status"] = "contested"  # which needs no actor
        for name, text in zip(names, cells, strict=True):
            column = self._kind.columns[name]
            values.pop(column.value, None)
            if text:
                values[column.value] = (
                    text if column.parse is None else column.parse(text)
                )
            elif column.needed:
                raise ValueError("must not be empty")
        (event,) = self._kind.build(values)
        if event.dataset != self._dataset:
            raise ValueError("is not in the form in which it is stored")
        held = {field: getattr(event, field) for field in fields}
        for field, word in held.items():
            known = places if field in self._kind.settlements else actors
            needs = field in (*self._kind.settlements, *self._kind.actors)
            if needs and word is not None and word not in known:
                raise ValueError("is not registered")
        return tuple(held.values()) if len(held) > 1 else held[fields[0]]


def in_blocks(
    records: Iterable[Record | Problem],
    blocks: ControlBlocks,
    told: set[str],
    one: Callable[[Record | Problem], T],
    counts: Callable[[T], int],
    size: int,
) -> Iterator[T | Controls]:
    """Blocks of *size* rows where they are ordinary, single rows of *one* elsewhere.

    *counts* says how many events of a row the log takes in as they come. Single rows go
    on until a multiple of *size* is reached, so that a block never shares a chunk of
    the log with them: problems are told in the same order as without blocks.
    """
    left = iter(records)
    while some := list(islice(left, size)):
        block = blocks.block(some, told)
        if block is not None:
            yield block
            continue
        events = 0
        for record in some:
            row = one(record)
            events += counts(row)
            yield row
        while events % size and (following := next(left, None)) is not None:
            row = one(following)
            events += counts(row)
            yield row
