"""From one vintage of a data set to the next: what is new, changed, back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chronicle.domain.decide import Pending, changes_between, current
from chronicle.domain.events import (
    Claim,
    Event,
    Redacted,
    Reference,
    Report,
    ReportAmended,
    ReportRetracted,
    amended,
    with_changes,
)
from chronicle.errors import BadField, Conflict, UsageError

__all__ = ["Tally", "from_last_vintage", "is_told"]


class Tally:
    """What an import came to; counts of reports and registrations."""

    def __init__(self) -> None:
        self.new = self.changed = self.gone = self.unchanged = self.refused = 0

    @property
    def recorded(self) -> int:
        """How many of them were events worth recording."""
        return self.new + self.changed + self.gone


def is_told(event: Event, register: Pending) -> bool:
    """Whether the record has a report or a registration of that id."""
    if isinstance(event, Reference):
        return register.registered(type(event), event.key) is not None
    return isinstance(event, Report) and register.told(event.report_id) is not None


def from_last_vintage(
    event: Event, register: Pending, said: Reference | None, dataset: str, label: str
) -> Iterator[Event]:
    """The events that bring the record from the last vintage of a row to this one.

    They are compared with what the data set itself said last (*said*, of reference
    data), so that a row that did not change never undoes what an editor did.
    """
    if event.dataset != dataset:
        raise UsageError(f"an event of data set {event.dataset!r}, not {dataset!r}")
    if isinstance(event, Reference):
        if said != event:
            yield event
        return
    found = register.told(event.report_id) if isinstance(event, Report) else None
    if found is None:
        yield event
        return
    told = found.event
    if isinstance(told, Redacted):
        return
    assert isinstance(told, Report)
    _check_owner(told, event)
    for remark in register.about(told.report_id):
        gone = remark.event
        if isinstance(gone, ReportRetracted) and gone.dataset == dataset:
            yield ReportRetracted(  # adds nothing where it is taken back already
                report=gone.report_id, reason=f"back in {label}", dataset=dataset
            )
    if not (isinstance(told, Claim) and isinstance(event, Claim)):
        return
    if changes := _changes(told, event, register):
        yield ReportAmended(
            report=event.report_id,
            source=event.source,
            published=event.published,
            changes=tuple(changes.items()),
            reason=f"changed in {label}",
            dataset=dataset,
        )


def _check_owner(told: Report, event: Event) -> None:
    id_ = told.report_id
    if told.dataset != event.dataset:
        owner = f"data set {told.dataset!r}" if told.dataset else "no data set"
        raise Conflict(
            f"report id {id_!r} belongs to {owner}, not to data set "
            f"{event.dataset!r}; nothing was imported: give the data set ids of its own"
        )
    if type(told) is not type(event):
        raise Conflict(
            f"report {id_!r} is a {told.TYPE} in the log and a {event.TYPE} here; "
            "nothing was imported: give it an id of its own"
        )


def _changes(told: Claim, event: Claim, register: Pending) -> dict[str, Any]:
    """What the data set changed; all that differs, where that alone would not fit."""
    changes = changes_between(_last_vintage(told, register, event.dataset), event)
    now = current(told.report_id, told, register)
    try:
        replace(now, **amended(now, changes.items()))
    except BadField:  # it contradicts what was amended by hand
        return changes_between(now, event)
    return changes


def _last_vintage(told: Claim, register: Pending, dataset: str) -> Claim:
    """What the data set itself last said, whatever was amended by hand since."""
    for remark in register.about(told.report_id):
        change = remark.event
        if isinstance(change, ReportAmended) and change.dataset == dataset:
            told = with_changes(told, change.changes)
    return told
