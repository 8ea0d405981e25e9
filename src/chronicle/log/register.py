"""What a decision asks of a store: `decide.Register`, fetched a chunk at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chronicle.errors import Untrusted
from chronicle.events import Event, Redacted, Reference, Remark, Report
from chronicle.log.codec import decode
from chronicle.log.store import Row, Store, moment
from chronicle.names import Gazetteer
from chronicle.state import References
from chronicle.timeline import Recorded

__all__ = ["REFERENCE_TYPES", "StoreRegister", "recorded_of"]

REFERENCE_TYPES = (
    "settlement-registered",
    "route-registered",
    "actor-registered",
    "source-registered",
)


def recorded_of(row: Row) -> Recorded:
    """The event of a stored row; raises `Untrusted` naming the position."""
    if not row.body:
        source = row.stream.removeprefix("source:")
        event: Event | Redacted = Redacted(row.report or "", source)
    else:
        try:
            event = decode(row.type, row.body)
        except Untrusted as bad:
            raise Untrusted(f"position {row.position}: {bad}") from None
    return Recorded(row.position, moment(row.recorded_at), event)


class StoreRegister:
    """`decide.Register` on a store; what a chunk will ask for is fetched at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
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
        """All reference data, read once."""
        if self._references is None:
            self._references = References()
            for row in self._store.rows(types=REFERENCE_TYPES):
                self._references.add(recorded_of(row).event)
        return self._references

    def _shelf(self, kind: type[Reference]) -> Mapping[str, Reference]:
        refs = self.references()
        shelves: dict[str, Mapping[str, Reference]] = {
            "settlement-registered": refs.settlements,
            "route-registered": refs.routes,
            "actor-registered": refs.actors,
            "source-registered": refs.sources,
        }
        return shelves[kind.TYPE]

    def registered(self, kind: type[Reference], key: str) -> Reference | None:
        return self._shelf(kind).get(key)

    def like(self, kind: type[Reference], key: str) -> Sequence[str]:
        names = {
            id_: [str(getattr(r, "name", id_))] for id_, r in self._shelf(kind).items()
        }
        return Gazetteer(names).like(key)
