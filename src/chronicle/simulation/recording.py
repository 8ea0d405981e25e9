"""A replica as a chronicle: simulated changes as events, apart from every record.

A branch first holds the reference data and, as baselines, who held what at the branch;
then what the replica says, with the words, the order and the dates of ordinary reports.
The commands that replay a record replay a branch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from chronicle.domain.events import (
    ControlReported,
    DisplacementReported,
    Event,
    IncidentReported,
    RouteStatusReported,
    SourceRegistered,
)
from chronicle.domain.fields import MAX_COUNT, NAME_LENGTH
from chronicle.domain.state import State
from chronicle.errors import InputError
from chronicle.simulation.network import Network
from chronicle.simulation.rules import (
    CAPACITY_SET,
    CAPTURED,
    CEASEFIRE_BEGAN,
    CEASEFIRE_BROKEN,
    CEASEFIRE_ENDED,
    CHANGES,
    CORRIDOR_OPENED,
    REINFORCED,
    REPULSED,
    ROUTE_CLOSED,
    ROUTE_REOPENED,
    SIEGE,
    SUPPLY_CUT,
    SUPPLY_RESTORED,
    TRANSFERRED,
    UPRISING,
    Change,
)
from chronicle.simulation.scenario import Scenario
from chronicle.store.branch_guard import WHAT_IF
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore, system_clock
from chronicle.store.sqlite.store import SQLiteStore

__all__ = ["Replica", "branch_events", "branch_of", "source_of"]

_HANDS = (CAPTURED, TRANSFERRED, UPRISING)
_ROUTES = (ROUTE_CLOSED, ROUTE_REOPENED, CORRIDOR_OPENED)
_TRUCES = {
    CEASEFIRE_BEGAN: "a ceasefire began",
    CEASEFIRE_ENDED: "the ceasefire ended",
    CEASEFIRE_BROKEN: "the ceasefire was broken",
}
# What befalls a place without a change of hands. No event is about supply, garrisons or
# room: a report says once more who holds the place, which is so, and its note the rest.
_BEFALLS = {
    SUPPLY_CUT: "supply cut",
    SUPPLY_RESTORED: "supply restored",
    REINFORCED: "garrison reinforced",
    CAPACITY_SET: "room for displaced people set",
}
_BASIS = "simulated"


@dataclass(frozen=True, kw_only=True)
class Replica:
    """What one replica of an arm came to.

    *displaced* are the people away from home at the end of day 1, 2, …; empty in a run
    without people.
    """

    scenario: Scenario
    arm: str
    seed: int
    number: int
    network: Network
    changes: Sequence[Change]
    displaced: Sequence[float] = ()

    @property
    def identity(self) -> str:
        """The identity of the branch, which keeps it apart from every record."""
        name = f"{self.scenario.id}, {self.arm}, replica {self.number}"
        return f"{WHAT_IF}{name}, seed {self.seed}, {self.scenario.identity[:8]}"


def source_of(scenario: Scenario) -> str:
    """The source, and the data set, of all that a scenario says."""
    return f"{WHAT_IF}{scenario.id}"


def branch_of(
    replica: Replica,
    start: State,
    path: Path | None = None,
    clock: Callable[[], datetime] = system_clock,
) -> EventLog:
    """The replica as a log of its own, in a new file at *path*, else in memory.

    Raises `Conflict` when there is something at *path*.
    """
    store: Any
    if path is None:
        store = MemoryStore(clock, replica.identity)
    else:
        store = SQLiteStore.create(path, clock, identity=replica.identity)
    log = EventLog(store)
    log.extend(branch_events(replica, start))
    return log


def branch_events(replica: Replica, start: State) -> Iterator[Event]:
    """The events of a branch in order: who and what, the start, then day by day.

    Reports are numbered from 1 through the whole branch. What the record has no event
    for (supply, reinforcements, room for people) stands in the note of a report that
    the place is held as it was; by how much is not told. Supply is judged as a day
    begins; what would hold only after the horizon is left out.
    """
    references, source = start.references, source_of(replica.scenario)
    yield from references.settlements.values()
    yield from references.actors.values()
    yield from references.sources.values()
    yield SourceRegistered(
        source=source,
        name=f"What-if: {replica.scenario.title or replica.scenario.id}"[:NAME_LENGTH],
        kind="simulation",
        note=f"{replica.arm}, replica {replica.number}, seed {replica.seed}",
        dataset=source,
    )
    yield from references.routes.values()
    for number, (kind, fields) in enumerate(_reports(replica, start), 1):
        yield kind(
            report_id=(
                f"{WHAT_IF}{replica.scenario.identity[:8]}:{replica.number}:{number}"
            ),
            source=source,
            dataset=source,
            basis=_BASIS,
            **fields,
        )


Told = tuple[type[Any], dict[str, Any]]


def _reports(replica: Replica, start: State) -> Iterator[Told]:
    sides: dict[str, tuple[str | None, str]] = {}  # by settlement, as told so far
    for kind, fields in _beginning(replica, start):
        if kind is ControlReported:
            sides[fields["settlement"]] = fields["controller"], fields["status"]
        yield kind, fields
    days: dict[date, list[Told]] = {}
    for change in replica.changes:
        for day, told in _change(replica, start, change):
            days.setdefault(day, []).append(told)
    for number, people in enumerate(replica.displaced, 1):
        day = replica.scenario.branch_at + timedelta(days=number)
        days.setdefault(day, []).append(_displaced(replica, day, people))
    for day in sorted(days):
        for kind, fields in days[day]:
            if kind is ControlReported:
                place = fields["settlement"]
                if "status" in fields:
                    sides[place] = fields["controller"], fields["status"]
                controller, status = sides.get(place, (None, "unknown"))
                fields |= {"controller": controller, "status": status}
            yield kind, {**fields, "published": day}


def _beginning(replica: Replica, start: State) -> Iterator[Told]:
    """Who held what at the end of the branch day, and which routes were shut."""
    branch = replica.scenario.branch_at
    for id_, place in start.places.items():
        if place.status != "unknown":
            yield (
                ControlReported,
                {
                    "settlement": id_,
                    "controller": place.control,
                    "status": place.status,
                    "valid_from": branch,
                    "baseline": True,
                    "note": "as the record had it at the branch",
                },
            )
    still_open = {route.key for route in start.open_routes}
    for key, route in start.references.routes.items():
        if key not in still_open:
            claim: Any = start.heard.routes[key][-1].claim
            yield (
                RouteStatusReported,
                {
                    "settlement_a": route.settlement_a,
                    "settlement_b": route.settlement_b,
                    "shut": True,
                    "valid_from": branch,
                    "until": claim.until,
                    "published": branch,
                    "note": "as the record had it at the branch",
                },
            )


def _displaced(replica: Replica, day: date, people: float) -> Told:
    """Raises `InputError` for more people than there are."""
    if people > MAX_COUNT:
        raise InputError(
            f"{people:,.0f} displaced people on {day} are more than a report may hold, "
            f"{MAX_COUNT:,}: look at the populations in the record"
        )
    return (
        DisplacementReported,
        {
            "measure": "stock",
            "category": "displaced",
            "persons": round(people),
            "valid_on": day,
            "area": "all settlements of the model",
            "counter": source_of(replica.scenario),
            "note": "displaced since the branch; those displaced before are not in it",
        },
    )


def _change(
    replica: Replica, start: State, change: Change
) -> Iterable[tuple[date, Told]]:
    """What the record would say of a change, on which day.

    A report on control without a status is of what befell a place, however it is held.
    """
    branch, names = replica.scenario.branch_at, replica.network.settlements
    day = branch + timedelta(days=max(change.day, 0 if change.time < 0 else 1))
    if change.kind in (*_HANDS, SIEGE, REPULSED):
        return [(day, _control(replica, start, change, day))]
    # Orders and truces begin as a day begins, and that day it is.
    day = branch + timedelta(days=max(math.floor(change.time) + 1, 0))
    if change.kind in _ROUTES:
        told = {
            "settlement_a": names[change.settlement],
            "settlement_b": names[change.from_settlement],
            "shut": change.kind == ROUTE_CLOSED,
            "valid_from": day,
            "note": (
                "a corridor: people pass, forces do not"
                if change.kind == CORRIDOR_OPENED
                else ""
            ),
        }
        return [(day, (RouteStatusReported, told))]
    if change.kind in _TRUCES:
        note = _TRUCES[change.kind]
        told = {"kind": "Agreement", "valid_from": day, "note": note}
        return [(day, (IncidentReported, told))]
    if change.kind not in (SUPPLY_CUT, SUPPLY_RESTORED):
        day = branch + timedelta(days=change.day)
    elif change.time >= replica.scenario.horizon_days:
        return []
    told = {
        "settlement": names[change.settlement],
        "valid_from": day,
        "note": f"{_BEFALLS[change.kind]}; control as before",
    }
    return [(day, (ControlReported, told))]


def _control(replica: Replica, start: State, change: Change, day: date) -> Told:
    names, actors = replica.network.settlements, replica.network.actors
    holder = actors[change.controller] if change.controller >= 0 else None
    contested = change.kind == SIEGE or holder is None
    kind = ""
    if change.kind == TRANSFERRED:
        kind = "Non-violent transfer of territory"
    elif change.kind in _HANDS and holder is not None:
        registered = start.references.actors.get(holder)
        state_forces = registered is not None and registered.kind == "State forces"
        kind = (
            "Government regains territory"
            if state_forces
            else "Non-state actor overtakes territory"
        )
    origin = change.from_settlement
    came = f", from {names[origin]}" if origin >= 0 else ""
    if change.time < 0:
        came += f"; {-change.time:.1f} days before the branch, and unreported by then"
    return (
        ControlReported,
        {
            "settlement": names[change.settlement],
            "controller": None if contested else holder,
            "status": "contested" if contested else "held",
            "valid_from": day,
            "from_actor": holder if change.kind == SIEGE else None,
            "kind": kind,
            "note": f"{CHANGES[change.kind]}{came}",
        },
    )
