"""The schedule on a bare heap: the same rules without processes, for speed.

It is for machines without numba, and makes the same changes as SimPy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from chronicle.simulation.engine.front import Front
from chronicle.simulation.engine.schedule import Plan, Siege, arrival_rank
from chronicle.simulation.engine.supply import judge_supply
from chronicle.simulation.rules import ORDER, RISING, SUPPLY, TRUCE_END

__all__ = ["Heap"]


@dataclass(slots=True, eq=False)
class Arrival:
    """A `Force` that arrives."""

    at: float
    place: int
    origin: int
    edge: int
    actor: int
    mask: int

    @property
    def rank(self) -> int:
        """Its place in what happens at one time."""
        return arrival_rank(self.place, self.origin, self.actor, self.mask)


class Heap:
    """A schedule as (time, rank, number, what) on a heap.

    A siege whose end was moved has more than one entry, of which one is at its end.
    """

    def __init__(self, horizon: float) -> None:
        self._horizon = horizon
        self._queue: list[tuple[float, int, int, Arrival | Siege | Plan]] = []
        self._soon: list[Callable[[], None]] = []
        self._number = count()

    def start(self, front: Front, settle: Callable[[int], None] | None) -> None:
        """Call *front*, and *settle* for each day of people, from now on."""
        self._front, self._settle = front, settle
        self._sieges = front.model.state.sieges

    def run(self, end: float) -> None:
        """Let everything happen that happens until *end*."""
        self._call_soon()
        while self._queue and self._queue[0][0] <= end:
            at, _, _, what = heappop(self._queue)
            if isinstance(what, Arrival):
                self._front.arrive(what)
            elif isinstance(what, Plan):
                self._carry_out(what)
            elif self._sieges[what.place] is what and what.at == at:
                self._end_siege(what)
            self._call_soon()

    def pending(self) -> list[Arrival | Plan]:
        """What is still to happen, but for the ends of sieges."""
        return [entry[3] for entry in self._queue if not isinstance(entry[3], Siege)]

    # --- what the rules ask for ------------------------------------------------------

    def send(
        self, at: float, place: int, origin: int, edge: int, actor: int, mask: int
    ) -> None:
        """See `Schedule`."""
        self._push(Arrival(at, place, origin, edge, actor, mask))

    def besiege(self, siege: Siege) -> None:
        """See `Schedule`."""
        self._push(siege)

    def move_end(self, siege: Siege) -> None:
        """See `Schedule`."""
        self._push(siege)

    def post(self, plan: Plan) -> None:
        """See `Schedule`."""
        self._push(plan)

    def soon(self, call: Callable[[], None]) -> None:
        """See `Schedule`."""
        self._soon.append(call)

    # --- what happens ----------------------------------------------------------------

    def _push(self, what: Arrival | Siege | Plan) -> None:
        if what.at <= self._horizon:
            heappush(self._queue, (what.at, what.rank, next(self._number), what))

    def _call_soon(self) -> None:
        while self._soon:
            self._soon.pop(0)()

    def _end_siege(self, siege: Siege) -> None:
        self._front.end_siege(siege)
        if self._sieges[siege.place] is siege:
            self._push(siege)  # arms rest, and its end moved

    def _carry_out(self, plan: Plan) -> None:
        """See the processes of `simpy_engine`."""
        again: float | None = None
        if plan.kind == ORDER:
            self._front.orders.carry_out(plan.place, plan.at)
        elif plan.kind == TRUCE_END:
            self._front.ceasefires.end(plan.place, plan.aux, plan.at)
        elif plan.kind == RISING:
            again = self._front.rise(plan)
        elif plan.kind == SUPPLY:
            judge_supply(self._front.model, plan.at)
            again = plan.at + 1.0
        elif self._settle is not None:
            self._settle(int(plan.at))
            again = plan.at + 1.0
        if again is not None:
            plan.at = again
            self._push(plan)
