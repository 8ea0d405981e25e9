"""What a cohort run takes: the network, the rules and what each day brings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import BudgetExceeded, UsageError

__all__ = ["CohortInputs", "CohortRules", "Day", "FlightNetwork", "Pace"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOST_NIGHTS = 10_000_000  # over all legs, for each of which all nights are kept
STRIDE_KM = 1.0  # distances of one day are added up in whole strides


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortRules:
    """What holds everywhere; defaults are those of FLEE 3.1.

    The weight of a leg is ((`weight_softening` + attraction) / (`softening_km` + km) **
    `distance_power` × room) ** `weight_power`. Room falls from 1 to 0 between
    `capacity_buffer` of the capacity and all of it. Legs on foot are walked at
    `walk_km_per_day`. With `avoid_short_stints` nobody rests in a town on the way who
    has not come far of late. With `keep_plans` all who have a plan go on in the
    morning, whatever the leave chance of where they are.
    """

    speed_km_per_day: float = 360.0
    softening_km: float = 10.0
    distance_power: float = 1.0
    weight_softening: float = 0.0
    weight_power: float = 1.0
    capacity_buffer: float = 0.9
    walk_km_per_day: float = 35.0
    avoid_short_stints: bool = False
    keep_plans: bool = False


@dataclass(frozen=True, kw_only=True)
class FlightNetwork:
    """Places, what people in them have in mind, and the legs that they may walk.

    A *state* is a place and the plan of those who stand there. State *p* < `places` is
    place *p* without a plan; the others are halts on a longer way, with the one leg
    that is left of it. `state_place[S]` is where a state is. The legs are sorted by
    `leg_from`: from state `leg_from[L]` to `leg_to[L]` over `leg_km[L]`, weighed as a
    way to the place `leg_goal[L]` that is `leg_goal_km[L]` off.

    `entry[P]` is the state in which people begin, the place itself if not given, and
    `rest[S]` the one in which they are who give up their plan, by default the place.
    Legs of `on_foot[L]` are walked slowly, by default none.
    """

    places: int
    state_place: Ints
    leg_from: Ints
    leg_to: Ints
    leg_km: Floats
    leg_goal: Ints
    leg_goal_km: Floats
    entry: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    rest: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    on_foot: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __post_init__(self) -> None:
        if not self.entry.size:
            object.__setattr__(self, "entry", np.arange(self.places))
        if not self.rest.size:
            object.__setattr__(self, "rest", self.state_place)
        if not self.on_foot.size:
            object.__setattr__(self, "on_foot", np.zeros(self.legs, np.bool_))
        legs = {len(self.leg_from), len(self.leg_to), len(self.leg_km)}
        legs |= {len(self.leg_goal), len(self.leg_goal_km)}
        if len(legs) != 1 or len(self.state_place) < self.places:
            raise UsageError("a network's arrays have different lengths")
        if np.any(np.diff(self.leg_from) < 0):
            raise UsageError("legs must be sorted by the state that they leave")
        if np.any(self.leg_km <= 0) or np.any(self.leg_goal_km <= 0):
            raise UsageError("every leg needs a length above 0 km")

    @property
    def states(self) -> int:
        """How many states there are, places among them."""
        return len(self.state_place)

    @property
    def legs(self) -> int:
        """How many legs there are, each one way."""
        return len(self.leg_from)

    @cached_property
    def halts(self) -> Bools:
        """Which states have a plan."""
        return np.asarray(self.rest != np.arange(self.states))

    def by_place(self, by_state: Floats) -> Floats:
        """People by place, whatever they have in mind."""
        places = np.bincount(self.state_place, by_state, self.places)
        return np.asarray(places, dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class CohortInputs:
    """A case: who is where at first, and what each day brings.

    Arrays over days (D), places (P) and legs (L): `newcomers[D, P]` begin to flee in
    the morning of a day, `leave_chance[D, P]` is a share a day, `attraction[D, P]` a
    factor, `guarded[D, P]` marks camps that take nobody when they are full, and
    `open_legs[D, L]` says which legs may be walked. `capacity[P]` below 1 is no limit.
    `towns[D, P]` are places that `avoid_short_stints` is about; by default none.
    """

    network: FlightNetwork
    rules: CohortRules
    present: Floats
    capacity: Floats
    newcomers: Floats
    leave_chance: Floats
    attraction: Floats
    guarded: Bools
    open_legs: Bools
    towns: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __post_init__(self) -> None:
        if not self.towns.size:
            object.__setattr__(self, "towns", np.zeros_like(self.guarded))
        days, places = self.newcomers.shape
        if places != self.network.places or self.open_legs.shape[0] != days:
            raise UsageError("the inputs of a cohort run have different shapes")
        if not 2 * STRIDE_KM <= self.rules.speed_km_per_day <= 1e4:
            raise UsageError("speed_km_per_day must be from 2 to 10,000")
        if not 2 * STRIDE_KM <= self.rules.walk_km_per_day <= 1e4:
            raise UsageError("walk_km_per_day must be from 2 to 10,000")
        if np.any(self.newcomers < 0) or np.any(self.present < 0):
            raise UsageError("people cannot be fewer than 0")
        if np.any((self.leave_chance < 0) | (self.leave_chance > 1)):
            raise UsageError("leave_chance must be from 0 to 1")

    @cached_property
    def leg_distance(self) -> Floats:
        """What the weight of each leg is divided by."""
        rules = self.rules
        softened = rules.softening_km + self.network.leg_goal_km
        return np.asarray(softened**rules.distance_power)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """What a day's travel means on each leg.

    A day has `strides` of 1 km. A `short` leg is walked within a day and is `length`
    strides long, at least one, so that whoever walks gets on. After N + 1 days on the
    road, the next day `ends[L, N]` the leg or not, after `walked[L, N]` strides of it.
    A whole day on it is `daily_km[L]`.
    """

    strides: int
    short: Bools
    length: Ints
    ends: Bools
    walked: Ints
    daily_km: Floats

    @classmethod
    def of(cls, network: FlightNetwork, rules: CohortRules) -> Pace:
        """The pace of *rules*, slower where a leg is walked on foot."""
        strides, km = math.ceil(rules.speed_km_per_day / STRIDE_KM), network.leg_km
        speed = np.where(
            network.on_foot, rules.walk_km_per_day, rules.speed_km_per_day
        ).astype(np.float64)
        nights = max(1, int((km // speed).max(initial=0.0)))
        if nights * network.legs > MOST_NIGHTS:
            raise BudgetExceeded(
                f"{network.legs:,} legs, the longest of {nights:,} nights, are above "
                f"{MOST_NIGHTS:,} in all: look at the longest distances and at the "
                "speed"
            )
        behind_km = speed[:, None] * np.arange(1, nights + 1)
        ends = behind_km + speed[:, None] > km[:, None]
        ends[:, -1] = True  # whatever the rounding, nobody walks for ever
        walked: Any = np.rint((km[:, None] - behind_km) / STRIDE_KM)
        return cls(
            strides=strides,
            short=km < speed,
            length=np.maximum(np.rint(km / STRIDE_KM), 1).astype(np.int64),
            ends=ends,
            walked=np.clip(walked, 0, strides - 1).astype(np.int64),
            daily_km=speed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Where people are; the arrays are changed in place as days go by.

    `standing[S]` by state. `road[L, N]` walk leg L and have N + 1 whole days behind
    them; `turned[L, N]` walked it when it was shut and go back to where they set out.

    How far people have come of late is kept as a sum over those in the same cell:
    `standing_came`, `road_came` and `turned_came`, in days' travel (see `came_far`).
    """

    standing: Floats
    road: Floats
    turned: Floats
    standing_came: Floats
    road_came: Floats
    turned_came: Floats

    @classmethod
    def first(cls, inputs: CohortInputs, pace: Pace) -> Day:
        """The morning of day 0, before anybody came."""
        standing = np.zeros(inputs.network.states)
        standing[inputs.network.entry] = inputs.present
        road = np.zeros(pace.ends.shape)
        came = np.zeros(road.shape if inputs.rules.avoid_short_stints else (0, 0))
        return cls(
            standing=standing,
            road=road,
            turned=road.copy(),
            standing_came=np.zeros_like(standing),
            road_came=came,
            turned_came=came.copy(),
        )

    def people(self) -> float:
        """Everybody, added without loss."""
        parts = (self.standing, self.road, self.turned)
        return math.fsum(math.fsum(part[part != 0].tolist()) for part in parts)
