"""From a replayed state and a scenario to what a run starts with.

Day 0 of a run is the end of the branch day, so that noon of the n-th day after it is
n - 0.5. An order *from* a day begins as that day does, and *until* a day ends before
it; what happens on one day only happens at its noon.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from itertools import pairwise

from chronicle.domain.cautions import NO_CONTROL, UNDATED
from chronicle.domain.events import (
    ControlReported,
    RouteRegistered,
    RouteStatusReported,
)
from chronicle.domain.lenses import Ruling
from chronicle.domain.state import State
from chronicle.errors import InputError, UnknownId, located
from chronicle.simulation.interventions import Intervention, check_order
from chronicle.simulation.network import (
    ALWAYS,
    Network,
    NetworkPlace,
    NetworkRoad,
    Spans,
    build,
)
from chronicle.simulation.reporting import Reporting, reporting_of
from chronicle.simulation.roads import road_graph
from chronicle.simulation.scenario import Force, Order, Scenario
from chronicle.simulation.scenario_file import EVERYWHERE

__all__ = ["Find", "arms_of", "attackers_of", "defenders_of", "network_of", "orders_of"]

Find = Callable[[str], str]
"""From a name to the id of a settlement; `UnknownId` with candidates if none."""

# What the record calls a place, as the model knows it; the rest are towns.
_KINDS = {"camp": "camp", "camp area": "camp", "refugee camp": "camp"} | dict.fromkeys(
    ("airport", "base", "hill", "pocket", "plant", "dam", "crossing"), "site"
)
# The record's word for the smallest roads, and OpenStreetMap's.
_ROAD_CLASSES = {"local": "unclassified"}
_ON_ONE_DAY = ("reinforce", "transfer", "capacity")

FRESH_DAYS = 10
"""An axis of attack leads to what was taken in so many days up to the branch."""

UNDER_WAY_DAYS = 3
"""Who took a place in so many days up to the branch is on the move from there.

What set out earlier has arrived, or it would have been heard of.
"""


def network_of(state: State, scenario: Scenario, find: Find) -> Network:
    """The terrain of *state*, at the end of its day, with the forces of *scenario*.

    A force advances on the places of those whom it is against, and on places that
    nobody holds. Where it took a place in the last `UNDER_WAY_DAYS` before the branch,
    and since `offensive_since`, it has been on the move from there since noon of that
    day; others start at the branch. A place of which nobody said that it fell has stood
    (`reporting`). A route that is shut is one until the report that shut it says, or
    for ever. A base or an airport without a known population has none.
    Raises `InputError` or `UnknownId` that names the file, the key and the value.
    """
    if not any(place.status != "unknown" for place in state.places.values()):
        raise _nothing_held(state, scenario)
    actors = _actors(state, scenario)
    sides = [_side(state, actor) for actor in actors]
    attacks: list[tuple[str, str | None]] = []
    sources: list[tuple[str, str]] = []
    risings: list[tuple[str, str]] = []
    for number, force in enumerate(scenario.forces, 1):
        where = f"force {number}"
        for actor in force.actors:
            attacks += [(actor, other) for other in force.against]
            attacks.append((actor, None))
        names: Sequence[str]
        for key, names, found in (
            ("supply", force.supply, sources),
            ("risings", _risings(state, force), risings),
        ):
            for name in names:
                with located(f"{scenario.file}: {where}.{key}"):
                    found.append((find(name), force.actors[0]))
    reporting = reporting_of(state)
    with located(scenario.file):
        return build(
            [_place(state, id_, scenario, reporting) for id_ in state.places],
            [_road(state, route) for route in state.references.routes.values()],
            actors=actors,
            sides=sides,
            attacks=list(dict.fromkeys(attacks)),
            sources=list(dict.fromkeys(sources)),
            risings=list(dict.fromkeys(risings)),
        )


def attackers_of(scenario: Scenario) -> tuple[str, ...]:
    """Who advances, but for those whom the first force is against."""
    defenders = defenders_of(scenario)
    every = (actor for force in scenario.forces for actor in force.actors)
    return tuple(dict.fromkeys(actor for actor in every if actor not in defenders))


def defenders_of(scenario: Scenario) -> tuple[str, ...]:
    """Whose places are asked about: those whom the first force is against."""
    return tuple(dict.fromkeys(scenario.forces[0].against))


def arms_of(scenario: Scenario) -> tuple[tuple[str, ...], ...]:
    """The arms by the names of their orders; the first is the baseline, without any.

    Without `[compare]` the other arm has all orders, if there are any.
    """
    every = tuple(dict.fromkeys(order.name for order in scenario.orders))
    arms = scenario.arms or ((every,) if every else ())
    return ((), *(arm for arm in dict.fromkeys(arms) if arm))


def orders_of(
    scenario: Scenario, arm: Sequence[str], network: Network, find: Find
) -> tuple[Intervention, ...]:
    """The orders of an arm in the words of the engines.

    A corridor may name places that are not joined directly: it takes the shortest
    registered way between them. Raises `InputError` or `UnknownId`.
    """
    found = []
    for number, order in enumerate(scenario.orders, 1):
        if order.name in arm:
            where = f"{scenario.file}: intervention {number} ({order.name})"
            found.append(_intervention(scenario, order, where, network, find))
    return tuple(found)


# --- the state -------------------------------------------------------------------


def _nothing_held(state: State, scenario: Scenario) -> InputError:
    """Why nobody holds anything at the branch, as the state's cautions tell it."""
    for told in state.cautions:
        if told == NO_CONTROL:
            return InputError(f"{scenario.file}: scenario.branch_at: {told}")
        if UNDATED in told:
            return InputError(
                f"{scenario.file}: scenario.published_by: by {state.published_by} "
                f"nobody had published who held any place on {state.on}: {told}. Leave "
                "published_by out, or give the reports their day of publication"
            )
    return InputError(
        f"{scenario.file}: scenario.branch_at: {state.on} is before the record, "
        "which says of no place who held it by then; take a later day"
    )


def _actors(state: State, scenario: Scenario) -> list[str]:
    """Who is in being or holds something, by id; every force must be among them."""
    known = {actor.actor for actor in state.actors}
    known |= {holder for holder in state.control.values() if holder is not None}
    for number, force in enumerate(scenario.forces, 1):
        for key, names in (("actors", force.actors), ("against", force.against)):
            for name in names:
                if name not in known:
                    raise _no_actor(state, scenario, f"force {number}.{key}", name)
    return sorted(known)


def _no_actor(state: State, scenario: Scenario, key: str, name: str) -> InputError:
    where = f"{scenario.file}: {key}"
    registered = state.references.actors.get(name)
    if registered is None:
        ids = sorted(state.references.actors)
        with located(where):
            raise UnknownId("actor", name, get_close_matches(name, ids, 3) or ids)
    span = f"from {registered.since or '…'} until {registered.until or '…'}"
    return InputError(
        f"{where}: {name!r} is in being {span}, and not at the branch on {state.on}"
    )


def _side(state: State, actor: str) -> str:
    registered = state.references.actors.get(actor)
    return (registered.side if registered else "") or f"actor {actor}"


def _risings(state: State, force: Force) -> Sequence[str]:
    """The ids or names of the places that may rise."""
    if force.risings != EVERYWHERE:
        return force.risings
    return [id_ for id_, who in state.control.items() if who in force.against]


def _place(
    state: State, id_: str, scenario: Scenario, reporting: Reporting
) -> NetworkPlace:
    place, known = state.places[id_], state.references.settlements[id_]
    kind = _KINDS.get(known.kind, "town")
    people = known.population
    found = NetworkPlace(
        settlement=id_,
        controller=place.control,
        status=place.status,
        population=0 if people is None and kind == "site" else people,
        kind=kind,
        latitude=math.nan if known.lat is None else known.lat,
        longitude=math.nan if known.lon is None else known.lon,
    )
    found = replace(found, fresh=_fresh(state, id_, scenario))
    if scenario.offensive_since is None:
        return found
    return replace(
        found,
        taken=_taken(state.on, place.verdict, scenario),
        confirmed=_confirmed(state.on, place.verdict, reporting),
    )


def _fresh(state: State, id_: str, scenario: Scenario) -> bool:
    """Whether one of the forces took it from somebody in the last days."""
    verdict = state.places[id_].verdict
    since, holder = verdict.since, verdict.control
    if since is None or (state.on - since).days >= FRESH_DAYS:
        return False
    if not any(holder in force.actors for force in scenario.forces):
        return False
    before = (one.claim for one in state.heard.control.get(id_, ()))
    return any(
        isinstance(claim, ControlReported)
        and claim.controller != holder
        and claim.since_day <= since
        for claim in before
    )


def _taken(on: date, verdict: Ruling, scenario: Scenario) -> float:
    """Noon of the day on which one of the forces took it just now, or NaN."""
    since, offensive = verdict.since, scenario.offensive_since
    if since is None or offensive is None or since < offensive:
        return math.nan
    if (on - since).days >= UNDER_WAY_DAYS:
        return math.nan
    if not any(verdict.control in force.actors for force in scenario.forces):
        return math.nan
    return _morning(on, since) + 0.5


def _confirmed(on: date, verdict: Ruling, reporting: Reporting) -> float:
    """The end of the last day on which it was as the verdict says: told, or by silence.

    Silence says nothing of a place that nobody ever spoke of.
    """
    days = [one.claim.since_day for one in verdict.deciding]
    if not days:
        return -math.inf
    last = max(*days, reporting.stood_until)
    return float(min(0, (last - on).days))


def _road(state: State, route: RouteRegistered) -> NetworkRoad:
    """Raises `InputError` for a length that an old record may hold, and no road has."""
    if route.distance_km <= 0:
        raise InputError(
            f"the record's route {route.key} has {route.distance_km:g} km: register it "
            "again with its length; the scenario is not at fault"
        )
    return NetworkRoad(
        a=route.settlement_a,
        b=route.settlement_b,
        distance_km=route.distance_km,
        road_class=_ROAD_CLASSES.get(route.road_class, route.road_class),
        open_spans=_open_spans(state, route),
    )


def _open_spans(state: State, route: RouteRegistered) -> Spans:
    """The last report decides, as for `State.open_routes`."""
    reports = state.heard.routes.get(route.key, ())
    if not reports:
        return ALWAYS
    claim = reports[-1].claim
    assert isinstance(claim, RouteStatusReported)
    if not claim.shut or (claim.until is not None and claim.until <= state.on):
        return ALWAYS
    if claim.until is None:
        return ()
    return ((_morning(state.on, claim.until), math.inf),)


# --- orders ----------------------------------------------------------------------


def _morning(branch: date, day: date) -> float:
    """The moment at which *day* begins, in days since the end of the branch day."""
    return float((day - branch).days - 1)


def _intervention(
    scenario: Scenario, order: Order, where: str, network: Network, find: Find
) -> Intervention:
    branch = scenario.branch_at
    last = scenario.horizon_days
    for key, day in (("from", order.since), ("until", order.until)):
        if day is not None and day <= branch:
            raise InputError(
                f"{where}: {key}: {day} is not after the branch on {branch}; what was "
                "so by then is in the record"
            )
    if order.since is not None and (order.since - branch).days > last:
        raise InputError(
            f"{where}: from: {order.since} is after the horizon, {last} days after "
            f"{branch}"
        )
    if order.until is not None and order.until <= (order.since or branch):
        raise InputError(f"{where}: until: {order.until} is not after {order.since}")
    if order.kind == "transfer" and order.since is None:
        raise InputError(f"{where}: a transfer wants 'from', the day on which it is")
    since = 0.0 if order.since is None else _morning(branch, order.since)
    if order.kind in _ON_ONE_DAY and order.since is not None:
        since += 0.5
    places = []
    for name in order.places:
        with located(f"{where}: places"):
            places.append(find(name))
    if order.kind == "open_corridor":
        with located(f"{where}: route"):
            places = list(_way(network, places))
    elif order.kind != "close_route":
        twice = sorted({id_ for id_ in places if places.count(id_) > 1})
        if twice:
            raise InputError(f"{where}: places: {', '.join(twice)} more than once")
    named = [("parties", party) for party in order.parties]
    named += [("actor", order.actor)] if order.actor is not None else []
    for key, actor in named:
        with located(f"{where}: {key}"):
            network.actor(actor)
    found = Intervention(
        kind=order.kind,
        day=since,
        until=math.inf if order.until is None else _morning(branch, order.until),
        places=tuple(places),
        actor=order.actor,
        parties=order.parties,
        extra_days=order.extra_days,
        factor=order.factor,
        capacity=order.capacity,
        name=order.name,
    )
    with located(where):
        check_order(found, network, last)  # the place says already which one it is
    return found


def _way(network: Network, stops: Sequence[str]) -> Iterator[str]:
    """The settlements along the shortest way by registered routes through *stops*."""
    import numpy as np
    from scipy.sparse.csgraph import dijkstra

    graph = road_graph(
        network.count, network.edge_a, network.edge_b, network.distance_km
    )
    yield from stops[:1]
    for a, b in pairwise(stops):
        start, at = network.row(a), network.row(b)
        km, before = dijkstra(graph, indices=start, return_predecessors=True)
        if not np.isfinite(km[at]):
            raise InputError(f"no registered route leads from {a!r} to {b!r}")
        back = []
        while at != start:
            back.append(network.settlements[at])
            at = int(before[at])
        yield from reversed(back)
