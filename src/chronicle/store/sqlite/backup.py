"""Backups of a chronicle in a file, each proven by opening and replaying it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

from chronicle.errors import Conflict, Damaged
from chronicle.store.audit import audit
from chronicle.store.sqlite.making import place
from chronicle.store.sqlite.snapshot import SQLiteSnapshot
from chronicle.store.sqlite.store import LOCK_TIMEOUT, SQLiteStore
from chronicle.store.verifying import verify

__all__ = ["Backup", "Progress", "backup", "proven", "restore"]

Progress = Callable[[str, int], None]  # told what is done, and how much of it


class Backup(NamedTuple):
    """A copy that was proven: opened, compared row by row, and replayed."""

    path: Path | str  # or the address of a server, without password
    identity: str
    position: int  # the last one in it
    digest: str  # SHA-256 of all its rows
    aside: Path | None = None  # where what was there before is now


def backup(store: SQLiteStore, path: Path, progress: Progress | None = None) -> Backup:
    """Copy *store* as of now to *path*, while writers go on.

    In a folder it is called after the file and its last position. Raises `Conflict`
    when something is there already; a copy that is not proven is not kept.
    """
    with store.snapshot() as snapshot:
        if path.is_dir():
            name = f"{store.path.stem}-{snapshot.head}{store.path.suffix}"
            path = path / name
        return _copied(snapshot, path, None, progress)


def restore(
    source: Path,
    path: Path,
    *,
    replace: bool = False,
    lock_timeout: float = LOCK_TIMEOUT,
    progress: Progress | None = None,
) -> Backup:
    """Copy the backup *source* to *path*, proven likewise.

    Raises `Conflict` when something is there already; with *replace* that is kept
    beside it under another name, and programs that have it open are told.
    """
    store = SQLiteStore.open(source)
    try:
        if path.exists() and path.samefile(source):
            raise Conflict(f"{path} is the backup itself; nothing was done")
        aside = _free_name(path) if replace and path.exists() else None
        with store.snapshot() as snapshot:
            return _copied(snapshot, path, aside, progress, lock_timeout)
    finally:
        store.close()


def _free_name(path: Path) -> Path:
    names = (path.with_name(f"{path.name}.replaced-{n}") for n in count(1))
    return next(name for name in names if not name.exists())


def _copied(
    snapshot: SQLiteSnapshot,
    path: Path,
    aside: Path | None,
    progress: Progress | None,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Backup:
    tell = progress or (lambda name, done: None)
    digest = snapshot.digest(lambda done: tell("reading", done))
    found: list[Backup] = []

    def fill(made: Path) -> None:
        snapshot.copy_into(made, lambda done, pages: tell("copying", done))
        identity = proven(made, snapshot.head, digest, tell)
        found.append(Backup(path, identity, snapshot.head, digest, aside))

    place(path, fill, lock_timeout, aside=aside)
    return found[0]


def proven(made: Path, head: int, digest: str, tell: Callable[[str, int], None]) -> str:
    """The identity of the copy; raises `Damaged` unless it is what was copied."""
    copy = SQLiteStore.open(made)
    try:
        with copy.snapshot() as snapshot:
            again = snapshot.digest(lambda done: tell("comparing", done))
        if (snapshot.head, again) != (head, digest):
            raise Damaged(
                f"the copy ends at position {snapshot.head} and is not what was copied "
                f"(position {head}): it was removed; look to the disk, and try again"
            )
        tell("replaying", 0)
        audit(copy)
        verify(copy.sealed(), progress=lambda done: tell("verifying", done))
        return copy.identity()
    finally:
        copy.close()
