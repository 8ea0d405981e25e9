"""One transaction on a log in SQL: versions, codes, stamp and rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, repeat
from operator import add
from typing import Any

import msgspec

from chronicle.errors import Damaged
from chronicle.store.protocol import Draft, DraftColumns, StoredRow
from chronicle.store.signing import sign
from chronicle.store.sql.cursor import Cursor
from chronicle.store.sql.reading import rows_by_ids, rows_in_order
from chronicle.store.sql.sealing import SealWriting

__all__ = ["Codes", "Row", "SQLWriting"]

Row = tuple[Any, ...]  # the values of a row, in the order of the columns


class Codes:
    """Codes of ids by kind, as far as they have been read."""

    def __init__(self) -> None:
        self.seq = 0
        self.by_kind: dict[str, dict[str, int]] = {}

    def refresh(self, cursor: Cursor) -> None:
        """Read what other writers have added."""
        for seq, kind, code, id_ in cursor.execute(
            "SELECT seq, kind, code, id FROM codes WHERE seq > ? ORDER BY seq",
            (self.seq,),
        ).fetchall():
            if type(code) is not int or type(id_) is not str:
                raise Damaged(f"row {seq} of the codes is empty; restore a backup")
            self.by_kind.setdefault(kind, {})[id_] = code
            self.seq = seq


class SQLWriting(ABC):
    """One transaction under the writer's lock; a subclass puts the rows in.

    *cursor* gives tuples, and is used by nobody else until the transaction ends.
    """

    def __init__(self, cursor: Cursor, codes: Codes, now: int) -> None:
        self._cursor = cursor
        self._codes = codes
        codes.refresh(cursor)
        self._new_codes: list[tuple[int, str, int, str]] = []
        self._versions: dict[int, int] = {}
        self.emptied = False
        self.head, self.recorded_at = _end(cursor, now)
        self._seal = SealWriting(cursor, self._put, self.head)

    @abstractmethod
    def _put(self, table: str, rows: Iterable[Row]) -> int:
        """Insert *rows*, which ask this transaction as they are made; how many."""

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
        found = self._cursor.execute(
            "SELECT MAX(version) FROM events WHERE stream = ?", (stream,)
        ).fetchone()[0]
        if found is not None and type(found) is not int:
            raise Damaged(f"a version of stream {stream} is no number")
        return found

    def version(self, stream_id: str) -> int:
        """The last version in a stream; 0 of one that has no event."""
        stream = self._codes.by_kind.get("stream", {}).get(stream_id)
        if stream is None:
            return 0
        return self._versions.get(stream) or self._last_version(stream) or 0

    def insert(self, drafts: Iterable[Draft]) -> range:
        first = self.head + 1
        self.head += self._put("events", self._rows_of(drafts))
        self._seal.take_rows()
        return range(first, self.head + 1)

    def _rows_of(self, drafts: Iterable[Draft]) -> Iterator[Row]:
        """The rows, each made when it is asked for: none is held."""
        versions, now = self._versions, self.recorded_at
        header, payload = self._seal.headers.append, self._seal.payloads.append
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
            header((now, stream_id, version, type_, report, target, name))
            payload(columnar + body)
            # fmt: off
            yield (position, stream, version, type_, now,
                   report, target, dataset, columnar, body)
            # fmt: on

    def insert_columns(self, columns: DraftColumns) -> range:
        """As `insert`, with no work of ours on each row: its plain twin."""
        streams, type_, bodies, columnars, reports, datasets = columns
        stream_of: dict[str, int] = {}
        dataset_of: dict[str, int | None] = {"": None}
        for stream_id, name in dict.fromkeys(zip(streams, datasets, strict=True)):
            if stream_id not in stream_of:  # codes in the order of first mention
                stream_of[stream_id] = self.code("stream", stream_id)
            if name not in dataset_of:
                dataset_of[name] = self.code("dataset", name)
        before = {
            stream_id: self._versions.get(stream) or self._last_version(stream) or 0
            for stream_id, stream in stream_of.items()
        }
        following = {id_: count(last + 1) for id_, last in before.items()}
        versions = list(map(next, map(following.__getitem__, streams)))
        for stream_id, more in Counter(streams).items():
            self._versions[stream_of[stream_id]] = before[stream_id] + more
        now, nothing = repeat(self.recorded_at), repeat(None)
        types = repeat(type_)
        # fmt: off
        self._seal.headers.extend(zip(
            now, streams, versions, types, reports, nothing, datasets, strict=False,
        ))
        self._seal.payloads.extend(map(add, columnars, bodies))
        first = self.head + 1
        self.head += self._put("events", zip(
            count(first), map(stream_of.__getitem__, streams), versions, types, now,
            reports, nothing, map(dataset_of.__getitem__, datasets), columnars, bodies,
            strict=False,
        ))
        # fmt: on
        self._seal.take_rows()
        return range(first, self.head + 1)

    def finish(self) -> None:
        """Store the codes that were given."""
        if new := self._new_codes:
            self._new_codes = []
            self._put("codes", new)
            self._seal.take_codes((kind, code, id_) for _, kind, code, id_ in new)

    def seal(self) -> str | None:
        """Seal all that was put in; the last deed before the commit.

        Returns the new head of the log, signed; None where nothing was put in.
        """
        self.finish()
        return self._seal.finish(sign)

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
    def _reading(self) -> Iterator[Cursor]:
        """The transaction as it stands, with the codes of its rows."""
        self.finish()
        yield self._cursor

    @abstractmethod
    def redact_payload(self, report: str) -> None:
        """As `Writing` has it."""

    def remember(self, key: str, digest: bytes, positions: Sequence[int]) -> None:
        listed = msgspec.json.encode(list(positions)).decode()
        self._cursor.execute(
            "INSERT INTO commands VALUES (?,?,?)", (key, digest, listed)
        )
        self._seal.take_command(key, digest, positions)

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


def _end(cursor: Cursor, now: int) -> tuple[int, int]:
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
