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

from chronicle.errors import (
    ChronicleError,
    Conflict,
    Damaged,
    OutcomeUnknown,
    StorageError,
)
from chronicle.store.memory import system_clock
from chronicle.store.protocol import StoredRow, Writing, microseconds
from chronicle.store.sqlite.errors import storage_errors
from chronicle.store.sqlite.header import uri
from chronicle.store.sqlite.lock import file_lock
from chronicle.store.sqlite.reading import (
    END,
    hot_in_order,
    last_position,
    rows_by_ids,
    rows_in_order,
    rows_with_columnar,
)
from chronicle.store.sqlite.recorder import ChronicleDatastore, ChronicleRecorder
from chronicle.store.sqlite.schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    STATEMENTS,
    best_mode,
    check_file,
    set_pragmas,
)
from chronicle.store.sqlite.writing import Codes, SQLiteWriting

__all__ = ["SQLiteStore"]

LOCK_TIMEOUT = 30.0  # seconds that a writer waits for its turn
CHECKPOINT_BYTES = 4 << 20  # of write-ahead log before it is folded into the file
BUSY_MS = 5_000  # that SQLite waits for another program's lock
PATIENCE_MS = 1_000  # that a redaction waits for readers of the payload
SIDE_FILES = ("-wal", "-shm", "-journal")


class SQLiteStore:
    """A chronicle in one file. Open it with `create` or `open`."""

    def __init__(
        self, path: Path, clock: Callable[[], datetime], lock_timeout: float
    ) -> None:
        self.path = path
        real = path.resolve()  # SQLite and the lock go by the real name
        self._side = [real.with_name(real.name + suffix) for suffix in SIDE_FILES[:2]]
        self._side_files: list[tuple[int, int] | None] = []
        self._lock_path = real.with_name(real.name + ".lock")
        self._lock_timeout = lock_timeout
        self._clock = clock
        self._pid = os.getpid()
        self._closed = False
        self._wrote = False
        self._purge_due = False  # an emptied payload is still in the write-ahead log
        self._codes = Codes()
        with storage_errors(path):
            self._file = _identity(path)
            self.datastore = ChronicleDatastore(
                uri(real, best_mode(real)), originator_id_type="text"
            )
            self.recorder = ChronicleRecorder(self.datastore)
            self.recorder.clock = clock

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
        made = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
        try:
            _check_free(path)
            with storage_errors(path):
                os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
                _make(made, identity or secrets.token_hex(16), microseconds(clock()))
                # Under the lock, since a rename would replace what another made.
                with file_lock(path.with_name(path.name + ".lock"), lock_timeout):
                    _check_free(path)
                    made.rename(path)
                _sync_folder(path.parent)
        except OSError as broken:
            raise StorageError(f"cannot make {path}: {broken.strerror}") from None
        finally:
            for suffix in ("", *SIDE_FILES):
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
        self._usable()
        with (
            storage_errors(self.path),
            file_lock(self._lock_path, self._lock_timeout),
            self.datastore.get_connection(commit=True) as connection,
        ):
            raw = connection._sqlite_conn
            self._usable()
            raw.execute("BEGIN IMMEDIATE").close()
            cursor = raw.cursor()
            try:
                self._same_side_files()
                work = SQLiteWriting(cursor, self._codes, microseconds(self._clock()))
                yield cast(Writing, work)
                work.finish()
            except BaseException:
                self._codes = Codes()  # new codes went with the transaction
                with suppress(sqlite3.Error):
                    raw.rollback()
                if raw.in_transaction:
                    connection.close()
                raise
            finally:
                with suppress(sqlite3.ProgrammingError):
                    cursor.close()
            self._commit(raw)
            self._wrote = True
            self._same_file()
            self._same_side_files()
            self._purge_due |= work.emptied
            self._checkpoint(raw)

    def _commit(self, raw: sqlite3.Connection) -> None:
        try:
            raw.commit()
        except sqlite3.Error as broken:
            self._codes = Codes()
            with suppress(sqlite3.Error):
                raw.rollback()
            if broken.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise  # what makes it a commit is written last, and was not
            raise OutcomeUnknown(
                f"{self.path}: {broken} while committing; it may be recorded or not: "
                "run the same command again"
            ) from None

    def _usable(self) -> None:
        if self._closed:
            raise StorageError(f"{self.path} was closed: open it again")
        if self._pid != os.getpid():  # SQLite's connections do not survive a fork
            raise StorageError(
                f"{self.path} was opened by process {self._pid}, before "
                "this one was forked from it: open it here"
            )
        self._same_file()

    def _same_file(self) -> None:
        """What is written to a file that was unlinked is lost when it is closed."""
        if _identity(self.path) != self._file:
            raise self._replaced(self.path)

    def _same_side_files(self) -> None:
        """Nor may the write-ahead log go: without it a crash loses what it holds."""
        found = [_identity(path) for path in self._side]
        self._side_files = self._side_files or found
        if None in found or found != self._side_files:
            raise self._replaced(self._side[0])

    def _replaced(self, path: Path) -> StorageError:
        return StorageError(
            f"{path} was removed or replaced while it was open; what was recorded "
            "since may not be in the file of that name: open it again, and look"
        )

    def _checkpoint(self, raw: sqlite3.Connection, always: bool = False) -> None:
        """Fold the write-ahead log in; called under the writer's lock only.

        A reader of older rows can be in the way: it is not waited for, or, with a
        payload that has to go, for a moment; then it is tried again after each write.
        """
        above = 0 if always or self._purge_due else CHECKPOINT_BYTES
        with suppress(OSError, sqlite3.Error):
            if self._side[0].stat().st_size > above:
                patience = PATIENCE_MS if self._purge_due else 0
                raw.execute(f"PRAGMA busy_timeout={patience}").close()
                done = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                raw.execute(f"PRAGMA busy_timeout={BUSY_MS}").close()
                self._purge_due = self._purge_due and done[0] != 0

    def purge(self) -> bool:
        """Fold the write-ahead log in now; whether all emptied payloads left the disk.

        Raises `Busy` when another process is writing.
        """
        patience = self._lock_timeout if self._purge_due else 0.0
        with (
            storage_errors(self.path),
            file_lock(self._lock_path, patience),
            self.datastore.get_connection(commit=True) as connection,
        ):
            self._checkpoint(connection._sqlite_conn, always=True)
        return not self._purge_due

    def copy_to(self, path: Path) -> None:
        """A consistent copy of the log, as of now; *path* must not exist."""
        self._usable()
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
        self._usable()
        with (
            storage_errors(self.path),
            self.datastore.get_connection(commit=False) as connection,
        ):
            cursor = connection._sqlite_conn.cursor()
            cursor.row_factory = None
            try:
                yield cursor
            finally:
                with suppress(sqlite3.ProgrammingError):  # the store was closed
                    cursor.close()

    def head(self) -> int:
        with self._reading() as cursor:
            return last_position(cursor)

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

    def columnar(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        return hot_in_order(self._reading, after, upto)

    def rows_with_columnar(
        self, after: int = 0, upto: int | None = None
    ) -> Iterator[tuple[StoredRow, bytes]]:
        return rows_with_columnar(self._reading, after, upto)

    def codes(self, kind: str) -> list[str]:
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT id FROM codes WHERE kind = ? ORDER BY code", (kind,)
            ).fetchall()
        if not all(type(id_) is str for (id_,) in rows):
            raise Damaged(f"{self.path} has lost an id of a {kind}; restore a backup")
        return [id_ for (id_,) in rows]

    def position_at(self, stamp: int) -> int:
        """By bisection: `recorded_at` never decreases, so it needs no index."""
        low, high = 0, self.head()
        stamp = min(max(stamp, -END), END)
        with self._reading() as cursor:
            while low < high:
                middle = (low + high + 1) // 2
                found = cursor.execute(
                    "SELECT recorded_at FROM events WHERE position = ?", (middle,)
                ).fetchone()
                if found is None or type(found[0]) is not int:
                    raise Damaged(f"{self.path} has no time at position {middle}")
                low, high = (middle, high) if found[0] <= stamp else (low, middle - 1)
        return low

    def identity(self) -> str:
        with self._reading() as cursor:
            found = cursor.execute("SELECT id FROM chronicle").fetchone()
        if found is None:
            raise Damaged(f"{self.path} has lost its id; restore a backup")
        return str(found[0])

    def redactions(self) -> int:
        with self._reading() as cursor:
            found = cursor.execute(
                "SELECT COUNT(*) FROM events "
                "WHERE target IS NOT NULL AND type = 'report-redacted'"
            ).fetchone()[0]
        return int(found)

    def close(self) -> None:
        if self._closed or self._pid != os.getpid():
            return
        if self._wrote:
            with suppress(ChronicleError):
                self.purge()
        self._closed = True
        self.datastore.close()


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file a name stands for; None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_free(path: Path) -> None:
    """Refuse a name that is taken, or beside which an old chronicle left its rest."""
    if path.exists() or path.is_symlink():
        raise Conflict(f"{path} exists; it was not touched: choose another name")
    if not path.parent.is_dir():
        raise StorageError(f"no folder {path.parent}; make it first")
    for suffix in SIDE_FILES:
        left = path.with_name(path.name + suffix)
        if left.exists():
            raise Conflict(
                f"{left} is left of another chronicle, and SQLite would mix it into "
                "this one; it was not touched: move it away, or choose another name"
            )


def _sync_folder(folder: Path) -> None:
    """The name of a new file must survive a power cut too."""
    if os.name == "posix":
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


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
