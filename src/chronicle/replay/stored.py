"""The replay engine on a stored log: what it reads, where it keeps its caches."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.errors import Damaged
from chronicle.replay.bounds import checked
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore

if TYPE_CHECKING:
    from chronicle.replay import Replay

__all__ = ["LogSource", "cache_folder", "digest_of", "drop_caches", "replay_of"]


class LogSource:
    """`replay.HotSource` on a log."""

    def __init__(self, log: EventLog) -> None:
        self._store = log.store
        self._id = log.store.identity()

    def head(self) -> int:
        return self._store.head()

    def identity(self, position: int) -> str:
        """Names the first *position* rows: by the log, the last of them, redactions.

        A copy that was restored and has gone on otherwise since has another last row,
        because each row carries its time; a redaction empties rows before it, and those
        among the first rows themselves are named by the last of them.
        """
        redacted = self._store.redactions(position)
        last = hashlib.sha256()
        for row in self._store.rows(position - 1, position):
            last.update(f"{row.stream}\0{row.version}\0{row.recorded_at}\0".encode())
            last.update(row.body)
        return f"{self._id}@{position}:{redacted}:{last.hexdigest()}"

    def scan(self, after: int, upto: int | None = None) -> Iterator[bytes]:
        return checked(self._store.columnar(after, upto), after, self._store.codes)


def cache_folder(log: EventLog) -> Path | None:
    """The folder of the caches, beside the file; None of a log in memory."""
    store = log.store
    if not isinstance(store, SQLiteStore):
        return None
    real = store.path.resolve()
    return real.with_name(real.name + ".cache")


def drop_caches(log: EventLog) -> None:
    """Remove the caches, which may hold what was just redacted.

    Raises `Damaged` when they cannot be removed.
    """
    folder = cache_folder(log)
    if folder is None or not folder.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise Damaged(f"cannot remove {folder}, which may hold what was redacted")


def digest_of(log: EventLog, position: int) -> str:
    """Names the first *position* events; another log, or a redaction, has another."""
    return hashlib.sha256(LogSource(log).identity(position).encode()).hexdigest()


def replay_of(log: EventLog, *, compiled: bool = False) -> Replay:
    """The engine on *log*; its index is taken from the caches, or made and kept."""
    from chronicle.replay import Replay

    return Replay.open(LogSource(log), cache_folder(log), compiled=compiled)
