"""SQLite's errors as ours, each with what is safe and what to do."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventsourcing.persistence import (
    ConnectionPoolClosedError,
    InterfaceError,
    OperationalError,
)

from chronicle.errors import Busy, ChronicleError, Conflict, Damaged, StorageError

__all__ = ["operational", "storage_errors"]

ROOM = 32_768  # bytes of a `-shm` file


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
        raise operational(path, broken) from None
    except (sqlite3.ProgrammingError, ConnectionPoolClosedError) as broken:
        raise StorageError(
            f"{path} was closed while it was in use ({broken})"
        ) from None
    except (sqlite3.DatabaseError, sqlite3.InterfaceError) as broken:
        raise Damaged(
            f"{path} is damaged ({broken}); nothing was recorded: restore a backup"
        ) from None
    except InterfaceError as broken:
        raise StorageError(f"cannot open {path}: {broken}") from None


def operational(path: object, broken: Exception) -> ChronicleError:
    """What SQLite could not do with the file at *path*, and why."""
    message = str(broken)
    if "locked" in message or "busy" in message:
        return Busy(f"{path} is locked by another program; nothing was recorded")
    if "full" in message:
        return StorageError(f"the disk of {path} is full; nothing was recorded")
    if _is_full(path):  # SQLite calls it a "disk I/O error"
        return StorageError(
            f"the disk of {path} is full, and even to read it needs room for a file "
            "beside it; nothing was recorded: free some space"
        )
    if "readonly" in message:
        return StorageError(f"{path} is read-only; nothing was recorded")
    if any(word in message for word in ("malformed", "no such", "decode")):
        return Damaged(f"{path} is damaged ({message}); restore a backup")
    return StorageError(f"{path}: {message}; nothing was recorded")


def _is_full(path: object) -> bool:
    """Whether less room is left than SQLite's index of a write-ahead log needs."""
    try:
        found = os.statvfs(Path(str(path)).absolute().parent)
    except (AttributeError, OSError, ValueError):  # Windows has no statvfs
        return False
    return found.f_bavail * found.f_frsize < ROOM
