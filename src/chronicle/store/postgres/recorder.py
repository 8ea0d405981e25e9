"""The library's recorder on a chronicle of a server, for who builds on the library.

Insertion is that of the store: under the writers' lock, by COPY, versions checked. The
library's own INSERT is not used: it needs more rights than a writer has, lets positions
have gaps, and can wait for ever on large batches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    IntegrityError,
    Notification,
    OperationalError,
    StoredEvent,
)
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg import sql

from chronicle.errors import Busy, Conflict
from chronicle.store.postgres.connecting import ChronicleDatastore, QuestionCursor
from chronicle.store.protocol import Writing
from chronicle.store.stored_events import StoredEvents

__all__ = ["ChronicleRecorder"]

_END = 1 << 62
_ROW = (
    "SELECT e.position, c.id, e.version, e.type, e.body "
    "FROM events AS e JOIN codes AS c ON c.kind = 'stream' AND c.code = e.stream "
)


class ChronicleRecorder(PostgresApplicationRecorder):
    """The library's recorder on our tables; passes the library's own test cases.

    Raises as the recorder of a file does: `Untrusted` for a topic or a state that is
    none of ours, the library's `IntegrityError` for a version that does not follow on.
    """

    def __init__(
        self,
        datastore: ChronicleDatastore,
        writing: Callable[[], AbstractContextManager[Writing]],
        identity: Callable[[], str],
        channel: str,
    ) -> None:
        super().__init__(datastore, events_table_name="events")
        self._chronicle = datastore
        self._writing, self._identity = writing, identity
        self._stored_events = StoredEvents()
        self.channel_name = channel
        self.max_notification_id_statement = sql.SQL(
            "SELECT MAX(position) AS max FROM {}.events"
        ).format(sql.Identifier(datastore.schema))

    def create_table(self) -> None:
        """Nothing: a chronicle is made whole, or not at all, by `PostgresStore`."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **_: Any
    ) -> Sequence[int] | None:
        try:
            with self._writing() as work:
                return list(self._record(work, stored_events))
        except Conflict as taken:
            raise IntegrityError(taken) from taken
        except Busy as broken:
            raise OperationalError(broken) from broken

    def _record(self, work: Writing, stored: Sequence[StoredEvent]) -> range:
        return self._stored_events.record(work, stored, self._identity)

    def _rows(self, statement: str, *parameters: Any) -> list[Any]:
        with self._chronicle.lent() as connection:
            return QuestionCursor(connection).execute(statement, parameters).fetchall()

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = self._rows(
            f"{_ROW} WHERE c.id = ? AND e.version > ? AND e.version <= ? "
            f"ORDER BY e.version {'DESC' if desc else 'ASC'} LIMIT ?",
            str(originator_id),
            -1 if gt is None else gt,
            _END if lte is None else lte,
            _END if limit is None else limit,
        )
        return [
            StoredEvent(id_, version, type_, body)
            for _, id_, version, type_, body in rows
        ]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        first = 1 if start is None else start if inclusive_of_start else start + 1
        wanted = "AND e.type = ANY(?) " if topics else ""
        rows = self._rows(
            f"{_ROW} WHERE e.position >= ? AND e.position <= ? {wanted}"
            "ORDER BY e.position LIMIT ?",
            first,
            _END if stop is None else stop,
            *([list(topics)] if topics else []),
            limit,
        )
        return [
            Notification(id_, version, type_, body, position)
            for position, id_, version, type_, body in rows
        ]
