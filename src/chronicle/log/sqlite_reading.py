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

__all__ = ["BLOCK", "END", "clamp", "hot_in_order", "rows_by_ids", "rows_in_order"]

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


def rows_in_order(
    cursor: sqlite3.Cursor, after: int, upto: int | None, types: Sequence[str]
) -> Iterator[Row]:
    """Rows after one position and up to another; raises `Damaged` at a gap."""
    wanted = f"AND e.type IN ({','.join('?' * len(types))}) " if types else ""
    last = clamp(after)
    cursor.execute(
        _ROW + f"WHERE e.position > ? AND e.position <= ? {wanted}ORDER BY e.position",
        (last, clamp(upto), *types),
    )
    while block := cursor.fetchmany(BLOCK):
        for values in block:
            row = _checked(Row._make(values))
            if row.position <= last or (not types and row.position != last + 1):
                raise Damaged(
                    f"position {row.position} stands after {last}; restore a backup"
                )
            last = row.position
            yield row


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
        raise Damaged(f"positions are missing before {last}; restore a backup")


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
