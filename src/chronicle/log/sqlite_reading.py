"""Rows out of the SQLite log, by position or by report id.

What the schema promises is checked again as it is read, because a file can be damaged
or made elsewhere: a row that vanished or stands twice would be a forged history.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from chronicle.errors import Damaged
from chronicle.log.hot import WIDTH
from chronicle.log.store import Row

__all__ = [
    "BLOCK",
    "END",
    "clamp",
    "hot_in_order",
    "last_position",
    "rows_by_ids",
    "rows_in_order",
]

BLOCK = 4_096  # rows that are read at a time
END = (1 << 62) - 1  # after every position

_ROW = (
    "SELECT e.position, e.recorded_at, c.id, e.version, e.type, e.report, e.target, "
    "e.body FROM events AS e "
    "LEFT JOIN codes AS c ON c.kind = 'stream' AND c.code = e.stream "
)


def clamp(position: int | None) -> int:
    """A position that SQLite can hold; None is the end."""
    return END if position is None else min(max(position, 0), END)


def _checked(row: Row) -> Row:
    if row.stream is None:
        raise Damaged(f"position {row.position} is of no stream; restore a backup")
    return row


def last_position(cursor: sqlite3.Cursor) -> int:
    """The last position; 0 of an empty log."""
    found = cursor.execute("SELECT MAX(position) FROM events").fetchone()[0] or 0
    if not 0 <= found <= END:
        raise Damaged(f"{found} is no position; restore a backup")
    return int(found)


def rows_in_order(
    cursor: sqlite3.Cursor, after: int, upto: int | None, types: Sequence[str]
) -> Iterator[Row]:
    """Rows after one position and up to another.

    Raises `Damaged` at a gap, and where the rows end before the position that the file
    itself says is its last: SQLite does not notice a position that has become another.
    """
    before, last = clamp(after), min(clamp(upto), last_position(cursor))
    wanted = f"AND e.type IN ({','.join('?' * len(types))}) " if types else ""
    between = "position > ? AND position <= ? "
    if types and before < last:
        count = f"SELECT COUNT(*) FROM events WHERE {between}"
        if cursor.execute(count, (before, last)).fetchone()[0] != last - before:
            raise _gap(before, last)
    cursor.execute(
        f"{_ROW} WHERE e.{between} {wanted} ORDER BY e.position", (before, last, *types)
    )
    while block := cursor.fetchmany(BLOCK):
        for values in block:
            row = _checked(Row._make(values))
            if row.position <= before or (not types and row.position != before + 1):
                raise _gap(before, row.position)
            before = row.position
            yield row
    if not types and before < last:
        raise _gap(before, last)


def _gap(before: int, after: int) -> Damaged:
    return Damaged(
        f"events between positions {before} and {after} are missing or doubled; "
        "restore a backup"
    )


def hot_in_order(cursor: sqlite3.Cursor, after: int, last: int) -> Iterator[bytes]:
    """Hot records from one position to another; raises `Damaged` at a gap."""
    cursor.execute(
        "SELECT hot FROM events WHERE position > ? AND position <= ? ORDER BY position",
        (after, last),
    )
    while block := cursor.fetchmany(BLOCK):
        records = [record for (record,) in block]
        if any(type(record) is not bytes or len(record) != WIDTH for record in records):
            raise Damaged(f"a hot record after position {after} has not {WIDTH} bytes")
        after += len(records)
        yield b"".join(records)
    if after < last:
        raise _gap(after, last)


def rows_by_ids(cursor: sqlite3.Cursor, column: str, ids: Sequence[str]) -> list[Row]:
    """Rows whose *column* is one of *ids*, in order."""
    found: list[Row] = []
    wanted = [id_ for id_ in ids if _storable(id_)]
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        marks = ",".join("?" * len(some))
        cursor.execute(_ROW + f"WHERE e.{column} IN ({marks})", some)
        found += map(_checked, map(Row._make, cursor.fetchall()))
    return sorted(found, key=lambda row: row.position)


def _storable(id_: str) -> bool:
    """Whether SQLite can hold it: the shell hands us bytes that are no text."""
    try:
        id_.encode()
    except UnicodeEncodeError:
        return False
    return True
