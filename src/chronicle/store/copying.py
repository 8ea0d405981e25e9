"""A chronicle moved to another place, with all that it holds as it is.

Positions, `recorded_at`, codes, keys and the id stay; the copy is compared with what it
was copied from, and replayed, before anybody sees it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from chronicle.store.address import is_server
from chronicle.store.sql.snapshot import TABLES, Snapshot
from chronicle.store.sqlite.backup import Progress, proven
from chronicle.store.sqlite.header import uri
from chronicle.store.sqlite.making import empty_chronicle, place
from chronicle.store.sqlite.store import LOCK_TIMEOUT

__all__ = ["Copy", "copied"]


class Copy(NamedTuple):
    """A copy that was proven."""

    place: str  # its path, or its address without password
    identity: str
    position: int  # the last one in it
    digest: str  # SHA-256 of all its rows


def copied(snapshot: Snapshot, place_: str, progress: Progress | None = None) -> Copy:
    """Copy to a path or a `postgresql://` address where there is nothing yet.

    Raises `Conflict` when something is there; a copy that is not proven is not kept.
    """
    tell = progress or (lambda name, done: None)
    digest = snapshot.digest(lambda done: tell("reading", done))
    if is_server(place_):
        from chronicle.store.postgres.filling import fill_server

        shown, identity = fill_server(place_, snapshot, digest, tell)
        return Copy(shown, identity, snapshot.head, digest)
    path, found = Path(place_), []

    def fill(made: Path) -> None:
        _fill_file(made, snapshot, tell)
        found.append(proven(made, snapshot.head, digest, tell))

    place(path, fill, LOCK_TIMEOUT)
    return Copy(str(path), found[0], snapshot.head, digest)


def _fill_file(path: Path, snapshot: Snapshot, tell: Progress) -> None:
    """Write all rows of *snapshot* into the empty file *path*, in one transaction."""
    kept = next(snapshot.rows(TABLES[0]))
    empty_chronicle(path, str(kept[1]), kept[2])
    with closing(
        sqlite3.connect(uri(path, "rw"), uri=True, isolation_level=None)
    ) as db:
        db.execute("PRAGMA synchronous=FULL").close()
        db.execute("BEGIN IMMEDIATE").close()
        for table in TABLES[1:]:
            marks = ",".join("?" * len(table.columns))
            names = ", ".join(table.columns)
            db.executemany(
                f"INSERT INTO {table.name} ({names}) VALUES ({marks})",
                snapshot.told(table, lambda done: tell("copying", done)),
            )
        db.execute("COMMIT").close()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
