"""The control history of a chronicle as a folder that FLEE 3.1 takes.

What leaves the house is coarse where a place is sensitive: its position, the lengths of
its roads, and with a severe place the place itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from chronicle.domain.events import ControlReported, RouteStatusReported
from chronicle.domain.references import SettlementRegistered
from chronicle.domain.state import State
from chronicle.domain.timeline import EffectiveClaim, RecordedEvent, effective_claims
from chronicle.domain.times import Day, KnownAt, as_day
from chronicle.domain.views import coarse
from chronicle.errors import BudgetExceeded, StorageError, UsageError
from chronicle.flee.write import (
    Closure,
    ExportedPlace,
    ExportedRoad,
    conflict_changes,
    write_flee,
)
from chronicle.verification.observed import states_by_day
from chronicle.version import __version__

if TYPE_CHECKING:
    from chronicle.api import Chronicle

__all__ = ["FleeFolder", "export_flee"]

COUNTRY = "home"  # the record knows provinces, and FLEE wants one home country
MOST_DAYS = 3_660
CAMPS = frozenset({"camp", "camp area", "refugee camp", "idp camp"})
# To how many km the length of a road is told. Two exact lengths would give away what
# the rounded coordinates hide.
_KM = {"low": 0.0, "moderate": 1.0, "high": 10.0}
UNKNOWN_LICENCE = "that of the record; it goes with this folder"

History = list[tuple[date, str, str | None]]


@dataclass(frozen=True, kw_only=True)
class FleeFolder:
    """What was written: the days `[start, end]`, and how many of each.

    `severe` settlements were left out, with their roads; of `unpeopled` ones, camps
    not counted, the record has no population.
    """

    folder: Path
    files: tuple[Path, ...]
    start: date
    end: date
    places: int
    conflict_zones: int
    roads: int
    closures: int
    severe: int
    unpeopled: int


def export_flee(
    chronicle: Chronicle,
    folder: str | Path,
    *,
    start: Day | None = None,
    end: Day | None = None,
    known_at: KnownAt | None = None,
    published_by: Day | None = None,
    lens: str = "latest",
    conflict_days: int | None = None,
    licence: str = UNKNOWN_LICENCE,
) -> FleeFolder:
    """Write the history of *chronicle* from *start* to *end*, both included.

    Without days the span is from the first to the last report of control that is no
    baseline. A settlement is a conflict zone while it is contested or besieged, and
    from the day on which it changes hands: to the end, or for *conflict_days* days. A
    camp is what the record calls one, whoever holds it, without a limit of people, as
    the record knows none; everything else is a town. How many flee is left to FLEE's
    own rule: the figures of a record are of areas, not of camps.

    Raises `UsageError` for a span that is none or a folder that is not empty,
    `InputError` for what FLEE cannot take, `BudgetExceeded` above ten years.
    """
    if conflict_days is not None and conflict_days < 1:
        raise UsageError(f"conflict_days: {conflict_days} is no number of days above 0")
    position = chronicle.position(known_at)
    log = list(chronicle.log(upto=position))
    told = None if published_by is None else as_day(published_by, "published_by")
    first, last = _span(log, told, start, end)
    days = (last - first).days + 1
    states = states_by_day(
        log, first - timedelta(days=1), last, published_by=told, lens=lens
    )
    histories, state = _histories(states)
    known = state.references.settlements
    places = [place for one in known.values() if (place := _place(one)) is not None]
    ids = {place.id for place in places}
    towns = {place.id for place in places if place.kind == "town"}
    conflicts = {
        id_: changes
        for id_, history in histories.items()
        if id_ in towns
        and (
            changes := conflict_changes(
                history, days_after_change=conflict_days or days
            )
        )
    }
    unpeopled = sum(known[id_].population is None for id_ in towns)
    roads, closures = _roads(state, ids, known), _closures(state, ids)
    try:
        files = write_flee(
            folder,
            places=places,
            roads=roads,
            conflicts=conflicts,
            closures=closures,
            start=first,
            days=days,
        )
        readme = Path(folder) / "README.md"
        notes = _notes(len(known) - len(ids), unpeopled)
        text = _readme(chronicle, state, first, log, notes, licence)
        readme.write_text(text, encoding="utf-8")
    except OSError as broken:
        raise StorageError(
            f"cannot write {folder}: {broken.strerror or broken}"
        ) from None
    return FleeFolder(
        folder=Path(folder),
        files=(*files, readme),
        start=first,
        end=last,
        places=len(places),
        conflict_zones=len(conflicts),
        roads=len(roads),
        closures=len(closures),
        severe=len(known) - len(ids),
        unpeopled=unpeopled,
    )


def _span(
    log: list[RecordedEvent], told: date | None, start: Day | None, end: Day | None
) -> tuple[date, date]:
    days = [
        one.claim.valid_from
        for one in effective_claims(log, told).standing
        if isinstance(one.claim, ControlReported) and not one.claim.baseline
    ]
    if not days and (start is None or end is None):
        raise UsageError(
            "no report tells of a change of control, so that there is no span to "
            "write; name one with --from and --to"
        )
    first = min(days) if start is None else as_day(start, "from")
    last = max(days) if end is None else as_day(end, "to")
    if last < first:
        raise UsageError(f"a span from {first} to {last} has no day")
    if (last - first).days >= MOST_DAYS:
        raise BudgetExceeded(
            f"{first} to {last} is over {MOST_DAYS:,} days; name a shorter span with "
            "--from and --to"
        )
    return first, last


def _histories(states: Iterator[State]) -> tuple[dict[str, History], State]:
    """Status and controller of each settlement wherever they change, and the last."""
    found: dict[str, History] = {}
    for state in states:
        for id_, place in state.places.items():
            history = found.setdefault(id_, [])
            if not history or history[-1][1:] != (place.status, place.control):
                history.append((state.on, place.status, place.control))
    return found, state


def _place(known: SettlementRegistered) -> ExportedPlace | None:
    """The settlement as it may leave; None for one that may not."""
    lat, lon = coarse(known.lat, known.lon, known.sensitivity)
    if lat is None or lon is None:
        return None
    camp = known.kind in CAMPS
    return ExportedPlace(
        id=known.settlement,
        name=known.name,
        region=known.admin1,
        country=COUNTRY,
        latitude=lat,
        longitude=lon,
        kind="idpcamp" if camp else "town",
        population=0 if camp else known.population or 0,
    )


def _roads(
    state: State, ids: set[str], known: Mapping[str, SettlementRegistered]
) -> list[ExportedRoad]:
    return [
        ExportedRoad(
            first=route.settlement_a,
            second=route.settlement_b,
            distance_km=_coarse_km(
                route.distance_km,
                known[route.settlement_a].sensitivity,
                known[route.settlement_b].sensitivity,
            ),
        )
        for route in state.references.routes.values()
        if ids.issuperset((route.settlement_a, route.settlement_b))
    ]


def _coarse_km(distance_km: float, *sensitivities: str) -> float:
    """The length of a road as it may be told, given how sensitive its ends are."""
    step = max(_KM[level] for level in sensitivities)
    return max(step, round(distance_km / step) * step) if step else distance_km


def _closures(state: State, ids: set[str]) -> list[Closure]:
    """When roads were shut: each report holds until the next one of its road."""
    found = []
    for key, reports in state.heard.routes.items():
        route = state.references.routes.get(key)
        if route is None or not ids.issuperset(
            (route.settlement_a, route.settlement_b)
        ):
            continue
        claims = [_status(one) for one in reports]
        ends = [later.valid_from for _, later in pairwise(claims)]
        for claim, next_ in zip(claims, [*ends, None], strict=True):
            until = min((day for day in (claim.until, next_) if day), default=None)
            if claim.shut and until != claim.valid_from:
                found.append(
                    Closure(
                        first=route.settlement_a,
                        second=route.settlement_b,
                        since=claim.valid_from,
                        until=until,
                    )
                )
    return found


def _status(one: EffectiveClaim) -> RouteStatusReported:
    assert isinstance(one.claim, RouteStatusReported)
    return one.claim


def _notes(severe: int, unpeopled: int) -> str:
    notes = ""
    if severe:
        notes += (
            f"{severe} settlements are too sensitive to be told and are left out.\n"
        )
    if unpeopled:
        notes += (
            f"The record has no population of {unpeopled} settlements: they have 0 "
            "here,\nand nobody flees from them.\n"
        )
    return notes


def _readme(
    chronicle: Chronicle,
    state: State,
    start: date,
    log: list[RecordedEvent],
    notes: str,
    licence: str,
) -> str:
    branch = chronicle.what_if
    clock = f"as known at position {state.position}"
    if log:
        clock += f", recorded by {log[-1].recorded_at.isoformat(timespec='seconds')}"
    if state.published_by is not None:
        clock += f", as published by {state.published_by}"
    names = state.references.sources
    cited = {one.claim.source for ones in state.heard.control.values() for one in ones}
    sources = "\n".join(
        f"- {names[id_].name if id_ in names else id_} ({id_})" for id_ in sorted(cited)
    )
    mark = f"**WHAT-IF, not what happened: branch {branch}.**\n\n" if branch else ""
    return f"""\
# Control history for FLEE 3.1

{mark}Written by Chronicle {__version__}.

- Days: {start} to {state.on}, each as it was at its end (UTC)
- Clock: {clock}
- Lens: {state.lens}
- Record: {chronicle.identity}
- Licence: {licence}

A settlement is a conflict zone while it is contested or besieged, and from the day on
which it changes hands. Claims of belligerents stay claims. A road that is ever shut is
written as two halves that meet in a marker, because FLEE 3.1 does not close links.
Positions of sensitive places and the lengths of their roads are rounded; do not use
them to find anything.
{notes}
No figure of displaced people is in this folder: `refugees.csv` and the files of camps
have zeros, and `simsetting.yml` lets a share of the people in a conflict zone flee each
day. How many fled in fact has to come from elsewhere.

## Who said so

{sources or "- nobody: the record has no report of control"}
"""
