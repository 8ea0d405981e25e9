"""The log in one SQLite file.

file lock -> BEGIN IMMEDIATE -> decide -> versions, codes, stamp -> insert -> COMMIT
          -> is it still our file? -> acknowledge
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import cast

from chronicle.errors import (
    Busy,
    ChronicleError,
    Damaged,
    OutcomeUnknown,
    StorageError,
)
from chronicle.store.headfile import (
    head_and_caution,
    head_beside,
    is_head,
    write_head,
)
from chronicle.store.memory import system_clock
from chronicle.store.protocol import Wait, Writing, microseconds, polling
from chronicle.store.sql.store import SQLStore
from chronicle.store.sqlite.errors import storage_errors
from chronicle.store.sqlite.header import uri
from chronicle.store.sqlite.identity import identity_of, stat_of, state_of
from chronicle.store.sqlite.lock import file_lock
from chronicle.store.sqlite.making import SIDE_FILES, make
from chronicle.store.sqlite.recorder import ChronicleDatastore, ChronicleRecorder
from chronicle.store.sqlite.schema import (
    LEAST,
    PATIENCE,
    best_mode,
    check_file,
    one_name,
)
from chronicle.store.sqlite.sealed import SQLiteSealed
from chronicle.store.sqlite.snapshot import SQLiteSnapshot
from chronicle.store.sqlite.writing import Codes, SQLiteWriting
from chronicle.store.whole_file import sync_file

__all__ = ["SQLiteStore"]

LOCK_TIMEOUT = 30.0  # seconds that a writer waits for its turn
CHECKPOINT_BYTES = 4 << 20  # of write-ahead log before it is folded into the file
PATIENCE_MS = 1_000  # that a redaction waits for readers of the payload


class SQLiteStore(SQLStore):
    """A chronicle in one file. Open it with `create` or `open`."""

    def __init__(
        self, path: Path, clock: Callable[[], datetime], lock_timeout: float
    ) -> None:
        super().__init__(str(path), path.name)
        self.path = path
        real = path.resolve()  # SQLite and the lock go by the real name
        self._side = [real.with_name(real.name + suffix) for suffix in SIDE_FILES[:2]]
        self._side_files: list[tuple[int, int] | None] = []
        self._lock_path = real.with_name(real.name + ".lock")
        self._lock_timeout = lock_timeout
        self._busy_ms = int(max(lock_timeout, LEAST) * 1000)  # for SQLite's own locks
        self._clock = clock
        self._pid = os.getpid()
        self._closed = False
        self._head_path = head_beside(path)
        self._purged = False  # what was emptied here has left the disk
        self._purge_due = False  # an emptied payload is still in the write-ahead log
        self._codes = Codes()
        with storage_errors(path):
            self._file = identity_of(path)
            self._size = 0  # bytes; the file only ever grows
            self._mode = best_mode(real)
            self._still = state_of(real)  # looked at only where it must not change
            self.datastore = ChronicleDatastore(
                uri(real, self._mode),
                originator_id_type="text",
                lock_timeout=max(lock_timeout, LEAST),
            )
            self.recorder = ChronicleRecorder(self.datastore)
            self.recorder.writing, self.recorder.identity = self.writing, self.identity

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
        with storage_errors(path):
            make(
                path,
                identity or secrets.token_hex(16),
                microseconds(clock()),
                lock_timeout,
            )
        return cls.open(path, clock, lock_timeout)

    @classmethod
    def open(
        cls,
        path: Path,
        clock: Callable[[], datetime] = system_clock,
        lock_timeout: float = LOCK_TIMEOUT,
    ) -> SQLiteStore:
        """Open a chronicle after `check_file`."""
        beside = head_beside(path)
        head, caution = head_and_caution(beside)  # before the log, which moves first
        check_file(path, min(lock_timeout, PATIENCE))
        store = cls(path, clock, lock_timeout)
        with suppress(OSError):  # what others are told of is to stay
            sync_file(store._side[0])
        try:
            if store._look(head) and caution:
                store.cautions.append(caution)
        except BaseException:
            store.close()
            raise
        return store

    def sealed(self) -> SQLiteSealed:
        """The seal of this log, to be checked."""
        return SQLiteSealed(self._reading, self._moment)

    @contextmanager
    def _moment(self) -> Iterator[sqlite3.Cursor]:
        """A cursor that sees the log as of one moment."""
        with self._reading() as cursor:
            cursor.execute("BEGIN")
            try:
                yield cursor
            finally:
                with suppress(sqlite3.Error):
                    cursor.connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        self._usable()
        self._writable()
        until = time.monotonic() + self._lock_timeout
        with (
            storage_errors(self.path),
            file_lock(self._lock_path, self._lock_timeout),
            self.datastore.get_connection(commit=True) as connection,
        ):
            raw = connection._sqlite_conn
            self._usable()
            self._begin(raw, until)
            cursors = raw.cursor(), raw.cursor()
            try:
                self._same_side_files()
                now = microseconds(self._clock())
                work = SQLiteWriting(*cursors, self._codes, now)
                yield cast(Writing, work)
                head = work.seal()
            except BaseException:
                self._codes = Codes()  # new codes went with the transaction
                with suppress(sqlite3.Error):
                    raw.rollback()
                if raw.in_transaction:
                    connection.close()
                raise
            finally:
                for cursor in cursors:
                    with suppress(sqlite3.ProgrammingError):
                        cursor.close()
            self._commit(raw)
            self.wrote = True
            self._same_file()
            self._same_side_files()
            if head is not None:
                self._tell_head(head)
            else:
                self._settle(raw)
            if work.emptied:
                self._purge_due, self._purged = True, False
            self._checkpoint(raw)

    def _settle(self, raw: sqlite3.Connection) -> None:
        """What was found is as sure as what was made: on the disk, with its head."""
        try:
            sync_file(self._side[0])
        except OSError as broken:
            # What is settled here may be of a commit whose answer was lost.
            raise OutcomeUnknown(
                f"{self.path} cannot be forced to the disk ({broken.strerror}); it may "
                "be recorded or not: run the same command again"
            ) from None
        found = raw.execute("SELECT head FROM seal").fetchone()
        if found is not None and not is_head(self._head_path, found[0]):
            self._tell_head(found[0])

    def _tell_head(self, text: str) -> None:
        """Put the head beside the log. What was committed stands, whether or not."""
        try:
            write_head(self._head_path, text)
        except OSError as broken:
            self.cautions.append(
                f"the head could not be written to {self._head_path} "
                f"({broken.strerror}): what is recorded is recorded, but a loss of it "
                "would go unseen until the next write"
            )

    def _writable(self) -> None:
        """Raises `StorageError` for a file that cannot be written to with safety.

        Raises `Damaged` after this store was found damaged: what is appended to such a
        file may be lost with it.
        """
        if self._distrusted:
            raise Damaged(
                f"{self.path}: damage was found ({self._distrusted}), and nothing is "
                "recorded in it any more: restore a backup, then open that"
            )
        if self._mode != "rw":
            raise StorageError(
                f"{self.path}, or its folder, is read-only; nothing was recorded"
            )
        one_name(self.path)

    def _begin(self, raw: sqlite3.Connection, until: float) -> None:
        """Take SQLite's own write lock, which only other programs hold against us."""
        left = max(until - time.monotonic(), 0.0)
        raw.execute(f"PRAGMA busy_timeout={int(left * 1000)}").close()
        try:
            raw.execute("BEGIN IMMEDIATE").close()
        finally:
            raw.execute(f"PRAGMA busy_timeout={self._busy_ms}").close()

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
        """What is written to a file that was unlinked is lost when it is closed.

        Nor may it have become shorter, as it does when it is cut or overwritten.
        """
        found = stat_of(self.path)
        if found is None or (found.st_dev, found.st_ino) != self._file:
            raise self._replaced(self.path)
        if found.st_size < self._size:
            raise StorageError(
                f"{self.path} became shorter while it was open ({found.st_size:,} of "
                f"{self._size:,} bytes): it was cut, or another file was copied over "
                "it; restore a backup"
            )
        self._size = found.st_size

    def _same_side_files(self) -> None:
        """Nor may the write-ahead log go: without it a crash loses what it holds."""
        found = [identity_of(path) for path in self._side]
        self._side_files = self._side_files or found
        if None in found or found != self._side_files:
            raise self._replaced(self._side[0])

    def _replaced(self, path: Path) -> StorageError:
        return StorageError(
            f"{path} was removed or replaced while it was open; what was recorded "
            "since may not be in the file of that name: open it again, and look"
        )

    def _checkpoint(self, raw: sqlite3.Connection, always: bool = False) -> bool:
        """Fold the write-ahead log in; called under the writer's lock only.

        A reader of older rows can be in the way: it is not waited for, or, with a
        payload that has to go, for a moment; then it is tried again after each write.
        Returns whether nothing is left in the log.
        """
        above = 0 if always or self._purge_due else CHECKPOINT_BYTES
        with suppress(OSError, sqlite3.Error):
            if self._side[0].stat().st_size <= above:
                return above == 0
            patience = PATIENCE_MS if self._purge_due else 0
            raw.execute(f"PRAGMA busy_timeout={patience}").close()
            done = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            raw.execute(f"PRAGMA busy_timeout={self._busy_ms}").close()
            if self._purge_due and done[0] == 0:
                self._purge_due, self._purged = False, True
            return bool(done[0] == 0)
        return False

    def waiting(self) -> AbstractContextManager[Wait]:
        return polling()

    def purge(self) -> bool:
        """Fold the write-ahead log in now; whether all emptied payloads left the disk.

        Where they did not, another program is reading: they leave with the next write,
        or when the last program closes the file. Raises `Busy` when another process is
        writing.
        """
        return self._purged or self._fold()

    def _fold(self) -> bool:
        patience = self._lock_timeout if self._purge_due else 0.0
        with (
            storage_errors(self.path),
            file_lock(self._lock_path, patience),
            self.datastore.get_connection(commit=True) as connection,
        ):
            return self._checkpoint(connection._sqlite_conn, always=True)

    def copy_to(self, path: Path) -> None:
        """A consistent copy of the log, as of now; *path* must not exist."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with self.snapshot() as snapshot:
            snapshot.copy_into(path)

    @contextmanager
    def snapshot(self) -> Iterator[SQLiteSnapshot]:
        """All of the chronicle as of now, while writers go on."""
        with self._moment() as cursor:
            yield SQLiteSnapshot(cursor)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Cursor]:
        self._usable()
        with (
            self._noticing(),
            self._unmoved(),
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

    @contextmanager
    def _unmoved(self) -> Iterator[None]:
        """Where SQLite takes the file for one that does not change: it did not.

        It is read without locks there, because this user may not make the files that
        locks need. What is read while another user writes may be wrong, or look
        damaged. Raises `Busy` instead.
        """
        if "immutable" not in self._mode:
            yield
            return
        try:
            yield
        finally:
            if state_of(self.path.resolve()) != self._still:
                raise Busy(
                    f"{self.path} was written to while it was read in a folder that is "
                    "read-only to this user, where what was read cannot be trusted: "
                    "run the command again, or ask for the right to write in the "
                    "folder, or ask a backup of the file"
                )

    def close(self) -> None:
        if self._closed or self._pid != os.getpid():
            return
        if self.wrote:
            with suppress(ChronicleError):
                self._fold()
        self._closed = True
        self.datastore.close()
