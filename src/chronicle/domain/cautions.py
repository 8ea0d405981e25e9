"""What an answer lacks, and why: an empty answer names its cause and the next step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from chronicle.domain.events import Claim, ControlReported
from chronicle.domain.timeline import RecordedEvent

__all__ = ["NO_CONTROL", "UNDATED", "Facts", "cautions", "facts_of"]

NO_CONTROL = (
    "the record has no report of control; displaced and incidents answer of figures "
    "and incidents, and import puts reports of control in"
)
UNDATED = "control reports say no day of publication"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a record holds, as far as it explains an empty answer.

    `control` counts control reports, `undated` those of them that `published_by` leaves
    out for want of a date of publication (baselines are not among them). `first_day`
    and `last_day` are those that reports speak of; `begun` is when the first event was
    recorded. Days and `begun` are None for a record without any.
    """

    begun: datetime | None = None
    control: int = 0
    undated: int = 0
    first_day: date | None = None
    last_day: date | None = None


def facts_of(log: Iterable[RecordedEvent]) -> Facts:
    """The facts of a log as its events tell them; amendments are not followed."""
    begun: datetime | None = None
    control = undated = 0
    first: date | None = None
    last: date | None = None
    last_control: date | None = None
    for recorded in log:
        begun = begun or recorded.recorded_at
        event = recorded.event
        if not isinstance(event, Claim):
            continue
        day = event.since_day
        first = day if first is None else min(first, day)
        last = day if last is None else max(last, day)
        if isinstance(event, ControlReported):
            control += 1
            undated += event.published is None and not event.baseline
            last_control = day if last_control is None else max(last_control, day)
    # A figure may be dated months after the last report of who holds what.
    return Facts(begun, control, undated, first, last_control or last)


def cautions(
    facts: Facts, on: date, position: int, published_by: date | None
) -> tuple[str, ...]:
    """Sentences on what keeps reports out of an answer, worst first.

    *position* is that of `known_at`: 0 where nothing had been recorded by then.
    """
    told = []
    if position == 0:
        told.append(
            "nothing was recorded by then: "
            + (
                f"this record begins on {facts.begun:%Y-%m-%d %H:%M} UTC, when its "
                "first report was written down; to ask what sources had published by "
                "a day, use --published-by"
                if facts.begun
                else "this record is empty; chronicle import puts reports in"
            )
        )
    if published_by is not None and facts.undated:
        share = "all" if facts.undated == facts.control else f"{facts.undated:,}"
        told.append(
            f"{share} of {facts.control:,} {UNDATED} "
            "and stay out under --published-by; without it they count"
        )
    if position and facts.first_day is not None and on < facts.first_day:
        told.append(f"the first report speaks of {facts.first_day}: later than {on}")
    if position and facts.last_day is not None and on > facts.last_day:
        days = (on - facts.last_day).days
        told.append(
            f"the last report speaks of {facts.last_day}: what is shown for {on} was "
            f"last heard of {days:,} day{'s' if days > 1 else ''} or more before it"
        )
    return tuple(told)
