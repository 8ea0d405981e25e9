"""The reference engine: callbacks on SimPy's own environment, over plain data.

A `Simulation` is one replica. It stops at any day, saves itself as plain data
(`checkpoint`), and goes on from there, once or as many branches with further
interventions, or to a longer horizon. Hooks, pure functions of a view, an event and a
keyed random source, return interventions; they run here only. The same callbacks also
run on a bare heap, for machines without numba.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from numbers import Real
from typing import Any, Literal, NamedTuple

import simpy
from simpy.core import StopSimulation

from chronicle.errors import BudgetExceeded, InputError, UsageError
from chronicle.simulation.engine.checkpoint import (
    FORMAT,
    Leg,
    leg_of,
    name_of,
    opened,
    sealed,
    so_far,
)
from chronicle.simulation.engine.displacement import People
from chronicle.simulation.engine.front import Front
from chronicle.simulation.engine.replication import (
    Adjacency,
    Replication,
    adjacency_of,
    check_horizon,
    replication_of,
)
from chronicle.simulation.engine.state import ModelState, Queue, SimEvent
from chronicle.simulation.interventions import Intervention
from chronicle.simulation.network import Network
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.random_streams import KeyedRandom, stable_id
from chronicle.simulation.rules import (
    CHANGES,
    SIEGE_END,
    STATUSES,
    STOP,
    Change,
    day_of,
)

__all__ = ["Hook", "HookEvent", "Simulation", "View", "event_of"]

Engine = Literal["simpy", "heap"]


class HookEvent(NamedTuple):
    """A `Change` in the words of the terrain; what hooks are told."""

    day: int
    time: float
    settlement: str | None
    controller: str | None
    status: str
    kind: str
    from_settlement: str | None


def event_of(change: Change, network: Network) -> HookEvent:
    """Spell a change out."""
    place, origin = change.settlement, change.from_settlement
    return HookEvent(
        change.day,
        change.time,
        network.settlements[place] if place >= 0 else None,
        network.actors[change.controller] if change.controller >= 0 else None,
        STATUSES[change.status],
        CHANGES[change.kind],
        network.settlements[origin] if origin >= 0 else None,
    )


class View:
    """What a hook may look at; nothing here can be changed."""

    def __init__(self, replication: Replication, state: ModelState) -> None:
        self._plan = replication
        self._state = state

    @property
    def time(self) -> float:
        """Days since the branch."""
        return self._state.time

    @property
    def horizon(self) -> float:
        """The last day of the run."""
        return self._plan.horizon

    @property
    def parameters(self) -> Parameters:
        """The parameters of this replica."""
        return self._plan.parameters

    @property
    def settlements(self) -> tuple[str, ...]:
        """All ids, in order."""
        return self._plan.adjacency.network.settlements

    def controller(self, settlement: str) -> str | None:
        """Who holds it now."""
        code = self._state.owner[self._row(settlement)]
        return self._plan.adjacency.network.actors[code] if code >= 0 else None

    def besieger(self, settlement: str) -> str | None:
        """Who lays siege to it now, or None."""
        siege = self._state.sieges[self._row(settlement)]
        return (
            None if siege is None else self._plan.adjacency.network.actors[siege.actor]
        )

    def population(self, settlement: str) -> int:
        """People at the branch."""
        return self._plan.adjacency.population[self._row(settlement)]

    def neighbours(self, settlement: str) -> tuple[str, ...]:
        """Where its routes lead, open or not."""
        out = self._plan.adjacency.links[self._row(settlement)]
        return tuple(self.settlements[link[0]] for link in out)

    def lost_share(self, actor: str) -> float:
        """The share of its people at the branch that an actor has lost."""
        code = self._plan.adjacency.network.actor(actor)
        begun = self._plan.adjacency.start[code]
        return max(0.0, (begun - self._state.held[code]) / begun) if begun else 0.0

    def _row(self, settlement: str) -> int:
        return self._plan.adjacency.network.row(settlement)


Hook = Callable[[View, HookEvent, KeyedRandom], Sequence[Intervention] | None]


class _Environment(simpy.Environment):
    """SimPy's environment; its queue is handed to the front, which pushes to it."""

    @property
    def entries(self) -> Queue:
        queue: Queue = self._queue  # type: ignore[assignment]
        return queue


def _halt(_: SimEvent) -> None:
    raise StopSimulation(None)


class Simulation:
    """One replica on its way to the horizon."""

    def __init__(
        self,
        start: Network | Adjacency,
        parameters: Parameters | None = None,
        interventions: Sequence[Intervention] = (),
        *,
        seed: int,
        horizon: float,
        replica: int = 0,
        hooks: Sequence[Hook] = (),
        people: bool = True,
        engine: Engine = "simpy",
        replication: Replication | None = None,
        saved: dict[str, Any] | None = None,
    ) -> None:
        adjacency = start if isinstance(start, Adjacency) else adjacency_of(start)
        if engine not in ("simpy", "heap"):
            raise UsageError(f"no engine {engine!r} here: simpy or heap")
        self.replication = replication or replication_of(
            adjacency,
            parameters or Parameters(),
            interventions,
            seed=seed,
            replica=replica,
            horizon=horizon,
        )
        self.hooks = tuple(hooks)
        self.state = (
            ModelState.of(saved["state"])
            if saved
            else ModelState.start(self.replication)
        )
        self._environment = (
            _Environment(initial_time=self.state.time) if engine == "simpy" else None
        )
        self._queue: Queue = self._environment.entries if self._environment else []
        self.people: People | None = None
        if people:
            self.people = People(
                self.replication, self.state, saved and saved["people"]
            )
        self._front = Front(
            self.replication,
            self.state,
            self._queue,
            self.people.settle if self.people else None,
            self._call_hooks if hooks else None,
        )
        self._told = 0
        self._occasions: dict[int, int] = {}
        if saved is None:
            known = replication is None or bool(interventions)
            orders = tuple(interventions) if known else None
            self._legs = [Leg(self.state.time, _names(hooks), orders)]
            self._front.begin()
            return
        self._told = saved["told"]
        self._legs = [leg_of(leg) for leg in saved["legs"]]
        self._occasions = {int(k): v for k, v in saved["occasions"]}
        self._front.restore(saved["queue"])

    @property
    def changes(self) -> list[Change]:
        """All changes so far, in order."""
        return [Change(day_of(row[0]), *row) for row in self.state.rows]

    def until(self, day: float | None = None) -> Simulation:
        """Run to the end of *day*, or to the horizon, and return self."""
        if not isinstance(day, Real | None):
            raise UsageError(f"day {day!r} is no number")
        end = self.replication.horizon if day is None else float(day)
        if not self.state.time <= end <= self.replication.horizon:
            raise UsageError(
                f"day {end:g} is not between {self.state.time:g}, where the run "
                f"stands, and its horizon {self.replication.horizon:g}, beyond which "
                "only Simulation.resume with a longer one goes"
            )
        if self._environment is None:
            self._drain(end)
        else:
            halt = SimEvent()
            halt.callbacks = (_halt,)
            heappush(self._queue, (end, STOP, 0, halt))
            self._environment.run()
        self.state.time = end
        return self

    def _drain(self, end: float) -> None:
        """What SimPy's environment does, on the bare heap."""
        queue = self._queue
        while queue and queue[0][0] <= end:
            event = heappop(queue)[3]
            for callback in event.callbacks:
                callback(event)

    def _call_hooks(self) -> None:
        """Tell the hooks what the last event changed and take their orders."""
        rows, network = self.state.rows, self.replication.adjacency.network
        if len(rows) > 10_000 + 100 * network.count:
            raise BudgetExceeded(
                f"{len(rows)} changes on {network.count} settlements; "
                "does a hook answer its own orders?"
            )
        while self._told < len(rows):
            row = rows[self._told]
            self._told += 1
            self.state.time = row[0]
            event = event_of(Change(day_of(row[0]), *row), network)
            occasion = self._occasions.get(row[1], 0)
            self._occasions[row[1]] = occasion + 1
            entity = stable_id(event.settlement or "")
            for number, hook in enumerate(self.hooks):
                key = self.replication.keys["hook"] ^ stable_id("hook", str(number))
                random = KeyedRandom(key, entity, occasion)
                orders = hook(View(self.replication, self.state), event, random) or ()
                if not all(isinstance(one, Intervention) for one in orders):
                    raise InputError(f"hook {hook!r} must return interventions")
                self._front.issue(row[0], orders)

    def checkpoint(self) -> dict[str, Any]:
        """All that a later `resume` needs but the terrain, as plain data.

        Lists, strings and numbers only: it may be copied, sent, written as MessagePack.
        """
        # SimPy leaves the spent event that stopped it behind, with priority -1.
        entries = [
            [at, priority, place, *event.rank()]
            for at, priority, place, event in self._queue
            if priority > 0 and priority != SIEGE_END  # they are in the state
        ]
        parts = {
            "format": FORMAT,
            "terrain": list(self.replication.adjacency.network.settlements),
            "parameters": self.replication.parameters.vector().tolist(),
            "seed": self.replication.seed,
            "replica": self.replication.replica,
            "horizon": self.replication.horizon,
            "state": self.state.plain(),
            "people": self.people.plain() if self.people else None,
            "occasions": [list(item) for item in self._occasions.items()],
            # Without hooks nobody is told, and those of a branch not of what was.
            "told": self._told if self.hooks else len(self.state.rows),
            "queue": sorted(entries),
            "legs": [leg.plain() for leg in self._legs],
        }
        return sealed(parts)

    @classmethod
    def resume(
        cls,
        start: Network | Adjacency,
        saved: dict[str, Any],
        interventions: Sequence[Intervention] = (),
        *,
        hooks: Sequence[Hook] = (),
        engine: Engine = "simpy",
        horizon: float | None = None,
    ) -> Simulation:
        """A new run from a checkpoint, with further *interventions* if any.

        Those dated earlier happen at once. Resuming with none is going on as if
        nothing had been. The checkpoint is not changed; one that was is refused.

        A run keeps nothing of what would happen after its horizon. With a longer
        *horizon* it is told again from its start to where it was saved, by the same
        draws and with what was ordered on the way, and goes on as if that had been its
        horizon. This takes as long as the first time, and the *hooks* it had must be
        among those given. Where it does not come to what was saved (another terrain,
        hooks that are others or ask for the horizon), `InputError` is raised.
        """
        adjacency = start if isinstance(start, Adjacency) else adjacency_of(start)
        saved = opened(saved)
        if tuple(saved["terrain"]) != adjacency.network.settlements:
            raise InputError("the checkpoint is of other settlements than the terrain")
        if horizon is not None and horizon != saved["horizon"]:
            saved = cls._retold(adjacency, saved, hooks, engine, horizon)
        run = cls(
            adjacency,
            Parameters.from_vector(saved["parameters"]),
            seed=saved["seed"],
            replica=saved["replica"],
            horizon=saved["horizon"],
            hooks=hooks,
            people=saved["people"] is not None,
            engine=engine,
            saved=saved,
        )
        if interventions:
            run._front.issue(run.state.time, interventions)
        leg = Leg(run.state.time, _names(hooks), tuple(interventions))
        if interventions or leg.hooks != run._legs[-1].hooks:
            run._legs.append(leg)
        return run

    @classmethod
    def _retold(
        cls,
        adjacency: Adjacency,
        saved: dict[str, Any],
        hooks: Sequence[Hook],
        engine: Engine,
        horizon: float,
    ) -> dict[str, Any]:
        """The checkpoint that *saved* would have been with a longer horizon."""
        before = saved["horizon"]
        if check_horizon(horizon) < before:
            raise UsageError(
                f"horizon {horizon:g} is before the checkpoint's, {before:g}; "
                "Run.until stops earlier"
            )
        first, *later = (leg_of(leg) for leg in saved["legs"])
        if first.interventions is None:
            raise InputError(
                f"the checkpoint cannot go beyond its horizon {before:g}: it is of a "
                "run that was given a plan, and its interventions are not known"
            )
        run = cls(
            adjacency,
            Parameters.from_vector(saved["parameters"]),
            first.interventions,
            seed=saved["seed"],
            replica=saved["replica"],
            horizon=horizon,
            hooks=_hooks_of(first, hooks),
            people=saved["people"] is not None,
            engine=engine,
        )
        for leg in later:
            stop = run.until(leg.since).checkpoint()
            had = _hooks_of(leg, hooks)
            orders = leg.interventions or ()
            run = cls.resume(adjacency, stop, orders, hooks=had, engine=engine)
        told = run.until(saved["state"]["time"]).checkpoint()
        if so_far(told) != so_far(saved):
            raise InputError(
                f"the checkpoint cannot go beyond its horizon {before:g}: told again "
                "from its start, the run comes to something else by day "
                f"{run.state.time:g}. Are the terrain and the hooks the same, and do "
                "they not ask for the horizon?"
            )
        return told


def _names(hooks: Sequence[Hook]) -> tuple[str, ...]:
    return tuple(name_of(hook) for hook in hooks)


def _hooks_of(leg: Leg, given: Sequence[Hook]) -> tuple[Hook, ...]:
    """The hooks of a leg, which must be among those *given*."""
    if leg.hooks == _names(given):
        return tuple(given)
    known = {name_of(hook): hook for hook in given}
    for name in leg.hooks:
        if name not in known:
            raise InputError(
                f"the run had the hook {name} from day {leg.since:g} on, and has to be "
                "told again for a longer horizon; give it, too"
            )
    return tuple(known[name] for name in leg.hooks)
