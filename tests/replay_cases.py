"""Logs that Hypothesis invents for replay, and the plain fold's answers to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from chronicle.domain.events import (
    NAMELESS,
    STATUSES,
    TIMES_OF_DAY,
    ActorRegistered,
    Claim,
    ControlReported,
    DisplacementReported,
    Event,
    IncidentReported,
    Redacted,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.domain.timeline import RecordedEvent
from chronicle.replay.source import MemorySource, hot_rows
from chronicle.store.columnar import WIDTH

DAY0 = date(2024, 11, 25)
CLOCK = datetime(2024, 12, 1, tzinfo=UTC)
PLACES = ("alder", "birch", "cedar")
ACTORS = ("red", "blue")
SOURCES = ("radio", "paper", "agency")


@dataclass(frozen=True)
class Case:
    """A log as the fold reads it and as replay reads it."""

    log: list[RecordedEvent]
    rows: bytes
    code: Callable[[str, str], int]

    def source(self, positions: int | None = None) -> MemorySource:
        """The first *positions* rows as a log of their own."""
        held = self.rows if positions is None else self.rows[: positions * WIDTH]
        return MemorySource(held)


def case(events: list[Event | Redacted]) -> Case:
    """*events* recorded one after the other, an hour apart."""
    rows, code = hot_rows(events)
    log = [
        RecordedEvent(i, CLOCK + timedelta(hours=i), event)
        for i, event in enumerate(events, 1)
    ]
    return Case(log, rows, code)


def references() -> list[Event]:
    """The toy places, actors and sources, one of which has a grade of its own."""
    return [
        *(SettlementRegistered(settlement=p, name=p, lat=1, lon=2) for p in PLACES),
        *(ActorRegistered(actor=a, name=a) for a in ACTORS),
        SourceRegistered(source="radio", name="Radio", reliability="B"),
        SourceRegistered(source="paper", name="Paper"),
    ]


days = st.integers(0, 12).map(lambda n: DAY0 + timedelta(days=n))
published = st.none() | st.integers(0, 16).map(lambda n: DAY0 + timedelta(days=n))
grades = st.sampled_from([None, "A", "B", "D", "F"])
credibilities = st.sampled_from([None, 1, 3, 6, 5])


@st.composite
def claims(draw: Any, name: str) -> Claim:
    """One claim; most are of control."""
    common = {
        "report_id": name,
        "source": draw(st.sampled_from(SOURCES)),
        "published": draw(published),
        "reliability": draw(grades),
        "credibility": draw(credibilities),
    }
    match draw(st.sampled_from("CCCCCCDI")):
        case "D":
            measure = draw(st.sampled_from(["stock", "flow"]))
            return DisplacementReported(
                **common,
                measure=measure,
                category=draw(st.sampled_from(["displaced", "newly displaced"])),
                persons=draw(st.none() | st.integers(0, 900)),
                area=draw(st.sampled_from(["", "SY02", "alder"])),
                settlement=draw(st.sampled_from([None, *PLACES])),
                counter=draw(st.sampled_from(["", "agency", "council"])),
                valid_on=draw(days),
            )
        case "I":
            return IncidentReported(
                **common,
                kind="Armed clash",
                settlement=draw(st.sampled_from([None, *PLACES])),
                valid_from=draw(days),
            )
    status = draw(st.sampled_from(STATUSES))
    return ControlReported(
        **common,
        settlement=draw(st.sampled_from(PLACES)),
        controller=None if status in NAMELESS else draw(st.sampled_from(ACTORS)),
        status=status,
        valid_from=draw(days),
        time_of_day=draw(st.sampled_from(TIMES_OF_DAY)),
        baseline=draw(st.integers(0, 7)) == 0,
    )


@st.composite
def changes(draw: Any, claim: Claim) -> dict[str, Any]:
    """An amendment's changes, which may well contradict the rest of the claim."""
    ways: dict[str, Any] = {
        "published": published,
        "reliability": grades,
        "credibility": credibilities,
        "note": st.sampled_from(["mended", "mended again"]),
    }
    if isinstance(claim, ControlReported):
        ways |= {
            "settlement": st.sampled_from(PLACES),
            "controller": st.sampled_from([None, *ACTORS]),
            "status": st.sampled_from(STATUSES),
            "valid_from": days,
            "time_of_day": st.sampled_from(TIMES_OF_DAY),
        }
    elif isinstance(claim, DisplacementReported):
        ways |= {"settlement": st.sampled_from(PLACES), "persons": st.integers(0, 99)}
    else:
        ways |= {"settlement": st.sampled_from(PLACES), "valid_from": days}
    names = draw(st.lists(st.sampled_from(sorted(ways)), min_size=1, unique=True))
    return {name: draw(ways[name]) for name in names[:3]}


@st.composite
def cases(draw: Any, most: int = 24, redact: bool = True) -> Case:
    """A log of claims and of remarks on whatever was told before."""
    events: list[Event | Redacted] = [*references()]
    told: list[Any] = []
    for n in range(draw(st.integers(0, most))):
        name = f"r{n}"
        deed = draw(st.sampled_from("ccccaaarrrlb")) if told else "c"
        mine = [one for one in told if isinstance(one, Claim)]
        by = {"report_id": name, "published": draw(published)}
        if deed in "ab" and mine:
            claim = draw(st.sampled_from(mine))
            amendment = dict(draw(changes(claim)))
            new: Any = ReportAmended(**by, report=claim.report_id, changes=amendment)
        elif deed == "r":
            new = ReportRetracted(**by, report=draw(st.sampled_from(told)).report_id)
        elif deed == "l" and len(mine) > 1:
            one, other = draw(st.permutations(mine))[:2]
            new = ReportsLinked(
                **by,
                report=one.report_id,
                other=other.report_id,
                relation=draw(st.sampled_from(["disputes", "same-change"])),
            )
        else:
            new = draw(claims(name))
        told.append(new)
        events.append(new)
    if redact and told and draw(st.integers(0, 2)) == 0:
        gone = draw(st.sampled_from(told))
        events[events.index(gone)] = Redacted(gone.report_id, gone.source)
        events.append(ReportRedacted(report_id="gone", report=gone.report_id))
        if draw(st.booleans()):
            events.append(ReportRetracted(report_id="sorry", report="gone"))
        if draw(st.booleans()):
            events.append(replace(draw(claims("late")), published=None))
    return case(events)
