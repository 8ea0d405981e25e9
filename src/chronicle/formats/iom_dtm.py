"""IOM DTM on HDX: stocks of displaced people by area, round, reason and origin."""

from __future__ import annotations

from pathlib import Path

from chronicle.domain.events import DisplacementReported, Event, SourceRegistered
from chronicle.errors import UsageError
from chronicle.formats.field import Asked, BadCell, Format, Rows, each_row
from chronicle.formats.head import Cells, Head
from chronicle.formats.problem import Problem
from chronicle.formats.row_reader import RowReader, is_tags
from chronicle.formats.source import Source

__all__ = ["COUNTER", "FORMAT", "IOM"]

COUNTER = "iom-dtm"
IOM = "IOM Displacement Tracking Matrix"
NEEDED = {"numPresentIdpInd", "reportingDate", "admin0Pcode"}
# What tells one row from another; the file's own ids are missing or stand twice.
_KEY = (
    "operation",
    "admin0Pcode",
    "admin1Pcode",
    "admin2Pcode",
    "adminLevel",
    "reportingDate",
    "roundNumber",
    "displacementReason",
    "idpOriginAdmin1Pcode",
    "idpOriginAdmin1Name",
    "assessmentType",
)


def _recognises(path: Path, head: Head) -> int:
    return 95 if head.columns(*NEEDED) else 0


def _read(source: Source, asked: Asked) -> Rows:
    sheet = source.sheet(lambda cells: set(cells) >= NEEDED)
    reading = _Reading(source, asked, sheet)
    yield (
        1,
        SourceRegistered(
            dataset=asked.dataset,
            source=COUNTER,
            name=IOM,
            kind="United Nations",
            affiliation="International Organization for Migration",
        ),
    )
    yield from each_row(source, sheet.rows, reading.take)
    yield from reading.counted()


class _Reading(RowReader):
    def take(self, line: int, cells: Cells) -> list[Event | Problem]:
        """A stock of one area, for one reason and origin."""
        if is_tags(cells):
            return []
        level = self.text(cells, "adminLevel")
        only = self.asked.options.get("level", "")
        if only not in ("", "0", "1", "2"):
            raise UsageError(f"level: {only!r} must be 0, 1 or 2")
        if only and level != only:
            self.left_out[f"not of admin level {only}"] += 1
            return []
        persons = self.count(cells, "numPresentIdpInd")
        if persons is None:
            raise BadCell("numPresentIdpInd", "", "gives no number of persons")
        columns = [
            f"admin{number}{what}"
            for number in ("2", "1", "0")
            if number <= (level or "2")
            for what in ("Pcode", "Name")
        ]
        said = (
            ("reason", self.text(cells, "displacementReason")),
            ("origin", self.text(cells, "idpOriginAdmin1Name", "idpOriginAdmin1Pcode")),
            ("round", self.text(cells, "roundNumber")),
            ("assessment", self.text(cells, "assessmentType")),
            ("operation", self.text(cells, "operation")),
        )
        stem = f"{COUNTER}:{self.text(cells, 'admin0Pcode') or 'XXX'}"
        return [
            DisplacementReported(
                dataset=self.dataset,
                report_id=self.own_id(stem, (self.text(cells, c) for c in _KEY)),
                source=COUNTER,
                counter=COUNTER,
                measure="stock",
                category="displaced",
                persons=persons,
                area=self.text(cells, *columns),
                valid_on=self.needed_day(cells, "reportingDate"),
                note="; ".join(f"{what} {text}" for what, text in said if text),
            )
        ]


FORMAT = Format(
    name="iom-dtm",
    title="IOM DTM: displaced people by area and round, as stocks",
    dataset=COUNTER,
    types=(DisplacementReported.TYPE,),
    recognises=_recognises,
    read=_read,
    options={"level": "0, 1 or 2: rows of that admin level only; all tell one people"},
)
