"""What a decision asks of a store: `decide.Register`, fetched a chunk at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chronicle.errors import Untrusted
from chronicle.events import Event, Redacted, Reference, Remark, Report
from chronicle.log.codec import decode
from chronicle.log.store import Reading, Row, moment
from chronicle.names import Gazetteer
from chronicle.state import References
from chronicle.timeline import Recorded

__all__ = ["REFERENCE_TYPES", "StoreRegister", "recorded_of"]

# TYPE -> the attribute of `References` that holds such events
SHELVES = {
    "settlement-registered": "settlements",
    "route-registered": "routes",
    "actor-registered": "actors",
    "source-registered": "sources",
}
REFERENCE_TYPES = tuple(SHELVES)


def recorded_of(row: Row) -> Recorded:
    """The event of a stored row; raises `Untrusted` naming the position."""
    try:
        if row.body == b"" and row.report and row.type != "report-redacted":
            source = row.stream.removeprefix("source:")
            event: Event | Redacted = Redacted(row.report, source)
        else:
            event = decode(row.type, row.body)
        return Recorded(row.position, moment(row.recorded_at), event)
    except Untrusted as bad:
        raise Untrusted(f"position {row.position}: {bad}") from None
    except (AttributeError, TypeError, OverflowError):
        raise Untrusted(
            f"position {row.position} holds what was never written"
        ) from None


class StoreRegister:
    """`decide.Register` on a transaction; what a chunk asks for is fetched at once."""

    def __init__(self, store: Reading) -> None:
        self._store = store
        self._said: dict[tuple[str, str, str], Reference] = {}
        self._told: dict[str, Recorded | None] = {}
        self._about: dict[str, list[Recorded]] = {}
        self._references: References | None = None

    def prefetch(self, events: Sequence[Event]) -> None:
        """Forget the last chunk, and read what this one speaks of."""
        ids = {e.report_id for e in events if isinstance(e, Report) and e.report_id}
        ids |= {e.report for e in events if isinstance(e, Remark)}  # type: ignore[attr-defined]
        rows = self._store.told(list(ids))
        self._told = {i: recorded_of(rows[i]) if i in rows else None for i in ids}
        self._about = {i: [] for i in ids}
        for row in self._store.about(list(rows)):
            self._about[row.target or ""].append(recorded_of(row))

    def told(self, report: str) -> Recorded | None:
        if report not in self._told:
            row = self._store.told([report]).get(report)
            self._told[report] = recorded_of(row) if row else None
        return self._told[report]

    def about(self, report: str) -> Sequence[Recorded]:
        if report not in self._about:
            self._about[report] = [recorded_of(r) for r in self._store.about([report])]
        return self._about[report]

    def references(self) -> References:
        """All reference data, read once; what is added later is taken by `take`."""
        if self._references is None:
            self._references = References()
            for row in self._store.rows(types=REFERENCE_TYPES):
                self._take(self._references, recorded_of(row).event)
        return self._references

    def take(self, events: Sequence[Event]) -> None:
        """Know the reference data that was just inserted."""
        if self._references is not None:
            for event in events:
                self._take(self._references, event)

    def _take(self, references: References, event: Event | Redacted) -> None:
        references.add(event)
        if isinstance(event, Reference):
            self._said[event.dataset, event.TYPE, event.key] = event

    def said(self, dataset: str, kind: type[Reference], key: str) -> Reference | None:
        """What a data set itself last said, whoever has amended it since."""
        self.references()
        return self._said.get((dataset, kind.TYPE, key))

    def _shelf(self, kind: type[Reference]) -> Mapping[str, Reference]:
        shelf: Mapping[str, Reference] = getattr(self.references(), SHELVES[kind.TYPE])
        return shelf

    def registered(self, kind: type[Reference], key: str) -> Reference | None:
        return self._shelf(kind).get(key)

    def like(self, kind: type[Reference], key: str) -> Sequence[str]:
        names = {
            id_: [str(getattr(r, "name", id_))] for id_, r in self._shelf(kind).items()
        }
        return Gazetteer(names).like(key)
