"""The graph of a FLEE case: which ways people see, and which roads are open when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import BudgetExceeded
from chronicle.flee.cohort_inputs import FlightNetwork
from chronicle.flee.read import FleeCase, FleeClosure

__all__ = ["GraphRoad", "flight_network_of", "open_roads", "roads_of"]

MAX_HOPS = 64  # of one way, markers among them


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRoad:
    """One direction of a link."""

    first: int
    second: int
    km: float


def roads_of(case: FleeCase) -> list[GraphRoad]:
    """Both directions of each link; FLEE adds a link with redirection 1 twice."""
    index = {place.name: number for number, place in enumerate(case.locations)}
    roads = []
    for link in case.links:
        first, second = index[link.first], index[link.second]
        for _ in range(2 if link.forced_redirection == 1 else 1):
            roads.append(GraphRoad(first=first, second=second, km=link.distance_km))
            roads.append(GraphRoad(first=second, second=first, km=link.distance_km))
    return roads


def ways(case: FleeCase, roads: list[GraphRoad]) -> Iterator[tuple[int, ...]]:
    """The ways, as numbers of roads, among which people choose in each place.

    They look `awareness_level` hops ahead, over markers without counting them, and not
    back to where they have been. A way never ends in a marker.
    """
    out = defaultdict(list)
    for number, road in enumerate(roads):
        out[road.first].append(number)
    markers = {n for n, place in enumerate(case.locations) if place.kind == "marker"}
    level = case.settings.awareness_level

    def onward(
        way: tuple[int, ...], been: set[int], hops: int
    ) -> Iterator[tuple[int, ...]]:
        end = roads[way[-1]].second
        if len(way) > MAX_HOPS:
            raise BudgetExceeded(
                f"a way over {MAX_HOPS} hops, from {case.locations[end].name!r} on: "
                "leave out markers that lead nowhere else"
            )
        if end not in markers:
            yield way
            hops += 1
        if hops < level or end in markers:
            for number in out[end]:
                if roads[number].second not in been:
                    yield from onward((*way, number), been | {end}, hops)

    for start in range(len(case.locations)):
        for number in out[start]:
            yield from onward((number,), {start}, 0)


def flight_network_of(
    case: FleeCase, roads: list[GraphRoad], *, most_legs: int
) -> tuple[FlightNetwork, list[tuple[int, ...]]]:
    """The network of a case, and for each leg the roads that its way needs open.

    Raises `BudgetExceeded` above *most_legs*.
    """
    state_place = list(range(len(case.locations)))
    halts: dict[tuple[int, ...], int] = {}  # the way that is left: its state
    legs: list[tuple[int, int, tuple[int, ...]]] = []

    def halt(way: tuple[int, ...]) -> int:
        """The state in which *way* is still before people, with its one leg."""
        if way not in halts:
            halts[way] = len(state_place)
            state_place.append(roads[way[0]].first)
            add(halts[way], way)
        return halts[way]

    def add(state: int, way: tuple[int, ...]) -> None:
        end = halt(way[1:]) if len(way) > 1 else roads[way[0]].second
        legs.append((state, end, way))

    for way in ways(case, roads):
        add(roads[way[0]].first, way)
        if len(legs) > most_legs:
            raise BudgetExceeded(
                f"more than {most_legs:,} ways to choose from, the budget for "
                f"{case.period.days:,} days: shorten the period, lower "
                "awareness_level or raise the budget (--budget)"
            )
    legs.sort(key=lambda leg: leg[0])
    places, plain = len(case.locations), len(state_place)
    rest, on_foot = state_place.copy(), [False] * len(legs)
    if case.settings.start_on_foot:  # a layer of states for who has gone no leg yet
        fresh = [leg for leg in legs if leg[0] < places]
        legs += [(plain + state, end, way) for state, end, way in fresh]
        on_foot += [True] * len(fresh)
        state_place += range(places)
        rest += range(plain, plain + places)
    network = FlightNetwork(
        places=len(case.locations),
        state_place=np.array(state_place, dtype=np.int64),
        leg_from=np.array([state for state, _, _ in legs], dtype=np.int64),
        leg_to=np.array([end for _, end, _ in legs], dtype=np.int64),
        leg_km=np.array([roads[way[0]].km for *_, way in legs], dtype=np.float64),
        leg_goal=np.array([roads[way[-1]].second for *_, way in legs], dtype=np.int64),
        leg_goal_km=np.array(
            [sum(roads[r].km for r in way) for *_, way in legs], float
        ),
        entry=np.arange(places) + (plain if case.settings.start_on_foot else 0),
        rest=np.array(rest, dtype=np.int64),
        on_foot=np.array(on_foot, dtype=np.bool_),
    )
    # A plan is kept though its end shuts behind the horizon: only its next road counts.
    halts_of = range(places, plain)
    needed = [way[:1] if state in halts_of else way for state, _, way in legs]
    return network, needed


def open_roads(case: FleeCase, roads: list[GraphRoad]) -> NDArray[np.bool_]:
    """Which roads are open on which day.

    Any closure shuts a road and any reopening opens it, however many closed it.
    """
    is_open = np.ones((case.period.days, len(roads)), dtype=np.bool_)
    for day in range(case.period.days):
        for closure in case.closures:
            touched = None
            if day in (closure.start_day, closure.end_day):
                touched = _closed_by(case, closure, roads)
            if touched is not None and day == closure.start_day:
                is_open[day:, touched] = False
            if touched is not None and day == closure.end_day:
                is_open[day:, touched] = True
    return is_open


def _closed_by(
    case: FleeCase, closure: FleeClosure, roads: list[GraphRoad]
) -> list[int] | None:
    """The roads that a closure is about, or None if it is about none."""
    places = case.locations
    if closure.kind == "country":
        border = {closure.first, closure.second}
        return [
            number
            for number, road in enumerate(roads)
            if places[road.first].country != places[road.second].country
            and {places[road.first].country, places[road.second].country} == border
        ]
    if closure.kind == "location":
        return [
            number
            for number, road in enumerate(roads)
            if closure.first in (places[road.first].name, places[road.second].name)
        ]
    return None
