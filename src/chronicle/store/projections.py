"""Following the log: a view that has each event once, whatever dies when.

A follower reads a batch after its position, and writes the view and the new position in
one transaction of the view's own file. A crash leaves both as they were, so the batch
is read again. Of two followers of one view, the one whose position is no longer the one
that it read after writes nothing and reads again. The position is the library's
tracking row, which only ever rises: one row stands for a whole batch.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Protocol

from eventsourcing.persistence import Tracking
from eventsourcing.sqlite import SQLiteCursor, SQLiteTrackingRecorder

from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import IntegrityFailure
from chronicle.store.log import EventLog
from chronicle.store.sqlite.errors import storage_errors
from chronicle.store.sqlite.header import uri
from chronicle.store.sqlite.recorder import ChronicleDatastore, immediate

__all__ = ["BATCH", "Follower", "Projection"]

BATCH = 1_000  # events a transaction
SOONEST, LATEST = 0.005, 0.25  # seconds between looks at the log: busy, quiet


class Projection(Protocol):
    """What a view is made of. Deeds of one batch stand or fall together."""

    @property
    def name(self) -> str:
        """The name under which the position is kept; changing it starts anew."""
        ...

    def create(self, view: sqlite3.Cursor) -> None:
        """Make the tables of the view, where they are not there."""
        ...

    def apply(
        self, view: sqlite3.Cursor, batch: Sequence[RecordedEvent], log: EventLog
    ) -> None:
        """Bring the view from before *batch* to after it.

        *log* may be asked about what the batch speaks of; it may be ahead of it.
        """
        ...


class Follower:
    """A projection, kept up to date in a SQLite file of its own."""

    def __init__(self, log: EventLog, path: Path, projection: Projection) -> None:
        self._log = log
        self._projection = projection
        self.path = path
        with storage_errors(path):
            _make(path)
            self._datastore = ChronicleDatastore(uri(path.resolve(), "rw"))
            self._recorder = SQLiteTrackingRecorder(self._datastore)
            with immediate(self._datastore) as cursor:
                self._create_tracking(cursor)
                projection.create(cursor.sqlite_cursor)
                self._check_identity(cursor.sqlite_cursor)

    def _create_tracking(self, cursor: SQLiteCursor) -> None:
        """The library's table, unless another follower has just made it."""
        cursor.execute("SELECT 1 FROM sqlite_schema WHERE name = 'tracking'")
        if cursor.fetchone() is None:
            self._recorder._create_table(cursor)

    def _check_identity(self, cursor: sqlite3.Cursor) -> None:
        """A view belongs to one log: positions of another mean something else."""
        cursor.execute("CREATE TABLE IF NOT EXISTS followed (log TEXT PRIMARY KEY)")
        identity = self._log.store.identity()
        found = [
            row[0] for row in cursor.execute("SELECT log FROM followed").fetchall()
        ]
        if found and found != [identity]:
            raise IntegrityFailure(
                f"{self.path} is a view of another log; remove it to build it anew"
            )
        cursor.execute("INSERT OR IGNORE INTO followed VALUES (?)", (identity,))

    @property
    def position(self) -> int:
        """The last position that the view has."""
        with storage_errors(self.path):
            return self._recorder.max_tracking_id(self._projection.name) or 0

    def step(self, batch: int = BATCH) -> int:
        """Take in one batch; how many events that were, 0 at the head of the log."""
        after = self.position
        events = list(islice(self._log.recorded(after), batch))
        if not events:
            return 0
        tracking = Tracking(self._projection.name, events[-1].position)
        with storage_errors(self.path), immediate(self._datastore) as cursor:
            # Compared under the write lock: another follower of this view may have been
            # here since, and would have told these events already, or some of them.
            if self._position(cursor) == after:
                self._recorder._insert_tracking(cursor, tracking)
                self._projection.apply(cursor.sqlite_cursor, events, self._log)
        return len(events)

    def _position(self, cursor: SQLiteCursor) -> int:
        statement = self._recorder.select_max_tracking_id_statement
        cursor.execute(statement, (self._projection.name,))
        row = cursor.fetchone()
        return (row and row[0]) or 0

    def catch_up(
        self, batch: int = BATCH, progress: Callable[[int], None] | None = None
    ) -> int:
        """Take in all that there is; the position reached."""
        while self.step(batch):
            if progress is not None:
                progress(self.position)
        return self.position

    def follow(self, stop: threading.Event, batch: int = BATCH) -> None:
        """Keep the view up to date until *stop* is set; looks less often when quiet."""
        pause = SOONEST
        with self._log.store.waiting() as wait:
            while not stop.is_set():
                if self.step(batch):
                    pause = SOONEST
                else:
                    pause = min(2 * pause, LATEST)
                    wait(stop, pause)

    def close(self) -> None:
        """Let go of the view's file; the log stays open."""
        self._datastore.close()


def _make(path: Path) -> None:
    """Make the file of a view where there is none; one that is there is not opened.

    To close it would drop the locks of another follower in this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
