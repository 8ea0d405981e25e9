"""ACLED: the export that a user made with their own account; old and new columns.

Every row is an incident. The three kinds of event in which territory changes hands are
control reports as well, where the place is certain. ACLED's terms forbid passing its
rows on: the source's note says so.
"""

from __future__ import annotations

from pathlib import Path

from chronicle.domain.events import (
    INCIDENT_KINDS,
    TERRITORY_KINDS,
    ControlReported,
    Event,
    IncidentReported,
    SourceRegistered,
)
from chronicle.formats import words
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.parties import Parties
from chronicle.formats.places import Places, slug
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader, is_tags
from chronicle.formats.source import Sheet, Source

__all__ = ["FORMAT"]

ACLED = "acled"
NEEDED = {"event_id_cnty", "event_date", "event_type", "actor1", "geo_precision"}
REGAINS, OVERTAKES, TRANSFER = TERRITORY_KINDS
_PRECISION = {"1": "day", "2": "week", "3": "month"}
_KINDS = {kind.casefold(): kind for kind in INCIDENT_KINDS}
# Event types before 2019, when there were no sub-events.
_KINDS |= {
    "battle-government regains territory": REGAINS,
    "battle-non-state actor overtakes territory": OVERTAKES,
    "battle-no change of territory": "Armed clash",
    "violence against civilians": "Attack",
    "headquarters or base established": "Headquarters or base established",
    "non-violent transfer of territory": TRANSFER,
    "defusal": "Disrupted weapons use",
}
_STATE = ("1", "state forces")  # `inter1`: a digit before 2025, words since


def _recognises(path: Path, head: Head) -> int:
    return 95 if head.columns(*NEEDED) else 0


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(lambda cells: set(cells) >= NEEDED)
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
    yield from each_row(source, sheet.rows, _Reading(source, asked, sheet).take)


class _Reading(RowReader):
    def __init__(self, source: Source, asked: Asked, sheet: Sheet) -> None:
        super().__init__(source, asked, sheet)
        self.places = Places(asked.references, asked.dataset)
        self.parties = Parties(asked.references, asked.dataset)
        self.dates = words.DateOrders(
            asked.options.get("dates", ""), lambda: self._days(source)
        )

    def _days(self, source: Source) -> list[str]:
        """All days of the file, from a second reading of it."""
        sheet = source.sheet(lambda cells: set(cells) >= NEEDED)
        place = sheet.index["event_date"]
        return [row[1][place] for row in sheet.rows if not isinstance(row, Problem)]

    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """The incident of a row, and the control that it tells of."""
        if is_tags(cells):
            return []
        id_ = self.text(cells, "event_id_cnty").replace(" ", "")
        if not id_:
            raise BadCell("event_id_cnty", "", "must not be empty")
        text = self.text(cells, "event_date")
        try:
            when = self.dates.day(text)
        except ValueError as broken:
            raise BadCell("event_date", text, str(broken)) from None
        made: list[Event | Problem] = []
        event_type = self.text(cells, "event_type")
        said = self.text(cells, "sub_event_type") or event_type
        kind = _KINDS.get(said.casefold()) or _KINDS.get(event_type.casefold())
        settlement = self._settlement(cells, made)
        precision = _PRECISION.get(self.text(cells, "time_precision")[:1], "day")
        hit = self.text(cells, "civilian_targeting") or (
            event_type.casefold() == "violence against civilians"
        )
        dyad = " - ".join(
            filter(None, (self.text(cells, "actor1"), self.text(cells, "actor2")))
        )
        note = (
            dyad,
            "" if kind and said.casefold() == kind.casefold() else said,
            self.text(cells, "notes"),
        )
        sources = self.text(cells, "source")
        made.append(
            IncidentReported(
                dataset=self.dataset,
                report_id=f"{ACLED}:{id_}",
                source=ACLED,
                kind=kind or "Other",
                valid_from=when,
                precision=precision,
                settlement=settlement,
                area="" if settlement else self._area(cells),
                killed=self.count(cells, "fatalities"),
                civilians="yes" if hit else "",
                note=words.cut("; ".join(filter(None, note)), 4_000),
                ref=words.cut(sources, 2_000),
            )
        )
        if kind is None:
            rule = "is no kind of event that is known; read as 'Other'"
            made.append(self.source.remark(line, rule, "sub_event_type", said))
        if kind in TERRITORY_KINDS:
            if settlement is None:
                rule = "the place is not certain: told as an incident only"
                precise = self.text(cells, "geo_precision")
                made.append(self.source.remark(line, rule, "geo_precision", precise))
            else:
                taker, loser = self._hands(cells, kind, line, made)
                made.append(
                    ControlReported(
                        dataset=self.dataset,
                        report_id=f"{ACLED}:{id_}:control",
                        source=ACLED,
                        settlement=settlement,
                        controller=taker,
                        from_actor=loser,
                        valid_from=when,
                        precision=precision,
                        kind=kind,
                        note=words.cut(self.text(cells, "notes"), 2_000),
                        ref=words.cut(sources, 2_000),
                    )
                )
        return made

    def _settlement(self, cells: Cells, made: list[Event | Problem]) -> str | None:
        """The place of an event that is certain of it; registered where it is new."""
        if self.text(cells, "geo_precision").removesuffix(".0") != "1":
            return None
        name, spot = (
            self.text(cells, "location"),
            self.spot(cells, "latitude", "longitude"),
        )
        if not name or spot is None:
            return None
        inside = self.text(cells, "admin2", "admin1", "country")
        id_, new = self.places.at(
            words.cut(name, 300),
            *spot,
            id_=slug(name, inside),
            admin1=words.cut(self.text(cells, "admin1"), 300),
            basis="coordinates: ACLED",
        )
        if new is not None:
            made.append(new)
        return id_

    def _area(self, cells: Cells) -> str:
        near = self.text(cells, "geo_precision").startswith("2")
        parts = (
            f"near {self.text(cells, 'location')}" if near else "",
            self.text(cells, "admin2"),
            self.text(cells, "admin1"),
            self.text(cells, "country"),
        )
        return words.cut(", ".join(dict.fromkeys(filter(None, parts))), 300)

    def _hands(
        self, cells: Cells, kind: str, line: int, made: list[Event | Problem]
    ) -> tuple[str, str | None]:
        """Who took the place and from whom, as far as the kind and the sides say it."""
        sides = []
        for number in ("1", "2"):
            name = self.text(cells, f"actor{number}")
            inter = self.text(cells, f"inter{number}").removesuffix(".0").casefold()
            sides.append((name, inter in _STATE))
        (one, one_state), (two, two_state) = sides
        if not one:
            raise BadCell("actor1", "", "must not be empty")
        first = True
        if kind != TRANSFER and two and one_state != two_state:
            first = one_state == (kind == REGAINS)
        elif kind != TRANSFER and one_state != (kind == REGAINS):
            rule = f"{kind!r}, but inter does not say which side; actor1 was taken"
            made.append(self.source.remark(line, rule, "actor1", one))
        taker, loser = (one, two) if first else (two, one)
        return self._actor(taker, made), self._actor(loser, made) if loser else None

    def _actor(self, name: str, made: list[Event | Problem]) -> str:
        id_, new = self.parties.named(name)
        if new is not None:
            made.append(new)
        return id_


FORMAT = Format(
    name="acled",
    title="ACLED: your own export, as incidents and control reports",
    dataset=ACLED,
    types=(IncidentReported.TYPE, ControlReported.TYPE),
    recognises=_recognises,
    read=_read,
    options={"dates": "dmy or mdy, where months are written in digits"},
)
