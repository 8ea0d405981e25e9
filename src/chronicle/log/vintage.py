"""From one vintage of a data set to the next: what is new, changed, back."""

from __future__ import annotations

from collections.abc import Iterator

from chronicle.decide import Pending, changes_between, stands
from chronicle.errors import Conflict
from chronicle.events import (
    Claim,
    Event,
    Redacted,
    Reference,
    Report,
    ReportAmended,
    ReportRetracted,
    with_changes,
)

__all__ = ["Tally", "from_last_vintage"]


class Tally:
    """What an import came to; counts of reports and registrations."""

    def __init__(self) -> None:
        self.new = self.changed = self.gone = self.unchanged = self.refused = 0

    @property
    def recorded(self) -> int:
        """How many of them were events worth recording."""
        return self.new + self.changed + self.gone


def from_last_vintage(
    event: Event, register: Pending, dataset: str, label: str, tally: Tally
) -> Iterator[Event]:
    """The events that bring the record from the last vintage of a row to this one."""
    if isinstance(event, Reference):
        before = register.registered(type(event), event.key)
        if before == event:
            tally.unchanged += 1
            return
        yield event  # what is refused is not counted: the error comes back here
        tally.new += before is None
        tally.changed += before is not None
        return
    assert isinstance(event, Report)
    found = register.told(event.report_id)
    if found is None:
        yield event
        tally.new += 1
        return
    told = found.event
    if isinstance(told, Redacted):
        tally.unchanged += 1
        return
    if told.dataset != dataset:
        owner = f"data set {told.dataset!r}" if told.dataset else "no data set"
        raise Conflict(
            f"report id {event.report_id!r} belongs to {owner}, not to data set "
            f"{dataset!r}; nothing was imported: give the data set ids of its own"
        )
    changed = False
    for remark in register.about(event.report_id):
        gone = remark.event
        if not isinstance(gone, ReportRetracted) or gone.dataset != dataset:
            continue
        if stands(gone.report_id, register):
            yield ReportRetracted(
                report=gone.report_id, reason=f"back in {label}", dataset=dataset
            )
            changed = True
    if isinstance(told, Claim) and isinstance(event, Claim):
        last = _last_vintage(told, register, dataset)
        if changes := changes_between(last, event):
            yield ReportAmended(
                report=event.report_id,
                source=event.source,
                published=event.published,
                changes=tuple(changes.items()),
                reason=f"changed in {label}",
                dataset=dataset,
            )
            changed = True
    tally.changed += changed
    tally.unchanged += not changed


def _last_vintage(told: Claim, register: Pending, dataset: str) -> Claim:
    """What the data set itself last said, whatever was amended by hand since."""
    for remark in register.about(told.report_id):
        change = remark.event
        if isinstance(change, ReportAmended) and change.dataset == dataset:
            told = with_changes(told, change.changes)
    return told
