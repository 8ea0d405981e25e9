"""`domain.cautions.facts_of` for a stored log, from its columns alone."""

from __future__ import annotations

from datetime import date, timedelta

from chronicle.domain.cautions import Facts
from chronicle.replay.columns import CONTROL, read
from chronicle.store.columnar import NO_DAY
from chronicle.store.log import EventLog

__all__ = ["quick_facts"]

EPOCH = date(1970, 1, 1)
CLAIMS = 6  # the first kinds of `store.columnar.KINDS` are claims


def quick_facts(log: EventLog, position: int) -> Facts:
    """The facts of the log up to *position*; equal to `facts_of` of its events.

    A redacted report still counts here: its numbers stay in the columns.
    """
    columns = read(log.store.columnar(0, position))
    if not len(columns):
        return Facts()
    claims = (columns.kind < CLAIMS) & (columns.valid != NO_DAY)
    control = columns.kind == CONTROL
    undated = control & (columns.published == NO_DAY) & ((columns.flags & 1) == 0)
    days = columns.valid[claims]
    last = columns.valid[control] if control.any() else days
    first = next(iter(log.recorded(0, 1)))
    return Facts(
        begun=first.recorded_at,
        control=int(control.sum()),
        undated=int(undated.sum()),
        first_day=EPOCH + timedelta(days=int(days.min())) if len(days) else None,
        last_day=EPOCH + timedelta(days=int(last.max())) if len(last) else None,
    )
