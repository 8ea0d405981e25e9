"""HDX HAPI: one humanitarian table of OCHA for each theme, of which four are read.

Displaced people in a country (IOM), refugees and returnees (UNHCR), and counts of
conflict events by month and area (ACLED). A row is a figure of an area and a period.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from chronicle.domain.events import (
    DisplacementReported,
    Event,
    IncidentReported,
    SourceRegistered,
)
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.iom_dtm import COUNTER as IOM_DTM
from chronicle.formats.iom_dtm import IOM
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader, is_tags
from chronicle.formats.source import Source
from chronicle.formats.unhcr import GROUPS, UNHCR

__all__ = ["FORMAT"]

PERIOD = ("reference_period_start", "reference_period_end")
IDPS = {"location_code", "admin_level", "population", "assessment_type", PERIOD[0]}
PEOPLE = {"origin_location_code", "asylum_location_code", "population_group"}
EVENTS = {"location_code", "event_type", "events", "fatalities", PERIOD[0]}
ONE_DAY = timedelta(days=1)


def _recognises(path: Path, head: Head) -> int:
    return 95 if any(head.columns(*needed) for needed in (IDPS, PEOPLE, EVENTS)) else 0


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(
        lambda cells: any(set(cells) >= one for one in (IDPS, PEOPLE, EVENTS))
    )
    reading = _Reading(source, asked, sheet)
    take: Callable[[int, Cells], list[Event | Problem]]
    if sheet.has(*EVENTS):
        take, who = reading.events, ("acled", "ACLED", "dataset")
    elif sheet.has(*PEOPLE):
        take, who = reading.people, ("unhcr", UNHCR, "United Nations")
    else:
        take, who = reading.displaced, (IOM_DTM, IOM, "United Nations")
    yield (
        1,
        SourceRegistered(
            dataset=asked.dataset,
            source=who[0],
            name=who[1],
            kind=who[2],
        ),
    )
    yield from each_row(source, sheet.rows, take)
    yield from reading.counted()


class _Reading(RowReader):
    def period(self, cells: Cells) -> tuple[date, date]:
        """The first day, and the day after the last, which HAPI includes."""
        start = self.needed_day(cells, PERIOD[0])
        end = self.day(cells, PERIOD[1]) or start
        if end < start:
            raise BadCell(PERIOD[1], str(end), f"is before {PERIOD[0]}, {start}")
        return start, end + ONE_DAY

    def usable(self, cells: Cells) -> bool:
        """Whether a row is data: not tags. Raises `BadCell` where HAPI says *error*."""
        if is_tags(cells):
            return False
        if error := self.text(cells, "error"):
            raise BadCell("error", error, "HAPI itself calls the row faulty")
        return True

    def area(self, cells: Cells) -> str:
        """The P-code of the finest area, else its name, else the country."""
        for level in ("2", "1"):
            code = self.text(cells, f"admin{level}_code")
            names = f"admin{level}_name", f"provider_admin{level}_name"
            name = self.text(cells, *names)
            if code or name:
                country = self.text(cells, "location_code")
                return code or f"{name}, {country}"
        return self.text(cells, "location_code")

    def note(self, cells: Cells, *columns: str) -> str:
        """What some columns say, each behind its name."""
        told = ((name, self.text(cells, name)) for name in (*columns, "warning"))
        return "; ".join(f"{name} {text}" for name, text in told if text)

    def displaced(self, line: int, cells: Cells) -> list[Event | Problem]:
        """A stock as of the last day of the period."""
        if not self.usable(cells):
            return []
        persons = self.count(cells, "population")
        if persons is None:
            raise BadCell("population", "", "gives no number of persons")
        _, after = self.period(cells)
        area = self.area(cells)
        key = ("operation", "reporting_round", "assessment_type", "admin_level")
        parts = [self.text(cells, name) for name in key]
        return [
            DisplacementReported(
                dataset=self.dataset,
                report_id=self.own_id(
                    f"hapi-idps:{self.text(cells, 'location_code')}",
                    (area, str(after), *parts),
                ),
                source=IOM_DTM,
                counter=IOM_DTM,
                measure="stock",
                category="displaced",
                persons=persons,
                area=area,
                valid_on=after - ONE_DAY,
                note=self.note(
                    cells, "operation", "reporting_round", "assessment_type"
                ),
            )
        ]

    def people(self, line: int, cells: Cells) -> list[Event | Problem]:
        """Refugees as a stock, returnees as a flow; sums over sex and age only."""
        if not self.usable(cells):
            return []
        if any(
            self.text(cells, name) not in ("", "all")
            for name in ("gender", "age_range")
        ):
            self.left_out["parts by sex and age of figures that are read"] += 1
            return []
        group = self.text(cells, "population_group")
        if group not in GROUPS:
            self.left_out[f"population_group {group!r} are not displaced people"] += 1
            return []
        persons = self.count(cells, "population")
        if persons is None:
            raise BadCell("population", "", "gives no number of persons")
        start, after = self.period(cells)
        origin = self.text(cells, "origin_location_code")
        asylum = self.text(cells, "asylum_location_code")
        made = GROUPS[group].figure(
            dataset=self.dataset,
            id_=f"unhcr:{start:%Y-%m-%d}:{after:%Y-%m-%d}:{origin}:{asylum}:{group}",
            persons=persons,
            origin=origin,
            asylum=asylum,
            span=(start, after),
            note=self.note(cells),
        )
        return [made]

    def events(self, line: int, cells: Cells) -> list[Event | Problem]:
        """An aggregate of one kind of event in an area over a month."""
        if not self.usable(cells):
            return []
        events, killed = self.count(cells, "events"), self.count(cells, "fatalities")
        if events is None:
            raise BadCell("events", "", "gives no number of events")
        if events == 0:
            self.left_out["0 events: nothing happened there"] += 1
            return []
        start, after = self.period(cells)
        kind, area = self.text(cells, "event_type"), self.area(cells)
        country = self.text(cells, "location_code")
        return [
            IncidentReported(
                dataset=self.dataset,
                report_id=self.own_id(
                    f"hapi-events:{country}:{start}",
                    (area, kind, str(after), self.text(cells, "admin_level")),
                ),
                source="acled",
                kind="Other",
                valid_from=start,
                precision="span",
                since=start,
                until=after,
                area=area,
                killed=killed,
                civilians="yes" if kind == "civilian_targeting" else "",
                aggregate=True,
                note=f"aggregate of {events:,} events: {kind or 'of any kind'}",
            )
        ]


FORMAT = Format(
    name="hapi",
    title="HDX HAPI: displaced people, refugees, returnees, counts of events",
    dataset="hdx-hapi",
    types=(DisplacementReported.TYPE, IncidentReported.TYPE),
    recognises=_recognises,
    read=_read,
)
