"""Versions and rectangles as Arrow tables, sorted, with the partition of each row.

Groups of a table keep apart what later positions change and what they do not:

    control     standing      still so at the last position of the archive
                superseded    closed: no later position changes it
    latest      now           the last word on each place: one row a settlement
                within        still so, of a span inside one year
                across        still so, of a span over the turn of a year
                superseded    was believed once; sorted by when
    the others  standing, superseded
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from chronicle.archive.others import grade
from chronicle.archive.partitions import Key, arrow_schema
from chronicle.archive.rectangles import NO_END, Rectangles
from chronicle.archive.report_ids import ReportIds
from chronicle.archive.schema import STILL, TABLES
from chronicle.archive.versions import Versions
from chronicle.domain.vocabulary import NAMELESS, STATUSES, TIMES_OF_DAY
from chronicle.replay.columns import FOREVER, Int32
from chronicle.replay.versions import Entries
from chronicle.store.columnar import NO_DAY

__all__ = ["Rows", "Words", "control_rows", "latest_rows", "years"]

Numbers = NDArray[np.integer] | NDArray[np.bool_]
Told = Numbers | tuple[NDArray[np.integer], Sequence[str | None]]
"""A column: numbers, or codes and the word of each."""

_GROUPS = ("standing", "superseded", "now", "within", "across")
STANDING, SUPERSEDED, NOW, WITHIN, ACROSS = range(len(_GROUPS))
_NAMELESS = [STATUSES.index(word) for word in sorted(NAMELESS)]
_GRADES = [
    grade(letter, number)
    for letter in (None, *"ABCDEF")
    for number in (None, 1, 2, 3, 4, 5, 6, None)
]
Index = NDArray[np.intp]


class Words(NamedTuple):
    """The ids behind codes; *rank* of a settlement is its place in order of the ids."""

    settlements: Sequence[str]
    actors: Sequence[str]
    sources: Sequence[str]
    rank: Int32


class Rows(NamedTuple):
    """What a table will hold, before ids are put in for positions and codes.

    *stood* is the group of a row as long as it is not closed.
    """

    table: str
    group: NDArray[np.int8]
    stood: NDArray[np.int8]
    year: NDArray[np.int64]
    known_from: NDArray[np.integer]
    known_to: NDArray[np.integer]
    position: NDArray[np.integer]
    columns: Mapping[str, Told]
    order: tuple[
        NDArray[np.integer], ...
    ]  # sort keys inside a partition, the last one first

    def closing(self, after: int, head: int) -> set[Key]:
        """The partitions whose rows stood at *after* and are closed by *head*."""
        closed = (self.known_from <= after) & (self.known_to > after)
        closed &= self.known_to <= head
        pairs = zip(
            self.stood[closed].tolist(), self.year[closed].tolist(), strict=True
        )
        return {Key(self.table, _GROUPS[group], year) for group, year in set(pairs)}

    def parts(
        self, after: int, whole: set[Key], ids: ReportIds
    ) -> Iterator[tuple[Key, pa.Table]]:
        """The rows to be written by partition: all of *whole* ones, new ones of others.

        New are rows that were not so at *after*, and rows that have been closed since.
        *ids* gives the report ids of positions.
        """
        fresh = (self.known_from > after) | (
            (self.known_to > after) & (self.known_to != FOREVER)
        )
        for key in whole:
            number = _GROUPS.index(key.group)
            fresh |= (self.group == number) & (self.year == key.year)
        rows = np.flatnonzero(fresh)
        keys = [column[rows] for column in self.order]
        rows = rows[np.lexsort((*keys, self.year[rows], self.group[rows]))]
        if not len(rows):
            return
        group, year = self.group[rows], self.year[rows]
        new = (np.diff(group) != 0) | (np.diff(year) != 0)
        starts = np.append(0, np.flatnonzero(new) + 1).tolist()
        for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
            key = Key(self.table, _GROUPS[int(group[start])], int(year[start]))
            yield key, self._made(rows[start:end], ids)

    def _made(self, rows: Index, ids: ReportIds) -> pa.Table:
        shape = TABLES[self.table]
        arrays = []
        for name, type_ in zip(shape.names, arrow_schema(shape).types, strict=True):
            if name == "report":
                arrays.append(ids.take(self.position[rows]))
                continue
            made = self.columns[name]
            codes, words = made if isinstance(made, tuple) else (made, None)
            arrays.append(_array(codes[rows], words, type_))
        return pa.table(arrays, schema=arrow_schema(shape))


def _array(
    values: Numbers, words: Sequence[object] | None, type_: pa.DataType
) -> pa.Array:
    """Codes as words, day numbers as days (`NO_DAY`: null), numbers as they are."""
    if words is not None:
        none = values < 0
        indices = pa.array(np.where(none, 0, values), pa.int32(), mask=none)
        listed = pa.array([*words] or [""], pa.string())
        return pa.DictionaryArray.from_arrays(indices, listed).cast(pa.string())
    if pa.types.is_date32(type_):
        days = pa.array(values.astype(np.int32), pa.int32(), mask=values == NO_DAY)
        return days.cast(pa.date32())
    return pa.array(values, type_)


def years(days: NDArray[np.integer]) -> NDArray[np.int64]:
    """The calendar year of day numbers."""
    found: NDArray[np.int64] = (
        days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    )
    return found


def _still(known_to: NDArray[np.integer]) -> NDArray[np.int64]:
    return np.where(known_to == FOREVER, STILL, known_to.astype(np.int64))


def _told(entries: Entries, words: Words, rows: Index | slice) -> dict[str, Told]:
    """The columns that `latest` and `control` share."""
    status = entries.status[rows]
    # the side of `lenses.side`: an amendment may leave an actor without use
    actor = np.where(np.isin(status, _NAMELESS), -1, entries.actor[rows])
    return {
        "settlement": (entries.place[rows], words.settlements),
        "actor": (actor, words.actors),
        "status": (status.astype(np.int32), STATUSES),
        "valid_from": entries.valid[rows],
        "position": entries.position[rows].astype(np.int64),
        "source": (entries.source[rows], words.sources),
        "published": entries.published[rows],
        "grade": (entries.grade[rows].astype(np.int32), _GRADES),
    }


def control_rows(found: Versions, words: Words) -> Rows:
    """The rows of `control`."""
    entries = found.entries
    columns: dict[str, Told] = {
        **_told(entries, words, slice(None)),
        "time_of_day": (entries.time.astype(np.int32), TIMES_OF_DAY),
        "time_order": entries.time.astype(np.int8),
        "known_from": entries.known_from.astype(np.int64),
        "known_to": _still(entries.known_to),
        "published_from": found.published_from,
        "published_to": found.published_to,
        "baseline": entries.baseline,
    }
    closed = entries.known_to != FOREVER
    return Rows(
        "control",
        np.where(closed, SUPERSEDED, STANDING).astype(np.int8),
        np.full(len(found), STANDING, np.int8),
        years(entries.valid),
        entries.known_from,
        entries.known_to,
        entries.position,
        columns,
        (
            entries.known_from,
            entries.position,
            entries.time,
            entries.valid,
            words.rank[entries.place],
        ),
    )


def latest_rows(entries: Entries, boxes: Rectangles, words: Words) -> Rows:
    """The rows of `latest`.

    What was believed once is sorted by how long it was, in steps of four, and then by
    when: so a row group spans few positions, and a question skips nearly all of them.
    """
    columns = _told(entries, words, boxes.entry) | {
        "valid_to": boxes.valid_to,
        "known_from": boxes.known_from.astype(np.int64),
        "known_to": _still(boxes.known_to),
    }
    valid = entries.valid[boxes.entry]
    year = years(valid)
    last = years(boxes.valid_to.astype(np.int64) - 1)  # the last day that is in it
    still = boxes.known_to == FOREVER
    stood = np.where(last == year, WITHIN, ACROSS)
    stood = np.where(boxes.valid_to == NO_END, NOW, stood).astype(np.int8)
    group = np.where(still, stood, SUPERSEDED)
    position = entries.position[boxes.entry]
    rank = words.rank[entries.place[boxes.entry]]
    life = boxes.known_to.astype(np.int64) - boxes.known_from
    step = np.where(still, 0, np.log2(np.maximum(life, 1)) // 2).astype(np.int8)
    when = np.where(still, 0, boxes.known_from)
    return Rows(
        "latest",
        group.astype(np.int8),
        stood,
        year,
        boxes.known_from,
        boxes.known_to,
        position,
        columns,
        (boxes.known_from, position, valid, rank, when, step),
    )
