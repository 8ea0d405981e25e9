"""VIINA: daily control of 33,000 places of Ukraine by four maps, and news of events.

A control file has a row for each place and day. Each map is a source of its own; a
report is made where its status of a place changes. The column `status`, a vote of the
others, is no source. Places are GeoNames': import its dump of Ukraine first.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date
from pathlib import Path

from chronicle.domain.events import (
    ControlReported,
    Event,
    IncidentReported,
    SourceRegistered,
)
from chronicle.errors import InputError, UsageError
from chronicle.formats import words
from chronicle.formats.earlier import Changes, Side
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.parties import Parties
from chronicle.formats.places import Places, slug
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader
from chronicle.formats.source import Sheet, Source

__all__ = ["FORMAT"]

MAPS = {
    "status_wiki": ("viina-wiki", "Wikipedia's map, in VIINA"),
    "status_boost": ("viina-boost", "Boost's map, in VIINA"),
    "status_dsm": ("viina-dsm", "DeepStateMap, in VIINA"),
    "status_isw": ("viina-isw", "Institute for the Study of War, in VIINA"),
}
VOTE = ("viina", "VIINA, the vote of its maps")
EVENTS = {"event_id", "date", "source", "url", "GEO_PRECISION"}
LABELS = {"event_id", "t_airstrike"}
_WIDE = re.compile(r"ctr_([0-9]{8})(?:[0-9]{6})?", re.ASCII)
_STATUS = {"UA": "Ukraine", "RU": "Russia", "CONTESTED": ""}
# Labels of events that are kinds of ACLED; the first that a row has.
_KINDS = {
    "t_airstrike": "Air/drone strike",
    "t_uav": "Air/drone strike",
    "t_airalert": "Other",
    "t_artillery": "Shelling/artillery/missile attack",
    "t_ied": "Remote explosive/landmine/IED",
    "t_firefight": "Armed clash",
    "t_armor": "Armed clash",
    "t_raid": "Armed clash",
    "t_arrest": "Arrests",
    "t_property": "Looting/property destruction",
}
SHOWN = 5  # examples of unknown places


def _recognises(path: Path, head: Head) -> int:
    if head.header("geonameid", "date") and any(map(head.header, MAPS)):
        return 95
    if head.header("geonameid") and any(
        _WIDE.fullmatch(cell.strip()) for row in head.rows[:3] for cell in row
    ):
        return 95
    return 95 if head.header(*EVENTS) or head.header(*LABELS) else 0


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(
        lambda cells: (
            {"geonameid"} < set(cells) or set(cells) >= EVENTS or set(cells) >= LABELS
        )
    )
    if sheet.has(*EVENTS):
        reading = _Events(source, asked, sheet)
        yield from each_row(source, sheet.rows, reading.take)
        yield from reading.counted()
    elif sheet.has(*LABELS):
        yield source.remark(0, "labels are read with the event_info beside them")
    else:
        yield from _Control(source, asked, sheet).rows(sheet)


class _Control:
    """A day panel as changes. Rows of a place must come in the order of their days."""

    def __init__(self, source: Source, asked: Asked, sheet: Sheet) -> None:
        self.source = source
        self.asked = asked
        self.places = Places(asked.references, asked.dataset)
        self.parties = Parties(asked.references, asked.dataset)
        self.unknown: list[str] = []
        self.odd: Counter[tuple[str, str]] = Counter()
        self.published = asked.options.get("published", "")
        if self.published not in ("", "day"):
            raise UsageError(f"published: {self.published!r} must be 'day'")
        self.of: dict[str, str | None] = {}
        self.days: dict[str, date] = {}
        self.sides: dict[str, Side | None] = {}

    def rows(self, sheet: Sheet) -> Rows:
        """The sources and parties, and a report for each change that a map shows."""
        maps = [(column, *MAPS[column]) for column in MAPS if sheet.has(column)]
        wide = [name for name in sheet.header if _WIDE.fullmatch(name)]
        if not maps:
            column = "status" if sheet.has("status") else ""
            maps = [(column, *VOTE)]
        for _, id_, name in maps:
            yield (
                1,
                SourceRegistered(
                    dataset=self.asked.dataset,
                    source=id_,
                    name=name,
                    kind="map",
                    note="ODbL",
                ),
            )
        for status, name in _STATUS.items():
            self.sides[status] = (None, "contested")
            if name:
                actor, new = self.parties.named(name)
                self.sides[status] = (actor, "held")
                if new is not None:
                    yield 1, new
        if wide:
            yield from self._wide(sheet, wide)
        elif maps[0][0] and sheet.has("date"):
            yield from self._long(sheet, [one[:2] for one in maps])
        else:
            raise InputError(f"{self.source.name}: has no column with a status")
        if self.unknown:
            some = ", ".join(self.unknown[:SHOWN])
            yield self.source.problem(
                0,
                f"{len(self.unknown):,} places are not in the record ({some}, …): "
                "import GeoNames' dump of the country first",
                "geonameid",
                self.unknown[0],
            )
        for (column, text), times in self.odd.items():
            rule = f"must be UA, RU, CONTESTED or empty ({times:,} times)"
            yield self.source.problem(0, rule, column, text)

    def _long(self, sheet: Sheet, maps: list[tuple[str, str]]) -> Rows:
        """One row for each place and day; most of them say what the last one said.

        Such a row is passed over as text. Days may not go back for a place that was
        there: so they do not where the file is in the order of days, or of places.
        """
        if sheet.header[:2] != ["geonameid", "date"]:
            raise InputError(f"{self.source.name}: geonameid and date must stand first")
        columns = [sheet.index[column] for column, _ in maps]
        changes = [Changes(self.asked.earlier, id_) for _, id_ in maps]
        before: dict[str, str] = {}
        last = ""
        with self.source.text() as text:
            for line, row in enumerate(text, 1):
                if line <= sheet.line:
                    continue
                key, _, rest = row.partition(",")
                day, _, told = rest.partition(",")
                was = before.get(key)
                if day < last and was is not None:
                    raise InputError(
                        f"{self.source.name}:{line}: {day} of place {key} stands "
                        f"behind {last}; sort the file by date"
                    )
                last = day
                if told == was:
                    continue
                before[key] = told
                yield from self._changed(line, row, sheet, (maps, columns, changes))

    def _changed(
        self,
        line: int,
        row: str,
        sheet: Sheet,
        maps: tuple[list[tuple[str, str]], list[int], list[Changes]],
    ) -> Rows:
        """What is news of a row that is not like the last one of its place."""
        try:
            cells = next(csv.reader([row], strict=True), [])
        except csv.Error as broken:
            yield self.source.problem(line, f"cannot be parted into cells: {broken}")
            return
        if not any(cells):
            return
        if len(cells) != len(sheet.header):
            rule = f"has {len(cells)} cells where the header has {len(sheet.header)}"
            yield self.source.problem(line, rule)
            return
        place = self._place(cells[0])
        if place is None:
            return
        day = self._day(cells[1], line)
        if isinstance(day, Problem):
            yield day
            return
        for (column, id_), at, changes in zip(*maps, strict=True):
            side = self._side(column, cells[at])
            if side is not None and changes.news(place, day, side):
                yield line, self._report(id_, cells[0], place, day, side)

    def _wide(self, sheet: Sheet, names: list[str]) -> Rows:
        """One row for each place, one column for each day: the form until 2023."""
        id_ = VOTE[0]
        changes = Changes(self.asked.earlier, id_)
        try:
            dated = sorted((words.day(name[4:12]), sheet.index[name]) for name in names)
        except ValueError as broken:
            raise InputError(f"{self.source.name}: a column's day {broken}") from None
        id_at = sheet.index["geonameid"]
        for row in sheet.rows:
            if isinstance(row, Problem):
                yield row
                continue
            line, cells = row
            place = self._place(cells[id_at])
            if place is None:
                continue
            told: dict[date, Side] = {}
            for day, at in dated:
                side = self._side("ctr", cells[at])
                if side is not None:
                    told[day] = side  # of several moments of a day the last one
            for day, side in told.items():
                if changes.news(place, day, side):
                    yield line, self._report(id_, cells[id_at], place, day, side)

    def _place(self, key: str) -> str | None:
        if key in self.of:
            return self.of[key]
        number = key.strip().removesuffix(".0")
        found = self.places.keyed("geonames", number) if number.isdigit() else None
        if found is None:
            self.unknown.append(key)
        self.of[key] = found
        return found

    def _day(self, text: str, line: int) -> date | Problem:
        if (day := self.days.get(text)) is None:
            try:
                day = self.days[text] = words.day(text.removesuffix(".0"))
            except ValueError as broken:
                return self.source.problem(line, str(broken), "date", text)
        return day

    def _side(self, column: str, text: str) -> Side | None:
        if text in self.sides:
            return self.sides[text]
        word = text.strip().upper()
        if word in ("", "NA", "NAN"):
            self.sides[text] = None
        elif word in self.sides:
            self.sides[text] = self.sides[word]
        else:
            self.odd[column, text] += 1
            return None
        return self.sides[text]

    def _report(
        self, source: str, key: str, place: str, day: date, side: Side
    ) -> ControlReported:
        return ControlReported(
            dataset=self.asked.dataset,
            report_id=f"{source}:{key.strip().removesuffix('.0')}:{day:%Y%m%d}",
            source=source,
            published=day if self.published else None,
            settlement=place,
            controller=side[0],
            status=side[1],
            valid_from=day,
        )


class _Events(RowReader):
    """News of events at places; of what kind, says the file of labels beside it."""

    def __init__(self, source: Source, asked: Asked, sheet: Sheet) -> None:
        super().__init__(source, asked, sheet)
        self.places = Places(asked.references, asked.dataset)
        self.sources: set[str] = set()
        self.kinds = _labels(source)

    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """An incident, said by the outlet that the row names."""
        id_ = self.text(cells, "event_id").removesuffix(".0").replace(" ", "")
        if not id_:
            raise BadCell("event_id", "", "must not be empty")
        made: list[Event | Problem] = []
        day = self.needed_day(cells, "date")
        outlet = self.text(cells, "source") or "unnamed outlet"
        source = f"viina-{slug(outlet)}"
        if source not in self.sources:
            self.sources.add(source)
            made.append(
                SourceRegistered(
                    dataset=self.dataset,
                    source=source,
                    name=words.cut(outlet, 300),
                    kind="media",
                )
            )
        settlement = self._settlement(cells, made)
        area = ", ".join(
            dict.fromkeys(
                filter(
                    None,
                    (
                        self.text(cells, "asciiname", "location"),
                        self.text(cells, "ADM2_NAME"),
                        self.text(cells, "ADM1_NAME"),
                    ),
                )
            )
        )
        made.append(
            IncidentReported(
                dataset=self.dataset,
                report_id=f"viina:{id_}",
                source=source,
                published=day,
                kind=self.kinds.get(id_, "Other"),
                valid_from=day,
                settlement=settlement,
                area="" if settlement else words.cut(area, 300),
                note=words.cut(self.text(cells, "text"), 1_000),
                ref=words.cut(self.text(cells, "url"), 2_000),
            )
        )
        return made

    def _settlement(self, cells: Cells, made: list[Event | Problem]) -> str | None:
        """The place of an event; None where it is only known to lie in an area."""
        if not self.text(cells, "GEO_PRECISION").upper().startswith(("STREET", "ADM3")):
            return None
        number = self.text(cells, "geonameid").removesuffix(".0")
        if number and (found := self.places.keyed("geonames", number)):
            return found
        name = self.text(cells, "asciiname", "location")
        spot = self.spot(cells, "latitude", "longitude")
        if not name or spot is None or not number.isdigit():
            return None
        id_, new = self.places.at(
            words.cut(name, 300),
            *spot,
            id_=f"geonames-{number}",
            geonames_id=number,
            admin1=words.cut(self.text(cells, "ADM1_NAME"), 300),
            basis="coordinates: VIINA",
        )
        made += [] if new is None else [new]
        return id_


def _labels(source: Source) -> dict[str, str]:
    """The kinds of events by id, from the labels that lie beside their file."""
    beside = source.path.with_name(source.path.name.replace("_info", "_labels"))
    if beside == source.path or not beside.is_file():
        return {}
    labels = Source.of(beside)
    sheet = labels.sheet(lambda cells: set(cells) >= LABELS)
    columns = [
        (sheet.index[f"{name}_b"], kind)
        for name, kind in _KINDS.items()
        if sheet.has(f"{name}_b")
    ]
    kinds = {}
    for row in sheet.rows:
        if isinstance(row, Problem):
            continue
        cells = row[1]
        for place, kind in columns:
            if cells[place] in ("1", "1.0", "TRUE", "True"):
                id_ = cells[sheet.index["event_id"]].removesuffix(".0")
                kinds[id_.replace(" ", "")] = kind
                break
    return kinds


FORMAT = Format(
    name="viina",
    title="VIINA: control of places by four maps, and events",
    dataset="viina",
    types=(ControlReported.TYPE, IncidentReported.TYPE),
    recognises=_recognises,
    read=_read,
    options={"published": "day: each map is taken to have been published on its day"},
)
