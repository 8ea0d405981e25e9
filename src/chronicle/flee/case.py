"""What a FLEE folder says, as plain values; days count from 0 at the period's start.

FLEE is the agent-based model of flight of Suleimenova, Bell and Groen (2017, Scientific
Reports 7:13377); its files are described at https://flee.readthedocs.io.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from chronicle.flee.settings import FleeSettings

__all__ = [
    "KINDS",
    "FleeCase",
    "FleeClosure",
    "FleeCorrection",
    "FleeCounts",
    "FleeLink",
    "FleeLocation",
    "FleePeriod",
]

# FLEE knows a location's type by the first of these words in it; camps come before.
KINDS = {
    "conflict": "conflict_zone",
    "forward": "forwarding_hub",
    "marker": "marker",
    "default": "town",
    "town": "town",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FleeLocation:
    """A row of `locations.csv`; `kind` is `camp`, `idpcamp`, a value of
    `KINDS`, or "" where FLEE knows none.

    `population` is the capacity where the kind is a camp, with 0 for no limit.
    `conflict_day` is the day from which a conflict zone is one. `initial_idps` are in a
    camp at the start beside those counted, by the rules of FLEE after 3.1.
    """

    line: int
    name: str
    region: str
    country: str
    latitude: float | None
    longitude: float | None
    kind: str
    conflict_day: int
    population: int
    initial_idps: int = 0

    @property
    def is_camp(self) -> bool:
        """Whether it is scored: a camp across a border or within the country."""
        return self.kind in ("camp", "idpcamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleeLink:
    """A row of `routes.csv`: a road between two locations, open both ways.

    `forced_redirection` is 1 from `first` to `second`, 2 the other way, else 0.
    """

    line: int
    first: str
    second: str
    distance_km: float
    forced_redirection: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FleeClosure:
    """A row of `closures.csv`: shut on `start_day`, open again on `end_day`.

    An `end_day` that never comes (0 after a later start, or past the period) is never.
    `first` and `second` are countries, locations or a camp, as `kind` says.
    """

    line: int
    kind: str
    first: str
    second: str
    start_day: int
    end_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FleePeriod:
    """The days that are simulated: `days` of them from `start` on."""

    start: date
    days: int

    def day_of(self, day: date) -> int:
        """The number of a calendar day; negative before the start."""
        return (day - self.start).days

    def date_of(self, day: int) -> date:
        """The calendar day of a number."""
        return self.start + timedelta(days=day)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleeCorrection:
    """A new registration of a camp, which put an earlier overcount right."""

    line: int
    camp: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FleeCounts:
    """People counted in one place, a stock, in order of days.

    `persons` are as published; a day between two counts is read off the line between
    them, a day before the first or after the last one has that count.
    """

    name: str
    files: tuple[str, ...]
    days: tuple[int, ...]
    persons: tuple[float, ...]

    def on(self, day: int) -> int:
        """The stock on a day, rounded down as FLEE rounds it."""
        after = bisect_right(self.days, day)
        if after == 0 or day == self.days[0]:
            return int(self.persons[0])
        if after == len(self.days):
            return int(self.persons[-1])
        since, until = self.days[after - 1], self.days[after]
        low, high = self.persons[after - 1], self.persons[after]
        return int(low + (day - since) / (until - since) * (high - low))

    def corrected(self, day: int) -> FleeCounts | None:
        """All counts before *day* scaled to the level of the count on that day.

        None if no count stands on the day, none before it, or the one before is 0.
        """
        if day not in self.days or self.days.index(day) == 0:
            return None
        place = self.days.index(day)
        before = self.persons[place - 1]
        if before == 0:
            return None
        factor = self.persons[place] / before
        scaled = tuple(count * factor for count in self.persons[:place])
        return FleeCounts(
            name=self.name,
            files=self.files,
            days=self.days,
            persons=scaled + self.persons[place:],
        )


@dataclass(frozen=True, kw_only=True)
class FleeCase:
    """One FLEE folder.

    `conflicts` has for each location a column of `conflicts.csv`: the intensity on each
    day, 0 for quiet. `camps` are the counts of those camps that have some, in the order
    of the locations, and `total` those of all who fled; both before `corrections`.
    `food` has for a region the share of its people who lack it, by day.
    """

    name: str
    period: FleePeriod
    locations: tuple[FleeLocation, ...]
    links: tuple[FleeLink, ...]
    closures: tuple[FleeClosure, ...]
    conflicts: Mapping[str, tuple[float, ...]]
    total: FleeCounts | None
    camps: tuple[FleeCounts, ...]
    corrections: tuple[FleeCorrection, ...]
    settings: FleeSettings
    food: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @cached_property
    def home_country(self) -> str:
        """The country of the first location, which FLEE takes for the home country."""
        return self.locations[0].country if self.locations else ""

    @cached_property
    def counts(self) -> tuple[FleeCounts, ...]:
        """The camps' counts after the corrections, which is what a run is scored by."""
        return tuple(self._corrected(counts) for counts in self.camps)

    def _corrected(self, counts: FleeCounts) -> FleeCounts:
        for correction in self.corrections:
            if correction.camp == counts.name:
                day = self.period.day_of(correction.on)
                counts = counts.corrected(day) or counts
        return counts
