"""What is allowed and still looks wrong, by value with a count, never by row.

Nothing here is refused: a year may be far from the others, a place may lie abroad. It
is listed once after an import, until somebody accepts the value.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from difflib import SequenceMatcher
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from chronicle.domain.events import (
    DisplacementReported,
    Event,
    Reference,
    SettlementRegistered,
)
from chronicle.domain.names import fold_name
from chronicle.domain.state import References
from chronicle.formats.places import distance_km
from chronicle.store.bulk import Controls

__all__ = ["Suspicion", "Watch"]

YEARS = 3  # a gap that is not wider parts no day from the others
SPREADS = 3.0  # and so many quartile ranges
FEW = 0.05  # of all reports: more than that are no typing errors
FAR_KM, FAR_TIMES = 600.0, 8.0  # and times the usual distance from the middle
ALIKE = 0.85  # of the letters of two names
FIRST_YEAR = 1700  # days before it are mistyped, or of another calendar
SPOT = 3  # decimals of a degree: about 100 m
JUMP, PEOPLE = 5.0, 1_000  # times, and at least so many people
MOST = 400  # names of a kind that are compared with each other
SHORT = 4  # letters below which names are alike by chance


class Suspicion(NamedTuple):
    """One value that looks wrong: of what kind, how often it is there, and why."""

    kind: str
    value: str
    times: int
    says: str

    def __str__(self) -> str:
        often = "" if self.times == 1 else f" ({self.times:,} times)"
        return f"{self.kind}: {self.value}{often}: {self.says}"


class Watch:
    """What one import tells, gathered as it passes; `suspicions` looks at it."""

    def __init__(self) -> None:
        self._days: Counter[date] = Counter()
        self._sources: Counter[str] = Counter()
        self._actors: Counter[str] = Counter()
        self._places: set[str] = set()
        self._figures: dict[tuple[str, ...], list[tuple[date, int]]] = defaultdict(list)

    def see(self, told: Event | Controls) -> None:
        """Take in an event, or a block of control reports."""
        if isinstance(told, Controls):
            self._days.update(told.columns["valid_from"])
            self._sources.update(told.columns["source"])
            self._places.update(told.columns["settlement"])
            return
        event: Any = told
        day = getattr(event, "valid_from", None) or getattr(event, "valid_on", None)
        if day is not None:
            self._days[day] += 1
        for counts, names in (
            (self._sources, ("source",)),
            (self._actors, ("actor", "controller", "from_actor", "alleged_actor")),
        ):
            for name in names:
                if word := getattr(event, name, None):
                    counts[word] += not isinstance(event, Reference)
        if place := getattr(event, "settlement", None):
            self._places.add(place)
        if isinstance(event, DisplacementReported) and event.measure == "stock":
            best = event.persons if event.persons is not None else event.low
            if best is not None and event.valid_on is not None:
                of = event.area, event.settlement or "", event.counter, event.category
                self._figures[of].append((event.valid_on, best))

    def suspicions(
        self, known: References, today: date | None = None
    ) -> list[Suspicion]:
        """What looks wrong, beside all that the record has registered by *today*."""
        found: list[Suspicion] = []
        found += _far_days(self._days)
        told = {one.value for one in found}
        found += (one for one in _odd_years(self._days, today) if one.value not in told)
        found += _odd_places(known, self._places)
        found += _same_spot(known, self._places)
        names = {id_: s.name for id_, s in known.sources.items()}
        found += _alike("source", self._sources, names)
        actors = {id_: a.name for id_, a in known.actors.items()}
        found += _alike("party", self._actors, actors)
        found += _jumps(self._figures)
        return found


def _quantile(days: list[tuple[date, int]], share: float) -> date:
    left = sum(count for _, count in days) * share
    for day, count in days:
        left -= count
        if left <= 0:
            return day
    return days[-1][0]


def _far_days(days: Mapping[date, int]) -> Iterator[Suspicion]:
    """Years that a wide gap parts from most days, of few reports: mistyped ones."""
    every = sum(days.values())
    if every < 4:
        return
    ordered = sorted(days.items())
    low, high = _quantile(ordered, 0.25), _quantile(ordered, 0.75)
    gap = max(YEARS * 366.0, SPREADS * (high - low).days)
    first = [day for day, _ in ordered if day <= low]
    last = [day for day, _ in ordered if day >= high]
    start, end = low, high
    while first and (start - first[-1]).days <= gap:
        start = first.pop()
    while last and (last[0] - end).days <= gap:
        end = last.pop(0)
    years: Counter[int] = Counter()
    for day in (*first, *last):
        years[day.year] += days[day]
    if sum(years.values()) > max(FEW * every, 1):
        return
    for year, count in sorted(years.items()):
        side = f"{start.year - year} years before"
        if year > end.year:
            side = f"{year - end.year} years after"
        yield Suspicion("year", str(year), count, f"is {side} the others")


def _odd_years(days: Mapping[date, int], today: date | None) -> Iterator[Suspicion]:
    """Years that lie in the future, or are of another calendar (1446 is 2025)."""
    late: Counter[int] = Counter()
    early: Counter[int] = Counter()
    for day, count in days.items():
        if today is not None and day > today:
            late[day.year] += count
        elif day.year < FIRST_YEAR:
            early[day.year] += count
    for year, count in sorted(early.items()):
        yield Suspicion("year", str(year), count, "is a year of another calendar?")
    for year, count in sorted(late.items()):
        yield Suspicion("year", str(year), count, "has days after today")


def _odd_places(known: References, fresh: set[str]) -> Iterator[Suspicion]:
    """Places at 0/0, with lat and lon swapped, or far from all others."""
    spots = [p.spot for p in known.settlements.values() if p.spot is not None]
    spots = [spot for spot in spots if spot != (0.0, 0.0)]
    middle = (
        (median(s[0] for s in spots), median(s[1] for s in spots)) if spots else None
    )
    usual = 0.0
    if middle is not None:
        usual = median(distance_km(*middle, *spot) for spot in spots)
    far = max(FAR_KM, FAR_TIMES * usual)
    for id_ in sorted(fresh):
        place = known.settlements.get(id_)
        if place is None or place.spot is None:
            continue
        lat, lon = place.spot
        if abs(lat) < 0.01 and abs(lon) < 0.01:
            yield Suspicion("place", id_, 1, "lies at 0/0, in the sea")
        elif middle is not None and len(spots) > 2:
            away = distance_km(*middle, lat, lon)
            if away <= far:
                continue
            if abs(lon) <= 90 and distance_km(*middle, lon, lat) <= far / 2:
                says = f"lies {away:,.0f} km off; are lat and lon swapped?"
            else:
                says = f"lies {away:,.0f} km from the middle of the others"
            yield Suspicion("place", id_, 1, says)


def _same_spot(known: References, fresh: set[str]) -> Iterator[Suspicion]:
    """Two places of different names at one spot."""
    at: dict[tuple[float, float], list[SettlementRegistered]] = defaultdict(list)
    for place in known.settlements.values():
        if place.spot is not None:
            at[round(place.spot[0], SPOT), round(place.spot[1], SPOT)].append(place)
    for some in at.values():
        ids = sorted(place.settlement for place in some)
        if len(ids) > 1 and fresh & set(ids):
            yield Suspicion("spot", " ".join(ids[:4]), len(ids), "lie at one spot")


def _alike(
    kind: str, met: Mapping[str, int], names: Mapping[str, str]
) -> Iterator[Suspicion]:
    """Two ids that may be one: in two cases, or spelt nearly alike."""
    every = sorted({*met, *names})
    if len(every) > MOST:  # too many to compare each with each
        every = sorted(met, key=lambda id_: -met[id_])[:MOST]
    keys = {id_: fold_name(names.get(id_, id_)) for id_ in every}
    for at, first in enumerate(every):
        for second in every[at + 1 :]:
            if first not in met and second not in met:
                continue
            if (says := _why_alike(first, second, keys)) is None:
                continue
            count = min(met.get(first, 0), met.get(second, 0))
            yield Suspicion(kind, f"{first} {second}", max(count, 1), says)


def _why_alike(first: str, second: str, keys: Mapping[str, str]) -> str | None:
    if first.casefold() == second.casefold():
        return "are one word in two cases"
    one, two = keys[first], keys[second]
    if one == two and one:
        return "have the same name"
    if min(len(one), len(two)) < SHORT or abs(len(one) - len(two)) > 2:
        return None
    if [c for c in one if c.isdigit()] != [c for c in two if c.isdigit()]:
        return None  # *brigade 12* and *brigade 13* are two
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    if matcher.quick_ratio() < ALIKE or matcher.ratio() < ALIKE:
        return None
    return "are spelt nearly alike"


def _jumps(
    figures: Mapping[tuple[str, ...], list[tuple[date, int]]],
) -> Iterator[Suspicion]:
    """Stocks of one area and counter that are many times the one before."""
    for of, told in figures.items():
        if len({day for day, _ in told}) < len(told):
            continue  # several of one day: by level or by reason, and no series
        for (before, small), (day, large) in pairwise(sorted(told)):
            low, high = sorted((small, large))
            if high - low < PEOPLE or high < JUMP * max(low, 1):
                continue
            if day - before > timedelta(days=92):
                continue
            where = " ".join(filter(None, of[:3])) or "all"
            says = f"goes from {small:,} on {before} to {large:,}"
            yield Suspicion("figure", f"{where} {day}", 1, says)
