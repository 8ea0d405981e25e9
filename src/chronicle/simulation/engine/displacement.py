"""People: who flees, where to, who moves on, who goes home; once a day, in cohorts.

Expected flows, not agents: FLEE's destination weights give the shares, so that the same
front gives the same people, and what is uncertain is the front and the parameters. A
day is settled after all other events of the day, in this order:

1. who was on the way arrives;
2. home is calm for long enough: a share of those away comes back. Origins are not kept
   apart once people are away, so who returns is drawn evenly from all places that host
   people (but not from abroad);
3. push: a share of the residents leaves home where there is fighting, where an arrival
   is expected within `anticipation_days`, and for `aftermath_days` after a change of
   hands, less so when that was peaceful;
4. those displaced move on with a chance by kind of place, along open routes, with
   weights score / (softening + km)^exponent; groups under half a person stay.

`residents + guests + under way` is conserved; so is `away`: it counts, by home, those
who left and did not return.

This is the plain twin, on NumPy arrays; `compiled` has the same in loops, bit for bit.
Sums run in ascending row order in both: `bincount`, `add.at` and `accumulate` add one
by one, `numpy.sum` would not; terms of 0.0 may be left out or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.simulation.engine.replication import Replication
from chronicle.simulation.engine.state import ModelState
from chronicle.simulation.network import Network, Spans
from chronicle.simulation.parameters import Parameters
from chronicle.simulation.random_streams import exp_array, log_array
from chronicle.simulation.rules import ABROAD, CAMP, SITE

__all__ = ["LEAST_GROUP", "People", "Ways", "room", "ways_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST_GROUP = 0.5
"""People; smaller expected groups stay, or they would thin out over the whole map."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What people go by, of one setting of the parameters.

    By directed link: *origin*, *weight* and *delay* in days; by place: *degree*, how
    many links it has, *chance* to move on from it and *pull* towards it.
    """

    origin: Integers
    degree: Integers
    weight: Floats
    delay: Integers
    slots: int
    chance: Floats
    pull: Floats


def ways_of(network: Network, parameters: Parameters, horizon: float) -> Ways:
    """Weights and days on the way of each link; *slots* is the length of the ring.

    Whoever would arrive after the horizon is still under way when the run ends.
    """
    p = parameters
    km = network.distance_km
    base = p.softening_km + km
    if p.distance_exponent == 1.0:
        weight = 1.0 / base
    else:
        weight = exp_array(-p.distance_exponent * log_array(base))
    days = (km / p.people_km_day).astype(np.int64) + 1
    slots = min(int(days.max(initial=1)), int(horizon) + 1) + 1
    edge = network.link_edge
    kind = network.kind
    chance = np.full(network.count, p.move_town)
    chance[kind == CAMP] = p.move_camp
    chance[kind == ABROAD] = 0.0
    pull = np.where(kind == SITE, 0.0, 1.0)
    degree = np.diff(network.first)
    return Ways(
        origin=np.repeat(np.arange(network.count), degree),
        degree=degree,
        weight=weight[edge],
        delay=np.minimum(days, slots - 1)[edge],
        slots=slots,
        chance=chance,
        pull=pull,
    )


def room(load: Floats, capacity: Floats, buffer: float) -> Floats:
    """FLEE's capacity factor: 1 up to *buffer* of the capacity, falling to 0 when full.

    Infinite capacity gives 1.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        falling = (capacity - load) / (capacity * (1.0 - buffer))
    found: Floats = np.where(
        load >= capacity, 0.0, np.where(load <= buffer * capacity, 1.0, falling)
    )
    return found


def _total(values: Floats) -> float:
    return float(np.add.accumulate(values)[-1]) if values.size else 0.0


class People:
    """The people of one run, a `Flight`; `settle` is the day's step."""

    def __init__(
        self,
        replication: Replication,
        state: ModelState,
        saved: dict[str, Any] | None = None,
    ) -> None:
        network = replication.adjacency.network
        self.network = network
        self._parameters = replication.parameters
        self._state = state
        self._abroad = network.kind == ABROAD
        self._ways = ways = ways_of(
            network, replication.parameters, replication.horizon
        )
        # The same memory as the lists that the front writes to.
        self._expected = np.frombuffer(state.expected, np.float64)
        self._changed = np.frombuffer(state.changed, np.float64)
        self._weight = np.frombuffer(state.weight, np.float64)
        self._fighting = np.frombuffer(state.fighting, np.bool_)
        self._capacity = np.frombuffer(state.capacity, np.float64)
        self.residents: Floats = network.population.astype(np.float64)
        self.guests: Floats = network.displaced.copy()
        self.guests[np.isnan(self.guests)] = 0.0
        self.away: Floats = np.zeros(network.count)
        self.ring: Floats = np.zeros((ways.slots, network.count))
        self.displaced: list[float] = []
        self.returned: list[float] = []
        if saved is not None:
            for name in ("residents", "guests", "away", "ring"):
                setattr(self, name, np.array(saved[name], np.float64))
            self.displaced = list(saved["displaced"])
            self.returned = list(saved["returned"])

    def plain(self) -> dict[str, object]:
        """A copy as lists and numbers."""
        found: dict[str, object] = {
            name: getattr(self, name).tolist()
            for name in ("residents", "guests", "away", "ring")
        }
        return found | {"displaced": self.displaced[:], "returned": self.returned[:]}

    @property
    def total(self) -> float:
        """Everybody: at home, hosted, under way."""
        return float(self.residents.sum() + self.guests.sum() + self.ring.sum())

    @property
    def standing(self) -> Floats:
        """Who is displaced, or came from elsewhere before, and is in each place."""
        return self.guests

    @property
    def under_way(self) -> float:
        """Who is on a road."""
        return float(self.ring.sum())

    def settle(self, day: int) -> None:
        """Bring the people from the end of *day* - 1 to the end of *day*."""
        p, guests = self._parameters, self.guests
        arriving = self.ring[day % self._ways.slots]
        guests += arriving
        arriving[:] = 0.0

        since = day - self._changed
        recent = since <= p.aftermath_days
        stirred = self._expected - p.anticipation_days <= day
        stirred |= recent
        stirred |= self._fighting
        conflict = self._weight != 0.0
        conflict &= recent
        conflict |= self._fighting
        back = self._return(since, stirred)

        rows = np.flatnonzero(stirred)
        peaceful = recent[rows] & ~conflict[rows]
        rate = np.where(peaceful, p.push * p.push_peaceful, p.push)
        leaving = rate * self.residents[rows]
        self.residents[rows] -= leaving
        self.away[rows] += leaving
        guests[rows] += leaving
        before = self.displaced[-1] if self.displaced else 0.0
        self.displaced.append(before - back + _total(leaving))
        self.returned.append(back)
        self._move_on(day, conflict)

    def _return(self, since: Floats, stirred: NDArray[np.bool_]) -> float:
        """Step 2; *since* are the days since each change. Returns how many came."""
        p, guests = self._parameters, self.guests
        if p.return_rate <= 0.0:
            return 0.0
        calm = since > p.return_after_days
        calm &= ~stirred
        calm &= self.away > 0.0
        homes = np.flatnonzero(calm)
        if not homes.size:
            return 0.0
        back = p.return_rate * self.away[homes]
        hosted = np.where(self._abroad, 0.0, guests)
        wanted, there = _total(back), _total(hosted)
        if wanted <= 0.0 or there <= 0.0:
            return 0.0
        share = wanted / there
        if share > 1.0:
            back = back / share
            share, wanted = 1.0, there
        hosted *= share
        guests -= hosted
        self.residents[homes] += back
        self.away[homes] -= back
        return wanted

    def _move_on(self, day: int, conflict: NDArray[np.bool_]) -> None:
        """Step 4: send the displaced on their way.

        All links at once: where nobody moves the flow is 0.0, which alters no sum.
        """
        p, ways, guests = self._parameters, self._ways, self.guests
        chance = np.where(conflict, p.move_conflict, ways.chance)
        chance[self._abroad] = 0.0
        chance[guests < LEAST_GROUP] = 0.0
        if not chance.any():
            return
        score = np.where(conflict, ways.pull * p.conflict_weight, ways.pull)
        limited = np.flatnonzero(self._capacity != np.inf)
        if limited.size:
            capacity = self._capacity[limited]
            score[limited] *= room(guests[limited], capacity, p.capacity_buffer)
        target = self.network.link_target
        weight = score[target]
        weight *= ways.weight
        if self._state.paths or self._state.corridors:
            weight *= self._passable(day)[self.network.link_edge]
        whole = np.bincount(ways.origin, weight, guests.size)
        chance[whole <= 0.0] = 0.0
        moving = guests * chance
        whole[whole <= 0.0] = 1.0
        flow = np.repeat(moving / whole, ways.degree)
        flow *= weight
        guests -= moving
        if ways.slots == 2:  # all are there tomorrow, and nobody else
            self.ring[(day + 1) % 2] = np.bincount(target, flow, guests.size)
            return
        slot = (day + ways.delay) % ways.slots
        np.add.at(self.ring.reshape(-1), slot * guests.size + target, flow)

    def _passable(self, day: int) -> Floats:
        """By edge: 0 if shut for people when the day begins, more for corridors."""
        found = np.ones(len(self.network.distance_km))
        for edge, spans in self._state.paths.items():
            found[edge] = 1.0 if within(spans, day - 1.0) else 0.0
        for edge, spans in self._state.corridors.items():
            if within(spans, day - 1.0):
                found[edge] *= self._parameters.corridor_pull
        return found


def within(spans: Spans, time: float) -> bool:
    """Whether *time* lies in one of the half-open *spans*."""
    return any(since <= time < until for since, until in spans)
