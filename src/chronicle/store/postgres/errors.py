"""PostgreSQL's errors as ours, each with what is safe and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import psycopg.errors as pg
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from chronicle.errors import (
    Busy,
    ChronicleError,
    Conflict,
    Damaged,
    InputError,
    StorageError,
)

__all__ = ["postgres_errors", "told"]

LENGTH = 200  # characters of the server's own words


@contextmanager
def postgres_errors(name: str) -> Iterator[None]:
    """PostgreSQL's errors as ours; *name* is the chronicle, as people see it."""
    try:
        yield
    except psycopg.Error as broken:
        raise told(name, broken) from None
    except UnicodeEncodeError as unsaid:
        raise InputError(f"{name}: {unsaid}; nothing was recorded") from None


def told(name: str, broken: psycopg.Error) -> ChronicleError:
    """The error of ours for one of PostgreSQL's; the transaction was not committed."""
    words = _words(broken)
    for kinds, error, text in _OURS:
        if isinstance(broken, kinds):
            return error(f"{name}: {text.format(words=words)}")
    return StorageError(
        f"{name}: {words}; nothing was recorded: look to the server, then try again"
    )


def _words(broken: psycopg.Error) -> str:
    """What the server said, on one line; libpq's words name no password."""
    primary = broken.diag.message_primary or str(broken)
    return " ".join(primary.split())[:LENGTH] or type(broken).__name__


# The first kind that fits counts. Text is formatted with the server's own words.
_OURS: tuple[tuple[tuple[type[psycopg.Error], ...], type[ChronicleError], str], ...] = (
    (
        (psycopg.IntegrityError,),
        Conflict,
        "{words}; nothing was recorded: read again, decide again",
    ),
    (
        (pg.LockNotAvailable,),
        Busy,
        "another is writing; nothing was recorded: try again",
    ),
    (
        (pg.QueryCanceled, pg.DeadlockDetected, pg.SerializationFailure),
        Busy,
        "{words}; nothing was recorded: try again",
    ),
    (
        (pg.TooManyConnections, TooManyRequests),
        Busy,
        "{words}; nothing was recorded: close other programs, or raise the limit",
    ),
    (
        (pg.ReadOnlySqlTransaction,),
        StorageError,
        "the server, or this role, may only read; nothing was recorded",
    ),
    (
        (pg.InsufficientPrivilege,),
        StorageError,
        "this role may not do that ({words}); nothing was recorded: its owner grants "
        "it with `chronicle migrate URL --writer ROLE` (or --reader)",
    ),
    (
        (pg.UndefinedTable, pg.InvalidSchemaName, pg.UndefinedFunction),
        StorageError,
        "no chronicle there ({words}); `chronicle init` makes one",
    ),
    (
        (pg.DiskFull, pg.OutOfMemory, pg.ConfigurationLimitExceeded),
        StorageError,
        "the server is full ({words}); nothing was recorded: make room, try again",
    ),
    (
        (pg.DataCorrupted, pg.IndexCorrupted),
        Damaged,
        "the server found damage ({words}); nothing was recorded: restore a backup",
    ),
    (
        (psycopg.DataError,),
        InputError,
        "{words}; nothing was recorded",
    ),
    (
        (PoolClosed,),
        StorageError,
        "it was closed while it was in use: open it again",
    ),
    (
        (PoolTimeout,),
        StorageError,
        "the server does not answer; nothing was recorded: try again",
    ),
)
