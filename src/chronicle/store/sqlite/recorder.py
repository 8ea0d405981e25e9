"""The library's recorder for SQLite, with what it leaves open closed.

Versions without gaps, positions without gaps and one clock that never runs backwards
are checked in the inserting transaction; pragmas are set, not left to the build.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ConnectionUnavailableError,
    IntegrityError,
    InterfaceError,
    Notification,
    OperationalError,
    StoredEvent,
)
from eventsourcing.sqlite import (
    SQLITE3_DEFAULT_LOCK_TIMEOUT,
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from chronicle.errors import Busy, Conflict
from chronicle.store.memory import system_clock
from chronicle.store.protocol import Writing, microseconds
from chronicle.store.sqlite.schema import STATEMENTS, set_pragmas
from chronicle.store.sqlite.writing import Codes, SQLiteWriting
from chronicle.store.stored_events import StoredEvents

__all__ = [
    "ChronicleDatastore",
    "ChronicleRecorder",
    "immediate",
]

_LIBRARY_ROW = (
    "SELECT e.position, c.id, e.version, e.type, e.body "
    "FROM events AS e JOIN codes AS c ON c.kind = 'stream' AND c.code = e.stream "
)


class ChroniclePool(SQLiteConnectionPool):
    """The library's pool, with the pragmas that it leaves to the build.

    A connection that cannot be made is closed and leaves the writer's turn to others,
    and one that comes back late to a closed pool is closed too.
    """

    def _create_connection(self) -> SQLiteConnection:
        try:
            raw = sqlite3.connect(
                self.db_name,
                uri=True,
                check_same_thread=False,
                isolation_level=None,
                timeout=self.lock_timeout or SQLITE3_DEFAULT_LOCK_TIMEOUT,
            )
        except (sqlite3.Error, TypeError) as broken:
            raise InterfaceError(broken) from broken
        try:
            if not self.is_sqlite_memory_mode:
                raw.execute("PRAGMA journal_mode=WAL").close()
            set_pragmas(raw)
        except BaseException:
            raw.close()
            raise
        raw.row_factory = sqlite3.Row
        return SQLiteConnection(raw, max_age=self.max_age)

    def get_connection(
        self, timeout: float | None = None, *, is_writer: bool | None = None
    ) -> SQLiteConnection:
        if not is_writer or self.is_sqlite_memory_mode:
            return super().get_connection(timeout, is_writer=is_writer)
        patience = self.pool_timeout if timeout is None else timeout
        if not self._writer_lock.acquire(timeout=patience):
            raise ConnectionUnavailableError("Timed out waiting for return of writer")
        try:
            connection = super().get_connection(timeout)
        except BaseException:
            self._writer_lock.release()
            raise
        self._num_writers += 1
        connection.is_writer = True
        return connection

    def put_connection(self, conn: SQLiteConnection) -> None:
        with self._put_condition:
            if not self._closed:
                super().put_connection(conn)
                return
            self._in_use.pop(id(conn), None)
        conn.close()

    def close(self) -> None:
        """Close what is idle now, and the rest when it comes back.

        A connection that is closed while another thread runs a statement on it takes
        the whole process down.
        """
        with self._put_condition:
            self._closed = True
            while self._pool:
                self._pool.popleft().close()


class ChronicleDatastore(SQLiteDatastore):
    """A datastore of text ids on a `ChroniclePool`."""

    def __init__(self, db_name: str, **options: Any) -> None:
        super().__init__(db_name, **options)
        self.pool.close()
        self.pool = ChroniclePool(
            db_name=db_name, lock_timeout=options.get("lock_timeout") or 5
        )


@contextmanager
def immediate(datastore: SQLiteDatastore) -> Iterator[SQLiteCursor]:
    """A write transaction from its start: a deferred one fails when it upgrades."""
    with datastore.get_connection(commit=True) as connection:
        cursor = connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
        except sqlite3.IntegrityError as taken:
            raise IntegrityError(taken) from taken
        except sqlite3.OperationalError as broken:
            raise OperationalError(broken) from broken
        finally:
            cursor.sqlite_cursor.close()


class ChronicleRecorder(SQLiteApplicationRecorder):
    """The library's recorder on our tables; passes the library's own test cases.

    An event that is inserted here is recorded as by `EventLog.append`: it is decoded
    from our TYPEs, decided on, and stored with its whole row. `Untrusted` is raised for
    a topic or a state that is none of ours, and the library's `IntegrityError` for a
    stream that is not the event's own, a version that does not follow on, and an event
    that `decide` would leave out or change.
    """

    def __init__(
        self, datastore: SQLiteDatastore, events_table_name: str = "events"
    ) -> None:
        super().__init__(datastore, "events")
        self.select_max_notification_id_statement = "SELECT MAX(position) FROM events"
        self.clock: Callable[[], datetime] = system_clock
        self.identity: Callable[[], str] = str  # of the log; a branch has another
        self.writing: Callable[[], AbstractContextManager[Writing]] = self._transaction
        self._stored_events = StoredEvents()

    def construct_create_table_statements(self) -> list[str]:
        kinds = ("TABLE", "UNIQUE INDEX", "INDEX", "TRIGGER")
        return [
            statement.replace(f"CREATE {kind} ", f"CREATE {kind} IF NOT EXISTS ", 1)
            for statement in STATEMENTS
            for kind in kinds
            if statement.startswith(f"CREATE {kind} ")
        ]

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: object
    ) -> Sequence[int] | None:
        try:
            with self.writing() as work:
                return list(self._record(work, stored_events))
        except Conflict as taken:
            raise IntegrityError(taken) from taken
        except Busy as broken:
            raise OperationalError(broken) from broken

    @contextmanager
    def _transaction(self) -> Iterator[Writing]:
        with immediate(self.datastore) as cursor:
            inserting = cursor.sqlite_cursor
            asking = inserting.connection.cursor()
            now = microseconds(self.clock())
            work = SQLiteWriting(inserting, asking, Codes(), now)
            yield work
            work.seal()

    def _record(self, work: Writing, stored: Sequence[StoredEvent]) -> range:
        return self._stored_events.record(work, stored, self.identity)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        id_ = originator_id.hex if isinstance(originator_id, UUID) else originator_id
        direction = "DESC" if desc else "ASC"
        with self.datastore.transaction(commit=False) as c:
            c.execute(
                _LIBRARY_ROW + "WHERE c.id = ? AND e.version > ? AND e.version <= ? "
                f"ORDER BY e.version {direction} LIMIT ?",
                (
                    id_,
                    -1 if gt is None else gt,
                    (1 << 62) if lte is None else lte,
                    -1 if limit is None else limit,
                ),
            )
            return [
                StoredEvent(self.convert_originator_id(id_), version, type_, body)
                for _, id_, version, type_, body in c.fetchall()
            ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = 1 if start is None else start if inclusive_of_start else start + 1
        wanted = f"AND e.type IN ({','.join('?' * len(topics))}) " if topics else ""
        with self.datastore.transaction(commit=False) as c:
            c.execute(
                _LIBRARY_ROW + "WHERE e.position >= ? AND e.position <= ? "
                f"{wanted}ORDER BY e.position LIMIT ?",
                (first, (1 << 62) if stop is None else stop, *topics, limit),
            )
            return [
                Notification(
                    self.convert_originator_id(id_), version, type_, body, position
                )
                for position, id_, version, type_, body in c.fetchall()
            ]
