"""What a decision asks of a store: `decide.Register`, fetched a chunk at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from chronicle.domain.events import Event, Redacted, Reference, Remark, Report
from chronicle.domain.names import Gazetteer
from chronicle.domain.state import References
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import Untrusted
from chronicle.store.codec import decode
from chronicle.store.protocol import Reading, StoredRow, moment

__all__ = [
    "REFERENCE_TYPES",
    "SHELVES",
    "ReferenceCache",
    "StoreRegister",
    "recorded_of",
]

# TYPE -> the attribute of `References` that holds such events
SHELVES = {
    "settlement-registered": "settlements",
    "route-registered": "routes",
    "actor-registered": "actors",
    "source-registered": "sources",
}
REFERENCE_TYPES = tuple(SHELVES)


def recorded_of(row: StoredRow) -> RecordedEvent:
    """The event of a stored row; raises `Untrusted` naming the position."""
    try:
        if row.body == b"" and row.report and row.type != "report-redacted":
            source = row.stream.removeprefix("source:")
            event: Event | Redacted = Redacted(row.report, source)
        else:
            event = decode(row.type, row.body)
        return RecordedEvent(row.position, moment(row.recorded_at), event)
    except Untrusted as bad:
        raise Untrusted(f"position {row.position}: {bad}") from None
    except (AttributeError, TypeError, OverflowError):
        raise Untrusted(
            f"position {row.position} holds what was never written"
        ) from None


class ReferenceCache:
    """The reference data that was recorded up to a position."""

    def __init__(self) -> None:
        self.position = 0
        self.references = References()
        self.said: dict[tuple[str, str, str], Reference] = {}  # (data set, TYPE, key)

    def catch_up(self, log: Reading, head: int) -> None:
        """Read on to *head*, which is committed and will never be another."""
        if head > self.position:
            for row in log.rows(self.position, head, REFERENCE_TYPES):
                self.add(recorded_of(row).event)
            self.position = head

    def add(self, event: Event | Redacted) -> None:
        """Take in the next event, if it is reference data."""
        self.references.add(event)
        if isinstance(event, Reference):
            self.said[event.dataset, event.TYPE, event.key] = event

    def pass_over(self, first: int, last: int) -> None:
        """Know that no reference data stands between two positions, if it is next."""
        if self.position == first:
            self.position = last

    def copy(self) -> ReferenceCache:
        """Another one that can go its own way."""
        other = ReferenceCache()
        other.position = self.position
        for name in SHELVES.values():
            getattr(other.references, name).update(getattr(self.references, name))
        other.said = dict(self.said)
        return other


class StoreRegister:
    """`decide.Register` on a transaction; what a chunk asks for is fetched at once.

    *shelf* has caught up with the log, and serves other transactions too.
    """

    def __init__(self, store: Reading, shelf: ReferenceCache) -> None:
        self._store = store
        self._shelf = shelf
        self._shelf_is_own = False  # as it is when reference data was inserted
        self._told: dict[str, RecordedEvent | None] = {}
        self._about: dict[str, list[RecordedEvent]] = {}

    def prefetch(self, events: Sequence[Event]) -> None:
        """Forget the last chunk, and read what this one speaks of."""
        ids = {e.report_id for e in events if isinstance(e, Report) and e.report_id}
        ids |= {e.report for e in events if isinstance(e, Remark)}
        rows = self._store.reports(list(ids)) if ids else {}
        self._told = dict.fromkeys(ids)
        self._told |= {id_: recorded_of(row) for id_, row in rows.items()}
        self._about = {id_: [] for id_ in ids}
        ids = set(rows)
        while ids:  # remarks on remarks on … them, a query for each depth
            deeper: set[str] = set()
            for row in self._store.remarks_on(list(ids)):
                remark = recorded_of(row)
                self._about[row.target or ""].append(remark)
                if row.report and row.report not in self._about:
                    self._about[row.report] = []
                    self._told[row.report] = remark
                    deeper.add(row.report)
            ids = deeper

    def report(self, report: str) -> RecordedEvent | None:
        if report not in self._told:
            row = self._store.reports([report]).get(report)
            self._told[report] = recorded_of(row) if row else None
        return self._told[report]

    def remarks_on(self, report: str) -> Sequence[RecordedEvent]:
        if report not in self._about:
            self._about[report] = [
                recorded_of(r) for r in self._store.remarks_on([report])
            ]
        return self._about[report]

    def take(self, events: Sequence[Event]) -> None:
        """Know the reference data that was just inserted, and may be rolled back."""
        for event in events:
            if isinstance(event, Reference):
                if not self._shelf_is_own:
                    self._shelf, self._shelf_is_own = self._shelf.copy(), True
                self._shelf.add(event)

    @property
    def took_references(self) -> bool:
        """Whether reference data was inserted."""
        return self._shelf_is_own

    def said(self, dataset: str, kind: type[Reference], key: str) -> Reference | None:
        """What a data set itself last said, whoever has amended it since."""
        return self._shelf.said.get((dataset, kind.TYPE, key))

    def _all(self, kind: type[Reference]) -> Mapping[str, Reference]:
        references = self._shelf.references
        found: Mapping[str, Reference] = getattr(references, SHELVES[kind.TYPE])
        return found

    def registered(self, kind: type[Reference], key: str) -> Reference | None:
        return self._all(kind).get(key)

    def knows(self, kind: type[Reference], keys: Set[str]) -> bool:
        """Whether all of *keys* are registered."""
        return self._all(kind).keys() >= keys

    def like(self, kind: type[Reference], key: str) -> Sequence[str]:
        names = {
            id_: [str(getattr(r, "name", id_))] for id_, r in self._all(kind).items()
        }
        return Gazetteer(names).like(key)
