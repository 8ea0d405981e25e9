"""One transaction on the SQLite log: versions, codes, stamp and rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import IntegrityError, StoredEvent

from chronicle.errors import Damaged
from chronicle.store.columnar import BLANK
from chronicle.store.protocol import Draft, StoredRow
from chronicle.store.sqlite.reading import rows_by_ids, rows_in_order

__all__ = ["Codes", "SQLiteWriting"]

_INSERT = "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?)"


class Codes:
    """Codes of ids by kind, as far as they have been read."""

    def __init__(self) -> None:
        self.seq = 0
        self.by_kind: dict[str, dict[str, int]] = {}

    def refresh(self, cursor: sqlite3.Cursor) -> None:
        """Read what other writers have added."""
        for seq, kind, code, id_ in cursor.execute(
            "SELECT seq, kind, code, id FROM codes WHERE seq > ? ORDER BY seq",
            (self.seq,),
        ).fetchall():
            if type(code) is not int or type(id_) is not str:
                raise Damaged(f"row {seq} of the codes is empty; restore a backup")
            self.by_kind.setdefault(kind, {})[id_] = code
            self.seq = seq


class SQLiteWriting:
    """One transaction under the writer's lock."""

    def __init__(self, cursor: sqlite3.Cursor, codes: Codes, now: int) -> None:
        self._cursor = cursor
        cursor.row_factory = None
        self._codes = codes
        codes.refresh(cursor)
        self._new_codes: list[tuple[int, str, int, str]] = []
        self._versions: dict[int, int] = {}
        self.emptied = False
        self.head, self.recorded_at = _end(cursor, now)

    def code(self, kind: str, id_: str) -> int:
        try:
            return self._codes.by_kind[kind][id_]
        except KeyError:
            known = self._codes.by_kind.setdefault(kind, {})
        found = known[id_] = len(known)
        self._codes.seq += 1
        self._new_codes.append((self._codes.seq, kind, found, id_))
        return found

    def _last_version(self, stream: int) -> int | None:
        found = self._cursor.connection.execute(  # the cursor inserts
            "SELECT MAX(version) FROM events WHERE stream = ?", (stream,)
        ).fetchone()[0]
        if found is not None and type(found) is not int:
            raise Damaged(f"a version of stream {stream} is no number")
        return found

    def insert(self, drafts: Iterable[Draft]) -> range:
        first = self.head + 1
        self._cursor.executemany(_INSERT, self._rows_of(drafts))
        self.head += max(self._cursor.rowcount, 0)
        return range(first, self.head + 1)

    def _rows_of(self, drafts: Iterable[Draft]) -> Iterator[tuple[Any, ...]]:
        """The rows, each made when SQLite asks for it: none is held."""
        versions, now = self._versions, self.recorded_at
        streams: dict[str, int] = {}
        datasets: dict[str, int | None] = {"": None}
        for position, draft in enumerate(drafts, self.head + 1):
            stream_id, type_, body, columnar, report, target, name = draft
            if stream_id not in streams:
                streams[stream_id] = stream = self.code("stream", stream_id)
                if stream not in versions:
                    versions[stream] = self._last_version(stream) or 0
            if name not in datasets:
                datasets[name] = self.code("dataset", name)
            stream, dataset = streams[stream_id], datasets[name]
            version = versions[stream] = versions[stream] + 1
            # fmt: off
            yield (position, stream, version, type_, now,
                   report, target, dataset, columnar, body)
            # fmt: on

    def insert_stored(self, events: Sequence[StoredEvent]) -> range:
        """Store the library's events, whose versions must follow on in each stream."""
        first = self.head + 1
        self._cursor.executemany(_INSERT, self._stored_rows(events))
        self.head += len(events)
        return range(first, self.head + 1)

    def _stored_rows(self, events: Sequence[StoredEvent]) -> Iterator[tuple[Any, ...]]:
        """The rows, likewise, each checked in passing."""
        now = self.recorded_at
        streams: dict[UUID | str, int] = {}
        last: dict[int, int | None] = {}
        for position, event in enumerate(events, self.head + 1):
            name, version = event.originator_id, event.originator_version
            if name not in streams:
                id_ = name.hex if isinstance(name, UUID) else name
                streams[name] = stream = self.code("stream", id_)
                last.setdefault(stream, self._last_version(stream))
            stream = streams[name]
            before = last[stream]
            if version - 1 != before and (before is not None or version not in (0, 1)):
                raise IntegrityError(
                    f"version {version} of {name} does not follow {before}"
                )
            last[stream] = version
            # fmt: off
            yield (position, stream, version, event.topic, now,
                   None, None, None, BLANK, event.state)
            # fmt: on

    def finish(self) -> None:
        """Store the codes that were given; the last deed before the commit."""
        if new := self._new_codes:
            self._cursor.executemany("INSERT INTO codes VALUES (?,?,?,?)", new)
            self._new_codes = []

    def rows(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[StoredRow]:
        return rows_in_order(self._reading, after, upto, types)

    def reports(self, reports: Sequence[str]) -> dict[str, StoredRow]:
        with self._reading() as cursor:
            found = rows_by_ids(cursor, "report", reports)
        return {row.report or "": row for row in found}

    def remarks_on(self, reports: Sequence[str]) -> list[StoredRow]:
        with self._reading() as cursor:
            return rows_by_ids(cursor, "target", reports)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Cursor]:
        """A cursor of its own in the transaction; it needs the codes of its rows."""
        self.finish()
        cursor = self._cursor.connection.cursor()
        cursor.row_factory = None
        try:
            yield cursor
        finally:
            with suppress(sqlite3.ProgrammingError):  # the connection was closed
                cursor.close()

    def redact_payload(self, report: str) -> None:
        self.emptied = True
        self._cursor.execute(
            "UPDATE events SET hot = ?, body = x'' "
            "WHERE (report = ?2 OR target = ?2) AND type <> 'report-redacted'",
            (BLANK, report),
        )

    def remember(self, key: str, digest: bytes, positions: Sequence[int]) -> None:
        listed = msgspec.json.encode(list(positions)).decode()
        self._cursor.execute(
            "INSERT INTO commands VALUES (?,?,?)", (key, digest, listed)
        )

    def outcome_of(self, key: str) -> tuple[bytes, list[int]] | None:
        found = self._cursor.execute(
            "SELECT digest, positions FROM commands WHERE key = ?", (key,)
        ).fetchone()
        if found is None:
            return None
        try:
            return bytes(found[0]), msgspec.json.decode(found[1], type=list[int])
        except (msgspec.MsgspecError, TypeError, UnicodeError):
            raise Damaged(
                f"what is kept under the key {key!r} cannot be read; restore a backup"
            ) from None

    def unmentioned(
        self, dataset: str, types: Sequence[str], reports: Iterable[str]
    ) -> Iterator[str]:
        number = self._codes.by_kind.get("dataset", {}).get(dataset)
        if number is None:
            return
        self._cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS mentioned (report TEXT PRIMARY KEY) "
            "WITHOUT ROWID"
        )
        self._cursor.execute("DELETE FROM mentioned")
        self._cursor.executemany(
            "INSERT OR IGNORE INTO mentioned VALUES (?)", ((r,) for r in reports)
        )
        found = self._cursor.execute(
            "SELECT report FROM events WHERE dataset = ? AND report IS NOT NULL "
            f"AND type IN ({','.join('?' * len(types))}) "
            "AND report NOT IN (SELECT report FROM mentioned) ORDER BY position",
            (number, *types),
        ).fetchall()
        self._cursor.execute("DELETE FROM mentioned")
        yield from (report for (report,) in found)


def _end(cursor: sqlite3.Cursor, now: int) -> tuple[int, int]:
    """The last position and the next stamp; raises `Damaged` at a gap before it."""
    last = cursor.execute(
        "SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 2"
    ).fetchall()
    if not last:
        return 0, now
    positions = [position for position, _ in last]
    if type(last[0][1]) is not int:  # NULL where the schema has none
        raise Damaged(f"position {positions[0]} has no time; restore a backup")
    if positions != [1] and positions != [positions[0], positions[0] - 1]:
        raise Damaged(f"positions end with {positions[::-1]}; restore a backup")
    return positions[0], max(last[0][1], now)
