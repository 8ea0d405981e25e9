"""What the index leaves out of a log: report ids, times, when a place was registered.

A frame shows them for every row, so they are kept beside the index as arrays: texts end
to end with where each ends, and times once for all that was recorded at once. Like all
caches they are named by what they stand for, and made anew when they do not.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import Damaged
from chronicle.replay.cache_file import discard, load, peek, save
from chronicle.replay.columns import FOREVER, Int32, Int64, UInt8, read
from chronicle.replay.stored import LogSource, cache_folder
from chronicle.store.columnar import KINDS
from chronicle.store.log import EventLog
from chronicle.store.protocol import Store

__all__ = ["Labels", "labels_of"]

VERSION = 1
KEPT = 4_096  # positions that are worth a file, or a new one
_REGISTERED = KINDS["settlement-registered"]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Of each position up to a head the report that it tells, and when.

    The id at position *n* is `text[end[n - 1]:end[n]]`, UTF-8, empty where no report is
    told. What was recorded at `stamp[i]` (microseconds since 1970) begins at position
    `first[i]`. `registered[c]` is the position at which the settlement with code *c*
    was first registered, `FOREVER` for never.
    """

    text: UInt8
    end: Int64
    first: Int32
    stamp: Int64
    registered: Int32

    @property
    def head(self) -> int:
        """The last position."""
        return len(self.end) - 1

    def moments(self, positions: NDArray[np.int32]) -> Int32:
        """The rank of the time at which each position was recorded."""
        rank = np.zeros(self.head + 1, np.int32)
        rank[self.first[1:]] = 1
        found: Int32 = np.cumsum(rank, dtype=np.int32)[positions]
        return found


def labels_of(log: EventLog, head: int) -> Labels:
    """The labels of the first *head* positions: kept ones, and what the log has since.

    Raises `Damaged` where the log does not tell each of its positions.
    """
    folder = cache_folder(log)
    source = LogSource(log)
    held = None if folder is None else _load(folder, source, head)
    if held is not None and held.head == head:
        return held
    found = _followed(log.store, held or _nothing(), head)
    if folder is not None and head - (held.head if held else 0) >= KEPT:
        with contextlib.suppress(OSError):  # a cache that cannot be kept is none
            _save(folder, source, found)
    return found


def _nothing() -> Labels:
    return Labels(
        np.zeros(0, np.uint8),
        np.zeros(1, np.int64),
        np.zeros(0, np.int32),
        np.zeros(0, np.int64),
        np.zeros(0, np.int32),
    )


def _followed(store: Store, held: Labels, head: int) -> Labels:
    """*held* with the positions up to *head* that it lacks."""
    texts: list[bytes] = []
    lengths: list[int] = []
    stamps: list[int] = []
    for report, stamp in store.labels(held.head, head):
        texts.append((report or "").encode())
        lengths.append(len(texts[-1]))
        stamps.append(stamp)
    if len(texts) != head - held.head:
        raise Damaged(f"{head:,} positions, and labels of {held.head + len(texts):,}")
    ends = held.end[-1] + np.cumsum(lengths, dtype=np.int64)
    times = np.array(stamps, np.int64)
    before = held.stamp[-1:] if len(held.stamp) else np.array([-1], np.int64)
    new = np.flatnonzero(np.diff(times, prepend=before))
    return Labels(
        np.concatenate([held.text, np.frombuffer(b"".join(texts), np.uint8)]),
        np.concatenate([held.end, ends]),
        np.concatenate([held.first, (new + held.head + 1).astype(np.int32)]),
        np.concatenate([held.stamp, times[new]]),
        _registered(store, held, head),
    )


def _registered(store: Store, held: Labels, head: int) -> Int32:
    columns = read(store.columnar(held.head, head), after=held.head)
    rows = np.flatnonzero(columns.kind == _REGISTERED)
    place, position = columns.place[rows], columns.position[rows]
    count = max(len(held.registered), int(place.max(initial=-1)) + 1)
    found = np.full(count, FOREVER, np.int32)
    found[: len(held.registered)] = held.registered
    np.minimum.at(found, place, position)
    return found


def _load(folder: Path, source: LogSource, head: int) -> Labels | None:
    """The longest kept labels that stand for the log; None without any."""
    saved = []
    for path in folder.glob("labels-*.cache"):
        about = peek(path) or {}
        at = about.get("head")
        good = about.get("kind") == "labels" and about.get("version") == VERSION
        if good and type(at) is int and 0 < at <= head:
            saved.append((at, path, about.get("identity")))
    for at, path, identity in sorted(saved, key=lambda one: one[0], reverse=True):
        if identity != source.identity(at):
            continue
        vault = load(path, sealed=False)
        if vault is None:
            discard(path)
            continue
        if set(vault.arrays) == {f.name for f in fields(Labels)}:
            found = Labels(**{f.name: vault.arrays[f.name] for f in fields(Labels)})
            if found.head == at:
                return found
    return None


def _save(folder: Path, source: LogSource, labels: Labels) -> None:
    identity = source.identity(labels.head)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(identity.encode()).hexdigest()[:24]
    path = folder / f"labels-{name}.cache"
    about = {
        "kind": "labels",
        "version": VERSION,
        "head": labels.head,
        "identity": identity,
    }
    arrays = {f.name: getattr(labels, f.name) for f in fields(Labels)}
    save(path, about, arrays, sealed=False)
    for other in folder.glob("labels-*.cache"):
        if other != path:
            discard(other)
