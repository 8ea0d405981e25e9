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
# Other names: `featureAltName1_en`, `ALT_NAME`, `OTHER_NAMES`.
_OTHER = re.compile(
    r"(?:[a-z0-9]+[ _]?)??(?:alt(?:ernat(?:iv)?e)?|other)[0-9]?[ _]?names?[0-9]?"
    r"(?:[ _]?[a-z]{2})?|alias(?:es)?",
    re.IGNORECASE,
)
_APART = re.compile(r"[;|]")
# What stands in a table of admin areas, besides their names and codes.
_OF_AREAS = re.compile(
    r"adm(?:in)?_?[0-9]?.*|date.*|valid.*|iso.*|lang.*|area_?sqkm|shape.*|objectid|"
    r"cod_?version|center_?(?:lat|lon)|level",
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
    more = [cell for cell in header if _OTHER.fullmatch(cell)]
    return _Columns(
        code=code,
        name=names[0],
        others=tuple(dict.fromkeys((*names[1:], *more))),
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
        r"(?P<lang>[a-z]{2}|english|arabic|french|spanish|russian|ukrainian)?",
        re.IGNORECASE,
    )
    found: list[tuple[bool, int, str]] = []
    for cell in header:
        match = like.fullmatch(cell)
        if match and not cell.casefold().endswith("code") and cell:
            lang = (match["lang"] or "").casefold()
            found.append((lang not in ("en", "english", ""), len(found), cell))
    return [cell for _, _, cell in sorted(found)]


def _kind_of(header: Cells) -> str:
    """`places` or `areas`, where a header is that of a gazetteer; empty else."""
    if set(header) >= GLOBAL:
        return "areas"
    found = _columns(header)
    if found is None:
        return ""
    if found.lat and found.lon:
        return "places"
    levels = sum(bool(_LEVEL.fullmatch(cell)) for cell in header)
    if levels < 2:
        return ""
    of_areas = (not cell or _OF_AREAS.fullmatch(cell) for cell in header)
    return "areas" if all(of_areas) else ""


def _recognises(path: Path, head: Head) -> int:
    for row in head.rows:
        kind = _kind_of([cell.strip().lstrip("\ufeff") for cell in row])
        if kind:
            return 90 if set(row) >= GLOBAL else 70
    return 0


def _is_header(cells: Cells) -> bool:
    return bool(_kind_of(cells))


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
        self.areas = _kind_of(sheet.header) == "areas"

    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """A settlement with its P-code."""
        if is_tags(cells):
            return []
        if self.areas or self.columns is None:
            self.left_out[
                "admin areas are no settlements; figures name them by their P-codes as "
                "they are"
            ] += 1
            return []
        at = self.columns
        pcode, name = self.text(cells, at.code), self.text(cells, at.name, *at.others)
        spot = self.spot(cells, at.lat, at.lon)
        if not pcode:
            raise BadCell(at.code, "", "must not be empty")
        if not name:
            raise BadCell(at.name, name, "must not be empty")
        others = dict.fromkeys(
            one.strip()
            for other in at.others
            for one in _APART.split(self.text(cells, other))
        )
        place = SettlementRegistered(
            dataset=self.dataset,
            settlement=slug(pcode),
            name=words.cut(name, 300),
            lat=None if spot is None else spot[0],
            lon=None if spot is None else spot[1],
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
