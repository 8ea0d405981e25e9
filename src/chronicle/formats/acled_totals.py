"""ACLED's totals on HDX: events and deaths by month and country or district.

A workbook with several sheets, whose columns differ, or one of them as CSV.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from chronicle.domain.events import Event, IncidentReported, SourceRegistered
from chronicle.formats import words
from chronicle.formats.acled import ACLED
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader, is_tags
from chronicle.formats.source import Source

__all__ = ["FORMAT"]

NEEDED = {"Country", "Month", "Year", "Events"}
NEXT = 12


def _recognises(path: Path, head: Head) -> int:
    return 85 if head.header(*NEEDED) else 0


def _read(source: Source, asked: Asked) -> Rows:
    yield (
        1,
        SourceRegistered(
            dataset=asked.dataset,
            source=ACLED,
            name="Armed Conflict Location & Event Data",
            kind="dataset",
            note="ACLED's terms forbid passing its rows on",
        ),
    )
    for sheet in source.sheets(lambda cells: set(cells) >= NEEDED):
        reading = _Reading(source, asked, sheet)
        yield from each_row(source, sheet.rows, reading.take)
        yield from reading.counted()


class _Reading(RowReader):
    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """An aggregate of a month and an area; none where nothing happened."""
        if is_tags(cells):
            return []
        events = self.count(cells, "Events")
        if events is None:
            raise BadCell("Events", "", "gives no number of events")
        if events == 0:
            self.left_out["0 events: nothing happened there"] += 1
            return []
        start, after = self._month(cells)
        names = [self.text(cells, name) for name in ("Admin2", "Admin1", "Country")]
        codes = [column for column in self.index if column.casefold().endswith("pcode")]
        finest = sorted(codes, key=lambda column: "2" not in column)
        code = self.text(cells, *finest) if names[0] or names[1] else ""
        area = code or ", ".join(filter(None, names))
        kind = self.text(cells, "Event Type", "Event_Type", "Disorder Type")
        return [
            IncidentReported(
                dataset=self.dataset,
                report_id=self.own_id(
                    f"acled-totals:{start:%Y-%m}", (*names, code, kind)
                ),
                source=ACLED,
                kind="Other",
                valid_from=start,
                precision="month",
                since=start,
                until=after,
                area=words.cut(area, 300),
                killed=self.count(cells, "Fatalities"),
                aggregate=True,
                note=f"aggregate of {events:,} events" + (f": {kind}" if kind else ""),
            )
        ]

    def _month(self, cells: Cells) -> tuple[date, date]:
        """The first day of the month, and that of the next."""
        text, told = self.text(cells, "Month"), self.text(cells, "Year")
        month = words.MONTHS.get(text.casefold()) or (
            int(text) if text.isascii() and text.isdigit() else 0
        )
        year = told.removesuffix(".0")
        if not 1 <= month <= NEXT:
            raise BadCell("Month", text, "is no month")
        if not (year.isascii() and year.isdigit() and 1900 <= int(year) <= 2200):
            raise BadCell("Year", told, "is no year")
        first = date(int(year), month, 1)
        after = date(first.year + month // NEXT, month % NEXT + 1, 1)
        return first, after


FORMAT = Format(
    name="acled-totals",
    title="ACLED's totals on HDX, as aggregates",
    dataset="acled-totals",
    types=(IncidentReported.TYPE,),
    recognises=_recognises,
    read=_read,
)
