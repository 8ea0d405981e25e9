"""UCDP GED: fatal events of the Uppsala Conflict Data Program, as incidents.

All versions from 1 to 25 and the candidate releases, as CSV (also without a header, out
of R, or with a row of HXL tags), and the JSON of its programming interface. See
`docs/formats/ucdp-ged.md` for what becomes what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from chronicle.domain.events import (
    ActorRegistered,
    Event,
    IncidentReported,
    SourceRegistered,
)
from chronicle.formats import words
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.places import Places, slug
from chronicle.formats.problem import Problem
from chronicle.formats.source import Sheet, Source

__all__ = ["FORMAT"]

SOURCE = "ucdp-ged"
ONE_DAY = timedelta(days=1)

# The order of a file without a header: versions 17 to 25 and the candidates.
COLUMNS = (
    *("id", "relid", "year", "active_year", "code_status", "type_of_violence"),
    *("conflict_dset_id", "conflict_new_id", "conflict_name"),
    *("dyad_dset_id", "dyad_new_id", "dyad_name"),
    *("side_a_dset_id", "side_a_new_id", "side_a"),
    *("side_b_dset_id", "side_b_new_id", "side_b"),
    *("number_of_sources", "source_article", "source_office", "source_date"),
    *("source_headline", "source_original"),
    *("where_prec", "where_coordinates", "where_description", "adm_1", "adm_2"),
    *("latitude", "longitude", "geom_wkt", "priogrid_gid"),
    *("country", "country_id", "region"),
    *("event_clarity", "date_prec", "date_start", "date_end"),
    *("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown"),
    *("best", "high", "low", "gwnoa", "gwnob"),
)
NEEDED = {"id", "type_of_violence", "where_prec", "date_start", "side_a"}
_OLD = {"best": "best_est", "low": "low_est", "high": "high_est"}  # before 17.1
# By date_prec: the day; within a week; in a week; in a month; longer.
_PRECISION = {"1": "day", "2": "span", "3": "week", "4": "month", "5": "span"}
_KIND = re.compile(r"\s+(city|town|village|settlement|camp|neighbou?rhood)$", re.I)
_NEAR = "near it, within 25 km (where_prec 2)"
# By where_prec, which column names the area: a district, a province, a country.
_AREAS = {
    "3": ("adm_2", "where_coordinates", "adm_1"),
    "4": ("adm_1", "where_coordinates"),
    "6": ("country", "where_coordinates"),
}


def _recognises(path: Path, head: Head) -> int:
    if head.columns("type_of_violence", "where_prec", "date_start", "side_a"):
        return 95
    return 90 if any(map(_is_row, head.rows[:3])) else 0


def _is_row(cells: Cells) -> bool:
    """Whether cells are an event in `COLUMNS`, where there is no header."""
    if len(cells) != len(COLUMNS):
        return False
    one = dict(zip(COLUMNS, cells, strict=True))
    try:
        words.day(one["date_start"], "mdy")
        words.degrees(one["latitude"], 90.0)
    except ValueError:
        return False
    return one["id"].partition(".")[0].isdigit() and one["type_of_violence"][:1] in (
        "1",
        "2",
        "3",
    )


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(lambda cells: set(cells) >= NEEDED, COLUMNS)
    yield (
        1,
        SourceRegistered(
            dataset=asked.dataset,
            source=SOURCE,
            name="UCDP Georeferenced Event Dataset",
            kind="dataset",
            affiliation="Uppsala Conflict Data Program",
        ),
    )
    yield from each_row(source, sheet.rows, _Reading(source, asked, sheet).take)


def _sheet(source: Source) -> Sheet:
    return source.sheet(lambda cells: set(cells) >= NEEDED, COLUMNS)


def _tags(cells: Cells) -> bool:
    """Whether a row holds HXL tags: nothing but them and empty cells."""
    told = [cell for cell in cells if cell]
    return bool(told) and all(cell.startswith("#") for cell in told)


_Graded = tuple[int | None, int | None, int | None, str]  # low, best, high, doubt


class _Reading:
    """One pass over a file: where its columns stand, and what was registered."""

    def __init__(self, source: Source, asked: Asked, sheet: Sheet) -> None:
        self.source = source
        self.dataset = asked.dataset
        self.places = Places(asked.references, asked.dataset)
        index = dict(sheet.index)
        for new, old in _OLD.items():
            if new not in index and old in index:
                index[new] = index[old]
        nowhere = len(sheet.header)
        self.at = {name: index.get(name, nowhere) for name in COLUMNS}
        self.dates = words.DateOrders(asked.options.get("dates", ""), self._days)
        self.spots: dict[tuple[str, ...], str | None] = {}
        self.short: dict[str, str] = {}  # texts that stand in many rows, cleaned
        self.sound: dict[tuple[str, str, str], _Graded] = {}
        self.actors = set(asked.references.actors)

    def take(self, line: int, row: Cells) -> list[Event | Problem]:
        """The incident of a row, after the place and the actor that it names."""
        if row[0].startswith("#") or (not row[0] and _tags(row)):
            return []
        cells = [*row, ""]  # where a column is not there
        at = self.at
        made: list[Event | Problem] = []
        violence = cells[at["type_of_violence"]][:1]
        if violence not in ("1", "2", "3"):
            raise BadCell("type_of_violence", violence, "must be 1, 2 or 3")
        id_ = _id(cells[at["id"]])
        precise = cells[at["where_prec"]][:1]
        settlement = self._settlement(cells, made) if precise in ("1", "2") else None
        start, end = self._span(cells, line, made)
        alleged = self._author(cells, made) if violence == "3" else None
        low, best, high, doubt = self._killed(cells, line, made)
        prec = cells[at["date_prec"]][:1]
        precision = _PRECISION.get(prec, "day")
        made.append(
            IncidentReported(
                dataset=self.dataset,
                report_id=f"{SOURCE}:{id_}",
                source=SOURCE,
                published=self._published(cells[at["source_date"]], line, made),
                kind="Attack" if violence == "3" else "Armed clash",
                valid_from=start,
                precision="span" if end and precision == "day" else precision,
                since=start if end else None,
                until=end,
                settlement=settlement,
                area="" if settlement else self._area(cells, precise),
                alleged_actor=alleged,
                killed=best,
                killed_low=low,
                killed_high=high,
                civilians="yes" if violence == "3" else "",
                note=self._note(cells, precise, settlement, doubt),
                ref=words.cut(cells[at["source_article"]], 2_000),
            )
        )
        return made

    def _settlement(self, cells: Cells, made: list[Event | Problem]) -> str | None:
        """The place of an event that is at one or near it, registered where it is new.

        None where the row has no name or no coordinates for it.
        """
        at = self.at
        key = tuple(
            cells[at[name]]
            for name in ("where_coordinates", "adm_1", "adm_2", "latitude", "longitude")
        )
        if key in self.spots:
            return self.spots[key]
        name, admin1, admin2 = map(words.clean, key[:3])
        spot = _degrees(key[3], "latitude", 90.0), _degrees(key[4], "longitude", 180.0)
        if not name or spot[0] is None or spot[1] is None:
            self.spots[key] = None
            return None
        kind = _KIND.search(name)
        bare = name[: kind.start()] if kind else name
        id_, new = self.places.at(
            bare,
            spot[0],
            spot[1],
            id_=slug(bare, admin2 or admin1 or words.clean(cells[at["country"]])),
            aliases=(name,) if bare != name else (),
            kind=kind[1].lower() if kind else "",
            admin1=words.cut(admin1, 300),
            basis="coordinates: UCDP GED",
        )
        if new is not None:
            made.append(new)
        self.spots[key] = id_
        return id_

    def _area(self, cells: Cells, precise: str) -> str:
        """The area of an event without a settlement, and the country behind it."""
        names = _AREAS.get(precise, ("where_coordinates", "adm_2", "adm_1"))
        found = (words.clean(cells[self.at[name]]) for name in names)
        area = next(filter(None, found), "")
        country = words.clean(cells[self.at["country"]])
        parts = (area, country if country.casefold() not in area.casefold() else "")
        return words.cut(", ".join(filter(None, parts)), 300)

    def _span(
        self, cells: Cells, line: int, made: list[Event | Problem]
    ) -> tuple[date, date | None]:
        """The first day, and the day after the last where there are several."""
        start = self._day(cells[self.at["date_start"]], "date_start")
        told = cells[self.at["date_end"]]
        if not told or told == cells[self.at["date_start"]]:
            return start, None
        end = self._day(told, "date_end")
        if end < start:
            rule = f"is before date_start, {start}; only that was taken"
            made.append(self.source.remark(line, rule, "date_end", told))
        return start, end + ONE_DAY if end > start else None

    def _day(self, text: str, column: str) -> date:
        try:
            return self.dates.day(text)
        except ValueError as broken:
            raise BadCell(column, text, str(broken)) from None

    def _days(self) -> Iterator[str]:
        """All days of the file, from a second reading of it."""
        places = [self.at[name] for name in ("date_start", "date_end", "source_date")]
        for row in _sheet(self.source).rows:
            if not isinstance(row, Problem):
                cells = [*row[1], ""]
                for place in places:
                    yield from cells[place].split(";")

    def _author(self, cells: Cells, made: list[Event | Problem]) -> str | None:
        """Side A of one-sided violence: the only author that UCDP names."""
        name = words.cut(cells[self.at["side_a"]], 300)
        if not name:
            return None
        number = cells[self.at["side_a_new_id"]] or cells[self.at["side_a_dset_id"]]
        number = number.partition(".")[0]
        id_ = f"ucdp-{number}" if number.isdigit() else slug("ucdp", name)
        if id_ not in self.actors:
            self.actors.add(id_)
            made.append(ActorRegistered(dataset=self.dataset, actor=id_, name=name))
        return id_

    def _killed(self, cells: Cells, line: int, made: list[Event | Problem]) -> _Graded:
        """Low, best and high; a bound on the wrong side of best goes into the note."""
        at = self.at
        key = cells[at["low"]], cells[at["best"]], cells[at["high"]]
        if key in self.sound:
            return self.sound[key]
        told = []
        for name in ("low", "best", "high"):
            text = cells[at[name]]
            try:
                told.append(int(text) if text.isdigit() else words.count(text))
            except ValueError as broken:
                raise BadCell(name, text, str(broken)) from None
        low, best, high = told
        if best is None:
            return None, None, None, ""
        doubt = ""
        if low is not None and low > best:
            doubt, low = f"low given as {low}, above best {best}", None
        if high is not None and high < best:
            doubt = "; ".join(
                filter(None, (doubt, f"high given as {high}, below best"))
            )
            high = None
        if doubt:
            rule = f"{doubt}; best was taken, the bound was left out"
            made.append(self.source.remark(line, rule, "best", str(best)))
        else:
            self.sound[key] = low, best, high, ""
        return low, best, high, doubt

    def _published(
        self, text: str, line: int, made: list[Event | Problem]
    ) -> date | None:
        """The first day on which a source told of it, of several with `;` between."""
        days = []
        for part in dict.fromkeys(text.split(";")) if text else ():
            if words.nothing(part):
                continue
            try:
                days.append(self.dates.day(part))
            except ValueError as broken:
                rule = f"{broken}; left out"
                made.append(self.source.remark(line, rule, "source_date", part))
        return min(days, default=None)

    def _note(
        self, cells: Cells, precise: str, settlement: str | None, doubt: str
    ) -> str:
        at = self.at
        status = cells[at["code_status"]]
        dyad = cells[at["dyad_name"]]
        if dyad not in self.short:
            self.short[dyad] = words.cut(dyad, 300)
        said = (
            self.short[dyad],
            words.cut(cells[at["where_description"]], 500),
            _NEAR if settlement and precise == "2" else "",
            ""
            if status in ("", "Clear", "NA")
            else words.cut(f"code_status {status}", 100),
            doubt,
        )
        return "; ".join(filter(None, said))


def _id(text: str) -> str:
    """UCDP's number of an event; `300380.0` where R wrote it."""
    number = text.strip().removesuffix(".0")
    if not (number.isascii() and number.isdigit()):
        raise BadCell("id", text, "must be a whole number")
    return number


def _degrees(text: str, column: str, most: float) -> float | None:
    try:
        return words.degrees(text, most)
    except ValueError as broken:
        raise BadCell(column, text, str(broken)) from None


FORMAT = Format(
    name="ucdp-ged",
    title="UCDP GED: fatal events, as incidents",
    dataset="ucdp-ged",
    types=(IncidentReported.TYPE,),
    recognises=_recognises,
    read=_read,
    options={"dates": "dmy or mdy, where months are written in digits"},
)
