"""The end of a transaction on a server, and what is known when it ends badly."""

from __future__ import annotations

from typing import Any

import psycopg

from chronicle.errors import Conflict, OutcomeUnknown
from chronicle.store.postgres.errors import told

__all__ = ["commit"]


def commit(connection: psycopg.Connection[Any], name: str, channel: str) -> None:
    """Commit, and wake the followers.

    Raises `OutcomeUnknown` where the server did not say how it ended: it may have
    committed and died before its answer. An answer that it could not is an error as
    any other, and a transaction that had failed before raises `Conflict`.
    """
    connection.execute(f'NOTIFY "{channel}"')
    try:
        with connection.cursor() as cursor:
            cursor.execute("COMMIT")
            ended = cursor.statusmessage
    except psycopg.Error as broken:
        if broken.diag.severity_nonlocalized == "ERROR":
            raise told(name, broken) from None
        raise OutcomeUnknown(
            f"{name}: the connection was lost while committing; it may be recorded or "
            "not: run the same command again, under the same key"
        ) from None
    if ended != "COMMIT":  # what the server says of a transaction that had failed
        raise Conflict(f"{name}: the transaction had failed; nothing was recorded")
