"""Whether a file of a database is as long as the database is.

SQLite takes the missing end of a last page for zeros, which reads as no rows. A page
may still be in the write-ahead log only, in the middle of a checkpoint for example: the
log is looked through for the pages that the file has not.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

__all__ = ["missing_bytes"]

_HEADER = 32  # bytes of a write-ahead log's header
_FRAME = 24  # bytes before each page in it


def missing_bytes(connection: sqlite3.Connection, real: Path) -> int:
    """How many bytes at the end of the database are neither in the file nor in the log.

    *connection* is in a read transaction, so that the log it reads stays as it is.
    """
    size = int(connection.execute("PRAGMA page_size").fetchone()[0])
    pages = int(connection.execute("PRAGMA page_count").fetchone()[0])
    held = real.stat().st_size
    if held >= pages * size:
        return 0
    wanted = set(range(held // size + 1, pages + 1))
    wanted -= _logged(real.with_name(real.name + "-wal"), size, wanted)
    return min(pages * size - held, len(wanted) * size)


def _logged(log: Path, size: int, wanted: set[int]) -> set[int]:
    """Which of the pages *wanted* have a frame in the write-ahead log.

    A log is not a database file: no lock of SQLite's is on it, and it can be opened.
    """
    found: set[int] = set()
    try:
        with log.open("rb") as file:
            header = file.read(_HEADER)
            salts = header[16:24]
            end = os.fstat(file.fileno()).st_size
            for at in range(_HEADER, end - _FRAME, _FRAME + size):
                file.seek(at)
                frame = file.read(_FRAME)
                if frame[8:16] != salts:  # of an older use of the log
                    break
                found.add(int.from_bytes(frame[:4], "big"))
                if found >= wanted:
                    break
    except OSError:
        return set()
    return found
