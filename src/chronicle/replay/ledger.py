"""What a log holds besides control, as far as questions ask for it.

    blocks      what the first 4,096, 8,192, … events come to: counts, days
    references  where settlements, actors, sources and routes were registered
    spoken      by settlement and day: the reports on displacement, incidents and routes
                that speak of it, each known over `[known_from, known_to)`
    remarks     on those reports, with the reports at the end of their chains
    loose       reports of which columns do not say the day or the place: an amendment
                changed what only the payload holds
    links       all links, by both ends, and the remarks on them

Like the index it is a cache: the log alone decides, and what does not stand for it is
made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.cache_file import discard, load, peek, save
from chronicle.replay.columns import (
    AMENDED,
    CONTROL,
    REDACTED,
    RETRACTED,
    Columns,
    Int32,
    UInt8,
)
from chronicle.replay.links import Links, links_of
from chronicle.replay.segments import read_all
from chronicle.replay.source import ColumnarSource
from chronicle.replay.versions import Entries, resolve, roots, targets
from chronicle.store.columnar import KINDS, NO_DAY, NOBODY, OTHER_CHANGE

__all__ = [
    "BLOCK",
    "REGISTERED",
    "SPEAKING",
    "Ledger",
    "Totals",
    "build_ledger",
    "day_of",
    "kept_ledger",
]

VERSION = 2
BLOCK = 4_096  # events
SPEAKING = tuple(
    KINDS[f"{word}-reported"] for word in ("displacement", "incident", "route-status")
)
_ROUTE = SPEAKING[2]
_CLAIMS = 6  # the kinds below are claims
REGISTERED = (KINDS["settlement-registered"], KINDS["route-registered"])
_FINISHED = KINDS["import-finished"]
_FIRST, _LAST = np.iinfo(np.int64).max, np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Totals:
    """What some first events come to; days are numbers, None where there is none.

    `control` counts control reports, `undated` those that are no baselines and have no
    day of publication. `last_control` is the last day that one of them speaks of.
    """

    control: int = 0
    undated: int = 0
    first: int | None = None
    last: int | None = None
    last_control: int | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ledger(Links):
    """The arrays drawn above, for the first `head` events.

    `remark_told` is the day on which a remark was published, `NO_DAY` where it always
    counts. `reference_place` is the code of a registered settlement.
    """

    blocks: NDArray[np.int64]
    reference: Int32
    reference_kind: UInt8
    reference_place: Int32
    finished: Int32
    start: Int32
    day: Int32
    known_from: Int32
    known_to: Int32
    published: Int32
    claim: Int32
    remark: Int32
    remark_root: Int32
    remark_told: Int32
    loose: Int32

    @property
    def settlements(self) -> int:
        """How many settlement codes there are."""
        return len(self.start) - 1

    def totals(self, block: int, rest: Columns) -> Totals:
        """What the first *block* blocks and the events after them come to."""
        row = _fold(np.vstack([self.blocks[block], _row(rest)]))[-1]
        control, undated = int(row[0]), int(row[1])
        first, last, last_control = (
            None if abs(int(day)) > 1 << 40 else int(day) for day in row[2:]
        )
        return Totals(control, undated, first, last, last_control)


def _row(columns: Columns) -> NDArray[np.int64]:
    claims = (columns.kind < _CLAIMS) & (columns.valid != NO_DAY)
    control = columns.kind == CONTROL
    undated = control & (columns.published == NO_DAY) & ((columns.flags & 1) == 0)
    days, held = columns.valid[claims], columns.valid[control]
    return np.array(
        [
            int(control.sum()),
            int(undated.sum()),
            days.min() if len(days) else _FIRST,
            days.max() if len(days) else _LAST,
            held.max() if len(held) else _LAST,
        ],
        np.int64,
    )


def _fold(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows that each hold what they and all before them come to."""
    rows[:, :2] = np.cumsum(rows[:, :2], axis=0)
    rows[:, 2] = np.minimum.accumulate(rows[:, 2])
    rows[:, 3:] = np.maximum.accumulate(rows[:, 3:], axis=0)
    return rows


def build_ledger(columns: Columns) -> Ledger:
    """The ledger of a whole log, whose positions run from 1 without gaps."""
    parts = [np.array([[0, 0, _FIRST, _LAST, _LAST]], np.int64)]
    parts += [
        _row(columns.take(slice(at, at + BLOCK)))[None]
        for at in range(0, len(columns) - BLOCK + 1, BLOCK)
    ]
    kind = columns.kind
    rows = np.flatnonzero((kind >= REGISTERED[0]) & (kind <= REGISTERED[1]))
    remarks = np.flatnonzero((kind >= RETRACTED) & (kind <= REDACTED))
    root, _ = roots(columns, remarks, targets(columns, remarks))
    bears = (root >= 0) & np.isin(kind[root], SPEAKING)
    remarks, root = remarks[bears], root[bears]
    links = links_of(columns)
    return Ledger(
        blocks=_fold(np.concatenate(parts)),
        reference=columns.position[rows],
        reference_kind=kind[rows],
        reference_place=columns.place[rows],
        finished=columns.position[kind == _FINISHED],
        **_spoken(columns),
        remark=columns.position[remarks],
        remark_root=columns.position[root],
        remark_told=told_on(columns, remarks),
        loose=_loose(columns, remarks, root),
        **{f.name: getattr(links, f.name) for f in fields(Links)},
    )


def told_on(columns: Columns, remarks: NDArray[np.intp]) -> Int32:
    """When remarks were published; `NO_DAY` for what always counts."""
    kind = columns.kind[remarks]
    told = np.where(kind == AMENDED, columns.since[remarks], columns.published[remarks])
    return np.where(kind == REDACTED, NO_DAY, told).astype(np.int32)


def _loose(
    columns: Columns, remarks: NDArray[np.intp], root: NDArray[np.intp]
) -> Int32:
    other = (columns.kind[remarks] == AMENDED) & (
        (columns.mask[remarks] & OTHER_CHANGE) != 0
    )
    return np.unique(columns.position[root[other]])


def _spoken(columns: Columns) -> dict[str, Any]:
    parts = [_speaking(columns, kind) for kind in SPEAKING]
    place, day, known_from, known_to, published, claim = map(
        np.concatenate, zip(*(half for part in parts for half in part), strict=True)
    )
    order = np.lexsort((day, place))
    settlements = columns.settlements()
    start = np.zeros(settlements + 1, np.int32)
    np.cumsum(np.bincount(place, minlength=settlements), out=start[1:])
    return {
        "start": start,
        "day": day[order],
        "known_from": known_from[order],
        "known_to": known_to[order],
        "published": published[order],
        "claim": claim[order],
    }


def _speaking(columns: Columns, kind: int) -> list[tuple[Int32, ...]]:
    """The entries of one kind by the settlement that they name; of a route by both."""
    entries = resolve(columns, kind)
    halves = [_half(entries, entries.place)]
    if kind == _ROUTE:
        halves.append(_half(entries, columns.other[entries.row]))
    return halves


def _half(entries: Entries, place: Int32) -> tuple[Int32, ...]:
    there = place != NOBODY
    names = ("valid", "known_from", "known_to", "published", "position")
    return place[there], *(getattr(entries, name)[there] for name in names)


# --- kept beside the log -------------------------------------------------------------


def kept_ledger(
    source: ColumnarSource, folder: Path | None, head: int, least: int
) -> tuple[Ledger, int, str]:
    """A ledger that stands for at least *least* of the *head* first events, and for how
    many, under which identity; taken from *folder*, or made and kept there.
    """
    names = [f.name for f in fields(Ledger)]
    if folder is not None and (found := _saved(source, folder, head, least, names)):
        return found
    identity = source.identity(head)
    ledger = build_ledger(read_all(folder, source, head))
    if folder is not None and head >= BLOCK:
        with contextlib.suppress(OSError):  # a cache that cannot be kept is none
            _keep(folder, ledger, head, identity, names)
    return ledger, head, identity


def _saved(
    source: ColumnarSource, folder: Path, head: int, least: int, names: list[str]
) -> tuple[Ledger, int, str] | None:
    for path in folder.glob("ledger-*.cache"):
        about = peek(path) or {}
        at = about.get("head")
        good = about.get("kind") == "ledger" and about.get("version") == VERSION
        if not good or type(at) is not int or not least <= at <= head:
            continue
        if about.get("identity") != source.identity(at):
            continue
        vault = load(path, sealed=False)
        if vault is None:
            discard(path)
        elif set(vault.arrays) == set(names):
            ledger = Ledger(**{name: vault.arrays[name] for name in names})
            return ledger, at, str(about["identity"])
    return None


def _keep(
    folder: Path, ledger: Ledger, head: int, identity: str, names: list[str]
) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(identity.encode()).hexdigest()[:24]
    path = folder / f"ledger-{name}.cache"
    about = {"kind": "ledger", "version": VERSION, "head": head, "identity": identity}
    save(path, about, {n: getattr(ledger, n) for n in names}, sealed=False)
    for other in folder.glob("ledger-*.cache"):
        if other != path:
            discard(other)


_EPOCH = date(1970, 1, 1)


def day_of(number: int) -> date:
    """The day of a day number."""
    return _EPOCH + timedelta(days=int(number))
