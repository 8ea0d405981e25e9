"""The schedule on SimPy: timeouts, events and processes of its public interface.

What takes its course over days is a process: a ceasefire, an uprising, an order,
supply, people, and whatever a user lets run beside them. The arrival of a force and the
end of a siege are single moments, of which there are thousands: timeouts with a
callback, which is taken off when the end of a siege moves. A process for each siege,
interrupted by who presses it, reads as well and is slower than the natural style that
`benchmarks/whatif_rates.py` has for a peer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from math import nextafter
from typing import Any, ClassVar

import simpy
from simpy.events import NORMAL

from chronicle.errors import ChronicleError, UsageError
from chronicle.simulation.engine.front import Front
from chronicle.simulation.engine.hooks import OwnProcess, World
from chronicle.simulation.engine.schedule import (
    Force,
    Plan,
    Siege,
    arrival_rank,
    rank_of,
)
from chronicle.simulation.engine.supply import judge_supply
from chronicle.simulation.rules import (
    ORDER,
    PEOPLE,
    RISING,
    SIEGE_END,
    STOP,
    SUPPLY,
    TRUCE_END,
)

__all__ = ["Calendar", "Moment", "Processes"]

Course = Generator[simpy.Event, Any, None]


class Moment(simpy.Timeout):
    """A timeout *at* a time, with its rank in what happens at the same time."""

    def __init__(self, env: Calendar, at: float, rank: int) -> None:
        self.begun = env.now
        self.at = at
        self.rank = rank
        super().__init__(env, at - self.begun)


class Arrival(Moment):
    """The moment at which a `Force` arrives."""

    def __init__(
        self,
        env: Calendar,
        at: float,
        place: int,
        origin: int,
        edge: int,
        actor: int,
        mask: int,
    ) -> None:
        self.place = place
        self.origin = origin
        self.edge = edge
        self.actor = actor
        self.mask = mask
        super().__init__(env, at, arrival_rank(place, origin, actor, mask))


class SiegeEnd(Moment):
    """The moment at which a siege ends, as things stand."""

    def __init__(self, env: Calendar, siege: Siege) -> None:
        self.siege = siege
        super().__init__(env, siege.at, rank_of(SIEGE_END, siege.place))


class Calendar(simpy.Environment):
    """SimPy's environment, in which simultaneous moments have a designed order."""

    def schedule(
        self, event: simpy.Event, priority: int = NORMAL, delay: float = 0
    ) -> None:
        """Schedule an event; a `Moment` by its rank, at its time to the last bit.

        SimPy adds a delay to the present time. Floats may then miss the time that was
        meant by a last bit, and what is simultaneous would be so no more.
        """
        if isinstance(event, Moment):
            priority = event.rank
            if event.begun + delay != event.at:
                self._approach(event)
                return
        super().schedule(event, priority, delay)  # type: ignore[arg-type] # an int

    def _approach(self, moment: Moment) -> None:
        """Wait until a last bit before *moment*, from where the rest is exact."""
        delay = moment.at - self.now
        if self.now + delay == moment.at:
            super().schedule(moment, moment.rank, delay)  # type: ignore[arg-type]
        else:
            nearly = self.timeout(nextafter(delay, 0.0))
            nearly.callbacks.append(lambda _: self._approach(moment))


class Processes:
    """A schedule on a SimPy calendar that stands at *time*."""

    def __init__(self, time: float, horizon: float) -> None:
        self.env = Calendar(time)
        self._horizon = horizon
        self._forces: list[Arrival] = []
        self._plans: set[Plan] = set()
        self._ends: dict[int, SiegeEnd] = {}

    def start(self, front: Front, settle: Callable[[int], None] | None) -> None:
        """Call *front*, and *settle* for each day of people, from now on."""
        self._front, self._settle, self._arrive = front, settle, front.arrive

    def run(self, end: float) -> None:
        """Let everything happen that happens until *end*."""
        self.env.run(until=Moment(self.env, end, rank_of(STOP, 0)))
        self._forces = [force for force in self._forces if force.at > end]

    def pending(self) -> list[Force | Plan]:
        """What is still to happen, but for the ends of sieges."""
        plans = [plan for plan in self._plans if plan.at <= self._horizon]
        return [*self._forces, *plans]

    def add(self, process: OwnProcess, world: World) -> None:
        """Let a process of the user's own run beside the model from now on."""
        course = process(self.env, world)
        if not isinstance(course, Generator):
            raise UsageError(f"process {process!r} does not yield: it is no process")
        self.env.process(self._own(course))

    # --- what the rules ask for ------------------------------------------------------

    def send(
        self, at: float, place: int, origin: int, edge: int, actor: int, mask: int
    ) -> None:
        """See `Schedule`."""
        if at <= self._horizon:
            arrival = Arrival(self.env, at, place, origin, edge, actor, mask)
            arrival.callbacks.append(self._arrive)
            self._forces.append(arrival)

    def besiege(self, siege: Siege) -> None:
        """See `Schedule`."""
        self._ends[siege.place] = end = SiegeEnd(self.env, siege)
        end.callbacks.append(self._end_siege)

    def move_end(self, siege: Siege) -> None:
        """See `Schedule`."""
        self._ends[siege.place].callbacks.remove(self._end_siege)
        self._besiege_on(siege)

    def post(self, plan: Plan) -> None:
        """See `Schedule`."""
        if plan.at <= self._horizon:
            self._plans.add(plan)
            self.env.process(self._courses[plan.kind](self, plan))

    def soon(self, call: Callable[[], None]) -> None:
        """See `Schedule`."""
        event = self.env.event()
        event.callbacks.append(lambda _: call())
        event.succeed()

    # --- what happens ----------------------------------------------------------------

    def _end_siege(self, end: SiegeEnd) -> None:
        self._front.end_siege(end.siege)
        self._besiege_on(end.siege)  # when arms rest, its end moved

    def _besiege_on(self, siege: Siege) -> None:
        """Wait for the new end of a siege, unless the place is under it no more."""
        if self._front.model.state.sieges[siege.place] is siege:
            self.besiege(siege)

    def _order(self, plan: Plan) -> Course:
        """An order is carried out on its day."""
        yield from self._wait(plan)
        self._front.orders.carry_out(plan.place, plan.at)

    def _ceasefire(self, plan: Plan) -> Course:
        """A ceasefire ends, or breaks."""
        yield from self._wait(plan)
        self._front.ceasefires.end(plan.place, plan.aux, plan.at)

    def _uprising(self, plan: Plan) -> Course:
        """A place rises when its time has come and arms do not rest."""
        later: float | None = plan.at
        while later is not None:
            plan.at = later
            yield from self._wait(plan)
            later = self._front.rise(plan)

    def _supply(self, plan: Plan) -> Course:
        """At the start of each day, who is in supply."""
        while True:
            yield from self._wait(plan)
            judge_supply(self._front.model, plan.at)
            plan.at += 1.0

    def _people(self, plan: Plan) -> Course:
        """At the end of each day, where its people went."""
        while True:
            yield from self._wait(plan)
            assert self._settle is not None
            self._settle(int(plan.at))
            plan.at += 1.0

    def _wait(self, plan: Plan) -> Course:
        """Wait until *plan* is due; until then it is saved in checkpoints."""
        self._plans.add(plan)
        yield Moment(self.env, plan.at, plan.rank)
        self._plans.remove(plan)

    def _own(self, course: Generator[simpy.Event, object, object]) -> Course:
        """A process of the user's own; what it ordered wrong ends the run as it is.

        SimPy would make another error of the same class, which ours do not survive.
        """
        try:
            yield from course
        except ChronicleError as wrong:
            error = wrong

            def fail() -> None:
                raise error

            self.soon(fail)

    _courses: ClassVar[dict[int, Callable[[Processes, Plan], Course]]] = {
        ORDER: _order,
        TRUCE_END: _ceasefire,
        SUPPLY: _supply,
        RISING: _uprising,
        PEOPLE: _people,
    }
