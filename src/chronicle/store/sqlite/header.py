"""What kind of file a name stands for, found out by SQLite and never by `open`.

On POSIX, `close` on any descriptor of a file drops all locks that the process holds on
it, those of SQLite's connections in other threads too (sqlite.org/howtocorrupt.html,
section 2.2); the next process to close its connection takes itself for the last one and
removes the write-ahead log. So no code here opens a file that may be a database: SQLite
keeps count of the locks that it holds on a file, and closes none under them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from stat import S_ISREG
from urllib.parse import quote

from chronicle.errors import StorageError, Untrusted

__all__ = ["application_of", "is_database", "uri"]


def uri(path: Path, mode: str) -> str:
    """The path as a URI for `sqlite3`, so that no name can carry options."""
    return f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"


def _mark(path: Path) -> int | None:
    """The application id in the header of the database at *path*; None of no database.

    Nothing of it is locked, recovered or run: of the first page only four bytes are
    used, which never change, so it does not matter that somebody may be writing.
    """
    connection = sqlite3.connect(uri(path.resolve(), "ro&immutable=1"), uri=True)
    with closing(connection):
        # A file that is growing, or was cut, has fewer pages than its header says:
        # this setting lets SQLite read the header all the same.
        connection.execute("PRAGMA writable_schema=ON").close()
        try:
            return int(connection.execute("PRAGMA application_id").fetchone()[0])
        except sqlite3.DatabaseError as broken:
            if broken.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                return None
            raise


def is_database(path: str | Path) -> bool:
    """Whether an SQLite database is at *path*; False of what cannot be read."""
    try:
        found = Path(path).stat()
        return (
            S_ISREG(found.st_mode)  # nothing reads a pipe
            and found.st_size > 0
            and _mark(Path(path)) is not None
        )
    except (OSError, ValueError, sqlite3.Error):  # ValueError: a NUL in the name
        return False


def application_of(path: Path) -> int:
    """The application id of the database at *path*.

    Raises `StorageError` (missing, unreadable) or `Untrusted` (not a database).
    """
    try:
        found = path.stat()
        if not S_ISREG(found.st_mode):  # a pipe would make us wait for ever
            raise Untrusted(f"{path} is not a file; nothing of it was run")
        mark = _mark(path) if found.st_size else None
    except FileNotFoundError:
        raise StorageError(
            f"no chronicle at {path}; `chronicle init {path}` makes one"
        ) from None
    except OSError as broken:
        raise StorageError(f"cannot read {path}: {broken.strerror}") from None
    except sqlite3.Error as broken:
        raise StorageError(f"cannot read {path}: {broken}") from None
    if mark is None:
        raise Untrusted(f"{path} is not a chronicle; nothing of it was run")
    return mark
