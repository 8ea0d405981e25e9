"""How a chronicle is made, opened, brought back and brought up to date."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.api.base import Clock
from chronicle.api.chronicle import Chronicle
from chronicle.api.stores import file_of, its_own, opened_store, servers
from chronicle.errors import (
    UsageError,
)
from chronicle.store.address import is_server
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore, system_clock
from chronicle.store.sqlite.store import LOCK_TIMEOUT, SQLiteStore

if TYPE_CHECKING:
    from chronicle.store.sqlite.backup import Backup
    from chronicle.store.sqlite.backup import Progress as BackupProgress


__all__ = ["create", "memory", "migrate", "open_chronicle", "restore"]


def create(path: str | Path, *, clock: Clock = system_clock) -> Chronicle:
    """A new chronicle in a file, or at a `postgresql://` address.

    Raises `Conflict` when something is there already. On a server its own clock stamps
    what is recorded, unless another *clock* is given.
    """
    if is_server(told := os.fspath(path)):
        return Chronicle(EventLog(servers().create(told, its_own(clock))), clock)
    return Chronicle(EventLog(SQLiteStore.create(file_of(path), clock)), clock)


def open_chronicle(
    path: str | Path,
    *,
    clock: Clock = system_clock,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Chronicle:
    """The chronicle in a file, or at a `postgresql://` address.

    Raises `StorageError` (missing), `Untrusted` (no chronicle, a foreign schema) or
    `Damaged`; nothing of a refused file is run. *lock_timeout* is in seconds.
    """
    return Chronicle(EventLog(opened_store(path, clock, lock_timeout)), clock)


def migrate(
    url: str, *, writers: Sequence[str] = (), readers: Sequence[str] = ()
) -> int:
    """Bring a chronicle on a server to the newest schema, and let roles in.

    For its owner. *writers* may add and read, *readers* read. Returns the version of
    the schema.
    """
    if not is_server(url):
        raise UsageError(f"{url!r} is a file, which is brought up to date by writing")
    return servers().migrate(url, writers=writers, readers=readers)


def restore(
    source: str | Path,
    path: str | Path,
    *,
    replace: bool = False,
    progress: BackupProgress | None = None,
) -> Backup:
    """The backup *source* as a chronicle in *path*, proven as `Chronicle.backup` does.

    Raises `Conflict` when something is at *path*; with *replace* that is moved aside,
    to `Backup.aside`, and what writes to it is refused from then on. *path* may be a
    `postgresql://` address, where nothing is replaced.
    """
    from chronicle.store.sqlite.backup import Backup
    from chronicle.store.sqlite.backup import restore as restored

    if is_server(told := os.fspath(path)):
        if replace:
            raise UsageError("on a server nothing is replaced: name another schema")
        with open_chronicle(source) as kept:
            made = kept.copy(told, progress=progress)
        return Backup(made.place, made.identity, made.position, made.digest)
    return restored(file_of(source), file_of(path), replace=replace, progress=progress)


def memory(*, clock: Clock = system_clock) -> Chronicle:
    """A chronicle in memory, gone when the program ends."""
    return Chronicle(EventLog(MemoryStore(clock)), clock)
