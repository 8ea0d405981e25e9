"""Connections to the server: the library's pool, with what it leaves to the server set.

A connection has `search_path` on our schema alone, commits that wait for the disk, and
an end where a laptop was closed in the middle of a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg import sql
from psycopg.rows import tuple_row

from chronicle.errors import StorageError
from chronicle.store.postgres.address import Address

__all__ = ["ChronicleDatastore", "QuestionCursor", "check_server", "connect"]

OLDEST = 14  # the major version of the server
PATIENCE = 10  # seconds to connect
SILENCE = 600  # seconds after which an idle transaction is ended, and its lock free
SLOWEST = 600  # seconds that the server may work on one question; writers are not timed
CONNECTIONS = 16  # at most, of one open chronicle: one a thread that reads or writes


class QuestionCursor:
    """A cursor that takes `?` for a parameter, as the shared statements have it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._cursor = connection.cursor(binary=True, row_factory=tuple_row)

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> QuestionCursor:
        self._cursor.execute(
            statement.replace("?", "%s"),
            parameters or None,
        )
        return self

    def fetchone(self) -> Any:
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    def close(self) -> None:
        self._cursor.close()


def _set_up(connection: psycopg.Connection[Any], schema: str) -> None:
    """Autocommit, and the settings of a session; one exchange with the server."""
    connection.autocommit = True
    connection.execute(
        sql.SQL(
            "SET search_path = {schema}, pg_temp; SET client_min_messages = error; "
            "SET idle_in_transaction_session_timeout = {silence}; "
            "SET tcp_keepalives_idle = 30; "
            "SELECT set_config('synchronous_commit', 'on', false) "
            "WHERE current_setting('synchronous_commit') = 'off'; "
            "SELECT set_config('statement_timeout', {slowest}, false) "
            "WHERE current_setting('statement_timeout') = '0'"
        ).format(
            schema=sql.Identifier(schema),
            silence=SILENCE * 1000,
            slowest=str(int(SLOWEST * 1000)),
        )
    )


def connect(address: Address) -> psycopg.Connection[Any]:
    """One connection, whose failure is told at once and with its reason.

    Raises `StorageError`; libpq's words name host and user, and no password.
    """
    try:
        connection = psycopg.connect(
            **_parameters(address), row_factory=tuple_row, autocommit=True
        )
    except psycopg.Error as broken:
        words = " ".join(str(broken).split())[:300]
        raise StorageError(
            f"cannot reach {address.shown}: {words}; nothing was recorded"
        ) from None
    _set_up(connection, address.schema)
    return connection


def _parameters(address: Address) -> dict[str, Any]:
    return {
        "connect_timeout": str(PATIENCE),
        "application_name": "chronicle",
        "client_encoding": "utf8",
        **address.parameters,
    }


def check_server(connection: psycopg.Connection[Any], name: str) -> str:
    """Why nothing may be recorded on this server; empty where it keeps its word.

    Raises `StorageError` for a server that is too old, or whose text is not Unicode.
    """
    version = connection.info.server_version // 10_000
    if version < OLDEST:
        raise StorageError(
            f"{name}: the server is PostgreSQL {version}, and {OLDEST} is the oldest "
            "that this program works with"
        )
    rows = connection.execute(
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', "
        "'full_page_writes', 'synchronous_commit', 'server_encoding')"
    ).fetchall()
    settings: dict[str, str] = dict(rows)
    if settings["server_encoding"] != "UTF8":
        raise StorageError(
            f"{name}: the database holds {settings['server_encoding']}, and names come "
            "in every script: make it with ENCODING 'UTF8'"
        )
    off = [
        setting
        for setting in ("fsync", "full_page_writes", "synchronous_commit")
        if settings[setting] == "off"
    ]
    if off:
        return f"{' and '.join(off)} of the server is off: a power cut may lose reports"
    return ""


class ChronicleDatastore(PostgresDatastore):
    """The library's datastore on the address of a chronicle."""

    def __init__(self, address: Address) -> None:
        self._schema = address.schema
        super().__init__(
            dbname="",
            host="",
            port="",
            user="",
            password="",
            connect_timeout=PATIENCE,
            pool_size=1,
            max_overflow=CONNECTIONS - 1,
            pre_ping=True,  # a server may have been started anew
            schema=address.schema,
            originator_id_type="text",
        )
        given: dict[str, Any] = {
            "row_factory": self.pool.kwargs["row_factory"],  # type: ignore[index]
            **_parameters(address),
        }
        self.pool.kwargs = given

    def after_connect_func(self) -> Callable[[psycopg.Connection[Any]], None]:
        schema = self._schema  # no reference to self: the pool outlives no store
        return lambda connection: _set_up(connection, schema)

    @contextmanager
    def lent(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection of the pool; psycopg's errors as they are."""
        self.pool.open()
        with self.pool.connection() as connection:
            yield connection
