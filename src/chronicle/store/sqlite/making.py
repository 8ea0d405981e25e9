"""A new chronicle: it appears under its name only when it is whole."""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from chronicle.errors import Conflict, StorageError
from chronicle.store.headfile import HEAD, head_beside, set_aside, write_head
from chronicle.store.seal import Seal, origin_of
from chronicle.store.signing import sign
from chronicle.store.sqlite.header import uri
from chronicle.store.sqlite.lock import file_lock
from chronicle.store.sqlite.schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    STATEMENTS,
    set_pragmas,
)
from chronicle.store.whole_file import sync_folder

__all__ = ["SIDE_FILES", "empty_chronicle", "make", "place"]

SIDE_FILES = ("-wal", "-shm", "-journal")
_UNFINISHED = ".new"


def make(path: Path, identity: str, now: int, lock_timeout: float) -> None:
    """Make an empty chronicle at *path*, all or nothing; raises what `place` raises."""

    def fill(made: Path) -> None:
        empty_chronicle(made, identity, now)
        _seal(made, identity, now)

    place(path, fill, lock_timeout)


def place(
    path: Path,
    fill: Callable[[Path], None],
    lock_timeout: float,
    *,
    aside: Path | None = None,
) -> None:
    """Let *fill* write a chronicle into an empty file, and then call it *path*.

    What is at *path* is moved to *aside*, with its side files, where that is given.
    Raises `Conflict` when something is there already, `StorageError`, and `Busy` when
    another process has been writing under that name for *lock_timeout* seconds.
    """
    made: Path | None = None
    try:
        _check_free(path if aside is None else aside)
        made = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_UNFINISHED}")
        # Under the lock, since a rename would replace what another made.
        with file_lock(path.with_name(path.name + ".lock"), lock_timeout):
            _check_free(path if aside is None else aside)
            _sweep(path)
            os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            fill(made)
            head = _head_within(made)
            if aside is not None:
                _move(path, aside)
            made.rename(path)
            set_aside(head_beside(path))
            if head is not None:
                write_head(head_beside(path), head)
        sync_folder(path.parent)
    except OSError as broken:
        raise StorageError(f"cannot make {path}: {broken.strerror}") from None
    finally:
        if made is not None:
            for suffix in ("", *SIDE_FILES):
                with suppress(OSError):
                    made.with_name(made.name + suffix).unlink()


def _move(path: Path, aside: Path) -> None:
    """Call a chronicle *aside*, and then its write-ahead log, which is part of it.

    Cut short, it leaves nothing under the old name that opens without its log. The
    head goes last.
    """
    for suffix in ("", *SIDE_FILES, HEAD):
        one = path.with_name(path.name + suffix)
        if one.exists():
            one.rename(aside.with_name(aside.name + suffix))


def _sweep(path: Path) -> None:
    """Remove what a process left that was killed while it made *path*.

    Only the holder of the lock makes one, so that nobody is at work on these.
    """
    sides = "|".join(SIDE_FILES)
    left = re.compile(
        rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}{re.escape(_UNFINISHED)}({sides})?"
    )
    for other in path.parent.iterdir():
        if left.fullmatch(other.name) and not other.is_dir():
            with suppress(OSError):
                other.unlink()


def _check_free(path: Path) -> None:
    """Refuse a name that is taken, or beside which an old chronicle left its rest."""
    if path.exists() or path.is_symlink():
        raise Conflict(f"{path} exists; it was not touched: choose another name")
    if not path.parent.is_dir():
        raise StorageError(f"no folder {path.parent}; make it first")
    for suffix in SIDE_FILES:
        left = path.with_name(path.name + suffix)
        if left.exists():
            raise Conflict(
                f"{left} is left of another chronicle, and SQLite would mix it into "
                "this one; it was not touched: move it away, or choose another name"
            )


def _head_within(path: Path) -> str | None:
    """The head of a chronicle that nobody else has; None of one without a seal."""
    with closing(sqlite3.connect(uri(path, "rw"), uri=True)) as connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] == 1:
            return None
        found = connection.execute("SELECT head FROM seal").fetchone()
        return None if found is None else str(found[0])


def _seal(path: Path, identity: str, now: int) -> None:
    """Seal an empty chronicle that nobody else has."""
    seal = Seal.start(identity, now)
    head = sign(seal.body(origin_of(identity)))
    with closing(sqlite3.connect(uri(path, "rw"), uri=True)) as connection:
        set_pragmas(connection)
        with connection:
            connection.execute(
                "INSERT INTO seal VALUES (1, ?, ?)", (seal.to_bytes(), head)
            )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def empty_chronicle(path: Path, identity: str, now: int) -> None:
    """Write an empty chronicle, not sealed, into an empty file."""
    connection = sqlite3.connect(uri(path, "rw"), uri=True, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL").close()
        set_pragmas(connection)
        connection.execute("BEGIN IMMEDIATE").close()
        for statement in STATEMENTS:
            connection.execute(statement).close()
        connection.execute("INSERT INTO chronicle VALUES (1, ?, ?)", (identity, now))
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}").close()
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}").close()
        connection.execute("COMMIT").close()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    finally:
        connection.close()
