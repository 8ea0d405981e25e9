"""IDMC's Internal Displacement Updates: provisional flows, one event a row.

A day is the midnight of New Zealand told in UTC: `2023-11-06T11:00:00.000Z` is 7
November. Thirteen hours later the day is right in summer and in winter.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

from chronicle.domain.events import DisplacementReported, Event, SourceRegistered
from chronicle.formats import words
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader, is_tags
from chronicle.formats.source import Source

__all__ = ["FORMAT"]

IDMC = "idmc"
NEEDED = {"displacement_start_date", "displacement_end_date", "figure", "qualifier"}
AHEAD = timedelta(hours=13)
ONE_DAY = timedelta(days=1)
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?Z?", re.ASCII)
_QUALIFIERS = {
    "total": "exact",
    "approximately": "about",
    "more than": "over",
    "at least": "over",
    "over": "over",
    "less than": "under",
    "up to": "under",
}
_DAY = re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}", re.ASCII)


def _recognises(path: Path, head: Head) -> int:
    return 95 if head.columns(*NEEDED) else 0


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(lambda cells: set(cells) >= NEEDED)
    yield (
        1,
        SourceRegistered(
            dataset=asked.dataset,
            source=IDMC,
            name="Internal Displacement Monitoring Centre",
            kind="monitor",
        ),
    )
    yield from each_row(source, sheet.rows, _Reading(source, asked, sheet).take)


class _Reading(RowReader):
    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """A flow of newly displaced people."""
        if is_tags(cells):
            return []
        id_ = self.text(cells, "id").removesuffix(".0")
        if not id_:
            raise BadCell("id", "", "must not be empty")
        persons = self.count(cells, "figure")
        if persons is None:
            raise BadCell("figure", "", "gives no number of persons")
        start = self._midnight(cells, "displacement_start_date")
        end = self._midnight(cells, "displacement_end_date") or start
        start = start or end or self._midnight(cells, "displacement_date")
        if start is None:
            raise BadCell("displacement_start_date", "", "must not be empty")
        end = end or start
        if end < start:
            raise BadCell(
                "displacement_end_date", str(end), f"is before the start, {start}"
            )
        qualifier = self.text(cells, "qualifier").casefold()
        said = (
            self.text(cells, "displacement_type"),
            self.text(cells, "type"),
            f"qualifier {qualifier}" if qualifier not in ("", *_QUALIFIERS) else "",
            self.text(cells, "event_name"),
            self.text(cells, "description", "standard_popup_text"),
        )
        return [
            DisplacementReported(
                dataset=self.dataset,
                report_id=f"idmc-idu:{id_}",
                source=IDMC,
                counter=IDMC,
                published=self.day(cells, "created_at"),
                measure="flow",
                category="newly displaced",
                persons=persons,
                qualifier=_QUALIFIERS.get(qualifier, ""),
                area=words.cut(self._area(cells), 300),
                since=start,
                until=end + ONE_DAY,
                note=words.cut("; ".join(filter(None, said)), 4_000),
                ref=words.cut(self.text(cells, "link", "source_url"), 2_000),
            )
        ]

    def _midnight(self, cells: Cells, column: str) -> date | None:
        text = self.text(cells, column)
        found = _TIME.fullmatch(text)
        if found is None:
            return self.day(cells, column)
        try:
            return (datetime.fromisoformat(f"{found[1]}+00:00") + AHEAD).date()
        except (ValueError, OverflowError):
            raise BadCell(column, text, "is no time of the calendar") from None

    def _area(self, cells: Cells) -> str:
        """The place in words: of the columns, of the event's name, or the country."""
        country = self.text(cells, "country")
        place = self.text(cells, "locations_name")
        if not place:
            parts = self.text(cells, "event_name").split(" - ")
            named = [part for part in parts[1:] if not _DAY.fullmatch(part.strip())]
            place = named[0].strip() if named else ""
        return ", ".join(filter(None, (place, country)))


FORMAT = Format(
    name="idmc-idu",
    title="IDMC IDU: new displacements, as flows",
    dataset="idmc-idu",
    types=(DisplacementReported.TYPE,),
    recognises=_recognises,
    read=_read,
)
