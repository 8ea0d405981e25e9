"""A look at the first bytes of a file that may be a database in use.

On POSIX `close()` drops every lock that the process holds on that file, whoever took
it (SQLite, "How To Corrupt An SQLite Database File", 2.2): another process then takes
itself for the last one and removes the write-ahead log under a connection of ours. So
a file that is a database is opened once, and never closed.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

__all__ = ["MAGIC", "first_bytes", "is_database"]

MAGIC = b"SQLite format 3\0"
_guard = threading.Lock()
_kept: dict[tuple[int, int], int] = {}  # (device, inode) -> a descriptor kept for life


def first_bytes(path: Path, count: int = 100) -> bytes:
    """Return the first *count* bytes of a regular file, or fewer if it is shorter.

    A descriptor of a database, or of an empty file that may become one, stays open for
    the life of the process, one for each inode. Raises `OSError` as `os.open` does.
    """
    with _guard:
        found = path.stat()
        kept = _kept.get((found.st_dev, found.st_ino))
        if kept is not None:
            return os.pread(kept, count, 0)
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        # Without O_NONBLOCK a pipe that came in between would be waited for.
        descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
        data = os.read(descriptor, count)
        if os.name != "posix" or (data and not data.startswith(MAGIC)):
            os.close(descriptor)
        else:
            found = os.fstat(descriptor)
            # Where the file was replaced meanwhile, two descriptors of one inode stay.
            _kept.setdefault((found.st_dev, found.st_ino), descriptor)
        return data


def is_database(path: Path) -> bool:
    """Whether an SQLite database is at *path*; False for what cannot be read."""
    try:
        return path.is_file() and first_bytes(path, len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False
