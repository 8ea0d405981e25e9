"""Any table with HXL tags (standard 1.1): figures of displaced people, or places.

The row of tags is sought among the first rows, and says what the columns are; what the
headers above it say is not read. A figure is a row with a number of displaced people, a
place and a day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from chronicle.domain.events import (
    CATEGORIES,
    QUALIFIERS,
    DisplacementReported,
    Event,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.errors import InputError
from chronicle.formats import words
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.places import Places, slug
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader, report_id
from chronicle.formats.source import Sheet, Source

__all__ = ["FORMAT", "Tag"]

ONE_DAY = timedelta(days=1)
_TAG = re.compile(r"#?\s*([a-z][a-z0-9_]*)((?:\s*\+\s*[a-z0-9_]+)*)", re.IGNORECASE)
_DIVIDED = frozenset(
    {"f", "m", "male", "female", "sex", "children", "adults", "elderly", "age"}
    | {"infants", "hh", "households", "families", "origin", "pct", "ratio", "rate"}
    | {"targeted", "reached", "planned"}
)
# Attributes of a number of people, and what they did.
_PEOPLE = {
    "idps": ("stock", "displaced"),
    "idp": ("stock", "displaced"),
    "displaced": ("stock", "displaced"),
    "refugees": ("stock", "left the country"),
    "returnees": ("flow", "returned within the country"),
    "returned": ("flow", "returned within the country"),
}
_AREAS = ("adm5", "adm4", "adm3", "adm2", "adm1", "adm", "adm0", "country", "region")


class Tag(NamedTuple):
    """A hashtag and its attributes, in small letters."""

    name: str
    attributes: frozenset[str]

    @classmethod
    def of(cls, cell: str) -> Tag | None:
        """The tag in a cell; None where there is none."""
        found = _TAG.fullmatch(cell.strip())
        if found is None:
            return None
        attributes = re.split(r"\s*\+\s*", found[2].strip().lower())
        return cls(found[1].lower(), frozenset(filter(None, attributes)))

    def has(self, *attributes: str) -> bool:
        """Whether all of *attributes* are there."""
        return self.attributes.issuperset(attributes)


def _is_tag_row(cells: Cells) -> bool:
    """Whether most filled cells of a row begin with `#`."""
    told = [cell for cell in cells if cell.strip()]
    tags = [cell for cell in told if cell.lstrip().startswith("#") and Tag.of(cell)]
    return len(tags) >= 2 and 2 * len(tags) > len(told)


def _recognises(path: Path, head: Head) -> int:
    return 40 if any(map(_is_tag_row, head.rows)) else 0


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(_is_tag_row)
    reading = _Reading(source, asked, sheet)
    take: Callable[[int, Cells], list[Event | Problem]]
    if reading.people:
        yield (
            1,
            SourceRegistered(
                dataset=asked.dataset,
                source=reading.id,
                name=f"HXL table {source.name}",
            ),
        )
        take = reading.figures
    elif reading.lat and reading.lon and reading.name:
        take = reading.place
    else:
        there = " ".join(cell for cell in sheet.header if cell)
        raise InputError(
            f"{source.name}: its tags name no number of displaced people (such as "
            f"#affected+idps) and no places with coordinates; they are: {there[:300]}"
        )
    yield from each_row(source, sheet.rows, take)
    yield from reading.counted()


class _Reading(RowReader):
    def __init__(self, source: Source, asked: Asked, sheet: Sheet) -> None:
        super().__init__(source, asked, sheet)
        tags = [Tag.of(cell) for cell in sheet.header]
        self.tags = [(n, tag) for n, tag in enumerate(tags) if tag is not None]
        self.people = [
            (n, tag, kind)
            for n, tag in self.tags
            if tag.name in ("affected", "population", "inneed")
            and not tag.attributes & (_DIVIDED | {"min", "max"})
            and (kind := self._kind(tag)) is not None
        ]
        self.low, self.high = (
            next(
                (n for n, tag in self.tags if tag.name == "affected" and tag.has(end)),
                None,
            )
            for end in ("min", "max")
        )
        self.lat, self.lon = self._at("geo", "lat"), self._at("geo", "lon")
        self.name = (
            self._at("loc", "name")
            or self._at("adm4", "name")
            or self._at("adm3", "name")
            or self._at("loc")
        )
        self.dates = words.DateOrders(
            asked.options.get("dates", ""), lambda: self._days(source)
        )
        self.id = asked.options.get("source") or slug(Path(source.name).stem) or "hxl"
        self.places = Places(asked.references, asked.dataset)

    @staticmethod
    def _kind(tag: Tag) -> tuple[str, str] | None:
        found = next((_PEOPLE[a] for a in _PEOPLE if a in tag.attributes), None)
        if found and found[1] == "displaced" and tag.has("new"):
            return "flow", "newly displaced"
        return found

    def _at(self, name: str, *attributes: str) -> int:
        """The column of a tag, counted from 1; 0 where there is none.

        One with no other attributes than those asked for is preferred.
        """
        fits = [
            (len(tag.attributes), n + 1)
            for n, tag in self.tags
            if tag.name == name
            and tag.has(*attributes)
            and "origin" not in tag.attributes
        ]
        return min(fits)[1] if fits else 0

    def _cell(self, cells: Cells, column: int) -> str:
        """The text of a column counted from 1; empty for column 0."""
        if not column or words.nothing(cells[column - 1]):
            return ""
        return words.clean(cells[column - 1])

    def _days(self, source: Source) -> list[str]:
        """All days of the file, from a second reading of it."""
        columns = [n for n, tag in self.tags if tag.name == "date"]
        rows = source.sheet(_is_tag_row).rows
        return [
            row[1][n] for row in rows if not isinstance(row, Problem) for n in columns
        ]

    def _date(self, cells: Cells, *kinds: str) -> date | None:
        for kind in kinds:
            text = self._cell(cells, self._at("date", *filter(None, (kind,))))
            if text:
                try:
                    return self.dates.day(
                        text.replace("-", "/") if _dashed(text) else text
                    )
                except ValueError as broken:
                    raise BadCell(f"#date+{kind}", text, str(broken)) from None
        return None

    def _area(self, cells: Cells) -> str:
        """The finest area: its code, else its name with the country behind it."""
        for level in _AREAS:
            if code := self._cell(cells, self._at(level, "code")):
                return code
            name = self._cell(cells, self._at(level, "name") or self._at(level))
            if name:
                country = self._cell(cells, self._at("country", "name"))
                parts = dict.fromkeys(filter(None, (name, country)))
                return words.cut(", ".join(parts), 300)
        return ""

    def figures(self, line: int, cells: Cells) -> list[Event | Problem]:
        """A figure for each column of people that has a number."""
        end = self._date(cells, "end")
        start = self._date(cells, "start")
        day = self._date(cells, "occurred", "reported", "") or end or self.asked.day
        said = self._cell(cells, self._at("indicator", "type"))
        told = self._cell(cells, self._at("affected", "type"))
        qualifier = self._cell(cells, self._at("meta", "qualifier"))
        area = self._area(cells)
        place = self._cell(cells, self._at("loc", "code"))
        settlement = place if place in self.asked.references.settlements else None
        if not area and settlement is None:
            area = self._cell(cells, self._at("loc", "name") or self._at("loc"))
        made: list[Event | Problem] = []
        for n, tag, (measure, category) in self.people:
            persons = self._number(cells, n)
            if persons is None:
                continue
            measure = said if said in ("stock", "flow") else measure
            category = told if told in CATEGORIES else category
            flow = measure == "flow"
            if day is None and not (flow and start and end):
                raise BadCell("#date", "", "says no day; say it with --day")
            if not area and settlement is None:
                raise BadCell("#adm", "", "says no place")
            made.append(
                DisplacementReported(
                    dataset=self.dataset,
                    report_id=self._id(cells, tag, area or str(settlement), day or end),
                    source=self.id,
                    counter=self._counter(cells),
                    published=self._date(cells, "reported"),
                    measure=measure,
                    category=category,
                    persons=persons,
                    low=None if self.low is None else self._number(cells, self.low),
                    high=None if self.high is None else self._number(cells, self.high),
                    qualifier=qualifier if qualifier in QUALIFIERS else "",
                    area=area,
                    settlement=settlement,
                    valid_on=None if flow and start and end else day,
                    since=start if flow and end else None,
                    until=end + ONE_DAY if flow and start and end else None,
                    note=words.cut(
                        self._cell(cells, self._at("description"))
                        or self._cell(cells, self._at("cause", "type")),
                        1_000,
                    ),
                    ref=words.cut(self._cell(cells, self._at("meta", "url")), 2_000),
                )
            )
        return made

    def _number(self, cells: Cells, n: int) -> int | None:
        try:
            return words.count(cells[n])
        except ValueError as broken:
            raise BadCell(f"#{self.index_name(n)}", cells[n], str(broken)) from None

    def index_name(self, n: int) -> str:
        """The tag of a column, as messages quote it."""
        tag = dict(self.tags)[n]
        return "+".join((tag.name, *sorted(tag.attributes)))

    def _counter(self, cells: Cells) -> str:
        for name, *attributes in (("org", "counter"), ("meta", "source"), ("org",)):
            if text := self._cell(cells, self._at(name, *attributes)):
                return words.cut(text, 300)
        return ""

    def _id(self, cells: Cells, tag: Tag, area: str, day: date | None) -> str:
        """The row's own id, or one made from where, when and what it counts."""
        number = "+".join(sorted(tag.attributes))
        if own := self._cell(cells, self._at("meta", "id") or self._at("id")):
            stem = own if len(self.people) == 1 else f"{own}:{number}"
            return report_id(self.id, (stem,))
        counted = {n for n, _, _ in self.people}
        others = (
            text
            for n, other in self.tags
            if n not in counted
            and other.name not in ("affected", "description", "meta")
            and (text := self._cell(cells, n + 1))
        )
        return self.own_id(self.id, (area, str(day), number, *others))

    def place(self, line: int, cells: Cells) -> list[Event | Problem]:
        """A settlement, as a gazetteer has it."""
        name = self._cell(cells, self.name)
        spot = []
        for column, most in ((self.lat, 90.0), (self.lon, 180.0)):
            try:
                spot.append(words.degrees(cells[column - 1], most))
            except ValueError as broken:
                text = cells[column - 1]
                raise BadCell(self.index_name(column - 1), text, str(broken)) from None
        if not name or None in spot:
            raise BadCell("#loc+name", name, "needs a name and coordinates")
        code = self._cell(cells, self._at("loc", "code"))
        pcode = code or self._cell(cells, self._at("adm4", "code"))
        inside = self._cell(cells, self._at("adm2", "name"))
        admin1 = self._cell(cells, self._at("adm1", "name") or self._at("adm1"))
        place = SettlementRegistered(
            dataset=self.dataset,
            settlement=slug(pcode) or slug(name, inside or admin1),
            name=words.cut(name, 300),
            lat=spot[0],
            lon=spot[1],
            pcode=pcode,
            admin1=admin1,
            admin1_pcode=self._cell(cells, self._at("adm1", "code")),
            basis=f"HXL table {self.source.name}",
        )
        return [self.places.entry(place)]


def _dashed(text: str) -> bool:
    """Whether a day is written `03-18-14`: dashes, and the year last."""
    return re.fullmatch(r"[0-9]{1,2}-[0-9]{1,2}-[0-9]{2,4}", text) is not None


FORMAT = Format(
    name="hxl",
    title="Tables with HXL tags: figures of displaced people, or places",
    dataset="hxl",
    types=(DisplacementReported.TYPE,),
    recognises=_recognises,
    read=_read,
    options={
        "dates": "dmy or mdy, where months are written in digits",
        "source": "the id of the table as a source; from the file's name unless said",
    },
)
