"""A whole chronicle put into an empty schema of a server."""

from __future__ import annotations

import psycopg

from chronicle.errors import Damaged, OutcomeUnknown, StorageError
from chronicle.store.audit import audit
from chronicle.store.postgres.address import parse
from chronicle.store.postgres.connecting import QuestionCursor, check_server, connect
from chronicle.store.postgres.errors import postgres_errors
from chronicle.store.postgres.store import LOCK_TIMEOUT, PostgresStore, lock, make
from chronicle.store.postgres.writing import copy_rows
from chronicle.store.sql.snapshot import TABLES, Snapshot
from chronicle.store.sqlite.backup import Progress
from chronicle.store.verifying import verify

__all__ = ["fill_server"]


def fill_server(
    url: str, snapshot: Snapshot, digest: str, tell: Progress
) -> tuple[str, str]:
    """Make the chronicle at *url* out of *snapshot*, in one transaction.

    Returns its address as people see it, and its id. It is compared with *digest*
    before the transaction ends, and replayed afterwards.
    """
    address = parse(url)
    kept = next(snapshot.rows(TABLES[0]))
    with postgres_errors(address.shown):
        connection = connect(address)
        try:
            unsafe = check_server(connection, address.shown)
            if unsafe:
                raise StorageError(f"{address.shown}: {unsafe}; nothing was made")
            with connection.transaction():
                lock(connection, address, LOCK_TIMEOUT)
                make(connection, address, str(kept[1]), int(kept[2]))
                for table in TABLES[1:]:
                    rows = snapshot.told(table, lambda done: tell("copying", done))
                    copy_rows(connection, table.name, rows, table.columns)
                copy = Snapshot(QuestionCursor(connection))
                again = copy.digest(lambda done: tell("comparing", done))
                if (copy.head, again) != (snapshot.head, digest):
                    raise Damaged(
                        f"the copy in {address.shown} is not what was copied; it was "
                        "not kept: look to the server, and try again"
                    )
        except psycopg.OperationalError as lost:
            if connection.closed:
                raise OutcomeUnknown(
                    f"{address.shown}: the connection was lost ({lost}); the copy is "
                    "there whole, or not at all: look with `chronicle log`"
                ) from None
            raise
        finally:
            connection.close()
    tell("replaying", 0)
    store = PostgresStore.open(url)
    try:
        audit(store)
        verify(store.sealed(), progress=lambda done: tell("verifying", done))
    finally:
        store.close()
    return address.shown, str(kept[1])
