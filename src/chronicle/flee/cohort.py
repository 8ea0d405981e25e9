"""Flight as expected flows over the map: how many people stand where, day by day.

FLEE moves people one by one and draws for each (Suleimenova, Bell and Groen 2017,
Scientific Reports 7:13377). Its answer is a mean over very many of them, so this kernel
moves their expected numbers, cohorts, by the same rules and draws nothing:

- Of those who stand in a place a share sets out in the morning, its leave chance.
- They divide over the legs out of the place by weight: the attraction of where a leg
  leads, over a power of its distance, times the room that is left there.
- A leg shorter than a day's travel is walked at once. Who arrives with part of the day
  left may set out again, as in the morning; else the night is spent on the road.
- Nobody enters a camp that is more than half through its buffer of capacity; those who
  meant to, stay. People on a road that is shut turn back.

Everything is a function of the inputs. People are never made or lost: on every day
those present and on the road add up to those who came.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from chronicle.errors import MissingExtra
from chronicle.flee.cohort_day import move_day
from chronicle.flee.cohort_inputs import (
    Bools,
    CohortInputs,
    CohortRules,
    Day,
    FlightNetwork,
    Floats,
    Pace,
)
from chronicle.simulation.flight import run_days

__all__ = [
    "CohortInputs", "CohortRules", "CohortRun", "Cohorts", "FlightNetwork",
    "run_cohorts",
]  # fmt: skip

ROUNDING = 1e-12  # of everybody, on one day; more than that would be a fault


@dataclass(frozen=True, kw_only=True)
class CohortRun:
    """What came out: `present[D, P]` and `on_the_road[D]` at the end of each day."""

    present: Floats
    on_the_road: Floats


class Cohorts:
    """The cohorts of a case, a `Flight`: its days must be settled in order.

    *compiled* asks for the numba twin of `move_day`, which gives the same to the last
    bit as long as `weight_power` is 1; None takes it when numba is installed.
    """

    def __init__(self, inputs: CohortInputs, *, compiled: bool | None = None) -> None:
        self._inputs = inputs
        self._move = _mover(compiled)
        self._pace = Pace.of(inputs.network, inputs.rules)
        self._day = Day.first(inputs, self._pace)
        self._came = self._day.people()
        self._was_open = np.ones(inputs.network.legs, dtype=np.bool_)

    @property
    def standing(self) -> Floats:
        """Who stands in each place, whatever they have in mind."""
        return self._inputs.network.by_place(self._day.standing)

    @property
    def under_way(self) -> float:
        """Who is on a road, also those who turned back."""
        return float(self._day.road.sum() + self._day.turned.sum())

    def settle(self, day: int) -> None:
        """Let those come who begin to flee on *day*, and everybody walk."""
        inputs, state, number = self._inputs, self._day, day - 1
        state.standing[inputs.network.entry] += inputs.newcomers[number]
        self._came = math.fsum([self._came, *inputs.newcomers[number].tolist()])
        is_open = inputs.open_legs[number]
        _turn_back(state, self._was_open & ~is_open)
        self._was_open = is_open
        self._move(inputs, self._pace, state, number)
        _put_right(state, self._came)


def run_cohorts(
    inputs: CohortInputs,
    *,
    compiled: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CohortRun:
    """All days of a case; *compiled* as in `Cohorts`.

    *progress* is told before each day how many of how many are done.
    """
    cohorts, days = Cohorts(inputs, compiled=compiled), len(inputs.newcomers)

    def tell(day: int) -> None:
        if progress is not None:
            progress(day, days)

    present, on_the_road = run_days(cohorts, days, tell)
    return CohortRun(present=present, on_the_road=on_the_road)


Mover = Callable[[CohortInputs, Pace, Day, int], None]


def _mover(compiled: bool | None) -> Mover:
    installed = find_spec("numba") is not None
    if compiled and not installed:
        raise MissingExtra("the compiled kernel needs numba", "fast")
    if compiled is False or not installed:
        return move_day
    from chronicle.flee import cohort_compiled

    return cohort_compiled.move_day


def _turn_back(day: Day, shut: Bools) -> None:
    """Those who walk a leg that was shut this morning will arrive where they began."""
    if shut.any():
        day.turned[shut] += day.road[shut]
        day.road[shut] = 0.0
        if day.road_came.size:
            day.turned_came[shut] += day.road_came[shut]
            day.road_came[shut] = 0.0


def _put_right(day: Day, came: float) -> None:
    """Give the rounding of a day, about 1e-11 people, to where most people stand."""
    rounding = came - day.people()
    assert abs(rounding) <= ROUNDING * (came + 1), "people were made or lost"
    day.standing[day.standing.argmax()] += rounding
