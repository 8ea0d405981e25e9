"""Control reports recorded a chunk at a time, column by column.

Nearly all that a log is given are new control reports on known places. A chunk of
nothing else needs no decision on each row: what it names is looked up once for each
name, and the rows are stored as they are. A chunk with anything else in it is left,
untouched, to `decide`; the two store the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Any, NamedTuple

from chronicle.events import (
    ActorRegistered,
    ControlReported,
    Event,
    SettlementRegistered,
)
from chronicle.log.apart import WHAT_IF
from chronicle.log.codec import SHAPES, encode_rows
from chronicle.log.hot import hot_controls
from chronicle.log.register import StoreRegister
from chronicle.log.store import Draft, Writing

__all__ = ["FIELDS", "Controls", "insert_controls"]

TYPE = ControlReported.TYPE
FIELDS = SHAPES[TYPE][1]  # of a control report, in stored order


class Controls(NamedTuple):
    """Valid control reports: the lines they stand on, their values as in `FIELDS`."""

    lines: Sequence[int]
    rows: list[tuple[Any, ...]]

    def events(self) -> list[tuple[int, Event]]:
        """The same as lines and events."""
        events = (
            ControlReported(**dict(zip(FIELDS, row, strict=True))) for row in self.rows
        )
        return list(zip(self.lines, events, strict=True))


def insert_controls(
    work: Writing, register: StoreRegister, rows: Sequence[tuple[Any, ...]]
) -> range | None:
    """Store control reports; None, and nothing done, where one has to be decided on.

    *rows* are the values of valid events, in the order of `FIELDS`.
    """
    columns = dict(zip(FIELDS, zip(*rows, strict=True), strict=True))
    if not _ordinary(columns, register) or work.told(columns["report_id"]):
        return None
    bodies = encode_rows(TYPE, rows)
    hots = list(hot_controls(columns, work.code))
    streams = {source: f"source:{source}" for source in set(columns["source"])}
    drafts = zip(
        map(streams.__getitem__, columns["source"]),
        repeat(TYPE),
        bodies,
        hots,
        columns["report_id"],
        repeat(None),
        columns["dataset"],
        strict=False,
    )
    return work.insert(list(map(Draft._make, drafts)))


def _ordinary(columns: dict[str, tuple[Any, ...]], register: StoreRegister) -> bool:
    """Whether places and actors are known, and no id is there twice or simulated."""
    ids = columns["report_id"]
    actors = {*columns["controller"], *columns["from_actor"]} - {None}
    names = (*ids, *set(columns["source"]), *set(columns["dataset"]))
    return (
        len(set(ids)) == len(ids)
        and not any(name.startswith(WHAT_IF) for name in names)
        and all(
            register.registered(SettlementRegistered, id_)
            for id_ in set(columns["settlement"])
        )
        and all(register.registered(ActorRegistered, id_) for id_ in actors)
    )
