"""What the rules put on the calendar: forces, sieges, plans, and the order of ties.

The rules say *when*; a schedule sees to it that they are called then. There are two:
processes of SimPy (`simpy_engine`) and a bare heap (`heap_engine`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chronicle.simulation.rules import ARRIVAL, SIEGE_END

__all__ = ["Force", "Plan", "Schedule", "Siege", "arrival_rank", "rank_of"]


class Force(Protocol):
    """A force of *actor* on its way from *origin* to *place*, where it arrives *at*.

    With *mask* 1 it attacks whom its actor attacks; with 3 it strikes back, also at an
    actor that only attacks it.
    """

    at: float
    place: int
    origin: int
    edge: int
    actor: int
    mask: int


@dataclass(slots=True, eq=False)
class Siege:
    """A siege of *place* that *actor* laid from *origin*; it ends *at*, in *outcome*.

    *others* counts the forces that joined the first.
    """

    at: float
    place: int
    origin: int
    actor: int
    outcome: int
    others: int

    @property
    def rank(self) -> int:
        """Its place in what happens at one time."""
        return rank_of(SIEGE_END, self.place)


@dataclass(slots=True, eq=False)
class Plan:
    """Anything else that happens *at* a time; *kind* is its priority in `rules`.

    *place* is a settlement, or the number of an order or a ceasefire; *aux* is the
    kind of change that ends a ceasefire, or the holder that an uprising is against.
    """

    at: float
    kind: int
    place: int = 0
    actor: int = -1
    aux: int = 0

    @property
    def rank(self) -> int:
        """Its place in what happens at one time."""
        return rank_of(self.kind, self.place, self.aux, self.actor + 1)


class Schedule(Protocol):
    """Calls the rules when it is time, in order of time and then of rank.

    What would happen after the horizon does not.
    """

    def send(
        self, at: float, place: int, origin: int, edge: int, actor: int, mask: int
    ) -> None:
        """Call `Front.arrive` *at* a time with a `Force` of these."""

    def besiege(self, siege: Siege) -> None:
        """Call `Front.end_siege` at `siege.at`, if the place is under it by then."""

    def move_end(self, siege: Siege) -> None:
        """The siege ends at another time than was planned, or was lifted."""

    def post(self, plan: Plan) -> None:
        """Carry *plan* out at `plan.at`."""

    def soon(self, call: Callable[[], None]) -> None:
        """Call *call* when what happens now is done, before anything else happens."""


def arrival_rank(place: int, origin: int, actor: int, mask: int) -> int:
    """`rank_of` an arrival."""
    return ARRIVAL << 56 | place << 32 | origin + 1 << 8 | actor << 1 | mask >> 1


def rank_of(kind: int, place: int, origin: int = -1, rest: int = 0) -> int:
    """The order of what happens at one time, as one number: the smaller is first.

    By kind (orders, ends of ceasefires, supply, uprisings, ends of sieges, arrivals,
    people, the end of a run), then by row of the place, then of the origin. All ranks
    are above SimPy's own priorities, `URGENT` and `NORMAL`: whatever a process of the
    user's own does at a time, it does before the model's events of that time.
    """
    return kind << 56 | place << 32 | origin + 1 << 8 | rest
