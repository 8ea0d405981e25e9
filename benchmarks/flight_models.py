"""The two models of people in flight on one footing: what each carries, and its cost.

    python benchmarks/flight_models.py
    python benchmarks/flight_models.py --sets mali2012 --places 200

FLEE folders are run by cohorts that walk for a day (`chronicle.flee.cohort`), what-ifs
by a daily step on which each group goes one road (`chronicle.simulation.engine.
displacement`). Could one do for both? `flight.ard` runs FLEE's folders by both, with
the same people who flee, conflicts, closures and settings, and scores them against the
folder's own counts. `flight.day` is a day of each on one map of what-ifs, with the
people of every tenth place out; cohorts are given for all days beforehand what a
what-if learns from its front on the day.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import whatif_rates
from chronicle.flee.cohort import Cohorts
from chronicle.flee.cohort_inputs import CohortInputs, CohortRules, FlightNetwork
from chronicle.flee.graph import open_roads, roads_of
from chronicle.flee.model import cohorts_of_flee, run_flee
from chronicle.flee.read import FleeCase, read_flee
from chronicle.flee.series import QUIET
from chronicle.simulation.engine.displacement import People
from chronicle.simulation.engine.replication import adjacency_of, replication_of
from chronicle.simulation.engine.state import ModelState
from chronicle.simulation.flight import run_days
from chronicle.simulation.network import NetworkPlace, NetworkRoad, build
from chronicle.simulation.parameters import Parameters
from chronicle.verification.displacement import averaged_relative_difference

SETS = Path(__file__).resolve().parents[1] / "scenarios" / "flee"
CAMPS = ("camp", "idpcamp")
Figure = dict[str, Any]


def step_of(case: FleeCase) -> tuple[People, ModelState, list[int]]:
    """The daily step of what-ifs on the map of a case, and the row of each place."""
    settings = case.settings
    roads: dict[tuple[str, str], float] = {}
    for link in case.links:  # the step has one road between two places
        ends = min(link.first, link.second), max(link.first, link.second)
        roads[ends] = min(link.distance_km, roads.get(ends, math.inf))
    network = build(
        [
            NetworkPlace(
                settlement=place.name,
                controller="holder",
                population=0,
                capacity=place.population
                if place.kind in CAMPS and place.population >= 1
                else None,
                kind="camp"
                if place.kind in CAMPS
                else "site"
                if place.kind == "marker"
                else "town",
            )
            for place in case.locations
        ],
        [NetworkRoad(a=a, b=b, distance_km=km) for (a, b), km in roads.items() if km],
        actors=["holder"],
        attacks=[],
    )
    parameters = Parameters.of(
        {
            "people_km_day": settings.max_move_speed,
            "move_town": settings.default_movechance,
            "move_camp": settings.camp_movechance,
            "move_conflict": settings.conflict_movechance,
            "conflict_weight": settings.conflict_weight,
            "softening_km": settings.softening,
            "distance_exponent": settings.distance_power,
            "capacity_buffer": settings.capacity_buffer,
            "return_rate": 0.0,
        }
    )
    adjacency = adjacency_of(network)
    horizon = max(1, case.period.days)
    replication = replication_of(adjacency, parameters, seed=0, horizon=horizon)
    state = ModelState.start(replication)
    rows = [network.row(place.name) for place in case.locations]
    return People(replication, state), state, rows


def step_ard(case: FleeCase) -> float:
    """The ARD of the daily step, given who flees, where fighting is, what is shut.

    Nothing of FLEE's that it lacks is added: ways over several roads in a day, looking
    farther than the next place, the pull of camps and of abroad, gates of full camps.
    """
    people, state, rows = step_of(case)
    inputs, days = cohorts_of_flee(case), case.period.days
    people.guests[rows] += inputs.present
    network = people.network
    is_open, spans = open_roads(case, roads_of(case)), {}
    for number, road in enumerate(roads_of(case)):
        if not is_open[:, number].all():
            a, b = sorted((rows[road.first], rows[road.second]))
            open_on = np.flatnonzero(is_open[:, number]).tolist()
            spans[network.edges[a, b]] = tuple((float(d), d + 1.0) for d in open_on)
    state.paths = spans
    fighting = np.zeros((days, len(rows)), np.bool_)
    for place, column in enumerate(case.conflicts.get(p.name) for p in case.locations):
        if column is not None:
            fighting[:, place] = np.array(column)[:days] >= QUIET

    def morning(day: int) -> None:
        np.frombuffer(state.fighting, np.bool_)[rows] = fighting[day]
        people.guests[rows] += inputs.newcomers[day]

    present = run_days(people, days, morning)[0][:, rows]
    index = {place.name: number for number, place in enumerate(case.locations)}
    told = run_flee(case)
    camps = present[:, [index[camp] for camp in told.camps]]
    score = averaged_relative_difference(camps, told.counted, total=told.total)
    assert score.mean is not None
    return score.mean


def ard(name: str) -> Figure:
    """What both models make of one folder of FLEE's."""
    case, _ = read_flee(SETS / name)
    told = run_flee(case)
    score = averaged_relative_difference(told.simulated, told.counted, total=told.total)
    assert score.mean is not None
    step = step_ard(case)
    return {
        "name": "flight.ard",
        "set": name,
        "cohorts": round(score.mean, 4),
        "step": round(step, 4),
        "difference": round(step - score.mean, 4),
        "unit": "ARD",
    }


def cohorts_on(places: int, days: int, speed_km: float) -> Cohorts:
    """The cohorts on a map of what-ifs, with people in every tenth place."""
    network = whatif_rates.world(places)
    start = np.repeat(np.arange(places), np.diff(network.first))
    km = network.distance_km[network.link_edge]
    shape, legs = (days, places), len(start)
    present = np.where(np.arange(places) % 10 == 0, network.population, 0)
    return Cohorts(
        CohortInputs(
            network=FlightNetwork(
                places=places,
                state_place=np.arange(places),
                leg_from=start,
                leg_to=network.link_target,
                leg_km=km,
                leg_goal=network.link_target,
                leg_goal_km=km,
            ),
            rules=CohortRules(speed_km_per_day=speed_km),
            present=present.astype(np.float64),
            capacity=np.full(places, -1.0),
            newcomers=np.zeros(shape),
            leave_chance=np.full(shape, 0.3),
            attraction=np.ones(shape),
            guarded=np.zeros(shape, np.bool_),
            open_legs=np.ones((days, legs), np.bool_),
        )
    )


def step_on(places: int, days: int, speed_km: float) -> People:
    """The daily step on the same map, with the same people."""
    parameters = Parameters.of({"people_km_day": speed_km, "return_rate": 0.0})
    replication = replication_of(
        whatif_rates.adjacency(places), parameters, seed=0, horizon=days
    )
    people = People(replication, ModelState.start(replication))
    out = np.arange(places) % 10 == 0
    people.guests[out] += people.residents[out]
    people.residents[out] = 0.0
    return people


def day(places: int, days: int = 3, rounds: int = 3) -> Figure:
    """Milliseconds of a day of each, and their ratio.

    The step is the plain one, on NumPy: `ensemble.full` times its compiled twin.
    """
    made: dict[str, Callable[[], Any]] = {
        "cohorts": lambda: cohorts_on(places, days, 60.0),
        "step": lambda: step_on(places, days, 60.0),
    }
    times: dict[str, list[float]] = {name: [] for name in made}
    for number in range(rounds + 1):
        for name, make in made.items():
            flight = make()
            begun = time.process_time()
            run_days(flight, days)
            if number:  # the first round compiles
                times[name].append(1e3 * (time.process_time() - begun) / days)
    middle = {name: statistics.median(taken) for name, taken in times.items()}
    return {
        "name": "flight.day",
        "places": places,
        **{name: round(taken, 3) for name, taken in middle.items()},
        "ratio": round(middle["cohorts"] / middle["step"], 1),
        "unit": "ms of CPU",
    }


def main() -> None:
    """Print one JSON object a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sets = sorted(path.name for path in SETS.iterdir() if path.is_dir())
    sets = [name for name in sets if not name.endswith("-warts")]
    parser.add_argument("--sets", nargs="*", default=sets)
    parser.add_argument("--places", type=int, nargs="*", default=[200, 5_000])
    asked = parser.parse_args()
    for name in asked.sets:
        print(json.dumps(ard(name)))
    for places in asked.places:
        print(json.dumps(day(places)))


if __name__ == "__main__":
    main()
