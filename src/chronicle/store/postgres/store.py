"""The log in a schema of a PostgreSQL database.

BEGIN -> advisory lock -> decide -> versions, codes, stamp -> COPY -> COMMIT
      -> acknowledge

Whoever holds the lock commits before he lets go of it, so that positions are given in
the order in which they become visible: a reader sees no gap that is filled later.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from typing import Any, cast

import psycopg
import psycopg.errors
from psycopg import sql

from chronicle.errors import Busy, Conflict, Damaged, StorageError, UsageError
from chronicle.store.postgres.address import Address, parse
from chronicle.store.postgres.committing import commit
from chronicle.store.postgres.connecting import (
    ChronicleDatastore,
    QuestionCursor,
    check_server,
    connect,
)
from chronicle.store.postgres.errors import postgres_errors
from chronicle.store.postgres.listening import Listener
from chronicle.store.postgres.recorder import ChronicleRecorder
from chronicle.store.postgres.schema import (
    SCHEMA_VERSION,
    check_schema,
    grant,
    make_tables,
)
from chronicle.store.postgres.writing import PostgresWriting
from chronicle.store.protocol import Writing, microseconds
from chronicle.store.sql.snapshot import Snapshot
from chronicle.store.sql.store import SQLStore
from chronicle.store.sql.writing import Codes

__all__ = ["LOCK_TIMEOUT", "PostgresStore", "lock", "make"]

LOCK_TIMEOUT = 30.0  # seconds that a writer waits for its turn
_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8"


class PostgresStore(SQLStore):
    """A chronicle on a server. Open it with `create` or `open`.

    Without a *clock* the server's stamps what is recorded: clocks of laptops differ,
    and one that is a year ahead would hold the time of the record there for a year.
    """

    def __init__(
        self,
        address: Address,
        clock: Callable[[], datetime] | None,
        lock_timeout: float,
        unsafe: str,
    ) -> None:
        super().__init__(address.shown, address.title)
        self.address = address
        self._clock = clock
        self._lock_timeout = lock_timeout
        self._unsafe = unsafe  # why nothing may be recorded
        self._pid = os.getpid()
        self._closed = False
        self._codes = Codes()
        self._channel = f"chronicle_{address.schema}"
        self._turn = threading.Lock()  # of the codes that are shared
        self.datastore = ChronicleDatastore(address)

    @classmethod
    def create(
        cls,
        url: str,
        clock: Callable[[], datetime] | None = None,
        identity: str | None = None,
        lock_timeout: float = LOCK_TIMEOUT,
        *,
        writers: Sequence[str] = (),
        readers: Sequence[str] = (),
    ) -> PostgresStore:
        """Make a new chronicle; raises `Conflict` when something is there already.

        Who makes it owns it. *writers* and *readers* are roles that are there.
        """
        address = parse(url)
        with postgres_errors(address.shown):
            connection = connect(address)
            try:
                unsafe = check_server(connection, address.shown)
                if unsafe:
                    raise StorageError(f"{address.shown}: {unsafe}; nothing was made")
                with connection.transaction():
                    lock(connection, address, lock_timeout)
                    now = QuestionCursor(connection).execute(_NOW).fetchone()[0]
                    stamp = microseconds(clock()) if clock else now
                    make(connection, address, identity, stamp)
                    grant(connection, address.schema, writers, readers)
            finally:
                connection.close()
        return cls.open(url, clock, lock_timeout)

    @classmethod
    def open(
        cls,
        url: str,
        clock: Callable[[], datetime] | None = None,
        lock_timeout: float = LOCK_TIMEOUT,
    ) -> PostgresStore:
        """Open a chronicle after a look at the server and at its schema."""
        address = parse(url)
        with postgres_errors(address.shown):
            connection = connect(address)
            try:
                unsafe = check_server(connection, address.shown)
                check_schema(connection, address.shown, address.schema)
            finally:
                connection.close()
        store = cls(address, clock, lock_timeout, unsafe)
        try:
            store._look(None)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def migrate(
        cls,
        url: str,
        *,
        writers: Sequence[str] = (),
        readers: Sequence[str] = (),
        lock_timeout: float = LOCK_TIMEOUT,
    ) -> int:
        """Bring a chronicle to the newest schema, and let roles in; its version.

        For its owner. A second time does nothing.
        """
        address = parse(url)
        with postgres_errors(address.shown):
            connection = connect(address)
            try:
                check_server(connection, address.shown)
                with connection.transaction():
                    lock(connection, address, lock_timeout)
                    check_schema(connection, address.shown, address.schema)
                    if not _owned(connection):
                        raise StorageError(
                            f"{address.shown} belongs to another role, and only that "
                            "one lets others in; nothing was done"
                        )
                    grant(connection, address.schema, writers, readers)
            finally:
                connection.close()
        return SCHEMA_VERSION

    @cached_property
    def recorder(self) -> ChronicleRecorder:
        """The library's door onto this chronicle."""
        with postgres_errors(self.name):
            return ChronicleRecorder(
                self.datastore, self.writing, self.identity, self._channel
            )

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        self._usable()
        self._writable()
        with postgres_errors(self.name), self.datastore.lent() as connection:
            try:
                now = self._begin(connection)
                with self._turn:
                    codes = self._codes
                work = PostgresWriting(connection, codes, now)
                yield cast(Writing, work)
                work.seal()
            except BaseException:
                self._forget_codes()
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise
            try:
                commit(connection, self.name, self._channel)
            except BaseException:
                self._forget_codes()
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
                raise
            self.wrote = True

    def _forget_codes(self) -> None:
        """New codes went with the transaction."""
        with self._turn:
            self._codes = Codes()

    def _begin(self, connection: psycopg.Connection[Any]) -> int:
        """Begin, wait for the lock; the time, in microseconds, once it is ours."""
        connection.execute("BEGIN")
        try:
            lock(connection, self.address, self._lock_timeout)
        except psycopg.errors.LockNotAvailable:
            connection.execute("ROLLBACK")
            raise Busy(
                f"{self.name} is being written by {_holder(connection, self.address)}; "
                f"waited {self._lock_timeout:g} s; nothing was recorded: try again"
            ) from None
        if self._clock is not None:
            return microseconds(self._clock())
        return int(QuestionCursor(connection).execute(_NOW).fetchone()[0])

    def _writable(self) -> None:
        if self._distrusted:
            raise Damaged(
                f"{self.name}: damage was found ({self._distrusted}), and nothing is "
                "recorded in it any more: restore a backup, then open that"
            )
        if self._unsafe:
            raise StorageError(f"{self.name}: {self._unsafe}; nothing was recorded")

    def _usable(self) -> None:
        if self._closed:
            raise StorageError(f"{self.name} was closed: open it again")
        if self._pid != os.getpid():  # two processes would talk on one connection
            raise StorageError(
                f"{self.name} was opened by process {self._pid}, before "
                "this one was forked from it: open it here"
            )

    @contextmanager
    def _reading(self) -> Iterator[QuestionCursor]:
        self._usable()
        with (
            self._noticing(),
            postgres_errors(self.name),
            self.datastore.lent() as connection,
        ):
            cursor = QuestionCursor(connection)
            try:
                yield cursor
            finally:
                cursor.close()

    @contextmanager
    def _moment(self) -> Iterator[QuestionCursor]:
        with self._reading() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield cursor
            finally:
                with suppress(psycopg.Error):
                    cursor.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """All of the chronicle as of now, while writers go on."""
        with self._moment() as cursor:
            yield Snapshot(cursor)

    @contextmanager
    def waiting(self) -> Iterator[Callable[[threading.Event, float], None]]:
        listener = Listener(self.address, self._channel)
        try:
            yield listener.wait
        finally:
            listener.close()

    def purge(self) -> bool:
        """Rewrite the tables, which an emptied payload leaves only then.

        For the owner alone: raises `StorageError` for another role. The server's own
        log and its backups keep it as long as they are kept.
        """
        self._usable()
        with postgres_errors(self.name), self.datastore.lent() as connection:
            if not _owned(connection):
                raise StorageError(
                    f"{self.name}: the redaction is recorded, and nobody can ask for "
                    "the payload any more, but its bytes are still in the server's "
                    "files: its owner runs the same command once, which rewrites them"
                )
            asking = QuestionCursor(connection).execute("SHOW statement_timeout")
            slowest = str(asking.fetchone()[0])
            connection.execute(
                f"SET lock_timeout = {int(self._lock_timeout * 1000)}; "
                "SET statement_timeout = 0"
            )
            try:
                connection.execute("VACUUM (FULL) events, leaves")
            except psycopg.errors.LockNotAvailable:
                return False
            finally:
                connection.execute(
                    f"RESET lock_timeout; SET statement_timeout = '{slowest}'"
                )
        return True

    def close(self) -> None:
        if self._closed or self._pid != os.getpid():
            return
        self._closed = True
        self.datastore.close()


def _owned(connection: psycopg.Connection[Any]) -> bool:
    """Whether the tables belong to the role of this connection."""
    asking = QuestionCursor(connection).execute(
        "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class "
        "WHERE oid = 'events'::regclass"
    )
    return bool(asking.fetchone()[0])


def lock(connection: psycopg.Connection[Any], address: Address, wait: float) -> None:
    """Take the writers' lock until the end of the transaction; they queue for it."""
    first, second = address.lock
    connection.execute(
        f"SET LOCAL lock_timeout = {max(int(wait * 1000), 1)}; "
        "SET LOCAL statement_timeout = 0; "  # a long import is one statement
        f"SELECT pg_advisory_xact_lock({first}, {second})"
    )


def _holder(connection: psycopg.Connection[Any], address: Address) -> str:
    """Who holds the writers' lock, as the server shows it."""
    first, second = address.lock
    found = (
        QuestionCursor(connection)
        .execute(
            "SELECT l.pid, a.usename::text, a.client_addr::text FROM pg_locks AS l "
            "LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = ?::int8 "
            "AND l.objid = ?::int8 AND l.database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())",
            (first, second % (1 << 32)),
        )
        .fetchone()
    )
    if found is None:
        return "another, who has just ended"
    pid, user, place = found
    who = f" of {user}" if user else ""
    return f"backend {pid}{who}{f' at {place}' if place else ''}"


def make(
    connection: psycopg.Connection[Any],
    address: Address,
    identity: str | None,
    stamp: int,
) -> None:
    """Make the schema and what is in it, where there is nothing."""
    schema = address.schema
    there = connection.execute(
        "SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = n.oid) "
        "+ (SELECT count(*) FROM pg_proc WHERE pronamespace = n.oid) "
        "FROM pg_namespace AS n WHERE nspname = %s",
        (schema,),
    ).fetchone()
    if there is not None and there[0]:
        raise Conflict(
            f"schema {schema} of {address.shown} is not empty; it was not touched: "
            "choose another one with ?schema=NAME"
        )
    if schema == "public":
        raise UsageError("the schema public is everybody's: choose another name")
    if there is None:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    make_tables(connection, schema)
    connection.execute(
        "INSERT INTO chronicle VALUES (1, %s, %s, %s)",
        (identity or secrets.token_hex(16), stamp, SCHEMA_VERSION),
    )
