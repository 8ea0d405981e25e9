"""All that a chronicle in SQL holds, as of one moment: for backups, copies, checks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from chronicle.errors import Damaged
from chronicle.store.sql.cursor import Cursor
from chronicle.store.sql.reading import BLOCK, last_position
from chronicle.store.sql.writing import Row

__all__ = ["TABLES", "Progress", "Snapshot", "TableShape"]

Progress = Callable[[int], None]  # told how many events are done


class TableShape(NamedTuple):
    """A table with its columns, the first of which tell its rows apart, in order."""

    name: str
    columns: tuple[str, ...]
    before: tuple[int | str, ...]  # what stands before every key


TABLES = (
    TableShape("chronicle", ("one", "id", "created_at"), (0,)),
    TableShape("codes", ("seq", "kind", "code", "id"), (0,)),
    TableShape(
        "events",
        (
            *("position", "stream", "version", "type", "recorded_at"),
            *("report", "target", "dataset", "hot", "body"),
        ),
        (0,),
    ),
    TableShape("commands", ("key", "digest", "positions"), ("",)),
    TableShape("leaves", ("first", "hashes", "salts"), (0,)),
    TableShape("emptied", ("position", "payload"), (0,)),
    TableShape("subtrees", ("level", "number", "root"), (0, 0)),
    TableShape("seal", ("one", "state", "head"), (0,)),
)
SEAL = frozenset({"leaves", "emptied", "subtrees", "seal"})


class Snapshot:
    """A look at a whole chronicle through one transaction, which must not end.

    One that is not *sealed* has no tables for it.
    """

    def __init__(self, cursor: Cursor, sealed: bool = True) -> None:
        self._cursor, self._sealed = cursor, sealed
        self.head = last_position(cursor)

    def rows(self, table: TableShape) -> Iterator[Row]:
        """The rows of a table, in order of their keys."""
        if table.name in SEAL and not self._sealed:
            return
        before, columns = table.before, ", ".join(table.columns)
        key = ", ".join(table.columns[: len(before)])
        marks = ", ".join("?" * len(before))
        while True:
            found = self._cursor.execute(
                f"SELECT {columns} FROM {table.name} WHERE ({key}) > ({marks}) "
                f"ORDER BY {key} LIMIT ?",
                (*before, BLOCK),
            ).fetchall()
            yield from found
            if len(found) < BLOCK:
                return
            before = found[-1][: len(before)]

    def told(self, table: TableShape, progress: Progress | None) -> Iterator[Row]:
        """The same; *progress* hears of events."""
        for number, row in enumerate(self.rows(table), 1):
            yield row
            if progress is not None and table.name == "events" and not number % BLOCK:
                progress(number)

    def digest(self, progress: Progress | None = None, *, seal: bool = True) -> str:
        """SHA-256 of all rows: equal for equal chronicles, whichever database it is.

        Without the *seal*, whose salts are random, it is also equal for two that were
        written alike. Raises `Damaged` where positions are not 1, 2, 3 …
        """
        hashed = hashlib.sha256()
        for table in TABLES:
            if table.name in SEAL and not seal:
                continue
            for number, row in enumerate(self.told(table, progress), 1):
                if number == 1:
                    hashed.update(f"{table.name}\n".encode())
                if table.name == "events" and row[0] != number:
                    raise Damaged(f"position {number} is missing; restore a backup")
                hashed.update(msgspec.msgpack.encode(row))
        return hashed.hexdigest()
