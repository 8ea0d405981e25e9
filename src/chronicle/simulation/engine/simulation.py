"""One replica on its way to the horizon, on SimPy or on a bare heap.

A `Simulation` stops at any day, saves itself as plain data (`checkpoint`), and goes on
from there, once or as many branches with further interventions, or to a longer horizon.
Hooks, pure functions of a view, an event and a keyed random source, return
interventions; processes of the user's own run beside the model on SimPy's environment.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, Literal

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
from chronicle.simulation.engine.heap_engine import Heap
from chronicle.simulation.engine.hooks import (
    Hook,
    HookEvent,
    OwnProcess,
    View,
    World,
    event_of,
)
from chronicle.simulation.engine.model import Model
from chronicle.simulation.engine.replication import (
    Adjacency,
    Replication,
    adjacency_of,
    check_horizon,
    replication_of,
)
from chronicle.simulation.engine.schedule import Force, Plan
from chronicle.simulation.engine.simpy_engine import Processes
from chronicle.simulation.engine.state import ModelState
from chronicle.simulation.interventions import Intervention
from chronicle.simulation.network import Network
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.random_streams import KeyedRandom, stable_id
from chronicle.simulation.rules import ARRIVAL, Change, day_of

__all__ = ["Simulation"]

Engine = Literal["simpy", "heap"]


class Simulation:
    """One replica. *processes* run on SimPy only, and cannot be saved."""

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
        processes: Sequence[OwnProcess] = (),
        people: bool = True,
        engine: Engine = "simpy",
        replication: Replication | None = None,
        saved: dict[str, Any] | None = None,
    ) -> None:
        adjacency = start if isinstance(start, Adjacency) else adjacency_of(start)
        if engine not in ("simpy", "heap"):
            raise UsageError(f"no engine {engine!r} here: simpy or heap")
        if processes and engine != "simpy":
            raise UsageError(f"engine {engine!r} has no processes; take simpy")
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
        self.people: People | None = None
        if people:
            self.people = People(
                self.replication, self.state, saved and saved["people"]
            )
        horizon = self.replication.horizon
        self._schedule: Processes | Heap = (
            Processes(self.state.time, horizon) if engine == "simpy" else Heap(horizon)
        )
        listen = self._tell_soon if hooks or processes else None
        self._front = Front(Model(self.replication, self.state, self._schedule, listen))
        settle = self.people.settle if self.people else None
        self._schedule.start(self._front, settle)
        known = replication is None or bool(interventions)
        self._begin(saved, tuple(interventions) if known else None, processes)

    def _begin(
        self,
        saved: dict[str, Any] | None,
        orders: tuple[Intervention, ...] | None,
        processes: Sequence[OwnProcess],
    ) -> None:
        """Put the first events on the calendar, or those that were *saved*."""
        self._told = saved["told"] if saved else 0
        self._telling = False
        self._occasions: dict[int, int] = {}
        self._worlds: list[World] = []
        if isinstance(self._schedule, Processes):
            for number, process in enumerate(processes):
                self._worlds.append(self._world(number))
                self._schedule.add(process, self._worlds[-1])
        if saved is None:
            self._legs = [Leg(self.state.time, _names(self.hooks), orders)]
            self._front.begin(self.people is not None)
            return
        self._legs = [leg_of(leg) for leg in saved["legs"]]
        self._occasions |= {int(k): v for k, v in saved["occasions"]}
        self._front.restore(saved["queue"])
        if self.hooks and self._told < len(self.state.rows):
            self._tell_soon()

    def _world(self, number: int) -> World:
        assert isinstance(self._schedule, Processes)
        env, issue = self._schedule.env, self._front.issue
        return World(self.replication, self.state, env, issue, number)

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
        self._schedule.run(end)
        self.state.time = end
        return self

    def _tell_soon(self) -> None:
        """Something changed: when it is done, hooks and processes are told."""
        if not self._telling:
            self._telling = True
            self._schedule.soon(self._tell)

    def _tell(self) -> None:
        """Tell what the last event changed: hooks give orders, processes wake up."""
        self._telling = False
        rows, network = self.state.rows, self.replication.adjacency.network
        if len(rows) > 10_000 + 100 * network.count:
            raise BudgetExceeded(
                f"{len(rows)} changes on {network.count} settlements; "
                "does a hook answer its own orders?"
            )
        news, self._told = rows[self._told :], len(rows)
        changes = [event_of(Change(day_of(row[0]), *row), network) for row in news]
        for row, change in zip(news, changes, strict=True):
            self.state.time = row[0]
            self._ask_hooks(row[1], change)
        for world in self._worlds:
            world.tell(changes)

    def _ask_hooks(self, place: int, event: HookEvent) -> None:
        """Take the orders that hooks give on one event."""
        entity = stable_id(event.settlement or "")
        occasion = self._occasions.get(place, 0)
        self._occasions[place] = occasion + 1
        for number, hook in enumerate(self.hooks):
            key = self.replication.keys["hook"] ^ stable_id("hook", str(number))
            random = KeyedRandom(key, entity, occasion)
            orders = hook(View(self.replication, self.state), event, random) or ()
            if not all(isinstance(one, Intervention) for one in orders):
                raise InputError(f"hook {hook!r} must return interventions")
            self._front.issue(event.time, orders)

    def checkpoint(self) -> dict[str, Any]:
        """All that a later `resume` needs but the terrain, as plain data.

        Lists, strings and numbers only: it may be copied, sent, written as MessagePack.
        Raises `UsageError` for a run with processes, as Python cannot copy where they
        stand.
        """
        if self._worlds:
            raise UsageError(
                "a run with processes of one's own cannot be saved; use hooks, or run "
                "it from its start"
            )
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
            "queue": sorted(_entry(what) for what in self._schedule.pending()),
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


def _entry(what: Force | Plan) -> list[float]:
    """What is still to happen, as `Front.restore` takes it; sieges are in the state."""
    if not isinstance(what, Plan):
        return [
            what.at, ARRIVAL, what.place, what.origin, 0, what.actor, what.mask,
        ]  # fmt: skip
    return [what.at, what.kind, what.place, -1, what.aux, what.actor, 1]


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
