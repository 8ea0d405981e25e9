"""Following the log: a view that has each event once, whatever dies when.

A follower reads a batch after its position, and writes the view and the new position in
one transaction of the view's own file. A crash leaves both as they were, so the batch
is read again; two followers of one view cannot both move its position. The position is
the library's tracking row, which only ever rises: one row stands for a whole batch.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.sqlite import SQLiteTrackingRecorder

from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import Conflict, IntegrityFailure
from chronicle.store.log import EventLog
from chronicle.store.sqlite.errors import storage_errors
from chronicle.store.sqlite.header import uri
from chronicle.store.sqlite.recorder import ChronicleDatastore

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
            path.touch(mode=0o600)
            self._datastore = ChronicleDatastore(uri(path.resolve(), "rw"))
            self._recorder = SQLiteTrackingRecorder(self._datastore)
            self._recorder.create_table()
            with self._datastore.transaction(commit=True) as cursor:
                projection.create(cursor.sqlite_cursor)
                self._check_identity(cursor.sqlite_cursor)

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
        try:
            with (
                storage_errors(self.path),
                self._datastore.transaction(commit=True) as cursor,
            ):
                # First the position: it takes the write lock, and refuses when
                # another follower of this view has been here in the meantime.
                self._recorder._insert_tracking(cursor, tracking)
                self._projection.apply(cursor.sqlite_cursor, events, self._log)
        except (IntegrityError, Conflict):
            if self.position <= after:
                raise
            return len(events)  # another follower did it
        return len(events)

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
        while not stop.is_set():
            pause = SOONEST if self.step(batch) else min(2 * pause, LATEST)
            stop.wait(pause)

    def close(self) -> None:
        """Let go of the view's file; the log stays open."""
        self._datastore.close()
