"""The little of a database cursor that our statements need; `?` marks a parameter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from chronicle.errors import Damaged

__all__ = ["Cursor", "Reading", "bytes_of"]


class Cursor(Protocol):
    """A cursor of `sqlite3`, or one that behaves like it."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement; the cursor itself."""
        ...

    def fetchone(self) -> Any:
        """The next row as a tuple; None at the end."""
        ...

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        ...


def bytes_of(value: object) -> bytes:
    """What a column of bytes holds; raises `Damaged` for what damage left there."""
    if type(value) is not bytes:
        raise Damaged("a column of bytes holds something else; restore a backup")
    return value


Reading = Callable[[], AbstractContextManager[Cursor]]
"""Lends a cursor for one short look, in a transaction or out of one."""
