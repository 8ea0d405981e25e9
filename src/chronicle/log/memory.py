"""The log in memory, on the library's own recorder: for branches and tests."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice

from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from chronicle.errors import Conflict
from chronicle.log.hot import BLANK
from chronicle.log.store import Draft, Row, Writing, microseconds

__all__ = ["MemoryStore"]

BLOCK = 4_096


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class MemoryStore:
    """Rows beside the recorder's events, which have no time and no hot record."""

    def __init__(
        self, clock: Callable[[], datetime] = system_clock, identity: str = "memory"
    ) -> None:
        self.recorder = POPOApplicationRecorder()
        self._clock = clock
        self._identity = identity
        self._lock = threading.RLock()
        self._rows: list[Row] = []
        self._hot: list[bytes] = []
        self._datasets: list[str] = []
        self._told: dict[str, int] = {}
        self._about: dict[str, list[int]] = {}
        self._versions: dict[str, int] = {}
        self._codes: dict[str, dict[str, int]] = {}
        self._commands: dict[str, tuple[bytes, list[int]]] = {}

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        with self._lock:
            work = _MemoryWriting(self)
            yield work
            work.commit()

    def head(self) -> int:
        return len(self._rows)

    def rows(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[Row]:
        for row in islice(list(self._rows), after, upto):
            if not types or row.type in types:
                yield row

    def told(self, reports: Sequence[str]) -> dict[str, Row]:
        return {
            report: self._rows[self._told[report] - 1]
            for report in reports
            if report in self._told
        }

    def about(self, reports: Sequence[str]) -> list[Row]:
        positions = {p for report in reports for p in self._about.get(report, ())}
        return [self._rows[position - 1] for position in sorted(positions)]

    def hot(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        records = self._hot[after:upto]
        for start in range(0, len(records), BLOCK):
            yield b"".join(records[start : start + BLOCK])

    def codes(self, kind: str) -> list[str]:
        return list(self._codes.get(kind, ()))

    def position_at(self, stamp: int) -> int:
        return bisect_right(self._rows, stamp, key=lambda row: row.recorded_at)

    def identity(self) -> str:
        return self._identity

    def close(self) -> None:
        """Nothing to let go of."""


class _MemoryWriting:
    """What is new is kept aside until the transaction ends well."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._drafts: list[Draft] = []
        self._new_codes: dict[tuple[str, str], int] = {}
        self._emptied: list[str] = []
        self._commands: dict[str, tuple[bytes, list[int]]] = {}
        self.head = store.head()
        last = store._rows[-1].recorded_at if store._rows else 0
        self.recorded_at = max(last, microseconds(store._clock()))

    def code(self, kind: str, id_: str) -> int:
        known = self._store._codes.get(kind, {})
        if id_ in known:
            return known[id_]
        if (kind, id_) not in self._new_codes:
            fresh = sum(1 for other, _ in self._new_codes if other == kind)
            self._new_codes[kind, id_] = len(known) + fresh
        return self._new_codes[kind, id_]

    def insert(self, drafts: Sequence[Draft]) -> range:
        told = {d.report for d in self._drafts if d.report} | self._store._told.keys()
        for draft in drafts:
            if draft.report is not None and draft.report in told:
                raise Conflict(f"report {draft.report!r} is in the log already")
            if draft.report is not None:
                told.add(draft.report)
        self._drafts += drafts
        start, self.head = self.head + 1, self.head + len(drafts)
        return range(start, self.head + 1)

    def empty(self, report: str) -> None:
        self._emptied.append(report)

    def remember(self, key: str, digest: bytes, positions: Sequence[int]) -> None:
        self._commands[key] = digest, list(positions)

    def recalled(self, key: str) -> tuple[bytes, list[int]] | None:
        return self._store._commands.get(key)

    def unmentioned(
        self, dataset: str, types: Sequence[str], reports: Iterable[str]
    ) -> Iterator[str]:
        mentioned = set(reports)
        for row, of in zip(self._store._rows, self._store._datasets, strict=True):
            if of == dataset and row.type in types and row.report not in mentioned:
                yield row.report or ""

    def commit(self) -> None:
        store = self._store
        versions, events, rows = dict(store._versions), [], []
        for position, draft in enumerate(self._drafts, store.head() + 1):
            version = versions[draft.stream] = versions.get(draft.stream, 0) + 1
            events.append(StoredEvent(draft.stream, version, draft.type, draft.body))
            rows.append(
                Row(
                    *(position, self.recorded_at, draft.stream, version, draft.type),
                    *(draft.report, draft.target, draft.body),
                )
            )
        try:
            store.recorder.insert_events(events)
        except IntegrityError as taken:
            raise Conflict(str(taken)) from None
        for (kind, id_), code in self._new_codes.items():
            store._codes.setdefault(kind, {})[id_] = code
        for row, draft in zip(rows, self._drafts, strict=True):
            store._rows.append(row)
            store._hot.append(draft.hot)
            store._datasets.append(draft.dataset)
            if row.report:
                store._told[row.report] = row.position
            if row.target:
                store._about.setdefault(row.target, []).append(row.position)
        store._versions = versions
        store._commands |= self._commands
        for report in self._emptied:
            self._wipe(report)

    def _wipe(self, report: str) -> None:
        store = self._store
        positions = [store._told[report], *store._about.get(report, ())]
        for position in positions:
            row = store._rows[position - 1]
            if row.type == "report-redacted":
                continue
            store._rows[position - 1] = row._replace(body=b"")
            store._hot[position - 1] = BLANK
            stored = store.recorder._stored_events
            stored[position - 1] = StoredEvent(row.stream, row.version, row.type, b"")
