"""A chronicle in a file as of one moment, and its copy by SQLite's backup API."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from chronicle.store.sql.snapshot import Snapshot
from chronicle.store.sqlite.header import uri

__all__ = ["SQLiteSnapshot"]

PAGES = 256  # that are copied between two words about the progress


class SQLiteSnapshot(Snapshot):
    """A look through a transaction on a connection to the file."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        version = cursor.execute("PRAGMA user_version").fetchone()[0]
        super().__init__(cursor, version > 1)  # the first look fixes the moment
        self._connection = cursor.connection

    def copy_into(
        self, path: Path, progress: Callable[[int, int], None] | None = None
    ) -> None:
        """Copy page by page over the empty file *path*, down to the disk.

        Never a copy of the file: what is in its write-ahead log would be left out.
        *progress* is told how many pages are done, of how many.
        """

        def told(_: int, left: int, pages: int) -> None:
            if progress is not None:
                progress(pages - left, pages)

        with closing(sqlite3.connect(uri(path, "rw"), uri=True)) as copy:
            copy.execute("PRAGMA synchronous=FULL").close()
            self._connection.backup(copy, pages=PAGES, progress=told)
        with path.open("rb+") as written:
            os.fsync(written.fileno())
