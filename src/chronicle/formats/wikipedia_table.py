"""Wikipedia's list *Control of cities*, scraped: one row a city, as of one moment.

A row says who held a city when the table was taken; a report is made where that is not
what the list said before. `As of` is the day of the latest source, not of a change.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

from chronicle.domain.events import ControlReported, Event, SourceRegistered
from chronicle.formats import words
from chronicle.formats.earlier import Changes
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.legend_book import NOTHING, LegendBook
from chronicle.formats.parties import Parties
from chronicle.formats.places import Places, slug
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader
from chronicle.formats.source import Sheet, Source

__all__ = ["FORMAT"]

WIKIPEDIA = "wikipedia"
NEEDED = {"Name", "Held by"}
_DAY = re.compile(r"[0-9]{1,2} [A-Za-z]+ [0-9]{4}", re.ASCII)
# Words of the list that say a status, or that say nothing; parties name themselves.
_WORDS = {
    "Contested": "contested",
    "Gray zone": "contested",
    "Grey zone": "contested",
    "Truce": "contested",
    "Uncontrolled": "vacated",
    "Not known": "nothing",
    "Unknown": "nothing",
    "Ukraine?": "nothing",
    "Ukraine": "Ukraine",
    "Russia": "Russia",
    "Donetsk PR": "Donetsk PR",
    "DPR": "Donetsk PR",
    "Luhansk PR": "Luhansk PR",
    "LPR": "Luhansk PR",
}


def _recognises(path: Path, head: Head) -> int:
    return 80 if head.header(*NEEDED) and head.header("update") else 0


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(lambda cells: set(cells) >= NEEDED)
    yield (
        1,
        SourceRegistered(
            dataset=asked.dataset,
            source=WIKIPEDIA,
            name="Wikipedia, Control of cities during the Russo-Ukrainian War",
            kind="encyclopedia",
            reliability="D",
            note="CC BY-SA",
        ),
    )
    reading = _Reading(source, asked, sheet)
    yield from each_row(source, sheet.rows, reading.take)
    yield from reading.counted()


class _Reading(RowReader):
    def __init__(self, source: Source, asked: Asked, sheet: Sheet) -> None:
        super().__init__(source, asked, sheet)
        self.places = Places(asked.references, asked.dataset)
        self.parties = Parties(asked.references, asked.dataset)
        self.changes = Changes(asked.earlier, WIKIPEDIA)
        legend = asked.options.get("legend", "")
        self.legend = LegendBook(legend, asked.earlier, _WORDS)
        self.named: Counter[tuple[str, str, str]] = Counter()
        self.last_day: date | None = asked.day

    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """The control of a city, where the list did not say so before."""
        name = self.text(cells, "Name")
        if not name:
            raise BadCell("Name", "", "must not be empty")
        day = self._day(cells)
        made: list[Event | Problem] = []
        place = self._place(name, cells, line, made)
        held = self.text(cells, "Held by")
        meaning = self.legend.means(held, day) if held else NOTHING
        if meaning is None:
            rule = "is no word of the legend; name it in one: --set legend=FILE.csv"
            raise BadCell("Held by", held, rule)
        if meaning == NOTHING:
            self.left_out["the list does not say who holds the city"] += 1
            return made
        controller = None
        if meaning.actor:
            controller, new = self.parties.named(meaning.actor)
            made += [] if new is None else [new]
        if not self.changes.news(place, day, (controller, meaning.status)):
            return made
        said = (
            "" if meaning.status == "held" else held,
            f"as of {as_of}" if (as_of := self.text(cells, "As of")) else "",
            self.text(cells, "More information"),
        )
        made.append(
            ControlReported(
                dataset=self.dataset,
                report_id=f"{WIKIPEDIA}:{place}:{day:%Y%m%d}",
                source=WIKIPEDIA,
                published=day,
                settlement=place,
                controller=controller,
                status=meaning.status,
                valid_from=day,
                note=words.cut("; ".join(filter(None, said)), 1_000),
                ref=words.cut(self.text(cells, "sourceLink"), 2_000),
            )
        )
        return made

    def _day(self, cells: Cells) -> date:
        """When the table was taken: `1 March 2022 06h37 UTC`, or the day asked for."""
        if self.asked.day is not None:
            return self.asked.day
        text = self.text(cells, "update")
        if found := _DAY.match(text):
            try:
                self.last_day = words.day(found[0])
            except ValueError as broken:
                raise BadCell("update", text, str(broken)) from None
        elif text:
            self.last_day = self.needed_day(cells, "update")
        if self.last_day is None:
            raise BadCell("update", text, "says no day; say it with --day")
        return self.last_day

    def _place(
        self, name: str, cells: Cells, line: int, made: list[Event | Problem]
    ) -> str:
        """The city; a second one of that name at the same spot has no spot of its own.

        The list was joined with a gazetteer by name, so that the point of the second
        one is that of the first.
        """
        lat = "Lat" if "Lat" in self.index else "lat"
        lon = next((one for one in ("Lon", "lng", "lon") if one in self.index), "Lon")
        spot = self.spot(cells, lat, lon)
        key = name, self.text(cells, lat), self.text(cells, lon)
        self.named[key] += 1
        again = self.named[key]
        if spot is None or again > 1:
            id_ = slug(name) if again == 1 else f"{slug(name)}.{again}"
            id_, new = self.places.unlocated(name, id_, unique=again == 1)
            if again > 1:
                rule = "stands there already, at the same spot; its own is not known"
                made.append(self.source.remark(line, rule, "Name", name))
        else:
            id_, new = self.places.at(
                name,
                *spot,
                id_=slug(name),
                population=self.count(cells, "Population") or None,
                basis="coordinates: the list's",
            )
        made += [] if new is None else [new]
        return id_


FORMAT = Format(
    name="wikipedia-table",
    title="Wikipedia, control of cities: a scraped table, as control reports",
    dataset="wikipedia-table",
    types=(),  # a file tells only what changed: nothing of it is ever gone
    recognises=_recognises,
    read=_read,
    options={"legend": "a CSV mark,means,valid_from, or a legend of the record"},
)
