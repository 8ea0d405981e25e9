"""The log in memory, on the library's own recorder: for branches and tests."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from chronicle.errors import (
    Busy,
    ChronicleError,
    Conflict,
    Damaged,
    IntegrityFailure,
)
from chronicle.store.columnar import BLANK
from chronicle.store.protocol import (
    Draft,
    DraftColumns,
    StoredRow,
    Wait,
    Writing,
    microseconds,
    polling,
)

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
        self._turn = threading.RLock()  # one transaction at a time
        self._busy = False
        self.wrote = False
        self.finding: IntegrityFailure | None = None  # nobody else writes to memory
        self.cautions: list[str] = []
        self._lock = threading.Lock()  # no reader sees half of a commit
        self._rows: list[StoredRow] = []
        self._hot: list[bytes] = []
        self._told: dict[str, int] = {}
        self._about: dict[str, list[int]] = {}
        self._versions: dict[str, int] = {}
        self._codes: dict[str, dict[str, int]] = {}
        self._commands: dict[str, tuple[bytes, list[int]]] = {}

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        with self._turn:
            if self._busy:
                raise Busy("this log is being written by the thread that asks")
            self._busy = True
            try:
                work = _MemoryWriting(self)
                yield work
                work.commit()
                self.wrote = True
            finally:
                self._busy = False

    def head(self) -> int:
        with self._lock:
            return len(self._rows)

    def rows(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[StoredRow]:
        with self._lock:
            found = self._rows[_cut(after, upto)]
        for row in found:
            if not types or row.type in types:
                yield row

    def reports(self, reports: Sequence[str]) -> dict[str, StoredRow]:
        with self._lock:
            return {
                report: self._rows[self._told[report] - 1]
                for report in reports
                if report in self._told
            }

    def remarks_on(self, reports: Sequence[str]) -> list[StoredRow]:
        with self._lock:
            positions = {p for report in reports for p in self._about.get(report, ())}
            return [self._rows[position - 1] for position in sorted(positions)]

    def columnar(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        with self._lock:
            records = self._hot[_cut(after, upto)]
        for start in range(0, len(records), BLOCK):
            yield b"".join(records[start : start + BLOCK])

    def rows_with_columnar(
        self, after: int = 0, upto: int | None = None
    ) -> Iterator[tuple[StoredRow, bytes]]:
        with self._lock:
            pairs = list(zip(self._rows, self._hot, strict=True))[_cut(after, upto)]
        yield from pairs

    def rows_at(self, positions: Sequence[int]) -> list[StoredRow]:
        with self._lock:
            wanted = sorted(set(positions))
            if wanted and not 0 < wanted[0] <= wanted[-1] <= len(self._rows):
                raise Damaged(f"no row {wanted[-1]}: there are {len(self._rows):,}")
            return [self._rows[position - 1] for position in wanted]

    def labels(
        self, after: int = 0, upto: int | None = None
    ) -> Iterator[tuple[str | None, int]]:
        with self._lock:
            found = self._rows[_cut(after, upto)]
        yield from ((row.report, row.recorded_at) for row in found)

    def codes(self, kind: str) -> list[str]:
        with self._lock:
            return list(self._codes.get(kind, ()))

    def position_at(self, stamp: int) -> int:
        with self._lock:
            return bisect_right(self._rows, stamp, key=lambda row: row.recorded_at)

    def identity(self) -> str:
        return self._identity

    def redactions(self, after: int = 0) -> int:
        with self._lock:
            later = self._rows[_cut(after, None)]
            return sum(row.type == "report-redacted" for row in later)

    def distrust(self, found: ChronicleError) -> None:
        """Memory is not damaged by others."""

    def waiting(self) -> AbstractContextManager[Wait]:
        return polling()

    def purge(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing to let go of."""


def _cut(after: int, upto: int | None) -> slice:
    return slice(max(after, 0), None if upto is None else max(upto, 0))


class _MemoryWriting:
    """What is new is kept aside until the transaction ends well."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._drafts: list[Draft] = []
        self._rows: list[StoredRow] = []  # of the drafts
        self._told: dict[str, int] = {}
        self._about: dict[str, list[int]] = {}
        self._versions: dict[str, int] = {}
        self._codes: dict[str, dict[str, int]] = {}
        self._emptied: dict[int, StoredRow] = {}
        self._commands: dict[str, tuple[bytes, list[int]]] = {}
        self._first = store.head()
        self.head = self._first
        last = store._rows[-1].recorded_at if store._rows else 0
        self.recorded_at = max(last, microseconds(store._clock()))

    def code(self, kind: str, id_: str) -> int:
        known = self._store._codes.get(kind, {})
        if id_ in known:
            return known[id_]
        fresh = self._codes.setdefault(kind, {})
        return fresh.setdefault(id_, len(known) + len(fresh))

    def version(self, stream_id: str) -> int:
        return self._versions.get(stream_id, self._store._versions.get(stream_id, 0))

    def insert(self, drafts: Iterable[Draft]) -> range:
        drafts = list(drafts)
        told = {draft.report for draft in drafts if draft.report is not None}
        if len(told) < sum(draft.report is not None for draft in drafts):
            raise Conflict("a report id is given twice; nothing was recorded")
        if taken := (told & self._store._told.keys()) | (told & self._told.keys()):
            raise Conflict(f"report {min(taken)!r} is in the log already")
        first = self.head + 1
        for position, draft in enumerate(drafts, first):
            self._insert(position, draft)
        self.head += len(drafts)
        return range(first, self.head + 1)

    def insert_columns(self, columns: DraftColumns) -> range:
        return self.insert(columns.drafts())

    def _insert(self, position: int, draft: Draft) -> None:
        stream = draft.stream
        version = self._versions[stream] = self.version(stream) + 1
        self._drafts.append(draft)
        self._rows.append(
            StoredRow(
                *(position, self.recorded_at, stream, version, draft.type),
                *(draft.report, draft.target, draft.body),
            )
        )
        if draft.report is not None:
            self._told[draft.report] = position
        if draft.target is not None:
            self._about.setdefault(draft.target, []).append(position)

    def _at(self, position: int) -> StoredRow:
        if position in self._emptied:
            return self._emptied[position]
        if position > self._first:
            return self._rows[position - self._first - 1]
        return self._store._rows[position - 1]

    def rows(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[StoredRow]:
        for position in range(1, self.head + 1)[_cut(after, upto)]:
            row = self._at(position)
            if not types or row.type in types:
                yield row

    def reports(self, reports: Sequence[str]) -> dict[str, StoredRow]:
        found = {r: self._told.get(r, self._store._told.get(r)) for r in reports}
        return {r: self._at(at) for r, at in found.items() if at is not None}

    def remarks_on(self, reports: Sequence[str]) -> list[StoredRow]:
        positions: set[int] = set()
        for report in reports:
            positions.update(self._store._about.get(report, ()))
            positions.update(self._about.get(report, ()))
        return [self._at(position) for position in sorted(positions)]

    def redact_payload(self, report: str) -> None:
        rows = [*self.reports([report]).values(), *self.remarks_on([report])]
        harmful = [row for row in rows if row.type != "report-redacted"]
        if harmful and len(harmful) == len(rows):
            raise Conflict(f"no redaction of {report!r} is in the log")
        for row in harmful:
            self._emptied[row.position] = row._replace(body=b"")

    def remember(self, key: str, digest: bytes, positions: Sequence[int]) -> None:
        if self.outcome_of(key) is not None:
            raise Conflict(f"the key {key!r} is taken")
        self._commands[key] = digest, list(positions)

    def outcome_of(self, key: str) -> tuple[bytes, list[int]] | None:
        found = self._commands.get(key) or self._store._commands.get(key)
        return None if found is None else (found[0], list(found[1]))

    def commit(self) -> None:
        store = self._store
        events = [
            StoredEvent(row.stream, row.version, row.type, row.body)
            for row in map(self._at, range(self._first + 1, self.head + 1))
        ]
        with store._lock:
            try:
                store.recorder.insert_events(events)
            except IntegrityError as taken:
                raise Conflict(str(taken)) from None
            store._rows += self._rows
            store._hot += [draft.columnar for draft in self._drafts]
            store._told |= self._told
            for target, positions in self._about.items():
                store._about.setdefault(target, []).extend(positions)
            for kind, codes in self._codes.items():
                store._codes.setdefault(kind, {}).update(codes)
            store._versions |= self._versions
            store._commands |= self._commands
            for position, row in self._emptied.items():
                store._rows[position - 1] = row
                store._hot[position - 1] = BLANK
                store.recorder._stored_events[position - 1] = StoredEvent(
                    row.stream, row.version, row.type, b""
                )
