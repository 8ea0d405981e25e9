"""What is asked of a log in SQL, whichever database keeps it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from chronicle.errors import ChronicleError, Damaged, IntegrityFailure
from chronicle.store.checkpoint import Head
from chronicle.store.protocol import StoredRow
from chronicle.store.sealed import Sealed
from chronicle.store.sql.cursor import Cursor
from chronicle.store.sql.reading import (
    hot_in_order,
    labels_in_order,
    last_position,
    position_at,
    redactions,
    rows_at,
    rows_by_ids,
    rows_in_order,
    rows_with_columnar,
)
from chronicle.store.sql.sealed import SQLSealed
from chronicle.store.sql.snapshot import Snapshot
from chronicle.store.verifying import check_end, check_head

__all__ = ["SQLStore"]


class SQLStore(ABC):
    """The reading half of a store; a subclass lends cursors and writes."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name  # as messages have it
        self.title = title  # as a headline has it
        self.wrote = False  # whether anything was recorded through this object
        self.finding: IntegrityFailure | None = None  # by the look on opening
        self.cautions: list[str] = []  # what could not be looked at, and why
        self._distrusted = ""  # what was found damaged

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Cursor]:
        """A cursor that gives tuples, for one short look."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """All of the chronicle as of now, while writers go on."""

    @abstractmethod
    def _moment(self) -> AbstractContextManager[Cursor]:
        """A cursor that sees the log as of one moment, until it is given back."""

    def sealed(self) -> Sealed:
        """The seal of this log, to be checked."""
        return SQLSealed(self._reading, self._moment)

    def _look(self, head: Head | None) -> bool:
        """Hold the end of the log against its seal, and that against *head*.

        What is found is kept in `finding`; the log can then be read and no more.
        Returns whether there is a seal.
        """
        snapshot = None
        try:
            sealed = self.sealed()
            snapshot = sealed.snapshot(whole=False)
            if snapshot is not None:
                check_end(sealed, snapshot)
            if head is not None:
                check_head(sealed, snapshot, head)
        except IntegrityFailure as found:
            self.finding = found
            self.distrust(found)
        return snapshot is not None

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except IntegrityFailure as found:
            self.distrust(found)
            raise

    def distrust(self, found: ChronicleError) -> None:
        """Record nothing any more: the file was found damaged, or not as written."""
        self._distrusted = self._distrusted or str(found)[:200]

    def head(self) -> int:
        with self._reading() as cursor:
            return last_position(cursor)

    def rows(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[StoredRow]:
        with self._noticing():
            yield from rows_in_order(self._reading, after, upto, types)

    def reports(self, reports: Sequence[str]) -> dict[str, StoredRow]:
        with self._reading() as cursor:
            found = rows_by_ids(cursor, "report", reports)
        return {row.report or "": row for row in found}

    def remarks_on(self, reports: Sequence[str]) -> list[StoredRow]:
        with self._reading() as cursor:
            return rows_by_ids(cursor, "target", reports)

    def columnar(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        with self._noticing():
            yield from hot_in_order(self._reading, after, upto)

    def labels(
        self, after: int = 0, upto: int | None = None
    ) -> Iterator[tuple[str | None, int]]:
        with self._noticing():
            yield from labels_in_order(self._reading, after, upto)

    def rows_with_columnar(
        self, after: int = 0, upto: int | None = None
    ) -> Iterator[tuple[StoredRow, bytes]]:
        with self._noticing():
            yield from rows_with_columnar(self._reading, after, upto)

    def rows_at(self, positions: Sequence[int]) -> list[StoredRow]:
        with self._reading() as cursor:
            return rows_at(cursor, positions)

    def codes(self, kind: str) -> list[str]:
        with self._reading() as cursor:
            rows = cursor.execute(
                "SELECT id FROM codes WHERE kind = ? ORDER BY code", (kind,)
            ).fetchall()
        if not all(type(id_) is str for (id_,) in rows):
            raise Damaged(f"{self.name} has lost an id of a {kind}; restore a backup")
        return [id_ for (id_,) in rows]

    def position_at(self, stamp: int) -> int:
        """By bisection: `recorded_at` never decreases, so it needs no index."""
        head = self.head()
        with self._reading() as cursor:
            return position_at(cursor, stamp, head)

    def identity(self) -> str:
        with self._reading() as cursor:
            found = cursor.execute("SELECT id FROM chronicle").fetchone()
        if found is None:
            raise Damaged(f"{self.name} has lost its id; restore a backup")
        return str(found[0])

    def redactions(self, after: int = 0) -> int:
        with self._reading() as cursor:
            return redactions(cursor, after)
