"""How a decided event becomes a row: the one door onto the log, whoever knocks."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from chronicle.domain.events import Event, Remark, Report, ReportRedacted
from chronicle.errors import InputError
from chronicle.store.codec import encode
from chronicle.store.columnar import columnar
from chronicle.store.protocol import Draft, Writing
from chronicle.store.register import StoreRegister

__all__ = ["record", "stream_of"]


def stream_of(event: Event) -> str:
    """The stream of an event: that of its source, or of the reference data."""
    return f"source:{event.source}" if isinstance(event, Report) else "register"


def record(work: Writing, events: Sequence[Event], register: StoreRegister) -> range:
    """Encode and store decided *events*; their positions.

    A redaction also takes the payload of its report away. Raises `InputError` for a
    redaction of a report that is not recorded before this call.
    """
    at: dict[str, int] = {}

    def position_of(report: str) -> int:
        known = register.report(report)
        if known is not None:
            return known.position
        if not at:  # it is among *events*
            for position, event in enumerate(events, work.head + 1):
                if isinstance(event, Report):
                    at[event.report_id] = position
        return at[report]

    drafts = []
    redacted = []
    for event in events:
        if isinstance(event, ReportRedacted):
            event = _with_digest(work, event)
            redacted.append(event.report)
        drafts.append(
            Draft(
                stream_of(event),
                event.TYPE,
                encode(event),
                columnar(event, work.code, position_of),
                event.report_id if isinstance(event, Report) else None,
                event.report if isinstance(event, Remark) else None,
                event.dataset,
            )
        )
    positions = work.insert(drafts)
    register.take(events)
    for report in redacted:
        work.redact_payload(report)
    return positions


def _with_digest(work: Writing, event: ReportRedacted) -> ReportRedacted:
    row = work.reports([event.report]).get(event.report)
    if row is None:
        raise InputError(
            f"report {event.report!r} is not recorded yet: leave it out instead"
        )
    return replace(event, digest=hashlib.sha256(row.body).hexdigest())
