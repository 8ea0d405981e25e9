"""Whether hot records say what the events say: replay reads these, people those."""

from __future__ import annotations

from collections.abc import Iterator

from chronicle.domain.events import Redacted, Report
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import IntegrityFailure
from chronicle.store.columnar import BLANK, columnar
from chronicle.store.protocol import Store
from chronicle.store.register import recorded_of

__all__ = ["audit", "audited"]


def audit(store: Store) -> int:
    """Compare every hot record with its event, as `audited`; how many there are."""
    return sum(1 for _ in audited(store))


def audited(store: Store) -> Iterator[RecordedEvent]:
    """All events in order, each after its hot record was compared with it.

    Writers may go on meanwhile: a row and its record are compared as of one moment.
    Raises `IntegrityFailure` that names the first position where they differ, and
    `Untrusted` for an event that cannot be read.
    """
    codes: dict[str, dict[str, int]] = {}
    positions: dict[str, int] = {}

    def code(kind: str, id_: str) -> int:
        if kind not in codes:
            codes[kind] = {known: n for n, known in enumerate(store.codes(kind))}
        return codes[kind].get(id_, -2)  # a code that nothing has

    def position_of(report: str) -> int:
        return positions.get(report, -2)

    head = store.head()  # codes are read after it, and never change
    for position, (row, record) in enumerate(store.rows_with_columnar(0, head), 1):
        recorded = recorded_of(row)
        event = recorded.event
        if isinstance(event, Report | Redacted):
            positions[event.report_id] = position
        said = (
            BLANK if isinstance(event, Redacted) else columnar(event, code, position_of)
        )
        if row.position != position or record != said:
            found = IntegrityFailure(
                f"position {position}: what replay reads is not what the event says; "
                "the log was changed from outside: restore a backup"
            )
            store.distrust(found)
            raise found
        yield recorded
