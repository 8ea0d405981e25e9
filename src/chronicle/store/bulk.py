"""Control reports recorded a chunk at a time, column by column.

Nearly all that a log is given are new control reports on known places. A chunk of
nothing else needs no decision on each row: what it names is looked up once for each
name, and the rows are stored as they are. A chunk with anything else in it is left,
untouched, to `decide`; the two store the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from chronicle.domain.decide import parties_named, places_named
from chronicle.domain.events import (
    ActorRegistered,
    Claim,
    ControlReported,
    Event,
    SettlementRegistered,
)
from chronicle.store.branch_guard import WHAT_IF
from chronicle.store.codec import SHAPES, encode, encode_columns, values_of
from chronicle.store.columnar import columnar, hot_controls
from chronicle.store.protocol import Draft, DraftColumns, Writing
from chronicle.store.register import StoreRegister

__all__ = [
    "FIELDS",
    "Columns",
    "Controls",
    "columns_of",
    "insert_claims",
    "insert_controls",
]

TYPE = ControlReported.TYPE
FIELDS = SHAPES[TYPE][1]  # of a control report, in stored order


Columns = Mapping[str, Sequence[Any]]  # of the fields, by name


class Controls(NamedTuple):
    """Valid control reports as columns, and the lines on which they stand."""

    lines: Sequence[int]
    columns: Columns

    def events(self) -> list[tuple[int, Event]]:
        """The same as lines and events."""
        rows = zip(*map(self.columns.__getitem__, FIELDS), strict=True)
        events = (ControlReported(**dict(zip(FIELDS, r, strict=True))) for r in rows)
        return list(zip(self.lines, events, strict=True))


def columns_of(events: Sequence[Event]) -> Columns:
    """The columns of control reports."""
    return dict(zip(FIELDS, zip(*map(values_of, events), strict=True), strict=True))


def insert_controls(
    work: Writing, register: StoreRegister, columns: Columns
) -> range | None:
    """Store valid control reports; None, and nothing done, where one needs deciding."""
    if not _ordinary(columns, register) or work.reports(columns["report_id"]):
        return None
    streams = {source: f"source:{source}" for source in set(columns["source"])}
    bodies = encode_columns(TYPE, [columns[field] for field in FIELDS])
    return work.insert_columns(
        DraftColumns(
            list(map(streams.__getitem__, columns["source"])),
            TYPE,
            bodies,
            list(hot_controls(columns, work.code)),
            columns["report_id"],
            columns["dataset"],
        )
    )


def _ordinary(columns: Columns, register: StoreRegister) -> bool:
    """Whether places and actors are known, and no id is there twice or simulated."""
    ids = columns["report_id"]
    actors = {*columns["controller"], *columns["from_actor"]} - {None}
    names = (*ids, *set(columns["source"]), *set(columns["dataset"]))
    return (
        len(set(ids)) == len(ids)
        and not any(map(str.startswith, names, repeat(WHAT_IF)))
        and register.knows(SettlementRegistered, set(columns["settlement"]))
        and register.knows(ActorRegistered, actors)
    )


def insert_claims(
    work: Writing, register: StoreRegister, claims: Sequence[Claim]
) -> range | None:
    """Store claims that are new throughout; None, and nothing done, where one is not.

    What each needs decided is that its id is free, and that its places and actors are
    registered: both are asked once for all of them.
    """
    ids = [claim.report_id for claim in claims]
    names = (*ids, *{one.source for one in claims}, *{one.dataset for one in claims})
    if (
        len(set(ids)) < len(ids)
        or any(name.startswith(WHAT_IF) for name in names)
        or not register.knows(SettlementRegistered, places_named(claims))
        or not register.knows(ActorRegistered, parties_named(claims))
        or work.reports(ids)
    ):
        return None
    return work.insert(
        Draft(
            f"source:{claim.source}",
            claim.TYPE,
            encode(claim),
            columnar(claim, work.code, None),
            claim.report_id,
            None,
            claim.dataset,
        )
        for claim in claims
    )
