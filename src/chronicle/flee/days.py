"""The days of a FLEE case: who flees, what attracts, who may leave, by place."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chronicle.flee.read import FleeCase, FleeSettings
from chronicle.flee.series import QUIET
from chronicle.flee.settings import FLEE_LATER

__all__ = ["FleeDays", "counted_in_all"]

AUTOMATIC_CAMP = 0.005  # FLEE takes a place that fewer leave a day for a camp

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Places:
    """What FLEE keeps of each place, as it changes; arrays over places."""

    def __init__(self, case: FleeCase) -> None:
        settings, places = case.settings, case.locations
        chances = {
            "camp": settings.camp_movechance,
            "idpcamp": settings.idpcamp_movechance,
            "town": settings.default_movechance,
            "conflict_zone": settings.conflict_movechance,
        }
        kinds = [
            "town"
            if place.kind == "conflict_zone" and place.conflict_day > 0
            else place.kind
            for place in places
        ]
        self.settings = settings
        self.index = {place.name: number for number, place in enumerate(places)}
        self.leave = np.array([chances.get(kind, 1.0) for kind in kinds])
        self.camp = np.array([kind in ("camp", "idpcamp") for kind in kinds])
        self.camp |= self.leave < AUTOMATIC_CAMP
        self.town = np.array([kind == "town" for kind in kinds])
        self.town &= ~self.camp
        self.conflict = np.where([kind == "conflict_zone" for kind in kinds], 1.0, -1.0)
        self.began = np.full(len(places), -1)
        lived_in = [0 if place.is_camp else place.population for place in places]
        self.population = np.array(lived_in, dtype=np.float64)
        shape = (case.period.days, len(places))
        self.hungry = np.zeros(shape)  # the share of people who lack food
        for number, place in enumerate(places):
            self.hungry[:, number] = case.food.get(place.region, 0.0)
        home = case.home_country
        self.foreign = np.array([place.country != home for place in places])

    def begin_conflict(self, place: int, intensity: float, day: int) -> None:
        self.leave[place] = self.settings.conflict_movechance
        self.conflict[place] = intensity
        self.town[place] = False
        self.began[place] = day

    def end_conflict(self, place: int) -> None:
        self.leave[place] = self.settings.default_movechance
        self.conflict[place] = -1.0
        self.town[place] = True

    def close_camp(self, place: int) -> None:
        self.leave[place] = self.settings.default_movechance
        self.camp[place] = False
        self.conflict[place] = -1.0
        self.town[place] = True

    def open_camp(self, place: int, *, internal: bool) -> None:
        settings = self.settings
        chance = settings.idpcamp_movechance if internal else settings.camp_movechance
        self.leave[place] = chance
        self.camp[place] = True
        self.conflict[place] = -1.0
        self.town[place] = False

    def decay(self, day: int) -> Floats:
        """How fresh each conflict still is."""
        factors = np.array(self.settings.conflict_spawn_decay or (1.0,))
        interval = self.settings.conflict_spawn_decay_interval
        steps = np.trunc((day - self.began) / interval).astype(np.int64)
        return np.asarray(factors[np.minimum(steps, len(factors) - 1)])

    def attraction(self, day: int) -> Floats:
        settings = self.settings
        pull = np.where(self.foreign, settings.foreign_weight, 1.0)
        if settings.avoid_food_deprived_locations and day > 0:
            pull[~self.foreign] *= (1.0 - self.hungry[day] ** 2)[~self.foreign]
        pull[self.camp] *= settings.camp_weight
        fights = self.conflict > 0
        power = (self.decay(day) * self.conflict)[fights]
        pull[fights] *= settings.conflict_weight**power
        return pull

    def spawn_weights(self, day: int) -> Floats:
        fights = self.conflict > 0
        weights = self.population * self.conflict * self.decay(day)
        weights = np.where(fights, weights, 0.0)
        if self.settings.starvation_driven_spawning and day > 0:
            only = self.settings.conflict_zone_spawning_only
            flee = self.population * self.hungry[day]
            weights += np.where(fights | (not only), flee, 0.0)
        return np.asarray(weights)

    def leave_chance(self, crowd: Floats, day: int) -> Floats:
        """The share of those in each place that leaves it on a day."""
        chance = self.leave * crowd
        if self.settings.flee_when_starving:
            hungry = self.hungry[day]
            chance = hungry + (1.0 - hungry) * chance
        return np.clip(chance, 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class FleeDays:
    """What each day brings, as arrays over days and places."""

    newcomers: Floats
    leave_chance: Floats
    attraction: Floats
    camp: NDArray[np.bool_]
    town: NDArray[np.bool_]

    @classmethod
    def of(cls, case: FleeCase) -> FleeDays:
        state = Places(case)
        shape = (case.period.days, len(case.locations))
        days = cls(
            newcomers=np.zeros(shape),
            leave_chance=np.zeros(shape),
            attraction=np.zeros(shape),
            camp=np.zeros(shape, dtype=np.bool_),
            town=np.zeros(shape, dtype=np.bool_),
        )
        fleeing = _fleeing(case)
        changes = _conflict_changes(case)
        crowd = _crowding(case)
        for day in range(case.period.days):
            for name, intensity in changes.get(day, ()):
                if intensity >= QUIET:
                    state.begin_conflict(state.index[name], intensity, day)
                else:
                    state.end_conflict(state.index[name])
            fresh_on = day if day in changes else max(day - 1, 0)
            days.newcomers[day] = _newcomers(
                case.settings, state, fleeing[day], fresh_on
            )
            if case.settings.take_from_population:
                taken = np.where(state.conflict > 0, days.newcomers[day], 0.0)
                state.population -= np.minimum(taken, state.population)
            _close_camps(case, state, day)
            days.leave_chance[day] = state.leave_chance(crowd, day)
            days.attraction[day] = state.attraction(day)
            days.camp[day] = state.camp
            days.town[day] = state.town
        return days


def _close_camps(case: FleeCase, state: Places, day: int) -> None:
    for closure in case.closures:
        if closure.kind not in ("camp", "idpcamp"):
            continue
        place = state.index[closure.first]
        if day == closure.start_day:
            state.close_camp(place)
        if day == closure.end_day:
            state.open_camp(place, internal=closure.kind == "idpcamp")


def _crowding(case: FleeCase) -> Floats:
    """The factor by which a place's size changes the share that leaves it."""
    settings = case.settings
    size = np.array([float(place.population) for place in case.locations])
    power = settings.movechance_pop_scale_factor
    return np.asarray((size / settings.movechance_pop_base) ** power)


def _conflict_changes(case: FleeCase) -> dict[int, list[tuple[str, float]]]:
    """The conflicts that begin (an intensity) or end (0) on a day.

    A conflict whose intensity changes goes on with the one that it began with, and FLEE
    3.1 ends none whose last intensity is not 1.
    """
    known = {place.name for place in case.locations}
    changes: dict[int, list[tuple[str, float]]] = defaultdict(list)
    for name, column in case.conflicts.items():
        if name not in known:
            continue
        now = np.array(column)
        before = np.concatenate(([0.0], now[:-1]))
        begins = (now > QUIET) & (before < QUIET)
        ends = (now < QUIET) & (before == 1)
        if case.settings.rules == FLEE_LATER:
            ends = (now < QUIET) & (before >= QUIET)
        for day in np.flatnonzero(begins | ends).tolist():
            changes[day].append((name, column[day] if begins[day] else 0.0))
    return changes


def counted_in_all(case: FleeCase) -> list[int]:
    """Everybody counted by day: the total, or by later rules the sum of the camps.

    FLEE after 3.1 adds up daily differences of the camps, but on day 0 what all files
    have, the total among them; so the total of day 0 stays in the sum.
    """
    days, total = range(case.period.days), case.total
    if not case.settings.sum_from_camps:
        return [total.on(day) if total else 0 for day in days]
    at_first = total.on(0) if total else 0
    return [at_first + sum(camp.on(day) for camp in case.counts) for day in days]


def _fleeing(case: FleeCase) -> list[int]:
    """How many begin to flee on each day, by the counts of everybody."""
    fleeing, debt, before = [], 0, 0
    for day, now in enumerate(counted_in_all(case)):
        more, before = now - before - debt, now
        if day == 0 and case.settings.insert_day0:
            more = 0
        debt = max(0, -more)
        fleeing.append(max(0, more))
    return fleeing


def _newcomers(
    settings: FleeSettings, state: Places, fleeing: int, fresh_on: int
) -> Floats:
    """Who begins to flee today, by place."""
    if settings.spawn_mode is not None:
        rate = np.where(state.conflict > 0, settings.displaced_per_conflict_day, 0.0)
        if settings.spawn_mode == "pop_ratio":
            rate = rate * state.population
        return np.asarray(np.trunc(rate * state.conflict.clip(min=0.0)))
    weights = state.spawn_weights(fresh_on)
    total = weights.sum()
    return weights * (fleeing / total) if total > 0 else np.zeros_like(weights)
