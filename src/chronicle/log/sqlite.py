"""The log in one SQLite file.

file lock -> BEGIN IMMEDIATE -> decide -> versions, codes, stamp -> insert -> COMMIT
          -> is it still our file? -> acknowledge
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import cast

from eventsourcing.persistence import InterfaceError, OperationalError

from chronicle.errors import (
    Busy,
    ChronicleError,
    Conflict,
    Damaged,
    OutcomeUnknown,
    StorageError,
)
from chronicle.log.lock import file_lock
from chronicle.log.memory import system_clock
from chronicle.log.sqlite_recorder import ChronicleDatastore, ChronicleRecorder
from chronicle.log.sqlite_schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    STATEMENTS,
    check_file,
    set_pragmas,
    uri,
)
from chronicle.log.sqlite_writing import Codes, SQLiteWriting
from chronicle.log.store import Row, Writing, microseconds

__all__ = ["SQLiteStore"]

LOCK_TIMEOUT = 30.0  # seconds that a writer waits for its turn
CHECKPOINT_BYTES = 4 << 20  # of write-ahead log before it is folded into the file
BLOCK = 4_096  # rows that are read at a time

_ROW = (
    "SELECT e.position, e.recorded_at, c.id, e.version, e.type, e.report, e.target, "
    "e.body "
    "FROM events AS e JOIN codes AS c ON c.kind = 'stream' AND c.code = e.stream "
)


@contextmanager
def storage_errors(path: object) -> Iterator[None]:
    """SQLite's errors as ours, each with what is safe and what to do."""
    try:
        yield
    except sqlite3.IntegrityError as taken:
        raise Conflict(
            f"{taken}; nothing was recorded: read again, decide again"
        ) from None
    except (sqlite3.OperationalError, OperationalError) as broken:
        raise _operational(path, str(broken)) from None
    except (sqlite3.DatabaseError, sqlite3.InterfaceError) as broken:
        raise Damaged(
            f"{path} is damaged ({broken}); nothing was recorded: restore a backup"
        ) from None
    except InterfaceError as broken:
        raise StorageError(f"cannot open {path}: {broken}") from None


def _operational(path: object, message: str) -> ChronicleError:
    if "locked" in message or "busy" in message:
        return Busy(f"{path} is locked by another program; nothing was recorded")
    if "full" in message:
        return StorageError(f"the disk of {path} is full; nothing was recorded")
    if "readonly" in message:
        return StorageError(f"{path} is read-only; nothing was recorded")
    if "malformed" in message or "no such" in message:
        return Damaged(f"{path} is damaged ({message}); restore a backup")
    return StorageError(f"{path}: {message}; nothing was recorded")


class SQLiteStore:
    """A chronicle in one file. Open it with `create` or `open`."""

    def __init__(
        self, path: Path, clock: Callable[[], datetime], lock_timeout: float
    ) -> None:
        self.path = path
        self._lock_path = path.with_name(path.name + ".lock")
        self._lock_timeout = lock_timeout
        self._clock = clock
        self._wrote = False
        with storage_errors(path):
            writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
            self.datastore = ChronicleDatastore(
                uri(path, "rw" if writable else "ro"), originator_id_type="text"
            )
            self.recorder = ChronicleRecorder(self.datastore)
            self.recorder.clock = clock
            found = path.stat()
            self._file = found.st_dev, found.st_ino
            self._codes = Codes()

    @classmethod
    def create(
        cls,
        path: Path,
        clock: Callable[[], datetime] = system_clock,
        identity: str | None = None,
        lock_timeout: float = LOCK_TIMEOUT,
    ) -> SQLiteStore:
        """Make a new chronicle; raises `Conflict` when something is there already.

        It appears under its name only when it is whole.
        """
        if path.exists() or path.is_symlink():
            raise Conflict(f"{path} exists; it was not touched: choose another name")
        if not path.parent.is_dir():
            raise StorageError(f"no folder {path.parent}; make it first")
        made = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
        try:
            os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            _make(made, identity or secrets.token_hex(16), microseconds(clock()))
            os.link(made, path)
        except FileExistsError:
            raise Conflict(f"{path} exists; it was not touched") from None
        except OSError as broken:
            raise StorageError(f"cannot make {path}: {broken.strerror}") from None
        finally:
            for suffix in ("", "-wal", "-shm", "-journal"):
                with suppress(OSError):
                    made.with_name(made.name + suffix).unlink()
        return cls.open(path, clock, lock_timeout)

    @classmethod
    def open(
        cls,
        path: Path,
        clock: Callable[[], datetime] = system_clock,
        lock_timeout: float = LOCK_TIMEOUT,
    ) -> SQLiteStore:
        """Open a chronicle after `check_file`."""
        check_file(path)
        return cls(path, clock, lock_timeout)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        with (
            storage_errors(self.path),
            file_lock(self._lock_path, self._lock_timeout),
            self.datastore.get_connection(commit=True) as connection,
        ):
            raw = connection._sqlite_conn
            self._same_file()
            raw.execute("BEGIN IMMEDIATE").close()
            cursor = raw.cursor()
            try:
                work = SQLiteWriting(cursor, self._codes, microseconds(self._clock()))
                yield cast(Writing, work)
            except BaseException:
                self._codes = Codes()  # new codes went with the transaction
                raw.rollback()
                raise
            finally:
                cursor.close()
            self._commit(raw)
            self._wrote = True
            self._same_file()
            self._checkpoint(raw, CHECKPOINT_BYTES)

    def _commit(self, raw: sqlite3.Connection) -> None:
        try:
            raw.commit()
        except sqlite3.Error as broken:
            self._codes = Codes()
            with suppress(sqlite3.Error):
                raw.rollback()
            raise OutcomeUnknown(
                f"{self.path}: {broken} while committing; it may be recorded or not: "
                "run the same command again"
            ) from None

    def _same_file(self) -> None:
        """What is written to a file that was unlinked is lost when it is closed."""
        try:
            now = self.path.stat()
        except OSError:
            now = None
        if now is None or (now.st_dev, now.st_ino) != self._file:
            raise StorageError(
                f"{self.path} was removed or replaced while it was open; what was "
                "recorded since is not in the file of that name: open it again"
            )

    def _checkpoint(self, raw: sqlite3.Connection, above: int) -> None:
        """Fold the write-ahead log in; called under the writer's lock only."""
        wal = self.path.with_name(self.path.name + "-wal")
        with suppress(OSError, sqlite3.Error):
            if wal.stat().st_size > above:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def purge(self) -> None:
        """Fold the write-ahead log in now, so that emptied payloads leave the disk."""
        with (
            file_lock(self._lock_path, self._lock_timeout),
            self.datastore.get_connection(commit=True) as connection,
        ):
            self._checkpoint(connection._sqlite_conn, 0)

    def copy_to(self, path: Path) -> None:
        """A consistent copy of the log, as of now; *path* must not exist."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        copy = sqlite3.connect(uri(path, "rw"), uri=True)
        try:
            with (
                storage_errors(self.path),
                self.datastore.get_connection(commit=False) as connection,
            ):
                connection._sqlite_conn.backup(copy)
        finally:
            copy.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Cursor]:
        with (
            storage_errors(self.path),
            self.datastore.get_connection(commit=False) as connection,
        ):
            cursor = connection._sqlite_conn.cursor()
            cursor.row_factory = None
            try:
                yield cursor
            finally:
                cursor.close()

    def head(self) -> int:
        with self._reading() as cursor:
            found = cursor.execute("SELECT MAX(position) FROM events").fetchone()[0]
        return int(found or 0)

    def rows(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[Row]:
        wanted = f"AND e.type IN ({','.join('?' * len(types))}) " if types else ""
        last = (1 << 62) if upto is None else upto
        with self._reading() as cursor:
            cursor.execute(
                _ROW + f"WHERE e.position > ? AND e.position <= ? {wanted}"
                "ORDER BY e.position",
                (after, last, *types),
            )
            while block := cursor.fetchmany(BLOCK):
                yield from map(Row._make, block)

    def _by_ids(self, column: str, ids: Sequence[str]) -> list[Row]:
        found: list[Row] = []
        with self._reading() as cursor:
            for start in range(0, len(ids), 500):
                some = ids[start : start + 500]
                marks = ",".join("?" * len(some))
                cursor.execute(_ROW + f"WHERE e.{column} IN ({marks})", some)
                found += map(Row._make, cursor.fetchall())
        return sorted(found)

    def told(self, reports: Sequence[str]) -> dict[str, Row]:
        return {row.report or "": row for row in self._by_ids("report", reports)}

    def about(self, reports: Sequence[str]) -> list[Row]:
        return self._by_ids("target", reports)

    def hot(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        last = (1 << 62) if upto is None else upto
        with self._reading() as cursor:
            cursor.execute(
                "SELECT hot FROM events WHERE position > ? AND position <= ? "
                "ORDER BY position",
                (after, last),
            )
            while block := cursor.fetchmany(BLOCK):
                yield b"".join([record for (record,) in block])

    def codes(self, kind: str) -> list[str]:
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT id FROM codes WHERE kind = ? ORDER BY code", (kind,)
            ).fetchall()
        return [id_ for (id_,) in rows]

    def position_at(self, stamp: int) -> int:
        """By bisection: `recorded_at` never decreases, so it needs no index."""
        low, high = 0, self.head()
        with self._reading() as cursor:
            while low < high:
                middle = (low + high + 1) // 2
                found = cursor.execute(
                    "SELECT recorded_at FROM events WHERE position = ?", (middle,)
                ).fetchone()
                if found is None:
                    raise Damaged(f"{self.path} has no event at position {middle}")
                low, high = (middle, high) if found[0] <= stamp else (low, middle - 1)
        return low

    def identity(self) -> str:
        with self._reading() as cursor:
            found = cursor.execute("SELECT id FROM chronicle").fetchone()
        if found is None:
            raise Damaged(f"{self.path} has lost its id; restore a backup")
        return str(found[0])

    def close(self) -> None:
        if self._wrote:
            with suppress(ChronicleError):
                self.purge()
        self.datastore.close()


def _make(path: Path, identity: str, now: int) -> None:
    """Write an empty chronicle into an empty file."""
    connection = sqlite3.connect(uri(path, "rw"), uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL").close()
        set_pragmas(connection)
        connection.execute("BEGIN IMMEDIATE").close()
        for statement in STATEMENTS:
            connection.execute(statement).close()
        connection.execute("INSERT INTO chronicle VALUES (1, ?, ?)", (identity, now))
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}").close()
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}").close()
        connection.execute("COMMIT").close()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    finally:
        connection.close()
