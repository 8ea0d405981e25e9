"""A FLEE case as a cohort run: FLEE 3.1's rules of a day, worked out beforehand.

Who flees, what attracts, who may leave and which roads are open depend on the files and
the day alone, never on where people are. So all of it is laid out as arrays over days,
and `cohort.run_cohorts` moves the people. Read against `flee.py`, `spawning.py`,
`scoring.py`, `moving.py` and `InputGeography.py` of FLEE 3.1, with those quirks that
change the answer:

- A closure of a link does nothing (FLEE compares the names by identity), nor does
  forced redirection (no rule reads the flag), but redirection 1 links the two places
  twice.
- The decay of a conflict that weighs who flees is that of the day before, unless a
  conflict begins or ends.
- A day on which fewer people are counted leaves a debt that the next day pays.
- A camp that is closed is a town with the camp's capacity, and is scored all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import BudgetExceeded, InputError
from chronicle.flee.cohort import CohortInputs, CohortRules, run_cohorts
from chronicle.flee.days import FleeDays, counted_in_all
from chronicle.flee.graph import flight_network_of, open_roads, roads_of
from chronicle.flee.read import FleeCase
from chronicle.flee.settings import FLEE_LATER

__all__ = ["BUDGET", "FleeRun", "cohorts_of_flee", "run_flee"]

BUDGET = 20_000_000  # cells, days times legs and places: 0.5 GB
WORTH_COMPILING = 100_000  # cells from which the plain kernel takes more than seconds

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FleeRun:
    """People in the camps of a case by day: `simulated[D, C]` beside `counted[D, C]`.

    `total[D]` is everybody counted, as FLEE adds it up from daily differences, or 0
    where the case has no total. `everybody[D]` is how many were simulated.
    """

    camps: tuple[str, ...]
    simulated: Floats
    counted: Floats
    total: Floats
    everybody: Floats


def run_flee(
    case: FleeCase,
    *,
    compiled: bool | None = None,
    budget: int = BUDGET,
    progress: Callable[[int, int], None] | None = None,
) -> FleeRun:
    """Run a case with the cohort kernel; *compiled* as in `run_cohorts`.

    With *compiled* None numba is taken where it is installed and the case is long.
    *progress* is told before each day how many of how many are done. *budget* is how
    many cells, days times legs and places, may be worked with: 25 bytes each.

    Raises `InputError` where its numbers together are too large to be worked with,
    `BudgetExceeded` where it needs too much memory or time.
    """
    with np.errstate(all="ignore"):  # what is not finite is told, by one error
        inputs = cohorts_of_flee(case, budget=budget)
        given = inputs.newcomers, inputs.attraction, inputs.leave_chance
        if not all(np.isfinite(numbers).all() for numbers in given):
            raise InputError(
                f"{case.name}: the weights, intensities and counts together come to "
                "numbers too large to be worked with; nothing was run"
            )
        if compiled is None and inputs.open_legs.size < WORTH_COMPILING:
            compiled = False
        run = run_cohorts(inputs, compiled=compiled, progress=progress)
    if not np.isfinite(run.present).all():
        raise InputError(f"{case.name}: the weights of ways are too large or too small")
    index = {place.name: number for number, place in enumerate(case.locations)}
    camps = tuple(counts.name for counts in case.counts)
    days = range(case.period.days)
    counted = [[counts.on(day) for counts in case.counts] for day in days]
    return FleeRun(
        camps=camps,
        simulated=run.present[:, [index[camp] for camp in camps]],
        counted=np.array(counted, dtype=np.float64).reshape(len(days), len(camps)),
        total=np.array(counted_in_all(case), np.float64),
        everybody=run.present.sum(axis=1) + run.on_the_road,
    )


def cohorts_of_flee(case: FleeCase, *, budget: int = BUDGET) -> CohortInputs:
    """The inputs of a cohort run that a FLEE case stands for; *budget* in cells."""
    roads = roads_of(case)
    most_legs = budget // case.period.days
    network, legs_roads = flight_network_of(case, roads, most_legs=most_legs)
    cells = case.period.days * (network.legs + network.places)
    if cells > budget:
        raise BudgetExceeded(
            f"{case.period.days} days of {network.legs:,} legs and {network.places:,} "
            f"places are {cells:,} cells, above the budget of {budget:,}: shorten the "
            "period, leave out places or raise the budget (--budget)"
        )
    is_open = open_roads(case, roads)
    open_legs = np.ones((case.period.days, network.legs), dtype=np.bool_)
    for leg, used in enumerate(legs_roads):
        open_legs[:, leg] = is_open[:, list(used)].all(axis=1)
    settings, places = case.settings, case.locations
    days = FleeDays.of(case)
    present = np.zeros(len(places))
    camps = np.array([place.is_camp for place in places])
    people = np.array([place.population for place in places], dtype=np.float64)
    if settings.insert_day0:
        index = {place.name: number for number, place in enumerate(places)}
        for counts in case.counts:
            present[index[counts.name]] = counts.on(0)
        if settings.rules == FLEE_LATER and settings.spawn_mode is None:
            # As it has it: their places are not free, and they are counted in them.
            people = np.where(people > 0, people - present, people)
    present += [place.initial_idps if place.is_camp else 0 for place in places]
    return CohortInputs(
        network=network,
        rules=CohortRules(
            speed_km_per_day=settings.max_move_speed,
            softening_km=settings.softening,
            distance_power=settings.distance_power,
            weight_softening=settings.weight_softening,
            weight_power=settings.weight_power,
            capacity_buffer=settings.capacity_buffer,
            walk_km_per_day=settings.max_walk_speed,
            avoid_short_stints=settings.avoid_short_stints,
            keep_plans=settings.rules == FLEE_LATER,
        ),
        present=present,
        capacity=np.where(camps, people * settings.capacity_scaling, -1.0),
        newcomers=days.newcomers,
        leave_chance=days.leave_chance,
        attraction=days.attraction,
        guarded=days.camp,
        open_legs=open_legs,
        towns=days.town,
    )
