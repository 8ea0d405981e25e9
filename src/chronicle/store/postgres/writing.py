"""One transaction on the log of a server: rows go in by COPY."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import psycopg

from chronicle.errors import StorageError
from chronicle.store.columnar import BLANK
from chronicle.store.postgres.connecting import QuestionCursor
from chronicle.store.postgres.schema import TYPES
from chronicle.store.sql.writing import Codes, Row, SQLWriting

__all__ = ["PostgresWriting", "copy_rows"]

BATCH = 8_192  # rows that are held at a time, and copied in one go


def copy_rows(
    connection: psycopg.Connection[Any],
    table: str,
    rows: Iterable[Row],
    columns: Sequence[str] = (),
) -> int:
    """Put *rows* into a table, a batch at a time; how many they were."""
    done, left = 0, iter(rows)
    named = f" ({', '.join(columns)})" if columns else ""
    while batch := list(islice(left, BATCH)):
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table}{named} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(TYPES[table])
            for row in batch:
                copy.write_row(row)
        done += len(batch)
    return done


class PostgresWriting(SQLWriting):
    """One transaction under the writers' lock."""

    def __init__(
        self, connection: psycopg.Connection[Any], codes: Codes, now: int
    ) -> None:
        self._connection = connection
        super().__init__(QuestionCursor(connection), codes, now)

    def _put(self, table: str, rows: Iterable[Row]) -> int:
        """By COPY: the library's pipelined INSERT can wait for ever on large batches.

        The rows of a batch are made before it is sent, as their making asks the server.
        """
        return copy_rows(self._connection, table, rows)

    def finish(self) -> None:
        if self._connection.info.transaction_status != _INTRANS:
            raise StorageError("the transaction has failed; nothing was recorded")
        super().finish()

    def redact_payload(self, report: str) -> None:
        self.emptied = True
        self._cursor.execute("SELECT redact_payload(?, ?)", (report, BLANK))


_INTRANS = psycopg.pq.TransactionStatus.INTRANS
