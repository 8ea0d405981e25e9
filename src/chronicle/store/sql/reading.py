"""Rows out of a log in SQL, by position or by report id.

What the schema promises is checked again as it is read, because a file can be damaged
or made elsewhere: a row that vanished or stands twice would be a forged history.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chronicle.errors import Damaged
from chronicle.store.columnar import WIDTH
from chronicle.store.protocol import StoredRow
from chronicle.store.sql.cursor import Cursor, Reading

__all__ = [
    "BLOCK",
    "END",
    "clamp",
    "hot_in_order",
    "labels_in_order",
    "last_position",
    "position_at",
    "redactions",
    "rows_at",
    "rows_by_ids",
    "rows_in_order",
    "rows_with_columnar",
]

BLOCK = 4_096  # rows that are read at a time
SOME = 500  # values in one statement
END = (1 << 62) - 1  # after every position

_FIELDS = (
    "e.position, e.recorded_at, c.id, e.version, e.type, e.report, e.target, e.body"
)
_FROM = (
    "FROM events AS e LEFT JOIN codes AS c ON c.kind = 'stream' AND c.code = e.stream "
)
_ROW = f"SELECT {_FIELDS} {_FROM}"


def clamp(position: int | None) -> int:
    """A position that the database can hold; None is the end."""
    return END if position is None else min(max(position, 0), END)


def _checked(row: StoredRow) -> StoredRow:
    if row.stream is None:
        raise Damaged(f"position {row.position} is of no stream; restore a backup")
    return row


def last_position(cursor: Cursor) -> int:
    """The last position; 0 of an empty log."""
    found = cursor.execute("SELECT MAX(position) FROM events").fetchone()[0] or 0
    if not 0 <= found <= END:
        raise Damaged(f"{found} is no position; restore a backup")
    return int(found)


def position_at(cursor: Cursor, stamp: int, head: int) -> int:
    """The last position up to *head* that was recorded at *stamp* or before."""
    low, high = 0, head
    stamp = min(max(stamp, -END), END)
    while low < high:
        middle = (low + high + 1) // 2
        found = cursor.execute(
            "SELECT recorded_at FROM events WHERE position = ?", (middle,)
        ).fetchone()
        if found is None or type(found[0]) is not int:
            raise Damaged(f"position {middle} is missing, or has no time")
        low, high = (middle, high) if found[0] <= stamp else (low, middle - 1)
    return low


def rows_in_order(
    reading: Reading, after: int, upto: int | None, types: Sequence[str]
) -> Iterator[StoredRow]:
    """Rows after one position and up to another; a cursor is held for a block only.

    Raises `Damaged` at a gap, and where the rows end before the position that the store
    itself says is its last: SQLite does not notice a position that has become another.
    """
    before = clamp(after)
    with reading() as cursor:
        last = min(clamp(upto), last_position(cursor))
        if types and before < last:
            _count(cursor, before, last)
    while before < last:
        with reading() as cursor:
            rows = _block(cursor, before, last, types)
        for row in rows:
            if row.position <= before or (not types and row.position != before + 1):
                raise _gap(before, row.position)
            before = row.position
            yield row
        if len(rows) < BLOCK:
            if not types and before < last:
                raise _gap(before, last)
            return


def _count(cursor: Cursor, before: int, last: int) -> None:
    found = cursor.execute(
        "SELECT COUNT(*) FROM events WHERE position > ? AND position <= ?",
        (before, last),
    ).fetchone()[0]
    if found != last - before:
        raise _gap(before, last)


def _block(
    cursor: Cursor, before: int, last: int, types: Sequence[str]
) -> list[StoredRow]:
    wanted = f"AND e.type IN ({','.join('?' * len(types))}) " if types else ""
    cursor.execute(
        f"{_ROW} WHERE e.position > ? AND e.position <= ? {wanted}"
        "ORDER BY e.position LIMIT ?",
        (before, last, *types, BLOCK),
    )
    return [_checked(StoredRow._make(values)) for values in cursor.fetchall()]


def _gap(before: int, after: int) -> Damaged:
    return Damaged(
        f"events between positions {before} and {after} are missing or doubled; "
        "restore a backup"
    )


def hot_in_order(reading: Reading, after: int, upto: int | None) -> Iterator[bytes]:
    """Hot records in blocks, likewise; raises `Damaged` at a gap."""
    before = clamp(after)
    with reading() as cursor:
        last = min(clamp(upto), last_position(cursor))
    while before < last:
        with reading() as cursor:
            cursor.execute(
                "SELECT hot FROM events WHERE position > ? AND position <= ? "
                "ORDER BY position",
                (before, min(before + BLOCK, last)),
            )
            records = [record for (record,) in cursor.fetchall()]
        try:
            even = not set(map(len, records)) - {WIDTH}
            joined = b"".join(records)
        except TypeError:  # a number, a text or a NULL
            even, joined = False, b""
        if not even:
            raise Damaged(f"a hot record after position {before} has not {WIDTH} bytes")
        if len(records) != min(BLOCK, last - before):
            raise _gap(before, last)
        before += len(records)
        yield joined


def labels_in_order(
    reading: Reading, after: int, upto: int | None
) -> Iterator[tuple[str | None, int]]:
    """The report that each row tells, if any, and its stamp; raises `Damaged` at a gap.

    The payloads, which take most of the room, are not looked at.
    """
    before = clamp(after)
    with reading() as cursor:
        last = min(clamp(upto), last_position(cursor))
    while before < last:
        with reading() as cursor:
            cursor.execute(
                "SELECT report, recorded_at FROM events WHERE position > ? "
                "AND position <= ? ORDER BY position",
                (before, min(before + BLOCK, last)),
            )
            found = cursor.fetchall()
        if len(found) != min(BLOCK, last - before):
            raise _gap(before, last)
        for report, stamp in found:
            if not isinstance(report, str | None) or type(stamp) is not int:
                raise Damaged(
                    f"a row after position {before} has no time, or no id for a report"
                )
        before += len(found)
        yield from found


def rows_with_columnar(
    reading: Reading, after: int, upto: int | None
) -> Iterator[tuple[StoredRow, bytes]]:
    """Rows in order, each with its hot record as of the same moment.

    A redaction empties both at once. Raises `Damaged` at a gap.
    """
    before = clamp(after)
    with reading() as cursor:
        last = min(clamp(upto), last_position(cursor))
    while before < last:
        with reading() as cursor:
            cursor.execute(
                f"SELECT {_FIELDS}, e.hot {_FROM}WHERE e.position > ? "
                "AND e.position <= ? ORDER BY e.position",
                (before, min(before + BLOCK, last)),
            )
            found = cursor.fetchall()
        if len(found) != min(BLOCK, last - before):
            raise _gap(before, last)
        for *values, record in found:
            yield _checked(StoredRow._make(values)), record
        before += len(found)


def rows_by_ids(cursor: Cursor, column: str, ids: Sequence[str]) -> list[StoredRow]:
    """Rows whose *column* is one of *ids*, in order."""
    found: list[StoredRow] = []
    all_storable = _storable("".join(ids))  # nearly always, and told at once
    wanted = ids if all_storable else [id_ for id_ in ids if _storable(id_)]
    for start in range(0, len(wanted), SOME):
        some = wanted[start : start + SOME]
        marks = ",".join("?" * len(some))
        cursor.execute(_ROW + f"WHERE e.{column} IN ({marks})", some)
        found += map(_checked, map(StoredRow._make, cursor.fetchall()))
    return sorted(found, key=lambda row: row.position)


def rows_at(cursor: Cursor, positions: Sequence[int]) -> list[StoredRow]:
    """The rows at some positions, each once, in order; `Damaged` where one is gone."""
    found: list[StoredRow] = []
    wanted = sorted(set(positions))
    for start in range(0, len(wanted), SOME):
        some = wanted[start : start + SOME]
        marks = ",".join("?" * len(some))
        cursor.execute(f"{_ROW}WHERE e.position IN ({marks}) ORDER BY e.position", some)
        rows = cursor.fetchall()
        if [row[0] for row in rows] != some:
            raise _gap(some[0] - 1, some[-1] + 1)
        found += map(_checked, map(StoredRow._make, rows))
    return found


def redactions(cursor: Cursor, after: int) -> int:
    """How many redactions stand after a position.

    Few rows are looked at one by one; where there are many, remarks by their own index.
    """
    if last_position(cursor) - after <= BLOCK:
        where = "position > ?"
    else:  # a sum is sought in no order of positions
        where = "target IS NOT NULL AND position + 0 > ?"
    found = cursor.execute(
        f"SELECT COUNT(*) FROM events WHERE {where} AND type = 'report-redacted'",
        (clamp(after),),
    ).fetchone()[0]
    return int(found)


def _storable(id_: str) -> bool:
    """Whether a database can hold it: the shell hands us bytes that are no text."""
    try:
        id_.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in id_
