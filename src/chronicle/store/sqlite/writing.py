"""One transaction on the SQLite log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from chronicle.store.columnar import BLANK
from chronicle.store.sql.writing import Codes, Row, SQLWriting
from chronicle.store.sqlite.schema import upgrade

__all__ = ["Codes", "SQLiteWriting"]

_INSERT = {
    "events": "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?)",
    "codes": "INSERT INTO codes VALUES (?,?,?,?)",
    "leaves": "INSERT INTO leaves VALUES (?,?,?)",
    "emptied": "INSERT INTO emptied VALUES (?,?)",
    "subtrees": "INSERT INTO subtrees VALUES (?,?,?)",
}


class SQLiteWriting(SQLWriting):
    """One transaction under the writer's lock."""

    def __init__(
        self,
        inserting: sqlite3.Cursor,
        asking: sqlite3.Cursor,  # between two rows that are inserted
        codes: Codes,
        now: int,
    ) -> None:
        self._inserting, self._asking = inserting, asking
        asking.row_factory = None
        upgrade(asking)
        super().__init__(asking, codes, now)

    def _put(self, table: str, rows: Iterable[Row]) -> int:
        if table == "codes":  # may be stored amid the rows that have them
            self._asking.executemany(_INSERT[table], rows)
            return max(self._asking.rowcount, 0)
        self._inserting.executemany(_INSERT[table], rows)
        return max(self._inserting.rowcount, 0)

    def redact_payload(self, report: str) -> None:
        self.emptied = True
        kept = self._seal.emptying(report)
        self._asking.execute(
            "UPDATE events SET hot = ?, body = x'' "
            "WHERE (report = ?2 OR target = ?2) AND type <> 'report-redacted'",
            (BLANK, report),
        )
        self._seal.emptied(kept)
