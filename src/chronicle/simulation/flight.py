"""People in flight, a day at a time: the one interface of two models.

- `simulation.engine.displacement.People`: a what-if's step. Who flees and who returns
  follows from the front of the replica; each group goes one road at a time. It takes
  tenths of a millisecond a day, so that thousands of replicas can have people.
- `flee.cohort.Cohorts`: FLEE's walk. Who flees is given for all days beforehand, nobody
  returns, and who has part of the day left walks on; it is held against FLEE's data.

`benchmarks/flight_models.py` runs both on the same; DESIGN 20 says why there are two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Flight", "run_days"]

Floats = NDArray[np.float64]


class Flight(Protocol):
    """Expected numbers of people by place; nobody is made or lost on the way."""

    def settle(self, day: int) -> None:
        """Bring everybody from the end of *day* - 1 to the end of *day*, 1 or later."""

    @property
    def standing(self) -> Floats:
        """Who is in flight and stands in each place."""

    @property
    def under_way(self) -> float:
        """Who is on a road."""


def run_days(
    flight: Flight, days: int, morning: Callable[[int], None] | None = None
) -> tuple[Floats, Floats]:
    """Settle days 1 to *days*: who stands where, by day and row, and who is on a road.

    *morning* is called before each day with its number, counted from 0.
    """
    standing, under_way = np.empty((days, len(flight.standing))), np.empty(days)
    for number in range(days):
        if morning is not None:
            morning(number)
        flight.settle(number + 1)
        standing[number] = flight.standing
        under_way[number] = flight.under_way
    return standing, under_way
