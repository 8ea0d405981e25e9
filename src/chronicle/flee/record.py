"""A FLEE folder as a file of the record: places, roads, closures, conflict, counts.

Days of a FLEE folder are numbers from the start of its period; here they are dates.
Who says so is FLEE's authors, who made the folder from UNHCR's counts and from data on
conflict; nobody is said to hold a place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from chronicle.domain.events import (
    DisplacementReported,
    Event,
    IncidentReported,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    route_id,
)
from chronicle.errors import BadField
from chronicle.flee.case import (
    FleeCase,
    FleeClosure,
    FleeCounts,
    FleeLink,
    FleeLocation,
)
from chronicle.flee.read import read_flee
from chronicle.formats.csv_folder.file import CsvRow
from chronicle.formats.earlier import Earlier
from chronicle.formats.places import Places, slug
from chronicle.formats.problem import Problem

__all__ = ["FLEE", "FleeFolder", "flee_folder"]

FLEE = "flee"  # the word for the format
MAKERS = "flee"
ROAD = "local"


def is_flee(path: Path) -> bool:
    """Whether a folder holds what FLEE reads: locations and routes, with `#` names."""
    inner = path / "input_csv" if (path / "input_csv").is_dir() else path
    locations = inner / "locations.csv"
    if not (locations.is_file() and (inner / "routes.csv").is_file()):
        return False
    try:
        with locations.open("rb") as file:
            return b"location_type" in file.readline(4_096)
    except OSError:
        return False


def flee_folder(path: Path, dataset: str | None, earlier: Earlier) -> FleeFolder | None:
    """The folder at *path* as a file to import; None where it is no FLEE folder."""
    if not path.is_dir() or not is_flee(path):
        return None
    name = slug(path.resolve().name)
    named = name if name.startswith("flee") else f"flee-{name}"
    return FleeFolder(path, dataset or named, earlier)


@dataclass(frozen=True)
class FleeFolder:
    """One FLEE folder, imported whole in one transaction."""

    path: Path
    dataset: str
    earlier: Earlier
    types: tuple[str, ...] = (
        DisplacementReported.TYPE,
        IncidentReported.TYPE,
        RouteStatusReported.TYPE,
    )
    told_only: bool = False
    kept_ids: bool = False

    @property
    def name(self) -> str:
        """What messages and the record call it."""
        return self.path.resolve().name

    @property
    def digest(self) -> str:
        """SHA-256 of the names and the bytes of its files, in the order of names."""
        hashed = hashlib.sha256()
        for file in sorted(self.path.rglob("*")):
            if file.is_file():
                hashed.update(str(file.relative_to(self.path)).encode() + b"\0")
                hashed.update(file.read_bytes())
        return hashed.hexdigest()

    def rows_and_blocks(self, size: int) -> Iterator[CsvRow | Problem]:
        """The events in order, and what is wrong with the files.

        Raises `InputError` for a folder without locations or without a period.
        """
        case, problems = read_flee(self.path)
        yield from problems
        places = Places(self.earlier.references(), self.dataset)
        for line, make in _Making(case, self.dataset, places).steps():
            try:
                yield from (CsvRow(line, (event,)) for event in list(make()))
            except BadField as bad:
                rule = f"{bad.field}: {bad.value}: {bad.rule}"
                yield Problem(
                    file=self.name, line=line, column=None, value="", rule=rule
                )


Step = tuple[int, Callable[[], Iterable[Event]]]


class _Making:
    """A case as events, a step for each row of its files."""

    def __init__(self, case: FleeCase, dataset: str, places: Places) -> None:
        self.case = case
        self.dataset = dataset
        self.places = places
        self.ids: dict[str, str] = {}

    def steps(self) -> Iterator[Step]:
        """Lines and what to make of them; a step that breaks a rule stops no other."""
        case = self.case
        yield 0, self._source
        for location in case.locations:
            yield location.line, partial(self._place, location)
        for link in case.links:
            yield link.line, partial(self._link, link)
        for closure in case.closures:
            yield closure.line, partial(self._closure, closure)
        for name, days in case.conflicts.items():
            yield 0, partial(self._conflict, name, days)
        for counts in case.camps:
            yield 0, partial(self._counts, counts)
        if case.total is not None:
            yield 0, partial(self._counts, case.total, of_all=True)

    def _source(self) -> Iterator[Event]:
        yield SourceRegistered(
            dataset=self.dataset,
            source=MAKERS,
            name="FLEE's authors, from UNHCR's counts and data on conflict",
            kind="researchers",
        )

    def _link(self, link: FleeLink) -> Iterator[Event]:
        a, b = self.ids.get(link.first), self.ids.get(link.second)
        if a and b and a != b:
            yield RouteRegistered(
                dataset=self.dataset,
                settlement_a=a,
                settlement_b=b,
                distance_km=link.distance_km,
                road_class=ROAD,
                basis="FLEE",
            )

    def _place(self, location: FleeLocation) -> Iterator[Event]:
        name, id_ = location.name, slug(location.name)
        new: SettlementRegistered | None
        if location.latitude is None or location.longitude is None:
            found, new = self.places.unlocated(name, id_)
        else:
            found, new = self.places.at(
                name,
                location.latitude,
                location.longitude,
                id_=id_,
                kind=location.kind,
                admin1=location.region,
                population=None if location.is_camp else location.population or None,
                basis="FLEE",
            )
        self.ids[name] = found
        if new is not None:
            yield new

    def _closure(self, closure: FleeClosure) -> Iterator[Event]:
        """Each road that a closure shuts: between two countries, or at a place."""
        case = self.case
        country = {one.name: one.country for one in case.locations}
        start = case.period.date_of(closure.start_day)
        ends = closure.start_day < closure.end_day < case.period.days
        until = case.period.date_of(closure.end_day) if ends else None
        for link in case.links:
            pair = {link.first, link.second}
            if closure.kind == "country":
                shut = {country.get(one) for one in pair} == {
                    closure.first,
                    closure.second,
                }
            elif closure.kind in ("location", "camp", "idpcamp"):
                shut = closure.first in pair
            else:
                shut = pair == {closure.first, closure.second}
            a, b = self.ids.get(link.first), self.ids.get(link.second)
            if not shut or a is None or b is None:
                continue
            yield RouteStatusReported(
                dataset=self.dataset,
                report_id=f"{self.dataset}:closure:{route_id(a, b)}:{start}",
                source=MAKERS,
                settlement_a=a,
                settlement_b=b,
                shut=True,
                valid_from=start,
                until=until,
                note=f"{closure.kind} closure",
            )

    def _conflict(self, name: str, days: tuple[float, ...]) -> Iterator[Event]:
        """An aggregate for each run of days on which the place is in conflict."""
        place = self.ids.get(name)
        if place is None:
            return
        start: int | None = None
        for day, level in enumerate((*days, 0.0)):
            if level > 0 and start is None:
                start = day
            elif level <= 0 and start is not None:
                first = self.case.period.date_of(start)
                yield IncidentReported(
                    dataset=self.dataset,
                    report_id=f"{self.dataset}:conflict:{place}:{first}",
                    source=MAKERS,
                    kind="Armed clash",
                    valid_from=first,
                    precision="span",
                    since=first,
                    until=self.case.period.date_of(day),
                    settlement=place,
                    aggregate=True,
                    note="a conflict zone in FLEE",
                )
                start = None

    def _counts(self, counts: FleeCounts, of_all: bool = False) -> Iterator[Event]:
        """A stock for each count of a camp, or of all who fled."""
        place = None if of_all else self.ids.get(counts.name)
        within = {one.name for one in self.case.locations if one.kind == "idpcamp"}
        what = "total" if of_all else (place or slug(counts.name))
        for day, persons in zip(counts.days, counts.persons, strict=True):
            on = self.case.period.date_of(day)
            yield DisplacementReported(
                dataset=self.dataset,
                report_id=f"{self.dataset}:count:{what}:{on}",
                source=MAKERS,
                counter="unhcr",
                measure="stock",
                category="displaced" if counts.name in within else "left the country",
                persons=round(persons),
                settlement=place,
                area=f"from {self.case.home_country}" if of_all else "",
                valid_on=on,
                note=", ".join(counts.files),
            )
