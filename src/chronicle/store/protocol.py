"""What a store of the log must do; every store passes one contract suite.

A store keeps rows; it knows nothing of the domain but which report a row tells or
speaks of. Positions are dense, `recorded_at` never decreases, a transaction is whole or
not at all, and a row never changes, but that a redaction empties it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import repeat
from threading import Event
from typing import NamedTuple, Protocol

from chronicle.errors import ChronicleError, IntegrityFailure

__all__ = [
    "Draft",
    "DraftColumns",
    "Reading",
    "Store",
    "StoredRow",
    "Wait",
    "Writing",
    "microseconds",
    "moment",
    "polling",
]

Wait = Callable[[Event, float], None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@contextmanager
def polling() -> Iterator[Wait]:
    """`Store.waiting` where nobody tells of what is recorded."""

    def wait(stop: Event, seconds: float) -> None:
        stop.wait(seconds)

    yield wait


def microseconds(when: datetime) -> int:
    """Microseconds since 1970 of an aware time; a naive one raises `TypeError`."""
    return (when - _EPOCH) // _MICROSECOND


def moment(stamp: int) -> datetime:
    """The aware UTC time of a stamp in microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=stamp)


class Draft(NamedTuple):
    """An event that is about to be stored."""

    stream: str  # `source:<id>`, or `register` for reference data
    type: str
    body: bytes
    columnar: bytes
    report: str | None = None  # the id of the report that it tells
    target: str | None = None  # the id of the report that it speaks of
    dataset: str = ""


class DraftColumns(NamedTuple):
    """Drafts of reports of one type as columns; none speaks of another report."""

    streams: Sequence[str]
    type: str
    bodies: Sequence[bytes]
    columnars: Sequence[bytes]
    reports: Sequence[str]
    datasets: Sequence[str]

    def drafts(self) -> Iterator[Draft]:
        """The same, one by one."""
        return map(
            Draft,
            self.streams,
            repeat(self.type),
            self.bodies,
            self.columnars,
            self.reports,
            repeat(None),
            self.datasets,
        )


class StoredRow(NamedTuple):
    """A stored event; *body* is empty when it was redacted."""

    position: int
    recorded_at: int
    stream: str
    version: int
    type: str
    report: str | None
    target: str | None
    body: bytes


class Reading(Protocol):
    """What can be asked of a store, and of a transaction, which sees its own inserts.

    A position below 0 is as good as 0, one after the last as good as the last.
    """

    def rows(
        self, after: int = 0, upto: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[StoredRow]:
        """Rows after one position and up to another, in order."""
        ...

    def reports(self, reports: Sequence[str]) -> dict[str, StoredRow]:
        """The rows that tell these reports, by id."""
        ...

    def remarks_on(self, reports: Sequence[str]) -> list[StoredRow]:
        """The rows that speak of any of these reports, in order."""
        ...


class Writing(Reading, Protocol):
    """One transaction; everything in it is recorded together, or nothing."""

    head: int  # the last position before the next insert
    recorded_at: int  # stamp of all that is inserted

    def code(self, kind: str, id_: str) -> int:
        """The code of an id: the rank of its first mention among its kind."""
        ...

    def version(self, stream_id: str) -> int:
        """The last version in a stream; 0 of one that has no event."""
        ...

    def insert(self, drafts: Iterable[Draft]) -> range:
        """Store *drafts*; their positions."""
        ...

    def insert_columns(self, columns: DraftColumns) -> range:
        """Store what `insert` would store of `columns.drafts()`."""
        ...

    def redact_payload(self, report: str) -> None:
        """Remove the payload of a report and of what was said of it.

        Raises `Conflict` unless the row of the redaction has been inserted before.
        """
        ...

    def remember(self, key: str, digest: bytes, positions: Sequence[int]) -> None:
        """Keep the outcome of a command under its idempotency key."""
        ...

    def outcome_of(self, key: str) -> tuple[bytes, list[int]] | None:
        """The digest and positions that were kept under *key*."""
        ...


class Store(Reading, Protocol):
    """Where rows are kept."""

    wrote: bool  # whether anything was recorded through this object
    finding: IntegrityFailure | None  # by the look on opening: it can only be read
    cautions: list[str]  # what could not be looked at on opening, and why

    def distrust(self, found: ChronicleError) -> None:
        """Record nothing any more: what was read is not as it was written."""
        ...

    def purge(self) -> bool:
        """Whether all emptied payloads have left the disk, after trying once more."""
        ...

    def writing(self) -> AbstractContextManager[Writing]:
        """A transaction under the writer's lock; raises `Busy` when it is not had.

        Other readers see it when it is over. When it has emptied a report, the payload
        has left the disk by then, or leaves it when the last reader of it is done.
        """
        ...

    def head(self) -> int:
        """The last position; 0 of an empty log."""
        ...

    def columnar(self, after: int = 0, upto: int | None = None) -> Iterator[bytes]:
        """The hot records after one position, joined in blocks, in order."""
        ...

    def rows_with_columnar(
        self, after: int = 0, upto: int | None = None
    ) -> Iterator[tuple[StoredRow, bytes]]:
        """Rows in order, each with its hot record as of the same moment."""
        ...

    def rows_at(self, positions: Sequence[int]) -> list[StoredRow]:
        """The rows at some positions, each once, in order.

        Raises `Damaged` for a position at which there is none.
        """
        ...

    def labels(
        self, after: int = 0, upto: int | None = None
    ) -> Iterator[tuple[str | None, int]]:
        """The report that each row tells, if any, and its stamp, in order."""
        ...

    def codes(self, kind: str) -> list[str]:
        """The ids of a kind; the index of each is its code."""
        ...

    def position_at(self, stamp: int) -> int:
        """The last position recorded at that time or before; 0 for none."""
        ...

    def identity(self) -> str:
        """The id of this log, given once when it was made."""
        ...

    def redactions(self, after: int = 0) -> int:
        """How many redactions stand after a position; each empties earlier rows."""
        ...

    def waiting(self) -> AbstractContextManager[Wait]:
        """Lends a way to wait for what others record: `(stop, seconds)`.

        It returns when something may have been recorded, at the latest soon after the
        event *stop* is set; where nobody tells of it, after *seconds*.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections; a second time does nothing."""
        ...
