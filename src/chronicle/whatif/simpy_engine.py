"""The reference engine: callbacks on SimPy's own environment, over plain data.

A `Run` is one replica. It stops at any day, saves itself as plain data (`checkpoint`),
and goes on from there, once or as many branches with further interventions. Hooks, pure
functions of a view, an event and a keyed random source, return interventions; they run
here only. The same callbacks also run on a bare heap, for machines without numba.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Any, Literal, NamedTuple

import simpy
from simpy.core import StopSimulation

from chronicle.errors import BudgetExceeded, InputError, UsageError
from chronicle.whatif.draws import KeyedRandom, stable_id
from chronicle.whatif.front import Front
from chronicle.whatif.interventions import Intervention
from chronicle.whatif.parameters import Parameters
from chronicle.whatif.people import People
from chronicle.whatif.plan import Chart, Plan, chart_of, plan_of
from chronicle.whatif.rules import CHANGES, SIEGE_END, STATUSES, STOP, Change, day_of
from chronicle.whatif.state import Happening, Queue, State
from chronicle.whatif.terrain import Terrain

__all__ = ["Event", "Hook", "Run", "View", "event_of"]

Engine = Literal["simpy", "heap"]


class Event(NamedTuple):
    """A `Change` in the words of the terrain; what hooks are told."""

    day: int
    time: float
    settlement: str | None
    controller: str | None
    status: str
    kind: str
    from_settlement: str | None


def event_of(change: Change, terrain: Terrain) -> Event:
    """Spell a change out."""
    place, origin = change.settlement, change.from_settlement
    return Event(
        change.day,
        change.time,
        terrain.settlements[place] if place >= 0 else None,
        terrain.actors[change.controller] if change.controller >= 0 else None,
        STATUSES[change.status],
        CHANGES[change.kind],
        terrain.settlements[origin] if origin >= 0 else None,
    )


class View:
    """What a hook may look at; nothing here can be changed."""

    def __init__(self, plan: Plan, state: State) -> None:
        self._plan = plan
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
        return self._plan.chart.terrain.settlements

    def controller(self, settlement: str) -> str | None:
        """Who holds it now."""
        code = self._state.owner[self._row(settlement)]
        return self._plan.chart.terrain.actors[code] if code >= 0 else None

    def besieger(self, settlement: str) -> str | None:
        """Who lays siege to it now, or None."""
        siege = self._state.sieges[self._row(settlement)]
        return None if siege is None else self._plan.chart.terrain.actors[siege.actor]

    def population(self, settlement: str) -> int:
        """People at the branch."""
        return self._plan.chart.population[self._row(settlement)]

    def neighbours(self, settlement: str) -> tuple[str, ...]:
        """Where its routes lead, open or not."""
        out = self._plan.chart.links[self._row(settlement)]
        return tuple(self.settlements[link[0]] for link in out)

    def lost_share(self, actor: str) -> float:
        """The share of its people at the branch that an actor has lost."""
        code = self._plan.chart.terrain.actor(actor)
        begun = self._plan.chart.start[code]
        return max(0.0, (begun - self._state.held[code]) / begun) if begun else 0.0

    def _row(self, settlement: str) -> int:
        return self._plan.chart.terrain.row(settlement)


Hook = Callable[[View, Event, KeyedRandom], Sequence[Intervention] | None]


class _Environment(simpy.Environment):
    """SimPy's environment; its queue is handed to the front, which pushes to it."""

    @property
    def entries(self) -> Queue:
        queue: Queue = self._queue  # type: ignore[assignment]
        return queue


def _halt(_: Happening) -> None:
    raise StopSimulation(None)


class Run:
    """One replica on its way to the horizon."""

    def __init__(
        self,
        start: Terrain | Chart,
        parameters: Parameters | None = None,
        interventions: Sequence[Intervention] = (),
        *,
        seed: int,
        horizon: float,
        replica: int = 0,
        hooks: Sequence[Hook] = (),
        people: bool = True,
        engine: Engine = "simpy",
        plan: Plan | None = None,
        saved: dict[str, Any] | None = None,
    ) -> None:
        chart = start if isinstance(start, Chart) else chart_of(start)
        if engine not in ("simpy", "heap"):
            raise UsageError(f"no engine {engine!r} here: simpy or heap")
        self.plan = plan or plan_of(
            chart,
            parameters or Parameters(),
            interventions,
            seed=seed,
            replica=replica,
            horizon=horizon,
        )
        self.interventions = tuple(interventions)
        self.hooks = tuple(hooks)
        self.state = State.of(saved["state"]) if saved else State.start(self.plan)
        self._environment = (
            _Environment(initial_time=self.state.time) if engine == "simpy" else None
        )
        self._queue: Queue = self._environment.entries if self._environment else []
        self.people: People | None = None
        if people:
            self.people = People(self.plan, self.state, saved and saved["people"])
        self._front = Front(
            self.plan,
            self.state,
            self._queue,
            self.people.settle if self.people else None,
            self._call_hooks if hooks else None,
        )
        self._told = len(self.state.rows)
        self._occasions: dict[int, int] = {}
        if saved is None:
            self._front.begin()
            return
        self._occasions = {int(k): v for k, v in saved["occasions"]}
        self._front.restore(saved["queue"])

    @property
    def changes(self) -> list[Change]:
        """All changes so far, in order."""
        return [Change(day_of(row[0]), *row) for row in self.state.rows]

    def until(self, day: float | None = None) -> Run:
        """Run to the end of *day*, or to the horizon, and return self."""
        end = self.plan.horizon if day is None else float(day)
        if not self.state.time <= end <= self.plan.horizon:
            raise UsageError(
                f"day {end:g} is not between {self.state.time:g}, where the run "
                f"stands, and its horizon {self.plan.horizon:g}"
            )
        if self._environment is None:
            self._drain(end)
        else:
            halt = Happening()
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
        rows, terrain = self.state.rows, self.plan.chart.terrain
        if len(rows) > 10_000 + 100 * terrain.count:
            raise BudgetExceeded(
                f"{len(rows)} changes on {terrain.count} settlements; "
                "does a hook answer its own orders?"
            )
        while self._told < len(rows):
            row = rows[self._told]
            self._told += 1
            self.state.time = row[0]
            event = event_of(Change(day_of(row[0]), *row), terrain)
            occasion = self._occasions.get(row[1], 0)
            self._occasions[row[1]] = occasion + 1
            entity = stable_id(event.settlement or "")
            for number, hook in enumerate(self.hooks):
                key = self.plan.keys["hook"] ^ stable_id("hook", str(number))
                random = KeyedRandom(key, entity, occasion)
                orders = hook(View(self.plan, self.state), event, random) or ()
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
        return {
            "format": 2,
            "terrain": list(self.plan.chart.terrain.settlements),
            "parameters": self.plan.parameters.vector().tolist(),
            "seed": self.plan.seed,
            "replica": self.plan.replica,
            "horizon": self.plan.horizon,
            "state": self.state.plain(),
            "people": self.people.plain() if self.people else None,
            "occasions": [list(item) for item in self._occasions.items()],
            "queue": sorted(entries),
        }

    @classmethod
    def resume(
        cls,
        start: Terrain | Chart,
        saved: dict[str, Any],
        interventions: Sequence[Intervention] = (),
        *,
        hooks: Sequence[Hook] = (),
        engine: Engine = "simpy",
    ) -> Run:
        """A new run from a checkpoint, with further *interventions* if any.

        Those dated earlier happen at once. Resuming with none is going on as if
        nothing had been. The checkpoint is not changed.
        """
        chart = start if isinstance(start, Chart) else chart_of(start)
        if saved.get("format") != 2:
            raise InputError(f"checkpoint of format {saved.get('format')!r}, not 2")
        if tuple(saved["terrain"]) != chart.terrain.settlements:
            raise InputError("the checkpoint is of other settlements than the terrain")
        run = cls(
            chart,
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
        return run
