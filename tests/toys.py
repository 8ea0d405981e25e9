"""Toy reports with as few words as a hand-made case needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from chronicle.domain.events import (
    NAMELESS,
    Claim,
    ControlReported,
    DisplacementReported,
    Event,
    IncidentReported,
    Redacted,
    ReportAmended,
    ReportRedacted,
    ReportRetracted,
)
from chronicle.domain.timeline import EffectiveClaim, RecordedEvent
from plain_log import moment

FIRST = date(2024, 12, 1)


def december(number: int) -> date:
    """That day of December 2024."""
    return FIRST + timedelta(days=number - 1)


def control(
    report_id: str, said: str, from_day: int, source: str = "radio", **more: Any
) -> ControlReported:
    """*said* is an actor, who then holds alder, or a status that names nobody."""
    nameless = said in NAMELESS
    given = {
        "settlement": "alder",
        "controller": None if nameless else said,
        "status": said if nameless else "held",
        "valid_from": december(from_day),
    }
    return ControlReported(report_id=report_id, source=source, **given | more)


def figure(report_id: str, persons: int | None, **more: Any) -> DisplacementReported:
    """A flow that ocha counted in alder on 1 December, unless *more* says otherwise."""
    given: dict[str, Any] = {
        "source": "radio",
        "measure": "flow",
        "category": "displaced",
        "counter": "ocha",
        "valid_on": FIRST,
    }
    if "area" not in more:
        given["settlement"] = "alder"
    return DisplacementReported(report_id=report_id, persons=persons, **given | more)


def incident(report_id: str, on_day: int, **more: Any) -> IncidentReported:
    """An armed clash in alder."""
    given = {"source": "radio", "kind": "Armed clash", "settlement": "alder"}
    return IncidentReported(
        report_id=report_id, valid_from=december(on_day), **given | more
    )


def retract(report: str, report_id: str = "", **more: Any) -> ReportRetracted:
    return ReportRetracted(report=report, report_id=report_id, **more)


def amend(report: str, report_id: str = "", **more: Any) -> ReportAmended:
    """*more* are the changes; `published_on` is the day of the amendment itself."""
    own = {"published": more.pop("published_on")} if "published_on" in more else {}
    return ReportAmended(report=report, report_id=report_id, changes=more, **own)


def redact(report: str, report_id: str = "") -> ReportRedacted:
    return ReportRedacted(report=report, report_id=report_id)


def logged(*events: Event | Redacted) -> list[RecordedEvent]:
    """*events* in a log as they are, without asking `decide`."""
    return [RecordedEvent(n, moment(n), event) for n, event in enumerate(events, 1)]


def standing(*claims: Claim) -> list[EffectiveClaim]:
    """*claims* as they stand, in the order given, which a test keeps to `order`."""
    return [EffectiveClaim(n, moment(n), claim) for n, claim in enumerate(claims, 1)]


def ids(reports: Iterable[EffectiveClaim]) -> list[str]:
    """The report ids, as one compares them."""
    return [one.claim.report_id for one in reports]
