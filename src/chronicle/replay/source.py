"""Where hot records come from: the one thing that replay asks of a log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from chronicle.domain.events import Event, Redacted, Report
from chronicle.store.columnar import BLANK, WIDTH, columnar

__all__ = ["ColumnarSource", "MemorySource", "hot_rows"]


class ColumnarSource(Protocol):
    """A log as rows of `chronicle.store.columnar`, row *n* being position *n* + 1."""

    def head(self) -> int:
        """The last position recorded; 0 for an empty log."""
        ...

    def identity(self, position: int) -> str:
        """A name for the first *position* rows: the same rows have the same name.

        It must change when a row is blanked by a redaction and when another log has
        taken the place of this one, because caches are found and trusted by it.
        """
        ...

    def scan(self, after: int, upto: int | None = None) -> Iterator[bytes]:
        """The rows in `(after, upto]` in log order, any number joined in one piece."""
        ...


class MemorySource:
    """Hot records in memory: for branches, made-up logs and tests."""

    def __init__(self, rows: bytes = b"", name: str = "memory") -> None:
        self._rows = bytearray(rows)
        self._name = name
        self._digests: dict[int, str] = {}

    def head(self) -> int:
        return len(self._rows) // WIDTH

    def identity(self, position: int) -> str:
        if position not in self._digests:
            held = memoryview(self._rows)[: position * WIDTH]
            self._digests[position] = hashlib.sha256(held).hexdigest()
            held.release()  # a view would keep rows from being added
        return f"{self._name}@{position}:{self._digests[position]}"

    def scan(self, after: int, upto: int | None = None) -> Iterator[bytes]:
        end = len(self._rows) if upto is None else upto * WIDTH
        step = 65_536 * WIDTH
        for start in range(after * WIDTH, end, step):
            yield bytes(self._rows[start : min(start + step, end)])

    def append(self, rows: bytes) -> None:
        """Add whole rows at the end."""
        held = self.head()
        self._digests = {p: d for p, d in self._digests.items() if p <= held}
        self._rows += rows

    def blank(self, position: int) -> None:
        """Take the payload of the report at *position* away, as a redaction does."""
        self._digests.clear()
        self._rows[(position - 1) * WIDTH : position * WIDTH] = BLANK


def hot_rows(
    events: Iterable[Event | Redacted],
) -> tuple[bytes, Callable[[str, str], int]]:
    """The rows of *events*, and the function that gives the codes used in them.

    Codes go by first mention, as the log gives them; a `Redacted` event has a blank
    row. Asking for the code of an id that was never mentioned makes a new one.
    """
    codes: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    positions: dict[str, int] = {}

    def code(kind: str, id_: str) -> int:
        if (kind, id_) not in codes:
            codes[kind, id_] = counts.get(kind, 0)
            counts[kind] = counts.get(kind, 0) + 1
        return codes[kind, id_]

    def row(position: int, event: Event | Redacted) -> bytes:
        if isinstance(event, Report | Redacted):
            positions[event.report_id] = position
        return BLANK if isinstance(event, Redacted) else columnar(event, code, where)

    def where(report: str) -> object:
        return positions[report]

    return b"".join(row(i, event) for i, event in enumerate(events, 1)), code
