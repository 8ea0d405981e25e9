"""From one vintage of a data set to the next: what is new, changed, back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from chronicle.domain.decide import Pending, changes_between, current, decide, stands
from chronicle.domain.events import (
    Claim,
    Event,
    Redacted,
    Reference,
    Report,
    ReportAmended,
    ReportRetracted,
    ReportsLinked,
    amended,
    with_changes,
)
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import BadField, Conflict, UsageError
from chronicle.store.register import StoreRegister

EXAMPLES = 5  # ids that are named of a count

__all__ = [
    "Tally",
    "bring_up_to_date",
    "from_last_vintage",
    "links_like",
    "same_subject",
]


class Tally:
    """What an import came to; counts of reports and registrations."""

    def __init__(self) -> None:
        self.new = self.changed = self.gone = self.unchanged = self.refused = 0
        self.not_told = 0  # reports of an earlier vintage that still stand
        self.moved = 0  # control reports whose day and side changed together
        self.moved_examples: list[str] = []
        self.examples: list[str] = []  # ids of some of them, or of those gone

    @property
    def recorded(self) -> int:
        """How many of them were events worth recording."""
        return self.new + self.changed + self.gone


def _is_told(event: Event, register: Pending) -> bool:
    """Whether the record has a report or a registration of that id."""
    if isinstance(event, Reference):
        return register.registered(type(event), event.key) is not None
    return isinstance(event, Report) and register.report(event.report_id) is not None


def from_last_vintage(
    event: Event,
    register: Pending,
    said: Reference | None,
    dataset: str,
    label: str,
    told_by: Callable[[RecordedEvent], str] = lambda told: "",
) -> Iterator[Event]:
    """The events that bring the record from the last vintage of a row to this one.

    They are compared with what the data set itself said last (*said*, of reference
    data), so that a row that did not change never undoes what an editor did. *told_by*
    names the file that first told a report: an id that another file gave to another
    place on another day is no change of it, and raises `BadField`.
    """
    if event.dataset != dataset:
        raise UsageError(f"an event of data set {event.dataset!r}, not {dataset!r}")
    if isinstance(event, Reference):
        if said != event:
            yield event
        return
    found = register.report(event.report_id) if isinstance(event, Report) else None
    if found is None:
        yield event
        return
    told = found.event
    if isinstance(told, Redacted):
        return
    assert isinstance(told, Report)
    _check_owner(told, event)
    for remark in register.remarks_on(told.report_id):
        gone = remark.event
        if isinstance(gone, ReportRetracted) and gone.dataset == dataset:
            yield ReportRetracted(  # adds nothing where it is taken back already
                report=gone.report_id, reason=f"back in {label}", dataset=dataset
            )
    if not (isinstance(told, Claim) and isinstance(event, Claim)):
        return
    if not same_subject(told, event) and told_by(found) not in ("", label):
        raise BadField(
            event.TYPE,
            "report_id",
            event.report_id,
            f"is the id of a report on another place and day in {told_by(found)}; "
            "give the rows of this file ids of their own, or a --dataset of its own",
        )
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


def _changes(told: Claim, event: Claim, register: Pending) -> dict[str, object]:
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
    changes: list[tuple[str, object]] = []
    for remark in register.remarks_on(told.report_id):
        change = remark.event
        if not isinstance(change, ReportAmended) or change.dataset != dataset:
            continue
        if not _taken_back(change, register):
            changes += change.changes
    return with_changes(told, changes) if changes else told


def _taken_back(change: ReportAmended, register: Pending) -> bool:
    """Whether the data set itself took a change back, as when an import is undone."""
    return any(
        isinstance(remark.event, ReportRetracted)
        and remark.event.dataset == change.dataset
        and stands(remark.event.report_id, register)
        for remark in register.remarks_on(change.report_id)
    )


def same_subject(told: Claim, event: Claim) -> bool:
    """Whether two tellings of one id may be of one thing: of one place, or one day."""
    about = "settlement", "settlement_a", "settlement_b", "area", "backer", "colour"
    return told.since_day == event.since_day or all(
        getattr(told, name, None) == getattr(event, name, None) for name in about
    )


def bring_up_to_date(
    event: Event,
    pending: Pending,
    register: StoreRegister,
    dataset: str,
    label: str,
    tally: Tally,
    told_by: Callable[[RecordedEvent], str],
) -> list[Event]:
    """The events that a row of a file adds to the record, counted in *tally*."""
    before = _is_told(event, pending)
    said = None
    if isinstance(event, Reference):
        said = register.said(dataset, type(event), event.key)
    news: list[Event] = []
    for step in from_last_vintage(event, pending, said, dataset, label, told_by):
        decided = decide(step, pending)
        if decided is not None:
            pending.add(decided)
            news.append(decided)
            if _moves(decided):
                tally.moved += 1
                if len(tally.moved_examples) < EXAMPLES:
                    tally.moved_examples.append(decided.report)  # type: ignore[attr-defined]
    tally.new += bool(news) and not before
    tally.changed += bool(news) and before
    tally.unchanged += not news
    return news


def _moves(event: Event) -> bool:
    """Whether a change gives a report another day and another side.

    So it is where the id names a place, not a report: the change rewrites the past.
    """
    if not isinstance(event, ReportAmended):
        return False
    changed = {name for name, _ in event.changes}
    return "valid_from" in changed and bool(changed & {"controller", "status"})


def links_like(event: ReportsLinked, pending: Pending) -> set[str]:
    """Ids that a link without one was given, now or by an earlier import."""
    if event.report_id:
        return set()
    return {
        remark.event.report_id
        for remark in pending.remarks_on(event.report)
        if isinstance(remark.event, ReportsLinked)
    }
