"""Rules of one's own: hooks, and processes that run beside the model.

A hook is a pure function of a `View`, of what just changed and of a keyed source of
chance; it returns orders. A process is a generator function `(env, world)` on SimPy's
own environment, which waits for what it likes and gives orders when it will.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple

import simpy

from chronicle.simulation.engine.replication import Replication
from chronicle.simulation.engine.state import ModelState
from chronicle.simulation.interventions import Intervention
from chronicle.simulation.network import Network
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.random_streams import KeyedRandom, stable_id
from chronicle.simulation.rules import CHANGES, STATUSES, Change

__all__ = [
    "NO_RULES", "Hook", "HookEvent", "OwnProcess", "OwnRules", "View", "World",
    "event_of",
]  # fmt: skip


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
        self._replication = replication
        self._state = state

    @property
    def time(self) -> float:
        """Days since the branch."""
        return self._state.time

    @property
    def horizon(self) -> float:
        """The last day of the run."""
        return self._replication.horizon

    @property
    def parameters(self) -> Parameters:
        """The parameters of this replica."""
        return self._replication.parameters

    @property
    def settlements(self) -> tuple[str, ...]:
        """All ids, in order."""
        return self._replication.adjacency.network.settlements

    def controller(self, settlement: str) -> str | None:
        """Who holds it now."""
        code = self._state.owner[self._row(settlement)]
        return self._replication.adjacency.network.actors[code] if code >= 0 else None

    def besieger(self, settlement: str) -> str | None:
        """Who lays siege to it now, or None."""
        siege = self._state.sieges[self._row(settlement)]
        return (
            None
            if siege is None
            else self._replication.adjacency.network.actors[siege.actor]
        )

    def population(self, settlement: str) -> int:
        """People at the branch."""
        return self._replication.adjacency.population[self._row(settlement)]

    def neighbours(self, settlement: str) -> tuple[str, ...]:
        """Where its routes lead, open or not."""
        out = self._replication.adjacency.links[self._row(settlement)]
        return tuple(self.settlements[link[0]] for link in out)

    def lost_share(self, actor: str) -> float:
        """The share of its people at the branch that an actor has lost."""
        code = self._replication.adjacency.network.actor(actor)
        begun = self._replication.adjacency.start[code]
        return max(0.0, (begun - self._state.held[code]) / begun) if begun else 0.0

    def _row(self, settlement: str) -> int:
        return self._replication.adjacency.network.row(settlement)


Hook = Callable[[View, HookEvent, KeyedRandom], Sequence[Intervention] | None]


class World(View):
    """What a process of the user's own may look at, wait for and order."""

    def __init__(
        self,
        replication: Replication,
        state: ModelState,
        env: simpy.Environment,
        issue: Callable[[float, Sequence[Intervention]], None],
        number: int,
    ) -> None:
        super().__init__(replication, state)
        self._env = env
        self._issue = issue
        self._next = env.event()
        key = replication.keys["hook"] ^ stable_id("process", str(number))
        self.random = KeyedRandom(key, stable_id(""), 0)
        """Chance that is the same in every run of this replica."""

    @property
    def time(self) -> float:
        """Days since the branch."""
        return float(self._env.now)

    def changed(self) -> simpy.Event:
        """Return an event that comes with the next changes, a tuple of `HookEvent`."""
        return self._next

    def order(self, *interventions: Intervention) -> None:
        """Give orders; those dated earlier are carried out at once.

        Raises `InputError` for what cannot be ordered.
        """
        self._issue(self.time, interventions)

    def tell(self, changes: Sequence[HookEvent]) -> None:
        """Wake who waits for changes. The model calls it, after hooks were asked."""
        told, self._next = self._next, self._env.event()
        told.succeed(tuple(changes))


OwnProcess = Callable[
    [simpy.Environment, World], Generator[simpy.Event, object, object]
]


class OwnRules(NamedTuple):
    """The hooks and the processes that a script adds to a scenario."""

    hooks: tuple[Hook, ...] = ()
    processes: tuple[OwnProcess, ...] = ()


NO_RULES = OwnRules()
