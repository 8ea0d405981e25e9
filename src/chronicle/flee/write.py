"""A control history as a FLEE folder, so that a what-if can go on in FLEE 3.1.

    write_flee("out/alder", places=places, roads=roads, closures=closures,
               conflicts={"alder": [(date(2024, 11, 27), True)]},
               start=date(2024, 11, 27), days=30)

FLEE 3.1 closes nothing when a closure names a link. A road that is ever shut is
written as two halves that meet in a *marker*, over which FLEE looks as if it were not
there, and the closure names that marker.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from chronicle.errors import InputError, UnknownId, UsageError
from chronicle.formats.writing.guard import csv_text

__all__ = ["Closure", "ExportedPlace", "ExportedRoad", "conflict_changes", "write_flee"]

FIGHTING = frozenset({"contested", "besieged"})
OWN_KINDS = frozenset({"camp", "idpcamp", "forwarding_hub", "marker"})
TOTAL = "total"
AGENTS = 100_000  # FLEE moves one after the other: of more a run takes hours
SHARE_PER_DAY = 0.01  # of a conflict zone's people, FLEE's own default for pop_ratio

Changes = Sequence[tuple[date, bool]]
Counts = Sequence[tuple[date, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedPlace:
    """A settlement as FLEE needs it; `id` becomes FLEE's name of the location.

    A kind that FLEE has (camp, idpcamp, forwarding_hub, marker) is kept; every other
    is a conflict zone if there is ever conflict in it, else a town. `population` is the
    capacity of a camp, 0 for one without limit.
    """

    id: str
    name: str = ""
    region: str = ""
    country: str
    latitude: float
    longitude: float
    kind: str = "town"
    population: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedRoad:
    """A route between two places, by id."""

    first: str
    second: str
    distance_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A road that is shut in [`since`, `until`); `until` None is for good."""

    first: str
    second: str
    since: date
    until: date | None = None


def conflict_changes(
    history: Iterable[tuple[date, str, str | None]], *, days_after_change: int
) -> list[tuple[date, bool]]:
    """When a place is in conflict, from its control history.

    *history* has (day, status, controller) in order. A place that is contested or
    besieged is in conflict until its status changes; when the controller changes, for
    *days_after_change* days from that day on. The first entry is no change.
    """
    spans: list[tuple[date, date]] = []
    entries = list(history)
    holder: str | None = entries[0][2] if entries else None
    for number, (day, status, controller) in enumerate(entries):
        after = entries[number + 1][0] if number + 1 < len(entries) else date.max
        if status in FIGHTING:
            spans.append((day, after))
        elif controller is not None and holder is not None and controller != holder:
            spans.append((day, day + timedelta(days=days_after_change)))
        holder = controller or holder
    changes: list[tuple[date, bool]] = []
    for since, until in _joined(spans):
        changes.append((since, True))
        if until != date.max:
            changes.append((until, False))
    return changes


def write_flee(
    folder: Path | str,
    *,
    places: Sequence[ExportedPlace],
    roads: Sequence[ExportedRoad],
    conflicts: Mapping[str, Changes],
    start: date,
    days: int,
    closures: Sequence[Closure] = (),
    counts: Mapping[str, Counts] | None = None,
) -> list[Path]:
    """Write the folder and return its files.

    The home country is that of the first place. *conflicts* has for each id the days on
    which conflict begins (True) or ends (False); the last one before *start* holds on
    day 0. *counts* has stocks by camp id, and under "total" of everybody who fled; FLEE
    takes from it how many flee. Without a total, `simsetting.yml` lets a share of the
    people in a conflict zone flee each day. An agent of FLEE stands for as many people
    (`hasten`) as make about 100,000 of all who live in towns.

    Raises `UsageError` for a folder that is not empty, `UnknownId` for an id that is
    no place, and `InputError` for a value that FLEE cannot take.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty; name a new folder")
    counts = counts or {}
    _check(places, roads, closures, conflicts, counts, days)
    shut = _shut_days(roads, closures, start, days)
    places, roads, closed = _with_markers(places, roads, shut)
    zones = {p.id: _by_day(conflicts.get(p.id, ()), start, days) for p in places}
    begins = {name: row.index(1) for name, row in zones.items() if 1 in row}
    camps = [place.id for place in places if place.kind in ("camp", "idpcamp")]
    files = {
        "input_csv/locations.csv": _table(
            "#name,region,country,latitude,longitude,location_type,conflict_date,"
            "population,title",
            (_location(place, begins.get(place.id)) for place in places),
        ),
        "input_csv/routes.csv": _table(
            "#name1,name2,distance,forced_redirection",
            ((road.first, road.second, f"{road.distance_km:g}", 0) for road in roads),
        ),
        "input_csv/closures.csv": _table(
            "#closure_type,name1,name2,closure_start,closure_end",
            (("location", name, "", since, until) for name, since, until in closed),
        ),
        "input_csv/conflicts.csv": _table(
            ",".join(["#Day", *map(_quoted, zones)]),
            ((day, *(row[day] for row in zones.values())) for day in range(days)),
        ),
        # FLEE 3.1 calls it by its older name, those after by the newer one.
        "input_csv/sim_period.csv": f"StartDate,{start}\nLength,{days}\n",
        "input_csv/conflict_period.csv": f"StartDate,{start}\nLength,{days}\n",
        "input_csv/registration_corrections.csv": "# none\n",
        "simsetting.yml": _settings(places, with_total=TOTAL in counts),
        **_source_data(camps, counts, start),
    }
    written = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        written.append(path)
    return written


def _check(
    places: Sequence[ExportedPlace],
    roads: Sequence[ExportedRoad],
    closures: Sequence[Closure],
    conflicts: Mapping[str, Changes],
    counts: Mapping[str, Counts],
    days: int,
) -> None:
    known: set[str] = set()
    for place in places:
        if (
            not re.fullmatch(r"[^\s#,\"][^\x00-\x1f,\"]*", place.id)
            or place.id == TOTAL
        ):
            raise InputError(f"place {place.id!r}: FLEE cannot take this id")
        if place.id in known:
            raise InputError(f"place {place.id!r}: is given twice")
        if place.population < 0:
            raise InputError(f"place {place.id!r}: population must be 0 or more")
        if not (abs(place.latitude) <= 90 and abs(place.longitude) <= 180):
            raise InputError(
                f"place {place.id!r}: latitude or longitude is off the map"
            )
        known.add(place.id)
    if not known or days < 1:
        raise InputError("a FLEE folder needs a place and a day at least")
    pairs = {frozenset((road.first, road.second)) for road in roads}
    named = [name for road in roads for name in (road.first, road.second)]
    named += [name for one in closures for name in (one.first, one.second)]
    for name in (*named, *conflicts, *(name for name in counts if name != TOTAL)):
        if name not in known:
            raise UnknownId("settlement", name)
    for road in roads:
        if not (0 < road.distance_km < math.inf) or road.first == road.second:
            told = f"route {road.first} - {road.second}"
            raise InputError(f"{told}: must lead elsewhere, over km above 0")
    for closure in closures:
        if frozenset((closure.first, closure.second)) not in pairs:
            told = f"{closure.first} - {closure.second}"
            raise UnknownId("route", told)
    for name, stock in counts.items():
        if any(persons < 0 for _, persons in stock):
            raise InputError(f"counts of {name!r}: people cannot be fewer than 0")


Span = tuple[date, date]


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The days of all spans, as spans that do not touch."""
    joined: list[Span] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        elif since < until:
            joined.append((since, until))
    return joined


def _shut_days(
    roads: Sequence[ExportedRoad], closures: Sequence[Closure], start: date, days: int
) -> dict[frozenset[str], list[tuple[int, int]]]:
    """For each road that is ever shut the days of it, [since, until), from 0."""
    spans: dict[frozenset[str], list[Span]] = {}
    for closure in closures:
        pair = frozenset((closure.first, closure.second))
        span = closure.since, closure.until or date.max
        spans.setdefault(pair, []).append(span)
    end = start + timedelta(days=days)
    shut = {}
    for pair, several in spans.items():
        inside = [(max(since, start), min(until, end)) for since, until in several]
        joined = _joined(inside)
        if joined:
            shut[pair] = [((s - start).days, (u - start).days) for s, u in joined]
    return shut


def _with_markers(
    places: Sequence[ExportedPlace],
    roads: Sequence[ExportedRoad],
    shut: Mapping[frozenset[str], list[tuple[int, int]]],
) -> tuple[list[ExportedPlace], list[ExportedRoad], list[tuple[str, int, int]]]:
    """Roads that are ever shut in two halves; and which marker is shut when."""
    by_id = {place.id: place for place in places}
    all_places, all_roads = list(places), list[ExportedRoad]()
    closed: list[tuple[str, int, int]] = []
    for road in roads:
        spans = shut.get(frozenset((road.first, road.second)))
        if spans is None:
            all_roads.append(road)
            continue
        first, second = by_id[road.first], by_id[road.second]
        name = f"{road.first}~{road.second}"
        while name in by_id:
            name += "~"
        by_id[name] = marker = ExportedPlace(
            id=name,
            region=first.region,
            country=first.country,
            latitude=(first.latitude + second.latitude) / 2,
            longitude=(first.longitude + second.longitude) / 2,
            kind="marker",
        )
        all_places.append(marker)
        half = road.distance_km / 2
        for end in (road.first, road.second):
            all_roads.append(ExportedRoad(first=end, second=name, distance_km=half))
        closed += [(name, since, until) for since, until in spans]
    return all_places, all_roads, closed


def _by_day(changes: Changes, start: date, days: int) -> list[int]:
    row = [0] * days
    for day, fights in sorted(changes):
        since = max(0, (day - start).days)
        row[since:] = [int(fights)] * len(row[since:])
    return row


def _location(place: ExportedPlace, begins: int | None) -> tuple[object, ...]:
    kind = place.kind
    if kind not in OWN_KINDS:
        kind = "town" if begins is None else "conflict_zone"
    return (
        place.id,
        place.region,
        place.country,
        f"{place.latitude:g}" if place.latitude == 0 else repr(place.latitude),
        repr(place.longitude),
        kind,
        "" if begins is None or kind != "conflict_zone" else begins,
        place.population,
        place.name,
    )


def _source_data(
    camps: Sequence[str], counts: Mapping[str, Counts], start: date
) -> dict[str, str]:
    """The layout and a file of counts for everybody and for each camp."""
    files = {TOTAL: "refugees.csv"}
    for number, camp in enumerate(camps, 1):
        files[camp] = f"camp-{number:03}-{re.sub(r'[^A-Za-z0-9_-]', '_', camp)}.csv"
    texts = {
        "source_data/data_layout.csv": "".join(
            f"{_quoted(name)},{file}\n" for name, file in files.items()
        )
    }
    for name, file in files.items():
        stock = sorted(counts.get(name) or [(start, 0)])
        texts[f"source_data/{file}"] = _table("Date,persons", stock)
    return texts


def _table(header: str, rows: Iterable[Sequence[object]]) -> str:
    return f"{header}\n{csv_text((), rows, str)}"


def _quoted(cell: str) -> str:
    return csv_text((cell,), ()).removesuffix("\n")


def _settings(places: Sequence[ExportedPlace], *, with_total: bool) -> str:
    people = sum(place.population for place in places if place.kind not in OWN_KINDS)
    spawning = (
        ""
        if with_total
        else f"""\
  conflict_driven_spawning:
    spawn_mode: pop_ratio
    displaced_per_conflict_day: {SHARE_PER_DAY}
"""
    )
    return f"""\
spawn_rules:
  take_from_population: False
  insert_day0: True
{spawning}move_rules:
  max_move_speed: 360.0
  camp_weight: 1.0
  conflict_weight: 0.25
  conflict_movechance: 1.0
  camp_movechance: 0.001
  default_movechance: 0.3
  awareness_level: 1
optimisations:
  hasten: {max(1, round(people / AGENTS))}  # people to an agent; 1 is exact and slow
"""
