"""The replay engine on a stored log: what it reads, where it keeps its caches."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.errors import Damaged
from chronicle.replay.bounds import checked
from chronicle.store.columnar import WIDTH
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore

if TYPE_CHECKING:
    from chronicle.replay import Replay

__all__ = [
    "LogSource",
    "Telling",
    "cache_folder",
    "digest_of",
    "drop_caches",
    "replay_of",
]


MANY = 100_000  # events whose reading takes a while
Telling = Callable[[], AbstractContextManager[Callable[[str, int], None]]]
"""Opens a line of progress, which is told what is done and how much of it."""


class LogSource:
    """`replay.ColumnarSource` on a log; *telling* is asked when much is to be read."""

    def __init__(self, log: EventLog, telling: Telling | None = None) -> None:
        self._store = log.store
        self._id = log.store.identity()
        self._telling = telling

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
        pieces = checked(self._store.columnar(after, upto), after, self._store.codes)
        rows = (self._store.head() if upto is None else upto) - after
        if self._telling is None or rows < MANY:
            return pieces
        return _told(pieces, self._telling)


def _told(pieces: Iterator[bytes], telling: Telling) -> Iterator[bytes]:
    done = 0
    with telling() as told:
        for piece in pieces:
            done += len(piece) // WIDTH
            told("reading the record for its index", done)
            yield piece


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
