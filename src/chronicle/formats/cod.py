"""OCHA's gazetteers: populated places and admin areas by P-code.

A row with coordinates is a settlement. A row without them is an area: what it says,
which code lies in which, is used when figures are compared (`areas`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from chronicle.domain.events import Event, SettlementRegistered
from chronicle.formats import words
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.places import Places, slug
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader, is_tags
from chronicle.formats.source import Sheet, Source

__all__ = ["FORMAT"]

_LAT = ("latitude", "lat", "latitude_y", "point_y", "y", "y_coord", "lat_dd", "gps_lat")
_LON = (
    *("longitude", "lon", "long", "longitude_x", "point_x", "x", "x_coord", "lon_dd"),
    "gps_lon",
)
_LEVEL = re.compile(r"adm(?:in)?_?([0-9])_?(p?code|pcod)", re.IGNORECASE)
_PLACE = re.compile(
    r"(?:ppl|place|loc|location|settlement|village|feature|neighborhood|camp|site)?"
    r"[ _]?p-?_?code",
    re.IGNORECASE,
)
GLOBAL = {"Location", "Admin Level", "P-Code", "Name", "Parent P-Code"}


class _Columns(NamedTuple):
    """Where the finest code, its name, its parents and its coordinates stand."""

    code: str
    name: str
    others: tuple[str, ...]
    parent: str
    admin1: str
    admin1_name: str
    lat: str
    lon: str


def _columns(header: Cells) -> _Columns | None:
    """What the columns are; None where there is no P-code or no name for it."""
    low = {cell.casefold(): cell for cell in header}
    lat = next((low[one] for one in _LAT if one in low), "")
    lon = next((low[one] for one in _LON if one in low), "")
    levels: dict[int, str] = {}
    for cell in header:
        if found := _LEVEL.fullmatch(cell):
            levels.setdefault(int(found[1]), cell)
    places = [cell for cell in header if _PLACE.fullmatch(cell.replace(" ", "_"))]
    if places and places[0] not in levels.values():
        code, stem = places[0], re.split(r"[ _]?p-?_?code", places[0], flags=re.I)[0]
        names = _names(header, re.escape(stem) if stem else r"(?:place|ppl)?")
    elif levels:
        level = max(levels)
        code = levels[level]
        names = _names(header, rf"adm(?:in)?_?{level}")
    else:
        return None
    if not names:
        return None
    upper = [levels[level] for level in sorted(levels) if levels[level] != code]
    return _Columns(
        code=code,
        name=names[0],
        others=tuple(names[1:]),
        parent=upper[-1] if upper else "",
        admin1=levels.get(1, ""),
        admin1_name=next(iter(_names(header, r"adm(?:in)?_?1")), ""),
        lat=lat,
        lon=lon,
    )


def _names(header: Cells, stem: str) -> list[str]:
    """Columns of names behind *stem*, in any language, English first."""
    like = re.compile(
        rf"{stem}[ _]?(?:ref_?)?(?:name|nam|alt[0-9]?(?:name)?)?[ _]?"
        r"(?P<lang>[a-z]{2})?",
        re.IGNORECASE,
    )
    found: list[tuple[bool, int, str]] = []
    for cell in header:
        match = like.fullmatch(cell)
        if match and not cell.casefold().endswith("code") and cell:
            lang = (match["lang"] or "").casefold()
            found.append((lang not in ("en", ""), len(found), cell))
    return [cell for _, _, cell in sorted(found)]


def _recognises(path: Path, head: Head) -> int:
    for row in head.rows:
        cells = [cell.strip().lstrip("\ufeff") for cell in row]
        if set(cells) >= GLOBAL:
            return 90
        found = _columns(cells)
        if found is not None and found.lat and found.lon:
            return 70
    return 0


def _is_header(cells: Cells) -> bool:
    if set(cells) >= GLOBAL:
        return True
    found = _columns(cells)
    return found is not None and bool(found.lat and found.lon)


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(_is_header)
    reading = _Reading(source, asked, sheet)
    yield from each_row(source, sheet.rows, reading.take)
    yield from reading.counted()


class _Reading(RowReader):
    def __init__(self, source: Source, asked: Asked, sheet: Sheet) -> None:
        super().__init__(source, asked, sheet)
        self.places = Places(asked.references, asked.dataset)
        self.columns = _columns(sheet.header)
        self.areas = sheet.has(*GLOBAL)

    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """A settlement with its P-code."""
        if is_tags(cells):
            return []
        if self.areas or self.columns is None:
            self.left_out["admin areas without coordinates are no settlements"] += 1
            return []
        at = self.columns
        pcode, name = self.text(cells, at.code), self.text(cells, at.name, *at.others)
        spot = self.spot(cells, at.lat, at.lon)
        if not pcode:
            raise BadCell(at.code, "", "must not be empty")
        if not name or spot is None:
            raise BadCell(at.name, name, "needs a name and coordinates")
        others = dict.fromkeys(self.text(cells, other) for other in at.others)
        place = SettlementRegistered(
            dataset=self.dataset,
            settlement=slug(pcode),
            name=words.cut(name, 300),
            lat=spot[0],
            lon=spot[1],
            aliases=tuple(one for one in others if one and one != name),
            pcode=pcode,
            admin1=self.text(cells, at.admin1_name) if at.admin1_name else "",
            admin1_pcode=self.text(cells, at.admin1) if at.admin1 else "",
            basis="OCHA common operational dataset",
        )
        return [self.places.entry(place)]


FORMAT = Format(
    name="cod",
    title="OCHA gazetteers: places by P-code, as settlements",
    dataset="cod",
    types=(SettlementRegistered.TYPE,),
    recognises=_recognises,
    read=_read,
)
