"""Where a chronicle may lie: in a file, or on a server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.api.base import Clock
from chronicle.errors import (
    MissingExtra,
    UsageError,
)
from chronicle.store.address import is_server
from chronicle.store.memory import system_clock
from chronicle.store.protocol import Store
from chronicle.store.sqlite.store import LOCK_TIMEOUT, SQLiteStore

if TYPE_CHECKING:
    from chronicle.store.postgres.store import PostgresStore


__all__ = ["file_of", "its_own", "opened_store", "servers"]


def opened_store(
    path: str | Path,
    clock: Clock = system_clock,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Store:
    """The store in a file, or at a `postgresql://` address."""
    if is_server(told := os.fspath(path)):
        return servers().open(told, its_own(clock), lock_timeout)
    return SQLiteStore.open(file_of(path), clock, lock_timeout)


def file_of(path: str | Path) -> Path:
    """The path; raises `UsageError` for what names no file on this computer."""
    told = os.fspath(path)
    if "://" in told or not told or "\0" in told:
        raise UsageError(f"{told!r} is no path of a file, and a chronicle is a file")
    if not Path(path).name:
        raise UsageError(f"{told!r} is a folder, and a chronicle is a file")
    return Path(path)


def its_own(clock: Clock) -> Clock | None:
    """None, for the server's own clock, unless another was given."""
    return None if clock is system_clock else clock


def servers() -> type[PostgresStore]:
    """The store of servers; raises `MissingExtra` without psycopg."""
    try:
        from chronicle.store.postgres.store import PostgresStore
    except ImportError:
        raise MissingExtra(
            "a chronicle on a server needs psycopg", "postgres"
        ) from None
    return PostgresStore
