"""GeoNames: populated places, from its dump or from a table with its columns."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from chronicle.domain.events import Event, SettlementRegistered
from chronicle.errors import UsageError
from chronicle.formats import words
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.places import MOST_ALIASES, Places
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader
from chronicle.formats.source import Sheet, Source

__all__ = ["FORMAT"]

# The dump has no header (GeoNames' readme.txt, table `geoname`).
COLUMNS = (
    "geonameid",
    "name",
    "asciiname",
    "alternatenames",
    "latitude",
    "longitude",
    "feature class",
    "feature code",
    "country code",
    "cc2",
    "admin1 code",
    "admin2 code",
    "admin3 code",
    "admin4 code",
    "population",
    "elevation",
    "dem",
    "timezone",
    "modification date",
)
NEEDED = {"geonameid", "latitude", "longitude"}


def _recognises(path: Path, head: Head) -> int:
    if head.columns("geonameid", "latitude", "longitude") and (
        head.columns("name") or head.columns("asciiname")
    ):
        return 60  # VIINA's events have these columns as well, and others
    return 90 if head.rows and _is_row(head.rows[0]) else 0


def _is_row(cells: Cells) -> bool:
    if len(cells) != len(COLUMNS) or not cells[0].isdigit():
        return False
    try:
        words.day(cells[18])
        return words.degrees(cells[4], 90.0) is not None and cells[6] in "AHLPRSTUV"
    except ValueError:
        return False


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(lambda cells: set(cells) >= NEEDED, COLUMNS)
    reading = _Reading(source, asked, sheet)
    yield from each_row(source, sheet.rows, reading.take)
    yield from reading.counted()


class _Reading(RowReader):
    def __init__(self, source: Source, asked: Asked, sheet: Sheet) -> None:
        super().__init__(source, asked, sheet)
        self.places = Places(asked.references, asked.dataset)
        self.country = asked.options.get("country", "").upper()
        least = asked.options.get("population", "0")
        if not (least.isascii() and least.isdigit()):
            raise UsageError(f"population: {least!r} must be a whole number")
        self.least = int(least)

    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """A place; none where it is passed over, or is in the record already."""
        id_ = self.text(cells, "geonameid").removesuffix(".0")
        if not (id_.isascii() and id_.isdigit()):
            raise BadCell("geonameid", id_, "must be a whole number")
        code = self.text(cells, "feature code", "feature_code")
        country = self.text(cells, "country code", "country_code")
        population = self.count(cells, "population") or None  # 0 is *unknown* there
        if self.text(cells, "feature class", "feature_class") not in ("", "P"):
            self.left_out["no populated places"] += 1
        elif self.country and country != self.country:
            self.left_out[f"not in {self.country}"] += 1
        elif (population or 0) < self.least:
            self.left_out[f"fewer than {self.least:,} people, or unknown"] += 1
        else:
            return self._place(cells, id_, code, country, population)
        return []

    def _changed(self, cells: Cells) -> date | None:
        """The day of the entry's last change: by then at the latest it said so."""
        told = self.text(cells, "modification date", "modification_date")
        try:
            return date.fromisoformat(told)
        except ValueError:
            return None

    def _place(
        self,
        cells: Cells,
        id_: str,
        code: str,
        country: str,
        population: int | None,
    ) -> list[Event | Problem]:
        spot = self.spot(cells, "latitude", "longitude")
        name = self.text(cells, "name", "asciiname")
        if spot is None or not name:
            raise BadCell("name", name, "needs a name and coordinates")
        told = self.text(cells, "alternatenames").replace("|", ",").split(",")
        others = dict.fromkeys(
            one
            for one in (self.text(cells, "asciiname"), *map(str.strip, told))
            if one and one != name and len(one) <= 300
        )
        admin1 = self.text(cells, "admin1 code", "admin1_code")
        place = SettlementRegistered(
            dataset=self.dataset,
            settlement=f"geonames-{id_}",
            name=words.cut(name, 300),
            lat=spot[0],
            lon=spot[1],
            aliases=tuple(others)[:MOST_ALIASES],
            geonames_id=id_,
            population=population,
            population_published=self._changed(cells) if population else None,
            admin1=".".join(filter(None, (country, admin1))),
            basis=f"GeoNames {code}".strip(),
        )
        return [self.places.entry(place)]


FORMAT = Format(
    name="geonames",
    title="GeoNames: populated places, as settlements",
    dataset="geonames",
    types=(SettlementRegistered.TYPE,),
    recognises=_recognises,
    read=_read,
    options={
        "country": "two letters: places of that country only",
        "population": "places with at least so many people only",
    },
)
