"""The seal of a log in SQLite, as it is read."""

from __future__ import annotations

from chronicle.errors import Damaged
from chronicle.store.sealed import Snapshot
from chronicle.store.sql.sealed import SQLSealed

__all__ = ["SQLiteSealed"]


class SQLiteSealed(SQLSealed):
    """As `Sealed` has it; a file of schema 1 has no seal until it is written to."""

    def snapshot(self, *, whole: bool = True) -> Snapshot | None:
        with self._reading() as cursor:
            if cursor.execute("PRAGMA user_version").fetchone()[0] == 1:
                return None
        return super().snapshot(whole=whole)

    def check_structure(self) -> None:
        with self._reading() as cursor:
            found = cursor.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise Damaged(f"the file is damaged ({str(found)[:200]}); restore a backup")
