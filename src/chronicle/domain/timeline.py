"""Which reports count: `as_known` cuts the log, `as_of` the world, `order` sorts days.

    state = judge(fold(as_of(as_known(log, known_at), on)), on, lens)

is the meaning of the whole program. What was known is a prefix of the log; what stands
of it is decided by later events of the same prefix; what was so on a day is told by the
reports that are dated no later, in the order of `order`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from chronicle.domain.events import (
    TIMES_OF_DAY,
    Claim,
    Event,
    Redacted,
    Remark,
    Report,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
    with_changes,
)

__all__ = [
    "EffectiveClaim",
    "EffectiveClaims",
    "RecordedEvent",
    "as_known",
    "as_of",
    "effective_claims",
    "order",
    "published_by_then",
    "until",
]

_TIME_RANK = {word: rank for rank, word in enumerate(TIMES_OF_DAY)}


class RecordedEvent(NamedTuple):
    """An event in its place in the log; positions are 1, 2, 3 … without gaps."""

    position: int
    recorded_at: datetime
    event: Event | Redacted


@dataclass(frozen=True, slots=True)
class EffectiveClaim:
    """A claim that stands, in its amended form.

    It keeps the *position* at which it was first told, whatever was amended later, so
    that mending a note does not put a report behind its rivals of the same day.
    """

    position: int
    recorded_at: datetime
    claim: Claim
    amendments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EffectiveClaims:
    """What a prefix of the log amounts to: the claims that stand, and what fell.

    *standing* is in log order. *links* are those between reports, whatever became of
    them. *fallen* names for each report that does not count the report that felled it.
    """

    standing: tuple[EffectiveClaim, ...]
    links: tuple[ReportsLinked, ...]
    fallen: dict[str, str]


def order(standing: EffectiveClaim) -> tuple[date, int, int]:
    """The one order of claims: day, time of day, position; the last is the latest."""
    claim = standing.claim
    time_of_day: str = getattr(claim, "time_of_day", "")
    return claim.since_day, _TIME_RANK[time_of_day], standing.position


def as_known(
    log: Iterable[RecordedEvent], known_at: int | datetime | None = None
) -> Iterator[RecordedEvent]:
    """What the log held at a position or at a moment (an aware time); None is *now*.

    *log* is in order, so a prefix is enough: `recorded_at` never decreases.
    """
    for recorded in log:
        if isinstance(known_at, datetime):
            if recorded.recorded_at > known_at:
                return
        elif known_at is not None and recorded.position > known_at:
            return
        yield recorded


def published_by_then(report: Report, day: date | None) -> bool:
    """Whether a source had published *report* by *day*; None asks nothing.

    A claim without a date stays out, unless it is a baseline. A remark without one is
    our own housekeeping, which is no news of the day, and always holds.
    """
    if day is None:
        return True
    if report.published is None:
        return isinstance(report, Remark) or bool(getattr(report, "baseline", False))
    return report.published <= day


def effective_claims(
    log: Iterable[RecordedEvent], published_by: date | None = None
) -> EffectiveClaims:
    """What stands of *log*, seen from its end.

    Retractions are read from the newest to the oldest: one that is itself retracted
    fells nothing, so what it had felled stands again. Amendments are laid on in log
    order; of a claim with a date of publication the amended one decides.
    """
    entries = [entry for entry in log if isinstance(entry.event, Report)]
    fallen: dict[str, str] = {}
    links: list[ReportsLinked] = []
    changes: dict[str, list[ReportAmended]] = {}
    for _, _, event in reversed(entries):
        if isinstance(event, ReportRedacted):
            fallen[event.report] = event.report_id
        elif (
            not isinstance(event, Remark)
            or event.report_id in fallen
            or not published_by_then(event, published_by)
        ):
            continue
        elif isinstance(event, ReportRetracted):
            fallen.setdefault(event.report, event.report_id)
        elif isinstance(event, ReportAmended):
            changes.setdefault(event.report, []).append(event)
        else:
            assert isinstance(event, ReportsLinked)
            links.append(event)
    standing = []
    for position, recorded_at, event in entries:
        if not isinstance(event, Claim) or event.report_id in fallen:
            continue
        amendments = changes.get(event.report_id, ())
        if amendments:  # laid on at once: of a field the last one holds
            laid = [pair for one in reversed(amendments) for pair in one.changes]
            event = with_changes(event, laid)
        if published_by_then(event, published_by):
            names = tuple(one.report_id for one in reversed(amendments))
            standing.append(EffectiveClaim(position, recorded_at, event, names))
    return EffectiveClaims(tuple(standing), tuple(reversed(links)), fallen)


def as_of(
    log: Iterable[RecordedEvent], on: date, published_by: date | None = None
) -> list[EffectiveClaim]:
    """The claims that stand of *log* and are dated no later than *on*, in `order`."""
    return until(effective_claims(log, published_by), on)


def until(found: EffectiveClaims, on: date) -> list[EffectiveClaim]:
    """`as_of`, for claims of which it is known that they stand."""
    return sorted((s for s in found.standing if s.claim.since_day <= on), key=order)
